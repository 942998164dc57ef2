/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ethernet.h"

static bool
is_vlan(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE_VLAN;
}

/* IEEE 802.3 length and LLC; SNAP (RFC 1042) gives an ethertype after all. */
static bool
parse_llc(struct ethernet *ethernet, struct reader *frame, uint16_t len)
{
	struct reader payload = reader_slice(frame, len);
	struct reader snap;

	ethernet->is_llc = true;
	ethernet->dsap = reader_u8(&payload);
	ethernet->ssap = reader_u8(&payload);
	reader_skip(&payload, 1); /* control; what we read of LLC has one byte of it */
	snap = payload;
	if (ethernet->dsap == 0xaa && ethernet->ssap == 0xaa && reader_u24(&snap) == 0) {
		ethernet->type = reader_u16(&snap);
		payload = snap;
	}
	*frame = payload;
	return reader_ok(frame);
}

static bool
parse_eapol(struct ethernet *ethernet, struct reader *frame)
{
	ethernet->is_eapol = true;
	ethernet->eapol_version = reader_u8(frame);
	ethernet->eapol_type = reader_u8(frame);
	*frame = reader_slice(frame, reader_u16(frame));
	return reader_ok(frame);
}

bool
ethernet_parse(struct ethernet *ethernet, struct reader *frame)
{
	uint16_t type;

	reader_copy(frame, ethernet->destination, sizeof ethernet->destination);
	reader_copy(frame, ethernet->source, sizeof ethernet->source);
	type = reader_u16(frame);
	ethernet->type = 0;
	ethernet->vlan_count = 0;
	ethernet->is_llc = ethernet->is_eapol = false;
	while (is_vlan(type)) {
		if (ethernet->vlan_count == VLAN_TAGS_MAX)
			return false;
		ethernet->vlan[ethernet->vlan_count++] = reader_u16(frame) & 0xfff;
		type = reader_u16(frame);
	}
	if (!reader_ok(frame))
		return false;
	if (type < ETHERTYPE_FIRST)
		return parse_llc(ethernet, frame, type);
	ethernet->type = type;
	if (type == ETHERTYPE_EAPOL)
		return parse_eapol(ethernet, frame);
	return true;
}
