/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum {
	SCAN_TARGETS_MAX = 64,
	SCAN_BATCH = 64,
	SCAN_OPEN_MAX = 4096, /* a host that answers everything is a finding, not a list */
	SCAN_SETTLE_MS = 400,
	SCAN_CONNECT_MS = 2000,
	SCAN_UDP_MS = 1200,
	SCAN_BUFFER = 16 << 20,
};

struct target {
	const char *name;
	struct endpoint endpoint;
	bool known;
};

struct open_port {
	int target;
	uint16_t port;
};

struct scan {
	int family;
	int n_targets;
	struct target target[SCAN_TARGETS_MAX];
	int raw;
	uint16_t from_port;
	int n_open;
	struct open_port open[SCAN_OPEN_MAX];
};

static const void *
address_of(const struct endpoint *endpoint)
{
	if (endpoint->address.ss_family == AF_INET)
		return &((const struct sockaddr_in *)&endpoint->address)->sin_addr;
	return &((const struct sockaddr_in6 *)&endpoint->address)->sin6_addr;
}

static void
set_port(struct endpoint *endpoint, uint16_t port)
{
	((struct sockaddr_in *)&endpoint->address)->sin_port = htons(port);
}

static int
find_targets(struct scan *scan, const char *facts, int family, int n, char *const *names)
{
	scan->family = family;
	if (n > SCAN_TARGETS_MAX) {
		fprintf(stderr, "at most %d targets\n", SCAN_TARGETS_MAX);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		scan->target[i].name = names[i];
		scan->target[i].known =
			endpoint_find(&scan->target[i].endpoint, facts, names[i], 1, family);
	}
	scan->n_targets = n;
	return 0;
}

/*
 * One connection to each target first: the kernel then knows the way, and no SYN
 * is lost while it asks for it.
 */
static void
learn_the_way(const struct scan *scan)
{
	int fd[SCAN_TARGETS_MAX];

	for (int i = 0; i < scan->n_targets; i++) {
		const struct endpoint *endpoint = &scan->target[i].endpoint;

		fd[i] = socket(scan->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd[i] >= 0 && scan->target[i].known)
			(void)!connect(
				fd[i], (const struct sockaddr *)&endpoint->address, endpoint->len);
	}
	usleep(SCAN_SETTLE_MS * 1000);
	for (int i = 0; i < scan->n_targets; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* Only SYN-ACKs to our port are to be queued; a closed port's RST costs nothing then. */
static int
open_raw(struct scan *scan)
{
	unsigned at =
		scan->family == AF_INET ? 20 : 0; /* raw IPv6 sockets begin at the TCP header */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, scan->from_port, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + 13),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK | TH_RST),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN | TH_ACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
	int size = SCAN_BUFFER, offset = 16; /* of the checksum in the TCP header */
	int fd;

	fd = socket(scan->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) ||
		(scan->family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &offset, sizeof offset))) {
		perror("raw socket");
		return -1;
	}
	return fd;
}

/* A port of ours that nobody else uses while we scan: bound, never listening. */
static int
reserve_port(struct scan *scan)
{
	struct sockaddr_in6 here = {.sin6_family = (sa_family_t)scan->family};
	socklen_t len = sizeof here;
	int fd = socket(scan->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&here,
			scan->family == AF_INET ? sizeof(struct sockaddr_in) : sizeof here) ||
		getsockname(fd, (struct sockaddr *)&here, &len))
		return -1;
	scan->from_port = ntohs(here.sin6_port);
	return fd;
}

/* The address from which this machine would speak to the target. */
static bool
own_address(const struct scan *scan, const struct target *target, struct endpoint *own)
{
	int fd = socket(scan->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	own->len = sizeof own->address;
	found = fd >= 0 &&
		!connect(fd, (const struct sockaddr *)&target->endpoint.address,
			target->endpoint.len) &&
		!getsockname(fd, (struct sockaddr *)&own->address, &own->len);
	if (fd >= 0)
		close(fd);
	return found;
}

static void
note_answers(struct scan *scan)
{
	uint8_t packet[256];
	struct endpoint from;
	ssize_t len;

	for (;;) {
		const uint8_t *tcp = packet;

		from.len = sizeof from.address;
		len = recvfrom(scan->raw, packet, sizeof packet, MSG_DONTWAIT,
			(struct sockaddr *)&from.address, &from.len);
		if (len < 20)
			return;
		if (scan->family == AF_INET)
			tcp += (packet[0] & 15) * 4;
		for (int i = 0; i < scan->n_targets; i++) {
			if (!scan->target[i].known ||
				memcmp(address_of(&scan->target[i].endpoint), address_of(&from),
					scan->family == AF_INET ? 4 : 16))
				continue;
			if (scan->n_open < SCAN_OPEN_MAX)
				scan->open[scan->n_open++] = (struct open_port){
					.target = i, .port = (uint16_t)(tcp[0] << 8 | tcp[1])};
			break;
		}
	}
}

/* Returns how many left. */
static long
send_syns(struct scan *scan, const struct target *target, uint16_t first, uint16_t last)
{
	static struct tcphdr syn[SCAN_BATCH];
	struct iovec data[SCAN_BATCH];
	struct mmsghdr message[SCAN_BATCH];
	struct endpoint own, to = target->endpoint;
	uint32_t port = first;
	long left = 0;

	if (!own_address(scan, target, &own))
		return 0;
	set_port(&to, 0); /* raw sockets want none */
	memset(message, 0, sizeof message);
	while (port <= last) {
		int n = 0, sent = 0, refused = 0;

		for (; n < SCAN_BATCH && port <= last; n++, port++) {
			syn[n] = (struct tcphdr){.source = htons(scan->from_port),
				.dest = htons((uint16_t)port),
				.seq = htonl(0x70696e00u + port),
				.doff = 5,
				.syn = 1,
				.window = htons(1024)};
			if (scan->family == AF_INET)
				syn[n].check = checksum_over(AF_INET, address_of(&own),
					address_of(&to), IPPROTO_TCP, &syn[n], sizeof syn[n]);
			data[n] = (struct iovec){.iov_base = &syn[n], .iov_len = sizeof syn[n]};
			message[n].msg_hdr = (struct msghdr){.msg_name = &to.address,
				.msg_namelen = to.len,
				.msg_iov = &data[n],
				.msg_iovlen = 1};
		}
		while (sent < n && refused < 100) {
			int done = sendmmsg(scan->raw, message + sent, (unsigned)(n - sent), 0);

			if (done > 0) {
				sent += done;
			} else if (errno == EHOSTUNREACH || errno == ENETUNREACH) {
				return left + sent;
			} else {
				refused++;
				usleep(100);
			}
		}
		left += sent;
		note_answers(scan);
	}
	return left;
}

/* The next range of "1-1024,1883"; false at the end or where it cannot be understood. */
static bool
next_range(const char **ranges, uint16_t *first, uint16_t *last)
{
	unsigned from, to;
	int len = 0;

	if (sscanf(*ranges, "%u-%u%n", &from, &to, &len) == 2 && len) {
		*ranges += len;
	} else if (sscanf(*ranges, "%u%n", &from, &len) == 1 && len) {
		to = from;
		*ranges += len;
	} else {
		return false;
	}
	if (**ranges == ',')
		(*ranges)++;
	if (from < 1 || to > 65535 || from > to)
		return false;
	*first = (uint16_t)from;
	*last = (uint16_t)to;
	return true;
}

static void
open_what_answered(struct scan *scan)
{
	char family = scan->family == AF_INET ? '4' : '6';

	for (int i = 0; i < scan->n_open; i++) {
		struct target *target = &scan->target[scan->open[i].target];
		int fd;

		set_port(&target->endpoint, scan->open[i].port);
		fd = connect_within(&target->endpoint, SCAN_CONNECT_MS);
		if (fd < 0)
			continue;
		close(fd);
		printf("open tcp %c %s %u\n", family, target->name, scan->open[i].port);
	}
}

bool
scan_tcp(const char *facts, int family, const char *ranges, int n_targets, char *const *targets)
{
	static struct scan scan;
	uint16_t first, last;
	int reserved;

	if (find_targets(&scan, facts, family, n_targets, targets))
		return false;
	reserved = reserve_port(&scan);
	scan.raw = open_raw(&scan);
	if (reserved < 0 || scan.raw < 0)
		return false;
	learn_the_way(&scan);
	for (int i = 0; i < n_targets; i++) {
		const char *at = ranges;
		long sent = 0;

		while (scan.target[i].known && next_range(&at, &first, &last))
			sent += send_syns(&scan, &scan.target[i], first, last);
		printf("sent tcp %c %s %ld\n", family == AF_INET ? '4' : '6', scan.target[i].name,
			sent);
	}
	usleep(SCAN_SETTLE_MS * 1000);
	note_answers(&scan);
	open_what_answered(&scan);
	close(scan.raw);
	close(reserved);
	return true;
}

#define QUESTION(bytes) .question = bytes, .len = sizeof(bytes) - 1

/* The stated list of UDP ports, each with a question to which its service must answer. */
static const struct {
	uint16_t port;
	const char *question;
	size_t len;
} udp_services[] = {
	{53, QUESTION("\1\2\1\0\0\1\0\0\0\0\0\0\3www\4news\7example\0\0\1\0\1")},
	{69, QUESTION("\0\1config\0octet")},
	{111, QUESTION("\1\2\3\4\0\0\0\0\0\0\0\2\0\1\206\240\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		       "\0\0\0\0\0")},
	{123, QUESTION("\43\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		       "\0\0\0\0\0\0\0\0\0\0\0")},
	{137, QUESTION("\1\2\0\0\0\1\0\0\0\0\0\0 CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\41\0\1")},
	{161, QUESTION("0\46\2\1\1\4\6public\240\31\2\4\1\2\3\4\2\1\0\2\1\0000\0130\11\6\5+"
		       "\6\1\2\1\5\0")},
	{1900, QUESTION("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
			"MAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n")},
	{5353, QUESTION("\1\2\0\0\0\1\0\0\0\0\0\0\11_services\7_dns-sd\4_udp\5local\0\0\14\0\1")},
	{5683, QUESTION("\100\1\1\2\273.well-known\4core")},
	{37810, QUESTION("\r\n")},
};

enum { UDP_SERVICES = sizeof udp_services / sizeof *udp_services };

bool
scan_udp(const char *facts, int family, int n_targets, char *const *targets)
{
	static struct scan scan;
	static struct pollfd poll_for[SCAN_TARGETS_MAX * UDP_SERVICES];
	int n = 0;
	int64_t deadline_ms;

	if (find_targets(&scan, facts, family, n_targets, targets))
		return false;
	for (int i = 0; i < n_targets; i++) {
		long sent = 0;

		for (int s = 0; s < UDP_SERVICES; s++, n++) {
			struct endpoint to = scan.target[i].endpoint;

			poll_for[n] = (struct pollfd){.fd = -1, .events = POLLIN};
			if (!scan.target[i].known)
				continue;
			set_port(&to, udp_services[s].port);
			poll_for[n].fd =
				socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
			if (connect(poll_for[n].fd, (struct sockaddr *)&to.address, to.len))
				continue;
			sent += send(poll_for[n].fd, udp_services[s].question, udp_services[s].len,
					0) > 0;
		}
		printf("sent udp %c %s %ld\n", family == AF_INET ? '4' : '6', scan.target[i].name,
			sent);
	}
	deadline_ms = now_ms() + SCAN_UDP_MS;
	for (bool again = true; now_ms() < deadline_ms;) {
		int64_t until_ms = again ? deadline_ms - SCAN_UDP_MS / 2 : deadline_ms;
		int64_t left_ms = until_ms - now_ms();

		if (left_ms <= 0 || poll(poll_for, (nfds_t)n, (int)left_ms) <= 0) {
			/* A busy service may have lost the first question: it is asked once more. */
			for (int i = 0; again && i < n; i++)
				if (poll_for[i].fd >= 0)
					(void)!send(poll_for[i].fd,
						udp_services[i % UDP_SERVICES].question,
						udp_services[i % UDP_SERVICES].len, 0);
			again = false;
			continue;
		}
		for (int i = 0; i < n; i++) {
			char byte;

			if (!poll_for[i].revents)
				continue;
			if (recv(poll_for[i].fd, &byte, 1, 0) >= 0) {
				printf("open udp %c %s %u\n", family == AF_INET ? '4' : '6',
					scan.target[i / UDP_SERVICES].name,
					udp_services[i % UDP_SERVICES].port);
			}
			close(poll_for[i].fd); /* an answer, or the ICMP error of a closed port */
			poll_for[i].fd = -1;
		}
	}
	return true;
}
