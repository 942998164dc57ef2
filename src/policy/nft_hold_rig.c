/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "policy/nft_hold_inside.h"

static void
drop_if_rig(const struct nft_element *element, bool was_found, void *arg)
{
	if (nft_is_rig(element->set, element->expires_ns))
		nft_apply_drop(arg, element);
}

void
hold_drop_rig(struct hold *hold, uint32_t device)
{
	nft_apply_each(hold->apply, device, drop_if_rig, hold->apply);
}

/* address NULL: to whichever. */
static struct nft_element
rig_element(uint32_t device, const struct ip *address, uint16_t port, uint64_t expires_ns)
{
	enum nft_set set = !address ? NFT_RIG : address->version == 4 ? NFT_RIG_TO4 : NFT_RIG_TO6;
	size_t len = !address ? 0 : address->version == 4 ? 4 : 16;
	struct nft_element element = hold_number_element(set, device, expires_ns);
	uint16_t wire = htons(port);

	if (len)
		memcpy(element.key + 4, address->byte, len);
	memcpy(element.key + 4 + len, &wire, sizeof wire);
	return element;
}

/* By the port and the MAC, as its cap is. */
static struct nft_element
tested_element(uint32_t device, const struct policy_binding *binding, uint64_t expires_ns)
{
	struct nft_element element = {
		.set = NFT_TESTED, .device = device, .expires_ns = expires_ns};

	memcpy(element.key, binding->port, sizeof binding->port);
	memcpy(element.key + sizeof binding->port, binding->mac, sizeof binding->mac);
	return element;
}

struct rigging {
	const struct hold *hold;
	const struct message_rig *rig;
	struct message_rig_seen *seen;
};

static bool
is_addressed(const struct message_rig *rig, const struct ip *target)
{
	for (unsigned i = 0; i < rig->n_addresses; i++)
		if (ip_is_equal(&rig->address[i], target))
			return true;
	return !rig->n_addresses;
}

/* A flow of the device to the internet, to one of the addresses and ports where any are named. */
static bool
is_rigged(const struct flow *flow, const struct rigging *rigging)
{
	const struct message_rig *rig = rigging->rig;

	if (hold_number_at(rigging->hold, &flow->source) != rig->device ||
		hold_number_at(rigging->hold, &flow->target) || !is_addressed(rig, &flow->target))
		return false;
	if (!rig->n_ports)
		return true;
	for (unsigned i = 0; i < rig->n_ports; i++)
		if (rig->port[i] == flow->target_port &&
			flow->proto == (rig->port[i] == RIG_TIME_PORT ? IPPROTO_UDP : IPPROTO_TCP))
			return true;
	return false;
}

static bool
is_cut_by_rig(const struct flow *flow, uint32_t mark, void *arg)
{
	return is_rigged(flow, arg);
}

/* The internet may have begun a flow as well, through a door. */
static bool
is_cut_by_outage(const struct flow *flow, uint32_t mark, void *arg)
{
	const struct rigging *rigging = arg;
	uint32_t from = hold_number_at(rigging->hold, &flow->source);
	uint32_t to = hold_number_at(rigging->hold, &flow->target);

	return (from == rigging->rig->device && !to) || (to == rigging->rig->device && !from);
}

/* Its neighbours may have begun one, and so may we. */
static bool
is_cut_by_link(const struct flow *flow, uint32_t mark, void *arg)
{
	const struct rigging *rigging = arg;

	return hold_number_at(rigging->hold, &flow->source) == rigging->rig->device ||
	       hold_number_at(rigging->hold, &flow->target) == rigging->rig->device;
}

static uint32_t
at_most_u32(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void
tell_rigged(const struct flow *flow, uint32_t mark, const struct flow_counts *counts, void *arg)
{
	struct rigging *rigging = arg;

	if (rigging->seen->n_rows == RIG_ROWS_MAX || !is_rigged(flow, rigging))
		return;
	rigging->seen->row[rigging->seen->n_rows++] = (struct rig_row){.address = flow->target,
		.port = flow->target_port,
		.packets_out = at_most_u32(counts->packets_out),
		.packets_in = at_most_u32(counts->packets_in),
		.bytes_out = at_most_u32(counts->bytes_out),
		.bytes_in = at_most_u32(counts->bytes_in),
		.is_assured = counts->is_assured};
}

static enum err
refuse_rig(enum err err, struct fault *why, const char *text)
{
	fault_set(why, err, "%s", text);
	return err;
}

static void
turn(struct hold *hold, const struct message_rig *rig, const struct ip *address, uint64_t ends_ns)
{
	for (unsigned i = 0; i < rig->n_ports; i++) {
		struct nft_element element =
			rig_element(rig->device, address, rig->port[i], ends_ns);
		hold_want_or_drop(hold, &element, rig->seconds);
	}
}

/*
 * Its MACs are in the set of those who are blocked, for some seconds: no ARP and no
 * DHCP of it is heard, and nothing is sent to it.  One who is blocked for good is
 * penned, and not tested.
 */
static void
change_link(struct hold *hold, const struct message_rig *rig, uint64_t ends_ns)
{
	const struct message_policy *policy = hold->record[rig->device]->policy;

	for (unsigned i = 0; i < policy->n_bindings; i++) {
		struct nft_element element = {
			.set = NFT_BLOCKED, .device = rig->device, .expires_ns = ends_ns};
		memcpy(element.key, policy->binding[i].mac, 6);
		hold_want_or_drop(hold, &element, rig->seconds);
	}
}

static enum err
change_rig(struct hold *hold, const struct message_rig *rig, struct fault *why)
{
	const struct message_policy *policy = hold->record[rig->device]->policy;
	uint64_t ends_ns = clock_monotonic_ns() + rig->seconds * CLOCK_SECOND_NS;
	struct nft_element off = hold_number_element(NFT_RIG_OFF, rig->device, ends_ns);
	struct message_done done = {0};

	nft_apply_begin(hold->apply);
	if (!rig->seconds && !rig->n_ports)
		hold_drop_rig(hold, rig->device);
	if (rig->bits & RIG_LINK && !hold_is_penned(hold->record[rig->device]))
		change_link(hold, rig, ends_ns);
	for (unsigned i = 0; rig->bits & RIG_TURN && i < rig->n_addresses; i++)
		turn(hold, rig, &rig->address[i], ends_ns);
	if (rig->bits & RIG_TURN && !rig->n_addresses)
		turn(hold, rig, NULL, ends_ns);
	if (rig->bits & (RIG_OFF | RIG_LINK))
		hold_want_or_drop(hold, &off, rig->seconds);
	for (unsigned i = 0; rig->bits & RIG_CAP && i < policy->n_bindings; i++) {
		struct nft_element tested =
			tested_element(rig->device, &policy->binding[i], ends_ns);
		hold_want_or_drop(hold, &tested, rig->seconds);
	}
	return hold_commit(hold, &done, why);
}

static enum err
do_rig(struct hold *hold, const struct message_rig *rig, struct message_rig_seen *seen,
	struct fault *why)
{
	const struct hold_record *record =
		rig->device <= DEVICE_NUMBER_MAX ? hold->record[rig->device] : NULL;
	struct rigging rigging = {.hold = hold, .rig = rig, .seen = seen};
	enum err err = ERR_OK;

	if (!rig->device || !record)
		return refuse_rig(ERR_NOT_FOUND, why, "no such device");
	/* To end it is always right, and to hear more of its answers opens nothing. */
	if (hold_is_penned(record) && rig->seconds && rig->bits != RIG_CAP)
		return refuse_rig(ERR_DENIED, why, "a device in its pen has no way out");
	if (rig->bits & (RIG_TURN | RIG_OFF | RIG_CAP | RIG_LINK))
		err = change_rig(hold, rig, why);
	/* Everything of the device, whatever its mark: a pause, a door, a translation. */
	if (!err && rig->bits & RIG_CUT && hold->conntrack)
		err = conntrack_cut(hold->conntrack, 0, 0,
			rig->bits & RIG_LINK  ? is_cut_by_link
			: rig->bits & RIG_OFF ? is_cut_by_outage
					      : is_cut_by_rig,
			&rigging, &seen->n_cut);
	if (!err && rig->bits & RIG_LOOK && hold->conntrack)
		err = conntrack_look(
			hold->conntrack, rig->device, NFT_MARK_NUMBER, tell_rigged, &rigging);
	return err;
}

void
hold_rig(struct hold *hold, const struct message_rig *rig, struct message_rig_seen *seen,
	struct fault *why)
{
	*seen = (struct message_rig_seen){.run = rig->run, .ticket = rig->ticket};
	seen->err = (uint32_t)do_rig(hold, rig, seen, why);
}
