/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_REPLAY_H
#define PINFOLD_OBSERVATION_REPLAY_H

#include <pcap/pcap.h>

#include "observation/flow.h"
#include "observation/observation.h"

/*
 * The frames of a capture, through the same decoders, with a flow table in the
 * place of the kernel's.  The time is the capture's.
 *
 * Understands Ethernet, raw IP and the two "cooked" link types of Linux; of
 * those, only the first and the last say who sent a frame.
 */
struct replay;

/* `rows` are borrowed for the call. */
typedef void replay_on_rows(const struct observation *rows, size_t n, void *arg);

/* NULL when frames of this link type (DLT_...) are not understood. */
struct replay *replay_new(
	int link_type, size_t flows_max, const struct hash_key *, replay_on_rows *, void *arg);
void replay_free(struct replay *);

/* The time's tv_usec holds nanoseconds (pcap_file.h). */
void replay_frame(struct replay *, const struct pcap_pkthdr *, const uint8_t *frame);

/* Tells the flows that are still open. */
void replay_end(struct replay *);

const struct packet_counts *replay_counts(const struct replay *);
const struct flow_table *replay_flows(const struct replay *);

#endif
