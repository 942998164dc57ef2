/* SPDX-License-Identifier: Apache-2.0 */
#include "label/label_page.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "label/escape.h"
#include "label/report_words.h"
#include "label/style.h"

/* --- rows ----------------------------------------------------------------------------------- */

static const char *
name_of(const struct label *label)
{
	return label->model[0] ? label->model : label->device[0] ? label->device : label->id;
}

static const char *
or_unknown(const char *text)
{
	return *text ? text : "not known";
}

static const char *
in_words(uint8_t word)
{
	switch (word) {
	case VERDICT_PASS:
		return "shown to be met";
	case VERDICT_NFF:
		return "no failure found";
	case VERDICT_FAIL:
		return "FAILED";
	case VERDICT_DECL:
		return "declared by the maker, not tested";
	case VERDICT_NA:
		return "does not apply";
	case VERDICT_INC:
		return "not settled";
	default:
		return "nobody looked at it";
	}
}

static void
row_support(const struct label *label, char *out, size_t size)
{
	char date[LABEL_DATE_MAX];
	int months = label_unprotected_months(label);

	label_date(date, label->support_end);
	int len = snprintf(out, size, "%s", label->support_end ? "until " : "no day is known");
	if (label->support_end)
		len += snprintf(out + len, size - (size_t)len, "%s", date);
	if (months > 0)
		snprintf(out + len, size - (size_t)len,
			"; of %d years that it may be used, %d.%d go unprotected",
			label->life_years, months / 12, months % 12 * 10 / 12);
	else if (!months)
		snprintf(out + len, size - (size_t)len, "; as long as it is expected to be used");
}

static void
row_firmware(const struct label *label, char *out, size_t size)
{
	char date[LABEL_DATE_MAX];

	label_date(date, label->last_update);
	snprintf(out, size, "%s%s%s%s%s", or_unknown(label->firmware),
		label->firmware_below[0] ? ", and later ones below " : "", label->firmware_below,
		label->last_update ? "; last update " : "", date);
}

static void
row_test(const struct label *label, char *out, size_t size)
{
	char utc[32];

	if (!label->run) {
		snprintf(out, size, "it was not tested");
		return;
	}
	report_utc(utc, label->tested_s);
	snprintf(out, size, "run %u, ended %s; %zu check%s, %u unit%s, %s%s; by %s", label->run,
		utc, label->n_checks, label->n_checks == 1 ? "" : "s", label->units,
		label->units == 1 ? "" : "s", label->consent,
		label->is_complete ? "" : ", NOT COMPLETE", label->tool);
}

static void
row_counts(const uint32_t *count, char *out, size_t size)
{
	size_t len = 0;

	/* FAIL first: nothing stands before it. */
	for (unsigned i = VERDICT_WORD_COUNT - 1; i >= VERDICT_NA && len < size; i--)
		if (count[i] || i == VERDICT_FAIL)
			len += (size_t)snprintf(out + len, size - len, "%s%u %s", len ? ", " : "",
				count[i], verdict_word_name((enum verdict_word)i));
}

static void
row_open(const struct label *label, char *out, size_t size)
{
	if (!label->run)
		snprintf(out, size, "not known");
	else
		snprintf(out, size, "%u, of them %u critical%s", label->open_all,
			label->open_critical,
			label->n_withheld ? "; what they are is told to the maker first" : "");
}

static void
row_maker(const struct label *label, char *out, size_t size)
{
	snprintf(out, size, "%s", or_unknown(label->maker));
}

static void
row_model(const struct label *label, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", or_unknown(label->model),
		label->hardware[0] ? ", hardware " : "", label->hardware);
}

static void
row_responsible(const struct label *label, char *out, size_t size)
{
	snprintf(out, size, "%s", or_unknown(label->responsible));
}

static void
row_passwords(const struct label *label, char *out, size_t size)
{
	snprintf(out, size, "%s", in_words(label->passwords));
}

static void
row_reporting(const struct label *label, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", in_words(label->reporting), label->policy_url[0] ? ": " : "",
		label->policy_url);
}

static void
row_offline(const struct label *label, char *out, size_t size)
{
	snprintf(out, size, "%s", in_words(label->offline));
}

static void
row_mandatory(const struct label *label, char *out, size_t size)
{
	row_counts(label->mandatory, out, size);
}

static void
row_recommended(const struct label *label, char *out, size_t size)
{
	row_counts(label->recommended, out, size);
}

static void
row_other(const struct label *label, char *out, size_t size)
{
	snprintf(out, size, "%u FAIL", label->failed_other);
}

static void
row_issuer(const struct label *label, char *out, size_t size)
{
	char from[32], to[32];

	report_utc(from, label->issued_s);
	report_utc(to, label->until_s);
	snprintf(out, size, "%s%s%s%s (%s), revision %u, %s to %s", label->issuer_name,
		label->issuer_kind[0] ? ", " : "", label->issuer_kind,
		label->reviewer[0] ? "" : ", not reviewed by a second person", label->issuer,
		label->revision, from, to);
}

static const struct {
	const char *name;
	void (*write)(const struct label *, char *, size_t);
} rows[] = {
	{"maker", row_maker},
	{"model", row_model},
	{"firmware", row_firmware},
	{"updates by", row_responsible},
	{"support", row_support},
	{"passwords", row_passwords},
	{"reporting faults", row_reporting},
	{"without internet", row_offline},
	{"tested", row_test},
	{"mandatory", row_mandatory},
	{"recommended", row_recommended},
	{"other rules", row_other},
	{"open findings", row_open},
	{"issued by", row_issuer},
};

bool
label_row(const struct label *label, size_t at, const char **name, char *value, size_t size)
{
	if (at >= COUNT_OF(rows))
		return false;
	*name = rows[at].name;
	value[0] = '\0';
	rows[at].write(label, value, size);
	return true;
}

/* --- the page --------------------------------------------------------------------------------- */

static const char *
ink(bool is_bad)
{
	return is_bad ? "FAIL" : "NA";
}

static void
put_needs(const struct label *label, FILE *out)
{
	bool is_first = true;

	for (size_t i = 0; i < n_label_needs; i++) {
		if (label->met >> i & 1)
			continue;
		if (is_first)
			fputs("<h2>What is not met</h2>\n<ul>\n", out);
		is_first = false;
		fprintf(out, "<li><b>%s</b>: %s</li>\n", label_band_word(label_needs[i].band),
			label_needs[i].sentence);
	}
	if (!is_first)
		fputs("</ul>\n<p><a href=\"../../bands.html\">All requirements</a></p>\n", out);
}

static void
put_clauses(const struct label *label, FILE *out)
{
	fputs("<h2>By subject</h2>\n<div class=\"wide\"><table class=\"loose\"><thead><tr>"
	      "<th>EN 303 645</th><th>subject</th><th>result</th></tr></thead><tbody>\n",
		out);
	for (size_t i = 0; i < LABEL_CLAUSES; i++) {
		const char *word = label->clause[i]
					   ? verdict_word_name((enum verdict_word)label->clause[i])
					   : "INC";
		fprintf(out,
			"<tr><td>%s</td><td>%s</td><td><span class=\"%s\">%s</span></td></tr>\n",
			label_clause_id(i), label_clause_title(i), word,
			in_words(label->clause[i]));
	}
	fputs("</tbody></table></div>\n", out);
}

static void
put_list(const char *title, FILE *out)
{
	fprintf(out, "<h2>%s</h2>\n<ul>\n", title);
}

/* "Untested firmware": for people, without the marks of a code. */
static void
put_status_word(enum label_status status, FILE *out)
{
	const char *word = label_status_word(status);

	for (size_t i = 0; word[i]; i++)
		fputc(word[i] == '_' ? ' ' : i ? tolower((unsigned char)word[i]) : word[i], out);
}

/* Four steps upwards, as many of them filled as were reached; it says so without colour. */
static void
put_scale(enum label_band band, int x, int foot, const char *colour, FILE *out)
{
	for (int step = 0; step < BAND_COUNT - BAND_OPEN; step++) {
		bool is_reached = band >= BAND_OPEN && (int)band - BAND_OPEN >= step;
		int height = 12 + 8 * step;
		fprintf(out,
			"<rect x=\"%d\" y=\"%d\" width=\"24\" height=\"%d\" rx=\"3\" "
			"fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\"/>\n",
			x + 1 + 33 * step, foot - height, height, is_reached ? colour : "none",
			colour);
	}
}

void
label_page(const struct label *label, const struct label_now *now, int64_t as_of_s, uint32_t ttl_s,
	const struct qr *qr, FILE *out)
{
	bool is_bad = !label_status_is_good((enum label_status)now->status);
	char as_of[32], until[32], value[400];
	const char *name;

	report_utc(as_of, as_of_s);
	report_utc(until, as_of_s + ttl_s);
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" PAGE_POLICY
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Label: ",
		out);
	escape_markup(out, name_of(label));
	fputs("</title>\n" PAGE_STYLE "</head>\n<body>\n<h1>", out);
	escape_markup(out, label->maker);
	fputs(label->maker[0] ? " " : "", out);
	escape_markup(out, name_of(label));
	fprintf(out, "</h1>\n<div class=\"items\">\n<div class=\"item %s\"><h3>", ink(is_bad));
	put_status_word((enum label_status)now->status, out);
	fputs("</h3><p>", out);
	escape_markup(out, label_status_sentence((enum label_status)now->status));
	if (now->reason[0]) {
		fputs(": ", out);
		escape_markup(out, now->reason);
	}
	fprintf(out,
		"</p><p class=\"soft\">As of %s. After %s this page confirms nothing: load it "
		"again.</p></div>\n",
		as_of, until);
	fprintf(out, "<div class=\"item %s\"><h3>%s</h3><p>%s</p>", ink(label->band == BAND_FAILED),
		label_band_word((enum label_band)label->band),
		label_band_sentence((enum label_band)label->band));
	fputs("<svg viewBox=\"0 0 132 40\" width=\"132\" height=\"40\" aria-hidden=\"true\">", out);
	put_scale((enum label_band)label->band, 0, 36, "currentColor", out);
	fputs("</svg></div>\n</div>\n", out);
	fputs("<dl>\n", out);
	for (size_t i = 0; label_row(label, i, &name, value, sizeof value); i++) {
		fprintf(out, "<dt>%s</dt><dd>", name);
		escape_markup(out, value);
		fputs("</dd>\n", out);
	}
	fputs("</dl>\n", out);
	if (label->n_shields)
		put_list("What the gateway of the issuer does about it", out);
	for (size_t i = 0; i < label->n_shields; i++) {
		fputs("<li>", out);
		escape_markup(out, label->shield[i]);
		fputs(i + 1 == label->n_shields ? "</li>\n</ul>\n" : "</li>\n", out);
	}
	if (label->n_findings)
		put_list("Findings that are public", out);
	for (size_t i = 0; i < label->n_findings; i++) {
		fprintf(out, "<li><span class=\"word FAIL\">FAIL</span> ");
		escape_markup(out, label->finding[i].provision);
		fputs(": ", out);
		escape_markup(out, label->finding[i].text);
		fputs(i + 1 == label->n_findings ? "</li>\n</ul>\n" : "</li>\n", out);
	}
	put_needs(label, out);
	put_clauses(label, out);
	fputs("<h2>To check it</h2>\n<p>Signed: <a href=\"label.jwt\">label.jwt</a>, "
	      "<a href=\"status.jwt\">status.jwt</a>, <a href=\"label.svg\">label.svg</a>; "
	      "the log of all that was said: <a href=\"../../log/checkpoint\">checkpoint</a>. "
	      "<code>pinfold label verify</code> does it without a network.</p>\n",
		out);
	if (qr)
		qr_svg(qr, out);
	fputs("<p class=\"soft\">This is no certificate of conformity. What was not tested is not "
	      "shown as passed.</p>\n</body>\n</html>\n",
		out);
}

/* --- the picture -------------------------------------------------------------------------------- */

enum { SVG_WIDTH = 360, SVG_EDGE = 20, SVG_COLUMN = 128, SVG_LINE = 16, SVG_LETTERS = 60 };
#define SVG_INK  "#1a1f24"
#define SVG_SOFT "#4a545e"

struct svg_text {
	int x, size, line; /* line: from one to the next */
	bool is_bold;
	const char *colour;
};

/* Below y, in as many lines as it needs; gives the place of the last. */
static int
put_text(FILE *out, int y, const struct svg_text *as, const char *text)
{
	/* Letters of the widest common typefaces: six tenths of their height, bold ones more. */
	size_t room = (size_t)((SVG_WIDTH - SVG_EDGE - as->x) * 100 /
			       (as->size * (as->is_bold ? 68 : 60)));
	char part[SVG_LETTERS + 1];

	room = room < SVG_LETTERS ? room : SVG_LETTERS;
	while (*text) {
		size_t n = strlen(text), cut = n;
		if (n > room) {
			for (cut = room; cut && text[cut] != ' '; cut--)
				;
			cut = cut ? cut : room;
		}
		snprintf(part, sizeof part, "%.*s", (int)cut, text);
		y += as->line;
		fprintf(out, "<text x=\"%d\" y=\"%d\" font-size=\"%d\"%s fill=\"%s\">", as->x, y,
			as->size, as->is_bold ? " font-weight=\"700\"" : "", as->colour);
		escape_markup(out, part);
		fputs("</text>\n", out);
		text += cut;
		text += *text == ' ';
	}
	return y;
}

/* The word, white on black where it failed: the same on a grey copy. */
static int
put_band(const struct label *label, int y, FILE *out)
{
	bool is_failed = label->band == BAND_FAILED;

	fprintf(out,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"64\" rx=\"8\" fill=\"%s\" "
		"stroke=\"" SVG_INK "\" stroke-width=\"2\"/>\n"
		"<text x=\"%d\" y=\"%d\" font-size=\"30\" font-weight=\"700\" fill=\"%s\">%s</text>"
		"\n",
		SVG_EDGE, y, SVG_WIDTH - 2 * SVG_EDGE, is_failed ? SVG_INK : "#fff", SVG_EDGE + 16,
		y + 42, is_failed ? "#fff" : SVG_INK,
		label_band_word((enum label_band)label->band));
	put_scale((enum label_band)label->band, SVG_WIDTH - SVG_EDGE - 16 - 126, y + 50,
		is_failed ? "#fff" : SVG_INK, out);
	return y + 64;
}

static int
put_row(const char *name, const char *value, int y, FILE *out)
{
	static const struct svg_text soft = {SVG_EDGE, 12, SVG_LINE, false, SVG_SOFT},
				     plain = {SVG_COLUMN, 12, SVG_LINE, false, SVG_INK};

	fprintf(out,
		"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#c5ccd3\" "
		"stroke-width=\"1\"/>\n",
		SVG_EDGE, y + 6, SVG_WIDTH - SVG_EDGE, y + 6);
	put_text(out, y + 6, &soft, name);
	return put_text(out, y + 6, &plain, value);
}

static int
put_face(const struct label *label, FILE *out)
{
	static const char *const shown[] = {
		"firmware", "updates by", "support", "passwords", "without internet", "mandatory"};
	static const struct svg_text soft = {SVG_EDGE, 13, SVG_LINE, false, SVG_SOFT},
				     title = {SVG_EDGE, 19, 24, true, SVG_INK},
				     plain = {SVG_EDGE, 13, 18, false, SVG_INK},
				     bold = {SVG_EDGE, 14, 20, true, SVG_INK};
	char value[400], date[LABEL_DATE_MAX];
	const char *name;
	int y = 18;

	y = put_text(out, y, &soft, label->maker);
	y = put_text(out, y, &title, name_of(label));
	y = put_band(label, y + 14, out);
	y = put_text(out, y + 6, &plain, label_band_sentence((enum label_band)label->band));
	y += 6;
	for (size_t k = 0; k < COUNT_OF(shown); k++)
		for (size_t i = 0; label_row(label, i, &name, value, sizeof value); i++)
			if (!strcmp(name, shown[k]))
				y = put_row(name, value, y, out);
	label_date(date, label_day(label->issued_s));
	snprintf(value, sizeof value, "%s, %.60s", date, label->issuer + 8);
	y = put_row("issued", value, y, out);
	return put_text(out, y + 14, &bold, "Scan for what holds today");
}

void
label_svg(const struct label *label, const char *jws, const struct qr *qr, FILE *out)
{
	static const int side = SVG_WIDTH - 2 * SVG_EDGE;
	auto_free char *face = NULL;
	size_t len;

	FILE *file = open_memstream(&face, &len);
	if (!file)
		abort();
	int y = put_face(label, file), height = y + side + 24;
	if (fclose(file))
		abort();
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" font-family=\"system-ui,sans-serif\" role=\"img\">\n<title>Label: ",
		SVG_WIDTH, height, SVG_WIDTH, height);
	escape_markup(out, name_of(label));
	fprintf(out, "</title>\n" LABEL_SVG_BEGIN "%s" LABEL_SVG_END "\n", jws);
	fprintf(out,
		"<rect x=\"1\" y=\"1\" width=\"%d\" height=\"%d\" rx=\"10\" fill=\"#fff\" "
		"stroke=\"" SVG_INK "\" stroke-width=\"2\"/>\n%s",
		SVG_WIDTH - 2, height - 2, face);
	fprintf(out,
		"<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"-4 -4 %d %d\" "
		"shape-rendering=\"crispEdges\">",
		SVG_EDGE, y + 8, side, side, qr->width + 8, qr->width + 8);
	qr_svg_path(qr, out);
	fputs("</svg>\n</svg>\n", out);
}
