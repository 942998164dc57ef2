/* SPDX-License-Identifier: Apache-2.0 */
/* How you hear of it: who is told, whether they heard, quiet hours, and how to tell one more. */
#include <stdio.h>
#include <string.h>

#include "page/pages.h"
#include "page/piece.h"

static void
put_heard(struct sheet *page, const json_t *row)
{
	if (*json_text_of(row, "why"))
		html(&page->out, "%s: %s, ", _("Did not hear"), words_of(row, "why"));
	else
		html(&page->out, "%s ", number_of(row, "taken") ? _("Heard") : _("Nothing yet"));
	if (number_of(row, *json_text_of(row, "why") ? "failed" : "taken"))
		put_time(page, number_of(row, *json_text_of(row, "why") ? "failed" : "taken"));
	if (number_of(row, "waiting"))
		html(&page->out, "; %lld %s", number_of(row, "waiting"), _("wait for it"));
	if (number_of(row, "lost"))
		html(&page->out, "; %lld %s", number_of(row, "lost"), _("were lost"));
}

static void
put_receivers(struct sheet *page, const json_t *rows)
{
	const json_t *row;
	size_t i;

	if (!json_array_size(rows)) {
		put_empty(page, _("Nobody is told yet. What happens is in the story."));
		return;
	}
	put_table(page, _("Name"), _("Where"), _("Is told"), _("Heard it"), _("Change"), END_TABLE);
	json_array_foreach(rows, i, row)
	{
		html(&page->out,
			"<tr><th scope=\"row\">%s</th><td><code>%s</code></td><td>%s</td><td>",
			json_text_of(row, "name"), json_text_of(row, "url"),
			words_of(row, "wants"));
		put_heard(page, row);
		html(&page->out, "</td><td>");
		put_button(page, "tell.test", "", _("Test"), "receiver", json_text_of(row, "name"),
			END_PAIRS);
		put_button(page, "tell.remove", "danger", _("Remove"), "receiver",
			json_text_of(row, "name"), END_PAIRS);
		html(&page->out, "</td></tr>\n");
	}
	put_table_end(page);
}

static void
put_hours(struct sheet *page, const json_t *tell)
{
	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n<p>%s</p>\n",
		_("When you hear of it"),
		_("At night only what cannot wait is told. Once a day comes a digest of the "
		  "rest."));
	if (put_form(page, "tell.hours", END_PAIRS)) {
		html(&page->out,
			"<p><label>%s <input name=\"quiet\" value=\"%s\" required></label> "
			"<label>%s <input name=\"digest\" value=\"%s\" required></label></p>",
			_("Quiet, as 22:00-07:00 or off"), json_text_of(tell, "quiet"),
			_("Digest, as 08:00 or off"), json_text_of(tell, "digest"));
		put_form_end(page, "", _("Keep"));
	} else {
		html(&page->out, "<p>%s %s, %s %s</p>\n", _("Quiet:"), json_text_of(tell, "quiet"),
			_("digest:"), json_text_of(tell, "digest"));
	}
	html(&page->out, "</section>\n");
}

static void
put_field(struct sheet *page, const char *name, const char *label, const char *type)
{
	html(&page->out,
		"<p><label>%s <input name=\"%s\" type=\"%s\" autocomplete=\"off\" "
		"autocapitalize=\"none\"></label></p>\n",
		label, name, type);
}

static void
put_new(struct sheet *page)
{
	if (!may(page, "admin"))
		return;
	html(&page->out, "<section class=\"card narrow\"><h2>%s</h2>\n<p>%s</p>\n<ul>",
		_("Tell one more"),
		_("What leaves the home is encrypted; on the LAN an address may do without."));
	html(&page->out,
		"<li><code>https://</code> %s</li><li><code>ntfy://HOST/TOPIC</code> %s</li>"
		"<li><code>smtps://HOST</code> %s</li><li><code>mqtts://HOST</code> %s</li></ul>\n",
		_("a webhook, signed"), _("your phone, by ntfy"), _("mail"),
		_("Home Assistant, by its broker"));
	if (put_form(page, "tell.add", "show", "yes", END_PAIRS)) {
		put_field(page, "name", _("Name"), "text");
		put_field(page, "url", _("Where (URL)"), "text");
		put_field(page, "user", _("User, where it wants one"), "text");
		put_field(page, "secret",
			_("Password, token or key; a webhook without one is given one"),
			"password");
		put_field(page, "recipient", _("Mail: to"), "email");
		html(&page->out,
			"<p><label>%s <select name=\"wants\"><option "
			"value=\"all\">%s</option><option "
			"value=\"urgent\">%s</option><option value=\"digest\">%s</option></select>"
			"</label></p><p><label>%s <select name=\"scope\"><option value=\"read\">%s"
			"</option><option value=\"act\">%s</option><option value=\"admin\">%s"
			"</option></select></label></p>",
			_("Is told"), _("everything"), _("only what interrupts"),
			_("only the digest"), _("Home Assistant may"), _("only look"),
			_("pause devices"), _("pause, and put into quarantine"));
		put_form_end(page, "main", _("Tell it"));
	}
	html(&page->out, "</section>\n");
}

void
page_tell(struct sheet *page)
{
	const json_t *tell = page->answer[0];

	html(&page->out, "<p class=\"lead\">%s</p>\n<section class=\"card\"><h2>%s</h2>\n",
		_("Four things interrupt: harm, a new device, one that must not fall silent and "
		  "did, "
		  "and this gateway in trouble. The rest waits for the digest."),
		_("Who is told"));
	put_receivers(page, json_object_get(tell, "receivers"));
	html(&page->out, "</section>\n");
	put_hours(page, tell);
	put_new(page);
}
