/* SPDX-License-Identifier: Apache-2.0 */
#include "store/statement.h"

#include <stdio.h>

#include "base/auto.h"

/*
 * Row n brings a file from version n to n + 1, inside one transaction with the
 * new user_version, so that a power cut leaves the old version or the new one.
 * Rows are never changed once released; a change is a new row.
 */
static const char *const decisions[] = {
	"CREATE TABLE device(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT "
	"NULL,"
	" class INTEGER NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL,"
	" since INTEGER NOT NULL, seen INTEGER NOT NULL, kind TEXT NOT NULL,"
	" kind_confidence INTEGER NOT NULL, kind_because TEXT NOT NULL) STRICT;"
	"CREATE TABLE identifier(device INTEGER NOT NULL, kind INTEGER NOT NULL, value TEXT NOT "
	"NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, confidence INTEGER NOT NULL,"
	" count INTEGER NOT NULL, PRIMARY KEY(device, kind, value)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE binding(device INTEGER NOT NULL, port TEXT NOT NULL, mac BLOB NOT NULL,"
	" address BLOB NOT NULL, how INTEGER NOT NULL, since INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, PRIMARY KEY(port, mac, address)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX binding_device ON binding(device);"
	"CREATE TABLE document(device INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,"
	" PRIMARY KEY(device, kind)) STRICT;"
	"CREATE TABLE number(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE journal(id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
	" batch INTEGER NOT NULL, who TEXT NOT NULL, verb TEXT NOT NULL, device INTEGER NOT NULL,"
	" device_id TEXT NOT NULL, text TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,"
	" undoes INTEGER NOT NULL, undone_by INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX journal_device ON journal(device, id);",
	"CREATE TABLE label(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, device_id TEXT "
	"NOT "
	"NULL, revision INTEGER NOT NULL, body TEXT NOT NULL, act INTEGER NOT NULL,"
	" act_reason TEXT NOT NULL, status INTEGER NOT NULL, status_reason TEXT NOT NULL,"
	" changed INTEGER NOT NULL) STRICT;"
	"CREATE TABLE said(n INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;"
	"CREATE TABLE feed(id TEXT PRIMARY KEY, body TEXT NOT NULL, since INTEGER NOT NULL) STRICT,"
	" WITHOUT ROWID;",
	"CREATE TABLE account(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" role INTEGER NOT NULL, salt BLOB NOT NULL, key BLOB NOT NULL, cost INTEGER NOT NULL,"
	" block INTEGER NOT NULL, lanes INTEGER NOT NULL, created INTEGER NOT NULL) STRICT;"
	"CREATE TABLE pass(id INTEGER PRIMARY KEY, account INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" role INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE, name TEXT NOT NULL,"
	" source BLOB NOT NULL, created INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;",
	"CREATE TABLE gone(id INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL,"
	" name TEXT NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, time INTEGER NOT NULL,"
	" until INTEGER NOT NULL, journal INTEGER NOT NULL, body TEXT NOT NULL) STRICT;",
	"CREATE TABLE receiver(number INTEGER PRIMARY KEY, body TEXT NOT NULL, secret TEXT NOT "
	"NULL)"
	" STRICT;",
	"CREATE TABLE passkey(id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL,"
	" credential BLOB NOT NULL UNIQUE, key BLOB NOT NULL, user BLOB NOT NULL,"
	" count INTEGER NOT NULL, copies INTEGER NOT NULL, created INTEGER NOT NULL,"
	" used INTEGER NOT NULL) STRICT;",
};

static const char *const observed[] = {
	"CREATE TABLE event(id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" count INTEGER NOT NULL, device INTEGER NOT NULL, kind TEXT NOT NULL, cause TEXT NOT NULL,"
	" level TEXT NOT NULL, text TEXT NOT NULL, detail TEXT NOT NULL) STRICT;"
	"CREATE INDEX event_device ON event(device, id);"
	"CREATE TABLE flow(device INTEGER NOT NULL, remote TEXT NOT NULL, proto INTEGER NOT NULL,"
	" port INTEGER NOT NULL, way INTEGER NOT NULL, peer INTEGER NOT NULL, name TEXT NOT NULL,"
	" address BLOB NOT NULL, flagged INTEGER NOT NULL, flows INTEGER NOT NULL,"
	" packets INTEGER NOT NULL, bytes INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, PRIMARY KEY(device, remote, proto, port, way)) STRICT, WITHOUT "
	"ROWID;"
	"CREATE TABLE opening(device INTEGER NOT NULL, name TEXT NOT NULL, address BLOB NOT NULL,"
	" seconds INTEGER NOT NULL, until INTEGER NOT NULL,"
	" PRIMARY KEY(device, name, address)) STRICT, WITHOUT ROWID;",
	"CREATE TABLE sky(device INTEGER NOT NULL, time INTEGER NOT NULL, state INTEGER NOT NULL,"
	" wide INTEGER NOT NULL, origins INTEGER NOT NULL, rules INTEGER NOT NULL,"
	" ports INTEGER NOT NULL, neighbours INTEGER NOT NULL, addresses4 REAL NOT NULL,"
	" addresses6 REAL NOT NULL, open4 INTEGER NOT NULL, open6 INTEGER NOT NULL,"
	" PRIMARY KEY(device, time)) STRICT, WITHOUT ROWID;",
	"CREATE TABLE pulse(device INTEGER PRIMARY KEY, hour INTEGER NOT NULL, body BLOB NOT NULL)"
	" STRICT;",
	"CREATE TABLE telling(ticket INTEGER PRIMARY KEY, made INTEGER NOT NULL, due INTEGER NOT "
	"NULL,"
	" tries INTEGER NOT NULL, body TEXT NOT NULL) STRICT;",
	"CREATE TABLE incident(id INTEGER PRIMARY KEY, device INTEGER NOT NULL,"
	" device_id TEXT NOT NULL, name TEXT NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, count INTEGER NOT NULL, level INTEGER NOT NULL,"
	" cause TEXT NOT NULL, what TEXT NOT NULL, act TEXT NOT NULL, journal INTEGER NOT NULL,"
	" frames INTEGER NOT NULL DEFAULT 0, packets BLOB) STRICT;",
};

static const char *const audits[] = {
	"CREATE TABLE audit(run INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL,"
	" device_id TEXT NOT NULL, label TEXT NOT NULL, state INTEGER NOT NULL,"
	" pace INTEGER NOT NULL, consent INTEGER NOT NULL, profile TEXT NOT NULL,"
	" port TEXT NOT NULL, begun INTEGER NOT NULL, ended INTEGER NOT NULL,"
	" seconds INTEGER NOT NULL, exchanges INTEGER NOT NULL, packets INTEGER NOT NULL,"
	" resumed INTEGER NOT NULL, bytes INTEGER NOT NULL, why TEXT NOT NULL) STRICT;"
	"CREATE INDEX audit_device ON audit(device_id, run);"
	"CREATE TABLE step(run INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL,"
	" step INTEGER NOT NULL, PRIMARY KEY(run, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE finding(run INTEGER NOT NULL, name TEXT NOT NULL, place INTEGER NOT NULL,"
	" provision TEXT NOT NULL, word INTEGER NOT NULL, reason INTEGER NOT NULL,"
	" critical INTEGER NOT NULL, proto INTEGER NOT NULL, port INTEGER NOT NULL,"
	" address BLOB NOT NULL, tried INTEGER NOT NULL, entire INTEGER NOT NULL,"
	" evidence TEXT NOT NULL, text TEXT NOT NULL,"
	" PRIMARY KEY(run, name, place)) STRICT, WITHOUT ROWID;",
	"ALTER TABLE audit ADD COLUMN hours INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE audit ADD COLUMN stuck INTEGER NOT NULL DEFAULT 0;",
	"CREATE TABLE shelf(id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,"
	" device_id TEXT NOT NULL, claimed_model TEXT NOT NULL, claimed_firmware TEXT NOT NULL,"
	" model TEXT NOT NULL, hardware TEXT NOT NULL, firmware TEXT NOT NULL,"
	" profile TEXT NOT NULL, answer INTEGER NOT NULL, answer_now INTEGER NOT NULL,"
	" added INTEGER NOT NULL, judged INTEGER NOT NULL, changed INTEGER NOT NULL,"
	" support INTEGER NOT NULL, ruleset TEXT NOT NULL, what TEXT NOT NULL) STRICT;",
	"CREATE TABLE maker(device_id TEXT NOT NULL, fact INTEGER NOT NULL, value TEXT NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, run INTEGER NOT NULL,"
	" exchange INTEGER NOT NULL, PRIMARY KEY(device_id, fact, value)) STRICT, WITHOUT ROWID;",
};

static const struct {
	const char *const *migration;
	int count;
} schema[STORE_FILES] = {
	[STORE_DECISIONS] = {decisions, COUNT_OF(decisions)},
	[STORE_OBSERVED] = {observed, COUNT_OF(observed)},
	[STORE_AUDITS] = {audits, COUNT_OF(audits)},
};

static int
user_version(sqlite3 *db)
{
	sqlite3_stmt *stmt;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		version = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return version;
}

enum err
schema_migrate(sqlite3 *db, enum store_file file, struct fault *why)
{
	int version = user_version(db);
	char set[64];

	if (version < 0) {
		fault_set(why, ERR_STORE, "cannot read the version: %s", sqlite3_errmsg(db));
		return ERR_STORE;
	}
	if (version > schema[file].count) {
		fault_set(why, ERR_UNSUPPORTED,
			"version %d was written by a newer Pinfold; this one knows up to %d",
			version, schema[file].count);
		return ERR_UNSUPPORTED;
	}
	for (; version < schema[file].count; version++) {
		snprintf(set, sizeof set, "PRAGMA user_version=%d; COMMIT", version + 1);
		if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
			sqlite3_exec(db, schema[file].migration[version], NULL, NULL, NULL) !=
				SQLITE_OK ||
			sqlite3_exec(db, set, NULL, NULL, NULL) != SQLITE_OK) {
			fault_set(why, ERR_STORE, "cannot move to version %d: %s", version + 1,
				sqlite3_errmsg(db));
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
			return ERR_STORE;
		}
	}
	return ERR_OK;
}
