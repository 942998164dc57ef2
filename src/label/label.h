/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_LABEL_H
#define PINFOLD_LABEL_LABEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "label/hash.h"
#include "label/issuer.h"
#include "verdict/result.h"

/*
 * What an issuer says of a device, or of a model, and stands for: docs/LABEL.md.
 *
 * All text is printable ASCII.  A date is a day since 1970, 0 where nothing is
 * known; times are seconds since 1970, UTC.  What was read from outside has the
 * worth of its signature, which others look at: nothing here believes anything.
 */
enum {
	LABEL_ID_MAX = 20,
	LABEL_BYTES_MAX = 64 * 1024, /* as JSON */
	LABEL_CLAUSES = 14,          /* 5.1 ... 5.13, 6 of EN 303 645 */
	LABEL_CHECKS_MAX = 96,
	LABEL_FINDINGS_MAX = 24,
	LABEL_SHIELDS_MAX = 16,
	LABEL_TEST_DAYS = 180, /* a test that is older is to be repeated */
};
#define LABEL_SCHEMA "pinfold-label-1"
#define LABEL_TYPE   "label+jwt"

/* In the order of what they ask for; FAILED stands apart and overrules. */
enum label_band {
	BAND_UNKNOWN,
	BAND_FAILED,
	BAND_OPEN,
	BAND_BASIC,
	BAND_SOUND,
	BAND_STRONG,
	BAND_COUNT
};
const char *label_band_word(enum label_band);     /* "failed" ... */
const char *label_band_sentence(enum label_band); /* for people */
enum label_band label_band_from_word(const char *);

/* How long a finding has been known, and to whom; dates, 0: not yet. */
struct label_fix {
	char provision[PROVISION_ID_MAX];
	int32_t reported, acknowledged, fixed, installed, disclose;
};

struct label {
	char id[LABEL_ID_MAX];
	uint32_t revision; /* from 1; a newer one takes the place of the older */
	uint32_t index;    /* in the issuer's status list */
	char issuer[128];  /* https URL without a slash at its end */
	char issuer_name[64], issuer_kind[24];
	int64_t issued_s, until_s;

	char maker[64], model[64], hardware[32], gtin[16];
	char device[16];         /* of one device; empty: of the model */
	char firmware[64];       /* that was tested */
	char firmware_below[64]; /* later ones up to this are meant as well; empty: none */
	char responsible[96], policy_url[160];  /* for updates; how to report a fault */
	int32_t support_end, last_update, sold; /* dates */
	int32_t life_years;                     /* that it is expected to be used; 0: not said */

	char tool[64], ruleset[HASH_TEXT_MAX], reviewer[64];
	uint32_t run, units;
	int64_t tested_s; /* when the test ended */
	bool is_complete;
	char pace[12], consent[12];
	size_t n_checks;
	char check[LABEL_CHECKS_MAX][RESULT_CHECK_ID_MAX];

	uint32_t mandatory[VERDICT_WORD_COUNT], recommended[VERDICT_WORD_COUNT];
	uint8_t clause[LABEL_CLAUSES]; /* enum verdict_word; of the mandatory, or FAIL */
	uint8_t passwords, reporting, support, offline; /* the same, of a few provisions */
	uint32_t failed_other;            /* shown not to be met, outside EN 303 645 */
	uint32_t open_critical, open_all; /* findings that are not mended on the device */
	uint32_t n_withheld; /* of them: told to the maker, and public only as a number */
	size_t n_findings;   /* of them: public */
	struct {
		char provision[PROVISION_ID_MAX], text[FINDING_TEXT_MAX];
	} finding[LABEL_FINDINGS_MAX];
	size_t n_shields; /* what the issuer's gateway does about it */
	char shield[LABEL_SHIELDS_MAX][96];

	uint8_t band; /* enum label_band */
	uint32_t met; /* bit of each requirement of the bands (label_needs) */
};

/* A requirement of a band: a band is reached with all of its own and of those below it. */
struct label_need {
	enum label_band band;
	const char *id, *sentence, *how; /* how to meet it */
	bool (*is_met)(const struct label *);
};
extern const struct label_need label_needs[];
extern const size_t n_label_needs;
/* Sets band and met from the rest.  What nobody looked at meets nothing. */
void label_judge(struct label *);
/* The page on which all requirements stand, as Markdown and as HTML. */
void label_bands_markdown(FILE *);
void label_bands_html(FILE *);

/* The clause of a place in label.clause: "5.1", and what it is about. */
const char *label_clause_id(size_t);
const char *label_clause_title(size_t);

/*
 * The part that follows from an audit: test, verdicts, findings.  A finding is
 * public when it is mended, or when its day of disclosure is over; of one that
 * nobody made a fix row for, `disclose_days` after the test.  Pure.
 */
void label_from_result(struct label *, const struct audit_result *, const struct label_fix *,
	size_t n_fixes, int32_t today, int32_t disclose_days);

/*
 * Did this later test look again wherever the earlier one found a failure?  If not, the
 * earlier one still stands: who looks at less must not look better.  Pure.
 */
bool label_run_replaces(const struct audit_result *later, const struct audit_result *earlier);

/* The same for the same issuer's key and product (or device): a sticker outlives its revision. */
void label_id(struct label *, const uint8_t key[static ISSUER_PUBLIC_LEN]);

/* Months of its expected life in which nobody mends it any more; -1: cannot be said. */
int label_unprotected_months(const struct label *);

/* What is signed: sorted and compact, so that the same label gives the same bytes. */
json_t *label_to_json(const struct label *); /* gives */
char *label_to_text(const struct label *);   /* gives */
/* Every member bounded and printable; members that are not known are not looked at. */
bool label_from_json(struct label *, const json_t *, struct fault *why);

/* Dates: "2030-12-31"; empty for 0. */
enum { LABEL_DATE_MAX = 16 };
void label_date(char out[static LABEL_DATE_MAX], int32_t day);
bool label_date_parse(int32_t *day, const char *text);
int32_t label_day(int64_t seconds);

/* Of versions as makers write them: numbers count as numbers, "1.9" < "1.10". */
int label_version_compare(const char *, const char *);
/* Is the label meant for a device with this firmware? */
bool label_covers(const struct label *, const char *firmware);

/*
 * The firmware in what a device says of itself ("Linux/4.9 UPnP/1.0 IPC-100/1.9"): what
 * stands behind its model.  Only claimed; it serves to say that a test does not hold any
 * more, never that it does.  False: nothing that looks like one.
 */
enum { LABEL_FIRMWARE_MAX = 64 };
bool label_firmware_in(
	const char *claim, const char *model, char claimed_firmware[static LABEL_FIRMWARE_MAX]);

/* An https URL of a host, with a path or none, and no more: no query, no user, no blank. */
bool label_is_url(const char *);

#endif
