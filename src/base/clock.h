/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_CLOCK_H
#define PINFOLD_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The only place that reads the time, so that tests turn it by hand.
 * Monotonic time orders and measures; wall time is only shown and stored.
 */
uint64_t clock_monotonic_ns(void);
int64_t clock_wall_s(void);

/*
 * Is the wall clock to be believed?  Only when the kernel was told the time
 * (NTP, or by hand in step), and it is not before this was written.  A board
 * without a battery wakes long ago, and must ask for the time before it can
 * judge a signature.
 */
bool clock_is_trusted(void);
enum { CLOCK_SANE_S = 1764547200 }; /* 2025-12-01 */

/* From now on both clocks stand still at these values until set again (tests). */
void clock_set_for_test(uint64_t monotonic_ns, int64_t wall_s);

#define CLOCK_SECOND_NS UINT64_C(1000000000)
#define CLOCK_MS_NS     UINT64_C(1000000)

#endif
