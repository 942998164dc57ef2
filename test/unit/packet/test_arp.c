/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/arp.h"

#include "bytes.h"

static const uint8_t request[] = {
	0, 1, 0x08, 0x00, 6, 4, 0, 1,     /* Ethernet, IPv4, request */
	2, 0, 0, 0, 0, 1, 198, 18, 0, 10, /* sender */
	0, 0, 0, 0, 0, 0, 198, 18, 0, 1,  /* who has 198.18.0.1 */
};

static bool
parse(struct reader r)
{
	struct arp arp;
	return arp_parse(&arp, r);
}

TEST(a_request_says_who_asks_for_whom)
{
	struct arp arp;

	EXPECT(arp_parse(&arp, OVER(request)));
	EXPECT_INT(arp.operation, ARP_REQUEST);
	EXPECT_MEM(arp.sender_mac, request + 8, 6);
	EXPECT_IP(arp.sender, "198.18.0.10");
	EXPECT_IP(arp.target, "198.18.0.1");
	EXPECT(!arp.is_probe && !arp.is_announce);
}

TEST(a_probe_has_no_sender_address_yet)
{
	uint8_t probe[sizeof request];
	struct arp arp;

	memcpy(probe, request, sizeof probe);
	memset(probe + 14, 0, 4);
	EXPECT(arp_parse(&arp, OVER(probe)));
	EXPECT(arp.is_probe);
	EXPECT(!arp.is_announce);
}

TEST(an_announcement_asks_for_itself)
{
	uint8_t announcement[sizeof request];
	struct arp arp;

	memcpy(announcement, request, sizeof announcement);
	memcpy(announcement + 24, request + 14, 4);
	EXPECT(arp_parse(&arp, OVER(announcement)));
	EXPECT(arp.is_announce);
}

TEST(arp_for_other_networks_is_not_taken_for_ours)
{
	static const uint8_t place[] = {1, 2, 4, 5}; /* hardware, protocol, their lengths */
	uint8_t odd[sizeof request];
	struct arp arp;

	for (size_t i = 0; i < sizeof place; i++) {
		memcpy(odd, request, sizeof odd);
		odd[place[i]]++;
		EXPECT(!arp_parse(&arp, OVER(odd)));
	}
}

TEST(arp_cut_anywhere_is_refused)
{
	EXPECT_INT(parse_at_every_length(parse, request, sizeof request), 1);
}
