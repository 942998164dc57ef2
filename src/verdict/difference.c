/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/difference.h"

#include <stdio.h>
#include <string.h>

static void
say(struct difference *out, const char *id, enum verdict_word was, enum verdict_word is)
{
	size_t len = strlen(out->text);
	char one[80];
	int n = snprintf(one, sizeof one, "%s%s was %s and is %s", len ? ", " : "", id,
		verdict_word_name(was), verdict_word_name(is));

	/* Whole or not at all; the count says that there are more. */
	if (n > 0 && len + (size_t)n < sizeof out->text)
		memcpy(out->text + len, one, (size_t)n + 1);
}

static void
compare(const struct audit_result *before, const struct audit_result *now, bool only_failures,
	bool fails_now, struct difference *out)
{
	for (size_t i = 0; i < n_provisions; i++) {
		const char *id = provisions[i].id;
		struct verdict was = verdict_from_findings(id, before->finding, before->n_findings);
		struct verdict is = verdict_from_findings(id, now->finding, now->n_findings);
		bool is_failure = is.word == VERDICT_FAIL;
		if (was.word == is.word || is_failure != fails_now)
			continue;
		if (only_failures && (was.n_missing || is.n_missing ||
					     (!is_failure && was.word != VERDICT_FAIL)))
			continue;
		out->n++;
		out->n_fails += is_failure;
		say(out, id, (enum verdict_word)was.word, (enum verdict_word)is.word);
	}
}

void
difference_between(const struct audit_result *before, const struct audit_result *now,
	bool only_failures, struct difference *out)
{
	memset(out, 0, sizeof *out);
	compare(before, now, only_failures, true, out);
	compare(before, now, only_failures, false, out);
}
