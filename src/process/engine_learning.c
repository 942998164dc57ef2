/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a device that is watched has shown what it does: set up, idle, used, updated.
 * For people, who decide when it is held; nothing is decided by it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/purpose.h"
#include "process/engine.h"

enum { HOUR_S = 3600 };

struct shown {
	size_t destinations;
	int64_t first_s, newest_s; /* when the first, and the newest, was seen first */
	bool by_house, updates;
};

static void
look_at(struct shown *shown, const struct learn_flow *flow)
{
	struct purpose_asked asked = {.name = flow->name ? flow->name : "",
		.maker = "",
		.peer = flow->peer,
		.port = flow->port};
	const char *why;

	shown->by_house |= flow->peer != 0;
	if (flow->is_flagged || flow->was_denied || flow->is_gateway || flow->peer)
		return;
	shown->destinations++;
	shown->updates |= purpose_of(&asked, &why) == PURPOSE_UPDATE;
	if (!shown->first_s || flow->first_s < shown->first_s)
		shown->first_s = flow->first_s;
	if (flow->first_s > shown->newest_s)
		shown->newest_s = flow->first_s;
}

static void
add(json_t *steps, const char *step, bool is_seen, const char *text)
{
	json_array_append_new(
		steps, json_pack("{s:s, s:b, s:s}", "step", step, "seen", is_seen, "text", text));
}

json_t *
learning_show(struct ward *ward)
{
	struct shown shown = {0};
	struct learn_flow *flows;
	void *keep;

	if (ward->device->state != DEVICE_OBSERVE)
		return json_null();
	size_t n = flow_list(ward, &flows, &keep);
	for (size_t i = 0; i < n; i++)
		look_at(&shown, &flows[i]);
	free(flows);
	free(keep);
	int64_t now_s = clock_wall_s(), calm_s = shown.newest_s ? now_s - shown.newest_s : 0;
	if (calm_s < 0) /* the clock was set back */
		calm_s = 0;
	json_t *steps = json_array();
	add(steps, "set-up", shown.first_s && shown.first_s <= ward->since_s + HOUR_S,
		"what it does when it is set up or switched on");
	add(steps, "idle", calm_s >= HOUR_S, "an hour in which it did nothing new");
	add(steps, "used", shown.by_house || talk_was_busy(ward),
		"somebody used it: another device spoke with it, or it did much more than usual");
	add(steps, "updated", shown.updates, "it asked for updates");
	return json_pack("{s:I, s:I, s:I, s:o}", "since", (json_int_t)ward->since_s, "destinations",
		(json_int_t)shown.destinations, "calm_seconds", (json_int_t)calm_s, "steps", steps);
}
