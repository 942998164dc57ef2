/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/udp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct udp udp;
	struct reader r = reader_over(data, size);

	if (!udp_parse(&udp, &r))
		return 0;
	assert(!udp.len || reader_left(&r) <= udp.len - 8u);
	expect_reader_within(&r, data, size);
	return 0;
}
