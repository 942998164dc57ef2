/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "label/escape.h"
#include "label/report.h"
#include "label/report_words.h"

bool
report_is_same_finding(const struct audit_result *a, const struct finding *one,
	const struct audit_result *b, const struct finding *other)
{
	/* Not the address: leases come and go. */
	return one->port == other->port && one->proto == other->proto &&
	       !strncmp(one->provision, other->provision, sizeof one->provision) &&
	       !strcmp(a->check[one->check].id, b->check[other->check].id);
}

static bool
is_known(const struct audit_result *result, const struct finding *finding,
	const struct audit_result *baseline)
{
	for (size_t i = 0; baseline && i < baseline->n_findings; i++)
		if (baseline->finding[i].word == VERDICT_FAIL &&
			report_is_same_finding(result, finding, baseline, &baseline->finding[i]))
			return true;
	return false;
}

static void
attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	escape_markup(out, value);
	fputc('"', out);
}

static void
property(FILE *out, const char *name, const char *value)
{
	if (!*value)
		return;
	fputs("<property", out);
	attribute(out, "name", name);
	attribute(out, "value", value);
	fputs("/>\n", out);
}

static void
place_of(const struct finding *finding, char out[static 24])
{
	out[0] = '\0';
	if (finding->port)
		snprintf(out, 24, " %s/%u",
			finding->proto == 17  ? "udp"
			: finding->proto == 6 ? "tcp"
					      : "port",
			finding->port);
}

static const char *
meaning_of(const char *id)
{
	const struct provision *provision = provision_find(id);

	return provision ? provision->meaning : "";
}

/* No result of a test: undecided, or only declared. */
static bool
is_skipped(const struct audit_result *result, const struct finding *finding)
{
	return finding->word == VERDICT_INC || finding->word == VERDICT_DECL ||
	       (finding->word != VERDICT_FAIL && report_is_declared(result, finding));
}

static void
one_case(FILE *out, const struct audit_result *result, const struct finding *finding, bool known)
{
	char name[160], place[24], coverage[48];

	place_of(finding, place);
	snprintf(name, sizeof name, "%s%s %s", finding->provision, place,
		meaning_of(finding->provision));
	fputs("<testcase", out);
	attribute(out, "classname", result->check[finding->check].id);
	attribute(out, "name", name);
	fputs(">\n<properties>\n", out);
	property(out, "verdict", verdict_word_name((enum verdict_word)finding->word));
	property(out, "reason", inc_reason_name((enum inc_reason)finding->reason));
	if (finding->n_all) {
		snprintf(coverage, sizeof coverage, "%u of %u", finding->n_tried, finding->n_all);
		property(out, "coverage", coverage);
	}
	fputs("</properties>\n", out);
	if (finding->word == VERDICT_FAIL && !known) {
		fputs("<failure", out);
		attribute(out, "message", finding->text);
		attribute(out, "type", finding->is_critical ? "critical" : "FAIL");
		fputs(">", out);
		escape_markup(out, result->check[finding->check].for_maker);
		fputs("</failure>\n", out);
	} else if (finding->word == VERDICT_FAIL || is_skipped(result, finding)) {
		snprintf(name, sizeof name, "%s",
			known ? "known from the baseline"
			: finding->word == VERDICT_INC
				? inc_reason_settles((enum inc_reason)finding->reason)
				: "declared, not tested");
		fputs("<skipped", out);
		attribute(out, "message", name);
		fputs("/>\n<system-out>", out);
		escape_markup(out, finding->text);
		fputs("</system-out>\n", out);
	}
	fputs("</testcase>\n", out);
}

static bool
is_spoken_of(const struct audit_result *result, const char *provision)
{
	for (size_t i = 0; i < result->n_findings; i++)
		if (!strcmp(result->finding[i].provision, provision))
			return true;
	return false;
}

void
report_junit(const struct audit_result *result, const struct audit_result *baseline, FILE *out,
	struct junit_counts *counts)
{
	*counts = (struct junit_counts){0};
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		bool known = finding->word == VERDICT_FAIL && is_known(result, finding, baseline);
		counts->tests++;
		counts->known += known;
		counts->failures += finding->word == VERDICT_FAIL && !known;
		counts->skipped += known || is_skipped(result, finding);
	}
	for (size_t i = 0; i < n_provisions; i++)
		if (!is_spoken_of(result, provisions[i].id)) {
			counts->tests++;
			counts->skipped++;
		}

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "
	      "name=\"pinfold\">\n<testsuite",
		out);
	attribute(out, "name", *result->device.name ? result->device.name : result->device.id);
	fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%lld\">\n",
		counts->tests, counts->failures, counts->skipped,
		result->run.ended_s > result->run.begun_s
			? (long long)(result->run.ended_s - result->run.begun_s)
			: 0LL);
	fputs("<properties>\n", out);
	property(out, "model", result->device.claimed_model);
	property(out, "firmware", result->device.claimed_firmware);
	property(out, "tool", result->run.tool);
	property(out, "ruleset", result->run.ruleset);
	property(out, "complete", result->run.is_complete ? "yes" : "no");
	fputs("</properties>\n", out);
	for (size_t i = 0; i < result->n_findings; i++)
		one_case(out, result, &result->finding[i],
			result->finding[i].word == VERDICT_FAIL &&
				is_known(result, &result->finding[i], baseline));
	for (size_t i = 0; i < n_provisions; i++) {
		if (is_spoken_of(result, provisions[i].id))
			continue;
		fputs("<testcase classname=\"not-looked-at\"", out);
		fprintf(out, " name=\"%s ", provisions[i].id);
		escape_markup(out, provisions[i].meaning);
		fputs("\"><skipped message=\"no check looked at it\"/></testcase>\n", out);
	}
	fputs("</testsuite>\n</testsuites>\n", out);
}
