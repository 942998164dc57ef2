/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/http_form.h"
#include "check/http_text.h"
#include "check/login.h"
#include "check/table.h"

/*
 * A login of a web page is proven by what is open afterwards, never by a status
 * or a picture: the exchange that counts asks for the first page, with the
 * header or the cookies that the login gave.
 *
 * Its note: "basic", "digest" or "form", the user, and where the first page leads
 * to without a login ("from LOCATION").
 */
enum { PAGE_MAX = EXCHANGE_BYTES_MAX, COOKIES_MAX = 600 };

/* --- what an answer says ------------------------------------------------------------------------- */

static enum login_result
http_result(const struct exchange *e)
{
	auto_free char *page = NULL;
	struct http_reply reply;
	char location[128];
	bool is_none = !strncmp(e->note, "none", 4);

	if (!http_reply_parse(&reply, e->received, e->n_received))
		return LOGIN_UNKNOWN;
	if (reply.status == 429 || reply.status == 423 || reply.status == 503)
		return LOGIN_LOCKED;
	if (reply.status == 401 || reply.status == 403)
		return LOGIN_NO;
	if (reply.status >= 300 && reply.status < 400) {
		const char *from = strstr(e->note, " from ");
		if (!http_header(&reply, "Location", location, sizeof location))
			return LOGIN_UNKNOWN;
		/* Without a login it leads to the form; with one that counts, elsewhere. */
		return is_none || !from || !strncmp(from + 6, location, strlen(from + 6))
			       ? LOGIN_NO
			       : LOGIN_YES;
	}
	if (reply.status < 200 || reply.status >= 300)
		return LOGIN_UNKNOWN;
	page = must_alloc(1, PAGE_MAX + 1);
	if (!http_body(&reply, page, PAGE_MAX + 1))
		return LOGIN_UNKNOWN;
	if (http_asks_for_password(page))
		return LOGIN_NO;
	return is_none ? LOGIN_NOT_ASKED : LOGIN_YES;
}

/* --- trying ---------------------------------------------------------------------------------------- */

static bool
last_reply(const struct session *session, struct http_reply *reply)
{
	const struct exchange *e = transcript_last(session);
	return e && http_reply_parse(reply, e->received, e->n_received);
}

/* Cookies of an answer, as a header line's value goes on. */
static void
take_cookies(const struct http_reply *reply, char cookies[static COOKIES_MAX])
{
	char value[256];

	for (unsigned i = 0; i < 8 && http_header_nth(reply, "Set-Cookie", i, value, sizeof value);
		i++) {
		size_t n = strlen(cookies), len = strcspn(value, ";");
		if (n + len + 3 < COOKIES_MAX)
			snprintf(cookies + n, COOKIES_MAX - n, "%s%.*s", n ? "; " : "", (int)len,
				value);
	}
}

static void
cookie_line(const char *cookies, char out[static COOKIES_MAX + 16])
{
	snprintf(out, COOKIES_MAX + 16, *cookies ? "Cookie: %s\r\n" : "%s", cookies);
}

/* A path on the same device; absolute addresses of others are not followed. */
static bool
path_of(const struct service_at *at, const char *where, const char *from, char *out, size_t size)
{
	char host[64];
	const char *slash;

	http_host(&at->address, at->port, at->is_tls, host);
	if (!strncasecmp(where, "http://", 7) || !strncasecmp(where, "https://", 8)) {
		where = strstr(where, "//") + 2;
		if (strncasecmp(where, host, strlen(host)) != 0)
			return false;
		slash = strchr(where, '/');
		snprintf(out, size, "%s", slash ? slash : "/");
	} else if (*where == '/') {
		snprintf(out, size, "%s", where);
	} else {
		slash = strrchr(from, '/');
		snprintf(out, size, "%.*s%s", slash ? (int)(slash - from + 1) : 1,
			slash ? from : "/", *where ? where : (slash ? slash + 1 : ""));
	}
	return true;
}

struct door {
	char challenge[512]; /* of WWW-Authenticate; empty: a form */
	char page[FORM_TEXT_MAX], first_location[64];
	char cookies[COOKIES_MAX];
	struct http_form form;
	bool has_form;
};

static bool
fetch(struct session *session, const struct service_at *at, const char *path, const char *cookies,
	struct http_reply *reply)
{
	char line[FORM_TEXT_MAX + 16], headers[COOKIES_MAX + 16];

	snprintf(line, sizeof line, "GET %s", path);
	cookie_line(cookies, headers);
	return http_ask(session, at, "form page", 0, "", line, headers, NULL) &&
	       last_reply(session, reply);
}

/* What asks for a login behind the first page. */
static void
find_door(struct session *session, const struct service_at *at, struct door *door)
{
	auto_free char *page = must_alloc(1, PAGE_MAX + 1);
	struct http_reply reply;
	char where[FORM_TEXT_MAX] = "/";

	memset(door, 0, sizeof *door);
	for (int i = 0; i < 3; i++) {
		char location[FORM_TEXT_MAX], next[FORM_TEXT_MAX];
		if (!fetch(session, at, where, door->cookies, &reply))
			return;
		take_cookies(&reply, door->cookies);
		for (unsigned k = 0; k < 4; k++) {
			char challenge[sizeof door->challenge];
			if (!http_header_nth(
				    &reply, "WWW-Authenticate", k, challenge, sizeof challenge))
				break;
			/* Digest where it is offered, as a browser would. */
			if (!*door->challenge || !strncasecmp(challenge, "Digest", 6))
				snprintf(door->challenge, sizeof door->challenge, "%s", challenge);
		}
		if (reply.status < 300 || reply.status >= 400 ||
			!http_header(&reply, "Location", location, sizeof location))
			break;
		if (!i)
			snprintf(door->first_location, sizeof door->first_location, "%.*s",
				(int)sizeof door->first_location - 1, location);
		if (!path_of(at, location, where, next, sizeof next))
			return;
		snprintf(where, sizeof where, "%s", next);
	}
	snprintf(door->page, sizeof door->page, "%s", where);
	http_body(&reply, page, PAGE_MAX + 1);
	door->has_form = http_form_find(&door->form, page);
}

static void
ask_first_page(struct session *session, const struct service_at *at, const char *step,
	uint32_t round, const struct door *door, const char *kind,
	const struct credential *credential, const char *headers)
{
	char note[160];

	snprintf(note, sizeof note, "%s%s%s%s%s", credential ? kind : "none",
		credential ? " user " : "", credential ? credential->user : "",
		*door->first_location ? " from " : "", door->first_location);
	http_ask(session, at, step, round, note, "GET /", headers, NULL);
}

static void
send_form(struct session *session, const struct service_at *at, struct door *door,
	const struct credential *credential)
{
	char action[FORM_TEXT_MAX], line[FORM_TEXT_MAX + 1100], filled[1024],
		headers[COOKIES_MAX + 96], cookies[COOKIES_MAX + 16];
	struct http_reply reply;

	if (!path_of(at, door->form.action, door->page, action, sizeof action))
		return;
	http_form_fill(filled, sizeof filled, &door->form, credential->user, credential->password);
	cookie_line(door->cookies, cookies);
	snprintf(headers, sizeof headers, "%s%s", cookies,
		!door->form.is_post  ? ""
		: door->form.is_json ? "Content-Type: application/json\r\n"
				     : "Content-Type: application/x-www-form-urlencoded\r\n");
	if (door->form.is_post)
		snprintf(line, sizeof line, "POST %s", action);
	else
		snprintf(line, sizeof line, "GET %s%c%s", action, strchr(action, '?') ? '&' : '?',
			filled);
	if (http_ask(session, at, "form sent", 0, credential->user, line, headers,
		    door->form.is_post ? filled : NULL) &&
		last_reply(session, &reply))
		take_cookies(&reply, door->cookies);
}

static void
http_try(struct session *session, const struct service_at *at, const struct credential *credential,
	const char *step, uint32_t round)
{
	auto_free struct door *door = must_alloc(1, sizeof *door);
	char headers[AUTHORIZATION_MAX + COOKIES_MAX + 16];

	find_door(session, at, door);
	if (!credential) {
		ask_first_page(session, at, step, round, door, "none", NULL, "");
		return;
	}
	if (*door->challenge) {
		http_authorization(headers, door->challenge, "GET", "/", credential->user,
			credential->password);
		ask_first_page(session, at, step, round, door,
			strncasecmp(door->challenge, "Digest", 6) ? "basic" : "digest", credential,
			headers);
		return;
	}
	if (door->has_form)
		send_form(session, at, door, credential);
	cookie_line(door->cookies, headers);
	ask_first_page(session, at, step, round, door, "form", credential, headers);
}

/* --- judging ----------------------------------------------------------------------------------------- */

const struct login_kind http_login_kind = {
	.name = "HTTP",
	.service = SERVICE_HTTP,
	.try = http_try,
	.result = http_result,
};

void
http_login_probe(struct session *session)
{
	login_probe(session, &http_login_kind);
}

void
http_login_judge(const struct transcript *transcript, struct findings *findings)
{
	login_judge(transcript, findings, &http_login_kind);
}
