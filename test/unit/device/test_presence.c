/* SPDX-License-Identifier: Apache-2.0 */
#include "device/presence.h"

#include "test.h"

enum { STEP = 2000 };

/* A device that sends a frame every so many milliseconds, watched for so long. */
static enum presence_change
hear(struct presence *p, uint64_t *now, uint32_t every, uint64_t ms)
{
	enum presence_change last = PRESENCE_SAME;

	for (uint64_t end = *now + ms; *now < end;) {
		*now += STEP;
		enum presence_change change = presence_update(p, (uint32_t)(*now % every), *now);
		last = change ? change : last;
	}
	return last;
}

/* Nothing of it any more; gives after how long that is told, 0: it is not. */
static uint64_t
fall_silent(struct presence *p, uint64_t *now, uint64_t ms)
{
	uint64_t heard = p->heard_ms, told = 0;

	for (uint64_t end = *now + ms; *now < end;) {
		*now += STEP;
		if (presence_update(p, (uint32_t)(*now - heard), *now) == PRESENCE_LOST)
			told = *now - heard;
	}
	return told;
}

/* An infusion pump that reports every five seconds is unplugged. */
TEST(a_device_that_talks_often_is_missed_soon)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	EXPECT_INT(hear(&p, &now, 5000, 600000), PRESENCE_SAME);
	uint64_t after = fall_silent(&p, &now, 120000);
	EXPECT(after >= PRESENCE_PATIENCE_MS && after < 20000);
}

/* A toy that says something every twenty-five seconds: the minute still holds. */
TEST(whoever_talks_every_twenty_five_seconds_is_missed_within_a_minute)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 25000, 600000);
	uint64_t after = fall_silent(&p, &now, 120000);
	EXPECT(after > 25000 && after <= 60000);
}

TEST(of_a_device_that_talks_seldom_nothing_is_said)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 60000, 3600000);
	EXPECT(presence_usual_ms(&p) > PRESENCE_OFTEN_MS);
	EXPECT_INT(presence_limit_ms(&p), 0);
	EXPECT_INT(fall_silent(&p, &now, 3600000), 0);
}

TEST(before_its_habits_are_known_nothing_is_said)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 5000, 26000);
	EXPECT_INT(presence_usual_ms(&p), 0);
	EXPECT_INT(fall_silent(&p, &now, 600000), 0);
}

TEST(one_silence_is_told_once_and_its_end_as_well)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 5000, 600000);
	EXPECT(fall_silent(&p, &now, 120000) > 0);
	EXPECT_INT(fall_silent(&p, &now, 600000), 0);
	now += STEP;
	EXPECT_INT(presence_update(&p, 100, now), PRESENCE_BACK);
	EXPECT(p.gone_ms > 600000);
	EXPECT_INT(hear(&p, &now, 5000, 60000), PRESENCE_SAME);
}

TEST(a_silence_that_was_missed_does_not_become_a_habit)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 5000, 600000);
	fall_silent(&p, &now, 600000);
	hear(&p, &now, 5000, 60000);
	EXPECT(presence_usual_ms(&p) <= 7000);
	EXPECT(fall_silent(&p, &now, 60000) > 0);
}

TEST(a_new_habit_is_learned_and_an_old_one_forgotten)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 20000, 600000);
	EXPECT(presence_usual_ms(&p) >= 18000);
	hear(&p, &now, 5000, UINT64_C(1) * PRESENCE_PARTS * PRESENCE_PART_MS + 3600000);
	EXPECT(presence_usual_ms(&p) <= 7000);
}

/* The kernel was asked a moment later than we read our clock. */
TEST(a_few_milliseconds_are_no_sign_of_life)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 5000, 600000);
	uint64_t heard = p.heard_ms, told = 0;
	for (int i = 1; i < 30; i++) {
		now += STEP;
		if (presence_update(&p, (uint32_t)(now - heard - (uint64_t)(i % 2) * 20), now) ==
			PRESENCE_LOST)
			told++;
	}
	EXPECT_INT(told, 1);
}

TEST(a_silence_that_comes_again_and_again_is_a_habit)
{
	struct presence p = {0};
	uint64_t now = 1000000;

	hear(&p, &now, 5000, 600000);
	for (int i = 0; i < PRESENCE_SHORT_TIMES; i++) {
		EXPECT(fall_silent(&p, &now, 90000) > 0);
		hear(&p, &now, 5000, 60000);
	}
	EXPECT(presence_usual_ms(&p) > PRESENCE_OFTEN_MS);
	EXPECT_INT(fall_silent(&p, &now, 90000), 0);
}
