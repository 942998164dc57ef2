/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_RING_H
#define PINFOLD_OBSERVATION_RING_H

#include "message/message.h"
#include "observation/keyed_hash.h"
#include "packet/packet.h"

/*
 * The first bytes of the packets that devices sent lately, in memory alone and for a
 * while, so that an incident can be looked into afterwards.
 *
 * Only of MACs that were named: a phone's or a laptop's never gets in, and what is in of
 * a MAC that is named no more goes at once.  What a named device and a phone say to each
 * other is left out by whoever asks for it, who knows whose the other address is.  Of what a device says only what is the way
 * to it is kept: heads, names that it asks for, addresses that it gets; of everything
 * else, whatever its port, nothing behind the head.  The budget is RING_PACKETS; one
 * device has RING_BURST of them and RING_A_SECOND more, so that who floods neither
 * pushes the others out nor its own beginning.
 */
enum { RING_PACKETS = 4096, RING_BURST = 128, RING_A_SECOND = 4 };

struct ring;

struct ring *ring_new(const struct hash_key *); /* copies the key */
void ring_free(struct ring *);

/* The list of MACs, message by message; the last one makes it hold. */
void ring_name(struct ring *, const struct message_keep *);

/* A frame of a bridge port, or one on its way to a device; port is borrowed. */
void ring_take(struct ring *, const struct packet *, const uint8_t *frame, size_t cap_len,
	const char *port, bool is_outgoing, uint64_t wall_us);
/* A packet that a rule logged, from the IP header on; others are left out.  Gets a head of Ethernet. */
void ring_take_logged(struct ring *, enum reason, const uint8_t *mac, const uint8_t *bytes,
	size_t len, const char *port, uint64_t wall_us);

/* What is there of these MACs: the newest KEPT_ROWS_MAX, oldest first. */
void ring_freeze(const struct ring *, const struct message_freeze *, struct message_frozen *);

#endif
