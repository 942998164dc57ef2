/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LAB_FRAME_H
#define PINFOLD_LAB_FRAME_H

/*
 * Frames as an attacker writes them: any source, any claim.  They leave by the
 * one interface of the room that they are sent from.
 */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 1500 };

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
};

struct wire {
	int fd;
	int index;
	uint8_t mac[ETH_ALEN]; /* the interface's own */
};

/* Ends the program when there is no such interface. */
void wire_open(struct wire *, const char *interface);
void wire_send(const struct wire *, const struct frame *);

void frame_start(struct frame *, const uint8_t to[static ETH_ALEN],
	const uint8_t from[static ETH_ALEN], uint16_t type);
void frame_add(struct frame *, const void *bytes, size_t len);

/* An ARP reply: "claimed is at mac", said to one. */
void frame_arp_reply(struct frame *, const uint8_t mac[static ETH_ALEN], struct in_addr claimed,
	const uint8_t to_mac[static ETH_ALEN], struct in_addr to);

/* An unsolicited neighbour advertisement that overrides (RFC 4861, 4.4). */
void frame_neighbour(struct frame *, const uint8_t mac[static ETH_ALEN],
	const struct in6_addr *claimed, const uint8_t to_mac[static ETH_ALEN],
	const struct in6_addr *to);

/* A router advertisement (RFC 4861, 4.2) with one prefix of 64 bits. */
void frame_router(struct frame *, const uint8_t mac[static ETH_ALEN], const struct in6_addr *from,
	const struct in6_addr *prefix);

/* A UDP datagram. */
void frame_udp4(struct frame *, const uint8_t to_mac[static ETH_ALEN],
	const uint8_t mac[static ETH_ALEN], struct in_addr from, uint16_t from_port,
	struct in_addr to, uint16_t port, const void *payload, size_t len);

/* An LLDP frame with a MUD URL (RFC 8520, section 11). */
void frame_lldp(struct frame *, const uint8_t mac[static ETH_ALEN], const char *url);

#endif
