/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_MIRROR_H
#define PINFOLD_POLICY_NFT_MIRROR_H

#include "policy/nft_element.h"

/*
 * What we know of the kernel's sets: each element by its key, and by its
 * device.  Owns its nodes; asks nobody.
 */

/* CLAIM: somebody else's from now on, and for the kernel the same. */
enum nft_change { CHANGE_NONE, CHANGE_ADD, CHANGE_DELETE, CHANGE_REPLACE, CHANGE_CLAIM };

/* Element in the mirror.  want_* and what follows change hold until the batch is acknowledged. */
struct nft_node {
	struct nft_node *next; /* in its bucket */
	struct nft_node *next_own, **prev_own;
	struct nft_node *next_changed;
	uint64_t expires_ns, want_expires_ns;
	uint32_t device, want_device;
	uint32_t data, want_data;
	uint32_t stamp; /* the batch that wanted it last */
	uint32_t seq;   /* of the message that deletes it */
	uint32_t hash;
	uint8_t set;
	uint8_t change; /* enum nft_change */
	bool was_found; /* at start, not made by this process */
	bool is_gone;   /* the kernel says that it ended already */
	uint8_t key[];
};

struct nft_mirror {
	uint32_t n_buckets, n_nodes;
	struct nft_node **bucket;
	struct nft_node **own; /* by device number; 0: nobody's */
};

void nft_mirror_init(struct nft_mirror *);
void nft_mirror_fini(struct nft_mirror *);

/* By set and key; NULL when it is not there. */
struct nft_node *nft_mirror_find(const struct nft_mirror *, const struct nft_element *);
struct nft_node *nft_mirror_insert(struct nft_mirror *, const struct nft_element *); /* a new key */
void nft_mirror_erase(struct nft_mirror *, struct nft_node *); /* and frees it */
void nft_mirror_clear(struct nft_mirror *);
void nft_mirror_give(struct nft_mirror *, struct nft_node *, uint32_t device);

/* As the kernel has it, and as it is wanted. */
struct nft_element nft_node_element(const struct nft_node *);
struct nft_element nft_node_wanted(const struct nft_node *);

bool nft_has_ended(uint64_t expires_ns); /* 0 never does */

#endif
