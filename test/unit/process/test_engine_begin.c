/* SPDX-License-Identifier: Apache-2.0 */
/* The first minutes, and a new device: the engine as it is, asked at the console. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "engine_home.h"
#include "label/hash.h"
#include "test.h"

static struct message_observation rows;

static struct observation *
row(enum observed what, uint8_t mac)
{
	struct observation *at = &rows.row[rows.n_rows++];

	memset(at, 0, sizeof *at);
	at->what = (uint8_t)what;
	at->seen_ns = clock_monotonic_ns();
	at->wall_s = clock_wall_s();
	snprintf(at->port, sizeof at->port, "port%u", mac);
	memcpy(at->mac, (const uint8_t[6]){0x00, 0x00, 0x5e, 0x00, 0x53, mac}, 6);
	return at;
}

/* Joins on a port of its own, and says what it is called. */
static void
joins(uint8_t mac, const char *hostname)
{
	unsigned before = home.policies;
	char address[20];

	rows.n_rows = 0;
	snprintf(address, sizeof address, "192.168.77.%u", mac);
	row(OBSERVED_DHCP4_DISCOVER, mac);
	snprintf(row(OBSERVED_DHCP_HOSTNAME, mac)->claimed_text, 64, "%s", hostname);
	EXPECT(ip_parse(&row(OBSERVED_DHCP4_REQUEST, mac)->target, address));
	struct observation *ack = row(OBSERVED_DHCP4_ACK, mac);
	EXPECT(ip_parse(&ack->target, address));
	ack->value = 3600;
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	for (int i = 0; i < WAIT_MS / STEP_MS && home.policies == before; i++)
		stage_pump(STEP_MS);
	EXPECT(home.policies > before);
}

static const json_t *
result(const char *verb, const char *args)
{
	char question[400];

	snprintf(question, sizeof question, "{\"verb\":\"%s\",\"args\":{%s}}", verb, args);
	json_t *answer = ask(question);
	if (!is_ok(answer))
		print_message("%s: %s\n", verb,
			json_string_value(
				json_object_get(json_object_get(answer, "error"), "text")));
	return json_object_get(answer, "result");
}

static bool
refuses(const char *verb, const char *args)
{
	char question[400];

	snprintf(question, sizeof question, "{\"verb\":\"%s\",\"args\":{%s}}", verb, args);
	return !is_ok(ask(question));
}

static const char *
word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static const char *
state_of(const char *device)
{
	static char state[32];
	char args[80];

	snprintf(args, sizeof args, "\"device\":\"%s\"", device);
	snprintf(state, sizeof state, "%s", word(result("device.show", args), "state"));
	return state;
}

static bool
is_done(const json_t *begin, const char *step)
{
	const json_t *at;
	size_t i;

	json_array_foreach(json_object_get(begin, "steps"), i,
		at) if (!strcmp(word(at, "step"), step)) return json_is_true(json_object_get(at,
		"done"));
	EXPECT(!"there is such a step");
	return false;
}

static bool
has_fact(const json_t *begin, const char *fact, int count)
{
	const json_t *at;
	size_t i;

	json_array_foreach(json_object_get(begin, "facts"), i,
		at) if (!strcmp(word(at, "fact"),
				fact)) return json_integer_value(json_object_get(at, "count")) ==
		count;
	return false;
}

static void
undo_last(void)
{
	char args[40];
	long long journal = json_integer_value(json_object_get(home.answer, "journal"));

	snprintf(args, sizeof args, "\"journal\":%lld", journal);
	EXPECT(journal && result("policy.undo", args));
}

TEST(a_device_is_let_in_as_what_it_is_in_one_step_that_is_taken_back_in_one)
{
	NEEDS_ENGINE;
	joins(11, "thing");
	const json_t *lock = result(
		"device.admit", "\"device\":\"1\",\"kind\":\"lock\",\"name\":\"Front door\"");
	EXPECT_STR(word(lock, "state"), "observe");
	EXPECT_STR(word(lock, "class"), "critical");
	EXPECT_STR(word(lock, "name"), "Front door");
	EXPECT_STR(word(json_object_get(lock, "kind"), "word"), "lock");
	EXPECT_INT(json_integer_value(json_object_get(json_object_get(lock, "kind"), "confidence")),
		100);
	undo_last();
	const json_t *again = result("device.show", "\"device\":\"1\"");
	EXPECT_STR(word(again, "state"), "waiting");
	EXPECT_STR(word(again, "class"), "ordinary");
	EXPECT_STR(word(again, "name"), "");
	EXPECT(strcmp(word(json_object_get(again, "kind"), "word"), "lock") != 0);
	EXPECT(refuses("device.admit", "\"device\":\"1\",\"kind\":\"dragon\""));
	EXPECT_STR(state_of("1"), "waiting");
	move_out();
}

TEST(how_it_was_let_in_before_does_not_stand_against_what_is_said_now)
{
	NEEDS_ENGINE;
	joins(11, "thing");
	EXPECT(result("device.admit", "\"device\":\"1\",\"kind\":\"camera\"") != NULL);
	undo_last();
	const json_t *lock = result("device.admit", "\"device\":\"1\",\"kind\":\"lock\"");
	EXPECT_STR(word(lock, "class"), "critical");
	/* A guest that turns out to be a camera is watched like one. */
	joins(12, "other");
	EXPECT(result("device.admit", "\"device\":\"2\",\"guest\":true") != NULL);
	const json_t *camera = result("device.admit", "\"device\":\"2\",\"kind\":\"camera\"");
	EXPECT_STR(word(camera, "class"), "ordinary");
	EXPECT_STR(word(camera, "state"), "observe");
	/* But what its owner decided stays. */
	EXPECT(result("device.class", "\"device\":\"2\",\"class\":\"never-probe\"") != NULL);
	camera = result("device.admit", "\"device\":\"2\",\"kind\":\"phone\"");
	EXPECT_STR(word(camera, "class"), "never-probe");
	EXPECT_STR(word(camera, "state"), "observe");
	move_out();
}

TEST(what_its_owner_says_that_it_is_outlives_a_restart_and_what_it_says_of_itself)
{
	NEEDS_ENGINE;
	joins(11, "thing");
	EXPECT(result("device.kind", "\"device\":\"1\",\"kind\":\"thermostat\"") != NULL);
	joins(12, "other");
	row(OBSERVED_DHCP_HOSTNAME, 11);
	halt();
	start();
	const json_t *kind = json_object_get(result("device.show", "\"device\":\"1\""), "kind");
	EXPECT_STR(word(kind, "word"), "thermostat");
	EXPECT_STR(word(kind, "why"), "its owner says so");
	kind = json_object_get(
		result("device.kind", "\"device\":\"1\",\"kind\":\"unknown\""), "kind");
	EXPECT(strcmp(word(kind, "word"), "thermostat") != 0);
	EXPECT(json_array_size(result("device.kinds", "")) > 20);
	move_out();
}

/* Its hours are over while nobody looks: the end stands in the database. */
static void
let_time_pass(const char *guest)
{
	char path[200], change[300];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/decisions.db", home.folder);
	snprintf(change, sizeof change, "UPDATE document SET body = '%s' WHERE kind = 'guest'",
		guest);
	EXPECT_INT(sqlite3_open(path, &db), SQLITE_OK);
	EXPECT_INT(sqlite3_exec(db, change, NULL, NULL, NULL), SQLITE_OK);
	EXPECT_INT(sqlite3_changes(db), 1);
	sqlite3_close(db);
}

static void
waits_again(void)
{
	for (int i = 0; i < WAIT_MS / 50 && strcmp(state_of("1"), "waiting") != 0; i++)
		stage_pump(50);
	EXPECT_STR(state_of("1"), "waiting");
}

TEST(a_visit_that_begins_in_days_to_come_is_over_because_the_clock_was_wrong)
{
	char guest[120];

	NEEDS_ENGINE;
	joins(11, "phone-of-a-guest");
	EXPECT(result("device.admit", "\"device\":\"1\",\"guest\":true") != NULL);
	halt();
	long long then = clock_wall_s() + 90 * 24 * 3600;
	snprintf(guest, sizeof guest, "{\"since\":%lld,\"until\":%lld,\"class\":\"ordinary\"}",
		then, then + 3600);
	let_time_pass(guest);
	start();
	waits_again();
	move_out();
}

TEST(a_guest_has_the_internet_for_its_hours_and_waits_again_then)
{
	NEEDS_ENGINE;
	joins(11, "phone-of-a-guest");
	const json_t *guest = result("device.admit", "\"device\":\"1\",\"guest\":true,\"hours\":2");
	EXPECT_STR(word(guest, "state"), "trusted");
	EXPECT_STR(word(guest, "class"), "personal");
	const json_t *until = json_object_get(
		json_object_get(result("device.show", "\"device\":\"1\""), "guest"), "until");
	EXPECT(json_integer_value(until) > clock_wall_s() + 7000);
	EXPECT(json_integer_value(until) < clock_wall_s() + 7400);
	EXPECT(refuses("device.admit", "\"device\":\"1\",\"guest\":true,\"hours\":73"));
	/* Nobody stays for hours who is no guest, nor is a guest beyond containment. */
	EXPECT(refuses("device.admit", "\"device\":\"1\",\"hours\":5"));
	EXPECT(refuses("device.admit", "\"device\":\"1\",\"guest\":true,\"class\":\"critical\""));
	halt();
	let_time_pass("{\"until\":1,\"class\":\"ordinary\"}");
	start();
	waits_again();
	/* Nothing of the guest is left: who lets it in as what it is lets in just that. */
	EXPECT_STR(word(result("device.show", "\"device\":\"1\""), "class"), "ordinary");
	EXPECT(json_is_null(json_object_get(result("device.show", "\"device\":\"1\""), "guest")));
	move_out();
}

TEST(a_guest_that_stays_is_a_guest_no_more)
{
	NEEDS_ENGINE;
	joins(11, "phone-of-a-guest");
	EXPECT(result("device.admit", "\"device\":\"1\",\"guest\":true") != NULL);
	EXPECT(result("device.trust", "\"device\":\"1\"") != NULL);
	EXPECT(json_is_null(json_object_get(result("device.show", "\"device\":\"1\""), "guest")));
	move_out();
}

TEST(all_that_wait_are_let_in_by_one_word_but_none_beside_one_that_is_held)
{
	NEEDS_ENGINE;
	joins(11, "thing");
	joins(12, "iphone");
	joins(13, "other");
	EXPECT(result("device.quarantine", "\"device\":\"3\"") != NULL);
	EXPECT_INT(json_integer_value(json_object_get(result("home.admit", ""), "devices")), 2);
	EXPECT_STR(state_of("1"), "observe");
	EXPECT_STR(state_of("2"), "trusted");
	EXPECT_STR(state_of("3"), "quarantine");
	EXPECT(refuses("home.admit", ""));
	/* On the port of the one that is held nobody gets more than that one. */
	rows.n_rows = 0;
	struct observation *seen = row(OBSERVED_DHCP4_DISCOVER, 13);
	seen->mac[5] = 14;
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	stage_pump(100);
	EXPECT_STR(state_of("4"), "waiting");
	EXPECT(refuses("home.admit", ""));
	move_out();
}

TEST(the_first_steps_are_seen_to_be_done)
{
	NEEDS_ENGINE;
	const json_t *begin = result("home.begin", "");
	/* Of what is to be done an alarm comes first: here most of the gateway is played. */
	EXPECT_STR(word(json_object_get(begin, "todo"), "level"), "alarm");
	EXPECT(!is_done(begin, "claim"));
	EXPECT(!is_done(begin, "admit"));
	joins(11, "thing");
	joins(12, "other");
	begin = result("home.begin", "");
	EXPECT(has_fact(begin, "waiting", 2));
	EXPECT(json_array_size(json_object_get(begin, "facts")) <= 3);
	EXPECT(json_array_size(json_object_get(json_object_get(begin, "sees"), "blind")) > 0);
	EXPECT(result("account.add", "\"name\":\"anna\",\"role\":\"owner\",\"password\":"
				     "\"eine Katze sitzt auf dem Dach\"") != NULL);
	EXPECT(result("home.admit", "") != NULL);
	begin = result("home.begin", "");
	EXPECT(is_done(begin, "claim") && is_done(begin, "admit") && !is_done(begin, "name"));
	EXPECT(result("device.name", "\"device\":\"1\",\"name\":\"one\"") != NULL);
	EXPECT(result("device.name", "\"device\":\"2\",\"name\":\"two\"") != NULL);
	EXPECT(result("device.trust", "\"device\":\"2\"") != NULL);
	begin = result("home.begin", "");
	EXPECT(is_done(begin, "name") && !is_done(begin, "never-block"));
	const json_t *score = json_object_get(begin, "score");
	EXPECT_INT(json_integer_value(json_object_get(score, "done")), 1);
	EXPECT_INT(json_integer_value(json_object_get(score, "of")), 2);
	EXPECT(result("device.class", "\"device\":\"1\",\"class\":\"critical\"") != NULL);
	EXPECT(is_done(result("home.begin", ""), "never-block"));
	EXPECT(is_done(result("home.begin.done", "\"step\":\"card\""), "card"));
	halt();
	start();
	EXPECT(is_done(result("home.begin", ""), "card"));
	EXPECT(!is_done(result("home.begin.done", "\"step\":\"card\""), "card"));
	EXPECT(refuses("home.begin.done", "\"step\":\"claim\""));
	move_out();
}

/* A flow that its port saw begin, while it is watched. */
static void
begins_flow(uint8_t mac, const char *to)
{
	char address[20];

	rows.n_rows = 0;
	snprintf(address, sizeof address, "192.168.77.%u", mac);
	struct observation *at = row(OBSERVED_FLOW_NEW, mac);
	at->device = 1;
	at->value = REASON_NEW_FLOW;
	at->proto = 6;
	at->target_port = 443;
	EXPECT(ip_parse(&at->source, address) && ip_parse(&at->target, to));
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	stage_pump(50);
}

static bool
has_shown(const char *step)
{
	const json_t *at,
		*learning = json_object_get(result("device.show", "\"device\":\"1\""), "learning");
	size_t i;

	json_array_foreach(json_object_get(learning, "steps"), i,
		at) if (!strcmp(word(at, "step"), step)) return json_is_true(json_object_get(at,
		"seen"));
	return false;
}

TEST(what_a_watched_device_has_shown_is_told_and_of_others_nothing)
{
	NEEDS_ENGINE;
	joins(11, "thing");
	EXPECT(json_is_null(
		json_object_get(result("device.show", "\"device\":\"1\""), "learning")));
	EXPECT(result("device.admit", "\"device\":\"1\",\"kind\":\"camera\"") != NULL);
	EXPECT(!has_shown("set-up"));
	begins_flow(11, "198.18.0.80");
	EXPECT(has_shown("set-up"));
	EXPECT(!has_shown("idle") && !has_shown("used") && !has_shown("updated"));
	begins_flow(11, "192.168.77.12"); /* a neighbour that is nobody's yet */
	EXPECT(!has_shown("used"));
	EXPECT(result("device.enforce", "\"device\":\"1\",\"from\":\"learned\"") != NULL);
	EXPECT(json_is_null(
		json_object_get(result("device.show", "\"device\":\"1\""), "learning")));
	move_out();
}

static unsigned
told_as_new(const char *device, const char *level)
{
	const json_t *at;
	unsigned n = 0;
	size_t i;

	json_array_foreach(result("events.list", ""), i, at) n +=
		!strcmp(word(at, "kind"), "new-device") && !strcmp(word(at, "level"), level) &&
		!strcmp(word(json_object_get(at, "device"), "name"), device);
	return n;
}

TEST(a_new_device_is_told_once_with_what_it_probably_is_and_a_phone_silently)
{
	NEEDS_ENGINE;
	joins(11, "camera");
	EXPECT_INT(told_as_new("camera", "notice"), 1);
	joins(12, "Annas-iPhone");
	EXPECT_INT(told_as_new("Annas-iPhone", "info"), 1);
	EXPECT_INT(told_as_new("Annas-iPhone", "notice"), 0);
	EXPECT_STR(state_of("2"), "waiting"); /* what it says of itself opens nothing */
	char *events = json_dumps(result("events.list", ""), 0);
	EXPECT(strstr(events, "probably a camera") != NULL);
	EXPECT(strstr(events, "--kind camera") != NULL);
	free(events);
	move_out();
}

TEST(the_card_names_what_must_not_be_blocked_and_no_secret)
{
	NEEDS_ENGINE;
	joins(11, "thing");
	EXPECT(result("device.admit",
		       "\"device\":\"1\",\"kind\":\"lock\",\"name\":\"Front door\"") != NULL);
	EXPECT(result("account.add", "\"name\":\"anna\",\"role\":\"owner\",\"password\":"
				     "\"eine Katze sitzt auf dem Dach\"") != NULL);
	char *card = json_dumps(result("home.card", ""), 0);
	EXPECT(strstr(card, "Front door") != NULL);
	EXPECT(strstr(card, "\"anna\"") != NULL);
	EXPECT(strstr(card, "pinfold device pause DEVICE 15m") != NULL);
	EXPECT(strstr(card, "Katze") == NULL);
	free(card);
	move_out();
}

/* As if it had been watched since long before. */
static void
let_it_be_known_for_long(void)
{
	char path[200];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/decisions.db", home.folder);
	EXPECT_INT(sqlite3_open(path, &db), SQLITE_OK);
	EXPECT_INT(sqlite3_exec(db, "UPDATE device SET since = since - 7200", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
}

TEST(who_was_watched_for_an_hour_is_judged_once_and_nothing_is_sent_to_it)
{
	NEEDS_ENGINE;
	joins(11, "thing");
	joins(12, "phone");
	EXPECT(result("device.admit", "\"device\":\"1\"") != NULL);
	EXPECT(result("device.admit", "\"device\":\"2\",\"class\":\"personal\"") != NULL);
	begins_flow(11, "198.18.0.80");
	stage_pump(2500);
	EXPECT_INT(home.audits, 0);
	halt();
	let_it_be_known_for_long();
	start();
	begins_flow(11, "198.18.0.80");
	for (int i = 0; i < 2 * WAIT_MS / STEP_MS && !home.audits; i++)
		stage_pump(STEP_MS);
	EXPECT_INT(home.audits, 1);
	const json_t *run = json_array_get(result("audit.list", ""), 0);
	EXPECT_INT(
		json_integer_value(json_object_get(json_object_get(run, "device"), "number")), 1);
	EXPECT_STR(word(run, "consent"), "passive");
	stage_pump(2500);
	EXPECT_INT(json_array_size(result("audit.list", "")), 1);
	move_out();
}

/* --- the journal --------------------------------------------------------------------------------- */

/* The newest row of this verb. */
static bool
is_undoable(const char *verb)
{
	const json_t *at;
	size_t i;

	json_array_foreach(result("policy.journal", ""), i,
		at) if (!strcmp(word(at, "verb"), verb)) return json_is_true(json_object_get(at,
		"undoable"));
	EXPECT(!"there is such a row");
	return false;
}

TEST(only_what_can_be_taken_back_says_so)
{
	char args[40];

	NEEDS_ENGINE;
	joins(11, "thing");
	EXPECT(result("account.add", "\"name\":\"anna\",\"role\":\"owner\",\"password\":"
				     "\"eine Katze sitzt auf dem Dach\"") != NULL);
	EXPECT(!is_undoable("account.add"));
	EXPECT(result("backup.make", "") != NULL);
	EXPECT(!is_undoable("backup.make"));
	EXPECT(result("device.admit", "\"device\":\"1\",\"kind\":\"camera\"") != NULL);
	EXPECT(is_undoable("device.admit"));
	EXPECT(result("device.pause", "\"device\":\"1\",\"seconds\":60") != NULL);
	long long pause = json_integer_value(json_object_get(home.answer, "journal"));
	EXPECT(is_undoable("device.pause"));
	EXPECT(result("device.resume", "\"device\":\"1\"") != NULL);
	EXPECT(!is_undoable("device.pause"));
	/* Nor does it end the next one. */
	EXPECT(result("device.pause", "\"device\":\"1\",\"seconds\":60") != NULL);
	snprintf(args, sizeof args, "\"journal\":%lld", pause);
	EXPECT(refuses("policy.undo", args));
	EXPECT(result("device.resume", "\"device\":\"1\"") != NULL);
	EXPECT(result("device.name", "\"device\":\"1\",\"name\":\"one\"") != NULL);
	undo_last();
	EXPECT(!is_undoable("device.name"));
	EXPECT(result("device.forget", "\"device\":\"1\"") != NULL);
	snprintf(args, sizeof args, "\"journal\":%lld",
		json_integer_value(json_object_get(home.answer, "journal")));
	EXPECT(is_undoable("device.forget"));
	EXPECT(result("policy.undo", args) != NULL);
	EXPECT(!is_undoable("policy.undo"));
	move_out();
}

/* --- a backup ------------------------------------------------------------------------------------ */

/* In pieces, as the command line sends it; the answer to the last. */
static bool
is_restored(const char *backup)
{
	size_t len = strlen(backup);
	char piece[101];
	bool is_fine = true;

	for (size_t at = 0; at < len && is_fine; at += strlen(piece)) {
		snprintf(piece, sizeof piece, "%.100s", backup + at);
		json_t *question = json_pack("{s:s, s:{s:I, s:I, s:s}}", "verb", "backup.restore",
			"args", "place", (json_int_t)at, "length", (json_int_t)len, "text", piece);
		char *text = json_dumps(question, JSON_COMPACT);
		is_fine = is_ok(ask(text));
		free(text);
		json_decref(question);
	}
	return is_fine;
}

TEST(what_was_decided_comes_back_from_a_backup_on_a_gateway_that_begins_anew)
{
	NEEDS_ENGINE;
	joins(11, "camera");
	joins(12, "phone");
	joins(13, "stranger");
	EXPECT(result("device.admit", "\"device\":\"1\",\"kind\":\"camera\",\"name\":\"Garden\"") !=
		NULL);
	EXPECT(result("policy.add", "\"device\":\"1\",\"rule\":\"allow tcp cloud.example 443\"") !=
		NULL);
	EXPECT(result("device.enforce", "\"device\":\"1\",\"from\":\"rules\"") != NULL);
	EXPECT(result("device.admit", "\"device\":\"2\",\"class\":\"personal\"") != NULL);
	EXPECT(result("device.introduce", "\"device\":\"1\",\"to\":\"2\",\"service\":\"http\"") !=
		NULL);
	EXPECT(result("device.admit", "\"device\":\"3\"") != NULL);
	undo_last(); /* and waits again */
	EXPECT(result("home.begin.done", "\"step\":\"card\"") != NULL);
	EXPECT(!is_done(result("home.begin", ""), "backup"));
	char *backup = json_dumps(result("backup.make", ""), JSON_COMPACT | JSON_ENSURE_ASCII);
	EXPECT(is_done(result("home.begin", ""), "backup"));
	EXPECT(strstr(backup, "stranger") == NULL);
	EXPECT(!is_restored(backup)); /* here somebody was let in already */
	EXPECT_STR(state_of("Garden"), "enforce");
	move_out();

	move_in();
	joins(21, "another"); /* waits under a number that the backup has as well */
	char *name = strstr(backup, "Garden");
	*name = 'W';
	EXPECT(!is_restored(backup));
	EXPECT_STR(state_of("another"), "waiting");
	*name = 'G';
	EXPECT(is_restored(backup));
	halt();
	start();
	const json_t *camera = result("device.show", "\"device\":\"Garden\"");
	EXPECT_STR(word(camera, "state"), "enforce");
	EXPECT_STR(word(json_object_get(camera, "kind"), "why"), "its owner says so");
	EXPECT_STR(word(json_array_get(json_object_get(camera, "rules"), 0), "text"),
		"allow tcp cloud.example 443");
	EXPECT_STR(state_of("2"), "trusted");
	EXPECT(is_done(result("home.begin", ""), "card"));
	EXPECT(!is_undoable("backup.restore"));
	joins(11, "camera"); /* it comes home, and is who it was */
	EXPECT_STR(state_of("Garden"), "enforce");
	EXPECT_INT(json_array_size(result("device.list", "")), 2);
	free(backup);
	move_out();
}

/* Whole by its digest, which whoever changed it made as well. */
static char *
forged(const char *backup, const char *from, const char *to)
{
	size_t size = strlen(backup) + strlen(to) + 1;
	char digest[HASH_TEXT_MAX], *text = must_alloc(1, size);
	const char *at = strstr(backup, from);
	uint8_t hash[HASH_LEN];

	EXPECT(at != NULL);
	snprintf(text, size, "%.*s%s%s", (int)(at - backup), backup, to, at + strlen(from));
	json_t *whole = json_loads(text, 0, NULL);
	free(text);
	EXPECT(whole != NULL);
	text = json_dumps(json_object_get(whole, "content"),
		JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	hash_bytes(text, strlen(text), hash);
	free(text);
	hash_text(hash, digest);
	json_object_set_new(whole, "sha256", json_string(digest));
	text = json_dumps(whole, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(whole);
	return text;
}

TEST(a_backup_that_was_tampered_with_changes_nothing_and_ends_nobody)
{
	static const char *const changes[][2] = {
		{"\"class\":\"ordinary\"", "\"class\":5"},
		{"\"class\":\"ordinary\"", "\"class\":\"emperor\""},
		{"\"state\":\"enforce\"", "\"state\":null"},
		{"\"state\":\"enforce\"", "\"state\":\"waiting\""},
		{"\"begin\":[\"card\"]", "\"begin\":[7]"},
		{"\"begin\":[\"card\"]", "\"begin\":\"card\""},
		{"\"begin\":[\"card\"]", "\"dragon\":{}"},
		{"\"kind\":\"hostname\"", "\"kind\":\"dragon\""},
		{"\"number\":1,", "\"number\":4294967297,"},
		{"\"number\":1,", "\"number\":2,"},
		{"00:00:5e:00:53:0b", "00:00:5e:00:53:0c"},
		{"\"rules\":[", "\"rules\":[[],"},
		{"\"port\":\"port11\"", "\"port\":\"\\u001b[2J\""},
	};

	NEEDS_ENGINE;
	joins(11, "camera");
	joins(12, "phone");
	EXPECT(result("device.admit", "\"device\":\"1\",\"kind\":\"camera\",\"name\":\"Garden\"") !=
		NULL);
	EXPECT(result("policy.add", "\"device\":\"1\",\"rule\":\"allow tcp cloud.example 443\"") !=
		NULL);
	EXPECT(result("device.enforce", "\"device\":\"1\",\"from\":\"rules\"") != NULL);
	EXPECT(result("device.admit", "\"device\":\"2\",\"class\":\"personal\"") != NULL);
	EXPECT(result("home.begin.done", "\"step\":\"card\"") != NULL);
	char *backup = json_dumps(result("backup.make", ""), JSON_COMPACT | JSON_ENSURE_ASCII);
	move_out();

	move_in();
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		char *text = forged(backup, changes[i][0], changes[i][1]);
		if (is_restored(text))
			print_message("%s\n", changes[i][1]);
		EXPECT(!is_restored(text));
		EXPECT_INT(json_array_size(result("device.list", "")), 0);
		EXPECT(!is_done(result("home.begin", ""), "card"));
		free(text);
	}
	EXPECT(is_restored(backup));
	EXPECT_STR(state_of("Garden"), "enforce");
	free(backup);
	move_out();
}
