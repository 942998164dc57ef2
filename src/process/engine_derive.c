/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_derive.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/loop.h"
#include "process/confine.h"
#include "process/engine_command.h"

enum { KEYS_A_TURN = 2 }; /* the old password's, and the new one's */

/* What the other process is asked, and answers with made.key; both are of this program. */
struct job {
	uint64_t turn;
	bool is_made;
	struct password made;
	char password[PASSWORD_BYTES_MAX + 1];
};

struct turn {
	TAILQ_ENTRY(turn) next;
	struct channel *channel;
	uint32_t seq;
	uint64_t number;
	struct message_command command;
	bool is_new[KEYS_A_TURN]; /* of a password that is to be kept, with a salt of ours */
	struct job key[KEYS_A_TURN];
	unsigned n_keys;
};

static TAILQ_HEAD(, turn) turns = TAILQ_HEAD_INITIALIZER(turns);
static unsigned n_turns;
static int worker = -1;

/* --- the other process --------------------------------------------------------------------------- */

static _Noreturn void
compute(int fd, const struct settings *settings)
{
	struct job job = {.made = {.cost = 1, .block = 1, .lanes = 1}};

	/* The library looks once for files, which are out of reach soon. */
	password_derive(&job.made, "");
	if (fd != STDERR_FILENO + 1 && dup2(fd, STDERR_FILENO + 1) < 0)
		fatal("derive", "dup2");
	for (int other = STDERR_FILENO + 2; other < 1024; other++)
		close(other);
	prctl(PR_SET_NAME, "passwords");
	confine_to_computing(PROCESS_ENGINE, settings);
	while (read(STDERR_FILENO + 1, &job, sizeof job) == (ssize_t)sizeof job) {
		job.is_made = password_derive(&job.made, job.password);
		if (write(STDERR_FILENO + 1, &job, sizeof job) != (ssize_t)sizeof job)
			break;
		OPENSSL_cleanse(&job, sizeof job);
	}
	_exit(0); /* the engine is gone */
}

/* --- turns ------------------------------------------------------------------------------------------ */

static void
turn_end(struct turn *turn)
{
	TAILQ_REMOVE(&turns, turn, next);
	n_turns--;
	OPENSSL_cleanse(turn, sizeof *turn);
	free(turn);
}

/* The first goes on as far as it can; when it needs nothing any more the next one begins. */
static void
go_on(void)
{
	struct turn *turn;

	while ((turn = TAILQ_FIRST(&turns))) {
		if (turn->channel && command_turn(turn->channel, turn->seq, &turn->command, turn))
			break;
		turn_end(turn);
	}
}

static void
on_key(int fd, void *arg)
{
	struct turn *turn = TAILQ_FIRST(&turns);
	struct job job;

	if (read(fd, &job, sizeof job) != (ssize_t)sizeof job)
		fatalx("derive", "the process that computes keys is gone");
	if (turn && turn->number == job.turn)
		turn->key[turn->n_keys - 1] = job;
	OPENSSL_cleanse(&job, sizeof job);
	go_on();
}

void
derive_start(const struct settings *settings)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		fatal("derive", "socketpair");
	pid_t pid = fork();
	if (pid < 0)
		fatal("derive", "fork");
	if (!pid)
		compute(pair[1], settings);
	close(pair[1]);
	worker = pair[0];
	loop_watch_read(worker, on_key, NULL);
}

bool
derive_queue(struct channel *channel, uint32_t seq, const struct message_command *command)
{
	static uint64_t last;

	if (n_turns == DERIVE_QUEUE)
		return false;
	struct turn *turn = must_alloc(1, sizeof *turn);
	turn->channel = channel;
	turn->seq = seq;
	turn->number = ++last;
	memcpy(&turn->command, command, message_command_len(command));
	TAILQ_INSERT_TAIL(&turns, turn, next);
	if (++n_turns == 1)
		go_on();
	return true;
}

void
derive_drop(const struct channel *channel)
{
	struct turn *turn;

	TAILQ_FOREACH(turn, &turns, next)
	if (turn->channel == channel)
		turn->channel = NULL;
}

/* --- for verbs ------------------------------------------------------------------------------------- */

static bool
is_of(const struct job *key, const struct password *asked, const char *password)
{
	const struct password *made = &key->made;

	return !memcmp(made->salt, asked->salt, sizeof made->salt) && made->cost == asked->cost &&
	       made->block == asked->block && made->lanes == asked->lanes &&
	       !strcmp(key->password, password);
}

/* The key that is there; NULL with call->is_put_off, or with why not. */
static const struct job *
key_of(struct call *call, const struct password *asked, const char *password, bool is_new)
{
	struct turn *turn = call->turn;
	struct job *key;

	for (unsigned i = 0; i < turn->n_keys; i++) {
		key = &turn->key[i];
		if (turn->is_new[i] == is_new &&
			is_of(key, is_new ? &key->made : asked, password)) {
			if (key->is_made)
				return key;
			fault_set(&call->why, ERR_SYSTEM, "there is no memory for that now");
			return NULL;
		}
	}
	if (turn->n_keys == KEYS_A_TURN) {
		fault_set(&call->why, ERR_STALE, "the password was changed meanwhile");
		return NULL;
	}
	turn->is_new[turn->n_keys] = is_new;
	key = &turn->key[turn->n_keys++];
	*key = (struct job){.turn = turn->number, .made = *asked};
	snprintf(key->password, sizeof key->password, "%s", password);
	if (write(worker, key, sizeof *key) != (ssize_t)sizeof *key)
		fatal("derive", "the process that computes keys is gone");
	call->is_put_off = true;
	return NULL;
}

bool
derive_is_again(const struct call *call)
{
	return call->turn && call->turn->n_keys;
}

bool
derive_fits(struct call *call, const struct password *kept, const char *password, bool *fits)
{
	struct password asked;

	password_ask(&asked, kept);
	const struct job *key = key_of(call, &asked, password, false);
	if (key)
		*fits = password_is(kept, &key->made);
	return key;
}

bool
derive_keep(struct call *call, const char *password, struct password *out)
{
	struct password asked;

	password_begin(&asked);
	const struct job *key = key_of(call, &asked, password, true);
	if (key)
		*out = key->made;
	return key;
}
