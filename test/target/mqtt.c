/* SPDX-License-Identifier: Apache-2.0 */
/* A broker's first words: CONNECT, SUBSCRIBE with one message for whoever asks, PINGREQ (MQTT 3.1.1 and 5). */
#include "target.h"

#include <stdio.h>
#include <string.h>

struct packet {
	uint8_t type;
	size_t len;
	uint8_t body[2048];
};

static void
read_packet(struct conn *conn, struct packet *packet)
{
	uint8_t byte;
	unsigned shift = 0;

	conn_read(conn, &packet->type, 1);
	packet->len = 0;
	do {
		if (shift > 21)
			conn_end(conn);
		conn_read(conn, &byte, 1);
		packet->len |= (size_t)(byte & 127) << shift;
		shift += 7;
	} while (byte & 128);
	if (packet->len > sizeof packet->body)
		conn_end(conn);
	conn_read(conn, packet->body, packet->len);
}

/* A string with its length before it; empty when it is not there. Gives what stands behind. */
static size_t
take_text(const struct packet *packet, size_t at, char *text, size_t size)
{
	size_t len;

	text[0] = '\0';
	if (at + 2 > packet->len)
		return packet->len;
	len = (size_t)packet->body[at] << 8 | packet->body[at + 1];
	at += 2;
	if (at + len > packet->len)
		return packet->len;
	snprintf(text, size, "%.*s", (int)len, (const char *)packet->body + at);
	return at + len;
}

static bool
may_connect(struct conn *conn, const struct packet *packet, uint8_t *version)
{
	const struct variant *variant = conn_variant(conn);
	char name[16], client[64], skipped[256], user[64] = "", password[64] = "";
	size_t at = take_text(packet, 0, name, sizeof name);
	uint8_t flags;

	if ((packet->type >> 4) != 1 ||
		(strcmp(name, "MQTT") != 0 && strcmp(name, "MQIsdp") != 0) || at + 4 > packet->len)
		conn_end(conn);
	*version = packet->body[at];
	flags = packet->body[at + 1];
	at += 4;
	/* Properties of version 5: one byte of length is all that a short CONNECT has. */
	if (*version == 5)
		at += at < packet->len ? (size_t)packet->body[at] + 1 : 0;
	at = take_text(packet, at, client, sizeof client);
	if (flags & 4) {
		if (*version == 5)
			at += at < packet->len ? (size_t)packet->body[at] + 1 : 0;
		at = take_text(packet, at, skipped, sizeof skipped);
		at = take_text(packet, at, skipped, sizeof skipped);
	}
	if (flags & 128)
		at = take_text(packet, at, user, sizeof user);
	if (flags & 64)
		take_text(packet, at, password, sizeof password);
	if (variant_has(variant, "open"))
		return true;
	return (flags & 128) && conn_login(conn, user, password);
}

/* One retained message, as a home's broker has it. */
static void
publish(struct conn *conn, uint8_t version)
{
	static const char *const topics[] = {"home/door/state", "zigbee2mqtt/bulb",
		"cmnd/plug/POWER", "cam/1/motion", "stat/thermostat"};
	const char *topic = VARIANT_ONE_OF(conn_variant(conn), "topic", topics);
	uint8_t packet[64] = {0x31};
	size_t len = strlen(topic), at = 2;

	packet[at++] = 0;
	packet[at++] = (uint8_t)len;
	memcpy(packet + at, topic, len);
	at += len;
	if (version == 5)
		packet[at++] = 0;
	memcpy(packet + at, "on", 2);
	at += 2;
	packet[1] = (uint8_t)(at - 2);
	conn_write(conn, packet, at);
}

void
serve_mqtt(struct conn *conn)
{
	struct packet packet;
	uint8_t version;

	read_packet(conn, &packet);
	if (!may_connect(conn, &packet, &version)) {
		const uint8_t refused[] = {
			0x20, 2, 0, variant_pick(conn_variant(conn), "code", 2) ? 5 : 4};
		const uint8_t refused5[] = {0x20, 3, 0, 0x87, 0};

		if (version == 5)
			conn_write(conn, refused5, sizeof refused5);
		else
			conn_write(conn, refused, sizeof refused);
		conn_end(conn);
	}
	if (version == 5)
		conn_write(conn, (const uint8_t[]){0x20, 3, 0, 0, 0}, 5);
	else
		conn_write(conn, (const uint8_t[]){0x20, 2, 0, 0}, 4);
	for (;;) {
		read_packet(conn, &packet);
		switch (packet.type >> 4) {
		case 8: /* SUBSCRIBE; its packet identifier is said again */
			if (packet.len < 2)
				conn_end(conn);
			if (version == 5)
				conn_write(conn,
					(const uint8_t[]){
						0x90, 4, packet.body[0], packet.body[1], 0, 0},
					6);
			else
				conn_write(conn,
					(const uint8_t[]){
						0x90, 3, packet.body[0], packet.body[1], 0},
					5);
			publish(conn, version);
			break;
		case 12:
			conn_write(conn, (const uint8_t[]){0xd0, 0}, 2);
			break;
		case 14:
			conn_end(conn);
		default:
			break;
		}
	}
}
