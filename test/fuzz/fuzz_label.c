/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything of a label that a stranger may send: as it comes, and as if a trusted
 * issuer had signed it, who may be mad.  The first byte says which.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/printable.h"
#include "label/base45.h"
#include "label/cbor.h"
#include "label/label_page.h"
#include "label/label_verify.h"

enum { NOW_S = 1767225600 };

static struct issuer *issuer;
static struct issuer_keys keys;
static struct fault why;

static void
make_key(void)
{
	char path[] = "/tmp/pinfold-fuzz-XXXXXX";
	int fd = issuer ? -1 : mkstemp(path);

	if (issuer)
		return;
	assert(fd >= 0);
	close(fd);
	unlink(path);
	assert(!issuer_open(path, &issuer, &why));
	unlink(path);
	keys.n = 1;
	issuer_public(issuer, keys.key[0]);
}

/* Nothing in it that a terminal could take for more than a character. */
static void
expect_shown(const char *text)
{
	for (; *text; text++)
		assert(*text >= ' ' && *text <= '~');
}

static void
expect_reason(void)
{
	assert(why.text[0]);
	expect_shown(why.text);
}

/* What was read can be written, shown, and read again. */
static void
expect_label(const struct label *label)
{
	static struct label again;
	struct label_world world = {.now_s = NOW_S, .is_clock_right = true};
	struct label_now now;
	char value[400];
	const char *name;
	json_t *json = label_to_json(label);

	assert(label_from_json(&again, json, &why));
	assert(!memcmp(&again, label, sizeof again));
	json_decref(json);
	label_status_from(label, &world, &now);
	assert(now.status < STATUS_COUNT);
	expect_shown(now.reason);
	for (size_t i = 0; label_row(label, i, &name, value, sizeof value); i++)
		expect_shown(value);
	auto_fclose FILE *sink = fopen("/dev/null", "w");
	label_page(label, &now, NOW_S, 60, NULL, sink);
}

static void
as_label(const char *text)
{
	static struct label label;
	json_t *payload;
	uint8_t key[ISSUER_PUBLIC_LEN];
	auto_free char *jws = jws_render_text(issuer, LABEL_TYPE, text, &why);

	if (!jws)
		return;
	if (jws_parse(jws, strlen(jws), LABEL_TYPE, &keys, &payload, key, &why) != SEAL_GOOD) {
		assert(!payload);
		expect_reason();
		return;
	}
	if (label_from_json(&label, payload, &why))
		expect_label(&label);
	else
		expect_reason();
	json_decref(payload);
}

static void
as_status(const char *text)
{
	static struct status_list list;
	struct status_token token;
	uint8_t key[ISSUER_PUBLIC_LEN];
	auto_free char *one = jws_render_text(issuer, STATUS_TYPE, text, &why);
	auto_free char *all = jws_render_text(issuer, STATUS_LIST_TYPE, text, &why);

	if (!one || !all)
		return;
	if (status_parse(&token, one, strlen(one), &keys, key, &why) == SEAL_GOOD)
		assert(token.now.status < STATUS_COUNT && is_printable(token.now.reason));
	else
		expect_reason();
	if (status_list_parse(&list, all, strlen(all), &keys, key, &why) == SEAL_GOOD)
		assert(list.n <= STATUS_LIST_MAX);
	else
		expect_reason();
}

static void
as_feed(const char *text)
{
	static struct feed_entry entry[FEED_ENTRIES_MAX];
	json_t *feed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t n;

	if (feed && feed_from_json(entry, &n, feed, &why))
		for (size_t i = 0; i < n; i++)
			assert(is_printable(entry[i].id) && is_printable(entry[i].text) &&
				entry[i].kind < FEED_KINDS);
	else if (feed)
		expect_reason();
	json_decref(feed);
}

/* These bytes as claims, rightly signed. */
static void
as_claims(const uint8_t *data, size_t size)
{
	static struct label label;
	uint8_t bytes[4 * CWT_BYTES_MAX], over[4 * CWT_BYTES_MAX], hash[HASH_LEN];
	uint8_t signature[ISSUER_SIGNATURE_LEN], claims[CWT_BYTES_MAX], key[ISSUER_PUBLIC_LEN];
	struct cbor to_sign = {.bytes = over, .size = sizeof over};
	struct cbor cbor = {.bytes = bytes, .size = sizeof bytes};
	size_t n;

	cbor_head(&to_sign, CBOR_ARRAY, 4);
	cbor_text(&to_sign, "Signature1");
	cbor_bytes(&to_sign, "\xa1\x01\x27", 3);
	cbor_bytes(&to_sign, "", 0);
	cbor_bytes(&to_sign, data, size);
	if (to_sign.is_short || issuer_sign(issuer, over, to_sign.len, signature, &why))
		return;
	hash_bytes(keys.key[0], ISSUER_PUBLIC_LEN, hash);
	cbor_head(&cbor, CBOR_TAG, 61);
	cbor_head(&cbor, CBOR_TAG, 18);
	cbor_head(&cbor, CBOR_ARRAY, 4);
	cbor_bytes(&cbor, "\xa1\x01\x27", 3);
	cbor_head(&cbor, CBOR_MAP, 1);
	cbor_int(&cbor, 4);
	cbor_bytes(&cbor, hash, 8);
	cbor_bytes(&cbor, data, size);
	cbor_bytes(&cbor, signature, sizeof signature);
	if (cbor.is_short)
		return;
	auto_free char *text = base45_text(bytes, cbor.len);
	if (cwt_parse(&label, text, strlen(text), &keys, claims, &n, key, &why) != SEAL_GOOD) {
		expect_reason();
		return;
	}
	/* There is one form: what was read is what would be written. */
	assert(n == size && !memcmp(claims, data, size));
	assert(cwt_claims(&label, claims) == size && !memcmp(claims, data, size));
}

static void
as_any(const uint8_t *data, size_t size)
{
	static struct verified verified;
	struct log_checkpoint checkpoint;
	uint8_t key[ISSUER_PUBLIC_LEN];
	struct verify_file file = {.path = "tile/entries/000", .bytes = {(const char *)data, size}};
	struct verify_asked asked = {.label = {(const char *)data, size},
		.status = {(const char *)data, size},
		.keys = &keys,
		.log = &file,
		.n_log = 1,
		.now_s = NOW_S};

	label_verify(&asked, &verified);
	assert(verified.answer == LABEL_ABSENT || verified.answer == LABEL_INVALID);
	assert(verified.why[0] && !verified.label.id[0]);
	expect_shown(verified.why);
	assert(log_checkpoint_parse(&checkpoint, (const char *)data, size, &keys, key, &why) !=
		SEAL_GOOD);
	expect_reason();
	struct log_witness witness = {.name = "example.com/w1"};
	int64_t at_s;
	assert(!log_is_witnessed(&witness, (const char *)data, size, &at_s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	make_key();
	if (!size || size > 65536)
		return 0;
	auto_free char *text = must_alloc(size, 1);
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'l':
		as_label(text);
		break;
	case 's':
		as_status(text);
		break;
	case 'f':
		as_feed(text);
		break;
	case 'c':
		as_claims(data + 1, size - 1);
		break;
	default:
		as_any(data + 1, size - 1);
	}
	return 0;
}
