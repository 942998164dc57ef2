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

#endif
