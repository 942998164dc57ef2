/* SPDX-License-Identifier: Apache-2.0 */
#include "check/rig_line.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

enum {
	/* SO_ORIGINAL_DST of both families; its header does not bear the C library's beside it. */
	ORIGINAL_DST = 80,
	TURN_MS = 1000,
};

static int
listen_at(int type)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(RIG_PORT)};
	int one = 1, zero = 0;
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* Of datagrams two could listen at once, and each would have some of them. */
	bool is_ready = fd >= 0 &&
			(type == SOCK_DGRAM ||
				!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one)) &&
			!setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero) &&
			(type == SOCK_STREAM || !setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO,
							&one, sizeof one)) &&
			!bind(fd, (struct sockaddr *)&any, sizeof any) &&
			(type == SOCK_DGRAM || !listen(fd, 16));
	if (is_ready)
		return fd;
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

int
rig_listen(struct session *session, int type)
{
	while (!session_is_over(session)) {
		int fd = listen_at(type);
		if (fd >= 0)
			return fd;
		if (errno != EADDRINUSE) {
			session_note(session, "trouble", "no socket: %s", strerror(errno));
			return -1;
		}
		session_rest(session, TURN_MS); /* another device is in the rig */
	}
	return -1;
}

/* Where it wanted to go, before it was turned. */
static bool
true_target(int fd, bool is_v4, struct ip *address, uint16_t *port)
{
	struct sockaddr_in v4 = {0};
	struct sockaddr_in6 v6 = {0};
	socklen_t len = is_v4 ? sizeof v4 : sizeof v6;

	if (getsockopt(fd, is_v4 ? SOL_IP : SOL_IPV6, ORIGINAL_DST,
		    is_v4 ? (void *)&v4 : (void *)&v6, &len))
		return false;
	*address = is_v4 ? ip_from_v4((const uint8_t *)&v4.sin_addr)
			 : ip_from_v6(v6.sin6_addr.s6_addr);
	*port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
	return ip_is_valid(address) && *port && *port != RIG_PORT;
}

int
rig_take(struct session *session, int listening, uint32_t ms, struct ip *address, uint16_t *port)
{
	const struct ip *ours = &session_target(session)->address4;
	struct pollfd poll_fd = {.fd = listening, .events = POLLIN};
	struct sockaddr_in6 peer;
	socklen_t len = sizeof peer;

	if (poll(&poll_fd, 1, (int)ms) <= 0)
		return -1;
	int fd = accept4(listening, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	bool is_v4 = IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr);
	/* An earlier rig's device may still come; by IPv6 it is ours by any of its addresses. */
	bool is_ours = !is_v4 ||
		       (ours->version == 4 && !memcmp(peer.sin6_addr.s6_addr + 12, ours->byte, 4));
	if (is_ours && true_target(fd, is_v4, address, port))
		return fd;
	close(fd);
	return -1;
}

bool
rig_ask(struct session *session, uint8_t bits, uint32_t seconds, const uint16_t *ports, size_t n,
	struct message_rig_seen *seen)
{
	struct message_rig message = {.bits = bits, .seconds = seconds, .n_ports = (uint8_t)n};

	assert(n <= RIG_PORTS_MAX && seconds <= RIG_SECONDS_MAX);
	if (n)
		memcpy(message.port, ports, n * sizeof *ports);
	return session_rig(session, &message, seen);
}
