/* SPDX-License-Identifier: Apache-2.0 */
/* Home: is everything all right?  One shape, one sentence, three things worth doing. */
#include <stdio.h>
#include <string.h>

#include "page/pages.h"
#include "page/piece.h"

enum { RING_ASKED = 1000, DAY_EVENTS = 60, EVENTS_SHOWN = 5, WORTH_DOING = 3 };

static size_t
count_level(const json_t *rows, const char *level)
{
	const json_t *row;
	size_t i, n = 0;

	json_array_foreach(rows, i, row) n += !strcmp(json_text_of(row, "level"), level);
	return n;
}

static void
put_state(struct sheet *page, const json_t *status, const json_t *doctor)
{
	const json_t *states = json_object_get(status, "states");
	long long penned = number_of(states, "quarantine");
	size_t alarms = count_level(doctor, "alarm"), notices = count_level(doctor, "notice");
	enum mood mood = alarms || penned ? MOOD_ACT : notices ? MOOD_LOOK : MOOD_CALM;

	html(&page->out, "<section class=\"card state\">");
	put_mood(page, mood);
	html(&page->out, "<div><h2>%s</h2><p>",
		mood == MOOD_ACT    ? _("Act")
		: mood == MOOD_LOOK ? _("Look")
				    : _("Calm"));
	if (penned)
		html(&page->out,
			ngettext("%lld device is kept apart because of what it did.",
				"%lld devices are kept apart because of what they did.",
				(unsigned long)penned),
			penned);
	else if (mood == MOOD_CALM)
		html(&page->out, "%s", _("Everything does what it may, and nothing else."));
	else
		html(&page->out,
			ngettext("%lld thing wants a look.", "%lld things want a look.",
				(unsigned long)(alarms + notices)),
			(long long)(alarms + notices));
	html(&page->out, "</p>");
	put_score(page, page->answer[4]);
	html(&page->out, "</div></section>\n");
}

void
put_task(struct sheet *page, const json_t *row)
{
	const char *command = json_text_of(row, "command"), *id = strstr(command, " d-");
	char to[64] = "", name[32];

	if (*json_text_of(row, "page"))
		snprintf(to, sizeof to, "%s", json_text_of(row, "page"));
	else if (id && sscanf(id + 1, "%31[a-z0-9-]", name) == 1)
		snprintf(to, sizeof to, "/devices/%s", name);
	if (*to)
		html(&page->out, "<a href=\"%s\">", to);
	put_words(page, json_text_of(row, "text"));
	if (*to)
		html(&page->out, "</a>");
	else
		html(&page->out, " <code>%s</code>", command);
}

static void
put_worth(struct sheet *page, const json_t *row)
{
	html(&page->out, "<li>");
	put_chip(page, json_text_of(row, "level"));
	html(&page->out, " ");
	put_task(page, row);
	html(&page->out, "</li>\n");
}

/* Those who wait stand above, with what can be said of them. */
static bool
is_about_new(const json_t *row)
{
	static const char admit[] = "pinfold device admit ";
	return !strncmp(json_text_of(row, "command"), admit, strlen(admit));
}

static void
put_worth_doing(struct sheet *page, const json_t *doctor)
{
	size_t n = 0, shown = 0, i;
	const json_t *row;

	json_array_foreach(doctor, i, row) n += !is_about_new(row);

	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("Worth doing"));
	if (!n)
		put_empty(page, _("Nothing. Enjoy the day."));
	else
		html(&page->out, "<ul class=\"plain-list\">");
	/* What is on fire comes first in the doctor's list. */
	json_array_foreach(doctor, i, row)
	{
		if (is_about_new(row) || shown == WORTH_DOING)
			continue;
		put_worth(page, row);
		shown++;
	}
	if (n)
		html(&page->out, "</ul>");
	if (n > shown)
		html(&page->out, "<p><a href=\"/box\">%s</a></p>", _("Everything else"));
	html(&page->out, "</section>\n");
}

static void
put_day(struct sheet *page, const json_t *events)
{
	const json_t *event;
	size_t i, shown = 0;

	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("Lately"));
	html(&page->out, "<ol class=\"plain-list\">");
	json_array_foreach(events, i, event)
	{
		if (shown == EVENTS_SHOWN || !strcmp(json_text_of(event, "level"), "info") ||
			!strcmp(json_text_of(event, "kind"), "new-device"))
			continue;
		shown++;
		html(&page->out, "<li>");
		put_chip(page, json_text_of(event, "level"));
		html(&page->out, " ");
		if (json_is_object(json_object_get(event, "device"))) {
			put_device_link(page, json_object_get(event, "device"));
			html(&page->out, ": ");
		}
		put_words(page, json_text_of(event, "text"));
		html(&page->out, " <span class=\"soft\">");
		put_time(page, number_of(event, "time"));
		html(&page->out, "</span></li>\n");
	}
	html(&page->out, "</ol>");
	if (!shown)
		put_empty(page, _("Nothing that you would want to know."));
	html(&page->out, "<p><a href=\"/story\">%s</a></p></section>\n", _("The whole story"));
}

static void
put_troubles(struct sheet *page, const json_t *status)
{
	if (truth_of(json_object_get(status, "enforcer"), "refusing"))
		put_trouble(page,
			_("The kernel refuses changes of the rules; those that are loaded hold."));
	if (truth_of(json_object_get(status, "resolver"), "upstream_dead"))
		put_trouble(page, _("No name server answers; devices cannot look up names that are "
				    "not cached."));
	if (*json_text_of(json_object_get(status, "database"), "trouble"))
		put_trouble(page, _("The database cannot be written; changes are refused until it "
				    "can."));
}

void
page_home(struct sheet *page)
{
	put_troubles(page, page->answer[0]);
	html(&page->out, "<div class=\"home\"><div>\n");
	put_state(page, page->answer[0], page->answer[1]);
	put_morning(page, page->answer[6]);
	put_newcomers(page, page->answer[5]);
	put_first_steps(page, page->answer[4]);
	put_worth_doing(page, page->answer[1]);
	html(&page->out, "</div><div><section class=\"card\"><h2>%s</h2>\n", _("Your devices"));
	if (json_array_size(page->answer[2]))
		put_ring(page, page->answer[2]);
	else
		put_empty(
			page, _("None was seen yet. A device appears here with its first packet."));
	html(&page->out,
		"<ul class=\"legend\"><li><span class=\"good\">&#9679;</span> %s</li>"
		"<li><span class=\"warn\">&#9675;</span> %s</li>"
		"<li><span class=\"warn\">&#9676;</span> %s</li>"
		"<li><span class=\"bad\">&#10005;</span> %s</li></ul>"
		"<p><a href=\"/devices\">%s</a></p></section>\n",
		_("held, or trusted"), _("watched"), _("waits for you"), _("kept apart"),
		_("All of them, as a table"));
	put_day(page, page->answer[3]);
	html(&page->out, "</div></div>\n");
}

/* --- something not working? --------------------------------------------------------------- */

static void
put_opened(struct sheet *page, const json_t *device)
{
	const char *id = json_text_of(device, "id");
	long long n = number_of(device, "offered");

	html(&page->out, "<li>");
	put_device_link(page, device);
	html(&page->out, " ");
	if (truth_of(device, "paused")) {
		put_chip(page, "paused");
		put_button(page, "device.resume", "", _("End the pause"), "device", id, END_PAIRS);
	}
	if (n) {
		html(&page->out, "<a href=\"/devices/%s\">", id);
		html(&page->out,
			ngettext("It needed %lld destination", "It needed %lld destinations",
				(unsigned long)n),
			n);
		html(&page->out, "</a> %s", _("Allow that for ever, for a day, or not."));
	}
	html(&page->out, "</li>\n");
}

/* What is open now, and what was and waits for an answer. */
static void
put_all_opened(struct sheet *page, const json_t *devices)
{
	const json_t *device;
	bool is_begun = false;
	size_t i;

	json_array_foreach(devices, i, device)
	{
		if (!truth_of(device, "paused") && !number_of(device, "offered"))
			continue;
		if (!is_begun)
			html(&page->out,
				"<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">",
				_("Opened lately"));
		is_begun = true;
		put_opened(page, device);
	}
	if (is_begun)
		html(&page->out, "</ul></section>\n");
}

void
page_help_now(struct sheet *page)
{
	html(&page->out, "<p class=\"lead\">%s</p>\n<section class=\"card\">",
		_("Choose what does not work. It is opened to the internet at once, for a while, "
		  "and "
		  "closes by itself; nothing else changes. Meanwhile Pinfold notes what it used, "
		  "and "
		  "then offers you to allow just that."));
	if (!put_form(page, "device.pause", END_PAIRS)) {
		put_empty(page, _("You may look, not change. Ask who looks after this gateway."));
		html(&page->out, "</section>\n");
		return;
	}
	html(&page->out, "<p><label>%s <select name=\"device\" required>", _("Which device?"));
	put_device_options(page, page->answer[0], asked(page, "device"));
	html(&page->out,
		"</select></label></p>\n<fieldset><legend>%s</legend>"
		"<label><input type=\"radio\" name=\"seconds\" value=\"900\" checked> %s</label> "
		"<label><input type=\"radio\" name=\"seconds\" value=\"3600\"> "
		"%s</label></fieldset>\n",
		_("For how long?"), _("15 minutes"), _("an hour"));
	put_form_end(page, "main large", _("Let it work now"));
	html(&page->out,
		"<p class=\"soft\">%s <code>pinfold device pause NAME 15m</code></p></section>\n",
		_("From the gateway's own console:"));
	put_all_opened(page, page->answer[0]);
}

/* --- the box ------------------------------------------------------------------------------ */

static void
put_fact(struct sheet *page, const char *name, const char *value)
{
	html(&page->out, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", name,
		*value ? value : "-");
}

static void
put_number(struct sheet *page, const char *name, long long value)
{
	html(&page->out, "<tr><th scope=\"row\">%s</th><td>%lld</td></tr>\n", name, value);
}

void
page_box(struct sheet *page)
{
	const json_t *status = page->answer[0], *row, *value;
	const json_t *uplink = json_object_get(status, "uplink"),
		     *database = json_object_get(status, "database");
	const json_t *resolver = json_object_get(status, "resolver");
	const char *name;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">\n",
		_("What wants a look"));
	json_array_foreach(page->answer[1], i, row) put_worth(page, row);
	html(&page->out, "</ul>");
	if (!json_array_size(page->answer[1]))
		put_empty(page, _("Nothing."));
	html(&page->out,
		"</section>\n<section class=\"card\"><h2>%s</h2><ul class=\"plain-list "
		"columns\">",
		_("Processes"));
	json_object_foreach((json_t *)(uintptr_t)json_object_get(status, "processes"), name, value)
		html(&page->out,
			json_is_true(value) ? "<li><span class=\"good\">&#10003;</span> %s</li>"
					    : "<li><span class=\"bad\">&#10005;</span> %s</li>",
			name);
	html(&page->out, "</ul></section>\n<section class=\"card\"><h2>%s</h2><table><tbody>\n",
		_("Facts"));
	put_fact(page, _("Version"), json_text_of(status, "version"));
	put_fact(page, _("Stands in the network as"), words_of(status, "mode"));
	put_fact(page, _("Kernel"), json_text_of(json_object_get(status, "enforcer"), "kernel"));
	put_number(page, _("Rules in the kernel, elements"),
		number_of(json_object_get(status, "enforcer"), "elements"));
	put_fact(page, _("Address towards the internet"), json_text_of(uplink, "address4"));
	put_fact(page, _("The same, IPv6"), json_text_of(uplink, "address6"));
	put_fact(page, _("The clock"),
		truth_of(uplink, "clock_unsure") ? _("not trusted yet") : _("fine"));
	put_number(page, _("Names asked for"), number_of(resolver, "queries"));
	put_number(page, _("Bytes written to the disk since the start"),
		number_of(database, "written_bytes"));
	put_fact(page, _("The database"),
		*json_text_of(database, "trouble") ? words_of(database, "trouble") : _("fine"));
	html(&page->out, "<tr><th scope=\"row\">%s</th><td>", _("Started"));
	put_time(page, number_of(status, "started"));
	html(&page->out, "</td></tr></tbody></table></section>\n");
}
