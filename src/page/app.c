/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that a person takes part in: the app on a phone, and a factory reset. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/reset.h"
#include "page/audit.h"
#include "page/pages.h"

/* --- apps -------------------------------------------------------------------------------------- */

static bool
is_of_app(const json_t *run)
{
	const char *profile = json_text_of(run, "profile");
	return !strcmp(profile, "app") || !strcmp(profile, "phone");
}

static void
put_phones(struct sheet *page, const json_t *devices, bool are_phones)
{
	const json_t *device;
	size_t i;

	json_array_foreach(devices, i, device)
	{
		if (!strcmp(json_text_of(device, "class"), "personal") == are_phones)
			html(&page->out, "<option value=\"%s\">%s</option>",
				json_text_of(device, "id"), json_text_of(device, "label"));
	}
}

static void
put_window(struct sheet *page)
{
	html(&page->out, "<section class=\"card\"><h2>%s</h2><p>%s</p>",
		_("Watch an app on a phone, for some minutes"),
		_("Of a phone nothing but presence is ever recorded. This is the one exception, "
		  "and only who owns the phone can make it: until it ends, what the phone sends "
		  "to the servers of the device that the app belongs to is kept and looked at. "
		  "Everything else it does is thrown away as ever. It ends by itself."));
	if (!put_form(page, "audit.app.run", END_PAIRS)) {
		put_empty(page, _("That is for who looks after this gateway."));
		html(&page->out, "</section>\n");
		return;
	}
	html(&page->out, "<p><label>%s <select name=\"device\" required>", _("On which phone?"));
	put_phones(page, page->answer[1], true);
	html(&page->out, "</select></label> <label>%s <select name=\"of\" required>",
		_("The app of which device?"));
	put_phones(page, page->answer[1], false);
	html(&page->out,
		"</select></label> <label>%s <select "
		"name=\"minutes\"><option>20</option><option>10</option><option>40</option><option>"
		"60</option></select></label></p><p><label><input type=\"checkbox\" "
		"name=\"trackers\" value=\"yes\"> %s</label></p><p><label><input type=\"checkbox\" "
		"name=\"consent\" value=\"app\" required> %s</label></p>\n",
		_("For how many minutes?"),
		_("also what it sends to services known to collect data"),
		_("The owner of this phone sits here and agrees."));
	put_form_end(page, "main", _("Begin, and open the app now"));
	html(&page->out, "</section>\n");
}

void
page_apps(struct sheet *page)
{
	const json_t *run;
	bool is_any = false;
	size_t i;

	put_bench_pages(page, "/apps");
	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("Many a device is run from an app, and the app can undo what the device does "
		  "right. What is found of an app says nothing of the device."));
	put_window(page);
	html(&page->out,
		"<section class=\"card\"><h2>%s</h2><p>%s <code>pinfold audit app "
		"FILE.apk</code></p></section>\n",
		_("What an app's package says of itself"), _("On the gateway itself:"));
	html(&page->out, "<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">\n",
		_("Apps that were looked at"));
	json_array_foreach(page->answer[0], i, run)
	{
		if (!is_of_app(run))
			continue;
		is_any = true;
		html(&page->out, "<li><a href=\"/bench/%lld\">%s %lld</a> %s ",
			number_of(run, "run"), _("Audit"), number_of(run, "run"),
			json_text_of(json_object_get(run, "device"), "name"));
		put_chip(page, json_text_of(run, "state"));
		html(&page->out, " ");
		put_time(page, number_of(run, "begun"));
		html(&page->out, "</li>\n");
		put_progress(page, run);
	}
	html(&page->out, "</ul>");
	if (!is_any)
		put_empty(page, _("None yet."));
	html(&page->out, "</section>\n");
}

/* --- a factory reset ------------------------------------------------------------------------------ */

/* One that was begun here or on the console, and has not ended; NULL: none. */
static const json_t *
running_reset(const json_t *runs)
{
	const json_t *run;
	size_t i;

	json_array_foreach(runs, i, run)
	{
		if (!number_of(run, "ended") && !strcmp(json_text_of(run, "profile"), "chosen") &&
			!strcmp(json_text_of(run, "consent"), "intrude"))
			return run;
	}
	return NULL;
}

void
page_reset(struct sheet *page)
{
	const json_t *device = page->answer[0], *run = running_reset(page->answer[1]);
	const char *id = json_text_of(device, "id");

	put_back_to_device(page, device);
	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("Does it forget whom it belonged to? You reset it, and what is left is looked "
		  "for. It takes two to ten minutes, and nothing is lost but what the device "
		  "itself erases."));
	if (run) {
		put_progress(page, run);
		html(&page->out, "<p><a href=\"/bench/%lld\">%s</a></p>\n", number_of(run, "run"),
			_("All of this audit"));
	}
	html(&page->out,
		"<section class=\"card\"><h2>%s</h2><ol><li>%s <code>%s</code> %s</li><li>%s</li>"
		"<li>%s</li><li>%s</li></ol>",
		_("Step by step"),
		_("Set the device up as its owner would, and set its password to"), RESET_CANARY,
		_("(user admin or root). Where it has no password: leave it as it is."),
		_("Begin below. First it is looked at as it is."),
		_("When this page asks for it, reset the device as its manual says: mostly by "
		  "holding a button for ten seconds."),
		_("Do not set it up again before the test has ended."));
	if (!run && put_form(page, "audit.run", "device", id, "consent", "intrude", "checks",
			    "tcp-ports,reset-before,reset-after", END_PAIRS)) {
		html(&page->out,
			"<label>%s <select name=\"pace\"><option value=\"gentle\">%s</option>"
			"<option value=\"lab\">%s</option></select></label> ",
			_("How fast?"), _("gently: it is in use"),
			_("fast: it is there to be tested"));
		put_form_end(page, "main", _("Step 1 is done: begin"));
	}
	html(&page->out, "</section>\n");
}
