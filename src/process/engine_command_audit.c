/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about the test bench. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "process/engine_app.h"
#include "process/engine_command.h"
#include "process/engine_shelf.h"

/* With --maker: a decision of its own, journaled and kept, whatever becomes of the run. */
static bool
name_maker(struct call *call, struct ward *ward)
{
	const char *maker = call_text_or(call, "maker", NULL);
	struct change change;

	if (!maker)
		return true;
	if (!ward) {
		fault_set(&call->why, ERR_INVALID,
			"whose it is can be said of a device, not of what is on a port");
		return false;
	}
	change_init(&change, call->who, "maker.set");
	if (!maker_set(ward, maker, &change, &call->why)) {
		json_decref(change.set);
		return false;
	}
	return !change_commit(&change, &call->journal, &call->why);
}

static json_t *
run_audit_run(struct call *call)
{
	const char *device = call_text_or(call, "device", NULL);
	struct audit_wish wish = {.port = call_text_or(call, "port", NULL),
		.profile = call_text_or(call, "profile", "quick"),
		.pace = call_text_or(call, "pace", "gentle"),
		.consent = call_text_or(call, "consent", "probe"),
		.checks = call_text_or(call, "checks", NULL),
		.hours = (uint32_t)call_number_or(call, "hours", AUDIT_HOURS_DEFAULT, UINT32_MAX)};

	if (!device == !wish.port) {
		fault_set(&call->why, ERR_INVALID,
			"either a device is tested, or what is on a port (--port)");
		return NULL;
	}
	if (device && !(wish.ward = ward_find_by_text(device, &call->why)))
		return NULL;
	if (!name_maker(call, wish.ward))
		return NULL;
	uint32_t run = audit_begin(&wish, call->who, &call->why);
	return run ? audit_show(run, NULL, true, &call->why) : NULL;
}

/* The package of an app; its file came with the question. */
static json_t *
run_audit_app(struct call *call)
{
	const char *of = call_text_or(call, "of", NULL);
	const char *file = call_text_or(call, "file", "of a phone");
	char name[64];
	struct app_wish wish = {.fd = -1, .name = name};

	if (of && !(wish.of = ward_find_by_text(of, &call->why)))
		return NULL;
	printable(name, sizeof name, file, strlen(file));
	wish.fd = call->fd >= 0 ? fcntl(call->fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (wish.fd < 0) {
		fault_set(&call->why, ERR_INVALID,
			"the file has to be given open: by pinfold audit app, on this machine");
		return NULL;
	}
	uint32_t run = app_begin(&wish, call->who, &call->why);
	return run ? audit_show(run, NULL, true, &call->why) : NULL;
}

static json_t *
run_audit_app_run(struct call *call)
{
	const char *of = call_text(call, "of", 255);
	struct app_wish wish = {.fd = -1,
		.phone = call->ward,
		.minutes =
			(uint32_t)call_number_or(call, "minutes", APP_MINUTES_DEFAULT, UINT32_MAX),
		.consent = call_text_or(call, "consent", "none"),
		.pace = call_text_or(call, "pace", "gentle"),
		.names = call_text_or(call, "names", NULL),
		.has_trackers = call_flag(call, "trackers"),
		.is_all = call_flag(call, "all")};

	if (!of || !(wish.of = ward_find_by_text(of, &call->why)))
		return NULL;
	/* A web process that is lost could ask in the owner's name: then for no more than this. */
	if ((wish.is_all || wish.names) && channel_peer(call->channel) != PROCESS_CTL) {
		fault_set(&call->why, ERR_DENIED,
			"other servers than those of the device are watched only when that is "
			"asked for at the gateway: pinfold audit app run");
		return NULL;
	}
	uint32_t run = app_begin(&wish, call->who, &call->why);
	json_t *out = run ? audit_show(run, NULL, true, &call->why) : NULL;
	json_t *app = out ? app_show(call->ward) : NULL;
	/* What is kept is said to who asked, before anything is. */
	if (app)
		json_object_set_new(out, "app_test", app);
	return out;
}

static json_t *
run_audit_list(struct call *call)
{
	uint32_t limit = (uint32_t)call_number_or(call, "limit", 50, JOURNAL_MAX);
	const char *device = call_text_or(call, "device", NULL), *id = "";
	struct ward *ward = device ? ward_find_by_text(device, &call->why) : NULL;
	uint32_t beside = (uint32_t)call_number_or(call, "beside", 0, UINT32_MAX);
	struct stored_audit row;

	if (device && !ward)
		return NULL;
	if (ward)
		id = ward->device->id;
	else if (beside && !store_audit_find(engine.store, beside, &row))
		id = row.device_id;
	/* A run of nobody is beside no other. */
	json_t *rows =
		beside && !*id
			? json_array()
			: audit_list(id, (uint32_t)call_number_or(call, "before", 0, UINT32_MAX),
				  limit, &call->why);
	call_next(call, rows, "run", limit);
	return rows;
}

static json_t *
run_audit_show(struct call *call)
{
	int64_t run;

	return call_number(call, "run", 1, UINT32_MAX, &run)
		       ? audit_show((uint32_t)run, call_text_or(call, "at", NULL),
				 call_flag(call, "brief"), &call->why)
		       : NULL;
}

static json_t *
run_audit_health(struct call *call)
{
	return audit_health(call->ward, &call->why);
}

static json_t *
run_audit_stop(struct call *call)
{
	int64_t run;

	if (!call_number(call, "run", 1, UINT32_MAX, &run) ||
		!audit_stop((uint32_t)run, call->who, &call->why))
		return NULL;
	return audit_show((uint32_t)run, NULL, true, &call->why);
}

/* A run by its number, or a device by anything that is no number. */
static json_t *
run_audit_gate(struct call *call)
{
	const char *of = call_text(call, "of", 255);
	const char *profile = call_text_or(call, "profile", "retailer");
	uint32_t run = 0;
	char *end;

	if (!of)
		return NULL;
	unsigned long number = strtoul(of, &end, 10);
	if (!*end && number <= UINT32_MAX) {
		run = (uint32_t)number;
	} else {
		struct ward *ward = ward_find_by_text(of, &call->why);
		if (!ward)
			return NULL;
		run = audit_newest(ward);
		if (!run) {
			fault_set(&call->why, ERR_NOT_FOUND,
				"no test of %s has ended; first: pinfold audit run %s",
				device_label(ward->device), ward->device->id);
			return NULL;
		}
	}
	return audit_gate(run, profile, &call->why);
}

static json_t *
run_audit_evidence(struct call *call)
{
	int64_t run;

	return call_number(call, "run", 1, UINT32_MAX, &run)
		       ? audit_evidence((uint32_t)run, &call->why)
		       : NULL;
}

static json_t *
run_audit_key(struct call *call)
{
	return audit_key(&call->why);
}

static json_t *
run_audit_checks(struct call *call)
{
	return audit_checks();
}

/* --- what is on the shelf ------------------------------------------------------------------------------ */

static json_t *
run_shelf_add(struct call *call)
{
	struct shelf_wish wish = {.profile = call_text_or(call, "profile", "retailer"),
		.model = call_text_or(call, "model", NULL),
		.hardware = call_text_or(call, "hardware", NULL),
		.firmware = call_text_or(call, "firmware", NULL),
		.support = call_text_or(call, "support", NULL)};
	int64_t run;

	if (!call_number(call, "run", 1, UINT32_MAX, &run))
		return NULL;
	wish.run = (uint32_t)run;
	uint32_t id = shelf_add(&wish, call->who, &call->why);
	return id ? shelf_show(id, &call->why) : NULL;
}

static json_t *
run_shelf_list(struct call *call)
{
	size_t limit = (size_t)call_number_or(call, "limit", STORE_SHELF_MAX, STORE_SHELF_MAX);
	json_t *rows = shelf_list((uint32_t)call_number_or(call, "after", 0, UINT32_MAX), limit);

	call_next(call, rows, "shelf", limit);
	return rows;
}

static json_t *
run_shelf_show(struct call *call)
{
	int64_t id;

	return call_number(call, "shelf", 1, UINT32_MAX, &id) ? shelf_show((uint32_t)id, &call->why)
							      : NULL;
}

static json_t *
run_shelf_remove(struct call *call)
{
	int64_t id;

	return call_number(call, "shelf", 1, UINT32_MAX, &id) &&
			       shelf_remove((uint32_t)id, call->who, &call->why)
		       ? json_true()
		       : NULL;
}

static json_t *
run_shelf_check(struct call *call)
{
	int n = shelf_check((uint32_t)call_number_or(call, "shelf", 0, UINT32_MAX), &call->why);

	return n < 0 ? NULL : json_pack("{s:i}", "checking", n);
}

/* --- what was declared ---------------------------------------------------------------------------------- */

static json_t *
run_audit_declare(struct call *call)
{
	const char *remove = call_text_or(call, "remove", NULL);
	struct declaration_piece piece = {0};
	int64_t at, all;

	if (remove)
		return declaration_drop(call->ward, remove, call->who, &call->journal, &call->why);
	if (!(piece.kind = call_text(call, "kind", 16)) ||
		!(piece.name = call_text(call, "name", 255)) ||
		!(piece.hex = call_text(call, "hex", COMMAND_MAX)) ||
		!call_number(call, "at", 0, COMMAND_MAX * 8, &at) ||
		!call_number(call, "all", 1, COMMAND_MAX * 8, &all))
		return NULL;
	piece.at = (size_t)at;
	piece.all = (size_t)all;
	return declaration_take(call->ward, &piece, call->who, &call->journal, &call->why);
}

/* Of the form: some answers, added to those that are there. */
static json_t *
run_audit_answer(struct call *call)
{
	struct declaration_answers given = {.answers = call_text(call, "answers", COMMAND_MAX),
		.signer = call_text(call, "signer", 63),
		.role = call_text(call, "as", 16)};

	return given.answers && given.signer && given.role
		       ? declaration_answer(
				 call->ward, &given, call->who, &call->journal, &call->why)
		       : NULL;
}

static json_t *
run_audit_paper(struct call *call)
{
	const char *name = call_text(call, "name", 63);

	return name ? declaration_paper(call->ward, name, json_object_get(call->args, "text"),
			      call->who, &call->journal, &call->why)
		    : NULL;
}

static json_t *
run_audit_undeclare(struct call *call)
{
	const char *kind = call_text(call, "kind", 16);

	return kind ? declaration_drop(call->ward, kind, call->who, &call->journal, &call->why)
		    : NULL;
}

static json_t *
run_audit_declared(struct call *call)
{
	return declaration_show(call->ward);
}

const struct verb audit_verbs[] = {
	{"audit.run", ROLE_OWNER, CHANGES | SENDS, run_audit_run},
	{"audit.app", ROLE_OWNER, CHANGES | CONSOLE, run_audit_app},
	{"audit.app.run", ROLE_OWNER, NEEDS_DEVICE | CHANGES | SENDS, run_audit_app_run},
	{"audit.list", ROLE_VIEWER, 0, run_audit_list},
	{"audit.show", ROLE_VIEWER, 0, run_audit_show},
	{"audit.health", ROLE_VIEWER, NEEDS_DEVICE, run_audit_health},
	{"audit.stop", ROLE_HELPER, CHANGES, run_audit_stop},
	{"audit.checks", ROLE_VIEWER, 0, run_audit_checks},
	{"audit.gate", ROLE_VIEWER, 0, run_audit_gate},
	{"audit.declare", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_audit_declare},
	{"audit.answer", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_audit_answer},
	{"audit.paper", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_audit_paper},
	{"audit.undeclare", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_audit_undeclare},
	{"audit.declared", ROLE_VIEWER, NEEDS_DEVICE, run_audit_declared},
	{"audit.evidence", ROLE_OWNER, CHANGES, run_audit_evidence},
	{"audit.key", ROLE_OWNER, CHANGES, run_audit_key},
	{"audit.shelf.add", ROLE_OWNER, CHANGES, run_shelf_add},
	{"audit.shelf.list", ROLE_VIEWER, 0, run_shelf_list},
	{"audit.shelf.show", ROLE_VIEWER, 0, run_shelf_show},
	{"audit.shelf.remove", ROLE_OWNER, CHANGES, run_shelf_remove},
	{"audit.shelf.check", ROLE_OWNER, CHANGES, run_shelf_check},
	{NULL},
};
