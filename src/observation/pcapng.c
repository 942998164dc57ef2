/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/pcapng.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { LINK_ETHERNET = 1 };
enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_COMMENT = 1 };

/* The file says in which order its bytes are (section header), so ours will do. */
static void
put(uint8_t **at, const void *bytes, size_t len)
{
	memcpy(*at, bytes, len);
	*at += len;
	for (; len % 4; len++)
		*(*at)++ = 0;
}

static void
put32(uint8_t **at, uint32_t value)
{
	put(at, &value, sizeof value);
}

static void
put16(uint8_t **at, uint16_t low, uint16_t high)
{
	uint16_t both[2] = {low, high};

	put(at, both, sizeof both);
}

static void
put_option(uint8_t **at, uint16_t code, const char *text)
{
	size_t len = strlen(text);

	put16(at, code, (uint16_t)len);
	put(at, text, len);
	put16(at, OPTION_END, 0);
}

static uint8_t *
begin(uint8_t **at, uint32_t type)
{
	uint8_t *block = *at;

	put32(at, type);
	put32(at, 0);
	return block;
}

/* A block has its length in front and behind. */
static void
end(uint8_t **at, uint8_t *block)
{
	uint32_t len = (uint32_t)(*at - block) + 4;

	put32(at, len);
	memcpy(block + 4, &len, sizeof len);
}

static void
put_packet(uint8_t **at, const struct kept_packet *packet)
{
	uint8_t *block = begin(at, BLOCK_PACKET);
	char comment[64];

	put32(at, 0); /* the interface */
	put32(at, (uint32_t)(packet->wall_us >> 32));
	put32(at, (uint32_t)packet->wall_us);
	put32(at, packet->len);
	put32(at, packet->wire_len > packet->len ? packet->wire_len : packet->len);
	put(at, packet->bytes, packet->len);
	snprintf(comment, sizeof comment, "%s%s%s", packet->port,
		packet->reason        ? " refused: "
		: packet->is_outgoing ? "to the device"
				      : "",
		packet->reason ? reason_word((enum reason)packet->reason) : "");
	put_option(at, OPTION_COMMENT, comment);
	end(at, block);
}

size_t
pcapng_render(const struct kept_packet *packet, size_t n, uint8_t *out)
{
	uint8_t *at = out, *block = begin(&at, BLOCK_SECTION);

	put32(&at, 0x1a2b3c4d);
	put16(&at, 1, 0);
	put32(&at, UINT32_MAX); /* the length of the section is not said */
	put32(&at, UINT32_MAX);
	end(&at, block);
	block = begin(&at, BLOCK_INTERFACE);
	put16(&at, LINK_ETHERNET, 0);
	put32(&at, KEPT_BYTES_MAX);
	end(&at, block);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *begun = at;
		put_packet(&at, &packet[i]);
		assert((size_t)(at - begun) <= PCAPNG_PACKET_MAX);
	}
	return (size_t)(at - out);
}
