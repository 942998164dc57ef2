/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/log.h"

struct loop_watch {
	struct event *event;
	void (*call)(int fd, void *arg);
	void *arg;
};

struct loop_timer {
	struct event *event;
	void (*call)(void *arg);
	void *arg;
};

static struct event_base *base;

void
loop_init(void)
{
	if (base)
		return;
	base = event_base_new();
	if (!base)
		fatalx("loop", "cannot make an event loop");
}

void
loop_run(void)
{
	event_base_dispatch(base);
}

void
loop_once(bool block)
{
	event_base_loop(base, block ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
}

void
loop_stop(void)
{
	event_base_loopbreak(base);
}

struct event_base *
loop_event_base(void)
{
	return base;
}

static void
on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *watch = arg;
	watch->call(fd, watch->arg);
}

static struct loop_watch *
watch_new(int fd, short what, void (*call)(int, void *), void *arg)
{
	struct loop_watch *watch = must_alloc(1, sizeof *watch);

	watch->call = call;
	watch->arg = arg;
	watch->event = event_new(base, fd, (short)(what | EV_PERSIST), on_fd, watch);
	if (!watch->event || event_add(watch->event, NULL))
		fatalx("loop", "cannot watch descriptor %d", fd);
	return watch;
}

struct loop_watch *
loop_watch_read(int fd, void (*on_readable)(int, void *), void *arg)
{
	return watch_new(fd, EV_READ, on_readable, arg);
}

struct loop_watch *
loop_watch_write(int fd, void (*on_writable)(int, void *), void *arg)
{
	return watch_new(fd, EV_WRITE, on_writable, arg);
}

void
loop_watch_free(struct loop_watch *watch)
{
	if (!watch)
		return;
	event_free(watch->event);
	free(watch);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;
	timer->call(timer->arg);
}

static void
arm(struct loop_timer *timer, uint64_t ms)
{
	struct timeval in = {
		.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	if (event_add(timer->event, &in))
		fatalx("loop", "cannot set a timer");
}

struct loop_timer *
loop_timer_new(uint64_t ms, bool repeat, void (*on_due)(void *), void *arg)
{
	struct loop_timer *timer = must_alloc(1, sizeof *timer);

	timer->call = on_due;
	timer->arg = arg;
	timer->event = event_new(base, -1, repeat ? EV_PERSIST : 0, on_time, timer);
	if (!timer->event)
		fatalx("loop", "cannot make a timer");
	arm(timer, ms);
	return timer;
}

void
loop_timer_again(struct loop_timer *timer, uint64_t ms)
{
	arm(timer, ms);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	event_free(timer->event);
	free(timer);
}

struct signal_watch {
	void (*call)(int signo, void *arg);
	void *arg;
};

static void
on_signal_event(evutil_socket_t signo, short what, void *arg)
{
	struct signal_watch *watch = arg;
	watch->call(signo, watch->arg);
}

void
loop_on_signal(int signo, void (*on_signal)(int, void *), void *arg)
{
	struct signal_watch *watch =
		must_alloc(1, sizeof *watch); /* lives as long as the process */

	watch->call = on_signal;
	watch->arg = arg;
	struct event *event =
		event_new(base, signo, EV_SIGNAL | EV_PERSIST, on_signal_event, watch);
	if (!event || event_add(event, NULL))
		fatalx("loop", "cannot watch signal %d", signo);
}
