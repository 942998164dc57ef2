/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about makers of devices. */
#include "process/engine_command.h"

static json_t *
run_maker_set(struct call *call)
{
	const char *url = call_text(call, "url", 255);
	struct change change;

	if (!url)
		return NULL;
	call_begin(call, &change);
	if (!maker_set(call->ward, url, &change, &call->why)) {
		json_decref(change.set);
		return NULL;
	}
	return call_commit(call, &change);
}

static json_t *
run_maker_unset(struct call *call)
{
	struct change change;

	call_begin(call, &change);
	maker_set(call->ward, "", &change, &call->why);
	return call_commit(call, &change);
}

static json_t *
run_maker_show(struct call *call)
{
	return maker_show(call->ward, &call->why);
}

static json_t *
run_maker_list(struct call *call)
{
	return maker_list();
}

const struct verb maker_verbs[] = {
	{"maker.list", ROLE_VIEWER, 0, run_maker_list},
	{"maker.show", ROLE_VIEWER, NEEDS_DEVICE, run_maker_show},
	{"maker.set", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_maker_set},
	{"maker.unset", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_maker_unset},
	{NULL},
};
