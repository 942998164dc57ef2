/* SPDX-License-Identifier: Apache-2.0 */
/* The list of devices. */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "page/pages.h"
#include "page/piece.h"

enum { LIST_ROWS = 100 };

static const char *const states[] = {
	"waiting", "observe", "enforce", "trusted", "quarantine", "block"};

/* A month or a day; what has ended is not taken for a date among others. */
static void
put_support(struct sheet *page, const char *until)
{
	char today[40];

	utc_text(today, UTC_DATE, page->now_s);
	html(&page->out, "</td><td data-name=\"%s\">", _("Support until"));
	if (*until && strncmp(until, today, strlen(until)) < 0)
		put_chip_as(page, "bad", "&#9632;", _("ended"));
	html(&page->out, *until ? " %s" : "%s", *until ? until : _("nobody says"));
}

static void
put_row(struct sheet *page, const json_t *device)
{
	const json_t *kind = json_object_get(device, "kind"),
		     *addresses = json_object_get(device, "addresses");
	const char *first = json_string_value(json_array_get(addresses, 0));

	html(&page->out, "<tr><th scope=\"row\">");
	put_device_link(page, device);
	html(&page->out, "</th><td data-name=\"%s\">%s", _("Kind"), words_of(kind, "word"));
	if (number_of(kind, "confidence"))
		html(&page->out, " <span class=\"soft\">%lld %%</span>",
			number_of(kind, "confidence"));
	html(&page->out, "</td><td data-name=\"%s\">", _("State"));
	put_chip(page, json_text_of(device, "state"));
	if (truth_of(device, "paused"))
		put_chip(page, "paused");
	if (truth_of(device, "contained"))
		put_chip(page, "contained");
	html(&page->out,
		"</td><td data-name=\"%s\">%s</td><td data-name=\"%s\">%s</td>"
		"<td data-name=\"%s\">",
		_("Address"), first ? first : "-", _("Port"), json_text_of(device, "port"),
		_("Seen"));
	if (truth_of(device, "present"))
		html(&page->out, "%s", _("now"));
	else
		put_time(page, number_of(device, "last"));
	put_support(page, json_text_of(device, "support_end"));
	html(&page->out, "</td><td class=\"number\" data-name=\"%s\">%lld</td></tr>\n",
		_("Packets denied"), number_of(device, "denied_packets"));
}

/* Each is a link that keeps the others; the words are those of the engine. */
struct facet {
	const char *name, *value, *label;
	long long count;
};

/* What was asked for, as far as it may stand in an address as it is. */
static const char *
kept(const struct sheet *page, const char *name)
{
	const char *value = asked(page, name);

	return value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-")] ? "" : value;
}

static void
put_facet(struct sheet *page, const struct facet *facet)
{
	static const char *const names[] = {"state", "kind", "attention"};
	bool is_chosen = !strcmp(asked(page, facet->name), facet->value);
	const char *mark = "?";

	html(&page->out, "<li><a href=\"/devices");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value =
			strcmp(names[i], facet->name) ? kept(page, names[i]) : facet->value;
		if (!*value)
			continue;
		html(&page->out, "%s%s=%s", mark, names[i], value);
		mark = "&";
	}
	html(&page->out,
		is_chosen ? "\" aria-current=\"true\">%s %lld</a></li>" : "\">%s %lld</a></li>",
		facet->label, facet->count);
}

static void
put_facets_begin(struct sheet *page, const char *title)
{
	html(&page->out, "<div class=\"facet-row\"><h2>%s</h2><ul class=\"facets\">", title);
}

static void
put_facets(struct sheet *page, const json_t *status)
{
	long long all = number_of(status, "devices"), n = number_of(status, "attention");
	union {
		const json_t *in;
		json_t *out;
	} kinds = {.in = json_object_get(status, "kinds")};
	const char *kind;
	json_t *count;

	put_facets_begin(page, _("State"));
	put_facet(page, &(struct facet){"state", "", _("all"), all});
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		long long in = number_of(json_object_get(status, "states"), states[i]);
		if (in)
			put_facet(page, &(struct facet){"state", states[i], _(states[i]), in});
	}
	html(&page->out, "</ul></div>\n");
	if (n || *asked(page, "attention")) {
		put_facets_begin(page, _("Needs you"));
		put_facet(page, &(struct facet){"attention", "", _("all"), all});
		put_facet(page, &(struct facet){"attention", "true", _("needs attention"), n});
		html(&page->out, "</ul></div>\n");
	}
	if (!json_object_size(kinds.in))
		return;
	put_facets_begin(page, _("Kind"));
	put_facet(page, &(struct facet){"kind", "", _("all"), all});
	json_object_foreach(kinds.out, kind, count) put_facet(page,
		&(struct facet){"kind", kind, say_words(kind, NULL), json_integer_value(count)});
	html(&page->out, "</ul></div>\n");
}

static void
put_field(struct sheet *page, const char *name, const char *value)
{
	if (*value)
		html(&page->out, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", name, value);
}

static void
put_search(struct sheet *page)
{
	html(&page->out,
		"<form role=\"search\" action=\"/devices\"><label>%s <input type=\"search\" "
		"name=\"find\" value=\"%s\" maxlength=\"64\"></label> ",
		_("Name, kind, address or port"), asked(page, "find"));
	put_field(page, "state", asked(page, "state"));
	put_field(page, "kind", asked(page, "kind"));
	put_field(page, "attention", asked(page, "attention"));
	html(&page->out, "<button class=\"button\">%s</button></form>\n", _("Find"));
}

/* A form and no link: what was looked for is not put into an address by us. */
static void
put_more(struct sheet *page, long long after)
{
	html(&page->out, "<form action=\"/devices\">");
	put_field(page, "find", asked(page, "find"));
	put_field(page, "state", asked(page, "state"));
	put_field(page, "kind", asked(page, "kind"));
	put_field(page, "attention", asked(page, "attention"));
	html(&page->out,
		"<button class=\"button\" id=\"next\" name=\"after\" "
		"value=\"%lld\">%s</button></form>\n",
		after, _("More devices"));
}

/* --- two that may be one --------------------------------------------------------------------- */

/* What it is that both say, and how much that tells: words of the engine. */
static const char *
plain_word(const char *word)
{
	static const struct {
		const char *word, *label;
	} plain[] = {{"hostname", N_("name")}, {"mdns-name", N_("name")}, {"lldp-name", N_("name")},
		{"dhcp-client-id", N_("DHCP id")}, {"duid", N_("DHCP id")},
		{"mqtt-client", N_("MQTT id")}, {"certificate", N_("certificate")},
		{"mdns-model", N_("model")}, {"vendor-class", N_("software")},
		{"dhcp-parameters", N_("software")}, {"ssdp-server", N_("software")},
		{"user-agent", N_("software")}, {"very likely", N_("very likely")},
		{"likely", N_("likely")}, {"perhaps", N_("perhaps")}};

	for (size_t i = 0; i < COUNT_OF(plain); i++)
		if (!strcmp(plain[i].word, word))
			return _(plain[i].label);
	return word;
}

static void
put_side(struct sheet *page, const json_t *side)
{
	put_device_link(page, side);
	html(&page->out, " ");
	put_chip(page, json_text_of(side, "state"));
	html(&page->out, " <span class=\"soft\">%s ", _("seen"));
	put_time(page, number_of(side, "last"));
	html(&page->out, "</span>");
}

static void
put_alike(struct sheet *page, const json_t *alike)
{
	const json_t *device = json_object_get(alike, "device"),
		     *into = json_object_get(alike, "into"), *clue;
	size_t i;

	html(&page->out, "<li><p>");
	put_side(page, device);
	html(&page->out, " %s ", _("looks like the same thing as"));
	put_side(page, into);
	html(&page->out, "</p><p><b>%s</b> <span class=\"soft\">(%lld %%)</span>, %s ",
		plain_word(json_text_of(alike, "word")), number_of(alike, "confidence"),
		_("as both say:"));
	json_array_foreach(json_object_get(alike, "clues"), i, clue)
		html(&page->out, i ? ", %s <code>%s</code>" : "%s <code>%s</code>",
			plain_word(json_text_of(clue, "kind")), json_text_of(clue, "claimed"));
	html(&page->out, "</p>");
	if (truth_of(alike, "gains")) {
		html(&page->out, "<p>");
		put_chip_as(page, "warn", "&#9670;", _("be sure"));
		html(&page->out, " %s</p>",
			_("The first waits and may do nothing. Merged, it may do what the other "
			  "may: "
			  "look whether it is in your hands."));
	}
	html(&page->out, "<div class=\"buttons\">");
	put_button(page, "device.merge", "", _("The same: merge them"), "device",
		json_text_of(device, "id"), "into", json_text_of(into, "id"), END_PAIRS);
	put_button(page, "device.distinct", "", _("Not the same"), "device",
		json_text_of(device, "id"), "from", json_text_of(into, "id"), END_PAIRS);
	html(&page->out, "</div></li>\n");
}

/* Above the list as a whole, not above a part of it that was asked for. */
static void
put_tray(struct sheet *page, const json_t *rows)
{
	static const char *const narrowed[] = {"find", "state", "kind", "attention", "after"};
	const json_t *alike;
	size_t i;

	for (i = 0; i < COUNT_OF(narrowed); i++)
		if (*asked(page, narrowed[i]))
			return;
	if (!json_array_size(rows))
		return;
	html(&page->out,
		"<section class=\"card\" id=\"alike\"><h2>%s</h2><ul class=\"plain-list\">\n",
		_("Two, or one?"));
	json_array_foreach(rows, i, alike) put_alike(page, alike);
	html(&page->out, "</ul><p class=\"soft\">%s</p></section>\n",
		_("What a device says of itself any other can say as well. Nothing is merged until "
		  "you "
		  "say so, and a merge can be taken back."));
}

void
page_devices(struct sheet *page)
{
	const json_t *devices = page->answer[1], *device;
	size_t i, n = json_array_size(devices);

	put_search(page);
	put_facets(page, page->answer[0]);
	put_tray(page, page->answer[2]);
	if (!n) {
		put_empty(page,
			*asked(page, "find") ? _("None. Shorter words find more.")
			: *asked(page, "state") || *asked(page, "kind") || *asked(page, "attention")
				? _("None of these.")
				: _("None. A device appears here with its first packet."));
		return;
	}
	html(&page->out, "<section class=\"card\">");
	put_table(page, _("Device"), _("Kind"), _("State"), _("Address"), _("Port"), _("Seen"),
		_("Support until"), NUMBERS, _("Packets denied"), END_TABLE);
	json_array_foreach(devices, i, device) put_row(page, device);
	put_table_end(page);
	html(&page->out, "</section>\n");
	html(&page->out, "<p><a href=\"/left\">%s</a></p>\n", _("Devices that left"));
	if (n == LIST_ROWS)
		put_more(page, number_of(json_array_get(devices, n - 1), "number"));
}
