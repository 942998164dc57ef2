/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audits that last: stage after stage, results in between, and a device that goes
 * away and comes back.  Evidence only accrues: a check that came to its end is not
 * run again, one that did not is begun anew, a few times.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine_app.h"
#include "process/engine_audit.h"
#include "process/engine_traffic.h"

enum {
	AWAY_QUICK_S = 120, /* a device that begins anew, or a plug that was pulled */
	AWAY_LOOK_S = 300,  /* it may have come back without a sign of it */
	AWAY_SETTLE_S = 2,  /* what is heard so soon was said before */
	BEGIN_S = 600,
	HOUR_S = 3600,
};

/* When a result is due at the latest; the clock begins when the device has an address. */
static const uint32_t due_s[STAGE_COUNT] = {15 * 60, 90 * 60, 0};

bool
audit_lasts(const struct audit *audit)
{
	return !strcmp(audit->row.profile, "full");
}

int64_t
audit_ends_s(const struct audit *audit)
{
	return audit->row.begun_s + (int64_t)audit->row.hours * HOUR_S;
}

static uint32_t
patience_s(const struct audit *audit)
{
	if (audit_lasts(audit))
		return audit->row.hours * HOUR_S;
	return !strcmp(audit->row.profile, "quick") ? AWAY_QUICK_S : 0;
}

/* --- what is left to do ------------------------------------------------------------------------ */

bool
audit_is_due(const struct audit *audit, size_t check)
{
	uint8_t step = audit->step[check];

	if (!audit_is_planned(audit, check) || !checks[check].is_probed ||
		audit->tries[check] >= AUDIT_TRIES_MAX)
		return false;
	/* It went away in the midst of it, or before it was its turn. */
	return !audit_step_is_over(step) || (step == AUDIT_STEP_LOST && patience_s(audit));
}

enum audit_stage
audit_stage(const struct audit *audit)
{
	enum audit_stage first = STAGE_END;

	for (size_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++)
		if (audit_is_due(audit, i) && check_stage(i) < first)
			first = check_stage(i);
	return first;
}

bool
audit_choose(
	const struct audit *audit, uint64_t out[static AUDIT_CHECKS_MAX / 64], uint32_t *seconds)
{
	enum audit_stage stage = audit_stage(audit);
	uint32_t sum = AUDIT_SECONDS_MIN;
	bool is_any = false;

	memset(out, 0, AUDIT_CHECKS_MAX / 8);
	for (size_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++) {
		if (!audit_is_due(audit, i) || (audit_lasts(audit) && check_stage(i) != stage))
			continue;
		out[i / 64] |= UINT64_C(1) << i % 64;
		is_any = true;
		if (checks[i].consent <= audit->row.consent)
			sum += audit_seconds_of(i, audit->row.pace);
	}
	*seconds = audit_lasts(audit) ? sum : audit->row.seconds;
	return is_any;
}

bool
audit_is_watching(const struct audit *audit)
{
	return audit_lasts(audit) && audit->row.state == AUDIT_RUNNING && !audit->is_told &&
	       !audit->is_away && audit_stage(audit) == STAGE_END;
}

uint32_t
audit_next_s(const struct audit *audit, enum audit_stage *next)
{
	int64_t now_s = ward_clock_s(), at_s = audit_ends_s(audit);

	*next = STAGE_END;
	for (int i = 0; i < STAGE_END; i++)
		if (!(audit->kept >> i & 1)) {
			*next = (enum audit_stage)i;
			at_s = audit->row.begun_s + due_s[i];
			break;
		}
	return at_s > now_s ? (uint32_t)(at_s - now_s) : 0;
}

/* --- results in between ------------------------------------------------------------------------ */

static const char *
file_of(enum audit_stage stage)
{
	static const char *const names[STAGE_COUNT] = {
		"result-15m.json", "result-90m.json", "result.json"};

	return names[stage];
}

static void
add_inc(struct audit_result *result, uint16_t place, const char *ids, const char *text)
{
	while (*ids) {
		size_t len = strcspn(ids, " ");
		struct finding finding = {
			.check = place, .word = VERDICT_INC, .reason = INC_TIME_OUT};
		if (len && len < sizeof finding.provision) {
			memcpy(finding.provision, ids, len);
			snprintf(finding.text, sizeof finding.text, "%s", text);
			result_add(result, &finding);
		}
		ids += len + strspn(ids + len, " ");
	}
}

/* Has the database said anything of this check? */
static bool
is_spoken_of(const struct audit_result *result, uint16_t place)
{
	for (size_t i = 0; i < result->n_findings; i++)
		if (result->finding[i].check == place)
			return true;
	return false;
}

struct audit_result *
audit_result_now(const struct audit *audit, const char *text, struct fault *why)
{
	struct audit_result *result = audit_result(&audit->row, why);
	struct ward *ward = app_subject(audit);

	if (!result)
		return NULL;
	auto_free struct findings *findings = must_alloc(1, sizeof *findings);
	struct transcript *traffic =
		ward ? traffic_transcript(ward, TRAFFIC_EVIDENCE_S, NULL) : transcript_new(NULL);
	for (uint16_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++) {
		uint16_t place = result_check_place(result, checks[i].id);
		if (place == result->n_checks || is_spoken_of(result, place) ||
			(checks[i].is_probed && audit_step_is_over(audit->step[i])))
			continue;
		if (checks[i].is_probed) {
			add_inc(result, place, checks[i].provisions,
				"this check is not done yet; the run goes on");
			continue;
		}
		memset(findings, 0, sizeof *findings);
		check_judge(i, traffic, findings);
		for (size_t k = 0; k < findings->n; k++) {
			findings->finding[k].check = place;
			result_add(result, &findings->finding[k]);
		}
	}
	transcript_free(traffic);
	result->run.is_complete = false;
	result->run.ended_s = clock_wall_s();
	snprintf(result->run.why, sizeof result->run.why, "%s", text);
	return result;
}

static unsigned
failures_in(const struct audit_result *result)
{
	unsigned n = 0;

	for (size_t i = 0; i < result->n_findings; i++)
		n += result->finding[i].word == VERDICT_FAIL;
	return n;
}

static bool
keep_interim(struct audit *audit, enum audit_stage stage)
{
	char text[100];
	struct fault why;
	size_t len;

	snprintf(text, sizeof text, "the result after %u minutes; the run goes on",
		due_s[stage] / 60);
	struct audit_result *result = audit_result_now(audit, text, &why);
	if (!result) {
		keep_trouble(&why);
		return false;
	}
	unsigned failures = failures_in(result);
	auto_free char *bytes = result_to_text(result, &len);
	result_free(result);
	if (audit_file_put(audit->row.run, file_of(stage), bytes, len, &why)) {
		keep_trouble(&why);
		return false;
	}
	keep_trouble_over();
	audit->kept |= (uint8_t)(1u << stage);
	event(failures ? EVENT_NOTICE : EVENT_INFO, audit_ward(audit), "audit-result", "",
		"run %u: the result after %u minutes is there, with %u failures; to see it: "
		"pinfold audit show %u --at %s",
		audit->row.run, due_s[stage] / 60, failures, audit->row.run, stage_word(stage));
	return true;
}

static void
keep_what_is_due(struct audit *audit)
{
	enum audit_stage stage = audit_stage(audit);
	int64_t ran_s = ward_clock_s() - audit->row.begun_s;

	/* One that waits for its device is not done with its stage, but its time goes on. */
	for (int i = 0; i < STAGE_END; i++) {
		bool is_done = stage > (enum audit_stage)i && !audit->is_away;
		if (audit->kept >> i & 1 || (!is_done && ran_s < due_s[i]))
			continue;
		if (!keep_interim(audit, (enum audit_stage)i))
			return;
	}
}

/* --- one part of a run has ended ----------------------------------------------------------------- */

static void
give_up(struct audit *audit, uint16_t check, enum inc_reason reason, const char *why)
{
	audit->tries[check] = AUDIT_GIVEN_UP;
	audit->step[check] = AUDIT_STEP_UNKNOWN;
	audit_keep_inc(audit, check, reason, *why ? why : "the check did not come to its end");
}

static bool
is_plugged(const struct ward *ward)
{
	for (int i = 0; ward && i < ward->device->n_macs; i++)
		if (device_port_is_up(engine.table, ward->device->mac[i].port))
			return true;
	return false;
}

static void
go_away(struct audit *audit)
{
	audit->is_away = true;
	audit->is_resumed = true;
	audit->is_unplugged = false;
	audit->away_ns = audit->looked_ns = clock_monotonic_ns();
	event(EVENT_NOTICE, audit_ward(audit), "audit-waits", "",
		"run %u: the device answers no more; the run goes on when it is back",
		audit->row.run);
}

bool
audit_is_unplugged(struct audit *audit)
{
	if (!patience_s(audit) || is_plugged(audit_ward(audit)))
		return false;
	if (!audit->is_away)
		go_away(audit);
	audit->is_unplugged = true;
	return true;
}

bool
audit_goes_on(struct audit *audit, enum err err, const char *why)
{
	bool is_ours = err && err != ERR_NOT_FOUND && err != ERR_TIMEOUT;
	enum inc_reason reason = is_ours ? INC_TOOL_ERROR : err ? INC_TIME_OUT : INC_NOT_SEEN;
	uint64_t mask[AUDIT_CHECKS_MAX / 64];
	uint32_t seconds;

	if (audit->was_lost && audit_choose(audit, mask, &seconds)) {
		audit->is_told = false;
		audit->current = -1;
		go_away(audit);
		return true;
	}
	/* Trouble that no check is to blame for would only be repeated. */
	if (!audit_lasts(audit) || (is_ours && audit->current < 0))
		return false;
	if (audit->current >= 0)
		give_up(audit, (uint16_t)audit->current, reason, why);
	else if (!audit->has_stepped && audit_choose(audit, mask, &seconds))
		for (uint16_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++)
			if (mask[i / 64] >> i % 64 & 1)
				give_up(audit, i, reason, why);
	audit->current = -1;
	audit->is_told = false;
	audit->is_resumed = true;
	audit_save(audit);
	keep_what_is_due(audit);
	audit_tell(audit);
	return true;
}

/* --- looking after it ------------------------------------------------------------------------------- */

/* It was heard, its plug is in again, or it is time to see. */
static bool
has_come_back(struct audit *audit)
{
	const struct ward *ward = audit_ward(audit);
	uint64_t now_ns = clock_monotonic_ns();
	bool is_up = is_plugged(ward);

	if (is_up && audit->is_unplugged)
		return true;
	audit->is_unplugged = !is_up;
	if (ward && ward->device->heard_ns > audit->away_ns + AWAY_SETTLE_S * CLOCK_SECOND_NS)
		return true;
	if (now_ns - audit->looked_ns < AWAY_LOOK_S * CLOCK_SECOND_NS)
		return false;
	audit->looked_ns = now_ns;
	return true;
}

/* False when its patience is over. */
static bool
look_for_it(struct audit *audit)
{
	uint64_t away_s = (clock_monotonic_ns() - audit->away_ns) / CLOCK_SECOND_NS;

	if (audit_lasts(audit) ? ward_clock_s() >= audit_ends_s(audit)
			       : away_s > patience_s(audit)) {
		audit->is_away = false;
		audit_end(audit, AUDIT_DONE, INC_DEVICE_LOST,
			"the device went away, and did not come back");
		return false;
	}
	if (has_come_back(audit)) {
		audit->is_away = false;
		audit->row.resumed++;
		event(EVENT_INFO, audit_ward(audit), "audit-waits", "",
			"run %u: it goes on behind what is done", audit->row.run);
	}
	return true;
}

bool
audit_stage_look(struct audit *audit)
{
	if (audit->is_away && !look_for_it(audit))
		return false;
	if (!audit_lasts(audit))
		return !audit->is_away;
	keep_what_is_due(audit);
	if (audit->is_away)
		return false;
	bool is_watching = audit_is_watching(audit);
	/* What is done with its checks ends with its hours; another one has some time to begin. */
	int64_t ends_s = audit_ends_s(audit) + (is_watching ? 0 : BEGIN_S);
	if (!audit->is_told && ward_clock_s() >= ends_s)
		audit_end(audit, AUDIT_DONE, is_watching ? INC_NOT_SEEN : INC_DEVICE_LOST,
			is_watching ? ""
				    : "the device could not be reached, until its time was over");
	return !is_watching && !audit->is_ending && audit->row.run;
}

void
audit_stage_load(struct audit *audit)
{
	char path[SETTINGS_PATH_MAX + 64];

	for (int i = 0; i < STAGE_END; i++) {
		audit_path(audit->row.run, file_of((enum audit_stage)i), path, sizeof path);
		if (!access(path, F_OK))
			audit->kept |= (uint8_t)(1u << i);
	}
}

/* --- asked for -------------------------------------------------------------------------------------- */

json_t *
audit_at(uint32_t run, const char *at, struct fault *why)
{
	const struct audit *audit = audit_find(run);
	char path[SETTINGS_PATH_MAX + 64];
	int stage = 0;

	if (!strcmp(at, "now") && audit) {
		struct audit_result *result =
			audit_result_now(audit, "the result so far; the run goes on", why);
		json_t *json = result ? result_to_json(result) : NULL;
		result_free(result);
		return json;
	}
	while (stage < STAGE_COUNT && strcmp(at, stage_word((enum audit_stage)stage)) != 0)
		stage++;
	if (!strcmp(at, "now"))
		stage = STAGE_END; /* it has ended */
	if (stage == STAGE_COUNT) {
		fault_set(why, ERR_INVALID, "a result is that of 15m, 90m, 72h, or now");
		return NULL;
	}
	audit_path(run, file_of((enum audit_stage)stage), path, sizeof path);
	json_t *json = stage == STAGE_END && audit
			       ? NULL
			       : json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		fault_set(why, ERR_NOT_FOUND,
			"run %u has no result of %s%s; what there is so far: pinfold audit show "
			"%u --at now",
			run, at, audit ? " yet" : "", run);
	return json;
}
