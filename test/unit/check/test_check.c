/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include "base/printable.h"
#include "check/table.h"

TEST(every_row_of_the_table_is_whole_and_says_what_to_do)
{
	for (size_t i = 0; i < n_checks; i++) {
		EXPECT_INT(check_find(checks[i].id), (int)i);
		EXPECT(checks[i].title && checks[i].provisions);
		EXPECT(checks[i].consent < CONSENT_COUNT);
		EXPECT(checks[i].for_owner && checks[i].for_maker);
		EXPECT(is_printable(checks[i].id) && is_printable(checks[i].title));
		if (checks[i].is_probed)
			EXPECT(checks[i].seconds_gentle && checks[i].seconds_lab);
	}
	EXPECT_INT(check_find("no-such-check"), -1);
}

TEST(what_is_said_of_a_check_and_what_it_does_stand_in_the_same_order)
{
	EXPECT_INT(n_check_halves, n_checks);
	for (size_t i = 0; i < n_checks; i++) {
		EXPECT_STR(check_halves[i].id, checks[i].id);
		EXPECT(check_halves[i].judge != NULL);
		EXPECT_INT(check_halves[i].probe != NULL, checks[i].is_probed);
	}
}

TEST(a_check_speaks_of_the_provisions_of_its_row_alone)
{
	uint16_t telnet = (uint16_t)check_find("telnet-login");

	EXPECT(check_may_speak_of(telnet, "5.1-1"));
	EXPECT(!check_may_speak_of(telnet, "5.1"));
	EXPECT(!check_may_speak_of(telnet, "5.2-1"));
	EXPECT(!check_may_speak_of(telnet, ""));
	EXPECT(!check_may_speak_of((uint16_t)n_checks, "5.1-1"));
}

TEST(what_was_not_tested_is_never_shown_as_passed)
{
	struct transcript *t = transcript_new(NULL);

	for (uint16_t i = 0; i < n_checks; i++) {
		judged.n = 0;
		check_judge(i, t, &judged);
		for (size_t k = 0; k < judged.n && checks[i].is_probed; k++)
			EXPECT_VERDICT(&judged.finding[k], "INC");
	}
	transcript_free(t);
}

TEST(a_check_without_consent_says_so)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, "robustness", "skipped", .note = "NO_CONSENT");
	EXPECT_INC(verdict_of(t, "robustness", "5.13-1B"), "NO_CONSENT");
	EXPECT(!check_is_complete(t, check_named("robustness")));
	transcript_free(t);
}

TEST(a_check_that_broke_off_found_nothing_is_not_shown_as_clean)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "");
	/* no "end": its worker died */
	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "TOOL_ERROR");
	TELL(t, "tcp-ports", "end", .note = "TIME_OUT");
	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "TIME_OUT");
	transcript_free(t);
}

TEST(a_failure_needs_two_rounds_and_a_control)
{
	struct findings *f = &judged;
	struct exchange one = {.number = 1, .round = 1, .port = 80, .proto = 6};
	struct exchange same = {.number = 2, .round = 1, .port = 80, .proto = 6};
	struct exchange two = {.number = 3, .round = 2, .port = 80, .proto = 6};
	struct exchange control = {.number = 4, .round = 1, .port = 81, .proto = 6};

	f->n = 0;
	EXPECT_VERDICT(findings_fail(f, "5.6-1", &one, &two, &control, "x"), "FAIL");
	EXPECT_INT(f->finding[0].n_evidence, 3);
	EXPECT_INC(findings_fail(f, "5.6-1", &one, NULL, &control, "x"), "NOT_REPRODUCED");
	EXPECT_INC(findings_fail(f, "5.6-1", &one, &same, &control, "x"), "NOT_REPRODUCED");
	EXPECT_INC(findings_fail(f, "5.6-1", &one, &one, &control, "x"), "NOT_REPRODUCED");
	EXPECT_INC(findings_fail(f, "5.6-1", &one, &two, NULL, "x"), "CONTROL_FAILED");
}

TEST(a_text_from_a_device_is_printable_in_a_finding)
{
	struct findings *f = &judged;

	f->n = 0;
	EXPECT_STR(findings_add(f, "5.6-1", VERDICT_NFF, NULL, "a%cb\"", 27)->text, "a\\x1bb\\x22");
	EXPECT_STR(findings_add(f, "5.6-1", VERDICT_NFF, NULL, "%s", "a\\x1bb")->text, "a\\x1bb");
	for (int i = 0; i < FINDINGS_MAX + 9; i++)
		findings_add(f, "5.6-1", VERDICT_NFF, NULL, "x");
	EXPECT_INT(f->n, FINDINGS_MAX);
	EXPECT_INT(f->n_lost, 11);
	f->n_lost = 0;
}
