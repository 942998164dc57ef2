/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_answer.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static uint8_t packet[65536];
static struct writer w;
static struct dns_query query;
static struct own_prefixes own;
static struct answer answer;

static void
name(const char *text)
{
	struct dns_name name;

	EXPECT(dns_name_from_text(&name, text));
	writer_bytes(&w, name.wire, name.len);
}

/* A camera asked for the addresses of cloud.example; what follows is upstream's answer. */
static void
answer_begins(uint16_t n_answers)
{
	memset(&query, 0, sizeof query);
	query.type = DNS_A;
	query.udp_size = 1232;
	EXPECT(dns_name_from_text(&query.name, "cloud.example"));
	EXPECT(dns_name_text(&query.name, query.text));
	w = writer_over(packet, sizeof packet);
	writer_u16(&w, 1);
	writer_u16(&w, DNS_FLAG_RESPONSE | DNS_FLAG_HAVE_RECURSION);
	writer_u16(&w, 1);
	writer_u16(&w, n_answers);
	writer_u32(&w, 0);
	name("cloud.example");
	writer_u16(&w, DNS_A);
	writer_u16(&w, DNS_IN);
}

static void
head(const char *owner, uint16_t type, uint32_t ttl_s)
{
	name(owner);
	writer_u16(&w, type);
	writer_u16(&w, DNS_IN);
	writer_u32(&w, ttl_s);
}

static void
a_record(const char *owner, uint32_t ttl_s, const char *address)
{
	struct ip ip;

	EXPECT(ip_parse(&ip, address));
	head(owner, DNS_A, ttl_s);
	writer_u16(&w, 4);
	writer_bytes(&w, ip.byte, 4);
}

static void
alias(const char *owner, uint32_t ttl_s, const char *target)
{
	struct dns_name to;

	EXPECT(dns_name_from_text(&to, target));
	head(owner, DNS_CNAME, ttl_s);
	writer_u16(&w, to.len);
	writer_bytes(&w, to.wire, to.len);
}

static enum answer_verdict
read_it(void)
{
	EXPECT(writer_ok(&w));
	return answer_from_packet(&answer, &query, &own, packet, writer_len(&w));
}

TEST(the_addresses_at_the_end_of_the_chain_are_taken_and_no_others)
{
	answer_begins(5);
	alias("cloud.example", 300, "edge.cdn.example");
	alias("edge.cdn.example", 20, "e7.cdn.example");
	a_record("e7.cdn.example", 60, "198.18.5.7");
	a_record("other.example", 60, "198.18.5.8"); /* of no concern */
	a_record("e7.cdn.example", 60, "198.18.5.9");
	EXPECT_INT(read_it(), ANSWER_IS_FINE);
	EXPECT_INT(answer.n_chain, 2);
	EXPECT_INT(answer.n_addresses, 2);
	EXPECT_INT(answer.address[1].byte[3], 9);
	EXPECT_INT(answer.ttl_s, 20);
}

TEST(one_address_inside_spoils_the_answer)
{
	static const char *const inside[] = {
		"10.0.0.1", "127.0.0.1", "169.254.1.1", "0.0.0.0", "192.168.77.5", "224.0.0.251"};

	for (int i = 0; i < 6; i++) {
		answer_begins(2);
		a_record("cloud.example", 60, "198.18.5.7");
		a_record("cloud.example", 60, inside[i]);
		EXPECT_INT(read_it(), ANSWER_IS_INSIDE);
	}
	/* Even where it belongs to another name. */
	answer_begins(2);
	a_record("cloud.example", 60, "198.18.5.7");
	a_record("other.example", 60, "10.0.0.1");
	EXPECT_INT(read_it(), ANSWER_IS_INSIDE);
}

TEST(an_address_of_our_own_networks_is_inside)
{
	answer_begins(1);
	a_record("cloud.example", 60, "198.18.5.7");
	EXPECT_INT(read_it(), ANSWER_IS_FINE);
	EXPECT(prefix_parse(&own.prefix[0], "198.18.5.0/24"));
	own.count = 1;
	EXPECT_INT(read_it(), ANSWER_IS_INSIDE);
	own.count = 0;
}

TEST(a_loop_of_aliases_is_broken)
{
	answer_begins(2);
	alias("cloud.example", 300, "other.example");
	alias("other.example", 300, "cloud.example");
	EXPECT_INT(read_it(), ANSWER_IS_BROKEN);
	answer_begins(1);
	alias("cloud.example", 300, "cloud.example");
	EXPECT_INT(read_it(), ANSWER_IS_BROKEN);
}

TEST(more_addresses_than_the_cap_are_left_out)
{
	answer_begins(100);
	for (int i = 0; i < 100; i++) {
		char text[IP_TEXT_MAX];
		snprintf(text, sizeof text, "198.18.5.%d", i);
		a_record("cloud.example", 60, text);
	}
	EXPECT_INT(read_it(), ANSWER_IS_FINE);
	EXPECT_INT(answer.n_addresses, ANSWER_ADDRESSES_MAX);
}

TEST(an_answer_to_another_question_is_broken)
{
	answer_begins(1);
	a_record("cloud.example", 60, "198.18.5.7");
	EXPECT(dns_name_from_text(&query.name, "clown.example"));
	EXPECT_INT(read_it(), ANSWER_IS_BROKEN);
}

TEST(an_answer_that_is_cut_anywhere_is_broken)
{
	answer_begins(2);
	alias("cloud.example", 300, "edge.example");
	a_record("edge.example", 60, "198.18.5.7");
	EXPECT_INT(read_it(), ANSWER_IS_FINE);
	for (size_t len = 0; len < writer_len(&w); len++)
		EXPECT_INT(
			answer_from_packet(&answer, &query, &own, packet, len), ANSWER_IS_BROKEN);
}

TEST(a_life_beyond_the_ceiling_is_cut)
{
	uint8_t reply[512];

	answer_begins(1);
	a_record("cloud.example", 0x7fffffff, "198.18.5.7");
	EXPECT_INT(read_it(), ANSWER_IS_FINE);
	EXPECT_INT(answer.ttl_s, 24 * 3600);
	EXPECT(answer_render(&answer, &query, reply, sizeof reply, sizeof reply) > 0);
}

TEST(the_reply_repeats_the_chain_and_the_addresses_with_one_life)
{
	uint8_t reply[512];
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	unsigned count = 0;

	answer_begins(3);
	alias("cloud.example", 300, "edge.example");
	a_record("edge.example", 60, "198.18.5.7");
	a_record("edge.example", 60, "198.18.5.8");
	EXPECT_INT(read_it(), ANSWER_IS_FINE);
	size_t len = answer_render(&answer, &query, reply, sizeof reply, sizeof reply);
	EXPECT(dns_parse(&dns, reader_over(reply, len)));
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		EXPECT_INT(record.ttl_s, 60);
		count++;
	}
	EXPECT(!walk.is_broken);
	EXPECT_INT(count, 3);
}

TEST(a_hint_of_an_https_record_can_point_inside_too)
{
	/* cloud.example HTTPS 1 . ipv4hint=10.0.0.5 */
	static const uint8_t data[] = {0, 1, 0, 0, 4, 0, 4, 10, 0, 0, 5};

	answer_begins(1);
	head("cloud.example", DNS_HTTPS, 60);
	writer_u16(&w, sizeof data);
	writer_bytes(&w, data, sizeof data);
	EXPECT(packet_points_inside(&own, packet, writer_len(&w)));
	packet[writer_len(&w) - 4] = 198; /* 198.0.0.5 */
	EXPECT(!packet_points_inside(&own, packet, writer_len(&w)));
}
