/* SPDX-License-Identifier: Apache-2.0 */
#include "label/label.h"

#include "issued.h"
#include "label/label_page.h"
#include "label/label_status.h"
#include "run.h"

static struct label label;
static struct issuer_keys keys;

static void
begin(void)
{
	issuer_free(issued_key(&keys));
	issued_label(&label, &keys);
}

static enum label_status
status_with(struct label_world world, const struct feed_entry *entry, struct label_now *now)
{
	world.is_clock_right = true;
	if (!world.now_s)
		world.now_s = ISSUED_S + DAY_S;
	world.feed = entry;
	world.n_feed = entry ? 1 : 0;
	label_status_from(&label, &world, now);
	return (enum label_status)now->status;
}

/* --- bands ------------------------------------------------------------------------------------ */

TEST(every_band_is_reached_by_meeting_what_it_asks_for)
{
	begin();
	EXPECT_INT(label.band, BAND_STRONG);
	EXPECT_INT(label.met, (1U << n_label_needs) - 1);

	label.units = 1;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_SOUND);

	label.firmware[0] = '\0';
	label_judge(&label);
	EXPECT_INT(label.band, BAND_BASIC);

	label.responsible[0] = '\0';
	label_judge(&label);
	EXPECT_INT(label.band, BAND_OPEN);
}

TEST(no_band_hides_a_failure)
{
	begin();
	label.mandatory[VERDICT_FAIL] = 1;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_FAILED);

	begin();
	label.failed_other = 1;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_FAILED);

	begin();
	label.open_all = label.open_critical = 1;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_FAILED);

	/* A recommendation that failed is no mandatory failure, and keeps it from the best band. */
	begin();
	label.recommended[VERDICT_FAIL] = 1;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_SOUND);
}

TEST(what_nobody_looked_at_meets_nothing)
{
	memset(&label, 0, sizeof label);
	label_judge(&label);
	EXPECT_INT(label.band, BAND_OPEN);
	EXPECT_INT(label.met, 0);

	begin();
	label.mandatory[VERDICT_NFF]--;
	label.mandatory[VERDICT_INC]++;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_SOUND);
}

TEST(a_declaration_answers_and_is_not_a_test_of_passwords)
{
	begin();
	label.passwords = VERDICT_DECL;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_OPEN);
	begin();
	label.reporting = VERDICT_DECL;
	label_judge(&label);
	EXPECT_INT(label.band, BAND_STRONG);
}

TEST(the_published_page_of_bands_is_the_table)
{
	auto_free char *text = NULL;
	char page[65536], path[4096];
	size_t len;

	FILE *file = open_memstream(&text, &len);
	label_bands_markdown(file);
	EXPECT(!fclose(file));
	const char *source = getenv("PINFOLD_SOURCE");
	EXPECT(source);
	snprintf(path, sizeof path, "%s/docs/BANDS.md", source);
	auto_fclose FILE *doc = fopen(path, "re");
	EXPECT(doc);
	size_t n = fread(page, 1, sizeof page - 1, doc);
	page[n] = '\0';
	EXPECT_STR(text, page);
}

/* --- from an audit ------------------------------------------------------------------------------ */

static struct audit_result *
failed(void)
{
	struct transcript *transcript = transcript_new(NULL);
	struct audit_result *result = run_result(transcript);
	struct finding finding = {.check = 1,
		.port = 23,
		.proto = 6,
		.word = VERDICT_FAIL,
		.is_critical = 1,
		.n_evidence = 1,
		.evidence = {4},
		.provision = "5.1-1",
		.text = "a login root works"};

	EXPECT(result_add(result, &finding));
	finding.check = 2; /* the same port, by another check */
	EXPECT(result_add(result, &finding));
	transcript_free(transcript);
	return result;
}

TEST(a_finding_without_a_fix_is_public_only_as_a_number)
{
	struct audit_result *result = failed();
	struct label_fix fix = {.provision = "5.1-1"};
	int32_t tested;

	memset(&label, 0, sizeof label);
	tested = label_day(result->run.ended_s);
	label_from_result(&label, result, NULL, 0, tested + 10, 90);
	label_judge(&label);
	EXPECT_INT(label.band, BAND_FAILED);
	EXPECT_INT(label.open_all, 1);
	EXPECT_INT(label.open_critical, 1);
	EXPECT_INT(label.n_withheld, 1);
	EXPECT_INT(label.n_findings, 0);
	auto_free char *text = label_to_text(&label);
	EXPECT(!strstr(text, "root works"));

	/* Its day of disclosure is over. */
	memset(&label, 0, sizeof label);
	label_from_result(&label, result, NULL, 0, tested + 90, 90);
	EXPECT_INT(label.n_findings, 1);
	EXPECT_INT(label.n_withheld, 0);

	/* Or the maker has mended it. */
	memset(&label, 0, sizeof label);
	fix.fixed = tested + 5;
	label_from_result(&label, result, &fix, 1, tested + 10, 90);
	EXPECT_INT(label.n_findings, 1);
	EXPECT_STR(label.finding[0].text, "a login root works");

	/* Or asked for more time than is usual. */
	memset(&label, 0, sizeof label);
	fix.fixed = 0;
	fix.disclose = tested + 200;
	label_from_result(&label, result, &fix, 1, tested + 100, 90);
	EXPECT_INT(label.n_withheld, 1);
	result_free(result);
}

/* --- JSON ------------------------------------------------------------------------------------------ */

TEST(a_label_comes_back_as_it_was_written)
{
	static struct label again;
	struct fault why;

	begin();
	label.n_findings = 1;
	strcpy(label.finding[0].provision, "5.6-1");
	strcpy(label.finding[0].text, "something");
	label.n_shields = 1;
	strcpy(label.shield[0], "TCP port 23 is closed");
	json_t *json = label_to_json(&label);
	EXPECT(label_from_json(&again, json, &why));
	EXPECT_MEM(&again, &label, sizeof label);
	json_decref(json);
}

TEST(a_label_that_is_out_of_bounds_is_refused)
{
	static const struct {
		const char *group, *key, *value;
	} wrong[] = {
		{NULL, "schema", "\"pinfold-label-2\""},
		{NULL, "iss", "\"http://labels.example\""},
		{NULL, "iss", "\"https://labels.example/?q\""},
		{NULL, "iss", "\"https://user@labels.example\""},
		{NULL, "iss", "\"https://labels.example/\""},
		{NULL, "revision", "0"},
		{NULL, "revision", "-1"},
		{NULL, "revision", "\"1\""},
		{NULL, "band", "\"excellent\""},
		{"updates", "support_end", "\"2030-02-31\""},
		{"updates", "life_years", "101"},
		{"product", "model", "\"a\\u001b[31m\""},
		{"verdicts", "passwords", "\"GOOD\""},
		{"test", "checks", "\"all\""},
		{"findings", "public", "[1]"},
	};
	static struct label again;
	struct fault why;

	begin();
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		json_t *json = label_to_json(&label);
		json_t *in = wrong[i].group ? json_object_get(json, wrong[i].group) : json;
		json_object_set_new(
			in, wrong[i].key, json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
		EXPECT(!label_from_json(&again, json, &why));
		json_decref(json);
	}
}

TEST(the_id_of_a_label_is_that_of_its_product_and_not_of_its_revision)
{
	char id[LABEL_ID_MAX];

	begin();
	strcpy(id, label.id);
	EXPECT_INT(strlen(id), 16);
	label.revision++;
	strcpy(label.firmware, "2.0");
	label_id(&label, keys.key[0]);
	EXPECT_STR(label.id, id);
	strcpy(label.model, "IPC-200");
	label_id(&label, keys.key[0]);
	EXPECT(strcmp(label.id, id));
}

/* --- dates and versions ------------------------------------------------------------------------------- */

TEST(the_years_without_support_are_said)
{
	begin();
	EXPECT_INT(label_unprotected_months(&label), 0);
	EXPECT(label_date_parse(&label.support_end, "2028-07-01"));
	EXPECT_INT(label_unprotected_months(&label), 30);
	EXPECT(label_date_parse(&label.support_end, "2020-01-01"));
	EXPECT_INT(label_unprotected_months(&label), 60);
	label.life_years = 0;
	EXPECT_INT(label_unprotected_months(&label), -1);
}

TEST(numbers_in_versions_count_as_numbers)
{
	EXPECT(label_version_compare("1.9", "1.10") < 0);
	EXPECT(label_version_compare("1.10", "1.9") > 0);
	EXPECT_INT(label_version_compare("V2.05", "v2.5"), 0);
	EXPECT(label_version_compare("2.0", "2.0.1") < 0);
	begin();
	EXPECT(label_covers(&label, "1.9"));
	EXPECT(label_covers(&label, "1.10"));
	EXPECT(!label_covers(&label, "1.8"));
	EXPECT(!label_covers(&label, "1.12"));
	label.firmware_below[0] = '\0';
	EXPECT(!label_covers(&label, "1.10"));
}

/* --- status ---------------------------------------------------------------------------------------------- */

TEST(a_status_follows_from_what_is_known)
{
	struct label_now now;

	begin();
	EXPECT_INT(status_with((struct label_world){0}, NULL, &now), STATUS_VALID);
	EXPECT_INT(status_with((struct label_world){.now_s = label.until_s}, NULL, &now),
		STATUS_RETEST_DUE);
	EXPECT_INT(status_with((struct label_world){.firmware = "1.8"}, NULL, &now),
		STATUS_UNTESTED_FIRMWARE);
	EXPECT_INT(
		status_with((struct label_world){.newer_run = 9, .newer_failures = 2}, NULL, &now),
		STATUS_SUSPENDED);
	EXPECT_INT(status_with((struct label_world){.act = ACT_REVOKED, .act_reason = "a mistake"},
			   NULL, &now),
		STATUS_REVOKED);
	EXPECT_STR(now.reason, "a mistake");
	EXPECT_INT(status_with((struct label_world){.act = ACT_RETIRED}, NULL, &now),
		STATUS_SUPERSEDED);
	label.until_s = ISSUED_S + INT64_C(4000) * DAY_S;
	EXPECT_INT(status_with((struct label_world){.now_s = ISSUED_S + INT64_C(3000) * DAY_S},
			   NULL, &now),
		STATUS_SUPPORT_ENDED);
}

TEST(a_feed_changes_the_status_of_what_it_is_about_and_of_nothing_else)
{
	struct feed_entry entry = {
		.kind = FEED_RECALL, .id = "R-1", .maker = "example maker", .model = "ipc-100"};
	struct label_world world = {0};
	struct label_now now;

	begin();
	EXPECT_INT(status_with(world, &entry, &now), STATUS_SUSPENDED);
	EXPECT(now.is_recalled);
	strcpy(entry.model, "IPC-200");
	EXPECT_INT(status_with(world, &entry, &now), STATUS_VALID);
	strcpy(entry.model, "*");
	entry.kind = FEED_EXPLOITED;
	EXPECT_INT(status_with(world, &entry, &now), STATUS_SUSPENDED);
	EXPECT(!now.is_recalled);
	/* Its firmware does not have the fault any more. */
	strcpy(entry.below, "1.5");
	EXPECT_INT(status_with(world, &entry, &now), STATUS_VALID);
	strcpy(entry.below, "1.11");
	EXPECT_INT(status_with(world, &entry, &now), STATUS_SUSPENDED);
	entry.is_withdrawn = true;
	EXPECT_INT(status_with(world, &entry, &now), STATUS_VALID);
	entry.is_withdrawn = false;
	entry.kind = FEED_ADVISORY;
	strcpy(entry.severity, "low");
	EXPECT_INT(status_with(world, &entry, &now), STATUS_VALID_UPDATE_AVAILABLE);
	entry.below[0] = '\0';
	EXPECT_INT(status_with(world, &entry, &now), STATUS_RETEST_DUE);
	strcpy(entry.severity, "high");
	EXPECT_INT(status_with(world, &entry, &now), STATUS_SUSPENDED);
	entry.kind = FEED_UPDATE;
	strcpy(entry.firmware, "1.10");
	EXPECT_INT(status_with(world, &entry, &now), STATUS_VALID_UPDATE_AVAILABLE);
	entry.kind = FEED_POLICY_GONE;
	EXPECT_INT(status_with(world, &entry, &now), STATUS_RETEST_DUE);
	entry.kind = FEED_SUPPORT;
	EXPECT(label_date_parse(&entry.support_end, "2029-01-01"));
	EXPECT_INT(status_with(world, &entry, &now), STATUS_SUSPENDED);
	EXPECT(strstr(now.reason, "shortened to 2029-01-01"));
	EXPECT(label_date_parse(&entry.support_end, "2033-01-01"));
	EXPECT_INT(status_with(world, &entry, &now), STATUS_VALID);
}

/* Each of these alone, and its owner or a shopper reads why. */
TEST(whatever_ends_what_a_label_says_changes_its_status_and_is_told)
{
	static const struct {
		struct label_world world;
		struct feed_entry feed; /* id empty: none */
		enum label_status status;
		const char *told;
	} rows[] = {
		{{.newer_run = 9, .newer_failures = 1}, {.id = ""}, STATUS_SUSPENDED,
			"a later test (run 9) found 1 failure more"},
		{{.now_s = ISSUED_S + INT64_C(1826) * DAY_S}, {.id = ""}, STATUS_SUPPORT_ENDED,
			"support ended on 2031-01-01"},
		{{.support_run = 9, .support_end = 20000 + 1400}, {.id = ""}, STATUS_SUSPENDED,
			"support was promised until 2031-01-01 and is shortened to 2028-08-04 "
			"(the maker's page, run 9)"},
		{{0}, {.id = "S-1", .kind = FEED_SUPPORT, .support_end = 20000}, STATUS_SUSPENDED,
			"shortened to 2024-10-04 (S-1)"},
		{{0}, {.id = "A-1", .kind = FEED_ADVISORY, .severity = "high"}, STATUS_SUSPENDED,
			"an advisory (high): A-1"},
		{{0}, {.id = "R-1", .kind = FEED_RECALL, .text = "overheats"}, STATUS_SUSPENDED,
			"it is recalled: overheats"},
		{{0}, {.id = "K-1", .kind = FEED_EXPLOITED, .below = "1.11"}, STATUS_SUSPENDED,
			"used against such devices: K-1"},
		{{.firmware = "1.8"}, {.id = ""}, STATUS_UNTESTED_FIRMWARE,
			"1.9 was tested, it has 1.8 now"},
		{{.policy_gone_run = 9}, {.id = ""}, STATUS_SUSPENDED,
			"says how to report a fault is gone (run 9)"},
		{{0}, {.id = "P-1", .kind = FEED_POLICY_GONE}, STATUS_RETEST_DUE,
			"says how to report a fault is gone: P-1"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct feed_entry entry = rows[i].feed;
		struct label_now now;
		begin();
		label.until_s = ISSUED_S + INT64_C(4000) * DAY_S;
		strcpy(entry.maker, "Example Maker");
		strcpy(entry.model, "IPC-100");
		EXPECT_INT(status_with(rows[i].world, entry.id[0] ? &entry : NULL, &now),
			rows[i].status);
		print_message("  %s\n", now.reason);
		EXPECT(strstr(now.reason, rows[i].told));
		EXPECT(!label_status_is_good((enum label_status)now.status));
		/* Of other firmware, or another product, nothing follows from the same feed. */
		strcpy(entry.model, "IPC-200");
		if (entry.id[0])
			EXPECT_INT(status_with(rows[i].world, &entry, &now), STATUS_VALID);
	}
	/* A later end of support than was promised is no fall. */
	struct label_now now;
	EXPECT_INT(status_with((struct label_world){.support_run = 9, .support_end = 30000}, NULL,
			   &now),
		STATUS_VALID);
}

TEST(firmware_is_read_behind_the_name_of_the_model_and_nowhere_else)
{
	static const struct {
		const char *claim, *firmware; /* NULL: none */
	} rows[] = {
		{"Linux/4.9 UPnP/1.0 IPC-100/1.9.2", "1.9.2"},
		{"ipc-100 v2.0-b7, UPnP/1.1", "2.0-b7"},
		{"Example IPC-100/1.9.", "1.9"},
		{"Linux/4.9 UPnP/1.0 IPC-1000/3.1", NULL},
		{"XIPC-100/3.1", NULL},
		{"IPC-100", NULL},
		{"IPC-100/beta", NULL},
		{"IPC-100/ 1", NULL},
		{"udhcp 1.30.1", NULL},
		{"IPC-100/1111111111111111111111111111111111111111111111111111111111111111", NULL},
	};
	char firmware[LABEL_FIRMWARE_MAX];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bool is_there = label_firmware_in(rows[i].claim, "IPC-100", firmware);
		EXPECT_INT(is_there, rows[i].firmware != NULL);
		if (is_there)
			EXPECT_STR(firmware, rows[i].firmware);
	}
	EXPECT(!label_firmware_in("1/2", "", firmware));
	EXPECT(!label_firmware_in("A/2", "A", firmware));
}

TEST(who_looks_at_less_does_not_look_better)
{
	struct audit_result *bad = failed(), *again = failed(), *less = failed();

	again->n_findings = less->n_findings = 0;
	for (size_t i = 0; i < bad->n_checks; i++)
		bad->check[i].is_planned = again->check[i].is_planned = less->check[i].is_planned =
			true;
	for (size_t i = 0; i < bad->n_checks; i++)
		again->check[i].step = less->check[i].step = AUDIT_STEP_DONE;
	less->check[bad->finding[bad->n_findings - 1].check].step = AUDIT_STEP_SKIPPED;
	EXPECT(label_run_replaces(again, bad));
	EXPECT(!label_run_replaces(less, bad));
	EXPECT(label_run_replaces(less, again));
	result_free(bad);
	result_free(again);
	result_free(less);
}

TEST(without_the_right_time_no_label_is_called_valid)
{
	struct label_world world = {.now_s = 1000};
	struct label_now now;

	begin();
	label_status_from(&label, &world, &now);
	EXPECT_INT(now.status, STATUS_UNKNOWN);
	EXPECT(!label_status_is_good(STATUS_UNKNOWN));
	/* What somebody decided holds all the same. */
	world.act = ACT_SUSPENDED;
	label_status_from(&label, &world, &now);
	EXPECT_INT(now.status, STATUS_SUSPENDED);
}

static unsigned changes; /* of what a label is worth, so many entries in the log */

static enum label_status
claims(struct label_claim *claim, const char *firmware, int64_t now_s)
{
	struct label_world world = {.now_s = now_s};
	struct label_now now, newly;

	snprintf(world.firmware, sizeof world.firmware, "%s", claim->firmware);
	status_with(world, NULL, &now);
	snprintf(world.firmware, sizeof world.firmware, "%s", firmware);
	status_with(world, NULL, &newly);
	if (!label_claim_settle(claim, firmware, &newly, &now, now_s))
		return (enum label_status)now.status;
	changes += newly.status != now.status || strcmp(newly.reason, now.reason);
	return (enum label_status)newly.status;
}

TEST(firmware_that_is_claimed_anew_each_second_fills_no_log_and_looks_no_better)
{
	enum { WEEK_S = 7 * DAY_S };
	struct label_claim claim = {0};
	int64_t bad_s = 0;
	char firmware[16];

	begin();
	label.until_s = ISSUED_S + 30 * DAY_S;
	changes = 0;
	for (int64_t i = 0; i < WEEK_S; i++)
		bad_s += claims(&claim, i % 2 ? "1.8" : label.firmware, ISSUED_S + i) ==
			 STATUS_UNTESTED_FIRMWARE;
	EXPECT(changes >= 2 && changes < 60);
	EXPECT(bad_s > WEEK_S - 60);
	/* Nor does one that is another each time. */
	claim = (struct label_claim){0};
	changes = 0;
	for (int64_t i = 0; i < WEEK_S; i++) {
		snprintf(firmware, sizeof firmware, "0.%d", (int)i);
		EXPECT_INT(claims(&claim, firmware, ISSUED_S + i), STATUS_UNTESTED_FIRMWARE);
	}
	EXPECT(changes >= 1 && changes < 60);
}

TEST(firmware_that_changes_seldom_is_believed_soon)
{
	struct label_claim claim = {0};
	int64_t at = ISSUED_S;

	begin();
	label.until_s = ISSUED_S + 300 * DAY_S;
	for (int i = 0; i < 20; i++, at += 2 * DAY_S) {
		EXPECT_INT(claims(&claim, label.firmware, at), STATUS_VALID);
		EXPECT_INT(claims(&claim, "1.8", at + 60), STATUS_UNTESTED_FIRMWARE);
		EXPECT_INT(claims(&claim, label.firmware, at + 61), STATUS_UNTESTED_FIRMWARE);
		EXPECT_INT(claims(&claim, label.firmware, at + 120), STATUS_VALID);
	}
	/* A clock that is set back holds nothing. */
	EXPECT_INT(claims(&claim, "1.8", at), STATUS_UNTESTED_FIRMWARE);
	EXPECT_INT(claims(&claim, label.firmware, at - DAY_S), STATUS_VALID);
}

TEST(a_feed_is_taken_whole_or_not_at_all)
{
	static struct feed_entry entry[FEED_ENTRIES_MAX];
	struct fault why;
	size_t n;
	json_t *feed = json_pack("{s:s, s:[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]}", "schema",
		FEED_SCHEMA, "entries", "id", "A-1", "kind", "recall", "maker", "M", "model", "*",
		"id", "A-2", "kind", "rumour", "maker", "M", "model", "*");

	EXPECT(!feed_from_json(entry, &n, feed, &why));
	EXPECT(strstr(why.text, "entry 2"));
	json_object_set_new(json_array_get(json_object_get(feed, "entries"), 1), "kind",
		json_string("exploited"));
	EXPECT(feed_from_json(entry, &n, feed, &why));
	EXPECT_INT(n, 2);
	EXPECT_INT(entry[1].kind, FEED_EXPLOITED);
	json_decref(feed);
}

/* --- for people -------------------------------------------------------------------------------------------- */

TEST(a_page_says_fail_before_anything_good_and_never_in_the_colour_of_the_good)
{
	struct label_now now = {.status = STATUS_VALID};
	auto_free char *text = NULL;
	size_t len;

	begin();
	strcpy(label.model, "<script>alert(1)</script>");
	label.mandatory[VERDICT_FAIL] = 2;
	label_judge(&label);
	FILE *file = open_memstream(&text, &len);
	label_page(&label, &now, ISSUED_S, 3600, NULL, file);
	EXPECT(!fclose(file));
	EXPECT(!strstr(text, "<script"));
	EXPECT(!strstr(text, "class=\"item PASS\""));
	EXPECT(strstr(text, "2 FAIL, 36 NFF"));
	EXPECT(strstr(text, "confirms nothing"));
	EXPECT(strstr(text, "default-src 'none'"));
}
