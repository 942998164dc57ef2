/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "label/escape.h"
#include "label/report.h"
#include "label/report_words.h"
#include "label/style.h"

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
fact(FILE *out, const char *name, const char *value)
{
	if (!*value)
		return;
	fprintf(out, "<dt>%s</dt><dd>", name);
	escape_markup(out, value);
	fputs("</dd>\n", out);
}

static void
reason_names(FILE *out, uint32_t reasons)
{
	for (unsigned i = INC_NONE + 1; i < INC_COUNT; i++)
		if (reasons & 1u << i)
			fprintf(out, "<span class=\"why\">%s</span>",
				inc_reason_name((enum inc_reason)i));
}

/* --- page one --------------------------------------------------------------------------- */

static void
header(FILE *out, const struct audit_result *result)
{
	const struct audited_device *device = &result->device;
	const struct audit_run *run = &result->run;
	char begun[32], ended[32];

	text(out, "<h1>What testing \"", report_name(result), "\" showed</h1>\n");
	report_utc(begun, run->begun_s);
	report_utc(ended, run->ended_s);
	fprintf(out, "<p class=\"soft\">Tested %s to %s", begun, ended);
	text(out, *run->gateway ? ", at " : "", run->gateway, *run->operator_ ? " by " : "");
	text(out, "", run->operator_, ".</p>\n<dl>\n");
	fact(out, "Maker, as it says", device->claimed_maker);
	fact(out, "Model, as it says", device->claimed_model);
	fact(out, "Hardware", device->claimed_hardware);
	fact(out, "Firmware, as it says", device->claimed_firmware);
	fact(out, "What it probably is", device->kind);
	fact(out, "Known here as", device->id);
	struct report_works works;
	for (int i = 0; i < WORKS_COUNT; i++)
		if (report_works(result, i, &works))
			fact(out, works.name, works.value);
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
		fprintf(out, ": %s.</p>", report_sentence(line->verdict.word));
		if (line->verdict.word == VERDICT_INC) {
			fputs("<p class=\"soft\">To settle it: ", out);
			report_settles(out, &line->verdict);
			fputs(".</p>", out);
		}
		fputs("</div>\n", out);
	}
	text(out, "</div>\n<p class=\"soft\">", standard_note(STANDARD_PSTI), "</p>\n");
}

static void
what_to_do(FILE *out, const struct audit_result *result)
{
	bool any = false;

	fputs("<h2>What to do</h2>\n", out);
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		const struct audit_check *check = &result->check[finding->check];
		if (!report_is_told(result, i))
			continue;
		fputs(any ? "" : "<ul>\n", out);
		any = true;
		text(out, "<li>", finding->text, "");
		report_place(out, finding, false);
		fputs(".", out);
		if (*check->for_owner)
			text(out, " <strong>", check->for_owner, "</strong>");
		if (report_is_closed(result, finding))
			fputs(" The gateway closes this port until a new test passes.", out);
		fputs("</li>\n", out);
	}
	if (any)
		fputs("</ul>\n", out);
	else
		text(out, "<p>", report_no_failure, "</p>\n");
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
unchecked(FILE *out, const struct standard_verdict *standard)
{
	size_t n = report_unchecked(standard);

	if (n)
		fprintf(out, "<span class=\"why\">%zu of %zu lines unchecked</span>", n,
			standard->n);
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
		text(out, "<tr class=\"loose\"><td>", standard_name((enum standard)i), "");
		unchecked(out, standard);
		fputs("</td><td>", out);
		counts(out, standard->mandatory);
		fputs("</td><td>", out);
		counts(out, standard->recommended);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

/* The tested ones, or those that were only declared, of a provision; true: there is something. */
static bool
seen_cell(FILE *out, const struct audit_result *result, const struct provision *provision,
	bool is_declared, bool any)
{
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		if (strcmp(finding->provision, provision->id) != 0 ||
			report_is_declared(result, finding) != is_declared)
			continue;
		fputs(any ? "<br>" : "", out);
		any = true;
		fputs(is_declared ? "<span class=\"soft\">Not tested: " : "", out);
		escape_markup(out, finding->text);
		fputs(is_declared ? "</span>" : "", out);
		report_place(out, finding, true);
		if (finding->n_all) {
			fputs(" <span class=\"soft\">(", out);
			report_coverage(out, finding);
			fputs(")</span>", out);
		}
		if (finding->n_evidence && !is_declared) {
			fputs(" <span class=\"soft\">[", out);
			report_evidence(out, finding);
			fputs("]</span>", out);
		}
	}
	return any;
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
		bool any = seen_cell(out, result, provision, false, false);
		any = seen_cell(out, result, provision, true, any);
		if (!any && verdict.word == VERDICT_NA)
			report_absent(out, result, provision);
		else if (!any)
			text(out, "<span class=\"soft\">Nobody looked. One would look at: ",
				provision->observable, "</span>");
		if (verdict.word == VERDICT_INC && any) {
			fputs("<br><span class=\"soft\">To settle it: ", out);
			report_settles(out, &verdict);
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
declared(FILE *out, const struct audit_result *result)
{
	const struct finding *but;
	bool any = false;

	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		if (!report_is_declared(result, finding))
			continue;
		if (!any)
			text(out, "<h2>What was declared, and not tested</h2>\n<p class=\"soft\">",
				report_declared,
				"</p>\n<div "
				"class=\"wide\"><table><thead><tr><th>About</th><th>Verdict"
				"</th><th>What it asks for</th><th>What was said, by whom, "
				"when</th></tr>"
				"</thead><tbody>\n");
		any = true;
		text(out, "<tr><td>", finding->provision, "</td><td>");
		word(out, finding->word);
		text(out, "</td><td>", report_declared_of(result, finding, &but), ".</td><td>");
		escape_markup(out, finding->text);
		if (but)
			text(out, "<br><strong>But it was seen:</strong> ", but->text, "");
		fputs("</td></tr>\n", out);
	}
	fputs(any ? "</tbody></table></div>\n" : "", out);
}

static void
not_tested(FILE *out, const struct audit_result *result)
{
	const char *title, *because;
	size_t at = 0;
	bool any = false;

	fputs("<h2>What was not tested</h2>\n", out);
	while (report_not_tested(result, &at, &title, &because)) {
		fputs(any ? "" : "<ul>\n", out);
		any = true;
		text(out, "<li>", title, ": ");
		fprintf(out, "%s</li>\n", because);
	}
	fputs(any ? "</ul>\n" : "<p>Every check that exists was run.</p>\n", out);
	text(out, "<p>", report_limits, "</p>\n");
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
	text(out, "<p class=\"soft\">", report_legend, "</p>\n");
	text(out, "<p class=\"soft\">", report_no_certificate, "</p>\n");
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
	text(out, "<title>Test of ", report_name(result),
		"</title>\n" PAGE_STYLE "</head><body>\n");
	header(out, result);
	psti(out, result, standard);
	what_to_do(out, result);
	fputs("<div class=\"page\"></div>\n", out);
	standards(out, result, standard);
	provision_table(out, result);
	declared(out, result);
	not_tested(out, result);
	foot(out, result);
	fputs("</body></html>\n", out);
	free(standard);
}
