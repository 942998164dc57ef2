/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Harm has an answer in proportion: close one port, then limit, then quarantine.
 * A device of class critical or personal is never touched without a person; for
 * it, and where the owner wants reports only, the same is proposed with the
 * command that would do it.
 */
#include <string.h>

#include "base/clock.h"
#include "process/engine.h"
#include "process/engine_incident.h"

enum { TAUGHT_S = 3600, STRAGGLERS_S = 600 };

static bool
has_act(const struct ward *ward, const char *act, uint8_t proto, uint16_t port)
{
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		const char *is = json_string_value(json_object_get(row, "act"));
		const char *direction = json_string_value(json_object_get(row, "direction"));
		/* A port that is closed towards it says nothing of what it does itself. */
		if (!is || strcmp(is, act) || (direction && !strcmp(direction, "to")))
			continue;
		if (strcmp(act, "patch") ||
			(json_integer_value(json_object_get(row, "proto")) == proto &&
				json_integer_value(json_object_get(row, "port")) == port))
			return true;
	}
	return false;
}

/* What was done already and did not help is not done again: the next step is. */
static enum harm_act
in_proportion(const struct ward *ward, const struct harm_verdict *verdict)
{
	enum harm_act act = verdict->act;

	if (act == HARM_ACT_CLOSE_PORT &&
		(!verdict->port || has_act(ward, "patch", verdict->proto, verdict->port)))
		act = HARM_ACT_LIMIT;
	if (act == HARM_ACT_LIMIT && has_act(ward, "limit", 0, 0))
		act = HARM_ACT_QUARANTINE;
	if (act != HARM_ACT_NOTE && act != HARM_ACT_NONE &&
		json_array_size(ward->facet[FACET_CONTAINMENT]) >= CONTAINMENTS_A_DEVICE)
		act = HARM_ACT_QUARANTINE;
	return act;
}

bool
contain_may_act(const struct ward *ward)
{
	return engine.settings->containment_acts && engine.settings->mode != SETTINGS_SENSOR &&
	       ward->device->class != DEVICE_CLASS_CRITICAL &&
	       ward->device->class != DEVICE_CLASS_PERSONAL;
}

static bool
is_penned_already(const struct ward *ward)
{
	return ward->device->state == DEVICE_WAITING ||
	       device_state_is_cut_off(ward->device->state);
}

bool
contain_holds(const struct ward *ward)
{
	return ward && ward->device &&
	       (is_penned_already(ward) || json_array_size(ward->facet[FACET_CONTAINMENT]));
}

/* One push, where the morning would be too late: what stopped it did not, or a life may hang on it. */
static void
tell_if_urgent(const struct ward *ward, const struct harm_verdict *verdict, const char *did)
{
	bool goes_on = incident_answered(ward, did, true);

	if (goes_on)
		event(EVENT_ALARM, ward, "harm-goes-on", harm_word(verdict->cause),
			"%s, in spite of what was done before. %s", verdict->why, did);
	else if (ward->device->class == DEVICE_CLASS_CHILD)
		event(EVENT_ALARM, ward, "harm-goes-on", harm_word(verdict->cause),
			"%s. It is a child's, so you should know now. %s", verdict->why, did);
}

/* What was done, as a person would say it. */
static void
say_act(enum harm_act act, const struct harm_verdict *verdict, char out[static 160])
{
	if (act == HARM_ACT_CLOSE_PORT)
		snprintf(out, 160,
			"%s port %u was closed for it; everything else it may as before.",
			verdict->proto == 17 ? "UDP" : "TCP", verdict->port);
	else if (act == HARM_ACT_LIMIT)
		snprintf(out, 160,
			"It was slowed down to a tenth; it may reach what it might before.");
	else
		snprintf(out, 160, "It was set apart: it reaches nothing but the status page.");
}

static void
propose(struct ward *ward, enum harm_act act, const struct harm_verdict *verdict)
{
	const char *id = ward->device->id;
	const char *because = ward->device->class == DEVICE_CLASS_CRITICAL ? "it is critical"
			      : ward->device->class == DEVICE_CLASS_PERSONAL
				      ? "it is personal"
				      : "containment is set to report";
	char command[96], did[80];

	snprintf(did, sizeof did, "Nothing was done, because %s.", because);
	incident_answered(ward, did, false);
	if (act == HARM_ACT_CLOSE_PORT)
		snprintf(command, sizeof command, "pinfold policy add %s \"deny %s any %u\"", id,
			verdict->proto == 17 ? "udp" : "tcp", verdict->port);
	else
		snprintf(command, sizeof command, "pinfold device quarantine %s", id);
	event(EVENT_ALARM, ward, "containment-proposed", harm_word(verdict->cause),
		"%s; nothing was done, because %s; to act: %s", verdict->why, because, command);
}

static json_t *
with_row(const struct ward *ward, const char *act, const struct harm_verdict *verdict)
{
	json_t *list = ward->facet[FACET_CONTAINMENT]
			       ? json_deep_copy(ward->facet[FACET_CONTAINMENT])
			       : json_array();
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:i, s:i, s:s, s:I, s:s}", "act", act, "direction",
			      "from", "proto", verdict->proto, "port", verdict->port, "cause",
			      harm_word(verdict->cause), "since", (json_int_t)clock_wall_s(),
			      "text", verdict->why));
	return list;
}

/*
 * The kernel reports the end of a flow long after its beginning: for a while after
 * a release such an end may belong to what the device was contained for, and only
 * flows whose beginning was seen since then are an example.
 */
bool
contain_taints(const struct ward *ward, uint8_t proto, uint16_t port, bool is_end)
{
	if (is_end && ward->released_ns &&
		clock_monotonic_ns() - ward->released_ns < STRAGGLERS_S * CLOCK_SECOND_NS)
		return true;
	return has_act(ward, "limit", 0, 0) || has_act(ward, "quarantine", 0, 0) ||
	       has_act(ward, "patch", proto, port);
}

/*
 * What harm taught must not become what is allowed: the window of a closed port,
 * and for more than that the last hour, since whoever had the device then chose
 * whom it talked to.
 */
static int64_t
taught_since_s(const struct ward *ward, const struct harm_verdict *verdict, enum harm_act act)
{
	int64_t now_s = clock_wall_s();
	uint64_t ago_ns = clock_monotonic_ns() - verdict->since_ns;

	if (act == HARM_ACT_CLOSE_PORT)
		return now_s - (int64_t)(ago_ns / CLOCK_SECOND_NS) - verdict->window_s;
	return now_s - TAUGHT_S;
}

void
contain_over(struct ward *ward)
{
	harm_clear(&ward->device->harm);
	flow_forget_flagged(ward_number(ward));
	ward->released_ns = clock_monotonic_ns();
}

void
contain(struct ward *ward, const struct harm_verdict *verdict)
{
	enum harm_act act = in_proportion(ward, verdict);
	const char *word = harm_word(verdict->cause);
	int64_t flag_since_s = taught_since_s(ward, verdict, act);
	struct change change;
	struct fault why;
	int64_t journal;

	if (act == HARM_ACT_NONE)
		return;
	bool is_penned = is_penned_already(ward);
	char did[160];

	incident_seen(ward, act == HARM_ACT_NOTE || is_penned ? EVENT_NOTICE : EVENT_ALARM,
		verdict->cause, verdict->why);
	if (act == HARM_ACT_NOTE || is_penned) {
		if (is_penned)
			incident_answered(
				ward, "It was kept apart already: none of it arrived.", false);
		event(EVENT_NOTICE, ward, "harm", word, "%s", verdict->why);
	} else if (!contain_may_act(ward)) {
		propose(ward, act, verdict);
	} else {
		change_init(&change, "pinfold", "containment");
		change.is_containment = true;
		if (act == HARM_ACT_QUARANTINE) {
			change_set(&change, ward, FACET_BEFORE, ward_facet(ward, FACET_STATE));
			change_set(&change, ward, FACET_STATE,
				json_string(device_state_word(DEVICE_QUARANTINE)));
		}
		change_set(&change, ward, FACET_CONTAINMENT,
			with_row(ward,
				act == HARM_ACT_CLOSE_PORT ? "patch"
				: act == HARM_ACT_LIMIT    ? "limit"
							   : "quarantine",
				verdict));
		snprintf(change.text, sizeof change.text, "%s %s: %.150s", harm_act_word(act),
			device_label(ward->device), verdict->why);
		say_act(act, verdict, did);
		tell_if_urgent(ward, verdict, did);
		if (change_commit(&change, &journal, &why))
			log_debug("contain", "device %u: %s", ward_number(ward), why.text);
	}
	if (act > HARM_ACT_NOTE)
		flow_flag(ward_number(ward), flag_since_s);
}
