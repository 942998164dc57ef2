/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/ipv4.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipv4 ipv4;
	struct reader r = reader_over(data, size);

	if (!ipv4_parse(&ipv4, &r))
		return 0;
	assert(ip_is_valid(&ipv4.source) && ip_is_valid(&ipv4.destination));
	assert(!ipv4.fragment_offset || ipv4.is_fragment);
	assert(!ipv4.total_len || reader_left(&r) <= ipv4.total_len - 20u);
	expect_reader_within(&r, data, size);
	return 0;
}
