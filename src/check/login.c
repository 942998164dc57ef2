/* SPDX-License-Identifier: Apache-2.0 */
#include "check/login.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"

enum { TRIES_GENTLE = 10, REFUSED_IN_A_ROW = 2 };

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

/* The hit again, beside both controls, over connections of their own. */
static void
again(struct session *session, const struct login_kind *kind, const struct service_at *at,
	const struct credential *hit)
{
	attempt(session, kind, at, NULL, "login none", 2);
	attempt(session, kind, at, &nobody, "login wrong", 2);
	attempt(session, kind, at, hit, "login try", 2);
}

static bool
is_refused(const struct session *session)
{
	const struct exchange *e = transcript_last(session);
	return e && !e->n_received &&
	       (e->end == EXCHANGE_REFUSED || e->end == EXCHANGE_CLOSED ||
		       e->end == EXCHANGE_SILENT);
}

static void
try_all(struct session *session, const struct login_kind *kind, const struct service_at *at)
{
	size_t n, n_try, n_refused = 0;
	const struct credential *list = credentials(&n);

	n_try = session_pace(session) == PACE_LAB || n < TRIES_GENTLE ? n : TRIES_GENTLE;
	for (size_t i = 0; i < n_try; i++) {
		if (session_is_over(session)) {
			stop(session, at, "time");
			return;
		}
		enum login_result result = attempt(session, kind, at, &list[i], "login try", 1);
		if (result == LOGIN_YES) {
			again(session, kind, at, &list[i]);
			return;
		}
		n_refused = is_refused(session) ? n_refused + 1 : 0;
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

void
login_probe(struct session *session, const struct login_kind *kind)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_that_are(session_transcript(session), kind->service, at), n_list;

	credentials(&n_list);
	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		struct exchange plan = {.proto = 6, .address = at[i].address, .port = at[i].port};
		snprintf(plan.step, sizeof plan.step, "login plan");
		snprintf(plan.note, sizeof plan.note, "%zu", n_list);
		session_record(session, &plan);
		enum login_result none = attempt(session, kind, &at[i], NULL, "login none", 1);
		if (none == LOGIN_YES || none == LOGIN_NOT_ASKED) {
			/* There is nothing to try where nobody is asked; once more, to be sure. */
			attempt(session, kind, &at[i], NULL, "login none", 2);
			stop(session, &at[i], "open");
			continue;
		}
		enum login_result wrong = attempt(session, kind, &at[i], &nobody, "login wrong", 1);
		if (wrong == LOGIN_YES)
			stop(session, &at[i], "yes to anything");
		else if (wrong == LOGIN_LOCKED)
			stop(session, &at[i], "locked");
		else
			try_all(session, kind, &at[i]);
	}
}

const struct credential *
login_known(const struct transcript *transcript, const char *check, const struct login_kind *kind,
	const struct ip *address, uint16_t port)
{
	size_t n_list, from = 0, n = 0;
	const struct credential *list = credentials(&n_list);
	const struct exchange *e;
	int place = check_find(check);

	/* They are tried in the order of the list, one exchange each. */
	while (place >= 0 &&
		(e = transcript_next(transcript, &from, (uint16_t)place, "login try"))) {
		if (e->port != port || !ip_is_equal(&e->address, address) || e->round != 1)
			continue;
		if (kind->result(e) == LOGIN_YES)
			return n < n_list ? &list[n] : NULL;
		n++;
	}
	return NULL;
}

/* --- judging -------------------------------------------------------------------------------------- */

/* What the transcript has of one port. */
struct tale {
	const struct exchange *plan, *none, *wrong, *wrong_again, *hit, *hit_again, *stop;
	size_t n_tried, n_answered, n_all;
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
	else if (!is_no(tale->wrong, kind) || tale->n_answered * 10 < tale->n_tried * 9)
		finding = findings_inc(findings, "5.1-1", INC_TOOL_ERROR, e,
			"%s at port %u does not say clearly whether a login was taken", kind->name,
			tale->plan->port);
	else if (tale->n_tried < tale->n_all)
		finding = findings_inc(findings, "5.1-1", INC_FEWER_TRIED, e,
			"%s at port %u: none of the %zu factory logins that were tried works",
			kind->name, tale->plan->port, tale->n_tried);
	else
		finding = findings_add(findings, "5.1-1", VERDICT_NFF, e,
			"%s at port %u: none of %zu factory logins works", kind->name,
			tale->plan->port, tale->n_tried);
	finding_coverage(finding, tale->n_tried, tale->n_all);
}

static void
judge_hit(struct findings *findings, const struct tale *tale, const struct login_kind *kind)
{
	/* Both controls must have been refused, the second beside the second hit. */
	bool is_controlled = is_no(tale->wrong, kind) &&
			     (!tale->wrong_again || is_no(tale->wrong_again, kind)) &&
			     (!tale->none || kind->result(tale->none) != LOGIN_YES);
	struct finding *finding = findings_fail(findings, "5.1-1", tale->hit, tale->hit_again,
		is_controlled ? tale->wrong : NULL,
		"%s at port %u takes a factory login (%s) that is the same on many devices",
		kind->name, tale->plan->port, tale->hit->note);

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
		if (tale.hit)
			judge_hit(findings, &tale, kind);
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
