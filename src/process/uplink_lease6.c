/* SPDX-License-Identifier: Apache-2.0 */
#include "process/uplink_lease6.h"

#include <string.h>

#include "base/clock.h"
#include "packet/writer.h"

enum {
	OPTION_CLIENT_ID = 1,
	OPTION_SERVER_ID = 2,
	OPTION_IA_NA = 3,
	OPTION_IA_ADDRESS = 5,
	OPTION_REQUEST = 6,
	OPTION_ELAPSED = 8,
	OPTION_NAME_SERVERS = 23,
	OPTION_IA_PD = 25,
	OPTION_IA_PREFIX = 26,

	ASSOCIATION = 1, /* the number of both: one of each is all we ask for */
	REQUESTS_MAX = 10,
	RENEW_S_MIN = 5,
};

/* RFC 8415, section 7.6; soliciting is given up to two minutes, not an hour: a router waits. */
static const struct {
	uint8_t type;
	unsigned first_s, longest_s;
} exchanges[] = {
	[LEASE6_SOLICITING] = {DHCPV6_SOLICIT, 1, 120},
	[LEASE6_REQUESTING] = {DHCPV6_REQUEST, 1, 30},
	[LEASE6_RENEWING] = {DHCPV6_RENEW, 10, 600},
	[LEASE6_REBINDING] = {DHCPV6_REBIND, 10, 600},
};

/* --- saying ------------------------------------------------------------------------------------ */

static void
put_client(struct writer *w, const struct lease6 *lease)
{
	writer_u16(w, OPTION_CLIENT_ID);
	writer_u16(w, 10);
	writer_u32(w, 0x00030001); /* by link-layer address, Ethernet */
	writer_bytes(w, lease->mac, 6);
}

static void
put_associations(struct writer *w, const struct lease6 *lease)
{
	bool has_address = lease->address.version, has_prefix = lease->prefix.address.version;

	writer_u16(w, OPTION_IA_NA);
	writer_u16(w, has_address ? 12 + 28 : 12);
	writer_u32(w, ASSOCIATION);
	writer_u32(w, 0);
	writer_u32(w, 0);
	if (has_address) {
		writer_u16(w, OPTION_IA_ADDRESS);
		writer_u16(w, 24);
		writer_bytes(w, lease->address.byte, 16);
		writer_u32(w, 0);
		writer_u32(w, 0);
	}
	writer_u16(w, OPTION_IA_PD);
	writer_u16(w, has_prefix ? 12 + 29 : 12);
	writer_u32(w, ASSOCIATION);
	writer_u32(w, 0);
	writer_u32(w, 0);
	if (has_prefix) {
		writer_u16(w, OPTION_IA_PREFIX);
		writer_u16(w, 25);
		writer_u32(w, 0);
		writer_u32(w, 0);
		writer_u8(w, lease->prefix.length);
		writer_bytes(w, lease->prefix.address.byte, 16);
	}
}

static size_t
render(const struct lease6 *lease, uint64_t now_ns, uint8_t message[static LEASE6_MESSAGE_MAX])
{
	struct writer w = writer_over(message, LEASE6_MESSAGE_MAX);
	uint64_t hundredths = (now_ns - lease->begun_ns) / (CLOCK_SECOND_NS / 100);

	writer_u32(&w, (uint32_t)exchanges[lease->state].type << 24 | lease->transaction);
	put_client(&w, lease);
	if (lease->state == LEASE6_REQUESTING || lease->state == LEASE6_RENEWING) {
		writer_u16(&w, OPTION_SERVER_ID);
		writer_u16(&w, lease->server.len);
		writer_bytes(&w, lease->server.byte, lease->server.len);
	}
	writer_u16(&w, OPTION_ELAPSED);
	writer_u16(&w, 2);
	writer_u16(&w, hundredths < UINT16_MAX ? (uint16_t)hundredths : UINT16_MAX);
	writer_u16(&w, OPTION_REQUEST);
	writer_u16(&w, 2);
	writer_u16(&w, OPTION_NAME_SERVERS);
	put_associations(&w, lease);
	return writer_ok(&w) ? writer_len(&w) : 0;
}

/* --- when -------------------------------------------------------------------------------------- */

static void
enter(struct lease6 *lease, enum lease6_state state, uint64_t now_ns)
{
	lease->state = state;
	lease->tries = 0;
	lease->begun_ns = now_ns;
	lease->next_ns = now_ns;
}

void
lease6_begin(struct lease6 *lease, const uint8_t mac[static 6], const struct ip_prefix *lan,
	uint64_t now_ns)
{
	memcpy(lease->mac, mac, 6);
	lease->lan = *lan;
	enter(lease, LEASE6_SOLICITING, now_ns);
}

static uint64_t
wait_ns(const struct lease6 *lease, uint32_t random)
{
	uint64_t s = exchanges[lease->state].first_s;

	for (unsigned i = 0; i < lease->tries && s < exchanges[lease->state].longest_s; i++)
		s *= 2;
	if (s > exchanges[lease->state].longest_s)
		s = exchanges[lease->state].longest_s;
	/* A tenth more or less (section 15). */
	uint64_t tenth = s * CLOCK_SECOND_NS / 10;
	return s * CLOCK_SECOND_NS - tenth + random % (2 * tenth);
}

/* True if something that was held has ended. */
static bool
expire(struct lease6 *lease, uint64_t now_ns)
{
	bool ended = false;

	if (lease->address.version && now_ns >= lease->address_end_ns) {
		lease->address = (struct ip){0};
		ended = true;
	}
	if (lease->prefix.address.version && now_ns >= lease->prefix_end_ns) {
		lease->prefix = (struct ip_prefix){0};
		ended = true;
	}
	if (ended && !lease->address.version && !lease->prefix.address.version)
		lease->name_server_count = 0;
	return ended;
}

static bool
holds_nothing(const struct lease6 *lease)
{
	return !lease->address.version && !lease->prefix.address.version;
}

size_t
lease6_due(struct lease6 *lease, uint64_t now_ns, uint32_t random,
	uint8_t message[static LEASE6_MESSAGE_MAX], bool *changed)
{
	*changed = expire(lease, now_ns);
	if (*changed && holds_nothing(lease) && lease->state >= LEASE6_BOUND)
		enter(lease, LEASE6_SOLICITING, now_ns);
	if (now_ns < lease->next_ns)
		return 0;
	if (lease->state == LEASE6_BOUND)
		enter(lease, LEASE6_RENEWING, now_ns);
	if (lease->state == LEASE6_RENEWING && now_ns >= lease->rebind_ns)
		enter(lease, LEASE6_REBINDING, now_ns);
	if (lease->state == LEASE6_REQUESTING && lease->tries >= REQUESTS_MAX)
		enter(lease, LEASE6_SOLICITING, now_ns);
	if (!lease->tries)
		lease->transaction = random & 0xffffff;
	lease->next_ns = now_ns + wait_ns(lease, random);
	if (lease->state == LEASE6_RENEWING && lease->next_ns > lease->rebind_ns)
		lease->next_ns = lease->rebind_ns;
	lease->tries++;
	return render(lease, now_ns, message);
}

/* --- hearing ----------------------------------------------------------------------------------- */

static bool
is_global(const struct ip *ip)
{
	/* 2000::/3, or a private one (RFC 4193) from a router above us. */
	return ip->version == 6 && ((ip->byte[0] & 0xe0) == 0x20 || (ip->byte[0] & 0xfe) == 0xfc);
}

static bool
is_prefix_acceptable(const struct lease6 *lease, const struct dhcpv6_prefix *said)
{
	return is_global(&said->prefix.address) && said->prefix.length >= LEASE6_PREFIX_MIN &&
	       said->prefix.length <= LEASE6_PREFIX_MAX && said->valid_s >= LEASE6_SECONDS_MIN &&
	       said->preferred_s <= said->valid_s &&
	       !prefix_contains(&said->prefix, &lease->lan.address);
}

static bool
is_address_acceptable(const struct lease6 *lease, const struct dhcpv6_address *said)
{
	return is_global(&said->address) && said->valid_s >= LEASE6_SECONDS_MIN &&
	       said->preferred_s <= said->valid_s && !prefix_contains(&lease->lan, &said->address);
}

static const struct dhcpv6_prefix *
first_prefix(const struct lease6 *lease, const struct dhcpv6 *dhcp)
{
	for (int i = 0; i < dhcp->prefix_count; i++)
		if (is_prefix_acceptable(lease, &dhcp->delegated[i]))
			return &dhcp->delegated[i];
	return NULL;
}

static const struct dhcpv6_address *
first_address(const struct lease6 *lease, const struct dhcpv6 *dhcp)
{
	for (int i = 0; i < dhcp->address_count; i++)
		if (is_address_acceptable(lease, &dhcp->address[i]))
			return &dhcp->address[i];
	return NULL;
}

static uint64_t
end_ns(uint64_t now_ns, uint32_t seconds)
{
	return now_ns +
	       (seconds < LEASE6_SECONDS_MAX ? seconds : LEASE6_SECONDS_MAX) * CLOCK_SECOND_NS;
}

/* The bits below the length are nobody's. */
static struct ip_prefix
cut(struct ip_prefix prefix)
{
	for (unsigned bit = prefix.length; bit < 128; bit++)
		prefix.address.byte[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return prefix;
}

static void
set_times(struct lease6 *lease, const struct dhcpv6 *dhcp, uint64_t now_ns)
{
	uint64_t end = lease->prefix.address.version ? lease->prefix_end_ns : lease->address_end_ns;
	uint64_t whole = end > now_ns ? end - now_ns : 0; /* one not named may just have ended */
	uint64_t renew = dhcp->renew_s * CLOCK_SECOND_NS, rebind = dhcp->rebind_s * CLOCK_SECOND_NS;

	if (rebind < RENEW_S_MIN * CLOCK_SECOND_NS || rebind >= whole)
		rebind = whole / 5 * 4;
	if (renew < RENEW_S_MIN * CLOCK_SECOND_NS || renew >= rebind)
		renew = rebind / 8 * 5;
	lease->renew_ns = now_ns + renew;
	lease->rebind_ns = now_ns + rebind;
	lease->next_ns = lease->renew_ns;
}

/* What the server names with no life left is taken back (section 18.2.10.1). */
static bool
take_back(struct lease6 *lease, const struct dhcpv6 *dhcp)
{
	bool is_taken = false;

	for (int i = 0; i < dhcp->prefix_count; i++) {
		struct ip_prefix named = cut(dhcp->delegated[i].prefix);
		if (dhcp->delegated[i].valid_s || named.length != lease->prefix.length ||
			!ip_is_equal(&named.address, &lease->prefix.address))
			continue;
		lease->prefix = (struct ip_prefix){0};
		is_taken = true;
	}
	for (int i = 0; i < dhcp->address_count; i++) {
		if (dhcp->address[i].valid_s ||
			!ip_is_equal(&dhcp->address[i].address, &lease->address))
			continue;
		lease->address = (struct ip){0};
		is_taken = true;
	}
	return is_taken;
}

static bool
on_reply(struct lease6 *lease, const struct dhcpv6 *dhcp, uint64_t now_ns)
{
	const struct dhcpv6_prefix *prefix = first_prefix(lease, dhcp);
	const struct dhcpv6_address *address = first_address(lease, dhcp);
	bool is_taken = take_back(lease, dhcp);

	if (!prefix && !address) {
		/* It has forgotten us: what we still hold runs out, and we ask anew. */
		if (holds_nothing(lease))
			lease->name_server_count = 0;
		enter(lease, LEASE6_SOLICITING, now_ns);
		lease->next_ns = now_ns + 2 * CLOCK_SECOND_NS;
		return is_taken;
	}
	if (prefix) {
		lease->prefix = cut(prefix->prefix);
		lease->prefix_end_ns = end_ns(now_ns, prefix->valid_s);
		lease->prefix_preferred_ns = end_ns(now_ns, prefix->preferred_s);
	}
	if (address) {
		lease->address = address->address;
		lease->address_end_ns = end_ns(now_ns, address->valid_s);
	}
	lease->name_server_count = 0;
	for (int i = 0; i < dhcp->name_server_count; i++)
		if (is_global(&dhcp->claimed_name_server[i]) &&
			!prefix_contains(&lease->lan, &dhcp->claimed_name_server[i]))
			lease->name_server[lease->name_server_count++] =
				dhcp->claimed_name_server[i];
	lease->server = dhcp->server_duid;
	lease->state = LEASE6_BOUND;
	set_times(lease, dhcp, now_ns);
	return true;
}

bool
lease6_hear(struct lease6 *lease, const void *message, size_t len, uint64_t now_ns)
{
	struct dhcpv6 dhcp;

	if (!dhcpv6_parse(&dhcp, reader_over(message, len)) || dhcp.is_cut || dhcp.is_relay ||
		dhcp.transaction != lease->transaction || !dhcp.has_client_mac ||
		memcmp(dhcp.client_mac, lease->mac, 6) || !dhcp.server_duid.len)
		return false;
	if (dhcp.type == DHCPV6_ADVERTISE && lease->state == LEASE6_SOLICITING) {
		if (!first_prefix(lease, &dhcp) && !first_address(lease, &dhcp))
			return false;
		lease->server = dhcp.server_duid;
		enter(lease, LEASE6_REQUESTING, now_ns);
		return false;
	}
	if (dhcp.type != DHCPV6_REPLY || lease->state == LEASE6_SOLICITING ||
		lease->state == LEASE6_BOUND)
		return false;
	/* Who rebinds takes any server's word; else it is the one that was asked. */
	if (lease->state != LEASE6_REBINDING &&
		(dhcp.server_duid.len != lease->server.len ||
			memcmp(dhcp.server_duid.byte, lease->server.byte, lease->server.len)))
		return false;
	return on_reply(lease, &dhcp, now_ns);
}
