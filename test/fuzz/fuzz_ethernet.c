/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/ethernet.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ethernet ethernet;
	struct reader r = reader_over(data, size);

	if (!ethernet_parse(&ethernet, &r))
		return 0;
	assert(ethernet.vlan_count <= VLAN_TAGS_MAX);
	for (unsigned i = 0; i < ethernet.vlan_count; i++)
		assert(ethernet.vlan[i] < 4096);
	assert(ethernet.is_llc || ethernet.type >= ETHERTYPE_FIRST);
	expect_reader_within(&r, data, size);
	return 0;
}
