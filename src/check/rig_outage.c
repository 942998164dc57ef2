/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/rig.h"
#include "check/service.h"
#include "check/table.h"

/*
 * What becomes of a device whose internet goes away for a while, and of what it
 * serves on the LAN; and whether it finds back.  Twice, the second time as
 * evidence of the first.
 *
 * Steps, each of round 1 and 2: "before" and "offline" (connections to what
 * tcp-ports found), "internet" (a flow that was answered, before), "gone", and
 * "back" (the first that was answered afterwards; the note says after how long)
 * or "not-back".  "after": the services once more.
 */
enum {
	ROUNDS = 2,
	TURN_S = 60,
	OFFLINE_MS = 40000,
	OFFLINE_LAB_MS = 12000,
	BEFORE_MS = 30000, /* until it is seen to use the internet */
	BACK_MS = 60000,   /* until it must have found back; a device may wait a while */
	LOOK_MS = 1000,
	SERVED_MAX = 8,
};

struct outage {
	struct session *session;
	struct service_at service[SERVICES_MAX];
	size_t n_services;
};

static bool
ask(struct session *session, uint8_t bits, uint32_t seconds, struct message_rig_seen *seen)
{
	struct message_rig message = {.bits = bits, .seconds = seconds};

	return session_rig(session, &message, seen);
}

static void
try_services(struct outage *outage, const char *step, uint32_t round)
{
	for (size_t i = 0; i < outage->n_services && i < SERVED_MAX; i++) {
		const struct service_at *at = &outage->service[i];
		struct talk *talk = talk_tcp(outage->session, &at->address, at->port, step, round);
		if (talk)
			talk_close(talk);
	}
}

/* The first flow to the internet that is answered is written as this step; false: none was. */
static bool
wait_for_flow(struct session *session, const char *step, uint32_t round, uint32_t ms)
{
	uint64_t begun = clock_monotonic_ns(), taken = 0;
	struct message_rig_seen seen;

	while (taken < ms && !session_is_over(session)) {
		if (!ask(session, RIG_LOOK, 0, &seen))
			return false;
		taken = (clock_monotonic_ns() - begun) / CLOCK_MS_NS;
		for (uint32_t i = 0; i < seen.n_rows; i++) {
			const struct rig_row *row = &seen.row[i];
			struct exchange e = {
				.round = round, .address = row->address, .end = EXCHANGE_OPEN};
			if (!row->packets_in)
				continue;
			snprintf(e.step, sizeof e.step, "%s", step);
			snprintf(e.note, sizeof e.note, "%llu ms, port %u",
				(unsigned long long)taken, row->port);
			session_record(session, &e);
			return true;
		}
		session_rest(session, LOOK_MS);
	}
	return false;
}

static void
note_round(struct session *session, const char *step, uint32_t round)
{
	struct exchange e = {.round = round};

	snprintf(e.step, sizeof e.step, "%s", step);
	session_record(session, &e);
}

static bool
play(struct outage *outage, uint32_t round)
{
	struct session *session = outage->session;
	uint32_t ms = session_pace(session) == PACE_LAB ? OFFLINE_LAB_MS : OFFLINE_MS;
	struct message_rig_seen seen;

	wait_for_flow(session, "internet", round, BEFORE_MS);
	try_services(outage, "before", round);
	if (!ask(session, RIG_OFF | RIG_CUT, TURN_S, &seen))
		return false;
	note_round(session, "gone", round);
	session_rest(session, ms);
	try_services(outage, "offline", round);
	if (!ask(session, RIG_OFF, 0, &seen))
		return false;
	if (!wait_for_flow(session, "back", round, BACK_MS) && !session_is_over(session))
		note_round(session, "not-back", round);
	try_services(outage, "after", round);
	return true;
}

void
rig_outage_probe(struct session *session)
{
	struct outage *outage = must_alloc(1, sizeof *outage);
	struct message_rig_seen seen;

	outage->session = session;
	outage->n_services = services_in(session_transcript(session), outage->service);
	if (!ask(session, RIG_LOOK, 0, &seen)) {
		session_note(session, "no-rig", "%s", err_text((enum err)seen.err));
		free(outage);
		return;
	}
	for (uint32_t round = 1; round <= ROUNDS && !session_is_over(session); round++)
		if (!play(outage, round)) {
			session_note(session, "no-rig", "the gateway did not go on");
			break;
		}
	free(outage);
}

/* --- judging ------------------------------------------------------------------------------------- */

/* This step of this round, at the place of `at` (NULL: whatever place). */
static const struct exchange *
find(const struct transcript *transcript, uint16_t check, const char *step, uint32_t round,
	const struct exchange *at)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, step)))
		if (e->round == round &&
			(!at || (e->port == at->port && ip_is_equal(&e->address, &at->address))))
			return e;
	return NULL;
}

static bool
is_answered(const struct exchange *e)
{
	return e && e->proto && e->end == EXCHANGE_OPEN;
}

static const struct exchange *
was_lost(const struct transcript *transcript, uint16_t check, const struct exchange *before,
	uint32_t round)
{
	const struct exchange *offline = find(transcript, check, "offline", round, before);

	return is_answered(find(transcript, check, "before", round, before)) && offline &&
			       !is_answered(offline) && offline->end != EXCHANGE_TROUBLE
		       ? offline
		       : NULL;
}

/* A service that goes with the internet, and comes again with it. */
static void
judge_services(const struct transcript *transcript, struct findings *findings)
{
	const uint16_t check = findings->check;
	const struct exchange *e, *any = NULL;
	size_t from = 0, n = 0, n_lost = 0;

	/* No probe writes more; each costs several walks. */
	while (n < SERVED_MAX && (e = transcript_next(transcript, &from, check, "before"))) {
		if (e->round != 1 || !is_answered(e) || !find(transcript, check, "offline", 1, e))
			continue;
		any = e;
		n++;
		const struct exchange *lost = was_lost(transcript, check, e, 1);
		if (!lost)
			continue;
		n_lost++;
		const struct exchange *after = find(transcript, check, "after", 1, e);
		findings_fail(findings, "5.9-2", lost, was_lost(transcript, check, e, 2),
			is_answered(after) ? after : NULL,
			"TCP port %u answers no more while there is no internet", e->port);
	}
	if (n && !n_lost)
		finding_coverage(findings_add(findings, "5.9-2", VERDICT_NFF, any,
					 "what it serves on the LAN goes on answering without the "
					 "internet"),
			n, n);
	else if (!n)
		findings_inc(findings, "5.9-2", INC_NOT_SEEN, NULL,
			"it serves nothing on the LAN that could be looked at");
}

static void
judge_return(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *back[ROUNDS], *away[ROUNDS], *used[ROUNDS];

	for (uint32_t i = 0; i < ROUNDS; i++) {
		used[i] = find(transcript, findings->check, "internet", i + 1, NULL);
		back[i] = find(transcript, findings->check, "back", i + 1, NULL);
		away[i] = find(transcript, findings->check, "not-back", i + 1, NULL);
	}
	if (!used[0])
		findings_inc(findings, "5.9-1", INC_NOT_SEEN, NULL,
			"it was not seen to use the internet before it went");
	else if (back[0] && back[1])
		finding_coverage(findings_add(findings, "5.9-1", VERDICT_NFF, back[0],
					 "it found back after each outage: %.*s and %.*s",
					 (int)strcspn(back[0]->note, ","), back[0]->note,
					 (int)strcspn(back[1]->note, ","), back[1]->note),
			ROUNDS, ROUNDS);
	else if (away[0] || away[1])
		/* It may wait longer than we do: nobody can tell that from one that stays away. */
		findings_inc(findings, "5.9-1", INC_TIME_OUT, away[0] ? away[0] : away[1],
			"it did not use the internet again within %d s", BACK_MS / 1000);
}

void
rig_outage_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, findings->check, "no-rig"))) {
		findings_inc(findings, "5.9-1", INC_TOOL_ERROR, NULL,
			"its internet could not be taken away: %s", e->note);
		return;
	}
	judge_services(transcript, findings);
	judge_return(transcript, findings);
}
