/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LAB_SCAN_H
#define PINFOLD_LAB_SCAN_H

#include <stdbool.h>

/*
 * Which TCP ports of the targets can be opened from here.  A SYN is sent to
 * every port of the ranges ("1-1024,1883"), and each port that answers is then
 * opened by an ordinary connect; only what that opens is printed as "open tcp
 * FAMILY TARGET PORT".  "sent tcp FAMILY TARGET COUNT" says what left for each
 * target.  False when it could not be done at all.
 */
bool scan_tcp(
	const char *facts, int family, const char *ranges, int n_targets, char *const *targets);

/* Which of a fixed list of UDP ports answer, printed in the same way. */
bool scan_udp(const char *facts, int family, int n_targets, char *const *targets);

#endif
