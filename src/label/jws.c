/* SPDX-License-Identifier: Apache-2.0 */
#include "label/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/json_strict.h"

enum { HEADER_MAX = 4096, PAYLOAD_DEPTH = 8 };

char *
jws_render_text(
	const struct issuer *issuer, const char *type, const char *payload, struct fault *why)
{
	uint8_t key[ISSUER_PUBLIC_LEN], signature[ISSUER_SIGNATURE_LEN];
	char id[ISSUER_ID_MAX], header[160];
	size_t len;

	issuer_public(issuer, key);
	issuer_id(key, id);
	snprintf(header, sizeof header, "{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"%s\"}", id,
		type);
	auto_free char *first = base64_text(BASE64_URL, header, strlen(header));
	auto_free char *second = base64_text(BASE64_URL, payload, strlen(payload));
	len = strlen(first) + 1 + strlen(second);
	char *out = must_alloc(len + 2 + 4 * sizeof signature / 3 + 4, 1);
	sprintf(out, "%s.%s", first, second);
	if (len > JWS_BYTES_MAX - 128 || issuer_sign(issuer, out, len, signature, why)) {
		if (len > JWS_BYTES_MAX - 128)
			fault_set(why, ERR_FULL, "too long to be signed");
		free(out);
		return NULL;
	}
	auto_free char *third = base64_text(BASE64_URL, signature, sizeof signature);
	sprintf(out + len, ".%s", third);
	return out;
}

char *
jws_render(const struct issuer *issuer, const char *type, const json_t *payload, struct fault *why)
{
	auto_free char *text =
		json_dumps(payload, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	if (!text)
		abort();
	return jws_render_text(issuer, type, text, why);
}

static enum seal
invalid(struct fault *why, const char *what)
{
	fault_set(why, ERR_INVALID, "%s", what);
	return SEAL_INVALID;
}

static bool
is_text(const json_t *object, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && !strcmp(text, wanted);
}

/* NULL with the reason, or the header as it was signed. */
static json_t *
header_of(const char *text, size_t len, struct fault *why)
{
	char bytes[HEADER_MAX];
	size_t n;

	if (!base64_parse(BASE64_URL, text, len, bytes, sizeof bytes, &n)) {
		fault_set(why, ERR_INVALID, "the header is no base64url, or too long");
		return NULL;
	}
	json_t *header = json_strict(bytes, n, sizeof bytes, 4, why);
	if (header)
		return header;
	fault_prefix(why, "the header: ");
	return NULL;
}

static const uint8_t *
key_named(const struct issuer_keys *keys, const char *id)
{
	char is[ISSUER_ID_MAX];

	for (size_t i = 0; id && i < keys->n; i++) {
		issuer_id(keys->key[i], is);
		if (!strcmp(is, id))
			return keys->key[i];
	}
	return NULL;
}

enum seal
jws_parse(const char *text, size_t len, const char *type, const struct issuer_keys *keys,
	json_t **payload, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why)
{
	uint8_t signature[ISSUER_SIGNATURE_LEN];
	const uint8_t *trusted = NULL;
	size_t n;

	*payload = NULL;
	memset(key, 0, ISSUER_PUBLIC_LEN);
	while (len && strchr(" \t\r\n", text[0]) && text[0])
		text++, len--;
	while (len && text[len - 1] && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (!len) {
		fault_set(why, ERR_NOT_FOUND, "nothing is there");
		return SEAL_ABSENT;
	}
	const char *first = memchr(text, '.', len);
	const char *second =
		first ? memchr(first + 1, '.', len - (size_t)(first + 1 - text)) : NULL;
	if (!second || len > JWS_BYTES_MAX)
		return invalid(why, "no compact JWS: three parts with points between them");
	json_t *header = header_of(text, (size_t)(first - text), why);
	if (!header)
		return SEAL_INVALID;
	bool is_alg = is_text(header, "alg", "EdDSA"), is_type = is_text(header, "typ", type);
	/* What a header calls critical must be understood, and nothing is (RFC 7515, 4.1.11). */
	bool is_plain = !json_object_get(header, "crit") && !json_object_get(header, "b64");
	trusted = key_named(keys, json_string_value(json_object_get(header, "kid")));
	json_decref(header);
	if (!is_alg || !is_plain)
		return invalid(why, "its algorithm is not EdDSA, or it asks for more");
	if (!is_type)
		return invalid(why, "it is signed as something else");
	if (!trusted) {
		fault_set(why, ERR_DENIED, "it is signed by a key that is not trusted here");
		return SEAL_STRANGER;
	}
	size_t third_len = len - (size_t)(second + 1 - text);
	if (!base64_parse(BASE64_URL, second + 1, third_len, signature, sizeof signature, &n) ||
		n != sizeof signature ||
		!issuer_is_signature(trusted, text, (size_t)(second - text), signature))
		return invalid(why, "its signature is wrong");
	auto_free char *bytes = must_alloc(len, 1);
	if (!base64_parse(BASE64_URL, first + 1, (size_t)(second - first - 1), bytes, len, &n))
		return invalid(why, "its content is no base64url");
	*payload = json_strict(bytes, n, JWS_BYTES_MAX, PAYLOAD_DEPTH, why);
	if (!*payload)
		return SEAL_INVALID;
	memcpy(key, trusted, ISSUER_PUBLIC_LEN);
	return SEAL_GOOD;
}

json_t *
jws_key_set(const uint8_t key[static ISSUER_PUBLIC_LEN])
{
	auto_free char *x = base64_text(BASE64_URL, key, ISSUER_PUBLIC_LEN);
	char id[ISSUER_ID_MAX];

	issuer_id(key, id);
	return json_pack("{s:[{s:s, s:s, s:s, s:s, s:s, s:s}]}", "keys", "kty", "OKP", "crv",
		"Ed25519", "alg", "EdDSA", "use", "sig", "kid", id, "x", x);
}
