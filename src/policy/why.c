/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "policy/inside.h"

static void say(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Appends a sentence. */
static void
say(char *out, size_t size, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	if (len && len + 1 < size)
		out[len++] = ' ';
	va_start(ap, fmt);
	vsnprintf(out + len, size - len, fmt, ap);
	va_end(ap);
}
#define TEXT(r)  (r)->text, sizeof(r)->text
#define LIMIT(r) (r)->limit, sizeof(r)->limit

static const char *
state_sentence(enum device_state state)
{
	switch (state) {
	case DEVICE_WAITING:
		return "It waits to be admitted; until then it reaches only the status page.";
	case DEVICE_QUARANTINE:
		return "It is in quarantine and reaches only the status page.";
	case DEVICE_BLOCK:
		return "It is blocked and reaches nothing.";
	case DEVICE_OBSERVE:
		return "It is observed: outbound only, no neighbours, no administration ports.";
	case DEVICE_ENFORCE:
		return "It is held to its policy.";
	case DEVICE_TRUSTED:
		return "It is trusted: the internet is open, neighbours by introduction.";
	case DEVICE_STATE_UNKNOWN:
	case DEVICE_STATE_COUNT:
		break;
	}
	return "Its state is not known, so nothing passes.";
}

static const char *
origin_sentence(enum policy_origin origin)
{
	switch (origin) {
	case ORIGIN_CLASS_DEFAULT:
		return "the default of its state";
	case ORIGIN_MUD:
		return "its maker's MUD file";
	case ORIGIN_LEARNED:
		return "the learned profile that was approved";
	case ORIGIN_OWNER:
		return "a rule of the owner";
	case ORIGIN_CONTAINMENT:
		return "containment";
	case ORIGIN_UNKNOWN:
	case ORIGIN_COUNT:
		break;
	}
	return "nothing";
}

static void
say_rule(struct reasoned *r, const struct policy *policy, const struct policy_rule *rule,
	const char *whose)
{
	char text[MUD_TEXT_MAX + 80];

	say(TEXT(r), "%s by %s%s: \"%s\".", rule->action == POLICY_ACCEPT ? "Allowed" : "Denied",
		whose, origin_sentence((enum policy_origin)rule->origin),
		policy_rule_render(policy, rule, text, sizeof text));
	if (policy_text(policy, rule->note)[0]) {
		char noted[100];
		const char *words = policy_text(policy, rule->note);
		printable(noted, sizeof noted, words, strlen(words));
		say(TEXT(r), "(%s)", noted);
	}
}

static void
say_peer(struct reasoned *r, const struct policy *policy, const struct policy_world *world,
	const struct policy_flow *flow)
{
	const struct policy_peer *peer = policy_peer_find(world, flow->peer);

	if (!peer) {
		say(TEXT(r), "There is no such device.");
		return;
	}
	bool is_ours = flow->direction == DIRECTION_FROM_DEVICE;
	if (!policy_may_begin(is_ours ? policy->state : peer->state) &&
		policy_may_answer(is_ours ? policy->state : peer->state)) {
		say(TEXT(r), "While %s is observed it begins nothing with another device.",
			is_ours ? "it" : "the other device");
		return;
	}
	if (!policy_may_answer(peer->state)) {
		say(TEXT(r), "The other device is in state %s, and then nobody talks to it.",
			device_state_word(peer->state));
		return;
	}
	const struct policy_rule *rule = policy_decide_peer(policy, world, flow, peer);
	if (!rule) {
		say(TEXT(r), "The other device's policy does not permit it: both must.");
		return;
	}
	r->peer_rule = rule->id;
	if (rule->action == POLICY_DENY)
		say_rule(r, peer->policy, rule, "the other device's policy, that is, ");
}

static void
say_limits(struct reasoned *r, const struct policy *policy, const struct policy_rule *rule,
	const struct policy_flow *flow, const struct why_facts *facts)
{
	bool by_name = rule && (rule->remote == REMOTE_NAME || rule->remote == REMOTE_SUFFIX);

	if (r->is_allowed && by_name)
		say(LIMIT(r),
			"The kernel sees addresses, not names: whoever shares an address with "
			"this name is reached as well, while it is open.");
	if (facts && facts->n_shared) {
		char name[64];
		printable(name, sizeof name, facts->shared[0], strlen(facts->shared[0]));
		say(LIMIT(r), "This address was also the answer for \"%s\"%s.", name,
			facts->n_shared > 1 ? " and others" : "");
	}
	if (r->is_allowed && by_name && facts && !facts->is_open)
		say(LIMIT(r), "No address of it is open now; one opens when the device asks.");
	if (!r->is_allowed && facts && facts->is_open && !facts->is_paused)
		say(LIMIT(r), "Its address is open for a name that the policy allows.");
	if (!r->is_allowed && facts && facts->is_paused && !flow->peer)
		say(LIMIT(r), "It passes nevertheless while the policy is paused.");
	if (!flow->name && !flow->peer && !flow->is_gateway && !r->is_allowed &&
		policy->state == DEVICE_ENFORCE)
		say(LIMIT(r), "Asked by address; a name that leads there may be allowed.");
}

static bool
is_in_force(enum device_state state)
{
	return state == DEVICE_OBSERVE || state == DEVICE_ENFORCE || state == DEVICE_TRUSTED;
}

void
policy_why(struct reasoned *r, const struct policy *policy, const struct policy_world *world,
	const struct policy_flow *flow, const struct why_facts *facts)
{
	const struct policy_rule *rule = policy_decide(policy, world, flow);

	*r = (struct reasoned){.is_allowed = policy_allows(policy, world, flow)};
	if (!is_in_force(policy->state)) {
		say(TEXT(r), "%s", state_sentence(policy->state));
		r->since_s = facts ? facts->state_since_s : 0;
		rule = NULL;
	} else if (!rule) {
		say(TEXT(r), "%s Nothing permits this, and what is not permitted is denied.",
			state_sentence(policy->state));
		r->since_s = facts ? facts->state_since_s : 0;
	} else {
		r->rule = rule->id;
		r->origin = rule->origin;
		r->since_s = rule->since_s;
		say_rule(r, policy, rule, "");
		if (flow->peer && rule->action == POLICY_ACCEPT) {
			if (!r->is_allowed)
				say(TEXT(r), "But not all agree.");
			say_peer(r, policy, world, flow);
		}
	}
	say_limits(r, policy, rule, flow, facts);
}

bool
flow_from_destination(struct policy_flow *flow, char name[static MUD_TEXT_MAX],
	const struct policy_world *world, const char *text, struct fault *why)
{
	char shown[100];

	flow->peer = 0;
	flow->is_gateway = false;
	flow->name = NULL;
	flow->address = (struct ip){0};
	if (!strcmp(text, "gateway")) {
		flow->is_gateway = true;
		return true;
	}
	if (ip_parse(&flow->address, text))
		return true;
	if (device_parse(&flow->peer, world, text, why))
		return true;
	if (strchr(text, '.') && host_name_parse(name, text, strlen(text))) {
		flow->name = name;
		return true;
	}
	printable(shown, sizeof shown, text, strlen(text));
	fault_set(why, ERR_NOT_FOUND, "\"%s\": neither a name, an address nor a device", shown);
	return false;
}
