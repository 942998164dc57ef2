/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_CHECK_H
#define PINFOLD_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/transcript.h"
#include "message/finding.h"

/*
 * A check is one file and one row of CHECK_LIST.  It has two halves:
 *
 *	probe()  talks to the device through a session and writes exchanges
 *	judge()  derives findings from the transcript; no I/O, no clock, no chance,
 *		 so that the same transcript gives the same findings anywhere
 *
 * judge() decodes bytes that came from the device: through `reader`, or the
 * decoders of packet/.  Passive checks have no probe of their own.
 */
enum consent {
	CONSENT_PASSIVE, /* only looks at what comes by itself */
	CONSENT_PROBE,   /* normal probes; the default of an audit */
	CONSENT_INTRUDE, /* may lock out, confuse or interrupt: asked for beforehand */
	CONSENT_DESTROY, /* may break it: laboratory only */
	CONSENT_COUNT,
};

enum pace {
	PACE_GENTLE, /* the owner's gateway: few tries, rests between them */
	PACE_LAB,    /* a bench: the whole list, as fast as the device takes it */
	PACE_COUNT,
};

/*
 * When the result is due in a run that lasts: doors and passwords first, then what
 * takes longer or interrupts, then what a device does by itself.
 */
enum audit_stage { STAGE_15M, STAGE_90M, STAGE_END, STAGE_COUNT };
const char *stage_word(enum audit_stage); /* "15m", "90m", "72h" */
/* What has no probe is of the last stage, what needs consent to intrude is not of the first. */
enum audit_stage check_stage(size_t check);

struct session;
struct findings;

struct check {
	const char *id;    /* "tcp-ports"; in evidence, in files, on the command line */
	const char *title; /* what it looks for, for people */
	uint8_t consent;   /* enum consent */
	uint8_t stage;     /* enum audit_stage; see check_stage() */
	bool is_guided;    /* a person must do something meanwhile: run only where it is named */
	bool is_of_file;   /* reads a file that somebody gives; no part of a device's test */
	uint16_t seconds_gentle, seconds_lab;
	uint32_t packets;       /* at most */
	const char *provisions; /* ids that it may speak of, separated by blanks */
	bool is_probed;         /* else passive: judged from what the device sends by itself */
	/*
	 * It judges what somebody handed in, and no packet is sent for it: a document says the
	 * same each time it is read, so one exchange is enough for a failure; where there is none
	 * it is silent.  Without provisions it may speak of every one that has a question.
	 */
	bool is_document;
	const char *for_owner; /* what to do after a FAIL */
	const char *for_maker;
};

/* Rows in the order in which they are run; later ones may look at what earlier ones found. */
extern const struct check checks[];
extern const size_t n_checks;
int check_find(const char *id); /* its place, or -1 */
/* Is the provision one of its row?  Of others a check says nothing, whoever speaks in its name. */
bool check_may_speak_of(uint16_t check, const char *provision);

/* --- findings -------------------------------------------------------------------------------- */

enum { FINDINGS_MAX = 512 };
struct findings {
	uint16_t check; /* filled in by check_judge() */
	size_t n;
	size_t n_lost; /* beyond FINDINGS_MAX */
	struct finding finding[FINDINGS_MAX];
	struct finding lost; /* the last that had no room, so that a judge need not ask */
};

/* Adds one; the text is made printable and cut. The exchange, if any, becomes its evidence. */
struct finding *findings_add(struct findings *, const char *provision, enum verdict_word,
	const struct exchange *, const char *text, ...) __attribute__((format(printf, 5, 6)));
void finding_evidence(struct finding *, const struct exchange *); /* NULL is fine */
void finding_coverage(struct finding *, size_t n_tried, size_t n_all);

/* The same with INC, which has a reason. */
struct finding *findings_inc(struct findings *, const char *provision, enum inc_reason,
	const struct exchange *, const char *text, ...) __attribute__((format(printf, 5, 6)));

/*
 * A failure that was seen in `first` and again, over a connection of its own, in
 * `second`, while `control` shows that the device does not say the same to
 * everything.  Without the second it is INC (NOT_REPRODUCED), without the control
 * INC (CONTROL_FAILED); so a judge passes what it found and cannot forget one.
 */
struct finding *findings_fail(struct findings *, const char *provision,
	const struct exchange *first, const struct exchange *second, const struct exchange *control,
	const char *text, ...) __attribute__((format(printf, 6, 7)));

/*
 * What the probe of a check came to, by the events "begin", "end" and "skipped"
 * that the session writes.  INC_NONE: it ran to its end.
 */
enum inc_reason check_was_cut(const struct transcript *, uint16_t check);
bool check_is_complete(const struct transcript *, uint16_t check); /* need not run again */

/*
 * Judges one check.  A provision that the row names and the judge did not speak
 * of becomes INC (NOT_SEEN), and one whose probe did not run becomes INC with
 * the reason that the transcript tells: an empty set is never PASS.  What a
 * probe that was cut short did not find is INC as well, and a FAIL that rests
 * on fewer than two exchanges is INC (NOT_REPRODUCED), whatever the judge says.
 */
void check_judge(uint16_t check, const struct transcript *, struct findings *);

#endif
