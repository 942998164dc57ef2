/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bands of a label.  A band is no score: it is a list of requirements, all of
 * which are met, and nothing that was shown to be wrong is outweighed by anything.
 */
#include <string.h>

#include "base/auto.h"
#include "label/escape.h"
#include "label/label.h"
#include "label/style.h"

static const struct {
	const char *word, *sentence;
} bands[BAND_COUNT] = {
	[BAND_UNKNOWN] = {"unknown", "Nothing is known."},
	[BAND_FAILED] = {"failed", "Something that is mandatory was shown not to be met, or a "
				   "critical fault was proved."},
	[BAND_OPEN] = {"open", "No failure was found, and too little was looked at to say more."},
	[BAND_BASIC] = {"basic",
		"The first questions have answers: passwords, reporting of faults, support."},
	[BAND_SOUND] = {"sound",
		"Every mandatory provision that can be tested from outside was tested, and held."},
	[BAND_STRONG] = {"strong", "Every mandatory provision is answered, and it stays safe and "
				   "useful for its life."},
};

const char *
label_band_word(enum label_band band)
{
	return bands[(unsigned)band < BAND_COUNT ? band : BAND_UNKNOWN].word;
}

const char *
label_band_sentence(enum label_band band)
{
	return bands[(unsigned)band < BAND_COUNT ? band : BAND_UNKNOWN].sentence;
}

enum label_band
label_band_from_word(const char *word)
{
	for (unsigned i = BAND_FAILED; i < BAND_COUNT; i++)
		if (!strcmp(bands[i].word, word))
			return (enum label_band)i;
	return BAND_UNKNOWN;
}

/* --- requirements -------------------------------------------------------------------------------- */

static bool
is_answered(uint8_t word)
{
	return word == VERDICT_PASS || word == VERDICT_NFF || word == VERDICT_DECL ||
	       word == VERDICT_NA;
}

static bool
is_tested(uint8_t word)
{
	return word == VERDICT_PASS || word == VERDICT_NFF || word == VERDICT_NA;
}

static bool
need_test(const struct label *label)
{
	return label->run && label->is_complete;
}

static bool
need_passwords(const struct label *label)
{
	return is_tested(label->passwords);
}

static bool
need_reporting(const struct label *label)
{
	return is_answered(label->reporting);
}

static bool
need_support(const struct label *label)
{
	return label->support_end && label->support != VERDICT_FAIL;
}

static bool
need_responsible(const struct label *label)
{
	return label->responsible[0];
}

static bool
need_firmware(const struct label *label)
{
	return label->firmware[0];
}

/* Clauses whose mandatory provisions a tool can judge without the maker's word. */
static bool
need_seen(const struct label *label)
{
	static const char *const seen[] = {"5.1", "5.2", "5.5", "5.6"};

	for (size_t i = 0; i < LABEL_CLAUSES; i++)
		for (size_t k = 0; k < COUNT_OF(seen); k++)
			if (!strcmp(label_clause_id(i), seen[k]) && !is_answered(label->clause[i]))
				return false;
	return true;
}

static bool
need_supported(const struct label *label)
{
	return label->support_end > label_day(label->issued_s);
}

static bool
need_recent(const struct label *label)
{
	return label->tested_s &&
	       label_day(label->issued_s) - label_day(label->tested_s) <= LABEL_TEST_DAYS;
}

static bool
need_all(const struct label *label)
{
	uint32_t n = 0;

	for (unsigned i = VERDICT_NA; i < VERDICT_WORD_COUNT; i++)
		n += label->mandatory[i];
	return n && !label->mandatory[VERDICT_INC] && !label->mandatory[VERDICT_FAIL];
}

static bool
need_recommended(const struct label *label)
{
	return need_test(label) && !label->recommended[VERDICT_FAIL];
}

static bool
need_units(const struct label *label)
{
	return label->units >= 2;
}

static bool
need_offline(const struct label *label)
{
	return is_tested(label->offline);
}

static bool
need_life(const struct label *label)
{
	return label_unprotected_months(label) == 0;
}

static bool
need_mended(const struct label *label)
{
	return need_test(label) && !label->open_all;
}

const struct label_need label_needs[] = {
	{BAND_BASIC, "test", "A test of it has ended, and every check that was planned was made.",
		"pinfold audit run DEVICE", need_test},
	{BAND_BASIC, "passwords",
		"Its passwords were tested: provisions 5.1-1 and 5.1-2 are PASS, NFF or NA.",
		"test a second unit, and let the checks of logins run", need_passwords},
	{BAND_BASIC, "reporting",
		"It is known how a fault is reported to its maker: 5.2-1 is answered.",
		"look at what the maker publishes", need_reporting},
	{BAND_BASIC, "support",
		"The day is known until which security updates are promised, and 5.3-13 is not "
		"FAIL.",
		"pinfold label set DEVICE support-end 2030-12-31", need_support},
	{BAND_BASIC, "responsible", "It is known who is responsible for its updates.",
		"pinfold label set DEVICE responsible NAME", need_responsible},
	{BAND_SOUND, "firmware", "The firmware that was tested is known.",
		"pinfold label set DEVICE firmware VERSION", need_firmware},
	{BAND_SOUND, "seen",
		"Of the clauses 5.1, 5.2, 5.5 and 5.6, which can be seen from outside, no "
		"mandatory "
		"provision is open.",
		"pinfold audit run DEVICE --profile full --consent intrude", need_seen},
	{BAND_SOUND, "supported", "Support had not ended when the label was issued.",
		"ask the maker to extend it", need_supported},
	{BAND_SOUND, "recent", "The test was at most 180 days old when the label was issued.",
		"pinfold audit run DEVICE", need_recent},
	{BAND_STRONG, "answered",
		"Every mandatory provision is answered: none is INC or FAIL. A declaration (DECL) "
		"answers, and is counted as such.",
		"ask the maker for the declaration (ICS, IXIT)", need_all},
	{BAND_STRONG, "recommended", "No recommendation was shown not to be met.",
		"pinfold audit show RUN names them", need_recommended},
	{BAND_STRONG, "units", "At least two units were tested.",
		"test a second unit of the same model", need_units},
	{BAND_STRONG, "offline",
		"It was tested without the internet and went on doing its work: 5.9-2 is PASS or "
		"NFF.",
		"pinfold audit run DEVICE --consent intrude", need_offline},
	{BAND_STRONG, "life", "Support lasts as long as the device is expected to be used.",
		"pinfold label set DEVICE life YEARS", need_life},
	{BAND_STRONG, "mended", "Nothing that was found is open.", "mend it, and test again",
		need_mended},
};
const size_t n_label_needs = COUNT_OF(label_needs);
_Static_assert(COUNT_OF(label_needs) < 32, "one bit each in label.met");

static bool
has_failed(const struct label *label)
{
	return label->mandatory[VERDICT_FAIL] || label->failed_other || label->open_critical ||
	       label->passwords == VERDICT_FAIL || label->reporting == VERDICT_FAIL ||
	       label->support == VERDICT_FAIL;
}

void
label_judge(struct label *label)
{
	label->met = 0;
	for (size_t i = 0; i < n_label_needs; i++)
		if (label_needs[i].is_met(label))
			label->met |= 1U << i;
	label->band = has_failed(label) ? BAND_FAILED : BAND_OPEN;
	for (unsigned band = BAND_BASIC; label->band != BAND_FAILED && band < BAND_COUNT; band++) {
		bool is_reached = true;
		for (size_t i = 0; i < n_label_needs; i++)
			if (label_needs[i].band == band && !(label->met >> i & 1))
				is_reached = false;
		if (!is_reached)
			break;
		label->band = (uint8_t)band;
	}
}

/* --- the page -------------------------------------------------------------------------------------- */

static const char intro[] =
	"A label says in one word which requirements were met. The word is no score: a band is "
	"reached when all of its requirements, and all of those before it, are met. Whatever was "
	"shown to be wrong is never outweighed: one mandatory failure or one critical fault, and "
	"the "
	"word is \"failed\". What nobody looked at meets nothing. The counts of all verdicts stand "
	"beside the word, FAIL first.";

void
label_bands_markdown(FILE *out)
{
	fprintf(out,
		"# The bands of a label\n\n"
		"<!-- made by: pinfold label bands --markdown -->\n\n%s\n",
		intro);
	for (unsigned band = BAND_FAILED; band < BAND_COUNT; band++) {
		fprintf(out, "\n## %s\n\n%s\n", bands[band].word, bands[band].sentence);
		if (band >= BAND_BASIC)
			fprintf(out, "\n| requirement | | how to meet it |\n|---|---|---|\n");
		for (size_t i = 0; i < n_label_needs; i++)
			if (label_needs[i].band == band)
				fprintf(out, "| `%s` | %s | %s |\n", label_needs[i].id,
					label_needs[i].sentence, label_needs[i].how);
	}
	fprintf(out, "\nWords of verdicts: [STANDARDS.md](STANDARDS.md). Labels: "
		     "[LABEL.md](LABEL.md).\n");
}

void
label_bands_html(FILE *out)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" PAGE_POLICY
	      "<meta name=\"viewport\" content=\"width=device-width\">\n"
	      "<title>The bands of a label</title>\n" PAGE_STYLE
	      "</head>\n<body>\n<h1>The bands of a label</h1>\n<p>",
		out);
	escape_markup(out, intro);
	fputs("</p>\n", out);
	for (unsigned band = BAND_FAILED; band < BAND_COUNT; band++) {
		fprintf(out, "<h2 id=\"%s\">%s</h2>\n<p>%s</p>\n", bands[band].word,
			bands[band].word, bands[band].sentence);
		if (band < BAND_BASIC)
			continue;
		fputs("<table><thead><tr><th>requirement</th><th></th></tr></thead><tbody>\n", out);
		for (size_t i = 0; i < n_label_needs; i++)
			if (label_needs[i].band == band)
				fprintf(out, "<tr><td>%s</td><td>%s</td></tr>\n", label_needs[i].id,
					label_needs[i].sentence);
		fputs("</tbody></table>\n", out);
	}
	fputs("</body>\n</html>\n", out);
}
