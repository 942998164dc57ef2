/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures, as SVG in the page.  Each is marked as an image with its sentence, so
 * that who cannot see it hears that; the table that says the same stands beside it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "page/piece.h"

void
put_mood(struct sheet *page, enum mood mood)
{
	/* Three shapes, so that no colour is needed: a disc, a diamond, a triangle. */
	static const char *const shape[] = {
		[MOOD_CALM] = "<svg class=\"mood good\" viewBox=\"0 0 48 48\" aria-hidden=\"true\">"
			      "<circle cx=\"24\" cy=\"24\" r=\"22\"/>"
			      "<path class=\"sign\" d=\"M14 25l7 7 13-15\"/></svg>",
		[MOOD_LOOK] = "<svg class=\"mood warn\" viewBox=\"0 0 48 48\" aria-hidden=\"true\">"
			      "<path d=\"M24 1l23 23-23 23L1 24z\"/>"
			      "<path class=\"sign\" d=\"M24 13v14M24 33v2\"/></svg>",
		[MOOD_ACT] = "<svg class=\"mood bad\" viewBox=\"0 0 48 48\" aria-hidden=\"true\">"
			     "<path d=\"M24 3l23 42H1z\"/>"
			     "<path class=\"sign\" d=\"M24 18v13M24 37v2\"/></svg>"};

	html_raw(&page->out, shape[mood], strlen(shape[mood]));
}

/* --- the ring ----------------------------------------------------------------------- */

enum { RING_MAX = 120, RING_NAMED = 28 };

static void
put_dot(struct sheet *page, const json_t *device, double x, double y, double r)
{
	const char *state = json_text_of(device, "state");
	bool is_bad = truth_of(device, "contained") || !strcmp(state, "quarantine") ||
		      !strcmp(state, "block");
	const char *class = is_bad                                                   ? "bad"
			    : !strcmp(state, "enforce") || !strcmp(state, "trusted") ? "good"
			    : !strcmp(state, "waiting")                              ? "warn dashed"
										     : "warn";

	html(&page->out,
		"<a href=\"/devices/%s\"><circle class=\"dot %s%s\" cx=\"%.1f\" cy=\"%.1f\" "
		"r=\"%.1f\"/>",
		json_text_of(device, "id"), class, truth_of(device, "present") ? "" : " away", x, y,
		r);
	if (is_bad)
		html(&page->out,
			"<path class=\"cross\" d=\"M%.1f %.1fl%.1f %.1fM%.1f %.1fl%.1f %.1f\"/>",
			x - r / 2, y - r / 2, r, r, x + r / 2, y - r / 2, -r, r);
	html(&page->out, "<title>%s: %s</title>", json_text_of(device, "label"), _(state));
}

void
put_ring(struct sheet *page, const json_t *devices)
{
	size_t n = json_array_size(devices) < RING_MAX ? json_array_size(devices) : RING_MAX;
	double r = n <= RING_NAMED ? 11 : n <= 60 ? 7 : 4.5;

	html(&page->out,
		"<svg class=\"ring\" viewBox=\"-330 -215 660 430\" role=\"group\" "
		"aria-label=\"%s\">"
		"<circle class=\"orbit\" r=\"150\"/><circle class=\"orbit far\" r=\"205\"/>"
		"<text class=\"far\" y=\"-190\" text-anchor=\"middle\">%s</text>",
		_("The devices around the gateway; the table of devices says the same."),
		_("the internet"));
	for (size_t i = 0; i < n; i++) {
		const json_t *device = json_array_get(devices, i);
		double angle = 2 * M_PI * ((double)i + .5) / (double)n - M_PI / 2;
		double x = 150 * cos(angle), y = 150 * sin(angle);
		if (truth_of(device, "present"))
			html(&page->out, "<line class=\"tie\" x2=\"%.1f\" y2=\"%.1f\"/>", x, y);
		put_dot(page, device, x, y, r);
		if (n <= RING_NAMED)
			html(&page->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
				x + (r + 7) * cos(angle), y + (r + 12) * sin(angle) + 5,
				cos(angle) > .1    ? "start"
				: cos(angle) < -.1 ? "end"
						   : "middle",
				json_text_of(device, "label"));
		html(&page->out, "</a>");
	}
	html(&page->out,
		"<rect class=\"box\" x=\"-42\" y=\"-17\" width=\"84\" height=\"34\" rx=\"8\"/>"
		"<text class=\"here\" y=\"5\" text-anchor=\"middle\">Pinfold</text></svg>\n");
	if (json_array_size(devices) > n)
		html(&page->out, "<p class=\"soft\">%s</p>",
			_("Only the first are drawn; the list has all."));
}
