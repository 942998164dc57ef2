/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages of a device: a login of one of six kinds, pages behind it, answers
 * to what does not exist, and, when it is bad, files that nobody should get.
 */
#include "target.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum layout {
	LAYOUT_BASIC,
	LAYOUT_DIGEST,
	LAYOUT_FORM,     /* on the first page */
	LAYOUT_REDIRECT, /* on a page that all others lead to */
	LAYOUT_FORM_GET, /* as LAYOUT_FORM, but the password travels in the address */
	LAYOUT_JSON,     /* a page that asks by a script */
	LAYOUT_COUNT,
};

struct request {
	char method[8];
	char path[1024];  /* as it came, without the query */
	char plain[1024]; /* the same with %XX undone, once */
	char query[1024];
	char authorization[768], cookie[256];
	size_t body_len;
	char body[4096];
};

static const char *const user_fields[] = {
	"username", "user", "login", "name", "account", "loginuse", "usr", "email"};
static const char *const password_fields[] = {
	"password", "passwd", "pass", "pwd", "psw", "loginpas", "pw", "login_password"};
static const char *const actions[] = {"/login", "/login.cgi", "/cgi-bin/login", "/goform/login",
	"/auth.php", "/check", "login.asp"};
static const char *const titles[] = {"Login", "IP CAMERA", "Web Management", "Anmeldung",
	"Connexion", "Iniciar sesi\xc3\xb3n", "\xe7\x99\xbb\xe5\xbd\x95",
	"\xe3\x83\xad\xe3\x82\xb0\xe3\x82\xa4\xe3\x83\xb3", "DVR", "Router setup"};
static const char *const mistakes[] = {"Wrong user name or password", "Login failed!",
	"Benutzername oder Kennwort falsch", "Identifiants incorrects",
	"\xe7\x94\xa8\xe6\x88\xb7\xe5\x90\x8d\xe6\x88\x96\xe5\xaf\x86\xe7\xa0\x81\xe9\x94\x99\xe8"
	"\xaf\xaf",
	"Error 2", "<script>alert('invalid')</script>"};
static const char *const insides[] = {"<h1>Live view</h1><a href=/logout>Logout</a>",
	"<frameset><frame src=menu.htm><frame src=main.htm></frameset>",
	"<h2>Status</h2><p>Uptime 4 d</p><a href=\"/system.html\">System</a> <a "
	"href=\"/logout.cgi\">Sign out</a>",
	"<h1>\xc3\x9c"
	"bersicht</h1><a href=\"/abmelden\">Abmelden</a>",
	"<div id=app></div><script src=/app.js></script>"};
static const char *const servers[] = {"Server: mini_httpd/1.19 19dec2003", "Server: Boa/0.94.13",
	"Server: GoAhead-Webs", "Server: lighttpd/1.4.%u", "Server: App-webs/",
	"Server: thttpd/2.25b", "", "Server: Httpd/1.0"};
static const char *const exposed[] = {"/.git/config", "/config.xml", "/backup.cfg", "/system.ini",
	"/.env", "/.htpasswd", "/config.bin", "/etc/passwd", "/cgi-bin/config.exp", "/config.cfg"};

static enum layout
layout_of(const struct variant *variant)
{
	return variant_pick(variant, "layout", LAYOUT_COUNT);
}

static int
hex_digit(char c)
{
	return isdigit((uint8_t)c)    ? c - '0'
	       : isxdigit((uint8_t)c) ? tolower((uint8_t)c) - 'a' + 10
				      : -1;
}

/* Undoes %XX, and with it + as well where it is a form. */
static void
unescape(const char *in, size_t len, bool is_form, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		if (in[i] == '%' && i + 2 < len && hex_digit(in[i + 1]) >= 0 &&
			hex_digit(in[i + 2]) >= 0) {
			char byte = (char)(hex_digit(in[i + 1]) * 16 + hex_digit(in[i + 2]));

			i += 2;
			if (byte)
				out[n++] = byte;
		} else {
			out[n++] = is_form && in[i] == '+' ? ' ' : in[i];
		}
	}
	out[n] = '\0';
}

/* One field of a form; empty when it is not there. */
static void
field(const char *form, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	value[0] = '\0';
	for (const char *at = form; *at; at += strcspn(at, "&"), at += *at == '&')
		if (!strncmp(at, name, len) && at[len] == '=') {
			at += len + 1;
			unescape(at, strcspn(at, "&"), true, value, size);
			return;
		}
}

/* One string of a JSON object, without any care for the rest of it. */
static void
json_text(const char *json, const char *name, char *value, size_t size)
{
	char quoted[64];
	const char *at;
	size_t n = 0;

	value[0] = '\0';
	snprintf(quoted, sizeof quoted, "\"%s\"", name);
	at = strstr(json, quoted);
	if (!at)
		return;
	at += strlen(quoted);
	at += strspn(at, " \t:");
	if (*at++ != '"')
		return;
	for (; *at && *at != '"' && n + 1 < size; at++) {
		if (*at == '\\' && at[1])
			at++;
		value[n++] = *at;
	}
	value[n] = '\0';
}

static void
read_request(struct conn *conn, struct request *request)
{
	char line[2048], target[1024];
	size_t wanted = 0;
	char *query;

	*request = (struct request){0};
	conn_line(conn, line, sizeof line);
	if (sscanf(line, "%7s %1023s HTTP/1.", request->method, target) != 2) {
		conn_say(conn, "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
		conn_end(conn);
	}
	query = strchr(target, '?');
	if (query) {
		*query++ = '\0';
		snprintf(request->query, sizeof request->query, "%s", query);
	}
	snprintf(request->path, sizeof request->path, "%s", target);
	unescape(target, strlen(target), false, request->plain, sizeof request->plain);
	for (int i = 0; i < 64; i++) {
		conn_line(conn, line, sizeof line);
		if (!*line)
			break;
		if (!strncasecmp(line, "Authorization:", 14))
			snprintf(request->authorization, sizeof request->authorization, "%s",
				line + 14 + strspn(line + 14, " "));
		if (!strncasecmp(line, "Cookie:", 7))
			snprintf(request->cookie, sizeof request->cookie, "%.200s", line + 7);
		if (!strncasecmp(line, "Content-Length:", 15))
			wanted = strtoul(line + 15, NULL, 10);
	}
	if (wanted >= sizeof request->body)
		conn_end(conn);
	conn_read(conn, request->body, wanted);
	request->body_len = wanted;
	request->body[wanted] = '\0';
}

static void answer(struct conn *, const struct request *, const char *status, const char *headers,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* headers: lines with their ends. */
static void
answer(struct conn *conn, const struct request *request, const char *status, const char *headers,
	const char *format, ...)
{
	const struct variant *variant = conn_variant(conn);
	const char *end = variant_pick(variant, "bare line ends", 8) ? "\r\n" : "\n";
	bool closes = variant_pick(variant, "closes", 2);
	char body[4096], server[96], head[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(body, sizeof body, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof body)
		abort();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(server, sizeof server, VARIANT_ONE_OF(variant, "server", servers),
		10 + variant_pick(variant, "minor", 60));
#pragma GCC diagnostic pop
	snprintf(head, sizeof head, "HTTP/1.%c %s%s%s%s%sContent-Type: text/html%s%s%s",
		closes ? '0' : '1', status, end, server, *server ? end : "", headers,
		variant_pick(variant, "charset", 2) ? "; charset=utf-8" : "", end,
		closes ? "Connection: close" : "Connection: keep-alive");
	if (!strcmp(request->method, "HEAD"))
		conn_say(conn, "%s%sContent-Length: %d%s%s", head, end, len, end, end);
	else if (!closes && variant_pick(variant, "chunked", 4) == 0 && len > 0)
		conn_say(conn, "%s%sTransfer-Encoding: chunked%s%s%x\r\n%s\r\n0\r\n\r\n", head, end,
			end, end, (unsigned)len, body);
	else if (closes && variant_pick(variant, "no length", 3) == 0)
		conn_say(conn, "%s%s%s%s", head, end, end, body);
	else
		conn_say(conn, "%s%sContent-%s: %d%s%s%s", head, end,
			variant_pick(variant, "case", 2) ? "Length" : "length", len, end, end,
			body);
	if (closes)
		conn_end(conn);
}

static void
inside_page(struct conn *conn, const struct request *request, const char *headers)
{
	answer(conn, request, "200 OK", headers,
		"<html><head><title>%s</title></head><body>%s</body></html>\n",
		VARIANT_ONE_OF(conn_variant(conn), "title", titles),
		VARIANT_ONE_OF(conn_variant(conn), "inside", insides));
}

static void
login_page(
	struct conn *conn, const struct request *request, const char *status, const char *mistake)
{
	const struct variant *variant = conn_variant(conn);
	const char *user = VARIANT_ONE_OF(variant, "user field", user_fields);
	const char *password = VARIANT_ONE_OF(variant, "password field", password_fields);
	const char *title = VARIANT_ONE_OF(variant, "title", titles);
	const char *action = VARIANT_ONE_OF(variant, "action", actions);
	const char *method = layout_of(variant) == LAYOUT_FORM_GET ? "get" : "post";
	const char *cookie = variant_pick(variant, "language cookie", 2)
				     ? "Set-Cookie: lang=en; path=/\r\n"
				     : "";
	char hidden[128] = "";

	if (variant_pick(variant, "token", 3) == 0)
		snprintf(hidden, sizeof hidden,
			"<input type=\"hidden\" name=\"token\" value=\"%08x%08x\">",
			variant_pick(variant, "token a", 0x7fffffff),
			variant_pick(variant, "token b", 0x7fffffff));
	if (layout_of(variant) == LAYOUT_JSON) {
		answer(conn, request, status, cookie,
			"<!doctype html><html><head><title>%s</title></head><body><div "
			"class=login><input id=\"u\"><input id=\"p\" type=\"password\">"
			"<button "
			"onclick=\"fetch('/api/"
			"%s',{method:'POST',headers:{'Content-Type':'application/json'},"
			"body:JSON.stringify({'%s':u.value,'%s':p.value})})\">OK</button><p>%s</"
			"p></div></body></html>\n",
			title, action + (*action == '/'), user, password, mistake);
		return;
	}
	switch (variant_pick(variant, "page", 4)) {
	case 0:
		answer(conn, request, status, cookie,
			"<html><head><title>%s</title></head><body>\n<p "
			"class=\"error\">%s</p>\n<form action=\"%s\" method=\"%s\">"
			"%s\n<label>%s <input type=\"text\" name=\"%s\"></label>\n<label>*** "
			"<input type=\"password\" name=\"%s\"></label>\n"
			"<input type=\"submit\" value=\"OK\">\n</form></body></html>\n",
			title, mistake, action, method, hidden, title, user, password);
		break;
	case 1:
		answer(conn, request, status, cookie,
			"<HTML><HEAD><TITLE>%s</TITLE></HEAD>\n<BODY "
			"BGCOLOR=#FFFFFF><CENTER>%s<TABLE>\n<FORM NAME=f METHOD=%s ACTION=%s>%s\n"
			"<TR><TD>%s<TD><INPUT NAME=%s SIZE=16 "
			"MAXLENGTH=16>\n<TR><TD>&nbsp;<TD><INPUT TYPE=PASSWORD NAME=%s>\n"
			"<TR><TD COLSPAN=2><INPUT TYPE=SUBMIT NAME=go "
			"VALUE=Go></FORM></TABLE></CENTER></BODY></HTML>\n",
			title, mistake, method, action, hidden, title, user, password);
		break;
	case 2:
		answer(conn, request, status, cookie,
			"<!DOCTYPE html><html><head><title>%s</title></head><body><form "
			"name='search' action='/search' method='get'>"
			"<input type='text' name='q'></form><div>%s</div>\n"
			"<form method='%s'\n\taction='%s'>%s<input\n type='text' id='x'\n "
			"name='%s' value=''><input name='%s' id='y' type='password'/>"
			"<select name='lang'><option value='en' selected>English<option "
			"value='zh'>\xe4\xb8\xad\xe6\x96\x87</select>"
			"<button type='submit'>&rarr;</button></form></body></html>\n",
			title, mistake, method, action, hidden, user, password);
		break;
	default:
		answer(conn, request, status, cookie,
			"<html><body><!-- <form action=\"/old\"><input type=password "
			"name=old></form> --><h3>%s</h3>"
			"<form autocomplete=\"off\" method=\"%s\" action=\"%s\">%s<input "
			"type=\"password\" placeholder=\"***\" name=\"%s\" />"
			"<input placeholder=\"%s\" type=\"text\" name=\"%s\" /><input "
			"type=\"checkbox\" name=\"remember\" value=\"1\" checked>"
			"<input type=\"submit\"></form>%s</body></html>\n",
			title, method, action, hidden, password, title, user, mistake);
		break;
	}
}

static void
session_cookie(const struct variant *variant, char cookie[static 64])
{
	static const char *const cookie_names[] = {
		"sid", "SESSIONID", "session", "Auth", "PHPSESSID", "webclient"};

	snprintf(cookie, 64, "%s=%08x%08x", VARIANT_ONE_OF(variant, "cookie", cookie_names),
		variant_pick(variant, "session a", 0x7fffffff),
		variant_pick(variant, "session b", 0x7fffffff));
}

static void
log_in(struct conn *conn, const struct request *request)
{
	const struct variant *variant = conn_variant(conn);
	const char *user_field = VARIANT_ONE_OF(variant, "user field", user_fields);
	const char *password_field = VARIANT_ONE_OF(variant, "password field", password_fields);
	bool is_json = layout_of(variant) == LAYOUT_JSON;
	const char *form = layout_of(variant) == LAYOUT_FORM_GET ? request->query : request->body;
	char user[64], password[64], token[64], wanted[32], cookie[64], headers[192];

	if (is_json) {
		json_text(request->body, user_field, user, sizeof user);
		json_text(request->body, password_field, password, sizeof password);
	} else {
		field(form, user_field, user, sizeof user);
		field(form, password_field, password, sizeof password);
	}
	if (!is_json && variant_pick(variant, "token", 3) == 0) {
		field(form, "token", token, sizeof token);
		snprintf(wanted, sizeof wanted, "%08x%08x",
			variant_pick(variant, "token a", 0x7fffffff),
			variant_pick(variant, "token b", 0x7fffffff));
		if (strcmp(token, wanted) != 0) {
			answer(conn, request, "403 Forbidden", "",
				"<html><body>403</body></html>\n");
			return;
		}
	}
	if (conn_login(conn, user, password)) {
		session_cookie(variant, cookie);
		snprintf(headers, sizeof headers, "Set-Cookie: %s; path=/\r\n%s", cookie,
			!is_json && variant_pick(variant, "goes on", 3) == 0
				? "Location: /index.html\r\n"
				: "");
		if (is_json)
			answer(conn, request, "200 OK", headers, "{\"code\":0,\"token\":\"%s\"}",
				strchr(cookie, '=') + 1);
		else if (variant_pick(variant, "goes on", 3) == 0)
			answer(conn, request, "302 Found", headers, "%s", "");
		else if (variant_pick(variant, "goes on", 3) == 1)
			answer(conn, request, "200 OK", headers,
				"<html><head><meta http-equiv=\"refresh\" "
				"content=\"0;url=/index.html\"></head></html>\n");
		else
			inside_page(conn, request, headers);
	} else if (is_json && variant_pick(variant, "refusal", 2)) {
		answer(conn, request, "401 Unauthorized", "", "{\"code\":401}");
	} else if (is_json) {
		answer(conn, request, "200 OK", "", "{\"code\":-%u,\"msg\":\"%s\"}",
			1 + variant_pick(variant, "code", 9),
			variant_pick(variant, "text", 2) ? "failed" : "");
	} else if (variant_pick(variant, "refusal", 4) == 0) {
		answer(conn, request, "302 Found", "Location: /login.html?err=1\r\n", "%s", "");
	} else {
		login_page(conn, request,
			variant_pick(variant, "refusal", 4) == 1 ? "403 Forbidden" : "200 OK",
			VARIANT_ONE_OF(variant, "mistake", mistakes));
	}
}

static void
nothing_there(struct conn *conn, const struct request *request)
{
	switch (variant_pick(conn_variant(conn), "nothing there", 4)) {
	case 0: /* says that all is well and is not */
		answer(conn, request, "200 OK", "",
			"<html><head><title>Error</title></head><body>The page %s cannot be "
			"found</body></html>\n",
			strchr(request->path, '<') ? "" : request->path);
		break;
	case 1:
		answer(conn, request, "302 Found", "Location: /\r\n", "%s", "");
		break;
	default:
		answer(conn, request, "404 Not Found", "",
			"<html><body><h1>404</h1></body></html>\n");
		break;
	}
}

/* The files of a bad device; false when this is none of them. */
static bool
gives_away(struct conn *conn, const struct request *request)
{
	const struct variant *variant = conn_variant(conn);
	char text[1024];
	bool is_escape = strstr(request->plain, "../") && strstr(request->plain, "etc/passwd");
	bool is_encoded = strchr(request->path, '%');

	/* Some only fall for the dots when they are hidden. */
	if (variant_has(variant, "traversal")) {
		if (!is_escape || (variant_pick(variant, "only encoded", 3) == 0 && !is_encoded))
			return false;
	} else if (variant_has(variant, "exposed-file")) {
		if (strcmp(request->path, VARIANT_ONE_OF(variant, "exposed", exposed)) != 0)
			return false;
	} else {
		return false;
	}
	if (!made_up_file(variant, request->plain, text, sizeof text))
		return false;
	answer(conn, request, "200 OK", "", "%s", text);
	return true;
}

static bool
is_inside(struct conn *conn, const struct request *request)
{
	const struct variant *variant = conn_variant(conn);
	char cookie[64];

	if (variant_has(variant, "open"))
		return true;
	if (layout_of(variant) <= LAYOUT_DIGEST)
		return *request->authorization &&
		       authorization_is_right(conn, request->method, request->authorization);
	session_cookie(variant, cookie);
	return strstr(request->cookie, cookie) != NULL;
}

static void
ask_for_login(struct conn *conn, const struct request *request, bool is_first_page)
{
	const struct variant *variant = conn_variant(conn);
	char challenge[256], header[320];

	switch (layout_of(variant)) {
	case LAYOUT_BASIC:
	case LAYOUT_DIGEST:
		authorization_challenge(
			variant, layout_of(variant) == LAYOUT_DIGEST, challenge, sizeof challenge);
		snprintf(header, sizeof header, "WWW-Authenticate: %s\r\n", challenge);
		answer(conn, request, "401 Unauthorized", header,
			"<html><body><h1>401</h1></body></html>\n");
		break;
	case LAYOUT_REDIRECT:
		answer(conn, request, "302 Moved", "Location: /login.html\r\n", "%s", "");
		break;
	default:
		if (is_first_page)
			login_page(conn, request, "200 OK", "");
		else
			nothing_there(conn, request);
		break;
	}
}

static void
serve_one(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	const char *action = VARIANT_ONE_OF(variant, "action", actions);
	enum layout layout = layout_of(variant);
	struct request request;
	char from_root[64], api[72];

	read_request(conn, &request);
	snprintf(from_root, sizeof from_root, "%s%s", *action == '/' ? "" : "/", action);
	snprintf(api, sizeof api, "/api%s", from_root);
	if (variant->manner == MANNER_CAPTIVE) {
		login_page(conn, &request, "200 OK", "");
		return;
	}
	if (gives_away(conn, &request))
		return;
	if (layout >= LAYOUT_FORM && !variant_has(variant, "open")) {
		bool is_get = layout == LAYOUT_FORM_GET;

		if (!strcmp(request.path, layout == LAYOUT_JSON ? api : from_root) &&
			!strcmp(request.method, is_get ? "GET" : "POST") &&
			(!is_get || *request.query)) {
			log_in(conn, &request);
			return;
		}
		if (!strcmp(request.path, "/login.html")) {
			login_page(conn, &request, "200 OK",
				strstr(request.query, "err")
					? VARIANT_ONE_OF(variant, "mistake", mistakes)
					: "");
			return;
		}
	}
	bool is_page = !strcmp(request.path, "/") || !strcmp(request.path, "/index.html") ||
		       !strcmp(request.path, "/system.html");

	if (!is_page && layout >= LAYOUT_FORM && layout != LAYOUT_REDIRECT)
		nothing_there(conn, &request);
	else if (!is_inside(conn, &request))
		ask_for_login(conn, &request, is_page);
	else if (is_page)
		inside_page(conn, &request, "");
	else
		nothing_there(conn, &request);
}

void
serve_http(struct conn *conn)
{
	for (int i = 0; i < 200; i++)
		serve_one(conn);
}
