/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "test.h"

TEST(a_clock_that_woke_long_ago_is_not_believed)
{
	clock_set_for_test(5 * CLOCK_SECOND_NS, 0);
	EXPECT(!clock_is_trusted());
	clock_set_for_test(5 * CLOCK_SECOND_NS, CLOCK_SANE_S - 1);
	EXPECT(!clock_is_trusted());
	clock_set_for_test(5 * CLOCK_SECOND_NS, CLOCK_SANE_S);
	EXPECT(clock_is_trusted());
}
