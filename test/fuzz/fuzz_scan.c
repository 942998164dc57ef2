/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "check/scan_raw.h"

/* The first byte says by which version of IP; what follows is what came back. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scan_asker asker = {.port = 64600, .key = 0x01020304};
	uint16_t port = 0;

	if (!size)
		return 0;
	asker.from.version = asker.to.version = data[0] & 1 ? 6 : 4;
	enum port_state state = scan_answer(&asker, reader_over(data + 1, size - 1), &port);
	assert(state == PORT_UNTRIED || state == PORT_OPEN || state == PORT_REFUSED);
	return 0;
}
