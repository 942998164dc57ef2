/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/mqtt.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mqtt mqtt;

	if (!mqtt_parse(&mqtt, reader_over(data, size)))
		return 0;
	assert(mqtt.level >= 3 && mqtt.level <= 5);
	expect_within(mqtt.claimed_client_id, data, size);
	expect_within(mqtt.claimed_user_name, data, size);
	assert(mqtt.has_user_name || mqtt.claimed_user_name.len == 0);
	return 0;
}
