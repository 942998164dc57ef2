/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

enum { PRUNE_EVERY = 64 };

void
store_device_put(struct store *store, const struct stored_device *device)
{
	sqlite3_stmt *stmt = statement(store, DEVICE_PUT);

	bind_int(stmt, 1, device->number);
	bind_text(stmt, 2, device->id);
	bind_text(stmt, 3, device->name);
	bind_int(stmt, 4, device->class);
	bind_int(stmt, 5, device->state);
	bind_int(stmt, 6, device->created_s);
	bind_int(stmt, 7, device->since_s);
	bind_int(stmt, 8, device->seen_s);
	bind_text(stmt, 9, device->kind);
	bind_int(stmt, 10, device->kind_confidence);
	bind_text(stmt, 11, device->kind_because);
	statement_run(store, DEVICE_PUT, stmt);
}

void
store_device_delete(struct store *store, uint32_t number)
{
	static const enum statement all[] = {
		DEVICE_DELETE, IDENTIFIERS_DELETE, BINDINGS_DELETE, DOCUMENTS_DELETE};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		statement_run_with(store, all[i], number);
}

enum err
store_devices(struct store *store, void (*row)(const struct stored_device *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, DEVICE_LIST);
	struct stored_device device;
	enum err err;

	while (statement_row(store, DEVICE_LIST, stmt, &err)) {
		device.number = (uint32_t)sqlite3_column_int64(stmt, 0);
		column_text(stmt, 1, device.id, sizeof device.id);
		column_text(stmt, 2, device.name, sizeof device.name);
		device.class = (uint8_t)sqlite3_column_int(stmt, 3);
		device.state = (uint8_t)sqlite3_column_int(stmt, 4);
		device.created_s = sqlite3_column_int64(stmt, 5);
		device.since_s = sqlite3_column_int64(stmt, 6);
		device.seen_s = sqlite3_column_int64(stmt, 7);
		column_text(stmt, 8, device.kind, sizeof device.kind);
		device.kind_confidence = (uint8_t)sqlite3_column_int(stmt, 9);
		column_text(stmt, 10, device.kind_because, sizeof device.kind_because);
		row(&device, arg);
	}
	return err;
}

void
store_identifier_put(struct store *store, const struct stored_identifier *identifier)
{
	sqlite3_stmt *stmt = statement(store, IDENTIFIER_PUT);

	bind_int(stmt, 1, identifier->device);
	bind_int(stmt, 2, identifier->kind);
	bind_text(stmt, 3, identifier->value);
	bind_int(stmt, 4, identifier->first_s);
	bind_int(stmt, 5, identifier->last_s);
	bind_int(stmt, 6, identifier->confidence);
	bind_int(stmt, 7, (int64_t)identifier->count);
	statement_run(store, IDENTIFIER_PUT, stmt);
}

void
store_identifiers_delete(struct store *store, uint32_t device)
{
	statement_run_with(store, IDENTIFIERS_DELETE, device);
}

enum err
store_identifiers(
	struct store *store, void (*row)(const struct stored_identifier *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, IDENTIFIER_LIST);
	struct stored_identifier identifier;
	enum err err;

	while (statement_row(store, IDENTIFIER_LIST, stmt, &err)) {
		identifier.device = (uint32_t)sqlite3_column_int64(stmt, 0);
		identifier.kind = (uint32_t)sqlite3_column_int64(stmt, 1);
		column_text(stmt, 2, identifier.value, sizeof identifier.value);
		identifier.first_s = sqlite3_column_int64(stmt, 3);
		identifier.last_s = sqlite3_column_int64(stmt, 4);
		identifier.confidence = (uint32_t)sqlite3_column_int64(stmt, 5);
		identifier.count = (uint64_t)sqlite3_column_int64(stmt, 6);
		row(&identifier, arg);
	}
	return err;
}

void
store_binding_put(struct store *store, const struct stored_binding *binding)
{
	sqlite3_stmt *stmt = statement(store, BINDING_PUT);

	bind_int(stmt, 1, binding->device);
	bind_text(stmt, 2, binding->port);
	bind_bytes(stmt, 3, binding->mac, sizeof binding->mac);
	bind_bytes(stmt, 4, &binding->address, sizeof binding->address);
	bind_int(stmt, 5, binding->how);
	bind_int(stmt, 6, binding->since_s);
	bind_int(stmt, 7, binding->expires_s);
	statement_run(store, BINDING_PUT, stmt);
}

void
store_bindings_delete(struct store *store, uint32_t device)
{
	statement_run_with(store, BINDINGS_DELETE, device);
}

enum err
store_bindings(struct store *store, void (*row)(const struct stored_binding *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, BINDING_LIST);
	struct stored_binding binding;
	enum err err;

	while (statement_row(store, BINDING_LIST, stmt, &err)) {
		memset(&binding, 0, sizeof binding);
		/* What does not have the size of its type was not written by us. */
		if (sqlite3_column_bytes(stmt, 2) != sizeof binding.mac ||
			sqlite3_column_bytes(stmt, 3) != sizeof binding.address)
			continue;
		binding.device = (uint32_t)sqlite3_column_int64(stmt, 0);
		column_text(stmt, 1, binding.port, sizeof binding.port);
		memcpy(binding.mac, sqlite3_column_blob(stmt, 2), sizeof binding.mac);
		memcpy(&binding.address, sqlite3_column_blob(stmt, 3), sizeof binding.address);
		binding.how = (uint32_t)sqlite3_column_int64(stmt, 4);
		binding.since_s = sqlite3_column_int64(stmt, 5);
		binding.expires_s = sqlite3_column_int64(stmt, 6);
		if (ip_is_valid(&binding.address))
			row(&binding, arg);
	}
	return err;
}

void
store_document_put(struct store *store, uint32_t device, const char *kind, const char *body)
{
	enum statement which = body ? DOCUMENT_PUT : DOCUMENT_DELETE;
	sqlite3_stmt *stmt = statement(store, which);

	bind_int(stmt, 1, device);
	bind_text(stmt, 2, kind);
	if (body)
		bind_text(stmt, 3, body);
	statement_run(store, which, stmt);
}

enum err
store_documents(struct store *store,
	void (*row)(uint32_t device, const char *kind, const char *body, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, DOCUMENT_LIST);
	enum err err;

	while (statement_row(store, DOCUMENT_LIST, stmt, &err))
		row((uint32_t)sqlite3_column_int64(stmt, 0),
			(const char *)sqlite3_column_text(stmt, 1),
			(const char *)sqlite3_column_text(stmt, 2), arg);
	return err;
}

void
store_number_put(struct store *store, const char *key, int64_t value)
{
	sqlite3_stmt *stmt = statement(store, NUMBER_PUT);

	bind_text(stmt, 1, key);
	bind_int(stmt, 2, value);
	statement_run(store, NUMBER_PUT, stmt);
}

int64_t
store_number(struct store *store, const char *key, int64_t otherwise)
{
	sqlite3_stmt *stmt = statement(store, NUMBER_GET);
	int64_t value = otherwise;
	enum err err;

	bind_text(stmt, 1, key);
	while (statement_row(store, NUMBER_GET, stmt, &err))
		value = sqlite3_column_int64(stmt, 0);
	return value;
}

int64_t
store_journal_add(struct store *store, const struct stored_journal *journal)
{
	sqlite3_stmt *stmt = statement(store, JOURNAL_ADD);

	bind_int(stmt, 1, journal->time_s);
	bind_int(stmt, 2, journal->transaction);
	bind_text(stmt, 3, journal->who);
	bind_text(stmt, 4, journal->verb);
	bind_int(stmt, 5, journal->device);
	bind_text(stmt, 6, journal->device_id ? journal->device_id : "");
	bind_text(stmt, 7, journal->text ? journal->text : "");
	bind_text(stmt, 8, journal->before ? journal->before : "{}");
	bind_text(stmt, 9, journal->after ? journal->after : "{}");
	bind_int(stmt, 10, journal->undoes);
	statement_run(store, JOURNAL_ADD, stmt);
	int64_t id = sqlite3_last_insert_rowid(store->file[STORE_DECISIONS].db);
	if (store->journal_adds++ % PRUNE_EVERY == 0) {
		statement_run_with(store, JOURNAL_PRUNE, STORE_JOURNAL_ROWS);
	}
	return id;
}

void
store_journal_undone(struct store *store, int64_t id, int64_t by)
{
	sqlite3_stmt *stmt = statement(store, JOURNAL_UNDONE);

	bind_int(stmt, 1, id);
	bind_int(stmt, 2, by);
	statement_run(store, JOURNAL_UNDONE, stmt);
}

static struct stored_journal
journal_from_row(sqlite3_stmt *stmt)
{
	return (struct stored_journal){
		.id = sqlite3_column_int64(stmt, 0),
		.time_s = sqlite3_column_int64(stmt, 1),
		.transaction = sqlite3_column_int64(stmt, 2),
		.who = (const char *)sqlite3_column_text(stmt, 3),
		.verb = (const char *)sqlite3_column_text(stmt, 4),
		.device = (uint32_t)sqlite3_column_int64(stmt, 5),
		.device_id = (const char *)sqlite3_column_text(stmt, 6),
		.text = (const char *)sqlite3_column_text(stmt, 7),
		.before = (const char *)sqlite3_column_text(stmt, 8),
		.after = (const char *)sqlite3_column_text(stmt, 9),
		.undoes = sqlite3_column_int64(stmt, 10),
		.undone_by = sqlite3_column_int64(stmt, 11),
	};
}

enum err
store_journal(struct store *store, int64_t before_id, uint32_t device, uint32_t limit,
	void (*row)(const struct stored_journal *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, JOURNAL_LIST);
	enum err err;

	bind_int(stmt, 1, before_id ? before_id : INT64_MAX);
	bind_int(stmt, 2, device);
	bind_int(stmt, 3, limit);
	while (statement_row(store, JOURNAL_LIST, stmt, &err)) {
		struct stored_journal journal = journal_from_row(stmt);
		row(&journal, arg);
	}
	return err;
}

enum err
store_journal_find(struct store *store, int64_t id,
	void (*row)(const struct stored_journal *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, JOURNAL_FIND);
	bool found = false;
	enum err err;

	bind_int(stmt, 1, id);
	while (statement_row(store, JOURNAL_FIND, stmt, &err)) {
		struct stored_journal journal = journal_from_row(stmt);
		row(&journal, arg);
		found = true;
	}
	return err ? err : found ? ERR_OK : ERR_NOT_FOUND;
}
