/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real relay process, confined, on a real bridge whose ports are isolated.
 * A phone, a television and a camera are raw sockets at the other ends of the
 * ports; only the phone was introduced to the television.
 *
 *	environment: RELAY (the executable), FOLDER
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "packet/packet.h"
#include "packet/udp_frame.h"
#include "process/relay_filter.h"
#include "stage.h"
#include "test.h"

static struct stage stage;
static struct channel *engine;

static struct device {
	const char *port, *link, *address4, *link6;
	uint32_t number;
	uint8_t mac[6];
	int fd;
} phone = {"port1", "dev1", "192.168.77.11", "fe80::11", 11, {2, 0, 0, 0, 0, 11}, -1},
  tv = {"port2", "dev2", "192.168.77.12", "fe80::12", 12, {2, 0, 0, 0, 0, 12}, -1},
  camera = {"port3", "dev3", "192.168.77.13", "fe80::13", 13, {2, 0, 0, 0, 0, 13}, -1};

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
}

static void
plug(struct device *device)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(3 /* all */)};

	at.sll_ifindex = (int)if_nametoindex(device->link);
	EXPECT(at.sll_ifindex > 0);
	device->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(3));
	EXPECT(device->fd >= 0);
	EXPECT_INT(bind(device->fd, (struct sockaddr *)&at, sizeof at), 0);
}

static int
group_socket(bool v6, const char *group, uint16_t port)
{
	int fd = stage_socket(v6 ? "::" : "0.0.0.0", port, SOCK_DGRAM), on = 1;
	unsigned bridge = if_nametoindex("br-lan");

	if (v6) {
		struct ipv6_mreq join = {.ipv6mr_interface = bridge};
		inet_pton(AF_INET6, group, &join.ipv6mr_multiaddr);
		EXPECT_INT(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join), 0);
		EXPECT_INT(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on), 0);
	} else {
		struct ip_mreqn join = {.imr_ifindex = (int)bridge};
		inet_pton(AF_INET, group, &join.imr_multiaddr);
		EXPECT_INT(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join), 0);
	}
	return fd;
}

static int
broadcast_socket(uint16_t port)
{
	static const char bridge[] = "br-lan";
	int fd = stage_socket("0.0.0.0", port, SOCK_DGRAM);

	EXPECT_INT(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bridge, sizeof bridge), 0);
	return fd;
}

static void
group_mac(uint8_t mac[6], const struct ip *group)
{
	if (group->version == 4 && group->byte[0] == 255)
		memset(mac, 0xff, 6);
	else if (group->version == 4)
		memcpy(mac,
			(const uint8_t[]){0x01, 0, 0x5e, group->byte[1] & 0x7f, group->byte[2],
				group->byte[3]},
			6);
	else
		memcpy(mac,
			(const uint8_t[]){0x33, 0x33, group->byte[12], group->byte[13],
				group->byte[14], group->byte[15]},
			6);
}

/* A device sends to a group from this port. */
static void
device_sends(const struct device *device, const char *group, uint16_t source_port, uint16_t port,
	const void *payload, size_t len)
{
	uint8_t bytes[1600];
	struct udp_frame frame = {.source_port = source_port, .target_port = port, .hops = 255};

	EXPECT(ip_parse(&frame.target, group));
	EXPECT(ip_parse(
		&frame.source, frame.target.version == 4 ? device->address4 : device->link6));
	memcpy(frame.source_mac, device->mac, 6);
	group_mac(frame.target_mac, &frame.target);
	size_t whole = udp_frame_render(bytes, sizeof bytes, &frame, payload, len);
	EXPECT(whole > 0);
	EXPECT_INT(send(device->fd, bytes, whole, 0), (ssize_t)whole);
	stage_pump(60);
}

/* A device answers the gateway itself, from the port that was asked. */
static void
device_answers(
	const struct device *device, const struct packet *to, const void *payload, size_t len)
{
	uint8_t bytes[1600];
	struct udp_frame frame = {.source_port = to->destination_port,
		.target_port = to->source_port,
		.target = to->source,
		.hops = 64};

	EXPECT(ip_parse(&frame.source, device->address4));
	memcpy(frame.source_mac, device->mac, 6);
	memcpy(frame.target_mac, to->ethernet.source, 6);
	size_t whole = udp_frame_render(bytes, sizeof bytes, &frame, payload, len);
	EXPECT_INT(send(device->fd, bytes, whole, 0), (ssize_t)whole);
	stage_pump(60);
}

static uint8_t heard_bytes[2048];
static struct packet heard;

/* The next datagram from the gateway's discovery ports that the device hears. */
static bool
hears(const struct device *device)
{
	for (;;) {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(device->fd, heard_bytes, sizeof heard_bytes, MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len);
		if (n < 0)
			return false;
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (packet_parse(&heard, heard_bytes, (size_t)n, (size_t)n) &&
			heard.layers & LAYER_UDP &&
			(heard.source_port == 5353 || heard.source_port == 1900 ||
				heard.source_port == 9999 || heard.destination_port == 9999))
			return true;
	}
}

static void
forget_all(void)
{
	while (hears(&phone) || hears(&tv) || hears(&camera))
		;
}

static void
introduce(const struct device *asker, const struct device *answerer, uint32_t services)
{
	struct message_introduction m = {.services = services};
	const struct device *devices[2] = {asker, answerer};
	struct relay_end *ends[2] = {&m.asker, &m.answerer};

	for (int i = 0; i < 2; i++) {
		ends[i]->device = devices[i]->number;
		snprintf(ends[i]->port, sizeof ends[i]->port, "%s", devices[i]->port);
		memcpy(ends[i]->mac, devices[i]->mac, 6);
		EXPECT(ip_parse(&ends[i]->address4, devices[i]->address4));
		EXPECT(ip_parse(&ends[i]->link6, devices[i]->link6));
	}
	EXPECT(!channel_send(engine, MESSAGE_INTRODUCTION, 0, &m, sizeof m, -1));
	stage_pump(30);
}

static size_t
mdns_question(uint8_t out[512])
{
	static const char name[] = "\x0b_googlecast\x04_tcp\x05local";
	struct writer w = writer_over(out, 512);

	writer_u32(&w, 0);
	writer_u16(&w, 1);
	writer_u16(&w, 0);
	writer_u32(&w, 0);
	writer_bytes(&w, name, sizeof name);
	writer_u16(&w, DNS_PTR);
	writer_u16(&w, DNS_IN);
	return writer_len(&w);
}

static size_t
mdns_answer(uint8_t out[512], const char *address)
{
	static const char host[] = "\x02tv\x05local";
	struct writer w = writer_over(out, 512);
	struct ip ip;

	EXPECT(ip_parse(&ip, address));
	writer_u16(&w, 0);
	writer_u16(&w, 0x8400);
	writer_u16(&w, 0);
	writer_u16(&w, 1);
	writer_u32(&w, 0);
	writer_bytes(&w, host, sizeof host);
	writer_u16(&w, DNS_A);
	writer_u16(&w, 0x8001);
	writer_u32(&w, 120);
	writer_u16(&w, 4);
	writer_bytes(&w, ip.byte, 4);
	return writer_len(&w);
}

static const char search[] = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
			     "MAN: \"ssdp:discover\"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n";

/* --- the story -------------------------------------------------------------------------------- */

TEST(the_relay_starts_confined)
{
	struct settings settings = stage_home(getenv("FOLDER"));

	stage_start(&stage, PROCESS_RELAY, getenv("RELAY"), &settings, on_message);
	stage_give(&stage, DESCRIPTOR_RELAY_MDNS4, group_socket(false, "224.0.0.251", 5353));
	stage_give(&stage, DESCRIPTOR_RELAY_MDNS6, group_socket(true, "ff02::fb", 5353));
	stage_give(&stage, DESCRIPTOR_RELAY_SSDP4, group_socket(false, "239.255.255.250", 1900));
	stage_give(&stage, DESCRIPTOR_RELAY_BROADCAST, broadcast_socket(9999));
	stage_give(&stage, DESCRIPTOR_RELAY_RAW, socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
	engine = stage_peer(&stage, PROCESS_ENGINE);
	stage_go(&stage);
	plug(&phone);
	plug(&tv);
	plug(&camera);
}

TEST(nothing_is_relayed_without_an_introduction)
{
	uint8_t bytes[512];

	forget_all();
	device_sends(&phone, "224.0.0.251", 5353, 5353, bytes, mdns_question(bytes));
	device_sends(&phone, "239.255.255.250", 40000, 1900, search, sizeof search - 1);
	EXPECT(!hears(&tv));
	EXPECT(!hears(&camera));
}

TEST(a_question_reaches_the_answerer_and_nobody_else)
{
	static const char *const groups[] = {"224.0.0.251", "ff02::fb"};
	uint8_t bytes[512];

	introduce(&phone, &tv, RELAY_MDNS | RELAY_SSDP);
	for (int i = 0; i < 2; i++) {
		struct ip group;
		forget_all();
		device_sends(&phone, groups[i], 5353, 5353, bytes, mdns_question(bytes));
		EXPECT(hears(&tv));
		EXPECT(ip_parse(&group, groups[i]));
		EXPECT(ip_is_equal(&heard.destination, &group));
		EXPECT_INT(heard.destination_port, 5353);
		EXPECT_MEM(heard.ethernet.destination, tv.mac, 6);
		EXPECT_INT(heard.protocol, PROTOCOL_MDNS);
		EXPECT(!hears(&tv));
		EXPECT(!hears(&camera));
		EXPECT(!hears(&phone));
	}
}

TEST(the_answer_comes_back_to_the_asker_and_to_nobody_else)
{
	uint8_t bytes[512];

	forget_all();
	device_sends(&tv, "224.0.0.251", 5353, 5353, bytes, mdns_answer(bytes, "192.168.77.12"));
	EXPECT(hears(&phone));
	EXPECT_INT(heard.protocol, PROTOCOL_MDNS);
	EXPECT(heard.mdns.is_response);
	EXPECT_INT(heard.mdns.address_count, 1);
	EXPECT(!hears(&camera));
	EXPECT(!hears(&tv));
}

TEST(an_answer_that_points_at_another_device_is_not_relayed)
{
	uint8_t bytes[512];

	forget_all();
	device_sends(&tv, "224.0.0.251", 5353, 5353, bytes, mdns_answer(bytes, "192.168.77.13"));
	EXPECT(!hears(&phone));
}

TEST(questions_go_one_way_only)
{
	uint8_t bytes[512];

	forget_all();
	device_sends(&tv, "224.0.0.251", 5353, 5353, bytes, mdns_question(bytes));
	device_sends(&tv, "239.255.255.250", 40001, 1900, search, sizeof search - 1);
	device_sends(&phone, "224.0.0.251", 5353, 5353, bytes, mdns_answer(bytes, "192.168.77.11"));
	EXPECT(!hears(&phone));
	EXPECT(!hears(&tv));
	EXPECT(!hears(&camera));
}

TEST(a_question_from_a_port_of_its_own_is_answered_there)
{
	uint8_t bytes[512];

	forget_all();
	device_sends(&phone, "224.0.0.251", 44444, 5353, bytes, mdns_question(bytes));
	EXPECT(hears(&tv));
	device_sends(&tv, "224.0.0.251", 5353, 5353, bytes, mdns_answer(bytes, "192.168.77.12"));
	bool came = false;
	while (hears(&phone))
		came = came || heard.destination_port == 44444;
	EXPECT(came);
}

TEST(a_search_is_answered_at_the_port_it_came_from)
{
	static const char form[] = "HTTP/1.1 200 OK\r\nLOCATION: http://%s:8008/dd.xml\r\n"
				   "ST: upnp:rootdevice\r\nUSN: uuid:7\r\nSERVER: tv\r\n\r\n";
	char text[512];

	forget_all();
	device_sends(&phone, "239.255.255.250", 40002, 1900, search, sizeof search - 1);
	EXPECT(hears(&tv));
	EXPECT_INT(heard.protocol, PROTOCOL_SSDP);
	struct packet asked = heard;
	/* First a location at another device, then its own. */
	int len = snprintf(text, sizeof text, form, "192.168.77.13");
	device_answers(&tv, &asked, text, (size_t)len);
	EXPECT(!hears(&phone));
	len = snprintf(text, sizeof text, form, "192.168.77.12");
	device_answers(&tv, &asked, text, (size_t)len);
	EXPECT(hears(&phone));
	EXPECT_INT(heard.destination_port, 40002);
	EXPECT(!hears(&camera));
}

static bool
hears_text(const struct device *device, const char *text)
{
	return hears(device) && bytes_are(reader_rest(&heard.payload), text);
}

TEST(a_makers_own_broadcast_reaches_the_introduced_and_its_answer_the_asker)
{
	struct ip gateway, tv4;

	introduce(&phone, &tv, RELAY_MDNS | RELAY_SSDP);
	forget_all();
	device_sends(&phone, "255.255.255.255", 50123, 9999, "who is there", 12);
	EXPECT(!hears(&tv)); /* not introduced for this */

	introduce(&phone, &tv, RELAY_MDNS | RELAY_SSDP | RELAY_BROADCAST);
	forget_all();
	device_sends(&phone, "255.255.255.255", 50123, 9999, "who is there", 12);
	EXPECT(hears_text(&tv, "who is there"));
	EXPECT(ip_parse(&gateway, "192.168.77.1") && ip_is_equal(&heard.source, &gateway));
	EXPECT_INT(heard.source_port, 9999);
	EXPECT_INT(heard.destination_port, 9999);
	EXPECT_MEM(heard.ethernet.destination, tv.mac, 6);
	EXPECT(!hears(&camera));
	EXPECT(!hears(&phone));

	/* In the name of who answers: that is where the app goes next. */
	struct packet asked = heard;
	device_answers(&tv, &asked, "a plug", 6);
	EXPECT(hears_text(&phone, "a plug"));
	EXPECT(ip_parse(&tv4, tv.address4) && ip_is_equal(&heard.source, &tv4));
	EXPECT_INT(heard.source_port, 9999);
	EXPECT_INT(heard.destination_port, 50123);
	EXPECT(!hears(&camera));
	EXPECT(!hears(&tv));
}

TEST(a_makers_own_notice_goes_to_who_may_discover_it_and_not_back)
{
	stage_pump(5200); /* what was asked above is over */
	forget_all();
	device_sends(&tv, "255.255.255.255", 50999, 9999, "here I am", 9);
	EXPECT(hears_text(&phone, "here I am"));
	EXPECT_INT(heard.destination_port, 9999);
	EXPECT_INT(heard.source_port, 50999);
	EXPECT(!hears(&tv));
	EXPECT(!hears(&camera));
	/* Nobody was introduced to the camera, nor it to anybody. */
	device_sends(&camera, "255.255.255.255", 50999, 9999, "here I am", 9);
	EXPECT(!hears(&phone));
	EXPECT(!hears(&tv));
}

TEST(a_flood_of_questions_is_limited)
{
	uint8_t bytes[512];
	size_t len = mdns_question(bytes);
	unsigned count = 0;

	stage_pump(1000);
	forget_all();
	for (int i = 0; i < 40; i++)
		for (int j = 0; j < 25; j++) {
			uint8_t frame_bytes[600];
			struct udp_frame frame = {
				.source_port = 5353, .target_port = 5353, .hops = 255};
			EXPECT(ip_parse(&frame.target, "224.0.0.251"));
			EXPECT(ip_parse(&frame.source, phone.address4));
			memcpy(frame.source_mac, phone.mac, 6);
			group_mac(frame.target_mac, &frame.target);
			size_t whole = udp_frame_render(
				frame_bytes, sizeof frame_bytes, &frame, bytes, len);
			(void)!send(phone.fd, frame_bytes, whole, 0);
			if (j == 24)
				stage_pump(1);
		}
	stage_pump(100);
	while (hears(&tv))
		count++;
	EXPECT(count > 0 && count < 80);
}

TEST(an_introduction_taken_back_ends_it)
{
	uint8_t bytes[512];

	introduce(&phone, &tv, 0);
	stage_pump(1000);
	forget_all();
	device_sends(&phone, "224.0.0.251", 5353, 5353, bytes, mdns_question(bytes));
	device_sends(&tv, "224.0.0.251", 5353, 5353, bytes, mdns_answer(bytes, "192.168.77.12"));
	EXPECT(!hears(&tv));
	EXPECT(!hears(&phone));
}

TEST(it_is_still_the_same_process)
{
	EXPECT(stage_runs(&stage));
	stage_stop(&stage);
}
