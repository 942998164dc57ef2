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

static void
put_row(struct sheet *page, const json_t *device)
{
	const json_t *kind = json_object_get(device, "kind"),
		     *addresses = json_object_get(device, "addresses");
	const char *first = json_string_value(json_array_get(addresses, 0));

	html(&page->out, "<tr><th scope=\"row\">");
	put_device_link(page, device);
	html(&page->out, "</th><td data-name=\"%s\">%s", _("Kind"), json_text_of(kind, "word"));
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
	html(&page->out, "</td><td class=\"number\" data-name=\"%s\">%lld</td></tr>\n",
		_("Packets denied"), number_of(device, "denied_packets"));
}

static void
put_facets(struct sheet *page, const json_t *status)
{
	const char *chosen = asked(page, "state");

	html(&page->out, "<ul class=\"facets\"><li><a href=\"/devices\"%s>%s %lld</a></li>",
		*chosen ? "" : " aria-current=\"true\"", _("all"), number_of(status, "devices"));
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		long long n = number_of(json_object_get(status, "states"), states[i]);
		if (n)
			html(&page->out, "<li><a href=\"/devices?state=%s\"%s>%s %lld</a></li>",
				states[i],
				!strcmp(chosen, states[i]) ? " aria-current=\"true\"" : "",
				states[i], n);
	}
	html(&page->out, "</ul>\n");
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
	html(&page->out, "<button class=\"button\">%s</button></form>\n", _("Find"));
}

/* A form and no link: what was looked for is not put into an address by us. */
static void
put_more(struct sheet *page, long long after)
{
	html(&page->out, "<form action=\"/devices\">");
	put_field(page, "find", asked(page, "find"));
	put_field(page, "state", asked(page, "state"));
	html(&page->out,
		"<button class=\"button\" id=\"next\" name=\"after\" "
		"value=\"%lld\">%s</button></form>\n",
		after, _("More devices"));
}

void
page_devices(struct sheet *page)
{
	const json_t *devices = page->answer[1], *device;
	size_t i, n = json_array_size(devices);

	put_search(page);
	put_facets(page, page->answer[0]);
	if (!n) {
		put_empty(page, *asked(page, "find")
					? _("None. Shorter words find more.")
					: _("None. A device appears here with its first packet."));
		return;
	}
	html(&page->out, "<section class=\"card\">");
	put_table(page, _("Device"), _("Kind"), _("State"), _("Address"), _("Port"), _("Seen"),
		NUMBERS, _("Packets denied"), END_TABLE);
	json_array_foreach(devices, i, device) put_row(page, device);
	put_table_end(page);
	html(&page->out, "</section>\n");
	html(&page->out, "<p><a href=\"/left\">%s</a></p>\n", _("Devices that left"));
	if (n == LIST_ROWS)
		put_more(page, number_of(json_array_get(devices, n - 1), "number"));
}
