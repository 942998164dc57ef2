/* SPDX-License-Identifier: Apache-2.0 */
#include "check/rig.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/hex.h"
#include "packet/http.h"
#include "packet/mqtt.h"

enum { KEY_BITS = 2048, DAY_S = 24 * 3600 };

static const struct {
	const char *word, *text;
} variants[RIG_VARIANT_COUNT] = {
#define X(variant, word, text) [variant] = {word, text},
	RIG_VARIANT_LIST(X)
#undef X
};

const char *
rig_variant_word(enum rig_variant variant)
{
	return variants[variant].word;
}

const char *
rig_variant_text(enum rig_variant variant)
{
	return variants[variant].text;
}

/* --- certificates ---------------------------------------------------------------------------- */

/* RSA, since the oldest of clients can read it. */
struct rig_maker {
	EVP_PKEY *leaf_key, *authority_key;
	X509 *authority;
};

/* What comes from a device goes into a certificate as a name only if it could be one. */
static bool
is_name(const char *text)
{
	return text[0] &&
	       strlen(text) == strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789.-_:");
}

bool
rig_name(struct bytes claimed_name, char *out, size_t size)
{
	if (!claimed_name.len || claimed_name.len >= size)
		return false;
	memcpy(out, claimed_name.at, claimed_name.len);
	out[claimed_name.len] = '\0';
	return strlen(out) == claimed_name.len && is_name(out);
}

static bool
add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool is_ok = extension && X509_add_ext(certificate, extension, -1);

	X509_EXTENSION_free(extension);
	return is_ok;
}

static bool
set_subject(X509 *certificate, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(certificate);

	/* A common name has at most 64 bytes; who looks at names at all looks at the other place. */
	return X509_NAME_add_entry_by_txt(
		       subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0) == 1;
}

static X509 *
certificate_new(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, bool is_ca,
	bool is_expired)
{
	static long serial = 1000;
	X509 *certificate = X509_new();
	char common[64], san[160];
	struct ip address;

	snprintf(common, sizeof common, "%.63s", name);
	snprintf(san, sizeof san, "%s:%s", ip_parse(&address, name) ? "IP" : "DNS", name);
	if (certificate && X509_set_version(certificate, 2) &&
		ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++) &&
		X509_gmtime_adj(
			X509_getm_notBefore(certificate), is_expired ? -60 * DAY_S : -2 * DAY_S) &&
		X509_gmtime_adj(
			X509_getm_notAfter(certificate), is_expired ? -30 * DAY_S : 60 * DAY_S) &&
		set_subject(certificate, common) &&
		X509_set_issuer_name(
			certificate, X509_get_subject_name(issuer ? issuer : certificate)) &&
		X509_set_pubkey(certificate, key) &&
		(is_ca ? add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE")
		       : add_extension(certificate, NID_subject_alt_name, san)) &&
		X509_sign(certificate, issuer_key, EVP_sha256()))
		return certificate;
	X509_free(certificate);
	return NULL;
}

struct rig_maker *
rig_maker_new(void)
{
	struct rig_maker *maker = must_alloc(1, sizeof *maker);

	maker->leaf_key = EVP_RSA_gen(KEY_BITS);
	maker->authority_key = EVP_RSA_gen(KEY_BITS);
	maker->authority = NULL;
	if (maker->leaf_key && maker->authority_key)
		maker->authority = certificate_new("An authority that nobody knows",
			maker->authority_key, NULL, maker->authority_key, true, false);
	if (maker->authority)
		return maker;
	rig_maker_free(maker);
	return NULL;
}

void
rig_maker_free(struct rig_maker *maker)
{
	if (!maker)
		return;
	X509_free(maker->authority);
	EVP_PKEY_free(maker->leaf_key);
	EVP_PKEY_free(maker->authority_key);
	free(maker);
}

static X509 *
certificate_of(const struct rig_maker *maker, enum rig_variant variant, const char *name)
{
	EVP_PKEY *key = maker->leaf_key;

	if (!is_name(name) || variant == RIG_WRONG_NAME)
		name = "another-name.invalid";
	if (variant == RIG_UNKNOWN_CA)
		return certificate_new(
			name, key, maker->authority, maker->authority_key, false, false);
	return certificate_new(name, key, NULL, key, false, variant == RIG_EXPIRED);
}

SSL_CTX *
rig_server(const struct rig_maker *maker, enum rig_variant variant, const char *name, uint8_t *der,
	size_t size, size_t *n_der)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	X509 *certificate = certificate_of(maker, variant, name);
	uint8_t *bytes = NULL;
	int len = certificate ? i2d_X509(certificate, &bytes) : -1;

	*n_der = 0;
	if (len > 0 && (size_t)len <= size) {
		memcpy(der, bytes, (size_t)len);
		*n_der = (size_t)len;
	}
	OPENSSL_free(bytes);
	if (context && certificate) {
		/* However old it is: whether it believes a certificate is asked here, and no more. */
		SSL_CTX_set_security_level(context, 0);
		SSL_CTX_set_min_proto_version(context, 0);
		SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFDEFAULT:@SECLEVEL=0");
		SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
		SSL_CTX_set_num_tickets(context, 0);
	}
	if (!context || !certificate || SSL_CTX_use_certificate(context, certificate) != 1 ||
		SSL_CTX_use_PrivateKey(context, maker->leaf_key) != 1 ||
		(variant == RIG_UNKNOWN_CA &&
			SSL_CTX_add1_chain_cert(context, maker->authority) != 1)) {
		SSL_CTX_free(context);
		context = NULL;
	}
	X509_free(certificate);
	return context;
}

/* --- what a device did with it ------------------------------------------------------------------- */

static bool
has_header(const uint8_t *data, size_t len, const char *name)
{
	const char *at = (const char *)data, *end = at + len;
	size_t n = strlen(name);

	for (; at + n < end; at++)
		if ((at[0] == '\n') && !strncasecmp(at + 1, name, n))
			return true;
	return false;
}

/* By the path alone: the words that makers use. */
static bool
is_for_update(struct bytes target)
{
	static const char *const words[] = {
		"firmware", "update", "upgrade", "/ota", "/fw", "version", ".bin", ".img"};
	char path[256];

	snprintf(path, sizeof path, "%.*s", (int)(target.len < 255 ? target.len : 255),
		target.at ? (const char *)target.at : "");
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasestr(path, words[i]))
			return true;
	return false;
}

void
rig_look_at(struct rig_told *told, const uint8_t *data, size_t len)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct reader reader = reader_over(data, len);
	struct http http;
	struct mqtt mqtt;

	told->n_bytes = len;
	/* The first line is not the first after a newline: has_header() looks behind one. */
	if (http_is_request(reader) && http_parse(&http, reader)) {
		told->is_http = true;
		told->has_credentials = http.has_credentials || has_header(data, len, "cookie:");
		told->asks_for_update = is_for_update(http.target);
	} else if (mqtt_is_connect(reader) && mqtt_parse(&mqtt, reader)) {
		told->is_mqtt = true;
		told->has_credentials = mqtt.has_password;
	}
	if (EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL))
		hex_text(digest, 8, told->digest);
}

static const char *const result_words[RIG_RESULT_COUNT] = {
	[RIG_RESULT_UNKNOWN] = "unknown",
	[RIG_BELIEVED] = "believed",
	[RIG_QUIET] = "quiet",
	[RIG_ALERTED] = "alert",
	[RIG_CLOSED] = "closed",
	[RIG_SILENT] = "silent",
};

/* RESULT ALERT BYTES PROTOCOL FLAGS DIGEST NAME */
void
rig_told_render(const struct rig_told *told, char *out, size_t size)
{
	snprintf(out, size, "%s %d %zu %s %s%s %s %s", result_words[told->result], told->alert,
		told->n_bytes,
		told->is_http   ? "http"
		: told->is_mqtt ? "mqtt"
				: "-",
		told->has_credentials ? "credentials" : "-", told->asks_for_update ? ",update" : "",
		told->digest[0] ? told->digest : "-", told->name);
}

bool
rig_told_parse(struct rig_told *told, const char *note)
{
	char result[12], protocol[8], flags[32];

	*told = (struct rig_told){0};
	if (sscanf(note, "%11s %d %zu %7s %31s %16s %95s", result, &told->alert, &told->n_bytes,
		    protocol, flags, told->digest, told->name) != 7)
		return false;
	for (unsigned i = 0; i < RIG_RESULT_COUNT; i++)
		if (!strcmp(result, result_words[i]))
			told->result = (enum rig_result)i;
	told->is_http = !strcmp(protocol, "http");
	told->is_mqtt = !strcmp(protocol, "mqtt");
	told->has_credentials = strstr(flags, "credentials") != NULL;
	told->asks_for_update = strstr(flags, "update") != NULL;
	return told->result != RIG_RESULT_UNKNOWN;
}

void
rig_control_render(const struct rig_row *row, char *out, size_t size)
{
	snprintf(out, size, "packets %u/%u bytes %u/%u %s", row->packets_out, row->packets_in,
		row->bytes_out, row->bytes_in, row->is_assured ? "assured" : "begun");
}

bool
rig_control_is_good(const char *note)
{
	/* Less is no server, or one that ended it at once; a certificate alone has more. */
	enum { PACKETS_OUT_MIN = 4, PACKETS_IN_MIN = 3, BYTES_IN_MIN = 800, BYTES_OUT_MIN = 500 };
	unsigned packets_out, packets_in, bytes_out, bytes_in;
	char word[16];

	return sscanf(note, "packets %u/%u bytes %u/%u %15s", &packets_out, &packets_in, &bytes_out,
		       &bytes_in, word) == 5 &&
	       !strcmp(word, "assured") && packets_out >= PACKETS_OUT_MIN &&
	       packets_in >= PACKETS_IN_MIN && bytes_in >= BYTES_IN_MIN &&
	       bytes_out >= BYTES_OUT_MIN;
}
