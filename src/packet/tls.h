/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_TLS_H
#define PINFOLD_PACKET_TLS_H

#include "packet/reader.h"

enum {
	TLS_CIPHERS_MAX = 128,
	TLS_EXTENSIONS_MAX = 48,
	TLS_GROUPS_MAX = 32,
	TLS_FORMATS_MAX = 8,
	TLS_SIGNATURES_MAX = 40,
	TLS_VERSIONS_MAX = 16,
	TLS_ALPN_MAX = 8,
};

/*
 * What a ClientHello offers (RFC 8446 section 4.1.2, RFC 5246), in the order of
 * the wire and with GREASE (RFC 8701) left in: raw material for a fingerprint.
 * Lists are cut at their bounds: a count is of those kept.
 */
struct tls_hello {
	uint16_t record_version, version;
	bool is_cut;  /* the hello goes on in another segment or record; what came is here */
	bool is_odd;  /* lengths contradict each other; what came before is here */
	bool has_ech; /* encrypted client hello: the server name is a cover */
	uint8_t session_len;
	struct bytes claimed_server_name; /* SNI, borrowed raw bytes */
	uint8_t cipher_count, extension_count, group_count, format_count, signature_count,
		version_count, alpn_count;
	uint16_t cipher[TLS_CIPHERS_MAX];
	uint16_t extension[TLS_EXTENSIONS_MAX];
	uint16_t group[TLS_GROUPS_MAX];
	uint16_t signature[TLS_SIGNATURES_MAX];
	uint16_t supported_version[TLS_VERSIONS_MAX];
	uint8_t format[TLS_FORMATS_MAX];
	struct bytes alpn[TLS_ALPN_MAX]; /* borrowed raw bytes */
};

/* True for the first bytes of a record with a ClientHello, on whatever port. */
bool tls_is_hello(struct reader);

bool tls_hello_parse(struct tls_hello *, struct reader);

bool tls_is_grease(uint16_t);

/*
 * What a server chose (ServerHello, RFC 8446 section 4.1.3 and RFC 5246), and up
 * to TLS 1.2 the certificate that it showed; from 1.3 on that is encrypted.
 */
struct tls_server {
	uint16_t version; /* negotiated, by the extension where there is one */
	uint16_t cipher;
	bool is_odd;              /* lengths contradict each other; what came before is here */
	bool is_retry;            /* HelloRetryRequest: the real one follows */
	struct bytes certificate; /* of the server itself, DER, as far as it came; empty: none */
};

/* True for the first bytes of a record with a ServerHello, on whatever port. */
bool tls_is_server_hello(struct reader);

bool tls_server_parse(struct tls_server *, struct reader);

/* The body of a ServerHello alone, where somebody put the records together; false: it is none. */
bool tls_server_hello_parse(struct tls_server *, struct reader body);

/* "TLS 1.2"; never NULL. */
const char *tls_version_text(uint16_t version);

#endif
