/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_BUCKET_H
#define PINFOLD_PROCESS_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* A token bucket in thousandths; all zero is a full one that was never used. */
struct bucket {
	uint64_t at_ns;
	uint32_t milli;
};

/* True, and one token less, if the rate per second with this burst permits one more now. */
bool bucket_take(struct bucket *, uint64_t now_ns, uint32_t per_second, uint32_t burst);

#endif
