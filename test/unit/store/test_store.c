/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/power_cut.h"
#include "store/store.h"
#include "test.h"

static struct store *store;
static enum store_found found;
static bool history_lost;
static struct fault why;

static bool
open_store(const char *directory, const char *vfs)
{
	store = NULL;
	return store_open(directory, vfs, &store, &found, &history_lost, &why) == ERR_OK;
}

static void
close_store(void)
{
	store_close(store);
	store = NULL;
}

static void
put_device(uint32_t number, const char *name, uint8_t state)
{
	struct stored_device device = {.number = number, .class = 1, .state = state};

	snprintf(device.id, sizeof device.id, "d-%u", number);
	snprintf(device.name, sizeof device.name, "%s", name);
	store_device_put(store, &device);
}

static enum err
commit_device(uint32_t number, const char *name, uint8_t state)
{
	struct stored_journal journal = {.who = "owner", .verb = "device.name", .device = number};

	store_begin(store);
	put_device(number, name, state);
	store_document_put(store, number, "rules", name);
	store_journal_add(store, &journal);
	return store_commit(store, &why);
}

struct read_back {
	size_t devices, documents, journal;
	struct stored_device last;
	char document[256];
};

static void
on_device(const struct stored_device *device, void *arg)
{
	struct read_back *back = arg;
	back->devices++;
	back->last = *device;
}

static void
on_document(uint32_t device, const char *kind, const char *body, void *arg)
{
	struct read_back *back = arg;
	back->documents++;
	snprintf(back->document, sizeof back->document, "%s", body);
}

static void
on_journal(const struct stored_journal *journal, void *arg)
{
	struct read_back *back = arg;
	back->journal++;
}

static struct read_back
read_all(void)
{
	struct read_back back = {0};

	EXPECT_INT(store_devices(store, on_device, &back), ERR_OK);
	EXPECT_INT(store_documents(store, on_document, &back), ERR_OK);
	EXPECT_INT(store_journal(store, 0, 0, 100000, on_journal, &back), ERR_OK);
	return back;
}

/* A folder of our own on the real disk. */
static char folder[64];

static void
folder_make(void)
{
	snprintf(folder, sizeof folder, "/tmp/pinfold-store-XXXXXX");
	EXPECT(mkdtemp(folder) != NULL);
}

static void
folder_remove(void)
{
	static const char *const names[] = {"decisions.db", "decisions.db-wal", "decisions.good",
		"decisions.new", "observed.db", "observed.db-wal", "decisions.db.damaged",
		"decisions.db-wal.damaged", "observed.db.damaged", "observed.db-wal.damaged",
		"audits.db", "audits.db-wal", "audits.db.damaged", "audits.db-wal.damaged"};
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	EXPECT(!rmdir(folder));
}

static void
damage(const char *name, off_t at, size_t len)
{
	char path[128], noise[8192];

	EXPECT(len <= sizeof noise);
	memset(noise, 0x5a, sizeof noise);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY);
	EXPECT(fd >= 0);
	EXPECT(pwrite(fd, noise, len, at) == (ssize_t)len);
	close(fd);
}

/* --- what is kept ------------------------------------------------------------------------ */

TEST(what_was_committed_is_read_back_by_the_next_process)
{
	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(found, STORE_NEW);
	EXPECT_INT(commit_device(7, "camera", 3), ERR_OK);
	close_store();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(found, STORE_SOUND);
	struct read_back back = read_all();
	EXPECT_INT(back.devices, 1);
	EXPECT_INT(back.last.number, 7);
	EXPECT_STR(back.last.name, "camera");
	EXPECT_INT(back.journal, 1);
	close_store();
	folder_remove();
}

TEST(a_transaction_that_was_rolled_back_leaves_nothing)
{
	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(commit_device(7, "camera", 3), ERR_OK);
	store_begin(store);
	put_device(7, "renamed", 4);
	put_device(8, "new", 1);
	store_rollback(store);
	struct read_back back = read_all();
	EXPECT_INT(back.devices, 1);
	EXPECT_STR(back.last.name, "camera");
	close_store();
	folder_remove();
}

TEST(text_from_a_device_is_stored_as_it_is_and_is_never_sql)
{
	static const char hostile[] = "'); DROP TABLE device; --\x1b[31m<script>";

	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(commit_device(7, hostile, 3), ERR_OK);
	struct read_back back = read_all();
	EXPECT_STR(back.last.name, hostile);
	EXPECT_STR(back.document, hostile);
	close_store();
	folder_remove();
}

static bool
file_holds(const char *name, const char *text)
{
	char path[128];
	size_t len = 0;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	EXPECT(file != NULL);
	char *bytes = malloc(1 << 20);
	EXPECT(bytes != NULL);
	len = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	bool holds = memmem(bytes, len, text, strlen(text));
	free(bytes);
	return holds;
}

TEST(the_secret_of_a_receiver_ends_with_it)
{
	static const struct stored_receiver receiver = {
		.number = 3, .body = "{}", .secret = "a-secret-of-the-owner"};

	folder_make();
	EXPECT(open_store(folder, NULL));
	store_begin(store);
	store_receiver_put(store, &receiver);
	EXPECT_INT(store_commit(store, &why), ERR_OK);
	close_store();
	EXPECT(file_holds("decisions.db", receiver.secret));
	EXPECT(open_store(folder, NULL));
	store_begin(store);
	store_receiver_delete(store, receiver.number);
	EXPECT_INT(store_commit(store, &why), ERR_OK);
	close_store();
	EXPECT(!file_holds("decisions.db", receiver.secret));
	folder_remove();
}

TEST(a_journal_id_is_never_used_twice)
{
	struct stored_journal row = {.who = "owner", .verb = "device.name"};

	folder_make();
	EXPECT(open_store(folder, NULL));
	int64_t last = 0;
	for (int i = 0; i < 10; i++) {
		store_begin(store);
		int64_t id = store_journal_add(store, &row);
		EXPECT_INT(store_commit(store, &why), ERR_OK);
		EXPECT(id > last);
		last = id;
	}
	close_store();
	folder_remove();
}

static struct stored_flow seen;
static size_t n_seen;

static void
on_flow(const struct stored_flow *flow, void *arg)
{
	n_seen++;
	if (!strcmp(flow->name, "cloud.example"))
		seen = *flow;
}

TEST(flows_are_added_up_and_the_least_recent_ones_go_first)
{
	struct stored_flow flow = {.device = 7, .proto = 6, .port = 443, .flows = 1, .bytes = 100};

	folder_make();
	EXPECT(open_store(folder, NULL));
	store_observed_begin(store);
	snprintf(flow.name, sizeof flow.name, "cloud.example");
	flow.last_s = 1000000;
	store_flow_add(store, &flow);
	store_flow_add(store, &flow);
	for (int i = 0; i < STORE_FLOWS_A_DEVICE + 100; i++) {
		snprintf(flow.name, sizeof flow.name, "host%d.example", i);
		flow.last_s = i;
		store_flow_add(store, &flow);
	}
	store_observed_prune(store, 0);
	EXPECT_INT(store_observed_commit(store, &why), ERR_OK);
	n_seen = 0;
	EXPECT_INT(store_flows(store, 7, on_flow, NULL), ERR_OK);
	EXPECT_INT(n_seen, STORE_FLOWS_A_DEVICE);
	EXPECT_INT(seen.flows, 2);
	EXPECT_INT(seen.bytes, 200);
	close_store();
	folder_remove();
}

static void
on_number(uint32_t number, void *arg)
{
	uint64_t *set = arg;

	*set |= UINT64_C(1) << number;
}

TEST(what_a_number_did_moves_to_another_or_goes_whole)
{
	struct stored_flow flow = {.device = 7, .proto = 6, .port = 443, .flows = 1, .bytes = 100};
	struct stored_opening opening = {.device = 8, .seconds = 60, .until_s = 2000000000};
	uint64_t numbers = 0;

	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT(ip_parse(&opening.address, "198.18.0.80"));
	store_observed_begin(store);
	snprintf(flow.name, sizeof flow.name, "cloud.example");
	store_flow_add(store, &flow);
	flow.device = 9;
	flow.peer = 8;
	store_flow_add(store, &flow);
	store_opening_put(store, &opening);
	store_flows_move(store, 7, 6);
	EXPECT_INT(store_observed_commit(store, &why), ERR_OK);
	EXPECT_INT(store_observed_devices(store, on_number, &numbers), ERR_OK);
	EXPECT_INT(numbers & ~1, 1 << 6 | 1 << 8 | 1 << 9);
	store_observed_begin(store);
	store_observed_forget(store, 8); /* opened something, and was the neighbour of 9 */
	EXPECT_INT(store_observed_commit(store, &why), ERR_OK);
	numbers = 0;
	EXPECT_INT(store_observed_devices(store, on_number, &numbers), ERR_OK);
	EXPECT_INT(numbers & ~1, 1 << 6);
	close_store();
	folder_remove();
}

/* 200 devices, ten flows each, as often as the budget lets it: one day by the clock of the test. */
TEST(a_day_of_200_devices_stays_within_the_budget_of_writes)
{
	struct stored_flow flow = {.proto = 6, .port = 443, .flows = 1, .bytes = 100};
	const uint64_t day_ms = 86400ULL * 1000;
	uint64_t now_ms = 0, flushes = 0;

	folder_make();
	clock_set_for_test(CLOCK_SECOND_NS, 1800000000);
	EXPECT(open_store(folder, NULL));
	while (now_ms < day_ms) {
		store_observed_begin(store);
		for (uint32_t device = 1; device <= 200; device++)
			for (int i = 0; i < 10; i++) {
				flow.device = device;
				flow.last_s = (int64_t)(now_ms / 1000);
				snprintf(flow.name, sizeof flow.name, "host%d.example", i);
				store_flow_add(store, &flow);
			}
		store_observed_prune(store, 0);
		EXPECT_INT(store_observed_commit(store, &why), ERR_OK);
		flushes++;
		uint64_t wait_ms = store_budget_ms(store);
		now_ms += wait_ms > 300000 ? wait_ms : 300000;
		clock_set_for_test(CLOCK_SECOND_NS + now_ms * CLOCK_MS_NS, 1800000000);
	}
	print_message("%llu flushes, %llu bytes\n", (unsigned long long)flushes,
		(unsigned long long)store_bytes_written(store));
	EXPECT(flushes >= 12);
	EXPECT(store_bytes_written(store) < 20 * 1000 * 1000);
	close_store();
	clock_set_for_test(CLOCK_SECOND_NS, 1800000000);
	folder_remove();
}

/* --- what breaks --------------------------------------------------------------------------- */

TEST(a_damaged_database_is_replaced_by_the_good_copy_and_kept_aside)
{
	char path[128];
	struct stat st;

	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(commit_device(7, "camera", 3), ERR_OK);
	EXPECT_INT(store_snapshot(store, &why), ERR_OK);
	close_store();
	damage("decisions.db", 0, 8192);
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(found, STORE_RESTORED);
	EXPECT_STR(read_all().last.name, "camera");
	EXPECT_INT(commit_device(8, "lamp", 3), ERR_OK);
	close_store();
	snprintf(path, sizeof path, "%s/decisions.db.damaged", folder);
	EXPECT(!stat(path, &st));
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(found, STORE_SOUND);
	EXPECT_INT(read_all().devices, 2);
	close_store();
	folder_remove();
}

TEST(without_a_good_copy_a_damaged_database_begins_anew_and_says_so)
{
	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(commit_device(7, "camera", 3), ERR_OK);
	close_store();
	damage("decisions.db", 100, 4000);
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(found, STORE_LOST);
	EXPECT_INT(read_all().devices, 0);
	close_store();
	folder_remove();
}

TEST(damaged_history_costs_no_decision)
{
	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(commit_device(7, "camera", 3), ERR_OK);
	close_store();
	damage("observed.db", 0, 8192);
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(found, STORE_SOUND);
	EXPECT(history_lost);
	EXPECT_INT(read_all().devices, 1);
	close_store();
	folder_remove();
}

TEST(a_full_disk_refuses_the_change_keeps_the_old_state_and_recovers)
{
	power_cut_register();
	power_cut_wipe();
	EXPECT(open_store("/disk", POWER_CUT_VFS));
	EXPECT_INT(commit_device(7, "camera", 3), ERR_OK);
	power_cut_disk_full(true);
	EXPECT_INT(commit_device(7, "renamed", 4), ERR_STORE);
	EXPECT(strstr(why.text, "the disk is full") != NULL);
	EXPECT_STR(read_all().last.name, "camera");
	power_cut_disk_full(false);
	EXPECT_INT(commit_device(7, "renamed", 4), ERR_OK);
	EXPECT_STR(read_all().last.name, "renamed");
	close_store();
}

/*
 * The power goes at every single step of a history of changes.  After it comes
 * back the state is that of the last change that was acknowledged, or of the one
 * that was being made, whole; never older, never a mixture.
 */
TEST(a_power_cut_at_any_step_loses_nothing_that_was_acknowledged)
{
	enum { CHANGES = 12, SEEDS = 3 };
	uint64_t total, cuts = 0;

	power_cut_register();
	power_cut_wipe();
	EXPECT(open_store("/disk", POWER_CUT_VFS));
	power_cut_at(0, 1);
	for (int i = 1; i <= CHANGES; i++) {
		char name[32];
		snprintf(name, sizeof name, "name %d", i);
		EXPECT_INT(commit_device(7, name, 3), ERR_OK);
	}
	total = power_cut_steps();
	close_store();
	total += 40; /* into the closing and its checkpoint as well */
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		for (uint64_t at = 1; at <= total; at++) {
			int acknowledged = 0;
			char name[32], was[32], becomes[32];

			power_cut_wipe();
			EXPECT(open_store("/disk", POWER_CUT_VFS));
			power_cut_at(at, seed * 1000 + at);
			for (int i = 1; i <= CHANGES && !power_is_cut(); i++) {
				snprintf(name, sizeof name, "name %d", i);
				if (commit_device(7, name, 3) == ERR_OK)
					acknowledged = i;
			}
			close_store();
			cuts += power_is_cut();
			power_comes_back();
			EXPECT(open_store("/disk", POWER_CUT_VFS));
			EXPECT(found != STORE_LOST && found != STORE_RESTORED);
			struct read_back back = read_all();
			snprintf(was, sizeof was, "name %d", acknowledged);
			snprintf(becomes, sizeof becomes, "name %d", acknowledged + 1);
			bool is_old = acknowledged ? !strcmp(back.last.name, was) : !back.devices;
			bool is_new = !strcmp(back.last.name, becomes);
			if (!is_old && !is_new)
				print_message("step %llu seed %llu: \"%s\", acknowledged %d\n",
					(unsigned long long)at, (unsigned long long)seed,
					back.last.name, acknowledged);
			EXPECT(is_old || is_new);
			/* Device, document and journal are of the same change. */
			EXPECT(!back.devices || !strcmp(back.document, back.last.name));
			EXPECT_INT(back.journal, (size_t)acknowledged + (is_new && !is_old));
			EXPECT_INT(commit_device(7, "after", 3), ERR_OK);
			close_store();
		}
	print_message("%llu cuts\n", (unsigned long long)cuts);
	EXPECT(cuts > 50);
	power_cut_wipe();
}

TEST(a_power_cut_while_the_database_is_made_leaves_one_that_can_be_made)
{
	uint64_t total;

	power_cut_register();
	power_cut_wipe();
	EXPECT(open_store("/disk", POWER_CUT_VFS));
	close_store();
	total = power_cut_steps();
	for (uint64_t at = 1; at <= total; at++) {
		power_cut_wipe();
		power_cut_at(at, at);
		if (open_store("/disk", POWER_CUT_VFS))
			close_store();
		power_comes_back();
		EXPECT(open_store("/disk", POWER_CUT_VFS));
		EXPECT_INT(commit_device(7, "camera", 3), ERR_OK);
		EXPECT_INT(read_all().devices, 1);
		close_store();
	}
	power_cut_wipe();
}
/* --- audits ------------------------------------------------------------------------------ */

struct found_back {
	size_t findings, steps, runs;
	struct finding first;
	char check[STORE_CHECK_MAX];
	uint32_t newest;
	uint8_t step;
};

static void
on_finding(const char *check, const struct finding *finding, void *arg)
{
	struct found_back *back = arg;

	if (!back->findings++) {
		back->first = *finding;
		snprintf(back->check, sizeof back->check, "%s", check);
	}
}

static void
on_step(const char *check, uint8_t step, void *arg)
{
	struct found_back *back = arg;
	back->steps++;
	back->step = step;
}

static void
on_audit(const struct stored_audit *audit, void *arg)
{
	struct found_back *back = arg;
	if (!back->runs++)
		back->newest = audit->run;
}

static uint32_t
add_audit(const char *device_id)
{
	struct stored_audit audit = {.device = 7, .state = 1, .seconds = 90};

	snprintf(audit.device_id, sizeof audit.device_id, "%s", device_id);
	return store_audit_add(store, &audit);
}

static struct found_back
findings_of(uint32_t run)
{
	struct found_back back = {0};

	EXPECT_INT(store_findings(store, run, on_finding, &back), ERR_OK);
	EXPECT_INT(store_audit_steps(store, run, on_step, &back), ERR_OK);
	return back;
}

TEST(a_finding_is_read_back_as_it_was_put)
{
	struct finding finding = {.word = VERDICT_INC,
		.reason = INC_LOCKED_OUT,
		.port = 23,
		.proto = 6,
		.n_tried = 3,
		.n_all = 59,
		.n_evidence = 2,
		.evidence = {4, 100000},
		.provision = "5.1-1",
		.text = "locked after 3 tries"};
	const struct finding *list[] = {&finding};

	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT(ip_parse(&finding.address, "2001:db8::7"));
	store_audits_begin(store);
	uint32_t run = add_audit("d-7");
	store_findings_put(store, run, "telnet-login", list, 1);
	store_audit_step_put(store, run, 3, "telnet-login", 2);
	EXPECT_INT(store_audits_commit(store, &why), ERR_OK);
	close_store();

	EXPECT(open_store(folder, NULL));
	EXPECT(!store_audits_lost(store));
	struct found_back back = findings_of(run);
	EXPECT_INT(back.findings, 1);
	EXPECT(!memcmp(&back.first, &finding, sizeof finding));
	EXPECT(!strcmp(back.check, "telnet-login"));
	EXPECT_INT(back.steps, 1);
	EXPECT_INT(back.step, 2);
	close_store();
	folder_remove();
}

TEST(findings_of_a_check_take_the_place_of_its_earlier_ones)
{
	struct finding finding = {.word = VERDICT_NFF, .provision = "5.6-1"};
	const struct finding *list[] = {&finding, &finding, &finding};

	folder_make();
	EXPECT(open_store(folder, NULL));
	store_audits_begin(store);
	uint32_t run = add_audit("d-7");
	store_findings_put(store, run, "tcp-ports", list, 3);
	store_findings_put(store, run, "telnet-login", list, 1);
	store_findings_put(store, run, "tcp-ports", list, 1);
	EXPECT_INT(store_audits_commit(store, &why), ERR_OK);
	EXPECT_INT(findings_of(run).findings, 2);
	close_store();
	folder_remove();
}

TEST(a_run_that_is_deleted_leaves_nothing_and_its_number_is_not_used_again)
{
	struct finding finding = {.word = VERDICT_NFF, .provision = "5.6-1"};
	const struct finding *list[] = {&finding};
	struct found_back back = {0};
	struct stored_audit audit;
	uint64_t n, bytes;

	folder_make();
	EXPECT(open_store(folder, NULL));
	store_audits_begin(store);
	uint32_t kept = add_audit("d-7"), gone = add_audit("d-8");
	store_findings_put(store, gone, "tcp-ports", list, 1);
	store_audit_step_put(store, gone, 0, "tcp-ports", 2);
	store_audit_delete(store, gone);
	uint32_t next = add_audit("d-7");
	EXPECT_INT(store_audits_commit(store, &why), ERR_OK);
	EXPECT(next > gone);
	EXPECT_INT(store_audit_find(store, gone, &audit), ERR_NOT_FOUND);
	EXPECT_INT(findings_of(gone).findings + findings_of(gone).steps, 0);
	EXPECT_INT(store_audits(store, 0, "d-7", 10, on_audit, &back), ERR_OK);
	EXPECT_INT(back.runs, 2);
	EXPECT_INT(back.newest, next);
	EXPECT_INT(store_audit_find(store, kept, &audit), ERR_OK);
	EXPECT_INT(audit.seconds, 90);
	store_audit_totals(store, &n, &bytes);
	EXPECT_INT(n, 2);
	close_store();
	folder_remove();
}

TEST(a_damaged_list_of_audits_is_kept_aside_and_touches_no_decision)
{
	folder_make();
	EXPECT(open_store(folder, NULL));
	EXPECT_INT(commit_device(7, "camera", 2), ERR_OK);
	store_audits_begin(store);
	add_audit("d-7");
	EXPECT_INT(store_audits_commit(store, &why), ERR_OK);
	close_store();
	damage("audits.db", 0, 8192);

	EXPECT(open_store(folder, NULL));
	EXPECT(store_audits_lost(store));
	EXPECT_INT(found, STORE_SOUND);
	EXPECT_INT(read_all().devices, 1);
	close_store();
	folder_remove();
}

/* --- makers ------------------------------------------------------------------------------ */

struct facts_back {
	unsigned n;
	struct stored_maker_fact fact[4];
};

static void
on_maker_fact(const struct stored_maker_fact *fact, void *arg)
{
	struct facts_back *back = arg;

	if (back->n < 4)
		back->fact[back->n] = *fact;
	back->n++;
}

static void
put_fact(const char *device, const char *value, int64_t now_s, uint32_t run)
{
	struct stored_maker_fact fact = {
		.fact = 3, .first_s = now_s, .last_s = now_s, .run = run, .exchange = run};

	snprintf(fact.device_id, sizeof fact.device_id, "%s", device);
	snprintf(fact.value, sizeof fact.value, "%s", value);
	store_maker_fact_put(store, &fact);
}

TEST(what_a_maker_said_keeps_the_time_when_it_was_seen_first)
{
	struct facts_back back = {0};

	folder_make();
	EXPECT(open_store(folder, NULL));
	store_audits_begin(store);
	put_fact("d-7", "2031-12-31", 100, 1);
	put_fact("d-7", "2031-12-31", 200, 2);
	put_fact("d-7", "2029-06-30", 300, 3);
	put_fact("d-8", "2040-01-01", 300, 4);
	EXPECT_INT(store_audits_commit(store, &why), ERR_OK);
	EXPECT_INT(store_maker_facts(store, "d-7", on_maker_fact, &back), ERR_OK);
	EXPECT_INT(back.n, 2);
	EXPECT_STR(back.fact[0].value, "2029-06-30");
	EXPECT_STR(back.fact[1].value, "2031-12-31");
	EXPECT_INT(back.fact[1].first_s, 100);
	EXPECT_INT(back.fact[1].last_s, 200);
	EXPECT_INT(back.fact[1].run, 2);
	close_store();
	folder_remove();
}

TEST(of_a_maker_that_says_something_else_each_day_the_oldest_goes)
{
	struct facts_back back = {0};
	char value[32];

	folder_make();
	EXPECT(open_store(folder, NULL));
	store_audits_begin(store);
	for (int i = 0; i < STORE_MAKER_FACTS_A_DEVICE + 20; i++) {
		snprintf(value, sizeof value, "day %d", i);
		put_fact("d-7", value, 1000 + i, 1);
	}
	EXPECT_INT(store_audits_commit(store, &why), ERR_OK);
	EXPECT_INT(store_maker_facts(store, "d-7", on_maker_fact, &back), ERR_OK);
	EXPECT_INT(back.n, STORE_MAKER_FACTS_A_DEVICE);
	EXPECT_STR(back.fact[0].value, "day 83");
	close_store();
	folder_remove();
}
