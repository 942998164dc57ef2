/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/tcp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcp tcp;
	struct reader r = reader_over(data, size);

	if (!tcp_parse(&tcp, &r))
		return 0;
	assert(tcp.option_count <= TCP_OPTIONS_MAX);
	assert(tcp.flags & TCP_SYN || tcp.option_count == 0);
	expect_reader_within(&r, data, size);
	return 0;
}
