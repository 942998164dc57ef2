/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "policy/compile_inside.h"

/* The constants of FNV-1a, 32 bits. */
#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u

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
	uint32_t sum = FNV_BASIS ^ is_suffix;

	for (unsigned i = 0; i < n; i++) {
		const uint16_t word[] = {entry[i].version, entry[i].proto, entry[i].port_lo,
			entry[i].port_hi, entry[i].source_lo, entry[i].source_hi};
		for (size_t k = 0; k < COUNT_OF(word); k++)
			sum = (sum ^ word[k]) * FNV_PRIME;
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
	struct compile_target target = {
		.kind = is_suffix ? TARGET_SUFFIX : TARGET_NAME, .text = text};
	struct policy_entry like = {.kind = POLICY_ENTRY_SLOT};
	struct compile_batch batch = {0};

	if (has_named(names, text, is_suffix))
		return;
	if (policy_name_is_local(text)) {
		policy_faults_add(c->faults, 0,
			"\"%.60s\" is a name of the home; introduce the device instead", text);
		return;
	}
	for (size_t p = 0; p < COUNT_OF(compile_protos); p++) {
		struct region by_version[2];

		for (int v = 0; v < 2; v++)
			compile_region(&by_version[v], c->policy, c->world, DIRECTION_FROM_DEVICE,
				&target, compile_protos[p], v ? 6 : 4, c->faults);
		compile_batch_add_versions(&batch, &like, compile_protos[p], by_version);
	}
	if (!batch.n)
		return;
	if (names->n == POLICY_SLOTS_MAX) {
		policy_faults_add(c->faults, 0, "\"%.60s\" is a name too many; not allowed", text);
		return;
	}
	unsigned first = c->out->n_entries;
	if (!compile_batch_keep(c, &batch, &target))
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

void
compile_names(struct compiler *c, struct compiled_slots **slots)
{
	struct names names = {0};

	/* Who is not held needs no slots; its map is empty from now on. */
	for (size_t i = 0; c->policy->state == DEVICE_ENFORCE && i < c->policy->n_rules; i++) {
		const struct policy_rule *rule = &c->policy->rule[i];
		if (rule->action == POLICY_ACCEPT && rule->direction == DIRECTION_FROM_DEVICE &&
			(rule->remote == REMOTE_NAME || rule->remote == REMOTE_SUFFIX))
			compile_name(c, &names, policy_text(c->policy, rule->text),
				rule->remote == REMOTE_SUFFIX);
	}
	assign_slots(&names, *slots);
	view_from_names(c, &names);
	free(*slots);
	*slots = slots_from_names(&names);
}
