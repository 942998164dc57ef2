/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_ACCOUNT_INSIDE_H
#define PINFOLD_PROCESS_ENGINE_ACCOUNT_INSIDE_H

#include "process/engine_account.h"
#include "process/engine_command.h"
#include "process/engine_password.h"

/* Between engine_account.c and engine_passkey.c: the rows, and what logging in has in common. */
enum { DIGEST_LEN = 32 };

enum pass_kind { PASS_UNKNOWN, PASS_SESSION, PASS_TOKEN };

struct account {
	int64_t id; /* 0: the row is free */
	char name[ACCOUNT_NAME_MAX];
	enum command_role role;
	struct password password;
	int64_t created_s;
};

struct pass {
	int64_t id;      /* 0: the row is free */
	int64_t account; /* 0: of the console */
	enum pass_kind kind;
	enum command_role role; /* at most */
	uint8_t digest[DIGEST_LEN];
	char name[STORE_NAME_MAX];
	struct ip from;
	int64_t created_s, until_s, used_s;
};

struct account *account_by_id(int64_t id); /* NULL: there is none */

/* "from 192.168.77.11", or the /64 of an IPv6 address: whose guesses are counted together. */
void account_source(const struct ip *from, char out[static 64]);
/* True when this one may try to log in now; else call->why and call->retry_s.  account may be NULL. */
bool account_may_try(struct call *, const char *name, const struct account *);
void account_was_wrong(struct call *, const char *name);
void account_was_right(struct call *);

/* Asks a person who is logged in, not a program with a token; else call->why. */
bool account_is_session(struct call *);
/*
 * And says the own password under this key, for a verb in its turn (engine_derive.h): false,
 * and call->why, or it is put off.
 */
bool account_knows_password(struct call *, const char *key);

/*
 * Ends the transaction that the caller has begun with a new session and this line of the
 * journal; NULL: nothing of it was done.
 */
json_t *account_session_begin(struct call *, struct account *, const char *text);

#endif
