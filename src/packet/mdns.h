/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_MDNS_H
#define PINFOLD_PACKET_MDNS_H

#include "packet/dns.h"
#include "packet/reader.h"

#include "base/ip.h"

enum {
	MDNS_SERVICES_MAX = 12,
	MDNS_ADDRESSES_MAX = 8,
	MDNS_TYPE_MAX = 80, /* "_" + 62 + "._tcp" and room */
};

/* A service that somebody says he offers, or (asked) wants to find. */
struct mdns_service {
	char type[MDNS_TYPE_MAX]; /* "_ipp._tcp": NUL-terminated, printable, lower case */
	struct {
		uint8_t len;
		uint8_t byte[63];
	} claimed_instance; /* raw bytes; empty when only the type is known */
	uint16_t port;      /* 0: not said */
	bool is_asked;      /* from a question */
	bool is_goodbye;    /* ttl 0, RFC 6762 section 10.1 */
};

/* What one multicast DNS message (RFC 6762, RFC 6763) tells; the first of each kind are kept. */
struct mdns {
	bool is_response;
	bool is_broken;              /* what stood before the break is kept */
	struct octets claimed_host;  /* the label before ".local", raw bytes */
	struct octets claimed_model; /* TXT "model", or "md" */
	struct octets claimed_name;  /* TXT "fn" */
	uint8_t address_count;
	struct ip address[MDNS_ADDRESSES_MAX];
	uint8_t service_count;
	struct mdns_service service[MDNS_SERVICES_MAX];
};

bool mdns_parse(struct mdns *, struct reader);

#endif
