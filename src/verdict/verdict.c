/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/verdict.h"

#include <string.h>

#include "verdict/condition.h"

static void
take(struct verdict *sum, const struct verdict *child)
{
	struct verdict one = *child;

	if (one.word == VERDICT_UNKNOWN || one.word >= VERDICT_WORD_COUNT) {
		one.word = VERDICT_INC;
		one.reasons |= 1u << INC_NOT_SEEN;
		one.n_missing += !one.n_missing;
	}
	/* The words are in the order in which they overrule; NA is the least, so it stays only alone. */
	if (one.word > sum->word)
		sum->word = one.word;
	sum->reasons |= one.reasons;
	sum->n_findings += one.n_findings;
	sum->n_missing += one.n_missing;
}

struct verdict
verdict_roll_up(const struct verdict *child, size_t n)
{
	struct verdict sum = {0}, nothing = {0};

	for (size_t i = 0; i < n; i++)
		take(&sum, &child[i]);
	if (!n)
		take(&sum, &nothing);
	return sum;
}

static struct verdict
of_finding(const struct finding *finding)
{
	struct verdict out = {.word = finding->word, .n_findings = 1};
	uint8_t reason = finding->reason;

	switch (finding->word) {
	case VERDICT_FAIL:
		if (finding->n_evidence)
			return out;
		reason = INC_NOT_REPRODUCED;
		break;
	case VERDICT_PASS:
	case VERDICT_NA:
		if (finding->n_evidence)
			return out;
		reason = INC_TOOL_ERROR;
		break;
	case VERDICT_NFF:
	case VERDICT_DECL:
		return out;
	default: /* INC, and words that nobody knows */
		break;
	}
	out.word = VERDICT_INC;
	out.reasons = 1u << (reason > INC_NONE && reason < INC_COUNT ? reason : INC_TOOL_ERROR);
	return out;
}

static bool
speaks_of(const struct finding *finding, const char *provision)
{
	return !strncmp(finding->provision, provision, sizeof finding->provision);
}

static struct verdict
of_id(const char *id, const struct finding *finding, size_t n)
{
	struct verdict sum = {0}, nothing = {0};

	for (size_t i = 0; i < n; i++)
		if (speaks_of(&finding[i], id)) {
			struct verdict one = of_finding(&finding[i]);
			take(&sum, &one);
		}
	if (!sum.n_findings)
		take(&sum, &nothing);
	return sum;
}

/* Shown not to hold: there are findings that say so, with evidence, and none that says otherwise. */
static bool
is_shown_absent(const char *key, const struct finding *finding, size_t n)
{
	return of_id(key, finding, n).word == VERDICT_NA && !condition_seen(key, finding, n);
}

bool
condition_is_absent(const char *conditions, bool is_v2, const struct finding *finding, size_t n)
{
	while (conditions && *conditions) {
		size_t len = strcspn(conditions, ";");
		char key[8] = "";
		unsigned number = 0;

		if (is_v2) {
			for (size_t i = 0; i < len; i++)
				if (conditions[i] >= '0' && conditions[i] <= '9')
					number = number * 10 + (unsigned)(conditions[i] - '0');
			const char *as_v3 = condition_of_v2(number);
			if (as_v3 && is_shown_absent(as_v3, finding, n))
				return true;
		} else if (len < sizeof key) {
			memcpy(key, conditions, len);
			if (is_shown_absent(key, finding, n))
				return true;
		}
		conditions += len + (conditions[len] == ';');
	}
	return false;
}

struct verdict
verdict_of_id(const char *id, bool is_absent, const struct finding *finding, size_t n)
{
	struct verdict own = of_id(id, finding, n);

	/* What was seen to fail is there, whatever was declared. */
	if (is_absent && own.word != VERDICT_FAIL)
		return (struct verdict){.word = VERDICT_NA, .n_findings = own.n_findings};
	return own;
}

struct verdict
verdict_from_findings(const char *id, const struct finding *finding, size_t n)
{
	const struct provision *provision = provision_find(id);
	bool is_absent =
		provision && condition_is_absent(provision->v3_condition, false, finding, n);

	return verdict_of_id(id, is_absent, finding, n);
}
