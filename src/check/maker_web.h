/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_MAKER_WEB_H
#define PINFOLD_CHECK_MAKER_WEB_H

#include "check/check.h"
#include "check/http_text.h"
#include "maker/page.h"
#include "maker/site.h"
#include "message/message.h"

/*
 * The maker's pages, between who fetches them (maker_web.c) and who judges them
 * (maker_judge.c).  In the transcript:
 *
 *	maker		(event) on whose word, and its URL; received: the model
 *	robots, control, security-txt, front, page
 *			one answer each; note is the URL, round 1 or 2
 *	more		what had no room in the exchange before
 *	why		(event) why the exchange before has no answer
 *	refused		(event) a page that the site asks programs not to look at
 *	elsewhere	(event) a page of another site that it refers to
 *	left		(event) "likely N other N pages N": what round 1 did not look at
 *	earlier		answers of an earlier run, as far as they tell the support period
 *
 * control is a page that cannot exist: what is said there is said to everything.
 */
enum { MAKER_PAGES_MAX = 40, MAKER_NOTE_MAX = 191 };

/* One answer, whole. */
struct web_page {
	const struct exchange *at;
	struct mud_url url;
	unsigned status; /* 0: there was no answer */
	char type[64];
	bool is_html, is_text; /* something to read */
	struct http_reply reply;
	struct bytes body;
	uint8_t *bytes; /* owned; NULL where the exchange holds all of it */
};

/* False when the exchange is none of a page.  web_page_end() in any case. */
bool web_page_from_exchange(struct web_page *, const struct transcript *, const struct exchange *);
void web_page_end(struct web_page *);

/* On whose word; MAKER_UNKNOWN where the transcript names no maker. */
enum maker_basis maker_basis_of(
	const struct transcript *, uint16_t check, struct mud_url *, char model[static 64]);
const char *maker_basis_word(enum maker_basis);

/* What there is to tell of it, for who keeps it; calls for each. */
void maker_web_facts(const struct transcript *,
	void (*tell)(enum maker_fact, const char *value, uint32_t exchange, void *), void *);

/* The text of a page that is not what everything is answered with. */
bool web_page_differs(const struct page *, const struct web_page *, const struct page *control,
	const struct web_page *control_page);

#endif
