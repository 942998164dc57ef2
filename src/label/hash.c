/* SPDX-License-Identifier: Apache-2.0 */
#include "label/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/hex.h"

void
hash_parts(const struct hash_part *part, size_t n, uint8_t out[static HASH_LEN])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned len = 0;

	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
		abort();
	for (size_t i = 0; i < n; i++)
		if (!EVP_DigestUpdate(context, part[i].bytes, part[i].len))
			abort();
	if (!EVP_DigestFinal_ex(context, out, &len) || len != HASH_LEN)
		abort();
	EVP_MD_CTX_free(context);
}

void
hash_bytes(const void *bytes, size_t len, uint8_t out[static HASH_LEN])
{
	hash_parts(&(struct hash_part){bytes, len}, 1, out);
}

void
hash_text(const uint8_t hash[static HASH_LEN], char out[static HASH_TEXT_MAX])
{
	hex_text(hash, HASH_LEN, out);
}
