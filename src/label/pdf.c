/* SPDX-License-Identifier: Apache-2.0 */
#include "label/pdf.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE_WIDTH = 595,
	PAGE_HEIGHT = 842,
	MARGIN = 48,
	GAP = 8, /* between cells */
	/* Objects 1 to 5; then a page and its content in turn. */
	CATALOG = 1,
	PAGES,
	REGULAR,
	BOLD,
	INFO,
	FIRST_PAGE,
};

struct pdf {
	FILE *page; /* content of the page that is being written */
	char *page_text;
	size_t page_len;
	size_t n_pages;
	char **content;
	unsigned y; /* from the bottom: where the last line stands */
	char title[128];
};

/* Advance widths of Helvetica and Helvetica-Bold, thousandths of the size, from the blank on. */
static const uint16_t widths[2][95] = {
	{278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556,
		556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667,
		667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722,
		667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500,
		556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278,
		556, 500, 722, 500, 500, 500, 334, 260, 334, 584},
	{278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556,
		556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722,
		722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667,
		611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
		556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611,
		556, 778, 556, 556, 500, 389, 280, 389, 584},
};

static const char *const inks[PDF_INKS] = {
	[PDF_BLACK] = "0.1 0.12 0.14",
	[PDF_GREY] = "0.34 0.38 0.42",
	[PDF_RED] = "0.64 0.09 0.11",
	[PDF_GREEN] = "0.04 0.42 0.23",
	[PDF_BLUE] = "0.12 0.35 0.58",
	[PDF_BROWN] = "0.48 0.32 0",
	[PDF_VIOLET] = "0.36 0.25 0.56",
};

static char
shown(char c)
{
	return c >= ' ' && c < 127 ? c : '.';
}

static unsigned
width_of(struct pdf_style style, char c)
{
	return widths[!!style.is_bold][shown(c) - ' '] * style.size;
}

/*
 * How much of the text fits in the width: whole words, or, where not even one
 * does, as many characters as fit.  At least one, so that there is an end.
 */
static size_t
line_of(struct pdf_style style, const char *text, unsigned width)
{
	unsigned used = 0;
	size_t n = 0, word = 0;

	for (; text[n]; n++) {
		used += width_of(style, text[n]);
		if (used > width * 1000)
			break;
		if (text[n] == ' ')
			word = n + 1;
	}
	if (!text[n])
		return n;
	if (text[n] == ' ')
		return n + 1;
	if (word)
		return word;
	return n ? n : 1;
}

/* --- pages ------------------------------------------------------------------------------ */

static void
string(FILE *out, const char *text, size_t len)
{
	fputc('(', out);
	for (size_t i = 0; i < len; i++) {
		char c = shown(text[i]);
		if (c == '(' || c == ')' || c == '\\')
			fputc('\\', out);
		fputc(c, out);
	}
	fputc(')', out);
}

static void
put(struct pdf *pdf, unsigned x, unsigned y, struct pdf_style style, const char *text, size_t len)
{
	fprintf(pdf->page, "BT /F%d %u Tf %s rg %u %u Td ", style.is_bold ? 2 : 1, style.size,
		inks[style.ink < PDF_INKS ? style.ink : 0], x, y);
	string(pdf->page, text, len);
	fputs(" Tj ET\n", pdf->page);
}

static void
begin_page(struct pdf *pdf)
{
	pdf->page = open_memstream(&pdf->page_text, &pdf->page_len);
	if (!pdf->page)
		abort();
	pdf->y = PAGE_HEIGHT - MARGIN;
}

static void
end_page(struct pdf *pdf)
{
	const struct pdf_style small = {8, PDF_GREY, 0};
	char number[32];

	snprintf(number, sizeof number, "%zu", pdf->n_pages + 1);
	put(pdf, MARGIN, MARGIN - 20, small, pdf->title, strlen(pdf->title));
	put(pdf, PAGE_WIDTH - MARGIN - 20, MARGIN - 20, small, number, strlen(number));
	if (fclose(pdf->page))
		abort();
	char **more = realloc(pdf->content, (pdf->n_pages + 1) * sizeof *more);
	if (!more)
		abort();
	pdf->content = more;
	pdf->content[pdf->n_pages++] = pdf->page_text;
}

/* Goes down by so much; onto the next page if this one ends.  A result has bounds, so have pages. */
static void
down(struct pdf *pdf, unsigned points)
{
	if (pdf->y >= MARGIN + points) {
		pdf->y -= points;
		return;
	}
	pdf_new_page(pdf);
	pdf->y -= points < 40 ? points : 40;
}

struct pdf *
pdf_new(const char *title)
{
	struct pdf *pdf = calloc(1, sizeof *pdf);

	if (!pdf)
		abort();
	snprintf(pdf->title, sizeof pdf->title, "%s", title);
	begin_page(pdf);
	return pdf;
}

void
pdf_new_page(struct pdf *pdf)
{
	end_page(pdf);
	begin_page(pdf);
}

/* --- text ------------------------------------------------------------------------------- */

static unsigned
leading(struct pdf_style style)
{
	return style.size + style.size / 3u + 1;
}

void
pdf_space(struct pdf *pdf, unsigned points)
{
	if (pdf->y < PAGE_HEIGHT - MARGIN) /* not above the first line of a page */
		down(pdf, points);
}

void
pdf_keep(struct pdf *pdf, unsigned points)
{
	if (pdf->y < MARGIN + points)
		pdf_new_page(pdf);
}

unsigned
pdf_width(void)
{
	return PAGE_WIDTH - 2 * MARGIN;
}

void
pdf_paragraph(struct pdf *pdf, struct pdf_style style, const char *text)
{
	do {
		size_t n = line_of(style, text, pdf_width());
		down(pdf, leading(style));
		put(pdf, MARGIN, pdf->y, style, text, n);
		text += n;
	} while (*text);
}

void
pdf_row(struct pdf *pdf, const struct pdf_cell *cell, size_t n)
{
	struct {
		const struct pdf_part *part;
		const char *text;
	} at[PDF_CELLS_MAX];
	bool is_more = true;

	assert(n <= PDF_CELLS_MAX);
	pdf_keep(pdf, 40); /* a row does not begin at the very end of a page */
	for (size_t i = 0; i < n; i++) {
		at[i].part = cell[i].part;
		at[i].text = cell[i].part->text;
	}
	while (is_more) {
		unsigned x = MARGIN, high = 0;
		for (size_t i = 0; i < n; i++)
			if (at[i].text && leading(at[i].part->style) > high)
				high = leading(at[i].part->style);
		if (!high)
			break;
		down(pdf, high);
		is_more = false;
		for (size_t i = 0; i < n; x += cell[i].width, i++) {
			if (!at[i].text)
				continue;
			size_t len = line_of(at[i].part->style, at[i].text, cell[i].width - GAP);
			put(pdf, x, pdf->y, at[i].part->style, at[i].text, len);
			at[i].text += len;
			if (!*at[i].text) {
				at[i].part++;
				at[i].text = at[i].part->text;
			}
			is_more |= at[i].text != NULL;
		}
	}
	down(pdf, 4);
	fprintf(pdf->page, "0.83 G 0.5 w %d %u m %d %u l S\n", MARGIN, pdf->y, PAGE_WIDTH - MARGIN,
		pdf->y);
}

/* --- the file --------------------------------------------------------------------------- */

static void
object(FILE *out, size_t *offset, unsigned number)
{
	offset[number] = (size_t)ftell(out);
	fprintf(out, "%u 0 obj\n", number);
}

void
pdf_end(struct pdf *pdf, FILE *out)
{
	char *text = NULL;
	size_t len, n_objects, *offset;
	FILE *whole = open_memstream(&text, &len);

	end_page(pdf);
	n_objects = FIRST_PAGE + 2 * pdf->n_pages;
	offset = calloc(n_objects, sizeof *offset);
	if (!whole || !offset)
		abort();

	/* Four bytes above 127, so that nobody takes the file for text. */
	fputs("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", whole);
	object(whole, offset, CATALOG);
	fprintf(whole,
		"<< /Type /Catalog /Pages %d 0 R /Lang (en) /ViewerPreferences "
		"<< /DisplayDocTitle true >> >>\nendobj\n",
		PAGES);
	object(whole, offset, PAGES);
	fprintf(whole, "<< /Type /Pages /Count %zu /Kids [", pdf->n_pages);
	for (size_t i = 0; i < pdf->n_pages; i++)
		fprintf(whole, " %zu 0 R", FIRST_PAGE + 2 * i);
	fprintf(whole, " ] /MediaBox [0 0 %d %d] >>\nendobj\n", PAGE_WIDTH, PAGE_HEIGHT);
	for (unsigned i = REGULAR; i <= BOLD; i++) {
		object(whole, offset, i);
		fprintf(whole,
			"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica%s /Encoding "
			"/WinAnsiEncoding >>\nendobj\n",
			i == BOLD ? "-Bold" : "");
	}
	object(whole, offset, INFO);
	fputs("<< /Title ", whole);
	string(whole, pdf->title, strlen(pdf->title));
	fputs(" /Producer (Pinfold) >>\nendobj\n", whole);
	for (size_t i = 0; i < pdf->n_pages; i++) {
		unsigned number = (unsigned)(FIRST_PAGE + 2 * i);
		object(whole, offset, number);
		fprintf(whole,
			"<< /Type /Page /Parent %d 0 R /Contents %u 0 R /Resources << /Font << "
			"/F1 %d 0 R /F2 %d 0 R >> >> >>\nendobj\n",
			PAGES, number + 1, REGULAR, BOLD);
		object(whole, offset, number + 1);
		fprintf(whole, "<< /Length %zu >>\nstream\n%sendstream\nendobj\n",
			strlen(pdf->content[i]), pdf->content[i]);
		free(pdf->content[i]);
	}
	long table = ftell(whole);
	fprintf(whole, "xref\n0 %zu\n0000000000 65535 f \n", n_objects);
	for (size_t i = 1; i < n_objects; i++)
		fprintf(whole, "%010zu 00000 n \n", offset[i]);
	fprintf(whole,
		"trailer\n<< /Size %zu /Root %d 0 R /Info %d 0 R >>\nstartxref\n%ld\n%%%%EOF\n",
		n_objects, CATALOG, INFO, table);
	if (fclose(whole))
		abort();
	fwrite(text, 1, len, out);
	free(text);
	free(offset);
	free(pdf->content);
	free(pdf);
}
