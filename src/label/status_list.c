/* SPDX-License-Identifier: Apache-2.0 */
/* Four bits a label, the lower index in the lower half of a byte; zlib around it. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/json_strict.h"
#include "label/status.h"

enum { BITS = 4, PACKED_MAX = STATUS_LIST_MAX / 2 };

char *
status_list_render(const struct issuer *issuer, const char *url, const uint8_t *code, size_t n,
	int64_t now_s, uint32_t ttl_s, struct fault *why)
{
	static uint8_t packed[PACKED_MAX];
	char uri[192];

	if (n > STATUS_LIST_MAX) {
		fault_set(why, ERR_FULL, "more labels than a status list holds");
		return NULL;
	}
	memset(packed, 0, sizeof packed);
	for (size_t i = 0; i < n; i++)
		packed[i / 2] |= (uint8_t)((code[i] & 15) << (i % 2 ? BITS : 0));
	uLongf len = compressBound((n + 1) / 2);
	auto_free uint8_t *small = must_alloc(len, 1);
	if (compress2(small, &len, packed, (n + 1) / 2, Z_BEST_COMPRESSION) != Z_OK)
		abort();
	auto_free char *list = base64_text(BASE64_URL, small, len);
	snprintf(uri, sizeof uri, "%s/status-list.jwt", url);
	json_t *payload = json_pack("{s:s, s:s, s:I, s:I, s:I, s:{s:i, s:s}}", "iss", url, "sub",
		uri, "iat", (json_int_t)now_s, "exp", (json_int_t)(now_s + ttl_s), "ttl",
		(json_int_t)ttl_s, "status_list", "bits", BITS, "lst", list);
	char *text = jws_render(issuer, STATUS_LIST_TYPE, payload, why);
	json_decref(payload);
	return text;
}

/* The whole of it, and nothing behind it. */
static bool
inflate_all(const uint8_t *bytes, size_t len, uint8_t *out, size_t size, size_t *out_len)
{
	z_stream stream = {0};
	/* zlib does not write through it. */
	auto_free uint8_t *copy = must_alloc(len, 1);

	memcpy(copy, bytes, len);
	stream.next_in = copy;
	stream.avail_in = (uInt)len;
	stream.next_out = out;
	stream.avail_out = (uInt)size;
	if (inflateInit(&stream) != Z_OK)
		abort();
	int end = inflate(&stream, Z_FINISH);
	*out_len = size - stream.avail_out;
	bool is_whole = end == Z_STREAM_END && !stream.avail_in;
	inflateEnd(&stream);
	return is_whole;
}

static bool
take(struct status_list *list, const json_t *payload)
{
	const json_t *status = json_object_get(payload, "status_list");
	const json_t *text = json_object_get(status, "lst");
	const json_t *from = json_object_get(payload, "iat"), *to = json_object_get(payload, "exp");
	static uint8_t packed[PACKED_MAX];
	char uri[192], wanted[192];
	size_t len, n;

	if (!json_take_text(list->issuer, sizeof list->issuer, json_object_get(payload, "iss")) ||
		!json_take_text(uri, sizeof uri, json_object_get(payload, "sub")) ||
		!json_is_integer(from) || !json_is_integer(to) || !json_is_string(text) ||
		json_integer_value(json_object_get(status, "bits")) != BITS)
		return false;
	snprintf(wanted, sizeof wanted, "%s/status-list.jwt", list->issuer);
	list->issued_s = json_integer_value(from);
	list->until_s = json_integer_value(to);
	size_t room = json_string_length(text) + 1;
	auto_free uint8_t *small = must_alloc(room, 1);
	if (strcmp(uri, wanted) ||
		!base64_parse(BASE64_URL, json_string_value(text), json_string_length(text), small,
			room, &len) ||
		!inflate_all(small, len, packed, sizeof packed, &n))
		return false;
	list->n = 2 * n;
	for (size_t i = 0; i < list->n; i++)
		list->code[i] = packed[i / 2] >> (i % 2 ? BITS : 0) & 15;
	return true;
}

enum seal
status_list_parse(struct status_list *list, const char *text, size_t len,
	const struct issuer_keys *keys, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why)
{
	json_t *payload;
	enum seal seal = jws_parse(text, len, STATUS_LIST_TYPE, keys, &payload, key, why);

	memset(list, 0, sizeof *list);
	if (seal == SEAL_GOOD && !take(list, payload)) {
		fault_set(why, ERR_INVALID, "the status list cannot be read");
		memset(list, 0, sizeof *list);
		seal = SEAL_INVALID;
	}
	json_decref(payload);
	return seal;
}
