/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, and what people changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/pages.h"
#include "page/piece.h"

enum { STORY_ROWS = 60, JOURNAL_ROWS = 100 };

static void
put_day(struct sheet *page, char day[static 40], long long at_s)
{
	char is[40];

	utc_text(is, UTC_DATE, at_s);
	if (!strcmp(is, day))
		return;
	html(&page->out, "%s<h2>%s <span class=\"soft\">UTC</span></h2><ol class=\"story\">\n",
		*day ? "</ol>" : "", is);
	memcpy(day, is, sizeof is);
}

static void
put_event(struct sheet *page, const json_t *event)
{
	const json_t *device = json_object_get(event, "device");
	const char *level = json_text_of(event, "level"), *kind = json_text_of(event, "kind");

	html(&page->out, "<li class=\"%s\">",
		!strcmp(level, "alarm")    ? "bad"
		: !strcmp(level, "notice") ? "warn"
					   : "soft-row");
	put_chip(page, level);
	html(&page->out, "<div><p>");
	if (json_is_object(device)) {
		put_device_link(page, device);
		html(&page->out, ": ");
	}
	put_words(page, json_text_of(event, "text"));
	html(&page->out, "</p><p class=\"soft\">%s", say_words(kind, NULL));
	if (number_of(event, "count") > 1)
		html(&page->out, ", %lld &#215;", number_of(event, "count"));
	html(&page->out, ", ");
	put_time(page, number_of(event, "time"));
	html(&page->out, "</p>");
	if ((!strcmp(kind, "containment") || !strcmp(kind, "audit.patch")) &&
		json_is_object(device)) {
		html(&page->out, "<p><a href=\"/story/%s\">%s</a></p>", json_text_of(device, "id"),
			_("How it came to that"));
		put_button(page, "device.release", "", _("Let it back"), "device",
			json_text_of(device, "id"), END_PAIRS);
	}
	html(&page->out, "</div></li>\n");
}

static void
put_events(struct sheet *page, const json_t *events)
{
	const json_t *event;
	char day[40] = "";
	size_t i;

	json_array_foreach(events, i, event)
	{
		put_day(page, day, number_of(event, "time"));
		put_event(page, event);
	}
	if (*day)
		html(&page->out, "</ol>\n");
	else
		put_empty(page, _("Nothing happened yet."));
}

void
page_story(struct sheet *page)
{
	size_t n = json_array_size(page->answer[0]);

	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("What repeats is one row with a count. Newest first."));
	if (!*asked(page, "before")) {
		put_incident_cards(page, page->answer[2]);
		if (page->next[2])
			html(&page->out, "<p><a href=\"/incidents\">%s</a></p>",
				_("All incidents"));
		put_lanes(page, page->answer[1]);
	}
	put_events(page, page->answer[0]);
	if (n == STORY_ROWS)
		html(&page->out,
			"<p><a rel=\"next\" href=\"/story?before=%lld&amp;device=%s\">%s</a></p>",
			number_of(json_array_get(page->answer[0], n - 1), "id"),
			asked(page, "device"), _("Earlier"));
}

void
page_tale(struct sheet *page)
{
	put_back_to_device(page, page->answer[0]);
	put_strip(page, page->answer[0], page->answer[1], page->answer[2]);
	html(&page->out, "<p><a href=\"/story?device=%s\">%s</a></p>\n",
		json_text_of(page->answer[0], "id"), _("Its whole story"));
}

/* --- journal ------------------------------------------------------------------------------- */

static void
put_change(struct sheet *page, const json_t *row)
{
	char id[24];

	snprintf(id, sizeof id, "%lld", number_of(row, "id"));
	html(&page->out, "<tr%s><th scope=\"row\">",
		number_of(row, "undone_by") ? " class=\"undone\"" : "");
	put_words(page, json_text_of(row, "text"));
	html(&page->out, "</th><td data-name=\"%s\">%s</td><td>", _("By"),
		json_text_of(row, "who"));
	put_time(page, number_of(row, "time"));
	html(&page->out, "</td><td>");
	if (number_of(row, "undone_by"))
		html(&page->out, "<span class=\"soft\">%s</span>", _("taken back"));
	else if (truth_of(row, "undoable"))
		put_button(page, "policy.undo", "", _("Undo"), "journal", id, END_PAIRS);
	html(&page->out, "</td></tr>\n");
}

void
page_rules(struct sheet *page)
{
	const json_t *row, *device;
	size_t i, n = json_array_size(page->answer[0]);

	html(&page->out,
		"<section class=\"card\"><h2>%s</h2><p>%s</p><ul class=\"plain-list "
		"columns\">\n",
		_("Rules of each device"),
		_("With their origins, why, and what tightening or loosening would break."));
	json_array_foreach(page->answer[1], i, device)
	{
		if (i == 200)
			break;
		html(&page->out, "<li>");
		put_chip(page, json_text_of(device, "state"));
		html(&page->out,
			" <a href=\"/devices/%s#rules\">%s</a> <a class=\"soft\" "
			"href=\"/hold/%s\">%s</a></li>",
			json_text_of(device, "id"), json_text_of(device, "label"),
			json_text_of(device, "id"), _("preview"));
	}
	html(&page->out, "</ul></section>\n<section class=\"card journal\"><h2>%s</h2>",
		_("Journal"));
	put_table(page, _("What was changed"), _("By"), _("When"), _("Take back"), END_TABLE);
	json_array_foreach(page->answer[0], i, row) put_change(page, row);
	put_table_end(page);
	if (!n)
		put_empty(page, _("Nothing was changed yet."));
	if (n == JOURNAL_ROWS)
		html(&page->out, "<p><a rel=\"next\" href=\"/rules?before=%lld\">%s</a></p>",
			number_of(json_array_get(page->answer[0], n - 1), "id"), _("Earlier"));
	html(&page->out, "</section>\n");
}
