/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check/check.h"
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
judged_by(const char *profile)
{
	const struct gate_profile *found = gate_profile_find(profile);

	EXPECT(found != NULL);
	gate_from_result(result, found, &gate);
	result_free(result);
	return (enum gate_answer)gate.answer;
}

static enum gate_answer
judged(void)
{
	return judged_by("retailer");
}

static bool
has_reason(const char *provision)
{
	for (size_t i = 0; i < gate.n_reasons; i++)
		if (!strcmp(gate.reason[i].provision, provision))
			return true;
	return false;
}

/* A long run with everything allowed, in which each mandatory provision was looked at. */
static void
look_at_everything(void)
{
	result->run.consent = CONSENT_INTRUDE;
	result->run.begun_s = ENDED_S - DAY_S;
	for (size_t i = 0; i < n_provisions; i++)
		if (provisions[i].v3_class == 'M')
			found(provisions[i].id, VERDICT_NFF, INC_NONE);
	found("5.9-1", VERDICT_NFF, INC_NONE);
	found("5.9-2", VERDICT_NFF, INC_NONE);
	found("5.5-4", VERDICT_NFF, INC_NONE);
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
	EXPECT(gate.retest_s == ENDED_S + 14 * DAY_S);
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

/* What a law asks for in words of its own, which are no provision's: "PSTI-2.2". */
static bool
is_line_of_our_own(const char *id)
{
	static struct standard_verdict standard;

	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++) {
		verdict_of_standard((enum standard)i, NULL, 0, &standard);
		for (size_t line = 0; line < standard.n; line++)
			for (uint32_t k = 0; k < standard.requirement[line].n_own; k++)
				if (!strcmp(standard.requirement[line].own[k], id))
					return true;
	}
	return false;
}

/* A word that is misspelt in a row would be one that nobody ever asks for. */
static void
each_is_known(const char *list)
{
	char id[32];

	while (list && *list) {
		size_t len = strcspn(list, " ");
		snprintf(id, sizeof id, "%.*s", (int)len, list);
		bool is_known = provision_find(id) || is_line_of_our_own(id);
		if (!is_known)
			print_message("unknown: %s\n", id);
		EXPECT(is_known);
		list += len + strspn(list + len, " ");
	}
}

TEST(every_profile_asks_for_provisions_that_exist)
{
	for (size_t i = 0; i < n_gate_profiles; i++) {
		each_is_known(gate_profiles[i].listed);
		each_is_known(gate_profiles[i].holding);
		each_is_known(gate_profiles[i].failing);
		EXPECT(gate_profiles[i].retest_days > 0);
		EXPECT(gate_profile_find(gate_profiles[i].id) == &gate_profiles[i]);
	}
	EXPECT(gate_profile_find("everybody") == NULL);
}

TEST(every_profile_opens_on_a_whole_run_in_which_nothing_failed)
{
	for (size_t i = 0; i < n_gate_profiles; i++) {
		begin();
		look_at_everything();
		EXPECT_INT(judged_by(gate_profiles[i].id), GATE_SHELF);
	}
}

TEST(no_profile_opens_on_a_run_that_looked_at_nothing)
{
	for (size_t i = 0; i < n_gate_profiles; i++) {
		begin();
		EXPECT_INT(judged_by(gate_profiles[i].id), GATE_LABORATORY);
	}
}

TEST(a_laboratory_asks_for_every_mandatory_provision_and_for_recorded_reasons)
{
	begin();
	look_at_everything();
	result->n_findings--; /* 5.5-4, recommended */
	found("5.3-5", VERDICT_FAIL, INC_NONE);
	EXPECT_INT(judged_by("lab"), GATE_LABORATORY);
	EXPECT_INT(gate.n_reasons, 1);
	EXPECT_STR(gate.reason[0].provision, "5.3-5");
	EXPECT(strstr(gate.reason[0].fix, "5.0-1") != NULL);
	begin();
	look_at_psti();
	EXPECT_INT(judged_by("lab"), GATE_LABORATORY);
	EXPECT(has_reason("5.7-1") || has_reason("5.11-1"));
	EXPECT(has_reason("run"));
}

TEST(a_home_is_not_asked_for_what_only_a_laboratory_settles)
{
	begin();
	found("5.1-1", VERDICT_INC, INC_FEWER_TRIED);
	found("5.5-1", VERDICT_NFF, INC_NONE);
	found("5.6-1", VERDICT_INC, INC_NO_IXIT);
	EXPECT_INT(judged_by("home"), GATE_SHELF);
	begin();
	found("5.1-1", VERDICT_INC, INC_DEVICE_LOST);
	found("5.5-1", VERDICT_NFF, INC_NONE);
	found("5.6-1", VERDICT_NFF, INC_NONE);
	EXPECT_INT(judged_by("home"), GATE_LABORATORY);
	begin();
	found("5.1-1", VERDICT_FAIL, INC_NONE);
	EXPECT_INT(judged_by("home"), GATE_HOLD);
}

TEST(a_ward_is_held_by_what_a_device_does_when_the_network_is_away)
{
	begin();
	look_at_everything();
	found("5.9-1", VERDICT_FAIL, INC_NONE);
	EXPECT_INT(judged_by("hospital"), GATE_HOLD);
	EXPECT(gate.retest_s == ENDED_S + 7 * DAY_S);
	begin();
	look_at_everything();
	found("5.9-1", VERDICT_FAIL, INC_NONE);
	EXPECT_INT(judged_by("retailer"), GATE_SHELF);
	begin();
	look_at_everything();
	result->run.begun_s = ENDED_S - 600;
	EXPECT_INT(judged_by("hospital"), GATE_LABORATORY);
	EXPECT_STR(gate.reason[0].provision, "run");
	EXPECT(strstr(gate.reason[0].fix, "--hours 24") != NULL);
}

/* As the check of declarations says it. */
static void
declared(const char *provision, enum verdict_word word)
{
	snprintf(result->check[1].id, sizeof result->check[1].id, "declaration");
	result->n_checks = 2;
	found(provision, word, INC_NONE)->check = 1;
}

TEST(what_the_law_asks_for_is_not_looked_at_by_being_declared)
{
	begin();
	found("5.1-1", VERDICT_NFF, INC_NONE);
	found("5.1-2", VERDICT_NFF, INC_NONE);
	declared("5.2-1", VERDICT_DECL);
	found("5.3-13", VERDICT_PASS, INC_NONE);
	declared("5.4-3", VERDICT_DECL);
	EXPECT_INT(judged(), GATE_LABORATORY);
	EXPECT_INT(gate.n_reasons, 1);
	EXPECT_STR(gate.reason[0].provision, "5.2-1");
	EXPECT_INT(gate.reason[0].word, VERDICT_DECL);
	EXPECT(strstr(gate.reason[0].text, "declared, not looked at") != NULL);
}

TEST(nobody_declares_the_passwords_of_a_product_away_before_anybody_tried_one)
{
	begin();
	look_at_psti();
	result->n_findings = 0;
	declared("F:a", VERDICT_NA);
	declared("F:b", VERDICT_NA);
	found("5.2-1", VERDICT_PASS, INC_NONE);
	found("5.3-13", VERDICT_PASS, INC_NONE);
	EXPECT_INT(judged(), GATE_LABORATORY);
	EXPECT_INT(gate.n_reasons, 2);
	EXPECT_STR(gate.reason[0].provision, "5.1-1");
	EXPECT_INT(gate.reason[0].word, VERDICT_NA);

	/* Where it was tried, and nothing was found, the declaration stands. */
	begin();
	look_at_psti();
	declared("F:a", VERDICT_NA);
	declared("F:b", VERDICT_NA);
	EXPECT_INT(judged(), GATE_SHELF);
}
