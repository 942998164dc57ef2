/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources of a policy in, one ordered list of rules out, the strongest
 * first.  Nothing in here may make a device able to do more because of what
 * the network alone asserts: see is_within_base().
 */
#include <string.h>

#include "policy/admin_port.h"
#include "policy/inside.h"
#include "policy/policy.h"

const uint16_t policy_admin_ports[] = {ADMIN_PORT_LIST, 0};

static struct policy_rule
blank(enum policy_origin origin, enum policy_action action, enum policy_direction direction,
	enum policy_remote remote)
{
	return (struct policy_rule){
		.origin = (uint8_t)origin,
		.action = (uint8_t)action,
		.direction = (uint8_t)direction,
		.remote = (uint8_t)remote,
		.port_hi = UINT16_MAX,
		.source_hi = UINT16_MAX,
	};
}

static bool
ports_are_any(uint16_t lo, uint16_t hi)
{
	return lo == 0 && hi == UINT16_MAX;
}

/* --- class defaults -------------------------------------------------------------------------------- */

static void
deny_admin_ports(struct policy *policy)
{
	struct policy_rule rule =
		blank(ORIGIN_CLASS_DEFAULT, POLICY_DENY, DIRECTION_FROM_DEVICE, REMOTE_ANY);

	rule.proto = 6;
	for (const uint16_t *port = policy_admin_ports; *port; port++) {
		rule.port_lo = rule.port_hi = *port;
		policy_add(policy, rule, NULL, "administration port");
	}
}

void
policy_from_class(struct policy *policy)
{
	static const struct service_port served[] = {{17, 53, 53}, {6, 53, 53}, {17, 123, 123}};
	struct policy_rule rule =
		blank(ORIGIN_CLASS_DEFAULT, POLICY_ACCEPT, DIRECTION_FROM_DEVICE, REMOTE_GATEWAY);

	for (size_t i = 0; i < sizeof served / sizeof *served; i++) {
		rule.proto = served[i].proto;
		rule.port_lo = served[i].lo;
		rule.port_hi = served[i].hi;
		policy_add(policy, rule, NULL, "the gateway's own names and time");
	}
	rule = blank(ORIGIN_CLASS_DEFAULT, POLICY_ACCEPT, DIRECTION_FROM_DEVICE, REMOTE_INTERNET);
	if (policy->state == DEVICE_OBSERVE) {
		deny_admin_ports(policy);
		policy_add(policy, rule, NULL, "observed: outbound only");
	} else if (policy->state == DEVICE_TRUSTED) {
		policy_add(policy, rule, NULL, "trusted: outbound");
	}
}

/* --- MUD and learned ----------------------------------------------------------------------------------- */

/* What is the same for all ACEs of one file. */
struct source {
	struct policy *policy;
	const struct mud *mud;
	enum policy_origin origin;
	bool is_confirmed; /* may add; else it only narrows */
	bool addresses_approved;
	int64_t since_s;
	struct policy_faults *faults;
};

static enum policy_remote
remote_of(const struct mud_ace *ace)
{
	switch ((enum mud_remote)ace->remote) {
	case MUD_REMOTE_ANY:
		return REMOTE_ANY;
	case MUD_REMOTE_NAME:
		return REMOTE_NAME;
	case MUD_REMOTE_PREFIX:
		return REMOTE_PREFIX;
	case MUD_REMOTE_LOCAL_NETWORKS:
		return REMOTE_LOCAL_NETWORKS;
	case MUD_REMOTE_SAME_MANUFACTURER:
		return REMOTE_SAME_MANUFACTURER;
	case MUD_REMOTE_MANUFACTURER:
		return REMOTE_MANUFACTURER;
	case MUD_REMOTE_MODEL:
		return REMOTE_MODEL;
	case MUD_REMOTE_CONTROLLER:
		return REMOTE_CONTROLLER;
	case MUD_REMOTE_MY_CONTROLLER:
		return REMOTE_MY_CONTROLLER;
	case MUD_REMOTE_DNS:
	case MUD_REMOTE_NTP:
	case MUD_REMOTE_GATEWAY:
		return REMOTE_GATEWAY;
	case MUD_REMOTE_UNKNOWN:
	case MUD_REMOTE_COUNT:
		break;
	}
	return REMOTE_UNKNOWN;
}

static const char *
text_of(const struct source *s, const struct mud_ace *ace)
{
	switch ((enum mud_remote)ace->remote) {
	case MUD_REMOTE_NAME:
		return s->mud->name[ace->text];
	case MUD_REMOTE_MANUFACTURER:
	case MUD_REMOTE_MODEL:
	case MUD_REMOTE_CONTROLLER:
		return s->mud->uri[ace->text];
	case MUD_REMOTE_MY_CONTROLLER:
		return s->mud->url;
	default:
		return NULL;
	}
}

static void
skip(const struct source *s, const struct mud_ace *ace, const char *reason)
{
	policy_faults_add(s->faults, 0, "%s \"%s\": %s", origin_word(s->origin), ace->name, reason);
}

/* The rule for flows opened in this direction that the ACE's packets begin. */
static struct policy_rule
rule_of(const struct source *s, const struct mud_ace *ace, enum policy_direction direction)
{
	struct policy_rule rule = blank(s->origin,
		ace->action == MUD_ACCEPT ? POLICY_ACCEPT : POLICY_DENY, direction, remote_of(ace));
	bool is_out = direction == DIRECTION_FROM_DEVICE;

	rule.version = ace->version;
	rule.proto = ace->proto;
	rule.prefix = ace->prefix;
	rule.since_s = s->since_s;
	if (ace->proto == IPPROTO_TCP || ace->proto == IPPROTO_UDP) {
		rule.port_lo = is_out ? ace->remote_lo : ace->device_lo;
		rule.port_hi = is_out ? ace->remote_hi : ace->device_hi;
		rule.source_lo = is_out ? ace->device_lo : ace->remote_lo;
		rule.source_hi = is_out ? ace->device_hi : ace->remote_hi;
	} else if (ace->proto) {
		if (ace->icmp_type != MUD_ICMP_ANY)
			rule.port_lo = rule.port_hi = ace->icmp_type;
		if (ace->icmp_code != MUD_ICMP_ANY)
			rule.source_lo = rule.source_hi = ace->icmp_code;
	}
	return rule;
}

static void
add(const struct source *s, const struct mud_ace *ace, const struct policy_rule *rule)
{
	if (!policy_add(s->policy, *rule, text_of(s, ace), ace->name))
		skip(s, ace, "too many rules; not allowed");
}

/* Answers and errors pass with the connection that they belong to. */
static bool
is_icmp_answer(const struct mud_ace *ace)
{
	static const uint8_t answers4[] = {0, 3, 4, 5, 11, 12, 14, 16, 18};

	if (ace->proto == IPPROTO_ICMPV6)
		return ace->icmp_type < 128 || ace->icmp_type == 129;
	if (ace->proto != IPPROTO_ICMP)
		return false;
	for (size_t i = 0; i < sizeof answers4; i++)
		if (ace->icmp_type == answers4[i])
			return true;
	return false;
}

/*
 * An ACE is about packets; a rule is about who opens.  An ACE that names only
 * the port that its packets come from describes answers: "from the server's
 * port 443" is no permission for the server to connect from there to any port
 * of the device.
 */
static bool
is_answer(const struct mud_ace *ace)
{
	bool is_out = ace->direction == MUD_FROM_DEVICE;
	bool ours_any = ports_are_any(ace->device_lo, ace->device_hi);
	bool theirs_any = ports_are_any(ace->remote_lo, ace->remote_hi);

	if (ace->initiated != MUD_DIRECTION_UNKNOWN)
		return ace->initiated != ace->direction;
	if (is_icmp_answer(ace))
		return true;
	if (ace->proto != IPPROTO_TCP && ace->proto != IPPROTO_UDP)
		return false;
	return is_out ? !ours_any && theirs_any : !theirs_any && ours_any;
}

/*
 * What the local policy would let any observed device do: open connections to
 * the internet.  Whoever can send a DHCP packet chose the file, so only what
 * is within that is taken over (RFC 8520, section 16: narrow, never add).
 */
static bool
is_within_base(const struct policy_rule *rule)
{
	return rule->direction == DIRECTION_FROM_DEVICE &&
	       (rule->remote == REMOTE_NAME || rule->remote == REMOTE_ANY ||
		       rule->remote == REMOTE_GATEWAY);
}

static void
permit(const struct source *s, const struct mud_ace *ace)
{
	enum policy_direction direction =
		ace->direction == MUD_FROM_DEVICE ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;

	if (is_answer(ace))
		return;
	struct policy_rule rule = rule_of(s, ace, direction);
	if (ace->remote == MUD_REMOTE_PREFIX && !ace->is_held) {
		skip(s, ace, "a group address; discovery is relayed to introduced devices only");
		return;
	}
	if (ace->is_held && !s->addresses_approved) {
		skip(s, ace, "names an address; allowed only when that is approved as well");
		return;
	}
	if (ace->remote == MUD_REMOTE_NAME && policy_name_is_local(s->mud->name[ace->text])) {
		skip(s, ace, "a name of the home; introduce the device instead");
		return;
	}
	if (ace->remote == MUD_REMOTE_ANY && direction == DIRECTION_TO_DEVICE) {
		skip(s, ace, "lets anybody in; doors are made by the owner");
		return;
	}
	if (ace->remote == MUD_REMOTE_ANY)
		skip(s, ace, "names nobody; taken as the internet, not the home");
	if (rule.remote == REMOTE_GATEWAY && !policy_rule_is_served(&rule)) {
		skip(s, ace, "the gateway serves names and time only");
		return;
	}
	if (!s->is_confirmed && !is_within_base(&rule)) {
		skip(s, ace, "would add; not allowed until the file is approved");
		return;
	}
	add(s, ace, &rule);
}

static void
forbid(const struct source *s, const struct mud_ace *ace)
{
	struct policy_rule rule = rule_of(s, ace,
		ace->direction == MUD_FROM_DEVICE ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE);
	add(s, ace, &rule);
}

/* Whose answers are dropped cannot be talked to either. */
static void
forbid_answered(const struct source *s, const struct mud_ace *ace)
{
	bool is_out = ace->direction == MUD_FROM_DEVICE;
	bool is_narrow = is_out ? !ports_are_any(ace->device_lo, ace->device_hi)
				: !ports_are_any(ace->remote_lo, ace->remote_hi);

	if (ace->action != MUD_DROP || !is_narrow)
		return;
	struct policy_rule rule =
		rule_of(s, ace, is_out ? DIRECTION_TO_DEVICE : DIRECTION_FROM_DEVICE);
	add(s, ace, &rule);
}

static void
from_file(const struct source *s)
{
	for (size_t i = 0; i < s->mud->n_aces; i++)
		forbid_answered(s, &s->mud->ace[i]);
	for (size_t i = 0; i < s->mud->n_aces; i++) {
		if (s->mud->ace[i].action == MUD_ACCEPT)
			permit(s, &s->mud->ace[i]);
		else
			forbid(s, &s->mud->ace[i]);
	}
}

void
policy_from_mud(struct policy *policy, const struct mud *mud, enum mud_trust trust,
	bool addresses_approved, int64_t since_s, struct policy_faults *faults)
{
	struct source s = {
		.policy = policy,
		.mud = mud,
		.origin = ORIGIN_MUD,
		.is_confirmed = trust == MUD_TRUST_CONFIRMED,
		.addresses_approved = trust == MUD_TRUST_CONFIRMED && addresses_approved,
		.since_s = since_s,
		.faults = faults,
	};

	if (trust == MUD_TRUST_UNKNOWN)
		return;
	if (trust == MUD_TRUST_UNCONFIRMED)
		deny_admin_ports(policy);
	from_file(&s);
}

void
policy_from_learned(
	struct policy *policy, const struct mud *mud, int64_t since_s, struct policy_faults *faults)
{
	struct source s = {
		.policy = policy,
		.mud = mud,
		.origin = ORIGIN_LEARNED,
		.is_confirmed = true,
		.addresses_approved = true,
		.since_s = since_s,
		.faults = faults,
	};

	from_file(&s);
}

/* --- the whole -------------------------------------------------------------------------------------------- */

/* Which rules of a source count. */
enum rules { RULES_ALL, RULES_DENIALS, RULES_OBSERVED };

/* While a device is observed its owner's word still lets one neighbour call it, and nobody else. */
static bool
counts(const struct policy_rule *rule, enum rules which)
{
	if (which == RULES_ALL || rule->action == POLICY_DENY)
		return true;
	return which == RULES_OBSERVED && rule->direction == DIRECTION_TO_DEVICE &&
	       rule->remote == REMOTE_DEVICE;
}

static void
append(struct policy *policy, const struct policy *from, enum rules which, int64_t now_s,
	struct policy_faults *faults)
{
	for (size_t i = 0; from && i < from->n_rules; i++) {
		const struct policy_rule *rule = &from->rule[i];

		if ((rule->until_s && rule->until_s <= now_s) || !counts(rule, which))
			continue;
		if (!policy_add(policy, *rule, policy_text(from, rule->text),
			    policy_text(from, rule->note)))
			policy_faults_add(faults, rule->id, "too many rules; not allowed");
	}
}

struct policy *
policy_from_sources(const struct policy_sources *in, struct policy_faults *faults)
{
	struct policy *policy = policy_new(in->device, in->state, in->class);
	bool is_held = in->state != DEVICE_OBSERVE && in->state != DEVICE_TRUSTED;

	if (in->mud) {
		policy->is_confirmed = in->mud_trust == MUD_TRUST_CONFIRMED;
		policy_text_keep(policy, in->mud->authority, &policy->authority);
		policy_text_keep(policy, in->mud->url, &policy->url);
	}
	append(policy, in->containment, RULES_DENIALS, in->now_s, faults);
	append(policy, in->owner, in->state == DEVICE_OBSERVE ? RULES_OBSERVED : RULES_ALL,
		in->now_s, faults);
	if (is_held && in->learned)
		policy_from_learned(policy, in->learned, in->learned_since_s, faults);
	/* Beside a profile that the owner approved, an unconfirmed file could only widen. */
	if (is_held && in->mud && (in->mud_trust == MUD_TRUST_CONFIRMED || !in->learned))
		policy_from_mud(policy, in->mud, in->mud_trust, in->addresses_approved,
			in->mud_since_s, faults);
	policy_from_class(policy);
	return policy;
}
