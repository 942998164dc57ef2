/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ipv4.h"

enum {
	OPTION_END = 0,
	OPTION_PAD = 1,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_STRICT_ROUTE = 137,
	OPTION_ROUTER_ALERT = 148, /* RFC 2113 */
};

/* Options whose lengths do not add up make the header broken (RFC 791, section 3.1). */
static bool
parse_options(struct ipv4 *ipv4, struct reader options)
{
	ipv4->has_options = true;
	while (reader_left(&options) > 0) {
		uint8_t kind = reader_u8(&options);
		if (kind == OPTION_END)
			break;
		if (kind == OPTION_PAD)
			continue;
		uint8_t len = reader_u8(&options);
		if (len < 2)
			return false;
		reader_skip(&options, len - 2u);
		if (!reader_ok(&options))
			return false;
		if (kind == OPTION_LOOSE_ROUTE || kind == OPTION_STRICT_ROUTE)
			ipv4->has_source_route = true;
		if (kind == OPTION_ROUTER_ALERT)
			ipv4->has_router_alert = true;
	}
	return true;
}

bool
ipv4_parse(struct ipv4 *ipv4, struct reader *r)
{
	size_t available = reader_left(r);
	const uint8_t *head = reader_bytes(r, 20);

	if (!head || head[0] >> 4 != 4)
		return false;
	size_t header_len = (head[0] & 15u) * 4;
	uint16_t fragment = (uint16_t)(head[6] << 8 | head[7]);
	ipv4->tos = head[1];
	ipv4->total_len = (uint16_t)(head[2] << 8 | head[3]);
	ipv4->id = (uint16_t)(head[4] << 8 | head[5]);
	ipv4->fragment_offset = (uint16_t)((fragment & 0x1fff) * 8);
	ipv4->has_more = fragment & 0x2000;
	ipv4->is_fragment = ipv4->has_more || ipv4->fragment_offset;
	ipv4->ttl = head[8];
	ipv4->protocol = head[9];
	ipv4->source = ip_from_v4(head + 12);
	ipv4->destination = ip_from_v4(head + 16);
	ipv4->has_options = ipv4->has_source_route = ipv4->has_router_alert = false;
	if (header_len < 20 || (ipv4->total_len && ipv4->total_len < header_len))
		return false;
	if (header_len > 20 && !parse_options(ipv4, reader_slice(r, header_len - 20)))
		return false;
	if (!reader_ok(r))
		return false;
	if (ipv4->total_len && ipv4->total_len < available)
		r->end -= available - ipv4->total_len;
	return true;
}
