/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_STREAM_H
#define PINFOLD_PROCESS_WEB_STREAM_H

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Server-sent events (the HTML standard, section 9.2).  Events are kept once,
 * for all readers, in a ring of STREAM_EVENTS; a reader that falls behind it is
 * told "lost" and goes on with the newest.  Each reader costs a few numbers.
 */
enum { STREAMS_MAX = 1000, STREAM_EVENTS = 256, STREAM_EVENT_MAX = 4096, STREAM_ALIVE_S = 20 };

/* JSON text of one line; a longer or broken one is left out. */
void stream_add(const char *json, size_t len);

/* A new reader of the connection; NULL when there are STREAMS_MAX. */
struct MHD_Response *stream_response_new(struct MHD_Connection *);

/* Wakes all readers: those that wait send a comment, so that a dead one is noticed. */
void stream_keep_alive(void);
unsigned stream_count(void);

#endif
