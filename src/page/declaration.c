/* SPDX-License-Identifier: Apache-2.0 */
/* What only its maker or a person can answer of a device: the form, section by section, and papers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/declared.h"
#include "label/label.h"
#include "page/pages.h"
#include "page/piece.h"

#define FEATURES "features" /* the section of what it has: conditions of provisions */

/* "5.1-2A" is of "5.1"; "F:a" is of FEATURES. */
static void
section_of(const struct question *question, char out[static 16])
{
	if (question->class == 'C')
		snprintf(out, 16, "%s", FEATURES);
	else
		snprintf(out, 16, "%.*s", (int)strcspn(question->id, "-"), question->id);
}

static const char *
title_of(const char *section)
{
	for (size_t i = 0; i < LABEL_CLAUSES; i++)
		if (!strcmp(label_clause_id(i), section))
			return say_words(label_clause_title(i), NULL);
	return !strcmp(section, FEATURES) ? _("What it has") : _("Reasons of the maker");
}

/* The declaration as its file has it; NULL: none.  The caller lets it go. */
static json_t *
declaration_of(const struct sheet *page)
{
	const json_t *text =
		json_object_get(json_object_get(page->answer[0], "declaration"), "text");

	return json_is_string(text) && json_string_length(text) <= DECLARED_BYTES_MAX
		       ? json_loadb(json_string_value(text), json_string_length(text),
				 JSON_REJECT_DUPLICATES, NULL)
		       : NULL;
}

static const json_t *
answer_to(const json_t *declaration, const char *id)
{
	return json_object_get(json_object_get(declaration, "answers"), id);
}

/* --- the sections ------------------------------------------------------------------------------ */

static void
put_section_link(struct sheet *page, const json_t *declaration, const char *device,
	const char *section, const char *here)
{
	long long n = 0, n_answered = 0;
	char of[16];

	for (size_t i = 0; i < n_questions; i++) {
		section_of(&questions[i], of);
		if (strcmp(of, section) != 0)
			continue;
		n++;
		n_answered += *json_text_of(answer_to(declaration, questions[i].id), "answer") != 0;
	}
	html(&page->out,
		"<li><a href=\"/declaration/%s/%s\"%s>%s%s%s</a> <span class=\"soft\">%lld / %lld"
		"</span></li>\n",
		device, section, !strcmp(section, here) ? " aria-current=\"true\"" : "",
		strcmp(section, FEATURES) ? section : "", strcmp(section, FEATURES) ? " " : "",
		title_of(section), n_answered, n);
}

static void
put_sections(struct sheet *page, const json_t *declaration, const char *device, const char *here)
{
	char section[16], last[16] = "";

	html(&page->out, "<section class=\"card\"><h2>%s</h2><ol class=\"plain-list\">\n",
		_("Sections, and what is answered"));
	for (size_t i = 0; i < n_questions; i++) {
		section_of(&questions[i], section);
		if (strcmp(section, last) != 0)
			put_section_link(page, declaration, device, section, here);
		memcpy(last, section, sizeof last);
	}
	html(&page->out, "</ol></section>\n");
}

/* --- one section: its questions --------------------------------------------------------------- */

static void
put_answer(struct sheet *page, const char *id, const char *value, const char *label,
	const char *chosen)
{
	html(&page->out,
		"<label><input type=\"radio\" name=\"answers/%s/answer\" value=\"%s\"%s> "
		"%s</label> ",
		id, value, !strcmp(value, chosen) ? " checked" : "", label);
}

static void
put_question(struct sheet *page, const struct question *question, const json_t *declaration)
{
	const json_t *row = answer_to(declaration, question->id);
	const char *chosen = json_text_of(row, "answer");

	html(&page->out,
		"<fieldset class=\"question\"><legend>%s <span class=\"soft\">%s%s</span></legend>",
		say_words(question->text, NULL), question->id,
		question->class == 'M'   ? _(", mandatory")
		: question->class == 'R' ? _(", recommended")
					 : "");
	put_answer(page, question->id, "yes", _("yes"), chosen);
	put_answer(page, question->id, "no", _("no"), chosen);
	if (question->class != 'C')
		put_answer(page, question->id, "not applicable", _("does not apply"), chosen);
	put_answer(page, question->id, "", _("nothing is said"), chosen);
	html(&page->out,
		"<br><label>%s <input name=\"answers/%s/reason\" maxlength=\"%d\" size=\"50\" "
		"value=\"%s\"></label></fieldset>\n",
		_("Because"), question->id, DECLARED_TEXT_MAX - 1, json_text_of(row, "reason"));
}

static void
put_signer(struct sheet *page, const json_t *declaration)
{
	static const char *const roles[][2] = {{"owner", N_("its owner")},
		{"tester", N_("who tests it")}, {"maker", N_("its maker")}};
	const json_t *signer = json_object_get(declaration, "signer");
	/* What the maker signed is not changed in the maker's name by whoever comes by. */
	bool is_makers = !strcmp(json_text_of(signer, "role"), "maker");

	html(&page->out,
		"<p><label>%s <input name=\"signer\" required maxlength=\"63\" "
		"value=\"%s\"></label> <label>%s <select name=\"as\">",
		_("Who answers?"),
		is_makers                       ? ""
		: *json_text_of(signer, "name") ? json_text_of(signer, "name")
						: page->who,
		_("as"));
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		html(&page->out, "<option value=\"%s\"%s>%s</option>", roles[i][0],
			!is_makers && !strcmp(roles[i][0], json_text_of(signer, "role"))
				? " selected"
				: "",
			_(roles[i][1]));
	html(&page->out, "</select></label></p>\n");
}

static void
put_questions(
	struct sheet *page, const json_t *declaration, const char *device, const char *section)
{
	char of[16];

	html(&page->out, "<section class=\"card\"><h2>%s %s</h2>\n",
		strcmp(section, FEATURES) ? section : "", title_of(section));
	if (!put_form(page, "audit.answer", "device", device, END_PAIRS)) {
		put_empty(page, _("That is for who looks after this gateway."));
		html(&page->out, "</section>\n");
		return;
	}
	for (size_t i = 0; i < n_questions; i++) {
		section_of(&questions[i], of);
		if (!strcmp(of, section))
			put_question(page, &questions[i], declaration);
	}
	put_signer(page, declaration);
	put_form_end(page, "main", _("Save this section"));
	html(&page->out, "<p class=\"soft\">%s</p></section>\n",
		_("It is kept as what it is: declared, and not tested. A \"no\" and a \"does not "
		  "apply\" need a reason; what was seen to fail fails all the same."));
}

/* --- papers -------------------------------------------------------------------------------------- */

static void
put_papers(struct sheet *page, const json_t *papers, const char *device)
{
	const json_t *row;
	size_t i;

	html(&page->out,
		"<section class=\"card\" id=\"papers\"><h2>%s</h2><p class=\"soft\">%s</p>",
		_("Papers that came with it"),
		_("A statement of compliance, a declaration of conformity, a label of another "
		  "scheme. "
		  "The next audit compares it with what the device says of itself, and its "
		  "result stands there."));
	if (!json_array_size(papers))
		put_empty(page, _("None."));
	json_array_foreach(papers, i, row)
	{
		html(&page->out, "<details><summary>%s, ", json_text_of(row, "name"));
		put_time(page, number_of(row, "since"));
		html(&page->out, "</summary><pre class=\"paper\">%s</pre></details>\n",
			json_text_of(row, "text"));
	}
	if (put_form(page, "audit.paper", "device", device, END_PAIRS)) {
		html(&page->out,
			"<p><label>%s <input name=\"name\" required maxlength=\"63\" "
			"placeholder=\"statement.txt\"></label></p><label>%s <textarea "
			"name=\"text\" rows=\"6\" maxlength=\"12000\" "
			"required></textarea></label> ",
			_("Name"), _("Its text (of a PDF: select all, and copy)"));
		put_form_end(page, "", _("Take it in"));
	}
	if (json_array_size(papers))
		put_button(page, "audit.undeclare", "danger", _("Remove all papers"), "device",
			device, "kind", "papers", END_PAIRS);
	html(&page->out, "</section>\n");
}

static void
put_state(struct sheet *page, const json_t *declaration, const char *device)
{
	const json_t *signer = json_object_get(declaration, "signer");

	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("What is declared"));
	if (!declaration) {
		put_empty(page, _("Nothing yet."));
	} else {
		html(&page->out, "<p>%s <b>%s</b> (%s), %s</p>", _("Signed by"),
			json_text_of(signer, "name"), words_of(signer, "role"),
			json_text_of(signer, "date"));
		put_button(page, "audit.undeclare", "danger", _("Remove it"), "device", device,
			"kind", "declaration", END_PAIRS);
	}
	html(&page->out, "<p class=\"soft\">%s <code>pinfold audit declare %s FILE</code></p>",
		_("A file that the maker filled in is taken in by"), device);
	html(&page->out, "<p><a class=\"button\" href=\"/bench?device=%s\">%s</a></p></section>\n",
		device, _("Test it with these answers"));
}

void
page_declaration(struct sheet *page)
{
	const json_t *ref = json_object_get(page->answer[0], "device");
	const char *device = json_text_of(ref, "id"), *section = asked(page, "section");
	json_t *declaration = declaration_of(page);

	put_back_to_device(page, ref);
	html(&page->out, "<p class=\"lead\">%s</p>\n<div class=\"passport\"><div>",
		_("A test sees about a fifth of what the standards ask for. The rest somebody has "
		  "to "
		  "say; it is kept apart from what was tested, and held against it."));
	put_sections(page, declaration, device, section);
	put_state(page, declaration, device);
	html(&page->out, "</div><div>\n");
	put_questions(page, declaration, device, *section ? section : "5.1");
	put_papers(page, json_object_get(page->answer[0], "papers"), device);
	html(&page->out, "</div></div>\n");
	json_decref(declaration);
}
