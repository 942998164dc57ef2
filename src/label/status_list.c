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

static json_t *
fallen_json(const struct status_list *list)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < list->n_fallen; i++)
		json_array_append_new(
			rows, json_pack("{s:I, s:b, s:s}", "idx", (json_int_t)list->fallen[i].index,
				      "recalled", list->fallen[i].is_recalled, "reason",
				      list->fallen[i].reason));
	return rows;
}

char *
status_list_render(const struct issuer *issuer, const struct status_list *from, struct fault *why)
{
	static uint8_t packed[PACKED_MAX];
	char uri[192];

	if (from->n > STATUS_LIST_MAX || from->n_fallen > STATUS_FALLEN_MAX) {
		fault_set(why, ERR_FULL, "more labels than a status list holds");
		return NULL;
	}
	memset(packed, 0, sizeof packed);
	for (size_t i = 0; i < from->n; i++)
		packed[i / 2] |= (uint8_t)((from->code[i] & 15) << (i % 2 ? BITS : 0));
	uLongf len = compressBound((from->n + 1) / 2);
	auto_free uint8_t *small = must_alloc(len, 1);
	if (compress2(small, &len, packed, (from->n + 1) / 2, Z_BEST_COMPRESSION) != Z_OK)
		abort();
	auto_free char *list = base64_text(BASE64_URL, small, len);
	snprintf(uri, sizeof uri, "%s/status-list.jwt", from->issuer);
	json_t *payload = json_pack("{s:s, s:s, s:I, s:I, s:I, s:{s:i, s:s}, s:o}", "iss",
		from->issuer, "sub", uri, "iat", (json_int_t)from->issued_s, "exp",
		(json_int_t)from->until_s, "ttl", (json_int_t)from->ttl_s, "status_list", "bits",
		BITS, "lst", list, "fallen", fallen_json(from));
	char *text = jws_render(issuer, STATUS_LIST_TYPE, payload, why);
	json_decref(payload);
	return text;
}

void
status_list_now(const struct status_list *list, uint32_t index, struct label_now *now)
{
	*now = (struct label_now){.status = STATUS_UNKNOWN};
	if (index >= list->n)
		return;
	now->status = (uint8_t)label_status_from_code(list->code[index]);
	if (now->status != STATUS_SUSPENDED && now->status != STATUS_REVOKED)
		return;
	for (size_t i = 0; i < list->n_fallen; i++)
		if (list->fallen[i].index == index) {
			now->is_recalled = list->fallen[i].is_recalled;
			memcpy(now->reason, list->fallen[i].reason, sizeof now->reason);
		}
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

/* Older lists have no such rows; more of them than there may be are not looked at. */
static bool
take_fallen(struct status_list *list, const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		struct status_fallen *fallen = &list->fallen[list->n_fallen];
		const json_t *index = json_object_get(row, "idx");
		if (i == STATUS_FALLEN_MAX)
			break;
		if (!json_is_integer(index) || json_integer_value(index) < 0 ||
			json_integer_value(index) >= STATUS_LIST_MAX ||
			!json_take_text(fallen->reason, sizeof fallen->reason,
				json_object_get(row, "reason")))
			return false;
		fallen->index = (uint32_t)json_integer_value(index);
		fallen->is_recalled = json_is_true(json_object_get(row, "recalled"));
		list->n_fallen++;
	}
	return true;
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
	json_int_t ttl = json_integer_value(json_object_get(payload, "ttl"));
	list->ttl_s = ttl > 0 && ttl < INT32_MAX ? (uint32_t)ttl : 0;
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
	return take_fallen(list, json_object_get(payload, "fallen"));
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
