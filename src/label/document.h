/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_DOCUMENT_H
#define PINFOLD_LABEL_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "verdict/verdict.h"

/*
 * A document of headings, facts, paragraphs, lists and tables, which becomes a page
 * (HTML) or paper (PDF).  Who writes it tells once what stands in it; text is plain
 * and may come from anybody, and each form escapes it.
 *
 * Lines are collected, and become what is said behind them: a paragraph, an item of
 * a list, a card, a cell.
 */
struct document;

/* How a line is shown; TONE_WORD + a verdict: in its colour. */
enum tone { TONE_PLAIN, TONE_SOFT, TONE_STRONG, TONE_WORD };

struct document *document_page(const char *title, FILE *);
struct document *document_paper(const char *title, FILE *);
void document_end(struct document *); /* writes what is left, and frees it */

void document_title(struct document *, const char *text);
void document_heading(struct document *, const char *text);
/* Nothing for an empty value. */
void document_fact(struct document *, const char *name, const char *value);
/* What follows begins on a new sheet, where it is printed. */
void document_sheet(struct document *);

void document_line(struct document *, unsigned tone, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Goes on in the same line; on paper in the tone in which that began. */
void document_more(struct document *, unsigned tone, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void document_paragraph(struct document *);
void document_item(struct document *);
/* A result that stands out. */
void document_card(struct document *, const char *title, enum verdict_word);

struct document_column {
	const char *name;
	unsigned width; /* in points, on paper; of pdf_width() together */
	bool is_short;  /* never broken into lines on a page */
};
enum { DOCUMENT_COLUMNS_MAX = 4 };
/* Columns are borrowed until the table ends. */
void document_table(struct document *, const struct document_column *, size_t n);
void document_cell(struct document *); /* a row ends with its last */
void document_table_end(struct document *);

#endif
