/* SPDX-License-Identifier: Apache-2.0 */
#include "check/app_scope.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/traffic.h"

extern const unsigned char embedded_shared_sites[];
extern const size_t embedded_shared_sites_len;

/* The name is this, or stands below it. */
static bool
is_below(const char *name, size_t len, const char *site, size_t site_len)
{
	if (len < site_len || strncasecmp(name + len - site_len, site, site_len) != 0)
		return false;
	return len == site_len || name[len - site_len - 1] == '.';
}

static bool
has_word(const char *word, size_t word_len, const char *name, size_t len)
{
	if (word_len == 1 && *word == '*')
		return true;
	if (word_len == strlen("+trackers") && !strncmp(word, "+trackers", word_len))
		return tracker_of(name) != NULL;
	if (*word == '=')
		return word_len - 1 == len && !strncasecmp(word + 1, name, len);
	return is_below(name, len, word, word_len);
}

bool
app_scope_has(const char *scope, const char *name)
{
	size_t len = strlen(name);

	while (len && name[len - 1] == '.')
		len--;
	for (const char *at = scope; *at && len;) {
		size_t word = strcspn(at, " ");
		if (word && has_word(at, word, name, len))
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}

static bool
is_shared(const char *name, size_t len)
{
	const char *at = (const char *)embedded_shared_sites;
	const char *end = at + embedded_shared_sites_len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((stop ? stop : end) - at);
		if (line && *at != '#' && is_below(name, len, at, line))
			return true;
		at += line + 1;
	}
	return false;
}

/* Registries below two-letter countries: "co", "com", "ac" and the like. */
static bool
is_registry(const char *label, size_t len)
{
	static const char *const words[] = {"ac", "co", "com", "edu", "gob", "gov", "gv", "mil",
		"ne", "net", "nom", "or", "org"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strlen(words[i]) == len && !strncasecmp(words[i], label, len))
			return true;
	return false;
}

/* Where the site begins in the name; NULL: it has fewer labels than a site. */
static const char *
site_of(const char *name)
{
	const char *label[3] = {NULL}; /* the last ones, the very last first */

	for (const char *at = name; at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
		label[2] = label[1];
		label[1] = label[0];
		label[0] = at;
	}
	if (!label[1] || !isalpha((unsigned char)*label[0]))
		return NULL;
	if (strlen(label[0]) != 2 || !is_registry(label[1], (size_t)(label[0] - label[1] - 1)))
		return label[1];
	return label[2];
}

static bool
is_plain_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-_.");

	return len && !name[len] && len < APP_SCOPE_WORD_MAX - 1 && name[0] != '.' &&
	       name[len - 1] != '.' && !strstr(name, "..");
}

bool
app_scope_word(const char *name, char out[static APP_SCOPE_WORD_MAX])
{
	const char *site = is_plain_name(name) ? site_of(name) : NULL;

	if (!site)
		return false;
	if (is_shared(name, strlen(name)))
		snprintf(out, APP_SCOPE_WORD_MAX, "=%s", name);
	else
		snprintf(out, APP_SCOPE_WORD_MAX, "%s", site);
	for (char *at = out; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return true;
}

bool
app_scope_add(char scope[static APP_SCOPE_MAX], const char *word)
{
	size_t len = strlen(scope), word_len = strlen(word);

	if (!word_len || strchr(word, ' '))
		return false;
	for (const char *at = scope; *at;) {
		size_t n = strcspn(at, " ");
		if (n == word_len && !strncmp(at, word, n))
			return true;
		at += n + strspn(at + n, " ");
	}
	if (len + word_len + 2 > APP_SCOPE_MAX)
		return false;
	snprintf(scope + len, APP_SCOPE_MAX - len, "%s%s", len ? " " : "", word);
	return true;
}
