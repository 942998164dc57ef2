/* SPDX-License-Identifier: Apache-2.0 */
#include "home.h"

#include <stdio.h>

TEST(a_mac_that_nobody_has_makes_a_device_that_waits_whatever_it_says)
{
	home_begin(64);
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 7, "router");
	EXPECT(home.who.what == IDENTIFIED_NEW && home.who.is_news);
	EXPECT_INT(home.who.device->state, DEVICE_WAITING);
	EXPECT(!home.who.device->is_admitted);
	EXPECT_STR(device_label(home.who.device), "router");
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 7, "router");
	EXPECT(home.who.what == IDENTIFIED_KNOWN && !home.who.is_news);
	EXPECT_INT(device_table_count(home.table), 1);
}

TEST(what_has_no_port_or_is_our_own_or_multicast_makes_no_device)
{
	struct observation row;

	home_begin(64);
	hear(OBSERVED_IP, "", 7, "198.18.0.1", NULL);
	EXPECT(home.who.what == IDENTIFIED_NOTHING);
	row = row_of(OBSERVED_ARP, "p-a", 7);
	memcpy(home.identify.own[home.identify.n_own++], row.mac, 6);
	hear_row(&row);
	EXPECT(home.who.what == IDENTIFIED_NOTHING);
	row = row_of(OBSERVED_ARP, "p-a", 8);
	row.mac[0] = 3;
	hear_row(&row);
	memset(row.mac, 0, 6);
	hear_row(&row);
	row = row_of(OBSERVED_DHCP4_ACK, "p-a", 9);
	hear_row(&row);
	EXPECT_INT(device_table_count(home.table), 0);
}

TEST(the_number_that_the_kernel_put_on_a_packet_is_believed_before_the_mac)
{
	struct observation row;

	home_begin(64);
	hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
	hear(OBSERVED_ARP, "p-b", 8, NULL, "192.168.77.1");
	row = row_of(OBSERVED_DENIED, "p-b", 8);
	row.device = device_of(7)->number;
	hear_row(&row);
	EXPECT(home.who.device == device_of(7));
	row.device = 4711;
	hear_row(&row);
	EXPECT(home.who.what == IDENTIFIED_NOTHING);
}

TEST(what_is_heard_where_the_device_is_not_attaches_to_nobody)
{
	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	admit(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	hear_text(OBSERVED_MDNS_NAME, "p-b", 7, "impostor");
	EXPECT(home.who.what == IDENTIFIED_SPOOF);
	EXPECT(!device_identifier(device_of(7), IDENTIFIER_MDNS_NAME));
}

TEST(text_that_is_not_printable_is_not_attached_although_a_message_carried_it)
{
	struct observation row;

	home_begin(64);
	row = row_of(OBSERVED_DHCP_HOSTNAME, "p-a", 7);
	memcpy(row.claimed_text, "a\033[2J\"b", 7);
	hear_row(&row);
	EXPECT_INT(device_of(7)->n_identifiers, 0);
}

/* A phone that the owner trusts, known by client id, name and DHCP stack. */
static struct device *
known_phone(void)
{
	hear(OBSERVED_DHCP4_DISCOVER, "p-a", 7, NULL, NULL);
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 7, "Annas-Pixel");
	hear_text(OBSERVED_DHCP_VENDOR_CLASS, "p-a", 7, "android-dhcp-14");
	hear_text(OBSERVED_DHCP_PARAMETERS, "p-a", 7, "1,3,6,15,26,28,51,58,59,43,114,108");
	lease("p-a", 7, "192.168.77.50");
	return admit(7, DEVICE_TRUSTED, DEVICE_CLASS_PERSONAL);
}

static bool
comes_back(uint8_t as, const char *port)
{
	bool is_return = false;

	hear(OBSERVED_DHCP4_DISCOVER, port, as, NULL, NULL);
	is_return |= home.who.is_return;
	hear_text(OBSERVED_DHCP_HOSTNAME, port, as, "Annas-Pixel");
	is_return |= home.who.is_return;
	hear_text(OBSERVED_DHCP_VENDOR_CLASS, port, as, "android-dhcp-14");
	is_return |= home.who.is_return;
	return is_return;
}

TEST(a_known_phone_under_a_new_random_mac_is_the_same_phone)
{
	struct device *phone;
	uint32_t number, stranger;

	home_begin(64);
	phone = known_phone();
	number = phone->number;
	home_wait(3600);
	EXPECT(comes_back(8, "p-a"));
	stranger = device_of(8)->number;
	EXPECT_INT(home.who.back.from, stranger);
	EXPECT_INT(home.who.back.into, number);
	EXPECT(device_merge(home.table, &home.who.back));
	EXPECT(device_of(8) == phone && device_of(7) == phone);
	EXPECT(!device_find(home.table, stranger));
	EXPECT_INT(phone->number, number);
	EXPECT_INT(phone->state, DEVICE_TRUSTED);
	EXPECT_INT(device_table_count(home.table), 1);
	EXPECT(strstr(home.who.back.why, "Annas-Pixel"));
}

TEST(a_name_alone_is_no_return)
{
	home_begin(64);
	known_phone();
	home_wait(3600);
	hear(OBSERVED_DHCP4_DISCOVER, "p-a", 8, NULL, NULL);
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 8, "Annas-Pixel");
	EXPECT(!home.who.is_return);
	/* The stack of something else speaks against it. */
	hear_text(OBSERVED_DHCP_VENDOR_CLASS, "p-a", 8, "udhcp 1.30.1");
	EXPECT(!home.who.is_return);
}

TEST(a_phone_that_is_still_there_does_not_come_back_beside_itself)
{
	home_begin(64);
	known_phone();
	home_wait(1);
	EXPECT(!comes_back(8, "p-a"));
}

TEST(a_return_on_the_port_of_a_held_device_stays_below_it)
{
	home_begin(64);
	known_phone();
	hear(OBSERVED_ARP, "p-b", 9, NULL, "192.168.77.1");
	admit(9, DEVICE_QUARANTINE, DEVICE_CLASS_ORDINARY);
	home_wait(3600);
	EXPECT(!comes_back(8, "p-b"));
	EXPECT_INT(device_of(8)->state, DEVICE_WAITING);
	/* The same phone where nobody is held is welcome. */
	EXPECT(comes_back(10, "p-a"));
}

TEST(only_a_made_up_mac_can_be_a_return_and_only_of_a_personal_device)
{
	struct observation row;

	home_begin(64);
	known_phone();
	home_wait(3600);
	row = row_of(OBSERVED_DHCP_HOSTNAME, "p-a", 8);
	row.mac[0] = 0; /* given by a maker */
	strcpy(row.claimed_text, "Annas-Pixel");
	hear_row(&row);
	row.what = OBSERVED_DHCP_VENDOR_CLASS;
	strcpy(row.claimed_text, "android-dhcp-14");
	hear_row(&row);
	EXPECT(!home.who.is_return);
	admit(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	EXPECT(!comes_back(9, "p-a"));
}

TEST(a_phone_that_changes_its_mac_every_day_for_a_year_stays_one_device)
{
	struct device *phone;

	home_begin(64);
	phone = known_phone();
	for (int day = 0; day < 365; day++) {
		uint8_t as = (uint8_t)(day % 2 ? 7 : 8);
		struct observation row;
		home_wait(86400);
		for (int i = 0; i < 3; i++) {
			static const char *const said[] = {"Annas-Pixel", "android-dhcp-14", ""};
			static const enum observed what[] = {OBSERVED_DHCP_HOSTNAME,
				OBSERVED_DHCP_VENDOR_CLASS, OBSERVED_ND_DAD};
			row = row_of(what[i], "p-a", as);
			row.mac[3] = (uint8_t)day;
			row.mac[2] = (uint8_t)(day >> 8);
			strcpy(row.claimed_text, said[i]);
			row.target = at("fe80::77");
			row.target.byte[15] = (uint8_t)day;
			row.target.byte[14] = (uint8_t)(day >> 8);
			hear_row(&row);
			if (home.who.is_return)
				EXPECT(device_merge(home.table, &home.who.back));
		}
	}
	EXPECT_INT(device_table_count(home.table), 1);
	EXPECT(phone->n_macs <= DEVICE_MACS_MAX);
	EXPECT_INT(phone->state, DEVICE_TRUSTED);
}

TEST(a_merge_takes_the_more_restrictive_state_of_both)
{
	static const struct {
		enum device_state from, into, wanted;
		bool from_admitted;
	} cases[] = {
		{DEVICE_QUARANTINE, DEVICE_TRUSTED, DEVICE_QUARANTINE, true},
		{DEVICE_TRUSTED, DEVICE_QUARANTINE, DEVICE_QUARANTINE, true},
		{DEVICE_BLOCK, DEVICE_OBSERVE, DEVICE_BLOCK, false},
		{DEVICE_OBSERVE, DEVICE_ENFORCE, DEVICE_ENFORCE, true},
		{DEVICE_WAITING, DEVICE_TRUSTED, DEVICE_TRUSTED, false},
		{DEVICE_WAITING, DEVICE_TRUSTED, DEVICE_WAITING, true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct device_merge merge;
		home_begin(64);
		hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
		hear(OBSERVED_ARP, "p-b", 8, NULL, "192.168.77.1");
		admit(7, cases[i].into, DEVICE_CLASS_ORDINARY);
		admit(8, cases[i].from, DEVICE_CLASS_ORDINARY)->is_admitted =
			cases[i].from_admitted;
		EXPECT(device_merge_prepare(
			home.table, device_of(8)->number, device_of(7)->number, "owner", &merge));
		EXPECT(device_merge(home.table, &merge));
		EXPECT_INT(device_of(7)->state, cases[i].wanted);
	}
}

TEST(a_split_gives_back_what_the_merge_took)
{
	struct device_merge merge;
	struct device *back;
	uint32_t number, evicted;
	char id[DEVICE_ID_MAX];

	home_begin(64);
	lease("p-a", 7, "192.168.77.50");
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 7, "cam");
	lease("p-b", 8, "192.168.77.51");
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-b", 8, "tv");
	admit(7, DEVICE_OBSERVE, DEVICE_CLASS_ORDINARY);
	device_rename(home.table, admit(8, DEVICE_TRUSTED, DEVICE_CLASS_CRITICAL), "Our TV");
	number = device_of(8)->number;
	strcpy(id, device_of(8)->id);

	EXPECT(device_merge_prepare(home.table, number, device_of(7)->number, "owner", &merge));
	EXPECT(device_merge(home.table, &merge));
	EXPECT_INT(device_of(7)->n_bindings, 2);
	EXPECT_INT(device_of(7)->n_macs, 2);
	EXPECT_INT(device_of(7)->n_identifiers, 2);

	back = device_split(home.table, &merge, home.now_ns, home_wall(), &evicted);
	EXPECT(back && back == device_of(8) && !evicted);
	EXPECT_INT(back->number, number);
	EXPECT_STR(back->id, id);
	EXPECT_STR(back->name, "Our TV");
	EXPECT(device_find_by_name(home.table, "our tv") == back);
	EXPECT_INT(back->class, DEVICE_CLASS_CRITICAL);
	EXPECT_INT(back->state, DEVICE_OBSERVE); /* no wider than what it comes from */
	EXPECT(is_bound("p-b", 8, "192.168.77.51"));
	EXPECT(is_bound("p-a", 7, "192.168.77.50"));
	EXPECT_STR(device_identifier(back, IDENTIFIER_HOSTNAME)->claimed_value, "tv");
	EXPECT_INT(device_of(7)->n_identifiers, 1);
}

TEST(the_kind_says_on_which_observations_it_rests_and_the_owner_has_the_last_word)
{
	struct device *device;

	home_begin(64);
	hear_text(OBSERVED_MDNS_SERVICE, "p-a", 7, "_ipp._tcp");
	device = device_of(7);
	EXPECT_STR(device->kind.word, "printer");
	EXPECT(device->kind.confidence >= 70 && device->kind.confidence < 100);
	EXPECT(strstr(device->kind.why, "mdns-service _ipp._tcp"));
	strcpy(device->kind.word, "label maker");
	device->kind.is_owners = true;
	hear_text(OBSERVED_MDNS_SERVICE, "p-a", 7, "_printer._tcp");
	EXPECT_STR(device->kind.word, "label maker");
}

TEST(a_device_that_says_nothing_of_itself_is_of_unknown_kind)
{
	home_begin(64);
	hear(OBSERVED_ARP, "p-a", 7, NULL, "192.168.77.1");
	EXPECT_STR(device_of(7)->kind.word, "");
	EXPECT_INT(device_of(7)->kind.confidence, 0);
}

TEST(a_device_cannot_make_itself_personal)
{
	home_begin(64);
	hear_text(OBSERVED_DHCP_HOSTNAME, "p-a", 7, "Annas-iPhone");
	EXPECT(identify_is_personal(device_of(7)));             /* a hint for the owner ... */
	EXPECT_INT(device_of(7)->class, DEVICE_CLASS_ORDINARY); /* ... and no more */
}

TEST(a_new_mud_url_is_news_and_the_same_one_is_not)
{
	home_begin(64);
	hear_text(OBSERVED_DHCP_MUD_URL, "p-a", 7, "https://mud.example/a");
	EXPECT(home.who.is_mud_url_new);
	hear_text(OBSERVED_DHCP_MUD_URL, "p-a", 7, "https://mud.example/a");
	EXPECT(!home.who.is_mud_url_new);
	hear_text(OBSERVED_LLDP_MUD_URL, "p-a", 7, "https://other.example/b");
	EXPECT(home.who.is_mud_url_new);
	EXPECT_STR(device_of(7)->claimed_mud_url, "https://other.example/b");
}
