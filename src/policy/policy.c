/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "policy/inside.h"

const char *
origin_word(enum policy_origin origin)
{
	static const char *const word[ORIGIN_COUNT] = {
		"unknown", "class", "mud", "learned", "owner", "containment"};

	return word[origin < ORIGIN_COUNT ? origin : ORIGIN_UNKNOWN];
}

void
policy_faults_add(struct policy_faults *faults, uint32_t rule, const char *fmt, ...)
{
	va_list ap;

	if (!faults)
		return;
	if (faults->n == POLICY_FAULTS_MAX) {
		faults->n_lost++;
		return;
	}
	struct policy_fault *at = &faults->fault[faults->n++];
	at->rule = rule;
	va_start(ap, fmt);
	vsnprintf(at->text, sizeof at->text, fmt, ap);
	va_end(ap);
}

/* --- the list ---------------------------------------------------------------------------------- */

struct policy *
policy_new(uint32_t device, enum device_state state, enum device_class class)
{
	struct policy *policy = must_alloc(1, sizeof *policy);

	*policy = (struct policy){.device = device, .state = state, .class = class};
	policy->text_len = 1; /* offset 0 is "" */
	policy->text_room = 64;
	policy->text = must_alloc(policy->text_room, 1);
	policy->text[0] = '\0';
	return policy;
}

void
policy_free(struct policy *policy)
{
	if (!policy)
		return;
	free(policy->rule);
	free(policy->text);
	free(policy);
}

const char *
policy_text(const struct policy *policy, uint32_t offset)
{
	assert(offset < policy->text_len);
	return policy->text + offset;
}

static uint32_t
text_find(const struct policy *policy, const char *text)
{
	for (uint32_t at = 0; at < policy->text_len; at += (uint32_t)strlen(policy->text + at) + 1)
		if (!strcmp(policy->text + at, text))
			return at;
	return UINT32_MAX;
}

bool
policy_text_keep(struct policy *policy, const char *text, uint32_t *offset)
{
	if (!text)
		text = "";
	*offset = text_find(policy, text);
	if (*offset != UINT32_MAX)
		return true;
	size_t need = strlen(text) + 1;
	if (policy->text_len + need > POLICY_TEXT_MAX)
		return false;
	if (policy->text_len + need > policy->text_room) {
		uint32_t room = policy->text_room;
		while (room < policy->text_len + need)
			room *= 2;
		char *more = must_alloc(room, 1);
		memcpy(more, policy->text, policy->text_len);
		free(policy->text);
		policy->text = more;
		policy->text_room = room;
	}
	*offset = policy->text_len;
	memcpy(policy->text + *offset, text, need);
	policy->text_len += (uint32_t)need;
	return true;
}

static uint32_t
hash(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ at[i]) * 16777619u;
	return sum;
}

/* FNV-1a over what the rule says, not over when or why it came. */
static uint32_t
rule_id(const struct policy_rule *rule, const char *text)
{
	const uint8_t kind[] = {rule->origin, rule->action, rule->direction, rule->remote,
		rule->version, rule->proto};
	const uint16_t port[] = {rule->port_lo, rule->port_hi, rule->source_lo, rule->source_hi};
	uint32_t sum = 2166136261u;

	sum = hash(sum, kind, sizeof kind);
	sum = hash(sum, port, sizeof port);
	sum = hash(sum, &rule->device, sizeof rule->device);
	sum = hash(sum, &rule->prefix, sizeof rule->prefix);
	sum = hash(sum, text, strlen(text));
	return sum ? sum : 1;
}

bool
policy_add(struct policy *policy, struct policy_rule rule, const char *text, const char *note)
{
	assert(rule.origin > ORIGIN_UNKNOWN && rule.origin < ORIGIN_COUNT);
	assert(rule.direction > DIRECTION_UNKNOWN && rule.direction < DIRECTION_COUNT);
	assert(rule.remote > REMOTE_UNKNOWN && rule.remote < REMOTE_COUNT);
	assert(rule.port_lo <= rule.port_hi && rule.source_lo <= rule.source_hi);
	if (policy->n_rules == POLICY_RULES_MAX || !policy_text_keep(policy, text, &rule.text) ||
		!policy_text_keep(policy, note, &rule.note))
		return false;
	if (rule.action == POLICY_ACCEPT && rule.remote == REMOTE_ANY)
		rule.remote = REMOTE_INTERNET;
	/* of the ICMP types only the echo request opens anything worth opening */
	if (rule.action == POLICY_ACCEPT && policy_is_icmp(rule.proto) && rule.port_lo == 0 &&
		rule.port_hi == UINT16_MAX)
		rule.port_lo = rule.port_hi = policy_echo_request(rule.proto);
	rule.id = rule_id(&rule, text ? text : "");
	if (policy->n_rules == policy->rules_room) {
		uint16_t room = (uint16_t)(policy->rules_room ? policy->rules_room * 2 : 8);
		struct policy_rule *more = must_alloc(room, sizeof *more);
		if (policy->n_rules)
			memcpy(more, policy->rule, policy->n_rules * sizeof *more);
		free(policy->rule);
		policy->rule = more;
		policy->rules_room = room;
	}
	policy->rule[policy->n_rules++] = rule;
	return true;
}

const struct policy_rule *
policy_rule_find(const struct policy *policy, uint32_t id)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rule[i].id == id)
			return &policy->rule[i];
	return NULL;
}

/* --- the world ------------------------------------------------------------------------------------- */

const struct policy_peer *
policy_peer_find(const struct policy_world *world, uint32_t number)
{
	size_t lo = 0, hi = world->n_peers;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (world->peer[mid].number == number)
			return &world->peer[mid];
		if (world->peer[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool
policy_is_lan(const struct policy_world *world, const struct ip *ip)
{
	for (size_t i = 0; i < world->n_lan; i++)
		if (prefix_contains(&world->lan[i], ip))
			return true;
	return false;
}

static bool
is_member(const struct policy_world *world, const char *class, uint32_t device)
{
	for (size_t i = 0; i < world->n_members; i++)
		if (world->member[i].device == device && !strcmp(world->member[i].class, class))
			return true;
	return false;
}

bool
policy_name_is_local(const char *name)
{
	size_t len = strlen(name);

	return !strchr(name, '.') || (len > 6 && !strcmp(name + len - 6, ".local"));
}

/* --- does a rule match? ---------------------------------------------------------------------------- */

static bool
is_same_text(const char *a, const char *b)
{
	return a && b && a[0] && !strcmp(a, b);
}

bool
policy_rule_has_peer(const struct policy *policy, const struct policy_world *world,
	const struct policy_rule *rule, const struct policy_peer *peer)
{
	const char *text = policy_text(policy, rule->text);

	switch ((enum policy_remote)rule->remote) {
	case REMOTE_ANY:
	case REMOTE_LOCAL_NETWORKS:
		return true;
	case REMOTE_DEVICE:
		return peer->number == rule->device;
	case REMOTE_SAME_MANUFACTURER:
		return policy->is_confirmed &&
		       is_same_text(peer->authority, policy_text(policy, policy->authority));
	case REMOTE_MANUFACTURER:
		return is_same_text(peer->authority, text);
	case REMOTE_MODEL:
		return is_same_text(peer->mud_url, text);
	case REMOTE_CONTROLLER:
	case REMOTE_MY_CONTROLLER:
		return is_member(world, text, peer->number);
	case REMOTE_INTERNET:
	case REMOTE_NAME:
	case REMOTE_SUFFIX:
	case REMOTE_PREFIX:
	case REMOTE_GATEWAY:
	case REMOTE_UNKNOWN:
	case REMOTE_COUNT:
		break;
	}
	return false;
}

bool
policy_rule_is_served(const struct policy_rule *rule)
{
	if (rule->direction != DIRECTION_FROM_DEVICE || rule->port_lo != rule->port_hi)
		return false;
	return (rule->proto == IPPROTO_UDP && (rule->port_lo == 53 || rule->port_lo == 123)) ||
	       (rule->proto == IPPROTO_TCP && rule->port_lo == 53);
}

bool
policy_rule_has_name(const struct policy *policy, const struct policy_rule *rule, const char *name)
{
	const char *text = policy_text(policy, rule->text);
	size_t len = strlen(name), tail = strlen(text);

	if (rule->remote == REMOTE_NAME)
		return !strcmp(name, text);
	if (rule->remote != REMOTE_SUFFIX)
		return false;
	return !strcmp(name, text) ||
	       (len > tail && name[len - tail - 1] == '.' && !strcmp(name + len - tail, text));
}

/* Somebody who is neither a device nor the gateway. */
static bool
has_outsider(const struct policy *policy, const struct policy_world *world,
	const struct policy_rule *rule, const struct policy_flow *flow)
{
	bool is_inside = ip_is_valid(&flow->address) &&
			 (ip_is_inside(&flow->address) || policy_is_lan(world, &flow->address));

	switch ((enum policy_remote)rule->remote) {
	case REMOTE_ANY:
		return true;
	case REMOTE_INTERNET:
		if (ip_is_valid(&flow->address))
			return !is_inside;
		return flow->name && !policy_name_is_local(flow->name);
	case REMOTE_NAME:
	case REMOTE_SUFFIX:
		return flow->name && !is_inside && policy_rule_has_name(policy, rule, flow->name);
	case REMOTE_PREFIX:
		if (!ip_is_valid(&flow->address) || !prefix_contains(&rule->prefix, &flow->address))
			return false;
		/* devices are reached by introduction, whatever their addresses are */
		return rule->action == POLICY_DENY || !policy_is_lan(world, &flow->address);
	case REMOTE_UNKNOWN:
	case REMOTE_DEVICE:
	case REMOTE_LOCAL_NETWORKS:
	case REMOTE_SAME_MANUFACTURER:
	case REMOTE_MANUFACTURER:
	case REMOTE_MODEL:
	case REMOTE_CONTROLLER:
	case REMOTE_MY_CONTROLLER:
	case REMOTE_GATEWAY:
	case REMOTE_COUNT:
		break;
	}
	return false;
}

static bool
has_remote(const struct policy *policy, const struct policy_world *world,
	const struct policy_rule *rule, const struct policy_flow *flow)
{
	/* what the gateway serves is the same for all; a rule neither adds to it nor takes away */
	if (flow->is_gateway)
		return rule->remote == REMOTE_GATEWAY && rule->action == POLICY_ACCEPT &&
		       policy_rule_is_served(rule);
	if (flow->peer) {
		const struct policy_peer *peer = policy_peer_find(world, flow->peer);
		return peer && flow->peer != policy->device &&
		       policy_rule_has_peer(policy, world, rule, peer);
	}
	return has_outsider(policy, world, rule, flow);
}

static bool
has_proto(const struct policy_rule *rule, const struct policy_flow *flow)
{
	if (rule->proto == 0) {
		if (rule->action == POLICY_DENY || flow->proto == IPPROTO_TCP ||
			flow->proto == IPPROTO_UDP)
			return true;
		return policy_is_icmp(flow->proto) &&
		       flow->port == policy_echo_request(flow->proto);
	}
	if (rule->proto != flow->proto || flow->port < rule->port_lo || flow->port > rule->port_hi)
		return false;
	bool is_any = rule->source_lo == 0 && rule->source_hi == UINT16_MAX;
	if (is_any ||
		(flow->source_port >= rule->source_lo && flow->source_port <= rule->source_hi))
		return true;
	/* not known where it comes from: what denies is met, what accepts is not */
	return rule->action == POLICY_DENY && flow->source_port == 0 &&
	       !policy_is_icmp(flow->proto);
}

const struct policy_rule *
policy_decide(const struct policy *policy, const struct policy_world *world,
	const struct policy_flow *flow)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rule[i];
		uint8_t version = flow->address.version;

		if (rule->direction != flow->direction)
			continue;
		if (rule->version && version && rule->version != version)
			continue;
		if (has_proto(rule, flow) && has_remote(policy, world, rule, flow))
			return rule;
	}
	return NULL;
}

static bool
has_policy_in_force(enum device_state state)
{
	return state == DEVICE_OBSERVE || state == DEVICE_ENFORCE || state == DEVICE_TRUSTED;
}

bool
policy_may_begin(enum device_state state)
{
	return state == DEVICE_ENFORCE || state == DEVICE_TRUSTED;
}

bool
policy_may_answer(enum device_state state)
{
	return has_policy_in_force(state);
}

const struct policy_rule *
policy_decide_peer(const struct policy *policy, const struct policy_world *world,
	const struct policy_flow *flow, const struct policy_peer *peer)
{
	struct policy_flow theirs = *flow;

	theirs.direction = flow->direction == DIRECTION_FROM_DEVICE ? DIRECTION_TO_DEVICE
								    : DIRECTION_FROM_DEVICE;
	theirs.peer = policy->device;
	theirs.name = NULL;
	return peer->policy ? policy_decide(peer->policy, world, &theirs) : NULL;
}

bool
policy_allows(const struct policy *policy, const struct policy_world *world,
	const struct policy_flow *flow)
{
	if (!has_policy_in_force(policy->state))
		return false;
	const struct policy_rule *rule = policy_decide(policy, world, flow);
	if (!rule || rule->action != POLICY_ACCEPT)
		return false;
	if (!flow->peer)
		return true;
	const struct policy_peer *peer = policy_peer_find(world, flow->peer);
	if (!peer)
		return false;
	bool is_ours = flow->direction == DIRECTION_FROM_DEVICE;
	if (!policy_may_begin(is_ours ? policy->state : peer->state) ||
		!policy_may_answer(is_ours ? peer->state : policy->state))
		return false;
	rule = policy_decide_peer(policy, world, flow, peer);
	return rule && rule->action == POLICY_ACCEPT;
}

bool
policy_concerns_neighbours(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rule[i];
		if (rule->direction == DIRECTION_TO_DEVICE)
			return true;
		if (rule->action != POLICY_ACCEPT)
			continue;
		switch (rule->remote) {
		case REMOTE_INTERNET:
		case REMOTE_NAME:
		case REMOTE_SUFFIX:
		case REMOTE_PREFIX:
		case REMOTE_GATEWAY:
			break;
		default:
			return true;
		}
	}
	return false;
}

bool
policy_add_patch(struct policy *policy, enum policy_direction direction, uint8_t proto,
	uint16_t port, int64_t since_s, const char *note)
{
	return policy_add(policy,
		(struct policy_rule){
			.origin = ORIGIN_CONTAINMENT,
			.action = POLICY_DENY,
			.direction = (uint8_t)direction,
			.remote = REMOTE_ANY,
			.proto = proto,
			.port_lo = port,
			.port_hi = port,
			.source_hi = UINT16_MAX,
			.since_s = since_s,
		},
		NULL, note);
}
