/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/rig.h"
#include "check/rig_line.h"
#include "check/service.h"
#include "check/table.h"

/*
 * What becomes of a device when something that it may need is away for a while: the
 * internet, all names, its maker's names, the cable; what it serves on the LAN
 * meanwhile, and whether it finds back.  Twice, the second time as evidence of the
 * first.
 *
 * Steps, each of round 1 and 2: "before" and "offline" (connections to what
 * tcp-ports found), "internet" (a flow that was answered, before), "gone", "asked"
 * (questions for names that were withheld), "spoke" (flows to the internet that were
 * answered nevertheless), and "back" (the first that was answered afterwards; the
 * note says after how long) or "not-back".  "after": the services once more.
 */
enum {
	ROUNDS = 2,
	TURN_S = 60,
	OFFLINE_MS = 40000,
	OFFLINE_LAB_MS = 6000,
	BEFORE_MS = 30000, /* until it is seen to use the internet */
	BACK_MS = 60000,   /* until it must have found back; a device may wait a while */
	AGAIN_MS = 60000,  /* until what it serves must be there again, after its cable was out */
	AGAIN_LAB_MS = 20000,
	LOOK_MS = 500,
	TRY_MS = 2000,
	SERVED_MAX = 8,
	LOOKED_MAX = SERVED_MAX * ROUNDS, /* no probe writes more; each costs several walks */
};

/* One of the ways in which something is away. */
struct outage_kind {
	uint8_t bits;         /* of the rig */
	const char *of;       /* "while there is no internet" */
	const char *works;    /* what is stated of it; NULL: nothing */
	bool is_local_judged; /* is it a fault that what it serves at home goes? */
};

static const struct outage_kind internet = {.bits = RIG_OFF,
	.of = "while there is no internet",
	.works = "WORKS-NET",
	.is_local_judged = true};
static const struct outage_kind naming = {
	.bits = RIG_NAMES, .of = "while no name is resolved", .is_local_judged = true};
static const struct outage_kind maker = {
	.bits = RIG_MAKER, .of = "while its maker's names are gone", .works = "WORKS-MAKER"};
static const struct outage_kind cable = {.bits = RIG_LINK, .of = "after its cable was out"};

struct outage {
	struct session *session;
	const struct outage_kind *kind;
	struct service_at service[SERVICES_MAX];
	size_t n_services;
};

static bool
ask(struct session *session, uint8_t bits, uint32_t seconds, struct message_rig_seen *seen)
{
	return rig_ask(session, bits, seconds, NULL, 0, seen);
}

/* True when all of them answered. */
static bool
try_services(struct outage *outage, const char *step, uint32_t round)
{
	bool is_whole = true;

	for (size_t i = 0; i < outage->n_services && i < SERVED_MAX; i++) {
		const struct service_at *at = &outage->service[i];
		struct talk *talk = talk_tcp(outage->session, &at->address, at->port, step, round);
		is_whole &= talk != NULL;
		if (talk)
			talk_close(talk);
	}
	return is_whole;
}

static void
record_flow(struct session *session, const char *step, uint32_t round, const struct rig_row *row,
	uint64_t ms)
{
	struct exchange e = {.round = round, .address = row->address, .end = EXCHANGE_OPEN};

	snprintf(e.step, sizeof e.step, "%s", step);
	snprintf(e.note, sizeof e.note, "%llu ms, port %u", (unsigned long long)ms, row->port);
	session_record(session, &e);
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
			if (!seen.row[i].packets_in)
				continue;
			record_flow(session, step, round, &seen.row[i], taken);
			return true;
		}
		session_rest(session, LOOK_MS);
	}
	return false;
}

/* Addresses that it remembers need no name; time is nobody's in particular. */
static void
note_flows(struct session *session, uint32_t round)
{
	struct message_rig_seen seen;

	if (!ask(session, RIG_LOOK, 0, &seen))
		return;
	for (uint32_t i = 0; i < seen.n_rows; i++)
		if (seen.row[i].packets_in && seen.row[i].port != RIG_TIME_PORT) {
			record_flow(session, "spoke", round, &seen.row[i], 0);
			return;
		}
}

static void
note_round(struct session *session, const char *step, uint32_t round)
{
	struct exchange e = {.round = round};

	snprintf(e.step, sizeof e.step, "%s", step);
	session_record(session, &e);
}

static void
note_asked(struct session *session, uint32_t round, uint32_t n)
{
	struct exchange e = {.round = round};

	snprintf(e.step, sizeof e.step, "asked");
	snprintf(e.note, sizeof e.note, "%u", n);
	session_record(session, &e);
}

/* What it serves comes again when the cable does, or some time later. */
static void
wait_for_services(struct outage *outage, uint32_t round)
{
	uint64_t begun = clock_monotonic_ns();
	uint32_t ms = session_pace(outage->session) == PACE_LAB ? AGAIN_LAB_MS : AGAIN_MS;

	while (!try_services(outage, "after", round) && !session_is_over(outage->session) &&
		(clock_monotonic_ns() - begun) / CLOCK_MS_NS < ms)
		session_rest(outage->session, TRY_MS);
}

/* From here on it is away: for names a flow that runs needs none, so those end as well. */
static bool
take_away(struct outage *outage)
{
	struct session *session = outage->session;
	const uint8_t bits = outage->kind->bits;
	struct message_rig_seen seen;

	if (!(bits & RIG_OF_NAMES))
		return ask(session, bits | RIG_CUT, TURN_S, &seen);
	return ask(session, bits, TURN_S, &seen) && ask(session, RIG_CUT, 0, &seen);
}

static bool
play(struct outage *outage, uint32_t round)
{
	struct session *session = outage->session;
	const uint8_t bits = outage->kind->bits;
	uint32_t ms = session_pace(session) == PACE_LAB ? OFFLINE_LAB_MS : OFFLINE_MS;
	struct message_rig_seen seen;

	wait_for_flow(session, "internet", round, BEFORE_MS);
	try_services(outage, "before", round);
	if (!take_away(outage))
		return false;
	note_round(session, "gone", round);
	session_rest(session, ms);
	if (bits != RIG_LINK)
		try_services(outage, "offline", round);
	if (bits & RIG_OF_NAMES)
		note_flows(session, round);
	if (!ask(session, bits, 0, &seen))
		return false;
	if (bits & RIG_OF_NAMES)
		note_asked(session, round, seen.n_cut);
	if (bits == RIG_LINK)
		wait_for_services(outage, round);
	if (!wait_for_flow(session, "back", round, BACK_MS) && !session_is_over(session))
		note_round(session, "not-back", round);
	if (bits != RIG_LINK)
		try_services(outage, "after", round);
	return true;
}

static void
probe(struct session *session, const struct outage_kind *kind)
{
	struct outage *outage = must_alloc(1, sizeof *outage);
	struct message_rig_seen seen;

	outage->session = session;
	outage->kind = kind;
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

void
rig_outage_probe(struct session *session)
{
	probe(session, &internet);
}

void
rig_names_probe(struct session *session)
{
	probe(session, &naming);
}

void
rig_maker_probe(struct session *session)
{
	probe(session, &maker);
}

void
rig_link_probe(struct session *session)
{
	probe(session, &cable);
}

/* --- judging ------------------------------------------------------------------------------------- */

/* The last of this step and round, at the place of `at` (NULL: whatever place). */
static const struct exchange *
find(const struct transcript *transcript, uint16_t check, const char *step, uint32_t round,
	const struct exchange *at)
{
	const struct exchange *e, *found = NULL;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, step)))
		if (e->round == round &&
			(!at || (e->port == at->port && ip_is_equal(&e->address, &at->address))))
			found = e;
	return found;
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

/* What it serves at home, and how much of that went on. */
struct served {
	size_t n, n_lost; /* looked at in both rounds; not answered in any of them */
	const struct exchange *any;
};

static struct served
look_at_services(const struct transcript *transcript, struct findings *findings,
	const struct outage_kind *kind)
{
	const uint16_t check = findings->check;
	struct served served = {0};
	const struct exchange *e;
	size_t from = 0, n_looked = 0;

	while (n_looked++ < LOOKED_MAX &&
		(e = transcript_next(transcript, &from, check, "before"))) {
		if (e->round != 1 || !is_answered(e) || !find(transcript, check, "offline", 1, e))
			continue;
		served.any = e;
		served.n++;
		const struct exchange *lost = was_lost(transcript, check, e, 1);
		const struct exchange *again = was_lost(transcript, check, e, 2);
		served.n_lost += lost || again;
		if (!lost || !kind->is_local_judged)
			continue;
		const struct exchange *after = find(transcript, check, "after", 1, e);
		findings_fail(findings, "5.9-2", lost, again, is_answered(after) ? after : NULL,
			"TCP port %u answers no more %s", e->port, kind->of);
	}
	return served;
}

/* A service that goes with the internet, and comes again with it. */
static void
judge_services(
	struct findings *findings, const struct outage_kind *kind, const struct served *served)
{
	if (!kind->is_local_judged)
		return;
	if (served->n && !served->n_lost)
		finding_coverage(
			findings_add(findings, "5.9-2", VERDICT_NFF, served->any,
				"what it serves on the LAN goes on answering %s", kind->of),
			(uint32_t)served->n, (uint32_t)served->n);
	else if (!served->n)
		findings_inc(findings, "5.9-2", INC_NOT_SEEN, NULL,
			"it serves nothing on the LAN that could be looked at");
}

static unsigned
withheld(const struct transcript *transcript, uint16_t check, uint32_t round)
{
	const struct exchange *asked = find(transcript, check, "asked", round, NULL);
	unsigned n = 0;

	return asked && sscanf(asked->note, "%9u", &n) == 1 ? n : 0;
}

/* Was it away at all, as far as the device could notice?  False when that is said to be unclear. */
static bool
was_away(const struct transcript *transcript, struct findings *findings,
	const struct outage_kind *kind, const char *provision)
{
	const struct exchange *spoke;

	if (!(kind->bits & RIG_OF_NAMES))
		return true;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		spoke = find(transcript, findings->check, "spoke", round, NULL);
		if (spoke) {
			findings_inc(findings, provision, INC_NOT_SEEN, spoke,
				"it went on with an address that it remembered (%.60s), so nothing "
				"was away",
				spoke->note);
			return false;
		}
		if (!withheld(transcript, findings->check, round)) {
			findings_inc(findings, provision, INC_NOT_SEEN, NULL,
				"it asked for no name meanwhile, so nothing was away");
			return false;
		}
	}
	return true;
}

/* One result: yes, partly, no; and what it rests on. */
static void
state_what_works(const struct transcript *transcript, struct findings *findings,
	const struct outage_kind *kind, const struct served *served)
{
	if (!kind->works)
		return;
	if (!served->n) {
		findings_inc(findings, kind->works, INC_NOT_SEEN, NULL,
			"it serves nothing on the LAN by which one could tell");
		return;
	}
	if (!was_away(transcript, findings, kind, kind->works))
		return;
	size_t n_well = served->n - served->n_lost;
	const char *word = !served->n_lost ? "yes" : n_well ? "partly" : "no";
	struct finding *finding = findings_add(findings, kind->works, VERDICT_NFF, served->any,
		"%s: of %zu services at home %zu answered %s", word, served->n, n_well, kind->of);
	/* It is about the device as a whole. */
	finding->port = 0;
	finding->proto = 0;
	finding_coverage(finding, (uint32_t)served->n, (uint32_t)served->n);
}

static void
judge_return(const struct transcript *transcript, struct findings *findings,
	const struct outage_kind *kind)
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
	else if (back[0] && back[1] && was_away(transcript, findings, kind, "5.9-1"))
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

static bool
could_not(const struct transcript *transcript, struct findings *findings, const char *what)
{
	const struct exchange *e = transcript_first(transcript, findings->check, "no-rig");

	if (e)
		findings_inc(findings, "5.9-1", INC_TOOL_ERROR, NULL,
			"%s could not be taken away: %s", what, e->note);
	return e != NULL;
}

static void
judge(const struct transcript *transcript, struct findings *findings,
	const struct outage_kind *kind)
{
	if (could_not(
		    transcript, findings, kind->bits & RIG_OF_NAMES ? "its names" : "its internet"))
		return;
	struct served served = look_at_services(transcript, findings, kind);
	judge_services(findings, kind, &served);
	state_what_works(transcript, findings, kind, &served);
	judge_return(transcript, findings, kind);
}

void
rig_outage_judge(const struct transcript *transcript, struct findings *findings)
{
	judge(transcript, findings, &internet);
}

void
rig_names_judge(const struct transcript *transcript, struct findings *findings)
{
	judge(transcript, findings, &naming);
}

void
rig_maker_judge(const struct transcript *transcript, struct findings *findings)
{
	judge(transcript, findings, &maker);
}

/* Whether what it serves is there again.  A device that needs longer is not told from one that never comes. */
static void
judge_services_again(const struct transcript *transcript, struct findings *findings)
{
	const uint16_t check = findings->check;
	const struct exchange *e, *any = NULL;
	size_t from = 0, n_looked = 0, n = 0, n_late = 0;

	while (n_looked++ < LOOKED_MAX &&
		(e = transcript_next(transcript, &from, check, "before"))) {
		const struct exchange *after = find(transcript, check, "after", e->round, e);
		if (!is_answered(e) || !after)
			continue;
		any = e;
		n++;
		if (is_answered(after))
			continue;
		n_late++;
		findings_inc(findings, "5.9-2", INC_TIME_OUT, after,
			"TCP port %u did not answer again in the time given %s", e->port, cable.of);
	}
	if (n && !n_late)
		finding_coverage(findings_add(findings, "5.9-2", VERDICT_NFF, any,
					 "what it serves on the LAN answered again %s", cable.of),
			(uint32_t)n, (uint32_t)n);
	else if (!n)
		findings_inc(findings, "5.9-2", INC_NOT_SEEN, NULL,
			"it serves nothing on the LAN that could be looked at");
}

void
rig_link_judge(const struct transcript *transcript, struct findings *findings)
{
	if (could_not(transcript, findings, "its cable"))
		return;
	judge_services_again(transcript, findings);
	judge_return(transcript, findings, &cable);
}
