/* SPDX-License-Identifier: Apache-2.0 */
#include "home.h"

#include <stdio.h>

static void
hear_number(unsigned n, const char *port)
{
	struct observation row = row_of(OBSERVED_ARP, port, (uint8_t)n);

	row.mac[4] = (uint8_t)(n >> 8);
	row.mac[3] = (uint8_t)(n >> 16);
	hear_row(&row);
}

TEST(a_full_table_evicts_the_longest_unheard_that_was_never_admitted)
{
	uint32_t first, second;

	home_begin(3);
	hear_number(1, "p-a");
	first = device_of(1)->number;
	hear_number(2, "p-a");
	second = device_of(2)->number;
	hear_number(3, "p-a");
	hear_number(1, "p-a"); /* heard again: the second is now the oldest */
	hear_number(4, "p-a");
	EXPECT_INT(home.who.evicted, second);
	EXPECT(device_find(home.table, first) && !device_find(home.table, second));
	EXPECT(!device_of(2));
}

TEST(a_device_with_a_binding_outlives_those_without)
{
	home_begin(3);
	lease("p-a", 1, "192.168.77.50");
	hear_number(2, "p-a");
	hear_number(3, "p-a");
	for (unsigned n = 100; n < 120; n++)
		hear_number(n, "p-a");
	EXPECT(device_of(1));
	EXPECT(is_bound("p-a", 1, "192.168.77.50"));
	EXPECT_INT(device_table_count(home.table), 3);
}

TEST(an_admitted_device_is_never_evicted_and_a_table_full_of_them_refuses)
{
	home_begin(3);
	for (uint8_t n = 1; n <= 3; n++) {
		hear_number(n, "p-a");
		admit(n, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	}
	hear_number(4, "p-a");
	EXPECT(home.who.what == IDENTIFIED_REFUSED && !home.who.device && !home.who.evicted);
	EXPECT_INT(device_table_refused(home.table), 1);
	EXPECT(device_of(1) && device_of(2) && device_of(3));
}

TEST(a_device_is_found_by_the_owners_name_and_by_what_it_calls_itself_in_any_case)
{
	size_t cursor = 0;

	home_begin(8);
	hear_number(1, "p-a");
	hear_number(2, "p-a");
	device_rename(home.table, device_of(1), "Lamp");
	EXPECT(device_find_by_name(home.table, "lAMP") == device_of(1));
	EXPECT(!device_find_by_name(home.table, "lam") && !device_find_by_name(home.table, ""));
	device_rename(home.table, device_of(1), "light");
	EXPECT(!device_find_by_name(home.table, "lamp"));
	device_rename(home.table, device_of(2), "Lamp");
	EXPECT(device_find_by_name(home.table, "lamp") == device_of(2));
	device_forget(home.table, device_of(2));
	EXPECT(!device_find_by_name(home.table, "lamp"));
	EXPECT(device_find_by_name(home.table, "light") == device_of(1));

	/* It claims a name: found by it, and not among the names of the owner. */
	device_identifier_keep(home.table, device_of(1), IDENTIFIER_LLDP_NAME, "Cam-1", 50, 0);
	EXPECT(device_next_claiming(home.table, IDENTIFIER_LLDP_NAME, "CAM-1", &cursor) ==
		device_of(1));
	EXPECT(!device_next_claiming(home.table, IDENTIFIER_LLDP_NAME, "CAM-1", &cursor));
	cursor = 0;
	EXPECT(!device_next_claiming(home.table, IDENTIFIER_HOSTNAME, "cam-1", &cursor));
	EXPECT(!device_find_by_name(home.table, "cam-1"));
}

TEST(a_number_is_not_used_again_before_all_others_were)
{
	uint32_t last = 0;

	home_begin(2);
	for (unsigned n = 1; n < 1000; n++) {
		hear_number(n, "p-a");
		EXPECT(home.who.device->number > last);
		last = home.who.device->number;
	}
}

TEST(a_number_that_the_store_gave_back_is_kept)
{
	uint32_t evicted;
	struct device *device;

	home_begin(8);
	device = device_add(home.table, 500, "d-store", 0, 0, &evicted);
	EXPECT(device && device->number == 500 && device_find(home.table, 500) == device);
	EXPECT(device_find_by_id(home.table, "d-store") == device);
	EXPECT(!device_add(home.table, 500, "d-other", 0, 0, &evicted));
	EXPECT(!device_add(home.table, 501, "d-store", 0, 0, &evicted));
	EXPECT(!device_add(home.table, DEVICE_NUMBER_MAX + 1, "d-far", 0, 0, &evicted));
	hear_number(1, "p-a");
	EXPECT_INT(home.who.device->number, 501);
}

TEST(ten_thousand_devices_are_each_found_by_number_mac_and_address)
{
	char text[64];

	home_begin(10000);
	for (unsigned n = 0; n < 10000; n++) {
		struct observation row = row_of(OBSERVED_ND_DAD, "p-a", (uint8_t)n);
		row.mac[4] = (uint8_t)(n >> 8);
		snprintf(text, sizeof text, "fd77::1:%x", n);
		row.target = at(text);
		hear_row(&row);
		EXPECT(told(BINDING_ADDED));
	}
	EXPECT_INT(device_table_count(home.table), 10000);
	for (unsigned n = 0; n < 10000; n++) {
		uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n};
		struct device *device = device_find_by_mac(home.table, mac);
		struct ip ip;
		snprintf(text, sizeof text, "fd77::1:%x", n);
		ip = at(text);
		EXPECT(device && device_find(home.table, device->number) == device);
		EXPECT(device_find_by_address(home.table, &ip) == device);
		EXPECT(device_find_bound(home.table, "p-a", mac, &ip) == device);
	}
	/* ... and nothing is left of those that are forgotten. */
	for (unsigned n = 0; n < 10000; n += 2) {
		uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n};
		device_forget(home.table, device_find_by_mac(home.table, mac));
	}
	for (unsigned n = 0; n < 10000; n++) {
		uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n};
		snprintf(text, sizeof text, "fd77::1:%x", n);
		EXPECT(!!device_find_by_mac(home.table, mac) == n % 2);
		EXPECT(is_nobodys(text) == !(n % 2));
	}
}

TEST(the_most_frequent_kind_of_identifier_gives_way)
{
	char text[64];

	home_begin(8);
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 1, "cam");
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "_made-up-%d._tcp", i);
		hear_text(OBSERVED_MDNS_SERVICE, "p-a", 1, text);
		home_wait(1);
	}
	EXPECT_INT(device_of(1)->n_identifiers, DEVICE_IDENTIFIERS_MAX);
	EXPECT_STR(device_identifier(device_of(1), IDENTIFIER_HOSTNAME)->claimed_value, "cam");
}

TEST(a_value_longer_than_its_place_is_cut_and_says_so)
{
	char text[256];
	const struct identifier *kept;

	home_begin(8);
	memset(text, 'a', 255);
	text[255] = '\0';
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 1, text);
	kept = device_identifier(device_of(1), IDENTIFIER_HOSTNAME);
	EXPECT(kept && kept->is_cut && strlen(kept->claimed_value) == 124);
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 1, text);
	EXPECT_INT(device_of(1)->n_identifiers, 1);
}

TEST(on_the_port_of_a_held_device_a_new_mac_gets_no_more_than_that_device)
{
	struct device_ceiling ceiling;

	home_begin(8);
	hear_number(1, "p-a");
	ceiling = device_ceiling_for_port(home.table, "p-a", 0);
	EXPECT_INT(ceiling.state, DEVICE_STATE_UNKNOWN);
	EXPECT(device_ceiling_permits(&ceiling, DEVICE_TRUSTED));

	admit(1, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	ceiling = device_ceiling_for_port(home.table, "p-a", 0);
	EXPECT_INT(ceiling.state, DEVICE_ENFORCE);
	EXPECT_INT(ceiling.like_device, device_of(1)->number);
	EXPECT(!device_ceiling_permits(&ceiling, DEVICE_OBSERVE));
	EXPECT(device_ceiling_permits(&ceiling, DEVICE_ENFORCE));
	EXPECT(device_ceiling_permits(&ceiling, DEVICE_WAITING));

	hear_number(2, "p-a");
	admit(2, DEVICE_QUARANTINE, DEVICE_CLASS_ORDINARY);
	ceiling = device_ceiling_for_port(home.table, "p-a", 0);
	EXPECT_INT(ceiling.state, DEVICE_QUARANTINE);
	EXPECT(!device_ceiling_permits(&ceiling, DEVICE_ENFORCE));

	admit(2, DEVICE_BLOCK, DEVICE_CLASS_ORDINARY);
	ceiling = device_ceiling_for_port(home.table, "p-a", 0);
	EXPECT(!device_ceiling_permits(&ceiling, DEVICE_WAITING));

	/* Nobody is his own ceiling, and another port is another matter. */
	EXPECT_INT(device_ceiling_for_port(home.table, "p-a", device_of(2)->number).state,
		DEVICE_ENFORCE);
	EXPECT_INT(device_ceiling_for_port(home.table, "p-b", 0).state, DEVICE_STATE_UNKNOWN);
}

TEST(words_of_classes_states_and_identifiers_go_there_and_back)
{
	for (int i = 1; i < DEVICE_CLASS_COUNT; i++)
		EXPECT_INT(device_class_from_word(device_class_word((enum device_class)i)), i);
	for (int i = 1; i < DEVICE_STATE_COUNT; i++)
		EXPECT_INT(device_state_from_word(device_state_word((enum device_state)i)), i);
	for (int i = 1; i < IDENTIFIER_KIND_COUNT; i++)
		EXPECT_INT(identifier_kind_from_word(identifier_word((enum identifier_kind)i)), i);
	EXPECT_INT(device_state_from_word("open"), DEVICE_STATE_UNKNOWN);
	EXPECT_STR(device_class_word((enum device_class)99), "unknown");
}

TEST(an_id_is_short_and_opaque)
{
	char id[DEVICE_ID_MAX];

	device_id_from_random(id, (const uint8_t[8]){1, 2, 3, 4, 5, 6, 7, 8});
	EXPECT_INT(strlen(id), 12);
	EXPECT(!strncmp(id, "d-", 2) && strspn(id + 2, "23456789abcdefghjkmnpqrstuvwxyz") == 10);
}
