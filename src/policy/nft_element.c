/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_element.h"

const struct nft_set_shape nft_sets[NFT_SET_COUNT] = {
#define X(set_, text, in, length, has)                                                             \
	[set_] = {.name = text, .table = in, .key = length, .traits = has},
	NFT_SET_LIST(X)
#undef X
};

unsigned
nft_set_key_len(uint8_t set)
{
	const struct nft_set_shape *shape = &nft_sets[set];
	return shape->traits & NFT_IS_INTERVAL ? 2u * shape->key : shape->key;
}
