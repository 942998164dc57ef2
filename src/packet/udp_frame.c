/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/udp_frame.h"

#include "packet/ethernet.h"
#include "packet/writer.h"

enum { UDP_HEADER = 8, PROTO_UDP = 17 };

static uint32_t
sum(uint32_t before, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (; len > 1; at += 2, len -= 2)
		before += (uint32_t)at[0] << 8 | at[1];
	return len ? before + ((uint32_t)at[0] << 8) : before;
}

/* RFC 1071. */
static uint16_t
folded(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

static void
put_ip(struct writer *w, const struct udp_frame *frame, uint16_t udp_len)
{
	if (frame->source.version == 4) {
		size_t at = writer_len(w);
		writer_u16(w, 0x4500);
		writer_u16(w, (uint16_t)(20 + udp_len));
		writer_u32(w, 0x4000); /* no id, do not fragment */
		writer_u8(w, frame->hops);
		writer_u8(w, PROTO_UDP);
		writer_u16(w, 0);
		writer_bytes(w, frame->source.byte, 4);
		writer_bytes(w, frame->target.byte, 4);
		if (writer_ok(w))
			writer_set_u16(w, at + 10, folded(sum(0, w->start + at, 20)));
		return;
	}
	writer_u32(w, 0x60000000);
	writer_u16(w, udp_len);
	writer_u8(w, PROTO_UDP);
	writer_u8(w, frame->hops);
	writer_bytes(w, frame->source.byte, 16);
	writer_bytes(w, frame->target.byte, 16);
}

size_t
udp_frame_render(
	void *out, size_t size, const struct udp_frame *frame, const void *payload, size_t len)
{
	struct writer w = writer_over(out, size);
	size_t address_len = frame->source.version == 4 ? 4 : 16;
	uint16_t udp_len = (uint16_t)(UDP_HEADER + len);

	if (len > UDP_FRAME_PAYLOAD_MAX || frame->source.version != frame->target.version)
		return 0;
	writer_bytes(&w, frame->target_mac, 6);
	writer_bytes(&w, frame->source_mac, 6);
	writer_u16(&w, frame->source.version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	put_ip(&w, frame, udp_len);
	size_t udp = writer_len(&w);
	writer_u16(&w, frame->source_port);
	writer_u16(&w, frame->target_port);
	writer_u16(&w, udp_len);
	writer_u16(&w, 0);
	writer_bytes(&w, payload, len);
	if (!writer_ok(&w))
		return 0;
	uint32_t pseudo = sum(0, frame->source.byte, address_len);
	pseudo = sum(pseudo, frame->target.byte, address_len) + PROTO_UDP + udp_len;
	uint16_t check = folded(sum(pseudo, w.start + udp, udp_len));
	writer_set_u16(&w, udp + 6, check ? check : 0xffff);
	return writer_len(&w);
}
