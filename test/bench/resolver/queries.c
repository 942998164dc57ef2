/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What opening adds to an answer.  The real resolver, confined; a child of this
 * program is the enforcer, which adds each address to a kernel set and waits
 * for the acknowledgement before it answers; another drains the engine's
 * channel.  Serial questions, the modes in turn, question by question:
 *
 *	off      a device whose policy opens nothing
 *	already  a held device, address open
 *	new      a held device, address not open yet: hop, kernel, acknowledgement
 *	fresh    as new, and the name is in no cache
 *	nftset   dnsmasq --nftset, cache off, since its cached answers open nothing
 *	plain    dnsmasq, cache off
 *
 * Prints raw lines for figures.c.  Needs a network namespace: see run.sh.
 *
 *	environment: RESOLVER, FOLDER; queries ROUNDS
 */
#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../scenario/stage.h"
#include "base/auto.h"
#include "base/loop.h"
#include "packet/dns.h"
#include "test.h"

enum {
	DEVICES = 20,
	NAMES = 40,
	FRESH = 60,
	ROUNDS_MAX = 25,
	FIRST = 1000,
	SAMPLES = DEVICES * NAMES
};

static struct stage stage;
static struct channel *engine;
static uint32_t generation = 1;

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double
median(double *samples, size_t count)
{
	qsort(samples, count, sizeof *samples, by_value);
	return samples[count / 2];
}

/* --- the enforcer ---------------------------------------------------------------------------- */

static struct nlmsghdr *
put_header(void *at, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource, uint32_t seq)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(at);
	struct nfgenmsg *message = mnl_nlmsg_put_extra_header(header, sizeof *message);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = seq;
	message->nfgen_family = family;
	message->version = NFNETLINK_V0;
	message->res_id = htons(resource);
	return header;
}

static void
put_element(struct nlmsghdr *header, const struct ip *ip, uint32_t seconds)
{
	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, "bench");
	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, "opened");
	struct nlattr *list = mnl_attr_nest_start(header, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *element = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(header, NFTA_SET_ELEM_KEY);
	mnl_attr_put(header, NFTA_DATA_VALUE, 4, ip->byte);
	mnl_attr_nest_end(header, key);
	mnl_attr_put_u64(header, NFTA_SET_ELEM_TIMEOUT, htobe64((uint64_t)seconds * 1000));
	mnl_attr_nest_end(header, element);
	mnl_attr_nest_end(header, list);
}

/* One element into `inet bench opened`, acknowledged by the kernel. */
static bool
add_element(struct mnl_socket *netlink, const struct ip *ip, uint32_t seconds)
{
	static uint8_t bytes[4096];
	static uint32_t seq;
	char answer[4096];
	uint8_t *at = bytes;

	at += put_header(at, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, ++seq)
		      ->nlmsg_len;
	struct nlmsghdr *header = put_header(at, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM,
		NLM_F_CREATE | NLM_F_ACK, NFPROTO_INET, 0, ++seq);
	put_element(header, ip, seconds);
	at += header->nlmsg_len;
	at += put_header(at, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, ++seq)
		      ->nlmsg_len;
	if (mnl_socket_sendto(netlink, bytes, (size_t)(at - bytes)) < 0)
		return false;
	ssize_t n = mnl_socket_recvfrom(netlink, answer, sizeof answer);
	const struct nlmsghdr *first = (const struct nlmsghdr *)(const void *)answer;
	return n > 0 && first->nlmsg_type == NLMSG_ERROR &&
	       ((const struct nlmsgerr *)mnl_nlmsg_get_payload(first))->error == 0;
}

static void
enforce(int fd)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_NETFILTER);
	static struct {
		_Alignas(16) struct message_header header;
		struct message_open open;
	} in;
	struct {
		struct message_header header;
		struct message_done done;
	} out = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!netlink || mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		_exit(1);
	while (recv(fd, &in, sizeof in, 0) == (ssize_t)(sizeof in.header + sizeof in.open)) {
		out.header = in.header;
		out.header.type = MESSAGE_DONE;
		out.header.len = sizeof out.done;
		out.done.device = in.open.device;
		out.done.generation = in.open.generation;
		out.done.err = add_element(netlink, &in.open.address, in.open.seconds) ? ERR_OK
										       : ERR_KERNEL;
		if (send(fd, &out, sizeof out.header + sizeof out.done, 0) < 0)
			break;
	}
	_exit(0);
}

static void
echo(int fd)
{
	char bytes[256];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);
		if (n <= 0 || send(fd, bytes, (size_t)n, 0) < 0)
			_exit(0);
	}
}

static int
child(void (*run)(int fd))
{
	int pair[2];

	EXPECT(!channel_pair(pair));
	if (!fork()) {
		close(pair[0]);
		run(pair[1]);
	}
	close(pair[1]);
	return pair[0];
}

/* --- the engine ------------------------------------------------------------------------------- */

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
}

static void
device_address(char out[32], unsigned device)
{
	snprintf(out, 32, "192.168.%u.%u", 80 + device / 200, 1 + device % 200);
}

static void
tell_view(unsigned device, bool is_held)
{
	static struct message_view m;
	char text[32];

	memset(&m, 0, sizeof m);
	m.device = FIRST + device;
	m.generation = generation;
	m.mode = is_held ? VIEW_DECLARED : VIEW_OPEN;
	m.n_addresses = 1;
	device_address(text, device);
	EXPECT(ip_parse(&m.address[0], text));
	for (unsigned i = 0; is_held && i < NAMES; i++) {
		m.name[i].slot = (uint16_t)(i + 1);
		snprintf(m.name[i].name, VIEW_NAME_MAX, "h%u.example", i);
	}
	if (is_held) {
		m.name[NAMES].slot = NAMES + 1;
		m.name[NAMES].is_suffix = true;
		snprintf(m.name[NAMES].name, VIEW_NAME_MAX, "fresh.example");
		m.n_names = NAMES + 1;
	}
	EXPECT(!channel_send(engine, MESSAGE_VIEW, 0, &m, message_view_len(&m), -1));
}

/* --- questions --------------------------------------------------------------------------------- */

static int
asker(unsigned device, const char *server)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct timeval patience = {2, 0};
	char text[32];

	device_address(text, device);
	int fd = stage_socket(text, 0, SOCK_DGRAM);
	inet_pton(AF_INET, server, &to.sin_addr);
	EXPECT_INT(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

/* Microseconds until the answer; it must have an address. */
static double
ask(int fd, const char *name_text)
{
	static uint16_t id;
	uint8_t query[512], reply[1500];
	struct writer w = writer_over(query, sizeof query);
	struct dns_name name;

	EXPECT(dns_name_from_text(&name, name_text));
	writer_u16(&w, ++id);
	writer_u16(&w, DNS_FLAG_WANT_RECURSION);
	writer_u16(&w, 1);
	writer_u16(&w, 0);
	writer_u32(&w, 0);
	writer_bytes(&w, name.wire, name.len);
	writer_u16(&w, DNS_A);
	writer_u16(&w, DNS_IN);
	double began = now_us();
	EXPECT(send(fd, query, writer_len(&w), 0) > 0);
	ssize_t n = recv(fd, reply, sizeof reply, 0);
	double took = now_us() - began;
	if (n < 12 || reply[7] == 0) {
		fprintf(stderr, "queries: %s: no address came\n", name_text);
		exit(1);
	}
	return took;
}

static double
round_trip(int fd)
{
	static double samples[SAMPLES];
	char bytes[sizeof(struct message_header) + sizeof(struct message_open)] = {0};

	for (int i = 0; i < SAMPLES; i++) {
		double began = now_us();
		EXPECT(send(fd, bytes, sizeof bytes, 0) > 0);
		EXPECT(recv(fd, bytes, sizeof bytes, 0) > 0);
		samples[i] = now_us() - began;
	}
	return median(samples, SAMPLES);
}

/* The devices of each mode: their own, since each may ask only so often. */
enum { OFF, ALREADY, NEW, MODES, NFTSET = 3 * DEVICES, PLAIN, FRESH_ASKER };

static void
measure_round(int round, int echo_fd, bool has_dnsmasq)
{
	static double took[MODES][SAMPLES], fresh[FRESH], nftset[FRESH], plain[FRESH];
	static int fd[MODES][DEVICES], fresh_fd, nftset_fd, plain_fd;
	char name[64];
	size_t n = 0;

	for (unsigned m = 0; m < MODES && !round; m++)
		for (unsigned d = 0; d < DEVICES; d++)
			fd[m][d] = asker(m * DEVICES + d, "192.168.77.1");
	if (!round) {
		fresh_fd = asker(FRESH_ASKER, "192.168.77.1");
		nftset_fd = asker(NFTSET, "198.18.0.54");
		plain_fd = asker(PLAIN, "198.18.0.55");
	}
	/* A new policy: what NEW asks for is not open any more. */
	generation++;
	for (unsigned d = 0; d < DEVICES; d++)
		tell_view(NEW * DEVICES + d, true);
	tell_view(FRESH_ASKER, true);
	stage_pump(1300);
	for (unsigned i = 0; i < NAMES; i++)
		for (unsigned d = 0; d < DEVICES; d++, n++) {
			snprintf(name, sizeof name, "h%u.example", i);
			/* Who comes after a switch of processes pays for cold caches: each in turn. */
			static const uint8_t order[6][MODES] = {{OFF, ALREADY, NEW},
				{OFF, NEW, ALREADY}, {ALREADY, OFF, NEW}, {ALREADY, NEW, OFF},
				{NEW, OFF, ALREADY}, {NEW, ALREADY, OFF}};
			for (unsigned k = 0; k < MODES; k++) {
				unsigned m = order[n % 6][k];
				took[m][n] = ask(fd[m][d], name);
			}
		}
	for (int i = 0; i < FRESH; i++) {
		snprintf(name, sizeof name, "r%dn%d.fresh.example", round, i);
		fresh[i] = ask(fresh_fd, name);
		if (!has_dnsmasq)
			continue;
		nftset[i] = ask(nftset_fd, name);
		plain[i] = ask(plain_fd, name);
	}
	double off = median(took[OFF], n), already = median(took[ALREADY], n),
	       new = median(took[NEW], n), hop = round_trip(echo_fd);
	printf("dns-open-already %.2f %.2f\n", already - off, off);
	printf("dns-open-new %.2f %.2f\n", new - off, hop);
	printf("dns-open-new-beyond %.2f\n", new - off - hop);
	if (has_dnsmasq) {
		double with = median(nftset, FRESH), without = median(plain, FRESH);
		printf("dns-nftset %.2f %.2f\n", median(fresh, FRESH), with);
		printf("dns-nftset-added %.2f %.2f\n", new - off, with - without);
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct settings settings = stage_home(getenv("FOLDER"));
	int rounds = argc > 1 ? atoi(argv[1]) : 15;
	bool has_dnsmasq = getenv("DNSMASQ") != NULL;
	char name[64];

	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	settings.n_forwards = 1;
	EXPECT(ip_parse(&settings.forward[0], "198.18.0.53"));
	int enforcer_fd = child(enforce), echo_fd = child(echo);
	stage_start(&stage, PROCESS_RESOLVER, getenv("RESOLVER"), &settings, on_message);
	stage_give(&stage, DESCRIPTOR_DNS_UDP, stage_socket("192.168.77.1", 53, SOCK_DGRAM));
	engine = stage_peer(&stage, PROCESS_ENGINE);
	stage_give_peer(&stage, PROCESS_ENFORCER, enforcer_fd);
	stage_go(&stage);
	for (unsigned d = 0; d < DEVICES; d++) {
		tell_view(OFF * DEVICES + d, false);
		tell_view(ALREADY * DEVICES + d, true);
	}
	stage_pump(100);
	/* Into the cache, and open for those that are to find it open. */
	for (unsigned d = 0; d < DEVICES; d++) {
		int fd = asker(ALREADY * DEVICES + d, "192.168.77.1");
		for (unsigned i = 0; i < NAMES; i++) {
			snprintf(name, sizeof name, "h%u.example", i);
			(void)ask(fd, name);
		}
		close(fd);
	}
	for (int round = 0; round < rounds; round++)
		measure_round(round, echo_fd, has_dnsmasq);
	stage_stop(&stage);
	return 0;
}
