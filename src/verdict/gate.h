/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_GATE_H
#define PINFOLD_VERDICT_GATE_H

#include "verdict/result.h"

/*
 * May a product go on the shelf?  Derived from one audit, pure: the same result
 * gives the same answer.
 *
 *	shelf		no failure, and each of the three PSTI items was looked at
 *	hold		something was shown not to be met; the fix is named
 *	laboratory	nothing failed, and what was looked at does not settle it:
 *			another unit, a declaration, a page of the maker, a person
 *
 * It is no certificate, and what nobody looked at is never a reason for the shelf.
 */
enum gate_answer { GATE_UNKNOWN, GATE_SHELF, GATE_HOLD, GATE_LABORATORY, GATE_ANSWER_COUNT };
const char *gate_answer_word(enum gate_answer); /* "shelf" ... */

enum { GATE_REASONS_MAX = 48, GATE_RETEST_DAYS = 14 };

struct gate_reason {
	char provision[PROVISION_ID_MAX];
	uint8_t word;              /* enum verdict_word */
	uint8_t inc;               /* enum inc_reason, with INC */
	uint16_t operator_minutes; /* of a person, to settle it */
	char text[FINDING_TEXT_MAX];
	char fix[256]; /* FAIL: what the maker does; INC: what would settle it */
};

struct gate {
	uint8_t answer; /* enum gate_answer */
	uint32_t operator_minutes;
	int64_t retest_s; /* with hold: when to test again at the latest; wall */
	size_t n_reasons, n_more;
	struct gate_reason reason[GATE_REASONS_MAX];
	/* With hold: ports that the gateway keeps closed meanwhile. */
	size_t n_closed;
	struct {
		uint8_t proto;
		uint16_t port;
	} closed[16];
};

/* The retailer's: the three PSTI items, every mandatory provision, every critical failure. */
void gate_from_result(const struct audit_result *, struct gate *);

#endif
