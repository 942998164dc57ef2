/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/lldp.h"

enum {
	TLV_END = 0,
	TLV_CHASSIS = 1,
	TLV_PORT = 2,
	TLV_TTL = 3,
	TLV_PORT_DESCRIPTION = 4,
	TLV_SYSTEM_NAME = 5,
	TLV_SYSTEM_DESCRIPTION = 6,
	TLV_CAPABILITIES = 7,
	TLV_ORGANISATION = 127,

	CHASSIS_MAC = 4,
	OUI_IANA = 0x00005e,
	SUBTYPE_MUD_URL = 1, /* RFC 8520, section 12 */
};

/* At most one MUD URL: the second refuses both, we cannot know which is meant. */
static void
take_organisation(struct lldp *lldp, struct reader value)
{
	uint32_t oui = reader_u24(&value);
	uint8_t subtype = reader_u8(&value);

	if (!reader_ok(&value) || oui != OUI_IANA || subtype != SUBTYPE_MUD_URL)
		return;
	if (lldp->mud_url_claim == MUD_URL_NONE &&
		mud_url_from_bytes(&lldp->claimed_mud_url, value.at, reader_left(&value)))
		lldp->mud_url_claim = MUD_URL_VALID;
	else
		lldp->mud_url_claim = MUD_URL_REFUSED;
}

static void
take_chassis(struct lldp *lldp, struct reader value)
{
	lldp->chassis_type = reader_u8(&value);
	lldp->chassis = reader_rest(&value);
	if (lldp->chassis_type == CHASSIS_MAC && lldp->chassis.len == 6) {
		lldp->has_chassis_mac = true;
		memcpy(lldp->chassis_mac, lldp->chassis.at, 6);
	}
}

static bool
take(struct lldp *lldp, uint8_t type, struct reader value)
{
	switch (type) {
	case TLV_CHASSIS:
		take_chassis(lldp, value);
		return lldp->chassis.len > 0;
	case TLV_PORT:
		lldp->port_type = reader_u8(&value);
		lldp->port = reader_rest(&value);
		return lldp->port.len > 0;
	case TLV_TTL:
		lldp->ttl_s = reader_u16(&value);
		return reader_ok(&value);
	case TLV_PORT_DESCRIPTION:
		lldp->claimed_port_description = reader_rest(&value);
		return true;
	case TLV_SYSTEM_NAME:
		lldp->claimed_name = reader_rest(&value);
		return true;
	case TLV_SYSTEM_DESCRIPTION:
		lldp->claimed_description = reader_rest(&value);
		return true;
	case TLV_CAPABILITIES:
		lldp->has_capabilities = true;
		lldp->capabilities = reader_u16(&value);
		lldp->enabled = reader_u16(&value);
		return reader_ok(&value);
	case TLV_ORGANISATION:
		take_organisation(lldp, value);
		return true;
	}
	return true;
}

bool
lldp_parse(struct lldp *lldp, struct reader r)
{
	unsigned place = 1;

	memset(lldp, 0, sizeof *lldp);
	for (; reader_left(&r) > 0; place++) {
		uint16_t head = reader_u16(&r);
		uint8_t type = (uint8_t)(head >> 9);
		struct reader value = reader_slice(&r, head & 0x1ff);
		if (!reader_ok(&r))
			return false;
		/* The first three are these; later none of them may come again. */
		bool is_mandatory = type >= TLV_CHASSIS && type <= TLV_TTL;
		if (place <= 3 ? type != place : is_mandatory)
			return false;
		if (type == TLV_END)
			return true;
		if (!take(lldp, type, value))
			return false;
	}
	/* Some senders leave the end mark out; everything was whole. */
	return place > TLV_TTL;
}
