/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_LLDP_H
#define PINFOLD_PACKET_LLDP_H

#include "packet/mud_url.h"
#include "packet/reader.h"

/* One LLDP data unit (IEEE 802.1AB).  Borrowed raw bytes, empty when absent. */
struct lldp {
	uint8_t chassis_type, port_type;
	struct bytes chassis, port;
	bool has_chassis_mac; /* chassis of type 4 */
	uint8_t chassis_mac[6];
	uint16_t ttl_s; /* 0: leaving */
	struct bytes claimed_port_description, claimed_name, claimed_description;
	bool has_capabilities;
	uint16_t capabilities, enabled;
	enum mud_url_claim mud_url_claim;
	struct mud_url claimed_mud_url; /* RFC 8520 section 12, with MUD_URL_VALID */
};

/* False unless chassis, port and ttl come first, in this order, and every TLV is whole. */
bool lldp_parse(struct lldp *, struct reader);

#endif
