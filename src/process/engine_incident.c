/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_incident.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine_command.h"

enum { CALM_S = 3600, GOES_ON_S = 10, FREEZE_AGAIN_S = 30, BESIDE = 100 };

struct incident {
	struct stored_incident row;
	int64_t answered_s;  /* when something was done about it first; 0: nothing was */
	int64_t freeze_at_s; /* its packets are asked for then; 0: no more */
	bool is_unsaved, is_told_on;
};

/* No order; a row with id 0 is free. */
static struct incident open_ones[INCIDENTS_OPEN];
static int64_t next_id = 1;

static const char *const levels[] = {"info", "notice", "alarm"};

/* Newest first.  What was going on when we ended goes on. */
static void
on_before(const struct stored_incident *row, void *arg)
{
	int *n = arg;

	next_id = row->id < next_id ? next_id : row->id + 1;
	if (row->device && clock_wall_s() - row->last_s < CALM_S)
		open_ones[(*n)++] = (struct incident){
			.row = *row, .answered_s = row->journal ? row->last_s : 0};
}

void
incident_start(void)
{
	int n = 0;

	if (store_incidents(engine.store, 0, 0, INCIDENTS_OPEN, on_before, &n))
		log_debug("incident", "those that were before cannot be read");
}

static struct incident *
find(uint32_t device)
{
	int64_t now_s = clock_wall_s();

	for (int i = 0; i < INCIDENTS_OPEN; i++) {
		struct incident *at = &open_ones[i];
		if (at->row.id && at->row.device == device && now_s - at->row.last_s < CALM_S)
			return at;
	}
	return NULL;
}

static struct incident *
room(void)
{
	struct incident *oldest = &open_ones[0];

	for (int i = 0; i < INCIDENTS_OPEN; i++) {
		if (!open_ones[i].row.id)
			return &open_ones[i];
		if (open_ones[i].row.last_s < oldest->row.last_s)
			oldest = &open_ones[i];
	}
	return oldest;
}

/* One that makes room is on the disk before, or it would be lost. */
static void
save_one(struct incident *at)
{
	struct fault why;

	if (!at->row.id || !at->is_unsaved)
		return;
	store_observed_begin(engine.store);
	store_incident_put(engine.store, &at->row);
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
	else
		at->is_unsaved = false;
}

static void
freeze(struct incident *at)
{
	const struct ward *ward = ward_find(at->row.device);
	struct message_freeze message = {.incident = at->row.id};

	if (!ward || !ward->device || !channel_is_open(engine.peer[PROCESS_CAPTURE]))
		return;
	for (int i = 0; i < ward->device->n_macs && message.n_macs < FREEZE_MACS_MAX; i++)
		memcpy(message.mac[message.n_macs++].mac, ward->device->mac[i].mac, 6);
	if (message.n_macs && channel_send(engine.peer[PROCESS_CAPTURE], MESSAGE_FREEZE, 0,
				      &message, sizeof message, -1))
		log_debug("incident", "its packets were not asked for");
}

void
incident_seen(struct ward *ward, enum event_level level, enum harm_cause cause, const char *what)
{
	struct incident *at = find(ward_number(ward));
	int64_t now_s = clock_wall_s();

	if (!at) {
		at = room();
		save_one(at);
		*at = (struct incident){
			.row = {.id = next_id++, .device = ward_number(ward), .first_s = now_s}};
		snprintf(at->row.device_id, sizeof at->row.device_id, "%s", ward->device->id);
		/* What was before is safe now; what comes in the next moments as well, later. */
		freeze(at);
		at->freeze_at_s = now_s + FREEZE_AGAIN_S;
	}
	at->row.last_s = now_s;
	at->row.count++;
	at->row.level = level > at->row.level ? (uint8_t)level : at->row.level;
	snprintf(at->row.name, sizeof at->row.name, "%s", device_label(ward->device));
	/* What it still tries where it was set apart is not what it was set apart for. */
	if (!at->answered_s || level == EVENT_ALARM) {
		snprintf(at->row.cause, sizeof at->row.cause, "%s", harm_word(cause));
		snprintf(at->row.what, sizeof at->row.what, "%s", what);
	}
	at->is_unsaved = true;
}

bool
incident_answered(const struct ward *ward, const char *did, bool is_act)
{
	struct incident *at = find(ward_number(ward));
	int64_t now_s = clock_wall_s();

	if (!at)
		return false;
	bool goes_on =
		is_act && at->answered_s && now_s - at->answered_s >= GOES_ON_S && !at->is_told_on;
	/* What was done says more than that there was nothing more to do. */
	if (is_act || !at->answered_s)
		snprintf(at->row.act, sizeof at->row.act, "%s", did);
	if (is_act && !at->answered_s) {
		at->answered_s = now_s;
		/* It may have waited when it began, and of who waits nothing is remembered. */
		freeze(at);
		at->freeze_at_s = now_s + FREEZE_AGAIN_S;
	}
	at->is_told_on |= goes_on;
	at->is_unsaved = true;
	return goes_on;
}

void
incident_recorded(const struct ward *ward, int64_t journal)
{
	struct incident *at = ward ? find(ward_number(ward)) : NULL;

	if (!at || !at->answered_s)
		return;
	at->row.journal = journal;
	at->is_unsaved = true;
}

void
incident_forget(uint32_t device)
{
	for (int i = 0; i < INCIDENTS_OPEN; i++)
		if (open_ones[i].row.id && open_ones[i].row.device == device) {
			save_one(&open_ones[i]);
			memset(&open_ones[i], 0, sizeof open_ones[i]);
		}
}

void
incident_flush(void)
{
	for (int i = 0; i < INCIDENTS_OPEN; i++) {
		if (open_ones[i].row.id && open_ones[i].is_unsaved)
			store_incident_put(engine.store, &open_ones[i].row);
		open_ones[i].is_unsaved = false;
	}
}

void
incident_look(void)
{
	int64_t now_s = clock_wall_s();

	incident_names_due();
	for (int i = 0; i < INCIDENTS_OPEN; i++) {
		struct incident *at = &open_ones[i];
		if (!at->row.id || !at->freeze_at_s || now_s < at->freeze_at_s)
			continue;
		at->freeze_at_s = 0;
		freeze(at);
	}
}

/* --- reading ------------------------------------------------------------------------------------ */

static void
on_change(const struct stored_journal *row, void *arg)
{
	*(bool *)arg = row->undone_by != 0;
}

static bool
was_undone(int64_t journal)
{
	bool is_undone = false;

	return journal && !store_journal_find(engine.store, journal, on_change, &is_undone) &&
	       is_undone;
}

static void
add_way(json_t *ways, const char *verb, const char *text, const char *command, const char *of)
{
	char line[96];

	snprintf(line, sizeof line, "%s %s", command, of);
	json_array_append_new(
		ways, json_pack("{s:s, s:s, s:s}", "verb", verb, "text", text, "command", line));
}

/* held: what was done about it holds; open: it may go on; over. */
static const char *
state_of(const struct stored_incident *row, const struct ward *ward)
{
	if (contain_holds(ward) && !was_undone(row->journal))
		return "held";
	return !row->journal && ward && clock_wall_s() - row->last_s < CALM_S ? "open" : "over";
}

/* What a person can do now; none of it is needed where the harm was stopped. */
static json_t *
ways_of(const struct stored_incident *row, const char *state)
{
	json_t *ways = json_array();
	char number[24];

	snprintf(number, sizeof number, "%lld", (long long)row->journal);
	/* One that waits is let in, or not, on its own page. */
	if (!strcmp(state, "held") && row->journal) {
		add_way(ways, "device.release", "Let it back, if it may do that.",
			"pinfold device release", row->device_id);
		add_way(ways, "policy.undo", "Take back what was done last.", "pinfold policy undo",
			number);
	} else if (!strcmp(state, "open")) {
		add_way(ways, "device.quarantine", "Keep it apart until you know more.",
			"pinfold device quarantine", row->device_id);
	}
	if (row->frames) {
		snprintf(number, sizeof number, "%lld FILE", (long long)row->id);
		add_way(ways, "incident.packets", "Look at its packets, or show them to somebody.",
			"pinfold incident export", number);
	}
	return ways;
}

static json_t *
to_json(const struct stored_incident *row)
{
	const struct ward *ward = row->device ? ward_find(row->device) : NULL;
	json_t *device = ward && ward->device ? show_ref(ward)
					      : json_pack("{s:i, s:s, s:s}", "number", 0, "id",
							row->device_id, "name", row->name);
	const char *state = state_of(row, ward);

	return json_pack("{s:I, s:o, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:i}", "id",
		(json_int_t)row->id, "device", device, "first", (json_int_t)row->first_s, "time",
		(json_int_t)row->last_s, "count", (json_int_t)row->count, "level",
		levels[row->level < COUNT_OF(levels) ? row->level : 0], "cause", row->cause, "what",
		row->what, "did", row->act, "state", state, "can", ways_of(row, state), "journal",
		(json_int_t)row->journal, "packets", (int)row->frames);
}

static const struct incident *
find_open(int64_t id)
{
	for (int i = 0; id && i < INCIDENTS_OPEN; i++)
		if (open_ones[i].row.id == id)
			return &open_ones[i];
	return NULL;
}

struct listing {
	json_t *rows;
	int64_t id; /* 0: all */
};

static void
on_stored(const struct stored_incident *row, void *arg)
{
	struct listing *listing = arg;
	const struct incident *newer = find_open(row->id);
	struct stored_incident shown = newer ? newer->row : *row;

	if (listing->id && listing->id != row->id)
		return;
	shown.frames = row->frames;
	json_array_append_new(listing->rows, to_json(&shown));
}

void
incident_save(void)
{
	for (int i = 0; i < INCIDENTS_OPEN; i++)
		save_one(&open_ones[i]);
}

json_t *
incident_list(uint32_t device, int64_t before, uint32_t limit)
{
	struct listing listing = {.rows = json_array()};

	incident_save();
	if (store_incidents(engine.store, before, device, limit, on_stored, &listing))
		log_debug("incident", "the list cannot be read");
	return listing.rows;
}

json_t *
incident_show(int64_t id, struct fault *why)
{
	struct listing listing = {.rows = json_array(), .id = id};

	incident_save();
	enum err err = store_incidents(engine.store, id + 1, 0, 1, on_stored, &listing);
	json_t *out = json_incref(json_array_get(listing.rows, 0));
	json_decref(listing.rows);
	if (err || !out) {
		fault_set(why, ERR_NOT_FOUND,
			"there is no such incident; \"pinfold incident list\" has them");
		return NULL;
	}
	const json_t *ref = json_object_get(out, "device");
	uint32_t number = (uint32_t)json_integer_value(json_object_get(ref, "number"));
	struct ward *ward = number ? ward_find(number) : NULL;
	json_object_set_new(out, "whole", ward ? show_device(ward, false) : json_null());
	json_object_set_new(out, "changes", ward ? journal_list(number, 0, BESIDE) : json_array());
	json_object_set_new(out, "events", ward ? event_list(number, 0, BESIDE) : json_array());
	return out;
}
