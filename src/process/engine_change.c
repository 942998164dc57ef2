/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: committed first, then applied, then acknowledged, with a journal row
 * that undo can take back.  Containment is the exception: it acts first, because
 * a sync to the disk takes longer than an infection, and is recorded right
 * after; nobody was told in between.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/printable.h"
#include "process/engine.h"
#include "process/engine_incident.h"
#include "process/engine_traffic.h"

/* Containments that the database has not taken yet, oldest first. */
static struct unrecorded {
	char *who, *verb, *text, *before, *after;
	uint32_t device;
	int64_t time_s;
	int64_t journal; /* of the transaction that runs */
	bool is_told;    /* as an event */
} unrecorded[UNRECORDED_MAX];
static size_t n_unrecorded;
static struct loop_timer *record_timer;

/*
 * A harm seldom comes alone: while the disk is waited for, nothing else could be
 * contained.  What was seen together is acted on first, and then recorded together.
 */
enum { RECORD_MS = 5 };

void
change_init(struct change *change, const char *who, const char *verb)
{
	memset(change, 0, sizeof *change);
	change->who = who;
	change->verb = verb;
	change->set = json_object();
}

void
change_set(struct change *change, const struct ward *ward, enum facet facet, json_t *value)
{
	char number[12];

	snprintf(number, sizeof number, "%u", ward_number(ward));
	json_t *facets = json_object_get(change->set, number);
	if (!facets) {
		facets = json_object();
		json_object_set_new(change->set, number, facets);
	}
	json_object_set_new(facets, facet_word(facet), value ? value : json_null());
}

static struct ward *
ward_of_key(const char *number)
{
	return ward_find((uint32_t)strtoul(number, NULL, 10));
}

/* What differs, as it is now and as it will be; facets that stay are left out of both. */
static void
diff(json_t *set, json_t *before, json_t *after)
{
	const char *number, *word;
	json_t *facets, *value;

	json_object_foreach(set, number, facets)
	{
		struct ward *ward = ward_of_key(number);
		json_t *was = json_object(), *becomes = json_object();
		json_object_foreach(facets, word, value)
		{
			enum facet facet = facet_from_word(word);
			if (!ward || facet == FACET_COUNT)
				continue;
			json_t *now = ward_facet(ward, facet);
			if (!json_equal(now, value)) {
				json_object_set(was, word, now);
				json_object_set(becomes, word, value);
			}
			json_decref(now);
		}
		if (json_object_size(was)) {
			json_object_set(before, number, was);
			json_object_set(after, number, becomes);
		}
		json_decref(was);
		json_decref(becomes);
	}
}

static bool
is_document(enum facet facet)
{
	return facet != FACET_NAME && facet != FACET_CLASS && facet != FACET_STATE;
}

static void
store_documents_of(json_t *after)
{
	const char *number, *word;
	json_t *facets, *value;

	json_object_foreach(after, number, facets) json_object_foreach(facets, word, value)
	{
		auto_free char *body = NULL;
		if (!is_document(facet_from_word(word)))
			continue;
		if (!json_is_null(value))
			body = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		store_document_put(engine.store, (uint32_t)strtoul(number, NULL, 10), word, body);
	}
}

/* The row of the device as it will be: scalars are columns. */
static void
store_devices_of(json_t *after)
{
	const char *number;
	json_t *facets;

	json_object_foreach(after, number, facets)
	{
		struct ward *ward = ward_of_key(number);
		const char *name = json_string_value(json_object_get(facets, "name"));
		const char *class = json_string_value(json_object_get(facets, "class"));
		const char *state = json_string_value(json_object_get(facets, "state"));
		if (!ward || !ward->device)
			continue;
		struct device *device = ward->device;
		/* What the decision is about must be known again after a power cut. */
		if (!ward->is_stored || ward->is_save_due)
			keep_save_ward(ward);
		struct stored_device row = {.number = device->number,
			.class = class ? (uint8_t)device_class_from_word(class) : device->class,
			.state = state ? (uint8_t)device_state_from_word(state) : device->state,
			.kind_confidence = device->kind.confidence,
			.created_s = device->first_s,
			.since_s = state ? clock_wall_s() : ward->since_s,
			.seen_s = device->last_s};
		snprintf(row.id, sizeof row.id, "%s", device->id);
		snprintf(row.name, sizeof row.name, "%s", name ? name : device->name);
		snprintf(row.kind, sizeof row.kind, "%s", device->kind.word);
		snprintf(row.kind_because, sizeof row.kind_because, "%s", device->kind.why);
		store_device_put(engine.store, &row);
	}
}

static uint32_t
only_device(const json_t *before)
{
	union {
		const json_t *in;
		json_t *out;
	} at = {.in = before};
	void *iter = json_object_iter(at.out);

	return iter ? (uint32_t)strtoul(json_object_iter_key(iter), NULL, 10) : 0;
}

static int64_t
store_journal_row(
	const struct change *change, uint32_t device, const char *before, const char *after)
{
	const struct ward *ward = ward_find(device);
	struct stored_journal row = {.time_s = clock_wall_s(),
		.who = change->who,
		.verb = change->verb,
		.device = device,
		.device_id = ward && ward->device ? ward->device->id : "",
		.text = change->text,
		.before = before,
		.after = after,
		.undoes = change->undoes};
	return store_journal_add(engine.store, &row);
}

static enum err
record(struct change *change, json_t *before, json_t *after, int64_t *journal, struct fault *why)
{
	auto_free char *was = json_dumps(before, JSON_COMPACT | JSON_SORT_KEYS);
	auto_free char *is = json_dumps(after, JSON_COMPACT | JSON_SORT_KEYS);

	store_begin(engine.store);
	store_devices_of(after);
	store_documents_of(after);
	int64_t id = store_journal_row(change, only_device(before), was, is);
	if (change->undoes)
		store_journal_undone(engine.store, change->undoes, id);
	enum err err = store_commit(engine.store, why);
	if (err) {
		keep_trouble(why);
		return err;
	}
	keep_trouble_over();
	*journal = id;
	engine.is_snapshot_due = true;
	engine.changed_ns = clock_monotonic_ns();
	return ERR_OK;
}

/* Those who are introduced to, before or after: their policy holds the half that lets it in. */
static void
rebuild_introduced(json_t *side)
{
	const char *number;
	json_t *facets, *row;
	size_t i;

	json_object_foreach(side, number, facets)
		json_array_foreach(json_object_get(facets, facet_word(FACET_INTRODUCTIONS)), i, row)
	{
		struct ward *to =
			ward_find((uint32_t)json_integer_value(json_object_get(row, "to")));
		if (to && to->device)
			ward_rebuild(to);
	}
}

static void
apply(json_t *before, json_t *after)
{
	const char *number, *word;
	json_t *facets, *value;
	bool introductions = false;

	json_object_foreach(after, number, facets)
	{
		struct ward *ward = ward_of_key(number);
		json_object_foreach(facets, word, value)
		{
			ward_set_facet(ward, facet_from_word(word), value);
			introductions |= !strcmp(word, facet_word(FACET_INTRODUCTIONS));
		}
	}
	if (introductions)
		introductions_rebuild();
	json_object_foreach(after, number, facets)
	{
		struct ward *ward = ward_of_key(number);
		if (ward->device)
			ward_rebuild(ward);
		else
			members_rebuild();
	}
	if (introductions) {
		rebuild_introduced(before);
		rebuild_introduced(after);
	}
}

/* By command or by undo: its containment was taken back. */
static void
let_go(json_t *before, json_t *after)
{
	const char *number;
	json_t *facets;

	json_object_foreach(after, number, facets)
	{
		struct ward *ward = ward_of_key(number);
		const char *was = json_string_value(
			json_object_get(json_object_get(before, number), facet_word(FACET_STATE)));
		enum device_state state = was ? device_state_from_word(was) : DEVICE_STATE_UNKNOWN;
		bool was_cut_off = device_state_is_cut_off(state);
		bool had_rows = json_object_get(facets, facet_word(FACET_CONTAINMENT));
		if (!ward || !ward->device || device_state_is_cut_off(ward->device->state))
			continue;
		/* A port that stays closed is no reason to look away from the rest. */
		if (was_cut_off || (had_rows && !json_array_size(ward->facet[FACET_CONTAINMENT])))
			contain_over(ward);
	}
}

/* The relay is told of pairs that are gone, too, so it needs those of before and after. */
static void
tell_relay(json_t *before, json_t *after)
{
	json_t *sides[] = {before, after};
	const char *number;
	json_t *facets;
	size_t i;
	json_t *row;

	if (!channel_is_open(engine.peer[PROCESS_RELAY]))
		return;
	for (int side = 0; side < 2; side++)
		json_object_foreach(sides[side], number, facets)
		{
			struct ward *ward = ward_of_key(number);
			if (!ward || !ward->device)
				continue;
			json_array_foreach(json_object_get(facets, "introductions"), i, row)
			{
				struct message_introduction gone = {.services = 0};
				gone.asker.device = ward_number(ward);
				gone.answerer.device =
					(uint32_t)json_integer_value(json_object_get(row, "to"));
				if (side == 0 && gone.answerer.device &&
					gone.answerer.device != gone.asker.device &&
					channel_send(engine.peer[PROCESS_RELAY],
						MESSAGE_INTRODUCTION, 0, &gone, sizeof gone, -1))
					log_warnx("change", "the relay was not told");
			}
			if (side == 1)
				sync_introductions(ward);
		}
}

static void
tell_change(const struct change *change, const json_t *after, int64_t journal)
{
	uint32_t number = only_device(after);
	const struct ward *ward = number ? ward_find(number) : NULL;

	event(EVENT_INFO, ward, change->verb, NULL, "%s (journal %lld)",
		change->text[0] ? change->text : change->verb, (long long)journal);
}

static void
tell_containment(struct unrecorded *u)
{
	const struct ward *ward = u->device ? ward_find(u->device) : NULL;

	if (u->is_told)
		return;
	u->is_told = true;
	if (!strcmp(u->verb, "containment"))
		incident_recorded(ward, u->journal);
	event(EVENT_ALARM, ward, u->verb, NULL, "%s (journal %lld)", u->text[0] ? u->text : u->verb,
		(long long)u->journal);
}

static void
on_record_timer(void *arg)
{
	change_retry_unrecorded();
}

static void
keep_unrecorded(const struct change *change, json_t *before, json_t *after)
{
	if (n_unrecorded == UNRECORDED_MAX) {
		log_warnx("change", "too many containments wait for the database; one is lost "
				    "for the journal");
		return;
	}
	unrecorded[n_unrecorded++] = (struct unrecorded){
		.who = strdup(change->who),
		.verb = strdup(change->verb),
		.text = strdup(change->text),
		.before = json_dumps(before, JSON_COMPACT | JSON_SORT_KEYS),
		.after = json_dumps(after, JSON_COMPACT | JSON_SORT_KEYS),
		.device = only_device(before),
		.time_s = clock_wall_s(),
	};
	if (record_timer)
		loop_timer_again(record_timer, RECORD_MS);
	else
		record_timer = loop_timer_new(RECORD_MS, false, on_record_timer, NULL);
}

static void
store_unrecorded(struct unrecorded *u)
{
	const struct ward *ward = ward_find(u->device);
	json_t *after = json_loads(u->after, 0, NULL);
	struct stored_journal row = {.time_s = u->time_s,
		.who = u->who,
		.verb = u->verb,
		.device = u->device,
		.device_id = ward && ward->device ? ward->device->id : "",
		.text = u->text,
		.before = u->before,
		.after = u->after};

	store_devices_of(after);
	store_documents_of(after);
	json_decref(after);
	u->journal = store_journal_add(engine.store, &row);
}

void
change_retry_unrecorded(void)
{
	struct fault why;

	if (!n_unrecorded)
		return;
	store_begin(engine.store);
	for (size_t i = 0; i < n_unrecorded; i++)
		store_unrecorded(&unrecorded[i]);
	enum err err = store_commit(engine.store, &why);
	/* Acted on and not recorded is told as well, once. */
	for (size_t i = 0; i < n_unrecorded; i++) {
		if (err)
			unrecorded[i].journal = 0;
		tell_containment(&unrecorded[i]);
	}
	if (err) {
		keep_trouble(&why);
		return;
	}
	keep_trouble_over();
	engine.is_snapshot_due = true;
	engine.changed_ns = clock_monotonic_ns();
	for (size_t i = 0; i < n_unrecorded; i++) {
		free(unrecorded[i].who);
		free(unrecorded[i].verb);
		free(unrecorded[i].text);
		free(unrecorded[i].before);
		free(unrecorded[i].after);
	}
	n_unrecorded = 0;
}

enum err
change_commit(struct change *change, int64_t *journal, struct fault *why)
{
	json_t *before = json_object(), *after = json_object();
	enum err err = ERR_OK;

	*journal = 0;
	diff(change->set, before, after);
	if (!json_object_size(before))
		goto out;
	if (change->is_containment) {
		apply(before, after);
		sync_pump();
		keep_unrecorded(change, before, after);
	} else {
		/* In the order in which things happened. */
		change_retry_unrecorded();
		err = record(change, before, after, journal, why);
		if (err)
			goto out;
		apply(before, after);
		sync_pump();
		let_go(before, after);
		tell_change(change, after, *journal);
	}
	tell_relay(before, after);
out:
	json_decref(before);
	json_decref(after);
	json_decref(change->set);
	change->set = NULL;
	return err;
}

enum err
change_note(const char *who, const char *verb, const struct ward *ward, const char *text,
	json_t *before, json_t *after, int64_t *journal, struct fault *why)
{
	struct change change = {.who = who, .verb = verb};
	auto_free char *was = json_dumps(before, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	auto_free char *is = json_dumps(after, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	json_decref(before);
	json_decref(after);
	snprintf(change.text, sizeof change.text, "%s", text);
	store_begin(engine.store);
	*journal = store_journal_row(&change, ward ? ward_number(ward) : 0, was, is);
	enum err err = store_commit(engine.store, why);
	if (err)
		keep_trouble(why);
	else
		keep_trouble_over();
	return err;
}

/* --- forget, merge, split ------------------------------------------------------------------------ */

static void
gone(uint32_t number)
{
	sync_forget(number);
	introductions_rebuild();
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *other = engine.wards[i];
		if (other->has_neighbour_rules)
			ward_rebuild(other);
	}
	sync_pump();
}

/* left: what is kept of it, or NULL. */
static enum err
forget_as(struct ward *ward, struct change *change, struct stored_left *left, int64_t *journal,
	struct fault *why)
{
	uint32_t number = ward_number(ward);
	json_t *before = json_pack("{s:o}", "device", keep_export(ward));
	auto_free char *was = json_dumps(before, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(before);
	store_begin(engine.store);
	store_device_delete(engine.store, number);
	*journal = store_journal_row(change, number, was, "{\"device\":null}");
	if (left) {
		left->journal = *journal;
		left->id = store_left_add(engine.store, left);
	}
	enum err err = store_commit(engine.store, why);
	if (err) {
		keep_trouble(why);
		return err;
	}
	keep_trouble_over();
	engine.is_snapshot_due = true;
	event(EVENT_INFO, ward, change->verb, NULL, "%s", change->text);
	struct device *device = ward->device;
	traffic_forget(ward);
	ward_free(ward);
	device_forget(engine.table, device);
	flow_forget(number);
	gone(number);
	return ERR_OK;
}

enum err
change_forget(struct ward *ward, const char *who, int64_t *journal, struct fault *why)
{
	struct change change = {.who = who, .verb = "device.forget"};

	snprintf(change.text, sizeof change.text, "%s was forgotten", device_label(ward->device));
	return forget_as(ward, &change, NULL, journal, why);
}

enum err
change_leave(struct ward *ward, struct stored_left *left, const char *who, int64_t *journal,
	struct fault *why)
{
	struct change change = {.who = who, .verb = "device.leave"};

	snprintf(change.text, sizeof change.text, "%s left", device_label(ward->device));
	return forget_as(ward, &change, left, journal, why);
}

static json_t *
merge_to_json(const struct device_merge *merge)
{
	/* Plain data by contract (identify.h); kept as it is, with its size as the version. */
	auto_free char *hex = must_alloc(1, sizeof *merge * 2 + 1);

	hex_text(merge, sizeof *merge, hex);
	return json_string(hex);
}

static bool
merge_from_json(const json_t *text, struct device_merge *merge)
{
	const char *hex = json_string_value(text);

	return hex && hex_parse((uint8_t *)merge, sizeof *merge, hex);
}

/*
 * Memory first: what goes into the database is what the merge made of both.  If
 * the database refuses, it is taken apart again.
 */
enum err
change_merge(const struct device_merge *merge, const char *who, int64_t *journal, struct fault *why)
{
	struct ward *from = ward_find(merge->from), *into = ward_find(merge->into);
	struct change change = {.who = who, .verb = "device.merge"};
	uint8_t state = into ? into->device->state : 0;

	if (!from || !into || !from->device || !into->device) {
		fault_set(why, ERR_NOT_FOUND, "one of the two is gone");
		return ERR_NOT_FOUND;
	}
	snprintf(change.text, sizeof change.text, "%s was taken for %s: %s",
		merge->from_name[0] ? merge->from_name : merge->from_id, device_label(into->device),
		merge->why);
	json_t *before = json_pack("{s:o}", "device", keep_export(from));
	json_t *after = json_pack("{s:o, s:s}", "merge", merge_to_json(merge), "state",
		device_state_word((enum device_state)state));
	auto_free char *was = json_dumps(before, JSON_COMPACT),
		       *is = json_dumps(after, JSON_COMPACT);
	json_decref(before);
	json_decref(after);

	/* device_merge() forgets `from`; its ward must be gone before. */
	json_t *export = keep_export(from);
	ward_free(from);
	if (!device_merge(engine.table, merge)) {
		ward_rebuild(ward_new(device_find(engine.table, merge->from)));
		json_decref(export);
		fault_set(why, ERR_FULL, "the two do not fit into one");
		return ERR_FULL;
	}
	store_begin(engine.store);
	store_device_delete(engine.store, merge->from);
	keep_save_ward(into);
	*journal = store_journal_row(&change, merge->into, was, is);
	enum err err = store_commit(engine.store, why);
	if (err) {
		uint32_t evicted = 0;
		keep_trouble(why);
		struct device *back = device_split(
			engine.table, merge, clock_monotonic_ns(), clock_wall_s(), &evicted);
		if (back) {
			struct ward *again = ward_new(back);
			const char *word;
			json_t *value;
			json_object_foreach(json_object_get(export, "facets"), word, value)
			{
				enum facet facet = facet_from_word(word);
				if (facet != FACET_COUNT)
					ward_set_facet(again, facet, value);
			}
			ward_rebuild(again);
		}
		json_decref(export);
		return err;
	}
	json_decref(export);
	keep_trouble_over();
	flow_move(merge->from, merge->into);
	ward_rebuild(into);
	gone(merge->from);
	event(EVENT_INFO, into, change.verb, NULL, "%s", change.text);
	return ERR_OK;
}

/* --- undo ------------------------------------------------------------------------------------ */

struct journal_copy {
	int64_t id, undone_by;
	uint32_t device;
	char verb[64], text[256];
	json_t *before, *after;
};

static void
on_journal(const struct stored_journal *row, void *arg)
{
	struct journal_copy *copy = arg;

	copy->id = row->id;
	copy->undone_by = row->undone_by;
	copy->device = row->device;
	snprintf(copy->verb, sizeof copy->verb, "%s", row->verb);
	snprintf(copy->text, sizeof copy->text, "%s", row->text);
	copy->before = json_loads(row->before, JSON_DECODE_ANY, NULL);
	copy->after = json_loads(row->after, JSON_DECODE_ANY, NULL);
}

bool
change_is_undoable(int64_t id, const struct ward *ward, const json_t *before, json_t *after)
{
	const char *number, *word;
	json_t *facets, *value;

	if (json_is_object(json_object_get(before, "device")))
		return true;
	if (json_object_get(after, "pause"))
		return ward && ward->device && ward->pause_until_s && ward->pause_journal == id;
	/* What is only told has words here, and no device with its facets. */
	json_object_foreach(after, number, facets)
	{
		if (strspn(number, "0123456789") != strlen(number) || !json_object_size(facets))
			return false;
		json_object_foreach(
			facets, word, value) if (facet_from_word(word) == FACET_COUNT) return false;
	}
	return json_object_size(after) > 0;
}

static enum err
undo_facets(struct journal_copy *row, struct change *change, struct fault *why)
{
	const char *number, *word;
	json_t *facets, *value;

	json_object_foreach(row->after, number, facets)
	{
		struct ward *ward = ward_of_key(number);
		if (!ward) {
			fault_set(why, ERR_NOT_FOUND, "device %.10s is no longer known", number);
			return ERR_NOT_FOUND;
		}
		json_object_foreach(facets, word, value)
		{
			enum facet facet = facet_from_word(word);
			json_t *now = ward_facet(ward, facet);
			bool same = json_equal(now, value);
			json_decref(now);
			if (!same) {
				fault_set(why, ERR_STALE,
					"\"%s\" of %s was changed again since; undo the later "
					"change first (pinfold policy journal %s)",
					word,
					ward->device ? device_label(ward->device) : "the home",
					ward->device ? ward->device->id : "");
				return ERR_STALE;
			}
			json_t *was = json_object_get(json_object_get(row->before, number), word);
			change_set(change, ward, facet, was ? json_incref(was) : NULL);
		}
	}
	return ERR_OK;
}

static enum err
undo_forget(struct journal_copy *row, const char *who, int64_t *undo, struct fault *why)
{
	struct change change = {.who = who, .verb = "policy.undo", .undoes = row->id};

	struct ward *ward = keep_import(json_object_get(row->before, "device"), why);
	if (!ward)
		return why->code;
	snprintf(change.text, sizeof change.text, "%s is known again", device_label(ward->device));
	json_t *documents = json_object_get(json_object_get(row->before, "device"), "facets");
	json_t *all = json_object();
	char number[12];
	snprintf(number, sizeof number, "%u", ward_number(ward));
	json_object_set(all, number, documents);
	store_begin(engine.store);
	keep_save_ward(ward);
	store_documents_of(all);
	*undo = store_journal_row(&change, ward_number(ward), "{\"device\":null}", "{}");
	store_journal_undone(engine.store, row->id, *undo);
	store_left_returned(engine.store, row->id);
	json_decref(all);
	enum err err = store_commit(engine.store, why);
	if (err) {
		struct device *device = ward->device;
		keep_trouble(why);
		ward_free(ward);
		device_forget(engine.table, device);
		return err;
	}
	introductions_rebuild();
	ward_rebuild(ward);
	sync_pump();
	return ERR_OK;
}

/* --- a backup ------------------------------------------------------------------------------------- */

static void
take_away(struct ward *ward, bool is_kept)
{
	struct device *device = ward->device;
	uint32_t number = ward_number(ward);

	ward_free(ward);
	device_forget(engine.table, device);
	if (!is_kept)
		return;
	sync_forget(number);
	keep_device_gone(number);
}

static enum err
take_devices(const json_t *devices, struct ward **taken, size_t *n, struct fault *why)
{
	const json_t *row;
	size_t i;

	*n = 0;
	json_array_foreach(devices, i, row)
	{
		taken[i] = keep_import(row, why);
		if (!taken[i])
			return why->code;
		*n = i + 1;
	}
	return ERR_OK;
}

static enum err
store_backup(struct ward **taken, size_t n, const json_t *devices, json_t *home, const char *who,
	struct fault *why)
{
	struct change change = {.who = who, .verb = "backup.restore"};
	json_t *all = json_pack("{s:O}", "0", home);
	char number[12];

	snprintf(change.text, sizeof change.text, "%zu devices of a backup are known again", n);
	store_begin(engine.store);
	for (size_t i = 0; i < n; i++) {
		snprintf(number, sizeof number, "%u", ward_number(taken[i]));
		json_object_set(all, number, json_object_get(json_array_get(devices, i), "facets"));
		keep_save_ward(taken[i]);
	}
	store_documents_of(all);
	json_decref(all);
	store_journal_row(&change, 0, "{}", "{\"backup\":true}");
	return store_commit(engine.store, why);
}

enum err
change_restore(
	const json_t *devices, const json_t *home, const char *who, size_t *n, struct fault *why)
{
	size_t all = json_array_size(devices);
	auto_free struct ward **taken = must_alloc(all + 1, sizeof *taken);
	json_t *facets = json_is_object(home) ? json_deep_copy(home) : json_object(), *value;
	const char *word;

	while (engine.n_peers)
		take_away(engine.wards[0], true);
	enum err err = take_devices(devices, taken, n, why);
	if (!err)
		err = store_backup(taken, *n, devices, facets, who, why);
	if (err) {
		for (size_t i = 0; i < *n; i++)
			take_away(taken[i], false);
		json_decref(facets);
		return err;
	}
	json_object_foreach(facets, word, value) if (facet_from_word(word) != FACET_COUNT)
		ward_set_facet(&engine.home, facet_from_word(word), value);
	json_decref(facets);
	members_rebuild();
	introductions_rebuild();
	for (size_t i = 0; i < *n; i++)
		ward_rebuild(taken[i]);
	sync_introductions(NULL);
	sync_pump();
	engine.is_snapshot_due = true;
	event(EVENT_NOTICE, NULL, "restored", NULL, "%zu devices of a backup are known again", *n);
	return ERR_OK;
}

static enum err
undo_merge(struct journal_copy *row, const char *who, int64_t *undo, struct fault *why)
{
	struct change change = {.who = who, .verb = "policy.undo", .undoes = row->id};
	struct device_merge merge;
	uint32_t evicted = 0;

	if (!merge_from_json(json_object_get(row->after, "merge"), &merge)) {
		fault_set(why, ERR_UNSUPPORTED, "the merge was recorded by another release");
		return ERR_UNSUPPORTED;
	}
	struct device *device =
		device_split(engine.table, &merge, clock_monotonic_ns(), clock_wall_s(), &evicted);
	struct ward *into = ward_find(merge.into);
	if (!device || !into) {
		fault_set(why, ERR_STALE, "the two cannot be told apart any more");
		return ERR_STALE;
	}
	struct ward *ward = ward_new(device);
	const json_t *facets = json_object_get(json_object_get(row->before, "device"), "facets");
	for (int i = 0; i < FACET_COUNT; i++)
		if (is_document((enum facet)i))
			ward_set_facet(ward, (enum facet)i,
				json_object_get(facets, facet_word((enum facet)i)));
	snprintf(change.text, sizeof change.text, "%s and %s are two devices again",
		device_label(device), device_label(into->device));
	json_t *all = json_object();
	char number[12];
	snprintf(number, sizeof number, "%u", ward_number(ward));
	json_object_set(
		all, number, json_object_get(json_object_get(row->before, "device"), "facets"));
	store_begin(engine.store);
	keep_save_ward(ward);
	keep_save_ward(into);
	store_documents_of(all);
	json_decref(all);
	*undo = store_journal_row(&change, ward_number(ward), "{}", "{}");
	store_journal_undone(engine.store, row->id, *undo);
	enum err err = store_commit(engine.store, why);
	if (err)
		keep_trouble(why);
	ward_rebuild(ward);
	ward_rebuild(into);
	sync_pump();
	return err;
}

enum err
change_undo(
	int64_t journal, const char *who, int64_t *undo, char text[static 256], struct fault *why)
{
	struct journal_copy row = {0};
	struct change change;

	enum err err = store_journal_find(engine.store, journal, on_journal, &row);
	if (err) {
		fault_set(why, err, "there is no change %lld in the journal", (long long)journal);
		return err;
	}
	snprintf(text, 256, "taken back: %.200s", row.text[0] ? row.text : row.verb);
	if (row.undone_by) {
		fault_set(why, ERR_STALE, "change %lld was taken back already, by change %lld",
			(long long)journal, (long long)row.undone_by);
		err = ERR_STALE;
	} else if (!change_is_undoable(row.id, ward_find(row.device), row.before, row.after)) {
		fault_set(why, ERR_UNSUPPORTED,
			json_object_get(row.after, "pause") ? "this pause is over"
							    : "this change cannot be taken back");
		err = ERR_UNSUPPORTED;
	} else if (json_object_get(row.before, "device")) {
		err = json_object_get(row.after, "merge") ? undo_merge(&row, who, undo, why)
							  : undo_forget(&row, who, undo, why);
	} else if (json_object_get(row.after, "pause")) {
		err = pause_end(ward_find(row.device), who, why);
		*undo = 0;
	} else {
		change_init(&change, who, "policy.undo");
		change.undoes = journal;
		snprintf(change.text, sizeof change.text, "%s", text);
		err = undo_facets(&row, &change, why);
		if (!err)
			err = change_commit(&change, undo, why);
		else
			json_decref(change.set);
	}
	json_decref(row.before);
	json_decref(row.after);
	return err;
}
