/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/service.h"
#include "check/table.h"

/*
 * Input that no client sends, one connection each, and after each the question
 * whether the service is still there.  What goes away and does so again is a
 * failure.  The control is the same service asked properly just before.
 *
 * Steps: "before" (control), "odd" (what was sent; the note names it), "after";
 * rounds 1 and 2, the second only for what went away.
 */
enum { LONG = 8000, RECOVERY_TRIES = 5 };

struct odd {
	const char *name;
	const char *head; /* then `fill` so often, then the tail */
	char fill;
	uint16_t n;
	const char *tail;
};

static const struct odd odds[] = {
	{"a line without end", "GET /", 'a', LONG, " HTTP/1.1\r\n\r\n"},
	{"a header without end", "GET / HTTP/1.1\r\nHost: ", 'a', LONG, "\r\n\r\n"},
	{"a length below zero", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 'a', 64,
		""},
	{"a length beyond all",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 'a',
		64, ""},
	{"letters of printf", "GET /%n%n%s%s%x HTTP/1.1\r\nHost: %n%s\r\n\r\n", 0, 0, ""},
	{"bytes of nothing", "", '\0', 2000, "\r\n\r\n"},
	{"bytes of all ones", "", '\xff', 2000, "\r\n\r\n"},
	{"a name without end", "USER ", 'a', LONG, "\r\n"},
};

static void
send_odd(
	struct session *session, const struct service_at *at, const struct odd *odd, uint32_t round)
{
	auto_free char *text = must_alloc(1, LONG + 512);
	struct talk *talk = at->is_tls ? talk_tls(session, &at->address, at->port, "odd", round)
				       : talk_tcp(session, &at->address, at->port, "odd", round);
	size_t head = strlen(odd->head), tail = strlen(odd->tail);

	if (!talk)
		return;
	talk_note(talk, "%s", odd->name);
	memcpy(text, odd->head, head);
	memset(text + head, odd->fill, odd->n);
	memcpy(text + head + odd->n, odd->tail, tail);
	talk_send(talk, text, head + odd->n + tail);
	talk_receive(talk, 1500, NULL, NULL, NULL);
	talk_close(talk);
}

/* True when the port takes a connection, now or within some seconds. */
static bool
is_there(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const char *note)
{
	for (int i = 0; i < RECOVERY_TRIES; i++) {
		struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);
		if (talk) {
			talk_note(talk, "%s", note);
			talk_close(talk);
			return true;
		}
		session_rest(session, 1000);
		if (session_is_over(session))
			break;
	}
	return false;
}

/* False when it went away and did not come back. */
static bool
try_odd(struct session *session, const struct service_at *at, const struct odd *odd, uint32_t round)
{
	if (!is_there(session, at, "before", round, odd->name))
		return false;
	send_odd(session, at, odd, round);
	return is_there(session, at, "after", round, odd->name);
}

void
robustness_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_in(session_transcript(session), at);

	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		if (at[i].address.version == 6 && session_target(session)->address4.version)
			continue; /* the same programs, seen from the other side */
		for (size_t k = 0; k < COUNT_OF(odds) && !session_is_over(session); k++) {
			if (try_odd(session, &at[i], &odds[k], 1))
				continue;
			/* It may start again by itself within a minute; only then can it be shown twice. */
			for (int wait = 0; wait < 60 && !session_is_over(session); wait += 5) {
				session_rest(session, 5000);
				if (is_there(session, &at[i], "back", 1, odds[k].name)) {
					try_odd(session, &at[i], &odds[k], 2);
					break;
				}
			}
			break;
		}
	}
}

/* --- judging -------------------------------------------------------------------------------------- */

struct tale {
	const struct exchange *before, *odd,
		*gone; /* gone: the first "after" that was not answered */
	bool is_back;
};

static struct tale
tale_of(const struct transcript *transcript, uint16_t check, const struct exchange *of,
	uint32_t round)
{
	struct tale tale = {0};
	const struct exchange *e;
	size_t from = 0;

	/* In the order of the transcript: what follows the odd one tells of it. */
	while ((e = transcript_next(transcript, &from, check, NULL))) {
		if (e->port != of->port || !ip_is_equal(&e->address, &of->address) ||
			e->round != round)
			continue;
		bool is_up = e->end == EXCHANGE_OPEN || e->end == EXCHANGE_CLOSED;
		if (!strcmp(e->step, "before") && is_up && !tale.odd)
			tale.before = e;
		if (!strcmp(e->step, "odd") && e->number >= of->number && !tale.odd &&
			!strcmp(e->note, of->note))
			tale.odd = e;
		else if (!strcmp(e->step, "odd") && tale.odd)
			break;
		if (!strcmp(e->step, "after") && tale.odd && e->number > tale.odd->number) {
			if (is_up)
				tale.is_back = true;
			else if (!tale.gone)
				tale.gone = e;
		}
	}
	return tale;
}

void
robustness_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e, *last = NULL;
	size_t from = 0, n = 0, n_bad = 0;

	while ((e = transcript_next(transcript, &from, findings->check, "odd"))) {
		if (e->round != 1)
			continue;
		n++;
		last = e;
		struct tale one = tale_of(transcript, findings->check, e, 1);
		if (!one.gone)
			continue;
		struct exchange again = *e;
		again.number = 0;
		struct tale two = tale_of(transcript, findings->check, &again, 2);
		n_bad++;
		findings_fail(findings, "5.13-1B", one.gone, two.odd && two.gone ? two.gone : NULL,
			one.before, "the service at port %u goes away when it is sent %s", e->port,
			e->note);
	}
	if (n_bad)
		return;
	if (last)
		finding_coverage(findings_add(findings, "5.13-1B", VERDICT_NFF, last,
					 "all services still answer after %zu odd inputs", n),
			n, n);
	else
		service_absent(transcript, findings, "5.13-1B", "service that takes input");
}
