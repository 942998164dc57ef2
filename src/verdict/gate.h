/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_GATE_H
#define PINFOLD_VERDICT_GATE_H

#include "verdict/result.h"

/*
 * May a product go on the shelf, into the home, onto the ward?  Derived from one
 * audit, pure: the same result and profile give the same answer.
 *
 *	shelf		no failure that counts, and what the profile asks for was looked at
 *	hold		something was shown not to be met; the fix is named
 *	laboratory	nothing failed, and what was looked at does not settle it:
 *			another unit, a declaration, a page of the maker, a person
 *
 * It is no certificate, and what nobody looked at is never a reason for the shelf.
 */
enum gate_answer { GATE_UNKNOWN, GATE_SHELF, GATE_HOLD, GATE_LABORATORY, GATE_ANSWER_COUNT };
const char *gate_answer_word(enum gate_answer); /* "shelf" ... */

enum { GATE_REASONS_MAX = 48 };

/* Which mandatory provisions that are not settled keep the answer open. */
enum gate_open {
	GATE_OPEN_LISTED, /* those that the profile lists */
	GATE_OPEN_BEGUN,  /* and those that something was said of */
	GATE_OPEN_ALL,    /* every one */
};

/* Who asks, and what they need to know first: one row each (docs/STANDARDS.md has them). */
struct gate_profile {
	const char *id;      /* "retailer" */
	const char *meaning; /* a sentence for people */
	const char *listed;  /* provisions that have to be looked at, separated by blanks */
	const char *holding; /* recommended ones whose failure holds as well */
	/* Mandatory ones whose failure holds, beside critical failures; NULL: all. */
	const char *failing;
	uint8_t open;          /* enum gate_open */
	uint8_t consent;       /* enum consent that the run needs */
	bool asks_for_reasons; /* a failed recommendation needs the maker's recorded reason (5.0-1) */
	uint16_t watch_hours; /* that the run has to have lasted */
	uint16_t retest_days; /* after a hold */
	uint32_t bears;       /* bits of enum inc_reason that leave nothing open here */
};
extern const struct gate_profile gate_profiles[];
extern const size_t n_gate_profiles;
const struct gate_profile *gate_profile_find(const char *id); /* NULL: there is none */

struct gate_reason {
	char provision[PROVISION_ID_MAX]; /* "run": the run itself was too short, or too shy */
	uint8_t word;                     /* enum verdict_word */
	uint8_t inc;                      /* enum inc_reason, with INC */
	uint16_t operator_minutes;        /* of a person, to settle it */
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

void gate_from_result(const struct audit_result *, const struct gate_profile *, struct gate *);

#endif
