/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_JWS_H
#define PINFOLD_LABEL_JWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "label/issuer.h"

/*
 * What an issuer signs for the outside: a compact JWS (RFC 7515) with Ed25519
 * (RFC 8037).  The algorithm is pinned and so is the type ("label+jwt" and others),
 * or a status could be given for a label.  A header's own key or place of a key
 * (jwk, jku, x5c, x5u) is not looked at: keys are those that the caller brings.
 */
enum { JWS_BYTES_MAX = 256 * 1024, JWS_KEYS_MAX = 16 };

/* Four answers; none of them is ever taken for another. */
enum seal {
	SEAL_UNKNOWN,
	SEAL_ABSENT,  /* nothing is there that could be one */
	SEAL_INVALID, /* it is damaged, or of another type or algorithm, or the signature is wrong */
	SEAL_STRANGER, /* by a key that nobody here trusts: nothing of it was believed */
	SEAL_GOOD,
};

struct issuer_keys {
	size_t n;
	uint8_t key[JWS_KEYS_MAX][ISSUER_PUBLIC_LEN];
};

/* Gives the text, or NULL with the reason. */
char *jws_render(const struct issuer *, const char *type, const json_t *payload, struct fault *why);
/* The same of a payload that is text already. */
char *jws_render_text(
	const struct issuer *, const char *type, const char *payload, struct fault *why);

/*
 * With SEAL_GOOD gives the payload and says whose key it was; else *payload is
 * NULL.  Blanks and line ends around the text are not part of it.
 */
enum seal jws_parse(const char *text, size_t len, const char *type, const struct issuer_keys *,
	json_t **payload, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why);

/* JWKS (RFC 7517) with one public key; gives. */
json_t *jws_key_set(const uint8_t key[static ISSUER_PUBLIC_LEN]);

#endif
