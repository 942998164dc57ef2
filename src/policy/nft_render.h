/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_RENDER_H
#define PINFOLD_POLICY_NFT_RENDER_H

#include "base/err.h"
#include "message/message.h"
#include "policy/nft_element.h"

/*
 * Pure: a device's policy, and the addresses that the resolver opened for it,
 * as the set elements that say the same to the kernel.
 */

/* An address that is open in a slot until it expires. */
struct nft_opened {
	struct ip address;
	uint16_t slot;
	uint64_t expires_ns; /* monotonic */
};

enum {
	NFT_OPENED_MAX = 512,    /* for each device; beyond, the one that ends first makes room */
	NFT_ELEMENTS_MAX = 8192, /* for each device */
};

/* A bounded list; row is the caller's, with room for NFT_ELEMENTS_MAX. */
struct nft_elements {
	struct nft_element *row;
	unsigned n;
	unsigned work; /* how often boxes were compared; bounded */
};

/*
 * Appends the elements of one device.  Elements of interval sets are made
 * disjoint, as the kernel wants them; where two would overlap the one that
 * lives longer keeps the common part.  Exact keys may come twice.
 *
 * ERR_FULL when the policy does not fit into the bounds; ERR_UNSUPPORTED for
 * what the rules cannot say.  Then *out holds nothing of use: what cannot be
 * expressed is not allowed, and said so.
 */
enum err nft_render(struct nft_elements *out, const struct message_policy *,
	const struct nft_opened *opened, unsigned n_opened, struct fault *why) MUST_USE;

/*
 * The elements that one opened address adds to a policy.  False when the
 * policy does not hold the slot, or the slot needs interval sets: then render
 * the whole.
 */
bool nft_render_opened(
	struct nft_elements *out, const struct message_policy *, const struct nft_opened *);

/* The device's packet mark. */
uint32_t nft_mark(const struct message_policy *);
bool policy_has_slot(const struct message_policy *, uint16_t slot);

/* A running flow, as it began. */
struct flow {
	struct ip source, target;
	uint8_t proto;
	uint8_t zero[3];
	uint16_t source_port, target_port; /* ICMP: target_port is the type, source_port the code */
};

/*
 * Would the initiator's policy admit this flow now?  `peer` is the device
 * number that the target is bound to, 0 for the internet.
 */
bool policy_allows_flow(const struct message_policy *, const struct nft_opened *, unsigned n_opened,
	const struct flow *, uint32_t peer);

/* Would the policy of the flow's target admit it from the internet? */
bool policy_opens_door(const struct message_policy *, const struct flow *);

#endif
