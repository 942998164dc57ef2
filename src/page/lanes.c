/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A day, with a lane for each device and a cell for each hour in which something happened.
 * A cell is a link to its hour; the same is chosen in a form, and stands in the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/pages.h"
#include "page/piece.h"

enum { HOURS = 24, CELL = 20, LANE = 46, TRACK = 24, HEAD = 20, HOUR_S = 3600 };

struct cell {
	int alarms, notices, changes;
};

static int
hour_of(const json_t *day, long long at_s)
{
	long long hour = (at_s - number_of(day, "from")) / HOUR_S;

	return hour < 0 ? 0 : hour >= HOURS ? HOURS - 1 : (int)hour;
}

static void
count(const json_t *day, const json_t *lane, struct cell cells[static HOURS])
{
	const json_t *mark;
	size_t i;

	json_array_foreach(json_object_get(lane, "marks"), i, mark)
	{
		const char *level = json_text_of(mark, "level");
		int last = hour_of(day, number_of(mark, "time"));
		for (int h = hour_of(day, number_of(mark, "first")); h <= last; h++) {
			cells[h].alarms += !strcmp(level, "alarm");
			cells[h].notices += !strcmp(level, "notice");
			cells[h].changes += !strcmp(level, "info");
		}
	}
}

static const char *
name_of(const json_t *lane)
{
	const json_t *device = json_object_get(lane, "device");

	return json_is_object(device) ? json_text_of(device, "name") : _("the home");
}

/* Three shapes, so that no colour is needed: a triangle, a diamond, a bar. */
static void
put_cell(struct sheet *page, const json_t *day, const json_t *lane, int hour,
	const struct cell *cell, int y)
{
	static const char *const shapes[] = {
		"M10 3l9 18H1z", "M10 2l9 10-9 10-9-10z", "M4 9h12v6H4z"};
	const char *shape = shapes[cell->alarms ? 0 : cell->notices ? 1 : 2];

	html(&page->out,
		"<a href=\"/story?date=%s&amp;hour=%d&amp;device=%s#day\"><rect class=\"cell\" "
		"x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/><path class=\"%s\" "
		"transform=\"translate(%d %d)\" d=\"",
		json_text_of(day, "date"), hour,
		json_text_of(json_object_get(lane, "device"), "id"), hour * CELL, y, CELL, TRACK,
		cell->alarms    ? "bad"
		: cell->notices ? "warn"
				: "change",
		hour * CELL, y);
	html_raw(&page->out, shape, strlen(shape));
	html(&page->out, "\"/><title>%s, %d:00: %s %d, %s %d, %s %d</title></a>", name_of(lane),
		hour, _("alarms"), cell->alarms, _("worth a look"), cell->notices, _("changes"),
		cell->changes);
}

static void
put_lane(struct sheet *page, const json_t *day, const json_t *lane, int y)
{
	struct cell cells[HOURS] = {0};

	count(day, lane, cells);
	html(&page->out,
		"<text y=\"%d\">%s</text><rect class=\"track\" y=\"%d\" width=\"%d\" "
		"height=\"%d\" rx=\"4\"/>",
		y + 14, name_of(lane), y + HEAD, HOURS * CELL, TRACK);
	for (int h = 0; h < HOURS; h++)
		if (cells[h].alarms || cells[h].notices || cells[h].changes)
			put_cell(page, day, lane, h, &cells[h], y + HEAD);
}

static void
put_hours(struct sheet *page, int bottom)
{
	for (int h = 0; h < HOURS; h += 6)
		html(&page->out,
			"<path class=\"hour\" d=\"M%d 0v%d\"/><text class=\"far\" x=\"%d\" "
			"y=\"%d\">%d:00</text>",
			h * CELL, bottom - HEAD, h * CELL + 3, bottom - 4, h);
}

static void
put_picture(struct sheet *page, const json_t *day)
{
	const json_t *lanes = json_object_get(day, "lanes"), *lane;
	int n = 0, bottom = (int)json_array_size(lanes) * LANE + HEAD;
	char sentence[200];
	size_t i;

	json_array_foreach(lanes, i, lane) n += json_is_object(json_object_get(lane, "device"));
	snprintf(sentence, sizeof sentence,
		ngettext("On this day something happened on %d device; the table says the same.",
			"On this day something happened on %d devices; the table says the same.",
			(unsigned long)n),
		n);
	html(&page->out,
		"<p>%s</p><svg class=\"lanes\" viewBox=\"0 0 %d %d\" role=\"group\" "
		"aria-label=\"%s\">",
		sentence, HOURS * CELL, bottom, sentence);
	put_hours(page, bottom);
	json_array_foreach(lanes, i, lane) put_lane(page, day, lane, (int)i * LANE);
	html(&page->out,
		"</svg>\n<ul class=\"legend\"><li><span class=\"bad\">&#9650;</span> %s</li>"
		"<li><span class=\"warn\">&#9670;</span> %s</li><li>&#9644; %s</li></ul>\n",
		_("alarm"), _("worth a look"), _("somebody changed something"));
}

/* --- choosing ----------------------------------------------------------------------------------- */

/* -1: the whole day. */
static int
hour_chosen(const struct sheet *page)
{
	const char *text = asked(page, "hour");
	bool is_number = *text && strlen(text) <= 2 && strspn(text, "0123456789") == strlen(text);

	return is_number ? atoi(text) : -1;
}

static void
put_choice(struct sheet *page, const json_t *day)
{
	const char *before = json_text_of(day, "before"), *after = json_text_of(day, "after");
	const char *device = asked(page, "device");
	int hour = hour_chosen(page);

	html(&page->out,
		"<p><a rel=\"prev\" href=\"/story?date=%s&amp;device=%s#day\">&#8592; %s</a>",
		before, device, before);
	if (*after)
		html(&page->out,
			" <a rel=\"next\" href=\"/story?date=%s&amp;device=%s#day\">%s &#8594;</a>",
			after, device, after);
	html(&page->out,
		"</p><form method=\"get\" action=\"/story\"><input "
		"type=\"hidden\" name=\"device\" value=\"%s\"><label>%s <input type=\"date\" "
		"name=\"date\" value=\"%s\"></label> <label>%s <select name=\"hour\"><option "
		"value=\"\">%s</option>",
		device, _("Day"), json_text_of(day, "date"), _("Hour"), _("all"));
	for (int h = 0; h < HOURS; h++)
		html(&page->out, "<option value=\"%d\"%s>%d:00</option>", h,
			h == hour ? " selected" : "", h);
	html(&page->out, "</select></label> <button class=\"button\">%s</button></form>\n",
		_("Show"));
}

/* --- the table ------------------------------------------------------------------------------------ */

static bool
is_in_hour(const json_t *day, const json_t *mark, int hour)
{
	return hour < 0 || (hour_of(day, number_of(mark, "first")) <= hour &&
				   hour_of(day, number_of(mark, "time")) >= hour);
}

static void
put_rows(struct sheet *page, const json_t *day, const json_t *lane)
{
	const json_t *device = json_object_get(lane, "device"), *mark;
	int hour = hour_chosen(page);
	size_t i;

	json_array_foreach(json_object_get(lane, "marks"), i, mark)
	{
		if (!is_in_hour(day, mark, hour))
			continue;
		html(&page->out, "<tr><th scope=\"row\">");
		if (json_is_object(device))
			put_device_link(page, device);
		else
			html(&page->out, "%s", _("the home"));
		html(&page->out, "</th><td>");
		put_words(page, json_text_of(mark, "text"));
		html(&page->out, "</td><td>");
		put_time(page, number_of(mark, "first"));
		html(&page->out, "</td><td>");
		put_chip(page, json_text_of(mark, "level"));
		html(&page->out, "</td></tr>\n");
	}
}

static void
put_twin(struct sheet *page, const json_t *day)
{
	const json_t *lane;
	size_t i;

	html(&page->out, "<details%s><summary>%s</summary>", hour_chosen(page) >= 0 ? " open" : "",
		_("The same as a table"));
	put_table(page, _("Device"), _("What"), _("When"), _("How grave"), END_TABLE);
	json_array_foreach(json_object_get(day, "lanes"), i, lane) put_rows(page, day, lane);
	put_table_end(page);
	html(&page->out, "</details>\n");
}

void
put_lanes(struct sheet *page, const json_t *day)
{
	if (!json_is_object(day))
		return;
	html(&page->out,
		"<section class=\"card\" id=\"day\"><h2>%s <span class=\"soft\">%s</span></h2>",
		json_text_of(day, "date"), _("by the clock of this box"));
	put_choice(page, day);
	if (json_array_size(json_object_get(day, "lanes"))) {
		put_picture(page, day);
		put_twin(page, day);
	} else {
		put_empty(page, _("Nothing that you would want to know."));
	}
	if (number_of(day, "left_out"))
		html(&page->out, "<p class=\"soft\">%s</p>",
			_("Not all devices are drawn; choose one to see its day."));
	html(&page->out, "</section>\n");
}
