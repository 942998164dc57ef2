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
 * Steps: "guess" (wrong, timed), "plan" (an event: how many are to come).  FAIL
 * needs fifty answered refusals in each of two rounds, without delay growing,
 * without closing and without a word of locking; the control is the kind of
 * answer: each must be a refusal by the login and not of the network.
 */
enum { GUESSES = 50, FLAT_US = 3000000 };

static const struct login_kind *const kinds[] = {
	&telnet_login_kind, &http_login_kind, &ftp_login_kind, &rtsp_login_kind};

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

void
login_throttle_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];

	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		size_t n = services_that_are(session_transcript(session), kinds[k]->service, at);
		for (size_t i = 0; i < n && !session_is_over(session); i++)
			if (guess(session, kinds[k], &at[i], 1))
				guess(session, kinds[k], &at[i], 2);
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
				at[i].what == kinds[k]->service)
				return kinds[k];
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
			finding = findings_fail(findings, "5.1-5", one.last,
				is_flat(&two) ? two.last : NULL, one.first,
				"%s at port %u takes guess after guess: %zu wrong logins in a row, "
				"as fast at the end as at the start",
				kind->name, e->port, one.n_refused);
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
