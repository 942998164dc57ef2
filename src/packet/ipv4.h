/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_IPV4_H
#define PINFOLD_PACKET_IPV4_H

#include "packet/reader.h"

#include "base/ip.h"

struct ipv4 {
	struct ip source, destination;
	uint16_t total_len, id;
	uint16_t fragment_offset; /* bytes */
	bool is_fragment;         /* offset, or more to come */
	bool has_more;
	bool has_options, has_source_route, has_router_alert;
	uint8_t protocol, ttl, tos;
};

/*
 * RFC 791.  Moves the cursor behind the header and cuts it to the packet's own
 * length, so that Ethernet padding is not taken for payload.  A total length of
 * 0 is read as "to the end" (segmentation offload).  Checksums are not
 * verified: on a port with offload they are not there yet.
 */
bool ipv4_parse(struct ipv4 *, struct reader *);

#endif
