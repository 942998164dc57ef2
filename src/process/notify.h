/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_NOTIFY_H
#define PINFOLD_PROCESS_NOTIFY_H

#include <stdint.h>

/*
 * The little that a service says to systemd and hears from it: sd_notify(3) and
 * sd_listen_fds(3), by their published protocol.  Without systemd nothing
 * happens.
 */

/* Reads the environment, once, and forgets it, so that no child sees it. */
void notify_init(void);

/* "READY=1", "STATUS=...", "WATCHDOG=1", "STOPPING=1". */
void notify_say(const char *state);

/* How often WATCHDOG=1 is wanted; 0 never. */
uint64_t notify_watchdog_ms(void);

/* The first descriptor handed over that is a listening stream socket, or -1; others are closed. */
int notify_inherited_listener(void);

#endif
