/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/http.h"
#include "packet/line.h"

enum { METHOD_MAX = 20, REQUEST_LINE_MAX = 8192 };

/* RFC 9110 section 9.1: a token, in practice capitals and a hyphen. */
static bool
is_method_byte(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || c == '-';
}

bool
http_is_request(struct reader r)
{
	struct reader start = r;
	uint8_t byte = reader_u8(&r);
	unsigned len = 0;

	for (; len <= METHOD_MAX && is_method_byte(byte); len++)
		byte = reader_u8(&r);
	if (byte != ' ' || len < 3 || len > METHOD_MAX)
		return false;
	/* Origin, absolute and asterisk form; only CONNECT has another one. */
	int next = reader_peek(&r);
	struct bytes method = {.at = reader_bytes(&start, len), .len = len};
	return next == '/' || next == 'h' || next == '*' || bytes_are(method, "CONNECT");
}

static bool
parse_request_line(struct http *http, struct bytes line)
{
	if (!line_word(&line, &http->method) || !line_word(&line, &http->target))
		return false;
	if (line.len != 8 || memcmp(line.at, "HTTP/1.", 7))
		return false;
	http->minor = (uint8_t)(line.at[7] - '0');
	return http->minor <= 9;
}

static void
take_credentials(struct http *http, struct bytes value)
{
	struct bytes word;

	http->has_credentials = true;
	if (line_word(&value, &word))
		http->scheme = word;
}

static void
take_header(struct http *http, struct bytes name, struct bytes value)
{
	if (bytes_are_nocase(name, "Host")) {
		/* Two hosts: proxies and servers disagree which counts (RFC 9112, 3.2). */
		if (http->claimed_host.at)
			http->is_odd = true;
		else
			http->claimed_host = value;
	} else if (bytes_are_nocase(name, "User-Agent")) {
		http->claimed_user_agent = value;
	} else if (bytes_are_nocase(name, "Content-Type")) {
		http->content_type = value;
	} else if (bytes_are_nocase(name, "Authorization")) {
		take_credentials(http, value);
	}
}

bool
http_parse(struct http *http, struct reader r)
{
	struct bytes line, name, value;

	memset(http, 0, sizeof *http);
	if (!http_is_request(r))
		return false;
	http->is_cut = true;
	if (!line_next(&r, &line))
		return reader_left(&r) <= REQUEST_LINE_MAX;
	if (!parse_request_line(http, line))
		return false;
	for (unsigned lines = 0; line_next(&r, &line); lines++) {
		if (line.len == 0) {
			http->is_cut = false;
			return true;
		}
		if (lines == HEADER_LINES_MAX) {
			http->is_odd = true;
			return true;
		}
		if (line_header(line, &name, &value))
			take_header(http, name, value);
		else
			http->is_odd = true;
	}
	return true;
}
