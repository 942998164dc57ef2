/* SPDX-License-Identifier: Apache-2.0 */
#include "check/service.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/scan.h"
#include "check/tls_offer.h"
#include "packet/reader.h"

const char *
service_name(enum service service)
{
	switch (service) {
#define X(name, text)                                                                              \
	case name:                                                                                 \
		return text;
		SERVICE_LIST(X)
#undef X
	default:
		return "unknown";
	}
}

/* --- what it is ------------------------------------------------------------------------------- */

enum { IAC = 255, WILL = 251, DONT = 254, TEXT_MAX = 400 };

static bool
begins(const struct exchange *e, const char *text)
{
	struct reader r = reader_over(e->received, e->n_received);
	size_t len = strlen(text);
	const uint8_t *at = reader_bytes(&r, len);

	return at && !memcmp(at, text, len);
}

static bool
is_asked(const struct exchange *e, const char *text)
{
	return e->n_sent >= strlen(text) && !memcmp(e->sent, text, strlen(text));
}

static bool
negotiates(const struct exchange *e)
{
	for (size_t i = 0; i + 2 < e->n_received && i < TEXT_MAX; i++)
		if (e->received[i] == IAC && e->received[i + 1] >= WILL &&
			e->received[i + 1] <= DONT)
			return true;
	return false;
}

/* The last that was said, without blanks and control bytes; what a prompt ends in. */
static void
last_words(const struct exchange *e, char out[static TEXT_MAX])
{
	size_t n = e->n_received, first, len = 0;

	while (n && (e->received[n - 1] <= ' ' || e->received[n - 1] >= 127))
		n--;
	first = n > TEXT_MAX - 1 ? n - (TEXT_MAX - 1) : 0;
	for (size_t i = first; i < n; i++) {
		if (e->received[i] == '\n')
			len = 0;
		else if (e->received[i] >= ' ' && e->received[i] < 127)
			out[len++] = (char)e->received[i];
	}
	out[len] = '\0';
}

static bool
ends_a_line(const struct exchange *e)
{
	return e->n_received &&
	       (e->received[e->n_received - 1] == '\n' || e->received[e->n_received - 1] == '\r');
}

static bool
ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && !strcasecmp(text + len - end_len, end);
}

static bool
asks_for_login(const char *last)
{
	return ends_in(last, "login:") || ends_in(last, "username:") || ends_in(last, "user:") ||
	       ends_in(last, "password:") || ends_in(last, "user name:");
}

static enum service
by_greeting(const struct exchange *e)
{
	char last[TEXT_MAX];

	if (begins(e, "SSH-"))
		return SERVICE_SSH;
	if (begins(e, "220")) {
		if (memmem(e->received, e->n_received, "FTP", 3) ||
			memmem(e->received, e->n_received, "ftp", 3))
			return SERVICE_FTP;
		if (memmem(e->received, e->n_received, "SMTP", 4))
			return SERVICE_SMTP;
		/* SYST is a command of FTP that needs no login, and none of SMTP. */
		if (memmem(e->received, e->n_received, "\n215", 4) ||
			memmem(e->received, e->n_received, "\n530", 4))
			return SERVICE_FTP;
		return memmem(e->received, e->n_received, "\n5", 2) ? SERVICE_SMTP : SERVICE_OTHER;
	}
	if (negotiates(e))
		return SERVICE_TELNET;
	last_words(e, last);
	if (asks_for_login(last))
		return SERVICE_TELNET;
	if (e->n_sent || ends_a_line(e))
		return SERVICE_OTHER;
	if (ends_in(last, "#") || ends_in(last, "$"))
		return SERVICE_SHELL;
	/* Somebody is expected to type something, in whatever language. */
	return ends_in(last, ":") || ends_in(last, ">") ? SERVICE_TELNET : SERVICE_OTHER;
}

enum service
service_of(const struct exchange *e)
{
	if (!e->n_received)
		return SERVICE_UNKNOWN;
	if (begins(e, "HTTP/1."))
		return SERVICE_HTTP;
	if (begins(e, "RTSP/1."))
		return SERVICE_RTSP;
	if (is_asked(e, "CNXN") && (begins(e, "CNXN") || begins(e, "AUTH") || begins(e, "STLS")))
		return SERVICE_ADB;
	if (e->n_sent && e->sent[0] == 0x10 && e->n_received >= 4 && e->received[0] == 0x20 &&
		e->received[1] == 2)
		return SERVICE_MQTT;
	if (e->n_sent && e->sent[0] == 0x16 && e->n_received >= 5 &&
		(e->received[0] == 0x16 || e->received[0] == 0x15) && e->received[1] == 3)
		return SERVICE_TLS;
	return by_greeting(e);
}

/* --- from the transcript -------------------------------------------------------------------------- */

static bool
is_better(enum service is, enum service was)
{
	if (was == SERVICE_UNKNOWN || was == SERVICE_OTHER)
		return is != SERVICE_UNKNOWN;
	return was == SERVICE_TLS && is != SERVICE_OTHER && is != SERVICE_UNKNOWN;
}

static struct service_at *
row_of(struct service_at *rows, size_t *n, const struct exchange *e)
{
	for (size_t i = 0; i < *n; i++)
		if (rows[i].port == e->port && ip_is_equal(&rows[i].address, &e->address))
			return &rows[i];
	if (*n == SERVICES_MAX)
		return NULL;
	rows[*n] = (struct service_at){.port = e->port, .address = e->address, .seen = e};
	return &rows[(*n)++];
}

size_t
services_in(const struct transcript *transcript, struct service_at out[static SERVICES_MAX])
{
	int check = check_find("tcp-ports");
	const struct exchange *e;
	size_t from = 0, n = 0;

	while (check >= 0 && (e = transcript_next(transcript, &from, (uint16_t)check, "service"))) {
		enum service what = service_of(e);
		struct service_at *row = e->proto == 6 ? row_of(out, &n, e) : NULL;
		if (!row)
			continue;
		if (e->round <= 1 && is_better(what, row->what)) {
			row->what = what;
			row->seen = e;
			row->is_tls = e->is_tls;
		} else if (e->round == 2 && what == row->what && e->is_tls == row->is_tls) {
			row->again = e;
		}
	}
	return n;
}

size_t
services_that_are(const struct transcript *transcript, enum service wanted,
	struct service_at out[static SERVICES_MAX])
{
	size_t n_all = services_in(transcript, out), n = 0;

	for (size_t i = 0; i < n_all; i++) {
		size_t same = 0;
		if (out[i].what != wanted)
			continue;
		while (same < n && out[same].port != out[i].port)
			same++;
		if (same == n)
			out[n++] = out[i];
		else if (out[i].address.version == 4)
			out[same] = out[i];
	}
	return n;
}

static size_t
list_of(const struct transcript *transcript, uint16_t check, const char *step, char *text,
	size_t size, const struct exchange **last)
{
	auto_free uint8_t *state = must_alloc(PORT_COUNT, 1);
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, step))) {
		scan_parse((const char *)e->received, e->n_received, state, PORT_OPEN);
		*last = e;
	}
	return scan_render(state, PORT_OPEN, text, size);
}

struct ports_seen
ports_seen(const struct transcript *transcript)
{
	struct ports_seen seen = {0};
	int check = check_find("tcp-ports");
	size_t from = 0;
	char unused[8];

	if (check < 0)
		return seen;
	seen.n_tried =
		list_of(transcript, (uint16_t)check, "tried", unused, sizeof unused, &seen.tried);
	seen.n_open = list_of(
		transcript, (uint16_t)check, "open", seen.list, sizeof seen.list, &seen.open);
	seen.has_answered =
		seen.n_open || transcript_next(transcript, &from, (uint16_t)check, "alive");
	return seen;
}

/* An open port that hangs up on us without a word: what it is, nobody has seen. */
static const struct exchange *
shy_service(const struct transcript *transcript)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_in(transcript, at);

	for (size_t i = 0; i < n; i++)
		if (at[i].what == SERVICE_UNKNOWN && at[i].seen->end != EXCHANGE_SILENT)
			return at[i].seen;
	return NULL;
}

void
service_absent(const struct transcript *transcript, struct findings *findings,
	const char *provision, const char *name)
{
	struct ports_seen seen = ports_seen(transcript);
	int check = check_find("tcp-ports");

	if (!seen.tried || check_was_cut(transcript, (uint16_t)check)) {
		findings_inc(findings, provision, INC_NOT_SEEN, seen.tried,
			"no %s was found, but not all ports could be asked", name);
		return;
	}
	if (!seen.has_answered) {
		findings_inc(findings, provision, INC_DEVICE_LOST, seen.tried,
			"the device answered nothing: whether it has %s is not known", name);
		return;
	}
	const struct exchange *shy = shy_service(transcript);
	if (shy) {
		findings_inc(findings, provision, INC_NOT_SEEN, shy,
			"no %s was found, but port %u hangs up without a word", name, shy->port);
		return;
	}
	struct finding *finding = findings_add(findings, provision,
		seen.n_tried == PORT_COUNT - 1 ? VERDICT_NA : VERDICT_NFF, seen.tried,
		"no %s was found at any of %zu ports", name, seen.n_tried);
	finding_coverage(finding, seen.n_tried, PORT_COUNT - 1);
}

/* --- asking ---------------------------------------------------------------------------------------- */

/* The questions of connections, one each, in this order until one is answered in its own words. */
enum question {
	ASK_NOTHING, /* who speaks first tells most */
	ASK_HTTP,
	ASK_TLS,
	ASK_HTTP_IN_TLS,
	ASK_RTSP,
	ASK_MQTT,
	ASK_ADB,
	QUESTION_COUNT,
};
static const char *const question_names[QUESTION_COUNT] = {
	"listen", "http", "tls", "http in tls", "rtsp", "mqtt", "adb"};

static const uint8_t mqtt_connect[] = {
	0x10, 20,                                     /* CONNECT */
	0, 4, 'M', 'Q', 'T', 'T', 4,                  /* version 3.1.1 */
	2,                                            /* clean session, no user */
	0, 10,                                        /* keep alive */
	0, 8, 'p', 'i', 'n', 'f', 'o', 'l', 'd', '0', /* client */
};
static const uint8_t adb_connect[] = {'C', 'N', 'X', 'N', 0, 0, 0, 1, 0, 0x10, 0,
	0,                         /* command, version, most bytes at once */
	7, 0, 0, 0, 0x32, 2, 0, 0, /* length and sum of what follows */
	0xbc, 0xb1, 0xa7, 0xb1,    /* the command's complement */
	'h', 'o', 's', 't', ':', ':', 0};

static void
ask_http(struct talk *talk, const struct ip *address)
{
	char text[256], ip[IP_TEXT_MAX];

	ip_render(address, ip);
	snprintf(text, sizeof text,
		"GET / HTTP/1.1\r\nHost: %s%s%s\r\nUser-Agent: pinfold\r\nAccept: */*\r\n"
		"Connection: close\r\n\r\n",
		address->version == 6 ? "[" : "", ip, address->version == 6 ? "]" : "");
	talk_send_text(talk, text);
}

static bool
ask(struct session *session, const struct ip *address, uint16_t port, enum question question,
	uint32_t round, uint32_t ms)
{
	uint8_t hello[TLS_OFFER_MAX];
	size_t n_hello;
	struct talk *talk = question == ASK_HTTP_IN_TLS
				    ? talk_tls(session, address, port, "service", round)
				    : talk_tcp(session, address, port, "service", round);

	if (!talk)
		return false;
	if (!talk_is_tls(talk))
		talk_note(talk, "%s", question_names[question]);
	switch (question) {
	case ASK_HTTP:
	case ASK_HTTP_IN_TLS:
		ask_http(talk, address);
		break;
	case ASK_TLS:
		n_hello = tls_offer_render(hello, &(struct tls_offer){.version_max = 0x0304});
		talk_send(talk, hello, n_hello);
		break;
	case ASK_RTSP:
		talk_send_text(talk, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
		break;
	case ASK_MQTT:
		talk_send(talk, mqtt_connect, sizeof mqtt_connect);
		break;
	case ASK_ADB:
		talk_send(talk, adb_connect, sizeof adb_connect);
		break;
	default:
		break;
	}
	const uint8_t *bytes;
	size_t n = talk_receive(talk, ms, NULL, NULL, &bytes);
	/* A greeting in two pieces, an answer behind its head: a moment more. */
	if (n)
		talk_receive_more(talk, 150);
	if (question == ASK_NOTHING && n >= 3 && !memcmp(bytes, "220", 3) &&
		talk_send_text(talk, "SYST\r\n"))
		talk_receive_more(talk, ms);
	talk_close(talk);
	return true;
}

static bool
is_web_port(uint16_t port)
{
	return port == 80 || port == 443 || port / 10 == 808 || port == 8000 || port == 8443;
}

void
service_ask(struct session *session, const struct ip *address, uint16_t port, uint32_t round)
{
	uint32_t ms = session_pace(session) == PACE_LAB ? 1000 : 2500;

	/* Who waits for us there would be listened to in vain. */
	for (unsigned i = is_web_port(port) ? ASK_HTTP : ASK_NOTHING;
		i < QUESTION_COUNT && !session_is_over(session); i++) {
		if (i == ASK_HTTP_IN_TLS)
			continue;
		if (!ask(session, address, port, (enum question)i, round, ms))
			return;
		const struct exchange *e = transcript_last(session);
		enum service what = service_of(e);
		if (what == SERVICE_TLS)
			ask(session, address, port, ASK_HTTP_IN_TLS, round, 2 * ms);
		if (what != SERVICE_UNKNOWN && what != SERVICE_OTHER)
			return;
		/* Who hangs up may have been asked too fast. */
		if (what == SERVICE_UNKNOWN && e->end == EXCHANGE_CLOSED && e->took_us < 100000)
			session_rest(session, 1000);
	}
}

void
service_ask_again(struct session *session, const struct exchange *e, uint32_t round)
{
	enum question question = ASK_NOTHING;

	if (e->is_tls)
		question = ASK_HTTP_IN_TLS;
	else
		for (unsigned i = 0; i < QUESTION_COUNT; i++)
			if (!strcmp(e->note, question_names[i]))
				question = (enum question)i;
	ask(session, &e->address, e->port, question, round,
		session_pace(session) == PACE_LAB ? 2000 : 5000);
}
