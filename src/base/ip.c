/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ip
ip_from_v4(const uint8_t byte[static 4])
{
	struct ip ip = {.version = 4};
	memcpy(ip.byte, byte, 4);
	return ip;
}

struct ip
ip_from_v6(const uint8_t byte[static 16])
{
	struct ip ip = {.version = 6};
	memcpy(ip.byte, byte, 16);
	return ip;
}

static bool
is_zero(const uint8_t *byte, size_t len)
{
	while (len > 0)
		if (byte[--len])
			return false;
	return true;
}

bool
ip_is_valid(const struct ip *ip)
{
	if (!is_zero(ip->zero, sizeof ip->zero))
		return false;
	return ip->version == 6 || (ip->version == 4 && is_zero(ip->byte + 4, 12));
}

bool
ip_is_equal(const struct ip *a, const struct ip *b)
{
	return a->version == b->version && !memcmp(a->byte, b->byte, sizeof a->byte);
}

const char *
ip_render(const struct ip *ip, char out[static IP_TEXT_MAX])
{
	if (ip->version != 4 && ip->version != 6)
		return strcpy(out, "none");
	inet_ntop(ip->version == 4 ? AF_INET : AF_INET6, ip->byte, out, IP_TEXT_MAX);
	return out;
}

bool
ip_parse(struct ip *ip, const char *text)
{
	uint8_t byte[16];

	if (inet_pton(AF_INET, text, byte) == 1)
		*ip = ip_from_v4(byte);
	else if (inet_pton(AF_INET6, text, byte) == 1)
		*ip = ip_from_v6(byte);
	else
		return false;
	return true;
}

const char *
prefix_render(const struct ip_prefix *prefix, char out[static PREFIX_TEXT_MAX])
{
	char address[IP_TEXT_MAX];

	snprintf(out, PREFIX_TEXT_MAX, "%s/%u", ip_render(&prefix->address, address),
		prefix->length);
	return out;
}

bool
prefix_parse(struct ip_prefix *prefix, const char *text)
{
	char address[IP_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct ip_prefix out = {0};

	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!ip_parse(&out.address, address))
		return false;
	unsigned long bits = out.address.version == 4 ? 32 : 128;
	out.length = (uint8_t)bits;
	if (slash) {
		char *end;
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		unsigned long length = strtoul(slash + 1, &end, 10);
		if (*end || length > bits)
			return false;
		out.length = (uint8_t)length;
	}
	*prefix = out;
	return true;
}

bool
prefix_contains(const struct ip_prefix *prefix, const struct ip *ip)
{
	unsigned whole = prefix->length / 8, bits = prefix->length % 8;

	if (prefix->address.version != ip->version || prefix->length > 128)
		return false;
	if (memcmp(prefix->address.byte, ip->byte, whole))
		return false;
	if (!bits)
		return true;
	uint8_t mask = (uint8_t)(0xff << (8 - bits));
	return ((prefix->address.byte[whole] ^ ip->byte[whole]) & mask) == 0;
}

bool
ip_is_multicast(const struct ip *ip)
{
	return ip->version == 4 ? (ip->byte[0] & 0xf0) == 0xe0
				: ip->version == 6 && ip->byte[0] == 0xff;
}

bool
ip_is_link_local(const struct ip *ip)
{
	if (ip->version == 4)
		return ip->byte[0] == 169 && ip->byte[1] == 254;
	return ip->version == 6 && ip->byte[0] == 0xfe && (ip->byte[1] & 0xc0) == 0x80;
}

bool
ip_is_inside(const struct ip *ip)
{
	/* IANA special-purpose registries; the embedding forms are listed by RFC. */
	static const struct {
		uint8_t version, length, byte[16];
	} inside[] = {
		{4, 8, {0}}, {4, 8, {10}}, {4, 10, {100, 64}}, {4, 8, {127}}, {4, 16, {169, 254}},
		{4, 12, {172, 16}}, {4, 24, {192, 0, 0}}, {4, 16, {192, 168}},
		{4, 3, {224}}, /* multicast, class E, broadcast */
		{6, 96, {0}},  /* ::, ::1, v4-compatible */
		{6, 96, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}}, /* v4-mapped, RFC 4291 */
		{6, 96, {0, 0x64, 0xff, 0x9b}},                      /* NAT64, RFC 6052 */
		{6, 48, {0, 0x64, 0xff, 0x9b, 0, 1}},                /* local NAT64, RFC 8215 */
		{6, 64, {1}},                                        /* discard-only, RFC 6666 */
		{6, 32, {0x20, 0x01, 0, 0}},                         /* Teredo, RFC 4380 */
		{6, 16, {0x20, 0x02}},                               /* 6to4, RFC 3056 */
		{6, 7, {0xfc}},                                      /* ULA, RFC 4193 */
		{6, 10, {0xfe, 0x80}},                               /* link-local */
		{6, 10, {0xfe, 0xc0}},                               /* site-local, deprecated */
		{6, 8, {0xff}},                                      /* multicast */
	};

	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		struct ip_prefix prefix = {
			.address.version = inside[i].version, .length = inside[i].length};
		memcpy(prefix.address.byte, inside[i].byte, 16);
		if (prefix_contains(&prefix, ip))
			return true;
	}
	return !ip_is_valid(ip);
}

const char *
mac_render(const uint8_t mac[static 6], char out[static MAC_TEXT_MAX])
{
	snprintf(out, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
	return out;
}

bool
mac_parse(uint8_t mac[static 6], const char *text)
{
	unsigned byte[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
		    &byte[4], &byte[5], &end) != 6 ||
		text[end])
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)byte[i];
	return true;
}

bool
mac_is_local(const uint8_t mac[static 6])
{
	return mac[0] & 2;
}

bool
mac_is_unicast(const uint8_t mac[static 6])
{
	return !(mac[0] & 1) && !is_zero(mac, 6);
}
