/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_SKY_H
#define PINFOLD_POLICY_SKY_H

#include "message/message.h"

/*
 * How much a device may reach, counted from what the kernel was told and not from
 * what was meant.  Counts are rounded up, never in our favour: an address that two
 * entries open may be counted twice, and "all" is every address there is.
 *
 * What names opened is not in here: slots come without addresses, and whoever knows
 * what was opened in them adds it.
 */
struct sky {
	bool is_all;                   /* it may reach every address of the internet */
	double addresses4, addresses6; /* in prefixes; those of neighbours are the caller's */
	uint32_t ports;                /* pairs of TCP or UDP and a port; 0: none */
	uint32_t neighbours;           /* devices of the house that it may open something of */
};
enum { SKY_PORTS_ALL = 2 * 65535 };

void sky_from_policy(struct sky *, const struct message_policy *, bool is_paused);

#endif
