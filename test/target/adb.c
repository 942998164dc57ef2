/* SPDX-License-Identifier: Apache-2.0 */
/* Android's debug bridge as its first messages go: a good one asks for a key, a bad one says who it is. */
#include "target.h"

#include <stdio.h>
#include <string.h>

static void
put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t
get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void
message(struct conn *conn, const char command[static 4], uint32_t a, uint32_t b, const void *text,
	size_t len)
{
	uint8_t packet[512];
	uint32_t sum = 0;

	memcpy(packet, command, 4);
	memcpy(packet + 24, text, len);
	for (size_t i = 0; i < len; i++)
		sum += packet[24 + i];
	put32(packet + 4, a);
	put32(packet + 8, b);
	put32(packet + 12, (uint32_t)len);
	put32(packet + 16, sum);
	put32(packet + 20, get32(packet) ^ 0xffffffff);
	conn_write(conn, packet, 24 + len);
}

void
serve_adb(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	uint8_t header[24], body[4096], token[20];
	char name[160];
	int len;

	for (;;) {
		uint32_t n;

		conn_read(conn, header, sizeof header);
		n = get32(header + 12);
		if (n > sizeof body || (get32(header) ^ 0xffffffff) != get32(header + 20))
			conn_end(conn);
		conn_read(conn, body, n);
		if (!variant_has(variant, "open")) {
			for (size_t i = 0; i < sizeof token; i++)
				token[i] = (uint8_t)(variant_pick(variant, "token", 256) + i * 37);
			message(conn, "AUTH", 1, 0, token, sizeof token);
		} else if (!memcmp(header, "CNXN", 4)) {
			len = snprintf(name, sizeof name,
				"device::ro.product.name=box%u;ro.product.model=TV-%u;ro.product."
				"device=tv;",
				variant_pick(variant, "model", 90),
				variant_pick(variant, "minor", 90));
			message(conn, "CNXN", 0x01000000, 4096, name, (size_t)len);
		} else if (!memcmp(header, "OPEN", 4)) {
			message(conn, "OKAY", 1, get32(header + 4), "", 0);
			message(conn, "WRTE", 1, get32(header + 4), "uid=2000(shell)\n", 16);
		}
	}
}
