/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LAB_NET_H
#define PINFOLD_LAB_NET_H

/*
 * What the lab's tools share: times, addresses, and the building of packets.
 *
 * On purpose nothing of the product is used here: what measures Pinfold must
 * not share its mistakes.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
};

int64_t now_ms(void);
int64_t now_us(void);

/*
 * Find an address of the family (AF_INET or AF_INET6) for "1.2.3.4", "name",
 * "device:NAME", which is looked up in the folder of facts that the lab keeps,
 * or "link:NAME", its link-local address on our wire.  False when there is none.
 */
bool endpoint_find(
	struct endpoint *, const char *facts, const char *target, uint16_t port, int family);

/* A number of an argument between the limits, or the end of the program with a message. */
long number(const char *text, long least, long most, const char *what);

/* A connected TCP socket, non-blocking, or -1 (errno says why). */
int connect_within(const struct endpoint *, int timeout_ms);

/* Wait until the descriptor can be read; false when the time is over. */
bool readable(int fd, int64_t deadline_ms);

/* Internet checksum (RFC 1071) over data, added to sum. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);
uint16_t checksum_end(uint32_t sum);

/* Payload checksum with the IPv4 or IPv6 pseudo-header. */
uint16_t checksum_over(int family, const void *source, const void *destination, uint8_t protocol,
	const void *payload, size_t len);

#endif
