/* SPDX-License-Identifier: Apache-2.0 */
#include "check/session.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "check/app_scope.h"
#include "check/socket.h"
#include "check/table.h"

enum {
	CONNECT_MS_GENTLE = 4000,
	CONNECT_MS_LAB = 2000,
	REST_MS_GENTLE = 50, /* between two connections */
	ALIVE_TRIES = 6,     /* of a second each: what reboots is away for longer */
	HANDSHAKE_MS = 6000,
	PATIENCE = 10,  /* with one who never pauses, in times of the pause that would end it */
	ANSWERS = 3000, /* a second: below the cap that settings begin with */
};

struct session {
	struct session_target target;
	struct transcript *transcript;
	enum pace pace;
	enum consent consent;
	uint16_t check;
	uint64_t begun_ns, run_until_ns, check_until_ns, last_connect_ns;
	uint32_t packets, check_packets; /* sent in all, and when the check began */
	uint32_t answers;                /* a second */
	bool was_heard, is_lost;
	enum inc_reason cut;
	/* A port that answered: the first to ask whether the device is there. */
	struct ip heard_address;
	uint16_t heard_port;
	SSL_CTX *tls;
	session_rig_ask *rig; /* NULL: no gateway */
	session_tell_prompt *prompt;
	int file;          /* -1: none */
	int raw4, raw6;    /* -1: none */
	const char *scope; /* NULL: everything */
};

struct talk {
	struct session *session;
	struct exchange e;
	uint64_t begun_ns;
	int fd;
	SSL *ssl;
	bool is_closed;
	uint32_t datagrams;
	size_t n_sent, n_received;
	uint8_t sent[EXCHANGE_BYTES_MAX], received[EXCHANGE_BYTES_MAX];
};

/* --- time and budget ------------------------------------------------------------------------- */

struct session *
session_new(const struct session_target *target, enum pace pace, enum consent consent,
	struct transcript *transcript)
{
	struct session *session = must_alloc(1, sizeof *session);

	session->target = *target;
	session->transcript = transcript;
	session->pace = pace;
	session->consent = consent;
	session->begun_ns = clock_monotonic_ns();
	session->run_until_ns = UINT64_MAX;
	session->answers = ANSWERS;
	session->file = session->raw4 = session->raw6 = -1;
	/* Of a run that goes on: who was heard before and is not now is away. */
	for (size_t i = 0; i < transcript_count(transcript) && !session->was_heard; i++)
		session->was_heard = !strcmp(transcript_at(transcript, i)->step, "alive");
	return session;
}

void
session_free(struct session *session)
{
	if (!session)
		return;
	SSL_CTX_free(session->tls);
	free(session);
}

enum pace
session_pace(const struct session *session)
{
	return session->pace;
}

const struct session_target *
session_target(const struct session *session)
{
	return &session->target;
}

const struct transcript *
session_transcript(const struct session *session)
{
	return session->transcript;
}

const struct exchange *
transcript_last(const struct session *session)
{
	const struct transcript *transcript = session_transcript(session);
	size_t n = transcript_count(transcript);

	return n ? transcript_at(transcript, n - 1) : NULL;
}

uint64_t
session_us(const struct session *session)
{
	return (clock_monotonic_ns() - session->begun_ns) / 1000;
}

void
session_limit(struct session *session, uint32_t seconds)
{
	session->run_until_ns = session->begun_ns + seconds * CLOCK_SECOND_NS;
}

void
session_set_answers(struct session *session, uint32_t per_second)
{
	assert(per_second);
	session->answers = per_second;
}

uint32_t
session_answers(const struct session *session)
{
	return session->answers;
}

struct transcript *
session_write_to(struct session *session, struct transcript *transcript)
{
	struct transcript *was = session->transcript;

	session->transcript = transcript;
	return was;
}

uint32_t
session_ms_left(const struct session *session)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t until = session->check_until_ns < session->run_until_ns ? session->check_until_ns
									 : session->run_until_ns;
	uint64_t ms = until > now ? (until - now) / CLOCK_MS_NS : 0;

	return ms > INT32_MAX ? INT32_MAX : (uint32_t)ms;
}

uint32_t
session_run_ms_left(const struct session *session)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t ms = session->run_until_ns > now ? (session->run_until_ns - now) / CLOCK_MS_NS : 0;

	return ms > INT32_MAX ? INT32_MAX : (uint32_t)ms;
}

static enum inc_reason
over_now(const struct session *session)
{
	/* What asks nothing of the device needs none. */
	if (session->is_lost && checks[session->check].consent != CONSENT_PASSIVE)
		return INC_DEVICE_LOST;
	if (transcript_trouble(session->transcript))
		return INC_TOOL_ERROR;
	if (!session_ms_left(session) ||
		session->packets - session->check_packets > checks[session->check].packets)
		return INC_TIME_OUT;
	return INC_NONE;
}

bool
session_is_over(const struct session *session)
{
	return over_now(session) != INC_NONE;
}

bool
session_is_lost(const struct session *session)
{
	return session->is_lost;
}

uint32_t
session_packets(const struct session *session)
{
	return session->packets;
}

void
session_count(struct session *session, uint32_t packets)
{
	session->packets += packets;
}

void
session_rest(struct session *session, uint32_t ms)
{
	uint32_t left = session_ms_left(session);

	poll(NULL, 0, (int)(ms < left ? ms : left));
}

void
session_set_rig(struct session *session, session_rig_ask *ask)
{
	session->rig = ask;
}

bool
session_rig(struct session *session, const struct message_rig *rig, struct message_rig_seen *seen)
{
	*seen = (struct message_rig_seen){.err = ERR_UNSUPPORTED};
	return session->rig && session->rig(rig, seen) && !seen->err;
}

void
session_set_prompt(struct session *session, session_tell_prompt *tell)
{
	session->prompt = tell;
}

void
session_prompt(struct session *session, uint8_t prompt)
{
	if (session->prompt)
		session->prompt(prompt, session->check);
}

void
session_set_file(struct session *session, int fd)
{
	session->file = fd;
}

int
session_file(const struct session *session)
{
	return session->file;
}

void
session_set_raw(struct session *session, int v4, int v6)
{
	session->raw4 = v4;
	session->raw6 = v6;
}

int
session_raw(const struct session *session, int version)
{
	return version == 4 ? session->raw4 : session->raw6;
}

void
session_set_scope(struct session *session, const char *scope)
{
	session->scope = scope;
}

bool
session_is_in_scope(const struct session *session, const char *name)
{
	return !session->scope || app_scope_has(session->scope, name);
}

static uint32_t
sooner(const struct session *session, uint32_t ms)
{
	uint32_t left = session_ms_left(session);
	return ms < left ? ms : left;
}

/* --- events ------------------------------------------------------------------------------------ */

void
session_record(struct session *session, const struct exchange *given)
{
	struct exchange e = *given;

	e.check = session->check;
	if (!e.begun_us)
		e.begun_us = session_us(session);
	transcript_add(session->transcript, &e);
}

static void __attribute__((format(printf, 3, 0)))
note_list(struct session *session, const char *step, const char *fmt, va_list args)
{
	struct exchange e = {0};
	char text[2 * sizeof e.note];

	snprintf(e.step, sizeof e.step, "%s", step);
	vsnprintf(text, sizeof text, fmt, args);
	if (is_printable(text))
		snprintf(e.note, sizeof e.note, "%.*s", (int)sizeof e.note - 1, text);
	else
		printable(e.note, sizeof e.note, text, strlen(text));
	session_record(session, &e);
}

void
session_note(struct session *session, const char *step, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note_list(session, step, fmt, args);
	va_end(args);
}

void
session_begin(struct session *session, uint16_t check)
{
	const struct check *row = &checks[check];

	session->check = check;
	session->cut = INC_NONE;
	session->check_packets = session->packets;
	session->check_until_ns =
		clock_monotonic_ns() +
		(session->pace == PACE_LAB ? row->seconds_lab : row->seconds_gentle) *
			CLOCK_SECOND_NS;
	session_note(session, "begin", "pace %s", session->pace == PACE_LAB ? "lab" : "gentle");
}

void
session_end(struct session *session)
{
	enum inc_reason cut = over_now(session);

	session_note(session, "end", "%s", cut ? inc_reason_name(cut) : "complete");
}

bool
session_run(struct session *session, uint16_t check)
{
	const struct check *row = &checks[check];
	enum inc_reason reason = INC_NONE;

	if (row->consent > session->consent)
		reason = INC_NO_CONSENT;
	else if (session->is_lost && row->consent != CONSENT_PASSIVE)
		reason = INC_DEVICE_LOST;
	else if (clock_monotonic_ns() >= session->run_until_ns)
		reason = INC_TIME_OUT;
	if (reason) {
		session->check = check;
		session_note(session, "skipped", "%s", inc_reason_name(reason));
		return false;
	}
	session_begin(session, check);
	/* Of a device that may not be probed nobody asks whether it is there. */
	bool asks = row->consent != CONSENT_PASSIVE;
	if (!asks || session_alive(session))
		check_halves[check].probe(session);
	if (asks && !session_is_over(session))
		session_alive(session);
	session_end(session);
	return true;
}

/* --- one connection ---------------------------------------------------------------------------- */

static void
keep_the_pace(struct session *session)
{
	uint64_t rest = session->pace == PACE_LAB ? 0 : REST_MS_GENTLE * CLOCK_MS_NS;
	uint64_t now = clock_monotonic_ns();

	if (session->last_connect_ns + rest > now)
		session_rest(session,
			(uint32_t)((session->last_connect_ns + rest - now) / CLOCK_MS_NS) + 1);
	session->last_connect_ns = clock_monotonic_ns();
}

static struct talk *
talk_new(struct session *session, uint8_t proto, const struct ip *address, uint16_t port,
	const char *step, uint32_t round)
{
	struct talk *talk = must_alloc(1, sizeof *talk);

	keep_the_pace(session);
	talk->session = session;
	talk->fd = -1;
	talk->begun_ns = clock_monotonic_ns();
	talk->e = (struct exchange){.proto = proto,
		.port = port,
		.address = *address,
		.round = round,
		.end = EXCHANGE_OPEN,
		.begun_us = session_us(session)};
	snprintf(talk->e.step, sizeof talk->e.step, "%s", step);
	return talk;
}

static uint32_t
packets_of(const struct talk *talk)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;

	if (talk->e.proto != IPPROTO_TCP || talk->fd < 0)
		return talk->datagrams;
	if (getsockopt(talk->fd, IPPROTO_TCP, TCP_INFO, &info, &len) || !info.tcpi_segs_out)
		return 1;
	return info.tcpi_segs_out + 1; /* and the end that follows */
}

static uint32_t
write_exchange(struct talk *talk)
{
	talk->e.check = talk->session->check;
	talk->e.took_us = (clock_monotonic_ns() - talk->begun_ns) / 1000;
	talk->e.sent = talk->sent;
	talk->e.received = talk->received;
	talk->e.n_sent = talk->n_sent;
	talk->e.n_received = talk->n_received;
	return transcript_add(talk->session->transcript, &talk->e);
}

struct talk *
talk_again(struct talk *talk)
{
	write_exchange(talk);
	talk->begun_ns = clock_monotonic_ns();
	talk->e.begun_us = session_us(talk->session);
	talk->e.note[0] = '\0';
	talk->n_sent = talk->n_received = 0;
	return talk;
}

uint32_t
talk_close(struct talk *talk)
{
	struct session *session = talk->session;

	session->packets += packets_of(talk);
	uint32_t number = write_exchange(talk);
	if (talk->ssl) {
		if (!talk->is_closed)
			SSL_shutdown(talk->ssl);
		SSL_free(talk->ssl);
	}
	if (talk->fd >= 0)
		close(talk->fd);
	free(talk);
	return number;
}

/* What errno of a socket says of the device. */
static enum exchange_end
end_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return EXCHANGE_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return EXCHANGE_CLOSED;
	case ETIMEDOUT:
	case EINPROGRESS:
		return EXCHANGE_SILENT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
		return EXCHANGE_UNREACHABLE;
	default:
		return EXCHANGE_TROUBLE;
	}
}

static struct talk *
give_up(struct talk *talk, int error)
{
	talk->e.end = (uint8_t)end_of(error);
	if (talk->e.end == EXCHANGE_REFUSED)
		talk->session->was_heard = true;
	if (talk->e.end == EXCHANGE_TROUBLE)
		talk_note(talk, "%s", strerror(error));
	talk_close(talk);
	return NULL;
}

struct talk *
talk_tcp(struct session *session, const struct ip *address, uint16_t port, const char *step,
	uint32_t round)
{
	struct talk *talk = talk_new(session, IPPROTO_TCP, address, port, step, round);
	uint32_t ms = session->pace == PACE_LAB ? CONNECT_MS_LAB : CONNECT_MS_GENTLE;
	int error = socket_tcp(address, port, &talk->fd);

	if (error == EINPROGRESS)
		error = socket_wait_connected(talk->fd, sooner(session, ms));
	if (error)
		return give_up(talk, error);
	socket_hurry(talk->fd);
	session->was_heard = true;
	session->heard_address = *address;
	session->heard_port = port;
	return talk;
}

struct talk *
talk_udp(struct session *session, const struct ip *address, uint16_t port, const char *step,
	uint32_t round)
{
	struct talk *talk = talk_new(session, IPPROTO_UDP, address, port, step, round);
	int error = socket_udp(address, port, &talk->fd);

	return error ? give_up(talk, error) : talk;
}

static SSL_CTX *
tls_context(struct session *session)
{
	if (session->tls)
		return session->tls;
	session->tls = SSL_CTX_new(TLS_client_method());
	if (!session->tls)
		return NULL;
	/* What is old and weak is judged by check tls-server; here it must only be spoken. */
	SSL_CTX_set_security_level(session->tls, 0);
	SSL_CTX_set_min_proto_version(session->tls, 0);
	SSL_CTX_set_options(
		session->tls, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_cipher_list(session->tls, "ALL:COMPLEMENTOFDEFAULT:@SECLEVEL=0");
	SSL_CTX_set_verify(session->tls, SSL_VERIFY_NONE, NULL);
	return session->tls;
}

/* True when the operation may be tried again because the socket is ready now. */
static bool
tls_wait(struct talk *talk, int result, uint64_t until_ns)
{
	uint64_t now = clock_monotonic_ns();
	int want = SSL_get_error(talk->ssl, result);
	struct pollfd poll_fd = {.fd = talk->fd,
		.events = want == SSL_ERROR_WANT_READ    ? POLLIN
			  : want == SSL_ERROR_WANT_WRITE ? POLLOUT
							 : 0};

	if (!poll_fd.events || now >= until_ns)
		return false;
	return poll(&poll_fd, 1, (int)((until_ns - now) / CLOCK_MS_NS) + 1) > 0;
}

struct talk *
talk_tls(struct session *session, const struct ip *address, uint16_t port, const char *step,
	uint32_t round)
{
	struct talk *talk = talk_tcp(session, address, port, step, round);
	int result;

	if (!talk)
		return NULL;
	uint64_t until = clock_monotonic_ns() + sooner(session, HANDSHAKE_MS) * CLOCK_MS_NS;
	talk->e.is_tls = true;
	SSL_CTX *context = tls_context(session);
	talk->ssl = context ? SSL_new(context) : NULL;
	if (!talk->ssl || !SSL_set_fd(talk->ssl, talk->fd))
		return give_up(talk, ENOMEM);
	ERR_clear_error();
	while ((result = SSL_connect(talk->ssl)) != 1)
		if (!tls_wait(talk, result, until))
			break;
	if (result == 1) {
		talk_note(talk, "%s %s", SSL_get_version(talk->ssl), SSL_get_cipher(talk->ssl));
		return talk;
	}
	talk->e.end = EXCHANGE_TLS_FAILED;
	talk->is_closed = true;
	talk_close(talk);
	return NULL;
}

void
talk_quote(struct talk *talk, bool was_sent, const void *bytes, size_t len)
{
	uint8_t *to = was_sent ? talk->sent : talk->received;
	size_t *n = was_sent ? &talk->n_sent : &talk->n_received;

	if (len > EXCHANGE_BYTES_MAX - *n) {
		len = EXCHANGE_BYTES_MAX - *n;
		talk->e.end = EXCHANGE_OVERLONG;
	}
	if (len)
		memcpy(to + *n, bytes, len);
	*n += len;
}

static ssize_t
send_some(struct talk *talk, const uint8_t *bytes, size_t len, uint64_t until)
{
	ssize_t n;

	if (talk->ssl) {
		while ((n = SSL_write(talk->ssl, bytes, (int)len)) <= 0)
			if (!tls_wait(talk, (int)n, until))
				return -1;
		return n;
	}
	while ((n = send(talk->fd, bytes, len, MSG_NOSIGNAL)) < 0) {
		struct pollfd poll_fd = {.fd = talk->fd, .events = POLLOUT};
		uint64_t now = clock_monotonic_ns();
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || now >= until ||
			poll(&poll_fd, 1, (int)((until - now) / CLOCK_MS_NS) + 1) <= 0)
			return -1;
	}
	talk->datagrams++;
	return n;
}

bool
talk_send(struct talk *talk, const void *bytes, size_t len)
{
	uint64_t until =
		clock_monotonic_ns() + sooner(talk->session, CONNECT_MS_GENTLE) * CLOCK_MS_NS;
	const uint8_t *at = bytes;

	if (talk->is_closed || len > EXCHANGE_BYTES_MAX - talk->n_sent)
		return false;
	while (len) {
		ssize_t n = send_some(talk, at, len, until);
		if (n <= 0) {
			talk->is_closed = true;
			talk->e.end = (uint8_t)(errno == ECONNREFUSED ? EXCHANGE_REFUSED
								      : EXCHANGE_CLOSED);
			return false;
		}
		talk_quote(talk, true, at, (size_t)n);
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
talk_send_text(struct talk *talk, const char *text)
{
	return talk_send(talk, text, strlen(text));
}

/* 1: something came; 0: nothing in time; -1: it is closed. */
static int
receive_some(struct talk *talk, uint64_t until)
{
	uint8_t *at = talk->received + talk->n_received;
	size_t room = sizeof talk->received - talk->n_received;
	ssize_t n;

	for (;;) {
		uint64_t now = clock_monotonic_ns();
		struct pollfd poll_fd = {.fd = talk->fd, .events = POLLIN};
		if (talk->ssl) {
			n = SSL_read(talk->ssl, at, (int)room);
			if (n <= 0 && tls_wait(talk, (int)n, until))
				continue;
			if (n <= 0 && SSL_get_error(talk->ssl, (int)n) == SSL_ERROR_WANT_READ)
				return 0;
			if (n <= 0)
				ERR_clear_error();
		} else {
			n = recv(talk->fd, at, room, MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
				socket_hurry(talk->fd);
				if (now >= until ||
					poll(&poll_fd, 1, (int)((until - now) / CLOCK_MS_NS) + 1) ==
						0)
					return 0;
				continue;
			}
		}
		break;
	}
	if (n > 0 || (n == 0 && talk->e.proto == IPPROTO_UDP)) {
		talk->n_received += (size_t)n;
		talk->session->was_heard = true;
		return 1;
	}
	talk->is_closed = true;
	talk->e.end =
		(uint8_t)(n < 0 && errno == ECONNREFUSED ? EXCHANGE_REFUSED : EXCHANGE_CLOSED);
	if (talk->e.end == EXCHANGE_REFUSED)
		talk->session->was_heard = true;
	return -1;
}

size_t
talk_receive(struct talk *talk, uint32_t idle_ms, bool (*enough)(const uint8_t *, size_t, void *),
	void *arg, const uint8_t **bytes)
{
	uint64_t patience = clock_monotonic_ns() + PATIENCE * idle_ms * CLOCK_MS_NS;

	if (bytes)
		*bytes = talk->received;
	while (!talk->is_closed) {
		if (talk->n_received == sizeof talk->received) {
			talk->e.end = EXCHANGE_OVERLONG;
			break;
		}
		uint64_t until =
			clock_monotonic_ns() + sooner(talk->session, idle_ms) * CLOCK_MS_NS;
		int came = receive_some(talk, until);
		if (came == 0 && !talk->n_received)
			talk->e.end = EXCHANGE_SILENT;
		if (came <= 0)
			break;
		talk->e.end = EXCHANGE_OPEN;
		if (!enough || enough(talk->received, talk->n_received, arg))
			break;
		/* Who sends a byte a second for ever is not heard for ever. */
		if (session_is_over(talk->session) || clock_monotonic_ns() > patience)
			break;
	}
	return talk->n_received;
}

size_t
talk_receive_until(struct talk *talk, uint32_t idle_ms,
	bool (*enough)(const uint8_t *, size_t, void *), void *arg, const uint8_t **bytes)
{
	if (bytes)
		*bytes = talk->received;
	if (enough(talk->received, talk->n_received, arg))
		return talk->n_received;
	return talk_receive(talk, idle_ms, enough, arg, bytes);
}

static bool
never_enough(const uint8_t *bytes, size_t len, void *arg)
{
	return false;
}

size_t
talk_receive_more(struct talk *talk, uint32_t idle_ms)
{
	return talk_receive(talk, idle_ms, never_enough, NULL, NULL);
}

bool
talk_is_tls(const struct talk *talk)
{
	return talk->ssl != NULL;
}

bool
talk_is_closed(const struct talk *talk)
{
	return talk->is_closed;
}

int
talk_fd(const struct talk *talk)
{
	return talk->fd;
}

void
talk_note(struct talk *talk, const char *fmt, ...)
{
	char text[2 * sizeof talk->e.note];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (is_printable(text))
		snprintf(talk->e.note, sizeof talk->e.note, "%.*s", (int)sizeof talk->e.note - 1,
			text);
	else
		printable(talk->e.note, sizeof talk->e.note, text, strlen(text));
}

/* --- is it there? -------------------------------------------------------------------------------- */

/* An answer of any kind to a connection, a refusal included. */
static bool
answers_tcp(struct session *session, const struct ip *address, uint16_t port, uint32_t ms)
{
	auto_close int fd = -1;
	int error = socket_tcp(address, port, &fd);

	session->packets += 2;
	if (error == EINPROGRESS)
		error = socket_wait_connected(fd, sooner(session, ms));
	return !error || error == ECONNREFUSED;
}

/* Echo by the unprivileged socket, where the system lets us have one. */
static bool
answers_echo(struct session *session, const struct ip *address, uint32_t ms)
{
	/* RFC 792 and RFC 4443, section 4: request and reply. */
	const uint8_t request = address->version == 4 ? 8 : 128;
	const uint8_t reply = address->version == 4 ? 0 : 129;
	auto_close int fd = -1;
	uint8_t echo[16] = {request}, answer[64];

	if (socket_echo(address, &fd) || send(fd, echo, sizeof echo, MSG_NOSIGNAL) < 0)
		return false;
	session->packets++;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	if (poll(&poll_fd, 1, (int)sooner(session, ms)) <= 0)
		return false;
	ssize_t n = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
	return n > 0 && answer[0] == reply;
}

static bool
answers(struct session *session, uint32_t ms)
{
	/* Discard; closed on whatever is not very odd, and then its refusal is an answer. */
	enum { DISCARD = 9 };
	const struct ip *addresses[] = {&session->target.address4, &session->target.address6};

	if (session->heard_port &&
		answers_tcp(session, &session->heard_address, session->heard_port, ms))
		return true;
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		if (addresses[i]->version &&
			(answers_echo(session, addresses[i], ms) ||
				answers_tcp(session, addresses[i], DISCARD, ms)))
			return true;
	return false;
}

bool
session_alive(struct session *session)
{
	if (session->is_lost)
		return false;
	/* Of a file there is no device to ask; and a phone is not asked, its owner was. */
	if ((!session->target.address4.version && !session->target.address6.version) ||
		session->scope)
		return true;
	for (int i = 0; i < ALIVE_TRIES; i++) {
		uint64_t begun = clock_monotonic_ns();
		if (answers(session, 1000)) {
			session->was_heard = true;
			session_note(session, "alive", "%s", i ? "again" : "");
			return true;
		}
		if (!session->was_heard) {
			/* One that never answers anything cannot be told from one that is off. */
			session_note(session, "silent", "it has answered nothing so far");
			return true;
		}
		if (!session_ms_left(session))
			break;
		uint64_t took = clock_monotonic_ns() - begun;
		if (took < CLOCK_SECOND_NS)
			session_rest(session, (uint32_t)((CLOCK_SECOND_NS - took) / CLOCK_MS_NS));
	}
	session->is_lost = true;
	session_note(
		session, "lost", "no answer to echo, nor to connections that it answered before");
	return false;
}
