/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/icmpv6.h"

enum {
	OPTION_SOURCE_LINK = 1,
	OPTION_TARGET_LINK = 2,
	OPTION_PREFIX = 3,
	OPTION_RDNSS = 25, /* RFC 8106 */
};

bool
icmpv6_is_mld(uint8_t type)
{
	return (type >= ICMPV6_MLD_QUERY && type <= ICMPV6_MLD_DONE) || type == ICMPV6_MLD2_REPORT;
}

bool
icmpv6_is_nd(uint8_t type)
{
	return type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT;
}

static struct ip
take_address(struct reader *r)
{
	const uint8_t *byte = reader_bytes(r, 16);
	return byte ? ip_from_v6(byte) : (struct ip){0};
}

static bool
is_unspecified(const struct ip *ip)
{
	static const uint8_t zero[16];
	return !memcmp(ip->byte, zero, sizeof zero);
}

static void
take_prefix(struct nd *nd, struct reader option)
{
	struct nd_prefix prefix = {.prefix.length = reader_u8(&option)};
	uint8_t flags = reader_u8(&option);

	prefix.is_on_link = flags & 0x80;
	prefix.is_autonomous = flags & 0x40;
	prefix.valid_s = reader_u32(&option);
	prefix.preferred_s = reader_u32(&option);
	reader_skip(&option, 4);
	prefix.prefix.address = take_address(&option);
	if (reader_ok(&option) && prefix.prefix.length <= 128 && nd->prefix_count < ND_PREFIXES_MAX)
		nd->prefix[nd->prefix_count++] = prefix;
}

static void
take_servers(struct nd *nd, struct reader option)
{
	reader_skip(&option, 2 + 4);
	while (reader_left(&option) >= 16 && nd->server_count < ND_SERVERS_MAX)
		nd->server[nd->server_count++] = take_address(&option);
}

static bool
parse_options(struct nd *nd, struct reader r)
{
	while (reader_left(&r) > 0) {
		uint8_t type = reader_u8(&r), units = reader_u8(&r);
		if (units == 0)
			return false;
		struct reader option = reader_slice(&r, units * 8u - 2);
		if (!reader_ok(&r))
			return false;
		switch (type) {
		case OPTION_SOURCE_LINK:
			nd->has_source_mac = true;
			reader_copy(&option, nd->source_mac, sizeof nd->source_mac);
			break;
		case OPTION_TARGET_LINK:
			nd->has_target_mac = true;
			reader_copy(&option, nd->target_mac, sizeof nd->target_mac);
			break;
		case OPTION_PREFIX:
			take_prefix(nd, option);
			break;
		case OPTION_RDNSS:
			take_servers(nd, option);
			break;
		}
	}
	return true;
}

static void
parse_neighbour_flags(struct nd *nd, uint8_t flags)
{
	nd->is_router = flags & 0x80;
	nd->is_solicited = flags & 0x40;
	nd->is_override = flags & 0x20;
}

static void
parse_router(struct nd *nd, struct reader *r)
{
	reader_skip(r, 1); /* hop limit for hosts */
	uint8_t flags = reader_u8(r);
	nd->is_managed = flags & 0x80;
	nd->has_other = flags & 0x40;
	nd->lifetime_s = reader_u16(r);
	reader_skip(r, 8); /* reachable and retransmission timers */
}

/* ff02::1:ffXX:XXXX, RFC 4291 section 2.7.1. */
static bool
is_solicited_node(const struct ip *ip)
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};
	return !memcmp(ip->byte, prefix, sizeof prefix);
}

/* Targets are never multicast (RFC 4861, sections 7.1.1, 7.1.2 and 8.1). */
static bool
parse_target(struct nd *nd, struct reader *r)
{
	nd->target = take_address(r);
	return !ip_is_multicast(&nd->target);
}

bool
nd_parse(struct nd *nd, const struct ipv6 *ipv6, struct reader r)
{
	uint8_t code;

	*nd = (struct nd){.type = reader_u8(&r)};
	code = reader_u8(&r);
	reader_skip(&r, 2); /* checksum: see ipv4_parse() */
	if (ipv6->hop_limit != 255 || code != 0 || ipv6->is_fragment)
		return false;
	switch (nd->type) {
	case ICMPV6_ROUTER_SOLICITATION:
		reader_skip(&r, 4);
		break;
	case ICMPV6_ROUTER_ADVERTISEMENT:
		parse_router(nd, &r);
		if (!ip_is_link_local(&ipv6->source))
			return false;
		break;
	case ICMPV6_NEIGHBOUR_SOLICITATION:
		reader_skip(&r, 4);
		nd->is_dad = is_unspecified(&ipv6->source);
		if (!parse_target(nd, &r) || (nd->is_dad && !is_solicited_node(&ipv6->destination)))
			return false;
		break;
	case ICMPV6_NEIGHBOUR_ADVERTISEMENT:
		parse_neighbour_flags(nd, reader_u8(&r));
		reader_skip(&r, 3);
		if (!parse_target(nd, &r) ||
			(nd->is_solicited && ip_is_multicast(&ipv6->destination)))
			return false;
		break;
	case ICMPV6_REDIRECT:
		reader_skip(&r, 4);
		if (!parse_target(nd, &r) || !ip_is_link_local(&ipv6->source))
			return false;
		nd->redirect_to = take_address(&r);
		if (ip_is_multicast(&nd->redirect_to))
			return false;
		break;
	default:
		return false;
	}
	if (!reader_ok(&r) || !parse_options(nd, r))
		return false;
	/* RFC 4861, 6.1.1 and 7.1.1: who has no address yet must not give a MAC for it. */
	return !(is_unspecified(&ipv6->source) && nd->has_source_mac);
}
