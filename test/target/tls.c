/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of good and bad posture; the certificate is made at start, and nobody else has it. */
#include "target.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static EVP_PKEY *
make_key(const struct variant *variant)
{
	if (variant_has(variant, "small-key"))
		return EVP_RSA_gen(1024);
	/* Ciphers without forward secrecy need RSA. */
	if (variant_has(variant, "weak-cipher") || variant_pick(variant, "rsa", 2))
		return EVP_RSA_gen(2048);
	return EVP_EC_gen("P-256");
}

static X509 *
make_certificate(const struct variant *variant, EVP_PKEY *key)
{
	static const char *const names[] = {
		"camera", "192.168.1.1", "localhost", "device.example", "IOT", "*"};
	const char *name = VARIANT_ONE_OF(variant, "common name", names);
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_NAME_new();
	bool is_made;

	is_made = certificate && subject && X509_set_version(certificate, 2) &&
		  ASN1_INTEGER_set(X509_get_serialNumber(certificate),
			  1 + (long)variant_pick(variant, "serial", 99999)) &&
		  X509_gmtime_adj(X509_getm_notBefore(certificate), -400L * 86400) &&
		  X509_gmtime_adj(X509_getm_notAfter(certificate),
			  variant_has(variant, "expired") ? -30L * 86400 : 400L * 86400) &&
		  X509_NAME_add_entry_by_txt(
			  subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0) &&
		  X509_set_subject_name(certificate, subject) &&
		  X509_set_issuer_name(certificate, subject) && X509_set_pubkey(certificate, key) &&
		  X509_sign(certificate, key, EVP_sha256()) > 0;
	X509_NAME_free(subject);
	if (is_made)
		return certificate;
	X509_free(certificate);
	return NULL;
}

SSL_CTX *
target_tls(const struct variant *variant)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = make_key(variant);
	X509 *certificate = key ? make_certificate(variant, key) : NULL;
	const char *ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
	int oldest = variant_pick(variant, "newest alone", 4) ? TLS1_2_VERSION : TLS1_3_VERSION,
	    newest = 0;
	bool is_made;

	if (variant_has(variant, "old-tls")) {
		oldest = variant_pick(variant, "oldest", 2) ? TLS1_VERSION : TLS1_1_VERSION;
		newest = variant_pick(variant, "newest", 3) ? 0 : TLS1_1_VERSION;
		ciphers = "ALL:@SECLEVEL=0";
	} else if (variant_has(variant, "weak-cipher")) {
		oldest = newest = TLS1_2_VERSION;
		ciphers = variant_pick(variant, "alone", 2)
				  ? "NULL-SHA256:@SECLEVEL=0"
				  : "NULL-SHA256:AES128-GCM-SHA256:@SECLEVEL=0";
	} else if (variant_has(variant, "small-key")) {
		ciphers = "ECDHE+AESGCM:@SECLEVEL=0";
	}
	is_made = context && certificate && SSL_CTX_set_cipher_list(context, ciphers) &&
		  SSL_CTX_use_certificate(context, certificate) &&
		  SSL_CTX_use_PrivateKey(context, key) &&
		  SSL_CTX_set_min_proto_version(context, oldest) &&
		  SSL_CTX_set_max_proto_version(context, newest);
	X509_free(certificate);
	EVP_PKEY_free(key);
	if (is_made)
		return context;
	ERR_print_errors_fp(stderr);
	SSL_CTX_free(context);
	return NULL;
}

void
serve_tls(struct conn *conn)
{
	char line[1024];

	do
		conn_line(conn, line, sizeof line);
	while (*line);
	conn_say(conn, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\n");
}
