/* SPDX-License-Identifier: Apache-2.0 */
#include "device/alike.h"

#include <stdio.h>

#include "home.h"

/* A device with this MAC, first heard so many seconds after the epoch. */
static struct device *
new_device(uint8_t number)
{
	struct observation row = row_of(OBSERVED_ARP, "p-a", number);

	hear_row(&row);
	device_of(number)->first_s = number;
	return device_of(number);
}

static void
says(struct device *device, enum identifier_kind kind, const char *value)
{
	EXPECT(device_identifier_keep(home.table, device, kind, value, 50, 0));
}

TEST(a_name_alone_makes_no_two_alike_and_with_the_same_software_it_does)
{
	struct alike alike;

	home_begin(8);
	struct device *a = new_device(1), *b = new_device(2);
	EXPECT(!device_alike(home.table, a, b, &alike)); /* a MAC is never looked at */
	says(a, IDENTIFIER_HOSTNAME, "tv");
	says(b, IDENTIFIER_HOSTNAME, "tv");
	EXPECT(!device_alike(home.table, a, b, &alike));
	/* The same name by another way is the same word again. */
	says(a, IDENTIFIER_MDNS_NAME, "tv");
	says(b, IDENTIFIER_MDNS_NAME, "tv");
	EXPECT(!device_alike(home.table, a, b, &alike));
	says(a, IDENTIFIER_VENDOR_CLASS, "tvos 3");
	says(b, IDENTIFIER_VENDOR_CLASS, "tvos 3");
	EXPECT(device_alike(home.table, b, a, &alike));
	EXPECT_INT(alike.confidence, ALIKE_ENOUGH);
	EXPECT_STR(alike_word(alike.confidence), "perhaps");
	EXPECT_INT(alike.n_clues, 2);
	EXPECT_STR(alike.clue[0]->claimed_value, "tv");
	EXPECT_INT(alike.into, a->number); /* known longer */
	EXPECT(!device_alike(home.table, a, a, &alike));
}

TEST(the_software_of_a_model_is_no_clue_without_a_name_and_other_software_speaks_against_it)
{
	struct alike alike;

	home_begin(8);
	struct device *a = new_device(1), *b = new_device(2);
	for (int i = 0; i < 2; i++) {
		struct device *device = i ? b : a;
		says(device, IDENTIFIER_VENDOR_CLASS, "udhcp 1.2");
		says(device, IDENTIFIER_DHCP_PARAMETERS, "1,3,6");
		says(device, IDENTIFIER_MDNS_MODEL, "Bulb 2");
		says(device, IDENTIFIER_SSDP_SERVER, "Linux UPnP/1.0");
		says(device, IDENTIFIER_USER_AGENT, "bulb/2");
	}
	EXPECT(!device_alike(home.table, a, b, &alike));
	says(a, IDENTIFIER_DUID, "00:01:02:03");
	says(b, IDENTIFIER_DUID, "00:01:02:03");
	EXPECT(device_alike(home.table, a, b, &alike));
	EXPECT_STR(alike_word(alike.confidence), "very likely");
	EXPECT(alike.confidence <= 95);
	home_begin(8);
	a = new_device(1), b = new_device(2);
	says(a, IDENTIFIER_DHCP_CLIENT_ID, "ff01");
	says(b, IDENTIFIER_DHCP_CLIENT_ID, "ff01");
	EXPECT(device_alike(home.table, a, b, &alike));
	EXPECT_STR(alike_word(alike.confidence), "likely");
	says(a, IDENTIFIER_VENDOR_CLASS, "MSFT 5.0");
	says(b, IDENTIFIER_VENDOR_CLASS, "android-dhcp-13");
	EXPECT(!device_alike(home.table, a, b, &alike));
}

TEST(a_name_that_three_have_is_nobodys)
{
	struct alike alike;

	home_begin(8);
	for (uint8_t i = 1; i <= 3; i++) {
		says(new_device(i), IDENTIFIER_HOSTNAME, "ESP");
		says(device_of(i), IDENTIFIER_VENDOR_CLASS, "esp");
		says(device_of(i), IDENTIFIER_DHCP_PARAMETERS, "1,3");
	}
	EXPECT(!device_alike(home.table, device_of(1), device_of(2), &alike));
	device_identifier_drop(home.table, device_of(3), IDENTIFIER_HOSTNAME, "ESP");
	EXPECT(device_alike(home.table, device_of(1), device_of(2), &alike));
}

TEST(the_one_that_was_let_in_stays_though_it_is_the_younger)
{
	struct alike alike;

	home_begin(8);
	struct device *a = new_device(1), *b = new_device(2);
	says(a, IDENTIFIER_DUID, "0001");
	says(b, IDENTIFIER_DUID, "0001");
	admit(2, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	EXPECT(device_alike(home.table, a, b, &alike));
	EXPECT_INT(alike.from, a->number);
	EXPECT_INT(alike.into, b->number);
}

TEST(a_name_that_many_carry_leads_to_none_of_them_and_each_pair_is_met_from_one_side)
{
	struct alike_walk walk = {0};

	home_begin(300);
	for (uint8_t i = 1; i < 200; i++)
		says(new_device(i), IDENTIFIER_HOSTNAME, "flood");
	EXPECT(!device_next_alike(home.table, device_of(1), &walk));
	home_begin(8);
	says(new_device(1), IDENTIFIER_HOSTNAME, "tv");
	says(new_device(2), IDENTIFIER_HOSTNAME, "tv");
	walk = (struct alike_walk){0};
	EXPECT(device_next_alike(home.table, device_of(1), &walk) == device_of(2));
	EXPECT(!device_next_alike(home.table, device_of(1), &walk));
	walk = (struct alike_walk){0};
	EXPECT(!device_next_alike(home.table, device_of(2), &walk));
}
