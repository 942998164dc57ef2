/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With whom a device talks: from the device by purpose to whose server it is, and in whose
 * network that lies; and its heartbeat, hour by hour.  Purposes are guesses from names and
 * ports, and say so.  Networks are what a table on this gateway has registered: nobody
 * outside is asked, and where a server stands is not known.
 */
#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "page/piece.h"

enum {
	PURPOSES = 6,
	SITES_DRAWN = 12,
	ROW_H = 34,
	ROW_NETWORK_H = 50, /* with its network below */
	NETWORKS_MAX = 4,   /* of one row of the picture */
	/* Columns of the picture, from the left. */
	DEVICE_X = 2,
	DEVICE_W = 128,
	PURPOSE_X = 210,
	PURPOSE_W = 136,
	SITE_X = 438,
	PICTURE_W = 640,
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
	const json_t *network[NETWORKS_MAX];
	size_t n_networks; /* that it leads to; more than stand here are fine */
};
struct streams {
	struct stream row[SITES_DRAWN];
	size_t n, n_more;
	size_t of[PURPOSES];
	int row_h;
};

static void
add_networks(struct stream *stream, const json_t *networks)
{
	const json_t *network;
	size_t i, k;

	json_array_foreach(networks, i, network)
	{
		for (k = 0; k < stream->n_networks && k < NETWORKS_MAX; k++)
			if (json_equal(stream->network[k], network))
				break;
		if (k == stream->n_networks && k < NETWORKS_MAX)
			stream->network[k] = network;
		stream->n_networks += k == stream->n_networks;
	}
}

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
	add_networks(&streams->row[i], json_object_get(talk, "networks"));
	if (streams->row[i].n_networks)
		streams->row_h = ROW_NETWORK_H;
}

static int
width_of(double bytes)
{
	return 1 + (int)(log10(bytes + 1) * 1.2);
}

static void
put_line(struct sheet *page, const struct stream *stream, const double from[2], const double to[2])
{
	int width = width_of(stream->bytes);
	double middle = (from[0] + to[0]) / 2;

	html(&page->out,
		"<path class=\"flow %s w%d\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>",
		stream->is_denied ? "denied" : "allowed", width < 12 ? width : 12, from[0], from[1],
		middle, from[1], middle, to[1], to[0], to[1]);
}

/* Words in the picture; what does not fit ends with an ellipsis, and the whole is its title. */
static void
put_fitted_begin(
	struct sheet *page, const char *class, const char *words, int x, double y, int w, int h)
{
	html(&page->out,
		"<foreignObject x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\"><div "
		"class=\"fitted %s\" title=\"%s\"><span>%s</span>",
		x, y, w, h, class, words, words);
}

static void
put_fitted_end(struct sheet *page)
{
	html(&page->out, "</div></foreignObject>");
}

static void
put_network_count(struct sheet *page, long long n)
{
	html(&page->out, "<small>");
	html(&page->out, ngettext("%lld network", "%lld networks", (unsigned long)n), n);
	html(&page->out, "</small>");
}

static void
put_site(struct sheet *page, const struct stream *stream, double y, int row_h)
{
	const json_t *network = stream->network[0];
	const char *owner = json_text_of(network, "owner");

	put_fitted_begin(
		page, "site", stream->site, SITE_X, y - row_h / 2.0, PICTURE_W - SITE_X, row_h);
	if (stream->n_networks > 1)
		put_network_count(page, (long long)stream->n_networks);
	else if (stream->n_networks)
		html(&page->out, "<small title=\"%s, %s\">%s, %s</small>", owner,
			json_text_of(network, "country_name"),
			*owner ? owner : _("owner not known"), json_text_of(network, "country"));
	put_fitted_end(page);
}

static void
put_purpose(
	struct sheet *page, const struct streams *streams, size_t p, double first_y, double middle)
{
	double y = first_y + (double)(streams->of[p] - 1) * streams->row_h / 2;
	struct stream all = {.is_denied = true};

	for (size_t i = 0; i < streams->n; i++) {
		if (streams->row[i].purpose != p)
			continue;
		all.bytes += streams->row[i].bytes;
		all.is_denied &= streams->row[i].is_denied;
		put_line(page, &streams->row[i], (double[]){PURPOSE_X + PURPOSE_W, y},
			(double[]){SITE_X - 6, first_y});
		put_site(page, &streams->row[i], first_y, streams->row_h);
		first_y += streams->row_h;
	}
	put_line(page, &all, (double[]){DEVICE_X + DEVICE_W, middle}, (double[]){PURPOSE_X, y});
	html(&page->out,
		"<rect class=\"purpose %s\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"26\" "
		"rx=\"6\"/>",
		purposes[p].word, PURPOSE_X, y - 13, PURPOSE_W);
	put_fitted_begin(page, "", _(purposes[p].label), PURPOSE_X, y - 13, PURPOSE_W, 26);
	put_fitted_end(page);
}

static void
put_streams(struct sheet *page, const char *label, const struct streams *streams)
{
	double height = (double)streams->n * streams->row_h + 16, middle = height / 2;
	double y = 8 + streams->row_h / 2.0;

	html(&page->out,
		"<svg class=\"flows\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"%s\">",
		PICTURE_W, height < 64 ? 64 : height,
		_("Lines from the device by purpose to those whom it talks to; broken ones were "
		  "denied. The table says the same."));
	for (size_t p = 0; p < PURPOSES; p++) {
		if (!streams->of[p])
			continue;
		put_purpose(page, streams, p, y, middle);
		y += (double)streams->of[p] * streams->row_h;
	}
	html(&page->out,
		"<rect class=\"box\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"46\" rx=\"8\"/>",
		DEVICE_X, middle - 23, DEVICE_W);
	put_fitted_begin(page, "here", label, DEVICE_X, middle - 23, DEVICE_W, 46);
	put_fitted_end(page);
	html(&page->out, "</svg>\n");
	if (streams->n_more)
		html(&page->out, "<p class=\"soft\">%s</p>", _("The table has more."));
}

/* "AMAZON-02 (AS16509), United States of America": each a line of its own. */
static void
put_networks(struct sheet *page, const json_t *networks)
{
	const json_t *network;
	size_t i;

	if (!json_array_size(networks))
		html(&page->out, "-");
	json_array_foreach(networks, i, network)
	{
		const char *owner = json_text_of(network, "owner");
		html(&page->out, "<div>%s", *owner ? owner : _("owner not known"));
		if (number_of(network, "as"))
			html(&page->out, " (AS%lld)", number_of(network, "as"));
		if (*json_text_of(network, "country"))
			html(&page->out, ", %s <span lang=\"en\" data-region=\"%s\">%s</span>",
				_("registered in"), json_text_of(network, "country"),
				json_text_of(network, "country_name"));
		if (truth_of(network, "anycast"))
			html(&page->out, ", %s", _("in many places at once"));
		html(&page->out, "</div>");
	}
}

static void
put_talks_table(struct sheet *page, const json_t *talks, bool with_networks)
{
	const json_t *talk;
	size_t i;

	html(&page->out, "<details class=\"talks\"><summary>%s</summary>",
		_("The same as a table"));
	if (with_networks)
		put_table(page, _("With"), _("Port"), _("Purpose"), _("Network"), NUMBERS,
			_("Times"), NUMBERS, _("Bytes"), _("Then"), END_TABLE);
	else
		put_table(page, _("With"), _("Port"), _("Purpose"), NUMBERS, _("Times"), NUMBERS,
			_("Bytes"), _("Then"), END_TABLE);
	json_array_foreach(talks, i, talk)
	{
		if (i == SHOWN_MAX)
			break;
		html(&page->out, "<tr><th scope=\"row\">%s</th><td>%s %lld</td><td>%s",
			json_text_of(talk, "remote"), json_text_of(talk, "proto"),
			number_of(talk, "port"), _(purposes[purpose_at(talk)].label));
		if (*json_text_of(talk, "why"))
			html(&page->out, " <span class=\"soft\">(%s)</span>",
				words_of(talk, "why"));
		html(&page->out, "</td>");
		if (with_networks) {
			html(&page->out, "<td class=\"network\">");
			put_networks(page, json_object_get(talk, "networks"));
			html(&page->out, "</td>");
		}
		html(&page->out,
			"<td class=\"number\">%lld</td><td "
			"class=\"number\">%lld</td><td>%s</td></tr>\n",
			number_of(talk, "flows"), number_of(talk, "bytes"),
			truth_of(talk, "denied") ? _("denied") : _("allowed"));
	}
	put_table_end(page);
	html(&page->out, "</details>\n");
}

/* What a picture cannot say: what those on the other side could do. */
static void
put_power(struct sheet *page, const struct streams *streams, int64_t networks_as_of)
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
	html(&page->out, "<p class=\"soft\">%s ", _("Purposes are guessed from names and ports."));
	if (networks_as_of) {
		html(&page->out, "%s ",
			_("Whose network it is, and where that is registered, is according to the "
			  "table of IPFire Location (CC BY-SA 4.0) of"));
		put_date(page, networks_as_of);
		html(&page->out, ". %s</p>\n",
			_("Where a server stands it does not say, and nobody outside is asked. One "
			  "name may lead to several networks, and another day to others."));
		return;
	}
	html(&page->out, "%s</p>\n",
		_("In which country a server stands is not said: nobody outside is asked."));
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
	html(&page->out, "</svg>\n<p class=\"soft\">%s</p>\n", _("Days and hours of UTC."));
}

static void
put_heat_table(struct sheet *page, const json_t *pulse)
{
	long long begins = number_of(pulse, "begins");

	html(&page->out, "<details><summary>%s</summary>", _("The same as a table"));
	put_table(page, _("Hour"), NUMBERS, _("Begun"), NUMBERS, _("Denied"), NUMBERS, _("kB sent"),
		END_TABLE);
	for (size_t hour = 0; hour < HOURS; hour++) {
		long long flows = hour_of(pulse, "flows", hour),
			  denied = hour_of(pulse, "denied", hour),
			  sent = hour_of(pulse, "sent_kb", hour);
		if (!flows && !denied && !sent)
			continue;
		html(&page->out, "<tr><th scope=\"row\">");
		put_moment(page, begins + (long long)hour * 3600);
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
	struct streams streams = {.row_h = ROW_H};
	int64_t networks_as_of = number_of(talk, "networks_as_of");
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
		put_talks_table(page, talks, networks_as_of);
		put_power(page, &streams, networks_as_of);
	}
	html(&page->out, "</section>\n<section class=\"card\"><h2>%s</h2>\n", _("Its heartbeat"));
	put_loud(page, json_object_get(talk, "sends_a_lot"));
	put_heat(page, json_object_get(talk, "pulse"));
	put_heat_table(page, json_object_get(talk, "pulse"));
	html(&page->out, "</section>\n");
}
