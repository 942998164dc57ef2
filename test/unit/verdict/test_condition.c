/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/condition.h"

#include <stdio.h>
#include <string.h>

#include "check/declared.h"
#include "test.h"
#include "verdict/verdict.h"

static struct finding
found(const char *provision, enum verdict_word word)
{
	struct finding out = {.word = (uint8_t)word, .n_evidence = 2, .evidence = {1, 2}};

	snprintf(out.provision, sizeof out.provision, "%s", provision);
	return out;
}

TEST(a_condition_that_was_declared_away_stays_where_it_was_seen)
{
	struct finding finding[] = {found("F:a", VERDICT_NA), found("5.1-1", VERDICT_FAIL),
		found("5.1-2", VERDICT_NFF)};

	/* No passwords, says the maker. */
	EXPECT_INT(verdict_from_findings("5.1-1", finding, 1).word, VERDICT_NA);
	/* A factory login worked. */
	EXPECT(condition_seen("F:a", finding, 3) == &finding[1]);
	EXPECT_INT(verdict_from_findings("5.1-1", finding, 3).word, VERDICT_FAIL);
	/* And 5.1-3, which asks for F:c, is not declared away with F:c either. */
	struct finding other[] = {found("F:c", VERDICT_NA), found("5.1-1", VERDICT_FAIL),
		found("5.1-3", VERDICT_NFF)};
	EXPECT_INT(verdict_from_findings("5.1-3", other, 3).word, VERDICT_NFF);
	EXPECT_INT(verdict_from_findings("5.1-3", other, 1).word, VERDICT_NA);
}

TEST(what_found_nothing_shows_no_condition)
{
	struct finding finding[] = {found("5.1-1", VERDICT_NFF), found("5.1-1", VERDICT_INC),
		found("5.3-5", VERDICT_INC), found("F:a", VERDICT_NA)};

	EXPECT(!condition_seen("F:a", finding, 4));
	EXPECT(!condition_seen("F:j", finding, 4));
	EXPECT(!condition_seen("F:a", NULL, 0));
}

TEST(a_failure_without_evidence_shows_no_condition)
{
	struct finding finding = found("5.1-1", VERDICT_FAIL);

	finding.n_evidence = 0;
	EXPECT(!condition_seen("F:a", &finding, 1));
}

TEST(updates_that_were_seen_come_over_a_network)
{
	struct finding finding[] = {found("5.3-5", VERDICT_PASS), found("F:j", VERDICT_NA)};

	EXPECT(condition_seen("F:j", finding, 2) == &finding[0]);
	EXPECT(condition_seen("C:12", finding, 2) == &finding[0]);
	EXPECT(!condition_seen("F:aa", finding, 2));
}

TEST(the_questionnaire_asks_for_each_provision_of_the_table_in_its_class)
{
	size_t n = 0;

	for (size_t i = 0; i < n_questions; i++) {
		const struct provision *provision = provision_find(questions[i].id);
		if (questions[i].class == 'C') {
			EXPECT(!provision && condition_text(questions[i].id));
			continue;
		}
		if (questions[i].class == 'P') { /* of Schedule 1, which no provision says */
			EXPECT(!provision && !strncmp(questions[i].id, "PSTI-", 5));
			continue;
		}
		assert_true(provision != NULL);
		EXPECT_INT(questions[i].class, provision->v3_class);
		EXPECT_INT(questions[i].is_conditional, provision->v3_condition != NULL);
		n++;
	}
	EXPECT_INT(n, n_provisions);
}
