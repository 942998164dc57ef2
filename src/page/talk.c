/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With whom a device talks: from the device by purpose to whose server it is, and its
 * heartbeat, hour by hour.  Purposes are guesses from names and ports, and say so; where a
 * server stands is not said, because nobody outside is asked.
 */
#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "page/piece.h"

enum {
	PURPOSES = 6,
	SITES_DRAWN = 12,
	ROW_H = 30,
	HOURS = 168,
	CELL = 22,
	DAY_S = 86400,
	SHOWN_MAX = 60
};

static const struct purpose {
	const char *word, *label;
} purposes[PURPOSES] = {{"control", N_("control")}, {"update", N_("updates")}, {"time", N_("time")},
	{"house", N_("in the house")}, {"unknown", N_("not known")},
	{"tracking", N_("collects data")}};

static size_t
purpose_at(const json_t *talk)
{
	for (size_t i = 0; i < PURPOSES; i++)
		if (!strcmp(json_text_of(talk, "purpose"), purposes[i].word))
			return i;
	return 4;
}

/* --- the flows --------------------------------------------------------------------------- */

struct stream {
	size_t purpose;
	const char *site;
	double bytes;
	bool is_denied; /* never allowed */
};
struct streams {
	struct stream row[SITES_DRAWN];
	size_t n, n_more;
	size_t of[PURPOSES];
};

static void
add(struct streams *streams, const json_t *talk)
{
	const char *site = json_text_of(talk, "site");
	size_t purpose = purpose_at(talk), i = 0;

	if (!*site)
		site = json_text_of(talk, "remote");
	while (i < streams->n &&
		(streams->row[i].purpose != purpose || strcmp(streams->row[i].site, site) != 0))
		i++;
	if (i == SITES_DRAWN) {
		streams->n_more++;
		return;
	}
	if (i == streams->n) {
		streams->row[streams->n++] =
			(struct stream){.purpose = purpose, .site = site, .is_denied = true};
		streams->of[purpose]++;
	}
	streams->row[i].bytes += (double)number_of(talk, "bytes");
	streams->row[i].is_denied &= truth_of(talk, "denied");
}

static int
width_of(double bytes)
{
	return 1 + (int)(log10(bytes + 1) * 1.2);
}

static void
put_line(struct sheet *page, const struct stream *stream, double x, double from_y, double to_y)
{
	int width = width_of(stream->bytes);

	html(&page->out,
		"<path class=\"flow %s w%d\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>",
		stream->is_denied ? "denied" : "allowed", width < 12 ? width : 12, x, from_y,
		x + 60, from_y, x + 60, to_y, x + 120, to_y);
}

static void
put_streams(struct sheet *page, const char *label, const struct streams *streams)
{
	double height = (double)streams->n * ROW_H + 16, middle = height / 2, y = 23;

	html(&page->out,
		"<svg class=\"flows\" viewBox=\"0 0 640 %.0f\" role=\"img\" aria-label=\"%s\">",
		height,
		_("Lines from the device by purpose to those whom it talks to; broken ones were "
		  "denied. The table says the same."));
	for (size_t p = 0; p < PURPOSES; p++) {
		if (!streams->of[p])
			continue;
		double at = y + (double)(streams->of[p] - 1) * ROW_H / 2;
		struct stream all = {.is_denied = true};
		for (size_t i = 0; i < streams->n; i++) {
			if (streams->row[i].purpose != p)
				continue;
			all.bytes += streams->row[i].bytes;
			all.is_denied &= streams->row[i].is_denied;
			put_line(page, &streams->row[i], 330, at, y);
			html(&page->out, "<text x=\"456\" y=\"%.1f\">%s</text>", y + 5,
				streams->row[i].site);
			y += ROW_H;
		}
		put_line(page, &all, 100, middle, at);
		html(&page->out,
			"<rect class=\"purpose %s\" x=\"220\" y=\"%.1f\" width=\"112\" "
			"height=\"26\" "
			"rx=\"6\"/><text x=\"276\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
			purposes[p].word, at - 13, at + 5, _(purposes[p].label));
	}
	html(&page->out,
		"<rect class=\"box\" x=\"2\" y=\"%.1f\" width=\"100\" height=\"34\" rx=\"8\"/>"
		"<text class=\"here\" x=\"52\" y=\"%.1f\" text-anchor=\"middle\">%s</text></svg>\n",
		middle - 17, middle + 5, label);
	if (streams->n_more)
		html(&page->out, "<p class=\"soft\">%s</p>", _("The table has more."));
}

static void
put_talks_table(struct sheet *page, const json_t *talks)
{
	const json_t *talk;
	size_t i;

	html(&page->out, "<details><summary>%s</summary>", _("The same as a table"));
	put_table(page, _("With"), _("Port"), _("Purpose"), _("Because"), NUMBERS, _("Times"),
		NUMBERS, _("Bytes"), _("Then"), END_TABLE);
	json_array_foreach(talks, i, talk)
	{
		if (i == SHOWN_MAX)
			break;
		html(&page->out,
			"<tr><th scope=\"row\">%s</th><td>%s %lld</td><td>%s</td><td>%s</td><td "
			"class=\"number\">%lld</td><td "
			"class=\"number\">%lld</td><td>%s</td></tr>\n",
			json_text_of(talk, "remote"), json_text_of(talk, "proto"),
			number_of(talk, "port"), _(purposes[purpose_at(talk)].label),
			*json_text_of(talk, "why") ? words_of(talk, "why") : "-",
			number_of(talk, "flows"), number_of(talk, "bytes"),
			truth_of(talk, "denied") ? _("denied") : _("allowed"));
	}
	put_table_end(page);
	html(&page->out, "</details>\n");
}

/* What a picture cannot say: what those on the other side could do. */
static void
put_power(struct sheet *page, const struct streams *streams)
{
	if (streams->of[0] || streams->of[1])
		html(&page->out, "<p>%s</p>",
			_("Its maker's servers can command it, and give it other software, "
			  "whenever "
			  "it is connected. Through it they reach none of your other devices, but "
			  "those that you introduced."));
	if (streams->of[5])
		html(&page->out, "<p>%s</p>",
			_("It talks to services that are known to collect data about people."));
	html(&page->out, "<p class=\"soft\">%s</p>",
		_("Purposes are guessed from names and ports. In which country a server stands is "
		  "not "
		  "said: nobody outside is asked."));
}

/* --- the heartbeat ------------------------------------------------------------------------- */

static long long
hour_of(const json_t *pulse, const char *key, size_t hour)
{
	return json_integer_value(json_array_get(json_object_get(pulse, key), hour));
}

static int
heat(long long flows)
{
	return flows <= 0 ? 0 : flows < 4 ? 1 : flows < 16 ? 2 : flows < 64 ? 3 : 4;
}

static void
put_heat(struct sheet *page, const json_t *pulse)
{
	long long begins = number_of(pulse, "begins");

	html(&page->out,
		"<svg class=\"heat\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
		24 * CELL + 70, 8 * CELL + 4,
		_("A row a day, a field an hour; the darker, the more connections it began. Fields "
		  "with a frame had denied ones. The table says the same."));
	for (int hour = 0; hour < HOURS; hour++) {
		long long at_s = begins + hour * 3600LL;
		int x = 66 + (int)(at_s % DAY_S / 3600) * CELL;
		int y = (int)(at_s / DAY_S - begins / DAY_S) * CELL + 2;
		if (!hour || at_s % DAY_S == 0) {
			char day[40];
			utc_text(day, UTC_WEEKDAY, at_s);
			html(&page->out, "<text x=\"0\" y=\"%d\">%s</text>", y + 16, day);
		}
		html(&page->out,
			"<rect class=\"h%d%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
			"rx=\"3\"/>",
			heat(hour_of(pulse, "flows", (size_t)hour)),
			hour_of(pulse, "denied", (size_t)hour) ? " was-denied" : "", x, y, CELL - 4,
			CELL - 4);
	}
	html(&page->out, "</svg>\n");
}

static void
put_heat_table(struct sheet *page, const json_t *pulse)
{
	long long begins = number_of(pulse, "begins");

	html(&page->out, "<details><summary>%s</summary>", _("The same as a table"));
	put_table(page, _("Hour (UTC)"), NUMBERS, _("Begun"), NUMBERS, _("Denied"), NUMBERS,
		_("kB sent"), END_TABLE);
	for (size_t hour = 0; hour < HOURS; hour++) {
		long long flows = hour_of(pulse, "flows", hour),
			  denied = hour_of(pulse, "denied", hour),
			  sent = hour_of(pulse, "sent_kb", hour);
		if (!flows && !denied && !sent)
			continue;
		html(&page->out, "<tr><th scope=\"row\">");
		put_time(page, begins + (long long)hour * 3600);
		html(&page->out,
			"</th><td class=\"number\">%lld</td><td class=\"number\">%lld</td><td "
			"class=\"number\">%lld</td></tr>\n",
			flows, denied, sent);
	}
	put_table_end(page);
	html(&page->out, "<p class=\"soft\">%s</p></details>\n",
		_("Hours that are not in it had nothing."));
}

/* Of a camera or a microphone this is worth a look; what was in it nobody here knows. */
static void
put_loud(struct sheet *page, const json_t *loud)
{
	const json_t *row;
	size_t i;

	if (!json_array_size(loud))
		return;
	html(&page->out, "<p><span class=\"chip warn\">%s</span> %s</p><ul>", _("sends a lot"),
		_("As much as pictures or sound would be; what it was cannot be seen from here."));
	json_array_foreach(loud, i, row)
	{
		html(&page->out, "<li>%lld MB, ", number_of(row, "kb") / 1024);
		put_time(page, number_of(row, "time"));
		html(&page->out, "</li>");
	}
	html(&page->out, "</ul>");
}

void
put_talk(struct sheet *page, const json_t *device, const json_t *talk)
{
	const json_t *talks = json_object_get(talk, "talks"), *row;
	struct streams streams = {.n = 0};
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2>\n", _("Who it talks to"));
	if (!strcmp(json_text_of(device, "class"), "personal")) {
		put_empty(page,
			_("Of phones and laptops nothing but presence is recorded or shown."));
		html(&page->out, "</section>\n");
		return;
	}
	json_array_foreach(talks, i, row) add(&streams, row);
	if (!streams.n) {
		put_empty(page, _("Nothing was seen that could be drawn yet."));
	} else {
		put_streams(page, json_text_of(device, "label"), &streams);
		put_talks_table(page, talks);
		put_power(page, &streams);
	}
	html(&page->out, "</section>\n<section class=\"card\"><h2>%s</h2>\n", _("Its heartbeat"));
	put_loud(page, json_object_get(talk, "sends_a_lot"));
	put_heat(page, json_object_get(talk, "pulse"));
	put_heat_table(page, json_object_get(talk, "pulse"));
	html(&page->out, "</section>\n");
}
