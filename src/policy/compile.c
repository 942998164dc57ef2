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

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "policy/inside.h"
#include "policy/region.h"

/* --- the other side ------------------------------------------------------------------------------------ */

enum target_kind { TARGET_NAME, TARGET_SUFFIX, TARGET_PREFIX, TARGET_PEER };
struct target {
	enum target_kind kind;
	const char *text;
	struct ip_prefix prefix;
	bool is_outside; /* no address of the prefix is inside */
	const struct policy_peer *peer;
};

struct compiler {
	const struct policy *policy;
	const struct policy_world *world;
	struct policy_faults *faults;
	struct message_policy *out;
	struct message_view *view;
};

static bool
name_is_below(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return !strcmp(name, suffix) ||
	       (len > tail && name[len - tail - 1] == '.' && !strcmp(name + len - tail, suffix));
}

static bool
prefix_covers(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
	return outer->address.version == inner->address.version && outer->length <= inner->length &&
	       prefix_contains(outer, &inner->address);
}

/* Does the rule speak of this other side?  NO, of PART of it (or perhaps of it), of ALL of it. */
enum share { SHARE_NO, SHARE_PART, SHARE_ALL };

static enum share
share_of_name(const struct policy_rule *rule, const char *text, const struct target *target)
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
share_of_prefix(const struct policy_rule *rule, const struct target *target)
{
	switch ((enum policy_remote)rule->remote) {
	case REMOTE_INTERNET:
		return target->is_outside ? SHARE_ALL : SHARE_PART;
	case REMOTE_PREFIX:
		if (prefix_covers(&rule->prefix, &target->prefix))
			return SHARE_ALL;
		return prefix_covers(&target->prefix, &rule->prefix) ? SHARE_PART : SHARE_NO;
	case REMOTE_NAME:
	case REMOTE_SUFFIX:
		return SHARE_PART;
	default:
		return SHARE_NO;
	}
}

static enum share
share(const struct policy *policy, const struct policy_world *world, const struct policy_rule *rule,
	const struct target *target)
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
permits_target(const struct policy_rule *rule, const struct target *target)
{
	if (target->kind == TARGET_NAME || target->kind == TARGET_SUFFIX)
		return rule->remote == REMOTE_NAME || rule->remote == REMOTE_SUFFIX;
	return true;
}

/* --- from rules to a region --------------------------------------------------------------------------------- */

static bool
box_of(const struct policy_rule *rule, uint8_t proto, struct box *box)
{
	*box = (struct box){rule->port_lo, rule->port_hi, rule->source_lo, rule->source_hi};
	if (rule->proto)
		return rule->proto == proto;
	*box = (struct box){0, UINT16_MAX, 0, UINT16_MAX};
	if (rule->action == POLICY_ACCEPT && (proto == 1 || proto == 58))
		box->lo = box->hi = proto == 1 ? 8 : 128;
	return true;
}

static const char *
target_render(const struct target *target, char out[static 64])
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

/* Which ports of the protocol the list opens with the target, in this version of IP. */
static void
region_from_rules(struct region *out, const struct policy *policy, const struct policy_world *world,
	enum policy_direction direction, const struct target *target, uint8_t proto,
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
					target_render(target, name));
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
			target_render(target, name));
	}
}

/* --- entries --------------------------------------------------------------------------------------------------- */

static const uint8_t protos[] = {6, 17, 1, 58};

/* All entries of one other side; taken over whole or not at all. */
struct batch {
	unsigned n;
	bool is_full;
	struct policy_entry entry[160];
};

static void
batch_add(struct batch *batch, const struct policy_entry *like, uint8_t version, uint8_t proto,
	const struct box *box)
{
	struct policy_entry entry = *like;

	if (batch->n == COUNT_OF(batch->entry)) {
		batch->is_full = true;
		return;
	}
	entry.version = version;
	entry.proto = proto;
	if (proto == 1 || proto == 58) {
		/* the contract has one type, and a code or any */
		bool is_any = box->from_lo == 0 && box->from_hi >= 255;
		for (unsigned type = box->lo; type <= box->hi && type <= 255; type++) {
			if (!is_any && box->from_lo != box->from_hi) {
				batch->is_full = true;
				return;
			}
			if (batch->n == COUNT_OF(batch->entry)) {
				batch->is_full = true;
				return;
			}
			entry.port_lo = (uint16_t)type;
			entry.port_hi = is_any ? UINT16_MAX : box->from_lo;
			entry.source_lo = 0;
			entry.source_hi = UINT16_MAX;
			batch->entry[batch->n++] = entry;
		}
		return;
	}
	entry.port_lo = box->lo;
	entry.port_hi = box->hi;
	entry.source_lo = box->from_lo;
	entry.source_hi = box->from_hi;
	batch->entry[batch->n++] = entry;
}

static void
batch_add_region(struct batch *batch, const struct policy_entry *like, uint8_t version,
	uint8_t proto, const struct region *region)
{
	for (unsigned i = 0; i < region->n; i++)
		batch_add(batch, like, version, proto, &region->box[i]);
}

/* Equal for IPv4 and IPv6: one entry for both. */
static void
batch_add_versions(struct batch *batch, const struct policy_entry *like, uint8_t proto,
	const struct region by_version[static 2])
{
	if (proto == 1)
		batch_add_region(batch, like, 4, proto, &by_version[0]);
	else if (proto == 58)
		batch_add_region(batch, like, 6, proto, &by_version[1]);
	else if (region_is_equal(&by_version[0], &by_version[1]))
		batch_add_region(batch, like, 0, proto, &by_version[0]);
	else {
		batch_add_region(batch, like, 4, proto, &by_version[0]);
		batch_add_region(batch, like, 6, proto, &by_version[1]);
	}
}

static bool
batch_keep(struct compiler *c, const struct batch *batch, const struct target *target)
{
	char name[64];

	if (batch->is_full || c->out->n_entries + batch->n > POLICY_ENTRIES_MAX) {
		policy_faults_add(c->faults, 0,
			"\"%s\" needs more entries than there are; not allowed",
			target_render(target, name));
		return false;
	}
	if (batch->n)
		memcpy(c->out->entry + c->out->n_entries, batch->entry,
			batch->n * sizeof *batch->entry);
	c->out->n_entries = (uint16_t)(c->out->n_entries + batch->n);
	return true;
}

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
	struct target target = {.kind = TARGET_PEER, .peer = peer};
	struct target back = {.kind = TARGET_PEER, .peer = own ? own : &us};
	struct policy_entry like = {.kind = POLICY_ENTRY_NEIGHBOUR, .peer = peer->number};
	struct batch batch = {0};

	if (peer->number == c->policy->device || !peer->policy || !policy_may_answer(peer->state))
		return;
	for (size_t p = 0; p < COUNT_OF(protos); p++) {
		struct region both[2];

		for (int v = 0; v < 2; v++) {
			struct region ours, theirs;
			region_from_rules(&ours, c->policy, c->world, DIRECTION_FROM_DEVICE,
				&target, protos[p], v ? 6 : 4, c->faults);
			region_from_rules(&theirs, peer->policy, c->world, DIRECTION_TO_DEVICE,
				&back, protos[p], v ? 6 : 4, NULL);
			both[v] = region_both(&ours, &theirs);
			region_tidy(&both[v]);
		}
		batch_add_versions(&batch, &like, protos[p], both);
	}
	batch_keep(c, &batch, &target);
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

/* --- names ------------------------------------------------------------------------------------------------------------ */

struct named {
	const char *text;
	bool is_suffix;
	uint16_t slot;
	uint32_t digest;
	unsigned first, n; /* entries */
};
struct names {
	unsigned n;
	struct named row[POLICY_SLOTS_MAX];
};

static uint32_t
digest_of(const struct policy_entry *entry, unsigned n, bool is_suffix)
{
	uint32_t sum = 2166136261u ^ is_suffix;

	for (unsigned i = 0; i < n; i++) {
		const uint16_t word[] = {entry[i].version, entry[i].proto, entry[i].port_lo,
			entry[i].port_hi, entry[i].source_lo, entry[i].source_hi};
		for (size_t k = 0; k < COUNT_OF(word); k++)
			sum = (sum ^ word[k]) * 16777619u;
	}
	return sum;
}

static bool
has_named(const struct names *names, const char *text, bool is_suffix)
{
	for (unsigned i = 0; i < names->n; i++)
		if (names->row[i].is_suffix == is_suffix && !strcmp(names->row[i].text, text))
			return true;
	return false;
}

static void
compile_name(struct compiler *c, struct names *names, const char *text, bool is_suffix)
{
	struct target target = {.kind = is_suffix ? TARGET_SUFFIX : TARGET_NAME, .text = text};
	struct policy_entry like = {.kind = POLICY_ENTRY_SLOT};
	struct batch batch = {0};

	if (has_named(names, text, is_suffix))
		return;
	if (policy_name_is_local(text)) {
		policy_faults_add(c->faults, 0,
			"\"%.60s\" is a name of the home; introduce the device instead", text);
		return;
	}
	for (size_t p = 0; p < COUNT_OF(protos); p++) {
		struct region by_version[2];

		for (int v = 0; v < 2; v++)
			region_from_rules(&by_version[v], c->policy, c->world,
				DIRECTION_FROM_DEVICE, &target, protos[p], v ? 6 : 4, c->faults);
		batch_add_versions(&batch, &like, protos[p], by_version);
	}
	if (!batch.n)
		return;
	if (names->n == POLICY_SLOTS_MAX) {
		policy_faults_add(c->faults, 0, "\"%.60s\" is a name too many; not allowed", text);
		return;
	}
	unsigned first = c->out->n_entries;
	if (!batch_keep(c, &batch, &target))
		return;
	names->row[names->n++] = (struct named){.text = text,
		.is_suffix = is_suffix,
		.digest = digest_of(batch.entry, batch.n, is_suffix),
		.first = first,
		.n = batch.n};
}

const char *
compiled_slot_name(const struct compiled_slots *slots, uint16_t slot)
{
	for (unsigned i = 0; slots && i < slots->n; i++)
		if (slots->slot[i].slot == slot)
			return slots->text + slots->slot[i].name;
	return NULL;
}

void
compiled_slots_free(struct compiled_slots *slots)
{
	free(slots);
}

static uint16_t
slot_before(const struct compiled_slots *before, const struct named *named)
{
	for (unsigned i = 0; before && i < before->n; i++)
		if (before->slot[i].ports == named->digest &&
			!strcmp(before->text + before->slot[i].name, named->text))
			return before->slot[i].slot;
	return 0;
}

static void
assign_slots(struct names *names, const struct compiled_slots *before)
{
	bool is_taken[POLICY_SLOTS_MAX + 1] = {true}, was_taken[POLICY_SLOTS_MAX + 1] = {true};

	for (unsigned i = 0; before && i < before->n; i++)
		was_taken[before->slot[i].slot] = true;
	for (unsigned i = 0; i < names->n; i++) {
		uint16_t slot = slot_before(before, &names->row[i]);
		if (slot && !is_taken[slot]) {
			names->row[i].slot = slot;
			is_taken[slot] = true;
		}
	}
	for (unsigned i = 0; i < names->n; i++) {
		/* first one that nobody had, since an opening of the old name may be on its way */
		for (int again = 0; again < 2 && !names->row[i].slot; again++)
			for (uint16_t slot = 1; slot <= POLICY_SLOTS_MAX; slot++)
				if (!is_taken[slot] && (again || !was_taken[slot])) {
					names->row[i].slot = slot;
					is_taken[slot] = true;
					break;
				}
		assert(names->row[i].slot);
	}
}

static struct compiled_slots *
slots_from_names(const struct names *names)
{
	size_t text_len = 0;

	for (unsigned i = 0; i < names->n; i++)
		text_len += strlen(names->row[i].text) + 1;
	struct compiled_slots *slots = must_alloc(1, sizeof *slots + text_len);
	memset(slots, 0, sizeof *slots);
	for (unsigned i = 0; i < names->n; i++) {
		const struct named *named = &names->row[i];
		size_t len = strlen(named->text) + 1;

		slots->slot[slots->n++] = (struct compiled_slot){
			.slot = named->slot, .ports = named->digest, .name = slots->text_len};
		memcpy(slots->text + slots->text_len, named->text, len);
		slots->text_len += (uint32_t)len;
	}
	return slots;
}

static void
compile_names(struct compiler *c, struct names *names)
{
	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct policy_rule *rule = &c->policy->rule[i];
		if (rule->action != POLICY_ACCEPT || rule->direction != DIRECTION_FROM_DEVICE)
			continue;
		if (rule->remote == REMOTE_NAME || rule->remote == REMOTE_SUFFIX)
			compile_name(c, names, policy_text(c->policy, rule->text),
				rule->remote == REMOTE_SUFFIX);
	}
}

/* Exact names first, then suffixes from the longest: the first that matches is the closest. */
static int
view_order(const void *a, const void *b)
{
	const struct view_name *x = a, *y = b;
	size_t x_len = strlen(x->name), y_len = strlen(y->name);

	if (x->is_suffix != y->is_suffix)
		return x->is_suffix - y->is_suffix;
	if (x_len != y_len)
		return x_len > y_len ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
view_from_names(struct compiler *c, const struct names *names)
{
	assert(names->n <= VIEW_NAMES_MAX);
	for (unsigned i = 0; i < names->n; i++) {
		struct view_name *at = &c->view->name[c->view->n_names++];
		*at = (struct view_name){
			.slot = names->row[i].slot, .is_suffix = names->row[i].is_suffix};
		snprintf(at->name, sizeof at->name, "%s", names->row[i].text);
		for (unsigned k = 0; k < names->row[i].n; k++)
			c->out->entry[names->row[i].first + k].slot = names->row[i].slot;
	}
	qsort(c->view->name, c->view->n_names, sizeof *c->view->name, view_order);
}

/* --- addresses ------------------------------------------------------------------------------------------------------------ */

/* What ip_is_inside() knows, as prefixes to cut out; a test holds the two together. */
static const struct {
	uint8_t version, length, byte[4];
} inside[] = {
	{4, 8, {0}},
	{4, 8, {10}},
	{4, 10, {100, 64}},
	{4, 8, {127}},
	{4, 16, {169, 254}},
	{4, 12, {172, 16}},
	{4, 24, {192, 0, 0}},
	{4, 16, {192, 168}},
	{4, 3, {224}},
	{6, 32, {0x20, 0x01, 0, 0}},
	{6, 16, {0x20, 0x02}},
};

enum { PREFIXES_MAX = 320 };
struct prefixes {
	unsigned n;
	bool is_full;
	struct target row[PREFIXES_MAX];
};

static void
prefixes_add(struct prefixes *prefixes, const struct ip_prefix *prefix, bool is_outside)
{
	for (unsigned i = 0; i < prefixes->n; i++)
		if (!memcmp(&prefixes->row[i].prefix, prefix, sizeof *prefix))
			return;
	if (prefixes->n == PREFIXES_MAX)
		prefixes->is_full = true;
	else
		prefixes->row[prefixes->n++] = (struct target){
			.kind = TARGET_PREFIX, .prefix = *prefix, .is_outside = is_outside};
}

static struct ip_prefix
inside_at(size_t i)
{
	struct ip_prefix prefix = {
		.address.version = inside[i].version, .length = inside[i].length};

	memcpy(prefix.address.byte, inside[i].byte, sizeof inside[i].byte);
	return prefix;
}

/* Halve until each part is wholly outside or wholly inside. */
static void
add_outside(struct prefixes *out, struct ip_prefix prefix)
{
	bool is_mixed = false;

	for (size_t i = 0; i < COUNT_OF(inside); i++) {
		struct ip_prefix cut = inside_at(i);
		if (prefix_covers(&cut, &prefix))
			return;
		is_mixed |= prefix_covers(&prefix, &cut);
	}
	if (!is_mixed) {
		prefixes_add(out, &prefix, true);
		return;
	}
	prefix.length++;
	add_outside(out, prefix);
	prefix.address.byte[(prefix.length - 1) / 8] |=
		(uint8_t)(0x80 >> ((prefix.length - 1) % 8));
	add_outside(out, prefix);
}

static bool
prefix_is_outside(const struct ip_prefix *prefix)
{
	static const struct ip_prefix global = {
		.address = {.version = 6, .byte = {0x20}}, .length = 3};

	if (prefix->address.version == 6 && !prefix_covers(&global, prefix))
		return false;
	for (size_t i = 0; i < COUNT_OF(inside); i++) {
		struct ip_prefix cut = inside_at(i);
		if (prefix_covers(&cut, prefix) || prefix_covers(prefix, &cut))
			return false;
	}
	return true;
}

static void
add_internet(struct prefixes *out)
{
	struct ip_prefix all4 = {.address.version = 4};
	struct ip_prefix global6 = {.address = {.version = 6, .byte = {0x20}}, .length = 3};

	add_outside(out, all4);
	add_outside(out, global6);
}

static bool
is_lan_only(const struct compiler *c, const struct ip_prefix *prefix)
{
	for (size_t i = 0; i < c->world->n_lan; i++)
		if (prefix_covers(&c->world->lan[i], prefix))
			return true;
	return false;
}

static int
prefix_order(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	return x->prefix.length - y->prefix.length;
}

/* The others of the list hold what an enclosing prefix has already, so that no two overlap. */
static void
cut_enclosing(struct compiler *c, const struct prefixes *prefixes, unsigned at,
	enum policy_direction direction, uint8_t proto, struct region *region)
{
	const struct ip_prefix *own = &prefixes->row[at].prefix;

	for (unsigned i = 0; i < at; i++) {
		struct region wider;
		if (!prefix_covers(&prefixes->row[i].prefix, own))
			continue;
		region_from_rules(&wider, c->policy, c->world, direction, &prefixes->row[i], proto,
			own->address.version, NULL);
		region_cut(region, &wider);
	}
	region_tidy(region);
}

static void
compile_prefix(struct compiler *c, const struct prefixes *prefixes, unsigned at,
	enum policy_direction direction)
{
	const struct target *target = &prefixes->row[at];
	struct policy_entry like = {
		.kind = direction == DIRECTION_FROM_DEVICE ? POLICY_ENTRY_ADDRESS
							   : POLICY_ENTRY_DOOR,
		.prefix_length = target->prefix.length,
		.address = target->prefix.address,
	};
	uint8_t version = target->prefix.address.version;
	struct batch batch = {0};

	for (size_t p = 0; p < COUNT_OF(protos); p++) {
		struct region region;

		if ((protos[p] == 1 && version == 6) || (protos[p] == 58 && version == 4))
			continue;
		region_from_rules(&region, c->policy, c->world, direction, target, protos[p],
			version, c->faults);
		cut_enclosing(c, prefixes, at, direction, protos[p], &region);
		batch_add_region(&batch, &like, version, protos[p], &region);
	}
	batch_keep(c, &batch, target);
}

static void
compile_prefixes(struct compiler *c, enum policy_direction direction)
{
	struct prefixes *prefixes = must_alloc(1, sizeof *prefixes);

	memset(prefixes, 0, sizeof *prefixes);
	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct policy_rule *rule = &c->policy->rule[i];
		char text[PREFIX_TEXT_MAX];

		if (rule->action != POLICY_ACCEPT || rule->direction != direction)
			continue;
		if (rule->remote == REMOTE_INTERNET)
			add_internet(prefixes);
		else if (rule->remote == REMOTE_PREFIX && is_lan_only(c, &rule->prefix))
			policy_faults_add(c->faults, rule->id,
				"%s is at home; introduce the device instead",
				prefix_render(&rule->prefix, text));
		else if (rule->remote == REMOTE_PREFIX)
			prefixes_add(prefixes, &rule->prefix, prefix_is_outside(&rule->prefix));
		else if (direction == DIRECTION_TO_DEVICE &&
			 (rule->remote == REMOTE_NAME || rule->remote == REMOTE_SUFFIX))
			policy_faults_add(c->faults, rule->id,
				"a door cannot be opened to a name; give its address");
	}
	if (prefixes->is_full)
		policy_faults_add(c->faults, 0, "too many prefixes; the last are not allowed");
	if (prefixes->n)
		qsort(prefixes->row, prefixes->n, sizeof *prefixes->row, prefix_order);
	for (unsigned i = 0; i < prefixes->n; i++)
		compile_prefix(c, prefixes, i, direction);
	free(prefixes);
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
	for (size_t p = 0; p < 2; p++) {
		if (rule->proto && rule->proto != protos[p])
			continue;
		if (c->out->n_entries == POLICY_ENTRIES_MAX) {
			policy_faults_add(c->faults, rule->id, "no room for this denial");
			return;
		}
		c->out->entry[c->out->n_entries++] = (struct policy_entry){
			.kind = POLICY_ENTRY_DENY,
			.proto = protos[p],
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
		if (rule->proto == 1 || rule->proto == 58) {
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
	struct names names = {0};

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
	if (policy->state == DEVICE_ENFORCE) {
		compile_names(&c, &names);
		compile_prefixes(&c, DIRECTION_FROM_DEVICE);
		compile_gateway(&c);
	}
	assign_slots(&names, *slots);
	view_from_names(&c, &names);
	free(*slots);
	*slots = slots_from_names(&names);
}

/* --- the same question to the compiled form --------------------------------------------------------------------------------------------- */

static bool
entry_has_ports(const struct policy_entry *entry, const struct policy_flow *flow)
{
	if (entry->proto != flow->proto)
		return false;
	if (flow->proto == 1 || flow->proto == 58)
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
