/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dhcpv6.h"

#include "bytes.h"

#define DB8_42 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42
#define MAC    2, 0, 0, 0, 0, 1
#define URL                                                                                        \
	'h', 't', 't', 'p', 's', ':', '/', '/', 'm', 'a', 'k', 'e', 'r', '.', 'e', 'x', 'a', 'm',  \
		'p', 'l', 'e', '/', 'c', 'a', 'm'

static const uint8_t solicit[] = {
	1, 0xab, 0xcd, 0xef,                                /* SOLICIT, transaction */
	0, 1, 0, 10, 0, 3, 0, 1, MAC,                       /* client: DUID-LL, Ethernet */
	0, 6, 0, 4, 0, 23, 0, 24,                           /* asks for name servers, search list */
	0, 3, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,    /* IA_NA */
	0, 5, 0, 24, DB8_42, 0, 0, 0, 100, 0, 0, 0, 200,    /* ... wants this address */
	0, 16, 0, 9, 0, 0, 0x01, 0x37, 0, 3, 'a', 'b', 'c', /* vendor class of enterprise 311 */
	0, 39, 0, 6, 0, 3, 'c', 'a', 'm', 0,                /* FQDN */
	0, 112, 0, 25, URL,                                 /* MUD URL */
};

TEST(a_solicit_claims_who_is_there)
{
	static const uint8_t mac[] = {MAC};
	struct dhcpv6 dhcp;

	EXPECT(dhcpv6_parse(&dhcp, OVER(solicit)));
	EXPECT_INT(dhcp.type, DHCPV6_SOLICIT);
	EXPECT_STR(dhcpv6_type_text(dhcp.type), "SOLICIT");
	EXPECT_INT(dhcp.transaction, 0xabcdef);
	EXPECT(!dhcp.is_relay && !dhcp.is_cut && !dhcp.has_delegation && !dhcp.has_status);
	EXPECT_INT(dhcp.client_duid.len, 10);
	EXPECT(dhcp.has_client_mac);
	EXPECT_MEM(dhcp.client_mac, mac, 6);
	EXPECT_INT(dhcp.address_count, 1);
	EXPECT_IP(dhcp.address[0].address, "2001:db8::42");
	EXPECT_INT(dhcp.address[0].preferred_s, 100);
	EXPECT_INT(dhcp.address[0].valid_s, 200);
	EXPECT_INT(dhcp.asked_count, 2);
	EXPECT_INT(dhcp.asked[1], 24);
	EXPECT_INT(dhcp.vendor_enterprise, 311);
	EXPECT_OCTETS(dhcp.vendor_class, "abc");
	EXPECT_INT(dhcp.claimed_fqdn.len, 6);
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_VALID);
	EXPECT_STR(dhcp.claimed_mud_url.text, "https://maker.example/cam");
}

TEST(two_mud_urls_refuse_each_other_in_v6_too)
{
	static const uint8_t bytes[] = {1, 1, 2, 3, 0, 112, 0, 25, URL, 0, 112, 0, 25, URL};
	struct dhcpv6 dhcp;

	EXPECT(dhcpv6_parse(&dhcp, OVER(bytes)));
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_REFUSED);
}

TEST(a_mud_url_longer_than_the_v6_packet_is_not_believed)
{
	static const uint8_t bytes[] = {1, 1, 2, 3, 0, 112, 0, 26, URL};
	struct dhcpv6 dhcp;

	EXPECT(dhcpv6_parse(&dhcp, OVER(bytes)));
	EXPECT(dhcp.is_cut);
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_REFUSED);
}

TEST(a_relayed_message_is_recognised_and_its_inside_is_not_believed)
{
	static const uint8_t bytes[] = {
		12, 1, /* RELAY-FORWARD, hops */
		DB8_42, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, /* link, peer */
		0, 9, 0, 33, 1, 1, 2, 3, 0, 112, 0, 25, URL,                  /* relayed */
	};
	struct dhcpv6 dhcp;

	EXPECT(dhcpv6_parse(&dhcp, OVER(bytes)));
	EXPECT(dhcp.is_relay);
	EXPECT_INT(dhcp.hops, 1);
	EXPECT_IP(dhcp.peer, "fe80::7");
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_NONE);
	EXPECT_INT(dhcp.client_duid.len, 0);
	EXPECT(!dhcpv6_parse(&dhcp, reader_over(bytes, 33)));
}

TEST(addresses_beyond_the_table_are_not_kept)
{
	uint8_t bytes[4 + 4 + 12 + 9 * 28] = {7, 1, 2, 3, 0, 3, 1, 8};
	struct dhcpv6 dhcp;

	for (int i = 0; i < 9; i++) {
		uint8_t *option = bytes + 20 + i * 28;
		option[1] = 5;
		option[3] = 24;
		option[19] = (uint8_t)i;
	}
	EXPECT(dhcpv6_parse(&dhcp, OVER(bytes)));
	EXPECT_INT(dhcp.address_count, DHCPV6_ADDRESSES_MAX);
	EXPECT_INT(dhcp.address[7].address.byte[15], 7);
}

TEST(an_identifier_longer_than_any_is_left_out)
{
	uint8_t bytes[4 + 4 + 131] = {1, 1, 2, 3, 0, 1, 0, 131, 0, 2};
	struct dhcpv6 dhcp;

	EXPECT(dhcpv6_parse(&dhcp, OVER(bytes)));
	EXPECT_INT(dhcp.client_duid.len, 0);
	EXPECT(!dhcp.has_client_mac);
}

TEST(a_type_that_nobody_defined_is_refused)
{
	static const uint8_t none[] = {0, 1, 2, 3}, other[] = {14, 1, 2, 3};
	struct dhcpv6 dhcp;

	EXPECT(!dhcpv6_parse(&dhcp, OVER(none)));
	EXPECT(!dhcpv6_parse(&dhcp, OVER(other)));
}

static bool
parse(struct reader r)
{
	struct dhcpv6 dhcp;
	return dhcpv6_parse(&dhcp, r) && !dhcp.is_cut;
}

TEST(a_v6_message_is_whole_only_between_options)
{
	/* behind the head and behind each of six options */
	EXPECT_INT(parse_at_every_length(parse, solicit, sizeof solicit), 7);
}

TEST(only_an_identifier_made_of_an_ethernet_address_names_a_mac)
{
	static const uint8_t mac[] = {MAC};
	static const uint8_t with_time[] = {1, 1, 2, 3, 0, 1, 0, 14, 0, 1, 0, 1, 9, 9, 9, 9, MAC};
	static const uint8_t infiniband[] = {1, 1, 2, 3, 0, 1, 0, 10, 0, 3, 0, 32, MAC};
	static const uint8_t enterprise[] = {1, 1, 2, 3, 0, 1, 0, 10, 0, 2, 0, 1, MAC};
	static const uint8_t wide[] = {1, 1, 2, 3, 0, 1, 0, 11, 0, 3, 0, 1, MAC, 7};
	struct dhcpv6 dhcp;

	EXPECT(dhcpv6_parse(&dhcp, OVER(with_time)));
	EXPECT(dhcp.has_client_mac);
	EXPECT_MEM(dhcp.client_mac, mac, 6);
	EXPECT(dhcpv6_parse(&dhcp, OVER(infiniband)));
	EXPECT(!dhcp.has_client_mac);
	EXPECT_INT(dhcp.client_duid.len, 10);
	EXPECT(dhcpv6_parse(&dhcp, OVER(enterprise)));
	EXPECT(!dhcp.has_client_mac);
	EXPECT(dhcpv6_parse(&dhcp, OVER(wide)));
	EXPECT(!dhcp.has_client_mac);
}

TEST(options_asked_for_beyond_the_table_are_not_kept)
{
	uint8_t bytes[4 + 4 + 2 * 70 + 4 + 2] = {7, 1, 2, 3, 0, 6, 0, 140};
	struct dhcpv6 dhcp;

	for (int i = 0; i < 70; i++)
		bytes[9 + 2 * i] = (uint8_t)i;
	bytes[149] = 13, bytes[151] = 2; /* status: no addresses */
	bytes[153] = 2;
	EXPECT(dhcpv6_parse(&dhcp, OVER(bytes)));
	EXPECT_INT(dhcp.asked_count, DHCPV6_OPTIONS_MAX);
	EXPECT_INT(dhcp.asked[63], 63);
	EXPECT(dhcp.has_status);
	EXPECT_INT(dhcp.status, 2);
	EXPECT_STR(dhcpv6_type_text(13), "RELAY-REPLY");
	EXPECT_STR(dhcpv6_type_text(14), "other");
	EXPECT_STR(dhcpv6_type_text(0), "other");
}
