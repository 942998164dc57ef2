/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "policy/compile_inside.h"

static bool
name_is_below(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return !strcmp(name, suffix) ||
	       (len > tail && name[len - tail - 1] == '.' && !strcmp(name + len - tail, suffix));
}

bool
compile_prefix_covers(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
	return outer->address.version == inner->address.version && outer->length <= inner->length &&
	       prefix_contains(outer, &inner->address);
}

/* Does the rule speak of this other side?  NO, of PART of it (or perhaps of it), of ALL of it. */
enum share { SHARE_NO, SHARE_PART, SHARE_ALL };

static enum share
share_of_name(const struct policy_rule *rule, const char *text, const struct compile_target *target)
{
	bool is_wide = target->kind == TARGET_SUFFIX;

	switch ((enum policy_remote)rule->remote) {
	case REMOTE_NAME:
		if (!strcmp(text, target->text))
			return is_wide ? SHARE_PART : SHARE_ALL;
		return is_wide && name_is_below(text, target->text) ? SHARE_PART : SHARE_NO;
	case REMOTE_SUFFIX:
		if (name_is_below(target->text, text))
			return SHARE_ALL;
		return is_wide && name_is_below(text, target->text) ? SHARE_PART : SHARE_NO;
	case REMOTE_PREFIX:
		return SHARE_PART;
	default:
		return SHARE_NO;
	}
}

static enum share
share_of_prefix(const struct policy_rule *rule, const struct compile_target *target)
{
	switch ((enum policy_remote)rule->remote) {
	case REMOTE_INTERNET:
		return target->is_outside ? SHARE_ALL : SHARE_PART;
	case REMOTE_PREFIX:
		if (compile_prefix_covers(&rule->prefix, &target->prefix))
			return SHARE_ALL;
		return compile_prefix_covers(&target->prefix, &rule->prefix) ? SHARE_PART
									     : SHARE_NO;
	case REMOTE_NAME:
	case REMOTE_SUFFIX:
		return SHARE_PART;
	default:
		return SHARE_NO;
	}
}

static enum share
share(const struct policy *policy, const struct policy_world *world, const struct policy_rule *rule,
	const struct compile_target *target)
{
	if (rule->remote == REMOTE_ANY)
		return SHARE_ALL;
	switch (target->kind) {
	case TARGET_NAME:
	case TARGET_SUFFIX:
		/* a name that leads nowhere but outside; the resolver sees to that */
		if (rule->remote == REMOTE_INTERNET)
			return SHARE_ALL;
		return share_of_name(rule, policy_text(policy, rule->text), target);
	case TARGET_PREFIX:
		return share_of_prefix(rule, target);
	case TARGET_PEER:
		return policy_rule_has_peer(policy, world, rule, target->peer) ? SHARE_ALL
									       : SHARE_NO;
	}
	return SHARE_NO;
}

/* Names and addresses are different entries: "internet" permits by address, not by slot. */
static bool
permits_target(const struct policy_rule *rule, const struct compile_target *target)
{
	if (target->kind == TARGET_NAME || target->kind == TARGET_SUFFIX)
		return rule->remote == REMOTE_NAME || rule->remote == REMOTE_SUFFIX;
	return true;
}

static bool
box_of(const struct policy_rule *rule, uint8_t proto, struct box *box)
{
	*box = (struct box){rule->port_lo, rule->port_hi, rule->source_lo, rule->source_hi};
	if (rule->proto)
		return rule->proto == proto;
	*box = (struct box){0, UINT16_MAX, 0, UINT16_MAX};
	if (rule->action == POLICY_ACCEPT && policy_is_icmp(proto))
		box->lo = box->hi = policy_echo_request(proto);
	return true;
}

const char *
compile_target_render(const struct compile_target *target, char out[static 64])
{
	char prefix[PREFIX_TEXT_MAX];

	if (target->kind == TARGET_PREFIX)
		snprintf(out, 64, "%s", prefix_render(&target->prefix, prefix));
	else if (target->kind == TARGET_PEER)
		snprintf(out, 64, "device %u", target->peer->number);
	else
		snprintf(out, 64, "%.60s", target->text);
	return out;
}

void
compile_region(struct region *out, const struct policy *policy, const struct policy_world *world,
	enum policy_direction direction, const struct compile_target *target, uint8_t proto,
	uint8_t version, struct policy_faults *faults)
{
	struct region denied = {0};

	*out = (struct region){0};
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rule[i];
		struct box box;

		if (rule->direction != direction || (rule->version && rule->version != version) ||
			!box_of(rule, proto, &box))
			continue;
		enum share part = share(policy, world, rule, target);
		if (part == SHARE_NO)
			continue;
		if (rule->action == POLICY_DENY) {
			region_add(&denied, box);
			if (denied.is_full) { /* then nothing weaker may pass */
				out->is_full = true;
				break;
			}
			if (part == SHARE_PART && faults) {
				char name[64];
				policy_faults_add(faults, rule->id,
					"cannot be told apart from \"%s\", so it is closed there "
					"as well",
					compile_target_render(target, name));
			}
			continue;
		}
		if (part != SHARE_ALL || !permits_target(rule, target))
			continue;
		struct region fresh = {.n = 1, .box = {box}};
		region_cut(&fresh, &denied);
		region_cut(&fresh, out);
		out->is_full |= fresh.is_full;
		for (unsigned k = 0; k < fresh.n; k++)
			region_add(out, fresh.box[k]);
	}
	region_tidy(out);
	if (out->is_full) {
		char name[64];
		policy_faults_add(faults, 0,
			"the rules about \"%s\" are too many; some ports stay closed",
			compile_target_render(target, name));
	}
}
