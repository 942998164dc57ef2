/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pages and the API, for people.  In: HTTP requests (web_visit.c).  Out: what the engine
 * answers to who asks.  On another socket: one page of fixed text for devices that are
 * penned, and nothing else.
 *
 * Must never: put a string of somebody else into a page unescaped, decide who may do
 * what, or give a penned device anything but that one page.
 */
#include <jansson.h>
#include <microhttpd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "process/confine.h"
#include "process/process.h"
#include "process/web_ask.h"
#include "process/web_send.h"
#include "process/web_stream.h"
#include "process/web_tls.h"
#include "process/web_visit.h"
#include "web/embed.h"

enum {
	CONNECTIONS_MAX = 1200, /* STREAMS_MAX and some that ask */
	CONNECTION_BYTES = 8 * 1024,
	PENNED_CONNECTIONS_MAX = 64,
	TLS_CONNECTIONS_MAX = 400, /* each costs some ten times the memory */
	IDLE_S = 60,
	PENNED_IDLE_S = 5,
	DAEMONS_MAX = 4,
};

/* One listening socket and what serves it. */
static struct server {
	enum descriptor what;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch;
	struct loop_timer *timer;
} servers[DAEMONS_MAX];

static struct channel *engine;
static const struct settings *settings; /* NULL until the start is over */
static int tls_fd = -1;                 /* until it is served */
static struct MHD_Response *penned_page;

static struct MHD_Response *
fixed(const void *bytes, size_t len)
{
	union {
		const void *in;
		void *out;
	} borrowed = {.in = bytes};
	return MHD_create_response_from_buffer(len, borrowed.out, MHD_RESPMEM_PERSISTENT);
}

/*
 * What was resumed goes on at the next turn of the loop.  The library's own
 * wake-up does not reach an outer loop that watches its epoll descriptor.
 */
static void
serve_soon(void)
{
	for (int i = 0; i < DAEMONS_MAX; i++)
		if (servers[i].daemon && servers[i].what != DESCRIPTOR_STATUS)
			loop_timer_again(servers[i].timer, 0);
}

/* --- penned devices ---------------------------------------------------------------------------- */

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
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		visit_on_request, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_NOTIFY_COMPLETED, visit_on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		visit_on_connection, NULL, MHD_OPTION_END);
}

/* From memory: of what stands in files nothing is within reach soon, and nothing is asked for again. */
static struct MHD_Daemon *
tls_daemon(int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TLS, 0, NULL,
		NULL, visit_on_request, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_HTTPS_MEM_CERT, tls_certificate(), MHD_OPTION_HTTPS_MEM_KEY, tls_key(),
		MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)TLS_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_NOTIFY_COMPLETED, visit_on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		visit_on_connection, NULL, MHD_OPTION_END);
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
	unsigned same = 0, most = what == DESCRIPTOR_STATUS ? 2 : 1;
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

static bool
server_start(enum descriptor what, int fd)
{
	struct server *server = server_room(what);

	server->what = what;
	server->daemon = what == DESCRIPTOR_WEB       ? web_daemon(fd)
			 : what == DESCRIPTOR_WEB_TLS ? tls_daemon(fd)
						      : penned_daemon(fd);
	if (!server->daemon) {
		log_warnx("http", "libmicrohttpd does not start");
		close(fd);
		return false;
	}
	int ready = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	server->watch = loop_watch_read(ready, on_server_readable, server);
	server->timer = loop_timer_new(1000, false, on_server_timer, server);
	return true;
}

/* --- TLS ------------------------------------------------------------------------------------------------ */

static void
tell_tls(void)
{
	struct message_web_tls m = {0};

	if (!settings || !settings->web_certificate[0] || !channel_is_open(engine))
		return;
	tls_describe(&m, settings->web_name);
	if (channel_send(engine, MESSAGE_WEB_TLS, 0, &m, sizeof m, -1))
		log_debug("engine", "does not hear how it stands with TLS");
}

/* Once, when socket, certificate and key are all there. */
static void
tls_begin(void)
{
	struct message_web_tls m;

	if (!settings || !tls_is_ready() || tls_fd < 0)
		return;
	if (server_start(DESCRIPTOR_WEB_TLS, tls_fd)) {
		tls_served();
		tls_describe(&m, settings->web_name);
		/* Nobody is led to what a browser refuses. */
		if (m.is_named)
			visit_set_tls(settings->web_tls_port);
	}
	tls_fd = -1;
	tls_forget();
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
	if (what == DESCRIPTOR_WEB_CERTIFICATE || what == DESCRIPTOR_WEB_KEY) {
		tls_read(what, fd);
		return;
	}
	if (what == DESCRIPTOR_WEB_TLS && tls_fd < 0) {
		tls_fd = fd;
		tls_begin();
		tell_tls();
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
	tell_tls();
	stream_gap();
	serve_soon();
}

static void
on_second(void *arg)
{
	stream_look();
	visit_look();
	serve_soon();
}

int
main(void)
{
	static const struct process_hooks hooks = {.on_descriptor = on_descriptor};

	json_object_seed(0); /* reads /dev/urandom, which is out of reach soon */
	penned_page = fixed(embedded_penned_html, embedded_penned_html_len);
	send_headers(penned_page, "text/html; charset=utf-8", "no-store");
	MHD_add_response_header(penned_page, MHD_HTTP_HEADER_CONNECTION, "close");
	visit_init(serve_soon);
	stream_init();
	settings = process_begin(PROCESS_WEB, &hooks);
	visit_set_name(settings->web_name);
	tzset(); /* the Date header; as above */
	ask_init(visit_on_asks_changed);
	tls_begin();
	loop_timer_new(1000, true, on_second, NULL);
	confine(PROCESS_WEB, settings);
	process_ready();
	tell_tls();
	loop_run();
	return 0;
}
