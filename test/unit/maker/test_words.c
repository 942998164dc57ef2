/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "maker/disclosure.h"
#include "maker/support.h"
#include "test.h"

static struct page page;
static struct disclosure disclosure;
static struct support support;

#define INTRO "<p>To report a vulnerability in our products, write to Security@Maker.Example.</p>"

static void
read_disclosure(const char *text)
{
	page_read(&page, (struct bytes){(const uint8_t *)text, strlen(text)}, true);
	disclosure_read(&disclosure, &page);
}

static void
expect_grades(const char *text, enum grade acknowledgement, uint32_t first, enum grade status,
	uint32_t then)
{
	static char whole[4000];

	snprintf(whole, sizeof whole, INTRO "%s", text);
	read_disclosure(whole);
	EXPECT(disclosure.is_policy);
	if (disclosure.acknowledgement.grade != acknowledgement ||
		disclosure.status.grade != status)
		print_message("%s: %s, %s\n", text,
			grade_word((enum grade)disclosure.acknowledgement.grade),
			grade_word((enum grade)disclosure.status.grade));
	EXPECT_INT(disclosure.acknowledgement.grade, acknowledgement);
	EXPECT_INT(disclosure.status.grade, status);
	EXPECT_INT(disclosure.acknowledgement.hours, first);
	EXPECT_INT(disclosure.status.hours, then);
}

TEST(times_belong_to_what_is_promised)
{
	expect_grades("<p>We acknowledge your report within 3 business days and send you a status "
		      "update every 14 days.</p>",
		GRADE_QUANTIFIED, 72, GRADE_QUANTIFIED, 336);
	expect_grades(
		"<p>Within 48 hours you will receive an acknowledgement. After that we keep you "
		"informed at least monthly.</p>",
		GRADE_QUANTIFIED, 48, GRADE_QUANTIFIED, 720);
	expect_grades(
		"<ul><li>Acknowledgement of receipt: 5 working days<li>Status updates: every two "
		"weeks until it is resolved</ul>",
		GRADE_QUANTIFIED, 120, GRADE_QUANTIFIED, 336);
	expect_grades(
		"<p>You will get an initial response within seven (7) days. We will update you "
		"on the progress every 30 days.</p>",
		GRADE_QUANTIFIED, 168, GRADE_QUANTIFIED, 720);
	expect_grades(
		"<table><tr><td>First response<td>2 days</tr><tr><td>Progress updates<td>weekly"
		"</tr></table>",
		GRADE_QUANTIFIED, 48, GRADE_QUANTIFIED, 168);
}

TEST(soft_words_are_vague_and_nothing_is_none)
{
	expect_grades("<p>We acknowledge reports promptly and keep you informed.</p>", GRADE_VAGUE,
		0, GRADE_VAGUE, 0);
	expect_grades("<p>We acknowledge your report within 3 days.</p>", GRADE_QUANTIFIED, 72,
		GRADE_NONE, 0);
	expect_grades("<p>We take security seriously.</p>", GRADE_NONE, 0, GRADE_NONE, 0);
}

TEST(a_promise_that_is_taken_back_is_none_with_a_number)
{
	expect_grades("<p>We cannot promise to acknowledge reports within 5 days.</p>", GRADE_VAGUE,
		0, GRADE_NONE, 0);
}

TEST(times_for_customers_are_no_times_for_reports)
{
	expect_grades("<p>We will respond to your order confirmation within 2 days.</p>",
		GRADE_NONE, 0, GRADE_NONE, 0);
	read_disclosure("<p>We reply to your message within 2 days.</p>");
	EXPECT(!disclosure.is_policy && !disclosure.acknowledgement.grade);
}

TEST(the_address_for_weaknesses_is_preferred)
{
	read_disclosure("<p>info@maker.example</p>" INTRO "<p>sales@maker.example</p>");
	EXPECT_STR(disclosure.contact, "security@maker.example");
	read_disclosure("<p>Report a vulnerability to: help@maker.example.</p>");
	EXPECT_STR(disclosure.contact, "help@maker.example");
	read_disclosure("<p>Report a vulnerability here</p><form><textarea></textarea></form>");
	EXPECT(!disclosure.contact[0] && disclosure.has_form);
}

/* --- support -------------------------------------------------------------------------------------- */

static void
expect_support(const char *text, const char *model, enum support_state state, uint32_t end)
{
	page_read(&page, (struct bytes){(const uint8_t *)text, strlen(text)}, true);
	support_read(&support, &page, model);
	if (support.state != state || date_number(support.end) != end)
		print_message("%s: %s %u\n", text, support_word((enum support_state)support.state),
			date_number(support.end));
	EXPECT_INT(support.state, state);
	EXPECT_INT(date_number(support.end), end);
}

TEST(the_end_of_support_is_found_where_it_is_said)
{
	expect_support("<p>We provide security updates until 31 December 2031.</p>", "",
		SUPPORT_END, 20311231);
	expect_support("<p>Support period: security updates from March 2024 until June 2030</p>",
		"", SUPPORT_END, 20300630);
	expect_support("<p>Published 3 March 2026. Security updates are guaranteed through "
		       "December 2032.</p>",
		"", SUPPORT_END, 20321231);
	expect_support("<h2>Security updates</h2><p>Minimum until 2031-12-31 (last updated 1 May "
		       "2026)</p>",
		"", SUPPORT_END, 20311231);
}

TEST(of_a_list_only_the_row_of_the_product_counts)
{
	static const char list[] = "<h2>Security updates until</h2><table>"
				   "<tr><td>Cam 2<td>30 June 2027</tr>"
				   "<tr><td>Cam 20<td>31 December 2031</tr></table>";

	expect_support(list, "cam-2", SUPPORT_END, 20270630);
	EXPECT(support.names_model);
	expect_support(list, "Cam 20", SUPPORT_END, 20311231);
	expect_support(list, "Bulb", SUPPORT_SEVERAL, 0);
	expect_support(list, "", SUPPORT_SEVERAL, 0);
}

TEST(one_row_that_is_of_another_product_is_not_of_this_one)
{
	expect_support("<h2>Security updates until</h2><p>Cam 1: 30 June 2024</p>", "bulb",
		SUPPORT_SEVERAL, 0);
}

TEST(years_and_soft_words_have_no_end)
{
	expect_support("<p>You get security updates for at least 5 years from purchase.</p>", "",
		SUPPORT_YEARS, 0);
	expect_support("<p>Security updates until 2031.</p>", "", SUPPORT_YEARS, 0);
	expect_support("<p>We provide security updates for the lifetime of the product.</p>", "",
		SUPPORT_VAGUE, 0);
	expect_support("<p>Security updates until 03/04/2027</p>", "", SUPPORT_AMBIGUOUS, 0);
	expect_support("<p>Our shop is open until 31 December 2031.</p>", "", SUPPORT_NONE, 0);
	expect_support(
		"<p>The security update of 3 March 2026 mends a flaw.</p>", "", SUPPORT_NONE, 0);
}
