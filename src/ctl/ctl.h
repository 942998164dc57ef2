/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CTL_CTL_H
#define PINFOLD_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Exit status; documented and stable. */
enum {
	CTL_OK,
	CTL_REFUSED,     /* the daemon said no, and why */
	CTL_USAGE,       /* the command line was not understood */
	CTL_UNREACHABLE, /* the daemon could not be asked */
	CTL_LATER,       /* recorded, and not in force (yet), and why */
	CTL_HOLD,        /* a test failed: the gate says hold, a report has new failures */
	CTL_LABORATORY,  /* the gate says laboratory */
};

struct options {
	bool json, quiet;
	const char *socket;
};

/* How an argument of the command line becomes a value of the question. */
enum word_kind {
	WORD_TEXT,
	WORD_DEVICE,
	WORD_NUMBER,
	WORD_TIME,
	WORD_FLAG,
	WORD_REST,
	WORD_FILE,   /* what is in it goes along, as text */
	WORD_OPEN,   /* it goes along open, however large */
	WORD_SECRET, /* not on the command line, where others see it: asked for */
};

struct word {
	const char *name; /* as shown; an option begins with "--" */
	const char *key;  /* in the question */
	enum word_kind kind;
	bool optional;
};

enum { WORDS_MAX = 9 };

/* One row is one thing that people can say. */
struct command {
	const char *noun, *verb; /* verb "" where the noun is all */
	const char *ask;         /* verb of docs/API.md; NULL: done here by `run` */
	const char *sentence;
	struct word word[WORDS_MAX];
	/* Answer for people; borrows. */
	void (*show)(const json_t *result, const struct options *);
	int (*run)(int argc, char **argv, const struct options *);
	/* With --follow: what is done after the answer.  NULL: events are followed instead. */
	int (*follow)(const json_t *result, const struct options *);
	/* In the place of `show`, and also with --json, where the words matter here as well. */
	int (*finish)(const json_t *args, const json_t *result, const struct options *);
	/* Before it is asked; takes off the args what is ours.  False: it is not asked. */
	bool (*before)(json_t *args, const struct options *, int *status);
};

extern const struct command commands[];

/*
 * Asks the daemon and waits.  Gives the answer, or NULL with *why when the
 * daemon cannot be reached.  With on_event the call does not return before the
 * daemon is gone; events are borrowed.
 */
json_t *ask(const char *socket, const json_t *question, void (*on_event)(const json_t *),
	struct fault *why);
/* fd, or -1, is lent to it. */
json_t *ask_with(const char *socket, const json_t *question, int fd,
	void (*on_event)(const json_t *), struct fault *why);

/* --- show.c: tables for people; every value passes shown() ------------------------------ */

void shown(char *out, size_t size, const char *bytes, size_t len);
/*
 * Values of an answer.  A string, number or truth as text that is safe on a
 * terminal, empty where there is none (key NULL: of the value itself); good until
 * the eighth call after it.  A number; 0 where there is none.  A time of the wall
 * clock, "-" for none; good until the fourth.
 */
const char *text(const json_t *object, const char *key);
long long number(const json_t *object, const char *key);
bool is_true(const json_t *object, const char *key);
const char *when(const json_t *object, const char *key);

void show_status(const json_t *, const struct options *);
void show_doctor(const json_t *, const struct options *);
void show_devices(const json_t *, const struct options *);
void show_device(const json_t *, const struct options *);
void show_talk(const json_t *, const struct options *);
void show_sky(const json_t *, const struct options *);
void show_works(const json_t *works); /* without the internet, without its maker */
bool can_be_written(json_t *args, const struct options *, int *status);
int finish_backup(const json_t *args, const json_t *backup, const struct options *);
int run_backup_restore(int argc, char **argv, const struct options *);
/* The first minutes; the card for the day on which nothing works. */
void show_begin(const json_t *, const struct options *);
void show_card(const json_t *, const struct options *);
void show_kinds(const json_t *, const struct options *);
void show_done(const json_t *, const struct options *); /* a device that was changed */
void show_enforce(const json_t *, const struct options *);
bool agree_to_hold(json_t *args, const struct options *, int *status);
void show_policy(const json_t *, const struct options *);
void show_why(const json_t *, const struct options *);
void show_proposal(const json_t *, const struct options *);
void show_journal(const json_t *, const struct options *);
void show_events(const json_t *, const struct options *);
void show_event(const json_t *event);
void show_services(const json_t *, const struct options *);
void show_text(const json_t *, const struct options *);

/* --- account.c -------------------------------------------------------------------------- */

/* From the terminal, unseen and twice, or a line of the standard input; NULL with why. */
json_t *secret_asked(struct fault *why);
void show_account(const json_t *, const struct options *);
void show_accounts(const json_t *, const struct options *);
void show_code(const json_t *, const struct options *);
void show_token(const json_t *, const struct options *);
void show_tokens(const json_t *, const struct options *);
void show_passkeys(const json_t *, const struct options *);

/* --- audit.c ---------------------------------------------------------------------------- */

void show_audit_begun(const json_t *, const struct options *);
void show_audit_stopped(const json_t *, const struct options *);
void show_audits(const json_t *, const struct options *);
void show_audit_checks(const json_t *, const struct options *);
void show_audit(const json_t *, const struct options *);
int follow_audit(const json_t *begun, const struct options *);
/* Until it has ended, with its progress.  Gives the answer with its result; NULL: that was said. */
json_t *await_audit(long long run, const struct options *);

/* --- audit_app.c ------------------------------------------------------------------------- */

void show_app_test(const json_t *); /* of a phone; nothing where none is on */
void show_phone_begun(const json_t *, const struct options *);

/* --- audit_pack.c ------------------------------------------------------------------------ */

int finish_gate(const json_t *args, const json_t *gate, const struct options *);
int finish_report(const json_t *args, const json_t *run, const struct options *);
int finish_pack(const json_t *args, const json_t *evidence, const struct options *);
int run_audit_verify(int argc, char **argv, const struct options *);
void show_audit_key(const json_t *, const struct options *);
/*
 * From here on a stranger's bytes are looked at.  Whoever takes this process over
 * by them can compute and write to what is open, which is the terminal, and
 * nothing else: it opens no file, no socket, starts nothing.  False: refused.
 */
bool confine_to_memory(void);

/* --- audit_shelf.c, audit_fix.c ---------------------------------------------------------- */

void show_shelf_entry(const json_t *, const struct options *);
int finish_shelf_list(const json_t *args, const json_t *rows, const struct options *);
int finish_shelf_check(const json_t *args, const json_t *answer, const struct options *);
int finish_fix(const json_t *args, const json_t *run, const struct options *);

/* --- leave.c ------------------------------------------------------------------------------ */

void show_intake(const json_t *, const struct options *);
void show_leaving(const json_t *, const struct options *);
int finish_leave(const json_t *args, const json_t *left, const struct options *);
void show_left_list(const json_t *, const struct options *);
void show_left(const json_t *, const struct options *);
int run_left_verify(int argc, char **argv, const struct options *);

/* --- incident.c --------------------------------------------------------------------------- */

void show_incidents(const json_t *, const struct options *);
void show_incident(const json_t *, const struct options *);
int finish_incident_export(const json_t *args, const json_t *packets, const struct options *);
void show_story(const json_t *, const struct options *);

/* --- maker.c ------------------------------------------------------------------------------ */

void show_maker(const json_t *, const struct options *);
void show_alike(const json_t *, const struct options *);
void show_makers(const json_t *, const struct options *);

/* --- audit_reset.c ----------------------------------------------------------------------- */

int run_audit_reset(int argc, char **argv, const struct options *);

/* --- audit_declare.c, audit_papers.c ------------------------------------------------------ */

int run_audit_declare(int argc, char **argv, const struct options *);
int run_audit_papers(int argc, char **argv, const struct options *);
/* Asks; gives the answer if it is a good one.  NULL: why not is said, and *status is it.  Takes args. */
json_t *ask_or_say(const char *verb, json_t *args, const struct options *, int *status);
/* Gives the file to the daemon in pieces; the answer to the last one, or NULL as above. */
json_t *give_file(const char *device, const char *kind, const char *path, const struct options *,
	int *status);

/* --- tell.c ------------------------------------------------------------------------------- */

void show_tell(const json_t *, const struct options *);
void show_tell_added(const json_t *, const struct options *);
int finish_tell_test(const json_t *args, const json_t *begun, const struct options *);

/* --- standards.c: without the daemon ----------------------------------------------------- */

int run_standards_map(int argc, char **argv, const struct options *);
int run_standards_list(int argc, char **argv, const struct options *);

/* --- complete.c, replay.c, check.c ------------------------------------------------------ */

int run_completion(int argc, char **argv, const struct options *);
int run_check_config(int argc, char **argv, const struct options *);
int run_replay(int argc, char **argv, const struct options *);

#endif
