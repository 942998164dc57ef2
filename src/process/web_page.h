/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_PAGE_H
#define PINFOLD_PROCESS_WEB_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages, made of what the engine said: pure.  Every string in it was chosen by
 * somebody else, so all go through text_escape(); there is no way to put one in
 * unescaped but the text of this program.
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

enum { PAGE_ASKS_MAX = 6 };

/* What a page is made of.  Borrowed for the call; JSON is NULL where nothing was said. */
struct page_view {
	const char *frame;  /* the page with %MAIN% in it */
	const char *path;   /* as it was asked for, without query */
	const json_t *args; /* what stood in path and query: texts */
	const json_t *who;  /* of session.state: claimed, account, scope, proof */
	const json_t
		*answer[PAGE_ASKS_MAX]; /* whole: {"ok", "result", "next"} or {"ok", "error"} */
	int64_t now_s;                  /* for "5 minutes ago" */
};

/*
 * One page, one row.  args of a question: names separated by spaces.  "device": what
 * stands in the path or the query under this name, left out where there is nothing;
 * "limit=50": always this.  Types are those of the API (web_route.c).  A page that is
 * not open is shown to who is logged in; others are sent to /login, and to /claim
 * while the gateway belongs to nobody.  When the first question is refused, the page
 * is sent with that status.
 *
 * Forms POST to FORM_ROOT and a path of the API (web_route.h), with the fields
 *	csrf	"proof" of who
 *	back	a path of ours, to which the browser is sent when it is done; there
 *		"?said=NUMBER" names the row of the journal, if there is something to undo
 *	method	DELETE, where the API wants that
 *	show	anything: page_said() shows the answer instead
 */
struct page {
	const char *path; /* "/devices/{device}" */
	bool is_open;
	struct page_ask {
		const char *verb, *args;
	} ask[PAGE_ASKS_MAX];
	void (*render)(struct text *, const struct page_view *);
};
extern const struct page pages[]; /* ends with a row without path */

/*
 * The answer to a form that was refused, or that is shown and not gone on from (a token,
 * a preview).  verb: what was asked; back: where it came from, or "/".
 */
void page_said(struct text *, const struct page_view *, const char *verb, const char *back,
	const json_t *answer);

/* "5 minutes ago"; out has room for 40 bytes. */
const char *age_render(char out[static 40], int64_t then_s, int64_t now_s);

#endif
