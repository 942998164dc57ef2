/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_PASSKEY_H
#define PINFOLD_PROCESS_ENGINE_PASSKEY_H

#include "passkey/passkey.h"

/*
 * Passkeys of accounts: another way to log in, beside the password, which stays.
 * There are some where the pages are served by TLS of our own for the web-name of the
 * settings, and nowhere else: a browser ties each to that name.
 *
 * A question (challenge) is answered once, within QUESTION_S.  Bounds: PASSKEYS_MAX
 * passkeys, of which PASSKEYS_AN_ACCOUNT are of one account (beyond: refused);
 * QUESTIONS_MAX questions, of which QUESTIONS_A_SOURCE went to one source (the oldest
 * of that source goes, then the oldest of all).
 */
enum {
	PASSKEYS_MAX = 256,
	PASSKEYS_AN_ACCOUNT = 16,
	QUESTIONS_MAX = 128,
	QUESTIONS_A_SOURCE = 16,
	QUESTION_S = 300,
};

void passkey_load(void); /* once the store is open */
/* Where they can be used now; false: nowhere.  The texts are valid until the next call. */
bool passkey_place_here(struct passkey_place *);
/* The account is gone, in the database too. */
void passkeys_forget(int64_t account);

#endif
