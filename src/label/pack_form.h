/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_PACK_FORM_H
#define PINFOLD_LABEL_PACK_FORM_H

/* The form of a pack, between who writes and who reads it. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "label/hash.h"

#define PACK_SCHEMA    "pinfold-pack-1"
#define PACK_MANIFEST  "manifest.json"
#define PACK_SIGNATURE "manifest.sig"
enum { PACK_MANIFEST_DEPTH = 6 };

/* True for the names that a pack may hold beside manifest and signature. */
bool pack_may_hold(const char *name);

/* Hashes stand for 4 KiB each, or twice, four times ... that, so that they are at most 1,024. */
size_t pack_block(uint64_t size);

/*
 * The root of a Merkle tree as in RFC 6962, section 2.1: a leaf is a file's name,
 * a zero and its hash; in the order of the manifest.
 */
struct pack_leaf {
	const char *name;
	uint8_t hash[HASH_LEN];
};
void pack_root(const struct pack_leaf *, size_t n, uint8_t out[static HASH_LEN]);

#endif
