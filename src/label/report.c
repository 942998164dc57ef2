/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a report, once for the page and for the paper. */
#include "label/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/check.h"
#include "label/document.h"
#include "label/report_words.h"
#include "verdict/condition.h"

/* The order in which verdicts are told: what is wrong first. */
static const uint8_t told_order[] = {
	VERDICT_FAIL, VERDICT_INC, VERDICT_NFF, VERDICT_DECL, VERDICT_PASS, VERDICT_NA};

static unsigned
tone_of(uint8_t word)
{
	return TONE_WORD + (unsigned)word;
}

static const char *
word_text(uint8_t word)
{
	return verdict_word_name((enum verdict_word)word);
}

/* --- page one --------------------------------------------------------------------------- */

static void
header(struct document *document, const struct audit_result *result)
{
	const struct audited_device *device = &result->device;
	const struct audit_run *run = &result->run;
	char begun[32], ended[32], units[16];
	struct report_works works = {0};

	report_utc(begun, run->begun_s);
	report_utc(ended, run->ended_s);
	document_line(document, TONE_SOFT, "Tested %s to %s%s%s%s%s.", begun, ended,
		*run->gateway ? ", at " : "", run->gateway, *run->operator_ ? " by " : "",
		run->operator_);
	document_paragraph(document);
	document_fact(document, "Maker, as it says", device->claimed_maker);
	document_fact(document, "Model, as it says", device->claimed_model);
	document_fact(document, "Hardware", device->claimed_hardware);
	document_fact(document, "Firmware, as it says", device->claimed_firmware);
	document_fact(document, "What it probably is", device->kind);
	document_fact(document, "Known here as", device->id);
	for (int i = 0; i < WORKS_COUNT; i++)
		if (report_works(result, i, &works))
			document_fact(document, works.name, works.value);
	snprintf(units, sizeof units, "%u", run->units);
	document_fact(document, "Units tested", units);
	if (run->is_complete)
		return;
	document_line(document, TONE_STRONG, "This test did not come to its end.");
	document_more(document, TONE_PLAIN, "%s", run->why);
	document_paragraph(document);
}

/* What was seen that decides a line of a standard: the first of the same word. */
static const struct finding *
deciding(const struct audit_result *result, const struct requirement *line)
{
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		if (finding->word != line->verdict.word || report_is_declared(result, finding))
			continue;
		for (uint32_t k = 0; k < line->n_provisions; k++)
			if (!strcmp(line->provision[k]->id, finding->provision))
				return finding;
		for (uint32_t k = 0; k < line->n_own; k++)
			if (!strcmp(line->own[k], finding->provision))
				return finding;
	}
	return NULL;
}

static void
settle(struct document *document, const struct verdict *verdict)
{
	auto_free char *how = report_settles(verdict);

	document_line(document, TONE_SOFT, "To settle it: %s.", how);
}

static void
psti(struct document *document, const struct audit_result *result,
	struct standard_verdict *standard)
{
	char text[REPORT_TEXT_MAX];

	verdict_of_standard(STANDARD_PSTI, result->finding, result->n_findings, standard);
	document_heading(document, "The three things that the law of the United Kingdom asks for");
	for (size_t i = 0; i < standard->n; i++) {
		const struct requirement *line = &standard->requirement[i];
		const struct finding *finding = deciding(result, line);
		document_line(document, TONE_PLAIN, "%s.", report_sentence(line->verdict.word));
		if (line->verdict.word == VERDICT_INC)
			settle(document, &line->verdict);
		else if (finding)
			document_line(document, TONE_SOFT, "%s.", report_text(finding, text));
		document_card(document, line->title ? line->title : line->id,
			(enum verdict_word)line->verdict.word);
	}
	document_line(document, TONE_SOFT, "%s", standard_note(STANDARD_PSTI));
	document_paragraph(document);
}

static void
what_to_do(struct document *document, const struct audit_result *result)
{
	char text[REPORT_TEXT_MAX];
	bool any = false;

	document_heading(document, "What to do");
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		const struct audit_check *check = &result->check[finding->check];
		if (!report_is_told(result, i))
			continue;
		any = true;
		auto_free char *place = report_place(finding, false);
		document_line(document, TONE_PLAIN, "%s%s.", report_text(finding, text), place);
		if (report_is_closed(result, finding))
			document_more(document, TONE_PLAIN,
				"The gateway closes this port until a new test passes.");
		document_line(document, TONE_STRONG, "%s", check->for_owner);
		if (*check->for_maker)
			document_line(
				document, TONE_SOFT, "What its maker can do: %s", check->for_maker);
		document_item(document);
	}
	if (any)
		return;
	document_line(document, TONE_PLAIN, "%s", report_no_failure);
	document_paragraph(document);
}

/* --- tables ----------------------------------------------------------------------------- */

static void
counts(struct document *document, const uint32_t count[static VERDICT_WORD_COUNT])
{
	for (size_t i = 0; i < sizeof told_order; i++)
		if (count[told_order[i]])
			document_more(document, tone_of(told_order[i]), "%u %s",
				count[told_order[i]], word_text(told_order[i]));
	document_cell(document);
}

static void
standards(struct document *document, const struct audit_result *result,
	struct standard_verdict *standard)
{
	static const struct document_column columns[] = {
		{"Standard", 219, false}, {"Mandatory", 140, false}, {"Recommended", 140, false}};

	document_heading(document, "By standard");
	document_line(document, TONE_SOFT, "%s", report_by_standard);
	document_paragraph(document);
	document_table(document, columns, COUNT_OF(columns));
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++) {
		verdict_of_standard(
			(enum standard)i, result->finding, result->n_findings, standard);
		size_t n = report_unchecked(standard);
		document_line(document, TONE_PLAIN, "%s", standard_name((enum standard)i));
		if (n)
			document_line(
				document, TONE_SOFT, "%zu of %zu lines unchecked", n, standard->n);
		document_cell(document);
		counts(document, standard->mandatory);
		counts(document, standard->recommended);
	}
	document_table_end(document);
}

static void
one_seen(
	struct document *document, const struct audit_result *result, const struct finding *finding)
{
	bool is_declared = report_is_declared(result, finding);
	char text[REPORT_TEXT_MAX];

	auto_free char *place = report_place(finding, true);
	document_line(document, is_declared ? TONE_SOFT : TONE_PLAIN, "%s%s%s",
		is_declared ? "Not tested: " : "",
		is_declared ? finding->text : report_text(finding, text), place);
	if (finding->n_all)
		document_more(document, TONE_SOFT, "(looked at %u of %u)", finding->n_tried,
			finding->n_all);
	if (finding->n_evidence && !is_declared) {
		auto_free char *numbers = report_evidence(finding);
		document_more(document, TONE_SOFT, "[%s]", numbers);
	}
}

/* What was tested of a provision, the weightiest first, then what was only declared. */
static bool
seen(struct document *document, const struct audit_result *result,
	const struct provision *provision)
{
	bool any = false;

	for (int is_declared = 0; is_declared < 2; is_declared++)
		for (size_t k = 0; k < sizeof told_order; k++)
			for (size_t i = 0; i < result->n_findings; i++) {
				const struct finding *finding = &result->finding[i];
				if (finding->word != told_order[k] ||
					strcmp(finding->provision, provision->id) != 0 ||
					report_is_declared(result, finding) != is_declared)
					continue;
				one_seen(document, result, finding);
				any = true;
			}
	return any;
}

static void
verdict_cell(struct document *document, const struct verdict *verdict)
{
	document_line(document, tone_of(verdict->word), "%s", word_text(verdict->word));
	/* Why it is open; of what failed nothing else matters. */
	for (unsigned i = INC_NONE + 1; verdict->word == VERDICT_INC && i < INC_COUNT; i++)
		if (verdict->reasons & 1u << i)
			document_line(
				document, TONE_SOFT, "%s", inc_reason_name((enum inc_reason)i));
	document_cell(document);
}

static void
provision_row(struct document *document, const struct audit_result *result,
	const struct provision *provision)
{
	struct verdict verdict =
		verdict_from_findings(provision->id, result->finding, result->n_findings);

	document_line(document, TONE_PLAIN, "%s", provision->id);
	document_cell(document);
	verdict_cell(document, &verdict);
	document_line(document, TONE_PLAIN, "%s.", provision->meaning);
	if (verdict.word == VERDICT_FAIL && provision->v3_class != 'M')
		document_line(document, TONE_SOFT, "Recommendation not met.");
	document_cell(document);
	bool any = seen(document, result, provision);
	if (!any && verdict.word == VERDICT_NA) {
		auto_free char *because = report_absent(result, provision);
		document_line(document, TONE_PLAIN, "%s", because);
	} else if (!any) {
		document_line(document, TONE_SOFT, "Nobody looked. One would look at: %s.",
			provision->observable);
	} else if (verdict.word == VERDICT_INC) {
		settle(document, &verdict);
	}
	document_cell(document);
}

static void
provision_table(struct document *document, const struct audit_result *result, bool mandatory)
{
	static const struct document_column columns[] = {{"Provision", 48, true},
		{"Verdict", 86, true}, {"What it asks for", 135, false},
		{"What was seen", 230, false}};

	document_heading(document, mandatory ? "ETSI EN 303 645 V3.1.3: mandatory provisions"
					     : "ETSI EN 303 645 V3.1.3: recommended provisions");
	document_table(document, columns, COUNT_OF(columns));
	for (size_t i = 0; i < n_provisions; i++)
		if ((provisions[i].v3_class == 'M') == mandatory)
			provision_row(document, result, &provisions[i]);
	document_table_end(document);
}

/* What was tested that is no provision: of other laws, and what works without what. */
static void
beside(struct document *document, const struct audit_result *result)
{
	static const struct document_column columns[] = {
		{"About", 70, true}, {"Verdict", 86, true}, {"What was seen", 343, false}};
	bool any = false;

	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		struct verdict verdict = {.word = finding->word, .reasons = 1u << finding->reason};
		if (provision_find(finding->provision) || condition_text(finding->provision) ||
			report_is_declared(result, finding))
			continue;
		if (!any) {
			document_heading(document, "Beside EN 303 645");
			document_table(document, columns, COUNT_OF(columns));
		}
		any = true;
		document_line(document, TONE_PLAIN, "%s", finding->provision);
		document_cell(document);
		verdict_cell(document, &verdict);
		one_seen(document, result, finding);
		if (finding->word == VERDICT_INC)
			settle(document, &verdict);
		document_cell(document);
	}
	if (any)
		document_table_end(document);
}

static void
declared_row(
	struct document *document, const struct audit_result *result, const struct finding *finding)
{
	const struct finding *but;
	char text[REPORT_TEXT_MAX];

	document_line(document, TONE_PLAIN, "%s", finding->provision);
	document_cell(document);
	document_line(document, tone_of(finding->word), "%s", word_text(finding->word));
	document_cell(document);
	document_line(document, TONE_PLAIN, "%s.", report_declared_of(result, finding, &but));
	document_cell(document);
	document_line(document, TONE_PLAIN, "%s", report_text(finding, text));
	if (but) {
		document_line(document, TONE_STRONG, "But it was seen:");
		document_more(document, TONE_PLAIN, "%s", but->text);
	}
	document_cell(document);
}

static void
declared(struct document *document, const struct audit_result *result)
{
	static const struct document_column columns[] = {{"About", 64, true}, {"Verdict", 46, true},
		{"What it asks for", 156, false}, {"What was said, by whom, when", 233, false}};
	bool any = false;

	for (size_t i = 0; i < result->n_findings; i++) {
		if (!report_is_declared(result, &result->finding[i]))
			continue;
		if (!any) {
			document_heading(document, "What was declared, and not tested");
			document_line(document, TONE_SOFT, "%s", report_declared);
			document_paragraph(document);
			document_table(document, columns, COUNT_OF(columns));
		}
		any = true;
		declared_row(document, result, &result->finding[i]);
	}
	if (any)
		document_table_end(document);
}

static void
not_tested(struct document *document, const struct audit_result *result)
{
	const char *title, *because;
	size_t at = 0;
	bool any = false;

	document_heading(document, "What was not tested");
	while (report_not_tested(result, &at, &title, &because)) {
		document_line(document, TONE_PLAIN, "%s: %s", title, because);
		document_item(document);
		any = true;
	}
	if (!any)
		document_line(document, TONE_PLAIN, "Every check that exists was run.");
	document_line(document, TONE_PLAIN, "%s", report_limits);
	document_paragraph(document);
}

static void
foot(struct document *document, const struct audit_result *result)
{
	static const char *const paces[PACE_COUNT] = {"gentle", "lab"};
	static const char *const consents[CONSENT_COUNT] = {
		"passive", "probe", "intrude", "destroy"};
	const struct audit_run *run = &result->run;
	char number[80];

	document_heading(document, "How it was tested");
	document_fact(document, "Tool", run->tool);
	document_fact(document, "Rules (SHA-256)", run->ruleset);
	document_fact(document, "Profile", run->profile);
	document_fact(document, "Pace", run->pace < PACE_COUNT ? paces[run->pace] : "");
	document_fact(document, "Permitted up to",
		run->consent < CONSENT_COUNT ? consents[run->consent] : "");
	snprintf(number, sizeof number, "%u: %u exchanges, %u packets", run->number, run->exchanges,
		run->packets);
	document_fact(document, "Run", number);
	document_line(document, TONE_SOFT, "%s", report_legend);
	document_paragraph(document);
	document_line(document, TONE_SOFT, "%s", report_no_certificate);
	document_paragraph(document);
}

static void
write_report(struct document *document, const struct audit_result *result)
{
	auto_free struct standard_verdict *standard = must_alloc(1, sizeof *standard);
	auto_free char *title = NULL;

	if (asprintf(&title, "What testing \"%s\" showed", report_name(result)) < 0)
		abort();
	document_title(document, title);
	header(document, result);
	psti(document, result, standard);
	what_to_do(document, result);
	document_sheet(document);
	standards(document, result, standard);
	provision_table(document, result, true);
	provision_table(document, result, false);
	beside(document, result);
	declared(document, result);
	not_tested(document, result);
	foot(document, result);
	document_end(document);
}

void
report_html(const struct audit_result *result, FILE *out)
{
	char title[128];

	snprintf(title, sizeof title, "Test of %s", report_name(result));
	write_report(document_page(title, out), result);
}

void
report_pdf(const struct audit_result *result, FILE *out)
{
	char title[128];

	snprintf(title, sizeof title, "Test of %s", report_name(result));
	write_report(document_paper(title, out), result);
}
