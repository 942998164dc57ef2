/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "verdict/gate.h"

enum { DAY_S = 24 * 3600, ENDED_S = 1700000000 };

static struct audit_result *result;
static struct gate gate;

static void
begin(void)
{
	result = result_new();
	result->run.is_complete = true;
	result->run.ended_s = ENDED_S;
	result->n_checks = 1;
	snprintf(result->check[0].id, sizeof result->check[0].id, "telnet-login");
	snprintf(result->check[0].for_maker, sizeof result->check[0].for_maker,
		"a password of its own for each device");
}

static struct finding *
found(const char *provision, enum verdict_word word, enum inc_reason reason)
{
	struct finding finding = {
		.word = (uint8_t)word, .reason = (uint8_t)reason, .n_evidence = 1, .evidence = {3}};

	snprintf(finding.provision, sizeof finding.provision, "%s", provision);
	snprintf(finding.text, sizeof finding.text, "what was seen");
	EXPECT(result_add(result, &finding));
	return &result->finding[result->n_findings - 1];
}

/* Each of the three PSTI items was looked at and nothing was found. */
static void
look_at_psti(void)
{
	found("5.1-1", VERDICT_NFF, INC_NONE);
	found("5.1-2", VERDICT_NFF, INC_NONE);
	found("5.2-1", VERDICT_PASS, INC_NONE);
	found("5.3-13", VERDICT_PASS, INC_NONE);
}

static enum gate_answer
judged(void)
{
	gate_from_result(result, &gate);
	result_free(result);
	return (enum gate_answer)gate.answer;
}

TEST(a_product_goes_on_the_shelf_when_the_three_items_were_looked_at_and_nothing_failed)
{
	begin();
	look_at_psti();
	EXPECT_INT(judged(), GATE_SHELF);
	EXPECT_INT(gate.n_reasons, 0);
	EXPECT_INT(gate.operator_minutes, 0);
}

TEST(an_audit_that_found_nothing_because_it_looked_at_nothing_opens_no_shelf)
{
	begin();
	EXPECT_INT(judged(), GATE_LABORATORY);
	EXPECT_INT(gate.n_reasons, 4);
	EXPECT(strstr(gate.reason[0].text, "nobody looked at it") != NULL);
	EXPECT_STR(gate.reason[2].provision, "5.2-1");
	EXPECT(strstr(gate.reason[2].fix, "what the maker publishes") != NULL);
	EXPECT(gate.operator_minutes > 0);
}

TEST(a_failure_holds_the_product_and_names_the_fix_and_the_date)
{
	begin();
	look_at_psti();
	struct finding *finding = found("5.1-1", VERDICT_FAIL, INC_NONE);
	finding->is_critical = 1;
	finding->proto = 6;
	finding->port = 23;
	EXPECT_INT(judged(), GATE_HOLD);
	EXPECT_INT(gate.n_reasons, 1);
	EXPECT_STR(gate.reason[0].provision, "5.1-1");
	EXPECT_STR(gate.reason[0].fix, "a password of its own for each device");
	EXPECT(gate.retest_s == ENDED_S + GATE_RETEST_DAYS * DAY_S);
	EXPECT_INT(gate.n_closed, 1);
	EXPECT_INT(gate.closed[0].port, 23);
}

TEST(a_failure_without_evidence_is_none_and_opens_no_shelf_either)
{
	begin();
	look_at_psti();
	found("5.1-1", VERDICT_FAIL, INC_NONE)->n_evidence = 0;
	EXPECT_INT(judged(), GATE_LABORATORY);
}

TEST(a_recommendation_that_is_not_met_keeps_nothing_off_the_shelf)
{
	begin();
	look_at_psti();
	found("5.3-5", VERDICT_FAIL, INC_NONE);
	EXPECT_INT(judged(), GATE_SHELF);
}

TEST(what_cannot_be_told_goes_to_the_laboratory_with_what_would_settle_it)
{
	begin();
	look_at_psti();
	found("5.1-2", VERDICT_INC, INC_ONE_UNIT);
	EXPECT_INT(judged(), GATE_LABORATORY);
	EXPECT_INT(gate.n_reasons, 1);
	EXPECT_STR(gate.reason[0].fix, inc_reason_settles(INC_ONE_UNIT));
	EXPECT_INT(gate.operator_minutes, gate.reason[0].operator_minutes);
}

TEST(a_failure_weighs_more_than_what_cannot_be_told)
{
	begin();
	found("5.1-2", VERDICT_INC, INC_ONE_UNIT);
	found("5.6-1", VERDICT_FAIL, INC_NONE);
	EXPECT_INT(judged(), GATE_HOLD);
}

TEST(a_run_that_was_cut_short_opens_no_shelf)
{
	begin();
	look_at_psti();
	result->run.is_complete = false;
	EXPECT_INT(judged(), GATE_LABORATORY);
}

TEST(the_same_failure_over_both_protocols_is_one_reason)
{
	begin();
	look_at_psti();
	found("5.6-1", VERDICT_FAIL, INC_NONE);
	found("5.6-1", VERDICT_FAIL, INC_NONE);
	EXPECT_INT(judged(), GATE_HOLD);
	EXPECT_INT(gate.n_reasons, 1);
}

TEST(more_failures_than_are_listed_are_counted)
{
	begin();
	for (int i = 0; i < GATE_REASONS_MAX + 5; i++) {
		struct finding *finding = found("5.6-1", VERDICT_FAIL, INC_NONE);
		snprintf(finding->text, sizeof finding->text, "port %d", i);
	}
	EXPECT_INT(judged(), GATE_HOLD);
	EXPECT_INT(gate.n_reasons, GATE_REASONS_MAX);
	EXPECT_INT(gate.n_more, 5);
}
