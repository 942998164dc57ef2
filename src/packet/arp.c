/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/arp.h"

static struct ip
take_address(struct reader *r)
{
	const uint8_t *byte = reader_bytes(r, 4);
	return byte ? ip_from_v4(byte) : (struct ip){0};
}

bool
arp_parse(struct arp *arp, struct reader r)
{
	uint16_t hardware = reader_u16(&r), protocol = reader_u16(&r);
	uint8_t hardware_len = reader_u8(&r), protocol_len = reader_u8(&r);
	static const uint8_t zero[4];

	arp->operation = reader_u16(&r);
	reader_copy(&r, arp->sender_mac, sizeof arp->sender_mac);
	arp->sender = take_address(&r);
	reader_copy(&r, arp->target_mac, sizeof arp->target_mac);
	arp->target = take_address(&r);
	arp->is_probe = arp->operation == ARP_REQUEST && !memcmp(arp->sender.byte, zero, 4);
	arp->is_announce = ip_is_equal(&arp->sender, &arp->target);
	return reader_ok(&r) && hardware == 1 && protocol == 0x0800 && hardware_len == 6 &&
	       protocol_len == 4;
}
