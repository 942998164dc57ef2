/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mud_url url;

	if (mud_url_from_bytes(&url, data, size))
		expect_mud_url(&url);
	return 0;
}
