/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_SCAN_H
#define PINFOLD_CHECK_SCAN_H

#include "check/session.h"

enum port_state {
	PORT_UNTRIED,
	PORT_REFUSED, /* RST, or an ICMP error */
	PORT_SILENT,
	PORT_OPEN,
};
enum { PORT_COUNT = 65536 };

/*
 * Asks each of these ports once, many at a time, at the session's pace: connects, or on
 * a bench, where there is a socket for it, asks without a connection (scan_raw.h);
 * what was silent is tried a second time where the device answered at all.
 * state is the caller's, PORT_COUNT long, and zero at first.
 */
void scan_tcp(struct session *, const struct ip *, const uint16_t *ports, size_t n, uint8_t *state);

/*
 * Ports in the order in which they are tried: those where something is likely
 * first.  All 65535 of them or the likely ones alone; out has room for all.
 */
size_t scan_ports(uint16_t *out, bool all);

/* "1-79,81": the ports in this state, cut at `size`; how many there are. */
size_t scan_render(const uint8_t *state, enum port_state, char *out, size_t size);
/* Reads such text; marks the ports and gives their number, 0 when it is malformed. */
size_t scan_parse(const char *text, size_t len, uint8_t *state, enum port_state);

#endif
