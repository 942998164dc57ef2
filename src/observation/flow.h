/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_FLOW_H
#define PINFOLD_OBSERVATION_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "observation/keyed_hash.h"
#include "packet/packet.h"

/*
 * The connections in a capture, where no kernel has counted them for us.
 *
 * A fixed number of flows; when all are in use the one that was quiet longest
 * ends (and is told as ended).  A flow that was quiet for its protocol's time
 * ends as well, since the same ports may then be somebody else's.
 */
struct flow {
	uint8_t source[16], target[16]; /* of who began it, as far as the capture shows */
	uint16_t source_port, target_port;
	uint8_t proto, version;
	uint8_t mac[6];      /* of who began it */
	uint8_t is_finished; /* FIN from both sides or RST: the next SYN is a new flow */
	uint8_t finished_by;
	uint8_t decoded[2]; /* packets with payload whose application was read, a direction */
	uint32_t packets[2];
	uint64_t bytes[2];
	uint64_t first_ns, last_ns;
	uint32_t next, newer, older; /* links; 0: none */
};

struct flow_table;

typedef void flow_on_end(const struct flow *, void *arg);

/* capacity: at most 1 << 22.  About 130 bytes a flow, used or not, are taken as they are used. */
struct flow_table *flow_table_new(
	size_t capacity, const struct hash_key *, flow_on_end *, void *arg);
void flow_table_free(struct flow_table *);

/*
 * Counts the packet.  The flow, borrowed until the next call; NULL when the
 * packet belongs to none (not IP, a later fragment, discovery).  *is_new: it is
 * its first.  *is_reply: against the direction of who began it.
 */
struct flow *flow_from_packet(
	struct flow_table *, const struct packet *, uint64_t now_ns, bool *is_new, bool *is_reply);

/* Ends all of them, the one that was quiet longest first. */
void flow_table_end_all(struct flow_table *);

size_t flow_table_count(const struct flow_table *);
uint64_t flow_table_evicted(const struct flow_table *);

struct ip flow_source(const struct flow *);
struct ip flow_target(const struct flow *);

#endif
