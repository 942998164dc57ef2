/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people may ask for: tables of verbs (engine_command_*.c, engine_account.c), one short
 * function each.  A verb that changes something is committed, with its journal row, and in force,
 * before it is answered (engine_wait.c), and the answer names the command that takes it back.
 *
 * Here it is decided who asks, and whether that one may.
 */
#include "process/engine_command.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "process/engine_account.h"
#include "process/engine_derive.h"

/* --- arguments ------------------------------------------------------------------------------------- */

/* Words, names and rules are ASCII; line ends are for reports. */
static bool
is_plain(const char *text)
{
	while ((*text >= ' ' && *text <= '~') || *text == '\n' || *text == '\t')
		text++;
	return !*text;
}

const char *
call_text(struct call *call, const char *name, size_t max)
{
	const json_t *value = json_object_get(call->args, name);

	if (!json_is_string(value) || !json_string_length(value)) {
		fault_set(&call->why, ERR_INVALID, "\"%s\" is missing", name);
		return NULL;
	}
	if (json_string_length(value) > max) {
		fault_set(&call->why, ERR_INVALID, "\"%s\" is longer than %zu", name, max);
		return NULL;
	}
	if (!is_plain(json_string_value(value))) {
		fault_set(
			&call->why, ERR_INVALID, "\"%s\" has characters that are not ASCII", name);
		return NULL;
	}
	return json_string_value(value);
}

const char *
call_text_or(const struct call *call, const char *name, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(call->args, name));
	return text && *text ? text : otherwise;
}

bool
call_number(struct call *call, const char *name, int64_t lo, int64_t hi, int64_t *out)
{
	const json_t *value = json_object_get(call->args, name);

	if (!json_is_integer(value) || json_integer_value(value) < lo ||
		json_integer_value(value) > hi) {
		fault_set(&call->why, ERR_INVALID, "\"%s\" must be a number from %lld to %lld",
			name, (long long)lo, (long long)hi);
		return false;
	}
	*out = json_integer_value(value);
	return true;
}

int64_t
call_number_or(const struct call *call, const char *name, int64_t otherwise, int64_t hi)
{
	const json_t *value = json_object_get(call->args, name);
	int64_t number = json_is_integer(value) ? json_integer_value(value) : otherwise;
	return number < 0 ? otherwise : number > hi ? hi : number;
}

bool
call_flag(const struct call *call, const char *name)
{
	return json_is_true(json_object_get(call->args, name));
}

void
call_next(struct call *call, const json_t *rows, const char *key, size_t limit)
{
	size_t n = json_array_size(rows);

	if (n && n == limit)
		call->next = json_integer_value(json_object_get(json_array_get(rows, n - 1), key));
}

/* --- changing --------------------------------------------------------------------------------------- */

json_t *
call_commit(struct call *call, struct change *change)
{
	if (change_commit(change, &call->journal, &call->why))
		return NULL;
	return call->ward && call->ward->device ? show_device(call->ward, false) : json_true();
}

void
call_begin(struct call *call, struct change *change)
{
	change_init(change, call->who, call->verb);
}

bool
call_journal(struct call *call, const char *who, const char *text)
{
	struct stored_journal row = {
		.time_s = clock_wall_s(), .who = who, .verb = call->verb, .text = text};

	store_journal_add(engine.store, &row);
	if (store_commit(engine.store, &call->why)) {
		keep_trouble(&call->why);
		return false;
	}
	keep_trouble_over();
	engine.is_snapshot_due = true;
	engine.changed_ns = clock_monotonic_ns();
	event(EVENT_INFO, NULL, call->verb, NULL, "%s", text);
	return true;
}

/* --- answers ------------------------------------------------------------------------------------------ */

void
command_answer(struct channel *channel, uint32_t seq, json_t *json)
{
	static struct message_answer piece;
	auto_free char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t len = strlen(text), at = 0;

	json_decref(json);
	do {
		size_t n = len - at < sizeof piece.text ? len - at : sizeof piece.text;
		piece.len = (uint32_t)n;
		piece.is_last = at + n == len;
		memcpy(piece.text, text + at, n);
		at += n;
		if (channel_send(
			    channel, MESSAGE_ANSWER, seq, &piece, message_answer_len(&piece), -1)) {
			log_info("command", "the asker does not read its answer");
			return;
		}
	} while (at < len);
}

static json_t *
refusal(const struct call *call)
{
	const struct fault *why = &call->why;
	static const char *const codes[ERR_COUNT] = {
#define X(code, text) [code] = #code,
		ERR_LIST(X)
#undef X
	};
	json_t *out = json_pack("{s:b, s:{s:s, s:s}}", "ok", 0, "error", "code", codes[why->code],
		"text", why->text[0] ? why->text : err_text(why->code));

	if (call->retry_s)
		json_object_set_new(
			json_object_get(out, "error"), "retry_after", json_integer(call->retry_s));
	return out;
}

/*
 * --- the same question again ---------------------------------------------------------------------------
 *
 * Who did not hear the answer may ask again with the same key, and nothing is done twice.
 * Kept are the newest REPEATS_MAX; after a restart of the engine a key is new.
 */
enum { REPEATS_MAX = 128, REPEAT_KEY_MAX = 64 };

static struct repeat {
	char who[ACCOUNT_WHO_MAX], key[REPEAT_KEY_MAX + 1];
	json_t *asked, *answer; /* the answer grows until it is sent (engine_wait.c) */
} repeats[REPEATS_MAX];
static unsigned next_repeat;

static struct repeat *
repeat_find(const char *who, const char *key)
{
	for (int i = 0; i < REPEATS_MAX; i++)
		if (repeats[i].answer && !strcmp(repeats[i].key, key) &&
			!strcmp(repeats[i].who, who))
			return &repeats[i];
	return NULL;
}

static void
repeat_keep(const char *who, const char *key, json_t *asked, json_t *answer)
{
	struct repeat *repeat = &repeats[next_repeat++ % REPEATS_MAX];

	json_decref(repeat->asked);
	json_decref(repeat->answer);
	snprintf(repeat->who, sizeof repeat->who, "%s", who);
	snprintf(repeat->key, sizeof repeat->key, "%s", key);
	repeat->asked = json_incref(asked);
	repeat->answer = json_incref(answer);
}

/* The answer that was given before, or a refusal; gives a reference.  NULL: it is a new question. */
static json_t *
repeated(struct call *call, const char *key, const json_t *asked)
{
	const struct repeat *repeat = key && *key ? repeat_find(call->who, key) : NULL;

	if (!repeat)
		return NULL;
	if (!json_equal(repeat->asked, asked)) {
		fault_set(&call->why, ERR_STALE, "this key belongs to another question");
		return refusal(call);
	}
	/* Somebody else still holds it: the kernel has not acknowledged. */
	if (repeat->answer->refcount > 1) {
		fault_set(&call->why, ERR_BUSY, "this is being done");
		call->retry_s = 1;
		return refusal(call);
	}
	return json_deep_copy(repeat->answer);
}

/* --- who asks, and what for --------------------------------------------------------------------------- */

static const struct verb *
verb_find(const char *name)
{
	static const struct verb *const tables[] = {home_verbs, device_verbs, policy_verbs,
		audit_verbs, label_verbs, maker_verbs, account_verbs, passkey_verbs, leave_verbs,
		tell_verbs, begin_verbs, incident_verbs, backup_verbs};

	for (size_t i = 0; i < COUNT_OF(tables); i++)
		for (const struct verb *verb = tables[i]; verb->name; verb++)
			if (!strcmp(verb->name, name))
				return verb;
	return NULL;
}

/* The reason why not, in call->why; true: it may. */
static bool
may(struct call *call, const struct verb *verb, const struct message_command *command)
{
	bool is_console = channel_peer(call->channel) == PROCESS_CTL;

	if (verb->flags & CONSOLE && !is_console) {
		fault_set(&call->why, ERR_DENIED, "that is only told at the console");
		return false;
	}
	if (call->role < verb->role && !is_console && !call->account && !call->pass) {
		fault_set(&call->why, ERR_NOT_OURS, "log in first");
		return false;
	}
	if (call->role < verb->role) {
		fault_set(&call->why, ERR_DENIED,
			verb->role == ROLE_OWNER ? "only an owner may do that"
						 : "who only looks on may not do that");
		return false;
	}
	if (verb->flags & CHANGES && verb->role && !is_console &&
		!account_is_own_page(call->pass, command->credential, command->proof)) {
		fault_set(&call->why, ERR_DENIED,
			"the page that asked is too old, or not ours; load it again");
		return false;
	}
	if (verb->flags & SENDS && engine.settings->mode == SETTINGS_SENSOR) {
		fault_set(&call->why, ERR_UNSUPPORTED,
			"this sensor sends nothing, so it cannot do that; it only watches");
		return false;
	}
	return true;
}

static json_t *
run(struct call *call, const struct verb *verb)
{
	if (verb->flags & NEEDS_DEVICE) {
		const char *device = call_text(call, "device", 255);
		call->ward = device ? ward_find_by_text(device, &call->why) : NULL;
		if (!call->ward)
			return NULL;
	}
	return verb->run(call);
}

static json_t *
answer_of(struct call *call, json_t *result)
{
	char undo[64];

	if (call->is_put_off)
		return NULL;
	if (!result)
		return refusal(call);
	json_t *out = json_pack("{s:b, s:o}", "ok", 1, "result", result);
	if (call->journal) {
		snprintf(undo, sizeof undo, "pinfold policy undo %lld", (long long)call->journal);
		json_object_set_new(out, "journal", json_integer(call->journal));
		json_object_set_new(out, "undo", json_string(undo));
	}
	if (call->next)
		json_object_set_new(out, "next", json_integer(call->next));
	return out;
}

static json_t *
answer_to(struct call *call, json_t *asked, const struct message_command *command)
{
	const char *name = json_string_value(json_object_get(asked, "verb"));
	const char *key = json_string_value(json_object_get(asked, "key"));
	char shown[64];

	call->args = json_object_get(asked, "args");
	if (!name || (call->args && !json_is_object(call->args))) {
		fault_set(&call->why, ERR_INVALID,
			"a command is an object with \"verb\" and, as an object, \"args\"");
		return refusal(call);
	}
	if (key && (strlen(key) > REPEAT_KEY_MAX || !is_printable(key))) {
		fault_set(&call->why, ERR_INVALID, "a key has at most %d printable characters",
			REPEAT_KEY_MAX);
		return refusal(call);
	}
	const struct verb *verb = verb_find(name);
	if (!verb) {
		printable(shown, sizeof shown, name, strlen(name));
		fault_set(&call->why, ERR_INVALID, "there is no verb \"%s\"", shown);
		return refusal(call);
	}
	call->verb = verb->name;
	if (!may(call, verb, command))
		return refusal(call);
	json_t *before = repeated(call, key, asked);
	if (before)
		return before;
	if (verb->flags & DERIVES && !call->turn) {
		call->is_put_off = derive_queue(call->channel, call->seq, command);
		fault_set(&call->why, ERR_BUSY, "too many log in at once");
		call->retry_s = 1;
		return call->is_put_off ? NULL : refusal(call);
	}
	json_t *out = answer_of(call, run(call, verb));
	if (key && *key && verb->flags & CHANGES && !(verb->flags & IS_SECRET) &&
		json_is_true(json_object_get(out, "ok")))
		repeat_keep(call->who, key, asked, out);
	return out;
}

bool
command_do(const char *who, enum command_role role, const char *verb_name, json_t *args,
	struct fault *why)
{
	const struct verb *verb = verb_find(verb_name);
	struct call call = {.who = who, .verb = verb_name, .role = role, .args = args, .fd = -1};
	json_t *result = NULL;

	assert(verb);
	if (role < verb->role)
		fault_set(&call.why, ERR_DENIED, "this receiver may not ask for that");
	else
		result = run(&call, verb);
	bool is_done = result;
	*why = call.why;
	json_decref(result);
	json_decref(args);
	return is_done;
}

/* True when it is not answered yet. */
static bool
answer(struct channel *channel, uint32_t seq, const struct message_command *command, int fd,
	struct turn *turn)
{
	char who[ACCOUNT_WHO_MAX];
	struct call call = {.channel = channel,
		.seq = seq,
		.fd = fd,
		.who = who,
		.turn = turn,
		.why = {.code = ERR_INVALID}};
	json_t *asked = json_loadb(command->text, command->len, JSON_REJECT_DUPLICATES, NULL);

	/* The web process parses what strangers send; it may be lost, and is nobody by itself. */
	if (channel_peer(channel) == PROCESS_CTL) {
		call.role = (enum command_role)command->role;
		snprintf(who, sizeof who, "console");
	} else {
		call.from = command->from;
		call.pass = account_pass(command->credential);
		call.account = account_of(call.pass);
		call.role = account_role(call.pass);
		account_who(call.pass, who);
		account_proof(call.pass, command->credential, call.proof);
	}
	wait_begin();
	json_t *out = answer_to(&call, asked, command);
	if (out)
		wait_answer(channel, seq, out);
	json_decref(asked);
	return !out;
}

void
command_run(struct channel *channel, uint32_t seq, const struct message_command *command, int fd)
{
	answer(channel, seq, command, fd, NULL);
}

bool
command_turn(struct channel *channel, uint32_t seq, const struct message_command *command,
	struct turn *turn)
{
	return answer(channel, seq, command, -1, turn);
}
