/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <string.h>

#include "policy/nft_hold_inside.h"

static struct nft_element
receiver_element(const struct receiver_place *place)
{
	size_t len = place->address.version == 4 ? 4 : 16;
	struct nft_element element = {.set = len == 4 ? NFT_RECEIVER4 : NFT_RECEIVER6};
	uint16_t port = htons(place->port);

	memcpy(element.key, place->address.byte, len);
	memcpy(element.key + len, &port, sizeof port);
	return element;
}

struct receiving {
	struct nft_apply *apply;
	const struct message_receivers *receivers;
};

static void
drop_receiver(const struct nft_element *element, bool was_found, void *arg)
{
	const struct receiving *receiving = arg;

	for (uint32_t i = 0; i < receiving->receivers->n_places; i++) {
		struct nft_element wanted = receiver_element(&receiving->receivers->place[i]);
		if (wanted.set == element->set && !memcmp(wanted.key, element->key, NFT_KEY_MAX))
			return;
	}
	if (nft_is_receiver(element->set))
		nft_apply_drop(receiving->apply, element);
}

void
hold_receivers(struct hold *hold, const struct message_receivers *receivers,
	struct message_done *done, struct fault *why)
{
	struct receiving receiving = {hold->apply, receivers};

	*done = (struct message_done){0};
	nft_apply_begin(hold->apply);
	for (uint32_t i = 0; i < receivers->n_places; i++) {
		struct nft_element element = receiver_element(&receivers->place[i]);
		nft_apply_want(hold->apply, &element);
	}
	nft_apply_each(hold->apply, 0, drop_receiver, &receiving);
	(void)hold_commit(hold, done, why);
}
