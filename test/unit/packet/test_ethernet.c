/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ethernet.h"

#include "bytes.h"

TEST(a_frame_begins_with_its_addresses_and_its_type)
{
	static const uint8_t frame[] = {
		2,
		0,
		0,
		0,
		0,
		2, /* to */
		2,
		0,
		0,
		0,
		0,
		1, /* from */
		0x08,
		0x00, /* IPv4 */
		'x',
	};
	struct ethernet ethernet;
	struct reader r = OVER(frame);

	EXPECT(ethernet_parse(&ethernet, &r));
	EXPECT_MEM(ethernet.destination, frame, 6);
	EXPECT_MEM(ethernet.source, frame + 6, 6);
	EXPECT_INT(ethernet.type, ETHERTYPE_IPV4);
	EXPECT(!ethernet.is_llc && !ethernet.is_eapol && ethernet.vlan_count == 0);
	EXPECT_INT(reader_left(&r), 1);
}

TEST(two_vlan_tags_are_read_outermost_first)
{
	static const uint8_t frame[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, /* to, from */
		0x88, 0xa8, 0xe0, 0x05,             /* 802.1ad, priority 7, id 5 */
		0x81, 0x00, 0x0f, 0xff,             /* 802.1Q, id 4095 */
		0x86, 0xdd,                         /* IPv6 */
	};
	struct ethernet ethernet;
	struct reader r = OVER(frame);

	EXPECT(ethernet_parse(&ethernet, &r));
	EXPECT_INT(ethernet.vlan_count, 2);
	EXPECT_INT(ethernet.vlan[0], 5);
	EXPECT_INT(ethernet.vlan[1], 4095);
	EXPECT_INT(ethernet.type, ETHERTYPE_IPV6);
}

TEST(more_tags_than_anybody_stacks_are_refused)
{
	uint8_t frame[12 + 5 * 4 + 2] = {0};
	struct ethernet ethernet;

	for (int i = 0; i < 5; i++) {
		frame[12 + i * 4] = 0x81;
		frame[13 + i * 4] = 0x00;
	}
	struct reader r = OVER(frame);
	EXPECT(!ethernet_parse(&ethernet, &r));
}

TEST(spanning_tree_is_known_as_llc_and_its_padding_is_cut_off)
{
	static const uint8_t frame[60] = {
		0x01, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, /* to, from */
		0x00, 0x26,                                  /* 38 bytes follow */
		0x42, 0x42, 0x03,                            /* LLC: spanning tree */
	};
	struct ethernet ethernet;
	struct reader r = OVER(frame);

	EXPECT(ethernet_parse(&ethernet, &r));
	EXPECT(ethernet.is_llc);
	EXPECT_INT(ethernet.dsap, 0x42);
	EXPECT_INT(ethernet.type, 0);
	EXPECT_INT(reader_left(&r), 35);
}

TEST(snap_has_an_ethertype_after_all)
{
	static const uint8_t frame[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, /* to, from */
		0x00, 0x09,                         /* 9 bytes follow */
		0xaa, 0xaa, 0x03, 0, 0, 0,          /* SNAP, encapsulated Ethernet */
		0x08, 0x06, 'x',                    /* ARP */
	};
	struct ethernet ethernet;
	struct reader r = OVER(frame);

	EXPECT(ethernet_parse(&ethernet, &r));
	EXPECT_INT(ethernet.type, ETHERTYPE_ARP);
	EXPECT_INT(reader_left(&r), 1);
}

TEST(a_station_that_asks_for_802_1x_is_recognised)
{
	static const uint8_t frame[] = {
		0x01, 0x80, 0xc2, 0, 0, 3, 2, 0, 0, 0, 0, 1, /* to, from */
		0x88, 0x8e, 2, 1, 0, 0,                      /* EAPOL version 2, start, empty */
	};
	struct ethernet ethernet;
	struct reader r = OVER(frame);

	EXPECT(ethernet_parse(&ethernet, &r));
	EXPECT(ethernet.is_eapol);
	EXPECT_INT(ethernet.eapol_version, 2);
	EXPECT_INT(ethernet.eapol_type, 1);
}

static bool
parse(struct reader r)
{
	struct ethernet ethernet;
	return ethernet_parse(&ethernet, &r);
}

TEST(a_frame_cut_in_its_head_is_refused)
{
	static const uint8_t frame[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 5, 0x88,
		0x8e, 1, 0, 0, 2, 'x', 'y'};

	EXPECT_INT(parse_at_every_length(parse, frame, sizeof frame), 1);
}
