/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dhcpv4.h"

#include "bytes.h"

#include <stdio.h>

#define COOKIE 0x63, 0x82, 0x53, 0x63
#define URL    "https://maker.example/cam"

/* A message with these options; sname and file may hold more of them. */
struct message {
	uint8_t byte[240 + 1200];
	size_t len;
};

static struct message
message(const void *options, size_t len)
{
	static const uint8_t head[] = {
		1, 1, 6, 0,             /* request, Ethernet, 6, hops */
		0x11, 0x22, 0x33, 0x44, /* transaction */
		0, 0, 0x80, 0,          /* seconds, broadcast */
		198, 18, 0, 10,         /* ciaddr */
		0, 0, 0, 0,             /* yiaddr */
		0, 0, 0, 0,             /* siaddr */
		198, 18, 0, 1,          /* giaddr */
		2, 0, 0, 0, 0, 1,       /* chaddr */
	};
	static const uint8_t cookie[] = {COOKIE};
	struct message out = {.len = 240 + len};

	memcpy(out.byte, head, sizeof head);
	memcpy(out.byte + 236, cookie, sizeof cookie);
	memcpy(out.byte + 240, options, len);
	return out;
}

static bool
take(struct dhcpv4 *dhcp, const void *options, size_t len)
{
	struct message m = message(options, len);
	return dhcpv4_parse(dhcp, reader_over(m.byte, m.len));
}

#define TAKE(dhcp, options) take((dhcp), (options), sizeof(options))

/* What a camera that knows its MUD file sends when it wakes. */
static const uint8_t discover[] = {
	53,
	1,
	1, /* DISCOVER */
	0, /* pad */
	61,
	7,
	1,
	2,
	0,
	0,
	0,
	0,
	1, /* client id: Ethernet */
	50,
	4,
	198,
	18,
	0,
	10, /* wants its old address */
	12,
	6,
	'c',
	'a',
	'm',
	'e',
	'r',
	'a', /* host name */
	60,
	5,
	'u',
	'd',
	'h',
	'c',
	'p', /* vendor class */
	55,
	4,
	1,
	3,
	6,
	15, /* asks for these */
	81,
	6,
	0,
	0,
	0,
	'c',
	'a',
	'm', /* FQDN */
	161,
	25,
	'h',
	't',
	't',
	'p',
	's',
	':',
	'/',
	'/',
	'm',
	'a',
	'k',
	'e',
	'r',
	'.',
	'e',
	'x',
	'a',
	'm',
	'p',
	'l',
	'e',
	'/',
	'c',
	'a',
	'm', /* MUD URL */
	255,
};

TEST(a_discover_claims_who_is_there)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	struct dhcpv4 dhcp;

	EXPECT(TAKE(&dhcp, discover));
	EXPECT_INT(dhcp.type, DHCPV4_DISCOVER);
	EXPECT_STR(dhcpv4_type_text(dhcp.type), "DISCOVER");
	EXPECT(dhcp.is_request && dhcp.is_broadcast && dhcp.has_mac && !dhcp.is_cut);
	EXPECT_INT(dhcp.transaction, 0x11223344);
	EXPECT_MEM(dhcp.mac, mac, 6);
	EXPECT_IP(dhcp.client, "198.18.0.10");
	EXPECT_IP(dhcp.relay, "198.18.0.1");
	EXPECT_IP(dhcp.yours, "none");
	EXPECT_IP(dhcp.requested, "198.18.0.10");
	EXPECT_IP(dhcp.server, "none");
	EXPECT_OCTETS(dhcp.claimed_hostname, "camera");
	EXPECT_OCTETS(dhcp.vendor_class, "udhcp");
	EXPECT_INT(dhcp.client_id.len, 7);
	EXPECT_OCTETS(dhcp.parameters, "\x01\x03\x06\x0f");
	EXPECT_INT(dhcp.claimed_fqdn.len, 6);
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_VALID);
	EXPECT_STR(dhcp.claimed_mud_url.text, URL);
	EXPECT_INT(dhcp.odd_options, 0);
}

TEST(an_answer_gives_an_address_for_a_time)
{
	static const uint8_t options[] = {
		53,
		1,
		5, /* ACK */
		54,
		4,
		198,
		18,
		0,
		1, /* from this server */
		51,
		4,
		0,
		0,
		0x0e,
		0x10, /* for an hour */
		255,
	};
	struct message m = message(options, sizeof options);
	struct dhcpv4 dhcp;

	m.byte[0] = 2; /* reply */
	m.byte[16] = 198, m.byte[17] = 18, m.byte[19] = 77;
	EXPECT(dhcpv4_parse(&dhcp, reader_over(m.byte, m.len)));
	EXPECT(!dhcp.is_request);
	EXPECT_INT(dhcp.type, DHCPV4_ACK);
	EXPECT_IP(dhcp.yours, "198.18.0.77");
	EXPECT_IP(dhcp.server, "198.18.0.1");
	EXPECT_INT(dhcp.lease_s, 3600);
}

TEST(a_mud_url_longer_than_the_packet_is_not_believed)
{
	static const uint8_t options[] = {
		53, 1, 1,                     /* DISCOVER */
		161, 40,                      /* MUD URL, says 40 bytes */
		'h', 't', 't', 'p', 's', ':', /* ... but six arrive */
	};
	struct dhcpv4 dhcp;

	EXPECT(TAKE(&dhcp, options));
	EXPECT(dhcp.is_cut);
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_REFUSED);
}

static size_t
put(uint8_t *out, uint8_t code, const char *text)
{
	size_t len = strlen(text);

	out[0] = code;
	out[1] = (uint8_t)len;
	memcpy(out + 2, text, len);
	return 2 + len;
}

TEST(two_mud_urls_refuse_each_other)
{
	uint8_t options[128] = {53, 1, 1};
	size_t len = 3;
	struct dhcpv4 dhcp;

	len += put(options + len, 161, URL);
	len += put(options + len, 161, URL);
	EXPECT(take(&dhcp, options, len));
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_REFUSED);
	/* a third one does not bring it back */
	len += put(options + len, 161, URL);
	EXPECT(take(&dhcp, options, len));
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_REFUSED);
}

TEST(a_mud_url_is_not_joined_from_pieces)
{
	uint8_t options[128] = {53, 1, 1};
	size_t len = 3;
	struct dhcpv4 dhcp;

	len += put(options + len, 161, "https://maker.");
	len += put(options + len, 161, "example/cam");
	EXPECT(take(&dhcp, options, len));
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_REFUSED);
}

TEST(a_mud_url_that_is_not_https_is_refused_and_none_is_none)
{
	uint8_t options[128] = {53, 1, 1};
	size_t len = 3;
	struct dhcpv4 dhcp;

	EXPECT(take(&dhcp, options, len));
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_NONE);
	len += put(options + len, 161, "http://maker.example/cam");
	EXPECT(take(&dhcp, options, len));
	EXPECT_INT(dhcp.mud_url_claim, MUD_URL_REFUSED);
}

TEST(a_host_name_split_over_options_is_one_name)
{
	uint8_t options[128] = {53, 1, 1};
	size_t len = 3;
	struct dhcpv4 dhcp;

	len += put(options + len, 12, "cam");
	len += put(options + len, 60, "between");
	len += put(options + len, 12, "era");
	EXPECT(take(&dhcp, options, len));
	EXPECT_OCTETS(dhcp.claimed_hostname, "camera");
	EXPECT_OCTETS(dhcp.vendor_class, "between");
}

TEST(overloaded_fields_are_read_in_the_order_options_file_sname)
{
	static const uint8_t options[] = {52, 1, 3, 53, 1, 3, 12, 1, 'a', 255};
	struct message m = message(options, sizeof options);
	struct dhcpv4 dhcp;

	put(m.byte + 44, 12, "c");  /* sname */
	put(m.byte + 108, 12, "b"); /* file */
	m.byte[47] = m.byte[111] = 255;
	EXPECT(dhcpv4_parse(&dhcp, reader_over(m.byte, m.len)));
	EXPECT_OCTETS(dhcp.claimed_hostname, "abc");
	/* and are not options when nobody says so */
	m.byte[242] = 0;
	EXPECT(dhcpv4_parse(&dhcp, reader_over(m.byte, m.len)));
	EXPECT_OCTETS(dhcp.claimed_hostname, "a");
}

TEST(an_overload_inside_an_overloaded_field_leads_nowhere)
{
	static const uint8_t options[] = {52, 1, 1, 53, 1, 3, 255};
	struct message m = message(options, sizeof options);
	struct dhcpv4 dhcp;

	put(m.byte + 108, 52, "\x02");
	m.byte[111] = 255;
	put(m.byte + 44, 12, "never");
	EXPECT(!dhcpv4_parse(&dhcp, reader_over(m.byte, m.len)));
	EXPECT_INT(dhcp.claimed_hostname.len, 0);
}

TEST(a_host_name_of_more_than_255_bytes_is_left_out_and_counted)
{
	uint8_t options[3 + 3 * 202] = {53, 1, 1};
	char name[201];
	size_t len = 3;
	struct dhcpv4 dhcp;

	memset(name, 'a', 200);
	name[200] = '\0';
	for (int i = 0; i < 3; i++)
		len += put(options + len, 12, name);
	EXPECT(take(&dhcp, options, len));
	EXPECT_INT(dhcp.claimed_hostname.len, 0);
	EXPECT_INT(dhcp.odd_options, 1);
}

TEST(a_message_of_two_types_is_none)
{
	static const uint8_t two[] = {53, 1, 1, 53, 1, 3, 255}, wide[] = {53, 2, 1, 1, 255};
	static const uint8_t servers[] = {
		53, 1, 3, 54, 4, 198, 18, 0, 1, 54, 4, 198, 18, 0, 2, 255};
	struct dhcpv4 dhcp;

	EXPECT(!TAKE(&dhcp, two));
	EXPECT(!TAKE(&dhcp, wide));
	EXPECT(!TAKE(&dhcp, servers));
}

TEST(what_follows_the_end_mark_is_not_an_option)
{
	static const uint8_t options[] = {53, 1, 1, 255, 12, 1, 'x'};
	struct dhcpv4 dhcp;

	EXPECT(TAKE(&dhcp, options));
	EXPECT_INT(dhcp.claimed_hostname.len, 0);
}

TEST(hostile_bytes_of_a_host_name_are_kept_as_bytes)
{
	static const uint8_t options[] = {53, 1, 1, 12, 5, 0, '\n', 0x1b, '"', 0xff, 255};
	struct dhcpv4 dhcp;

	EXPECT(TAKE(&dhcp, options));
	EXPECT_INT(dhcp.claimed_hostname.len, 5);
	EXPECT_MEM(dhcp.claimed_hostname.byte, options + 5, 5);
}

TEST(without_its_cookie_it_is_no_dhcp)
{
	struct message m = message(discover, sizeof discover);
	struct dhcpv4 dhcp;

	m.byte[239] ^= 1;
	EXPECT(!dhcpv4_parse(&dhcp, reader_over(m.byte, m.len)));
	m.byte[239] ^= 1;
	m.byte[0] = 3; /* neither request nor reply */
	EXPECT(!dhcpv4_parse(&dhcp, reader_over(m.byte, m.len)));
}

static bool
parse(struct reader r)
{
	struct dhcpv4 dhcp;
	size_t len = reader_left(&r);
	bool is_content = dhcpv4_parse(&dhcp, r);

	/* only the whole message has its end mark and its URL */
	EXPECT(!is_content || dhcp.is_cut == (len < 240 + sizeof discover));
	EXPECT(dhcp.mud_url_claim != MUD_URL_VALID || len >= 240 + sizeof discover - 1);
	return is_content;
}

TEST(a_message_cut_in_its_options_keeps_what_came_and_says_so)
{
	struct message m = message(discover, sizeof discover);
	EXPECT_INT(parse_at_every_length(parse, m.byte, m.len), sizeof discover + 1);
}

TEST(each_type_has_its_name)
{
	uint8_t options[] = {53, 1, 0, 255};
	struct dhcpv4 dhcp;

	for (uint8_t type = 1; type <= 8; type++) {
		options[2] = type;
		EXPECT(TAKE(&dhcp, options));
		EXPECT_INT(dhcp.type, type);
	}
	EXPECT_STR(dhcpv4_type_text(DHCPV4_INFORM), "INFORM");
	options[2] = 0;
	EXPECT(TAKE(&dhcp, options));
	EXPECT_INT(dhcp.type, DHCPV4_OTHER);
	options[2] = 13; /* LEASEACTIVE, RFC 4388 */
	EXPECT(TAKE(&dhcp, options));
	EXPECT_STR(dhcpv4_type_text(dhcp.type), "other");
	EXPECT_STR(dhcpv4_type_text((enum dhcpv4_type)99), "other");
}
