/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_passkey.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/printable.h"
#include "process/engine_account_inside.h"
#include "process/engine_derive.h"

enum { NAME_MAX_BYTES = 40, TEXT_MAX = (4 * PASSKEY_ATTESTATION_MAX + 2) / 3 };

/* What somebody was asked, and has not answered yet. */
struct question {
	uint8_t challenge[PASSKEY_CHALLENGE_LEN];
	int64_t pass; /* of the session that may add one; 0: to log in */
	uint8_t user[PASSKEY_USER_LEN];
	char source[64];
	uint64_t until_ns; /* in the past: the row is free */
};

static struct stored_passkey *passkeys[PASSKEYS_MAX]; /* NULL: the row is free */
static int64_t last_passkey;
static struct question questions[QUESTIONS_MAX];

/* --- where, and whose --------------------------------------------------------------------------------- */

bool
passkey_place_here(struct passkey_place *place)
{
	static char origin[PASSKEY_ORIGIN_MAX];
	const struct settings *settings = engine.settings;
	char port[16] = "";

	if (!settings->web_name[0] || engine.web_tls.state != WEB_TLS_SERVED ||
		!engine.web_tls.is_named)
		return false;
	if (settings->web_tls_port != 443)
		snprintf(port, sizeof port, ":%u", settings->web_tls_port);
	snprintf(origin, sizeof origin, "https://%s%s", settings->web_name, port);
	*place = (struct passkey_place){.name = settings->web_name, .origin = origin};
	return true;
}

static bool
place_of_call(struct call *call, struct passkey_place *place)
{
	if (passkey_place_here(place))
		return true;
	fault_set(&call->why, ERR_UNSUPPORTED,
		"passkeys need the pages by TLS: web-name, and a certificate for it "
		"(docs/HTTP.md)");
	return false;
}

static struct stored_passkey **
room_of(int64_t id)
{
	for (int i = 0; i < PASSKEYS_MAX; i++)
		if (id ? passkeys[i] && passkeys[i]->id == id : !passkeys[i])
			return &passkeys[i];
	return NULL;
}

static struct stored_passkey *
passkey_by_credential(struct bytes credential)
{
	for (int i = 0; i < PASSKEYS_MAX; i++)
		if (passkeys[i] && passkeys[i]->passkey.id_len == credential.len &&
			!memcmp(passkeys[i]->passkey.id, credential.at, credential.len))
			return passkeys[i];
	return NULL;
}

static void
on_passkey(const struct stored_passkey *row, void *arg)
{
	struct stored_passkey **room = room_of(0);

	last_passkey = row->id > last_passkey ? row->id : last_passkey;
	if (!room || !account_by_id(row->account))
		return;
	*room = must_alloc(1, sizeof **room);
	**room = *row;
}

void
passkey_load(void)
{
	if (store_passkeys(engine.store, on_passkey, NULL))
		log_warnx("passkey", "the passkeys cannot be read; passwords log in");
}

static void
forget(struct stored_passkey **row)
{
	free(*row);
	*row = NULL;
}

void
passkeys_forget(int64_t account)
{
	for (int i = 0; i < PASSKEYS_MAX; i++)
		if (passkeys[i] && passkeys[i]->account == account)
			forget(&passkeys[i]);
}

/* --- questions ------------------------------------------------------------------------------------------ */

static struct question *
question_room(const char *source, uint64_t now_ns)
{
	struct question *oldest = &questions[0], *oldest_here = NULL;
	unsigned here = 0;

	for (int i = 0; i < QUESTIONS_MAX; i++) {
		struct question *question = &questions[i];
		if (question->until_ns < oldest->until_ns)
			oldest = question;
		if (question->until_ns <= now_ns || strcmp(question->source, source) != 0)
			continue;
		here++;
		if (!oldest_here || question->until_ns < oldest_here->until_ns)
			oldest_here = question;
	}
	return here >= QUESTIONS_A_SOURCE ? oldest_here : oldest;
}

/* Its text; the caller frees.  user: of one that is to be added, or NULL. */
static char *
question_new(const struct call *call, const uint8_t *user)
{
	uint64_t now_ns = clock_monotonic_ns();
	char source[64];

	account_source(&call->from, source);
	struct question *question = question_room(source, now_ns);
	*question = (struct question){.pass = user ? call->pass->id : 0,
		.until_ns = now_ns + QUESTION_S * CLOCK_SECOND_NS};
	if (user)
		memcpy(question->user, user, sizeof question->user);
	memcpy(question->source, source, sizeof source);
	if (getrandom(question->challenge, sizeof question->challenge, 0) !=
		sizeof question->challenge)
		fatal("passkey", "no random numbers");
	return base64_text(BASE64_URL, question->challenge, sizeof question->challenge);
}

/* The one that is answered, which cannot be answered again.  False: call->why. */
static bool
question_take(struct call *call, struct bytes client, int64_t pass, struct question *taken)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint8_t challenge[PASSKEY_CHALLENGE_LEN];
	bool is_read = passkey_challenge(client, challenge);

	for (int i = 0; i < QUESTIONS_MAX && is_read; i++) {
		struct question *question = &questions[i];
		if (question->until_ns <= now_ns || question->pass != pass ||
			CRYPTO_memcmp(question->challenge, challenge, sizeof question->challenge) !=
				0)
			continue;
		*taken = *question;
		*question = (struct question){0};
		return true;
	}
	fault_set(&call->why, ERR_STALE,
		"that took more than %d minutes, or was answered already; begin again",
		QUESTION_S / 60);
	return false;
}

/* --- arguments, rows --------------------------------------------------------------------------------------- */

/* Bytes as base64url into out; false: call->why. */
static bool
bytes_arg(struct call *call, const char *key, uint8_t *out, size_t size, struct bytes *bytes)
{
	const char *text = call_text(call, key, TEXT_MAX);

	*bytes = (struct bytes){.at = out};
	if (!text)
		return false;
	if (base64_parse(BASE64_URL, text, strlen(text), out, size, &bytes->len) && bytes->len)
		return true;
	fault_set(
		&call->why, ERR_INVALID, "\"%s\" is no base64url of at most %zu bytes", key, size);
	return false;
}

static json_t *
show_passkey(const struct stored_passkey *row)
{
	const struct account *account = account_by_id(row->account);

	return json_pack("{s:I, s:s, s:s, s:I, s:I, s:b}", "id", (json_int_t)row->id, "account",
		account->name, "name", row->name, "created", (json_int_t)row->created_s, "used",
		(json_int_t)row->used_s, "copied", row->passkey.is_copied);
}

/* Of the one who asks; those of everybody for an owner. */
static bool
may_see(const struct call *call, const struct stored_passkey *row)
{
	return call->role == ROLE_OWNER || (call->account && row->account == call->account->id);
}

static json_t *
run_passkey_list(struct call *call)
{
	json_t *rows = json_array();

	for (int i = 0; i < PASSKEYS_MAX; i++)
		if (passkeys[i] && may_see(call, passkeys[i]))
			json_array_append_new(rows, show_passkey(passkeys[i]));
	return rows;
}

/* --- adding one ---------------------------------------------------------------------------------------------- */

/*
 * What authenticators call the account, the same for all of its passkeys, so that one takes the place of another on the
 * same authenticator.  It says nothing about the account (section 14.6.1).
 */
static void
user_of(int64_t account, uint8_t out[static PASSKEY_USER_LEN])
{
	for (int i = 0; i < PASSKEYS_MAX; i++)
		if (passkeys[i] && passkeys[i]->account == account) {
			memcpy(out, passkeys[i]->user, PASSKEY_USER_LEN);
			return;
		}
	if (getrandom(out, PASSKEY_USER_LEN, 0) != PASSKEY_USER_LEN)
		fatal("passkey", "no random numbers");
}

static json_t *
credentials_of(int64_t account)
{
	json_t *rows = json_array();

	for (int i = 0; i < PASSKEYS_MAX; i++) {
		if (!passkeys[i] || passkeys[i]->account != account)
			continue;
		auto_free char *id = base64_text(
			BASE64_URL, passkeys[i]->passkey.id, passkeys[i]->passkey.id_len);
		json_array_append_new(
			rows, json_pack("{s:s, s:s}", "type", "public-key", "id", id));
	}
	return rows;
}

static bool
has_room(struct call *call)
{
	int count = 0;

	for (int i = 0; i < PASSKEYS_MAX; i++)
		count += passkeys[i] && passkeys[i]->account == call->account->id;
	if (count < PASSKEYS_AN_ACCOUNT && room_of(0))
		return true;
	fault_set(&call->why, ERR_FULL, "there are too many passkeys already; remove one");
	return false;
}

/* As PublicKeyCredentialCreationOptionsJSON (section 5.1.8), so that browsers take it as it is. */
static json_t *
run_passkey_challenge(struct call *call)
{
	uint8_t user[PASSKEY_USER_LEN];
	struct passkey_place place;

	if (!account_is_session(call) || !place_of_call(call, &place) || !has_room(call) ||
		!account_knows_password(call, "password"))
		return NULL;
	user_of(call->account->id, user);
	auto_free char *user_text = base64_text(BASE64_URL, user, sizeof user);
	auto_free char *challenge = question_new(call, user);
	return json_pack("{s:{s:s, s:s}, s:{s:s, s:s, s:s}, s:s, s:[{s:s, s:i}], s:i, s:o, "
			 "s:{s:s, s:b, s:s}, s:s}",
		"rp", "id", place.name, "name", "Pinfold", "user", "id", user_text, "name",
		call->account->name, "displayName", call->account->name, "challenge", challenge,
		"pubKeyCredParams", "type", "public-key", "alg", PASSKEY_ALGORITHM, "timeout",
		QUESTION_S * 1000, "excludeCredentials", credentials_of(call->account->id),
		"authenticatorSelection", "residentKey", "required", "requireResidentKey", 1,
		"userVerification", "required", "attestation", "none");
}

static json_t *
run_passkey_add(struct call *call)
{
	uint8_t client_bytes[PASSKEY_CLIENT_MAX], attestation_bytes[PASSKEY_ATTESTATION_MAX];
	const char *name =
		account_is_session(call) ? call_text(call, "name", NAME_MAX_BYTES) : NULL;
	struct bytes client, attestation;
	struct passkey_place place;
	struct question question;
	char text[128];

	if (!name || !bytes_arg(call, "client", client_bytes, sizeof client_bytes, &client) ||
		!bytes_arg(call, "attestation", attestation_bytes, sizeof attestation_bytes,
			&attestation) ||
		!place_of_call(call, &place) || !has_room(call))
		return NULL;
	if (!is_printable(name)) {
		fault_set(&call->why, ERR_INVALID, "a passkey has a printable name");
		return NULL;
	}
	if (!question_take(call, client, call->pass->id, &question))
		return NULL;
	struct stored_passkey row = {
		.id = last_passkey + 1, .account = call->account->id, .created_s = clock_wall_s()};
	enum passkey_flaw flaw =
		passkey_made(&row.passkey, &place, client, attestation, question.challenge);
	if (flaw) {
		fault_set(&call->why, ERR_INVALID, "%s", passkey_flaw_text(flaw));
		return NULL;
	}
	if (passkey_by_credential((struct bytes){row.passkey.id, row.passkey.id_len})) {
		fault_set(&call->why, ERR_INVALID, "this passkey is there already");
		return NULL;
	}
	memcpy(row.user, question.user, sizeof row.user);
	snprintf(row.name, sizeof row.name, "%s", name);
	snprintf(text, sizeof text, "%s added the passkey %s", call->account->name, name);
	store_begin(engine.store);
	store_passkey_put(engine.store, &row);
	if (!call_journal(call, call->who, text))
		return NULL;
	on_passkey(&row, NULL);
	return show_passkey(&row);
}

/* The console is believed without a password: it is who helps when one is lost. */
static json_t *
run_passkey_remove(struct call *call)
{
	struct stored_passkey **row;
	char text[160];
	int64_t id;

	if (!call_number(call, "passkey", 1, INT64_MAX, &id))
		return NULL;
	row = room_of(id);
	if (!row || !may_see(call, *row)) {
		fault_set(&call->why, ERR_NOT_FOUND, "there is no such passkey of yours");
		return NULL;
	}
	if (channel_peer(call->channel) != PROCESS_CTL && !account_knows_password(call, "password"))
		return NULL;
	snprintf(text, sizeof text, "%s removed the passkey %s of %s", call->who, (*row)->name,
		account_by_id((*row)->account)->name);
	store_begin(engine.store);
	store_passkey_delete(engine.store, id);
	if (!call_journal(call, call->who, text))
		return NULL;
	forget(row);
	return json_true();
}

/* --- logging in ------------------------------------------------------------------------------------------------ */

/* As PublicKeyCredentialRequestOptionsJSON; which passkeys there are is told to nobody. */
static json_t *
run_session_challenge(struct call *call)
{
	struct passkey_place place;

	if (!place_of_call(call, &place))
		return NULL;
	auto_free char *challenge = question_new(call, NULL);
	return json_pack("{s:s, s:s, s:i, s:[], s:s}", "challenge", challenge, "rpId", place.name,
		"timeout", QUESTION_S * 1000, "allowCredentials", "userVerification", "required");
}

/* What a browser hands over of a passkey that was used. */
struct assertion {
	uint8_t id_bytes[PASSKEY_ID_MAX], client_bytes[PASSKEY_CLIENT_MAX];
	uint8_t data_bytes[PASSKEY_DATA_MAX], signature_bytes[PASSKEY_SIGNATURE_MAX];
	uint8_t user_bytes[PASSKEY_USER_LEN];
	struct bytes id, client, data, signature, user;
};

static bool
assertion_arg(struct call *call, struct assertion *out)
{
	return bytes_arg(call, "credential", out->id_bytes, sizeof out->id_bytes, &out->id) &&
	       bytes_arg(
		       call, "client", out->client_bytes, sizeof out->client_bytes, &out->client) &&
	       bytes_arg(call, "authenticator", out->data_bytes, sizeof out->data_bytes,
		       &out->data) &&
	       bytes_arg(call, "signature", out->signature_bytes, sizeof out->signature_bytes,
		       &out->signature) &&
	       bytes_arg(call, "user", out->user_bytes, sizeof out->user_bytes, &out->user);
}

/* It is counted as a wrong password is. */
static void
refuse(struct call *call, const char *name, const struct stored_passkey *row,
	enum passkey_flaw flaw)
{
	account_was_wrong(call, name);
	if (flaw == PASSKEY_COUNTS_BACK)
		event(EVENT_ALARM, NULL, "passkey-copied", name,
			"the passkey %s of %s has signed less often than it had already: somebody "
			"may have a copy; remove it",
			row->name, name);
	fault_set(&call->why, ERR_NOT_OURS, "%s",
		flaw ? passkey_flaw_text(flaw)
		     : "this passkey is not known here; the password logs in as ever");
}

static json_t *
run_session_passkey(struct call *call)
{
	struct passkey_place place;
	struct assertion said;
	struct question question;
	enum passkey_flaw flaw = PASSKEY_FINE;
	char text[192], from[64];

	if (!assertion_arg(call, &said) || !place_of_call(call, &place))
		return NULL;
	struct stored_passkey *row = passkey_by_credential(said.id);
	struct account *account = row ? account_by_id(row->account) : NULL;
	const char *name = account ? account->name : "";
	/* Only what answers a question of ours is a try: the rest would use up those of everybody. */
	if (!question_take(call, said.client, 0, &question) ||
		!account_may_try(call, name, account))
		return NULL;
	if (row && (said.user.len != sizeof row->user ||
			   memcmp(said.user.at, row->user, sizeof row->user) != 0))
		row = NULL;
	struct passkey before = row ? row->passkey : (struct passkey){0};
	if (row)
		flaw = passkey_used(&row->passkey, &place, said.client, said.data, said.signature,
			question.challenge);
	if (!row || flaw) {
		refuse(call, name, row, flaw);
		return NULL;
	}
	account_was_right(call);
	int64_t used_s = row->used_s;
	row->used_s = clock_wall_s();
	account_source(&call->from, from);
	snprintf(text, sizeof text, "%s logged in %s by the passkey %s", account->name, from,
		row->name);
	store_begin(engine.store);
	store_passkey_put(engine.store, row);
	json_t *done = account_session_begin(call, account, text);
	if (!done) {
		row->passkey = before;
		row->used_s = used_s;
	}
	return done;
}

const struct verb passkey_verbs[] = {
	{"session.challenge", ROLE_UNKNOWN, CHANGES | IS_SECRET, run_session_challenge},
	{"session.passkey", ROLE_UNKNOWN, CHANGES | IS_SECRET, run_session_passkey},
	{"passkey.list", ROLE_VIEWER, 0, run_passkey_list},
	{"passkey.challenge", ROLE_VIEWER, CHANGES | IS_SECRET | DERIVES, run_passkey_challenge},
	{"passkey.add", ROLE_VIEWER, CHANGES, run_passkey_add},
	{"passkey.remove", ROLE_VIEWER, CHANGES | IS_SECRET | DERIVES, run_passkey_remove},
	{NULL},
};
