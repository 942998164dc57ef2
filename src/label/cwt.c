/* SPDX-License-Identifier: Apache-2.0 */
#include "label/cwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "label/base45.h"
#include "label/cbor.h"

enum {
	TAG_CWT = 61,
	TAG_SIGN1 = 18,
	CLAIM_ISSUER = 1,
	CLAIM_SUBJECT = 2,
	CLAIM_END = 4,
	CLAIM_ISSUED = 6,
	CLAIM_STATUS = 65535,
	CLAIM_LABEL = -65537,
	CLAIMS = 6,
	OWN_FORM = 1,
	OWN_FIELDS = 11,
	KEY_ID_LEN = 8,
};

/* {1: -8}: the algorithm, EdDSA.  There is no other. */
static const uint8_t protected_header[] = {0xa1, 0x01, 0x27};

static uint32_t
failures(const struct label *label)
{
	return label->mandatory[VERDICT_FAIL] + label->failed_other;
}

size_t
cwt_claims(const struct label *label, uint8_t out[static CWT_BYTES_MAX])
{
	struct cbor cbor = {.bytes = out, .size = CWT_BYTES_MAX};
	char uri[192];

	snprintf(uri, sizeof uri, "%s/status-list.jwt", label->issuer);
	cbor_head(&cbor, CBOR_MAP, CLAIMS);
	cbor_int(&cbor, CLAIM_ISSUER);
	cbor_text(&cbor, label->issuer);
	cbor_int(&cbor, CLAIM_SUBJECT);
	cbor_text(&cbor, label->id);
	cbor_int(&cbor, CLAIM_END);
	cbor_int(&cbor, label->until_s);
	cbor_int(&cbor, CLAIM_ISSUED);
	cbor_int(&cbor, label->issued_s);
	cbor_int(&cbor, CLAIM_STATUS);
	cbor_head(&cbor, CBOR_MAP, 1);
	cbor_text(&cbor, "status_list");
	cbor_head(&cbor, CBOR_MAP, 2);
	cbor_text(&cbor, "idx");
	cbor_int(&cbor, label->index);
	cbor_text(&cbor, "uri");
	cbor_text(&cbor, uri);
	cbor_int(&cbor, CLAIM_LABEL);
	cbor_head(&cbor, CBOR_ARRAY, OWN_FIELDS);
	cbor_int(&cbor, OWN_FORM);
	cbor_int(&cbor, label->revision);
	cbor_text(&cbor, label->maker);
	cbor_text(&cbor, label->model);
	cbor_text(&cbor, label->hardware);
	cbor_text(&cbor, label->firmware);
	cbor_text(&cbor, label->firmware_below);
	cbor_int(&cbor, label->band);
	cbor_int(&cbor, failures(label));
	cbor_int(&cbor, label->support_end);
	cbor_text(&cbor, label->device);
	return cbor.is_short ? 0 : cbor.len;
}

/* What a COSE signature is made over (RFC 9052, section 4.4); gives its length. */
static size_t
to_be_signed(const uint8_t *claims, size_t len, uint8_t *out, size_t size)
{
	struct cbor cbor = {.bytes = out, .size = size};

	cbor_head(&cbor, CBOR_ARRAY, 4);
	cbor_text(&cbor, "Signature1");
	cbor_bytes(&cbor, protected_header, sizeof protected_header);
	cbor_bytes(&cbor, "", 0);
	cbor_bytes(&cbor, claims, len);
	return cbor.is_short ? 0 : cbor.len;
}

static void
key_id(const uint8_t key[static ISSUER_PUBLIC_LEN], uint8_t out[static KEY_ID_LEN])
{
	uint8_t hash[HASH_LEN];

	hash_bytes(key, ISSUER_PUBLIC_LEN, hash);
	memcpy(out, hash, KEY_ID_LEN);
}

/* A fragment has neither blanks nor bare percent signs (RFC 3986); both have digits for it. */
static void
put_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == ' ')
			fputs("%20", out);
		else if (*text == '%')
			fputs("%25", out);
		else
			fputc(*text, out);
}

char *
cwt_render(const struct label *label, const struct issuer *issuer, struct fault *why)
{
	uint8_t claims[CWT_BYTES_MAX], bytes[2 * CWT_BYTES_MAX], signature[ISSUER_SIGNATURE_LEN];
	uint8_t key[ISSUER_PUBLIC_LEN], id[KEY_ID_LEN];
	struct cbor cbor = {.bytes = bytes, .size = sizeof bytes};
	size_t len = cwt_claims(label, claims), text_len;
	char *text = NULL;

	if (!len) {
		fault_set(why, ERR_FULL, "the label is too long for a QR code");
		return NULL;
	}
	size_t signed_len = to_be_signed(claims, len, bytes, sizeof bytes);
	if (issuer_sign(issuer, bytes, signed_len, signature, why))
		return NULL;
	issuer_public(issuer, key);
	key_id(key, id);
	cbor_head(&cbor, CBOR_TAG, TAG_CWT);
	cbor_head(&cbor, CBOR_TAG, TAG_SIGN1);
	cbor_head(&cbor, CBOR_ARRAY, 4);
	cbor_bytes(&cbor, protected_header, sizeof protected_header);
	cbor_head(&cbor, CBOR_MAP, 1);
	cbor_int(&cbor, 4); /* kid */
	cbor_bytes(&cbor, id, sizeof id);
	cbor_bytes(&cbor, claims, len);
	cbor_bytes(&cbor, signature, sizeof signature);
	auto_free char *letters = base45_text(bytes, cbor.len);
	FILE *out = open_memstream(&text, &text_len);
	if (!out)
		abort();
	fprintf(out, "%s/l/%s#", label->issuer, label->id);
	put_escaped(out, letters);
	if (fclose(out))
		abort();
	return text;
}

/* --- reading ----------------------------------------------------------------------------------- */

/* The bytes behind the URL; false: none. */
static bool
bytes_of(const char *text, size_t len, uint8_t *out, size_t size, size_t *out_len)
{
	const char *hash = memchr(text, '#', len), *at = hash ? hash + 1 : text, *end = text + len;
	char letters[CWT_TEXT_MAX];
	size_t n = 0;

	for (; at < end; at++) {
		if (n == sizeof letters)
			return false;
		if (*at != '%' || !hash) {
			letters[n++] = *at;
			continue;
		}
		if (end - at < 3 || at[1] != '2' || (at[2] != '0' && at[2] != '5'))
			return false;
		letters[n++] = at[2] == '0' ? ' ' : '%';
		at += 2;
	}
	return n && base45_parse(letters, n, out, size, out_len);
}

static void
want(struct reader *r, bool is_so)
{
	if (!is_so)
		r->is_short = true;
}

/* The four parts; borrowed from the bytes. */
static bool
take_sign1(struct reader r, struct bytes *id, struct bytes *claims, struct bytes *signature)
{
	want(&r, cbor_read_head(&r, CBOR_TAG) == TAG_CWT);
	want(&r, cbor_read_head(&r, CBOR_TAG) == TAG_SIGN1);
	want(&r, cbor_read_head(&r, CBOR_ARRAY) == 4);
	struct bytes header = cbor_read_bytes(&r, CBOR_BYTES);
	want(&r, header.len == sizeof protected_header &&
			 !memcmp(header.at, protected_header, sizeof protected_header));
	want(&r, cbor_read_head(&r, CBOR_MAP) == 1);
	want(&r, cbor_read_int(&r) == 4);
	*id = cbor_read_bytes(&r, CBOR_BYTES);
	*claims = cbor_read_bytes(&r, CBOR_BYTES);
	*signature = cbor_read_bytes(&r, CBOR_BYTES);
	return reader_ok(&r) && !reader_left(&r) && id->len == KEY_ID_LEN &&
	       signature->len == ISSUER_SIGNATURE_LEN && claims->len <= CWT_BYTES_MAX;
}

static uint32_t
small(struct reader *r, int64_t max)
{
	int64_t value = cbor_read_int(r);

	want(r, value >= 0 && value <= max);
	return reader_ok(r) ? (uint32_t)value : 0;
}

static void
take_status(struct reader *r, struct label *label)
{
	char word[16], uri[192], wanted[192];

	want(r, cbor_read_head(r, CBOR_MAP) == 1);
	cbor_read_text(r, word, sizeof word);
	want(r, !strcmp(word, "status_list"));
	want(r, cbor_read_head(r, CBOR_MAP) == 2);
	cbor_read_text(r, word, sizeof word);
	want(r, !strcmp(word, "idx"));
	label->index = small(r, (1 << 20) - 1);
	cbor_read_text(r, word, sizeof word);
	want(r, !strcmp(word, "uri"));
	cbor_read_text(r, uri, sizeof uri);
	snprintf(wanted, sizeof wanted, "%s/status-list.jwt", label->issuer);
	want(r, !strcmp(uri, wanted));
}

static void
take_own(struct reader *r, struct label *label)
{
	want(r, cbor_read_head(r, CBOR_ARRAY) == OWN_FIELDS);
	want(r, cbor_read_int(r) == OWN_FORM);
	label->revision = small(r, 1 << 30);
	cbor_read_text(r, label->maker, sizeof label->maker);
	cbor_read_text(r, label->model, sizeof label->model);
	cbor_read_text(r, label->hardware, sizeof label->hardware);
	cbor_read_text(r, label->firmware, sizeof label->firmware);
	cbor_read_text(r, label->firmware_below, sizeof label->firmware_below);
	label->band = (uint8_t)small(r, BAND_COUNT - 1);
	label->mandatory[VERDICT_FAIL] = small(r, 10000);
	label->support_end = (int32_t)small(r, 100000);
	cbor_read_text(r, label->device, sizeof label->device);
}

static int64_t
claim_time(struct reader *r, int64_t claim)
{
	want(r, cbor_read_int(r) == claim);
	int64_t value = cbor_read_int(r);
	want(r, value > 0 && value < INT64_C(8000000000));
	return reader_ok(r) ? value : 0;
}

static bool
take_claims(struct label *label, struct reader r)
{
	want(&r, cbor_read_head(&r, CBOR_MAP) == CLAIMS);
	want(&r, cbor_read_int(&r) == CLAIM_ISSUER);
	cbor_read_text(&r, label->issuer, sizeof label->issuer);
	want(&r, cbor_read_int(&r) == CLAIM_SUBJECT);
	cbor_read_text(&r, label->id, sizeof label->id);
	label->until_s = claim_time(&r, CLAIM_END);
	label->issued_s = claim_time(&r, CLAIM_ISSUED);
	want(&r, cbor_read_int(&r) == CLAIM_STATUS);
	take_status(&r, label);
	want(&r, cbor_read_int(&r) == CLAIM_LABEL);
	take_own(&r, label);
	return reader_ok(&r) && !reader_left(&r) && label_is_url(label->issuer) && label->id[0] &&
	       label->revision && label->band;
}

/* The URL in front is what a phone opens: it must be the issuer's that signed. */
static bool
is_own_url(const struct label *label, const char *text, size_t len)
{
	const char *hash = memchr(text, '#', len);
	char wanted[192];

	if (!hash)
		return true;
	snprintf(wanted, sizeof wanted, "%s/l/%s", label->issuer, label->id);
	return (size_t)(hash - text) == strlen(wanted) && !memcmp(text, wanted, strlen(wanted));
}

static enum seal
invalid(struct fault *why, const char *what)
{
	fault_set(why, ERR_INVALID, "%s", what);
	return SEAL_INVALID;
}

enum seal
cwt_parse(struct label *label, const char *text, size_t len, const struct issuer_keys *keys,
	uint8_t claims_out[static CWT_BYTES_MAX], size_t *claims_len,
	uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why)
{
	uint8_t bytes[2 * CWT_BYTES_MAX], over[2 * CWT_BYTES_MAX], is[KEY_ID_LEN];
	struct bytes id, claims, signature;
	const uint8_t *trusted = NULL;
	size_t n;

	memset(label, 0, sizeof *label);
	memset(key, 0, ISSUER_PUBLIC_LEN);
	*claims_len = 0;
	while (len && text[len - 1] && strchr("\r\n", text[len - 1]))
		len--;
	if (!len) {
		fault_set(why, ERR_NOT_FOUND, "nothing is there");
		return SEAL_ABSENT;
	}
	if (!bytes_of(text, len, bytes, sizeof bytes, &n)) {
		fault_set(why, ERR_NOT_FOUND, "there is no label in this text");
		return SEAL_ABSENT;
	}
	if (!take_sign1(reader_over(bytes, n), &id, &claims, &signature))
		return invalid(why, "its form is not that of a signed label");
	for (size_t i = 0; i < keys->n && !trusted; i++) {
		key_id(keys->key[i], is);
		if (!memcmp(is, id.at, KEY_ID_LEN))
			trusted = keys->key[i];
	}
	if (!trusted) {
		fault_set(why, ERR_DENIED, "it is signed by a key that is not trusted here");
		return SEAL_STRANGER;
	}
	size_t over_len = to_be_signed(claims.at, claims.len, over, sizeof over);
	if (!issuer_is_signature(trusted, over, over_len, signature.at))
		return invalid(why, "its signature is wrong");
	if (!take_claims(label, reader_over(claims.at, claims.len)) ||
		!is_own_url(label, text, len)) {
		memset(label, 0, sizeof *label);
		return invalid(why, "its claims cannot be read, or its URL is another's");
	}
	memcpy(claims_out, claims.at, claims.len);
	*claims_len = claims.len;
	memcpy(key, trusted, ISSUER_PUBLIC_LEN);
	return SEAL_GOOD;
}
