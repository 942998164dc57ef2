/* SPDX-License-Identifier: Apache-2.0 */
#include "process/bucket.h"

#include "base/clock.h"

bool
bucket_take(struct bucket *bucket, uint64_t now_ns, uint32_t per_second, uint32_t burst)
{
	uint64_t full = (uint64_t)burst * 1000;

	if (!bucket->at_ns) {
		bucket->milli = (uint32_t)full;
		bucket->at_ns = now_ns;
	}
	uint64_t passed_ns = now_ns - bucket->at_ns;
	if (passed_ns > 3600 * CLOCK_SECOND_NS)
		passed_ns = 3600 * CLOCK_SECOND_NS;
	uint64_t grown = passed_ns * per_second / (CLOCK_SECOND_NS / 1000);
	if (grown) {
		/* Only when a thousandth has grown, or a fast asker would never see one. */
		bucket->at_ns = now_ns;
		bucket->milli =
			(uint32_t)(bucket->milli + grown > full ? full : bucket->milli + grown);
	}
	if (bucket->milli < 1000)
		return false;
	bucket->milli -= 1000;
	return true;
}
