/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/tls.h"

#include "bytes.h"

#define RANDOM                                                                                     \
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,  \
		25, 26, 27, 28, 29, 30, 31

static const uint8_t hello[] = {
	22, 3, 1, 0, 126,                         /* handshake record of 126 bytes */
	1, 0, 0, 122,                             /* ClientHello of 122 */
	3, 3, RANDOM, 0,                          /* TLS 1.2, random, no session */
	0, 6, 0x1a, 0x1a, 0x13, 0x01, 0xc0, 0x2f, /* GREASE and two ciphers */
	1, 0,                                     /* no compression */
	0, 75,                                    /* extensions */
	0, 0, 0, 18, 0, 16, 0, 0, 13, 'c', 'l', 'o', 'u', 'd', '.', 'e', 'x', 'a', 'm', 'p', 'l',
	'e', 0, 10, 0, 6, 0, 4, 0, 29, 0, 23, /* groups: x25519, secp256r1 */
	0, 11, 0, 2, 1, 0,                    /* point formats: uncompressed */
	0, 13, 0, 6, 0, 4, 4, 3, 8, 4,        /* signature algorithms */
	0, 16, 0, 14, 0, 12, 2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1', /* ALPN */
	0, 43, 0, 5, 4, 3, 4, 3, 3, /* versions 1.3, 1.2 */
	0x0d, 0x0d,                 /* after the hello: not ours */
};

TEST(a_hello_shows_the_name_and_all_that_it_offers_in_order)
{
	static const uint16_t extensions[] = {0, 10, 11, 13, 16, 43};
	struct tls_hello h;

	EXPECT(tls_is_hello(OVER(hello)));
	EXPECT(tls_hello_parse(&h, OVER(hello)));
	EXPECT_INT(h.record_version, 0x0301);
	EXPECT_INT(h.version, 0x0303);
	EXPECT(!h.is_cut && !h.is_odd && !h.has_ech);
	EXPECT_BYTES(h.claimed_server_name, "cloud.example");
	EXPECT_INT(h.cipher_count, 3);
	EXPECT_INT(h.cipher[0], 0x1a1a);
	EXPECT(tls_is_grease(h.cipher[0]) && !tls_is_grease(h.cipher[1]));
	EXPECT_INT(h.cipher[2], 0xc02f);
	EXPECT_INT(h.extension_count, 6);
	EXPECT_MEM(h.extension, extensions, sizeof extensions);
	EXPECT_INT(h.group_count, 2);
	EXPECT_INT(h.group[0], 29);
	EXPECT_INT(h.format_count, 1);
	EXPECT_INT(h.signature_count, 2);
	EXPECT_INT(h.signature[1], 0x0804);
	EXPECT_INT(h.alpn_count, 2);
	EXPECT_BYTES(h.alpn[1], "http/1.1");
	EXPECT_INT(h.version_count, 2);
	EXPECT_INT(h.supported_version[0], 0x0304);
}

TEST(a_hello_that_goes_on_in_another_segment_gives_what_came)
{
	struct tls_hello h;

	EXPECT(tls_hello_parse(&h, reader_over(hello, sizeof hello - 20)));
	EXPECT(h.is_cut && !h.is_odd);
	EXPECT_BYTES(h.claimed_server_name, "cloud.example");
	EXPECT_INT(h.version_count, 0);
	/* cut in the middle of the name: half a name is none */
	EXPECT(tls_hello_parse(&h, reader_over(hello, 75)));
	EXPECT(h.is_cut);
	EXPECT_INT(h.claimed_server_name.len, 0);
	EXPECT_INT(h.cipher_count, 3);
	/* cut in the middle of the ciphers */
	EXPECT(tls_hello_parse(&h, reader_over(hello, 49)));
	EXPECT_INT(h.cipher_count, 1);
}

static bool
parse(struct reader r)
{
	struct tls_hello h;
	return tls_hello_parse(&h, r) && !h.is_cut;
}

TEST(a_hello_cut_anywhere_is_never_taken_for_whole)
{
	/* whole, and with one or two bytes behind it */
	EXPECT_INT(parse_at_every_length(parse, hello, sizeof hello), 3);
}

TEST(lengths_that_contradict_each_other_are_odd)
{
	uint8_t bytes[sizeof hello];
	struct tls_hello h;

	memcpy(bytes, hello, sizeof bytes);
	EXPECT_INT(bytes[55], 75);
	bytes[55] = 200; /* extensions longer than the hello */
	EXPECT(tls_hello_parse(&h, OVER(bytes)));
	EXPECT(h.is_odd);
	EXPECT_INT(h.extension_count, 0);
	bytes[55] = 75;
	EXPECT_INT(bytes[64], 13);
	bytes[64] = 99; /* a name longer than its list */
	EXPECT(tls_hello_parse(&h, OVER(bytes)));
	EXPECT(h.is_odd);
	EXPECT_INT(h.claimed_server_name.len, 0);
}

TEST(a_second_server_name_is_odd_and_the_first_one_counts)
{
	static const uint8_t bytes[] = {
		22, 3, 1, 0, 67, 1, 0, 0, 63, 3, 3, RANDOM, 0, 0, 2, 0x13, 1, 1, 0, 0, 20, 0, 0, 0,
		6, 0, 4, 0, 0, 1, 'a',          /* server name a */
		0, 0, 0, 6, 0, 4, 0, 0, 1, 'b', /* server name b */
	};
	struct tls_hello h;

	EXPECT(tls_hello_parse(&h, OVER(bytes)));
	EXPECT(h.is_odd);
	EXPECT_BYTES(h.claimed_server_name, "a");
	EXPECT_INT(h.extension_count, 2);
}

TEST(more_ciphers_than_the_table_holds_are_cut)
{
	uint8_t bytes[9 + 35 + 2 + 600 + 2] = {22, 3, 1, 0x02, 0x83, 1, 0, 0x02, 0x7f, 3, 3};
	struct tls_hello h;

	bytes[44] = 600 >> 8;
	bytes[45] = 600 & 255;
	bytes[646] = 1;
	EXPECT(tls_hello_parse(&h, OVER(bytes)));
	EXPECT_INT(h.cipher_count, TLS_CIPHERS_MAX);
	EXPECT(!h.is_cut && !h.is_odd);
}

TEST(other_records_are_no_hello)
{
	uint8_t bytes[sizeof hello];
	struct tls_hello h;

	memcpy(bytes, hello, sizeof bytes);
	bytes[5] = 2; /* ServerHello */
	EXPECT(!tls_hello_parse(&h, OVER(bytes)));
	bytes[5] = 1;
	bytes[1] = 2; /* SSL 2 */
	EXPECT(!tls_hello_parse(&h, OVER(bytes)));
	bytes[1] = 3;
	bytes[43] = 33; /* a session longer than any */
	EXPECT(!tls_hello_parse(&h, OVER(bytes)));
}

TEST(more_application_protocols_than_the_table_holds_are_cut)
{
	uint8_t bytes[5 + 4 + 35 + 4 + 2 + 2 + 4 + 2 + 20] = {22, 3, 1, 0, 73, 1, 0, 0, 69, 3, 3};
	uint8_t *extension = bytes + 52;
	struct tls_hello h;

	bytes[45] = 2;  /* one cipher */
	bytes[48] = 1;  /* one compression method */
	bytes[51] = 26; /* extensions */
	extension[1] = 16, extension[3] = 22, extension[5] = 20;
	for (int i = 0; i < 10; i++) {
		extension[6 + 2 * i] = 1;
		extension[7 + 2 * i] = (uint8_t)('a' + i);
	}
	EXPECT(tls_hello_parse(&h, OVER(bytes)));
	EXPECT_INT(h.alpn_count, TLS_ALPN_MAX);
	EXPECT_BYTES(h.alpn[7], "h");
	EXPECT(!h.is_odd);
	extension[6] = 30; /* a name longer than the list */
	EXPECT(tls_hello_parse(&h, OVER(bytes)));
	EXPECT(h.is_odd);
	EXPECT_INT(h.alpn_count, 0);
}

TEST(grease_is_two_equal_bytes_that_end_in_a)
{
	EXPECT(tls_is_grease(0x0a0a) && tls_is_grease(0xfafa));
	EXPECT(!tls_is_grease(0x0a1a) && !tls_is_grease(0x0b0b) && !tls_is_grease(0x1301));
}

TEST(a_session_has_at_most_32_bytes)
{
	uint8_t bytes[9 + 35 + 32 + 4 + 2] = {22, 3, 1, 0, 77, 1, 0, 0, 73, 3, 3};
	struct tls_hello h;

	bytes[43] = 32;
	bytes[77] = 2;
	bytes[80] = 1;
	EXPECT(tls_hello_parse(&h, OVER(bytes)));
	EXPECT_INT(h.session_len, 32);
	EXPECT_INT(h.cipher_count, 1);
}

static const uint8_t server_1_2[] = {
	22,
	3,
	3,
	0,
	44, /* a record */
	2,
	0,
	0,
	40,
	3,
	3,
	RANDOM,
	0, /* ServerHello: TLS 1.2, random, no session */
	0xc0,
	0x2f,
	0, /* a cipher, no compression */
	0,
	0, /* no extensions */
	22,
	3,
	3,
	0,
	15, /* a second record */
	11,
	0,
	0,
	11,
	0,
	0,
	8,
	0,
	0,
	5, /* Certificate: a list with one of 5 bytes */
	'a',
	'b',
	'c',
	'd',
	'e',
};

TEST(a_server_tells_what_it_chose_and_up_to_1_2_its_certificate)
{
	struct tls_server s;

	EXPECT(tls_is_server_hello(OVER(server_1_2)) && !tls_is_hello(OVER(server_1_2)));
	EXPECT(tls_server_parse(&s, OVER(server_1_2)));
	EXPECT_INT(s.version, 0x0303);
	EXPECT_INT(s.cipher, 0xc02f);
	EXPECT(!s.is_odd && !s.is_retry);
	EXPECT_BYTES(s.certificate, "abcde");
	EXPECT(tls_server_parse(&s, reader_over(server_1_2, sizeof server_1_2 - 2)));
	EXPECT_BYTES(s.certificate, "abc");
	EXPECT(tls_server_parse(&s, reader_over(server_1_2, 49)));
	EXPECT_INT(s.certificate.len, 0);
	EXPECT(!tls_server_parse(&s, OVER(hello)));
	EXPECT(!tls_server_parse(&s, reader_over(server_1_2, 30)));
}

TEST(of_1_3_the_extension_tells_the_version_and_no_certificate_is_seen)
{
	static const uint8_t bytes[] = {22, 3, 3, 0, 50, 2, 0, 0, 46, 3, 3, RANDOM, 0, 0x13, 0x01,
		0,                       /* TLS 1.2, it says */
		0, 6, 0, 43, 0, 2, 3, 4, /* supported_versions: 1.3 */
		22, 3, 3, 0, 15, 11, 0, 0, 11, 0, 0, 8, 0, 0, 5, 'a', 'b', 'c', 'd', 'e'};
	struct tls_server s;

	EXPECT(tls_server_parse(&s, OVER(bytes)));
	EXPECT_INT(s.version, 0x0304);
	EXPECT_INT(s.cipher, 0x1301);
	EXPECT_INT(s.certificate.len, 0);
	EXPECT_STR(tls_version_text(s.version), "TLS 1.3");
	EXPECT_STR(tls_version_text(0x7f1c), "an unknown version of TLS");
}

static bool
parse_server(struct reader r)
{
	struct tls_server s;
	return tls_server_parse(&s, r);
}

TEST(a_server_hello_cut_anywhere_is_not_read_beyond_its_end)
{
	size_t content = parse_at_every_length(parse_server, server_1_2, sizeof server_1_2);

	EXPECT(content > 15 && content < sizeof server_1_2 - 40);
}
