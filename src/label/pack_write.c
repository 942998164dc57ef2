/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "label/pack.h"
#include "label/pack_form.h"
#include "label/report.h"
#include "label/tar.h"

enum { PIECE = 65536, SOURCES_MAX = 10 };

/* A file of the folder, or text that was made here. */
struct source {
	const char *name;
	int fd;     /* -1: text */
	char *text; /* on the heap */
	uint64_t size;
	uint8_t hash[HASH_LEN];
	json_t *blocks;
};

struct writing {
	size_t n;
	struct source source[SOURCES_MAX];
	struct audit_result *result;
	bool is_redacted;
	json_t *left_out; /* with is_redacted: what the manifest tells of them */
	struct fault *why;
};

static enum err
refuse(struct writing *writing, enum err err, const char *what, const char *name)
{
	fault_set(writing->why, err, "%s: %s%s%s", name, what, err == ERR_SYSTEM ? ": " : "",
		err == ERR_SYSTEM ? strerror(errno) : "");
	return err;
}

static enum err
write_all(struct writing *writing, int out, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(out, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return refuse(writing, ERR_SYSTEM, "cannot be written", "the pack");
		at += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

/* --- what goes in ----------------------------------------------------------------------- */

static enum err
take_file(struct writing *writing, int folder, const char *name, bool is_needed)
{
	struct source *source = &writing->source[writing->n];
	struct stat stat;
	/* The folder is ours; but what is no regular file in it is not. */
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT && !is_needed)
		return ERR_OK;
	if (fd < 0)
		return refuse(writing, ERR_SYSTEM, "cannot be opened", name);
	*source = (struct source){.name = name, .fd = fd};
	writing->n++;
	if (fstat(fd, &stat))
		return refuse(writing, ERR_SYSTEM, "cannot be read", name);
	if (!S_ISREG(stat.st_mode) || stat.st_size > PACK_FILE_BYTES_MAX)
		return refuse(writing, ERR_INVALID, "no regular file, or too large", name);
	source->size = (uint64_t)stat.st_size;
	return ERR_OK;
}

static FILE *
begin_text(struct writing *writing, const char *name, size_t *len)
{
	struct source *source = &writing->source[writing->n++];

	assert(writing->n <= SOURCES_MAX);
	*source = (struct source){.name = name, .fd = -1};
	FILE *file = open_memstream(&source->text, len);
	if (!file)
		abort();
	return file;
}

static void
end_text(struct writing *writing, FILE *file, const size_t *len)
{
	if (fclose(file))
		abort();
	writing->source[writing->n - 1].size = *len;
}

/* The same archive once more: GNU tar writes this form if it is told to. */
static const char replay[] =
	"#!/bin/sh\n"
	"# Checks the unpacked files beside this one: signature, hashes, and every verdict\n"
	"# anew from probes.jsonl and traffic.jsonl. Arguments go to \"pinfold audit verify\".\n"
	"set -eu\n"
	"cd \"$(dirname \"$0\")\"\n"
	"command -v pinfold >/dev/null || {\n"
	"\techo \"pinfold is needed to judge again, docs/EVIDENCE.md has the rest\" >&2\n"
	"\texit 3\n"
	"}\n"
	"LC_ALL=C others=\n"
	"for file in *; do\n"
	"\tcase $file in\n"
	"\tmanifest.json | manifest.sig) ;;\n"
	"\t*) others=\"$others $file\" ;;\n"
	"\tesac\n"
	"done\n"
	"pack=$(mktemp)\n"
	"trap 'rm -f \"$pack\"' EXIT\n"
	"tar --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 -b 1 \\\n"
	"\t-cf \"$pack\" manifest.json manifest.sig $others\n"
	"pinfold audit verify \"$pack\" \"$@\"\n";

static enum err
take_result(struct writing *writing)
{
	const struct source *source = &writing->source[writing->n - 1];
	struct fault fault;
	bool agree;

	if (source->size > RESULT_BYTES_MAX)
		return refuse(writing, ERR_INVALID, "too large", source->name);
	auto_free char *text = malloc(source->size + 1);
	if (!text)
		abort();
	if (pread(source->fd, text, source->size, 0) != (ssize_t)source->size)
		return refuse(writing, ERR_SYSTEM, "cannot be read", source->name);
	writing->result = result_from_text(text, source->size, &agree, &fault);
	if (!writing->result) {
		*writing->why = fault;
		fault_prefix(writing->why, "%s: ", source->name);
		return ERR_INVALID;
	}
	if (!agree) /* of an earlier version, or spoiled: it is written anew before it is signed */
		return refuse(writing, ERR_STALE, "its verdicts do not follow from its findings",
			source->name);
	return ERR_OK;
}

static enum err hash_source(struct writing *, struct source *);

static void
drop_last(struct writing *writing)
{
	struct source *source = &writing->source[--writing->n];

	if (source->fd >= 0)
		close(source->fd);
	free(source->text);
	json_decref(source->blocks);
}

/* What is not shared: its hash alone goes into the manifest. */
static enum err
leave_out(struct writing *writing, size_t n_before)
{
	struct source *source = &writing->source[n_before];
	char text[HASH_TEXT_MAX];

	if (!writing->is_redacted || writing->n == n_before)
		return ERR_OK;
	enum err err = hash_source(writing, source);
	if (!err) {
		hash_text(source->hash, text);
		json_array_append_new(writing->left_out,
			json_pack("{s:s, s:s}", "name", source->name, "sha256", text));
	}
	drop_last(writing);
	return err;
}

static enum err
take_recorded(struct writing *writing, int folder)
{
	static const char *const names[] = {"capture.pcap", "capture.pcapng", "device.json",
		"env.json", "probes.jsonl", "traffic.jsonl"};
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < COUNT_OF(names); i++) {
		size_t n = writing->n;
		err = take_file(writing, folder, names[i], !strcmp(names[i], "probes.jsonl"));
		if (!err)
			err = leave_out(writing, n);
	}
	return err;
}

/* In the place of the one in the folder: without whose it is, and where. */
static void
redact_result(struct writing *writing)
{
	struct audit_result *result = writing->result;
	size_t len;

	memset(result->device.name, 0, sizeof result->device.name);
	memset(result->device.mac, 0, sizeof result->device.mac);
	memset(result->device.claimed_serial, 0, sizeof result->device.claimed_serial);
	result->device.address4 = result->device.address6 = (struct ip){0};
	memset(result->run.gateway, 0, sizeof result->run.gateway);
	memset(result->run.operator_, 0, sizeof result->run.operator_);
	for (size_t i = 0; i < result->n_findings; i++)
		result->finding[i].address = (struct ip){0};
	drop_last(writing);
	struct source *source = &writing->source[writing->n++];
	*source = (struct source){
		.name = "result.json", .fd = -1, .text = result_to_text(result, &len)};
	source->size = len;
}

/* In the order of names. */
static enum err
take_all(struct writing *writing, int folder)
{
	enum err err;
	size_t len;
	FILE *file;

	/* What the others are made of comes first; sorted afterwards. */
	if ((err = take_file(writing, folder, "result.json", true)) || (err = take_result(writing)))
		return err;
	if (writing->is_redacted)
		redact_result(writing);
	if ((err = take_recorded(writing, folder)))
		return err;
	file = begin_text(writing, "provisions.tsv", &len);
	standards_tsv(file);
	end_text(writing, file, &len);
	file = begin_text(writing, "replay.sh", &len);
	fputs(replay, file);
	end_text(writing, file, &len);
	file = begin_text(writing, "report.html", &len);
	report_html(writing->result, file);
	end_text(writing, file, &len);
	return ERR_OK;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct source *)a)->name, ((const struct source *)b)->name);
}

/* --- hashes and bytes ------------------------------------------------------------------- */

/* One piece at its place; files must still be as long as they were. */
static enum err
piece(struct writing *writing, const struct source *source, uint64_t at, uint8_t *out, size_t len)
{
	if (source->fd < 0) {
		memcpy(out, source->text + at, len);
		return ERR_OK;
	}
	for (size_t have = 0; have < len;) {
		ssize_t n = pread(source->fd, out + have, len - have, (off_t)(at + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(writing, ERR_SYSTEM, "cannot be read", source->name);
		if (!n)
			return refuse(writing, ERR_STALE, "it was cut meanwhile", source->name);
		have += (size_t)n;
	}
	return ERR_OK;
}

static enum err
hash_source(struct writing *writing, struct source *source)
{
	size_t block = pack_block(source->size);
	auto_free uint8_t *bytes = malloc(block);
	EVP_MD_CTX *whole = EVP_MD_CTX_new();
	enum err err = ERR_OK;
	unsigned len;

	if (!bytes || !whole || !EVP_DigestInit_ex(whole, EVP_sha256(), NULL))
		abort();
	source->blocks = json_array();
	for (uint64_t at = 0; !err && at < source->size; at += block) {
		size_t n = source->size - at < block ? (size_t)(source->size - at) : block;
		uint8_t hash[HASH_LEN];
		char text[HASH_TEXT_MAX];

		err = piece(writing, source, at, bytes, n);
		if (err)
			break;
		hash_bytes(bytes, n, hash);
		hash_text(hash, text);
		json_array_append_new(source->blocks, json_string(text));
		if (!EVP_DigestUpdate(whole, bytes, n))
			abort();
	}
	if (!EVP_DigestFinal_ex(whole, source->hash, &len))
		abort();
	EVP_MD_CTX_free(whole);
	return err;
}

static char *
manifest(struct writing *writing, const struct issuer *issuer)
{
	const struct audit_run *run = &writing->result->run;
	struct pack_leaf leaf[SOURCES_MAX];
	uint8_t key[ISSUER_PUBLIC_LEN], root[HASH_LEN];
	char key_text[HASH_TEXT_MAX], text[HASH_TEXT_MAX];
	json_t *files = json_array(), *out;

	for (size_t i = 0; i < writing->n; i++) {
		const struct source *source = &writing->source[i];
		leaf[i].name = source->name;
		memcpy(leaf[i].hash, source->hash, HASH_LEN);
		hash_text(source->hash, text);
		json_array_append_new(files,
			json_pack("{s:s, s:I, s:s, s:I, s:O}", "name", source->name, "size",
				(json_int_t)source->size, "sha256", text, "block",
				(json_int_t)pack_block(source->size), "blocks", source->blocks));
	}
	issuer_public(issuer, key);
	hash_text(key, key_text);
	pack_root(leaf, writing->n, root);
	hash_text(root, text);
	out = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:o}", "schema", PACK_SCHEMA,
		"key", key_text, "root", text, "run", (json_int_t)run->number, "device",
		writing->result->device.id, "tool", run->tool, "ruleset", run->ruleset, "created",
		(json_int_t)run->ended_s, "files", files);
	if (writing->is_redacted)
		json_object_set(out, "left_out", writing->left_out);
	char *bytes = json_dumps(out, JSON_SORT_KEYS | JSON_COMPACT);
	if (!bytes)
		abort();
	json_decref(out);
	return bytes;
}

static enum err
begin_entry(struct writing *writing, int out, const char *name, uint64_t size)
{
	uint8_t header[TAR_BLOCK];

	tar_header(header, name, size);
	return write_all(writing, out, header, sizeof header);
}

static enum err
end_entry(struct writing *writing, int out, uint64_t size)
{
	static const uint8_t zeroes[TAR_BLOCK];

	return write_all(writing, out, zeroes, tar_padding(size));
}

static enum err
write_bytes(struct writing *writing, int out, const char *name, const void *bytes, size_t len)
{
	enum err err = begin_entry(writing, out, name, len);

	if (!err)
		err = write_all(writing, out, bytes, len);
	return err ? err : end_entry(writing, out, len);
}

static enum err
write_source(struct writing *writing, int out, const struct source *source)
{
	enum err err = begin_entry(writing, out, source->name, source->size);
	auto_free uint8_t *bytes = malloc(PIECE);
	EVP_MD_CTX *whole = EVP_MD_CTX_new();
	uint8_t hash[HASH_LEN] = {0};

	if (!bytes || !whole || !EVP_DigestInit_ex(whole, EVP_sha256(), NULL))
		abort();
	for (uint64_t at = 0; !err && at < source->size; at += PIECE) {
		size_t n = source->size - at < PIECE ? (size_t)(source->size - at) : PIECE;
		err = piece(writing, source, at, bytes, n);
		if (!err && !EVP_DigestUpdate(whole, bytes, n))
			abort();
		if (!err)
			err = write_all(writing, out, bytes, n);
	}
	if (!EVP_DigestFinal_ex(whole, hash, NULL))
		abort();
	EVP_MD_CTX_free(whole);
	if (!err && memcmp(hash, source->hash, HASH_LEN) != 0)
		err = refuse(writing, ERR_STALE, "it was changed meanwhile", source->name);
	return err ? err : end_entry(writing, out, source->size);
}

static enum err
write_pack(struct writing *writing, const struct issuer *issuer, int out)
{
	static const uint8_t end[TAR_END];
	uint8_t signature[ISSUER_SIGNATURE_LEN];
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < writing->n; i++)
		err = hash_source(writing, &writing->source[i]);
	if (err)
		return err;
	auto_free char *text = manifest(writing, issuer);
	if (strlen(text) > PACK_MANIFEST_MAX)
		return refuse(writing, ERR_FULL, "too large", PACK_MANIFEST);
	err = issuer_sign(issuer, text, strlen(text), signature, writing->why);
	if (!err)
		err = write_bytes(writing, out, PACK_MANIFEST, text, strlen(text));
	if (!err)
		err = write_bytes(writing, out, PACK_SIGNATURE, signature, sizeof signature);
	for (size_t i = 0; !err && i < writing->n; i++)
		err = write_source(writing, out, &writing->source[i]);
	return err ? err : write_all(writing, out, end, sizeof end);
}

static enum err
write_folder(const char *directory, const struct issuer *issuer, bool is_redacted, int out,
	struct fault *why)
{
	struct writing writing = {.why = why, .is_redacted = is_redacted, .left_out = json_array()};
	auto_close int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err;

	err = folder < 0 ? refuse(&writing, ERR_SYSTEM, "cannot be opened", directory)
			 : take_all(&writing, folder);
	if (!err) {
		qsort(writing.source, writing.n, sizeof *writing.source, by_name);
		err = write_pack(&writing, issuer, out);
	}
	while (writing.n)
		drop_last(&writing);
	json_decref(writing.left_out);
	result_free(writing.result);
	return err;
}

enum err
pack_write(const char *directory, const struct issuer *issuer, int out, struct fault *why)
{
	return write_folder(directory, issuer, false, out, why);
}

enum err
pack_write_redacted(const char *directory, const struct issuer *issuer, int out, struct fault *why)
{
	return write_folder(directory, issuer, true, out, why);
}
