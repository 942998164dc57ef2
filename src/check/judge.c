/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include <assert.h>
#include <string.h>

#include "check/table.h"

static bool
was_begun(const struct transcript *transcript, uint16_t check)
{
	return transcript_first(transcript, check, "begin") != NULL;
}

static void
weaken(struct finding *finding, enum inc_reason reason)
{
	finding->word = VERDICT_INC;
	finding->reason = (uint8_t)reason;
	finding->is_critical = false;
}

static bool
is_spoken_of(const struct findings *findings, size_t first, const char *provision)
{
	for (size_t i = first; i < findings->n; i++)
		if (!strcmp(findings->finding[i].provision, provision))
			return true;
	return false;
}

static void
settle(struct findings *findings, size_t first, enum inc_reason cut)
{
	bool is_document = checks[findings->check].is_document;

	for (size_t i = first; i < findings->n; i++) {
		struct finding *finding = &findings->finding[i];
		if (finding->word == VERDICT_FAIL && finding->n_evidence < 2 && !is_document)
			weaken(finding, INC_NOT_REPRODUCED);
		if (cut && (finding->word == VERDICT_NFF || finding->word == VERDICT_PASS ||
				   finding->word == VERDICT_NA))
			weaken(finding, cut);
	}
}

static void
speak_of_the_rest(
	struct findings *findings, size_t first, const struct check *row, enum inc_reason cut)
{
	char list[256], *rest = list, *provision;

	snprintf(list, sizeof list, "%s", row->provisions);
	while ((provision = strsep(&rest, " "))) {
		if (!*provision || is_spoken_of(findings, first, provision))
			continue;
		if (cut)
			findings_inc(findings, provision, cut, NULL,
				"not tested, or not to the end: %s", row->title);
		else
			findings_inc(findings, provision, INC_NOT_SEEN, NULL,
				"nothing was seen that speaks of it (%s)", row->title);
	}
}

void
check_judge(uint16_t check, const struct transcript *transcript, struct findings *findings)
{
	const struct check *row = &checks[check];
	enum inc_reason cut = row->is_probed ? check_was_cut(transcript, check) : INC_NONE;
	size_t first = findings->n;

	assert(check < n_checks);
	findings->check = check;
	if (!row->is_probed || row->is_document || was_begun(transcript, check))
		check_halves[check].judge(transcript, findings);
	for (size_t i = first; i < findings->n; i++)
		assert(check_may_speak_of(check, findings->finding[i].provision));
	settle(findings, first, cut);
	if (!row->is_document)
		speak_of_the_rest(findings, first, row, cut);
}
