/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum {
	SCAN_TARGETS_MAX = 64,
	SCAN_BATCH = 64,
	SCAN_PORTS = 65536,
	SCAN_OPEN_MAX = 4096, /* a host that answers everything is a finding, not a list */
	SCAN_SETTLE_MS = 300,
	SCAN_NO_NEIGHBOUR_MS = 4000,
	/* Silence is asked twice; one silent port of a host that otherwise answers, more often. */
	SCAN_ROUNDS_ALL = 2,
	SCAN_ROUNDS_MAX = 5,
	SCAN_RESENDS = 20,
	SCAN_CONNECT_MS = 3000,
	SCAN_UDP_MS = 1800,
	SCAN_UDP_ASKS = 3,
	SCAN_BUFFER = 16 << 20,
};

struct target {
	const char *name;
	struct endpoint endpoint, own;
	bool known;
	long n_asked, n_answered;
	uint8_t asked[SCAN_PORTS / 8], answered[SCAN_PORTS / 8];
};

struct open_port {
	int target;
	uint16_t port;
};

struct scan {
	int family;
	int n_targets;
	struct target target[SCAN_TARGETS_MAX];
	int sender, raw;
	int dropped; /* the count of packets that our wire did not take, or -1 */
	uint16_t from_port;
	uint32_t nonce; /* the upper 10 bits of our sequence numbers */
	int n_open;
	struct open_port open[SCAN_OPEN_MAX];
};

static bool
marked(const uint8_t *set, uint32_t port)
{
	return set[port / 8] & 1 << port % 8;
}

/* True the first time. */
static bool
mark(uint8_t *set, uint32_t port)
{
	bool first = !marked(set, port);

	set[port / 8] |= (uint8_t)(1 << port % 8);
	return first;
}

/* Whoever answers tells us with it which question it answers. */
static uint32_t
sequence_of(const struct scan *scan, int target, uint32_t port)
{
	return scan->nonce | (uint32_t)target << 16 | port;
}

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

/* Whether a target is named by its link-local address, which no router helps to find. */
static bool
on_link(const struct target *target)
{
	return target->endpoint.address.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL(
		       &((const struct sockaddr_in6 *)&target->endpoint.address)->sin6_addr);
}

/* Whether the kernel knows the MAC of a target on our link. */
static bool
neighbour_found(int netlink, const struct target *target)
{
	const struct sockaddr_in6 *address = (const void *)&target->endpoint.address;
	struct {
		struct nlmsghdr head;
		struct ndmsg neighbour;
		struct rtattr attribute;
		struct in6_addr address;
	} question = {
		.head = {.nlmsg_len = sizeof question,
			.nlmsg_type = RTM_GETNEIGH,
			.nlmsg_flags = NLM_F_REQUEST},
		.neighbour = {.ndm_family = AF_INET6, .ndm_ifindex = (int)address->sin6_scope_id},
		.attribute = {.rta_len = RTA_LENGTH(sizeof address->sin6_addr),
			.rta_type = NDA_DST},
		.address = address->sin6_addr,
	};
	struct {
		struct nlmsghdr head;
		struct ndmsg neighbour;
		uint8_t rest[512];
	} answer;

	return send(netlink, &question, sizeof question, 0) == sizeof question &&
	       recv(netlink, &answer, sizeof answer, 0) >=
		       (ssize_t)NLMSG_LENGTH(sizeof answer.neighbour) &&
	       answer.head.nlmsg_type == RTM_NEWNEIGH &&
	       answer.neighbour.ndm_state &
		       (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT);
}

/*
 * To a neighbour whose MAC is not found nothing can be sent: such a target is
 * forgotten, once the kernel has asked for it three times in vain.
 */
static void
forget_who_is_not_there(struct scan *scan)
{
	int64_t deadline_ms = now_ms() + SCAN_NO_NEIGHBOUR_MS;
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	for (int i = 0; i < scan->n_targets; i++) {
		struct target *target = &scan->target[i];

		if (!target->known || !on_link(target))
			continue;
		while (!neighbour_found(netlink, target) && now_ms() < deadline_ms)
			usleep(50000);
		target->known = neighbour_found(netlink, target);
	}
	close(netlink);
}

/*
 * One connection to each target first: the kernel then knows the way, and no SYN
 * is lost while it asks for it.
 */
static void
learn_the_way(struct scan *scan)
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
	forget_who_is_not_there(scan);
}

static int
raw_socket(int family, struct sock_filter *code, size_t len)
{
	struct sock_fprog filter = {.len = (unsigned short)len, .filter = code};
	int size = SCAN_BUFFER, offset = 16; /* of the checksum in the TCP header */
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) &&
		!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) &&
		(family == AF_INET ||
			!setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &offset, sizeof offset)))
		return fd;
	perror("raw socket");
	return -1;
}

/*
 * One socket that only sends, connected to one target at a time, which saves the
 * search for the way; and one that only hears answers to our port.
 */
static bool
open_raw(struct scan *scan)
{
	unsigned at =
		scan->family == AF_INET ? 20 : 0; /* raw IPv6 sockets begin at the TCP header */
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_filter answers[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, scan->from_port, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + 13),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TH_ACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	scan->sender = raw_socket(scan->family, nothing, sizeof nothing / sizeof *nothing);
	scan->raw = raw_socket(scan->family, answers, sizeof answers / sizeof *answers);
	return scan->sender >= 0 && scan->raw >= 0;
}

/*
 * A busy machine drops packets between the two ends of a wire, and tells nobody
 * but this counter.
 */
static int
open_dropped(void)
{
	static const char *const file[] = {"/sys/class/net/eth0/statistics/tx_dropped",
		"/sys/class/net/wan/statistics/tx_dropped"};
	int fd = -1;

	for (size_t i = 0; i < sizeof file / sizeof *file && fd < 0; i++)
		fd = open(file[i], O_RDONLY | O_CLOEXEC);
	return fd;
}

static long
packets_dropped(const struct scan *scan)
{
	char text[32];
	ssize_t len = pread(scan->dropped, text, sizeof text - 1, 0);

	if (len <= 0)
		return 0;
	text[len] = 0;
	return strtol(text, NULL, 10);
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
own_address(const struct scan *scan, struct target *target)
{
	struct endpoint *own = &target->own;
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

/* An answer to a question of ours: the number it acknowledges says to which. */
static void
note_answer(struct scan *scan, const struct endpoint *from, const uint8_t *tcp)
{
	uint32_t asked = ((uint32_t)tcp[8] << 24 | tcp[9] << 16 | tcp[10] << 8 | tcp[11]) - 1;
	uint16_t port = (uint16_t)(tcp[0] << 8 | tcp[1]);
	int at = (int)(asked >> 16 & (SCAN_TARGETS_MAX - 1));
	struct target *target = &scan->target[at];

	if (at >= scan->n_targets || !target->known || asked != sequence_of(scan, at, port) ||
		memcmp(address_of(&target->endpoint), address_of(from),
			scan->family == AF_INET ? 4 : 16))
		return;
	if (!mark(target->answered, port))
		return;
	target->n_answered++;
	if ((tcp[13] & (TH_SYN | TH_RST)) == TH_SYN && scan->n_open < SCAN_OPEN_MAX)
		scan->open[scan->n_open++] = (struct open_port){.target = at, .port = port};
}

static void
note_answers(struct scan *scan)
{
	static uint8_t packet[SCAN_BATCH][128];
	static struct endpoint from[SCAN_BATCH];
	struct iovec data[SCAN_BATCH];
	struct mmsghdr message[SCAN_BATCH];
	int n;

	do {
		memset(message, 0, sizeof message);
		for (int i = 0; i < SCAN_BATCH; i++) {
			data[i] =
				(struct iovec){.iov_base = packet[i], .iov_len = sizeof packet[i]};
			message[i].msg_hdr = (struct msghdr){.msg_name = &from[i].address,
				.msg_namelen = sizeof from[i].address,
				.msg_iov = &data[i],
				.msg_iovlen = 1};
		}
		n = recvmmsg(scan->raw, message, SCAN_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			size_t head = scan->family == AF_INET ? (packet[i][0] & 15) * 4u : 0;

			if (message[i].msg_len >= head + 20)
				note_answer(scan, &from[i], packet[i] + head);
		}
	} while (n == SCAN_BATCH);
}

/*
 * Send a batch of SYNs until none of it was lost on our own wire, or it was tried
 * often enough.  Returns how many are known to have left, of the first ones.
 */
static int
send_batch(struct scan *scan, struct mmsghdr *message, int n)
{
	int sent = 0;

	for (int tries = 0; tries < SCAN_RESENDS; tries++) {
		long dropped = packets_dropped(scan);

		for (int refused = 0; sent < n && refused < 100;) {
			int done = sendmmsg(scan->sender, message + sent, (unsigned)(n - sent), 0);

			if (done > 0) {
				sent += done;
			} else if (errno == EHOSTUNREACH || errno == ENETUNREACH) {
				return sent;
			} else {
				refused++;
				usleep(100);
			}
		}
		if (sent == n && packets_dropped(scan) == dropped)
			return n;
		usleep(1000);
		sent = 0;
	}
	return sent;
}

static void
ask(struct scan *scan, int at, const uint16_t *port, int n)
{
	struct target *target = &scan->target[at];
	static struct tcphdr syn[SCAN_BATCH];
	struct iovec data[SCAN_BATCH];
	struct mmsghdr message[SCAN_BATCH];
	int sent;

	memset(message, 0, sizeof message);
	for (int i = 0; i < n; i++) {
		syn[i] = (struct tcphdr){.source = htons(scan->from_port),
			.dest = htons(port[i]),
			.seq = htonl(sequence_of(scan, at, port[i])),
			.doff = 5,
			.syn = 1,
			.window = htons(1024)};
		if (scan->family == AF_INET)
			syn[i].check = checksum_over(AF_INET, address_of(&target->own),
				address_of(&target->endpoint), IPPROTO_TCP, &syn[i], sizeof syn[i]);
		data[i] = (struct iovec){.iov_base = &syn[i], .iov_len = sizeof syn[i]};
		message[i].msg_hdr = (struct msghdr){.msg_iov = &data[i], .msg_iovlen = 1};
	}
	sent = send_batch(scan, message, n);
	for (int i = 0; i < sent; i++)
		target->n_asked += mark(target->asked, port[i]);
	note_answers(scan);
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

/* Ask every port of the ranges from which nothing came yet. */
static void
ask_silent(struct scan *scan, int at, const char *ranges)
{
	struct target *target = &scan->target[at];
	struct endpoint to = target->endpoint;
	uint16_t first, last, port[SCAN_BATCH];
	int n = 0;

	set_port(&to, 0); /* raw sockets want none */
	if (connect(scan->sender, (struct sockaddr *)&to.address, to.len))
		return;
	while (next_range(&ranges, &first, &last)) {
		for (uint32_t at_port = first; at_port <= last; at_port++) {
			if (marked(target->answered, at_port))
				continue;
			port[n++] = (uint16_t)at_port;
			if (n == SCAN_BATCH) {
				ask(scan, at, port, n);
				n = 0;
			}
		}
	}
	if (n)
		ask(scan, at, port, n);
}

/*
 * All targets are asked in turn, round by round, so that the second question to a
 * port comes well after the first.  A target that answers most questions is one
 * whose silence is a loss: it is asked again.
 */
static void
ask_all(struct scan *scan, const char *ranges)
{
	for (int round = 0; round < SCAN_ROUNDS_MAX; round++) {
		bool asked = false;

		for (int i = 0; i < scan->n_targets; i++) {
			const struct target *target = &scan->target[i];
			bool silent = target->n_answered < target->n_asked || !round;
			bool answers = target->n_answered > target->n_asked / 2;

			if (!target->known || !silent || (round >= SCAN_ROUNDS_ALL && !answers))
				continue;
			ask_silent(scan, i, ranges);
			asked = true;
		}
		if (!asked)
			return;
		usleep(SCAN_SETTLE_MS * 1000);
		note_answers(scan);
	}
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
	int reserved;

	if (find_targets(&scan, facts, family, n_targets, targets))
		return false;
	if (getrandom(&scan.nonce, sizeof scan.nonce, 0) != sizeof scan.nonce)
		return false;
	scan.nonce &= ~(uint32_t)(SCAN_TARGETS_MAX * SCAN_PORTS - 1);
	reserved = reserve_port(&scan);
	if (reserved < 0 || !open_raw(&scan))
		return false;
	scan.dropped = open_dropped();
	if (scan.dropped < 0)
		fputs("what our own wire drops cannot be seen\n", stderr);
	learn_the_way(&scan);
	for (int i = 0; i < n_targets; i++)
		scan.target[i].known = scan.target[i].known && own_address(&scan, &scan.target[i]);
	ask_all(&scan, ranges);
	for (int i = 0; i < n_targets; i++)
		printf("sent tcp %c %s %ld\n", family == AF_INET ? '4' : '6', scan.target[i].name,
			scan.target[i].n_asked);
	open_what_answered(&scan);
	close(scan.sender);
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
	for (int asks = 1; now_ms() < deadline_ms;) {
		int64_t until_ms =
			deadline_ms - SCAN_UDP_MS / SCAN_UDP_ASKS * (SCAN_UDP_ASKS - asks);
		int64_t left_ms = until_ms - now_ms();

		if (left_ms <= 0 || poll(poll_for, (nfds_t)n, (int)left_ms) <= 0) {
			/* A busy service may have lost the question: it is asked again. */
			for (int i = 0; asks < SCAN_UDP_ASKS && i < n; i++)
				if (poll_for[i].fd >= 0)
					(void)!send(poll_for[i].fd,
						udp_services[i % UDP_SERVICES].question,
						udp_services[i % UDP_SERVICES].len, 0);
			asks += asks < SCAN_UDP_ASKS;
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
