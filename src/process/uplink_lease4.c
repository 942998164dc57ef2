/* SPDX-License-Identifier: Apache-2.0 */
#include "process/uplink_lease4.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "packet/dhcpv4.h"
#include "packet/ethernet.h"
#include "packet/ipv4.h"
#include "packet/udp.h"
#include "packet/udp_frame.h"
#include "packet/writer.h"

enum {
	SERVER_PORT = 67,
	CLIENT_PORT = 68,
	HOPS = 64,
	MESSAGE_LEN_MIN = 300, /* BOOTP's, which some relays still ask for */
	PROTO_UDP = 17,
	FIRST_WAIT_S = 2,
	LONGEST_WAIT_S = 64,
	REQUESTS_MAX = 4,
	ASK_AGAIN_S = 60, /* RFC 2131, section 4.4.5: not sooner, while the lease runs */
	RENEW_S_MIN = 5,
};

/* --- saying ------------------------------------------------------------------------------------ */

static void
put_option(struct writer *w, uint8_t code, const void *value, size_t len)
{
	writer_u8(w, code);
	writer_u8(w, (uint8_t)len);
	writer_bytes(w, value, len);
}

static void
put_head(struct writer *w, const struct lease4 *lease, uint64_t now_ns, const struct ip *client)
{
	static const uint8_t nothing[10 + 64 + 128]; /* rest of chaddr, sname, file */
	uint64_t seconds = (now_ns - lease->begun_ns) / CLOCK_SECOND_NS;

	writer_u32(w, 0x01010600); /* request, Ethernet, six bytes, no hops */
	writer_u32(w, lease->transaction);
	writer_u16(w, seconds < UINT16_MAX ? (uint16_t)seconds : UINT16_MAX);
	writer_u16(w, 0); /* not broadcast: we hear frames to our MAC before we have an address */
	writer_bytes(w, client->byte, 4);
	writer_bytes(w, nothing, 12);
	writer_bytes(w, lease->mac, 6);
	writer_bytes(w, nothing, sizeof nothing);
	writer_u32(w, 0x63825363);
}

static size_t
render(const struct lease4 *lease, enum dhcpv4_type type, uint64_t now_ns,
	uint8_t frame[static LEASE4_FRAME_MAX])
{
	static const uint8_t parameters[] = {1, 3, 6, 51, 54, 58, 59};
	static const struct ip none = {.version = 4};
	bool has_address = lease->state == LEASE4_RENEWING || lease->state == LEASE4_REBINDING;
	uint8_t bytes[512], id[7] = {1}, wire_type = (uint8_t)type;
	struct writer w = writer_over(bytes, sizeof bytes);

	memcpy(id + 1, lease->mac, 6);
	put_head(&w, lease, now_ns, has_address ? &lease->address.address : &none);
	put_option(&w, 53, &wire_type, 1);
	put_option(&w, 61, id, sizeof id);
	/* RFC 2131, table 5: who selects says what and whose; who renews says neither. */
	if (lease->wanted.version && !has_address)
		put_option(&w, 50, lease->wanted.byte, 4);
	if (lease->state == LEASE4_REQUESTING)
		put_option(&w, 54, lease->server.byte, 4);
	put_option(&w, 55, parameters, sizeof parameters);
	writer_u8(&w, 255);
	while (writer_ok(&w) && writer_len(&w) < MESSAGE_LEN_MIN)
		writer_u8(&w, 0);

	struct udp_frame head = {.source_port = CLIENT_PORT,
		.target_port = SERVER_PORT,
		.source = has_address ? lease->address.address : none,
		.target = {.version = 4, .byte = {255, 255, 255, 255}},
		.hops = HOPS};
	memcpy(head.source_mac, lease->mac, 6);
	memset(head.target_mac, 0xff, 6);
	if (lease->state == LEASE4_RENEWING) {
		head.target = lease->server;
		memcpy(head.target_mac, lease->server_mac, 6);
	}
	return writer_ok(&w)
		       ? udp_frame_render(frame, LEASE4_FRAME_MAX, &head, bytes, writer_len(&w))
		       : 0;
}

/* --- when -------------------------------------------------------------------------------------- */

/* Twice as long each time, up to a minute, give or take a second: not all clients at once. */
static uint64_t
wait_ns(unsigned tries, uint32_t random)
{
	uint64_t s = FIRST_WAIT_S;

	while (tries-- > 0 && s < LONGEST_WAIT_S)
		s *= 2;
	return s * CLOCK_SECOND_NS - CLOCK_SECOND_NS / 2 + random % CLOCK_SECOND_NS;
}

static void
select_again(struct lease4 *lease, uint64_t now_ns)
{
	lease->state = LEASE4_SELECTING;
	lease->tries = 0;
	lease->begun_ns = now_ns;
	lease->next_ns = now_ns;
}

void
lease4_begin(struct lease4 *lease, const uint8_t mac[static 6], const struct ip_prefix *lan,
	uint64_t now_ns)
{
	memcpy(lease->mac, mac, 6);
	lease->lan = *lan;
	lease->wanted = lease->address.address;
	select_again(lease, now_ns);
}

static void
let_go(struct lease4 *lease)
{
	lease->address = (struct ip_prefix){0};
	lease->router = (struct ip){0};
	lease->name_server_count = 0;
	lease->end_ns = 0;
}

/* Half of what is left, but not every moment. */
static uint64_t
ask_again_ns(uint64_t now_ns, uint64_t until_ns)
{
	uint64_t half = (until_ns - now_ns) / 2, least = ASK_AGAIN_S * CLOCK_SECOND_NS;

	return half > least ? now_ns + half : now_ns + least < until_ns ? now_ns + least : until_ns;
}

static size_t
renew(struct lease4 *lease, uint64_t now_ns, uint32_t random, uint8_t *frame)
{
	if (lease->state == LEASE4_BOUND) {
		lease->transaction = random;
		lease->begun_ns = now_ns;
	}
	lease->state = now_ns >= lease->rebind_ns ? LEASE4_REBINDING : LEASE4_RENEWING;
	lease->next_ns = ask_again_ns(
		now_ns, lease->state == LEASE4_RENEWING ? lease->rebind_ns : lease->end_ns);
	return render(lease, DHCPV4_REQUEST, now_ns, frame);
}

size_t
lease4_due(struct lease4 *lease, uint64_t now_ns, uint32_t random,
	uint8_t frame[static LEASE4_FRAME_MAX], bool *changed)
{
	*changed = false;
	if (lease->address.address.version && now_ns >= lease->end_ns) {
		let_go(lease);
		*changed = true;
		if (lease->state >= LEASE4_BOUND)
			select_again(lease, now_ns);
	}
	if (now_ns < lease->next_ns)
		return 0;
	if (lease->state >= LEASE4_BOUND)
		return renew(lease, now_ns, random, frame);
	if (lease->state == LEASE4_REQUESTING && lease->tries >= REQUESTS_MAX)
		select_again(lease, now_ns);
	/* A request repeats the number of the offer that it takes. */
	if (lease->state == LEASE4_SELECTING && !lease->tries)
		lease->transaction = random;
	lease->next_ns = now_ns + wait_ns(lease->tries++, random);
	return render(lease, lease->state == LEASE4_REQUESTING ? DHCPV4_REQUEST : DHCPV4_DISCOVER,
		now_ns, frame);
}

/* --- hearing ----------------------------------------------------------------------------------- */

/* Neither network nor broadcast nor ourselves nor a group: somebody's address. */
static bool
is_host(const struct ip *ip)
{
	return ip->version == 4 && ip->byte[0] != 0 && ip->byte[0] != 127 && ip->byte[0] < 224;
}

static bool
is_for_us(const struct lease4 *lease, const struct dhcpv4 *dhcp)
{
	return !dhcp->is_request && dhcp->transaction == lease->transaction && dhcp->has_mac &&
	       !memcmp(dhcp->mac, lease->mac, 6);
}

static bool
is_acceptable(struct lease4 *lease, const struct dhcpv4 *dhcp)
{
	if (!is_host(&dhcp->yours) || dhcp->lease_s < LEASE4_SECONDS_MIN ||
		(dhcp->claimed_length && dhcp->claimed_length < 8))
		return false;
	struct ip_prefix theirs = {
		.address = dhcp->yours, .length = dhcp->claimed_length ? dhcp->claimed_length : 32};
	if (prefix_contains(&lease->lan, &dhcp->yours) ||
		prefix_contains(&theirs, &lease->lan.address)) {
		lease->met_lan = true;
		return false;
	}
	lease->met_lan = false;
	return true;
}

/* The server's time if it lies in order, or the usual part of the whole. */
static uint64_t
part_of(uint32_t lease_s, uint32_t said_s, uint32_t at_least_s, unsigned eighths)
{
	if (said_s < lease_s && said_s >= at_least_s)
		return said_s * CLOCK_SECOND_NS;
	return (uint64_t)lease_s * eighths * CLOCK_SECOND_NS / 8;
}

static void
bind_to(struct lease4 *lease, const struct dhcpv4 *dhcp, uint64_t now_ns)
{
	uint32_t s = dhcp->lease_s < LEASE4_SECONDS_MAX ? dhcp->lease_s : LEASE4_SECONDS_MAX;

	let_go(lease);
	lease->address.address = dhcp->yours;
	lease->address.length = dhcp->claimed_length ? dhcp->claimed_length : 32;
	if (is_host(&dhcp->claimed_router) &&
		!prefix_contains(&lease->lan, &dhcp->claimed_router) &&
		!ip_is_equal(&dhcp->claimed_router, &dhcp->yours))
		lease->router = dhcp->claimed_router;
	for (int i = 0; i < dhcp->name_server_count; i++) {
		const struct ip *server = &dhcp->claimed_name_server[i];
		if (is_host(server) && !prefix_contains(&lease->lan, server))
			lease->name_server[lease->name_server_count++] = *server;
	}
	lease->wanted = dhcp->yours;
	lease->end_ns = now_ns + s * CLOCK_SECOND_NS;
	lease->rebind_ns = now_ns + part_of(s, dhcp->rebind_s, RENEW_S_MIN + 1, 7);
	lease->renew_ns = now_ns + part_of(s, dhcp->renew_s, RENEW_S_MIN, 4);
	if (lease->renew_ns >= lease->rebind_ns)
		lease->renew_ns = now_ns + (lease->rebind_ns - now_ns) / 2;
	lease->state = LEASE4_BOUND;
	lease->next_ns = lease->renew_ns;
}

static bool
on_ack(struct lease4 *lease, const struct dhcpv4 *dhcp, const uint8_t *from, uint64_t now_ns)
{
	if (lease->state == LEASE4_SELECTING || lease->state == LEASE4_BOUND ||
		!is_acceptable(lease, dhcp))
		return false;
	/* Who answers a request that named a server is that server; who rebinds takes any. */
	if (lease->state != LEASE4_REBINDING && !ip_is_equal(&dhcp->server, &lease->server))
		return false;
	if (lease->state == LEASE4_REQUESTING && !ip_is_equal(&dhcp->yours, &lease->wanted))
		return false;
	if (is_host(&dhcp->server))
		lease->server = dhcp->server;
	memcpy(lease->server_mac, from, 6);
	bind_to(lease, dhcp, now_ns);
	return true; /* a longer life is news as well: who set the address must know until when */
}

static bool
on_nak(struct lease4 *lease, const struct dhcpv4 *dhcp, uint64_t now_ns)
{
	bool had = lease->address.address.version;

	if (lease->state == LEASE4_SELECTING || lease->state == LEASE4_BOUND ||
		(lease->state != LEASE4_REBINDING && !ip_is_equal(&dhcp->server, &lease->server)))
		return false;
	let_go(lease);
	lease->wanted = (struct ip){0};
	select_again(lease, now_ns);
	lease->next_ns = now_ns + FIRST_WAIT_S * CLOCK_SECOND_NS; /* a server that always says no */
	return had;
}

static bool
open_frame(struct dhcpv4 *dhcp, struct ethernet *ethernet, const void *frame, size_t len)
{
	struct reader r = reader_over(frame, len);
	struct ipv4 ip;
	struct udp udp;

	return ethernet_parse(ethernet, &r) && ethernet->type == ETHERTYPE_IPV4 &&
	       ipv4_parse(&ip, &r) && ip.protocol == PROTO_UDP && !ip.is_fragment &&
	       udp_parse(&udp, &r) && udp.source == SERVER_PORT && udp.destination == CLIENT_PORT &&
	       dhcpv4_parse(dhcp, r);
}

bool
lease4_hear(struct lease4 *lease, const void *frame, size_t len, uint64_t now_ns)
{
	struct ethernet ethernet;
	struct dhcpv4 dhcp;

	if (!open_frame(&dhcp, &ethernet, frame, len) || !is_for_us(lease, &dhcp))
		return false;
	switch (dhcp.type) {
	case DHCPV4_OFFER:
		if (lease->state != LEASE4_SELECTING || !is_host(&dhcp.server) ||
			!is_acceptable(lease, &dhcp))
			return false;
		lease->state = LEASE4_REQUESTING;
		lease->wanted = dhcp.yours;
		lease->server = dhcp.server;
		lease->tries = 0;
		lease->next_ns = now_ns;
		return false;
	case DHCPV4_ACK:
		return on_ack(lease, &dhcp, ethernet.source, now_ns);
	case DHCPV4_NAK:
		return on_nak(lease, &dhcp, now_ns);
	default:
		return false;
	}
}
