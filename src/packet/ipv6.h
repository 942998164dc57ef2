/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_IPV6_H
#define PINFOLD_PACKET_IPV6_H

#include "packet/reader.h"

#include "base/ip.h"

enum { IPV6_EXTENSIONS_MAX = 8 };

struct ipv6 {
	struct ip source, destination;
	uint16_t payload_len;
	uint16_t fragment_offset; /* bytes */
	uint32_t fragment_id;
	bool is_fragment; /* has a fragment header, also an atomic one (RFC 6946) */
	bool has_more;
	bool has_hop_by_hop, has_routing, has_router_alert;
	uint8_t extension_count;
	uint8_t protocol; /* of what follows the extension headers */
	uint8_t hop_limit, traffic_class;
};

/*
 * RFC 8200.  Moves the cursor behind the extension headers and cuts it to the
 * payload length; 0 is read as "to the end" (jumbograms, offload).  More than
 * IPV6_EXTENSIONS_MAX extension headers, or a hop-by-hop header that is not
 * the first, are refused.  For a later fragment the protocol is that of the
 * fragment header and the rest is its piece of payload.
 */
bool ipv6_parse(struct ipv6 *, struct reader *);

#endif
