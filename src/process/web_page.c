/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_page.h"

#include <string.h>

#include "base/auto.h"
#include "page/pages.h"
#include "page/piece.h"
#include "process/web_route.h"

const struct page pages[] = {
	{"/", N_("Is everything all right?"), N_("Home"), false,
		{{"status", ""}, {"doctor", ""},
			{"device.list", "limit=121"}, /* RING_MAX and one */
			{"events.list", "limit=60"}, {"home.begin", ""},
			{"device.list", "state=waiting limit=4"}, {"incident.latest", ""}},
		page_home},
	{"/begin", N_("The first ten minutes"), NULL, false, {{"home.begin", ""}}, page_begin},
	{"/welcome", N_("New devices"), NULL, false,
		{{"device.list", "state=waiting limit=100"}, {"device.kinds", ""}}, page_welcome},
	{"/backup.json", NULL, NULL, false, {{"backup.make", ""}}, file_backup, "application/json",
		"pinfold-backup.json"},
	{"/card", N_("Recovery card"), NULL, false, {{"home.card", ""}}, page_card},
	{"/devices", N_("Devices"), N_("Devices"), false,
		{{"status", ""}, {"device.list", "state find kind attention after limit=100"},
			{"device.alike", "limit=5"}},
		page_devices},
	{"/devices/{device}", N_("Device"), NULL, false,
		{{"device.show", "device"}, {"policy.show", "device"},
			{"policy.proposal", "device from=keep"}, {"events.list", "device limit=12"},
			{"audit.list", "device limit=5"}, {"label.show", "device"},
			{"device.sky", "device"}, {"device.talk", "device"},
			{"audit.health", "device"}},
		page_device},
	{"/leave/{device}", N_("It is leaving"), NULL, false, {{"device.leaving", "device"}},
		page_leave},
	{"/intake/{device}", N_("It had another owner"), NULL, false, {{"device.intake", "device"}},
		page_intake},
	{"/left", N_("Devices that left"), NULL, false, {{"left.list", ""}}, page_left},
	{"/left/{left}", N_("A device that left"), NULL, false, {{"left.show", "left"}},
		page_left_one},
	{"/why/{device}", N_("Why?"), NULL, false,
		{{"device.show", "device"}, {"policy.why", "device destination port"}}, page_why},
	{"/hold/{device}", N_("What would holding it break?"), NULL, false,
		{{"device.show", "device"}, {"policy.proposal", "device from=mud"},
			{"policy.proposal", "device from=learned"},
			{"policy.proposal", "device from=both"},
			{"policy.proposal", "device from=rules"}},
		page_hold},
	{"/maker/{device}", N_("Its maker"), NULL, false,
		{{"maker.show", "device"}, {"maker.list", ""}}, page_maker},
	{"/story", N_("Story"), N_("Story"), false,
		{{"events.list", "device before limit=60"}, {"story.day", "date device"},
			{"incident.list", "device limit=3"}},
		page_story},
	{"/incidents", N_("Incidents"), NULL, false, {{"incident.list", "device before limit=50"}},
		page_incidents},
	{"/incidents/{incident}", N_("An incident"), NULL, false, {{"incident.show", "incident"}},
		page_incident},
	{"/incidents/{incident}/packets.pcapng", NULL, NULL, false,
		{{"incident.packets", "incident"}}, file_packets, "application/vnd.tcpdump.pcap",
		"incident.pcapng"},
	{"/story/{device}", N_("How it came to that"), NULL, false,
		{{"device.show", "device"}, {"policy.journal", "device limit=100"},
			{"events.list", "device limit=100"}},
		page_tale},
	{"/rules", N_("Rules and journal"), N_("Rules"), false,
		{{"policy.journal", "device before limit=100"}, {"device.list", "limit=1000"}},
		page_rules},
	{"/introductions", N_("Introductions"), N_("Introductions"), false,
		{{"introduction.list", ""}, {"device.list", "limit=1000"}, {"service.list", ""}},
		page_introductions},
	{"/doors", N_("Doors to the internet"), N_("Doors"), false,
		{{"door.list", ""}, {"device.list", "limit=1000"}}, page_doors},
	{"/bench", N_("Test bench"), N_("Bench"), false,
		{{"audit.list", "device before limit=50"}, {"device.list", "limit=1000"}},
		page_bench},
	{"/bench/{run}", N_("Audit"), NULL, false,
		{{"audit.show", "run at"}, {"audit.list", "beside:run limit=200"}}, page_audit},
	{"/bench/{run}/report.html", NULL, NULL, false, {{"audit.show", "run at"}},
		file_report_html, "text/html; charset=utf-8", "report.html"},
	{"/bench/{run}/report.pdf", NULL, NULL, false, {{"audit.show", "run at"}}, file_report_pdf,
		"application/pdf", "report.pdf"},
	{"/bench/{run}/report.json", NULL, NULL, false, {{"audit.show", "run at"}},
		file_report_json, "application/json", "report.json"},
	{"/bench/{run}/report.xml", NULL, NULL, false, {{"audit.show", "run at"}},
		file_report_junit, "application/xml", "report.xml"},
	{"/compare", N_("What changed"), NULL, false,
		{{"audit.show", "run"}, {"audit.show", "run:with"}}, page_compare},
	{"/apps", N_("Apps"), NULL, false,
		{{"audit.list", "limit=200"}, {"device.list", "limit=1000"}}, page_apps},
	{"/reset/{device}", N_("A factory reset"), NULL, false,
		{{"device.show", "device"}, {"audit.list", "device limit=5"}}, page_reset},
	{"/declaration/{device}", N_("What is said of it"), NULL, false,
		{{"audit.declared", "device"}}, page_declaration},
	{"/declaration/{device}/{section}", N_("What is said of it"), NULL, false,
		{{"audit.declared", "device"}}, page_declaration},
	{"/gate/{of}", N_("May it go on the shelf?"), NULL, false, {{"audit.gate", "of profile"}},
		page_gate},
	{"/shelf", N_("The shelf"), NULL, false, {{"audit.shelf.list", "after limit=50"}},
		page_shelf},
	{"/labels", N_("Labels"), N_("Labels"), false,
		{{"label.list", "after limit=50"}, {"label.trusted", ""},
			{"label.history", "before limit=30"}},
		page_labels},
	{"/labels/{device}", N_("Its label"), NULL, false, {{"label.show", "device"}}, page_label},
	{"/labels/issued/{label}", N_("Label"), NULL, false,
		{{"label.issued", "label"}, {"label.history", "label before limit=30"}},
		page_issued},
	{"/labels/issued/{label}/label.json", NULL, NULL, false, {{"label.issued", "label"}},
		file_label_json, "application/json", "label.json"},
	{"/labels/issued/{label}/label.svg", NULL, NULL, false, {{"label.issued", "label"}},
		file_label_svg, "image/svg+xml", "label.svg"},
	{"/labels/issued/{label}/qr.svg", NULL, NULL, false, {{"label.issued", "label"}},
		file_label_qr, "image/svg+xml", "qr.svg"},
	{"/bands", N_("The words of a label"), NULL, false, {{NULL}}, page_bands},
	{"/box", N_("This box"), N_("Box"), false, {{"status", ""}, {"doctor", ""}}, page_box},
	{"/help-now", N_("Something not working?"), NULL, false, {{"device.list", "limit=1000"}},
		page_help_now},
	{"/tell", N_("How you hear of it"), NULL, false, {{"tell.show", ""}}, page_tell},
	{"/account", N_("You"), NULL, false,
		{{"session.list", ""}, {"token.list", ""}, {"account.list", ""},
			{"passkey.list", ""}},
		page_account, .script = "/passkey.js"},
	{"/login", N_("Log in"), NULL, true, {{NULL}}, page_login, .script = "/passkey.js"},
	{"/claim", N_("Whose gateway is this?"), NULL, true, {{NULL}}, page_claim},
	{NULL},
};

/* The words of the navigation, in the order of the table. */
static const struct navigation *
navigation(void)
{
	static struct navigation rows[COUNT_OF(pages)];
	size_t n = 0;

	for (const struct page *page = pages; page->path; page++)
		if (page->word)
			rows[n++] = (struct navigation){page->path, page->word};
	rows[n] = (struct navigation){NULL, NULL};
	return rows;
}

static bool
action_of(const char *verb, struct form_action *action)
{
	const struct route *route = route_of_verb(verb);

	if (route)
		*action = (struct form_action){route->method, route->path, route->scope};
	return route;
}

static void
sheet_init(struct sheet *sheet, const struct page_view *view)
{
	const json_t *account = json_object_get(view->who, "account");

	*sheet = (struct sheet){.path = view->path,
		.language = say_in(view->language),
		.args = view->args,
		.who = json_is_object(account) ? json_text_of(account, "name") : NULL,
		.scope = json_text_of(view->who, "scope"),
		.proof = json_text_of(view->who, "proof"),
		.origin = view->origin,
		.passkeys = json_text_of(view->who, "passkeys"),
		.script = view->page ? view->page->script : NULL,
		.theme = view->theme,
		.now_s = view->now_s,
		.action_of = action_of};
	for (int i = 0; i < PAGE_ASKS_MAX; i++) {
		const json_t *error = json_object_get(view->answer[i], "error");
		sheet->answer[i] = json_object_get(view->answer[i], "result");
		sheet->refused[i] = error ? json_text_of(error, "text") : NULL;
		sheet->next[i] = number_of(view->answer[i], "next");
	}
}

void
page_render(struct html *out, const struct page_view *view)
{
	struct sheet sheet;

	sheet_init(&sheet, view);
	if (view->page->type) {
		if (sheet.answer[0])
			view->page->put(&sheet);
		*out = sheet.out;
		return;
	}
	sheet_begin(&sheet, _(view->page->title), navigation());
	if (!view->page->ask[0].verb || sheet.answer[0])
		view->page->put(&sheet);
	else
		put_trouble(&sheet,
			sheet.refused[0]
				? refusal(&sheet, 0)
				: _("The engine does not answer. The rules that are loaded hold "
				    "meanwhile. This page tries again by itself."));
	sheet_end(&sheet);
	*out = sheet.out;
}

void
page_answer(struct html *out, const struct page_view *view, const char *back, const json_t *answer)
{
	struct sheet sheet;

	sheet_init(&sheet, view);
	sheet_begin(
		&sheet, truth_of(answer, "ok") ? _("Done") : _("That was refused"), navigation());
	page_said(&sheet, answer, back);
	sheet_end(&sheet);
	*out = sheet.out;
}
