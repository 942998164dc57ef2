/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_INCIDENT_H
#define PINFOLD_PROCESS_ENGINE_INCIDENT_H

#include "process/engine.h"

/*
 * Incidents: what one device did that harms, with all that came of it, is one thing with one
 * number until it has been calm for an hour.  It says in sentences what happened, since
 * when, what was done about it and what a person can do, and has the first bytes of the
 * packets around its beginning (observation/ring.h), which capture gives when it is asked.
 *
 * Bounds: INCIDENTS_OPEN in memory, where the one that was heard of longest ago is closed;
 * on the disk those of store/store.h.
 */
enum { INCIDENTS_OPEN = 64 };

/* It did that; cause: harm_word().  A new incident, or the one that goes on. */
void incident_seen(struct ward *, enum event_level, enum harm_cause, const char *what);
/*
 * And this was done about it, or why nothing was: a sentence.  True when the same incident was
 * answered a while before, so that the harm goes on in spite of that; once an incident.
 */
bool incident_answered(const struct ward *, const char *did, bool is_act);
/* What was done stands in the journal under this number. */
void incident_recorded(const struct ward *, int64_t journal);
/* The device is gone, or became personal: its packets are deleted by who calls. */
void incident_forget(uint32_t device);
void incident_flush(void); /* inside an observed transaction */
void incident_save(void);  /* now: who reads, reads from the disk */

void incident_start(void);
void incident_look(void);                            /* once a second */
void incident_names_due(void);                       /* capture is new, and knows no MAC */
void incident_frozen(const struct message_frozen *); /* from capture */

json_t *incident_list(uint32_t device, int64_t before, uint32_t limit);
/* With its device, its rows of the journal and its events.  NULL with why. */
json_t *incident_show(int64_t id, struct fault *why);
/* {"incident", "packets", "pcapng"}: the last in base64.  NULL with why. */
json_t *incident_packets(int64_t id, struct fault *why);
/* What happened on a day of the gateway's calendar ("": today), a lane a device. */
json_t *incident_day(const char *date, uint32_t device, struct fault *why);

#endif
