/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_TRAFFIC_H
#define PINFOLD_CHECK_TRAFFIC_H

#include "check/check.h"

/*
 * What a device sends by itself, as a transcript (traffic.jsonl in an evidence
 * pack).  Nothing is sent to the device for it; whoever sees its packets writes
 * facts, and the passive checks, which have no probe, judge them.
 *
 * A fact is what was seen of one peer, however often: its first time is one
 * exchange (round 1), and, where it was seen in more than one connection, its
 * last time is a second one, whose round is the number of connections.  The step
 * is the word of the observation ("tls-hello", message/observed.h), note its
 * text, the received bytes its detail; "name" is a name that was asked of our
 * resolver, "flow" a connection, "boot" a DHCP exchange from its beginning.
 * Facts are claims of the network.  Secrets are in none of them.
 */
enum { TRAFFIC_TEXT_MAX = 160 };

struct traffic_fact {
	const char *step;
	uint8_t proto; /* 6, 17; 0: neither */
	uint16_t port;
	struct ip address; /* of the peer; version 0: inside the home, or of no one */
	/* Printable; what is longer than is kept is cut. */
	const char *text, *detail;
	uint32_t count;
	int64_t first_s, last_s; /* wall */
};

/* The watch comes first: since when, for how long, and how many facts had no room. */
void traffic_write_watch(struct transcript *, int64_t since_s, uint32_t seconds, uint32_t n_lost);
void traffic_write(struct transcript *, const struct traffic_fact *);

/* --- for judges ------------------------------------------------------------------------------- */

struct traffic_seen {
	const struct exchange *first, *last; /* last is NULL where it was seen once */
	uint32_t count;
	char detail[TRAFFIC_TEXT_MAX];
};

/* The next fact at or after *from, of this step (NULL: of any); false at the end. */
bool traffic_next(
	const struct transcript *, size_t *from, const char *step, struct traffic_seen *out);

struct traffic_watch {
	const struct exchange *at; /* NULL: nobody watched */
	uint32_t seconds, n_lost;
	size_t n_facts; /* whatever was seen */
};
struct traffic_watch traffic_watch(const struct transcript *);

/* The time behind "until=" or the like; 0 where there is none, or none before the year 10000. */
int64_t traffic_time(const char *detail, const char *key);

/* The day, for people; "unknown" where there is none. */
enum { TRAFFIC_DATE_MAX = 16 };
void traffic_date(int64_t utc_s, char out[static TRAFFIC_DATE_MAX]);

/* Seen on the way to or from the internet. */
bool traffic_is_outside(const struct traffic_seen *);

/*
 * The negative control of what was only watched: another connection of the same
 * device, through the same decoders, in which they did not find the same.  The
 * best one is of the same step; NULL: there is none.
 */
const struct exchange *traffic_control(const struct transcript *, const struct traffic_seen *bad,
	bool (*is_bad)(const struct traffic_seen *));

/*
 * What to say of a provision when nothing bad was seen: NFF with how much was
 * seen, or INC where that was less than a quarter of an hour, or nothing at all.
 */
struct finding *traffic_say_none(
	const struct transcript *, struct findings *, const char *provision, const char *what);

/* --- names ------------------------------------------------------------------------------------ */

/* "tls-hello", "http-request", "name", "dns-query": what it calls a server; NULL: no name. */
const char *traffic_name(const struct traffic_seen *);

/* The site in data/trackers.txt that a name belongs to; NULL: none. */
const char *tracker_of(const char *name);

/* How much a name looks like one of updates: 0 no, 1 perhaps, 2 yes. */
int traffic_update_name(const char *name);

#endif
