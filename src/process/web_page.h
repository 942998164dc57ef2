/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_PAGE_H
#define PINFOLD_PROCESS_WEB_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The first page, made of what the engine said: pure.  Every string in it was
 * chosen by somebody else, so all go through text_escape(); there is no way to
 * put one in unescaped but the text of this program.
 */
struct text {
	char *at; /* NUL-terminated; NULL while empty */
	size_t len, size;
	bool is_full; /* TEXT_MAX was reached; the rest is left out */
};
enum { TEXT_MAX = 8 * 1024 * 1024 };

void text_fini(struct text *);
void text_add(struct text *, const char *);
void text_add_bytes(struct text *, const char *, size_t len);
void text_escape(struct text *, const char *); /* for content and quoted attributes */

/*
 * Results of device.list, events.list and status; NULL where the engine did not
 * answer.  frame: the page with %MAIN% in it.  next: "" or the link to what
 * follows.  now_s: for "5 minutes ago".
 */
struct page_content {
	const json_t *devices, *events, *status;
	const char *next;
	int64_t now_s;
};
void page_render(struct text *, const char *frame, const struct page_content *);

/* "5 minutes ago"; out has room for 40 bytes. */
const char *age_render(char out[static 40], int64_t then_s, int64_t now_s);

#endif
