/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_WHY_H
#define PINFOLD_POLICY_WHY_H

#include "policy/policy.h"

/* An answer to "why may, or may not, this device talk to that?". */
struct reasoned {
	bool is_allowed;
	uint8_t origin; /* enum policy_origin of the rule; unknown when no rule decides */
	uint8_t zero[2];
	uint32_t rule;      /* id; 0 none: state, or nothing permits it */
	uint32_t peer_rule; /* rule of the other device that decided, 0 none */
	int64_t since_s;    /* 0 not known */
	char text[512];     /* sentences; printable */
	char limit[384];    /* what this answer does not promise; printable, may be empty */
};

/*
 * What the caller knows about names that share the address asked about (CDN);
 * NULL, 0 when nothing.
 */
struct why_facts {
	const char *const *shared; /* other names that were answered with the address */
	size_t n_shared;
	bool is_open;   /* address is open in the kernel now */
	bool is_paused; /* break-glass is on */
	int64_t state_since_s;
};

void policy_why(struct reasoned *, const struct policy *, const struct policy_world *,
	const struct policy_flow *, const struct why_facts *);

/*
 * A destination as a person writes it: a host name, an address, a device's name
 * or device:NUMBER, "gateway"; then "/tcp/443" or "443/tcp" forms are split by
 * the caller.  Borrows text for flow->name; name must have room for the form
 * that is compared.
 */
bool flow_from_destination(struct policy_flow *, char name[static MUD_TEXT_MAX],
	const struct policy_world *, const char *text, struct fault *why);

#endif
