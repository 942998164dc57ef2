/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LAB_SCAN_H
#define PINFOLD_LAB_SCAN_H

#include <stdint.h>

/*
 * Which TCP ports of the targets can be opened from here.  A SYN is sent to
 * every port of the range, and each port that answers is then opened by an
 * ordinary connect; only what that opens is printed: "tcp FAMILY TARGET PORT".
 * Returns the number printed, or -1.
 */
int scan_tcp(const char *facts, int family, uint16_t first, uint16_t last, int n_targets,
	char *const *targets);

/* Which of a fixed list of UDP ports answer: "udp FAMILY TARGET PORT". */
int scan_udp(const char *facts, int family, int n_targets, char *const *targets);

#endif
