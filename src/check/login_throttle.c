/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/login.h"
#include "check/table.h"

/*
 * Whether a login slows down, closes or locks when somebody guesses.  A number
 * of wrong logins in a row, with names that cannot exist, and their times: it
 * may lock out whoever tries, so it is asked for beforehand.
 *
 * A device may lock without a word, and refuse the right login from then on in
 * the same way.  So FAIL needs more than fifty refusals at one speed in each of
 * two rounds: a login that is known to be right, from the check of factory
 * logins, must be taken right after them.  Where none is known, a person must try.
 *
 * Steps: "guess" (wrong, timed) and "right", rounds 1 and 2.
 */
enum { GUESSES = 50, FLAT_US = 3000000 };

static const struct {
	const struct login_kind *kind;
	const char *check; /* by which its factory logins were tried */
} kinds[] = {{&telnet_login_kind, "telnet-login"}, {&http_login_kind, "http-login"},
	{&ftp_login_kind, "ftp-login"}, {&rtsp_login_kind, "rtsp-login"},
	{&ssh_login_kind, "ssh-login"}};

static bool
guess(struct session *session, const struct login_kind *kind, const struct service_at *at,
	uint32_t round)
{
	struct credential wrong;

	for (int i = 0; i < GUESSES; i++) {
		if (session_is_over(session))
			return false;
		snprintf(wrong.user, sizeof wrong.user, "pf-nobody");
		snprintf(wrong.password, sizeof wrong.password, "pf-wrong-%u-%d", round, i);
		kind->try(session, at, &wrong, "guess", round);
		const struct exchange *e = transcript_last(session);
		if (!e || strcmp(e->step, "guess") || kind->result(e) != LOGIN_NO)
			return false; /* it does something about it: that is enough to know */
	}
	return true;
}

/* Both rounds, each followed by the login that is known to be right, if one is. */
static void
guess_twice(struct session *session, size_t k, const struct service_at *at)
{
	const struct credential *right =
		login_known(session_transcript(session), kinds[k].check, &at->address, at->port);

	for (uint32_t round = 1; round <= 2; round++) {
		if (!guess(session, kinds[k].kind, at, round) || !right)
			return;
		kinds[k].kind->try(session, at, right, "right", round);
	}
}

void
login_throttle_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];

	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		size_t n =
			services_that_are(session_transcript(session), kinds[k].kind->service, at);
		for (size_t i = 0; i < n && !session_is_over(session); i++)
			guess_twice(session, k, &at[i]);
	}
}

/* --- judging ------------------------------------------------------------------------------------ */

static const struct login_kind *
kind_at(const struct transcript *transcript, const struct exchange *e)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_in(transcript, at);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < COUNT_OF(kinds); k++)
			if (at[i].port == e->port && ip_is_equal(&at[i].address, &e->address) &&
				at[i].what == kinds[k].kind->service)
				return kinds[k].kind;
	return NULL;
}

struct series {
	size_t n_refused;
	uint64_t first_us, last_us; /* sum of the first ten and the last ten */
	bool has_changed;           /* another answer than a refusal */
	const struct exchange *first, *last, *change;
};

static struct series
series_of(const struct transcript *transcript, uint16_t check, const struct exchange *of,
	const struct login_kind *kind, uint32_t round)
{
	struct series series = {0};
	const struct exchange *e;
	uint64_t last[10] = {0};
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, "guess"))) {
		if (e->port != of->port || !ip_is_equal(&e->address, &of->address) ||
			e->round != round)
			continue;
		if (kind->result(e) != LOGIN_NO) {
			series.has_changed = true;
			series.change = series.change ? series.change : e;
			continue;
		}
		series.first = series.first ? series.first : e;
		series.last = e;
		if (series.n_refused < 10)
			series.first_us += e->took_us;
		last[series.n_refused++ % 10] = e->took_us;
	}
	for (size_t i = 0; i < 10; i++)
		series.last_us += last[i];
	return series;
}

static bool
is_flat(const struct series *series)
{
	return series->n_refused >= GUESSES && !series->has_changed &&
	       series->last_us < 2 * series->first_us + 1000000 && series->last_us < 10 * FLAT_US;
}

/* What came of the right login after the series; NULL where it was not tried. */
static const struct exchange *
right_after(const struct transcript *transcript, uint16_t check, const struct exchange *of,
	uint32_t round)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, "right")))
		if (e->port == of->port && ip_is_equal(&e->address, &of->address) &&
			e->round == round)
			return e;
	return NULL;
}

static struct finding *
judge_flat(const struct transcript *transcript, struct findings *findings,
	const struct login_kind *kind, const struct series *one, const struct series *two)
{
	const struct exchange *right = right_after(transcript, findings->check, one->first, 1);
	const struct exchange *again = right_after(transcript, findings->check, one->first, 2);

	if (!right)
		return findings_inc(findings, "5.1-5", INC_NO_OPERATOR, one->last,
			"%s at port %u refuses %zu wrong logins in a row at one speed; whether it "
			"takes the right one then, somebody must try who knows it",
			kind->name, one->first->port, one->n_refused);
	if (kind->result(right) != LOGIN_YES)
		return findings_add(findings, "5.1-5", VERDICT_NFF, right,
			"%s at port %u locks without a word after %zu wrong logins", kind->name,
			one->first->port, one->n_refused);
	bool is_again = is_flat(two) && again && kind->result(again) == LOGIN_YES;
	return findings_fail(findings, "5.1-5", one->last, is_again ? two->last : NULL, right,
		"%s at port %u takes guess after guess: %zu wrong logins in a row, as fast at the "
		"end as at the start, and then the right one",
		kind->name, one->first->port, one->n_refused);
}

void
login_throttle_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e;
	uint16_t seen[SERVICES_MAX];
	size_t from = 0, n_seen = 0;

	while ((e = transcript_next(transcript, &from, findings->check, "guess"))) {
		const struct login_kind *kind = kind_at(transcript, e);
		bool is_known = !kind || n_seen == SERVICES_MAX;
		for (size_t i = 0; i < n_seen; i++)
			is_known = is_known || seen[i] == e->port;
		if (is_known)
			continue;
		seen[n_seen++] = e->port;
		struct series one = series_of(transcript, findings->check, e, kind, 1);
		struct series two = series_of(transcript, findings->check, e, kind, 2);
		struct finding *finding;
		if (is_flat(&one))
			finding = judge_flat(transcript, findings, kind, &one, &two);
		else if (one.n_refused && one.has_changed)
			finding = findings_add(findings, "5.1-5", VERDICT_NFF, one.change,
				"%s at port %u does something about it after %zu wrong logins",
				kind->name, e->port, one.n_refused);
		else if (one.n_refused >= GUESSES)
			finding = findings_add(findings, "5.1-5", VERDICT_NFF, one.last,
				"%s at port %u slows wrong logins down", kind->name, e->port);
		else
			finding = findings_inc(findings, "5.1-5", INC_TOOL_ERROR, e,
				"%s at port %u does not say clearly whether a login was taken",
				kind->name, e->port);
		finding_coverage(finding, one.n_refused, GUESSES);
	}
	if (!n_seen)
		service_absent(transcript, findings, "5.1-5", "login");
}
