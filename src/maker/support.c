/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/support.h"

#include <string.h>

#include "base/auto.h"

enum { ROWS_MAX = 60, MODEL_MIN = 3, MODEL_MAX = 64 };

const char *
support_word(enum support_state state)
{
	static const char *const words[SUPPORT_STATE_COUNT] = {
		[SUPPORT_NONE] = "none",
		[SUPPORT_VAGUE] = "vague",
		[SUPPORT_AMBIGUOUS] = "ambiguous date",
		[SUPPORT_YEARS] = "years only",
		[SUPPORT_SEVERAL] = "several products",
		[SUPPORT_END] = "end date",
	};

	return words[(unsigned)state < SUPPORT_STATE_COUNT ? state : SUPPORT_NONE];
}

/* --- words ------------------------------------------------------------------------------------ */

static const char *const subjects[] = {"security update", "security support", "security patch",
	"security fix", "security maintenance", "software update", "software support",
	"firmware update", "firmware support", "support period", "defined support",
	"updates guaranteed", "guaranteed update", "update guarantee", "end of support",
	"end-of-support", "end of life", "end-of-life", "end of security", "supported until",
	"support until", "support ends", "updates until", "update period", NULL};
static const char *const ends[] = {"until", "till", "through", "up to", "ends", "end date",
	"end on", "ending", "expires", "at least to", "end of", "end-of", "no earlier than",
	"not before", "minimum", NULL};
static const char *const vague[] = {"lifetime", "life time", "life of the product", "as long as",
	"for years to come", "regular", "ongoing", "continuous", "continue to", "periodic",
	"whenever", "when necessary", "as needed", NULL};
/* A date behind one of these is one of something else. */
static const char *const others[] = {"updated", "published", "effective", "released", "release",
	"launched", "launch", "since", "from", "starting", "version", "(c)", "copyright",
	"introduced", "revision", "revised", "first sold", "issued", NULL};

/* Is the date of something else?  What stands close before it says so. */
static bool
is_of_else(const struct page *page, struct span span, const struct dated *dated)
{
	enum { CLOSE = 28 };
	size_t from = dated->at - span.at > CLOSE ? dated->at - CLOSE : span.at;
	struct span before = {from, dated->at - from};
	const char *last = NULL;

	for (size_t i = 0; others[i]; i++) {
		const char *found = page_phrase(page, before, others[i]);
		if (found && (!last || found > last))
			last = found;
	}
	if (!last)
		return false;
	/* "from March 2024 until December 2031": the nearer word counts. */
	size_t at = (size_t)(last - page->lower);
	return !page_has(page, (struct span){at, dated->at - at}, ends);
}

/* Letters and digits alone, so that "Cam-2 Pro" is "cam2pro". */
static size_t
squeeze(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		char c = text[i];
		c = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
	}
	out[n] = '\0';
	return n;
}

struct wanted {
	char model[MODEL_MAX]; /* squeezed; empty: not known */
	size_t len;
};

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The name begins here, whatever stands between its letters; it goes on in no digit or letter. */
static bool
begins_name(const struct wanted *wanted, const char *at, const char *end)
{
	size_t n = 0;

	while (at < end && n < wanted->len) {
		if (is_alnum(*at) && *at != wanted->model[n])
			return false;
		n += is_alnum(*at++);
	}
	return n == wanted->len && (at == end || !is_alnum(*at));
}

/* The name stands there as a whole: "cam 2" is not in "cam 20". */
static bool
names(const struct wanted *wanted, const struct page *page, struct span span)
{
	const char *begin = page->lower + span.at, *end = begin + span.len;

	if (wanted->len < MODEL_MIN)
		return false;
	for (const char *at = begin; at < end; at++)
		if (is_alnum(*at) && (at == begin || !is_alnum(at[-1])) &&
			begins_name(wanted, at, end))
			return true;
	return false;
}

/* --- what is found ---------------------------------------------------------------------------- */

struct reading {
	const struct page *page;
	struct wanted wanted;
	struct support *out;
	bool is_row;        /* the line stands in a list below what says what it is about */
	bool is_list;       /* some date was one of a row */
	unsigned rows_left; /* of that list */
	bool heading_names; /* the heading above names the product */
	bool differs;       /* two dates that count as much as each other */
};

static void
take(struct reading *r, enum support_state state, struct date end, bool names_model,
	struct span span)
{
	struct support *out = r->out;

	if (state == SUPPORT_END && out->state == SUPPORT_END) {
		if (names_model == out->names_model) {
			r->differs |= date_number(end) != date_number(out->end);
			return;
		}
		if (!names_model)
			return;
		r->differs = false;
	} else if (state <= out->state) {
		return;
	}
	out->state = (uint8_t)state;
	out->end = end;
	out->names_model = names_model;
	page_quote(r->page, span, out->quote, sizeof out->quote);
}

static bool
says_until(const struct page *page, struct span span)
{
	return page_has(page, span, ends);
}

/* Something stands before the date that is no "until": the name of a product, in a list. */
static bool
is_about_one(const struct page *page, struct span before)
{
	size_t len = before.len;

	for (size_t i = 0; ends[i]; i++) {
		const char *at = page_phrase(page, before, ends[i]);
		size_t n = at ? (size_t)(at - page->lower) - before.at : len;
		len = n < len ? n : len;
	}
	for (size_t i = 0; i < len; i++)
		if (is_alnum(page->lower[before.at + i]))
			return true;
	return false;
}

static void
take_dates(struct reading *r, struct span span)
{
	const char *text = r->page->lower;
	size_t end = span.at + span.len, at = span.at;
	bool names_model = r->heading_names || names(&r->wanted, r->page, span);
	struct dated dated;

	while (at < end && date_find(text, end, at, &dated)) {
		struct span before = {span.at, dated.at - span.at};
		bool is_until = says_until(r->page, before) || r->is_row;
		at = dated.at + (dated.len ? dated.len : 1);
		if (!is_until || is_of_else(r->page, span, &dated))
			continue;
		if (dated.is_ambiguous)
			take(r, SUPPORT_AMBIGUOUS, (struct date){0}, names_model, span);
		else if (!dated.date.month)
			take(r, SUPPORT_YEARS, (struct date){0}, names_model, span);
		else {
			r->is_list |= r->is_row && is_about_one(r->page, before);
			take(r, SUPPORT_END, dated.date, names_model, span);
		}
	}
}

static void
take_years(struct reading *r, struct span span)
{
	size_t end = span.at + span.len, at = span.at;
	struct duration duration;

	while (at < end && duration_find(r->page->lower, end, at, &duration)) {
		at = duration.at + (duration.len ? duration.len : 1);
		if (!duration.is_every && duration.hours >= 90 * 24)
			take(r, SUPPORT_YEARS, (struct date){0}, false, span);
	}
}

static void
read_sentence(struct reading *r, struct span span)
{
	bool is_heading = r->page->text[span.at] == '#';
	bool is_subject = page_has(r->page, span, subjects);

	if (is_heading) {
		r->rows_left = 0;
		r->heading_names = names(&r->wanted, r->page, span);
	}
	if (is_subject) {
		/* "Security updates until" above a column of dates */
		r->rows_left = ROWS_MAX;
		r->is_row = false;
		take_dates(r, span);
		take_years(r, span);
		if (page_has(r->page, span, vague))
			take(r, SUPPORT_VAGUE, (struct date){0}, false, span);
		return;
	}
	if (!r->rows_left)
		return;
	r->rows_left--;
	/* A sentence of its own says what its date is; a row is short. */
	r->is_row = span.len < 120;
	if (r->is_row)
		take_dates(r, span);
}

static bool
has_price(const struct page *page)
{
	static const char *const words[] = {"add to cart", "add to basket", "buy now", "in stock",
		"price", "gbp ", "eur ", "incl. vat", "add to bag", NULL};

	return page_has(page, (struct span){0, page->len}, words);
}

static bool
cannot_be_updated(const struct page *page)
{
	static const char *const words[] = {"cannot be updated", "can not be updated",
		"can't be updated", "not updateable", "not updatable", "no software updates are",
		"no firmware updates are", NULL};

	return page_has(page, (struct span){0, page->len}, words);
}

void
support_read(struct support *out, const struct page *page, const char *model)
{
	struct reading r = {.page = page, .out = out};
	struct span span;
	size_t from = 0;

	memset(out, 0, sizeof *out);
	r.wanted.len = squeeze(model, strlen(model), r.wanted.model, sizeof r.wanted.model);
	while (page_sentence(page, &from, &span))
		read_sentence(&r, span);
	out->has_price = has_price(page);
	out->never_updated = cannot_be_updated(page);
	/* Of a list, a row that is not of this product says nothing about it. */
	if (out->state == SUPPORT_END && (r.differs || (r.is_list && !out->names_model))) {
		out->state = SUPPORT_SEVERAL;
		out->end = (struct date){0};
	}
}
