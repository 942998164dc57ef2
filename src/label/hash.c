/* SPDX-License-Identifier: Apache-2.0 */
#include "label/hash.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	for (size_t i = 0; i < HASH_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_parse(uint8_t *out, size_t len, const char *text)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
