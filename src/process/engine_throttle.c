/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_throttle.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static struct row {
	char key[96]; /* empty: free */
	unsigned failures;
	uint64_t last_ns;
} rows[THROTTLE_ROWS];

static struct row *
find(const char *key, uint64_t now_ns)
{
	for (int i = 0; i < THROTTLE_ROWS; i++) {
		struct row *row = &rows[i];
		if (!*row->key || strncmp(row->key, key, sizeof row->key - 1))
			continue;
		if (now_ns - row->last_ns > THROTTLE_FORGET_S * CLOCK_SECOND_NS)
			row->key[0] = '\0';
		return *row->key ? row : NULL;
	}
	return NULL;
}

static struct row *
room(void)
{
	struct row *oldest = &rows[0];

	for (int i = 0; i < THROTTLE_ROWS; i++) {
		if (!*rows[i].key)
			return &rows[i];
		if (rows[i].last_ns < oldest->last_ns)
			oldest = &rows[i];
	}
	return oldest;
}

uint32_t
throttle_wait_s(const char *key, uint64_t now_ns)
{
	const struct row *row = find(key, now_ns);

	if (!row || row->failures <= THROTTLE_FREE)
		return 0;
	unsigned steps = row->failures - THROTTLE_FREE;
	uint64_t wait_s = steps > 6 ? THROTTLE_S_MAX : UINT64_C(1) << (steps - 1);
	if (wait_s > THROTTLE_S_MAX)
		wait_s = THROTTLE_S_MAX;
	uint64_t until_ns = row->last_ns + wait_s * CLOCK_SECOND_NS;
	return until_ns <= now_ns ? 0 : (uint32_t)((until_ns - now_ns - 1) / CLOCK_SECOND_NS + 1);
}

void
throttle_failed(const char *key, uint64_t now_ns)
{
	struct row *row = find(key, now_ns);

	if (!row) {
		row = room();
		*row = (struct row){0};
		snprintf(row->key, sizeof row->key, "%s", key);
	}
	row->failures++;
	row->last_ns = now_ns;
}

void
throttle_forget(const char *key)
{
	for (int i = 0; i < THROTTLE_ROWS; i++)
		if (!strncmp(rows[i].key, key, sizeof rows[i].key - 1))
			rows[i].key[0] = '\0';
}
