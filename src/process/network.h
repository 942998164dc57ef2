/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_NETWORK_H
#define PINFOLD_PROCESS_NETWORK_H

#include "base/settings.h"
#include "message/message.h"

/*
 * Interfaces, addresses and neighbour entries of the gateway, by rtnetlink and
 * sysctls.  The bridge is made and addressed at the start; a port joins it
 * only by network_raise(), when the rules and all policies are in force.
 *
 * Everything may be done again: what is there already stays as it is.
 */
struct network;

enum err network_new(struct network **, const struct settings *, struct fault *why) MUST_USE;

/* ifindex of a link by its name; 0 when there is none. */
uint32_t network_index(struct network *, const char *name);

/* The bridge's own MAC: the same at every start, made from the uplink's. */
const uint8_t *network_gateway_mac(const struct network *);

/*
 * Router: forwarding and neighbour sysctls, the bridge with its addresses, the
 * uplink.  Sensor: ports that are there are silenced, whether up or down.
 */
enum err network_prepare(struct network *, struct fault *why) MUST_USE;

/*
 * Router: every port that is there becomes an isolated port of the bridge and
 * goes up.  Sensor: every port is silenced, then goes up; one that cannot be
 * silenced stays down.  A port that is not there yet is no failure.
 */
enum err network_raise(struct network *, struct fault *why) MUST_USE;

/* An interface appeared or changed: a port of ours is raised, when ports are raised at all. */
void network_on_link(struct network *, const struct message_link *);

/*
 * The bindings of a device changed from old to new (either may be NULL): each
 * address of the new ones gets a permanent neighbour entry, so that nobody can
 * claim it by ARP or ND, and each MAC stays on its port of the bridge whoever
 * else uses it.
 */
void network_bind(
	struct network *, const struct message_policy *old, const struct message_policy *new);

/*
 * Milliseconds since the bridge let a frame of any of these bindings' MACs in, by its
 * own table; HEARD_NEVER where it knows of none.  Asks the kernel once a MAC.
 */
uint32_t network_silence_ms(struct network *, const struct message_policy *);

#endif
