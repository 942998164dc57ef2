/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_REGION_H
#define PINFOLD_POLICY_REGION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which connections of one protocol between two sides: a bounded set of
 * disjoint boxes of ports.  What does not fit is not in it, and is_full says
 * so; so a region that permits is never larger than it should be.
 */
struct box {
	uint16_t lo, hi;           /* ports of the responder; ICMP types */
	uint16_t from_lo, from_hi; /* ports of the opener; ICMP codes */
};
enum { BOXES_MAX = 64 };
struct region {
	unsigned n;
	bool is_full; /* something did not fit and is therefore not in it */
	struct box box[BOXES_MAX];
};

/* The box must not overlap what is there. */
void region_add(struct region *, struct box);
/* Takes away what is in the holes. */
void region_cut(struct region *, const struct region *holes);
struct region region_both(const struct region *, const struct region *);
/* Neighbouring boxes become one, and equal regions get equal lists. */
void region_tidy(struct region *);
bool region_is_equal(const struct region *, const struct region *); /* both tidy */

#endif
