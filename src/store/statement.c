/* SPDX-License-Identifier: Apache-2.0 */
#include "store/statement.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum store_file file;
	const char *text;
} statements[STATEMENT_COUNT] = {
#define X(name, in, sql) [name] = {in, sql},
#include "store/statements.h"
#undef X
};

static void
failed(struct store_db *file, int result)
{
	if (file->failed)
		return;
	file->failed = result;
	snprintf(file->failed_text, sizeof file->failed_text, "%s", sqlite3_errmsg(file->db));
}

sqlite3_stmt *
statement(struct store *store, enum statement which)
{
	struct store_db *file = &store->file[statements[which].file];

	if (file->in_transaction && file->failed)
		return NULL;
	if (!store->stmt[which]) {
		int result = sqlite3_prepare_v3(file->db, statements[which].text, -1,
			SQLITE_PREPARE_PERSISTENT, &store->stmt[which], NULL);
		if (result != SQLITE_OK) {
			failed(file, result);
			return NULL;
		}
	}
	sqlite3_reset(store->stmt[which]);
	sqlite3_clear_bindings(store->stmt[which]);
	return store->stmt[which];
}

void
bind_int(sqlite3_stmt *stmt, int at, int64_t value)
{
	if (stmt)
		sqlite3_bind_int64(stmt, at, value);
}

void
bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	if (stmt)
		sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

void
bind_bytes(sqlite3_stmt *stmt, int at, const void *bytes, int len)
{
	if (stmt)
		sqlite3_bind_blob(stmt, at, bytes, len, SQLITE_STATIC);
}

void
statement_run(struct store *store, enum statement which, sqlite3_stmt *stmt)
{
	int result;

	if (!stmt)
		return;
	while ((result = sqlite3_step(stmt)) == SQLITE_ROW)
		;
	if (result != SQLITE_DONE)
		failed(&store->file[statements[which].file], result);
	sqlite3_reset(stmt);
}

void
statement_run_with(struct store *store, enum statement which, int64_t only)
{
	sqlite3_stmt *stmt = statement(store, which);

	bind_int(stmt, 1, only);
	statement_run(store, which, stmt);
}

bool
statement_row(struct store *store, enum statement which, sqlite3_stmt *stmt, enum err *err)
{
	*err = ERR_STORE;
	if (!stmt)
		return false;
	int result = sqlite3_step(stmt);
	if (result == SQLITE_ROW)
		return true;
	if (result == SQLITE_DONE)
		*err = ERR_OK;
	else
		failed(&store->file[statements[which].file], result);
	sqlite3_reset(stmt);
	return false;
}

void
column_text(sqlite3_stmt *stmt, int at, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(stmt, at);

	memset(out, 0, size);
	if (text)
		memcpy(out, text, strnlen(text, size - 1));
}
