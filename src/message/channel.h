/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MESSAGE_CHANNEL_H
#define PINFOLD_MESSAGE_CHANNEL_H

#include "message/message.h"

/*
 * One end of a SOCK_SEQPACKET between two processes, on the loop.
 *
 * A record that is not a well-formed message from the peer that the channel
 * was made for closes it: on_closed is called with the reason, once.  A closed
 * channel stays allocated until channel_free(); sending on it gives ERR_CLOSED.
 *
 * Sending never blocks.  What the kernel does not take at once is queued, up
 * to a bound; beyond that ERR_FULL, and the message is not sent at all.
 */
struct channel;

/*
 * `payload` is borrowed for the call.  `fd` is a descriptor that came along or
 * -1; the callee owns it.  The callback may free the channel.
 */
typedef void channel_on_message(
	struct channel *, const struct message_header *, const void *payload, int fd, void *arg);
typedef void channel_on_closed(struct channel *, const char *why, void *arg);

/* Takes fd.  on_closed may be NULL: then the process ends (a child without its monitor must). */
struct channel *channel_new(int fd, enum process self, enum process peer,
	channel_on_message *on_message, channel_on_closed *on_closed, void *arg);
void channel_free(struct channel *); /* NULL is fine; closes */

/* fd (or -1) is lent: the caller still owns it afterwards. */
enum err channel_send(struct channel *, enum message_type, uint32_t seq, const void *payload,
	size_t len, int fd) MUST_USE;

enum process channel_peer(const struct channel *);
bool channel_is_open(const struct channel *);
size_t channel_queued(const struct channel *); /* bytes not yet taken by the kernel */

/* Blocking single receive, before the loop runs (start of a process); false when closed or malformed.
 * payload must have room for MESSAGE_PAYLOAD_MAX bytes. */
bool channel_receive(int fd, enum process self, enum process peer, struct message_header *,
	void *payload, int *passed_fd);

/* A connected pair; buffers raised so that a whole message always fits. */
enum err channel_pair(int fd[static 2]) MUST_USE;

#endif
