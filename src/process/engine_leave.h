/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_LEAVE_H
#define PINFOLD_PROCESS_ENGINE_LEAVE_H

#include "process/engine.h"

/*
 * A device that leaves the house: a list of what is to be done, of which the gateway
 * verifies what it can see and says of the rest that it cannot; then it is forgotten as
 * by device.forget.  What was known of it is kept until a date, to be looked at or taken
 * back, and then deleted for good, with the journal's copy and its tests.  If it comes
 * back it is a new device.
 */
#define LEAVE_NOTE_TYPE "handover+jwt"
enum { LEAVE_DAYS_DEFAULT = 30, LEAVE_DAYS_MAX = 365 };

/* A row of such a list; by: you, gateway; state: open, done, seen, failed, cannot, will. */
void leave_put_step(
	json_t *rows, const char *word, const char *by, const char *state, const char *text);
void leave_put_reset(json_t *rows, const struct ward *); /* what a guided reset showed */

/*
 * engine_intake.c: it had another owner, or comes back.  What is to be done before it is
 * used, and what the gateway sees of who had it; it says what it cannot see.
 */
json_t *intake_list(struct ward *);
void intake_look(const struct ward *); /* it is new: tells when it left this home before */

json_t *leave_list(struct ward *); /* the steps, and how far each is */
/* Into a change; false with why: there is no such step, or it is not a person's. */
bool leave_tick(struct ward *, const char *step, struct change *, struct fault *why);
struct leave_wish {
	uint32_t days;
	bool is_lost; /* it is not there any more: nothing of it can be verified */
};
/* Gives the note, signed, and until when it is taken back; NULL with why. */
json_t *leave_go(struct ward *, const struct leave_wish *, const char *who, int64_t *journal,
	struct fault *why);
json_t *leave_gone(struct fault *why); /* those that left and are still kept */
json_t *leave_show(int64_t left, struct fault *why);
bool leave_delete(int64_t left, const char *who, struct fault *why); /* now */
void leave_look(void);                                               /* once a minute */

#endif
