/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_CLOCK_H
#define PINFOLD_BASE_CLOCK_H

#include <stdint.h>

/*
 * The only place that reads the time, so that tests turn it by hand.
 * Monotonic time orders and measures; wall time is only shown and stored.
 */
uint64_t clock_monotonic_ns(void);
int64_t clock_wall_s(void);

/* From now on both clocks stand still at these values until set again (tests). */
void clock_set_for_test(uint64_t monotonic_ns, int64_t wall_s);

#define CLOCK_SECOND_NS UINT64_C(1000000000)
#define CLOCK_MS_NS     UINT64_C(1000000)

#endif
