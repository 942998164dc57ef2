/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_ARP_H
#define PINFOLD_PACKET_ARP_H

#include "packet/reader.h"

#include "base/ip.h"

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

/* ARP for IPv4 over Ethernet (RFC 826); others are refused. */
struct arp {
	uint16_t operation;
	uint8_t sender_mac[6], target_mac[6];
	struct ip sender, target;
	bool is_probe;    /* sender is 0.0.0.0 (RFC 5227, 1.1) */
	bool is_announce; /* sender and target are one (RFC 5227, 1.1), also a reply */
};

bool arp_parse(struct arp *, struct reader);

#endif
