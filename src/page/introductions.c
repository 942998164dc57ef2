/* SPDX-License-Identifier: Apache-2.0 */
/* Who was introduced to whom, and the doors that the internet may come in by. */
#include "page/pages.h"
#include "page/piece.h"

static void
put_introduction(struct sheet *page, const json_t *row)
{
	const json_t *asker = json_object_get(row, "asker"),
		     *answerer = json_object_get(row, "answerer");

	html(&page->out, "<tr><th scope=\"row\">");
	put_device_link(page, asker);
	html(&page->out, "</th><td>%s</td><td>", json_text_of(row, "service"));
	put_device_link(page, answerer);
	html(&page->out, "</td><td>");
	put_button(page, "device.part", "", _("End it"), "device", json_text_of(asker, "id"),
		"from", json_text_of(answerer, "id"), "service", json_text_of(row, "service"),
		END_PAIRS);
	html(&page->out, "</td></tr>\n");
}

void
page_introductions(struct sheet *page)
{
	const json_t *row;
	size_t i;

	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("Devices do not see each other here. Where one should use another, introduce "
		  "them: "
		  "for that service, in that direction, and no other."));
	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("Introduce"));
	if (put_form(page, "device.introduce", END_PAIRS)) {
		html(&page->out, "<label>%s <select name=\"device\" required>", _("Let"));
		put_device_options(page, page->answer[1], NULL);
		html(&page->out, "</select></label> <label>%s <select name=\"service\" required>",
			_("use"));
		json_array_foreach(page->answer[2], i, row)
			html(&page->out, "<option value=\"%s\">%s</option>",
				json_text_of(row, "service"), words_of(row, "text"));
		html(&page->out, "</select></label> <label>%s <select name=\"to\" required>",
			_("of"));
		put_device_options(page, page->answer[1], NULL);
		html(&page->out, "</select></label> ");
		put_form_end(page, "main", _("Introduce them"));
	}
	html(&page->out, "</section>\n");
	if (!json_array_size(page->answer[0])) {
		put_empty(page, _("Nobody was introduced to anybody yet."));
		return;
	}
	html(&page->out, "<section class=\"card\">");
	put_table(page, _("Who"), _("may"), _("with whom"), _("Change"), END_TABLE);
	json_array_foreach(page->answer[0], i, row) put_introduction(page, row);
	put_table_end(page);
	html(&page->out, "</section>\n");
}

void
page_doors(struct sheet *page)
{
	const json_t *door;
	size_t i;

	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("Every opening through which somebody on the internet can reach a device of "
		  "yours. No "
		  "device can make one: only you can."));
	if (!json_array_size(page->answer[0]))
		put_empty(page, _("There is none: the wall has no door."));
	html(&page->out, "<ul class=\"doors\">");
	json_array_foreach(page->answer[0], i, door)
	{
		const json_t *device = json_object_get(door, "device");
		html(&page->out, "<li class=\"card\"><h2>");
		put_device_link(page, device);
		html(&page->out, "</h2><p><code>%s</code></p><p class=\"soft\">%s ",
			json_text_of(door, "text"), _("open since"));
		put_time(page, number_of(door, "since"));
		html(&page->out, "</p>");
		put_button(page, "policy.remove", "danger", _("Close"), "device",
			json_text_of(device, "id"), "rule", json_text_of(door, "text"), END_PAIRS);
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul>\n");
	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("Make a door"));
	if (!put_form(page, "policy.add", END_PAIRS)) {
		put_empty(page, _("That is for who looks after this gateway."));
		html(&page->out, "</section>\n");
		return;
	}
	html(&page->out, "<label>%s <select name=\"device\" required>", _("To"));
	put_device_options(page, page->answer[1], NULL);
	html(&page->out,
		"</select></label> <label>%s <input name=\"rule\" required size=\"34\" "
		"placeholder=\"allow tcp from internet 443 for 2h\"></label> ",
		_("rule"));
	put_form_end(page, "", _("Open it"));
	html(&page->out, "</section>\n");
}
