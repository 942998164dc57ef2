/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/ssdp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ssdp ssdp;

	if (!ssdp_parse(&ssdp, reader_over(data, size)))
		return 0;
	assert(ssdp.kind != SSDP_UNKNOWN);
	expect_within(ssdp.search_target, data, size);
	expect_within(ssdp.notification_type, data, size);
	expect_within(ssdp.unique_name, data, size);
	expect_within(ssdp.claimed_location, data, size);
	expect_within(ssdp.claimed_server, data, size);
	expect_within(ssdp.user_agent, data, size);
	return 0;
}
