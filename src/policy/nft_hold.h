/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_HOLD_H
#define PINFOLD_POLICY_NFT_HOLD_H

#include "policy/conntrack.h"
#include "policy/nft_apply.h"

/*
 * Every device as the kernel holds it: the policy in force, what is open in
 * its slots, and how one policy becomes the next without a gap.
 *
 * The side that asks has parsed hostile bytes and may be lost; what it says is
 * checked here again.  The worst that it can do is to choose policies: numbers
 * and addresses of devices on our own bridge, never a rule.
 */
struct hold;

enum { HOLD_DEVICES_MAX = 20000, HOLD_PORTS_MAX = 256 };

/* Borrows apply and conntrack (NULL: flows are never cut, for tests of sets alone); copies settings. */
struct hold *hold_new(struct nft_apply *, struct conntrack *, const struct settings *);
void hold_free(struct hold *);

/* Our address in what the provider delegated; none: nothing is.  Devices may be bound in it. */
void hold_delegated(struct hold *, const struct ip_prefix *);

/*
 * Each fills *done, also its err, and says in *why what a person should read
 * when err is not ERR_OK.
 *
 * hold_policy replaces the whole policy of a device.  When that takes anything
 * away, the device is in `recheck` from the same batch on: of its running flows
 * passes only what the new policy allows.  hold_cut() ends that.
 */
void hold_policy(
	struct hold *, const struct message_policy *, struct message_done *, struct fault *why);
void hold_forget(
	struct hold *, const struct message_forget *, struct message_done *, struct fault *why);
void hold_pause(
	struct hold *, const struct message_pause *, struct message_done *, struct fault *why);
/* A port of the bridge is closed to, or opened for, MACs that nobody let in. */
void hold_port(
	struct hold *, const struct message_port *, struct message_done *, struct fault *why);
/* Where the teller may go from now on, and nowhere else. */
void hold_receivers(
	struct hold *, const struct message_receivers *, struct message_done *, struct fault *why);
/* Refuses addresses inside, slots that the policy does not hold, and older generations. */
void hold_open(
	struct hold *, const struct message_open *, struct message_done *, struct fault *why);

/*
 * Turns flows of a device under test to the checker, or takes its internet away, for some
 * seconds, and tells what it has running.  Only of a device that has the internet.  Fills *seen.
 */
void hold_rig(
	struct hold *, const struct message_rig *, struct message_rig_seen *, struct fault *why);

/*
 * Cuts the running flows that are forbidden by now, of all devices in `recheck` together;
 * returns how many.  When there were none, or always new ones, the devices are taken out of
 * `recheck`, and nothing is due any more; until then it is to be called again.  0 while it is
 * still due: the kernel refused, and will do so again at once.  Each call reads the flows once,
 * which takes the kernel milliseconds, few as they may be, so it is done for all that
 * narrowed meanwhile, and between two calls others can be served; nothing forbidden
 * passes while it waits.
 */
bool hold_cut_is_due(const struct hold *);
uint32_t hold_cut(struct hold *);

/* All policies came: what no policy claims goes, and what an earlier life began is ended. */
void hold_restored(struct hold *, struct message_done *, struct fault *why);

/* Cuts the flows of pauses that ended; call it every few seconds. */
void hold_tick(struct hold *);

/* NULL when there is none.  Borrows, until the next change. */
const struct message_policy *hold_find(const struct hold *, uint32_t device);
uint32_t hold_count(const struct hold *);

#endif
