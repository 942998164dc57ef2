/* SPDX-License-Identifier: Apache-2.0 */
/* Who somebody is: claiming the gateway, logging in, accounts, sessions and tokens. */
#include <stdio.h>
#include <string.h>

#include "page/pages.h"
#include "page/piece.h"

static void
put_field(struct sheet *page, const char *name, const char *label, const char *attributes)
{
	html(&page->out, "<p><label>%s<input name=\"%s\" required ", label, name);
	html_raw(&page->out, attributes, strlen(attributes)); /* the program's own */
	html(&page->out, "></label></p>\n");
}

/* Nobody is logged in: there is no scope to ask for, and the proof is empty. */
static void
put_open_form(struct sheet *page, const char *path, const char *back)
{
	html(&page->out,
		"<section class=\"card narrow\"><form method=\"post\" action=\"/do%s\">"
		"<input type=\"hidden\" name=\"csrf\" value=\"%s\">"
		"<input type=\"hidden\" name=\"back\" value=\"%s\">\n",
		path, page->proof, *back ? back : "/");
}

static void
end_open_form(struct sheet *page, const char *label)
{
	html(&page->out,
		"<p><button class=\"button main large\">%s</button></p></form></section>\n", label);
}

/* For a script, which shows it where the browser can (web/passkey.js). */
static void
put_passkey_form(struct sheet *page, const char *act)
{
	html(&page->out,
		"<form method=\"post\" class=\"passkey\" data-passkey=\"%s\" data-known=\"%s\" "
		"data-cancelled=\"%s\"><input type=\"hidden\" name=\"csrf\" value=\"%s\">\n",
		act, _("This phone or key has a passkey of yours already."),
		_("That took too long, or was cancelled. Try it again."), page->proof);
}

static void
put_passkey_login(struct sheet *page)
{
	const char *back = asked(page, "back");

	html(&page->out, "<div class=\"narrow\">");
	put_passkey_form(page, "login");
	html(&page->out,
		"<input type=\"hidden\" name=\"back\" value=\"%s\">\n<p><button "
		"class=\"button large\">%s</button></p><p class=\"soft\" role=\"status\"></p>"
		"</form></div>\n",
		*back ? back : "/", _("Log in with a passkey"));
}

void
page_login(struct sheet *page)
{
	put_open_form(page, "/session", asked(page, "back"));
	put_field(page, "name", _("Name"), "autocomplete=\"username\" autocapitalize=\"none\"");
	put_field(page, "password", _("Password"),
		"type=\"password\" autocomplete=\"current-password\"");
	end_open_form(page, _("Log in"));
	if (takes_passkeys(page))
		put_passkey_login(page);
}

void
page_claim(struct sheet *page)
{
	html(&page->out,
		"<p class=\"lead\">%s</p>\n<p>%s <code>pinfold account claim-code</code></p>\n",
		_("It belongs to nobody yet. Whoever stands at its console can make it theirs: "
		  "there "
		  "is no password from the factory."),
		_("The code is in the gateway's log on its console, or there by"));
	put_open_form(page, "/claim", "/begin");
	put_field(
		page, "code", _("Code"), "autocomplete=\"one-time-code\" autocapitalize=\"none\"");
	put_field(page, "name", _("Your name, in lower case"),
		"autocomplete=\"username\" autocapitalize=\"none\"");
	put_field(page, "password",
		_("A new password of at least twelve characters; a sentence is a good one"),
		"type=\"password\" minlength=\"12\" autocomplete=\"new-password\"");
	end_open_form(page, _("It is mine"));
}

void
page_said(struct sheet *page, const json_t *answer, const char *back)
{
	const json_t *error = json_object_get(answer, "error"),
		     *result = json_object_get(answer, "result");

	if (error || !answer)
		put_trouble(
			page, error ? words_of(error, "text") : _("The engine does not answer."));
	else if (*json_text_of(result, "token"))
		html(&page->out, "<p>%s</p><p><code>%s</code></p>\n",
			_("This is the token. It is shown once, and never again."),
			json_text_of(result, "token"));
	else if (*json_text_of(result, "secret"))
		html(&page->out, "<p>%s</p><p>%s</p><p><code>%s</code></p>\n",
			words_of(result, "sentence"),
			_("This is the key that signs what it is told. It is shown once, and never "
			  "again."),
			json_text_of(result, "secret"));
	else if (*json_text_of(result, "note") && number_of(result, "left")) {
		char row[24];
		snprintf(row, sizeof row, "%lld", number_of(answer, "journal"));
		put_farewell(page, result);
		put_button(page, "policy.undo", "", _("Undo"), "journal", row, END_PAIRS);
		back = "/devices";
	} else if (*json_text_of(result, "sentence"))
		html(&page->out, "<p>%s</p>\n", words_of(result, "sentence"));
	html(&page->out, "<p><a href=\"%s\">%s</a></p>\n", back, _("Back"));
}

/* --- accounts ----------------------------------------------------------------------------------- */

static void
put_accounts(struct sheet *page, const json_t *accounts)
{
	const json_t *row;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("Who may log in"));
	put_table(page, _("Name"), _("Role"), _("Change"), END_TABLE);
	json_array_foreach(accounts, i, row)
	{
		html(&page->out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>",
			json_text_of(row, "name"), words_of(row, "role"));
		put_button(page, "account.remove", "danger", _("Remove"), "name",
			json_text_of(row, "name"), END_PAIRS);
		html(&page->out, "</td></tr>\n");
	}
	put_table_end(page);
	if (put_form(page, "account.add", END_PAIRS)) {
		html(&page->out,
			"<h2>%s</h2><p><label>%s <input name=\"name\" required></label> <label>%s "
			"<select name=\"role\"><option value=\"viewer\">%s</option><option "
			"value=\"helper\">%s</option><option "
			"value=\"owner\">%s</option></select></label> <label>%s <input "
			"name=\"password\" "
			"type=\"password\" minlength=\"12\" required "
			"autocomplete=\"new-password\"></label></p>",
			_("Let somebody in"), _("Name"), _("as"), _("viewer"), _("helper"),
			_("owner"), _("with the password"));
		put_form_end(page, "", _("Add"));
	}
	html(&page->out, "</section>\n");
}

static void
put_passes(struct sheet *page, const char *title, const json_t *passes, bool are_tokens)
{
	const json_t *row;
	char id[24];
	size_t i;

	html(&page->out, "<section class=\"card wide\"><h2>%s</h2>\n", title);
	if (!json_array_size(passes))
		put_empty(page, _("None."));
	else
		html(&page->out, "<table><tbody>");
	json_array_foreach(passes, i, row)
	{
		snprintf(id, sizeof id, "%lld", number_of(row, "id"));
		html(&page->out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s %s ",
			*json_text_of(row, "name") ? json_text_of(row, "name")
						   : json_text_of(row, "from"),
			words_of(row, "scope"), truth_of(row, "this") ? _("this one,") : "",
			_("used"));
		put_time(page, number_of(row, "used"));
		html(&page->out, "</td><td>");
		if (are_tokens)
			put_button(page, "token.remove", "danger", _("Take away"), "token", id,
				END_PAIRS);
		html(&page->out, "</td></tr>\n");
	}
	if (json_array_size(passes))
		html(&page->out, "</tbody></table>\n");
}

/* The password again: whoever finds this page open is not to stay. */
static void
put_own_password(struct sheet *page)
{
	html(&page->out,
		"<label>%s <input name=\"password\" type=\"password\" required "
		"autocomplete=\"current-password\"></label> ",
		_("Your password, once more"));
}

static void
put_passkey(struct sheet *page, const json_t *row)
{
	const char *of = json_text_of(row, "account");
	char id[24];

	snprintf(id, sizeof id, "%lld", number_of(row, "id"));
	html(&page->out, "<tr><th scope=\"row\">%s</th><td>", json_text_of(row, "name"));
	if (page->who && strcmp(of, page->who) != 0)
		html(&page->out, _("of %s, "), of);
	html(&page->out, "%s ", _("added"));
	put_time(page, number_of(row, "created"));
	html(&page->out, ", %s", number_of(row, "used") ? _("used") : _("not used yet"));
	html(&page->out, " ");
	if (number_of(row, "used"))
		put_time(page, number_of(row, "used"));
	html(&page->out, "<details><summary>%s</summary>", _("Remove"));
	if (put_form(page, "passkey.remove", "passkey", id, END_PAIRS)) {
		put_own_password(page);
		put_form_end(page, "danger", _("Remove this passkey"));
	}
	html(&page->out, "</details></td></tr>\n");
}

static void
put_passkey_new(struct sheet *page)
{
	put_passkey_form(page, "make");
	/* Asked here, since the phone keeps what it made when the name is refused afterwards. */
	html(&page->out,
		"<label>%s <input name=\"name\" required maxlength=\"40\" pattern=\"[ !#-~]+\" "
		"title=\"%s\"></label> ",
		_("A name for it, as \"my phone\""),
		_("Letters without accents, digits and signs"));
	put_own_password(page);
	html(&page->out,
		"<button class=\"button\">%s</button><p class=\"soft\" "
		"role=\"status\"></p></form>\n",
		_("Add a passkey"));
}

/* Nothing of it where there are none and could be none. */
static void
put_passkeys(struct sheet *page, const json_t *passkeys)
{
	const json_t *row;
	size_t i;

	if (!*page->passkeys && !json_array_size(passkeys))
		return;
	html(&page->out, "<section class=\"card wide\"><h2>%s</h2>\n<p>%s</p>\n", _("Passkeys"),
		_("A phone, a computer or a key logs you in by fingerprint, face or PIN. Your "
		  "password goes on to log you in, for the day on which it is lost."));
	if (json_array_size(passkeys))
		html(&page->out, "<table><tbody>");
	json_array_foreach(passkeys, i, row) put_passkey(page, row);
	if (json_array_size(passkeys))
		html(&page->out, "</tbody></table>\n");
	if (takes_passkeys(page))
		put_passkey_new(page);
	else if (*page->passkeys)
		html(&page->out, "<p>%s <a href=\"%s/account\">%s</a></p>\n",
			_("They are added and used at"), page->passkeys, page->passkeys);
	else
		html(&page->out, "<p>%s</p>\n",
			_("They cannot be used now: these pages have no certificate for their "
			  "name."));
	html(&page->out, "</section>\n");
}

void
page_account(struct sheet *page)
{
	html(&page->out, "<p><a href=\"/tell\">%s</a></p>\n", _("How you hear of what happens"));
	put_passes(page, _("Where you are logged in"), page->answer[0], false);
	put_button(page, "session.end-all", "", _("Log out everywhere"), END_PAIRS);
	html(&page->out, "</section>\n");
	put_passes(page, _("Tokens of programs"), page->answer[1], true);
	if (put_form(page, "token.add", "show", "yes", END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"name\" required></label> <label>%s <select "
			"name=\"scope\"><option>read</option><option>act</option></select></"
			"label> ",
			_("For"), _("which may"));
		put_form_end(page, "", _("Make a token"));
	}
	html(&page->out, "</section>\n<section class=\"card\"><h2>%s</h2>", _("Your password"));
	if (put_form(page, "account.password", END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"old\" type=\"password\" required "
			"autocomplete=\"current-password\"></label> <label>%s <input "
			"name=\"password\" "
			"type=\"password\" minlength=\"12\" required "
			"autocomplete=\"new-password\"></label> ",
			_("Until now"), _("From now on"));
		put_form_end(page, "", _("Change it"));
	}
	html(&page->out, "</section>\n");
	put_passkeys(page, page->answer[3]);
	if (page->answer[2])
		put_accounts(page, page->answer[2]);
}
