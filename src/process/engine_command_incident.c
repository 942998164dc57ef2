/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about what devices did that harms, and about the days of the home. */
#include "base/clock.h"
#include "process/engine_command.h"
#include "process/engine_incident.h"

enum { MORNING_S = 86400 };

/* Of whom, where the question names one; false: there is no such device. */
static bool
of_device(struct call *call, uint32_t *device)
{
	const char *text = call_text_or(call, "device", NULL);
	struct ward *ward = text ? ward_find_by_text(text, &call->why) : NULL;

	*device = ward ? ward_number(ward) : 0;
	return !text || ward;
}

static json_t *
run_incident_list(struct call *call)
{
	uint32_t limit = (uint32_t)call_number_or(call, "limit", 50, JOURNAL_MAX), device;

	if (!of_device(call, &device))
		return NULL;
	json_t *rows = incident_list(device, call_number_or(call, "before", 0, INT64_MAX), limit);
	call_next(call, rows, "id", limit);
	return rows;
}

static json_t *
run_incident_show(struct call *call)
{
	int64_t id;

	return call_number(call, "incident", 1, INT64_MAX - 1, &id) ? incident_show(id, &call->why)
								    : NULL;
}

/* What the morning has to tell: null where the last day was calm. */
static json_t *
run_incident_latest(struct call *call)
{
	json_t *rows = incident_list(0, 0, 1), *row = json_array_get(rows, 0), *out = json_null();
	int64_t id = json_integer_value(json_object_get(row, "id"));

	if (id && clock_wall_s() - json_integer_value(json_object_get(row, "time")) < MORNING_S)
		out = incident_show(id, &call->why);
	json_decref(rows);
	return out;
}

static json_t *
run_incident_packets(struct call *call)
{
	int64_t id;

	return call_number(call, "incident", 1, INT64_MAX - 1, &id)
		       ? incident_packets(id, &call->why)
		       : NULL;
}

static json_t *
run_story_day(struct call *call)
{
	uint32_t device;

	return of_device(call, &device)
		       ? incident_day(call_text_or(call, "date", ""), device, &call->why)
		       : NULL;
}

const struct verb incident_verbs[] = {
	{"incident.list", ROLE_VIEWER, 0, run_incident_list},
	{"incident.latest", ROLE_VIEWER, 0, run_incident_latest},
	{"incident.show", ROLE_VIEWER, 0, run_incident_show},
	{"incident.packets", ROLE_OWNER, 0, run_incident_packets},
	{"story.day", ROLE_VIEWER, 0, run_story_day},
	{NULL},
};
