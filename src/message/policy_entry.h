/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MESSAGE_POLICY_ENTRY_H
#define PINFOLD_MESSAGE_POLICY_ENTRY_H

#include <stdint.h>

#include "base/ip.h"

/*
 * The compiled form of one device's policy: what the engine tells the enforcer
 * and what the enforcer turns into set elements.  Numbers only: no host name,
 * no text of any kind crosses to the side that may change the kernel's rules.
 */
enum { DEVICE_NUMBER_MAX = 0xfffff };

enum device_state {
	DEVICE_STATE_UNKNOWN, /* passes nothing */
	DEVICE_WAITING,       /* DHCP, and DNS that answers with the status page */
	DEVICE_OBSERVE,       /* outbound only, without administration ports, watched */
	DEVICE_ENFORCE,       /* its policy and nothing else */
	DEVICE_QUARANTINE,    /* DHCP, DNS and the status page; established flows end */
	DEVICE_BLOCK,         /* nothing at all */
	DEVICE_TRUSTED,       /* outbound to the internet; neighbours by introduction */
	DEVICE_STATE_COUNT,
};

enum policy_entry_kind {
	POLICY_ENTRY_UNKNOWN,
	POLICY_ENTRY_ADDRESS,   /* device may open flows to address/prefix */
	POLICY_ENTRY_SLOT,      /* device may open flows to addresses opened in the slot */
	POLICY_ENTRY_NEIGHBOUR, /* device may open flows to device number `peer` */
	POLICY_ENTRY_DOOR,      /* address/prefix on the internet may open flows to the device */
	POLICY_ENTRY_DENY,      /* virtual patch: device may not open flows to this port, whatever
				   else allows it; looked up first (states observe and trusted) */
	POLICY_ENTRY_KIND_COUNT,
};

/*
 * Ports are host order.  proto 6 and 17: ports lo..hi of the responder; proto 1
 * and 58: port_lo is the ICMP type, port_hi the code or 0xffff for any.  proto 0
 * is any protocol and then the ports are 0..0xffff.
 */
struct policy_entry {
	uint8_t kind;
	uint8_t version; /* 4, 6; 0 where the address does not matter */
	uint8_t proto;
	uint8_t prefix_length; /* with address; host prefix 32 or 128 */
	uint16_t port_lo, port_hi;
	uint16_t source_lo, source_hi; /* 0..0xffff: any */
	uint16_t slot;                 /* 1.., 0 none */
	uint16_t zero;
	uint32_t peer; /* device number of the neighbour */
	uint32_t rule; /* the engine's rule, comes back in counters; 0 none */
	struct ip address;
};

/* (port, MAC, address) that the device is bound to. */
struct policy_binding {
	char port[16]; /* name of the bridge port, NUL-terminated and zero-filled */
	uint8_t mac[6];
	uint8_t zero[2];
	struct ip address;
};

enum { POLICY_ENTRIES_MAX = 640, POLICY_BINDINGS_MAX = 24, POLICY_SLOTS_MAX = 192 };

#endif
