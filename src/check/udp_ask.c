/* SPDX-License-Identifier: Apache-2.0 */
#include "check/udp_ask.h"

#include <assert.h>
#include <string.h>

#include "base/printable.h"

struct bytes
udp_ask(struct session *session, const struct ip *address, uint16_t port, const char *step,
	uint32_t round, const char *note, const void *question, size_t len)
{
	uint32_t ms = session_pace(session) == PACE_LAB ? 700 : 1500;
	struct talk *talk = talk_udp(session, address, port, step, round);
	struct bytes answer = {0};

	if (!talk)
		return answer;
	talk_note(talk, "%s", note);
	for (int tries = 0; tries < 2 && !answer.len && !talk_is_closed(talk); tries++)
		if (talk_send(talk, question, len))
			answer.len = talk_receive(talk, ms, NULL, NULL, NULL);
	talk_close(talk);
	const struct exchange *e = transcript_last(session);
	return e ? (struct bytes){e->received, e->n_received} : (struct bytes){0};
}

/* --- SNMP ----------------------------------------------------------------------------------------- */

size_t
snmp_render(uint8_t out[static SNMP_QUESTION_MAX], const char *community)
{
	static const uint8_t request[] = {0xa0, 28, 2, 4, 0x50, 0x46, 0x50, 0x46, 2, 1, 0, 2, 1, 0,
		0x30, 14, 0x30, 12, 6, 8, 0x2b, 6, 1, 2, 1, 1, 1, 0, 5, 0};
	size_t len = strlen(community), n = 0;

	assert(len < 64);
	out[n++] = 0x30;
	out[n++] = (uint8_t)(3 + 2 + len + sizeof request);
	out[n++] = 2; /* version: 2c */
	out[n++] = 1;
	out[n++] = 1;
	out[n++] = 4;
	out[n++] = (uint8_t)len;
	memcpy(out + n, community, len);
	memcpy(out + n + len, request, sizeof request);
	return n + len + sizeof request;
}

/* One value of BER: its tag and content; a length over two bytes is refused. */
static uint8_t
ber(struct reader *r, struct reader *content)
{
	uint8_t tag = reader_u8(r);
	size_t len = reader_u8(r);

	if (len == 0x81)
		len = reader_u8(r);
	else if (len == 0x82)
		len = reader_u16(r);
	else if (len > 0x7f)
		reader_skip(r, SIZE_MAX);
	*content = reader_slice(r, len);
	return reader_ok(r) ? tag : 0;
}

bool
snmp_text(struct bytes bytes, char *out, size_t size)
{
	struct reader all = reader_over(bytes.at, bytes.len), message, part, response, list, row;

	if (ber(&all, &message) != 0x30 || ber(&message, &part) != 2 || ber(&message, &part) != 4 ||
		ber(&message, &response) != 0xa2 || ber(&response, &part) != 2)
		return false;
	if (ber(&response, &part) != 2 || reader_u8(&part) != 0) /* error status */
		return false;
	if (ber(&response, &part) != 2 || ber(&response, &list) != 0x30 ||
		ber(&list, &row) != 0x30 || ber(&row, &part) != 6)
		return false;
	if (ber(&row, &part) != 4)
		return false;
	struct bytes text = reader_rest(&part);
	printable(out, size, text.at ? text.at : (const uint8_t *)"", text.len);
	return true;
}

/* --- CoAP ------------------------------------------------------------------------------------------- */

size_t
coap_render(uint8_t out[static COAP_QUESTION_MAX], uint16_t number, const char *path)
{
	unsigned delta = 11; /* Uri-Path */
	size_t n = 0;

	out[n++] = 0x42; /* version 1, confirmable, token of two bytes */
	out[n++] = 1;    /* GET */
	out[n++] = (uint8_t)(number >> 8);
	out[n++] = (uint8_t)number;
	out[n++] = 'p';
	out[n++] = 'f';
	while (*path) {
		size_t len = strcspn(path, "/");
		if (n + len + 3 > COAP_QUESTION_MAX || len > 255)
			break;
		if (len > 12) {
			out[n++] = (uint8_t)(delta << 4 | 13);
			out[n++] = (uint8_t)(len - 13);
		} else {
			out[n++] = (uint8_t)(delta << 4 | len);
		}
		memcpy(out + n, path, len);
		n += len;
		delta = 0;
		path += len + (path[len] == '/');
	}
	return n;
}

uint8_t
coap_answer(struct bytes bytes, uint16_t number, struct bytes *payload)
{
	struct reader r = reader_over(bytes.at, bytes.len);
	uint8_t first = reader_u8(&r), code = reader_u8(&r);
	uint16_t id = reader_u16(&r);
	const uint8_t *token = reader_bytes(&r, first & 15);

	*payload = (struct bytes){0};
	if (!reader_ok(&r) || first >> 6 != 1 || (first & 15) != 2 || memcmp(token, "pf", 2))
		return 0;
	if ((first >> 4 & 3) == 2 && id != number)
		return 0;
	while (reader_ok(&r) && reader_left(&r)) {
		uint8_t option = reader_u8(&r);
		if (option == 0xff) {
			*payload = reader_rest(&r);
			break;
		}
		size_t len = option & 15;
		if (option >> 4 == 13)
			reader_skip(&r, 1);
		else if (option >> 4 == 14)
			reader_skip(&r, 2);
		if (len == 13)
			len = 13u + reader_u8(&r);
		else if (len == 14)
			len = 269u + reader_u16(&r);
		reader_skip(&r, len);
	}
	return reader_ok(&r) ? code : 0;
}
