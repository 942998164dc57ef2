/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_AUDIT_H
#define PINFOLD_PROCESS_ENGINE_AUDIT_H

#include "check/check.h"
#include "process/engine.h"
#include "verdict/result.h"

/*
 * Audits, as the engine keeps them: a run of checks on one device, from the wish of
 * its owner to findings, verdicts and a closed port.  engine_audit.c leads runs,
 * engine_audit_plan.c chooses their checks, engine_audit_stage.c leads those that last,
 * engine_audit_take.c takes what the checker
 * says, engine_audit_patch.c closes ports and opens them, engine_audit_file.c keeps
 * evidence, engine_audit_prune.c bounds it, engine_audit_show.c says what a run is.
 *
 * The checker that reports has talked to a hostile device and may be lost.  The
 * worst that it can do here is to lie about the device of a run that the owner
 * asked for: findings are bounded in number and size, and no more than a port of
 * that device is ever closed upon them.
 */
enum audit_state {
	AUDIT_UNKNOWN,
	AUDIT_WAITING, /* for a device on a port */
	AUDIT_RUNNING,
	AUDIT_DONE,
	AUDIT_STOPPED, /* by the owner, or because the device may not be tested any more */
	AUDIT_BROKEN,  /* ended with trouble of ours; why says which */
	AUDIT_STATE_COUNT,
};
const char *audit_state_word(enum audit_state);

enum {
	AUDIT_FINDINGS_MAX = 2048, /* a run; what is beyond is counted in its reason */
	AUDIT_RESUMES_MAX = 3,     /* in a row: something in it breaks us each time */
	AUDIT_TRIES_MAX = 3,       /* of a check in which the device goes away */
	AUDIT_GIVEN_UP = 255,
	AUDIT_SECONDS_MIN = 10, /* where no check needs any: to say so takes some, too */
};

/* One run that has not ended. */
struct audit {
	struct stored_audit row; /* run 0: the place is free */
	uint64_t checks[AUDIT_CHECKS_MAX / 64];
	uint8_t step[AUDIT_CHECKS_MAX]; /* enum audit_step of each */
	bool is_unsaved[AUDIT_CHECKS_MAX];
	uint8_t tries[AUDIT_CHECKS_MAX]; /* that came to no end; AUDIT_GIVEN_UP */
	uint16_t n_of[AUDIT_CHECKS_MAX]; /* findings */
	bool is_told;                    /* the checker has it */
	bool is_resumed;                 /* it was told before */
	bool is_ending;                  /* all is said, the disk has not taken it yet */
	bool is_away;                    /* the device; the run waits for it */
	bool is_unplugged;
	bool was_lost, has_stepped; /* since the checker was told */
	uint8_t kept;               /* bits of enum audit_stage: its result is on the disk */
	uint64_t begun_ns, stop_ns, away_ns, looked_ns;
	uint64_t cap_ns; /* when it was last allowed to answer more; 0: never */
	uint32_t told_seconds, seconds_left;
	int current;             /* check that runs, -1: none */
	uint8_t prompt;          /* enum audit_prompt: what it waits for a person to do */
	struct finding *finding; /* of checks that are not saved yet, and the one that runs */
	size_t n_findings, n_all_findings, n_lost; /* in memory, of the run, beyond its bound */
	struct app *app; /* of a run about an app (engine_app.h); NULL: about a device */
};

struct audit *audit_find(uint32_t run);
struct ward *audit_ward(const struct audit *); /* NULL: it was forgotten, or is nobody yet */
void audit_tell(struct audit *);               /* the checker of what is left to do, if it can */
void audit_release(struct audit *);            /* its place is free */

/* --- engine_audit_plan.c -------------------------------------------------------------------- */

/* False with the reason where the device's class or state forbid it. */
bool audit_may_be_tested(const struct ward *, enum consent, struct fault *why);
/* Where it can be reached; version 0: it has none of the kind. */
void audit_addresses(const struct device *, struct ip *address4, struct ip *address6);
const char *audit_model(const struct device *); /* what it calls itself, or "" */

bool audit_is_planned(const struct audit *, size_t check);
bool audit_step_is_over(uint8_t step);
void audit_plan(struct audit *, size_t check);
void audit_plan_profile(struct audit *);
/* The owner names the checks; false with the reason when there is no such one. */
bool audit_plan_chosen(struct audit *, const char *ids, struct fault *why);
void audit_measure(struct audit *); /* seconds at most */
uint32_t audit_seconds_of(size_t check, uint8_t pace);

/* --- engine_audit_stage.c ------------------------------------------------------------------- */

/* A full run: one stage after the other, and then it watches to the end of its hours. */
bool audit_lasts(const struct audit *);
int64_t audit_ends_s(const struct audit *);
bool audit_is_due(const struct audit *, size_t check); /* to be probed, or again */
enum audit_stage audit_stage(const struct audit *);    /* the first with a check that is due */
/* What the checker is told next, and for how long at most; false: nothing is left to probe. */
bool audit_choose(
	const struct audit *, uint64_t out[static AUDIT_CHECKS_MAX / 64], uint32_t *seconds);
bool audit_is_watching(const struct audit *);
/* No plug of the device is in: the run waits for it, where it has the patience. */
bool audit_is_unplugged(struct audit *);
uint32_t audit_next_s(const struct audit *, enum audit_stage *next); /* until the next result */
/* The checker is done with what it was told.  False: the run has ended with that. */
bool audit_goes_on(struct audit *, enum err, const char *why);
/* Once a second; false: there is nothing to be told to the checker now. */
bool audit_stage_look(struct audit *);
void audit_stage_load(struct audit *);
/* As if it had ended now, for this reason.  Gives; NULL with the reason. */
struct audit_result *audit_result_now(const struct audit *, const char *text, struct fault *why);
json_t *audit_at(uint32_t run, const char *at, struct fault *why); /* a result in between */

/* --- engine_audit_take.c -------------------------------------------------------------------- */

/* Writes all that the disk has not taken yet; false when it takes nothing. */
bool audit_save(struct audit *);
/* What is said of a check that was not run to its end, so that nothing looks tested. */
void audit_keep_inc(struct audit *, uint16_t check, enum inc_reason, const char *text);
void audit_keep_cap(struct audit *); /* once a second */
uint32_t audit_n_done(const struct audit *, uint32_t *n_all);
/*
 * Says INC of all that was not run, judges what the device sent by itself, and
 * concludes.  why NULL: as it was said when it was stopped.
 */
void audit_end(struct audit *, enum audit_state, enum inc_reason, const char *why);
/* Tried again each second until the disk takes it: what was found is not thrown away. */
void audit_conclude(struct audit *);

/* --- engine_audit_patch.c ------------------------------------------------------------------- */

bool audit_is_reason_to_close(const struct finding *);
void audit_close_port(struct audit *, struct ward *, const char *check, const struct finding *);
/* Opens again what was closed upon this check and is mended, by these findings of it. */
void audit_open_mended(
	struct audit *, struct ward *, const char *check, const struct finding *const *, size_t n);

/* --- engine_audit_prune.c ------------------------------------------------------------------- */

void audit_forget(uint32_t run);
void audit_forget_all(const char *device_id); /* but those that something rests on */
void audit_prune(const char *device_id);      /* "": of nobody in particular */

/* --- engine_audit_file.c: <state>/audit/<run>/ -------------------------------------------- */

void audit_path(uint32_t run, const char *name, char *out, size_t size); /* name NULL: the folder */
/* Makes the folder and its empty transcript, which is given open to read and append. */
enum err audit_folder_make(uint32_t run, int *fd, struct fault *why) MUST_USE;
enum err audit_transcript_open(uint32_t run, int *fd) MUST_USE;
enum err audit_transcript_read(uint32_t run, int *fd) MUST_USE; /* open to read alone */
void audit_transcript_sync(uint32_t run);                       /* to the disk */
/* Written under another name, synced and renamed: there is the old one or the new one. */
enum err audit_file_put(
	uint32_t run, const char *name, const char *text, size_t len, struct fault *why) MUST_USE;
enum err audit_json_put(
	uint32_t run, const char *name, const json_t *json, struct fault *why) MUST_USE;
uint64_t audit_folder_bytes(uint32_t run);
void audit_folder_remove(uint32_t run);
/* The evidence alone; the result stays. */
void audit_evidence_remove(uint32_t run);
uint32_t audit_folder_newest(void); /* greatest number of a folder, 0: none */
uint64_t audit_free_bytes(void);

json_t *audit_device_json(const struct ward *);
json_t *audit_env_json(void);

/* --- engine_audit_show.c -------------------------------------------------------------------- */

/* All of a run from the database; NULL with the reason.  Gives. */
struct audit_result *audit_result(const struct stored_audit *, struct fault *why);

#endif
