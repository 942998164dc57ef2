/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_PAGE_H
#define PINFOLD_PROCESS_WEB_PAGE_H

#include "page/sheet.h"
#include "process/web_http.h"

enum { PAGE_ASKS_MAX = SHEET_ANSWERS, PAGE_ORIGIN_MAX = 96 };

/* What a page is made of.  Borrowed for the call; JSON is NULL where nothing was said. */
struct page_view {
	const struct page *page;      /* NULL: the answer to a form */
	const char *path;             /* as it was asked for, without query */
	char language[LANGUAGE_MAX];  /* that the reader wants, and we have */
	char theme[16];               /* "", "light", "dark", "contrast" */
	char origin[PAGE_ORIGIN_MAX]; /* "https://NAME:8443", by TLS of our own; else empty */
	const json_t *args;           /* what stood in path and query: texts */
	const json_t *who;            /* of session.state: claimed, account, scope, proof */
	const json_t
		*answer[PAGE_ASKS_MAX]; /* whole: {"ok", "result", "next"} or {"ok", "error"} */
	int64_t now_s;                  /* for "5 minutes ago" */
};

/*
 * One page, one row.  args of a question: names separated by spaces.  "device": what
 * stands in the path or the query under this name, left out where there is nothing;
 * "limit=50": always this; "run:with": the argument "run" is what stands under "with".
 * Types are those of the API (web_route.c).  A page that is
 * not open is shown to who is logged in; others are sent to /login, and to /claim
 * while the gateway belongs to nobody.  When the first question is refused, the page
 * is sent with that status.
 *
 * A row with a type is a file to be saved, without anything around it: `put` writes
 * its bytes, and nothing at all is "there is none".
 *
 * Forms POST to FORM_ROOT and a path of the API (web_route.h), with the fields
 *	csrf	"proof" of who
 *	back	a path of ours, to which the browser is sent when it is done; there
 *		"?said=NUMBER" names the row of the journal, if there is something to undo
 *	method	DELETE, where the API wants that
 *	show	anything: page_answer() shows the answer instead
 * A "-" in the place of a name in the path: the field of that name says it.
 */
struct page {
	const char *path; /* "/devices/{device}" */
	const char *title;
	const char *word; /* in the navigation; NULL: not there */
	bool is_open;
	struct page_ask {
		const char *verb, *args;
	} ask[PAGE_ASKS_MAX];
	void (*put)(struct sheet *);
	const char *type, *file; /* "image/svg+xml", "label.svg"; NULL: a page */
	const char *script;      /* where passkeys can be used; NULL: that of all pages alone */
};
extern const struct page pages[]; /* ends with a row without path */

/* The document of view->page. */
void page_render(struct html *, const struct page_view *);

/*
 * The answer to a form that was refused, or that is shown and not gone on from (a token,
 * a preview).  back: where it came from, or "/".
 */
void page_answer(struct html *, const struct page_view *, const char *back, const json_t *answer);

#endif
