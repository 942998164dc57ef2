/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "process/engine_label.h"
#include "process/engine_traffic.h"

enum { CLOCK_SLACK_S = 120 };

static const char *const facet_words[FACET_COUNT] = {
#define X(name, word) [name] = word,
	FACET_LIST(X)
#undef X
};

const char *
facet_word(enum facet facet)
{
	return facet_words[facet];
}

enum facet
facet_from_word(const char *word)
{
	int i = 0;

	while (i < FACET_COUNT && strcmp(facet_words[i], word))
		i++;
	return (enum facet)i;
}

uint32_t
ward_number(const struct ward *ward)
{
	return ward->number;
}

struct ward *
ward_of(const struct device *device)
{
	return device ? device->engine : NULL;
}

struct ward *
ward_find(uint32_t number)
{
	return number ? ward_of(device_find(engine.table, number)) : &engine.home;
}

/* --- the world: every device as its neighbours' policies see it ------------------------------- */

static size_t
peer_place(uint32_t number)
{
	size_t lo = 0, hi = engine.n_peers;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (engine.peers[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
world_update(struct ward *ward)
{
	uint32_t number = ward_number(ward);
	size_t at = peer_place(number);

	if (at == engine.n_peers || engine.peers[at].number != number) {
		assert(engine.n_peers < DEVICES_MAX);
		memmove(&engine.peers[at + 1], &engine.peers[at],
			(engine.n_peers - at) * sizeof engine.peers[0]);
		memmove(&engine.wards[at + 1], &engine.wards[at],
			(engine.n_peers - at) * sizeof engine.wards[0]);
		engine.n_peers++;
	}
	struct policy_peer *peer = &engine.peers[at];
	engine.wards[at] = ward;
	bool is_confirmed = ward->policy && ward->policy->is_confirmed;
	*peer = (struct policy_peer){
		.number = number,
		.state = (enum device_state)ward->device->state,
		.name = ward->device->name[0] ? ward->device->name : NULL,
		.authority =
			is_confirmed ? policy_text(ward->policy, ward->policy->authority) : NULL,
		.mud_url = is_confirmed ? policy_text(ward->policy, ward->policy->url) : NULL,
		.policy = ward->policy,
	};
	engine.world.n_peers = engine.n_peers;
}

static void
world_remove(uint32_t number)
{
	size_t at = peer_place(number);

	if (at == engine.n_peers || engine.peers[at].number != number)
		return;
	engine.n_peers--;
	memmove(&engine.peers[at], &engine.peers[at + 1],
		(engine.n_peers - at) * sizeof engine.peers[0]);
	memmove(&engine.wards[at], &engine.wards[at + 1],
		(engine.n_peers - at) * sizeof engine.wards[0]);
	engine.world.n_peers = engine.n_peers;
}

void
members_rebuild(void)
{
	const json_t *list = engine.home.facet[FACET_MEMBERS];
	size_t n = json_array_size(list);

	free(engine.members);
	engine.members = n ? must_alloc(n, sizeof *engine.members) : NULL;
	engine.world.n_members = n;
	engine.world.member = engine.members;
	for (size_t i = 0; i < n; i++) {
		const json_t *row = json_array_get(list, i);
		engine.members[i] = (struct policy_member){
			.class = json_string_value(json_object_get(row, "class")),
			.device = (uint32_t)json_integer_value(json_object_get(row, "device")),
		};
	}
}

static size_t granted; /* grants of all wards; mostly none */

struct ward *
ward_new(struct device *device)
{
	struct ward *ward = must_alloc(1, sizeof *ward);

	assert(!device->engine);
	ward->device = device;
	ward->number = device->number;
	ward->since_s = clock_wall_s();
	device->engine = ward;
	return ward;
}

void
ward_free(struct ward *ward)
{
	if (!ward)
		return;
	world_remove(ward_number(ward));
	if (ward->is_queued)
		TAILQ_REMOVE(&engine.due, ward, queue);
	for (int i = 0; i < FACET_COUNT; i++)
		json_decref(ward->facet[i]);
	json_decref(ward->offers);
	for (int i = 0; i < ward->n_answers; i++)
		free(ward->answer[i].name);
	free(ward->answer);
	granted -= ward->n_grants;
	free(ward->grant);
	policy_free(ward->policy);
	compiled_slots_free(ward->slots);
	traffic_free(ward);
	talk_free(ward);
	free(ward->presence);
	if (ward->device)
		ward->device->engine = NULL;
	free(ward);
}

void
ward_evicted(uint32_t number)
{
	size_t at = peer_place(number);

	if (at == engine.n_peers || engine.peers[at].number != number)
		return;
	struct ward *ward = engine.wards[at];
	bool is_stored = ward->is_stored;
	/* Who is evicted by the table is gone already, and may not be looked at. */
	if (device_find(engine.table, number))
		ward->device->engine = NULL;
	ward->device = NULL;
	ward_free(ward);
	sync_forget(number);
	if (is_stored)
		keep_device_gone(number);
}

/* What a device calls itself serves to find it only while nobody else says the same. */
static struct device *
find_claiming(const char *text, const char *shown, struct fault *why)
{
	static const enum identifier_kind kinds[] = {
		IDENTIFIER_HOSTNAME, IDENTIFIER_MDNS_NAME, IDENTIFIER_LLDP_NAME};
	struct device *device, *first = NULL;

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		size_t cursor = 0;
		while ((device = device_next_claiming(engine.table, kinds[i], text, &cursor))) {
			if (first && device != first) {
				fault_set(why, ERR_INVALID,
					"\"%s\" is what several devices call themselves (%s, %s): "
					"use the id",
					shown, first->id, device->id);
				return NULL;
			}
			first = device;
		}
	}
	if (!first)
		fault_set(why, ERR_NOT_FOUND,
			"no device is called \"%s\"; \"pinfold device list\" shows all", shown);
	return first;
}

struct ward *
ward_find_by_text(const char *text, struct fault *why)
{
	struct device *found = NULL;
	char shown[80], *end;
	struct ip address;
	uint8_t mac[6];

	printable(shown, sizeof shown, text, strlen(text));
	unsigned long number = strtoul(text + (*text == '#'), &end, 10);
	if (*text && !*end && number <= DEVICE_NUMBER_MAX && number)
		found = device_find(engine.table, (uint32_t)number);
	if (!found)
		found = device_find_by_id(engine.table, text);
	if (!found && ip_parse(&address, text))
		found = device_find_by_address(engine.table, &address);
	if (!found)
		found = device_find_by_name(engine.table, text);
	if (!found && mac_parse(mac, text))
		found = device_find_by_mac(engine.table, mac);
	if (!found)
		found = find_claiming(text, shown, why);
	else if (!ward_of(found))
		fault_set(why, ERR_NOT_FOUND, "%s is being taken in; try again", found->id);
	return ward_of(found);
}

/* --- facets ---------------------------------------------------------------------------------- */

json_t *
ward_facet(const struct ward *ward, enum facet facet)
{
	switch (ward->device ? facet : FACET_COUNT) {
	case FACET_NAME:
		return json_string(ward->device->name);
	case FACET_CLASS:
		return json_string(device_class_word((enum device_class)ward->device->class));
	case FACET_STATE:
		return json_string(device_state_word((enum device_state)ward->device->state));
	case FACET_KIND:
		return ward->device->kind.is_owners ? json_string(ward->device->kind.word)
						    : json_null();
	default:
		return ward->facet[facet] ? json_incref(ward->facet[facet]) : json_null();
	}
}

void
ward_set_facet(struct ward *ward, enum facet facet, json_t *value)
{
	struct device *device = ward->device;

	switch (device ? facet : FACET_COUNT) {
	case FACET_NAME: {
		char name[DEVICE_NAME_MAX] = "";
		if (json_is_string(value))
			printable(name, sizeof name, json_string_value(value),
				json_string_length(value));
		device_rename(engine.table, device, name);
		break;
	}
	case FACET_CLASS:
		device->class = (uint8_t)device_class_from_word(json_string_value(value));
		device->is_class_owners = true;
		/* Nothing of a personal device is kept, nor what was before it was one. */
		if (device->class == DEVICE_CLASS_PERSONAL) {
			traffic_forget(ward);
			flow_forget_talk(ward);
		}
		break;
	case FACET_KIND:
		if (device->kind.is_owners || json_is_string(value))
			identify_kind_said(device, json_string_value(value));
		break;
	case FACET_STATE: {
		enum device_state state = device_state_from_word(json_string_value(value));
		if (state == DEVICE_STATE_UNKNOWN)
			state = DEVICE_WAITING;
		if (device->state != state)
			ward->since_s = clock_wall_s();
		device->state = (uint8_t)state;
		if (state != DEVICE_WAITING)
			device->is_admitted = true;
		break;
	}
	default:
		json_decref(ward->facet[facet]);
		ward->facet[facet] = value && !json_is_null(value) ? json_incref(value) : NULL;
	}
}

/* --- the merged policy --------------------------------------------------------------------------- */

const struct mud *
ward_mud(const struct ward *ward, enum facet facet)
{
	static struct mud parsed[2]; /* one each for MUD and learned: both are merged at once */
	const json_t *file = ward->facet[facet];
	struct mud *mud = &parsed[facet == FACET_LEARNED];
	struct fault why;

	if (facet == FACET_LEARNED)
		file = json_object_get(file, "file");
	if (!json_is_string(file))
		return NULL;
	if (mud_parse_rendered(mud, json_string_value(file), json_string_length(file), &why))
		return mud;
	log_warnx(
		"ward", "device %u: stored %s: %s", ward_number(ward), facet_word(facet), why.text);
	return NULL;
}

static int64_t
since(const json_t *object)
{
	return json_integer_value(json_object_get(object, "since"));
}

static void
fault_kept(struct ward *ward, const char *what, const struct fault *why)
{
	ward->faults++;
	snprintf(ward->last_fault, sizeof ward->last_fault, "%s: %.150s", what, why->text);
}

/* What the owner allowed others to open here; said once, it holds for both sides. */
static void
add_granted(struct policy *policy, uint32_t number)
{
	for (size_t i = 0; granted && i < engine.n_peers; i++) {
		const struct ward *other = engine.wards[i];
		for (int k = 0; k < other->n_grants; k++) {
			const struct grant *grant = &other->grant[k];
			struct policy_rule rule = {.origin = ORIGIN_OWNER,
				.action = POLICY_ACCEPT,
				.direction = DIRECTION_TO_DEVICE,
				.remote = REMOTE_DEVICE,
				.device = other->number,
				.proto = grant->proto,
				.version = grant->version,
				.port_lo = grant->port_lo,
				.port_hi = grant->port_hi,
				.source_hi = UINT16_MAX,
				.since_s = grant->since_s,
				.until_s = grant->until_s};
			if (grant->to == number)
				policy_add(policy, rule, NULL, "rule of the other device");
		}
	}
}

static bool
is_grant(const struct policy_rule *rule)
{
	return rule->action == POLICY_ACCEPT && rule->direction == DIRECTION_FROM_DEVICE &&
	       rule->remote == REMOTE_DEVICE;
}

/* Takes the grants from the rules; those whom they concern, now or before, are told. */
static void
regrant(struct ward *ward, const struct policy *owner)
{
	struct grant *before = ward->grant;
	uint16_t n_before = ward->n_grants, n = 0;

	for (int i = 0; i < owner->n_rules; i++)
		n = (uint16_t)(n + is_grant(&owner->rule[i]));
	if (!n && !n_before)
		return;
	ward->grant = must_alloc(n ? n : 1, sizeof *ward->grant);
	granted = granted - n_before + n;
	ward->n_grants = 0;
	for (int i = 0; i < owner->n_rules; i++) {
		const struct policy_rule *rule = &owner->rule[i];
		if (is_grant(rule))
			ward->grant[ward->n_grants++] = (struct grant){.to = rule->device,
				.proto = rule->proto,
				.version = rule->version,
				.port_lo = rule->port_lo,
				.port_hi = rule->port_hi,
				.since_s = rule->since_s,
				.until_s = rule->until_s};
	}
	bool is_same = n == n_before;
	for (int i = 0; is_same && i < n; i++)
		is_same = before[i].to == ward->grant[i].to &&
			  before[i].proto == ward->grant[i].proto &&
			  before[i].version == ward->grant[i].version &&
			  before[i].port_lo == ward->grant[i].port_lo &&
			  before[i].port_hi == ward->grant[i].port_hi &&
			  before[i].until_s == ward->grant[i].until_s;
	for (int pass = 0; !is_same && pass < 2; pass++)
		for (int i = 0; i < (pass ? n : n_before); i++) {
			struct ward *to = ward_find(pass ? ward->grant[i].to : before[i].to);
			if (to && to->device && to != ward)
				ward_rebuild(to);
		}
	free(before);
}

int64_t
ward_clock_s(void)
{
	return engine.started_s +
	       (int64_t)((clock_monotonic_ns() - engine.started_ns) / CLOCK_SECOND_NS);
}

static struct policy *
owners_rules(struct ward *ward)
{
	uint32_t number = ward_number(ward);
	struct policy *policy = policy_new(number, (enum device_state)ward->device->state,
		(enum device_class)ward->device->class);
	int64_t now_s = ward_clock_s();
	struct fault why;
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_RULES], i, row)
	{
		const char *text = json_string_value(json_object_get(row, "text"));
		int64_t from_s = since(row);
		uint16_t before = policy->n_rules;
		/* Parsed as of when it was said, so that "for 2h" ends when it was meant to. */
		if (!text || !policy_rule_parse(policy, ORIGIN_OWNER, &engine.world, text,
				     from_s ? from_s : now_s, &why)) {
			fault_kept(ward, text ? text : "rule", &why);
			continue;
		}
		for (uint16_t rule = before; rule < policy->n_rules; rule++) {
			struct policy_rule *at = &policy->rule[rule];
			if (!at->since_s)
				at->since_s = from_s;
			/* Said at a time that is yet to come: the clock was wrong, and how long
			   the rule has lasted is not known. */
			if (at->until_s && from_s > now_s + CLOCK_SLACK_S)
				at->until_s = now_s;
		}
	}
	regrant(ward, policy);
	add_granted(policy, number);
	for (size_t k = 0; k < engine.n_introduced; k++) {
		const struct introduced *row_k = &engine.introduced[k];
		struct introduction introduction = {.asker = row_k->asker,
			.answerer = row_k->answerer,
			.service = row_k->service};
		if (row_k->asker == number || row_k->answerer == number)
			policy_add_introduction(
				policy, &introduction, row_k->since_s, "introduction");
	}
	return policy;
}

static struct policy *
containment_rules(struct ward *ward)
{
	static struct report report;
	struct policy *policy = policy_new(ward_number(ward),
		(enum device_state)ward->device->state, (enum device_class)ward->device->class);
	struct fault why;
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		const char *act = json_string_value(json_object_get(row, "act"));
		const char *direction = json_string_value(json_object_get(row, "direction"));
		if (!act || strcmp(act, "patch"))
			continue;
		policy_add_patch(policy,
			direction && !strcmp(direction, "to") ? DIRECTION_TO_DEVICE
							      : DIRECTION_FROM_DEVICE,
			(uint8_t)json_integer_value(json_object_get(row, "proto")),
			(uint16_t)json_integer_value(json_object_get(row, "port")), since(row),
			json_string_value(json_object_get(row, "text")));
	}
	json_array_foreach(ward->facet[FACET_REPORTS], i, row)
	{
		const json_t *text = json_object_get(row, "text");
		if (json_is_string(text) && report_parse(&report, json_string_value(text),
						    json_string_length(text), &why))
			policy_narrow_by_report(policy, &report, since(row));
	}
	label_narrow(ward, policy);
	return policy;
}

static struct policy *
merge(struct ward *ward, enum device_state state, const struct mud *learned, const struct mud *mud,
	enum mud_trust trust, struct policy_faults *faults)
{
	struct policy *owner = owners_rules(ward), *containment = containment_rules(ward);
	struct policy_sources sources = {
		.device = ward_number(ward),
		.state = state,
		.class = (enum device_class)ward->device->class,
		.mud = mud,
		.mud_trust = mud ? trust : MUD_TRUST_UNKNOWN,
		.addresses_approved =
			json_is_true(json_object_get(ward->facet[FACET_MUD], "addresses_approved")),
		.mud_since_s = since(ward->facet[FACET_MUD]),
		.learned = learned,
		.learned_since_s = since(ward->facet[FACET_LEARNED]),
		.owner = owner,
		.containment = containment,
		.now_s = ward_clock_s(),
	};
	struct policy *policy = policy_from_sources(&sources, faults);
	policy_free(owner);
	policy_free(containment);
	return policy;
}

struct policy *
ward_policy_with(struct ward *ward, enum device_state state, const struct mud *learned,
	const struct mud *mud, enum mud_trust trust)
{
	return merge(ward, state, learned, mud, trust, NULL);
}

void
ward_rebuild(struct ward *ward)
{
	static struct policy_faults faults;
	struct policy *before = ward->policy;
	bool concerned = before && policy_concerns_neighbours(before);

	ward->faults = 0;
	ward->last_fault[0] = '\0';
	memset(&faults, 0, sizeof faults);
	ward->policy =
		merge(ward, (enum device_state)ward->device->state, ward_mud(ward, FACET_LEARNED),
			ward_mud(ward, FACET_MUD_FILE), mud_trust_of(ward), &faults);
	ward->faults += faults.n + faults.n_lost;
	if (faults.n && !ward->last_fault[0])
		snprintf(ward->last_fault, sizeof ward->last_fault, "%s", faults.fault[0].text);
	ward->has_neighbour_rules = policy_concerns_neighbours(ward->policy);
	ward->ends_s = 0;
	for (int i = 0; i < ward->policy->n_rules; i++) {
		int64_t until_s = ward->policy->rule[i].until_s;
		if (until_s && (!ward->ends_s || until_s < ward->ends_s))
			ward->ends_s = until_s;
	}
	world_update(ward);
	policy_free(before);
	sync_policy_due(ward);
	/* What one may open to the other is decided by both. */
	if (!concerned && !ward->has_neighbour_rules)
		return;
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *other = engine.wards[i];
		if (other && other != ward && other->has_neighbour_rules)
			sync_policy_due(other);
	}
}

/*
 * A guest that is kept apart stays so, and waits when it is let back.  The end of a visit does
 * not wait for a disk that is full; then it is recorded when there is room.
 */
static void
end_visit(struct ward *ward)
{
	const char *class = json_string_value(json_object_get(ward->facet[FACET_GUEST], "class"));
	uint8_t state = ward->device->state;
	bool is_held = device_state_is_cut_off(state);
	json_t *waiting = json_string(device_state_word(DEVICE_WAITING));
	struct change change;
	struct fault why;
	int64_t journal;

	change_init(&change, "pinfold", "device.guest");
	snprintf(change.text, sizeof change.text, "the visit of %s is over",
		device_label(ward->device));
	change_set(&change, ward, is_held ? FACET_BEFORE : FACET_STATE, json_incref(waiting));
	if (class)
		change_set(&change, ward, FACET_CLASS, json_string(class));
	change_set(&change, ward, FACET_GUEST, NULL);
	if (change_commit(&change, &journal, &why) && !is_held && state != DEVICE_WAITING) {
		log_warnx("ward", "device %u: the end of its visit is not recorded: %s",
			ward_number(ward), why.text);
		ward_set_facet(ward, FACET_STATE, waiting);
		ward_rebuild(ward);
	}
	json_decref(waiting);
}

/* One that begins at a time that is yet to come: the clock was wrong, as with rules. */
static bool
is_visit_over(const json_t *guest, int64_t now_s)
{
	return now_s >= json_integer_value(json_object_get(guest, "until")) ||
	       since(guest) > now_s + CLOCK_SLACK_S;
}

void
ward_look(void)
{
	int64_t now_s = ward_clock_s();

	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		const json_t *guest = ward->facet[FACET_GUEST];
		if (guest && is_visit_over(guest, now_s))
			end_visit(ward);
		if (!ward->ends_s || now_s < ward->ends_s)
			continue;
		ward_rebuild(ward);
		event(EVENT_INFO, ward, "rule-ended", NULL, "a rule with an end has ended");
	}
}

void
introductions_rebuild(void)
{
	struct device *device;
	size_t cursor = 0, n = 0, i;
	json_t *row;

	if (!engine.introduced)
		engine.introduced = must_alloc(INTRODUCTIONS_MAX, sizeof *engine.introduced);
	while ((device = device_next(engine.table, &cursor))) {
		struct ward *ward = ward_of(device);
		if (!ward)
			continue;
		json_array_foreach(ward->facet[FACET_INTRODUCTIONS], i, row)
		{
			const char *word = json_string_value(json_object_get(row, "service"));
			const struct service *service = word ? service_find(word) : NULL;
			uint32_t to = (uint32_t)json_integer_value(json_object_get(row, "to"));
			if (!service || n == INTRODUCTIONS_MAX || !device_find(engine.table, to))
				continue;
			engine.introduced[n++] =
				(struct introduced){device->number, to, service, since(row)};
		}
	}
	engine.n_introduced = n;
}
