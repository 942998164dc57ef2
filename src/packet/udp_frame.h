/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_UDP_FRAME_H
#define PINFOLD_PACKET_UDP_FRAME_H

#include <stddef.h>

#include "base/ip.h"

/*
 * A whole Ethernet frame with UDP inside, checksums set, for what leaves by a
 * packet socket.  Source and target are of one family.  0 when it does not fit.
 */
enum { UDP_FRAME_PAYLOAD_MAX = 1400, UDP_FRAME_HEAD_MAX = 14 + 40 + 8 };

struct udp_frame {
	uint8_t source_mac[6], target_mac[6];
	struct ip source, target;
	uint16_t source_port, target_port;
	uint8_t hops;
};
size_t udp_frame_render(
	void *out, size_t size, const struct udp_frame *, const void *payload, size_t len);

#endif
