/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TELL_OUTBOX_H
#define PINFOLD_TELL_OUTBOX_H

#include "message/message.h"

/*
 * Messages that receivers have not taken yet.  OUTBOX_MAX of them, which is some 300 kB: one
 * more takes the place of the oldest digest, or else of the oldest message, and its receiver
 * is told how many it lost.  Of one receiver one is under way at a time, the oldest first.
 * Who does not take a message is tried again, less and less often, for OUTBOX_KEEP_S; what
 * nobody answers for OUTBOX_ANSWER_S is under way no more.
 *
 * Pure: the caller sends, and keeps on the disk what changed.
 */
enum { OUTBOX_MAX = 128, OUTBOX_KEEP_S = 3 * 24 * 3600, OUTBOX_ANSWER_S = 120 };

struct outbox_item {
	struct message_tell tell; /* ticket 0: the place is free */
	int64_t made_s, due_s;
	uint32_t tries;
	bool is_under_way, is_unsaved;
};

struct outbox {
	struct outbox_item item[OUTBOX_MAX];
	uint32_t last_ticket;
	uint32_t lost[RECEIVERS_MAX + 1];  /* not told to the receiver yet */
	uint32_t gone[OUTBOX_MAX], n_gone; /* tickets that are to be taken from the disk */
};

/* Copies; gives the ticket. */
uint32_t outbox_add(struct outbox *, const struct message_tell *, int64_t now_s);
/* As it was on the disk. */
void outbox_restore(struct outbox *, const struct outbox_item *);
/* The message that this receiver is to get now, marked as under way; NULL: none.  Borrows. */
const struct message_tell *outbox_next(struct outbox *, uint8_t receiver, int64_t now_s);
/* What became of it.  True: it is over, taken or given up. */
bool outbox_answered(struct outbox *, uint32_t ticket, bool is_taken, bool is_final, int64_t now_s);
void outbox_forget(struct outbox *, uint8_t receiver);
/* Nobody sends any more: what was under way is due again. */
void outbox_interrupted(struct outbox *);
unsigned outbox_count(const struct outbox *, uint8_t receiver);

#endif
