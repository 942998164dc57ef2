/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/dhcpv4.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dhcpv4 dhcp;

	if (!dhcpv4_parse(&dhcp, reader_over(data, size)))
		return 0;
	assert(ip_is_valid(&dhcp.yours) || dhcp.yours.version == 0);
	assert(ip_is_valid(&dhcp.requested) || dhcp.requested.version == 0);
	assert(dhcpv4_type_text(dhcp.type));
	if (dhcp.mud_url_claim == MUD_URL_VALID)
		expect_mud_url(&dhcp.claimed_mud_url);
	return 0;
}
