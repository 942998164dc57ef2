/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_ETHERNET_H
#define PINFOLD_PACKET_ETHERNET_H

#include "packet/reader.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100, /* IEEE 802.1Q */
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_EAPOL = 0x888e,        /* IEEE 802.1X */
	ETHERTYPE_SERVICE_VLAN = 0x88a8, /* IEEE 802.1ad */
	ETHERTYPE_LLDP = 0x88cc,
	ETHERTYPE_FIRST = 0x0600, /* below: an IEEE 802.3 length */
	VLAN_TAGS_MAX = 4,
};

/* A frame's head.  Source and destination are claims like everything else. */
struct ethernet {
	uint8_t destination[6], source[6];
	uint16_t type; /* after the tags; 0 for an 802.3 frame that is not SNAP */
	uint8_t vlan_count;
	uint16_t vlan[VLAN_TAGS_MAX]; /* outermost first, 12 bits */
	bool is_llc;                  /* 802.3 length and LLC */
	uint8_t dsap, ssap;           /* with is_llc */
	bool is_eapol;
	uint8_t eapol_version, eapol_type; /* with is_eapol */
};

/* Moves the cursor behind the head; for 802.3, the payload is cut to its length. */
bool ethernet_parse(struct ethernet *, struct reader *frame);

#endif
