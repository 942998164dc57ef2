/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audits: what the checker says, until all of it is on the disk.  A check's
 * findings are when it is done, so that a run goes on where it was after
 * whichever process died.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine_app.h"
#include "process/engine_audit.h"
#include "process/engine_shelf.h"
#include "process/engine_traffic.h"

static size_t
findings_of(const struct audit *audit, uint16_t check, const struct finding **out)
{
	size_t n = 0;

	for (size_t i = 0; i < audit->n_findings; i++)
		if (audit->finding[i].check == check)
			out[n++] = &audit->finding[i];
	return n;
}

/* From memory: the disk has them. */
static void
drop_findings(struct audit *audit, uint16_t check)
{
	size_t kept = 0;

	for (size_t i = 0; i < audit->n_findings; i++)
		if (audit->finding[i].check != check)
			audit->finding[kept++] = audit->finding[i];
	audit->n_findings = kept;
}

/* It is begun anew: whatever it said before counts no more. */
static void
forget_findings(struct audit *audit, uint16_t check)
{
	drop_findings(audit, check);
	audit->n_all_findings -= audit->n_of[check];
	audit->n_of[check] = 0;
}

static bool
keep_finding(struct audit *audit, const struct finding *finding)
{
	if (audit->n_all_findings >= AUDIT_FINDINGS_MAX ||
		audit->n_findings >= AUDIT_FINDINGS_MAX) {
		audit->n_lost++;
		return false;
	}
	if (!audit->finding)
		audit->finding = must_alloc(AUDIT_FINDINGS_MAX, sizeof *audit->finding);
	audit->finding[audit->n_findings++] = *finding;
	audit->n_all_findings++;
	audit->n_of[finding->check]++;
	return true;
}

void
audit_keep_inc(struct audit *audit, uint16_t check, enum inc_reason reason, const char *text)
{
	const struct ward *ward = audit_ward(audit);
	/* Of papers that nobody gave there is nothing to say. */
	bool is_silent = checks[check].is_document && !(ward && ward->facet[FACET_PAPERS]);
	const char *at = is_silent ? "" : checks[check].provisions;

	forget_findings(audit, check);
	audit->is_unsaved[check] = true;
	while (*at) {
		size_t len = strcspn(at, " ");
		struct finding finding = {
			.check = check, .word = VERDICT_INC, .reason = (uint8_t)reason};
		if (len && len < sizeof finding.provision) {
			memcpy(finding.provision, at, len);
			snprintf(finding.text, sizeof finding.text, "%s", text);
			keep_finding(audit, &finding);
		}
		at += len + strspn(at + len, " ");
	}
}

/* All that the disk has not taken yet; a check at a time is the usual case. */
bool
audit_save(struct audit *audit)
{
	const struct finding *list[AUDIT_FINDINGS_MAX];
	struct fault why;

	store_audits_begin(engine.store);
	for (uint16_t check = 0; check < n_checks && check < AUDIT_CHECKS_MAX; check++) {
		if (!audit->is_unsaved[check])
			continue;
		size_t n = findings_of(audit, check, list);
		store_findings_put(engine.store, audit->row.run, checks[check].id, list, n);
		store_audit_step_put(
			engine.store, audit->row.run, check, checks[check].id, audit->step[check]);
	}
	store_audit_put(engine.store, &audit->row);
	if (store_audits_commit(engine.store, &why)) {
		keep_trouble(&why);
		return false;
	}
	for (uint16_t check = 0; check < n_checks && check < AUDIT_CHECKS_MAX; check++) {
		if (!audit->is_unsaved[check])
			continue;
		audit->is_unsaved[check] = false;
		drop_findings(audit, check);
	}
	return true;
}

uint32_t
audit_n_done(const struct audit *audit, uint32_t *n_all)
{
	uint32_t n_done = 0;

	*n_all = 0;
	for (size_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++) {
		*n_all += audit_is_planned(audit, i);
		n_done += audit_is_planned(audit, i) &&
			  (audit_step_is_over(audit->step[i]) || audit->tries[i] == AUDIT_GIVEN_UP);
	}
	return n_done;
}

static void
tell_progress(const struct audit *audit)
{
	uint32_t n_all, n_done = audit_n_done(audit, &n_all);
	char cause[16];

	snprintf(cause, sizeof cause, "%u", audit->row.run);
	event(EVENT_INFO, audit_ward(audit), "audit", cause,
		"run %u: %u of %u checks are done, about %u s are left", audit->row.run, n_done,
		n_all, audit->seconds_left);
}

static void
take_step(struct audit *audit, const struct message_audit_step *step)
{
	const struct finding *list[AUDIT_FINDINGS_MAX];
	/* What an app does closes no port of a device. */
	struct ward *ward = audit->app ? NULL : audit_ward(audit);
	uint16_t check = step->check;

	if (!audit_is_planned(audit, check) || !checks[check].is_probed || !audit->is_told ||
		audit->is_ending)
		return;
	audit->seconds_left = step->seconds_left;
	audit->row.exchanges = step->exchanges;
	audit->prompt = step->prompt;
	if (!audit_step_is_over(step->step)) {
		audit->current = check;
		forget_findings(audit, check);
		return;
	}
	audit->current = -1;
	audit->has_stepped = true;
	audit->step[check] = step->step;
	audit->is_unsaved[check] = true;
	audit->row.stuck = 0;
	if (step->step == AUDIT_STEP_LOST) {
		audit->was_lost = true;
		audit->tries[check]++;
	} else if (step->step == AUDIT_STEP_SKIPPED && audit->was_lost &&
		   checks[check].consent <= audit->row.consent) {
		/* Its turn did not come before the device went away. */
		audit->step[check] = AUDIT_STEP_LOST;
	}
	size_t n = findings_of(audit, check, list);
	for (size_t i = 0; ward && i < n; i++)
		if (audit_is_reason_to_close(list[i]))
			audit_close_port(audit, ward, checks[check].id, list[i]);
	if (ward && step->step == AUDIT_STEP_DONE)
		audit_open_mended(audit, ward, checks[check].id, list, n);
	sync_pump();
	audit_save(audit);
	tell_progress(audit);
}

/* The verdicts as they are now, in a file of their own beside the evidence. */
static bool
keep_result(struct audit *audit)
{
	struct fault why;
	struct audit_result *result = audit_result(&audit->row, &why);
	size_t len;

	if (!result) {
		keep_trouble(&why);
		return false;
	}
	auto_free char *text = result_to_text(result, &len);
	result_free(result);
	if (audit_file_put(audit->row.run, "result.json", text, len, &why)) {
		keep_trouble(&why);
		return false;
	}
	return true;
}

/* Tried again each second until the disk takes it: what was found is not thrown away. */
void
audit_conclude(struct audit *audit)
{
	char device_id[STORE_ID_MAX];
	struct fault why;

	struct stored_audit *row = &audit->row;
	int64_t ended_s = clock_wall_s();

	/* In the list it has ended only when all of it is on the disk. */
	row->ended_s = 0;
	if (!audit_save(audit))
		return;
	row->ended_s = ended_s;
	if (!keep_result(audit)) {
		row->ended_s = 0;
		return;
	}
	keep_trouble_over();
	audit_transcript_sync(row->run);
	row->bytes = audit_folder_bytes(row->run);
	store_audits_begin(engine.store);
	store_audit_put(engine.store, &audit->row);
	if (store_audits_commit(engine.store, &why)) {
		keep_trouble(&why);
		row->ended_s = 0;
		return;
	}
	event(audit->row.state == AUDIT_BROKEN ? EVENT_ALARM : EVENT_NOTICE, audit_ward(audit),
		"audit-ended", "", "run %u is %s%s%s; to see it: pinfold audit show %u",
		audit->row.run, audit_state_word((enum audit_state)audit->row.state),
		audit->row.why[0] ? ": " : "", audit->row.why, audit->row.run);
	snprintf(device_id, sizeof device_id, "%s", audit->row.device_id);
	struct stored_audit ended = audit->row;
	audit_release(audit);
	if (!app_is_profile(ended.profile))
		shelf_run_ended(&ended);
	audit_prune(device_id);
}

/* Names are the resolver's, all else is the kernel's. */
static bool
send_rig(const struct message_rig *rig)
{
	struct channel *to =
		engine.peer[rig->bits & RIG_OF_NAMES ? PROCESS_RESOLVER : PROCESS_ENFORCER];

	return !channel_is_open(to) || channel_send(to, MESSAGE_RIG, 0, rig, sizeof *rig, -1);
}

/* Whatever the rig did to the device, if its worker died before it took that back. */
static void
end_rig(const struct audit *audit)
{
	const struct ward *ward = app_subject(audit);
	struct message_rig rig = {
		.run = audit->row.run, .bits = RIG_TURN | RIG_OFF | RIG_CAP | RIG_LINK};

	if (!ward || (audit->row.consent < CONSENT_INTRUDE && !audit->cap_ns))
		return;
	rig.device = ward_number(ward);
	if (send_rig(&rig))
		log_info("audit", "run %u: its rig ends by itself", audit->row.run);
	rig.bits = RIG_OF_NAMES;
	if (send_rig(&rig))
		log_info("audit", "run %u: its names come back by themselves", audit->row.run);
}

/*
 * What the device sent by itself, before the run and in it, becomes evidence of
 * its own, and what needs no probe is judged from that.
 */
static void
judge_traffic(struct audit *audit)
{
	auto_free struct findings *findings = must_alloc(1, sizeof *findings);
	struct ward *ward = app_subject(audit);
	char *text = NULL;
	size_t len = 0;
	struct fault why;

	FILE *file = open_memstream(&text, &len);
	if (!file)
		fatalx("audit", "out of memory");
	/* Of a device that was forgotten meanwhile nothing is known any more. */
	struct transcript *transcript =
		ward ? traffic_transcript(ward, TRAFFIC_EVIDENCE_S, file) : transcript_new(NULL);
	if (ward)
		declaration_write(ward, transcript, false);
	transcript_write_to(transcript, NULL);
	if (fclose(file))
		fatalx("audit", "out of memory");
	enum err err = audit_file_put(audit->row.run, "traffic.jsonl", text, len, &why);
	free(text);
	for (uint16_t check = 0; check < n_checks && check < AUDIT_CHECKS_MAX; check++) {
		if (!audit_is_planned(audit, check) || audit_step_is_over(audit->step[check]) ||
			checks[check].is_probed)
			continue;
		memset(findings, 0, sizeof *findings);
		if (err)
			audit_keep_inc(audit, check, INC_TOOL_ERROR, why.text);
		else
			check_judge(check, transcript, findings);
		for (size_t i = 0; i < findings->n; i++)
			keep_finding(audit, &findings->finding[i]);
		audit->step[check] = err ? AUDIT_STEP_UNKNOWN : AUDIT_STEP_DONE;
		audit->is_unsaved[check] = true;
	}
	transcript_free(transcript);
}

/* why NULL: as it was said when it was stopped. */
void
audit_end(struct audit *audit, enum audit_state state, enum inc_reason reason, const char *why)
{
	if (audit->is_ending)
		return;
	if (why)
		snprintf(audit->row.why, sizeof audit->row.why, "%s", why);
	judge_traffic(audit);
	for (uint16_t check = 0; check < n_checks && check < AUDIT_CHECKS_MAX; check++) {
		if (!audit_is_planned(audit, check) || audit_step_is_over(audit->step[check]) ||
			audit->tries[check] == AUDIT_GIVEN_UP)
			continue;
		audit_keep_inc(audit, check, reason,
			audit->row.why[0] ? audit->row.why : "the check was not run to its end");
		/* Planned and not run: no transcript says so, and none has to. */
		audit->step[check] = AUDIT_STEP_UNKNOWN;
	}
	end_rig(audit);
	app_close(audit);
	audit->row.state = (uint8_t)state;
	if (audit->n_lost) {
		size_t len = strlen(audit->row.why);
		snprintf(audit->row.why + len, sizeof audit->row.why - len,
			"%s%zu findings were too many and are not kept", len ? "; " : "",
			audit->n_lost);
	}
	audit->current = -1;
	audit->seconds_left = 0;
	audit->is_ending = true;
	audit_conclude(audit);
}

static enum inc_reason
reason_of(enum err err)
{
	switch (err) {
	case ERR_OK:
		return INC_NOT_SEEN; /* it had nothing to say */
	case ERR_TIMEOUT:
		return INC_TIME_OUT;
	case ERR_NOT_FOUND:
		return INC_DEVICE_LOST;
	default:
		return INC_TOOL_ERROR;
	}
}

static void
take_end(struct audit *audit, const struct message_audit_end *message)
{
	enum err err = (enum err)message->err;

	audit->row.exchanges = message->exchanges;
	audit->row.packets += message->packets;
	if (audit->stop_ns && audit->row.why[0])
		/* We asked for it, and kept why. */
		audit_end(audit, AUDIT_STOPPED, INC_TIME_OUT, NULL);
	else if (audit->app ? !err && app_goes_on(audit) : audit_goes_on(audit, err, message->why))
		return;
	else if (!err || err == ERR_NOT_FOUND || err == ERR_TIMEOUT)
		/* A device that went away, or took too long, is a result. */
		audit_end(audit, AUDIT_DONE, reason_of(err), message->why);
	else
		audit_end(audit, AUDIT_BROKEN, reason_of(err),
			message->why[0] ? message->why : err_text(err));
}

/* --- the rig: between the checker and the enforcer -------------------------------------------------- */

static void
answer_rig(const struct message_rig_seen *seen)
{
	if (channel_is_open(engine.peer[PROCESS_CHECKER]) &&
		channel_send(
			engine.peer[PROCESS_CHECKER], MESSAGE_RIG_SEEN, 0, seen, sizeof *seen, -1))
		log_info("audit", "run %u: the checker does not take an answer", seen->run);
}

/* The checker names a run; which device that is, and whether it may be, is known here alone. */
static enum err
ask_rig(const struct message_rig *asked, bool *is_empty)
{
	struct audit *audit = audit_find(asked->run);
	const struct ward *ward = audit ? app_subject(audit) : NULL;
	struct message_rig rig = *asked;
	enum err err = ERR_OK;
	struct fault why;

	*is_empty = false;
	if (!audit || audit->row.state != AUDIT_RUNNING || audit->is_ending || !ward ||
		asked->device)
		return ERR_NOT_OURS;
	bool is_cap = asked->bits == RIG_CAP;
	if (is_cap ? audit->row.pace != PACE_LAB || audit->row.consent < CONSENT_PROBE
		   : audit->row.consent < CONSENT_INTRUDE)
		return ERR_DENIED;
	if (!audit->app && !audit_may_be_tested(ward, (enum consent)audit->row.consent, &why))
		return ERR_DENIED;
	rig.device = ward_number(ward);
	if (audit->app)
		err = app_rig(audit, &rig, is_empty);
	if (err || *is_empty)
		return err;
	if (send_rig(&rig))
		return ERR_CLOSED;
	if (is_cap)
		audit->cap_ns = clock_monotonic_ns();
	return ERR_OK;
}

/* While it is tested; the kernel takes it back by itself when we do not. */
void
audit_keep_cap(struct audit *audit)
{
	const struct ward *ward = audit_ward(audit);
	struct message_rig rig = {
		.run = audit->row.run, .bits = RIG_CAP, .seconds = RIG_SECONDS_MAX};

	if (!ward || !audit->is_told || !audit->cap_ns ||
		clock_monotonic_ns() - audit->cap_ns < RIG_SECONDS_MAX / 2 * CLOCK_SECOND_NS ||
		!channel_is_open(engine.peer[PROCESS_ENFORCER]))
		return;
	rig.device = ward_number(ward);
	audit->cap_ns = clock_monotonic_ns();
	if (channel_send(engine.peer[PROCESS_ENFORCER], MESSAGE_RIG, 0, &rig, sizeof rig, -1))
		log_info("audit", "run %u: the device may answer no more than others",
			audit->row.run);
}

static void
take_rig(const struct message_rig *asked)
{
	struct message_rig_seen seen = {.run = asked->run, .ticket = asked->ticket};

	bool is_empty;

	seen.err = (uint32_t)ask_rig(asked, &is_empty);
	if (seen.err || is_empty)
		answer_rig(&seen);
}

/* Whoever else wrote there; of the phone of an app nothing is told. */
static void
tell_hostname(const struct audit *audit, struct message_rig_seen *seen)
{
	const struct ward *ward = audit->app ? NULL : audit_ward(audit);
	const struct identifier *name =
		ward && ward->device ? device_identifier(ward->device, IDENTIFIER_HOSTNAME) : NULL;

	memset(seen->claimed_hostname, 0, sizeof seen->claimed_hostname);
	seen->hostname_s = name ? name->last_s : 0;
	if (name)
		snprintf(seen->claimed_hostname, sizeof seen->claimed_hostname, "%.63s",
			name->claimed_value);
}

void
audit_message(uint16_t type, const void *payload)
{
	switch (type) {
	case MESSAGE_AUDIT_STEP: {
		const struct message_audit_step *step = payload;
		struct audit *audit = audit_find(step->run);
		if (audit)
			take_step(audit, step);
		else
			shelf_message(type, payload);
		return;
	}
	case MESSAGE_FINDING: {
		const struct message_finding *message = payload;
		struct audit *audit = audit_find(message->run);
		if (!audit)
			shelf_message(type, payload);
		else if (!audit->is_ending && audit_is_planned(audit, message->finding.check) &&
			 check_may_speak_of(message->finding.check, message->finding.provision))
			keep_finding(audit, &message->finding);
		return;
	}
	case MESSAGE_AUDIT_END: {
		const struct message_audit_end *message = payload;
		struct audit *audit = audit_find(message->run);
		if (!audit)
			shelf_message(type, payload);
		else if (!audit->is_ending)
			take_end(audit, message);
		return;
	}
	case MESSAGE_RIG:
		take_rig(payload);
		return;
	case MESSAGE_RIG_SEEN: {
		struct message_rig_seen seen;
		memcpy(&seen, payload, sizeof seen);
		const struct audit *audit = audit_find(seen.run);
		if (!audit)
			return;
		tell_hostname(audit, &seen);
		answer_rig(&seen);
		return;
	}
	default:
		return;
	}
}
