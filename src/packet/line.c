/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/line.h"

bool
line_next(struct reader *r, struct bytes *line)
{
	size_t left = reader_left(r);
	const uint8_t *end = left ? memchr(r->at, '\n', left) : NULL;

	if (!reader_ok(r) || !end)
		return false;
	*line = (struct bytes){.at = r->at, .len = (size_t)(end - r->at)};
	r->at = end + 1;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

bool
line_header(struct bytes line, struct bytes *name, struct bytes *value)
{
	const uint8_t *colon = line.len ? memchr(line.at, ':', line.len) : NULL;

	if (!colon || colon == line.at)
		return false;
	*name = (struct bytes){.at = line.at, .len = (size_t)(colon - line.at)};
	for (size_t i = 0; i < name->len; i++)
		if (name->at[i] <= ' ' || name->at[i] >= 0x7f)
			return false;
	*value = (struct bytes){.at = colon + 1, .len = line.len - name->len - 1};
	while (value->len && is_blank(value->at[0])) {
		value->at++;
		value->len--;
	}
	while (value->len && is_blank(value->at[value->len - 1]))
		value->len--;
	return true;
}

bool
line_word(struct bytes *line, struct bytes *word)
{
	const uint8_t *space = line->len ? memchr(line->at, ' ', line->len) : NULL;

	if (!space)
		return false;
	*word = (struct bytes){.at = line->at, .len = (size_t)(space - line->at)};
	line->at = space + 1;
	line->len -= word->len + 1;
	return true;
}
