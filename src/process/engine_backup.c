/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was decided, in one file that a gateway which begins anew takes back: devices with
 * their names, classes, states, rules and introductions, what was learned and approved, and
 * the decisions about the home.  No secret is in it: no account, token, receiver or key; and
 * no history.
 *
 * It goes in at the console alone, and its digest says whether it is whole; who writes a
 * file of his own there is root already.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "label/hash.h"
#include "process/engine_command.h"
#include "process/engine_tell.h"

enum { BACKUP_MAX = 32 << 20 };

/* The same for the same decisions, whoever wrote the file and however it was laid out. */
static void
digest_of(const json_t *content, char out[static HASH_TEXT_MAX])
{
	auto_free char *text =
		json_dumps(content, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	uint8_t hash[HASH_LEN];

	hash_bytes(text, strlen(text), hash);
	hash_text(hash, out);
}

static json_t *
decisions_about_home(void)
{
	json_t *facets = json_object();

	for (int i = 0; i < FACET_COUNT; i++)
		if (engine.home.facet[i])
			json_object_set(facets, facet_word((enum facet)i), engine.home.facet[i]);
	return facets;
}

/* Whose visit or admission is over waits, as who was never let in. */
static bool
is_let_in(const struct ward *ward)
{
	return ward->device->state != DEVICE_WAITING;
}

static json_t *
run_backup_make(struct call *call)
{
	char digest[HASH_TEXT_MAX], text[64];
	json_t *devices = json_array();

	for (size_t i = 0; i < engine.n_peers; i++)
		if (is_let_in(engine.wards[i]))
			json_array_append_new(devices, keep_export(engine.wards[i]));
	json_t *content =
		json_pack("{s:o, s:o}", "home", decisions_about_home(), "devices", devices);
	digest_of(content, digest);
	int64_t now_s = clock_wall_s();
	store_begin(engine.store);
	store_number_put(engine.store, BACKUP_NUMBER, now_s);
	snprintf(text, sizeof text, "a backup of %zu devices was made", json_array_size(devices));
	if (!call_journal(call, call->who, text)) {
		json_decref(content);
		return NULL;
	}
	return json_pack("{s:i, s:s, s:I, s:s, s:s, s:o}", "pinfold_backup", 1, "version",
		PINFOLD_VERSION, "time", (json_int_t)now_s, "gateway", tell_gateway(), "sha256",
		digest, "content", content);
}

/* --- the way back --------------------------------------------------------------------------------- */

static struct {
	char *text;
	size_t len, all;
} coming;

static void
drop_coming(void)
{
	free(coming.text);
	memset(&coming, 0, sizeof coming);
}

/* True when the last piece is there. */
static bool
take_piece(struct call *call, const char *piece, size_t at, size_t all)
{
	size_t len = strlen(piece);

	if (!at) {
		drop_coming();
		coming.all = all;
		coming.text = must_alloc(all + 1, 1);
	}
	if (at != coming.len || all != coming.all || len > all - at) {
		drop_coming();
		fault_set(&call->why, ERR_INVALID, "the pieces of a backup come in order");
		return false;
	}
	memcpy(coming.text + at, piece, len);
	coming.len += len;
	return coming.len == all;
}

static bool
is_whole(struct call *call, const json_t *backup)
{
	const char *said = json_string_value(json_object_get(backup, "sha256"));
	const json_t *content = json_object_get(backup, "content");
	char digest[HASH_TEXT_MAX] = "";

	if (json_integer_value(json_object_get(backup, "pinfold_backup")) != 1 ||
		!json_is_object(content) || !said) {
		fault_set(&call->why, ERR_INVALID, "that is no backup of this program");
		return false;
	}
	digest_of(content, digest);
	if (strcmp(digest, said) != 0) {
		fault_set(&call->why, ERR_INVALID,
			"the backup is damaged; nothing was taken from it");
		return false;
	}
	return true;
}

/*
 * The digest says that nothing fell off; what is inside may still be of another release, or of
 * whoever made a digest for it.  So all of it is looked at before anything is touched.
 */
static const char *const shapes[FACET_COUNT] = {
	[FACET_NAME] = "text",
	[FACET_CLASS] = "text",
	[FACET_STATE] = "text",
	[FACET_KIND] = "text",
	[FACET_GUEST] = "object",
	[FACET_BEFORE] = "text",
	[FACET_RULES] = "objects",
	[FACET_CONTAINMENT] = "objects",
	[FACET_INTRODUCTIONS] = "objects",
	[FACET_LEARNED] = "object",
	[FACET_MUD] = "object",
	[FACET_MUD_FILE] = "text",
	[FACET_MUD_NEXT] = "object",
	[FACET_MUD_NEXT_FILE] = "text",
	[FACET_MAKER] = "object",
	[FACET_DECLARATION] = "object",
	[FACET_PAPERS] = "objects",
	[FACET_REPORTS] = "objects",
	[FACET_ISSUERS] = "object",
	[FACET_MEMBERS] = "objects",
	[FACET_DISTINCT] = "texts",
	[FACET_LEAVING] = "texts",
	[FACET_LABEL] = "object",
	[FACET_LABEL_FACTS] = "object",
	[FACET_LABEL_FIXES] = "objects",
	[FACET_LABEL_ISSUER] = "object",
	[FACET_LABEL_TRUST] = "object",
	[FACET_BEGIN] = "texts",
};

static bool
is_shaped(const json_t *value, const char *shape)
{
	const json_t *row;
	size_t i;

	if (!strcmp(shape, "text"))
		return json_is_string(value);
	if (!strcmp(shape, "object"))
		return json_is_object(value);
	json_array_foreach(value, i, row) if (strcmp(shape, "texts")
						      ? !json_is_object(row)
						      : !json_is_string(row)) return false;
	return json_is_array(value);
}

static bool
are_facets(json_t *facets)
{
	const char *word;
	json_t *value;

	json_object_foreach(facets, word, value)
	{
		enum facet facet = facet_from_word(word);
		if (facet == FACET_COUNT || !is_shaped(value, shapes[facet]))
			return false;
	}
	return json_is_object(facets);
}

static const char *
said(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && is_printable(text) ? text : NULL;
}

/* Who was let in, and nobody who waits: for those there is no place in a backup. */
static bool
is_device(const json_t *device)
{
	json_t *facets = json_object_get(device, "facets"), *row;
	const char *id = said(device, "id"), *class = said(facets, "class");
	const char *state = said(facets, "state");
	json_int_t number = json_integer_value(json_object_get(device, "number"));
	uint8_t mac[6];
	size_t i;

	json_array_foreach(json_object_get(device, "macs"), i, row)
	{
		const char *text = said(row, "mac");
		if (!text || !mac_parse(mac, text) || !json_object_get(row, "port") ||
			(json_string_length(json_object_get(row, "port")) && !said(row, "port")))
			return false;
	}
	json_array_foreach(json_object_get(device, "identifiers"), i, row)
	{
		const char *kind = said(row, "kind");
		if (!kind || !identifier_kind_from_word(kind) || !said(row, "value"))
			return false;
	}
	return are_facets(facets) && id && number > 0 && number <= DEVICE_NUMBER_MAX && class &&
	       device_class_from_word(class) && state && device_state_from_word(state) &&
	       device_state_from_word(state) != DEVICE_WAITING;
}

static bool
is_sound(struct call *call, const json_t *content)
{
	const json_t *devices = json_object_get(content, "devices"), *device;
	bool is = json_is_array(devices) && json_array_size(devices) <= DEVICES_MAX &&
		  are_facets(json_object_get(content, "home"));
	size_t i;

	json_array_foreach(devices, i, device) is = is && is_device(device);
	if (!is)
		fault_set(&call->why, ERR_INVALID,
			"the backup holds what this release does not know; nothing was taken from "
			"it");
	return is;
}

static bool
begins_anew(struct call *call)
{
	for (size_t i = 0; i < engine.n_peers; i++)
		if (is_let_in(engine.wards[i])) {
			fault_set(&call->why, ERR_DENIED,
				"%s was let in here already; a backup is for a gateway that begins "
				"anew",
				device_label(engine.wards[i]->device));
			return false;
		}
	return true;
}

static json_t *
run_backup_restore(struct call *call)
{
	int64_t place, length;
	json_t *done = NULL;
	size_t n;

	if (!call_number(call, "place", 0, BACKUP_MAX, &place) ||
		!call_number(call, "length", 1, BACKUP_MAX, &length))
		return NULL;
	const char *piece = call_text(call, "text", COMMAND_MAX);
	if (!piece || !begins_anew(call))
		return NULL;
	if (!take_piece(call, piece, (size_t)place, (size_t)length))
		return coming.text ? json_pack("{s:I}", "taken", (json_int_t)coming.len) : NULL;
	json_t *backup = json_loadb(coming.text, coming.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *content = json_object_get(backup, "content");
	drop_coming();
	if (is_whole(call, backup) && is_sound(call, content) &&
		!change_restore(json_object_get(content, "devices"),
			json_object_get(content, "home"), call->who, &n, &call->why))
		done = json_pack("{s:I, s:I, s:s}", "devices", (json_int_t)n, "time",
			(json_int_t)json_integer_value(json_object_get(backup, "time")), "text",
			"what was decided is in force again; accounts, tokens and receivers are to "
			"be made anew");
	json_decref(backup);
	return done;
}

const struct verb backup_verbs[] = {
	{"backup.make", ROLE_OWNER, 0, run_backup_make},
	{"backup.restore", ROLE_OWNER, CHANGES | SENDS | CONSOLE, run_backup_restore},
	{NULL},
};
