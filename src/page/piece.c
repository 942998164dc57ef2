/* SPDX-License-Identifier: Apache-2.0 */
#include "page/piece.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"

long long
number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool
truth_of(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

void
put_words(struct sheet *page, const char *sentence)
{
	bool is_said;
	const char *words = say_words(sentence, &is_said);

	/* One word may be a name, and names are of no language. */
	html(&page->out, is_said || !strchr(words, ' ') ? "%s" : "<span lang=\"en\">%s</span>",
		words);
}

const char *
words_of(const json_t *object, const char *key)
{
	return say_words(json_text_of(object, key), NULL);
}

void
decimal(char *digits)
{
	char *point = strchr(digits, '.');

	/* Between a number and its fraction. */
	if (point)
		*point = *_(".");
}

const char *
refusal(const struct sheet *page, size_t answer)
{
	return page->refused[answer] ? say_words(page->refused[answer], NULL)
				     : _("The engine does not answer.");
}

static void
age(char out[static 64], int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = {{86400, N_("%lld day ago"), N_("%lld days ago")},
		{3600, N_("%lld hour ago"), N_("%lld hours ago")},
		{60, N_("%lld minute ago"), N_("%lld minutes ago")}};

	for (size_t i = 0; i < COUNT_OF(units); i++) {
		long long count = seconds / units[i].seconds;
		if (count > 0) {
			/* Both forms are in the table above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(out, 64,
				ngettext(units[i].one, units[i].many, (unsigned long)count), count);
#pragma GCC diagnostic pop
			return;
		}
	}
	snprintf(out, 64, "%s", _("just now"));
}

void
utc_text(char out[static 40], enum utc_form form, int64_t at_s)
{
	static const char *const days[] = {
		N_("Sun"), N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat")};
	time_t at = (time_t)at_s;
	struct tm tm;

	out[0] = '\0';
	if (!gmtime_r(&at, &tm))
		return;
	switch (form) {
	case UTC_SECOND:
		strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", &tm);
		break;
	case UTC_MINUTE:
		strftime(out, 40, "%Y-%m-%d %H:%M UTC", &tm);
		break;
	case UTC_DATE:
		strftime(out, 40, "%Y-%m-%d", &tm);
		break;
	case UTC_WEEKDAY:
		snprintf(out, 40, "%s %02d", _(days[tm.tm_wday]), tm.tm_mday);
		break;
	}
}

void
put_time(struct sheet *page, int64_t then_s)
{
	char utc[40], said[64];

	if (then_s <= 0) {
		html(&page->out, "%s", _("never"));
		return;
	}
	utc_text(utc, UTC_SECOND, then_s);
	age(said, page->now_s - then_s);
	html(&page->out, "<time datetime=\"%s\" title=\"%s\">%s</time>", utc, utc, said);
}

void
put_moment(struct sheet *page, int64_t at_s)
{
	char machine[40], person[40];

	utc_text(machine, UTC_SECOND, at_s);
	utc_text(person, UTC_MINUTE, at_s);
	html(&page->out, "<time datetime=\"%s\" data-at>%s</time>", machine, person);
}

void
put_date(struct sheet *page, int64_t at_s)
{
	char day[40];

	utc_text(day, UTC_DATE, at_s);
	html(&page->out, "<time datetime=\"%s\">%s</time>", day, day);
}

/* Words that the style sheet knows; the sign, a character of HTML, stands beside the colour. */
static const struct {
	const char *word, *class, *sign;
} chips[] = {
	{N_("enforce"), "good", "&#9679;"},
	{N_("trusted"), "good", "&#9679;"},
	{N_("observe"), "warn", "&#9675;"},
	{N_("waiting"), "warn", "&#9676;"},
	{N_("quarantine"), "bad", "&#10005;"},
	{N_("block"), "bad", "&#9632;"},
	{N_("paused"), "warn", "&#8214;"},
	{N_("contained"), "bad", "&#10005;"},
	{N_("info"), "soft", "&#183;"},
	{N_("notice"), "warn", "&#9670;"},
	{N_("alarm"), "bad", "&#9650;"},
	{"PASS", "good", "&#10003;"},
	{"FAIL", "bad", "&#10005;"},
	{"NFF", "soft", "&#9675;"},
	{"INC", "warn", "?"},
	{"NA", "soft", "-"},
	{"DECL", "warn", "&#9998;"},
	{N_("done"), "good", "&#10003;"},
	{N_("running"), "warn", "&#8230;"},
	{N_("failed"), "bad", "&#10005;"},
	{"open", "warn", "&#9675;"},
	{"basic", "soft", "&#9679;"},
	{"sound", "good", "&#9679;"},
	{"strong", "good", "&#10003;"},
	{"VALID", "soft", "&#10003;"},
	{"VALID_UPDATE_AVAILABLE", "warn", "&#8593;"},
	{"UNTESTED_FIRMWARE", "warn", "?"},
	{"RETEST_DUE", "warn", "&#8635;"},
	{"SUPPORT_ENDED", "bad", "&#9632;"},
	{"SUSPENDED", "bad", "&#8214;"},
	{"REVOKED", "bad", "&#10005;"},
	{"SUPERSEDED", "soft", "&#8594;"},
	{"UNKNOWN", "warn", "?"},
	{N_("fine"), "good", "&#10003;"},
	{N_("checking"), "warn", "&#8230;"},
	{N_("changed"), "bad", "&#9650;"},
	{"shelf", "good", "&#10003;"},
	{"hold", "bad", "&#10005;"},
	{"laboratory", "warn", "?"},
};

void
put_chip_as(struct sheet *page, const char *class, const char *sign, const char *words)
{
	html(&page->out, "<span class=\"chip %s\"><span aria-hidden=\"true\">", class);
	html_raw(&page->out, sign, strlen(sign));
	html(&page->out, "</span> %s</span>", words);
}

static void
put_chip_of(struct sheet *page, const char *word, const char *words)
{
	for (size_t i = 0; i < COUNT_OF(chips); i++) {
		if (strcmp(chips[i].word, word) != 0)
			continue;
		put_chip_as(page, chips[i].class, chips[i].sign, words);
		return;
	}
	html(&page->out, "<span class=\"chip\">%s</span>", words);
}

void
put_chip(struct sheet *page, const char *word)
{
	bool is_said;
	const char *words = say_words(word, &is_said);

	put_chip_of(page, word, is_said ? words : _(word));
}

void
put_term(struct sheet *page, const char *word)
{
	put_chip_of(page, word, word);
}

const char *
origin_words(const char *origin)
{
	static const struct {
		const char *origin, *words;
	} all[] = {{"mud", N_("its maker")}, {"learned", N_("learned")}, {"owner", N_("you")},
		{"class", N_("its state")}, {"containment", N_("containment")}};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (!strcmp(all[i].origin, origin))
			return _(all[i].words);
	return origin;
}

void
put_device_link(struct sheet *page, const json_t *ref)
{
	const char *id = json_text_of(ref, "id"), *label = json_text_of(ref, "label");

	if (!*label)
		label = json_text_of(ref, "name");
	if (*id)
		html(&page->out, "<a href=\"/devices/%s\">%s</a>", id, *label ? label : id);
	else
		html(&page->out, "%s", *label ? label : "-");
}

const char NUMBERS[] = "";

static void
put_title(struct sheet *page, const char *title, bool is_number)
{
	html(&page->out,
		is_number ? "<th scope=\"col\" class=\"number\">%s</th>"
			  : "<th scope=\"col\">%s</th>",
		title);
}

void
put_table(struct sheet *page, const char *first_title, ...)
{
	bool is_number = false;
	va_list titles;

	/* Who has no mouse must be able to scroll it. */
	html(&page->out,
		"<div class=\"wide\" tabindex=\"0\" role=\"group\" "
		"aria-label=\"%s: %s\"><table><thead><tr>",
		_("Table"), first_title);
	va_start(titles, first_title);
	for (const char *title = first_title; title; title = va_arg(titles, const char *)) {
		if (title != NUMBERS)
			put_title(page, title, is_number);
		is_number = title == NUMBERS;
	}
	va_end(titles);
	html(&page->out, "</tr></thead><tbody>\n");
}

void
put_table_end(struct sheet *page)
{
	html(&page->out, "</tbody></table></div>\n");
}

void
put_back_to_device(struct sheet *page, const json_t *ref)
{
	html(&page->out, "<p><span aria-hidden=\"true\">&#8592;</span> ");
	put_device_link(page, ref);
	html(&page->out, "</p>\n");
}

void
put_empty(struct sheet *page, const char *sentence)
{
	html(&page->out, "<p class=\"empty\">%s</p>\n", sentence);
}

void
put_trouble(struct sheet *page, const char *sentence)
{
	html(&page->out, "<p class=\"trouble\" role=\"alert\">%s</p>\n", sentence);
}

/* The pair of this key; NULL: there is none. */
static const char *
value_of(va_list args, const char *wanted)
{
	const char *key, *found = NULL;
	va_list pairs;

	va_copy(pairs, args);
	while ((key = va_arg(pairs, const char *))) {
		const char *value = va_arg(pairs, const char *);
		found = !strcmp(key, wanted) ? value : found;
	}
	va_end(pairs);
	return found;
}

/* As one part of a path: no slash, question mark or hash of a name ends it. */
static void
put_part(struct sheet *page, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~:";
	char code[4];

	for (; *value; value++)
		if (strchr(plain, *value)) {
			html_raw(&page->out, value, 1);
		} else {
			snprintf(code, sizeof code, "%%%02X", (unsigned char)*value);
			html_raw(&page->out, code, 3);
		}
}

/* What stands in braces comes from the pairs, or as "-" from the field of that name. */
static void
put_path(struct sheet *page, const char *path, va_list args)
{
	char name[32];

	for (const char *at = path; *at;) {
		size_t plain = strcspn(at, "{"), len = strcspn(at + plain, "}");
		html_raw(&page->out, at, plain);
		if (!at[plain])
			return;
		snprintf(name, sizeof name, "%.*s", (int)len - 1, at + plain + 1);
		const char *value = value_of(args, name);
		put_part(page, value ? value : "-");
		at += plain + len + 1;
	}
}

/* The pairs that the path has no place for. */
static void
put_fields(struct sheet *page, const char *path, va_list args)
{
	const char *key, *value;
	char name[32];
	va_list pairs;

	va_copy(pairs, args);
	while ((key = va_arg(pairs, const char *))) {
		value = va_arg(pairs, const char *);
		snprintf(name, sizeof name, "{%s}", key);
		if (!strstr(path, name))
			html(&page->out, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", key,
				value);
	}
	va_end(pairs);
}

static bool
begin_form(struct sheet *page, const char *verb, va_list args)
{
	struct form_action action;

	if (!page->action_of(verb, &action) || !may(page, action.scope))
		return false;
	html(&page->out, "<form method=\"post\" action=\"/do");
	put_path(page, action.path, args);
	html(&page->out,
		"\"><input type=\"hidden\" name=\"csrf\" value=\"%s\">"
		"<input type=\"hidden\" name=\"back\" value=\"%s\">",
		page->proof, page->path);
	if (strcmp(action.method, "POST") != 0)
		html(&page->out, "<input type=\"hidden\" name=\"method\" value=\"%s\">",
			action.method);
	put_fields(page, action.path, args);
	return true;
}

void
put_form_end(struct sheet *page, const char *kind, const char *label)
{
	html(&page->out, "<button class=\"button %s\">%s</button></form>\n", kind, label);
}

void
put_button(struct sheet *page, const char *verb, const char *kind, const char *label, ...)
{
	va_list args;

	va_start(args, label);
	if (begin_form(page, verb, args))
		put_form_end(page, kind, label);
	va_end(args);
}

bool
put_form(struct sheet *page, const char *verb, ...)
{
	va_list args;

	va_start(args, verb);
	bool is_begun = begin_form(page, verb, args);
	va_end(args);
	return is_begun;
}

void
put_device_options(struct sheet *page, const json_t *devices, const char *chosen)
{
	const json_t *device;
	size_t i;

	json_array_foreach(devices, i, device)
	{
		const char *id = json_text_of(device, "id");
		html(&page->out, "<option value=\"%s\"%s>%s</option>", id,
			chosen && !strcmp(chosen, id) ? " selected" : "",
			json_text_of(device, "label"));
	}
}
