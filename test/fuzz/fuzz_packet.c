/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/packet.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet packet;
	static struct packet_counts counts;

	if (size < 1)
		return 0;
	/* The first byte says where the frame starts. */
	bool is_whole = data[0] & 1 ? packet_parse_ip(&packet, data + 1, size - 1, size - 1)
				    : packet_parse(&packet, data + 1, size - 1, size - 1);
	assert(is_whole || packet.discard != DISCARD_NONE);
	assert(packet.discard < DISCARD_COUNT && packet.protocol < PROTOCOL_COUNT);
	assert(!(packet.layers & LAYER_ND) || packet.layers & LAYER_ICMPV6);
	if (packet_is_ip(&packet))
		assert(ip_is_valid(&packet.source) && ip_is_valid(&packet.destination));
	if (packet.protocol != PROTOCOL_NONE && packet.protocol != PROTOCOL_LLDP)
		assert(packet.layers & (LAYER_UDP | LAYER_TCP));
	if (is_whole)
		expect_reader_within(&packet.payload, data + 1, size - 1);
	packet_count(&counts, &packet);
	return 0;
}
