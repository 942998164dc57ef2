/* SPDX-License-Identifier: Apache-2.0 */
/* The passport of a device, and what belongs to it: why, and what holding it would break. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/label.h"
#include "page/pages.h"
#include "page/piece.h"

enum { EVENTS_ASKED = 12, AUDITS_ASKED = 5 };

/* --- who it is ---------------------------------------------------------------------------- */

static void
put_who(struct sheet *page, const json_t *device)
{
	const json_t *kind = json_object_get(device, "kind"), *row;
	size_t i;

	html(&page->out, "<section class=\"card who\"><p class=\"lead\">");
	put_chip(page, json_text_of(device, "state"));
	html(&page->out, " %s ", _("since"));
	put_time(page, number_of(device, "since"));
	if (truth_of(device, "paused"))
		put_chip(page, "paused");
	html(&page->out, "</p><dl>");
	html(&page->out, "<dt>%s</dt><dd>%s", _("Probably"), words_of(kind, "word"));
	if (*json_text_of(kind, "why"))
		html(&page->out, " <span class=\"soft\">(%lld %%: %s)</span>",
			number_of(kind, "confidence"), words_of(kind, "why"));
	html(&page->out, "</dd><dt>%s</dt><dd>%s</dd><dt>%s</dt><dd>", _("Class"),
		words_of(device, "class"), _("Addresses"));
	json_array_foreach(json_object_get(device, "addresses"), i, row)
		html(&page->out, "<code>%s</code> ", json_string_value(row));
	html(&page->out, "</dd><dt>%s</dt><dd>%s</dd><dt>%s</dt><dd>", _("Port"),
		json_text_of(device, "port"), _("Seen"));
	if (truth_of(device, "present"))
		html(&page->out, "%s", _("now"));
	else
		put_time(page, number_of(device, "last"));
	html(&page->out, ", %s ", _("first"));
	put_time(page, number_of(device, "first"));
	html(&page->out, "</dd></dl></section>\n");
}

static void
put_containment(struct sheet *page, const json_t *device)
{
	const json_t *acts = json_object_get(device, "containment"), *act;
	size_t i;

	if (!json_array_size(acts))
		return;
	html(&page->out, "<section class=\"card trouble\"><h2>%s</h2><ul class=\"plain-list\">",
		_("What Pinfold did about it"));
	json_array_foreach(acts, i, act)
	{
		html(&page->out, "<li>");
		put_chip(page, json_text_of(act, "act"));
		html(&page->out, " ");
		put_words(page, json_text_of(act, "text"));
		html(&page->out, " ");
		put_time(page, number_of(act, "since"));
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul><p><a href=\"/story/%s\">%s</a></p>", json_text_of(device, "id"),
		_("How it came to that"));
	put_button(page, "device.release", "", _("Let it back"), "device",
		json_text_of(device, "id"), END_PAIRS);
	html(&page->out, "</section>\n");
}

/* --- what can be done ---------------------------------------------------------------------- */

static void
put_admit(struct sheet *page, const char *id)
{
	static const struct {
		const char *class, *label;
	} as[] = {{"ordinary", N_("Let it in, and watch it")},
		{"personal", N_("It is a phone or laptop of ours")},
		{"critical", N_("It is critical: never block it by itself")}};

	for (size_t i = 0; i < COUNT_OF(as); i++)
		put_button(page, "device.admit", i ? "" : "main", _(as[i].label), "device", id,
			"class", as[i].class, END_PAIRS);
}

static void
put_actions(struct sheet *page, const json_t *device)
{
	const char *id = json_text_of(device, "id"), *state = json_text_of(device, "state");
	const char *class = json_text_of(device, "class");
	static const char *const classes[] = {"ordinary", "personal", "critical", "never-probe"};

	if (!may(page, "act"))
		return;
	html(&page->out, "<section class=\"card\"><h2>%s</h2><div class=\"buttons\">\n", _("Do"));
	if (!strcmp(state, "waiting"))
		put_admit(page, id);
	if (!strcmp(state, "observe"))
		html(&page->out, "<a class=\"button main\" href=\"/hold/%s\">%s</a>\n", id,
			_("Hold it to what it needs"));
	if (!strcmp(state, "enforce")) {
		put_button(page, "device.pause", "main", _("Let it work for 15 minutes"), "device",
			id, "seconds", "900", END_PAIRS);
		put_button(
			page, "device.observe", "", _("Watch it again"), "device", id, END_PAIRS);
		html(&page->out, "<a class=\"button\" href=\"/hold/%s\">%s</a>\n", id,
			_("Tighten or loosen"));
	}
	if (truth_of(device, "paused"))
		put_button(page, "device.resume", "", _("End the pause"), "device", id, END_PAIRS);
	if (!strcmp(state, "quarantine") || !strcmp(state, "block"))
		put_button(
			page, "device.release", "main", _("Let it back"), "device", id, END_PAIRS);
	else if (strcmp(state, "waiting") != 0)
		put_button(page, "device.quarantine", "danger", _("Keep it apart"), "device", id,
			END_PAIRS);
	html(&page->out, "<a class=\"button danger\" href=\"/leave/%s\">%s</a>\n", id,
		_("It is leaving"));
	html(&page->out, "<a class=\"button\" href=\"/intake/%s\">%s</a>\n", id,
		_("It had another owner"));
	html(&page->out, "</div><div class=\"forms\">");
	if (put_form(page, "device.name", "device", id, END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"name\" maxlength=\"63\" value=\"%s\"></label> ",
			_("Name"), json_text_of(device, "name"));
		put_form_end(page, "", _("Call it so"));
	}
	if (put_form(page, "device.class", "device", id, END_PAIRS)) {
		html(&page->out, "<label>%s <select name=\"class\">", _("Class"));
		for (size_t i = 0; i < COUNT_OF(classes); i++)
			html(&page->out, "<option value=\"%s\"%s>%s</option>", classes[i],
				!strcmp(classes[i], class) ? " selected" : "",
				say_words(classes[i], NULL));
		html(&page->out, "</select></label> ");
		put_form_end(page, "", _("Set"));
	}
	html(&page->out, "</div></section>\n");
}

static void
put_offers(struct sheet *page, const json_t *device)
{
	const json_t *offers = json_object_get(device, "offers"), *offer;
	const char *id = json_text_of(device, "id");
	long long n = (long long)json_array_size(offers);
	char today[420];
	size_t i;

	if (!n)
		return;
	html(&page->out, "<section class=\"card\"><h2>");
	html(&page->out,
		ngettext("It needed %lld destination", "It needed %lld destinations",
			(unsigned long)n),
		n);
	html(&page->out, "</h2><p>%s</p><ul class=\"plain-list\">",
		_("Seen while it was paused, and not allowed otherwise."));
	json_array_foreach(offers, i, offer)
	{
		const char *rule = json_string_value(offer);
		snprintf(today, sizeof today, "%s for 24h", rule);
		html(&page->out, "<li><code>%s</code><div class=\"buttons\">", rule);
		put_button(page, "policy.add", "main", _("Allow for ever"), "device", id, "rule",
			rule, END_PAIRS);
		put_button(page, "policy.add", "", _("For a day"), "device", id, "rule", today,
			END_PAIRS);
		put_button(page, "policy.decline", "", _("Not"), "device", id, "rule", rule,
			END_PAIRS);
		html(&page->out, "</div></li>");
	}
	html(&page->out, "</ul></section>\n");
}

/* --- what it may ----------------------------------------------------------------------------- */

static void
put_rule_table(struct sheet *page, const char *id, const json_t *rules, bool is_class)
{
	const json_t *rule;
	size_t i;

	put_table(page, _("Rule"), _("On whose word"), _("Since"), _("Change"), END_TABLE);
	json_array_foreach(rules, i, rule)
	{
		const char *origin = json_text_of(rule, "origin");
		if (!strcmp(origin, "class") != is_class)
			continue;
		html(&page->out, "<tr><th scope=\"row\"><code>%s</code></th><td>%s</td><td>",
			json_text_of(rule, "text"), origin_words(origin));
		if (number_of(rule, "since"))
			put_time(page, number_of(rule, "since"));
		html(&page->out, "</td><td>");
		if (!strcmp(origin, "owner") &&
			strcmp(json_text_of(rule, "note"), "introduction") != 0)
			put_button(page, "policy.remove", "", _("Take back"), "device", id, "rule",
				json_text_of(rule, "text"), END_PAIRS);
		html(&page->out, "</td></tr>\n");
	}
	put_table_end(page);
}

static void
put_rules(struct sheet *page, const json_t *device, const json_t *policy)
{
	const char *id = json_text_of(device, "id");
	const json_t *rules = json_object_get(policy, "rules"), *rule;
	long long n_class = 0;
	size_t i;

	json_array_foreach(rules, i, rule) n_class +=
		!strcmp(json_text_of(rule, "origin"), "class");
	html(&page->out, "<section class=\"card\" id=\"rules\"><h2>%s</h2>", _("What it may"));
	if (json_array_size(rules) > (size_t)n_class)
		put_rule_table(page, id, rules, false);
	else
		put_empty(page, _("Only what its state gives it."));
	if (n_class) {
		html(&page->out, "<details><summary>");
		html(&page->out,
			ngettext("%lld rule that its state adds", "%lld rules that its state adds",
				(unsigned long)n_class),
			n_class);
		html(&page->out, "</summary>");
		put_rule_table(page, id, rules, true);
		html(&page->out, "</details>\n");
	}
	html(&page->out,
		"<form method=\"get\" action=\"/why/%s\"><label>%s <input name=\"destination\" "
		"required placeholder=\"cloud.example\"></label> <label>%s <input name=\"port\" "
		"inputmode=\"numeric\" size=\"6\" value=\"443\"></label> <button "
		"class=\"button\">%s</button></form>\n",
		id, _("May it talk to"), _("port"), _("Ask why"));
	if (put_form(page, "policy.add", "device", id, END_PAIRS)) {
		html(&page->out,
			"<label>%s <input name=\"rule\" required size=\"34\" placeholder=\"allow "
			"tcp "
			"cloud.example 443\"></label> ",
			_("A rule of yours"));
		put_form_end(page, "", _("Add it"));
	}
	html(&page->out, "</section>\n");
}

static void
put_papers(struct sheet *page, const json_t *device, const json_t *audits, const char *maker)
{
	const json_t *row, *mud = json_object_get(device, "mud");
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">\n",
		_("Paper trail"));
	html(&page->out, "<li>%s ", _("Declaration of its maker (MUD):"));
	if (json_is_object(mud))
		html(&page->out, "<code>%s</code>", json_text_of(mud, "url"));
	else if (*json_text_of(device, "claimed_mud_url"))
		html(&page->out, "<code>%s</code> (%s)", json_text_of(device, "claimed_mud_url"),
			_("not in force"));
	else
		html(&page->out, "%s", _("none"));
	html(&page->out, "</li>\n");
	if (json_is_object(json_object_get(device, "mud_next"))) {
		html(&page->out, "<li>%s ", _("Its maker changed the declaration."));
		put_button(page, "policy.approve", "main", _("Believe the new one"), "device",
			json_text_of(device, "id"), END_PAIRS);
		put_button(page, "policy.reject", "", _("Keep the old one"), "device",
			json_text_of(device, "id"), END_PAIRS);
		html(&page->out, "</li>\n");
	}
	html(&page->out, "<li>%s <a href=\"/maker/%s\">%s</a></li>\n", _("Its maker:"),
		json_text_of(device, "id"), *maker ? maker : _("nobody said yet"));
	json_array_foreach(audits, i, row)
	{
		html(&page->out, "<li><a href=\"/bench/%lld\">%s %lld</a> ", number_of(row, "run"),
			_("Audit"), number_of(row, "run"));
		put_chip(page, json_text_of(row, "state"));
		html(&page->out, " ");
		put_time(page, number_of(row, "begun"));
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul><p><a href=\"/bench?device=%s\">%s</a></p></section>\n",
		json_text_of(device, "id"), _("Test it"));
}

static void
put_events(struct sheet *page, const json_t *device, const json_t *events)
{
	const json_t *event;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><ol class=\"plain-list\">\n",
		_("What happened"));
	json_array_foreach(events, i, event)
	{
		html(&page->out, "<li>");
		put_chip(page, json_text_of(event, "level"));
		html(&page->out, " ");
		put_words(page, json_text_of(event, "text"));
		html(&page->out, " <span class=\"soft\">");
		if (number_of(event, "count") > 1)
			html(&page->out, "%lld &#215;, ", number_of(event, "count"));
		put_time(page, number_of(event, "time"));
		html(&page->out, "</span></li>\n");
	}
	html(&page->out, "</ol><p><a href=\"/story?device=%s\">%s</a></p></section>\n",
		json_text_of(device, "id"), _("Its whole story"));
}

static void
put_identifiers(struct sheet *page, const json_t *device)
{
	const json_t *row;
	size_t i;

	html(&page->out, "<section class=\"card\"><details><summary>%s</summary>",
		_("What it says of itself"));
	put_table(page, _("Kind"), _("Claim"), _("Seen"), END_TABLE);
	json_array_foreach(json_object_get(device, "identifiers"), i, row)
	{
		html(&page->out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>",
			words_of(row, "kind"), json_text_of(row, "claimed"));
		put_time(page, number_of(row, "last"));
		html(&page->out, "</td></tr>\n");
	}
	put_table_end(page);
	html(&page->out, "</details></section>\n");
}

void
page_device(struct sheet *page)
{
	const json_t *device = page->answer[0], *policy = page->answer[1];

	html(&page->out, "<p class=\"name\">%s</p>\n<div class=\"passport\"><div>\n",
		json_text_of(device, "label"));
	put_who(page, device);
	put_containment(page, device);
	put_learning(page, device);
	put_offers(page, device);
	put_actions(page, device);
	put_health(page, device, page->answer[8]);
	put_sky(page, page->answer[6]);
	put_label_card(page, device, page->answer[5]);
	put_papers(page, device, page->answer[4], json_text_of(page->answer[7], "maker"));
	html(&page->out, "</div><div>\n");
	put_talk(page, device, page->answer[7]);
	put_reach(page, device, page->answer[6], page->answer[7]);
	put_rules(page, device, policy);
	put_events(page, device, page->answer[3]);
	put_identifiers(page, device);
	html(&page->out, "</div></div>\n");
}

/* --- why? ------------------------------------------------------------------------------------ */

void
page_why(struct sheet *page)
{
	const json_t *device = page->answer[0], *why = page->answer[1];

	html(&page->out, "<p><a href=\"/devices/%s\">&#8592; %s</a></p>\n",
		json_text_of(device, "id"), json_text_of(device, "label"));
	if (!why) {
		put_trouble(page, refusal(page, 1));
		return;
	}
	html(&page->out,
		"<section class=\"card\"><h2>%s %s %s?</h2><p class=\"lead\">%s</p><p>%s</p>"
		"<p class=\"soft\">%s</p>",
		json_text_of(device, "label"), "->", json_text_of(why, "destination"),
		truth_of(why, "allowed") ? _("It may.") : _("It may not."), words_of(why, "text"),
		words_of(why, "limit"));
	if (!truth_of(why, "allowed"))
		put_button(page, "device.pause", "", _("Let it work for 15 minutes"), "device",
			json_text_of(device, "id"), "seconds", "900", END_PAIRS);
	html(&page->out, "</section>\n");
}

/* --- what holding it would break ----------------------------------------------------------- */

/* From tight to loose. */
static const struct {
	const char *from, *label;
} stops[] = {{"rules", N_("Only what you allow yourself")}, {"mud", N_("What its maker declares")},
	{"learned", N_("What it was seen to do")},
	{"both", N_("Its maker's word, and what was seen")}};

/* The one that was asked for; else the tightest that would have broken nothing. */
static size_t
stop_chosen(const struct sheet *page, const int *answer_of)
{
	const char *wanted = asked(page, "stop");

	for (size_t i = 0; i < COUNT_OF(stops); i++)
		if (*wanted ? !strcmp(stops[i].from, wanted)
			    : page->answer[answer_of[i]] &&
					!number_of(page->answer[answer_of[i]], "broken"))
			return i;
	return COUNT_OF(stops) - 1;
}

static void
put_stop_choice(struct sheet *page, size_t chosen)
{
	html(&page->out,
		"<form class=\"scrub\" method=\"get\" action=\"%s\"><label>%s <input "
		"type=\"range\" id=\"stop-slider\" min=\"0\" max=\"%d\" value=\"%d\" "
		"hidden></label><label>%s <select name=\"stop\" id=\"stop-choice\">",
		page->path, _("From tight to loose"), (int)COUNT_OF(stops) - 1, (int)chosen,
		_("Stop"));
	for (size_t i = 0; i < COUNT_OF(stops); i++)
		html(&page->out, "<option value=\"%s\"%s>%s</option>", stops[i].from,
			i == chosen ? " selected" : "", _(stops[i].label));
	html(&page->out, "</select></label> <button class=\"button\">%s</button></form>\n",
		_("Show"));
}

void
page_hold(struct sheet *page)
{
	static const int answer_of[] = {4, 1, 2, 3};
	const json_t *device = page->answer[0], *flow;
	size_t k;

	html(&page->out,
		"<p><a href=\"/devices/%s\">&#8592; %s</a></p>\n<p class=\"lead\">%s</p>\n",
		json_text_of(device, "id"), json_text_of(device, "label"),
		_("From tight to loose. Each stop was tried on the traffic that was recorded; "
		  "nothing "
		  "changes until you choose one, and Undo takes it back."));
	size_t chosen = stop_chosen(page, answer_of);
	put_stop_choice(page, chosen);
	html(&page->out, "<ol class=\"stops\">");
	for (size_t i = 0; i < COUNT_OF(stops); i++) {
		const json_t *proposal = page->answer[answer_of[i]];
		html(&page->out, "<li class=\"card\" data-stop%s><h2>%s</h2>",
			i == chosen ? " aria-current=\"true\"" : "", _(stops[i].label));
		if (!proposal) {
			html(&page->out, "<p class=\"soft\">%s</p></li>\n",
				refusal(page, (size_t)answer_of[i]));
			continue;
		}
		html(&page->out,
			"<p>%s</p><p><meter min=\"0\" max=\"%lld\" value=\"%lld\" "
			"aria-label=\"%s\"></meter></p>",
			words_of(proposal, "sentence"),
			number_of(proposal, "flows") ? number_of(proposal, "flows") : 1,
			number_of(proposal, "broken"), _("flows lost"));
		if (json_array_size(json_object_get(proposal, "would_break")))
			html(&page->out, "<ul>");
		json_array_foreach(json_object_get(proposal, "would_break"), k, flow)
		{
			if (k == 8)
				break;
			html(&page->out, "<li>%s %s/%lld</li>", json_text_of(flow, "remote"),
				json_text_of(flow, "proto"), number_of(flow, "port"));
		}
		if (json_array_size(json_object_get(proposal, "would_break")))
			html(&page->out, "</ul>");
		put_button(page, "device.enforce", number_of(proposal, "broken") ? "" : "main",
			_("Hold it so"), "device", json_text_of(device, "id"), "from",
			stops[i].from, END_PAIRS);
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ol>\n");
}
