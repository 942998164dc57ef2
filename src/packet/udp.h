/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_UDP_H
#define PINFOLD_PACKET_UDP_H

#include "packet/reader.h"

struct udp {
	uint16_t source, destination;
	uint16_t len; /* as it says, header included */
};

/* RFC 768.  Moves the cursor to the payload and cuts it to the datagram's length. */
bool udp_parse(struct udp *, struct reader *);

#endif
