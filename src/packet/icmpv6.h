/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_ICMPV6_H
#define PINFOLD_PACKET_ICMPV6_H

#include "packet/icmp.h"
#include "packet/ipv6.h"
#include "packet/reader.h"

#include "base/ip.h"

enum {
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_MLD_QUERY = 130, /* RFC 2710, RFC 3810 */
	ICMPV6_MLD_REPORT = 131,
	ICMPV6_MLD_DONE = 132,
	ICMPV6_ROUTER_SOLICITATION = 133, /* RFC 4861 */
	ICMPV6_ROUTER_ADVERTISEMENT = 134,
	ICMPV6_NEIGHBOUR_SOLICITATION = 135,
	ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136,
	ICMPV6_REDIRECT = 137,
	ICMPV6_MLD2_REPORT = 143,

	ND_PREFIXES_MAX = 4,
	ND_SERVERS_MAX = 4,
};

struct nd_prefix {
	struct ip_prefix prefix;
	uint32_t valid_s, preferred_s;
	bool is_on_link, is_autonomous;
};

/* One neighbour discovery message (RFC 4861), checked as its sections 6.1, 7.1 and 8.1 say. */
struct nd {
	uint8_t type;
	struct ip target;      /* NS, NA, redirect */
	struct ip redirect_to; /* redirect: the destination that is redirected */
	bool is_dad;           /* NS from ::, RFC 4862 section 5.4 */
	bool is_router, is_solicited, is_override; /* NA */
	bool has_source_mac, has_target_mac;
	uint8_t source_mac[6], target_mac[6];
	/* router advertisement */
	bool is_managed, has_other;
	uint16_t lifetime_s;
	uint8_t prefix_count, server_count; /* of those kept */
	struct nd_prefix prefix[ND_PREFIXES_MAX];
	struct ip server[ND_SERVERS_MAX]; /* RDNSS, RFC 8106 */
};

bool icmpv6_is_mld(uint8_t type);
bool icmpv6_is_nd(uint8_t type);

/*
 * The rest of a message of a type that icmpv6_is_nd(); the cursor stands at its
 * first byte.  False for what a host must ignore: hop limit not 255, code not
 * 0, a fragment (RFC 6980), bad lengths, an option of length 0, a source or
 * destination that does not go with the message.
 */
bool nd_parse(struct nd *, const struct ipv6 *, struct reader);

#endif
