/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dns.h"

#include "bytes.h"

static struct dns_query
ask(const char *name, uint16_t type, bool has_edns)
{
	struct dns_query query = {.id = 0xabcd,
		.flags = DNS_FLAG_WANT_RECURSION,
		.type = type,
		.has_edns = has_edns,
		.udp_size = has_edns ? DNS_UDP_MAX : DNS_UDP_MIN};

	EXPECT(dns_name_from_text(&query.name, name));
	query.name.wire[1] &= (uint8_t)~0x20; /* first letter in capitals */
	EXPECT(dns_name_text(&query.name, query.text));
	return query;
}

static struct ip
address(const char *text)
{
	struct ip ip;
	EXPECT(ip_parse(&ip, text));
	return ip;
}

TEST(a_reply_repeats_the_question_and_answers_it)
{
	static const uint8_t wanted[] = {
		0xab, 0xcd, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 1,              /* response, RD, RA */
		1, 'A', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1, /* as it was spelled */
		0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 18, 1, 1,      /* A */
		0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0,                      /* OPT, 1232 */
	};
	struct dns_query query = ask("a.example", DNS_A, true);
	struct ip ip = address("198.18.1.1");
	struct dns_reply reply;
	uint8_t out[512];

	dns_reply_init(&reply, out, sizeof out, query.udp_size, &query, DNS_NOERROR);
	dns_reply_address(&reply, &ip, 60);
	EXPECT_INT(dns_reply_end(&reply), sizeof wanted);
	EXPECT_MEM(out, wanted, sizeof wanted);
}

TEST(after_an_alias_the_answers_are_for_its_target)
{
	struct dns_query query = ask("a.example", DNS_AAAA, false);
	struct ip ip = address("2001:db8::42");
	struct dns_name target;
	struct dns_reply reply;
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	char text[DNS_TEXT_MAX];
	uint8_t out[512];

	EXPECT(dns_name_from_text(&target, "cdn.example.net"));
	dns_reply_init(&reply, out, sizeof out, query.udp_size, &query, DNS_NOERROR);
	dns_reply_cname(&reply, &target, 30);
	dns_reply_address(&reply, &ip, 60);
	size_t len = dns_reply_end(&reply);

	EXPECT(dns_parse(&dns, reader_over(out, len)));
	EXPECT_INT(dns.answer_count, 2);
	dns_walk_init(&walk, &dns);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(record.type, DNS_CNAME);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT(dns_name_text(&record.name, text));
	EXPECT_STR(text, "cdn.example.net");
	EXPECT_IP(record.address, "2001:db8::42");
	EXPECT(!dns_walk_next(&walk, &record));
	EXPECT(!walk.is_broken);
}

TEST(a_reply_that_does_not_fit_says_so_and_has_whole_records_only)
{
	struct dns_query query = ask("a.example", DNS_A, true);
	struct ip ip = address("198.18.1.1");
	struct dns_reply reply;
	struct dns dns;
	uint8_t out[2048];

	for (size_t limit = 0; limit < 200; limit++) {
		memset(out, 0xee, sizeof out);
		dns_reply_init(&reply, out, sizeof out, limit, &query, DNS_NOERROR);
		for (int i = 0; i < 40; i++)
			dns_reply_address(&reply, &ip, 60);
		size_t len = dns_reply_end(&reply);
		EXPECT(len <= limit);
		EXPECT_INT(out[limit], 0xee); /* nothing behind the limit */
		if (limit < 27 + 11) {
			EXPECT_INT(len, 0);
			continue;
		}
		EXPECT(dns_parse(&dns, reader_over(out, len)));
		EXPECT(dns.flags & DNS_FLAG_TRUNCATED);
		EXPECT_INT(dns.answer_count, (limit - 38) / 16);
		EXPECT_INT(len, 38 + dns.answer_count * 16);
	}
}

TEST(no_such_name_is_a_reply_too)
{
	struct dns_query query = ask("a.example", DNS_A, false);
	struct dns_reply reply;
	uint8_t out[512];

	dns_reply_init(&reply, out, sizeof out, query.udp_size, &query, DNS_NXDOMAIN);
	EXPECT_INT(dns_reply_end(&reply), 27);
	EXPECT_INT(out[3] & 15, DNS_NXDOMAIN);
	EXPECT_INT(out[11], 0); /* who has no EDNS gets none */
}

/* What an upstream said of a.example: an alias, its address, and more that nobody needs. */
static const uint8_t upstream[] = {
	0, 7, 0x81, 0xa0, 0, 1, 0, 2, 0, 1, 0, 1, /* AD; 2 answers, 1 authority, 1 additional */
	1, 'a', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0,
	60, 0, 4, 1, 'b', 0xc0, 14,                             /* CNAME b.example */
	0xc0, 39, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 18, 1, 1, /* b's A */
	0xc0, 14, 0, 2, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 39,      /* NS */
	0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0,                    /* their OPT */
};

TEST(an_upstream_answer_becomes_ours_record_by_record)
{
	struct dns_query query = ask("a.example", DNS_A, true);
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	char text[DNS_TEXT_MAX];
	uint8_t out[512];

	size_t len = dns_reply_from_answer(
		out, sizeof out, query.udp_size, &query, upstream, sizeof upstream);
	EXPECT_INT(len, sizeof upstream); /* their OPT is replaced by ours */
	EXPECT(dns_parse(&dns, reader_over(out, len)));
	EXPECT_INT(dns.id, 0xabcd);
	EXPECT_INT(dns.question.wire[1], 'A');     /* as the device spelled it */
	EXPECT(!(dns.flags & DNS_FLAG_AUTHENTIC)); /* nobody asked */
	dns_walk_init(&walk, &dns);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT(dns_name_text(&record.name, text));
	EXPECT_STR(text, "b.example");
	EXPECT_IP(record.address, "198.18.1.1");
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(record.section, DNS_AUTHORITY);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(record.type, DNS_OPT);
	EXPECT(!dns_walk_next(&walk, &record) && !walk.is_broken);
}

TEST(the_authority_section_is_left_out_before_the_answer_is)
{
	struct dns_query query = ask("a.example", DNS_A, false);
	struct dns dns;
	uint8_t out[512];

	size_t len = dns_reply_from_answer(out, sizeof out, 60, &query, upstream, sizeof upstream);
	EXPECT(dns_parse(&dns, reader_over(out, len)));
	EXPECT_INT(dns.answer_count, 2);
	EXPECT_INT(dns.authority_count, 0);
	EXPECT(!(dns.flags & DNS_FLAG_TRUNCATED));
	len = dns_reply_from_answer(out, sizeof out, 58, &query, upstream, sizeof upstream);
	EXPECT(dns_parse(&dns, reader_over(out, len)));
	EXPECT_INT(dns.answer_count, 0);
	EXPECT(dns.flags & DNS_FLAG_TRUNCATED);
}

TEST(an_answer_to_another_question_is_not_passed_on)
{
	struct dns_query query = ask("c.example", DNS_A, false);
	uint8_t out[512], bytes[sizeof upstream];

	EXPECT_INT(
		dns_reply_from_answer(out, sizeof out, 512, &query, upstream, sizeof upstream), 0);
	query = ask("a.example", DNS_AAAA, false);
	EXPECT_INT(
		dns_reply_from_answer(out, sizeof out, 512, &query, upstream, sizeof upstream), 0);
	query = ask("a.example", DNS_A, false);
	memcpy(bytes, upstream, sizeof bytes);
	bytes[2] &= 0x7f; /* a question is no answer */
	EXPECT_INT(dns_reply_from_answer(out, sizeof out, 512, &query, bytes, sizeof bytes), 0);
	for (size_t len = 0; len < sizeof upstream; len++)
		EXPECT_INT(dns_reply_from_answer(out, sizeof out, 512, &query, upstream, len), 0);
}

TEST(a_refusal_repeats_what_could_be_read)
{
	static const uint8_t query[] = {
		0xab, 0xcd, 0x29, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 3};
	static const uint8_t wanted[] = {
		0xab, 0xcd, 0xa9, 0x84, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 3};
	uint8_t out[512];

	EXPECT_INT(dns_refuse(out, sizeof out, OVER(query), DNS_NOTIMP), sizeof wanted);
	EXPECT_MEM(out, wanted, sizeof wanted);
	EXPECT_INT(dns_refuse(out, sizeof out, reader_over(query, 14), DNS_FORMERR), 12);
	EXPECT_INT(out[5], 0);
	EXPECT_INT(dns_refuse(out, sizeof out, reader_over(query, 11), DNS_FORMERR), 0);
	EXPECT_INT(dns_refuse(out, 10, OVER(query), DNS_FORMERR), 0);
	/* the upper bits of BADVERS are in the OPT */
	EXPECT_INT(dns_refuse(out, sizeof out, OVER(query), DNS_BADVERS), sizeof wanted + 11);
	EXPECT_INT(out[3] & 15, 0);
	EXPECT_INT(out[sizeof wanted + 5], 1);
}
