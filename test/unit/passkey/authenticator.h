/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PASSKEY_AUTHENTICATOR_H
#define PINFOLD_PASSKEY_AUTHENTICATOR_H

#include <openssl/evp.h>

#include "passkey/passkey.h"

/*
 * Browser and authenticator in one, in software: what they say is right until a test
 * changes a field of this before it asks.
 */
struct authenticator {
	EVP_PKEY *key; /* ES256 */
	uint8_t id[32];
	const char *name, *origin; /* of the site, as the browser sees it */
	const char *type;          /* NULL: what is asked for */
	const char *more; /* further members of clientDataJSON, with a comma in front; NULL: none */
	const char *format; /* of the attestation: none, packed, or another */
	uint8_t flags;      /* but AT and ED, which follow from the rest */
	uint32_t count;
	struct bytes extensions; /* as they stand in what it says; empty: none */
};

struct said {
	uint8_t client[1024], attestation[1024], data[512], signature[PASSKEY_SIGNATURE_MAX];
	size_t client_len, attestation_len, data_len, signature_len;
};

/* With a key of its own; it verifies its user, and does not count. */
void authenticator_new(struct authenticator *, const char *name, const char *origin);
void authenticator_free(struct authenticator *);

/* client and attestation of said. */
void authenticator_make(const struct authenticator *,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN], struct said *);
/* client, data and signature of said. */
void authenticator_use(const struct authenticator *,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN], struct said *);

#endif
