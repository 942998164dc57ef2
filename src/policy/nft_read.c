/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/kernel.h"
#include "policy/nft_apply_inside.h"
#include "policy/nft_message.h"

struct reading {
	struct nft_apply *apply;
	enum nft_set set;
	uint64_t now_ns;
	/* NULL: the elements are for the mirror. */
	void (*each)(uint32_t device, uint64_t packets, uint64_t bytes, void *arg);
	void *arg;
};

static void
on_element(struct reading *reading, const struct nlattr *row)
{
	struct nft_element element;
	struct nft_counted counted;

	if (!nft_message_read(&element, &counted, row, reading->set, reading->now_ns))
		return;
	if (reading->each)
		reading->each(element.device, counted.packets, counted.bytes, reading->arg);
	else if (!nft_mirror_find(&reading->apply->mirror, &element))
		nft_mirror_insert(&reading->apply->mirror, &element)->was_found = true;
}

static bool
on_elements(const struct nlmsghdr *header, void *arg)
{
	const struct nlattr *attribute, *row;

	mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attribute) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(row, attribute)
		{
			on_element(arg, row);
		}
	}
	return true;
}

static enum err
read_set(struct reading *reading)
{
	char buffer[512];
	enum err err = ERR_BUSY;

	for (int i = 0; i < NFT_TRIES && err == ERR_BUSY; i++) {
		struct nlmsghdr *header = nft_message_of_set(buffer, NFT_MSG_GETSETELEM, NLM_F_DUMP,
			++reading->apply->seq, reading->set);
		reading->now_ns = clock_monotonic_ns();
		err = kernel_dump(reading->apply->fd, header, on_elements, reading);
	}
	return err;
}

void
nft_apply_read_older(struct nft_apply *apply)
{
	for (enum nft_set set = NFT_SET_UNKNOWN + 1; set < NFT_SET_COUNT; set++) {
		struct reading reading = {.apply = apply, .set = set};
		if (read_set(&reading))
			log_info(
				"rules", "the older tables have no set \"%s\"", nft_sets[set].name);
	}
}

enum err
nft_apply_resync(struct nft_apply *apply)
{
	enum err err = ERR_OK;

	nft_mirror_clear(&apply->mirror);
	for (enum nft_set set = NFT_SET_UNKNOWN + 1; !err && set < NFT_SET_COUNT; set++) {
		struct reading reading = {.apply = apply, .set = set};
		err = read_set(&reading);
	}
	return err;
}

enum err
nft_apply_counters(struct nft_apply *apply,
	void (*each)(uint32_t device, uint64_t packets, uint64_t bytes, void *arg), void *arg)
{
	struct reading reading = {.apply = apply, .set = NFT_DENIED, .each = each, .arg = arg};
	return read_set(&reading);
}
