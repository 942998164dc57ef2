/* SPDX-License-Identifier: Apache-2.0 */
/* What audits are, as JSON; docs/API.md describes it. */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/hex.h"
#include "label/pack.h"
#include "process/engine_app.h"
#include "process/engine_audit.h"
#include "process/engine_label.h"
#include "verdict/gate.h"
#include "verdict/works.h"

enum { LIST_MAX = 2000 };

static const char *const paces[PACE_COUNT] = {"gentle", "lab"};
static const char *const consents[CONSENT_COUNT] = {"passive", "probe", "intrude", "destroy"};

static json_t *
show_row(const struct stored_audit *row)
{
	struct ward *ward = row->device ? ward_find(row->device) : NULL;

	if (ward && ward->device && strcmp(ward->device->id, row->device_id))
		ward = NULL;
	return json_pack(
		"{s:i, s:{s:i, s:s, s:s}, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:I, s:I, s:s}",
		"run", (int)row->run, "device", "number", ward ? (int)row->device : 0, "id",
		row->device_id, "name",
		ward && ward->device && !app_is_profile(row->profile) ? device_label(ward->device)
								      : row->label,
		"state", audit_state_word((enum audit_state)row->state), "profile", row->profile,
		"pace", paces[row->pace < PACE_COUNT ? row->pace : 0], "consent",
		consents[row->consent < CONSENT_COUNT ? row->consent : 0], "port", row->port,
		"begun", (json_int_t)row->begun_s, "ended", (json_int_t)row->ended_s, "seconds",
		(json_int_t)row->seconds, "exchanges", (json_int_t)row->exchanges, "packets",
		(json_int_t)row->packets, "resumed", (json_int_t)row->resumed, "bytes",
		(json_int_t)row->bytes, "hours", (json_int_t)row->hours, "why", row->why);
}

/* Of one that lasts: which results there are, and when the next one is due. */
static void
add_stages(json_t *progress, const struct audit *audit)
{
	json_t *results = json_array();
	int64_t left_s = audit_ends_s(audit) - ward_clock_s();
	enum audit_stage next;
	uint32_t next_s = audit_next_s(audit, &next);

	for (int i = 0; i < STAGE_END; i++)
		if (audit->kept >> i & 1)
			json_array_append_new(
				results, json_string(stage_word((enum audit_stage)i)));
	if (left_s < audit->seconds_left)
		left_s = audit->seconds_left;
	json_object_set_new(progress, "results", results);
	json_object_set_new(progress, "next", json_string(stage_word(next)));
	json_object_set_new(progress, "next_seconds", json_integer(next_s));
	json_object_set_new(progress, "seconds_left", json_integer(left_s));
}

static void
add_progress(json_t *out, const struct audit *audit)
{
	uint32_t n_all, n_done = audit_n_done(audit, &n_all);
	static const char *const prompts[AUDIT_PROMPT_COUNT] = {"",
#define X(prompt, text) text,
		AUDIT_PROMPT_LIST(X)
#undef X
	};
	const char *now = audit->current >= 0 ? prompts[audit->prompt] : "";

	if (audit->row.state == AUDIT_WAITING)
		now = "waits for a device on the port";
	else if (audit->is_ending)
		now = "waits for room on the disk";
	else if (audit->is_away)
		now = "waits for the device to come back";
	else if (audit_is_watching(audit))
		now = "watches what the device does by itself";
	else if (!audit->is_told)
		now = "waits for the process that tests";
	else if (audit->stop_ns)
		now = "is being stopped";
	json_t *progress = json_pack("{s:i, s:i, s:i, s:s, s:s, s:s}", "done", (int)n_done, "all",
		(int)n_all, "seconds_left", (int)audit->seconds_left, "check",
		audit->current >= 0 ? checks[audit->current].id : "", "title",
		audit->current >= 0 ? checks[audit->current].title : "", "note", now);
	if (audit_lasts(audit))
		add_stages(progress, audit);
	json_object_set_new(out, "progress", progress);
}

static void
on_row(const struct stored_audit *row, void *arg)
{
	const struct audit *audit = audit_find(row->run);
	json_t *out = show_row(audit ? &audit->row : row);

	if (audit)
		add_progress(out, audit);
	json_array_append_new(arg, out);
}

json_t *
audit_list(const char *device_id, uint32_t before_run, uint32_t limit, struct fault *why)
{
	json_t *rows = json_array();

	if (store_audits(engine.store, before_run, device_id, limit, on_row, rows)) {
		fault_set(why, ERR_STORE, "the list of audits cannot be read");
		json_decref(rows);
		return NULL;
	}
	return rows;
}

static void
on_newest(const struct stored_audit *row, void *arg)
{
	uint32_t *newest = arg;

	/* What an app is like says nothing of the device. */
	if (!*newest && row->ended_s && !app_is_profile(row->profile))
		*newest = row->run;
}

uint32_t
audit_newest(const struct ward *ward)
{
	uint32_t newest = 0;

	if (store_audits(engine.store, 0, ward->device->id, LIST_MAX, on_newest, &newest))
		return 0;
	return newest;
}

json_t *
audit_checks(void)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n_checks; i++)
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:s}", "check", checks[i].id,
				"title", checks[i].title, "consent", consents[checks[i].consent],
				"seconds_gentle", checks[i].seconds_gentle, "seconds_lab",
				checks[i].seconds_lab, "packets", (int)checks[i].packets,
				"provisions", checks[i].provisions));
	return rows;
}

/* --- a run as a whole -------------------------------------------------------------------------- */

static void
on_finding(const char *check, const struct finding *finding, void *arg)
{
	struct audit_result *result = arg;
	struct finding at = *finding;

	at.check = result_check_place(result, check);
	if (at.check < result->n_checks && !result_add(result, &at))
		result->run.is_complete = false;
}

/* A check that this release does not have any more is still one that was run. */
static void
on_step(const char *id, uint8_t step, void *arg)
{
	struct audit_result *result = arg;
	int place = check_find(id);

	if (result->n_checks == AUDIT_CHECKS_MAX)
		return;
	struct audit_check *at = &result->check[result->n_checks++];
	snprintf(at->id, sizeof at->id, "%s", id);
	at->step = step;
	at->is_planned = true;
	result->run.is_complete &= step == AUDIT_STEP_DONE || step == AUDIT_STEP_SKIPPED;
	if (place < 0)
		return;
	at->consent = checks[place].consent;
	snprintf(at->title, sizeof at->title, "%s", checks[place].title);
	snprintf(at->provisions, sizeof at->provisions, "%s", checks[place].provisions);
	snprintf(at->for_owner, sizeof at->for_owner, "%s", checks[place].for_owner);
	snprintf(at->for_maker, sizeof at->for_maker, "%s", checks[place].for_maker);
}

static void
claim(const struct device *device, enum identifier_kind kind, char *out, size_t size)
{
	const struct identifier *claimed = device_identifier(device, kind);

	if (claimed && !out[0])
		snprintf(out, size, "%.*s", (int)size - 1, claimed->claimed_value);
}

static void
know_device(struct audited_device *out, const struct stored_audit *row)
{
	struct ward *ward = row->device ? ward_find(row->device) : NULL;

	snprintf(out->id, sizeof out->id, "%s", row->device_id);
	snprintf(out->name, sizeof out->name, "%s", row->label);
	if (!ward || !ward->device || strcmp(ward->device->id, row->device_id) ||
		app_is_profile(row->profile))
		return;
	const struct device *device = ward->device;
	snprintf(out->name, sizeof out->name, "%.63s", device_label(device));
	snprintf(out->kind, sizeof out->kind, "%s", device->kind.word);
	snprintf(out->class, sizeof out->class, "%s",
		device_class_word((enum device_class)device->class));
	claim(device, IDENTIFIER_MDNS_MODEL, out->claimed_model, sizeof out->claimed_model);
	claim(device, IDENTIFIER_SSDP_SERVER, out->claimed_model, sizeof out->claimed_model);
	claim(device, IDENTIFIER_VENDOR_CLASS, out->claimed_model, sizeof out->claimed_model);
	if (device->n_macs) {
		const char *maker = identify_maker(device->mac[0].mac);
		mac_render(device->mac[0].mac, out->mac);
		if (maker)
			snprintf(out->claimed_maker, sizeof out->claimed_maker, "%.63s", maker);
	}
	audit_addresses(device, &out->address4, &out->address6);
}

struct audit_result *
audit_result(const struct stored_audit *row, struct fault *why)
{
	struct audit_result *result = result_new();
	struct audit_run *run = &result->run;

	*run = (struct audit_run){.number = row->run,
		.begun_s = row->begun_s,
		.ended_s = row->ended_s,
		.pace = row->pace,
		.consent = row->consent,
		.is_complete = row->state == AUDIT_DONE,
		.units = 1,
		.exchanges = row->exchanges,
		.packets = row->packets};
	snprintf(run->profile, sizeof run->profile, "%s", row->profile);
	snprintf(run->tool, sizeof run->tool, "pinfold %s", PINFOLD_VERSION);
	snprintf(run->why, sizeof run->why, "%s", row->why);
	pack_ruleset(run->ruleset);
	know_device(&result->device, row);
	if (store_audit_steps(engine.store, row->run, on_step, result) ||
		store_findings(engine.store, row->run, on_finding, result)) {
		fault_set(why, ERR_STORE, "the findings of run %u cannot be read", row->run);
		result_free(result);
		return NULL;
	}
	return result;
}

/* As it was when the run ended, with the verdicts by the rules of that day. */
static json_t *
kept_result(uint32_t run)
{
	char path[SETTINGS_PATH_MAX + 64];

	audit_path(run, "result.json", path, sizeof path);
	return json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
}

json_t *
audit_show(uint32_t run, const char *at, bool is_brief, struct fault *why)
{
	const struct audit *audit = audit_find(run);
	json_t *out, *whole = NULL;
	struct stored_audit row;
	enum err err;

	if (audit)
		row = audit->row;
	else if ((err = store_audit_find(engine.store, run, &row))) {
		fault_set(why, err,
			err == ERR_NOT_FOUND
				? "there is no run %u; \"pinfold audit list\" shows all"
				: "run %u cannot be read",
			run);
		return NULL;
	}
	if (at && !(whole = audit_at(run, at, why)))
		return NULL;
	if (!is_brief && !at && row.ended_s)
		whole = kept_result(run);
	if (!is_brief && !whole) {
		struct audit_result *result = audit_result(&row, why);
		if (!result)
			return NULL;
		whole = result_to_json(result);
		result_free(result);
	}
	out = show_row(&row);
	if (audit)
		add_progress(out, audit);
	if (whole)
		json_object_set_new(out, "result", whole);
	return out;
}

/* Of the newer edition of EN 303 645, and the run that a label rests on, so that a test of one thing again hides nothing; the findings are left out, the page of the run has them. */
json_t *
audit_health(const struct ward *ward, struct fault *why)
{
	uint32_t run = label_run_of(ward);
	json_t *whole = run ? audit_show(run, NULL, false, why) : NULL, *rows = json_array(), *row;
	size_t i;

	if (!run)
		fault_set(why, ERR_NOT_FOUND,
			"no test of %s has ended; first: pinfold audit run %s",
			device_label(ward->device), ward->device->id);
	if (!whole) {
		json_decref(rows);
		return NULL;
	}
	const json_t *result = json_object_get(whole, "result");
	const char *state = json_string_value(json_object_get(whole, "state"));
	bool is_done = state && !strcmp(state, audit_state_word(AUDIT_DONE));
	const json_t *standard =
		json_object_get(json_object_get(result, "verdicts"), "en303645-v3");
	json_array_foreach(json_object_get(standard, "requirements"), i, row)
	{
		json_object_del(row, "reasons");
		json_array_append(rows, row);
	}
	json_t *out = json_pack("{s:o, s:i, s:O, s:b, s:o}", "device", show_ref(ward), "run",
		(int)run, "ended", json_object_get(whole, "ended"), "complete", is_done,
		"provisions", rows);
	json_decref(whole);
	return out;
}

/* --- the gate ---------------------------------------------------------------------------------- */

static bool
is_closed(const struct ward *ward, uint8_t proto, uint16_t port)
{
	json_t *row;
	size_t i;

	if (!ward)
		return false;
	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		const char *act = json_string_value(json_object_get(row, "act"));
		const char *direction = json_string_value(json_object_get(row, "direction"));
		if (act && direction && !strcmp(act, "patch") && !strcmp(direction, "to") &&
			json_integer_value(json_object_get(row, "proto")) == proto &&
			json_integer_value(json_object_get(row, "port")) == port)
			return true;
	}
	return false;
}

static json_t *
works_json(const struct works list[static WORKS_COUNT], uint32_t run)
{
	static const char *const keys[WORKS_COUNT] = {
		[WITHOUT_INTERNET] = "without_internet", [WITHOUT_MAKER] = "without_maker"};
	json_t *out = json_object();

	for (int i = 0; i < WORKS_COUNT; i++)
		json_object_set_new(out, keys[i],
			json_pack("{s:s, s:s, s:i}", "works", list[i].word, "seen", list[i].seen,
				"run", *list[i].seen ? (int)run : 0));
	return out;
}

static json_t *
show_gate(const struct stored_audit *row, const struct gate_profile *profile,
	const struct gate *gate, const struct audit_result *result)
{
	struct works works[WORKS_COUNT];
	struct ward *ward = row->device ? ward_find(row->device) : NULL;
	json_t *reasons = json_array(), *shield = json_array();

	if (ward && (!ward->device || strcmp(ward->device->id, row->device_id)))
		ward = NULL;
	for (size_t i = 0; i < gate->n_reasons; i++) {
		const struct gate_reason *at = &gate->reason[i];
		json_array_append_new(reasons,
			json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "provision", at->provision,
				"verdict", verdict_word_name((enum verdict_word)at->word), "reason",
				inc_reason_name((enum inc_reason)at->inc), "minutes",
				at->operator_minutes, "text", at->text, "fix", at->fix));
	}
	for (size_t i = 0; i < gate->n_closed; i++)
		json_array_append_new(shield,
			json_pack("{s:s, s:i, s:b}", "proto",
				gate->closed[i].proto == 17 ? "udp" : "tcp", "port",
				gate->closed[i].port, "closed",
				is_closed(ward, gate->closed[i].proto, gate->closed[i].port)));
	works_from_findings(result->finding, result->n_findings, works);
	return json_pack("{s:i, s:s, s:s, s:s, s:i, s:I, s:o, s:i, s:o, s:o}", "run", (int)row->run,
		"device", row->label, "profile", profile->id, "answer",
		gate_answer_word((enum gate_answer)gate->answer), "minutes",
		(int)gate->operator_minutes, "retest", (json_int_t)gate->retest_s, "reasons",
		reasons, "more", (int)gate->n_more, "shield", shield, "works",
		works_json(works, row->run));
}

/* What is derived from a run is derived from a whole one. */
static bool
has_ended(uint32_t run, struct stored_audit *row, struct fault *why)
{
	enum err err = store_audit_find(engine.store, run, row);

	if (!err && row->ended_s)
		return true;
	fault_set(why, err ? err : ERR_BUSY,
		err ? "there is no run %u that can be read; \"pinfold audit list\" shows all"
		    : "run %u has not ended yet",
		run);
	return false;
}

json_t *
audit_gate(uint32_t run, const char *profile_id, struct fault *why)
{
	const struct gate_profile *profile = gate_profile_find(profile_id);
	const struct audit *audit = audit_find(run);
	struct audit_result *result = NULL;
	struct stored_audit row;
	struct gate gate;

	if (!profile) {
		char list[160] = "";
		for (size_t i = 0, len = 0; i < n_gate_profiles && len < sizeof list; i++)
			len += (size_t)snprintf(list + len, sizeof list - len, "%s%s",
				i ? ", " : "", gate_profiles[i].id);
		fault_set(why, ERR_INVALID, "the profiles are %s", list);
		return NULL;
	}
	/* Of one that lasts it may be asked before: it never says shelf of what is not whole. */
	if (audit && audit_lasts(audit) && !audit->is_ending) {
		row = audit->row;
		result = audit_result_now(audit, "the run goes on", why);
	} else if (has_ended(run, &row, why)) {
		result = audit_result(&row, why);
	}
	if (!result)
		return NULL;
	gate_from_result(result, profile, &gate);
	json_t *out = show_gate(&row, profile, &gate, result);
	result_free(result);
	return out;
}

/* --- what works without what ---------------------------------------------------------------------- */

struct newest_works {
	struct finding finding[WORKS_COUNT]; /* the last that was stated of each, in any run */
	uint32_t run[WORKS_COUNT];
	uint32_t at; /* the run that is read now */
	unsigned n_runs;
};

static void
on_statement(const char *check, const struct finding *finding, void *arg)
{
	struct newest_works *newest = arg;
	struct works works[WORKS_COUNT];

	works_from_findings(finding, 1, works);
	for (int i = 0; i < WORKS_COUNT; i++)
		/* One that could not be told says less than an older one that could. */
		if (*works[i].seen && (!newest->run[i] || newest->finding[i].word == VERDICT_INC) &&
			!(newest->run[i] && finding->word == VERDICT_INC)) {
			newest->finding[i] = *finding;
			newest->run[i] = newest->at;
		}
}

static void
on_run(const struct stored_audit *row, void *arg)
{
	struct newest_works *newest = arg;

	if (!row->ended_s)
		return;
	newest->at = row->run;
	if (!store_findings(engine.store, row->run, on_statement, newest))
		newest->n_runs++;
}

json_t *
audit_works(const struct ward *ward)
{
	enum { RUNS_MAX = 8 };
	struct newest_works *newest = must_alloc(1, sizeof *newest);
	json_t *out = json_object();

	if (!store_audits(engine.store, 0, ward->device->id, RUNS_MAX, on_run, newest))
		for (int i = 0; i < WORKS_COUNT; i++) {
			struct works works[WORKS_COUNT];
			works_from_findings(&newest->finding[i], newest->run[i] != 0, works);
			json_t *all = works_json(works, newest->run[i]);
			const char *key =
				i == WITHOUT_INTERNET ? "without_internet" : "without_maker";
			json_object_set(out, key, json_object_get(all, key));
			json_decref(all);
		}
	free(newest);
	return out;
}

/* --- the evidence ------------------------------------------------------------------------------- */

/* The issuer's key is made when it is first needed. */
json_t *
audit_key(struct fault *why)
{
	char path[SETTINGS_PATH_MAX + 32], id[ISSUER_ID_MAX], text[ISSUER_TEXT_MAX];
	uint8_t public_key[ISSUER_PUBLIC_LEN];
	struct issuer *issuer;

	snprintf(path, sizeof path, "%s/issuer.key", engine.settings->state_directory);
	if (issuer_open(path, &issuer, why))
		return NULL;
	issuer_public(issuer, public_key);
	issuer_free(issuer);
	issuer_id(public_key, id);
	hex_text(public_key, sizeof public_key, text);
	return json_pack("{s:s, s:s, s:s}", "id", id, "public", text, "path", path);
}

json_t *
audit_evidence(uint32_t run, struct fault *why)
{
	char folder[SETTINGS_PATH_MAX + 32];
	struct stored_audit row;

	if (!has_ended(run, &row, why))
		return NULL;
	json_t *key = audit_key(why);
	if (!key)
		return NULL;
	audit_path(run, NULL, folder, sizeof folder);
	return json_pack("{s:i, s:s, s:o}", "run", (int)run, "folder", folder, "key", key);
}
