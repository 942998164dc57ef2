/* SPDX-License-Identifier: Apache-2.0 */
#include "label/document.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/auto.h"
#include "label/escape.h"
#include "label/pdf.h"
#include "label/style.h"

struct line {
	char *text; /* owned */
	uint8_t tone;
	bool goes_on; /* of the line before */
};

struct lines {
	struct line *line; /* owned */
	size_t n, capacity;
};

enum open { OPEN_NOTHING, OPEN_FACTS, OPEN_LIST, OPEN_CARDS };

struct document {
	FILE *out;
	struct pdf *pdf; /* NULL: a page */
	enum open open;  /* of a page: what the next element may belong to */
	struct lines lines;
	const struct document_column *column;
	size_t n_columns, at;
	struct lines cell[DOCUMENT_COLUMNS_MAX]; /* of the row, until it is whole */
};

static const struct pdf_style paper_title = {18, PDF_BLACK, 1}, paper_heading = {13, PDF_BLACK, 1},
			      paper_name = {10, PDF_BLACK, 1}, paper_head = {9, PDF_GREY, 1};

/* --- lines ---------------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 4, 0)))
add(struct document *document, unsigned tone, bool goes_on, const char *format, va_list args)
{
	struct lines *lines = &document->lines;
	struct line *line;

	if (lines->n == lines->capacity) {
		lines->capacity = 2 * lines->capacity + 8;
		lines->line = realloc(lines->line, lines->capacity * sizeof *lines->line);
		if (!lines->line)
			abort();
	}
	line = &lines->line[lines->n];
	*line = (struct line){.tone = (uint8_t)tone, .goes_on = goes_on && lines->n};
	if (vasprintf(&line->text, format, args) < 0)
		abort();
	if (*line->text)
		lines->n++;
	else
		free(line->text);
}

void
document_line(struct document *document, unsigned tone, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(document, tone, false, format, args);
	va_end(args);
}

void
document_more(struct document *document, unsigned tone, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(document, tone, true, format, args);
	va_end(args);
}

static void
forget(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->line[i].text);
	lines->n = 0;
}

/* --- on a page --------------------------------------------------------------------------------------- */

static void
page_text(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	escape_markup(out, text);
	fputs(after, out);
}

/* What does not go on with the same kind of element ends it. */
static void
page_open(struct document *document, enum open open)
{
	static const char *const begin[] = {"", "<dl>\n", "<ul>\n", "<div class=\"items\">\n"},
				 *const end[] = {"", "</dl>\n", "</ul>\n", "</div>\n"};

	if (document->pdf || document->open == open)
		return;
	fputs(end[document->open], document->out);
	fputs(begin[open], document->out);
	document->open = open;
}

static void
page_line(FILE *out, const struct line *line)
{
	if (line->tone >= TONE_WORD)
		fprintf(out, "<span class=\"word %s\">",
			verdict_word_name((enum verdict_word)(line->tone - TONE_WORD)));
	else
		fputs(line->tone == TONE_SOFT       ? "<span class=\"soft\">"
			: line->tone == TONE_STRONG ? "<strong>"
						    : "",
			out);
	escape_markup(out, line->text);
	fputs(line->tone == TONE_PLAIN      ? ""
		: line->tone == TONE_STRONG ? "</strong>"
					    : "</span>",
		out);
}

static void
page_lines(FILE *out, const struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		if (i)
			fputs(lines->line[i].goes_on ? " " : "<br>", out);
		page_line(out, &lines->line[i]);
	}
}

static void
page_row(struct document *document)
{
	FILE *out = document->out;

	fputs("<tr>", out);
	for (size_t i = 0; i < document->n_columns; i++) {
		fprintf(out, "<td%s data-of=\"%s\">",
			document->column[i].is_short ? " class=\"short\"" : "",
			document->column[i].name);
		page_lines(out, &document->cell[i]);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

/* --- on paper ---------------------------------------------------------------------------------------- */

static struct pdf_style
paper_style(uint8_t tone, uint8_t size)
{
	static const uint8_t inks[VERDICT_WORD_COUNT] = {
		[VERDICT_NA] = PDF_GREY,
		[VERDICT_PASS] = PDF_GREEN,
		[VERDICT_DECL] = PDF_VIOLET,
		[VERDICT_NFF] = PDF_BLUE,
		[VERDICT_INC] = PDF_BROWN,
		[VERDICT_FAIL] = PDF_RED,
	};
	uint8_t ink = tone == TONE_SOFT                        ? PDF_GREY
		      : tone >= TONE_WORD + VERDICT_WORD_COUNT ? PDF_BLACK
		      : tone >= TONE_WORD                      ? inks[tone - TONE_WORD]
							       : PDF_BLACK;

	return (struct pdf_style){size, ink, tone >= TONE_STRONG};
}

/* Lines as the parts of a cell, in memory that the caller frees with the texts in it. */
static struct pdf_part *
paper_parts(const struct lines *lines, uint8_t size)
{
	struct pdf_part *part = must_alloc(lines->n + 1, sizeof *part);
	size_t n = 0, len;

	for (size_t i = 0; i < lines->n; n++) {
		char *text = NULL;
		FILE *out = open_memstream(&text, &len);
		if (!out)
			abort();
		part[n].style = paper_style(lines->line[i].tone, size);
		fputs(lines->line[i].text, out);
		while (++i < lines->n && lines->line[i].goes_on)
			fprintf(out, " %s", lines->line[i].text);
		if (fclose(out))
			abort();
		part[n].text = text;
	}
	return part;
}

static void
paper_parts_free(struct pdf_part *part)
{
	for (size_t i = 0; part[i].text; i++)
		free((char *)(uintptr_t)part[i].text);
	free(part);
}

static void
paper_row(struct document *document)
{
	struct pdf_cell cell[DOCUMENT_COLUMNS_MAX];
	struct pdf_part *part[DOCUMENT_COLUMNS_MAX];

	for (size_t i = 0; i < document->n_columns; i++) {
		part[i] = paper_parts(&document->cell[i], 9);
		cell[i] = (struct pdf_cell){document->column[i].width, part[i]};
	}
	pdf_row(document->pdf, cell, document->n_columns);
	for (size_t i = 0; i < document->n_columns; i++)
		paper_parts_free(part[i]);
}

static void
paper_block(struct document *document, const char *mark)
{
	struct pdf_part *part = paper_parts(&document->lines, 10);

	for (size_t i = 0; part[i].text; i++) {
		auto_free char *text = NULL;
		if (asprintf(&text, "%s%s", i ? "" : mark, part[i].text) < 0)
			abort();
		pdf_paragraph(document->pdf, part[i].style, text);
	}
	pdf_space(document->pdf, 5);
	paper_parts_free(part);
}

/* --- both ----------------------------------------------------------------------------------------------- */

static struct document *
begin(FILE *out)
{
	struct document *document = must_alloc(1, sizeof *document);

	document->out = out;
	return document;
}

struct document *
document_page(const char *title, FILE *out)
{
	fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n" PAGE_POLICY,
		out);
	page_text(out, "<title>", title, "</title>\n" PAGE_STYLE "</head><body>\n<main>\n");
	return begin(out);
}

struct document *
document_paper(const char *title, FILE *out)
{
	struct document *document = begin(out);

	document->pdf = pdf_new(title);
	return document;
}

void
document_end(struct document *document)
{
	page_open(document, OPEN_NOTHING);
	if (document->pdf)
		pdf_end(document->pdf, document->out);
	else
		fputs("</main>\n</body></html>\n", document->out);
	forget(&document->lines);
	free(document->lines.line);
	for (size_t i = 0; i < DOCUMENT_COLUMNS_MAX; i++) {
		forget(&document->cell[i]);
		free(document->cell[i].line);
	}
	free(document);
}

void
document_title(struct document *document, const char *text)
{
	page_open(document, OPEN_NOTHING);
	if (document->pdf) {
		pdf_paragraph(document->pdf, paper_title, text);
		pdf_space(document->pdf, 2);
	} else {
		page_text(document->out, "<h1>", text, "</h1>\n");
	}
}

void
document_heading(struct document *document, const char *text)
{
	page_open(document, OPEN_NOTHING);
	if (document->pdf) {
		pdf_keep(document->pdf, 80); /* none stands alone at the end of a page */
		pdf_space(document->pdf, 14);
		pdf_paragraph(document->pdf, paper_heading, text);
		pdf_space(document->pdf, 3);
	} else {
		page_text(document->out, "<h2>", text, "</h2>\n");
	}
}

void
document_fact(struct document *document, const char *name, const char *value)
{
	if (!*value)
		return;
	if (document->pdf) {
		const struct pdf_part names[] = {{paper_style(TONE_SOFT, 9), name}, {{0}, NULL}},
				      values[] = {
					      {paper_style(TONE_PLAIN, 10), value}, {{0}, NULL}};
		const struct pdf_cell row[] = {{130, names}, {pdf_width() - 130, values}};
		pdf_row(document->pdf, row, 2);
		return;
	}
	page_open(document, OPEN_FACTS);
	page_text(document->out, "<dt>", name, "</dt>");
	page_text(document->out, "<dd>", value, "</dd>\n");
}

void
document_sheet(struct document *document)
{
	page_open(document, OPEN_NOTHING);
	if (document->pdf)
		pdf_new_page(document->pdf);
	else
		fputs("<div class=\"page\"></div>\n", document->out);
}

static void
block(struct document *document, const char *before, const char *after, const char *mark)
{
	if (document->pdf) {
		paper_block(document, mark);
	} else if (document->lines.n) {
		fputs(before, document->out);
		page_lines(document->out, &document->lines);
		fputs(after, document->out);
	}
	forget(&document->lines);
}

void
document_paragraph(struct document *document)
{
	page_open(document, OPEN_NOTHING);
	block(document, "<p>", "</p>\n", "");
}

void
document_item(struct document *document)
{
	page_open(document, OPEN_LIST);
	block(document, "<li>", "</li>\n", "- ");
}

void
document_card(struct document *document, const char *title, enum verdict_word word)
{
	const char *name = verdict_word_name(word);

	page_open(document, OPEN_CARDS);
	if (document->pdf) {
		struct pdf_part *says = paper_parts(&document->lines, 10);
		const struct pdf_part what[] = {{paper_name, title}, {{0}, NULL}},
				      is[] = {{paper_style((uint8_t)(TONE_WORD + word), 9), name},
					      {{0}, NULL}};
		const struct pdf_cell row[] = {{170, what}, {46, is}, {pdf_width() - 216, says}};
		pdf_row(document->pdf, row, 3);
		paper_parts_free(says);
		forget(&document->lines);
		return;
	}
	fprintf(document->out, "<div class=\"item %s\">", name);
	page_text(document->out, "<h3>", title, "</h3><p>");
	fprintf(document->out, "<span class=\"word %s\">%s</span>: ", name, name);
	block(document, "", "</p></div>\n", "");
}

void
document_table(struct document *document, const struct document_column *column, size_t n)
{
	assert(n <= DOCUMENT_COLUMNS_MAX);
	page_open(document, OPEN_NOTHING);
	document->column = column;
	document->n_columns = n;
	document->at = 0;
	if (document->pdf) {
		struct pdf_part part[DOCUMENT_COLUMNS_MAX][2] = {{{{0}, NULL}}};
		struct pdf_cell cell[DOCUMENT_COLUMNS_MAX];
		for (size_t i = 0; i < n; i++) {
			part[i][0] = (struct pdf_part){paper_head, column[i].name};
			cell[i] = (struct pdf_cell){column[i].width, part[i]};
		}
		pdf_row(document->pdf, cell, n);
		return;
	}
	fputs("<div class=\"wide\"><table class=\"stack\"><thead><tr>", document->out);
	for (size_t i = 0; i < n; i++)
		fprintf(document->out, "<th scope=\"col\">%s</th>", column[i].name);
	fputs("</tr></thead><tbody>\n", document->out);
}

void
document_cell(struct document *document)
{
	struct lines *cell = &document->cell[document->at], empty = *cell;

	/* What the cell of the row before had is used again for the next lines. */
	*cell = document->lines;
	document->lines = empty;
	if (++document->at < document->n_columns)
		return;
	if (document->pdf)
		paper_row(document);
	else
		page_row(document);
	for (size_t i = 0; i < document->n_columns; i++)
		forget(&document->cell[i]);
	document->at = 0;
}

void
document_table_end(struct document *document)
{
	assert(!document->at);
	if (!document->pdf)
		fputs("</tbody></table></div>\n", document->out);
}
