/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dns.h"

#include "bytes.h"

static const uint8_t answer[] = {
	0x12, 0x34, 0x81, 0x80, /* id, response, recursion */
	0, 1, 0, 3, 0, 0, 0, 1, /* 1 question, 3 answers, 1 more */
	5, 'C', 'l', 'o', 'u', 'd', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1, /* A? */
	0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 3, 'c', 'd', 'n', 0xc0, 18, /* CNAME cdn.example */
	0xc0, 43, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 198, 18, 1, 1,              /* its A */
	0xc0, 43, 0, 28, 0, 1, 0, 0, 0, 30, 0, 16,                           /* its AAAA */
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42, 0, 0, 41, 0x10, 0, 0, 0,
	0x80, 0, 0, 0, /* OPT, 4096, DO */
};

static const char *
text(const struct dns_name *name)
{
	static char out[DNS_TEXT_MAX];
	return dns_name_text(name, out) ? out : NULL;
}

TEST(an_answer_is_walked_record_by_record)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;

	EXPECT(dns_parse(&dns, OVER(answer)));
	EXPECT_INT(dns.id, 0x1234);
	EXPECT(dns_is_response(&dns));
	EXPECT_INT(dns_rcode(&dns), DNS_NOERROR);
	EXPECT_STR(text(&dns.question), "cloud.example");
	EXPECT_INT(dns.question_type, DNS_A);

	dns_walk_init(&walk, &dns);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(record.section, DNS_ANSWER);
	EXPECT_INT(record.type, DNS_CNAME);
	EXPECT_INT(record.ttl_s, 60);
	EXPECT_STR(text(&record.name), "cloud.example");
	EXPECT_STR(text(&record.target), "cdn.example");
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_STR(text(&record.name), "cdn.example");
	EXPECT_IP(record.address, "198.18.1.1");
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_IP(record.address, "2001:db8::42");
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(record.section, DNS_ADDITIONAL);
	EXPECT_INT(record.udp_size, 4096);
	EXPECT(record.is_dnssec_ok);
	EXPECT(!dns_walk_next(&walk, &record));
	EXPECT(!walk.is_broken);
}

TEST(the_spelling_of_a_question_is_kept_and_its_text_is_not)
{
	struct dns dns;

	EXPECT(dns_parse(&dns, OVER(answer)));
	EXPECT_INT(dns.question.wire[1], 'C');
	EXPECT_STR(text(&dns.question), "cloud.example");
}

static bool
walk_all(struct reader r)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;

	if (!dns_parse(&dns, r))
		return false;
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record))
		;
	return !walk.is_broken;
}

TEST(an_answer_cut_anywhere_is_broken)
{
	EXPECT_INT(parse_at_every_length(walk_all, answer, sizeof answer), 1);
}

/* A message with one question whose name is these bytes. */
static bool
is_question(const void *name, size_t len)
{
	uint8_t bytes[600] = {0, 1, 1, 0, 0, 1};
	struct dns dns;

	memcpy(bytes + 12, name, len);
	bytes[12 + len + 1] = 1;
	bytes[12 + len + 3] = 1;
	return dns_parse(&dns, reader_over(bytes, 12 + len + 4));
}

TEST(a_name_never_points_at_itself_forward_or_into_the_header)
{
	static const uint8_t self[] = {0xc0, 12}, forward[] = {0xc0, 14, 0}, header[] = {0xc0, 4};
	static const uint8_t ring[] = {1, 'a', 0xc0, 12}, beyond[] = {0xff, 0xff};

	EXPECT(!is_question(self, sizeof self));
	EXPECT(!is_question(forward, sizeof forward));
	EXPECT(!is_question(header, sizeof header));
	EXPECT(!is_question(ring, sizeof ring));
	EXPECT(!is_question(beyond, sizeof beyond));
}

TEST(a_label_type_that_nobody_uses_is_refused)
{
	static const uint8_t extended[] = {0x41, 'a', 0}, reserved[] = {0x80, 'a', 0};

	EXPECT(!is_question(extended, sizeof extended));
	EXPECT(!is_question(reserved, sizeof reserved));
}

TEST(a_name_has_at_most_255_octets)
{
	uint8_t name[257];

	for (int i = 0; i < 4; i++) {
		name[i * 64] = 63;
		memset(name + i * 64 + 1, 'a', 63);
	}
	name[192] = 61;
	name[192 + 62] = 0;
	EXPECT(is_question(name, 255));
	name[192] = 62;
	name[192 + 63] = 0;
	EXPECT(!is_question(name, 256));
}

TEST(a_name_that_runs_on_behind_its_reference_is_refused)
{
	/* The second record's name points to a label that is longer than what was before. */
	static const uint8_t bytes[] = {
		0, 1, 0x81, 0x80, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 1,
		9,                                                  /* TXT of one byte, 9 */
		0xc0, 24, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4, /* named by that byte */
	};
	EXPECT(!walk_all(OVER(bytes)));
}

TEST(chains_of_pointers_end)
{
	/* 300 records, each named by a label and a pointer to the one before. */
	static uint8_t bytes[12 + 300 * 14];
	size_t at = 12;

	bytes[2] = 0x81;
	bytes[6] = 300 >> 8;
	bytes[7] = 300 & 255;
	for (int i = 0; i < 300; i++) {
		size_t before = at;
		bytes[at++] = 1;
		bytes[at++] = 'a';
		if (i == 0) {
			bytes[at++] = 0;
		} else {
			size_t to = before - (i == 1 ? 13 : 14);
			bytes[at++] = (uint8_t)(0xc0 | to >> 8);
			bytes[at++] = (uint8_t)to;
		}
		at += 1, bytes[at++] = 10; /* NULL, a type we do not decode */
		at += 1 + 1 + 4;
		at += 2;
	}
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	unsigned count = 0;

	EXPECT(dns_parse(&dns, reader_over(bytes, at)));
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record))
		count++;
	/* a name of two octets a label is full at 127 of them */
	EXPECT(walk.is_broken);
	EXPECT_INT(count, 127);
}

TEST(an_address_of_the_wrong_length_breaks_the_walk)
{
	uint8_t bytes[] = {0, 1, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, /* one answer */
		0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5};

	EXPECT(!walk_all(OVER(bytes)));
	bytes[22] = 4;
	EXPECT(walk_all(OVER(bytes)));
	bytes[22] = 3;
	EXPECT(!walk_all(OVER(bytes)));
}

TEST(text_and_wire_form_of_a_name_are_each_others)
{
	static const char *const names[] = {
		"", "example", "a.b.c", "_sip._tcp.example", "xn--p1ai"};
	static const char *const bad[] = {
		"..", ".a", "a..b", "a b", "a\\b", "a\"b", "a\x7f", "\xc3\xa4"};
	struct dns_name name, again;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		EXPECT(dns_name_from_text(&name, names[i]));
		EXPECT_STR(text(&name), names[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		EXPECT(!dns_name_from_text(&name, bad[i]));
	EXPECT(dns_name_from_text(&name, "Example."));
	EXPECT(dns_name_from_text(&again, "eXAMPLE"));
	EXPECT(dns_name_is_equal(&name, &again));
	EXPECT(dns_name_from_text(&again, "exampl"));
	EXPECT(!dns_name_is_equal(&name, &again));
}

TEST(a_label_with_a_dot_or_a_quote_in_it_has_no_text_form)
{
	static const char bad[] = {'.', ' ', '"', '\\', '\n', '\0', '\x7f', '\xff'};
	struct dns_name name = {.len = 5, .wire = {3, 'a', 'b', 'c', 0}};
	char out[DNS_TEXT_MAX];

	EXPECT(dns_name_text(&name, out));
	for (size_t i = 0; i < sizeof bad; i++) {
		name.wire[2] = (uint8_t)bad[i];
		EXPECT(!dns_name_text(&name, out));
		EXPECT_STR(out, "");
	}
}

TEST(hints_of_an_https_record_are_addresses_too)
{
	static const uint8_t bytes[] = {
		0, 1, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 65, 0, 1, 0, 0, 0, 60, 0,
		41,                                       /* HTTPS for the root */
		0, 1, 0,                                  /* priority 1, target itself */
		0, 1, 0, 3, 2, 'h', '2',                  /* alpn */
		0, 4, 0, 8, 198, 18, 1, 1, 198, 18, 1, 2, /* ipv4hint */
		0, 6, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, /* ipv6hint, a byte short */
	};
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	struct ip hint[4];

	EXPECT(dns_parse(&dns, OVER(bytes)));
	dns_walk_init(&walk, &dns);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(record.priority, 1);
	EXPECT_INT(dns_svcb_hints(&record, hint, 4), 2);
	EXPECT_IP(hint[1], "198.18.1.2");
	EXPECT_INT(dns_svcb_hints(&record, hint, 1), 1);
}

static const uint8_t query[] = {
	0xab, 0xcd, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, 1, /* RD, CD, one question, one more */
	2, 'A', 'b', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 28, 0, 1, /* AAAA? */
	0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0,                            /* OPT: 4096, DO */
};

TEST(a_query_of_a_device_is_one_question_in_class_in)
{
	struct dns_query q;

	EXPECT_INT(dns_query_parse(&q, OVER(query)), DNS_QUERY_FINE);
	EXPECT_INT(q.id, 0xabcd);
	EXPECT_STR(q.text, "ab.example");
	EXPECT_INT(q.type, DNS_AAAA);
	EXPECT(q.has_edns && q.is_dnssec_ok);
	EXPECT_INT(q.udp_size, DNS_UDP_MAX);
}

TEST(what_is_no_query_is_refused_with_its_reason)
{
	static const struct {
		uint8_t place, value;
		int wanted;
	} odd[] = {
		{2, 0x81, DNS_NO_REPLY}, /* itself a response */
		{2, 0x29, DNS_NOTIMP},   /* an update */
		{5, 0, DNS_FORMERR},     /* no question, then garbage */
		{5, 2, DNS_FORMERR},     /* two */
		{7, 1, DNS_FORMERR},     /* with an answer */
		{12, 70, DNS_FORMERR},   /* a label of 70 bytes */
		{13, ' ', DNS_REFUSED},  /* a name without a text form */
		{27, 3, DNS_REFUSED},    /* class CH */
		{30, 42, DNS_FORMERR},   /* not OPT */
		{34, 1, DNS_BADVERS},    /* EDNS version 1 */
	};
	uint8_t bytes[sizeof query];
	struct dns_query q;

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		memcpy(bytes, query, sizeof bytes);
		bytes[odd[i].place] = odd[i].value;
		EXPECT_INT(dns_query_parse(&q, OVER(bytes)), odd[i].wanted);
	}
	EXPECT_INT(dns_query_parse(&q, reader_over(query, 11)), DNS_NO_REPLY);
	EXPECT_INT(dns_query_parse(&q, reader_over(query, 0)), DNS_NO_REPLY);
}

static bool
parse_query(struct reader r)
{
	struct dns_query q;
	return dns_query_parse(&q, r) == DNS_QUERY_FINE;
}

TEST(a_query_cut_anywhere_is_no_query)
{
	EXPECT_INT(parse_at_every_length(parse_query, query, sizeof query), 1);
}

TEST(a_label_of_64_bytes_and_a_name_of_254_have_no_wire_form)
{
	char label[65], whole[256];
	struct dns_name name;

	memset(label, 'a', 64);
	label[64] = '\0';
	EXPECT(!dns_name_from_text(&name, label));
	label[63] = '\0';
	EXPECT(dns_name_from_text(&name, label));
	/* 63 + 63 + 63 + 61 bytes and three dots: 253 */
	memset(whole, 'a', 255);
	whole[63] = whole[127] = whole[191] = '.';
	whole[253] = '\0';
	EXPECT(dns_name_from_text(&name, whole));
	EXPECT_INT(name.len, DNS_NAME_MAX);
	whole[253] = 'a', whole[254] = '\0';
	EXPECT(!dns_name_from_text(&name, whole));
}

TEST(a_message_of_more_records_than_anybody_sends_is_broken)
{
	static uint8_t bytes[12 + 1001 * 11]; /* records of the root, type 10, no data */
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	unsigned count = 0;

	bytes[2] = 0x81;
	bytes[6] = 1001 >> 8;
	bytes[7] = 1001 & 255;
	for (size_t i = 0; i < 1001; i++)
		bytes[12 + i * 11 + 2] = 10;
	EXPECT(dns_parse(&dns, OVER(bytes)));
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record))
		count++;
	EXPECT_INT(count, DNS_RECORDS_MAX);
	EXPECT(walk.is_broken);
}

TEST(hints_for_ipv6_are_read_and_those_of_other_types_are_not)
{
	uint8_t bytes[] = {
		0, 1, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, /* one answer */
		0, 0, 64, 0, 1, 0, 0, 0, 60, 0, 23,       /* SVCB for the root */
		0, 1, 0,                                  /* priority 1, target itself */
		0, 6, 0, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x42, /* ipv6hint */
	};
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	struct ip hint[4];

	EXPECT(dns_parse(&dns, OVER(bytes)));
	dns_walk_init(&walk, &dns);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(dns_svcb_hints(&record, hint, 4), 1);
	EXPECT_IP(hint[0], "2001:db8::42");
	EXPECT_INT(dns_svcb_hints(&record, hint, 0), 0);
	bytes[14] = 16; /* the same bytes in a TXT */
	EXPECT(dns_parse(&dns, OVER(bytes)));
	dns_walk_init(&walk, &dns);
	EXPECT(dns_walk_next(&walk, &record));
	EXPECT_INT(dns_svcb_hints(&record, hint, 4), 0);
}

TEST(a_query_has_one_opt_of_the_root_at_most)
{
	uint8_t twice[sizeof query + 11];
	struct dns_query q;

	memcpy(twice, query, sizeof query);
	memcpy(twice + sizeof query, query + 28, 11);
	twice[11] = 2;
	EXPECT_INT(dns_query_parse(&q, OVER(twice)), DNS_FORMERR);
	/* an OPT that has the question's name */
	memcpy(twice, query, 28);
	twice[11] = 1;
	twice[28] = 0xc0, twice[29] = 12;
	memcpy(twice + 30, query + 29, 10);
	EXPECT_INT(dns_query_parse(&q, reader_over(twice, 40)), DNS_FORMERR);
	/* without any, an answer of 512 bytes is what the device can take */
	memcpy(twice, query, 28);
	twice[11] = 0;
	EXPECT_INT(dns_query_parse(&q, reader_over(twice, 28)), DNS_QUERY_FINE);
	EXPECT(!q.has_edns);
	EXPECT_INT(q.udp_size, DNS_UDP_MIN);
	twice[9] = 1; /* a record of authority in a query */
	EXPECT_INT(dns_query_parse(&q, reader_over(twice, 28)), DNS_FORMERR);
}

TEST(case_is_folded_from_a_to_z_and_nowhere_else)
{
	struct dns_name a = {.len = 5, .wire = {3, 'A', 'z', '[', 0}};
	struct dns_name b = {.len = 5, .wire = {3, 'a', 'Z', '[', 0}};
	struct dns_name c = {.len = 5, .wire = {3, 'a', 'Z', '{', 0}};

	EXPECT(dns_name_is_equal(&a, &b));
	EXPECT(!dns_name_is_equal(&b, &c));
}
