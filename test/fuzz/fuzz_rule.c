/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "message/message.h"
#include "policy/compile.h"

/* No control byte and nothing above ASCII; our own quotes are fine. */
static bool
is_clean(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

/* A rule is refused with a reason, or can be shown, compiled and sent. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message_policy out;
	static struct message_view view;
	static struct policy_peer peers[] = {{.number = 2, .name = "printer"}};
	static const struct policy_world world = {.n_peers = 1, .peer = peers};
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;
	struct fault why = {0};
	char text[512], line[512];

	size = size < sizeof text ? size : sizeof text - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!policy_rule_parse(policy, ORIGIN_OWNER, &world, text, 1000, &why)) {
		assert(why.text[0] && is_clean(why.text) && policy->n_rules == 0);
		policy_free(policy);
		return 0;
	}
	for (int i = 0; i < policy->n_rules; i++)
		assert(is_clean(policy_rule_render(policy, &policy->rule[i], line, sizeof line)));
	memset(&out, 0, sizeof out);
	memset(&view, 0, sizeof view);
	policy_compile(&out, &view, &slots, policy, &world, NULL);
	out.packet_cap = out.flow_cap = 1;
	assert(message_check(
		MESSAGE_POLICY, PROCESS_ENGINE, PROCESS_ENFORCER, &out, message_policy_len(&out)));
	assert(message_check(
		MESSAGE_VIEW, PROCESS_ENGINE, PROCESS_RESOLVER, &view, message_view_len(&view)));
	compiled_slots_free(slots);
	policy_free(policy);
	return 0;
}
