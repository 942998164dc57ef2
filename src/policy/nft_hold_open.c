/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "policy/nft_hold_inside.h"

enum {
	OPEN_MAX_S = 24 * 3600, /* no address stays open longer on one answer */
	OPENED_START = 8,
};

static struct nft_opened *
find_opened(struct hold_record *record, uint16_t slot, const struct ip *address)
{
	for (int i = 0; i < record->n_opened; i++)
		if (record->opened[i].slot == slot &&
			ip_is_equal(&record->opened[i].address, address))
			return &record->opened[i];
	return NULL;
}

void
hold_remember_opened(struct hold_record *record, const struct nft_opened *opened)
{
	struct nft_opened *at = find_opened(record, opened->slot, &opened->address);

	if (at) {
		if (at->expires_ns < opened->expires_ns)
			at->expires_ns = opened->expires_ns;
		return;
	}
	if (record->n_opened < record->room) {
		at = &record->opened[record->n_opened++];
	} else if (record->room < NFT_OPENED_MAX) {
		uint16_t room = record->room ? (uint16_t)(record->room * 2) : OPENED_START;
		struct nft_opened *more = must_alloc(room, sizeof *more);
		if (record->n_opened)
			memcpy(more, record->opened, record->n_opened * sizeof *more);
		free(record->opened);
		record->opened = more;
		record->room = room;
		at = &record->opened[record->n_opened++];
	} else {
		at = &record->opened[0];
		for (int i = 1; i < record->n_opened; i++)
			if (record->opened[i].expires_ns < at->expires_ns)
				at = &record->opened[i];
	}
	*at = *opened;
}

/*
 * A slot stays itself from one policy to the next only if each of its entries
 * is there again; its number belongs to the name (policy/compile.c), and is not
 * given to another one at once.  Otherwise an address opened for one name would
 * be open for another.
 */
static bool
is_same_entry(const struct policy_entry *a, const struct policy_entry *b)
{
	struct policy_entry same = *b;

	same.rule = a->rule; /* whose it is changes nothing about what passes */
	return !memcmp(a, &same, sizeof same);
}

static bool
is_same_slot(const struct message_policy *old, const struct message_policy *new, uint16_t slot)
{
	bool is_there = false;

	for (int i = 0; i < old->n_entries; i++) {
		bool is_again = false;
		if (old->entry[i].kind != POLICY_ENTRY_SLOT || old->entry[i].slot != slot)
			continue;
		for (int j = 0; j < new->n_entries && !is_again; j++)
			is_again = is_same_entry(&old->entry[i], &new->entry[j]);
		if (!is_again)
			return false;
		is_there = true;
	}
	return is_there;
}

void
hold_keep_opened_of_same_slots(struct hold_record *record, const struct message_policy *new)
{
	int kept = 0;

	for (int i = 0; i < record->n_opened; i++)
		if (is_same_slot(record->policy, new, record->opened[i].slot))
			record->opened[kept++] = record->opened[i];
	record->n_opened = (uint16_t)kept;
}

/* Those that have not ended, in a row for the renderer. */
unsigned
hold_current_opened(const struct hold_record *record, struct nft_opened out[static NFT_OPENED_MAX])
{
	uint64_t now_ns = clock_monotonic_ns();
	unsigned n = 0;

	for (int i = 0; record && i < record->n_opened; i++)
		if (record->opened[i].expires_ns > now_ns)
			out[n++] = record->opened[i];
	return n;
}

static bool
may_be_opened(const struct hold *hold, const struct ip *address)
{
	return !ip_is_inside(address) && !prefix_contains(&hold->settings.lan4, address) &&
	       !prefix_contains(&hold->settings.lan6, address) &&
	       !hold_is_delegated(hold, address) &&
	       !ip_is_equal(address, &hold->settings.uplink4.address) &&
	       !ip_is_equal(address, &hold->settings.uplink6.address);
}

/* Asked for in the batch that was begun, unless it is open as long already. */
static void
want_longer(struct hold *hold, const struct nft_element *element)
{
	uint64_t there_ns;
	bool is_there = nft_apply_holds(hold->apply, element, &there_ns);

	if (!is_there || (there_ns && there_ns < element->expires_ns))
		nft_apply_want(hold->apply, element);
}

static void
open_one(struct hold *hold, struct hold_record *record, const struct nft_opened *opened,
	struct message_done *done, struct fault *why)
{
	nft_apply_begin(hold->apply);
	for (unsigned i = 0; i < hold->elements.n; i++)
		want_longer(hold, &hold->elements.row[i]);
	if (!hold_commit(hold, done, why))
		hold_remember_opened(record, opened);
}

/* Intervals must stay disjoint: the whole device is rendered anew. */
static void
open_among_intervals(struct hold *hold, struct hold_record *record, const struct nft_opened *opened,
	struct message_done *done, struct fault *why)
{
	const struct nft_opened *before = find_opened(record, opened->slot, &opened->address);
	uint64_t ended_ns = before ? before->expires_ns : 0;

	hold_remember_opened(record, opened);
	enum err err = hold_render(hold, record->policy, record, why);
	if (err) {
		hold_fail(done, ERR_FULL);
	} else {
		nft_apply_begin(hold->apply);
		for (unsigned i = 0; i < hold->elements.n; i++)
			nft_apply_want(hold->apply, &hold->elements.row[i]);
		nft_apply_drop_rest(hold->apply, record->policy->device);
		err = hold_commit(hold, done, why);
	}
	if (err) /* not open after all: forget that it was */
		find_opened(record, opened->slot, &opened->address)->expires_ns = ended_ns;
}

void
hold_open(struct hold *hold, const struct message_open *open, struct message_done *done,
	struct fault *why)
{
	struct hold_record *record = hold->record[open->device];
	uint32_t seconds = open->seconds < OPEN_MAX_S ? open->seconds : OPEN_MAX_S;
	struct nft_opened opened = {.address = open->address,
		.slot = open->slot,
		.expires_ns = clock_monotonic_ns() + seconds * CLOCK_SECOND_NS};

	*done = (struct message_done){.device = open->device, .generation = open->generation};
	if (!record) {
		hold_fail(done, ERR_NOT_FOUND);
		return;
	}
	if (open->generation != record->policy->generation) {
		hold_fail(
			done, open->generation < record->policy->generation ? ERR_STALE : ERR_BUSY);
		return;
	}
	if (!may_be_opened(hold, &open->address)) {
		fault_set(why, ERR_DENIED, "an address inside is never opened by name");
		hold_fail(done, ERR_DENIED);
		return;
	}
	if (!policy_has_slot(record->policy, open->slot)) {
		hold_fail(done, ERR_NOT_OURS);
		return;
	}
	hold->elements.n = 0;
	hold->elements.work = 0;
	if (nft_render_opened(&hold->elements, record->policy, &opened))
		open_one(hold, record, &opened, done, why);
	else
		open_among_intervals(hold, record, &opened, done, why);
}
