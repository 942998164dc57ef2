/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/outbox.h"

#include <string.h>

#include "test.h"

enum { NOW = 1800000000 };

static struct outbox box;

static uint32_t
add(uint8_t receiver, enum tell_what what, int64_t now_s)
{
	struct message_tell tell = {.receiver = receiver, .what = (uint8_t)what};

	return outbox_add(&box, &tell, now_s);
}

static void
begin(void)
{
	memset(&box, 0, sizeof box);
}

TEST(a_receiver_gets_one_message_at_a_time_the_oldest_first)
{
	begin();
	uint32_t first = add(1, TELL_NOW, NOW), second = add(1, TELL_NOW, NOW);
	uint32_t other = add(2, TELL_NOW, NOW);

	EXPECT_INT(outbox_next(&box, 1, NOW)->ticket, first);
	EXPECT(!outbox_next(&box, 1, NOW));
	EXPECT_INT(outbox_next(&box, 2, NOW)->ticket, other);
	EXPECT(outbox_answered(&box, first, true, true, NOW));
	EXPECT_INT(outbox_next(&box, 1, NOW)->ticket, second);
	EXPECT_INT(box.n_gone, 1);
	EXPECT_INT(box.gone[0], first);
}

TEST(who_does_not_take_it_is_tried_again_later_and_later_for_three_days)
{
	int64_t now_s = NOW;

	begin();
	uint32_t ticket = add(1, TELL_NOW, NOW);
	EXPECT(outbox_next(&box, 1, now_s));
	EXPECT(!outbox_answered(&box, ticket, false, false, now_s));
	EXPECT(!outbox_next(&box, 1, now_s + 4));
	EXPECT(outbox_next(&box, 1, now_s + 5));
	EXPECT(!outbox_answered(&box, ticket, false, false, now_s + 5));
	EXPECT(!outbox_next(&box, 1, now_s + 19));
	for (now_s += 20; now_s < NOW + OUTBOX_KEEP_S; now_s += 3600)
		if (outbox_next(&box, 1, now_s))
			EXPECT(!outbox_answered(&box, ticket, false, false, now_s));
	EXPECT(outbox_next(&box, 1, NOW + OUTBOX_KEEP_S + 3600));
	EXPECT(outbox_answered(&box, ticket, false, false, NOW + OUTBOX_KEEP_S + 3600));
	EXPECT_INT(outbox_count(&box, 1), 0);
}

TEST(a_message_that_is_refused_for_good_is_not_told_again_and_the_next_says_so)
{
	begin();
	uint32_t ticket = add(1, TELL_NOW, NOW);
	EXPECT(outbox_next(&box, 1, NOW));
	EXPECT(outbox_answered(&box, ticket, false, true, NOW));
	uint32_t next = add(1, TELL_NOW, NOW);
	const struct message_tell *tell = outbox_next(&box, 1, NOW);
	EXPECT_INT(tell->lost, 1);
	EXPECT(outbox_answered(&box, next, true, true, NOW));
	EXPECT_INT(box.lost[1], 0);
}

TEST(a_full_outbox_loses_the_oldest_digest_before_anything_else)
{
	begin();
	uint32_t first = add(1, TELL_NOW, NOW), digest = add(1, TELL_DIGEST, NOW);
	for (int i = 2; i < OUTBOX_MAX; i++)
		add(2, TELL_NOW, NOW);
	add(2, TELL_NOW, NOW);
	EXPECT_INT(box.gone[0], digest);
	EXPECT_INT(box.lost[1], 1);
	EXPECT_INT(outbox_next(&box, 1, NOW)->ticket, first);
	add(2, TELL_NOW, NOW);
	EXPECT_INT(box.gone[1], first);
	/* What became of it is heard when it is gone already. */
	EXPECT(outbox_answered(&box, first, false, false, NOW));
	EXPECT_INT(outbox_count(&box, 2), OUTBOX_MAX);
}

TEST(what_was_under_way_when_the_teller_died_is_sent_again)
{
	begin();
	uint32_t ticket = add(1, TELL_NOW, NOW);
	EXPECT(outbox_next(&box, 1, NOW));
	outbox_interrupted(&box);
	EXPECT_INT(outbox_next(&box, 1, NOW)->ticket, ticket);
	outbox_forget(&box, 1);
	EXPECT(!outbox_next(&box, 1, NOW));
}

TEST(a_message_that_nobody_answers_holds_its_receiver_up_for_two_minutes_and_no_longer)
{
	begin();
	uint32_t ticket = add(1, TELL_NOW, NOW);
	EXPECT(outbox_next(&box, 1, NOW));
	EXPECT(!outbox_next(&box, 1, NOW + OUTBOX_ANSWER_S - 1));
	const struct message_tell *again = outbox_next(&box, 1, NOW + OUTBOX_ANSWER_S);
	EXPECT(again && again->ticket == ticket);
}

TEST(a_restart_goes_on_with_the_same_tickets)
{
	struct outbox_item kept = {.tell = {.ticket = 41, .receiver = 1, .what = TELL_NOW},
		.due_s = NOW + 100,
		.tries = 2};

	begin();
	outbox_restore(&box, &kept);
	EXPECT(!outbox_next(&box, 1, NOW));
	/* A clock that was set back by years holds nothing. */
	EXPECT(outbox_next(&box, 1, NOW - 100000));
	EXPECT_INT(add(1, TELL_NOW, NOW), 42);
}
