/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_http.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"

/* --- forms -------------------------------------------------------------------------------------- */

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* A "%" that no two digits follow stands for itself, as browsers take it. */
static size_t
decode(char *out, const char *at, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int hi = at[i] == '%' && i + 2 < len ? hex_digit(at[i + 1]) : -1;
		int lo = hi >= 0 ? hex_digit(at[i + 2]) : -1;
		if (lo >= 0) {
			out[n++] = (char)(hi * 16 + lo);
			i += 2;
		} else {
			out[n++] = at[i] == '+' ? ' ' : at[i];
		}
	}
	return n;
}

static bool
take_field(json_t *into, const char *at, size_t len)
{
	auto_free char *room = must_alloc(1, len + 2);
	const char *equals = memchr(at, '=', len);
	size_t key_len = equals ? (size_t)(equals - at) : len;

	if (!len)
		return true;
	size_t n = decode(room, at, key_len);
	room[n] = '\0';
	if (strlen(room) != n || json_object_get(into, room))
		return false;
	char *value = room + n + 1;
	size_t value_len = equals ? decode(value, equals + 1, len - key_len - 1) : 0;
	if (memchr(value, 0, value_len))
		return false;
	return !json_object_set_new(into, room, json_stringn(value, value_len));
}

bool
form_parse(json_t *into, const char *body, size_t len)
{
	const char *end = body + len;

	for (int fields = 0; body < end; fields++) {
		const char *and = memchr(body, '&', (size_t)(end - body));
		size_t field = (size_t)((and? and : end) - body);
		if (fields == FORM_FIELDS_MAX || !take_field(into, body, field))
			return false;
		if (!and)
			break;
		body = and+1;
	}
	return true;
}

/* The object of this name in another, made where there is none. */
static json_t *
room_in(json_t *object, const char *name, size_t len)
{
	json_t *room = json_object_getn(object, name, len);

	if (!json_is_object(room)) {
		room = json_object();
		json_object_setn_new(object, name, len, room);
	}
	return room;
}

void
form_fold(json_t *args)
{
	json_t *folded = json_object(), *value;
	const char *key;
	void *next;

	json_object_foreach_safe(args, next, key, value)
	{
		const char *first = strchr(key, '/'), *last = strrchr(key, '/');
		if (!first || first == last || first == key)
			continue;
		json_t *of = room_in(folded, key, (size_t)(first - key));
		json_t *row = room_in(of, first + 1, (size_t)(last - first) - 1);
		json_object_set(row, last + 1, value);
		json_object_del(args, key);
	}
	json_object_foreach(folded, key, value)
	{
		auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
		if (text)
			json_object_set_new(args, key, json_string(text));
	}
	json_decref(folded);
}

/* --- headers --------------------------------------------------------------------------------------- */

static bool
copy(char *out, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (from[i] <= ' ' || from[i] > '~' || from[i] == '"' || from[i] == '\\')
			return false;
	memset(out, 0, size);
	memcpy(out, from, len);
	return true;
}

bool
cookie_find(const char *header, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name);

	while (header && *header) {
		header += strspn(header, " \t;");
		size_t len = strcspn(header, ";");
		if (len > name_len && !strncmp(header, name, name_len) && header[name_len] == '=') {
			size_t value = len - name_len - 1;
			while (value && header[name_len + value] == ' ')
				value--;
			return copy(out, size, header + name_len + 1, value);
		}
		header += len;
	}
	return false;
}

enum { COOKIE_S = 14 * 24 * 3600 }; /* as long as the engine believes a session */

const char *
cookie_name(enum cookie_way way)
{
	return way == COOKIE_BY_TLS ? "__Host-pinfold" : "pinfold";
}

void
cookie_render(char out[static COOKIE_HEADER_MAX], const char *credential, enum cookie_way way)
{
	snprintf(out, COOKIE_HEADER_MAX, "%s=%.*s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
		cookie_name(way), 80, credential ? credential : "", credential ? COOKIE_S : 0,
		way == COOKIE_PLAIN ? "" : "; Secure");
}

bool
bearer_find(const char *header, char *out, size_t size)
{
	static const char scheme[] = "Bearer ";

	if (!header || strncasecmp(header, scheme, sizeof scheme - 1))
		return false;
	header += sizeof scheme - 1;
	header += strspn(header, " ");
	return *header && copy(out, size, header, strlen(header));
}

bool
host_is_ours(const char *host, const char *also)
{
	char name[HOST_MAX];
	struct ip ip;

	if (!host || strlen(host) >= sizeof name)
		return false;
	snprintf(name, sizeof name, "%s", host);
	if (*name == '[') {
		char *close = strchr(name, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		*close = 0;
		return ip_parse(&ip, name + 1);
	}
	name[strcspn(name, ":")] = 0;
	return ip_parse(&ip, name) || !strcmp(name, "localhost") ||
	       !strcmp(name, "pinfold.home.arpa") || (*also && !strcmp(name, also));
}

bool
host_is(const char *host, const char *name)
{
	size_t len = strlen(name);

	return host && *name && !strncasecmp(host, name, len) &&
	       (host[len] == '\0' || host[len] == ':');
}

bool
origin_is_same(const char *origin, const char *host)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (!strncmp(origin, schemes[i], strlen(schemes[i])))
			return !strcasecmp(origin + strlen(schemes[i]), host);
	return false;
}

bool
forwarded_for(const char *header, struct ip *out)
{
	char text[IP_TEXT_MAX];
	const char *comma = header ? strrchr(header, ',') : NULL;

	if (!header)
		return false;
	header = comma ? comma + 1 : header;
	header += strspn(header, " ");
	if (strlen(header) >= sizeof text)
		return false;
	snprintf(text, sizeof text, "%s", header);
	return ip_parse(out, text);
}

/* "de-CH;q=0.8": its first part in lower case, and how much it is liked, in thousandths. */
static unsigned
language_range(const char *at, size_t len, char out[static LANGUAGE_MAX])
{
	size_t n = strcspn(at, "-;, \t"), i;
	const char *q = memchr(at, ';', len);
	unsigned liked = 0, unit = 100;

	out[0] = '\0';
	if (n > len || n >= LANGUAGE_MAX)
		return 0;
	for (i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)at[i]);
	out[n] = '\0';
	if (!q)
		return 1000;
	q++;
	q += strspn(q, " \t");
	if (strncasecmp(q, "q=", 2) || (q[2] != '0' && q[2] != '1'))
		return 0;
	if (q[2] == '1')
		return 1000;
	for (q += 3 + (q[3] == '.'); *q >= '0' && *q <= '9' && unit; q++, unit /= 10)
		liked += unit * (unsigned)(*q - '0');
	return liked;
}

void
language_choose(
	const char *header, bool (*is_known)(const char *tag), char out[static LANGUAGE_MAX])
{
	char tag[LANGUAGE_MAX];
	unsigned best = 0;

	out[0] = '\0';
	while (header && *header) {
		header += strspn(header, ", \t");
		size_t len = strcspn(header, ",");
		unsigned liked = language_range(header, len, tag);
		if (liked > best && is_known(tag)) {
			best = liked;
			strcpy(out, tag);
		}
		header += len;
	}
}

bool
path_is_local(const char *path)
{
	/* "//host" and "/\host" are other sites to a browser; a line end would be a header. */
	if (path[0] != '/' || path[1] == '/' || path[1] == '\\')
		return false;
	for (; *path; path++)
		if (*path <= ' ' || *path > '~' || *path == '\\' || *path == '"' || *path == '<')
			return false;
	return true;
}

void
etag_render(char out[static ETAG_MAX], const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(1099511628211);
	snprintf(out, ETAG_MAX, "\"%016" PRIx64 "\"", hash);
}

bool
etag_is_in(const char *header, const char *etag)
{
	return header && (!strcmp(header, "*") || strstr(header, etag));
}
