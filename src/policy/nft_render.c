/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_render.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "policy/inside.h"
#include "policy/nft_base.h"

enum {
	WORK_MAX = 4 * 1000 * 1000,
	FIELDS_MAX = 6,
	SURGE_FACTOR = 10,    /* see surge_of() */
	QUIET_A_SECOND = 5,   /* denials of a device that are logged */
	URGENT_A_SECOND = 50, /* and those that containment waits for */
};

/* --- what an entry is ------------------------------------------------------------------------ */

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_DCCP;
}

static bool
is_any_source_port(const struct policy_entry *entry)
{
	return entry->source_lo == 0 && entry->source_hi == 0xffff;
}

/* One port of one protocol, from any port: a key of the hash sets. */
static bool
is_exact(const struct policy_entry *entry)
{
	return has_ports(entry->proto) && entry->port_lo == entry->port_hi &&
	       is_any_source_port(entry);
}

static bool
is_host(const struct policy_entry *entry)
{
	return entry->prefix_length == (entry->version == 4 ? 32 : 128);
}

static bool
is_version(const struct policy_entry *entry, uint8_t version)
{
	return entry->version == 0 || entry->version == version;
}

/* Which entries say anything in this state; the rest is for the day the state changes. */
static bool
counts_in_state(const struct policy_entry *entry, enum device_state state)
{
	switch (state) {
	case DEVICE_ENFORCE:
		return true;
	case DEVICE_TRUSTED:
		return entry->kind != POLICY_ENTRY_ADDRESS && entry->kind != POLICY_ENTRY_SLOT;
	case DEVICE_OBSERVE:
		return entry->kind == POLICY_ENTRY_DENY;
	default:
		return false;
	}
}

uint32_t
nft_mark(const struct message_policy *policy)
{
	uint32_t mark = policy->device | (uint32_t)policy->state << NFT_MARK_STATE_SHIFT;

	if (policy->state == DEVICE_OBSERVE || policy->state == DEVICE_ENFORCE ||
		policy->state == DEVICE_TRUSTED)
		mark |= NFT_MARK_PASSES;
	for (int i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		if (!counts_in_state(entry, (enum device_state)policy->state))
			continue;
		if (entry->kind == POLICY_ENTRY_DENY)
			mark |= NFT_MARK_PATCHED;
		else if ((entry->kind == POLICY_ENTRY_ADDRESS &&
				 !(is_exact(entry) && is_host(entry))) ||
			 (entry->kind == POLICY_ENTRY_SLOT && !is_exact(entry)))
			mark |= NFT_MARK_RANGES;
	}
	return mark;
}

bool
policy_has_slot(const struct message_policy *policy, uint16_t slot)
{
	for (int i = 0; i < policy->n_entries; i++)
		if (policy->entry[i].kind == POLICY_ENTRY_SLOT && policy->entry[i].slot == slot)
			return policy->state == DEVICE_ENFORCE;
	return false;
}

/* --- keys ---------------------------------------------------------------------------------------- */

/* Fields of the interval keys, in bytes; each starts at the next multiple of four. */
static const uint8_t fields_of[NFT_SET_COUNT][FIELDS_MAX] = {
	[NFT_RANGE4] = {4, 4, 1, 2, 2},
	[NFT_RANGE6] = {4, 16, 1, 2, 2},
	[NFT_ICMP4] = {4, 4, 1, 1},
	[NFT_ICMP6] = {4, 16, 1, 1},
	[NFT_NEIGHBOUR_RANGE] = {4, 4, 1, 2, 2},
	[NFT_NEIGHBOUR_ICMP4] = {4, 4, 1, 1},
	[NFT_NEIGHBOUR_ICMP6] = {4, 4, 1, 1},
	[NFT_DOOR4] = {4, 4, 1, 2, 2},
	[NFT_DOOR6] = {4, 16, 1, 2, 2},
	[NFT_DOOR_NAT4] = {4, 1, 2},
	[NFT_PATCHED] = {4, 1, 2},
};

/* Writes the fields of a key in a row, each filled up to four bytes as registers are. */
struct key_writer {
	struct nft_element *element;
	unsigned at;
};

static struct key_writer
key_begin(struct nft_element *element, enum nft_set set, uint32_t device, uint64_t expires_ns)
{
	*element = (struct nft_element){
		.set = (uint8_t)set, .device = device, .expires_ns = expires_ns};
	return (struct key_writer){.element = element};
}

static void
put(struct key_writer *key, const void *lo, const void *hi, unsigned len)
{
	const struct nft_set_shape *shape = &nft_sets[key->element->set];

	memcpy(key->element->key + key->at, lo, len);
	if (shape->traits & NFT_IS_INTERVAL)
		memcpy(key->element->key + shape->key + key->at, hi, len);
	key->at += (len + 3u) & ~3u;
}

/* Registers hold a mark as the machine does, but interval sets compare it as the network does. */
static void
put_number(struct key_writer *key, uint32_t number)
{
	if (nft_sets[key->element->set].traits & NFT_IS_INTERVAL)
		number = htonl(number);
	put(key, &number, &number, 4);
}

static void
put_u8(struct key_writer *key, uint8_t lo, uint8_t hi)
{
	put(key, &lo, &hi, 1);
}

static void
put_port(struct key_writer *key, uint16_t lo, uint16_t hi)
{
	uint16_t net_lo = htons(lo), net_hi = htons(hi);
	put(key, &net_lo, &net_hi, 2);
}

static unsigned
address_len(const struct ip *address)
{
	return address->version == 4 ? 4 : 16;
}

static void
put_prefix(struct key_writer *key, const struct ip *address, unsigned length)
{
	unsigned len = address_len(address);
	uint8_t lo[16] = {0}, hi[16] = {0};

	for (unsigned i = 0; i < len; i++) {
		unsigned bits = length >= 8 * (i + 1) ? 8 : length > 8 * i ? length - 8 * i : 0;
		uint8_t mask = (uint8_t)(0xff00u >> bits);
		lo[i] = address->byte[i] & mask;
		hi[i] = (uint8_t)(lo[i] | (uint8_t)~mask);
	}
	put(key, lo, hi, len);
}

static void
put_address(struct key_writer *key, const struct ip *address)
{
	put(key, address->byte, address->byte, address_len(address));
}

static void
put_proto(struct key_writer *key, uint8_t proto)
{
	put_u8(key, proto, proto ? proto : 0xff);
}

static void
put_icmp(struct key_writer *key, const struct policy_entry *entry)
{
	bool any_code = entry->port_hi == 0xffff;
	bool any_type = any_code && entry->port_lo == 0xffff;

	put_u8(key, any_type ? 0 : (uint8_t)entry->port_lo,
		any_type ? 0xff : (uint8_t)entry->port_lo);
	put_u8(key, any_code ? 0 : (uint8_t)entry->port_hi,
		any_code ? 0xff : (uint8_t)entry->port_hi);
}

/* --- boxes ----------------------------------------------------------------------------------------- */

static bool
append(struct nft_elements *out, const struct nft_element *element)
{
	if (out->n == NFT_ELEMENTS_MAX)
		return false;
	out->row[out->n++] = *element;
	return true;
}

static bool
intersects(const struct nft_element *a, const struct nft_element *b)
{
	const uint8_t *len = fields_of[a->set];
	unsigned high = nft_sets[a->set].key;

	for (unsigned i = 0, at = 0; i < FIELDS_MAX && len[i]; at += (len[i] + 3u) & ~3u, i++)
		if (memcmp(a->key + at, b->key + high + at, len[i]) > 0 ||
			memcmp(b->key + at, a->key + high + at, len[i]) > 0)
			return false;
	return true;
}

static void
step(uint8_t *number, unsigned len, int by)
{
	while (len-- > 0) {
		number[len] = (uint8_t)(number[len] + by);
		if (number[len] != (by > 0 ? 0 : 0xff))
			return;
	}
}

/*
 * Adds the parts of a box that no earlier row covers.  Where it meets an
 * earlier one, what sticks out below and above in each field goes on alone;
 * the common core is dropped, since it is there already.
 */
static bool
append_box(struct nft_elements *out, struct nft_element box, unsigned from)
{
	const uint8_t *len = fields_of[box.set];
	unsigned high = nft_sets[box.set].key;

	for (unsigned row = from; row < out->n; row++) {
		if (out->row[row].set != box.set)
			continue;
		if (++out->work > WORK_MAX)
			return false;
		const struct nft_element there = out->row[row];
		if (!intersects(&box, &there))
			continue;
		for (unsigned i = 0, at = 0; i < FIELDS_MAX && len[i];
			at += (len[i] + 3u) & ~3u, i++) {
			struct nft_element piece = box;
			if (memcmp(box.key + at, there.key + at, len[i]) < 0) {
				memcpy(piece.key + high + at, there.key + at, len[i]);
				step(piece.key + high + at, len[i], -1);
				if (!append_box(out, piece, row + 1))
					return false;
				memcpy(box.key + at, there.key + at, len[i]);
			}
			piece = box;
			if (memcmp(box.key + high + at, there.key + high + at, len[i]) > 0) {
				memcpy(piece.key + at, there.key + high + at, len[i]);
				step(piece.key + at, len[i], 1);
				if (!append_box(out, piece, row + 1))
					return false;
				memcpy(box.key + high + at, there.key + high + at, len[i]);
			}
		}
		return true;
	}
	return append(out, &box);
}

static bool
append_any(struct nft_elements *out, const struct nft_element *element)
{
	return nft_sets[element->set].traits & NFT_IS_INTERVAL ? append_box(out, *element, 0)
							       : append(out, element);
}

/* --- entries ------------------------------------------------------------------------------------------ */

/* The device may open flows to address/length, by this entry's protocol and ports. */
static bool
append_outbound(struct nft_elements *out, uint32_t device, const struct policy_entry *entry,
	const struct ip *address, unsigned length, uint64_t expires_ns)
{
	bool four = address->version == 4;
	struct nft_element element;
	struct key_writer key;

	if (policy_is_icmp(entry->proto)) {
		if (four != (entry->proto == IPPROTO_ICMP))
			return true; /* ICMP of the other family: nothing to open here */
		key = key_begin(&element, four ? NFT_ICMP4 : NFT_ICMP6, device, expires_ns);
		put_number(&key, device);
		put_prefix(&key, address, length);
		put_icmp(&key, entry);
	} else if (is_exact(entry) && length == 8 * address_len(address)) {
		key = key_begin(&element, four ? NFT_ALLOW4 : NFT_ALLOW6, device, expires_ns);
		put_number(&key, device);
		put_address(&key, address);
		put_u8(&key, entry->proto, entry->proto);
		put_port(&key, entry->port_lo, entry->port_lo);
	} else {
		key = key_begin(&element, four ? NFT_RANGE4 : NFT_RANGE6, device, expires_ns);
		put_number(&key, device);
		put_prefix(&key, address, length);
		put_proto(&key, entry->proto);
		put_port(&key, entry->port_lo, entry->port_hi);
		put_port(&key, entry->source_lo, entry->source_hi);
	}
	return append_any(out, &element);
}

static bool
append_neighbour(struct nft_elements *out, uint32_t device, const struct policy_entry *entry)
{
	struct nft_element element;
	struct key_writer key;
	enum nft_set set =
		policy_is_icmp(entry->proto)
			? (entry->proto == IPPROTO_ICMP ? NFT_NEIGHBOUR_ICMP4 : NFT_NEIGHBOUR_ICMP6)
		: is_exact(entry) ? NFT_NEIGHBOUR
				  : NFT_NEIGHBOUR_RANGE;

	key = key_begin(&element, set, device, 0);
	put_number(&key, device);
	put_number(&key, entry->peer);
	if (policy_is_icmp(entry->proto)) {
		put_icmp(&key, entry);
	} else {
		put_proto(&key, entry->proto);
		put_port(&key, entry->port_lo, entry->port_hi);
		if (set == NFT_NEIGHBOUR_RANGE)
			put_port(&key, entry->source_lo, entry->source_hi);
	}
	return append_any(out, &element);
}

static const struct ip *
first_address4(const struct message_policy *policy)
{
	for (int i = 0; i < policy->n_bindings; i++)
		if (policy->binding[i].address.version == 4)
			return &policy->binding[i].address;
	return NULL;
}

static bool
append_door(struct nft_elements *out, const struct message_policy *policy,
	const struct policy_entry *entry)
{
	bool four = entry->version == 4;
	struct nft_element element;
	struct key_writer key;

	key = key_begin(&element, four ? NFT_DOOR4 : NFT_DOOR6, policy->device, 0);
	put_number(&key, policy->device);
	put_prefix(&key, &entry->address, entry->prefix_length);
	put_proto(&key, entry->proto);
	put_port(&key, entry->port_lo, entry->port_hi);
	put_port(&key, entry->source_lo, entry->source_hi);
	if (!append_any(out, &element))
		return false;

	/* Behind our one address a door is a forwarded port too. */
	const struct ip *inside = first_address4(policy);
	if (!four || !inside || !has_ports(entry->proto))
		return true;
	key = key_begin(&element, NFT_DOOR_NAT4, policy->device, 0);
	put_prefix(&key, &entry->address, entry->prefix_length);
	put_proto(&key, entry->proto);
	put_port(&key, entry->port_lo, entry->port_hi);
	memcpy(&element.data, inside->byte, 4);
	return append_any(out, &element);
}

static bool
append_patch(struct nft_elements *out, uint32_t device, const struct policy_entry *entry)
{
	struct nft_element element;
	struct key_writer key = key_begin(&element, NFT_PATCHED, device, 0);

	put_number(&key, device);
	put_proto(&key, entry->proto);
	put_port(&key, entry->port_lo, entry->port_hi);
	return append_any(out, &element);
}

static bool
append_static(struct nft_elements *out, const struct message_policy *policy,
	const struct policy_entry *entry)
{
	switch (entry->kind) {
	case POLICY_ENTRY_ADDRESS:
		return append_outbound(
			out, policy->device, entry, &entry->address, entry->prefix_length, 0);
	case POLICY_ENTRY_NEIGHBOUR:
		return append_neighbour(out, policy->device, entry);
	case POLICY_ENTRY_DOOR:
		return append_door(out, policy, entry);
	case POLICY_ENTRY_DENY:
		return append_patch(out, policy->device, entry);
	default:
		return true;
	}
}

static bool
append_opened(struct nft_elements *out, const struct message_policy *policy,
	const struct nft_opened *opened)
{
	for (int i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		if (entry->kind != POLICY_ENTRY_SLOT || entry->slot != opened->slot ||
			!is_version(entry, opened->address.version))
			continue;
		if (!append_outbound(out, policy->device, entry, &opened->address,
			    8 * address_len(&opened->address), opened->expires_ns))
			return false;
	}
	return true;
}

/* --- bindings ------------------------------------------------------------------------------------------ */

static bool
append_binding(struct nft_elements *out, const struct message_policy *policy,
	const struct policy_binding *binding, uint32_t mark)
{
	bool four = binding->address.version == 4;
	struct nft_element element;
	struct key_writer key;

	for (int i = 0; i < (four ? 1 : 2); i++) {
		key = key_begin(&element,
			four     ? NFT_BOUND4
			: i == 0 ? NFT_BOUND6
				 : NFT_TARGET6,
			policy->device, 0);
		put(&key, binding->port, binding->port, sizeof binding->port);
		put(&key, binding->mac, binding->mac, 6);
		put_address(&key, &binding->address);
		element.data = mark;
		if (!append(out, &element))
			return false;
	}
	/* Link-local addresses mean nothing to routing, and may occur on several links. */
	if (ip_is_link_local(&binding->address))
		return true;
	key = key_begin(&element, four ? NFT_ADDRESS4 : NFT_ADDRESS6, policy->device, 0);
	put_address(&key, &binding->address);
	element.data = mark;
	return append(out, &element);
}

static bool
append_mac(struct nft_elements *out, const struct message_policy *policy, enum nft_set set,
	const uint8_t mac[static 6], uint32_t data)
{
	struct nft_element element;
	struct key_writer key = key_begin(&element, set, policy->device, 0);

	put(&key, mac, mac, 6);
	element.data = data;
	return append(out, &element);
}

/* How much may come with this MAC from this port; elsewhere it is not the device's. */
static bool
append_port_cap(struct nft_elements *out, const struct message_policy *policy, enum nft_set set,
	const struct policy_binding *binding, uint32_t rate)
{
	struct nft_element element;
	struct key_writer key = key_begin(&element, set, policy->device, 0);

	put(&key, binding->port, binding->port, sizeof binding->port);
	put(&key, binding->mac, binding->mac, 6);
	element.data = rate;
	return append(out, &element);
}

static bool
append_number(struct nft_elements *out, uint32_t device, enum nft_set set, uint32_t data)
{
	struct nft_element element;
	struct key_writer key = key_begin(&element, set, device, 0);

	put_number(&key, device);
	element.data = data;
	return append(out, &element);
}

/* So many times the cap is no start-up and no server that answers late, but a flood. */
static uint32_t
surge_of(uint32_t cap)
{
	return cap > UINT32_MAX / SURGE_FACTOR ? UINT32_MAX : cap * SURGE_FACTOR;
}

static bool
append_bindings(struct nft_elements *out, const struct message_policy *policy)
{
	uint32_t mark = nft_mark(policy);
	bool is_penned = policy->state == DEVICE_WAITING || policy->state == DEVICE_QUARANTINE;
	bool is_known = policy->state != DEVICE_WAITING;

	for (int i = 0; i < policy->n_bindings; i++) {
		const struct policy_binding *binding = &policy->binding[i];
		if (!append_binding(out, policy, binding, mark) ||
			!append_port_cap(out, policy, NFT_CAP, binding, policy->packet_cap) ||
			!append_port_cap(
				out, policy, NFT_SURGE, binding, surge_of(policy->packet_cap)))
			return false;
		if (is_known && !append_mac(out, policy, NFT_KNOWN, binding->mac, 0))
			return false;
		if (is_penned && !append_mac(out, policy, NFT_CONTAINED, binding->mac, 0))
			return false;
		if (policy->state == DEVICE_BLOCK &&
			!append_mac(out, policy, NFT_BLOCKED, binding->mac, 0))
			return false;
	}
	return append_number(out, policy->device, NFT_FLOW_CAP, policy->flow_cap) &&
	       append_number(out, policy->device, NFT_FLOW_SURGE, surge_of(policy->flow_cap)) &&
	       append_number(out, policy->device, NFT_DENIED, 0) &&
	       append_number(out, policy->device, NFT_QUIET, QUIET_A_SECOND) &&
	       append_number(out, policy->device, NFT_URGENT, URGENT_A_SECOND);
}

/* --- the whole --------------------------------------------------------------------------------------- */

/* The longest lived first: it keeps what it has in common with others. */
static void
order_by_end(const struct nft_opened *opened, unsigned n, uint16_t order[])
{
	for (unsigned i = 0; i < n; i++) {
		unsigned at = i;
		for (; at > 0 && opened[order[at - 1]].expires_ns < opened[i].expires_ns; at--)
			order[at] = order[at - 1];
		order[at] = (uint16_t)i;
	}
}

enum err
nft_render(struct nft_elements *out, const struct message_policy *policy,
	const struct nft_opened *opened, unsigned n_opened, struct fault *why)
{
	enum device_state state = (enum device_state)policy->state;
	uint16_t order[NFT_OPENED_MAX];

	if (n_opened > NFT_OPENED_MAX)
		goto full;
	if (!append_bindings(out, policy))
		goto full;
	for (int i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		if (!counts_in_state(entry, state))
			continue;
		if (policy_is_icmp(entry->proto) &&
			(entry->kind == POLICY_ENTRY_DOOR || entry->kind == POLICY_ENTRY_DENY)) {
			fault_set(why, ERR_UNSUPPORTED,
				"entry %d: doors and patches are for ports, not for ICMP", i);
			return ERR_UNSUPPORTED;
		}
		if (!append_static(out, policy, entry))
			goto full;
	}
	if (state != DEVICE_ENFORCE)
		return ERR_OK;
	order_by_end(opened, n_opened, order);
	for (unsigned i = 0; i < n_opened; i++)
		if (!append_opened(out, policy, &opened[order[i]]))
			goto full;
	return ERR_OK;
full:
	fault_set(why, ERR_FULL, "the policy needs more than %d set elements", NFT_ELEMENTS_MAX);
	return ERR_FULL;
}

bool
nft_render_opened(struct nft_elements *out, const struct message_policy *policy,
	const struct nft_opened *opened)
{
	if (!policy_has_slot(policy, opened->slot))
		return false;
	for (int i = 0; i < policy->n_entries; i++)
		if (policy->entry[i].kind == POLICY_ENTRY_SLOT &&
			policy->entry[i].slot == opened->slot && !is_exact(&policy->entry[i]))
			return false;
	return append_opened(out, policy, opened);
}

/* --- judging a flow that runs ---------------------------------------------------------------------------- */

static bool
covers_ports(const struct policy_entry *entry, const struct flow *flow)
{
	if (entry->proto && entry->proto != flow->proto)
		return false;
	if (policy_is_icmp(entry->proto)) {
		bool any_code = entry->port_hi == 0xffff;
		return (entry->port_lo == flow->target_port ||
			       (any_code && entry->port_lo == 0xffff)) &&
		       (any_code || entry->port_hi == flow->source_port);
	}
	if (!entry->proto)
		return true;
	if (!has_ports(entry->proto))
		return entry->port_lo == 0 && entry->port_hi == 0xffff;
	return flow->target_port >= entry->port_lo && flow->target_port <= entry->port_hi &&
	       flow->source_port >= entry->source_lo && flow->source_port <= entry->source_hi;
}

static bool
is_patched(const struct message_policy *policy, const struct flow *flow)
{
	for (int i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		if (entry->kind == POLICY_ENTRY_DENY &&
			(!entry->proto || entry->proto == flow->proto) &&
			flow->target_port >= entry->port_lo && flow->target_port <= entry->port_hi)
			return true;
	}
	return false;
}

static bool
is_open_in_slot(const struct policy_entry *entry, const struct nft_opened *opened, unsigned n,
	const struct ip *address)
{
	for (unsigned i = 0; i < n; i++)
		if (opened[i].slot == entry->slot && ip_is_equal(&opened[i].address, address))
			return true;
	return false;
}

static bool
reaches(const struct policy_entry *entry, const struct nft_opened *opened, unsigned n,
	const struct flow *flow, uint32_t peer)
{
	struct ip_prefix prefix = {.address = entry->address, .length = entry->prefix_length};

	if (!is_version(entry, flow->target.version) || !covers_ports(entry, flow))
		return false;
	switch (entry->kind) {
	case POLICY_ENTRY_ADDRESS:
		return !peer && prefix_contains(&prefix, &flow->target);
	case POLICY_ENTRY_SLOT:
		return !peer && is_open_in_slot(entry, opened, n, &flow->target);
	case POLICY_ENTRY_NEIGHBOUR:
		return peer == entry->peer;
	default:
		return false;
	}
}

bool
policy_allows_flow(const struct message_policy *policy, const struct nft_opened *opened,
	unsigned n_opened, const struct flow *flow, uint32_t peer)
{
	if (policy->state != DEVICE_ENFORCE && policy->state != DEVICE_OBSERVE &&
		policy->state != DEVICE_TRUSTED)
		return false;
	if (is_patched(policy, flow))
		return false;
	if (policy->state == DEVICE_TRUSTED && !peer)
		return true;
	if (policy->state == DEVICE_OBSERVE)
		return !peer && !ip_is_inside(&flow->target) &&
		       !nft_port_administers(flow->proto, flow->target_port) &&
		       !nft_is_encrypted_dns(&flow->target, flow->proto, flow->target_port);
	for (int i = 0; i < policy->n_entries; i++)
		if (reaches(&policy->entry[i], opened, n_opened, flow, peer))
			return true;
	return false;
}

bool
policy_opens_door(const struct message_policy *policy, const struct flow *flow)
{
	for (int i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		struct ip_prefix prefix = {
			.address = entry->address, .length = entry->prefix_length};
		if (entry->kind == POLICY_ENTRY_DOOR &&
			counts_in_state(entry, (enum device_state)policy->state) &&
			covers_ports(entry, flow) && prefix_contains(&prefix, &flow->source))
			return true;
	}
	return false;
}
