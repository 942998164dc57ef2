/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_SCAN_RAW_H
#define PINFOLD_CHECK_SCAN_RAW_H

#include "check/scan.h"
#include "packet/reader.h"

/*
 * Asking ports without a connection: a SYN from a raw socket that somebody opened and
 * narrowed (scan_filter.h), many in one call; nothing is kept but what came back.  The
 * kernel, which knows of no connection, takes back by itself (RST) what a port opened.
 */

/* Who asks whom; of one family. */
struct scan_asker {
	struct ip from, to;
	uint16_t port;
	uint32_t key; /* whose answers are ours; chance */
};

enum { SCAN_QUESTION_LEN = 24 };

/* A SYN to this port as it leaves, without an IP header (RFC 9293, section 3.1). */
void scan_question(uint8_t out[static SCAN_QUESTION_LEN], const struct scan_asker *, uint16_t port);

/*
 * What a segment that a stranger sent says of a port: PORT_OPEN or PORT_REFUSED, with
 * *port; PORT_UNTRIED where it answers no question of this asker.  With its IP header
 * where the version is 4.
 */
enum port_state scan_answer(const struct scan_asker *, struct reader, uint16_t *port);

struct scan_raw;

/* NULL where the session has no such socket for this address, or it cannot be used. */
struct scan_raw *scan_raw_new(struct session *, const struct ip *to, uint8_t *state);
void scan_raw_free(struct scan_raw *); /* NULL is fine */

/*
 * Asks each port of the list that is in the state `only`, at most so many a second, and
 * waits `ms` behind the last of them.  False when the kernel does not let it ask: then
 * nothing is known, and connections may do.
 */
bool scan_raw_pass(struct scan_raw *, const uint16_t *ports, size_t n, enum port_state only,
	unsigned per_second, uint32_t ms);

#endif
