/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/tcp.h"
#include "packet/udp.h"

#include "bytes.h"

TEST(a_datagram_ends_where_it_says)
{
	static const uint8_t bytes[] = {0x9c, 0x40, 0, 53, 0, 10, 0, 0, 'h', 'i', 'p', 'a', 'd'};
	struct udp udp;
	struct reader r = OVER(bytes);

	EXPECT(udp_parse(&udp, &r));
	EXPECT_INT(udp.source, 40000);
	EXPECT_INT(udp.destination, 53);
	EXPECT_BYTES(reader_rest(&r), "hi");
}

TEST(a_datagram_shorter_than_its_header_is_refused)
{
	uint8_t bytes[] = {0x9c, 0x40, 0, 53, 0, 7, 0, 0, 'h', 'i'};
	struct udp udp;
	struct reader r = OVER(bytes);

	EXPECT(!udp_parse(&udp, &r));
	r = reader_over(bytes, 7);
	EXPECT(!udp_parse(&udp, &r));
	/* longer than what was captured: what there is */
	bytes[5] = 200;
	r = OVER(bytes);
	EXPECT(udp_parse(&udp, &r));
	EXPECT_INT(udp.len, 200);
	EXPECT_INT(reader_left(&r), 2);
}

/* A camera opens a connection to telnet. */
static const uint8_t syn[] = {
	0x9c, 0x40, 0, 23,                  /* from 40000 to 23 */
	0, 0, 0, 1, 0, 0, 0, 0,             /* sequence, acknowledgement */
	0xa0, 0x02, 0xff, 0xff, 0, 0, 0, 0, /* ten words, SYN, window */
	2, 4, 0x05, 0xb4,                   /* MSS 1460 */
	4, 2,                               /* SACK permitted */
	8, 10, 0, 0, 0, 1, 0, 0, 0, 0,      /* timestamps */
	1,                                  /* pad */
	3, 3, 7,                            /* window scale */
};

static bool
parse(struct reader r)
{
	struct tcp tcp;
	return tcp_parse(&tcp, &r);
}

TEST(the_options_of_a_syn_tell_systems_apart)
{
	static const uint8_t kinds[] = {2, 4, 8, 1, 3};
	struct tcp tcp;
	struct reader r = OVER(syn);

	EXPECT(tcp_parse(&tcp, &r));
	EXPECT_INT(tcp.source, 40000);
	EXPECT_INT(tcp.destination, 23);
	EXPECT_INT(tcp.flags, TCP_SYN);
	EXPECT_INT(tcp.sequence, 1);
	EXPECT_INT(tcp.mss, 1460);
	EXPECT_INT(tcp.window_scale, 7);
	EXPECT(tcp.has_sack && tcp.has_timestamps && !tcp.has_odd_options);
	EXPECT_INT(tcp.option_count, 5);
	EXPECT_MEM(tcp.option_kind, kinds, sizeof kinds);
	EXPECT_INT(reader_left(&r), 0);
}

TEST(a_segment_cut_in_its_header_is_refused)
{
	EXPECT_INT(parse_at_every_length(parse, syn, sizeof syn), 1);
}

TEST(odd_options_are_noticed_and_do_not_hide_the_segment)
{
	uint8_t bytes[sizeof syn];
	struct tcp tcp;

	memcpy(bytes, syn, sizeof bytes);
	bytes[21] = 0; /* an MSS of no length */
	struct reader r = OVER(bytes);
	EXPECT(tcp_parse(&tcp, &r));
	EXPECT(tcp.has_odd_options);
	EXPECT_INT(tcp.mss, 0);
	bytes[21] = 200; /* and one beyond the header */
	r = OVER(bytes);
	EXPECT(tcp_parse(&tcp, &r));
	EXPECT(tcp.has_odd_options);
}

TEST(forty_pads_fill_the_table_and_no_more)
{
	uint8_t bytes[60] = {0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x02};
	struct tcp tcp;

	memset(bytes + 20, 1, 40);
	struct reader r = OVER(bytes);
	EXPECT(tcp_parse(&tcp, &r));
	EXPECT_INT(tcp.option_count, 40);
}

TEST(a_header_of_less_than_five_words_is_refused)
{
	uint8_t bytes[20] = {[12] = 0x40};
	EXPECT(!parse(OVER(bytes)));
	bytes[12] = 0x50;
	EXPECT(parse(OVER(bytes)));
}
