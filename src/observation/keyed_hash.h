/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_KEYED_HASH_H
#define PINFOLD_OBSERVATION_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The hash of all tables that the network fills.  Fast, keyed with a secret
 * from the system's random source so that whoever chooses MACs, addresses or
 * ports cannot choose the bucket.  The key must be random in all its bits: with
 * a key of zeroes the hash is worth nothing.  Not for signatures.
 */
struct hash_key {
	uint64_t a, b;
};

/* Both halves of the 128-bit product, folded: every input bit reaches every output bit. */
static inline uint64_t
hash_fold(uint64_t x, uint64_t y)
{
	__extension__ unsigned __int128 product = (unsigned __int128)x * y;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
keyed_hash(const struct hash_key *key, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t state = key->a ^ len, word[2];

	for (; len >= 16; at += 16, len -= 16) {
		memcpy(word, at, 16);
		state = hash_fold(word[0] ^ key->b, word[1] ^ state);
	}
	if (len) {
		word[0] = word[1] = 0;
		memcpy(word, at, len);
		state = hash_fold(word[0] ^ key->b, word[1] ^ state);
	}
	return hash_fold(state ^ UINT64_C(0x9e3779b97f4a7c15), key->b | 1);
}

#endif
