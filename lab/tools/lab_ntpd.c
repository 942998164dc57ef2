/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time server for the lab (RFC 5905, server mode only).  It tells this
 * machine's own time.  A real daemon would be a package that replaces the one
 * by which the machine itself keeps time, so the lab has its own.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

enum { NTP_PORT = 123, NTP_LEN = 48 };

static void
put_time(uint8_t at[static 8])
{
	struct timespec t;
	uint32_t seconds, fraction;

	clock_gettime(CLOCK_REALTIME, &t);
	seconds = htonl((uint32_t)t.tv_sec + 2208988800u);
	fraction = htonl((uint32_t)(((uint64_t)t.tv_nsec << 32) / 1000000000u));
	memcpy(at, &seconds, 4);
	memcpy(at + 4, &fraction, 4);
}

int
main(void)
{
	struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_port = htons(NTP_PORT)};
	uint8_t packet[NTP_LEN], control[256];
	struct sockaddr_in6 client;
	int on = 1, off = 0;
	int fd;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) ||
		bind(fd, (struct sockaddr *)&here, sizeof here)) {
		perror("lab-ntpd");
		return 1;
	}
	for (;;) {
		struct iovec data = {.iov_base = packet, .iov_len = sizeof packet};
		/* The control part goes back as it came: it makes the answer's source the question's target. */
		struct msghdr message = {.msg_name = &client,
			.msg_namelen = sizeof client,
			.msg_iov = &data,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control};
		ssize_t len = recvmsg(fd, &message, 0);

		if (len < NTP_LEN || (packet[0] & 7) != 3)
			continue;
		packet[0] = (packet[0] & 0x38) | 4; /* no leap warning, same version, server */
		packet[1] = 2;                      /* stratum */
		packet[2] = 6;                      /* poll */
		packet[3] = 0xec;                   /* precision: a microsecond */
		memset(packet + 4, 0, 8);
		memcpy(packet + 12, "LAB", 4);
		memcpy(packet + 24, packet + 40, 8); /* originate: what the client sent */
		put_time(packet + 16);
		put_time(packet + 32);
		put_time(packet + 40);
		sendmsg(fd, &message, 0);
	}
}
