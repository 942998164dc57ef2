/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask by way of the web process: the engine as it is; the test plays that process,
 * shows what people and programs would show to it, and sits at the console.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "engine_home.h"
#include "test.h"

#define GOOD "eine Katze sitzt auf dem Dach"

/* --- asking -------------------------------------------------------------------------------------- */

static json_t *
as(const struct shown *who, const char *question)
{
	return ask_by(home.web, who, question);
}

static const char *
code_of(const json_t *answer)
{
	const char *code =
		json_string_value(json_object_get(json_object_get(answer, "error"), "code"));
	return code ? code : "";
}

static const char *
word(const json_t *answer, const char *key)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(answer, "result"), key));
	return text ? text : "";
}

static void
keep(struct shown *who, const json_t *answer)
{
	memset(who->credential, 0, sizeof who->credential);
	memset(who->proof, 0, sizeof who->proof);
	snprintf(who->credential, sizeof who->credential, "%s",
		*word(answer, "token") ? word(answer, "token") : word(answer, "credential"));
	snprintf(who->proof, sizeof who->proof, "%s", word(answer, "proof"));
}

static bool
logs_in(struct shown *who, const char *name, const char *password)
{
	char question[300];

	snprintf(question, sizeof question,
		"{\"verb\":\"session.login\",\"args\":{\"name\":\"%s\",\"password\":\"%s\"}}", name,
		password);
	bool is_in = is_ok(as(who, question));
	if (is_in)
		keep(who, home.answer);
	return is_in;
}

static void
has_account(const char *name, const char *role)
{
	char question[300];

	snprintf(question, sizeof question,
		"{\"verb\":\"account.add\",\"args\":{\"name\":\"%s\",\"role\":\"%s\","
		"\"password\":\"" GOOD "\"}}",
		name, role);
	EXPECT(is_ok(ask(question)));
}

static void
device_joins(void)
{
	static struct message_observation rows;
	static const enum observed steps[] = {
		OBSERVED_DHCP4_DISCOVER, OBSERVED_DHCP4_REQUEST, OBSERVED_DHCP4_ACK};

	memset(&rows, 0, sizeof rows);
	for (int i = 0; i < 3; i++) {
		struct observation *at = &rows.row[rows.n_rows++];
		at->what = (uint8_t)steps[i];
		at->seen_ns = clock_monotonic_ns();
		at->wall_s = clock_wall_s();
		snprintf(at->port, sizeof at->port, "port1");
		memcpy(at->mac, (const uint8_t[6]){0x00, 0x00, 0x5e, 0x00, 0x53, 0x11}, 6);
		if (i)
			EXPECT(ip_parse(&at->target, "192.168.77.11"));
		at->value = i == 2 ? 3600 : 0;
	}
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	for (int i = 0; i < 200 && !home.policies; i++)
		stage_pump(STEP_MS);
	EXPECT(home.policies > 0);
}

/* --- sentences --------------------------------------------------------------------------------------- */

TEST(the_first_visitor_needs_the_code_that_only_the_console_shows)
{
	struct shown nobody = {0};
	char question[300], code[16];

	NEEDS_ENGINE;
	EXPECT(json_is_false(json_object_get(
		json_object_get(as(&nobody, "{\"verb\":\"session.state\"}"), "result"),
		"claimed")));
	EXPECT_STR(code_of(as(&nobody, "{\"verb\":\"device.list\"}")), "ERR_NOT_OURS");
	EXPECT_STR(code_of(as(&nobody, "{\"verb\":\"account.claim-code\"}")), "ERR_DENIED");
	EXPECT_STR(
		code_of(as(&nobody, "{\"verb\":\"session.claim\",\"args\":{\"code\":\"AAAA-AAAA\","
				    "\"name\":\"eve\",\"password\":\"" GOOD "\"}}")),
		"ERR_DENIED");
	snprintf(code, sizeof code, "%s", word(ask("{\"verb\":\"account.claim-code\"}"), "code"));
	EXPECT_INT(strlen(code), 9);
	snprintf(question, sizeof question,
		"{\"verb\":\"session.claim\",\"args\":{\"code\":\"%s\",\"name\":\"anna\","
		"\"password\":\"%s\"}}",
		code, "admin12345678");
	EXPECT_STR(code_of(as(&nobody, question)), "ERR_INVALID");
	snprintf(question, sizeof question,
		"{\"verb\":\"session.claim\",\"args\":{\"code\":\"%s\",\"name\":\"anna\","
		"\"password\":\"" GOOD "\"}}",
		code);
	EXPECT(is_ok(as(&nobody, question)));
	struct shown anna = {0};
	keep(&anna, home.answer);
	EXPECT(is_ok(as(&anna, "{\"verb\":\"device.list\"}")));
	/* Once. */
	EXPECT_STR(code_of(as(&nobody, question)), "ERR_DENIED");
	EXPECT_STR(code_of(ask("{\"verb\":\"account.claim-code\"}")), "ERR_DENIED");
	move_out();
}

TEST(each_role_may_do_what_it_may_and_no_more)
{
	static const struct {
		const char *question;
		bool viewer, helper, owner;
	} rows[] = {
		{"{\"verb\":\"device.list\"}", true, true, true},
		{"{\"verb\":\"policy.why\",\"args\":{\"device\":\"1\",\"destination\":\"a."
		 "example\"}}",
			true, true, true},
		{"{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}", false, true, true},
		{"{\"verb\":\"device.pause\",\"args\":{\"device\":\"1\",\"seconds\":60}}", false,
			true, true},
		{"{\"verb\":\"device.quarantine\",\"args\":{\"device\":\"1\"}}", false, false,
			true},
		{"{\"verb\":\"device.release\",\"args\":{\"device\":\"1\"}}", false, false, true},
		{"{\"verb\":\"home.join\",\"args\":{\"minutes\":0}}", false, false, true},
		{"{\"verb\":\"account.list\"}", false, false, true},
	};
	static const char *const names[] = {"vera", "hanna", "otto"};
	static const char *const roles[] = {"viewer", "helper", "owner"};
	struct shown who[3] = {
		{.from = "192.168.77.20"}, {.from = "192.168.77.21"}, {.from = "192.168.77.22"}};

	NEEDS_ENGINE;
	device_joins();
	for (int i = 0; i < 3; i++) {
		has_account(names[i], roles[i]);
		EXPECT(logs_in(&who[i], names[i], GOOD));
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool may[] = {rows[i].viewer, rows[i].helper, rows[i].owner};
		for (int k = 0; k < 3; k++) {
			json_t *answer = as(&who[k], rows[i].question);
			if (is_ok(answer) != may[k])
				print_message("%s: %s: %s\n", names[k], rows[i].question,
					code_of(answer));
			EXPECT_INT(is_ok(answer), may[k]);
			if (!may[k])
				EXPECT_STR(code_of(answer), "ERR_DENIED");
		}
	}
	/* A helper takes back what the same helper did, and nothing of an owner. */
	EXPECT(is_ok(as(
		&who[2], "{\"verb\":\"device.name\",\"args\":{\"device\":\"1\",\"name\":\"a\"}}")));
	long long others = json_integer_value(json_object_get(home.answer, "journal"));
	char question[120];
	snprintf(question, sizeof question,
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":%lld}}", others);
	EXPECT_STR(code_of(as(&who[1], question)), "ERR_DENIED");
	EXPECT(is_ok(as(
		&who[1], "{\"verb\":\"device.name\",\"args\":{\"device\":\"1\",\"name\":\"b\"}}")));
	snprintf(question, sizeof question,
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":%lld}}",
		(long long)json_integer_value(json_object_get(home.answer, "journal")));
	EXPECT(is_ok(as(&who[1], question)));
	/* The journal says who it was. */
	char *journal = json_dumps(as(&who[0], "{\"verb\":\"policy.journal\"}"), 0);
	EXPECT(strstr(journal, "\"who\": \"hanna\"") && strstr(journal, "\"who\": \"otto\"") &&
		strstr(journal, "\"who\": \"console\""));
	free(journal);
	move_out();
}

TEST(a_helper_lets_in_who_waits_and_changes_nothing_that_an_owner_decided)
{
	static const char admit[] = "{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}",
			  as_guest[] = "{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\","
				       "\"guest\":true}}",
			  phone[] = "{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\","
				    "\"class\":\"personal\"}}";
	struct shown hanna = {.from = "192.168.77.21"};

	NEEDS_ENGINE;
	device_joins();
	has_account("hanna", "helper");
	EXPECT(logs_in(&hanna, "hanna", GOOD));
	EXPECT(is_ok(ask("{\"verb\":\"device.class\",\"args\":{\"device\":\"1\",\"class\":"
			 "\"never-probe\"}}")));
	EXPECT_STR(code_of(as(&hanna, phone)), "ERR_DENIED");
	EXPECT_STR(code_of(as(&hanna, as_guest)), "ERR_DENIED");
	EXPECT(is_ok(as(&hanna, admit)));
	EXPECT_STR(word(home.answer, "class"), "never-probe");
	/* What is held stays held, whatever it is said to be. */
	EXPECT(is_ok(ask("{\"verb\":\"device.enforce\",\"args\":{\"device\":\"1\",\"from\":"
			 "\"keep\"}}")));
	EXPECT_STR(code_of(as(&hanna, admit)), "ERR_DENIED");
	EXPECT_STR(code_of(as(&hanna, as_guest)), "ERR_DENIED");
	EXPECT_STR(code_of(as(&hanna, phone)), "ERR_DENIED");
	EXPECT(is_ok(as(&hanna, "{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}")));
	EXPECT_STR(word(home.answer, "state"), "enforce");
	move_out();
}

TEST(a_browser_that_a_foreign_page_made_ask_changes_nothing)
{
	struct shown anna = {0};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	struct shown led = anna;
	memset(led.proof, 0, sizeof led.proof);
	EXPECT_STR(code_of(as(&led, "{\"verb\":\"home.join\",\"args\":{\"minutes\":5}}")),
		"ERR_DENIED");
	led.proof[0] = 'a';
	EXPECT_STR(code_of(as(&led, "{\"verb\":\"session.logout\"}")), "ERR_DENIED");
	EXPECT(is_ok(as(&led, "{\"verb\":\"device.list\"}")));
	EXPECT(is_ok(as(&anna, "{\"verb\":\"home.join\",\"args\":{\"minutes\":5}}")));
	EXPECT_STR(word(as(&anna, "{\"verb\":\"session.state\"}"), "proof"), anna.proof);
	move_out();
}

TEST(guessing_is_slow_and_the_owner_is_not_locked_out)
{
	struct shown anna = {.from = "192.168.77.20"}, eve = {.from = "192.168.77.66"};
	int refused = 0, tries;

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	for (tries = 0; tries < 12; tries++) {
		EXPECT(!logs_in(&eve, "anna", "wrong wrong wrong"));
		refused += !strcmp(code_of(home.answer), "ERR_BUSY");
	}
	EXPECT(refused >= 4);
	EXPECT(json_integer_value(
		       json_object_get(json_object_get(home.answer, "error"), "retry_after")) >= 1);
	/* The right one as well has to wait, for this source. */
	EXPECT(!logs_in(&eve, "anna", GOOD));
	/* Somebody elsewhere waits for this account, but not who was here before. */
	stage_pump(1000);
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(is_ok(ask("{\"verb\":\"account.reset\",\"args\":{\"name\":\"anna\","
			 "\"password\":\"noch ein Satz mit Hut\"}}")));
	move_out();
}

TEST(sessions_and_tokens_outlive_the_engine_and_end_when_told)
{
	struct shown anna = {0}, phone = {0}, program = {0};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(logs_in(&phone, "anna", GOOD));
	EXPECT(is_ok(as(&anna,
		"{\"verb\":\"token.add\",\"args\":{\"name\":\"printer\",\"scope\":\"read\"}}")));
	keep(&program, home.answer);
	halt();
	start();
	EXPECT(is_ok(as(&anna, "{\"verb\":\"device.list\"}")));
	EXPECT(is_ok(as(&program, "{\"verb\":\"device.list\"}")));
	EXPECT_INT(json_array_size(
			   json_object_get(as(&anna, "{\"verb\":\"session.list\"}"), "result")),
		2);
	EXPECT(is_ok(as(&anna, "{\"verb\":\"session.end-all\"}")));
	EXPECT_STR(code_of(as(&anna, "{\"verb\":\"device.list\"}")), "ERR_NOT_OURS");
	EXPECT_STR(code_of(as(&phone, "{\"verb\":\"device.list\"}")), "ERR_NOT_OURS");
	/* What a program was given is not a login. */
	EXPECT(is_ok(as(&program, "{\"verb\":\"device.list\"}")));
	char question[100];
	snprintf(question, sizeof question, "{\"verb\":\"token.remove\",\"args\":{\"token\":%lld}}",
		(long long)json_integer_value(json_object_get(
			json_array_get(
				json_object_get(ask("{\"verb\":\"token.list\"}"), "result"), 0),
			"id")));
	EXPECT(is_ok(ask(question)));
	EXPECT_STR(code_of(as(&program, "{\"verb\":\"device.list\"}")), "ERR_NOT_OURS");
	move_out();
}

TEST(a_token_gives_its_scope_and_no_more_than_its_maker_may)
{
	struct shown vera = {0}, reader = {0}, actor = {0};

	NEEDS_ENGINE;
	device_joins();
	has_account("vera", "viewer");
	EXPECT(logs_in(&vera, "vera", GOOD));
	EXPECT_STR(
		code_of(as(&vera,
			"{\"verb\":\"token.add\",\"args\":{\"name\":\"x\",\"scope\":\"admin\"}}")),
		"ERR_DENIED");
	EXPECT(is_ok(
		ask("{\"verb\":\"token.add\",\"args\":{\"name\":\"reader\",\"scope\":\"read\"}}")));
	keep(&reader, home.answer);
	EXPECT(is_ok(
		ask("{\"verb\":\"token.add\",\"args\":{\"name\":\"actor\",\"scope\":\"act\"}}")));
	keep(&actor, home.answer);
	EXPECT(is_ok(as(&reader, "{\"verb\":\"device.list\"}")));
	EXPECT_STR(code_of(as(&reader, "{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}")),
		"ERR_DENIED");
	EXPECT(is_ok(as(&actor, "{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}")));
	EXPECT_STR(code_of(as(&actor, "{\"verb\":\"device.block\",\"args\":{\"device\":\"1\"}}")),
		"ERR_DENIED");
	/* A token makes no tokens, and no sessions. */
	EXPECT_STR(code_of(as(&actor, "{\"verb\":\"token.add\",\"args\":{\"name\":\"y\"}}")),
		"ERR_DENIED");
	move_out();
}

static bool
says(const json_t *answer, const char *words)
{
	char *text = json_dumps(answer, 0);
	bool is_there = strstr(text, words);

	free(text);
	return is_there;
}

TEST(only_the_owner_sees_the_topic_or_the_path_that_lets_one_read_what_is_told)
{
	static const char *const questions[] = {"{\"verb\":\"tell.show\"}",
		"{\"verb\":\"policy.journal\"}", "{\"verb\":\"events.list\"}"};
	struct shown vera = {0};

	NEEDS_ENGINE;
	EXPECT(is_ok(ask("{\"verb\":\"tell.add\",\"args\":{\"name\":\"phone\","
			 "\"url\":\"ntfy://ntfy.example/long-topic\"}}")));
	EXPECT(is_ok(ask("{\"verb\":\"tell.add\",\"args\":{\"name\":\"hook\","
			 "\"url\":\"https://hooks.example/long-path?x\"}}")));
	has_account("vera", "viewer");
	EXPECT(logs_in(&vera, "vera", GOOD));
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		const json_t *answer = as(&vera, questions[i]);
		EXPECT(is_ok(answer) && says(answer, "ntfy.example"));
		EXPECT(says(answer, "hooks.example"));
		EXPECT(!says(answer, "long-topic") && !says(answer, "long-path"));
	}
	const json_t *answer = ask(questions[0]);
	EXPECT(says(answer, "long-topic") && says(answer, "long-path"));
	move_out();
}

TEST(the_only_owner_stays_and_a_lesser_role_counts_at_once)
{
	struct shown anna = {0}, bert = {.from = "192.168.77.30"};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	has_account("bert", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(logs_in(&bert, "bert", GOOD));
	EXPECT(is_ok(as(&anna,
		"{\"verb\":\"account.role\",\"args\":{\"name\":\"bert\",\"role\":\"viewer\"}}")));
	EXPECT_STR(code_of(as(&bert, "{\"verb\":\"account.list\"}")), "ERR_DENIED");
	EXPECT_STR(code_of(as(&anna, "{\"verb\":\"account.role\",\"args\":{\"name\":\"anna\","
				     "\"role\":\"viewer\"}}")),
		"ERR_DENIED");
	EXPECT_STR(code_of(as(&anna, "{\"verb\":\"account.remove\",\"args\":{\"name\":\"anna\"}}")),
		"ERR_DENIED");
	EXPECT(is_ok(as(&anna, "{\"verb\":\"account.remove\",\"args\":{\"name\":\"bert\"}}")));
	EXPECT_STR(code_of(as(&bert, "{\"verb\":\"device.list\"}")), "ERR_NOT_OURS");
	move_out();
}

TEST(another_password_ends_the_other_sessions)
{
	struct shown anna = {0}, thief = {0};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(logs_in(&thief, "anna", GOOD));
	EXPECT_STR(code_of(as(&anna,
			   "{\"verb\":\"account.password\",\"args\":{\"old\":\"what was it\","
			   "\"password\":\"noch ein Satz mit Hut\"}}")),
		"ERR_DENIED");
	EXPECT(is_ok(as(&anna, "{\"verb\":\"account.password\",\"args\":{\"old\":\"" GOOD
			       "\",\"password\":\"noch ein Satz mit Hut\"}}")));
	EXPECT(is_ok(as(&anna, "{\"verb\":\"device.list\"}")));
	EXPECT_STR(code_of(as(&thief, "{\"verb\":\"device.list\"}")), "ERR_NOT_OURS");
	EXPECT(!logs_in(&thief, "anna", GOOD));
	EXPECT(logs_in(&anna, "anna", "noch ein Satz mit Hut"));
	move_out();
}

TEST(the_same_question_with_the_same_key_is_done_once)
{
	static const char question[] = "{\"verb\":\"device.name\",\"args\":{\"device\":\"1\","
				       "\"name\":\"once\"},\"key\":\"k1\"}";
	static const char other[] = "{\"verb\":\"device.name\",\"args\":{\"device\":\"1\",\"name\":"
				    "\"more\"},\"key\":\"k1\"}";
	struct shown anna = {0};

	NEEDS_ENGINE;
	device_joins();
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(is_ok(as(&anna, question)));
	long long first = json_integer_value(json_object_get(home.answer, "journal"));
	EXPECT(first > 0);
	EXPECT(is_ok(as(&anna,
		"{\"verb\":\"device.name\",\"args\":{\"device\":\"1\",\"name\":\"between\"}}")));
	EXPECT(is_ok(as(&anna, question)));
	EXPECT_INT(json_integer_value(json_object_get(home.answer, "journal")), first);
	EXPECT_STR(
		word(as(&anna, "{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}"), "name"),
		"between");
	EXPECT_STR(code_of(as(&anna, other)), "ERR_STALE");
	move_out();
}

/* What would be kept to be answered again has two passwords in it. */
TEST(a_question_with_a_password_is_not_kept_for_a_repetition)
{
	static const char question[] = "{\"verb\":\"account.password\",\"args\":{\"old\":\"" GOOD
				       "\",\"password\":\"noch ein Satz mit Hut\"},\"key\":\"k2\"}";
	struct shown anna = {0};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(is_ok(as(&anna, question)));
	EXPECT_STR(code_of(as(&anna, question)), "ERR_DENIED");
	move_out();
}

TEST(the_web_process_hears_events_only_for_somebody)
{
	struct shown anna = {0}, nobody = {0};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(!is_ok(as(&nobody, "{\"verb\":\"events.follow\"}")));
	home.events = 0;
	EXPECT(is_ok(ask("{\"verb\":\"home.join\",\"args\":{\"minutes\":5}}")));
	stage_pump(50);
	EXPECT_INT(home.events, 0);
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(is_ok(as(&anna, "{\"verb\":\"events.follow\"}")));
	has_account("bert", "viewer");
	stage_pump(50);
	EXPECT(home.events > 0);
	move_out();
}

/* --- events for other programs ------------------------------------------------------------------------ */

static void
denied(const char *target)
{
	static struct message_observation rows;
	struct observation *at = &rows.row[0];

	memset(&rows, 0, sizeof rows);
	rows.n_rows = 1;
	at->what = OBSERVED_DENIED;
	at->value = REASON_NEIGHBOUR;
	at->device = 1;
	at->seen_ns = clock_monotonic_ns();
	at->wall_s = clock_wall_s();
	at->proto = 6;
	at->source_port = 40000;
	at->target_port = 23;
	snprintf(at->port, sizeof at->port, "port1");
	memcpy(at->mac, (const uint8_t[6]){0x00, 0x00, 0x5e, 0x00, 0x53, 0x11}, 6);
	EXPECT(ip_parse(&at->source, "192.168.77.11") && ip_parse(&at->target, target));
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	stage_pump(50);
}

TEST(other_programs_are_told_events_in_a_file)
{
	static char text[65536];
	char path[120];

	NEEDS_ENGINE;
	halt();
	home.settings.events_to = SETTINGS_EVENTS_FILE;
	start();
	device_joins();
	EXPECT(is_ok(ask("{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}")));
	denied("192.168.77.12");
	/* Of phones and laptops nothing is told. */
	EXPECT(is_ok(ask(
		"{\"verb\":\"device.class\",\"args\":{\"device\":\"1\",\"class\":\"personal\"}}")));
	denied("192.168.77.99");
	snprintf(path, sizeof path, "%s/eve.json", home.folder);
	FILE *file = fopen(path, "r");
	EXPECT(file != NULL);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	EXPECT(strstr(text, "\"event_type\":\"pinfold\"") != NULL);
	EXPECT(strstr(text, "\"kind\":\"new-device\"") != NULL);
	EXPECT(strstr(text, "\"event_type\":\"drop\"") != NULL);
	EXPECT(strstr(text, "\"dest_ip\":\"192.168.77.12\",\"dest_port\":23,\"proto\":\"TCP\","
			    "\"community_id\":\"1:") != NULL);
	EXPECT(strstr(text, "\"dest_ip\":\"192.168.77.99\"") == NULL);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		EXPECT(json_object_get(json, "timestamp") != NULL);
		json_decref(json);
	}
	home.settings.events_to = SETTINGS_EVENTS_OFF;
	move_out();
}

TEST(other_programs_are_told_events_by_syslog_also_when_they_came_late)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char line[4096] = "";

	NEEDS_ENGINE;
	halt();
	home.settings.events_to = SETTINGS_EVENTS_SOCKET;
	home.settings.events_as_syslog = true;
	snprintf(home.settings.events_socket, sizeof home.settings.events_socket, "%s/eve.socket",
		home.folder);
	start();
	device_joins();
	memcpy(at.sun_path, home.settings.events_socket, sizeof at.sun_path - 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	EXPECT(!bind(fd, (struct sockaddr *)&at, sizeof at));
	EXPECT(!chmod(at.sun_path, 0777));
	EXPECT(is_ok(ask("{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}")));
	stage_pump(50);
	EXPECT(recv(fd, line, sizeof line - 1, 0) > 0);
	EXPECT(!strncmp(line, "<134>1 20", 9));
	EXPECT(strstr(line, " pinfold - {\"timestamp\":\"") != NULL);
	EXPECT(strstr(line, "\"untold\":") != NULL);
	close(fd);
	home.settings.events_to = SETTINGS_EVENTS_OFF;
	home.settings.events_as_syslog = false;
	move_out();
}

static uint32_t
send_login(const char *name, const char *from)
{
	static struct message_command command;

	memset(&command, 0, sizeof command);
	command.role = ROLE_OWNER;
	EXPECT(ip_parse(&command.from, from));
	command.len = (uint32_t)snprintf(command.text, sizeof command.text,
		"{\"verb\":\"session.login\",\"args\":{\"name\":\"%s\",\"password\":\"" GOOD "\"}}",
		name);
	EXPECT(!channel_send(home.web, MESSAGE_COMMAND, ++home.seq, &command,
		message_command_len(&command), -1));
	return home.seq;
}

TEST(what_the_engine_decides_does_not_wait_for_who_logs_in)
{
	struct shown anna = {0};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD));
	home.n_answered = 0;
	uint32_t login = send_login("anna", "192.168.77.20");
	EXPECT(is_ok(as(&anna, "{\"verb\":\"status\"}")));
	EXPECT_INT(home.answered[0], login + 1);
	for (int i = 0; i < WAIT_MS / STEP_MS && home.n_answered < 2; i++)
		stage_pump(STEP_MS);
	EXPECT_INT(home.answered[1], login);
	move_out();
}

TEST(those_who_log_in_have_their_turn_in_the_order_in_which_they_came)
{
	enum { ALL = 24, ROOM = 16 };
	struct shown anna = {0};
	uint32_t first = 0;

	NEEDS_ENGINE;
	has_account("anna", "owner");
	EXPECT(logs_in(&anna, "anna", GOOD)); /* from where it is known, so nothing slows it down */
	home.n_answered = 0;
	for (int i = 0; i < ALL; i++)
		first = first ? (send_login("anna", "192.168.77.20"), first)
			      : send_login("anna", "192.168.77.20");
	for (int i = 0; i < 4 * WAIT_MS / STEP_MS && home.n_answered < ALL; i++)
		stage_pump(STEP_MS);
	EXPECT_INT(home.n_answered, ALL);
	/* Those for whom there was no room are told at once; the others in their order. */
	for (uint32_t i = 0; i < ALL - ROOM; i++)
		EXPECT_INT(home.answered[i], first + ROOM + i);
	for (uint32_t i = 0; i < ROOM; i++)
		EXPECT_INT(home.answered[ALL - ROOM + i], first + i);
	EXPECT_STR(code_of(home.answer), "ERR_BUSY");
	move_out();
}

TEST(whoever_goes_away_while_waiting_takes_the_turn_with_him)
{
	struct shown anna = {0};

	NEEDS_ENGINE;
	has_account("anna", "owner");
	for (int i = 0; i < 4; i++)
		send_login("anna", "192.168.77.20");
	channel_free(home.web);
	home.web = stage_peer(&home.stage, PROCESS_WEB);
	EXPECT(logs_in(&anna, "anna", GOOD));
	EXPECT(stage_runs(&home.stage));
	move_out();
}
