/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check/http_text.h"
#include "check/login.h"
#include "check/table.h"

/*
 * RTSP (RFC 2326): DESCRIBE is what shows the picture's description, and asks
 * for a login on all but open cameras.  A path that does not exist says so only
 * behind the login, which is an answer as well.
 */
static enum login_result
rtsp_result(const struct exchange *e)
{
	struct http_reply reply;
	bool is_none = !strcmp(e->note, "none");

	/* Two answers may stand one behind the other: the challenge and what followed. */
	const uint8_t *at = e->received;
	size_t left = e->n_received;
	if (!http_reply_parse(&reply, at, left))
		return LOGIN_UNKNOWN;
	const uint8_t *second = memmem(at + 4, left - 4, "RTSP/1.", 7);
	if (second && !http_reply_parse(&reply, second, left - (size_t)(second - at)))
		return LOGIN_UNKNOWN;
	switch (reply.status) {
	case 200:
	case 404:
	case 454:
		return is_none ? LOGIN_NOT_ASKED : LOGIN_YES;
	case 401:
	case 403:
		return LOGIN_NO;
	case 429:
	case 453:
	case 503:
		return LOGIN_LOCKED;
	default:
		return LOGIN_UNKNOWN;
	}
}

static bool
describe(struct talk *talk, const char *uri, unsigned sequence, const char *authorization,
	struct http_reply *reply, uint32_t ms)
{
	char text[AUTHORIZATION_MAX + 320];
	const uint8_t *bytes;
	size_t from = sequence > 1 ? talk_receive(talk, 0, http_is_whole, NULL, &bytes) : 0;

	snprintf(text, sizeof text,
		"DESCRIBE %s RTSP/1.0\r\nCSeq: %u\r\nAccept: application/sdp\r\n%s\r\n", uri,
		sequence, authorization);
	if (!talk_send_text(talk, text))
		return false;
	size_t len = talk_receive(talk, ms, NULL, NULL, &bytes);
	if (len > from)
		len = talk_receive_more(talk, 150);
	return len > from && http_reply_parse(reply, bytes + from, len - from);
}

static void
rtsp_try(struct session *session, const struct service_at *at, const struct credential *credential,
	const char *step, uint32_t round)
{
	uint32_t ms = session_pace(session) == PACE_LAB ? 5000 : 8000;
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);
	char host[64], uri[96], challenge[512], authorization[AUTHORIZATION_MAX];
	struct http_reply reply;

	if (!talk)
		return;
	if (credential)
		talk_note(talk, "user %s", credential->user);
	else
		talk_note(talk, "none");
	http_host(&at->address, at->port, false, host);
	snprintf(uri, sizeof uri, "rtsp://%s/", host);
	if (describe(talk, uri, 1, "", &reply, ms) && credential && reply.status == 401 &&
		http_header(&reply, "WWW-Authenticate", challenge, sizeof challenge)) {
		http_authorization(authorization, challenge, "DESCRIBE", uri, credential->user,
			credential->password);
		describe(talk, uri, 2, authorization, &reply, ms);
	}
	talk_close(talk);
}

const struct login_kind rtsp_login_kind = {
	.name = "RTSP",
	.service = SERVICE_RTSP,
	.try = rtsp_try,
	.result = rtsp_result,
};

void
rtsp_login_probe(struct session *session)
{
	login_probe(session, &rtsp_login_kind);
}

void
rtsp_login_judge(const struct transcript *transcript, struct findings *findings)
{
	login_judge(transcript, findings, &rtsp_login_kind);
}
