/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leads audits: begins runs, tells the checker of them, looks after them, and
 * takes them up again when we begin.  A run is on the disk before its owner hears
 * of it.
 */
#include "process/engine_audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "process/engine_app.h"
#include "process/engine_traffic.h"

enum {
	SLACK_S = 120,       /* beyond the sum of its checks' seconds */
	STOP_S = 20,         /* a worker that does not end then is gone */
	DEVICE_WAIT_S = 600, /* nothing came to the port, or it has no address */
};
#define FREE_BYTES_MIN (UINT64_C(4) * 1024 * 1024)

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

struct ward *
audit_ward(const struct audit *audit)
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
			audits[i].is_told && !audits[i].app &&
			audits[i].row.device == ward_number(ward))
			return true;
	return false;
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

void
audit_tell(struct audit *audit)
{
	struct message_audit message = {.run = audit->row.run,
		.device = audit->row.device,
		.pace = audit->row.pace,
		.consent = audit->row.consent,
		.is_resumed = audit->is_resumed};
	struct ward *ward = audit_ward(audit);
	auto_close int fd = -1;

	if (!channel_is_open(engine.peer[PROCESS_CHECKER]))
		return; /* it is told when it comes */
	if (!audit_choose(audit, message.checks, &message.seconds) && audit_lasts(audit))
		return; /* nothing is left to probe, it watches */
	if (audit_is_unplugged(audit))
		return;
	/* How often it was begun outlives whatever it breaks. */
	if (audit->is_resumed && !audit_save(audit))
		return;
	if (!ward && !audit->app) {
		audit_end(audit, AUDIT_BROKEN, INC_DEVICE_LOST, "the device was forgotten");
		return;
	}
	if (audit_transcript_open(audit->row.run, &fd)) {
		audit_end(audit, AUDIT_BROKEN, INC_TOOL_ERROR, "its evidence cannot be opened");
		return;
	}
	if (audit->app) {
		if (!app_fill(audit, &message))
			return;
	} else {
		audit_addresses(ward->device, &message.address4, &message.address6);
		if (!message.address4.version && !message.address6.version)
			return; /* it is told when it has one, see look_at_running() */
		/* What is in the transcript already, the worker reads first. */
		message.is_resumed |= declaration_write_file(ward, fd);
		snprintf(message.model_hint, sizeof message.model_hint, "%.63s",
			audit_model(ward->device));
		maker_fill(ward, &message);
	}
	if (channel_send(
		    engine.peer[PROCESS_CHECKER], MESSAGE_AUDIT, 0, &message, sizeof message, fd))
		return;
	audit->is_told = true;
	audit->was_lost = audit->has_stepped = false;
	audit->told_seconds = audit->seconds_left = message.seconds;
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
			audit->row.stuck++;
			audit->current = -1;
		}
		if (audit->row.stuck > AUDIT_RESUMES_MAX)
			audit_end(audit, AUDIT_BROKEN, INC_TOOL_ERROR,
				"what tests it ended again and again before the run did");
		else if (!audit->is_away)
			audit_tell(audit);
	}
}

void
audit_release(struct audit *audit)
{
	free(audit->finding);
	app_free(audit->app);
	memset(audit, 0, sizeof *audit);
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
		if (audits[i].row.run && !audits[i].app &&
			audits[i].row.device == ward_number(ward))
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
		if (audit_is_planned(audit, check))
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
		audit_forget(audit->row.run);
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
	if (!audit_may_be_tested(ward, consent, why))
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
	bool is_full = !strcmp(wish->profile, "full");
	struct audit *audit = free_place();
	struct ward *ward = wish->ward;
	int64_t journal;
	char text[160];

	if (pace < 0 || consent < 0 || (!wish->app && strcmp(wish->profile, "quick") && !is_full)) {
		fault_set(why, ERR_INVALID,
			"the profile is quick or full, the pace gentle or lab, the consent "
			"passive, probe or intrude");
		return 0;
	}
	if (wish->hours > AUDIT_HOURS_MAX) {
		fault_set(why, ERR_INVALID, "a run watches for %d hours at most", AUDIT_HOURS_MAX);
		return 0;
	}
	if (!audit) {
		fault_set(why, ERR_FULL,
			"%d audits run already; wait until one has ended, or stop one: pinfold "
			"audit list",
			AUDITS_AT_ONCE);
		return 0;
	}
	if (!ward && !wish->app && !is_our_port(wish->port)) {
		fault_set(why, ERR_NOT_FOUND, "there is no such port on the bridge");
		return 0;
	}
	if (!ward && !wish->app) {
		struct fault none;
		ward = ward_on_port(wish->port, &none);
		if (!ward && none.code != ERR_NOT_FOUND) {
			*why = none;
			return 0;
		}
	}
	if (ward && !wish->app && !is_ready_for(ward, (enum consent)consent, why))
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
	audit->row.state = ward || wish->app ? AUDIT_RUNNING : AUDIT_WAITING;
	audit->row.pace = (uint8_t)pace;
	audit->row.consent = (uint8_t)consent;
	audit->row.hours = is_full && !wish->checks ? wish->hours : 0;
	audit->row.begun_s = clock_wall_s();
	audit->begun_ns = clock_monotonic_ns();
	snprintf(audit->row.profile, sizeof audit->row.profile, "%s", wish->profile);
	if (wish->port)
		snprintf(audit->row.port, sizeof audit->row.port, "%.15s", wish->port);
	if (ward)
		know_device(audit, ward);
	if (!wish->checks) {
		audit_plan_profile(audit);
	} else if (!is_printable(wish->checks) || !audit_plan_chosen(audit, wish->checks, why)) {
		audit_release(audit);
		return 0;
	}
	audit_measure(audit);
	if (wish->app) {
		snprintf(audit->row.profile, sizeof audit->row.profile, "%s", wish->profile);
		snprintf(audit->row.label, sizeof audit->row.label, "%s", wish->label);
		audit->row.seconds = wish->seconds ? wish->seconds : audit->row.seconds;
	}
	audit->seconds_left = audit->row.seconds;
	snprintf(text, sizeof text, "%.80s is tested: run %s, pace %s, consent %s",
		ward || wish->app ? audit->row.label : audit->row.port, audit->row.profile,
		wish->pace, wish->consent);
	if (begin_on_disk(audit, ward, why)) {
		audit_release(audit);
		return 0;
	}
	uint32_t run = audit->row.run;
	json_t *after = json_pack("{s:I}", "run", (json_int_t)run);
	json_t *before = json_object();
	/* The journal is about who did what; the run stands without its line. */
	if (change_note(who, "audit.run", ward, text, before, after, &journal, why))
		log_warnx("audit", "run %u: %s", run, why->text);
	event(strcmp(who, "pinfold") ? EVENT_NOTICE : EVENT_INFO, ward, "audit-begun", "",
		"run %u: %s", run, text);
	if (wish->app)
		app_begun(audit, wish->app, who);
	if (ward || wish->app)
		audit_tell(audit);
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
	snprintf(audit->row.why, sizeof audit->row.why, "stopped by %.60s", who);
	audit->stop_ns = clock_monotonic_ns();
	if (audit->is_told && channel_is_open(engine.peer[PROCESS_CHECKER]))
		tell_stop(audit);
	else
		audit_end(audit, AUDIT_STOPPED, INC_TIME_OUT, NULL);
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
		audit_end(audit, AUDIT_STOPPED, INC_DEVICE_LOST, text);
		return;
	}
	if (!ward || !is_ready_for(ward, (enum consent)audit->row.consent, &why)) {
		/* It may lack nothing but an address yet. */
		if (why.code == ERR_NOT_FOUND)
			return;
		audit_end(audit, AUDIT_STOPPED, INC_NO_CONSENT, why.text);
		return;
	}
	know_device(audit, ward);
	audit->row.state = AUDIT_RUNNING;
	audit->row.begun_s = clock_wall_s(); /* its time counts from when it is there */
	json_t *device = audit_device_json(ward);
	if (audit_json_put(audit->row.run, "device.json", device, &why) || !audit_save(audit)) {
		json_decref(device);
		audit_end(audit, AUDIT_BROKEN, INC_TOOL_ERROR, why.text);
		return;
	}
	json_decref(device);
	event(EVENT_NOTICE, ward, "audit-begun", "", "run %u: %s came to port %s and is tested",
		audit->row.run, audit->row.label, audit->row.port);
	audit_tell(audit);
}

static void
give_up_waiting(struct audit *audit)
{
	bool has_checker = channel_is_open(engine.peer[PROCESS_CHECKER]);

	audit_end(audit, has_checker ? AUDIT_DONE : AUDIT_BROKEN,
		has_checker ? INC_DEVICE_LOST : INC_TOOL_ERROR,
		has_checker ? "the device has no address any more"
			    : "the process that tests does not run");
}

/* Its owner may have made it critical, or blocked it, meanwhile. */
static void
look_at_running(struct audit *audit)
{
	struct ward *ward = audit_ward(audit);
	uint64_t ran_ns = clock_monotonic_ns() - audit->begun_ns;
	struct fault why;

	if (audit->stop_ns) {
		if (clock_monotonic_ns() - audit->stop_ns > STOP_S * CLOCK_SECOND_NS)
			audit_end(audit, AUDIT_STOPPED, INC_TIME_OUT, NULL);
		return;
	}
	if (audit->app) {
		app_look(audit);
		return;
	}
	if (!ward)
		snprintf(audit->row.why, sizeof audit->row.why, "the device was forgotten");
	else if (!audit_may_be_tested(ward, (enum consent)audit->row.consent, &why))
		snprintf(audit->row.why, sizeof audit->row.why, "%s", why.text);
	else if (audit->is_told && ran_ns > (audit->told_seconds + SLACK_S) * CLOCK_SECOND_NS)
		snprintf(audit->row.why, sizeof audit->row.why,
			"it took longer than all its checks together may");
	else if (!audit_stage_look(audit) || audit->is_told)
		return;
	else if (ran_ns > DEVICE_WAIT_S * CLOCK_SECOND_NS && !audit_lasts(audit)) {
		give_up_waiting(audit);
		return;
	} else {
		audit_tell(audit);
		return;
	}
	if (!audit->is_told) {
		audit_end(audit, AUDIT_STOPPED, INC_TIME_OUT, NULL);
		return;
	}
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
		audit_keep_cap(audit);
		if (audit->is_ending)
			audit_conclude(audit);
		else if (has_unsaved && audit_save(audit))
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
	audit_plan(audit, (size_t)place);
	audit->step[place] = audit_step_is_over(step) ? step : AUDIT_STEP_UNKNOWN;
}

static void
on_finding_row(const char *check, const struct finding *finding, void *arg)
{
	struct audit *audit = arg;
	int place = check_find(check);

	audit->n_all_findings++;
	if (place >= 0 && place < AUDIT_CHECKS_MAX)
		audit->n_of[place]++;
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
		if (audit->row.state == AUDIT_RUNNING && app_is_profile(audit->row.profile)) {
			/* The file, or the window that was opened on a phone, went with us. */
			audit_end(audit, AUDIT_STOPPED, INC_TIME_OUT,
				"the gateway began anew in the midst of it; begin it again");
		} else if (audit->row.state == AUDIT_RUNNING) {
			audit->is_resumed = true;
			audit_stage_load(audit);
			audit->row.resumed += !audit_is_watching(audit);
			audit->row.stuck += !audit_is_watching(audit);
		} else if (audit->row.state != AUDIT_WAITING) {
			audit->is_ending = true;
		}
	}
}
