/* SPDX-License-Identifier: Apache-2.0 */
/* The test bench: run an audit, watch it, read what came out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/pages.h"
#include "page/piece.h"

static void
put_begin(struct sheet *page)
{
	const char *chosen = asked(page, "device");

	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("Test a device"));
	if (!put_form(page, "audit.run", END_PAIRS)) {
		put_empty(page, _("That is for who looks after this gateway."));
		html(&page->out, "</section>\n");
		return;
	}
	html(&page->out, "<p><label>%s <select name=\"device\" required>", _("Which?"));
	put_device_options(page, page->answer[1], chosen);
	html(&page->out,
		"</select></label> <label>%s <select name=\"profile\"><option "
		"value=\"quick\">%s</option>"
		"<option "
		"value=\"full\">%s</option></select></label></p><fieldset><legend>%s</legend>"
		"<label><input type=\"radio\" name=\"consent\" value=\"passive\"> %s</label> "
		"<label><input type=\"radio\" name=\"consent\" value=\"probe\" checked> %s</label> "
		"<label><input type=\"radio\" name=\"consent\" value=\"intrude\"> "
		"%s</label></fieldset>\n",
		_("How long?"), _("15 minutes at most"), _("as long as a day"),
		_("What may be done to it?"), _("only watch what it does by itself"),
		_("connect to it and ask"), _("also confuse and interrupt it"));
	put_form_end(page, "main", _("Begin"));
	html(&page->out, "</section>\n");
}

void
page_bench(struct sheet *page)
{
	const json_t *run;
	size_t i;

	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("The same checks that laboratories use, with their evidence. Nothing is called "
		  "passed "
		  "that was not shown."));
	put_begin(page);
	html(&page->out,
		"<section class=\"card wide\"><h2>%s</h2><table><thead><tr><th "
		"scope=\"col\">%s</th><th "
		"scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th><th "
		"scope=\"col\">%s</th></tr></thead><tbody>\n",
		_("Audits"), _("Run"), _("Device"), _("State"), _("Consent"), _("Begun"));
	json_array_foreach(page->answer[0], i, run)
	{
		html(&page->out, "<tr><th scope=\"row\"><a href=\"/bench/%lld\">%lld</a></th><td>",
			number_of(run, "run"), number_of(run, "run"));
		put_device_link(page, json_object_get(run, "device"));
		html(&page->out, "</td><td>");
		put_chip(page, json_text_of(run, "state"));
		html(&page->out, "</td><td>%s</td><td>", json_text_of(run, "consent"));
		put_time(page, number_of(run, "begun"));
		html(&page->out, "</td></tr>\n");
	}
	html(&page->out, "</tbody></table></section>\n");
}

/* --- one run ---------------------------------------------------------------------------------- */

static void
put_progress(struct sheet *page, const json_t *run)
{
	const json_t *progress = json_object_get(run, "progress");
	char number[24];

	if (!json_is_object(progress))
		return;
	snprintf(number, sizeof number, "%lld", number_of(run, "run"));
	html(&page->out,
		"<section class=\"card\"><h2>%s</h2><p><progress max=\"%lld\" value=\"%lld\" "
		"aria-label=\"%s\"></progress> %lld / %lld, %s</p><p class=\"soft\">%s</p>",
		_("Running"), number_of(progress, "all"), number_of(progress, "done"),
		_("checks that are done"), number_of(progress, "done"), number_of(progress, "all"),
		json_text_of(progress, "title"), json_text_of(progress, "note"));
	put_button(page, "audit.stop", "", _("Stop it"), "run", number, END_PAIRS);
	html(&page->out, "</section>\n");
}

static void
put_findings(struct sheet *page, const json_t *findings)
{
	const json_t *finding;
	size_t i;

	html(&page->out,
		"<section class=\"card wide\"><h2>%s</h2><table><thead><tr><th "
		"scope=\"col\">%s</th><th "
		"scope=\"col\">%s</th><th scope=\"col\">%s</th><th "
		"scope=\"col\">%s</th></tr></thead>"
		"<tbody>\n",
		_("What was found"), _("Provision"), _("Verdict"), _("Why"), _("Check"));
	json_array_foreach(findings, i, finding)
	{
		html(&page->out, "<tr><th scope=\"row\">%s</th><td>",
			json_text_of(finding, "provision"));
		put_chip(page, json_text_of(finding, "verdict"));
		html(&page->out, "</td><td>%s</td><td><code>%s</code></td></tr>\n",
			json_text_of(finding, "text"), json_text_of(finding, "check"));
	}
	html(&page->out, "</tbody></table></section>\n");
}

void
page_audit(struct sheet *page)
{
	const json_t *run = page->answer[0], *result = json_object_get(run, "result");
	const json_t *provisions =
		json_object_get(json_object_get(result, "verdicts"), "provisions");

	html(&page->out, "<p class=\"lead\">");
	put_device_link(page, json_object_get(run, "device"));
	html(&page->out, " ");
	put_chip(page, json_text_of(run, "state"));
	html(&page->out, " %s, %s, %s ", json_text_of(run, "profile"), json_text_of(run, "pace"),
		json_text_of(run, "consent"));
	put_time(page, number_of(run, "begun"));
	html(&page->out, "</p>\n");
	if (*json_text_of(run, "why"))
		put_trouble(page, json_text_of(run, "why"));
	put_progress(page, run);
	html(&page->out, "<p><a href=\"/gate/%lld\">%s</a></p>\n", number_of(run, "run"),
		_("May it go on the shelf?"));
	if (json_array_size(provisions)) {
		html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("By clause"));
		put_clauses(page, provisions);
		html(&page->out, "</section>\n");
	}
	if (result)
		put_findings(page, json_object_get(result, "findings"));
}

/* --- the gate ---------------------------------------------------------------------------------- */

void
page_gate(struct sheet *page)
{
	const json_t *gate = page->answer[0], *reason;
	size_t i;

	html(&page->out, "<section class=\"card\"><p class=\"lead\">");
	put_chip(page, json_text_of(gate, "answer"));
	html(&page->out, " %s <a href=\"/bench/%lld\">%s %lld</a></p><ol>",
		json_text_of(gate, "device"), number_of(gate, "run"), _("by audit"),
		number_of(gate, "run"));
	json_array_foreach(json_object_get(gate, "reasons"), i, reason)
	{
		html(&page->out, "<li><b>%s</b> %s", json_text_of(reason, "provision"),
			json_text_of(reason, "text"));
		if (*json_text_of(reason, "fix"))
			html(&page->out, " <span class=\"soft\">%s</span>",
				json_text_of(reason, "fix"));
		html(&page->out, "</li>");
	}
	html(&page->out, "</ol></section>\n");
}
