/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ipv6.h"

enum {
	HOP_BY_HOP = 0,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	DESTINATION = 60,
	MOBILITY = 135,
	HOST_IDENTITY = 139,
	SHIM6 = 140,

	OPTION_PAD1 = 0,
	OPTION_ROUTER_ALERT = 5, /* RFC 2711 */
};

static bool
is_extension(uint8_t protocol)
{
	switch (protocol) {
	case HOP_BY_HOP:
	case ROUTING:
	case FRAGMENT:
	case AUTHENTICATION:
	case DESTINATION:
	case MOBILITY:
	case HOST_IDENTITY:
	case SHIM6:
		return true;
	}
	return false;
}

static bool
parse_hop_by_hop(struct ipv6 *ipv6, struct reader options)
{
	ipv6->has_hop_by_hop = true;
	while (reader_left(&options) > 0) {
		uint8_t type = reader_u8(&options);
		if (type == OPTION_PAD1)
			continue;
		reader_skip(&options, reader_u8(&options));
		if (!reader_ok(&options))
			return false;
		if (type == OPTION_ROUTER_ALERT)
			ipv6->has_router_alert = true;
	}
	return true;
}

static void
parse_fragment(struct ipv6 *ipv6, struct reader rest)
{
	uint16_t offset = reader_u16(&rest);

	ipv6->is_fragment = true;
	ipv6->fragment_offset = offset & 0xfff8;
	ipv6->has_more = offset & 1;
	ipv6->fragment_id = reader_u32(&rest);
}

/* One extension header; the length unit differs (RFC 8200, RFC 4302 section 2.2). */
static bool
parse_extension(struct ipv6 *ipv6, struct reader *r)
{
	uint8_t kind = ipv6->protocol, next = reader_u8(r), len = reader_u8(r);
	size_t rest_len = kind == FRAGMENT         ? 6
			  : kind == AUTHENTICATION ? (len + 2u) * 4 - 2
						   : (len + 1u) * 8 - 2;
	struct reader rest = reader_slice(r, rest_len);

	if (!reader_ok(r))
		return false;
	if (kind == HOP_BY_HOP && !parse_hop_by_hop(ipv6, rest))
		return false;
	if (kind == ROUTING)
		ipv6->has_routing = true;
	if (kind == FRAGMENT)
		parse_fragment(ipv6, rest);
	ipv6->protocol = next;
	return true;
}

bool
ipv6_parse(struct ipv6 *ipv6, struct reader *r)
{
	const uint8_t *head = reader_bytes(r, 40);

	if (!head || head[0] >> 4 != 6)
		return false;
	ipv6->traffic_class = (uint8_t)(head[0] << 4 | head[1] >> 4);
	ipv6->payload_len = (uint16_t)(head[4] << 8 | head[5]);
	ipv6->protocol = head[6];
	ipv6->hop_limit = head[7];
	ipv6->source = ip_from_v6(head + 8);
	ipv6->destination = ip_from_v6(head + 24);
	ipv6->fragment_offset = 0;
	ipv6->fragment_id = 0;
	ipv6->extension_count = 0;
	ipv6->is_fragment = ipv6->has_more = ipv6->has_hop_by_hop = ipv6->has_routing =
		ipv6->has_router_alert = false;
	if (ipv6->payload_len && ipv6->payload_len < reader_left(r))
		r->end = r->at + ipv6->payload_len;
	while (is_extension(ipv6->protocol)) {
		if (ipv6->protocol == HOP_BY_HOP && ipv6->extension_count > 0)
			return false;
		if (ipv6->extension_count == IPV6_EXTENSIONS_MAX)
			return false;
		ipv6->extension_count++;
		if (!parse_extension(ipv6, r))
			return false;
		if (ipv6->fragment_offset)
			break;
	}
	return true;
}
