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

/* Makes salt and key.  Takes some 32 MiB and a tenth of a second, for as long as it runs. */
void password_keep(struct password *, const char *password);

/* In the same time for every password, and for one that is kept with cost 0. */
bool password_fits(const struct password *, const char *password);

#endif
