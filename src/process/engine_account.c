/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts, sessions and tokens; see engine_account.h.  Read whole into memory at
 * the start, and changed there when the database has taken the change.
 */
#include "process/engine_account_inside.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/printable.h"
#include "process/engine_command.h"
#include "process/engine_derive.h"
#include "process/engine_passkey.h"
#include "process/engine_throttle.h"

enum {
	SECRET_LEN = 32,
	PROOF_LEN = 16,
	CODE_LEN = 9, /* ABCD-EFGH */
	CODE_TRIES = 20,
	TOKEN_DAYS_MAX = 3650,
	TOKEN_DAYS = 365,
	/* All together: somebody with many addresses must not keep the engine busy with scrypt. */
	TRIES_BURST = 8,
	TRIES_A_SECOND = 2,
};

static struct account accounts[ACCOUNTS_MAX];
static struct pass passes[PASSES_MAX];
static int64_t last_account, last_pass;
static char code[CODE_LEN + 1]; /* empty: it is not needed, or not made yet */
static unsigned code_tries;

static const char *const role_words[ROLE_COUNT] = {"", "viewer", "helper", "owner"};
static const char *const scope_words[ROLE_COUNT] = {"", "read", "act", "admin"};

static enum command_role
role_from(const char *const words[static ROLE_COUNT], const char *word)
{
	for (int i = ROLE_VIEWER; i < ROLE_COUNT; i++)
		if (!strcmp(words[i], word))
			return (enum command_role)i;
	return ROLE_UNKNOWN;
}

/* --- looking up ---------------------------------------------------------------------------------- */

static void
digest_of(const char *prefix, const char *text, uint8_t out[static DIGEST_LEN])
{
	char all[2 * CREDENTIAL_MAX];
	unsigned len = DIGEST_LEN;
	int n = snprintf(all, sizeof all, "%s%s", prefix, text);

	if (EVP_Digest(all, (size_t)n, out, &len, EVP_sha256(), NULL) != 1)
		fatalx("account", "SHA-256 failed");
}

static void
proof_of(const char *credential, char out[static PROOF_MAX])
{
	uint8_t digest[DIGEST_LEN];

	digest_of("pinfold page ", credential, digest);
	hex_text(digest, PROOF_LEN, out);
}

struct account *
account_by_id(int64_t id)
{
	for (int i = 0; i < ACCOUNTS_MAX && id; i++)
		if (accounts[i].id == id)
			return &accounts[i];
	return NULL;
}

static struct account *
account_by_name(const char *name)
{
	for (int i = 0; i < ACCOUNTS_MAX; i++)
		if (accounts[i].id && !strcmp(accounts[i].name, name))
			return &accounts[i];
	return NULL;
}

bool
account_is_claimed(void)
{
	for (int i = 0; i < ACCOUNTS_MAX; i++)
		if (accounts[i].id)
			return true;
	return false;
}

/*
 * Found by its digest: how long that takes tells nothing about what is stored that
 * would help to find the text of which it is the digest.
 */
struct pass *
account_pass(const char *credential)
{
	uint8_t digest[DIGEST_LEN];
	int64_t now_s = ward_clock_s();

	if (!*credential)
		return NULL;
	digest_of("", credential, digest);
	for (int i = 0; i < PASSES_MAX; i++) {
		struct pass *pass = &passes[i];
		if (!pass->id || memcmp(pass->digest, digest, sizeof digest))
			continue;
		if (pass->until_s <= now_s || (pass->account && !account_by_id(pass->account)))
			return NULL;
		pass->used_s = now_s;
		return pass;
	}
	return NULL;
}

struct account *
account_of(const struct pass *pass)
{
	return pass ? account_by_id(pass->account) : NULL;
}

enum command_role
account_role(const struct pass *pass)
{
	const struct account *account = account_of(pass);

	if (!pass)
		return ROLE_UNKNOWN;
	return account && account->role < pass->role ? account->role : pass->role;
}

void
account_who(const struct pass *pass, char out[static ACCOUNT_WHO_MAX])
{
	const struct account *account = account_of(pass);
	const char *name = account ? account->name : "console";

	if (!pass)
		out[0] = '\0';
	else if (pass->kind == PASS_TOKEN)
		snprintf(out, ACCOUNT_WHO_MAX, "%s (token %s)", name, pass->name);
	else
		snprintf(out, ACCOUNT_WHO_MAX, "%s", name);
}

void
account_proof(const struct pass *pass, const char *credential, char out[static PROOF_MAX])
{
	out[0] = '\0';
	if (pass && pass->kind == PASS_SESSION)
		proof_of(credential, out);
}

bool
account_is_own_page(const struct pass *pass, const char *credential, const char *proof)
{
	char right[PROOF_MAX];

	if (!pass || pass->kind == PASS_TOKEN)
		return pass;
	proof_of(credential, right);
	return !strcmp(right, proof);
}

/* --- between memory and database ------------------------------------------------------------------- */

static void
on_account(const struct stored_account *row, void *arg)
{
	for (int i = 0; i < ACCOUNTS_MAX; i++) {
		struct account *account = &accounts[i];
		if (account->id)
			continue;
		if (row->role <= ROLE_UNKNOWN || row->role >= ROLE_COUNT)
			return;
		account->id = row->id;
		account->role = (enum command_role)row->role;
		snprintf(account->name, sizeof account->name, "%.*s", ACCOUNT_NAME_MAX - 1,
			row->name);
		memcpy(account->password.salt, row->salt, sizeof row->salt);
		memcpy(account->password.key, row->key, sizeof row->key);
		account->password.cost = row->cost;
		account->password.block = row->block;
		account->password.lanes = row->lanes;
		account->created_s = row->created_s;
		last_account = row->id > last_account ? row->id : last_account;
		return;
	}
}

static void
on_pass(const struct stored_pass *row, void *arg)
{
	for (int i = 0; i < PASSES_MAX; i++) {
		struct pass *pass = &passes[i];
		if (pass->id)
			continue;
		if (row->role <= ROLE_UNKNOWN || row->role >= ROLE_COUNT ||
			(row->kind != PASS_SESSION && row->kind != PASS_TOKEN))
			return;
		*pass = (struct pass){.id = row->id,
			.account = row->account,
			.kind = (enum pass_kind)row->kind,
			.role = (enum command_role)row->role,
			.from = row->from,
			.created_s = row->created_s,
			.until_s = row->until_s};
		memcpy(pass->digest, row->digest, sizeof pass->digest);
		snprintf(pass->name, sizeof pass->name, "%s", row->name);
		last_pass = row->id > last_pass ? row->id : last_pass;
		return;
	}
}

static void
put_account(const struct account *account)
{
	struct stored_account row = {.id = account->id,
		.role = (uint8_t)account->role,
		.cost = account->password.cost,
		.block = account->password.block,
		.lanes = account->password.lanes,
		.created_s = account->created_s};

	snprintf(row.name, sizeof row.name, "%s", account->name);
	memcpy(row.salt, account->password.salt, sizeof row.salt);
	memcpy(row.key, account->password.key, sizeof row.key);
	store_account_put(engine.store, &row);
}

static void
put_pass(const struct pass *pass)
{
	struct stored_pass row = {.id = pass->id,
		.account = pass->account,
		.kind = (uint8_t)pass->kind,
		.role = (uint8_t)pass->role,
		.from = pass->from,
		.created_s = pass->created_s,
		.until_s = pass->until_s};

	memcpy(row.digest, pass->digest, sizeof row.digest);
	snprintf(row.name, sizeof row.name, "%s", pass->name);
	store_pass_put(engine.store, &row);
}

static void
new_code(void)
{
	/* Without those that are taken for another when they are read out. */
	static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	uint8_t random[CODE_LEN];

	if (getrandom(random, sizeof random, 0) != sizeof random)
		fatal("account", "no random numbers");
	for (int i = 0; i < CODE_LEN; i++)
		code[i] = letters[random[i] % (sizeof letters - 1)];
	code[4] = '-';
	code_tries = 0;
	log_info("account", "the pages belong to nobody yet; the code to claim them is %s", code);
}

void
account_load(void)
{
	if (store_accounts(engine.store, on_account, NULL) ||
		store_passes(engine.store, on_pass, NULL))
		log_warnx("account", "the accounts cannot be read; nobody can log in");
	else if (!account_is_claimed())
		new_code();
	passkey_load();
}

void
account_look(void)
{
	int64_t now_s = ward_clock_s();
	struct fault why;

	for (int i = 0; i < PASSES_MAX; i++) {
		if (!passes[i].id || passes[i].until_s > now_s)
			continue;
		store_begin(engine.store);
		store_pass_delete(engine.store, passes[i].id);
		if (store_commit(engine.store, &why))
			return; /* it is believed no more, and goes later */
		passes[i] = (struct pass){0};
	}
}

/* --- passes ----------------------------------------------------------------------------------------- */

static struct pass *
oldest_session(int64_t account)
{
	struct pass *oldest = NULL;

	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].id && passes[i].kind == PASS_SESSION &&
			(!account || passes[i].account == account) &&
			(!oldest || passes[i].created_s < oldest->created_s))
			oldest = &passes[i];
	return oldest;
}

static unsigned
count_passes(int64_t account, enum pass_kind kind)
{
	unsigned count = 0;

	for (int i = 0; i < PASSES_MAX; i++)
		count += passes[i].id && passes[i].kind == kind && passes[i].account == account;
	return count;
}

/* Room for one more, without changing anything; *gone is what goes for it. */
static struct pass *
pass_room(int64_t account, enum pass_kind kind, struct pass **gone)
{
	struct pass *room = NULL;

	*gone = NULL;
	for (int i = 0; i < PASSES_MAX && !room; i++)
		room = passes[i].id ? NULL : &passes[i];
	if (kind == PASS_SESSION && count_passes(account, kind) >= SESSIONS_AN_ACCOUNT)
		*gone = oldest_session(account);
	else if (kind == PASS_TOKEN && count_passes(account, kind) >= TOKENS_AN_ACCOUNT)
		return NULL;
	else if (!room)
		*gone = oldest_session(0);
	return *gone ? *gone : room;
}

/* A pass that nobody has yet: its text goes to who asked, its digest into the row. */
static void
pass_make(struct pass *pass, const char *prefix, char credential[static CREDENTIAL_MAX])
{
	uint8_t secret[SECRET_LEN];

	_Static_assert(3 + 2 * SECRET_LEN < CREDENTIAL_MAX, "it does not fit");
	if (getrandom(secret, sizeof secret, 0) != sizeof secret)
		fatal("account", "no random numbers");
	memset(credential, 0, CREDENTIAL_MAX);
	memcpy(credential, prefix, 3);
	hex_text(secret, sizeof secret, credential + 3);
	digest_of("", credential, pass->digest);
	pass->id = ++last_pass;
	pass->created_s = ward_clock_s();
}

static json_t *
show_account(const struct account *account)
{
	return json_pack("{s:s, s:s, s:I}", "name", account->name, "role",
		role_words[account->role], "created", (json_int_t)account->created_s);
}

static json_t *
show_pass(const struct pass *pass, const struct call *call)
{
	const struct account *account = account_of(pass);
	char from[IP_TEXT_MAX] = "";

	if (pass->from.version)
		ip_render(&pass->from, from);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "id",
		(json_int_t)pass->id, "account", account ? account->name : "console", "name",
		pass->name, "scope", scope_words[pass->role], "from", from, "created",
		(json_int_t)pass->created_s, "until", (json_int_t)pass->until_s, "used",
		(json_int_t)pass->used_s, "this", pass == call->pass);
}

json_t *
account_session_begin(struct call *call, struct account *account, const char *text)
{
	struct pass pass = {.account = account->id,
		.kind = PASS_SESSION,
		.role = ROLE_OWNER, /* no less than the account */
		.from = call->from};
	struct pass *gone, *room = pass_room(account->id, PASS_SESSION, &gone);
	char credential[CREDENTIAL_MAX], proof[PROOF_MAX];

	pass_make(&pass, "ps_", credential);
	pass.until_s = pass.created_s + SESSION_S;
	pass.used_s = pass.created_s;
	proof_of(credential, proof);
	/* The caller has begun the transaction, where an account is new. */
	if (gone)
		store_pass_delete(engine.store, gone->id);
	put_pass(&pass);
	if (!call_journal(call, account->name, text))
		return NULL;
	*room = pass;
	return json_pack("{s:s, s:s, s:I, s:o}", "credential", credential, "proof", proof, "until",
		(json_int_t)pass.until_s, "account", show_account(account));
}

/* --- guessing is slow -------------------------------------------------------------------------------- */

void
account_source(const struct ip *from, char out[static 64])
{
	struct ip shown = *from;
	char text[IP_TEXT_MAX] = "console";

	/* Whoever has one address of a /64 has all of them. */
	if (shown.version == 6)
		memset(shown.byte + 8, 0, 8);
	if (shown.version)
		ip_render(&shown, text);
	snprintf(out, 64, "from %s", text);
}

/* An owner who logged in from there before is not kept out by somebody elsewhere who guesses. */
static bool
is_known_source(const struct account *account, const struct ip *from)
{
	char asked[64], known[64];

	account_source(from, asked);
	for (int i = 0; i < PASSES_MAX && account; i++) {
		if (!passes[i].id || passes[i].kind != PASS_SESSION ||
			passes[i].account != account->id)
			continue;
		account_source(&passes[i].from, known);
		if (!strcmp(known, asked))
			return true;
	}
	return false;
}

static bool
too_many_together(uint64_t now_ns)
{
	static uint64_t tries_ns; /* a bucket, as time: full when it is TRIES_BURST ahead of now */
	const uint64_t one_ns = CLOCK_SECOND_NS / TRIES_A_SECOND;

	if (tries_ns < now_ns)
		tries_ns = now_ns;
	if (tries_ns + one_ns > now_ns + TRIES_BURST * one_ns)
		return true;
	tries_ns += one_ns;
	return false;
}

/* True when this one may try now; otherwise says how long it must wait. */
bool
account_may_try(struct call *call, const char *name, const struct account *account)
{
	uint64_t now_ns = clock_monotonic_ns();
	char source[64], key[64];

	if (derive_is_again(call))
		return true; /* it was counted when its turn began */
	account_source(&call->from, source);
	snprintf(key, sizeof key, "name %.*s", ACCOUNT_NAME_MAX, name);
	call->retry_s = throttle_wait_s(source, now_ns);
	if (!call->retry_s && !is_known_source(account, &call->from)) {
		call->retry_s = throttle_wait_s(key, now_ns);
		if (!call->retry_s && too_many_together(now_ns))
			call->retry_s = 1;
	}
	if (!call->retry_s)
		return true;
	fault_set(&call->why, ERR_BUSY, "too many wrong tries; again in %u s", call->retry_s);
	return false;
}

void
account_was_wrong(struct call *call, const char *name)
{
	uint64_t now_ns = clock_monotonic_ns();
	char source[64], key[64];

	account_source(&call->from, source);
	snprintf(key, sizeof key, "name %.*s", ACCOUNT_NAME_MAX, name);
	throttle_failed(source, now_ns);
	throttle_failed(key, now_ns);
	event(EVENT_NOTICE, NULL, "login-refused", source,
		"a wrong password, code or passkey came %s", source);
}

void
account_was_right(struct call *call)
{
	char source[64];

	account_source(&call->from, source);
	throttle_forget(source);
}

/* --- arguments ----------------------------------------------------------------------------------------- */

static const char *
secret_arg(struct call *call, const char *key)
{
	const json_t *value = json_object_get(call->args, key);

	if (!json_is_string(value) || !json_string_length(value) ||
		json_string_length(value) > PASSWORD_BYTES_MAX ||
		strlen(json_string_value(value)) != json_string_length(value)) {
		fault_set(&call->why, ERR_INVALID, "\"%s\" is missing or longer than %d bytes", key,
			PASSWORD_BYTES_MAX);
		return NULL;
	}
	return json_string_value(value);
}

static const char *
name_arg(struct call *call)
{
	static const char *const reserved[] = {"console", "pinfold", "issuer", "everybody"};
	const char *name = call_text(call, "name", ACCOUNT_NAME_MAX - 1);

	if (!name)
		return NULL;
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != strlen(name) ||
		!isalpha((unsigned char)*name)) {
		fault_set(&call->why, ERR_INVALID,
			"a name begins with a letter and has lower-case letters, digits, . - _");
		return NULL;
	}
	for (size_t i = 0; i < COUNT_OF(reserved); i++)
		if (!strcmp(name, reserved[i])) {
			fault_set(&call->why, ERR_INVALID, "\"%s\" is no name for a person", name);
			return NULL;
		}
	return name;
}

static struct account *
account_arg(struct call *call)
{
	const char *name = call_text(call, "name", ACCOUNT_NAME_MAX - 1);
	struct account *account = name ? account_by_name(name) : NULL;

	if (name && !account)
		fault_set(&call->why, ERR_NOT_FOUND, "there is no such account");
	return account;
}

/* --- claiming, logging in and out ------------------------------------------------------------------------ */

/* In the row, but not in force before the database has it.  NULL: call->why, or it is put off. */
static struct account *
account_room(struct call *call, const char *name, enum command_role role, const char *password)
{
	struct account *room = NULL;

	for (int i = 0; i < ACCOUNTS_MAX && !room; i++)
		room = accounts[i].id ? NULL : &accounts[i];
	if (!room) {
		fault_set(&call->why, ERR_FULL, "there are %d accounts already", ACCOUNTS_MAX);
		return NULL;
	}
	if (!password_is_strong(password, name, &call->why))
		return NULL;
	struct password kept;
	if (!derive_keep(call, password, &kept))
		return NULL;
	*room = (struct account){.role = role, .password = kept, .created_s = clock_wall_s()};
	snprintf(room->name, sizeof room->name, "%s", name);
	return room;
}

static bool
is_code(const char *given)
{
	char plain[CODE_LEN + 1];
	size_t len = 0;

	for (; *given && len < CODE_LEN; given++)
		if (isalnum((unsigned char)*given)) {
			if (len == 4)
				plain[len++] = '-';
			plain[len++] = (char)toupper((unsigned char)*given);
		}
	plain[len] = '\0';
	return *code && !*given && !strcmp(plain, code);
}

static json_t *
run_session_claim(struct call *call)
{
	const char *given = call_text(call, "code", 32);
	const char *name = given ? name_arg(call) : NULL;
	const char *password = name ? secret_arg(call, "password") : NULL;
	char text[160];

	if (!password)
		return NULL;
	if (account_is_claimed()) {
		fault_set(&call->why, ERR_DENIED, "it belongs to somebody already; log in");
		return NULL;
	}
	if (!account_may_try(call, "", NULL))
		return NULL;
	if (!is_code(given)) {
		account_was_wrong(call, "");
		if (++code_tries >= CODE_TRIES)
			new_code();
		fault_set(&call->why, ERR_DENIED,
			"this is not the code; the console shows it (pinfold account claim-code)");
		return NULL;
	}
	struct account *account = account_room(call, name, ROLE_OWNER, password);
	if (!account)
		return NULL;
	snprintf(text, sizeof text, "%s claimed the gateway", name);
	store_begin(engine.store);
	account->id = last_account + 1;
	put_account(account);
	json_t *done = account_session_begin(call, account, text);
	if (!done) {
		*account = (struct account){0};
		return NULL;
	}
	last_account++;
	code[0] = '\0';
	account_was_right(call);
	return done;
}

static json_t *
run_session_login(struct call *call)
{
	const char *name = call_text(call, "name", 128);
	const char *password = name ? secret_arg(call, "password") : NULL;
	struct account *account = name ? account_by_name(name) : NULL;
	static const struct password nobodys;
	char text[192], from[64];
	bool fits;

	if (!password || !account_may_try(call, name, account))
		return NULL;
	/* Whether there is such an account is not told by the time that it takes either. */
	if (!derive_fits(call, account ? &account->password : &nobodys, password, &fits))
		return NULL;
	if (!fits || !account) {
		account_was_wrong(call, name);
		fault_set(&call->why, ERR_NOT_OURS, "name or password is wrong");
		return NULL;
	}
	account_was_right(call);
	account_source(&call->from, from);
	snprintf(text, sizeof text, "%s logged in %s", account->name, from);
	store_begin(engine.store);
	return account_session_begin(call, account, text);
}

static json_t *
run_session_state(struct call *call)
{
	static const char *const kinds[] = {"none", "session", "token"};
	struct passkey_place place;
	json_t *out = json_pack("{s:b, s:s, s:s}", "claimed", account_is_claimed(), "kind",
		channel_peer(call->channel) == PROCESS_CTL
			? "console"
			: kinds[call->pass ? call->pass->kind : 0],
		"scope", scope_words[call->role]);

	json_object_set_new(
		out, "account", call->account ? show_account(call->account) : json_null());
	json_object_set_new(
		out, "until", json_integer(call->pass ? (json_int_t)call->pass->until_s : 0));
	json_object_set_new(out, "proof", json_string(call->proof));
	json_object_set_new(
		out, "passkeys", json_string(passkey_place_here(&place) ? place.origin : ""));
	return out;
}

/* Takes away those passes of the account, or the one; all of them or none. */
static bool
passes_end(struct call *call, int64_t account, enum pass_kind kind, const struct pass *only,
	const char *text)
{
	store_begin(engine.store);
	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].id && passes[i].account == account && passes[i].kind == kind &&
			(!only || only == &passes[i]))
			store_pass_delete(engine.store, passes[i].id);
	if (!call_journal(call, call->who, text))
		return false;
	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].id && passes[i].account == account && passes[i].kind == kind &&
			(!only || only == &passes[i]))
			passes[i] = (struct pass){0};
	return true;
}

bool
account_is_session(struct call *call)
{
	if (call->account && call->pass->kind == PASS_SESSION)
		return true;
	fault_set(&call->why, ERR_DENIED, "that is for who is logged in");
	return false;
}

static json_t *
run_session_logout(struct call *call)
{
	char text[96];

	if (!account_is_session(call))
		return NULL;
	snprintf(text, sizeof text, "%s logged out", call->account->name);
	return passes_end(call, call->account->id, PASS_SESSION, call->pass, text) ? json_true()
										   : NULL;
}

static json_t *
run_session_end_all(struct call *call)
{
	char text[96];

	if (!account_is_session(call))
		return NULL;
	snprintf(text, sizeof text, "%s logged out everywhere", call->account->name);
	return passes_end(call, call->account->id, PASS_SESSION, NULL, text) ? json_true() : NULL;
}

static json_t *
list_passes(const struct call *call, enum pass_kind kind, int64_t account, bool is_all)
{
	json_t *rows = json_array();

	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].id && passes[i].kind == kind &&
			(is_all || passes[i].account == account))
			json_array_append_new(rows, show_pass(&passes[i], call));
	return rows;
}

static json_t *
run_session_list(struct call *call)
{
	return account_is_session(call) ? list_passes(call, PASS_SESSION, call->account->id, false)
					: NULL;
}

/* --- accounts ---------------------------------------------------------------------------------------------- */

json_t *
account_owners(void)
{
	json_t *rows = json_array();

	for (int i = 0; i < ACCOUNTS_MAX; i++)
		if (accounts[i].id && accounts[i].role == ROLE_OWNER)
			json_array_append_new(rows, json_string(accounts[i].name));
	return rows;
}

static json_t *
run_account_list(struct call *call)
{
	json_t *rows = json_array();

	for (int i = 0; i < ACCOUNTS_MAX; i++)
		if (accounts[i].id)
			json_array_append_new(rows, show_account(&accounts[i]));
	return rows;
}

static json_t *
run_account_claim_code(struct call *call)
{
	if (account_is_claimed()) {
		fault_set(&call->why, ERR_DENIED, "the pages belong to somebody already");
		return NULL;
	}
	if (!*code)
		new_code();
	return json_pack("{s:s}", "code", code);
}

static enum command_role
role_arg(struct call *call)
{
	enum command_role role = role_from(role_words, call_text_or(call, "role", "viewer"));

	if (!role)
		fault_set(&call->why, ERR_INVALID, "there are the roles owner, helper and viewer");
	return role;
}

static json_t *
run_account_add(struct call *call)
{
	const char *name = name_arg(call);
	const char *password = name ? secret_arg(call, "password") : NULL;
	enum command_role role = password ? role_arg(call) : ROLE_UNKNOWN;
	char text[96];

	if (!role)
		return NULL;
	if (account_by_name(name)) {
		fault_set(&call->why, ERR_INVALID, "there is an account %s already", name);
		return NULL;
	}
	struct account *account = account_room(call, name, role, password);
	if (!account)
		return NULL;
	snprintf(text, sizeof text, "%s is a new %s", name, role_words[role]);
	store_begin(engine.store);
	account->id = last_account + 1;
	put_account(account);
	if (!call_journal(call, call->who, text)) {
		*account = (struct account){0};
		return NULL;
	}
	last_account++;
	code[0] = '\0';
	return show_account(account);
}

static bool
is_last_owner(const struct account *account)
{
	unsigned owners = 0;

	for (int i = 0; i < ACCOUNTS_MAX; i++)
		owners += accounts[i].id && accounts[i].role == ROLE_OWNER;
	return account->role == ROLE_OWNER && owners == 1;
}

static json_t *
run_account_role(struct call *call)
{
	struct account *account = account_arg(call);
	enum command_role role = account ? role_arg(call) : ROLE_UNKNOWN;
	char text[96];

	if (!role)
		return NULL;
	if (role != ROLE_OWNER && is_last_owner(account)) {
		fault_set(&call->why, ERR_DENIED, "%s is the only owner", account->name);
		return NULL;
	}
	struct account before = *account;
	snprintf(text, sizeof text, "%s is %s now, and was %s", account->name, role_words[role],
		role_words[account->role]);
	account->role = role;
	store_begin(engine.store);
	put_account(account);
	if (!call_journal(call, call->who, text)) {
		*account = before;
		return NULL;
	}
	return show_account(account);
}

/* Whoever knew the old one is logged out everywhere, but this session. */
static bool
set_password(struct call *call, struct account *account, const char *password, const char *text)
{
	struct account before = *account;

	if (!password_is_strong(password, account->name, &call->why) ||
		!derive_keep(call, password, &account->password))
		return false;
	store_begin(engine.store);
	put_account(account);
	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].id && passes[i].account == account->id &&
			passes[i].kind == PASS_SESSION && &passes[i] != call->pass)
			store_pass_delete(engine.store, passes[i].id);
	if (!call_journal(call, call->who, text)) {
		*account = before;
		return false;
	}
	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].id && passes[i].account == account->id &&
			passes[i].kind == PASS_SESSION && &passes[i] != call->pass)
			passes[i] = (struct pass){0};
	return true;
}

bool
account_knows_password(struct call *call, const char *key)
{
	const char *password = account_is_session(call) ? secret_arg(call, key) : NULL;
	bool fits;

	if (!password || !account_may_try(call, call->account->name, call->account) ||
		!derive_fits(call, &call->account->password, password, &fits))
		return false;
	if (fits)
		return true;
	account_was_wrong(call, call->account->name);
	fault_set(&call->why, ERR_DENIED, "%s",
		strcmp(key, "old") ? "the password is wrong" : "the old password is wrong");
	return false;
}

static json_t *
run_account_password(struct call *call)
{
	const char *password = account_is_session(call) ? secret_arg(call, "password") : NULL;
	char text[96];

	if (!password || !account_knows_password(call, "old"))
		return NULL;
	snprintf(text, sizeof text, "%s changed the password", call->account->name);
	return set_password(call, call->account, password, text) ? json_true() : NULL;
}

static json_t *
run_account_reset(struct call *call)
{
	struct account *account = account_arg(call);
	const char *password = account ? secret_arg(call, "password") : NULL;
	char text[96];

	if (!password)
		return NULL;
	snprintf(text, sizeof text, "%s has a new password", account->name);
	return set_password(call, account, password, text) ? show_account(account) : NULL;
}

static json_t *
run_account_remove(struct call *call)
{
	struct account *account = account_arg(call);
	char text[96];

	if (!account)
		return NULL;
	if (is_last_owner(account)) {
		fault_set(&call->why, ERR_DENIED, "%s is the only owner", account->name);
		return NULL;
	}
	snprintf(text, sizeof text, "the account of %s is gone", account->name);
	store_begin(engine.store);
	store_account_delete(engine.store, account->id);
	if (!call_journal(call, call->who, text))
		return NULL;
	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].account == account->id)
			passes[i] = (struct pass){0};
	passkeys_forget(account->id);
	*account = (struct account){0};
	return json_true();
}

/* --- tokens -------------------------------------------------------------------------------------------------- */

static json_t *
run_token_list(struct call *call)
{
	return list_passes(
		call, PASS_TOKEN, call->account ? call->account->id : 0, call->role == ROLE_OWNER);
}

/* A token gives no more than who made it may; one that was made at the console is nobody's. */
static json_t *
run_token_add(struct call *call)
{
	const char *name = call_text(call, "name", 40);
	enum command_role role = role_from(scope_words, call_text_or(call, "scope", "read"));
	int64_t days = call_number_or(call, "days", TOKEN_DAYS, TOKEN_DAYS_MAX);
	int64_t owner = call->account ? call->account->id : 0;
	char credential[CREDENTIAL_MAX], text[160];
	struct pass pass = {.account = owner, .kind = PASS_TOKEN}, *gone;

	if (!name)
		return NULL;
	if (!is_printable(name) || !role || days < 1) {
		fault_set(&call->why, ERR_INVALID,
			"a token has a printable name, a scope (read, act, admin) and some days");
		return NULL;
	}
	if (channel_peer(call->channel) != PROCESS_CTL && !account_is_session(call))
		return NULL;
	if (role > call->role) {
		fault_set(&call->why, ERR_DENIED, "that is more than you may do yourself");
		return NULL;
	}
	struct pass *room = pass_room(owner, PASS_TOKEN, &gone);
	if (!room) {
		fault_set(&call->why, ERR_FULL, "there are %d tokens already", TOKENS_AN_ACCOUNT);
		return NULL;
	}
	pass.role = role;
	snprintf(pass.name, sizeof pass.name, "%s", name);
	pass_make(&pass, "pt_", credential);
	pass.until_s = pass.created_s + days * 24 * 3600;
	snprintf(
		text, sizeof text, "%s made the token %s (%s)", call->who, name, scope_words[role]);
	store_begin(engine.store);
	if (gone)
		store_pass_delete(engine.store, gone->id);
	put_pass(&pass);
	if (!call_journal(call, call->who, text))
		return NULL;
	*room = pass;
	json_t *out = show_pass(room, call);
	json_object_set_new(out, "token", json_string(credential));
	return out;
}

static json_t *
run_token_remove(struct call *call)
{
	int64_t id;
	struct pass *found = NULL;
	char text[160];

	if (!call_number(call, "token", 1, INT64_MAX, &id))
		return NULL;
	for (int i = 0; i < PASSES_MAX; i++)
		if (passes[i].id == id && passes[i].kind == PASS_TOKEN &&
			(call->role == ROLE_OWNER ||
				(call->account && passes[i].account == call->account->id)))
			found = &passes[i];
	if (!found) {
		fault_set(&call->why, ERR_NOT_FOUND, "there is no such token of yours");
		return NULL;
	}
	snprintf(text, sizeof text, "%s took the token %s away", call->who, found->name);
	return passes_end(call, found->account, PASS_TOKEN, found, text) ? json_true() : NULL;
}

const struct verb account_verbs[] = {
	{"session.state", ROLE_UNKNOWN, 0, run_session_state},
	{"session.claim", ROLE_UNKNOWN, CHANGES | IS_SECRET | DERIVES, run_session_claim},
	{"session.login", ROLE_UNKNOWN, CHANGES | IS_SECRET | DERIVES, run_session_login},
	{"session.logout", ROLE_VIEWER, CHANGES, run_session_logout},
	{"session.end-all", ROLE_VIEWER, CHANGES, run_session_end_all},
	{"session.list", ROLE_VIEWER, 0, run_session_list},
	{"account.claim-code", ROLE_UNKNOWN, CONSOLE, run_account_claim_code},
	{"account.list", ROLE_OWNER, 0, run_account_list},
	{"account.add", ROLE_OWNER, CHANGES | IS_SECRET | DERIVES, run_account_add},
	{"account.role", ROLE_OWNER, CHANGES, run_account_role},
	{"account.reset", ROLE_OWNER, CHANGES | IS_SECRET | DERIVES, run_account_reset},
	{"account.remove", ROLE_OWNER, CHANGES, run_account_remove},
	{"account.password", ROLE_VIEWER, CHANGES | IS_SECRET | DERIVES, run_account_password},
	{"token.list", ROLE_VIEWER, 0, run_token_list},
	{"token.add", ROLE_VIEWER, CHANGES | IS_SECRET, run_token_add},
	{"token.remove", ROLE_VIEWER, CHANGES, run_token_remove},
	{NULL},
};
