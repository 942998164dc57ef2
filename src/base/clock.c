/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdbool.h>
#include <sys/timex.h>
#include <time.h>

static bool stopped;
static uint64_t stopped_ns;
static int64_t stopped_s;

void
clock_set_for_test(uint64_t monotonic_ns, int64_t wall_s)
{
	stopped = true;
	stopped_ns = monotonic_ns;
	stopped_s = wall_s;
}

uint64_t
clock_monotonic_ns(void)
{
	struct timespec now;

	if (stopped)
		return stopped_ns;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_SECOND_NS + (uint64_t)now.tv_nsec;
}

int64_t
clock_wall_s(void)
{
	struct timespec now;

	if (stopped)
		return stopped_s;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

bool
clock_is_trusted(void)
{
	struct timex timex = {.modes = 0}; /* reads, sets nothing */

	if (clock_wall_s() < CLOCK_SANE_S)
		return false;
	return stopped || (adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC));
}
