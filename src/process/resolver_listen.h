/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RESOLVER_LISTEN_H
#define PINFOLD_PROCESS_RESOLVER_LISTEN_H

#include <netinet/in.h>

#include "base/ip.h"
#include "base/loop.h"

/*
 * The devices' side of the resolver: datagrams and streams in, replies out.
 * Bounds: STREAMS_MAX connections, STREAMS_A_DEVICE of one device, STREAM_IDLE_S
 * without a whole question, STREAM_OUT_MAX bytes that the device does not read.
 */
enum {
	LISTENERS_MAX = 32,
	STREAMS_MAX = 256,
	STREAMS_A_DEVICE = 8,
	STREAM_IDLE_S = 10,
	STREAM_OUT_MAX = 2 * 65536,
	STREAM_ASKED_MAX = 32, /* questions of one connection in work */
	QUERY_BYTES_MAX = 1024,
};

/* Where a question came from, and so where its reply goes. */
struct origin {
	struct ip source;
	uint16_t port;
	uint16_t stream;    /* index + 1, or 0 for a datagram */
	uint32_t stream_id; /* another connection may have the index by now */
	int fd;
	uint32_t ifindex; /* with a datagram: of the link it came by */
	struct ip local;  /* and the address it was sent to; none where not known */
};

struct listen_hooks {
	/* bytes are borrowed for the call.  False: the connection (if it was one) is closed. */
	bool (*on_query)(const struct origin *, const uint8_t *bytes, size_t len);
	/* Which device a connection belongs to; 0: nobody's, closed at once. */
	uint32_t (*device_of)(const struct ip *source);
};

void listen_init(const struct listen_hooks *); /* borrowed for ever */
/* Take fd.  One with the same local address as an earlier one replaces it. */
void listen_udp(int fd);
void listen_tcp(int fd);

bool origin_is_stream(const struct origin *);
/* Lost without a word when the asker is gone or does not read. */
void listen_reply(const struct origin *, const void *bytes, size_t len);
/* What is left unanswered is told as well, so that a stream's count stays right. */
void listen_no_reply(const struct origin *);

#endif
