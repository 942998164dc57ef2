/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_MUD_WALK_H
#define PINFOLD_POLICY_MUD_WALK_H

#include <jansson.h>

#include "policy/mud.h"

/*
 * A walk through a MUD file, for the two files that read one: mud_parse.c the
 * whole, mud_ace.c its access control entries.
 */

/* Where in the file we are, and what is being filled. */
struct walk {
	struct mud *mud;
	struct fault *why;
	bool is_refused; /* the whole file; why is set */
	size_t path_len;
	char path[sizeof((struct mud_note *)0)->path];
};

/* One level down, "key" or (index not SIZE_MAX) "key[3]"; gives what walk_pop() needs. */
size_t walk_push(struct walk *, const char *key, size_t index);
void walk_pop(struct walk *, size_t was);

/* What was ignored or left out, here.  The text must be printable. */
void walk_note(struct walk *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The whole file is refused, for what is here; the first reason stays. */
void walk_refuse(struct walk *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A key without the name of its module (RFC 7951, section 4), when it is one of
 * those that we implement; with any other module's name it stays unknown.
 */
const char *json_bare_key(const char *key);
bool json_key_is(const char *key, const char *wanted);
/* The member under its bare or its qualified name; both at once count as none. */
const json_t *json_member(const json_t *object, const char *wanted);
bool json_int_in(const json_t *, json_int_t lo, json_int_t hi, uint16_t *out);
/* [null] is how RFC 7951 says "present"; [] is how one field file says it. */
bool json_is_empty_leaf(const json_t *);

/* Index of the text in the table, kept when new.  Refuses the file when the table is full. */
bool walk_keep_text(struct walk *, char table[][MUD_TEXT_MAX], uint16_t *n, uint16_t max,
	const char *text, uint16_t *index);

/*
 * Reads one ACE (mud_ace.c) and appends what became of it to the struct: no
 * row, one, or two or four where ports are unequal to one.  list_version is 4
 * or 6 when the type of the access list says so, else 0.
 */
void walk_take_ace(struct walk *, const json_t *ace, enum mud_direction, uint8_t list_version);

#endif
