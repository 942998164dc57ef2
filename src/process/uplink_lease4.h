/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_UPLINK_LEASE4_H
#define PINFOLD_PROCESS_UPLINK_LEASE4_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

/*
 * A client's side of DHCPv4 (RFC 2131, section 4.4): pure, no socket, no clock.
 *
 * The owner of a lease4 asks at next_ns, or after each frame that it heard,
 * what to send.  What a server says is a claim: addresses that no uplink can
 * have are refused, times are bounded.  Of several offers the first is taken.
 */
enum {
	LEASE4_FRAME_MAX = 600,
	LEASE4_NAME_SERVERS_MAX = 4,
	LEASE4_SECONDS_MIN = 10,
	LEASE4_SECONDS_MAX = 7 * 24 * 3600, /* longer ones are renewed as if they ended then */
};

enum lease4_state {
	LEASE4_SELECTING,
	LEASE4_REQUESTING,
	LEASE4_BOUND,
	LEASE4_RENEWING,  /* asks the server that gave it */
	LEASE4_REBINDING, /* asks any */
};

struct lease4 {
	/* What is held; no address.version: nothing is. */
	struct ip_prefix address;
	struct ip router; /* none: no way out by it */
	uint8_t name_server_count;
	struct ip name_server[LEASE4_NAME_SERVERS_MAX];
	uint64_t end_ns;

	/* How it is going. */
	enum lease4_state state;
	uint64_t next_ns; /* call lease4_due() then */
	uint8_t mac[6];
	struct ip_prefix lan; /* an offer inside it would be our own network */
	uint32_t transaction;
	unsigned tries;
	uint64_t begun_ns, renew_ns, rebind_ns;
	struct ip wanted, server;
	uint8_t server_mac[6]; /* the next hop to it: who sent its frame */
	bool met_lan;          /* somebody offered an address of our own LAN */
};

/* Begins anew, as after a change of the link; what is held stays until it ends or is replaced. */
void lease4_begin(
	struct lease4 *, const uint8_t mac[static 6], const struct ip_prefix *lan, uint64_t now_ns);

/*
 * Does what is due now: gives the length of a frame to send, or 0.
 * *changed: what is held has ended.  random: fresh each time.
 */
size_t lease4_due(struct lease4 *, uint64_t now_ns, uint32_t random,
	uint8_t frame[static LEASE4_FRAME_MAX], bool *changed);

/* A frame that the uplink received, any bytes.  True if what is held changed. */
bool lease4_hear(struct lease4 *, const void *frame, size_t len, uint64_t now_ns);

#endif
