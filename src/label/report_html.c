/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check/check.h"
#include "label/escape.h"
#include "label/report.h"
#include "label/style.h"

static const char *const sentences[VERDICT_WORD_COUNT] = {
	[VERDICT_UNKNOWN] = "not looked at",
	[VERDICT_NA] = "does not apply",
	[VERDICT_PASS] = "met",
	[VERDICT_DECL] = "declared by the maker, not tested",
	[VERDICT_NFF] = "nothing wrong was found, as far as was looked",
	[VERDICT_INC] = "could not be decided",
	[VERDICT_FAIL] = "not met",
};

static void
text(FILE *out, const char *before, const char *value, const char *after)
{
	fputs(before, out);
	escape_markup(out, value);
	fputs(after, out);
}

static void
word(FILE *out, uint8_t is)
{
	const char *name = verdict_word_name((enum verdict_word)is);

	fprintf(out, "<span class=\"word %s\">%s</span>", name, name);
}

static void
utc(FILE *out, int64_t seconds)
{
	time_t at = (time_t)seconds;
	char shown[32] = "";
	struct tm tm;

	if (seconds && gmtime_r(&at, &tm))
		strftime(shown, sizeof shown, "%Y-%m-%d %H:%M UTC", &tm);
	fputs(*shown ? shown : "not yet", out);
}

static void
fact(FILE *out, const char *name, const char *value)
{
	if (!*value)
		return;
	fprintf(out, "<dt>%s</dt><dd>", name);
	escape_markup(out, value);
	fputs("</dd>\n", out);
}

/* What would settle it: the reasons' own sentences. */
static void
settles(FILE *out, const struct verdict *verdict)
{
	uint32_t reasons = verdict->reasons;
	bool is_first = true;

	if (verdict->n_missing) {
		/* The reason of what nobody looked at is that, and not a lack of time. */
		fputs("look at it, which no check of this run did", out);
		reasons &= ~(1u << INC_NOT_SEEN);
		is_first = false;
	}
	for (unsigned i = INC_NONE + 1; i < INC_COUNT; i++)
		if (reasons & 1u << i) {
			fputs(is_first ? "" : "; ", out);
			escape_markup(out, inc_reason_settles((enum inc_reason)i));
			is_first = false;
		}
}

static void
reason_names(FILE *out, uint32_t reasons)
{
	for (unsigned i = INC_NONE + 1; i < INC_COUNT; i++)
		if (reasons & 1u << i)
			fprintf(out, "<span class=\"why\">%s</span>",
				inc_reason_name((enum inc_reason)i));
}

static void
place(FILE *out, const struct finding *finding)
{
	if (finding->port)
		fprintf(out, " (%s port %u)", finding->proto == 17 ? "UDP" : "TCP", finding->port);
}

static const char *
name_of(const struct audit_result *result)
{
	const struct audited_device *device = &result->device;

	if (*device->name)
		return device->name;
	return *device->claimed_model ? device->claimed_model : device->id;
}

/* --- page one --------------------------------------------------------------------------- */

static void
header(FILE *out, const struct audit_result *result)
{
	const struct audited_device *device = &result->device;
	const struct audit_run *run = &result->run;

	text(out, "<h1>What testing \"", name_of(result), "\" showed</h1>\n");
	fputs("<p class=\"soft\">Tested ", out);
	utc(out, run->begun_s);
	fputs(" to ", out);
	utc(out, run->ended_s);
	text(out, *run->gateway ? ", at " : "", run->gateway, *run->operator_ ? " by " : "");
	text(out, "", run->operator_, ".</p>\n<dl>\n");
	fact(out, "Maker, as it says", device->claimed_maker);
	fact(out, "Model, as it says", device->claimed_model);
	fact(out, "Hardware", device->claimed_hardware);
	fact(out, "Firmware, as it says", device->claimed_firmware);
	fact(out, "What it probably is", device->kind);
	fact(out, "Known here as", device->id);
	fprintf(out, "<dt>Units tested</dt><dd>%u</dd>\n</dl>\n", run->units);
	if (run->is_complete)
		return;
	text(out, "<p><strong>This test did not come to its end.</strong> ", run->why, "</p>\n");
}

static void
psti(FILE *out, const struct audit_result *result, struct standard_verdict *standard)
{
	verdict_of_standard(STANDARD_PSTI, result->finding, result->n_findings, standard);
	fputs("<h2>The three things that the law of the United Kingdom asks for</h2>\n"
	      "<div class=\"items\">\n",
		out);
	for (size_t i = 0; i < standard->n; i++) {
		const struct requirement *line = &standard->requirement[i];
		const char *name = verdict_word_name((enum verdict_word)line->verdict.word);
		fprintf(out, "<div class=\"item %s\">", name);
		text(out, "<h3>", line->title ? line->title : line->id, "</h3><p>");
		word(out, line->verdict.word);
		fprintf(out, ": %s.</p>", sentences[line->verdict.word]);
		if (line->verdict.word == VERDICT_INC) {
			fputs("<p class=\"soft\">To settle it: ", out);
			settles(out, &line->verdict);
			fputs(".</p>", out);
		}
		fputs("</div>\n", out);
	}
	text(out, "</div>\n<p class=\"soft\">", standard_note(STANDARD_PSTI), "</p>\n");
}

static bool
is_first_of_its_kind(const struct audit_result *result, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (result->finding[i].word == VERDICT_FAIL &&
			result->finding[i].check == result->finding[at].check)
			return false;
	return true;
}

static void
what_to_do(FILE *out, const struct audit_result *result)
{
	bool any = false;

	fputs("<h2>What to do</h2>\n", out);
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		const struct audit_check *check = &result->check[finding->check];
		if (finding->word != VERDICT_FAIL || !is_first_of_its_kind(result, i))
			continue;
		fputs(any ? "" : "<ul>\n", out);
		any = true;
		text(out, "<li>", finding->text, "");
		place(out, finding);
		fputs(".", out);
		if (*check->for_owner)
			text(out, " <strong>", check->for_owner, "</strong>");
		if (finding->is_critical && strcmp(result->device.class, "critical") != 0)
			fputs(" The gateway closes this port until a new test passes.", out);
		fputs("</li>\n", out);
	}
	fputs(any ? "</ul>\n"
		  : "<p>No failure was proved. That is no proof that there is none: see below what "
		    "was "
		    "not tested.</p>\n",
		out);
}

/* --- tables ----------------------------------------------------------------------------- */

static void
counts(FILE *out, const uint32_t count[static VERDICT_WORD_COUNT])
{
	static const uint8_t order[] = {
		VERDICT_FAIL, VERDICT_INC, VERDICT_NFF, VERDICT_DECL, VERDICT_PASS, VERDICT_NA};

	for (size_t i = 0; i < sizeof order; i++)
		if (count[order[i]]) {
			fprintf(out, "%u&nbsp;", count[order[i]]);
			word(out, order[i]);
			fputs(" ", out);
		}
}

static void
standards(FILE *out, const struct audit_result *result, struct standard_verdict *standard)
{
	fputs("<h2>By standard</h2>\n<p class=\"soft\">How many lines of each got which verdict. "
	      "There "
	      "is no score: one FAIL is not made good by many that are met.</p>\n"
	      "<div class=\"wide\"><table><thead><tr><th>Standard</th><th>Mandatory</th>"
	      "<th>Recommended</th></tr></thead><tbody>\n",
		out);
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++) {
		verdict_of_standard(
			(enum standard)i, result->finding, result->n_findings, standard);
		text(out, "<tr class=\"loose\"><td>", standard_name((enum standard)i), "</td><td>");
		counts(out, standard->mandatory);
		fputs("</td><td>", out);
		counts(out, standard->recommended);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

static void
coverage(FILE *out, const struct finding *finding)
{
	if (finding->n_all)
		fprintf(out, " <span class=\"soft\">(%u of %u)</span>", finding->n_tried,
			finding->n_all);
}

static void
evidence(FILE *out, const struct finding *finding)
{
	uint32_t n = finding->n_evidence < FINDING_EVIDENCE_MAX ? finding->n_evidence
								: FINDING_EVIDENCE_MAX;

	if (n)
		fputs(" <span class=\"soft\">[exchange", out);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "%s %u", i ? "," : "", finding->evidence[i]);
	if (n)
		fputs("]</span>", out);
}

static void
provision_rows(FILE *out, const struct audit_result *result, bool mandatory)
{
	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *provision = &provisions[i];
		struct verdict verdict =
			verdict_from_findings(provision->id, result->finding, result->n_findings);
		if ((provision->v3_class == 'M') != mandatory)
			continue;
		fprintf(out, "<tr><td>%s</td><td>", provision->id);
		word(out, verdict.word);
		reason_names(out, verdict.reasons);
		text(out, "</td><td>", provision->meaning, ".");
		if (verdict.word == VERDICT_FAIL && !mandatory)
			fputs(" Recommendation not met.", out);
		fputs("</td><td>", out);
		bool any = false;
		for (size_t j = 0; j < result->n_findings; j++) {
			const struct finding *finding = &result->finding[j];
			if (strcmp(finding->provision, provision->id) != 0)
				continue;
			fputs(any ? "<br>" : "", out);
			any = true;
			escape_markup(out, finding->text);
			place(out, finding);
			coverage(out, finding);
			evidence(out, finding);
		}
		if (!any)
			text(out, "<span class=\"soft\">Nobody looked. One would look at: ",
				provision->observable, "</span>");
		if (verdict.word == VERDICT_INC && any) {
			fputs("<br><span class=\"soft\">To settle it: ", out);
			settles(out, &verdict);
			fputs(".</span>", out);
		}
		fputs("</td></tr>\n", out);
	}
}

static void
provision_table(FILE *out, const struct audit_result *result)
{
	static const char head[] = "<div class=\"wide\"><table><thead><tr><th>Provision</th>"
				   "<th>Verdict</th><th>What it asks for</th><th>What was seen</th>"
				   "</tr></thead><tbody>\n";

	text(out, "<h2>", standard_name(STANDARD_EN303645_V3), ": mandatory provisions</h2>\n");
	fputs(head, out);
	provision_rows(out, result, true);
	fputs("</tbody></table></div>\n<h2>Recommended provisions</h2>\n", out);
	fputs(head, out);
	provision_rows(out, result, false);
	fputs("</tbody></table></div>\n", out);
}

static void
not_tested(FILE *out, const struct audit_result *result)
{
	static const char *const because[AUDIT_STEP_COUNT] = {
		[AUDIT_STEP_UNKNOWN] = "not run",
		[AUDIT_STEP_BEGUN] = "begun and not ended",
		[AUDIT_STEP_SKIPPED] = "left out: no consent, or no time left",
		[AUDIT_STEP_LOST] = "the device stopped answering in it",
	};
	bool any = false;

	fputs("<h2>What was not tested</h2>\n", out);
	for (size_t i = 0; i < result->n_checks; i++) {
		const struct audit_check *check = &result->check[i];
		if (check->step == AUDIT_STEP_DONE || check->step >= AUDIT_STEP_COUNT)
			continue;
		fputs(any ? "" : "<ul>\n", out);
		any = true;
		text(out, "<li>", *check->title ? check->title : check->id, ": ");
		text(out, "", because[check->step], "</li>\n");
	}
	fputs(any ? "</ul>\n" : "<p>Every check that exists was run.</p>\n", out);
	fputs("<p>Provisions about the maker's processes, about what a person must do or see, and "
	      "about "
	      "the inside of the device are not tested by a device's traffic; where the table says "
	      "\"nobody looked\", nobody did.</p>\n",
		out);
}

static void
foot(FILE *out, const struct audit_result *result)
{
	static const char *const paces[PACE_COUNT] = {"gentle", "lab"};
	static const char *const consents[CONSENT_COUNT] = {
		"passive", "probe", "intrude", "destroy"};
	const struct audit_run *run = &result->run;

	fputs("<h2>How it was tested</h2>\n<dl>\n", out);
	fact(out, "Tool", run->tool);
	fact(out, "Rules (SHA-256)", run->ruleset);
	fact(out, "Profile", run->profile);
	fact(out, "Pace", run->pace < PACE_COUNT ? paces[run->pace] : "");
	fact(out, "Permitted up to", run->consent < CONSENT_COUNT ? consents[run->consent] : "");
	fprintf(out, "<dt>Run</dt><dd>%u: %u exchanges, %u packets</dd>\n</dl>\n", run->number,
		run->exchanges, run->packets);
	fputs("<p class=\"soft\">PASS: shown to be met. FAIL: shown not to be met, twice, with a "
	      "negative "
	      "control. NFF: no failure found within what was looked at. INC: inconclusive, with "
	      "the "
	      "reason. DECL: declared and not tested. NA: does not apply, and that was shown. "
	      "Exchange numbers refer to probes.jsonl in the evidence pack, from which everybody "
	      "can "
	      "judge again.</p>\n"
	      "<p class=\"soft\">This is not a certificate of conformity. Identifiers refer to the "
	      "standards; the wording is ours.</p>\n",
		out);
}

void
report_html(const struct audit_result *result, FILE *out)
{
	struct standard_verdict *standard = malloc(sizeof *standard);

	if (!standard)
		abort();
	fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n" PAGE_POLICY,
		out);
	text(out, "<title>Test of ", name_of(result), "</title>\n" PAGE_STYLE "</head><body>\n");
	header(out, result);
	psti(out, result, standard);
	what_to_do(out, result);
	fputs("<div class=\"page\"></div>\n", out);
	standards(out, result, standard);
	provision_table(out, result);
	not_tested(out, result);
	foot(out, result);
	fputs("</body></html>\n", out);
	free(standard);
}
