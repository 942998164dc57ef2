/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

static void
bind_audit(sqlite3_stmt *stmt, const struct stored_audit *audit)
{
	bind_int(stmt, 2, audit->device);
	bind_text(stmt, 3, audit->device_id);
	bind_text(stmt, 4, audit->label);
	bind_int(stmt, 5, audit->state);
	bind_int(stmt, 6, audit->pace);
	bind_int(stmt, 7, audit->consent);
	bind_text(stmt, 8, audit->profile);
	bind_text(stmt, 9, audit->port);
	bind_int(stmt, 10, audit->begun_s);
	bind_int(stmt, 11, audit->ended_s);
	bind_int(stmt, 12, audit->seconds);
	bind_int(stmt, 13, audit->exchanges);
	bind_int(stmt, 14, audit->packets);
	bind_int(stmt, 15, audit->resumed);
	bind_int(stmt, 16, (int64_t)audit->bytes);
	bind_text(stmt, 17, audit->why);
	bind_int(stmt, 18, audit->hours);
	bind_int(stmt, 19, audit->stuck);
}

uint32_t
store_audit_add(struct store *store, const struct stored_audit *audit)
{
	sqlite3_stmt *stmt = statement(store, AUDIT_ADD);

	bind_audit(stmt, audit);
	statement_run(store, AUDIT_ADD, stmt);
	return (uint32_t)sqlite3_last_insert_rowid(store->file[STORE_AUDITS].db);
}

void
store_audit_put(struct store *store, const struct stored_audit *audit)
{
	sqlite3_stmt *stmt = statement(store, AUDIT_PUT);

	bind_int(stmt, 1, audit->run);
	bind_audit(stmt, audit);
	statement_run(store, AUDIT_PUT, stmt);
}

void
store_audit_delete(struct store *store, uint32_t run)
{
	static const enum statement all[] = {FINDING_DELETE, STEP_DELETE, AUDIT_DELETE};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		statement_run_with(store, all[i], run);
}

void
store_audit_floor(struct store *store, uint32_t run)
{
	static const enum statement both[] = {AUDIT_FLOOR, AUDIT_FLOOR_OFF};

	/* A row that comes and goes moves the sequence on. */
	for (size_t i = 0; run && i < sizeof both / sizeof both[0]; i++)
		statement_run_with(store, both[i], run);
}

static void
audit_from_row(struct stored_audit *audit, sqlite3_stmt *stmt)
{
	audit->run = (uint32_t)sqlite3_column_int64(stmt, 0);
	audit->device = (uint32_t)sqlite3_column_int64(stmt, 1);
	column_text(stmt, 2, audit->device_id, sizeof audit->device_id);
	column_text(stmt, 3, audit->label, sizeof audit->label);
	audit->state = (uint8_t)sqlite3_column_int(stmt, 4);
	audit->pace = (uint8_t)sqlite3_column_int(stmt, 5);
	audit->consent = (uint8_t)sqlite3_column_int(stmt, 6);
	column_text(stmt, 7, audit->profile, sizeof audit->profile);
	column_text(stmt, 8, audit->port, sizeof audit->port);
	audit->begun_s = sqlite3_column_int64(stmt, 9);
	audit->ended_s = sqlite3_column_int64(stmt, 10);
	audit->seconds = (uint32_t)sqlite3_column_int64(stmt, 11);
	audit->exchanges = (uint32_t)sqlite3_column_int64(stmt, 12);
	audit->packets = (uint32_t)sqlite3_column_int64(stmt, 13);
	audit->resumed = (uint32_t)sqlite3_column_int64(stmt, 14);
	audit->bytes = (uint64_t)sqlite3_column_int64(stmt, 15);
	column_text(stmt, 16, audit->why, sizeof audit->why);
	audit->hours = (uint32_t)sqlite3_column_int64(stmt, 17);
	audit->stuck = (uint32_t)sqlite3_column_int64(stmt, 18);
}

enum err
store_audits(struct store *store, uint32_t before_run, const char *device_id, uint32_t limit,
	void (*row)(const struct stored_audit *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, AUDIT_LIST);
	struct stored_audit audit;
	enum err err;

	bind_int(stmt, 1, before_run ? before_run : INT64_MAX);
	bind_text(stmt, 2, device_id);
	bind_int(stmt, 3, limit);
	while (statement_row(store, AUDIT_LIST, stmt, &err)) {
		audit_from_row(&audit, stmt);
		row(&audit, arg);
	}
	return err;
}

enum err
store_audit_find(struct store *store, uint32_t run, struct stored_audit *audit)
{
	sqlite3_stmt *stmt = statement(store, AUDIT_FIND);
	bool found = false;
	enum err err;

	bind_int(stmt, 1, run);
	while (statement_row(store, AUDIT_FIND, stmt, &err)) {
		audit_from_row(audit, stmt);
		found = true;
	}
	return err ? err : found ? ERR_OK : ERR_NOT_FOUND;
}

void
store_audit_totals(struct store *store, uint64_t *n, uint64_t *bytes)
{
	sqlite3_stmt *stmt = statement(store, AUDIT_BYTES);
	enum err err;

	*n = *bytes = 0;
	while (statement_row(store, AUDIT_BYTES, stmt, &err)) {
		*n = (uint64_t)sqlite3_column_int64(stmt, 0);
		*bytes = (uint64_t)sqlite3_column_int64(stmt, 1);
	}
}

void
store_audit_step_put(
	struct store *store, uint32_t run, uint16_t place, const char *check, uint8_t step)
{
	sqlite3_stmt *stmt = statement(store, STEP_PUT);

	bind_int(stmt, 1, run);
	bind_int(stmt, 2, place);
	bind_text(stmt, 3, check);
	bind_int(stmt, 4, step);
	statement_run(store, STEP_PUT, stmt);
}

enum err
store_audit_steps(struct store *store, uint32_t run,
	void (*row)(const char *check, uint8_t step, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, STEP_LIST);
	char check[STORE_CHECK_MAX];
	enum err err;

	bind_int(stmt, 1, run);
	while (statement_row(store, STEP_LIST, stmt, &err)) {
		column_text(stmt, 0, check, sizeof check);
		row(check, (uint8_t)sqlite3_column_int(stmt, 1), arg);
	}
	return err;
}

/* --- findings ------------------------------------------------------------------------- */

enum { EVIDENCE_TEXT_MAX = FINDING_EVIDENCE_MAX * 12 };

static void
evidence_to_text(const struct finding *finding, char out[static EVIDENCE_TEXT_MAX])
{
	size_t len = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < finding->n_evidence && i < FINDING_EVIDENCE_MAX; i++)
		len += (size_t)snprintf(out + len, EVIDENCE_TEXT_MAX - len, "%s%u", i ? " " : "",
			finding->evidence[i]);
}

static void
evidence_from_text(struct finding *finding, const char *text)
{
	while (*text && finding->n_evidence < FINDING_EVIDENCE_MAX) {
		char *end;
		unsigned long number = strtoul(text, &end, 10);
		if (end == text)
			return;
		finding->evidence[finding->n_evidence++] = (uint32_t)number;
		text = end;
	}
}

void
store_findings_put(struct store *store, uint32_t run, const char *check,
	const struct finding *const *finding, size_t n)
{
	sqlite3_stmt *stmt = statement(store, FINDING_CLEAR);

	bind_int(stmt, 1, run);
	bind_text(stmt, 2, check);
	statement_run(store, FINDING_CLEAR, stmt);
	for (size_t i = 0; i < n; i++) {
		const struct finding *at = finding[i];
		char evidence[EVIDENCE_TEXT_MAX];
		stmt = statement(store, FINDING_PUT);
		evidence_to_text(at, evidence);
		bind_int(stmt, 1, run);
		bind_text(stmt, 2, check);
		bind_int(stmt, 3, (int64_t)i);
		bind_text(stmt, 4, at->provision);
		bind_int(stmt, 5, at->word);
		bind_int(stmt, 6, at->reason);
		bind_int(stmt, 7, at->is_critical);
		bind_int(stmt, 8, at->proto);
		bind_int(stmt, 9, at->port);
		bind_bytes(stmt, 10, &at->address, sizeof at->address);
		bind_int(stmt, 11, at->n_tried);
		bind_int(stmt, 12, at->n_all);
		bind_text(stmt, 13, evidence);
		bind_text(stmt, 14, at->text);
		statement_run(store, FINDING_PUT, stmt);
	}
}

enum err
store_findings(struct store *store, uint32_t run,
	void (*row)(const char *check, const struct finding *, void *), void *arg)
{
	sqlite3_stmt *stmt = statement(store, FINDING_LIST);
	char check[STORE_CHECK_MAX], evidence[EVIDENCE_TEXT_MAX];
	enum err err;

	bind_int(stmt, 1, run);
	while (statement_row(store, FINDING_LIST, stmt, &err)) {
		struct finding finding = {0};
		column_text(stmt, 0, check, sizeof check);
		column_text(stmt, 1, finding.provision, sizeof finding.provision);
		finding.word = (uint8_t)sqlite3_column_int(stmt, 2);
		finding.reason = (uint8_t)sqlite3_column_int(stmt, 3);
		finding.is_critical = (uint8_t)sqlite3_column_int(stmt, 4);
		finding.proto = (uint8_t)sqlite3_column_int(stmt, 5);
		finding.port = (uint16_t)sqlite3_column_int(stmt, 6);
		if (sqlite3_column_bytes(stmt, 7) == sizeof finding.address)
			memcpy(&finding.address, sqlite3_column_blob(stmt, 7),
				sizeof finding.address);
		finding.n_tried = (uint32_t)sqlite3_column_int64(stmt, 8);
		finding.n_all = (uint32_t)sqlite3_column_int64(stmt, 9);
		column_text(stmt, 10, evidence, sizeof evidence);
		evidence_from_text(&finding, evidence);
		column_text(stmt, 11, finding.text, sizeof finding.text);
		/* Words that this release does not know were not written by it: nothing is proved. */
		if (finding.word >= VERDICT_WORD_COUNT || finding.reason >= INC_COUNT)
			continue;
		row(check, &finding, arg);
	}
	return err;
}
