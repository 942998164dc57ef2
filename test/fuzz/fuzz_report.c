/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/printable.h"
#include "policy/policy.h"

/* Whatever a report says, only denials come of it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report;
	struct fault why = {0};

	if (!report_parse(&report, (const char *)data, size, &why)) {
		assert(why.text[0] && is_printable(why.text));
		return 0;
	}
	assert(is_printable(report.device) && is_printable(report.issuer) &&
		is_printable(report.reason));
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	policy_narrow_by_report(policy, &report, 1);
	for (int i = 0; i < policy->n_rules; i++)
		assert(policy->rule[i].action == POLICY_DENY);
	policy_free(policy);
	return 0;
}
