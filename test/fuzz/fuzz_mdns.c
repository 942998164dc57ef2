/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/mdns.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mdns mdns;

	if (!mdns_parse(&mdns, reader_over(data, size)))
		return 0;
	assert(mdns.service_count <= MDNS_SERVICES_MAX);
	assert(mdns.address_count <= MDNS_ADDRESSES_MAX);
	for (unsigned i = 0; i < mdns.service_count; i++) {
		const struct mdns_service *service = &mdns.service[i];
		assert(service->type[0] == '_');
		assert(strnlen(service->type, MDNS_TYPE_MAX) < MDNS_TYPE_MAX);
		assert(service->claimed_instance.len <= 63);
		for (const char *c = service->type; *c; c++)
			assert(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *c));
	}
	return 0;
}
