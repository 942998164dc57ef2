/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/tcp.h"

enum {
	OPTION_END = 0,
	OPTION_PAD = 1,
	OPTION_MSS = 2,
	OPTION_WINDOW_SCALE = 3,
	OPTION_SACK_PERMITTED = 4,
	OPTION_TIMESTAMPS = 8,
};

/* Odd options do not make a segment unreadable: stacks ignore them, so do we. */
static void
parse_options(struct tcp *tcp, struct reader r)
{
	while (reader_left(&r) > 0) {
		uint8_t kind = reader_u8(&r);
		tcp->option_kind[tcp->option_count++] = kind;
		if (kind == OPTION_END)
			return;
		if (kind == OPTION_PAD)
			continue;
		uint8_t len = reader_u8(&r);
		struct reader option = reader_slice(&r, len < 2 ? SIZE_MAX : len - 2u);
		if (!reader_ok(&r)) {
			tcp->has_odd_options = true;
			return;
		}
		if (kind == OPTION_MSS)
			tcp->mss = reader_u16(&option);
		else if (kind == OPTION_WINDOW_SCALE)
			tcp->window_scale = (int8_t)(reader_u8(&option) & 15);
		else if (kind == OPTION_SACK_PERMITTED)
			tcp->has_sack = true;
		else if (kind == OPTION_TIMESTAMPS)
			tcp->has_timestamps = true;
	}
}

bool
tcp_parse(struct tcp *tcp, struct reader *r)
{
	const uint8_t *head = reader_bytes(r, 20);

	if (!head)
		return false;
	tcp->source = (uint16_t)(head[0] << 8 | head[1]);
	tcp->destination = (uint16_t)(head[2] << 8 | head[3]);
	tcp->sequence = (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 | (uint32_t)head[6] << 8 |
			head[7];
	tcp->acknowledgement = (uint32_t)head[8] << 24 | (uint32_t)head[9] << 16 |
			       (uint32_t)head[10] << 8 | head[11];
	tcp->flags = head[13];
	tcp->window = (uint16_t)(head[14] << 8 | head[15]);
	tcp->option_count = 0;
	tcp->mss = 0;
	tcp->window_scale = -1;
	tcp->has_sack = tcp->has_timestamps = tcp->has_odd_options = false;
	size_t header_len = (head[12] >> 4) * 4u;
	if (header_len < 20)
		return false;
	struct reader options = reader_slice(r, header_len - 20);
	if (!reader_ok(r))
		return false;
	if (tcp->flags & TCP_SYN)
		parse_options(tcp, options);
	return true;
}
