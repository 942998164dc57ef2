/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passkeys of accounts: the engine as it is, confined; the test plays the web process, and
 * browsers with authenticators in software.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/clock.h"
#include "engine_home.h"
#include "process/engine_passkey.h"
#include "test.h"
#include "unit/passkey/authenticator.h"

#define GOOD   "eine Katze sitzt auf dem Dach"
#define NAME   "gateway.example"
#define ORIGIN "https://gateway.example:8443"

static struct shown anna, nobody;
static struct authenticator phone;
static uint8_t user[PASSKEY_USER_LEN]; /* what the phone calls anna */

/* --- asking ---------------------------------------------------------------------------------------- */

static const json_t *
result_of(const json_t *answer)
{
	return json_object_get(answer, "result");
}

static const char *
word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static const char *
code_of(const json_t *answer)
{
	return word(json_object_get(answer, "error"), "code");
}

/* Takes args. */
static json_t *
does(const struct shown *who, const char *verb, json_t *args)
{
	json_t *question = json_pack("{s:s, s:o}", "verb", verb, "args", args);
	auto_free char *text = json_dumps(question, JSON_COMPACT);

	json_decref(question);
	return who ? ask_by(home.web, who, text) : ask(text);
}

static void
keep(struct shown *who, const json_t *answer)
{
	*who = (struct shown){0};
	snprintf(who->credential, sizeof who->credential, "%s",
		word(result_of(answer), "credential"));
	snprintf(who->proof, sizeof who->proof, "%s", word(result_of(answer), "proof"));
}

static bool
logs_in(struct shown *who, const char *name)
{
	json_t *answer = does(
		&nobody, "session.login", json_pack("{s:s, s:s}", "name", name, "password", GOOD));

	if (is_ok(answer))
		keep(who, answer);
	return is_ok(answer);
}

static void
web_serves(bool is_named)
{
	const struct message_web_tls m = {.state = WEB_TLS_SERVED, .is_named = is_named};

	EXPECT(!channel_send(home.web, MESSAGE_WEB_TLS, 0, &m, sizeof m, -1));
}

static void
again(void)
{
	halt();
	start();
	web_serves(true);
}

/* Anna is logged in by her password, in a home whose pages are by TLS. */
static void
begin(void)
{
	snprintf(home.settings.web_name, sizeof home.settings.web_name, NAME);
	home.settings.web_tls_port = 8443;
	again();
	EXPECT(is_ok(does(NULL, "account.add",
		json_pack("{s:s, s:s, s:s}", "name", "anna", "role", "owner", "password", GOOD))));
	EXPECT(logs_in(&anna, "anna"));
	authenticator_free(&phone);
	authenticator_new(&phone, NAME, ORIGIN);
}

#define NEEDS_HOME                                                                                 \
	NEEDS_ENGINE;                                                                              \
	begin()

/* --- browsers ---------------------------------------------------------------------------------------- */

static void
bytes_of(const char *text, uint8_t *out, size_t size)
{
	size_t len;

	EXPECT(base64_parse(BASE64_URL, text, strlen(text), out, size, &len));
	EXPECT_INT(len, size);
}

static void
set_bytes(json_t *args, const char *key, const void *bytes, size_t len)
{
	auto_free char *text = base64_text(BASE64_URL, bytes, len);
	json_object_set_new(args, key, json_string(text));
}

/* What a browser sends once the authenticator has made one; NULL: the question was refused. */
static json_t *
made_by(const struct shown *who, const struct authenticator *with, const char *name)
{
	uint8_t challenge[PASSKEY_CHALLENGE_LEN];
	struct said said;
	const json_t *asked =
		result_of(does(who, "passkey.challenge", json_pack("{s:s}", "password", GOOD)));

	if (!asked)
		return NULL;
	bytes_of(word(asked, "challenge"), challenge, sizeof challenge);
	bytes_of(word(json_object_get(asked, "user"), "id"), user, sizeof user);
	authenticator_make(with, challenge, &said);
	json_t *args = json_pack("{s:s}", "name", name);
	set_bytes(args, "client", said.client, said.client_len);
	set_bytes(args, "attestation", said.attestation, said.attestation_len);
	return args;
}

static bool
adds(const struct shown *who, const struct authenticator *with, const char *name)
{
	json_t *args = made_by(who, with, name);
	return args && is_ok(does(who, "passkey.add", args));
}

/* What a browser sends to log in. */
static json_t *
used_by(const struct authenticator *with)
{
	uint8_t challenge[PASSKEY_CHALLENGE_LEN];
	struct said said;
	const json_t *asked = result_of(does(&nobody, "session.challenge", json_object()));

	EXPECT_STR(word(asked, "rpId"), NAME);
	EXPECT_STR(word(asked, "userVerification"), "required");
	bytes_of(word(asked, "challenge"), challenge, sizeof challenge);
	authenticator_use(with, challenge, &said);
	json_t *args = json_object();
	set_bytes(args, "credential", with->id, sizeof with->id);
	set_bytes(args, "client", said.client, said.client_len);
	set_bytes(args, "authenticator", said.data, said.data_len);
	set_bytes(args, "signature", said.signature, said.signature_len);
	set_bytes(args, "user", user, sizeof user);
	return args;
}

static json_t *
shows(const struct authenticator *with)
{
	return does(&nobody, "session.passkey", used_by(with));
}

static json_int_t
first_id(void)
{
	const json_t *rows = result_of(does(&anna, "passkey.list", json_object()));
	return json_integer_value(json_object_get(json_array_get(rows, 0), "id"));
}

static size_t
count(const struct shown *who)
{
	return json_array_size(result_of(does(who, "passkey.list", json_object())));
}

/* --- sentences --------------------------------------------------------------------------------------- */

TEST(a_passkey_logs_in_as_the_password_does)
{
	struct shown by_phone;

	NEEDS_HOME;
	EXPECT_STR(
		word(result_of(does(&anna, "session.state", json_object())), "passkeys"), ORIGIN);
	EXPECT(adds(&anna, &phone, "phone"));
	EXPECT(is_ok(shows(&phone)));
	keep(&by_phone, home.answer);
	const json_t *known = result_of(does(&by_phone, "session.state", json_object()));
	EXPECT_STR(word(json_object_get(known, "account"), "name"), "anna");
	EXPECT_STR(word(known, "scope"), "admin");
	const json_t *rows = result_of(does(&by_phone, "passkey.list", json_object()));
	EXPECT_INT(json_array_size(rows), 1);
	EXPECT_STR(word(json_array_get(rows, 0), "name"), "phone");
	EXPECT(json_integer_value(json_object_get(json_array_get(rows, 0), "used")) > 0);
	/* And the password as ever; the journal tells which. */
	EXPECT(logs_in(&anna, "anna"));
	json_t *journal = does(NULL, "policy.journal", json_object());
	auto_free char *text = json_dumps(journal, 0);
	EXPECT(strstr(text, "anna added the passkey phone") != NULL);
	EXPECT(strstr(text, "by the passkey phone") != NULL);
	move_out();
}

TEST(a_passkey_and_how_often_it_signed_outlive_the_engine)
{
	NEEDS_HOME;
	phone.count = 4;
	EXPECT(adds(&anna, &phone, "phone"));
	phone.count = 5;
	EXPECT(is_ok(shows(&phone)));
	again();
	EXPECT_STR(code_of(shows(&phone)), "ERR_NOT_OURS");
	phone.count = 6;
	EXPECT(is_ok(shows(&phone)));
	move_out();
}

TEST(one_that_counts_back_is_refused_and_an_alarm)
{
	NEEDS_HOME;
	phone.count = 9;
	EXPECT(adds(&anna, &phone, "phone"));
	phone.count = 3;
	EXPECT_STR(code_of(shows(&phone)), "ERR_NOT_OURS");
	json_t *events = does(NULL, "events.list", json_object());
	auto_free char *text = json_dumps(events, 0);
	EXPECT(strstr(text, "passkey-copied") != NULL);
	move_out();
}

TEST(an_answer_counts_once)
{
	NEEDS_HOME;
	json_t *args = made_by(&anna, &phone, "phone");
	json_incref(args);
	EXPECT(is_ok(does(&anna, "passkey.add", args)));
	EXPECT_STR(code_of(does(&anna, "passkey.add", args)), "ERR_STALE");
	args = used_by(&phone);
	json_incref(args);
	EXPECT(is_ok(does(&nobody, "session.passkey", args)));
	EXPECT_STR(code_of(does(&nobody, "session.passkey", args)), "ERR_STALE");
	EXPECT_INT(count(&anna), 1);
	move_out();
}

TEST(a_question_is_for_who_asked_it_and_for_what)
{
	struct shown other;

	NEEDS_HOME;
	/* Of one session, answered by another of the same account. */
	EXPECT(logs_in(&other, "anna"));
	EXPECT_STR(
		code_of(does(&other, "passkey.add", made_by(&anna, &phone, "phone"))), "ERR_STALE");
	/* The question for adding one does not log in. */
	EXPECT(adds(&anna, &phone, "phone"));
	json_t *made = made_by(&anna, &phone, "again"), *args = used_by(&phone);
	json_object_set(args, "client", json_object_get(made, "client"));
	json_decref(made);
	EXPECT_STR(code_of(does(&nobody, "session.passkey", args)), "ERR_STALE");
	move_out();
}

TEST(adding_and_removing_asks_for_the_password)
{
	NEEDS_HOME;
	EXPECT_STR(code_of(does(&anna, "passkey.challenge",
			   json_pack("{s:s}", "password", "eine andere Katze sitzt dort"))),
		"ERR_DENIED");
	EXPECT_STR(code_of(does(&anna, "passkey.challenge", json_object())), "ERR_INVALID");
	EXPECT_STR(
		code_of(does(&nobody, "passkey.challenge", json_pack("{s:s}", "password", GOOD))),
		"ERR_NOT_OURS");
	EXPECT(adds(&anna, &phone, "phone"));
	json_int_t id = first_id();
	EXPECT_STR(
		code_of(does(&anna, "passkey.remove",
			json_pack("{s:I, s:s}", "passkey", id, "password", "eine andere Katze"))),
		"ERR_DENIED");
	EXPECT_STR(code_of(does(&anna, "passkey.remove", json_pack("{s:I}", "passkey", id))),
		"ERR_INVALID");
	EXPECT(is_ok(does(&anna, "passkey.remove",
		json_pack("{s:I, s:s}", "passkey", id, "password", GOOD))));
	EXPECT_INT(count(&anna), 0);
	EXPECT_STR(code_of(shows(&phone)), "ERR_NOT_OURS");
	/* Nobody was logged out by it. */
	EXPECT(is_ok(does(&anna, "status", json_object())));
	again();
	EXPECT_INT(count(&anna), 0);
	move_out();
}

TEST(a_token_adds_no_passkey)
{
	struct shown program = {0};

	NEEDS_HOME;
	json_t *answer = does(
		&anna, "token.add", json_pack("{s:s, s:s}", "name", "program", "scope", "admin"));
	snprintf(program.credential, sizeof program.credential, "%s",
		word(result_of(answer), "token"));
	EXPECT_STR(
		code_of(does(&program, "passkey.challenge", json_pack("{s:s}", "password", GOOD))),
		"ERR_DENIED");
	EXPECT_STR(code_of(does(&program, "passkey.add",
			   json_pack("{s:s, s:s, s:s}", "name", "x", "client", "AAAA",
				   "attestation", "AAAA"))),
		"ERR_DENIED");
	move_out();
}

TEST(everybody_has_passkeys_of_their_own_and_an_owner_sees_all)
{
	struct shown eve;
	struct authenticator key;

	NEEDS_HOME;
	EXPECT(is_ok(does(NULL, "account.add",
		json_pack("{s:s, s:s, s:s}", "name", "eve", "role", "viewer", "password", GOOD))));
	EXPECT(logs_in(&eve, "eve"));
	authenticator_new(&key, NAME, ORIGIN);
	EXPECT(adds(&anna, &phone, "phone"));
	json_int_t id = first_id();
	/* What is there already is nobody else's. */
	EXPECT(!adds(&eve, &phone, "hers"));
	EXPECT(adds(&eve, &key, "key"));
	EXPECT_INT(count(&eve), 1);
	EXPECT_INT(count(&anna), 2);
	EXPECT_STR(code_of(does(&eve, "passkey.remove",
			   json_pack("{s:I, s:s}", "passkey", id, "password", GOOD))),
		"ERR_NOT_FOUND");
	EXPECT(is_ok(shows(&key)));
	keep(&eve, home.answer);
	EXPECT_STR(word(result_of(does(&eve, "session.state", json_object())), "scope"), "read");
	/* The user handle is of anna: not this one's. */
	EXPECT(adds(&anna,
		&(struct authenticator){.key = key.key,
			.id = {1},
			.name = NAME,
			.origin = ORIGIN,
			.format = "none",
			.flags = 5},
		"second"));
	EXPECT_STR(code_of(shows(&key)), "ERR_NOT_OURS");
	authenticator_free(&key);
	move_out();
}

TEST(the_console_takes_any_away_and_so_does_the_end_of_an_account)
{
	NEEDS_HOME;
	EXPECT(adds(&anna, &phone, "phone"));
	EXPECT(is_ok(does(NULL, "passkey.remove", json_pack("{s:I}", "passkey", first_id()))));
	EXPECT_INT(count(&anna), 0);
	EXPECT(adds(&anna, &phone, "phone"));
	EXPECT(is_ok(does(NULL, "account.add",
		json_pack("{s:s, s:s, s:s}", "name", "otto", "role", "owner", "password", GOOD))));
	EXPECT(is_ok(does(NULL, "account.remove", json_pack("{s:s}", "name", "anna"))));
	EXPECT_INT(count(NULL), 0);
	EXPECT_STR(code_of(shows(&phone)), "ERR_NOT_OURS");
	again();
	EXPECT_INT(count(NULL), 0);
	move_out();
}

TEST(guessing_with_passkeys_is_slow_too)
{
	int refused = 0;

	NEEDS_HOME;
	nobody.from = "198.18.0.66";
	for (int i = 0; i < 12; i++) {
		json_t *answer = shows(&phone); /* nobody's */
		EXPECT(!is_ok(answer));
		refused += !strcmp(code_of(answer), "ERR_BUSY");
	}
	EXPECT(refused > 0);
	nobody.from = NULL;
	move_out();
}

TEST(whoever_answers_nothing_that_was_asked_keeps_nobody_out)
{
	struct shown other;

	NEEDS_HOME;
	nobody.from = "198.18.0.66";
	json_t *args = used_by(&phone);
	json_object_set_new(args, "client", json_string("AAAA"));
	for (int i = 0; i < 30; i++) {
		json_incref(args);
		EXPECT(!is_ok(does(&nobody, "session.passkey", args)));
	}
	json_decref(args);
	nobody.from = "198.18.0.77";
	EXPECT(logs_in(&other, "anna"));
	nobody.from = NULL;
	move_out();
}

TEST(there_are_bounds)
{
	struct authenticator key;

	NEEDS_HOME;
	authenticator_new(&key, NAME, ORIGIN);
	for (int i = 0; i < PASSKEYS_AN_ACCOUNT; i++) {
		key.id[0] = (uint8_t)i;
		EXPECT(adds(&anna, &key, "key"));
	}
	key.id[0] = 99;
	EXPECT(!adds(&anna, &key, "key"));
	EXPECT_STR(code_of(home.answer), "ERR_FULL");
	EXPECT_INT(count(&anna), PASSKEYS_AN_ACCOUNT);
	/* Of one source's questions the oldest goes, and nobody else's. */
	key.id[0] = 0;
	json_t *mine = used_by(&key);
	nobody.from = "198.18.0.66";
	json_t *first = used_by(&key);
	for (int i = 0; i < QUESTIONS_A_SOURCE; i++)
		EXPECT(is_ok(does(&nobody, "session.challenge", json_object())));
	EXPECT_STR(code_of(does(&nobody, "session.passkey", first)), "ERR_STALE");
	nobody.from = NULL;
	EXPECT(is_ok(does(&nobody, "session.passkey", mine)));
	authenticator_free(&key);
	move_out();
}

TEST(without_a_name_and_a_certificate_for_it_there_are_none)
{
	NEEDS_HOME;
	EXPECT(adds(&anna, &phone, "phone"));
	json_t *args = used_by(&phone);
	web_serves(false);
	EXPECT_STR(word(result_of(does(&anna, "session.state", json_object())), "passkeys"), "");
	EXPECT_STR(code_of(does(&nobody, "session.passkey", args)), "ERR_UNSUPPORTED");
	EXPECT_STR(code_of(does(&nobody, "session.challenge", json_object())), "ERR_UNSUPPORTED");
	EXPECT_STR(code_of(does(&anna, "passkey.challenge", json_pack("{s:s}", "password", GOOD))),
		"ERR_UNSUPPORTED");
	/* They are still seen, and taken away. */
	EXPECT(is_ok(does(&anna, "passkey.remove",
		json_pack("{s:I, s:s}", "passkey", first_id(), "password", GOOD))));
	move_out();
	authenticator_free(&phone);
}
