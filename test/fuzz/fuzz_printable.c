/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/printable.h"

/* Whatever comes in, what goes out is harmless, bounded, and cut at a whole escape. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[64], whole[4 * 4096 + 1];
	size_t room = size ? data[0] % sizeof out + 1 : 1;

	memset(out, 'x', sizeof out);
	bool is_whole = printable(out, room, data, size);
	size_t len = strnlen(out, room);
	assert(len < room);
	assert(is_printable(out));
	if (size > 4096)
		return 0;
	assert(printable(whole, sizeof whole, data, size));
	assert(strlen(whole) >= size);
	assert(!strncmp(out, whole, len));
	assert(is_whole == (strlen(whole) < room));
	return 0;
}
