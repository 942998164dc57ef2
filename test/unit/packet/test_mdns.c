/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/mdns.h"

#include "bytes.h"

#define LOCAL 5, 'l', 'o', 'c', 'a', 'l', 0

/* A printer says who it is, when it joins. */
static const uint8_t printer[] = {
	0, 0, 0x84, 0, 0, 0, 0, 4, 0, 0, 0, 0,               /* response, 4 answers */
	4, '_', 'I', 'p', 'p', 4, '_', 't', 'c', 'p', LOCAL, /* at 12 */
	0, 12, 0, 1, 0, 0, 0x11, 0x94, 0, 8,                 /* PTR */
	5, 'D', 'e', 's', 'k', '!', 0xc0, 12,                /* Desk!._ipp._tcp.local, at 39 */
	0xc0, 39, 0, 33, 0x80, 1, 0, 0, 0, 120, 0, 12,       /* SRV, cache flush */
	0, 0, 0, 0, 0x02, 0x77, 3, 'p', 'r', 'n', 0xc0, 22,  /* port 631, prn.local, at 65 */
	0xc0, 39, 0, 16, 0x80, 1, 0, 0, 0, 120, 0, 20,       /* TXT */
	8, 'm', 'd', '=', 'J', 'e', 't', ' ', '1', 7, 'f', 'n', '=', 'D', 'e', 's', 'k', 2, 'n',
	'=', 0xc0, 65, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 198, 18, 0, 10, /* A */
};

TEST(a_printer_says_its_service_its_model_and_its_host)
{
	struct mdns mdns;

	EXPECT(mdns_parse(&mdns, OVER(printer)));
	EXPECT(mdns.is_response && !mdns.is_broken);
	EXPECT_INT(mdns.service_count, 1);
	EXPECT_STR(mdns.service[0].type, "_ipp._tcp");
	EXPECT_OCTETS(mdns.service[0].claimed_instance, "Desk!");
	EXPECT_INT(mdns.service[0].port, 631);
	EXPECT(!mdns.service[0].is_asked && !mdns.service[0].is_goodbye);
	EXPECT_OCTETS(mdns.claimed_host, "prn");
	EXPECT_OCTETS(mdns.claimed_model, "Jet 1");
	EXPECT_OCTETS(mdns.claimed_name, "Desk");
	EXPECT_INT(mdns.address_count, 1);
	EXPECT_IP(mdns.address[0], "198.18.0.10");
}

TEST(a_phone_that_looks_for_a_cast_target_only_asks)
{
	static const uint8_t bytes[] = {
		0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, /* two questions */
		11, '_', 'g', 'o', 'o', 'g', 'l', 'e', 'c', 'a', 's', 't', 4, '_', 't', 'c', 'p',
		LOCAL, 0, 12, 0x80, 1, /* PTR, unicast wanted */
		9, '_', 's', 'e', 'r', 'v', 'i', 'c', 'e', 's', 7, '_', 'd', 'n', 's', '-', 's',
		'd', 4, '_', 'u', 'd', 'p', LOCAL, 0, 12, 0, 1, /* which types are there? */
	};
	struct mdns mdns;

	EXPECT(mdns_parse(&mdns, OVER(bytes)));
	EXPECT(!mdns.is_response);
	EXPECT_INT(mdns.service_count, 1);
	EXPECT_STR(mdns.service[0].type, "_googlecast._tcp");
	EXPECT(mdns.service[0].is_asked);
	EXPECT_INT(mdns.service[0].claimed_instance.len, 0);
}

TEST(answers_that_come_with_a_question_are_not_claims)
{
	uint8_t bytes[sizeof printer];
	struct mdns mdns;

	/* RFC 6762, section 7.1: what the asker knows already, of others */
	memcpy(bytes, printer, sizeof bytes);
	bytes[2] = 0;
	EXPECT(mdns_parse(&mdns, OVER(bytes)));
	EXPECT_INT(mdns.service_count, 0);
	EXPECT_INT(mdns.claimed_host.len, 0);
}

TEST(a_goodbye_is_recognised)
{
	uint8_t bytes[sizeof printer];
	struct mdns mdns;

	memcpy(bytes, printer, sizeof bytes);
	memset(bytes + 33, 0, 4); /* the time to live of PTR ... */
	bytes[56] = 0;            /* ... and of SRV */
	EXPECT(mdns_parse(&mdns, OVER(bytes)));
	EXPECT(mdns.service[0].is_goodbye);
}

TEST(an_instance_of_a_subtype_counts_as_its_type)
{
	static const uint8_t bytes[] = {
		0,
		0,
		0,
		0,
		0,
		1,
		0,
		0,
		0,
		0,
		0,
		0,
		6,
		'_',
		'c',
		'o',
		'l',
		'o',
		'r',
		4,
		'_',
		's',
		'u',
		'b',
		4,
		'_',
		'i',
		'p',
		'p',
		4,
		'_',
		't',
		'c',
		'p',
		LOCAL,
		0,
		12,
		0,
		1,
	};
	struct mdns mdns;

	EXPECT(mdns_parse(&mdns, OVER(bytes)));
	EXPECT_STR(mdns.service[0].type, "_ipp._tcp");
}

TEST(a_type_with_odd_bytes_is_no_type)
{
	static const char odd[] = {' ', '<', '"', '\n', '\0', '.', '\xff'};
	uint8_t bytes[sizeof printer];
	struct mdns mdns;

	for (size_t i = 0; i < sizeof odd; i++) {
		memcpy(bytes, printer, sizeof bytes);
		bytes[14] = (uint8_t)odd[i];
		EXPECT(mdns_parse(&mdns, OVER(bytes)));
		EXPECT_INT(mdns.service_count, 0);
	}
}

TEST(services_beyond_the_table_are_not_kept)
{
	uint8_t bytes[12 + 20 * 22] = {0, 0, 0, 0, 0, 20};
	struct mdns mdns;

	for (int i = 0; i < 20; i++) {
		static const uint8_t question[] = {
			2, '_', 'a', 4, '_', 't', 'c', 'p', LOCAL, 0, 12, 0, 1};
		uint8_t *at = bytes + 12 + (size_t)i * sizeof question;
		memcpy(at, question, sizeof question);
		at[2] = (uint8_t)('a' + i);
	}
	EXPECT(mdns_parse(&mdns, reader_over(bytes, 12 + 20 * 19)));
	EXPECT(!mdns.is_broken);
	EXPECT_INT(mdns.service_count, MDNS_SERVICES_MAX);
	EXPECT_STR(mdns.service[11].type, "_l._tcp");
}

static bool
parse(struct reader r)
{
	struct mdns mdns;
	return mdns_parse(&mdns, r) && !mdns.is_broken;
}

TEST(an_announcement_cut_anywhere_is_broken_and_keeps_what_came)
{
	struct mdns mdns;

	EXPECT_INT(parse_at_every_length(parse, printer, sizeof printer), 1);
	EXPECT(mdns_parse(&mdns, reader_over(printer, sizeof printer - 1)));
	EXPECT(mdns.is_broken);
	EXPECT_INT(mdns.service[0].port, 631);
	EXPECT_INT(mdns.address_count, 0);
}

TEST(addresses_beyond_the_table_and_withdrawn_ones_are_not_kept)
{
	uint8_t bytes[12 + 8 + 20 * 16] = {0, 0, 0x84};
	static const uint8_t owner[] = {1, 'h', LOCAL};
	size_t at = 12;
	struct mdns mdns;

	bytes[7] = 12;
	for (int i = 0; i < 12; i++) {
		if (i == 0) {
			memcpy(bytes + at, owner, sizeof owner);
			at += sizeof owner;
		} else {
			bytes[at++] = 0xc0, bytes[at++] = 12;
		}
		bytes[at + 1] = 1, bytes[at + 3] = 1;
		bytes[at + 7] = i == 1 ? 0 : 120; /* the second says goodbye */
		bytes[at + 9] = 4;
		bytes[at + 10] = 198, bytes[at + 13] = (uint8_t)i;
		at += 14;
	}
	EXPECT(mdns_parse(&mdns, reader_over(bytes, at)));
	EXPECT(!mdns.is_broken);
	EXPECT_OCTETS(mdns.claimed_host, "h");
	EXPECT_INT(mdns.address_count, MDNS_ADDRESSES_MAX);
	EXPECT_IP(mdns.address[0], "198.0.0.0");
	EXPECT_IP(mdns.address[1], "198.0.0.2");
	EXPECT_IP(mdns.address[7], "198.0.0.8");
}

TEST(a_service_is_an_underscore_and_a_name_over_tcp_or_udp)
{
	static const uint8_t bare[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, '_', 4, '_', 't', 'c',
		'p', LOCAL, 0, 12, 0, 1};
	static const uint8_t sctp[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, '_', 'a', 5, '_', 's',
		'c', 't', 'p', LOCAL, 0, 12, 0, 1};
	static const uint8_t plain[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 'a', 'Z', 4, '_',
		'u', 'd', 'p', LOCAL, 0, 12, 0, 1};
	static const uint8_t odd[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, '_', 'A', 'Z', '9',
		'-', 4, '_', 'U', 'd', 'p', LOCAL, 0, 12, 0, 1};
	struct mdns mdns;

	EXPECT(mdns_parse(&mdns, OVER(bare)));
	EXPECT_INT(mdns.service_count, 0);
	EXPECT(mdns_parse(&mdns, OVER(sctp)));
	EXPECT_INT(mdns.service_count, 0);
	EXPECT(mdns_parse(&mdns, OVER(plain)));
	EXPECT_INT(mdns.service_count, 0);
	EXPECT(mdns_parse(&mdns, OVER(odd)));
	EXPECT_STR(mdns.service[0].type, "_az9-._udp");
}

TEST(what_is_not_local_is_no_host_of_the_home)
{
	static const uint8_t bytes[] = {
		0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, /* one answer */
		5, 'c', 'l', 'o', 'u', 'd', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e',
		0,                                              /* cloud.example */
		0, 1, 0, 1, 0, 0, 0, 120, 0, 4, 198, 18, 0, 10, /* A */
	};
	struct mdns mdns;

	EXPECT(mdns_parse(&mdns, OVER(bytes)));
	EXPECT_INT(mdns.claimed_host.len, 0);
}
