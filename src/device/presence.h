/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_DEVICE_PRESENCE_H
#define PINFOLD_DEVICE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is a device silent that should not be?  Its usual silence is learned: the longest
 * of the last two hours.  One that is heard at least every PRESENCE_OFTEN_MS is missed
 * within a minute of its last sign; of one that is heard less often nothing is said.
 *
 * Pure: fed with how long it has been silent, as often as its owner likes, once in
 * PRESENCE_STEP_MS at least.
 */
enum {
	PRESENCE_STEP_MS = 2000,
	PRESENCE_OFTEN_MS = 25000, /* twice that, and a step, is within the minute */
	PRESENCE_MISSED_MS = 56000,
	PRESENCE_PATIENCE_MS = 10000, /* a shorter silence is never told */
	PRESENCE_LEARN_MS = 30000,    /* before that nothing is usual */
	PRESENCE_LEARN_GAPS = 4,
	PRESENCE_SHORT_MS = 10 * 60000, /* who comes back so soon, and so often, has a new habit */
	PRESENCE_SHORT_TIMES = 3,
	PRESENCE_PARTS = 8,
	PRESENCE_PART_MS = 15 * 60000,
};

enum presence_change {
	PRESENCE_SAME,
	PRESENCE_LOST, /* it is missed from now on */
	PRESENCE_BACK, /* and is heard again; gone_ms says after how long */
};

struct presence {
	uint64_t since_ms, heard_ms; /* monotonic; 0: not begun, not heard */
	uint64_t part_ms;            /* when the part that is filled now began */
	uint32_t longest_ms[PRESENCE_PARTS];
	uint32_t n_gaps, gone_ms;
	uint8_t part, n_short;
	bool is_missed;
};

/* silent_ms: since its last sign of life, as of now_ms. */
enum presence_change presence_update(struct presence *, uint32_t silent_ms, uint64_t now_ms);

/* The longest silence that is usual; 0: not known yet. */
uint32_t presence_usual_ms(const struct presence *);

/* After how long a silence it is missed; 0: never, it is heard too seldom or not known yet. */
uint32_t presence_limit_ms(const struct presence *);

#endif
