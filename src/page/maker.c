/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a device is, and what that maker publishes: whom to tell of a weakness, when that
 * is answered, until when there are updates.  Addresses are text and no links: whoever
 * follows one leaves the house, and a device may have claimed it.
 */
#include <string.h>

#include "base/auto.h"
#include "page/pages.h"
#include "page/piece.h"

static const char *
fact_words(const char *fact)
{
	static const char *const words[][2] = {{"site", N_("Its site")},
		{"security.txt", N_("security.txt, where researchers look")},
		{"contact", N_("Whom to tell of a weakness")},
		{"disclosure policy", N_("How it deals with what it is told")},
		{"acknowledgement", N_("When it answers")},
		{"status updates", N_("When it tells how far it is")},
		{"support period", N_("How long there are updates")},
		{"support ends", N_("Updates until")}, {"support page", N_("Where it says so")}};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (!strcmp(words[i][0], fact))
			return _(words[i][1]);
	return fact;
}

/* A value that another one has replaced stands below it. */
static void
put_facts(struct sheet *page, const json_t *facts)
{
	const char *before = "";
	const json_t *fact;
	size_t i;

	put_table(page, _("What"), _("As it says"), _("Since"), _("Last read"), _("By"), END_TABLE);
	json_array_foreach(facts, i, fact)
	{
		const char *name = json_text_of(fact, "fact");
		html(&page->out, "<tr><th scope=\"row\">%s",
			!strcmp(name, before) ? _("before") : fact_words(name));
		html(&page->out, "</th><td>%s</td><td>", json_text_of(fact, "value"));
		put_time(page, number_of(fact, "first"));
		html(&page->out, "</td><td>");
		put_time(page, number_of(fact, "last"));
		html(&page->out, "</td><td><a href=\"/bench/%lld\">%s %lld</a></td></tr>\n",
			number_of(fact, "run"), _("audit"), number_of(fact, "run"));
		before = name;
	}
	put_table_end(page);
}

static void
put_published(struct sheet *page, const json_t *maker)
{
	const json_t *facts = json_object_get(maker, "facts");

	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("What its pages say"));
	if (json_array_size(facts))
		put_facts(page, facts);
	else
		put_empty(page, _("They were not read yet."));
	if (*json_text_of(maker, "url"))
		put_button(page, "audit.run", "", _("Read its pages now"), "device",
			json_text_of(json_object_get(maker, "device"), "id"), "consent", "passive",
			"checks", "maker-web", END_PAIRS);
	html(&page->out, "<p class=\"soft\">%s</p></section>\n",
		_("Nothing is sent to the device for that: this gateway reads the maker's pages, "
		  "and no other site."));
}

static void
put_devices(struct sheet *page, const json_t *maker, const json_t *all)
{
	const char *site = json_text_of(maker, "site");
	const json_t *row;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">\n",
		_("Its devices here"));
	json_array_foreach(all, i, row)
	{
		if (strcmp(json_text_of(row, "site"), site) != 0)
			continue;
		html(&page->out, "<li>");
		put_device_link(page, json_object_get(row, "device"));
		html(&page->out, " <span class=\"soft\">%s %s</span></li>\n", _("on the word of:"),
			words_of(row, "by"));
	}
	html(&page->out, "</ul></section>\n");
}

static void
put_naming(struct sheet *page, const json_t *maker)
{
	const char *id = json_text_of(json_object_get(maker, "device"), "id");

	if (!may(page, "admin"))
		return;
	html(&page->out, "<section class=\"card\"><h2>%s</h2><p class=\"soft\">%s</p>",
		_("Say whose it is"),
		_("As it stands on the thing or its box. Your word counts more than what the "
		  "device "
		  "claims, and verdicts can rest on it."));
	if (put_form(page, "maker.set", "device", id, END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"url\" required maxlength=\"255\" "
			"placeholder=\"https://www.maker.example\"></label> ",
			_("Its maker's site"));
		put_form_end(page, "", _("It is of this maker"));
	}
	if (!strcmp(json_text_of(maker, "by"), "the owner"))
		put_button(
			page, "maker.unset", "", _("Take my word back"), "device", id, END_PAIRS);
	html(&page->out, "</section>\n");
}

void
page_maker(struct sheet *page)
{
	const json_t *maker = page->answer[0];

	put_back_to_device(page, json_object_get(maker, "device"));
	html(&page->out, "<section class=\"card\"><p class=\"lead\">");
	if (*json_text_of(maker, "url"))
		html(&page->out, "<code>%s</code></p><p>%s %s", json_text_of(maker, "url"),
			_("On the word of:"), words_of(maker, "by"));
	else
		html(&page->out, "%s", _("Nobody said yet whose it is."));
	if (*json_text_of(maker, "claimed_name"))
		html(&page->out, "</p><p>%s <b>%s</b>", _("It calls itself"),
			json_text_of(maker, "claimed_name"));
	html(&page->out, "</p></section>\n");
	put_published(page, maker);
	html(&page->out, "<div class=\"passport\"><div>\n");
	if (*json_text_of(maker, "site"))
		put_devices(page, maker, page->answer[1]);
	html(&page->out, "</div><div>\n");
	put_naming(page, maker);
	html(&page->out, "</div></div>\n");
}
