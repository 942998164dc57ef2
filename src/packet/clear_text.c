/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/clear_text.h"

#include "packet/line.h"

enum { TELNET_IAC = 255, TELNET_WILL = 251, TELNET_DONT = 254, TELNET_OPTION_MAX = 49 };

static bool
ends_with(struct bytes line, const char *end)
{
	size_t len = strlen(end);

	return line.len >= len && !memcmp(line.at + line.len - len, end, len);
}

static bool
begins_with(struct bytes line, const char *start)
{
	size_t len = strlen(start);

	return line.len >= len && !memcmp(line.at, start, len);
}

/* A request ends in the protocol, an answer begins with it. */
static bool
kind_of(struct bytes line, struct clear_text *out)
{
	static const struct {
		const char *version;
		uint8_t kind;
	} versions[] = {{"RTSP/1.0", CLEAR_RTSP}, {"RTSP/2.0", CLEAR_RTSP}, {"SIP/2.0", CLEAR_SIP}};

	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		bool is_request = ends_with(line, versions[i].version);
		out->kind = versions[i].kind;
		out->is_answer = begins_with(line, versions[i].version);
		if (!out->is_answer && !is_request)
			continue;
		if (!line_word(&line, &out->method))
			return false;
		if (out->is_answer) /* its number stands behind the protocol */
			out->method = (struct bytes){.at = line.at, .len = line.len < 3 ? 0 : 3};
		return out->method.len > 0 && out->method.len < 20;
	}
	out->kind = CLEAR_FTP;
	out->is_answer = false;
	if (!line_word(&line, &out->method) || !line.len)
		return false;
	out->is_anonymous = bytes_are_nocase(out->method, "USER") &&
			    (bytes_are_nocase(line, "anonymous") || bytes_are_nocase(line, "ftp"));
	return (bytes_are_nocase(out->method, "USER") || bytes_are_nocase(out->method, "PASS"));
}

bool
clear_is_text(struct reader r)
{
	struct clear_text text = {0};
	struct reader letters = r;
	struct bytes line;

	/* Most segments are none: letters are asked for before a line is looked for. */
	for (int i = 0; i < 3; i++) {
		uint8_t c = reader_u8(&letters) | 0x20;
		if (c < 'a' || c > 'z')
			return false;
	}
	return line_next(&r, &line) && line.len < 1024 && kind_of(line, &text);
}

bool
clear_is_telnet(struct reader r)
{
	for (int i = 0; i < 2; i++) {
		uint8_t iac = reader_u8(&r), verb = reader_u8(&r), option = reader_u8(&r);
		if (!reader_ok(&r) || iac != TELNET_IAC || verb < TELNET_WILL ||
			verb > TELNET_DONT || option > TELNET_OPTION_MAX)
			return false;
	}
	return true;
}

static void
take_headers(struct clear_text *out, struct reader r)
{
	struct bytes line, name, value;

	for (int i = 0; i < HEADER_LINES_MAX && line_next(&r, &line) && line.len; i++) {
		if (!line_header(line, &name, &value) ||
			(!bytes_are_nocase(name, "Authorization") &&
				!bytes_are_nocase(name, "Proxy-Authorization")))
			continue;
		out->has_credentials = true;
		if (!line_word(&value, &out->scheme))
			out->scheme = (struct bytes){0};
		return;
	}
}

bool
clear_text_parse(struct clear_text *out, struct reader r)
{
	struct bytes line;

	memset(out, 0, sizeof *out);
	if (clear_is_telnet(r)) {
		out->kind = CLEAR_TELNET;
		return true;
	}
	if (!line_next(&r, &line) || line.len >= 1024 || !kind_of(line, out))
		return false;
	if (out->kind == CLEAR_FTP)
		out->has_credentials = bytes_are_nocase(out->method, "PASS");
	else if (!out->is_answer)
		take_headers(out, r);
	return true;
}

const char *
clear_kind_text(uint8_t kind)
{
	static const char *const text[] = {"FTP", "RTSP", "SIP", "telnet"};

	return kind < sizeof text / sizeof text[0] ? text[kind] : "clear text";
}
