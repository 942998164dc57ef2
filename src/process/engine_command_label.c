/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about labels. */
#include "process/engine_command.h"
#include "process/engine_label.h"

static json_t *
run_label(struct call *call)
{
	return label_command(call->verb, call->args, call->who, &call->journal, &call->why);
}

static json_t *
run_label_list(struct call *call)
{
	uint32_t limit = (uint32_t)call_number_or(call, "limit", LIST_MAX, LIST_MAX);
	json_t *rows = label_list((uint32_t)call_number_or(call, "after", 0, UINT32_MAX), limit);

	call_next(call, rows, "place", limit);
	return rows;
}

static json_t *
run_label_history(struct call *call)
{
	uint64_t before = (uint64_t)call_number_or(call, "before", 0, INT64_MAX);
	json_t *rows = label_history(call->args, &before,
		(uint32_t)call_number_or(call, "limit", 50, JOURNAL_MAX), &call->why);

	call->next = rows ? (int64_t)before : 0;
	return rows;
}

const struct verb label_verbs[] = {
	{"label.show", ROLE_VIEWER, 0, run_label},
	{"label.list", ROLE_VIEWER, 0, run_label_list},
	{"label.issued", ROLE_VIEWER, 0, run_label},
	{"label.history", ROLE_VIEWER, 0, run_label_history},
	{"label.trusted", ROLE_VIEWER, 0, run_label},
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
