/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_TRAFFIC_H
#define PINFOLD_PROCESS_ENGINE_TRAFFIC_H

#include <stdio.h>

#include "message/observed.h"
#include "process/engine.h"

/*
 * What each device that is not personal sends by itself, aggregated: one fact a
 * peer and kind with how often, first and last (check/traffic.h).  Kept in memory
 * and, some times a day, in <state>/traffic/<device id>.jsonl.  An audit takes a
 * copy as evidence; the passive checks judge that copy.
 *
 * Bounds: FACTS_A_DEVICE, of them FACTS_A_STEP of one kind, FACTS_ALL together.
 * When they are reached the fact of that kind that was seen longest ago goes, and
 * is counted.
 */
enum {
	FACTS_A_DEVICE = 192,
	FACTS_A_STEP = 32,
	FACTS_ALL = 250000,
	TRAFFIC_EVIDENCE_S = 72 * 3600, /* what was not seen for so long is none of today */
	TRAFFIC_KEEP_S = 14 * 86400,
};

struct traffic;

void traffic_row(struct ward *, const struct observation *);
void traffic_answered(struct ward *, const struct message_answered *);
void traffic_forget(struct ward *); /* in memory and on the disk */
void traffic_free(struct ward *);   /* in memory alone */

/* Was one of these seen of it? */
bool traffic_holds(const struct ward *, enum observed);
/* The names of servers that the device was seen to use, in no order, some of them twice. */
void traffic_names(const struct ward *, void (*name)(const char *, void *), void *arg);

/*
 * The facts that were seen in the last keep_s seconds, as a transcript, written to
 * file as well unless it is NULL.  Gives.
 */
struct transcript *traffic_transcript(const struct ward *, int64_t keep_s, FILE *file);

void traffic_load(void); /* after the devices */
void traffic_save(void); /* those that changed */
void traffic_look(void); /* once a second; saves now and then, tells what changed at servers */

#endif
