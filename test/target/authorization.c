/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP Basic (RFC 7617) and Digest (RFC 7616, with MD5 as devices have it), server side. */
#include "target.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void md5_hex(char hex[static 33], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
md5_hex(char hex[static 33], const char *format, ...)
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	char text[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	hex[0] = '\0';
	if (len < 0 || (size_t)len >= sizeof text ||
		EVP_Digest(text, (size_t)len, sum, NULL, EVP_md5(), NULL) != 1)
		return;
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

static const char *const realms[] = {"IP Camera", "DVR", "Web Server", "HiCam-3", "DSL Router",
	"index.htm", "Bitte anmelden", "Embedded-Device", "iPolis",
	"TP-LINK Wireless N Router WR740N"};

/* The same for all connections of this target: a nonce that cannot be guessed is another test. */
static void
nonce_of(const struct variant *variant, char nonce[static 33])
{
	md5_hex(nonce, "nonce of %llu", (unsigned long long)variant->seed);
}

void
authorization_challenge(const struct variant *variant, bool is_digest, char *text, size_t size)
{
	const char *realm = VARIANT_ONE_OF(variant, "realm", realms);
	char nonce[33];

	nonce_of(variant, nonce);
	if (!is_digest)
		snprintf(text, size, "Basic realm=\"%s\"", realm);
	else if (variant_pick(variant, "qop", 2))
		snprintf(text, size,
			"Digest realm=\"%s\", qop=\"auth\", nonce=\"%s\", opaque=\"5ccc\", "
			"algorithm=MD5",
			realm, nonce);
	else
		snprintf(text, size, "Digest realm=\"%s\", nonce=\"%s\"", realm, nonce);
}

/* name="value" or name=value of a list; false when it is not there. */
static bool
member(const char *list, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strcasestr(at, name)); at += len) {
		if ((at != list && !strchr(" ,", at[-1])) || at[len] != '=')
			continue;
		at += len + 1;
		len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, " ,");
		if (len >= size)
			return false;
		memcpy(value, at, len);
		value[len] = '\0';
		return true;
	}
	return false;
}

static bool
basic_is_right(struct conn *conn, const char *encoded)
{
	uint8_t pair[256];
	char *colon;
	size_t len = strcspn(encoded, " \r\n");
	int n;

	if (len == 0 || len % 4 || len > 256)
		return false;
	n = EVP_DecodeBlock(pair, (const uint8_t *)encoded, (int)len);
	if (n <= 0)
		return false;
	/* OpenSSL counts the padding as zero bytes. */
	pair[n < 256 ? n : 255] = '\0';
	colon = strchr((char *)pair, ':');
	if (!colon)
		return false;
	*colon = '\0';
	return conn_login(conn, (char *)pair, colon + 1);
}

static bool
digest_is_right(struct conn *conn, const char *method, const char *header)
{
	const struct variant *variant = conn_variant(conn);
	char user[64], uri[256], response[64], nonce[64], wanted_nonce[33], nc[16], cnonce[64];
	char ha1[33], ha2[33], wanted[33];
	bool is_right;

	nonce_of(variant, wanted_nonce);
	if (!member(header, "username", user, sizeof user) ||
		!member(header, "uri", uri, sizeof uri) ||
		!member(header, "response", response, sizeof response) ||
		!member(header, "nonce", nonce, sizeof nonce) || strcmp(nonce, wanted_nonce) != 0)
		return false;
	md5_hex(ha1, "%s:%s:%s", user, VARIANT_ONE_OF(variant, "realm", realms), variant->password);
	md5_hex(ha2, "%s:%s", method, uri);
	if (member(header, "nc", nc, sizeof nc) && member(header, "cnonce", cnonce, sizeof cnonce))
		md5_hex(wanted, "%s:%s:%s:%s:auth:%s", ha1, nonce, nc, cnonce, ha2);
	else
		md5_hex(wanted, "%s:%s:%s", ha1, nonce, ha2);
	is_right = !strcmp(wanted, response);
	/* The manner decides: a lock-out counts it, who says yes to all says yes. */
	return conn_login(conn, user, is_right ? variant->password : "");
}

bool
authorization_is_right(struct conn *conn, const char *method, const char *header)
{
	if (!strncasecmp(header, "Basic ", 6))
		return basic_is_right(conn, header + 6);
	if (!strncasecmp(header, "Digest ", 7))
		return digest_is_right(conn, method, header + 7);
	return false;
}
