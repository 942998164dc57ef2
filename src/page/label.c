/* SPDX-License-Identifier: Apache-2.0 */
/* What a label says of a device: the card of its passport, why it says no more, and the clock of its faults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "label/label.h"
#include "page/label.h"
#include "page/pages.h"

/* --- what stands on every label ------------------------------------------------------------- */

static void
put_row(struct sheet *page, const char *name, const char *value, const char *otherwise)
{
	html(&page->out, "<dt>%s</dt><dd>%s</dd>", name, *value ? value : otherwise);
}

void
put_counts(struct sheet *page, const json_t *counts)
{
	/* The worst first; what nobody has is left out, but for FAIL. */
	static const char *const words[] = {"FAIL", "INC", "DECL", "NFF", "PASS", "NA"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (number_of(counts, words[i]) || !i) {
			html(&page->out, "<span class=\"count\">%lld ",
				number_of(counts, words[i]));
			/* None failed is nothing to be red about. */
			if (number_of(counts, words[i]))
				put_chip(page, words[i]);
			else
				html(&page->out, "%s", words[i]);
			html(&page->out, "</span> ");
		}
}

/* "4 years and 11 months", from months. */
static void
put_span(struct sheet *page, long long months)
{
	if (months >= 12)
		html(&page->out, ngettext("%lld year", "%lld years", (unsigned long)(months / 12)),
			months / 12);
	if (months >= 12 && months % 12)
		html(&page->out, " %s ", _("and"));
	if (months % 12 || months < 12)
		html(&page->out,
			ngettext("%lld month", "%lld months", (unsigned long)(months % 12)),
			months % 12);
}

/* Of the years that it is expected to be used, those in which nobody mends it. */
static void
put_life(struct sheet *page, const json_t *updates)
{
	long long life = number_of(updates, "life_years") * 12,
		  without = number_of(updates, "unprotected_months");

	if (life <= 0 || without < 0)
		return;
	without = without > life ? life : without;
	double split = 300.0 * (double)(life - without) / (double)life;
	html(&page->out,
		"<svg class=\"life\" viewBox=\"0 0 300 14\" role=\"img\" aria-label=\"%s\">"
		"<rect class=\"kept\" width=\"%.1f\" height=\"14\"/><rect class=\"unkept\" "
		"x=\"%.1f\" width=\"%.1f\" height=\"14\"/></svg><p class=\"soft\">",
		_("Its expected life: with updates, and without; the sentence says the same."),
		split, split, 300.0 - split);
	if (without) {
		put_span(page, without);
		html(&page->out, " %s ", _("without updates, of an expected life of"));
	} else {
		html(&page->out, "%s ", _("With updates for all of an expected life of"));
	}
	put_span(page, life);
	html(&page->out, "</p>");
}

static void
put_test(struct sheet *page, const json_t *test)
{
	html(&page->out, "<dt>%s</dt><dd>", _("Tested"));
	if (!number_of(test, "run")) {
		html(&page->out, "%s</dd>", _("never"));
		return;
	}
	put_time(page, number_of(test, "ended"));
	html(&page->out, ", <a href=\"/bench/%lld\">%s %lld</a>, %s, %s%s</dd>",
		number_of(test, "run"), _("audit"), number_of(test, "run"), words_of(test, "pace"),
		words_of(test, "consent"), truth_of(test, "complete") ? "" : _(", not to its end"));
}

static void
put_open(struct sheet *page, const json_t *found)
{
	html(&page->out, "<dt>%s</dt><dd>", _("Faults that are open"));
	html(&page->out, "%lld, %s %lld", number_of(found, "open"), _("of them critical:"),
		number_of(found, "critical"));
	if (number_of(found, "withheld"))
		html(&page->out, " <span class=\"soft\">(%lld %s)</span>",
			number_of(found, "withheld"),
			_("are public only as a number, until they are mended or their day comes"));
	html(&page->out, "</dd>");
}

void
put_label_facts(struct sheet *page, const json_t *label)
{
	const json_t *product = json_object_get(label, "product"),
		     *updates = json_object_get(label, "updates"),
		     *verdicts = json_object_get(label, "verdicts");

	put_row(page, _("Maker"), json_text_of(product, "maker"), _("not known"));
	put_row(page, _("Model"), json_text_of(product, "model"), _("not known"));
	put_row(page, _("Firmware"), json_text_of(json_object_get(label, "firmware"), "tested"),
		_("not known"));
	put_row(page, _("Updates by"), json_text_of(updates, "responsible"), _("nobody is named"));
	html(&page->out, "<dt>%s</dt><dd>%s", _("Support until"),
		*json_text_of(updates, "support_end") ? json_text_of(updates, "support_end")
						      : _("nobody says"));
	put_life(page, updates);
	html(&page->out, "</dd>");
	put_row(page, _("Last update"), json_text_of(updates, "last_update"), _("not known"));
	put_test(page, json_object_get(label, "test"));
	html(&page->out, "<dt>%s</dt><dd>", _("Mandatory"));
	put_counts(page, json_object_get(verdicts, "mandatory"));
	html(&page->out, "</dd><dt>%s</dt><dd>", _("Recommended"));
	put_counts(page, json_object_get(verdicts, "recommended"));
	html(&page->out, "</dd>");
	put_open(page, json_object_get(label, "findings"));
}

void
put_band(struct sheet *page, const char *word)
{
	html(&page->out, "<a class=\"band\" href=\"/bands#%s\">", word);
	put_term(page, word);
	html(&page->out, "</a>");
}

void
put_status(struct sheet *page, const json_t *issued)
{
	const json_t *status = json_object_get(issued, "status");

	put_chip(page, json_text_of(status, "word"));
	html(&page->out, " ");
	put_words(page, json_text_of(status, "sentence"));
	html(&page->out, " <b>");
	put_words(page, json_text_of(status, "reason"));
	html(&page->out, "</b>");
	html(&page->out, " <span class=\"soft\">");
	put_time(page, number_of(status, "since"));
	html(&page->out, "</span>");
}

static void
put_shields(struct sheet *page, const json_t *shields)
{
	const json_t *row;
	size_t i;

	if (!json_array_size(shields)) {
		html(&page->out, "%s", _("nothing; it is not held"));
		return;
	}
	json_array_foreach(shields, i, row)
	{
		html(&page->out, i ? "; " : "");
		put_words(page, json_string_value(row));
	}
}

static void
put_works(struct sheet *page, const json_t *works)
{
	static const struct {
		const char *key, *name;
	} rows[] = {{"without_internet", N_("Works without internet")},
		{"without_maker", N_("Works without its maker")}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const json_t *row = json_object_get(works, rows[i].key);
		const char *word = json_text_of(row, "works");
		html(&page->out, "<dt>%s</dt><dd>%s", _(rows[i].name),
			*word ? say_words(word, NULL) : _("not shown"));
		html(&page->out, " <span class=\"soft\">");
		put_words(page, json_text_of(row, "seen"));
		html(&page->out, "</span></dd>");
	}
}

/* --- the card of a passport ------------------------------------------------------------------- */

void
put_label_card(struct sheet *page, const json_t *device, const json_t *shown)
{
	const json_t *label = json_object_get(shown, "label"),
		     *issued = json_object_get(shown, "issued");
	const char *id = json_text_of(device, "id");

	/* Of phones and laptops there is no label. */
	if (!json_is_object(label))
		return;
	html(&page->out, "<section class=\"card\" id=\"label\"><h2>%s</h2><p>", _("Label"));
	put_band(page, json_text_of(label, "band"));
	html(&page->out, " ");
	put_words(page, json_text_of(shown, "sentence"));
	html(&page->out, "</p>\n");
	html(&page->out, "<dl>");
	put_label_facts(page, label);
	put_works(page, json_object_get(device, "works"));
	html(&page->out, "<dt>%s</dt><dd>", _("The gateway"));
	put_shields(page, json_object_get(label, "shield"));
	html(&page->out, "</dd><dt>%s</dt><dd>", _("Issued"));
	if (json_is_object(issued)) {
		html(&page->out, "<a href=\"/labels/issued/%s\">%s</a> ",
			json_text_of(issued, "label"), json_text_of(issued, "label"));
		put_status(page, issued);
	} else {
		html(&page->out, "%s", _("not yet"));
	}
	html(&page->out,
		"</dd></dl><ul class=\"plain-list\"><li><a href=\"/labels/%s\">%s</a></li><li><a "
		"href=\"/declaration/%s\">%s</a></li><li><a "
		"href=\"/reset/%s\">%s</a></li></ul></section>\n",
		id, _("Why it says no more, and what would change that"), id,
		_("Answer what a test cannot see"), id, _("Test a factory reset"));
}

/* --- why ---------------------------------------------------------------------------------------- */

static void
put_need(struct sheet *page, const json_t *need, const char *how)
{
	bool is_met = truth_of(need, "met");

	html(&page->out, "<li class=\"need %s\"><span aria-hidden=\"true\">",
		is_met ? "good" : "warn");
	html_raw(&page->out, is_met ? "&#10003;" : "&#9675;", is_met ? 8 : 7);
	html(&page->out, "</span><div><b>%s</b> ", is_met ? _("met") : _("not met"));
	put_words(page, json_text_of(need, "sentence"));
	if (!is_met && *how)
		html(&page->out, "<br><span class=\"soft\">%s <code>%s</code></span>",
			_("What would meet it:"), say_words(how, NULL));
	html(&page->out, "</div></li>\n");
}

static void
put_needs(struct sheet *page, const json_t *needs)
{
	const json_t *need;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("What each word asks for"));
	for (unsigned band = BAND_BASIC; band < BAND_COUNT; band++) {
		const char *word = label_band_word((enum label_band)band);
		html(&page->out, "<h3>");
		put_band(page, word);
		html(&page->out, "</h3><ul class=\"plain-list\">\n");
		json_array_foreach(needs, i, need) if (!strcmp(json_text_of(need, "band"), word))
			put_need(page, need, json_text_of(need, "how"));
		html(&page->out, "</ul>\n");
	}
	html(&page->out, "</section>\n");
}

/* What the gateway cannot see, its owner says. */
static void
put_say(struct sheet *page, const char *id)
{
	static const struct {
		const char *field, *what;
	} fields[] = {{"maker", N_("its maker")}, {"model", N_("its model")},
		{"firmware", N_("the firmware that it has")},
		{"support-end", N_("support until (a day like 2030-12-31)")},
		{"responsible", N_("who is responsible for its updates")},
		{"last-update", N_("the day of its newest firmware")},
		{"sold-from", N_("the day from which it was sold, or bought")},
		{"life", N_("how many years it is expected to be used")},
		{"policy", N_("the page that says how to report a fault")},
		{"hardware", N_("its hardware's version")},
		{"gtin", N_("the number below its bar code")},
		{"firmware-below", N_("later firmware up to this is meant as well")}};

	if (!put_form(page, "label.set", "device", id, END_PAIRS))
		return;
	html(&page->out, "<label>%s <select name=\"field\">", _("What you know of it"));
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		html(&page->out, "<option value=\"%s\">%s</option>", fields[i].field,
			_(fields[i].what));
	html(&page->out,
		"</select></label> <label>%s <input name=\"value\" maxlength=\"159\" "
		"required></label> ",
		_("is"));
	put_form_end(page, "", _("Say it"));
}

static void
put_issue(struct sheet *page, const json_t *shown, const char *id)
{
	const json_t *issued = json_object_get(shown, "issued");

	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("Issued"));
	if (json_is_object(issued)) {
		html(&page->out, "<p><a href=\"/labels/issued/%s\">%s %s</a>, %s %lld. ",
			json_text_of(issued, "label"), _("Label"), json_text_of(issued, "label"),
			_("revision"), number_of(issued, "revision"));
		put_status(page, issued);
		html(&page->out, "</p>");
	} else {
		put_empty(page, _("None. What stands here is what its label would say now."));
	}
	if (truth_of(shown, "behind"))
		html(&page->out, "<p>%s</p>",
			_("More is known now than the issued one says; issued again it takes the "
			  "old one's place."));
	if (put_form(page, "label.issue", "device", id, END_PAIRS)) {
		html(&page->out,
			"<label>%s <select name=\"of\"><option value=\"device\">%s</option><option "
			"value=\"model\">%s</option></select></label> <label>%s <input "
			"name=\"reviewer\" maxlength=\"63\"></label> ",
			_("Issue it for"), _("this device"), _("every device of its model"),
			_("Who else looked at the evidence"));
		put_form_end(page, "main", _("Issue it"));
	}
	html(&page->out, "</section>\n");
}

/* --- the clock of its faults --------------------------------------------------------------------- */

static void
put_fix_form(struct sheet *page, const char *id, const char *provision)
{
	static const struct {
		const char *step, *what;
	} steps[] = {{"reported", N_("reported to its maker")},
		{"acknowledged", N_("its maker answered")}, {"fixed", N_("its maker mended it")},
		{"installed", N_("installed here")}, {"disclose", N_("may be public from")}};

	if (!put_form(page, "label.fix", "device", id, "provision", provision, END_PAIRS))
		return;
	html(&page->out, "<label>%s <select name=\"step\">", _("It was"));
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		html(&page->out, "<option value=\"%s\">%s</option>", steps[i].step,
			_(steps[i].what));
	html(&page->out, "</select></label> <label>%s <input type=\"date\" name=\"date\"></label> ",
		_("on (today, if empty)"));
	put_form_end(page, "", _("Note it"));
}

/* Does a row before this one have the same provision?  It has the same clock then. */
static bool
is_again(const json_t *clock, size_t at)
{
	const char *provision = json_text_of(json_array_get(clock, at), "provision");

	for (size_t i = 0; i < at; i++)
		if (!strcmp(json_text_of(json_array_get(clock, i), "provision"), provision))
			return true;
	return false;
}

static void
put_steps(struct sheet *page, const json_t *row)
{
	static const struct {
		const char *key, *name;
	} steps[] = {{"found", N_("Found")}, {"reported", N_("Reported")},
		{"acknowledged", N_("Acknowledged")}, {"fixed", N_("Mended by its maker")},
		{"installed", N_("Installed here")}, {"disclose", N_("Public from")}};

	html(&page->out, "<ol class=\"clock\">");
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		const char *day = json_text_of(row, steps[i].key);
		html(&page->out, "<li class=\"%s\"><b>%s</b> %s</li>", *day ? "there" : "",
			_(steps[i].name), *day ? day : _("not yet"));
	}
	html(&page->out, "</ol><p>");
	if (number_of(row, "days_shielded"))
		html(&page->out,
			ngettext("Shielded by the gateway for %lld day.",
				"Shielded by the gateway for %lld days.",
				(unsigned long)number_of(row, "days_shielded")),
			number_of(row, "days_shielded"));
	else
		html(&page->out, "%s", _("The gateway keeps no port closed for it."));
	html(&page->out, "</p>");
}

static void
put_clock(struct sheet *page, const json_t *clock, const char *id)
{
	const json_t *row, *same;
	size_t i, k;

	html(&page->out, "<section class=\"card\" id=\"clock\"><h2>%s</h2>",
		_("The clock of its faults"));
	if (!json_array_size(clock))
		put_empty(page, _("No fault that was shown is open."));
	json_array_foreach(clock, i, row)
	{
		const char *provision = json_text_of(row, "provision");
		if (is_again(clock, i))
			continue;
		html(&page->out, "<div class=\"fault\"><h3>%s</h3><ul>", provision);
		json_array_foreach(clock, k, same) if (!strcmp(json_text_of(same, "provision"),
							       provision)) html(&page->out,
			"<li>%s%s</li>", truth_of(same, "critical") ? _("Critical: ") : "",
			words_of(same, "text"));
		html(&page->out, "</ul>");
		put_steps(page, row);
		if (may(page, "admin")) {
			html(&page->out, "<details><summary>%s</summary>", _("Note a step"));
			put_fix_form(page, id, provision);
			html(&page->out, "</details>");
		}
		html(&page->out, "</div>\n");
	}
	html(&page->out, "</section>\n");
}

/* --- a label of somebody else ---------------------------------------------------------------------- */

void
put_attached(struct sheet *page, const json_t *attached, const char *id)
{
	html(&page->out, "<p>%s <code>%s</code> %s %s, ", _("Label"), json_text_of(attached, "id"),
		_("of"), json_text_of(attached, "issuer"));
	put_chip(page, json_text_of(attached, "status"));
	html(&page->out, " %s. %s %s</p>", words_of(attached, "reason"), _("Is it of this device?"),
		words_of(attached, "match"));
	if (*json_text_of(attached, "narrows")) {
		html(&page->out, "<p class=\"trouble\">%s</p>",
			!strcmp(json_text_of(attached, "narrows"), "recalled")
				? _("It is recalled: the device opens nothing, and nothing opens "
				    "it.")
				: _("It does not hold: nobody on the internet opens anything on "
				    "the device."));
		put_button(page, "label.override", "danger", _("Narrow it no more, on my word"),
			"device", id, END_PAIRS);
	} else if (truth_of(attached, "overridden")) {
		html(&page->out, "<p>%s</p>",
			_("It narrows nothing, on the owner's word; what falls anew narrows "
			  "again."));
	}
}

static void
put_foreign(struct sheet *page, const json_t *attached, const char *id)
{
	html(&page->out, "<section class=\"card\"><h2>%s</h2>", _("A label that came with it"));
	if (json_is_object(attached))
		put_attached(page, attached, id);
	else
		put_empty(page, _("None. A label of an issuer whom you trust can narrow what it "
				  "may do, and never widen it."));
	if (put_form(page, "label.attach", "device", id, END_PAIRS)) {
		html(&page->out,
			"<label>%s <textarea name=\"text\" rows=\"3\" maxlength=\"15000\" "
			"required></textarea></label> ",
			_("The text of label.jwt, or of its QR code"));
		put_form_end(page, "", _("It has this label"));
	}
	html(&page->out, "</section>\n");
}

void
page_label(struct sheet *page)
{
	const json_t *shown = page->answer[0], *label = json_object_get(shown, "label"),
		     *device = json_object_get(shown, "device");
	const char *id = json_text_of(device, "id");

	put_back_to_device(page, device);
	html(&page->out,
		"<div class=\"passport\"><div>\n<section class=\"card\"><p class=\"lead\">");
	put_band(page, json_text_of(label, "band"));
	html(&page->out, " ");
	put_words(page, json_text_of(shown, "sentence"));
	html(&page->out, "</p>\n");
	html(&page->out, "<dl>");
	put_label_facts(page, label);
	html(&page->out, "</dl>\n");
	put_say(page, id);
	html(&page->out, "</section>\n");
	put_issue(page, shown, id);
	put_foreign(page, json_object_get(shown, "attached"), id);
	html(&page->out, "</div><div>\n");
	put_needs(page, json_object_get(shown, "needs"));
	put_clock(page, json_object_get(shown, "clock"), id);
	html(&page->out, "</div></div>\n");
}

void
page_bands(struct sheet *page)
{
	html(&page->out, "<p class=\"lead\">%s</p>\n",
		_("The word on a label is no score: it is reached when all that it asks for, and "
		  "all that the words before it ask for, is met. Whatever was shown to be wrong "
		  "is "
		  "never outweighed, and what nobody looked at meets nothing."));
	for (unsigned band = BAND_FAILED; band < BAND_COUNT; band++) {
		const char *word = label_band_word((enum label_band)band);
		html(&page->out, "<section class=\"card\" id=\"%s\"><h2>", word);
		put_term(page, word);
		html(&page->out, "</h2><p>");
		put_words(page, label_band_sentence((enum label_band)band));
		html(&page->out, "</p><ul>");
		for (size_t i = 0; i < n_label_needs; i++)
			if (label_needs[i].band == band)
				html(&page->out, "<li>%s <span class=\"soft\">%s</span></li>",
					say_words(label_needs[i].sentence, NULL),
					say_words(label_needs[i].how, NULL));
		html(&page->out, "</ul></section>\n");
	}
}
