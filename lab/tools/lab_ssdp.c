/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TV's ear and mouth for SSDP: answers each M-SEARCH, from whomever, with
 * where its remote control is.  Debian has no small server for it.
 *
 *	lab-ssdp INTERFACE SEARCH_TARGET PORT
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum { SSDP_PORT = 1900 };

/* The address from which we would speak to the one who asked. */
static bool
own_address(const struct sockaddr_in *asker, char text[static INET_ADDRSTRLEN])
{
	struct sockaddr_in own;
	socklen_t len = sizeof own;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known = fd >= 0 && !connect(fd, (const struct sockaddr *)asker, sizeof *asker) &&
		     !getsockname(fd, (struct sockaddr *)&own, &len) &&
		     inet_ntop(AF_INET, &own.sin_addr, text, INET_ADDRSTRLEN);

	if (fd >= 0)
		close(fd);
	return known;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(SSDP_PORT)}, asker;
	struct ip_mreqn membership = {0};
	char in[2048], out[600], address[INET_ADDRSTRLEN];
	int on = 1;
	int fd;

	if (argc != 4) {
		fputs("usage: lab-ssdp INTERFACE SEARCH_TARGET PORT\n", stderr);
		return 2;
	}
	inet_pton(AF_INET, "239.255.255.250", &membership.imr_multiaddr);
	membership.imr_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
		bind(fd, (struct sockaddr *)&here, sizeof here) ||
		setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership)) {
		perror("lab-ssdp");
		return 1;
	}
	for (;;) {
		socklen_t len = sizeof asker;
		ssize_t got = recvfrom(fd, in, sizeof in, 0, (struct sockaddr *)&asker, &len);

		if (got < 9 || memcmp(in, "M-SEARCH ", 9) || !own_address(&asker, address))
			continue;
		got = snprintf(out, sizeof out,
			"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n"
			"LOCATION: http://%s:%s/tv.xml\r\nSERVER: Linux UPnP/1.0 TV-55/1.0\r\n"
			"ST: %s\r\nUSN: uuid:8f2b6c1e-0000-4000-8000-000000000055::%s\r\n\r\n",
			address, argv[3], argv[2], argv[2]);
		sendto(fd, out, (size_t)got, 0, (struct sockaddr *)&asker, len);
	}
}
