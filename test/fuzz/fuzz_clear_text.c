/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/clear_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clear_text c;
	struct reader r = reader_over(data, size);

	/* What looks like it is it: a packet is not discarded for its looks. */
	if (clear_is_text(r) || clear_is_telnet(r))
		assert(clear_text_parse(&c, r));
	if (!clear_text_parse(&c, r))
		return 0;
	expect_within(c.method, data, size);
	expect_within(c.scheme, data, size);
	assert(clear_kind_text(c.kind));
	return 0;
}
