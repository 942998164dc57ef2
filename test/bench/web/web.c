/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser and a program wait for where there are many devices: the real engine
 * and the real web process, confined, with a channel between them; this program plays
 * the rest of the gateway, and who asks.
 *
 *	web DEVICES ROUNDS
 *	environment: WEB, ENGINE (the executables), FOLDER
 *
 * No answer is one that was kept: before each question something is asked that changes,
 * and what is asked is another part of the list each time.  Prints raw lines for
 * figures.c; fails where an answer is not what was asked for.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../scenario/stage.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/loop.h"
#include "test.h"

enum { PORT = 8480, BRIDGE_PORTS = 100, LIST = 100, EACH = 100, PAGE_BYTES = 16 << 20 };

static struct stage web, engine;
static struct channel *capture, *enforcer;
static char ctl[200];
static struct settings settings;
static unsigned devices, rounds, policies;
static char token[100], *page;
static size_t page_len;

static void give_up(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void
give_up(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	stage_stop(&web);
	stage_stop(&engine);
	exit(1);
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (header->type == MESSAGE_POLICY || header->type == MESSAGE_PAUSE) {
		const struct message_policy *policy = payload;
		struct message_done done = {.device = policy->device};
		policies++;
		EXPECT(!channel_send(channel, MESSAGE_DONE, header->seq, &done, sizeof done, -1));
	}
	if (fd >= 0)
		close(fd);
}

/* The result of a question at the console; the caller's. */
static json_t *
console(const char *question)
{
	auto_free char *text = stage_console(ctl, question);
	json_t *whole = text ? json_loads(text, 0, NULL) : NULL;
	json_t *result = json_incref(json_object_get(whole, "result"));

	if (!result)
		give_up("%s: %s", question, text ? text : "no answer");
	json_decref(whole);
	return result;
}

static void
take_token(void)
{
	json_t *result = console(
		"{\"verb\":\"token.add\",\"args\":{\"name\":\"bench\",\"scope\":\"admin\"}}");

	snprintf(token, sizeof token, "%s", json_string_value(json_object_get(result, "token")));
	json_decref(result);
}

static void
start(void)
{
	stage_start(&engine, PROCESS_ENGINE, getenv("ENGINE"), &settings, on_message);
	stage_give_console(&engine, ctl);
	capture = stage_peer(&engine, PROCESS_CAPTURE);
	enforcer = stage_peer(&engine, PROCESS_ENFORCER);
	stage_go(&engine);
	stage_start(&web, PROCESS_WEB, getenv("WEB"), &settings, on_message);
	int fd = stage_socket("127.0.0.1", PORT, SOCK_STREAM);
	EXPECT_INT(listen(fd, 128), 0);
	stage_give(&web, DESCRIPTOR_WEB, fd);
	stage_join(&engine, &web);
	stage_go(&web);
}

/* --- devices ----------------------------------------------------------------------------------------- */

static struct observation *
row(struct message_observation *rows, unsigned number, enum observed what)
{
	struct observation *at = &rows->row[rows->n_rows++];

	at->what = (uint8_t)what;
	at->seen_ns = clock_monotonic_ns();
	at->wall_s = clock_wall_s();
	snprintf(at->port, sizeof at->port, "port%u", number % BRIDGE_PORTS);
	memcpy(at->mac,
		(const uint8_t[6]){0, 0, 0x5e, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
			(uint8_t)number},
		6);
	return at;
}

/* As capture tells of a device that asks for an address and says its name. */
static void
device_joins(unsigned number)
{
	static const char *const kinds[] = {"bulb", "camera", "plug", "thermostat", "doorbell"};
	static struct message_observation rows;
	char address[40], address6[60];

	snprintf(address, sizeof address, "10.%u.%u.%u", 1 + number / 60000, number / 250 % 250,
		1 + number % 250);
	snprintf(address6, sizeof address6, "fd77::1:%x", number);
	memset(&rows, 0, sizeof rows);
	row(&rows, number, OBSERVED_DHCP4_DISCOVER);
	struct observation *name = row(&rows, number, OBSERVED_DHCP_HOSTNAME);
	snprintf(name->claimed_text, sizeof name->claimed_text, "%s-%05u",
		kinds[number % COUNT_OF(kinds)], number);
	struct observation *class = row(&rows, number, OBSERVED_DHCP_VENDOR_CLASS);
	snprintf(class->claimed_text, sizeof class->claimed_text, "udhcp 1.30.1");
	EXPECT(ip_parse(&row(&rows, number, OBSERVED_DHCP4_REQUEST)->target, address));
	struct observation *ack = row(&rows, number, OBSERVED_DHCP4_ACK);
	EXPECT(ip_parse(&ack->target, address));
	ack->value = 3600;
	EXPECT(ip_parse(&row(&rows, number, OBSERVED_ND_DAD)->target, address6));
	EXPECT(!channel_send(
		capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
}

static void
all_join(void)
{
	json_decref(console("{\"verb\":\"home.join\",\"args\":{\"minutes\":120}}"));
	for (unsigned n = 1; n <= devices; n++) {
		unsigned before = policies;
		device_joins(n);
		for (int i = 0; i < 5000 && policies == before; i++) {
			loop_once(false);
			usleep(100);
		}
		if (policies == before)
			give_up("device %u is not taken in", n);
	}
	stage_pump(3000);
}

/* --- who asks ----------------------------------------------------------------------------------------- */

/* Fills page; the time from connecting to the last byte. */
static double
ask_ms(unsigned expected, const char *method, const char *path, ...)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct timeval patience = {.tv_sec = 20};
	char where[400], text[800];
	va_list args;
	unsigned status = 0;
	ssize_t n;

	va_start(args, path);
	vsnprintf(where, sizeof where, path, args);
	va_end(args);
	snprintf(text, sizeof text,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:8480\r\nAuthorization: Bearer %s\r\n"
		"Connection: close\r\n\r\n",
		method, where, token);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	loop_once(false);
	uint64_t since_ns = clock_monotonic_ns();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	EXPECT(!connect(fd, (struct sockaddr *)&to, sizeof to));
	EXPECT(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
	page_len = 0;
	while ((n = recv(fd, page + page_len, PAGE_BYTES - 1 - page_len, 0)) > 0)
		page_len += (size_t)n;
	uint64_t took_ns = clock_monotonic_ns() - since_ns;
	page[page_len] = '\0';
	close(fd);
	sscanf(page, "HTTP/1.1 %u", &status);
	if (status != expected)
		give_up("%s %s: %.400s", method, where, page);
	return (double)took_ns / CLOCK_MS_NS;
}

static double
get_ms(const char *path, unsigned number)
{
	ask_ms(404, "POST", "/api/v1/devices/d-nobody/resume");
	return ask_ms(200, "GET", path, number);
}

static unsigned
count(const char *text)
{
	unsigned n = 0;

	for (const char *at = page; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

static int
is_less(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static double
p95(double *ms, size_t n)
{
	qsort(ms, n, sizeof *ms, is_less);
	return ms[(n * 95 + 99) / 100 - 1];
}

/* --- rounds -------------------------------------------------------------------------------------------- */

/* path: with %u for a number below the count of devices. */
static void
measure(const char *figure, const char *path, size_t n, const char *holds, unsigned at_least)
{
	double ms[EACH];

	for (size_t i = 0; i < n; i++) {
		unsigned number = (unsigned)(i * 7919 + 13) % (devices - 2 * LIST) + 1;
		ms[i] = get_ms(path, number);
		if (count(holds) < at_least)
			give_up("%s has %u of %s", path, count(holds), holds);
	}
	printf("%s %.3f\n", figure, p95(ms, n));
}

/* All of them, as a program reads them. */
static void
measure_all(void)
{
	unsigned long long next = 0;
	unsigned n = 0;
	double ms = 0;

	ask_ms(404, "POST", "/api/v1/devices/d-nobody/resume");
	do {
		ms += ask_ms(200, "GET", "/api/v1/devices?limit=1000&cursor=%llu", next);
		n += count("\"first\":");
		const char *at = strstr(page + page_len - 40, "\"next\":");
		next = at ? strtoull(at + 7, NULL, 10) : 0;
	} while (next);
	EXPECT_INT(n, devices);
	printf("web-list-all %.3f\n", ms);
}

static unsigned
bytes_of(const char *path)
{
	ask_ms(200, "GET", "%s", path);
	return (unsigned)(page + page_len - (strstr(page, "\r\n\r\n") + 4));
}

static void
weigh(void)
{
	unsigned script = bytes_of("/page.js"), style = bytes_of("/page.css");

	printf("web-script %.3f\nweb-weight %.3f\n", script / 1000.0,
		(script + style + bytes_of("/devices")) / 1000.0);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	devices = (unsigned)atoi(argv[1]);
	rounds = (unsigned)atoi(argv[2]);
	settings = stage_home(getenv("FOLDER"));
	EXPECT(prefix_parse(&settings.lan4, "10.0.0.1/8"));
	settings.n_ports = BRIDGE_PORTS;
	settings.metrics = SETTINGS_METRICS_TOKEN;
	for (unsigned i = 0; i < BRIDGE_PORTS; i++)
		snprintf(settings.port[i], sizeof settings.port[i], "port%u", i);
	if (!geteuid())
		EXPECT(!chown(getenv("FOLDER"), settings.uid_base + PROCESS_ENGINE,
			settings.uid_base + PROCESS_ENGINE));
	snprintf(ctl, sizeof ctl, "%s/ctl", getenv("FOLDER"));
	setlinebuf(stdout);
	page = must_alloc(PAGE_BYTES, 1);
	start();
	take_token();
	all_join();
	for (unsigned i = 0; i < rounds; i++) {
		measure("web-list", "/api/v1/devices?limit=100&cursor=%u", EACH,
			"\"first\":", LIST);
		measure("web-page", "/devices?after=%u", EACH, "<tr><th scope=\"row\">", LIST);
		measure("web-search", "/api/v1/devices?limit=100&find=%05u", EACH, "\"first\":", 1);
		measure("web-home", "/?of=%u", 20, "class=\"card", 3);
		measure("web-metrics", "/metrics?of=%u", 20, "pinfold_devices", 1);
		measure_all();
	}
	weigh();
	stage_stop(&web);
	stage_stop(&engine);
	free(page);
	return 0;
}
