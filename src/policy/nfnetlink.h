/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFNETLINK_H
#define PINFOLD_POLICY_NFNETLINK_H

#include <libmnl/libmnl.h>

/*
 * What messages to and from nf_tables and conntrack have in common.  Numbers
 * in them are in network order.
 */

/* The head of a request, at `at`; type is NFNL_SUBSYS_... << 8 | the subsystem's own. */
struct nlmsghdr *nfnetlink_header(
	void *at, uint16_t type, uint16_t flags, uint32_t seq, uint8_t family);

/* Attributes by number; those that we do not know are left.  Borrows from the message. */
struct nfnetlink_attributes {
	const struct nlattr *at[32];
};
/* Of one nest; NULL has none. */
struct nfnetlink_attributes nfnetlink_attributes_of(const struct nlattr *nest);

/* 0 when it is missing, or is of another length. */
uint64_t nfnetlink_u64(const struct nlattr *);

#endif
