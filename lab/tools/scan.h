/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LAB_SCAN_H
#define PINFOLD_LAB_SCAN_H

#include <stdbool.h>

/*
 * Which TCP ports of the targets can be opened from here.  A SYN is sent to
 * every port of the ranges ("1-1024,1883"), and once more, well after the first,
 * where neither SYN-ACK nor RST came; again and again, some five times, to a
 * target that answers otherwise, so that an open port is not missed for a packet
 * that a busy machine lost.  Each port that answers is then opened by an ordinary
 * connect; only what that opens is printed as "open tcp FAMILY TARGET PORT".
 * "sent tcp FAMILY TARGET COUNT" says for each target to how many of its ports a
 * SYN left (a packet that our own wire drops did not).  False when it could not be
 * done at all.
 */
bool scan_tcp(
	const char *facts, int family, const char *ranges, int n_targets, char *const *targets);

/* Which of a fixed list of UDP ports answer, printed in the same way. */
bool scan_udp(const char *facts, int family, int n_targets, char *const *targets);

#endif
