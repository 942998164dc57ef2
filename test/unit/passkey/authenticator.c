/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/passkey/authenticator.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "label/cbor.h"

enum { FLAG_ATTESTED = 1 << 6, FLAG_EXTENSIONS = 1 << 7 };

static void
must(bool is)
{
	if (!is)
		abort();
}

void
authenticator_new(struct authenticator *a, const char *name, const char *origin)
{
	*a = (struct authenticator){
		.name = name, .origin = origin, .format = "none", .flags = 0x05};
	a->key = EVP_EC_gen("P-256");
	must(a->key && RAND_bytes(a->id, sizeof a->id) == 1);
}

void
authenticator_free(struct authenticator *a)
{
	EVP_PKEY_free(a->key);
	a->key = NULL;
}

static void
say_client(const struct authenticator *a, const char *type, const uint8_t *challenge,
	struct said *said)
{
	auto_free char *text = base64_text(BASE64_URL, challenge, PASSKEY_CHALLENGE_LEN);

	said->client_len = (size_t)snprintf((char *)said->client, sizeof said->client,
		"{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":false%s}",
		a->type ? a->type : type, text, a->origin, a->more ? a->more : "");
	must(said->client_len < sizeof said->client);
}

static void
put_key(struct cbor *out, EVP_PKEY *key)
{
	uint8_t point[65];
	size_t len;

	must(EVP_PKEY_get_octet_string_param(
		     key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &len) == 1 &&
		len == sizeof point);
	cbor_head(out, CBOR_MAP, 5);
	for (size_t i = 0; i < 3; i++) {
		static const int64_t pairs[][2] = {{1, 2}, {3, -7}, {-1, 1}};
		cbor_int(out, pairs[i][0]);
		cbor_int(out, pairs[i][1]);
	}
	cbor_int(out, -2);
	cbor_bytes(out, point + 1, 32);
	cbor_int(out, -3);
	cbor_bytes(out, point + 33, 32);
}

static void
put(struct cbor *out, const void *bytes, size_t len)
{
	must(out->len + len <= out->size);
	if (len)
		memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void
say_data(const struct authenticator *a, bool is_made, struct said *said)
{
	struct cbor out = {.bytes = said->data, .size = sizeof said->data};
	uint8_t hash[32];
	unsigned len = sizeof hash;

	must(EVP_Digest(a->name, strlen(a->name), hash, &len, EVP_sha256(), NULL) == 1);
	put(&out, hash, sizeof hash);
	const uint8_t head[5] = {(uint8_t)(a->flags | (is_made ? FLAG_ATTESTED : 0) |
					   (a->extensions.len ? FLAG_EXTENSIONS : 0)),
		(uint8_t)(a->count >> 24), (uint8_t)(a->count >> 16), (uint8_t)(a->count >> 8),
		(uint8_t)a->count};
	put(&out, head, sizeof head);
	if (is_made) {
		const uint8_t whose[18] = {
			[17] = sizeof a->id}; /* no maker, then how long the id is */
		put(&out, whose, sizeof whose);
		put(&out, a->id, sizeof a->id);
		put_key(&out, a->key);
	}
	put(&out, a->extensions.at, a->extensions.len);
	must(!out.is_short);
	said->data_len = out.len;
}

static void
sign(const struct authenticator *a, struct said *said)
{
	uint8_t all[sizeof said->data + 32];
	unsigned len = 32;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	memcpy(all, said->data, said->data_len);
	must(EVP_Digest(said->client, said->client_len, all + said->data_len, &len, EVP_sha256(),
		     NULL) == 1);
	said->signature_len = sizeof said->signature;
	must(context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, a->key) == 1 &&
		EVP_DigestSign(context, said->signature, &said->signature_len, all,
			said->data_len + 32) == 1);
	EVP_MD_CTX_free(context);
}

void
authenticator_make(const struct authenticator *a,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN], struct said *said)
{
	struct cbor out = {.bytes = said->attestation, .size = sizeof said->attestation};

	say_client(a, "webauthn.create", challenge, said);
	say_data(a, true, said);
	sign(a, said);
	cbor_head(&out, CBOR_MAP, 3);
	cbor_text(&out, "fmt");
	cbor_text(&out, a->format);
	cbor_text(&out, "attStmt");
	if (!strcmp(a->format, "none")) {
		cbor_head(&out, CBOR_MAP, 0);
	} else {
		cbor_head(&out, CBOR_MAP, 2);
		cbor_text(&out, "alg");
		cbor_int(&out, -7);
		cbor_text(&out, "sig");
		cbor_bytes(&out, said->signature, said->signature_len);
	}
	cbor_text(&out, "authData");
	cbor_bytes(&out, said->data, said->data_len);
	must(!out.is_short);
	said->attestation_len = out.len;
}

void
authenticator_use(const struct authenticator *a,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN], struct said *said)
{
	say_client(a, "webauthn.get", challenge, said);
	say_data(a, false, said);
	sign(a, said);
}
