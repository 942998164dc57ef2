/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dhcpv4.h"

enum {
	OPTION_PAD = 0,
	OPTION_MASK = 1,
	OPTION_ROUTERS = 3,
	OPTION_NAME_SERVERS = 6,
	OPTION_HOSTNAME = 12,
	OPTION_REQUESTED = 50,
	OPTION_LEASE = 51,
	OPTION_OVERLOAD = 52,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_PARAMETERS = 55,
	OPTION_RENEW = 58,
	OPTION_REBIND = 59,
	OPTION_VENDOR_CLASS = 60,
	OPTION_CLIENT_ID = 61,
	OPTION_USER_CLASS = 77,
	OPTION_FQDN = 81,
	OPTION_MUD_URL = 161, /* RFC 8520, section 10 */
	OPTION_END = 255,

	FILE_HAS_OPTIONS = 1,
	NAME_HAS_OPTIONS = 2,

	COOKIE = 0x63825363,
	HARDWARE_ETHERNET = 1,
	FLAG_BROADCAST = 0x8000,
};

/* What the options say, while they are read; some only mean something at the end. */
struct pass {
	struct dhcpv4 *dhcp;
	uint8_t overload;
	bool has_type, has_overload, has_requested, has_server, has_lease;
	bool is_refused;
	bool too_long[256]; /* by option code */
};

static struct ip
take_address(struct reader *r)
{
	static const uint8_t zero[4];
	const uint8_t *byte = reader_bytes(r, 4);
	return byte && memcmp(byte, zero, 4) ? ip_from_v4(byte) : (struct ip){0};
}

/*
 * The MUD URL is a singleton of at most 255 octets, so a second option 161 is
 * not the rest of the first (RFC 3396) but a contradiction: believe neither.
 */
static void
take_mud_url(struct dhcpv4 *dhcp, struct reader value)
{
	if (dhcp->mud_url_claim == MUD_URL_NONE &&
		mud_url_from_bytes(&dhcp->claimed_mud_url, value.at, reader_left(&value)))
		dhcp->mud_url_claim = MUD_URL_VALID;
	else
		dhcp->mud_url_claim = MUD_URL_REFUSED;
}

static void
take_mask(struct dhcpv4 *dhcp, struct reader value)
{
	bool is_whole = reader_left(&value) == 4;
	uint32_t mask = reader_u32(&value), length = 0;

	while (length < 32 && mask & UINT32_C(0x80000000) >> length)
		length++;
	if (is_whole && mask == (length ? UINT32_MAX << (32 - length) : 0))
		dhcp->claimed_length = (uint8_t)length;
}

static void
take_name_servers(struct dhcpv4 *dhcp, struct reader value)
{
	while (reader_left(&value) >= 4 && dhcp->name_server_count < DHCPV4_SERVERS_MAX) {
		struct ip ip = take_address(&value);
		if (ip.version)
			dhcp->claimed_name_server[dhcp->name_server_count++] = ip;
	}
}

static struct octets *
text_of(struct dhcpv4 *dhcp, uint8_t code)
{
	switch (code) {
	case OPTION_HOSTNAME:
		return &dhcp->claimed_hostname;
	case OPTION_PARAMETERS:
		return &dhcp->parameters;
	case OPTION_VENDOR_CLASS:
		return &dhcp->vendor_class;
	case OPTION_CLIENT_ID:
		return &dhcp->client_id;
	case OPTION_USER_CLASS:
		return &dhcp->user_class;
	case OPTION_FQDN:
		return &dhcp->claimed_fqdn;
	}
	return NULL;
}

/* Split options are one value (RFC 3396, section 7); too much of it is none. */
static void
take_text(struct pass *pass, uint8_t code, struct reader value)
{
	struct octets *text = text_of(pass->dhcp, code);
	size_t len = reader_left(&value);

	if (!text || pass->too_long[code])
		return;
	if (len > sizeof text->byte - text->len) {
		pass->too_long[code] = true;
		text->len = 0;
		if (pass->dhcp->odd_options < UINT8_MAX)
			pass->dhcp->odd_options++;
		return;
	}
	reader_copy(&value, text->byte + text->len, len);
	text->len = (uint8_t)(text->len + len);
}

/* True if this is the one time that a fixed option may come, with its length. */
static bool
is_fixed(struct pass *pass, bool *has, const struct reader *value, size_t len)
{
	if (*has || reader_left(value) != len)
		pass->is_refused = true;
	*has = true;
	return !pass->is_refused;
}

static void
take_option(struct pass *pass, uint8_t code, struct reader value)
{
	struct dhcpv4 *dhcp = pass->dhcp;
	uint8_t type;

	switch (code) {
	case OPTION_TYPE:
		if (!is_fixed(pass, &pass->has_type, &value, 1))
			return;
		type = reader_u8(&value);
		dhcp->type = type >= DHCPV4_DISCOVER && type <= DHCPV4_INFORM ? type : DHCPV4_OTHER;
		return;
	case OPTION_OVERLOAD:
		if (is_fixed(pass, &pass->has_overload, &value, 1))
			pass->overload = reader_u8(&value);
		return;
	case OPTION_REQUESTED:
		if (is_fixed(pass, &pass->has_requested, &value, 4))
			dhcp->requested = take_address(&value);
		return;
	case OPTION_SERVER:
		if (is_fixed(pass, &pass->has_server, &value, 4))
			dhcp->server = take_address(&value);
		return;
	case OPTION_LEASE:
		if (is_fixed(pass, &pass->has_lease, &value, 4))
			dhcp->lease_s = reader_u32(&value);
		return;
	case OPTION_MASK:
		take_mask(dhcp, value);
		return;
	case OPTION_ROUTERS:
		if (!dhcp->claimed_router.version)
			dhcp->claimed_router = take_address(&value);
		return;
	case OPTION_NAME_SERVERS:
		take_name_servers(dhcp, value);
		return;
	case OPTION_RENEW:
		dhcp->renew_s = reader_u32(&value);
		return;
	case OPTION_REBIND:
		dhcp->rebind_s = reader_u32(&value);
		return;
	case OPTION_MUD_URL:
		take_mud_url(dhcp, value);
		return;
	default:
		take_text(pass, code, value);
	}
}

/* False when an option is longer than what is there; an end mark may be missing. */
static bool
parse_options(struct pass *pass, struct reader r)
{
	while (reader_left(&r) > 0) {
		uint8_t code = reader_u8(&r);
		if (code == OPTION_PAD)
			continue;
		if (code == OPTION_END)
			return true;
		struct reader value = reader_slice(&r, reader_u8(&r));
		if (!reader_ok(&r)) {
			/* What claims to be longer than its packet is not believed at all. */
			if (code == OPTION_MUD_URL)
				pass->dhcp->mud_url_claim = MUD_URL_REFUSED;
			return false;
		}
		take_option(pass, code, value);
	}
	return false;
}

bool
dhcpv4_parse(struct dhcpv4 *dhcp, struct reader r)
{
	struct pass pass = {.dhcp = dhcp};
	uint8_t op, hardware, hardware_len;

	memset(dhcp, 0, sizeof *dhcp);
	op = reader_u8(&r);
	hardware = reader_u8(&r);
	hardware_len = reader_u8(&r);
	reader_skip(&r, 1); /* hops */
	dhcp->transaction = reader_u32(&r);
	reader_skip(&r, 2); /* seconds */
	dhcp->is_broadcast = reader_u16(&r) & FLAG_BROADCAST;
	dhcp->client = take_address(&r);
	dhcp->yours = take_address(&r);
	dhcp->next_server = take_address(&r);
	dhcp->relay = take_address(&r);
	reader_copy(&r, dhcp->mac, sizeof dhcp->mac);
	dhcp->has_mac = hardware == HARDWARE_ETHERNET && hardware_len == 6;
	reader_skip(&r, 10); /* the rest of chaddr */
	struct reader name = reader_slice(&r, 64), file = reader_slice(&r, 128);
	if (reader_u32(&r) != COOKIE || !reader_ok(&r) || op < 1 || op > 2)
		return false;
	dhcp->is_request = op == 1;
	dhcp->is_cut = !parse_options(&pass, r);
	/* RFC 3396, section 5: options, then file, then sname. */
	uint8_t overload = pass.overload;
	if (overload & FILE_HAS_OPTIONS)
		parse_options(&pass, file);
	if (overload & NAME_HAS_OPTIONS)
		parse_options(&pass, name);
	return !pass.is_refused && overload <= 3;
}

const char *
dhcpv4_type_text(enum dhcpv4_type type)
{
	static const char *const text[] = {
		[DHCPV4_BOOTP] = "BOOTP",
		[DHCPV4_DISCOVER] = "DISCOVER",
		[DHCPV4_OFFER] = "OFFER",
		[DHCPV4_REQUEST] = "REQUEST",
		[DHCPV4_DECLINE] = "DECLINE",
		[DHCPV4_ACK] = "ACK",
		[DHCPV4_NAK] = "NAK",
		[DHCPV4_RELEASE] = "RELEASE",
		[DHCPV4_INFORM] = "INFORM",
		[DHCPV4_OTHER] = "other",
	};
	return (unsigned)type < sizeof text / sizeof text[0] ? text[type] : "other";
}
