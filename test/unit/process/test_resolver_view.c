/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_view.h"

#include <string.h>

#include "base/clock.h"
#include "test.h"

static struct message_view said;

static struct ip
address(const char *text)
{
	struct ip ip;

	EXPECT(ip_parse(&ip, text));
	return ip;
}

static void
say(uint32_t device, uint32_t generation, const char *at)
{
	memset(&said, 0, sizeof said);
	said.device = device;
	said.generation = generation;
	said.mode = VIEW_DECLARED;
	said.n_addresses = 1;
	said.address[0] = address(at);
}

static void
say_name(const char *name, uint16_t slot, bool is_suffix)
{
	said.name[said.n_names].slot = slot;
	said.name[said.n_names].is_suffix = is_suffix;
	strcpy(said.name[said.n_names++].name, name);
}

TEST(a_device_is_found_by_each_of_its_addresses)
{
	struct view_table *table = view_table_new();
	struct view *view;
	struct ip a = address("10.0.0.1"), b = address("fe80::1"), c = address("10.0.0.2");

	say(5, 1, "10.0.0.1");
	said.address[said.n_addresses++] = b;
	EXPECT(!view_keep(table, &said, &view));
	EXPECT(view_find_by_address(table, &a) == view);
	EXPECT(view_find_by_address(table, &b) == view);
	EXPECT(!view_find_by_address(table, &c));
	view_table_free(table);
}

TEST(an_address_that_moved_belongs_to_the_device_told_of_last)
{
	struct view_table *table = view_table_new();
	struct view *first, *second;
	struct ip a = address("10.0.0.1");

	say(5, 1, "10.0.0.1");
	EXPECT(!view_keep(table, &said, &first));
	say(6, 1, "10.0.0.1");
	EXPECT(!view_keep(table, &said, &second));
	EXPECT(view_find_by_address(table, &a) == second);
	/* The first one's end does not take it away from the second. */
	view_forget(table, first);
	EXPECT(view_find_by_address(table, &a) == second);
	view_table_free(table);
}

TEST(an_address_that_a_newer_view_leaves_out_is_nobodys)
{
	struct view_table *table = view_table_new();
	struct view *view;
	struct ip a = address("10.0.0.1");

	say(5, 1, "10.0.0.1");
	EXPECT(!view_keep(table, &said, &view));
	say(5, 2, "10.0.0.9");
	EXPECT(!view_keep(table, &said, &view));
	EXPECT(!view_find_by_address(table, &a));
	EXPECT_INT(view_count(table), 1);
	view_table_free(table);
}

TEST(an_older_view_does_not_replace_a_newer_one)
{
	struct view_table *table = view_table_new();
	struct view *view;

	say(5, 7, "10.0.0.1");
	EXPECT(!view_keep(table, &said, &view));
	say(5, 6, "10.0.0.2");
	EXPECT_INT(view_keep(table, &said, &view), ERR_STALE);
	EXPECT_INT(view_find(table, 5)->generation, 7);
	view_table_free(table);
}

TEST(the_table_of_devices_is_bounded)
{
	struct view_table *table = view_table_new();
	struct view *view;

	for (uint32_t i = 1; i <= VIEWS_MAX; i++) {
		say(i, 1, "10.0.0.1");
		said.n_addresses = 0;
		EXPECT(!view_keep(table, &said, &view));
	}
	say(VIEWS_MAX + 1, 1, "10.0.0.1");
	EXPECT_INT(view_keep(table, &said, &view), ERR_FULL);
	EXPECT_INT(view_count(table), VIEWS_MAX);
	view_table_free(table);
}

TEST(a_name_is_declared_whole_or_below_a_suffix_at_a_label)
{
	struct view_table *table = view_table_new();
	struct view *view;
	struct view_match match;

	say(5, 1, "10.0.0.1");
	say_name("cloud.example", 3, false);
	say_name("maker.example", 4, true);
	EXPECT(!view_keep(table, &said, &view));
	EXPECT(view_declares(view, "cloud.example", &match));
	EXPECT(match.is_exact);
	EXPECT_INT(match.slot[0], 3);
	EXPECT(!view_declares(view, "a.cloud.example", &match));
	EXPECT(!view_declares(view, "loud.example", &match));
	EXPECT(!view_declares(view, "example", &match));
	EXPECT(view_declares(view, "a.b.maker.example", &match));
	EXPECT(!match.is_exact);
	EXPECT_INT(match.slot[0], 4);
	EXPECT(!view_declares(view, "notmaker.example", &match));
	EXPECT(!view_declares(view, "", &match));
	view_table_free(table);
}

TEST(a_name_with_several_slots_gives_them_all)
{
	struct view_table *table = view_table_new();
	struct view *view;
	struct view_match match;

	say(5, 1, "10.0.0.1");
	say_name("cloud.example", 3, false);
	say_name("example", 9, true);
	EXPECT(!view_keep(table, &said, &view));
	EXPECT(view_declares(view, "cloud.example", &match));
	EXPECT_INT(match.count, 2);
	EXPECT(match.is_exact);
	view_table_free(table);
}

TEST(a_bucket_gives_its_burst_and_then_its_rate)
{
	struct bucket bucket = {0};
	uint64_t now = 5 * CLOCK_SECOND_NS;
	unsigned taken = 0;

	while (bucket_take(&bucket, now, 10, 20))
		taken++;
	EXPECT_INT(taken, 20);
	for (int ms = 0; ms < 2000; ms++)
		taken += bucket_take(&bucket, now += CLOCK_MS_NS, 10, 20);
	EXPECT(taken >= 39 && taken <= 40);
}

TEST(a_bucket_asked_all_the_time_still_fills)
{
	struct bucket bucket = {0};
	uint64_t now = CLOCK_SECOND_NS;
	unsigned taken = 0;

	while (bucket_take(&bucket, now, 10, 1))
		;
	for (int i = 0; i < 100000; i++)
		taken += bucket_take(&bucket, now += 10000, 10, 1);
	EXPECT(taken >= 9 && taken <= 10);
}

TEST(a_bucket_never_holds_more_than_its_burst)
{
	struct bucket bucket = {0};
	unsigned taken = 0;

	EXPECT(bucket_take(&bucket, CLOCK_SECOND_NS, 10, 3));
	while (bucket_take(&bucket, 900000 * CLOCK_SECOND_NS, 10, 3))
		taken++;
	EXPECT_INT(taken, 3);
}
