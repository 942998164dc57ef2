/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_message.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/clock.h"

uint8_t
nft_table_family(enum nft_table table)
{
	return table == NFT_TABLE_BRIDGE ? NFPROTO_BRIDGE : NFPROTO_INET;
}

const char *
nft_table_name(enum nft_table table)
{
	return table == NFT_TABLE_GUARD ? "pinfold-guard" : "pinfold";
}

struct nlmsghdr *
nft_message_of_set(void *at, uint16_t type, uint16_t flags, uint32_t seq, enum nft_set set)
{
	const struct nft_set_shape *shape = &nft_sets[set];
	struct nlmsghdr *header = nfnetlink_header(at, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
		flags, seq, nft_table_family(shape->table));

	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, nft_table_name(shape->table));
	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, shape->name);
	return header;
}

static void
put_value(struct nlmsghdr *header, uint16_t attribute, const void *bytes, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(header, attribute);
	mnl_attr_put(header, NFTA_DATA_VALUE, len, bytes);
	mnl_attr_nest_end(header, nest);
}

static void
put_limit(struct nlmsghdr *header, enum nft_set set, uint32_t rate)
{
	bool is_over = set != NFT_QUIET && set != NFT_URGENT;
	uint32_t burst = rate < 10 ? 20 : rate > 4000 ? 4000 : 2 * rate;
	struct nlattr *nest = mnl_attr_nest_start(header, NFTA_SET_ELEM_EXPR);

	/* A surge is told after a fifth of a second of it. */
	if (set == NFT_SURGE || set == NFT_FLOW_SURGE)
		burst = rate / 5 ? rate / 5 : 1;
	mnl_attr_put_strz(header, NFTA_EXPR_NAME, "limit");
	struct nlattr *data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
	mnl_attr_put_u64(header, NFTA_LIMIT_RATE, htobe64(rate));
	mnl_attr_put_u64(header, NFTA_LIMIT_UNIT, htobe64(1));
	mnl_attr_put_u32(header, NFTA_LIMIT_BURST, htonl(burst));
	mnl_attr_put_u32(header, NFTA_LIMIT_TYPE, htonl(NFT_LIMIT_PKTS));
	mnl_attr_put_u32(header, NFTA_LIMIT_FLAGS, htonl(is_over ? NFT_LIMIT_F_INV : 0));
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, nest);
}

static void
put_counter(struct nlmsghdr *header)
{
	struct nlattr *nest = mnl_attr_nest_start(header, NFTA_SET_ELEM_EXPR);

	mnl_attr_put_strz(header, NFTA_EXPR_NAME, "counter");
	struct nlattr *data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
	mnl_attr_put_u64(header, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(header, NFTA_COUNTER_PACKETS, 0);
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, nest);
}

void
nft_message_put(
	struct nlmsghdr *header, const struct nft_element *element, bool is_added, uint64_t now_ns)
{
	const struct nft_set_shape *shape = &nft_sets[element->set];
	struct nlattr *nest = mnl_attr_nest_start(header, NFTA_LIST_ELEM);

	put_value(header, NFTA_SET_ELEM_KEY, element->key, shape->key);
	if (shape->traits & NFT_IS_INTERVAL)
		put_value(header, NFTA_SET_ELEM_KEY_END, element->key + shape->key, shape->key);
	if (is_added) {
		if (shape->traits & NFT_HAS_DATA)
			put_value(header, NFTA_SET_ELEM_DATA, &element->data, 4);
		if (element->expires_ns) {
			/* What ended since it was asked for ends at once, and not in 584 years. */
			uint64_t ms = element->expires_ns > now_ns
					      ? (element->expires_ns - now_ns) / CLOCK_MS_NS
					      : 0;
			mnl_attr_put_u64(header, NFTA_SET_ELEM_TIMEOUT, htobe64(ms ? ms : 1));
		}
		if (shape->traits & NFT_HAS_LIMIT)
			put_limit(header, (enum nft_set)element->set, element->data);
		if (shape->traits & NFT_HAS_COUNTER)
			put_counter(header);
	}
	mnl_attr_nest_end(header, nest);
}

static bool
read_value(void *out, size_t len, const struct nlattr *nest)
{
	const struct nlattr *value = nfnetlink_attributes_of(nest).at[NFTA_DATA_VALUE];

	if (!value || mnl_attr_get_payload_len(value) != len)
		return false;
	memcpy(out, mnl_attr_get_payload(value), len);
	return true;
}

/* Whose an element is that we find; 0 where only a port or a MAC says so. */
static uint32_t
owner_of(const struct nft_element *element)
{
	uint8_t traits = nft_sets[element->set].traits;
	uint32_t number = 0;

	if (traits & NFT_HAS_MARK)
		number = element->data;
	else if (traits & NFT_BY_DEVICE)
		memcpy(&number, element->key, sizeof number);
	if (traits & NFT_IS_INTERVAL)
		number = ntohl(number);
	return number & NFT_MARK_NUMBER;
}

bool
nft_message_read(struct nft_element *out, struct nft_counted *counted, const struct nlattr *nest,
	enum nft_set set, uint64_t now_ns)
{
	const struct nft_set_shape *shape = &nft_sets[set];
	struct nfnetlink_attributes row = nfnetlink_attributes_of(nest);
	struct nfnetlink_attributes expression =
		nfnetlink_attributes_of(row.at[NFTA_SET_ELEM_EXPR]);
	struct nfnetlink_attributes inside = nfnetlink_attributes_of(expression.at[NFTA_EXPR_DATA]);

	*out = (struct nft_element){.set = (uint8_t)set};
	if (!read_value(out->key, shape->key, row.at[NFTA_SET_ELEM_KEY]))
		return false;
	if (shape->traits & NFT_IS_INTERVAL &&
		!read_value(out->key + shape->key, shape->key, row.at[NFTA_SET_ELEM_KEY_END]))
		memcpy(out->key + shape->key, out->key, shape->key);
	if (shape->traits & NFT_HAS_DATA)
		read_value(&out->data, sizeof out->data, row.at[NFTA_SET_ELEM_DATA]);
	if (shape->traits & NFT_HAS_LIMIT)
		out->data = (uint32_t)nfnetlink_u64(inside.at[NFTA_LIMIT_RATE]);
	if (row.at[NFTA_SET_ELEM_EXPIRATION])
		out->expires_ns =
			now_ns + nfnetlink_u64(row.at[NFTA_SET_ELEM_EXPIRATION]) * CLOCK_MS_NS;
	out->device = owner_of(out);
	*counted = (struct nft_counted){.packets = nfnetlink_u64(inside.at[NFTA_COUNTER_PACKETS]),
		.bytes = nfnetlink_u64(inside.at[NFTA_COUNTER_BYTES])};
	return true;
}
