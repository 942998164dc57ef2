/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_HTTP_TEXT_H
#define PINFOLD_CHECK_HTTP_TEXT_H

#include "check/session.h"
#include "packet/reader.h"

/* The text of HTTP and RTSP: what a device answered, taken apart; and questions.  Pure but for http_ask(). */
struct http_reply {
	unsigned status;   /* 100..599 */
	struct bytes head; /* header lines, without the first */
	struct bytes body; /* as it came; chunked is undone by http_body() */
};

/* False when it is no answer of HTTP/1.x or RTSP/1.x, or its head has no end. */
bool http_reply_parse(struct http_reply *, const uint8_t *, size_t);
/* The value of a header, printable and cut; false when it is not there. */
bool http_header(const struct http_reply *, const char *name, char *out, size_t size);
/* The n-th of several, from 0. */
bool http_header_nth(
	const struct http_reply *, const char *name, unsigned n, char *out, size_t size);
/* Body without chunks, as text with a NUL behind it; the length. */
size_t http_body(const struct http_reply *, char *out, size_t size);
/* True when a whole answer is there (for talk_receive()). */
bool http_is_whole(const uint8_t *, size_t, void *);

/* "192.168.1.2:8080", "[fd77::2]" (for the usual ports without number). */
void http_host(const struct ip *, uint16_t port, bool is_tls, char out[static 64]);

/*
 * One question over one connection, one exchange: the request's first line
 * without the version ("GET /x"), header lines with their ends, body.  The
 * exchange is written; false when nothing came.
 */
struct service_at;
bool http_ask(struct session *, const struct service_at *, const char *step, uint32_t round,
	const char *note, const char *line, const char *headers, const char *body);

/* Basic (RFC 7617) or Digest (RFC 7616) for a challenge of WWW-Authenticate; "" where it is neither. */
enum { AUTHORIZATION_MAX = 1024 };
void http_authorization(char out[static AUTHORIZATION_MAX], const char *challenge,
	const char *method, const char *uri, const char *user, const char *password);

#endif
