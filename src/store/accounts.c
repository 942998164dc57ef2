/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/statement.h"

void
store_account_put(struct store *store, const struct stored_account *account)
{
	sqlite3_stmt *stmt = statement(store, ACCOUNT_PUT);

	bind_int(stmt, 1, account->id);
	bind_text(stmt, 2, account->name);
	bind_int(stmt, 3, account->role);
	bind_bytes(stmt, 4, account->salt, sizeof account->salt);
	bind_bytes(stmt, 5, account->key, sizeof account->key);
	bind_int(stmt, 6, account->cost);
	bind_int(stmt, 7, account->block);
	bind_int(stmt, 8, account->lanes);
	bind_int(stmt, 9, account->created_s);
	statement_run(store, ACCOUNT_PUT, stmt);
}

void
store_account_delete(struct store *store, int64_t id)
{
	statement_run_with(store, PASSES_DELETE, id);
	statement_run_with(store, PASSKEYS_DELETE, id);
	statement_run_with(store, ACCOUNT_DELETE, id);
}

/* What does not have the size of its place was not written by us. */
static bool
column_bytes(sqlite3_stmt *stmt, int at, void *out, size_t size)
{
	if (sqlite3_column_bytes(stmt, at) != (int)size)
		return false;
	memcpy(out, sqlite3_column_blob(stmt, at), size);
	return true;
}

enum err
store_accounts(struct store *store, void (*row)(const struct stored_account *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, ACCOUNT_LIST);
	struct stored_account account;
	enum err err;

	while (statement_row(store, ACCOUNT_LIST, stmt, &err)) {
		memset(&account, 0, sizeof account);
		account.id = sqlite3_column_int64(stmt, 0);
		column_text(stmt, 1, account.name, sizeof account.name);
		account.role = (uint8_t)sqlite3_column_int(stmt, 2);
		account.cost = (uint32_t)sqlite3_column_int64(stmt, 5);
		account.block = (uint32_t)sqlite3_column_int64(stmt, 6);
		account.lanes = (uint32_t)sqlite3_column_int64(stmt, 7);
		account.created_s = sqlite3_column_int64(stmt, 8);
		if (column_bytes(stmt, 3, account.salt, sizeof account.salt) &&
			column_bytes(stmt, 4, account.key, sizeof account.key))
			row(&account, arg);
	}
	return err;
}

void
store_pass_put(struct store *store, const struct stored_pass *pass)
{
	sqlite3_stmt *stmt = statement(store, PASS_PUT);

	bind_int(stmt, 1, pass->id);
	bind_int(stmt, 2, pass->account);
	bind_int(stmt, 3, pass->kind);
	bind_int(stmt, 4, pass->role);
	bind_bytes(stmt, 5, pass->digest, sizeof pass->digest);
	bind_text(stmt, 6, pass->name);
	bind_bytes(stmt, 7, &pass->from, sizeof pass->from);
	bind_int(stmt, 8, pass->created_s);
	bind_int(stmt, 9, pass->until_s);
	statement_run(store, PASS_PUT, stmt);
}

void
store_pass_delete(struct store *store, int64_t id)
{
	statement_run_with(store, PASS_DELETE, id);
}

enum err
store_passes(struct store *store, void (*row)(const struct stored_pass *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, PASS_LIST);
	struct stored_pass pass;
	enum err err;

	while (statement_row(store, PASS_LIST, stmt, &err)) {
		memset(&pass, 0, sizeof pass);
		pass.id = sqlite3_column_int64(stmt, 0);
		pass.account = sqlite3_column_int64(stmt, 1);
		pass.kind = (uint8_t)sqlite3_column_int(stmt, 2);
		pass.role = (uint8_t)sqlite3_column_int(stmt, 3);
		column_text(stmt, 5, pass.name, sizeof pass.name);
		pass.created_s = sqlite3_column_int64(stmt, 7);
		pass.until_s = sqlite3_column_int64(stmt, 8);
		if (column_bytes(stmt, 4, pass.digest, sizeof pass.digest) &&
			column_bytes(stmt, 6, &pass.from, sizeof pass.from))
			row(&pass, arg);
	}
	return err;
}

enum { MAY_BE_COPIED = 1, IS_COPIED = 2 };

void
store_passkey_put(struct store *store, const struct stored_passkey *row)
{
	sqlite3_stmt *stmt = statement(store, PASSKEY_PUT);
	const struct passkey *passkey = &row->passkey;

	bind_int(stmt, 1, row->id);
	bind_int(stmt, 2, row->account);
	bind_text(stmt, 3, row->name);
	bind_bytes(stmt, 4, passkey->id, passkey->id_len);
	bind_bytes(stmt, 5, passkey->key, sizeof passkey->key);
	bind_bytes(stmt, 6, row->user, sizeof row->user);
	bind_int(stmt, 7, passkey->count);
	bind_int(stmt, 8,
		(passkey->may_be_copied ? MAY_BE_COPIED : 0) |
			(passkey->is_copied ? IS_COPIED : 0));
	bind_int(stmt, 9, row->created_s);
	bind_int(stmt, 10, row->used_s);
	statement_run(store, PASSKEY_PUT, stmt);
}

void
store_passkey_delete(struct store *store, int64_t id)
{
	statement_run_with(store, PASSKEY_DELETE, id);
}

enum err
store_passkeys(struct store *store, void (*row)(const struct stored_passkey *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, PASSKEY_LIST);
	struct stored_passkey out;
	enum err err;

	while (statement_row(store, PASSKEY_LIST, stmt, &err)) {
		int len = sqlite3_column_bytes(stmt, 3), copies = sqlite3_column_int(stmt, 7);
		memset(&out, 0, sizeof out);
		out.id = sqlite3_column_int64(stmt, 0);
		out.account = sqlite3_column_int64(stmt, 1);
		column_text(stmt, 2, out.name, sizeof out.name);
		out.passkey.count = (uint32_t)sqlite3_column_int64(stmt, 6);
		out.passkey.may_be_copied = copies & MAY_BE_COPIED;
		out.passkey.is_copied = copies & IS_COPIED;
		out.created_s = sqlite3_column_int64(stmt, 8);
		out.used_s = sqlite3_column_int64(stmt, 9);
		if (len < 1 || len > PASSKEY_ID_MAX ||
			!column_bytes(stmt, 3, out.passkey.id, (size_t)len) ||
			!column_bytes(stmt, 4, out.passkey.key, sizeof out.passkey.key) ||
			!column_bytes(stmt, 5, out.user, sizeof out.user))
			continue;
		out.passkey.id_len = (uint16_t)len;
		row(&out, arg);
	}
	return err;
}
