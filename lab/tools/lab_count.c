/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts what arrives at this room: the far side of every attack.
 *
 *	lab-count INTERFACE SECONDS
 *
 * Counts packets that are addressed to this machine (unicast) until the time is over or
 * SIGTERM comes, then prints a line for each sender, receiver, kind and port:
 *	KIND FAMILY FROM TO PORT COUNT FIRST_US LAST_US
 * KIND is syn (a TCP segment that opens), tcp, udp, icmp or other; times are
 * microseconds of the real clock.  The last line is "missed N": what the kernel
 * had to drop before we saw it, and what found no room in our table.  The word
 * "begun" is printed at once when counting has begun.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

enum {
	TABLE_SIZE = 1 << 18, /* a full scan by each of a few senders fits */
	TABLE_FULL = TABLE_SIZE / 4 * 3,
	SECONDS_MAX = 7200,
	BUFFER = 64 << 20,
};

enum kind { KIND_NONE, KIND_SYN, KIND_TCP, KIND_UDP, KIND_ICMP, KIND_OTHER };
static const char *const kind_name[] = {"none", "syn", "tcp", "udp", "icmp", "other"};

struct key {
	uint8_t kind, family;
	uint16_t port;
	uint8_t from[16], to[16];
};

struct row {
	struct key key;
	uint64_t count;
	int64_t first_us, last_us;
};

static struct row table[TABLE_SIZE];
static uint64_t rows, no_room;
static volatile sig_atomic_t ended;

static void
on_end(int number_of_signal)
{
	ended = number_of_signal;
}

static struct row *
row_of(const struct key *key)
{
	const uint8_t *byte = (const uint8_t *)key;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof *key; i++)
		hash = (hash ^ byte[i]) * 16777619u;
	for (uint32_t at = hash % TABLE_SIZE;; at = (at + 1) % TABLE_SIZE) {
		if (!table[at].count) {
			if (rows >= TABLE_FULL)
				return NULL;
			rows++;
			table[at].key = *key;
			return &table[at];
		}
		if (!memcmp(&table[at].key, key, sizeof *key))
			return &table[at];
	}
}

static bool
key_from(struct key *key, const uint8_t *packet, size_t len)
{
	size_t head;
	uint8_t protocol;

	memset(key, 0, sizeof *key);
	if (len >= sizeof(struct iphdr) && packet[0] >> 4 == 4) {
		key->family = 4;
		memcpy(key->from, packet + 12, 4);
		memcpy(key->to, packet + 16, 4);
		head = (packet[0] & 15) * 4u;
		protocol = packet[9];
	} else if (len >= sizeof(struct ip6_hdr) && packet[0] >> 4 == 6) {
		key->family = 6;
		memcpy(key->from, packet + 8, 16);
		memcpy(key->to, packet + 24, 16);
		head = sizeof(struct ip6_hdr);
		protocol = packet[6];
	} else {
		return false;
	}
	key->kind = KIND_OTHER;
	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		key->kind = KIND_ICMP;
	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || len < head + 14)
		return true;
	key->port = (uint16_t)(packet[head + 2] << 8 | packet[head + 3]);
	key->kind = KIND_UDP;
	if (protocol == IPPROTO_TCP)
		key->kind = (packet[head + 13] & (TH_SYN | TH_ACK)) == TH_SYN ? KIND_SYN : KIND_TCP;
	return true;
}

static int64_t
time_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof t);
			return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
		}
	}
	return 0;
}

static void
count_one(int fd)
{
	struct sockaddr_ll from;
	uint8_t packet[128], control[64];
	struct iovec data = {.iov_base = packet, .iov_len = sizeof packet};
	struct msghdr message = {.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control};
	ssize_t len = recvmsg(fd, &message, 0);
	struct row *row;
	struct key key;

	if (len <= 0 || from.sll_pkttype != PACKET_HOST || !key_from(&key, packet, (size_t)len))
		return;
	row = row_of(&key);
	if (!row) {
		no_room++;
		return;
	}
	row->last_us = time_of(&message);
	if (!row->count++)
		row->first_us = row->last_us;
}

static void
print_table(int fd)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof stats;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < TABLE_SIZE; i++) {
		const struct row *row = &table[i];
		int family = row->key.family == 4 ? AF_INET : AF_INET6;

		if (!row->count)
			continue;
		printf("%s %u %s %s %u %llu %lld %lld\n", kind_name[row->key.kind], row->key.family,
			inet_ntop(family, row->key.from, from, sizeof from),
			inet_ntop(family, row->key.to, to, sizeof to), row->key.port,
			(unsigned long long)row->count, (long long)row->first_us,
			(long long)row->last_us);
	}
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	printf("missed %llu\n", (unsigned long long)(stats.tp_drops + no_room));
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_end};
	struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int on = 1, size = BUFFER;
	int64_t end_ms;
	int fd;

	if (argc < 3) {
		fputs("usage: lab-count INTERFACE SECONDS\n", stderr);
		return 2;
	}
	end_ms = now_ms() + number(argv[2], 1, SECONDS_MAX, "seconds") * 1000;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	here.sll_ifindex = (int)if_nametoindex(argv[1]);
	/* DGRAM: the packet without its Ethernet header. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !here.sll_ifindex ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) ||
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) ||
		bind(fd, (struct sockaddr *)&here, sizeof here)) {
		perror(argv[1]);
		return 1;
	}
	puts("begun");
	fflush(stdout);
	while (!ended && now_ms() < end_ms)
		if (readable(fd, now_ms() + 200))
			count_one(fd);
	/* What came before the end but is still in the queue counts too. */
	while (readable(fd, now_ms() + 20) && now_ms() < end_ms + 2000)
		count_one(fd);
	print_table(fd);
	return 0;
}
