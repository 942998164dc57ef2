/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what the maker publishes: whom to tell of a weakness, when that is
 * answered, until when there are updates.  Nothing is sent to the device.  Pages
 * are asked for one at a time, slowly, none that robots.txt excludes, none of
 * another site, and not more than a person would look at.
 */
#include "check/maker_web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "check/session.h"
#include "check/table.h"
#include "maker/disclosure.h"
#include "maker/robots.h"
#include "maker/security_txt.h"
#include "maker/support.h"

enum {
	QUEUE_MAX = 256,
	HOSTS_MAX = 4, /* of one site, whose robots.txt are read */
	HOPS_MAX = 5,
	REST_MS_GENTLE = 1000, /* between two questions to the site */
	REST_MS_LAB = 100,
	LEFT_MIN_MS = 3000,
	ELSEWHERE_MAX = 8,           /* pages of other sites that are named */
	BYTES_MAX = 8 * 1024 * 1024, /* of a round */
	EARLIER_PARTS_MAX = 8,
};

/* The name by which robots.txt may speak of us. */
static const char robot[] = "pinfold";

struct wanted {
	struct mud_url url;
	uint8_t interest; /* site_interest(), 3: security.txt names it */
	bool is_done, is_guess, is_page;
};

struct host {
	char name[256];
	uint8_t *robots; /* owned */
	size_t len;
	bool refuses_all;
};

struct crawl {
	struct session *session;
	const struct session_target *target;
	struct site site;
	struct mud_url front, landed; /* where the last question ended, after redirects */
	uint32_t round;
	struct wanted queue[QUEUE_MAX];
	size_t n_queue, n_lost; /* links that had no room */
	unsigned n_elsewhere;
	unsigned pages;
	size_t bytes;
	struct host host[HOSTS_MAX];
	size_t n_hosts;
	bool says_yes_to_all, has_learned;
	/* what is known, so that nobody reads on for nothing */
	struct disclosure disclosure;
	struct support support;
	struct page page;
};

/* --- asking ------------------------------------------------------------------------------------- */

static void
note_why(struct crawl *c, const char *why)
{
	session_note(c->session, "why", "%.190s", why);
}

static enum exchange_end
end_of(uint32_t err)
{
	switch (err) {
	case ERR_OK:
		return EXCHANGE_OPEN;
	case ERR_TIMEOUT:
		return EXCHANGE_SILENT;
	case ERR_NOT_FOUND:
		return EXCHANGE_UNREACHABLE;
	case ERR_CLOSED:
		return EXCHANGE_REFUSED;
	case ERR_INVALID: /* its certificate */
		return EXCHANGE_TLS_FAILED;
	default:
		return EXCHANGE_TROUBLE;
	}
}

static uint16_t
port_of(const struct mud_url *url)
{
	const char *at = url->text + strlen("https://");

	at += strcspn(at, ":/?#");
	return *at == ':' ? (uint16_t)strtoul(at + 1, NULL, 10) : 443;
}

/* The answer as far as it came, in as many exchanges as it takes. */
static void
record(struct crawl *c, const struct mud_url *url, const char *step,
	const struct message_page *seen, const uint8_t *bytes, size_t len, uint64_t begun_us)
{
	char sent[300];
	struct exchange e = {.proto = 6,
		.port = port_of(url),
		.address = seen->address,
		.is_tls = true,
		.round = c->round,
		.end = (uint8_t)(seen->is_cut ? EXCHANGE_OVERLONG : end_of(seen->err)),
		.begun_us = begun_us,
		.took_us = session_us(c->session) - begun_us};

	snprintf(e.step, sizeof e.step, "%s", step);
	snprintf(e.note, sizeof e.note, "%.191s", url->text);
	snprintf(sent, sizeof sent, "GET %s", url->text);
	e.sent = (const uint8_t *)sent;
	e.n_sent = strlen(sent);
	do {
		e.received = bytes;
		e.n_received = len < EXCHANGE_BYTES_MAX ? len : EXCHANGE_BYTES_MAX;
		session_record(c->session, &e);
		bytes += e.n_received;
		len -= e.n_received;
		snprintf(e.step, sizeof e.step, "more");
		e.n_sent = 0;
		e.took_us = 0;
	} while (len);
	if (seen->err)
		note_why(c, seen->why[0] ? seen->why : err_text((enum err)seen->err));
}

static bool
read_all(int fd, uint8_t *out, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, out + done, len - done, (off_t)done);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* One question; the answer is in the transcript.  Gives its exchange, or NULL. */
static const struct exchange *
ask(struct crawl *c, const struct mud_url *url, const char *step)
{
	struct message_page_ask question = {0};
	struct message_page seen = {0};
	auto_close int fd = -1;
	uint64_t begun_us;

	if (session_is_over(c->session) || strlen(url->text) > MAKER_NOTE_MAX ||
		session_ms_left(c->session) < LEFT_MIN_MS)
		return NULL;
	uint32_t rest_ms = session_pace(c->session) == PACE_LAB ? REST_MS_LAB : REST_MS_GENTLE;
	session_rest(c->session, c->target->page_rest_ms ? c->target->page_rest_ms : rest_ms);
	memcpy(question.url, url->text, sizeof question.url);
	begun_us = session_us(c->session);
	c->target->page_ask(&question, &seen, &fd);
	size_t len = seen.err ? 0 : (size_t)seen.n_head + seen.n_body;
	if (len > PAGE_BYTES_MAX + EXCHANGE_BYTES_MAX)
		len = PAGE_BYTES_MAX + EXCHANGE_BYTES_MAX;
	auto_free uint8_t *bytes = must_alloc(1, len ? len : 1);
	if (len && (fd < 0 || !read_all(fd, bytes, len))) {
		seen.err = ERR_SYSTEM;
		snprintf(seen.why, sizeof seen.why, "the answer could not be read");
		len = 0;
	}
	c->bytes += len;
	const struct transcript *transcript = session_transcript(c->session);
	size_t at = transcript_count(transcript);
	record(c, url, step, &seen, bytes, len, begun_us);
	return transcript_count(transcript) > at ? transcript_at(transcript, at) : NULL;
}

/* --- robots.txt --------------------------------------------------------------------------------- */

/* RFC 9309, 2.3.1: none there means everything, no answer means nothing. */
static struct host *
host_of(struct crawl *c, const struct mud_url *url)
{
	struct web_page page;
	struct mud_url at;
	char name[256];

	site_host(url, name);
	for (size_t i = 0; i < c->n_hosts; i++)
		if (!strcmp(c->host[i].name, name))
			return &c->host[i];
	if (c->n_hosts == HOSTS_MAX || !site_url_at(&at, url, "/robots.txt"))
		return NULL;
	struct host *host = &c->host[c->n_hosts++];
	memcpy(host->name, name, sizeof host->name);
	host->refuses_all = true;
	const struct exchange *e = ask(c, &at, "robots");
	if (!e || !web_page_from_exchange(&page, session_transcript(c->session), e))
		return host;
	host->refuses_all = !page.status || page.status >= 500 || page.status == 429;
	if (page.status == 200 && page.body.len) {
		host->robots = must_alloc(1, page.body.len);
		memcpy(host->robots, page.body.at, page.body.len);
		host->len = page.body.len;
	}
	web_page_end(&page);
	return host;
}

static bool
may_look(struct crawl *c, const struct mud_url *url)
{
	const struct host *host = host_of(c, url);

	return host && !host->refuses_all &&
	       robots_allow((struct bytes){host->robots, host->len}, robot, site_path(url));
}

/* --- which pages -------------------------------------------------------------------------------------- */

static void
note_elsewhere(struct crawl *c, const struct mud_url *url)
{
	if (c->n_elsewhere++ < ELSEWHERE_MAX)
		session_note(c->session, "elsewhere", "%.190s", url->text);
}

static void
want(struct crawl *c, const struct mud_url *url, int interest, bool is_guess)
{
	for (size_t i = 0; i < c->n_queue; i++)
		if (mud_url_is_equal(&c->queue[i].url, url)) {
			if (!c->queue[i].is_done && interest > c->queue[i].interest)
				c->queue[i].interest = (uint8_t)interest;
			return;
		}
	if (!site_holds(&c->site, url)) {
		/* Of another site only what is meant for this is worth a word. */
		if (interest >= 2)
			note_elsewhere(c, url);
		return;
	}
	if (c->n_queue == QUEUE_MAX || strlen(url->text) > MAKER_NOTE_MAX) {
		c->n_lost += interest >= 2;
		return;
	}
	c->queue[c->n_queue++] =
		(struct wanted){.url = *url, .interest = (uint8_t)interest, .is_guess = is_guess};
}

static struct wanted *
next_wanted(struct crawl *c)
{
	struct wanted *best = NULL;

	for (size_t i = 0; i < c->n_queue; i++)
		if (!c->queue[i].is_done && (!best || c->queue[i].interest > best->interest))
			best = &c->queue[i];
	return best;
}

static void
want_links(struct crawl *c, const struct web_page *page)
{
	struct page_link link;
	struct mud_url url;
	struct html html;

	if (!page->is_html)
		return;
	html_begin(&html, page->body);
	while (page_next_link(&html, &link))
		if (site_url_resolve(&url, &page->url, link.to)) {
			int interest =
				site_interest(site_path(&url), link.text, c->target->model_hint);
			if (interest || site_holds(&c->site, &url))
				want(c, &url, interest, false);
		}
}

static void
want_guesses(struct crawl *c)
{
	static const char *const paths[] = {"/security", "/vulnerability-disclosure", "/psirt",
		"/security-policy", "/product-security", "/support"};
	struct mud_url url;

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (site_url_at(&url, &c->front, paths[i]))
			want(c, &url, 2, true);
}

/* --- what is known so far ----------------------------------------------------------------------------- */

static void
learn(struct crawl *c, const struct web_page *page)
{
	struct disclosure disclosure;
	struct support support;

	if (!page->is_text)
		return;
	page_read(&c->page, page->body, page->is_html);
	disclosure_read(&disclosure, &c->page);
	support_read(&support, &c->page, c->target->model_hint);
	c->has_learned |= disclosure.is_policy || support.state;
	if (disclosure.acknowledgement.grade > c->disclosure.acknowledgement.grade)
		c->disclosure.acknowledgement = disclosure.acknowledgement;
	if (disclosure.status.grade > c->disclosure.status.grade)
		c->disclosure.status = disclosure.status;
	if (disclosure.contact[0])
		memcpy(c->disclosure.contact, disclosure.contact, sizeof disclosure.contact);
	if (support.state > c->support.state)
		c->support = support;
}

static bool
knows_enough(const struct crawl *c)
{
	return c->disclosure.acknowledgement.grade == GRADE_QUANTIFIED &&
	       c->disclosure.status.grade == GRADE_QUANTIFIED && c->disclosure.contact[0] &&
	       c->support.state == SUPPORT_END && !c->says_yes_to_all;
}

/* --- pages ----------------------------------------------------------------------------------------------- */

/* What was reached by a redirect is not asked for once more by its own name. */
static bool
is_new(struct crawl *c, const struct mud_url *url, int interest)
{
	for (size_t i = 0; i < c->n_queue; i++) {
		struct wanted *wanted = &c->queue[i];
		if (!mud_url_is_equal(&wanted->url, url))
			continue;
		if (wanted->is_done && c->round == 1)
			return false;
		wanted->is_done = true;
		if (interest > wanted->interest)
			wanted->interest = (uint8_t)interest;
	}
	return true;
}

/* Follows redirects within the site, each a question of its own. */
static void
look_at(struct crawl *c, const struct mud_url *from, const char *step, int interest)
{
	const struct transcript *transcript = session_transcript(c->session);
	struct mud_url url = *from, next;
	struct web_page page;
	char location[512];

	for (int hop = 0; hop <= HOPS_MAX; hop++) {
		if (!may_look(c, &url)) {
			if (!session_is_over(c->session) && interest >= 2)
				session_note(c->session, "refused", "%.190s", url.text);
			return;
		}
		const struct exchange *e = ask(c, &url, step);
		c->pages += c->round == 1;
		c->landed = url;
		if (!e || !web_page_from_exchange(&page, transcript, e))
			return;
		bool is_moved = page.status >= 300 && page.status < 400 &&
				http_header(&page.reply, "Location", location, sizeof location);
		if (page.status == 200 && c->round == 1) {
			learn(c, &page);
			want_links(c, &page);
		}
		web_page_end(&page);
		if (!is_moved || !site_url_resolve(&next, &url, location))
			return;
		if (!site_holds(&c->site, &next)) {
			note_elsewhere(c, &next);
			return;
		}
		if (mud_url_is_equal(&next, from) || mud_url_is_equal(&next, &url))
			break;
		if (!is_new(c, &next, interest))
			return;
		url = next;
	}
	/* It leads nowhere. */
	session_note(c->session, "loop", "%.190s", from->text);
}

/* A page that cannot be there: what it answers, it answers to everything. */
static void
ask_control(struct crawl *c)
{
	char path[64];
	uint32_t word[3] = {0};
	struct mud_url url;
	struct web_page page;

	if (getrandom(word, sizeof word, 0) != sizeof word)
		return;
	snprintf(path, sizeof path, "/no-such-page-%08x%08x%08x", word[0], word[1], word[2]);
	if (!site_url_at(&url, &c->front, path) || !may_look(c, &url))
		return;
	const struct exchange *e = ask(c, &url, "control");
	if (e && web_page_from_exchange(&page, session_transcript(c->session), e)) {
		c->says_yes_to_all = page.status == 200;
		web_page_end(&page);
	}
}

/* Redirects within the site are followed; false when there is no such file at this place. */
static bool
ask_security_txt_at(struct crawl *c, const struct mud_url *from)
{
	const struct transcript *transcript = session_transcript(c->session);
	struct mud_url url = *from, next;
	struct security_txt txt;
	char location[512];
	struct web_page page;

	for (int hop = 0; hop <= HOPS_MAX && may_look(c, &url); hop++) {
		const struct exchange *e = ask(c, &url, "security-txt");
		if (!e || !web_page_from_exchange(&page, transcript, e))
			return false;
		unsigned status = page.status;
		bool is_moved = status >= 300 && status < 400 &&
				http_header(&page.reply, "Location", location, sizeof location);
		if (status == 200)
			security_txt_parse(&txt, page.body, page.type, &page.url, e->utc_s);
		web_page_end(&page);
		if (status == 200 && txt.state != SECURITY_TXT_SOFT404) {
			if (txt.policy[0] && site_url_resolve(&next, &url, txt.policy))
				want(c, &next, 3, false);
			return true;
		}
		if (!is_moved || !site_url_resolve(&next, &url, location) ||
			!site_holds(&c->site, &next))
			return false;
		url = next;
	}
	return false;
}

static void
ask_security_txt(struct crawl *c)
{
	static const char *const paths[] = {"/.well-known/security.txt", "/security.txt"};
	struct mud_url url;

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (site_url_at(&url, &c->front, paths[i]) && ask_security_txt_at(c, &url))
			return;
}

static bool
is_unknown_name(const struct crawl *c)
{
	const struct transcript *transcript = session_transcript(c->session);
	uint16_t check = (uint16_t)check_find("maker-web");
	const struct exchange *e, *last = NULL;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, "robots")))
		last = e;
	return last && last->end == EXCHANGE_UNREACHABLE;
}

/* The front page, at its own name or at "www." below it. */
static bool
find_front(struct crawl *c, const struct mud_url *url)
{
	const struct host *host;

	c->front = *url;
	host = host_of(c, &c->front);
	if (host && host->refuses_all && is_unknown_name(c) &&
		site_front(&c->front, &c->site, true) && !mud_url_is_equal(&c->front, url))
		host = host_of(c, &c->front);
	return host && !host->refuses_all;
}

static const char *
step_of(const struct crawl *c, const struct wanted *wanted)
{
	return wanted == c->queue ? "front" : "page";
}

/* The first of the queue is the front page, whatever it redirects to. */
static void
look_at_front(struct crawl *c)
{
	struct mud_url url = c->front;

	want(c, &c->front, 3, false);
	c->queue[0].is_done = c->queue[0].is_page = true;
	look_at(c, &url, "front", 3);
	if (site_holds(&c->site, &c->landed))
		site_url_at(&c->front, &c->landed, "/");
	else
		site_url_at(&c->front, &url, "/");
	want(c, &c->front, 1, false);
}

static void
round_one(struct crawl *c)
{
	struct wanted *wanted;
	bool has_guessed = false;
	unsigned likely = 0, other = 0;

	look_at_front(c);
	ask_control(c);
	ask_security_txt(c);
	while (!session_is_over(c->session) && c->pages < MAKER_PAGES_MAX && c->bytes < BYTES_MAX &&
		!knows_enough(c)) {
		wanted = next_wanted(c);
		if ((!wanted || !wanted->interest) && !has_guessed) {
			/* Where everything is answered, guessing finds nothing. */
			if (!c->says_yes_to_all)
				want_guesses(c);
			has_guessed = true;
			continue;
		}
		if (!wanted)
			break;
		wanted->is_done = wanted->is_page = true;
		struct mud_url next = wanted->url;
		c->has_learned = false;
		look_at(c, &next, "page", wanted->interest);
		/* What says something is read a second time, however its link looked. */
		if (c->has_learned && !wanted->interest)
			wanted->interest = 1;
	}
	for (size_t i = 0; i < c->n_queue; i++) {
		likely += !c->queue[i].is_done && c->queue[i].interest >= 2;
		other += !c->queue[i].is_done && c->queue[i].interest < 2;
	}
	session_note(c->session, "left", "likely %u other %u pages %u",
		likely + (unsigned)c->n_lost, other, c->pages);
}

/* The same again, over connections of their own: what counts, and what was not there. */
static void
round_two(struct crawl *c)
{
	c->round = 2;
	c->bytes = 0;
	ask_control(c);
	ask_security_txt(c);
	for (size_t i = 0; i < c->n_queue && !session_is_over(c->session) && c->bytes < BYTES_MAX;
		i++) {
		const struct wanted *wanted = &c->queue[i];
		if (wanted->is_page && wanted->interest)
			look_at(c, &wanted->url, step_of(c, wanted), wanted->interest);
	}
	session_note(c->session, "again", "%u pages", c->pages);
}

/* --- what an earlier run saw ------------------------------------------------------------------------- */

static void
copy_earlier(struct crawl *c, const struct transcript *old, uint32_t number)
{
	const struct exchange *first = transcript_at(old, number - 1);

	for (uint32_t i = 0; i < EARLIER_PARTS_MAX && number - 1 + i < transcript_count(old); i++) {
		struct exchange e = *transcript_at(old, number - 1 + i);
		if (i && (strcmp(e.step, "more") || strcmp(e.note, first->note)))
			return;
		snprintf(e.step, sizeof e.step, "%s", i ? "more" : "earlier");
		session_record(c->session, &e);
	}
}

/* The page by which an earlier run knew the support period, from that run's evidence. */
static void
ask_earlier(struct crawl *c)
{
	struct message_page_ask question = {.is_earlier = 1};
	struct transcript *old = NULL;
	struct message_page seen = {0};
	struct fault why;
	int fd = -1;

	c->target->page_ask(&question, &seen, &fd);
	FILE *file = !seen.err && fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!file) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (!transcript_read(file, &old, &why) && seen.exchange &&
		seen.exchange <= transcript_count(old)) {
		const struct exchange *first = transcript_at(old, seen.exchange - 1), *e;
		size_t from = 0;
		copy_earlier(c, old, first->number);
		while ((e = transcript_next(old, &from, first->check, first->step)))
			if (e->round == 2 && !strcmp(e->note, first->note)) {
				copy_earlier(c, old, e->number);
				break;
			}
	}
	transcript_free(old);
	fclose(file);
}

void
maker_web_probe(struct session *session)
{
	const struct session_target *target = session_target(session);
	struct mud_url url;

	if (!target->page_ask || !mud_url_from_bytes(&url, (const uint8_t *)target->maker_url,
					 strlen(target->maker_url))) {
		session_note(session, "maker", "unknown");
		return;
	}
	struct exchange e = {.received = (const uint8_t *)target->model_hint,
		.n_received = strlen(target->model_hint)};
	snprintf(e.step, sizeof e.step, "maker");
	snprintf(e.note, sizeof e.note, "%s %.160s",
		maker_basis_word((enum maker_basis)target->maker_basis), url.text);
	session_record(session, &e);
	struct crawl *c = must_alloc(1, sizeof *c);
	c->session = session;
	c->target = target;
	c->round = 1;
	site_of(&c->site, &url);
	if (find_front(c, &url)) {
		round_one(c);
		round_two(c);
		ask_earlier(c);
	}
	for (size_t i = 0; i < c->n_hosts; i++)
		free(c->host[i].robots);
	free(c);
}
