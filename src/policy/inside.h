/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_INSIDE_H
#define PINFOLD_POLICY_INSIDE_H

#include <netinet/in.h>

#include "policy/policy.h"

/* What the files of this station share and nobody else needs. */

static inline bool
policy_is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/* Its word in rules and in sentences. */
const char *policy_proto_word(uint8_t proto, const char *otherwise);

/* The type of a ping's question (RFC 792; RFC 4443, section 4.1). */
static inline uint16_t
policy_echo_request(uint8_t icmp)
{
	return icmp == IPPROTO_ICMP ? 8 : 128;
}

/* Offset of a copy of the text; NULL is "".  False when the policy's text is full. */
bool policy_text_keep(struct policy *, const char *text, uint32_t *offset);

bool policy_is_lan(const struct policy_world *, const struct ip *);
/* A name that only the home knows: one label, or below .local (RFC 6762). */
bool policy_name_is_local(const char *name);

bool policy_rule_has_peer(const struct policy *, const struct policy_world *,
	const struct policy_rule *, const struct policy_peer *);
bool policy_rule_has_name(const struct policy *, const struct policy_rule *, const char *name);

/* Names and time: what the gateway itself serves to every device, rule or not. */
bool policy_rule_is_served(const struct policy_rule *);

/* What the other device's rules say about the same flow; NULL when none matches. */
const struct policy_rule *policy_decide_peer(const struct policy *, const struct policy_world *,
	const struct policy_flow *, const struct policy_peer *);

/* "printer" or "device:7": false with the word in *why. */
bool device_parse(
	uint32_t *device, const struct policy_world *, const char *word, struct fault *why);

#endif
