/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port scans beside each other.
 *
 *	ports listen ADDRESS PORT...	these are open, until it is ended
 *	ports raw ADDRESS		what no scan can beat here: SYNs from one raw socket,
 *					sixty-four in a call, and nothing kept but what came back
 *	ports ours ADDRESS		scan_tcp() at the pace of a bench, no gateway in between
 *	ports connecting ADDRESS	the same without the raw socket, as at a home's pace
 *
 * The last three ask all 65,535 ports and print one line: seconds, open, refused, packets,
 * and the list of the open ones.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check/scan.h"
#include "check/scan_filter.h"
#include "check/session.h"

enum {
	AT_ONCE = 64,
	BUFFER = 32 * 1024 * 1024,
	QUIET_MS = 300, /* as long as ours waits for an answer */
	ROUNDS = 5,
	FROM_PORT = 61234,
	SOCKETS = 16384,
	ANSWERS = 1000000,
};

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "ports: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint8_t state[PORT_COUNT];
static uint64_t n_sent;

static void
report(uint64_t begun_ns)
{
	static char list[4096];
	static char unused[8];
	double seconds = (double)(clock_monotonic_ns() - begun_ns) / CLOCK_SECOND_NS;
	size_t n_open = scan_render(state, PORT_OPEN, list, sizeof list);

	printf("%.4f %zu %zu %llu %s\n", seconds, n_open,
		scan_render(state, PORT_REFUSED, unused, sizeof unused), (unsigned long long)n_sent,
		list);
}

/* --- listening ----------------------------------------------------------------------------------- */

static _Noreturn void
listen_at(struct in_addr address, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET,
			.sin_addr = address,
			.sin_port = htons((uint16_t)strtoul(argv[i], NULL, 10))};
		int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
			bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 1024))
			give_up(argv[i]);
	}
	printf("listening\n");
	fflush(stdout);
	for (;;)
		pause();
}

/* --- the limit --------------------------------------------------------------------------------------- */

static uint32_t
sum(uint32_t before, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i + 1 < len; i += 2)
		before += (uint32_t)at[i] << 8 | at[i + 1];
	return before;
}

static uint16_t
folded(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return htons((uint16_t)~value);
}

static struct tcphdr question[PORT_COUNT];

static void
make_questions(struct in_addr from, struct in_addr to)
{
	uint32_t pseudo = sum(0, &from, 4);

	pseudo = sum(pseudo, &to, 4) + IPPROTO_TCP + sizeof question[0];
	for (uint32_t port = 1; port < PORT_COUNT; port++) {
		struct tcphdr *q = &question[port];
		q->source = htons(FROM_PORT);
		q->dest = htons((uint16_t)port);
		q->seq = htonl(port * 2654435761u);
		q->doff = sizeof *q / 4;
		q->syn = 1;
		q->window = htons(1024);
		q->check = folded(sum(pseudo, q, sizeof *q));
	}
}

/* How many ports were heard of for the first time. */
static size_t
hear(int fd)
{
	static uint8_t bytes[AT_ONCE][128];
	struct mmsghdr messages[AT_ONCE] = {0};
	struct iovec iov[AT_ONCE];
	size_t n_new = 0;
	int n;

	do {
		for (int i = 0; i < AT_ONCE; i++) {
			iov[i] = (struct iovec){bytes[i], sizeof bytes[i]};
			messages[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
		}
		n = recvmmsg(fd, messages, AT_ONCE, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			size_t head = (bytes[i][0] & 15u) * 4u;
			struct tcphdr answer;
			if (messages[i].msg_len < head + sizeof answer)
				continue;
			memcpy(&answer, bytes[i] + head, sizeof answer);
			if (answer.dest != htons(FROM_PORT) || (!answer.syn && !answer.rst))
				continue;
			uint8_t *known = &state[ntohs(answer.source)];
			n_new += !*known;
			*known = answer.syn ? PORT_OPEN : PORT_REFUSED;
		}
	} while (n == AT_ONCE);
	return n_new;
}

static void
ask_all(int fd, size_t *n_heard)
{
	struct mmsghdr messages[AT_ONCE] = {0};
	struct iovec iov[AT_ONCE];
	uint32_t port = 1;

	while (port < PORT_COUNT) {
		unsigned n = 0, sent = 0;
		for (; port < PORT_COUNT && n < AT_ONCE; port++) {
			if (state[port])
				continue;
			iov[n] = (struct iovec){&question[port], sizeof question[port]};
			messages[n].msg_hdr = (struct msghdr){.msg_iov = &iov[n], .msg_iovlen = 1};
			n++;
		}
		while (sent < n) {
			int now = sendmmsg(fd, messages + sent, n - sent, 0);
			if (now < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
				give_up("send");
			sent += now > 0 ? (unsigned)now : 0;
			*n_heard += hear(fd);
		}
		n_sent += n;
	}
}

static void
scan_raw(struct in_addr address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = address}, from;
	socklen_t len = sizeof from;
	uint64_t begun = clock_monotonic_ns();
	int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_TCP), buffer = BUFFER;
	size_t n_heard = 0;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) ||
		getsockname(fd, (struct sockaddr *)&from, &len))
		give_up("raw socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
	make_questions(from.sin_addr, address);
	for (int i = 0; i < ROUNDS && n_heard < PORT_COUNT - 1; i++) {
		ask_all(fd, &n_heard);
		uint64_t heard = clock_monotonic_ns();
		while (n_heard < PORT_COUNT - 1 &&
			clock_monotonic_ns() - heard < QUIET_MS * CLOCK_MS_NS) {
			size_t n_new = hear(fd);
			n_heard += n_new;
			if (n_new)
				heard = clock_monotonic_ns();
			else
				usleep(200);
		}
		if (!n_heard)
			break; /* silent: asking again is as vain for everybody */
	}
	close(fd);
	report(begun);
}

/* --- ours ---------------------------------------------------------------------------------------------- */

static void
scan_ours(const char *text, bool is_connecting)
{
	static uint16_t ports[PORT_COUNT];
	struct session_target target = {0};
	struct transcript *transcript = transcript_new(NULL);
	uint64_t begun = clock_monotonic_ns();

	if (!ip_parse(&target.address4, text))
		give_up(text);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){SOCKETS, SOCKETS});
	/* As the monitor opens it for the checker. */
	int raw = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_TCP), buffer = 8 * 1024 * 1024;
	if (is_connecting) {
		close(raw);
		raw = -1;
	} else if (setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) ||
		   scan_filter_lock(raw, 4)) {
		give_up("raw socket");
	}
	struct session *session = session_new(&target, PACE_LAB, CONSENT_PROBE, transcript);
	session_set_answers(session, ANSWERS);
	session_set_raw(session, raw, -1);
	session_begin(session, (uint16_t)check_find("tcp-ports"));
	scan_tcp(session, &target.address4, ports, scan_ports(ports, true), state);
	n_sent = session_packets(session);
	report(begun);
	session_free(session);
	transcript_free(transcript);
}

int
main(int argc, char **argv)
{
	struct in_addr address;

	if (argc < 3 || inet_pton(AF_INET, argv[2], &address) != 1) {
		fprintf(stderr, "usage: ports listen|raw|ours|connecting ADDRESS [PORT...]\n");
		return 2;
	}
	if (!strcmp(argv[1], "listen"))
		listen_at(address, argc - 3, argv + 3);
	if (!strcmp(argv[1], "raw"))
		scan_raw(address);
	else
		scan_ours(argv[2], !strcmp(argv[1], "connecting"));
	return 0;
}
