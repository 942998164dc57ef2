/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/tls.h"

enum {
	RECORD_HANDSHAKE = 22,
	HANDSHAKE_CLIENT_HELLO = 1,
	HANDSHAKE_SERVER_HELLO = 2,
	HANDSHAKE_CERTIFICATE = 11,

	EXTENSION_SERVER_NAME = 0,
	EXTENSION_GROUPS = 10,
	EXTENSION_FORMATS = 11,
	EXTENSION_SIGNATURES = 13,
	EXTENSION_ALPN = 16,
	EXTENSION_VERSIONS = 43,
	EXTENSION_ECH = 0xfe0d, /* encrypted_client_hello, in the IANA registry */
};

static bool
is_handshake(struct reader r, uint8_t message)
{
	uint8_t type = reader_u8(&r), major = reader_u8(&r);

	reader_skip(&r, 3); /* minor version, record length */
	return type == RECORD_HANDSHAKE && major == 3 && reader_u8(&r) == message && reader_ok(&r);
}

bool
tls_is_hello(struct reader r)
{
	return is_handshake(r, HANDSHAKE_CLIENT_HELLO);
}

bool
tls_is_server_hello(struct reader r)
{
	return is_handshake(r, HANDSHAKE_SERVER_HELLO);
}

bool
tls_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static uint8_t
take_list(struct reader r, uint16_t *out, uint8_t max)
{
	uint8_t count = 0;

	while (reader_left(&r) >= 2 && count < max)
		out[count++] = reader_u16(&r);
	return count;
}

/* RFC 6066, section 3: one name of type 0 is all that anybody sends. */
static void
take_server_name(struct tls_hello *hello, struct reader value)
{
	struct reader list = reader_slice(&value, reader_u16(&value));
	uint8_t type = reader_u8(&list);
	struct reader name = reader_slice(&list, reader_u16(&list));

	if (reader_ok(&list) && type == 0)
		hello->claimed_server_name = reader_rest(&name);
	else
		hello->is_odd = true;
}

/* RFC 7301, section 3.1. */
static void
take_alpn(struct tls_hello *hello, struct reader value)
{
	struct reader list = reader_slice(&value, reader_u16(&value));

	while (reader_left(&list) > 0 && hello->alpn_count < TLS_ALPN_MAX) {
		struct reader name = reader_slice(&list, reader_u8(&list));
		if (!reader_ok(&list))
			break;
		hello->alpn[hello->alpn_count++] = reader_rest(&name);
	}
	if (!reader_ok(&value) || !reader_ok(&list))
		hello->is_odd = true;
}

static void
take_extension(struct tls_hello *hello, uint16_t type, struct reader value)
{
	struct reader list;

	switch (type) {
	case EXTENSION_SERVER_NAME:
		take_server_name(hello, value);
		break;
	case EXTENSION_GROUPS:
		list = reader_slice(&value, reader_u16(&value));
		hello->group_count = take_list(list, hello->group, TLS_GROUPS_MAX);
		break;
	case EXTENSION_SIGNATURES:
		list = reader_slice(&value, reader_u16(&value));
		hello->signature_count = take_list(list, hello->signature, TLS_SIGNATURES_MAX);
		break;
	case EXTENSION_VERSIONS:
		list = reader_slice(&value, reader_u8(&value));
		hello->version_count = take_list(list, hello->supported_version, TLS_VERSIONS_MAX);
		break;
	case EXTENSION_FORMATS:
		list = reader_slice(&value, reader_u8(&value));
		while (reader_left(&list) > 0 && hello->format_count < TLS_FORMATS_MAX)
			hello->format[hello->format_count++] = reader_u8(&list);
		break;
	case EXTENSION_ALPN:
		take_alpn(hello, value);
		break;
	case EXTENSION_ECH:
		hello->has_ech = true;
		break;
	}
	if (!reader_ok(&value))
		hello->is_odd = true;
}

static bool
has_extension(const struct tls_hello *hello, uint16_t type)
{
	for (unsigned i = 0; i < hello->extension_count; i++)
		if (hello->extension[i] == type)
			return true;
	return false;
}

static void
parse_extensions(struct tls_hello *hello, struct reader r)
{
	while (reader_left(&r) > 0) {
		uint16_t type = reader_u16(&r), len = reader_u16(&r);
		struct reader value = reader_slice(&r, len);
		if (hello->extension_count == TLS_EXTENSIONS_MAX)
			return;
		if (!reader_ok(&r)) {
			hello->is_odd = !hello->is_cut;
			return;
		}
		/* RFC 8446, section 4.2: one of a type; the first is what servers see. */
		if (has_extension(hello, type))
			hello->is_odd = true;
		else
			take_extension(hello, type, value);
		hello->extension[hello->extension_count++] = type;
	}
}

/* The bytes of a hello that came; sets is_cut when it goes on elsewhere. */
static struct reader
take_hello(struct tls_hello *hello, struct reader *r)
{
	uint16_t record_len;
	uint32_t hello_len;
	struct reader record;

	reader_skip(r, 1);
	hello->record_version = reader_u16(r);
	record_len = reader_u16(r);
	if (record_len > reader_left(r)) {
		hello->is_cut = true;
		record_len = (uint16_t)reader_left(r);
	}
	record = reader_slice(r, record_len);
	reader_skip(&record, 1);
	hello_len = reader_u24(&record);
	if (hello_len > reader_left(&record)) {
		hello->is_cut = true;
		hello_len = (uint32_t)reader_left(&record);
	}
	return reader_slice(&record, hello_len);
}

/* A list that the segment ends in: take what came, when the hello goes on. */
static struct reader
take_part(const struct tls_hello *hello, struct reader *r, size_t len)
{
	if (hello->is_cut && reader_ok(r) && len > reader_left(r))
		len = reader_left(r);
	return reader_slice(r, len);
}

bool
tls_hello_parse(struct tls_hello *hello, struct reader r)
{
	memset(hello, 0, sizeof *hello);
	if (!tls_is_hello(r))
		return false;
	struct reader body = take_hello(hello, &r);
	hello->version = reader_u16(&body);
	reader_skip(&body, 32); /* random */
	hello->session_len = reader_u8(&body);
	reader_skip(&body, hello->session_len);
	uint16_t ciphers_len = reader_u16(&body);
	if (!reader_ok(&body) || hello->session_len > 32)
		return false;
	struct reader ciphers = take_part(hello, &body, ciphers_len);
	hello->cipher_count = take_list(ciphers, hello->cipher, TLS_CIPHERS_MAX);
	reader_skip(&body, reader_u8(&body)); /* compression methods */
	if (!reader_ok(&body)) {
		hello->is_odd = !hello->is_cut;
		return reader_ok(&ciphers);
	}
	if (reader_left(&body) == 0) /* no extensions, as before TLS 1.2 */
		return true;
	uint16_t extensions_len = reader_u16(&body);
	struct reader extensions = take_part(hello, &body, extensions_len);
	if (!reader_ok(&extensions)) {
		hello->is_odd = !hello->is_cut;
		return true;
	}
	parse_extensions(hello, extensions);
	return true;
}

/* --- the server's side ---------------------------------------------------------------------- */

const char *
tls_version_text(uint16_t version)
{
	switch (version) {
	case 0x0002:
		return "SSL 2";
	case 0x0300:
		return "SSL 3";
	case 0x0301:
		return "TLS 1.0";
	case 0x0302:
		return "TLS 1.1";
	case 0x0303:
		return "TLS 1.2";
	case 0x0304:
		return "TLS 1.3";
	default:
		return "an unknown version of TLS";
	}
}

/* At most what is there: the rest of a long message is in the next segment. */
static struct reader
take_what_came(struct reader *r, size_t len)
{
	size_t left = reader_left(r);

	return reader_slice(r, len < left ? len : left);
}

bool
tls_server_hello_parse(struct tls_server *server, struct reader body)
{
	/* RFC 8446, section 4.1.3: the random of a HelloRetryRequest. */
	static const uint8_t retry[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};
	uint16_t version = reader_u16(&body);
	const uint8_t *random = reader_bytes(&body, 32);

	reader_skip(&body, reader_u8(&body)); /* session */
	server->cipher = reader_u16(&body);
	reader_skip(&body, 1); /* compression */
	if (!reader_ok(&body))
		return false;
	server->version = version;
	server->is_retry = !memcmp(random, retry, sizeof retry);
	if (reader_left(&body) == 0)
		return true;
	struct reader extensions = reader_slice(&body, reader_u16(&body));
	while (reader_left(&extensions) > 0) {
		uint16_t type = reader_u16(&extensions), len = reader_u16(&extensions);
		struct reader value = reader_slice(&extensions, len);
		if (!reader_ok(&extensions))
			break;
		if (type == EXTENSION_VERSIONS && len == 2)
			server->version = reader_u16(&value);
	}
	server->is_odd = !reader_ok(&body) || !reader_ok(&extensions);
	return true;
}

/* RFC 5246, section 7.4.2: a list, the server's own first. */
static void
take_certificate(struct tls_server *server, struct reader body)
{
	struct reader certificate;

	reader_skip(&body, 3);
	uint32_t len = reader_u24(&body);
	if (!reader_ok(&body) || server->certificate.len)
		return;
	certificate = take_what_came(&body, len);
	server->certificate = reader_rest(&certificate);
}

/* The messages of one record; several may share it. */
static bool
take_messages(struct tls_server *server, struct reader record, bool *has_hello)
{
	while (reader_left(&record) >= 4) {
		uint8_t type = reader_u8(&record);
		uint32_t len = reader_u24(&record);
		struct reader body = take_what_came(&record, len);
		if (type == HANDSHAKE_SERVER_HELLO && !*has_hello) {
			*has_hello = tls_server_hello_parse(server, body);
			if (!*has_hello)
				return false;
		} else if (type == HANDSHAKE_CERTIFICATE && server->version < 0x0304) {
			take_certificate(server, body);
		}
	}
	return true;
}

bool
tls_server_parse(struct tls_server *server, struct reader r)
{
	bool has_hello = false;

	memset(server, 0, sizeof *server);
	if (!tls_is_server_hello(r))
		return false;
	while (reader_left(&r) >= 5 && reader_peek(&r) == RECORD_HANDSHAKE) {
		reader_skip(&r, 3);
		uint16_t len = reader_u16(&r);
		if (!take_messages(server, take_what_came(&r, len), &has_hello))
			return false;
	}
	return has_hello;
}
