/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_PASSWORD_H
#define PINFOLD_PROCESS_ENGINE_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Passwords of those who run the gateway: what is good enough, and what is kept
 * of one.  Kept is scrypt (RFC 7914) over a salt of its own; the cost stands
 * beside it, so that it can be raised without asking anybody for a new password.
 */
enum { PASSWORD_CHARACTERS_MIN = 12, PASSWORD_BYTES_MAX = 256 };

struct password {
	uint8_t salt[16], key[32];
	uint32_t cost; /* N = 2^cost; 0: nobody's password fits */
	uint32_t block, lanes;
};

/*
 * At least twelve characters, and not made of what everybody tries first: words of the
 * factory lists, the account's name, one character again and again, 123456.
 */
bool password_is_strong(const char *password, const char *account, struct fault *why);

/* Salt and cost of a new one, without key. */
void password_begin(struct password *);

/*
 * The key by salt and cost.  Takes some 32 MiB and a tenth of a second, for as long as it runs
 * (engine_derive.h does it).  False: there is no memory.
 */
bool password_derive(struct password *, const char *password);

/*
 * How to derive what is to be compared with what is kept; where nothing is (cost 0), in
 * the same time.
 */
void password_ask(struct password *, const struct password *kept);
/* What was derived so is what is kept; in the same time for every password. */
bool password_is(const struct password *kept, const struct password *derived);

#endif
