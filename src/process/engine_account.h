/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_ACCOUNT_H
#define PINFOLD_PROCESS_ENGINE_ACCOUNT_H

#include <jansson.h>

#include "message/message.h"

/*
 * Who may ask by way of the web process, and for what.
 *
 * An account is a person: name, role, password.  A pass is what the web process
 * shows for one: a session, made by logging in, or a token, made for a program.
 * Of a pass only the digest is kept.  The web process is asked for neither: it
 * hands on what it was shown, and can do no more than those who show it something.
 *
 * Bounds: ACCOUNTS_MAX accounts (beyond: refused), PASSES_MAX passes, of which
 * SESSIONS_AN_ACCOUNT sessions (the oldest goes) and TOKENS_AN_ACCOUNT tokens
 * (beyond: refused) are of one account.
 */
enum {
	ACCOUNTS_MAX = 64,
	PASSES_MAX = 1024,
	SESSIONS_AN_ACCOUNT = 16,
	TOKENS_AN_ACCOUNT = 32,
	ACCOUNT_NAME_MAX = 33,
	ACCOUNT_WHO_MAX = 112,
	SESSION_S = 14 * 24 * 3600,
};

struct account;
struct pass;

void account_load(void); /* once the store is open */
void account_look(void); /* takes away what has ended */

bool account_is_claimed(void); /* somebody owns the pages */
json_t *account_owners(void);  /* their names; gives */

/* NULL: it is none of ours, or has ended. */
struct pass *account_pass(const char *credential);
struct account *account_of(const struct pass *); /* NULL: of nobody, or of the console */
enum command_role account_role(const struct pass *);
/* For the journal: "anna", "anna (token printer)", "" for nobody. */
void account_who(const struct pass *, char out[static ACCOUNT_WHO_MAX]);

/*
 * A foreign page can make a browser send its cookie, and cannot read one of our pages: it does
 * not know the proof that stands in each of their forms.  Tokens are not sent by themselves.
 */
bool account_is_own_page(const struct pass *, const char *credential, const char *proof);
/* What stands in our pages; empty for a token. */
void account_proof(const struct pass *, const char *credential, char out[static PROOF_MAX]);

#endif
