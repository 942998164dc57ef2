/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RESOLVER_QUERY_H
#define PINFOLD_PROCESS_RESOLVER_QUERY_H

#include "message/channel.h"
#include "process/resolver_listen.h"

/*
 * From question to answer: decide by the view, ask upstream, open the addresses
 * for that device, and only then let the answer leave.
 *
 * Bounds: QUERIES_MAX questions in work, QUERIES_A_DEVICE of one device, OPENINGS_MAX
 * requests to the enforcer without an answer yet.  What comes beyond is dropped
 * (the device asks again) or, if it was asked upstream already, fails.
 */
enum {
	QUERIES_MAX = 4096,
	QUERIES_A_DEVICE = 64,
	OPENINGS_MAX = 8192,
	LOOKUPS_MAX = 64,
	UPSTREAM_MS = 8000, /* then the device is told that it failed */
	HOLD_MS = 2000, /* how long an answer waits for an enforcer that is away or not yet told */
	HOLD_STEP_MS = 20,
	REPORT_AGAIN_S = 60, /* the same thing about the same name */
};

void query_init(const struct settings *);

/* A network that is ours as well, found on a link; replaces what was said of that link. */
void query_link(const struct message_link *);

/* The hooks of resolver_listen.h. */
extern const struct listen_hooks query_hooks;

void query_on_view(const struct message_view *);
void query_on_done(uint32_t seq, const struct message_done *);
/* Withholds names of a device for a while, or ends that; the engine is answered. */
void query_on_rig(const struct message_rig *);

/* A peer's channel came (borrowed until the next) or went (NULL). */
void query_set_enforcer(struct channel *);
void query_set_engine(struct channel *);

/* Answers on the channel with LOOKED_UP and the same seq; reply_to(NULL) when it goes. */
void query_lookup(struct channel *reply_to, uint32_t seq, const struct message_lookup *);
void query_forget_lookups(struct channel *reply_to);

#endif
