/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_STREAM_H
#define PINFOLD_PROCESS_WEB_STREAM_H

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

#include "process/web_ask.h"

/*
 * Server-sent events (the HTML standard, section 9.2).  Events are kept once,
 * for all readers, in a ring of STREAM_EVENTS; a reader that falls behind it is
 * told "lost" and goes on with the newest.  Each reader costs a few numbers.
 *
 * A reader that comes back with the id of the last event that it had (Last-Event-ID)
 * gets what is in the ring behind it, or "lost" when that is not known any more.
 *
 * The engine tells events only while somebody whom it knows wants them: it is asked
 * again for each reader's credential, and who is logged out hears no more.
 */
enum {
	STREAMS_MAX = 1000,
	STREAM_EVENTS = 256,
	STREAM_EVENT_MAX = 4096,
	STREAM_ALIVE_S = 20,
	STREAM_CHECK_S = 20,
};

void stream_init(void);

/* JSON text of one line; a longer or broken one is left out. */
void stream_add(const char *json, size_t len);
/* The engine was away: what it told meanwhile nobody knows. */
void stream_gap(void);

/*
 * A new reader of the connection; NULL when there are STREAMS_MAX.  last: what the
 * header says, or NULL.
 */
struct MHD_Response *stream_response_new(
	struct MHD_Connection *, const struct asker *, const char *last);

/* Once a second: comments, so that a dead one is noticed, and questions whether they still may. */
void stream_look(void);
void stream_on_asks_changed(void);
unsigned stream_count(void);

extern const char stream_question[];

#endif
