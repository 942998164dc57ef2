/* SPDX-License-Identifier: Apache-2.0 */
#include "store/statement.h"

static void
bind_shelf(sqlite3_stmt *stmt, const struct stored_shelf *shelf)
{
	bind_int(stmt, 2, shelf->run);
	bind_text(stmt, 3, shelf->device_id);
	bind_text(stmt, 4, shelf->claimed_model);
	bind_text(stmt, 5, shelf->claimed_firmware);
	bind_text(stmt, 6, shelf->model);
	bind_text(stmt, 7, shelf->hardware);
	bind_text(stmt, 8, shelf->firmware);
	bind_text(stmt, 9, shelf->profile);
	bind_int(stmt, 10, shelf->answer);
	bind_int(stmt, 11, shelf->answer_now);
	bind_int(stmt, 12, shelf->added_s);
	bind_int(stmt, 13, shelf->judged_s);
	bind_int(stmt, 14, shelf->changed_s);
	bind_int(stmt, 15, shelf->support_s);
	bind_text(stmt, 16, shelf->ruleset);
	bind_text(stmt, 17, shelf->what);
}

uint32_t
store_shelf_add(struct store *store, const struct stored_shelf *shelf)
{
	sqlite3_stmt *stmt = statement(store, SHELF_ADD);

	bind_shelf(stmt, shelf);
	statement_run(store, SHELF_ADD, stmt);
	return (uint32_t)sqlite3_last_insert_rowid(store->file[STORE_AUDITS].db);
}

void
store_shelf_put(struct store *store, const struct stored_shelf *shelf)
{
	sqlite3_stmt *stmt = statement(store, SHELF_PUT);

	bind_int(stmt, 1, shelf->id);
	bind_shelf(stmt, shelf);
	statement_run(store, SHELF_PUT, stmt);
}

void
store_shelf_delete(struct store *store, uint32_t id)
{
	statement_run_with(store, SHELF_DELETE, id);
}

enum err
store_shelf(struct store *store, uint32_t id, void (*row)(const struct stored_shelf *, void *),
	void *arg)
{
	sqlite3_stmt *stmt = statement(store, SHELF_LIST);
	enum err err;

	bind_int(stmt, 1, id);
	while (statement_row(store, SHELF_LIST, stmt, &err)) {
		struct stored_shelf shelf = {.id = (uint32_t)sqlite3_column_int64(stmt, 0),
			.run = (uint32_t)sqlite3_column_int64(stmt, 1),
			.answer = (uint8_t)sqlite3_column_int(stmt, 9),
			.answer_now = (uint8_t)sqlite3_column_int(stmt, 10),
			.added_s = sqlite3_column_int64(stmt, 11),
			.judged_s = sqlite3_column_int64(stmt, 12),
			.changed_s = sqlite3_column_int64(stmt, 13),
			.support_s = sqlite3_column_int64(stmt, 14)};
		column_text(stmt, 2, shelf.device_id, sizeof shelf.device_id);
		column_text(stmt, 3, shelf.claimed_model, sizeof shelf.claimed_model);
		column_text(stmt, 4, shelf.claimed_firmware, sizeof shelf.claimed_firmware);
		column_text(stmt, 5, shelf.model, sizeof shelf.model);
		column_text(stmt, 6, shelf.hardware, sizeof shelf.hardware);
		column_text(stmt, 7, shelf.firmware, sizeof shelf.firmware);
		column_text(stmt, 8, shelf.profile, sizeof shelf.profile);
		column_text(stmt, 15, shelf.ruleset, sizeof shelf.ruleset);
		column_text(stmt, 16, shelf.what, sizeof shelf.what);
		row(&shelf, arg);
	}
	return err;
}
