/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_LOGIN_H
#define PINFOLD_CHECK_LOGIN_H

#include "check/credentials.h"
#include "check/service.h"

/*
 * Factory logins, the same way for every protocol.  Three requests decide: no
 * credential, a wrong one, the candidate.  Only what works with the candidate
 * and with neither of the others counts, twice.  The device's own limits are
 * learned on the way: who locks out is left alone, and that is said.
 *
 * Steps in the transcript, of one port each:
 *
 *	"login none"      "login wrong"       round 1 and, after a hit, round 2
 *	"login try"       round 1, one a pair; round 2 the one that worked
 *	"login busy"      a try in vain: no session was to be had beside the others; it is tried again
 *	"login plan"      an event: how many pairs there are to try
 *	"login hit"       an event: which place of the list worked, from 0
 *	"login stop"      an event: why fewer were tried
 */
enum login_result {
	LOGIN_UNKNOWN, /* the exchange does not tell */
	LOGIN_NO,
	LOGIN_YES,
	LOGIN_LOCKED,    /* it says that it is locked, or too many */
	LOGIN_NOT_ASKED, /* the service has no login */
};

struct login_kind {
	const char *name; /* "telnet" */
	enum service service;
	/* One try over a connection of its own, which is written as one exchange. */
	void (*try)(struct session *, const struct service_at *, const struct credential *,
		const char *step, uint32_t round);
	/*
	 * Several tries of one name over one connection, each an exchange; those behind the
	 * server's patience are not written.  NULL: the protocol has none.
	 */
	void (*try_together)(struct session *, const struct service_at *,
		const struct credential *const *, size_t n, const char *step, uint32_t round);
	size_t at_once; /* connections that servers of this kind take at least; 0: as many as there are */
	enum login_result (*result)(const struct exchange *); /* pure */
	bool is_clear_text; /* 5.1-3: the password crosses the network readable */
};

extern const struct login_kind telnet_login_kind, http_login_kind, ftp_login_kind, rtsp_login_kind,
	ssh_login_kind;

/*
 * The factory login that this check saw working at this place, by its transcript;
 * NULL where it saw none.
 */
const struct credential *login_known(
	const struct transcript *, const char *check, const struct ip *, uint16_t port);

void login_probe(struct session *, const struct login_kind *);
/* Speaks of 5.1-1, and of 5.1-3 where the kind is clear text. */
void login_judge(const struct transcript *, struct findings *, const struct login_kind *);

/* Words by which a device says no, and by which it says that it is locked, in these bytes. */
bool login_says_no(const void *bytes, size_t len);
bool login_says_locked(const void *bytes, size_t len);

#endif
