/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a maker publishes, judged from its pages as they were fetched.
 *
 * That something is said takes two fetches of a page that is not what the site
 * answers to everything.  That something is not said takes more: that every page
 * where it might stand was read, twice, in a language that is understood here,
 * and that nothing stood in the way.  Whatever did is named, and nothing follows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "check/maker_web.h"
#include "check/table.h"
#include "maker/disclosure.h"
#include "maker/security_txt.h"
#include "maker/support.h"

static const char id[] = "maker-web";

static uint16_t
own(void)
{
	int place = check_find(id);
	return place < 0 ? 0 : (uint16_t)place;
}

const char *
maker_basis_word(enum maker_basis basis)
{
	static const char *const words[MAKER_BASIS_COUNT] = {
		"unknown", "claimed", "signed", "approved", "named"};

	return words[(unsigned)basis < MAKER_BASIS_COUNT ? basis : MAKER_UNKNOWN];
}

enum maker_basis
maker_basis_of(const struct transcript *transcript, uint16_t check, struct mud_url *url,
	char model[static 64])
{
	const struct exchange *e = transcript_first(transcript, check, "maker");

	model[0] = '\0';
	for (unsigned i = MAKER_UNKNOWN + 1; e && i < MAKER_BASIS_COUNT; i++) {
		const char *word = maker_basis_word((enum maker_basis)i);
		size_t len = strlen(word);
		if (strncmp(e->note, word, len) || e->note[len] != ' ' ||
			!mud_url_from_bytes(
				url, (const uint8_t *)e->note + len + 1, strlen(e->note) - len - 1))
			continue;
		printable(model, 64, e->received, e->n_received);
		return (enum maker_basis)i;
	}
	return MAKER_UNKNOWN;
}

/* --- pages ---------------------------------------------------------------------------------------- */

void
web_page_end(struct web_page *page)
{
	free(page->bytes);
	page->bytes = NULL;
}

/* An answer that had no room in one exchange goes on in those behind it. */
static bool
put_together(struct web_page *page, const struct transcript *transcript)
{
	enum { PARTS_MAX = PAGE_BYTES_MAX / EXCHANGE_BYTES_MAX + 2 };
	const struct exchange *at = page->at;
	size_t parts = 1, len = at->n_received, done = 0;

	while (parts < PARTS_MAX && at->number - 1 + parts < transcript_count(transcript)) {
		const struct exchange *e = transcript_at(transcript, at->number - 1 + parts);
		if (e->check != at->check || strcmp(e->step, "more") || strcmp(e->note, at->note))
			break;
		len += e->n_received;
		parts++;
	}
	if (parts == 1)
		return http_reply_parse(&page->reply, at->received, at->n_received);
	page->bytes = must_alloc(1, len);
	for (size_t i = 0; i < parts; i++) {
		const struct exchange *e = transcript_at(transcript, at->number - 1 + i);
		memcpy(page->bytes + done, e->received, e->n_received);
		done += e->n_received;
	}
	return http_reply_parse(&page->reply, page->bytes, len);
}

bool
web_page_from_exchange(
	struct web_page *page, const struct transcript *transcript, const struct exchange *e)
{
	char coding[32];

	memset(page, 0, sizeof *page);
	page->at = e;
	if (!mud_url_from_bytes(&page->url, (const uint8_t *)e->note, strlen(e->note)))
		return false;
	if ((e->end != EXCHANGE_OPEN && e->end != EXCHANGE_OVERLONG) ||
		!put_together(page, transcript))
		return true;
	page->status = page->reply.status;
	page->body = page->reply.body;
	if (!http_header(&page->reply, "Content-Type", page->type, sizeof page->type))
		page->type[0] = '\0';
	bool is_coded = http_header(&page->reply, "Content-Encoding", coding, sizeof coding) &&
			strcasecmp(coding, "identity");
	page->is_html = !is_coded && (!strncasecmp(page->type, "text/html", 9) ||
					     !strncasecmp(page->type, "application/xhtml", 17));
	page->is_text = page->is_html || (!is_coded && !strncasecmp(page->type, "text/", 5));
	return true;
}

/* Letters of a text without the address of its page, which many such pages repeat. */
static size_t
essence(const struct page *page, const struct web_page *from, char *out, size_t size)
{
	const char *path = site_path(&from->url) + 1;
	size_t len = strlen(path), n = 0;

	for (size_t i = 0; i < page->len && n + 1 < size; i++) {
		if (len > 2 && page->len - i >= len && !strncasecmp(page->lower + i, path, len))
			i += len - 1;
		else if (page->lower[i] > ' ')
			out[n++] = page->lower[i];
	}
	out[n] = '\0';
	return n;
}

bool
web_page_differs(const struct page *page, const struct web_page *web, const struct page *control,
	const struct web_page *control_web)
{
	auto_free char *one = must_alloc(1, PAGE_TEXT_MAX);
	auto_free char *two = must_alloc(1, PAGE_TEXT_MAX);

	if (page->len == control->len && !memcmp(page->lower, control->lower, page->len))
		return false;
	return essence(page, web, one, PAGE_TEXT_MAX) !=
		       essence(control, control_web, two, PAGE_TEXT_MAX) ||
	       strcmp(one, two) != 0;
}

/* --- one round --------------------------------------------------------------------------------------- */

/* Something that stands between us and "it is not said". */
struct obstacle {
	enum inc_reason reason; /* INC_NONE: nothing does */
	const struct exchange *at;
	char text[120];
};

struct seen {
	const struct exchange *front, *control; /* as answered; NULL: not */
	bool control_is_fine;                   /* what is not there is said to be not there */
	const struct exchange *txt_at, *policy_at, *acknowledgement_at, *status_at, *contact_at,
		*support_at, *gate_at, *advisories_at, *never_updated_at, *offer_at;
	bool offer_says;       /* the page with a price has the end of support as well */
	unsigned offer_behind; /* so many hundredths of its text stand before it */
	struct security_txt txt;
	struct disclosure disclosure; /* the best of all pages */
	struct support support;
	unsigned n_read;      /* pages with text of their own */
	unsigned n_duplicate; /* that are what everything is answered with */
	bool supports_differ;
	struct obstacle obstacle;
};

static void
obstruct(struct seen *seen, enum inc_reason reason, const struct exchange *at, const char *text)
{
	if (seen->obstacle.reason)
		return;
	seen->obstacle.reason = reason;
	seen->obstacle.at = at;
	snprintf(seen->obstacle.text, sizeof seen->obstacle.text, "%s", text);
}

struct round {
	const struct transcript *transcript;
	const char *model;
	uint32_t number;
	struct page *page, *control;
	struct web_page control_web;
	bool has_control;
};

static int
interest_of(const struct web_page *page, const char *model)
{
	return site_interest(site_path(&page->url), "", model);
}

static bool
is_front(const struct exchange *e)
{
	return !strcmp(e->step, "front");
}

/* Where the day stands that counts: of several pages, one that names the device. */
static void
take_support(struct seen *seen, const struct support *support, const struct exchange *e)
{
	struct support *best = &seen->support;

	if (support->state == SUPPORT_END && best->state == SUPPORT_END) {
		if (support->names_model == best->names_model) {
			seen->supports_differ |=
				date_number(support->end) != date_number(best->end);
			return;
		}
		if (!support->names_model)
			return;
		seen->supports_differ = false;
	} else if (support->state <= best->state) {
		return;
	}
	*best = *support;
	seen->support_at = e;
}

/* A page that offers something for money, rather one that says until when it is supported. */
static void
take_offer(struct seen *seen, const struct support *support, const struct page *page,
	const struct exchange *e)
{
	bool says = support->state == SUPPORT_END;
	char words[24];

	if (!support->has_price || (seen->offer_at && (seen->offer_says || !says)))
		return;
	seen->offer_at = e;
	seen->offer_says = says;
	snprintf(words, sizeof words, "%.23s", support->quote);
	const char *at = says ? strstr(page->text, words) : NULL;
	seen->offer_behind =
		at && page->len ? (unsigned)((size_t)(at - page->text) * 100 / page->len) : 0;
}

static void
take_disclosure(struct seen *seen, const struct disclosure *found, const struct exchange *e)
{
	struct disclosure *best = &seen->disclosure;

	if (!found->is_policy)
		return;
	best->is_policy = true;
	if (found->acknowledgement.grade > best->acknowledgement.grade) {
		best->acknowledgement = found->acknowledgement;
		seen->acknowledgement_at = e;
	}
	if (found->status.grade > best->status.grade) {
		best->status = found->status;
		seen->status_at = e;
	}
	if (!seen->policy_at || found->acknowledgement.grade || found->status.grade)
		seen->policy_at = e;
	if (found->contact[0] &&
		(!best->contact[0] || (disclosure_is_contact_name(found->contact) &&
					      !disclosure_is_contact_name(best->contact)))) {
		memcpy(best->contact, found->contact, sizeof best->contact);
		seen->contact_at = e;
	}
	best->has_phone |= found->has_phone;
	best->has_form |= found->has_form;
}

static void
read_page(struct round *r, struct seen *seen, const struct web_page *web)
{
	int interest = interest_of(web, r->model);
	bool counts = interest >= 2 || is_front(web->at);
	struct disclosure disclosure;
	struct support support;

	if (!web->is_text) {
		if (counts)
			obstruct(seen, INC_NO_OPERATOR, web->at,
				"a page that is no text (a PDF, perhaps) has to be read by "
				"somebody");
		return;
	}
	page_read(r->page, web->body, web->is_html);
	if (r->has_control && !web_page_differs(r->page, web, r->control, &r->control_web)) {
		seen->n_duplicate++;
		return;
	}
	seen->n_read++;
	disclosure_read(&disclosure, r->page);
	support_read(&support, r->page, r->model);
	if (page_is_gate(r->page) && !disclosure.acknowledgement.grade && !support.state &&
		counts && !is_front(web->at)) {
		if (!seen->gate_at)
			seen->gate_at = web->at;
		return;
	}
	if (page_is_script(r->page, web->body.len)) {
		if (counts)
			obstruct(seen, INC_NO_OPERATOR, web->at,
				"its pages are made by a script, which is not run here");
		return;
	}
	if (!page_is_english(r->page)) {
		if (counts)
			obstruct(seen, INC_LANGUAGE, web->at, "it is not in English");
		return;
	}
	if ((web->at->end == EXCHANGE_OVERLONG || r->page->is_cut) && counts)
		obstruct(seen, INC_CRAWL_BUDGET, web->at, "a page is longer than is read");
	if (!seen->never_updated_at && support.never_updated)
		seen->never_updated_at = web->at;
	if (!seen->advisories_at && strcasestr(site_path(&web->url), "advisor"))
		seen->advisories_at = web->at;
	take_disclosure(seen, &disclosure, web->at);
	take_support(seen, &support, web->at);
	take_offer(seen, &support, r->page, web->at);
}

static void
read_answer(struct round *r, struct seen *seen, const struct exchange *e)
{
	struct web_page web;

	if (!web_page_from_exchange(&web, r->transcript, e))
		return;
	if (is_front(e) && web.status == 200)
		seen->front = e;
	if (web.status == 200)
		read_page(r, seen, &web);
	else if (web.status == 401 || web.status == 403)
		seen->gate_at = seen->gate_at                      ? seen->gate_at
				: interest_of(&web, r->model) >= 2 ? e
								   : NULL;
	else if (!web.status || web.status >= 500 || web.status == 429)
		obstruct(seen, INC_FAR_END_DOWN, e, "a page of it does not answer");
	web_page_end(&web);
}

static void
read_security_txt(struct round *r, struct seen *seen, const struct exchange *e)
{
	struct security_txt txt;
	struct web_page web;

	if (!web_page_from_exchange(&web, r->transcript, e))
		return;
	memset(&txt, 0, sizeof txt);
	if (web.status == 200)
		security_txt_parse(&txt, web.body, web.type, &web.url, e->utc_s);
	else if (web.status == 404 || web.status == 410)
		txt.state = SECURITY_TXT_ABSENT;
	web_page_end(&web);
	if (txt.state > seen->txt.state || !seen->txt_at) {
		seen->txt = txt;
		seen->txt_at = e;
	}
}

/* What everything is answered with, if that is a page. */
static void
read_control(struct round *r, struct seen *seen)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(r->transcript, &from, own(), "control")))
		if (e->round == r->number)
			break;
	if (!e || !web_page_from_exchange(&r->control_web, r->transcript, e))
		return;
	seen->control = e;
	seen->control_is_fine = r->control_web.status == 404 || r->control_web.status == 410;
	r->has_control = r->control_web.status == 200 && r->control_web.is_text;
	if (r->has_control)
		page_read(r->control, r->control_web.body, r->control_web.is_html);
}

static void
read_round(
	const struct transcript *transcript, const char *model, uint32_t number, struct seen *seen)
{
	auto_free struct page *page = must_alloc(1, sizeof *page);
	auto_free struct page *control = must_alloc(1, sizeof *control);
	struct round r = {.transcript = transcript,
		.model = model,
		.number = number,
		.page = page,
		.control = control};
	const struct exchange *e;
	size_t from = 0;

	memset(seen, 0, sizeof *seen);
	read_control(&r, seen);
	while ((e = transcript_next(transcript, &from, own(), NULL))) {
		if (e->round != number || !e->proto)
			continue;
		if (is_front(e) || !strcmp(e->step, "page"))
			read_answer(&r, seen, e);
		else if (!strcmp(e->step, "security-txt"))
			read_security_txt(&r, seen, e);
	}
	web_page_end(&r.control_web);
}

/* --- both rounds -------------------------------------------------------------------------------------- */

struct story {
	const struct transcript *transcript;
	struct findings *findings;
	enum maker_basis basis;
	struct mud_url url;
	struct site site;
	char model[64];
	struct seen one, two;
	struct support earlier; /* as an earlier run saw it */
	const struct exchange *earlier_at, *earlier_again;
	unsigned likely_left, other_left, pages;
};

static const struct exchange *
event_of(const struct story *story, const char *step)
{
	return transcript_first(story->transcript, own(), step);
}

static void
read_earlier(struct story *story)
{
	auto_free struct page *page = must_alloc(1, sizeof *page);
	const struct exchange *e;
	struct web_page web;
	size_t from = 0;

	while ((e = transcript_next(story->transcript, &from, own(), "earlier"))) {
		struct support support;
		if (!web_page_from_exchange(&web, story->transcript, e))
			continue;
		if (web.status == 200 && web.is_text) {
			page_read(page, web.body, web.is_html);
			support_read(&support, page, story->model);
			if (!story->earlier_at) {
				story->earlier = support;
				story->earlier_at = e;
			} else if (date_number(support.end) == date_number(story->earlier.end)) {
				story->earlier_again = e;
			}
		}
		web_page_end(&web);
	}
}

/*
 * May it be said that something is not said?  If not, why not; the weightiest
 * reason first.
 */
static struct obstacle
why_not_absent(const struct story *story)
{
	static const struct seen *const none = NULL;
	const struct seen *const rounds[] = {&story->one, &story->two, none};
	const struct exchange *left = event_of(story, "left"), *at;
	struct obstacle o = {.reason = INC_NONE};

	if (!story->one.front) {
		o.reason = INC_FAR_END_DOWN;
		snprintf(o.text, sizeof o.text, "its front page does not answer");
		return o;
	}
	for (int i = 0; rounds[i]; i++)
		if (rounds[i]->obstacle.reason)
			return rounds[i]->obstacle;
	if (!left || !event_of(story, "again") || check_was_cut(story->transcript, own())) {
		o.reason = INC_TIME_OUT;
		snprintf(o.text, sizeof o.text, "there was no time to look at all of it");
	} else if (story->likely_left) {
		o = (struct obstacle){.reason = INC_CRAWL_BUDGET, .at = left};
		snprintf(o.text, sizeof o.text, "%u pages that look likely were not read",
			story->likely_left);
	} else if ((at = event_of(story, "refused"))) {
		o = (struct obstacle){.reason = INC_NO_OPERATOR, .at = at};
		snprintf(o.text, sizeof o.text, "its robots.txt asks programs not to look there");
	} else if ((at = event_of(story, "elsewhere"))) {
		o = (struct obstacle){.reason = INC_NO_OPERATOR, .at = at};
		snprintf(o.text, sizeof o.text, "it refers to %.80s", at->note);
	} else if ((at = event_of(story, "loop"))) {
		o = (struct obstacle){.reason = INC_FAR_END_DOWN, .at = at};
		snprintf(o.text, sizeof o.text, "a page redirects to itself");
	} else if (!story->one.control_is_fine || story->one.n_duplicate) {
		o = (struct obstacle){.reason = INC_CONTROL_FAILED, .at = story->one.control};
		snprintf(o.text, sizeof o.text,
			"it answers a page that cannot exist as if it were there");
	} else if (!story->two.front || !story->two.control_is_fine) {
		o.reason = INC_NOT_REPRODUCED;
		snprintf(o.text, sizeof o.text, "the second time it did not answer");
	}
	return o;
}

/* It is said of the maker; nothing at the device is its place. */
static struct finding *
of_maker(struct story *story, struct finding *finding)
{
	finding->address = (struct ip){0};
	finding->proto = 0;
	finding->port = 0;
	/* Whose device it is is a claim, and whoever is meant may be somebody else. */
	if (story->basis == MAKER_CLAIMED && finding->word != VERDICT_INC) {
		char text[FINDING_TEXT_MAX];
		snprintf(text, sizeof text, "whose it is only the device says (%.48s): %.*s",
			story->site.name, (int)sizeof text - 90, finding->text);
		memcpy(finding->text, text, sizeof text);
		finding->word = VERDICT_INC;
		finding->reason = INC_NO_OPERATOR;
	}
	finding_coverage(
		finding, story->pages, story->pages + story->likely_left + story->other_left);
	return finding;
}

static void
say_obstacle(struct story *story, const char *provision, const struct obstacle *o, const char *what)
{
	of_maker(story, findings_inc(story->findings, provision, o->reason, o->at,
				"%.48s: %.60s: %.100s", story->site.name, what, o->text));
}

/* That it is not said, or in such words; where nothing stands in the way. */
static void
say_absent(struct story *story, const char *provision, const struct exchange *first,
	const struct exchange *second, const char *what)
{
	struct obstacle o = why_not_absent(story);

	if (o.reason) {
		say_obstacle(story, provision, &o, what);
		return;
	}
	of_maker(story,
		findings_fail(story->findings, provision, first ? first : story->one.front,
			first && second ? second : story->two.front,
			story->one.control_is_fine ? story->one.control : NULL,
			"%.40s: %.160s (%u pages read)", story->site.name, what, story->pages));
}

/* --- disclosure ----------------------------------------------------------------------------------------- */

static void
time_text(uint32_t hours, char out[static 24])
{
	if (hours % 24)
		snprintf(out, 24, "%u hours", hours % 100000);
	else
		snprintf(out, 24, "%u days", hours / 24 % 100000);
}

static bool
is_quantified(const struct seen *seen)
{
	return seen->disclosure.acknowledgement.grade == GRADE_QUANTIFIED &&
	       seen->disclosure.status.grade == GRADE_QUANTIFIED;
}

/* Whom to write to: the policy says it, or a security.txt that is valid. */
static const char *
contact_of(const struct seen *seen)
{
	if (seen->disclosure.contact[0])
		return seen->disclosure.contact;
	if (seen->txt.state == SECURITY_TXT_VALID && seen->txt.contact[0])
		return seen->txt.contact;
	if (seen->disclosure.is_policy && seen->disclosure.has_form)
		return "a form";
	if (seen->disclosure.is_policy && seen->disclosure.has_phone)
		return "a telephone number";
	return NULL;
}

static void
say_complete(struct story *story, const char *provision, const char *contact)
{
	const struct seen *one = &story->one, *two = &story->two;
	char first[24], then[24];

	time_text(one->disclosure.acknowledgement.hours, first);
	time_text(one->disclosure.status.hours, then);
	if (!is_quantified(two) || !contact_of(two)) {
		of_maker(story,
			findings_inc(story->findings, provision, INC_NOT_REPRODUCED, one->policy_at,
				"%.48s: its policy was read once and not a second time",
				story->site.name));
		return;
	}
	struct finding *finding = findings_add(story->findings, provision, VERDICT_PASS,
		one->policy_at, "%.48s: contact %.50s, acknowledged within %s, status every %s",
		story->site.name, contact, first, then);
	finding_evidence(finding, one->acknowledgement_at);
	finding_evidence(finding, one->status_at);
	finding_evidence(finding, two->policy_at);
	finding_evidence(finding, one->txt_at);
	finding_evidence(finding, one->control);
	of_maker(story, finding);
}

/* What the maker wrote: whole, or up to the end of a word, and then it is said that it goes on. */
enum { QUOTE_MAX = 96 };
static const char *
quote(const char *text, size_t most, char out[static QUOTE_MAX])
{
	size_t len = strlen(text);

	if (len <= most) {
		snprintf(out, QUOTE_MAX, "%s", text);
		return out;
	}
	for (len = most; len > most / 2 && text[len] != ' ';)
		len--;
	snprintf(out, QUOTE_MAX, "%.*s ...", (int)len, text);
	return out;
}

static const char *
says(const struct timeline *line)
{
	static const char *const words[] = {[GRADE_NONE] = "does not say",
		[GRADE_VAGUE] = "says only softly",
		[GRADE_QUANTIFIED] = "says"};

	return words[line->grade <= GRADE_QUANTIFIED ? line->grade : GRADE_NONE];
}

/* "its policy says only softly when it answers, and does not say ... ('We answer promptly.')" */
static void
grades_text(const struct story *story, char *out, size_t size)
{
	const struct disclosure *d = &story->one.disclosure;
	const struct timeline *quoted = d->acknowledgement.grade == GRADE_VAGUE
						? &d->acknowledgement
					: d->status.grade == GRADE_VAGUE ? &d->status
									 : NULL;
	char words[QUOTE_MAX];

	snprintf(out, size,
		"its policy %s when a report is acknowledged, and %s how often one hears of "
		"it%s%s%s",
		says(&d->acknowledgement), says(&d->status), quoted ? " ('" : "",
		quoted ? quote(quoted->quote, 50, words) : "", quoted ? "')" : "");
}

static void
judge_disclosure(struct story *story)
{
	static const char *const both[] = {"5.2-1", "PSTI-2.2"};
	const struct seen *one = &story->one, *two = &story->two;
	const char *contact = contact_of(one);
	const struct disclosure *d = &one->disclosure;
	char what[200];

	if (is_quantified(one) && contact) {
		for (size_t i = 0; i < COUNT_OF(both); i++)
			say_complete(story, both[i], contact);
		return;
	}
	if (one->gate_at && two->gate_at && !d->is_policy) {
		for (size_t i = 0; i < COUNT_OF(both); i++)
			say_absent(story, both[i], one->gate_at, two->gate_at,
				"its policy can be read only after a login, or for personal data");
		return;
	}
	if (!d->is_policy || !contact) {
		snprintf(what, sizeof what, "%s",
			!d->is_policy ? "no policy for reporting weaknesses was found"
				      : "its policy names nobody to write to");
		/* Somebody is named, in a file that is not in order: no failure, and no pass. */
		if (!d->is_policy && one->txt.contact[0])
			snprintf(what, sizeof what,
				"a contact (%.40s, security.txt: %s) and no policy",
				one->txt.contact,
				security_txt_word((enum security_txt_state)one->txt.state));
		for (size_t i = 0; i < COUNT_OF(both); i++)
			say_absent(story, both[i], one->policy_at, two->policy_at, what);
		return;
	}
	grades_text(story, what, sizeof what);
	if (d->acknowledgement.grade && d->status.grade) {
		/* ETSI TS 103 701 may be content with soft words; the regulation asks when. */
		struct finding *finding = findings_inc(story->findings, "5.2-1", INC_NO_OPERATOR,
			one->policy_at, "%.40s: %.170s", story->site.name, what);
		finding_evidence(finding, two->policy_at);
		of_maker(story, finding);
		say_absent(story, "PSTI-2.2", one->policy_at, two->policy_at, what);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(both); i++)
		say_absent(story, both[i], one->policy_at, two->policy_at, what);
}

/* Somebody, and not only a machine. */
static void
judge_contact(struct story *story)
{
	const struct seen *one = &story->one;
	const char *contact = contact_of(one);
	bool is_human = one->disclosure.contact[0] ||
			(one->txt.state == SECURITY_TXT_VALID && one->txt.is_contact_human) ||
			one->disclosure.has_phone;

	if (!contact) {
		say_absent(story, "CRA-13.17", NULL, NULL, "nobody is named to write to");
		return;
	}
	const struct exchange *at = one->contact_at  ? one->contact_at
				    : one->policy_at ? one->policy_at
						     : one->txt_at;
	struct finding *finding =
		is_human ? findings_add(story->findings, "CRA-13.17", VERDICT_PASS, at,
				   "%.48s: one can write to %.60s", story->site.name, contact)
			 : findings_inc(story->findings, "CRA-13.17", INC_NO_OPERATOR, at,
				   "%.48s: %.60s; whether somebody reads it is not seen",
				   story->site.name, contact);
	finding_evidence(finding, story->two.contact_at);
	of_maker(story, finding);
}

/* --- support ------------------------------------------------------------------------------------------------ */

static void
judge_support(struct story *story)
{
	const struct seen *one = &story->one, *two = &story->two;
	const struct support *s = &one->support;
	char end[DATE_TEXT_MAX], what[160], words[QUOTE_MAX];
	enum support_state state = (enum support_state)s->state;

	if (state == SUPPORT_END && one->supports_differ)
		state = SUPPORT_SEVERAL;
	date_render(s->end, end);
	switch (state) {
	case SUPPORT_END: {
		if (two->support.state != SUPPORT_END || two->supports_differ ||
			date_number(two->support.end) != date_number(s->end)) {
			of_maker(story, findings_inc(story->findings, "5.3-13", INC_NOT_REPRODUCED,
						one->support_at,
						"%.48s: %s, read once and not a second time",
						story->site.name, end));
			return;
		}
		bool is_over = date_number(s->end) < date_number(date_of(one->support_at->utc_s));
		struct finding *finding = findings_add(story->findings, "5.3-13", VERDICT_PASS,
			one->support_at, "%.48s: security updates %s %s%s ('%.90s')",
			story->site.name, is_over ? "ended" : "until", end,
			s->names_model ? ", for this model" : "", s->quote);
		finding_evidence(finding, two->support_at);
		finding_evidence(finding, one->control);
		of_maker(story, finding);
		return;
	}
	case SUPPORT_SEVERAL:
	case SUPPORT_YEARS:
	case SUPPORT_AMBIGUOUS: {
		snprintf(what, sizeof what, "%s ('%s')",
			state == SUPPORT_SEVERAL
				? "it names several products, and none is known to be this one"
			: state == SUPPORT_YEARS
				? "a number of years, whose end the public cannot know"
				: "a date that can be read in two ways",
			quote(s->quote, 80, words));
		struct finding *finding = findings_inc(story->findings, "5.3-13", INC_NO_OPERATOR,
			one->support_at, "%.48s: %s", story->site.name, what);
		finding_evidence(finding, two->support_at);
		of_maker(story, finding);
		return;
	}
	case SUPPORT_VAGUE:
		snprintf(what, sizeof what, "only soft words on how long it is supported ('%s')",
			quote(s->quote, 70, words));
		say_absent(story, "5.3-13", one->support_at, two->support_at, what);
		return;
	default:
		if (one->gate_at && two->gate_at) {
			say_absent(story, "5.3-13", one->gate_at, two->gate_at,
				"how long it is supported can be read only after a login");
			return;
		}
		say_absent(story, "5.3-13", NULL, NULL,
			"nothing was found on how long it gets security updates");
	}
}

/* Month and year, where one buys it. */
static void
judge_purchase(struct story *story)
{
	const struct seen *one = &story->one;
	char end[DATE_TEXT_MAX];

	if (one->support.state != SUPPORT_END || one->supports_differ ||
		date_number(story->two.support.end) != date_number(one->support.end))
		return;
	date_render(one->support.end, end);
	struct finding *finding =
		one->support.has_price
			? findings_add(story->findings, "CRA-13.19", VERDICT_PASS, one->support_at,
				  "%.48s: %s stands on a page where it can be bought",
				  story->site.name, end)
			: findings_inc(story->findings, "CRA-13.19", INC_NO_OPERATOR,
				  one->support_at,
				  "%.48s: %s is published; whether it is said where one buys it, "
				  "shop or box have to show",
				  story->site.name, end);
	finding_evidence(finding, story->two.support_at);
	of_maker(story, finding);
}

/*
 * On the maker's own page of sale the end of support has to stand out as much as the main
 * characteristics do.  How a page looks nobody sees here; where the words stand, and
 * whether they are there at all, is told to the person who has to look.
 */
static void
judge_prominence(struct story *story)
{
	const struct seen *one = &story->one;
	const struct exchange *offer = one->offer_at;
	struct finding *finding;

	if (one->support.state != SUPPORT_END)
		return;
	if (!offer)
		finding = findings_inc(story->findings, "PSTI-3.5", INC_NOT_SEEN, one->support_at,
			"%.48s: no page with a price was read; where the maker sells it, somebody "
			"has to look whether the end of support stands out there",
			story->site.name);
	else if (!one->offer_says)
		finding = findings_inc(story->findings, "PSTI-3.5", INC_NO_OPERATOR, offer,
			"%.90s has a price and no end of support; if it offers this product, that "
			"has to stand there",
			offer->note);
	else
		finding = findings_inc(story->findings, "PSTI-3.5", INC_NO_OPERATOR, offer,
			"%.90s says it beside a price, behind %u %% of its text; whether it stands "
			"out as much as the main characteristics, somebody has to look",
			offer->note, one->offer_behind);
	finding_evidence(finding, story->two.offer_at);
	of_maker(story, finding);
}

/* Never shortened: what an earlier run saw, against what is there now. */
static void
judge_shortened(struct story *story)
{
	const struct seen *one = &story->one, *two = &story->two;
	char was[DATE_TEXT_MAX], is[DATE_TEXT_MAX];
	uint32_t before = date_number(story->earlier.end), now = date_number(one->support.end);

	if (!story->earlier_at || story->earlier.state != SUPPORT_END) {
		of_maker(story,
			findings_inc(story->findings, "PSTI-3.6", INC_NOT_SEEN, one->support_at,
				"%.48s: seen for the first time; whether it is shortened, later "
				"runs will tell",
				story->site.name));
		return;
	}
	date_render(story->earlier.end, was);
	date_render(one->support.end, is);
	if (one->support.state != SUPPORT_END || one->supports_differ ||
		date_number(two->support.end) != now) {
		of_maker(story,
			findings_inc(story->findings, "PSTI-3.6", INC_NOT_REPRODUCED,
				story->earlier_at, "%.48s: it was until %s; now no day is found",
				story->site.name, was));
		return;
	}
	struct finding *finding =
		now < before
			? findings_fail(story->findings, "PSTI-3.6", one->support_at,
				  two->support_at, story->earlier_again ? story->earlier_at : NULL,
				  "%.48s: security updates until %s; an earlier run read %s",
				  story->site.name, is, was)
			: findings_add(story->findings, "PSTI-3.6", VERDICT_NFF, one->support_at,
				  "%.48s: until %s, an earlier run read %s", story->site.name, is,
				  was);
	finding_evidence(finding, two->support_at);
	finding_evidence(finding, story->earlier_at);
	finding_evidence(finding, story->earlier_again);
	of_maker(story, finding);
}

/* What the pages show of what they cannot settle: somebody is told where to look. */
static void
judge_hints(struct story *story)
{
	const struct exchange *advisories = story->one.advisories_at,
			      *never = story->one.never_updated_at;

	if (advisories)
		of_maker(story,
			findings_inc(story->findings, "5.2-2", INC_NO_IXIT, advisories,
				"advisories are at %.120s; whether they came in time, the dates of "
				"the reports would tell",
				advisories->note));
	if (never)
		of_maker(story, findings_inc(story->findings, "5.3-14", INC_NO_OPERATOR, never,
					"%.110s says that it cannot be updated; whether it says "
					"why, and how "
					"it is replaced, somebody has to read",
					never->note));
}

/* --- all of it ------------------------------------------------------------------------------------------------ */

static void
read_story(struct story *story, const struct transcript *transcript)
{
	memset(story, 0, sizeof *story);
	story->transcript = transcript;
	story->basis = maker_basis_of(transcript, own(), &story->url, story->model);
	if (!story->basis)
		return;
	site_of(&story->site, &story->url);
	read_round(transcript, story->model, 1, &story->one);
	read_round(transcript, story->model, 2, &story->two);
	read_earlier(story);
	const struct exchange *left = event_of(story, "left");
	if (!left || sscanf(left->note, "likely %4u other %4u pages %4u", &story->likely_left,
			     &story->other_left, &story->pages) != 3)
		story->likely_left = story->other_left = story->pages = 0;
}

static void
say_unknown(struct findings *findings)
{
	static const char *const provisions[] = {
		"5.2-1", "PSTI-2.2", "5.3-13", "PSTI-3.5", "PSTI-3.6"};

	for (size_t i = 0; i < COUNT_OF(provisions); i++)
		findings_inc(findings, provisions[i], INC_NO_OPERATOR, NULL,
			"nobody said who its maker is; to say it: pinfold maker set DEVICE URL");
}

void
maker_web_judge(const struct transcript *transcript, struct findings *findings)
{
	auto_free struct story *story = must_alloc(1, sizeof *story);

	read_story(story, transcript);
	story->findings = findings;
	if (!story->basis) {
		say_unknown(findings);
		return;
	}
	judge_disclosure(story);
	judge_contact(story);
	judge_support(story);
	judge_purchase(story);
	judge_prominence(story);
	judge_shortened(story);
	judge_hints(story);
}

/* --- what is kept ------------------------------------------------------------------------------------------ */

void
maker_web_facts(const struct transcript *transcript,
	void (*tell)(enum maker_fact, const char *value, uint32_t exchange, void *), void *arg)
{
	auto_free struct story *story = must_alloc(1, sizeof *story);
	const struct seen *one = &story->one;
	char value[192], time[24];

	read_story(story, transcript);
	if (!story->basis || !one->front)
		return;
	tell(MAKER_FACT_SITE, story->site.name, one->front->number, arg);
	if (one->txt_at)
		tell(MAKER_FACT_SECURITY_TXT,
			security_txt_word((enum security_txt_state)one->txt.state),
			one->txt_at->number, arg);
	if (contact_of(one)) {
		const struct exchange *at = one->contact_at  ? one->contact_at
					    : one->policy_at ? one->policy_at
							     : one->txt_at;
		tell(MAKER_FACT_CONTACT, contact_of(one), at->number, arg);
	}
	if (one->policy_at)
		tell(MAKER_FACT_POLICY, one->policy_at->note, one->policy_at->number, arg);
	const struct {
		enum maker_fact fact;
		const struct timeline *line;
		const struct exchange *at;
	} lines[] = {{MAKER_FACT_ACKNOWLEDGEMENT, &one->disclosure.acknowledgement,
			     one->acknowledgement_at},
		{MAKER_FACT_STATUS_UPDATES, &one->disclosure.status, one->status_at}};
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		if (!lines[i].at)
			continue;
		time_text(lines[i].line->hours, time);
		snprintf(value, sizeof value, "%s",
			lines[i].line->grade == GRADE_QUANTIFIED
				? time
				: grade_word((enum grade)lines[i].line->grade));
		tell(lines[i].fact, value, lines[i].at->number, arg);
	}
	if (!one->support_at)
		return;
	tell(MAKER_FACT_SUPPORT, support_word((enum support_state)one->support.state),
		one->support_at->number, arg);
	tell(MAKER_FACT_SUPPORT_PAGE, one->support_at->note, one->support_at->number, arg);
	if (one->support.state == SUPPORT_END && !one->supports_differ &&
		date_number(story->two.support.end) == date_number(one->support.end)) {
		date_render(one->support.end, value);
		tell(MAKER_FACT_SUPPORT_END, value, one->support_at->number, arg);
	}
}
