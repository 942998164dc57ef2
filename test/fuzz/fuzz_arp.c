/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/arp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arp arp;

	if (!arp_parse(&arp, reader_over(data, size)))
		return 0;
	assert(ip_is_valid(&arp.sender) && arp.sender.version == 4);
	assert(ip_is_valid(&arp.target) && arp.target.version == 4);
	return 0;
}
