/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_leave.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "label/issuer.h"
#include "label/jws.h"
#include "process/engine_audit.h"

enum { FLOWS_KEPT = 200, DUE_MAX = 16, AUDITS_ASKED = 64, DAY_S = 86400 };

/* --- the list -------------------------------------------------------------------------------- */

/* kinds: words of data/kinds.tsv with blanks between them; NULL: every device. */
static const struct step {
	const char *word, *kinds, *text;
} steps[] = {
	{"account", NULL,
		"Remove it from its account, in its maker's app or on its maker's pages."},
	{"cloud", NULL,
		"Ask its maker to erase what its servers keep of you: recordings, history, voice."},
	{"storage", "camera recorder storage computer phone tablet printer",
		"Take out its memory card or disk, or erase it."},
	{"pairs", "lighting plug sensor thermostat smart-home home-hub speaker tv lock appliance",
		"Un-pair it from hubs, bridges, voice assistants and routines."},
	{"logins", "tv speaker computer tablet phone",
		"Log out of each app on it, and take it off the list of devices of each account."},
	{"theft-lock", "phone tablet computer wearable",
		"Switch off its theft lock (find my device), or nobody else can use it."},
	{"maps", "vacuum", "Delete its maps of your home, in the app and on the device."},
	{"book", "printer telephone", "Delete its address book, numbers and what waits in it."},
	{"health", "medical wearable", "Save, then delete the health records that its app keeps."},
	{"wifi", NULL,
		"Where it knew the key of your Wi-Fi: give the Wi-Fi another one, or retire "
		"its own."},
	{"reset", NULL,
		"Reset it as its manual says, last of all: mostly by a button held for ten "
		"seconds."},
};

static bool
is_listed(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; len && (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

static bool
concerns(const struct step *step, const struct ward *ward)
{
	return !step->kinds || is_listed(step->kinds, ward->device->kind.word);
}

static bool
is_ticked(const struct ward *ward, const char *word)
{
	const json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_LEAVING], i,
		row) if (json_is_string(row) && !strcmp(json_string_value(row), word)) return true;
	return false;
}

void
leave_put_step(json_t *rows, const char *word, const char *by, const char *state, const char *text)
{
	json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s}", "step", word, "by", by,
					    "state", state, "text", text));
}

/* --- what the gateway can see ------------------------------------------------------------------ */

struct residue {
	uint32_t run;
	bool has_pass, has_fail;
	char text[FINDING_TEXT_MAX];
};

static void
on_finding(const char *check, const struct finding *finding, void *arg)
{
	struct residue *residue = arg;
	bool is_fail = finding->word == VERDICT_FAIL;

	if (strcmp(check, "reset-after") != 0 || residue->has_fail)
		return;
	residue->has_fail = is_fail;
	residue->has_pass |= finding->word == VERDICT_PASS || finding->word == VERDICT_NFF;
	if (is_fail || !residue->text[0])
		snprintf(residue->text, sizeof residue->text, "%s", finding->text);
}

static void
on_audit(const struct stored_audit *audit, void *arg)
{
	struct residue *residue = arg;

	if (residue->text[0] || !audit->ended_s)
		return;
	residue->run = audit->run;
	if (store_findings(engine.store, audit->run, on_finding, residue))
		log_debug("leave", "the findings of run %u cannot be read", audit->run);
}

/* The newest guided reset of this device. */
static struct residue
residue_of(const struct ward *ward)
{
	struct residue residue = {.run = 0};

	if (store_audits(engine.store, 0, ward->device->id, AUDITS_ASKED, on_audit, &residue))
		log_debug("leave", "its tests cannot be read");
	return residue;
}

void
leave_put_reset(json_t *rows, const struct ward *ward)
{
	struct residue residue = residue_of(ward);
	char text[FINDING_TEXT_MAX + 160];

	if (!residue.text[0]) {
		snprintf(text, sizeof text,
			"Nobody tested whether the reset erases its owner: pinfold audit reset %s",
			ward->device->id);
		leave_put_step(rows, "reset-verified", "gateway", "open", text);
		return;
	}
	snprintf(text, sizeof text, "Guided reset, run %u: %s", residue.run, residue.text);
	leave_put_step(rows, "reset-verified", "gateway",
		residue.has_fail   ? "failed"
		: residue.has_pass ? "seen"
				   : "cannot",
		text);
}

static void
put_silence(json_t *rows, const struct ward *ward, bool is_here)
{
	char text[160];

	if (is_here)
		snprintf(text, sizeof text, "It is still connected here. Unplug it first.");
	else
		snprintf(text, sizeof text, "It is not connected any more, since %lld minutes.",
			(long long)(clock_wall_s() - ward->device->last_s) / 60);
	leave_put_step(rows, "away", "gateway", is_here ? "open" : "seen", text);
}

static size_t
introductions_of(const struct ward *ward)
{
	size_t n = 0;

	for (size_t i = 0; i < engine.n_introduced; i++)
		n += engine.introduced[i].asker == ward_number(ward) ||
		     engine.introduced[i].answerer == ward_number(ward);
	return n;
}

static json_t *
list(struct ward *ward, bool is_lost)
{
	bool is_here = device_is_present(
		ward->device, clock_monotonic_ns(), (uint64_t)60 * CLOCK_SECOND_NS);
	json_t *rows = json_array();
	char text[160];

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		bool needs_it = strcmp(steps[i].word, "account") &&
				strcmp(steps[i].word, "cloud") && strcmp(steps[i].word, "wifi") &&
				strcmp(steps[i].word, "logins");
		if (concerns(&steps[i], ward))
			leave_put_step(rows, steps[i].word, "you",
				is_ticked(ward, steps[i].word) ? "done"
				: is_lost && needs_it          ? "cannot"
							       : "open",
				steps[i].text);
	}
	if (is_lost)
		leave_put_step(rows, "reset-verified", "gateway", "cannot",
			"It is lost: whether anything of its owner was erased cannot be seen.");
	else
		leave_put_reset(rows, ward);
	put_silence(rows, ward, is_here);
	snprintf(text, sizeof text,
		"Its %zu rules and %zu introductions end with it; if it comes back it waits, as a "
		"new device.",
		json_array_size(ward->facet[FACET_RULES]), introductions_of(ward));
	leave_put_step(rows, "rules", "gateway", "will", text);
	leave_put_step(rows, "maker", "gateway", "cannot",
		"What its maker's servers and apps keep of you cannot be seen from here.");
	return rows;
}

json_t *
leave_list(struct ward *ward)
{
	return json_pack("{s:o, s:o, s:i}", "device", show_ref(ward), "steps", list(ward, false),
		"days", LEAVE_DAYS_DEFAULT);
}

bool
leave_tick(struct ward *ward, const char *word, struct change *change, struct fault *why)
{
	json_t *ticked = json_array(), *row;
	bool was_ticked = is_ticked(ward, word), is_step = false;
	size_t i;

	for (i = 0; i < COUNT_OF(steps); i++)
		is_step |= !strcmp(steps[i].word, word) && concerns(&steps[i], ward);
	if (!is_step) {
		json_decref(ticked);
		fault_set(why, ERR_INVALID,
			"that is no step of yours; \"pinfold device leaving %s\" lists them",
			ward->device->id);
		return false;
	}
	json_array_foreach(ward->facet[FACET_LEAVING], i,
		row) if (strcmp(json_string_value(row), word) != 0) json_array_append(ticked, row);
	if (!was_ticked)
		json_array_append_new(ticked, json_string(word));
	snprintf(change->text, sizeof change->text, "%s is leaving: %s %s",
		device_label(ward->device), word, was_ticked ? "is to be done" : "is done");
	change_set(
		change, ward, FACET_LEAVING, json_array_size(ticked) ? json_incref(ticked) : NULL);
	json_decref(ticked);
	return true;
}

/* --- the note ---------------------------------------------------------------------------------- */

/* For whoever gets the device: nothing in it says whose it was, or what it was called. */
static json_t *
note_payload(struct ward *ward, const struct leave_wish *wish, int64_t now_s)
{
	const struct device *device = ward->device;
	json_t *macs = json_array();
	char mac[MAC_TEXT_MAX];

	for (int i = 0; i < device->n_macs; i++)
		if (!mac_is_local(device->mac[i].mac))
			json_array_append_new(
				macs, json_string(mac_render(device->mac[i].mac, mac)));
	return json_pack("{s:s, s:I, s:s, s:o, s:s, s:b, s:I, s:o}", "schema", "pinfold-handover-1",
		"iat", (json_int_t)now_s, "device", device->id, "macs", macs, "kind",
		device->kind.word, "lost", wish->is_lost, "known_since",
		(json_int_t)device->first_s, "steps", list(ward, wish->is_lost));
}

static char *
sign(const json_t *payload, struct fault *why)
{
	char path[SETTINGS_PATH_MAX + 32];
	struct issuer *issuer;

	snprintf(path, sizeof path, "%s/issuer.key", engine.settings->state_directory);
	if (issuer_open(path, &issuer, why))
		return NULL;
	char *text = jws_render(issuer, LEAVE_NOTE_TYPE, payload, why);
	issuer_free(issuer);
	return text;
}

/* --- going -------------------------------------------------------------------------------------- */

static json_t *
flows_of(struct ward *ward)
{
	json_t *proposal = json_array();
	struct learn_flow *flows;
	void *keep;
	size_t n = flow_list(ward, &flows, &keep);

	for (size_t i = 0; i < n && i < FLOWS_KEPT; i++)
		json_array_append_new(proposal, show_flow(&flows[i]));
	free(flows);
	free(keep);
	return proposal;
}

static void
on_counted(const struct stored_left *left, void *arg)
{
	(*(int *)arg)++;
}

/* A date that was counted from 1970 would be over when somebody sets the clock. */
static bool
has_date(int64_t now_s, struct fault *why)
{
	if (now_s >= CLOCK_SANE_S)
		return true;
	fault_set(why, ERR_BUSY,
		"the clock is not right yet, and what is kept has a date; set it (date -s), or: "
		"pinfold device forget");
	return false;
}

static bool
has_room(struct fault *why)
{
	int n = 0;

	if (!store_left(engine.store, 0, on_counted, &n) && n < STORE_LEFT_MAX)
		return true;
	fault_set(why, ERR_FULL,
		"too much is kept of devices that left before; delete some: pinfold left list");
	return false;
}

json_t *
leave_go(struct ward *ward, const struct leave_wish *wish, const char *who, int64_t *journal,
	struct fault *why)
{
	int64_t now_s = clock_wall_s();

	if (!has_date(now_s, why) || !has_room(why))
		return NULL;
	struct stored_left left = {.left_s = now_s, .until_s = now_s + (int64_t)wish->days * DAY_S};
	json_t *payload = note_payload(ward, wish, now_s);
	auto_free char *note = sign(payload, why);
	json_t *kept = json_pack("{s:O, s:O, s:s, s:o, s:o, s:o}", "macs",
		json_object_get(payload, "macs"), "steps", json_object_get(payload, "steps"),
		"note", note ? note : "", "rules", ward_facet(ward, FACET_RULES), "flows",
		flows_of(ward), "sky", sky_show(ward));
	auto_free char *body = json_dumps(kept, JSON_COMPACT);
	json_t *out = NULL;

	json_decref(payload);
	snprintf(left.device_id, sizeof left.device_id, "%s", ward->device->id);
	snprintf(left.name, sizeof left.name, "%s", device_label(ward->device));
	snprintf(left.kind, sizeof left.kind, "%s", ward->device->kind.word);
	snprintf(left.who, sizeof left.who, "%s", who);
	left.body = body;
	if (note && strlen(body) > STORE_DOCUMENT_BYTES)
		fault_set(why, ERR_FULL, "what is to be kept of it is too long");
	else if (note && !change_leave(ward, &left, who, journal, why))
		out = json_pack("{s:I, s:s, s:s, s:I, s:O, s:s}", "left", (json_int_t)left.id,
			"device", left.device_id, "name", left.name, "until",
			(json_int_t)left.until_s, "steps", json_object_get(kept, "steps"), "note",
			note);
	json_decref(kept);
	return out;
}

/* --- those that left ------------------------------------------------------------------------------ */

static json_t *
show_left(const struct stored_left *left)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:s, s:I}", "left", (json_int_t)left->id,
		"device", left->device_id, "name", left->name, "kind", left->kind, "time",
		(json_int_t)left->left_s, "until", (json_int_t)left->until_s, "who", left->who,
		"journal", (json_int_t)left->journal);
}

static void
on_left(const struct stored_left *left, void *arg)
{
	json_array_append_new(arg, show_left(left));
}

json_t *
leave_gone(struct fault *why)
{
	json_t *rows = json_array();

	if (!store_left(engine.store, 0, on_left, rows))
		return rows;
	json_decref(rows);
	fault_set(why, ERR_STORE, "those that left cannot be read");
	return NULL;
}

static void
on_one(const struct stored_left *left, void *arg)
{
	json_t **out = arg;
	json_t *kept = json_loads(left->body, 0, NULL);

	*out = show_left(left);
	json_object_update(*out, kept);
	json_decref(kept);
}

json_t *
leave_show(int64_t left, struct fault *why)
{
	json_t *out = NULL;

	if (!store_left(engine.store, left, on_one, &out) && out)
		return out;
	json_decref(out);
	fault_set(why, ERR_NOT_FOUND, "there is no such device that left, or it was deleted");
	return NULL;
}

struct due {
	struct stored_left row[DUE_MAX];
	size_t n;
	int64_t now_s;
};

static void
on_due(const struct stored_left *left, void *arg)
{
	struct due *due = arg;

	if (left->until_s <= due->now_s && due->n < DUE_MAX)
		due->row[due->n++] = *left;
}

/* What was kept, the journal's copy of the device, and its tests.  who: NULL where its date came. */
static enum err
delete_one(const struct stored_left *left, const char *who, struct fault *why)
{
	char text[192];

	snprintf(text, sizeof text, "what was kept of %.64s, which left, is deleted", left->name);
	const struct stored_journal row = {.time_s = clock_wall_s(),
		.who = who,
		.verb = "left.delete",
		.device_id = left->device_id,
		.text = text};
	store_begin(engine.store);
	if (who)
		store_journal_add(engine.store, &row);
	store_left_delete(engine.store, left->id);
	store_journal_blank(engine.store, left->journal);
	enum err err = store_commit(engine.store, why);
	if (err) {
		keep_trouble(why);
		return err;
	}
	keep_trouble_over();
	audit_forget_all(left->device_id);
	event(EVENT_INFO, NULL, "left-deleted", NULL,
		"what was kept of %s, which left, is deleted: its rules, its history and its tests",
		left->name);
	return ERR_OK;
}

void
leave_look(void)
{
	struct due due = {.now_s = clock_wall_s()};
	struct fault why;

	/* A clock that was never set says nothing about dates. */
	if (due.now_s < CLOCK_SANE_S || store_left(engine.store, 0, on_due, &due))
		return;
	for (size_t i = 0; i < due.n; i++)
		if (delete_one(&due.row[i], NULL, &why))
			return;
}

static void
on_wanted(const struct stored_left *left, void *arg)
{
	*(struct stored_left *)arg = *left;
}

bool
leave_delete(int64_t id, const char *who, struct fault *why)
{
	struct stored_left left = {.id = 0};

	if (store_left(engine.store, id, on_wanted, &left) || !left.id) {
		fault_set(why, ERR_NOT_FOUND, "there is no such device that left");
		return false;
	}
	return !delete_one(&left, who, why);
}
