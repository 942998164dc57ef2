/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider whose answers are made here, a clock turned by hand.
 */
#include "process/uplink_lease4.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "packet/dhcpv4.h"
#include "packet/ethernet.h"
#include "packet/ipv4.h"
#include "packet/udp.h"
#include "packet/udp_frame.h"
#include "packet/writer.h"
#include "test.h"

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, server_mac[6] = {2, 0, 0, 0, 0, 99};
static struct lease4 lease;
static uint64_t now;
static uint32_t seed;
static bool changed;

/* What we sent last, taken apart. */
static struct {
	bool was_sent;
	struct ethernet ethernet;
	struct ipv4 ip;
	struct dhcpv4 dhcp;
} sent;

static void
due(void)
{
	uint8_t frame[LEASE4_FRAME_MAX];
	struct udp udp;

	size_t len = lease4_due(&lease, now, ++seed * 7919, frame, &changed);
	sent.was_sent = len > 0;
	if (!len)
		return;
	struct reader r = reader_over(frame, len);
	EXPECT(ethernet_parse(&sent.ethernet, &r) && ipv4_parse(&sent.ip, &r) &&
		udp_parse(&udp, &r));
	EXPECT(udp.source == 68 && udp.destination == 67);
	EXPECT(dhcpv4_parse(&sent.dhcp, r));
	EXPECT(sent.dhcp.is_request && !memcmp(sent.dhcp.mac, our_mac, 6));
}

static void
wait_s(uint64_t seconds)
{
	now += seconds * CLOCK_SECOND_NS;
}

static void
begin(void)
{
	struct ip_prefix lan;

	memset(&lease, 0, sizeof lease);
	now = 1000 * CLOCK_SECOND_NS;
	EXPECT(prefix_parse(&lan, "192.168.77.1/24"));
	lease4_begin(&lease, our_mac, &lan, now);
}

/* What the provider answers; 0: leave out. */
struct says {
	enum dhcpv4_type type;
	const char *yours, *router, *server, *names;
	uint32_t mask, lease_s, renew_s, transaction;
};

static void
put_address(struct writer *w, uint8_t code, const char *text)
{
	struct ip ip;

	if (!text)
		return;
	EXPECT(ip_parse(&ip, text));
	writer_u8(w, code);
	writer_u8(w, 4);
	writer_bytes(w, ip.byte, 4);
}

static void
put_u32(struct writer *w, uint8_t code, uint32_t value)
{
	if (!value)
		return;
	writer_u8(w, code);
	writer_u8(w, 4);
	writer_u32(w, value);
}

static bool
hear(const struct says *says)
{
	static const uint8_t nothing[256];
	uint8_t bytes[600], frame[700];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct ip yours = {.version = 4};

	writer_u32(&w, 0x02010600);
	writer_u32(&w, says->transaction ? says->transaction : lease.transaction);
	writer_bytes(&w, nothing, 8);
	if (says->yours)
		EXPECT(ip_parse(&yours, says->yours));
	writer_bytes(&w, yours.byte, 4);
	writer_bytes(&w, nothing, 8);
	writer_bytes(&w, our_mac, 6);
	writer_bytes(&w, nothing, 10 + 64 + 128);
	writer_u32(&w, 0x63825363);
	writer_u8(&w, 53);
	writer_u8(&w, 1);
	writer_u8(&w, (uint8_t)says->type);
	put_address(&w, 54, says->server);
	put_address(&w, 3, says->router);
	put_address(&w, 6, says->names);
	put_u32(&w, 1, says->mask);
	put_u32(&w, 51, says->lease_s);
	put_u32(&w, 58, says->renew_s);
	writer_u8(&w, 255);
	EXPECT(writer_ok(&w));

	struct udp_frame head = {.source_port = 67, .target_port = 68, .hops = 64};
	memcpy(head.source_mac, server_mac, 6);
	memcpy(head.target_mac, our_mac, 6);
	EXPECT(ip_parse(&head.source, "198.18.0.1"));
	EXPECT(ip_parse(&head.target, "198.18.0.10"));
	size_t len = udp_frame_render(frame, sizeof frame, &head, bytes, writer_len(&w));
	EXPECT(len);
	return lease4_hear(&lease, frame, len, now);
}

static const struct says offer = {.type = DHCPV4_OFFER,
	.yours = "198.18.0.10",
	.router = "198.18.0.1",
	.server = "198.18.0.1",
	.names = "198.18.0.53",
	.mask = 0xffffff00,
	.lease_s = 3600};

static struct says
ack(void)
{
	struct says says = offer;
	says.type = DHCPV4_ACK;
	return says;
}

static void
get_a_lease(void)
{
	struct says yes = ack();

	begin();
	due();
	EXPECT(!hear(&offer));
	due();
	EXPECT(hear(&yes));
	EXPECT_INT(lease.state, LEASE4_BOUND);
}

TEST(an_address_is_asked_for_taken_and_held_with_its_end)
{
	struct says yes = ack();
	char text[PREFIX_TEXT_MAX];

	begin();
	due();
	EXPECT_INT(sent.dhcp.type, DHCPV4_DISCOVER);
	EXPECT_INT(sent.ip.source.byte[0], 0);
	EXPECT_INT(sent.ip.destination.byte[3], 255);
	EXPECT(!hear(&offer));
	EXPECT(!lease.address.address.version); /* an offer is no lease */
	due();
	EXPECT_INT(sent.dhcp.type, DHCPV4_REQUEST);
	EXPECT_STR(ip_render(&sent.dhcp.requested, text), "198.18.0.10");
	EXPECT_STR(ip_render(&sent.dhcp.server, text), "198.18.0.1");
	EXPECT(hear(&yes));
	EXPECT_STR(prefix_render(&lease.address, text), "198.18.0.10/24");
	EXPECT_STR(ip_render(&lease.router, text), "198.18.0.1");
	EXPECT_INT(lease.name_server_count, 1);
	EXPECT_STR(ip_render(&lease.name_server[0], text), "198.18.0.53");
	EXPECT_INT((lease.end_ns - now) / CLOCK_SECOND_NS, 3600);
	due();
	EXPECT(!sent.was_sent);
}

TEST(questions_come_ever_more_seldom_and_never_end)
{
	uint64_t last = 0;

	begin();
	for (int i = 0; i < 20; i++) {
		due();
		EXPECT(sent.was_sent);
		EXPECT(lease.next_ns - now <= 65 * CLOCK_SECOND_NS);
		EXPECT(i < 6 ? lease.next_ns - now > last : true);
		last = lease.next_ns - now;
		now = lease.next_ns;
	}
	EXPECT(last > 60 * CLOCK_SECOND_NS);
}

TEST(a_server_that_offers_and_then_is_silent_is_left)
{
	begin();
	due();
	EXPECT(!hear(&offer));
	for (int i = 0; i < 4; i++) {
		due();
		EXPECT_INT(sent.dhcp.type, DHCPV4_REQUEST);
		now = lease.next_ns;
	}
	due();
	EXPECT_INT(sent.dhcp.type, DHCPV4_DISCOVER);
}

TEST(half_way_its_server_is_asked_and_the_lease_grows)
{
	struct says yes = ack();

	get_a_lease();
	wait_s(1799);
	due();
	EXPECT(!sent.was_sent);
	wait_s(1);
	due();
	EXPECT_INT(sent.dhcp.type, DHCPV4_REQUEST);
	EXPECT_INT(lease.state, LEASE4_RENEWING);
	/* From the address, to the server, by the hop that its answer came from. */
	EXPECT(ip_is_equal(&sent.ip.source, &lease.address.address));
	EXPECT(ip_is_equal(&sent.ip.destination, &lease.server));
	EXPECT_MEM(sent.ethernet.destination, server_mac, 6);
	EXPECT(ip_is_equal(&sent.dhcp.client, &lease.address.address));
	EXPECT(!sent.dhcp.requested.version && !sent.dhcp.server.version);
	EXPECT(hear(&yes));
	EXPECT_INT((lease.end_ns - now) / CLOCK_SECOND_NS, 3600);
}

TEST(without_an_answer_anybody_is_asked_and_at_the_end_the_address_goes)
{
	bool asked_all = false;

	get_a_lease();
	for (int i = 0; i < 50 && lease.address.address.version; i++) {
		now = lease.next_ns < lease.end_ns ? lease.next_ns : lease.end_ns;
		due();
		if (lease.state == LEASE4_REBINDING && sent.was_sent)
			asked_all = sent.ip.destination.byte[0] == 255;
	}
	EXPECT(asked_all && changed);
	EXPECT(!lease.address.address.version && !lease.router.version);
	EXPECT_INT(lease.name_server_count, 0);
	EXPECT_INT(sent.dhcp.type, DHCPV4_DISCOVER);
}

TEST(a_refusal_takes_the_address_at_once_and_asks_again_a_little_later)
{
	struct says no = {.type = DHCPV4_NAK, .server = "198.18.0.1"};

	get_a_lease();
	now = lease.renew_ns;
	due();
	EXPECT(hear(&no));
	EXPECT(!lease.address.address.version);
	due();
	EXPECT(!sent.was_sent);
	wait_s(2);
	due();
	EXPECT_INT(sent.dhcp.type, DHCPV4_DISCOVER);
	EXPECT(!sent.dhcp.requested.version);
}

TEST(what_nobody_asked_for_is_not_believed)
{
	struct says yes = ack(), no = {.type = DHCPV4_NAK, .server = "198.18.0.1"};
	struct says other = ack(), foreign = offer;

	begin();
	due();
	EXPECT(!hear(&yes)); /* no offer was taken yet */
	foreign.transaction = lease.transaction + 1;
	EXPECT(!hear(&foreign));
	EXPECT_INT(lease.state, LEASE4_SELECTING);
	EXPECT(!hear(&offer));
	due();
	other.server = "198.18.0.66";
	EXPECT(!hear(&other)); /* another server */
	other = ack();
	other.yours = "198.18.0.11";
	EXPECT(!hear(&other)); /* another address than the one offered */
	EXPECT(hear(&yes));
	EXPECT(!hear(&no)); /* nothing is asked at the moment */
	EXPECT(lease.address.address.version);
}

TEST(an_address_that_no_uplink_can_have_is_refused)
{
	static const struct {
		const char *yours;
		uint32_t mask, lease_s;
	} wrong[] = {
		{"0.0.0.0", 0xffffff00, 3600},
		{"127.0.0.1", 0xff000000, 3600},
		{"224.0.0.1", 0xffffff00, 3600},
		{"255.255.255.255", 0xffffff00, 3600},
		{"192.168.77.20", 0xffffff00, 3600}, /* our own LAN */
		{"192.168.1.20", 0xffff0000, 3600},  /* around our own LAN */
		{"198.18.0.10", 0xfe000000, 3600},   /* half of everything */
		{"198.18.0.10", 0xffffff00, 1},
		{"198.18.0.10", 0xffffff00, 0},
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct says says = offer;
		begin();
		due();
		says.yours = wrong[i].yours;
		says.mask = wrong[i].mask;
		says.lease_s = wrong[i].lease_s;
		EXPECT(!hear(&says));
		EXPECT_INT(lease.state, LEASE4_SELECTING);
		EXPECT_INT(lease.met_lan, i == 4 || i == 5);
	}
}

TEST(times_that_make_no_sense_become_usual_ones)
{
	struct says yes = ack();

	begin();
	due();
	EXPECT(!hear(&offer));
	due();
	yes.lease_s = UINT32_MAX; /* for ever */
	yes.renew_s = 1;          /* and asked for every second */
	EXPECT(hear(&yes));
	EXPECT_INT((lease.end_ns - now) / CLOCK_SECOND_NS, LEASE4_SECONDS_MAX);
	EXPECT_INT((lease.renew_ns - now) / CLOCK_SECOND_NS, LEASE4_SECONDS_MAX / 2);
	EXPECT(lease.rebind_ns > lease.renew_ns && lease.rebind_ns < lease.end_ns);
}

TEST(after_a_change_of_the_link_the_old_address_is_asked_for_and_kept_until_answered)
{
	struct ip_prefix lan = lease.lan;

	get_a_lease();
	lease4_begin(&lease, our_mac, &lan, now);
	EXPECT(lease.address.address.version);
	due();
	EXPECT_INT(sent.dhcp.type, DHCPV4_DISCOVER);
	EXPECT(ip_is_equal(&sent.dhcp.requested, &lease.address.address));
}

TEST(bytes_of_any_kind_do_no_harm)
{
	uint8_t frame[400] = {0};

	begin();
	due();
	for (size_t len = 0; len <= sizeof frame; len++)
		EXPECT(!lease4_hear(&lease, frame, len, now));
}
