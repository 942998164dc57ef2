/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_STORE_STATEMENT_H
#define PINFOLD_STORE_STATEMENT_H

#include <sqlite3.h>

#include "store/store.h"

/* Inside of store/: one open file, and the statements prepared on it. */
enum store_file { STORE_DECISIONS, STORE_OBSERVED, STORE_AUDITS, STORE_FILES };

enum statement {
#define X(name, file, text) name,
#include "store/statements.h"
#undef X
	STATEMENT_COUNT,
};

struct store_db {
	sqlite3 *db;
	int failed; /* first SQLite result that was not fine in this transaction */
	char failed_text[160];
	bool in_transaction;
};

struct store {
	char directory[200];
	const char *vfs;
	struct store_db file[STORE_FILES];
	sqlite3_stmt *stmt[STATEMENT_COUNT];
	uint64_t written; /* bytes to both files so far */
	uint64_t started_ns;
	uint32_t journal_adds;
	bool audits_lost; /* audits.db had to be made anew */
};

/* schema.c: brings the file to the present version, one migration at a time. */
enum err schema_migrate(sqlite3 *, enum store_file, struct fault *why) MUST_USE;

/*
 * The statement, reset and without old parameters.  NULL when it cannot be
 * prepared or the transaction has failed already; the binders and steps below
 * then do nothing.
 */
sqlite3_stmt *statement(struct store *, enum statement);
void bind_int(sqlite3_stmt *, int at, int64_t);
void bind_text(sqlite3_stmt *, int at, const char *); /* NULL is NULL; borrowed until the step */
void bind_bytes(sqlite3_stmt *, int at, const void *, int len);
void statement_run(struct store *, enum statement, sqlite3_stmt *);
/* The same with this as its only parameter. */
void statement_run_with(struct store *, enum statement, int64_t);
/* True while there is a row; at the end *err tells. */
bool statement_row(struct store *, enum statement, sqlite3_stmt *, enum err *);
/* Column as text into a fixed buffer, cut if it must be; NULL is empty. */
void column_text(sqlite3_stmt *, int at, char *out, size_t size);

#endif
