/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_ASK_H
#define PINFOLD_PROCESS_WEB_ASK_H

#include "message/channel.h"

/*
 * Questions to the engine.  The same question asked by many at once, or again
 * within FRESH_MS, is sent once: a thousand open pages cost the engine no more
 * than one.  All are asked as a viewer, who may change nothing.
 *
 * Bounds: ASKS_MAX different questions at a time, ANSWER_MAX bytes each; a
 * question that the engine does not answer within ASK_MS fails.
 */
enum { ASKS_MAX = 64, ANSWER_MAX = 16 * 1024 * 1024, ASK_MS = 5000, FRESH_MS = 500 };

enum ask_state { ASK_UNKNOWN, ASK_WAITING, ASK_ANSWERED, ASK_FAILED };

/* Shared by those that ask; holds until ask_drop(). */
struct ask;

void ask_init(void (*on_change)(void)); /* called when any ask left ASK_WAITING */
void ask_set_engine(struct channel *);  /* borrowed; NULL: gone, all that wait fail */
void ask_on_answer(uint32_t seq, const struct message_answer *);

/* command: JSON text, copied.  NULL: too many, or too long. */
struct ask *ask_take(const char *command);
void ask_drop(struct ask *); /* NULL is fine */

enum ask_state ask_state(const struct ask *);
/* Of an ASK_ANSWERED: borrowed, NUL-terminated. */
const char *ask_text(const struct ask *, size_t *len);

#endif
