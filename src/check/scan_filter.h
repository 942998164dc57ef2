/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_SCAN_FILTER_H
#define PINFOLD_CHECK_SCAN_FILTER_H

/*
 * Ports of the gateway from which scan_raw.h asks: above what systems give away by
 * themselves, and nobody listens there.
 */
enum { SCAN_PORT_FIRST = 64512, SCAN_PORT_COUNT = 1024 };

/*
 * A raw socket of TCP hears from now on nothing but answers to SYNs of those ports, that
 * is SYN with ACK and RST with ACK, cut behind their header; and for good: the filter is
 * locked.  What came before is thrown away unread.  version is 4 or 6, that of the
 * socket.  0 or errno.  For whoever opens it, before it is given away.
 */
int scan_filter_lock(int fd, int version);

#endif
