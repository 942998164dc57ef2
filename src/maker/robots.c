/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/robots.h"

#include <strings.h>

enum { RULE_MAX = 255 };

struct line {
	struct bytes key, value;
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes
trimmed(struct bytes text)
{
	while (text.len && is_blank(*text.at)) {
		text.at++;
		text.len--;
	}
	while (text.len && (is_blank(text.at[text.len - 1]) || text.at[text.len - 1] == '\r'))
		text.len--;
	return text;
}

/* The next line that is "key: value"; comments are cut. */
static bool
next_line(struct reader *at, struct line *out)
{
	while (reader_left(at)) {
		struct bytes rest = reader_rest(at);
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		struct bytes line = {rest.at, end ? (size_t)(end - rest.at) : rest.len};
		reader_skip(at, end ? line.len + 1 : line.len);
		const uint8_t *hash = line.len ? memchr(line.at, '#', line.len) : NULL;
		if (hash)
			line.len = (size_t)(hash - line.at);
		const uint8_t *colon = line.len ? memchr(line.at, ':', line.len) : NULL;
		if (!colon)
			continue;
		size_t key = (size_t)(colon - line.at);
		out->key = trimmed((struct bytes){line.at, key});
		out->value = trimmed((struct bytes){colon + 1, line.len - key - 1});
		return true;
	}
	return false;
}

/* '*' is any text, '$' at the end is the end; no more than one look back, so it takes no time. */
static bool
fits(struct bytes rule, const char *path)
{
	size_t r = 0, star = SIZE_MAX;
	const char *p = path, *from = path;
	bool is_whole = rule.len && rule.at[rule.len - 1] == '$';

	if (is_whole)
		rule.len--;
	for (;;) {
		if (r == rule.len && (!is_whole || !*p))
			return true;
		if (r < rule.len && rule.at[r] == '*') {
			star = ++r;
			from = p;
		} else if (r < rule.len && *p && rule.at[r] == (uint8_t)*p) {
			r++;
			p++;
		} else if (star != SIZE_MAX && *from) {
			r = star;
			p = ++from;
		} else {
			return false;
		}
	}
}

/* Its token of a product: "name" of "name/1.0 (what it is)". */
static bool
is_for(struct bytes value, const char *name)
{
	size_t len = strlen(name);

	return value.len >= len && !strncasecmp((const char *)value.at, name, len) &&
	       (value.len == len || value.at[len] == '/' || is_blank(value.at[len]));
}

/* Does any group name it?  Or: what do the groups of this name (or "*") say of the path? */
static bool
look(struct bytes robots, const char *name, const char *path, bool *allows)
{
	struct reader at = reader_over(robots.at, robots.len);
	bool is_ours = false, is_in_names = false, is_named = false;
	size_t longest = 0;
	struct line line;

	*allows = true;
	while (next_line(&at, &line)) {
		if (bytes_are_nocase(line.key, "user-agent")) {
			bool is_it = *name == '*' ? bytes_are(line.value, "*")
						  : is_for(line.value, name);
			is_ours = is_it || (is_in_names && is_ours);
			is_in_names = true;
			is_named |= is_it;
			continue;
		}
		bool is_allow = bytes_are_nocase(line.key, "allow");
		if (!is_allow && !bytes_are_nocase(line.key, "disallow"))
			continue;
		is_in_names = false;
		if (!is_ours || !line.value.len || line.value.len > RULE_MAX ||
			!fits(line.value, path))
			continue;
		if (line.value.len > longest || (line.value.len == longest && is_allow)) {
			longest = line.value.len;
			*allows = is_allow;
		}
	}
	return is_named;
}

bool
robots_allow(struct bytes robots, const char *name, const char *path)
{
	bool allows;

	if (look(robots, name, path, &allows))
		return allows;
	look(robots, "*", path, &allows);
	return allows;
}
