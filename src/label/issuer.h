/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_ISSUER_H
#define PINFOLD_LABEL_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The key (Ed25519, RFC 8032) with which this gateway signs what it says of
 * devices.  Nobody vouches for it: who wants to trust it compares its id, or
 * carries the public half over by hand.
 */
enum {
	ISSUER_PUBLIC_LEN = 32,
	ISSUER_SIGNATURE_LEN = 64,
	ISSUER_ID_MAX = 17,
	ISSUER_TEXT_MAX = 65
};

struct issuer;

/*
 * Reads the key, or makes it where no file is (mode 0600, PEM, written to the
 * disk before it is used).  A file that others may read is refused.
 */
enum err issuer_open(const char *path, struct issuer **, struct fault *why) MUST_USE;
void issuer_free(struct issuer *); /* NULL is fine */

void issuer_public(const struct issuer *, uint8_t out[static ISSUER_PUBLIC_LEN]);
/* Sixteen hexadecimal digits: the first eight bytes of the SHA-256 of the public key. */
void issuer_id(const uint8_t public_key[static ISSUER_PUBLIC_LEN], char out[static ISSUER_ID_MAX]);
enum err issuer_sign(const struct issuer *, const void *bytes, size_t len,
	uint8_t out[static ISSUER_SIGNATURE_LEN], struct fault *why) MUST_USE;
bool issuer_is_signature(const uint8_t public_key[static ISSUER_PUBLIC_LEN], const void *bytes,
	size_t len, const uint8_t signature[static ISSUER_SIGNATURE_LEN]);

/* 64 hexadecimal digits, of either case; not a point for which anything is signed. */
bool issuer_from_text(uint8_t out[static ISSUER_PUBLIC_LEN], const char *text);

/* 128 hexadecimal digits, of either case. */
bool issuer_signature_from_text(uint8_t out[static ISSUER_SIGNATURE_LEN], const char *text);

#endif
