/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

#include "bytes.h"

#define ETHERNET(high, low) 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, high, low
#define IPV4(len, protocol)                                                                        \
	0x45, 0, 0, len, 0, 0, 0, 0, 64, protocol, 0, 0, 198, 18, 0, 10, 198, 18, 0, 1
#define UDP(source, destination, len)                                                              \
	(source) >> 8, (source)&255, (destination) >> 8, (destination)&255, 0, len, 0, 0
#define TCP(source, destination, flags)                                                            \
	(source) >> 8, (source)&255, (destination) >> 8, (destination)&255, 0, 0, 0, 1, 0, 0, 0,   \
		2, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0
#define QUESTION 0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1

/* A device asks for a name. */
static const uint8_t query[] = {
	ETHERNET(8, 0), IPV4(20 + 8 + 19, 17), UDP(40000, 53, 8 + 19), QUESTION};

static bool
parse(struct packet *packet, const uint8_t *frame, size_t len)
{
	return packet_parse(packet, frame, len, len);
}

TEST(a_query_is_decoded_from_its_frame_to_its_name)
{
	struct packet packet;

	EXPECT(parse(&packet, query, sizeof query));
	EXPECT_INT(packet.layers, LAYER_ETHERNET | LAYER_IPV4 | LAYER_UDP);
	EXPECT_INT(packet.protocol, PROTOCOL_DNS);
	EXPECT_INT(packet.discard, DISCARD_NONE);
	EXPECT_IP(packet.source, "198.18.0.10");
	EXPECT_IP(packet.destination, "198.18.0.1");
	EXPECT_INT(packet.transport, 17);
	EXPECT_INT(packet.source_port, 40000);
	EXPECT_INT(packet.destination_port, 53);
	EXPECT_INT(packet.dns.question.wire[1], 'a');
	EXPECT(!packet.is_cut);
}

TEST(a_packet_without_its_ethernet_head_is_decoded_alike)
{
	struct packet packet;

	EXPECT(packet_parse_ip(&packet, query + 14, sizeof query - 14, 1500));
	EXPECT_INT(packet.layers, LAYER_IPV4 | LAYER_UDP);
	EXPECT_INT(packet.protocol, PROTOCOL_DNS);
	EXPECT(packet.is_cut);
	EXPECT_INT(packet.wire_len, 1500);
	EXPECT(!packet_parse_ip(&packet, query, 0, 0));
	EXPECT_INT(packet.discard, DISCARD_IPV4);
}

TEST(every_protocol_over_udp_is_found_by_either_port)
{
	static const struct {
		uint16_t port;
		enum packet_protocol protocol;
		uint8_t byte[24];
		uint8_t len;
	} known[] = {
		{53, PROTOCOL_DNS, {QUESTION}, 19},
		{5353, PROTOCOL_MDNS, {QUESTION}, 19},
		{547, PROTOCOL_DHCPV6, {1, 1, 2, 3}, 4},
		{546, PROTOCOL_DHCPV6, {7, 1, 2, 3}, 4},
		{1900, PROTOCOL_SSDP, "HTTP/1.1 200 OK\r\n\r\n", 19},
		{5683, PROTOCOL_COAP, {0x40, 1, 0, 7}, 4},
		{123, PROTOCOL_NTP, {0x16, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},
	};
	struct packet packet;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		uint8_t frame[14 + 28 + 24] = {ETHERNET(8, 0), IPV4(28, 17), UDP(40000, 40001, 8)};
		size_t len = 14 + 28 + known[i].len;
		frame[17] = (uint8_t)(28 + known[i].len);
		frame[39] = (uint8_t)(8 + known[i].len);
		memcpy(frame + 42, known[i].byte, known[i].len);
		EXPECT(parse(&packet, frame, len));
		EXPECT_INT(packet.protocol, PROTOCOL_NONE);
		for (int side = 34; side <= 36; side += 2) {
			uint8_t copy[sizeof frame];
			memcpy(copy, frame, sizeof copy);
			copy[side] = (uint8_t)(known[i].port >> 8);
			copy[side + 1] = (uint8_t)known[i].port;
			EXPECT(parse(&packet, copy, len));
			EXPECT_INT(packet.protocol, known[i].protocol);
		}
	}
}

TEST(protocols_over_tcp_are_found_by_their_looks_on_any_port)
{
	static const uint8_t http[] = {ETHERNET(8, 0), IPV4(40 + 18, 6), TCP(40000, 7547, 0x18),
		'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P', '/', '1', '.', '1', '\r', '\n',
		'\r', '\n'};
	static const uint8_t mqtt[] = {ETHERNET(8, 0), IPV4(40 + 15, 6), TCP(40000, 999, 0x18),
		0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'x'};
	static const uint8_t dns[] = {
		ETHERNET(8, 0), IPV4(40 + 21, 6), TCP(40000, 53, 0x18), 0, 19, QUESTION};
	static const uint8_t data[] = {
		ETHERNET(8, 0), IPV4(40 + 4, 6), TCP(40000, 443, 0x18), 'd', 'a', 't', 'a'};
	struct packet packet;

	EXPECT(parse(&packet, http, sizeof http));
	EXPECT_INT(packet.protocol, PROTOCOL_HTTP);
	EXPECT_BYTES(packet.http.target, "/");
	EXPECT(parse(&packet, mqtt, sizeof mqtt));
	EXPECT_INT(packet.protocol, PROTOCOL_MQTT);
	EXPECT(parse(&packet, dns, sizeof dns));
	EXPECT_INT(packet.protocol, PROTOCOL_DNS);
	EXPECT(parse(&packet, data, sizeof data));
	EXPECT_INT(packet.protocol, PROTOCOL_NONE);
	EXPECT_INT(packet.discard, DISCARD_NONE);
	EXPECT_BYTES(reader_rest(&packet.payload), "data");
}

TEST(what_is_not_what_its_port_says_is_counted)
{
	uint8_t frame[sizeof query];
	struct packet packet;
	struct packet_counts counts = {0};

	memcpy(frame, query, sizeof frame);
	frame[14 + 28 + 12] = 99; /* a label of 99 bytes */
	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.protocol, PROTOCOL_NONE);
	EXPECT_INT(packet.discard, DISCARD_APPLICATION);
	packet_count(&counts, &packet);
	EXPECT(parse(&packet, query, sizeof query));
	packet_count(&counts, &packet);
	EXPECT_INT(counts.packets, 2);
	EXPECT_INT(counts.bytes, 2 * sizeof query);
	EXPECT_INT(counts.discarded[DISCARD_APPLICATION], 1);
	EXPECT_INT(counts.discarded[DISCARD_NONE], 1);
	EXPECT_INT(counts.protocol[PROTOCOL_DNS], 1);
	EXPECT_STR(packet_discard_text(DISCARD_APPLICATION), "not what its port says");
}

TEST(nothing_above_ip_is_read_from_a_later_fragment_and_no_message_from_the_first)
{
	uint8_t frame[sizeof query];
	struct packet packet;

	memcpy(frame, query, sizeof frame);
	frame[20] = 0x20; /* more to come */
	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.layers, LAYER_ETHERNET | LAYER_IPV4 | LAYER_FRAGMENT | LAYER_UDP);
	EXPECT_INT(packet.protocol, PROTOCOL_NONE);
	EXPECT_INT(packet.destination_port, 53);
	frame[20] = 0, frame[21] = 1; /* the second */
	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.layers, LAYER_ETHERNET | LAYER_IPV4 | LAYER_FRAGMENT);
	EXPECT_INT(packet.destination_port, 0);
}

TEST(a_neighbour_solicitation_is_its_own_layer)
{
	static const uint8_t frame[] = {
		ETHERNET(0x86, 0xdd), 0x60, 0, 0, 0, 0, 24, 58, 255,  /* ICMPv6 */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,       /* from nobody yet */
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 7, /* to the solicited node */
		135, 0, 0, 0, 0, 0, 0, 0,                             /* who has */
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, /* fe80::7 */
	};
	uint8_t forged[sizeof frame];
	struct packet packet;

	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.layers, LAYER_ETHERNET | LAYER_IPV6 | LAYER_ICMPV6 | LAYER_ND);
	EXPECT(packet.nd.is_dad);
	EXPECT_IP(packet.nd.target, "fe80::7");
	memcpy(forged, frame, sizeof forged);
	forged[21] = 64; /* it came from afar */
	EXPECT(!parse(&packet, forged, sizeof forged));
	EXPECT_INT(packet.discard, DISCARD_ND);
	EXPECT(!(packet.layers & LAYER_ND));
}

TEST(what_an_earlier_packet_left_does_not_shine_through)
{
	static const uint8_t later[] = {ETHERNET(0x88, 0xb5), 1, 2, 3};
	struct packet packet;

	EXPECT(parse(&packet, query, sizeof query));
	EXPECT(parse(&packet, later, sizeof later));
	EXPECT_INT(packet.layers, LAYER_ETHERNET);
	EXPECT_INT(packet.protocol, PROTOCOL_NONE);
	EXPECT_INT(packet.discard, DISCARD_ETHERTYPE);
	EXPECT_INT(packet.source_port, 0);
	EXPECT_INT(packet.transport, 0);
}

static bool
parse_any(struct reader r)
{
	static struct packet packet;
	return packet_parse(&packet, r.at, reader_left(&r), sizeof query) &&
	       packet.protocol == PROTOCOL_DNS;
}

TEST(a_frame_cut_anywhere_is_decoded_as_far_as_it_goes)
{
	EXPECT_INT(parse_at_every_length(parse_any, query, sizeof query), 1);
}

TEST(an_echo_over_ipv6_is_an_echo_and_a_listener_report_is_none)
{
	uint8_t frame[] = {
		ETHERNET(0x86, 0xdd), 0x60, 0, 0, 0, 0, 8, 58, 64,    /* ICMPv6 */
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, /* from */
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, /* to */
		128, 0, 0, 0, 0, 9, 0, 1,                             /* echo request 9, 1 */
	};
	struct packet packet;

	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.layers, LAYER_ETHERNET | LAYER_IPV6 | LAYER_ICMPV6);
	EXPECT(packet.icmp.is_echo);
	EXPECT_INT(packet.icmp.id, 9);
	frame[54] = 129;
	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT(packet.icmp.is_echo);
	frame[54] = 143;
	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT(!packet.icmp.is_echo);
	EXPECT_INT(packet.layers, LAYER_ETHERNET | LAYER_IPV6 | LAYER_ICMPV6 | LAYER_MLD);
	frame[54] = 8; /* an echo of the other family */
	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT(!packet.icmp.is_echo);
}

TEST(a_head_that_is_broken_is_named)
{
	static const struct {
		uint8_t place, value;
		enum packet_discard wanted;
	} odd[] = {
		{14, 0x44, DISCARD_IPV4},
		{14 + 20 + 5, 7, DISCARD_UDP},
		{13, 0xdd, DISCARD_IPV6},
		{13, 0x06, DISCARD_ARP},
	};
	uint8_t frame[sizeof query];
	struct packet packet;

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		memcpy(frame, query, sizeof frame);
		frame[odd[i].place] = odd[i].value;
		if (odd[i].value == 0xdd)
			frame[12] = 0x86;
		EXPECT(!parse(&packet, frame, sizeof frame));
		EXPECT_INT(packet.discard, odd[i].wanted);
	}
	memcpy(frame, query, sizeof frame);
	frame[23] = 6; /* TCP, with the bytes of a datagram */
	EXPECT(!parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.discard, DISCARD_TCP);
	frame[23] = 1;
	EXPECT(!parse(&packet, frame, 14 + 20 + 7));
	EXPECT_INT(packet.discard, DISCARD_ICMP);
	frame[23] = 47;
	EXPECT(parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.discard, DISCARD_TRANSPORT);
	EXPECT(!parse(&packet, frame, 13));
	EXPECT_INT(packet.discard, DISCARD_ETHERNET);
	frame[12] = 0x88, frame[13] = 0xcc;
	EXPECT(!parse(&packet, frame, sizeof frame));
	EXPECT_INT(packet.discard, DISCARD_LLDP);
}
