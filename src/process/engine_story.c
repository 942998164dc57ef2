/* SPDX-License-Identifier: Apache-2.0 */
/* A day of the gateway's calendar, with a lane for each device on which something happened. */
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine_incident.h"

enum { LANES_MAX = 60, EVENTS_ASKED = 2000 };

/* Midnight there, and midnight after it: a day of 23 or 25 hours is one as well. */
struct day {
	char date[16], before[16], after[16]; /* after: empty where it has not begun */
	int64_t from_s, to_s;
};

static int64_t
midnight(struct tm at, int days, char text[static 16])
{
	at = (struct tm){.tm_year = at.tm_year,
		.tm_mon = at.tm_mon,
		.tm_mday = at.tm_mday + days,
		.tm_isdst = -1};
	time_t is = mktime(&at);
	strftime(text, 16, "%Y-%m-%d", &at);
	return is;
}

static bool
day_of(const char *date, struct day *day, struct fault *why)
{
	time_t now = clock_wall_s();
	struct tm at;

	if (!localtime_r(&now, &at))
		return false;
	if (*date) {
		const char *end = strptime(date, "%Y-%m-%d", &at);
		if (!end || *end || strlen(date) != 10) {
			fault_set(why, ERR_INVALID, "a day is written as 2026-11-22");
			return false;
		}
	}
	midnight(at, -1, day->before);
	day->from_s = midnight(at, 0, day->date);
	day->to_s = midnight(at, 1, day->after);
	if (day->to_s > now)
		day->after[0] = '\0';
	return true;
}

/* Small things that nobody did are in the list of events, not in the picture of a day. */
static bool
is_shown(const json_t *event)
{
	const char *level = json_string_value(json_object_get(event, "level"));

	return strcmp(level, "info") != 0 ||
	       strchr(json_string_value(json_object_get(event, "kind")), '.');
}

/* What concerns the home as a whole is nobody's, which is null here. */
static json_int_t
number_of(const json_t *device)
{
	return json_integer_value(json_object_get(device, "number"));
}

static json_t *
lane_of(json_t *lanes, json_t *device)
{
	json_t *lane;
	size_t i;

	json_array_foreach(lanes, i, lane)
	{
		if (number_of(json_object_get(lane, "device")) == number_of(device))
			return lane;
	}
	if (json_array_size(lanes) == LANES_MAX)
		return NULL;
	/* By the name that it has now, while it is here. */
	const struct ward *ward = number_of(device) ? ward_find((uint32_t)number_of(device)) : NULL;
	lane = json_pack("{s:o, s:[]}", "device",
		ward && ward->device ? show_ref(ward) : json_incref(device), "marks");
	json_array_append_new(lanes, lane);
	return lane;
}

json_t *
incident_day(const char *date, uint32_t device, struct fault *why)
{
	json_t *lanes = json_array(), *event;
	struct day day;
	size_t i, left_out = 0;

	if (!day_of(date, &day, why)) {
		json_decref(lanes);
		return NULL;
	}
	json_t *events = event_between(day.from_s, day.to_s, device, EVENTS_ASKED);
	for (i = json_array_size(events); i-- > 0;) {
		event = json_array_get(events, i);
		if (!is_shown(event))
			continue;
		json_t *lane = lane_of(lanes, json_object_get(event, "device"));
		json_object_del(event, "device");
		if (lane)
			json_array_append(json_object_get(lane, "marks"), event);
		else
			left_out++;
	}
	json_decref(events);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:I}", "date", day.date, "before",
		day.before, "after", day.after, "from", (json_int_t)day.from_s, "to",
		(json_int_t)day.to_s, "lanes", lanes, "left_out", (json_int_t)left_out);
}
