/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pages and the API, for people.  In: HTTP requests.  Out: what the engine
 * answers to a viewer, and pages made of it.  On another socket: one page of
 * fixed text for devices that are penned, and nothing else.
 *
 * Must never: put a string of somebody else into a page unescaped, ask the
 * engine for a change, or give a penned device anything but that one page.
 */
#include <ctype.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/loop.h"
#include "process/confine.h"
#include "process/process.h"
#include "process/web_ask.h"
#include "process/web_page.h"
#include "process/web_stream.h"
#include "web/embed.h"

enum {
	CONNECTIONS_MAX = 1200, /* STREAMS_MAX and some that ask */
	CONNECTION_BYTES = 8 * 1024,
	PENNED_CONNECTIONS_MAX = 64,
	IDLE_S = 60,
	PENNED_IDLE_S = 5,
	DAEMONS_MAX = 4,
	PAGE_DEVICES = 500,
	PAGE_EVENTS = 50,
	LIST_DEFAULT = 1000,
	VISIT_ASKS = 3,
};

static const char security_policy[] =
	"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* One listening socket and what serves it. */
static struct server {
	enum descriptor what;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch;
	struct loop_timer *timer;
} servers[DAEMONS_MAX];

/* A request that waits for the engine. */
struct visit {
	LIST_ENTRY(visit) next;
	struct MHD_Connection *connection;
	struct ask *ask[VISIT_ASKS];
	unsigned n_asks;
	bool is_asleep;
};

static LIST_HEAD(, visit) visits = LIST_HEAD_INITIALIZER(visits);
static struct channel *engine;
static struct MHD_Response *penned_page;

/* --- responses --------------------------------------------------------------------------------- */

static void
add_headers(struct MHD_Response *response, const char *type, const char *cache)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
	MHD_add_response_header(response, "Content-Security-Policy", security_policy);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static enum MHD_Result
give(struct MHD_Connection *connection, unsigned code, struct MHD_Response *response,
	const char *type)
{
	if (!response)
		return MHD_NO;
	add_headers(response, type, "no-store");
	enum MHD_Result result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static struct MHD_Response *
fixed(const void *bytes, size_t len)
{
	union {
		const void *in;
		void *out;
	} borrowed = {.in = bytes};
	return MHD_create_response_from_buffer(len, borrowed.out, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned code, const char *sentence)
{
	char text[256];
	int len = snprintf(text, sizeof text,
		"{\"ok\":false,\"error\":{\"code\":\"HTTP_%u\",\"text\":\"%s\"}}\n", code,
		sentence);

	return give(connection, code,
		MHD_create_response_from_buffer((size_t)len, text, MHD_RESPMEM_MUST_COPY),
		"application/json");
}

/*
 * What was resumed goes on at the next turn of the loop.  The library's own
 * wake-up does not reach an outer loop that watches its epoll descriptor.
 */
static void
serve_soon(void)
{
	for (int i = 0; i < DAEMONS_MAX; i++)
		if (servers[i].daemon && servers[i].what == DESCRIPTOR_WEB)
			loop_timer_again(servers[i].timer, 0);
}

/* --- waiting for the engine ---------------------------------------------------------------------- */

static bool
is_waiting(const struct visit *visit)
{
	for (unsigned i = 0; i < visit->n_asks; i++)
		if (ask_state(visit->ask[i]) == ASK_WAITING)
			return true;
	return false;
}

static void
on_asks_changed(void)
{
	struct visit *visit;

	LIST_FOREACH(visit, &visits, next)
	{
		if (!visit->is_asleep || is_waiting(visit))
			continue;
		visit->is_asleep = false;
		MHD_resume_connection(visit->connection);
	}
	serve_soon();
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	struct visit *visit = *context;

	if (!visit)
		return;
	for (unsigned i = 0; i < visit->n_asks; i++)
		ask_drop(visit->ask[i]);
	LIST_REMOVE(visit, next);
	free(visit);
	*context = NULL;
}

static bool
ask(struct visit *visit, json_t *command)
{
	auto_free char *text = json_dumps(command, JSON_COMPACT);

	json_decref(command);
	struct ask *taken = text ? ask_take(text) : NULL;
	if (taken)
		visit->ask[visit->n_asks++] = taken;
	return taken;
}

static json_t *
command(const char *verb, json_t *args)
{
	return json_pack("{s:s, s:o}", "verb", verb, "args", args);
}

/* A whole number from the query, within bounds; otherwise the default. */
static json_int_t
number_from(
	struct MHD_Connection *connection, const char *key, json_int_t otherwise, json_int_t max)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, key);
	char *end;

	if (!text || !isdigit((unsigned char)*text))
		return otherwise;
	long long value = strtoll(text, &end, 10);
	return *end || value > max ? otherwise : value;
}

/* --- what there is --------------------------------------------------------------------------------- */

struct route {
	const char *path;
	bool is_prefix; /* something follows that names a device */
	/* Asks the engine what it needs; false: refused as too busy. */
	bool (*ask)(struct visit *, const char *rest);
	enum MHD_Result (*answer)(struct visit *);
};

static bool
ask_page(struct visit *visit, const char *rest)
{
	return ask(visit, command("device.list", json_pack("{s:I, s:i}", "after",
							 number_from(visit->connection, "after", 0,
								 DEVICE_NUMBER_MAX),
							 "limit", PAGE_DEVICES))) &&
	       ask(visit, command("events.list", json_pack("{s:i}", "limit", PAGE_EVENTS))) &&
	       ask(visit, command("status", json_object()));
}

/* The engine's result, or NULL; the caller owns *whole. */
static const json_t *
result_of(const struct ask *asked, json_t **whole)
{
	size_t len;

	*whole = NULL;
	if (ask_state(asked) != ASK_ANSWERED)
		return NULL;
	const char *text = ask_text(asked, &len);
	*whole = json_loadb(text, len, 0, NULL);
	return json_object_get(*whole, "result");
}

static enum MHD_Result
answer_page(struct visit *visit)
{
	json_t *whole[VISIT_ASKS];
	char next[64] = "";
	struct text text = {0};
	struct page_content content = {.devices = result_of(visit->ask[0], &whole[0]),
		.events = result_of(visit->ask[1], &whole[1]),
		.status = result_of(visit->ask[2], &whole[2]),
		.next = next,
		.now_s = clock_wall_s()};
	size_t count = json_array_size(content.devices);

	if (count == PAGE_DEVICES)
		snprintf(next, sizeof next, "/?after=%lld",
			(long long)json_integer_value(json_object_get(
				json_array_get(content.devices, count - 1), "number")));
	page_render(&text, (const char *)embedded_page_html, &content);
	for (int i = 0; i < VISIT_ASKS; i++)
		json_decref(whole[i]);
	return give(visit->connection, content.status ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
		MHD_create_response_from_buffer(text.len, text.at, MHD_RESPMEM_MUST_FREE),
		"text/html; charset=utf-8");
}

static bool
ask_devices(struct visit *visit, const char *rest)
{
	const char *state =
		MHD_lookup_connection_value(visit->connection, MHD_GET_ARGUMENT_KIND, "state");
	json_t *args = json_pack("{s:I, s:I}", "after",
		number_from(visit->connection, "after", 0, DEVICE_NUMBER_MAX), "limit",
		number_from(visit->connection, "limit", LIST_DEFAULT, LIST_DEFAULT));

	if (state)
		json_object_set_new(args, "state", json_stringn(state, strnlen(state, 32)));
	return ask(visit, command("device.list", args));
}

static bool
ask_device(struct visit *visit, const char *rest)
{
	/* Text that is no UTF-8 makes no string, and then no device. */
	json_t *device = json_stringn(rest, strnlen(rest, 64));
	return ask(visit, command("device.show",
				  json_pack("{s:o}", "device", device ? device : json_string(""))));
}

static bool
ask_status(struct visit *visit, const char *rest)
{
	return ask(visit, command("status", json_object()));
}

static bool
ask_events(struct visit *visit, const char *rest)
{
	return ask(visit, command("events.list", json_pack("{s:I}", "limit",
							 number_from(visit->connection, "limit",
								 PAGE_EVENTS, LIST_DEFAULT))));
}

/* A refusal of the engine, in the words of HTTP. */
static unsigned
status_from(const char *text, size_t len)
{
	static const char fine[] = "{\"ok\":true";

	if (len >= sizeof fine - 1 && !memcmp(text, fine, sizeof fine - 1))
		return MHD_HTTP_OK;
	json_t *whole = json_loadb(text, len, 0, NULL);
	const char *code =
		json_string_value(json_object_get(json_object_get(whole, "error"), "code"));
	unsigned status = code && !strcmp(code, "ERR_NOT_FOUND") ? MHD_HTTP_NOT_FOUND
			  : code && !strcmp(code, "ERR_DENIED")  ? MHD_HTTP_FORBIDDEN
								 : MHD_HTTP_BAD_REQUEST;
	json_decref(whole);
	return status;
}

static enum MHD_Result
answer_json(struct visit *visit)
{
	size_t len;

	if (ask_state(visit->ask[0]) != ASK_ANSWERED)
		return refuse(visit->connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			"the engine does not answer");
	const char *text = ask_text(visit->ask[0], &len);
	return give(visit->connection, status_from(text, len),
		MHD_create_response_from_buffer(
			len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY),
		"application/json");
}

static const struct route routes[] = {
	{"/", false, ask_page, answer_page},
	{"/api/v1/status", false, ask_status, answer_json},
	{"/api/v1/devices", false, ask_devices, answer_json},
	{"/api/v1/devices/", true, ask_device, answer_json},
	{"/api/v1/events", false, ask_events, answer_json},
};

static const struct {
	const char *path, *type;
	const unsigned char *bytes;
	const size_t *len;
} files[] = {
	{"/page.css", "text/css; charset=utf-8", embedded_page_css, &embedded_page_css_len},
	{"/page.js", "text/javascript; charset=utf-8", embedded_page_js, &embedded_page_js_len},
};

/*
 * A name that is not ours means that a page of somebody else leads a browser
 * here (DNS rebinding); an address or one of our names cannot be led.
 */
static bool
is_our_host(const char *host)
{
	char name[64];
	struct ip ip;

	if (!host || strlen(host) >= sizeof name)
		return false;
	snprintf(name, sizeof name, "%s", host);
	if (*name == '[') {
		char *close = strchr(name, ']');
		if (!close)
			return false;
		*close = 0;
		return ip_parse(&ip, name + 1);
	}
	name[strcspn(name, ":")] = 0;
	return ip_parse(&ip, name) || !strcmp(name, "localhost") ||
	       !strcmp(name, "pinfold.home.arpa");
}

static const struct route *
route_of(const char *path, const char **rest)
{
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		size_t len = strlen(routes[i].path);
		*rest = path + len;
		if (routes[i].is_prefix ? !strncmp(path, routes[i].path, len) && path[len]
					: !strcmp(path, routes[i].path))
			return &routes[i];
	}
	return NULL;
}

static enum MHD_Result
begin_stream(struct MHD_Connection *connection)
{
	struct MHD_Response *response = stream_response_new(connection);

	if (!response)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			"too many follow the events already");
	return give(connection, MHD_HTTP_OK, response, "text/event-stream");
}

static bool
wants_stream(struct MHD_Connection *connection, const char *path)
{
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	return !strcmp(path, "/api/v1/events") && accept && strstr(accept, "text/event-stream");
}

static enum MHD_Result
begin_visit(struct MHD_Connection *connection, const char *path, struct visit **out)
{
	const char *rest;
	const struct route *route = route_of(path, &rest);

	if (!route)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is nothing here");
	struct visit *visit = must_alloc(1, sizeof *visit);
	visit->connection = connection;
	LIST_INSERT_HEAD(&visits, visit, next);
	*out = visit;
	if (!route->ask(visit, rest))
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many ask at once");
	if (!is_waiting(visit))
		return route->answer(visit);
	visit->is_asleep = true;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *body, size_t *body_len, void **context)
{
	const char *rest;

	if (*context)
		return route_of(path, &rest)->answer(*context);
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
	if (!is_our_host(
		    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
		return refuse(connection, MHD_HTTP_MISDIRECTED_REQUEST,
			"ask by address, or for pinfold.home.arpa");
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (!strcmp(path, files[i].path))
			return give(connection, MHD_HTTP_OK, fixed(files[i].bytes, *files[i].len),
				files[i].type);
	if (wants_stream(connection, path))
		return begin_stream(connection);
	return begin_visit(connection, path, (struct visit **)context);
}

/* Whatever a penned device asks for: the one page.  Not as 200, or it thinks that it got its file. */
static enum MHD_Result
on_penned(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *body, size_t *body_len, void **context)
{
	return MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE, penned_page);
}

/* --- libmicrohttpd on our loop ----------------------------------------------------------------------- */

static void
serve(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG in_ms;

	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &in_ms) == MHD_YES)
		loop_timer_again(server->timer, in_ms);
}

static void
on_server_timer(void *arg)
{
	serve(arg);
}

static void
on_server_readable(int fd, void *arg)
{
	serve(arg);
}

static struct MHD_Daemon *
web_daemon(int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
		NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

static struct MHD_Daemon *
penned_daemon(int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_penned, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)PENNED_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT, 4u,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PENNED_IDLE_S, MHD_OPTION_END);
}

static void
server_stop(struct server *server)
{
	loop_watch_free(server->watch);
	loop_timer_free(server->timer);
	MHD_stop_daemon(server->daemon);
	*server = (struct server){0};
}

/* A socket of the same kind beyond those there is room for replaces the oldest of it. */
static struct server *
server_room(enum descriptor what)
{
	unsigned same = 0, most = what == DESCRIPTOR_WEB ? 1 : 2;
	struct server *oldest = NULL, *room = NULL;

	for (int i = 0; i < DAEMONS_MAX; i++) {
		if (!servers[i].daemon)
			room = room ? room : &servers[i];
		else if (servers[i].what == what && !same++)
			oldest = &servers[i];
	}
	if (same < most)
		return room;
	server_stop(oldest);
	return oldest;
}

static void
server_start(enum descriptor what, int fd)
{
	struct server *server = server_room(what);

	server->what = what;
	server->daemon = what == DESCRIPTOR_WEB ? web_daemon(fd) : penned_daemon(fd);
	if (!server->daemon) {
		log_warnx("http", "libmicrohttpd does not start");
		close(fd);
		return;
	}
	int ready = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	server->watch = loop_watch_read(ready, on_server_readable, server);
	server->timer = loop_timer_new(1000, false, on_server_timer, server);
}

/* --- the process --------------------------------------------------------------------------------------- */

static void
on_event(const struct message_answer *event)
{
	stream_add(event->text, event->len);
	serve_soon();
}

static void
on_engine(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	const struct message_answer *answer = payload;

	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_ANSWER)
		ask_on_answer(header->seq, answer);
	else if (header->type == MESSAGE_EVENT)
		on_event(answer);
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	log_info("engine", "channel: %s", why);
	ask_set_engine(NULL);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	if (what == DESCRIPTOR_WEB || what == DESCRIPTOR_STATUS) {
		server_start(what, fd);
		return;
	}
	if (what != DESCRIPTOR_PEER || peer != PROCESS_ENGINE) {
		close(fd);
		return;
	}
	ask_set_engine(NULL);
	channel_free(engine);
	engine = channel_new(fd, PROCESS_WEB, peer, on_engine, on_closed, NULL);
	ask_set_engine(engine);
}

static void
on_alive(void *arg)
{
	stream_keep_alive();
	serve_soon();
}

int
main(void)
{
	static const struct process_hooks hooks = {.on_descriptor = on_descriptor};

	penned_page = fixed(embedded_penned_html, embedded_penned_html_len);
	add_headers(penned_page, "text/html; charset=utf-8", "no-store");
	MHD_add_response_header(penned_page, MHD_HTTP_HEADER_CONNECTION, "close");
	const struct settings *settings = process_begin(PROCESS_WEB, &hooks);
	tzset();             /* the Date header; as below */
	json_object_seed(0); /* reads /dev/urandom, which is out of reach soon */
	ask_init(on_asks_changed);
	loop_timer_new(STREAM_ALIVE_S * 1000, true, on_alive, NULL);
	confine(PROCESS_WEB, settings);
	process_ready();
	loop_run();
	return 0;
}
