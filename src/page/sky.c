/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shrinking sky of a device: everything that any network would have let it reach,
 * and in it, what it may reach by the rules in force.  Areas are logarithmic, and that is
 * said; IPv6 is a sky of its own.  Each step can be chosen, slid to, or read in the table.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/piece.h"

enum { SKY_R = 95, TOO_MUCH = 50, ENOUGH_STEPS = 2 };

static const struct side {
	const char *key, *name;
	int bits;
} sides[] = {{"ipv4", "IPv4", 32}, {"ipv6", "IPv6", 128}};

static double
addresses_of(const json_t *row, const struct side *side)
{
	return json_number_value(json_object_get(json_object_get(row, side->key), "addresses"));
}

static long long
used_of(const json_t *row, const struct side *side)
{
	return number_of(json_object_get(row, side->key), "used");
}

/* The area grows with the logarithm, so the radius with its root; one address can be seen. */
static double
radius(const struct side *side, double count)
{
	return count >= 1 ? SKY_R * sqrt((log2(count) + 1) / (side->bits + 1)) : 0;
}

/* "4", "4.3 billion", "3.4 x 10^38"; what can be counted is never rounded down. */
static void
put_count(struct sheet *page, double count)
{
	char digits[32];

	if (count < 1e6) {
		html(&page->out, "%lld", (long long)count);
		return;
	}
	if (count < 1e12) {
		bool is_billion = count >= 1e9;
		snprintf(
			digits, sizeof digits, "%.1f", ceil(count / (is_billion ? 1e8 : 1e5)) / 10);
		decimal(digits);
		html(&page->out, "%s %s", digits, is_billion ? _("billion") : _("million"));
		return;
	}
	int power = (int)floor(log10(count));
	snprintf(digits, sizeof digits, "%.1f", count / pow(10, power));
	decimal(digits);
	html(&page->out, "%s &#215; 10<sup>%d</sup>", digits, power);
}

static const char *
state_words(const json_t *row)
{
	static const struct {
		const char *state, *words;
	} all[] = {{"before", N_("day 0: any network")}, {"waiting", N_("waiting")},
		{"observe", N_("watched")}, {"enforce", N_("held")},
		{"quarantine", N_("kept apart")}, {"block", N_("blocked")},
		{"trusted", N_("trusted")}};
	const char *state = json_text_of(row, "state");

	if (truth_of(row, "paused"))
		return _("paused");
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (!strcmp(all[i].state, state))
			return _(all[i].words);
	return state;
}

/* --- the picture ------------------------------------------------------------------------ */

static void
put_disc(struct sheet *page, const json_t *row, const struct side *side)
{
	double count = addresses_of(row, side);

	html(&page->out,
		"<figure class=\"sky%s\" data-sky=\"%s\"><svg viewBox=\"-100 -100 200 200\" "
		"role=\"img\" aria-label=\"%s\"><circle class=\"before\" r=\"95\"/>"
		"<circle class=\"now\" r=\"%.1f\"/><circle class=\"used\" r=\"%.1f\"/></svg>",
		count >= 1 ? "" : " none", side->key,
		_("The outer disc: all addresses, which any network would have let it reach. The "
		  "inner one: those that it may reach. The broken ring: those that it used. The "
		  "table says the same."),
		radius(side, count), radius(side, (double)used_of(row, side)));
	html(&page->out, "<figcaption><b class=\"count\">");
	put_count(page, count);
	html(&page->out, "</b> %s ", _("of"));
	put_count(page, exp2(side->bits));
	html(&page->out, "<br><span class=\"soft\">%s, %s <span class=\"used-count\">%lld</span>",
		side->name, _("used"), used_of(row, side));
	html(&page->out, "</span></figcaption></figure>\n");
}

/* A policy that leaves open far more than was used is criticised, whoever made it. */
static void
put_sentence(struct sheet *page, const json_t *row)
{
	double may = addresses_of(row, &sides[0]) + addresses_of(row, &sides[1]);
	long long used = used_of(row, &sides[0]) + used_of(row, &sides[1]);

	html(&page->out, "<p>");
	if (truth_of(row, "paused"))
		html(&page->out, "%s", _("It is paused: its sky is whole until the pause ends."));
	else if (truth_of(row, "all"))
		html(&page->out, "%s",
			used ? _("It may reach everything, and used next to nothing of it.")
			     : _("It may reach everything."));
	else if (may < 1)
		html(&page->out, "%s", _("It may reach nobody on the internet."));
	else if (may > (double)TOO_MUCH * (double)(used ? used : 1))
		html(&page->out, "%s",
			_("Its rules leave open far more than it ever used: they could be "
			  "tighter."));
	else
		html(&page->out, "%s", _("It may reach little more than what it uses."));
	html(&page->out, "</p>\n");
}

static void
put_pause(struct sheet *page, const json_t *sky)
{
	const json_t *left = json_object_get(sky, "pause_seconds_left");
	long long seconds = json_integer_value(left);

	if (json_is_integer(left))
		html(&page->out,
			"<p><span class=\"chip warn\" role=\"timer\" data-countdown=\"%lld\">%lld "
			"min</span> %s</p>\n",
			seconds, (seconds + 59) / 60, _("until it shrinks again by itself."));
}

/* --- steps ------------------------------------------------------------------------------ */

static void
put_steps(struct sheet *page, const json_t *history, size_t chosen)
{
	const json_t *row;
	char machine[40], moment[40];
	size_t i;

	html(&page->out,
		"<form class=\"scrub\" method=\"get\" action=\"%s#sky\"><label>%s "
		"<input type=\"range\" id=\"sky-slider\" min=\"0\" max=\"%lld\" value=\"%lld\" "
		"hidden></label><label>%s <select name=\"sky\" id=\"sky-step\">",
		page->path, _("From day 0 to today"), (long long)json_array_size(history) - 1,
		(long long)chosen, _("Step"));
	json_array_foreach(history, i, row)
	{
		utc_text(machine, UTC_SECOND, number_of(row, "time"));
		utc_text(moment, UTC_MINUTE, number_of(row, "time"));
		html(&page->out, "<option value=\"%lld\" data-at=\"%s\"%s>%s %s</option>",
			(long long)i, machine, i == chosen ? " selected" : "", moment,
			state_words(row));
	}
	html(&page->out, "</select></label> <button class=\"button\">%s</button></form>\n",
		_("Show"));
}

static void
put_sources(struct sheet *page, const json_t *row)
{
	const json_t *word;
	size_t i;

	json_array_foreach(json_object_get(row, "sources"), i, word)
		html(&page->out, i ? ", %s" : "%s", origin_words(json_string_value(word)));
	if (!json_array_size(json_object_get(row, "sources")))
		html(&page->out, "-");
}

static void
put_row(struct sheet *page, const json_t *row)
{
	html(&page->out, "<tr data-step");
	for (size_t i = 0; i < COUNT_OF(sides); i++)
		html(&page->out, " data-%s=\"%.1f\" data-%s-used=\"%.1f\"", sides[i].key,
			radius(&sides[i], addresses_of(row, &sides[i])), sides[i].key,
			radius(&sides[i], (double)used_of(row, &sides[i])));
	html(&page->out, "><th scope=\"row\">");
	put_moment(page, number_of(row, "time"));
	html(&page->out, "</th><td>%s</td>", state_words(row));
	for (size_t i = 0; i < COUNT_OF(sides); i++) {
		html(&page->out, "<td class=\"number\">");
		put_count(page, addresses_of(row, &sides[i]));
		html(&page->out, "</td>");
	}
	html(&page->out, "<td class=\"number\">%lld</td><td class=\"number\">%lld + %lld</td><td>",
		number_of(row, "ports"), used_of(row, &sides[0]), used_of(row, &sides[1]));
	put_sources(page, row);
	html(&page->out, "</td></tr>\n");
}

void
put_sky(struct sheet *page, const json_t *sky)
{
	const json_t *history = json_object_get(sky, "history"), *row;
	const char *asked_for = asked(page, "sky");
	size_t i, n = json_array_size(history);
	size_t chosen = *asked_for ? strtoul(asked_for, NULL, 10) : n;

	html(&page->out, "<section class=\"card\" id=\"sky\"><h2>%s</h2>\n", _("Its sky"));
	if (!n) {
		put_empty(page, _("The engine does not say."));
		html(&page->out, "</section>\n");
		return;
	}
	bool is_now = chosen >= n - 1;
	const json_t *shown =
		is_now ? json_object_get(sky, "now") : json_array_get(history, chosen);
	put_sentence(page, shown);
	put_pause(page, sky);
	html(&page->out, "<div class=\"skies\">\n");
	for (i = 0; i < COUNT_OF(sides); i++)
		put_disc(page, shown, &sides[i]);
	html(&page->out, "</div>\n");
	if (n >= ENOUGH_STEPS)
		put_steps(page, history, is_now ? n - 1 : chosen);
	html(&page->out, "<details><summary>%s</summary>", _("The same as a table"));
	put_table(page, _("Since"), _("State"), NUMBERS, _("IPv4 addresses"), NUMBERS,
		_("IPv6 addresses"), NUMBERS, _("Ports"), NUMBERS, _("Used, IPv4 + IPv6"),
		_("On whose word"), END_TABLE);
	json_array_foreach(history, i, row) put_row(page, row);
	put_table_end(page);
	html(&page->out, "</details><p class=\"soft\">%s</p></section>\n",
		_("Day 0 is what any network would have let it do, not what it did. The inner disc "
		  "is "
		  "counted from the rules in force, and rounded up; areas are logarithmic. A name "
		  "on "
		  "a shared server counts as all addresses that it opened, at most at one time."));
}
