/* SPDX-License-Identifier: Apache-2.0 */
#include "label/label_verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "label/label_page.h"
#include "packet/reader.h"

static const char *const answers[LABEL_ANSWERS] = {
	[LABEL_UNKNOWN] = "unknown",
	[LABEL_ABSENT] = "absent",
	[LABEL_INVALID] = "invalid",
	[LABEL_STALE] = "stale",
	[LABEL_VALID] = "valid",
};

const char *
label_answer_word(enum label_answer answer)
{
	return answers[(unsigned)answer < LABEL_ANSWERS ? answer : LABEL_UNKNOWN];
}

static void __attribute__((format(printf, 3, 4)))
say(struct verified *out, enum label_answer answer, const char *fmt, ...)
{
	va_list args;

	out->answer = (uint8_t)answer;
	va_start(args, fmt);
	vsnprintf(out->why, sizeof out->why, fmt, args);
	va_end(args);
}

/* --- the label itself ---------------------------------------------------------------------------- */

/* The JWS in the metadata of a picture: nothing else of it is looked at. */
static bool
jws_in_picture(struct verify_bytes in, struct verify_bytes *out)
{
	const char *at = memmem(in.at, in.len, LABEL_SVG_BEGIN, strlen(LABEL_SVG_BEGIN));

	if (!at)
		return false;
	at += strlen(LABEL_SVG_BEGIN);
	const char *end =
		memmem(at, in.len - (size_t)(at - in.at), LABEL_SVG_END, strlen(LABEL_SVG_END));
	if (!end)
		return false;
	*out = (struct verify_bytes){at, (size_t)(end - at)};
	/* Two would be two answers: which of them is shown is the reader's choice. */
	return !memmem(
		end, in.len - (size_t)(end - in.at), LABEL_SVG_BEGIN, strlen(LABEL_SVG_BEGIN));
}

struct content {
	char hash[HASH_TEXT_MAX]; /* of what was signed */
	uint8_t key[ISSUER_PUBLIC_LEN];
};

static void
hash_of(const void *bytes, size_t len, char out[static HASH_TEXT_MAX])
{
	uint8_t hash[HASH_LEN];

	hash_bytes(bytes, len, hash);
	hash_text(hash, out);
}

static enum seal
read_jws(struct verify_bytes in, const struct verify_asked *asked, struct verified *out,
	struct content *content, struct fault *why)
{
	json_t *payload;
	enum seal seal =
		jws_parse(in.at, in.len, LABEL_TYPE, asked->keys, &payload, content->key, why);

	if (seal != SEAL_GOOD)
		return seal;
	auto_free char *text =
		json_dumps(payload, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	if (!text)
		abort();
	hash_of(text, strlen(text), content->hash);
	if (!label_from_json(&out->label, payload, why))
		seal = SEAL_INVALID;
	json_decref(payload);
	return seal;
}

static enum seal
read_label(const struct verify_asked *asked, struct verified *out, struct content *content,
	struct fault *why)
{
	struct verify_bytes in = asked->label, inner;
	uint8_t claims[CWT_BYTES_MAX];
	size_t claims_len;

	while (in.len && in.at[0] && strchr(" \t\r\n", in.at[0]))
		in.at++, in.len--;
	if (!in.len || in.len > VERIFY_LABEL_MAX) {
		fault_set(why, ERR_NOT_FOUND, in.len ? "too long for a label" : "nothing is there");
		return SEAL_ABSENT;
	}
	if (in.at[0] == '<') {
		if (jws_in_picture(in, &inner))
			return read_jws(inner, asked, out, content, why);
		fault_set(
			why, ERR_NOT_FOUND, "there is no label, or more than one, in this picture");
		return SEAL_ABSENT;
	}
	if (in.len > 2 && !memcmp(in.at, "eyJ", 3))
		return read_jws(in, asked, out, content, why);
	out->is_compact = true;
	enum seal seal = cwt_parse(
		&out->label, in.at, in.len, asked->keys, claims, &claims_len, content->key, why);
	hash_of(claims, claims_len, content->hash);
	return seal;
}

/* --- is it of this thing? --------------------------------------------------------------------------- */

static bool
is_of_this(const struct verify_asked *asked, struct verified *out)
{
	const struct label *label = &out->label;

	if (asked->maker && strcasecmp(asked->maker, label->maker)) {
		say(out, LABEL_INVALID, "it is the label of a product of \"%.60s\"", label->maker);
		return false;
	}
	if (asked->model && strcasecmp(asked->model, label->model)) {
		say(out, LABEL_INVALID, "it is the label of another model: \"%.60s\"",
			label->model);
		return false;
	}
	if (asked->firmware && !label_covers(label, asked->firmware)) {
		say(out, LABEL_INVALID, "it is of other firmware: \"%.60s\" was tested",
			label->firmware[0] ? label->firmware : "unknown");
		return false;
	}
	return true;
}

/* --- its status -------------------------------------------------------------------------------------- */

static bool
take_one(const struct verify_asked *asked, const uint8_t *key, struct verified *out,
	struct fault *why, enum seal *seal)
{
	struct status_token token;
	uint8_t by[ISSUER_PUBLIC_LEN];

	*seal = status_parse(&token, asked->status.at, asked->status.len, asked->keys, by, why);
	if (*seal != SEAL_GOOD)
		return false;
	if (strcmp(token.label, out->label.id) || strcmp(token.issuer, out->label.issuer) ||
		memcmp(by, key, sizeof by)) {
		fault_set(why, ERR_INVALID, "the status is that of another label");
		return false;
	}
	if (!status_is_fresh(token.issued_s, token.until_s, asked->now_s)) {
		fault_set(
			why, ERR_STALE, "the status is too old, or of a time that is yet to come");
		return false;
	}
	out->now = token.now;
	out->status_s = token.issued_s;
	if (token.revision > out->label.revision && label_status_is_good(token.now.status)) {
		out->now.status = STATUS_SUPERSEDED;
		snprintf(out->now.reason, sizeof out->now.reason, "revision %u is out, this is %u",
			token.revision, out->label.revision);
	}
	return true;
}

static bool
take_list(const struct verify_asked *asked, const uint8_t *key, struct verified *out,
	struct fault *why)
{
	struct status_list *list = must_alloc(1, sizeof *list);
	uint8_t by[ISSUER_PUBLIC_LEN];
	bool is_good = false;

	if (status_list_parse(list, asked->status.at, asked->status.len, asked->keys, by, why) ==
		SEAL_GOOD) {
		if (strcmp(list->issuer, out->label.issuer) || memcmp(by, key, sizeof by) ||
			out->label.index >= list->n) {
			fault_set(why, ERR_INVALID, "the status list is another's");
		} else if (!status_is_fresh(list->issued_s, list->until_s, asked->now_s)) {
			fault_set(why, ERR_STALE,
				"the status list is too old, or of a time that is yet to come");
		} else {
			status_list_now(list, out->label.index, &out->now);
			out->status_s = list->issued_s;
			is_good = true;
		}
	}
	free(list);
	return is_good;
}

static bool
take_status(const struct verify_asked *asked, const uint8_t *key, struct verified *out)
{
	struct fault why;
	enum seal seal;

	if (!asked->status.at) {
		say(out, LABEL_STALE, "no status was given: whether it holds today is not known");
		return false;
	}
	if (take_one(asked, key, out, &why, &seal))
		return true;
	/* A list says by its type that it is one. */
	if (seal == SEAL_INVALID && take_list(asked, key, out, &why))
		return true;
	out->now = (struct label_now){0};
	say(out, LABEL_STALE, "its status cannot be confirmed: %s", why.text);
	return false;
}

/* --- the log ----------------------------------------------------------------------------------------- */

static const struct verify_bytes *
file_of(const struct verify_file *file, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(file[i].path, path))
			return &file[i].bytes;
	return NULL;
}

/* Of each bundle so many as it should have; the full one serves for a partial one. */
static bool
read_bundle(const struct verify_file *file, size_t n, uint64_t at, unsigned width,
	struct log_tree *tree, void (*on)(void *, const char *, size_t), void *arg)
{
	char path[LOG_PATH_MAX];
	const struct verify_bytes *bytes;

	log_tile_path(path, -1, at, width);
	bytes = file_of(file, n, path);
	if (!bytes && width < LOG_TILE) {
		log_tile_path(path, -1, at, LOG_TILE);
		bytes = file_of(file, n, path);
	}
	if (!bytes)
		return false;
	struct reader r = reader_over(bytes->at, bytes->len);
	for (unsigned i = 0; i < width; i++) {
		size_t len = reader_u16(&r);
		const uint8_t *entry = reader_bytes(&r, len);
		if (!reader_ok(&r) || !len)
			return false;
		log_add(tree, entry, len);
		if (on)
			on(arg, (const char *)entry, len);
	}
	return true;
}

static bool
read_log(const struct verify_file *file, size_t n, const struct issuer_keys *keys,
	struct verify_bytes since, struct log_checkpoint *checkpoint,
	void (*on)(void *, const char *, size_t), void *arg, struct fault *why)
{
	const struct verify_bytes *note = file_of(file, n, "checkpoint");
	uint8_t key[ISSUER_PUBLIC_LEN], root[HASH_LEN];
	struct log_checkpoint earlier;
	struct log_tree tree = {0};
	bool is_good = true;

	if (!note) {
		fault_set(why, ERR_NOT_FOUND, "the log has no checkpoint");
		return false;
	}
	if (log_checkpoint_parse(checkpoint, note->at, note->len, keys, key, why) != SEAL_GOOD)
		return false;
	if (checkpoint->n > LOG_ENTRIES_MAX) {
		fault_set(why, ERR_FULL, "the log is longer than is looked at");
		return false;
	}
	for (uint64_t at = 0; is_good && at * LOG_TILE < checkpoint->n; at++) {
		uint64_t left = checkpoint->n - at * LOG_TILE;
		is_good = read_bundle(
			file, n, at, left < LOG_TILE ? (unsigned)left : LOG_TILE, &tree, on, arg);
		if (!is_good)
			fault_set(why, ERR_INVALID, "entries of the log are missing or damaged");
	}
	if (is_good) {
		log_root(&tree, tree.n, root);
		is_good = !memcmp(root, checkpoint->root, HASH_LEN);
		if (!is_good)
			fault_set(why, ERR_INVALID,
				"the log's entries are not those that its "
				"checkpoint was signed over");
	}
	if (is_good && since.at) {
		is_good = log_checkpoint_parse(&earlier, since.at, since.len, keys, key, why) ==
			  SEAL_GOOD;
		if (is_good && earlier.n <= tree.n) {
			log_root(&tree, earlier.n, root);
			is_good = !strcmp(earlier.origin, checkpoint->origin) &&
				  !memcmp(root, earlier.root, HASH_LEN);
		} else {
			is_good = false;
		}
		if (!is_good)
			fault_set(why, ERR_INVALID,
				"the log does not go on from the earlier "
				"checkpoint: something was changed");
	}
	log_free(&tree);
	return is_good;
}

bool
log_verify(const struct verify_file *file, size_t n, const struct issuer_keys *keys,
	struct verify_bytes since, struct log_checkpoint *checkpoint, struct fault *why)
{
	return read_log(file, n, keys, since, checkpoint, NULL, NULL, why);
}

bool
log_verify_witnessed(const struct verify_file *file, size_t n, const struct issuer_keys *keys,
	const struct log_witness *witness, struct log_checkpoint *witnessed, int64_t *at_s,
	struct fault *why)
{
	static const char *const notes[] = {"checkpoint", "witnessed"};
	struct log_checkpoint ignored;
	uint8_t key[ISSUER_PUBLIC_LEN];

	for (size_t i = 0; i < COUNT_OF(notes); i++) {
		const struct verify_bytes *note = file_of(file, n, notes[i]);
		if (!note || !log_is_witnessed(witness, note->at, note->len, at_s))
			continue;
		return log_checkpoint_parse(witnessed, note->at, note->len, keys, key, why) ==
			       SEAL_GOOD &&
		       read_log(file, n, keys, *note, &ignored, NULL, NULL, why);
	}
	fault_set(why, ERR_NOT_FOUND, "no checkpoint is there that %.100s signed", witness->name);
	return false;
}

struct searched {
	const struct verified *out;
	const char *hash;
	bool is_found;
};

static void
on_said(void *arg, const char *entry, size_t len)
{
	struct searched *searched = arg;
	struct fault ignored;
	json_t *json = json_strict(entry, len, LOG_ENTRY_MAX, 3, &ignored);
	const char *kind = json_string_value(json_object_get(json, "kind"));
	const char *label = json_string_value(json_object_get(json, "label"));
	const char *hash = json_string_value(
		json_object_get(json, searched->out->is_compact ? "qr_sha256" : "sha256"));

	if (kind && label && hash && !strcmp(kind, "issue") &&
		!strcmp(label, searched->out->label.id) && !strcmp(hash, searched->hash))
		searched->is_found = true;
	json_decref(json);
}

static bool
is_in_log(const struct verify_asked *asked, const struct content *content, struct verified *out)
{
	struct searched searched = {.out = out, .hash = content->hash};
	struct log_checkpoint checkpoint;
	char wanted[LOG_ORIGIN_MAX + 16];
	struct fault why;

	if (!read_log(asked->log, asked->n_log, asked->keys, asked->since, &checkpoint, on_said,
		    &searched, &why)) {
		say(out, LABEL_INVALID, "the log: %s", why.text);
		return false;
	}
	out->log_size = checkpoint.n;
	snprintf(wanted, sizeof wanted, "%s/log", out->label.issuer + strlen("https://"));
	out->is_in_log = searched.is_found && !strcmp(wanted, checkpoint.origin);
	if (!out->is_in_log)
		say(out, LABEL_INVALID,
			"the log of its issuer does not have it: it was changed, "
			"or never published");
	return out->is_in_log;
}

/* --- all of it -------------------------------------------------------------------------------------------- */

void
label_verify(const struct verify_asked *asked, struct verified *out)
{
	struct content content = {0};
	struct fault why = {0};
	char date[LABEL_DATE_MAX];

	memset(out, 0, sizeof *out);
	enum seal seal = read_label(asked, out, &content, &why);
	if (seal != SEAL_GOOD) {
		memset(&out->label, 0, sizeof out->label);
		say(out, seal == SEAL_ABSENT ? LABEL_ABSENT : LABEL_INVALID, "%s", why.text);
		return;
	}
	issuer_id(content.key, out->key_id);
	if (!is_of_this(asked, out))
		return;
	if (out->label.issued_s > asked->now_s + STATUS_SLACK_S) {
		say(out, LABEL_INVALID, "it is issued at a time that is yet to come");
		return;
	}
	if (asked->n_log && !is_in_log(asked, &content, out))
		return;
	if (out->label.until_s <= asked->now_s) {
		label_date(date, label_day(out->label.until_s));
		say(out, LABEL_INVALID, "it has expired, on %s", date);
		return;
	}
	if (!take_status(asked, content.key, out))
		return;
	switch (out->now.status) {
	case STATUS_REVOKED:
	case STATUS_SUSPENDED:
	case STATUS_SUPERSEDED:
		say(out, LABEL_INVALID, "%s%s%s",
			label_status_sentence((enum label_status)out->now.status),
			out->now.reason[0] ? ": " : "", out->now.reason);
		return;
	case STATUS_UNKNOWN:
		say(out, LABEL_STALE, "its issuer cannot say whether it holds");
		return;
	default:
		say(out, LABEL_VALID, "%s%s%s",
			label_status_sentence((enum label_status)out->now.status),
			out->now.reason[0] ? ": " : "", out->now.reason);
	}
}
