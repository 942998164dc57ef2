/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real web process and the real engine, confined, with a channel between
 * them; this program plays the rest of the gateway, the console and a program that
 * reads the description of the API and does what stands there.
 *
 *	environment: WEB, ENGINE (the executables), FOLDER
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/loop.h"
#include "stage.h"
#include "test.h"

enum { PORT = 8480 };

#define SENTENCE "eine Katze sitzt auf dem Dach"

static struct stage web, engine;
static struct channel *capture, *enforcer, *resolver;
static char ctl[200];
static struct settings settings;
static unsigned policies;
static json_t *description;
static char session[100], proof[64], reader[100], actor[100];
static const char *language = "en";

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

/* --- the parts of the gateway -------------------------------------------------------------------- */

static int
listening(void)
{
	int fd = stage_socket("127.0.0.1", PORT, SOCK_STREAM);

	EXPECT_INT(listen(fd, 128), 0);
	return fd;
}

static void
start_engine(void)
{
	stage_start(&engine, PROCESS_ENGINE, getenv("ENGINE"), &settings, on_message);
	stage_give_console(&engine, ctl);
	capture = stage_peer(&engine, PROCESS_CAPTURE);
	enforcer = stage_peer(&engine, PROCESS_ENFORCER);
	resolver = stage_peer(&engine, PROCESS_RESOLVER);
	stage_go(&engine);
}

static void
start_web(void)
{
	stage_start(&web, PROCESS_WEB, getenv("WEB"), &settings, on_message);
	stage_give(&web, DESCRIPTOR_WEB, listening());
	stage_join(&engine, &web);
	stage_go(&web);
}

static json_t *
console(const char *question)
{
	auto_free char *text = stage_console(ctl, question);
	json_t *answer = text ? json_loads(text, 0, NULL) : NULL;

	EXPECT(json_is_true(json_object_get(answer, "ok")));
	return answer;
}

static void
take_result(json_t *answer, const char *key, char *out, size_t size)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(answer, "result"), key));

	EXPECT(text != NULL);
	snprintf(out, size, "%s", text);
	json_decref(answer);
}

static void
device_joins(uint8_t mac, const char *address)
{
	static struct message_observation rows;
	static const enum observed steps[] = {
		OBSERVED_DHCP4_DISCOVER, OBSERVED_DHCP4_REQUEST, OBSERVED_DHCP4_ACK};
	unsigned before = policies;

	memset(&rows, 0, sizeof rows);
	for (int i = 0; i < 3; i++) {
		struct observation *at = &rows.row[rows.n_rows++];
		at->what = (uint8_t)steps[i];
		at->seen_ns = clock_monotonic_ns();
		at->wall_s = clock_wall_s();
		snprintf(at->port, sizeof at->port, "port1");
		memcpy(at->mac, (const uint8_t[6]){0, 0, 0x5e, 0, 0x53, mac}, 6);
		if (i)
			EXPECT(ip_parse(&at->target, address));
		at->value = i == 2 ? 3600 : 0;
	}
	EXPECT(!channel_send(
		capture, MESSAGE_OBSERVATION, 0, &rows, message_observation_len(&rows), -1));
	for (int i = 0; i < 500 && policies == before; i++)
		stage_pump(5);
	EXPECT(policies > before);
}

/* --- a program ----------------------------------------------------------------------------------------- */

static char page[1 << 20];

/* credential: "" nobody, "pt_..." a token, "ps_..." a session. */
static unsigned
request(const char *method, const char *path, const char *credential, const char *body)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	static char text[20000];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	unsigned status = 0;
	char who[300] = "";

	if (!strncmp(credential, "pt_", 3))
		snprintf(who, sizeof who, "Authorization: Bearer %s\r\n", credential);
	else if (*credential)
		snprintf(who, sizeof who, "Cookie: pinfold=%s\r\nX-Pinfold-CSRF: %s\r\n",
			credential, proof);
	snprintf(text, sizeof text,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:8480\r\n%sContent-Type: application/json\r\n"
		"Accept-Language: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		method, path, who, language, strlen(body), body);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	EXPECT(!connect(fd, (struct sockaddr *)&to, sizeof to));
	EXPECT(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
	for (int quiet = 0; quiet < 4000 && len < sizeof page - 1;) {
		loop_once(false);
		ssize_t n = recv(fd, page + len, sizeof page - 1 - len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0) {
			len += (size_t)n;
			quiet = 0;
		} else {
			quiet++;
			usleep(1000);
		}
	}
	page[len] = 0;
	close(fd);
	sscanf(page, "HTTP/1.1 %u", &status);
	return status;
}

static json_t *
body_of_page(void)
{
	const char *body = strstr(page, "\r\n\r\n");
	return body ? json_loads(body + 4, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* --- what a schema says ---------------------------------------------------------------------------------- */

static char why_not[300];

static bool
no(const char *at, const char *why)
{
	snprintf(why_not, sizeof why_not, "%s: %s", at, why);
	return false;
}

static bool
is_type(const json_t *value, const char *type)
{
	return !strcmp(type, "object")    ? json_is_object(value)
	       : !strcmp(type, "array")   ? json_is_array(value)
	       : !strcmp(type, "string")  ? json_is_string(value)
	       : !strcmp(type, "integer") ? json_is_integer(value)
	       : !strcmp(type, "number")  ? json_is_number(value)
	       : !strcmp(type, "boolean") ? json_is_boolean(value)
					  : json_is_null(value);
}

/* The parts of JSON Schema (2020-12) that our description uses. */
static bool
fits(const json_t *schema, json_t *value, const char *at)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	const char *type = json_string_value(json_object_get(schema, "type")), *key;
	const json_t *words = json_object_get(schema, "enum");
	json_t *one;
	char below[120], kind[32], name[64];
	size_t i, n_fit = 0;

	if (ref) {
		EXPECT_INT(sscanf(ref, "#/components/%31[^/]/%63s", kind, name), 2);
		return fits(
			json_object_get(
				json_object_get(json_object_get(description, "components"), kind),
				name),
			value, name);
	}
	if (type && !is_type(value, type))
		return no(at, type);
	one = json_object_get(schema, "const");
	if (one && !json_equal(one, value))
		return no(at, "const");
	json_array_foreach(words, i, one) n_fit += json_equal(one, value);
	if (words && !n_fit)
		return no(at, "enum");
	json_t *some = json_object_get(schema, "oneOf");
	if (!some)
		some = json_object_get(schema, "anyOf");
	n_fit = 0;
	json_array_foreach(some, i, one) n_fit += fits(one, value, at);
	if (some && !n_fit)
		return false;
	json_array_foreach(json_object_get(schema, "required"), i,
		one) if (!json_object_get(value, json_string_value(one))) return no(at,
		json_string_value(one));
	json_object_foreach(json_object_get(schema, "properties"), key, one)
	{
		snprintf(below, sizeof below, "%.80s.%.30s", at, key);
		if (json_object_get(value, key) && !fits(one, json_object_get(value, key), below))
			return false;
	}
	one = json_object_get(schema, "items");
	for (i = 0; one && i < json_array_size(value); i++)
		if (!fits(one, json_array_get(value, i), at))
			return false;
	return true;
}

/* --- requests made of the description ----------------------------------------------------------------------- */

static const char *
example_of(const char *name)
{
	static const struct {
		const char *name, *value;
	} examples[] = {{"device", "1"}, {"name", "nina"}, {"class", "ordinary"}, {"from", "2"},
		{"to", "2"}, {"into", "2"}, {"service", "print"}, {"seconds", "60"},
		{"minutes", "0"}, {"destination", "cloud.example"},
		{"rule", "allow tcp cloud.example 443"}, {"journal", "1"}, {"issuer", "lab"},
		{"key", "00"}, {"report", "x"}, {"signature", "00"}, {"run", "1"}, {"of", "1"},
		{"role", "viewer"}, {"scope", "read"}, {"password", SENTENCE}, {"old", "old"},
		{"code", "AAAA-AAAA"}, {"token", "1"}, {"passkey", "1"}, {"shelf", "1"},
		{"url", "https://maker.example/"}, {"label", "l-1"}, {"consent", "app"},
		{"as", "owner"}, {"kind", "papers"}, {"left", "1"}, {"incident", "1"},
		{"answers", "{}"}};

	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
		if (!strcmp(examples[i].name, name))
			return examples[i].value;
	return "x";
}

static void
fill_path(const json_t *operation, const char *path, char out[static 600])
{
	size_t len = (size_t)snprintf(out, 600, "/api/v1");
	char name[40];
	json_t *parameter;
	size_t i;

	while (*path) {
		if (*path != '{') {
			out[len++] = *path++;
			continue;
		}
		snprintf(name, sizeof name, "%.*s", (int)strcspn(path + 1, "}"), path + 1);
		len += (size_t)snprintf(out + len, 600 - len, "%s", example_of(name));
		path = strchr(path, '}') + 1;
	}
	out[len] = '\0';
	char between = '?';
	json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
	{
		const char *in = json_string_value(json_object_get(parameter, "in"));
		const char *key = json_string_value(json_object_get(parameter, "name"));
		if (in && !strcmp(in, "query") &&
			json_is_true(json_object_get(parameter, "required"))) {
			len += (size_t)snprintf(out + len, 600 - len, "%c%s=", between, key);
			between = '&';
			for (const char *at = example_of(key); *at; at++)
				len += (size_t)snprintf(
					out + len, 600 - len, *at == ' ' ? "%%20" : "%c", *at);
		}
	}
}

static char *
fill_body(const json_t *operation)
{
	const json_t *schema = json_object_get(
		json_object_get(
			json_object_get(json_object_get(operation, "requestBody"), "content"),
			"application/json"),
		"schema");
	json_t *body = json_object(), *name;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		const char *key = json_string_value(name);
		const json_t *property =
			json_object_get(json_object_get(schema, "properties"), key);
		const char *type = json_string_value(json_object_get(property, "type"));
		json_object_set_new(body, key,
			!strcmp(type, "integer") ? json_integer(strtoll(example_of(key), NULL, 10))
						 : json_string(example_of(key)));
	}
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

static const char *
scope_of(const json_t *operation)
{
	const json_t *first = json_array_get(json_object_get(operation, "security"), 0);
	const char *scope = json_string_value(json_array_get(json_object_get(first, "token"), 0));
	return scope ? scope : "";
}

static unsigned
perform(const char *method, const char *path, const json_t *operation, const char *credential)
{
	char upper[8], filled[600];
	size_t i;

	for (i = 0; method[i] && i < sizeof upper - 1; i++)
		upper[i] = (char)(method[i] - 'a' + 'A');
	upper[i] = '\0';
	fill_path(operation, path, filled);
	char *body = strcmp(method, "post") ? strdup("") : fill_body(operation);
	unsigned status = request(upper, filled, credential, body);
	free(body);
	return status;
}

/* The answer is what the description says for this status. */
static bool
is_as_described(const json_t *operation, unsigned status, const char *what)
{
	char number[8];
	json_t *body = body_of_page();

	snprintf(number, sizeof number, "%u", status);
	const json_t *responses = json_object_get(operation, "responses");
	const json_t *response = json_object_get(responses, number);
	const json_t *schema = json_object_get(
		json_object_get(json_object_get(response, "content"), "application/json"),
		"schema");
	const json_t *problem = json_object_get(
		json_object_get(json_object_get(description, "components"), "schemas"), "Problem");
	bool is = body && (status < 300 ? schema && fits(schema, body, what)
					: strstr(page, "application/problem+json") &&
						  fits(problem, body, what));
	if (!is)
		print_message("%s: %u: %s\n%.600s\n", what, status, why_not, page);
	json_decref(body);
	return is;
}

/* --- the story -------------------------------------------------------------------------------------------------- */

TEST(the_first_visitor_claims_the_gateway_by_the_code_of_the_console)
{
	char code[20], body[200], cookie[100];

	settings = stage_home(getenv("FOLDER"));
	if (!geteuid())
		EXPECT(!chown(getenv("FOLDER"), settings.uid_base + PROCESS_ENGINE,
			settings.uid_base + PROCESS_ENGINE));
	snprintf(ctl, sizeof ctl, "%s/ctl", getenv("FOLDER"));
	start_engine();
	start_web();
	device_joins(0x11, "192.168.77.11");
	device_joins(0x12, "192.168.77.12");
	EXPECT_INT(request("GET", "/", "", ""), 303);
	EXPECT(strstr(page, "Location: /claim") != NULL);
	EXPECT_INT(request("GET", "/claim", "", ""), 200);
	EXPECT_INT(request("GET", "/api/v1/devices", "", ""), 401);
	take_result(console("{\"verb\":\"account.claim-code\"}"), "code", code, sizeof code);
	snprintf(body, sizeof body,
		"{\"code\":\"%s\",\"name\":\"anna\",\"password\":\"" SENTENCE "\"}", code);
	EXPECT_INT(request("POST", "/api/v1/claim", "", body), 200);
	EXPECT_INT(sscanf(strstr(page, "pinfold=ps_"), "pinfold=%99[^;]", cookie), 1);
	snprintf(session, sizeof session, "%s", cookie);
	json_t *answer = body_of_page();
	take_result(answer, "proof", proof, sizeof proof);
	EXPECT_INT(request("GET", "/", session, ""), 200);
	EXPECT_INT(request("GET", "/claim", "", ""), 303);
	EXPECT(strstr(page, "Location: /login") != NULL);
	take_result(console("{\"verb\":\"token.add\",\"args\":{\"name\":\"reader\"}}"), "token",
		reader, sizeof reader);
	take_result(
		console("{\"verb\":\"token.add\",\"args\":{\"name\":\"actor\",\"scope\":\"act\"}}"),
		"token", actor, sizeof actor);
}

#define EACH_OPERATION                                                                             \
	const char *path, *method;                                                                 \
	json_t *item, *operation;                                                                  \
	json_object_foreach(json_object_get(description, "paths"), path, item)                     \
		json_object_foreach(item, method, operation)

TEST(the_api_describes_itself)
{
	EXPECT_INT(request("GET", "/api/v1/openapi.json", "", ""), 200);
	description = body_of_page();
	EXPECT(json_object_size(json_object_get(description, "paths")) > 40);
}

TEST(nobody_may_anything_but_log_in)
{
	EACH_OPERATION
	{
		unsigned status;
		if (!*scope_of(operation))
			continue;
		status = perform(method, path, operation, "");
		if (status != 401)
			print_message("%s %s: %u\n", method, path, status);
		EXPECT_INT(status, 401);
		EXPECT(is_as_described(operation, status, path));
	}
}

TEST(a_token_does_what_its_scope_says_and_no_more)
{
	EACH_OPERATION
	{
		bool is_read = !strcmp(scope_of(operation), "read");
		bool is_self = !strncmp(path, "/session", 8) || !strncmp(path, "/account/", 9) ||
			       !strncmp(path, "/tokens", 7) || !strncmp(path, "/passkeys", 9);
		if (!*scope_of(operation) || is_self)
			continue;
		unsigned status = perform(method, path, operation, reader);
		if ((status == 403) != !is_read)
			print_message("%s %s: %u\n", method, path, status);
		EXPECT_INT(status == 403, !is_read);
		if (strcmp(scope_of(operation), "admin"))
			continue;
		EXPECT_INT(perform(method, path, operation, actor), 403);
	}
}

/* What takes a device away comes last, and what ends the session not at all. */
static int
turn_of(const char *method, const char *path)
{
	if (!strcmp(method, "delete"))
		return strncmp(path, "/session", 8) ? 2 : -1;
	return !strcmp(method, "get") ? 0 : strstr(path, "/merge") || strstr(path, "/leav") ? 2 : 1;
}

TEST(every_answer_is_as_the_description_says)
{
	unsigned fine = 0, n = 0;

	for (int turn = 0; turn < 3; turn++) {
		EACH_OPERATION
		{
			char what[200];
			if (turn_of(method, path) != turn)
				continue;
			unsigned status = perform(method, path, operation, session);
			snprintf(what, sizeof what, "%s %s", method, path);
			if (status >= 500)
				print_message("%s: %s\n", what, page);
			EXPECT(status != 404 || strstr(page, "ERR_NOT_FOUND"));
			/* A wrong name or password is nobody, too. */
			EXPECT(status != 401 || !*scope_of(operation));
			EXPECT(status != 405 && status < 500);
			EXPECT(is_as_described(operation, status, what));
			if (status >= 300 && getenv("STAGE_DEBUG"))
				print_message("%s: %u\n", what, status);
			fine += status < 300;
			n++;
		}
	}
	print_message("%u of %u were done, the others refused as described\n", fine, n);
	/* Passkeys need TLS, labels an issuer, and much a device that is in some state. */
	EXPECT(fine * 5 > n * 2);
}

/* --- a reader of German ------------------------------------------------------------------------ */

enum { TEXTS_MAX = 2000 };

/* What stands between two elements of a page and has three words or more; those of the program stay in it. */
static size_t
texts_of(char *html, const char *texts[static TEXTS_MAX])
{
	size_t n = 0, words;

	for (char *at = strchr(html, '>'); at && n < TEXTS_MAX; at = strchr(at, '>')) {
		char *text = ++at, *end = strchr(at, '<');
		if (!end)
			break;
		bool is_code = !strncmp(end, "</code", 6) || !strncmp(end, "</textarea", 10);
		*end = '\0';
		at = end + 1;
		words = 0;
		for (const char *word = text; *word; word += strcspn(word, " \n")) {
			word += strspn(word, " \n");
			words += strspn(word, "abcdefghijklmnopqrstuvwxyz") > 1;
		}
		/* Commands and rules are the same in every language. */
		if (words >= 3 && !is_code && strncmp(text, "pinfold ", 8) != 0 &&
			!strstr(text, "allow tcp"))
			texts[n++] = text;
	}
	return n;
}

/* The first identifier in an answer of the API, "" for none. */
static void
take_first(const char *path, const char *key, char out[static 40])
{
	json_t *answer;
	const json_t *row;

	EXPECT_INT(request("GET", path, session, ""), 200);
	answer = body_of_page();
	row = json_array_get(json_object_get(answer, "result"), 0);
	const json_t *value = json_object_get(row, key);
	snprintf(out, 40, "%s", json_is_string(value) ? json_string_value(value) : "");
	if (json_is_integer(value))
		snprintf(out, 40, "%lld", (long long)json_integer_value(value));
	json_decref(answer);
}

/* Every row of the journal, every event and every sentence about a device is on one of these. */
static unsigned
english_on(const char *path)
{
	static char english[sizeof page], german[sizeof page];
	static const char *in_english[TEXTS_MAX], *in_german[TEXTS_MAX];
	unsigned n_same = 0;

	language = "en";
	if (request("GET", path, session, "") != 200)
		return 0;
	memcpy(english, page, sizeof page);
	language = "de";
	EXPECT_INT(request("GET", path, session, ""), 200);
	EXPECT(strstr(page, "<html lang=\"de\"") != NULL);
	memcpy(german, page, sizeof page);
	language = "en";
	size_t n_english = texts_of(english, in_english), n_german = texts_of(german, in_german);
	for (size_t i = 0; i < n_german; i++)
		for (size_t k = 0; k < n_english; k++)
			if (!strcmp(in_german[i], in_english[k])) {
				print_message("%s: %s\n", path, in_german[i]);
				n_same++;
				break;
			}
	return n_same;
}

TEST(who_reads_german_reads_no_english_sentence)
{
	static const char *const all[] = {"/", "/begin", "/welcome", "/card", "/devices", "/story",
		"/rules", "/introductions", "/doors", "/bench", "/apps", "/shelf", "/labels",
		"/bands", "/box", "/help-now", "/tell", "/account", "/left"};
	static const char *const of_device[] = {"/devices/%s", "/leave/%s", "/maker/%s",
		"/why/%s?destination=8.8.8.8&port=443", "/hold/%s", "/story/%s", "/reset/%s",
		"/declaration/%s", "/declaration/%s/features", "/declaration/%s/5.1", "/labels/%s"};
	unsigned n = 0;
	char id[40], path[120];

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		n += english_on(all[i]);
	device_joins(0x21, "192.168.77.21");
	take_first("/api/v1/devices", "id", id);
	EXPECT(*id);
	for (size_t i = 0; i < sizeof of_device / sizeof of_device[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof path, of_device[i], id);
#pragma GCC diagnostic pop
		n += english_on(path);
	}
	take_first("/api/v1/audits", "run", id);
	snprintf(path, sizeof path, "/bench/%s", id);
	n += english_on(path);
	snprintf(path, sizeof path, "/gate/%s?profile=home", id);
	n += english_on(path);
	EXPECT_INT(n, 0);
}

TEST(a_refusal_is_read_in_german_by_who_asks_for_it_and_in_english_by_programs)
{
	static const char wrong[] = "{\"name\":\"nobody\",\"password\":\"eine Katze im Regen\"}";

	language = "de";
	EXPECT_INT(request("POST", "/api/v1/session", "", wrong), 401);
	EXPECT(strstr(page, "Passwort ist falsch") != NULL);
	language = "";
	EXPECT_INT(request("POST", "/api/v1/session", "", wrong), 401);
	EXPECT(strstr(page, "password is wrong") != NULL);
	language = "en";
}

TEST(lists_go_on_where_they_stopped)
{
	json_t *first, *second;

	device_joins(0x13, "192.168.77.13");
	device_joins(0x14, "192.168.77.14");
	EXPECT_INT(request("GET", "/api/v1/devices?limit=1", session, ""), 200);
	first = body_of_page();
	char path[100];
	json_int_t next = json_integer_value(json_object_get(first, "next"));
	EXPECT(next > 0);
	snprintf(path, sizeof path, "/api/v1/devices?limit=1&cursor=%lld", (long long)next);
	EXPECT_INT(request("GET", path, session, ""), 200);
	second = body_of_page();
	EXPECT(!json_equal(json_object_get(first, "result"), json_object_get(second, "result")));
	json_decref(first);
	json_decref(second);
	EXPECT_INT(request("GET", "/api/v1/journal?limit=1", session, ""), 200);
	EXPECT(strstr(page, "\"next\":") != NULL);
}

TEST(a_device_is_found_by_a_part_of_what_is_known_of_it)
{
	static const char *const words[] = {"168.77.13", "53:13", "5E:00:53:13"};
	char path[100];

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		snprintf(path, sizeof path, "/api/v1/devices?find=%s", words[i]);
		EXPECT_INT(request("GET", path, session, ""), 200);
		json_t *found = body_of_page();
		EXPECT_INT(json_array_size(json_object_get(found, "result")), 1);
		EXPECT(strstr(page, "192.168.77.13") != NULL);
		json_decref(found);
	}
	EXPECT_INT(request("GET", "/api/v1/devices?find=nobody-is-called-so", session, ""), 200);
	EXPECT(strstr(page, "\"result\":[]") != NULL);
	EXPECT_INT(request("GET", "/devices?find=77.13%22%3E%3Ci%3E", session, ""), 200);
	EXPECT(strstr(page, "<i>") == NULL);
}

/* What makes it that device and no other is left out. */
static json_t *
decided_about(const char *address)
{
	static const char *const keys[] = {
		"state", "class", "kind", "guest", "rules", "policy_faults"};
	char path[100];

	snprintf(path, sizeof path, "/api/v1/devices/%s", address);
	EXPECT_INT(request("GET", path, session, ""), 200);
	json_t *answer = body_of_page(), *out = json_object();
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		json_object_set(
			out, keys[i], json_object_get(json_object_get(answer, "result"), keys[i]));
	EXPECT(json_is_string(json_object_get(out, "state")));
	json_decref(answer);
	return out;
}

TEST(a_device_that_is_let_in_by_the_api_is_as_one_that_is_let_in_at_the_console)
{
	device_joins(0x15, "192.168.77.15");
	device_joins(0x16, "192.168.77.16");
	EXPECT_INT(request("POST", "/api/v1/devices/192.168.77.15/admit", session,
			   "{\"kind\":\"lock\",\"name\":\"Front door\"}"),
		200);
	json_decref(console("{\"verb\":\"device.admit\",\"args\":{\"device\":\"192.168.77.16\","
			    "\"kind\":\"lock\",\"name\":\"Back door\"}}"));
	json_t *front = decided_about("192.168.77.15"), *back = decided_about("192.168.77.16");
	EXPECT(json_equal(front, back));
	json_decref(front);
	json_decref(back);
	EXPECT_INT(request("GET", "/api/v1/home/begin", session, ""), 200);
	json_t *answer = body_of_page(), *same = console("{\"verb\":\"home.begin\"}");
	EXPECT(json_equal(json_object_get(json_object_get(answer, "result"), "steps"),
		json_object_get(json_object_get(same, "result"), "steps")));
	json_decref(answer);
	json_decref(same);
}

TEST(a_killed_web_process_comes_back_to_the_same_sessions)
{
	stage_stop(&web);
	channel_free(web.monitor);
	start_web();
	EXPECT_INT(request("GET", "/api/v1/devices", session, ""), 200);
	EXPECT_INT(request("POST", "/api/v1/home/join", session, "{\"minutes\":0}"), 200);
	EXPECT_INT(request("DELETE", "/api/v1/session", session, ""), 200);
	EXPECT(strstr(page, "pinfold=; Path=/; Max-Age=0") != NULL);
	EXPECT_INT(request("GET", "/api/v1/devices", session, ""), 401);
}

TEST(both_are_still_the_same_processes)
{
	EXPECT(stage_runs(&web));
	EXPECT(stage_runs(&engine));
	stage_stop(&web);
	stage_stop(&engine);
	json_decref(description);
}
