/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about the gateway as a whole: how it is, what happened, who may report. */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "label/issuer.h"
#include "process/engine_command.h"

enum { JOIN_MAX_MINUTES = 120 };

static json_t *
run_status(struct call *call)
{
	return show_status();
}

/* Somebody on the gateway itself, or on the LAN. */
static bool
is_near(const struct ip *from)
{
	static const struct ip_prefix loopback[] = {
		{.address = {.version = 4, .byte = {127}}, .length = 8},
		{.address = {.version = 6, .byte = {[15] = 1}}, .length = 128}};

	for (size_t i = 0; i < COUNT_OF(loopback); i++)
		if (prefix_contains(&loopback[i], from))
			return true;
	for (size_t i = 0; i < engine.world.n_lan; i++)
		if (prefix_contains(&engine.lan[i], from))
			return true;
	return false;
}

static json_t *
run_metrics(struct call *call)
{
	enum settings_metrics to = engine.settings->metrics;
	uint64_t packets = 0, bytes = 0;

	if (to == SETTINGS_METRICS_OFF) {
		fault_set(&call->why, ERR_NOT_FOUND, "the settings say: metrics = off");
		return NULL;
	}
	if (call->role < ROLE_VIEWER && !(to == SETTINGS_METRICS_LAN && is_near(&call->from))) {
		fault_set(&call->why, ERR_NOT_OURS, "metrics are for who has a token");
		return NULL;
	}
	for (size_t i = 0; i < engine.n_peers; i++) {
		packets += engine.wards[i]->denied_packets;
		bytes += engine.wards[i]->denied_bytes;
	}
	json_t *out = show_status();
	json_object_set_new(out, "denied_packets", json_integer((json_int_t)packets));
	json_object_set_new(out, "denied_bytes", json_integer((json_int_t)bytes));
	return out;
}

static json_t *
run_doctor(struct call *call)
{
	return show_doctor();
}

static json_t *
run_events_list(struct call *call)
{
	uint32_t limit = (uint32_t)call_number_or(call, "limit", 50, JOURNAL_MAX);
	const char *text = call_text_or(call, "device", NULL);
	struct ward *ward = text ? ward_find_by_text(text, &call->why) : NULL;

	if (text && !ward)
		return NULL;
	json_t *rows = event_list(
		ward ? ward_number(ward) : 0, call_number_or(call, "before", 0, INT64_MAX), limit);
	call_next(call, rows, "id", limit);
	return rows;
}

/* The web process hears events only while somebody whom we know wants them from it. */
static json_t *
run_events_follow(struct call *call)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (engine.client[i].channel == call->channel)
			engine.client[i].follows = true;
	if (channel_peer(call->channel) == PROCESS_WEB)
		engine.web_follows_until_ns =
			clock_monotonic_ns() + FOLLOW_LEASE_S * CLOCK_SECOND_NS;
	return json_true();
}

static json_t *
run_service_list(struct call *call)
{
	json_t *rows = json_array();

	for (size_t i = 0; service_at(i); i++)
		json_array_append_new(rows, json_pack("{s:s, s:s}", "service", service_at(i)->word,
						    "text", service_at(i)->sentence));
	return rows;
}

static json_t *
run_introduction_list(struct call *call)
{
	(void)call;
	return show_introductions(NULL);
}

static json_t *
run_door_list(struct call *call)
{
	(void)call;
	return show_doors();
}

static json_t *
run_home_join(struct call *call)
{
	int64_t minutes, ignored;
	char text[96];

	if (!call_number(call, "minutes", 0, JOIN_MAX_MINUTES, &minutes))
		return NULL;
	snprintf(text, sizeof text, "new devices are let in for %lld minutes", (long long)minutes);
	if (change_note(call->who, call->verb, NULL, text, json_object(), json_object(), &ignored,
		    &call->why))
		return NULL;
	engine.join_until_s = minutes ? clock_wall_s() + minutes * 60 : 0;
	event(EVENT_NOTICE, NULL, "joining", "", "%s", text);
	return json_pack("{s:I}", "joining_until", (json_int_t)engine.join_until_s);
}

/* --- reports ------------------------------------------------------------------------------------------ */

static bool
is_signed_by(const char *key_hex, const char *signature_hex, const char *text, size_t len)
{
	uint8_t key[ISSUER_PUBLIC_LEN], signature[ISSUER_SIGNATURE_LEN];

	return issuer_from_text(key, key_hex) &&
	       issuer_signature_from_text(signature, signature_hex) &&
	       issuer_is_signature(key, text, len, signature);
}

static json_t *
run_report_trust(struct call *call)
{
	const char *issuer = call_text(call, "issuer", 127);
	const char *key = issuer ? call_text(call, "key", ISSUER_TEXT_MAX - 1) : NULL;
	uint8_t bytes[ISSUER_PUBLIC_LEN];
	struct change change;

	if (!key)
		return NULL;
	if (!is_printable(issuer) || !issuer_from_text(bytes, key)) {
		fault_set(&call->why, ERR_INVALID,
			"the key must be an Ed25519 public key in 64 hexadecimal digits");
		return NULL;
	}
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "reports of %.120s are believed", issuer);
	json_t *issuers = engine.home.facet[FACET_ISSUERS]
				  ? json_deep_copy(engine.home.facet[FACET_ISSUERS])
				  : json_object();
	json_object_set_new(issuers, issuer, json_string(key));
	change_set(&change, &engine.home, FACET_ISSUERS, issuers);
	return call_commit(call, &change);
}

static json_t *
run_report_import(struct call *call)
{
	static struct report report;
	const char *text = call_text(call, "report", REPORT_MAX);
	const char *signature =
		text ? call_text(call, "signature", 2 * ISSUER_SIGNATURE_LEN) : NULL;
	struct change change;

	if (!signature || !report_parse(&report, text, strlen(text), &call->why))
		return NULL;
	const char *key =
		json_string_value(json_object_get(engine.home.facet[FACET_ISSUERS], report.issuer));
	if (!key) {
		fault_set(&call->why, ERR_DENIED,
			"the issuer \"%.80s\" is not trusted; first: pinfold report trust ISSUER "
			"KEY",
			report.issuer);
		return NULL;
	}
	if (!is_signed_by(key, signature, text, strlen(text))) {
		fault_set(&call->why, ERR_DENIED,
			"the signature does not fit the report and the key of \"%.80s\"",
			report.issuer);
		return NULL;
	}
	struct ward *ward = ward_find_by_text(report.device, &call->why);
	if (!ward)
		return NULL;
	if (json_array_size(ward->facet[FACET_REPORTS]) >= REPORTS_A_DEVICE) {
		fault_set(&call->why, ERR_FULL, "%s has too many reports",
			device_label(ward->device));
		return NULL;
	}
	call->ward = ward;
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "a report of %.80s narrows %s: %.80s",
		report.issuer, device_label(ward->device), report.reason);
	json_t *list = ward->facet[FACET_REPORTS] ? json_deep_copy(ward->facet[FACET_REPORTS])
						  : json_array();
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:I}", "text", text, "issuer", report.issuer,
			      "signature", signature, "since", (json_int_t)clock_wall_s()));
	change_set(&change, ward, FACET_REPORTS, list);
	return call_commit(call, &change);
}

const struct verb home_verbs[] = {
	{"status", ROLE_VIEWER, 0, run_status},
	{"doctor", ROLE_VIEWER, 0, run_doctor},
	{"metrics", ROLE_UNKNOWN, 0, run_metrics},
	{"events.list", ROLE_VIEWER, 0, run_events_list},
	{"events.follow", ROLE_VIEWER, 0, run_events_follow},
	{"service.list", ROLE_VIEWER, 0, run_service_list},
	{"introduction.list", ROLE_VIEWER, 0, run_introduction_list},
	{"door.list", ROLE_VIEWER, 0, run_door_list},
	{"home.join", ROLE_OWNER, CHANGES | SENDS, run_home_join},
	{"report.trust", ROLE_OWNER, CHANGES, run_report_trust},
	{"report.import", ROLE_OWNER, CHANGES, run_report_import},
	{NULL},
};
