/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/clock.h"
#include "store/statement.h"

/*
 * 14 of the 20 MB a day that a gateway may write go to observed.db by way of
 * store_budget_ms(); decisions, snapshots and the checkpoints' rounding have the
 * rest.  A page is written twice: to the log, and at the checkpoint.
 */
enum {
	BUDGET_BYTES_A_DAY = 14 * 1000 * 1000,
	BUDGET_BURST = 4 * 1000 * 1000,
	BUDGET_WAIT_MS = 3600 * 1000, /* history is never older than that, whatever was written */
	WRITES_A_PAGE = 2,
	PAGE = 4096,
	OBSERVED_PAGES_MAX = 128 * 1024 * 1024 / PAGE,
	DECISIONS_PAGES_MAX = 512 * 1024 * 1024 / PAGE,
	AUDITS_PAGES_MAX = 512 * 1024 * 1024 / PAGE,
};

static const char *const file_names[STORE_FILES] = {"decisions.db", "observed.db", "audits.db"};
static const int pages_max[STORE_FILES] = {
	DECISIONS_PAGES_MAX, OBSERVED_PAGES_MAX, AUDITS_PAGES_MAX};

static void
path_of(const struct store *store, const char *name, const char *suffix, char *out, size_t size)
{
	snprintf(out, size, "%s/%s%s", store->directory, name, suffix);
}

static bool
is_sound(sqlite3 *db)
{
	sqlite3_stmt *stmt;
	bool sound = false;

	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		sound = !strcmp((const char *)sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	return sound;
}

static bool
is_damage(int result)
{
	return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

/*
 * Exclusive: only the engine opens it, and then the log needs no shared memory.
 * *damaged tells a broken file from a disk that refuses.
 */
static enum err
open_file(struct store *store, enum store_file which, bool *damaged, struct fault *why)
{
	static const char pragmas[] =
		"PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
		"PRAGMA wal_autocheckpoint=256; PRAGMA journal_size_limit=2097152;"
		"PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
		"PRAGMA cache_size=-2000;";
	char path[SETTINGS_PATH_MAX + 32], more[160];
	struct store_db *file = &store->file[which];

	*damaged = false;
	path_of(store, file_names[which], "", path, sizeof path);
	int result = sqlite3_open_v2(path, &file->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, store->vfs);
	if (result == SQLITE_OK) {
		sqlite3_extended_result_codes(file->db, 1);
		sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_limit(file->db, SQLITE_LIMIT_LENGTH, 2 * STORE_DOCUMENT_BYTES);
		/* Secrets of receivers and accounts are among the decisions, and end with their rows. */
		snprintf(more, sizeof more,
			"PRAGMA synchronous=%s; PRAGMA max_page_count=%d; PRAGMA secure_delete=%s",
			which == STORE_OBSERVED ? "NORMAL" : "FULL", pages_max[which],
			which == STORE_DECISIONS ? "ON" : "OFF");
		result = sqlite3_exec(file->db, pragmas, NULL, NULL, NULL);
		if (result == SQLITE_OK)
			result = sqlite3_exec(file->db, more, NULL, NULL, NULL);
	}
	if (result == SQLITE_OK && !is_sound(file->db))
		result = SQLITE_CORRUPT;
	if (result != SQLITE_OK) {
		*damaged = is_damage(result);
		fault_set(why, ERR_STORE, "%s: %s", file_names[which], sqlite3_errstr(result));
		sqlite3_close(file->db);
		file->db = NULL;
		return ERR_STORE;
	}
	enum err err = schema_migrate(file->db, which, why);
	if (err) {
		*damaged = is_damage(sqlite3_extended_errcode(file->db));
		fault_prefix(why, "%s: ", file_names[which]);
		sqlite3_close(file->db);
		file->db = NULL;
	}
	return err;
}

static void
move_aside(struct store *store, const char *name)
{
	static const char *const parts[] = {"", "-wal", "-journal"};
	char from[SETTINGS_PATH_MAX + 32], to[SETTINGS_PATH_MAX + 48];

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		path_of(store, name, parts[i], from, sizeof from);
		snprintf(to, sizeof to, "%s.damaged", from);
		rename(from, to);
	}
}

/* The good copy stays where it is until a newer one replaces it. */
static bool
copy_good(struct store *store)
{
	char from[SETTINGS_PATH_MAX + 32], to[SETTINGS_PATH_MAX + 32];
	char block[16384];
	ssize_t n;

	path_of(store, "decisions.good", "", from, sizeof from);
	path_of(store, file_names[STORE_DECISIONS], "", to, sizeof to);
	auto_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return false;
	auto_close int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return false;
	while ((n = read(in, block, sizeof block)) > 0)
		if (write(out, block, (size_t)n) != n)
			return false;
	return n == 0 && !fsync(out);
}

static bool
file_is_there(struct store *store, const char *name)
{
	char path[SETTINGS_PATH_MAX + 32];
	struct stat st;

	path_of(store, name, "", path, sizeof path);
	return !stat(path, &st) && st.st_size > 0;
}

static enum err
open_decisions(struct store *store, enum store_found *found, struct fault *why)
{
	const char *name = file_names[STORE_DECISIONS];
	bool was_there = file_is_there(store, name), damaged;

	enum err err = open_file(store, STORE_DECISIONS, &damaged, why);
	if (!err) {
		*found = was_there ? STORE_SOUND : STORE_NEW;
		return ERR_OK;
	}
	if (!damaged)
		return err;
	move_aside(store, name);
	if (copy_good(store)) {
		err = open_file(store, STORE_DECISIONS, &damaged, why);
		if (!err) {
			*found = STORE_RESTORED;
			return ERR_OK;
		}
		if (!damaged)
			return err;
		move_aside(store, name);
	}
	err = open_file(store, STORE_DECISIONS, &damaged, why);
	if (!err)
		*found = STORE_LOST;
	return err;
}

/* What can be made anew where it is damaged; the damaged file is kept beside it. */
static enum err
open_or_anew(struct store *store, enum store_file which, bool *lost, struct fault *why)
{
	bool damaged;
	enum err err = open_file(store, which, &damaged, why);

	if (err && damaged) {
		move_aside(store, file_names[which]);
		*lost = true;
		err = open_file(store, which, &damaged, why);
	}
	return err;
}

enum err
store_open(const char *directory, const char *vfs, struct store **out, enum store_found *found,
	bool *observed_lost, struct fault *why)
{
	struct store *store = must_alloc(1, sizeof *store);

	assert(strlen(directory) < sizeof store->directory);
	snprintf(store->directory, sizeof store->directory, "%s", directory);
	store->vfs = vfs;
	store->started_ns = clock_monotonic_ns();
	*observed_lost = false;
	enum err err = open_decisions(store, found, why);
	if (!err)
		err = open_or_anew(store, STORE_OBSERVED, observed_lost, why);
	if (!err)
		err = open_or_anew(store, STORE_AUDITS, &store->audits_lost, why);
	if (err) {
		store_close(store);
		return err;
	}
	*out = store;
	return ERR_OK;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(store->stmt[i]);
	for (int i = 0; i < STORE_FILES; i++)
		sqlite3_close(store->file[i].db);
	free(store);
}

static void
begin(struct store *store, enum store_file which)
{
	struct store_db *file = &store->file[which];

	assert(!file->in_transaction);
	file->failed = SQLITE_OK;
	int result = sqlite3_exec(file->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	file->in_transaction = true;
	if (result != SQLITE_OK) {
		file->failed = result;
		snprintf(file->failed_text, sizeof file->failed_text, "%s",
			sqlite3_errmsg(file->db));
	}
}

static void
count_written(struct store *store, struct store_db *file)
{
	int pages = 0, high;

	sqlite3_db_status(file->db, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &high, 1);
	store->written += (uint64_t)pages * PAGE * WRITES_A_PAGE;
}

static enum err
commit(struct store *store, enum store_file which, struct fault *why)
{
	struct store_db *file = &store->file[which];

	assert(file->in_transaction);
	if (!file->failed) {
		int result = sqlite3_exec(file->db, "COMMIT", NULL, NULL, NULL);
		if (result != SQLITE_OK) {
			file->failed = result;
			snprintf(file->failed_text, sizeof file->failed_text, "%s",
				sqlite3_errmsg(file->db));
		}
	}
	count_written(store, file);
	file->in_transaction = false;
	if (!file->failed)
		return ERR_OK;
	if (!sqlite3_get_autocommit(file->db))
		sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
	fault_set(why, ERR_STORE, "the database refuses (%s): %s", file_names[which],
		(file->failed & 0xff) == SQLITE_FULL ? "the disk is full" : file->failed_text);
	return ERR_STORE;
}

void
store_begin(struct store *store)
{
	begin(store, STORE_DECISIONS);
}

enum err
store_commit(struct store *store, struct fault *why)
{
	return commit(store, STORE_DECISIONS, why);
}

void
store_rollback(struct store *store)
{
	struct store_db *file = &store->file[STORE_DECISIONS];

	if (!sqlite3_get_autocommit(file->db))
		sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
	file->in_transaction = false;
}

void
store_observed_begin(struct store *store)
{
	begin(store, STORE_OBSERVED);
}

enum err
store_observed_commit(struct store *store, struct fault *why)
{
	return commit(store, STORE_OBSERVED, why);
}

void
store_audits_begin(struct store *store)
{
	begin(store, STORE_AUDITS);
}

enum err
store_audits_commit(struct store *store, struct fault *why)
{
	return commit(store, STORE_AUDITS, why);
}

bool
store_audits_lost(const struct store *store)
{
	return store->audits_lost;
}

uint64_t
store_budget_ms(struct store *store)
{
	uint64_t ran_ms = (clock_monotonic_ns() - store->started_ns) / CLOCK_MS_NS;
	uint64_t over = store->written > BUDGET_BURST ? store->written - BUDGET_BURST : 0;
	uint64_t due_ms = over * 86400 / (BUDGET_BYTES_A_DAY / 1000);

	uint64_t wait_ms = due_ms > ran_ms ? due_ms - ran_ms : 0;

	return wait_ms < BUDGET_WAIT_MS ? wait_ms : BUDGET_WAIT_MS;
}

uint64_t
store_bytes_written(const struct store *store)
{
	return store->written;
}

enum err
store_snapshot(struct store *store, struct fault *why)
{
	char fresh[SETTINGS_PATH_MAX + 32], good[SETTINGS_PATH_MAX + 32];
	sqlite3 *to = NULL;

	path_of(store, "decisions.new", "", fresh, sizeof fresh);
	path_of(store, "decisions.good", "", good, sizeof good);
	unlink(fresh);
	int result = sqlite3_open_v2(fresh, &to,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, store->vfs);
	if (result == SQLITE_OK) {
		sqlite3_backup *backup =
			sqlite3_backup_init(to, "main", store->file[STORE_DECISIONS].db, "main");
		result = backup ? sqlite3_backup_step(backup, -1) : SQLITE_ERROR;
		store->written += backup ? (uint64_t)sqlite3_backup_pagecount(backup) * PAGE : 0;
		sqlite3_backup_finish(backup);
	}
	sqlite3_close(to);
	if (result != SQLITE_DONE) {
		fault_set(why, ERR_STORE, "cannot copy the database: %s", sqlite3_errstr(result));
		unlink(fresh);
		return ERR_STORE;
	}
	if (rename(fresh, good)) {
		fault_set(why, ERR_SYSTEM, "cannot keep the copy of the database");
		return ERR_SYSTEM;
	}
	auto_close int directory = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || fsync(directory)) {
		fault_set(why, ERR_SYSTEM, "cannot sync the state directory");
		return ERR_SYSTEM;
	}
	return ERR_OK;
}
