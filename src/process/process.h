/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_PROCESS_H
#define PINFOLD_PROCESS_PROCESS_H

#include "message/channel.h"

/*
 * How every child of the monitor begins; each main() reads the same:
 *
 *	const struct settings *settings = process_begin(PROCESS_X, &hooks);
 *	... open what can only be opened now ...
 *	confine(PROCESS_X, settings);
 *	process_ready();
 *	loop_run();
 *
 * Descriptor 3 is the channel to the monitor.  Everything that the process may
 * use besides comes through it: settings, then descriptors, then GO; later
 * descriptors replace earlier ones (a peer that was started again).  When the
 * monitor is gone the process ends.
 */
enum { PROCESS_MONITOR_FD = 3 };

struct process_hooks {
	/* Takes fd.  Called before process_begin() returns, and on the loop later. */
	void (*on_descriptor)(enum descriptor what, enum process peer, int fd, void *arg);
	void (*on_link)(const struct message_link *, void *arg); /* may be NULL */
	void *arg;
};

/* Hooks and the returned settings live as long as the process. */
const struct settings *process_begin(enum process self, const struct process_hooks *);

/*
 * What on_link was told before process_begin() returned, that is without settings:
 * for processes that can make nothing of a link so early.  *n of them, in order.
 */
const struct message_link *process_early_links(size_t *n);

/* Tells the monitor that the process is confined and serves; starts to listen to it. */
void process_ready(void);

#endif
