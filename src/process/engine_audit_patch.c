/* SPDX-License-Identifier: Apache-2.0 */
/* Audits: what follows from a finding at once. */
#include <string.h>

#include "base/clock.h"
#include "process/engine_audit.h"

enum { PATCHES_MAX = CONTAINMENTS_A_DEVICE };

static bool
is_patch_of(const json_t *row, const char *check, const struct finding *finding)
{
	const char *cause = json_string_value(json_object_get(row, "cause"));
	const char *by = json_string_value(json_object_get(row, "check"));

	return cause && by && !strcmp(cause, "audit") && !strcmp(by, check) &&
	       (!finding ||
		       (json_integer_value(json_object_get(row, "proto")) == finding->proto &&
			       json_integer_value(json_object_get(row, "port")) == finding->port));
}

static bool
is_patched(const struct ward *ward, const char *check, const struct finding *finding)
{
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i,
		row) if (is_patch_of(row, check, finding)) return true;
	return false;
}

bool
audit_is_reason_to_close(const struct finding *finding)
{
	return finding->word == VERDICT_FAIL && finding->is_critical && finding->n_evidence &&
	       finding->port && (finding->proto == 6 || finding->proto == 17);
}

static const char *
proto_word(uint8_t proto)
{
	return proto == 17 ? "udp" : "tcp";
}

/*
 * The port is closed at the gateway for everybody; the device goes on.  Acted
 * first, recorded right after, as with harm: a worm does not wait for a disk.
 */
void
audit_close_port(
	struct audit *audit, struct ward *ward, const char *check, const struct finding *finding)
{
	uint32_t run = audit->row.run, exchange = finding->n_evidence ? finding->evidence[0] : 0;
	struct change change;
	struct fault why;
	int64_t journal;
	char text[200];

	if (is_patched(ward, check, finding))
		return;
	snprintf(text, sizeof text, "run %u, exchange %u (%s): %.120s", run, exchange, check,
		finding->text);
	if (!contain_may_act(ward)) {
		event(EVENT_ALARM, ward, "audit-proposed", check,
			"%s; nothing was closed, because %s; to close it: pinfold policy add %s "
			"\"deny from any %s %u\"",
			text,
			ward->device->class == DEVICE_CLASS_CRITICAL ? "it is critical"
								     : "containment is set to "
								       "report",
			ward->device->id, proto_word(finding->proto), finding->port);
		return;
	}
	if (json_array_size(ward->facet[FACET_CONTAINMENT]) >= PATCHES_MAX) {
		event(EVENT_ALARM, ward, "audit-proposed", "many",
			"%s; too many of its ports are closed already; to pen it: pinfold device "
			"quarantine %s",
			text, ward->device->id);
		return;
	}
	json_t *list = ward->facet[FACET_CONTAINMENT]
			       ? json_deep_copy(ward->facet[FACET_CONTAINMENT])
			       : json_array();
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:i, s:i, s:s, s:I, s:s, s:I, s:s, s:s, s:I}", "act",
			      "patch", "direction", "to", "proto", finding->proto, "port",
			      finding->port, "cause", "audit", "since", (json_int_t)clock_wall_s(),
			      "text", text, "run", (json_int_t)run, "check", check, "provision",
			      finding->provision, "exchange", (json_int_t)exchange));
	change_init(&change, "pinfold", "audit.patch");
	change.is_containment = true;
	change_set(&change, ward, FACET_CONTAINMENT, list);
	snprintf(change.text, sizeof change.text,
		"port %s %u of %.60s is closed for everybody: %.150s", proto_word(finding->proto),
		finding->port, device_label(ward->device), text);
	if (change_commit(&change, &journal, &why))
		log_warnx("audit", "run %u: %s", run, why.text);
}

/*
 * May a port be opened again that was closed upon this check?  Only if the check
 * was run to its end, found no fault there, and says of that port, or of the device
 * as a whole, that it looked: what could not be told apart (INC) keeps it closed.
 */
static bool
is_mended(const struct finding *const *finding, size_t n, const json_t *row)
{
	const char *provision = json_string_value(json_object_get(row, "provision"));
	uint16_t port = (uint16_t)json_integer_value(json_object_get(row, "port"));
	uint8_t proto = (uint8_t)json_integer_value(json_object_get(row, "proto"));
	bool looked = false;

	for (size_t i = 0; i < n; i++) {
		const struct finding *at = finding[i];
		bool is_there = at->port == port && at->proto == proto;
		if (!provision || strcmp(at->provision, provision) || (!is_there && at->port))
			continue;
		if (at->word == VERDICT_FAIL || (is_there && at->word == VERDICT_INC))
			return false;
		/* It looked at all there is, and only the maker can say whether the rest is needed. */
		bool is_whole = at->word == VERDICT_INC && at->reason == INC_NO_IXIT;
		looked |= at->word == VERDICT_NFF || at->word == VERDICT_PASS ||
			  at->word == VERDICT_NA || is_whole;
	}
	return looked;
}

void
audit_open_mended(struct audit *audit, struct ward *ward, const char *check,
	const struct finding *const *finding, size_t n)
{
	json_t *list = json_array(), *row;
	char ports[120] = "";
	struct change change;
	size_t i, len = 0;
	struct fault why;
	int64_t journal;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		if (!is_patch_of(row, check, NULL) || !is_mended(finding, n, row)) {
			json_array_append(list, row);
			continue;
		}
		if (len < sizeof ports)
			len += (size_t)snprintf(ports + len, sizeof ports - len, "%s%s %lld",
				len ? ", " : "",
				proto_word(
					(uint8_t)json_integer_value(json_object_get(row, "proto"))),
				(long long)json_integer_value(json_object_get(row, "port")));
	}
	if (!len) {
		json_decref(list);
		return;
	}
	change_init(&change, "pinfold", "audit.lift");
	change_set(
		&change, ward, FACET_CONTAINMENT, json_array_size(list) ? json_incref(list) : NULL);
	json_decref(list);
	snprintf(change.text, sizeof change.text,
		"%.60s: closed no longer: %s, since run %u (%s) found no fault there any more",
		device_label(ward->device), ports, audit->row.run, check);
	/* What the database does not take stays closed until a later run. */
	if (change_commit(&change, &journal, &why))
		log_warnx("audit", "run %u: %s", audit->row.run, why.text);
}
