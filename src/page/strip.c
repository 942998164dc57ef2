/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How it came to that: what was done about a device as a strip of frames, from the day it
 * joined until now, each with its reason and what was done with a way back.  A frame that
 * nothing is known for is left out.  The strip is a list of texts; its signs only help.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/piece.h"

struct tale {
	const json_t *device, *journal, *events;
	const json_t *acted; /* row of the journal; NULL: nothing was done */
	const json_t *ended; /* the row that took it back; NULL: none did */
};

enum frame { JOINED, LEARNED, CHANGED, ACTED, RESULT, NOW };

static bool
is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(*list, word))
			return true;
	return false;
}

static bool
is_act(const json_t *row)
{
	static const char *const verbs[] = {
		"containment", "audit.patch", "device.quarantine", "device.block", NULL};

	return is_one_of(json_text_of(row, "verb"), verbs);
}

/* The row of this number; 0: the newest. */
static const json_t *
act_chosen(const json_t *journal, long long chosen)
{
	const json_t *row, *newest = NULL;
	size_t i;

	json_array_foreach(journal, i, row)
	{
		if (!is_act(row))
			continue;
		if (number_of(row, "id") == chosen)
			return row;
		newest = newest ? newest : row;
	}
	return newest;
}

/* By undo, or by letting the device go: the first that came after it. */
static const json_t *
end_of(const json_t *journal, const json_t *acted)
{
	/* A port that was closed upon a test is opened again by a better one. */
	bool is_patch = !strcmp(json_text_of(acted, "verb"), "audit.patch");
	long long undone_by = number_of(acted, "undone_by");
	const json_t *row, *end = NULL;
	size_t i;

	json_array_foreach(journal, i, row)
	{
		if (!acted || number_of(row, "id") <= number_of(acted, "id"))
			break;
		if (number_of(row, "id") == undone_by)
			return row;
		const char *verb = json_text_of(row, "verb");
		if (!number_of(row, "undone_by") &&
			(!strcmp(verb, "device.release") ||
				(is_patch && !strcmp(verb, "audit.lift"))))
			end = row;
	}
	return end;
}

/* Whatever ended it: a device that nothing holds is not held. */
static bool
is_over(const struct tale *tale)
{
	const char *state = json_text_of(tale->device, "state");

	return tale->ended || number_of(tale->acted, "undone_by") ||
	       (!truth_of(tale->device, "contained") && strcmp(state, "quarantine") != 0 &&
		       strcmp(state, "block") != 0);
}

/* --- frames ------------------------------------------------------------------------------- */

static void
put_frame(struct sheet *page, enum frame frame, long long at_s)
{
	static const struct {
		const char *title, *sign;
	} all[] = {
		[JOINED] = {N_("Joined"), "M8 24h22M22 16l8 8-8 8M34 8h6v32h-6"},
		[LEARNED] = {N_("Learned"),
			"M5 24c8-13 30-13 38 0-8 13-30 13-38 0zM24 18a6 6 0 1 0 .1 0"},
		[CHANGED] = {N_("Changed"), "M24 6l20 36H4zM24 19v11M24 34v3"},
		[ACTED] = {N_("Acted"), "M24 5l16 6v12c0 10-7 17-16 20-9-3-16-10-16-20V11zM17 "
					"24l5 5 9-10"},
		[RESULT] = {N_("Result"), "M6 42h36M12 36V12M24 36V20M36 36V30"},
		[NOW] = {N_("Now"), "M24 6a18 18 0 1 0 .1 0M24 14v10l7 5"},
	};

	html(&page->out, "<li><svg viewBox=\"0 0 48 48\" aria-hidden=\"true\"><path d=\"");
	html_raw(&page->out, all[frame].sign, strlen(all[frame].sign));
	html(&page->out, "\"/></svg><h2>%s</h2>", _(all[frame].title));
	if (at_s) {
		html(&page->out, "<p class=\"soft\">");
		put_time(page, at_s);
		html(&page->out, "</p>");
	}
}

static void
put_joined(struct sheet *page, const struct tale *tale)
{
	put_frame(page, JOINED, number_of(tale->device, "first"));
	html(&page->out, "<p>%s</p></li>\n", _("It was seen for the first time."));
}

/* What was decided last about what it may, before anything had to be done. */
static void
put_learned(struct sheet *page, const struct tale *tale)
{
	static const char *const verbs[] = {
		"device.enforce", "device.observe", "device.admit", "device.trust", NULL};
	const json_t *row;
	size_t i;

	json_array_foreach(tale->journal, i, row)
	{
		if (!is_one_of(json_text_of(row, "verb"), verbs) ||
			(tale->acted && number_of(row, "id") > number_of(tale->acted, "id")))
			continue;
		put_frame(page, LEARNED, number_of(row, "time"));
		html(&page->out, "<p>%s</p><p class=\"soft\">%s %s</p></li>\n",
			words_of(row, "text"), _("By"), json_text_of(row, "who"));
		return;
	}
}

/* "closes a port of X: it takes a factory login": what stands behind is why. */
static const char *
reason_of(const json_t *row)
{
	static const char *const own[] = {"containment", "audit.patch", NULL};
	const char *colon = strstr(json_text_of(row, "text"), ": ");

	return colon && is_one_of(json_text_of(row, "verb"), own) ? colon + 2 : NULL;
}

/* Worth a look, and no word about what was done. */
static const json_t *
newest_notable(const struct tale *tale)
{
	const json_t *event;
	size_t i;

	json_array_foreach(tale->events, i, event)
	{
		const char *kind = json_text_of(event, "kind");
		if (!strcmp(json_text_of(event, "level"), "info") || !strcmp(kind, "new-device") ||
			!strcmp(kind, "containment") || !strcmp(kind, "audit.patch"))
			continue;
		if (!tale->acted || number_of(event, "first") <= number_of(tale->acted, "time"))
			return event;
	}
	return NULL;
}

static void
put_changed(struct sheet *page, const struct tale *tale)
{
	const char *why = tale->acted ? reason_of(tale->acted) : NULL;
	const json_t *event = why ? NULL : newest_notable(tale);

	if (!why && !event)
		return;
	put_frame(page, CHANGED, why ? number_of(tale->acted, "time") : number_of(event, "first"));
	html(&page->out, "<p>");
	put_words(page, why ? why : json_text_of(event, "text"));
	html(&page->out, "</p>");
	if (event && number_of(event, "count") > 1)
		html(&page->out, "<p class=\"soft\">%lld &#215;</p>", number_of(event, "count"));
	html(&page->out, "</li>\n");
}

static void
put_acted(struct sheet *page, const struct tale *tale)
{
	const char *text = json_text_of(tale->acted, "text"), *why = reason_of(tale->acted);
	size_t len = why ? (size_t)(why - text) - strlen(": ") : strlen(text);
	char what[200], id[24];

	snprintf(what, sizeof what, "%.*s", len < sizeof what ? (int)len : (int)sizeof what - 1,
		text);
	snprintf(id, sizeof id, "%lld", number_of(tale->acted, "id"));
	put_frame(page, ACTED, number_of(tale->acted, "time"));
	html(&page->out, "<p>%s</p><p class=\"soft\">%s %s</p>", say_words(what, NULL), _("By"),
		json_text_of(tale->acted, "who"));
	if (!is_over(tale))
		put_button(page, "policy.undo", "", _("Undo"), "journal", id, END_PAIRS);
	html(&page->out, "</li>\n");
}

static void
put_result(struct sheet *page, const struct tale *tale)
{
	const json_t *event;
	long long denied = 0, last_s = 0;
	size_t i;

	json_array_foreach(tale->events, i, event)
	{
		if (strcmp(json_text_of(event, "kind"), "denied") != 0 ||
			number_of(event, "first") < number_of(tale->acted, "time"))
			continue;
		denied += number_of(event, "count");
		last_s = number_of(event, "time") > last_s ? number_of(event, "time") : last_s;
	}
	put_frame(page, RESULT, tale->ended ? number_of(tale->ended, "time") : last_s);
	html(&page->out, "<p>");
	if (denied)
		html(&page->out,
			ngettext("%lld attempt was denied since.",
				"%lld attempts were denied since.", (unsigned long)denied),
			denied);
	else
		html(&page->out, "%s", _("No attempt was denied since."));
	if (is_over(tale))
		html(&page->out, " %s", _("It was taken back."));
	html(&page->out, "</p></li>\n");
}

static void
put_now(struct sheet *page, const struct tale *tale)
{
	put_frame(page, NOW, 0);
	html(&page->out, "<p>");
	put_chip(page, json_text_of(tale->device, "state"));
	if (truth_of(tale->device, "paused"))
		put_chip(page, "paused");
	if (truth_of(tale->device, "contained"))
		put_chip(page, "contained");
	html(&page->out, "</p><p>%s</p></li>\n",
		truth_of(tale->device, "present") ? _("It is here.") : _("It is not here."));
}

/* --- others ------------------------------------------------------------------------------- */

static void
put_other_acts(struct sheet *page, const struct tale *tale)
{
	const json_t *row;
	bool is_begun = false;
	size_t i;

	json_array_foreach(tale->journal, i, row)
	{
		if (!is_act(row) || row == tale->acted)
			continue;
		if (!is_begun)
			html(&page->out, "<h2>%s</h2><ul class=\"plain-list\">",
				_("At other times"));
		is_begun = true;
		html(&page->out, "<li><a href=\"%s?change=%lld\">%s</a> ", page->path,
			number_of(row, "id"), words_of(row, "text"));
		put_time(page, number_of(row, "time"));
		html(&page->out, "</li>\n");
	}
	if (is_begun)
		html(&page->out, "</ul>\n");
}

static struct tale
tale_of(const json_t *device, const json_t *journal, const json_t *events, long long change)
{
	const json_t *acted = act_chosen(journal, change);

	return (struct tale){device, journal, events, acted, end_of(journal, acted)};
}

static void
put_all_frames(struct sheet *page, const struct tale *tale)
{
	html(&page->out, "<ol class=\"strip\">\n");
	put_joined(page, tale);
	put_learned(page, tale);
	put_changed(page, tale);
	if (tale->acted) {
		put_acted(page, tale);
		put_result(page, tale);
	}
	put_now(page, tale);
	html(&page->out, "</ol>\n");
}

void
put_frames(struct sheet *page, const json_t *device, const json_t *journal, const json_t *events,
	long long change)
{
	struct tale tale = tale_of(device, journal, events, change);

	if (json_is_object(device))
		put_all_frames(page, &tale);
}

void
put_strip(struct sheet *page, const json_t *device, const json_t *journal, const json_t *events)
{
	struct tale tale =
		tale_of(device, journal, events, strtoll(asked(page, "change"), NULL, 10));

	html(&page->out, "<p class=\"lead\">%s</p>\n",
		!tale.acted      ? _("Nothing was done about it.")
		: is_over(&tale) ? _("Something was done about it, and taken back.")
				 : _("Something was done about it; that can be taken back."));
	put_all_frames(page, &tale);
	put_other_acts(page, &tale);
}
