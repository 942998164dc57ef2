/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/icmpv6.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t link_local[16] = {0xfe, 0x80, [15] = 1};
	static const uint8_t solicited[16] = {0xff, 0x02, [11] = 1, [12] = 0xff};
	struct ipv6 ipv6 = {.hop_limit = 255};
	struct nd nd;

	if (size < 1)
		return 0;
	/* The first byte says who asks: nobody yet (DAD), or a neighbour. */
	ipv6.source = ip_from_v6(link_local);
	ipv6.destination = ip_from_v6(solicited);
	if (data[0] & 1)
		memset(ipv6.source.byte, 0, sizeof ipv6.source.byte);
	if (!nd_parse(&nd, &ipv6, reader_over(data + 1, size - 1)))
		return 0;
	assert(icmpv6_is_nd(nd.type));
	assert(nd.prefix_count <= ND_PREFIXES_MAX && nd.server_count <= ND_SERVERS_MAX);
	for (unsigned i = 0; i < nd.prefix_count; i++)
		assert(nd.prefix[i].prefix.length <= 128);
	for (unsigned i = 0; i < nd.server_count; i++)
		assert(nd.server[i].version == 6);
	assert(!nd.is_dad || !nd.has_source_mac);
	return 0;
}
