/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_APPLY_INSIDE_H
#define PINFOLD_POLICY_NFT_APPLY_INSIDE_H

#include "policy/nft_apply.h"
#include "policy/nft_mirror.h"

/* What nft_apply.c (changes), nft_read.c (sets) and nft_load.c (tables) share and nobody else needs. */

struct nft_apply {
	int fd;
	uint32_t seq;
	uint32_t stamp;
	struct nft_mirror mirror;
	struct nft_node *changed;
	bool is_narrower;
	bool refuses; /* for tests */
	char *batch;
};

/* What somebody else changes meanwhile is asked for, or sent, so often. */
enum { NFT_TRIES = 3 };

/* Into the batch that was begun. */
void nft_apply_change(struct nft_apply *, struct nft_node *, enum nft_change);

/* Adds what older tables hold to the mirror; a set that they did not have is no loss. */
void nft_apply_read_older(struct nft_apply *);

#endif
