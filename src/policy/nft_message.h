/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_MESSAGE_H
#define PINFOLD_POLICY_NFT_MESSAGE_H

#include "policy/nfnetlink.h"
#include "policy/nft_element.h"

/*
 * Elements of sets as nf_tables says them in netlink messages.  Pure.
 */

uint8_t nft_table_family(enum nft_table);
const char *nft_table_name(enum nft_table);

/* A request about elements of a set; type is NFT_MSG_... */
struct nlmsghdr *nft_message_of_set(
	void *at, uint16_t type, uint16_t flags, uint32_t seq, enum nft_set);

/* Into the open list of elements: to be deleted, or to be added with all that it carries. */
void nft_message_put(struct nlmsghdr *, const struct nft_element *, bool is_added, uint64_t now_ns);

/* What an element has counted. */
struct nft_counted {
	uint64_t packets, bytes;
};
/* One row of a list of elements that the kernel sent; false when it is not one of this set. */
bool nft_message_read(struct nft_element *out, struct nft_counted *, const struct nlattr *row,
	enum nft_set, uint64_t now_ns);

#endif
