/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/gather.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

enum { NOON = 12 * 60, NIGHT = 3 * 60, BEGUN = 1800000000, NOW = BEGUN + 600 };

static struct gather gather;
static struct message_tell out;

static void
begin(const char *quiet)
{
	struct tell_hours hours = {0};

	EXPECT(hours_parse_quiet(&hours, quiet));
	gather_init(&gather, &hours, BEGUN, BEGUN);
}

static void
happens(const char *kind, unsigned level, const char *device, int64_t now_s, unsigned minute)
{
	struct gather_event event = {.id = 7,
		.time_s = now_s,
		.level = level,
		.kind = kind,
		.text = "what it did",
		.device_id = device,
		.device_name = device};

	gather_event(&gather, &event, now_s, minute);
}

TEST(what_harms_is_told_at_once_and_what_does_not_is_for_the_digest)
{
	begin("off");
	happens("containment", 2, "cam", NOW, NOON);
	happens("denied", 0, "cam", NOW, NOON);
	happens("server-changed", 1, "cam", NOW, NOON);
	EXPECT(gather_next(&gather, NOW, NOON, &out));
	EXPECT_INT(out.what, TELL_NOW);
	EXPECT_STR(out.title, "A device does harm: cam");
	EXPECT_STR(out.device_id, "cam");
	EXPECT(!gather_next(&gather, NOW, NOON, &out));
}

TEST(of_forty_new_devices_three_are_told_and_the_rest_is_one_message)
{
	char device[16];

	begin("off");
	for (int i = 0; i < 40; i++) {
		snprintf(device, sizeof device, "d-%d", i);
		happens("new-device", 1, device, NOW, NOON);
	}
	for (int i = 0; i < GATHER_AN_HOUR; i++)
		EXPECT(gather_next(&gather, NOW, NOON, &out) && out.what == TELL_NOW);
	EXPECT(!gather_next(&gather, NOW + 3599, NOON, &out));
	EXPECT(gather_next(&gather, NOW + 3600, NOON, &out));
	EXPECT_INT(out.what, TELL_MORE);
	EXPECT_STR(out.title, "A new device, and 36 more");
	EXPECT(strstr(out.text, "and 36 more of this kind; the last: d-39: "));
	EXPECT(!gather_next(&gather, NOW + 3600, NOON, &out));
}

TEST(a_device_is_told_of_once_an_hour_whatever_it_does_meanwhile)
{
	begin("off");
	for (int i = 0; i < 5; i++)
		happens("containment", 2, "cam", NOW + i, NOON);
	EXPECT(gather_next(&gather, NOW + 9, NOON, &out));
	EXPECT(!gather_next(&gather, NOW + 9, NOON, &out));
	EXPECT(gather_next(&gather, NOW + 3600, NOON, &out));
	EXPECT_INT(out.what, TELL_MORE);
}

TEST(that_harm_goes_on_does_not_wait_because_it_was_told_that_it_was_stopped)
{
	begin("off");
	happens("containment", 2, "cam", NOW, NOON);
	EXPECT(gather_next(&gather, NOW, NOON, &out));
	happens("harm-goes-on", 2, "cam", NOW + 60, NOON);
	EXPECT(gather_next(&gather, NOW + 60, NOON, &out));
	EXPECT_STR(out.kind, "harm-goes-on");
	happens("harm-goes-on", 2, "cam", NOW + 120, NOON);
	EXPECT(!gather_next(&gather, NOW + 120, NOON, &out));
}

TEST(at_night_only_what_cannot_wait_is_told_and_the_rest_is_one_message_in_the_morning)
{
	begin("22:00-07:00");
	happens("containment", 2, "cam", NOW, NIGHT);
	happens("new-device", 1, "d-1", NOW, NIGHT);
	happens("new-device", 1, "d-2", NOW, NIGHT);
	happens("silent", 2, "pump", NOW, NIGHT);
	happens("containment-proposed", 2, "pump", NOW, NIGHT);
	EXPECT(gather_next(&gather, NOW, NIGHT, &out));
	EXPECT_STR(out.title, "A device fell silent: pump");
	EXPECT(gather_next(&gather, NOW, NIGHT, &out));
	EXPECT_STR(out.kind, "containment-proposed");
	EXPECT(!gather_next(&gather, NOW + 7200, NIGHT + 120, &out));
	EXPECT(gather_next(&gather, NOW + 14400, 7 * 60, &out));
	EXPECT_STR(out.title, "A device does harm: cam");
	EXPECT_INT(out.what, TELL_NOW);
	EXPECT(gather_next(&gather, NOW + 14400, 7 * 60, &out));
	EXPECT_STR(out.title, "A new device, and 1 more");
	EXPECT(!gather_next(&gather, NOW + 14400, 7 * 60, &out));
}

TEST(harm_that_was_stopped_interrupts_nobody_who_has_a_digest_and_what_goes_on_does)
{
	begin("22:00-07:00");
	EXPECT(hours_parse_digest(&gather.hours, "08:00"));
	happens("containment", 2, "cam", NOW, NIGHT);
	EXPECT(!gather_next(&gather, NOW, NIGHT, &out));
	happens("harm-goes-on", 2, "cam", NOW + 20, NIGHT);
	EXPECT(gather_next(&gather, NOW + 20, NIGHT, &out));
	EXPECT_STR(out.title, "A device does harm: cam");
	EXPECT(!gather_next(&gather, NOW + 20, NIGHT, &out));
	EXPECT(gather_next(&gather, NOW + 86400, 8 * 60, &out));
	EXPECT_INT(out.what, TELL_DIGEST);
	EXPECT(strstr(out.text, "cam: what it did"));
}

TEST(in_a_night_of_much_harm_what_cannot_wait_is_still_told_each_hour)
{
	char device[16];

	begin("22:00-07:00");
	happens("containment", 2, "cam", NOW, NIGHT);
	for (int i = 0; i < 4; i++) {
		snprintf(device, sizeof device, "pump-%d", i);
		happens("containment-proposed", 2, device, NOW, NIGHT);
	}
	for (int i = 0; i < GATHER_AN_HOUR; i++)
		EXPECT(gather_next(&gather, NOW, NIGHT, &out));
	EXPECT(!gather_next(&gather, NOW + 3599, NIGHT + 59, &out));
	EXPECT(gather_next(&gather, NOW + 3600, NIGHT + 60, &out));
	EXPECT_STR(out.title, "A device does harm, and 1 more");
	/* What waits for the morning is no reason to hold back what comes hours later. */
	happens("containment", 2, "tv", NOW + 3700, NIGHT + 61);
	for (int i = 0; i < GATHER_AN_HOUR; i++) {
		snprintf(device, sizeof device, "pump-%d", i);
		happens("containment-proposed", 2, device, NOW + 3700, NIGHT + 61);
		EXPECT(gather_next(&gather, NOW + 3700, NIGHT + 61, &out));
	}
	happens("containment-proposed", 2, "pump", NOW + 7400, NIGHT + 123);
	EXPECT(gather_next(&gather, NOW + 7400, NIGHT + 123, &out));
	EXPECT_STR(out.title, "A device does harm: pump");
}

TEST(a_clock_that_was_years_ahead_holds_nothing_back)
{
	enum { BACK = NOW - 10 * 365 * 86400 };

	begin("off");
	EXPECT(hours_parse_digest(&gather.hours, "08:00"));
	for (int i = 0; i < GATHER_AN_HOUR; i++)
		happens("new-device", 1, "", NOW, NOON);
	while (gather_next(&gather, NOW, NOON, &out))
		;
	happens("new-device", 1, "d-1", BACK, NOON);
	EXPECT(gather_next(&gather, BACK, NOON, &out));
	EXPECT_STR(out.title, "A new device: d-1");
	EXPECT(gather_next(&gather, BACK, 8 * 60, &out));
	EXPECT_INT(out.what, TELL_DIGEST);
	EXPECT(!gather_next(&gather, BACK - 60, 8 * 60, &out));
}

TEST(after_a_start_what_everybody_reports_at_once_becomes_one_message)
{
	begin("off");
	happens("new-device", 1, "d-1", BEGUN + 1, NOON);
	happens("new-device", 1, "d-2", BEGUN + 2, NOON);
	EXPECT(!gather_next(&gather, BEGUN + 5, NOON, &out));
	EXPECT(gather_next(&gather, BEGUN + GATHER_START_S, NOON, &out));
	EXPECT_STR(out.title, "A new device, and 1 more");
	EXPECT(!out.device_id[0]);
}

TEST(quiet_hours_go_over_midnight_and_say_so_again)
{
	struct tell_hours hours = {0};
	char text[16];

	EXPECT(hours_parse_quiet(&hours, "22:30-06:15"));
	EXPECT(hours_are_quiet(&hours, 23 * 60) && hours_are_quiet(&hours, 0));
	EXPECT(hours_are_quiet(&hours, 6 * 60 + 14) && !hours_are_quiet(&hours, 6 * 60 + 15));
	EXPECT_STR(hours_render_quiet(&hours, text), "22:30-06:15");
	EXPECT(hours_parse_quiet(&hours, "off") && !hours_are_quiet(&hours, 0));
	EXPECT(!hours_parse_quiet(&hours, "22:30") && !hours_parse_quiet(&hours, "24:00-01:00"));
	EXPECT(!hours_parse_quiet(&hours, "07:00-07:00") && !hours_parse_quiet(&hours, ""));
	EXPECT(!hours_parse_digest(&hours, "8:00") && !hours_parse_digest(&hours, "08:00 "));
	EXPECT(hours_parse_digest(&hours, "08:00"));
	EXPECT_STR(hours_render_digest(&hours, text), "08:00");
}

TEST(the_digest_comes_once_a_day_with_the_gravest_first)
{
	begin("off");
	EXPECT(hours_parse_digest(&gather.hours, "08:00"));
	happens("server-changed", 1, "tv", NOW, NOON);
	happens("server-changed", 1, "tv", NOW, NOON);
	happens("spoof-seen", 2, "cam", NOW, NOON);
	happens("denied", 0, "cam", NOW, NOON);
	EXPECT(!gather_next(&gather, NOW + 86400, 7 * 60 + 59, &out));
	EXPECT(gather_next(&gather, NOW + 86400, 8 * 60, &out));
	EXPECT_INT(out.what, TELL_DIGEST);
	EXPECT_STR(out.title, "Your home since yesterday: 2 to look at");
	EXPECT_STR(out.text, "- cam: what it did\n- tv: what it did (2 times)\n"
			     "Besides, 1 small things; they are in the story.");
	EXPECT(!gather_next(&gather, NOW + 86460, 8 * 60 + 1, &out));
	EXPECT(gather_next(&gather, NOW + 2 * 86400, 8 * 60, &out));
	EXPECT_STR(out.title, "Your home since yesterday: calm");
}

TEST(a_digest_of_very_many_lines_ends_in_a_number)
{
	char device[16];

	begin("off");
	EXPECT(hours_parse_digest(&gather.hours, "08:00"));
	for (int i = 0; i < 500; i++) {
		snprintf(device, sizeof device, "d-%d", i);
		happens("server-changed", 1, device, NOW, NOON);
	}
	EXPECT(gather_next(&gather, NOW + 86400, 8 * 60, &out));
	EXPECT(strstr(out.text, "and 460 more."));
	EXPECT(strlen(out.text) < sizeof out.text - 1);
}
