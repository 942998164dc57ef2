/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/coap.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct coap coap;

	if (!coap_parse(&coap, reader_over(data, size)))
		return 0;
	assert(coap.type <= 3 && coap.token.len <= 8);
	assert(coap.path_count <= COAP_PATHS_MAX);
	expect_within(coap.token, data, size);
	expect_within(coap.claimed_host, data, size);
	for (unsigned i = 0; i < coap.path_count; i++)
		expect_within(coap.path[i], data, size);
	assert(coap.payload_len < size);
	return 0;
}
