/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_COMMAND_H
#define PINFOLD_PROCESS_ENGINE_COMMAND_H

#include "process/engine.h"

/*
 * One question of a person or a program, while it is answered.  A verb reads its
 * arguments by call_...(), does one thing, and gives the result, or NULL with why.
 */
struct call {
	const char *verb, *who;  /* who: for the journal */
	enum command_role role;  /* what the asker may be taken for, at most */
	struct account *account; /* whose credential it is; NULL: the console, or nobody */
	struct pass *pass;       /* the credential; NULL: the console, or nobody */
	struct ip from;          /* version 0: the console */
	const json_t *args;
	struct ward *ward; /* of "device", where the verb needs one */
	struct channel *channel;
	uint32_t seq;
	int fd;                /* that came along, the caller's; -1: none */
	char proof[PROOF_MAX]; /* that a page of ours asks; empty where none is needed */
	int64_t journal;       /* 0: nothing to take back */
	int64_t next;          /* a list goes on behind this one; 0: it does not */
	uint32_t retry_s;
	struct turn *turn; /* where the verb needs keys of passwords (engine_derive.h) */
	bool is_put_off;   /* it is run again, and answered then */
	struct fault why;
};

enum { LIST_MAX = 20000, JOURNAL_MAX = 1000 };

/* Of a verb. */
enum {
	NEEDS_DEVICE = 1, /* "device" is looked up before */
	CHANGES = 2,      /* a browser must prove that its page asked (CSRF) */
	SENDS = 4,        /* not where the gateway is a sensor */
	CONSOLE = 8,      /* from the control socket only */
	IS_SECRET = 16,   /* question or answer hold one: they are not kept for a repetition */
	DERIVES = 32,     /* it has its turn (engine_derive.h) */
};

/* role: the least that may ask; ROLE_UNKNOWN: anybody who reaches us. */
struct verb {
	const char *name;
	enum command_role role;
	unsigned flags;
	json_t *(*run)(struct call *);
};
/*
 * For somebody who is no person and has no channel: the verb, if that role may ask for it.
 * Takes args.  False with the reason.
 */
bool command_do(
	const char *who, enum command_role, const char *verb, json_t *args, struct fault *why);

/* Each ends with a row without name. */
extern const struct verb home_verbs[], device_verbs[], policy_verbs[], audit_verbs[], label_verbs[],
	maker_verbs[], account_verbs[], passkey_verbs[], leave_verbs[], tell_verbs[], begin_verbs[],
	incident_verbs[], backup_verbs[];

/* The text, in ASCII; NULL with why where it is missing or longer than max. */
const char *call_text(struct call *, const char *name, size_t max);
const char *call_text_or(const struct call *, const char *name, const char *otherwise);
bool call_number(struct call *, const char *name, int64_t lo, int64_t hi, int64_t *out);
int64_t call_number_or(const struct call *, const char *name, int64_t otherwise, int64_t hi);
bool call_flag(const struct call *, const char *name);
enum facet call_source(const struct call *); /* "from" of a policy */

/* The list has as many rows as were asked for: it goes on behind the last one's number. */
void call_next(struct call *, const json_t *rows, const char *key, size_t limit);

/* A command in its turn; true: it was put off and is called again. */
bool command_turn(
	struct channel *, uint32_t seq, const struct message_command *, struct turn *turn);
/*
 * Ends a transaction that is open with a row of the journal: who did that stands there, or it
 * was not done.  There is no undo.
 */
bool call_journal(struct call *, const char *who, const char *text);

/* What was changed, newest first; 0: of all devices, from the newest.  NULL: it cannot be read. */
json_t *journal_list(uint32_t device, int64_t before, uint32_t limit);

void call_begin(struct call *, struct change *);
json_t *call_commit(struct call *, struct change *);

#endif
