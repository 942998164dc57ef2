/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RESOLVER_ANSWER_H
#define PINFOLD_PROCESS_RESOLVER_ANSWER_H

#include "message/message.h"
#include "packet/dns.h"

/*
 * Upstream's answer to a question for addresses, reduced to what we believe and
 * pass on: the CNAME chain that starts at the name asked, and the addresses at
 * its end.  Nothing else of the packet reaches the device or the kernel.
 */
enum { ANSWER_CHAIN_MAX = 16 };

struct answer {
	uint8_t rcode;
	uint8_t n_chain, n_addresses;
	uint32_t ttl_s;                          /* the least of all records */
	struct dns_name chain[ANSWER_CHAIN_MAX]; /* targets, in order */
	struct ip address[ANSWER_ADDRESSES_MAX]; /* more than these are left out */
};

enum answer_verdict {
	ANSWER_IS_UNKNOWN,
	ANSWER_IS_FINE,   /* perhaps with no address at all */
	ANSWER_IS_INSIDE, /* an address that no name of the internet may have (DNS rebinding) */
	ANSWER_IS_BROKEN, /* not a packet, another question, a loop */
};

/* Prefixes that are ours besides those of ip_is_inside(): the LAN's and the uplink's. */
struct own_prefixes {
	unsigned count;
	struct ip_prefix prefix[8];
};
void own_prefixes_from_settings(struct own_prefixes *, const struct settings *);
bool is_inside(const struct own_prefixes *, const struct ip *);

enum answer_verdict answer_from_packet(struct answer *, const struct dns_query *,
	const struct own_prefixes *, const void *packet, size_t len);

/* Any address at all in the packet, hints of SVCB and HTTPS included, that points inside. */
bool packet_points_inside(const struct own_prefixes *, const void *packet, size_t len);

/* The reply to the device, with the TTL of answer->ttl_s on every record; its length. */
size_t answer_render(
	const struct answer *, const struct dns_query *, void *buffer, size_t size, size_t limit);

#endif
