/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_FILTER_H
#define PINFOLD_OBSERVATION_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What the kernel lets through to capture: control protocols and the heads of
 * connections that come in, what our DHCP server sends out, and the first answer
 * of a TLS server to a device.  Everything else is counted by the kernel
 * (conntrack) and never copied.
 *
 * The program is made of constant text; nothing from outside goes into it.  The
 * monitor attaches it to an AF_PACKET socket (SOCK_RAW, all interfaces) and
 * locks it (SO_LOCK_FILTER).
 */
enum { FILTER_MAX = 2048, FILTER_INTERFACES_MAX = 200 };

struct filter {
	uint16_t n;
	struct sock_filter code[FILTER_MAX];
};

/*
 * Only from these interfaces, by index; none: from all.  The bridge must be
 * among them for the DHCP server's answers.
 */
enum err filter_make(
	struct filter *, const uint32_t *ifindex, size_t n, struct fault *why) MUST_USE;

/* The same choice for frames of a capture file, as text of pcap-filter(7); for tests and tcpdump. */
extern const char filter_incoming[], filter_outgoing[];

#endif
