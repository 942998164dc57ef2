/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_NETWORK_UPLINK_H
#define PINFOLD_PROCESS_NETWORK_UPLINK_H

#include "base/settings.h"
#include "message/message.h"

/*
 * Sets in the kernel what the provider gave us: addresses and the way out on
 * the uplink, and the first /64 of a delegated prefix on the bridge (both by
 * ifindex, 0 while there is none).  Every address carries its end, so that the
 * kernel takes it away in time although we be dead.
 *
 * The process that says so hears the provider's side and may be lost.  Nothing
 * it says may touch the LAN's own networks: false, and *why, when it tries or
 * the kernel refuses; what was set before stays then.
 */
bool network_uplink_set(const struct settings *, const struct message_uplink *, uint32_t uplink,
	uint32_t bridge, struct fault *why);

/*
 * What an enforcer before us set, as the links tell it: replaced by what is said
 * next, so that no address of an older prefix stays beside it.
 */
void network_uplink_adopt(const struct settings *, const struct message_link *);

/* The links are new or gone: what was said last is set where it is missing. */
bool network_uplink_again(uint32_t uplink, uint32_t bridge, struct fault *why);

/* The checks alone: no kernel. */
bool network_uplink_is_acceptable(
	const struct settings *, const struct message_uplink *, struct fault *why);

/* Our own address in the LAN's part of a delegated prefix: ::1 of its first /64. */
struct ip_prefix network_uplink_lan6(const struct ip_prefix *delegated);

#endif
