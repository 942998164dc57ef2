/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps enforcer, resolver and relay at what was decided.
 *
 * What is due is marked and sent at once, as far as the other side keeps up;
 * nothing is ever queued twice, because only the latest matters.  After an
 * enforcer came (again), every policy is due, then the addresses that were open,
 * and only then RESTORED, which lets it raise the ports.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"
#include "process/engine_app.h"

enum {
	IN_FLIGHT_MAX = 256,          /* policies that the enforcer has not answered */
	QUEUED_MAX = 2 * 1024 * 1024, /* bytes in one channel before we wait */
	PUMP_MS = 5,
	LIMIT_PART = 10,          /* containment by limit leaves this part of the caps */
	GENERATION_STEP = 100000, /* how often the growing number is stored */
	REOPEN_MIN_S = 5,
	OPEN_SECONDS_MAX = 24 * 3600,
};
#define FORGOTTEN_NS       (10 * CLOCK_SECOND_NS)
#define GENERATION_EPOCH_S INT64_C(1577836800)

static struct loop_timer *pump_timer;

static void
on_pump_timer(void *arg)
{
	sync_pump();
}

void
sync_start(void)
{
	int64_t ceiling = store_number(engine.store, "generation", 0);
	int64_t by_clock = clock_wall_s() - GENERATION_EPOCH_S;

	/* Grows over restarts although it is stored seldom, and although the clock be wrong. */
	engine.generation = (uint32_t)(ceiling > by_clock ? ceiling : by_clock);
	engine.generation_ceiling = engine.generation;
	pump_timer = loop_timer_new(PUMP_MS, false, on_pump_timer, NULL);
}

static uint32_t
next_generation(void)
{
	if (++engine.generation > engine.generation_ceiling) {
		struct fault why;
		engine.generation_ceiling = engine.generation + GENERATION_STEP;
		/* The first change of a run; later ones of the next hundred thousand are free. */
		store_begin(engine.store);
		store_number_put(engine.store, "generation", engine.generation_ceiling);
		if (store_commit(engine.store, &why))
			keep_trouble(&why);
	}
	return engine.generation;
}

static void
due(struct ward *ward)
{
	if (!ward->is_queued)
		TAILQ_INSERT_TAIL(&engine.due, ward, queue);
	ward->is_queued = true;
}

void
sync_policy_due(struct ward *ward)
{
	if (engine.settings->mode == SETTINGS_SENSOR)
		return;
	ward->is_policy_due = true;
	ward->is_policy_awaited = true;
	ward->is_view_due = true;
	ward->refused = ERR_OK;
	due(ward);
	wait_note(ward);
}

void
sync_pause_due(struct ward *ward)
{
	if (engine.settings->mode == SETTINGS_SENSOR)
		return;
	ward->is_pause_due = true;
	ward->is_pause_awaited = true;
	ward->refused = ERR_OK;
	due(ward);
	wait_note(ward);
}

bool
sync_is_in_force(const struct ward *ward)
{
	return !ward->is_policy_awaited && !ward->is_pause_awaited;
}

void
sync_view_due(struct ward *ward)
{
	if (engine.settings->mode == SETTINGS_SENSOR)
		return;
	ward->is_view_due = true;
	due(ward);
}

static bool
is_limited(const struct ward *ward)
{
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		const char *act = json_string_value(json_object_get(row, "act"));
		if (act && !strcmp(act, "limit"))
			return true;
	}
	return false;
}

static uint32_t
part(uint32_t cap)
{
	return cap / LIMIT_PART ? cap / LIMIT_PART : 1;
}

/* Both messages are of one compilation; they are large, so they live here. */
static struct message_policy policy;
static struct message_view view;

/*
 * An address in a prefix that was ours is kept with the device, in case it comes
 * back, but means nothing to the kernel meanwhile.
 */
static void
keep_current_bindings(void)
{
	int n = 0;

	for (int i = 0; i < policy.n_bindings; i++)
		if (binding_is_current(&engine.rules, &policy.binding[i].address))
			policy.binding[n++] = policy.binding[i];
	memset(&policy.binding[n], 0, (size_t)(policy.n_bindings - n) * sizeof policy.binding[0]);
	policy.n_bindings = (uint8_t)n;
}

static void
compile(struct ward *ward)
{
	static struct policy_faults faults;

	faults.n = faults.n_lost = 0;
	memset(&policy, 0, sizeof policy);
	memset(&view, 0, sizeof view);
	policy.device = view.device = ward_number(ward);
	policy_compile(&policy, &view, &ward->slots, ward->policy, &engine.world, &faults);
	ward->unsaid = faults.n + faults.n_lost;
	if (faults.n && !ward->last_fault[0])
		snprintf(ward->last_fault, sizeof ward->last_fault, "%s", faults.fault[0].text);
	policy.packet_cap = engine.settings->packet_cap;
	policy.flow_cap = engine.settings->flow_cap;
	if (is_limited(ward)) {
		policy.packet_cap = part(policy.packet_cap);
		policy.flow_cap = part(policy.flow_cap);
	}
	policy.n_bindings = (uint8_t)device_policy_bindings(ward->device, policy.binding);
	keep_current_bindings();
	for (int i = 0; i < policy.n_bindings; i++) {
		bool known = false;
		for (int k = 0; k < view.n_addresses; k++)
			known |= ip_is_equal(&view.address[k], &policy.binding[i].address);
		if (!known)
			view.address[view.n_addresses++] = policy.binding[i].address;
	}
	/* During a pause the names must work as well; addresses then pass by the pause. */
	if (pause_is_on(ward) && view.mode == VIEW_DECLARED)
		view.mode = VIEW_OPEN;
	view.is_watched = ward->device->class != DEVICE_CLASS_PERSONAL || app_is_on(ward);
}

static bool
takes_more(enum process process)
{
	return channel_is_open(engine.peer[process]) &&
	       channel_queued(engine.peer[process]) < QUEUED_MAX;
}

static bool
told(enum process process, enum message_type type, uint32_t seq, const void *payload, size_t len)
{
	return !channel_send(engine.peer[process], type, seq, payload, len, -1);
}

/* The slots that a name has in the policy that was compiled last. */
static void
reopen(struct ward *ward)
{
	int64_t now_s = clock_wall_s();

	for (int i = 0; i < ward->n_answers; i++) {
		const struct answer *answer = &ward->answer[i];
		int64_t left = answer->until_s - now_s;
		/* A clock that was set back must not make it last longer than it was meant to. */
		if (left > answer->seconds)
			left = answer->seconds;
		if (left > OPEN_SECONDS_MAX)
			left = OPEN_SECONDS_MAX;
		if (left < REOPEN_MIN_S)
			continue;
		for (uint32_t k = 0; k < view.n_names; k++) {
			const struct view_name *name = &view.name[k];
			size_t len = strlen(name->name), asked = strlen(answer->name);
			bool is_it = !strcmp(name->name, answer->name) ||
				     (name->is_suffix && asked > len &&
					     answer->name[asked - len - 1] == '.' &&
					     !strcmp(answer->name + asked - len, name->name));
			if (!is_it)
				continue;
			struct message_open open = {.device = ward_number(ward),
				.generation = ward->generation,
				.slot = name->slot,
				.seconds = (uint32_t)left,
				.address = answer->address};
			if (!told(PROCESS_ENFORCER, MESSAGE_OPEN, 0, &open, sizeof open))
				return;
		}
	}
}

static void
count_question(void)
{
	if (!engine.in_flight++)
		engine.done_ns = clock_monotonic_ns();
}

/* Behind the policy: an enforcer that is new knows nobody whom it could pause. */
static bool
send_pause(struct ward *ward)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct message_pause message = {.device = ward_number(ward)};

	if (pause_is_on(ward))
		message.seconds = (uint32_t)((ward->pause_until_ns - now_ns + CLOCK_SECOND_NS - 1) /
					     CLOCK_SECOND_NS);
	ward->pause_seq = next_generation();
	if (!told(PROCESS_ENFORCER, MESSAGE_PAUSE, ward->pause_seq, &message, sizeof message))
		return false;
	ward->is_pause_due = false;
	count_question();
	return true;
}

/* False when it has to wait. */
static bool
send_one(struct ward *ward)
{
	bool is_enforcer = channel_is_open(engine.peer[PROCESS_ENFORCER]);
	bool to_enforcer = ward->is_policy_due && is_enforcer;
	bool is_pause = ward->is_pause_due && is_enforcer;
	bool to_resolver = ward->is_view_due && channel_is_open(engine.peer[PROCESS_RESOLVER]);

	if ((to_enforcer || is_pause) &&
		(engine.in_flight >= IN_FLIGHT_MAX || !takes_more(PROCESS_ENFORCER)))
		return false;
	if (to_resolver && !takes_more(PROCESS_RESOLVER))
		return false;
	if (!to_enforcer && !to_resolver) /* nobody is there; its coming makes everything due */
		return !is_pause || send_pause(ward);
	compile(ward);
	if (ward->is_policy_due || !ward->generation)
		ward->generation = next_generation();
	policy.generation = view.generation = ward->generation;
	ward->device->generation = ward->generation;
	if (to_enforcer) {
		if (!told(PROCESS_ENFORCER, MESSAGE_POLICY, ward->generation, &policy,
			    message_policy_len(&policy)))
			return false;
		ward->is_policy_due = false;
		sky_sent(ward, &policy);
		count_question();
		engine.policies_sent++;
		if (engine.is_restoring)
			reopen(ward);
		to_resolver |= channel_is_open(engine.peer[PROCESS_RESOLVER]);
	}
	if (is_pause && !send_pause(ward))
		return false;
	if (to_resolver) {
		if (!told(PROCESS_RESOLVER, MESSAGE_VIEW, ward->generation, &view,
			    message_view_len(&view)))
			return false;
		ward->is_view_due = false;
	}
	return true;
}

static void
tell_restored(void)
{
	if (!engine.is_restoring || !channel_is_open(engine.peer[PROCESS_ENFORCER]))
		return;
	engine.restored_seq = next_generation();
	if (!told(PROCESS_ENFORCER, MESSAGE_RESTORED, engine.restored_seq, NULL, 0))
		return;
	count_question();
	engine.is_restoring = false;
	engine.restored_ns = clock_monotonic_ns();
	log_info("restore", "%zu devices restored", engine.n_peers);
}

void
sync_pump(void)
{
	struct ward *ward;

	if (engine.is_pumping || !engine.store)
		return;
	engine.is_pumping = true;
	while ((ward = TAILQ_FIRST(&engine.due)) && send_one(ward)) {
		TAILQ_REMOVE(&engine.due, ward, queue);
		ward->is_queued = false;
	}
	engine.is_pumping = false;
	if (TAILQ_EMPTY(&engine.due))
		tell_restored();
	else
		loop_timer_again(pump_timer, PUMP_MS);
}

static void
everything_is_due(bool policies)
{
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		if (policies)
			sync_policy_due(ward);
		else
			sync_view_due(ward);
	}
}

void
sync_peer_connected(enum process process)
{
	switch (process) {
	case PROCESS_ENFORCER:
		engine.is_restoring = engine.settings->mode != SETTINGS_SENSOR;
		engine.in_flight = 0;
		observe_ports_due();
		everything_is_due(true);
		for (size_t i = 0; i < engine.n_peers; i++)
			engine.wards[i]->is_pause_due |= engine.wards[i]->is_pause_awaited;
		break;
	case PROCESS_RESOLVER:
		everything_is_due(false);
		break;
	case PROCESS_RELAY:
		sync_introductions(NULL);
		break;
	default:
		break;
	}
	sync_pump();
}

/* What the kernel has now, of what is awaited. */
static void
note_acknowledged(struct ward *ward, uint32_t seq)
{
	if (seq == ward->generation && !ward->is_policy_due)
		ward->is_policy_awaited = false;
	if (seq == ward->pause_seq && !ward->is_pause_due)
		ward->is_pause_awaited = false;
	if (!ward->is_policy_awaited)
		sky_in_force(ward);
}

void
sync_done(uint32_t seq, const struct message_done *done)
{
	struct ward *ward = done->device ? ward_find(done->device) : NULL;

	engine.done_ns = clock_monotonic_ns();
	if (ward && !ward->device)
		ward = NULL;
	/* Policies carry their generation as seq; what is asked with 0 is not counted. */
	if (seq && engine.in_flight)
		engine.in_flight--;
	if (ward && seq && !done->err)
		note_acknowledged(ward, seq);
	if (seq && !done->err)
		wait_answered(seq == engine.restored_seq ? 0 : seq);
	if (done->err && done->err != ERR_STALE && seq) {
		engine.policies_failed++;
		if (log_once(&engine.refusing))
			event(EVENT_ALARM, ward, "rules-refused", err_text((enum err)done->err),
				"the kernel did not take a change of rules (%s); what was in force "
				"before stays in force",
				err_text((enum err)done->err));
		if (ward) {
			ward->was_refused = true;
			if (seq == ward->generation || seq == ward->pause_seq)
				ward->refused = (enum err)done->err;
			ward->is_pause_due |= ward->is_pause_awaited;
		}
	} else if (done->err == ERR_STALE && seq && ward && seq == ward->generation) {
		/* What is in force is newer than our latest: a clock was set back at some start. */
		if (done->generation >= engine.generation)
			engine.generation = done->generation;
		ward->was_refused = true;
	} else if (!done->err && log_once_over(&engine.refusing)) {
		event(EVENT_NOTICE, NULL, "rules-accepted", "",
			"the kernel takes changes of rules again");
		everything_is_due(true);
	}
	wait_look();
	sync_pump();
}

void
sync_look(void)
{
	/* An enforcer that owes answers for so long does not remember the questions. */
	if (engine.in_flight && clock_monotonic_ns() - engine.done_ns >= FORGOTTEN_NS)
		engine.in_flight = 0;
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		if (!ward->was_refused)
			continue;
		ward->was_refused = false;
		sync_policy_due(ward);
	}
	sync_pump();
}

void
sync_forget(uint32_t number)
{
	struct message_forget forget = {.device = number, .generation = next_generation()};

	if (engine.settings->mode == SETTINGS_SENSOR)
		return;
	if (channel_is_open(engine.peer[PROCESS_ENFORCER]))
		if (told(PROCESS_ENFORCER, MESSAGE_FORGET, forget.generation, &forget,
			    sizeof forget))
			count_question();
	wait_note_question(forget.generation);
	if (channel_is_open(engine.peer[PROCESS_RESOLVER])) {
		memset(&view, 0, sizeof view);
		view.device = number;
		view.generation = forget.generation;
		view.mode = VIEW_STATUS_PAGE;
		view.is_gone = 1;
		if (!told(PROCESS_RESOLVER, MESSAGE_VIEW, view.generation, &view,
			    message_view_len(&view)))
			log_warnx("sync", "device %u: the resolver was not told that it is gone",
				number);
	}
}

/* --- relay ---------------------------------------------------------------------------------- */

/* False while the device has no binding, so nobody could reach it. */
static bool
end_of(struct relay_end *end, const struct device *device)
{
	memset(end, 0, sizeof *end);
	end->device = device->number;
	for (int i = 0; i < device->n_bindings; i++) {
		const struct binding *binding = &device->binding[i];
		struct ip *address = binding->address.version == 4         ? &end->address4
				     : ip_is_link_local(&binding->address) ? &end->link6
									   : &end->address6;
		if (!binding_is_current(&engine.rules, &binding->address))
			continue;
		/* The relay speaks to one MAC of a device: that of its first IPv4 binding. */
		if (!end->port[0] || (binding->address.version == 4 && !end->address4.version)) {
			memcpy(end->port, binding->port, sizeof end->port);
			memcpy(end->mac, binding->mac, sizeof end->mac);
		}
		if (!address->version)
			*address = binding->address;
	}
	return end->port[0] != '\0';
}

static bool
may_be_introduced(const struct device *device)
{
	return device->state == DEVICE_OBSERVE || device->state == DEVICE_ENFORCE ||
	       device->state == DEVICE_TRUSTED;
}

static void
send_introduction(uint32_t from, uint32_t to)
{
	const struct device *asker = device_find(engine.table, from),
			    *answerer = device_find(engine.table, to);
	struct message_introduction message = {0};

	if (!asker || !answerer || from == to)
		return;
	for (size_t i = 0; i < engine.n_introduced; i++)
		if (engine.introduced[i].asker == from && engine.introduced[i].answerer == to)
			message.services |= engine.introduced[i].service->relay;
	/* Both are named, also where the first cannot be reached. */
	bool is_there = end_of(&message.asker, asker);
	is_there &= end_of(&message.answerer, answerer);
	if (!is_there || !may_be_introduced(asker) || !may_be_introduced(answerer))
		message.services = 0;
	if (!told(PROCESS_RELAY, MESSAGE_INTRODUCTION, 0, &message, sizeof message))
		log_warnx("sync", "the relay was not told of an introduction");
}

void
sync_introductions(const struct ward *about)
{
	uint32_t number = about ? ward_number(about) : 0;

	if (engine.settings->mode == SETTINGS_SENSOR ||
		!channel_is_open(engine.peer[PROCESS_RELAY]))
		return;
	for (size_t i = 0; i < engine.n_introduced; i++) {
		const struct introduced *row = &engine.introduced[i];
		if (!number || row->asker == number || row->answerer == number)
			send_introduction(row->asker, row->answerer);
	}
}
