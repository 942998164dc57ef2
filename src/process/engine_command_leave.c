/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about devices that leave, and those that left. */
#include "process/engine_command.h"
#include "process/engine_leave.h"

static json_t *
run_leaving(struct call *call)
{
	return leave_list(call->ward);
}

static json_t *
run_intake(struct call *call)
{
	return intake_list(call->ward);
}

static json_t *
run_leaving_done(struct call *call)
{
	const char *step = call_text(call, "step", 32);
	struct change change;

	if (!step)
		return NULL;
	call_begin(call, &change);
	if (!leave_tick(call->ward, step, &change, &call->why)) {
		json_decref(change.set);
		return NULL;
	}
	json_t *done = call_commit(call, &change);
	json_decref(done);
	return done ? leave_list(call->ward) : NULL;
}

static json_t *
run_leave(struct call *call)
{
	struct leave_wish wish = {.is_lost = call_flag(call, "lost")};
	int64_t days = LEAVE_DAYS_DEFAULT;

	if (json_object_get(call->args, "days") &&
		!call_number(call, "days", 1, LEAVE_DAYS_MAX, &days))
		return NULL;
	wish.days = (uint32_t)days;
	json_t *done = leave_go(call->ward, &wish, call->who, &call->journal, &call->why);

	if (done)
		call->ward = NULL;
	return done;
}

static json_t *
run_left_list(struct call *call)
{
	return leave_gone(&call->why);
}

static json_t *
run_left_show(struct call *call)
{
	int64_t left;

	return call_number(call, "left", 1, INT64_MAX, &left) ? leave_show(left, &call->why) : NULL;
}

static json_t *
run_left_delete(struct call *call)
{
	int64_t left;

	if (!call_number(call, "left", 1, INT64_MAX, &left) ||
		!leave_delete(left, call->who, &call->why))
		return NULL;
	return json_true();
}

const struct verb leave_verbs[] = {
	{"device.leaving", ROLE_VIEWER, NEEDS_DEVICE, run_leaving},
	{"device.intake", ROLE_VIEWER, NEEDS_DEVICE, run_intake},
	{"device.leaving.done", ROLE_HELPER, NEEDS_DEVICE | CHANGES, run_leaving_done},
	{"device.leave", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_leave},
	{"left.list", ROLE_VIEWER, 0, run_left_list},
	{"left.show", ROLE_OWNER, 0, run_left_show},
	{"left.delete", ROLE_OWNER, CHANGES, run_left_delete},
	{NULL},
};
