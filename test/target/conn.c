/* SPDX-License-Identifier: Apache-2.0 */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONN_SECONDS = 120, /* the longest that one lives, tarpits too */
	CONN_IDLE_MS = 20000,
	ENDLESS_BYTES = 32 * 1024 * 1024,
	TRIES = 3,
	LOCKED_MS = 30000,
	LIMIT_MS = 700,  /* a connection that comes sooner after another ... */
	LIMIT_BURST = 4, /* ... may be one of this many, as with a bucket of tokens */
};

struct conn {
	int fd;
	SSL *tls;
	const struct variant *variant;
	struct memory *memory;
	unsigned number, n_writes;
	unsigned n_of_line, n_of_nothing; /* bytes without an end of line; zeros and ones */
	uint8_t before;
	uint8_t in[4096];
	size_t at, len;
};

int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
rest(unsigned ms)
{
	struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&span, &span) < 0 && errno == EINTR)
		;
}

const struct variant *
conn_variant(const struct conn *conn)
{
	return conn->variant;
}

_Noreturn void
conn_end(struct conn *conn)
{
	if (conn->tls)
		SSL_shutdown(conn->tls);
	shutdown(conn->fd, SHUT_WR);
	/* Closing with bytes unread would be a reset, which is one of the manners and not the rule. */
	for (int i = 0; i < 64 && conn->variant->manner != MANNER_CLOSES; i++) {
		struct pollfd waits = {.fd = conn->fd, .events = POLLIN};

		if (poll(&waits, 1, 500) <= 0 || recv(conn->fd, conn->in, sizeof conn->in, 0) <= 0)
			break;
	}
	_exit(0);
}

static void
write_now(struct conn *conn, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = conn->tls ? SSL_write(conn->tls, bytes, (int)len)
				      : send(conn->fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0);
		bytes += n;
		len -= (size_t)n;
	}
}

static void
write_without_end(struct conn *conn, const uint8_t *bytes, size_t len)
{
	static const uint8_t filler[512] = {[0 ... 510] = 'A', [511] = '\n'};

	write_now(conn, bytes, len);
	for (size_t n = 0; n < ENDLESS_BYTES; n += sizeof filler)
		write_now(conn, filler, sizeof filler);
	conn_end(conn);
}

void
conn_write(struct conn *conn, const void *bytes, size_t len)
{
	const struct variant *variant = conn->variant;
	const uint8_t *at = bytes;
	unsigned step = conn->n_writes++;

	switch (variant->manner) {
	case MANNER_TARPIT:
		for (; len > 0; at++, len--) {
			write_now(conn, at, 1);
			rest(variant->tarpit_ms);
		}
		return;
	case MANNER_ENDLESS:
		if (step == variant_pick(variant, "endless at", 3))
			write_without_end(conn, at, len);
		break;
	case MANNER_CLOSES:
		if (step == conn->number % 6) {
			struct linger reset = {.l_onoff = 1};

			/* Half an answer first, by every second; a reset, by every third. */
			if (conn->number / 6 % 2)
				write_now(conn, at, len / 2);
			if (conn->number / 6 % 3 == 2)
				setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
			close(conn->fd);
			_exit(0);
		}
		break;
	default:
		break;
	}
	rest(variant->delay_ms);
	write_now(conn, at, len);
}

void
conn_say(struct conn *conn, const char *format, ...)
{
	char text[8192];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof text)
		abort();
	conn_write(conn, text, (size_t)len);
}

bool
conn_waits(struct conn *conn, int ms)
{
	struct pollfd waits = {.fd = conn->fd, .events = POLLIN};

	return conn->at < conn->len || (conn->tls && SSL_pending(conn->tls) > 0) ||
	       poll(&waits, 1, ms) > 0;
}

/* The whole program falls, not this connection alone: it has no process for each, as small ones have not. */
static _Noreturn void
fall(struct conn *conn)
{
	atomic_store(&conn->memory->has_fallen, true);
	kill(getppid(), SIGUSR1);
	_exit(1);
}

/* Three ways in which such programs are written. */
static void
bear(struct conn *conn, uint8_t byte)
{
	const struct variant *variant = conn->variant;
	bool is_format = conn->before == '%' && byte == 'n';

	if (!variant_has(variant, "falls") && !variant_has(variant, "hangs"))
		return;
	conn->n_of_line = byte == '\n' ? 0 : conn->n_of_line + 1;
	conn->n_of_nothing = byte == 0 || byte == 255 ? conn->n_of_nothing + 1 : 0;
	conn->before = byte;
	switch (variant_pick(variant, "falls by", 3)) {
	case 0: /* a line on the stack */
		if (conn->n_of_line > 4000)
			fall(conn);
		break;
	case 1: /* a format out of its input */
		if (is_format)
			fall(conn);
		break;
	default: /* a length out of a byte */
		if (conn->n_of_nothing > 1000)
			fall(conn);
	}
}

static uint8_t
next_byte(struct conn *conn)
{
	if (conn->at == conn->len) {
		ssize_t n;

		if (!conn_waits(conn, CONN_IDLE_MS))
			conn_end(conn);
		n = conn->tls ? SSL_read(conn->tls, conn->in, sizeof conn->in)
			      : recv(conn->fd, conn->in, sizeof conn->in, 0);
		if (n <= 0)
			_exit(0);
		conn->at = 0;
		conn->len = (size_t)n;
	}
	return conn->in[conn->at++];
}

static uint8_t
read_byte(struct conn *conn)
{
	uint8_t byte = next_byte(conn);

	bear(conn, byte);
	return byte;
}

void
conn_read(struct conn *conn, void *bytes, size_t len)
{
	for (uint8_t *at = bytes; len > 0; len--)
		*at++ = read_byte(conn);
}

/* RFC 854: a command is 255 and a byte, with an option one more, with 250 all until 255 240. */
static void
skip_telnet_command(struct conn *conn)
{
	uint8_t command = read_byte(conn);

	if (command >= 251 && command <= 254) {
		read_byte(conn);
	} else if (command == 250) {
		uint8_t before = 0, byte = 0;

		do {
			before = byte;
			byte = read_byte(conn);
		} while (!(before == 255 && byte == 240));
	}
}

void
conn_line(struct conn *conn, char *line, size_t size)
{
	size_t len = 0, seen = 0;

	for (;;) {
		uint8_t byte = read_byte(conn);

		if (++seen > 65536)
			conn_end(conn);
		if (byte == 255) {
			skip_telnet_command(conn);
			continue;
		}
		/* A line ends with LF, CR LF, CR NUL, or (of the hasty) CR alone. */
		if (byte == '\r') {
			if (conn_waits(conn, 50)) {
				uint8_t next = read_byte(conn);

				if (next != '\n' && next != '\0')
					conn->at--;
			}
			break;
		}
		if (byte == '\n')
			break;
		if (byte && len + 1 < size)
			line[len++] = (char)byte;
	}
	line[len] = '\0';
}

bool
conn_is_locked(struct conn *conn)
{
	return conn->variant->manner == MANNER_LOCK_OUT &&
	       now_ms() < atomic_load(&conn->memory->locked_until_ms);
}

bool
conn_login(struct conn *conn, const char *user, const char *password)
{
	const struct variant *variant = conn->variant;

	if (variant->manner == MANNER_ANY_LOGIN)
		return true;
	if (conn_is_locked(conn))
		return false;
	if (!strcmp(user, variant->user) && !strcmp(password, variant->password))
		return true;
	rest(variant->refuse_ms);
	if (variant->manner == MANNER_LOCK_OUT &&
		atomic_fetch_add(&conn->memory->n_wrong, 1) + 1 >= TRIES) {
		atomic_store(&conn->memory->n_wrong, 0);
		atomic_store(&conn->memory->locked_until_ms, now_ms() + LOCKED_MS);
	}
	return false;
}

/* Not asked, and never to the point. */
static _Noreturn void
flood(struct conn *conn)
{
	uint8_t noise[4096];

	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] =
			(uint8_t)(variant_pick(conn->variant, "noise", 256) + i * 167 + (i >> 8));
	for (size_t n = 0; n < ENDLESS_BYTES; n += sizeof noise)
		write_now(conn, noise, sizeof noise);
	conn_end(conn);
}

static _Noreturn void
be_silent(struct conn *conn)
{
	for (;;)
		read_byte(conn);
}

/* A bucket of tokens for all connections together. */
static bool
is_too_fast(struct memory *memory)
{
	int64_t now = now_ms(), free_ms = atomic_load(&memory->next_free_ms);

	if (free_ms < now)
		free_ms = now;
	if (free_ms - now > LIMIT_BURST * LIMIT_MS)
		return true;
	atomic_store(&memory->next_free_ms, free_ms + LIMIT_MS);
	return false;
}

/* Another service than the port is known for; it is a good one. */
static _Noreturn void
serve_another(struct conn *conn)
{
	static const char *const greetings[] = {
		"220 mail ESMTP ready\r\n",
		"+OK POP3 ready\r\n",
		"* OK IMAP4rev1 ready\r\n",
		"RFB 003.008\n",
		"SSH-2.0-dropbear_2019.78\r\n",
		"@RSYNCD: 31.0\n",
		"HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
	};
	char line[256];

	conn_say(conn, "%s", VARIANT_ONE_OF(conn->variant, "greeting", greetings));
	for (int i = 0; i < 8; i++) {
		conn_line(conn, line, sizeof line);
		conn_say(conn, "500 what?\r\n");
	}
	conn_end(conn);
}

_Noreturn void
conn_run(int fd, SSL_CTX *context, const struct variant *variant, struct memory *memory)
{
	struct conn *conn = calloc(1, sizeof *conn);

	if (!conn)
		_exit(1);
	alarm(CONN_SECONDS);
	conn->fd = fd;
	conn->variant = variant;
	conn->memory = memory;
	conn->number = atomic_fetch_add(&memory->n_conns, 1);
	if (variant->manner == MANNER_LIMITER && is_too_fast(memory))
		_exit(0);
	if (variant->manner == MANNER_FLOOD)
		flood(conn);
	if (variant->manner == MANNER_SILENT)
		be_silent(conn);
	if (variant->manner == MANNER_WRONG_PROTOCOL)
		serve_another(conn);
	if (context) {
		conn->tls = SSL_new(context);
		if (!conn->tls || !SSL_set_fd(conn->tls, fd) || SSL_accept(conn->tls) != 1)
			_exit(0);
	}
	variant->service->serve(conn);
	conn_end(conn);
}
