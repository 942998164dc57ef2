/* SPDX-License-Identifier: Apache-2.0 */
#include "page/sheet.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "page/piece.h"

const char *
asked(const struct sheet *page, const char *key)
{
	return json_text_of(page->args, key);
}

bool
may(const struct sheet *page, const char *scope)
{
	static const char *const scopes[] = {"", "read", "act", "admin"};
	size_t has = 0, needs = 0;

	for (size_t i = 0; i < COUNT_OF(scopes); i++) {
		has = page->scope && !strcmp(page->scope, scopes[i]) ? i : has;
		needs = !strcmp(scope, scopes[i]) ? i : needs;
	}
	return has >= needs;
}

static void
put_navigation(struct sheet *page, const struct navigation *rows)
{
	html(&page->out, "<nav aria-label=\"%s\"><ul>", _("Pages"));
	for (; rows->path; rows++) {
		size_t len = strlen(rows->path);
		/* With one of the devices one is still with the devices. */
		bool is_here = len > 1 ? !strncmp(page->path, rows->path, len) &&
						 (!page->path[len] || page->path[len] == '/')
				       : !strcmp(page->path, rows->path);
		html(&page->out, "<li><a href=\"%s\"%s>%s</a></li>", rows->path,
			is_here ? " aria-current=\"page\"" : "", _(rows->word));
	}
	html(&page->out, "</ul></nav>\n<a class=\"button help\" href=\"/help-now\">%s</a>",
		_("Something not working?"));
}

bool
takes_passkeys(const struct sheet *page)
{
	return page->passkeys && *page->passkeys && page->origin &&
	       !strcmp(page->passkeys, page->origin);
}

/* A form was done: what it was stands in the journal, and there it is taken back. */
static void
put_said(struct sheet *page)
{
	const char *row = asked(page, "said");

	/* It goes into the path of a form, and whoever made a link to here wrote it. */
	if (!*row || strspn(row, "0123456789") != strlen(row))
		return;
	html(&page->out, "<div class=\"notice\" role=\"status\"><p>%s</p>",
		_("Done, and in force."));
	put_button(page, "policy.undo", "", _("Undo"), "journal", row, END_PAIRS);
	html(&page->out, "</div>\n");
}

void
sheet_begin(struct sheet *page, const char *title, const struct navigation *rows)
{
	bool is_themed = page->theme && *page->theme;

	html(&page->out, "<!doctype html>\n<html lang=\"%s\"",
		page->language ? page->language : "en");
	if (is_themed)
		html(&page->out, " data-theme=\"%s\"", page->theme);
	html(&page->out,
		">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s &#183; "
		"Pinfold</title>\n<link rel=\"stylesheet\" href=\"/page.css\">\n"
		"<link rel=\"icon\" href=\"/icon.svg\">\n<script src=\"/page.js\" "
		"defer></script>\n",
		title);
	if (page->script && takes_passkeys(page))
		html(&page->out, "<script src=\"%s\" defer></script>\n", page->script);
	html(&page->out,
		"</head>\n<body>\n<a class=\"skip\" href=\"#main\">%s</a>\n<header class=\"top\">"
		"<a class=\"brand\" href=\"/\">Pinfold</a>\n",
		_("To the content"));
	if (page->who)
		put_navigation(page, rows);
	html(&page->out,
		"</header>\n<main id=\"main\" tabindex=\"-1\">\n"
		"<p id=\"live\" class=\"soft\" role=\"status\" data-old=\"%s\" "
		"data-lost=\"%s\"></p>\n<h1>%s</h1>\n",
		_("The gateway does not answer. What is shown may be old; trying again."),
		_("Connection lost. The rules hold meanwhile; trying again."), title);
	put_said(page);
}

static void
put_looks(struct sheet *page)
{
	static const struct {
		const char *word, *label;
	} themes[] = {{"system", N_("as the system")}, {"light", N_("light")}, {"dark", N_("dark")},
		{"contrast", N_("high contrast")}};

	html(&page->out,
		"<li><form method=\"get\" action=\"/looks\"><input type=\"hidden\" name=\"back\" "
		"value=\"%s\"><label>%s <select name=\"theme\">",
		page->path, _("Looks"));
	for (size_t i = 0; i < COUNT_OF(themes); i++)
		html(&page->out, "<option value=\"%s\"%s>%s</option>", themes[i].word,
			page->theme && !strcmp(page->theme, themes[i].word) ? " selected" : "",
			_(themes[i].label));
	html(&page->out, "</select></label> <button class=\"plain\">%s</button></form></li>",
		_("Set"));
}

void
sheet_end(struct sheet *page)
{
	html(&page->out, "</main>\n<footer><ul>");
	if (page->who) {
		html(&page->out, "<li>%s <a href=\"/account\">%s</a></li><li>", _("You are"),
			page->who);
		put_button(page, "session.logout", "", _("Log out"), END_PAIRS);
		html(&page->out, "</li>");
	}
	put_looks(page);
	html(&page->out, "</ul><p class=\"soft\">%s</p></footer>\n</body>\n</html>\n",
		_("Nothing of this page, and nothing that it shows, leaves this gateway."));
}
