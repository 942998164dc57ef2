/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_IP_H
#define PINFOLD_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An IPv4 or IPv6 address, or none.  No padding, compared with memcmp; goes
 * into messages as it is.  An IPv4 address stands in the first four bytes and
 * the rest is zero.
 */
struct ip {
	uint8_t version; /* 0 none, 4, 6 */
	uint8_t zero[3];
	uint8_t byte[16]; /* network order */
};

struct ip_prefix {
	struct ip address;
	uint8_t length; /* bits */
	uint8_t zero[3];
};

#define IP_TEXT_MAX     46
#define PREFIX_TEXT_MAX 50
#define MAC_TEXT_MAX    18

struct ip ip_from_v4(const uint8_t byte[static 4]);
struct ip ip_from_v6(const uint8_t byte[static 16]);
bool ip_is_valid(const struct ip *); /* version 4 or 6, zero where it must be */
bool ip_is_equal(const struct ip *, const struct ip *);

/* Text form; returns out.  An address that is none renders as "none". */
const char *ip_render(const struct ip *, char out[static IP_TEXT_MAX]);
bool ip_parse(struct ip *, const char *text);

const char *prefix_render(const struct ip_prefix *, char out[static PREFIX_TEXT_MAX]);
/* "10.0.0.0/8"; a bare address is a host prefix.  Bits below the length may be set. */
bool prefix_parse(struct ip_prefix *, const char *text);
bool prefix_contains(const struct ip_prefix *, const struct ip *);

/*
 * True for an address that a name on the internet must never point to:
 * unspecified, loopback, link-local, private (RFC 1918, RFC 4193), shared
 * (RFC 6598), multicast, broadcast, IPv4-mapped, and the NAT64, 6to4 and Teredo
 * forms that embed an IPv4 address.  The caller adds its own prefixes.
 */
bool ip_is_inside(const struct ip *);
bool ip_is_multicast(const struct ip *);
bool ip_is_link_local(const struct ip *);

const char *mac_render(const uint8_t mac[static 6], char out[static MAC_TEXT_MAX]);
bool mac_parse(uint8_t mac[static 6], const char *text);
/* Locally administered, so perhaps random (IEEE 802, bit 1 of the first byte). */
bool mac_is_local(const uint8_t mac[static 6]);
bool mac_is_unicast(const uint8_t mac[static 6]); /* and not all zero */

#endif
