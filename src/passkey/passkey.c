/* SPDX-License-Identifier: Apache-2.0 */
#include "passkey/passkey.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/base64.h"
#include "base/json_strict.h"
#include "label/cbor.h"

enum { HASH_LEN = 32, COORDINATE_LEN = 32, CLIENT_DEPTH_MAX = 4, AAGUID_LEN = 16 };

/* Flags of authenticator data (section 6.1). */
enum {
	FLAG_USER_PRESENT = 1 << 0,
	FLAG_USER_VERIFIED = 1 << 2,
	FLAG_BACKUP_ELIGIBLE = 1 << 3,
	FLAG_BACKUP_STATE = 1 << 4,
	FLAG_ATTESTED = 1 << 6,
	FLAG_EXTENSIONS = 1 << 7,
};

const char *
passkey_flaw_text(enum passkey_flaw flaw)
{
	static const char *const texts[] = {
#define X(flaw, text) text,
		PASSKEY_FLAW_LIST(X)
#undef X
	};
	return flaw < PASSKEY_FLAW_COUNT ? texts[flaw] : "unknown";
}

static bool
hash_of(const void *bytes, size_t len, uint8_t out[static HASH_LEN])
{
	unsigned out_len = HASH_LEN;
	return EVP_Digest(bytes, len, out, &out_len, EVP_sha256(), NULL) == 1;
}

/* --- what the browser says: clientDataJSON (section 5.8.1) ---------------------------------------- */

/* Members that we do not know may be there: browsers add some to see that. */
static json_t *
client_read(struct bytes client)
{
	struct fault why;
	json_t *json = json_strict(
		(const char *)client.at, client.len, PASSKEY_CLIENT_MAX, CLIENT_DEPTH_MAX, &why);

	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

static bool
challenge_of(const json_t *client, uint8_t out[static PASSKEY_CHALLENGE_LEN])
{
	const json_t *text = json_object_get(client, "challenge");
	size_t len;

	return json_is_string(text) &&
	       base64_parse(BASE64_URL, json_string_value(text), json_string_length(text), out,
		       PASSKEY_CHALLENGE_LEN, &len) &&
	       len == PASSKEY_CHALLENGE_LEN;
}

bool
passkey_challenge(struct bytes client, uint8_t out[static PASSKEY_CHALLENGE_LEN])
{
	json_t *json = client_read(client);
	bool is_there = challenge_of(json, out);

	json_decref(json);
	return is_there;
}

static enum passkey_flaw
client_judge(const json_t *client, const char *purpose, const struct passkey_place *place,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN])
{
	const json_t *framed = json_object_get(client, "crossOrigin");
	uint8_t answered[PASSKEY_CHALLENGE_LEN];

	if (!client || (framed && !json_is_boolean(framed)))
		return PASSKEY_NO_CLIENT_DATA;
	if (strcmp(json_text_of(client, "type"), purpose) != 0)
		return PASSKEY_OTHER_PURPOSE;
	if (!challenge_of(client, answered) ||
		CRYPTO_memcmp(answered, challenge, PASSKEY_CHALLENGE_LEN) != 0)
		return PASSKEY_OTHER_CHALLENGE;
	if (strcmp(json_text_of(client, "origin"), place->origin) != 0)
		return PASSKEY_OTHER_ORIGIN;
	/* Our pages are in nobody's frame, so a top origin is none of ours either. */
	if (json_is_true(framed) || json_object_get(client, "topOrigin"))
		return PASSKEY_FRAMED;
	return PASSKEY_FINE;
}

static enum passkey_flaw
client_check(struct bytes client, const char *purpose, const struct passkey_place *place,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN])
{
	json_t *json = client_read(client);
	enum passkey_flaw flaw = client_judge(json, purpose, place, challenge);

	json_decref(json);
	return flaw;
}

/* --- what the authenticator says (section 6.1) ------------------------------------------------------ */

/* Over one item of CBOR with all that is in it; extensions may hold what labels do not. */
static void
skip_item(struct reader *r)
{
	enum cbor_kind kind;
	uint64_t value, items = 1;

	for (; items && reader_ok(r); items--) {
		int head = reader_peek(r);
		if (head >= 0xf4 && head <= 0xf6) { /* false, true, null */
			reader_skip(r, 1);
			continue;
		}
		if (!cbor_read(r, &kind, &value))
			return;
		if (kind == CBOR_BYTES || kind == CBOR_TEXT || kind == CBOR_ARRAY ||
			kind == CBOR_MAP) {
			/* Each takes a byte at least, so that the sum stays small. */
			if (value > reader_left(r)) {
				r->is_short = true;
				return;
			}
			if (kind == CBOR_BYTES || kind == CBOR_TEXT)
				reader_skip(r, (size_t)value);
			else
				items += kind == CBOR_MAP ? 2 * value : value;
		} else if (kind == CBOR_TAG) {
			items++;
		}
	}
}

/* A COSE key (RFC 9052, section 7; RFC 9053, section 7.1.1) in its one form: kty, alg, crv, x, y. */
static enum passkey_flaw
key_read(struct reader *r, uint8_t out[static PASSKEY_KEY_LEN])
{
	static const int64_t wanted[][2] = {{1, 2}, {3, PASSKEY_ALGORITHM}, {-1, 1}};
	uint64_t pairs = cbor_read_head(r, CBOR_MAP);

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (cbor_read_int(r) != wanted[i][0] || cbor_read_int(r) != wanted[i][1])
			return PASSKEY_OTHER_KIND;
	for (int i = 0; i < 2; i++) {
		int64_t label = cbor_read_int(r);
		struct bytes coordinate = cbor_read_bytes(r, CBOR_BYTES);
		if (label != -2 - i || coordinate.len != COORDINATE_LEN)
			return PASSKEY_OTHER_KIND;
		memcpy(out + i * COORDINATE_LEN, coordinate.at, COORDINATE_LEN);
	}
	return pairs == 5 && reader_ok(r) ? PASSKEY_FINE : PASSKEY_OTHER_KIND;
}

struct data {
	const uint8_t *name_hash; /* HASH_LEN bytes */
	uint8_t flags;
	uint32_t count;
	struct bytes id;
	uint8_t key[PASSKEY_KEY_LEN];
};

/* A credential is in it when one was made, and only then. */
static enum passkey_flaw
data_read(struct data *data, struct bytes bytes, bool is_made)
{
	struct reader r = reader_over(bytes.at, bytes.len);
	enum passkey_flaw flaw = PASSKEY_FINE;

	*data = (struct data){.name_hash = reader_bytes(&r, HASH_LEN)};
	data->flags = reader_u8(&r);
	data->count = reader_u32(&r);
	if (!reader_ok(&r) || !(data->flags & FLAG_ATTESTED) != !is_made)
		return PASSKEY_NO_DATA;
	if (is_made) {
		reader_skip(&r, AAGUID_LEN);
		data->id.len = reader_u16(&r);
		data->id.at = reader_bytes(&r, data->id.len);
		if (!reader_ok(&r) || !data->id.len || data->id.len > PASSKEY_ID_MAX)
			return PASSKEY_NO_DATA;
		flaw = key_read(&r, data->key);
	}
	if (flaw)
		return flaw;
	if (data->flags & FLAG_EXTENSIONS) {
		if (reader_peek(&r) >> 5 != CBOR_MAP)
			return PASSKEY_NO_DATA;
		skip_item(&r);
	}
	return reader_ok(&r) && !reader_left(&r) ? PASSKEY_FINE : PASSKEY_NO_DATA;
}

static enum passkey_flaw
data_judge(const struct data *data, const struct passkey_place *place)
{
	uint8_t hash[HASH_LEN];

	if (!hash_of(place->name, strlen(place->name), hash) ||
		memcmp(hash, data->name_hash, HASH_LEN) != 0)
		return PASSKEY_OTHER_NAME;
	if (!(data->flags & FLAG_USER_PRESENT))
		return PASSKEY_NOBODY_THERE;
	if (!(data->flags & FLAG_USER_VERIFIED))
		return PASSKEY_NOBODY_KNOWN;
	if (data->flags & FLAG_BACKUP_STATE && !(data->flags & FLAG_BACKUP_ELIGIBLE))
		return PASSKEY_CONTRADICTION;
	return PASSKEY_FINE;
}

/* --- signatures ---------------------------------------------------------------------------------------- */

/* NULL: no point of the curve.  The caller frees. */
static EVP_PKEY *
public_key(const uint8_t key[static PASSKEY_KEY_LEN])
{
	uint8_t point[1 + PASSKEY_KEY_LEN] = {POINT_CONVERSION_UNCOMPRESSED};
	char group[] = "P-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group - 1),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *out = NULL;

	memcpy(point + 1, key, PASSKEY_KEY_LEN);
	if (!maker || EVP_PKEY_fromdata_init(maker) != 1 ||
		EVP_PKEY_fromdata(maker, &out, EVP_PKEY_PUBLIC_KEY, params) != 1)
		out = NULL;
	EVP_PKEY_CTX_free(maker);
	return out;
}

/* The library takes a signature in one form of DER alone. */
static bool
is_signed(const uint8_t key[static PASSKEY_KEY_LEN], struct bytes data, struct bytes client,
	struct bytes signature)
{
	uint8_t all[PASSKEY_ATTESTATION_MAX + HASH_LEN];
	bool is = false;

	if (data.len > PASSKEY_ATTESTATION_MAX || signature.len > PASSKEY_SIGNATURE_MAX)
		return false;
	memcpy(all, data.at, data.len);
	if (!hash_of(client.at, client.len, all + data.len))
		return false;
	EVP_PKEY *public = public_key(key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (public && context &&
		EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, public) == 1)
		is = EVP_DigestVerify(
			     context, signature.at, signature.len, all, data.len + HASH_LEN) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public);
	return is;
}

static bool
is_key(const uint8_t key[static PASSKEY_KEY_LEN])
{
	EVP_PKEY *public = public_key(key);

	EVP_PKEY_free(public);
	return public;
}

/* --- one was made: attestationObject (section 6.5) ------------------------------------------------------- */

struct attestation {
	char format[16];
	struct bytes statement, data;
};

static bool
attestation_read(struct attestation *out, struct bytes bytes)
{
	struct reader r = reader_over(bytes.at, bytes.len);
	char key[16];

	*out = (struct attestation){0};
	if (cbor_read_head(&r, CBOR_MAP) != 3)
		return false;
	/* Authenticators have an order for them, and browsers not always the same. */
	for (int i = 0; i < 3; i++) {
		cbor_read_text(&r, key, sizeof key);
		if (!strcmp(key, "fmt") && !*out->format) {
			cbor_read_text(&r, out->format, sizeof out->format);
		} else if (!strcmp(key, "attStmt") && !out->statement.at) {
			out->statement.at = r.at;
			skip_item(&r);
			out->statement.len = (size_t)(r.at - out->statement.at);
		} else if (!strcmp(key, "authData") && !out->data.at) {
			out->data = cbor_read_bytes(&r, CBOR_BYTES);
		} else {
			return false;
		}
	}
	return reader_ok(&r) && !reader_left(&r) && *out->format && out->data.at;
}

/* Section 8.2 without a certificate: {"alg": -7, "sig": bytes}, signed by the new key itself. */
static bool
is_by_itself(struct bytes statement, struct bytes *signature)
{
	struct reader r = reader_over(statement.at, statement.len);
	char key[4];

	if (cbor_read_head(&r, CBOR_MAP) != 2)
		return false;
	cbor_read_text(&r, key, sizeof key);
	if (strcmp(key, "alg") != 0 || cbor_read_int(&r) != PASSKEY_ALGORITHM)
		return false;
	cbor_read_text(&r, key, sizeof key);
	*signature = cbor_read_bytes(&r, CBOR_BYTES);
	return !strcmp(key, "sig") && reader_ok(&r) && !reader_left(&r);
}

static enum passkey_flaw
attestation_judge(
	const struct attestation *attestation, const struct data *data, struct bytes client)
{
	struct bytes signature;

	if (!strcmp(attestation->format, "none")) {
		bool is_empty = attestation->statement.len == 1 &&
				attestation->statement.at[0] == CBOR_MAP << 5;
		if (!is_empty)
			return PASSKEY_NO_ATTESTATION;
		return is_key(data->key) ? PASSKEY_FINE : PASSKEY_OTHER_KIND;
	}
	if (strcmp(attestation->format, "packed") != 0 ||
		!is_by_itself(attestation->statement, &signature))
		return PASSKEY_ATTESTED;
	return is_signed(data->key, attestation->data, client, signature) ? PASSKEY_FINE
									  : PASSKEY_WRONG_SIGNATURE;
}

enum passkey_flaw
passkey_made(struct passkey *passkey, const struct passkey_place *place, struct bytes client,
	struct bytes attestation, const uint8_t challenge[static PASSKEY_CHALLENGE_LEN])
{
	struct attestation read;
	struct data data;
	enum passkey_flaw flaw = client_check(client, "webauthn.create", place, challenge);

	if (flaw)
		return flaw;
	if (attestation.len > PASSKEY_ATTESTATION_MAX || !attestation_read(&read, attestation))
		return PASSKEY_NO_ATTESTATION;
	if ((flaw = data_read(&data, read.data, true)) || (flaw = data_judge(&data, place)) ||
		(flaw = attestation_judge(&read, &data, client)))
		return flaw;
	*passkey = (struct passkey){.id_len = (uint16_t)data.id.len,
		.count = data.count,
		.may_be_copied = data.flags & FLAG_BACKUP_ELIGIBLE,
		.is_copied = data.flags & FLAG_BACKUP_STATE};
	memcpy(passkey->id, data.id.at, data.id.len);
	memcpy(passkey->key, data.key, sizeof data.key);
	return PASSKEY_FINE;
}

/* --- one was used --------------------------------------------------------------------------------------- */

enum passkey_flaw
passkey_used(struct passkey *passkey, const struct passkey_place *place, struct bytes client,
	struct bytes bytes, struct bytes signature,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN])
{
	struct data data;
	enum passkey_flaw flaw = client_check(client, "webauthn.get", place, challenge);

	if (flaw)
		return flaw;
	if (bytes.len > PASSKEY_DATA_MAX)
		return PASSKEY_NO_DATA;
	if ((flaw = data_read(&data, bytes, false)) || (flaw = data_judge(&data, place)))
		return flaw;
	if (passkey->may_be_copied != !!(data.flags & FLAG_BACKUP_ELIGIBLE))
		return PASSKEY_CONTRADICTION;
	if (!is_signed(passkey->key, bytes, client, signature))
		return PASSKEY_WRONG_SIGNATURE;
	/* Those that are on several devices do not count: then both are 0. */
	if ((data.count || passkey->count) && data.count <= passkey->count)
		return PASSKEY_COUNTS_BACK;
	passkey->count = data.count;
	passkey->is_copied = data.flags & FLAG_BACKUP_STATE;
	return PASSKEY_FINE;
}
