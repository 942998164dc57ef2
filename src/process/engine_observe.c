/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What capture and resolver report, row by row: to whom it belongs, what it
 * binds, whether it does harm, and what is worth keeping.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"
#include "process/engine_app.h"
#include "process/engine_eve.h"
#include "process/engine_leave.h"
#include "process/engine_traffic.h"

/* Of a phone or laptop: that it is here and how to reach it, and nothing of what it does. */
static bool
is_for_personal(enum observed what)
{
	switch (what) {
	case OBSERVED_ARP:
	case OBSERVED_ND_DAD:
	case OBSERVED_ND_ADVERT:
	case OBSERVED_IP:
	case OBSERVED_MAC_SEEN:
	case OBSERVED_DHCP4_DISCOVER:
	case OBSERVED_DHCP4_REQUEST:
	case OBSERVED_DHCP4_ACK:
	case OBSERVED_DHCP4_NAK:
	case OBSERVED_DHCP4_RELEASE:
	case OBSERVED_DHCP_HOSTNAME:
	case OBSERVED_DHCP_CLIENT_ID:
	case OBSERVED_DHCP_VENDOR_CLASS:
	case OBSERVED_DHCP_PARAMETERS:
	case OBSERVED_DHCP6_SOLICIT:
	case OBSERVED_DHCP6_REPLY:
	case OBSERVED_DHCP6_RELEASE:
	case OBSERVED_DHCP6_DUID:
	case OBSERVED_MDNS_NAME:
	case OBSERVED_FLOW_NEW: /* counted for harm, not kept */
	case OBSERVED_FLOW_END:
	case OBSERVED_DENIED:
		return true;
	default:
		return false;
	}
}

static bool
is_flow(enum observed what)
{
	return what == OBSERVED_FLOW_NEW || what == OBSERVED_FLOW_END || what == OBSERVED_DENIED;
}

bool
observe_is_ours(const struct ip *ip)
{
	for (int i = 0; i < engine.rules.n_gateways; i++)
		if (ip_is_equal(&engine.rules.gateway[i], ip))
			return true;
	return false;
}

/* Reasons that are about addresses, not about where a flow would have gone. */
static bool
is_about_a_flow(const struct observation *row)
{
	switch (row->what == OBSERVED_DENIED ? row->value : REASON_NEW_FLOW) {
	case REASON_NEW_FLOW:
	case REASON_FROM_DEVICE:
	case REASON_NEIGHBOUR:
	case REASON_ADMIN_PORT:
	case REASON_ENCRYPTED_DNS:
	case REASON_PATCHED:
	case REASON_PENNED:
	case REASON_PAUSE_OVER:
		return true;
	default:
		return false;
	}
}

static void
keep_flow(const struct observation *row)
{
	struct device *opener = device_find_by_address(engine.table, &row->source);
	struct device *other = device_find_by_address(engine.table, &row->target);
	struct flow_seen flow = {.proto = row->proto,
		.port = row->target_port,
		.packets = row->packets,
		.bytes = row->bytes,
		.is_denied = row->what == OBSERVED_DENIED,
		.is_end = row->what == OBSERVED_FLOW_END};

	if (!is_about_a_flow(row) || observe_is_ours(&row->target) || ip_is_multicast(&row->target))
		return;
	if (opener) {
		flow.device = opener->number;
		flow.address = row->target;
		flow.peer = other ? other->number : 0;
	} else if (other) {
		flow.device = other->number;
		flow.address = row->source;
		flow.is_inbound = true;
	} else if (row->device) {
		flow.device = row->device;
		flow.address = row->target;
	} else {
		return;
	}
	struct ward *ward = ward_find(flow.device);
	if (!ward || !ward->device || ward->device->class == DEVICE_CLASS_PERSONAL ||
		ip_is_multicast(&flow.address) || observe_is_ours(&flow.address))
		return;
	flow.is_tainted = contain_taints(ward, flow.proto, flow.port, flow.is_end);
	uint64_t opened = row->bytes / 1000 * row->value + row->bytes % 1000 * row->value / 1000;
	flow.sent = !flow.is_end ? 0 : flow.is_inbound ? row->bytes - opened : opened;
	if (!flow.address.version)
		return;
	flow_seen(&flow);
	talk_seen(ward, &flow);
}

static void
tell_denied(struct ward *ward, const struct observation *row)
{
	enum reason reason = (enum reason)row->value;
	char target[IP_TEXT_MAX];

	if (reason == REASON_NEW_FLOW)
		return;
	if (ward->device->class == DEVICE_CLASS_PERSONAL) {
		event(EVENT_INFO, ward, "denied", reason_word(reason), "%s",
			reason_sentence(reason));
		return;
	}
	const struct answer *answer = answer_find(ward, &row->target);
	event(EVENT_INFO, ward, "denied", reason_word(reason), "%s; the last: %.100s%s%u to %s",
		reason_sentence(reason), answer ? answer->name : ip_render(&row->target, target),
		row->proto == 6    ? " tcp/"
		: row->proto == 17 ? " udp/"
				   : " icmp/",
		row->target_port, row->target.version == 6 ? "IPv6" : "IPv4");
}

/* What a tested device says to us is an answer to our own questions, however many. */
static bool
is_answer_of_tested(const struct ward *ward, const struct observation *row)
{
	return is_flow((enum observed)row->what) &&
	       (observe_is_ours(&row->target) || observe_is_ours(&row->source)) &&
	       audit_is_on(ward);
}

static void
look_for_harm(struct ward *ward, const struct observation *row)
{
	struct harm_verdict verdict;

	if (harm_from_observation(
		    &ward->device->harm, &engine.harm_key, row, clock_monotonic_ns(), &verdict))
		contain(ward, &verdict);
}

/*
 * What it probably is, and what to type.  A phone or laptop waits like everybody else, but
 * nobody is called for it: each random MAC would be another one.
 */
static void
announce(struct ward *ward)
{
	const struct device *device = ward->device;
	const char *port =
		device->n_macs && device->mac[0].port[0] ? device->mac[0].port : "unknown";
	const char *kind = device->kind.word, *maker = NULL;
	char mac[MAC_TEXT_MAX] = "none";

	ward->announce_ns = 0;
	if (device->n_macs) {
		mac_render(device->mac[0].mac, mac);
		maker = identify_maker(device->mac[0].mac);
	}
	if (identify_is_personal(device))
		event(EVENT_INFO, ward, "new-device", "",
			"a new %s (%u %%) on port %s waits (MAC %s); to let it in: pinfold device "
			"admit %s --kind %s",
			kind, device->kind.confidence, port, mac, device->id, kind);
	else if (*kind)
		event(EVENT_NOTICE, ward, "new-device", "",
			"new: probably a %s (%u %%), on port %s; it waits (MAC %s); to let it in: "
			"pinfold device admit %s --kind %s",
			kind, device->kind.confidence, port, mac, device->id, kind);
	else
		event(EVENT_NOTICE, ward, "new-device", "",
			"a new device on port %s waits (MAC %s%s%s); to let it in: pinfold device "
			"admit %s",
			port, mac, maker ? ", " : "", maker ? maker : "", device->id);
}

void
observe_newcomers(void)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < engine.n_peers; i++)
		if (engine.wards[i]->announce_ns && now_ns >= engine.wards[i]->announce_ns)
			announce(engine.wards[i]);
}

static void
on_spoof(const struct binding_change *change)
{
	struct ward *victim = change->device ? ward_find(change->device) : NULL;
	struct ward *culprit = change->culprit ? ward_find(change->culprit) : NULL;
	char address[IP_TEXT_MAX], mac[MAC_TEXT_MAX];
	struct harm_verdict verdict;

	if (culprit && !culprit->device)
		culprit = NULL;
	event(EVENT_ALARM, culprit ? culprit : victim, "spoof", change->port,
		"port %s, MAC %s claimed %s of %s", change->port, mac_render(change->mac, mac),
		change->address.version ? ip_render(&change->address, address) : "the MAC",
		victim && victim->device ? device_label(victim->device) : "the gateway");
	if (culprit && culprit != victim &&
		harm_from_spoof(&culprit->device->harm, clock_monotonic_ns(), &verdict))
		contain(culprit, &verdict);
}

static void
on_binding(const struct binding_change *change)
{
	struct ward *ward = change->device ? ward_find(change->device) : NULL;
	char address[IP_TEXT_MAX];

	switch (change->event) {
	case BINDING_SPOOFED:
		on_spoof(change);
		return;
	case BINDING_OVER_LIMIT:
		if (ward)
			event(EVENT_NOTICE, ward, "addresses-over-limit", change->port,
				"used more addresses than one device may have");
		return;
	case BINDING_ADDED:
	case BINDING_REMOVED:
	case BINDING_MOVED:
		break;
	default:
		return;
	}
	if (!ward || !ward->device)
		return;
	if (ward->announce_ns && change->event == BINDING_ADDED && change->address.version == 4)
		announce(ward);
	log_debug("binding", "device %u: %s %s on %s", ward_number(ward),
		binding_event_word(change->event), ip_render(&change->address, address),
		change->port);
	sync_policy_due(ward);
	keep_due(ward, true);
	sync_introductions(ward);
}

static void
apply_bindings(size_t (*next)(struct binding_change *, const struct observation *),
	const struct observation *row)
{
	struct binding_change change[BINDING_CHANGES_MAX];
	size_t n = next(change, row);

	for (size_t i = 0; i < n; i++)
		on_binding(&change[i]);
}

static size_t
from_row(struct binding_change *out, const struct observation *row)
{
	return binding_from_observation(
		engine.table, &engine.rules, row, clock_monotonic_ns(), out);
}

static size_t
from_time(struct binding_change *out, const struct observation *row)
{
	return binding_expire(engine.table, clock_monotonic_ns(), out);
}

void
observe_expire(void)
{
	apply_bindings(from_time, NULL);
	sync_pump();
}

/* Nobody let it in, and nobody named it. */
static bool
is_stranger(const struct device *device)
{
	return device->state == DEVICE_WAITING && !device->is_admitted && !device->name[0];
}

/*
 * Named eviction: who was never admitted, has no address and has been silent for
 * an hour was a visitor, or invented.  Who was heard for a minute and then never
 * again need not be waited for so long.
 */
void
observe_retire(void)
{
	enum { SILENT_S = 3600, ONCE_S = 60, SILENT_ONCE_S = 600, A_TURN = 1024 };
	uint64_t now_ns = clock_monotonic_ns(), since_start_ns = now_ns - engine.started_ns;
	uint32_t gone[A_TURN];
	size_t n = 0;

	for (size_t i = 0; i < engine.n_peers && n < A_TURN; i++) {
		const struct ward *ward = engine.wards[i];
		const struct device *device = ward->device;
		uint64_t silent_ns = device->heard_ns ? now_ns - device->heard_ns : since_start_ns;
		bool was_once = device->last_s - device->first_s <= ONCE_S;
		uint64_t patience_s = was_once ? SILENT_ONCE_S : SILENT_S;
		if (is_stranger(device) && !device->n_bindings &&
			silent_ns >= patience_s * CLOCK_SECOND_NS)
			gone[n++] = ward->number;
	}
	for (size_t i = 0; i < n; i++) {
		struct device *device = device_find(engine.table, gone[i]);
		ward_evicted(gone[i]);
		device_forget(engine.table, device);
	}
	if (n)
		log_info("retire", "%zu devices that never were admitted are forgotten", n);
}

/* --- new devices ------------------------------------------------------------------------------- */

static bool
is_joining(void)
{
	return clock_wall_s() < engine.join_until_s;
}

/*
 * More strangers than anybody brings along at once to one port.  Each may hold an
 * address, and the home has some 240 to give: one port that invents devices takes
 * an eighth of them, and a guest on another still gets one.
 */
enum { STRANGERS_MAX = 32, STRANGERS_FEW = STRANGERS_MAX / 2 };

static struct stranger_port {
	char name[16];
	uint32_t waiting;
	bool is_closed, is_told;
} stranger_port[DEVICE_PORTS_MAX];
static size_t n_stranger_ports, n_strangers;

static struct stranger_port *
find_stranger_port(const char *name)
{
	for (size_t i = 0; i < n_stranger_ports; i++)
		if (!strncmp(stranger_port[i].name, name, sizeof stranger_port[i].name))
			return &stranger_port[i];
	return NULL;
}

static struct stranger_port *
keep_stranger_port(const char *name)
{
	struct stranger_port *port = find_stranger_port(name);

	/* Ports are the owner's own; of more than we keep, no one is ever closed. */
	if (port || !name[0] || n_stranger_ports == DEVICE_PORTS_MAX)
		return port;
	port = &stranger_port[n_stranger_ports++];
	memcpy(port->name, name, strnlen(name, sizeof port->name - 1));
	return port;
}

static void
count_strangers(void)
{
	for (size_t i = 0; i < n_stranger_ports; i++)
		stranger_port[i].waiting = 0;
	n_strangers = 0;
	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct device *device = engine.wards[i]->device;
		if (!is_stranger(device) || !device->n_macs)
			continue;
		struct stranger_port *port = keep_stranger_port(device->mac[0].port);
		if (port)
			port->waiting++;
		n_strangers++;
	}
}

static void
tell_port(struct stranger_port *port)
{
	struct message_port message = {.is_closed = port->is_closed};

	memcpy(message.name, port->name, sizeof message.name);
	port->is_told = channel_is_open(engine.peer[PROCESS_ENFORCER]) &&
			!channel_send(engine.peer[PROCESS_ENFORCER], MESSAGE_PORT, 0, &message,
				sizeof message, -1);
}

static void
close_port(struct stranger_port *port)
{
	port->is_closed = true;
	event(EVENT_ALARM, NULL, "port-closed", port->name,
		"port %s: %u devices that nobody knows appeared there, perhaps one that invents "
		"them; no other new device gets an address on it until they are fewer, or while "
		"the joining window is open",
		port->name, port->waiting);
	tell_port(port);
}

static void
open_port(struct stranger_port *port)
{
	port->is_closed = false;
	event(EVENT_NOTICE, NULL, "port-opened", port->name,
		"port %s: new devices get addresses again", port->name);
	tell_port(port);
}

void
observe_strangers(void)
{
	if (engine.settings->mode == SETTINGS_SENSOR)
		return;
	if (n_strangers)
		count_strangers();
	for (size_t i = 0; i < n_stranger_ports; i++) {
		struct stranger_port *port = &stranger_port[i];
		if (!port->is_closed && port->waiting > STRANGERS_MAX && !is_joining())
			close_port(port);
		else if (port->is_closed && (port->waiting <= STRANGERS_FEW || is_joining()))
			open_port(port);
		else if (!port->is_told && port->is_closed)
			tell_port(port);
	}
}

void
observe_ports_due(void)
{
	for (size_t i = 0; i < n_stranger_ports; i++)
		stranger_port[i].is_told = false;
	count_strangers();
	observe_strangers();
}

/* A port that is closed to strangers: what they say there makes no more of them. */
static bool
is_closed_to(const struct device *known, const char *name)
{
	const struct stranger_port *port = known ? NULL : find_stranger_port(name);

	return port && port->is_closed;
}

static void
on_stranger(const char *name)
{
	struct stranger_port *port = keep_stranger_port(name);

	n_strangers++;
	if (port && ++port->waiting > STRANGERS_MAX && !port->is_closed)
		observe_strangers();
}

static void
join(struct ward *ward, const char *port)
{
	struct device_ceiling ceiling =
		device_ceiling_for_port(engine.table, port, ward_number(ward));
	struct change change;
	struct fault why;
	int64_t journal;

	if (!device_ceiling_permits(&ceiling, DEVICE_OBSERVE)) {
		event(EVENT_NOTICE, ward, "not-joined", port,
			"stays waiting although the joining window is open: a held device is on "
			"port %s",
			port);
		return;
	}
	change_init(&change, "join window", "device.admit");
	snprintf(change.text, sizeof change.text, "%s was admitted by the open joining window",
		device_label(ward->device));
	change_set(&change, ward, FACET_STATE, json_string(device_state_word(DEVICE_OBSERVE)));
	if (change_commit(&change, &journal, &why))
		event(EVENT_NOTICE, ward, "not-joined", port, "stays waiting: %.150s", why.text);
}

/* More than a home or a ward ever switches on in a minute. */
static bool
is_flood_of_new(void)
{
	enum { WINDOW_S = 60, NEW_MAX = 60 };
	static uint64_t since_ns;
	static unsigned n;
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - since_ns >= WINDOW_S * CLOCK_SECOND_NS) {
		since_ns = now_ns;
		n = 0;
	}
	return ++n > NEW_MAX;
}

/* One message for a new device, when it has an address and thereby said something of itself. */
static const uint64_t ANNOUNCE_NS = 4 * CLOCK_SECOND_NS;

static void
on_new(struct device *device, const char *port)
{
	struct ward *ward = ward_new(device);

	ward_rebuild(ward);
	keep_due(ward, true);
	if (is_flood_of_new())
		event(EVENT_ALARM, NULL, "many-new-devices", "",
			"very many new devices appear, the last on port %s: perhaps one that "
			"invents "
			"MACs; all of them wait",
			port);
	else
		ward->announce_ns = clock_monotonic_ns() + ANNOUNCE_NS;
	intake_look(ward);
	if (is_joining())
		join(ward, port);
	if (is_stranger(device))
		on_stranger(port);
}

static void
on_return(const struct device_merge *back)
{
	int64_t journal;
	struct fault why;

	if (change_merge(back, "pinfold", &journal, &why))
		log_info("identify", "device %u is device %u again, but: %s", back->from,
			back->into, why.text);
}

static void
observe(const struct observation *row)
{
	struct identified who;
	enum observed what = (enum observed)row->what;

	if (what == OBSERVED_LOST) {
		engine.reports_lost += row->value;
		return;
	}
	const struct device *known = row->device ? device_find(engine.table, row->device)
						 : device_find_by_mac(engine.table, row->mac);
	if (known && known->class == DEVICE_CLASS_PERSONAL && !is_for_personal(what)) {
		/* Who it is, and what it is, is not learned from what an app of it says. */
		struct ward *phone = ward_find(known->number);
		if (app_is_on(phone))
			traffic_row(phone, row);
		return;
	}
	if (is_closed_to(known, row->port))
		return;
	/* Room for one more in our own arrays as well as in the table's. */
	if (!known && engine.n_peers >= DEVICES_MAX - 1)
		return;
	identify_observation(
		engine.table, &engine.identify, row, clock_monotonic_ns(), clock_wall_s(), &who);
	if (who.evicted)
		ward_evicted(who.evicted);
	if (who.what == IDENTIFIED_NEW)
		on_new(who.device, row->port);
	struct ward *ward = who.what == IDENTIFIED_SPOOF ? NULL : ward_of(who.device);
	if (who.what == IDENTIFIED_KNOWN && who.is_news) {
		identify_kind(who.device);
		keep_due(ward, false);
	}
	if (ward && who.is_mud_url_new) {
		mud_url_seen(ward);
		mud_look();
	}
	apply_bindings(from_row, row);
	if (who.is_return) {
		on_return(&who.back);
		ward = ward_find(who.back.into);
	}
	if (ward && ward->device && is_answer_of_tested(ward, row))
		return;
	if (ward && ward->device) {
		traffic_row(ward, row);
		look_for_harm(ward, row);
	}
	if (ward && ward->device && what == OBSERVED_DENIED)
		tell_denied(ward, row);
	if (is_flow(what)) {
		eve_flow(ward, row);
		keep_flow(row);
	}
}

void
observe_message(const struct message_observation *message)
{
	for (uint32_t i = 0; i < message->n_rows; i++)
		observe(&message->row[i]);
	engine.observations += message->n_rows;
	sync_pump();
}

/* --- names -------------------------------------------------------------------------------------- */

void
observe_answered(const struct message_answered *answered)
{
	struct ward *ward = ward_find(answered->device);
	struct harm_verdict verdict;

	if (ward && ward->device && app_is_on(ward))
		traffic_answered(ward, answered);
	if (!ward || !ward->device || ward->device->class == DEVICE_CLASS_PERSONAL)
		return;
	switch (answered->kind) {
	case ANSWER_GIVEN:
		answer_seen(ward, answered);
		traffic_answered(ward, answered);
		break;
	case ANSWER_UNDECLARED:
		event(EVENT_INFO, ward, "undeclared-name", "",
			"asked for names that it did not declare; the last: %.180s",
			answered->name);
		break;
	case ANSWER_REBIND:
		event(EVENT_ALARM, ward, "rebind", "",
			"an answer pointed inside the home and was withheld: %.180s",
			answered->name);
		break;
	case ANSWER_LIMITED:
		event(EVENT_NOTICE, ward, "dns-limited", "",
			"asks for more names than its rate allows");
		break;
	default:
		break;
	}
	if (harm_from_answers(&ward->device->harm, harm_name_is_data(answered->name),
		    clock_monotonic_ns(), &verdict))
		contain(ward, &verdict);
	sync_pump();
}

void
observe_counters(const struct message_counters *counters)
{
	for (uint32_t i = 0; i < counters->n_rows; i++) {
		const struct counter_row *row = &counters->row[i];
		struct ward *ward = ward_find(row->device);
		if (!ward || !ward->device)
			continue;
		ward->denied_packets = row->denied_packets;
		ward->denied_bytes = row->denied_bytes;
	}
}
