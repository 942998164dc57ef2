/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_DERIVE_H
#define PINFOLD_PROCESS_ENGINE_DERIVE_H

#include "message/channel.h"
#include "process/engine_password.h"

/*
 * Passwords cost a tenth of a second each.  A process forked from the engine, which can do
 * nothing but compute, takes that time, so that nothing that the engine decides waits for it.
 *
 * Commands that need a password's key stand in a queue and have their turn one after the other,
 * in the order in which they came: what one failed is counted before the next one may try.  In
 * its turn a command runs from its beginning each time that a key of its is there, until it needs
 * none; so a verb does before it asks for a key only what may be done again.
 *
 * Bounds: DERIVE_QUEUE commands; who asks beyond that is refused (ERR_BUSY).
 */
enum { DERIVE_QUEUE = 16 };

struct call;
struct settings;
struct turn; /* of a command */

/* Forks; before confine(), and before anything is open that the other must not have. */
void derive_start(const struct settings *);

/*
 * A command whose verb needs keys: it runs now, or when it is its turn.  Copies the command,
 * borrows the channel until derive_drop().  False: the queue is full.
 */
bool derive_queue(struct channel *, uint32_t seq, const struct message_command *);
void derive_drop(const struct channel *); /* it is about to be freed */

/* This command ran before, and waited for a key. */
bool derive_is_again(const struct call *);

/*
 * Asked by a verb in its turn.  False: it goes back without a result; call->is_put_off when it
 * runs again, otherwise call->why says why not.
 */
bool derive_fits(struct call *, const struct password *kept, const char *password, bool *fits);
bool derive_keep(struct call *, const char *password, struct password *out);

#endif
