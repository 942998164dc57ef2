/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/ipv6.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipv6 ipv6;
	struct reader r = reader_over(data, size);

	if (!ipv6_parse(&ipv6, &r))
		return 0;
	assert(ip_is_valid(&ipv6.source) && ip_is_valid(&ipv6.destination));
	assert(!ipv6.fragment_offset || ipv6.is_fragment);
	assert(ipv6.extension_count <= IPV6_EXTENSIONS_MAX);
	assert(!ipv6.payload_len || reader_left(&r) <= ipv6.payload_len);
	expect_reader_within(&r, data, size);
	return 0;
}
