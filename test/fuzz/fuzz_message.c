/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/auto.h"
#include "message/message.h"

/*
 * Byte 0 is the type, byte 1 the sender, byte 2 the receiver, the rest the
 * payload, in a buffer of just that length.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	enum message_type type = (enum message_type)data[0];
	enum process from = (enum process)(data[1] % PROCESS_COUNT);
	enum process to = (enum process)(data[2] % PROCESS_COUNT);
	size_t len = size - 3;
	auto_free uint8_t *payload = must_alloc(1, len);

	memcpy(payload, data + 3, len);
	if (from == PROCESS_MONITOR && to == PROCESS_MONITOR)
		return 0; /* it has no channel to itself */
	if (!message_check(type, from, to, payload, len))
		return 0;
	/* Who is believed: nobody but the monitor directs, nobody tells it more than READY. */
	assert(type > MESSAGE_UNKNOWN && type < MESSAGE_TYPE_COUNT);
	assert(to != PROCESS_MONITOR || (type == MESSAGE_READY && len == 0));
	assert(from == PROCESS_MONITOR || (type != MESSAGE_DESCRIPTOR && type != MESSAGE_GO));
	assert(to != PROCESS_ENFORCER || from != PROCESS_RESOLVER || type == MESSAGE_OPEN);
	if (type == MESSAGE_POLICY) {
		const struct message_policy *m = (const void *)payload;
		assert(len == message_policy_len(m));
		for (int i = 0; i < m->n_bindings; i++)
			assert(memchr(m->binding[i].port, 0, sizeof m->binding[i].port));
	}
	if (type == MESSAGE_OBSERVATION) {
		const struct message_observation *m = (const void *)payload;
		assert(len == message_observation_len(m));
		for (uint32_t i = 0; i < m->n_rows; i++)
			for (const char *c = m->row[i].claimed_text; *c; c++)
				assert(*c >= 0x20 && *c < 0x7f);
	}
	return 0;
}
