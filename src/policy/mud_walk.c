/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mud_walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"

/* --- path, notes, refusal -------------------------------------------------------------------- */

/* Returns what walk_pop() needs. */
size_t
walk_push(struct walk *w, const char *key, size_t index)
{
	size_t was = w->path_len, room = sizeof w->path - was;
	char name[80];
	int n;

	printable(name, sizeof name, key, strlen(key));
	if (index == SIZE_MAX)
		n = snprintf(w->path + was, room, "%s%s", was ? "/" : "", name);
	else
		n = snprintf(w->path + was, room, "%s%s[%zu]", was ? "/" : "", name, index);
	w->path_len = n < 0 || (size_t)n >= room ? sizeof w->path - 1 : was + (size_t)n;
	return was;
}

void
walk_pop(struct walk *w, size_t was)
{
	w->path_len = was;
	w->path[was] = '\0';
}

void
walk_note(struct walk *w, const char *fmt, ...)
{
	va_list ap;

	if (w->mud->n_notes == MUD_NOTES_MAX) {
		w->mud->n_notes_lost++;
		return;
	}
	struct mud_note *at = &w->mud->note[w->mud->n_notes++];
	memcpy(at->path, w->path, w->path_len);
	va_start(ap, fmt);
	vsnprintf(at->reason, sizeof at->reason, fmt, ap);
	va_end(ap);
}

void
walk_refuse(struct walk *w, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	if (w->is_refused)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	w->is_refused = true;
	if (w->path_len)
		fault_set(w->why, ERR_INVALID, "%s: %s", w->path, text);
	else
		fault_set(w->why, ERR_INVALID, "%s", text);
}

/* --- keys and plain values ---------------------------------------------------------------------- */

/*
 * A key without the name of its module (RFC 7951, section 4), when it is one of
 * those that we implement; with any other module's name it stays unknown.
 */
const char *
json_bare_key(const char *key)
{
	static const char *const module[] = {
		"ietf-mud:", "ietf-access-control-list:", "ietf-acldns:"};

	for (size_t i = 0; i < COUNT_OF(module); i++)
		if (!strncmp(key, module[i], strlen(module[i])))
			return key + strlen(module[i]);
	return key;
}

bool
json_key_is(const char *key, const char *wanted)
{
	return !strcmp(json_bare_key(key), wanted);
}

/* The member under its bare or its qualified name; both at once count as none. */
const json_t *
json_member(const json_t *object, const char *wanted)
{
	const json_t *found = NULL, *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (!json_key_is(key, wanted))
			continue;
		if (found)
			return NULL;
		found = value;
	}
	return found;
}

bool
json_int_in(const json_t *value, json_int_t lo, json_int_t hi, uint16_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < lo ||
		json_integer_value(value) > hi)
		return false;
	*out = (uint16_t)json_integer_value(value);
	return true;
}

/* [null] is how RFC 7951 says "present"; [] is how one field file says it. */
bool
json_is_empty_leaf(const json_t *value)
{
	return json_is_array(value) &&
	       (json_array_size(value) == 0 ||
		       (json_array_size(value) == 1 && json_is_null(json_array_get(value, 0))));
}

/* --- tables of names and URIs ----------------------------------------------------------------------- */

bool
walk_keep_text(struct walk *w, char table[][MUD_TEXT_MAX], uint16_t *n, uint16_t max,
	const char *text, uint16_t *index)
{
	for (uint16_t i = 0; i < *n; i++)
		if (!strcmp(table[i], text)) {
			*index = i;
			return true;
		}
	if (*n == max) {
		walk_refuse(w, "more than %u different names", max);
		return false;
	}
	memcpy(table[*n], text, strlen(text) + 1);
	*index = (*n)++;
	return true;
}
