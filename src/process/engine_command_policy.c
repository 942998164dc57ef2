/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about policies and the journal. */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "policy/learn.h"
#include "process/engine_command.h"

static json_t *
run_policy_show(struct call *call)
{
	return show_policy(call->ward);
}

static json_t *
run_policy_why(struct call *call)
{
	const char *destination = call_text(call, "destination", 255);
	int64_t port = call_number_or(call, "port", 443, 65535);

	return destination ? show_why(call->ward, destination, call_text_or(call, "proto", "tcp"),
				     (uint16_t)port, &call->why)
			   : NULL;
}

enum facet
call_source(const struct call *call)
{
	const char *from = call_text_or(call, "from", "");

	if (!strcmp(from, "mud"))
		return FACET_MUD;
	if (!strcmp(from, "learned"))
		return FACET_LEARNED;
	if (!strcmp(from, "rules"))
		return FACET_RULES;
	if (!strcmp(from, "both"))
		return FACET_COUNT;
	return call->ward->facet[FACET_MUD_FILE] ? FACET_MUD : FACET_LEARNED;
}

static json_t *
run_policy_proposal(struct call *call)
{
	json_t *file;
	json_t *out = show_proposal(call->ward, call_source(call), &file, &call->why);

	if (out && file) {
		const char *text = json_string_value(json_object_get(file, "file"));
		json_object_set_new(out, "file", json_loads(text, 0, NULL));
	}
	json_decref(file);
	return out;
}

static void
on_journal(const struct stored_journal *row, void *arg)
{
	json_t *before = json_loads(row->before, JSON_DECODE_ANY, NULL);
	json_t *after = json_loads(row->after, JSON_DECODE_ANY, NULL);
	struct ward *ward = row->device ? ward_find(row->device) : NULL;
	json_t *out = json_pack("{s:I, s:I, s:s, s:s, s:s, s:I, s:I}", "id", (json_int_t)row->id,
		"time", (json_int_t)row->time_s, "who", row->who, "verb", row->verb, "text",
		row->text, "undoes", (json_int_t)row->undoes, "undone_by",
		(json_int_t)row->undone_by);

	json_object_set_new(out, "device",
		ward ? show_ref(ward)
		     : json_pack("{s:i, s:s, s:s}", "number", (int)row->device, "id",
			       row->device_id, "name", row->device_id));
	json_object_set_new(out, "undoable",
		json_boolean(!row->undone_by && change_is_undoable(row->id, ward, before, after)));
	json_object_set_new(out, "before", before ? before : json_null());
	json_object_set_new(out, "after", after ? after : json_null());
	json_array_append_new(arg, out);
}

json_t *
journal_list(uint32_t device, int64_t before, uint32_t limit)
{
	json_t *rows = json_array();

	if (!store_journal(engine.store, before, device, limit, on_journal, rows))
		return rows;
	json_decref(rows);
	return NULL;
}

static json_t *
run_policy_journal(struct call *call)
{
	const char *text = call_text_or(call, "device", NULL);
	uint32_t device = 0, limit = (uint32_t)call_number_or(call, "limit", 50, JOURNAL_MAX);

	if (text) {
		struct ward *ward = ward_find_by_text(text, &call->why);
		if (!ward)
			return NULL;
		device = ward_number(ward);
	}
	json_t *rows = journal_list(device, call_number_or(call, "before", 0, INT64_MAX), limit);
	if (!rows) {
		fault_set(&call->why, ERR_STORE, "the journal cannot be read");
		return NULL;
	}
	call_next(call, rows, "id", limit);
	return rows;
}
enum { RULE_TEXT_MAX = 400 };

/* What the text says, alone in a policy; NULL with why: it is no rule. */
static struct policy *
rules_of(const struct ward *ward, const char *text, struct fault *why)
{
	struct policy *policy = policy_new(ward_number(ward),
		(enum device_state)ward->device->state, (enum device_class)ward->device->class);

	if (policy_rule_parse(policy, ORIGIN_OWNER, &engine.world, text, ward_clock_s(), why))
		return policy;
	policy_free(policy);
	return NULL;
}

/* A rule as it is kept: as it was understood, so that a device that is renamed stays meant. */
static bool
understood(const struct ward *ward, const char *text, char kept[static RULE_TEXT_MAX],
	struct fault *why)
{
	struct policy *policy = rules_of(ward, text, why);
	bool is_rule = policy;

	if (is_rule && policy->n_rules == 1 && !policy->rule[0].until_s)
		policy_rule_render(policy, &policy->rule[0], kept, RULE_TEXT_MAX);
	else
		snprintf(kept, RULE_TEXT_MAX, "%s", text);
	policy_free(policy);
	return is_rule;
}

/* In the words in which it is shown, which do not say when it ends. */
static bool
is_shown_as(const struct ward *ward, const char *kept, const char *text)
{
	struct fault why;
	struct policy *policy = rules_of(ward, kept, &why);
	char shown[RULE_TEXT_MAX];
	bool is_it =
		policy && policy->n_rules == 1 &&
		!strcmp(policy_rule_render(policy, &policy->rule[0], shown, sizeof shown), text);

	policy_free(policy);
	return is_it;
}

static json_t *
run_policy_add(struct call *call)
{
	const char *text = call_text(call, "rule", RULE_TEXT_MAX);
	struct ward *ward = call->ward;
	int64_t now_s = ward_clock_s();
	struct change change;
	char kept[RULE_TEXT_MAX];

	if (!text)
		return NULL;
	if (json_array_size(ward->facet[FACET_RULES]) >= RULES_A_DEVICE) {
		fault_set(&call->why, ERR_FULL, "%s has %d rules already",
			device_label(ward->device), RULES_A_DEVICE);
		return NULL;
	}
	if (!understood(ward, text, kept, &call->why))
		return NULL;
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s: %.180s", device_label(ward->device), kept);
	json_t *list = json_array();
	json_array_append_new(
		list, json_pack("{s:s, s:I}", "text", kept, "since", (json_int_t)now_s));
	if (ward->facet[FACET_RULES])
		json_array_extend(list, ward->facet[FACET_RULES]);
	change_set(&change, ward, FACET_RULES, list);
	json_t *done = call_commit(call, &change);
	/* What is allowed now is on offer no more, for however long it is allowed. */
	if (done)
		pause_drop_offer(ward, kept);
	return done;
}

/* What a pause showed that it would need, and its owner does not want to give. */
static json_t *
run_policy_decline(struct call *call)
{
	const char *text = call_text(call, "rule", RULE_TEXT_MAX);

	if (!text)
		return NULL;
	if (pause_drop_offer(call->ward, text))
		return show_device(call->ward, true);
	fault_set(&call->why, ERR_NOT_FOUND, "no such rule is on offer for %s",
		device_label(call->ward->device));
	return NULL;
}

static json_t *
run_policy_remove(struct call *call)
{
	const char *text = call_text(call, "rule", RULE_TEXT_MAX);
	json_t *list = json_array(), *row;
	struct fault not_read = {0};
	char kept[RULE_TEXT_MAX];
	struct change change;
	size_t i;

	if (!text) {
		json_decref(list);
		return NULL;
	}
	/* In the words in which it was given, or in those in which it is shown. */
	understood(call->ward, text, kept, &not_read);
	json_array_foreach(call->ward->facet[FACET_RULES], i, row)
	{
		const char *is = json_string_value(json_object_get(row, "text"));
		if (!is || (strcmp(is, text) && strcmp(is, kept) &&
				   !is_shown_as(call->ward, is, text)))
			json_array_append(list, row);
	}
	if (json_array_size(list) == json_array_size(call->ward->facet[FACET_RULES])) {
		json_decref(list);
		fault_set(&call->why, ERR_NOT_FOUND,
			"there is no such rule of yours; \"pinfold policy show %s\" shows them",
			call->ward->device->id);
		return NULL;
	}
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s: a rule was taken away",
		device_label(call->ward->device));
	change_set(
		&change, call->ward, FACET_RULES, json_array_size(list) ? json_incref(list) : NULL);
	json_decref(list);
	return call_commit(call, &change);
}

static void
on_who(const struct stored_journal *row, void *arg)
{
	struct call *call = arg;

	if (strcmp(row->who, call->who))
		fault_set(&call->why, ERR_DENIED,
			"only an owner may take back what somebody else did");
}

/* A helper takes back what the same helper did. */
static bool
may_undo(struct call *call, int64_t id)
{
	struct fault before = call->why;

	if (call->role >= ROLE_OWNER)
		return true;
	call->why.code = ERR_OK;
	if (store_journal_find(engine.store, id, on_who, call)) {
		fault_set(&call->why, ERR_NOT_FOUND, "there is no such change");
		return false;
	}
	if (call->why.code)
		return false;
	call->why = before;
	return true;
}

static json_t *
run_policy_undo(struct call *call)
{
	char text[256];
	int64_t id;

	if (!call_number(call, "journal", 1, INT64_MAX, &id) || !may_undo(call, id) ||
		change_undo(id, call->who, &call->journal, text, &call->why))
		return NULL;
	return json_pack("{s:s}", "text", text);
}

static json_t *
run_policy_approve(struct call *call)
{
	struct change change;

	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "the MUD file of %s is approved",
		device_label(call->ward->device));
	if (mud_approve(call->ward, call_flag(call, "addresses"), call->who, &change, &call->why)) {
		json_decref(change.set);
		return NULL;
	}
	return call_commit(call, &change);
}

static json_t *
run_policy_reject(struct call *call)
{
	struct ward *ward = call->ward;
	struct change change;

	if (!ward->facet[FACET_MUD]) {
		fault_set(&call->why, ERR_NOT_FOUND, "%s has no MUD file",
			device_label(ward->device));
		return NULL;
	}
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "the MUD file of %s is rejected",
		device_label(ward->device));
	if (ward->facet[FACET_MUD_NEXT]) {
		change_set(&change, ward, FACET_MUD_NEXT, NULL);
		change_set(&change, ward, FACET_MUD_NEXT_FILE, NULL);
	} else {
		json_t *mud = json_deep_copy(ward->facet[FACET_MUD]);
		json_object_set_new(mud, "state", json_string("rejected"));
		change_set(&change, ward, FACET_MUD, mud);
	}
	return call_commit(call, &change);
}

const struct verb policy_verbs[] = {
	{"policy.show", ROLE_VIEWER, NEEDS_DEVICE, run_policy_show},
	{"policy.why", ROLE_VIEWER, NEEDS_DEVICE, run_policy_why},
	{"policy.proposal", ROLE_VIEWER, NEEDS_DEVICE, run_policy_proposal},
	{"policy.journal", ROLE_VIEWER, 0, run_policy_journal},
	{"policy.undo", ROLE_HELPER, CHANGES, run_policy_undo},
	{"policy.add", ROLE_HELPER, NEEDS_DEVICE | CHANGES | SENDS, run_policy_add},
	{"policy.decline", ROLE_HELPER, NEEDS_DEVICE | CHANGES, run_policy_decline},
	{"policy.remove", ROLE_OWNER, NEEDS_DEVICE | CHANGES | SENDS, run_policy_remove},
	{"policy.approve", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_policy_approve},
	{"policy.reject", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_policy_reject},
	{NULL},
};
