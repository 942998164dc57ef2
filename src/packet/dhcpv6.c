/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dhcpv6.h"

enum {
	OPTION_CLIENT_ID = 1,
	OPTION_SERVER_ID = 2,
	OPTION_IA_NA = 3,
	OPTION_IA_TA = 4,
	OPTION_IA_ADDRESS = 5,
	OPTION_REQUEST = 6,
	OPTION_STATUS = 13,
	OPTION_VENDOR_CLASS = 16,
	OPTION_NAME_SERVERS = 23,
	OPTION_IA_PD = 25,
	OPTION_IA_PREFIX = 26,
	OPTION_FQDN = 39,
	OPTION_MUD_URL = 112, /* RFC 8520, section 10 */

	DUID_LINK_TIME = 1,
	DUID_LINK = 3,
	DUID_MAX = 130, /* RFC 8415, section 11.1 */
	HARDWARE_ETHERNET = 1,
};

static struct ip
take_address(struct reader *r)
{
	const uint8_t *byte = reader_bytes(r, 16);
	return byte ? ip_from_v6(byte) : (struct ip){0};
}

/* The MUD URL is a singleton (RFC 8520, section 10): a second one refuses both. */
static void
take_mud_url(struct dhcpv6 *dhcp, struct reader value)
{
	if (dhcp->mud_url_claim == MUD_URL_NONE &&
		mud_url_from_bytes(&dhcp->claimed_mud_url, value.at, reader_left(&value)))
		dhcp->mud_url_claim = MUD_URL_VALID;
	else
		dhcp->mud_url_claim = MUD_URL_REFUSED;
}

static void
take_duid(struct octets *duid, struct reader value)
{
	if (reader_left(&value) <= DUID_MAX)
		reader_octets(&value, duid);
}

static void
take_client(struct dhcpv6 *dhcp, struct reader value)
{
	take_duid(&dhcp->client_duid, value);
	uint16_t type = reader_u16(&value), hardware = reader_u16(&value);
	if (type == DUID_LINK_TIME)
		reader_skip(&value, 4);
	if ((type != DUID_LINK_TIME && type != DUID_LINK) || hardware != HARDWARE_ETHERNET)
		return;
	if (!reader_ok(&value) || reader_left(&value) != 6)
		return;
	dhcp->has_client_mac = true;
	reader_copy(&value, dhcp->client_mac, sizeof dhcp->client_mac);
}

static void
take_status(struct dhcpv6 *dhcp, struct reader value)
{
	dhcp->status = reader_u16(&value);
	dhcp->has_status = reader_ok(&value);
}

static void
take_leased_address(struct dhcpv6 *dhcp, struct reader option)
{
	struct dhcpv6_address address = {.address = take_address(&option)};

	address.preferred_s = reader_u32(&option);
	address.valid_s = reader_u32(&option);
	if (reader_ok(&option) && dhcp->address_count < DHCPV6_ADDRESSES_MAX)
		dhcp->address[dhcp->address_count++] = address;
}

static void
take_prefix(struct dhcpv6 *dhcp, struct reader option)
{
	struct dhcpv6_prefix out = {0};

	out.preferred_s = reader_u32(&option);
	out.valid_s = reader_u32(&option);
	out.prefix.length = reader_u8(&option);
	out.prefix.address = take_address(&option);
	if (reader_ok(&option) && out.prefix.length <= 128 &&
		dhcp->prefix_count < DHCPV6_PREFIXES_MAX)
		dhcp->delegated[dhcp->prefix_count++] = out;
}

/* Its number, and when to renew and rebind: IA_NA and IA_PD begin so. */
static void
take_times(struct dhcpv6 *dhcp, struct reader *value)
{
	reader_skip(value, 4);
	uint32_t renew_s = reader_u32(value), rebind_s = reader_u32(value);
	if (renew_s && (!dhcp->renew_s || renew_s < dhcp->renew_s))
		dhcp->renew_s = renew_s;
	if (rebind_s && (!dhcp->rebind_s || rebind_s < dhcp->rebind_s))
		dhcp->rebind_s = rebind_s;
}

/* The options inside an association: addresses or prefixes, perhaps a status. */
static void
take_association(struct dhcpv6 *dhcp, struct reader value)
{
	while (reader_ok(&value) && reader_left(&value) > 0) {
		uint16_t code = reader_u16(&value);
		struct reader option = reader_slice(&value, reader_u16(&value));
		if (!reader_ok(&value))
			return;
		if (code == OPTION_STATUS)
			take_status(dhcp, option);
		else if (code == OPTION_IA_ADDRESS)
			take_leased_address(dhcp, option);
		else if (code == OPTION_IA_PREFIX)
			take_prefix(dhcp, option);
	}
}

static void
take_option(struct dhcpv6 *dhcp, uint16_t code, struct reader value)
{
	switch (code) {
	case OPTION_CLIENT_ID:
		take_client(dhcp, value);
		break;
	case OPTION_SERVER_ID:
		take_duid(&dhcp->server_duid, value);
		break;
	case OPTION_IA_PD:
		dhcp->has_delegation = true;
		/* fall through */
	case OPTION_IA_NA:
		take_times(dhcp, &value);
		take_association(dhcp, value);
		break;
	case OPTION_IA_TA:
		reader_skip(&value, 4);
		take_association(dhcp, value);
		break;
	case OPTION_NAME_SERVERS:
		while (reader_left(&value) >= 16 && dhcp->name_server_count < DHCPV6_SERVERS_MAX)
			dhcp->claimed_name_server[dhcp->name_server_count++] = take_address(&value);
		break;
	case OPTION_REQUEST:
		while (reader_left(&value) >= 2 && dhcp->asked_count < DHCPV6_OPTIONS_MAX)
			dhcp->asked[dhcp->asked_count++] = reader_u16(&value);
		break;
	case OPTION_STATUS:
		take_status(dhcp, value);
		break;
	case OPTION_VENDOR_CLASS:
		dhcp->vendor_enterprise = reader_u32(&value);
		value = reader_slice(&value, reader_u16(&value));
		reader_octets(&value, &dhcp->vendor_class);
		break;
	case OPTION_FQDN:
		reader_octets(&value, &dhcp->claimed_fqdn);
		break;
	case OPTION_MUD_URL:
		take_mud_url(dhcp, value);
		break;
	}
}

/* False when an option is longer than what is there. */
static bool
parse_options(struct dhcpv6 *dhcp, struct reader r)
{
	while (reader_left(&r) > 0) {
		uint16_t code = reader_u16(&r);
		struct reader value = reader_slice(&r, reader_u16(&r));
		if (!reader_ok(&r)) {
			if (code == OPTION_MUD_URL)
				dhcp->mud_url_claim = MUD_URL_REFUSED;
			return false;
		}
		take_option(dhcp, code, value);
	}
	return true;
}

bool
dhcpv6_parse(struct dhcpv6 *dhcp, struct reader r)
{
	memset(dhcp, 0, sizeof *dhcp);
	dhcp->type = reader_u8(&r);
	if (dhcp->type < DHCPV6_SOLICIT || dhcp->type > DHCPV6_RELAY_REPLY)
		return false;
	if (dhcp->type >= DHCPV6_RELAY_FORWARD) {
		dhcp->is_relay = true;
		dhcp->hops = reader_u8(&r);
		dhcp->link = take_address(&r);
		dhcp->peer = take_address(&r);
		return reader_ok(&r);
	}
	dhcp->transaction = reader_u24(&r);
	if (!reader_ok(&r))
		return false;
	dhcp->is_cut = !parse_options(dhcp, r);
	return true;
}

const char *
dhcpv6_type_text(uint8_t type)
{
	static const char *const text[] = {
		[DHCPV6_SOLICIT] = "SOLICIT",
		[DHCPV6_ADVERTISE] = "ADVERTISE",
		[DHCPV6_REQUEST] = "REQUEST",
		[DHCPV6_CONFIRM] = "CONFIRM",
		[DHCPV6_RENEW] = "RENEW",
		[DHCPV6_REBIND] = "REBIND",
		[DHCPV6_REPLY] = "REPLY",
		[DHCPV6_RELEASE] = "RELEASE",
		[DHCPV6_DECLINE] = "DECLINE",
		[DHCPV6_RECONFIGURE] = "RECONFIGURE",
		[DHCPV6_INFORMATION] = "INFORMATION",
		[DHCPV6_RELAY_FORWARD] = "RELAY-FORWARD",
		[DHCPV6_RELAY_REPLY] = "RELAY-REPLY",
	};
	return type < sizeof text / sizeof text[0] && text[type] ? text[type] : "other";
}
