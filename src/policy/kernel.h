/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_KERNEL_H
#define PINFOLD_POLICY_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The kernel as we find it: what it can do, and netlink sockets to it.
 */

/* name, word for status and docs, whether we can work without */
#define KERNEL_FEATURE_LIST(X)                                                                     \
	X(KERNEL_NFTABLES, "nftables", true)                                                       \
	X(KERNEL_NFT_BRIDGE, "nftables-bridge", true)                                              \
	X(KERNEL_NFT_CONCAT_RANGE, "nftables-concatenated-intervals", true)                        \
	X(KERNEL_NFT_ELEMENT_EXPRESSION, "nftables-element-limits", true)                          \
	X(KERNEL_NFT_NAT, "nftables-nat", true)                                                    \
	X(KERNEL_NFT_LOG, "nftables-log", true)                                                    \
	X(KERNEL_CONNTRACK_NETLINK, "conntrack-netlink", true)                                     \
	X(KERNEL_CONNTRACK_ACCOUNTING, "conntrack-accounting", false)                              \
	X(KERNEL_NFT_EGRESS, "netdev-egress", false)                                               \
	X(KERNEL_BRIDGE_ISOLATION, "bridge-isolated-ports", false)                                 \
	X(KERNEL_PROXY_ARP_PVLAN, "proxy-arp-pvlan", true)                                         \
	X(KERNEL_IPV6, "ipv6", true)                                                               \
	X(KERNEL_LANDLOCK, "landlock", false)

enum kernel_feature {
	KERNEL_FEATURE_UNKNOWN,
#define X(name, word, needed) name,
	KERNEL_FEATURE_LIST(X)
#undef X
		KERNEL_FEATURE_COUNT,
};

struct kernel {
	uint64_t has, lacks; /* bit sets of enum kernel_feature */
	char release[64];
};

/*
 * Tries each feature in a table that is never committed.  ERR_UNSUPPORTED, and
 * *why names them, when needed ones are missing; *kernel is filled either way.
 */
enum err kernel_probe(struct kernel *, struct fault *why) MUST_USE;

/* A netlink socket for questions and answers, with large buffers; -1 and errno on failure. */
int kernel_netlink(int family);

/*
 * A socket that becomes readable when somebody takes rules, chains, sets or
 * tables away, or adds rules or chains; changes of elements do not wake it.
 * -1 on failure.
 */
int kernel_watch_tables(void);

/*
 * Sends one request and waits for its acknowledgement.  On refusal ERR_KERNEL
 * with errno set to the kernel's reason.
 */
struct nlmsghdr;
enum err kernel_ask(int fd, struct nlmsghdr *request) MUST_USE;

/*
 * Sends a request for a dump and hands each record to on_record, whose false
 * ends it.  ERR_BUSY when the kernel's table changed while it was read: again.
 */
enum err kernel_dump(int fd, struct nlmsghdr *request,
	bool (*on_record)(const struct nlmsghdr *, void *arg), void *arg) MUST_USE;

/* Writes a number below /proc/sys; path as "net/ipv4/ip_forward". */
bool kernel_sysctl(const char *path, const char *value);

#endif
