/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "label/pdf.h"
#include "label/report.h"
#include "label/report_words.h"

static const struct pdf_style title = {18, PDF_BLACK, 1}, heading = {13, PDF_BLACK, 1},
			      body = {10, PDF_BLACK, 0}, strong = {10, PDF_BLACK, 1},
			      soft = {9, PDF_GREY, 0}, small = {9, PDF_BLACK, 0},
			      head = {9, PDF_GREY, 1};

static struct pdf_style
style_of(uint8_t word)
{
	static const uint8_t inks[VERDICT_WORD_COUNT] = {
		[VERDICT_NA] = PDF_GREY,
		[VERDICT_PASS] = PDF_GREEN,
		[VERDICT_DECL] = PDF_VIOLET,
		[VERDICT_NFF] = PDF_BLUE,
		[VERDICT_INC] = PDF_BROWN,
		[VERDICT_FAIL] = PDF_RED,
	};

	return (struct pdf_style){9, inks[word < VERDICT_WORD_COUNT ? word : 0], 1};
}

/* Text of any length, built with stdio. */
struct built {
	char *text;
	size_t len;
	FILE *file;
};

static FILE *
build(struct built *built)
{
	*built = (struct built){0};
	built->file = open_memstream(&built->text, &built->len);
	if (!built->file)
		abort();
	return built->file;
}

static const char *
built_text(struct built *built)
{
	if (fclose(built->file))
		abort();
	return built->text;
}

static void __attribute__((format(printf, 3, 4)))
say(struct pdf *pdf, struct pdf_style style, const char *format, ...)
{
	struct built built;
	va_list args;

	va_start(args, format);
	vfprintf(build(&built), format, args);
	va_end(args);
	pdf_paragraph(pdf, style, built_text(&built));
	free(built.text);
}

static void
section(struct pdf *pdf, const char *text)
{
	pdf_keep(pdf, 80); /* no heading stands alone at the end of a page */
	pdf_space(pdf, 14);
	pdf_paragraph(pdf, heading, text);
	pdf_space(pdf, 3);
}

static void
fact(struct pdf *pdf, const char *name, const char *value)
{
	const struct pdf_part names[] = {{soft, name}, {{0}, NULL}},
			      values[] = {{body, value}, {{0}, NULL}};
	const struct pdf_cell row[] = {{130, names}, {pdf_width() - 130, values}};

	if (*value)
		pdf_row(pdf, row, 2);
}

/* --- page one --------------------------------------------------------------------------- */

static void
header(struct pdf *pdf, const struct audit_result *result)
{
	const struct audited_device *device = &result->device;
	const struct audit_run *run = &result->run;
	char begun[32], ended[32], units[16];

	report_utc(begun, run->begun_s);
	report_utc(ended, run->ended_s);
	say(pdf, title, "What testing \"%s\" showed", report_name(result));
	pdf_space(pdf, 2);
	say(pdf, soft, "Tested %s to %s%s%s%s%s.", begun, ended, *run->gateway ? ", at " : "",
		run->gateway, *run->operator_ ? " by " : "", run->operator_);
	pdf_space(pdf, 6);
	fact(pdf, "Maker, as it says", device->claimed_maker);
	fact(pdf, "Model, as it says", device->claimed_model);
	fact(pdf, "Hardware", device->claimed_hardware);
	fact(pdf, "Firmware, as it says", device->claimed_firmware);
	fact(pdf, "What it probably is", device->kind);
	fact(pdf, "Known here as", device->id);
	struct report_works works;
	for (int i = 0; i < WORKS_COUNT; i++)
		if (report_works(result, i, &works))
			fact(pdf, works.name, works.value);
	snprintf(units, sizeof units, "%u", run->units);
	fact(pdf, "Units tested", units);
	if (!run->is_complete)
		say(pdf, strong, "This test did not come to its end. %s", run->why);
}

static void
psti(struct pdf *pdf, const struct audit_result *result, struct standard_verdict *standard)
{
	verdict_of_standard(STANDARD_PSTI, result->finding, result->n_findings, standard);
	section(pdf, "The three things that the law of the United Kingdom asks for");
	for (size_t i = 0; i < standard->n; i++) {
		const struct requirement *line = &standard->requirement[i];
		struct built settles;

		fputs("To settle it: ", build(&settles));
		report_settles(settles.file, &line->verdict);
		const char *how = built_text(&settles);
		const struct pdf_part
			what[] = {{strong, line->title ? line->title : line->id}, {{0}, NULL}},
			word[] = {{style_of(line->verdict.word),
					  verdict_word_name((enum verdict_word)line->verdict.word)},
				{{0}, NULL}},
			says[] = {{body, report_sentence(line->verdict.word)},
				{soft, line->verdict.word == VERDICT_INC ? how : NULL},
				{{0}, NULL}};
		const struct pdf_cell row[] = {{190, what}, {50, word}, {pdf_width() - 240, says}};
		pdf_row(pdf, row, 3);
		free(settles.text);
	}
	pdf_space(pdf, 3);
	pdf_paragraph(pdf, soft, standard_note(STANDARD_PSTI));
}

static void
what_to_do(struct pdf *pdf, const struct audit_result *result)
{
	bool any = false;

	section(pdf, "What to do");
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		struct built built;

		if (!report_is_told(result, i))
			continue;
		any = true;
		fprintf(build(&built), "%s", finding->text);
		report_place(built.file, finding, false);
		fprintf(built.file, ".%s",
			report_is_closed(result, finding)
				? " The gateway closes this port until a new test passes."
				: "");
		pdf_paragraph(pdf, body, built_text(&built));
		free(built.text);
		if (*result->check[finding->check].for_owner)
			pdf_paragraph(pdf, strong, result->check[finding->check].for_owner);
		pdf_space(pdf, 5);
	}
	if (!any)
		pdf_paragraph(pdf, body, report_no_failure);
}

/* --- tables ----------------------------------------------------------------------------- */

static void
headings(struct pdf *pdf, const unsigned *width, const char *const *name, size_t n)
{
	struct pdf_part part[PDF_CELLS_MAX][2] = {{{{0}, NULL}}};
	struct pdf_cell cell[PDF_CELLS_MAX];

	for (size_t i = 0; i < n; i++) {
		part[i][0] = (struct pdf_part){head, name[i]};
		cell[i] = (struct pdf_cell){width[i], part[i]};
	}
	pdf_row(pdf, cell, n);
}

static const char *
counts(struct built *built, const uint32_t count[static VERDICT_WORD_COUNT])
{
	FILE *out = build(built);

	for (unsigned i = VERDICT_WORD_COUNT - 1; i > VERDICT_UNKNOWN; i--)
		if (count[i])
			fprintf(out, "%u %s  ", count[i], verdict_word_name((enum verdict_word)i));
	return built_text(built);
}

static void
standards(struct pdf *pdf, const struct audit_result *result, struct standard_verdict *standard)
{
	static const unsigned width[] = {219, 150, 130};
	static const char *const name[] = {"Standard", "Mandatory", "Recommended"};

	section(pdf, "By standard");
	pdf_paragraph(pdf, soft,
		"How many lines of each got which verdict. There is no score: one FAIL is not made "
		"good by many that are met. Unchecked: the mapping to it was not yet compared with "
		"its "
		"text.");
	headings(pdf, width, name, 3);
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++) {
		struct built mandatory, recommended;
		verdict_of_standard(
			(enum standard)i, result->finding, result->n_findings, standard);
		size_t n = report_unchecked(standard);
		char unchecked[48];
		snprintf(unchecked, sizeof unchecked, "%zu of %zu lines unchecked", n, standard->n);
		const struct pdf_part which[] = {{small, standard_name((enum standard)i)},
			{soft, n ? unchecked : NULL}, {{0}, NULL}},
				      must[] = {{small, counts(&mandatory, standard->mandatory)},
					      {{0}, NULL}},
				      should[] = {
					      {small, counts(&recommended, standard->recommended)},
					      {{0}, NULL}};
		const struct pdf_cell row[] = {
			{width[0], which}, {width[1], must}, {width[2], should}};
		pdf_row(pdf, row, 3);
		free(mandatory.text);
		free(recommended.text);
	}
}

/* The tested ones, or those that were only declared; true: there is something. */
static bool
put_seen(FILE *out, const struct audit_result *result, const struct provision *provision,
	bool is_declared, bool any)
{
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		if (strcmp(finding->provision, provision->id) != 0 ||
			report_is_declared(result, finding) != is_declared)
			continue;
		fprintf(out, "%s%s%s", any ? " / " : "", is_declared ? "Not tested: " : "",
			finding->text);
		any = true;
		report_place(out, finding, true);
		if (finding->n_all) {
			fputs(" (", out);
			report_coverage(out, finding);
			fputs(")", out);
		}
		if (finding->n_evidence && !is_declared) {
			fputs(" [", out);
			report_evidence(out, finding);
			fputs("]", out);
		}
	}
	return any;
}

static const char *
what_was_seen(struct built *built, const struct audit_result *result,
	const struct provision *provision, const struct verdict *verdict)
{
	FILE *out = build(built);
	bool any = put_seen(out, result, provision, false, false);
	any = put_seen(out, result, provision, true, any);
	if (!any && verdict->word == VERDICT_NA)
		report_absent(out, result, provision);
	else if (!any)
		fprintf(out, "Nobody looked. One would look at: %s", provision->observable);
	else if (verdict->word == VERDICT_INC) {
		fputs(". To settle it: ", out);
		report_settles(out, verdict);
	}
	return built_text(built);
}

static void
provision_rows(struct pdf *pdf, const struct audit_result *result, bool mandatory)
{
	static const unsigned width[] = {52, 46, 156, 245};
	static const char *const name[] = {
		"Provision", "Verdict", "What it asks for", "What was seen"};

	headings(pdf, width, name, 4);
	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *provision = &provisions[i];
		struct verdict verdict =
			verdict_from_findings(provision->id, result->finding, result->n_findings);
		struct built seen;

		if ((provision->v3_class == 'M') != mandatory)
			continue;
		const struct pdf_part id[] = {{small, provision->id}, {{0}, NULL}},
				      word[] = {{style_of(verdict.word),
							verdict_word_name(
								(enum verdict_word)verdict.word)},
					      {{0}, NULL}},
				      asks[] = {{small, provision->meaning},
					      {soft, verdict.word == VERDICT_FAIL && !mandatory
							      ? "Recommendation not met."
							      : NULL},
					      {{0}, NULL}},
				      says[] = {{verdict.n_missing ? soft : small,
							what_was_seen(&seen, result, provision,
								&verdict)},
					      {{0}, NULL}};
		const struct pdf_cell row[] = {
			{width[0], id}, {width[1], word}, {width[2], asks}, {width[3], says}};
		pdf_row(pdf, row, 4);
		free(seen.text);
	}
}

static void
declared(struct pdf *pdf, const struct audit_result *result)
{
	static const unsigned width[] = {64, 46, 156, 233};
	static const char *const name[] = {
		"About", "Verdict", "What it asks for", "What was said, by whom, when"};
	const struct finding *but;
	bool any = false;

	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		struct built seen;
		if (!report_is_declared(result, finding))
			continue;
		if (!any) {
			section(pdf, "What was declared, and not tested");
			pdf_paragraph(pdf, soft, report_declared);
			headings(pdf, width, name, 4);
		}
		any = true;
		const char *about = report_declared_of(result, finding, &but);
		fprintf(build(&seen), "But it was seen: %s", but ? but->text : "");
		const char *seen_text = built_text(&seen);
		const struct pdf_part id[] = {{small, finding->provision}, {{0}, NULL}},
				      word[] = {{style_of(finding->word),
							verdict_word_name(
								(enum verdict_word)finding->word)},
					      {{0}, NULL}},
				      asks[] = {{small, about}, {{0}, NULL}},
				      says[] = {{small, finding->text},
					      {strong, but ? seen_text : NULL}, {{0}, NULL}};
		const struct pdf_cell row[] = {
			{width[0], id}, {width[1], word}, {width[2], asks}, {width[3], says}};
		pdf_row(pdf, row, 4);
		free(seen.text);
	}
}

static void
not_tested(struct pdf *pdf, const struct audit_result *result)
{
	const char *what, *because;
	size_t at = 0;
	bool any = false;

	section(pdf, "What was not tested");
	while (report_not_tested(result, &at, &what, &because)) {
		any = true;
		say(pdf, small, "- %s: %s", what, because);
	}
	if (!any)
		pdf_paragraph(pdf, small, "Every check that exists was run.");
	pdf_space(pdf, 4);
	pdf_paragraph(pdf, small, report_limits);
}

static void
foot(struct pdf *pdf, const struct audit_result *result)
{
	const struct audit_run *run = &result->run;
	char number[80];

	section(pdf, "How it was tested");
	fact(pdf, "Tool", run->tool);
	fact(pdf, "Rules (SHA-256)", run->ruleset);
	fact(pdf, "Profile", run->profile);
	snprintf(number, sizeof number, "%u: %u exchanges, %u packets", run->number, run->exchanges,
		run->packets);
	fact(pdf, "Run", number);
	pdf_space(pdf, 6);
	pdf_paragraph(pdf, soft, report_legend);
	pdf_space(pdf, 4);
	pdf_paragraph(pdf, soft, report_no_certificate);
}

void
report_pdf(const struct audit_result *result, FILE *out)
{
	struct standard_verdict *standard = malloc(sizeof *standard);
	struct pdf *pdf;
	char name[128];

	if (!standard)
		abort();
	snprintf(name, sizeof name, "Test of %s", report_name(result));
	pdf = pdf_new(name);
	header(pdf, result);
	psti(pdf, result, standard);
	what_to_do(pdf, result);
	pdf_new_page(pdf);
	standards(pdf, result, standard);
	section(pdf, "ETSI EN 303 645 V3.1.3: mandatory provisions");
	provision_rows(pdf, result, true);
	section(pdf, "Recommended provisions");
	provision_rows(pdf, result, false);
	declared(pdf, result);
	not_tested(pdf, result);
	foot(pdf, result);
	pdf_end(pdf, out);
	free(standard);
}
