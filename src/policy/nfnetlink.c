/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nfnetlink.h"

#include <endian.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/auto.h"

struct nlmsghdr *
nfnetlink_header(void *at, uint16_t type, uint16_t flags, uint32_t seq, uint8_t family)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(at);
	struct nfgenmsg *generic;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = seq;
	generic = mnl_nlmsg_put_extra_header(header, sizeof *generic);
	generic->nfgen_family = family;
	generic->version = NFNETLINK_V0;
	return header;
}

struct nfnetlink_attributes
nfnetlink_attributes_of(const struct nlattr *nest)
{
	struct nfnetlink_attributes out = {0};
	const struct nlattr *attribute;

	if (!nest)
		return out;
	mnl_attr_for_each_nested(attribute, nest)
	{
		if (mnl_attr_get_type(attribute) < COUNT_OF(out.at))
			out.at[mnl_attr_get_type(attribute)] = attribute;
	}
	return out;
}

uint64_t
nfnetlink_u64(const struct nlattr *attribute)
{
	return attribute && mnl_attr_get_payload_len(attribute) == 8
		       ? be64toh(mnl_attr_get_u64(attribute))
		       : 0;
}
