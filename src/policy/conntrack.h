/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_CONNTRACK_H
#define PINFOLD_POLICY_CONNTRACK_H

#include "base/err.h"
#include "policy/nft_render.h"

/*
 * Running flows, as the kernel tracks them: found by their mark, judged, cut.
 */
struct conntrack;

enum err conntrack_new(struct conntrack **) MUST_USE; /* gives */
void conntrack_free(struct conntrack *);

/* True cuts the flow.  `mark` is the flow's; the target is the real one, behind any translation. */
typedef bool conntrack_judge(const struct flow *, uint32_t mark, void *arg);

/* Flows that the kernel tracks in our namespace; UINT32_MAX when it does not say. */
uint32_t conntrack_count(const struct conntrack *);

/*
 * Shows every flow whose mark, masked, is `mark` to judge; mask 0 means all
 * flows.  *cut counts those that were deleted.
 */
enum err conntrack_cut(struct conntrack *, uint32_t mark, uint32_t mask, conntrack_judge *judge,
	void *arg, uint32_t *cut) MUST_USE;

/* What passed in a flow, packets and bytes with all headers; 0 where the kernel does not count. */
struct flow_counts {
	uint64_t packets_out, packets_in, bytes_out, bytes_in; /* out: by the initiator */
	bool is_assured; /* TCP: it was set up, and went on (IPS_ASSURED) */
};
typedef void conntrack_each(
	const struct flow *, uint32_t mark, const struct flow_counts *, void *arg);

/* Shows such flows, and touches none. */
enum err conntrack_look(
	struct conntrack *, uint32_t mark, uint32_t mask, conntrack_each *each, void *arg) MUST_USE;

#endif
