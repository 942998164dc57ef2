/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that left, and what is kept of them for a while. */
#include "store/statement.h"

int64_t
store_left_add(struct store *store, const struct stored_left *left)
{
	sqlite3_stmt *stmt = statement(store, LEFT_ADD);

	bind_text(stmt, 1, left->device_id);
	bind_text(stmt, 2, left->name);
	bind_text(stmt, 3, left->kind);
	bind_text(stmt, 4, left->who);
	bind_int(stmt, 5, left->left_s);
	bind_int(stmt, 6, left->until_s);
	bind_int(stmt, 7, left->journal);
	bind_text(stmt, 8, left->body);
	statement_run(store, LEFT_ADD, stmt);
	return sqlite3_last_insert_rowid(store->file[STORE_DECISIONS].db);
}

void
store_left_delete(struct store *store, int64_t id)
{
	statement_run_with(store, LEFT_DELETE, id);
}

void
store_left_returned(struct store *store, int64_t journal)
{
	statement_run_with(store, LEFT_RETURNED, journal);
}

void
store_journal_blank(struct store *store, int64_t id)
{
	statement_run_with(store, JOURNAL_BLANK, id);
}

enum err
store_left(
	struct store *store, int64_t id, void (*row)(const struct stored_left *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, LEFT_LIST);
	enum err err;

	bind_int(stmt, 1, id);
	while (statement_row(store, LEFT_LIST, stmt, &err)) {
		struct stored_left left = {.id = sqlite3_column_int64(stmt, 0),
			.left_s = sqlite3_column_int64(stmt, 5),
			.until_s = sqlite3_column_int64(stmt, 6),
			.journal = sqlite3_column_int64(stmt, 7),
			.body = (const char *)sqlite3_column_text(stmt, 8)};
		column_text(stmt, 1, left.device_id, sizeof left.device_id);
		column_text(stmt, 2, left.name, sizeof left.name);
		column_text(stmt, 3, left.kind, sizeof left.kind);
		column_text(stmt, 4, left.who, sizeof left.who);
		row(&left, arg);
	}
	return err;
}
