/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_ASK_H
#define PINFOLD_PROCESS_WEB_ASK_H

#include "message/channel.h"

/*
 * Questions to the engine, each with what its asker showed us: the engine judges
 * who that is, and what for.  A question that changes nothing, asked by many with the
 * same credential at once, or again within FRESH_MS, is sent once: a thousand open
 * pages of one person cost the engine no more than one.
 *
 * Bounds: ASKS_MAX different questions at a time, ANSWER_MAX bytes each; a
 * question that the engine does not answer within ASK_MS fails.
 */
enum { ASKS_MAX = 256, ANSWER_MAX = 16 * 1024 * 1024, ASK_MS = 5000, FRESH_MS = 500 };

enum ask_state { ASK_UNKNOWN, ASK_WAITING, ASK_ANSWERED, ASK_FAILED };

/* As in struct message_command: texts are printable, empty where nothing was shown. */
struct asker {
	char credential[CREDENTIAL_MAX];
	char proof[PROOF_MAX];
	struct ip from;
};

/* Shared by those that ask; holds until ask_drop(). */
struct ask;

void ask_init(void (*on_change)(void)); /* called when any ask left ASK_WAITING */
void ask_set_engine(struct channel *);  /* borrowed; NULL: gone, all that wait fail */
void ask_on_answer(uint32_t seq, const struct message_answer *);

/*
 * command: JSON text, copied.  NULL: too many, or too long.  is_change: it is asked for
 * this one alone, and what was answered to others before is not fresh any more.
 */
struct ask *ask_take(const struct asker *, const char *command, bool is_change);
void ask_drop(struct ask *); /* NULL is fine */

enum ask_state ask_state(const struct ask *);
/* Of an ASK_ANSWERED: borrowed, NUL-terminated. */
const char *ask_text(const struct ask *, size_t *len);
bool ask_is_ok(const struct ask *); /* it was answered, with yes */

#endif
