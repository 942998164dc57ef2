/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_LOOP_H
#define PINFOLD_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One thread and one loop per process; libevent is known only here.
 * Callbacks run on the loop, never inside the call that registers them.
 */
struct loop_watch;
struct loop_timer;

void loop_init(void);

/* Runs until loop_stop(); loop_once() handles what is due and returns. */
void loop_run(void);
void loop_once(bool block);
void loop_stop(void);

/* Call on_readable(arg) whenever fd can be read.  The caller owns the fd. */
struct loop_watch *loop_watch_read(int fd, void (*on_readable)(int fd, void *arg), void *arg);
struct loop_watch *loop_watch_write(int fd, void (*on_writable)(int fd, void *arg), void *arg);
void loop_watch_free(struct loop_watch *); /* NULL is fine */

/* Call on_due(arg) once after ms, or every ms if repeat. */
struct loop_timer *loop_timer_new(uint64_t ms, bool repeat, void (*on_due)(void *arg), void *arg);
void loop_timer_again(struct loop_timer *, uint64_t ms); /* restart a one-shot timer */
void loop_timer_free(struct loop_timer *);               /* NULL is fine */

/* Call on_signal(signo, arg) on the loop. */
void loop_on_signal(int signo, void (*on_signal)(int signo, void *arg), void *arg);

/* libevent's base, for libunbound's event API and nothing else. */
struct event_base;
struct event_base *loop_event_base(void);

#endif
