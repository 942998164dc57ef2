/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ipv4.h"
#include "packet/ipv6.h"

#include "bytes.h"

static const uint8_t plain4[] = {
	0x45, 0xb8, 0, 24,   /* version 4, 5 words, tos, 24 bytes in all */
	0x12, 0x34, 0x40, 0, /* id, do not fragment */
	64, 17, 0, 0,        /* ttl, UDP, checksum */
	198, 18, 0, 10,      /* from */
	198, 18, 0, 1,       /* to */
	'd', 'a', 't', 'a',  /* payload */
	0, 0,                /* Ethernet padding */
};

static bool
parse4(struct reader r)
{
	struct ipv4 ipv4;
	return ipv4_parse(&ipv4, &r);
}

TEST(an_ipv4_packet_ends_where_it_says_and_not_at_the_padding)
{
	struct ipv4 ipv4;
	struct reader r = OVER(plain4);

	EXPECT(ipv4_parse(&ipv4, &r));
	EXPECT_IP(ipv4.source, "198.18.0.10");
	EXPECT_IP(ipv4.destination, "198.18.0.1");
	EXPECT_INT(ipv4.protocol, 17);
	EXPECT_INT(ipv4.ttl, 64);
	EXPECT_INT(ipv4.tos, 0xb8);
	EXPECT(!ipv4.is_fragment && !ipv4.has_options);
	EXPECT_BYTES(reader_rest(&r), "data");
}

TEST(an_ipv4_packet_cut_by_the_capture_gives_what_there_is)
{
	/* a header takes 20 bytes; each longer piece of the 26 is content */
	EXPECT_INT(parse_at_every_length(parse4, plain4, sizeof plain4), 7);
}

TEST(fragments_of_ipv4_say_where_they_belong)
{
	uint8_t fragment[sizeof plain4];
	struct ipv4 ipv4;

	memcpy(fragment, plain4, sizeof fragment);
	fragment[6] = 0x20; /* more to come */
	struct reader r = OVER(fragment);
	EXPECT(ipv4_parse(&ipv4, &r));
	EXPECT(ipv4.is_fragment && ipv4.has_more);
	EXPECT_INT(ipv4.fragment_offset, 0);
	fragment[6] = 0;
	fragment[7] = 185; /* units of eight bytes */
	r = OVER(fragment);
	EXPECT(ipv4_parse(&ipv4, &r));
	EXPECT(ipv4.is_fragment && !ipv4.has_more);
	EXPECT_INT(ipv4.fragment_offset, 1480);
}

TEST(options_of_ipv4_are_read_and_skipped)
{
	static const uint8_t bytes[] = {
		0x48,
		0,
		0,
		33,
		0,
		0,
		0,
		0,
		64,
		17,
		0,
		0,
		198,
		18,
		0,
		10,
		198,
		18,
		0,
		1,
		148,
		4,
		0,
		0, /* router alert */
		1, /* pad */
		131,
		7,
		4,
		198,
		18,
		0,
		9, /* loose source route */
		'x',
	};
	struct ipv4 ipv4;
	struct reader r = OVER(bytes);

	EXPECT(ipv4_parse(&ipv4, &r));
	EXPECT(ipv4.has_options && ipv4.has_router_alert && ipv4.has_source_route);
	EXPECT_BYTES(reader_rest(&r), "x");
}

TEST(an_ipv4_header_that_contradicts_itself_is_refused)
{
	static const struct {
		uint8_t place, value;
	} odd[] = {
		{0, 0x65}, /* version 6 */
		{0, 0x44}, /* a header of 16 bytes */
		{0, 0x4f}, /* a header of 60 bytes, in 24 */
		{3, 19},   /* shorter than its header */
	};
	uint8_t bytes[sizeof plain4];

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		memcpy(bytes, plain4, sizeof bytes);
		bytes[odd[i].place] = odd[i].value;
		EXPECT(!parse4(OVER(bytes)));
	}
}

TEST(an_ipv4_option_of_no_length_does_not_hold_us_up)
{
	static const uint8_t bytes[] = {0x46, 0, 0, 24, 0, 0, 0, 0, 64, 17, 0, 0, 198, 18, 0, 10,
		198, 18, 0, 1, 131, 0, 0, 0};

	EXPECT(!parse4(OVER(bytes)));
}

static const uint8_t plain6[] = {
	0x6e, 0x01, 0x23, 0x45,                                /* version 6, class 0xe0, flow */
	0, 20, 0, 255,                                         /* 20 bytes, hop-by-hop, hop limit */
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,  /* from */
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 22, /* to */
	60, 0, 5, 2, 0, 0, 1, 0,                               /* hop-by-hop: router alert, pad */
	58, 0, 1, 4, 0, 0, 0, 0,                               /* destination options: padding */
	'd', 'a', 't', 'a',                                    /* payload */
	0, 0,                                                  /* Ethernet padding */
};

static bool
parse6(struct reader r)
{
	struct ipv6 ipv6;
	return ipv6_parse(&ipv6, &r);
}

TEST(extension_headers_lead_to_the_protocol_behind_them)
{
	struct ipv6 ipv6;
	struct reader r = OVER(plain6);

	EXPECT(ipv6_parse(&ipv6, &r));
	EXPECT_IP(ipv6.source, "fe80::1");
	EXPECT_IP(ipv6.destination, "ff02::16");
	EXPECT_INT(ipv6.protocol, 58);
	EXPECT_INT(ipv6.hop_limit, 255);
	EXPECT_INT(ipv6.traffic_class, 0xe0);
	EXPECT_INT(ipv6.extension_count, 2);
	EXPECT(ipv6.has_hop_by_hop && ipv6.has_router_alert && !ipv6.has_routing);
	EXPECT_BYTES(reader_rest(&r), "data");
}

TEST(an_ipv6_packet_cut_in_its_headers_is_refused)
{
	/* 40 and twice 8 bytes are headers; from 56 on it is content */
	EXPECT_INT(parse_at_every_length(parse6, plain6, sizeof plain6), 7);
}

TEST(a_chain_of_extension_headers_has_an_end)
{
	uint8_t bytes[40 + 9 * 8] = {0x60, 0, 0, 0, 0, 9 * 8, 60, 64};

	for (int i = 0; i < 9; i++)
		bytes[40 + i * 8] = i < 8 ? 60 : 59;
	EXPECT(!parse6(OVER(bytes)));
	bytes[40 + 7 * 8] = 59; /* the eighth says that nothing follows */
	EXPECT(parse6(OVER(bytes)));
}

TEST(a_hop_by_hop_header_that_is_not_the_first_is_refused)
{
	uint8_t bytes[40 + 16] = {0x60, 0, 0, 0, 0, 16, 60, 64};

	bytes[40] = 0; /* hop-by-hop */
	bytes[48] = 59;
	EXPECT(!parse6(OVER(bytes)));
}

TEST(a_later_fragment_of_ipv6_is_payload_although_it_looks_like_headers)
{
	static const uint8_t fragment[] = {
		0x60, 0, 0, 0, 0, 16, 44, 64,                   /* fragment header next */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* from */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, /* to */
		60, 0, 0x05, 0xa9, 0, 0, 0, 9,                  /* offset 1448, more, id 9 */
		60, 255, 0, 0, 0, 0, 0, 0,                      /* bytes of a stranger */
	};
	struct ipv6 ipv6;
	struct reader r = OVER(fragment);

	EXPECT(ipv6_parse(&ipv6, &r));
	EXPECT(ipv6.is_fragment && ipv6.has_more);
	EXPECT_INT(ipv6.fragment_offset, 1448);
	EXPECT_INT(ipv6.fragment_id, 9);
	EXPECT_INT(ipv6.extension_count, 1);
	EXPECT_INT(reader_left(&r), 8);
}

TEST(the_length_of_an_authentication_header_counts_in_words)
{
	uint8_t bytes[40 + 12 + 1] = {0x60, 0, 0, 0, 0, 13, 51, 64};
	struct ipv6 ipv6;

	bytes[40] = 17; /* UDP */
	bytes[41] = 1;  /* three words */
	bytes[52] = 'x';
	struct reader r = OVER(bytes);
	EXPECT(ipv6_parse(&ipv6, &r));
	EXPECT_INT(ipv6.protocol, 17);
	EXPECT_BYTES(reader_rest(&r), "x");
}

TEST(a_routing_header_is_noticed)
{
	uint8_t bytes[40 + 8] = {0x60, 0, 0, 0, 0, 8, 43, 64};
	struct ipv6 ipv6;

	bytes[40] = 59;
	struct reader r = OVER(bytes);
	EXPECT(ipv6_parse(&ipv6, &r));
	EXPECT(ipv6.has_routing && !ipv6.has_hop_by_hop && !ipv6.is_fragment);
}

TEST(a_hop_by_hop_option_longer_than_its_header_is_refused)
{
	uint8_t bytes[40 + 8] = {0x60, 0, 0, 0, 0, 8, 0, 64};

	bytes[40] = 59;
	bytes[42] = 5, bytes[43] = 5; /* a router alert of five, in four */
	EXPECT(!parse6(OVER(bytes)));
	bytes[43] = 4;
	EXPECT(parse6(OVER(bytes)));
}

TEST(an_ipv4_option_longer_than_the_header_is_refused)
{
	uint8_t bytes[] = {0x46, 0, 0, 24, 0, 0, 0, 0, 64, 17, 0, 0, 198, 18, 0, 10, 198, 18, 0, 1,
		137, 5, 0, 0};
	struct ipv4 ipv4;

	EXPECT(!parse4(OVER(bytes)));
	bytes[21] = 4; /* strict source route */
	struct reader r = OVER(bytes);
	EXPECT(ipv4_parse(&ipv4, &r));
	EXPECT(ipv4.has_source_route && !ipv4.has_router_alert);
}
