/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_password.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "process/engine_throttle.h"
#include "test.h"

static bool
is_strong(const char *password)
{
	struct fault why = {0};
	bool is = password_is_strong(password, "anna", &why);

	EXPECT(is || why.text[0]);
	return is;
}

TEST(a_sentence_is_a_good_password)
{
	EXPECT(is_strong("eine Katze sitzt auf dem Dach"));
	EXPECT(is_strong("kx8-Vp2.qW5t"));
	EXPECT(is_strong("t\xc3\xa4glich f\xc3\xbcnf \xc3\x84pfel"));
}

TEST(a_short_password_is_refused)
{
	EXPECT(!is_strong(""));
	EXPECT(!is_strong("kx8-Vp2.qW5"));
	/* Bytes are no characters. */
	EXPECT(!is_strong("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"));
}

TEST(what_everybody_tries_first_is_refused)
{
	EXPECT(!is_strong("adminadminadmin"));
	EXPECT(!is_strong("Password1234"));
	EXPECT(!is_strong("password12345678"));
	EXPECT(!is_strong("123456789012"));
	EXPECT(!is_strong("aaaaaaaaaaaaaaaa"));
	EXPECT(!is_strong("abcabcabcabc"));
	EXPECT(!is_strong("annaannaanna1"));
	EXPECT(!is_strong("pinfoldpinfold"));
	EXPECT(!is_strong("xmhdipcdefault1"));
}

static bool
fits(const struct password *kept, const char *password)
{
	struct password asked;

	password_ask(&asked, kept);
	EXPECT(password_derive(&asked, password));
	return password_is(kept, &asked);
}

TEST(a_password_fits_itself_and_no_other)
{
	struct password kept, again;

	password_begin(&kept);
	EXPECT(password_derive(&kept, "eine Katze sitzt auf dem Dach"));
	EXPECT(fits(&kept, "eine Katze sitzt auf dem Dach"));
	EXPECT(!fits(&kept, "eine Katze sitzt auf dem Dach "));
	password_begin(&again);
	EXPECT(password_derive(&again, "eine Katze sitzt auf dem Dach"));
	EXPECT(memcmp(kept.key, again.key, sizeof kept.key) != 0);
}

TEST(nobody_has_a_password_that_costs_nothing)
{
	struct password nobody = {0};

	EXPECT(!fits(&nobody, ""));
	nobody.cost = 30;
	EXPECT(!fits(&nobody, ""));
}

TEST(failures_make_the_next_try_wait_and_are_forgotten)
{
	uint64_t now = 1000 * CLOCK_SECOND_NS;

	for (int i = 0; i < THROTTLE_FREE; i++) {
		EXPECT_INT(throttle_wait_s("a", now), 0);
		throttle_failed("a", now);
	}
	EXPECT_INT(throttle_wait_s("a", now), 0);
	throttle_failed("a", now);
	EXPECT_INT(throttle_wait_s("a", now), 1);
	throttle_failed("a", now);
	EXPECT_INT(throttle_wait_s("a", now), 2);
	EXPECT_INT(throttle_wait_s("a", now + 2 * CLOCK_SECOND_NS), 0);
	for (int i = 0; i < 100; i++)
		throttle_failed("a", now);
	EXPECT_INT(throttle_wait_s("a", now), THROTTLE_S_MAX);
	EXPECT_INT(throttle_wait_s("b", now), 0);
	EXPECT_INT(throttle_wait_s("a", now + (THROTTLE_FORGET_S + 1) * CLOCK_SECOND_NS), 0);
	throttle_failed("a", now);
	EXPECT_INT(throttle_wait_s("a", now), 0);
	throttle_forget("a");
}

TEST(the_table_of_failures_is_bounded_and_the_oldest_goes)
{
	char key[32];

	for (int i = 0; i < 10; i++)
		throttle_failed("first", 1000);
	EXPECT(throttle_wait_s("first", 1000) > 0);
	for (int i = 0; i < THROTTLE_ROWS; i++) {
		snprintf(key, sizeof key, "key %d", i);
		throttle_failed(key, 2000);
	}
	EXPECT_INT(throttle_wait_s("first", 2000), 0);
}
