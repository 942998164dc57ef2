/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_RIG_LINE_H
#define PINFOLD_CHECK_RIG_LINE_H

#include "check/session.h"

/*
 * The end of the flows that the gateway turned to us.  There is one port for all
 * devices under test (RIG_PORT), so several rigs take turns.
 */

/*
 * Waits until the port is free, no longer than the check lasts.  type: SOCK_STREAM or
 * SOCK_DGRAM.  Gives a descriptor that does not block; -1: none, and if that was
 * trouble it is written as step "trouble".
 */
int rig_listen(struct session *, int type);

/*
 * The next connection of the device under test, and where it wanted to go before it
 * was turned.  Others that come are closed.  Gives a descriptor; -1: none in this time.
 */
int rig_take(struct session *, int listening, uint32_t ms, struct ip *address, uint16_t *port);

/* Asks the gateway; ports may be NULL. */
bool rig_ask(struct session *, uint8_t bits, uint32_t seconds, const uint16_t *ports, size_t n,
	struct message_rig_seen *);

#endif
