/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/date.h"

#include <string.h>

#include "test.h"

/* What is found in a text, as it is rendered; "?" ambiguous, "" nothing. */
static const char *
found(const char *text)
{
	static char out[DATE_TEXT_MAX];
	struct dated dated;

	out[0] = '\0';
	if (!date_find(text, strlen(text), 0, &dated))
		return out;
	if (dated.is_ambiguous)
		return "?";
	date_render(dated.date, out);
	return out;
}

TEST(dates_are_read_as_english_writes_them)
{
	static const struct {
		const char *text, *date;
	} cases[] = {
		{"until 31 december 2031.", "2031-12-31"},
		{"until the 31st of december, 2031", "2031-12-31"},
		{"december 31, 2031", "2031-12-31"},
		{"dec 1st, 2031", "2031-12-01"},
		{"1-dec-2031", "2031-12-01"},
		{"december 2031", "2031-12"},
		{"sept. 2030", "2030-09"},
		{"2031-12-31", "2031-12-31"},
		{"2031/06", "2031-06"},
		{"12/2031", "2031-12"},
		{"31/12/2031", "2031-12-31"},
		{"12/31/2031", "2031-12-31"},
		{"31.12.2031", "2031-12-31"},
		{"5/5/2031", "2031-05-05"},
		{"until the end of 2031", "2031-12-31"},
		{"q3 2030", "2030-09"},
		{"until 2031", "2031"},
		{"29 february 2028", "2028-02-29"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		EXPECT_STR(found(cases[i].text), cases[i].date);
}

TEST(a_date_that_can_be_read_in_two_ways_is_not_guessed)
{
	EXPECT_STR(found("until 03/04/2027"), "?");
	EXPECT_STR(found("until 3.4.2027"), "?");
	EXPECT_STR(found("until 31/12/27"), "?");
}

TEST(what_is_no_date_is_none)
{
	static const char *const texts[] = {"version 1.2.31", "30 february 2028 is never",
		"5000 devices", "model x2031b", "call 0800 20314", "may contain nuts", "march on",
		"99/99/2031x", ""};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct dated dated;
		bool is_found = date_find(texts[i], strlen(texts[i]), 0, &dated);
		/* a year may be left of it, never a month */
		EXPECT(!is_found || !dated.date.month);
	}
}

TEST(a_month_ends_with_its_last_day)
{
	EXPECT_INT(date_number((struct date){2028, 2, 0}), 20280229);
	EXPECT_INT(date_number((struct date){2031, 0, 0}), 20311231);
	EXPECT_INT(date_number((struct date){0}), 0);
	EXPECT_INT(date_number(date_of(1764547200)), 20251201);
}

TEST(a_date_comes_back_from_its_text)
{
	struct date date;

	EXPECT(date_parse(&date, "2031-12-31") && date.day == 31);
	EXPECT(date_parse(&date, "2031-12") && date.month == 12 && !date.day);
	EXPECT(!date_parse(&date, "2031-12-31x"));
	EXPECT(!date_parse(&date, "soon"));
}

TEST(a_date_time_is_that_of_rfc_3339_and_no_other)
{
	int64_t utc;

	EXPECT(date_time_parse("2026-12-31T23:59:59Z", 20, &utc));
	EXPECT_INT(utc, 1798761599);
	EXPECT(date_time_parse("2027-01-01T01:59:59.5+02:00", 27, &utc));
	EXPECT_INT(utc, 1798761599);
	EXPECT(!date_time_parse("2026-12-31", 10, &utc));
	EXPECT(!date_time_parse("Thu, 31 Dec 2026 18:37:07 -0800", 31, &utc));
	EXPECT(!date_time_parse("2026-13-31T23:59:59Z", 20, &utc));
	EXPECT(!date_time_parse("2026-12-31T23:59:59", 19, &utc));
	EXPECT(!date_time_parse("2026-12-31T23:59:59Zx", 21, &utc));
}

static long
hours(const char *text)
{
	struct duration duration;

	if (!duration_find(text, strlen(text), 0, &duration))
		return -1;
	return duration.is_every ? -(long)duration.hours : (long)duration.hours;
}

TEST(durations_are_read_with_the_upper_end_of_a_range)
{
	EXPECT_INT(hours("within 5 business days"), 120);
	EXPECT_INT(hours("within five (5) working days"), 120);
	EXPECT_INT(hours("in 48 hours"), 48);
	EXPECT_INT(hours("within 48h of"), 48);
	EXPECT_INT(hours("in 3-5 days"), 120);
	EXPECT_INT(hours("in 3 to 5 days"), 120);
	EXPECT_INT(hours("within a week"), 168);
	EXPECT_INT(hours("by the next working day"), 24);
	EXPECT_INT(hours("every two weeks"), -336);
	EXPECT_INT(hours("at least weekly"), -168);
	EXPECT_INT(hours("once a month"), -720);
	EXPECT_INT(hours("a 90-day deadline"), 2160);
}

TEST(a_number_without_a_unit_of_time_is_no_duration)
{
	EXPECT_INT(hours("5 people read it"), -1);
	EXPECT_INT(hours("as soon as possible"), -1);
	EXPECT_INT(hours("today"), -1);
	EXPECT_INT(hours("0 days"), -1);
}
