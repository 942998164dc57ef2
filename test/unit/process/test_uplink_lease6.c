/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider whose answers are made here, a clock turned by hand.
 */
#include "process/uplink_lease6.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "packet/writer.h"
#include "test.h"

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static struct lease6 lease;
static uint64_t now;
static uint32_t seed;
static bool changed, was_sent;
static struct dhcpv6 sent;

static void
due(void)
{
	uint8_t message[LEASE6_MESSAGE_MAX];

	size_t len = lease6_due(&lease, now, ++seed * 7919, message, &changed);
	was_sent = len > 0;
	if (!len)
		return;
	EXPECT(dhcpv6_parse(&sent, reader_over(message, len)));
	EXPECT(!sent.is_cut && sent.has_client_mac && sent.has_delegation);
	EXPECT_MEM(sent.client_mac, our_mac, 6);
}

static void
begin(void)
{
	struct ip_prefix lan;

	memset(&lease, 0, sizeof lease);
	now = 1000 * CLOCK_SECOND_NS;
	EXPECT(prefix_parse(&lan, "fd77::1/64"));
	lease6_begin(&lease, our_mac, &lan, now);
}

struct says {
	uint8_t type;
	const char *prefix, *address, *name_server;
	uint32_t preferred_s, valid_s, renew_s, rebind_s;
	uint8_t server;
};

static const struct says offer = {.type = DHCPV6_ADVERTISE,
	.prefix = "2001:db8:1200::/56",
	.address = "2001:db8:ffff::77",
	.name_server = "2001:db8:ffff::53",
	.preferred_s = 1800,
	.valid_s = 3600,
	.server = 1};

static struct says
reply(void)
{
	struct says says = offer;
	says.type = DHCPV6_REPLY;
	return says;
}

static bool
hear(const struct says *says)
{
	uint8_t bytes[300];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct ip_prefix prefix;

	writer_u32(&w, (uint32_t)says->type << 24 | lease.transaction);
	writer_u32(&w, 0x0001000a);
	writer_u32(&w, 0x00030001);
	writer_bytes(&w, our_mac, 6);
	writer_u32(&w, 0x00020003);
	writer_u16(&w, 2);
	writer_u8(&w, says->server);
	if (says->address) {
		EXPECT(prefix_parse(&prefix, says->address));
		writer_u32(&w, 3u << 16 | 40);
		writer_u32(&w, 1);
		writer_u32(&w, says->renew_s);
		writer_u32(&w, says->rebind_s);
		writer_u32(&w, 5u << 16 | 24);
		writer_bytes(&w, prefix.address.byte, 16);
		writer_u32(&w, says->preferred_s);
		writer_u32(&w, says->valid_s);
	}
	if (says->prefix) {
		EXPECT(prefix_parse(&prefix, says->prefix));
		writer_u32(&w, 25u << 16 | 41);
		writer_u32(&w, 1);
		writer_u32(&w, says->renew_s);
		writer_u32(&w, says->rebind_s);
		writer_u32(&w, 26u << 16 | 25);
		writer_u32(&w, says->preferred_s);
		writer_u32(&w, says->valid_s);
		writer_u8(&w, prefix.length);
		writer_bytes(&w, prefix.address.byte, 16);
	}
	if (says->name_server) {
		EXPECT(prefix_parse(&prefix, says->name_server));
		writer_u32(&w, 23u << 16 | 16);
		writer_bytes(&w, prefix.address.byte, 16);
	}
	EXPECT(writer_ok(&w));
	return lease6_hear(&lease, bytes, writer_len(&w), now);
}

static void
get_a_prefix(void)
{
	struct says yes = reply();

	begin();
	due();
	EXPECT(!hear(&offer));
	due();
	EXPECT(hear(&yes));
	EXPECT_INT(lease.state, LEASE6_BOUND);
}

TEST(a_prefix_and_an_address_are_asked_for_taken_and_held_with_their_ends)
{
	struct says yes = reply();
	char text[PREFIX_TEXT_MAX];

	begin();
	due();
	EXPECT_INT(sent.type, DHCPV6_SOLICIT);
	EXPECT_INT(sent.asked[0], 23);
	EXPECT(!hear(&offer));
	EXPECT(!lease.prefix.address.version);
	due();
	EXPECT_INT(sent.type, DHCPV6_REQUEST);
	EXPECT_INT(sent.server_duid.len, 3);
	EXPECT(hear(&yes));
	EXPECT_STR(prefix_render(&lease.prefix, text), "2001:db8:1200::/56");
	EXPECT_STR(ip_render(&lease.address, text), "2001:db8:ffff::77");
	EXPECT_STR(ip_render(&lease.name_server[0], text), "2001:db8:ffff::53");
	EXPECT_INT((lease.prefix_end_ns - now) / CLOCK_SECOND_NS, 3600);
	EXPECT_INT((lease.prefix_preferred_ns - now) / CLOCK_SECOND_NS, 1800);
	due();
	EXPECT(!was_sent);
}

TEST(bits_below_the_length_are_cut_and_a_prefix_alone_is_enough)
{
	struct says yes = reply();
	char text[PREFIX_TEXT_MAX];

	begin();
	due();
	EXPECT(!hear(&offer));
	due();
	yes.address = NULL;
	yes.prefix = "2001:db8:1200:ff:1:2:3:4/60";
	EXPECT(hear(&yes));
	EXPECT_STR(prefix_render(&lease.prefix, text), "2001:db8:1200:f0::/60");
	EXPECT(!lease.address.version);
}

TEST(it_is_renewed_by_its_server_then_by_any_and_goes_at_its_end)
{
	bool renewed = false, rebound = false;

	get_a_prefix();
	for (int i = 0; i < 60 && lease.prefix.address.version; i++) {
		now = lease.next_ns < lease.prefix_end_ns ? lease.next_ns : lease.prefix_end_ns;
		due();
		if (was_sent && sent.type == DHCPV6_RENEW) {
			renewed = true;
			EXPECT(!rebound);
			EXPECT_INT(sent.server_duid.len, 3);
		}
		if (was_sent && sent.type == DHCPV6_REBIND) {
			rebound = true;
			EXPECT_INT(sent.server_duid.len, 0);
		}
	}
	EXPECT(renewed && rebound && changed);
	EXPECT(!lease.prefix.address.version && !lease.address.version);
	EXPECT_INT(lease.name_server_count, 0);
	EXPECT_INT(sent.type, DHCPV6_SOLICIT);
}

TEST(a_renewal_begins_the_life_anew)
{
	struct says yes = reply();

	get_a_prefix();
	now = lease.next_ns;
	due();
	EXPECT_INT(sent.type, DHCPV6_RENEW);
	EXPECT(hear(&yes));
	EXPECT_INT((lease.prefix_end_ns - now) / CLOCK_SECOND_NS, 3600);
	EXPECT_INT(lease.state, LEASE6_BOUND);
}

TEST(a_prefix_that_no_home_can_have_is_refused)
{
	static const struct {
		const char *prefix;
		uint32_t preferred_s, valid_s;
	} wrong[] = {
		{"fe80::/64", 1800, 3600}, {"ff02::/64", 1800, 3600}, {"::/56", 1800, 3600},
		{"2001:db8:1200::/80", 1800, 3600}, /* no room for devices to number themselves */
		{"2000::/3", 1800, 3600}, {"fd77::/64", 1800, 3600}, /* our own */
		{"fd00::/16", 1800, 3600},                           /* too large */
		{"2001:db8:1200::/56", 1800, 5},
		{"2001:db8:1200::/56", 3600, 1800}, /* preferred longer than it lives */
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct says says = offer;
		begin();
		due();
		says.address = NULL;
		says.prefix = wrong[i].prefix;
		says.preferred_s = wrong[i].preferred_s;
		says.valid_s = wrong[i].valid_s;
		EXPECT(!hear(&says));
		EXPECT_INT(lease.state, LEASE6_SOLICITING);
	}
}

TEST(what_nobody_asked_for_is_not_believed)
{
	struct says yes = reply(), other = reply();

	begin();
	due();
	EXPECT(!hear(&yes)); /* no server was chosen yet */
	EXPECT(!hear(&offer));
	due();
	other.server = 9;
	EXPECT(!hear(&other));
	lease.transaction++; /* as if it answered something else */
	due();
	EXPECT(hear(&yes));
	yes.prefix = "2001:db8:6600::/56";
	EXPECT(!hear(&yes)); /* nothing is asked at the moment */
	EXPECT_INT(lease.prefix.address.byte[4], 0x12);
}

TEST(an_answer_without_anything_begins_the_search_anew_and_takes_nothing)
{
	struct says nothing = {.type = DHCPV6_REPLY, .server = 1};

	get_a_prefix();
	now = lease.next_ns;
	due();
	EXPECT(!hear(&nothing));
	EXPECT(lease.prefix.address.version); /* until its end */
	due();
	EXPECT(!was_sent);
	now = lease.next_ns;
	due();
	EXPECT_INT(sent.type, DHCPV6_SOLICIT);
}

TEST(what_its_server_names_with_no_life_left_goes_at_once)
{
	struct says back = reply();

	get_a_prefix();
	now = lease.next_ns;
	due();
	back.preferred_s = back.valid_s = 0;
	back.address = NULL;
	back.prefix = "2001:db8:6600::/56"; /* another one: nothing to us */
	EXPECT(!hear(&back));
	EXPECT(lease.prefix.address.version);

	get_a_prefix();
	now = lease.next_ns;
	due();
	back.prefix = offer.prefix;
	back.server = 2; /* nor has another server a say in it */
	EXPECT(!hear(&back));
	EXPECT(lease.prefix.address.version);
	back.server = 1;
	EXPECT(hear(&back));
	EXPECT(!lease.prefix.address.version);
	EXPECT(lease.address.version); /* was not named */
	EXPECT_INT(lease.name_server_count, 1);
	EXPECT_INT(lease.state, LEASE6_SOLICITING);
}

TEST(bytes_of_any_kind_do_no_harm)
{
	uint8_t message[200] = {DHCPV6_REPLY};

	begin();
	due();
	for (size_t len = 0; len <= sizeof message; len++)
		EXPECT(!lease6_hear(&lease, message, len, now));
}
