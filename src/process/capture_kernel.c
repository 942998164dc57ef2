/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/loop.h"
#include "message/reason.h"
#include "process/capture.h"

/*
 * What the kernel tells: packets that a rule logged (NFLOG) and connections
 * that ended (conntrack).  Both sockets are bound while we are root; reading
 * them needs no right.
 */
enum {
	COPY_BYTES = 128,          /* the heads up to the ports, with some extension headers */
	KERNEL_BUFFER = 64 * 1024, /* inside the kernel, for one message of the log */
	SOCKET_BUFFER = 4 * 1024 * 1024,
	READ_MAX = 128 * 1024,
	READS_A_TURN = 64,
};

static void
raise_buffer(int fd)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
		log_warn("kernel", "the receive buffer stays small");
}

/* --- what the rules logged ------------------------------------------------------------------ */

/* Reports that the kernel numbered but we never saw. */
static void
count_gap(struct capture *capture, struct nflog_data *data)
{
	uint32_t sequence;

	if (nflog_get_seq(data, &sequence))
		return;
	if (capture->has_sequence)
		capture->lost_logs += sequence - capture->next_sequence;
	capture->has_sequence = true;
	capture->next_sequence = sequence + 1;
}

static int
on_logged(
	struct nflog_g_handle *group, struct nfgenmsg *message, struct nflog_data *data, void *arg)
{
	struct capture *capture = arg;
	struct nfulnl_msg_packet_hdr *head = nflog_get_msg_packet_hdr(data);
	const char *prefix = nflog_get_prefix(data);
	uint32_t in = nflog_get_physindev(data);
	struct observation_logged logged = {.prefix = prefix ? prefix : "",
		.mark = nflog_get_nfmark(data),
		.ethertype = head ? ntohs(head->hw_protocol) : 0};
	struct observation row;
	char *payload;
	int len = nflog_get_payload(data, &payload);

	count_gap(capture, data);
	if (len > 0) {
		logged.bytes = (const uint8_t *)payload;
		logged.len = (size_t)len;
	}
	/* The source MAC stands in the link header; the packet's hardware address is the same, where
	 * the kernel says it at all. */
	const char *link = nflog_get_msg_packet_hwhdr(data);
	struct nfulnl_msg_packet_hw *hardware = nflog_get_packet_hw(data);
	if (link && nflog_get_hwtype(data) == ARPHRD_ETHER &&
		nflog_get_msg_packet_hwhdrlen(data) >= 14)
		logged.mac = (const uint8_t *)link + 6;
	else if (hardware && ntohs(hardware->hw_addrlen) == 6)
		logged.mac = hardware->hw_addr;
	if (!in)
		in = nflog_get_indev(data);
	const struct observation_context *now =
		capture_now(capture, capture_interface_of(capture, in));
	if (!observation_from_logged(&row, &logged, now))
		return 0;
	capture_tell(capture, &row, 1);
	if (capture->ring && len > 0)
		ring_take_logged(capture->ring, (enum reason)row.value, logged.mac, logged.bytes,
			logged.len, now->port, capture_wall_us(capture));
	return 0;
}

void
capture_denials_open(struct capture *capture)
{
	capture->nflog = nflog_open();
	if (capture->nflog)
		capture->nflog_group = nflog_bind_group(capture->nflog, REASON_NFLOG_GROUP);
	if (!capture->nflog_group) {
		fatal("kernel", "cannot listen to what the rules log (group %d)",
			REASON_NFLOG_GROUP);
	}
	/* One message a packet and at once: containment waits for it.  The rules limit how many. */
	if (nflog_set_mode(capture->nflog_group, NFULNL_COPY_PACKET, COPY_BYTES) < 0 ||
		nflog_set_nlbufsiz(capture->nflog_group, KERNEL_BUFFER) < 0 ||
		nflog_set_qthresh(capture->nflog_group, 1) < 0 ||
		nflog_set_flags(capture->nflog_group, NFULNL_CFG_F_SEQ) < 0)
		fatal("kernel", "cannot set up the log of the rules");
	nflog_callback_register(capture->nflog_group, on_logged, capture);
	raise_buffer(nflog_fd(capture->nflog));
}

static void
on_log_readable(int fd, void *arg)
{
	static char buffer[READ_MAX];
	struct capture *capture = arg;

	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t len = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (len < 0) {
			/* ENOBUFS: the gap in the sequence says how many; the next one tells. */
			if (errno == ENOBUFS || errno == EINTR)
				continue;
			if (errno != EAGAIN)
				log_warn("kernel", "reading the log of the rules");
			break;
		}
		nflog_handle_packet(capture->nflog, buffer, (int)len);
	}
	capture_flush(capture);
}

void
capture_denials_watch(struct capture *capture)
{
	loop_watch_read(nflog_fd(capture->nflog), on_log_readable, capture);
}

/* --- connections that ended ----------------------------------------------------------------- */

static struct ip
address_of(const struct nf_conntrack *ct, uint8_t family, enum nf_conntrack_attr v4,
	enum nf_conntrack_attr v6)
{
	const void *at = nfct_get_attr(ct, family == AF_INET ? v4 : v6);

	if (!at)
		return (struct ip){0};
	return family == AF_INET ? ip_from_v4(at) : ip_from_v6(at);
}

static void
on_flow_end(struct capture *capture, const struct nf_conntrack *ct)
{
	struct observation_flow flow = {.mark = nfct_get_attr_u32(ct, ATTR_MARK)};
	struct observation row;
	uint8_t family = nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO);

	/* Not of a device: the gateway's own. */
	if (!flow.mark)
		return;
	flow.proto = nfct_get_attr_u8(ct, ATTR_ORIG_L4PROTO);
	flow.source = address_of(ct, family, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC);
	flow.target = address_of(ct, family, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST);
	if (nfct_attr_is_set(ct, ATTR_ORIG_PORT_SRC)) {
		flow.source_port = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_SRC));
		flow.target_port = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_DST));
	}
	flow.packets = nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_PACKETS) +
		       nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_PACKETS);
	flow.sent = nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_BYTES);
	flow.bytes = nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_BYTES) +
		     nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_BYTES);
	if (observation_from_flow(&row, &flow, capture_now(capture, NULL)))
		capture_tell(capture, &row, 1);
}

void
capture_flows_open(struct capture *capture)
{
	capture->nfct = nfct_open(CONNTRACK, NF_NETLINK_CONNTRACK_DESTROY);
	if (!capture->nfct)
		fatal("kernel", "cannot listen to connection tracking");
	raise_buffer(nfct_fd(capture->nfct));
}

static void
on_flow_messages(struct capture *capture, const void *buffer, int len)
{
	/* From the kernel itself, so its lengths are believed as far as libmnl checks them. */
	const struct nlmsghdr *message = buffer;

	for (; mnl_nlmsg_ok(message, len); message = mnl_nlmsg_next(message, &len)) {
		struct nf_conntrack *ct;
		if (message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE))
			continue;
		ct = nfct_new();
		if (!ct)
			fatalx("kernel", "no memory");
		if (!nfct_nlmsg_parse(message, ct))
			on_flow_end(capture, ct);
		nfct_destroy(ct);
	}
}

static void
on_flow_readable(int fd, void *arg)
{
	static _Alignas(16) char buffer[READ_MAX];
	struct capture *capture = arg;

	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t len = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (len > 0) {
			on_flow_messages(capture, buffer, (int)len);
			continue;
		}
		if (len < 0 && errno == ENOBUFS) {
			/* How many is not said: at least one. */
			capture->lost_flows++;
			continue;
		}
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			log_warn("kernel", "reading ends of connections");
		break;
	}
	capture_flush(capture);
}

void
capture_flows_watch(struct capture *capture)
{
	loop_watch_read(nfct_fd(capture->nfct), on_flow_readable, capture);
}
