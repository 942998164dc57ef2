/* SPDX-License-Identifier: Apache-2.0 */
#include "check/http_text.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/hex.h"
#include "base/printable.h"
#include "check/service.h"

/* --- answers ------------------------------------------------------------------------------------ */

bool
http_reply_parse(struct http_reply *reply, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_over(bytes, len);
	const uint8_t *name = reader_bytes(&r, 5);

	reader_skip(&r, 4); /* "1.1 " */
	const uint8_t *status = reader_bytes(&r, 3);
	if (!reader_ok(&r) || (memcmp(name, "HTTP/", 5) && memcmp(name, "RTSP/", 5)))
		return false;
	for (int i = 0; i < 3; i++)
		if (status[i] < '0' || status[i] > '9')
			return false;
	*reply = (struct http_reply){.status = (unsigned)(status[0] - '0') * 100 +
					       (unsigned)(status[1] - '0') * 10 +
					       (unsigned)(status[2] - '0')};
	if (reply->status < 100 || reply->status > 599)
		return false;
	struct bytes rest = reader_rest(&r);
	const uint8_t *line = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;
	if (!line)
		return false;
	line++;
	size_t left = (size_t)(rest.at + rest.len - line);
	for (size_t i = 0; i < left; i++) {
		bool is_end = (i == 0 || line[i - 1] == '\n') &&
			      (line[i] == '\n' ||
				      (line[i] == '\r' && i + 1 < left && line[i + 1] == '\n'));
		if (!is_end)
			continue;
		size_t end = i + (line[i] == '\r' ? 2 : 1);
		reply->head = (struct bytes){line, i};
		reply->body = (struct bytes){line + end, left - end};
		return true;
	}
	return false;
}

bool
http_header_nth(
	const struct http_reply *reply, const char *name, unsigned nth, char *out, size_t size)
{
	struct bytes head = reply->head;
	size_t name_len = strlen(name);

	while (head.len) {
		const uint8_t *end = memchr(head.at, '\n', head.len);
		size_t line = end ? (size_t)(end - head.at) + 1 : head.len;
		size_t len = line;
		while (len && (head.at[len - 1] == '\n' || head.at[len - 1] == '\r' ||
				      head.at[len - 1] == ' '))
			len--;
		if (len > name_len && head.at[name_len] == ':' &&
			!strncasecmp((const char *)head.at, name, name_len) && !nth--) {
			size_t at = name_len + 1;
			while (at < len && head.at[at] == ' ')
				at++;
			size_t n = len - at < size - 1 ? len - at : size - 1, k = 0;
			for (size_t i = 0; i < n; i++)
				if (head.at[at + i] >= ' ' && head.at[at + i] < 127)
					out[k++] = (char)head.at[at + i];
			out[k] = '\0';
			return true;
		}
		head.at += line;
		head.len -= line;
	}
	return false;
}

bool
http_header(const struct http_reply *reply, const char *name, char *out, size_t size)
{
	return http_header_nth(reply, name, 0, out, size);
}

static bool
is_chunked(const struct http_reply *reply)
{
	char value[64];
	return http_header(reply, "Transfer-Encoding", value, sizeof value) &&
	       !strncasecmp(value, "chunked", 7);
}

/* Undoes the chunks as far as they came; true when the last one did. */
static bool
unchunk(struct bytes body, char *out, size_t size, size_t *n)
{
	*n = 0;
	while (body.len) {
		size_t len = 0, digits = 0;
		const uint8_t *end = memchr(body.at, '\n', body.len);
		if (!end)
			return false;
		for (const uint8_t *at = body.at; at < end && digits < 6; at++, digits++) {
			int c = *at | 0x20;
			if (c >= '0' && c <= '9')
				len = len * 16 + (size_t)(c - '0');
			else if (c >= 'a' && c <= 'f')
				len = len * 16 + (size_t)(c - 'a') + 10;
			else
				break;
		}
		if (!digits)
			return false;
		if (!len)
			return true;
		body.len -= (size_t)(end + 1 - body.at);
		body.at = end + 1;
		size_t take = len < body.len ? len : body.len;
		size_t room = out && *n < size - 1 ? size - 1 - *n : 0;
		if (out)
			memcpy(out + *n, body.at, take < room ? take : room);
		*n += out ? (take < room ? take : room) : 0;
		body.at += take;
		body.len -= take;
		while (body.len && (*body.at == '\r' || *body.at == '\n')) {
			body.at++;
			body.len--;
		}
	}
	return false;
}

size_t
http_body(const struct http_reply *reply, char *out, size_t size)
{
	size_t n = 0;

	if (is_chunked(reply)) {
		unchunk(reply->body, out, size, &n);
	} else {
		n = reply->body.len < size - 1 ? reply->body.len : size - 1;
		if (n)
			memcpy(out, reply->body.at, n);
	}
	out[n] = '\0';
	return n;
}

bool
http_is_whole(const uint8_t *bytes, size_t len, void *arg)
{
	struct http_reply reply;
	char value[32];
	size_t n;

	if (!http_reply_parse(&reply, bytes, len))
		return false;
	if (is_chunked(&reply))
		return unchunk(reply.body, NULL, 0, &n);
	if (http_header(&reply, "Content-Length", value, sizeof value))
		return reply.body.len >= strtoul(value, NULL, 10);
	/* RTSP without a length has no body; HTTP goes on until it is closed. */
	return bytes[0] == 'R' || reply.status == 304 || reply.status == 204;
}

/* --- questions ------------------------------------------------------------------------------------- */

void
http_host(const struct ip *address, uint16_t port, bool is_tls, char out[static 64])
{
	char ip[IP_TEXT_MAX], number[8] = "";

	if (port != (is_tls ? 443 : 80))
		snprintf(number, sizeof number, ":%u", port);
	snprintf(out, 64, "%s%s%s%s", address->version == 6 ? "[" : "", ip_render(address, ip),
		address->version == 6 ? "]" : "", number);
}

bool
http_ask(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const char *note, const char *line, const char *headers, const char *body)
{
	auto_free char *text = must_alloc(1, 8192);
	char host[64], length[48] = "";
	struct talk *talk = at->is_tls ? talk_tls(session, &at->address, at->port, step, round)
				       : talk_tcp(session, &at->address, at->port, step, round);

	if (!talk)
		return false;
	talk_note(talk, "%s", note);
	http_host(&at->address, at->port, at->is_tls, host);
	if (body)
		snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
	snprintf(text, 8192,
		"%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: pinfold\r\nAccept: */*\r\n"
		"Connection: close\r\n%s%s\r\n%s",
		line, host, headers, length, body ? body : "");
	talk_send_text(talk, text);
	size_t n = talk_receive(
		talk, session_pace(session) == PACE_LAB ? 4000 : 8000, http_is_whole, NULL, NULL);
	talk_close(talk);
	return n > 0;
}

/* --- authorization --------------------------------------------------------------------------------- */

static void md5_hex(char hex[static 33], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void
md5_hex(char hex[static 33], const char *fmt, ...)
{
	uint8_t sum[EVP_MAX_MD_SIZE] = {0};
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	EVP_Digest(text, strlen(text), sum, NULL, EVP_md5(), NULL);
	hex_text(sum, 16, hex);
}

/* name="value" or name=value of the challenge; empty when it is not there. */
static void
member(const char *challenge, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	out[0] = '\0';
	for (const char *at = challenge; (at = strcasestr(at, name)); at += len) {
		if ((at != challenge && at[-1] != ' ' && at[-1] != ',') || at[len] != '=')
			continue;
		at += len + 1;
		size_t n = *at == '"' ? strcspn(++at, "\"") : strcspn(at, " ,");
		snprintf(out, size, "%.*s", (int)n, at);
		return;
	}
}

void
http_authorization(char out[static AUTHORIZATION_MAX], const char *challenge, const char *method,
	const char *uri, const char *user, const char *password)
{
	char realm[128], nonce[128], qop[32], opaque[128], ha1[33], ha2[33], response[33];

	out[0] = '\0';
	if (!strncasecmp(challenge, "Basic", 5)) {
		char pair[128];
		uint8_t encoded[192];
		snprintf(pair, sizeof pair, "%s:%s", user, password);
		EVP_EncodeBlock(encoded, (const uint8_t *)pair, (int)strlen(pair));
		snprintf(out, AUTHORIZATION_MAX, "Authorization: Basic %s\r\n", (char *)encoded);
		return;
	}
	if (strncasecmp(challenge, "Digest", 6) != 0)
		return;
	member(challenge, "realm", realm, sizeof realm);
	member(challenge, "nonce", nonce, sizeof nonce);
	member(challenge, "qop", qop, sizeof qop);
	member(challenge, "opaque", opaque, sizeof opaque);
	md5_hex(ha1, "%s:%s:%s", user, realm, password);
	md5_hex(ha2, "%s:%s", method, uri);
	if (strcasestr(qop, "auth"))
		md5_hex(response, "%s:%s:00000001:70696e66:auth:%s", ha1, nonce, ha2);
	else
		md5_hex(response, "%s:%s:%s", ha1, nonce, ha2);
	snprintf(out, AUTHORIZATION_MAX,
		"Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
		"response=\"%s\"%s%s%s%s\r\n",
		user, realm, nonce, uri, response,
		strcasestr(qop, "auth") ? ", qop=auth, nc=00000001, cnonce=\"70696e66\"" : "",
		*opaque ? ", opaque=\"" : "", opaque, *opaque ? "\"" : "");
}
