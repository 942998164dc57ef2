/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_message.h"

#include <endian.h>
#include <linux/netfilter/nf_tables.h>

#include "base/clock.h"
#include "test.h"

/* The timeout in milliseconds with which an element is added that ends then. */
static uint64_t
timeout_of(uint64_t expires_ns, uint64_t now_ns)
{
	static _Alignas(16) char buffer[1024];
	struct nft_element element = {.set = NFT_ALLOW4, .expires_ns = expires_ns};
	struct nlmsghdr *header = nft_message_of_set(buffer, NFT_MSG_NEWSETELEM, 0, 1, NFT_ALLOW4);
	struct nlattr *list = mnl_attr_nest_start(header, NFTA_SET_ELEM_LIST_ELEMENTS);

	nft_message_put(header, &element, true, now_ns);
	mnl_attr_nest_end(header, list);
	return nfnetlink_u64(
		nfnetlink_attributes_of(mnl_attr_get_payload(list)).at[NFTA_SET_ELEM_TIMEOUT]);
}

TEST(an_element_is_added_for_the_time_that_it_has_left)
{
	EXPECT_INT(timeout_of(90 * CLOCK_SECOND_NS, 60 * CLOCK_SECOND_NS), 30000);
	EXPECT_INT(timeout_of(0, 60 * CLOCK_SECOND_NS), 0);
}

TEST(what_ended_before_its_batch_was_made_is_not_open_for_ever)
{
	EXPECT_INT(timeout_of(60 * CLOCK_SECOND_NS, 60 * CLOCK_SECOND_NS), 1);
	EXPECT_INT(timeout_of(60 * CLOCK_SECOND_NS - 5 * CLOCK_MS_NS, 60 * CLOCK_SECOND_NS), 1);
}
