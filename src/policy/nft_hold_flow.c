/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "policy/nft_hold_inside.h"

enum {
	CUT_ROUNDS = 4,
	FLOWS_A_WALK = 3000,  /* being shown so many flows takes as long as walking their table */
	REVIVE_S = 5,         /* how long a running flow's address is open again while we judge */
	LEAVE_AT_ONCE = 1024, /* devices that leave recheck in one batch */
};

uint32_t
hold_number_at(const struct hold *hold, const struct ip *address)
{
	struct nft_element element = {.set = address->version == 4 ? NFT_ADDRESS4 : NFT_ADDRESS6};
	uint32_t data;

	memcpy(element.key, address->byte, address->version == 4 ? 4 : 16);
	return nft_apply_find_data(hold->apply, &element, &data) ? data & NFT_MARK_NUMBER : 0;
}

bool
hold_is_penned(const struct hold_record *record)
{
	return record && record->policy->state != DEVICE_ENFORCE &&
	       record->policy->state != DEVICE_OBSERVE && record->policy->state != DEVICE_TRUSTED;
}

static bool
is_forbidden(const struct flow *flow, uint32_t mark, void *arg)
{
	const struct hold *hold = arg;
	uint32_t from = hold_number_at(hold, &flow->source),
		 to = hold_number_at(hold, &flow->target);

	if (mark & NFT_MARK_BY_PAUSE)
		return !hold_is_paused(hold, mark & NFT_MARK_NUMBER) || (!from && !to);
	if (to && hold_is_penned(hold->record[to]))
		return true;
	if (from) {
		const struct hold_record *record = hold->record[from];
		/* Not known yet after a restart: its policy will judge. */
		return record && !policy_allows_flow(record->policy, record->opened,
					 record->n_opened, flow, to);
	}
	if (to)
		return hold->record[to] && !policy_opens_door(hold->record[to]->policy, flow);
	return true;
}

void
hold_marks_add(struct hold_marks *marks, uint32_t number)
{
	for (unsigned i = 0; i < marks->n; i++)
		if (marks->number[i] == number)
			return;
	assert(marks->n < COUNT_OF(marks->number));
	marks->number[marks->n++] = number;
}

void
hold_marks_add_peers(struct hold_marks *marks, const struct message_policy *policy)
{
	for (int i = 0; policy && i < policy->n_entries; i++)
		if (policy->entry[i].kind == POLICY_ENTRY_NEIGHBOUR)
			hold_marks_add(marks, policy->entry[i].peer);
}

static bool
is_rechecked(const struct hold *hold, uint32_t number)
{
	return hold->is_rechecked[number / 8] >> (number % 8) & 1;
}

void
hold_look_at_flows_of(struct hold *hold, uint32_t number)
{
	if (is_rechecked(hold, number))
		return;
	if (hold->n_rechecked == hold->room_rechecked) {
		hold->room_rechecked = hold->room_rechecked ? 2 * hold->room_rechecked : 64;
		uint32_t *more = must_alloc(hold->room_rechecked, sizeof *more);
		if (hold->n_rechecked)
			memcpy(more, hold->rechecked, hold->n_rechecked * sizeof *more);
		free(hold->rechecked);
		hold->rechecked = more;
	}
	hold->rechecked[hold->n_rechecked++] = number;
	hold->cut_rounds = 0;
	hold->is_rechecked[number / 8] |= (uint8_t)(1u << number % 8);
}

void
hold_look_at_flows(struct hold *hold, const struct hold_marks *marks)
{
	for (unsigned i = 0; i < marks->n; i++)
		hold_look_at_flows_of(hold, marks->number[i]);
}

static bool
is_forbidden_now(const struct flow *flow, uint32_t mark, void *arg)
{
	return is_rechecked(arg, mark & NFT_MARK_NUMBER) && is_forbidden(flow, mark, arg);
}

/* Whichever is less work: the table walked once for each device, or every flow shown to us. */
static enum err
cut_once(struct hold *hold, uint32_t *cut)
{
	enum err err = ERR_OK;

	if (!hold->conntrack)
		return ERR_OK;
	if (conntrack_count(hold->conntrack) / FLOWS_A_WALK + 1 < hold->n_rechecked)
		return conntrack_cut(hold->conntrack, 0, 0, is_forbidden_now, hold, cut);
	for (uint32_t i = 0; !err && i < hold->n_rechecked; i++)
		err = conntrack_cut(hold->conntrack, hold->rechecked[i], NFT_MARK_NUMBER,
			is_forbidden_now, hold, cut);
	return err;
}

bool
hold_cut_is_due(const struct hold *hold)
{
	return hold->n_rechecked != 0;
}

static enum err
leave_recheck(struct hold *hold)
{
	struct nft_outcome outcome;
	enum err err = ERR_OK;

	for (uint32_t at = 0; !err && at < hold->n_rechecked;) {
		nft_apply_begin(hold->apply);
		for (int i = 0; i < LEAVE_AT_ONCE && at < hold->n_rechecked; i++) {
			struct nft_element element =
				hold_number_element(NFT_RECHECK, hold->rechecked[at++], 0);
			nft_apply_drop(hold->apply, &element);
		}
		err = nft_apply_commit(hold->apply, &outcome);
	}
	return err;
}

uint32_t
hold_cut(struct hold *hold)
{
	static struct log_once trouble;
	uint32_t cut = 0;

	if (!hold->n_rechecked)
		return 0;
	enum err err = cut_once(hold, &cut);
	/* Until a round finds nothing: a packet that was on its way may have begun a flow meanwhile. */
	if (!err && cut && ++hold->cut_rounds < CUT_ROUNDS)
		return cut;
	if (!err)
		err = leave_recheck(hold);
	if (err) {
		/* They stay in recheck: slower, and safe. */
		if (log_once(&trouble))
			log_warn("rules", "running flows are checked packet by packet");
		return 0;
	}
	log_once_over(&trouble);
	for (uint32_t i = 0; i < hold->n_rechecked; i++)
		hold->is_rechecked[hold->rechecked[i] / 8] = 0;
	hold->n_rechecked = 0;
	return cut;
}

struct reviving {
	struct hold_record *record;
	const struct message_policy *policy;
	bool is_any;
};

/* Most have no address that ended: then there is nothing to look for among the flows. */
static bool
has_ended(const struct hold_record *record, const struct message_policy *policy)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (int i = 0; i < record->n_opened; i++)
		if (record->opened[i].expires_ns <= now_ns &&
			policy_has_slot(policy, record->opened[i].slot))
			return true;
	return false;
}

static bool
revive(const struct flow *flow, uint32_t mark, void *arg)
{
	struct reviving *reviving = arg;
	uint64_t now_ns = clock_monotonic_ns();

	for (int i = 0; i < reviving->record->n_opened; i++) {
		struct nft_opened *opened = &reviving->record->opened[i];
		if (opened->expires_ns > now_ns || !ip_is_equal(&opened->address, &flow->target) ||
			!policy_has_slot(reviving->policy, opened->slot))
			continue;
		opened->expires_ns = now_ns + REVIVE_S * CLOCK_SECOND_NS;
		reviving->is_any = true;
	}
	return false;
}

bool
hold_revive(struct hold *hold, struct hold_record *record, const struct message_policy *policy)
{
	struct reviving reviving = {.record = record, .policy = policy};
	uint32_t none = 0;

	/* Only a held device has slots; whoever is contained is not kept waiting for them. */
	if (!hold->conntrack || policy->state != DEVICE_ENFORCE || !has_ended(record, policy))
		return false;
	return !conntrack_cut(hold->conntrack, policy->device, NFT_MARK_NUMBER, revive, &reviving,
		       &none) &&
	       reviving.is_any;
}
