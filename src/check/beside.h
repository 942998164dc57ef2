/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_BESIDE_H
#define PINFOLD_CHECK_BESIDE_H

#include "check/session.h"

/*
 * Several talks of a session at the same time, on a bench: the waits of a device
 * are then waited for together.  Each runs in a process of its own, forked from this
 * one, confined as it is, and gone with it.  What comes back is the exchanges.
 */
enum { BESIDE_MAX = 64 };

/*
 * Calls job(session, i, arg) for each i below n (at most BESIDE_MAX), at_once of them at any
 * time, the next when one has ended, and puts what it wrote into out[i], in memory, which is
 * the caller's to keep or to drop: nothing of it is in the session's own transcript.  One
 * that was cut off by the time, or broke, leaves what came whole; an empty transcript, if
 * nothing did.  Packets are counted.  Of memory that a job changes this process sees
 * nothing; but where all go at once, the first is done by this process itself, meanwhile,
 * and what it learned stays.
 */
void session_beside(struct session *, size_t n, size_t at_once,
	void (*job)(struct session *, size_t, void *), void *arg, struct transcript *out[]);

#endif
