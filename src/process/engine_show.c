/* SPDX-License-Identifier: Apache-2.0 */
/* What people and programs may read, as JSON; docs/API.md describes it. */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "policy/learn.h"
#include "policy/why.h"
#include "process/engine.h"
#include "process/engine_app.h"

enum { PRESENT_S = 600, SHARED_MAX = 8 };

json_t *
show_ref(const struct ward *ward)
{
	if (!ward || !ward->device)
		return json_null();
	return json_pack("{s:i, s:s, s:s}", "number", (int)ward_number(ward), "id",
		ward->device->id, "name", device_label(ward->device));
}

static json_t *
show_bindings(const struct device *device)
{
	char address[IP_TEXT_MAX], mac[MAC_TEXT_MAX];
	json_t *rows = json_array();

	for (int i = 0; i < device->n_bindings; i++) {
		const struct binding *binding = &device->binding[i];
		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:I}", "address",
				      ip_render(&binding->address, address), "mac",
				      mac_render(binding->mac, mac), "port", binding->port, "how",
				      binding_how_word((enum binding_how)binding->how), "since",
				      (json_int_t)binding->since_s));
	}
	return rows;
}

static json_t *
show_addresses(const struct device *device)
{
	char address[IP_TEXT_MAX];
	json_t *rows = json_array();

	for (int pass = 4; pass <= 6; pass += 2)
		for (int i = 0; i < device->n_bindings; i++)
			if (device->binding[i].address.version == pass)
				json_array_append_new(rows,
					json_string(
						ip_render(&device->binding[i].address, address)));
	return rows;
}

static json_t *
show_macs(const struct device *device)
{
	char mac[MAC_TEXT_MAX];
	json_t *rows = json_array();

	for (int i = 0; i < device->n_macs; i++) {
		const char *maker = identify_maker(device->mac[i].mac);
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:s*, s:b}", "mac",
				mac_render(device->mac[i].mac, mac), "port", device->mac[i].port,
				"maker", maker, "random", device->mac[i].is_local));
	}
	return rows;
}

static json_t *
show_identifiers(const struct device *device)
{
	json_t *rows = json_array();

	for (int i = 0; i < device->n_identifiers; i++) {
		const struct identifier *identifier = &device->identifier[i];
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:i, s:I, s:I}", "kind",
				identifier_word((enum identifier_kind)identifier->kind), "claimed",
				identifier->claimed_value, "confidence", identifier->confidence,
				"first", (json_int_t)identifier->first_s, "last",
				(json_int_t)identifier->last_s));
	}
	return rows;
}

static json_t *
show_pause(const struct ward *ward)
{
	if (!pause_is_on(ward))
		return json_null();
	uint64_t left_ns = ward->pause_until_ns - clock_monotonic_ns();
	return json_pack("{s:I, s:I, s:I}", "since", (json_int_t)ward->pause_since_s, "until",
		(json_int_t)ward->pause_until_s, "seconds_left",
		(json_int_t)(left_ns / CLOCK_SECOND_NS));
}

json_t *
show_introductions(const struct ward *ward)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < engine.n_introduced; i++) {
		const struct introduced *row = &engine.introduced[i];
		if (!ward || row->asker == ward_number(ward) || row->answerer == ward_number(ward))
			json_array_append_new(
				rows, json_pack("{s:o, s:o, s:s}", "asker",
					      show_ref(ward_find(row->asker)), "answerer",
					      show_ref(ward_find(row->answerer)), "service",
					      row->service->word));
	}
	return rows;
}

static bool
is_mud_pending(const struct ward *ward)
{
	const json_t *mud = ward->facet[ward->facet[FACET_MUD_NEXT] ? FACET_MUD_NEXT : FACET_MUD];
	const char *state = json_string_value(json_object_get(mud, "state"));

	return state && strstr(state, "pending");
}

bool
needs_attention(const struct ward *ward)
{
	enum device_state state = (enum device_state)ward->device->state;

	return state == DEVICE_WAITING || state == DEVICE_QUARANTINE ||
	       json_array_size(ward->facet[FACET_CONTAINMENT]) > 0 || is_mud_pending(ward) ||
	       ward->fetch_why[0] || ward->faults + ward->unsaid > 0;
}

static const char *
support_end_of(const struct ward *ward)
{
	const json_t *facts = ward->facet[FACET_LABEL_FACTS];
	const char *day = json_string_value(json_object_get(facts, "support-end"));

	return day ? day : "";
}

json_t *
show_device(struct ward *ward, bool whole)
{
	const struct device *device = ward->device;
	const char *port = device->n_macs ? device->mac[0].port : "";
	json_t *out = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:I, s:I}", "number",
		(int)device->number, "id", device->id, "name", device->name, "label",
		device_label(device), "class", device_class_word((enum device_class)device->class),
		"state", device_state_word((enum device_state)device->state), "since",
		(json_int_t)ward->since_s, "present",
		device_is_present(device, clock_monotonic_ns(), PRESENT_S * CLOCK_SECOND_NS),
		"first", (json_int_t)device->first_s, "last", (json_int_t)device->last_s);

	json_object_set_new(out, "kind",
		json_pack("{s:s, s:i, s:s}", "word", device->kind.word, "confidence",
			device->kind.confidence, "why", device->kind.why));
	json_object_set_new(out, "addresses", show_addresses(device));
	json_object_set_new(out, "port", json_string(port));
	json_object_set_new(out, "paused", json_boolean(pause_is_on(ward)));
	json_object_set_new(
		out, "offered", json_integer((json_int_t)json_array_size(ward->offers)));
	json_object_set_new(out, "contained",
		json_boolean(json_array_size(ward->facet[FACET_CONTAINMENT]) > 0));
	json_object_set_new(out, "attention", json_boolean(needs_attention(ward)));
	json_object_set_new(out, "support_end", json_string(support_end_of(ward)));
	json_object_set_new(out, "denied_packets", json_integer((json_int_t)ward->denied_packets));
	if (!whole)
		return out;
	json_object_set_new(out, "macs", show_macs(device));
	json_object_set_new(out, "bindings", show_bindings(device));
	json_object_set_new(out, "identifiers", show_identifiers(device));
	json_object_set_new(out, "claimed_mud_url", json_string(device->claimed_mud_url));
	json_object_set_new(out, "mud", ward_facet(ward, FACET_MUD));
	json_object_set_new(out, "mud_next", ward_facet(ward, FACET_MUD_NEXT));
	json_object_set_new(out, "mud_fetch_failed", json_string(ward->fetch_why));
	json_object_set_new(out, "containment", ward_facet(ward, FACET_CONTAINMENT));
	json_object_set_new(out, "rules", ward_facet(ward, FACET_RULES));
	json_object_set_new(out, "introductions", show_introductions(ward));
	json_object_set_new(out, "pause", show_pause(ward));
	json_object_set_new(out, "guest", ward_facet(ward, FACET_GUEST));
	json_object_set_new(out, "learning", learning_show(ward));
	json_object_set_new(out, "silence", presence_show(ward));
	json_object_set_new(out, "works", audit_works(ward));
	json_object_set_new(out, "offers", ward->offers ? json_incref(ward->offers) : json_array());
	json_t *app = app_show(ward);
	json_object_set_new(out, "app_test", app ? app : json_null());
	json_object_set_new(out, "denied_bytes", json_integer((json_int_t)ward->denied_bytes));
	json_object_set_new(out, "policy_faults", json_integer(ward->faults + ward->unsaid));
	json_object_set_new(out, "policy_fault", json_string(ward->last_fault));
	json_object_set_new(out, "generation", json_integer(ward->generation));
	return out;
}

static json_t *
count_states(void)
{
	json_t *out = json_object();
	int count[DEVICE_STATE_COUNT] = {0};

	for (size_t i = 0; i < engine.n_peers; i++)
		count[engine.wards[i]->device->state % DEVICE_STATE_COUNT]++;
	for (int i = DEVICE_WAITING; i < DEVICE_STATE_COUNT; i++)
		json_object_set_new(
			out, device_state_word((enum device_state)i), json_integer(count[i]));
	return out;
}

/* Our own words, so that there are few; what is not known has none. */
static json_t *
count_kinds(void)
{
	json_t *out = json_object();

	for (size_t i = 0; i < engine.n_peers; i++) {
		const char *word = engine.wards[i]->device->kind.word;
		if (*word)
			json_object_set_new(out, word,
				json_integer(1 + json_integer_value(json_object_get(out, word))));
	}
	return out;
}

static json_int_t
count_attention(void)
{
	json_int_t count = 0;

	for (size_t i = 0; i < engine.n_peers; i++)
		count += needs_attention(engine.wards[i]);
	return count;
}

/*
 * Somebody else translates addresses before us: the provider (RFC 6598), or
 * another router of the house.  Doors that the owner opens here end there.
 */
static bool
is_behind_another(void)
{
	return engine.uplink4.address.version == 4 && ip_is_inside(&engine.uplink4.address);
}

static bool
is_provider_shared(const struct ip *ip)
{
	return ip->byte[0] == 100 && (ip->byte[1] & 0xc0) == 64;
}

static json_t *
show_uplink(void)
{
	char text4[PREFIX_TEXT_MAX], text6[PREFIX_TEXT_MAX], lan6[PREFIX_TEXT_MAX];
	const struct ip_prefix *delegated = &engine.rules.delegated6;

	return json_pack("{s:s, s:s, s:s, s:b, s:b}", "address4",
		engine.uplink4.address.version ? prefix_render(&engine.uplink4, text4) : "",
		"address6",
		engine.uplink6.address.version ? prefix_render(&engine.uplink6, text6) : "",
		"delegated6", delegated->address.version ? prefix_render(delegated, lan6) : "",
		"behind_another_nat", is_behind_another(), "clock_unsure",
		engine.has_resolver_status && engine.resolver.clock_unsure);
}

json_t *
show_status(void)
{
	static const enum process children[] = {PROCESS_CAPTURE, PROCESS_ENFORCER, PROCESS_RESOLVER,
		PROCESS_RELAY, PROCESS_FETCHER, PROCESS_WEB};
	bool is_sensor = engine.settings->mode == SETTINGS_SENSOR;
	int64_t now_s = clock_wall_s();
	json_t *connected = json_object();
	size_t paused = 0, due = 0;
	struct ward *ward;

	for (size_t i = 0; i < COUNT_OF(children); i++)
		json_object_set_new(connected, process_name(children[i]),
			json_boolean(channel_is_open(engine.peer[children[i]])));
	for (size_t i = 0; i < engine.n_peers; i++)
		paused += pause_is_on(engine.wards[i]);
	TAILQ_FOREACH(ward, &engine.due, queue)
	due++;
	json_t *out = json_pack("{s:s, s:s, s:I, s:I, s:o, s:I, s:o, s:b, s:I}", "version",
		PINFOLD_VERSION, "mode", is_sensor ? "sensor" : "router", "time", (json_int_t)now_s,
		"started", (json_int_t)engine.started_s, "processes", connected, "devices",
		(json_int_t)engine.n_peers, "states", count_states(), "containment_acts",
		engine.settings->containment_acts, "paused", (json_int_t)paused);
	json_object_set_new(out, "kinds", count_kinds());
	json_object_set_new(out, "attention", json_integer(count_attention()));
	json_object_set_new(out, "held",
		json_boolean(is_sensor ? false
				       : engine.has_enforcer_status && engine.enforcer.links_up &&
						 channel_is_open(engine.peer[PROCESS_ENFORCER])));
	json_object_set_new(out, "enforcer",
		json_pack("{s:b, s:b, s:b, s:I, s:s}", "adopted", engine.enforcer.adopted,
			"links_up", engine.enforcer.links_up, "refusing", engine.enforcer.refusing,
			"elements", (json_int_t)engine.enforcer.elements, "kernel",
			engine.enforcer.release));
	json_object_set_new(out, "resolver",
		json_pack("{s:b, s:I, s:I, s:I, s:I}", "upstream_dead",
			engine.resolver.upstream_dead, "queries",
			(json_int_t)engine.resolver.queries, "undeclared",
			(json_int_t)engine.resolver.undeclared, "rebinds",
			(json_int_t)engine.resolver.rebinds, "opened",
			(json_int_t)engine.resolver.opened));
	if (!is_sensor)
		json_object_set_new(out, "uplink", show_uplink());
	json_object_set_new(out, "policies",
		json_pack("{s:I, s:I, s:I, s:b}", "sent", (json_int_t)engine.policies_sent,
			"refused", (json_int_t)engine.policies_failed, "due", (json_int_t)due,
			"restored", !engine.is_restoring));
	json_object_set_new(out, "database",
		json_pack("{s:s, s:I, s:b}", "trouble", engine.store_why, "written_bytes",
			(json_int_t)store_bytes_written(engine.store), "damaged_before",
			engine.found >= STORE_RESTORED));
	json_object_set_new(out, "observations",
		json_pack("{s:I, s:I, s:I}", "taken", (json_int_t)engine.observations, "lost",
			(json_int_t)engine.reports_lost, "flows_lost",
			(json_int_t)engine.flows_lost));
	json_object_set_new(out, "joining_until",
		json_integer(engine.join_until_s > now_s ? engine.join_until_s : 0));
	return out;
}

enum { CERTIFICATE_SOON_S = 10 * 86400 }; /* who renews by a program has done so by then */

/* --- doctor ---------------------------------------------------------------------------------------- */

static void complain(json_t *rows, const char *level, const char *command, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void
complain(json_t *rows, const char *level, const char *command, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	json_array_append_new(rows,
		json_pack("{s:s, s:s, s:s}", "level", level, "text", text, "command", command));
}

static void
complain_about(json_t *rows, struct ward *ward)
{
	const struct device *device = ward->device;
	char command[128];
	const char *label = device_label(device);

	if (device->state == DEVICE_WAITING) {
		snprintf(command, sizeof command, "pinfold device admit %s", device->id);
		complain(rows, "notice", command, "%s waits to be let in", label);
	}
	if (device->state == DEVICE_QUARANTINE) {
		snprintf(command, sizeof command, "pinfold device show %s", device->id);
		complain(rows, "alarm", command, "%s is in quarantine", label);
	}
	if (is_mud_pending(ward)) {
		snprintf(command, sizeof command, "pinfold policy approve %s", device->id);
		complain(rows, "notice", command, "the MUD file of %s waits for approval", label);
	}
	if (ward->fetch_why[0]) {
		snprintf(command, sizeof command, "pinfold device show %s", device->id);
		complain(rows, "notice", command, "the MUD file of %s cannot be fetched: %s", label,
			ward->fetch_why);
	}
	if (ward->faults + ward->unsaid) {
		snprintf(command, sizeof command, "pinfold policy show %s", device->id);
		complain(rows, "notice", command,
			"%u rule(s) of %s cannot be applied and are not allowed: %s",
			ward->faults + ward->unsaid, label, ward->last_fault);
	}
	if (device->n_bindings == 0 && device->is_admitted &&
		device_is_present(device, clock_monotonic_ns(), PRESENT_S * CLOCK_SECOND_NS)) {
		snprintf(command, sizeof command, "pinfold device show %s", device->id);
		complain(rows, "notice", command,
			"%s is here but has no address of ours: it must ask by DHCP", label);
	}
}

/* What browsers would say of the pages, before they do. */
static void
complain_about_tls(json_t *rows)
{
	static const char restart[] = "journalctl -u pinfold";
	const struct message_web_tls *tls = &engine.web_tls;
	const char *name = engine.settings->web_name;
	uint64_t now_s = clock_wall_s();
	char command[SETTINGS_PATH_MAX + 40];

	snprintf(command, sizeof command, "openssl x509 -text -in %s",
		engine.settings->web_certificate);
	if (tls->state == WEB_TLS_NO_FILES)
		complain(rows, "alarm", restart,
			"web-certificate or web-key cannot be used, so there is no TLS; root must "
			"own both, and nobody else may read the key");
	if (tls->state == WEB_TLS_NOT_OURS)
		complain(rows, "alarm", command,
			"web-certificate and web-key are not PEM, or not of each other, so there "
			"is no TLS");
	if (tls->state == WEB_TLS_NO_SOCKET)
		complain(rows, "alarm", restart,
			"web-tls-listen cannot be had, so there is no TLS; does another program "
			"listen there?");
	if (tls->state != WEB_TLS_SERVED)
		return;
	if (!tls->is_named)
		complain(
			rows, "alarm", command, "the certificate of the pages is not for %s", name);
	if (now_s < CLOCK_SANE_S)
		return;
	if (now_s > tls->until_s)
		complain(rows, "alarm", command, "the certificate of the pages (%s) has expired",
			name);
	else if (now_s < tls->from_s)
		complain(rows, "alarm", command,
			"the certificate of the pages (%s) is not valid yet", name);
	else if (tls->until_s - now_s < CERTIFICATE_SOON_S)
		complain(rows, "notice", command,
			"the certificate of the pages (%s) expires in %llu days", name,
			(unsigned long long)(tls->until_s - now_s) / 86400);
}

/* What must be done comes before what is worth a look. */
static json_t *
alarms_first(json_t *rows)
{
	static const char *const levels[] = {"alarm", "notice"};
	json_t *sorted = json_array(), *row;
	size_t k;

	for (size_t i = 0; i < COUNT_OF(levels); i++)
		json_array_foreach(rows, k, row)
		{
			const char *level = json_string_value(json_object_get(row, "level"));
			if (!strcmp(level, levels[i]))
				json_array_append(sorted, row);
		}
	json_decref(rows);
	return sorted;
}

json_t *
show_doctor(void)
{
	static const enum process needed[] = {PROCESS_CAPTURE, PROCESS_ENFORCER, PROCESS_RESOLVER,
		PROCESS_RELAY, PROCESS_FETCHER};
	bool is_sensor = engine.settings->mode == SETTINGS_SENSOR;
	json_t *rows = json_array();

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		if (channel_is_open(engine.peer[needed[i]]))
			continue;
		if (is_sensor && needed[i] != PROCESS_CAPTURE && needed[i] != PROCESS_ENFORCER)
			continue;
		complain(rows, "alarm", "journalctl -u pinfold", "process %s is not there",
			process_name(needed[i]));
	}
	if (engine.store_why[0])
		complain(rows, "alarm", "df -h", "%s", engine.store_why);
	if (engine.found == STORE_LOST || engine.found == STORE_RESTORED)
		complain(rows, "alarm", "pinfold device list",
			engine.found == STORE_LOST
				? "the database was damaged and lost; admit the devices again"
				: "the database was damaged; the last good copy is in use");
	if (engine.has_enforcer_status && engine.enforcer.refusing)
		complain(rows, "alarm", "pinfold status", "the kernel refuses changes of rules");
	if (!is_sensor && engine.has_enforcer_status && !engine.enforcer.links_up)
		complain(rows, "alarm", "journalctl -u pinfold", "the bridge ports are not up");
	if (engine.has_enforcer_status && engine.enforcer.kernel_lacks)
		complain(rows, "notice", "pinfold status --json",
			"kernel %s lacks features (mask %llx); see KERNELS.md",
			engine.enforcer.release, (unsigned long long)engine.enforcer.kernel_lacks);
	if (engine.has_resolver_status && engine.resolver.upstream_dead)
		complain(rows, "alarm", "pinfold status", "no name server upstream answers");
	if (!is_sensor && is_behind_another()) {
		const struct ip *ip = &engine.uplink4.address;
		char address[IP_TEXT_MAX];
		complain(rows, "notice", "pinfold status",
			"the uplink's address %s is %s: doors to the internet that you make here "
			"end there, and must be made there too",
			ip_render(ip, address),
			is_provider_shared(ip)
				? "shared by the provider (carrier-grade NAT)"
				: "private, so another router translates addresses before us "
				  "(double NAT)");
	}
	if (engine.has_resolver_status && engine.resolver.clock_unsure &&
		clock_wall_s() >= CLOCK_SANE_S)
		complain(rows, "notice", "timedatectl",
			"the clock was not set by a time server yet; until then names of time "
			"servers are taken without validation");
	if (clock_wall_s() < CLOCK_SANE_S)
		complain(rows, "notice", "timedatectl",
			"the clock is not set; times shown are wrong until it is");
	complain_about_tls(rows);
	if (engine.reports_lost)
		complain(rows, "notice", "pinfold status", "%llu reports of the kernel were lost",
			(unsigned long long)engine.reports_lost);
	if (device_table_refused(engine.table))
		complain(rows, "alarm", "pinfold device list",
			"the table of devices is full; forget some");
	for (size_t i = 0; i < engine.n_peers; i++)
		complain_about(rows, engine.wards[i]);
	return alarms_first(rows);
}

/* --- policy ------------------------------------------------------------------------------------------ */

static json_t *
show_rules(const struct policy *policy)
{
	json_t *rows = json_array();
	char text[400];

	for (int i = 0; policy && i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rule[i];
		json_array_append_new(rows,
			json_pack("{s:I, s:s, s:s, s:s, s:I, s:I}", "id", (json_int_t)rule->id,
				"text", policy_rule_render(policy, rule, text, sizeof text),
				"origin", origin_word((enum policy_origin)rule->origin), "note",
				policy_text(policy, rule->note), "since", (json_int_t)rule->since_s,
				"until", (json_int_t)rule->until_s));
	}
	return rows;
}

/* What somebody on the internet can begin: accepted, towards the device, from no device. */
static bool
is_door(const struct policy_rule *rule)
{
	return rule->action == POLICY_ACCEPT && rule->direction == DIRECTION_TO_DEVICE &&
	       (rule->remote == REMOTE_INTERNET || rule->remote == REMOTE_PREFIX);
}

json_t *
show_doors(void)
{
	json_t *rows = json_array();
	char text[400];

	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct policy *policy = engine.wards[i]->policy;
		for (int k = 0; policy && k < policy->n_rules; k++) {
			const struct policy_rule *rule = &policy->rule[k];
			if (!is_door(rule))
				continue;
			json_array_append_new(rows,
				json_pack("{s:o, s:s, s:s, s:s, s:I, s:I}", "device",
					show_ref(engine.wards[i]), "text",
					policy_rule_render(policy, rule, text, sizeof text),
					"origin", origin_word((enum policy_origin)rule->origin),
					"note", policy_text(policy, rule->note), "since",
					(json_int_t)rule->since_s, "until",
					(json_int_t)rule->until_s));
		}
	}
	return rows;
}

json_t *
show_policy(struct ward *ward)
{
	json_t *names = json_array();
	int64_t now_s = clock_wall_s();
	char address[IP_TEXT_MAX];

	for (int i = 0; i < ward->n_answers; i++) {
		const struct answer *answer = &ward->answer[i];
		if (answer->slot && answer->until_s > now_s)
			json_array_append_new(
				names, json_pack("{s:s, s:s, s:I}", "name", answer->name, "address",
					       ip_render(&answer->address, address), "seconds_left",
					       (json_int_t)(answer->until_s - now_s)));
	}
	return json_pack("{s:o, s:s, s:I, s:o, s:o, s:I, s:s, s:I}", "device", show_ref(ward),
		"state", device_state_word((enum device_state)ward->device->state), "since",
		(json_int_t)ward->since_s, "rules", show_rules(ward->policy), "open", names,
		"faults", (json_int_t)(ward->faults + ward->unsaid), "fault", ward->last_fault,
		"generation", (json_int_t)ward->generation);
}

json_t *
show_why(struct ward *ward, const char *destination, const char *proto, uint16_t port,
	struct fault *why)
{
	const char *shared[SHARED_MAX];
	struct policy_flow flow = {.direction = DIRECTION_FROM_DEVICE};
	struct why_facts facts = {
		.shared = shared, .is_paused = pause_is_on(ward), .state_since_s = ward->since_s};
	struct reasoned reasoned;
	char name[MUD_TEXT_MAX];

	if (!flow_from_destination(&flow, name, &engine.world, destination, why))
		return NULL;
	/* The address of a device here stands for the device: neighbours are no hosts of the internet. */
	const struct device *neighbour =
		flow.address.version ? device_find_by_address(engine.table, &flow.address) : NULL;
	if (neighbour)
		flow.peer = neighbour->number;
	flow.is_gateway |= flow.address.version && observe_is_ours(&flow.address);
	flow.direction = DIRECTION_FROM_DEVICE;
	flow.proto = !strcmp(proto, "udp") ? 17 : !strcmp(proto, "icmp") ? 1 : 6;
	flow.port = port;
	/* A bare address is judged by the name that it was last given for. */
	if (!flow.peer && !flow.name && flow.address.version) {
		const struct answer *answer = answer_find(ward, &flow.address);
		if (answer)
			flow.name = answer->name;
	}
	for (int i = 0; i < ward->n_answers; i++) {
		const struct answer *answer = &ward->answer[i];
		bool is_it = flow.name && !strcmp(answer->name, flow.name);
		if (is_it && !flow.address.version)
			flow.address = answer->address;
		if (flow.address.version && ip_is_equal(&answer->address, &flow.address)) {
			facts.is_open |= answer->slot && answer->until_s > clock_wall_s();
			if (!is_it && facts.n_shared < SHARED_MAX)
				shared[facts.n_shared++] = answer->name;
		}
	}
	policy_why(&reasoned, ward->policy, &engine.world, &flow, &facts);
	return json_pack("{s:o, s:s, s:b, s:s, s:s, s:s, s:I, s:I, s:b}", "device", show_ref(ward),
		"destination", destination, "allowed", reasoned.is_allowed, "text", reasoned.text,
		"limit", reasoned.limit, "origin",
		reasoned.origin ? origin_word((enum policy_origin)reasoned.origin) : "", "rule",
		(json_int_t)reasoned.rule, "since", (json_int_t)reasoned.since_s, "paused",
		facts.is_paused);
}

/* --- proposals ----------------------------------------------------------------------------------------- */

json_t *
show_flow(const struct learn_flow *flow)
{
	char address[IP_TEXT_MAX];
	const struct ward *peer = flow->peer ? ward_find(flow->peer) : NULL;

	return json_pack("{s:s, s:s, s:i, s:s, s:I, s:I, s:b, s:b}", "remote",
		peer && peer->device ? device_label(peer->device)
		: flow->name[0]      ? flow->name
				     : ip_render(&flow->address, address),
		"proto",
		flow->proto == 6    ? "tcp"
		: flow->proto == 17 ? "udp"
				    : "icmp",
		"port", flow->port, "way", flow->direction == DIRECTION_TO_DEVICE ? "in" : "out",
		"flows", (json_int_t)flow->flows, "bytes", (json_int_t)flow->bytes, "denied",
		flow->was_denied, "flagged", flow->is_flagged);
}

/*
 * What enforcing would do: the learned profile that would be accepted (*file),
 * and how many of the recorded flows it and the MUD file would have broken.
 * source: FACET_MUD, FACET_LEARNED, FACET_RULES for neither, or FACET_COUNT for both.
 */
json_t *
show_proposal(struct ward *ward, enum facet source, json_t **file, struct fault *why)
{
	static struct mud learned;
	struct learn_options options = {.now_s = clock_wall_s()};
	struct learn_flow *flows;
	void *keep;
	size_t n = flow_list(ward, &flows, &keep);
	json_t *broken = json_array(), *seen = json_array();
	struct preview preview;
	char sentence[160];
	const struct mud *mud = NULL;
	bool has_learned = false;
	json_t *out = NULL;

	*file = NULL;
	if (source != FACET_MUD && source != FACET_RULES)
		has_learned = mud_from_flows(&learned, flows, n, &options);
	if (source != FACET_LEARNED && source != FACET_RULES)
		mud = ward_mud(ward,
			ward->facet[FACET_MUD_NEXT_FILE] ? FACET_MUD_NEXT_FILE : FACET_MUD_FILE);
	else if (source == FACET_RULES && mud_trust_of(ward) == MUD_TRUST_CONFIRMED)
		mud = ward_mud(ward, FACET_MUD_FILE); /* approved is approved */
	if (!has_learned && source == FACET_LEARNED) {
		fault_set(why, ERR_NOT_FOUND,
			"nothing was seen of %s that could be learned; to hold it with only what "
			"you "
			"allow yourself: --from rules",
			device_label(ward->device));
		goto out;
	}
	if (!mud && source == FACET_MUD) {
		fault_set(why, ERR_NOT_FOUND, "%s has no MUD file%s%s", device_label(ward->device),
			ward->fetch_why[0] ? ": " : "", ward->fetch_why);
		goto out;
	}
	struct policy *policy = ward_policy_with(
		ward, DEVICE_ENFORCE, has_learned ? &learned : NULL, mud, MUD_TRUST_CONFIRMED);
	preview_from_flows(&preview, policy, &engine.world, flows, n);
	for (uint32_t i = 0; i < preview.n_rows; i++)
		json_array_append_new(broken, show_flow(&flows[preview.row[i]]));
	for (size_t i = 0; i < n && i < 100; i++)
		json_array_append_new(seen, show_flow(&flows[i]));
	if (has_learned) {
		auto_free char *text = mud_render(&learned);
		*file = json_pack("{s:s, s:I, s:I}", "file", text, "since",
			(json_int_t)options.now_s, "flows", (json_int_t)preview.flows);
	}
	out = json_pack("{s:o, s:I, s:I, s:s, s:o, s:o, s:o}", "device", show_ref(ward), "flows",
		(json_int_t)preview.flows, "broken", (json_int_t)preview.broken, "sentence",
		preview_render(&preview, sentence, sizeof sentence), "would_break", broken, "rules",
		show_rules(policy), "seen", seen);
	broken = seen = NULL;
	policy_free(policy);
out:
	json_decref(broken);
	json_decref(seen);
	free(flows);
	free(keep);
	return out;
}
