/* SPDX-License-Identifier: Apache-2.0 */
#include "check/http_form.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- tags ------------------------------------------------------------------------------------------ */

/* The next tag at or after *at, comments left out; its text without < and >. */
static bool
next_tag(const char **at, const char **tag, size_t *len)
{
	for (;;) {
		const char *open = strchr(*at, '<');
		if (!open)
			return false;
		if (!strncmp(open, "<!--", 4)) {
			const char *end = strstr(open + 4, "-->");
			if (!end)
				return false;
			*at = end + 3;
			continue;
		}
		const char *close = strchr(open, '>');
		if (!close)
			return false;
		*tag = open + 1;
		*len = (size_t)(close - open - 1);
		*at = close + 1;
		return true;
	}
}

static bool
is_tag(const char *tag, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	return len >= name_len && !strncasecmp(tag, name, name_len) &&
	       (len == name_len || isspace((unsigned char)tag[name_len]) || tag[name_len] == '/');
}

/* An attribute's value, quoted or not; empty when it is not there. */
static void
attribute(const char *tag, size_t len, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name);

	out[0] = '\0';
	for (size_t i = 1; i + name_len < len; i++) {
		size_t at = i + name_len;
		if (!isspace((unsigned char)tag[i - 1]) || strncasecmp(tag + i, name, name_len))
			continue;
		while (at < len && isspace((unsigned char)tag[at]))
			at++;
		if (at >= len || tag[at] != '=')
			continue;
		at++;
		while (at < len && isspace((unsigned char)tag[at]))
			at++;
		char quote = at < len && (tag[at] == '"' || tag[at] == '\'') ? tag[at++] : '\0';
		size_t end = at;
		while (end < len && (quote ? tag[end] != quote : !isspace((unsigned char)tag[end])))
			end++;
		if (!quote && end == len && end > at && tag[end - 1] == '/')
			end--;
		snprintf(out, size, "%.*s", (int)(end - at), tag + at);
		return;
	}
}

/* --- escaping ---------------------------------------------------------------------------------------- */

static size_t
put_escaped(char *out, size_t size, size_t n, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool is_plain = isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
		if (n + 4 > size)
			break;
		n += (size_t)snprintf(out + n, size - n, is_plain ? "%c" : "%%%02X", c);
	}
	return n;
}

static void
add_extra(struct http_form *form, const char *name, const char *value)
{
	size_t n = strlen(form->extra), was = n;

	if (!*name || n + 3 * (strlen(name) + strlen(value)) + 3 > sizeof form->extra)
		return;
	n = put_escaped(form->extra, sizeof form->extra, n, name);
	form->extra[n++] = '=';
	form->extra[n] = '\0';
	n = put_escaped(form->extra, sizeof form->extra, n, value);
	if (n + 2 > sizeof form->extra)
		n = was;
	else
		form->extra[n++] = '&';
	form->extra[n] = '\0';
}

/* Text as it is; cut where the room ends. */
static size_t
put(char *out, size_t size, size_t n, const char *text)
{
	while (*text && n + 1 < size)
		out[n++] = *text++;
	out[n] = '\0';
	return n;
}

void
http_form_fill(char *out, size_t size, const struct http_form *form, const char *user,
	const char *password)
{
	size_t n = 0;

	if (form->is_json) {
		snprintf(out, size, "{\"%s\":\"%s\",\"%s\":\"%s\"}", form->user, user,
			form->password, password);
		return;
	}
	n = put(out, size, 0, form->extra);
	if (*form->user) {
		n = put_escaped(out, size, n, form->user);
		n = put(out, size, n, "=");
		n = put_escaped(out, size, n, user);
		n = put(out, size, n, "&");
	}
	n = put_escaped(out, size, n, form->password);
	n = put(out, size, n, "=");
	put_escaped(out, size, n, password);
}

/* --- finding ------------------------------------------------------------------------------------------ */

static void
take_input(struct http_form *form, const char *tag, size_t len)
{
	char type[32], name[64], value[96];

	attribute(tag, len, "type", type, sizeof type);
	attribute(tag, len, "name", name, sizeof name);
	attribute(tag, len, "value", value, sizeof value);
	if (!strcasecmp(type, "password")) {
		if (!*form->password)
			snprintf(form->password, sizeof form->password, "%s", name);
	} else if (!*type || !strcasecmp(type, "text") || !strcasecmp(type, "email")) {
		if (!*form->user)
			snprintf(form->user, sizeof form->user, "%s", name);
		else
			add_extra(form, name, value);
	} else if (strcasecmp(type, "button") && strcasecmp(type, "reset") &&
		   strcasecmp(type, "radio")) {
		add_extra(form, name, value);
	}
}

static bool
in_forms(struct http_form *out, const char *page)
{
	struct http_form form = {0};
	const char *at = page, *tag;
	bool is_inside = false;
	size_t len;

	while (next_tag(&at, &tag, &len)) {
		if (is_tag(tag, len, "form")) {
			char method[8];
			if (is_inside && *form.password)
				break;
			memset(&form, 0, sizeof form);
			attribute(tag, len, "action", form.action, sizeof form.action);
			attribute(tag, len, "method", method, sizeof method);
			form.is_post = !strcasecmp(method, "post");
			is_inside = true;
		} else if (is_tag(tag, len, "/form")) {
			if (is_inside && *form.password)
				break;
			is_inside = false;
		} else if (is_inside && is_tag(tag, len, "input")) {
			take_input(&form, tag, len);
		}
	}
	if (!*form.password)
		return false;
	*out = form;
	return true;
}

/* The text between the quotes that stand at or after `at`, within the next few bytes. */
static const char *
quoted(const char *at, char *out, size_t size)
{
	size_t skip = strcspn(at, "'\"\n");

	if (skip > 24 || (at[skip] != '\'' && at[skip] != '"'))
		return NULL;
	const char *begin = at + skip + 1;
	const char *end = strchr(begin, at[skip]);
	if (!end || (size_t)(end - begin) >= size)
		return NULL;
	snprintf(out, size, "%.*s", (int)(end - begin), begin);
	return end + 1;
}

/* A script that sends both fields as JSON: fetch('/where', ... JSON.stringify({'user':..., 'password':...). */
static bool
in_script(struct http_form *out, const char *page)
{
	struct http_form form = {.is_post = true, .is_json = true};
	const char *call = strstr(page, "fetch(");
	const char *object = call ? strstr(call, "JSON.stringify(") : NULL;

	if (!object || !quoted(call + 6, form.action, sizeof form.action))
		return false;
	const char *at = quoted(object + 15, form.user, sizeof form.user);
	at = at ? strchr(at, ',') : NULL;
	if (!at || !quoted(at, form.password, sizeof form.password))
		return false;
	*out = form;
	return true;
}

bool
http_asks_for_password(const char *page)
{
	const char *at = page, *tag;
	size_t len;

	while (next_tag(&at, &tag, &len)) {
		char type[32];
		if (!is_tag(tag, len, "input"))
			continue;
		attribute(tag, len, "type", type, sizeof type);
		if (!strcasecmp(type, "password"))
			return true;
	}
	return false;
}

bool
http_form_find(struct http_form *form, const char *page)
{
	return in_forms(form, page) || (http_asks_for_password(page) && in_script(form, page));
}
