/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_MONITOR_LINK_H
#define PINFOLD_PROCESS_MONITOR_LINK_H

#include "message/message.h"

/*
 * The links that the settings name (ports, bridge, uplink), as the kernel
 * reports them by rtnetlink.  `up` in a message means that the link is up and
 * has a carrier.  A link that was renamed or made again is gone first.  Of the
 * addresses of the uplink, and of those of the bridge that are not in the
 * settings, the first global one of each family is told, until it goes.
 */
struct monitor_link_hooks {
	void (*on_link)(const struct message_link *);
	/* The bridge came, went or got its link-local address: look again. */
	void (*on_bridge)(void);
	/* The uplink came or went. */
	void (*on_uplink)(void);
};

/* Before the loop runs; reads all links that are there. */
void monitor_link_start(const struct settings *, const struct monitor_link_hooks *);

/* Tells every link that is there (a process that was started again). */
void monitor_link_tell(void (*tell)(const struct message_link *, void *arg), void *arg);

/* ifindex of bridge and uplink, 0 if there is none; and whether the bridge has its addresses. */
int monitor_link_bridge(void);
int monitor_link_uplink(void);
bool monitor_link_bridge_has_addresses(void);
struct ip monitor_link_bridge_local(void); /* version 0 while there is none */

#endif
