/* SPDX-License-Identifier: Apache-2.0 */
/* Who hears of it, and what they have not taken yet. */
#include "store/statement.h"

void
store_receiver_put(struct store *store, const struct stored_receiver *receiver)
{
	sqlite3_stmt *stmt = statement(store, RECEIVER_PUT);

	bind_int(stmt, 1, receiver->number);
	bind_text(stmt, 2, receiver->body);
	bind_text(stmt, 3, receiver->secret);
	statement_run(store, RECEIVER_PUT, stmt);
}

void
store_receiver_delete(struct store *store, uint8_t number)
{
	statement_run_with(store, RECEIVER_DELETE, number);
}

enum err
store_receivers(struct store *store, void (*row)(const struct stored_receiver *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, RECEIVER_LIST);
	enum err err;

	while (statement_row(store, RECEIVER_LIST, stmt, &err)) {
		struct stored_receiver receiver = {.number = (uint8_t)sqlite3_column_int(stmt, 0),
			.body = (const char *)sqlite3_column_text(stmt, 1),
			.secret = (const char *)sqlite3_column_text(stmt, 2)};
		row(&receiver, arg);
	}
	return err;
}

void
store_telling_put(struct store *store, const struct stored_telling *telling)
{
	sqlite3_stmt *stmt = statement(store, TELLING_PUT);

	bind_int(stmt, 1, telling->ticket);
	bind_int(stmt, 2, telling->made_s);
	bind_int(stmt, 3, telling->due_s);
	bind_int(stmt, 4, telling->tries);
	bind_text(stmt, 5, telling->body);
	statement_run(store, TELLING_PUT, stmt);
}

void
store_telling_delete(struct store *store, uint32_t ticket)
{
	statement_run_with(store, TELLING_DELETE, ticket);
}

enum err
store_tellings(struct store *store, void (*row)(const struct stored_telling *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, TELLING_LIST);
	enum err err;

	while (statement_row(store, TELLING_LIST, stmt, &err)) {
		struct stored_telling telling = {.ticket = (uint32_t)sqlite3_column_int64(stmt, 0),
			.made_s = sqlite3_column_int64(stmt, 1),
			.due_s = sqlite3_column_int64(stmt, 2),
			.tries = (uint32_t)sqlite3_column_int64(stmt, 3),
			.body = (const char *)sqlite3_column_text(stmt, 4)};
		row(&telling, arg);
	}
	return err;
}
