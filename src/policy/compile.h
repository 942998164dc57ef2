/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_COMPILE_H
#define PINFOLD_POLICY_COMPILE_H

#include "message/message.h"
#include "policy/policy.h"

/*
 * From what a person can read to what the enforcer and the resolver are told.
 *
 * The accepts that come out are disjoint, so their order does not matter: what
 * an earlier rule denies was cut out of every later one.  What the kernel's
 * sets cannot say is left out, that is, not allowed, and named in the faults.
 * It is never the other way round: no entry permits what policy_allows() would
 * not.
 */

/* The slots of one device as they were; kept by the caller between two compiles. */
struct compiled_slot {
	uint16_t slot;
	uint16_t zero;
	uint32_t ports; /* digest of the entries that stood in it */
	uint32_t name;  /* offset into text */
};
/*
 * A slot keeps its number as long as its name and its set of (version,
 * protocol, ports) are the same; then addresses that were opened in it stay
 * right.  A number that was given up is not given to another name in the next
 * compile, if there is any other.
 */
struct compiled_slots {
	uint16_t n;
	uint16_t zero;
	uint32_t text_len;
	struct compiled_slot slot[POLICY_SLOTS_MAX];
	char text[]; /* the names, one after the other */
};
/* Name of the slot in the map; NULL when there is none such. */
const char *compiled_slot_name(const struct compiled_slots *, uint16_t slot);
void compiled_slots_free(struct compiled_slots *); /* NULL is fine */

/*
 * Fills of *out: device, state, n_entries, entry[]; of *view: device, mode,
 * n_names, name[].  The rest (generation, bindings, addresses, caps,
 * is_watched) is the caller's, and the unused rows are not touched.  The names
 * of the view stand so that the first that matches is the closest one.
 *
 * Entries with an address speak of what leaves by the uplink; an address of the
 * home never does.
 *
 * *slots: the map of the last compile or NULL; replaced by the new one (takes
 * and gives).  faults may be NULL.
 */
void policy_compile(struct message_policy *out, struct message_view *view,
	struct compiled_slots **slots, const struct policy *, const struct policy_world *,
	struct policy_faults *faults);

/*
 * True when the entries would let this flow through; its address is open in
 * open_slot, 0 none.  What the kernel checks besides (the observe chain) is not
 * in here.
 */
bool compiled_allows(const struct message_policy *, const struct policy_flow *, uint16_t open_slot);

#endif
