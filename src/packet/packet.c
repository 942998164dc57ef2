/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

#include <netinet/in.h>

static bool
parse_dhcpv4(struct packet *packet)
{
	return dhcpv4_parse(&packet->dhcpv4, packet->payload);
}

static bool
parse_dhcpv6(struct packet *packet)
{
	return dhcpv6_parse(&packet->dhcpv6, packet->payload);
}

static bool
parse_dns(struct packet *packet)
{
	return dns_parse(&packet->dns, packet->payload);
}

/* RFC 1035, section 4.2.2: a length, then the message. */
static struct reader
dns_in_stream(struct reader r)
{
	return reader_slice(&r, reader_u16(&r));
}

static bool
is_dns_in_stream(struct reader r)
{
	struct reader message = dns_in_stream(r);
	return reader_ok(&message) && reader_left(&message) >= 12;
}

static bool
parse_dns_in_stream(struct packet *packet)
{
	return dns_parse(&packet->dns, dns_in_stream(packet->payload));
}

static bool
parse_mdns(struct packet *packet)
{
	return mdns_parse(&packet->mdns, packet->payload);
}

static bool
parse_ssdp(struct packet *packet)
{
	return ssdp_parse(&packet->ssdp, packet->payload);
}

static bool
parse_ntp(struct packet *packet)
{
	return ntp_parse(&packet->ntp, packet->payload);
}

static bool
parse_coap(struct packet *packet)
{
	return coap_parse(&packet->coap, packet->payload);
}

static bool
parse_tls(struct packet *packet)
{
	return tls_hello_parse(&packet->tls, packet->payload);
}

static bool
parse_tls_server(struct packet *packet)
{
	return tls_server_parse(&packet->tls_server, packet->payload);
}

static bool
parse_clear(struct packet *packet)
{
	return clear_text_parse(&packet->clear, packet->payload);
}

static bool
parse_http(struct packet *packet)
{
	return http_parse(&packet->http, packet->payload);
}

static bool
parse_mqtt(struct packet *packet)
{
	return mqtt_parse(&packet->mqtt, packet->payload);
}

/*
 * The protocols above UDP and TCP, one row each.  A row is for its ports, at
 * either end, or for any port when it has none; then its looks must tell.
 */
static const struct row {
	enum packet_protocol protocol;
	uint8_t transport;
	uint16_t port[2];
	bool (*looks)(struct reader payload); /* NULL: the port is enough */
	bool (*parse)(struct packet *);
} rows[] = {
	{PROTOCOL_DNS, IPPROTO_UDP, {53}, NULL, parse_dns},
	{PROTOCOL_MDNS, IPPROTO_UDP, {5353}, NULL, parse_mdns},
	{PROTOCOL_SSDP, IPPROTO_UDP, {1900}, NULL, parse_ssdp},
	{PROTOCOL_NTP, IPPROTO_UDP, {123}, NULL, parse_ntp},
	{PROTOCOL_DHCPV4, IPPROTO_UDP, {67, 68}, NULL, parse_dhcpv4},
	{PROTOCOL_DHCPV6, IPPROTO_UDP, {546, 547}, NULL, parse_dhcpv6},
	{PROTOCOL_COAP, IPPROTO_UDP, {5683}, NULL, parse_coap},
	{PROTOCOL_DNS, IPPROTO_TCP, {53}, is_dns_in_stream, parse_dns_in_stream},
	{PROTOCOL_TLS, IPPROTO_TCP, {0}, tls_is_hello, parse_tls},
	{PROTOCOL_TLS_SERVER, IPPROTO_TCP, {0}, tls_is_server_hello, parse_tls_server},
	{PROTOCOL_CLEAR_TEXT, IPPROTO_TCP, {23, 2323}, clear_is_telnet, parse_clear},
	{PROTOCOL_CLEAR_TEXT, IPPROTO_TCP, {0}, clear_is_text, parse_clear},
	{PROTOCOL_CLEAR_TEXT, IPPROTO_UDP, {5060}, clear_is_text, parse_clear},
	{PROTOCOL_HTTP, IPPROTO_TCP, {0}, http_is_request, parse_http},
	{PROTOCOL_MQTT, IPPROTO_TCP, {0}, mqtt_is_connect, parse_mqtt},
};

static bool
is_on_port(const struct row *row, const struct packet *packet)
{
	for (unsigned i = 0; i < 2 && row->port[i]; i++)
		if (packet->source_port == row->port[i] || packet->destination_port == row->port[i])
			return true;
	return !row->port[0];
}

static bool
discard(struct packet *packet, enum packet_discard why)
{
	packet->discard = why;
	return false;
}

static void
parse_application(struct packet *packet)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		if (row->transport != packet->transport || !is_on_port(row, packet))
			continue;
		if (row->looks && !row->looks(packet->payload))
			continue;
		if (row->parse(packet))
			packet->protocol = row->protocol;
		else
			packet->discard = DISCARD_APPLICATION;
		return;
	}
}

static bool
parse_udp(struct packet *packet)
{
	if (!udp_parse(&packet->udp, &packet->payload))
		return discard(packet, DISCARD_UDP);
	packet->layers |= LAYER_UDP;
	packet->source_port = packet->udp.source;
	packet->destination_port = packet->udp.destination;
	return true;
}

static bool
parse_tcp(struct packet *packet)
{
	if (!tcp_parse(&packet->tcp, &packet->payload))
		return discard(packet, DISCARD_TCP);
	packet->layers |= LAYER_TCP;
	packet->source_port = packet->tcp.source;
	packet->destination_port = packet->tcp.destination;
	return true;
}

static bool
parse_icmp(struct packet *packet)
{
	if (!icmp_parse(&packet->icmp, &packet->payload))
		return discard(packet, DISCARD_ICMP);
	packet->layers |= LAYER_ICMP;
	return true;
}

static bool
parse_icmpv6(struct packet *packet)
{
	struct reader message = packet->payload;

	if (!icmp_parse(&packet->icmp, &packet->payload))
		return discard(packet, DISCARD_ICMP);
	packet->layers |= LAYER_ICMPV6;
	packet->icmp.is_echo =
		packet->icmp.type == ICMPV6_ECHO_REQUEST || packet->icmp.type == ICMPV6_ECHO_REPLY;
	if (icmpv6_is_mld(packet->icmp.type))
		packet->layers |= LAYER_MLD;
	if (!icmpv6_is_nd(packet->icmp.type))
		return true;
	if (!nd_parse(&packet->nd, &packet->ipv6, message))
		return discard(packet, DISCARD_ND);
	packet->layers |= LAYER_ND;
	return true;
}

static bool
parse_transport(struct packet *packet, bool is_fragment, uint16_t fragment_offset)
{
	if (is_fragment)
		packet->layers |= LAYER_FRAGMENT;
	if (fragment_offset)
		return true;
	switch (packet->transport) {
	case IPPROTO_TCP:
		if (!parse_tcp(packet))
			return false;
		break;
	case IPPROTO_UDP:
		if (!parse_udp(packet))
			return false;
		break;
	case IPPROTO_ICMP:
		return packet->layers & LAYER_IPV4 ? parse_icmp(packet) : true;
	case IPPROTO_ICMPV6:
		return packet->layers & LAYER_IPV6 ? parse_icmpv6(packet) : true;
	default:
		packet->discard = DISCARD_TRANSPORT;
		return true;
	}
	/* The first fragment has a part of the message; half a message tells half truths. */
	if (!is_fragment && reader_left(&packet->payload) > 0)
		parse_application(packet);
	return true;
}

static bool
parse_ipv4(struct packet *packet)
{
	const struct ipv4 *ipv4 = &packet->ipv4;

	if (!ipv4_parse(&packet->ipv4, &packet->payload))
		return discard(packet, DISCARD_IPV4);
	packet->layers |= LAYER_IPV4;
	packet->source = ipv4->source;
	packet->destination = ipv4->destination;
	packet->transport = ipv4->protocol;
	packet->ttl = ipv4->ttl;
	return parse_transport(packet, ipv4->is_fragment, ipv4->fragment_offset);
}

static bool
parse_ipv6(struct packet *packet)
{
	const struct ipv6 *ipv6 = &packet->ipv6;

	if (!ipv6_parse(&packet->ipv6, &packet->payload))
		return discard(packet, DISCARD_IPV6);
	packet->layers |= LAYER_IPV6;
	packet->source = ipv6->source;
	packet->destination = ipv6->destination;
	packet->transport = ipv6->protocol;
	packet->ttl = ipv6->hop_limit;
	return parse_transport(packet, ipv6->is_fragment, ipv6->fragment_offset);
}

static bool
parse_arp(struct packet *packet)
{
	if (!arp_parse(&packet->arp, packet->payload))
		return discard(packet, DISCARD_ARP);
	packet->layers |= LAYER_ARP;
	return true;
}

static bool
parse_lldp(struct packet *packet)
{
	if (!lldp_parse(&packet->lldp, packet->payload))
		return discard(packet, DISCARD_LLDP);
	packet->protocol = PROTOCOL_LLDP;
	return true;
}

/* Only what the rest relies on: see struct packet. */
static void
begin(struct packet *packet, const uint8_t *bytes, size_t cap_len, size_t wire_len)
{
	packet->layers = 0;
	packet->protocol = PROTOCOL_NONE;
	packet->discard = DISCARD_NONE;
	packet->wire_len = wire_len;
	packet->is_cut = cap_len < wire_len;
	packet->transport = packet->ttl = 0;
	packet->source_port = packet->destination_port = 0;
	packet->payload = reader_over(bytes, cap_len);
}

bool
packet_parse(struct packet *packet, const uint8_t *frame, size_t cap_len, size_t wire_len)
{
	begin(packet, frame, cap_len, wire_len);
	if (!ethernet_parse(&packet->ethernet, &packet->payload))
		return discard(packet, DISCARD_ETHERNET);
	packet->layers |= LAYER_ETHERNET;
	if (packet->ethernet.vlan_count)
		packet->layers |= LAYER_VLAN;
	if (packet->ethernet.is_llc)
		packet->layers |= LAYER_LLC;
	switch (packet->ethernet.type) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(packet);
	case ETHERTYPE_IPV6:
		return parse_ipv6(packet);
	case ETHERTYPE_ARP:
		return parse_arp(packet);
	case ETHERTYPE_LLDP:
		return parse_lldp(packet);
	case ETHERTYPE_EAPOL:
		packet->layers |= LAYER_EAPOL;
		return true;
	}
	packet->discard = DISCARD_ETHERTYPE;
	return true;
}

bool
packet_parse_ip(struct packet *packet, const uint8_t *bytes, size_t cap_len, size_t wire_len)
{
	begin(packet, bytes, cap_len, wire_len);
	return reader_peek(&packet->payload) >> 4 == 6 ? parse_ipv6(packet) : parse_ipv4(packet);
}

void
packet_count(struct packet_counts *counts, const struct packet *packet)
{
	counts->packets++;
	counts->bytes += packet->wire_len;
	counts->discarded[packet->discard]++;
	counts->protocol[packet->protocol]++;
}

const char *
packet_discard_text(enum packet_discard why)
{
	static const char *const text[] = {
#define X(code, text) text,
		PACKET_DISCARD_LIST(X)
#undef X
	};
	return (unsigned)why < DISCARD_COUNT ? text[why] : "unknown";
}
