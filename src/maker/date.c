/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"

enum { YEAR_MIN = 1990, YEAR_MAX = 2099 };

/* --- a cursor over prose ---------------------------------------------------------------------- */

struct prose {
	const char *text;
	size_t len, at;
};

static int
peek(const struct prose *p)
{
	return p->at < p->len ? (unsigned char)p->text[p->at] : -1;
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(int c)
{
	return c >= 'a' && c <= 'z';
}

static void
skip_blanks(struct prose *p)
{
	while (peek(p) == ' ')
		p->at++;
}

static bool
take_char(struct prose *p, char c)
{
	if (peek(p) != c)
		return false;
	p->at++;
	return true;
}

/* A whole word; it does not go on behind it. */
static bool
take_word(struct prose *p, const char *word)
{
	size_t n = strlen(word);

	if (p->len - p->at < n || memcmp(p->text + p->at, word, n) ||
		(p->at + n < p->len && is_letter((unsigned char)p->text[p->at + n])))
		return false;
	p->at += n;
	return true;
}

/* Digits, at most `most` of them, and no more behind; the count, 0 where there are none. */
static unsigned
take_number(struct prose *p, unsigned most, unsigned *value)
{
	struct prose q = *p;
	unsigned n = 0, v = 0;

	while (is_digit(peek(&q)) && n <= most) {
		v = v * 10 + (unsigned)(q.text[q.at++] - '0');
		n++;
	}
	if (!n || n > most)
		return 0;
	*p = q;
	*value = v;
	return n;
}

static bool
begins_word(const char *text, size_t at)
{
	return !at ||
	       (!is_letter((unsigned char)text[at - 1]) && !is_digit((unsigned char)text[at - 1]));
}

/* --- dates ---------------------------------------------------------------------------------------- */

static unsigned
days_in(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

static bool
is_date(unsigned year, unsigned month, unsigned day)
{
	return year >= YEAR_MIN && year <= YEAR_MAX && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_in(year, month);
}

static bool
give(struct dated *out, unsigned year, unsigned month, unsigned day)
{
	if (year < YEAR_MIN || year > YEAR_MAX || (month && !is_date(year, month, day ? day : 1)))
		return false;
	out->date = (struct date){(uint16_t)year, (uint8_t)month, (uint8_t)day};
	return true;
}

/* 1 to 12, 0 where it is no month. */
static unsigned
take_month(struct prose *p)
{
	static const struct {
		const char *word;
		unsigned month;
	} names[] = {{"january", 1}, {"february", 2}, {"march", 3}, {"april", 4}, {"may", 5},
		{"june", 6}, {"july", 7}, {"august", 8}, {"september", 9}, {"october", 10},
		{"november", 11}, {"december", 12}, {"jan", 1}, {"feb", 2}, {"mar", 3}, {"apr", 4},
		{"jun", 6}, {"jul", 7}, {"aug", 8}, {"sept", 9}, {"sep", 9}, {"oct", 10},
		{"nov", 11}, {"dec", 12}};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (take_word(p, names[i].word)) {
			take_char(p, '.');
			return names[i].month;
		}
	return 0;
}

static bool
take_year(struct prose *p, unsigned *year)
{
	struct prose q = *p;

	take_char(&q, ',');
	skip_blanks(&q);
	if (take_number(&q, 4, year) != 4)
		return false;
	*p = q;
	return true;
}

static void
take_ordinal(struct prose *p)
{
	static const char *const ends[] = {"st", "nd", "rd", "th"};

	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (take_word(p, ends[i]))
			return;
}

/* "31st of December, 2031", behind the day's number */
static bool
take_day_month_year(struct prose *p, unsigned day, struct dated *out)
{
	unsigned month, year;

	take_ordinal(p);
	take_char(p, '.');
	skip_blanks(p);
	take_char(p, '-');
	if (take_word(p, "of"))
		skip_blanks(p);
	month = take_month(p);
	if (!month)
		return false;
	take_char(p, '-');
	return take_year(p, &year) && give(out, year, month, day) && is_date(year, month, day);
}

/* "2031-12-31", "2031/12", behind the year */
static bool
take_rest_of_iso(struct prose *p, unsigned year, struct dated *out)
{
	int separator = peek(p);
	unsigned month, day;
	struct prose q = *p;

	if (separator != '-' && separator != '/' && separator != '.')
		return false;
	q.at++;
	if (take_number(&q, 2, &month) != 2 || month < 1 || month > 12)
		return false;
	*p = q;
	if (!take_char(&q, (char)separator) || take_number(&q, 2, &day) != 2)
		return give(out, year, month, 0);
	*p = q;
	return is_date(year, month, day) && give(out, year, month, day);
}

/* "31/12/2031" in whatever order; behind the first number */
static bool
take_numeric(struct prose *p, unsigned first, struct dated *out)
{
	int separator = peek(p);
	unsigned second, year, n;

	if (separator != '/' && separator != '.' && separator != '-')
		return false;
	p->at++;
	n = take_number(p, 4, &second);
	if (n == 4) /* "12/2031" */
		return separator == '/' && first >= 1 && first <= 12 && give(out, second, first, 0);
	if (!n || n > 2 || !take_char(p, (char)separator))
		return false;
	n = take_number(p, 4, &year);
	if (n != 4 && n != 2)
		return false;
	bool can_be_dmy = is_date(n == 4 ? year : 2000, second, first);
	bool can_be_mdy = is_date(n == 4 ? year : 2000, first, second);
	if (!can_be_dmy && !can_be_mdy)
		return false;
	/* 1.2.31 is a version as well as a date; with slashes it can be nothing else. */
	if (n == 2 && separator != '/')
		return false;
	if (n == 2 || (can_be_dmy && can_be_mdy && first != second)) {
		out->is_ambiguous = true;
		return true;
	}
	return can_be_dmy ? give(out, year, second, first) : give(out, year, first, second);
}

static bool
take_from_digit(struct prose *p, struct dated *out)
{
	struct prose q = *p;
	unsigned first, digits = take_number(p, 4, &first);

	if (digits == 4) {
		q = *p;
		if (take_rest_of_iso(&q, first, out)) {
			*p = q;
			return true;
		}
		/* The year alone; "2031 devices" and "2000 euros" are numbers all the same. */
		return first >= 2000 && !is_letter(peek(p)) && give(out, first, 0, 0);
	}
	if (digits != 1 && digits != 2)
		return false;
	q = *p;
	if (take_numeric(&q, first, out)) {
		*p = q;
		return true;
	}
	*out = (struct dated){0};
	return take_day_month_year(p, first, out);
}

/* "December 31st, 2031", "December 2031", "end of 2031", "Q4 2031" */
static bool
take_from_letter(struct prose *p, struct dated *out)
{
	unsigned day, year;

	if (take_word(p, "end of") || take_word(p, "end")) {
		skip_blanks(p);
		take_word(p, "the year");
		return take_year(p, &year) && give(out, year, 12, 31);
	}
	if (peek(p) == 'q' && p->at + 1 < p->len && p->text[p->at + 1] >= '1' &&
		p->text[p->at + 1] <= '4') {
		unsigned quarter = (unsigned)(p->text[p->at + 1] - '0');
		p->at += 2;
		return take_year(p, &year) && give(out, year, quarter * 3, 0);
	}
	unsigned month = take_month(p);
	if (!month)
		return false;
	struct prose q = *p;
	if (take_year(&q, &year)) {
		*p = q;
		return give(out, year, month, 0);
	}
	skip_blanks(p);
	if (!take_number(p, 2, &day))
		return false;
	take_ordinal(p);
	return take_year(p, &year) && is_date(year, month, day) && give(out, year, month, day);
}

static size_t
behind_number(struct prose p)
{
	while (is_digit(peek(&p)))
		p.at++;
	struct prose q = p;
	take_ordinal(&q);
	skip_blanks(&q);
	return take_month(&q) ? q.at : p.at;
}

bool
date_find(const char *text, size_t len, size_t from, struct dated *out)
{
	for (size_t at = from; at < len; at++) {
		struct prose p = {text, len, at};
		int c = peek(&p);
		if (!begins_word(text, at) || (!is_digit(c) && !is_letter(c)))
			continue;
		*out = (struct dated){0};
		if (is_digit(c) ? take_from_digit(&p, out) : take_from_letter(&p, out)) {
			out->at = at;
			out->len = p.at - at;
			return true;
		}
		/* A number that is none is not read again from its middle: "30 February 2031". */
		if (is_digit(c))
			at = behind_number((struct prose){text, len, at}) - 1;
	}
	return false;
}

uint32_t
date_number(struct date date)
{
	unsigned month = date.month ? date.month : 12;

	if (!date.year)
		return 0;
	return date.year * 10000u + month * 100u +
	       (date.day ? date.day : days_in(date.year, month));
}

void
date_render(struct date date, char out[static DATE_TEXT_MAX])
{
	unsigned year = date.year % 10000u, month = date.month % 100u, day = date.day % 100u;

	if (day)
		snprintf(out, DATE_TEXT_MAX, "%04u-%02u-%02u", year, month, day);
	else if (month)
		snprintf(out, DATE_TEXT_MAX, "%04u-%02u", year, month);
	else
		snprintf(out, DATE_TEXT_MAX, "%04u", year);
}

bool
date_parse(struct date *out, const char *text)
{
	struct dated dated;

	if (!date_find(text, strlen(text), 0, &dated) || dated.is_ambiguous || dated.at ||
		dated.len != strlen(text))
		return false;
	*out = dated.date;
	return true;
}

struct date
date_of(int64_t utc_s)
{
	time_t when = (time_t)utc_s;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || tm.tm_year < 0 || tm.tm_year > 8000)
		return (struct date){0};
	return (struct date){
		(uint16_t)(tm.tm_year + 1900), (uint8_t)(tm.tm_mon + 1), (uint8_t)tm.tm_mday};
}

/* Two digits and what stands behind them. */
static bool
take_two(struct prose *p, unsigned most, unsigned *value)
{
	return take_number(p, 2, value) == 2 && *value <= most;
}

bool
date_time_parse(const char *text, size_t len, int64_t *utc_s)
{
	unsigned year, month, day, hour, minute, second, zone_hour = 0, zone_minute = 0;
	struct prose p = {text, len, 0};
	bool is_west = false;

	if (take_number(&p, 4, &year) != 4 || !take_char(&p, '-') || !take_two(&p, 12, &month) ||
		!take_char(&p, '-') || !take_two(&p, 31, &day) || !month || !day || year < 1970 ||
		day > days_in(year, month))
		return false;
	if (!take_char(&p, 'T') && !take_char(&p, 't') && !take_char(&p, ' '))
		return false;
	if (!take_two(&p, 23, &hour) || !take_char(&p, ':') || !take_two(&p, 59, &minute) ||
		!take_char(&p, ':') || !take_two(&p, 60, &second))
		return false;
	if (take_char(&p, '.')) {
		if (!is_digit(peek(&p)))
			return false;
		while (is_digit(peek(&p)))
			p.at++;
	}
	if (!take_char(&p, 'Z') && !take_char(&p, 'z')) {
		is_west = peek(&p) == '-';
		if ((!take_char(&p, '+') && !take_char(&p, '-')) || !take_two(&p, 23, &zone_hour) ||
			!take_char(&p, ':') || !take_two(&p, 59, &zone_minute))
			return false;
	}
	if (p.at != len)
		return false;
	struct tm tm = {.tm_year = (int)year - 1900,
		.tm_mon = (int)month - 1,
		.tm_mday = (int)day,
		.tm_hour = (int)hour,
		.tm_min = (int)minute,
		.tm_sec = (int)second};
	int64_t zone_s = (int64_t)zone_hour * 3600 + (int64_t)zone_minute * 60;
	*utc_s = (int64_t)timegm(&tm) - (is_west ? -zone_s : zone_s);
	return true;
}

/* --- durations -------------------------------------------------------------------------------------- */

static bool
take_count(struct prose *p, unsigned *value)
{
	static const struct {
		const char *word;
		unsigned value;
	} words[] = {{"one", 1}, {"two", 2}, {"three", 3}, {"four", 4}, {"five", 5}, {"six", 6},
		{"seven", 7}, {"eight", 8}, {"nine", 9}, {"ten", 10}, {"eleven", 11},
		{"twelve", 12}, {"fourteen", 14}, {"fifteen", 15}, {"twenty", 20}, {"thirty", 30},
		{"forty", 40}, {"sixty", 60}, {"seventy-two", 72}, {"ninety", 90}};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (take_word(p, words[i].word)) {
			*value = words[i].value;
			return true;
		}
	return take_number(p, 4, value) != 0;
}

/* In hours; 0 where it is no unit of time. */
static unsigned
take_unit(struct prose *p)
{
	static const char *const kinds[] = {"business ", "working ", "calendar ", "full "};
	static const struct {
		const char *word;
		unsigned hours;
	} units[] = {{"hours", 1}, {"hour", 1}, {"hrs", 1}, {"hr", 1}, {"h", 1}, {"days", 24},
		{"day", 24}, {"weekdays", 24}, {"weeks", 7 * 24}, {"week", 7 * 24},
		{"months", 30 * 24}, {"month", 30 * 24}, {"years", 365 * 24}, {"year", 365 * 24}};
	struct prose q = *p;

	skip_blanks(&q);
	take_char(&q, '-');
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		size_t n = strlen(kinds[i]);
		if (q.len - q.at > n && !memcmp(q.text + q.at, kinds[i], n)) {
			q.at += n;
			break;
		}
	}
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (take_word(&q, units[i].word)) {
			*p = q;
			return units[i].hours;
		}
	return 0;
}

static bool
take_adverb(struct prose *p, struct duration *out)
{
	static const struct {
		const char *word;
		uint32_t hours;
	} words[] = {{"daily", 24}, {"weekly", 7 * 24}, {"fortnightly", 14 * 24},
		{"biweekly", 14 * 24}, {"bi-weekly", 14 * 24}, {"monthly", 30 * 24},
		{"quarterly", 91 * 24}};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (take_word(p, words[i].word)) {
			out->hours = words[i].hours;
			out->is_every = true;
			return true;
		}
	return false;
}

/* "the next working day", "a week", "every day": one of a unit without a number */
static bool
take_one(struct prose *p, struct duration *out)
{
	static const char *const every[] = {"every", "each", "once a", "once per", "once every"};
	static const char *const one[] = {
		"within a", "within an", "within one", "the next", "next", "within the next"};
	bool is_every = false, is_one = false;

	for (size_t i = 0; i < COUNT_OF(every) && !is_every; i++)
		is_every = take_word(p, every[i]);
	for (size_t i = 0; i < COUNT_OF(one) && !is_every && !is_one; i++)
		is_one = take_word(p, one[i]);
	if ((!is_every && !is_one) || peek(p) != ' ')
		return false;
	unsigned hours = take_unit(p);
	if (!hours)
		return false;
	out->hours = hours;
	out->is_every = is_every;
	return true;
}

static bool
is_behind_every(const char *text, size_t at)
{
	static const char *const words[] = {"every ", "each "};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t n = strlen(words[i]);
		if (at >= n && !memcmp(text + at - n, words[i], n))
			return true;
	}
	return false;
}

static bool
take_counted(struct prose *p, struct duration *out)
{
	unsigned count, more, unit;
	size_t begun = p->at;

	if (!take_count(p, &count))
		return false;
	struct prose q = *p;
	/* "five (5)", "3-5", "3 to 5" */
	skip_blanks(&q);
	if (take_char(&q, '(') && take_number(&q, 4, &more) && take_char(&q, ')'))
		*p = q;
	q = *p;
	skip_blanks(&q);
	bool is_range = take_char(&q, '-') || take_word(&q, "to") || take_word(&q, "or");
	skip_blanks(&q);
	if (is_range && take_count(&q, &more) && more > count) {
		*p = q;
		count = more;
	}
	unit = take_unit(p);
	if (!unit || !count)
		return false;
	out->hours = count * unit;
	out->is_every = is_behind_every(p->text, begun);
	return true;
}

bool
duration_find(const char *text, size_t len, size_t from, struct duration *out)
{
	for (size_t at = from; at < len; at++) {
		struct prose p = {text, len, at}, q = p, r = p;
		if (!begins_word(text, at) || (!is_digit(peek(&p)) && !is_letter(peek(&p))))
			continue;
		*out = (struct duration){0};
		if (take_counted(&p, out)) {
			/* as it is */
		} else if (take_one(&q, out)) {
			p = q;
		} else if (take_adverb(&r, out)) {
			p = r;
		} else {
			continue;
		}
		out->at = at;
		out->len = p.at - at;
		return true;
	}
	return false;
}
