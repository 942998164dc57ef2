/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/service.h"
#include "check/table.h"
#include "check/tls_offer.h"

/*
 * Input that no client sends, one connection each, and after each the question
 * whether the service is still there: asked in the words that it answered when it
 * was found, since one that hangs still takes connections.  What goes away and does
 * so again is a failure.  The control is the same question just before.
 *
 * Steps: "before" (control), "odd" (what was sent; the note names it), "after", "back";
 * rounds 1 and 2, the second only for what went away.
 *
 * Gone is who refuses, or is mute twice in a row with a rest between.  Who hangs up
 * without a word may only count our connections, and is asked again later.
 */
enum {
	LONG = 8000,
	ODD_MS = 700,
	TRIES = 5,
	REST_MS = 1000,
	BACK_S = 60,
	BACK_EVERY_S = 3,
	MUTE_TIMES = 2,
	BAD_MAX = 32,
};

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
	{"a packet of MQTT longer than any", "\x10\xff\xff\xff\x7f", '\0', 64, ""},
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
	/* It may greet first: who closes at that takes back what was not read yet. */
	talk_receive_more(talk, ODD_MS);
	talk_close(talk);
}

enum sign {
	SIGN_ANSWER,
	SIGN_REFUSED,
	SIGN_MUTE, /* nothing came, or no connection, in its time */
	SIGN_SHY,  /* it hung up without a word */
};

/* of: what it said when it was found; one that said nothing then need say nothing now. */
static enum sign
sign_of(const struct exchange *e, bool has_said)
{
	if (e->n_received)
		return SIGN_ANSWER;
	switch (e->end) {
	case EXCHANGE_REFUSED:
		return SIGN_REFUSED;
	case EXCHANGE_SILENT:
	case EXCHANGE_TLS_FAILED:
	case EXCHANGE_UNREACHABLE:
		return SIGN_MUTE;
	default:
		return has_said ? SIGN_SHY : SIGN_ANSWER;
	}
}

static enum sign
ask(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const char *note)
{
	const struct exchange *seen = at->seen;
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);
	uint8_t hello[TLS_OFFER_MAX];

	if (talk) {
		talk_note(talk, "%s", note);
		/* Behind TLS the answer to a hello is sign enough, and no handshake is waited for. */
		size_t len = tls_offer_render(hello, &(struct tls_offer){.version_max = 0x0303});
		if (seen->is_tls)
			talk_send(talk, hello, len);
		else if (seen->n_sent)
			talk_send(talk, seen->sent, seen->n_sent);
		if (seen->is_tls || seen->n_received)
			talk_receive(talk, session_pace(session) == PACE_LAB ? 2000 : 4000, NULL,
				NULL, NULL);
		talk_close(talk);
	}
	const struct exchange *e = transcript_last(session);
	return e ? sign_of(e, seen->is_tls || seen->n_received) : SIGN_MUTE;
}

struct state {
	bool is_there; /* in the end */
	bool fell;     /* it was gone meanwhile */
};

static struct state
look(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const char *note)
{
	struct state state = {0};
	unsigned n_mute = 0;

	for (int i = 0; i < TRIES && !session_is_over(session); i++) {
		enum sign sign = ask(session, at, step, round, note);
		n_mute = sign == SIGN_MUTE ? n_mute + 1 : 0;
		state.fell = state.fell || sign == SIGN_REFUSED || n_mute >= MUTE_TIMES;
		state.is_there = sign == SIGN_ANSWER;
		if (state.is_there || state.fell)
			break;
		session_rest(session, REST_MS);
	}
	return state;
}

/* Where it was not there before, nothing is tried. */
static struct state
try_odd(struct session *session, const struct service_at *at, const struct odd *odd, uint32_t round)
{
	if (!look(session, at, "before", round, odd->name).is_there)
		return (struct state){0};
	send_odd(session, at, odd, round);
	return look(session, at, "after", round, odd->name);
}

/* It may start again by itself within a minute; only then can a fall be shown twice. */
static bool
comes_back(struct session *session, const struct service_at *at, const char *note)
{
	for (int s = 0; s < BACK_S && !session_is_over(session); s += BACK_EVERY_S) {
		session_rest(session, BACK_EVERY_S * 1000);
		if (ask(session, at, "back", 1, note) == SIGN_ANSWER)
			return true;
	}
	return false;
}

static void
try_service(struct session *session, const struct service_at *at)
{
	for (size_t k = 0; k < COUNT_OF(odds) && !session_is_over(session); k++) {
		struct state state = try_odd(session, at, &odds[k], 1);
		if (state.fell && comes_back(session, at, odds[k].name))
			state = try_odd(session, at, &odds[k], 2);
		/* What falls is known by that; and who is not there cannot be asked. */
		if (state.fell || !state.is_there)
			return;
	}
}

void
robustness_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_in(session_transcript(session), at);

	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		if (at[i].address.version == 6 && session_target(session)->address4.version)
			continue; /* the same programs, seen from the other side */
		try_service(session, &at[i]);
	}
}

/* --- judging -------------------------------------------------------------------------------------- */

struct tale {
	const struct exchange *before, *gone;
};

static bool
is_beside(const struct exchange *e, const struct exchange *odd)
{
	return e->check == odd->check && e->port == odd->port && e->round == odd->round &&
	       ip_is_equal(&e->address, &odd->address);
}

/* What stands just before and behind the odd one, as far as our own tries go. */
static struct tale
tale_of(const struct transcript *transcript, const struct exchange *odd)
{
	struct tale tale = {0};
	const struct exchange *mute = NULL;
	size_t at = odd->number - 1;

	for (size_t i = 1; i <= TRIES && i <= at && !tale.before; i++) {
		const struct exchange *e = transcript_at(transcript, at - i);
		if (is_beside(e, odd) && !strcmp(e->step, "before"))
			tale.before = e;
	}
	bool has_said = tale.before && tale.before->n_received;
	for (size_t i = at + 1; i <= at + TRIES && i < transcript_count(transcript); i++) {
		const struct exchange *e = transcript_at(transcript, i);
		if (!is_beside(e, odd) || strcmp(e->step, "after"))
			break;
		enum sign sign = sign_of(e, has_said);
		if (sign == SIGN_REFUSED || (sign == SIGN_MUTE && mute)) {
			tale.gone = e;
			break;
		}
		mute = sign == SIGN_MUTE ? e : NULL;
	}
	return tale;
}

/* The same again, after it had come back. */
static struct tale
tale_again(const struct transcript *transcript, const struct exchange *odd)
{
	const struct exchange *again = transcript_beside(transcript, odd, "odd", 2, odd->note);

	return again ? tale_of(transcript, again) : (struct tale){0};
}

static bool
was_there(const struct tale *tale)
{
	return tale->before && sign_of(tale->before, false) == SIGN_ANSWER;
}

void
robustness_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e, *last = NULL;
	size_t from = 0, n = 0, n_bad = 0;

	while (n_bad < BAD_MAX &&
		(e = transcript_next(transcript, &from, findings->check, "odd"))) {
		if (e->round != 1)
			continue;
		n++;
		last = e;
		struct tale one = tale_of(transcript, e);
		if (!one.gone)
			continue;
		struct tale two = tale_again(transcript, e);
		n_bad++;
		findings_fail(findings, "5.13-1B", one.gone, was_there(&two) ? two.gone : NULL,
			was_there(&one) ? one.before : NULL,
			"the service at port %u goes away when it is sent %s", e->port, e->note);
	}
	if (n_bad)
		return;
	if (last)
		finding_coverage(findings_add(findings, "5.13-1B", VERDICT_NFF, last,
					 "all services still answer after %zu odd inputs", n),
			n, n);
	else if ((e = transcript_first(transcript, findings->check, "before")))
		findings_inc(findings, "5.13-1B", INC_NOT_SEEN, e,
			"the service at port %u does not answer even what it is asked properly",
			e->port);
	else
		service_absent(transcript, findings, "5.13-1B", "service that takes input");
}
