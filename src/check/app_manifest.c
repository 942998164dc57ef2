/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the app that belongs to a device says of itself.  A flag in a manifest is a
 * hint and no failure: it shows what the platform would permit, and not what the
 * app does.  What it does is seen on the wire, while its owner permits that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "check/app_read.h"
#include "check/table.h"
#include "firmware/apk.h"

void (*app_read)(struct session *);

void
app_manifest_probe(struct session *session)
{
	if (session_file(session) < 0)
		session_note(session, "refused", "the file is not there any more; give it again");
	else if (!app_read)
		session_note(session, "refused", "this build cannot unpack it");
	else
		app_read(session);
}

/* --- reading what was written down ---------------------------------------------------------------- */

/* A document, put together from the rounds that it was written in; false: there is none more. */
struct document {
	uint8_t *bytes; /* room for AXML_BYTES_MAX */
	size_t len;
	const struct exchange *first;
};

static bool
next_document(const struct transcript *transcript, size_t *from, uint16_t check, const char *step,
	struct document *out)
{
	const struct exchange *e;
	uint32_t round = 1;
	size_t next = *from;

	out->len = 0;
	out->first = NULL;
	while ((e = transcript_next(transcript, &next, check, step)) &&
		(!out->first || e->round != 1)) {
		/* A stranger's transcript: pieces that do not follow one another are no document. */
		if (e->round != round++ || e->n_received > AXML_BYTES_MAX - out->len)
			return false;
		if (e->n_received)
			memcpy(out->bytes + out->len, e->received, e->n_received);
		out->len += e->n_received;
		out->first = out->first ? out->first : e;
		*from = next;
	}
	return out->first != NULL;
}

/* --- judging --------------------------------------------------------------------------------------- */

struct app {
	struct findings *findings;
	const struct exchange *at; /* its manifest */
	const struct exchange *network_at;
	struct apk_manifest manifest;
	struct apk_network network;
	bool has_network; /* exactly one, and it could be read */
	size_t n_networks;
	const char *name;
};

static void
name_app(const struct app *app, char *out, size_t size)
{
	snprintf(out, size, "%.48s%s%.16s", app->manifest.package,
		app->manifest.version[0] ? " " : "", app->manifest.version);
}

static enum axml_flag
clear_text_of(const struct app *app)
{
	if (!app->has_network || app->network.clear_text == AXML_UNSET)
		return apk_manifest_clear_text(&app->manifest);
	return app->network.clear_text;
}

static void
judge_clear_text(const struct app *app)
{
	static const char *const provisions[] = {"5.5-1", "5.5-7", "5.8-1"};
	const struct exchange *at = app->network_at ? app->network_at : app->at;
	enum axml_flag clear = clear_text_of(app);

	for (size_t i = 0; i < COUNT_OF(provisions); i++) {
		if (clear == AXML_YES)
			findings_inc(app->findings, provisions[i], INC_NOT_SEEN, at,
				"the app %s permits itself clear text to every server; whether it "
				"sends any, its traffic shows",
				app->name);
		else if (clear != AXML_NO)
			findings_inc(app->findings, provisions[i], INC_NO_IXIT, at,
				"whether the app %s permits itself clear text, another file of it "
				"decides",
				app->name);
		else if (app->has_network && app->network.n_clear)
			findings_inc(app->findings, provisions[i], INC_NOT_SEEN, at,
				"the app %s permits itself clear text to %u servers, %.60s among "
				"them",
				app->name, app->network.n_clear, app->network.clear[0]);
		else
			finding_coverage(
				findings_add(app->findings, provisions[i], VERDICT_NFF, at,
					"the app %s permits itself no clear text; its own sockets, "
					"if it has any, are not bound by that",
					app->name),
				1, 1);
	}
}

static void
judge_authorities(const struct app *app)
{
	const struct exchange *at = app->network_at ? app->network_at : app->at;
	bool trusts_user = app->has_network
				   ? app->network.trusts_user || app->network.trusts_user_for_some
				   : apk_manifest_trusts_user(&app->manifest);

	if (trusts_user)
		findings_inc(app->findings, "5.5-1", INC_NOT_SEEN, at,
			"the app %s believes certificate authorities that somebody added to the "
			"phone; whether it believes anybody, false certificates show",
			app->name);
	if (app->has_network && app->network.n_pins && app->network.pins_until[0])
		findings_inc(app->findings, "5.5-1", INC_NO_IXIT, at,
			"the app %s knows %u keys of its servers, until %.15s only", app->name,
			app->network.n_pins, app->network.pins_until);
}

static void
judge_storage(const struct app *app)
{
	const struct apk_manifest *manifest = &app->manifest;

	if (manifest->debuggable == AXML_YES || manifest->test_only == AXML_YES)
		findings_inc(app->findings, "5.4-1", INC_NO_IXIT, app->at,
			"the app %s is built for %s: whoever holds the phone can read what it "
			"stores, and change what it does",
			app->name, manifest->debuggable == AXML_YES ? "debugging" : "tests");
	if (manifest->allows_backup != AXML_NO)
		findings_inc(app->findings, "5.4-1", INC_NO_IXIT, app->at,
			"what the app %s stores goes into backups of the phone; whether secrets "
			"are in it, the maker must say",
			app->name);
	if (manifest->debuggable == AXML_UNSURE)
		findings_inc(app->findings, "5.4-1", INC_NO_IXIT, app->at,
			"whether the app %s is built for debugging, another file of it decides",
			app->name);
	else if (manifest->debuggable != AXML_YES && manifest->test_only != AXML_YES &&
		 manifest->allows_backup == AXML_NO)
		finding_coverage(findings_add(app->findings, "5.4-1", VERDICT_NFF, app->at,
					 "the app %s is not built for debugging and gives nothing "
					 "to backups",
					 app->name),
			2, 2);
}

static void
judge_access(const struct app *app)
{
	const uint32_t sensors = 1u << APK_LOCATION | 1u << APK_LOCATION_ALWAYS |
				 1u << APK_MICROPHONE | 1u << APK_CAMERA | 1u << APK_BODY;
	char list[FINDING_TEXT_MAX - 110] = "";
	size_t len = 0, n = 0, n_listed = 0;

	for (unsigned i = 0; i < APK_ACCESS_COUNT; i++) {
		const char *text = apk_access_text((enum apk_access)i);
		if (!(app->manifest.access >> i & 1))
			continue;
		n++;
		if (len + strlen(text) + 3 > sizeof list)
			continue;
		len += (size_t)snprintf(
			list + len, sizeof list - len, "%s%s", len ? ", " : "", text);
		n_listed++;
	}
	if (!n) {
		finding_coverage(findings_add(app->findings, "6-1", VERDICT_NFF, app->at,
					 "the app %s asks for none of what a phone asks its user "
					 "for",
					 app->name),
			app->manifest.n_permissions, app->manifest.n_permissions);
	} else {
		findings_inc(app->findings, "6-1", INC_NO_IXIT, app->at,
			"the privacy notice must say why the app asks for %s%s", list,
			n_listed < n ? " and more" : "");
	}
	if (app->manifest.access & sensors)
		findings_inc(app->findings, "5.8-3", INC_NO_IXIT, app->at,
			"the app %s may use sensors of the phone; the instructions must say which "
			"and what for",
			app->name);
	else
		finding_coverage(findings_add(app->findings, "5.8-3", VERDICT_NFF, app->at,
					 "the app %s asks for no sensor of the phone", app->name),
			app->manifest.n_permissions, app->manifest.n_permissions);
}

static void
judge_exports(const struct app *app)
{
	const struct apk_manifest *manifest = &app->manifest;

	if (manifest->n_exported)
		finding_coverage(
			findings_inc(app->findings, "5.13-1A", INC_NO_IXIT, app->at,
				"any other app on the phone may use %u parts of %s, %.60s among "
				"them; whether they check what they are given is not seen here",
				manifest->n_exported, app->name, manifest->exported[0]),
			manifest->n_exported, manifest->n_components);
	else
		finding_coverage(findings_add(app->findings, "5.13-1A", VERDICT_NFF, app->at,
					 "no other app on the phone may use a part of %s without a "
					 "permission",
					 app->name),
			manifest->n_components, manifest->n_components);
}

/* What makes it uncertain which manifest a phone would read takes all the rest of its worth. */
static bool
say_doubts(struct app *app, const struct transcript *transcript)
{
	uint16_t check = app->findings->check;
	const struct exchange *odd = transcript_first(transcript, check, "odd");
	const char *why = odd                                  ? odd->note
			  : app->manifest.has_two_applications ? "its manifest speaks of two apps"
							       : NULL;
	static const char *const provisions[] = {
		"5.4-1", "5.5-1", "5.5-7", "5.8-1", "5.8-3", "5.13-1A", "6-1"};

	if (!why)
		return false;
	for (size_t i = 0; i < COUNT_OF(provisions); i++)
		findings_inc(app->findings, provisions[i], INC_TOOL_ERROR, app->at,
			"what the package says depends on who reads it: %.120s", why);
	return true;
}

static void
take_networks(struct app *app, const struct transcript *transcript, struct document *document)
{
	size_t from = 0;

	while (next_document(transcript, &from, app->findings->check, "network", document)) {
		app->n_networks++;
		app->network_at = document->first;
		app->has_network = apk_network_parse(&app->network, document->bytes, document->len);
	}
	/* Several: which one counts, a table says that is not read. */
	app->has_network &= app->n_networks == 1 && app->manifest.has_network_config;
	if (!app->has_network)
		app->network_at = NULL;
}

static void
judge_app(struct app *app, const struct transcript *transcript)
{
	if (say_doubts(app, transcript))
		return;
	if (app->manifest.has_network_config && !app->has_network) {
		static const char *const provisions[] = {"5.5-1", "5.5-7", "5.8-1"};
		for (size_t i = 0; i < COUNT_OF(provisions); i++)
			findings_inc(app->findings, provisions[i], INC_NO_IMAGE, app->at,
				"the app %s has a file about its network, and %s", app->name,
				app->n_networks > 1 ? "several could be it"
						    : "it was not found, or could not be read");
	} else {
		judge_clear_text(app);
		judge_authorities(app);
	}
	judge_storage(app);
	judge_access(app);
	judge_exports(app);
}

void
app_manifest_judge(const struct transcript *transcript, struct findings *findings)
{
	struct app *app = must_alloc(1, sizeof *app);
	struct document document = {.bytes = must_alloc(1, AXML_BYTES_MAX)};
	const struct exchange *refused = transcript_first(transcript, findings->check, "refused");
	char name[100];
	size_t from = 0;

	app->findings = findings;
	app->name = name;
	if (refused) {
		findings_inc(findings, "5.5-1", INC_NO_IMAGE, refused,
			"the package was not read: %.150s", refused->note);
	} else if (!next_document(transcript, &from, findings->check, "manifest", &document) ||
		   !apk_manifest_parse(&app->manifest, document.bytes, document.len)) {
		findings_inc(findings, "5.5-1", INC_TOOL_ERROR, document.first,
			"its manifest is not in the form that Android's tools make");
	} else {
		app->at = document.first;
		name_app(app, name, sizeof name);
		take_networks(app, transcript, &document);
		judge_app(app, transcript);
	}
	free(document.bytes);
	free(app);
}
