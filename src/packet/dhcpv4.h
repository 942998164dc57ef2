/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_DHCPV4_H
#define PINFOLD_PACKET_DHCPV4_H

#include "packet/mud_url.h"
#include "packet/reader.h"

#include "base/ip.h"

enum { DHCPV4_SERVERS_MAX = 4 };

enum dhcpv4_type {
	DHCPV4_BOOTP, /* no option 53 */
	DHCPV4_DISCOVER,
	DHCPV4_OFFER,
	DHCPV4_REQUEST,
	DHCPV4_DECLINE,
	DHCPV4_ACK,
	DHCPV4_NAK,
	DHCPV4_RELEASE,
	DHCPV4_INFORM,
	DHCPV4_OTHER, /* RFC 4388 and later */
};

/*
 * One DHCPv4 message (RFC 2131, RFC 2132).  An address that is 0.0.0.0 or
 * absent is none.  The claimed values are raw bytes, empty when absent; an
 * option split over several is joined (RFC 3396), and one that comes to more
 * than 255 bytes is left out and counted in odd_options.
 */
struct dhcpv4 {
	enum dhcpv4_type type;
	bool is_request; /* from a client: op 1 */
	bool is_broadcast;
	bool is_cut; /* options end before their end mark */
	uint8_t odd_options;
	uint32_t transaction;
	struct ip client, yours, next_server, relay; /* ciaddr yiaddr siaddr giaddr */
	uint8_t mac[6];                              /* chaddr, for Ethernet */
	bool has_mac;
	struct ip requested, server; /* options 50, 54 */
	uint32_t lease_s;            /* option 51; 0: absent */
	/*
	 * What a server claims of the network, kept as far as it can be read: the
	 * length of the mask (option 1; 0 absent or with holes), the first router (3),
	 * the first name servers (6), and when to ask again (58, 59; 0 absent).
	 */
	uint8_t claimed_length;
	struct ip claimed_router;
	uint8_t name_server_count;
	struct ip claimed_name_server[DHCPV4_SERVERS_MAX];
	uint32_t renew_s, rebind_s;
	enum mud_url_claim mud_url_claim;
	struct mud_url claimed_mud_url; /* option 161, with MUD_URL_VALID */
	struct octets claimed_hostname; /* option 12 */
	struct octets client_id;        /* option 61 */
	struct octets vendor_class;     /* option 60 */
	struct octets user_class;       /* option 77, as it stands */
	struct octets claimed_fqdn;     /* option 81, as it stands: flags, two bytes, name */
	struct octets parameters;       /* option 55: codes in their order */
};

/*
 * False when it is no DHCP: head too short, no magic cookie, options that
 * contradict themselves (a fixed one of another length, or twice).
 */
bool dhcpv4_parse(struct dhcpv4 *, struct reader);

/* "DISCOVER", ...; for tables and logs. */
const char *dhcpv4_type_text(enum dhcpv4_type);

#endif
