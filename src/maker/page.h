/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_PAGE_H
#define PINFOLD_MAKER_PAGE_H

#include "maker/html.h"

/*
 * What a person would read of a page: its text, in lines, without what is only
 * layout.  A heading begins with "# ", rows of a table are lines.  Both fields
 * are ASCII (html_plain()) and end in a NUL; `lower` is `text` in lower case, so
 * that a place in one is the same place in the other.
 */
enum {
	PAGE_BYTES_MAX = 256 * 1024, /* of a page that is looked at; the rest is not fetched */
	PAGE_TEXT_MAX = 96 * 1024,
	PAGE_LINE_MAX = 600, /* longer ones are cut in two where they stand */
};

struct page {
	size_t len;
	char text[PAGE_TEXT_MAX], lower[PAGE_TEXT_MAX];
	char claimed_language[12]; /* of <html lang>; empty: it says none */
	bool asks_password;        /* a field for one is in it */
	bool asks_mail;            /* a field for an address of the reader */
	bool takes_text;           /* a form to write into */
	bool has_scripts;
	bool is_cut; /* its text was longer than is kept */
};

void page_read(struct page *, struct bytes body, bool is_html);

/* A piece of the text that says one thing: a sentence, a line, a row of a table. */
struct span {
	size_t at, len;
};
bool page_sentence(const struct page *, size_t *from, struct span *);

/* The first place of a phrase of lower case that begins with a word, in this span; or NULL. */
const char *page_phrase(const struct page *, struct span, const char *phrase);
bool page_has(const struct page *, struct span, const char *const *phrases); /* NULL ends them */
/* The words of a span for people; cut to size. */
void page_quote(const struct page *, struct span, char *out, size_t size);

/* Its words are English, as far as its commonest ones tell; few words are taken to be. */
bool page_is_english(const struct page *);
/* It is made by a script, which nobody runs here: there is nothing to read in it. */
bool page_is_script(const struct page *, size_t body_len);
/* One has to log in, or to leave an address, before there is anything to read. */
bool page_is_gate(const struct page *);

struct page_link {
	char to[256];  /* as it stands there */
	char text[96]; /* that one would click on */
};
bool page_next_link(struct html *, struct page_link *);

#endif
