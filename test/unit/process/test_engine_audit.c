/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine as it is, and audits: the test plays the checker, capture, the
 * enforcer and the owner.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "check/check.h"
#include "engine_home.h"
#include "store/store.h"
#include "test.h"

/* --- the owner ------------------------------------------------------------------------------ */

static const char *
refusal(const char *question)
{
	json_t *answer = ask(question);
	const char *text =
		json_string_value(json_object_get(json_object_get(answer, "error"), "text"));

	return is_ok(answer) || !text ? "" : text;
}

/* Gives the number of the run. */
static uint32_t
run(const char *more)
{
	char question[300];

	snprintf(question, sizeof question,
		"{\"verb\":\"audit.run\",\"args\":{\"device\":\"1\"%s%s}}", *more ? "," : "", more);
	json_t *answer = ask(question);
	if (!is_ok(answer))
		print_message("refused: %s\n", json_string_value(json_object_get(
						       json_object_get(answer, "error"), "text")));
	return (uint32_t)json_integer_value(
		json_object_get(json_object_get(answer, "result"), "run"));
}

static json_t *
shown(uint32_t number)
{
	char question[100];

	snprintf(question, sizeof question, "{\"verb\":\"audit.show\",\"args\":{\"run\":%u}}",
		number);
	return json_object_get(ask(question), "result");
}

static const char *
word_of(const json_t *object, const char *key)
{
	const char *word = json_string_value(json_object_get(object, key));
	return word ? word : "";
}

static bool
state_becomes(uint32_t number, const char *state)
{
	for (int i = 0; i < 60; i++) {
		if (!strcmp(word_of(shown(number), "state"), state) &&
			json_integer_value(json_object_get(
				json_object_get(home.answer, "result"), "ended")) == 0)
			; /* all is said, and not yet on the disk */
		else if (!strcmp(word_of(json_object_get(home.answer, "result"), "state"), state))
			return true;
		stage_pump(50);
	}
	return false;
}

/* Of the findings of the run: how many have this word (and reason, unless empty). */
static int
count_word(uint32_t number, const char *word, const char *reason)
{
	json_t *finding;
	int n = 0;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(shown(number), "result"), "findings"), i,
		finding) n += !strcmp(word_of(finding, "verdict"), word) &&
			      (!*reason || !strcmp(word_of(finding, "reason"), reason));
	return n;
}

static size_t
containments(void)
{
	json_t *answer = ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}");
	return json_array_size(json_object_get(json_object_get(answer, "result"), "containment"));
}

/* --- capture -------------------------------------------------------------------------------- */

static struct ip
ip(const char *text)
{
	struct ip address;
	EXPECT(ip_parse(&address, text));
	return address;
}

static struct observation
row(enum observed what, const char *port)
{
	struct observation at = {.what = (uint8_t)what,
		.seen_ns = clock_monotonic_ns(),
		.wall_s = clock_wall_s(),
		.mac = {0x00, 0x00, 0x5e, 0x00, 0x53, 0x11}};
	snprintf(at.port, sizeof at.port, "%s", port);
	return at;
}

static void
join(const char *port)
{
	static struct message_observation rows;

	rows.n_rows = 3;
	rows.row[0] = row(OBSERVED_DHCP4_DISCOVER, port);
	rows.row[1] = row(OBSERVED_DHCP4_REQUEST, port);
	rows.row[1].target = ip("192.168.77.11");
	rows.row[2] = row(OBSERVED_DHCP4_ACK, port);
	rows.row[2].target = ip("192.168.77.11");
	rows.row[2].value = 3600;
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	for (int i = 0;
		i < 100 && !is_ok(ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}"));
		i++)
		stage_pump(STEP_MS);
}

/* --- the checker ------------------------------------------------------------------------------ */

static uint16_t
place_of(const char *check)
{
	int place = check_find(check);
	EXPECT(place >= 0);
	return (uint16_t)place;
}

static bool
told(int times)
{
	for (int i = 0; i < WAIT_MS / STEP_MS && home.audits < times; i++)
		stage_pump(STEP_MS);
	return home.audits >= times;
}

static void
say_step(uint32_t number, const char *check, enum audit_step step)
{
	struct message_audit_step message = {.run = number,
		.check = place_of(check),
		.step = (uint8_t)step,
		.n_done = step == AUDIT_STEP_BEGUN ? 0 : 1,
		.n_all = 3,
		.seconds_left = 60,
		.exchanges = 9};
	EXPECT(!channel_send(home.checker, MESSAGE_AUDIT_STEP, 0, &message, sizeof message, -1));
}

static void
say_finding(uint32_t number, const char *check, const char *provision, enum verdict_word word,
	enum inc_reason reason, uint16_t port, bool is_critical)
{
	struct message_finding message = {.run = number};

	message.finding.check = place_of(check);
	message.finding.word = (uint8_t)word;
	message.finding.reason = (uint8_t)reason;
	message.finding.port = port;
	message.finding.proto = port ? 6 : 0;
	message.finding.is_critical = is_critical;
	message.finding.n_evidence = 2;
	message.finding.evidence[0] = 4;
	message.finding.evidence[1] = 7;
	snprintf(message.finding.provision, sizeof message.finding.provision, "%s", provision);
	snprintf(message.finding.text, sizeof message.finding.text, "seen on port %u", port);
	EXPECT(!channel_send(home.checker, MESSAGE_FINDING, 0, &message, sizeof message, -1));
}

static void
say_end(uint32_t number, enum err err, const char *why)
{
	struct message_audit_end message = {
		.run = number, .err = (uint32_t)err, .exchanges = 12, .packets = 99};

	snprintf(message.why, sizeof message.why, "%s", why);
	EXPECT(!channel_send(home.checker, MESSAGE_AUDIT_END, 0, &message, sizeof message, -1));
	stage_pump(50);
}

/* A whole run in which telnet is found as it is said. */
static void
play_telnet(uint32_t number, enum verdict_word word, enum inc_reason reason, bool is_critical)
{
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", word, reason, 23, is_critical);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "done"));
}

/* --- sentences -------------------------------------------------------------------------------- */

TEST(a_run_is_told_to_the_checker_with_its_address_its_limits_and_a_file_of_its_own)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("\"profile\":\"full\",\"pace\":\"lab\"");
	EXPECT_INT(number, 1);
	EXPECT(told(1));
	EXPECT_INT(home.audit.run, number);
	EXPECT_INT(home.audit.device, 1);
	EXPECT_INT(home.audit.pace, PACE_LAB);
	EXPECT_INT(home.audit.consent, CONSENT_PROBE);
	EXPECT(!home.audit.is_resumed && !home.audit.is_stop);
	struct ip expected = ip("192.168.77.11");
	EXPECT(ip_is_equal(&home.audit.address4, &expected));
	EXPECT(!home.audit.address6.version);
	EXPECT(home.audit.checks[0] & (UINT64_C(1) << place_of("telnet-login")));
	EXPECT(home.audit.seconds > 0);
	EXPECT(home.file >= 0);
	EXPECT_INT(write(home.file, "{}\n", 3), 3);
	EXPECT_STR(word_of(shown(number), "state"), "running");
	move_out();
}

TEST(what_a_check_found_is_kept_when_it_is_done_and_the_result_stands_beside_the_evidence)
{
	char path[200];

	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	stage_pump(20);
	EXPECT_INT(count_word(number, "NFF", ""), 0); /* it may still be taken back */
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	stage_pump(20);
	EXPECT_INT(count_word(number, "NFF", ""), 1);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "done"));
	snprintf(path, sizeof path, "%s/audit/%u/result.json", home.folder, number);
	json_t *result = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	EXPECT(result != NULL);
	json_decref(result);
	snprintf(path, sizeof path, "%s/audit/%u/device.json", home.folder, number);
	EXPECT(!access(path, F_OK) || geteuid());
	EXPECT_INT(containments(), 0);
	move_out();
}

TEST(the_health_of_a_device_is_refused_without_a_test_and_has_each_verdict_after_one)
{
	static const char question[] = "{\"verb\":\"audit.health\",\"args\":{\"device\":\"1\"}}";
	const json_t *health, *row;
	int n_failed = 0;
	size_t i;

	NEEDS_ENGINE;
	join("port1");
	EXPECT(strstr(refusal(question), "no test of") != NULL);
	uint32_t number = run("");
	EXPECT(told(1));
	play_telnet(number, VERDICT_FAIL, INC_NONE, false);
	health = json_object_get(ask(question), "result");
	EXPECT_INT(json_integer_value(json_object_get(health, "run")), number);
	EXPECT(json_is_true(json_object_get(health, "complete")));
	json_array_foreach(json_object_get(health, "provisions"), i, row)
	{
		EXPECT(json_object_get(row, "reasons") == NULL);
		n_failed += !strcmp(word_of(row, "verdict"), "FAIL");
	}
	EXPECT(i > 50);
	EXPECT_INT(n_failed, 1);
	move_out();
}

TEST(a_check_that_was_not_run_to_its_end_is_inconclusive_and_never_passed)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_PASS, INC_NONE, 0, false);
	say_end(number, ERR_SYSTEM, "the worker ended");
	EXPECT(state_becomes(number, "broken"));
	EXPECT_INT(count_word(number, "PASS", ""), 0);
	EXPECT(count_word(number, "INC", "TOOL_ERROR") > 0);
	EXPECT_STR(word_of(shown(number), "why"), "the worker ended");
	move_out();
}

TEST(a_check_is_not_believed_about_what_is_not_its_own)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_finding(number, "telnet-login", "5.2-1", VERDICT_PASS, INC_NONE, 0, false);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "done"));
	EXPECT_INT(count_word(number, "NFF", ""), 1);
	EXPECT_INT(count_word(number, "PASS", ""), 0);
	move_out();
}

TEST(a_device_that_goes_away_ends_the_run_with_that_reason)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_end(number, ERR_NOT_FOUND, "the device stopped answering");
	EXPECT(state_becomes(number, "done"));
	EXPECT(count_word(number, "INC", "DEVICE_LOST") > 0);
	EXPECT_INT(count_word(number, "INC", "TOOL_ERROR"), 0);
	move_out();
}

TEST(a_critical_failure_closes_the_port_and_a_later_run_without_it_opens_it_again)
{
	NEEDS_ENGINE;
	join("port1");
	ask("{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}");
	uint32_t number = run("");
	EXPECT(told(1));
	unsigned before = home.policies;
	play_telnet(number, VERDICT_FAIL, INC_NONE, true);
	EXPECT_INT(containments(), 1);
	EXPECT(home.policies > before);
	json_t *patch = json_array_get(
		json_object_get(json_object_get(home.answer, "result"), "containment"), 0);
	EXPECT_STR(word_of(patch, "direction"), "to");
	EXPECT_INT(json_integer_value(json_object_get(patch, "port")), 23);
	EXPECT_INT(json_integer_value(json_object_get(patch, "run")), number);
	EXPECT(strstr(word_of(patch, "text"), "exchange 4") != NULL);

	/* It could not be told: the port stays closed. */
	number = run("");
	EXPECT(told(2));
	play_telnet(number, VERDICT_INC, INC_LOCKED_OUT, false);
	EXPECT_INT(containments(), 1);

	/* Looked at, and no fault any more. */
	number = run("");
	EXPECT(told(3));
	play_telnet(number, VERDICT_NFF, INC_NONE, false);
	EXPECT_INT(containments(), 0);
	move_out();
}

TEST(a_port_that_was_closed_upon_a_failure_can_be_taken_back_by_undo)
{
	NEEDS_ENGINE;
	join("port1");
	ask("{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}");
	uint32_t number = run("");
	EXPECT(told(1));
	play_telnet(number, VERDICT_FAIL, INC_NONE, true);
	EXPECT_INT(containments(), 1);
	json_t *journal = json_object_get(
		ask("{\"verb\":\"policy.journal\",\"args\":{\"device\":\"1\"}}"), "result");
	json_t *entry;
	long long id = 0;
	size_t i;
	json_array_foreach(journal, i, entry) if (!strcmp(word_of(entry, "verb"), "audit.patch"))
		id = json_integer_value(json_object_get(entry, "id"));
	EXPECT(id > 0);
	char question[100];
	snprintf(question, sizeof question,
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":%lld}}", id);
	EXPECT(is_ok(ask(question)));
	EXPECT_INT(containments(), 0);
	move_out();
}

TEST(what_is_personal_critical_or_never_probed_gets_no_packet_of_a_test)
{
	NEEDS_ENGINE;
	join("port1");
	ask("{\"verb\":\"device.class\",\"args\":{\"device\":\"1\",\"class\":\"personal\"}}");
	EXPECT(strstr(refusal("{\"verb\":\"audit.run\",\"args\":{\"device\":\"1\",\"consent\":"
			      "\"passive\"}}"),
		       "is personal") != NULL);
	static const char *const classes[] = {"critical", "never-probe"};
	for (int i = 0; i < 2; i++) {
		char question[120];
		snprintf(question, sizeof question,
			"{\"verb\":\"device.class\",\"args\":{\"device\":\"1\",\"class\":\"%s\"}}",
			classes[i]);
		EXPECT(is_ok(ask(question)));
		EXPECT(strstr(refusal("{\"verb\":\"audit.run\",\"args\":{\"device\":\"1\"}}"),
			       "--consent passive") != NULL);
		EXPECT_INT(home.audits, i);
		uint32_t number = run("\"consent\":\"passive\"");
		EXPECT(number > 0);
		EXPECT(told(i + 1));
		EXPECT_INT(home.audit.consent, CONSENT_PASSIVE);
		say_end(number, ERR_OK, "");
		EXPECT(state_becomes(number, "done"));
	}
	move_out();
}

TEST(a_run_is_stopped_when_its_device_becomes_one_that_may_not_be_tested)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	EXPECT(is_ok(ask("{\"verb\":\"device.class\",\"args\":{\"device\":\"1\",\"class\":"
			 "\"never-probe\"}}")));
	EXPECT(told(2));
	EXPECT_INT(home.audit.is_stop, 1);
	EXPECT_INT(home.audit.run, number);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "stopped"));
	EXPECT(strstr(word_of(shown(number), "why"), "never-probe") != NULL);
	move_out();
}

TEST(one_device_has_one_run_at_a_time)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	EXPECT(strstr(refusal("{\"verb\":\"audit.run\",\"args\":{\"device\":\"1\"}}"),
		       "pinfold audit stop 1") != NULL);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "done"));
	EXPECT_INT(run(""), number + 1);
	move_out();
}

TEST(a_run_that_is_stopped_keeps_what_was_found)
{
	char question[100];

	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	stage_pump(20);
	snprintf(question, sizeof question, "{\"verb\":\"audit.stop\",\"args\":{\"run\":%u}}",
		number);
	EXPECT(is_ok(ask(question)));
	EXPECT(told(2));
	EXPECT_INT(home.audit.is_stop, 1);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "stopped"));
	EXPECT_INT(count_word(number, "NFF", ""), 1);
	EXPECT(!is_ok(ask(question)));
	move_out();
}

TEST(a_run_goes_on_where_it_was_after_the_engine_was_killed)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	say_step(number, "tcp-ports", AUDIT_STEP_BEGUN);
	stage_pump(50);
	halt();
	start();
	EXPECT(told(1));
	EXPECT_INT(home.audit.run, number);
	EXPECT_INT(home.audit.is_resumed, 1);
	EXPECT_INT(count_word(number, "NFF", ""), 1);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "done"));
	EXPECT_INT(count_word(number, "NFF", ""), 1);
	move_out();
}

TEST(what_breaks_the_checker_again_and_again_is_given_up_with_its_reason)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("");
	EXPECT(told(1));
	for (int i = 0; i < 3; i++) {
		new_checker();
		EXPECT(told(i + 2));
		EXPECT_INT(home.audit.is_resumed, 1);
	}
	new_checker();
	EXPECT(state_becomes(number, "broken"));
	EXPECT_INT(home.audits, 4);
	EXPECT(count_word(number, "INC", "TOOL_ERROR") > 0);
	move_out();
}

TEST(a_run_may_wait_for_whatever_comes_to_a_port)
{
	NEEDS_ENGINE;
	json_t *answer = ask("{\"verb\":\"audit.run\",\"args\":{\"port\":\"port1\"}}");
	EXPECT(is_ok(answer));
	EXPECT_STR(word_of(json_object_get(answer, "result"), "state"), "waiting");
	EXPECT_INT(home.audits, 0);
	join("port1");
	EXPECT(told(1));
	EXPECT_INT(home.audit.device, 1);
	EXPECT(strstr(refusal("{\"verb\":\"audit.run\",\"args\":{\"port\":\"nowhere\"}}"),
		       "no such port") != NULL);
	move_out();
}

TEST(answers_of_a_tested_device_are_no_harm)
{
	static struct message_observation rows;

	NEEDS_ENGINE;
	join("port1");
	ask("{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}");
	run("");
	EXPECT(told(1));
	for (int times = 0; times < 40; times++) {
		rows.n_rows = 0;
		for (int i = 0; i < OBSERVATION_ROWS_MAX; i++) {
			struct observation *at = &rows.row[rows.n_rows++];
			*at = row(OBSERVED_DENIED, "port1");
			at->device = 1;
			at->value = REASON_FROM_DEVICE;
			at->proto = 6;
			at->source = ip("192.168.77.11");
			at->target = ip("192.168.77.1");
			at->target_port = (uint16_t)(1000 + times * 50 + i);
		}
		EXPECT(!channel_send(home.capture, MESSAGE_OBSERVATION, 0, &rows,
			message_observation_len(&rows), -1));
		stage_pump(10);
	}
	EXPECT_INT(containments(), 0);
	EXPECT_STR(word_of(json_object_get(home.answer, "result"), "state"), "observe");
	/* The same towards a stranger is a scan, also while it is tested. */
	for (uint32_t i = 0; i < rows.n_rows; i++) {
		rows.row[i].target = ip("198.18.0.1");
		rows.row[i].target.byte[3] = (uint8_t)(i + 1);
	}
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	stage_pump(100);
	EXPECT(containments() > 0);
	move_out();
}

/* --- runs that last ----------------------------------------------------------------------------- */

static bool
is_told_of(const char *check)
{
	uint16_t place = place_of(check);
	return home.audit.checks[place / 64] >> place % 64 & 1;
}

/* Each check that the checker was told of, with nothing found; then it is done. */
static void
play_stage(uint32_t number)
{
	struct message_audit told_now = home.audit;

	for (uint16_t i = 0; i < n_checks; i++) {
		if (!(told_now.checks[i / 64] >> i % 64 & 1))
			continue;
		bool is_allowed = checks[i].consent <= told_now.consent;
		char provision[PROVISION_ID_MAX];
		snprintf(provision, sizeof provision, "%.*s",
			(int)strcspn(checks[i].provisions, " "), checks[i].provisions);
		if (is_allowed)
			say_step(number, checks[i].id, AUDIT_STEP_BEGUN);
		say_finding(number, checks[i].id, provision, is_allowed ? VERDICT_NFF : VERDICT_INC,
			is_allowed ? INC_NONE : INC_NO_CONSENT, 0, false);
		say_step(number, checks[i].id, is_allowed ? AUDIT_STEP_DONE : AUDIT_STEP_SKIPPED);
	}
	say_end(number, ERR_OK, "");
}

static json_t *
shown_at(uint32_t number, const char *at)
{
	char question[120];

	snprintf(question, sizeof question,
		"{\"verb\":\"audit.show\",\"args\":{\"run\":%u,\"at\":\"%s\"}}", number, at);
	return json_object_get(json_object_get(ask(question), "result"), "result");
}

static int
count_in(const json_t *result, const char *check, const char *word)
{
	json_t *finding;
	int n = 0;
	size_t i;

	json_array_foreach(json_object_get(result, "findings"), i, finding) n +=
		!strcmp(word_of(finding, "check"), check) &&
		!strcmp(word_of(finding, "verdict"), word);
	return n;
}

static bool
note_becomes(uint32_t number, const char *note)
{
	for (int i = 0; i < 60; i++) {
		const json_t *progress = json_object_get(shown(number), "progress");
		if (strstr(word_of(progress, "note"), note))
			return true;
		stage_pump(50);
	}
	return false;
}

static uint32_t
long_run(void)
{
	join("port1");
	uint32_t number = run("\"profile\":\"full\",\"hours\":1");
	EXPECT(told(1));
	return number;
}

static void
stop_run(uint32_t number)
{
	char question[100];

	snprintf(question, sizeof question, "{\"verb\":\"audit.stop\",\"args\":{\"run\":%u}}",
		number);
	EXPECT(is_ok(ask(question)));
}

TEST(a_full_run_tells_what_it_has_after_each_stage_and_then_watches)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	EXPECT(is_told_of("telnet-login"));
	EXPECT(!is_told_of("tls-server"));
	EXPECT(!is_told_of("traffic"));
	EXPECT(!json_is_object(shown_at(number, "15m")));
	play_stage(number);

	EXPECT(told(2));
	EXPECT_INT(home.audit.is_resumed, 1);
	EXPECT(is_told_of("tls-server"));
	EXPECT(!is_told_of("telnet-login"));
	json_t *first = shown_at(number, "15m");
	EXPECT_INT(count_in(first, "telnet-login", "NFF"), 1);
	EXPECT_INT(count_in(first, "tls-server", "NFF"), 0);
	EXPECT(count_in(first, "tls-server", "INC") > 0);
	EXPECT(!json_is_object(shown_at(number, "90m")));
	play_stage(number);

	EXPECT(note_becomes(number, "watches"));
	EXPECT_INT(home.audits, 2);
	EXPECT_INT(count_in(shown_at(number, "90m"), "tls-server", "NFF"), 1);
	EXPECT_INT(count_in(shown_at(number, "15m"), "tls-server", "NFF"), 0);
	EXPECT_INT(count_in(shown_at(number, "now"), "tls-server", "NFF"), 1);
	EXPECT(!json_is_object(shown_at(number, "72h")));
	EXPECT(!json_is_object(shown_at(number, "yesterday")));
	EXPECT_INT(json_integer_value(json_object_get(shown(number), "ended")), 0);

	stop_run(number);
	EXPECT(state_becomes(number, "stopped"));
	EXPECT_INT(count_in(shown_at(number, "72h"), "tls-server", "NFF"), 1);
	move_out();
}

TEST(a_full_run_without_hours_ends_with_its_last_check)
{
	NEEDS_ENGINE;
	join("port1");
	uint32_t number = run("\"profile\":\"full\",\"hours\":0");
	EXPECT(told(1));
	play_stage(number);
	EXPECT(told(2));
	play_stage(number);
	EXPECT(state_becomes(number, "done"));
	EXPECT(strstr(refusal("{\"verb\":\"audit.run\",\"args\":{\"device\":\"1\",\"profile\":"
			      "\"full\",\"hours\":73}}"),
		       "72 hours") != NULL);
	move_out();
}

TEST(a_run_that_watches_goes_on_watching_after_everything_was_killed)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	play_stage(number);
	EXPECT(told(2));
	play_stage(number);
	EXPECT(note_becomes(number, "watches"));
	halt();
	start();
	EXPECT(note_becomes(number, "watches"));
	EXPECT_INT(home.audits, 0);
	EXPECT_INT(count_in(shown_at(number, "15m"), "telnet-login", "NFF"), 1);
	EXPECT_INT(json_integer_value(json_object_get(shown(number), "resumed")), 0);
	new_checker();
	stage_pump(100);
	EXPECT_INT(home.audits, 0);
	stop_run(number);
	EXPECT(state_becomes(number, "stopped"));
	move_out();
}

/* The engine begins again, and the run is older by so much. */
static void
age(uint32_t number, int64_t seconds)
{
	struct stored_audit row;
	enum store_found found;
	struct store *store;
	struct fault why;
	bool lost;

	halt();
	EXPECT(!store_open(home.folder, NULL, &store, &found, &lost, &why));
	EXPECT(!store_audit_find(store, number, &row));
	row.begun_s -= seconds;
	store_audits_begin(store);
	store_audit_put(store, &row);
	EXPECT(!store_audits_commit(store, &why));
	store_close(store);
	start();
}

TEST(a_result_is_due_by_the_clock_though_its_stage_is_not_done)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	stage_pump(50);
	age(number, 16 * 60);
	EXPECT(told(1));
	EXPECT(is_told_of("ftp-login"));
	EXPECT(!is_told_of("telnet-login"));
	for (int i = 0; i < 60 && !json_is_object(shown_at(number, "15m")); i++)
		stage_pump(50);
	EXPECT_INT(count_in(shown_at(number, "15m"), "telnet-login", "NFF"), 1);
	EXPECT(count_in(shown_at(number, "15m"), "ftp-login", "INC") > 0);
	EXPECT(!json_is_object(shown_at(number, "90m")));
	stop_run(number);
	say_end(number, ERR_OK, "");
	EXPECT(state_becomes(number, "stopped"));
	move_out();
}

TEST(a_run_ends_with_its_hours_also_when_nobody_was_there_at_that_moment)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	play_stage(number);
	EXPECT(told(2));
	play_stage(number);
	EXPECT(note_becomes(number, "watches"));
	age(number, 59 * 60);
	EXPECT(note_becomes(number, "watches"));
	age(number, 2 * 60);
	EXPECT(state_becomes(number, "done"));
	EXPECT_INT(count_in(shown_at(number, "72h"), "tls-server", "NFF"), 1);
	move_out();
}

TEST(a_device_that_does_not_come_back_within_the_hours_ends_the_run_with_that_reason)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_FAIL, INC_NONE, 23, false);
	say_step(number, "telnet-login", AUDIT_STEP_LOST);
	say_end(number, ERR_TIMEOUT, "the device stopped answering");
	EXPECT(note_becomes(number, "come back"));
	/* The next engine asks once more, and hears the same. */
	age(number, 59 * 60);
	EXPECT(told(1));
	EXPECT(is_told_of("telnet-login"));
	say_step(number, "ftp-login", AUDIT_STEP_BEGUN);
	say_finding(number, "ftp-login", "5.1-1", VERDICT_INC, INC_DEVICE_LOST, 0, false);
	say_step(number, "ftp-login", AUDIT_STEP_LOST);
	say_end(number, ERR_TIMEOUT, "the device stopped answering");
	EXPECT(note_becomes(number, "come back"));
	age(number, 15 * 60);
	EXPECT(told(1));
	say_step(number, "ftp-login", AUDIT_STEP_BEGUN);
	say_finding(number, "ftp-login", "5.1-1", VERDICT_INC, INC_DEVICE_LOST, 0, false);
	say_step(number, "ftp-login", AUDIT_STEP_LOST);
	say_end(number, ERR_TIMEOUT, "the device stopped answering");
	EXPECT(state_becomes(number, "done"));
	EXPECT(strstr(word_of(shown(number), "why"), "did not come back") != NULL);
	/* What was proved before it went stays proved. */
	EXPECT_INT(count_in(shown_at(number, "72h"), "telnet-login", "FAIL"), 1);
	EXPECT(count_in(shown_at(number, "72h"), "http-login", "INC") > 0);
	move_out();
}

TEST(a_device_that_goes_away_and_comes_back_is_tested_where_it_was)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	say_step(number, "tcp-ports", AUDIT_STEP_BEGUN);
	say_finding(number, "tcp-ports", "5.6-1", VERDICT_NFF, INC_NONE, 0, false);
	say_step(number, "tcp-ports", AUDIT_STEP_DONE);
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_INC, INC_DEVICE_LOST, 0, false);
	say_step(number, "telnet-login", AUDIT_STEP_LOST);
	say_finding(number, "ftp-login", "5.1-1", VERDICT_INC, INC_DEVICE_LOST, 0, false);
	say_step(number, "ftp-login", AUDIT_STEP_SKIPPED);
	say_end(number, ERR_TIMEOUT, "the device stopped answering");
	EXPECT(note_becomes(number, "come back"));
	EXPECT_INT(home.audits, 1);
	stage_pump(2500);
	EXPECT_INT(home.audits, 1);
	join("port1");
	EXPECT(told(2));
	EXPECT(is_told_of("telnet-login"));
	EXPECT(is_told_of("ftp-login"));
	EXPECT(!is_told_of("tcp-ports"));
	EXPECT_INT(home.audit.is_resumed, 1);
	play_stage(number);
	EXPECT(told(3));
	EXPECT_INT(count_in(shown_at(number, "15m"), "telnet-login", "NFF"), 1);
	EXPECT_INT(count_in(shown_at(number, "15m"), "telnet-login", "INC"), 0);
	EXPECT_INT(count_in(shown_at(number, "15m"), "tcp-ports", "NFF"), 1);
	stop_run(number);
	move_out();
}

TEST(a_check_that_breaks_ends_inconclusive_and_takes_no_other_with_it)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_end(number, ERR_SYSTEM, "the checks broke (signal 11)");
	EXPECT(told(2));
	EXPECT(!is_told_of("telnet-login"));
	EXPECT(is_told_of("ftp-login"));
	play_stage(number);
	EXPECT(told(3));
	play_stage(number);
	EXPECT(note_becomes(number, "watches"));
	stop_run(number);
	EXPECT(state_becomes(number, "stopped"));
	EXPECT(count_word(number, "INC", "TOOL_ERROR") > 0);
	EXPECT_INT(count_in(shown_at(number, "72h"), "telnet-login", "NFF"), 0);
	EXPECT_INT(count_in(shown_at(number, "72h"), "ftp-login", "NFF"), 1);
	move_out();
}

TEST(trouble_that_no_check_is_to_blame_for_ends_a_long_run_as_well)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	say_end(number, ERR_SYSTEM, "the transcript cannot be written");
	EXPECT(state_becomes(number, "broken"));
	EXPECT_STR(word_of(shown(number), "why"), "the transcript cannot be written");
	move_out();
}

TEST(a_checker_that_says_it_is_done_and_did_nothing_is_not_asked_for_ever)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	say_end(number, ERR_OK, "");
	EXPECT(told(2));
	say_end(number, ERR_OK, "");
	EXPECT(note_becomes(number, "watches"));
	EXPECT_INT(home.audits, 2);
	EXPECT(count_in(shown_at(number, "now"), "telnet-login", "INC") > 0);
	stop_run(number);
	move_out();
}

TEST(the_gate_may_be_asked_of_a_run_that_goes_on_and_says_never_shelf)
{
	NEEDS_ENGINE;
	uint32_t number = long_run();
	char question[120];
	snprintf(question, sizeof question,
		"{\"verb\":\"audit.gate\",\"args\":{\"of\":\"%u\",\"profile\":\"home\"}}", number);
	EXPECT_STR(word_of(json_object_get(ask(question), "result"), "answer"), "laboratory");
	say_step(number, "telnet-login", AUDIT_STEP_BEGUN);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_FAIL, INC_NONE, 23, false);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	stage_pump(50);
	EXPECT_STR(word_of(json_object_get(ask(question), "result"), "answer"), "hold");
	EXPECT(strstr(refusal("{\"verb\":\"audit.gate\",\"args\":{\"of\":\"1\",\"profile\":"
			      "\"everybody\"}}"),
		       "retailer, lab, home, hospital") != NULL);
	stop_run(number);
	move_out();
}

/* --- the shelf ------------------------------------------------------------------------------------ */

static json_t *
shelf(void)
{
	return json_array_get(json_object_get(ask("{\"verb\":\"audit.shelf.list\"}"), "result"), 0);
}

static bool
shelf_becomes(const char *state)
{
	for (int i = 0; i < 60; i++) {
		if (!strcmp(word_of(shelf(), "state"), state))
			return true;
		stage_pump(50);
	}
	return false;
}

/* A run in which telnet was looked at, and its product on the shelf. */
static uint32_t
put_on_shelf(void)
{
	char question[160];

	join("port1");
	uint32_t number = run("\"checks\":\"telnet-login\"");
	EXPECT(told(1));
	play_telnet(number, VERDICT_NFF, INC_NONE, false);
	snprintf(question, sizeof question,
		"{\"verb\":\"audit.shelf.add\",\"args\":{\"run\":%u,\"model\":\"Cam "
		"1\",\"firmware\":\"1.2\",\"profile\":\"home\"}}",
		number);
	EXPECT(is_ok(ask(question)));
	return number;
}

TEST(what_is_on_the_shelf_is_judged_again_from_its_evidence_and_a_change_is_told)
{
	NEEDS_ENGINE;
	uint32_t number = put_on_shelf();
	EXPECT_STR(word_of(shelf(), "state"), "fine");
	EXPECT_STR(word_of(shelf(), "model"), "Cam 1");
	EXPECT_STR(word_of(shelf(), "answer"), "laboratory");
	/* A list goes on behind its last row, and then ends. */
	const json_t *page = ask("{\"verb\":\"audit.shelf.list\",\"args\":{\"limit\":1}}");
	EXPECT_INT(json_integer_value(json_object_get(page, "next")), 1);
	page = ask("{\"verb\":\"audit.shelf.list\",\"args\":{\"after\":1}}");
	EXPECT_INT(json_array_size(json_object_get(page, "result")), 0);
	/* Runs beside one are those of its device; beside none there are none. */
	page = ask("{\"verb\":\"audit.list\",\"args\":{\"beside\":1}}");
	EXPECT_INT(json_array_size(json_object_get(page, "result")), 1);
	page = ask("{\"verb\":\"audit.list\",\"args\":{\"beside\":99}}");
	EXPECT_INT(json_array_size(json_object_get(page, "result")), 0);

	/* Nothing is sent to the device, and the evidence cannot be written to. */
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{}}")));
	EXPECT(told(2));
	EXPECT_INT(home.audit.is_judged, 1);
	EXPECT_INT(home.audit.run, number);
	EXPECT(is_told_of("telnet-login"));
	EXPECT(!is_told_of("ftp-login"));
	EXPECT(home.file >= 0 && write(home.file, "x", 1) < 0);
	EXPECT_STR(word_of(shelf(), "state"), "checking");
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	say_end(number, ERR_OK, "");
	EXPECT(shelf_becomes("fine"));

	/* The rules of another day. */
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{\"shelf\":1}}")));
	EXPECT(told(3));
	say_finding(number, "telnet-login", "5.1-1", VERDICT_FAIL, INC_NONE, 23, true);
	say_step(number, "telnet-login", AUDIT_STEP_DONE);
	say_end(number, ERR_OK, "");
	EXPECT(shelf_becomes("changed"));
	EXPECT(strstr(word_of(shelf(), "what"), "5.1-1 was NFF and is FAIL") != NULL);
	EXPECT_STR(word_of(shelf(), "answer_now"), "hold");
	EXPECT_INT(containments(), 0); /* it tells, and closes nothing */
	EXPECT_INT(count_word(number, "NFF", ""), 1);

	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.remove\",\"args\":{\"shelf\":1}}")));
	EXPECT(!is_ok(ask("{\"verb\":\"audit.shelf.remove\",\"args\":{\"shelf\":1}}")));
	EXPECT(shelf() == NULL);
	move_out();
}

TEST(a_checker_that_dies_over_the_evidence_is_asked_again)
{
	NEEDS_ENGINE;
	uint32_t number = put_on_shelf();
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{}}")));
	EXPECT(told(2));
	new_checker();
	EXPECT(told(3));
	EXPECT_INT(home.audit.is_judged, 1);
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_end(number, ERR_OK, "");
	EXPECT(shelf_becomes("fine"));
	move_out();
}

TEST(another_run_of_the_same_model_that_fails_is_told_at_the_shelf)
{
	NEEDS_ENGINE;
	put_on_shelf();
	uint32_t number = run("\"checks\":\"telnet-login\"");
	EXPECT(told(2));
	play_telnet(number, VERDICT_INC, INC_LOCKED_OUT, false);
	stage_pump(50);
	EXPECT_STR(word_of(shelf(), "state"), "fine");
	number = run("\"checks\":\"telnet-login\"");
	EXPECT(told(3));
	play_telnet(number, VERDICT_FAIL, INC_NONE, false);
	EXPECT(shelf_becomes("changed"));
	EXPECT(strstr(word_of(shelf(), "what"), "of the same model") != NULL);
	EXPECT(strstr(word_of(shelf(), "what"), "5.1-1 was NFF and is FAIL") != NULL);
	halt();
	start();
	EXPECT_STR(word_of(shelf(), "state"), "changed");
	move_out();
}

TEST(evidence_that_is_gone_is_said_and_a_product_without_a_name_is_not_taken)
{
	char path[200];

	NEEDS_ENGINE;
	uint32_t number = put_on_shelf();
	char question[120];
	snprintf(question, sizeof question, "{\"verb\":\"audit.shelf.add\",\"args\":{\"run\":%u}}",
		number);
	EXPECT(strstr(refusal(question), "--model") != NULL);
	EXPECT(strstr(refusal("{\"verb\":\"audit.shelf.add\",\"args\":{\"run\":99,\"model\":"
			      "\"x\"}}"),
		       "no run 99") != NULL);
	EXPECT(strstr(refusal("{\"verb\":\"audit.shelf.add\",\"args\":{\"run\":1,\"model\":"
			      "\"x\",\"support\":\"soon\"}}"),
		       "2028-06") != NULL);
	snprintf(path, sizeof path, "%s/audit/%u/probes.jsonl", home.folder, number);
	EXPECT(!unlink(path));
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{}}")));
	EXPECT(shelf_becomes("changed"));
	EXPECT(strstr(word_of(shelf(), "what"), "not there any more") != NULL);
	EXPECT_INT(home.audits, 1);
	move_out();
}

TEST(support_that_has_ended_takes_a_product_back)
{
	NEEDS_ENGINE;
	uint32_t number = put_on_shelf();
	char question[160];
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.remove\",\"args\":{\"shelf\":1}}")));
	snprintf(question, sizeof question,
		"{\"verb\":\"audit.shelf.add\",\"args\":{\"run\":%u,\"model\":\"Cam "
		"1\",\"support\":\"2020-02\"}}",
		number);
	EXPECT(is_ok(ask(question)));
	EXPECT_INT(json_integer_value(json_object_get(shelf(), "support")), 1583020800);
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{}}")));
	EXPECT(told(2));
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_end(number, ERR_OK, "");
	EXPECT(shelf_becomes("changed"));
	EXPECT(strstr(word_of(shelf(), "what"), "support has ended") != NULL);
	EXPECT_STR(word_of(shelf(), "answer_now"), "hold");
	move_out();
}

/* A page of the maker says this, in this run. */
static void
say_support_end(uint32_t number, uint32_t exchange, const char *day)
{
	struct message_maker_fact message = {
		.run = number, .exchange = exchange, .fact = MAKER_FACT_SUPPORT_END};

	snprintf(message.value, sizeof message.value, "%s", day);
	EXPECT(!channel_send(home.checker, MESSAGE_MAKER_FACT, 0, &message, sizeof message, -1));
}

static json_int_t
of_shelf(const char *key)
{
	return json_integer_value(json_object_get(shelf(), key));
}

TEST(where_nobody_gave_the_end_of_support_it_is_what_the_newest_run_read_on_the_makers_page)
{
	NEEDS_ENGINE;
	put_on_shelf();
	EXPECT_INT(of_shelf("support"), 0);
	EXPECT_INT(of_shelf("support_run"), 0);

	uint32_t number = run("\"checks\":\"telnet-login\"");
	EXPECT(told(2));
	say_support_end(number, 22, "2020-02");
	play_telnet(number, VERDICT_NFF, INC_NONE, false);
	EXPECT_INT(of_shelf("support"), 1583020800); /* the first second of March */
	EXPECT_INT(of_shelf("support_run"), number);
	EXPECT_INT(of_shelf("support_exchange"), 22);

	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{}}")));
	EXPECT(told(3));
	say_finding(1, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_end(1, ERR_OK, "");
	EXPECT(shelf_becomes("changed"));
	EXPECT(strstr(word_of(shelf(), "what"), "support has ended") != NULL);
	EXPECT(strstr(word_of(shelf(), "what"), "(run 2, exchange 22)") != NULL);
	move_out();
}

/* --- an app on a phone --------------------------------------------------------------------------- */

/* Another one beside the first: number 2, with the address that ends in 12. */
static void
join_camera(void)
{
	static struct message_observation rows;

	rows.n_rows = 3;
	for (int i = 0; i < 3; i++) {
		static const enum observed what[] = {
			OBSERVED_DHCP4_DISCOVER, OBSERVED_DHCP4_REQUEST, OBSERVED_DHCP4_ACK};
		rows.row[i] = row(what[i], "port2");
		rows.row[i].mac[5] = 0x12;
		if (i)
			rows.row[i].target = ip("192.168.77.12");
	}
	rows.row[2].value = 3600;
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	for (int i = 0;
		i < 100 && !is_ok(ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"2\"}}"));
		i++)
		stage_pump(STEP_MS);
}

/* The phone was seen to send this there. */
static void
phone_sends(enum observed what, const char *address, uint16_t port, uint16_t source_port,
	const char *text)
{
	static struct message_observation rows;

	rows.n_rows = 1;
	rows.row[0] = row(what, "port1");
	rows.row[0].source = ip("192.168.77.11");
	rows.row[0].target = ip(address);
	rows.row[0].proto = 6;
	rows.row[0].target_port = port;
	rows.row[0].source_port = source_port;
	snprintf(rows.row[0].claimed_text, sizeof rows.row[0].claimed_text, "%s", text);
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	stage_pump(STEP_MS);
}

static const char *
traffic_of(uint32_t number)
{
	static char text[8192];
	char path[500];

	snprintf(path, sizeof path, "%s/audit/%u/traffic.jsonl", home.settings.state_directory,
		number);
	FILE *file = fopen(path, "re");
	EXPECT(file != NULL);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

static int
times_in(const char *text, const char *what)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

#define ANSWER(answers)                                                                            \
	"{\"verb\":\"audit.answer\",\"args\":{\"device\":\"1\",\"signer\":\"Anna\",\"as\":"        \
	"\"owner\","                                                                               \
	"\"answers\":\"" answers "\"}}"

static const char *
declared_text(json_t *answer)
{
	const json_t *row = json_object_get(json_object_get(answer, "result"), "declaration");
	return json_string_value(json_object_get(row, "text"));
}

TEST(answers_are_added_one_section_after_the_other_and_signed_by_who_gave_the_last)
{
	NEEDS_ENGINE;
	join("port1");
	json_t *answer = ask(ANSWER(
		"{\\\"5.1-1\\\":{\\\"answer\\\":\\\"no\\\",\\\"reason\\\":\\\"one for all\\\"}}"));
	EXPECT(is_ok(answer));
	EXPECT(strstr(declared_text(answer), "\"one for all\"") != NULL);
	EXPECT(json_integer_value(json_object_get(answer, "journal")) > 0);
	answer = ask(ANSWER("{\\\"F:a\\\":{\\\"answer\\\":\\\"yes\\\"}}"));
	EXPECT(strstr(declared_text(answer), "\"one for all\"") != NULL);
	EXPECT(strstr(declared_text(answer), "\"F:a\":{\"answer\":\"yes\"") != NULL);
	EXPECT(strstr(declared_text(answer), "\"name\":\"Anna\"") != NULL);
	/* What is no question, or no answer, changes nothing. */
	EXPECT(strstr(refusal(ANSWER("{\\\"9.9-9\\\":{\\\"answer\\\":\\\"yes\\\"}}")),
		       "no question") != NULL);
	EXPECT(strstr(refusal(ANSWER("{\\\"5.1-1\\\":{\\\"answer\\\":\\\"maybe\\\"}}")), "5.1-1") !=
		NULL);
	/* An empty one takes it back. */
	answer = ask(ANSWER("{\\\"5.1-1\\\":{\\\"answer\\\":\\\"\\\"}}"));
	EXPECT(strstr(declared_text(answer), "one for all") == NULL);
	EXPECT(strstr(declared_text(answer), "\"F:a\"") != NULL);
}

#define APP_RUN(more)                                                                              \
	"{\"verb\":\"audit.app.run\",\"args\":{\"device\":\"1\",\"of\":\"2\",\"minutes\":1," more  \
	"}}"

TEST(of_a_phone_that_runs_an_app_nothing_is_kept_but_what_its_owner_agreed_to)
{
	NEEDS_ENGINE;
	join("port1");
	join_camera();
	EXPECT(strstr(refusal(APP_RUN("\"consent\":\"app\"")), "not personal") != NULL);
	ask("{\"verb\":\"device.class\",\"args\":{\"device\":\"1\",\"class\":\"personal\"}}");
	EXPECT(strstr(refusal(APP_RUN("\"consent\":\"intrude\"")), "has to agree") != NULL);
	EXPECT(strstr(refusal(APP_RUN("\"consent\":\"app\"")), "no server") != NULL);
	EXPECT(strstr(refusal(APP_RUN("\"consent\":\"app\",\"names\":\"no name\"")),
		       "no name of a server") != NULL);
	EXPECT_INT(home.audits, 0);
	json_t *answer = ask(APP_RUN("\"consent\":\"app\",\"names\":\"api.camera.example\""));
	EXPECT(is_ok(answer));
	uint32_t number = (uint32_t)json_integer_value(
		json_object_get(json_object_get(answer, "result"), "run"));
	EXPECT(told(1));
	EXPECT_STR(home.audit.scope, "api.camera.example");
	EXPECT_STR(home.audit.model_hint, "");
	struct ip expected = ip("192.168.77.11");
	EXPECT(ip_is_equal(&home.audit.address4, &expected));

	phone_sends(OBSERVED_TLS_HELLO, "198.18.5.11", 443, 1001, "api.camera.example");
	phone_sends(OBSERVED_TLS_HELLO, "198.18.4.1", 443, 1002, "www.news.example");
	phone_sends(OBSERVED_DNS_QUERY, "198.18.8.8", 53, 1003, "www.bank.example");
	/* Two that share an address: what has no name belongs to its connection, or to nobody. */
	phone_sends(OBSERVED_HTTP_REQUEST, "198.18.9.1", 80, 1004, "api.camera.example");
	phone_sends(OBSERVED_CLEAR_CREDENTIALS, "198.18.9.1", 80, 1004, "HTTP Basic");
	phone_sends(OBSERVED_HTTP_REQUEST, "198.18.9.1", 80, 1005, "private.example");
	phone_sends(OBSERVED_CLEAR_CREDENTIALS, "198.18.9.1", 80, 1005, "HTTP Bearer");
	phone_sends(OBSERVED_CLEAR_CREDENTIALS, "198.18.9.1", 80, 1006, "HTTP Token");
	phone_sends(OBSERVED_CLEAR_CONTENT, "198.18.4.1", 443, 1007, "HTTP image/png");
	phone_sends(OBSERVED_HTTP_USER_AGENT, "198.18.5.11", 80, 1008, "camera app");

	/* Turned are flows to addresses of the scope that nobody else was seen at. */
	struct message_rig rig = {.run = number,
		.ticket = 1,
		.seconds = 30,
		.bits = RIG_TURN,
		.n_ports = 1,
		.port = {443}};
	EXPECT(!channel_send(home.checker, MESSAGE_RIG, 0, &rig, sizeof rig, -1));
	for (int i = 0; i < 200 && !home.rig.run; i++)
		stage_pump(STEP_MS);
	EXPECT_INT(home.rig.device, 1);
	EXPECT_INT(home.rig.n_addresses, 1);
	expected = ip("198.18.5.11");
	EXPECT(ip_is_equal(&home.rig.address[0], &expected));
	/* Its internet is not taken away, whoever asks. */
	memset(&home.rig, 0, sizeof home.rig);
	rig.bits = RIG_OFF;
	EXPECT(!channel_send(home.checker, MESSAGE_RIG, 0, &rig, sizeof rig, -1));
	stage_pump(100);
	EXPECT_INT(home.rig.run, 0);

	/* The checker is done; the window is not. */
	say_end(number, ERR_OK, "");
	EXPECT_STR(word_of(shown(number), "state"), "running");
	char stop[80];
	snprintf(stop, sizeof stop, "{\"verb\":\"audit.stop\",\"args\":{\"run\":%u}}", number);
	EXPECT(is_ok(ask(stop)));
	say_end(number, ERR_NOT_FOUND, "no such run");
	EXPECT(state_becomes(number, "stopped"));
	const char *kept = traffic_of(number);
	EXPECT_INT(times_in(kept, "\"tls-hello\""), 1);
	EXPECT_INT(times_in(kept, "\"http-request\""), 1);
	EXPECT_INT(times_in(kept, "HTTP Basic"), 1);
	EXPECT_INT(times_in(kept, "\"clear-"), 1);
	EXPECT_INT(times_in(kept, "news") + times_in(kept, "bank") + times_in(kept, "private"), 0);
	EXPECT_INT(times_in(kept, "192.168.77.11"), 0);

	/* Afterwards nothing is, and nobody knows what it was. */
	answer = ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}");
	EXPECT(json_is_null(json_object_get(json_object_get(answer, "result"), "app_test")));
	char *all = json_dumps(answer, 0);
	EXPECT_INT(times_in(all, "camera app") + times_in(all, "camera.example"), 0);
	free(all);
	move_out();
}

/* What the device calls its software, as its announcement says it. */
static void
announce(const char *server)
{
	static struct message_observation rows;

	rows.n_rows = 1;
	rows.row[0] = row(OBSERVED_SSDP_SERVER, "port1");
	rows.row[0].source = ip("192.168.77.11");
	snprintf(rows.row[0].claimed_text, sizeof rows.row[0].claimed_text, "%s", server);
	EXPECT(!channel_send(
		home.capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	stage_pump(100);
}

TEST(software_that_was_not_tested_is_told_at_the_shelf_when_a_unit_shows_it)
{
	NEEDS_ENGINE;
	join("port1");
	announce("Linux/5.4 UPnP/1.0 Cam/1.2");
	uint32_t number = put_on_shelf();
	EXPECT_STR(word_of(shelf(), "claimed_firmware"), "Linux/5.4 UPnP/1.0 Cam/1.2");
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{}}")));
	EXPECT(told(2));
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_end(number, ERR_OK, "");
	EXPECT(shelf_becomes("fine"));
	stage_pump(1200); /* what was said last counts, and that is told by the second */
	announce("Linux/5.4 UPnP/1.0 Cam/1.3");
	EXPECT(is_ok(ask("{\"verb\":\"audit.shelf.check\",\"args\":{}}")));
	EXPECT(told(3));
	say_finding(number, "telnet-login", "5.1-1", VERDICT_NFF, INC_NONE, 23, false);
	say_end(number, ERR_OK, "");
	EXPECT(shelf_becomes("changed"));
	EXPECT(strstr(word_of(shelf(), "what"), "Cam/1.3") != NULL);
	EXPECT(strstr(word_of(shelf(), "what"), "not tested") != NULL);
	move_out();
}

/* --- labels ------------------------------------------------------------------------------------- */

static void
on_stored_label(const struct stored_label *row, void *arg)
{
	struct store *store = arg;
	struct stored_label spoiled = *row;

	if (row->number)
		return;
	spoiled.body = "{}";
	store_begin(store);
	store_label_put(store, &spoiled);
}

/* The engine begins again, and what was written of label 0 is no label. */
static void
spoil_label(void)
{
	enum store_found found;
	struct store *store;
	struct fault why;
	bool lost;

	halt();
	EXPECT(!store_open(home.folder, NULL, &store, &found, &lost, &why));
	EXPECT(!store_labels(store, on_stored_label, store));
	EXPECT(!store_commit(store, &why));
	store_close(store);
	start();
}

static void
issue(const char *field, const char *value)
{
	char question[200];

	snprintf(question, sizeof question,
		"{\"verb\":\"label.set\",\"args\":{\"device\":\"1\",\"field\":\"%s\",\"value\":"
		"\"%s\"}}",
		field, value);
	EXPECT(is_ok(ask(question)));
	EXPECT(is_ok(ask("{\"verb\":\"label.issue\",\"args\":{\"device\":\"1\",\"of\":"
			 "\"model\"}}")));
}

static size_t
n_labels(void)
{
	json_t *answer = ask("{\"verb\":\"label.list\",\"args\":{}}");
	return json_array_size(json_object_get(answer, "result"));
}

/* The status of the only label is this within two looks. */
static bool
status_becomes(const char *word)
{
	for (int i = 0; i < 50; i++) {
		json_t *answer = ask("{\"verb\":\"label.list\",\"args\":{}}");
		const json_t *label = json_array_get(json_object_get(answer, "result"), 0);
		if (!strcmp(word_of(json_object_get(label, "status"), "word"), word))
			return true;
		stage_pump(50);
	}
	return false;
}

static void
set_fact(const char *field, const char *value)
{
	char question[200];

	snprintf(question, sizeof question,
		"{\"verb\":\"label.set\",\"args\":{\"device\":\"1\",\"field\":\"%s\",\"value\":"
		"\"%s\"}}",
		field, value);
	EXPECT(is_ok(ask(question)));
}

TEST(a_device_that_claims_other_firmware_in_turn_is_believed_later_but_a_test_and_a_person_at_once)
{
	NEEDS_ENGINE;
	join("port1");
	EXPECT(is_ok(ask("{\"verb\":\"label.issuer\",\"args\":{\"url\":"
			 "\"https://labels.example\",\"name\":\"us\"}}")));
	set_fact("maker", "Acme");
	set_fact("model", "Cam");
	set_fact("firmware", "1.2");
	EXPECT(is_ok(ask("{\"verb\":\"label.issue\",\"args\":{\"device\":\"1\"}}")));
	EXPECT(status_becomes("VALID"));
	/* A person says it again and again: each time it counts. */
	for (int i = 0; i < 3; i++) {
		set_fact("firmware", "1.3");
		EXPECT(status_becomes("UNTESTED_FIRMWARE"));
		set_fact("firmware", "1.2");
		EXPECT(status_becomes("VALID"));
	}
	announce("Linux/5.4 UPnP/1.0 Cam/1.3");
	EXPECT(status_becomes("UNTESTED_FIRMWARE"));
	stage_pump(1200); /* what was said last counts, and that is told by the second */
	announce("Linux/5.4 UPnP/1.0 Cam/1.2");
	EXPECT(!status_becomes("VALID"));
	uint32_t number = run("");
	EXPECT(told(1));
	play_telnet(number, VERDICT_NFF, INC_NONE, false);
	EXPECT(status_becomes("VALID"));
	move_out();
}

TEST(the_place_of_a_label_that_cannot_be_read_any_more_is_given_to_no_other)
{
	NEEDS_ENGINE;
	join("port1");
	EXPECT(is_ok(ask("{\"verb\":\"label.issuer\",\"args\":{\"url\":"
			 "\"https://labels.example\",\"name\":\"us\"}}")));
	EXPECT(is_ok(ask("{\"verb\":\"label.set\",\"args\":{\"device\":\"1\",\"field\":\"maker\","
			 "\"value\":\"Acme\"}}")));
	issue("model", "A");
	issue("model", "B");
	EXPECT_INT(n_labels(), 2);
	spoil_label();
	EXPECT_INT(n_labels(), 1);
	issue("model", "C");
	EXPECT_INT(n_labels(), 2);
	halt();
	start();
	EXPECT_INT(n_labels(), 2);
	move_out();
}

TEST(years_that_would_only_fit_when_they_are_cut_are_refused)
{
	NEEDS_ENGINE;
	join("port1");
	EXPECT(*refusal("{\"verb\":\"label.set\",\"args\":{\"device\":\"1\",\"field\":\"life\","
			"\"value\":\"4294967306\"}}"));
	EXPECT(is_ok(ask("{\"verb\":\"label.set\",\"args\":{\"device\":\"1\",\"field\":\"life\","
			 "\"value\":\"10\"}}")));
	move_out();
}
