/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/kernel.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>

#include "base/auto.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

static const struct {
	const char *word;
	bool is_needed;
} features[KERNEL_FEATURE_COUNT] = {
#define X(name, text, needed) [name] = {text, needed},
	KERNEL_FEATURE_LIST(X)
#undef X
};

/* --- netlink --------------------------------------------------------------------------------- */

int
kernel_netlink(int family)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
	int size = 8 * 1024 * 1024, on = 1;
	struct sockaddr_nl local = {.nl_family = AF_NETLINK};
	struct timeval patience = {.tv_sec = 5};

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	/* An error repeats the header of what it refuses, not all of it. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (bind(fd, (struct sockaddr *)&local, sizeof local)) {
		auto_close int ended = fd;
		return ended < 0 ? ended : -1;
	}
	return fd;
}

int
kernel_watch_tables(void)
{
	/*
	 * The first message of an event: its type stands at byte 4, the subsystem in the high byte.
	 * An own batch of elements, of which there may be thousands, wakes nobody.
	 */
	struct sock_filter keep_changes[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 4 + (__BYTE_ORDER == __BIG_ENDIAN)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWTABLE, 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_DELTABLE, 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWSET, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWCHAIN, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_DELCHAIN, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWRULE, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_DELRULE, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_DELSET, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog program = {.len = COUNT_OF(keep_changes), .filter = keep_changes};
	int group = NFNLGRP_NFTABLES;
	int fd = kernel_netlink(NETLINK_NETFILTER);

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) &&
		!setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
transmit(int fd, const struct nlmsghdr *request)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	do
		n = sendto(fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel,
			sizeof kernel);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

enum err
kernel_ask(int fd, struct nlmsghdr *request)
{
	_Alignas(struct nlmsghdr) char buffer[16 * 1024];

	request->nlmsg_flags |= NLM_F_ACK;
	if (!transmit(fd, request))
		return ERR_KERNEL;
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ERR_TIMEOUT : ERR_SYSTEM;
		const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;
		if (!mnl_nlmsg_ok(header, (int)n) || header->nlmsg_seq != request->nlmsg_seq ||
			header->nlmsg_type != NLMSG_ERROR)
			continue;
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);
		if (!error->error)
			return ERR_OK;
		errno = -error->error;
		return ERR_KERNEL;
	}
}

enum err
kernel_dump(int fd, struct nlmsghdr *request, bool (*on_record)(const struct nlmsghdr *, void *arg),
	void *arg)
{
	static _Alignas(struct nlmsghdr) char buffer[128 * 1024];
	bool goes_on = true, was_changed = false;

	if (!transmit(fd, request))
		return ERR_KERNEL;
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN    ? ERR_TIMEOUT
			       : errno == ENOBUFS ? ERR_BUSY
						  : ERR_SYSTEM;
		int left = (int)n;
		for (const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;
			mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
			if (header->nlmsg_seq != request->nlmsg_seq)
				continue;
			if (header->nlmsg_flags & NLM_F_DUMP_INTR)
				was_changed = true;
			if (header->nlmsg_type == NLMSG_DONE)
				return was_changed ? ERR_BUSY : ERR_OK;
			if (header->nlmsg_type == NLMSG_ERROR) {
				const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);
				if (!error->error)
					return ERR_OK;
				errno = -error->error;
				return errno == EINTR || errno == EAGAIN ? ERR_BUSY : ERR_KERNEL;
			}
			if (goes_on && header->nlmsg_type >= NLMSG_MIN_TYPE)
				goes_on = on_record(header, arg);
		}
	}
}

bool
kernel_sysctl(const char *path, const char *value)
{
	char name[256];

	if ((size_t)snprintf(name, sizeof name, "/proc/sys/%s", path) >= sizeof name)
		return false;
	auto_close int fd = open(name, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
}

/* --- features ------------------------------------------------------------------------------------ */

/* One transaction that makes a table, tries the feature and takes the table away again. */
static const struct {
	enum kernel_feature feature;
	const char *text;
} tries[] = {
	{KERNEL_NFTABLES,
		"table inet pinfold_probe {\n"
		"chain c {\ntype filter hook forward priority 0\nct mark set ct mark | 1\n}\n}\n"
		"delete table inet pinfold_probe\n"},
	{KERNEL_NFT_BRIDGE, "table bridge pinfold_probe {\n"
			    "map m {\ntypeof iifname . ether saddr . ip saddr : meta mark\n}\n"
			    "chain c {\ntype filter hook prerouting priority -300\n"
			    "meta mark set iifname . ether saddr . arp saddr ip map @m\n}\n}\n"
			    "delete table bridge pinfold_probe\n"},
	{KERNEL_NFT_CONCAT_RANGE,
		"table inet pinfold_probe {\n"
		"set s {\ntypeof ct mark . ip6 daddr . meta l4proto . th dport . th sport\n"
		"flags interval, timeout\n}\n}\n"
		"delete table inet pinfold_probe\n"},
	{KERNEL_NFT_ELEMENT_EXPRESSION, "table inet pinfold_probe {\n"
					"set s {\ntype mark\nlimit rate over 5/second\n"
					"elements = { 1 limit rate over 7/second }\n}\n}\n"
					"delete table inet pinfold_probe\n"},
	{KERNEL_NFT_NAT, "table inet pinfold_probe {\n"
			 "chain c {\ntype nat hook postrouting priority 100\noifname \"x\" "
			 "masquerade\n}\n}\n"
			 "delete table inet pinfold_probe\n"},
	{KERNEL_NFT_LOG, "table inet pinfold_probe {\n"
			 "chain c {\nlog prefix \"x\" group 100 snaplen 64\n}\n}\n"
			 "delete table inet pinfold_probe\n"},
	{KERNEL_NFT_EGRESS, "table netdev pinfold_probe {\n"
			    "chain c {\ntype filter hook egress device lo priority 0\n}\n}\n"
			    "delete table netdev pinfold_probe\n"},
};

static bool
nft_takes(const char *text)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft)
		return false;
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	bool taken = !nft_run_cmd_from_buffer(nft, text);
	nft_ctx_free(nft);
	return taken;
}

static bool
answers_conntrack(void)
{
	auto_close int fd = kernel_netlink(NETLINK_NETFILTER);
	char buffer[64];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);

	if (fd < 0)
		return false;
	/* IPCTNL_MSG_CT_GET_STATS: a question without a subject. */
	header->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | 5;
	header->nlmsg_flags = NLM_F_REQUEST;
	header->nlmsg_seq = 1;
	mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg));
	return !kernel_ask(fd, header);
}

static bool
has_file(const char *path)
{
	return !access(path, F_OK);
}

enum err
kernel_probe(struct kernel *kernel, struct fault *why)
{
	struct kernel out = {0};
	struct utsname name;

	if (!uname(&name))
		snprintf(out.release, sizeof out.release, "%.63s", name.release);
	for (size_t i = 0; i < COUNT_OF(tries); i++)
		if (nft_takes(tries[i].text))
			out.has |= UINT64_C(1) << tries[i].feature;
	const struct {
		enum kernel_feature feature;
		bool is_there;
	} others[] = {
		{KERNEL_CONNTRACK_NETLINK, answers_conntrack()},
		{KERNEL_CONNTRACK_ACCOUNTING,
			has_file("/proc/sys/net/netfilter/nf_conntrack_acct")},
		{KERNEL_BRIDGE_ISOLATION, true}, /* 4.18, older than what nftables needs here */
		{KERNEL_PROXY_ARP_PVLAN, has_file("/proc/sys/net/ipv4/conf/lo/proxy_arp_pvlan")},
		{KERNEL_IPV6, has_file("/proc/sys/net/ipv6/conf/all/forwarding")},
		{KERNEL_LANDLOCK, syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0},
	};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (others[i].is_there)
			out.has |= UINT64_C(1) << others[i].feature;

	char missing[160] = "";
	for (int i = 1; i < KERNEL_FEATURE_COUNT; i++) {
		if (out.has & UINT64_C(1) << i)
			continue;
		out.lacks |= UINT64_C(1) << i;
		size_t len = strlen(missing);
		if (features[i].is_needed)
			snprintf(missing + len, sizeof missing - len, "%s%s", len ? ", " : "",
				features[i].word);
	}
	*kernel = out;
	if (!missing[0])
		return ERR_OK;
	fault_set(why, ERR_UNSUPPORTED, "this kernel lacks: %s", missing);
	return ERR_UNSUPPORTED;
}
