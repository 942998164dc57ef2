/* SPDX-License-Identifier: Apache-2.0 */
#include "check/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t
address_of(const struct ip *address, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (address->version == 4) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address->byte, 4);
		return sizeof *v4;
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, address->byte, 16);
	return sizeof *v6;
}

int
socket_ask(int fd, const struct ip *address, uint16_t port)
{
	struct sockaddr_storage to;
	socklen_t len = address_of(address, port, &to);

	return connect(fd, (struct sockaddr *)&to, len) ? errno : 0;
}

static int
make(const struct ip *address, uint16_t port, int type, int protocol, int *fd)
{
	struct sockaddr_storage to;
	socklen_t len = address_of(address, port, &to);

	*fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (*fd < 0)
		return errno;
	return connect(*fd, (struct sockaddr *)&to, len) ? errno : 0;
}

int
socket_tcp(const struct ip *address, uint16_t port, int *fd)
{
	return make(address, port, SOCK_STREAM, IPPROTO_TCP, fd);
}

int
socket_udp(const struct ip *address, uint16_t port, int *fd)
{
	return make(address, port, SOCK_DGRAM, IPPROTO_UDP, fd);
}

int
socket_echo(const struct ip *address, int *fd)
{
	return make(
		address, 0, SOCK_DGRAM, address->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, fd);
}

int
socket_aim(int fd, const struct ip *address, struct ip *from)
{
	struct sockaddr_storage ours;
	socklen_t len = sizeof ours;
	int error = socket_ask(fd, address, 0);

	if (error || getsockname(fd, (struct sockaddr *)&ours, &len))
		return error ? error : errno;
	if (ours.ss_family == AF_INET)
		*from = ip_from_v4((const uint8_t *)&((struct sockaddr_in *)&ours)->sin_addr);
	else
		*from = ip_from_v6((const uint8_t *)&((struct sockaddr_in6 *)&ours)->sin6_addr);
	return 0;
}

int
socket_reserve(const struct ip *ours, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t len = address_of(ours, port, &at);
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&at, len))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int
socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

int
socket_wait_connected(int fd, uint32_t ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	int n = poll(&poll_fd, 1, (int)ms);

	if (n < 0)
		return errno;
	return n ? socket_error(fd) : ETIMEDOUT;
}

void
socket_hurry(int fd)
{
	int on = 1;

	/* Where these are not to be had the talk is slower, and no other. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}
