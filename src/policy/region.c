/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/region.h"

#include <stdlib.h>
#include <string.h>

void
region_add(struct region *region, struct box box)
{
	if (region->n == BOXES_MAX)
		region->is_full = true;
	else
		region->box[region->n++] = box;
}

static bool
box_overlaps(const struct box *a, const struct box *b)
{
	return a->lo <= b->hi && b->lo <= a->hi && a->from_lo <= b->from_hi &&
	       b->from_lo <= a->from_hi;
}

/* What is left of `box` around `hole`: at most four boxes. */
static void
box_around(struct region *out, struct box box, const struct box *hole)
{
	if (box.lo < hole->lo) {
		struct box part = box;
		part.hi = (uint16_t)(hole->lo - 1);
		region_add(out, part);
		box.lo = hole->lo;
	}
	if (box.hi > hole->hi) {
		struct box part = box;
		part.lo = (uint16_t)(hole->hi + 1);
		region_add(out, part);
		box.hi = hole->hi;
	}
	if (box.from_lo < hole->from_lo) {
		struct box part = box;
		part.from_hi = (uint16_t)(hole->from_lo - 1);
		region_add(out, part);
	}
	if (box.from_hi > hole->from_hi) {
		struct box part = box;
		part.from_lo = (uint16_t)(hole->from_hi + 1);
		region_add(out, part);
	}
}

static void
region_cut_box(struct region *region, const struct box *hole)
{
	struct region left = {.is_full = region->is_full};
	unsigned first = 0;

	while (first < region->n && !box_overlaps(&region->box[first], hole))
		first++;
	if (first == region->n)
		return;
	for (unsigned i = 0; i < region->n; i++) {
		if (box_overlaps(&region->box[i], hole))
			box_around(&left, region->box[i], hole);
		else
			region_add(&left, region->box[i]);
	}
	*region = left;
}

void
region_cut(struct region *region, const struct region *holes)
{
	for (unsigned i = 0; i < holes->n; i++)
		region_cut_box(region, &holes->box[i]);
}

struct region
region_both(const struct region *a, const struct region *b)
{
	struct region out = {.is_full = a->is_full || b->is_full};

	for (unsigned i = 0; i < a->n; i++)
		for (unsigned k = 0; k < b->n; k++) {
			const struct box *x = &a->box[i], *y = &b->box[k];
			if (!box_overlaps(x, y))
				continue;
			region_add(&out, (struct box){
						 .lo = x->lo > y->lo ? x->lo : y->lo,
						 .hi = x->hi < y->hi ? x->hi : y->hi,
						 .from_lo = x->from_lo > y->from_lo ? x->from_lo
										    : y->from_lo,
						 .from_hi = x->from_hi < y->from_hi ? x->from_hi
										    : y->from_hi,
					 });
		}
	return out;
}

static int
box_order(const void *a, const void *b)
{
	const struct box *x = a, *y = b;

	if (x->from_lo != y->from_lo)
		return x->from_lo < y->from_lo ? -1 : 1;
	if (x->from_hi != y->from_hi)
		return x->from_hi < y->from_hi ? -1 : 1;
	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Neighbouring boxes become one, and equal regions get equal lists. */
void
region_tidy(struct region *region)
{
	unsigned n = 0;

	if (region->n)
		qsort(region->box, region->n, sizeof *region->box, box_order);
	for (unsigned i = 0; i < region->n; i++) {
		struct box *last = n ? &region->box[n - 1] : NULL, next = region->box[i];
		if (last && last->from_lo == next.from_lo && last->from_hi == next.from_hi &&
			last->hi + 1 == next.lo)
			last->hi = next.hi;
		else
			region->box[n++] = next;
	}
	region->n = n;
}

bool
region_is_equal(const struct region *a, const struct region *b)
{
	return a->n == b->n && !memcmp(a->box, b->box, a->n * sizeof *a->box);
}
