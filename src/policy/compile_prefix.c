/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "policy/compile_inside.h"

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
	struct compile_target row[PREFIXES_MAX];
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
		prefixes->row[prefixes->n++] = (struct compile_target){
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
		if (compile_prefix_covers(&cut, &prefix))
			return;
		is_mixed |= compile_prefix_covers(&prefix, &cut);
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

	if (prefix->address.version == 6 && !compile_prefix_covers(&global, prefix))
		return false;
	for (size_t i = 0; i < COUNT_OF(inside); i++) {
		struct ip_prefix cut = inside_at(i);
		if (compile_prefix_covers(&cut, prefix) || compile_prefix_covers(prefix, &cut))
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
		if (compile_prefix_covers(&c->world->lan[i], prefix))
			return true;
	return false;
}

static int
prefix_order(const void *a, const void *b)
{
	const struct compile_target *x = a, *y = b;

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
		if (!compile_prefix_covers(&prefixes->row[i].prefix, own))
			continue;
		compile_region(&wider, c->policy, c->world, direction, &prefixes->row[i], proto,
			own->address.version, NULL);
		region_cut(region, &wider);
	}
	region_tidy(region);
}

static void
compile_prefix(struct compiler *c, const struct prefixes *prefixes, unsigned at,
	enum policy_direction direction)
{
	const struct compile_target *target = &prefixes->row[at];
	struct policy_entry like = {
		.kind = direction == DIRECTION_FROM_DEVICE ? POLICY_ENTRY_ADDRESS
							   : POLICY_ENTRY_DOOR,
		.prefix_length = target->prefix.length,
		.address = target->prefix.address,
	};
	uint8_t version = target->prefix.address.version;
	struct compile_batch batch = {0};

	for (size_t p = 0; p < COUNT_OF(compile_protos); p++) {
		struct region region;

		if ((compile_protos[p] == IPPROTO_ICMP && version == 6) ||
			(compile_protos[p] == IPPROTO_ICMPV6 && version == 4))
			continue;
		compile_region(&region, c->policy, c->world, direction, target, compile_protos[p],
			version, c->faults);
		cut_enclosing(c, prefixes, at, direction, compile_protos[p], &region);
		compile_batch_add(&batch, &like, version, compile_protos[p], &region);
	}
	compile_batch_keep(c, &batch, target);
}

void
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
