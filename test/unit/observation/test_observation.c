/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "message/message.h"
#include "observation/observation.h"
#include "observation/pcap_file.h"
#include "observation/replay.h"
#include "test.h"

static const struct hash_key key = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344)};
static const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
static struct observation rows[OBSERVATION_PER_PACKET_MAX];
static size_t n_rows;
static uint8_t frame[2048];
static size_t frame_len;

static void
begin_frame(uint16_t type)
{
	memset(frame, 0, sizeof frame);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	frame_len = 14;
}

static void
put(const void *bytes, size_t len)
{
	EXPECT(frame_len + len <= sizeof frame);
	memcpy(frame + frame_len, bytes, len);
	frame_len += len;
}

static void
put_u16(unsigned value)
{
	uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(bytes, 2);
}

/* An IPv4 head for a payload of len bytes; checksums are not looked at. */
static void
put_ipv4(uint8_t proto, const char *source, const char *target, size_t len)
{
	uint8_t head[20] = {
		0x45, 0, (uint8_t)((20 + len) >> 8), (uint8_t)(20 + len), [8] = 64, [9] = proto};

	inet_pton(AF_INET, source, head + 12);
	inet_pton(AF_INET, target, head + 16);
	put(head, sizeof head);
}

static void
udp(const char *source, const char *target, unsigned from, unsigned to, const void *payload,
	size_t len)
{
	begin_frame(ETHERTYPE_IPV4);
	put_ipv4(17, source, target, 8 + len);
	put_u16(from);
	put_u16(to);
	put_u16((unsigned)(8 + len));
	put_u16(0);
	put(payload, len);
}

/* A segment with data of an open connection. */
static void
tcp(const char *source, const char *target, unsigned from, unsigned to, const void *payload,
	size_t len)
{
	static const uint8_t rest[16] = {0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 16, 0};

	begin_frame(ETHERTYPE_IPV4);
	put_ipv4(6, source, target, 20 + len);
	put_u16(from);
	put_u16(to);
	put(rest, sizeof rest);
	put(payload, len);
}

static void
observe(const struct observation_context *context)
{
	static struct packet packet;

	packet_parse(&packet, frame, frame_len, frame_len);
	n_rows = observation_from_packet(rows, OBSERVATION_PER_PACKET_MAX, &packet, context);
}

static const struct observation *
row_of(enum observed what)
{
	for (size_t i = 0; i < n_rows; i++)
		if (rows[i].what == what)
			return &rows[i];
	return NULL;
}

static const struct observation_context plain = {.port = "p-a", .seen_ns = 1000000000};

/* True when no row has the text anywhere. */
static bool
is_kept_secret(const char *secret)
{
	return !memmem(rows, n_rows * sizeof rows[0], secret, strlen(secret));
}

/* A DHCP message of this type with `options` behind it. */
static size_t
dhcp(uint8_t *out, bool is_reply, const uint8_t client[static 6], const void *options, size_t len)
{
	memset(out, 0, 240);
	out[0] = is_reply ? 2 : 1;
	out[1] = 1;
	out[2] = 6;
	memcpy(out + 28, client, 6);
	memcpy(out + 236, "\x63\x82\x53\x63", 4);
	memcpy(out + 240, options, len);
	return 240 + len;
}

TEST(a_request_tells_what_the_device_says_of_itself)
{
	static const uint8_t options[] = {53, 1, 3, /* REQUEST */
		50, 4, 192, 168, 77, 50,            /* this address */
		12, 5, 'c', 'a', 'm', '-', '7',     /* host name */
		61, 4, 0, 'a', 'b', 'c',            /* client id */
		60, 4, 'a', 'c', 'm', 'e',          /* vendor class */
		55, 3, 1, 3, 6,                     /* parameters */
		255};
	uint8_t message[400];

	udp("0.0.0.0", "255.255.255.255", 68, 67, message,
		dhcp(message, false, mac, options, sizeof options));
	observe(&plain);
	EXPECT(row_of(OBSERVED_DHCP4_REQUEST));
	EXPECT_INT(row_of(OBSERVED_DHCP4_REQUEST)->target.byte[3], 50);
	EXPECT_STR(row_of(OBSERVED_DHCP4_REQUEST)->port, "p-a");
	EXPECT_STR(row_of(OBSERVED_DHCP_HOSTNAME)->claimed_text, "cam-7");
	EXPECT_STR(row_of(OBSERVED_DHCP_CLIENT_ID)->claimed_text, "00616263");
	EXPECT_STR(row_of(OBSERVED_DHCP_VENDOR_CLASS)->claimed_text, "acme");
	EXPECT_STR(row_of(OBSERVED_DHCP_PARAMETERS)->claimed_text, "1,3,6");
	EXPECT(!row_of(OBSERVED_IP)); /* 0.0.0.0 is nobody */
}

TEST(a_request_in_another_macs_name_tells_only_that_somebody_spoke)
{
	static const uint8_t options[] = {53, 1, 3, 12, 3, 'c', 'a', 'm', 255};
	static const uint8_t victim[6] = {2, 0, 0, 0, 0, 8};
	uint8_t message[400];

	udp("0.0.0.0", "255.255.255.255", 68, 67, message,
		dhcp(message, false, victim, options, sizeof options));
	observe(&plain);
	EXPECT_INT(n_rows, 1);
	EXPECT_INT(rows[0].what, OBSERVED_MAC_SEEN);
	EXPECT_MEM(rows[0].mac, mac, 6);
}

TEST(an_acknowledgement_counts_only_when_it_left_from_our_own_address)
{
	static const uint8_t options[] = {53, 1, 5, 51, 4, 0, 0, 14, 16, 255};
	static const uint8_t client[6] = {2, 0, 0, 0, 0, 9};
	struct observation_context context = {.port = "", .n_own = 1};
	uint8_t message[400];
	size_t len = dhcp(message, true, client, options, sizeof options);

	EXPECT(ip_parse(&context.own[0], "192.168.77.1"));
	inet_pton(AF_INET, "192.168.77.50", message + 16);
	udp("192.168.77.1", "255.255.255.255", 67, 68, message, len);
	context.is_outgoing = true;
	observe(&context);
	EXPECT_INT(n_rows, 1);
	EXPECT_INT(rows[0].what, OBSERVED_DHCP4_ACK);
	EXPECT_INT(rows[0].value, 3600);
	EXPECT_MEM(rows[0].mac, client, 6);

	context.is_outgoing = false; /* a device says so */
	observe(&context);
	EXPECT_INT(n_rows, 0);
	udp("192.168.77.2", "255.255.255.255", 67, 68, message, len);
	context.is_outgoing = true; /* forwarded for somebody */
	observe(&context);
	EXPECT_INT(n_rows, 0);
}

TEST(a_hostile_name_is_told_harmless_and_still_recognisable)
{
	static const uint8_t options[] = {53, 1, 3, 12, 13, 'a', 27, '[', '2', 'J', '"', '\\', 0,
		0xff, '\n', '<', '$', '`', 255};
	uint8_t message[400];

	udp("0.0.0.0", "255.255.255.255", 68, 67, message,
		dhcp(message, false, mac, options, sizeof options));
	observe(&plain);
	EXPECT(row_of(OBSERVED_DHCP_HOSTNAME));
	EXPECT_STR(row_of(OBSERVED_DHCP_HOSTNAME)->claimed_text,
		"a\\x1b[2J\\x22\\x5c\\x00\\xff\\x0a<$`");
}

TEST(of_credentials_in_the_clear_only_the_protocol_is_told)
{
	static const char request[] = "GET /login?user=anna&password=hunter2 HTTP/1.1\r\n"
				      "Host: cam.example\r\nUser-Agent: acme/1\r\n"
				      "Authorization: Basic YW5uYTpodW50ZXIy\r\n\r\n";

	tcp("192.168.77.50", "198.18.0.1", 40000, 80, request, sizeof request - 1);
	observe(&plain);
	EXPECT_STR(row_of(OBSERVED_HTTP_REQUEST)->claimed_text, "cam.example");
	EXPECT_STR(row_of(OBSERVED_HTTP_REQUEST)->claimed_detail, "GET /login");
	EXPECT_STR(row_of(OBSERVED_HTTP_USER_AGENT)->claimed_text, "acme/1");
	EXPECT_STR(row_of(OBSERVED_CLEAR_CREDENTIALS)->claimed_text, "HTTP Basic");
	EXPECT(is_kept_secret("hunter2") && is_kept_secret("YW5uYT") && is_kept_secret("anna"));
}

TEST(a_password_of_mqtt_is_noticed_and_not_told)
{
	static const uint8_t connect[] = {0x10, 32, 0, 4, 'M', 'Q', 'T', 'T', 4, 0xc2, 0, 60, 0, 3,
		'c', 'a', 'm', 0, 4, 'a', 'n', 'n', 'a', 0, 9, 'h', 'u', 'n', 't', 'e', 'r', '2',
		'!', '!'};

	tcp("192.168.77.50", "198.18.0.1", 40000, 1883, connect, sizeof connect);
	observe(&plain);
	EXPECT_STR(row_of(OBSERVED_MQTT_CLIENT)->claimed_text, "cam");
	EXPECT_STR(row_of(OBSERVED_CLEAR_CREDENTIALS)->claimed_text, "MQTT");
	EXPECT(is_kept_secret("hunter2") && is_kept_secret("anna"));
}

TEST(a_question_to_a_foreign_resolver_is_told_and_one_to_us_is_not)
{
	static const uint8_t query[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, 'C', 'l', 'o', 'u',
		'd', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1};
	struct observation_context context = plain;

	context.n_own = 1;
	EXPECT(ip_parse(&context.own[0], "192.168.77.1"));
	udp("192.168.77.50", "198.18.8.8", 40000, 53, query, sizeof query);
	observe(&context);
	EXPECT_STR(row_of(OBSERVED_DNS_QUERY)->claimed_text, "cloud.example");
	udp("192.168.77.50", "192.168.77.1", 40000, 53, query, sizeof query);
	observe(&context);
	EXPECT(!row_of(OBSERVED_DNS_QUERY));
	EXPECT(row_of(OBSERVED_IP));
}

TEST(who_looks_for_the_router_wants_a_port)
{
	static const char search[] =
		"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n"
		"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";

	udp("192.168.77.50", "239.255.255.250", 40000, 1900, search, sizeof search - 1);
	observe(&plain);
	EXPECT(row_of(OBSERVED_UPNP_PORT_REQUEST));
	udp("192.168.77.50", "192.168.77.1", 40000, 5351, "\0\0", 2);
	observe(&plain);
	EXPECT_STR(row_of(OBSERVED_UPNP_PORT_REQUEST)->claimed_text, "NAT-PMP");
	udp("192.168.77.50", "192.168.77.1", 40000, 5351, "\0\2\0\0\0\27\0\27\0\0\16\20", 12);
	observe(&plain);
	EXPECT_STR(row_of(OBSERVED_UPNP_PORT_REQUEST)->claimed_text, "NAT-PMP TCP port 23");
}

TEST(a_sensor_tells_the_first_segment_of_a_connection_and_a_router_leaves_it_to_the_kernel)
{
	struct observation_context context = plain;

	tcp("192.168.77.50", "198.18.0.1", 40000, 8883, "", 0);
	frame[14 + 20 + 13] = TCP_SYN;
	observe(&context);
	EXPECT(!row_of(OBSERVED_FLOW_NEW));
	context.tells_flows = true;
	observe(&context);
	EXPECT(row_of(OBSERVED_FLOW_NEW));
	EXPECT_INT(row_of(OBSERVED_FLOW_NEW)->target_port, 8883);
	frame[14 + 20 + 13] = TCP_SYN | TCP_ACK;
	observe(&context);
	EXPECT(!row_of(OBSERVED_FLOW_NEW));
}

TEST(the_same_claim_is_not_told_again_within_its_time)
{
	struct observation_context context = plain;

	context.told = told_new(&key);
	udp("192.168.77.50", "198.18.0.1", 40000, 123, "\x23", 1);
	observe(&context);
	EXPECT(row_of(OBSERVED_IP));
	context.seen_ns += 2 * CLOCK_SECOND_NS;
	observe(&context);
	EXPECT(!row_of(OBSERVED_IP));
	context.port = "p-b"; /* elsewhere is something else */
	observe(&context);
	EXPECT(row_of(OBSERVED_IP));
	context.port = "p-a";
	context.seen_ns += 2 * CLOCK_SECOND_NS;
	observe(&context);
	EXPECT(row_of(OBSERVED_IP));
	EXPECT(told_suppressed(context.told) >= 1);
	told_free(context.told);
}

TEST(denials_and_flows_are_never_suppressed)
{
	struct told *told = told_new(&key);

	for (int i = 0; i < 10; i++) {
		EXPECT(!told_lately(told, OBSERVED_DENIED, 42, 1));
		EXPECT(!told_lately(told, OBSERVED_FLOW_END, 42, 1));
	}
	EXPECT(!told_lately(told, OBSERVED_ARP, 42, 1));
	EXPECT(told_lately(told, OBSERVED_ARP, 42, 1));
	told_free(told);
}

TEST(whoever_comes_anew_is_told_everything_again)
{
	struct told *told = told_new(&key);

	EXPECT(!told_lately(told, OBSERVED_MDNS_NAME, 42, 1));
	EXPECT(told_lately(told, OBSERVED_MDNS_NAME, 42, 2));
	told_forget(told);
	EXPECT(!told_lately(told, OBSERVED_MDNS_NAME, 42, 3));
	EXPECT(told_suppressed(told) == 1);
	told_free(told);
}

TEST(a_flood_of_claims_makes_repeats_more_frequent_and_nothing_worse)
{
	struct told *told = told_new(&key);

	for (uint64_t i = 0; i < 1000000; i++)
		EXPECT(!told_lately(
			told, OBSERVED_MDNS_NAME, i * UINT64_C(0x9e3779b97f4a7c16), 1000 + i));
	told_free(told);
}

/* --- what the rules logged ------------------------------------------------------------------ */

static bool
logged(const char *prefix, uint32_t mark, size_t cut)
{
	struct observation_logged it = {.prefix = prefix,
		.mark = mark,
		.ethertype = (uint16_t)(frame[12] << 8 | frame[13]),
		.mac = mac,
		.bytes = frame + 14,
		.len = frame_len - 14 < cut ? frame_len - 14 : cut};

	n_rows = 0;
	if (!observation_from_logged(rows, &it, &plain))
		return false;
	n_rows = 1;
	return true;
}

TEST(a_logged_packet_tells_reason_device_and_ends_although_it_is_cut)
{
	static char payload[1200];

	udp("192.168.77.50", "198.18.0.9", 1234, 5683, payload, sizeof payload);
	/* State bits above the number are not the number. */
	EXPECT(logged("from-device", 0x03300007, 128));
	EXPECT_INT(rows[0].what, OBSERVED_DENIED);
	EXPECT_INT(rows[0].value, REASON_FROM_DEVICE);
	EXPECT_INT(rows[0].device, 7);
	EXPECT_INT(rows[0].proto, 17);
	EXPECT_INT(rows[0].source_port, 1234);
	EXPECT_INT(rows[0].target_port, 5683);
	EXPECT_INT(rows[0].target.byte[3], 9);
	EXPECT_MEM(rows[0].mac, mac, 6);
	EXPECT(logged("new-flow", 7, 128) && rows[0].what == OBSERVED_FLOW_NEW);
}

TEST(a_prefix_that_is_no_word_of_ours_tells_nothing)
{
	udp("192.168.77.50", "198.18.0.9", 1234, 5683, "x", 1);
	EXPECT(!logged("", 7, 128));
	EXPECT(!logged("from-device ", 7, 128));
	EXPECT(!logged("drop", 7, 128));
}

TEST(a_logged_advertisement_tells_the_address_it_claims)
{
	static const uint8_t advert[] = {0x60, 0, 0, 0, 0, 24, 58, 255, /* hop limit 255 */
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0xff, 2, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 1, 136, 0, 0, 0, 0x20, 0, 0, 0, 0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 1}; /* target fd77::1 */
	struct ip claimed;

	begin_frame(ETHERTYPE_IPV6);
	put(advert, sizeof advert);
	EXPECT(logged("nd-spoof", 0, 128));
	EXPECT(ip_parse(&claimed, "fd77::1"));
	EXPECT(ip_is_equal(&rows[0].source, &claimed));
}

TEST(whatever_is_logged_is_survived)
{
	unsigned seed = 5;

	for (int i = 0; i < 200000; i++) {
		static const uint16_t types[] = {0, 0x800, 0x86dd, 0x806, 0x88cc};
		begin_frame(types[rand_r(&seed) % 5]);
		for (frame_len = 14; frame_len < 14u + (unsigned)rand_r(&seed) % 128; frame_len++)
			frame[frame_len] = (uint8_t)rand_r(&seed);
		if (rand_r(&seed) % 2)
			frame[14] = rand_r(&seed) % 2 ? 0x45 : 0x60;
		EXPECT(logged("barrier", (uint32_t)rand_r(&seed), 128));
		EXPECT(rows[0].device <= DEVICE_NUMBER_MAX);
	}
}

TEST(the_end_of_a_flow_without_a_device_is_not_told)
{
	struct observation_flow flow = {.mark = 0x08000000, .packets = 3};
	struct observation row;

	EXPECT(!observation_from_flow(&row, &flow, &plain));
	flow.mark |= 9;
	EXPECT(observation_from_flow(&row, &flow, &plain));
	EXPECT(row.device == 9 && row.packets == 3);
}

/* --- real captures -------------------------------------------------------------------------- */

static void
check_rows(const struct observation *told, size_t n, void *arg)
{
	static struct message_observation message;
	size_t *count = arg;

	EXPECT(n <= OBSERVATION_ROWS_MAX);
	memcpy(message.row, told, n * sizeof *told);
	message.n_rows = (uint32_t)n;
	EXPECT(message_check(MESSAGE_OBSERVATION, PROCESS_CAPTURE, PROCESS_ENGINE, &message,
		message_observation_len(&message)));
	for (size_t i = 0; i < n; i++)
		EXPECT(is_printable(told[i].claimed_text) && is_printable(told[i].claimed_detail));
	*count += n;
}

/* As it is, and again with a byte changed in every frame. */
static size_t
play(const char *path, unsigned seed)
{
	char why[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct pcap_file *file = fd >= 0 ? pcap_file_new(fd, why) : NULL;
	struct pcap_pkthdr head;
	const uint8_t *bytes;
	size_t count = 0;
	struct replay *replay =
		file ? replay_new(pcap_file_link_type(file), 256, &key, check_rows, &count) : NULL;

	while (replay && pcap_file_next(file, &head, &bytes)) {
		static uint8_t changed[256 * 1024];
		memcpy(changed, bytes, head.caplen);
		for (int i = 0; seed && head.caplen && i < 3; i++)
			changed[(unsigned)rand_r(&seed) % (head.caplen < 400 ? head.caplen : 400)] =
				(uint8_t)rand_r(&seed);
		replay_frame(replay, &head, changed);
	}
	if (replay)
		replay_end(replay);
	replay_free(replay);
	pcap_file_free(file);
	if (fd >= 0)
		close(fd);
	return count;
}

TEST(every_row_of_every_real_capture_is_a_well_formed_message_also_when_bytes_are_changed)
{
	static const char *const folders[] = {
		"pcap-iot-sentinel/*/*.pcap", "pcap-protocols/*.pcap*", "pcap-edge-cases/*.pcap*"};
	const char *data = test_data();
	size_t rows_told = 0, files = 0;

	if (!data)
		SKIP("the real captures are not here");
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		char pattern[4200];
		glob_t found;
		snprintf(pattern, sizeof pattern, "%s/%s", data, folders[i]);
		if (glob(pattern, 0, NULL, &found))
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++, files++)
			for (unsigned seed = 0; seed < 3; seed++)
				rows_told += play(found.gl_pathv[k], seed);
		globfree(&found);
	}
	print_message("%zu files, %zu rows\n", files, rows_told);
	EXPECT(files > 275 && rows_told > 10000);
}

/* --- what crosses readable, and what servers chose -------------------------------------------- */

#define SEND(text, port)                                                                           \
	do {                                                                                       \
		tcp("192.168.77.50", "198.18.0.9", 40000, port, text, sizeof text - 1);            \
		observe(&plain);                                                                   \
	} while (0)

TEST(an_upload_is_told_by_its_kind_and_a_download_is_not)
{
	SEND("POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Type: image/jpeg; q=1\r\n\r\n", 80);
	EXPECT_STR(row_of(OBSERVED_CLEAR_CONTENT)->claimed_text, "HTTP image/jpeg");
	SEND("GET /up HTTP/1.1\r\nHost: a.example\r\nContent-Type: image/jpeg\r\n\r\n", 80);
	EXPECT(!row_of(OBSERVED_CLEAR_CONTENT));
}

TEST(of_a_query_only_the_kind_is_told)
{
	SEND("GET /here?child=mia&lat=48.2&lon=16.4 HTTP/1.1\r\nHost: a.example\r\n\r\n", 80);
	EXPECT_STR(row_of(OBSERVED_CLEAR_CONTENT)->claimed_text, "HTTP location");
	EXPECT(!row_of(OBSERVED_CLEAR_CREDENTIALS));
	SEND("GET /?Token=hunter2&sn=4711 HTTP/1.1\r\nHost: a.example\r\n\r\n", 80);
	EXPECT_STR(row_of(OBSERVED_CLEAR_CREDENTIALS)->claimed_text, "HTTP query");
	EXPECT_STR(row_of(OBSERVED_IDENTIFIER_SENT)->claimed_text, "serial number");
	for (size_t i = 0; i < n_rows; i++)
		EXPECT(!strstr(rows[i].claimed_text, "hunter2") &&
			!strstr(rows[i].claimed_detail, "hunter2") &&
			!strstr(rows[i].claimed_detail, "4711"));
	/* Without a value, in the path, or as a part of another word it is none. */
	SEND("GET /token=1?flat=2&token=&latency=3& HTTP/1.1\r\nHost: a.example\r\n\r\n", 80);
	EXPECT(!row_of(OBSERVED_CLEAR_CREDENTIALS) && !row_of(OBSERVED_CLEAR_CONTENT));
	SEND("GET /? HTTP/1.1\r\nHost: a.example\r\n\r\n", 80);
	EXPECT(row_of(OBSERVED_HTTP_REQUEST));
}

TEST(its_own_mac_is_found_however_it_is_written_and_anothers_is_not)
{
	static const char *const written[] = {"020000000007", "02:00:00:00:00:07",
		"02-00-00-00-00-07", "02%3A00%3a00%3A00%3A00%3A07", "0200.0000.0007"};
	char text[200];

	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
		int len = snprintf(text, sizeof text,
			"GET /?id=%s HTTP/1.1\r\nHost: a.example\r\n\r\n", written[i]);
		tcp("192.168.77.50", "198.18.0.9", 40000, 80, text, (size_t)len);
		observe(&plain);
		EXPECT(row_of(OBSERVED_IDENTIFIER_SENT));
		EXPECT_STR(row_of(OBSERVED_IDENTIFIER_SENT)->claimed_text, "MAC address");
		/* The token behind the question mark is not kept. */
		EXPECT(!strstr(row_of(OBSERVED_HTTP_REQUEST)->claimed_detail, "02"));
	}
	SEND("GET /?id=02:00:00:00:00:08 HTTP/1.1\r\nHost: a.example\r\n\r\n", 80);
	EXPECT(!row_of(OBSERVED_IDENTIFIER_SENT));
}

TEST(a_password_of_ftp_and_a_stream_are_told_and_never_the_password)
{
	SEND("PASS hunter2\r\n", 21);
	EXPECT_STR(row_of(OBSERVED_CLEAR_CREDENTIALS)->claimed_text, "FTP");
	for (size_t i = 0; i < n_rows; i++)
		EXPECT(!strstr(rows[i].claimed_text, "hunter2") &&
			!strstr(rows[i].claimed_detail, "hunter2"));
	SEND("DESCRIBE rtsp://h/ RTSP/1.0\r\nAuthorization: Basic YTpi\r\n\r\n", 554);
	EXPECT(!row_of(OBSERVED_CLEAR_CONTENT)); /* it may be refused yet */
	EXPECT_STR(row_of(OBSERVED_CLEAR_CREDENTIALS)->claimed_text, "RTSP Basic");
}

TEST(a_stream_is_told_when_it_begins_and_not_when_it_is_refused)
{
	SEND("PLAY rtsp://h/ RTSP/1.0\r\n\r\n", 554);
	EXPECT_STR(row_of(OBSERVED_CLEAR_CONTENT)->claimed_text, "RTSP");
	SEND("RTSP/1.0 200 OK\r\n\r\n", 40000);
	EXPECT_STR(row_of(OBSERVED_CLEAR_CONTENT)->claimed_detail, "served");
	SEND("RTSP/1.0 401 Unauthorized\r\n\r\n", 40000);
	EXPECT(!row_of(OBSERVED_CLEAR_CONTENT));
	SEND("USER anonymous\r\n", 21);
	EXPECT_STR(row_of(OBSERVED_CLEAR_CONTENT)->claimed_text, "FTP anonymous");
}

TEST(what_a_server_chose_is_told_of_the_device_that_asked)
{
	static const uint8_t hello[] = {22, 3, 1, 0, 44, 2, 0, 0, 40, 3, 1, 0, 1, 2, 3, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
		29, 30, 31, 0, 0xc0, 0x14, 0, 0, 0};
	struct observation_context going_out = plain;

	tcp("198.18.0.9", "192.168.77.50", 443, 40000, hello, sizeof hello);
	memset(frame, 2, 6);
	observe(&plain);
	EXPECT(!row_of(OBSERVED_TLS_SERVER)); /* a device that is a server */
	going_out.is_outgoing = true;
	observe(&going_out);
	EXPECT_INT(n_rows, 1);
	const struct observation *row = row_of(OBSERVED_TLS_SERVER);
	EXPECT(row);
	EXPECT_STR(row->claimed_text, "TLS 1.0");
	EXPECT_INT(row->value, 0x0301c014);
	EXPECT_INT(row->target_port, 443);
	EXPECT_INT(row->source_port, 40000);
	EXPECT_INT(row->mac[5], 2);
	EXPECT_INT(row->target.byte[0], 198);
}
