/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider's DHCPv6 server that delegates one prefix to whoever asks, and
 * nothing else: for scenarios, because dnsmasq delegates none.
 *
 *	delegate INTERFACE PREFIX/LENGTH SECONDS
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ip.h"
#include "packet/dhcpv6.h"
#include "packet/writer.h"

static const uint8_t server_duid[] = {0, 3, 0, 1, 2, 0, 0, 0, 0, 99};

static size_t
answer(uint8_t *out, size_t size, const struct dhcpv6 *dhcp, const struct ip_prefix *prefix,
	uint32_t seconds)
{
	struct writer w = writer_over(out, size);
	uint8_t type = dhcp->type == DHCPV6_SOLICIT ? DHCPV6_ADVERTISE : DHCPV6_REPLY;

	writer_u32(&w, (uint32_t)type << 24 | dhcp->transaction);
	writer_u16(&w, 1);
	writer_u16(&w, dhcp->client_duid.len);
	writer_bytes(&w, dhcp->client_duid.byte, dhcp->client_duid.len);
	writer_u16(&w, 2);
	writer_u16(&w, sizeof server_duid);
	writer_bytes(&w, server_duid, sizeof server_duid);
	writer_u32(&w, 25u << 16 | 41); /* IA_PD with one prefix */
	writer_u32(&w, 1);
	writer_u32(&w, 5);
	writer_u32(&w, 8);
	writer_u32(&w, 26u << 16 | 25);
	writer_u32(&w, seconds);
	writer_u32(&w, seconds);
	writer_u8(&w, prefix->length);
	writer_bytes(&w, prefix->address.byte, 16);
	return writer_ok(&w) ? writer_len(&w) : 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(547)}, from;
	struct ipv6_mreq join = {0};
	struct ip_prefix prefix;
	uint8_t in[2048], out[512];

	if (argc != 4 || !prefix_parse(&prefix, argv[2])) {
		fprintf(stderr, "usage: delegate INTERFACE PREFIX/LENGTH SECONDS\n");
		return 2;
	}
	join.ipv6mr_interface = if_nametoindex(argv[1]);
	inet_pton(AF_INET6, "ff02::1:2", &join.ipv6mr_multiaddr);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join)) {
		perror("delegate");
		return 1;
	}
	for (;;) {
		socklen_t len = sizeof from;
		struct dhcpv6 dhcp;
		ssize_t n = recvfrom(fd, in, sizeof in, 0, (struct sockaddr *)&from, &len);
		if (n < 0)
			return 1;
		if (!dhcpv6_parse(&dhcp, reader_over(in, (size_t)n)) || !dhcp.has_delegation)
			continue;
		fprintf(stderr, "delegate: %s\n", dhcpv6_type_text(dhcp.type));
		size_t reply = answer(out, sizeof out, &dhcp, &prefix, (uint32_t)atoi(argv[3]));
		if (sendto(fd, out, reply, 0, (struct sockaddr *)&from, len) < 0)
			perror("delegate");
	}
}
