/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's pack: nothing in it is believed before it was compared. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "label/pack.h"
#include "label/pack_form.h"
#include "label/tar.h"

static bool
refuse(struct fault *why, const char *name, size_t at, const char *what)
{
	fault_set(why, ERR_INVALID, "%s: %s, at byte %zu of the pack", name, what, at);
	return false;
}

/* --- the archive ------------------------------------------------------------------------ */

static bool
is_zero(const uint8_t *bytes, size_t len, size_t *wrong_at)
{
	for (*wrong_at = 0; *wrong_at < len; ++*wrong_at)
		if (bytes[*wrong_at])
			return false;
	return true;
}

static bool
parse_entry(struct pack *pack, const uint8_t *bytes, size_t len, size_t *at, struct fault *why)
{
	struct pack_file *file = &pack->file[pack->n_files];
	size_t wrong = 0;
	uint64_t size;

	if (pack->n_files >= PACK_FILES_MAX)
		return refuse(why, "the pack", *at, "it has too many files");
	if (!tar_parse(bytes + *at, file->name, sizeof file->name, &size, &wrong))
		return refuse(why, "the pack", *at + wrong, "this is no header of a pack's file");
	*at += TAR_BLOCK;
	if (size > PACK_FILE_BYTES_MAX || size + tar_padding(size) > len - *at)
		return refuse(why, file->name, *at, "it is cut, or too large");
	file->at = *at;
	file->size = (size_t)size;
	file->bytes = bytes + *at;
	*at += (size_t)size;
	if (!is_zero(bytes + *at, tar_padding(size), &wrong))
		return refuse(why, file->name, *at + wrong, "there is something behind it");
	*at += tar_padding(size);
	pack->n_files++;
	return true;
}

/* Manifest, signature if there is one, and the others in the order of their names, each once. */
static bool
is_in_order(const struct pack *pack, struct fault *why)
{
	const char *before = "";

	for (size_t i = 0; i < pack->n_files; i++) {
		const struct pack_file *file = &pack->file[i];
		if (i == 0 && !strcmp(file->name, PACK_MANIFEST))
			continue;
		if (i == 1 && !strcmp(file->name, PACK_SIGNATURE))
			continue;
		if (!pack_may_hold(file->name) || strcmp(before, file->name) >= 0) {
			char shown[64];
			printable(shown, sizeof shown, file->name, strlen(file->name));
			return refuse(why, shown, file->at, "it has no place there");
		}
		before = file->name;
	}
	if (pack->n_files && !strcmp(pack->file[0].name, PACK_MANIFEST))
		return true;
	return refuse(why, PACK_MANIFEST, 0, "it is absent");
}

static bool
parse_archive(struct pack *pack, const uint8_t *bytes, size_t len, struct fault *why)
{
	size_t at = 0, wrong;

	if (len > PACK_BYTES_MAX || len % TAR_BLOCK || len < TAR_END)
		return refuse(why, "the pack", len, "no pack has this size");
	while (at < len - TAR_END)
		if (!parse_entry(pack, bytes, len, &at, why))
			return false;
	if (at != len - TAR_END || !is_zero(bytes + at, TAR_END, &wrong))
		return refuse(why, "the pack", at, "it does not end as packs do");
	return is_in_order(pack, why);
}

const struct pack_file *
pack_find(const struct pack *pack, const char *name)
{
	for (size_t i = 0; i < pack->n_files; i++)
		if (!strcmp(pack->file[i].name, name))
			return &pack->file[i];
	return NULL;
}

/* --- the manifest ----------------------------------------------------------------------- */

static bool
number_of(const json_t *object, const char *name, uint64_t max, uint64_t *out)
{
	const json_t *value = json_object_get(object, name);
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || (uint64_t)number > max)
		return false;
	*out = (uint64_t)number;
	return true;
}

static bool
hash_of(const json_t *value, uint8_t out[static HASH_LEN])
{
	const char *text = json_string_value(value);

	return text && hex_parse(out, HASH_LEN, text);
}

/* One file against its row; names the block that differs. */
static bool
is_as_listed(const struct pack_file *file, const json_t *row, uint8_t hash[static HASH_LEN],
	struct fault *why)
{
	const json_t *blocks = json_object_get(row, "blocks");
	uint8_t wanted[HASH_LEN], is[HASH_LEN];
	uint64_t size, block;
	char name[sizeof file->name];

	if (json_object_size(row) != 5 ||
		!json_take_text(name, sizeof name, json_object_get(row, "name")) ||
		!number_of(row, "size", PACK_FILE_BYTES_MAX, &size) ||
		!number_of(row, "block", PACK_FILE_BYTES_MAX, &block) ||
		block != pack_block(size) || !hash_of(json_object_get(row, "sha256"), hash) ||
		json_array_size(blocks) != (size + block - 1) / block)
		return refuse(why, PACK_MANIFEST, TAR_BLOCK, "a row of its list is not valid");
	if (strcmp(name, file->name) != 0)
		return refuse(
			why, name, file->at, "the manifest lists it, and another file is there");
	if (size != file->size)
		return refuse(why, name, file->at, "its size is not the manifest's");
	for (size_t i = 0; i < json_array_size(blocks); i++) {
		size_t from = (size_t)(i * block),
		       n = size - from < block ? (size_t)(size - from) : (size_t)block;
		if (!hash_of(json_array_get(blocks, i), wanted))
			return refuse(why, PACK_MANIFEST, TAR_BLOCK, "a hash is not valid");
		hash_bytes(file->bytes + from, n, is);
		if (!memcmp(is, wanted, HASH_LEN))
			continue;
		fault_set(why, ERR_INVALID,
			"%s was changed between its bytes %zu and %zu (bytes %zu to %zu of the "
			"pack)",
			name, from, from + n - 1, file->at + from, file->at + from + n - 1);
		return false;
	}
	hash_bytes(file->bytes, file->size, is);
	if (memcmp(is, hash, HASH_LEN) != 0)
		return refuse(
			why, PACK_MANIFEST, TAR_BLOCK, "a file's hash is not that of its blocks");
	return true;
}

static bool
is_all_listed(struct pack *pack, const json_t *root, struct fault *why)
{
	size_t first = pack_find(pack, PACK_SIGNATURE) ? 2 : 1, n = pack->n_files - first;
	const json_t *rows = json_object_get(root, "files");
	struct pack_leaf leaf[PACK_FILES_MAX];
	uint8_t is[HASH_LEN], wanted[HASH_LEN];

	if (!json_is_array(rows) || json_array_size(rows) != n) {
		fault_set(why, ERR_INVALID, "the pack has %zu files, its manifest lists %zu", n,
			json_array_size(rows));
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		leaf[i].name = pack->file[first + i].name;
		if (!is_as_listed(
			    &pack->file[first + i], json_array_get(rows, i), leaf[i].hash, why))
			return false;
	}
	pack_root(leaf, n, is);
	hash_text(is, pack->root);
	if (!hash_of(json_object_get(root, "root"), wanted) || memcmp(is, wanted, HASH_LEN) != 0)
		return refuse(why, PACK_MANIFEST, TAR_BLOCK, "its root is not that of its files");
	return true;
}

static void
look_at_signature(struct pack *pack, const uint8_t (*trusted)[ISSUER_PUBLIC_LEN], size_t n_trusted)
{
	const struct pack_file *manifest = &pack->file[0],
			       *signature = pack_find(pack, PACK_SIGNATURE);

	if (!signature) {
		pack->signature = PACK_SIGNATURE_ABSENT;
		return;
	}
	pack->signature = PACK_SIGNATURE_INVALID;
	if (signature->size != ISSUER_SIGNATURE_LEN ||
		!issuer_is_signature(pack->key, manifest->bytes, manifest->size, signature->bytes))
		return;
	pack->signature = PACK_SIGNATURE_STRANGER;
	for (size_t i = 0; i < n_trusted; i++)
		if (!memcmp(trusted[i], pack->key, ISSUER_PUBLIC_LEN))
			pack->signature = PACK_SIGNATURE_TRUSTED;
}

bool
pack_has_left_out(const struct pack *pack, const char *name)
{
	for (size_t i = 0; i < pack->n_left_out; i++)
		if (!strcmp(pack->left_out[i].name, name))
			return true;
	return false;
}

/* Names that a pack may hold, each once and in order, of which none is in this one. */
static bool
parse_left_out(struct pack *pack, const json_t *rows, struct fault *why)
{
	const char *before = "";
	uint8_t hash[HASH_LEN];

	bool is_good = !rows || (json_is_array(rows) && json_array_size(rows) <= PACK_FILES_MAX);
	for (size_t i = 0; is_good && i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		char *name = pack->left_out[i].name;
		is_good = json_object_size(row) == 2 &&
			  json_take_text(name, sizeof pack->left_out[i].name,
				  json_object_get(row, "name")) &&
			  hash_of(json_object_get(row, "sha256"), hash) && pack_may_hold(name) &&
			  strcmp(before, name) < 0 && !pack_find(pack, name);
		if (!is_good)
			break;
		hash_text(hash, pack->left_out[i].hash);
		before = name;
		pack->n_left_out++;
	}
	return is_good ||
	       refuse(why, PACK_MANIFEST, TAR_BLOCK, "its list of what was left out is not valid");
}

static bool
parse_manifest(struct pack *pack, json_t *root, struct fault *why)
{
	const struct pack_file *file = &pack->file[0];
	char schema[32], device[32];
	uint64_t run, created;

	/* The signature is over bytes; that they are the only bytes for this content leaves no choice. */
	char *again = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
	bool is_canonical =
		again && strlen(again) == file->size && !memcmp(again, file->bytes, file->size);
	free(again);

	const json_t *left_out = json_object_get(root, "left_out");
	if (!is_canonical || json_object_size(root) != (left_out ? 10 : 9) ||
		!json_take_text(schema, sizeof schema, json_object_get(root, "schema")) ||
		strcmp(schema, PACK_SCHEMA) != 0 ||
		!hash_of(json_object_get(root, "key"), pack->key) ||
		!number_of(root, "run", UINT32_MAX, &run) ||
		!number_of(root, "created", (uint64_t)1 << 40, &created) ||
		!json_take_text(device, sizeof device, json_object_get(root, "device")) ||
		!json_take_text(pack->tool, sizeof pack->tool, json_object_get(root, "tool")) ||
		!json_take_text(
			pack->ruleset, sizeof pack->ruleset, json_object_get(root, "ruleset")))
		return refuse(why, PACK_MANIFEST, file->at, "it is not as manifests are written");
	pack->run = (uint32_t)run;
	issuer_id(pack->key, pack->key_id);
	return parse_left_out(pack, left_out, why);
}

bool
pack_parse(struct pack *pack, const uint8_t *bytes, size_t len,
	const uint8_t (*trusted)[ISSUER_PUBLIC_LEN], size_t n_trusted, struct fault *why)
{
	memset(pack, 0, sizeof *pack);
	if (!parse_archive(pack, bytes, len, why))
		return false;

	const struct pack_file *file = &pack->file[0];
	json_t *root = json_strict(
		(const char *)file->bytes, file->size, PACK_MANIFEST_MAX, PACK_MANIFEST_DEPTH, why);
	if (!root) {
		fault_prefix(why, "%s: ", PACK_MANIFEST);
		return false;
	}
	bool is_good = parse_manifest(pack, root, why);
	if (is_good) {
		look_at_signature(pack, trusted, n_trusted);
		is_good = is_all_listed(pack, root, why);
	}
	json_decref(root);
	return is_good;
}
