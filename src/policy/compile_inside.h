/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_COMPILE_INSIDE_H
#define PINFOLD_POLICY_COMPILE_INSIDE_H

#include "policy/compile.h"
#include "policy/inside.h"
#include "policy/region.h"

/* What the files compile*.c share and nobody else needs.  Everything borrows. */

struct compiler {
	const struct policy *policy;
	const struct policy_world *world;
	struct policy_faults *faults;
	struct message_policy *out;
	struct message_view *view;
};

/* Somebody to talk with, of whom a rule may speak. */
enum target_kind { TARGET_NAME, TARGET_SUFFIX, TARGET_PREFIX, TARGET_PEER };
struct compile_target {
	enum target_kind kind;
	const char *text;
	struct ip_prefix prefix;
	bool is_outside; /* no address of the prefix is inside */
	const struct policy_peer *peer;
};

/* The protocols that an entry can name; the first two have ports. */
enum { COMPILE_PROTOS = 4, COMPILE_PROTOS_WITH_PORTS = 2 };
extern const uint8_t compile_protos[COMPILE_PROTOS];

/* --- compile_region.c ------------------------------------------------------------------------------ */

bool compile_prefix_covers(const struct ip_prefix *outer, const struct ip_prefix *inner);
/* Names a target in a fault. */
const char *compile_target_render(const struct compile_target *, char out[static 64]);
/* Which ports of the protocol the list opens with the target, in this version of IP. */
void compile_region(struct region *out, const struct policy *, const struct policy_world *,
	enum policy_direction, const struct compile_target *, uint8_t proto, uint8_t version,
	struct policy_faults *);

/* --- compile_entry.c ------------------------------------------------------------------------------- */

/* All entries of one other side; taken over whole or not at all. */
struct compile_batch {
	unsigned n;
	bool is_full;
	struct policy_entry entry[160];
};
/* An entry like this one for each box of the region; version 0: both. */
void compile_batch_add(struct compile_batch *, const struct policy_entry *like, uint8_t version,
	uint8_t proto, const struct region *);
/* From a region for IPv4 and one for IPv6; where they are equal, one entry for both. */
void compile_batch_add_versions(struct compile_batch *, const struct policy_entry *like,
	uint8_t proto, const struct region by_version[static 2]);
/* Appends them to the policy; false, with a fault, when there is no room for all. */
bool compile_batch_keep(
	struct compiler *, const struct compile_batch *, const struct compile_target *);

/* --- compile_name.c -------------------------------------------------------------------------------- */

/* Entries and view of the names that the rules open; *slots is replaced, also by an empty map. */
void compile_names(struct compiler *, struct compiled_slots **slots);

/* --- compile_prefix.c ------------------------------------------------------------------------------ */

/* Entries of the addresses outside that the rules open, or open doors to. */
void compile_prefixes(struct compiler *, enum policy_direction);

#endif
