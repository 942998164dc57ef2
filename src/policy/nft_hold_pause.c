/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "policy/nft_hold_inside.h"

bool
hold_is_paused(const struct hold *hold, uint32_t device)
{
	const struct hold_record *record =
		device <= DEVICE_NUMBER_MAX ? hold->record[device] : NULL;
	return record && record->pause_ends_ns > clock_monotonic_ns();
}

static bool
is_of_ended_pause(const struct flow *flow, uint32_t mark, void *arg)
{
	return !hold_is_paused(arg, mark & NFT_MARK_NUMBER);
}

static void
cut_paused(struct hold *hold, uint32_t device)
{
	uint32_t cut = 0;

	if (hold->conntrack &&
		conntrack_cut(hold->conntrack, device | NFT_MARK_BY_PAUSE,
			NFT_MARK_NUMBER | NFT_MARK_BY_PAUSE, is_of_ended_pause, hold, &cut))
		log_warn("rules",
			"flows of an ended pause cannot be read; no packet of them passes");
}

void
hold_cut_ended_pauses(struct hold *hold)
{
	uint32_t cut = 0;

	if (hold->conntrack && conntrack_cut(hold->conntrack, NFT_MARK_BY_PAUSE, NFT_MARK_BY_PAUSE,
				       is_of_ended_pause, hold, &cut))
		log_warn("rules", "flows of ended pauses cannot be read; no packet of them passes");
}

void
hold_pause(struct hold *hold, const struct message_pause *pause, struct message_done *done,
	struct fault *why)
{
	struct hold_record *record = hold->record[pause->device];
	uint64_t ends_ns = clock_monotonic_ns() + pause->seconds * CLOCK_SECOND_NS;
	struct nft_element element = hold_number_element(NFT_PAUSE, pause->device, ends_ns);

	*done = (struct message_done){.device = pause->device};
	if (!record) {
		fault_set(why, ERR_NOT_FOUND, "no such device");
		hold_fail(done, ERR_NOT_FOUND);
		return;
	}
	done->generation = record->policy->generation;
	nft_apply_begin(hold->apply);
	hold_want_or_drop(hold, &element, pause->seconds);
	if (hold_commit(hold, done, why))
		return;
	hold->n_paused += (pause->seconds != 0) - (record->pause_ends_ns != 0);
	record->pause_ends_ns = pause->seconds ? ends_ns : 0;
	if (!pause->seconds)
		cut_paused(hold, pause->device);
}

void
hold_tick(struct hold *hold)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (uint32_t i = 1; hold->n_paused && i <= DEVICE_NUMBER_MAX; i++) {
		struct hold_record *record = hold->record[i];
		if (!record || !record->pause_ends_ns || record->pause_ends_ns > now_ns)
			continue;
		record->pause_ends_ns = 0;
		hold->n_paused--;
		cut_paused(hold, i);
	}
}
