/* SPDX-License-Identifier: Apache-2.0 */
#include "home.h"

#include <stdio.h>

TEST(an_acknowledged_lease_binds_address_mac_and_the_port_that_asked)
{
	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	EXPECT(told(BINDING_ADDED));
	EXPECT(is_bound("p-a", 7, "192.168.77.50"));
	EXPECT(!is_bound("p-b", 7, "192.168.77.50"));
	EXPECT(!is_bound("p-a", 8, "192.168.77.50"));
}

TEST(an_acknowledgement_that_nobody_asked_for_binds_nothing)
{
	struct observation ack;

	home_begin(64);
	hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
	ack = row_of(OBSERVED_DHCP4_ACK, "", 7);
	ack.target = at("192.168.77.50");
	ack.value = 3600;
	hear_row(&ack);
	EXPECT_INT(home.n, 0);
	EXPECT(is_nobodys("192.168.77.50"));
	/* Nor one that comes long after the question. */
	hear(OBSERVED_DHCP4_REQUEST, "p-a", 7, NULL, NULL);
	home_wait(120);
	hear_row(&ack);
	EXPECT(is_nobodys("192.168.77.50"));
}

TEST(a_request_from_another_port_does_not_steal_the_lease_of_a_living_device)
{
	struct observation ack;

	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	admit(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	home_wait(30);
	hear(OBSERVED_DHCP4_REQUEST, "p-b", 7, NULL, "192.168.77.50");
	EXPECT(home.who.what == IDENTIFIED_SPOOF);
	EXPECT(told(BINDING_SPOOFED) && told(BINDING_SPOOFED)->device == device_of(7)->number);
	EXPECT_STR(told(BINDING_SPOOFED)->port, "p-b");
	ack = row_of(OBSERVED_DHCP4_ACK, "", 7);
	ack.target = at("192.168.77.50");
	ack.value = 3600;
	hear_row(&ack);
	EXPECT(is_bound("p-a", 7, "192.168.77.50"));
	EXPECT(!is_bound("p-b", 7, "192.168.77.50"));
}

TEST(a_lease_ends_when_its_time_is_over)
{
	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	home_wait(3599);
	EXPECT_INT(binding_expire(home.table, home.now_ns, home.change), 0);
	EXPECT(is_bound("p-a", 7, "192.168.77.50"));
	home_wait(1);
	EXPECT_INT(binding_expire(home.table, home.now_ns, home.change), 1);
	EXPECT(home.change[0].event == BINDING_REMOVED);
	EXPECT(is_nobodys("192.168.77.50"));
}

TEST(a_renewal_keeps_the_binding_without_a_change)
{
	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	home_wait(1800);
	lease("p-a", 7, "192.168.77.50");
	EXPECT_INT(home.n, 0);
	home_wait(3000);
	EXPECT_INT(binding_expire(home.table, home.now_ns, home.change), 0);
}

TEST(a_release_ends_it_but_only_from_where_it_is_bound)
{
	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	hear(OBSERVED_DHCP4_REQUEST, "p-b", 8, NULL, NULL);
	hear(OBSERVED_DHCP4_RELEASE, "p-b", 8, "192.168.77.50", NULL);
	EXPECT(is_bound("p-a", 7, "192.168.77.50"));
	hear(OBSERVED_DHCP4_RELEASE, "p-a", 7, "192.168.77.50", NULL);
	EXPECT(told(BINDING_REMOVED));
	EXPECT(is_nobodys("192.168.77.50"));
}

TEST(a_new_lease_of_the_same_mac_leaves_the_old_address)
{
	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	lease("p-a", 7, "192.168.77.51");
	EXPECT(is_nobodys("192.168.77.50"));
	EXPECT(is_bound("p-a", 7, "192.168.77.51"));
}

TEST(the_first_to_ask_for_duplicates_has_the_address_and_the_second_is_a_spoofer)
{
	const struct binding_change *change;

	home_begin(64);
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "fd77::7");
	EXPECT(told(BINDING_ADDED) && told(BINDING_ADDED)->how == BINDING_DAD);
	home_wait(3600);
	hear(OBSERVED_ND_DAD, "p-b", 8, NULL, "fd77::7");
	change = told(BINDING_SPOOFED);
	EXPECT(change && change->device == device_of(7)->number &&
		change->culprit == device_of(8)->number);
	EXPECT(is_bound("p-a", 7, "fd77::7"));
}

TEST(an_address_whose_port_is_down_may_be_claimed_by_another)
{
	home_begin(64);
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "fd77::7");
	device_port_is(home.table, "p-a", false);
	EXPECT(is_bound("p-a", 7, "fd77::7"));
	hear(OBSERVED_ND_DAD, "p-b", 8, NULL, "fd77::7");
	EXPECT(told(BINDING_REMOVED) && told(BINDING_ADDED));
	EXPECT(is_bound("p-b", 8, "fd77::7"));
}

TEST(an_address_used_without_asking_is_learned_from_the_dropped_packet)
{
	home_begin(64);
	hear_denied(REASON_UNBOUND6, "p-a", 7, "fd77::7");
	EXPECT(told(BINDING_ADDED) && told(BINDING_ADDED)->how == BINDING_USED);
	EXPECT(is_bound("p-a", 7, "fd77::7"));
	/* ... unless it is somebody's. */
	hear_denied(REASON_UNBOUND6, "p-b", 8, "fd77::7");
	EXPECT(told(BINDING_SPOOFED));
	EXPECT(is_bound("p-a", 7, "fd77::7"));
}

TEST(an_ipv4_address_that_was_not_given_is_not_learned)
{
	home_begin(64);
	hear_denied(REASON_UNBOUND4, "p-a", 7, "192.168.77.99");
	EXPECT(told(BINDING_FOREIGN));
	EXPECT(is_nobodys("192.168.77.99"));
	lease("p-b", 8, "192.168.77.50");
	home_wait(11);
	hear_denied(REASON_UNBOUND4, "p-a", 7, "192.168.77.50");
	EXPECT(told(BINDING_SPOOFED) && told(BINDING_SPOOFED)->device == device_of(8)->number);
}

TEST(the_addresses_of_the_gateway_are_never_bound)
{
	static const char *const mine[] = {"fd77::1", "fe80::1"};

	home_begin(64);
	for (size_t i = 0; i < 2; i++) {
		hear(OBSERVED_ND_DAD, "p-a", 7, NULL, mine[i]);
		EXPECT(told(BINDING_SPOOFED) && !told(BINDING_SPOOFED)->device);
		EXPECT(is_nobodys(mine[i]));
		home_wait(11);
		hear(OBSERVED_ND_ADVERT, "p-a", 7, NULL, mine[i]);
		EXPECT(told(BINDING_SPOOFED));
		home_wait(11);
	}
	lease("p-a", 7, "192.168.77.1");
	EXPECT(is_nobodys("192.168.77.1"));
	home_wait(11);
	hear(OBSERVED_ARP, "p-a", 7, "192.168.77.1", "192.168.77.50");
	EXPECT(told(BINDING_SPOOFED) && !told(BINDING_SPOOFED)->device);
}

TEST(the_link_local_address_that_the_bridge_makes_of_its_mac_is_never_bound)
{
	home_begin(64);
	memcpy(home.rules.own[home.rules.n_own++], (uint8_t[6]){0x02, 0x42, 1, 2, 3, 4}, 6);
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "fe80::42:1ff:fe02:304");
	EXPECT(told(BINDING_SPOOFED) && !told(BINDING_SPOOFED)->device);
	EXPECT(is_nobodys("fe80::42:1ff:fe02:304"));
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "fe80::42:1ff:fe02:305");
	EXPECT(told(BINDING_ADDED));
}

TEST(addresses_of_other_networks_are_never_bound)
{
	static const char *const foreign[] = {
		"fd78::7", "2001:db8::7", "ff02::1", "::", "::1", "2002:c0a8:4d07::1"};

	home_begin(64);
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
		hear(OBSERVED_ND_DAD, "p-a", 7, NULL, foreign[i]);
		EXPECT(!told(BINDING_ADDED));
		EXPECT(is_nobodys(foreign[i]));
	}
	lease("p-a", 7, "192.168.78.9");
	EXPECT(!told(BINDING_ADDED));
	lease("p-a", 7, "192.168.77.255");
	EXPECT(!told(BINDING_ADDED));
	lease("p-a", 7, "192.168.77.0");
	EXPECT(!told(BINDING_ADDED));
}

TEST(a_mac_has_twelve_ipv6_addresses_and_the_longest_idle_one_goes)
{
	char text[64];

	home_begin(64);
	for (int i = 0; i < DEVICE_V6_PER_MAC; i++) {
		snprintf(text, sizeof text, "fd77::1:%d", i);
		hear(OBSERVED_ND_DAD, "p-a", 7, NULL, text);
		EXPECT(told(BINDING_ADDED));
		home_wait(10);
	}
	/* The first is used, so the second is the longest idle. */
	hear(OBSERVED_IP, "p-a", 7, "fd77::1:0", NULL);
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "fd77::2:1");
	EXPECT(told(BINDING_REMOVED) && told(BINDING_ADDED));
	EXPECT(is_nobodys("fd77::1:1"));
	EXPECT(is_bound("p-a", 7, "fd77::1:0"));
	EXPECT_INT(device_of(7)->n_bindings, DEVICE_V6_PER_MAC);
}

TEST(a_mac_that_makes_up_addresses_without_end_is_stopped)
{
	char text[64];
	size_t added = 0, limited = 0;

	home_begin(64);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "fd77::1:%x", i);
		hear(OBSERVED_ND_DAD, "p-a", 7, NULL, text);
		added += told(BINDING_ADDED) != NULL;
		limited += told(BINDING_OVER_LIMIT) != NULL;
	}
	EXPECT(added <= 24);
	EXPECT_INT(limited, 1); /* one report, not one a packet */
	home_wait(61);
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "fd77::2:1");
	EXPECT(told(BINDING_ADDED));
}

TEST(a_mac_moves_when_the_link_of_its_old_port_is_down)
{
	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "fd77::7");
	admit(7, DEVICE_ENFORCE, DEVICE_CLASS_CRITICAL);
	device_port_is(home.table, "p-a", false);
	hear(OBSERVED_DHCP4_DISCOVER, "p-b", 7, NULL, NULL);
	EXPECT(home.who.what == IDENTIFIED_KNOWN);
	EXPECT(told(BINDING_MOVED));
	EXPECT(is_nobodys("192.168.77.50") && is_nobodys("fd77::7"));
	lease("p-b", 7, "192.168.77.50");
	EXPECT(is_bound("p-b", 7, "192.168.77.50"));
}

TEST(how_long_the_old_port_must_be_silent_depends_on_what_could_be_stolen)
{
	static const struct {
		enum device_state state;
		enum device_class class;
		uint64_t too_soon_s, enough_s; /* 0: never */
	} cases[] = {
		{DEVICE_TRUSTED, DEVICE_CLASS_PERSONAL, 4, 6},
		{DEVICE_WAITING, DEVICE_CLASS_ORDINARY, 4, 6},
		{DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY, 590, 610},
		{DEVICE_ENFORCE, DEVICE_CLASS_CRITICAL, 1000000, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		home_begin(64);
		hear(OBSERVED_DHCP4_DISCOVER, "p-a", 7, NULL, NULL);
		admit(7, cases[i].state, cases[i].class);
		home_wait(cases[i].too_soon_s);
		hear(OBSERVED_ARP, "p-b", 7, NULL, "192.168.77.1");
		EXPECT(told(BINDING_SPOOFED) && !told(BINDING_MOVED));
		if (!cases[i].enough_s)
			continue;
		home_wait(cases[i].enough_s - cases[i].too_soon_s);
		hear(OBSERVED_ARP, "p-b", 7, NULL, "192.168.77.1");
		EXPECT(told(BINDING_MOVED));
	}
}

TEST(after_a_restart_the_silence_of_the_old_port_counts_from_the_first_claim)
{
	home_begin(64);
	hear(OBSERVED_DHCP4_DISCOVER, "p-a", 7, NULL, NULL);
	admit(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY)->mac[0].heard_ns = 0;
	home_wait(100000);
	hear(OBSERVED_ARP, "p-b", 7, NULL, "192.168.77.1");
	EXPECT(told(BINDING_SPOOFED));
	home_wait(300);
	/* The true one speaks: the claim begins anew. */
	hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
	home_wait(400);
	hear(OBSERVED_ARP, "p-b", 7, NULL, "192.168.77.1");
	EXPECT(!told(BINDING_MOVED));
}

TEST(a_spoofer_is_reported_once_in_ten_seconds)
{
	size_t reports = 0;

	home_begin(64);
	lease("p-b", 8, "192.168.77.50");
	hear(OBSERVED_DHCP4_DISCOVER, "p-a", 7, NULL, NULL);
	for (int i = 0; i < 100; i++) {
		hear(OBSERVED_ARP, "p-a", 7, "192.168.77.50", "192.168.77.1");
		reports += home.n;
		home.now_ns += CLOCK_SECOND_NS / 10;
	}
	EXPECT_INT(reports, 1);
	home_wait(1);
	hear(OBSERVED_ARP, "p-a", 7, "192.168.77.50", "192.168.77.1");
	EXPECT_INT(home.n, 1);
}

TEST(what_the_owner_bound_never_expires_and_is_never_taken)
{
	struct binding binding = {.how = BINDING_OWNER,
		.port = "p-a",
		.mac = {2, 0, 0, 0, 0, 7},
		.address = at("192.168.77.9"),
		.expires_ns = UINT64_MAX};

	home_begin(64);
	hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(7), &binding), ERR_OK);
	device_port_is(home.table, "p-a", false);
	home_wait(10000000);
	lease("p-b", 8, "192.168.77.9");
	EXPECT(is_bound("p-a", 7, "192.168.77.9"));
	EXPECT_INT(binding_expire(home.table, home.now_ns, home.change), 0);
}

TEST(a_stored_binding_is_checked_like_a_new_one)
{
	struct binding binding = {.how = BINDING_LEASE,
		.port = "p-a",
		.mac = {2, 0, 0, 0, 0, 7},
		.address = at("192.168.77.9"),
		.expires_ns = UINT64_MAX};
	struct binding other = binding;

	home_begin(64);
	hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
	hear(OBSERVED_ARP, "p-b", 8, NULL, "192.168.77.1");
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(7), &binding), ERR_OK);
	other.mac[5] = 8;
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(8), &other), ERR_BUSY);
	other.address = at("192.168.77.1");
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(8), &other), ERR_DENIED);
	other.address = at("10.0.0.1");
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(8), &other), ERR_DENIED);
	other.address = at("192.168.77.10");
	other.mac[5] = 9;
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(8), &other), ERR_INVALID);
	other.mac[5] = 8;
	memset(other.port, 'x', sizeof other.port);
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(8), &other), ERR_INVALID);
}

TEST(a_binding_in_a_delegated_prefix_is_restored_before_the_prefix_is_there)
{
	struct binding binding = {.port = "p-a",
		.mac = {2, 0, 0, 0, 0, 7},
		.how = BINDING_DAD,
		.address = at("2001:db8:1200::77"),
		.expires_ns = UINT64_MAX};

	home_begin(64);
	hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
	hear(OBSERVED_ARP, "p-b", 8, NULL, "192.168.77.1");
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(7), &binding), ERR_OK);
	EXPECT(!binding_is_current(&home.rules, &binding.address));
	EXPECT(prefix_parse(&home.rules.delegated6, "2001:db8:1200::1/64"));
	EXPECT(binding_is_current(&home.rules, &binding.address));
	/* It is not for whoever comes first after a power cut. */
	hear(OBSERVED_ND_DAD, "p-b", 8, NULL, "2001:db8:1200::77");
	EXPECT(is_bound("p-a", 7, "2001:db8:1200::77"));
	/* Private ones stand in the settings: what lies outside them does not come back. */
	binding.address = at("fd00::77");
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(7), &binding), ERR_DENIED);
	binding.address = at("2001:db8:1200::1");
	EXPECT_INT(binding_restore(home.table, &home.rules, device_of(7), &binding), ERR_DENIED);
}

/* Random claims by five devices on three ports; after each, the bindings are consistent. */
TEST(no_address_is_ever_bound_to_two_devices_whatever_is_claimed)
{
	static const enum observed kinds[] = {OBSERVED_ND_DAD, OBSERVED_ND_ADVERT, OBSERVED_ARP,
		OBSERVED_DHCP4_REQUEST, OBSERVED_DHCP4_ACK, OBSERVED_DHCP4_RELEASE,
		OBSERVED_DHCP6_SOLICIT, OBSERVED_DHCP6_REPLY, OBSERVED_IP, OBSERVED_DENIED};
	static const char *const ports[] = {"p-a", "p-b", "p-c"};
	unsigned seed = 7;

	home_begin(4);
	for (int round = 0; round < 60000; round++) {
		struct observation row = row_of(kinds[rand_r(&seed) % 10], ports[rand_r(&seed) % 3],
			(uint8_t)(1 + rand_r(&seed) % 6));
		char text[64];
		size_t cursor = 0;
		struct device *device;

		snprintf(text, sizeof text, "192.168.77.%d", rand_r(&seed) % 6);
		row.source = at(text);
		snprintf(text, sizeof text, "fd77::%d", rand_r(&seed) % 20);
		row.target = at(text);
		if (row.what == OBSERVED_DHCP4_ACK)
			row.target = row.source;
		if (row.what == OBSERVED_DENIED) {
			row.value = 1 + (uint32_t)rand_r(&seed) % (REASON_COUNT - 1);
			row.source = row.target;
		}
		row.value = row.value ? row.value : 10;
		if (rand_r(&seed) % 50 == 0)
			device_port_is(home.table, ports[rand_r(&seed) % 3], rand_r(&seed) % 2);
		home.now_ns += (uint64_t)(rand_r(&seed) % 3) * CLOCK_SECOND_NS;
		hear_row(&row);
		binding_expire(home.table, home.now_ns, home.change);
		while ((device = device_next(home.table, &cursor)))
			for (size_t i = 0; i < device->n_bindings; i++) {
				const struct binding *it = &device->binding[i];
				EXPECT(device_find_by_address(home.table, &it->address) == device);
				EXPECT(device_mac_find(device, it->mac));
				EXPECT(it->port[0]);
				EXPECT(it->address.byte[15] != 1 || it->address.version == 4);
				EXPECT(it->address.byte[3] != 1 || it->address.version == 6);
			}
	}
	EXPECT(device_table_evicted(home.table) > 0);
}

TEST(a_delegated_prefix_is_as_much_ours_as_long_as_it_is_there)
{
	struct ip ours = at("2001:db8:1200::1"), theirs = at("2001:db8:1200::77");

	home_begin(64);
	EXPECT(!binding_is_current(&home.rules, &theirs));
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "2001:db8:1200::77");
	EXPECT(is_nobodys("2001:db8:1200::77"));
	EXPECT(prefix_parse(&home.rules.delegated6, "2001:db8:1200::1/64"));
	EXPECT(binding_is_current(&home.rules, &theirs));
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "2001:db8:1200::77");
	EXPECT(is_bound("p-a", 7, "2001:db8:1200::77"));
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "2001:db8:1200:1::77");
	EXPECT(is_nobodys("2001:db8:1200:1::77"));
	/* Ours in it is nobody's to claim. */
	hear(OBSERVED_ND_DAD, "p-a", 7, NULL, "2001:db8:1200::1");
	EXPECT(!is_bound("p-a", 7, "2001:db8:1200::1"));
	home.rules.delegated6 = (struct ip_prefix){0};
	EXPECT(!binding_is_current(&home.rules, &theirs) &&
		!binding_is_current(&home.rules, &ours));
}
