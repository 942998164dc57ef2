/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_RESULT_H
#define PINFOLD_VERDICT_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "message/message.h"
#include "verdict/verdict.h"

/*
 * One audit, as reports, evidence packs and other programs see it: which device,
 * which run, which checks, what they found.  Verdicts are no part of it: they
 * are derived from the findings whenever they are needed, and what is written of
 * them into a file is compared with that when the file is read.
 */
enum {
	RESULT_FINDINGS_MAX = 16384,
	RESULT_BYTES_MAX = 16 * 1024 * 1024, /* as JSON */
	RESULT_CHECK_ID_MAX = 32,
};

/* All text is printable; empty where nothing is known. */
struct audited_device {
	char id[16], name[64], kind[32], class[16];
	/* What it, its label or its buyer says of it. */
	char claimed_maker[64], claimed_model[64], claimed_hardware[32], claimed_firmware[64];
	char claimed_serial
		[65]; /* SHA-256 of the serial number, in hexadecimal; never the number */
	char mac[18];
	struct ip address4, address6;
};

struct audit_run {
	uint32_t number;
	int64_t begun_s, ended_s; /* since 1970, UTC; 0: not yet */
	uint8_t pace;             /* enum pace in check/check.h */
	uint8_t consent;          /* enum consent there */
	bool is_complete;         /* every check that was planned has ended */
	uint32_t units;           /* devices of this model that were looked at */
	uint32_t exchanges, packets;
	char profile[16]; /* "quick", "full" */
	char gateway[64]; /* where it was run */
	char operator_[64];
	char tool[64];    /* name and version */
	char ruleset[65]; /* SHA-256 of checks and provisions (label/pack.h), hexadecimal */
	char why[256];    /* why it ended before it was complete */
};

struct audit_check {
	char id[RESULT_CHECK_ID_MAX], title[96];
	uint8_t step;    /* enum audit_step; AUDIT_STEP_UNKNOWN: not planned, or not yet */
	uint8_t consent; /* enum consent: what it needs */
	bool is_planned;
	char provisions[160]; /* ids, separated by blanks */
	char for_owner[256], for_maker[256];
};

struct audit_result {
	struct audited_device device;
	struct audit_run run;
	size_t n_checks;
	struct audit_check check[AUDIT_CHECKS_MAX];
	/* finding.check is a place in check[]. */
	size_t n_findings;
	struct finding *finding; /* on the heap, see result_add() */
};

struct audit_result *result_new(void);
void result_free(struct audit_result *); /* NULL is fine */
/* Where a check stands in check[]; n_checks when the run does not know of it. */
uint16_t result_check_place(const struct audit_result *, const char *id);
/* Copies it.  False: RESULT_FINDINGS_MAX are there, or its check is not; the run is not complete then. */
bool result_add(struct audit_result *, const struct finding *);

/*
 * Sorted members, one space of indentation, every list in its order: the same
 * result gives the same bytes.  A reference, with all verdicts under "verdicts".
 */
json_t *result_to_json(const struct audit_result *);
/* The same as text that ends in a line feed; the caller frees it. */
char *result_to_text(const struct audit_result *, size_t *len);

/*
 * Reads what result_to_text() wrote and nothing else: no member more or less,
 * every text printable, every number in its bounds.  Verdicts are derived anew;
 * *verdicts_agree says whether those in the text are the same ones.  Gives one
 * that the caller frees, or NULL with the reason.
 */
struct audit_result *result_from_text(
	const char *bytes, size_t len, bool *verdicts_agree, struct fault *why);

/* One verdict: {"verdict": "INC", "reasons": ["NOT_SEEN"], ...}; a reference. */
json_t *verdict_to_json(const struct verdict *);

#endif
