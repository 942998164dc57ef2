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
 * device.  Pure and deterministic: the same findings give the same verdicts in
 * the same order, byte for byte.
 */

/* Reasons as bits of enum inc_reason, so that a roll-up can carry the union. */
struct verdict {
	uint8_t word;     /* enum verdict_word */
	uint32_t reasons; /* bit 1 << enum inc_reason */
	uint32_t n_findings, n_missing;
};

/* Rolled up by assurance rules: FAIL, then INC or missing, NFF, DECL, PASS; NA only if all are. */
struct verdict verdict_roll_up(const struct verdict *, size_t n);
/* Of one provision.  No finding at all: INC (NOT_SEEN), n_missing 1. */
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

/* One line of a standard: its own identifier, what it rests on, its verdict. */
struct requirement {
	char id[32];
	uint8_t is_mandatory;
	uint32_t n_provisions;
	const struct provision *provision[24];
	struct verdict verdict;
};
enum { REQUIREMENTS_MAX = 96 };
struct standard_verdict {
	uint8_t standard; /* enum standard */
	size_t n;
	struct requirement requirement[REQUIREMENTS_MAX];
	uint32_t mandatory[VERDICT_WORD_COUNT], recommended[VERDICT_WORD_COUNT];
};
void verdict_of_standard(
	enum standard, const struct finding *, size_t n, struct standard_verdict *);

#endif
