/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents, in the words of people: what, since when, what was done, what one can do, and
 * the way back.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "page/pages.h"
#include "page/piece.h"

enum { BYTES_MAX = 1024 * 1024 };

static void
put_state(struct sheet *page, const char *state)
{
	if (!strcmp(state, "held"))
		put_chip_as(page, "good", "&#10003;", _("stopped"));
	else if (!strcmp(state, "open"))
		put_chip_as(page, "bad", "&#9650;", _("may go on"));
	else
		put_chip_as(page, "soft", "&#183;", _("over"));
}

static void
put_entry(struct sheet *page, const char *name)
{
	html(&page->out, "<dt>%s</dt><dd>", name);
}

static void
put_since(struct sheet *page, const json_t *incident)
{
	put_entry(page, _("Since when"));
	put_time(page, number_of(incident, "first"));
	if (number_of(incident, "count") > 1) {
		html(&page->out, ", %lld &#215;, %s ", number_of(incident, "count"),
			_("the last time"));
		put_time(page, number_of(incident, "time"));
	}
	html(&page->out, "</dd>");
}

static void
put_what(struct sheet *page, const json_t *incident)
{
	html(&page->out, "<dl>");
	put_entry(page, _("What"));
	put_device_link(page, json_object_get(incident, "device"));
	html(&page->out, ": ");
	put_words(page, json_text_of(incident, "what"));
	html(&page->out, "</dd>");
	put_since(page, incident);
	put_entry(page, _("What Pinfold did"));
	if (*json_text_of(incident, "did"))
		put_words(page, json_text_of(incident, "did"));
	else
		html(&page->out, "%s", _("Nothing but telling you."));
	html(&page->out, "</dd>");
}

/* A button where the page has one, and the command for who sits at the console. */
static void
put_way(struct sheet *page, const json_t *incident, const json_t *way)
{
	const char *verb = json_text_of(way, "verb");
	const char *id = json_text_of(json_object_get(incident, "device"), "id");
	char number[24];

	html(&page->out, "<li>");
	put_words(page, json_text_of(way, "text"));
	html(&page->out, "<br>");
	if (!strcmp(verb, "device.release"))
		put_button(page, verb, "", _("Let it back"), "device", id, END_PAIRS);
	if (!strcmp(verb, "device.quarantine"))
		put_button(page, verb, "danger", _("Keep it apart"), "device", id, END_PAIRS);
	if (!strcmp(verb, "policy.undo")) {
		snprintf(number, sizeof number, "%lld", number_of(incident, "journal"));
		put_button(page, verb, "", _("Undo"), "journal", number, END_PAIRS);
	}
	if (!strcmp(verb, "incident.packets") && may(page, "admin"))
		html(&page->out,
			"<a class=\"button\" href=\"/incidents/%lld/packets.pcapng\">%s</a> ",
			number_of(incident, "id"), _("Save its packets"));
	html(&page->out, "<code>%s</code></li>\n", json_text_of(way, "command"));
}

static void
put_ways(struct sheet *page, const json_t *incident)
{
	const json_t *ways = json_object_get(incident, "can"), *way;
	size_t i;

	put_entry(page, _("What you can do"));
	if (!json_array_size(ways)) {
		html(&page->out, "%s</dd>", _("Nothing is needed."));
		return;
	}
	html(&page->out, "<ul class=\"plain-list\">");
	json_array_foreach(ways, i, way) put_way(page, incident, way);
	html(&page->out, "</ul></dd>");
}

void
put_incident_cards(struct sheet *page, const json_t *incidents)
{
	const json_t *incident;
	size_t i;

	json_array_foreach(incidents, i, incident)
	{
		html(&page->out, "<article class=\"card\"><p>");
		put_state(page, json_text_of(incident, "state"));
		html(&page->out, "</p>");
		put_what(page, incident);
		html(&page->out, "</dl><p><a href=\"/incidents/%lld\">%s</a></p></article>\n",
			number_of(incident, "id"), _("How it came to that, and what you can do"));
	}
}

/* What was changed and seen beside it came along: incident.show. */
static void
put_its_frames(struct sheet *page, const json_t *incident)
{
	put_frames(page, json_object_get(incident, "whole"), json_object_get(incident, "changes"),
		json_object_get(incident, "events"), number_of(incident, "journal"));
}

void
put_morning(struct sheet *page, const json_t *incident)
{
	if (!json_is_object(incident))
		return;
	html(&page->out, "<section class=\"card\"><h2>%s</h2><p>",
		_("What happened since yesterday"));
	put_state(page, json_text_of(incident, "state"));
	html(&page->out, " ");
	put_device_link(page, json_object_get(incident, "device"));
	html(&page->out, ": ");
	put_words(page, json_text_of(incident, "what"));
	html(&page->out, "</p>\n");
	put_its_frames(page, incident);
	html(&page->out, "<p><a href=\"/incidents/%lld\">%s</a></p></section>\n",
		number_of(incident, "id"), _("What you can do"));
}

void
page_incident(struct sheet *page)
{
	const json_t *incident = page->answer[0];

	html(&page->out, "<p><a href=\"/story\">&#8592; %s</a></p><section class=\"card\"><p>",
		_("Story"));
	put_state(page, json_text_of(incident, "state"));
	html(&page->out, "</p>");
	put_what(page, incident);
	put_ways(page, incident);
	html(&page->out, "</dl></section>\n<h2>%s</h2>", _("How it came to that"));
	put_its_frames(page, incident);
	if (number_of(incident, "packets"))
		html(&page->out, "<p class=\"soft\">%s</p>\n",
			_("Kept of its packets: their heads, the names that it asked for, and "
			  "nothing of what was said. Of phones and laptops nothing is kept."));
}

void
page_incidents(struct sheet *page)
{
	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("What one device did until it was calm for an hour is one incident."));
	put_incident_cards(page, page->answer[0]);
	if (!json_array_size(page->answer[0]))
		put_empty(page, _("No device did harm."));
	if (page->next[0])
		html(&page->out, "<p><a rel=\"next\" href=\"/incidents?before=%lld\">%s</a></p>",
			(long long)page->next[0], _("Earlier"));
}

void
file_packets(struct sheet *page)
{
	const json_t *text = json_object_get(page->answer[0], "pcapng");
	auto_free char *bytes = must_alloc(BYTES_MAX, 1);
	size_t len;

	if (json_is_string(text) && base64_parse(BASE64_PADDED, json_string_value(text),
					    json_string_length(text), bytes, BYTES_MAX, &len))
		html_raw(&page->out, bytes, len);
}
