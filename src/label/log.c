/* SPDX-License-Identifier: Apache-2.0 */
#include "label/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/printable.h"

/* --- hashes (RFC 6962, 2.1: what is hashed begins with 0 for a leaf and 1 for a node) ----- */

static void
hash_node(const uint8_t *left, const uint8_t *right, uint8_t out[static HASH_LEN])
{
	static const uint8_t one = 1;

	hash_parts((struct hash_part[]){{&one, 1}, {left, HASH_LEN}, {right, HASH_LEN}}, 3, out);
}

void
log_leaf(const void *entry, size_t len, uint8_t out[static HASH_LEN])
{
	static const uint8_t zero = 0;

	hash_parts((struct hash_part[]){{&zero, 1}, {entry, len}}, 2, out);
}

void
log_add_hash(struct log_tree *tree, const uint8_t leaf[static HASH_LEN])
{
	if (tree->n == tree->room) {
		tree->room = tree->room ? 2 * tree->room : LOG_TILE;
		tree->leaf = reallocarray(tree->leaf, tree->room, sizeof *tree->leaf);
		if (!tree->leaf)
			abort();
	}
	memcpy(tree->leaf[tree->n++], leaf, HASH_LEN);
}

void
log_add(struct log_tree *tree, const void *entry, size_t len)
{
	uint8_t leaf[HASH_LEN];

	log_leaf(entry, len, leaf);
	log_add_hash(tree, leaf);
}

void
log_free(struct log_tree *tree)
{
	free(tree->leaf);
	*tree = (struct log_tree){0};
}

/* The largest power of two that is smaller than n, which is at least 2. */
static size_t
split(size_t n)
{
	size_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

static void
root_of(const struct log_tree *tree, size_t at, size_t n, uint8_t out[static HASH_LEN])
{
	uint8_t left[HASH_LEN], right[HASH_LEN];

	if (n == 1) {
		memcpy(out, tree->leaf[at], HASH_LEN);
		return;
	}
	size_t k = split(n);
	root_of(tree, at, k, left);
	root_of(tree, at + k, n - k, right);
	hash_node(left, right, out);
}

void
log_root(const struct log_tree *tree, size_t n, uint8_t out[static HASH_LEN])
{
	assert(n <= tree->n);
	if (n)
		root_of(tree, 0, n, out);
	else
		hash_bytes("", 0, out);
}

/* --- proofs --------------------------------------------------------------------------------- */

static void
path(const struct log_tree *tree, size_t at, size_t first, size_t n, struct log_proof *proof)
{
	if (n == 1)
		return;
	size_t k = split(n);
	bool is_left = at < k;
	path(tree, is_left ? at : at - k, is_left ? first : first + k, is_left ? k : n - k, proof);
	root_of(tree, is_left ? first + k : first, is_left ? n - k : k, proof->hash[proof->n++]);
}

void
log_prove_inclusion(const struct log_tree *tree, size_t at, size_t n, struct log_proof *proof)
{
	assert(at < n && n <= tree->n);
	proof->n = 0;
	path(tree, at, 0, n, proof);
}

static void
subproof(const struct log_tree *tree, size_t old, size_t first, size_t n, bool is_whole,
	struct log_proof *proof)
{
	if (old == n) {
		if (!is_whole)
			root_of(tree, first, n, proof->hash[proof->n++]);
		return;
	}
	size_t k = split(n);
	if (old <= k) {
		subproof(tree, old, first, k, is_whole, proof);
		root_of(tree, first + k, n - k, proof->hash[proof->n++]);
	} else {
		subproof(tree, old - k, first + k, n - k, false, proof);
		root_of(tree, first, k, proof->hash[proof->n++]);
	}
}

void
log_prove_consistency(const struct log_tree *tree, size_t old, size_t n, struct log_proof *proof)
{
	assert(old <= n && n <= tree->n);
	proof->n = 0;
	if (old && old < n)
		subproof(tree, old, 0, n, true, proof);
}

bool
log_is_included(const uint8_t leaf[static HASH_LEN], uint64_t at, uint64_t n,
	const struct log_proof *proof, const uint8_t root[static HASH_LEN])
{
	uint64_t last = n - 1;
	uint8_t hash[HASH_LEN];

	if (at >= n || proof->n > LOG_PROOF_MAX)
		return false;
	memcpy(hash, leaf, HASH_LEN);
	for (size_t i = 0; i < proof->n; i++) {
		if (!last)
			return false;
		if (at & 1 || at == last) {
			hash_node(proof->hash[i], hash, hash);
			while (!(at & 1) && at) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			hash_node(hash, proof->hash[i], hash);
		}
		at >>= 1;
		last >>= 1;
	}
	return !last && !memcmp(hash, root, HASH_LEN);
}

bool
log_is_consistent(uint64_t old, uint64_t n, const uint8_t old_root[static HASH_LEN],
	const uint8_t root[static HASH_LEN], const struct log_proof *proof)
{
	uint8_t was[HASH_LEN], is[HASH_LEN], empty[HASH_LEN];
	uint64_t at = old - 1, last = n - 1;
	size_t i = 0;

	if (old > n || proof->n > LOG_PROOF_MAX)
		return false;
	if (!old) {
		hash_bytes("", 0, empty);
		return !proof->n && !memcmp(old_root, empty, HASH_LEN);
	}
	if (old == n)
		return !proof->n && !memcmp(old_root, root, HASH_LEN);
	/* A whole tree of a power of two is its own first hash. */
	if (!(old & (old - 1))) {
		memcpy(is, old_root, HASH_LEN);
	} else {
		if (!proof->n)
			return false;
		memcpy(is, proof->hash[i++], HASH_LEN);
	}
	memcpy(was, is, HASH_LEN);
	while (at & 1) {
		at >>= 1;
		last >>= 1;
	}
	for (; i < proof->n; i++) {
		if (!last)
			return false;
		if (at & 1 || at == last) {
			hash_node(proof->hash[i], was, was);
			hash_node(proof->hash[i], is, is);
			while (!(at & 1) && at) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			hash_node(is, proof->hash[i], is);
		}
		at >>= 1;
		last >>= 1;
	}
	return !last && !memcmp(was, old_root, HASH_LEN) && !memcmp(is, root, HASH_LEN);
}

/* --- files ------------------------------------------------------------------------------------ */

void
log_tile_path(char out[static LOG_PATH_MAX], int level, uint64_t at, unsigned width)
{
	char number[24];
	int len = snprintf(number, sizeof number, "%03llu", (unsigned long long)at);
	int first = len % 3 ? len % 3 : 3;
	int n = level < 0 ? snprintf(out, LOG_PATH_MAX, "tile/entries/")
			  : snprintf(out, LOG_PATH_MAX, "tile/%d/", level);

	for (int i = 0; i < len; i = i ? i + 3 : first) {
		int digits = i ? 3 : first;
		bool is_last = i + digits == len;
		n += snprintf(out + n, LOG_PATH_MAX - (size_t)n, "%s%.*s%.*s%s", is_last ? "" : "x",
			i ? 0 : 3 - first, "000", digits, number + i, is_last ? "" : "/");
	}
	if (width < LOG_TILE)
		snprintf(out + n, LOG_PATH_MAX - (size_t)n, ".p/%u", width);
}

unsigned
log_tile(const struct log_tree *tree, size_t n, int level, uint64_t at,
	uint8_t out[static LOG_TILE][HASH_LEN])
{
	assert(n <= tree->n && level >= 0 && level < 4);
	size_t span = (size_t)1 << 8 * (unsigned)level, whole = n / span;
	size_t first = (size_t)at * LOG_TILE;
	unsigned width = 0;

	for (; width < LOG_TILE && first + width < whole; width++)
		root_of(tree, (first + width) * span, span, out[width]);
	return width;
}

/* --- checkpoints -------------------------------------------------------------------------------- */

enum { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4, COSIGNATURE_TIME_LEN = 8 };

/* The four bytes by which a note says whose signature it has, and of which type. */
static void
note_key_id(const char *name, uint8_t type, const uint8_t key[static ISSUER_PUBLIC_LEN],
	uint8_t out[static 4])
{
	const uint8_t between[] = {'\n', type};
	uint8_t hash[HASH_LEN];

	hash_parts((struct hash_part[]){{name, strlen(name)}, {between, sizeof between},
			   {key, ISSUER_PUBLIC_LEN}},
		3, hash);
	memcpy(out, hash, 4);
}

#define NOTE_DASH "\xe2\x80\x94 " /* em dash, blank */

char *
log_checkpoint_render(
	const struct log_checkpoint *checkpoint, const struct issuer *issuer, struct fault *why)
{
	uint8_t key[ISSUER_PUBLIC_LEN], signature[4 + ISSUER_SIGNATURE_LEN];
	auto_free char *root = base64_text(BASE64_PADDED, checkpoint->root, HASH_LEN);
	char *out = must_alloc(LOG_NOTE_MAX, 1);
	int len = snprintf(out, LOG_NOTE_MAX, "%s\n%llu\n%s\n", checkpoint->origin,
		(unsigned long long)checkpoint->n, root);

	issuer_public(issuer, key);
	note_key_id(checkpoint->origin, NOTE_ED25519, key, signature);
	if (issuer_sign(issuer, out, (size_t)len, signature + 4, why)) {
		free(out);
		return NULL;
	}
	auto_free char *signed_by = base64_text(BASE64_PADDED, signature, sizeof signature);
	snprintf(out + len, LOG_NOTE_MAX - (size_t)len, "\n" NOTE_DASH "%s %s\n",
		checkpoint->origin, signed_by);
	return out;
}

/* The next line without its end; false: there is no whole one. */
static bool
take_line(const char **at, const char *end, const char **line, size_t *len)
{
	const char *feed = memchr(*at, '\n', (size_t)(end - *at));

	if (!feed)
		return false;
	*line = *at;
	*len = (size_t)(feed - *at);
	*at = feed + 1;
	return true;
}

static bool
take_number(const char *line, size_t len, uint64_t *out)
{
	uint64_t value = 0;

	if (!len || len > 12 || (len > 1 && line[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		value = 10 * value + (uint64_t)(line[i] - '0');
	}
	*out = value;
	return true;
}

static bool
take_body(struct log_checkpoint *checkpoint, const char **at, const char *end)
{
	const char *line;
	size_t len, n;

	if (!take_line(at, end, &line, &len) || !len || len >= sizeof checkpoint->origin ||
		memchr(line, ' ', len) || memchr(line, '+', len) || memchr(line, '\0', len))
		return false;
	memcpy(checkpoint->origin, line, len);
	if (!is_printable(checkpoint->origin))
		return false;
	if (!take_line(at, end, &line, &len) || !take_number(line, len, &checkpoint->n))
		return false;
	return take_line(at, end, &line, &len) &&
	       base64_parse(BASE64_PADDED, line, len, checkpoint->root, HASH_LEN, &n) &&
	       n == HASH_LEN;
}

static const uint8_t *
signer(const struct log_checkpoint *checkpoint, const uint8_t id[static 4],
	const struct issuer_keys *keys)
{
	uint8_t is[4];

	for (size_t i = 0; i < keys->n; i++) {
		note_key_id(checkpoint->origin, NOTE_ED25519, keys->key[i], is);
		if (!memcmp(is, id, sizeof is))
			return keys->key[i];
	}
	return NULL;
}

enum seal
log_checkpoint_parse(struct log_checkpoint *checkpoint, const char *text, size_t len,
	const struct issuer_keys *keys, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why)
{
	const char *at = text, *end = text + len, *line;
	uint8_t signature[4 + ISSUER_SIGNATURE_LEN];
	char name[LOG_ORIGIN_MAX + 8];
	size_t line_len, n;

	memset(checkpoint, 0, sizeof *checkpoint);
	memset(key, 0, ISSUER_PUBLIC_LEN);
	if (!len) {
		fault_set(why, ERR_NOT_FOUND, "no checkpoint is there");
		return SEAL_ABSENT;
	}
	/* Lines of extension are refused: nobody could check what they say. */
	if (len > LOG_NOTE_MAX || !take_body(checkpoint, &at, end) || at == end || *at != '\n') {
		fault_set(why, ERR_INVALID, "no checkpoint of a log");
		return SEAL_INVALID;
	}
	size_t body_len = (size_t)(at - text);
	at++;
	snprintf(name, sizeof name, NOTE_DASH "%s ", checkpoint->origin);
	size_t name_len = strlen(name);
	while (take_line(&at, end, &line, &line_len)) {
		if (line_len <= name_len || memcmp(line, name, name_len) ||
			!base64_parse(BASE64_PADDED, line + name_len, line_len - name_len,
				signature, sizeof signature, &n) ||
			n != sizeof signature)
			continue;
		const uint8_t *by = signer(checkpoint, signature, keys);
		if (!by)
			continue;
		if (!issuer_is_signature(by, text, body_len, signature + 4)) {
			fault_set(why, ERR_INVALID, "the checkpoint's signature is wrong");
			return SEAL_INVALID;
		}
		memcpy(key, by, ISSUER_PUBLIC_LEN);
		return SEAL_GOOD;
	}
	fault_set(why, ERR_DENIED, "the checkpoint is not signed by a key that is trusted here");
	return SEAL_STRANGER;
}

/* --- witnesses ------------------------------------------------------------------------------ */

bool
log_witness_parse(struct log_witness *witness, const char *text)
{
	const char *first = strchr(text, '+'), *second = first ? strchr(first + 1, '+') : NULL;
	uint8_t key[1 + ISSUER_PUBLIC_LEN], id[4];
	char id_text[2 * sizeof id + 1];
	size_t n;

	memset(witness, 0, sizeof *witness);
	if (!second || first == text || (size_t)(first - text) >= sizeof witness->name ||
		second - first != sizeof id_text ||
		!base64_parse(BASE64_PADDED, second + 1, strlen(second + 1), key, sizeof key, &n) ||
		n != sizeof key || key[0] != NOTE_COSIGNATURE)
		return false;
	memcpy(witness->name, text, (size_t)(first - text));
	memcpy(witness->key, key + 1, ISSUER_PUBLIC_LEN);
	note_key_id(witness->name, NOTE_COSIGNATURE, witness->key, id);
	hex_text(id, sizeof id, id_text);
	return is_printable(witness->name) && !strchr(witness->name, ' ') &&
	       !memcmp(id_text, first + 1, sizeof id_text - 1);
}

/* What a witness signs: when it looked, and the body of the checkpoint as it stands. */
static bool
is_cosigned(const struct log_witness *witness, const char *body, size_t body_len, uint64_t at_s,
	const uint8_t *signature)
{
	char message[LOG_NOTE_MAX + 64];
	int len = snprintf(message, sizeof message, "cosignature/v1\ntime %llu\n%.*s",
		(unsigned long long)at_s, (int)body_len, body);

	return len > 0 && len < (int)sizeof message &&
	       issuer_is_signature(witness->key, message, (size_t)len, signature);
}

bool
log_is_witnessed(const struct log_witness *witness, const char *note, size_t len, int64_t *at_s)
{
	enum { ID_LEN = 4, ALL_LEN = ID_LEN + COSIGNATURE_TIME_LEN + ISSUER_SIGNATURE_LEN };
	const char *at = note, *end = note + len, *line, *body_end;
	uint8_t signature[ALL_LEN], id[ID_LEN];
	struct log_checkpoint body;
	char name[LOG_ORIGIN_MAX + 8];
	size_t line_len, n;

	if (len > LOG_NOTE_MAX || !take_body(&body, &at, end) || at == end || *at != '\n')
		return false;
	body_end = at++;
	note_key_id(witness->name, NOTE_COSIGNATURE, witness->key, id);
	snprintf(name, sizeof name, NOTE_DASH "%s ", witness->name);
	size_t name_len = strlen(name);
	while (take_line(&at, end, &line, &line_len)) {
		uint64_t time_s = 0;
		if (line_len <= name_len || memcmp(line, name, name_len) ||
			!base64_parse(BASE64_PADDED, line + name_len, line_len - name_len,
				signature, sizeof signature, &n) ||
			n != sizeof signature || memcmp(signature, id, sizeof id))
			continue;
		for (int i = 0; i < COSIGNATURE_TIME_LEN; i++)
			time_s = time_s << 8 | signature[ID_LEN + i];
		if (time_s > INT64_MAX ||
			!is_cosigned(witness, note, (size_t)(body_end - note), time_s,
				signature + ID_LEN + COSIGNATURE_TIME_LEN))
			continue;
		*at_s = (int64_t)time_s;
		return true;
	}
	return false;
}

/* --- what our logs say -------------------------------------------------------------------- */

char *
log_said_text(const struct log_said *said)
{
	json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "kind", said->kind, "label",
		said->label, "revision", (json_int_t)said->revision, "at", (json_int_t)said->at_s,
		"status", said->status, "reason", said->reason);

	if (said->sha256[0]) {
		json_object_set_new(json, "sha256", json_string(said->sha256));
		json_object_set_new(json, "qr_sha256", json_string(said->claims_sha256));
	}
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	if (!text)
		abort();
	json_decref(json);
	return text;
}
