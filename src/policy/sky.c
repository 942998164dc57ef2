/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/sky.h"

#include <string.h>

#include "base/auto.h"
#include "policy/admin_port.h"

enum { TCP = 6, UDP = 17, WORDS = 65536 / 64 };

static const uint16_t admin_ports[] = {ADMIN_PORT_LIST};

/* A bit a port of TCP and of UDP; one policy is counted at a time. */
static uint64_t open_ports[2][WORDS];

static void
mark_ports(uint64_t *ports, uint16_t lo, uint16_t hi, bool is_open)
{
	for (int word = lo / 64; word <= hi / 64; word++) {
		uint64_t bits = UINT64_MAX;
		if (word == lo / 64)
			bits &= UINT64_MAX << lo % 64;
		if (word == hi / 64)
			bits &= UINT64_MAX >> (63 - hi % 64);
		ports[word] = is_open ? ports[word] | bits : ports[word] & ~bits;
	}
}

static void
mark(const struct policy_entry *entry, bool is_open)
{
	if (entry->proto == TCP || !entry->proto)
		mark_ports(open_ports[0], entry->port_lo, entry->port_hi, is_open);
	if (entry->proto == UDP || !entry->proto)
		mark_ports(open_ports[1], entry->port_lo, entry->port_hi, is_open);
}

/* Nobody can be reached on port 0. */
static uint32_t
count_ports(void)
{
	uint32_t n = 0;

	for (int i = 0; i < 2; i++) {
		open_ports[i][0] &= ~UINT64_C(1);
		for (int word = 0; word < WORDS; word++)
			n += (uint32_t)__builtin_popcountll(open_ports[i][word]);
	}
	return n;
}

static bool
covers(const struct policy_entry *wide, const struct policy_entry *narrow)
{
	struct ip_prefix prefix = {.address = wide->address, .length = wide->prefix_length};

	return wide->version == narrow->version && wide->prefix_length <= narrow->prefix_length &&
	       prefix_contains(&prefix, &narrow->address);
}

/* Is it counted already, as itself or as a part of another? */
static bool
is_counted(const struct message_policy *policy, uint16_t at)
{
	const struct policy_entry *entry = &policy->entry[at];

	for (uint16_t i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *other = &policy->entry[i];
		if (i == at || other->kind != POLICY_ENTRY_ADDRESS || !covers(other, entry))
			continue;
		if (i < at || !covers(entry, other))
			return true;
	}
	return false;
}

static void
count_addresses(struct sky *sky, const struct message_policy *policy)
{
	for (uint16_t i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		if (entry->kind != POLICY_ENTRY_ADDRESS || is_counted(policy, i))
			continue;
		double n = 1;
		for (int bit = entry->prefix_length; bit < (entry->version == 4 ? 32 : 128); bit++)
			n *= 2;
		*(entry->version == 4 ? &sky->addresses4 : &sky->addresses6) += n;
	}
}

static bool
is_first_of_peer(const struct message_policy *policy, uint16_t at)
{
	for (uint16_t i = 0; i < at; i++)
		if (policy->entry[i].kind == POLICY_ENTRY_NEIGHBOUR &&
			policy->entry[i].peer == policy->entry[at].peer)
			return false;
	return true;
}

void
sky_from_policy(struct sky *sky, const struct message_policy *policy, bool is_paused)
{
	bool is_all =
		is_paused || policy->state == DEVICE_OBSERVE || policy->state == DEVICE_TRUSTED;
	bool is_held = policy->state == DEVICE_ENFORCE;

	memset(sky, 0, sizeof *sky);
	if (!is_all && !is_held)
		return;
	memset(open_ports, is_all ? 0xff : 0, sizeof open_ports);
	sky->is_all = is_all;
	if (is_held)
		count_addresses(sky, policy);
	for (uint16_t i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		bool opens = is_held && (entry->kind == POLICY_ENTRY_ADDRESS ||
						entry->kind == POLICY_ENTRY_SLOT);
		if (entry->kind == POLICY_ENTRY_NEIGHBOUR) {
			sky->neighbours += is_first_of_peer(policy, i);
			opens = true;
		}
		if (opens)
			mark(entry, true);
	}
	/* Looked up first by the kernel, so last here; a pause opens them as well. */
	if (is_all && !is_paused) {
		for (uint16_t i = 0; i < policy->n_entries; i++)
			if (policy->entry[i].kind == POLICY_ENTRY_DENY)
				mark(&policy->entry[i], false);
		for (size_t i = 0; policy->state == DEVICE_OBSERVE && i < COUNT_OF(admin_ports);
			i++)
			mark_ports(open_ports[0], admin_ports[i], admin_ports[i], false);
	}
	sky->ports = count_ports();
}
