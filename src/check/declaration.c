/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was declared, as findings: DECL for what is said to be met, NA for what is
 * said not to apply, INC for what is said not to be met.  Nothing of it is tested,
 * and the only failure is of the declaration itself: a reason that it must give
 * and does not (5.0-1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/declared.h"
#include "check/table.h"

struct judging {
	const struct declared *declared;
	const struct exchange *at;
	struct findings *findings;
	char by[DECLARED_BY_MAX];
};

/* Limits of the hardware are the maker's to claim. */
static bool
is_makers_alone(const char *key)
{
	return !strcmp(key, "C:14") || !strcmp(key, "C:15");
}

static void
judge_condition(const struct judging *judging, const struct question *question, uint8_t says,
	const char *reason)
{
	struct findings *findings = judging->findings;

	if (says == SAYS_YES)
		findings_add(findings, question->id, VERDICT_DECL, judging->at,
			"declared to be so by %s", judging->by);
	else if (says == SAYS_NOT_APPLICABLE)
		findings_inc(findings, question->id, INC_NO_IXIT, judging->at,
			"neither yes nor no was declared by %s", judging->by);
	else if (is_makers_alone(question->id) && judging->declared->role != SIGNER_MAKER)
		findings_inc(findings, question->id, INC_NO_IXIT, judging->at,
			"declared not to be so by %s, which only the maker can say", judging->by);
	else if (is_makers_alone(question->id) && !*reason)
		findings_inc(findings, question->id, INC_NO_IXIT, judging->at,
			"declared not to be so by %s, and no reason is given", judging->by);
	else
		findings_add(findings, question->id, VERDICT_NA, judging->at,
			"declared not to be so by %s%s%s", judging->by, *reason ? ": " : "",
			reason);
}

static void
judge_absence(const struct judging *judging, const struct question *question, const char *reason)
{
	struct findings *findings = judging->findings;

	if (question->class == 'M' && !question->is_conditional)
		findings_inc(findings, question->id, INC_DECLARED_NO, judging->at,
			"declared not to apply by %s, and it applies to every device", judging->by);
	else if (!*reason)
		findings_inc(findings, question->id, INC_NO_IXIT, judging->at,
			"declared not to apply by %s, and no reason is given", judging->by);
	else
		findings_add(findings, question->id, VERDICT_NA, judging->at,
			"declared not to apply by %s: %s", judging->by, reason);
}

static void
judge_answer(const struct judging *judging, size_t place)
{
	const struct declared_answer *answer = &judging->declared->answer[place];
	const struct question *question = &questions[place];
	const char *more = *answer->text ? answer->text : answer->evidence;

	if (question->class == 'C') {
		judge_condition(judging, question, answer->says, answer->reason);
		return;
	}
	switch (answer->says) {
	case SAYS_YES:
		findings_add(judging->findings, question->id, VERDICT_DECL, judging->at,
			"declared met by %s%s%s", judging->by, *more ? ": " : "", more);
		return;
	case SAYS_NO:
		findings_inc(judging->findings, question->id, INC_DECLARED_NO, judging->at,
			"declared not met by %s%s%s", judging->by, *answer->reason ? ": " : "",
			answer->reason);
		return;
	default:
		judge_absence(judging, question, answer->reason);
	}
}

/*
 * EN 303 645, 5.0-1: each recommendation that is not met, or does not apply, has its
 * reason beside it.  The maker's declaration is the record that it asks for, so this is
 * a look at a paper and not at a device; whether the reasons are good ones nobody says.
 */
static void
judge_record(const struct judging *judging)
{
	size_t n_all = 0, n_open = 0, n_bare = 0, len = 0;
	char list[80] = "";

	if (judging->declared->role != SIGNER_MAKER)
		return;
	for (size_t i = 0; i < n_questions; i++) {
		const struct declared_answer *answer = &judging->declared->answer[i];
		if (questions[i].class != 'R')
			continue;
		n_all++;
		n_open += answer->says == SAYS_NOTHING;
		if (answer->says <= SAYS_YES || *answer->reason)
			continue;
		n_bare++;
		if (len < sizeof list)
			len += (size_t)snprintf(list + len, sizeof list - len, "%s%s",
				len ? ", " : "", questions[i].id);
	}
	struct finding *finding;
	if (n_bare)
		finding = findings_add(judging->findings, "5.0-1", VERDICT_FAIL, judging->at,
			"%zu recommendations are declared not met or not to apply by %s, and no "
			"reason is given (%s)",
			n_bare, judging->by, list);
	else if (n_open)
		finding = findings_inc(judging->findings, "5.0-1", INC_NO_IXIT, judging->at,
			"%zu of %zu recommendations have no answer in what %s declared", n_open,
			n_all, judging->by);
	else
		finding = findings_add(judging->findings, "5.0-1", VERDICT_DECL, judging->at,
			"all %zu recommendations are answered by %s, with a reason where one is "
			"due",
			n_all, judging->by);
	finding_coverage(finding, n_all - n_open, n_all);
}

void
declaration_judge(const struct transcript *transcript, struct findings *findings)
{
	struct judging judging = {.findings = findings};
	auto_free struct declared *declared = declared_in(transcript, &judging.at);

	if (!declared)
		return;
	judging.declared = declared;
	declared_by(declared, judging.by);
	for (size_t i = 0; i < n_questions; i++)
		if (declared->answer[i].says)
			judge_answer(&judging, i);
	judge_record(&judging);
}
