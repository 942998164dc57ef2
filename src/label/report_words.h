/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_REPORT_WORDS_H
#define PINFOLD_LABEL_REPORT_WORDS_H

#include "verdict/result.h"
#include "verdict/works.h"

/* Words that the page and the paper share. None of them is markup; names are to be escaped. */
const char *report_sentence(uint8_t word); /* of enum verdict_word: "met" ... */
const char *report_name(const struct audit_result *);
void report_utc(char out[static 32], int64_t seconds);
/* What was seen, as the beginning of a sentence. */
enum { REPORT_TEXT_MAX = FINDING_TEXT_MAX };
const char *report_text(const struct finding *, char out[static REPORT_TEXT_MAX]);

/* These are on the heap, and the caller frees them. */
char *report_settles(
	const struct verdict *); /* what would settle it: the sentences of its reasons */
/* " (TCP port 23, 198.18.0.7)": the port if the text does not have it, the address if wanted. */
char *report_place(const struct finding *, bool with_address);
char *report_evidence(const struct finding *); /* "exchange 4, 5", or nothing */
/* Why a provision does not apply: which of its conditions was shown not to hold; or nothing. */
char *report_absent(const struct audit_result *, const struct provision *);

/* Checks that were not made, those that were no part of the run included; false at the end. */
bool report_not_tested(
	const struct audit_result *, size_t *at, const char **title, const char **because);
/* How many lines of a standard rest on entries that were not compared with the text. */
size_t report_unchecked(const struct standard_verdict *);
/* A failure that is told to the owner: the first of a check at a port. */
bool report_is_told(const struct audit_result *, size_t finding);
bool report_is_closed(const struct audit_result *, const struct finding *);

/* Of what somebody handed in, and nobody tested; it says itself who signed it, and when. */
bool report_is_declared(const struct audit_result *, const struct finding *);
/*
 * What a declared line is about, in words: a provision, a condition, a paper.  *but is the
 * finding that shows otherwise, or NULL.
 */
const char *report_declared_of(
	const struct audit_result *, const struct finding *, const struct finding **but);

extern const char report_by_standard[], report_declared[], report_legend[], report_limits[],
	report_no_failure[], report_no_certificate[];

/* Whether it works without one thing (enum works_without), as a line; false: nobody looked. */
struct report_works {
	char name[48], value[FINDING_TEXT_MAX + 16];
};
bool report_works(const struct audit_result *, int without, struct report_works *);

#endif
