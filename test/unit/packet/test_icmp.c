/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/icmp.h"
#include "packet/icmpv6.h"

#include "bytes.h"

#define FE80_1  0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define DB8_42  0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42
#define FF02_42 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42
#define MAC     2, 0, 0, 0, 0, 1

static const uint8_t link_local[16] = {FE80_1};

static struct ipv6
from_neighbour(void)
{
	return (struct ipv6){.source = ip_from_v6(link_local), .hop_limit = 255};
}

static struct ipv6
from_nobody(void)
{
	static const uint8_t zero[16];
	static const uint8_t solicited[16] = {0xff, 0x02, [11] = 1, [12] = 0xff, [15] = 0x42};
	return (struct ipv6){
		.source = ip_from_v6(zero), .destination = ip_from_v6(solicited), .hop_limit = 255};
}

TEST(an_echo_has_an_id_and_a_number)
{
	static const uint8_t echo[] = {8, 0, 0xab, 0xcd, 0, 7, 0, 1, 'x'};
	struct icmp icmp;
	struct reader r = OVER(echo);

	EXPECT(icmp_parse(&icmp, &r));
	EXPECT(icmp.is_echo);
	EXPECT_INT(icmp.id, 7);
	EXPECT_INT(icmp.sequence, 1);
	EXPECT_INT(reader_left(&r), 1);
	r = reader_over(echo, 7);
	EXPECT(!icmp_parse(&icmp, &r));
}

static const uint8_t solicitation[] = {
	135, 0, 0, 0, 0, 0, 0, 0, /* neighbour solicitation */
	DB8_42,                   /* who has it */
	1, 1, MAC,                /* I am at */
};

TEST(a_solicitation_names_its_target_and_its_sender)
{
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	EXPECT(nd_parse(&nd, &ipv6, OVER(solicitation)));
	EXPECT_INT(nd.type, ICMPV6_NEIGHBOUR_SOLICITATION);
	EXPECT_IP(nd.target, "2001:db8::42");
	EXPECT(nd.has_source_mac && !nd.is_dad);
	EXPECT_MEM(nd.source_mac, solicitation + 26, 6);
}

TEST(who_asks_from_no_address_looks_for_duplicates)
{
	struct ipv6 ipv6 = from_nobody();
	struct nd nd;

	EXPECT(nd_parse(&nd, &ipv6, reader_over(solicitation, 24)));
	EXPECT(nd.is_dad);
	EXPECT_IP(nd.target, "2001:db8::42");
	/* and must not say where he is: RFC 4861, section 7.1.1 */
	EXPECT(!nd_parse(&nd, &ipv6, OVER(solicitation)));
}

TEST(who_looks_for_duplicates_asks_the_solicited_node_group)
{
	struct ipv6 ipv6 = from_nobody();
	struct nd nd;

	ipv6.destination.byte[12] = 0xfe;
	EXPECT(!nd_parse(&nd, &ipv6, reader_over(solicitation, 24)));
}

TEST(an_advertisement_to_everybody_was_not_solicited)
{
	static const uint8_t everybody[16] = {0xff, 0x02, [15] = 1};
	uint8_t bytes[] = {136, 0, 0, 0, 0x40, 0, 0, 0, DB8_42};
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	EXPECT(nd_parse(&nd, &ipv6, OVER(bytes)));
	ipv6.destination = ip_from_v6(everybody);
	EXPECT(!nd_parse(&nd, &ipv6, OVER(bytes)));
	bytes[4] = 0x20;
	EXPECT(nd_parse(&nd, &ipv6, OVER(bytes)));
}

TEST(what_crossed_a_router_is_not_neighbour_discovery)
{
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	ipv6.hop_limit = 254;
	EXPECT(!nd_parse(&nd, &ipv6, OVER(solicitation)));
}

TEST(neighbour_discovery_in_fragments_is_ignored)
{
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	ipv6.is_fragment = true;
	EXPECT(!nd_parse(&nd, &ipv6, OVER(solicitation)));
}

TEST(an_option_of_no_length_spoils_the_message)
{
	uint8_t bytes[sizeof solicitation];
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	memcpy(bytes, solicitation, sizeof bytes);
	bytes[25] = 0;
	EXPECT(!nd_parse(&nd, &ipv6, OVER(bytes)));
	bytes[25] = 2; /* longer than the message */
	EXPECT(!nd_parse(&nd, &ipv6, OVER(bytes)));
}

TEST(a_multicast_target_is_refused)
{
	static const uint8_t bytes[] = {135, 0, 0, 0, 0, 0, 0, 0, FF02_42};
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	EXPECT(!nd_parse(&nd, &ipv6, OVER(bytes)));
}

TEST(an_advertisement_says_where_an_address_is)
{
	static const uint8_t bytes[] = {
		136, 0, 0, 0, 0xa0, 0, 0, 0, /* router, not solicited, override */
		DB8_42,                      /* it is */
		2, 1, MAC,                   /* at */
	};
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	EXPECT(nd_parse(&nd, &ipv6, OVER(bytes)));
	EXPECT(nd.is_router && !nd.is_solicited && nd.is_override);
	EXPECT(nd.has_target_mac && !nd.has_source_mac);
}

static const uint8_t router[] = {
	134, 0, 0, 0, 64, 0xc0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, /* managed, other, 1800 s */
	1, 1, MAC,                                                  /* the router's MAC */
	3, 4, 64, 0x40, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0,
	DB8_42,                             /* off-link prefix */
	25, 3, 0, 0, 0, 0, 2, 0x58, FE80_1, /* RDNSS */
};

TEST(a_router_gives_prefixes_and_name_servers)
{
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	EXPECT(nd_parse(&nd, &ipv6, OVER(router)));
	EXPECT(nd.is_managed && nd.has_other);
	EXPECT_INT(nd.lifetime_s, 1800);
	EXPECT_INT(nd.prefix_count, 1);
	EXPECT_INT(nd.prefix[0].prefix.length, 64);
	EXPECT(nd.prefix[0].is_autonomous && !nd.prefix[0].is_on_link);
	EXPECT_INT(nd.prefix[0].valid_s, 86400);
	EXPECT_INT(nd.prefix[0].preferred_s, 14400);
	EXPECT_INT(nd.server_count, 1);
	EXPECT_IP(nd.server[0], "fe80::1");
}

TEST(a_router_speaks_from_its_link_local_address)
{
	static const uint8_t global[16] = {DB8_42};
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	ipv6.source = ip_from_v6(global);
	EXPECT(!nd_parse(&nd, &ipv6, OVER(router)));
}

TEST(a_redirect_names_the_way_and_the_destination)
{
	static const uint8_t bytes[] = {137, 0, 0, 0, 0, 0, 0, 0, FE80_1, DB8_42, 2, 1, MAC};
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	EXPECT(nd_parse(&nd, &ipv6, OVER(bytes)));
	EXPECT_IP(nd.target, "fe80::1");
	EXPECT_IP(nd.redirect_to, "2001:db8::42");
}

static bool
parse_router(struct reader r)
{
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;
	return nd_parse(&nd, &ipv6, r);
}

TEST(an_advertisement_is_content_only_between_whole_options)
{
	/* after the head, the MAC, the prefix and the servers */
	EXPECT_INT(parse_at_every_length(parse_router, router, sizeof router), 4);
}

TEST(listener_messages_are_known_by_their_type)
{
	EXPECT(icmpv6_is_mld(130) && icmpv6_is_mld(131) && icmpv6_is_mld(132) &&
		icmpv6_is_mld(143));
	EXPECT(!icmpv6_is_mld(133) && !icmpv6_is_mld(129) && !icmpv6_is_mld(0));
	EXPECT(icmpv6_is_nd(133) && icmpv6_is_nd(137) && !icmpv6_is_nd(138) && !icmpv6_is_nd(132));
}

TEST(prefixes_and_servers_beyond_the_tables_are_not_kept)
{
	uint8_t bytes[16 + 6 * 32 + 8 + 6 * 16] = {134};
	struct ipv6 ipv6 = from_neighbour();
	struct nd nd;

	for (int i = 0; i < 6; i++) {
		uint8_t *option = bytes + 16 + i * 32;
		option[0] = 3, option[1] = 4;
		option[2] = i == 0 ? 129 : 64; /* the first is longer than an address */
		option[31] = (uint8_t)i;
	}
	uint8_t *servers = bytes + 16 + 6 * 32;
	servers[0] = 25, servers[1] = 13;
	for (int i = 0; i < 6; i++)
		servers[8 + 16 * i] = (uint8_t)(i + 1);
	EXPECT(nd_parse(&nd, &ipv6, OVER(bytes)));
	EXPECT_INT(nd.prefix_count, ND_PREFIXES_MAX);
	EXPECT_INT(nd.prefix[0].prefix.address.byte[15], 1);
	EXPECT_INT(nd.prefix[3].prefix.address.byte[15], 4);
	EXPECT_INT(nd.server_count, ND_SERVERS_MAX);
	EXPECT_INT(nd.server[3].byte[0], 4);
	EXPECT_INT(nd.type, 134); /* what stands beside the tables is untouched */
}
