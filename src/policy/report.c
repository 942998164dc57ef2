/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device, or an issuer whom the owner trusts, says about its state.  It
 * can only take away: the one thing that this file adds to a policy is denials.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "policy/policy.h"

static bool
text_of(const json_t *root, const char *key, char *out, size_t size, bool is_needed,
	struct fault *why)
{
	const json_t *value = json_object_get(root, key);

	memset(out, 0, size);
	if (!value && !is_needed)
		return true;
	if (!json_is_string(value) || !json_string_length(value)) {
		fault_set(why, ERR_INVALID, "%s: missing, or not text", key);
		return false;
	}
	printable(out, size, json_string_value(value), json_string_length(value));
	return true;
}

static bool
state_of(const json_t *root, enum reported_state *state, struct fault *why)
{
	static const char *const word[] = {[REPORTED_FINE] = "fine",
		[REPORTED_VULNERABLE] = "vulnerable",
		[REPORTED_UNSUPPORTED] = "unsupported",
		[REPORTED_RECALLED] = "recalled"};
	const char *text = json_string_value(json_object_get(root, "state"));

	for (size_t i = REPORTED_FINE; text && i < COUNT_OF(word); i++)
		if (!strcmp(text, word[i])) {
			*state = (enum reported_state)i;
			return true;
		}
	fault_set(why, ERR_INVALID, "state: not fine, vulnerable, unsupported or recalled");
	return false;
}

static bool
port_of(struct service_port *port, const char *text)
{
	unsigned lo, hi;
	int used = 0;

	if (!strncmp(text, "tcp/", 4))
		port->proto = 6;
	else if (!strncmp(text, "udp/", 4))
		port->proto = 17;
	else
		return false;
	text += 4;
	if (strspn(text, "0123456789-") != strlen(text) || strlen(text) > 11)
		return false;
	if (sscanf(text, "%5u-%5u%n", &lo, &hi, &used) != 2 || text[used]) {
		if (sscanf(text, "%5u%n", &lo, &used) != 1 || text[used])
			return false;
		hi = lo;
	}
	if (lo > hi || hi > UINT16_MAX)
		return false;
	port->lo = (uint16_t)lo;
	port->hi = (uint16_t)hi;
	return true;
}

static bool
closed_of(const json_t *root, struct report *report, struct fault *why)
{
	const json_t *list = json_object_get(root, "close"), *item;
	size_t i;

	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) > REPORT_CLOSED_MAX) {
		fault_set(why, ERR_INVALID, "close: not a list of at most %d ports",
			REPORT_CLOSED_MAX);
		return false;
	}
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item) ||
			!port_of(&report->closed[i], json_string_value(item))) {
			fault_set(why, ERR_INVALID, "close[%zu]: not a port such as tcp/23", i);
			return false;
		}
		report->n_closed++;
	}
	return true;
}

static bool
report_from_json(struct report *report, const json_t *root, struct fault *why)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *issued = json_object_get(root, "issued");

	if (!schema || strcmp(schema, "pinfold-report-1")) {
		fault_set(why, ERR_INVALID, "schema: not pinfold-report-1");
		return false;
	}
	if (!json_is_integer(issued) || json_integer_value(issued) <= 0) {
		fault_set(why, ERR_INVALID, "issued: not seconds since 1970");
		return false;
	}
	report->issued_s = json_integer_value(issued);
	return text_of(root, "device", report->device, sizeof report->device, true, why) &&
	       text_of(root, "issuer", report->issuer, sizeof report->issuer, true, why) &&
	       text_of(root, "reason", report->reason, sizeof report->reason, false, why) &&
	       state_of(root, &report->state, why) && closed_of(root, report, why);
}

bool
report_parse(struct report *report, const char *bytes, size_t len, struct fault *why)
{
	memset(report, 0, sizeof *report);
	json_t *root = json_strict(bytes, len, REPORT_MAX, 4, why);
	if (!root)
		return false;
	bool is_fine = report_from_json(report, root, why);
	json_decref(root);
	return is_fine;
}

static void
deny(struct policy *policy, enum policy_direction direction, enum policy_remote remote,
	const struct service_port *port, int64_t since_s, const char *note)
{
	policy_add(policy,
		(struct policy_rule){
			.origin = ORIGIN_CONTAINMENT,
			.action = POLICY_DENY,
			.direction = (uint8_t)direction,
			.remote = (uint8_t)remote,
			.proto = port ? port->proto : 0,
			.port_lo = port ? port->lo : 0,
			.port_hi = port ? port->hi : UINT16_MAX,
			.source_hi = UINT16_MAX,
			.since_s = since_s,
		},
		NULL, note);
}

void
policy_narrow_by_report(struct policy *policy, const struct report *report, int64_t since_s)
{
	char note[120];

	snprintf(note, sizeof note, "report by %.40s: %.60s", report->issuer,
		report->reason[0] ? report->reason : "no reason given");
	for (uint32_t i = 0; i < report->n_closed && i < REPORT_CLOSED_MAX; i++)
		deny(policy, DIRECTION_TO_DEVICE, REMOTE_ANY, &report->closed[i], since_s, note);
	switch (report->state) {
	case REPORTED_RECALLED:
		deny(policy, DIRECTION_FROM_DEVICE, REMOTE_ANY, NULL, since_s, note);
		deny(policy, DIRECTION_TO_DEVICE, REMOTE_ANY, NULL, since_s, note);
		break;
	case REPORTED_VULNERABLE:
	case REPORTED_UNSUPPORTED:
		/* nobody mends it, so nobody from outside gets to it */
		deny(policy, DIRECTION_TO_DEVICE, REMOTE_INTERNET, NULL, since_s, note);
		break;
	case REPORTED_FINE:
	case REPORTED_UNKNOWN:
		break;
	}
}
