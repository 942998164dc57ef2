/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/icmp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmp icmp;
	struct reader r = reader_over(data, size);

	if (!icmp_parse(&icmp, &r))
		return 0;
	expect_reader_within(&r, data, size);
	assert(reader_left(&r) == size - 8);
	return 0;
}
