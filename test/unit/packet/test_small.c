/* SPDX-License-Identifier: Apache-2.0 */
/* The protocols whose message fits in a few lines: NTP, MQTT, CoAP. */
#include "packet/coap.h"
#include "packet/mqtt.h"
#include "packet/ntp.h"

#include "bytes.h"

TEST(a_client_asks_the_time_and_a_server_says_how_far_it_is_from_it)
{
	uint8_t bytes[48] = {0x23, 0};
	struct ntp ntp;

	bytes[40] = 0xe0;
	EXPECT(ntp_parse(&ntp, OVER(bytes)));
	EXPECT_INT(ntp.mode, NTP_CLIENT);
	EXPECT_INT(ntp.version, 4);
	EXPECT(ntp.transmitted == UINT64_C(0xe000000000000000));
	bytes[0] = 0xdc; /* unsynchronised, version 3, server */
	bytes[1] = 2;
	EXPECT(ntp_parse(&ntp, OVER(bytes)));
	EXPECT_INT(ntp.leap, 3);
	EXPECT_INT(ntp.version, 3);
	EXPECT_INT(ntp.mode, NTP_SERVER);
	EXPECT_INT(ntp.stratum, 2);
	EXPECT(!ntp_parse(&ntp, reader_over(bytes, 47)));
}

TEST(control_messages_are_known_and_odd_versions_are_not)
{
	static const uint8_t control[12] = {0x16, 2}, private[8] = {0x17, 0, 3, 42};
	uint8_t odd[48] = {0x03};
	struct ntp ntp;

	EXPECT(ntp_parse(&ntp, OVER(control)));
	EXPECT_INT(ntp.mode, NTP_CONTROL);
	EXPECT(ntp_parse(&ntp, OVER(private)));
	EXPECT_INT(ntp.mode, NTP_PRIVATE);
	EXPECT(!ntp_parse(&ntp, reader_over(private, 7)));
	EXPECT(!ntp_parse(&ntp, OVER(odd))); /* version 0 */
	odd[0] = 0x2b;                       /* version 5 */
	EXPECT(!ntp_parse(&ntp, OVER(odd)));
	odd[0] = 0x20; /* reserved mode */
	EXPECT(!ntp_parse(&ntp, OVER(odd)));
}

static const uint8_t connect4[] = {
	0x10, 28, 0, 4, 'M', 'Q', 'T', 'T', 4, /* CONNECT, MQTT 3.1.1 */
	0xc2, 0, 60,                           /* user name, password, clean; 60 s */
	0, 4, 'p', 'l', 'u', 'g',              /* client id */
	0, 4, 'u', 's', 'e', 'r',              /* user name */
	0, 4, 'p', 'a', 's', 's',              /* password */
};

static bool
parse_mqtt(struct reader r)
{
	struct mqtt mqtt;
	return mqtt_parse(&mqtt, r);
}

TEST(a_plug_that_connects_shows_its_id_and_its_user)
{
	struct mqtt mqtt;

	EXPECT(mqtt_is_connect(OVER(connect4)));
	EXPECT(mqtt_parse(&mqtt, OVER(connect4)));
	EXPECT_INT(mqtt.level, 4);
	EXPECT(mqtt.is_clean && mqtt.has_user_name && mqtt.has_password && !mqtt.has_will);
	EXPECT_INT(mqtt.keep_alive_s, 60);
	EXPECT_BYTES(mqtt.claimed_client_id, "plug");
	EXPECT_BYTES(mqtt.claimed_user_name, "user");
	EXPECT_INT(parse_at_every_length(parse_mqtt, connect4, sizeof connect4), 1);
}

TEST(version_5_has_properties_in_two_places)
{
	static const uint8_t bytes[] = {
		0x10, 29, 0, 4, 'M', 'Q', 'T', 'T', 5, 0x86, 0, 60, /* user name, will, clean */
		5, 0x11, 0, 0, 0, 10,                               /* properties */
		0, 0,                                               /* no client id */
		0, 0, 1, 't', 0, 1, 'x', /* will: properties, topic, message */
		0, 2, 'm', 'e',          /* user name */
	};
	struct mqtt mqtt;

	EXPECT(mqtt_parse(&mqtt, OVER(bytes)));
	EXPECT(mqtt.has_will);
	EXPECT_INT(mqtt.claimed_client_id.len, 0);
	EXPECT_BYTES(mqtt.claimed_user_name, "me");
}

TEST(a_connect_that_contradicts_itself_is_none)
{
	uint8_t bytes[sizeof connect4];

	memcpy(bytes, connect4, sizeof bytes);
	bytes[9] |= 1; /* the reserved flag */
	EXPECT(!parse_mqtt(OVER(bytes)));
	bytes[9] = connect4[9];
	bytes[8] = 6; /* a level to come */
	EXPECT(!parse_mqtt(OVER(bytes)));
	bytes[8] = 4;
	bytes[1] = 20; /* ends in the user name */
	EXPECT(!parse_mqtt(OVER(bytes)));
	bytes[1] = 28;
	bytes[4] = 'm';
	EXPECT(!mqtt_is_connect(OVER(bytes)));
}

TEST(a_length_of_more_than_four_bytes_is_refused)
{
	static const uint8_t bytes[] = {
		0x10, 0x80, 0x80, 0x80, 0x80, 1, 0, 4, 'M', 'Q', 'T', 'T', 4};
	EXPECT(!mqtt_is_connect(OVER(bytes)));
}

static const uint8_t get[] = {
	0x42,
	1,
	0x12,
	0x34,
	0xaa,
	0xbb, /* confirmable GET, token of two */
	0x33,
	'd',
	'e',
	'v', /* Uri-Host */
	0x86,
	's',
	'e',
	'n',
	's',
	'o',
	'r', /* Uri-Path, 3 + 8 */
	0x04,
	't',
	'e',
	'm',
	'p', /* and again */
	0xd1,
	4,
	'x', /* option 28 */
	0xff,
	'b',
	'o',
	'd',
	'y',
};

static bool
parse_coap(struct reader r)
{
	struct coap coap;
	return coap_parse(&coap, r);
}

TEST(a_request_to_a_sensor_shows_its_path)
{
	struct coap coap;

	EXPECT(coap_parse(&coap, OVER(get)));
	EXPECT_INT(coap.type, 0);
	EXPECT_INT(coap.code, 1);
	EXPECT_INT(coap.id, 0x1234);
	EXPECT_BYTES(coap.token, "\xaa\xbb");
	EXPECT_BYTES(coap.claimed_host, "dev");
	EXPECT_INT(coap.path_count, 2);
	EXPECT_BYTES(coap.path[0], "sensor");
	EXPECT_BYTES(coap.path[1], "temp");
	EXPECT_INT(coap.option_count, 4);
	EXPECT_INT(coap.payload_len, 4);
	/* between options and from the first byte of payload on */
	EXPECT_INT(parse_at_every_length(parse_coap, get, sizeof get), 5 + 4);
}

TEST(a_message_that_breaks_the_rules_of_coap_is_refused)
{
	static const uint8_t marker[] = {0x40, 1, 0, 7, 0xff},
			     token[] = {0x49, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t version[] = {0x80, 1, 0, 7}, reserved[] = {0x40, 1, 0, 7, 0xf0};
	static const uint8_t length[] = {0x40, 1, 0, 7, 0x0f}, empty[] = {0x40, 0, 0, 7};
	static const uint8_t full[] = {0x41, 0, 0, 7, 1},
			     far[] = {0x40, 1, 0, 7, 0xe0, 0xff, 0xff, 0x10};

	EXPECT(!parse_coap(OVER(marker)));
	EXPECT(!parse_coap(OVER(token)));
	EXPECT(!parse_coap(OVER(version)));
	EXPECT(!parse_coap(OVER(reserved)));
	EXPECT(!parse_coap(OVER(length)));
	EXPECT(parse_coap(OVER(empty)));
	EXPECT(!parse_coap(OVER(full)));
	EXPECT(!parse_coap(OVER(far)));
}

TEST(path_segments_beyond_the_table_are_not_kept)
{
	uint8_t bytes[4 + 2 * 10] = {0x40, 1, 0, 7, 0xb1, 'a'};
	struct coap coap;

	for (int i = 1; i < 10; i++) {
		bytes[4 + 2 * i] = 0x01;
		bytes[5 + 2 * i] = (uint8_t)('a' + i);
	}
	EXPECT(coap_parse(&coap, OVER(bytes)));
	EXPECT_INT(coap.path_count, COAP_PATHS_MAX);
	EXPECT_INT(coap.option_count, 10);
	EXPECT_BYTES(coap.path[7], "h");
}

TEST(the_levels_of_mqtt_are_three_to_five)
{
	uint8_t bytes[sizeof connect4];
	uint8_t old[] = {0x10, 15, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, 2, 0, 60, 0, 1,
		'x'}; /* MQTT 3.1 */

	EXPECT(parse_mqtt(OVER(old)));
	old[10] = 2;
	EXPECT(!parse_mqtt(OVER(old)));
	memcpy(bytes, connect4, sizeof bytes);
	bytes[9] =
		0x04 | 0x02; /* a will that is not there: user name and password are taken for it */
	EXPECT(parse_mqtt(OVER(bytes)));
	bytes[9] = 0xc6; /* then nothing is left for these */
	EXPECT(!parse_mqtt(OVER(bytes)));
}

TEST(a_token_has_at_most_eight_bytes)
{
	static const uint8_t eight[] = {0x48, 1, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
	struct coap coap;

	EXPECT(coap_parse(&coap, OVER(eight)));
	EXPECT_INT(coap.token.len, 8);
}

TEST(an_empty_message_has_nothing_behind_its_id)
{
	static const uint8_t more[] = {0x40, 0, 0, 7, 1};
	EXPECT(!parse_coap(OVER(more)));
}
