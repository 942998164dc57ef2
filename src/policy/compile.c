/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules in, set elements' worth of entries out.
 *
 * For every other side that a rule accepts (a name, a prefix, a device) the
 * list is walked once and gives a region: which ports of a protocol may be
 * opened, from which source ports.  A region is a set of disjoint boxes; what
 * an earlier rule denies is cut out before an accept is added.  Where a denial
 * speaks of something that may or may not be the same other side (the address
 * behind a name), it is cut out as well, and said.
 */
#include "policy/compile.h"

#include "base/auto.h"
#include "policy/compile_inside.h"

/* --- devices ------------------------------------------------------------------------------------------------------ */

static bool
speaks_of_peers(const struct policy_rule *rule)
{
	switch ((enum policy_remote)rule->remote) {
	case REMOTE_DEVICE:
	case REMOTE_LOCAL_NETWORKS:
	case REMOTE_SAME_MANUFACTURER:
	case REMOTE_MANUFACTURER:
	case REMOTE_MODEL:
	case REMOTE_CONTROLLER:
	case REMOTE_MY_CONTROLLER:
		return true;
	default:
		return false;
	}
}

static bool
accepts_peer(const struct compiler *c, const struct policy_peer *peer)
{
	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct policy_rule *rule = &c->policy->rule[i];
		if (rule->action == POLICY_ACCEPT && rule->direction == DIRECTION_FROM_DEVICE &&
			speaks_of_peers(rule) &&
			policy_rule_has_peer(c->policy, c->world, rule, peer))
			return true;
	}
	return false;
}

/* Both must permit it: ours to open, theirs to be opened. */
static void
compile_peer(struct compiler *c, const struct policy_peer *peer)
{
	const struct policy_peer us = {.number = c->policy->device,
		.authority = c->policy->is_confirmed ? policy_text(c->policy, c->policy->authority)
						     : NULL,
		.mud_url = c->policy->is_confirmed ? policy_text(c->policy, c->policy->url) : NULL};
	const struct policy_peer *own = policy_peer_find(c->world, us.number);
	struct compile_target target = {.kind = TARGET_PEER, .peer = peer};
	struct compile_target back = {.kind = TARGET_PEER, .peer = own ? own : &us};
	struct policy_entry like = {.kind = POLICY_ENTRY_NEIGHBOUR, .peer = peer->number};
	struct compile_batch batch = {0};

	if (peer->number == c->policy->device || !peer->policy || !policy_may_answer(peer->state))
		return;
	for (size_t p = 0; p < COMPILE_PROTOS; p++) {
		struct region both[2];

		for (int v = 0; v < 2; v++) {
			struct region ours, theirs;
			compile_region(&ours, c->policy, c->world, DIRECTION_FROM_DEVICE, &target,
				compile_protos[p], v ? 6 : 4, c->faults);
			compile_region(&theirs, peer->policy, c->world, DIRECTION_TO_DEVICE, &back,
				compile_protos[p], v ? 6 : 4, NULL);
			both[v] = region_both(&ours, &theirs);
			region_tidy(&both[v]);
		}
		compile_batch_add_versions(&batch, &like, compile_protos[p], both);
	}
	compile_batch_keep(c, &batch, &target);
}

static void
compile_peers(struct compiler *c)
{
	bool is_wide = false;

	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct policy_rule *rule = &c->policy->rule[i];
		is_wide |= rule->action == POLICY_ACCEPT &&
			   rule->direction == DIRECTION_FROM_DEVICE && speaks_of_peers(rule);
	}
	for (size_t i = 0; is_wide && i < c->world->n_peers; i++)
		if (accepts_peer(c, &c->world->peer[i]))
			compile_peer(c, &c->world->peer[i]);
}

/* --- the gateway ------------------------------------------------------------------------------------------------------------- */

/* The gateway serves what it serves to every device; no entry opens more of it. */
static void
compile_gateway(struct compiler *c)
{
	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct policy_rule *rule = &c->policy->rule[i];

		if (rule->remote != REMOTE_GATEWAY)
			continue;
		if (rule->action == POLICY_DENY)
			policy_faults_add(c->faults, rule->id,
				"what the gateway serves to every device cannot be denied to one");
		else if (!policy_rule_is_served(rule))
			policy_faults_add(c->faults, rule->id,
				"the gateway serves names and time; the rest is not allowed");
	}
}

/* --- denials while observed or trusted -------------------------------------------------------------------------------------------- */

static void
deny_ports(struct compiler *c, const struct policy_rule *rule)
{
	for (size_t p = 0; p < COMPILE_PROTOS_WITH_PORTS; p++) {
		if (rule->proto && rule->proto != compile_protos[p])
			continue;
		if (c->out->n_entries == POLICY_ENTRIES_MAX) {
			policy_faults_add(c->faults, rule->id, "no room for this denial");
			return;
		}
		c->out->entry[c->out->n_entries++] = (struct policy_entry){
			.kind = POLICY_ENTRY_DENY,
			.proto = compile_protos[p],
			.port_lo = rule->proto ? rule->port_lo : 0,
			.port_hi = rule->proto ? rule->port_hi : UINT16_MAX,
			.source_hi = UINT16_MAX,
			.rule = rule->id,
		};
	}
}

/*
 * The kernel denies by port only, before anything else; what speaks of one
 * other side closes the port for all of them (and what the class default denies
 * is in the kernel's own observe chain).  Under ENFORCE only patches are said,
 * for their log reason: the accepts were made without what is denied.
 */
static void
compile_denials(struct compiler *c)
{
	bool is_first = true; /* no accept stands before */

	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct policy_rule *rule = &c->policy->rule[i];
		bool is_patch = rule->origin == ORIGIN_CONTAINMENT && rule->remote == REMOTE_ANY;

		if (rule->direction != DIRECTION_FROM_DEVICE ||
			rule->origin == ORIGIN_CLASS_DEFAULT)
			continue;
		is_first = is_first && rule->action == POLICY_DENY;
		if (rule->action != POLICY_DENY || speaks_of_peers(rule) ||
			rule->remote == REMOTE_GATEWAY)
			continue;
		if (c->policy->state == DEVICE_ENFORCE && !(is_patch && is_first))
			continue;
		if (policy_is_icmp(rule->proto)) {
			if (c->policy->state != DEVICE_ENFORCE)
				policy_faults_add(c->faults, rule->id,
					"pings cannot be denied to a device that is not held");
			continue;
		}
		if (rule->remote != REMOTE_ANY || !is_first || rule->version ||
			rule->source_lo > 0 || rule->source_hi < UINT16_MAX)
			policy_faults_add(c->faults, rule->id,
				"denied by its port, and so for all others as well");
		deny_ports(c, rule);
	}
}

/* --- the whole ------------------------------------------------------------------------------------------------------------------------ */

static enum view_mode
view_mode_of(enum device_state state)
{
	switch (state) {
	case DEVICE_ENFORCE:
		return VIEW_DECLARED;
	case DEVICE_OBSERVE:
	case DEVICE_TRUSTED:
		return VIEW_OPEN;
	case DEVICE_WAITING:
	case DEVICE_QUARANTINE:
	case DEVICE_BLOCK:
	case DEVICE_STATE_UNKNOWN:
	case DEVICE_STATE_COUNT:
		break;
	}
	return VIEW_STATUS_PAGE;
}

void
policy_compile(struct message_policy *out, struct message_view *view, struct compiled_slots **slots,
	const struct policy *policy, const struct policy_world *world, struct policy_faults *faults)
{
	struct compiler c = {
		.policy = policy, .world = world, .faults = faults, .out = out, .view = view};

	out->device = view->device = policy->device;
	out->state = (uint8_t)policy->state;
	out->n_entries = 0;
	view->mode = (uint8_t)view_mode_of(policy->state);
	view->n_names = 0;
	if (policy->state == DEVICE_OBSERVE || policy->state == DEVICE_TRUSTED ||
		policy->state == DEVICE_ENFORCE)
		compile_denials(&c);
	if (policy->state == DEVICE_TRUSTED || policy->state == DEVICE_ENFORCE) {
		compile_peers(&c);
		compile_prefixes(&c, DIRECTION_TO_DEVICE);
	}
	compile_names(&c, slots);
	if (policy->state == DEVICE_ENFORCE) {
		compile_prefixes(&c, DIRECTION_FROM_DEVICE);
		compile_gateway(&c);
	}
}

/* --- the same question to the compiled form --------------------------------------------------------------------------------------------- */

static bool
entry_has_ports(const struct policy_entry *entry, const struct policy_flow *flow)
{
	if (entry->proto != flow->proto)
		return false;
	if (policy_is_icmp(flow->proto))
		return entry->port_lo == flow->port &&
		       (entry->port_hi == UINT16_MAX || entry->port_hi == flow->source_port);
	return flow->port >= entry->port_lo && flow->port <= entry->port_hi &&
	       flow->source_port >= entry->source_lo && flow->source_port <= entry->source_hi;
}

static bool
entry_has_remote(
	const struct policy_entry *entry, const struct policy_flow *flow, uint16_t open_slot)
{
	struct ip_prefix prefix = {.address = entry->address, .length = entry->prefix_length};
	bool is_out = flow->direction == DIRECTION_FROM_DEVICE;

	if (entry->version && flow->address.version && entry->version != flow->address.version)
		return false;
	switch ((enum policy_entry_kind)entry->kind) {
	case POLICY_ENTRY_ADDRESS:
		return is_out && !flow->peer && prefix_contains(&prefix, &flow->address);
	case POLICY_ENTRY_SLOT:
		return is_out && !flow->peer && open_slot && entry->slot == open_slot;
	case POLICY_ENTRY_NEIGHBOUR:
		return is_out && flow->peer && entry->peer == flow->peer;
	case POLICY_ENTRY_DOOR:
		return !is_out && !flow->peer && prefix_contains(&prefix, &flow->address);
	case POLICY_ENTRY_DENY:
	case POLICY_ENTRY_UNKNOWN:
	case POLICY_ENTRY_KIND_COUNT:
		break;
	}
	return false;
}

bool
compiled_allows(
	const struct message_policy *policy, const struct policy_flow *flow, uint16_t open_slot)
{
	bool is_out = flow->direction == DIRECTION_FROM_DEVICE;

	for (unsigned i = 0; is_out && i < policy->n_entries; i++)
		if (policy->entry[i].kind == POLICY_ENTRY_DENY &&
			entry_has_ports(&policy->entry[i], flow))
			return false;
	for (unsigned i = 0; i < policy->n_entries; i++)
		if (entry_has_ports(&policy->entry[i], flow) &&
			entry_has_remote(&policy->entry[i], flow, open_slot))
			return true;
	return is_out && !flow->peer &&
	       (policy->state == DEVICE_OBSERVE || policy->state == DEVICE_TRUSTED);
}
