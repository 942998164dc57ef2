/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts of a pack, derived once more from its transcript. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "label/pack.h"
#include "label/report.h"

static bool
is_same_finding(const struct finding *a, const struct finding *b)
{
	if (a->port != b->port || a->proto != b->proto || a->word != b->word ||
		a->reason != b->reason || !a->is_critical != !b->is_critical ||
		a->n_tried != b->n_tried || a->n_all != b->n_all ||
		a->n_evidence != b->n_evidence || !ip_is_equal(&a->address, &b->address) ||
		strncmp(a->provision, b->provision, sizeof a->provision) != 0 ||
		strncmp(a->text, b->text, sizeof a->text) != 0)
		return false;
	for (uint32_t i = 0; i < a->n_evidence && i < FINDING_EVIDENCE_MAX; i++)
		if (a->evidence[i] != b->evidence[i])
			return false;
	return true;
}

static void
first_is(struct rejudged *out, const char *check, const struct finding *finding, const char *what)
{
	if (!*out->first)
		snprintf(out->first, sizeof out->first, "%s, %s: %s \"%s\" %s", check,
			finding->provision, verdict_word_name((enum verdict_word)finding->word),
			finding->text, what);
}

/* Findings of one check as sets: their order is nobody's business. */
static void
compare(struct rejudged *out, const struct audit_result *result, uint16_t place,
	const struct findings *now)
{
	const char *check = result->check[place].id;
	auto_free bool *is_met = calloc(FINDINGS_MAX, sizeof *is_met);

	if (!is_met)
		abort();
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *then = &result->finding[i];
		size_t j = 0;
		if (then->check != place)
			continue;
		while (j < now->n && (is_met[j] || !is_same_finding(then, &now->finding[j])))
			j++;
		if (j < now->n) {
			is_met[j] = true;
			out->n_same++;
		} else {
			out->n_absent++;
			first_is(out, check, then, "does not follow from what was recorded");
		}
	}
	for (size_t j = 0; j < now->n; j++)
		if (!is_met[j]) {
			out->n_new++;
			first_is(out, check, &now->finding[j],
				"follows from what was recorded and is not in result.json");
		}
}

/* Its transcript says that it came to its end, so it was run, whatever the result says. */
static bool
has_ended(const char *check, const struct transcript *probes)
{
	int place = check_find(check);

	return place >= 0 && checks[place].is_probed && check_is_complete(probes, (uint16_t)place);
}

/*
 * A check that was planned and never run to its end has no transcript to follow
 * from.  All that may be said of it is that nothing is known.
 */
static bool
was_not_run(struct rejudged *out, const struct audit_result *result, uint16_t check)
{
	uint8_t step = result->check[check].step;

	if (step == AUDIT_STEP_DONE || step == AUDIT_STEP_SKIPPED || step == AUDIT_STEP_LOST)
		return false;
	for (size_t i = 0; i < result->n_findings; i++) {
		if (result->finding[i].check != check)
			continue;
		if (result->finding[i].word == VERDICT_INC) {
			out->n_same++;
			continue;
		}
		out->n_absent++;
		first_is(out, result->check[check].id, &result->finding[i],
			"is said of a check that was not run");
	}
	return true;
}

/* Checks that ran, says the transcript, and of which the result is silent. */
static void
judge_what_is_left_out(struct rejudged *out, const struct audit_result *result,
	const struct transcript *probes, struct findings *now)
{
	for (size_t place = 0; place < n_checks; place++) {
		if (result_check_place(result, checks[place].id) < result->n_checks ||
			!has_ended(checks[place].id, probes))
			continue;
		memset(now, 0, sizeof *now);
		check_judge((uint16_t)place, probes, now);
		out->n_checks++;
		out->n_new += (uint32_t)now->n;
		if (now->n)
			first_is(out, checks[place].id, &now->finding[0],
				"follows from what was recorded and is not in result.json");
	}
}

static void
judge_all(struct rejudged *out, const struct audit_result *result, const struct transcript *probes,
	const struct transcript *traffic)
{
	struct findings *now = malloc(sizeof *now);

	if (!now)
		abort();
	for (uint16_t i = 0; i < result->n_checks; i++) {
		bool has_findings = false;
		for (size_t j = 0; j < result->n_findings; j++)
			has_findings |= result->finding[j].check == i;
		if (!has_ended(result->check[i].id, probes) &&
			((!result->check[i].is_planned && !has_findings) ||
				was_not_run(out, result, i)))
			continue;
		int place = check_find(result->check[i].id);
		if (place < 0) {
			out->n_unknown_checks++;
			continue;
		}
		memset(now, 0, sizeof *now);
		check_judge((uint16_t)place, checks[place].is_probed ? probes : traffic, now);
		compare(out, result, i, now);
		out->n_checks++;
	}
	judge_what_is_left_out(out, result, probes, now);
	free(now);
}

static bool
is_the_report(const struct pack *pack, const struct audit_result *result)
{
	const struct pack_file *report = pack_find(pack, "report.html");
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		abort();
	report_html(result, file);
	if (fclose(file))
		abort();
	bool is_same = report && report->size == len && !memcmp(report->bytes, text, len);
	free(text);
	return is_same;
}

static enum err
read_transcript(const struct pack_file *file, struct transcript **out, struct fault *why)
{
	uint8_t empty = 0;
	/* It is opened to read; what fmemopen() takes is not const for the sake of writers. */
	union {
		const uint8_t *from;
		uint8_t *to;
	} bytes = {.from = file->size ? file->bytes : &empty};
	auto_fclose FILE *stream = fmemopen(bytes.to, file->size, "r");

	if (!stream) {
		fault_set(why, ERR_SYSTEM, "%s cannot be read", file->name);
		return ERR_SYSTEM;
	}
	enum err err = transcript_read(stream, out, why);
	if (err)
		fault_prefix(why, "%s: ", file->name);
	return err;
}

struct audit_result *
pack_rejudge(const struct pack *pack, struct rejudged *out, struct fault *why)
{
	const struct pack_file *file = pack_find(pack, "result.json"),
			       *probes = pack_find(pack, "probes.jsonl"),
			       *traffic = pack_find(pack, "traffic.jsonl");
	struct transcript *transcript = NULL, *watched = NULL;
	char ours[HASH_TEXT_MAX];

	memset(out, 0, sizeof *out);
	out->is_left_out = !probes && pack_has_left_out(pack, "probes.jsonl");
	if (!file || (!probes && !out->is_left_out)) {
		fault_set(why, ERR_NOT_FOUND, "%s is not in the pack",
			file ? "probes.jsonl" : "result.json");
		return NULL;
	}
	struct audit_result *result =
		result_from_text((const char *)file->bytes, file->size, &out->verdicts_agree, why);
	if (!result) {
		fault_prefix(why, "%s: ", file->name);
		return NULL;
	}
	if ((probes && read_transcript(probes, &transcript, why)) ||
		(traffic && read_transcript(traffic, &watched, why))) {
		transcript_free(transcript);
		result_free(result);
		return NULL;
	}
	if (!watched) /* of before there was one */
		watched = transcript_new(NULL);
	pack_ruleset(ours);
	out->is_same_ruleset = !strcmp(ours, result->run.ruleset);
	if (!out->is_left_out)
		judge_all(out, result, transcript, watched);
	/* Another version of ours may word it otherwise. */
	out->report_agrees = !out->is_same_ruleset || is_the_report(pack, result);
	transcript_free(transcript);
	transcript_free(watched);
	return result;
}

bool
rejudged_is_same(const struct rejudged *rejudged)
{
	return rejudged->verdicts_agree && rejudged->report_agrees && !rejudged->n_unknown_checks &&
	       !rejudged->n_absent && !rejudged->n_new;
}
