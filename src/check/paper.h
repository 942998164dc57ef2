/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_PAPER_H
#define PINFOLD_CHECK_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A paper that goes with a product: the United Kingdom's statement of compliance
 * (SI 2023/1007, Schedule 4), an EU declaration of conformity (Regulation (EU)
 * 2024/2847, Annex V), a label of another scheme.  As text with lines such as
 * "Model: X-1", or as JSON.
 *
 * The words are looked for where people usually write them.  A field that is found
 * is there; one that is not found may be there in other words, so nobody fails on it.
 */
enum {
	PAPER_BYTES_MAX = 32 * 1024,
	PAPERS_MAX = 4, /* of one device */
	PAPER_NAME_MAX = 64,
	PAPER_VALUE_MAX = 128,
};

enum paper_kind { PAPER_UNKNOWN, PAPER_PSTI, PAPER_EU, PAPER_LABEL, PAPER_KIND_COUNT };

#define PAPER_FIELD_LIST(X)                                                                        \
	X(PAPER_PRODUCT, "product")                                                                \
	X(PAPER_MODEL, "model or type")                                                            \
	X(PAPER_BATCH, "batch or serial number")                                                   \
	X(PAPER_MAKER, "maker")                                                                    \
	X(PAPER_ADDRESS, "address")                                                                \
	X(PAPER_REPRESENTATIVE, "authorised representative")                                       \
	X(PAPER_PREPARED, "that the maker is responsible for the paper")                           \
	X(PAPER_COMPLIANCE, "declaration of compliance")                                           \
	X(PAPER_SUPPORT, "support period")                                                         \
	X(PAPER_STANDARDS, "standards")                                                            \
	X(PAPER_SIGNATURE, "signature")                                                            \
	X(PAPER_SIGNATORY, "name of who signed")                                                   \
	X(PAPER_FUNCTION, "function of who signed")                                                \
	X(PAPER_PLACE, "place of issue")                                                           \
	X(PAPER_DATE, "date of issue")                                                             \
	X(PAPER_FIRMWARE, "firmware")                                                              \
	X(PAPER_SCHEME, "scheme")                                                                  \
	X(PAPER_ID, "number of the label")                                                         \
	X(PAPER_EXPIRY, "date of expiry")

enum paper_field {
#define X(name, text) name,
	PAPER_FIELD_LIST(X)
#undef X
		PAPER_FIELD_COUNT,
};
const char *paper_field_name(enum paper_field);
/* Must a paper of this kind have it? */
bool paper_needs(enum paper_kind, enum paper_field);

struct paper {
	uint8_t kind; /* enum paper_kind */
	bool names_en18031;
	struct {
		bool is_there;
		char value[PAPER_VALUE_MAX]; /* printable, cut; empty: it is there without one */
	} field[PAPER_FIELD_COUNT];
};

/* Reads whatever it is given.  False: these bytes are no text (a PDF, an image). */
bool paper_parse(struct paper *, const uint8_t *bytes, size_t len);

/*
 * The day in "2031-12-31", "31 December 2031", "December 31, 2031", as year * 10000 +
 * month * 100 + day; day 0 where only a month is named.  0: none is found.
 */
uint32_t paper_day(const char *text);

#endif
