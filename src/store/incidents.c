/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents, and the packets that are kept of them. */
#include <assert.h>
#include <stdio.h>

#include "store/statement.h"

void
store_incident_put(struct store *store, const struct stored_incident *incident)
{
	sqlite3_stmt *stmt = statement(store, INCIDENT_PUT);

	bind_int(stmt, 1, incident->id);
	bind_int(stmt, 2, incident->device);
	bind_text(stmt, 3, incident->device_id);
	bind_text(stmt, 4, incident->name);
	bind_int(stmt, 5, incident->first_s);
	bind_int(stmt, 6, incident->last_s);
	bind_int(stmt, 7, (int64_t)incident->count);
	bind_int(stmt, 8, incident->level);
	bind_text(stmt, 9, incident->cause);
	bind_text(stmt, 10, incident->what);
	bind_text(stmt, 11, incident->act);
	bind_int(stmt, 12, incident->journal);
	statement_run(store, INCIDENT_PUT, stmt);
}

enum err
store_incidents(struct store *store, int64_t before_id, uint32_t device, uint32_t limit,
	void (*row)(const struct stored_incident *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, INCIDENT_LIST);
	enum err err;

	bind_int(stmt, 1, before_id ? before_id : INT64_MAX);
	bind_int(stmt, 2, device);
	bind_int(stmt, 3, limit);
	while (statement_row(store, INCIDENT_LIST, stmt, &err)) {
		struct stored_incident incident = {
			.id = sqlite3_column_int64(stmt, 0),
			.device = (uint32_t)sqlite3_column_int64(stmt, 1),
			.first_s = sqlite3_column_int64(stmt, 4),
			.last_s = sqlite3_column_int64(stmt, 5),
			.count = (uint64_t)sqlite3_column_int64(stmt, 6),
			.level = (uint8_t)sqlite3_column_int(stmt, 7),
			.journal = sqlite3_column_int64(stmt, 11),
			.frames = (uint32_t)sqlite3_column_int64(stmt, 12),
		};
		column_text(stmt, 2, incident.device_id, sizeof incident.device_id);
		column_text(stmt, 3, incident.name, sizeof incident.name);
		column_text(stmt, 8, incident.cause, sizeof incident.cause);
		column_text(stmt, 9, incident.what, sizeof incident.what);
		column_text(stmt, 10, incident.act, sizeof incident.act);
		row(&incident, arg);
	}
	return err;
}

void
store_packets_put(
	struct store *store, int64_t incident, uint32_t frames, const void *bytes, size_t len)
{
	sqlite3_stmt *stmt = statement(store, INCIDENT_PACKETS_PUT);

	assert(len <= STORE_PACKETS_BYTES);
	bind_int(stmt, 1, incident);
	bind_int(stmt, 2, frames);
	bind_bytes(stmt, 3, bytes, (int)len);
	statement_run(store, INCIDENT_PACKETS_PUT, stmt);
}

enum err
store_packets(struct store *store, int64_t incident,
	void (*row)(const void *bytes, size_t len, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, INCIDENT_PACKETS);
	bool is_found = false;
	enum err err;

	bind_int(stmt, 1, incident);
	while (statement_row(store, INCIDENT_PACKETS, stmt, &err)) {
		row(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), arg);
		is_found = true;
	}
	return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}
