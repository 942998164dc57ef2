/* SPDX-License-Identifier: Apache-2.0 */
/* The test bench: begin an audit, and see what there was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/audit.h"
#include "page/pages.h"

void
put_bench_pages(struct sheet *page, const char *here)
{
	static const struct {
		const char *path, *word;
	} rows[] = {{"/bench", N_("Audits")}, {"/shelf", N_("Shelf")}, {"/apps", N_("Apps")}};

	html(&page->out, "<ul class=\"facets\">");
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		html(&page->out, "<li><a href=\"%s\"%s>%s</a></li>", rows[i].path,
			!strcmp(rows[i].path, here) ? " aria-current=\"true\"" : "",
			_(rows[i].word));
	html(&page->out, "</ul>\n");
}

static void
put_choice(struct sheet *page, const char *name, const char *legend, const char *const (*rows)[2],
	size_t n, size_t chosen)
{
	html(&page->out, "<fieldset><legend>%s</legend>", legend);
	for (size_t i = 0; i < n; i++)
		html(&page->out,
			"<label><input type=\"radio\" name=\"%s\" value=\"%s\"%s> %s</label> ",
			name, rows[i][0], i == chosen ? " checked" : "", _(rows[i][1]));
	html(&page->out, "</fieldset>\n");
}

static void
put_begin(struct sheet *page)
{
	static const char *const profiles[][2] = {
		{"quick", N_("15 minutes at most")}, {"full", N_("as long as a day")}};
	static const char *const consents[][2] = {
		{"passive", N_("only watch what it does by itself")},
		{"probe", N_("connect to it and ask")},
		{"intrude", N_("also confuse and interrupt it")}};
	static const char *const paces[][2] = {{"gentle", N_("gently: it is in use")},
		{"lab", N_("fast: it is there to be tested")}};

	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("Test a device"));
	if (!put_form(page, "audit.run", END_PAIRS)) {
		put_empty(page, _("That is for who looks after this gateway."));
		html(&page->out, "</section>\n");
		return;
	}
	html(&page->out, "<p><label>%s <select name=\"device\" required>", _("Which?"));
	put_device_options(page, page->answer[1], asked(page, "device"));
	html(&page->out,
		"</select></label> <label>%s <input name=\"maker\" maxlength=\"255\" "
		"placeholder=\"https://maker.example\"></label></p>\n",
		_("Its maker's site, if you know it"));
	put_choice(page, "profile", _("How long?"), profiles, COUNT_OF(profiles), 0);
	put_choice(page, "consent", _("What may be done to it?"), consents, COUNT_OF(consents), 1);
	put_choice(page, "pace", _("How fast?"), paces, COUNT_OF(paces), 0);
	put_form_end(page, "main", _("Begin"));
	html(&page->out, "</section>\n");
}

static void
put_run(struct sheet *page, const json_t *run)
{
	const json_t *progress = json_object_get(run, "progress");

	html(&page->out, "<tr><th scope=\"row\"><a href=\"/bench/%lld\">%lld</a></th><td>",
		number_of(run, "run"), number_of(run, "run"));
	put_device_link(page, json_object_get(run, "device"));
	html(&page->out, "</td><td>");
	put_chip(page, json_text_of(run, "state"));
	if (json_is_object(progress))
		html(&page->out, " %lld / %lld", number_of(progress, "done"),
			number_of(progress, "all"));
	html(&page->out, "</td><td>%s, %s, %s</td><td>", words_of(run, "profile"),
		words_of(run, "pace"), words_of(run, "consent"));
	put_time(page, number_of(run, "begun"));
	html(&page->out, "</td></tr>\n");
}

static void
put_runs(struct sheet *page)
{
	const json_t *run;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("Audits"));
	if (!json_array_size(page->answer[0])) {
		put_empty(page, _("None yet. Choose a device above: a first look takes a few "
				  "minutes and harms nothing."));
		html(&page->out, "</section>\n");
		return;
	}
	put_table(page, _("Run"), _("Device"), _("State"), _("How"), _("Begun"), END_TABLE);
	json_array_foreach(page->answer[0], i, run) put_run(page, run);
	put_table_end(page);
	if (page->next[0])
		html(&page->out,
			"<p><a rel=\"next\" href=\"/bench?before=%lld&amp;device=%s\">%s</a></p>\n",
			(long long)page->next[0], asked(page, "device"), _("Earlier"));
	html(&page->out, "</section>\n");
}

void
page_bench(struct sheet *page)
{
	put_bench_pages(page, "/bench");
	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("The same checks that laboratories use, with their evidence. Nothing is called "
		  "passed that was not shown."));
	put_begin(page);
	put_runs(page);
}
