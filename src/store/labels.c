/* SPDX-License-Identifier: Apache-2.0 */
#include "store/statement.h"

void
store_label_put(struct store *store, const struct stored_label *label)
{
	sqlite3_stmt *stmt = statement(store, LABEL_PUT);

	bind_int(stmt, 1, label->number);
	bind_text(stmt, 2, label->id);
	bind_text(stmt, 3, label->device_id);
	bind_int(stmt, 4, label->revision);
	bind_text(stmt, 5, label->body);
	bind_int(stmt, 6, label->act);
	bind_text(stmt, 7, label->act_reason);
	bind_int(stmt, 8, label->status);
	bind_text(stmt, 9, label->status_reason);
	bind_int(stmt, 10, label->changed_s);
	statement_run(store, LABEL_PUT, stmt);
}

enum err
store_labels(struct store *store, void (*row)(const struct stored_label *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, LABEL_LIST);
	struct stored_label label;
	enum err err;

	while (statement_row(store, LABEL_LIST, stmt, &err)) {
		label.number = (uint32_t)sqlite3_column_int64(stmt, 0);
		column_text(stmt, 1, label.id, sizeof label.id);
		column_text(stmt, 2, label.device_id, sizeof label.device_id);
		label.revision = (uint32_t)sqlite3_column_int64(stmt, 3);
		label.body = (const char *)sqlite3_column_text(stmt, 4);
		label.act = (uint8_t)sqlite3_column_int(stmt, 5);
		column_text(stmt, 6, label.act_reason, sizeof label.act_reason);
		label.status = (uint8_t)sqlite3_column_int(stmt, 7);
		column_text(stmt, 8, label.status_reason, sizeof label.status_reason);
		label.changed_s = sqlite3_column_int64(stmt, 9);
		if (label.body)
			row(&label, arg);
	}
	return err;
}

void
store_said_add(struct store *store, uint64_t n, const char *body)
{
	sqlite3_stmt *stmt = statement(store, SAID_ADD);

	bind_int(stmt, 1, (int64_t)n);
	bind_text(stmt, 2, body);
	statement_run(store, SAID_ADD, stmt);
}

enum err
store_said(struct store *store, uint64_t from, uint32_t limit,
	void (*row)(uint64_t n, const char *body, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, SAID_LIST);
	enum err err;

	bind_int(stmt, 1, (int64_t)from);
	bind_int(stmt, 2, limit);
	while (statement_row(store, SAID_LIST, stmt, &err)) {
		const char *body = (const char *)sqlite3_column_text(stmt, 1);
		if (body)
			row((uint64_t)sqlite3_column_int64(stmt, 0), body, arg);
	}
	return err;
}

enum err
store_said_count(struct store *store, uint64_t *n)
{
	sqlite3_stmt *stmt = statement(store, SAID_COUNT);
	enum err err;

	*n = 0;
	while (statement_row(store, SAID_COUNT, stmt, &err))
		*n = (uint64_t)sqlite3_column_int64(stmt, 0);
	return err;
}

void
store_feed_put(struct store *store, const char *id, const char *body, int64_t since_s)
{
	sqlite3_stmt *stmt = statement(store, FEED_PUT);

	bind_text(stmt, 1, id);
	bind_text(stmt, 2, body);
	bind_int(stmt, 3, since_s);
	statement_run(store, FEED_PUT, stmt);
}

enum err
store_feeds(struct store *store, void (*row)(const char *id, const char *body, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, FEED_LIST);
	enum err err;

	while (statement_row(store, FEED_LIST, stmt, &err)) {
		const char *id = (const char *)sqlite3_column_text(stmt, 0);
		const char *body = (const char *)sqlite3_column_text(stmt, 1);
		if (id && body)
			row(id, body, arg);
	}
	return err;
}
