/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_OBSERVATION_H
#define PINFOLD_OBSERVATION_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/observed.h"
#include "observation/told.h"
#include "packet/packet.h"

/*
 * What one packet claims: struct observation (message/observed.h) from a
 * decoded packet, from a packet that the kernel's rules logged, and from the
 * end of a tracked connection.
 *
 * Nothing is believed here and nothing is kept but the table of what was told a
 * moment ago.  All text goes through printable() here; from here on it is safe
 * to show, and still a claim.  Secrets do not pass: of credentials only that
 * there were some, and the protocol; of a URL nothing behind the question mark.
 */
struct observation_context {
	uint64_t seen_ns; /* monotonic, or the capture's own time */
	int64_t wall_s;
	const char *port; /* bridge port, "" in a replay; borrowed */
	/*
	 * Who sent it.  A DHCP answer is believed to be our server's only when it
	 * left the gateway from one of its own addresses; in a replay whoever
	 * answers is the server.
	 */
	bool is_outgoing;
	bool is_replay;
	bool tells_flows; /* a SYN is a new flow; where no kernel of ours tracks connections */
	uint8_t n_own;
	struct ip own[8];  /* our addresses on this network */
	struct told *told; /* NULL: tell everything, each time */
};

/* One packet can tell this much and no more. */
enum { OBSERVATION_PER_PACKET_MAX = 32 };

/* Writes up to max rows and returns how many; none is the usual case. */
size_t observation_from_packet(struct observation *rows, size_t max, const struct packet *,
	const struct observation_context *);

/*
 * A packet that a rule logged.  prefix: the log prefix, a word of
 * message/reason.h; mark: the packet's, with the device number.  bytes: from
 * the network header on (ARP when ethertype says so).  mac: six bytes or NULL.
 * False when the word is none of ours.
 */
struct observation_logged {
	const char *prefix;
	uint32_t mark;
	uint16_t ethertype;
	const uint8_t *mac;
	const uint8_t *bytes;
	size_t len;
};
bool observation_from_logged(struct observation *, const struct observation_logged *,
	const struct observation_context *);

/* The end of a tracked connection, both directions summed. */
struct observation_flow {
	uint32_t mark; /* conntrack's: device number in the low 20 bits */
	uint8_t proto;
	struct ip source, target; /* of the original direction */
	uint16_t source_port, target_port;
	uint64_t packets, bytes;
	uint64_t sent; /* of the bytes: by who opened it */
};
/* False when no device is on it. */
bool observation_from_flow(
	struct observation *, const struct observation_flow *, const struct observation_context *);

/* `count` reports that the kernel had to drop. */
void observation_from_loss(
	struct observation *, uint32_t count, const struct observation_context *);

#endif
