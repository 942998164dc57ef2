/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "verdict/difference.h"

static struct audit_result *before, *now;
static struct difference difference;

static void
begin(void)
{
	before = result_new();
	now = result_new();
	before->n_checks = now->n_checks = 1;
}

static void
found(struct audit_result *result, const char *provision, enum verdict_word word)
{
	struct finding finding = {.word = (uint8_t)word,
		.reason = word == VERDICT_INC ? INC_NOT_SEEN : INC_NONE,
		.n_evidence = 1,
		.evidence = {3}};

	snprintf(finding.provision, sizeof finding.provision, "%s", provision);
	snprintf(finding.text, sizeof finding.text, "what was seen");
	EXPECT(result_add(result, &finding));
}

static size_t
differ(bool only_failures)
{
	difference_between(before, now, only_failures, &difference);
	result_free(before);
	result_free(now);
	return difference.n;
}

TEST(the_same_findings_are_no_difference)
{
	begin();
	found(before, "5.1-1", VERDICT_FAIL);
	found(now, "5.1-1", VERDICT_FAIL);
	found(before, "5.5-1", VERDICT_NFF);
	found(now, "5.5-1", VERDICT_NFF);
	EXPECT_INT(differ(false), 0);
	EXPECT_STR(difference.text, "");
}

TEST(what_fails_by_the_rules_of_today_is_named_first)
{
	begin();
	found(before, "5.1-1", VERDICT_FAIL);
	found(now, "5.1-1", VERDICT_NFF);
	found(before, "5.5-1", VERDICT_NFF);
	found(now, "5.5-1", VERDICT_FAIL);
	EXPECT_INT(differ(false), 2);
	EXPECT_INT(difference.n_fails, 1);
	EXPECT_STR(difference.text, "5.5-1 was NFF and is FAIL, 5.1-1 was FAIL and is NFF");
}

TEST(another_run_that_looked_at_something_else_is_no_change_of_the_product)
{
	begin();
	found(before, "5.1-1", VERDICT_NFF);
	found(now, "5.5-1", VERDICT_FAIL);
	found(before, "5.6-1", VERDICT_NFF);
	found(now, "5.6-1", VERDICT_INC);
	EXPECT_INT(differ(true), 0);
	begin();
	found(before, "5.6-1", VERDICT_NFF);
	found(now, "5.6-1", VERDICT_INC);
	EXPECT_INT(differ(false), 1);
}

TEST(more_differences_than_have_room_are_counted_and_none_is_cut_in_two)
{
	begin();
	for (size_t i = 0; i < n_provisions; i++) {
		found(before, provisions[i].id, VERDICT_NFF);
		found(now, provisions[i].id, VERDICT_FAIL);
	}
	EXPECT_INT(differ(false), n_provisions);
	size_t len = strlen(difference.text);
	EXPECT(len < sizeof difference.text);
	EXPECT_STR(difference.text + len - 4, "FAIL");
}
