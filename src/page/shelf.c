/* SPDX-License-Identifier: Apache-2.0 */
/* May it go on the shelf, and what is there already. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/audit.h"
#include "page/pages.h"
#include "verdict/gate.h"

/* --- the gate ---------------------------------------------------------------------------------- */

static void
put_profiles(struct sheet *page, const char *chosen)
{
	html(&page->out, "<form method=\"get\" action=\"%s\"><label>%s <select name=\"profile\">",
		page->path, _("Who asks?"));
	for (size_t i = 0; i < n_gate_profiles; i++)
		html(&page->out, "<option value=\"%s\"%s>%s: %s</option>", gate_profiles[i].id,
			!strcmp(gate_profiles[i].id, chosen) ? " selected" : "",
			say_words(gate_profiles[i].id, NULL),
			say_words(gate_profiles[i].meaning, NULL));
	html(&page->out, "</select></label> <button class=\"button\">%s</button></form>\n",
		_("Ask"));
}

static const char *
answer_sentence(const char *answer)
{
	static const char *const words[][2] = {
		{"shelf", N_("Yes. Nothing that counts here failed, and what is asked for was "
			     "looked at.")},
		{"hold", N_("No, hold it back. Something was shown not to be met.")},
		{"laboratory", N_("Not decided. Nothing failed, and what was looked at does not "
				  "settle it: a person or a laboratory has to.")}};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (!strcmp(words[i][0], answer))
			return _(words[i][1]);
	return "";
}

static void
put_reason(struct sheet *page, const json_t *reason)
{
	html(&page->out, "<li class=\"fault\"><h3>");
	put_chip(page, json_text_of(reason, "verdict"));
	html(&page->out, " %s</h3><p>", json_text_of(reason, "provision"));
	put_words(page, json_text_of(reason, "text"));
	html(&page->out, "</p>");
	if (*json_text_of(reason, "fix"))
		html(&page->out, "<p class=\"soft\">%s %s",
			!strcmp(json_text_of(reason, "verdict"), "FAIL")
				? _("What mends it:")
				: _("What would settle it:"),
			words_of(reason, "fix"));
	if (number_of(reason, "minutes"))
		html(&page->out, " (%lld %s)", number_of(reason, "minutes"),
			_("minutes of a person"));
	if (*json_text_of(reason, "fix"))
		html(&page->out, "</p>");
	html(&page->out, "</li>\n");
}

static void
put_shield(struct sheet *page, const json_t *gate)
{
	const json_t *row;
	size_t i;

	if (!json_array_size(json_object_get(gate, "shield")))
		return;
	html(&page->out, "<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">",
		_("What a gateway can do meanwhile"));
	json_array_foreach(json_object_get(gate, "shield"), i, row) html(&page->out,
		"<li>%s/%lld %s</li>", json_text_of(row, "proto"), number_of(row, "port"),
		truth_of(row, "closed") ? _("is kept closed here") : _("would be kept closed"));
	html(&page->out, "</ul></section>\n");
}

static void
put_register(struct sheet *page, const json_t *gate)
{
	char run[24];

	snprintf(run, sizeof run, "%lld", number_of(gate, "run"));
	if (!may(page, "admin"))
		return;
	html(&page->out, "<section class=\"card\"><h2>%s</h2><p class=\"soft\">%s</p>",
		_("Put it on the shelf"),
		_("It is looked at from then on: rules that change, another test, other firmware, "
		  "an end of support are told."));
	if (put_form(page, "audit.shelf.add", "run", run, "profile", json_text_of(gate, "profile"),
		    END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"model\" maxlength=\"63\"></label> <label>%s "
			"<input name=\"hardware\" maxlength=\"31\"></label> <label>%s <input "
			"name=\"firmware\" maxlength=\"63\"></label> <label>%s <input "
			"name=\"support\" placeholder=\"2028-06\" size=\"8\"></label> ",
			_("Model, as on the box"), _("Hardware"), _("Firmware"), _("Support ends"));
		put_form_end(page, "main", _("Register it"));
	}
	html(&page->out, "</section>\n");
}

void
page_gate(struct sheet *page)
{
	const json_t *gate = page->answer[0], *reason;
	size_t i;

	put_bench_pages(page, "");
	html(&page->out, "<section class=\"card\"><p class=\"lead\"><b>%s</b> ",
		json_text_of(gate, "device"));
	put_chip(page, json_text_of(gate, "answer"));
	html(&page->out, " %s</p><p><a href=\"/bench/%lld\">%s %lld</a>",
		answer_sentence(json_text_of(gate, "answer")), number_of(gate, "run"),
		_("By audit"), number_of(gate, "run"));
	if (number_of(gate, "retest")) {
		html(&page->out, ". %s ", _("To be tested again by"));
		put_date(page, number_of(gate, "retest"));
	}
	if (number_of(gate, "minutes"))
		html(&page->out, ". %lld %s", number_of(gate, "minutes"),
			_("minutes of a person would settle what is open"));
	html(&page->out, "</p>\n");
	put_profiles(page, json_text_of(gate, "profile"));
	html(&page->out, "</section>\n<div class=\"passport\"><div>");
	html(&page->out, "<section class=\"card\"><h2>%s</h2><ol class=\"plain-list\">\n",
		_("Because"));
	json_array_foreach(json_object_get(gate, "reasons"), i, reason) put_reason(page, reason);
	html(&page->out, "</ol>");
	if (!json_array_size(json_object_get(gate, "reasons")))
		put_empty(page, _("Nothing stands against it."));
	if (number_of(gate, "more"))
		html(&page->out, "<p>%s %lld</p>", _("More reasons:"), number_of(gate, "more"));
	html(&page->out, "</section></div><div>\n");
	put_shield(page, gate);
	put_register(page, gate);
	html(&page->out, "<p class=\"soft\">%s</p></div></div>\n",
		_("It is no certificate of conformity. What nobody looked at is never a reason "
		  "for the shelf."));
}

/* --- the shelf ------------------------------------------------------------------------------------ */

static void
put_entry(struct sheet *page, const json_t *entry)
{
	char id[24];

	snprintf(id, sizeof id, "%lld", number_of(entry, "shelf"));
	html(&page->out, "<tr><th scope=\"row\">%s", json_text_of(entry, "model"));
	if (!*json_text_of(entry, "model"))
		html(&page->out, "%s", json_text_of(entry, "claimed_model"));
	html(&page->out, "<br><span class=\"soft\">%s %s</span></th><td>",
		json_text_of(entry, "hardware"), json_text_of(entry, "firmware"));
	put_chip(page, json_text_of(entry, "answer"));
	html(&page->out,
		"<br><span class=\"soft\">%s, <a href=\"/bench/%lld\">%s %lld</a></span></td><td>",
		words_of(entry, "profile"), number_of(entry, "run"), _("audit"),
		number_of(entry, "run"));
	put_chip(page, json_text_of(entry, "answer_now"));
	html(&page->out, "</td><td>");
	put_chip(page, json_text_of(entry, "state"));
	html(&page->out, " ");
	put_words(page, json_text_of(entry, "what"));
	if (number_of(entry, "changed")) {
		html(&page->out, " ");
		put_time(page, number_of(entry, "changed"));
	}
	html(&page->out, "</td><td>");
	if (number_of(entry, "support"))
		put_date(page, number_of(entry, "support"));
	else
		html(&page->out, "%s", _("nobody says"));
	html(&page->out, "</td><td>");
	put_button(page, "audit.shelf.check", "", _("Judge again"), "shelf", id, END_PAIRS);
	put_button(page, "audit.shelf.remove", "danger", _("Take it off"), "shelf", id, END_PAIRS);
	html(&page->out, "</td></tr>\n");
}

void
page_shelf(struct sheet *page)
{
	const json_t *entry;
	size_t i;

	put_bench_pages(page, "/shelf");
	html(&page->out, "<p class=\"lead\">%s</p>\n<section class=\"card\">",
		_("What was tested and is sold, or is in use on that word; and whether something "
		  "behind that word has changed."));
	if (!json_array_size(page->answer[0])) {
		put_empty(page, _("Nothing yet. An audit that has ended leads to the gate, and "
				  "from there onto the shelf."));
		html(&page->out, "</section>\n");
		return;
	}
	put_table(page, _("Product"), _("On that day"), _("Now"), _("State"), _("Support ends"),
		_("Change"), END_TABLE);
	json_array_foreach(page->answer[0], i, entry) put_entry(page, entry);
	put_table_end(page);
	put_button(page, "audit.shelf.check", "", _("Judge all of them again"), END_PAIRS);
	html(&page->out, "</section>\n");
	if (page->next[0])
		html(&page->out, "<p><a rel=\"next\" href=\"/shelf?after=%lld\">%s</a></p>\n",
			(long long)page->next[0], _("More products"));
}
