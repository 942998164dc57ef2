/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_ICMP_H
#define PINFOLD_PACKET_ICMP_H

#include "packet/reader.h"

/* ICMP (RFC 792) and the head that ICMPv6 (RFC 4443) shares with it. */
struct icmp {
	uint8_t type, code;
	bool is_echo;          /* request or reply */
	uint16_t id, sequence; /* with is_echo */
};

enum { ICMP_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_REDIRECTED = 5, ICMP_REQUEST = 8 };

/* Moves the cursor behind the eight bytes that all messages have. */
bool icmp_parse(struct icmp *, struct reader *);

#endif
