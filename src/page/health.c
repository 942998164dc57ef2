/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a device stands, by what the last audit says of each provision: six groups that
 * people care about, a mark for each provision that leads to its evidence.  No score: what
 * failed is not made up for by what did not, and what nobody looked at is said to be so.
 * And what it may reach, what it reached and what was refused, as rings.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "page/piece.h"

enum { GROUPS = 6, TALKS_COUNTED = 256 };

static const struct group {
	const char *id, *title;
} groups[GROUPS] = {{"passwords", N_("Passwords")}, {"encryption", N_("Encryption")},
	{"updates", N_("Updates")}, {"exposure", N_("Exposure")}, {"support", N_("Support")},
	{"disclosure", N_("Faults reported")}};

/* The first that fits; a row that ends with '-' is a whole clause. */
static const struct {
	const char *provision;
	size_t group;
} places[] = {{"5.1-", 0}, {"5.2-", 5}, {"5.3-13", 4}, {"5.3-14", 4}, {"5.3-15", 4}, {"5.3-16", 4},
	{"5.3-", 2}, {"5.4-4", 1}, {"5.5-4", 3}, {"5.5-5", 3}, {"5.5-", 1}, {"5.6-", 3},
	{"5.8-1", 1}, {"5.8-2", 1}};

/* From the worst; behind the last: nobody looked. */
static const char *const words[] = {"FAIL", "INC", "DECL", "NFF", "PASS", "NA"};
enum { WORDS = COUNT_OF(words) };
static const char *const signs[WORDS + 1] = {
	"&#10005;", "?", "&#9998;", "&#9675;", "&#10003;", "-", "&#183;"};

struct health {
	long long count[GROUPS][WORDS + 1];
	long long failed[GROUPS + 1], n[GROUPS + 1], unseen[GROUPS + 1]; /* the last: of all */
};

/* Letters after the number are parts of the provision: 5.3-15A is 5.3-15. */
static bool
is_place(const char *id, const char *place)
{
	size_t len = strlen(place);

	if (strncmp(id, place, len) != 0)
		return false;
	return place[len - 1] == '-' || id[len] < '0' || id[len] > '9';
}

static size_t
group_of(const json_t *row)
{
	const char *id = json_text_of(row, "id");

	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (is_place(id, places[i].provision))
			return places[i].group;
	return GROUPS;
}

static size_t
word_of(const json_t *row)
{
	const char *verdict = json_text_of(row, "verdict");

	for (size_t i = 0; i < WORDS; i++)
		if (!strcmp(words[i], verdict) && (!i || !number_of(row, "missing")))
			return i; /* a failure is one, whatever else was left out */
	return WORDS;
}

static void
count(struct health *health, const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		size_t group = group_of(row), word = word_of(row);
		if (group == GROUPS)
			continue;
		health->count[group][word]++;
		const size_t of[] = {group, GROUPS};
		for (size_t k = 0; k < COUNT_OF(of); k++) {
			health->n[of[k]]++;
			health->failed[of[k]] += !word;
			health->unseen[of[k]] += word == WORDS;
		}
	}
}

static size_t
worst(const struct health *health, size_t group)
{
	size_t word = 0;

	while (word < WORDS && !health->count[group][word])
		word++;
	return word;
}

static void
put_verdict(struct sheet *page, size_t word)
{
	if (word < WORDS)
		put_chip(page, words[word]);
	else
		html(&page->out,
			"<span class=\"chip\"><span aria-hidden=\"true\">&#183;</span> "
			"%s</span>",
			_("not tested"));
}

static void
put_mark(struct sheet *page, const json_t *row, long long run)
{
	size_t word = word_of(row);
	const char *id = json_text_of(row, "id"), *said = word < WORDS ? words[word] : "NONE";

	html(&page->out,
		"<li><a class=\"v-%s%s\" href=\"/bench/%lld#p-%s\" title=\"%s %s\"><span "
		"aria-hidden=\"true\">",
		said, truth_of(row, "mandatory") ? "" : " light", run, id, id,
		word < WORDS ? said : _("not tested"));
	html_raw(&page->out, signs[word], strlen(signs[word]));
	html(&page->out, "</span><span class=\"heard\">%s %s</span></a></li>", id,
		word < WORDS ? said : _("not tested"));
}

static void
put_groups(struct sheet *page, const struct health *health, const json_t *rows, long long run)
{
	const json_t *row;
	size_t i;

	html(&page->out, "<ul class=\"health\">\n");
	for (size_t group = 0; group < GROUPS; group++) {
		html(&page->out, "<li><h3>%s</h3>", _(groups[group].title));
		html(&page->out, "<div>");
		put_verdict(page, worst(health, group));
		if (health->unseen[group] && worst(health, group) < WORDS)
			html(&page->out, "<span class=\"soft\"> %lld %s</span>",
				health->unseen[group], _("not tested"));
		html(&page->out, "</div><ul class=\"marks\">");
		json_array_foreach(rows, i, row) if (group_of(row) == group)
			put_mark(page, row, run);
		html(&page->out, "</ul></li>\n");
	}
	html(&page->out, "</ul>\n");
}

static void
put_groups_table(struct sheet *page, const struct health *health)
{
	html(&page->out, "<details><summary>%s</summary>", _("The same as a table"));
	put_table(page, _("Group"), NUMBERS, "FAIL", NUMBERS, "INC", NUMBERS, "DECL", NUMBERS,
		"NFF", NUMBERS, "PASS", NUMBERS, "NA", NUMBERS, _("not tested"), END_TABLE);
	for (size_t group = 0; group < GROUPS; group++) {
		html(&page->out, "<tr><th scope=\"row\">%s</th>", _(groups[group].title));
		for (size_t word = 0; word <= WORDS; word++)
			html(&page->out, "<td class=\"number\">%lld</td>",
				health->count[group][word]);
		html(&page->out, "</tr>\n");
	}
	put_table_end(page);
	html(&page->out, "</details>\n");
}

static void
put_health_sentence(struct sheet *page, const struct health *health)
{
	bool is_first = true;

	html(&page->out, "<p>");
	for (size_t group = 0; group < GROUPS; group++) {
		if (!health->failed[group])
			continue;
		html(&page->out, "%s %s", is_first ? _("Failed:") : ",", _(groups[group].title));
		is_first = false;
	}
	if (is_first)
		html(&page->out, "%s", _("No failure was found where it was looked"));
	html(&page->out, ". ");
	html(&page->out,
		ngettext("Of %lld provision", "Of %lld provisions",
			(unsigned long)health->n[GROUPS]),
		health->n[GROUPS]);
	html(&page->out, " ");
	html(&page->out,
		ngettext("%lld was not tested.", "%lld were not tested.",
			(unsigned long)health->unseen[GROUPS]),
		health->unseen[GROUPS]);
	html(&page->out, "</p>\n");
}

void
put_health(struct sheet *page, const json_t *device, const json_t *tested)
{
	const json_t *rows = json_object_get(tested, "provisions");
	const char *id = json_text_of(device, "id");
	long long run = number_of(tested, "run");
	struct health health = {.n = {0}};

	/* Nobody tests the phone of somebody. */
	if (!strcmp(json_text_of(device, "class"), "personal"))
		return;
	count(&health, rows);
	html(&page->out, "<section class=\"card\" id=\"health\"><h2>%s</h2>\n", _("Its health"));
	if (!health.n[GROUPS]) {
		put_empty(page, _("No audit of it has ended: nothing is known, good or bad."));
	} else {
		put_health_sentence(page, &health);
		put_groups(page, &health, rows, run);
		put_groups_table(page, &health);
		html(&page->out, "<p class=\"soft\"><a href=\"/bench/%lld\">%s %lld</a>, ", run,
			_("Audit"), run);
		put_time(page, number_of(tested, "ended"));
		if (!truth_of(tested, "complete"))
			html(&page->out, "%s", _(", not to its end"));
		html(&page->out, ". %s</p>",
			_("Each mark is a provision of EN 303 645 and leads to its evidence; "
			  "dashed "
			  "ones are recommendations. What other clauses ask for stands there."));
	}
	html(&page->out, "<p><a href=\"/bench?device=%s\">%s</a></p></section>\n", id,
		_("Test it"));
}

/* --- allowed, seen, blocked ---------------------------------------------------------------- */

enum { RINGS_R = 92, LEAST_LOG = 8 };

struct reach {
	double may;
	long long seen, refused;
	bool is_all, is_more; /* than were counted */
};

static bool
is_new(const json_t *talks, size_t at)
{
	const char *remote = json_text_of(json_array_get(talks, at), "remote");

	for (size_t i = 0; i < at; i++) {
		const json_t *other = json_array_get(talks, i);
		if (truth_of(other, "denied") && !strcmp(json_text_of(other, "remote"), remote) &&
			strcmp(json_text_of(other, "way"), "in") != 0)
			return false;
	}
	return true;
}

static struct reach
reach_of(const json_t *sky, const json_t *talks)
{
	static const char *const sides[] = {"ipv4", "ipv6"};
	const json_t *now = json_object_get(sky, "now"), *talk;
	struct reach reach = {.is_all = truth_of(now, "all")};
	size_t k;

	for (size_t i = 0; i < COUNT_OF(sides); i++) {
		const json_t *side = json_object_get(now, sides[i]);
		reach.may += json_number_value(json_object_get(side, "addresses"));
		reach.seen += number_of(side, "used");
	}
	json_array_foreach(talks, k, talk)
	{
		if (k == TALKS_COUNTED) {
			reach.is_more = true;
			break;
		}
		reach.refused += truth_of(talk, "denied") &&
				 strcmp(json_text_of(talk, "way"), "in") != 0 && is_new(talks, k);
	}
	return reach;
}

static double
weight(double n)
{
	return n >= 1 ? log2(n + 1) : 0;
}

/*
 * What was reached lies in what may be, what was refused around it.  Areas grow with the
 * logarithm; of nothing nothing is drawn.
 */
static void
put_rings(struct sheet *page, const struct reach *reach)
{
	double may = weight(reach->may), all = may + weight((double)reach->refused),
	       seen = weight((double)reach->seen);
	double unit = RINGS_R / sqrt(fmax(fmax(all, seen), LEAST_LOG));

	html(&page->out,
		"<svg class=\"reach\" viewBox=\"-100 -100 200 200\" role=\"img\" "
		"aria-label=\"%s\">",
		_("Rings: the inner broken line is what it reached, the disc around it what it may "
		  "reach, the outer broken line what was refused. The table says the same."));
	if (reach->refused)
		html(&page->out, "<circle class=\"refused\" r=\"%.1f\"/>", unit * sqrt(all));
	if (reach->may >= 1)
		html(&page->out, "<circle class=\"may\" r=\"%.1f\"/>", unit * sqrt(may));
	if (reach->seen)
		html(&page->out, "<circle class=\"seen\" r=\"%.1f\"/>", unit * sqrt(seen));
	html(&page->out, "</svg>\n");
}

static void
put_may(struct sheet *page, const struct reach *reach)
{
	char digits[40];

	if (reach->is_all) {
		html(&page->out, "%s", _("everything"));
		return;
	}
	if (reach->may < 1e6)
		html(&page->out, "%lld", (long long)reach->may);
	else {
		snprintf(digits, sizeof digits, "%.1f", ceil(reach->may / 1e5) / 10);
		decimal(digits);
		html(&page->out, "%s %s", digits, _("million"));
	}
}

static void
put_reach_sentence(struct sheet *page, const struct reach *reach)
{
	const char *said;

	if (reach->is_all)
		said = reach->refused ? _("It may reach everything now; before, it was refused "
					  "some of it.")
				      : _("It may reach everything, and nothing is refused.");
	else if (!reach->seen && !reach->refused)
		said = _("It tried to reach nobody.");
	else if (!reach->refused)
		said = _("All that it tried to reach it may reach.");
	else if (!reach->seen)
		said = _("All that it tried to reach was refused.");
	else
		said = _("It reached some, and was refused others.");
	html(&page->out, "<p>%s</p>\n", said);
}

void
put_reach(struct sheet *page, const json_t *device, const json_t *sky, const json_t *talk)
{
	const json_t *talks = json_object_get(talk, "talks");
	const char *more;

	if (!strcmp(json_text_of(device, "class"), "personal") || !json_is_object(sky))
		return;
	struct reach reach = reach_of(sky, talks);
	more = reach.is_more ? _("or more") : "";
	html(&page->out, "<section class=\"card\" id=\"reach\"><h2>%s</h2>\n",
		_("Allowed, seen, refused"));
	put_reach_sentence(page, &reach);
	html(&page->out, "<div class=\"skies\">");
	if (reach.may >= 1 || reach.seen || reach.refused)
		put_rings(page, &reach);
	html(&page->out, "<ul class=\"plain-list keys\"><li><span class=\"key may\"></span> %s <b>",
		_("allowed"));
	put_may(page, &reach);
	html(&page->out,
		"</b></li><li><span class=\"key seen\"></span> %s <b>%lld</b></li><li><span "
		"class=\"key refused\"></span> %s <b>%lld</b> %s</li></ul></div>\n",
		_("seen"), reach.seen, _("refused"), reach.refused, more);
	html(&page->out, "<details><summary>%s</summary>", _("The same as a table"));
	put_table(page, _("Ring"), _("What it is"), NUMBERS, _("How many"), END_TABLE);
	html(&page->out, "<tr><th scope=\"row\">%s</th><td>%s</td><td class=\"number\">",
		_("allowed"), _("addresses on the internet that the rules in force let through"));
	put_may(page, &reach);
	html(&page->out,
		"</td></tr>\n<tr><th scope=\"row\">%s</th><td>%s</td><td "
		"class=\"number\">%lld</td></tr>\n<tr><th scope=\"row\">%s</th><td>%s</td><td "
		"class=\"number\">%lld %s</td></tr>\n",
		_("seen"), _("hosts that it began to talk to"), reach.seen, _("refused"),
		_("hosts that it tried to talk to and was not let"), reach.refused, more);
	put_table_end(page);
	html(&page->out, "</details><p class=\"soft\">%s</p></section>\n",
		_("Areas are logarithmic. What was refused may have been allowed at another "
		  "time."));
}
