/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping between standards, as open data and as a page to read. */
#include <string.h>

#include "label/escape.h"
#include "label/report.h"
#include "label/style.h"

/* The columns of data/provisions.tsv, by name; a null pointer is none. */
enum { COLUMNS = 21 };
static const char *const column_names[COLUMNS] = {"id", "v2_id", "v2_class", "v2_cond", "v3_class",
	"v3_cond", "tier", "methods", "meaning", "observable", "cop", "psti", "cra", "nistir8425",
	"sb327", "cls", "owasp", "en18031", "iotsf", "gsma", "nis2"};

struct cells {
	char class2[2], class3[2], tier[2];
	const char *cell[COLUMNS];
};

static void
cells_of(const struct provision *row, struct cells *out)
{
	*out = (struct cells){
		.class2 = {row->v2_class}, .class3 = {row->v3_class}, .tier = {row->tier}};
	const char *cell[COLUMNS] = {row->id, row->v2_id, row->v2_class ? out->class2 : NULL,
		row->v2_condition, out->class3, row->v3_condition, out->tier, row->methods,
		row->meaning, row->observable, row->cop, row->psti, row->cra, row->nistir8425,
		row->sb327, row->cls, row->owasp, row->en18031, row->iotsf, row->gsma, row->nis2};
	memcpy(out->cell, cell, sizeof cell);
}

static void
separated(FILE *out, char separator, void (*write)(FILE *, const char *))
{
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(out, "%s%c", column_names[i], i + 1 < COLUMNS ? separator : '\n');
	for (size_t i = 0; i < n_provisions; i++) {
		struct cells cells;
		cells_of(&provisions[i], &cells);
		for (size_t j = 0; j < COLUMNS; j++) {
			write(out, cells.cell[j]);
			fputc(j + 1 < COLUMNS ? separator : '\n', out);
		}
	}
}

static void
plain(FILE *out, const char *cell)
{
	fputs(cell ? cell : "-", out);
}

/* RFC 4180 */
static void
quoted(FILE *out, const char *cell)
{
	fputc('"', out);
	for (; cell && *cell; cell++) {
		if (*cell == '"')
			fputc('"', out);
		fputc(*cell, out);
	}
	fputc('"', out);
}

void
standards_tsv(FILE *out)
{
	separated(out, '\t', plain);
}

void
standards_csv(FILE *out)
{
	separated(out, ',', quoted);
}

static json_t *
entries_json(const char *cell)
{
	json_t *out = json_array();
	struct mapped mapped;

	while (provision_cell(&cell, &mapped))
		json_array_append_new(
			out, json_pack("{s:s, s:b, s:b}", "id", mapped.id, "unchecked",
				     mapped.is_unchecked, "weak", mapped.is_weak));
	return out;
}

static json_t *
text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *
standards_json(void)
{
	json_t *out = json_object(), *list = json_array(), *rows = json_array();

	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s}", "id", standard_id((enum standard)i),
				      "name", standard_name((enum standard)i), "compared",
				      standard_compared((enum standard)i), "note",
				      standard_note((enum standard)i)));
	for (size_t i = 0; i < n_provisions; i++) {
		json_t *row = json_object(), *mapped = json_object();
		struct cells cells;
		cells_of(&provisions[i], &cells);
		for (size_t j = 0; j < 10; j++)
			json_object_set_new(row, column_names[j], text_or_null(cells.cell[j]));
		for (unsigned j = STANDARD_COP; j < STANDARD_COUNT; j++)
			json_object_set_new(mapped, standard_id((enum standard)j),
				entries_json(standard_cell((enum standard)j, &provisions[i])));
		json_object_set_new(row, "maps_to", mapped);
		json_array_append_new(rows, row);
	}
	json_object_set_new(out, "schema", json_string("pinfold-standards-1"));
	json_object_set_new(out, "standards", list);
	json_object_set_new(out, "provisions", rows);
	return out;
}

/* Nothing of the whole column was: that is said once, above it. */
static bool
is_all_unchecked(enum standard standard)
{
	struct mapped mapped;

	for (size_t i = 0; i < n_provisions; i++) {
		const char *cell = standard_cell(standard, &provisions[i]);
		while (provision_cell(&cell, &mapped))
			if (!mapped.is_unchecked)
				return false;
	}
	return true;
}

static void
entries_html(FILE *out, const char *cell, bool with_mark)
{
	struct mapped mapped;
	bool is_first = true;

	while (provision_cell(&cell, &mapped)) {
		fprintf(out, "%s<span>%s", is_first ? "" : " ",
			mapped.is_weak ? "<i>weak</i> " : "");
		escape_markup(out, mapped.id);
		if (mapped.is_unchecked && with_mark)
			fputs("<sup>?</sup>", out);
		fputs(*cell ? ",</span>" : "</span>", out);
		is_first = false;
	}
}

void
standards_html(FILE *out)
{
	fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n" PAGE_POLICY
	      "<title>What the standards ask for, side by side</title>\n" PAGE_STYLE
	      "<style>body{max-width:none}th,td{overflow-wrap:normal}td "
	      "span,td:first-child,td:nth-child(2)"
	      "{white-space:nowrap}td:nth-child(4){min-width:16rem}</style></head><body>\n"
	      "<h1>What the standards ask for, side by side</h1>\n"
	      "<p class=\"soft\">The provisions of ETSI EN 303 645 by identifier and in our own "
	      "words, "
	      "and where other documents ask for the same. M: mandatory, R: recommended. "
	      "<sup>?</sup>: not compared with the text itself; above a column: none of it. What "
	      "was compared with what stands below. <i>weak</i>: touches it, and is not counted. "
	      "No legal advice.</p>\n<div "
	      "class=\"wide\"><table><thead><tr><th>V3.1.3</th>"
	      "<th>V2.1.1</th><th>Class</th><th>Meaning</th>",
		out);
	for (unsigned i = STANDARD_COP; i < STANDARD_COUNT; i++)
		fprintf(out, "<th scope=\"col\">%s%s</th>", standard_id((enum standard)i),
			is_all_unchecked((enum standard)i) ? "<sup>?</sup>" : "");
	fputs("</tr></thead><tbody>\n", out);
	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *row = &provisions[i];
		fprintf(out, "<tr id=\"p%s\"><td>%s</td><td>%s</td><td>%c</td><td>", row->id,
			row->id, row->v2_id ? row->v2_id : "", row->v3_class);
		escape_markup(out, row->meaning);
		fputs("</td>", out);
		for (unsigned j = STANDARD_COP; j < STANDARD_COUNT; j++) {
			fputs("<td>", out);
			entries_html(out, standard_cell((enum standard)j, row),
				!is_all_unchecked((enum standard)j));
			fputs("</td>", out);
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n<h2>The documents</h2>\n<dl>\n", out);
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++) {
		fprintf(out, "<dt>%s</dt><dd>", standard_id((enum standard)i));
		escape_markup(out, standard_name((enum standard)i));
		fputs(". ", out);
		escape_markup(out, standard_note((enum standard)i));
		fputs(" <span class=\"soft\">Compared: ", out);
		escape_markup(out, standard_compared((enum standard)i));
		fputs(".</span></dd>\n", out);
	}
	fputs("</dl>\n</body></html>\n", out);
}
