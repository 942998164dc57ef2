/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_HASH_H
#define PINFOLD_LABEL_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SHA-256, over parts that are hashed as if they stood one behind the other. */
enum { HASH_LEN = 32, HASH_TEXT_MAX = 65 };

struct hash_part {
	const void *bytes;
	size_t len;
};
void hash_parts(const struct hash_part *, size_t n, uint8_t out[static HASH_LEN]);
void hash_bytes(const void *bytes, size_t len, uint8_t out[static HASH_LEN]);

void hash_text(const uint8_t hash[static HASH_LEN], char out[static HASH_TEXT_MAX]);

#endif
