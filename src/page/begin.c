/* SPDX-License-Identifier: Apache-2.0 */
/* The first minutes with a gateway, new devices, and the card for its worst day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/pages.h"
#include "page/piece.h"

enum { NEW_SHOWN = 3, SURE = 90 };

/* --- new devices ---------------------------------------------------------------------------- */

/* "New: probably a camera (91 %)", and on what that rests. */
static void
put_guess(struct sheet *page, const json_t *device)
{
	const json_t *kind = json_object_get(device, "kind");
	const char *word = json_text_of(kind, "word");
	long long sure = number_of(kind, "confidence");

	if (!*word)
		html(&page->out, "%s", _("something that we do not know"));
	else if (sure >= SURE)
		html(&page->out, "%s", say_words(word, NULL));
	else
		html(&page->out, _("probably: %s (%lld %%)"), say_words(word, NULL), sure);
	if (*json_text_of(kind, "why"))
		html(&page->out, " <span class=\"soft\">%s</span>", json_text_of(kind, "why"));
}

static void
put_choices(struct sheet *page, const json_t *device)
{
	const char *word = json_text_of(json_object_get(device, "kind"), "word");
	const char *id = json_text_of(device, "id");
	char label[120];

	html(&page->out, "<div class=\"buttons\">");
	snprintf(label, sizeof label, _("Allow as: %s"), say_words(word, NULL));
	if (*word)
		put_button(
			page, "device.admit", "main", label, "device", id, "kind", word, END_PAIRS);
	else
		put_button(page, "device.admit", "main", _("Allow, and watch it"), "device", id,
			END_PAIRS);
	put_button(page, "device.admit", "", _("Guest, for a day"), "device", id, "guest", "true",
		END_PAIRS);
	put_button(page, "device.block", "danger", _("Not mine"), "device", id, END_PAIRS);
	html(&page->out, "</div>\n");
}

static void
put_new(struct sheet *page, const json_t *device)
{
	html(&page->out, "<li><p>%s ", _("New:"));
	put_guess(page, device);
	html(&page->out, "<br><span class=\"soft\">");
	put_device_link(page, device);
	html(&page->out, " &#183; %s %s &#183; ", _("port"), json_text_of(device, "port"));
	put_time(page, number_of(device, "first"));
	html(&page->out, "</span></p>");
	put_choices(page, device);
	html(&page->out, "</li>\n");
}

void
put_newcomers(struct sheet *page, const json_t *devices)
{
	size_t n = json_array_size(devices);

	if (!n)
		return;
	html(&page->out, "<section class=\"card\" id=\"new\"><h2>%s</h2>\n",
		_("Waiting for your word"));
	/* A house full of them is looked at on a page of its own. */
	if (n > NEW_SHOWN) {
		html(&page->out,
			"<p>%s</p><p><a class=\"button main\" href=\"/welcome\">%s</a></p>",
			_("Several devices are new here. Until you say a word they get an address "
			  "and nothing else."),
			_("Look at them"));
	} else {
		html(&page->out, "<ul class=\"plain-list\">");
		for (size_t i = 0; i < n; i++)
			put_new(page, json_array_get(devices, i));
		html(&page->out, "</ul><p><a href=\"/welcome\">%s</a></p>",
			_("It is something else, or has a name"));
	}
	html(&page->out, "</section>\n");
}

/* What it is and is called, in one step. */
static void
put_other(struct sheet *page, const json_t *device, const json_t *kinds)
{
	const char *word = json_text_of(json_object_get(device, "kind"), "word");
	const json_t *row;
	size_t i;

	if (!may(page, "act"))
		return;
	html(&page->out, "<details><summary>%s</summary>",
		_("It is something else, or has a name"));
	if (put_form(page, "device.admit", "device", json_text_of(device, "id"), END_PAIRS)) {
		html(&page->out, "<label>%s <select name=\"kind\">", _("It is"));
		json_array_foreach(kinds, i, row)
		{
			const char *kind = json_text_of(row, "kind");
			html(&page->out, "<option value=\"%s\"%s>%s", kind,
				!strcmp(kind, *word ? word : "other") ? " selected" : "",
				say_words(kind, NULL));
			if (!strcmp(json_text_of(row, "class"), "critical"))
				html(&page->out, " (%s)", _("never blocked by itself"));
			html(&page->out, "</option>");
		}
		html(&page->out,
			"</select></label><label>%s <input name=\"name\" maxlength=\"63\" "
			"value=\"%s\"></label> "
			"<label><input type=\"checkbox\" name=\"class\" value=\"critical\"> "
			"%s</label> ",
			_("We call it"), json_text_of(device, "name"),
			_("Never block it by itself"));
		put_form_end(page, "", _("Let it in"));
	}
	html(&page->out, "</details>\n");
}

void
page_welcome(struct sheet *page)
{
	const json_t *devices = page->answer[0], *device;
	size_t i, n = json_array_size(devices);

	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("Until you say a word, a new device gets an address and nothing else. What you "
		  "let in is watched first: it reaches the internet, and no other device."));
	if (!n) {
		put_empty(
			page, _("Nobody waits. A new device appears here with its first packet."));
	} else if (may(page, "admin")) {
		html(&page->out, "<section class=\"card\"><h2>%s</h2><p>%s</p>",
			_("All of them are ours"),
			_("Phones and laptops are let in as such, so that nothing but their "
			  "presence is recorded; everything else is watched. One step takes it "
			  "back."));
		put_button(page, "home.admit", "main", _("Let all of them in"), END_PAIRS);
		html(&page->out, "</section>\n");
	}
	html(&page->out, "<ul class=\"welcome\">");
	json_array_foreach(devices, i, device)
	{
		html(&page->out, "<li class=\"card\"><h2>");
		put_device_link(page, device);
		html(&page->out, "</h2><p>");
		put_guess(page, device);
		html(&page->out, "</p><p class=\"soft\">%s %s &#183; ", _("port"),
			json_text_of(device, "port"));
		put_time(page, number_of(device, "first"));
		html(&page->out, "</p>");
		put_choices(page, device);
		put_other(page, device, page->answer[1]);
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul>\n");
}

/* --- learning ----------------------------------------------------------------------------------- */

/* Four quarters of a ring, each filled when that was seen. */
static void
put_learning_ring(struct sheet *page, const json_t *steps)
{
	static const char *const quarter[] = {"M30 6A24 24 0 0 1 54 30", "M54 30A24 24 0 0 1 30 54",
		"M30 54A24 24 0 0 1 6 30", "M6 30A24 24 0 0 1 30 6"};
	const json_t *step;
	long long seen = 0;
	size_t i;

	json_array_foreach(steps, i, step) seen += truth_of(step, "seen");
	html(&page->out,
		"<svg class=\"learning\" viewBox=\"0 0 60 60\" role=\"img\" aria-label=\"");
	html(&page->out, _("%lld of 4 are seen"), seen);
	html(&page->out, "\">");
	json_array_foreach(steps, i, step)
	{
		if (i == COUNT_OF(quarter))
			break;
		html(&page->out, "<path class=\"%s\" d=\"%s\"/>",
			truth_of(step, "seen") ? "seen" : "unseen", quarter[i]);
	}
	html(&page->out, "<text x=\"30\" y=\"36\" text-anchor=\"middle\">%lld/4</text></svg>\n",
		seen);
}

static void
put_calm(struct sheet *page, const json_t *learning)
{
	long long seen = number_of(learning, "destinations"),
		  minutes = number_of(learning, "calm_seconds") / 60;

	if (!seen) {
		html(&page->out, "%s", _("Nothing was seen yet that could be learned."));
		return;
	}
	html(&page->out,
		ngettext("It talks to %lld destination.", "It talks to %lld destinations.",
			(unsigned long)seen),
		seen);
	html(&page->out, " ");
	if (minutes >= 120)
		html(&page->out, _("Nothing new for %lld hours."), minutes / 60);
	else
		html(&page->out, _("Nothing new for %lld minutes."), minutes);
}

void
put_learning(struct sheet *page, const json_t *device)
{
	const json_t *learning = json_object_get(device, "learning"), *step;
	const json_t *steps = json_object_get(learning, "steps");
	size_t i;

	if (!json_is_object(learning))
		return;
	html(&page->out, "<section class=\"card\"><h2>%s</h2><div class=\"learns\">",
		_("What it has shown so far"));
	put_learning_ring(page, steps);
	html(&page->out, "<div><p>");
	put_calm(page, learning);
	html(&page->out, "</p><ul class=\"plain-list\">");
	json_array_foreach(steps, i, step)
	{
		bool is_seen = truth_of(step, "seen");
		html(&page->out, "<li>");
		put_chip_as(page, is_seen ? "good" : "soft", is_seen ? "&#10003;" : "&#9675;",
			is_seen ? _("seen") : _("not yet"));
		html(&page->out, " ");
		put_words(page, json_text_of(step, "text"));
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul></div></div></section>\n");
}

/* --- the first minutes ------------------------------------------------------------------------ */

static long long
count_done(const json_t *steps)
{
	const json_t *step;
	long long n = 0;
	size_t i;

	json_array_foreach(steps, i, step) n += truth_of(step, "done");
	return n;
}

/* On Home, until all is done: how far it is, and the next. */
void
put_first_steps(struct sheet *page, const json_t *begin)
{
	const json_t *steps = json_object_get(begin, "steps"), *step;
	long long done = count_done(steps), all = (long long)json_array_size(steps);
	size_t i;

	if (!may(page, "act") || done == all)
		return;
	html(&page->out, "<section class=\"card\"><h2>%s</h2><p>", _("The first steps"));
	html(&page->out, _("%lld of %lld are done. Next:"), done, all);
	json_array_foreach(steps, i, step)
	{
		if (truth_of(step, "done"))
			continue;
		html(&page->out, " <a href=\"%s\">", json_text_of(step, "page"));
		put_words(page, json_text_of(step, "text"));
		html(&page->out, "</a>.");
		break;
	}
	html(&page->out, "</p><p><a href=\"/begin\">%s</a></p></section>\n",
		_("What is seen, what matters, and all steps"));
}

void
put_score(struct sheet *page, const json_t *begin)
{
	const json_t *score = json_object_get(begin, "score");
	long long of = number_of(score, "of");

	if (!of)
		return;
	html(&page->out,
		"<p class=\"score\"><meter min=\"0\" max=\"%lld\" value=\"%lld\" "
		"aria-label=\"%s\"></meter> <span class=\"soft\">",
		of, number_of(score, "done"), _("How far it is"));
	put_words(page, json_text_of(score, "text"));
	html(&page->out, ".</span></p>\n");
}

static void
put_sees(struct sheet *page, const json_t *sees)
{
	const json_t *blind = json_object_get(sees, "blind"), *row;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><p>", _("What Pinfold sees"));
	put_words(page, json_text_of(sees, "text"));
	html(&page->out, "</p><h3>%s</h3><ul>", _("And what not"));
	json_array_foreach(blind, i, row)
	{
		html(&page->out, "<li>");
		put_words(page, json_text_of(row, "text"));
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul></section>\n");
}

static void
put_facts(struct sheet *page, const json_t *facts)
{
	const json_t *fact;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("What matters most"));
	if (!json_array_size(facts))
		put_empty(page, _("Nothing was seen yet. Look again in a minute."));
	html(&page->out, "<ol class=\"facts\">");
	json_array_foreach(facts, i, fact)
	{
		html(&page->out, "<li><a href=\"%s\">", json_text_of(fact, "page"));
		put_words(page, json_text_of(fact, "text"));
		html(&page->out, "</a></li>\n");
	}
	html(&page->out, "</ol></section>\n");
}

static void
put_todo(struct sheet *page, const json_t *begin)
{
	const json_t *todo = json_object_get(begin, "todo");

	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("How it stands"));
	put_score(page, begin);
	html(&page->out, "<p>");
	if (!json_is_object(todo)) {
		html(&page->out, "%s", _("Nothing is to be done."));
	} else {
		html(&page->out, "%s ", _("One thing to do:"));
		put_task(page, todo);
	}
	html(&page->out, "</p></section>\n");
}

static void
put_step(struct sheet *page, const json_t *step)
{
	const char *word = json_text_of(step, "step");
	bool is_done = truth_of(step, "done");

	html(&page->out, "<li><div>");
	put_chip_as(page, is_done ? "good" : "warn", is_done ? "&#10003;" : "&#9675;",
		is_done ? _("done") : _("to do"));
	html(&page->out, " <a href=\"%s\">", json_text_of(step, "page"));
	put_words(page, json_text_of(step, "text"));
	html(&page->out, "</a></div>");
	/* That there is none in the house is seen by nobody but a person. */
	if (!strcmp(word, "never-block") && !is_done)
		put_button(
			page, "home.begin.done", "", _("There is none"), "step", word, END_PAIRS);
	html(&page->out, "</li>\n");
}

void
page_begin(struct sheet *page)
{
	const json_t *begin = page->answer[0], *step;
	size_t i;

	html(&page->out, "<div class=\"home\"><div>\n");
	put_facts(page, json_object_get(begin, "facts"));
	put_todo(page, begin);
	html(&page->out,
		"</div><div><section class=\"card\"><h2>%s</h2><ol class=\"plain-list steps\">",
		_("The first steps"));
	json_array_foreach(json_object_get(begin, "steps"), i, step) put_step(page, step);
	html(&page->out, "</ol></section>\n");
	put_sees(page, json_object_get(begin, "sees"));
	html(&page->out, "</div></div>\n");
}

/* --- the card ---------------------------------------------------------------------------------- */

static void
put_names(struct sheet *page, const char *title, const json_t *names, const char *none)
{
	const json_t *name;
	size_t i;

	html(&page->out, "<dt>%s</dt><dd>", title);
	json_array_foreach(names, i, name)
		html(&page->out, "%s%s", i ? ", " : "", json_string_value(name));
	html(&page->out, "%s</dd>\n", json_array_size(names) ? "" : none);
}

void
page_card(struct sheet *page)
{
	const json_t *card = page->answer[0], *row;
	size_t i;

	html(&page->out, "<p class=\"lead screen\">%s</p>\n<div class=\"buttons screen\">",
		_("Print this page, or write it down, and keep it beside the gateway. No password "
		  "stands on it."));
	put_button(page, "home.begin.done", "main", _("It is printed"), "step", "card", END_PAIRS);
	html(&page->out,
		"<a class=\"button\" href=\"/backup.json\" download>%s</a></div>\n"
		"<p class=\"soft screen\">%s</p>",
		_("Save a backup"),
		_("What you decided, in one file: names, rules, what was learned. No password, key "
		  "or history is in it. Keep it elsewhere."));
	html(&page->out, "<section class=\"card paper-card\"><h2>Pinfold %s</h2><dl>",
		json_text_of(card, "gateway"));
	html(&page->out, "<dt>%s</dt><dd>", _("Date"));
	put_date(page, number_of(card, "time"));
	html(&page->out, "</dd><dt>%s</dt><dd>%s</dd><dt>%s</dt><dd><code>%s</code></dd>",
		_("Version"), json_text_of(card, "version"), _("The pages"),
		json_text_of(card, "pages"));
	put_names(page, _("Who owns it"), json_object_get(card, "owners"), _("nobody yet"));
	put_names(page, _("Never block"), json_object_get(card, "never_block"),
		_("nothing was marked"));
	html(&page->out, "</dl><h3>%s</h3><dl class=\"commands\">",
		_("At the gateway's own console, as root"));
	json_array_foreach(json_object_get(card, "help"), i, row)
	{
		html(&page->out, "<dt>");
		put_words(page, json_text_of(row, "when"));
		html(&page->out, "</dt><dd><code>%s</code></dd>\n", json_text_of(row, "command"));
	}
	html(&page->out, "</dl></section>\n");
}

void
file_backup(struct sheet *page)
{
	auto_free char *text = json_dumps(page->answer[0], JSON_INDENT(1) | JSON_ENSURE_ASCII);

	if (text && json_is_object(page->answer[0]))
		html_raw(&page->out, text, strlen(text));
}
