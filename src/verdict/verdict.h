/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_VERDICT_H
#define PINFOLD_VERDICT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/finding.h"
#include "verdict/provision.h"

/*
 * From findings to verdicts: of a provision, of a clause, of a standard, of the
 * device.  Pure and deterministic: the same findings give the same verdicts,
 * byte for byte, in whatever order they come.
 *
 * A finding that names no evidence cannot carry a word that needs some: FAIL,
 * PASS and NA without any count as INC.  Whether a condition of a provision
 * holds is a finding as well, whose provision is the condition's key ("F:a",
 * "C:14"): NA says that it was shown not to hold, and the provision is NA then
 * unless it was seen to fail; any other word says that it holds, and so do findings
 * that could not be if it did not (verdict/condition.c).  Limits of the
 * hardware are the maker's to claim: C:14, C:15 are taken to hold until then.
 */

/* Reasons as bits of enum inc_reason, so that a roll-up can carry the union. */
struct verdict {
	uint8_t word;     /* enum verdict_word */
	uint32_t reasons; /* bit 1 << enum inc_reason */
	uint32_t n_findings, n_missing;
};

/*
 * FAIL if any is; else INC if any is, or is missing (VERDICT_UNKNOWN); else NFF,
 * DECL, PASS.  NA only if all are.  None at all: INC, one missing.
 */
struct verdict verdict_roll_up(const struct verdict *, size_t n);
/* Of one provision of V3.1.3, or of an id of our own.  No finding at all: INC (NOT_SEEN), n_missing 1. */
struct verdict verdict_from_findings(const char *provision, const struct finding *, size_t n);

enum standard {
	STANDARD_UNKNOWN,
	STANDARD_EN303645_V2,
	STANDARD_EN303645_V3,
	STANDARD_COP,
	STANDARD_PSTI,
	STANDARD_CRA,
	STANDARD_NISTIR8425,
	STANDARD_SB327,
	STANDARD_CLS,
	STANDARD_OWASP,
	STANDARD_EN18031,
	STANDARD_IOTSF,
	STANDARD_GSMA,
	STANDARD_NIS2,
	STANDARD_COUNT,
};
const char *standard_id(enum standard);   /* "en303645-v3", "psti" ... */
const char *standard_name(enum standard); /* title and edition, for people */
const char *standard_note(enum standard); /* what its verdicts rest on, and what they do not say */
/* Which of its entries were held against the document itself, and what stands for the rest. */
const char *standard_compared(enum standard);
/* Its column for a provision; the provision's own id in that edition for the two of EN 303 645. */
const char *standard_cell(enum standard, const struct provision *);
enum standard standard_from_id(const char *); /* STANDARD_UNKNOWN: none */

/* One line of a standard: its own identifier, what it rests on, its verdict. */
enum { REQUIREMENT_PROVISIONS_MAX = 40, REQUIREMENT_OWN_MAX = 4 };
struct requirement {
	char id[32];
	const char *title; /* in our words; NULL: none but the provisions' */
	bool is_mandatory;
	bool is_unchecked; /* some entry was not compared with the primary text */
	uint32_t n_provisions;
	const struct provision *provision[REQUIREMENT_PROVISIONS_MAX];
	uint32_t n_own; /* checks outside EN 303 645: "CRA-I2a" */
	const char *own[REQUIREMENT_OWN_MAX];
	struct verdict verdict;
};
enum { REQUIREMENTS_MAX = 96 };
struct standard_verdict {
	uint8_t standard; /* enum standard */
	size_t n;
	struct requirement requirement[REQUIREMENTS_MAX];
	uint32_t mandatory[VERDICT_WORD_COUNT], recommended[VERDICT_WORD_COUNT];
};
/*
 * There is no verdict of a standard as a whole, and no score: its lines are
 * counted by word, those that are mandatory and those that are recommended apart.
 * Lines are in the order of the standard's identifiers.
 */
void verdict_of_standard(
	enum standard, const struct finding *, size_t n, struct standard_verdict *);

/*
 * The clauses of V3.1.3, "5.1" to "6": a line for the mandatory provisions of
 * each, and one for those recommended.
 */
void verdict_of_clauses(const struct finding *, size_t n, struct standard_verdict *);

#endif
