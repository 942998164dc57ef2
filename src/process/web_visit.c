/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In: a request.  Out: questions to the engine, and its answers as JSON, as a page
 * or as a redirect.
 *
 * Must never: decide what somebody may do.  What is refused here is refused because
 * it is no request of ours (a foreign name, a foreign page, too long), not because of
 * who asks.
 */
#include "process/web_visit.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json_strict.h"
#include "page/say.h"
#include "process/web_ask.h"
#include "process/web_files.h"
#include "process/web_http.h"
#include "process/web_metrics.h"
#include "process/web_openapi.h"
#include "process/web_page.h"
#include "process/web_route.h"
#include "process/web_send.h"
#include "process/web_stream.h"
#include "web/embed.h"

enum { ASKS_A_VISIT = PAGE_ASKS_MAX + 1, JSON_DEPTH_MAX = 8, PATH_MAX_BYTES = 600 };

enum visit_kind { VISIT_API, VISIT_FORM, VISIT_PAGE, VISIT_STREAM, VISIT_METRICS };

struct visit {
	LIST_ENTRY(visit) next;
	struct MHD_Connection *connection;
	enum visit_kind kind;
	const struct route *route;
	const struct page *page;
	char path[PATH_MAX_BYTES];
	json_t *args; /* texts of path, query and body; or values, where the body is JSON */
	struct asker asker;
	struct ask *ask[ASKS_A_VISIT]; /* of a page: first who asks */
	unsigned n_asks;
	char *body;
	size_t body_len;
	char back[PATH_MAX_BYTES]; /* of a form */
	bool is_shown;             /* a form whose answer is not gone on from */
	bool is_asked, is_asleep;
};

/* A connection, and since when it asks nothing that is whole. */
struct seat {
	LIST_ENTRY(seat) next;
	struct MHD_Connection *connection;
	uint64_t since_ns; /* 0: it has asked, and waits for us */
};

static LIST_HEAD(, visit) visits = LIST_HEAD_INITIALIZER(visits);
static LIST_HEAD(, seat) seats = LIST_HEAD_INITIALIZER(seats);
static void (*serve_soon)(void);
static char *openapi;
static const char *own_name = "";
static unsigned tls_port; /* 0: there is none */

void
visit_init(void (*on_resumed)(void))
{
	json_t *description = openapi_new((const char *)embedded_schemas);

	serve_soon = on_resumed;
	openapi = json_dumps(description, JSON_INDENT(1));
	assert(openapi);
	json_decref(description);
}

void
visit_set_name(const char *name)
{
	own_name = name;
}

void
visit_set_tls(unsigned port)
{
	tls_port = port;
}

/* --- what was shown to us ------------------------------------------------------------------------ */

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static struct ip
ip_from(const struct sockaddr *address)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;
	struct ip ip = {0};

	if (address && address->sa_family == AF_INET) {
		ip.version = 4;
		memcpy(ip.byte, &v4->sin_addr, 4);
	} else if (address && address->sa_family == AF_INET6) {
		bool is_v4 = !memcmp(&v6->sin6_addr, mapped, sizeof mapped);
		ip.version = is_v4 ? 4 : 6;
		memcpy(ip.byte, (const uint8_t *)&v6->sin6_addr + (is_v4 ? 12 : 0), is_v4 ? 4 : 16);
	}
	return ip;
}

static bool
is_loopback(const struct ip *ip)
{
	static const struct ip v6 = {.version = 6, .byte = {[15] = 1}};

	return (ip->version == 4 && ip->byte[0] == 127) || ip_is_equal(ip, &v6);
}

/* A proxy in front of us says that it speaks TLS.  Whoever lies here lies about the own cookie. */
static enum cookie_way
way_of(struct MHD_Connection *connection)
{
	const char *proto = header(connection, "X-Forwarded-Proto");

	if (is_by_own_tls(connection))
		return COOKIE_BY_TLS;
	return proto && !strcmp(proto, "https") ? COOKIE_BY_PROXY : COOKIE_PLAIN;
}

static struct ip
address_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return ip_from(info ? info->client_addr : NULL);
}

static void
take_asker(struct visit *visit)
{
	struct MHD_Connection *connection = visit->connection;
	struct asker *asker = &visit->asker;
	const char *authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
	const char *proof = header(connection, "X-Pinfold-CSRF");

	asker->from = address_of(connection);
	/* The owner says that there is a proxy; only one on this machine is believed. */
	if (*own_name && is_loopback(&asker->from))
		forwarded_for(header(connection, "X-Forwarded-For"), &asker->from);
	if (authorization)
		bearer_find(authorization, asker->credential, sizeof asker->credential);
	else
		cookie_find(header(connection, MHD_HTTP_HEADER_COOKIE),
			cookie_name(way_of(connection)), asker->credential,
			sizeof asker->credential);
	if (proof && strlen(proof) < sizeof asker->proof &&
		strspn(proof, "0123456789abcdef") == strlen(proof))
		snprintf(asker->proof, sizeof asker->proof, "%s", proof);
}

/*
 * Another site made this browser ask.  Browsers say so; programs say nothing.  Who is
 * logged in is asked for the proof besides.
 */
static bool
is_foreign(struct MHD_Connection *connection)
{
	const char *origin = header(connection, MHD_HTTP_HEADER_ORIGIN);
	const char *host = header(connection, MHD_HTTP_HEADER_HOST);
	const char *site = header(connection, "Sec-Fetch-Site");

	if (origin && !origin_is_same(origin, host ? host : ""))
		return true;
	return site && strcmp(site, "same-origin") && strcmp(site, "none");
}

static enum MHD_Result
on_query(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	json_t *args = arg;

	/* Twice the same: the answer would depend on whom one asks. */
	if (json_object_get(args, key))
		json_object_set_new(args, key, json_array());
	else if (json_object_set_new(args, key, json_string(value ? value : "")))
		json_object_set_new(args, "?", json_null());
	return MHD_YES;
}

/* --- asking ----------------------------------------------------------------------------------------- */

static bool
is_waiting(const struct visit *visit)
{
	for (unsigned i = 0; i < visit->n_asks; i++)
		if (ask_state(visit->ask[i]) == ASK_WAITING)
			return true;
	return false;
}

static bool
ask_text_of(struct visit *visit, const char *question, bool is_change)
{
	struct ask *taken = ask_take(&visit->asker, question, is_change);

	if (taken)
		visit->ask[visit->n_asks++] = taken;
	return taken;
}

/* Takes args. */
static bool
ask_verb(struct visit *visit, const char *verb, json_t *args, bool is_change)
{
	json_t *question = json_pack("{s:s, s:o}", "verb", verb, "args", args);
	const char *key = is_change ? header(visit->connection, "Idempotency-Key") : NULL;

	if (key)
		json_object_set_new(question, "key", json_stringn(key, strnlen(key, 128)));
	auto_free char *text = json_dumps(question, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(question);
	return text && ask_text_of(visit, text, is_change);
}

static enum MHD_Result answer(struct visit *);

/* Answers now, or when the engine has. */
static enum MHD_Result
answer_when_told(struct visit *visit)
{
	visit->is_asked = true;
	if (!is_waiting(visit))
		return answer(visit);
	visit->is_asleep = true;
	MHD_suspend_connection(visit->connection);
	return MHD_YES;
}

static enum MHD_Result
too_busy(struct visit *visit)
{
	return send_problem(
		visit->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "", "too many ask at once", 1);
}

static enum MHD_Result
bad_request(struct visit *visit, const char *detail)
{
	return send_problem(visit->connection, MHD_HTTP_BAD_REQUEST, "ERR_INVALID", detail, 0);
}

void
visit_on_asks_changed(void)
{
	struct visit *visit;

	LIST_FOREACH(visit, &visits, next)
	{
		if (!visit->is_asleep || is_waiting(visit))
			continue;
		visit->is_asleep = false;
		MHD_resume_connection(visit->connection);
	}
	stream_on_asks_changed();
	serve_soon();
}

/* --- bodies ---------------------------------------------------------------------------------------- */

static bool
is_type(struct visit *visit, const char *type)
{
	const char *given = header(visit->connection, MHD_HTTP_HEADER_CONTENT_TYPE);
	size_t len = strlen(type);

	return given && !strncasecmp(given, type, len) && strchr("; \t", given[len]);
}

static bool
take_json(struct visit *visit, struct fault *why)
{
	json_t *body =
		json_strict(visit->body, visit->body_len, VISIT_BODY_MAX, JSON_DEPTH_MAX, why);
	const char *key;
	json_t *value;
	bool is_fine = json_is_object(body);

	if (body && !is_fine)
		fault_set(why, ERR_INVALID, "the body must be an object");
	json_object_foreach(body, key, value)
	{
		if (json_object_get(visit->args, key)) {
			fault_set(why, ERR_INVALID, "an argument is said twice");
			is_fine = false;
		}
		json_object_set(visit->args, key, value);
	}
	json_decref(body);
	return is_fine;
}

static bool
take_body(struct visit *visit, struct fault *why)
{
	if (!visit->body_len)
		return true;
	if (is_type(visit, "application/json"))
		return take_json(visit, why);
	if (is_type(visit, "application/x-www-form-urlencoded")) {
		if (form_parse(visit->args, visit->body, visit->body_len))
			return true;
		fault_set(why, ERR_INVALID, "the form cannot be read");
		return false;
	}
	fault_set(why, ERR_UNSUPPORTED, "the body must be application/json, or a form");
	return false;
}

/* --- the API, and forms ------------------------------------------------------------------------------ */

static void
move_text(json_t *args, const char *key, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(args, key));

	if (value && strlen(value) < size)
		snprintf(out, size, "%s", value);
	json_object_del(args, key);
}

/* The fields of a form that are about the form. */
static const char *
take_form_fields(struct visit *visit)
{
	const char *word = json_string_value(json_object_get(visit->args, "method"));
	bool is_delete = word && !strcmp(word, MHD_HTTP_METHOD_DELETE);
	char proof[PROOF_MAX] = "";

	move_text(visit->args, "csrf", proof, sizeof proof);
	if (strspn(proof, "0123456789abcdef") == strlen(proof))
		memcpy(visit->asker.proof, proof, sizeof proof);
	move_text(visit->args, "back", visit->back, sizeof visit->back);
	if (!path_is_local(visit->back))
		strcpy(visit->back, "/");
	visit->is_shown = json_object_get(visit->args, "show") != NULL;
	json_object_del(visit->args, "show");
	json_object_del(visit->args, "method");
	form_fold(visit->args);
	return is_delete ? MHD_HTTP_METHOD_DELETE : MHD_HTTP_METHOD_POST;
}

static const char *
below_root(const struct visit *visit)
{
	return visit->path + (visit->kind == VISIT_FORM ? strlen(FORM_ROOT) : strlen(API_ROOT));
}

static enum MHD_Result
begin_api(struct visit *visit, const char *method)
{
	struct fault why = {.code = ERR_INVALID};
	json_t *in_path = json_object(), *value;
	const char *name;
	void *next;
	bool is_change = strcmp(method, MHD_HTTP_METHOD_GET) != 0, is_other_method;

	if (!take_body(visit, &why)) {
		json_decref(in_path);
		return send_problem(visit->connection,
			why.code == ERR_UNSUPPORTED ? MHD_HTTP_UNSUPPORTED_MEDIA_TYPE
						    : MHD_HTTP_BAD_REQUEST,
			"ERR_INVALID", why.text, 0);
	}
	if (visit->kind == VISIT_FORM)
		method = take_form_fields(visit);
	visit->route = route_find(method, below_root(visit), in_path, &is_other_method);
	if (!visit->route) {
		json_decref(in_path);
		return send_problem(visit->connection,
			is_other_method ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND, "",
			is_other_method ? "not by this method" : "there is nothing here", 0);
	}
	/* What stands in the path is not said again; in a form a field may say it. */
	json_object_foreach_safe(in_path, next, name, value)
	{
		if (visit->kind == VISIT_FORM && !strcmp(json_string_value(value), "-"))
			json_object_del(in_path, name);
	}
	json_object_update(visit->args, in_path);
	json_decref(in_path);
	json_t *args = route_args(visit->route, visit->args, &why);
	if (!args)
		return bad_request(visit, why.text);
	if (!ask_verb(visit, visit->route->verb, args, is_change))
		return too_busy(visit);
	return answer_when_told(visit);
}

static json_t *
answer_json(const struct visit *visit, unsigned i)
{
	size_t len;

	if (i >= visit->n_asks || ask_state(visit->ask[i]) != ASK_ANSWERED)
		return NULL;
	const char *text = ask_text(visit->ask[i], &len);
	return json_loadb(text, len, 0, NULL);
}

/* Scripts of our pages show it to whom the browser says; programs ask for no language, and get English. */
static enum MHD_Result
send_refusal(const struct visit *visit, const json_t *refused)
{
	const json_t *error = json_object_get(refused, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *text = json_string_value(json_object_get(error, "text"));
	char language[LANGUAGE_MAX];

	language_choose(header(visit->connection, MHD_HTTP_HEADER_ACCEPT_LANGUAGE),
		language_is_known, language);
	say_in(language);
	return send_problem(visit->connection, status_from(refused), code ? code : "",
		refused ? text ? say_words(text, NULL) : "refused" : "the engine does not answer",
		(unsigned)json_integer_value(json_object_get(error, "retry_after")));
}

/*
 * What a login gives becomes a cookie, which scripts cannot read; it is taken out of what they
 * can.
 */
static bool
cookie_for(const struct visit *visit, json_t *whole, char out[static COOKIE_HEADER_MAX])
{
	json_t *result = json_object_get(whole, "result");
	const char *credential = json_string_value(json_object_get(result, "credential"));
	enum cookie_way way = way_of(visit->connection);

	if (visit->route->flags & ROUTE_LOGS_OUT) {
		cookie_render(out, NULL, way);
		return true;
	}
	if (!(visit->route->flags & ROUTE_LOGS_IN) || !credential)
		return false;
	cookie_render(out, credential, way);
	json_object_del(result, "credential");
	return true;
}

static enum MHD_Result
answer_api(struct visit *visit)
{
	char cookie[COOKIE_HEADER_MAX];
	size_t len;

	/* The usual case, and long answers, are not read here. */
	if (ask_is_ok(visit->ask[0]) && !strcmp(visit->route->method, MHD_HTTP_METHOD_GET)) {
		const char *text = ask_text(visit->ask[0], &len);
		return send_json(visit->connection, MHD_HTTP_OK, text, len);
	}
	json_t *whole = answer_json(visit, 0);
	enum MHD_Result result;
	if (!whole || !json_is_true(json_object_get(whole, "ok"))) {
		result = send_refusal(visit, whole);
	} else if (cookie_for(visit, whole, cookie)) {
		result =
			send_json_with_cookie(visit->connection, status_from(whole), whole, cookie);
	} else {
		auto_free char *text = json_dumps(whole, JSON_COMPACT | JSON_ENSURE_ASCII);
		result = send_json(visit->connection, status_from(whole), text, strlen(text));
	}
	json_decref(whole);
	return result;
}

#define THEME_COOKIE "looks"

static bool
theme_is_known(const char *theme)
{
	return !strcmp(theme, "light") || !strcmp(theme, "dark") || !strcmp(theme, "contrast");
}

static void
view_init(struct page_view *view, const struct visit *visit)
{
	*view = (struct page_view){.page = visit->page,
		.path = visit->path,
		.args = visit->args,
		.now_s = clock_wall_s()};
	const char *host = header(visit->connection, MHD_HTTP_HEADER_HOST);

	if (host && is_by_own_tls(visit->connection) && strlen(host) < PAGE_ORIGIN_MAX - 8)
		snprintf(view->origin, sizeof view->origin, "https://%s", host);
	language_choose(header(visit->connection, MHD_HTTP_HEADER_ACCEPT_LANGUAGE),
		language_is_known, view->language);
	if (!cookie_find(header(visit->connection, MHD_HTTP_HEADER_COOKIE), THEME_COOKIE,
		    view->theme, sizeof view->theme) ||
		!theme_is_known(view->theme))
		view->theme[0] = 0;
}

/* How it looks is kept by the browser, for a year; nothing else knows it. */
static enum MHD_Result
answer_looks(struct MHD_Connection *connection)
{
	const char *theme = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "theme");
	const char *back = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "back");
	char cookie[COOKIE_HEADER_MAX];

	snprintf(cookie, sizeof cookie,
		THEME_COOKIE "=%s; Path=/; SameSite=Strict; Max-Age=31536000",
		theme_is_known(theme ? theme : "") ? theme : "system");
	return send_on(connection, back && path_is_local(back) ? back : "/", cookie);
}

static enum MHD_Result
answer_form(struct visit *visit)
{
	char cookie[COOKIE_HEADER_MAX], on[PATH_MAX_BYTES + 40];
	json_t *whole = answer_json(visit, 0);
	bool is_ok = json_is_true(json_object_get(whole, "ok"));
	bool has_cookie = is_ok && cookie_for(visit, whole, cookie);
	bool is_token = json_object_get(json_object_get(whole, "result"), "token");
	enum MHD_Result result;

	if (is_ok && !visit->is_shown && !is_token) {
		json_int_t journal = json_integer_value(json_object_get(whole, "journal"));
		json_int_t run = json_integer_value(
			json_object_get(json_object_get(whole, "result"), "run"));
		if (run && visit->route->flags & ROUTE_BEGINS_RUN)
			snprintf(on, sizeof on, "/bench/%lld", (long long)run);
		else if (journal)
			snprintf(on, sizeof on, "%s%csaid=%lld", visit->back,
				strchr(visit->back, '?') ? '&' : '?', (long long)journal);
		else
			snprintf(on, sizeof on, "%s", visit->back);
		result = send_on(visit->connection, on, has_cookie ? cookie : NULL);
	} else {
		struct html text = {0};
		struct page_view view;
		view_init(&view, visit);
		page_answer(&text, &view, visit->back, whole);
		result = send_page(visit->connection, status_from(whole), &text);
	}
	json_decref(whole);
	return result;
}

/* --- pages -------------------------------------------------------------------------------------------- */

/* "device limit=50": what a page asks for, of what its address says. */
static json_t *
page_args(const struct visit *visit, const struct page_ask *ask, struct fault *why)
{
	const struct route *route = route_of_verb(ask->verb);
	json_t *given = json_object();
	char word[80];

	assert(route); /* a page asks nothing that the API does not */
	for (const char *list = ask->args; *list;) {
		size_t len = strcspn(list, " ");
		snprintf(word, sizeof word, "%.*s", (int)len, list);
		char *equals = strchr(word, '='), *colon = strchr(word, ':');
		if (equals)
			*equals = '\0';
		if (colon)
			*colon = '\0';
		json_t *value = equals ? json_string(equals + 1)
				       : json_incref(json_object_get(
						 visit->args, colon ? colon + 1 : word));
		if (value)
			json_object_set_new(given, word, value);
		list += len + strspn(list + len, " ");
	}
	json_t *args = route_args(route, given, why);
	json_decref(given);
	return args;
}

static enum MHD_Result
begin_page(struct visit *visit)
{
	struct fault why;

	if (!ask_verb(visit, "session.state", json_object(), false))
		return too_busy(visit);
	for (int i = 0; i < PAGE_ASKS_MAX && visit->page->ask[i].verb; i++) {
		json_t *args = page_args(visit, &visit->page->ask[i], &why);
		if (!args)
			return bad_request(visit, why.text);
		if (!ask_verb(visit, visit->page->ask[i].verb, args, false))
			return too_busy(visit);
	}
	return answer_when_told(visit);
}

/* Who is not logged in, and is to be.  NULL: may see the page. */
static const char *
sent_elsewhere(const struct visit *visit, const json_t *who, char out[static PATH_MAX_BYTES])
{
	bool is_claimed = json_is_true(json_object_get(who, "claimed"));
	const char *kind = json_string_value(json_object_get(who, "kind"));
	bool is_known = kind && strcmp(kind, "none") != 0;

	if (!who)
		return NULL;
	if (!strcmp(visit->page->path, "/claim") && is_claimed)
		return "/login";
	if (!strcmp(visit->page->path, "/login") && (is_known || !is_claimed))
		return is_known ? "/" : "/claim";
	if (visit->page->is_open || is_known)
		return NULL;
	if (!is_claimed)
		return "/claim";
	/* Where to go on to afterwards: the path alone, which needs no escaping. */
	bool is_plain = strspn(visit->path, "abcdefghijklmnopqrstuvwxyz0123456789-_/") ==
			strlen(visit->path);
	snprintf(out, PATH_MAX_BYTES, "/login?back=%.500s", is_plain ? visit->path : "/");
	return out;
}

static enum MHD_Result
answer_file(const struct visit *visit, struct html *bytes, const json_t *whole)
{
	if (bytes->len)
		return send_download(
			visit->connection, bytes, visit->page->type, visit->page->file);
	if (!json_is_true(json_object_get(whole, "ok")))
		return send_refusal(visit, whole);
	return send_problem(visit->connection, MHD_HTTP_NOT_FOUND, "ERR_NOT_FOUND",
		"there is nothing of the kind", 0);
}

static enum MHD_Result
answer_page(struct visit *visit)
{
	json_t *who = answer_json(visit, 0);
	char elsewhere[PATH_MAX_BYTES];
	const char *on = sent_elsewhere(visit, json_object_get(who, "result"), elsewhere);
	json_t *whole[PAGE_ASKS_MAX] = {NULL};
	enum MHD_Result result;

	if (on) {
		result = send_on(visit->connection, on, NULL);
	} else {
		struct html text = {0};
		struct page_view view;
		view_init(&view, visit);
		view.who = json_object_get(who, "result");
		for (unsigned i = 1; i < visit->n_asks; i++)
			view.answer[i - 1] = whole[i - 1] = answer_json(visit, i);
		page_render(&text, &view);
		if (visit->page->type)
			result = answer_file(visit, &text, whole[0]);
		else
			result = send_page(visit->connection,
				status_from(visit->n_asks > 1 ? whole[0] : who), &text);
	}
	for (int i = 0; i < PAGE_ASKS_MAX; i++)
		json_decref(whole[i]);
	json_decref(who);
	return result;
}

/* --- events, numbers -------------------------------------------------------------------------------------- */

static enum MHD_Result
begin_stream(struct visit *visit)
{
	return ask_text_of(visit, stream_question, false) ? answer_when_told(visit)
							  : too_busy(visit);
}

static enum MHD_Result
answer_stream(struct visit *visit)
{
	if (!ask_is_ok(visit->ask[0])) {
		json_t *whole = answer_json(visit, 0);
		enum MHD_Result refused = send_refusal(visit, whole);
		json_decref(whole);
		return refused;
	}
	struct MHD_Response *response = stream_response_new(
		visit->connection, &visit->asker, header(visit->connection, "Last-Event-ID"));
	if (!response)
		return send_problem(visit->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "",
			"too many follow the events already", 30);
	send_headers(response, "text/event-stream", "no-store");
	enum MHD_Result result = MHD_queue_response(visit->connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
begin_metrics(struct visit *visit)
{
	return ask_text_of(visit, "{\"verb\":\"metrics\",\"args\":{}}", false)
		       ? answer_when_told(visit)
		       : too_busy(visit);
}

static enum MHD_Result
answer_metrics(struct visit *visit)
{
	json_t *whole = answer_json(visit, 0);
	struct html text = {0};
	enum MHD_Result result;

	if (json_is_true(json_object_get(whole, "ok"))) {
		metrics_render(&text, json_object_get(whole, "result"), stream_count());
		result = send_text(visit->connection, &text, "text/plain; version=0.0.4");
	} else {
		result = send_refusal(visit, whole);
	}
	json_decref(whole);
	return result;
}

static bool
wants_stream(struct MHD_Connection *connection, const char *path)
{
	const char *accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
	return !strcmp(path, API_ROOT "/events") && accept && strstr(accept, "text/event-stream");
}

static enum MHD_Result
answer_by_kind(struct visit *visit)
{
	switch (visit->kind) {
	case VISIT_FORM:
		return answer_form(visit);
	case VISIT_PAGE:
		return answer_page(visit);
	case VISIT_STREAM:
		return answer_stream(visit);
	case VISIT_METRICS:
		return answer_metrics(visit);
	case VISIT_API:
	default:
		return answer_api(visit);
	}
}

static void
drop_asks(struct visit *visit)
{
	for (unsigned i = 0; i < visit->n_asks; i++)
		ask_drop(visit->ask[i]);
	visit->n_asks = 0;
}

/* What was answered is copied: a slow reader, or a stream, holds no question. */
static enum MHD_Result
answer(struct visit *visit)
{
	enum MHD_Result result = answer_by_kind(visit);

	drop_asks(visit);
	return result;
}

/* --- from libmicrohttpd -------------------------------------------------------------------------------------- */

static bool
is_below(const char *path, const char *root)
{
	size_t len = strlen(root);
	return !strncmp(path, root, len) && path[len] == '/';
}

static const struct page *
page_of(const char *path, json_t *args)
{
	for (const struct page *page = pages; page->path; page++) {
		json_object_clear(args);
		if (path_fits(page->path, path, args))
			return page;
	}
	json_object_clear(args);
	return NULL;
}

/* False: nothing is here, or not by this method; *refused is the status. */
static bool
classify(struct visit *visit, const char *method, unsigned *refused)
{
	bool is_get = !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);

	*refused = MHD_HTTP_METHOD_NOT_ALLOWED;
	if (is_below(visit->path, FORM_ROOT)) {
		visit->kind = VISIT_FORM;
		return !strcmp(method, MHD_HTTP_METHOD_POST);
	}
	if (is_below(visit->path, API_ROOT)) {
		visit->kind = is_get && wants_stream(visit->connection, visit->path) ? VISIT_STREAM
										     : VISIT_API;
		return is_get || !strcmp(method, MHD_HTTP_METHOD_POST) ||
		       !strcmp(method, MHD_HTTP_METHOD_DELETE);
	}
	if (!strcmp(visit->path, "/metrics")) {
		visit->kind = VISIT_METRICS;
		return is_get;
	}
	visit->kind = VISIT_PAGE;
	visit->page = page_of(visit->path, visit->args);
	if (!visit->page)
		*refused = MHD_HTTP_NOT_FOUND;
	return visit->page && is_get;
}

static enum MHD_Result
begin(struct visit *visit, const char *method)
{
	bool is_get =
		strcmp(method, MHD_HTTP_METHOD_POST) && strcmp(method, MHD_HTTP_METHOD_DELETE);

	MHD_get_connection_values(visit->connection, MHD_GET_ARGUMENT_KIND, on_query, visit->args);
	switch (visit->kind) {
	case VISIT_PAGE:
		return begin_page(visit);
	case VISIT_STREAM:
		return begin_stream(visit);
	case VISIT_METRICS:
		return begin_metrics(visit);
	default:
		return begin_api(visit, is_get ? MHD_HTTP_METHOD_GET : method);
	}
}

static struct seat *
seat_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static const struct web_file *
file_of(const char *path)
{
	for (const struct web_file *file = web_files; file->path; file++)
		if (!strcmp(file->path, path))
			return file;
	return NULL;
}

/*
 * By its name without TLS, where there is TLS for it.  Not from this machine: what comes from
 * there needs none, and may be a proxy's.  Who says falsely to be one harms nobody else.
 */
static bool
is_better_by_tls(struct MHD_Connection *connection)
{
	struct ip from = address_of(connection);

	return tls_port && way_of(connection) == COOKIE_PLAIN &&
	       host_is(header(connection, MHD_HTTP_HEADER_HOST), own_name) && !is_loopback(&from);
}

/*
 * Reading goes on there, without what the address asked besides.  What brings a secret is not
 * sent on: it was said aloud already, and whoever sent it is to know.
 */
static enum MHD_Result
send_to_tls(struct MHD_Connection *connection, const char *path, const char *method)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./";
	char to[PATH_MAX_BYTES + 100], port[16] = "";
	bool is_get = !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);
	bool fits = strlen(path) < PATH_MAX_BYTES && strspn(path, plain) == strlen(path) &&
		    path_is_local(path);

	if (tls_port != 443)
		snprintf(port, sizeof port, ":%u", tls_port);
	snprintf(to, sizeof to, "https://%s%s%s", own_name, port, fits ? path : "/");
	if (is_get && !header(connection, MHD_HTTP_HEADER_AUTHORIZATION))
		return send_on(connection, to, NULL);
	snprintf(to, sizeof to, "by TLS alone: https://%s%s", own_name, port);
	return send_problem(connection, MHD_HTTP_FORBIDDEN, "ERR_DENIED", to, 0);
}

/* The head of a request is there. */
static enum MHD_Result
arrive(struct MHD_Connection *connection, const char *path, const char *method, void **context)
{
	const struct web_file *file = file_of(path);
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	unsigned refused;

	if (!host_is_ours(header(connection, MHD_HTTP_HEADER_HOST), own_name))
		return send_problem(connection, MHD_HTTP_MISDIRECTED_REQUEST, "",
			"ask by address, or for pinfold.home.arpa", 0);
	if (is_better_by_tls(connection))
		return send_to_tls(connection, path, method);
	if (file && !strcmp(method, MHD_HTTP_METHOD_GET))
		return send_file(connection, file->bytes, *file->len, file->type);
	if (!strcmp(path, "/looks") && !strcmp(method, MHD_HTTP_METHOD_GET))
		return answer_looks(connection);
	if (!strcmp(path, API_ROOT "/openapi.json") && !strcmp(method, MHD_HTTP_METHOD_GET))
		return send_file(connection, openapi, strlen(openapi), "application/json");
	if (strlen(path) >= PATH_MAX_BYTES ||
		(length && strtoull(length, NULL, 10) > VISIT_BODY_MAX))
		return send_problem(connection, 413, "", "that is too long", 0);
	struct visit *visit = must_alloc(1, sizeof *visit);
	visit->connection = connection;
	visit->args = json_object();
	snprintf(visit->path, sizeof visit->path, "%s", path);
	LIST_INSERT_HEAD(&visits, visit, next);
	*context = visit;
	if (!classify(visit, method, &refused))
		return send_problem(connection, refused, "",
			refused == MHD_HTTP_NOT_FOUND ? "there is nothing here"
						      : "not by this method",
			0);
	bool is_change =
		!strcmp(method, MHD_HTTP_METHOD_POST) || !strcmp(method, MHD_HTTP_METHOD_DELETE);
	if (is_change && is_foreign(connection))
		return send_problem(connection, MHD_HTTP_FORBIDDEN, "ERR_DENIED",
			"a page of another site asked for this", 0);
	take_asker(visit);
	return MHD_YES;
}

enum MHD_Result
visit_on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *body, size_t *body_len, void **context)
{
	struct visit *visit = *context;
	struct seat *seat = seat_of(connection);

	if (!visit)
		return arrive(connection, path, method, context);
	if (visit->is_asked)
		return answer(visit);
	if (*body_len) {
		if (visit->body_len + *body_len > VISIT_BODY_MAX)
			return MHD_NO; /* longer than it said */
		char *grown = realloc(visit->body, VISIT_BODY_MAX + 1);
		if (!grown)
			return MHD_NO;
		visit->body = grown;
		memcpy(visit->body + visit->body_len, body, *body_len);
		visit->body_len += *body_len;
		*body_len = 0;
		return MHD_YES;
	}
	if (seat)
		seat->since_ns = 0;
	return begin(visit, method);
}

void
visit_on_completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	struct visit *visit = *context;
	struct seat *seat = seat_of(connection);

	if (seat)
		seat->since_ns = clock_monotonic_ns();
	if (!visit)
		return;
	drop_asks(visit);
	LIST_REMOVE(visit, next);
	json_decref(visit->args);
	free(visit->body);
	free(visit);
	*context = NULL;
}

void
visit_on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct seat *seat = must_alloc(1, sizeof *seat);
		seat->connection = connection;
		seat->since_ns = clock_monotonic_ns();
		LIST_INSERT_HEAD(&seats, seat, next);
		*socket_context = seat;
	} else if (*socket_context) {
		struct seat *seat = *socket_context;
		LIST_REMOVE(seat, next);
		free(seat);
		*socket_context = NULL;
	}
}

void
visit_look(void)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct seat *seat;

	LIST_FOREACH(seat, &seats, next)
	{
		if (!seat->since_ns || now_ns - seat->since_ns < VISIT_SLOW_S * CLOCK_SECOND_NS)
			continue;
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(
			seat->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info)
			shutdown(info->connect_fd, SHUT_RDWR);
	}
}
