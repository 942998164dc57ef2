/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/lldp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lldp lldp;

	if (!lldp_parse(&lldp, reader_over(data, size)))
		return 0;
	assert(lldp.chassis.len > 0 && lldp.port.len > 0);
	expect_within(lldp.chassis, data, size);
	expect_within(lldp.port, data, size);
	expect_within(lldp.claimed_port_description, data, size);
	expect_within(lldp.claimed_name, data, size);
	expect_within(lldp.claimed_description, data, size);
	if (lldp.mud_url_claim == MUD_URL_VALID)
		expect_mud_url(&lldp.claimed_mud_url);
	return 0;
}
