/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MESSAGE_FINDING_H
#define PINFOLD_MESSAGE_FINDING_H

#include <stdint.h>

#include "base/ip.h"

/*
 * What one check says of one provision at one place of one device, and on which
 * evidence.  A finding has no pointers and goes into a message as it is.
 *
 * The words are those of the evaluation: FAIL can be proved, PASS mostly cannot,
 * so most of what finds nothing is NFF, with its coverage.
 */

/* In the order in which one overrules the other when they are rolled up; NA stands apart. */
enum verdict_word {
	VERDICT_UNKNOWN,
	VERDICT_NA,   /* does not apply, and that is shown */
	VERDICT_PASS, /* shown to be met */
	VERDICT_DECL, /* somebody declared it; never shown as tested */
	VERDICT_NFF,  /* no failure found within the stated coverage */
	VERDICT_INC,  /* inconclusive; the reason says what would settle it */
	VERDICT_FAIL, /* shown not to be met: twice, with a negative control */
	VERDICT_WORD_COUNT,
};

/* Why a finding is INC: word, and what would settle it. */
#define INC_LIST(X)                                                                                \
	X(INC_ONE_UNIT, "ONE_UNIT", "test a second unit of the same model")                        \
	X(INC_NO_IXIT, "NO_IXIT", "ask the maker what is declared (ICS, IXIT)")                    \
	X(INC_NOT_SEEN, "NOT_SEEN", "watch longer, or use the feature while it is watched")        \
	X(INC_TIME_OUT, "TIME_OUT", "run the check again with more time")                          \
	X(INC_FAR_END_DOWN, "FAR_END_DOWN", "run it again when the other end answers")             \
	X(INC_TOOL_ERROR, "TOOL_ERROR", "mend what the note names and run it again")               \
	X(INC_DEVICE_LOST, "DEVICE_LOST", "see whether the device is on, and run it again")        \
	X(INC_NOT_REPRODUCED, "NOT_REPRODUCED", "run it again: it was seen once and not twice")    \
	X(INC_CONTROL_FAILED, "CONTROL_FAILED",                                                    \
		"test by hand: the device answers the control in the same way")                    \
	X(INC_NO_CONSENT, "NO_CONSENT", "permit the check's level (--consent)")                    \
	X(INC_NO_OPERATOR, "NO_OPERATOR", "run it with somebody beside the device")                \
	X(INC_NO_IMAGE, "NO_IMAGE", "give the firmware image")                                     \
	X(INC_UNDECRYPTED, "UNDECRYPTED", "what was sent cannot be read from outside")             \
	X(INC_CRAWL_BUDGET, "CRAWL_BUDGET", "run it again with a larger budget of pages")          \
	X(INC_LANGUAGE, "LANGUAGE", "have somebody read it who knows the language")                \
	X(INC_LOCKED_OUT, "LOCKED_OUT", "wait until the device lets one log in again")             \
	X(INC_FEWER_TRIED, "FEWER_TRIED", "run it on a bench (--pace lab), where all are tried")   \
	X(INC_DECLARED_NO, "DECLARED_NO", "mend it: it was declared not to be so")

enum inc_reason {
	INC_NONE,
#define X(name, word, settles) name,
	INC_LIST(X)
#undef X
		INC_COUNT,
};

enum { FINDING_EVIDENCE_MAX = 8, FINDING_TEXT_MAX = 224, PROVISION_ID_MAX = 12 };

struct finding {
	uint16_t check;          /* place in the table of checks (check/check.h) */
	uint16_t port;           /* 0: the device as a whole */
	uint8_t proto;           /* 6, 17; 0 with port 0 */
	uint8_t word;            /* enum verdict_word */
	uint8_t reason;          /* enum inc_reason, with INC only */
	uint8_t is_critical;     /* the gateway closes the port at once (virtual patch) */
	uint32_t n_tried, n_all; /* coverage: of how many how many; 0 0 where nothing is counted */
	uint32_t n_evidence;
	uint32_t evidence[FINDING_EVIDENCE_MAX]; /* numbers of exchanges in the transcript */
	struct ip address;                       /* where it was found; version 0: whole device */
	char provision[PROVISION_ID_MAX];        /* id of V3.1.3 or of our own list */
	char text[FINDING_TEXT_MAX]; /* printable: what was seen, in plain words; never a secret */
	uint32_t zero;
};

const char *verdict_word_name(enum verdict_word); /* "PASS" ... */
enum verdict_word verdict_word_from_name(const char *);
const char *inc_reason_name(enum inc_reason);
const char *inc_reason_settles(enum inc_reason);
enum inc_reason inc_reason_from_name(const char *);

#endif
