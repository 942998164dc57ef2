/* SPDX-License-Identifier: Apache-2.0 */
#include "device/presence.h"

static uint32_t
longest_of(const struct presence *presence)
{
	uint32_t longest = 0;

	for (int i = 0; i < PRESENCE_PARTS; i++)
		if (presence->longest_ms[i] > longest)
			longest = presence->longest_ms[i];
	return longest;
}

uint32_t
presence_usual_ms(const struct presence *presence)
{
	bool is_learned = presence->n_gaps >= PRESENCE_LEARN_GAPS &&
			  presence->heard_ms >= presence->since_ms + PRESENCE_LEARN_MS;

	return is_learned ? longest_of(presence) : 0;
}

uint32_t
presence_limit_ms(const struct presence *presence)
{
	uint32_t usual = presence_usual_ms(presence);

	if (!usual || usual > PRESENCE_OFTEN_MS)
		return 0;
	uint32_t limit = 2 * usual + PRESENCE_STEP_MS;
	if (limit < PRESENCE_PATIENCE_MS)
		limit = PRESENCE_PATIENCE_MS;
	return limit < PRESENCE_MISSED_MS ? limit : PRESENCE_MISSED_MS;
}

static void
learn(struct presence *presence, uint32_t gap_ms, uint64_t now_ms)
{
	if (now_ms - presence->part_ms >= PRESENCE_PART_MS) {
		presence->part = (uint8_t)((presence->part + 1) % PRESENCE_PARTS);
		presence->part_ms = now_ms;
		presence->longest_ms[presence->part] = 0;
	}
	if (gap_ms > presence->longest_ms[presence->part])
		presence->longest_ms[presence->part] = gap_ms;
	if (presence->n_gaps < PRESENCE_LEARN_GAPS)
		presence->n_gaps++;
}

/*
 * A silence that was missed is no habit, or the next would be missed later; but one
 * that is short enough to be told in time, or comes again and again, is.
 */
static bool
is_habit(struct presence *presence, uint32_t gap_ms)
{
	if (gap_ms <= PRESENCE_OFTEN_MS)
		return true;
	if (gap_ms > PRESENCE_SHORT_MS || ++presence->n_short < PRESENCE_SHORT_TIMES)
		return false;
	presence->n_short = 0;
	return true;
}

enum presence_change
presence_update(struct presence *presence, uint32_t silent_ms, uint64_t now_ms)
{
	uint64_t heard_ms = silent_ms < now_ms ? now_ms - silent_ms : 0;

	if (!presence->since_ms) {
		presence->since_ms = presence->part_ms = now_ms;
		presence->heard_ms = heard_ms;
		return PRESENCE_SAME;
	}
	/* Clocks that are read apart differ by some milliseconds: that is no sign of life. */
	if (heard_ms > presence->heard_ms + PRESENCE_STEP_MS / 20) {
		uint32_t gap_ms = (uint32_t)(heard_ms - presence->heard_ms);
		bool was_missed = presence->is_missed;
		presence->heard_ms = heard_ms;
		presence->is_missed = false;
		if (was_missed) {
			presence->gone_ms = gap_ms;
			if (is_habit(presence, gap_ms))
				learn(presence, gap_ms, now_ms);
			return PRESENCE_BACK;
		}
		/* What came before the first look says nothing of its habits. */
		if (heard_ms > presence->since_ms)
			learn(presence, gap_ms, now_ms);
		return PRESENCE_SAME;
	}
	uint32_t limit = presence_limit_ms(presence);
	if (presence->is_missed || !limit || now_ms - presence->heard_ms < limit)
		return PRESENCE_SAME;
	presence->is_missed = true;
	return PRESENCE_LOST;
}
