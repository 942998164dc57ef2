/* SPDX-License-Identifier: Apache-2.0 */
#include "check/beside.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"

enum {
	GRACE_MS = 3000,        /* after the end of the check, for a job to see it by itself */
	ROOM_MAX = 1024 * 1024, /* of one job: some pages of the longest */
	READ_SIZE = 16384,
};

/* What a job writes into its pipe, for each exchange; its bytes follow.  Last: none follow. */
struct record {
	struct exchange e;
	uint32_t packets;
	bool is_last;
};

struct job {
	pid_t pid; /* 0: none */
	int fd;    /* -1: it has ended */
	uint8_t *bytes;
	size_t len, room;
};

/* --- the job ------------------------------------------------------------------------------------- */

static void
put(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(EXIT_FAILURE);
		at += n;
		len -= (size_t)n;
	}
}

static _Noreturn void
be_job(struct session *session, void (*job)(struct session *, size_t, void *), size_t i, void *arg,
	int fd, pid_t parent)
{
	struct transcript *own = transcript_new(NULL);
	uint32_t packets = session_packets(session);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(EXIT_FAILURE);
	session_write_to(session, own);
	job(session, i, arg);
	for (size_t k = 0; k < transcript_count(own); k++) {
		struct record record = {.e = *transcript_at(own, k)};
		put(fd, &record, sizeof record);
		put(fd, record.e.sent, record.e.n_sent);
		put(fd, record.e.received, record.e.n_received);
	}
	struct record last = {.is_last = true, .packets = session_packets(session) - packets};
	put(fd, &last, sizeof last);
	_exit(EXIT_SUCCESS);
}

static void
begin(struct job *one, struct session *session, void (*job)(struct session *, size_t, void *),
	size_t i, void *arg)
{
	pid_t parent = getpid();
	int pair[2];

	one->fd = -1;
	if (pipe2(pair, O_CLOEXEC))
		return;
	one->pid = fork();
	if (one->pid == 0)
		be_job(session, job, i, arg, pair[1], parent);
	close(pair[1]);
	if (one->pid < 0) {
		close(pair[0]);
		one->pid = 0;
		return;
	}
	one->fd = pair[0];
}

/* --- what it came to ------------------------------------------------------------------------------- */

static void
end(struct job *one)
{
	if (one->fd >= 0)
		close(one->fd);
	one->fd = -1;
	if (!one->pid)
		return;
	/* Who has ended is not hurt by it. */
	kill(one->pid, SIGKILL);
	while (waitpid(one->pid, NULL, 0) < 0 && errno == EINTR)
		;
	one->pid = 0;
}

static void
read_some(struct job *one)
{
	if (one->room - one->len < READ_SIZE) {
		size_t room = one->room ? 2 * one->room : 2 * READ_SIZE;
		if (room > ROOM_MAX) {
			end(one); /* longer than any job of ours */
			return;
		}
		uint8_t *grown = must_alloc(1, room);
		if (one->len)
			memcpy(grown, one->bytes, one->len);
		free(one->bytes);
		one->bytes = grown;
		one->room = room;
	}
	ssize_t n = read(one->fd, one->bytes + one->len, READ_SIZE);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		end(one);
	else
		one->len += (size_t)n;
}

/* False when nobody runs any more, or the time is over. */
static bool
await(struct job *jobs, size_t n, uint64_t until)
{
	struct pollfd fds[BESIDE_MAX];
	uint64_t now = clock_monotonic_ns();
	size_t n_open = 0;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){.fd = jobs[i].fd, .events = POLLIN};
		n_open += jobs[i].fd >= 0;
	}
	if (!n_open || now >= until)
		return false;
	if (poll(fds, (nfds_t)n, (int)((until - now) / CLOCK_MS_NS) + 1) > 0)
		for (size_t i = 0; i < n; i++)
			if (fds[i].revents)
				read_some(&jobs[i]);
	return true;
}

static size_t
count_running(const struct job *jobs, size_t n)
{
	size_t n_running = 0;

	for (size_t i = 0; i < n; i++)
		n_running += jobs[i].fd >= 0;
	return n_running;
}

static struct transcript *
take(struct session *session, const struct job *one)
{
	struct transcript *out = transcript_new(NULL);
	size_t at = 0;

	while (one->len - at >= sizeof(struct record)) {
		struct record record;
		memcpy(&record, one->bytes + at, sizeof record);
		at += sizeof record;
		if (record.is_last) {
			session_count(session, record.packets);
			break;
		}
		if (record.e.n_sent > EXCHANGE_BYTES_MAX ||
			record.e.n_received > EXCHANGE_BYTES_MAX ||
			record.e.n_sent + record.e.n_received > one->len - at)
			break;
		record.e.sent = one->bytes + at;
		record.e.received = record.e.sent + record.e.n_sent;
		at += record.e.n_sent + record.e.n_received;
		if (!transcript_add(out, &record.e))
			break;
	}
	return out;
}

static struct transcript *
do_here(struct session *session, void (*job)(struct session *, size_t, void *), void *arg)
{
	struct transcript *own = transcript_new(NULL);
	struct transcript *was = session_write_to(session, own);

	job(session, 0, arg);
	session_write_to(session, was);
	return own;
}

void
session_beside(struct session *session, size_t n, size_t at_once,
	void (*job)(struct session *, size_t, void *), void *arg, struct transcript *out[])
{
	struct job jobs[BESIDE_MAX] = {0};
	uint64_t until = clock_monotonic_ns() + (session_ms_left(session) + GRACE_MS) * CLOCK_MS_NS;
	struct transcript *first = NULL;
	size_t next = 0;

	assert(n <= BESIDE_MAX && at_once);
	if (n && n <= at_once) {
		jobs[next++].fd = -1; /* ours */
		for (; next < n; next++)
			begin(&jobs[next], session, job, next, arg);
		first = do_here(session, job, arg);
	}
	do
		while (next < n && count_running(jobs, next) < at_once) {
			begin(&jobs[next], session, job, next, arg);
			next++;
		}
	while (await(jobs, next, until));
	for (size_t i = 0; i < n; i++) {
		if (i < next)
			end(&jobs[i]);
		out[i] = i == 0 && first ? first : take(session, &jobs[i]);
		free(jobs[i].bytes);
	}
}
