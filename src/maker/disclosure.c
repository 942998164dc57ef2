/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/disclosure.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "maker/date.h"

enum { MARKS_MAX = 16 };

const char *
grade_word(enum grade grade)
{
	static const char *const words[GRADE_COUNT] = {"none", "vague", "quantified"};

	return words[(unsigned)grade < GRADE_COUNT ? grade : GRADE_NONE];
}

/* --- whom to write to ---------------------------------------------------------------------------- */

static bool
is_mail_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
	       c == '_' || c == '+';
}

bool
disclosure_is_contact_name(const char *lower)
{
	static const char *const words[] = {"secur", "psirt", "vuln", "cert", "cve", "disclos"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(lower, words[i]))
			return true;
	return false;
}

/* The address around this '@'; false where it is none. */
static bool
mail_at(const struct page *page, size_t at, char out[static DISCLOSURE_CONTACT_MAX])
{
	size_t from = at, to = at + 1, dots = 0;

	while (from && at - from < 40 && is_mail_byte(page->lower[from - 1]))
		from--;
	while (to < page->len && to - at < 50 && is_mail_byte(page->lower[to]))
		to++;
	while (to > at + 1 && !isalnum((unsigned char)page->lower[to - 1]))
		to--;
	for (size_t i = at + 1; i < to; i++)
		dots += page->lower[i] == '.';
	if (from == at || !dots || to - from >= DISCLOSURE_CONTACT_MAX)
		return false;
	memcpy(out, page->lower + from, to - from);
	out[to - from] = '\0';
	return true;
}

/* Of several addresses, the one that is there for it. */
static void
find_contact(struct disclosure *out, const struct page *page)
{
	char found[DISCLOSURE_CONTACT_MAX];
	const char *at = page->text;

	while ((at = memchr(at, '@', (size_t)(page->text + page->len - at)))) {
		if (mail_at(page, (size_t)(at - page->text), found) &&
			(!out->contact[0] || disclosure_is_contact_name(found))) {
			memcpy(out->contact, found, sizeof found);
			if (disclosure_is_contact_name(found))
				return;
		}
		at++;
	}
}

/* --- when ---------------------------------------------------------------------------------------- */

static const char *const acknowledges[] = {"acknowledg", "confirm receipt", "confirm the receipt",
	"confirm that we", "confirmation of receipt", "confirmation that we", "first response",
	"initial response", "first reply", "first answer", "receive a reply", "respond to your",
	"respond to the report", "respond to all", "respond to every", "respond to report",
	"reply to your", "reply to every", "answer your report", "answer you within",
	"get back to you", "contact you within", "we respond within", "we will respond",
	"we aim to respond", "response within", "triage your report within", NULL};
static const char *const informs[] = {"status update", "progress update", "update on the status",
	"updates on the status", "update you", "updates on progress", "updates on the progress",
	"updates about", "keep you informed", "keep you updated", "keep you up to date",
	"keep the reporter informed", "keep reporters informed", "keep researchers informed",
	"inform you about the progress", "inform you of the progress", "inform you on the progress",
	"informed about the progress", "informed of the progress", "informed of progress",
	"informed about the status", "regular update", "further update", "provide an update",
	"provide update", "provide you with update", "send update", "send you update",
	"send an update", "receive update", "receive an update", "hear from us", "progress report",
	"update the reporter", "update reporters", "report on the status", NULL};
static const char *const negations[] = {"not ", "cannot", "can't", "won't", "unable", "never",
	"no guarantee", "no obligation", NULL};

struct mark {
	size_t at, end;
	uint8_t is_status;
};

static size_t
note_marks(const struct page *page, struct span span, const char *const *phrases, bool is_status,
	struct mark *mark, size_t n)
{
	for (; *phrases && n < MARKS_MAX; phrases++) {
		const char *found = page_phrase(page, span, *phrases);
		if (!found)
			continue;
		size_t at = (size_t)(found - page->lower);
		mark[n++] = (struct mark){at, at + strlen(*phrases), is_status};
	}
	return n;
}

/*
 * The time that belongs to what is promised here: behind it and before the other
 * promise of the sentence, else before it ("within 3 days we will acknowledge").
 */
static bool
time_of(const struct page *page, struct span span, const struct mark *mark, size_t n,
	const struct mark *of, struct duration *out)
{
	size_t from = span.at, to = span.at + span.len, at;
	struct duration found;
	bool is_found = false;

	for (size_t i = 0; i < n; i++) {
		if (mark[i].is_status == of->is_status)
			continue;
		if (mark[i].at > of->at && mark[i].at < to)
			to = mark[i].at;
		if (mark[i].at < of->at && mark[i].end > from)
			from = mark[i].end;
	}
	for (at = of->end; at < to && duration_find(page->lower, to, at, &found);
		at = found.at + found.len)
		/* "acknowledged within 3 days, and every 14 days a status update" */
		if (of->is_status || !found.is_every) {
			*out = found;
			return true;
		}
	for (at = from; at < of->at && duration_find(page->lower, of->at, at, &found);
		at = found.at + found.len)
		if (of->is_status || !found.is_every) {
			*out = found;
			is_found = true;
		}
	return is_found;
}

static void
take_timeline(struct timeline *out, const struct page *page, struct span span,
	const struct duration *duration)
{
	enum grade grade = duration ? GRADE_QUANTIFIED : GRADE_VAGUE;

	if (out->grade >= grade)
		return;
	out->grade = (uint8_t)grade;
	out->hours = duration ? duration->hours : 0;
	page_quote(page, span, out->quote, sizeof out->quote);
}

/* Not of a person who found something, but of one who bought something. */
static bool
is_of_something_else(const struct page *page, struct span span)
{
	static const char *const words[] = {"your order", "order confirmation", "your purchase",
		"sales enquir", "newsletter", "hall of fame", "unsubscribe", "deliver", NULL};

	return page_has(page, span, words);
}

static void
read_sentence(struct disclosure *out, const struct page *page, struct span span)
{
	struct mark mark[MARKS_MAX];
	size_t n = note_marks(page, span, acknowledges, false, mark, 0);
	struct duration duration;

	n = note_marks(page, span, informs, true, mark, n);
	if (!n || is_of_something_else(page, span))
		return;
	bool is_negated = page_has(page, span, negations);
	for (size_t i = 0; i < n; i++) {
		bool has_time = !is_negated && time_of(page, span, mark, n, &mark[i], &duration);
		take_timeline(mark[i].is_status ? &out->status : &out->acknowledgement, page, span,
			has_time ? &duration : NULL);
	}
}

/* --- the page ------------------------------------------------------------------------------------ */

static bool
is_policy(const struct page *page)
{
	static const char *const what[] = {"vulnerabilit", "security issue", "security flaw",
		"security bug", "security weakness", "security problem", NULL};
	static const char *const how[] = {"report", "disclos", "contact us", "write to", NULL};
	struct span whole = {0, page->len};

	return page_has(page, whole, what) && page_has(page, whole, how);
}

void
disclosure_read(struct disclosure *out, const struct page *page)
{
	static const char *const phones[] = {
		"phone:", "telephone", "call us", "tel:", "tel.", NULL};
	struct span whole = {0, page->len}, span;
	size_t from = 0;

	memset(out, 0, sizeof *out);
	out->is_policy = is_policy(page);
	if (!out->is_policy)
		return;
	find_contact(out, page);
	out->has_phone = page_has(page, whole, phones);
	out->has_form = page->takes_text;
	while (page_sentence(page, &from, &span))
		read_sentence(out, page, span);
}
