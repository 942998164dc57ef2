/* SPDX-License-Identifier: Apache-2.0 */
/* The labels that are out: what each is worth now, what was said of it, and those of others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "label/label_page.h"
#include "label/qr.h"
#include "page/label.h"
#include "page/pages.h"

/* --- all of them ------------------------------------------------------------------------------ */

static void
put_label_row(struct sheet *page, const json_t *row)
{
	html(&page->out,
		"<tr><th scope=\"row\"><a href=\"/labels/issued/%s\">%s %s</a></th><td>%s</td><td>",
		json_text_of(row, "label"), json_text_of(row, "maker"),
		*json_text_of(row, "model") ? json_text_of(row, "model")
					    : json_text_of(row, "label"),
		!strcmp(json_text_of(row, "of"), "model") ? _("the model") : _("one device"));
	put_band(page, json_text_of(row, "band"));
	html(&page->out, "</td><td>");
	put_chip(page, json_text_of(json_object_get(row, "status"), "word"));
	html(&page->out, "<br><span class=\"soft\">%s</span></td><td>",
		words_of(json_object_get(row, "status"), "reason"));
	put_time(page, number_of(row, "issued"));
	html(&page->out, "</td></tr>\n");
}

static void
put_own(struct sheet *page, const json_t *own)
{
	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("Who issues here"));
	if (json_is_object(own))
		html(&page->out,
			"<p><b>%s</b>, %s, <code>%s</code></p><p class=\"soft\">%s <code>pinfold "
			"label publish %s --follow</code></p>\n",
			json_text_of(own, "name"), words_of(own, "kind"), json_text_of(own, "url"),
			_("So that a phone in the shop sees today's status, a web server of that "
			  "address "
			  "serves the folder that this keeps:"),
			"/srv/labels");
	else
		put_empty(page, _("Nobody yet. A label needs an address under which it can be "
				  "looked up."));
	if (put_form(page, "label.issuer", END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"url\" type=\"url\" required value=\"%s\" "
			"placeholder=\"https://labels.example\"></label> <label>%s <input "
			"name=\"name\" required maxlength=\"63\" value=\"%s\"></label> <label>%s "
			"<select name=\"kind\">",
			_("Address"), json_text_of(own, "url"), _("Name"),
			json_text_of(own, "name"), _("who is"));
		static const char *const kinds[][2] = {{"household", N_("a household")},
			{"laboratory", N_("a laboratory")}, {"retailer", N_("a shop")},
			{"maker", N_("a maker")}, {"consumer-body", N_("a consumer body")}};
		for (size_t i = 0; i < COUNT_OF(kinds); i++)
			html(&page->out, "<option value=\"%s\"%s>%s</option>", kinds[i][0],
				!strcmp(kinds[i][0], json_text_of(own, "kind")) ? " selected" : "",
				_(kinds[i][1]));
		html(&page->out, "</select></label> ");
		put_form_end(page, "", _("Set it"));
	}
	html(&page->out, "</section>\n");
}

static void
put_trusted(struct sheet *page, const json_t *trusted)
{
	const json_t *row;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><p class=\"soft\">%s</p>\n",
		_("Whose labels are believed"),
		_("In one direction: what they take back narrows a device here. No word of theirs "
		  "ever widens anything, and you can override each."));
	if (!json_array_size(json_object_get(trusted, "issuers")))
		put_empty(page, _("Nobody's."));
	html(&page->out, "<ul class=\"plain-list\">");
	json_array_foreach(json_object_get(trusted, "issuers"), i, row)
		html(&page->out, "<li><b>%s</b><br><code>%s</code></li>", json_text_of(row, "url"),
			json_text_of(row, "key"));
	html(&page->out, "</ul>\n");
	json_array_foreach(json_object_get(trusted, "devices"), i, row)
	{
		const json_t *device = json_object_get(row, "device");
		html(&page->out, "<div class=\"fault\"><h3>");
		put_device_link(page, device);
		html(&page->out, "</h3>");
		put_attached(page, row, json_text_of(device, "id"));
		html(&page->out, "</div>");
	}
	if (put_form(page, "label.trust", END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"url\" type=\"url\" required></label> <label>%s "
			"<input name=\"key\" required minlength=\"64\" maxlength=\"64\" "
			"pattern=\"[0-9a-f]{64}\"></label> ",
			_("Address"), _("Key, 64 hexadecimal digits"));
		put_form_end(page, "", _("Believe it"));
	}
	if (put_form(page, "label.status", END_PAIRS)) {
		html(&page->out,
			"<label>%s <textarea name=\"status\" rows=\"2\" maxlength=\"15000\" "
			"required></textarea></label> ",
			_("A status of one of them (the text of status.jwt)"));
		put_form_end(page, "", _("Take it in"));
	}
	html(&page->out, "</section>\n");
}

static void
put_said_row(struct sheet *page, const json_t *row, bool with_label)
{
	html(&page->out, "<li>");
	put_chip(page, json_text_of(row, "status"));
	html(&page->out, " %s", !strcmp(json_text_of(row, "kind"), "issue") ? _("issued") : "");
	if (with_label)
		html(&page->out, " <a href=\"/labels/issued/%s\">%s</a>",
			json_text_of(row, "label"), json_text_of(row, "label"));
	html(&page->out, ", %s %lld. %s <span class=\"soft\">%s %lld, ", _("revision"),
		number_of(row, "revision"), words_of(row, "reason"), _("entry"),
		number_of(row, "entry"));
	put_time(page, number_of(row, "at"));
	html(&page->out, "</span></li>\n");
}

static void
put_history(struct sheet *page, size_t answer, const char *more)
{
	const json_t *row;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><p class=\"soft\">%s</p>",
		_("What was said, and when"),
		_("From the log, which is only ever added to; whoever keeps a checkpoint of it "
		  "finds a quiet change."));
	if (!json_array_size(page->answer[answer]))
		put_empty(page, _("Nothing yet."));
	html(&page->out, "<ol class=\"plain-list\">\n");
	json_array_foreach(page->answer[answer], i, row) put_said_row(page, row, !more[0]);
	html(&page->out, "</ol>\n");
	if (page->next[answer])
		html(&page->out, "<p><a rel=\"next\" href=\"%s?before=%lld\">%s</a></p>",
			page->path, (long long)page->next[answer], _("Earlier"));
	html(&page->out, "</section>\n");
}

void
page_labels(struct sheet *page)
{
	const json_t *row;
	size_t i;

	html(&page->out, "<p class=\"lead\">%s <a href=\"/bands\">%s</a></p>\n",
		_("What is known of a device or a model, signed, and what that is worth today."),
		_("What its words ask for"));
	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("Labels that are out"));
	if (!json_array_size(page->answer[0]))
		put_empty(page, _("None. On the page of a device, under Label, its label is "
				  "issued."));
	else
		put_table(page, _("Product"), _("Of"), _("Band"), _("Now"), _("Issued"), END_TABLE);
	json_array_foreach(page->answer[0], i, row) put_label_row(page, row);
	if (json_array_size(page->answer[0]))
		put_table_end(page);
	if (page->next[0])
		html(&page->out, "<p><a rel=\"next\" href=\"/labels?after=%lld\">%s</a></p>",
			(long long)page->next[0], _("More labels"));
	html(&page->out, "</section>\n<div class=\"passport\"><div>\n");
	put_own(page, json_object_get(page->answer[1], "own"));
	put_trusted(page, page->answer[1]);
	html(&page->out, "</div><div>\n");
	put_history(page, 2, "");
	html(&page->out, "</div></div>\n");
}

/* --- one ------------------------------------------------------------------------------------------ */

static void
put_act(struct sheet *page, const char *verb, const char *id, const char *kind, const char *word)
{
	if (!put_form(page, verb, "label", id, END_PAIRS))
		return;
	html(&page->out, "<label>%s <input name=\"reason\" maxlength=\"159\" required></label> ",
		_("Because"));
	put_form_end(page, kind, word);
}

static void
put_acts(struct sheet *page, const char *id)
{
	if (!may(page, "admin"))
		return;
	html(&page->out, "<details><summary>%s</summary>", _("Change what it is worth"));
	put_act(page, "label.suspend", id, "", _("Suspend it"));
	put_button(page, "label.restore", "", _("Restore it"), "label", id, END_PAIRS);
	put_button(
		page, "label.retire", "", _("Another has taken its place"), "label", id, END_PAIRS);
	put_act(page, "label.revoke", id, "danger", _("Take it back, for good"));
	html(&page->out, "</details>\n");
}

static void
put_clauses_of(struct sheet *page, const json_t *clauses)
{
	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("By subject"));
	put_table(page, _("Clause"), _("Verdict"), _("EN 303 645"), END_TABLE);
	for (size_t i = 0; i < LABEL_CLAUSES; i++) {
		const char *word = json_text_of(clauses, label_clause_id(i));
		html(&page->out, "<tr><th scope=\"row\">%s</th><td>", label_clause_id(i));
		put_chip(page, *word ? word : "INC");
		html(&page->out, "</td><td>%s</td></tr>\n", say_words(label_clause_title(i), NULL));
	}
	put_table_end(page);
	html(&page->out, "</section>\n");
}

void
page_issued(struct sheet *page)
{
	const json_t *issued = json_object_get(page->answer[0], "issued"),
		     *label = json_object_get(page->answer[0], "label");
	const char *id = json_text_of(issued, "label"), *device = json_text_of(issued, "device"),
		   *address = json_text_of(page->answer[0], "address");

	html(&page->out, "<p><a href=\"/labels\">&#8592; %s</a></p><p class=\"name\">%s %s</p>\n",
		_("Labels"), json_text_of(issued, "maker"), json_text_of(issued, "model"));
	html(&page->out, "<div class=\"passport\"><div><section class=\"card\"><p class=\"lead\">");
	put_band(page, json_text_of(issued, "band"));
	html(&page->out, " ");
	put_status(page, issued);
	html(&page->out, "</p><p>%s <code>%s</code>, %s %lld, %s ", _("Label"), id, _("revision"),
		number_of(issued, "revision"), _("issued"));
	put_time(page, number_of(issued, "issued"));
	html(&page->out, "</p>\n");
	html(&page->out, "<dl>");
	put_label_facts(page, label);
	html(&page->out, "</dl>\n");
	if (*device)
		html(&page->out, "<p><a href=\"/labels/%s\">%s</a></p>", device,
			_("What is known of the device today"));
	put_acts(page, id);
	html(&page->out, "</section>\n");
	put_history(page, 1, id);
	html(&page->out,
		"</div><div><section class=\"card\"><h2>%s</h2><img class=\"qr\" "
		"src=\"/labels/issued/%s/qr.svg\" alt=\"%s\" width=\"220\" height=\"220\"><p>%s "
		"<a href=\"%s\" rel=\"noreferrer\">%s</a></p><p><a "
		"href=\"/labels/issued/%s/label.svg\">%s</a> &#183; <a "
		"href=\"/labels/issued/%s/label.json\">%s</a></p><p "
		"class=\"soft\">%s</p></section>\n",
		_("For the box, and for phones"), id, _("QR code of its address"),
		_("Its page, once it is published:"), address, address, id, _("picture (SVG)"), id,
		_("data (JSON)"),
		_("These are not signed, to be looked at. The signed ones, which a stranger can "
		  "check without a network, lie beside its page: label.jwt, label.svg, qr.svg."));
	put_clauses_of(page, json_object_get(json_object_get(label, "verdicts"), "clauses"));
	html(&page->out, "</div></div>\n");
}

/* --- files ------------------------------------------------------------------------------------------ */

static void
put_memory(struct sheet *page, FILE *file, char **text, size_t *len)
{
	if (fclose(file))
		abort();
	html_raw(&page->out, *text, *len);
}

void
file_label_json(struct sheet *page)
{
	auto_free char *text = json_dumps(json_object_get(page->answer[0], "label"),
		JSON_INDENT(1) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	if (text)
		html_raw(&page->out, text, strlen(text));
}

void
file_label_qr(struct sheet *page)
{
	auto_free char *text = NULL;
	struct fault why;
	struct qr qr;
	size_t len;

	if (!qr_make(&qr, json_text_of(page->answer[0], "address"), &why))
		return;
	FILE *file = open_memstream(&text, &len);
	if (!file)
		abort();
	qr_svg(&qr, file);
	qr_free(&qr);
	put_memory(page, file, &text, &len);
}

void
file_label_svg(struct sheet *page)
{
	static struct label label;
	auto_free char *text = NULL;
	struct fault why;
	struct qr qr;
	size_t len;

	if (!label_from_json(&label, json_object_get(page->answer[0], "label"), &why) ||
		!qr_make(&qr, json_text_of(page->answer[0], "address"), &why))
		return;
	FILE *file = open_memstream(&text, &len);
	if (!file)
		abort();
	label_svg(&label, "", &qr, file);
	qr_free(&qr);
	put_memory(page, file, &text, &len);
}
