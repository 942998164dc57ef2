/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_PACKET_H
#define PINFOLD_PACKET_PACKET_H

#include "packet/arp.h"
#include "packet/clear_text.h"
#include "packet/coap.h"
#include "packet/dhcpv4.h"
#include "packet/dhcpv6.h"
#include "packet/dns.h"
#include "packet/ethernet.h"
#include "packet/http.h"
#include "packet/icmp.h"
#include "packet/icmpv6.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/lldp.h"
#include "packet/mdns.h"
#include "packet/mqtt.h"
#include "packet/ntp.h"
#include "packet/reader.h"
#include "packet/ssdp.h"
#include "packet/tcp.h"
#include "packet/tls.h"
#include "packet/udp.h"

/* Which heads were there and whole: bits of struct packet's layers. */
enum packet_layer {
	LAYER_ETHERNET = 1 << 0,
	LAYER_VLAN = 1 << 1,
	LAYER_LLC = 1 << 2,
	LAYER_EAPOL = 1 << 3,
	LAYER_ARP = 1 << 4,
	LAYER_IPV4 = 1 << 5,
	LAYER_IPV6 = 1 << 6,
	LAYER_FRAGMENT = 1 << 7, /* a fragment; of a later one nothing above IP is read */
	LAYER_ICMP = 1 << 8,
	LAYER_ICMPV6 = 1 << 9,
	LAYER_ND = 1 << 10,
	LAYER_MLD = 1 << 11,
	LAYER_UDP = 1 << 12,
	LAYER_TCP = 1 << 13,
};

/* Which member of the union holds. */
enum packet_protocol {
	PROTOCOL_NONE,
	PROTOCOL_DHCPV4,
	PROTOCOL_DHCPV6,
	PROTOCOL_DNS,
	PROTOCOL_MDNS,
	PROTOCOL_SSDP,
	PROTOCOL_LLDP,
	PROTOCOL_NTP,
	PROTOCOL_TLS,
	PROTOCOL_HTTP,
	PROTOCOL_MQTT,
	PROTOCOL_COAP,
	PROTOCOL_TLS_SERVER,
	PROTOCOL_CLEAR_TEXT,
	PROTOCOL_COUNT,
};

/* Why the decoder stopped before the end of what it knows; each is counted. */
#define PACKET_DISCARD_LIST(X)                                                                     \
	X(DISCARD_NONE, "nothing discarded")                                                       \
	X(DISCARD_ETHERNET, "broken Ethernet head")                                                \
	X(DISCARD_ETHERTYPE, "ethertype not known")                                                \
	X(DISCARD_ARP, "broken ARP")                                                               \
	X(DISCARD_LLDP, "broken LLDP")                                                             \
	X(DISCARD_IPV4, "broken IPv4 header")                                                      \
	X(DISCARD_IPV6, "broken IPv6 headers")                                                     \
	X(DISCARD_ICMP, "broken ICMP")                                                             \
	X(DISCARD_ND, "neighbour discovery that hosts must ignore")                                \
	X(DISCARD_TRANSPORT, "transport protocol not known")                                       \
	X(DISCARD_UDP, "broken UDP header")                                                        \
	X(DISCARD_TCP, "broken TCP header")                                                        \
	X(DISCARD_APPLICATION, "not what its port says")

enum packet_discard {
#define X(code, text) code,
	PACKET_DISCARD_LIST(X)
#undef X
		DISCARD_COUNT,
};

/*
 * One frame, decoded as far as we know it.
 *
 * Everything in it is a claim of whoever sent the frame.  Strings are raw bytes
 * (struct bytes borrows from the frame, struct octets copies) or, where the
 * member's comment says so, bounded text; show all of them through printable().
 * No pointer leads to the heap; the frame must outlive the struct.
 *
 * Only what layers and protocol name holds; the rest keeps what an earlier
 * packet left there, since clearing it would cost more than decoding.
 */
struct packet {
	uint32_t layers; /* enum packet_layer */
	enum packet_protocol protocol;
	enum packet_discard discard;
	size_t wire_len; /* of the whole frame, as it was on the wire */
	bool is_cut;     /* fewer bytes were captured */

	struct ethernet ethernet;
	/* With LAYER_IPV4 or LAYER_IPV6, both as one: */
	struct ip source, destination;
	uint8_t transport; /* IP protocol number */
	uint8_t ttl;       /* or hop limit */
	/* With LAYER_UDP or LAYER_TCP, 0 otherwise: */
	uint16_t source_port, destination_port;

	union {
		struct arp arp;
		struct ipv4 ipv4;
		struct ipv6 ipv6;
	};
	union {
		struct icmp icmp; /* also ICMPv6 */
		struct udp udp;
		struct tcp tcp;
	};
	struct reader payload; /* above the last head that was read */
	union {
		struct nd nd; /* LAYER_ND */
		struct dhcpv4 dhcpv4;
		struct dhcpv6 dhcpv6;
		struct dns dns;
		struct mdns mdns;
		struct ssdp ssdp;
		struct lldp lldp;
		struct ntp ntp;
		struct tls_hello tls;
		struct tls_server tls_server;
		struct clear_text clear;
		struct http http;
		struct mqtt mqtt;
		struct coap coap;
	};
};

/*
 * Decode a frame that starts with its Ethernet head.  False when a head up to
 * the transport is broken: then discard says which one, and the layers below
 * it hold.  True otherwise, also when nothing above is known to us or the
 * application's bytes are not what the port promises (discard tells).
 */
bool packet_parse(struct packet *, const uint8_t *frame, size_t cap_len, size_t wire_len);

/* The same for bytes that start with an IP header (NFLOG, raw captures). */
bool packet_parse_ip(struct packet *, const uint8_t *bytes, size_t cap_len, size_t wire_len);

struct packet_counts {
	uint64_t packets, bytes;
	uint64_t discarded[DISCARD_COUNT];
	uint64_t protocol[PROTOCOL_COUNT];
};

void packet_count(struct packet_counts *, const struct packet *);

const char *packet_discard_text(enum packet_discard); /* never NULL */

static inline bool
packet_is_ip(const struct packet *packet)
{
	return packet->layers & (LAYER_IPV4 | LAYER_IPV6);
}

#endif
