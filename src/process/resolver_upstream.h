/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RESOLVER_UPSTREAM_H
#define PINFOLD_PROCESS_RESOLVER_UPSTREAM_H

#include "base/settings.h"

/*
 * Asks the servers of dns-forward, or the root servers where there are none,
 * by libunbound on our own loop: caching, random ids and ports, 0x20, and
 * validation where <state-directory>/trust-anchor was there at start.  While
 * the clock is not set, names of time servers are asked without validation.
 */

/* Before confine(): reads the trust anchor and makes libunbound open what it opens. */
void upstream_init(const struct settings *);

/*
 * Asks these servers from now on (the provider's, learned by the uplink); none:
 * the root servers.  Questions under way are still answered by those before.
 */
void upstream_forward(const struct ip *server, uint32_t count);

/*
 * packet is borrowed for the call and is NULL where rcode says that there is
 * none.  An answer that does not validate comes as SERVFAIL.
 */
typedef void upstream_on_answer(void *arg, int rcode, const void *packet, size_t len);

/*
 * Exactly one call of on_answer follows, perhaps before this returns (cached).
 * A question cannot be taken back: what arg points to must live until then.
 * False, and no call, when libunbound refuses.
 */
bool upstream_ask(const char *name, uint16_t type, upstream_on_answer *on_answer, void *arg);

/* Are there trust anchors? */
bool upstream_validates(void);

/* The asker did not wait for the answer any longer, which counts as a failure too. */
void upstream_gave_up(const char *name);

/* Several questions in a row failed and none succeeded since; said once in the log. */
bool upstream_is_dead(void);
/* Called when that changes. */
void upstream_on_change(void (*on_change)(void));

#endif
