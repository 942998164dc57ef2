/* SPDX-License-Identifier: Apache-2.0 */
/* Audits: who may be tested, which checks a run has, how long they take. */
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "process/engine_audit.h"

enum {
	QUICK_S = 15 * 60,
	HOUR_S = 3600,
};

bool
audit_is_planned(const struct audit *audit, size_t check)
{
	return check < n_checks && check < AUDIT_CHECKS_MAX &&
	       (audit->checks[check / 64] >> check % 64 & 1);
}

void
audit_plan(struct audit *audit, size_t check)
{
	audit->checks[check / 64] |= UINT64_C(1) << check % 64;
}

bool
audit_step_is_over(uint8_t step)
{
	return step == AUDIT_STEP_DONE || step == AUDIT_STEP_SKIPPED || step == AUDIT_STEP_LOST;
}

uint32_t
audit_seconds_of(size_t check, uint8_t pace)
{
	return pace == PACE_LAB ? checks[check].seconds_lab : checks[check].seconds_gentle;
}

/* --- who may be tested, and how -------------------------------------------------------------- */

bool
audit_may_be_tested(const struct ward *ward, enum consent consent, struct fault *why)
{
	const struct device *device = ward->device;
	const char *label = device_label(device);

	switch (device->class) {
	case DEVICE_CLASS_PERSONAL:
		fault_set(why, ERR_DENIED,
			"%s is personal, and nothing is recorded of what such a device does; if it "
			"is none: pinfold device class %s ordinary",
			label, device->id);
		return false;
	case DEVICE_CLASS_CRITICAL:
	case DEVICE_CLASS_NEVER_PROBE:
		if (consent == CONSENT_PASSIVE)
			break;
		fault_set(why, ERR_DENIED,
			"%s is of class %s, and no packet of a test is ever sent to it; what it "
			"sends by itself can be judged: pinfold audit run %s --consent passive",
			label, device_class_word((enum device_class)device->class), device->id);
		return false;
	default:
		break;
	}
	if (device->state == DEVICE_BLOCK) {
		fault_set(why, ERR_DENIED,
			"%s is blocked and cannot be reached; first: pinfold device release %s",
			label, device->id);
		return false;
	}
	return true;
}

void
audit_addresses(const struct device *device, struct ip *address4, struct ip *address6)
{
	memset(address4, 0, sizeof *address4);
	memset(address6, 0, sizeof *address6);
	for (int i = 0; i < device->n_bindings; i++) {
		const struct ip *address = &device->binding[i].address;
		if (!binding_is_current(&engine.rules, address))
			continue;
		/* The last one is the one that it took last. */
		if (address->version == 4)
			*address4 = *address;
		else if (!ip_is_link_local(address))
			*address6 = *address;
	}
}

const char *
audit_model(const struct device *device)
{
	static const enum identifier_kind kinds[] = {IDENTIFIER_MDNS_MODEL, IDENTIFIER_SSDP_SERVER,
		IDENTIFIER_VENDOR_CLASS, IDENTIFIER_HOSTNAME};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct identifier *claim = device_identifier(device, kinds[i]);
		if (claim && claim->claimed_value[0])
			return claim->claimed_value;
	}
	return "";
}

/*
 * All checks, also those for which consent is missing: they are not run, and that
 * is said.  A quick run leaves out what takes long, and ends in time: what it did
 * not come to is inconclusive.
 */
void
audit_plan_profile(struct audit *audit)
{
	bool is_quick = !strcmp(audit->row.profile, "quick");

	for (size_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++)
		if (!checks[i].is_guided && !checks[i].is_of_file &&
			(!is_quick || audit_seconds_of(i, audit->row.pace) <= QUICK_S))
			audit_plan(audit, i);
}

bool
audit_plan_chosen(struct audit *audit, const char *ids, struct fault *why)
{
	char id[STORE_CHECK_MAX];

	while (*ids) {
		size_t len = strcspn(ids, ",");
		snprintf(id, sizeof id, "%.*s", (int)len, ids);
		int place = check_find(id);
		if (place < 0 || len >= sizeof id) {
			fault_set(why, ERR_INVALID,
				"there is no such check among \"%.100s\"; \"pinfold audit "
				"checks\" shows all",
				ids);
			return false;
		}
		audit_plan(audit, (size_t)place);
		ids += len + (ids[len] == ',');
	}
	snprintf(audit->row.profile, sizeof audit->row.profile, "chosen");
	return true;
}

void
audit_measure(struct audit *audit)
{
	bool is_quick = !strcmp(audit->row.profile, "quick");
	uint32_t seconds = AUDIT_SECONDS_MIN;

	for (size_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++)
		if (audit_is_planned(audit, i) && checks[i].consent <= audit->row.consent)
			seconds += audit_seconds_of(i, audit->row.pace);
	if (is_quick && seconds > QUICK_S)
		seconds = QUICK_S;
	if (seconds < audit->row.hours * HOUR_S)
		seconds = audit->row.hours * HOUR_S;
	audit->row.seconds = seconds;
}
