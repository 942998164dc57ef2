/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/login.h"
#include "check/table.h"
#include "packet/reader.h"

/*
 * FTP (RFC 959): numbers decide, not words.  "anonymous" is asked for as the
 * request without a credential; what it lets in to is open to everybody.
 */

/* The code of the last whole reply, a reply's last line having a blank behind its code; 0: none. */
static unsigned
last_code(const struct exchange *e)
{
	struct reader r = reader_over(e->received, e->n_received);
	unsigned code = 0;

	while (reader_left(&r) >= 4) {
		struct bytes rest = reader_rest(&r);
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.at) + 1 : rest.len;
		if (len >= 4 && rest.at[0] >= '1' && rest.at[0] <= '5' && rest.at[1] >= '0' &&
			rest.at[1] <= '9' && rest.at[2] >= '0' && rest.at[2] <= '9' &&
			rest.at[3] == ' ')
			code = (unsigned)(rest.at[0] - '0') * 100 +
			       (unsigned)(rest.at[1] - '0') * 10 + (unsigned)(rest.at[2] - '0');
		reader_skip(&r, len);
	}
	return code;
}

/* The exchange ends with PWD, which only who is in is told. */
static enum login_result
ftp_result(const struct exchange *e)
{
	unsigned code = last_code(e);

	if (code == 421 || code == 426)
		return LOGIN_LOCKED;
	if (code == 257)
		return LOGIN_YES;
	if (code == 230)
		return LOGIN_YES;
	return code >= 400 ? LOGIN_NO : LOGIN_UNKNOWN;
}

static bool
has_reply(const uint8_t *bytes, size_t len, void *arg)
{
	size_t from = *(const size_t *)arg;

	if (len <= from || bytes[len - 1] != '\n')
		return false;
	/* The last line, and it is a reply's last. */
	size_t at = len - 1;
	while (at > from && bytes[at - 1] != '\n')
		at--;
	return len - at >= 4 && bytes[at] >= '1' && bytes[at] <= '5' && bytes[at + 3] == ' ';
}

static unsigned
command(struct talk *talk, const char *verb, const char *argument, uint32_t ms)
{
	char line[96];
	const uint8_t *bytes = NULL;
	size_t nothing = 0, from = talk_receive_until(talk, 0, has_reply, &nothing, &bytes);

	snprintf(line, sizeof line, "%s%s%s\r\n", verb, *argument ? " " : "", argument);
	if (*verb && !talk_send_text(talk, line))
		return 0;
	if (!*verb)
		from = 0;
	size_t len = talk_receive_until(talk, ms, has_reply, &from, &bytes);
	struct exchange e = {.received = bytes, .n_received = len};
	return len > from ? last_code(&e) : 0;
}

static void
ftp_try(struct session *session, const struct service_at *at, const struct credential *credential,
	const char *step, uint32_t round)
{
	uint32_t ms = session_pace(session) == PACE_LAB ? 6000 : 8000;
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);

	if (!talk)
		return;
	talk_note(talk, "user %s", credential ? credential->user : "anonymous");
	if (command(talk, "", "", ms) == 220) {
		unsigned code =
			command(talk, "USER", credential ? credential->user : "anonymous", ms);
		if (code == 331 || code == 332)
			code = command(talk, "PASS",
				credential ? credential->password : "a@b.example", ms);
		if (code == 230)
			command(talk, "PWD", "", ms);
		if (!talk_is_closed(talk))
			talk_send_text(talk, "QUIT\r\n");
	}
	talk_close(talk);
}

const struct login_kind ftp_login_kind = {
	.name = "FTP",
	.service = SERVICE_FTP,
	.try = ftp_try,
	.result = ftp_result,
	.is_clear_text = true,
};

void
ftp_login_probe(struct session *session)
{
	login_probe(session, &ftp_login_kind);
}

void
ftp_login_judge(const struct transcript *transcript, struct findings *findings)
{
	login_judge(transcript, findings, &ftp_login_kind);
}
