/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between memory and database: what is loaded at the start, and what is written
 * without anybody waiting for it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"
#include "process/engine_tell.h"

enum {
	SAVE_MS = 2000,    /* how long a new lease may be unknown to the disk */
	SAVE_AT_ONCE = 32, /* of more, the rest after others were served */
	SAVE_REST_MS = 10,
	FLUSH_MS = 300 * 1000,
	SAVE_CALM_S = 60,  /* what is only new knowledge */
	SAVE_BUSY_S = 600, /* the same once the day's share of writes is used */
	SNAPSHOT_CALM_S = 60,
	LEASE_MAX_S = 7 * 24 * 3600,
	OPENING_FLUSH_S = 10,
	HURRY_WINDOW_S =
		600, /* of strangers, so many times in this time at once: 20 KB at most each */
	HURRIES_MAX = 64,
};

#define PATIENCE_NS (3600 * CLOCK_SECOND_NS)

static uint64_t flushed_ns, openings_ns;
static struct loop_timer *rest_timer;

void
keep_trouble(const struct fault *why)
{
	snprintf(engine.store_why, sizeof engine.store_why, "%s", why->text);
	if (!log_once(&engine.store_trouble))
		return;
	log_warnx("store", "%s", why->text);
	event(EVENT_ALARM, NULL, "store-refuses", "",
		"%s; what is enforced stays enforced, but no change can be made until there is "
		"room",
		why->text);
}

void
keep_trouble_over(void)
{
	if (!log_once_over(&engine.store_trouble))
		return;
	engine.store_why[0] = '\0';
	log_info("store", "the database takes changes again");
	event(EVENT_NOTICE, NULL, "store-takes", "", "the database takes changes again");
}

/* --- saving ----------------------------------------------------------------------------------- */

static int64_t
wall_of(uint64_t at_ns)
{
	if (at_ns == UINT64_MAX)
		return 0;
	int64_t left_s = (int64_t)(at_ns / CLOCK_SECOND_NS) -
			 (int64_t)(clock_monotonic_ns() / CLOCK_SECOND_NS);
	return clock_wall_s() + left_s;
}

void
keep_save_ward(struct ward *ward)
{
	const struct device *device = ward->device;
	struct stored_device row = {.number = device->number,
		.class = device->class,
		.state = device->state,
		.kind_confidence = device->kind.confidence,
		.created_s = device->first_s,
		.since_s = ward->since_s,
		.seen_s = device->last_s};

	snprintf(row.id, sizeof row.id, "%s", device->id);
	snprintf(row.name, sizeof row.name, "%s", device->name);
	snprintf(row.kind, sizeof row.kind, "%s", device->kind.word);
	snprintf(row.kind_because, sizeof row.kind_because, "%s", device->kind.why);
	store_device_put(engine.store, &row);
	store_identifiers_delete(engine.store, device->number);
	for (int i = 0; i < device->n_identifiers; i++) {
		const struct identifier *from = &device->identifier[i];
		struct stored_identifier to = {.device = device->number,
			.kind = from->kind,
			.confidence = from->confidence,
			.count = from->times,
			.first_s = from->first_s,
			.last_s = from->last_s};
		snprintf(to.value, sizeof to.value, "%s", from->claimed_value);
		store_identifier_put(engine.store, &to);
	}
	/* MACs are identifiers with a place: kept as "mac port". */
	for (int i = 0; i < device->n_macs; i++) {
		char mac[MAC_TEXT_MAX];
		struct stored_identifier to = {.device = device->number,
			.kind = IDENTIFIER_UNKNOWN,
			.first_s = device->mac[i].first_s,
			.last_s = device->mac[i].last_s};
		snprintf(to.value, sizeof to.value, "%s %s", mac_render(device->mac[i].mac, mac),
			device->mac[i].port);
		store_identifier_put(engine.store, &to);
	}
	store_bindings_delete(engine.store, device->number);
	for (int i = 0; i < device->n_bindings; i++) {
		const struct binding *from = &device->binding[i];
		struct stored_binding to = {.device = device->number,
			.how = from->how,
			.address = from->address,
			.since_s = from->since_s,
			.expires_s = wall_of(from->expires_ns)};
		snprintf(to.port, sizeof to.port, "%.15s", from->port);
		memcpy(to.mac, from->mac, sizeof to.mac);
		store_binding_put(engine.store, &to);
	}
	ward->is_stored = true;
}

/*
 * A stranger's address is known again after a restart as well; but strangers may
 * be invented, or say new things all day, and that must not wear the disk.
 */
static bool
may_hurry(uint64_t now_ns)
{
	static uint64_t since_ns;
	static unsigned hurried;

	if (!since_ns || now_ns - since_ns >= HURRY_WINDOW_S * CLOCK_SECOND_NS) {
		since_ns = now_ns;
		hurried = 0;
	}
	if (hurried >= HURRIES_MAX)
		return false;
	hurried++;
	return true;
}

void
keep_due(struct ward *ward, bool urgent)
{
	uint64_t now_ns = clock_monotonic_ns(), wait_s = SAVE_CALM_S;

	/* What is due now goes with the next turn of the timer, all of it in one write. */
	if (ward->is_save_due && ward->save_after_ns <= now_ns)
		return;
	if (urgent && (ward->device->is_admitted || may_hurry(now_ns)))
		wait_s = 0;
	else if (store_budget_ms(engine.store))
		wait_s = SAVE_BUSY_S;
	uint64_t after_ns = now_ns + wait_s * CLOCK_SECOND_NS;
	if (!ward->is_save_due || after_ns < ward->save_after_ns)
		ward->save_after_ns = after_ns;
	ward->is_save_due = true;
}

void
keep_device_gone(uint32_t number)
{
	struct fault why;

	store_begin(engine.store);
	store_device_delete(engine.store, number);
	if (store_commit(engine.store, &why))
		keep_trouble(&why);
}

/* One transaction; true when there may be more, and the database took it. */
static bool
save_batch(bool all)
{
	enum { BATCH = 256 };
	struct ward *saved[BATCH];
	uint64_t now_ns = clock_monotonic_ns();
	size_t n = 0, n_max = all ? BATCH : SAVE_AT_ONCE;
	struct fault why;

	for (size_t i = 0; i < engine.n_peers && n < n_max; i++) {
		struct ward *ward = engine.wards[i];
		if (ward->is_save_due && (all || ward->save_after_ns <= now_ns))
			saved[n++] = ward;
	}
	if (!n)
		return false;
	store_begin(engine.store);
	for (size_t i = 0; i < n; i++)
		keep_save_ward(saved[i]);
	if (store_commit(engine.store, &why)) {
		keep_trouble(&why);
		return false;
	}
	keep_trouble_over();
	for (size_t i = 0; i < n; i++)
		saved[i]->is_save_due = false;
	return n == n_max;
}

static void
save_all(void)
{
	while (save_batch(true))
		;
}

/* What a device is bound to, or does wrong, does not wait until all of them are written. */
static void
save_due(void *arg)
{
	if (save_batch(false))
		loop_timer_again(rest_timer, SAVE_REST_MS);
}

static void
save_openings(bool all)
{
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		for (int k = 0; k < ward->n_answers; k++) {
			struct answer *answer = &ward->answer[k];
			if (!answer->is_unsaved && !all)
				continue;
			struct stored_opening row = {.device = ward_number(ward),
				.seconds = answer->seconds,
				.address = answer->address,
				.until_s = answer->until_s};
			snprintf(row.name, sizeof row.name, "%s", answer->name);
			store_opening_put(engine.store, &row);
			answer->is_unsaved = false;
		}
	}
}

static void
commit_told(void)
{
	struct fault why;

	if (!store_observed_commit(engine.store, &why))
		return;
	keep_trouble(&why);
	tell_not_saved();
}

void
keep_flush(bool is_final)
{
	if (is_final)
		change_retry_unrecorded();
	store_observed_begin(engine.store);
	flow_flush();
	event_flush();
	tell_save();
	sky_flush();
	talk_flush(is_final);
	save_openings(is_final);
	store_observed_prune(engine.store, clock_wall_s());
	commit_told();
	flushed_ns = openings_ns = clock_monotonic_ns();
	if (is_final)
		save_all();
}

void
keep_told(void)
{
	store_observed_begin(engine.store);
	event_flush();
	tell_save();
	commit_told();
}

static void
on_save_timer(void *arg)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct fault why;

	change_retry_unrecorded();
	save_due(NULL);
	/* The budget may ask for patience, and is asked anew; an hour is the end of it. */
	bool patient = store_budget_ms(engine.store) && now_ns - flushed_ns < PATIENCE_NS;
	if (now_ns - flushed_ns >= FLUSH_MS * CLOCK_MS_NS && !patient) {
		keep_flush(false);
	} else if (event_is_urgent() || tell_is_save_due()) {
		keep_told();
	} else if (now_ns - openings_ns >= OPENING_FLUSH_S * CLOCK_SECOND_NS &&
		   !store_budget_ms(engine.store)) {
		/* New addresses soon, because devices go on using them over a restart. */
		store_observed_begin(engine.store);
		save_openings(false);
		if (store_observed_commit(engine.store, &why))
			keep_trouble(&why);
		openings_ns = now_ns;
	}
	if (engine.is_snapshot_due &&
		now_ns - engine.changed_ns >= SNAPSHOT_CALM_S * CLOCK_SECOND_NS) {
		engine.is_snapshot_due = false;
		if (store_snapshot(engine.store, &why))
			keep_trouble(&why);
	}
}

void
keep_start(void)
{
	flushed_ns = openings_ns = clock_monotonic_ns();
	loop_timer_new(SAVE_MS, true, on_save_timer, NULL);
	rest_timer = loop_timer_new(SAVE_REST_MS, false, save_due, NULL);
}

/* --- loading ---------------------------------------------------------------------------------- */

static void
on_device(const struct stored_device *row, void *arg)
{
	uint32_t evicted;
	struct device *device = device_add(
		engine.table, row->number, row->id, clock_monotonic_ns(), row->created_s, &evicted);

	if (!device || engine.n_peers == DEVICES_MAX) {
		log_warnx("store", "device %u is in the database and does not fit", row->number);
		return;
	}
	device_rename(engine.table, device, row->name);
	device->class = row->class < DEVICE_CLASS_COUNT ? row->class : DEVICE_CLASS_UNKNOWN;
	device->state = row->state && row->state < DEVICE_STATE_COUNT ? row->state : DEVICE_WAITING;
	device->is_admitted = device->state != DEVICE_WAITING;
	device->is_class_owners = device->class != DEVICE_CLASS_ORDINARY;
	device->first_s = row->created_s;
	device->last_s = row->seen_s;
	snprintf(device->kind.word, sizeof device->kind.word, "%.31s", row->kind);
	snprintf(device->kind.why, sizeof device->kind.why, "%.159s", row->kind_because);
	device->kind.confidence = row->kind_confidence;
	struct ward *ward = ward_new(device);
	ward->since_s = row->since_s;
	ward->is_stored = true;
	world_update(ward);
}

static void
on_identifier(const struct stored_identifier *row, void *arg)
{
	struct device *device = device_find(engine.table, row->device);
	uint8_t mac[6];

	if (!device)
		return;
	if (row->kind == IDENTIFIER_UNKNOWN) {
		char text[MAC_TEXT_MAX] = {0};
		memcpy(text, row->value, strnlen(row->value, MAC_TEXT_MAX - 1));
		if (!mac_parse(mac, text))
			return;
		struct device_mac *kept = device_mac_keep(engine.table, device, mac, row->last_s);
		if (!kept)
			return;
		kept->first_s = row->first_s;
		if (strlen(row->value) > MAC_TEXT_MAX)
			snprintf(kept->port, sizeof kept->port, "%.15s", row->value + MAC_TEXT_MAX);
		return;
	}
	if (row->kind >= IDENTIFIER_KIND_COUNT)
		return;
	device_identifier_keep(engine.table, device, (enum identifier_kind)row->kind, row->value,
		(uint8_t)row->confidence, row->last_s);
	for (int i = 0; i < device->n_identifiers; i++) {
		struct identifier *kept = &device->identifier[i];
		if (kept->kind == row->kind && !strcmp(kept->claimed_value, row->value)) {
			kept->first_s = row->first_s;
			kept->times = (uint32_t)row->count;
		}
	}
}

static void
on_binding(const struct stored_binding *row, void *arg)
{
	struct device *device = device_find(engine.table, row->device);
	int64_t left_s = row->expires_s - clock_wall_s();
	uint64_t now_ns = clock_monotonic_ns();
	struct binding binding = {.how = (uint8_t)row->how,
		.address = row->address,
		.expires_ns = UINT64_MAX,
		.used_ns = now_ns,
		.since_s = row->since_s};

	if (!device || (row->expires_s && left_s <= 0))
		return;
	if (row->expires_s)
		binding.expires_ns =
			now_ns +
			(uint64_t)(left_s < LEASE_MAX_S ? left_s : LEASE_MAX_S) * CLOCK_SECOND_NS;
	memcpy(binding.port, row->port, sizeof binding.port);
	memcpy(binding.mac, row->mac, sizeof binding.mac);
	enum err err = binding_restore(engine.table, &engine.rules, device, &binding);
	if (err)
		log_info("store", "device %u: a stored binding is not valid any more (%s)",
			row->device, err_text(err));
}

static void
on_document(uint32_t number, const char *kind, const char *body, void *arg)
{
	struct ward *ward = ward_find(number);
	enum facet facet = facet_from_word(kind);

	if (!ward || facet == FACET_COUNT)
		return;
	json_t *value = json_loads(body, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (!value) {
		log_warnx("store", "device %u: document \"%s\" cannot be read", number, kind);
		return;
	}
	ward_set_facet(ward, facet, value);
	json_decref(value);
}

static void
on_opening(const struct stored_opening *row, void *arg)
{
	struct ward *ward = ward_find(row->device);
	struct message_answered answered = {.device = row->device,
		.kind = ANSWER_GIVEN,
		.n_addresses = 1,
		.seconds = row->seconds};
	int64_t now_s = clock_wall_s();

	if (!ward || !ward->device || row->until_s <= now_s)
		return;
	answered.address[0] = row->address;
	snprintf(answered.name, sizeof answered.name, "%s", row->name);
	answer_seen(ward, &answered);
	for (int i = 0; i < ward->n_answers; i++) {
		struct answer *answer = &ward->answer[i];
		if (ip_is_equal(&answer->address, &row->address) &&
			!strcmp(answer->name, row->name)) {
			if (row->until_s < answer->until_s)
				answer->until_s = row->until_s;
			answer->is_unsaved = false;
		}
	}
}

void
keep_load(void)
{
	struct device *device;
	size_t cursor = 0;

	if (store_devices(engine.store, on_device, NULL) ||
		store_identifiers(engine.store, on_identifier, NULL) ||
		store_documents(engine.store, on_document, NULL) ||
		store_bindings(engine.store, on_binding, NULL))
		/* Half of what was decided would be worse than the rules that are in force. */
		fatalx("store", "what was decided cannot be read; the rules in force stay");
	if (store_openings(engine.store, on_opening, NULL))
		log_warnx("store", "addresses that were open cannot be read; devices ask again");
	flow_forget_strays();
	sky_load();
	talk_load();
	introductions_rebuild();
	members_rebuild();
	while ((device = device_next(engine.table, &cursor))) {
		struct ward *ward = ward_of(device);
		const char *url = json_string_value(json_object_get(ward->facet[FACET_MUD], "url"));
		if (url)
			snprintf(
				device->claimed_mud_url, sizeof device->claimed_mud_url, "%s", url);
		ward_rebuild(ward);
	}
}

/* --- a whole device, for the journal ------------------------------------------------------------- */

json_t *
keep_export(struct ward *ward)
{
	const struct device *device = ward->device;
	json_t *identifiers = json_array(), *macs = json_array(), *facets = json_object();
	char mac[MAC_TEXT_MAX];

	for (int i = 0; i < device->n_identifiers; i++)
		json_array_append_new(identifiers,
			json_pack("{s:s, s:s, s:i}", "kind",
				identifier_word((enum identifier_kind)device->identifier[i].kind),
				"value", device->identifier[i].claimed_value, "confidence",
				device->identifier[i].confidence));
	for (int i = 0; i < device->n_macs; i++)
		json_array_append_new(
			macs, json_pack("{s:s, s:s}", "mac", mac_render(device->mac[i].mac, mac),
				      "port", device->mac[i].port));
	for (int i = 0; i < FACET_COUNT; i++) {
		json_t *value = ward_facet(ward, (enum facet)i);
		if (json_is_null(value))
			json_decref(value);
		else
			json_object_set_new(facets, facet_word((enum facet)i), value);
	}
	return json_pack("{s:i, s:s, s:I, s:o, s:o, s:o}", "number", (int)device->number, "id",
		device->id, "first", (json_int_t)device->first_s, "identifiers", identifiers,
		"macs", macs, "facets", facets);
}

struct ward *
keep_import(const json_t *from, struct fault *why)
{
	uint32_t number = (uint32_t)json_integer_value(json_object_get(from, "number")), evicted;
	const char *id = json_string_value(json_object_get(from, "id"));
	int64_t first_s = json_integer_value(json_object_get(from, "first"));
	int64_t now_s = clock_wall_s();
	const char *word;
	json_t *row, *value;
	uint8_t mac[6];
	size_t i;

	if (!id || !number || engine.n_peers == DEVICES_MAX) {
		fault_set(why, ERR_INVALID, "the journal does not hold the whole device");
		return NULL;
	}
	/* It may have come back by itself, waiting and under a new number: its MACs return home. */
	json_array_foreach(json_object_get(from, "macs"), i, row)
	{
		const char *text = json_string_value(json_object_get(row, "mac"));
		if (!text || !mac_parse(mac, text))
			continue;
		struct device *other = device_find_by_mac(engine.table, mac);
		if (!other)
			continue;
		if (other->is_admitted) {
			fault_set(why, ERR_STALE, "its MAC belongs to %s now; forget that first",
				device_label(other));
			return NULL;
		}
		uint32_t gone = other->number;
		ward_free(ward_of(other));
		device_forget(engine.table, other);
		sync_forget(gone);
		keep_device_gone(gone);
	}
	struct device *device =
		device_add(engine.table, number, id, clock_monotonic_ns(), first_s, &evicted);
	if (!device) {
		fault_set(why, ERR_FULL, "there is no room, or its number is taken");
		return NULL;
	}
	json_array_foreach(json_object_get(from, "macs"), i, row)
	{
		const char *text = json_string_value(json_object_get(row, "mac"));
		if (!text || !mac_parse(mac, text))
			continue;
		struct device_mac *kept = device_mac_keep(engine.table, device, mac, now_s);
		const char *port = json_string_value(json_object_get(row, "port"));
		if (kept && port)
			snprintf(kept->port, sizeof kept->port, "%.15s", port);
	}
	json_array_foreach(json_object_get(from, "identifiers"), i, row)
	{
		const char *kind = json_string_value(json_object_get(row, "kind"));
		const char *text = json_string_value(json_object_get(row, "value"));
		if (kind && text)
			device_identifier_keep(engine.table, device,
				identifier_kind_from_word(kind), text,
				(uint8_t)json_integer_value(json_object_get(row, "confidence")),
				now_s);
	}
	struct ward *ward = ward_new(device);
	json_object_foreach(json_object_get(from, "facets"), word, value)
	{
		enum facet facet = facet_from_word(word);
		if (facet != FACET_COUNT)
			ward_set_facet(ward, facet, value);
	}
	return ward;
}
