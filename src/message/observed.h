/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MESSAGE_OBSERVED_H
#define PINFOLD_MESSAGE_OBSERVED_H

#include <stdint.h>

#include "base/ip.h"

/*
 * What one packet, flow event or denial tells us about one device, and nothing
 * more.
 *
 * An observation is a claim made by the network.  It is small, has no
 * pointers, and goes into a message as it is.  Belief begins later, in
 * device/identify.c.  What each kind fills is said beside it; the rest is zero.
 */
#define OBSERVED_LIST(X)                                                                           \
	/* link and address: port, mac always */                                                   \
	X(OBSERVED_ARP, "arp")             /* source: sender address; target: asked */             \
	X(OBSERVED_ND_DAD, "nd-dad")       /* target: address it wants (RFC 4862) */               \
	X(OBSERVED_ND_ADVERT, "nd-advert") /* target: address it says is its own */                \
	X(OBSERVED_IP, "ip")               /* first packet from an address: source */              \
	X(OBSERVED_MAC_SEEN, "mac-seen")   /* a frame that tells nothing else */                   \
	/* DHCP */                                                                                 \
	X(OBSERVED_DHCP4_DISCOVER, "dhcp4-discover")                                               \
	X(OBSERVED_DHCP4_REQUEST, "dhcp4-request") /* target: address asked for, or none */        \
	X(OBSERVED_DHCP4_ACK, "dhcp4-ack")         /* our server's: mac, target, value=lease s */  \
	X(OBSERVED_DHCP4_NAK, "dhcp4-nak")         /* our server's */                              \
	X(OBSERVED_DHCP4_RELEASE, "dhcp4-release") /* source: address given back */                \
	X(OBSERVED_DHCP_HOSTNAME, "dhcp-hostname") /* text */                                      \
	X(OBSERVED_DHCP_CLIENT_ID, "dhcp-client-id")       /* text: hex */                         \
	X(OBSERVED_DHCP_VENDOR_CLASS, "dhcp-vendor-class") /* text */                              \
	X(OBSERVED_DHCP_PARAMETERS, "dhcp-parameters")     /* text: "1,3,6" in their order */      \
	X(OBSERVED_DHCP_MUD_URL, "dhcp-mud-url")           /* text; v4 or v6: value 4 or 6 */      \
	X(OBSERVED_DHCP6_SOLICIT, "dhcp6-solicit")                                                 \
	X(OBSERVED_DHCP6_REPLY, "dhcp6-reply") /* our server's: target, value=valid s */           \
	X(OBSERVED_DHCP6_RELEASE, "dhcp6-release")                                                 \
	X(OBSERVED_DHCP6_DUID, "dhcp6-duid") /* text: hex */                                       \
	/* names and kinds that the device gives itself */                                         \
	X(OBSERVED_LLDP_NAME, "lldp-name")                                                         \
	X(OBSERVED_LLDP_DESCRIPTION, "lldp-description")                                           \
	X(OBSERVED_LLDP_MUD_URL, "lldp-mud-url")                                                   \
	X(OBSERVED_MDNS_NAME, "mdns-name")       /* text: host name without .local */              \
	X(OBSERVED_MDNS_SERVICE, "mdns-service") /* text: "_http._tcp", detail: instance */        \
	X(OBSERVED_MDNS_MODEL, "mdns-model")                                                       \
	X(OBSERVED_SSDP_SERVER, "ssdp-server")                                                     \
	X(OBSERVED_SSDP_TYPE, "ssdp-type") /* text: NT, ST or USN */                               \
	X(OBSERVED_SSDP_LOCATION, "ssdp-location")                                                 \
	X(OBSERVED_HTTP_USER_AGENT, "http-user-agent")                                             \
	X(OBSERVED_MQTT_CLIENT, "mqtt-client")                                                     \
	/* what it does: source, target and ports */                                               \
	X(OBSERVED_TLS_HELLO, "tls-hello")       /* text: server name, detail: fingerprint */      \
	X(OBSERVED_HTTP_REQUEST, "http-request") /* text: host, detail: method and target */       \
	X(OBSERVED_CLEAR_CREDENTIALS, "clear-credentials") /* text: protocol; never the secret */  \
	X(OBSERVED_CLEAR_CONTENT, "clear-content") /* text: protocol and kind of content */        \
	X(OBSERVED_COAP_REQUEST, "coap-request")   /* text: path */                                \
	X(OBSERVED_NTP_REQUEST, "ntp-request")                                                     \
	X(OBSERVED_DNS_QUERY, "dns-query") /* text: name; to a resolver that is not us */          \
	X(OBSERVED_UPNP_PORT_REQUEST, "upnp-port-request") /* text: what it asked for */           \
	X(OBSERVED_IDENTIFIER_SENT,                                                                \
		"identifier-sent") /* text: which, detail: in what; in clear */                    \
	/* of its servers, from their answers; source is the device, target the server */          \
	X(OBSERVED_TLS_SERVER, "tls-server") /* text: version, value: version and cipher */        \
	X(OBSERVED_TLS_CERTIFICATE, "tls-certificate") /* text: subject, value: its end */         \
	/* from the kernel: device is set by the kernel and is believed */                         \
	X(OBSERVED_FLOW_NEW, "flow-new") /* observed device opened a flow */                       \
	X(OBSERVED_FLOW_END,                                                                       \
		"flow-end") /* packets, bytes: of both; value: per mille sent by the opener */     \
	X(OBSERVED_DENIED, "denied") /* value: enum reason */                                      \
	X(OBSERVED_LOST, "lost")     /* value: how many reports the kernel dropped */

enum observed {
	OBSERVED_UNKNOWN,
#define X(name, word) name,
	OBSERVED_LIST(X)
#undef X
		OBSERVED_COUNT,
};

struct observation {
	uint64_t seen_ns; /* monotonic; in a replay, the capture's own time */
	int64_t wall_s;
	uint64_t packets, bytes;
	uint32_t device; /* number, when the kernel knew it; else 0 */
	uint32_t value;
	uint8_t what; /* enum observed */
	uint8_t proto;
	uint8_t mac[6]; /* source of the frame; zero when not seen */
	uint16_t source_port, target_port;
	char port[16];          /* bridge port, zero-filled; empty when not known */
	char claimed_text[256]; /* printable(), NUL-terminated and zero-filled */
	char claimed_detail[132];
	struct ip source, target;
};

enum { OBSERVATION_ROWS_MAX = 96 };

struct message_observation {
	uint32_t n_rows;
	uint32_t zero;
	struct observation row[OBSERVATION_ROWS_MAX]; /* sent up to n_rows */
};

const char *observed_word(enum observed);
enum observed observed_from_word(const char *word);

#endif
