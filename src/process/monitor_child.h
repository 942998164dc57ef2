/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_MONITOR_CHILD_H
#define PINFOLD_PROCESS_MONITOR_CHILD_H

#include <sys/types.h>

#include "base/settings.h"
#include "message/message.h"

/*
 * Fork and exec.  A child is executed anew, so that nothing the monitor knew
 * is in its memory, with an empty environment, descriptors 0 (nothing), 1 and 2
 * (our log) and 3 (its channel), and dies with the monitor.
 */

/* Where the executables of the children are: beside our own, or where they are installed. */
enum err child_find_folder(char *folder, size_t size, struct fault *why) MUST_USE;
/* Is the executable of this process there? */
bool child_exists(const char *folder, enum process, struct fault *why);

/* *fd is our end of the channel; the caller owns it and the pid. */
enum err child_start(const char *folder, enum process, pid_t *pid, int *fd) MUST_USE;

/* dnsmasq with the configuration in the run directory, confined before it is executed. */
enum err child_start_dhcp(const struct settings *, pid_t *pid) MUST_USE;

/* How a child ended, for the log: "killed by signal 9 (Killed)"; borrowed until the next call. */
const char *child_end_text(int status);

#endif
