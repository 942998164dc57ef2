/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/rig.h"
#include "check/rig_line.h"
#include "check/table.h"

/*
 * How a device comes back to a server that refuses it: the gateway turns its flows to
 * us, and we close each at once.  A million devices that try ten times a second keep a
 * service down that would have come up.
 *
 * Steps: "control" (the device and its true server, before), "turned", and of round 1
 * and 2 "tries", one a port: received is the list of the milliseconds at which it came,
 * since it was turned.  "back": the first flow that was answered afterwards.
 */
enum {
	ROUNDS = 2,
	WINDOW_MS = 60000,
	WINDOW_LAB_MS = 10000,
	SLACK_S = 10, /* the kernel ends it by then */
	BEFORE_MS = 30000,
	BACK_MS = 60000,
	LOOK_MS = 500,
	TRIES_MAX = 1024, /* a port and round; a faster one is a storm by then */
	PACKETS_A_TRY = 3,
	/* What is called a storm: at least so many tries in the window ... */
	STORM_TRIES = 16,
	/* ... of which the last come less than so far apart, and not farther than the first. */
	STORM_MS = 1000,
	GROWTH_PERCENT = 150,
	FEW_TRIES = 3,
};

/* Where devices keep a connection: web, MQTT, and what platforms of devices use. */
static const uint16_t ports[] = {443, 80, 8443, 8080, 8883, 1883, 8886, 6668};

struct tries {
	size_t n;
	uint32_t at_ms[TRIES_MAX];
};

/* --- asking -------------------------------------------------------------------------------------- */

static bool
ask(struct session *session, uint8_t bits, uint32_t seconds, struct message_rig_seen *seen)
{
	return rig_ask(session, bits, seconds, ports, COUNT_OF(ports), seen);
}

static void
record_row(struct session *session, const char *step, uint32_t round, const struct rig_row *row)
{
	struct exchange e = {.proto = IPPROTO_TCP,
		.port = row->port,
		.address = row->address,
		.round = round,
		.end = EXCHANGE_OPEN};

	snprintf(e.step, sizeof e.step, "%s", step);
	rig_control_render(row, e.note, sizeof e.note);
	session_record(session, &e);
}

/* Its flows that were answered are written as this step, each port once; false: there was none. */
static bool
wait_for_flows(struct session *session, const char *step, uint32_t round, uint32_t ms)
{
	uint64_t until = clock_monotonic_ns() + ms * CLOCK_MS_NS;
	struct message_rig_seen seen;

	while (clock_monotonic_ns() < until && !session_is_over(session)) {
		uint16_t told[RIG_ROWS_MAX] = {0};
		size_t n_told = 0;
		if (!ask(session, RIG_LOOK, 0, &seen))
			return false;
		for (uint32_t i = 0; i < seen.n_rows; i++) {
			bool is_told = !seen.row[i].is_assured || !seen.row[i].packets_in;
			for (size_t k = 0; k < n_told; k++)
				is_told |= told[k] == seen.row[i].port;
			if (is_told)
				continue;
			told[n_told++] = seen.row[i].port;
			record_row(session, step, round, &seen.row[i]);
		}
		if (n_told)
			return true;
		session_rest(session, LOOK_MS);
	}
	return false;
}

/* Reset, not ended in order: a server whose program is not there does so. */
static void
refuse(int fd)
{
	const struct linger at_once = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

static void
record_tries(struct session *session, uint32_t round, uint16_t port, const struct tries *tries)
{
	auto_free char *list = must_alloc(TRIES_MAX, 12);
	struct exchange e = {.round = round, .end = EXCHANGE_OPEN};
	size_t len = 0;

	snprintf(e.step, sizeof e.step, "tries");
	snprintf(e.note, sizeof e.note, "port %u", port);
	for (size_t i = 0; i < tries->n; i++)
		len += (size_t)sprintf(list + len, "%s%u", i ? " " : "", tries->at_ms[i]);
	e.received = (const uint8_t *)list;
	e.n_received = len;
	session_record(session, &e);
}

static bool
play(struct session *session, int listening, uint32_t round, struct tries *tries)
{
	uint32_t window = session_pace(session) == PACE_LAB ? WINDOW_LAB_MS : WINDOW_MS;
	struct message_rig_seen seen;

	memset(tries, 0, COUNT_OF(ports) * sizeof *tries);
	if (!ask(session, RIG_TURN | RIG_CUT, window / 1000 + SLACK_S, &seen))
		return false;
	session_note(session, "turned", "for %u s", window / 1000);
	uint64_t begun = clock_monotonic_ns(), now;
	while ((now = clock_monotonic_ns()) - begun < window * CLOCK_MS_NS &&
		!session_is_over(session)) {
		struct ip address;
		uint16_t port;
		int fd = rig_take(session, listening, 200, &address, &port);
		if (fd < 0)
			continue;
		refuse(fd);
		session_count(session, PACKETS_A_TRY);
		for (size_t i = 0; i < COUNT_OF(ports); i++)
			if (ports[i] == port && tries[i].n < TRIES_MAX)
				tries[i].at_ms[tries[i].n++] =
					(uint32_t)((clock_monotonic_ns() - begun) / CLOCK_MS_NS);
	}
	bool is_ended = ask(session, RIG_TURN, 0, &seen);
	for (size_t i = 0; i < COUNT_OF(ports); i++)
		if (tries[i].n)
			record_tries(session, round, ports[i], &tries[i]);
	wait_for_flows(session, "back", round, BACK_MS);
	return is_ended;
}

void
rig_backoff_probe(struct session *session)
{
	auto_free struct tries *tries = must_alloc(COUNT_OF(ports), sizeof *tries);
	struct message_rig_seen seen;

	if (!ask(session, RIG_LOOK, 0, &seen)) {
		session_note(session, "no-rig", "%s", err_text((enum err)seen.err));
		return;
	}
	auto_close int listening = rig_listen(session, SOCK_STREAM);
	if (listening < 0)
		return;
	wait_for_flows(session, "control", 1, BEFORE_MS);
	for (uint32_t round = 1; round <= ROUNDS && !session_is_over(session); round++)
		if (!play(session, listening, round, tries)) {
			session_note(session, "no-rig", "the gateway did not go on");
			return;
		}
}

/* --- judging ------------------------------------------------------------------------------------- */

/* False when the list is none that a probe writes. */
static bool
tries_parse(struct tries *tries, const struct exchange *e)
{
	const char *at = (const char *)e->received, *end = at + e->n_received;

	tries->n = 0;
	while (at < end && tries->n < TRIES_MAX) {
		uint32_t ms = 0;
		const char *begun = at;
		for (; at < end && *at >= '0' && *at <= '9' && at - begun < 7; at++)
			ms = ms * 10 + (uint32_t)(*at - '0');
		if (at == begun || (at < end && *at != ' ') ||
			(tries->n && ms < tries->at_ms[tries->n - 1]))
			return false;
		tries->at_ms[tries->n++] = ms;
		at += at < end;
	}
	return at == end;
}

static int
by_size(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Of the distances between tries `from` and `to`: the one in the middle, when they are sorted. */
static uint32_t
middle_ms(const struct tries *tries, size_t from, size_t to)
{
	uint32_t gap[TRIES_MAX];
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		gap[n++] = tries->at_ms[i + 1] - tries->at_ms[i];
	if (!n)
		return 0;
	qsort(gap, n, sizeof *gap, by_size);
	return gap[n / 2];
}

struct pace_of {
	bool is_storm;
	uint32_t first_ms, last_ms; /* between the first third of its tries, and the last */
};

static struct pace_of
pace_of(const struct tries *tries)
{
	size_t n_gaps = tries->n - 1, third = n_gaps < 3 ? n_gaps : n_gaps / 3;
	struct pace_of pace = {.first_ms = middle_ms(tries, 0, third),
		.last_ms = middle_ms(tries, n_gaps - third, n_gaps)};

	pace.is_storm =
		tries->n >= STORM_TRIES && pace.last_ms < STORM_MS &&
		(uint64_t)pace.last_ms * 100 < (uint64_t)pace.first_ms * GROWTH_PERCENT + 100;
	return pace;
}

static const struct exchange *
tries_of(const struct transcript *transcript, uint16_t check, uint32_t round, const char *note,
	struct tries *tries)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, "tries")))
		if (e->round == round && !strcmp(e->note, note))
			return tries_parse(tries, e) && tries->n ? e : NULL;
	return NULL;
}

static const struct exchange *
control_of(const struct transcript *transcript, uint16_t check, uint16_t port)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, "control")))
		if (e->port == port)
			return e;
	from = 0;
	while ((e = transcript_next(transcript, &from, check, "back")))
		if (e->port == port)
			return e;
	return NULL;
}

/* True when anything could be said of it. */
static bool
judge_port(const struct transcript *transcript, struct findings *findings, uint16_t port)
{
	auto_free struct tries *tries = must_alloc(ROUNDS, sizeof *tries);
	const struct exchange *in[ROUNDS];
	struct pace_of pace[ROUNDS] = {0};
	char note[16];

	snprintf(note, sizeof note, "port %u", port);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		in[i] = tries_of(transcript, findings->check, i + 1, note, &tries[i]);
		if (in[i] && tries[i].n >= FEW_TRIES)
			pace[i] = pace_of(&tries[i]);
		else
			in[i] = NULL;
	}
	if (!in[0] && !in[1])
		return false;
	size_t at = in[0] ? 0 : 1;
	if (pace[0].is_storm || pace[1].is_storm) {
		size_t worse = pace[0].is_storm ? 0 : 1;
		findings_fail(findings, "5.9-3", in[worse],
			pace[0].is_storm && pace[1].is_storm ? in[1] : NULL,
			control_of(transcript, findings->check, port),
			"refused, it tried port %u again %zu times in %u s, %u ms apart at the end "
			"and "
			"%u ms at the beginning",
			port, tries[worse].n, tries[worse].at_ms[tries[worse].n - 1] / 1000,
			pace[worse].last_ms, pace[worse].first_ms);
	} else if (in[0] && in[1]) {
		finding_coverage(
			findings_add(findings, "5.9-3", VERDICT_NFF, in[at],
				"refused at port %u it waits: %u ms between its first tries, %u ms "
				"between its last",
				port, pace[at].first_ms, pace[at].last_ms),
			ROUNDS, ROUNDS);
	} else {
		findings_inc(findings, "5.9-3", INC_NOT_REPRODUCED, in[at],
			"it came to port %u in one of two rounds only", port);
	}
	return true;
}

void
rig_backoff_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e = transcript_first(transcript, findings->check, "no-rig");
	bool is_any = false;

	if (e) {
		findings_inc(findings, "5.9-3", INC_TOOL_ERROR, NULL,
			"its way could not be turned to the test: %s", e->note);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(ports); i++)
		is_any |= judge_port(transcript, findings, ports[i]);
	if (!is_any)
		findings_inc(findings, "5.9-3", INC_NOT_SEEN, NULL,
			"it tried fewer than %d times to reach a server that refused it",
			FEW_TRIES);
}
