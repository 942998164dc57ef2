/* SPDX-License-Identifier: Apache-2.0 */
/* A device leaves the house: what is to be done, what was seen, and what stays until when. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "page/pages.h"
#include "page/piece.h"

static void
put_state(struct sheet *page, const char *state)
{
	static const struct {
		const char *state, *class, *sign, *words;
	} all[] = {{"open", "warn", "&#9675;", N_("to do")},
		{"done", "good", "&#10003;", N_("done")},
		{"seen", "good", "&#10003;", N_("seen by the gateway")},
		{"failed", "bad", "&#10005;", N_("failed")},
		{"cannot", "soft", "?", N_("cannot be seen from here")},
		{"will", "soft", "&#8594;", N_("happens then")}};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (!strcmp(all[i].state, state))
			put_chip_as(page, all[i].class, all[i].sign, _(all[i].words));
}

static void
put_steps(struct sheet *page, const char *id, const json_t *steps, const char *by)
{
	const json_t *step;
	size_t i;

	html(&page->out, "<ul class=\"plain-list steps\">");
	json_array_foreach(steps, i, step)
	{
		const char *state = json_text_of(step, "state"), *word = json_text_of(step, "step");
		if (strcmp(json_text_of(step, "by"), by) != 0)
			continue;
		html(&page->out, "<li><div>");
		put_state(page, state);
		html(&page->out, " ");
		put_words(page, json_text_of(step, "text"));
		html(&page->out, "</div>");
		if (id && !strcmp(by, "you") && strcmp(state, "cannot") != 0)
			put_button(page, "device.leaving.done", "",
				!strcmp(state, "done") ? _("Not yet") : _("Done"), "device", id,
				"step", word, END_PAIRS);
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul>");
}

static void
put_go(struct sheet *page, const char *id, long long days)
{
	html(&page->out, "<section class=\"card\"><h2>%s</h2><p>%s</p>", _("It leaves now"),
		_("It is forgotten, and a signed note for whoever gets it is made, in which "
		  "nothing "
		  "says whose it was. Its rules and its history are kept for a while, and Undo "
		  "takes "
		  "it all back; then they are deleted, with its tests. If it comes back it waits, "
		  "as "
		  "a new device."));
	if (put_form(page, "device.leave", "device", id, "show", "1", END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"days\" inputmode=\"numeric\" size=\"4\" "
			"value=\"%lld\"></label> <label><input type=\"checkbox\" name=\"lost\" "
			"value=\"1\"> %s</label> ",
			_("Days that it can be taken back"), days,
			_("It is lost or gone already; nothing can be done with it"));
		put_form_end(page, "danger", _("It left"));
	}
	html(&page->out, "</section>\n");
}

void
page_leave(struct sheet *page)
{
	const json_t *leaving = page->answer[0];
	const json_t *device = json_object_get(leaving, "device");
	const json_t *steps = json_object_get(leaving, "steps");
	const char *id = json_text_of(device, "id");

	put_back_to_device(page, device);
	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("Sold, given away, sent back or thrown away: what it knows of you should not go "
		  "with it."));
	html(&page->out, "<div class=\"passport\"><section class=\"card\"><h2>%s</h2>",
		_("What only you can do"));
	put_steps(page, id, steps, "you");
	html(&page->out, "</section><div><section class=\"card\"><h2>%s</h2>",
		_("What the gateway can say"));
	put_steps(page, id, steps, "gateway");
	html(&page->out, "</section>");
	put_go(page, id, number_of(leaving, "days"));
	html(&page->out, "</div></div>\n");
}

void
page_intake(struct sheet *page)
{
	const json_t *intake = page->answer[0], *steps = json_object_get(intake, "steps");

	put_back_to_device(page, json_object_get(intake, "device"));
	html(&page->out,
		"<p class=\"lead\">%s</p>\n<div class=\"passport\"><section "
		"class=\"card\"><h2>%s</h2>",
		_("Bought used, given to you, or back again: it should not belong to anybody else "
		  "any more."),
		_("What only you can do"));
	put_steps(page, NULL, steps, "you");
	html(&page->out, "</section><section class=\"card\"><h2>%s</h2>",
		_("What the gateway can say"));
	put_steps(page, NULL, steps, "gateway");
	html(&page->out, "</section></div>\n");
}

void
put_farewell(struct sheet *page, const json_t *left)
{
	html(&page->out, "<section class=\"card\"><h2>%s %s</h2><p>%s ", json_text_of(left, "name"),
		_("left"), _("What is kept of it is deleted at"));
	put_date(page, number_of(left, "until"));
	html(&page->out, ".</p>");
	put_steps(page, NULL, json_object_get(left, "steps"), "you");
	put_steps(page, NULL, json_object_get(left, "steps"), "gateway");
	html(&page->out,
		"<details open><summary>%s</summary><p><textarea readonly rows=\"6\" "
		"aria-label=\"%s\">%s</textarea></p><p class=\"soft\">%s <code>pinfold left verify "
		"FILE --key KEY</code></p></details></section>\n",
		_("The note, signed"), _("The note, signed"), json_text_of(left, "note"),
		_("Give it to whoever gets the device. Anybody can look at it:"));
}

void
page_left(struct sheet *page)
{
	const json_t *row;
	char left[24];
	size_t i;

	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("Devices that left. What is kept of each is deleted at its date."));
	if (!json_array_size(page->answer[0])) {
		put_empty(page, _("None."));
		return;
	}
	html(&page->out, "<section class=\"card\">");
	put_table(page, _("Device"), _("Left"), _("Kept until"), _("Now"), END_TABLE);
	json_array_foreach(page->answer[0], i, row)
	{
		snprintf(left, sizeof left, "%lld", number_of(row, "left"));
		html(&page->out, "<tr><th scope=\"row\"><a href=\"/left/%s\">%s</a></th><td>", left,
			json_text_of(row, "name"));
		put_time(page, number_of(row, "time"));
		html(&page->out, "</td><td>");
		put_date(page, number_of(row, "until"));
		html(&page->out, "</td><td>");
		put_button(page, "left.delete", "danger", _("Delete now"), "left", left, END_PAIRS);
		html(&page->out, "</td></tr>\n");
	}
	put_table_end(page);
	html(&page->out, "</section>\n");
}

void
page_left_one(struct sheet *page)
{
	html(&page->out, "<p><a href=\"/left\">&#8592; %s</a></p>\n", _("Devices that left"));
	put_farewell(page, page->answer[0]);
}
