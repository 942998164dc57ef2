/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leads audits: who may be tested, what the checker is told, what it found, what
 * follows from that at once.  A run is on the disk before its owner hears of it,
 * and each check's findings are when it is done, so that a run goes on where it
 * was after whichever process died.
 */
#include "process/engine_audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "process/engine_traffic.h"

enum {
	QUICK_S = 15 * 60,
	SECONDS_MIN = 10,    /* where no check needs any: to say so takes some, too */
	SLACK_S = 120,       /* beyond the sum of its checks' seconds */
	STOP_S = 20,         /* a worker that does not end then is gone */
	DEVICE_WAIT_S = 600, /* nothing came to the port, or it has no address */
	PATCHES_MAX = CONTAINMENTS_A_DEVICE,
};
#define FREE_BYTES_MIN     (UINT64_C(4) * 1024 * 1024)
#define EVIDENCE_BYTES_MAX (UINT64_C(1024) * 1024 * 1024)

static struct audit audits[AUDITS_AT_ONCE];

static const char *const state_words[AUDIT_STATE_COUNT] = {
	[AUDIT_UNKNOWN] = "unknown",
	[AUDIT_WAITING] = "waiting",
	[AUDIT_RUNNING] = "running",
	[AUDIT_DONE] = "done",
	[AUDIT_STOPPED] = "stopped",
	[AUDIT_BROKEN] = "broken",
};

const char *
audit_state_word(enum audit_state state)
{
	return state_words[(unsigned)state < AUDIT_STATE_COUNT ? state : AUDIT_UNKNOWN];
}

struct audit *
audit_find(uint32_t run)
{
	for (size_t i = 0; run && i < AUDITS_AT_ONCE; i++)
		if (audits[i].row.run == run)
			return &audits[i];
	return NULL;
}

static bool
is_planned(const struct audit *audit, size_t check)
{
	return check < n_checks && check < AUDIT_CHECKS_MAX &&
	       (audit->checks[check / 64] >> check % 64 & 1);
}

static void
plan(struct audit *audit, size_t check)
{
	audit->checks[check / 64] |= UINT64_C(1) << check % 64;
}

static bool
is_over(uint8_t step)
{
	return step == AUDIT_STEP_DONE || step == AUDIT_STEP_SKIPPED || step == AUDIT_STEP_LOST;
}

static uint32_t
seconds_of(size_t check, uint8_t pace)
{
	return pace == PACE_LAB ? checks[check].seconds_lab : checks[check].seconds_gentle;
}

static struct ward *
ward_of_audit(const struct audit *audit)
{
	struct ward *ward = audit->row.device ? ward_find(audit->row.device) : NULL;

	/* A number is used again one day: the id says whether it is still the same device. */
	return ward && ward->device && !strcmp(ward->device->id, audit->row.device_id) ? ward
										       : NULL;
}

bool
audit_is_on(const struct ward *ward)
{
	for (size_t i = 0; i < AUDITS_AT_ONCE; i++)
		if (audits[i].row.run && audits[i].row.state == AUDIT_RUNNING &&
			audits[i].row.device == ward_number(ward))
			return true;
	return false;
}

/* --- who may be tested, and how -------------------------------------------------------------- */

static bool
may_be_tested(const struct ward *ward, enum consent consent, struct fault *why)
{
	const struct device *device = ward->device;
	const char *label = device_label(device);

	switch (device->class) {
	case DEVICE_CLASS_PERSONAL:
		fault_set(why, ERR_DENIED,
			"%s is personal, and nothing is recorded of what such a device does; if it "
			"is none: pinfold device class %s ordinary",
			label, device->id);
		return false;
	case DEVICE_CLASS_CRITICAL:
	case DEVICE_CLASS_NEVER_PROBE:
		if (consent == CONSENT_PASSIVE)
			break;
		fault_set(why, ERR_DENIED,
			"%s is of class %s, and no packet of a test is ever sent to it; what it "
			"sends by itself can be judged: pinfold audit run %s --consent passive",
			label, device_class_word((enum device_class)device->class), device->id);
		return false;
	default:
		break;
	}
	if (device->state == DEVICE_BLOCK) {
		fault_set(why, ERR_DENIED,
			"%s is blocked and cannot be reached; first: pinfold device release %s",
			label, device->id);
		return false;
	}
	return true;
}

void
audit_addresses(const struct device *device, struct ip *address4, struct ip *address6)
{
	memset(address4, 0, sizeof *address4);
	memset(address6, 0, sizeof *address6);
	for (int i = 0; i < device->n_bindings; i++) {
		const struct ip *address = &device->binding[i].address;
		if (!binding_is_current(&engine.rules, address))
			continue;
		/* The last one is the one that it took last. */
		if (address->version == 4)
			*address4 = *address;
		else if (!ip_is_link_local(address))
			*address6 = *address;
	}
}

static const char *
model_of(const struct device *device)
{
	static const enum identifier_kind kinds[] = {IDENTIFIER_MDNS_MODEL, IDENTIFIER_SSDP_SERVER,
		IDENTIFIER_VENDOR_CLASS, IDENTIFIER_HOSTNAME};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct identifier *claim = device_identifier(device, kinds[i]);
		if (claim && claim->claimed_value[0])
			return claim->claimed_value;
	}
	return "";
}

/*
 * All checks, also those for which consent is missing: they are not run, and that
 * is said.  A quick run leaves out what takes long, and ends in time: what it did
 * not come to is inconclusive.
 */
static void
make_plan(struct audit *audit)
{
	bool is_quick = !strcmp(audit->row.profile, "quick");

	for (size_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++)
		if (!is_quick || seconds_of(i, audit->row.pace) <= QUICK_S)
			plan(audit, i);
}

/* The owner names the checks; false with the reason when there is no such one. */
static bool
plan_chosen(struct audit *audit, const char *ids, struct fault *why)
{
	char id[STORE_CHECK_MAX];

	while (*ids) {
		size_t len = strcspn(ids, ",");
		snprintf(id, sizeof id, "%.*s", (int)len, ids);
		int place = check_find(id);
		if (place < 0 || len >= sizeof id) {
			fault_set(why, ERR_INVALID,
				"there is no such check among \"%.100s\"; \"pinfold audit "
				"checks\" shows all",
				ids);
			return false;
		}
		plan(audit, (size_t)place);
		ids += len + (ids[len] == ',');
	}
	snprintf(audit->row.profile, sizeof audit->row.profile, "chosen");
	return true;
}

static void
measure_plan(struct audit *audit)
{
	bool is_quick = !strcmp(audit->row.profile, "quick");
	uint32_t seconds = SECONDS_MIN;

	audit->n_all = 0;
	for (size_t i = 0; i < n_checks && i < AUDIT_CHECKS_MAX; i++) {
		if (!is_planned(audit, i))
			continue;
		audit->n_all++;
		if (checks[i].consent <= audit->row.consent)
			seconds += seconds_of(i, audit->row.pace);
	}
	audit->row.seconds = is_quick && seconds > QUICK_S ? QUICK_S : seconds;
}

/* --- to the checker -------------------------------------------------------------------------- */

static void
tell_stop(const struct audit *audit)
{
	struct message_audit message = {.run = audit->row.run, .is_stop = 1};

	if (channel_is_open(engine.peer[PROCESS_CHECKER]) &&
		channel_send(engine.peer[PROCESS_CHECKER], MESSAGE_AUDIT, 0, &message,
			sizeof message, -1))
		log_info("audit", "run %u: the checker was not told to stop", audit->row.run);
}

static void end(struct audit *, enum audit_state, enum inc_reason, const char *why);
static bool save(struct audit *);

static void
tell_run(struct audit *audit)
{
	struct message_audit message = {.run = audit->row.run,
		.device = audit->row.device,
		.pace = audit->row.pace,
		.consent = audit->row.consent,
		.is_resumed = audit->is_resumed,
		.seconds = audit->row.seconds};
	struct ward *ward = ward_of_audit(audit);
	auto_close int fd = -1;

	if (!channel_is_open(engine.peer[PROCESS_CHECKER]))
		return; /* it is told when it comes */
	/* How often it was begun outlives whatever it breaks. */
	if (audit->is_resumed && !save(audit))
		return;
	if (!ward) {
		end(audit, AUDIT_BROKEN, INC_DEVICE_LOST, "the device was forgotten");
		return;
	}
	if (audit_transcript_open(audit->row.run, &fd)) {
		end(audit, AUDIT_BROKEN, INC_TOOL_ERROR, "its evidence cannot be opened");
		return;
	}
	memcpy(message.checks, audit->checks, sizeof message.checks);
	audit_addresses(ward->device, &message.address4, &message.address6);
	if (!message.address4.version && !message.address6.version)
		return; /* it is told when it has one, see look_at_running() */
	snprintf(message.model_hint, sizeof message.model_hint, "%.63s", model_of(ward->device));
	if (channel_send(
		    engine.peer[PROCESS_CHECKER], MESSAGE_AUDIT, 0, &message, sizeof message, fd))
		return;
	audit->is_told = true;
	audit->begun_ns = clock_monotonic_ns();
	audit->stop_ns = 0;
}

void
audit_peer_connected(void)
{
	for (size_t i = 0; i < AUDITS_AT_ONCE; i++) {
		struct audit *audit = &audits[i];
		if (!audit->row.run || audit->row.state != AUDIT_RUNNING || audit->is_ending)
			continue;
		if (audit->is_told) {
			audit->is_resumed = true;
			audit->is_told = false;
			audit->row.resumed++;
		}
		if (audit->row.resumed > AUDIT_RESUMES_MAX)
			end(audit, AUDIT_BROKEN, INC_TOOL_ERROR,
				"what tests it ended again and again before the run did");
		else
			tell_run(audit);
	}
}

/* --- what follows from a finding at once ------------------------------------------------------- */

static bool
is_patch_of(const json_t *row, const char *check, const struct finding *finding)
{
	const char *cause = json_string_value(json_object_get(row, "cause"));
	const char *by = json_string_value(json_object_get(row, "check"));

	return cause && by && !strcmp(cause, "audit") && !strcmp(by, check) &&
	       (!finding ||
		       (json_integer_value(json_object_get(row, "proto")) == finding->proto &&
			       json_integer_value(json_object_get(row, "port")) == finding->port));
}

static bool
is_patched(const struct ward *ward, const char *check, const struct finding *finding)
{
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i,
		row) if (is_patch_of(row, check, finding)) return true;
	return false;
}

static bool
is_reason_to_close(const struct finding *finding)
{
	return finding->word == VERDICT_FAIL && finding->is_critical && finding->n_evidence &&
	       finding->port && (finding->proto == 6 || finding->proto == 17);
}

static const char *
proto_word(uint8_t proto)
{
	return proto == 17 ? "udp" : "tcp";
}

/*
 * The port is closed at the gateway for everybody; the device goes on.  Acted
 * first, recorded right after, as with harm: a worm does not wait for a disk.
 */
static void
close_port(struct audit *audit, struct ward *ward, const char *check, const struct finding *finding)
{
	uint32_t run = audit->row.run, exchange = finding->n_evidence ? finding->evidence[0] : 0;
	struct change change;
	struct fault why;
	int64_t journal;
	char text[200];

	if (is_patched(ward, check, finding))
		return;
	snprintf(text, sizeof text, "run %u, exchange %u (%s): %.120s", run, exchange, check,
		finding->text);
	if (!contain_may_act(ward)) {
		event(EVENT_ALARM, ward, "audit-proposed", check,
			"%s; nothing was closed, because %s; to close it: pinfold policy add %s "
			"\"deny from any %s %u\"",
			text,
			ward->device->class == DEVICE_CLASS_CRITICAL ? "it is critical"
								     : "containment is set to "
								       "report",
			ward->device->id, proto_word(finding->proto), finding->port);
		return;
	}
	if (json_array_size(ward->facet[FACET_CONTAINMENT]) >= PATCHES_MAX) {
		event(EVENT_ALARM, ward, "audit-proposed", "many",
			"%s; too many of its ports are closed already; to pen it: pinfold device "
			"quarantine %s",
			text, ward->device->id);
		return;
	}
	json_t *list = ward->facet[FACET_CONTAINMENT]
			       ? json_deep_copy(ward->facet[FACET_CONTAINMENT])
			       : json_array();
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:i, s:i, s:s, s:I, s:s, s:I, s:s, s:s, s:I}", "act",
			      "patch", "direction", "to", "proto", finding->proto, "port",
			      finding->port, "cause", "audit", "since", (json_int_t)clock_wall_s(),
			      "text", text, "run", (json_int_t)run, "check", check, "provision",
			      finding->provision, "exchange", (json_int_t)exchange));
	change_init(&change, "pinfold", "audit.patch");
	change.is_containment = true;
	change_set(&change, ward, FACET_CONTAINMENT, list);
	snprintf(change.text, sizeof change.text,
		"port %s %u of %.60s is closed for everybody: %.150s", proto_word(finding->proto),
		finding->port, device_label(ward->device), text);
	if (change_commit(&change, &journal, &why))
		log_warnx("audit", "run %u: %s", run, why.text);
}

/*
 * May a port be opened again that was closed upon this check?  Only if the check
 * was run to its end, found no fault there, and says of that port, or of the device
 * as a whole, that it looked: what could not be told apart (INC) keeps it closed.
 */
static bool
is_mended(const struct finding *const *finding, size_t n, const json_t *row)
{
	const char *provision = json_string_value(json_object_get(row, "provision"));
	uint16_t port = (uint16_t)json_integer_value(json_object_get(row, "port"));
	uint8_t proto = (uint8_t)json_integer_value(json_object_get(row, "proto"));
	bool looked = false;

	for (size_t i = 0; i < n; i++) {
		const struct finding *at = finding[i];
		bool is_there = at->port == port && at->proto == proto;
		if (!provision || strcmp(at->provision, provision) || (!is_there && at->port))
			continue;
		if (at->word == VERDICT_FAIL || (is_there && at->word == VERDICT_INC))
			return false;
		looked |= at->word == VERDICT_NFF || at->word == VERDICT_PASS ||
			  at->word == VERDICT_NA;
	}
	return looked;
}

static void
open_mended(struct audit *audit, struct ward *ward, const char *check,
	const struct finding *const *finding, size_t n)
{
	json_t *list = json_array(), *row;
	char ports[120] = "";
	struct change change;
	size_t i, len = 0;
	struct fault why;
	int64_t journal;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		if (!is_patch_of(row, check, NULL) || !is_mended(finding, n, row)) {
			json_array_append(list, row);
			continue;
		}
		if (len < sizeof ports)
			len += (size_t)snprintf(ports + len, sizeof ports - len, "%s%s %lld",
				len ? ", " : "",
				proto_word(
					(uint8_t)json_integer_value(json_object_get(row, "proto"))),
				(long long)json_integer_value(json_object_get(row, "port")));
	}
	if (!len) {
		json_decref(list);
		return;
	}
	change_init(&change, "pinfold", "audit.lift");
	change_set(
		&change, ward, FACET_CONTAINMENT, json_array_size(list) ? json_incref(list) : NULL);
	json_decref(list);
	snprintf(change.text, sizeof change.text,
		"%.60s: closed no longer: %s, since run %u (%s) found no fault there any more",
		device_label(ward->device), ports, audit->row.run, check);
	/* What the database does not take stays closed until a later run. */
	if (change_commit(&change, &journal, &why))
		log_warnx("audit", "run %u: %s", audit->row.run, why.text);
}

/* --- from the checker ---------------------------------------------------------------------------- */

/* The findings of a check that are in memory, in their order. */
static size_t
findings_of(const struct audit *audit, uint16_t check, const struct finding **out)
{
	size_t n = 0;

	for (size_t i = 0; i < audit->n_findings; i++)
		if (audit->finding[i].check == check)
			out[n++] = &audit->finding[i];
	return n;
}

/* Gives how many they were. */
static size_t
drop_findings(struct audit *audit, uint16_t check)
{
	size_t kept = 0, n = audit->n_findings;

	for (size_t i = 0; i < audit->n_findings; i++)
		if (audit->finding[i].check != check)
			audit->finding[kept++] = audit->finding[i];
	audit->n_findings = kept;
	return n - kept;
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
	return true;
}

/* What is said of a check that was not run to its end, so that nothing looks tested. */
static void
keep_inc(struct audit *audit, uint16_t check, enum inc_reason reason, const char *text)
{
	const char *at = checks[check].provisions;

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
static bool
save(struct audit *audit)
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

static void
tell_progress(const struct audit *audit)
{
	char cause[16];

	snprintf(cause, sizeof cause, "%u", audit->row.run);
	event(EVENT_INFO, ward_of_audit(audit), "audit", cause,
		"run %u: %u of %u checks are done, about %u s are left", audit->row.run,
		audit->n_done, audit->n_all, audit->seconds_left);
}

static void
take_step(struct audit *audit, const struct message_audit_step *step)
{
	const struct finding *list[AUDIT_FINDINGS_MAX];
	struct ward *ward = ward_of_audit(audit);
	uint16_t check = step->check;

	if (!is_planned(audit, check) || audit->is_ending)
		return;
	audit->n_done = step->n_done;
	audit->seconds_left = step->seconds_left;
	audit->row.exchanges = step->exchanges;
	if (!is_over(step->step)) {
		audit->current = check;
		audit->n_all_findings -= drop_findings(audit, check);
		return;
	}
	audit->current = -1;
	audit->step[check] = step->step;
	audit->is_unsaved[check] = true;
	size_t n = findings_of(audit, check, list);
	for (size_t i = 0; ward && i < n; i++)
		if (is_reason_to_close(list[i]))
			close_port(audit, ward, checks[check].id, list[i]);
	if (ward && step->step == AUDIT_STEP_DONE)
		open_mended(audit, ward, checks[check].id, list, n);
	sync_pump();
	save(audit);
	tell_progress(audit);
}

static void
release(struct audit *audit)
{
	free(audit->finding);
	memset(audit, 0, sizeof *audit);
}

static void prune(const char *device_id);

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
static void
conclude(struct audit *audit)
{
	char device_id[STORE_ID_MAX];
	struct fault why;

	struct stored_audit *row = &audit->row;
	int64_t ended_s = clock_wall_s();

	/* In the list it has ended only when all of it is on the disk. */
	row->ended_s = 0;
	if (!save(audit))
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
	event(audit->row.state == AUDIT_BROKEN ? EVENT_ALARM : EVENT_NOTICE, ward_of_audit(audit),
		"audit-ended", "", "run %u is %s%s%s; to see it: pinfold audit show %u",
		audit->row.run, audit_state_word((enum audit_state)audit->row.state),
		audit->row.why[0] ? ": " : "", audit->row.why, audit->row.run);
	snprintf(device_id, sizeof device_id, "%s", audit->row.device_id);
	release(audit);
	prune(device_id);
}

/* Whatever the rig did to the device, if its worker died before it took that back. */
static void
end_rig(const struct audit *audit)
{
	const struct ward *ward = ward_of_audit(audit);
	struct message_rig rig = {.run = audit->row.run, .bits = RIG_TURN | RIG_OFF};

	if (!ward || audit->row.consent < CONSENT_INTRUDE ||
		!channel_is_open(engine.peer[PROCESS_ENFORCER]))
		return;
	rig.device = ward_number(ward);
	if (channel_send(engine.peer[PROCESS_ENFORCER], MESSAGE_RIG, 0, &rig, sizeof rig, -1))
		log_info("audit", "run %u: its rig ends by itself", audit->row.run);
}

/*
 * What the device sent by itself, before the run and in it, becomes evidence of
 * its own, and what needs no probe is judged from that.
 */
static void
judge_traffic(struct audit *audit)
{
	auto_free struct findings *findings = must_alloc(1, sizeof *findings);
	struct ward *ward = ward_of_audit(audit);
	char *text = NULL;
	size_t len = 0;
	struct fault why;

	FILE *file = open_memstream(&text, &len);
	if (!file)
		fatalx("audit", "out of memory");
	/* Of a device that was forgotten meanwhile nothing is known any more. */
	struct transcript *transcript =
		ward ? traffic_transcript(ward, TRAFFIC_EVIDENCE_S, file) : transcript_new(NULL);
	transcript_write_to(transcript, NULL);
	if (fclose(file))
		fatalx("audit", "out of memory");
	enum err err = audit_file_put(audit->row.run, "traffic.jsonl", text, len, &why);
	free(text);
	for (uint16_t check = 0; check < n_checks && check < AUDIT_CHECKS_MAX; check++) {
		if (!is_planned(audit, check) || is_over(audit->step[check]) || checks[check].probe)
			continue;
		audit->n_all_findings -= drop_findings(audit, check);
		memset(findings, 0, sizeof *findings);
		if (err)
			keep_inc(audit, check, INC_TOOL_ERROR, why.text);
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
static void
end(struct audit *audit, enum audit_state state, enum inc_reason reason, const char *why)
{
	if (audit->is_ending)
		return;
	if (why)
		snprintf(audit->row.why, sizeof audit->row.why, "%s", why);
	judge_traffic(audit);
	for (uint16_t check = 0; check < n_checks && check < AUDIT_CHECKS_MAX; check++) {
		if (!is_planned(audit, check) || is_over(audit->step[check]))
			continue;
		audit->n_all_findings -= drop_findings(audit, check);
		keep_inc(audit, check, reason,
			audit->row.why[0] ? audit->row.why : "the check was not run to its end");
		/* Planned and not run: no transcript says so, and none has to. */
		audit->step[check] = AUDIT_STEP_UNKNOWN;
		audit->is_unsaved[check] = true;
	}
	end_rig(audit);
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
	conclude(audit);
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
	audit->row.packets = message->packets;
	if (audit->stop_ns && audit->row.why[0])
		/* We asked for it, and kept why. */
		end(audit, AUDIT_STOPPED, INC_TIME_OUT, NULL);
	else if (!err || err == ERR_NOT_FOUND || err == ERR_TIMEOUT)
		/* A device that went away, or took too long, is a result. */
		end(audit, AUDIT_DONE, reason_of(err), message->why);
	else
		end(audit, AUDIT_BROKEN, reason_of(err),
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
ask_rig(const struct message_rig *asked)
{
	const struct audit *audit = audit_find(asked->run);
	const struct ward *ward = audit ? ward_of_audit(audit) : NULL;
	struct message_rig rig = *asked;
	struct fault why;

	if (!audit || audit->row.state != AUDIT_RUNNING || audit->is_ending || !ward ||
		asked->device)
		return ERR_NOT_OURS;
	if (audit->row.consent < CONSENT_INTRUDE ||
		!may_be_tested(ward, (enum consent)audit->row.consent, &why))
		return ERR_DENIED;
	rig.device = ward_number(ward);
	if (!channel_is_open(engine.peer[PROCESS_ENFORCER]) ||
		channel_send(engine.peer[PROCESS_ENFORCER], MESSAGE_RIG, 0, &rig, sizeof rig, -1))
		return ERR_CLOSED;
	return ERR_OK;
}

static void
take_rig(const struct message_rig *asked)
{
	struct message_rig_seen seen = {.run = asked->run, .ticket = asked->ticket};

	seen.err = (uint32_t)ask_rig(asked);
	if (seen.err)
		answer_rig(&seen);
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
		return;
	}
	case MESSAGE_FINDING: {
		const struct message_finding *message = payload;
		struct audit *audit = audit_find(message->run);
		if (audit && !audit->is_ending && is_planned(audit, message->finding.check) &&
			check_may_speak_of(message->finding.check, message->finding.provision))
			keep_finding(audit, &message->finding);
		return;
	}
	case MESSAGE_AUDIT_END: {
		const struct message_audit_end *message = payload;
		struct audit *audit = audit_find(message->run);
		if (audit && !audit->is_ending)
			take_end(audit, message);
		return;
	}
	case MESSAGE_RIG:
		take_rig(payload);
		return;
	case MESSAGE_RIG_SEEN: {
		const struct message_rig_seen *message = payload;
		if (audit_find(message->run))
			answer_rig(message);
		return;
	}
	default:
		return;
	}
}

/* --- bounds ---------------------------------------------------------------------------------------- */

/* Does a closed port of any device rest on this run? */
static bool
is_rested_on(uint32_t run)
{
	json_t *row;
	size_t k;

	for (size_t i = 0; i < engine.n_peers; i++)
		json_array_foreach(engine.wards[i]->facet[FACET_CONTAINMENT], k,
			row) if (json_integer_value(json_object_get(row, "run")) ==
				 run) return true;
	return false;
}

struct pruning {
	uint32_t run[64]; /* that may go, oldest last */
	size_t n;
	uint32_t newer; /* of the device or of all */
	uint32_t keep;
	uint32_t newest;
};

/* The newest are forgotten first when there are more than fit: the next time is theirs. */
static void
may_go(struct pruning *pruning, uint32_t run)
{
	if (pruning->n == COUNT_OF(pruning->run)) {
		memmove(pruning->run, pruning->run + 1,
			sizeof pruning->run - sizeof pruning->run[0]);
		pruning->n--;
	}
	pruning->run[pruning->n++] = run;
}

static void
on_old(const struct stored_audit *audit, void *arg)
{
	struct pruning *pruning = arg;

	if (!pruning->newest)
		pruning->newest = audit->run;
	if (pruning->newer++ < pruning->keep || audit_find(audit->run) || is_rested_on(audit->run))
		return;
	may_go(pruning, audit->run);
}

static void
forget(uint32_t run)
{
	struct fault why;

	store_audits_begin(engine.store);
	store_audit_delete(engine.store, run);
	if (store_audits_commit(engine.store, &why))
		keep_trouble(&why);
	else
		audit_folder_remove(run);
}

static void
on_evidence(const struct stored_audit *audit, void *arg)
{
	struct pruning *pruning = arg;

	/* The newest run keeps its evidence, whatever it weighs. */
	if (!pruning->newer++ || audit_find(audit->run) || is_rested_on(audit->run) ||
		!audit->bytes)
		return;
	may_go(pruning, audit->run);
}

/*
 * Named eviction: of one device, and of all, the oldest runs go whole; when the
 * evidence weighs too much, the oldest transcripts go and results stay.  Never one
 * that a closed port rests on.
 */
static void
prune(const char *device_id)
{
	struct pruning of_device = {.keep = STORE_AUDITS_A_DEVICE},
		       of_all = {.keep = STORE_AUDITS_MAX}, heavy = {0};
	struct stored_audit audit;
	uint64_t n, bytes;
	struct fault why;

	if (device_id[0] &&
		!store_audits(engine.store, 0, device_id, STORE_AUDITS_MAX, on_old, &of_device))
		while (of_device.n)
			forget(of_device.run[--of_device.n]);
	store_audit_totals(engine.store, &n, &bytes);
	if (n > STORE_AUDITS_MAX &&
		!store_audits(engine.store, 0, "", 2 * STORE_AUDITS_MAX, on_old, &of_all))
		while (of_all.n)
			forget(of_all.run[--of_all.n]);
	if (bytes <= EVIDENCE_BYTES_MAX ||
		store_audits(engine.store, 0, "", 2 * STORE_AUDITS_MAX, on_evidence, &heavy))
		return;
	while (heavy.n && bytes > EVIDENCE_BYTES_MAX) {
		uint32_t run = heavy.run[--heavy.n];
		if (store_audit_find(engine.store, run, &audit))
			continue;
		audit_evidence_remove(run);
		bytes -= audit.bytes < bytes ? audit.bytes : bytes;
		audit.bytes = audit_folder_bytes(run);
		store_audits_begin(engine.store);
		store_audit_put(engine.store, &audit);
		if (store_audits_commit(engine.store, &why))
			keep_trouble(&why);
	}
}

/* --- begin, stop, look ------------------------------------------------------------------------------ */

static struct audit *
free_place(void)
{
	for (size_t i = 0; i < AUDITS_AT_ONCE; i++)
		if (!audits[i].row.run)
			return &audits[i];
	return NULL;
}

static const struct audit *
audit_of_ward(const struct ward *ward)
{
	for (size_t i = 0; i < AUDITS_AT_ONCE; i++)
		if (audits[i].row.run && audits[i].row.device == ward_number(ward))
			return &audits[i];
	return NULL;
}

/* The one device on this port that has an address; NULL with the reason, or while there is none. */
static struct ward *
ward_on_port(const char *port, struct fault *why)
{
	struct ward *found = NULL;

	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		bool is_there = false;
		for (int k = 0; k < ward->device->n_bindings; k++)
			is_there |= !strcmp(ward->device->binding[k].port, port);
		if (!is_there)
			continue;
		if (found) {
			fault_set(why, ERR_INVALID,
				"several devices are on port %.15s (%.60s, %.60s): name the one "
				"that is meant",
				port, device_label(found->device), device_label(ward->device));
			return NULL;
		}
		found = ward;
	}
	if (!found)
		fault_set(why, ERR_NOT_FOUND, "no device with an address is on port %.15s", port);
	return found;
}

static bool
is_our_port(const char *name)
{
	for (size_t i = 0; i < engine.settings->n_ports; i++)
		if (!strcmp(engine.settings->port[i], name))
			return true;
	return false;
}

static void
know_device(struct audit *audit, const struct ward *ward)
{
	audit->row.device = ward_number(ward);
	snprintf(audit->row.device_id, sizeof audit->row.device_id, "%s", ward->device->id);
	snprintf(audit->row.label, sizeof audit->row.label, "%.63s", device_label(ward->device));
}

/* The run is known, its folder is there, and both are on the disk. */
static enum err
begin_on_disk(struct audit *audit, struct ward *ward, struct fault *why)
{
	auto_close int fd = -1;
	enum err err;

	/* Whom it is about must be known again after a power cut. */
	store_begin(engine.store);
	if (ward)
		keep_save_ward(ward);
	err = store_commit(engine.store, why);
	if (err) {
		keep_trouble(why);
		return err;
	}
	store_audits_begin(engine.store);
	audit->row.run = store_audit_add(engine.store, &audit->row);
	for (uint16_t check = 0; check < n_checks && check < AUDIT_CHECKS_MAX; check++)
		if (is_planned(audit, check))
			store_audit_step_put(engine.store, audit->row.run, check, checks[check].id,
				AUDIT_STEP_UNKNOWN);
	err = store_audits_commit(engine.store, why);
	if (err) {
		keep_trouble(why);
		return err;
	}
	err = audit_folder_make(audit->row.run, &fd, why);
	if (!err) {
		json_t *env = audit_env_json();
		err = audit_json_put(audit->row.run, "env.json", env, why);
		json_decref(env);
	}
	if (!err && ward) {
		json_t *device = audit_device_json(ward);
		err = audit_json_put(audit->row.run, "device.json", device, why);
		json_decref(device);
	}
	if (err)
		forget(audit->row.run);
	return err;
}

/* False with the reason when this device cannot be tested now. */
static bool
is_ready_for(const struct ward *ward, enum consent consent, struct fault *why)
{
	const struct audit *running = audit_of_ward(ward);
	struct ip address4, address6;

	if (running) {
		fault_set(why, ERR_BUSY,
			"run %u tests %s already, and one device has one test at a time; to end "
			"it: pinfold audit stop %u",
			running->row.run, device_label(ward->device), running->row.run);
		return false;
	}
	if (!may_be_tested(ward, consent, why))
		return false;
	audit_addresses(ward->device, &address4, &address6);
	if (!address4.version && !address6.version) {
		fault_set(why, ERR_NOT_FOUND,
			"%s has no address now: switch it on, or plug it in, and try again",
			device_label(ward->device));
		return false;
	}
	return true;
}

static int
word_at(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

uint32_t
audit_begin(const struct audit_wish *wish, const char *who, struct fault *why)
{
	static const char *const paces[PACE_COUNT] = {"gentle", "lab"};
	static const char *const consents[] = {"passive", "probe", "intrude"};
	int pace = word_at(paces, PACE_COUNT, wish->pace),
	    consent = word_at(consents, COUNT_OF(consents), wish->consent);
	struct audit *audit = free_place();
	struct ward *ward = wish->ward;
	int64_t journal;
	char text[160];

	if (pace < 0 || consent < 0 ||
		(strcmp(wish->profile, "quick") && strcmp(wish->profile, "full"))) {
		fault_set(why, ERR_INVALID,
			"the profile is quick or full, the pace gentle or lab, the consent "
			"passive, probe or intrude");
		return 0;
	}
	if (!audit) {
		fault_set(why, ERR_FULL,
			"%d audits run already; wait until one has ended, or stop one: pinfold "
			"audit list",
			AUDITS_AT_ONCE);
		return 0;
	}
	if (!ward && !is_our_port(wish->port)) {
		fault_set(why, ERR_NOT_FOUND, "there is no such port on the bridge");
		return 0;
	}
	if (!ward) {
		struct fault none;
		ward = ward_on_port(wish->port, &none);
		if (!ward && none.code != ERR_NOT_FOUND) {
			*why = none;
			return 0;
		}
	}
	if (ward && !is_ready_for(ward, (enum consent)consent, why))
		return 0;
	if (audit_free_bytes() < FREE_BYTES_MIN) {
		fault_set(why, ERR_FULL,
			"there is too little room for evidence on the disk (%s); nothing was sent "
			"to the device",
			engine.settings->state_directory);
		return 0;
	}
	memset(audit, 0, sizeof *audit);
	audit->current = -1;
	audit->row.state = ward ? AUDIT_RUNNING : AUDIT_WAITING;
	audit->row.pace = (uint8_t)pace;
	audit->row.consent = (uint8_t)consent;
	audit->row.begun_s = clock_wall_s();
	audit->begun_ns = clock_monotonic_ns();
	snprintf(audit->row.profile, sizeof audit->row.profile, "%s", wish->profile);
	if (wish->port)
		snprintf(audit->row.port, sizeof audit->row.port, "%.15s", wish->port);
	if (ward)
		know_device(audit, ward);
	if (!wish->checks) {
		make_plan(audit);
	} else if (!is_printable(wish->checks) || !plan_chosen(audit, wish->checks, why)) {
		release(audit);
		return 0;
	}
	measure_plan(audit);
	audit->seconds_left = audit->row.seconds;
	snprintf(text, sizeof text, "%.80s is tested: run %s, pace %s, consent %s",
		ward ? audit->row.label : audit->row.port, audit->row.profile, wish->pace,
		wish->consent);
	if (begin_on_disk(audit, ward, why)) {
		release(audit);
		return 0;
	}
	uint32_t run = audit->row.run;
	json_t *after = json_pack("{s:I}", "run", (json_int_t)run);
	json_t *before = json_object();
	/* The journal is about who did what; the run stands without its line. */
	if (change_note(who, "audit.run", ward, text, before, after, &journal, why))
		log_warnx("audit", "run %u: %s", run, why->text);
	event(EVENT_NOTICE, ward, "audit-begun", "", "run %u: %s", run, text);
	if (ward)
		tell_run(audit);
	return run;
}

bool
audit_stop(uint32_t run, const char *who, struct fault *why)
{
	struct audit *audit = audit_find(run);
	struct stored_audit old;

	if (!audit) {
		bool was = !store_audit_find(engine.store, run, &old);
		fault_set(why, was ? ERR_DENIED : ERR_NOT_FOUND,
			was ? "run %u has ended already" : "there is no run %u", run);
		return false;
	}
	if (audit->is_ending)
		return true;
	snprintf(audit->row.why, sizeof audit->row.why, "stopped by the %.60s", who);
	audit->stop_ns = clock_monotonic_ns();
	if (audit->is_told && channel_is_open(engine.peer[PROCESS_CHECKER]))
		tell_stop(audit);
	else
		end(audit, AUDIT_STOPPED, INC_TIME_OUT, NULL);
	return true;
}

static void
look_for_device(struct audit *audit)
{
	struct fault why = {0};
	struct ward *ward = ward_on_port(audit->row.port, &why);
	char text[256];

	if (!ward && why.code == ERR_NOT_FOUND) {
		if (clock_monotonic_ns() - audit->begun_ns < DEVICE_WAIT_S * CLOCK_SECOND_NS)
			return;
		snprintf(text, sizeof text, "no device came to port %s within %d minutes",
			audit->row.port, DEVICE_WAIT_S / 60);
		end(audit, AUDIT_STOPPED, INC_DEVICE_LOST, text);
		return;
	}
	if (!ward || !is_ready_for(ward, (enum consent)audit->row.consent, &why)) {
		/* It may lack nothing but an address yet. */
		if (why.code == ERR_NOT_FOUND)
			return;
		end(audit, AUDIT_STOPPED, INC_NO_CONSENT, why.text);
		return;
	}
	know_device(audit, ward);
	audit->row.state = AUDIT_RUNNING;
	audit->row.begun_s = clock_wall_s(); /* its time counts from when it is there */
	json_t *device = audit_device_json(ward);
	if (audit_json_put(audit->row.run, "device.json", device, &why) || !save(audit)) {
		json_decref(device);
		end(audit, AUDIT_BROKEN, INC_TOOL_ERROR, why.text);
		return;
	}
	json_decref(device);
	event(EVENT_NOTICE, ward, "audit-begun", "", "run %u: %s came to port %s and is tested",
		audit->row.run, audit->row.label, audit->row.port);
	tell_run(audit);
}

/* Its owner may have made it critical, or blocked it, meanwhile. */
static void
look_at_running(struct audit *audit)
{
	struct ward *ward = ward_of_audit(audit);
	uint64_t ran_ns = clock_monotonic_ns() - audit->begun_ns;
	struct fault why;

	if (audit->stop_ns) {
		if (clock_monotonic_ns() - audit->stop_ns > STOP_S * CLOCK_SECOND_NS)
			end(audit, AUDIT_STOPPED, INC_TIME_OUT, NULL);
		return;
	}
	if (!ward)
		snprintf(audit->row.why, sizeof audit->row.why, "the device was forgotten");
	else if (!may_be_tested(ward, (enum consent)audit->row.consent, &why))
		snprintf(audit->row.why, sizeof audit->row.why, "%s", why.text);
	else if (!audit->is_told && ran_ns > DEVICE_WAIT_S * CLOCK_SECOND_NS) {
		bool has_checker = channel_is_open(engine.peer[PROCESS_CHECKER]);
		end(audit, has_checker ? AUDIT_DONE : AUDIT_BROKEN,
			has_checker ? INC_DEVICE_LOST : INC_TOOL_ERROR,
			has_checker ? "the device has no address any more"
				    : "the process that tests does not run");
		return;
	} else if (!audit->is_told) {
		tell_run(audit);
		return;
	} else if (audit->is_told && ran_ns > (audit->row.seconds + SLACK_S) * CLOCK_SECOND_NS)
		snprintf(audit->row.why, sizeof audit->row.why,
			"it took longer than all its checks together may");
	else
		return;
	audit->stop_ns = clock_monotonic_ns();
	tell_stop(audit);
}

void
audit_look(void)
{
	for (size_t i = 0; i < AUDITS_AT_ONCE; i++) {
		struct audit *audit = &audits[i];
		bool has_unsaved = false;
		if (!audit->row.run)
			continue;
		for (size_t k = 0; k < AUDIT_CHECKS_MAX; k++)
			has_unsaved |= audit->is_unsaved[k];
		if (audit->is_ending)
			conclude(audit);
		else if (has_unsaved && save(audit))
			keep_trouble_over();
		else if (audit->row.state == AUDIT_WAITING)
			look_for_device(audit);
		else
			look_at_running(audit);
	}
}

/* --- start -------------------------------------------------------------------------------------------- */

static void
on_step_row(const char *check, uint8_t step, void *arg)
{
	struct audit *audit = arg;
	int place = check_find(check);

	if (place < 0 || place >= AUDIT_CHECKS_MAX)
		return;
	plan(audit, (size_t)place);
	audit->n_all++;
	audit->step[place] = is_over(step) ? step : AUDIT_STEP_UNKNOWN;
	audit->n_done += is_over(step);
}

static void
on_finding_row(const char *check, const struct finding *finding, void *arg)
{
	struct audit *audit = arg;
	audit->n_all_findings++;
}

static void
on_row(const struct stored_audit *row, void *arg)
{
	struct audit *audit;

	if (row->ended_s || !(audit = free_place()))
		return;
	audit->row = *row;
}

void
audit_load(void)
{
	uint32_t newest = audit_folder_newest();
	struct fault why;

	if (store_audits_lost(engine.store))
		event(EVENT_ALARM, NULL, "audits-lost", "",
			"the list of audits was damaged and begins anew; the evidence of each is "
			"still in its folder");
	/* A list that began anew must not begin with numbers whose folders are there. */
	store_audits_begin(engine.store);
	store_audit_floor(engine.store, newest);
	if (store_audits_commit(engine.store, &why))
		keep_trouble(&why);
	if (store_audits(engine.store, 0, "", STORE_AUDITS_MAX, on_row, NULL))
		log_warnx("audit", "the list of audits cannot be read");
	for (size_t i = 0; i < AUDITS_AT_ONCE; i++) {
		struct audit *audit = &audits[i];
		if (!audit->row.run)
			continue;
		audit->current = -1;
		audit->begun_ns = clock_monotonic_ns();
		if (store_audit_steps(engine.store, audit->row.run, on_step_row, audit) ||
			store_findings(engine.store, audit->row.run, on_finding_row, audit))
			log_warnx("audit", "run %u cannot be read whole", audit->row.run);
		if (audit->row.state == AUDIT_RUNNING) {
			audit->is_resumed = true;
			audit->row.resumed++;
		} else if (audit->row.state != AUDIT_WAITING) {
			audit->is_ending = true;
		}
	}
}
