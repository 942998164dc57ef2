/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_open.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/auto.h"
#include "base/clock.h"

struct opened {
	LIST_ENTRY(opened) next;
	TAILQ_ENTRY(opened) of_view;
	uint64_t until_ns;
	uint32_t device;
	uint16_t slot;
	struct ip address;
};

enum { BUCKETS = 65536 };

struct open_table {
	uint64_t seed;
	size_t count;
	LIST_HEAD(, opened) bucket[BUCKETS];
};

uint32_t
open_life_s(uint32_t ttl_s)
{
	if (ttl_s < OPEN_FLOOR_S)
		ttl_s = OPEN_FLOOR_S;
	if (ttl_s > OPEN_CEILING_S)
		ttl_s = OPEN_CEILING_S;
	return ttl_s + OPEN_GRACE_S;
}

uint32_t
open_answer_ttl_s(uint32_t ttl_s)
{
	return ttl_s < OPEN_CEILING_S ? ttl_s : OPEN_CEILING_S;
}

struct open_table *
open_table_new(void)
{
	struct open_table *table = must_alloc(1, sizeof *table);

	if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) < 0)
		table->seed = clock_monotonic_ns();
	return table;
}

void
open_table_free(struct open_table *table)
{
	free(table);
}

size_t
open_count(const struct open_table *table)
{
	return table->count;
}

static size_t
bucket_of(const struct open_table *table, uint32_t device, uint16_t slot, const struct ip *ip)
{
	uint64_t a, b, h = table->seed ^ ((uint64_t)device << 16 | slot);

	memcpy(&a, ip->byte, 8);
	memcpy(&b, ip->byte + 8, 8);
	h = (h ^ a) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ h >> 29 ^ b) * UINT64_C(0xbf58476d1ce4e5b9);
	return (size_t)(h >> 40) % BUCKETS;
}

static struct opened *
find(const struct open_table *table, uint32_t device, uint16_t slot, const struct ip *ip)
{
	struct opened *at;

	LIST_FOREACH(at, &table->bucket[bucket_of(table, device, slot, ip)], next)
	if (at->device == device && at->slot == slot && ip_is_equal(&at->address, ip))
		return at;
	return NULL;
}

bool
open_lasts(const struct open_table *table, const struct view *view, uint16_t slot,
	const struct ip *ip, uint32_t ttl_s, uint64_t now_ns)
{
	const struct opened *at = find(table, view->device, slot, ip);
	uint64_t needed_s = open_answer_ttl_s(ttl_s);

	if (needed_s < OPEN_FLOOR_S)
		needed_s = OPEN_FLOOR_S;
	return at && at->until_ns >= now_ns + needed_s * CLOCK_SECOND_NS;
}

static void
drop(struct open_table *table, struct view *view, struct opened *at)
{
	LIST_REMOVE(at, next);
	TAILQ_REMOVE(&view->opened, at, of_view);
	view->n_opened--;
	table->count--;
	free(at);
}

static void
make_room(struct open_table *table, struct view *view, uint16_t slot)
{
	struct opened *at, *oldest = NULL;
	unsigned of_slot = 0;

	TAILQ_FOREACH(at, &view->opened, of_view)
	if (at->slot == slot && !of_slot++)
		oldest = at;
	if (of_slot >= OPEN_A_SLOT)
		drop(table, view, oldest);
	else if (view->n_opened >= OPEN_A_DEVICE)
		drop(table, view, TAILQ_FIRST(&view->opened));
}

void
open_keep(struct open_table *table, struct view *view, uint16_t slot, const struct ip *ip,
	uint64_t until_ns)
{
	struct opened *at = find(table, view->device, slot, ip);

	if (at) {
		TAILQ_REMOVE(&view->opened, at, of_view);
	} else {
		make_room(table, view, slot);
		if (table->count == OPEN_MAX) {
			if (!view->n_opened)
				return; /* not remembered: this device asks each time */
			drop(table, view, TAILQ_FIRST(&view->opened));
		}
		at = must_alloc(1, sizeof *at);
		at->device = view->device;
		at->slot = slot;
		at->address = *ip;
		LIST_INSERT_HEAD(
			&table->bucket[bucket_of(table, view->device, slot, ip)], at, next);
		view->n_opened++;
		table->count++;
	}
	at->until_ns = until_ns;
	TAILQ_INSERT_TAIL(&view->opened, at, of_view);
}

void
open_clear(struct open_table *table, struct view *view)
{
	struct opened *at;

	while ((at = TAILQ_FIRST(&view->opened)))
		drop(table, view, at);
}
