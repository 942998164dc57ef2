/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_LOG_H
#define PINFOLD_LABEL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "label/hash.h"
#include "label/issuer.h"
#include "label/jws.h"

/*
 * The log of what an issuer said: entries are added and never changed, so that
 * whoever kept a checkpoint notices if an earlier word was altered or left out.
 *
 * Hashes are those of RFC 6962, section 2.1; the files are those of tlog-tiles,
 * the checkpoint is a signed note with an Ed25519 key (C2SP tlog-tiles,
 * tlog-checkpoint, signed-note).  All of it is static files, and any monitor of
 * such logs can follow one of ours.
 */
enum {
	LOG_ENTRY_MAX = 1024,     /* bytes */
	LOG_ENTRIES_MAX = 262144, /* of a log that is read; beyond: refused */
	LOG_TILE = 256,           /* hashes of a full tile, entries of a full bundle */
	LOG_PROOF_MAX = 64,
	LOG_PATH_MAX = 64,
	LOG_ORIGIN_MAX = 128,
	LOG_NOTE_MAX = 4096,
	LOG_LABEL_MAX = 20,
};

/* Leaves, as far as they are known; grows. */
struct log_tree {
	size_t n, room;
	uint8_t (*leaf)[HASH_LEN];
};
void log_add(struct log_tree *, const void *entry, size_t len);
void log_add_hash(struct log_tree *, const uint8_t leaf[static HASH_LEN]);
void log_free(struct log_tree *);
void log_leaf(const void *entry, size_t len, uint8_t out[static HASH_LEN]);

/* Of the first n leaves; n is at most tree->n. */
void log_root(const struct log_tree *, size_t n, uint8_t out[static HASH_LEN]);

struct log_proof {
	size_t n;
	uint8_t hash[LOG_PROOF_MAX][HASH_LEN];
};
/* That leaf `at` is in the tree of the first n (RFC 6962, 2.1.1). */
void log_prove_inclusion(const struct log_tree *, size_t at, size_t n, struct log_proof *);
/* That the tree of the first `old` is the beginning of that of the first n (2.1.2). */
void log_prove_consistency(const struct log_tree *, size_t old, size_t n, struct log_proof *);
/* By the algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2, from a stranger's proof. */
bool log_is_included(const uint8_t leaf[static HASH_LEN], uint64_t at, uint64_t n,
	const struct log_proof *, const uint8_t root[static HASH_LEN]);
bool log_is_consistent(uint64_t old, uint64_t n, const uint8_t old_root[static HASH_LEN],
	const uint8_t root[static HASH_LEN], const struct log_proof *);

/* --- files ------------------------------------------------------------------------------- */

/*
 * "tile/0/x001/234" or, with level -1, "tile/entries/x001/234"; behind it ".p/17" for a
 * partial one, which a width below LOG_TILE says.
 */
void log_tile_path(char out[static LOG_PATH_MAX], int level, uint64_t at, unsigned width);
/* Hashes of a tile; gives how many, 0: there is no such tile in a tree of n leaves. */
unsigned log_tile(const struct log_tree *, size_t n, int level, uint64_t at,
	uint8_t out[static LOG_TILE][HASH_LEN]);

/* --- checkpoints ------------------------------------------------------------------------- */

struct log_checkpoint {
	char origin[LOG_ORIGIN_MAX];
	uint64_t n;
	uint8_t root[HASH_LEN];
};
/* Gives the note, or NULL with the reason.  The origin has no blank and no plus in it. */
char *log_checkpoint_render(
	const struct log_checkpoint *, const struct issuer *, struct fault *why);
/* The origin is the name of the key as well; other signatures in the note are not looked at. */
enum seal log_checkpoint_parse(struct log_checkpoint *, const char *text, size_t len,
	const struct issuer_keys *, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why);

/* --- witnesses --------------------------------------------------------------------------- */

/*
 * Somebody who keeps watch over the log and signs that each checkpoint goes on from the
 * one before (C2SP tlog-cosignature, Ed25519).  Whoever asks for that signature cannot be
 * shown another log than the witness.
 */
struct log_witness {
	char name[LOG_ORIGIN_MAX];
	uint8_t key[ISSUER_PUBLIC_LEN];
};
/* NAME+ID+KEY, the text of a verifier's key (C2SP signed-note), of type 4. */
bool log_witness_parse(struct log_witness *, const char *text);
/* Did it sign this note?  The rest of the note is not looked at.  Gives when it did. */
bool log_is_witnessed(const struct log_witness *, const char *note, size_t len, int64_t *at_s);

/* --- what our logs say ------------------------------------------------------------------- */

/* An entry of the log, as the issuer writes it; sorted and compact. */
struct log_said {
	char kind[12]; /* "issue", "status" */
	char label[LOG_LABEL_MAX];
	uint32_t revision;
	char sha256[HASH_TEXT_MAX],
		claims_sha256[HASH_TEXT_MAX]; /* issue: payload, claims of the QR */
	char status[32], reason[200];
	int64_t at_s;
};
char *log_said_text(const struct log_said *); /* gives */

#endif
