/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static struct finding
found(const char *provision, enum verdict_word word, enum inc_reason reason)
{
	struct finding out = {.word = (uint8_t)word,
		.reason = (uint8_t)reason,
		.n_evidence = 2,
		.evidence = {1, 2}};

	snprintf(out.provision, sizeof out.provision, "%s", provision);
	return out;
}

static struct verdict
of(enum verdict_word word)
{
	return (struct verdict){.word = (uint8_t)word, .n_findings = 1};
}

static enum verdict_word
two(enum verdict_word a, enum verdict_word b)
{
	struct verdict child[] = {of(a), of(b)};

	return (enum verdict_word)verdict_roll_up(child, 2).word;
}

TEST(an_empty_set_is_never_passed)
{
	struct verdict verdict = verdict_roll_up(NULL, 0);

	EXPECT_INT(verdict.word, VERDICT_INC);
	EXPECT_INT(verdict.n_missing, 1);
	EXPECT_INT(verdict.reasons, 1u << INC_NOT_SEEN);

	verdict = verdict_from_findings("5.1-1", NULL, 0);
	EXPECT_INT(verdict.word, VERDICT_INC);
	EXPECT_INT(verdict.n_missing, 1);
}

TEST(one_fail_overrules_all_else)
{
	for (unsigned i = 0; i < VERDICT_WORD_COUNT; i++)
		EXPECT_INT(two((enum verdict_word)i, VERDICT_FAIL), VERDICT_FAIL);
}

TEST(one_pass_never_hides_what_is_inconclusive_or_missing)
{
	EXPECT_INT(two(VERDICT_PASS, VERDICT_INC), VERDICT_INC);
	EXPECT_INT(two(VERDICT_PASS, VERDICT_UNKNOWN), VERDICT_INC);
	EXPECT_INT(two(VERDICT_NFF, VERDICT_UNKNOWN), VERDICT_INC);
	EXPECT_INT(two(VERDICT_NA, VERDICT_UNKNOWN), VERDICT_INC);
}

TEST(no_failure_found_and_declared_never_become_passed)
{
	EXPECT_INT(two(VERDICT_PASS, VERDICT_NFF), VERDICT_NFF);
	EXPECT_INT(two(VERDICT_PASS, VERDICT_DECL), VERDICT_DECL);
	EXPECT_INT(two(VERDICT_DECL, VERDICT_NFF), VERDICT_NFF);
	EXPECT_INT(two(VERDICT_NA, VERDICT_NFF), VERDICT_NFF);
	EXPECT_INT(two(VERDICT_NFF, VERDICT_NFF), VERDICT_NFF);
}

TEST(not_applicable_stays_only_where_nothing_applies)
{
	EXPECT_INT(two(VERDICT_NA, VERDICT_NA), VERDICT_NA);
	EXPECT_INT(two(VERDICT_NA, VERDICT_PASS), VERDICT_PASS);
}

TEST(all_reasons_are_carried_up)
{
	struct finding finding[] = {found("5.6-1", VERDICT_INC, INC_TIME_OUT),
		found("5.6-1", VERDICT_INC, INC_LOCKED_OUT), found("5.6-1", VERDICT_PASS, INC_NONE),
		found("5.6-2", VERDICT_INC, INC_LANGUAGE)};
	struct verdict verdict = verdict_from_findings("5.6-1", finding, 4);

	EXPECT_INT(verdict.word, VERDICT_INC);
	EXPECT_INT(verdict.reasons, 1u << INC_TIME_OUT | 1u << INC_LOCKED_OUT);
	EXPECT_INT(verdict.n_findings, 3);
	EXPECT_INT(verdict.n_missing, 0);
}

TEST(a_word_that_needs_evidence_and_has_none_is_inconclusive)
{
	static const enum verdict_word words[] = {VERDICT_FAIL, VERDICT_PASS, VERDICT_NA};

	for (size_t i = 0; i < 3; i++) {
		struct finding finding = found("5.6-1", words[i], INC_NONE);
		EXPECT_INT(verdict_from_findings("5.6-1", &finding, 1).word, words[i]);
		finding.n_evidence = 0;
		EXPECT_INT(verdict_from_findings("5.6-1", &finding, 1).word, VERDICT_INC);
	}
}

TEST(a_word_or_reason_that_nobody_knows_is_inconclusive)
{
	struct finding finding = found("5.6-1", VERDICT_INC, INC_NONE);

	EXPECT_INT(verdict_from_findings("5.6-1", &finding, 1).reasons, 1u << INC_TOOL_ERROR);
	finding.reason = 255;
	EXPECT_INT(verdict_from_findings("5.6-1", &finding, 1).reasons, 1u << INC_TOOL_ERROR);
	finding.word = 200;
	EXPECT_INT(verdict_from_findings("5.6-1", &finding, 1).word, VERDICT_INC);
}

TEST(a_provision_whose_condition_is_unknown_is_inconclusive_and_not_left_out)
{
	EXPECT_INT(verdict_from_findings("6-2", NULL, 0).word, VERDICT_INC);
}

TEST(a_provision_whose_condition_is_shown_absent_does_not_apply)
{
	struct finding finding[] = {
		found("F:y", VERDICT_NA, INC_NONE), found("6-2", VERDICT_NFF, INC_NONE)};

	EXPECT_INT(verdict_from_findings("6-2", finding, 1).word, VERDICT_NA);
	EXPECT_INT(verdict_from_findings("6-2", finding, 2).word, VERDICT_NA);
	/* Others do not stand under it. */
	EXPECT_INT(verdict_from_findings("6-1", finding, 2).word, VERDICT_INC);
	/* What shows nothing leaves nothing out. */
	finding[0].n_evidence = 0;
	EXPECT_INT(verdict_from_findings("6-2", finding, 1).word, VERDICT_INC);
}

TEST(what_was_seen_to_fail_applies_whatever_was_declared)
{
	struct finding finding[] = {
		found("F:a", VERDICT_NA, INC_NONE), found("5.1-1", VERDICT_FAIL, INC_NONE)};

	EXPECT_INT(verdict_from_findings("5.1-1", finding, 2).word, VERDICT_FAIL);
}

TEST(one_who_saw_the_feature_outweighs_one_who_did_not)
{
	struct finding finding[] = {
		found("F:y", VERDICT_NA, INC_NONE), found("F:y", VERDICT_PASS, INC_NONE)};

	EXPECT_INT(verdict_from_findings("6-2", finding, 2).word, VERDICT_INC);
}

static struct standard_verdict standard;

static const struct requirement *
line(const char *id)
{
	for (size_t i = 0; i < standard.n; i++)
		if (!strcmp(standard.requirement[i].id, id))
			return &standard.requirement[i];
	return NULL;
}

static uint32_t
sum(const uint32_t count[static VERDICT_WORD_COUNT])
{
	uint32_t all = 0;

	for (unsigned i = 0; i < VERDICT_WORD_COUNT; i++)
		all += count[i];
	return all;
}

TEST(with_nothing_found_every_line_of_every_standard_is_inconclusive)
{
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++) {
		verdict_of_standard((enum standard)i, NULL, 0, &standard);
		EXPECT(standard.n > 0);
		EXPECT_INT(standard.mandatory[VERDICT_INC] + standard.recommended[VERDICT_INC],
			standard.n);
		EXPECT_INT(standard_from_id(standard_id((enum standard)i)), i);
	}
	verdict_of_standard(STANDARD_UNKNOWN, NULL, 0, &standard);
	EXPECT_INT(standard.n, 0);
	EXPECT_INT(standard_from_id("nothing"), STANDARD_UNKNOWN);
}

TEST(mandatory_and_recommended_lines_are_counted_apart)
{
	struct finding finding[] = {found("5.1-1", VERDICT_FAIL, INC_NONE),
		found("5.2-2", VERDICT_FAIL, INC_NONE), found("5.2-1", VERDICT_PASS, INC_NONE)};

	verdict_of_standard(STANDARD_EN303645_V3, finding, 3, &standard);
	EXPECT_INT(standard.n, 78);
	EXPECT_INT(sum(standard.mandatory), 36);
	EXPECT_INT(sum(standard.recommended), 42);
	EXPECT_INT(standard.mandatory[VERDICT_FAIL], 1);
	EXPECT_INT(standard.mandatory[VERDICT_PASS], 1);
	EXPECT_INT(standard.recommended[VERDICT_FAIL], 1);

	verdict_of_standard(STANDARD_EN303645_V2, finding, 3, &standard);
	EXPECT_INT(standard.n, 68);
	EXPECT_INT(sum(standard.mandatory), 33);
}

TEST(the_older_edition_says_in_one_provision_what_the_newer_splits)
{
	struct finding finding[] = {
		found("5.13-1A", VERDICT_PASS, INC_NONE), found("5.13-1B", VERDICT_FAIL, INC_NONE)};

	verdict_of_standard(STANDARD_EN303645_V2, finding, 2, &standard);
	EXPECT_INT(line("5.13-1")->verdict.word, VERDICT_FAIL);
	EXPECT_INT(line("5.13-1")->n_provisions, 2);
	EXPECT_INT(line("5.3-6")->n_provisions, 3);
	EXPECT(!line("5.1-2A"));
	EXPECT(line("4-1"));
}

TEST(the_three_items_of_the_uk_law_rest_on_the_provisions_that_it_names)
{
	struct finding finding[] = {found("5.1-1", VERDICT_NFF, INC_NONE),
		found("5.1-2", VERDICT_INC, INC_ONE_UNIT), found("5.2-1", VERDICT_PASS, INC_NONE),
		found("5.3-13", VERDICT_FAIL, INC_NONE), found("5.1-3", VERDICT_FAIL, INC_NONE)};

	verdict_of_standard(STANDARD_PSTI, finding, 5, &standard);
	EXPECT_INT(standard.n, 3);
	EXPECT_INT(line("1")->n_provisions, 2);
	EXPECT_INT(line("1")->verdict.word, VERDICT_INC);
	EXPECT_INT(line("1")->verdict.reasons, 1u << INC_ONE_UNIT);
	EXPECT_INT(line("2")->verdict.word, VERDICT_PASS);
	EXPECT_INT(line("3")->verdict.word, VERDICT_FAIL);
}

TEST(the_uk_laws_own_words_count_where_deemed_compliance_is_not_shown)
{
	struct finding finding[] = {
		found("PSTI-3.6", VERDICT_FAIL, INC_NONE), found("5.3-13", VERDICT_PASS, INC_NONE)};

	verdict_of_standard(STANDARD_PSTI, finding, 1, &standard);
	EXPECT_INT(line("3")->verdict.word, VERDICT_FAIL);
	verdict_of_standard(STANDARD_PSTI, finding, 2, &standard);
	EXPECT_INT(line("3")->verdict.word, VERDICT_PASS);
}

TEST(a_line_that_no_provision_covers_is_there_and_inconclusive_until_its_own_check_speaks)
{
	struct finding finding = found("CRA-I2a", VERDICT_NFF, INC_NONE);

	verdict_of_standard(STANDARD_CRA, NULL, 0, &standard);
	EXPECT_INT(line("I(2)(a)")->n_provisions, 0);
	EXPECT_INT(line("I(2)(a)")->verdict.word, VERDICT_INC);
	verdict_of_standard(STANDARD_CRA, &finding, 1, &standard);
	EXPECT_INT(line("I(2)(a)")->verdict.word, VERDICT_NFF);
	EXPECT(line("II(5)")->is_unchecked);
	EXPECT(!line("I(2)(d)")->is_unchecked);
}

TEST(what_is_only_weakly_related_is_not_counted)
{
	verdict_of_standard(STANDARD_CRA, NULL, 0, &standard);
	for (uint32_t i = 0; i < line("I(2)(c)")->n_provisions; i++)
		EXPECT(strcmp(line("I(2)(c)")->provision[i]->id, "5.3-12"));
}

TEST(lines_stand_in_the_order_of_their_numbers)
{
	verdict_of_standard(STANDARD_COP, NULL, 0, &standard);
	EXPECT_INT(standard.n, 13);
	for (size_t i = 0; i < standard.n; i++)
		EXPECT_INT(atoi(standard.requirement[i].id), i + 1);
}

TEST(clauses_have_a_line_for_what_is_mandatory_and_one_for_what_is_recommended)
{
	struct finding finding = found("5.2-2", VERDICT_FAIL, INC_NONE);

	verdict_of_clauses(&finding, 1, &standard);
	EXPECT_STR(standard.requirement[0].id, "5.0");
	EXPECT_INT(standard.recommended[VERDICT_FAIL], 1);
	EXPECT_INT(standard.mandatory[VERDICT_FAIL], 0);
}

/* Fixed seed: the same thousand sets every time. */
static uint32_t chance;
static uint32_t
any(uint32_t below)
{
	chance = chance * 1664525 + 1013904223;
	return (chance >> 8) % below;
}

TEST(the_order_of_findings_does_not_matter_and_more_of_them_never_make_it_better)
{
	static struct standard_verdict other;
	struct finding finding[200];

	chance = 645;
	for (unsigned round = 0; round < 300; round++) {
		size_t n = any(200);
		for (size_t i = 0; i < n; i++) {
			finding[i] = found(provisions[any((uint32_t)n_provisions)].id,
				(enum verdict_word)any(VERDICT_WORD_COUNT + 1),
				(enum inc_reason)any(INC_COUNT + 1));
			if (!any(6))
				snprintf(finding[i].provision, sizeof finding[i].provision, "F:%c",
					'a' + (char)any(26));
			finding[i].n_evidence = any(3);
		}
		enum standard which = (enum standard)(1 + any(STANDARD_COUNT - 1));
		verdict_of_standard(which, finding, n, &standard);
		EXPECT_INT(sum(standard.mandatory) + sum(standard.recommended), standard.n);

		for (size_t i = 0; i < n; i++) {
			size_t j = any((uint32_t)n);
			struct finding swap = finding[i];
			finding[i] = finding[j];
			finding[j] = swap;
		}
		verdict_of_standard(which, finding, n, &other);
		EXPECT_MEM(&standard, &other, sizeof other);

		/* A line without a finding for one of its parts is never PASS, NFF or DECL. */
		for (size_t i = 0; i < standard.n; i++) {
			const struct verdict *verdict = &standard.requirement[i].verdict;
			EXPECT(verdict->word > VERDICT_UNKNOWN &&
				verdict->word < VERDICT_WORD_COUNT);
			EXPECT(!verdict->n_missing || verdict->word >= VERDICT_INC);
			EXPECT(!verdict->reasons || verdict->word >= VERDICT_INC);
		}

		const char *id = provisions[any((uint32_t)n_provisions)].id;
		uint8_t before = verdict_from_findings(id, finding, n).word;
		if (n < 200 && before != VERDICT_NA) {
			finding[n] = found(id, VERDICT_PASS, INC_NONE);
			uint8_t after = verdict_from_findings(id, finding, n + 1).word;
			bool was_missing = verdict_from_findings(id, finding, n).n_missing > 0;
			EXPECT(after == before || was_missing);
		}
	}
}
