/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"

enum { DATAGRAMS_A_TURN = 64 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static struct listener {
	int fd;
	bool is_stream;
	struct loop_watch *watch;
	union address local;
} listeners[LISTENERS_MAX];

static struct stream {
	int fd;
	uint32_t id, device;
	unsigned n_asked;
	bool is_ended; /* the device sends no more; what it asked is still answered */
	struct loop_watch *readable, *writable;
	uint64_t heard_ns;
	union address from;
	size_t in_len, out_len;
	uint8_t in[2 + QUERY_BYTES_MAX];
	uint8_t *out;
} * streams[STREAMS_MAX];

static const struct listen_hooks *hooks;
static uint32_t last_id;

static bool
ip_from_address(struct ip *ip, uint16_t *port, const union address *address)
{
	if (address->any.sa_family == AF_INET) {
		*ip = ip_from_v4((const uint8_t *)&address->v4.sin_addr);
		*port = ntohs(address->v4.sin_port);
		return true;
	}
	if (address->any.sa_family != AF_INET6)
		return false;
	/* A dual-stack socket shows IPv4 as mapped addresses; the views know plain ones. */
	if (IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
		*ip = ip_from_v4(address->v6.sin6_addr.s6_addr + 12);
	else
		*ip = ip_from_v6(address->v6.sin6_addr.s6_addr);
	*port = ntohs(address->v6.sin6_port);
	return true;
}

static socklen_t
address_from_origin(union address *address, int family, const struct origin *origin)
{
	memset(address, 0, sizeof *address);
	if (family == AF_INET) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(origin->port);
		memcpy(&address->v4.sin_addr, origin->source.byte, 4);
		return sizeof address->v4;
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(origin->port);
	if (origin->source.version == 4) {
		address->v6.sin6_addr.s6_addr[10] = address->v6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(address->v6.sin6_addr.s6_addr + 12, origin->source.byte, 4);
	} else {
		memcpy(&address->v6.sin6_addr, origin->source.byte, 16);
	}
	if (ip_is_link_local(&origin->source))
		address->v6.sin6_scope_id = origin->ifindex;
	return sizeof address->v6;
}

static struct listener *
listener_of(int fd)
{
	for (int i = 0; i < LISTENERS_MAX; i++)
		if (listeners[i].watch && listeners[i].fd == fd)
			return &listeners[i];
	return NULL;
}

static void
listener_close(struct listener *listener)
{
	loop_watch_free(listener->watch);
	close(listener->fd);
	*listener = (struct listener){.fd = -1};
}

/* The reply must leave from the address that was asked, or the device drops it. */
union local_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static void
read_local(struct origin *origin, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			origin->local = ip_from_v4((const uint8_t *)&info.ipi_spec_dst);
			origin->ifindex = (uint32_t)info.ipi_ifindex;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			if (!IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr))
				origin->local = ip_from_v6(info.ipi6_addr.s6_addr);
			origin->ifindex = info.ipi6_ifindex;
		}
	}
}

static void
write_local(struct msghdr *msg, union local_control *control, const struct origin *origin)
{
	memset(control, 0, sizeof *control);
	msg->msg_control = control->bytes;
	struct cmsghdr *c = &control->align;
	if (origin->local.version == 4) {
		struct in_pktinfo info = {0};
		memcpy(&info.ipi_spec_dst, origin->local.byte, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		msg->msg_controllen = CMSG_SPACE(sizeof info);
	} else {
		struct in6_pktinfo info = {0};
		memcpy(&info.ipi6_addr, origin->local.byte, 16);
		if (ip_is_link_local(&origin->local))
			info.ipi6_ifindex = origin->ifindex;
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		msg->msg_controllen = CMSG_SPACE(sizeof info);
	}
}

static void
on_datagrams(int fd, void *arg)
{
	uint8_t bytes[QUERY_BYTES_MAX];

	/* As long as this very socket is the listener's: a hook may replace it. */
	for (int i = 0; i < DATAGRAMS_A_TURN && listener_of(fd); i++) {
		union address from;
		union local_control control;
		struct iovec iov = {bytes, sizeof bytes};
		struct msghdr msg = {.msg_name = &from,
			.msg_namelen = sizeof from,
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes};
		struct origin origin = {.fd = fd};

		ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);
		if (n < 0)
			return; /* nothing there, or an ICMP error for an earlier reply */
		if (msg.msg_flags & MSG_TRUNC ||
			!ip_from_address(&origin.source, &origin.port, &from))
			continue;
		read_local(&origin, &msg);
		(void)hooks->on_query(&origin, bytes, (size_t)n);
	}
}

static void
stream_close(struct stream *stream)
{
	for (int i = 0; i < STREAMS_MAX; i++)
		if (streams[i] == stream)
			streams[i] = NULL;
	loop_watch_free(stream->readable);
	loop_watch_free(stream->writable);
	close(stream->fd);
	free(stream->out);
	free(stream);
}

static struct stream *
stream_of(const struct origin *origin)
{
	struct stream *stream = streams[origin->stream - 1];
	return stream && stream->id == origin->stream_id ? stream : NULL;
}

static void stream_flush(struct stream *);

static void
on_stream_writable(int fd, void *arg)
{
	stream_flush(arg);
}

/* May close the stream. */
static void
stream_flush(struct stream *stream)
{
	while (stream->out_len) {
		ssize_t n =
			send(stream->fd, stream->out, stream->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			if (!stream->writable)
				stream->writable =
					loop_watch_write(stream->fd, on_stream_writable, stream);
			return;
		}
		if (n <= 0) {
			stream_close(stream);
			return;
		}
		stream->out_len -= (size_t)n;
		memmove(stream->out, stream->out + n, stream->out_len);
	}
	loop_watch_free(stream->writable);
	stream->writable = NULL;
	if (stream->is_ended && !stream->n_asked)
		stream_close(stream);
}

/* Hands over each whole question; false when the stream was closed. */
static bool
stream_take(struct stream *stream, uint16_t index)
{
	uint32_t id = stream->id;

	while (stream->in_len >= 2) {
		size_t len = (size_t)stream->in[0] << 8 | stream->in[1];
		uint8_t query[QUERY_BYTES_MAX];
		struct origin origin = {.stream = (uint16_t)(index + 1), .stream_id = id, .fd = -1};

		/* Longer than any real question, or more of them than a device waits for. */
		if (len > QUERY_BYTES_MAX || stream->n_asked == STREAM_ASKED_MAX) {
			stream_close(stream);
			return false;
		}
		if (stream->in_len < 2 + len)
			return true;
		memcpy(query, stream->in + 2, len);
		stream->in_len -= 2 + len;
		memmove(stream->in, stream->in + 2 + len, stream->in_len);
		stream->heard_ns = clock_monotonic_ns();
		stream->n_asked++;
		ip_from_address(&origin.source, &origin.port, &stream->from);
		bool keep = hooks->on_query(&origin, query, len);
		if (!streams[index] || streams[index]->id != id)
			return false;
		if (!keep) {
			stream_close(stream);
			return false;
		}
	}
	return true;
}

static void
on_stream_readable(int fd, void *arg)
{
	struct stream *stream = arg;
	uint16_t index = 0;

	while (streams[index] != stream)
		index++;
	size_t room = sizeof stream->in - stream->in_len;
	ssize_t n = room ? recv(fd, stream->in + stream->in_len, room, MSG_DONTWAIT) : -1;
	if (room && n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && stream->n_asked) {
		stream->is_ended = true;
		loop_watch_free(stream->readable);
		stream->readable = NULL;
		return;
	}
	if (n <= 0) {
		stream_close(stream);
		return;
	}
	stream->in_len += (size_t)n;
	(void)stream_take(stream, index);
}

static unsigned
streams_of(uint32_t device)
{
	unsigned count = 0;

	for (int i = 0; i < STREAMS_MAX; i++)
		count += streams[i] && streams[i]->device == device;
	return count;
}

static void
on_connection(int fd, void *arg)
{
	union address from;
	socklen_t len = sizeof from;
	struct ip source;
	uint16_t port;
	int at = 0;

	int peer = accept4(fd, &from.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (peer < 0)
		return;
	uint32_t device = ip_from_address(&source, &port, &from) ? hooks->device_of(&source) : 0;
	while (at < STREAMS_MAX && streams[at])
		at++;
	if (!device || at == STREAMS_MAX || streams_of(device) >= STREAMS_A_DEVICE) {
		close(peer);
		return;
	}
	struct stream *stream = streams[at] = must_alloc(1, sizeof *stream);
	stream->fd = peer;
	stream->id = ++last_id;
	stream->device = device;
	stream->from = from;
	stream->heard_ns = clock_monotonic_ns();
	stream->readable = loop_watch_read(peer, on_stream_readable, stream);
}

static void
on_second(void *arg)
{
	uint64_t now = clock_monotonic_ns();

	for (int i = 0; i < STREAMS_MAX; i++)
		if (streams[i] && now - streams[i]->heard_ns > STREAM_IDLE_S * CLOCK_SECOND_NS)
			stream_close(streams[i]);
}

void
listen_init(const struct listen_hooks *told)
{
	hooks = told;
	loop_timer_new(1000, true, on_second, NULL);
}

static void
listen_add(int fd, bool is_stream)
{
	union address local = {0};
	socklen_t len = sizeof local;
	struct listener *at = NULL;

	if (getsockname(fd, &local.any, &len)) {
		log_warn("listen", "not a socket");
		close(fd);
		return;
	}
	for (int i = 0; i < LISTENERS_MAX; i++)
		if (listeners[i].watch && listeners[i].is_stream == is_stream &&
			!memcmp(&listeners[i].local, &local, sizeof local))
			listener_close(&listeners[i]);
	for (int i = 0; i < LISTENERS_MAX && !at; i++)
		if (!listeners[i].watch)
			at = &listeners[i];
	if (!at) {
		log_warnx("listen", "more than %d sockets", LISTENERS_MAX);
		close(fd);
		return;
	}
	*at = (struct listener){.fd = fd, .is_stream = is_stream, .local = local};
	at->watch = loop_watch_read(fd, is_stream ? on_connection : on_datagrams, at);
}

void
listen_udp(int fd)
{
	int on = 1;

	/* One of the two fails: the socket has one family. */
	(void)!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
	listen_add(fd, false);
}

void
listen_tcp(int fd)
{
	listen_add(fd, true);
}

bool
origin_is_stream(const struct origin *origin)
{
	return origin->stream;
}

static void
reply_datagram(const struct origin *origin, const void *bytes, size_t len)
{
	const struct listener *listener = listener_of(origin->fd);
	union address to;
	union local_control control;
	union {
		const void *in;
		void *out;
	} borrowed = {.in = bytes};
	struct iovec iov = {borrowed.out, len};

	if (!listener)
		return;
	struct msghdr msg = {.msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1};
	msg.msg_namelen = address_from_origin(&to, listener->local.any.sa_family, origin);
	if (origin->local.version)
		write_local(&msg, &control, origin);
	(void)!sendmsg(origin->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
reply_stream(struct stream *stream, const void *bytes, size_t len)
{
	uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};

	if (stream->out_len + 2 + len > STREAM_OUT_MAX) {
		stream_close(stream);
		return;
	}
	uint8_t *grown = realloc(stream->out, stream->out_len + 2 + len);
	if (!grown)
		fatalx("listen", "out of memory");
	stream->out = grown;
	memcpy(grown + stream->out_len, head, 2);
	memcpy(grown + stream->out_len + 2, bytes, len);
	stream->out_len += 2 + len;
	stream_flush(stream);
}

void
listen_reply(const struct origin *origin, const void *bytes, size_t len)
{
	if (!origin->stream) {
		reply_datagram(origin, bytes, len);
		return;
	}
	struct stream *stream = stream_of(origin);
	if (!stream)
		return;
	stream->n_asked--;
	reply_stream(stream, bytes, len);
}

void
listen_no_reply(const struct origin *origin)
{
	struct stream *stream = origin->stream ? stream_of(origin) : NULL;

	if (stream)
		stream->n_asked--;
}
