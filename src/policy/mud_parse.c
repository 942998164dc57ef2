/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a MUD file in, struct mud out (RFC 8520).  The access control
 * entries are read in mud_ace.c.
 */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "packet/mud_url.h"
#include "policy/mud_walk.h"

/* --- lists and policies -------------------------------------------------------------------------------- */

static uint8_t
list_version(struct walk *w, const json_t *list)
{
	const json_t *type = json_member(list, "type");

	if (!json_is_string(type))
		return 0;
	const char *word = json_bare_key(json_string_value(type));
	if (!strcmp(word, "ipv4-acl-type") || !strcmp(word, "ipv4"))
		return 4;
	if (!strcmp(word, "ipv6-acl-type") || !strcmp(word, "ipv6"))
		return 6;
	walk_note(w, "a type of list that we do not know; each ACE speaks for itself");
	return 0;
}

static void
take_list(struct walk *w, const json_t *list, enum mud_direction direction)
{
	const json_t *aces = json_member(list, "aces"), *ace;
	size_t i;

	aces = json_is_object(aces) ? json_member(aces, "ace") : NULL;
	if (!json_is_array(aces)) {
		walk_note(w, "no ACEs; permits nothing");
		return;
	}
	uint8_t version = list_version(w, list);
	size_t was = walk_push(w, "aces", SIZE_MAX);
	json_array_foreach(aces, i, ace)
	{
		size_t inner = walk_push(w, "ace", i);
		walk_take_ace(w, ace, direction, version);
		walk_pop(w, inner);
		if (w->is_refused)
			return;
	}
	walk_pop(w, was);
}

/* The list of that name: exactly one, or none. */
static const json_t *
list_find(const json_t *lists, const char *wanted, size_t *index)
{
	const json_t *list, *found = NULL;
	size_t i;

	json_array_foreach(lists, i, list)
	{
		const json_t *name = json_member(list, "name");
		if (!json_is_string(name) || strcmp(json_string_value(name), wanted))
			continue;
		if (found)
			return NULL;
		found = list;
		*index = i;
	}
	return found;
}

enum { LISTS_MAX = 256 };

static void
take_policy(struct walk *w, const json_t *mud, const char *key, enum mud_direction direction,
	const json_t *lists, bool used[static LISTS_MAX])
{
	/* The tree diagram of RFC 8520 says "acls", its YANG and examples "access-lists". */
	const json_t *policy = json_member(mud, key), *names = NULL, *item;
	size_t i, index = 0;

	if (!json_is_object(policy))
		return;
	if (direction == MUD_FROM_DEVICE)
		w->mud->has_from_device = true;
	else
		w->mud->has_to_device = true;
	names = json_member(policy, "access-lists");
	if (!names)
		names = json_member(policy, "acls");
	if (json_is_object(names))
		names = json_member(names, "access-list");
	size_t was = walk_push(w, key, SIZE_MAX);
	if (!json_is_array(names)) {
		walk_note(w, "names no access list; permits nothing");
		walk_pop(w, was);
		return;
	}
	json_array_foreach(names, i, item)
	{
		const json_t *name = json_member(item, "name");
		size_t inner = walk_push(w, "access-list", i);
		const json_t *list = json_is_string(name)
					     ? list_find(lists, json_string_value(name), &index)
					     : NULL;
		if (!list) {
			walk_note(w,
				json_is_string(name) ? "there is no such list, or two" : "no name");
			walk_pop(w, inner);
			continue;
		}
		if (index < LISTS_MAX)
			used[index] = true;
		/* the path of what follows is the list's own */
		char saved[sizeof w->path];
		size_t saved_len = w->path_len;
		memcpy(saved, w->path, sizeof saved);
		w->path_len = 0;
		walk_push(w, "acls/acl", index);
		take_list(w, list, direction);
		if (w->is_refused)
			return;
		memcpy(w->path, saved, sizeof saved);
		w->path_len = saved_len;
		walk_pop(w, inner);
	}
	walk_pop(w, was);
}

/* --- the leaves of ietf-mud:mud -------------------------------------------------------------------------- */

/* A text for people: printable, cut, zero-filled. */
static void
show(struct walk *w, char *out, size_t size, const json_t *object, const char *key)
{
	const json_t *value = json_member(object, key);

	if (!value)
		return;
	size_t was = walk_push(w, key, SIZE_MAX);
	memset(out, 0, size);
	if (!json_is_string(value))
		walk_note(w, "not text; ignored");
	else if (!printable(out, size, json_string_value(value), json_string_length(value)))
		walk_note(w, "cut for display");
	walk_pop(w, was);
}

static bool
digits(const char **at, int n, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return true;
}

/* date-and-time of RFC 6991; without a zone it is taken as UTC. */
static bool
date_parse(const char *at, int64_t *out, bool *has_zone)
{
	struct tm tm = {0};
	int hours = 0, minutes = 0, sign = 0;

	if (!digits(&at, 4, &tm.tm_year) || *at++ != '-' || !digits(&at, 2, &tm.tm_mon) ||
		*at++ != '-' || !digits(&at, 2, &tm.tm_mday) || (*at != 'T' && *at != 't'))
		return false;
	at++;
	if (!digits(&at, 2, &tm.tm_hour) || *at++ != ':' || !digits(&at, 2, &tm.tm_min) ||
		*at++ != ':' || !digits(&at, 2, &tm.tm_sec))
		return false;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
		tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	if (*at == '.')
		for (at++; isdigit((unsigned char)*at); at++)
			;
	*has_zone = *at != '\0';
	if (*at == 'Z' || *at == 'z') {
		at++;
	} else if (*at == '+' || *at == '-') {
		sign = *at++ == '+' ? 1 : -1;
		if (!digits(&at, 2, &hours) || *at++ != ':' || !digits(&at, 2, &minutes) ||
			hours > 23 || minutes > 59)
			return false;
	}
	if (*at)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*out = timegm(&tm) - sign * (hours * 3600 + minutes * 60);
	return true;
}

/* What a file must have to be applied without asking; short of it, the owner may still approve. */
static void
needs_approval(struct walk *w, const char *key, const char *reason)
{
	size_t was = walk_push(w, key, SIZE_MAX);
	walk_note(w, "%s; only with an approval", reason);
	walk_pop(w, was);
	w->mud->needs_approval = true;
}

static void
take_version(struct walk *w, const json_t *mud)
{
	const json_t *value = json_member(mud, "mud-version");

	if (!value)
		needs_approval(w, "mud-version", "missing");
	else if (!json_is_integer(value) || json_integer_value(value) != 1)
		walk_refuse(w, "mud-version is not 1");
}

static void
take_url(struct walk *w, const json_t *mud)
{
	const json_t *value = json_member(mud, "mud-url");
	struct mud_url url;

	if (!json_is_string(value) || !json_string_length(value)) {
		walk_refuse(w, "mud-url is missing");
		return;
	}
	/* no reserved part here: the leaf is a URL and nothing else */
	if (json_string_length(value) > MUD_URL_MAX || strchr(json_string_value(value), ' ') ||
		!mud_url_from_bytes(&url, (const uint8_t *)json_string_value(value),
			json_string_length(value))) {
		walk_refuse(w, "mud-url is not an https URL");
		return;
	}
	memcpy(w->mud->url, url.text, sizeof w->mud->url);
	mud_url_authority(&url, w->mud->authority);
}

static void
take_times(struct walk *w, const json_t *mud)
{
	const json_t *update = json_member(mud, "last-update"),
		     *hours = json_member(mud, "cache-validity");
	bool has_zone = true;
	uint16_t validity;

	if (!json_is_string(update) ||
		!date_parse(json_string_value(update), &w->mud->last_update_s, &has_zone)) {
		needs_approval(w, "last-update", update ? "not a date and time" : "missing");
	} else if (!has_zone) {
		size_t was = walk_push(w, "last-update", SIZE_MAX);
		walk_note(w, "no time zone; taken as UTC");
		walk_pop(w, was);
	}
	w->mud->cache_validity_h = 48;
	if (hours && json_int_in(hours, 1, 168, &validity)) {
		w->mud->cache_validity_h = (uint8_t)validity;
	} else if (hours) {
		size_t was = walk_push(w, "cache-validity", SIZE_MAX);
		walk_note(w, "not 1 to 168 hours; taken as 48");
		walk_pop(w, was);
	}
}

static void
take_supported(struct walk *w, const json_t *mud)
{
	const json_t *value = json_member(mud, "is-supported");

	if (!json_is_boolean(value))
		needs_approval(w, "is-supported", "missing");
	else
		w->mud->is_supported = json_is_true(value);
}

/* RFC 8520, section 3.9: what is not understood is ignored, and the owner told. */
static void
note_unknown_leaves(struct walk *w, const json_t *mud)
{
	static const char *const known[] = {"mud-version", "mud-url", "last-update",
		"mud-signature", "cache-validity", "is-supported", "systeminfo", "mfg-name",
		"model-name", "firmware-rev", "software-rev", "documentation", "extensions",
		"from-device-policy", "to-device-policy"};
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)mud, key, value)
	{
		bool is_known = !strcmp(key, "nist-mud:quarantined-device-policy");

		for (size_t i = 0; i < COUNT_OF(known); i++)
			is_known |= json_key_is(key, known[i]);
		if (is_known)
			continue;
		size_t was = walk_push(w, key, SIZE_MAX);
		walk_note(w, "not understood; ignored");
		walk_pop(w, was);
	}
	value = json_member(mud, "extensions");
	if (value && json_array_size(value)) {
		size_t was = walk_push(w, "extensions", SIZE_MAX);
		walk_note(w, "extensions are not implemented; ignored");
		walk_pop(w, was);
	}
}

static void
take_quarantine(struct walk *w, const json_t *mud)
{
	const json_t *policy = json_object_get(mud, "nist-mud:quarantined-device-policy"), *item;
	size_t i;

	policy = json_is_object(policy) ? json_object_get(policy, "enabled-ace-names") : NULL;
	if (!json_is_array(policy))
		return;
	json_array_foreach(policy, i, item)
	{
		const json_t *name =
			json_is_object(item) ? json_object_get(item, "ace-name") : NULL;
		char wanted[MUD_ACE_NAME_MAX];

		if (!json_is_string(name) ||
			!printable(wanted, sizeof wanted, json_string_value(name),
				json_string_length(name)))
			continue;
		for (size_t a = 0; a < w->mud->n_aces; a++)
			if (!strcmp(w->mud->ace[a].name, wanted))
				w->mud->ace[a].in_quarantine = true;
	}
	size_t was = walk_push(w, "nist-mud:quarantined-device-policy", SIZE_MAX);
	walk_note(w, "kept; a device in quarantine still reaches only the status page");
	walk_pop(w, was);
}

static void
copy_signature(char out[static MUD_TEXT_MAX], const json_t *mud)
{
	const json_t *value = json_member(mud, "mud-signature");

	memset(out, 0, MUD_TEXT_MAX);
	if (json_is_string(value) &&
		!printable(out, MUD_TEXT_MAX, json_string_value(value), json_string_length(value)))
		memset(out, 0, MUD_TEXT_MAX);
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static const json_t *
lists_of(struct walk *w, const json_t *root)
{
	const json_t *lists = json_object_get(root, "ietf-access-control-list:acls");

	if (!lists) {
		/* the name before RFC 8519; most files in the field carry it */
		lists = json_object_get(root, "ietf-access-control-list:access-lists");
		if (lists) {
			size_t was =
				walk_push(w, "ietf-access-control-list:access-lists", SIZE_MAX);
			walk_note(w, "old name of acls; accepted");
			walk_pop(w, was);
		}
	}
	lists = json_is_object(lists) ? json_member(lists, "acl") : NULL;
	if (!json_is_array(lists)) {
		walk_refuse(
			w, "ietf-access-control-list:acls is missing, so nothing would be allowed");
		return NULL;
	}
	return lists;
}

static void
count_aces(struct walk *w, const json_t *lists)
{
	const json_t *list;
	size_t i, n = 0;

	if (json_array_size(lists) > LISTS_MAX)
		walk_refuse(w, "more than %u access lists", (unsigned)LISTS_MAX);
	json_array_foreach(lists, i, list)
	{
		const json_t *aces = json_is_object(list) ? json_member(list, "aces") : NULL;
		aces = json_is_object(aces) ? json_member(aces, "ace") : NULL;
		n += json_array_size(aces);
	}
	if (n > MUD_ACES_MAX)
		walk_refuse(w, "more than %u ACEs", (unsigned)MUD_ACES_MAX);
}

static const json_t *
mud_of(struct walk *w, const json_t *root)
{
	const json_t *mud = json_object_get(root, "ietf-mud:mud");

	if (json_is_object(mud))
		return mud;
	if (json_object_get(root, "ietf-mud:support-information") ||
		json_object_get(root, "ietf-mud:supportInformation"))
		walk_refuse(w, "written for a draft before RFC 8520, without ietf-mud:mud");
	else
		walk_refuse(w, "no ietf-mud:mud, so not a MUD file");
	return NULL;
}

static void
note_unused(struct walk *w, const json_t *lists, const bool used[static LISTS_MAX])
{
	for (size_t i = 0; i < json_array_size(lists) && i < LISTS_MAX; i++)
		if (!used[i]) {
			size_t was = walk_push(w, "acls/acl", i);
			walk_note(w, "no policy names this list; ignored");
			walk_pop(w, was);
		}
}

static void
take_root(struct walk *w, const json_t *root)
{
	bool used[LISTS_MAX] = {false};
	const json_t *mud = mud_of(w, root);

	if (!mud)
		return;
	take_version(w, mud);
	take_url(w, mud);
	if (w->is_refused)
		return;
	if (!json_is_object(json_member(mud, "from-device-policy")) &&
		!json_is_object(json_member(mud, "to-device-policy"))) {
		walk_refuse(w, "neither from-device-policy nor to-device-policy");
		return;
	}
	const json_t *lists = lists_of(w, root);
	if (lists)
		count_aces(w, lists);
	if (w->is_refused)
		return;
	take_times(w, mud);
	take_supported(w, mud);
	copy_signature(w->mud->signature, mud);
	show(w, w->mud->systeminfo, sizeof w->mud->systeminfo, mud, "systeminfo");
	show(w, w->mud->manufacturer, sizeof w->mud->manufacturer, mud, "mfg-name");
	show(w, w->mud->model, sizeof w->mud->model, mud, "model-name");
	show(w, w->mud->firmware, sizeof w->mud->firmware, mud, "firmware-rev");
	show(w, w->mud->software, sizeof w->mud->software, mud, "software-rev");
	note_unknown_leaves(w, mud);
	take_policy(w, mud, "from-device-policy", MUD_FROM_DEVICE, lists, used);
	if (!w->is_refused)
		take_policy(w, mud, "to-device-policy", MUD_TO_DEVICE, lists, used);
	if (w->is_refused)
		return;
	note_unused(w, lists, used);
	take_quarantine(w, mud);
}

static bool
parse(struct mud *mud, const char *bytes, size_t len, size_t len_max, struct fault *why)
{
	struct walk w = {.mud = mud, .why = why};

	memset(mud, 0, sizeof *mud);
	json_t *root = json_strict(bytes, len, len_max, MUD_DEPTH_MAX, why);
	if (!root)
		return false;
	mud->version = MUD_STRUCT_VERSION;
	if (json_is_object(root))
		take_root(&w, root);
	else
		walk_refuse(&w, "not a JSON object");
	json_decref(root);
	return !w.is_refused;
}

bool
mud_parse(struct mud *mud, const char *bytes, size_t len, struct fault *why)
{
	return parse(mud, bytes, len, MUD_FILE_MAX, why);
}

bool
mud_parse_rendered(struct mud *mud, const char *bytes, size_t len, struct fault *why)
{
	return parse(mud, bytes, len, MUD_RENDERED_MAX, why);
}

bool
mud_signature_leaf(const char *bytes, size_t len, char out[static MUD_TEXT_MAX], struct fault *why)
{
	json_t *root = json_strict(bytes, len, MUD_FILE_MAX, MUD_DEPTH_MAX, why);

	if (!root)
		return false;
	const json_t *mud = json_object_get(root, "ietf-mud:mud");
	memset(out, 0, MUD_TEXT_MAX);
	if (json_is_object(mud))
		copy_signature(out, mud);
	json_decref(root);
	return true;
}
