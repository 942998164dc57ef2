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
