/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_APPLY_H
#define PINFOLD_POLICY_NFT_APPLY_H

#include "policy/nft_base.h"
#include "policy/nft_element.h"

/*
 * The side that holds the kernel's sets: a mirror of every element, and
 * changes to it as one batch that the kernel takes whole or not at all.
 *
 *	nft_apply_begin(apply);
 *	nft_apply_want(apply, &element);        any number
 *	nft_apply_drop_rest(apply, device);     what of the device was not wanted
 *	err = nft_apply_commit(apply, &outcome);
 *
 * When commit fails, kernel and mirror are as before begin.
 */
struct nft_apply;

struct nft_outcome {
	uint32_t added, deleted;
	uint32_t took_us; /* sent to acknowledged */
	bool is_narrower; /* something that could pass cannot any more */
};

/* Opens the socket.  Gives. */
enum err nft_apply_new(struct nft_apply **) MUST_USE;
void nft_apply_free(struct nft_apply *);

/*
 * Makes the tables be those of `base`.  Tables that carry the same comment are
 * adopted: their elements go into the mirror, *adopted is true.  Others are
 * replaced, together with the elements found in them; *was_changed is true when they were
 * those of `base` and somebody took one of them away or changed their rules.
 */
enum err nft_apply_load(struct nft_apply *, const struct nft_base *, bool *adopted,
	bool *was_changed, struct fault *why) MUST_USE;

/*
 * True while all tables are there and are those of `base`, with every chain and rule as it was
 * made: nobody flushed or changed them behind our back.  Elements of sets are not looked at.
 */
bool nft_apply_is_loaded(struct nft_apply *, const struct nft_base *);

/* They are not: brings them back with everything that the mirror holds. */
enum err nft_apply_mend(struct nft_apply *, const struct nft_base *, struct fault *why) MUST_USE;

void nft_apply_begin(struct nft_apply *);
/* Wanted twice in one batch: the later end holds.  Takes a key over from another device. */
void nft_apply_want(struct nft_apply *, const struct nft_element *);
void nft_apply_drop(struct nft_apply *, const struct nft_element *); /* not there: fine */
/* All of the device's elements that were not wanted, but pause, recheck and rig. */
void nft_apply_drop_rest(struct nft_apply *, uint32_t device);
/* Does what was asked for since begin take away anything that could pass? */
bool nft_apply_is_narrower(const struct nft_apply *);
void nft_apply_cancel(struct nft_apply *);
enum err nft_apply_commit(struct nft_apply *, struct nft_outcome *) MUST_USE;

/* True if the mirror holds the key; expires_ns then is its end (0 none). */
bool nft_apply_holds(const struct nft_apply *, const struct nft_element *, uint64_t *expires_ns);

/* The data, or the device, of a key in the mirror; false when it is not there. */
bool nft_apply_find_data(const struct nft_apply *, const struct nft_element *, uint32_t *data);
bool nft_apply_find_owner(const struct nft_apply *, const struct nft_element *, uint32_t *device);

/* All elements of a device, or of nobody (0); the callback may not change anything. */
void nft_apply_each(const struct nft_apply *, uint32_t device,
	void (*each)(const struct nft_element *, bool was_found_at_start, void *arg), void *arg);

uint32_t nft_apply_count(const struct nft_apply *);

/* Reads all elements again; after the kernel and the mirror disagreed. */
enum err nft_apply_resync(struct nft_apply *) MUST_USE;

/* The counters of `denied`, a row for each device. */
enum err nft_apply_counters(struct nft_apply *,
	void (*each)(uint32_t device, uint64_t packets, uint64_t bytes, void *arg),
	void *arg) MUST_USE;

/* Tests only: the next commits are refused as if by the kernel. */
void nft_apply_refuse_for_test(struct nft_apply *, bool);

#endif
