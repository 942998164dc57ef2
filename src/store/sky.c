/* SPDX-License-Identifier: Apache-2.0 */
/* What devices were allowed to reach, since when, and what they did hour by hour. */
#include <string.h>

#include "store/statement.h"

enum { WIDE_ALL = 1, WIDE_PAUSED = 2 };

void
store_sky_put(struct store *store, const struct stored_sky *sky)
{
	sqlite3_stmt *stmt = statement(store, SKY_PUT);

	bind_int(stmt, 1, sky->device);
	bind_int(stmt, 2, sky->time_s);
	bind_int(stmt, 3, sky->state);
	bind_int(stmt, 4, (sky->is_all ? WIDE_ALL : 0) | (sky->is_paused ? WIDE_PAUSED : 0));
	bind_int(stmt, 5, sky->origins);
	bind_int(stmt, 6, sky->rules);
	bind_int(stmt, 7, sky->ports);
	bind_int(stmt, 8, sky->neighbours);
	if (stmt)
		sqlite3_bind_double(stmt, 9, sky->addresses4);
	if (stmt)
		sqlite3_bind_double(stmt, 10, sky->addresses6);
	bind_int(stmt, 11, sky->open4);
	bind_int(stmt, 12, sky->open6);
	statement_run(store, SKY_PUT, stmt);
	stmt = statement(store, SKY_PRUNE);
	bind_int(stmt, 1, sky->device);
	bind_int(stmt, 2, STORE_SKIES_A_DEVICE);
	statement_run(store, SKY_PRUNE, stmt);
}

static enum err
rows(struct store *store, enum statement which, sqlite3_stmt *stmt,
	void (*row)(const struct stored_sky *, void *), void *arg)
{
	enum err err;

	while (statement_row(store, which, stmt, &err)) {
		int wide = sqlite3_column_int(stmt, 3);
		struct stored_sky sky = {
			.device = (uint32_t)sqlite3_column_int64(stmt, 0),
			.time_s = sqlite3_column_int64(stmt, 1),
			.state = (uint8_t)sqlite3_column_int(stmt, 2),
			.is_all = wide & WIDE_ALL,
			.is_paused = wide & WIDE_PAUSED,
			.origins = (uint16_t)sqlite3_column_int(stmt, 4),
			.rules = (uint32_t)sqlite3_column_int64(stmt, 5),
			.ports = (uint32_t)sqlite3_column_int64(stmt, 6),
			.neighbours = (uint32_t)sqlite3_column_int64(stmt, 7),
			.addresses4 = sqlite3_column_double(stmt, 8),
			.addresses6 = sqlite3_column_double(stmt, 9),
			.open4 = (uint32_t)sqlite3_column_int64(stmt, 10),
			.open6 = (uint32_t)sqlite3_column_int64(stmt, 11),
		};
		row(&sky, arg);
	}
	return err;
}

enum err
store_skies(struct store *store, uint32_t device, void (*row)(const struct stored_sky *, void *),
	void *arg)
{
	sqlite3_stmt *stmt = statement(store, SKY_LIST);

	bind_int(stmt, 1, device);
	return rows(store, SKY_LIST, stmt, row, arg);
}

enum err
store_skies_last(struct store *store, void (*row)(const struct stored_sky *, void *), void *arg)
{
	return rows(store, SKY_LAST, statement(store, SKY_LAST), row, arg);
}

void
store_pulse_put(struct store *store, const struct stored_pulse *pulse)
{
	sqlite3_stmt *stmt = statement(store, PULSE_PUT);

	bind_int(stmt, 1, pulse->device);
	bind_int(stmt, 2, pulse->hour);
	bind_bytes(stmt, 3, pulse->at, sizeof pulse->at);
	statement_run(store, PULSE_PUT, stmt);
}

enum err
store_pulses(struct store *store, void (*row)(const struct stored_pulse *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, PULSE_LIST);
	struct stored_pulse pulse;
	enum err err;

	while (statement_row(store, PULSE_LIST, stmt, &err)) {
		if (sqlite3_column_bytes(stmt, 2) != sizeof pulse.at)
			continue;
		pulse.device = (uint32_t)sqlite3_column_int64(stmt, 0);
		pulse.hour = sqlite3_column_int64(stmt, 1);
		memcpy(pulse.at, sqlite3_column_blob(stmt, 2), sizeof pulse.at);
		row(&pulse, arg);
	}
	return err;
}
