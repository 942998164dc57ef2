/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "store/statement.h"

enum { WAY_INBOUND = 1, WAY_DENIED = 2 };

void
store_event_put(struct store *store, const struct stored_event *event)
{
	sqlite3_stmt *stmt = statement(store, EVENT_PUT);

	bind_int(stmt, 1, event->id);
	bind_int(stmt, 2, event->first_s);
	bind_int(stmt, 3, event->last_s);
	bind_int(stmt, 4, (int64_t)event->count);
	bind_int(stmt, 5, event->device);
	bind_text(stmt, 6, event->kind);
	bind_text(stmt, 7, event->cause ? event->cause : "");
	bind_text(stmt, 8, event->level);
	bind_text(stmt, 9, event->text);
	bind_text(stmt, 10, event->detail ? event->detail : "{}");
	statement_run(store, EVENT_PUT, stmt);
}

static enum err
give_events(struct store *store, enum statement which, sqlite3_stmt *stmt,
	void (*row)(const struct stored_event *, void *), void *arg)
{
	enum err err;

	while (statement_row(store, which, stmt, &err)) {
		struct stored_event event = {
			.id = sqlite3_column_int64(stmt, 0),
			.first_s = sqlite3_column_int64(stmt, 1),
			.last_s = sqlite3_column_int64(stmt, 2),
			.count = (uint64_t)sqlite3_column_int64(stmt, 3),
			.device = (uint32_t)sqlite3_column_int64(stmt, 4),
			.kind = (const char *)sqlite3_column_text(stmt, 5),
			.cause = (const char *)sqlite3_column_text(stmt, 6),
			.level = (const char *)sqlite3_column_text(stmt, 7),
			.text = (const char *)sqlite3_column_text(stmt, 8),
			.detail = (const char *)sqlite3_column_text(stmt, 9),
		};
		row(&event, arg);
	}
	return err;
}

enum err
store_events(struct store *store, int64_t before_id, uint32_t device, uint32_t limit,
	void (*row)(const struct stored_event *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, EVENT_LIST);

	bind_int(stmt, 1, before_id ? before_id : INT64_MAX);
	bind_int(stmt, 2, device);
	bind_int(stmt, 3, limit);
	return give_events(store, EVENT_LIST, stmt, row, arg);
}

enum err
store_events_between(struct store *store, int64_t from_s, int64_t to_s, uint32_t device,
	uint32_t limit, void (*row)(const struct stored_event *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, EVENT_SPAN);

	bind_int(stmt, 1, from_s);
	bind_int(stmt, 2, to_s);
	bind_int(stmt, 3, device);
	bind_int(stmt, 4, limit);
	return give_events(store, EVENT_SPAN, stmt, row, arg);
}

int64_t
store_event_last_id(struct store *store)
{
	sqlite3_stmt *stmt = statement(store, EVENT_LAST);
	int64_t id = 0;
	enum err err;

	while (statement_row(store, EVENT_LAST, stmt, &err))
		id = sqlite3_column_int64(stmt, 0);
	return id;
}

/* Names are what a policy is written in; only without one the address stands for itself. */
static void
render_remote(const struct stored_flow *flow, char *out, size_t size)
{
	char text[IP_TEXT_MAX];

	if (flow->peer)
		snprintf(out, size, "#%u", flow->peer);
	else if (flow->name[0])
		snprintf(out, size, "%s", flow->name);
	else
		snprintf(out, size, "%s", ip_render(&flow->address, text));
}

void
store_flow_add(struct store *store, const struct stored_flow *flow)
{
	sqlite3_stmt *stmt = statement(store, FLOW_ADD);
	char remote[sizeof flow->name];

	render_remote(flow, remote, sizeof remote);
	bind_int(stmt, 1, flow->device);
	bind_text(stmt, 2, remote);
	bind_int(stmt, 3, flow->proto);
	bind_int(stmt, 4, flow->port);
	bind_int(
		stmt, 5, (flow->is_inbound ? WAY_INBOUND : 0) | (flow->is_denied ? WAY_DENIED : 0));
	bind_int(stmt, 6, flow->peer);
	bind_text(stmt, 7, flow->name);
	bind_bytes(stmt, 8, &flow->address, sizeof flow->address);
	bind_int(stmt, 9, flow->is_flagged);
	bind_int(stmt, 10, (int64_t)flow->flows);
	bind_int(stmt, 11, (int64_t)flow->packets);
	bind_int(stmt, 12, (int64_t)flow->bytes);
	bind_int(stmt, 13, flow->first_s);
	bind_int(stmt, 14, flow->last_s);
	statement_run(store, FLOW_ADD, stmt);
}

void
store_flows_flag(struct store *store, uint32_t device, int64_t since_s)
{
	sqlite3_stmt *stmt = statement(store, FLOW_FLAG);

	bind_int(stmt, 1, device);
	bind_int(stmt, 2, since_s);
	statement_run(store, FLOW_FLAG, stmt);
}

void
store_flows_forget_flagged(struct store *store, uint32_t device)
{
	statement_run_with(store, FLOW_FORGET_FLAGGED, device);
}

void
store_flows_move(struct store *store, uint32_t from, uint32_t to)
{
	sqlite3_stmt *stmt = statement(store, FLOW_MOVE);

	bind_int(stmt, 1, from);
	bind_int(stmt, 2, to);
	statement_run(store, FLOW_MOVE, stmt);
}

static void
run_all(struct store *store, const enum statement *all, size_t n, uint32_t device)
{
	for (size_t i = 0; i < n; i++)
		statement_run_with(store, all[i], device);
}

void
store_observed_forget(struct store *store, uint32_t device)
{
	static const enum statement all[] = {FLOW_FORGET, OPENINGS_DELETE, SKY_FORGET, PULSE_FORGET,
		EVENT_DISOWN, INCIDENT_DISOWN};

	run_all(store, all, sizeof all / sizeof all[0], device);
}

void
store_observed_forget_talk(struct store *store, uint32_t device)
{
	static const enum statement all[] = {
		FLOW_FORGET_OWN, OPENINGS_DELETE, PULSE_FORGET, INCIDENT_PACKETS_FORGET};

	run_all(store, all, sizeof all / sizeof all[0], device);
}

enum err
store_observed_devices(struct store *store, void (*row)(uint32_t device, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, OBSERVED_DEVICES);
	enum err err;

	while (statement_row(store, OBSERVED_DEVICES, stmt, &err))
		row((uint32_t)sqlite3_column_int64(stmt, 0), arg);
	return err;
}

enum err
store_flows(struct store *store, uint32_t device, void (*row)(const struct stored_flow *, void *),
	void *arg)
{
	sqlite3_stmt *stmt = statement(store, FLOW_LIST);
	struct stored_flow flow;
	enum err err;

	bind_int(stmt, 1, device);
	while (statement_row(store, FLOW_LIST, stmt, &err)) {
		memset(&flow, 0, sizeof flow);
		if (sqlite3_column_bytes(stmt, 3) != sizeof flow.address)
			continue;
		flow.device = (uint32_t)sqlite3_column_int64(stmt, 0);
		flow.peer = (uint32_t)sqlite3_column_int64(stmt, 1);
		column_text(stmt, 2, flow.name, sizeof flow.name);
		memcpy(&flow.address, sqlite3_column_blob(stmt, 3), sizeof flow.address);
		flow.proto = (uint8_t)sqlite3_column_int(stmt, 4);
		flow.port = (uint16_t)sqlite3_column_int(stmt, 5);
		int way = sqlite3_column_int(stmt, 6);
		flow.is_inbound = !!(way & WAY_INBOUND);
		flow.is_denied = !!(way & WAY_DENIED);
		flow.is_flagged = sqlite3_column_int(stmt, 7) != 0;
		flow.flows = (uint64_t)sqlite3_column_int64(stmt, 8);
		flow.packets = (uint64_t)sqlite3_column_int64(stmt, 9);
		flow.bytes = (uint64_t)sqlite3_column_int64(stmt, 10);
		flow.first_s = sqlite3_column_int64(stmt, 11);
		flow.last_s = sqlite3_column_int64(stmt, 12);
		row(&flow, arg);
	}
	return err;
}

void
store_opening_put(struct store *store, const struct stored_opening *opening)
{
	sqlite3_stmt *stmt = statement(store, OPENING_PUT);

	bind_int(stmt, 1, opening->device);
	bind_text(stmt, 2, opening->name);
	bind_bytes(stmt, 3, &opening->address, sizeof opening->address);
	bind_int(stmt, 4, opening->seconds);
	bind_int(stmt, 5, opening->until_s);
	statement_run(store, OPENING_PUT, stmt);
}

enum err
store_openings(struct store *store, void (*row)(const struct stored_opening *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, OPENING_LIST);
	struct stored_opening opening;
	enum err err;

	while (statement_row(store, OPENING_LIST, stmt, &err)) {
		memset(&opening, 0, sizeof opening);
		if (sqlite3_column_bytes(stmt, 2) != sizeof opening.address)
			continue;
		opening.device = (uint32_t)sqlite3_column_int64(stmt, 0);
		column_text(stmt, 1, opening.name, sizeof opening.name);
		memcpy(&opening.address, sqlite3_column_blob(stmt, 2), sizeof opening.address);
		opening.seconds = (uint32_t)sqlite3_column_int64(stmt, 3);
		opening.until_s = sqlite3_column_int64(stmt, 4);
		if (ip_is_valid(&opening.address))
			row(&opening, arg);
	}
	return err;
}

/* Which devices hold more than `bound` rows; at most this many are thinned in one go. */
enum { CROWDED_MAX = 64 };

static void
thin(struct store *store, enum statement which, enum statement prune, int bound)
{
	uint32_t crowded[CROWDED_MAX];
	sqlite3_stmt *stmt = statement(store, which);
	size_t n = 0;
	enum err err;

	bind_int(stmt, 1, bound);
	while (statement_row(store, which, stmt, &err))
		if (n < CROWDED_MAX)
			crowded[n++] = (uint32_t)sqlite3_column_int64(stmt, 0);
	for (size_t i = 0; i < n; i++) {
		stmt = statement(store, prune);
		bind_int(stmt, 1, crowded[i]);
		bind_int(stmt, 2, bound);
		statement_run(store, prune, stmt);
	}
}

void
store_observed_prune(struct store *store, int64_t now_s)
{
	statement_run_with(store, EVENT_PRUNE, STORE_EVENT_ROWS);
	statement_run_with(store, INCIDENT_PRUNE, STORE_INCIDENTS);
	statement_run_with(store, INCIDENT_PACKETS_PRUNE, STORE_INCIDENTS_WITH_PACKETS);
	statement_run_with(store, OPENING_EXPIRE, now_s);
	thin(store, FLOW_CROWDED, FLOW_PRUNE, STORE_FLOWS_A_DEVICE);
	thin(store, OPENING_CROWDED, OPENING_PRUNE, STORE_OPENINGS_A_DEVICE);
}
