/* SPDX-License-Identifier: Apache-2.0 */
/* What makers' pages said, since when. */
#include "store/statement.h"

void
store_maker_fact_put(struct store *store, const struct stored_maker_fact *fact)
{
	sqlite3_stmt *stmt = statement(store, MAKER_PUT);

	bind_text(stmt, 1, fact->device_id);
	bind_int(stmt, 2, fact->fact);
	bind_text(stmt, 3, fact->value);
	bind_int(stmt, 4, fact->first_s);
	bind_int(stmt, 5, fact->last_s);
	bind_int(stmt, 6, fact->run);
	bind_int(stmt, 7, fact->exchange);
	statement_run(store, MAKER_PUT, stmt);
	stmt = statement(store, MAKER_PRUNE);
	bind_text(stmt, 1, fact->device_id);
	bind_int(stmt, 2, STORE_MAKER_FACTS_A_DEVICE);
	statement_run(store, MAKER_PRUNE, stmt);
	statement_run_with(store, MAKER_PRUNE_ALL, STORE_MAKER_FACTS_MAX);
}

enum err
store_maker_facts(struct store *store, const char *device_id,
	void (*row)(const struct stored_maker_fact *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, MAKER_LIST);
	enum err err;

	bind_text(stmt, 1, device_id);
	while (statement_row(store, MAKER_LIST, stmt, &err)) {
		struct stored_maker_fact fact = {
			.fact = (uint8_t)sqlite3_column_int(stmt, 1),
			.first_s = sqlite3_column_int64(stmt, 3),
			.last_s = sqlite3_column_int64(stmt, 4),
			.run = (uint32_t)sqlite3_column_int64(stmt, 5),
			.exchange = (uint32_t)sqlite3_column_int64(stmt, 6),
		};
		column_text(stmt, 0, fact.device_id, sizeof fact.device_id);
		column_text(stmt, 2, fact.value, sizeof fact.value);
		row(&fact, arg);
	}
	return err;
}
