/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_open.h"

#include <string.h>

#include "base/clock.h"
#include "test.h"

enum { SLOT = 3 };

static const uint64_t now = 1000 * CLOCK_SECOND_NS;

static struct ip
server(unsigned n)
{
	uint8_t byte[4] = {198, 18, (uint8_t)(n >> 8), (uint8_t)n};
	return ip_from_v4(byte);
}

static struct view *
device(struct view_table *in, uint32_t number)
{
	struct message_view said = {.device = number, .generation = 1, .mode = VIEW_DECLARED};
	struct view *view;

	EXPECT(!view_keep(in, &said, &view));
	return view;
}

static struct view_table *views;
static struct open_table *table;

static void
begin(void)
{
	views = view_table_new();
	table = open_table_new();
}

static void
end(struct view *a, struct view *b)
{
	open_clear(table, a);
	if (b)
		open_clear(table, b);
	EXPECT_INT(open_count(table), 0);
	open_table_free(table);
	view_table_free(views);
}

TEST(an_answer_opens_for_its_life_and_a_grace_between_floor_and_ceiling)
{
	EXPECT_INT(open_life_s(0), 60 + 300);
	EXPECT_INT(open_life_s(300), 300 + 300);
	EXPECT_INT(open_life_s(UINT32_MAX), 24 * 3600 + 300);
	EXPECT_INT(open_answer_ttl_s(0), 0);
	EXPECT_INT(open_answer_ttl_s(UINT32_MAX), 24 * 3600);
	EXPECT(open_answer_ttl_s(UINT32_MAX) < open_life_s(UINT32_MAX));
}

TEST(what_is_open_for_one_device_and_slot_is_not_so_for_another)
{
	begin();
	struct view *a = device(views, 1), *b = device(views, 2);
	struct ip ip = server(1), other = server(2);

	open_keep(table, a, SLOT, &ip, now + 600 * CLOCK_SECOND_NS);
	EXPECT(open_lasts(table, a, SLOT, &ip, 300, now));
	EXPECT(!open_lasts(table, a, SLOT + 1, &ip, 300, now));
	EXPECT(!open_lasts(table, a, SLOT, &other, 300, now));
	EXPECT(!open_lasts(table, b, SLOT, &ip, 300, now));
	end(a, b);
}

TEST(an_entry_that_ends_before_the_answer_does_is_opened_again)
{
	begin();
	struct view *a = device(views, 1);
	struct ip ip = server(1);

	open_keep(table, a, SLOT, &ip, now + 300 * CLOCK_SECOND_NS);
	EXPECT(open_lasts(table, a, SLOT, &ip, 300, now));
	EXPECT(!open_lasts(table, a, SLOT, &ip, 301, now));
	/* Even an answer of no life needs the floor. */
	EXPECT(!open_lasts(table, a, SLOT, &ip, 0, now + 241 * CLOCK_SECOND_NS));
	open_keep(table, a, SLOT, &ip, now + 900 * CLOCK_SECOND_NS);
	EXPECT(open_lasts(table, a, SLOT, &ip, 301, now));
	EXPECT_INT(open_count(table), 1);
	end(a, NULL);
}

TEST(a_slot_keeps_its_newest_addresses)
{
	begin();
	struct view *a = device(views, 1);
	struct ip other = server(9999);

	open_keep(table, a, SLOT + 1, &other, now + 600 * CLOCK_SECOND_NS);
	for (unsigned i = 0; i <= OPEN_A_SLOT; i++) {
		struct ip ip = server(i);
		open_keep(table, a, SLOT, &ip, now + 600 * CLOCK_SECOND_NS);
	}
	struct ip oldest = server(0), second = server(1);
	EXPECT(!open_lasts(table, a, SLOT, &oldest, 60, now));
	EXPECT(open_lasts(table, a, SLOT, &second, 60, now));
	EXPECT(open_lasts(table, a, SLOT + 1, &other, 60, now));
	EXPECT_INT(open_count(table), OPEN_A_SLOT + 1);
	end(a, NULL);
}

TEST(a_device_keeps_no_more_than_its_share_over_all_slots)
{
	begin();
	struct view *a = device(views, 1);

	for (unsigned i = 0; i < 2 * OPEN_A_DEVICE; i++) {
		struct ip ip = server(i);
		open_keep(table, a, (uint16_t)(1 + i % 100), &ip, now + 600 * CLOCK_SECOND_NS);
	}
	EXPECT_INT(open_count(table), OPEN_A_DEVICE);
	EXPECT_INT(a->n_opened, OPEN_A_DEVICE);
	end(a, NULL);
}

TEST(a_new_policy_forgets_what_was_open_for_that_device_only)
{
	begin();
	struct view *a = device(views, 1), *b = device(views, 2);
	struct ip ip = server(1);

	open_keep(table, a, SLOT, &ip, now + 600 * CLOCK_SECOND_NS);
	open_keep(table, b, SLOT, &ip, now + 600 * CLOCK_SECOND_NS);
	open_clear(table, a);
	EXPECT(!open_lasts(table, a, SLOT, &ip, 60, now));
	EXPECT(open_lasts(table, b, SLOT, &ip, 60, now));
	EXPECT_INT(open_count(table), 1);
	end(a, b);
}
