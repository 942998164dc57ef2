/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_TCP_H
#define PINFOLD_PACKET_TCP_H

#include "packet/reader.h"

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_OPTIONS_MAX = 40, /* bytes of options, so also kinds */
};

struct tcp {
	uint16_t source, destination;
	uint32_t sequence, acknowledgement;
	uint16_t window;
	uint8_t flags;
	/* Only read on a SYN; the kinds in their order tell systems apart. */
	uint8_t option_count;
	uint8_t option_kind[TCP_OPTIONS_MAX];
	uint16_t mss;        /* 0: none */
	int8_t window_scale; /* -1: none */
	bool has_sack, has_timestamps, has_odd_options;
};

/* RFC 9293.  Moves the cursor to the payload. */
bool tcp_parse(struct tcp *, struct reader *);

#endif
