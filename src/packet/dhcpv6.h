/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_DHCPV6_H
#define PINFOLD_PACKET_DHCPV6_H

#include "packet/mud_url.h"
#include "packet/reader.h"

#include "base/ip.h"

enum {
	DHCPV6_SOLICIT = 1,
	DHCPV6_ADVERTISE = 2,
	DHCPV6_REQUEST = 3,
	DHCPV6_CONFIRM = 4,
	DHCPV6_RENEW = 5,
	DHCPV6_REBIND = 6,
	DHCPV6_REPLY = 7,
	DHCPV6_RELEASE = 8,
	DHCPV6_DECLINE = 9,
	DHCPV6_RECONFIGURE = 10,
	DHCPV6_INFORMATION = 11,
	DHCPV6_RELAY_FORWARD = 12,
	DHCPV6_RELAY_REPLY = 13,

	DHCPV6_ADDRESSES_MAX = 8,
	DHCPV6_OPTIONS_MAX = 64, /* options asked for that are kept */
	DHCPV6_PREFIXES_MAX = 4,
	DHCPV6_SERVERS_MAX = 4,
};

struct dhcpv6_address {
	struct ip address;
	uint32_t preferred_s, valid_s;
};

struct dhcpv6_prefix {
	struct ip_prefix prefix;
	uint32_t preferred_s, valid_s;
};

/* One DHCPv6 message (RFC 8415).  Claimed values are raw bytes, empty when absent. */
struct dhcpv6 {
	uint8_t type;
	bool is_relay; /* then only hops, link and peer hold, and the inside is not read */
	bool is_cut;   /* options end in the middle */
	uint8_t hops;
	struct ip link, peer;
	uint32_t transaction; /* 24 bits */
	struct octets client_duid, server_duid;
	bool has_client_mac; /* the DUID names an Ethernet address (types 1 and 3) */
	uint8_t client_mac[6];
	uint8_t address_count; /* of those kept, of IA_NA and IA_TA */
	struct dhcpv6_address address[DHCPV6_ADDRESSES_MAX];
	bool has_delegation; /* an IA_PD */
	uint8_t prefix_count;
	struct dhcpv6_prefix delegated[DHCPV6_PREFIXES_MAX];
	/* When to ask again, the soonest of all associations; 0: as the client likes. */
	uint32_t renew_s, rebind_s;
	uint8_t name_server_count;
	struct ip claimed_name_server[DHCPV6_SERVERS_MAX]; /* option 23, RFC 3646 */
	bool has_status;
	uint16_t status;
	uint32_t vendor_enterprise; /* option 16, 0 when absent */
	struct octets vendor_class;
	struct octets claimed_fqdn; /* option 39: flags, then a name in wire form */
	enum mud_url_claim mud_url_claim;
	struct mud_url claimed_mud_url; /* option 112, with MUD_URL_VALID */
	uint8_t asked_count;
	uint16_t asked[DHCPV6_OPTIONS_MAX]; /* option 6 */
};

/* False when it is no DHCPv6: too short, or an unknown type. */
bool dhcpv6_parse(struct dhcpv6 *, struct reader);

const char *dhcpv6_type_text(uint8_t type);

#endif
