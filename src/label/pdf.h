/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_PDF_H
#define PINFOLD_LABEL_PDF_H

#include <stdint.h>
#include <stdio.h>

/*
 * A document of text and tables on A4 (PDF 1.4, ISO 32000-1), with the fonts that
 * every reader has, without pictures, links, dates or anything that acts.  The
 * same calls give the same bytes.  Of text only printable ASCII is shown; the
 * rest becomes points.  Lengths are in points, a 72nd of an inch.
 */
struct pdf;

enum pdf_ink { PDF_BLACK, PDF_GREY, PDF_RED, PDF_GREEN, PDF_BLUE, PDF_BROWN, PDF_VIOLET, PDF_INKS };

struct pdf_style {
	uint8_t size; /* of the font */
	uint8_t ink;  /* enum pdf_ink */
	uint8_t is_bold;
};

struct pdf *pdf_new(const char *title);
/* Writes it all and frees it. */
void pdf_end(struct pdf *, FILE *);

/* What follows stands on a new page. */
void pdf_new_page(struct pdf *);
void pdf_space(struct pdf *, unsigned points);
/* A new page, unless so much is left of this one. */
void pdf_keep(struct pdf *, unsigned points);
/* A paragraph over the whole width. */
void pdf_paragraph(struct pdf *, struct pdf_style, const char *text);

/* A row of a table, with a line below it; parts of a cell begin anew, each in its style. */
enum { PDF_CELLS_MAX = 6 };
struct pdf_part {
	struct pdf_style style;
	const char *text; /* NULL ends the list */
};
struct pdf_cell {
	unsigned width;
	const struct pdf_part *part;
};
void pdf_row(struct pdf *, const struct pdf_cell *, size_t n);
unsigned pdf_width(void); /* of the page between its margins */

#endif
