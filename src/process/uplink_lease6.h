/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_UPLINK_LEASE6_H
#define PINFOLD_PROCESS_UPLINK_LEASE6_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "packet/dhcpv6.h"

/*
 * A client's side of DHCPv6 (RFC 8415, section 18.2) that asks for an address
 * of its own and for a prefix to hand on: pure, no socket, no clock.  The
 * default router comes by router advertisements, which the kernel reads.
 *
 * Used like a lease4; messages are UDP payloads to and from ff02::1:2.
 */
enum {
	LEASE6_MESSAGE_MAX = 512,
	LEASE6_SECONDS_MIN = 10,
	LEASE6_SECONDS_MAX = 7 * 24 * 3600,
	LEASE6_PREFIX_MIN = 20, /* shorter ones are given to nobody's home */
	LEASE6_PREFIX_MAX = 64, /* what devices need to make themselves addresses */
};

enum lease6_state {
	LEASE6_SOLICITING,
	LEASE6_REQUESTING,
	LEASE6_BOUND,
	LEASE6_RENEWING,
	LEASE6_REBINDING,
};

struct lease6 {
	/* What is held; version 0: nothing is. */
	struct ip address;
	struct ip_prefix prefix;
	uint64_t address_end_ns, prefix_end_ns, prefix_preferred_ns;
	uint8_t name_server_count;
	struct ip name_server[DHCPV6_SERVERS_MAX];

	enum lease6_state state;
	uint64_t next_ns;
	uint8_t mac[6];
	struct ip_prefix lan;
	uint32_t transaction; /* 24 bits */
	unsigned tries;
	uint64_t begun_ns, renew_ns, rebind_ns;
	struct octets server;
};

void lease6_begin(
	struct lease6 *, const uint8_t mac[static 6], const struct ip_prefix *lan, uint64_t now_ns);
size_t lease6_due(struct lease6 *, uint64_t now_ns, uint32_t random,
	uint8_t message[static LEASE6_MESSAGE_MAX], bool *changed);
bool lease6_hear(struct lease6 *, const void *message, size_t len, uint64_t now_ns);

#endif
