/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_LEARN_H
#define PINFOLD_POLICY_LEARN_H

#include "policy/policy.h"

/*
 * From what a device was seen to do to a proposal of what it may do.
 *
 * Nothing is generalised beyond what was seen, but for two things: a name
 * stands for all its addresses, and the port that a connection comes from is
 * any.  What containment flagged, what was denied, and what concerned other
 * devices is never learned; the owner introduces devices.
 */

/* Kept by (name or address, protocol, port, direction); borrowed for the call. */
struct learn_flow {
	const char *name;  /* host name that was asked for before; NULL or "" when none */
	struct ip address; /* one that was used; needed only when there is no name */
	uint32_t peer;     /* device number when it was another device, else 0 */
	uint8_t direction; /* enum policy_direction: who opened */
	uint8_t proto;
	uint16_t port;   /* responder's; ICMP type */
	bool is_flagged; /* containment was involved */
	bool was_denied; /* never passed */
	bool is_gateway; /* DNS, NTP and the like that we serve */
	uint64_t flows;  /* how many; at least 1 */
	uint64_t packets, bytes;
	int64_t first_s, last_s;
};

struct learn_options {
	const char *url;        /* the profile's own, https; NULL: one below .invalid */
	const char *systeminfo; /* for people; may be NULL */
	int64_t now_s;
};

/*
 * The proposal, as a MUD file.  What was left out and why is in its notes.
 * False when there is nothing to propose.
 */
bool mud_from_flows(
	struct mud *, const struct learn_flow *, size_t n, const struct learn_options *);

/* "would have broken 0 of 4,212 recorded flows" */
enum { PREVIEW_ROWS_MAX = 16 };
struct preview {
	uint64_t flows, broken;       /* counted in flows, flagged and denied ones left out */
	uint32_t kinds, kinds_broken; /* counted in rows of the aggregate */
	uint32_t n_rows;
	uint32_t row[PREVIEW_ROWS_MAX]; /* indices of the broken kinds with the most flows */
};
void preview_from_flows(struct preview *, const struct policy *, const struct policy_world *,
	const struct learn_flow *, size_t n);
/* The sentence; returns out. */
const char *preview_render(const struct preview *, char *out, size_t size);

#endif
