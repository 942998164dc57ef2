/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/sky.h"

#include <string.h>

#include "test.h"

static struct message_policy policy;
static struct sky sky;

static void
of(enum device_state state)
{
	memset(&policy, 0, sizeof policy);
	policy.state = (uint8_t)state;
}

static struct policy_entry *
entry(enum policy_entry_kind kind, uint8_t proto, uint16_t lo, uint16_t hi)
{
	struct policy_entry *at = &policy.entry[policy.n_entries++];

	*at = (struct policy_entry){
		.kind = (uint8_t)kind, .proto = proto, .port_lo = lo, .port_hi = hi};
	return at;
}

static void
prefix(const char *text)
{
	struct ip_prefix prefix;
	struct policy_entry *at = entry(POLICY_ENTRY_ADDRESS, 6, 443, 443);

	EXPECT(prefix_parse(&prefix, text));
	at->version = prefix.address.version;
	at->address = prefix.address;
	at->prefix_length = prefix.length;
}

TEST(a_device_that_is_watched_may_reach_everything_but_administration_ports)
{
	of(DEVICE_OBSERVE);
	sky_from_policy(&sky, &policy, false);
	EXPECT(sky.is_all);
	EXPECT(sky.ports < SKY_PORTS_ALL && sky.ports > SKY_PORTS_ALL - 64);
	of(DEVICE_TRUSTED);
	sky_from_policy(&sky, &policy, false);
	EXPECT(sky.is_all && sky.ports == SKY_PORTS_ALL);
}

TEST(a_device_that_waits_or_is_kept_apart_may_reach_nothing_whatever_its_rules_say)
{
	static const enum device_state states[] = {
		DEVICE_WAITING, DEVICE_QUARANTINE, DEVICE_BLOCK, DEVICE_STATE_UNKNOWN};

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		of(states[i]);
		prefix("192.0.2.0/24");
		entry(POLICY_ENTRY_NEIGHBOUR, 6, 80, 80)->peer = 9;
		sky_from_policy(&sky, &policy, false);
		EXPECT(!sky.is_all && !sky.ports && !sky.neighbours);
		EXPECT(sky.addresses4 == 0 && sky.addresses6 == 0);
	}
}

TEST(a_held_device_is_counted_by_what_the_kernel_was_told)
{
	of(DEVICE_ENFORCE);
	prefix("192.0.2.7/32");
	prefix("198.51.100.0/24");
	prefix("2001:db8::/64");
	entry(POLICY_ENTRY_SLOT, 17, 5000, 5009)->slot = 1;
	sky_from_policy(&sky, &policy, false);
	EXPECT(!sky.is_all);
	EXPECT(sky.addresses4 == 257);
	EXPECT(sky.addresses6 == 18446744073709551616.0);
	EXPECT_INT(sky.ports, 11);
}

TEST(an_address_inside_of_a_prefix_and_one_said_twice_are_counted_once)
{
	of(DEVICE_ENFORCE);
	prefix("192.0.2.7/32");
	prefix("192.0.2.0/24");
	prefix("192.0.2.0/24");
	prefix("2001:db8::1/128");
	prefix("2001:db8::1/128");
	sky_from_policy(&sky, &policy, false);
	EXPECT(sky.addresses4 == 256);
	EXPECT(sky.addresses6 == 1);
}

TEST(neighbours_are_devices_and_their_ports_are_ports)
{
	of(DEVICE_ENFORCE);
	entry(POLICY_ENTRY_NEIGHBOUR, 6, 80, 81)->peer = 9;
	entry(POLICY_ENTRY_NEIGHBOUR, 6, 443, 443)->peer = 9;
	entry(POLICY_ENTRY_NEIGHBOUR, 17, 53, 53)->peer = 10;
	sky_from_policy(&sky, &policy, false);
	EXPECT_INT(sky.neighbours, 2);
	EXPECT_INT(sky.ports, 4);
}

TEST(a_door_and_a_closed_port_open_nothing_for_the_device_itself)
{
	of(DEVICE_ENFORCE);
	entry(POLICY_ENTRY_DOOR, 6, 80, 80);
	entry(POLICY_ENTRY_DENY, 6, 23, 23);
	sky_from_policy(&sky, &policy, false);
	EXPECT_INT(sky.ports, 0);
	of(DEVICE_TRUSTED);
	entry(POLICY_ENTRY_DENY, 0, 23, 24);
	sky_from_policy(&sky, &policy, false);
	EXPECT_INT(sky.ports, SKY_PORTS_ALL - 4);
}

TEST(a_pause_lets_the_sky_grow_back_whole)
{
	of(DEVICE_ENFORCE);
	prefix("192.0.2.7/32");
	sky_from_policy(&sky, &policy, true);
	EXPECT(sky.is_all);
	EXPECT_INT(sky.ports, SKY_PORTS_ALL);
}
