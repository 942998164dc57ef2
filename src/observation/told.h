/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_TOLD_H
#define PINFOLD_OBSERVATION_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "message/observed.h"
#include "observation/keyed_hash.h"

/*
 * What was told a moment ago, so that a television that announces itself five
 * times a second is not five rows a second for the engine.
 *
 * A fixed table of digests; a claim that is equal to one told within the time
 * of its kind is suppressed and counted.  When a bucket is full the one told
 * longest ago goes, so the worst that a flood can do is to have claims told
 * more often.  What concerns leases, denials and flows is never suppressed for
 * longer than a second.
 */
enum { TOLD_BUCKETS = 4096, TOLD_WAYS = 4 };

struct told {
	struct hash_key key;
	uint64_t suppressed[OBSERVED_COUNT];
	struct told_entry {
		uint64_t digest, at_ns;
	} entry[TOLD_BUCKETS][TOLD_WAYS];
};

/* About 260 KB; the key comes from the system's random source. */
struct told *told_new(const struct hash_key *);
void told_free(struct told *);

/*
 * Was this told a moment ago?  If not, it is now.  digest: keyed_hash() with
 * the table's key of all that makes the claim what it is, its kind included.
 */
bool told_lately(struct told *, enum observed, uint64_t digest, uint64_t now_ns);

/* Who was told is gone: everything is told again.  The counts stay. */
void told_forget(struct told *);

/* Sum over all kinds. */
uint64_t told_suppressed(const struct told *);

#endif
