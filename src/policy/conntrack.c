/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/conntrack.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "policy/kernel.h"
#include "policy/nfnetlink.h"

struct conntrack {
	int read_fd, cut_fd; /* flows are cut while the list is still being read */
	int count_fd;        /* -1: the kernel does not count */
	uint32_t seq;
};

enum err
conntrack_new(struct conntrack **out)
{
	struct conntrack *conntrack = must_alloc(1, sizeof *conntrack);

	conntrack->seq = 0;
	conntrack->read_fd = kernel_netlink(NETLINK_NETFILTER);
	conntrack->cut_fd = kernel_netlink(NETLINK_NETFILTER);
	conntrack->count_fd =
		open("/proc/sys/net/netfilter/nf_conntrack_count", O_RDONLY | O_CLOEXEC);
	if (conntrack->read_fd < 0 || conntrack->cut_fd < 0) {
		conntrack_free(conntrack);
		return ERR_SYSTEM;
	}
	*out = conntrack;
	return ERR_OK;
}

void
conntrack_free(struct conntrack *conntrack)
{
	if (!conntrack)
		return;
	if (conntrack->read_fd >= 0)
		close(conntrack->read_fd);
	if (conntrack->cut_fd >= 0)
		close(conntrack->cut_fd);
	if (conntrack->count_fd >= 0)
		close(conntrack->count_fd);
	free(conntrack);
}

uint32_t
conntrack_count(const struct conntrack *conntrack)
{
	char text[16] = "";

	if (conntrack->count_fd < 0 || pread(conntrack->count_fd, text, sizeof text - 1, 0) < 2)
		return UINT32_MAX;
	return (uint32_t)strtoul(text, NULL, 10);
}

static struct nlmsghdr *
request_of(struct conntrack *conntrack, char *buffer, uint8_t type, uint16_t flags, uint8_t family)
{
	return nfnetlink_header(buffer, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), flags,
		++conntrack->seq, family);
}

static bool
read_address(struct ip *out, const struct nfnetlink_attributes *ip, uint16_t v4, uint16_t v6)
{
	if (ip->at[v4] && mnl_attr_get_payload_len(ip->at[v4]) == 4)
		*out = ip_from_v4(mnl_attr_get_payload(ip->at[v4]));
	else if (ip->at[v6] && mnl_attr_get_payload_len(ip->at[v6]) == 16)
		*out = ip_from_v6(mnl_attr_get_payload(ip->at[v6]));
	else
		return false;
	return true;
}

static uint16_t
read_port(const struct nlattr *attribute)
{
	return attribute && mnl_attr_get_payload_len(attribute) == 2
		       ? ntohs(mnl_attr_get_u16(attribute))
		       : 0;
}

static uint8_t
read_u8(const struct nlattr *attribute)
{
	return attribute && mnl_attr_get_payload_len(attribute) == 1 ? mnl_attr_get_u8(attribute)
								     : 0;
}

/* The initiator from the original direction, the target from the answers: there it is real. */
static bool
read_flow(struct flow *out, const struct nfnetlink_attributes *flow)
{
	struct nfnetlink_attributes original = nfnetlink_attributes_of(flow->at[CTA_TUPLE_ORIG]);
	struct nfnetlink_attributes reply = nfnetlink_attributes_of(flow->at[CTA_TUPLE_REPLY]);
	struct nfnetlink_attributes ip = nfnetlink_attributes_of(original.at[CTA_TUPLE_IP]);
	struct nfnetlink_attributes back = nfnetlink_attributes_of(reply.at[CTA_TUPLE_IP]);
	struct nfnetlink_attributes proto = nfnetlink_attributes_of(original.at[CTA_TUPLE_PROTO]);
	struct nfnetlink_attributes back_proto = nfnetlink_attributes_of(reply.at[CTA_TUPLE_PROTO]);

	memset(out, 0, sizeof *out);
	if (!read_address(&out->source, &ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC) ||
		!read_address(&out->target, &back, CTA_IP_V4_SRC, CTA_IP_V6_SRC))
		return false;
	out->proto = read_u8(proto.at[CTA_PROTO_NUM]);
	out->source_port = read_port(proto.at[CTA_PROTO_SRC_PORT]);
	out->target_port = read_port(back_proto.at[CTA_PROTO_SRC_PORT]);
	if (out->proto == IPPROTO_ICMP) {
		out->target_port = read_u8(proto.at[CTA_PROTO_ICMP_TYPE]);
		out->source_port = read_u8(proto.at[CTA_PROTO_ICMP_CODE]);
	} else if (out->proto == IPPROTO_ICMPV6) {
		out->target_port = read_u8(proto.at[CTA_PROTO_ICMPV6_TYPE]);
		out->source_port = read_u8(proto.at[CTA_PROTO_ICMPV6_CODE]);
	}
	return true;
}

static struct flow_counts
read_counts(const struct nfnetlink_attributes *flow)
{
	struct nfnetlink_attributes out = nfnetlink_attributes_of(flow->at[CTA_COUNTERS_ORIG]);
	struct nfnetlink_attributes in = nfnetlink_attributes_of(flow->at[CTA_COUNTERS_REPLY]);
	const struct nlattr *status = flow->at[CTA_STATUS];

	return (struct flow_counts){.packets_out = nfnetlink_u64(out.at[CTA_COUNTERS_PACKETS]),
		.packets_in = nfnetlink_u64(in.at[CTA_COUNTERS_PACKETS]),
		.bytes_out = nfnetlink_u64(out.at[CTA_COUNTERS_BYTES]),
		.bytes_in = nfnetlink_u64(in.at[CTA_COUNTERS_BYTES]),
		.is_assured = status && mnl_attr_get_payload_len(status) == 4 &&
			      ntohl(mnl_attr_get_u32(status)) & IPS_ASSURED};
}

/* Either cuts what judge says, or shows all to each. */
struct cutting {
	struct conntrack *conntrack;
	uint32_t mark, mask;
	conntrack_judge *judge;
	conntrack_each *each;
	void *arg;
	uint32_t cut;
};

static void
copy(struct nlmsghdr *header, const struct nlattr *attribute)
{
	if (attribute)
		mnl_attr_put(header, attribute->nla_type, mnl_attr_get_payload_len(attribute),
			mnl_attr_get_payload(attribute));
}

static bool
on_flow(const struct nlmsghdr *header, void *arg)
{
	struct cutting *cutting = arg;
	const struct nfgenmsg *generic = mnl_nlmsg_get_payload(header);
	struct nfnetlink_attributes attributes = {0};
	const struct nlattr *attribute;
	struct flow flow;
	char buffer[1024];

	mnl_attr_for_each(attribute, header,
		sizeof *generic) if (mnl_attr_get_type(attribute) < COUNT_OF(attributes.at))
		attributes.at[mnl_attr_get_type(attribute)] = attribute;
	uint32_t mark =
		attributes.at[CTA_MARK] ? ntohl(mnl_attr_get_u32(attributes.at[CTA_MARK])) : 0;
	if ((mark & cutting->mask) != cutting->mark || !read_flow(&flow, &attributes))
		return true;
	if (cutting->each) {
		struct flow_counts counts = read_counts(&attributes);
		cutting->each(&flow, mark, &counts, cutting->arg);
		return true;
	}
	if (!cutting->judge(&flow, mark, cutting->arg))
		return true;
	/* The number keeps us from cutting a flow that took the place of the one we judged. */
	struct nlmsghdr *request = request_of(
		cutting->conntrack, buffer, IPCTNL_MSG_CT_DELETE, 0, generic->nfgen_family);
	if (mnl_attr_get_payload_len(attributes.at[CTA_TUPLE_ORIG]) > 512)
		return true;
	copy(request, attributes.at[CTA_TUPLE_ORIG]);
	copy(request, attributes.at[CTA_ZONE]);
	copy(request, attributes.at[CTA_ID]);
	if (!kernel_ask(cutting->conntrack->cut_fd, request))
		cutting->cut++;
	return true;
}

static enum err
walk(struct conntrack *conntrack, struct cutting *cutting)
{
	char buffer[128];
	struct nlmsghdr *header =
		request_of(conntrack, buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);

	/* The kernel walks its whole table, however few flows are in it. */
	if (!conntrack_count(conntrack))
		return ERR_OK;
	if (cutting->mask) {
		mnl_attr_put_u32(header, CTA_MARK, htonl(cutting->mark));
		mnl_attr_put_u32(header, CTA_MARK_MASK, htonl(cutting->mask));
	}
	enum err err = kernel_dump(conntrack->read_fd, header, on_flow, cutting);
	/* Flows come and go while we read; those that were there before were all shown. */
	return err == ERR_BUSY ? ERR_OK : err;
}

enum err
conntrack_cut(struct conntrack *conntrack, uint32_t mark, uint32_t mask, conntrack_judge *judge,
	void *arg, uint32_t *cut)
{
	struct cutting cutting = {
		.conntrack = conntrack, .mark = mark, .mask = mask, .judge = judge, .arg = arg};
	enum err err = walk(conntrack, &cutting);

	if (!err)
		*cut += cutting.cut;
	return err;
}

enum err
conntrack_look(
	struct conntrack *conntrack, uint32_t mark, uint32_t mask, conntrack_each *each, void *arg)
{
	struct cutting looking = {
		.conntrack = conntrack, .mark = mark, .mask = mask, .each = each, .arg = arg};

	return walk(conntrack, &looking);
}
