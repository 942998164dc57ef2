/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_CONFINE_H
#define PINFOLD_PROCESS_CONFINE_H

#include "message/message.h"

/*
 * Give up everything that the process does not need, for good: its own user
 * (uid-base + number), no new privileges, only the capabilities, paths
 * (Landlock, and an empty root where it serves) and system calls of its row in
 * confine.c.  What cannot be given up ends the process; a kernel without
 * Landlock is the one exception, and is said in the log and by doctor.
 * PRIVSEP.md says the same in words.
 */
void confine(enum process self, const struct settings *);

/*
 * For a child of self that computes: its user, an empty root, no file, no socket but those
 * that are open, which it reads and writes.
 */
void confine_to_computing(enum process self, const struct settings *);

/*
 * The same for a program that is not ours, between fork and exec: its row's
 * capabilities survive the exec, its paths include what it is loaded from, and
 * of system calls only those are closed that no such program needs.
 */
void confine_foreign(enum process self, const struct settings *);

/* The monitor itself: it stays root, with the capabilities in confine.c and no others. */
void confine_monitor(void);

#endif
