/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_LABEL_STATUS_H
#define PINFOLD_LABEL_LABEL_STATUS_H

#include "label/label.h"

/*
 * What a label is worth now.  A label is what was found; its status is whether
 * that still holds, and is derived anew from what is known, at any time, by a pure
 * function: nobody has to remember to change it.
 */
enum label_status {
	STATUS_UNKNOWN, /* it cannot be said; never shown as the last good one */
	STATUS_VALID,
	STATUS_VALID_UPDATE_AVAILABLE,
	STATUS_UNTESTED_FIRMWARE,
	STATUS_RETEST_DUE,
	STATUS_SUPPORT_ENDED,
	STATUS_SUSPENDED,
	STATUS_REVOKED,
	STATUS_SUPERSEDED,
	STATUS_COUNT,
};
const char *label_status_word(enum label_status);     /* "VALID" ... */
const char *label_status_sentence(enum label_status); /* for people */
enum label_status label_status_from_word(const char *);
/* May it be shown in the colour of what is good? */
bool label_status_is_good(enum label_status);
/*
 * Its value in a status list of four bits: 0 valid, 1 revoked, 2 suspended as the
 * list's own words say, the rest from those that are left to applications.
 */
uint8_t label_status_code(enum label_status);
enum label_status label_status_from_code(uint8_t);

/* What somebody decided about a label by hand. */
enum label_act { ACT_NONE, ACT_SUSPENDED, ACT_REVOKED, ACT_RETIRED, ACT_COUNT };

/* --- feeds: docs/LABEL.md ------------------------------------------------------------------ */

enum { FEED_BYTES_MAX = 60 * 1024, FEED_ENTRIES_MAX = 128, FEED_ID_MAX = 48 };
#define FEED_SCHEMA "pinfold-feed-1"
#define FEED_TYPE   "feed+jwt"

enum feed_kind {
	FEED_UNKNOWN,
	FEED_ADVISORY,    /* a fault, with the firmware that has it no more where there is one */
	FEED_EXPLOITED,   /* a fault that is known to be used against devices */
	FEED_RECALL,      /* withdrawn from the market */
	FEED_SUPPORT,     /* the day of its end is now */
	FEED_UPDATE,      /* a firmware that exists */
	FEED_POLICY_GONE, /* the page that says how to report a fault is not there any more */
	FEED_KINDS,
};

struct feed_entry {
	char id[FEED_ID_MAX];      /* the same id again takes the place of the old one */
	uint8_t kind;              /* enum feed_kind */
	bool is_withdrawn;         /* it does not hold any more */
	char severity[12];         /* low, medium, high, critical; empty */
	char maker[64], model[64]; /* model "*": all of this maker */
	char below[64];            /* firmware before this one is meant; empty: all */
	char firmware[64];         /* FEED_UPDATE: the new one */
	int32_t support_end;
	char text[160];
};
bool feed_entry_from_json(struct feed_entry *, const json_t *, struct fault *why);
/*
 * Every entry of a feed, or none: one that is not understood makes the feed false,
 * with its place.  At most FEED_ENTRIES_MAX.
 */
bool feed_from_json(struct feed_entry *, size_t *n, const json_t *, struct fault *why);
bool feed_is_about(const struct feed_entry *, const struct label *);

/* --- deriving ------------------------------------------------------------------------------- */

struct label_world {
	int64_t now_s;
	bool is_clock_right; /* else UNKNOWN, but for what somebody decided */
	uint8_t act;         /* enum label_act */
	char act_reason[160];
	/* The later test of the same product that found most of what is not on the label. */
	uint32_t newer_run, newer_failures;
	uint32_t policy_gone_run; /* a later one that did not find the maker's policy page; 0 */
	uint32_t support_run;     /* a later one that read an end of support from its pages; 0 */
	int32_t support_end;      /* that one */
	char firmware[64];        /* that the device is seen to have now; empty: not known */
	const struct feed_entry *feed;
	size_t n_feed;
};

struct label_now {
	uint8_t status;   /* enum label_status */
	bool is_recalled; /* with SUSPENDED: withdrawn, which narrows most */
	char reason[200];
};
void label_status_from(const struct label *, const struct label_world *, struct label_now *);

/*
 * The firmware that a device claims and that counts.  It may claim another one each second,
 * and each change of a status is an entry of a log that nobody can shorten.  So what makes
 * the label worse counts at once; what does not has to wait since the last change, at first
 * LABEL_SETTLE_S and twice as long each time, up to a day, as long as that goes on.
 */
enum { LABEL_SETTLE_S = 30 };
struct label_claim {
	char firmware[64];
	int64_t changed_s, wait_s; /* wait_s 0: nothing counts yet */
};
/*
 * newly: the status by claimed_firmware; now: by the one that counts.  True: from now on
 * claimed_firmware counts.
 */
bool label_claim_settle(struct label_claim *, const char *claimed_firmware,
	const struct label_now *newly, const struct label_now *now, int64_t now_s);

#endif
