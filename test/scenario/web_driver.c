/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real web process, confined, with an engine that this program plays and
 * browsers that are its sockets.
 *
 *	environment: WEB (the executable), FOLDER
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "stage.h"
#include "test.h"

enum { PORT = 8480, STREAMS = 1000, PATIENCE = 4000 /* of at least 5 ms */ };

static struct stage stage;
static struct channel *engine;
static unsigned n_commands;
static struct message_command last_command;
static bool is_over; /* whoever follows is logged out */
static bool is_mute; /* the engine takes questions and gives no answer */

#define HOSTILE "<script>alert(1)</script>\\\"'&"

static const char devices_text[] =
	"{\"ok\":true,\"result\":[{\"number\":7,\"id\":\"d-7f3k2\",\"name\":\"" HOSTILE "\","
	"\"label\":\"" HOSTILE "\",\"class\":\"ordinary\",\"state\":\"quarantine\",\"since\":1,"
	"\"present\":true,\"first\":1,\"last\":1,\"kind\":{\"word\":\"<b>camera\",\"confidence\":3,"
	"\"why\":\"\"},\"addresses\":[\"192.168.77.11\"],\"port\":\"port1\",\"paused\":false,"
	"\"contained\":true,\"denied_packets\":12}]}";
static const char events_text[] =
	"{\"ok\":true,\"result\":[{\"id\":1,\"first\":1,\"time\":1,\"count\":3,\"level\":\"alarm\","
	"\"kind\":\"denied\",\"cause\":\"\",\"text\":\"tried <img src=x> 198.18.0.9\",\"device\":"
	"{\"number\":7,\"id\":\"d-7f3k2\",\"name\":\"" HOSTILE "\"}}]}";
static const char status_text[] = "{\"ok\":true,\"result\":{\"version\":\"0.1.0\",\"resolver\":"
				  "{\"upstream_dead\":true}}}";
#define WHO(kind, account, proof)                                                                  \
	"{\"ok\":true,\"result\":{\"claimed\":true,\"kind\":\"" kind                               \
	"\",\"scope\":\"admin\",\"account\":" account ",\"until\":1,\"proof\":\"" proof "\"}}"
static const char nobody_text[] = WHO("none", "null", "");
static const char anna_text[] =
	WHO("session", "{\"name\":\"anna\",\"role\":\"owner\",\"created\":1}", "abcdef");
static const char login_text[] =
	"{\"ok\":true,\"result\":{\"credential\":\"ps_secret\",\"proof\":\"abcdef\",\"until\":9,"
	"\"account\":{\"name\":\"anna\",\"role\":\"owner\",\"created\":1}}}";
static const char paused_text[] = "{\"ok\":true,\"result\":{\"id\":\"d-7f3k2\"},\"journal\":12,"
				  "\"undo\":\"pinfold policy undo 12\","
				  "\"in_force\":true}";
static const char late_text[] = "{\"ok\":true,\"result\":true,\"journal\":13,\"in_force\":false,"
				"\"note\":\"later\"}";
static const char wait_text[] =
	"{\"ok\":false,\"error\":{\"code\":\"ERR_BUSY\",\"text\":\"too many\","
	"\"retry_after\":7}}";
static const char not_found_text[] =
	"{\"ok\":false,\"error\":{\"code\":\"ERR_NOT_FOUND\",\"text\":\"no such device\"}}";

static const char denied_text[] =
	"{\"ok\":false,\"error\":{\"code\":\"ERR_NOT_OURS\",\"text\":\"log in first\"}}";

static void
answer(uint32_t seq, const char *text)
{
	static struct message_answer m;
	size_t len = strlen(text), half = len / 2;

	/* In two pieces, as a long one comes. */
	for (int i = 0; i < 2; i++) {
		m.len = (uint32_t)(i ? len - half : half);
		m.is_last = (uint8_t)i;
		memcpy(m.text, text + (i ? half : 0), m.len);
		EXPECT(!channel_send(engine, MESSAGE_ANSWER, seq, &m, message_answer_len(&m), -1));
	}
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	const struct message_command *command = payload;

	if (header->type != MESSAGE_COMMAND)
		return;
	n_commands++;
	memset(&last_command, 0, sizeof last_command);
	memcpy(&last_command, command, header->len);
	/* It says what it was shown; what that is worth, the engine says. */
	EXPECT_INT(command->role, ROLE_OWNER);
	EXPECT_INT(command->from.version, 4);
	EXPECT_INT(command->from.byte[0], 127);
	if (is_mute)
		return;
	if (strstr(last_command.text, "session.state")) {
		answer(header->seq,
			strcmp(last_command.credential, "ps_anna") ? nobody_text : anna_text);
		return;
	}
	if (strstr(last_command.text, "session.login")) {
		answer(header->seq, strstr(last_command.text, "wrong") ? wait_text : login_text);
		return;
	}
	if (strstr(last_command.text, "events.follow") && is_over) {
		answer(header->seq, denied_text);
		return;
	}
	if (strstr(last_command.text, "device.pause")) {
		answer(header->seq, paused_text);
		return;
	}
	if (strstr(last_command.text, "device.block")) {
		answer(header->seq, late_text);
		return;
	}
	if (strstr(last_command.text, "device.list"))
		answer(header->seq, devices_text);
	else if (strstr(last_command.text, "events.list"))
		answer(header->seq, events_text);
	else if (strstr(last_command.text, "device.show"))
		answer(header->seq, not_found_text);
	else
		answer(header->seq, status_text);
}

/* --- a browser ------------------------------------------------------------------------------ */

static int
connected(const char *address, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	EXPECT(fd >= 0);
	inet_pton(AF_INET, address, &to.sin_addr);
	EXPECT_INT(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static char page[1 << 20];

/* Sends the request and reads what comes until the end or silence; page holds it. */
static unsigned
exchange(const char *address, uint16_t port, const char *request)
{
	int fd = connected(address, port);
	size_t len = 0;
	unsigned status = 0;

	EXPECT_INT(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	for (int quiet = 0; quiet < 700 && len < sizeof page - 1;) {
		loop_once(false);
		ssize_t n = recv(fd, page + len, sizeof page - 1 - len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0) {
			len += (size_t)n;
			quiet = 0;
		} else {
			quiet++;
			usleep(10000);
		}
	}
	page[len] = 0;
	close(fd);
	sscanf(page, "HTTP/1.1 %u", &status);
	return status;
}

static unsigned
get(const char *path)
{
	char request[512];

	snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1:8480\r\nCookie: a=b; pinfold=ps_anna\r\n"
		"Connection: close\r\n\r\n",
		path);
	return exchange("127.0.0.1", PORT, request);
}

static unsigned
post(const char *path, const char *headers, const char *body)
{
	static char request[70000];

	snprintf(request, sizeof request,
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1:8480\r\nCookie: pinfold=ps_anna\r\n%s"
		"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		path, headers, strlen(body), body);
	return exchange("127.0.0.1", PORT, request);
}

#define FORM   "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON   "Content-Type: application/json; charset=utf-8\r\n"
#define ORIGIN "Origin: http://127.0.0.1:8480\r\n"

static bool
shows(const char *text)
{
	return strstr(page, text) != NULL;
}

static int
listening(const char *address, uint16_t port)
{
	int fd = stage_socket(address, port, SOCK_STREAM);

	EXPECT_INT(listen(fd, 128), 0);
	return fd;
}

/* --- the story -------------------------------------------------------------------------------- */

/* The libraries that a program is linked with stand in it by their names. */
TEST(code_that_talks_to_devices_is_no_part_of_the_web_process)
{
	static char program[16 * 1024 * 1024];
	FILE *file = fopen(getenv("WEB"), "re");

	EXPECT(file != NULL);
	size_t len = fread(program, 1, sizeof program, file);
	fclose(file);
	EXPECT(len < sizeof program);
	EXPECT(memmem(program, len, "libmicrohttpd.so", 16) != NULL);
	EXPECT(memmem(program, len, "libssl.so", 9) == NULL);
}

TEST(the_web_process_starts_confined_and_takes_a_socket_later)
{
	struct settings settings = stage_home(getenv("FOLDER"));
	struct rlimit files = {8192, 8192};

	setrlimit(RLIMIT_NOFILE, &files);
	stage_start(&stage, PROCESS_WEB, getenv("WEB"), &settings, on_message);
	stage_give(&stage, DESCRIPTOR_WEB, listening("127.0.0.1", PORT));
	engine = stage_peer(&stage, PROCESS_ENGINE);
	stage_go(&stage);
	/* The bridge appears after the start, and its sockets with it. */
	stage_give(&stage, DESCRIPTOR_STATUS, listening("127.0.0.1", 80));
	stage_give(&stage, DESCRIPTOR_STATUS, listening("127.0.0.2", 80));
	stage_pump(50);
	EXPECT(stage_runs(&stage));
}

static int slow_fd;
static uint64_t slow_since_ns;

/* The others go on meanwhile; see who_is_slow_was_cut_off_meanwhile. */
TEST(somebody_begins_a_request_and_does_not_end_it)
{
	slow_fd = connected("127.0.0.1", PORT);
	slow_since_ns = clock_monotonic_ns();
	EXPECT(send(slow_fd, "GET / HTTP/1.1\r\n", 16, 0) == 16);
	EXPECT_INT(get("/api/v1/status"), 200);
	EXPECT(recv(slow_fd, page, sizeof page, MSG_DONTWAIT) < 0);
}

TEST(the_page_shows_devices_and_events_with_every_string_escaped)
{
	EXPECT_INT(get("/"), 200);
	EXPECT(shows("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
	EXPECT(shows("tried &lt;img src=x&gt;"));
	EXPECT(!shows("<script>alert"));
	EXPECT(!shows("<img"));
	EXPECT(!shows("<b>camera"));
	EXPECT(shows("No name server answers"));
	EXPECT_INT(get("/devices"), 200);
	EXPECT(!shows("<script>alert"));
	EXPECT(shows("&lt;b&gt;camera"));
	EXPECT(shows("192.168.77.11"));
	EXPECT(shows("contained"));
	EXPECT(shows("script-src 'self'"));
	EXPECT(shows("default-src 'none'"));
	EXPECT(shows("nosniff"));
}

TEST(nothing_on_the_page_comes_from_elsewhere)
{
	EXPECT_INT(get("/"), 200);
	EXPECT(!shows("http://") && !shows("https://") && !shows("//www"));
	EXPECT_INT(get("/page.js"), 200);
	EXPECT(!shows("http://") && !shows("https://"));
	EXPECT_INT(get("/page.css"), 200);
	EXPECT(shows("prefers-color-scheme"));
}

TEST(the_api_passes_on_what_the_engine_says)
{
	EXPECT_INT(get("/api/v1/devices"), 200);
	EXPECT(shows("\"id\":\"d-7f3k2\""));
	EXPECT(shows("application/json"));
	EXPECT_INT(get("/api/v1/devices/d-nobody"), 404);
	EXPECT(strstr(last_command.text, "\"device\":\"d-nobody\"") != NULL);
	EXPECT_INT(get("/api/v1/status"), 200);
	EXPECT_INT(get("/api/v1/events"), 200);
	EXPECT(shows("198.18.0.9"));
	EXPECT_INT(get("/api/v1/nothing"), 404);
	EXPECT(shows("\"status\":404"));
}

TEST(what_has_not_changed_is_not_sent_again)
{
	char request[400], etag[64];

	EXPECT_INT(get("/api/v1/devices"), 200);
	EXPECT_INT(sscanf(strstr(page, "ETag: "), "ETag: %63[^\r]", etag), 1);
	snprintf(request, sizeof request,
		"GET /api/v1/devices HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: %s\r\n"
		"Connection: close\r\n\r\n",
		etag);
	EXPECT_INT(exchange("127.0.0.1", PORT, request), 304);
	EXPECT(!shows("d-7f3k2"));
}

TEST(who_is_not_logged_in_is_sent_to_do_so)
{
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
		303);
	EXPECT(shows("Location: /login"));
	EXPECT(!shows("d-7f3k2"));
}

TEST(a_login_becomes_a_cookie_that_scripts_cannot_read)
{
	EXPECT_INT(post("/do/session", FORM ORIGIN,
			   "name=anna&password=eine+Katze+%26+ein+Hund&back=%2Fdevices%2Fd-1"),
		303);
	EXPECT(shows("Set-Cookie: pinfold=ps_secret; Path=/; Max-Age="));
	EXPECT(shows("HttpOnly; SameSite=Strict"));
	EXPECT(!shows("; Secure"));
	EXPECT(shows("Location: /devices/d-1\r\n"));
	EXPECT(strstr(last_command.text, "eine Katze & ein Hund") != NULL);
	EXPECT_INT(post("/api/v1/session", JSON "X-Forwarded-Proto: https\r\n",
			   "{\"name\":\"anna\",\"password\":\"x\"}"),
		200);
	EXPECT(shows("; Secure"));
	EXPECT(!shows("\"credential\""));
	EXPECT_INT(
		post("/do/session", FORM ORIGIN, "name=anna&password=x&back=//evil.example/"), 303);
	EXPECT(shows("Location: /\r\n"));
	EXPECT_INT(post("/api/v1/session", JSON, "{\"name\":\"a\",\"password\":\"wrong\"}"), 429);
	EXPECT(shows("Retry-After: 7"));
}

TEST(who_chooses_how_it_looks_stays_where_they_were)
{
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "GET /looks?back=%2Fstory&theme=dark HTTP/1.1\r\nHost: localhost\r\n"
			   "Connection: close\r\n\r\n"),
		303);
	EXPECT(shows("Location: /story\r\n"));
	EXPECT(shows("Set-Cookie: looks=dark;"));
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "GET /looks?back=//evil.example/&theme=%22 HTTP/1.1\r\n"
			   "Host: localhost\r\nConnection: close\r\n\r\n"),
		303);
	EXPECT(shows("Location: /\r\n"));
	EXPECT(shows("Set-Cookie: looks=system;"));
}

TEST(a_form_asks_what_the_api_asks_and_goes_back)
{
	EXPECT_INT(post("/do/devices/d-7f3k2/pause", FORM ORIGIN, "csrf=abcdef&back=/&seconds=900"),
		303);
	EXPECT(shows("Location: /?said=12\r\n"));
	EXPECT_STR(last_command.credential, "ps_anna");
	EXPECT_STR(last_command.proof, "abcdef");
	EXPECT(strstr(last_command.text, "\"seconds\":900") != NULL);
	EXPECT(strstr(last_command.text, "\"csrf\"") == NULL);
	EXPECT_INT(post("/api/v1/devices/d-7f3k2/pause",
			   JSON "X-Pinfold-CSRF: abcdef\r\nIdempotency-Key: k1\r\n",
			   "{\"seconds\":900}"),
		200);
	EXPECT_STR(last_command.proof, "abcdef");
	EXPECT(strstr(last_command.text, "\"key\":\"k1\"") != NULL);
	EXPECT(shows("\"journal\":12"));
	/* Recorded, and not in force yet. */
	EXPECT_INT(post("/api/v1/devices/d-7f3k2/block", "", ""), 202);
}

TEST(a_token_is_handed_on_instead_of_the_cookie)
{
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "GET /api/v1/services HTTP/1.1\r\nHost: localhost\r\nCookie: "
			   "pinfold=ps_anna"
			   "\r\nAuthorization: Bearer pt_program\r\nConnection: close\r\n\r\n"),
		200);
	EXPECT_STR(last_command.credential, "pt_program");
}

TEST(a_page_of_another_site_changes_nothing)
{
	n_commands = 0;
	EXPECT_INT(post("/do/devices/1/pause", FORM "Origin: http://evil.example\r\n", "seconds=1"),
		403);
	EXPECT_INT(post("/do/devices/1/pause", FORM "Origin: null\r\n", "seconds=1"), 403);
	EXPECT_INT(post("/do/devices/1/pause", FORM "Sec-Fetch-Site: cross-site\r\n", "seconds=1"),
		403);
	EXPECT_INT(post("/do/devices/1/pause", FORM "Origin: http://127.0.0.1:80\r\n", "seconds=1"),
		403);
	EXPECT_INT(n_commands, 0);
}

TEST(wrong_and_huge_bodies_are_refused)
{
	static char huge[40000];

	n_commands = 0;
	memset(huge, 'a', sizeof huge - 1);
	EXPECT_INT(post("/do/devices/1/pause", FORM, huge), 413);
	EXPECT_INT(post("/api/v1/devices/1/pause", JSON, "{\"seconds\":"), 400);
	EXPECT_INT(post("/api/v1/devices/1/pause", JSON, "[]"), 400);
	EXPECT_INT(post("/api/v1/devices/1/pause", JSON, "{\"seconds\":1,\"seconds\":2}"), 400);
	EXPECT_INT(
		post("/api/v1/devices/1/pause", JSON, "{\"device\":\"2\",\"seconds\":true}"), 400);
	EXPECT_INT(post("/api/v1/devices/1/pause", JSON, "{}"), 400);
	EXPECT(shows("is missing"));
	EXPECT_INT(post("/api/v1/devices/1/pause", "Content-Type: text/plain\r\n", "x"), 415);
	EXPECT_INT(post("/api/v1/devices/1/pause", FORM, "seconds=1&seconds=2"), 400);
	EXPECT_INT(post("/api/v1/devices/1/pause", FORM, "seconds=%00"), 400);
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "PUT /api/v1/devices/1/pause HTTP/1.1\r\nHost: localhost\r\n"
			   "Content-Length: 0\r\nConnection: close\r\n\r\n"),
		405);
	EXPECT_INT(n_commands, 0);
	/* What is in the path counts. */
	EXPECT_INT(post("/api/v1/devices/d-1/pause", JSON, "{\"seconds\":5}"), 200);
	EXPECT(strstr(last_command.text, "\"device\":\"d-1\"") != NULL);
}

TEST(a_list_is_bounded_and_paged)
{
	EXPECT_INT(get("/api/v1/devices?after=100&limit=999999"), 200);
	EXPECT(strstr(last_command.text, "\"limit\":1000") != NULL);
	EXPECT(strstr(last_command.text, "\"after\":100") != NULL);
	EXPECT_INT(get("/api/v1/devices?cursor=7"), 200);
	EXPECT(strstr(last_command.text, "\"after\":7") != NULL);
	EXPECT_INT(get("/api/v1/devices?after=-1"), 400);
	EXPECT(shows("application/problem+json"));
	EXPECT_INT(get("/api/v1/devices?state=%22%7D,x"), 400);
	EXPECT_INT(get("/api/v1/devices?after=1&after=2"), 400);
	EXPECT_INT(get("/api/v1/devices?what=1"), 400);
}

TEST(who_is_led_here_by_another_name_is_turned_away)
{
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "GET /api/v1/devices HTTP/1.1\r\nHost: evil.example\r\n"
			   "Connection: close\r\n\r\n"),
		421);
	EXPECT(!shows("d-7f3k2"));
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "GET /api/v1/status HTTP/1.1\r\nHost: pinfold.home.arpa:8480\r\n"
			   "Connection: close\r\n\r\n"),
		200);
	EXPECT_INT(exchange("127.0.0.1", PORT,
			   "POST /api/v1/devices HTTP/1.1\r\nHost: 127.0.0.1\r\n"
			   "Content-Length: 0\r\nConnection: close\r\n\r\n"),
		405);
}

/* What comes until it holds what is wanted; without that, what comes in a quarter of a second. */
static bool
hears(int fd, char *bytes, size_t size, const char *wanted)
{
	size_t len = 0;

	bytes[0] = 0;
	for (int i = 0; i < (wanted ? PATIENCE : 50) && len < size - 1; i++) {
		if (wanted && strstr(bytes, wanted))
			return true;
		stage_pump(5);
		ssize_t n = recv(fd, bytes + len, size - 1 - len, MSG_DONTWAIT);
		if (n > 0)
			len += (size_t)n;
		bytes[len] = 0;
	}
	return wanted && strstr(bytes, wanted);
}

/* Something came; it is taken. */
static bool
comes(int fd, char *bytes, size_t size)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (recv(fd, bytes, size, MSG_DONTWAIT) > 0)
			return true;
		stage_pump(5);
	}
	return false;
}

TEST(many_who_ask_the_same_cost_the_engine_one_question)
{
	int fd[50];
	static const char request[] =
		"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char bytes[4096];
	unsigned answered = 0;

	stage_pump(1200);
	uint64_t begun_ns = clock_monotonic_ns();
	n_commands = 0;
	for (int i = 0; i < 50; i++) {
		fd[i] = connected("127.0.0.1", PORT);
		EXPECT(send(fd[i], request, sizeof request - 1, 0) > 0);
	}
	for (int i = 0; i < 50; i++) {
		answered += comes(fd[i], bytes, sizeof bytes);
		close(fd[i]);
	}
	EXPECT_INT(answered, 50);
	/* An answer holds for a second. */
	uint64_t seconds = (clock_monotonic_ns() - begun_ns) / CLOCK_SECOND_NS;
	EXPECT(n_commands >= 1 && (uint64_t)n_commands <= 2 + seconds);
}

static void
engine_tells(const char *text)
{
	static struct message_answer m;

	m.len = (uint32_t)strlen(text);
	m.is_last = 1;
	memcpy(m.text, text, m.len);
	EXPECT(!channel_send(engine, MESSAGE_EVENT, 0, &m, message_answer_len(&m), -1));
}

static const char stream_request[] = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
				     "Accept: text/event-stream\r\n\r\n";

TEST(an_event_reaches_who_follows)
{
	static char bytes[65536];
	int fd = connected("127.0.0.1", PORT);

	EXPECT(send(fd, stream_request, sizeof stream_request - 1, 0) > 0);
	EXPECT(hears(fd, bytes, sizeof bytes, "retry: 3000"));
	EXPECT(strstr(bytes, "text/event-stream") != NULL);
	engine_tells("{\"kind\":\"denied\",\"text\":\"first\"}");
	EXPECT(hears(
		fd, bytes, sizeof bytes, "data: {\"kind\":\"denied\",\"text\":\"first\"}\n\n"));
	char id[64];
	EXPECT_INT(sscanf(strstr(bytes, "id: "), "id: %63s", id), 1);
	/* A line end in it would be a new field of the stream. */
	engine_tells("{\"kind\":\n\"broken\"}");
	engine_tells("{\"kind\":\"second\"}");
	EXPECT(hears(fd, bytes, sizeof bytes, "second"));
	EXPECT(strstr(bytes, "broken") == NULL);
	close(fd);
	/* Who comes back gets what was told meanwhile; who was elsewhere is told so. */
	for (int i = 0; i < 2; i++) {
		char request[300];
		fd = connected("127.0.0.1", PORT);
		snprintf(request, sizeof request,
			"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: %s\r\n"
			"Accept: text/event-stream\r\n\r\n",
			i ? "0123456789abcdef-1" : id);
		EXPECT(send(fd, request, strlen(request), 0) > 0);
		EXPECT(hears(fd, bytes, sizeof bytes, i ? "event: lost" : "second"));
		EXPECT(!strstr(bytes, i ? "second" : "event: lost"));
		close(fd);
	}
}

TEST(who_is_logged_out_hears_no_more)
{
	static char bytes[65536];
	int fd = connected("127.0.0.1", PORT);

	stage_pump(1200);
	EXPECT(send(fd, stream_request, sizeof stream_request - 1, 0) > 0);
	EXPECT(hears(fd, bytes, sizeof bytes, "retry: 3000"));
	is_over = true;
	/* A new engine makes all of them be asked for again. */
	channel_free(engine);
	engine = stage_peer(&stage, PROCESS_ENGINE);
	EXPECT(hears(fd, bytes, sizeof bytes, "0\r\n\r\n")); /* the last chunk */
	engine_tells("{\"kind\":\"secret\"}");
	hears(fd, bytes, sizeof bytes, NULL);
	EXPECT(strstr(bytes, "secret") == NULL);
	close(fd);
	fd = connected("127.0.0.1", PORT);
	EXPECT(send(fd, stream_request, sizeof stream_request - 1, 0) > 0);
	EXPECT(hears(fd, bytes, sizeof bytes, "401"));
	close(fd);
	is_over = false;
	stage_pump(1200);
}

static long
resident_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	FILE *file = fopen(path, "r");
	EXPECT(file != NULL);
	while (fgets(line, sizeof line, file))
		sscanf(line, "Pss: %ld kB", &kb);
	fclose(file);
	return kb;
}

TEST(a_thousand_who_follow_fit_and_one_more_is_refused)
{
	static int fd[STREAMS + 1];
	static char bytes[8192];
	unsigned told = 0;

	for (int i = 0; i < STREAMS; i++) {
		fd[i] = connected("127.0.0.1", PORT);
		EXPECT(send(fd[i], stream_request, sizeof stream_request - 1, 0) > 0);
		if (i % 20 == 0)
			stage_pump(1);
	}
	for (int i = 0; i < STREAMS; i++)
		EXPECT(hears(fd[i], bytes, sizeof bytes, "retry: 3000"));
	fd[STREAMS] = connected("127.0.0.1", PORT);
	EXPECT(send(fd[STREAMS], stream_request, sizeof stream_request - 1, 0) > 0);
	if (!hears(fd[STREAMS], bytes, sizeof bytes, "503"))
		print_message("%s\n", bytes);
	EXPECT(strstr(bytes, "503") != NULL);
	/* None of them reads; the ring stays as long as it is. */
	for (int i = 0; i < 2000; i++) {
		char text[256];
		snprintf(text, sizeof text, "{\"n\":%d,\"text\":\"%0150d\"}", i, i);
		engine_tells(text);
		if (i % 20 == 0)
			stage_pump(1);
	}
	stage_pump(500);
	long kb = resident_kb(stage.pid);
	print_message("1,000 streams: PSS %ld kB\n", kb);
	EXPECT(kb < 40 * 1024);
	for (int i = 0; i < STREAMS; i++)
		told += comes(fd[i], bytes, sizeof bytes);
	EXPECT_INT(told, STREAMS);
	EXPECT_INT(get("/api/v1/status"), 200);
	for (int i = 0; i <= STREAMS; i++)
		close(fd[i]);
	stage_pump(300);
}

TEST(a_penned_device_sees_one_page_and_no_data)
{
	static const char *const paths[] = {"/", "/api/v1/devices", "/anything?x=y"};

	for (int i = 0; i < 3; i++) {
		char request[256];
		n_commands = 0;
		snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: cloud.example\r\n\r\n",
			paths[i]);
		EXPECT_INT(exchange(i % 2 ? "127.0.0.1" : "127.0.0.2", 80, request), 503);
		EXPECT(shows("not connected to the internet"));
		EXPECT(!shows("d-7f3k2"));
		EXPECT_INT(n_commands, 0);
	}
	EXPECT_INT(exchange("127.0.0.1", 80,
			   "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"),
		503);
}

TEST(noise_instead_of_requests_is_survived)
{
	char noise[4096];

	srandom(5);
	for (int i = 0; i < 40; i++) {
		int fd = connected("127.0.0.1", i % 2 ? PORT : 80);
		for (size_t j = 0; j < sizeof noise; j++)
			noise[j] = (char)random();
		if (i % 3 == 0)
			memcpy(noise, "GET / HTTP/1.1\r\n", 16);
		(void)!send(fd, noise, sizeof noise, MSG_NOSIGNAL | MSG_DONTWAIT);
		stage_pump(2);
		close(fd);
	}
	stage_pump(100);
	EXPECT_INT(get("/api/v1/status"), 200);
}

TEST(who_is_slow_was_cut_off_meanwhile)
{
	char bytes[16];
	bool is_cut;
	ssize_t n;

	/* At least one look: the tests before this one may have taken longer than that. */
	do {
		n = recv(slow_fd, bytes, sizeof bytes, MSG_DONTWAIT);
		is_cut = !n || (n < 0 && errno == ECONNRESET);
		if (!is_cut) {
			(void)!send(slow_fd, "X", 1, MSG_NOSIGNAL);
			stage_pump(100);
		}
	} while (!is_cut && (n > 0 || clock_monotonic_ns() - slow_since_ns < 30 * CLOCK_SECOND_NS));
	EXPECT(is_cut);
	close(slow_fd);
}

TEST(without_the_engine_the_page_says_so)
{
	is_mute = true;
	stage_pump(1200);
	EXPECT_INT(get("/"), 503);
	EXPECT(shows("The engine does not answer"));
	is_mute = false;
	channel_free(engine);
	stage_pump(1200);
	EXPECT_INT(get("/api/v1/status"), 503);
	engine = stage_peer(&stage, PROCESS_ENGINE);
	stage_pump(1200);
	EXPECT_INT(get("/api/v1/status"), 200);
}

TEST(it_is_still_the_same_process)
{
	EXPECT(stage_runs(&stage));
	stage_stop(&stage);
}
