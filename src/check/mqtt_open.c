/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check/service.h"
#include "check/table.h"
#include "packet/reader.h"

/*
 * A broker (MQTT 3.1.1) that takes a client without a name and lets it listen.
 * Steps: "connect" rounds 1 and 2 (CONNECT, SUBSCRIBE to all, some moments), "wrong"
 * (a user that cannot exist: told apart from open only by the refusal), "control"
 * (a CONNECT of a protocol that does not exist, which no broker may accept).
 */
enum { CONNACK = 0x20, SUBACK = 0x90, PUBLISH = 0x30, ACCEPTED = 0 };

static const uint8_t connect_open[] = {0x10, 20, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 10, 0, 8, 'p',
	'i', 'n', 'f', 'o', 'l', 'd', '1'};
static const uint8_t connect_odd[] = {0x10, 20, 0, 4, 'M', 'Q', 'X', 'X', 99, 2, 0, 10, 0, 8, 'p',
	'i', 'n', 'f', 'o', 'l', 'd', '2'};
static const uint8_t subscribe_all[] = {0x82, 6, 0, 1, 0, 1, '#', 0};
static const uint8_t disconnect[] = {0xe0, 0};

struct heard {
	bool is_accepted, is_refused, is_subscribed, has_message;
};

static struct heard
heard_from(const struct exchange *e)
{
	struct reader r = reader_over(e->received, e->n_received);
	struct heard heard = {0};

	while (reader_left(&r) >= 2) {
		uint8_t type = reader_u8(&r), byte = 0;
		size_t len = 0;
		for (unsigned shift = 0; shift <= 21; shift += 7) {
			byte = reader_u8(&r);
			len |= (size_t)(byte & 127) << shift;
			if (byte < 128)
				break;
		}
		struct reader body = reader_slice(&r, len);
		if (!reader_ok(&r))
			break;
		reader_skip(&body, 1);
		if ((type & 0xf0) == CONNACK) {
			heard.is_accepted = reader_u8(&body) == ACCEPTED && reader_ok(&body);
			heard.is_refused = !heard.is_accepted;
		} else if ((type & 0xf0) == SUBACK) {
			reader_skip(&body, 1);
			heard.is_subscribed = reader_u8(&body) < 3 && reader_ok(&body);
		} else if ((type & 0xf0) == PUBLISH) {
			heard.has_message = true;
		}
	}
	return heard;
}

static void
ask(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const uint8_t *hello, size_t len)
{
	uint32_t ms = session_pace(session) == PACE_LAB ? 3000 : 5000;
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);
	const uint8_t *bytes;

	if (!talk)
		return;
	talk_send(talk, hello, len);
	size_t n = talk_receive(talk, ms, NULL, NULL, &bytes);
	struct exchange so_far = {.received = bytes, .n_received = n};
	if (heard_from(&so_far).is_accepted) {
		talk_send(talk, subscribe_all, sizeof subscribe_all);
		talk_receive(talk, ms, NULL, NULL, NULL);
		talk_receive_more(talk, 700);
		talk_send(talk, disconnect, sizeof disconnect);
	}
	talk_close(talk);
}

void
mqtt_open_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_that_are(session_transcript(session), SERVICE_MQTT, at);

	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		ask(session, &at[i], "connect", 1, connect_open, sizeof connect_open);
		const struct exchange *e = transcript_last(session);
		if (!e || !heard_from(e).is_accepted)
			continue;
		ask(session, &at[i], "control", 1, connect_odd, sizeof connect_odd);
		ask(session, &at[i], "connect", 2, connect_open, sizeof connect_open);
	}
}

void
mqtt_open_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e;
	size_t from = 0, n = 0;

	while ((e = transcript_next(transcript, &from, findings->check, "connect"))) {
		if (e->round != 1)
			continue;
		n++;
		struct heard heard = heard_from(e);
		const struct exchange *again = transcript_beside(transcript, e, "connect", 2, NULL);
		const struct exchange *control =
			transcript_beside(transcript, e, "control", 1, NULL);
		if (heard.is_accepted && heard.is_subscribed)
			findings_fail(findings, "5.5-4", e,
				again && heard_from(again).is_subscribed ? again : NULL,
				control && !heard_from(control).is_accepted ? control : NULL,
				"MQTT at port %u lets anybody listen to all messages without a "
				"login%s",
				e->port, heard.has_message ? ", and messages came" : "");
		else if (heard.is_accepted)
			findings_inc(findings, "5.5-4", INC_NOT_SEEN, e,
				"MQTT at port %u takes a client without a login, but lets it "
				"subscribe to nothing",
				e->port);
		else if (heard.is_refused)
			findings_add(findings, "5.5-4", VERDICT_NFF, e,
				"MQTT at port %u refuses who has no login", e->port);
		else
			findings_inc(findings, "5.5-4", INC_TOOL_ERROR, e,
				"MQTT at port %u answered nothing that is MQTT", e->port);
	}
	if (!n)
		service_absent(transcript, findings, "5.5-4", "MQTT");
}
