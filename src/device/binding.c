/* SPDX-License-Identifier: Apache-2.0 */
#include "device/binding.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "message/reason.h"

/*
 * How long things last, and why.
 */
enum {
	REQUEST_S = 60,     /* a DHCP request waits for its answer; RFC 2131 gives up after 64 s */
	TOLD_S = 10,        /* one report of a spoof a MAC in this time */
	CLAIM_S = 60,       /* time over which new addresses are counted ... */
	CLAIMS_MAX = 24,    /* ... and how many a MAC may have: two rounds of all its addresses */
	IDLE_S = 24 * 3600, /* after which an IPv6 address may be claimed by another.  A neighbour
				 that waits for a sleeping sensor must wait long (RFC 6620 asks the
				 old owner instead, and we send nothing to devices by ourselves) */
	ROAM_S = 5,         /* a phone changes between two access points */
	MOVED_S = 600,      /* an ordinary device that was carried elsewhere while its access point
				 stayed up */
};

struct changes {
	struct binding_change *row;
	size_t count;
};

static const char *const event_words[BINDING_EVENT_COUNT] = {
	[BINDING_NOTHING] = "nothing",
	[BINDING_ADDED] = "added",
	[BINDING_REMOVED] = "removed",
	[BINDING_MOVED] = "moved",
	[BINDING_SPOOFED] = "spoofed",
	[BINDING_OVER_LIMIT] = "over-limit",
	[BINDING_FOREIGN] = "foreign",
};

const char *
binding_event_word(enum binding_event event)
{
	return event < BINDING_EVENT_COUNT ? event_words[event] : "unknown";
}

static void
tell(struct changes *changes, enum binding_event event, uint32_t device, const char *port,
	const uint8_t mac[static 6], const struct ip *address, enum binding_how how)
{
	struct binding_change *row;

	if (changes->count == BINDING_CHANGES_MAX)
		return;
	row = &changes->row[changes->count++];
	*row = (struct binding_change){.event = event, .device = device, .how = how};
	memcpy(row->port, port, strnlen(port, sizeof row->port - 1));
	memcpy(row->mac, mac, 6);
	if (address)
		row->address = *address;
}

static void
tell_binding(struct changes *changes, enum binding_event event, const struct device *device,
	const struct binding *it)
{
	tell(changes, event, device->number, it->port, it->mac, &it->address,
		(enum binding_how)it->how);
}

/* A report of trouble about this MAC, unless one was made just now. */
static void
tell_trouble(struct changes *changes, enum binding_event event, uint32_t device, uint32_t culprit,
	struct device_mac *of, const struct observation *row, const struct ip *address,
	uint64_t now_ns)
{
	if (of) {
		if (of->spoof_told_ns && now_ns - of->spoof_told_ns < TOLD_S * CLOCK_SECOND_NS)
			return;
		of->spoof_told_ns = now_ns;
	}
	tell(changes, event, device, row->port, row->mac, address, BINDING_UNKNOWN);
	if (changes->count)
		changes->row[changes->count - 1].culprit = culprit;
}

uint64_t
binding_silence_ns(enum device_class class, enum device_state state)
{
	switch (class) {
	case DEVICE_CLASS_CRITICAL:
		return UINT64_MAX;
	case DEVICE_CLASS_PERSONAL:
		return ROAM_S * CLOCK_SECOND_NS;
	default:
		/* What waits has nothing that is worth stealing. */
		return (state == DEVICE_WAITING ? ROAM_S : MOVED_S) * CLOCK_SECOND_NS;
	}
}

static bool
is_on(const char port[static 16], const char *other)
{
	return !strncmp(port, other, 16);
}

bool
binding_is_home(const struct device_table *table, const struct device *device,
	const struct device_mac *mac, const char *port, uint64_t now_ns)
{
	uint64_t silence;

	if (!mac->port[0] || !port[0] || is_on(mac->port, port))
		return true;
	if (!device_port_is_up(table, mac->port))
		return true;
	silence = binding_silence_ns(
		(enum device_class)device->class, (enum device_state)device->state);
	/* Not heard since the start: it may be alive; its silence counts from now. */
	return silence != UINT64_MAX && mac->heard_ns && now_ns - mac->heard_ns >= silence;
}

/* fe80::/64 and the MAC with ff:fe in its middle and the local bit turned (RFC 4291, appendix A). */
static bool
is_made_of_mac(const struct ip *address, const uint8_t mac[static 6])
{
	const uint8_t made[16] = {
		0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

	return address->version == 6 && !memcmp(address->byte, made, sizeof made);
}

static bool
is_gateway(const struct binding_rules *rules, const struct ip *address)
{
	for (size_t i = 0; i < rules->n_gateways; i++)
		if (ip_is_equal(&rules->gateway[i], address))
			return true;
	for (size_t i = 0; i < rules->n_own; i++)
		if (is_made_of_mac(address, rules->own[i]))
			return true;
	return (rules->lan4.address.version && ip_is_equal(&rules->lan4.address, address)) ||
	       (rules->delegated6.address.version &&
		       ip_is_equal(&rules->delegated6.address, address)) ||
	       (rules->lan6.address.version && ip_is_equal(&rules->lan6.address, address));
}

bool
binding_is_current(const struct binding_rules *rules, const struct ip *address)
{
	if (!ip_is_valid(address) || ip_is_multicast(address))
		return false;
	if (address->version == 4) {
		/* Neither the network's own address nor its broadcast. */
		uint32_t host = (uint32_t)address->byte[0] << 24 |
				(uint32_t)address->byte[1] << 16 | (uint32_t)address->byte[2] << 8 |
				address->byte[3];
		uint32_t mask = rules->lan4.length < 31 ? UINT32_MAX >> rules->lan4.length : 0;
		if (mask && ((host & mask) == 0 || (host & mask) == mask))
			return false;
		return rules->lan4.address.version && prefix_contains(&rules->lan4, address);
	}
	return ip_is_link_local(address) ||
	       (rules->delegated6.address.version &&
		       prefix_contains(&rules->delegated6, address)) ||
	       (rules->lan6.address.version && prefix_contains(&rules->lan6, address));
}

/* May the address be taken from who has it? */
static bool
is_abandoned(const struct device_table *table, const struct binding *it, uint64_t now_ns)
{
	if (it->how == BINDING_OWNER)
		return false;
	return it->expires_ns <= now_ns || !device_port_is_up(table, it->port) ||
	       now_ns - it->used_ns >= IDLE_S * CLOCK_SECOND_NS;
}

static struct binding *
binding_of(struct device *device, const struct ip *address)
{
	for (size_t i = 0; i < device->n_bindings; i++)
		if (ip_is_equal(&device->binding[i].address, address))
			return &device->binding[i];
	return NULL;
}

static void
drop(struct device_table *table, struct device *device, struct binding *it, struct changes *changes)
{
	tell_binding(changes, BINDING_REMOVED, device, it);
	device_binding_drop(table, device, it);
}

/* The one used longest ago, of this MAC (NULL: of any), that was not set by the owner. */
static struct binding *
longest_idle(struct device *device, const uint8_t *mac, uint8_t version)
{
	struct binding *idle = NULL;

	for (size_t i = 0; i < device->n_bindings; i++) {
		struct binding *it = &device->binding[i];
		if (it->how == BINDING_OWNER || (mac && memcmp(it->mac, mac, 6)) ||
			(version && it->address.version != version))
			continue;
		if (!idle || it->used_ns < idle->used_ns)
			idle = it;
	}
	return idle;
}

static void
make_room(struct device_table *table, struct device *device, const struct binding *wanted,
	struct changes *changes)
{
	struct binding *idle = NULL;
	size_t v6 = 0;

	for (size_t i = 0; i < device->n_bindings; i++)
		v6 += device->binding[i].address.version == 6 &&
		      !memcmp(device->binding[i].mac, wanted->mac, 6);
	if (wanted->address.version == 6 && v6 >= DEVICE_V6_PER_MAC)
		idle = longest_idle(device, wanted->mac, 6);
	else if (device->n_bindings == DEVICE_BINDINGS_MAX)
		idle = longest_idle(device, NULL, 0);
	if (idle)
		drop(table, device, idle, changes);
}

/* Everything but the question who was first is settled. */
static void
bind(struct device_table *table, struct device *device, const struct binding *wanted,
	struct changes *changes)
{
	struct binding *same = binding_of(device, &wanted->address);

	if (same && is_on(same->port, wanted->port) && !memcmp(same->mac, wanted->mac, 6)) {
		/* A lease is worth more than first come; never let a weaker word shorten it. */
		if (same->how == BINDING_OWNER)
			return;
		if (wanted->how == BINDING_LEASE || same->how != BINDING_LEASE) {
			same->how = wanted->how;
			same->expires_ns = wanted->expires_ns;
		}
		same->used_ns = wanted->used_ns;
		return;
	}
	if (same && same->how == BINDING_OWNER)
		return;
	if (same)
		drop(table, device, same, changes);
	make_room(table, device, wanted, changes);
	if (device_binding_keep(table, device, wanted))
		tell_binding(changes, BINDING_ADDED, device, wanted);
}

static bool
may_claim_more(struct device_mac *mac, uint64_t now_ns)
{
	if (!mac->claims_ns || now_ns - mac->claims_ns >= CLAIM_S * CLOCK_SECOND_NS) {
		mac->claims_ns = now_ns;
		mac->claims = 0;
	}
	return mac->claims++ < CLAIMS_MAX;
}

/* The device at (port, MAC) says that the address is its own. */
static void
claim(struct device_table *table, const struct binding_rules *rules, struct device *device,
	struct device_mac *mac, const struct observation *row, const struct ip *address,
	enum binding_how how, uint64_t now_ns, struct changes *changes)
{
	struct device *owner = device_find_by_address(table, address);
	struct binding wanted = {.how = (uint8_t)how,
		.address = *address,
		.expires_ns = UINT64_MAX,
		.used_ns = now_ns,
		.since_s = row->wall_s};

	if (is_gateway(rules, address)) {
		tell_trouble(
			changes, BINDING_SPOOFED, 0, device->number, mac, row, address, now_ns);
		return;
	}
	if (!binding_is_current(rules, address)) {
		tell_trouble(changes, BINDING_FOREIGN, device->number, device->number, mac, row,
			address, now_ns);
		return;
	}
	if (owner && owner != device) {
		struct binding *theirs = binding_of(owner, address);
		if (!is_abandoned(table, theirs, now_ns)) {
			tell_trouble(changes, BINDING_SPOOFED, owner->number, device->number, mac,
				row, address, now_ns);
			return;
		}
	}
	if (!binding_of(device, address) && !may_claim_more(mac, now_ns)) {
		tell_trouble(changes, BINDING_OVER_LIMIT, device->number, device->number, mac, row,
			address, now_ns);
		return;
	}
	if (owner && owner != device)
		drop(table, owner, binding_of(owner, address), changes);
	memcpy(wanted.port, row->port, sizeof wanted.port);
	memcpy(wanted.mac, row->mac, 6);
	bind(table, device, &wanted, changes);
}

/* Our DHCP server gave an address to the MAC: it is bound where the request came from. */
static void
on_lease(struct device_table *table, const struct binding_rules *rules,
	const struct observation *row, uint64_t now_ns, struct changes *changes)
{
	struct device *device = device_find_by_mac(table, row->mac), *owner;
	struct device_mac *mac = device ? device_mac_find(device, row->mac) : NULL;
	struct binding wanted = {.how = BINDING_LEASE,
		.address = row->target,
		.expires_ns = row->value == UINT32_MAX ? UINT64_MAX
						       : now_ns + row->value * CLOCK_SECOND_NS,
		.used_ns = now_ns,
		.since_s = row->wall_s};

	if (!mac || !mac->request_ns || now_ns - mac->request_ns > REQUEST_S * CLOCK_SECOND_NS)
		return;
	if (is_gateway(rules, &row->target) || !binding_is_current(rules, &row->target)) {
		tell_trouble(changes, BINDING_FOREIGN, device->number, 0, mac, row, &row->target,
			now_ns);
		return;
	}
	owner = device_find_by_address(table, &row->target);
	if (owner && owner != device) {
		struct binding *theirs = binding_of(owner, &row->target);
		/* The server gives an IPv4 address only when it is free; of IPv6 it cannot know
		 * what others made for themselves. */
		if (theirs->how == BINDING_OWNER ||
			(row->target.version == 6 && !is_abandoned(table, theirs, now_ns)))
			return;
		drop(table, owner, theirs, changes);
	}
	/* A client has one IPv4 lease; with a new one it has left the old. */
	for (size_t i = device->n_bindings; row->target.version == 4 && i > 0; i--) {
		struct binding *it = &device->binding[i - 1];
		if (it->address.version == 4 && it->how == BINDING_LEASE &&
			!memcmp(it->mac, row->mac, 6) && !ip_is_equal(&it->address, &row->target))
			drop(table, device, it, changes);
	}
	memcpy(wanted.port, mac->request_port, sizeof wanted.port);
	memcpy(wanted.mac, row->mac, 6);
	bind(table, device, &wanted, changes);
}

/* Moves the MAC to where it was heard: what it was bound to on the old port ends. */
static void
move(struct device_table *table, struct device *device, struct device_mac *mac,
	const struct observation *row, struct changes *changes)
{
	for (size_t i = device->n_bindings; i > 0; i--) {
		struct binding *it = &device->binding[i - 1];
		if (!memcmp(it->mac, row->mac, 6) && it->how != BINDING_OWNER)
			drop(table, device, it, changes);
	}
	memcpy(mac->port, row->port, sizeof mac->port);
	tell(changes, BINDING_MOVED, device->number, row->port, row->mac, NULL, BINDING_UNKNOWN);
}

static void
on_release(struct device_table *table, struct device *device, const struct observation *row,
	const struct ip *address, struct changes *changes)
{
	struct binding *it = device_binding_find(device, row->port, row->mac, address);

	if (it && it->how == BINDING_LEASE)
		drop(table, device, it, changes);
}

/* It speaks as this address: a sign of life, or a lie. */
static void
on_use(struct device_table *table, const struct binding_rules *rules, struct device *device,
	struct device_mac *mac, const struct observation *row, const struct ip *address,
	uint64_t now_ns, struct changes *changes)
{
	struct device *owner;
	struct binding *own;

	if (!ip_is_valid(address))
		return;
	own = device_binding_find(device, row->port, row->mac, address);
	if (own) {
		own->used_ns = now_ns;
		return;
	}
	owner = device_find_by_address(table, address);
	if (is_gateway(rules, address) || (owner && owner != device))
		tell_trouble(changes, BINDING_SPOOFED, owner ? owner->number : 0, device->number,
			mac, row, address, now_ns);
}

static void
on_denied(struct device_table *table, const struct binding_rules *rules, struct device *device,
	struct device_mac *mac, const struct observation *row, uint64_t now_ns,
	struct changes *changes)
{
	switch ((enum reason)row->value) {
	case REASON_UNBOUND6:
	case REASON_ND_SPOOF:
		if (row->source.version == 6)
			claim(table, rules, device, mac, row, &row->source, BINDING_USED, now_ns,
				changes);
		break;
	case REASON_UNBOUND4:
	case REASON_ARP_SPOOF:
		on_use(table, rules, device, mac, row, &row->source, now_ns, changes);
		if (!changes->count && row->source.version == 4 &&
			!device_find_by_address(table, &row->source))
			tell_trouble(changes, BINDING_FOREIGN, device->number, device->number, mac,
				row, &row->source, now_ns);
		break;
	default:
		break;
	}
}

size_t
binding_from_observation(struct device_table *table, const struct binding_rules *rules,
	const struct observation *row, uint64_t now_ns,
	struct binding_change out[static BINDING_CHANGES_MAX])
{
	struct changes changes = {.row = out};
	struct device *device;
	struct device_mac *mac;

	if (row->what == OBSERVED_DHCP4_ACK || row->what == OBSERVED_DHCP6_REPLY) {
		on_lease(table, rules, row, now_ns, &changes);
		return changes.count;
	}
	/* The rest is about who sent it, and from where. */
	if (!row->port[0] || !mac_is_unicast(row->mac) || row->what == OBSERVED_DHCP4_NAK)
		return 0;
	device = device_find_by_mac(table, row->mac);
	mac = device ? device_mac_find(device, row->mac) : NULL;
	if (!mac)
		return 0;
	if (!binding_is_home(table, device, mac, row->port, now_ns)) {
		if (!mac->heard_ns)
			mac->heard_ns = now_ns;
		tell_trouble(&changes, BINDING_SPOOFED, device->number, 0, mac, row, NULL, now_ns);
		return changes.count;
	}
	if (mac->port[0] && !is_on(mac->port, row->port))
		move(table, device, mac, row, &changes);
	else
		memcpy(mac->port, row->port, sizeof mac->port);
	mac->heard_ns = now_ns;

	switch ((enum observed)row->what) {
	case OBSERVED_DHCP4_DISCOVER:
	case OBSERVED_DHCP4_REQUEST:
	case OBSERVED_DHCP6_SOLICIT:
		memcpy(mac->request_port, row->port, sizeof mac->request_port);
		mac->request_ns = now_ns;
		break;
	case OBSERVED_DHCP4_RELEASE:
		on_release(table, device, row, &row->source, &changes);
		break;
	case OBSERVED_DHCP6_RELEASE:
		on_release(table, device, row, &row->target, &changes);
		break;
	case OBSERVED_ND_DAD:
		claim(table, rules, device, mac, row, &row->target, BINDING_DAD, now_ns, &changes);
		break;
	case OBSERVED_ND_ADVERT:
		claim(table, rules, device, mac, row, &row->target, BINDING_USED, now_ns, &changes);
		break;
	case OBSERVED_ARP:
	case OBSERVED_IP:
	case OBSERVED_FLOW_NEW:
		on_use(table, rules, device, mac, row, &row->source, now_ns, &changes);
		break;
	case OBSERVED_DENIED:
		on_denied(table, rules, device, mac, row, now_ns, &changes);
		break;
	default:
		break;
	}
	return changes.count;
}

size_t
binding_expire(struct device_table *table, uint64_t now_ns,
	struct binding_change out[static BINDING_CHANGES_MAX])
{
	struct changes changes = {.row = out};
	struct device *device;
	size_t cursor = 0;

	while ((device = device_next(table, &cursor)))
		for (size_t i = device->n_bindings; i > 0; i--)
			if (device->binding[i - 1].expires_ns <= now_ns) {
				if (changes.count == BINDING_CHANGES_MAX)
					return changes.count;
				drop(table, device, &device->binding[i - 1], &changes);
			}
	return changes.count;
}

/* 2000::/3: what was delegated is not known yet when bindings are restored. */
static bool
is_global6(const struct ip *address)
{
	return address->version == 6 && (address->byte[0] & 0xe0) == 0x20;
}

enum err
binding_restore(struct device_table *table, const struct binding_rules *rules,
	struct device *device, const struct binding *binding)
{
	const struct device *owner = device_find_by_address(table, &binding->address);

	if (!binding->port[0] || binding->port[sizeof binding->port - 1] ||
		!device_mac_find(device, binding->mac) || binding->how == BINDING_UNKNOWN ||
		binding->how >= BINDING_HOW_COUNT)
		return ERR_INVALID;
	if (is_gateway(rules, &binding->address) ||
		(!binding_is_current(rules, &binding->address) && !is_global6(&binding->address)))
		return ERR_DENIED;
	if (owner && owner != device)
		return ERR_BUSY;
	if (!owner && device->n_bindings == DEVICE_BINDINGS_MAX)
		return ERR_FULL;
	return device_binding_keep(table, device, binding) ? ERR_OK : ERR_INVALID;
}
