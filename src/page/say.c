/* SPDX-License-Identifier: Apache-2.0 */
#include "page/say.h"

#include <stdlib.h>
#include <string.h>

static const struct language *chosen; /* NULL: English */

static const struct language *
find(const char *tag)
{
	for (const struct language *at = languages; at->tag; at++)
		if (!strcmp(at->tag, tag))
			return at;
	return NULL;
}

bool
language_is_known(const char *tag)
{
	return !strcmp(tag, "en") || find(tag);
}

const char *
say_in(const char *tag)
{
	chosen = find(tag);
	return chosen ? chosen->tag : "en";
}

static int
by_id(const void *id, const void *row)
{
	return strcmp(id, ((const struct said *)row)->id);
}

static const struct said *
said(const char *id)
{
	return chosen ? bsearch(id, chosen->said, chosen->n_said, sizeof *chosen->said, by_id)
		      : NULL;
}

const char *
say(const char *text)
{
	const struct said *row = said(text);
	return row ? row->one : text;
}

const char *
say_many(const char *one, const char *many, unsigned long n)
{
	const struct said *row = said(one);

	if (row)
		return n == 1 ? row->one : row->many;
	return n == 1 ? one : many;
}
