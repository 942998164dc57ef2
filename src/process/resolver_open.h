/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RESOLVER_OPEN_H
#define PINFOLD_PROCESS_RESOLVER_OPEN_H

#include "process/resolver_view.h"

/*
 * What the enforcer has acknowledged as open, so that an answer that needs
 * nothing new can leave without asking.  Forgetting an entry early costs a
 * round trip; remembering one for too long would cost a device its server, so
 * an entry never outlives what was asked of the enforcer.
 *
 * Bounds: OPEN_A_SLOT addresses for one device and slot, OPEN_A_DEVICE for one
 * device, OPEN_MAX in all; the oldest of the same slot, device or asking
 * device goes first.
 */
enum { OPEN_A_SLOT = 256, OPEN_A_DEVICE = 1024, OPEN_MAX = 262144 };

/* How long an answer of this TTL opens its addresses: clamped, and a grace for slow users. */
enum { OPEN_FLOOR_S = 60, OPEN_CEILING_S = 24 * 3600, OPEN_GRACE_S = 300 };
uint32_t open_life_s(uint32_t ttl_s);
/* The TTL that the device is told: never longer than the addresses live. */
uint32_t open_answer_ttl_s(uint32_t ttl_s);

struct open_table;

struct open_table *open_table_new(void);
void open_table_free(struct open_table *); /* after open_clear() of every view */
size_t open_count(const struct open_table *);

/* True if the address stays open for long enough to be given out with this TTL. */
bool open_lasts(const struct open_table *, const struct view *, uint16_t slot, const struct ip *,
	uint32_t ttl_s, uint64_t now_ns);

void open_keep(
	struct open_table *, struct view *, uint16_t slot, const struct ip *, uint64_t until_ns);

/* A new policy may have closed anything: nothing of this device is known to be open. */
void open_clear(struct open_table *, struct view *);

#endif
