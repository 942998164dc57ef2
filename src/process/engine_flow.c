/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices were seen to do, as counts per (device, remote, protocol, port),
 * and which names the addresses came from.
 *
 * Flows are named when they are read or written, not when they are seen: the
 * report of a flow and that of the answer which led to it come by different
 * ways, in no order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"
#include "process/engine_incident.h"

enum { BUCKETS = 16384, LINGER_S = 900, NO_FLOW = -1 };

struct pending {
	struct flow_seen flow; /* counts are those of its end reports */
	uint64_t opened, ended;
	int64_t first_s, last_s;
	bool is_flagged;
	int32_t next;
};

static struct pending *pending;
static int32_t bucket[BUCKETS];
static size_t n_pending;

static void
clear(void)
{
	if (!pending)
		pending = must_alloc(PENDING_FLOWS_MAX, sizeof *pending);
	for (size_t i = 0; i < BUCKETS; i++)
		bucket[i] = NO_FLOW;
	n_pending = 0;
}

static bool
is_same(const struct flow_seen *a, const struct flow_seen *b)
{
	return a->device == b->device && a->peer == b->peer && a->port == b->port &&
	       a->proto == b->proto && a->is_inbound == b->is_inbound &&
	       a->is_denied == b->is_denied && ip_is_equal(&a->address, &b->address);
}

static uint32_t
hash_of(const struct flow_seen *flow)
{
	uint32_t hash = 2166136261u ^ (uint32_t)engine.harm_key.a;
	const uint8_t *byte = (const uint8_t *)&flow->address;

	for (size_t i = 0; i < sizeof flow->address; i++)
		hash = (hash ^ byte[i]) * 16777619u;
	hash = (hash ^ flow->device) * 16777619u;
	hash = (hash ^ flow->port) * 16777619u;
	return (hash ^ flow->proto) * 16777619u;
}

void
flow_seen(const struct flow_seen *flow)
{
	int64_t now_s = clock_wall_s();
	struct pending *at;

	if (!pending)
		clear();
	int32_t *head = &bucket[hash_of(flow) % BUCKETS];
	for (int32_t i = *head; i != NO_FLOW; i = at->next) {
		at = &pending[i];
		if (!is_same(&at->flow, flow))
			continue;
		at->flow.packets += flow->packets;
		at->flow.bytes += flow->bytes;
		at->opened += !flow->is_end;
		at->ended += flow->is_end;
		at->last_s = now_s;
		at->is_flagged |= flow->is_tainted && !flow->is_end;
		return;
	}
	if (n_pending == PENDING_FLOWS_MAX) {
		engine.flows_lost++;
		return;
	}
	at = &pending[n_pending];
	*at = (struct pending){.flow = *flow,
		.opened = !flow->is_end,
		.ended = flow->is_end,
		.first_s = now_s,
		.last_s = now_s,
		.is_flagged = flow->is_tainted,
		.next = *head};
	*head = (int32_t)n_pending++;
}

void
flow_flag(uint32_t device, int64_t since_s)
{
	struct fault why;

	for (size_t i = 0; i < n_pending; i++)
		if (pending[i].flow.device == device && pending[i].last_s >= since_s)
			pending[i].is_flagged = true;
	store_observed_begin(engine.store);
	store_flows_flag(engine.store, device, since_s);
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
}

void
flow_forget_flagged(uint32_t device)
{
	struct fault why;

	/* Stays in its bucket until the next flush, as a row of nobody's. */
	for (size_t i = 0; i < n_pending; i++)
		if (pending[i].flow.device == device && pending[i].is_flagged)
			pending[i].flow.device = 0;
	store_observed_begin(engine.store);
	store_flows_forget_flagged(engine.store, device);
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
}

void
flow_forget(uint32_t device)
{
	struct fault why;

	sky_forget(device);
	incident_forget(device);
	for (size_t i = 0; i < n_pending; i++)
		if (pending[i].flow.device == device || pending[i].flow.peer == device)
			pending[i].flow.device = 0;
	store_observed_begin(engine.store);
	store_observed_forget(engine.store, device);
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
}

/* The names of addresses, too, are what somebody looked at. */
static void
forget_answers(struct ward *ward)
{
	for (int i = 0; i < ward->n_answers; i++)
		free(ward->answer[i].name);
	ward->n_answers = 0;
	ward->is_answers_news = false;
}

void
flow_forget_talk(struct ward *ward)
{
	struct fault why;

	forget_answers(ward);
	talk_free(ward);
	for (size_t i = 0; i < n_pending; i++)
		if (pending[i].flow.device == ward_number(ward))
			pending[i].flow.device = 0;
	store_observed_begin(engine.store);
	store_observed_forget_talk(engine.store, ward_number(ward));
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
}

void
flow_move(uint32_t from, uint32_t into)
{
	const struct ward *ward = ward_find(into);
	struct fault why;

	/* A phone by another MAC: what it did as a stranger is not recorded either. */
	if (ward && ward->device && ward->device->class == DEVICE_CLASS_PERSONAL) {
		flow_forget(from);
		return;
	}
	/* It stays in its bucket, where it is not found again: the next flush adds it up. */
	for (size_t i = 0; i < n_pending; i++) {
		if (pending[i].flow.device == from)
			pending[i].flow.device = into;
		if (pending[i].flow.peer == from)
			pending[i].flow.peer = into;
	}
	store_observed_begin(engine.store);
	store_flows_move(engine.store, from, into);
	store_observed_forget(engine.store, from);
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
}

enum { STRAYS_MAX = 1024 };

struct strays {
	uint32_t number[STRAYS_MAX]; /* more are found at the next start */
	size_t n;
};

static void
on_observed(uint32_t device, void *arg)
{
	struct strays *strays = arg;

	if (device && !device_find(engine.table, device) && strays->n < STRAYS_MAX)
		strays->number[strays->n++] = device;
}

void
flow_forget_strays(void)
{
	struct strays strays = {.n = 0};
	struct fault why;

	/* A new device may get the number, and must not begin with what another did. */
	if (store_observed_devices(engine.store, on_observed, &strays))
		log_warnx("store", "what devices were seen to do cannot be read");
	if (!strays.n)
		return;
	store_observed_begin(engine.store);
	for (size_t i = 0; i < strays.n; i++)
		store_observed_forget(engine.store, strays.number[i]);
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
}

static void
row_from_pending(struct stored_flow *row, const struct pending *from)
{
	const struct ward *ward = ward_find(from->flow.device);
	const struct answer *answer =
		ward && !from->flow.peer ? answer_find(ward, &from->flow.address) : NULL;

	memset(row, 0, sizeof *row);
	row->device = from->flow.device;
	row->peer = from->flow.peer;
	row->address = from->flow.address;
	row->proto = from->flow.proto;
	row->port = from->flow.port;
	row->is_inbound = from->flow.is_inbound;
	row->is_denied = from->flow.is_denied;
	row->is_flagged = from->is_flagged;
	row->flows = from->opened > from->ended ? from->opened : from->ended;
	row->packets = from->flow.packets;
	row->bytes = from->flow.bytes;
	row->first_s = from->first_s;
	row->last_s = from->last_s;
	if (answer)
		snprintf(row->name, sizeof row->name, "%s", answer->name);
}

void
flow_flush(void)
{
	struct stored_flow row;

	for (size_t i = 0; i < n_pending; i++) {
		if (!ward_find(pending[i].flow.device))
			continue;
		row_from_pending(&row, &pending[i]);
		store_flow_add(engine.store, &row);
	}
	clear();
}

/* --- reading ---------------------------------------------------------------------------------- */

enum { LIST_MAX = 2 * STORE_FLOWS_A_DEVICE };

struct listing {
	struct stored_flow *row;
	size_t n;
};

static bool
is_same_row(const struct stored_flow *a, const struct stored_flow *b)
{
	if (a->proto != b->proto || a->port != b->port || a->peer != b->peer ||
		a->is_inbound != b->is_inbound || a->is_denied != b->is_denied)
		return false;
	if (a->peer)
		return true;
	return a->name[0] || b->name[0] ? !strcmp(a->name, b->name)
					: ip_is_equal(&a->address, &b->address);
}

static void
take(const struct stored_flow *row, void *arg)
{
	struct listing *listing = arg;

	for (size_t i = 0; i < listing->n; i++) {
		struct stored_flow *at = &listing->row[i];
		if (!is_same_row(at, row))
			continue;
		at->flows += row->flows;
		at->packets += row->packets;
		at->bytes += row->bytes;
		at->is_flagged |= row->is_flagged;
		if (row->first_s < at->first_s)
			at->first_s = row->first_s;
		if (row->last_s > at->last_s)
			at->last_s = row->last_s;
		return;
	}
	if (listing->n < LIST_MAX)
		listing->row[listing->n++] = *row;
}

size_t
flow_list(struct ward *ward, struct learn_flow **out, void **keep)
{
	struct listing listing = {.row = must_alloc(LIST_MAX, sizeof *listing.row)};
	struct stored_flow row;

	if (store_flows(engine.store, ward_number(ward), take, &listing))
		log_debug("flow", "stored flows cannot be read");
	for (size_t i = 0; i < n_pending; i++) {
		if (pending[i].flow.device != ward_number(ward))
			continue;
		row_from_pending(&row, &pending[i]);
		take(&row, &listing);
	}
	*keep = listing.row;
	*out = must_alloc(listing.n ? listing.n : 1, sizeof **out);
	for (size_t i = 0; i < listing.n; i++) {
		const struct stored_flow *from = &listing.row[i];
		(*out)[i] = (struct learn_flow){
			.name = from->name,
			.address = from->address,
			.peer = from->peer,
			.direction = from->is_inbound ? DIRECTION_TO_DEVICE : DIRECTION_FROM_DEVICE,
			.proto = from->proto,
			.port = from->port,
			.is_flagged = from->is_flagged,
			.was_denied = from->is_denied,
			.flows = from->flows ? from->flows : 1,
			.packets = from->packets,
			.bytes = from->bytes,
			.first_s = from->first_s,
			.last_s = from->last_s,
		};
	}
	return listing.n;
}

/* --- names of addresses ------------------------------------------------------------------------- */

static struct answer *
answer_room(struct ward *ward, int64_t now_s)
{
	struct answer *oldest = NULL;

	for (int i = 0; i < ward->n_answers; i++) {
		struct answer *at = &ward->answer[i];
		if (!oldest || at->until_s < oldest->until_s)
			oldest = at;
	}
	if (oldest && (oldest->until_s + LINGER_S < now_s || ward->n_answers == ANSWERS_A_DEVICE)) {
		free(oldest->name);
		return oldest;
	}
	if (ward->n_answers == ward->room_answers) {
		uint16_t room = ward->room_answers ? (uint16_t)(ward->room_answers * 2) : 8;
		struct answer *more = must_alloc(room, sizeof *more);
		if (ward->answer)
			memcpy(more, ward->answer, ward->n_answers * sizeof *more);
		free(ward->answer);
		ward->answer = more;
		ward->room_answers = room;
	}
	return &ward->answer[ward->n_answers++];
}

void
answer_seen(struct ward *ward, const struct message_answered *answered)
{
	int64_t now_s = clock_wall_s();

	ward->is_answers_news |= answered->slot != 0;
	for (int i = 0; i < answered->n_addresses; i++) {
		struct answer *at = NULL;
		for (int k = 0; k < ward->n_answers && !at; k++)
			if (ip_is_equal(&ward->answer[k].address, &answered->address[i]) &&
				!strcmp(ward->answer[k].name, answered->name))
				at = &ward->answer[k];
		if (!at) {
			at = answer_room(ward, now_s);
			*at = (struct answer){.address = answered->address[i],
				.name = strdup(answered->name),
				/* Only what was opened must be open again after a restart. */
				.is_unsaved = answered->slot != 0};
			if (!at->name)
				fatalx("flow", "out of memory");
		}
		at->slot = answered->slot;
		at->seconds = answered->seconds;
		at->until_s = now_s + answered->seconds;
	}
}

const struct answer *
answer_find(const struct ward *ward, const struct ip *address)
{
	const struct answer *latest = NULL;

	for (int i = 0; i < ward->n_answers; i++)
		if (ip_is_equal(&ward->answer[i].address, address) &&
			(!latest || ward->answer[i].until_s > latest->until_s))
			latest = &ward->answer[i];
	return latest;
}
