/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_TELL_H
#define PINFOLD_PROCESS_ENGINE_TELL_H

#include "process/engine_command.h"
#include "tell/gather.h"
#include "tell/receiver.h"

/*
 * How the owner hears of it: receivers, and what they are told (docs/TELL.md).
 *
 * Events go through tell/gather.c into messages, and for each receiver into the outbox, which
 * is kept in observed.db.  The names of receivers are looked up by the resolver, the enforcer
 * lets the teller reach the addresses that came of it, and the teller is told them last.
 */
void tell_load(void);      /* once the store is open */
void tell_look(void);      /* once a second */
void tell_save(void);      /* inside an observed transaction */
void tell_not_saved(void); /* which was refused: what waits is written again */
bool tell_is_save_due(void);
void tell_event(const struct gather_event *);
const char *tell_gateway(void); /* its id, where more than one is seen */

void tell_peer_connected(enum process);
void tell_looked_up(uint32_t seq, const struct message_looked_up *);
void tell_told(const struct message_told *);
void tell_things_asked(const struct message_things_ask *);
void tell_wished(const struct message_wish *);
/* The enforcer's answer to what tell asked carries this, and no other answer does. */
enum { TELL_SEQ = 0x7fffffff };
void tell_in_force(const struct message_done *);

/* So long the teller may still go to a broker that was removed. */
enum { TELL_PART_S = 5 };

/* --- for the verbs (engine_command_tell.c) ------------------------------------------------- */

json_t *tell_show(bool is_owner); /* who alone sees the whole address of a receiver */
/* With the store's transaction open; the caller commits, then calls tell_changed(). */
const struct receiver *tell_receiver(const char *name); /* NULL: there is none */
uint8_t tell_room(void);                                /* a free number; 0: none */
void tell_put(const struct receiver *);
void tell_drop(const struct receiver *);
void tell_hours_put(const struct tell_hours *);
void tell_hours_forget(const struct tell_hours *before); /* they were not kept */
struct tell_hours tell_hours_now(void);
/* The database took it (or did not: then it is read again). */
void tell_changed(bool is_kept);
bool tell_test(const char *name, struct fault *why);

#endif
