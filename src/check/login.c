/* SPDX-License-Identifier: Apache-2.0 */
#include "check/login.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/beside.h"
#include "check/declared.h"

enum {
	TRIES_GENTLE = 10,
	REFUSED_IN_A_ROW = 2,
	FIRST_BESIDE = 3, /* beside both controls: as many as find out whether three lock */
	TOGETHER = 5,     /* over one connection: servers hang up after six and more */
	LOOK_AFTER = 4,   /* tries for each place that the device has, before more follow */
	BUSY_REST_MS = 1000,
	LOCKS_AFTER = 3, /* as most do that lock at all */
	HASTE_FROM_US = 300000,
};

/* --- words -------------------------------------------------------------------------------------- */

static bool
has_word(const void *bytes, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	const char *at = bytes;

	for (size_t i = 0; i + word_len <= len; i++)
		if (!strncasecmp(at + i, word, word_len))
			return true;
	return false;
}

bool
login_says_no(const void *bytes, size_t len)
{
	static const char *const words[] = {"incorrect", "fail", "invalid", "denied", "wrong",
		"bad password", "not allowed", "unauthorized", "error", "rejected"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (has_word(bytes, len, words[i]))
			return true;
	return false;
}

bool
login_says_locked(const void *bytes, size_t len)
{
	static const char *const words[] = {"locked", "lockout", "too many", "try again later",
		"temporarily", "wait ", "blocked", "banned", "maximum number"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (has_word(bytes, len, words[i]))
			return true;
	return false;
}

/* --- trying ------------------------------------------------------------------------------------- */

/* Nobody's: long, and no word of any list.  Constant, so that a run can be repeated. */
static const struct credential nobody = {
	.user = "pinfold-nobody", .password = "Wq7-not-a-login-3x"};

static enum login_result
attempt(struct session *session, const struct login_kind *kind, const struct service_at *at,
	const struct credential *credential, const char *step, uint32_t round)
{
	kind->try(session, at, credential, step, round);
	const struct exchange *e = transcript_last(session);
	return e && !strcmp(e->step, step) ? kind->result(e) : LOGIN_UNKNOWN;
}

static void
stop(struct session *session, const struct service_at *at, const char *why)
{
	struct exchange e = {.proto = 6, .address = at->address, .port = at->port};

	snprintf(e.step, sizeof e.step, "login stop");
	snprintf(e.note, sizeof e.note, "%s", why);
	session_record(session, &e);
}

/* No session was to be had: it refuses, hangs up or is silent.  SSH quotes why there is none. */
static bool
is_busy(const struct exchange *e, const struct login_kind *kind)
{
	if (e->n_received && kind->service != SERVICE_SSH)
		return false;
	return kind->result(e) == LOGIN_UNKNOWN;
}

/* The hit again, with both controls, over connections of their own. */
static void
again(struct session *session, const struct login_kind *kind, const struct service_at *at,
	size_t place, const struct credential *hit)
{
	struct exchange e = {.proto = 6, .address = at->address, .port = at->port};

	snprintf(e.step, sizeof e.step, "login hit");
	snprintf(e.note, sizeof e.note, "%zu", place);
	session_record(session, &e);
	attempt(session, kind, at, NULL, "login none", 2);
	attempt(session, kind, at, &nobody, "login wrong", 2);
	attempt(session, kind, at, hit, "login try", 2);
}

/* There is nothing to try where nobody is asked; once more, to be sure. */
static bool
is_open(struct session *session, const struct login_kind *kind, const struct service_at *at,
	enum login_result none)
{
	if (none != LOGIN_YES && none != LOGIN_NOT_ASKED)
		return false;
	attempt(session, kind, at, NULL, "login none", 2);
	stop(session, at, "open");
	return true;
}

static bool
is_in_vain(struct session *session, const struct service_at *at, enum login_result wrong)
{
	if (wrong != LOGIN_YES && wrong != LOGIN_LOCKED)
		return false;
	stop(session, at, wrong == LOGIN_YES ? "yes to anything" : "locked");
	return true;
}

/* One after the other, a few: on the owner's gateway. */
static void
try_in_turn(struct session *session, const struct login_kind *kind, const struct service_at *at,
	const struct credential *list, size_t n)
{
	size_t n_refused = 0, n_try = n < TRIES_GENTLE ? n : TRIES_GENTLE;

	if (is_open(session, kind, at, attempt(session, kind, at, NULL, "login none", 1)) ||
		is_in_vain(session, at, attempt(session, kind, at, &nobody, "login wrong", 1)))
		return;
	for (size_t i = 0; i < n_try; i++) {
		if (session_is_over(session)) {
			stop(session, at, "time");
			return;
		}
		enum login_result result = attempt(session, kind, at, &list[i], "login try", 1);
		if (result == LOGIN_YES) {
			again(session, kind, at, i, &list[i]);
			return;
		}
		const struct exchange *e = transcript_last(session);
		n_refused = e && is_busy(e, kind) ? n_refused + 1 : 0;
		if (result == LOGIN_LOCKED || n_refused >= REFUSED_IN_A_ROW) {
			stop(session, at, "locked");
			return;
		}
	}
	/* Whether it still says the same: one that locks without a word is found by that. */
	attempt(session, kind, at, &nobody, "login wrong", 2);
	if (n_try < n)
		stop(session, at, "pace");
}

/* --- trying beside each other ------------------------------------------------------------------- */

/* One login that is asked, and what came of it. */
struct ask {
	const struct credential *credential; /* NULL: none */
	const char *step;
	uint32_t round;
	size_t place; /* in the list; SIZE_MAX: a control */
	enum login_result result;
	bool is_in_vain; /* no session was to be had for it */
};

static const struct ask control_again = {
	.credential = &nobody, .step = "login wrong", .round = 2, .place = SIZE_MAX};

/* Asks beside each other, one job a connection: [first[i], first[i + 1]) of them. */
struct asking {
	const struct login_kind *kind;
	const struct service_at *at;
	const struct ask *ask;
	size_t n_jobs, first[BESIDE_MAX + 1];
};

/* Of one name, neighbours in the list of asks: over one connection where there is a way. */
static void
share_connections(struct asking *asking, size_t n, size_t together)
{
	for (size_t i = 0; i < n; i++) {
		const struct ask *ask = &asking->ask[i];
		size_t begun = asking->n_jobs ? asking->first[asking->n_jobs - 1] : 0;
		bool goes_with = asking->n_jobs && i - begun < together && ask->place != SIZE_MAX &&
				 ask[-1].place != SIZE_MAX &&
				 !strcmp(ask->credential->user, ask[-1].credential->user);
		if (!goes_with)
			asking->first[asking->n_jobs++] = i;
		asking->first[asking->n_jobs] = i + 1;
	}
}

static void
ask_job(struct session *session, size_t job, void *arg)
{
	const struct asking *asking = arg;
	const struct ask *ask = &asking->ask[asking->first[job]];
	size_t n = asking->first[job + 1] - asking->first[job];
	const struct credential *credential[BESIDE_MAX];

	if (n == 1) {
		asking->kind->try(session, asking->at, ask->credential, ask->step, ask->round);
		return;
	}
	for (size_t i = 0; i < n; i++)
		credential[i] = ask[i].credential;
	asking->kind->try_together(session, asking->at, credential, n, ask->step, ask->round);
}

/* What a job wrote becomes part of the transcript, and tells what came of its asks. */
static void
take(struct session *session, const struct transcript *job, const struct login_kind *kind,
	struct ask *asks, size_t n, bool is_alone)
{
	size_t next = 0;

	for (size_t i = 0; i < n; i++)
		asks[i].is_in_vain = true; /* unless it is found below */
	for (size_t i = 0; i < transcript_count(job); i++) {
		struct exchange e = *transcript_at(job, i);
		if (next < n && !strcmp(e.step, asks[next].step)) {
			struct ask *ask = &asks[next++];
			ask->result = kind->result(&e);
			/* Of several at once "too many" may be meant for the others. */
			ask->is_in_vain =
				is_busy(&e, kind) || (ask->result == LOGIN_LOCKED && !is_alone);
			if (ask->is_in_vain)
				snprintf(e.step, sizeof e.step, "login busy");
		}
		session_record(session, &e);
	}
}

/* Gives how many connections were answered, and *n_jobs: of how many. */
static size_t
ask_all(struct session *session, const struct login_kind *kind, const struct service_at *at,
	struct ask *asks, size_t n, size_t at_once, size_t together, size_t *n_jobs)
{
	struct transcript *out[BESIDE_MAX];
	struct asking asking = {.kind = kind, .at = at, .ask = asks};
	size_t n_clear = 0;

	share_connections(&asking, n, together);
	session_beside(session, asking.n_jobs, at_once, ask_job, &asking, out);
	for (size_t i = 0; i < asking.n_jobs; i++) {
		struct ask *first = &asks[asking.first[i]];
		take(session, out[i], kind, first, asking.first[i + 1] - asking.first[i],
			at_once == 1);
		n_clear += !first->is_in_vain;
		transcript_free(out[i]);
	}
	*n_jobs = asking.n_jobs;
	return n_clear;
}

/* What is left of the list while it is tried. */
struct trying {
	const struct credential *list;
	size_t n, n_left;
	bool is_done[CREDENTIALS_MAX];
};

/* What came of some tries beside each other. */
struct wave {
	size_t n_new;   /* were answered, whatever */
	size_t hit;     /* place in the list; SIZE_MAX: none */
	bool is_locked; /* somebody said so */
};

static struct wave
wave_of(struct trying *trying, const struct ask *asks, size_t n)
{
	struct wave wave = {.hit = SIZE_MAX};

	for (size_t i = 0; i < n; i++) {
		wave.is_locked = wave.is_locked || asks[i].result == LOGIN_LOCKED;
		if (asks[i].is_in_vain || asks[i].place == SIZE_MAX)
			continue;
		trying->is_done[asks[i].place] = true;
		trying->n_left--;
		wave.n_new++;
		if (asks[i].result == LOGIN_YES && wave.hit == SIZE_MAX)
			wave.hit = asks[i].place;
	}
	return wave;
}

/*
 * The next of the list that were not answered yet, at most so many, and those of one
 * name behind each other; gives how many.
 */
static size_t
put_next(const struct trying *trying, struct ask *asks, size_t most)
{
	bool is_put[CREDENTIALS_MAX] = {false};
	size_t n = 0;

	for (size_t i = 0; i < trying->n; i++)
		for (size_t k = i; k < trying->n && n < most; k++) {
			if (trying->is_done[k] || is_put[k] || is_put[i] != (k > i) ||
				strcmp(trying->list[k].user, trying->list[i].user) != 0)
				continue;
			is_put[k] = true;
			asks[n++] = (struct ask){.credential = &trying->list[k],
				.step = "login try",
				.round = 1,
				.place = k};
		}
	return n;
}

/* As many as were answered of all at once; or some less than what was too much. */
static size_t
fewer(size_t at_once, size_t n_clear, bool is_locked)
{
	if (is_locked || !n_clear)
		return 1;
	size_t less = at_once == BESIDE_MAX ? n_clear : at_once * 3 / 4;
	return less ? less : 1;
}

/* True when there is no more to try, for whatever reason, which is written. */
static bool
is_settled(struct session *session, const struct login_kind *kind, const struct service_at *at,
	const struct trying *trying, const struct wave *wave)
{
	if (wave->hit != SIZE_MAX) {
		again(session, kind, at, wave->hit, &trying->list[wave->hit]);
		return true;
	}
	if (session_is_over(session)) {
		stop(session, at, "time");
		return true;
	}
	return false;
}

/*
 * What is left of the list, over as many connections beside each other as the device
 * takes: all; and where it did not answer all, as many as it did, looking at what comes
 * of some before more follow.  A wrong login goes with the last of them: who locks
 * without a word is sometimes known by it.
 */
static void
try_rest(struct session *session, const struct login_kind *kind, const struct service_at *at,
	struct trying *trying, size_t at_once, bool is_enough)
{
	size_t n_in_vain = 0;
	bool is_controlled = false;

	while (trying->n_left) {
		struct ask asks[BESIDE_MAX];
		size_t most = !is_enough ? BESIDE_MAX : at_once > 1 ? LOOK_AFTER * at_once : 1;
		size_t n = put_next(trying, asks, most < BESIDE_MAX ? most : BESIDE_MAX), n_all = n;
		size_t n_jobs, together = kind->try_together && at_once > 1 ? TOGETHER : 1;
		if (n == trying->n_left && n < BESIDE_MAX)
			asks[n_all++] = control_again;
		size_t n_clear =
			ask_all(session, kind, at, asks, n_all, at_once, together, &n_jobs);
		struct wave wave = wave_of(trying, asks, n_all);
		if (is_settled(session, kind, at, trying, &wave))
			return;
		is_controlled = n_all > n && !asks[n].is_in_vain;
		n_in_vain = wave.n_new ? 0 : n_in_vain + 1;
		if (n == 1 && (wave.is_locked || n_in_vain >= REFUSED_IN_A_ROW)) {
			stop(session, at, "locked");
			return;
		}
		if (n_clear < n_jobs || wave.is_locked) {
			at_once = fewer(at_once, n_clear, wave.is_locked);
			is_enough = true;
			session_rest(session, BUSY_REST_MS);
		}
	}
	if (!is_controlled)
		attempt(session, kind, at, &nobody, "login wrong", 2);
}

/*
 * All of the list, on a bench, in two goes: both controls and a few, which finds the one
 * that locks after three and the one that takes anything; then the rest.  A control that
 * had no session beside the others is asked again alone, before anything follows.
 */
static void
try_all(struct session *session, const struct login_kind *kind, const struct service_at *at,
	const struct credential *list, size_t n)
{
	enum { WRONG, NONE, CONTROLS };
	struct trying trying = {.list = list, .n = n, .n_left = n};
	/* The first is asked by this process itself, which learns its prompts. */
	struct ask asks[CONTROLS + FIRST_BESIDE] = {
		[WRONG] = {&nobody, "login wrong", 1, .place = SIZE_MAX},
		[NONE] = {NULL, "login none", 1, .place = SIZE_MAX},
	};
	size_t n_asks = CONTROLS + put_next(&trying, asks + CONTROLS, FIRST_BESIDE);

	size_t n_jobs, n_clear = ask_all(session, kind, at, asks, n_asks, n_asks, 1, &n_jobs);
	struct wave wave = wave_of(&trying, asks, n_asks);
	for (size_t i = CONTROLS; i--;) {
		if (!asks[i].is_in_vain)
			continue;
		session_rest(session, BUSY_REST_MS);
		asks[i].result = attempt(session, kind, at, asks[i].credential, asks[i].step, 1);
	}
	if (is_open(session, kind, at, asks[NONE].result) ||
		is_in_vain(session, at, asks[WRONG].result) ||
		is_settled(session, kind, at, &trying, &wave))
		return;
	bool is_enough = n_clear < n_jobs || wave.is_locked;
	if (is_enough)
		session_rest(session, BUSY_REST_MS);
	try_rest(session, kind, at, &trying,
		is_enough       ? fewer(n_asks, n_clear, wave.is_locked)
		: kind->at_once ? kind->at_once
				: BESIDE_MAX,
		is_enough);
}

void
login_probe(struct session *session, const struct login_kind *kind)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_that_are(session_transcript(session), kind->service, at), n_list;
	const struct credential *list = credentials(&n_list);

	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		struct exchange plan = {.proto = 6, .address = at[i].address, .port = at[i].port};
		snprintf(plan.step, sizeof plan.step, "login plan");
		snprintf(plan.note, sizeof plan.note, "%zu", n_list);
		session_record(session, &plan);
		if (session_pace(session) == PACE_LAB)
			try_all(session, kind, &at[i], list, n_list);
		else
			try_in_turn(session, kind, &at[i], list, n_list);
	}
}

const struct credential *
login_known(const struct transcript *transcript, const char *check, const struct ip *address,
	uint16_t port)
{
	size_t n_list, from = 0, n = 0;
	const struct credential *list = credentials(&n_list);
	const struct exchange *e;
	int place = check_find(check);

	while (place >= 0 && (e = transcript_next(transcript, &from, (uint16_t)place, "login hit")))
		if (e->port == port && ip_is_equal(&e->address, address) &&
			sscanf(e->note, "%4zu", &n) == 1)
			return n < n_list ? &list[n] : NULL;
	return NULL;
}

/* --- judging -------------------------------------------------------------------------------------- */

/* What the transcript has of one port. */
struct tale {
	const struct exchange *plan, *none, *wrong, *wrong_again, *hit, *hit_again, *stop;
	size_t n_tried, n_answered, n_all;
	/* Of those that were refused: the quickest of the first three, the slowest behind them. */
	uint64_t first_us, rest_us;
};

static bool
is_of(const struct exchange *e, const struct exchange *plan)
{
	return e->port == plan->port && ip_is_equal(&e->address, &plan->address);
}

static struct tale
tale_of(const struct transcript *transcript, uint16_t check, const struct exchange *plan,
	const struct login_kind *kind)
{
	struct tale tale = {.plan = plan};
	const struct exchange *e;
	size_t from = 0;

	sscanf(plan->note, "%4zu", &tale.n_all);
	while ((e = transcript_next(transcript, &from, check, NULL))) {
		if (!is_of(e, plan))
			continue;
		enum login_result result = kind->result(e);
		bool is_first = e->round <= 1;
		if (!strcmp(e->step, "login none") && is_first)
			tale.none = e;
		else if (!strcmp(e->step, "login wrong") && is_first)
			tale.wrong = e;
		else if (!strcmp(e->step, "login wrong"))
			tale.wrong_again = e;
		else if (!strcmp(e->step, "login stop"))
			tale.stop = e;
		else if (!strcmp(e->step, "login try") && is_first) {
			uint64_t *us = tale.n_tried < LOCKS_AFTER ? &tale.first_us : &tale.rest_us;
			bool is_first_us = us == &tale.first_us;
			if (!*us || (is_first_us ? e->took_us < *us : e->took_us > *us))
				*us = e->took_us;
			tale.n_tried++;
			tale.n_answered += result == LOGIN_NO || result == LOGIN_YES;
			if (result == LOGIN_YES)
				tale.hit = e;
		} else if (!strcmp(e->step, "login try") && result == LOGIN_YES) {
			tale.hit_again = e;
		}
	}
	return tale;
}

/*
 * One that locks without a word may be known by its haste: who looks at passwords no
 * more needs less time to refuse them.
 */
static bool
is_in_haste(const struct tale *tale)
{
	return tale->n_tried > 2 * LOCKS_AFTER && tale->first_us > HASTE_FROM_US &&
	       3 * tale->rest_us < tale->first_us;
}

/* Who lets in without a login, or with any, was tried beside its controls: its hits mean nothing. */
static bool
is_open_to_all(const struct tale *tale)
{
	const char *why = tale->stop ? tale->stop->note : "";

	return !strcmp(why, "yes to anything") || !strcmp(why, "open");
}

static bool
is_no(const struct exchange *e, const struct login_kind *kind)
{
	return e && kind->result(e) == LOGIN_NO;
}

static void
judge_no_hit(struct findings *findings, const struct tale *tale, const struct login_kind *kind)
{
	const char *why = tale->stop ? tale->stop->note : "";
	const struct exchange *e = tale->wrong ? tale->wrong : tale->plan;
	struct finding *finding;

	if (tale->none && kind->result(tale->none) == LOGIN_NOT_ASKED)
		finding = findings_inc(findings, "5.1-1", INC_NOT_SEEN, tale->none,
			"%s at port %u never asks for a login", kind->name, tale->plan->port);
	else if (!strcmp(why, "yes to anything"))
		finding = findings_inc(findings, "5.1-1", INC_CONTROL_FAILED, e,
			"%s at port %u lets in whoever comes: a name that cannot exist as well",
			kind->name, tale->plan->port);
	else if (!strcmp(why, "open"))
		finding = findings_inc(findings, "5.1-1", INC_CONTROL_FAILED, tale->none,
			"%s at port %u lets in without a login", kind->name, tale->plan->port);
	else if (!strcmp(why, "locked") ||
		 (tale->wrong_again && is_no(tale->wrong, kind) && !is_no(tale->wrong_again, kind)))
		finding = findings_inc(findings, "5.1-1", INC_LOCKED_OUT, e,
			"%s at port %u stopped taking logins after %zu tries of %zu", kind->name,
			tale->plan->port, tale->n_tried, tale->n_all);
	else if (is_in_haste(tale))
		finding = findings_inc(findings, "5.1-1", INC_LOCKED_OUT, e,
			"%s at port %u refuses much faster after the first tries of %zu: it may "
			"look "
			"at passwords no more",
			kind->name, tale->plan->port, tale->n_all);
	else if (!is_no(tale->wrong, kind) || tale->n_answered * 10 < tale->n_tried * 9)
		finding = findings_inc(findings, "5.1-1", INC_TOOL_ERROR, e,
			"%s at port %u does not say clearly whether a login was taken", kind->name,
			tale->plan->port);
	else if (tale->n_tried < tale->n_all)
		finding = findings_inc(findings, "5.1-1", INC_FEWER_TRIED, e,
			"%s at port %u: none of the %zu factory logins that were tried works",
			kind->name, tale->plan->port, tale->n_tried);
	else
		/* From outside nobody can tell; so it is not claimed. */
		finding = findings_add(findings, "5.1-1", VERDICT_NFF, e,
			"%s at port %u: none of %zu factory logins works, unless it locks without "
			"a "
			"word",
			kind->name, tale->plan->port, tale->n_tried);
	finding_coverage(finding, tale->n_tried, tale->n_all);
}

/* The note of a try tells the user: one that is in no list that was given? */
static bool
is_undeclared(const struct transcript *transcript, const struct exchange *hit)
{
	auto_free struct declared *declared = declared_in(transcript, NULL);
	const char *user = strstr(hit->note, "user ");

	return declared && user && !declared_has_account(declared, user + strlen("user "));
}

static void
judge_hit(const struct transcript *transcript, struct findings *findings, const struct tale *tale,
	const struct login_kind *kind)
{
	/* Both controls must have been refused, the second beside the second hit. */
	bool is_controlled = is_no(tale->wrong, kind) &&
			     (!tale->wrong_again || is_no(tale->wrong_again, kind)) &&
			     (!tale->none || kind->result(tale->none) != LOGIN_YES);
	struct finding *finding = findings_fail(findings, "5.1-1", tale->hit, tale->hit_again,
		is_controlled ? tale->wrong : NULL,
		"%s at port %u takes a factory login (%s) that is the same on many devices%s",
		kind->name, tale->plan->port, tale->hit->note,
		is_undeclared(transcript, tale->hit) ? ", by an account that was not declared"
						     : "");

	finding_evidence(finding, tale->wrong_again);
	finding_coverage(finding, tale->n_tried, tale->n_all);
	finding->is_critical = finding->word == VERDICT_FAIL;
}

void
login_judge(const struct transcript *transcript, struct findings *findings,
	const struct login_kind *kind)
{
	const struct exchange *plan;
	size_t from = 0, n = 0;

	while ((plan = transcript_next(transcript, &from, findings->check, "login plan"))) {
		struct tale tale = tale_of(transcript, findings->check, plan, kind);
		n++;
		if (tale.hit && !is_open_to_all(&tale))
			judge_hit(transcript, findings, &tale, kind);
		else
			judge_no_hit(findings, &tale, kind);
		if (kind->is_clear_text && is_no(tale.wrong, kind))
			findings_fail(findings, "5.1-3", tale.wrong, tale.wrong_again, tale.none,
				"%s at port %u asks for a password that crosses the network "
				"readable",
				kind->name, plan->port);
	}
	if (n || check_was_cut(transcript, findings->check))
		return;
	service_absent(transcript, findings, "5.1-1", kind->name);
	if (kind->is_clear_text)
		service_absent(transcript, findings, "5.1-3", kind->name);
}
