/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_HOLD_INSIDE_H
#define PINFOLD_POLICY_NFT_HOLD_INSIDE_H

#include "policy/nft_hold.h"

/* What the files nft_hold*.c share and nobody else needs. */

struct hold_record {
	struct message_policy *policy; /* owned; as long as its entries */
	struct nft_opened *opened; /* owned; ended ones stay while there is room, see hold_revive */
	uint16_t n_opened, room;
	uint64_t pause_ends_ns; /* 0: no pause */
};

struct hold {
	struct nft_apply *apply;
	struct conntrack *conntrack;
	struct settings settings;
	/* Now, and the one before: bindings in that may still be on their way to us. */
	struct ip_prefix delegated[2];
	struct hold_record **record; /* by device number */
	struct nft_elements elements;
	uint32_t n_records;
	uint32_t n_paused;
	char closed[HOLD_PORTS_MAX][16]; /* ports closed to strangers since we live */
	unsigned n_closed;
	/* Devices in recheck whose running flows are still to be looked at; each once. */
	uint32_t *rechecked;
	uint32_t n_rechecked, room_rechecked;
	unsigned cut_rounds; /* since the last of them came */
	uint8_t is_rechecked[DEVICE_NUMBER_MAX / 8 + 1];
};

/* --- nft_hold.c: what every change does ---------------------------------------------------------- */

/* Notes the error and returns it. */
enum err hold_fail(struct message_done *, enum err);
/* Sends what was asked for since nft_apply_begin(), and tells what came of it. */
enum err hold_commit(struct hold *, struct message_done *, struct fault *why);
/* hold->elements from a policy and what is open in its record, which may be NULL. */
enum err hold_render(struct hold *, const struct message_policy *, const struct hold_record *,
	struct fault *why);
/* An element of a set that is keyed by the device alone, or first. */
struct nft_element hold_number_element(enum nft_set, uint32_t device, uint64_t expires_ns);
/* Wants the element until its end or, when that is not asked for, away with it. */
void hold_want_or_drop(struct hold *, const struct nft_element *, bool is_wanted);
bool hold_is_delegated(const struct hold *, const struct ip *);
/* Its place among the closed ports; n_closed when it is open. */
unsigned hold_find_closed(const struct hold *, const uint8_t name[static 16]);

/* --- nft_hold_open.c: addresses open in slots ---------------------------------------------------- */

void hold_remember_opened(struct hold_record *, const struct nft_opened *); /* copies */
/* Forgets what is open in slots that the new policy does not hold unchanged. */
void hold_keep_opened_of_same_slots(struct hold_record *, const struct message_policy *new_policy);
/* Those that have not ended, in a row for the renderer; how many.  The record may be NULL. */
unsigned hold_current_opened(
	const struct hold_record *, struct nft_opened out[static NFT_OPENED_MAX]);

/* --- nft_hold_flow.c: running flows ---------------------------------------------------------------- */

/* Device numbers whose flows a change may forbid: flow marks.  Its own, and of peers before and after. */
struct hold_marks {
	uint32_t number[2 * POLICY_ENTRIES_MAX + 1];
	unsigned n;
};
void hold_marks_add(struct hold_marks *, uint32_t number);
/* Flows between neighbours carry the number of the one that was called.  The policy may be NULL. */
void hold_marks_add_peers(struct hold_marks *, const struct message_policy *);

/* They are in recheck: their running flows are looked at, and then they leave. */
void hold_look_at_flows_of(struct hold *, uint32_t device);
void hold_look_at_flows(struct hold *, const struct hold_marks *);

/* The device that the address is bound to; 0 nobody. */
uint32_t hold_number_at(const struct hold *, const struct ip *);
/* Whoever may call it: a penned device is not answered for.  NULL is not penned. */
bool hold_is_penned(const struct hold_record *);

/*
 * A connection outlives the answer that opened its address.  While its device
 * is rechecked the address must be open again, or a narrower policy would end
 * what it allows.  True when any was opened in the record.
 */
bool hold_revive(struct hold *, struct hold_record *, const struct message_policy *);

/* --- nft_hold_pause.c -------------------------------------------------------------------------------- */

bool hold_is_paused(const struct hold *, uint32_t device);
/* Cuts what pauses admitted that ended while nobody of us lived. */
void hold_cut_ended_pauses(struct hold *);

/* --- nft_hold_rig.c ---------------------------------------------------------------------------------- */

/* Of one device; for the batch that was begun. */
void hold_drop_rig(struct hold *, uint32_t device);

/* --- nft_hold_restart.c: what the kernel held before we lived ---------------------------------------- */

struct hold_adopted {
	unsigned n;
	struct nft_element element[NFT_OPENED_MAX];
};
/*
 * After a restart the kernel holds opened addresses that no record knows.
 * Those on a port of one of the policy's slots stay until they end: they are
 * added to hold->elements and to *out.
 */
void hold_adopt(struct hold *, const struct message_policy *, struct hold_adopted *out);
/*
 * So that they stay through the next policies as well, the record must know
 * them: as opened in the first slot of which nothing is missing in the kernel,
 * so that nobody gets a port that was not open before.
 */
void hold_remember_adopted(struct hold *, struct hold_record *, const struct hold_adopted *);
/* MAC elements that were found at the start carry no device: the policy of the MAC claims them. */
void hold_drop_foreign_pens(struct hold *, const struct message_policy *);

#endif
