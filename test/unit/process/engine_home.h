/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_HOME_H
#define PINFOLD_PROCESS_ENGINE_HOME_H

#include <jansson.h>
#include <sys/un.h>

#include "scenario/stage.h"

/* How long is waited for what must come, on a machine with much else to do; the steps of it. */
enum { WAIT_MS = 20000, STEP_MS = 5 };

/*
 * The engine as it is, confined, in a folder of its own; the test plays all the
 * others: it acknowledges what the enforcer is told, and keeps what came last.
 */
struct engine_home {
	char folder[64], engine[400];
	struct settings settings;
	struct stage stage;
	struct sockaddr_un ctl; /* the owner's door */
	struct channel *capture, *enforcer, *resolver, *relay, *checker, *web;
	unsigned policies, events;
	/* The last order to the checker, with the descriptor that came along (-1 none), and how many. */
	struct message_audit audit;
	int audits, file;
	struct message_rig rig;
	/* The whole answer to the last question, its number, and those answered, in their order. */
	json_t *answer;
	char *text;
	size_t len;
	uint32_t seq;
	uint32_t answered[64];
	unsigned n_answered;
};
extern struct engine_home home;

/* A folder, and an engine begun in it; halt and start again as often as one likes. */
void move_in(void);
void start(void);
void halt(void);
void move_out(void);
void new_checker(void); /* the old one died */

/* What somebody shows to the web process; NULL: nothing, as at the console. */
struct shown {
	char credential[CREDENTIAL_MAX], proof[PROOF_MAX];
	const char *from; /* NULL: somewhere in the home */
};
/* Waits for the whole answer, which stays ours until the next question. */
json_t *ask_by(struct channel *, const struct shown *, const char *question);
json_t *ask(const char *question); /* at the console */
bool is_ok(const json_t *answer);

bool engine_is_built(void);
#define NEEDS_ENGINE                                                                               \
	do {                                                                                       \
		if (!engine_is_built())                                                            \
			SKIP("the engine is not built");                                           \
		move_in();                                                                         \
	} while (0)

#endif
