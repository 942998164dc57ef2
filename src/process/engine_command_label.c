/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about labels. */
#include "process/engine_command.h"
#include "process/engine_label.h"

static json_t *
run_label(struct call *call)
{
	return label_command(call->verb, call->args, call->who, &call->journal, &call->why);
}

const struct verb label_verbs[] = {
	{"label.show", ROLE_VIEWER, 0, run_label},
	{"label.list", ROLE_VIEWER, 0, run_label},
	{"label.set", ROLE_OWNER, CHANGES, run_label},
	{"label.issuer", ROLE_OWNER, CHANGES, run_label},
	{"label.issue", ROLE_OWNER, CHANGES, run_label},
	{"label.revoke", ROLE_OWNER, CHANGES, run_label},
	{"label.suspend", ROLE_OWNER, CHANGES, run_label},
	{"label.retire", ROLE_OWNER, CHANGES, run_label},
	{"label.restore", ROLE_OWNER, CHANGES, run_label},
	{"label.feed", ROLE_OWNER, CHANGES, run_label},
	{"label.fix", ROLE_OWNER, CHANGES, run_label},
	{"label.export", ROLE_OWNER, CHANGES, run_label},
	{"label.trust", ROLE_OWNER, CHANGES, run_label},
	{"label.attach", ROLE_OWNER, CHANGES, run_label},
	{"label.status", ROLE_OWNER, CHANGES, run_label},
	{"label.override", ROLE_OWNER, CHANGES, run_label},
	{NULL},
};
