/* SPDX-License-Identifier: Apache-2.0 */
#include "message/channel.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/loop.h"

enum { QUEUE_BYTES_MAX = 8 * 1024 * 1024, RECORDS_A_TURN = 64, SOCKET_BUFFER = 1024 * 1024 };

struct record {
	STAILQ_ENTRY(record) next;
	int fd;
	size_t len;
	uint8_t bytes[];
};

struct channel {
	int fd;
	enum process self, peer;
	channel_on_message *on_message;
	channel_on_closed *on_closed;
	void *arg;
	struct loop_watch *readable, *writable;
	STAILQ_HEAD(, record) queue;
	size_t queued;
	bool *freed; /* set by channel_free() while a callback of this channel runs */
};

/* Shared by all channels: one thread, and a payload is borrowed for the call only. */
static union {
	_Alignas(16) struct message_header header; /* 16 bytes, so the payload is aligned as well */
	uint8_t bytes[sizeof(struct message_header) + MESSAGE_PAYLOAD_MAX];
} inbox;

static void
drop_queue(struct channel *channel)
{
	struct record *record;

	while ((record = STAILQ_FIRST(&channel->queue))) {
		STAILQ_REMOVE_HEAD(&channel->queue, next);
		if (record->fd >= 0)
			close(record->fd);
		free(record);
	}
	channel->queued = 0;
}

static void
shut(struct channel *channel)
{
	loop_watch_free(channel->readable);
	loop_watch_free(channel->writable);
	channel->readable = channel->writable = NULL;
	drop_queue(channel);
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

static void
closed(struct channel *channel, const char *why)
{
	shut(channel);
	if (channel->on_closed)
		channel->on_closed(channel, why, channel->arg);
	else
		fatalx(process_name(channel->self), "channel to %s: %s",
			process_name(channel->peer), why);
}

/* One record: > 0 bytes of payload and header, 0 closed, -1 nothing there or error in errno. */
static ssize_t
receive(int fd, int flags, int *passed)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec iov = {.iov_base = inbox.bytes, .iov_len = sizeof inbox.bytes};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};

	*passed = -1;
	ssize_t n = recvmsg(fd, &msg, flags | MSG_CMSG_CLOEXEC);
	/* That he left before he read all of ours is told once, and before what he said at last. */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(fd, &msg, flags | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int got;
			memcpy(&got, CMSG_DATA(c) + i * sizeof got, sizeof got);
			if (*passed < 0)
				*passed = got;
			else
				close(got); /* one is all that a message may carry */
		}
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		errno = EMSGSIZE;
		if (*passed >= 0)
			close(*passed);
		*passed = -1;
		return -1;
	}
	return n;
}

static bool
is_whole(size_t n, enum process from, enum process to)
{
	const struct message_header *header = &inbox.header;

	return n >= sizeof *header && header->version == MESSAGE_VERSION && !header->zero &&
	       header->len == n - sizeof *header &&
	       message_check((enum message_type)header->type, from, to,
		       inbox.bytes + sizeof *header, header->len);
}

static void
on_readable(int fd, void *arg)
{
	struct channel *channel = arg;
	bool freed = false;
	int passed;

	for (int i = 0; i < RECORDS_A_TURN; i++) {
		ssize_t n = receive(channel->fd, MSG_DONTWAIT, &passed);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			closed(channel, n ? strerror(errno) : "the other side is gone");
			return;
		}
		if (!is_whole((size_t)n, channel->peer, channel->self)) {
			if (passed >= 0)
				close(passed);
			closed(channel, "sent a malformed message");
			return;
		}
		channel->freed = &freed;
		channel->on_message(channel, &inbox.header,
			inbox.bytes + sizeof(struct message_header), passed, channel->arg);
		if (freed)
			return;
		channel->freed = NULL;
		if (channel->fd < 0)
			return;
	}
}

static int
transmit(int fd, const struct iovec *iov, size_t count, int passed)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec copy[2];
	struct msghdr msg = {.msg_iov = copy, .msg_iovlen = count};

	memcpy(copy, iov, count * sizeof *iov);
	if (passed >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(c), &passed, sizeof passed);
	}
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* He is gone, which on_readable() finds behind what he said at last. */
static void
hear_out(struct channel *channel)
{
	loop_watch_free(channel->writable);
	channel->writable = NULL;
	drop_queue(channel);
}

static void
on_writable(int fd, void *arg)
{
	struct channel *channel = arg;
	struct record *record;

	while ((record = STAILQ_FIRST(&channel->queue))) {
		struct iovec iov = {.iov_base = record->bytes, .iov_len = record->len};
		if (transmit(channel->fd, &iov, 1, record->fd)) {
			if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
				return;
			if (errno == EPIPE || errno == ECONNRESET)
				hear_out(channel);
			else
				closed(channel, strerror(errno));
			return;
		}
		STAILQ_REMOVE_HEAD(&channel->queue, next);
		channel->queued -= record->len;
		if (record->fd >= 0)
			close(record->fd);
		free(record);
	}
	loop_watch_free(channel->writable);
	channel->writable = NULL;
}

struct channel *
channel_new(int fd, enum process self, enum process peer, channel_on_message *on_message,
	channel_on_closed *on_closed, void *arg)
{
	struct channel *channel = must_alloc(1, sizeof *channel);

	channel->fd = fd;
	channel->self = self;
	channel->peer = peer;
	channel->on_message = on_message;
	channel->on_closed = on_closed;
	channel->arg = arg;
	STAILQ_INIT(&channel->queue);
	channel->readable = loop_watch_read(fd, on_readable, channel);
	return channel;
}

void
channel_free(struct channel *channel)
{
	if (!channel)
		return;
	if (channel->freed)
		*channel->freed = true;
	shut(channel);
	free(channel);
}

static enum err
enqueue(struct channel *channel, const struct message_header *header, const void *payload,
	size_t len, int fd)
{
	size_t whole = sizeof *header + len;
	int kept = -1;

	if (channel->queued + whole > QUEUE_BYTES_MAX)
		return ERR_FULL;
	if (fd >= 0 && (kept = dup(fd)) < 0)
		return ERR_SYSTEM;
	struct record *record = must_alloc(1, sizeof *record + whole);
	record->fd = kept;
	record->len = whole;
	memcpy(record->bytes, header, sizeof *header);
	if (len)
		memcpy(record->bytes + sizeof *header, payload, len);
	STAILQ_INSERT_TAIL(&channel->queue, record, next);
	channel->queued += whole;
	if (!channel->writable)
		channel->writable = loop_watch_write(channel->fd, on_writable, channel);
	return ERR_OK;
}

enum err
channel_send(struct channel *channel, enum message_type type, uint32_t seq, const void *payload,
	size_t len, int fd)
{
	struct message_header header = {.version = MESSAGE_VERSION,
		.type = (uint16_t)type,
		.len = (uint32_t)len,
		.seq = seq};

	/* The sender asserts what the receiver refuses: a bug here, an attack there. */
	assert(message_check(type, channel->self, channel->peer, payload, len));
	if (channel->fd < 0)
		return ERR_CLOSED;
	if (STAILQ_EMPTY(&channel->queue)) {
		union {
			const void *in;
			void *out;
		} borrowed = {.in = payload};
		struct iovec iov[2] = {{.iov_base = &header, .iov_len = sizeof header},
			{.iov_base = borrowed.out, .iov_len = len}};
		if (!transmit(channel->fd, iov, len ? 2 : 1, fd))
			return ERR_OK;
		if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			return ERR_CLOSED; /* the watch will find it closed and say so */
	}
	return enqueue(channel, &header, payload, len, fd);
}

enum process
channel_peer(const struct channel *channel)
{
	return channel->peer;
}

bool
channel_is_open(const struct channel *channel)
{
	return channel && channel->fd >= 0;
}

size_t
channel_queued(const struct channel *channel)
{
	return channel->queued;
}

bool
channel_receive(int fd, enum process self, enum process peer, struct message_header *header,
	void *payload, int *passed_fd)
{
	ssize_t n;

	do
		n = receive(fd, 0, passed_fd);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	if (!is_whole((size_t)n, peer, self)) {
		if (*passed_fd >= 0)
			close(*passed_fd);
		return false;
	}
	*header = inbox.header;
	memcpy(payload, inbox.bytes + sizeof *header, header->len);
	return true;
}

enum err
channel_pair(int fd[static 2])
{
	int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd))
		return ERR_SYSTEM;
	for (int i = 0; i < 2; i++)
		if (setsockopt(fd[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
			setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return ERR_OK;
}
