/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PAGE_SHEET_H
#define PINFOLD_PAGE_SHEET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "page/html.h"

/*
 * What a page is made on: the engine's answers, who looks, and the text so far.
 * Pure: no socket, no clock, no state; the web process asks, answers and knows who
 * somebody is.
 */
enum { SHEET_ANSWERS = 10 };

/* How a verb of the engine is done by a form. */
struct form_action {
	const char *method; /* "POST" or "DELETE" */
	const char *path;   /* "/devices/{device}/pause": what stands in braces is filled in */
	const char *scope;  /* "", "read", "act" or "admin": what it needs */
};

struct sheet {
	struct html out;
	const char *path;     /* of this page, without query */
	const json_t *args;   /* what stood in path and query: texts */
	const char *who;      /* who is logged in; NULL: nobody */
	const char *scope;    /* what they may: "", "read", "act", "admin" */
	const char *proof;    /* goes into each form */
	const char *language; /* of its texts, as say_in() gave it; NULL: English */
	const char *origin;   /* of TLS of our own, by which this was asked for; "": it was not */
	const char *passkeys; /* the origin at which passkeys log in; "": there is none */
	const char *script;   /* another one beside that of all pages; NULL: none */
	const char *theme;    /* "", "light", "dark", "contrast" */
	int64_t now_s;
	const json_t *answer[SHEET_ANSWERS]; /* results; NULL: none, or refused */
	const char *refused[SHEET_ANSWERS];  /* why; NULL when it was not */
	int64_t next[SHEET_ANSWERS];         /* a list goes on behind this row; 0: it does not */
	/* False: there is no such verb. */
	bool (*action_of)(const char *verb, struct form_action *);
};

struct navigation {
	const char *path, *word; /* ends with a row without path */
};

/* The document around what is put between. */
void sheet_begin(struct sheet *, const char *title, const struct navigation *);
void sheet_end(struct sheet *);

/* "" when it was not asked for. */
const char *asked(const struct sheet *, const char *key);
bool may(const struct sheet *, const char *scope);
/* Passkeys can be used and made on this page. */
bool takes_passkeys(const struct sheet *);

#endif
