/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_CREDENTIALS_H
#define PINFOLD_CHECK_CREDENTIALS_H

#include <stddef.h>

/*
 * Factory logins (data/credentials.tsv), part of the program: pairs that
 * malware tries, in its order of success.  Facts, not secrets.
 */
enum { CREDENTIALS_MAX = 512, CREDENTIAL_TEXT_MAX = 32 };

struct credential {
	char user[CREDENTIAL_TEXT_MAX], password[CREDENTIAL_TEXT_MAX];
};

/* All of them; borrowed, for ever. */
const struct credential *credentials(size_t *n);

#endif
