/* SPDX-License-Identifier: Apache-2.0 */
#include "label/status.h"

#include <string.h>

#include "base/json_strict.h"

bool
status_is_fresh(int64_t issued_s, int64_t until_s, int64_t now_s)
{
	return issued_s <= now_s + STATUS_SLACK_S && now_s < until_s;
}

char *
status_render(const struct issuer *issuer, const struct label *label, const struct label_now *now,
	int64_t now_s, uint32_t ttl_s, struct fault *why)
{
	json_t *payload = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:b}", "iss",
		label->issuer, "sub", label->id, "revision", (json_int_t)label->revision, "iat",
		(json_int_t)now_s, "exp", (json_int_t)(now_s + ttl_s), "ttl", (json_int_t)ttl_s,
		"status", label_status_word((enum label_status)now->status), "reason", now->reason,
		"recalled", now->is_recalled);
	char *text = jws_render(issuer, STATUS_TYPE, payload, why);

	json_decref(payload);
	return text;
}

static bool
take_time(int64_t *out, const json_t *value)
{
	*out = json_integer_value(value);
	return json_is_integer(value) && *out > 0 && *out < INT64_C(8000000000);
}

static bool
take(struct status_token *token, const json_t *payload)
{
	const char *word = json_string_value(json_object_get(payload, "status"));
	const json_t *revision = json_object_get(payload, "revision");

	token->revision = (uint32_t)json_integer_value(revision);
	token->now.status = (uint8_t)label_status_from_word(word ? word : "");
	token->now.is_recalled = json_is_true(json_object_get(payload, "recalled"));
	return json_is_integer(revision) && json_integer_value(revision) > 0 &&
	       json_integer_value(revision) < 1 << 30 &&
	       json_take_text(
		       token->issuer, sizeof token->issuer, json_object_get(payload, "iss")) &&
	       json_take_text(token->label, sizeof token->label, json_object_get(payload, "sub")) &&
	       json_take_text(token->now.reason, sizeof token->now.reason,
		       json_object_get(payload, "reason")) &&
	       take_time(&token->issued_s, json_object_get(payload, "iat")) &&
	       take_time(&token->until_s, json_object_get(payload, "exp"));
}

enum seal
status_parse(struct status_token *token, const char *text, size_t len,
	const struct issuer_keys *keys, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why)
{
	json_t *payload;
	enum seal seal = jws_parse(text, len, STATUS_TYPE, keys, &payload, key, why);

	memset(token, 0, sizeof *token);
	if (seal == SEAL_GOOD && !take(token, payload)) {
		fault_set(why, ERR_INVALID, "the status cannot be read");
		memset(token, 0, sizeof *token);
		seal = SEAL_INVALID;
	}
	json_decref(payload);
	return seal;
}
