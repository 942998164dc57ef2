/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/dhcpv6.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dhcpv6 dhcp;

	if (!dhcpv6_parse(&dhcp, reader_over(data, size)))
		return 0;
	assert(dhcp.address_count <= DHCPV6_ADDRESSES_MAX);
	assert(dhcp.asked_count <= DHCPV6_OPTIONS_MAX);
	for (unsigned i = 0; i < dhcp.address_count; i++)
		assert(dhcp.address[i].address.version == 6);
	assert(dhcpv6_type_text(dhcp.type));
	if (dhcp.mud_url_claim == MUD_URL_VALID)
		expect_mud_url(&dhcp.claimed_mud_url);
	return 0;
}
