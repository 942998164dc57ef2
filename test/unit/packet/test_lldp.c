/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/lldp.h"

#include "bytes.h"

#define MAC 2, 0, 0, 0, 0, 1
#define URL                                                                                        \
	'h', 't', 't', 'p', 's', ':', '/', '/', 'm', 'a', 'k', 'e', 'r', '.', 'e', 'x', 'a', 'm',  \
		'p', 'l', 'e', '/', 'c', 'a', 'm'
#define HEAD                                                                                       \
	0x02, 7, 4, MAC,                        /* chassis: its MAC */                             \
		0x04, 5, 5, 'e', 't', 'h', '0', /* port: its name */                               \
		0x06, 2, 0, 120                 /* for two minutes */

static const uint8_t frame[] = {
	HEAD, 0x08, 1, 'p',           /* port description */
	0x0a, 3, 'c', 'a', 'm',       /* system name */
	0x0c, 4, 'v', ' ', '1', '2',  /* system description */
	0x0e, 4, 0, 0x80, 0, 0x80,    /* capabilities: station only */
	0xfe, 29, 0, 0, 0x5e, 1, URL, /* IANA, MUD URL */
	0, 0,                         /* end */
};

TEST(a_station_says_its_name_and_its_mud_url)
{
	static const uint8_t mac[] = {MAC};
	struct lldp lldp;

	EXPECT(lldp_parse(&lldp, OVER(frame)));
	EXPECT(lldp.has_chassis_mac);
	EXPECT_MEM(lldp.chassis_mac, mac, 6);
	EXPECT_INT(lldp.port_type, 5);
	EXPECT_BYTES(lldp.port, "eth0");
	EXPECT_INT(lldp.ttl_s, 120);
	EXPECT_BYTES(lldp.claimed_port_description, "p");
	EXPECT_BYTES(lldp.claimed_name, "cam");
	EXPECT_BYTES(lldp.claimed_description, "v 12");
	EXPECT(lldp.has_capabilities);
	EXPECT_INT(lldp.enabled, 0x80);
	EXPECT_INT(lldp.mud_url_claim, MUD_URL_VALID);
	EXPECT_STR(lldp.claimed_mud_url.text, "https://maker.example/cam");
}

TEST(a_second_mud_url_in_lldp_refuses_both)
{
	static const uint8_t bytes[] = {
		HEAD, 0xfe, 29, 0, 0, 0x5e, 1, URL, 0xfe, 29, 0, 0, 0x5e, 1, URL, 0, 0};
	struct lldp lldp;

	EXPECT(lldp_parse(&lldp, OVER(bytes)));
	EXPECT_INT(lldp.mud_url_claim, MUD_URL_REFUSED);
}

TEST(extensions_of_others_are_no_mud_url)
{
	static const uint8_t bytes[] = {
		HEAD, 0xfe, 29, 0, 0x12, 0x0f, 1, URL, 0xfe, 4, 0, 0, 0x5e, 2, 0xfe, 2, 0, 0, 0, 0};
	struct lldp lldp;

	EXPECT(lldp_parse(&lldp, OVER(bytes)));
	EXPECT_INT(lldp.mud_url_claim, MUD_URL_NONE);
}

TEST(the_first_three_come_first_and_once)
{
	static const uint8_t swapped[] = {0x04, 2, 5, 'p', 0x02, 2, 7, 'c', 0x06, 2, 0, 1, 0, 0};
	static const uint8_t twice[] = {HEAD, 0x06, 2, 0, 1, 0, 0};
	static const uint8_t early[] = {0x02, 2, 7, 'c', 0x04, 2, 5, 'p', 0, 0};
	static const uint8_t empty[] = {0x02, 1, 7, 0x04, 2, 5, 'p', 0x06, 2, 0, 1, 0, 0};
	struct lldp lldp;

	EXPECT(!lldp_parse(&lldp, OVER(swapped)));
	EXPECT(!lldp_parse(&lldp, OVER(twice)));
	EXPECT(!lldp_parse(&lldp, OVER(early)));
	EXPECT(!lldp_parse(&lldp, reader_over(early, 8)));
	EXPECT(!lldp_parse(&lldp, OVER(empty)));
}

static bool
parse(struct reader r)
{
	struct lldp lldp;
	return lldp_parse(&lldp, r);
}

TEST(a_unit_is_content_only_between_whole_parts)
{
	/* behind the three first, five more, and the end */
	EXPECT_INT(parse_at_every_length(parse, frame, sizeof frame), 7);
}

TEST(a_chassis_that_is_no_mac_is_not_read_as_one)
{
	static const uint8_t short_mac[] = {0x02, 4, 4, 1, 2, 3, 0x04, 2, 5, 'p', 0x06, 2, 0, 1, 0,
		0}; /* type MAC, three bytes */
	static const uint8_t text[] = {
		0x02, 7, 7, 'c', 'a', 'm', 'e', 'r', 'a', 0x04, 2, 5, 'p', 0x06, 2, 0, 1, 0, 0};
	struct lldp lldp;

	EXPECT(lldp_parse(&lldp, OVER(short_mac)));
	EXPECT(!lldp.has_chassis_mac);
	EXPECT_INT(lldp.chassis.len, 3);
	EXPECT(lldp_parse(&lldp, OVER(text)));
	EXPECT(!lldp.has_chassis_mac);
	EXPECT_BYTES(lldp.chassis, "camera");
}
