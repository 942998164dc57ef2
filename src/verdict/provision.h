/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_PROVISION_H
#define PINFOLD_VERDICT_PROVISION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The provisions of ETSI EN 303 645, both editions in use, as a table that is
 * built from data/provisions.tsv; and what other documents say the same.
 * Identifiers, our own words; none of the standards' text.
 *
 * A cell is a list of entries, see provision_cell().
 */
struct provision {
	const char *id;                          /* V3.1.3, our key */
	const char *v2_id;                       /* V2.1.1; NULL: it has no such row */
	char v2_class;                           /* 'M', 'R', 0 */
	char v3_class;                           /* 'M', 'R' */
	const char *v2_condition, *v3_condition; /* "C:5?", "C:14;F:e"; NULL: none */
	char tier;                               /* 'A'..'D': what a tool alone may say */
	const char *methods;                     /* "AP,FW,HUM" */
	const char *meaning;                     /* in our words */
	const char *observable;                  /* what we look at */
	/* Where other documents ask for the same; NULL: nowhere. */
	const char *cop, *psti, *cra, *nistir8425, *sb327, *cls, *owasp, *en18031;
	const char *iotsf, *gsma, *nis2;
};
extern const struct provision provisions[];
extern const size_t n_provisions;
const struct provision *provision_find(const char *id); /* NULL: unknown */

/* One entry of a cell: an identifier in the other document. */
struct mapped {
	char id[24];
	bool is_unchecked; /* not compared with the primary text */
	bool is_weak;      /* touches it: shown, never counted */
};
/* The entry at *at, which is moved behind it; begin with the cell.  False at the end. */
bool provision_cell(const char **at, struct mapped *);

/* What a condition means, in words: "F:a", "C:14" of V3.1.3; NULL: unknown. */
const char *condition_text(const char *key);
/* The key of V3.1.3 for a condition number of V2.1.1; NULL: unknown. */
const char *condition_of_v2(unsigned number);

#endif
