/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people may ask for: one table of verbs, one short function each.  A verb
 * that changes something is committed, with its journal row, and in force, before it
 * is answered (engine_wait.c), and the answer names the command that takes it back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "label/issuer.h"
#include "policy/learn.h"
#include "process/engine_label.h"
#include "process/engine_shelf.h"

enum { LIST_MAX = 20000, JOURNAL_MAX = 1000, JOIN_MAX_MINUTES = 120, PAUSE_MAX_S = 24 * 3600 };

struct call {
	const char *verb, *who;
	const json_t *args;
	struct ward *ward; /* of "device", where the verb needs one */
	struct channel *channel;
	int64_t journal; /* 0: nothing to take back */
	struct fault why;
};

/* --- arguments ------------------------------------------------------------------------------------- */

/* Words, names and rules are ASCII; line ends are for reports. */
static bool
is_plain(const char *text)
{
	while ((*text >= ' ' && *text <= '~') || *text == '\n' || *text == '\t')
		text++;
	return !*text;
}

static const char *
text_arg(struct call *call, const char *name, size_t max)
{
	const json_t *value = json_object_get(call->args, name);

	if (!json_is_string(value) || !json_string_length(value)) {
		fault_set(&call->why, ERR_INVALID, "\"%s\" is missing", name);
		return NULL;
	}
	if (json_string_length(value) > max) {
		fault_set(&call->why, ERR_INVALID, "\"%s\" is longer than %zu", name, max);
		return NULL;
	}
	if (!is_plain(json_string_value(value))) {
		fault_set(
			&call->why, ERR_INVALID, "\"%s\" has characters that are not ASCII", name);
		return NULL;
	}
	return json_string_value(value);
}

static const char *
text_or(const struct call *call, const char *name, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(call->args, name));
	return text && *text ? text : otherwise;
}

static bool
number_arg(struct call *call, const char *name, int64_t lo, int64_t hi, int64_t *out)
{
	const json_t *value = json_object_get(call->args, name);

	if (!json_is_integer(value) || json_integer_value(value) < lo ||
		json_integer_value(value) > hi) {
		fault_set(&call->why, ERR_INVALID, "\"%s\" must be a number from %lld to %lld",
			name, (long long)lo, (long long)hi);
		return false;
	}
	*out = json_integer_value(value);
	return true;
}

static int64_t
number_or(const struct call *call, const char *name, int64_t otherwise, int64_t hi)
{
	const json_t *value = json_object_get(call->args, name);
	int64_t number = json_is_integer(value) ? json_integer_value(value) : otherwise;
	return number < 0 ? otherwise : number > hi ? hi : number;
}

static bool
flag(const struct call *call, const char *name)
{
	return json_is_true(json_object_get(call->args, name));
}

/* --- reading ---------------------------------------------------------------------------------------- */

static json_t *
run_status(struct call *call)
{
	return show_status();
}

static json_t *
run_doctor(struct call *call)
{
	return show_doctor();
}

static json_t *
run_device_list(struct call *call)
{
	uint32_t after = (uint32_t)number_or(call, "after", 0, DEVICE_NUMBER_MAX);
	size_t limit = (size_t)number_or(call, "limit", LIST_MAX, LIST_MAX);
	const char *state = text_or(call, "state", NULL);
	json_t *rows = json_array();

	for (size_t i = 0; i < engine.n_peers && json_array_size(rows) < limit; i++) {
		struct ward *ward = engine.wards[i];
		if (ward_number(ward) <= after ||
			(state && strcmp(state, device_state_word(
							(enum device_state)ward->device->state))))
			continue;
		json_array_append_new(rows, show_device(ward, false));
	}
	return rows;
}

static json_t *
run_device_show(struct call *call)
{
	return show_device(call->ward, true);
}

static json_t *
run_policy_show(struct call *call)
{
	return show_policy(call->ward);
}

static json_t *
run_policy_why(struct call *call)
{
	const char *destination = text_arg(call, "destination", 255);
	int64_t port = number_or(call, "port", 443, 65535);

	return destination ? show_why(call->ward, destination, text_or(call, "proto", "tcp"),
				     (uint16_t)port, &call->why)
			   : NULL;
}

static enum facet
source_of(const struct call *call)
{
	const char *from = text_or(call, "from", "");

	if (!strcmp(from, "mud"))
		return FACET_MUD;
	if (!strcmp(from, "learned"))
		return FACET_LEARNED;
	if (!strcmp(from, "both"))
		return FACET_COUNT;
	return call->ward->facet[FACET_MUD_FILE] ? FACET_MUD : FACET_LEARNED;
}

static json_t *
run_policy_proposal(struct call *call)
{
	json_t *file;
	json_t *out = show_proposal(call->ward, source_of(call), &file, &call->why);

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
	json_object_set_new(out, "before", before ? before : json_null());
	json_object_set_new(out, "after", after ? after : json_null());
	json_array_append_new(arg, out);
}

static json_t *
run_policy_journal(struct call *call)
{
	const char *text = text_or(call, "device", NULL);
	uint32_t device = 0;
	json_t *rows = json_array();

	if (text) {
		struct ward *ward = ward_find_by_text(text, &call->why);
		if (!ward) {
			json_decref(rows);
			return NULL;
		}
		device = ward_number(ward);
	}
	if (store_journal(engine.store, number_or(call, "before", 0, INT64_MAX), device,
		    (uint32_t)number_or(call, "limit", 50, JOURNAL_MAX), on_journal, rows)) {
		fault_set(&call->why, ERR_STORE, "the journal cannot be read");
		json_decref(rows);
		return NULL;
	}
	return rows;
}

static json_t *
run_events_list(struct call *call)
{
	const char *text = text_or(call, "device", NULL);
	struct ward *ward = text ? ward_find_by_text(text, &call->why) : NULL;

	if (text && !ward)
		return NULL;
	return event_list(ward ? ward_number(ward) : 0, number_or(call, "before", 0, INT64_MAX),
		(uint32_t)number_or(call, "limit", 50, JOURNAL_MAX));
}

static json_t *
run_events_follow(struct call *call)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (engine.client[i].channel == call->channel)
			engine.client[i].follows = true;
	return json_true();
}

static json_t *
run_service_list(struct call *call)
{
	json_t *rows = json_array();

	for (size_t i = 0; service_at(i); i++)
		json_array_append_new(rows, json_pack("{s:s, s:s}", "service", service_at(i)->word,
						    "text", service_at(i)->sentence));
	return rows;
}

/* --- changing --------------------------------------------------------------------------------------- */

static json_t *
commit(struct call *call, struct change *change)
{
	if (change_commit(change, &call->journal, &call->why))
		return NULL;
	return call->ward && call->ward->device ? show_device(call->ward, false) : json_true();
}

static void
begin(struct call *call, struct change *change)
{
	change_init(change, call->who, call->verb);
}

static json_t *
run_device_name(struct call *call)
{
	const char *name = text_arg(call, "name", DEVICE_NAME_MAX - 1);
	struct change change;
	struct fault ignored;

	if (!name)
		return NULL;
	if (!is_printable(name)) {
		fault_set(&call->why, ERR_INVALID,
			"a name is made of printable ASCII, without "
			"backslash and double quote");
		return NULL;
	}
	struct ward *other = ward_find_by_text(name, &ignored);
	if (other && other != call->ward && !strcasecmp(other->device->name, name)) {
		fault_set(&call->why, ERR_INVALID, "%s is called that already", other->device->id);
		return NULL;
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is called %s",
		device_label(call->ward->device), name);
	change_set(&change, call->ward, FACET_NAME, json_string(name));
	return commit(call, &change);
}

static json_t *
run_device_class(struct call *call)
{
	const char *word = text_arg(call, "class", 32);
	struct change change;

	if (!word)
		return NULL;
	if (device_class_from_word(word) == DEVICE_CLASS_UNKNOWN) {
		fault_set(&call->why, ERR_INVALID,
			"there is no such class; there are ordinary, personal, critical, "
			"never-probe");
		return NULL;
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is %s", device_label(call->ward->device),
		word);
	change_set(&change, call->ward, FACET_CLASS, json_string(word));
	return commit(call, &change);
}

static json_t *
to_state(struct call *call, enum device_state state)
{
	struct change change;

	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s goes from %s to %s",
		device_label(call->ward->device),
		device_state_word((enum device_state)call->ward->device->state),
		device_state_word(state));
	if (state == DEVICE_QUARANTINE || state == DEVICE_BLOCK) {
		if (call->ward->device->state != DEVICE_QUARANTINE &&
			call->ward->device->state != DEVICE_BLOCK)
			change_set(&change, call->ward, FACET_BEFORE,
				ward_facet(call->ward, FACET_STATE));
	}
	change_set(&change, call->ward, FACET_STATE, json_string(device_state_word(state)));
	return commit(call, &change);
}

static bool
is_contained(struct call *call)
{
	uint8_t state = call->ward->device->state;

	if (state != DEVICE_QUARANTINE && state != DEVICE_BLOCK)
		return false;
	fault_set(&call->why, ERR_DENIED, "%s is in state %s; first: pinfold device release %s",
		device_label(call->ward->device), device_state_word((enum device_state)state),
		call->ward->device->id);
	return true;
}

static json_t *
run_device_admit(struct call *call)
{
	const char *class = text_or(call, "class", NULL);
	const char *name = text_or(call, "name", NULL);
	json_t *done;

	if (is_contained(call))
		return NULL;
	if (class &&
		strcmp(class, device_class_word((enum device_class)call->ward->device->class))) {
		done = run_device_class(call);
		if (!done)
			return NULL;
		json_decref(done);
	}
	if (name && strcmp(name, call->ward->device->name)) {
		done = run_device_name(call);
		if (!done)
			return NULL;
		json_decref(done);
	}
	return to_state(call, call->ward->device->class == DEVICE_CLASS_PERSONAL ? DEVICE_TRUSTED
										 : DEVICE_OBSERVE);
}

static json_t *
run_device_observe(struct call *call)
{
	return is_contained(call) ? NULL : to_state(call, DEVICE_OBSERVE);
}

static json_t *
run_device_trust(struct call *call)
{
	return is_contained(call) ? NULL : to_state(call, DEVICE_TRUSTED);
}

static json_t *
run_device_enforce(struct call *call)
{
	bool only_rules = !strcmp(text_or(call, "from", ""), "rules");
	bool keeps = !strcmp(text_or(call, "from", ""), "keep");
	enum facet source = source_of(call);
	json_t *learned = NULL, *proposal = NULL;
	struct change change;

	if (is_contained(call))
		return NULL;
	if (!only_rules && !keeps) {
		proposal = show_proposal(call->ward, source, &learned, &call->why);
		if (!proposal || flag(call, "preview")) {
			json_decref(learned);
			return proposal;
		}
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is held%s%.120s",
		device_label(call->ward->device), proposal ? ": " : "",
		proposal ? json_string_value(json_object_get(proposal, "sentence")) : "");
	if (proposal && source != FACET_LEARNED && call->ward->facet[FACET_MUD_FILE] &&
		mud_approve(call->ward, flag(call, "addresses"), call->who, &change, &call->why)) {
		json_decref(change.set);
		json_decref(learned);
		json_decref(proposal);
		return NULL;
	}
	if (only_rules || (proposal && source == FACET_MUD))
		change_set(&change, call->ward, FACET_LEARNED, NULL);
	if (learned)
		change_set(&change, call->ward, FACET_LEARNED, learned);
	change_set(
		&change, call->ward, FACET_STATE, json_string(device_state_word(DEVICE_ENFORCE)));
	json_t *done = commit(call, &change);
	if (done && proposal)
		json_object_set(done, "preview", proposal);
	json_decref(proposal);
	return done;
}

static json_t *
run_device_quarantine(struct call *call)
{
	return to_state(call, DEVICE_QUARANTINE);
}

static json_t *
run_device_block(struct call *call)
{
	return to_state(call, DEVICE_BLOCK);
}

static json_t *
run_device_release(struct call *call)
{
	struct ward *ward = call->ward;
	const char *before = json_string_value(ward->facet[FACET_BEFORE]);
	enum device_state state = before ? device_state_from_word(before) : DEVICE_OBSERVE;
	bool is_held =
		ward->device->state == DEVICE_QUARANTINE || ward->device->state == DEVICE_BLOCK;
	struct change change;

	if (!is_held && !ward->facet[FACET_CONTAINMENT]) {
		fault_set(
			&call->why, ERR_DENIED, "%s is not contained", device_label(ward->device));
		return NULL;
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is released to %s",
		device_label(ward->device),
		is_held ? device_state_word(state)
			: device_state_word((enum device_state)ward->device->state));
	if (is_held)
		change_set(&change, ward, FACET_STATE, json_string(device_state_word(state)));
	change_set(&change, ward, FACET_BEFORE, NULL);
	change_set(&change, ward, FACET_CONTAINMENT, NULL);
	return commit(call, &change);
}

static json_t *
run_device_pause(struct call *call)
{
	int64_t seconds;

	if (!number_arg(call, "seconds", 1, PAUSE_MAX_S, &seconds) ||
		pause_begin(call->ward, (uint32_t)seconds, call->who, &call->journal, &call->why))
		return NULL;
	return show_device(call->ward, false);
}

static json_t *
run_device_resume(struct call *call)
{
	if (pause_end(call->ward, call->who, &call->why))
		return NULL;
	return show_device(call->ward, true);
}

static struct ward *
other_arg(struct call *call, const char *name)
{
	const char *text = text_arg(call, name, 255);
	struct ward *other = text ? ward_find_by_text(text, &call->why) : NULL;

	if (other == call->ward && other) {
		fault_set(&call->why, ERR_INVALID, "both are the same device");
		return NULL;
	}
	return other;
}

static bool
is_row(const json_t *row, uint32_t to, const char *service)
{
	const char *word = json_string_value(json_object_get(row, "service"));

	return json_integer_value(json_object_get(row, "to")) == to && word &&
	       (!service || !strcmp(word, service));
}

static json_t *
run_device_introduce(struct call *call)
{
	struct ward *other = other_arg(call, "to");
	const char *word = other ? text_arg(call, "service", 32) : NULL;
	struct change change;
	json_t *row;
	size_t i;

	if (!word)
		return NULL;
	if (!service_find(word)) {
		char shown[80];
		printable(shown, sizeof shown, word, strlen(word));
		fault_set(&call->why, ERR_INVALID,
			"there is no service \"%s\"; \"pinfold service list\" shows all", shown);
		return NULL;
	}
	if (engine.n_introduced == INTRODUCTIONS_MAX) {
		fault_set(&call->why, ERR_FULL, "there are too many introductions");
		return NULL;
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s may use %s of %s",
		device_label(call->ward->device), word, device_label(other->device));
	json_t *list = call->ward->facet[FACET_INTRODUCTIONS]
			       ? json_deep_copy(call->ward->facet[FACET_INTRODUCTIONS])
			       : json_array();
	bool known = false;
	json_array_foreach(list, i, row) known |= is_row(row, ward_number(other), word);
	if (!known)
		json_array_append_new(
			list, json_pack("{s:I, s:s, s:I}", "to", (json_int_t)ward_number(other),
				      "service", word, "since", (json_int_t)clock_wall_s()));
	change_set(&change, call->ward, FACET_INTRODUCTIONS, list);
	return commit(call, &change);
}

static json_t *
run_device_part(struct call *call)
{
	struct ward *other = other_arg(call, "from");
	const char *word = text_or(call, "service", NULL);
	json_t *list = json_array(), *row;
	struct change change;
	size_t i;

	if (!other) {
		json_decref(list);
		return NULL;
	}
	json_array_foreach(call->ward->facet[FACET_INTRODUCTIONS], i,
		row) if (!is_row(row, ward_number(other), word)) json_array_append(list, row);
	if (json_array_size(list) == json_array_size(call->ward->facet[FACET_INTRODUCTIONS])) {
		json_decref(list);
		fault_set(&call->why, ERR_NOT_FOUND, "%s was not introduced to %s",
			device_label(call->ward->device), device_label(other->device));
		return NULL;
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is no longer introduced to %s",
		device_label(call->ward->device), device_label(other->device));
	change_set(&change, call->ward, FACET_INTRODUCTIONS,
		json_array_size(list) ? json_incref(list) : NULL);
	json_decref(list);
	return commit(call, &change);
}

static json_t *
run_device_forget(struct call *call)
{
	enum err err = change_forget(call->ward, call->who, &call->journal, &call->why);

	call->ward = NULL;
	return err ? NULL : json_true();
}

static json_t *
run_device_merge(struct call *call)
{
	struct ward *into = other_arg(call, "into");
	struct device_merge merge;

	if (!into)
		return NULL;
	if (!device_merge_prepare(engine.table, ward_number(call->ward), ward_number(into),
		    "the owner says that they are one", &merge)) {
		fault_set(&call->why, ERR_FULL, "the two do not fit into one");
		return NULL;
	}
	call->ward = into;
	if (change_merge(&merge, call->who, &call->journal, &call->why))
		return NULL;
	return show_device(into, false);
}

static void
on_merge(const struct stored_journal *row, void *arg)
{
	int64_t *latest = arg;

	if (!*latest && !row->undone_by && !strcmp(row->verb, "device.merge"))
		*latest = row->id;
}

static json_t *
run_device_split(struct call *call)
{
	int64_t merge = 0;
	char text[256];

	if (store_journal(
		    engine.store, 0, ward_number(call->ward), JOURNAL_MAX, on_merge, &merge) ||
		!merge) {
		fault_set(&call->why, ERR_NOT_FOUND, "nothing was merged into %s",
			device_label(call->ward->device));
		return NULL;
	}
	if (change_undo(merge, call->who, &call->journal, text, &call->why))
		return NULL;
	call->journal = 0; /* it is taken back by merging again */
	return show_device(call->ward, false);
}

static json_t *
run_home_join(struct call *call)
{
	int64_t minutes, ignored;
	char text[96];

	if (!number_arg(call, "minutes", 0, JOIN_MAX_MINUTES, &minutes))
		return NULL;
	snprintf(text, sizeof text, "new devices are let in for %lld minutes", (long long)minutes);
	if (change_note(call->who, call->verb, NULL, text, json_object(), json_object(), &ignored,
		    &call->why))
		return NULL;
	engine.join_until_s = minutes ? clock_wall_s() + minutes * 60 : 0;
	event(EVENT_NOTICE, NULL, "joining", "", "%s", text);
	return json_pack("{s:I}", "joining_until", (json_int_t)engine.join_until_s);
}

/* --- policy ------------------------------------------------------------------------------------------ */

enum { RULE_TEXT_MAX = 400 };

/* A rule as it is kept: as it was understood, so that a device that is renamed stays meant. */
static bool
understood(const struct ward *ward, const char *text, char kept[static RULE_TEXT_MAX],
	struct fault *why)
{
	struct policy *policy = policy_new(ward_number(ward),
		(enum device_state)ward->device->state, (enum device_class)ward->device->class);
	bool is_rule =
		policy_rule_parse(policy, ORIGIN_OWNER, &engine.world, text, ward_clock_s(), why);

	if (is_rule && policy->n_rules == 1 && !policy->rule[0].until_s)
		policy_rule_render(policy, &policy->rule[0], kept, RULE_TEXT_MAX);
	else
		snprintf(kept, RULE_TEXT_MAX, "%s", text);
	policy_free(policy);
	return is_rule;
}

static json_t *
run_policy_add(struct call *call)
{
	const char *text = text_arg(call, "rule", RULE_TEXT_MAX);
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
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s: %.180s", device_label(ward->device), kept);
	json_t *list = json_array();
	json_array_append_new(
		list, json_pack("{s:s, s:I}", "text", kept, "since", (json_int_t)now_s));
	if (ward->facet[FACET_RULES])
		json_array_extend(list, ward->facet[FACET_RULES]);
	change_set(&change, ward, FACET_RULES, list);
	return commit(call, &change);
}

static json_t *
run_policy_remove(struct call *call)
{
	const char *text = text_arg(call, "rule", RULE_TEXT_MAX);
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
		if (!is || (strcmp(is, text) && strcmp(is, kept)))
			json_array_append(list, row);
	}
	if (json_array_size(list) == json_array_size(call->ward->facet[FACET_RULES])) {
		json_decref(list);
		fault_set(&call->why, ERR_NOT_FOUND,
			"there is no such rule of yours; \"pinfold policy show %s\" shows them",
			call->ward->device->id);
		return NULL;
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s: a rule was taken away",
		device_label(call->ward->device));
	change_set(
		&change, call->ward, FACET_RULES, json_array_size(list) ? json_incref(list) : NULL);
	json_decref(list);
	return commit(call, &change);
}

static json_t *
run_policy_undo(struct call *call)
{
	char text[256];
	int64_t id;

	if (!number_arg(call, "journal", 1, INT64_MAX, &id) ||
		change_undo(id, call->who, &call->journal, text, &call->why))
		return NULL;
	return json_pack("{s:s}", "text", text);
}

static json_t *
run_policy_approve(struct call *call)
{
	struct change change;

	begin(call, &change);
	snprintf(change.text, sizeof change.text, "the MUD file of %s is approved",
		device_label(call->ward->device));
	if (mud_approve(call->ward, flag(call, "addresses"), call->who, &change, &call->why)) {
		json_decref(change.set);
		return NULL;
	}
	return commit(call, &change);
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
	begin(call, &change);
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
	return commit(call, &change);
}

/* --- reports ------------------------------------------------------------------------------------------ */

static bool
is_signed_by(const char *key_hex, const char *signature_hex, const char *text, size_t len)
{
	uint8_t key[ISSUER_PUBLIC_LEN], signature[ISSUER_SIGNATURE_LEN];

	return issuer_from_text(key, key_hex) &&
	       issuer_signature_from_text(signature, signature_hex) &&
	       issuer_is_signature(key, text, len, signature);
}

static json_t *
run_report_trust(struct call *call)
{
	const char *issuer = text_arg(call, "issuer", 127);
	const char *key = issuer ? text_arg(call, "key", ISSUER_TEXT_MAX - 1) : NULL;
	uint8_t bytes[ISSUER_PUBLIC_LEN];
	struct change change;

	if (!key)
		return NULL;
	if (!is_printable(issuer) || !issuer_from_text(bytes, key)) {
		fault_set(&call->why, ERR_INVALID,
			"the key must be an Ed25519 public key in 64 hexadecimal digits");
		return NULL;
	}
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "reports of %.120s are believed", issuer);
	json_t *issuers = engine.home.facet[FACET_ISSUERS]
				  ? json_deep_copy(engine.home.facet[FACET_ISSUERS])
				  : json_object();
	json_object_set_new(issuers, issuer, json_string(key));
	change_set(&change, &engine.home, FACET_ISSUERS, issuers);
	return commit(call, &change);
}

static json_t *
run_report_import(struct call *call)
{
	static struct report report;
	const char *text = text_arg(call, "report", REPORT_MAX);
	const char *signature = text ? text_arg(call, "signature", 2 * ISSUER_SIGNATURE_LEN) : NULL;
	struct change change;

	if (!signature || !report_parse(&report, text, strlen(text), &call->why))
		return NULL;
	const char *key =
		json_string_value(json_object_get(engine.home.facet[FACET_ISSUERS], report.issuer));
	if (!key) {
		fault_set(&call->why, ERR_DENIED,
			"the issuer \"%.80s\" is not trusted; first: pinfold report trust ISSUER "
			"KEY",
			report.issuer);
		return NULL;
	}
	if (!is_signed_by(key, signature, text, strlen(text))) {
		fault_set(&call->why, ERR_DENIED,
			"the signature does not fit the report and the key of \"%.80s\"",
			report.issuer);
		return NULL;
	}
	struct ward *ward = ward_find_by_text(report.device, &call->why);
	if (!ward)
		return NULL;
	if (json_array_size(ward->facet[FACET_REPORTS]) >= REPORTS_A_DEVICE) {
		fault_set(&call->why, ERR_FULL, "%s has too many reports",
			device_label(ward->device));
		return NULL;
	}
	call->ward = ward;
	begin(call, &change);
	snprintf(change.text, sizeof change.text, "a report of %.80s narrows %s: %.80s",
		report.issuer, device_label(ward->device), report.reason);
	json_t *list = ward->facet[FACET_REPORTS] ? json_deep_copy(ward->facet[FACET_REPORTS])
						  : json_array();
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:I}", "text", text, "issuer", report.issuer,
			      "signature", signature, "since", (json_int_t)clock_wall_s()));
	change_set(&change, ward, FACET_REPORTS, list);
	return commit(call, &change);
}

/* --- audits ------------------------------------------------------------------------------------------- */

/* With --maker: a decision of its own, journaled and kept, whatever becomes of the run. */
static bool
name_maker(struct call *call, struct ward *ward)
{
	const char *maker = text_or(call, "maker", NULL);
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
	const char *device = text_or(call, "device", NULL);
	struct audit_wish wish = {.port = text_or(call, "port", NULL),
		.profile = text_or(call, "profile", "quick"),
		.pace = text_or(call, "pace", "gentle"),
		.consent = text_or(call, "consent", "probe"),
		.checks = text_or(call, "checks", NULL),
		.hours = (uint32_t)number_or(call, "hours", AUDIT_HOURS_DEFAULT, UINT32_MAX)};

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

static json_t *
run_audit_list(struct call *call)
{
	const char *device = text_or(call, "device", NULL);
	struct ward *ward = device ? ward_find_by_text(device, &call->why) : NULL;

	if (device && !ward)
		return NULL;
	return audit_list(ward, (uint32_t)number_or(call, "before", 0, UINT32_MAX),
		(uint32_t)number_or(call, "limit", 50, JOURNAL_MAX), &call->why);
}

static json_t *
run_audit_show(struct call *call)
{
	int64_t run;

	return number_arg(call, "run", 1, UINT32_MAX, &run)
		       ? audit_show((uint32_t)run, text_or(call, "at", NULL), flag(call, "brief"),
				 &call->why)
		       : NULL;
}

static json_t *
run_audit_stop(struct call *call)
{
	int64_t run;

	if (!number_arg(call, "run", 1, UINT32_MAX, &run) ||
		!audit_stop((uint32_t)run, call->who, &call->why))
		return NULL;
	return audit_show((uint32_t)run, NULL, true, &call->why);
}

/* A run by its number, or a device by anything that is no number. */
static json_t *
run_audit_gate(struct call *call)
{
	const char *of = text_arg(call, "of", 255);
	const char *profile = text_or(call, "profile", "retailer");
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

	return number_arg(call, "run", 1, UINT32_MAX, &run)
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
shelf_entry(struct call *call, uint32_t id)
{
	json_t *rows = shelf_list(id, &call->why);
	json_t *entry = rows ? json_incref(json_array_get(rows, 0)) : NULL;

	json_decref(rows);
	return entry;
}

static json_t *
run_shelf_add(struct call *call)
{
	struct shelf_wish wish = {.profile = text_or(call, "profile", "retailer"),
		.model = text_or(call, "model", NULL),
		.hardware = text_or(call, "hardware", NULL),
		.firmware = text_or(call, "firmware", NULL),
		.support = text_or(call, "support", NULL)};
	int64_t run;

	if (!number_arg(call, "run", 1, UINT32_MAX, &run))
		return NULL;
	wish.run = (uint32_t)run;
	uint32_t id = shelf_add(&wish, call->who, &call->why);
	return id ? shelf_entry(call, id) : NULL;
}

static json_t *
run_shelf_list(struct call *call)
{
	return shelf_list(0, &call->why);
}

static json_t *
run_shelf_show(struct call *call)
{
	int64_t id;

	return number_arg(call, "shelf", 1, UINT32_MAX, &id) ? shelf_entry(call, (uint32_t)id)
							     : NULL;
}

static json_t *
run_shelf_remove(struct call *call)
{
	int64_t id;

	return number_arg(call, "shelf", 1, UINT32_MAX, &id) &&
			       shelf_remove((uint32_t)id, call->who, &call->why)
		       ? json_true()
		       : NULL;
}

static json_t *
run_shelf_check(struct call *call)
{
	int n = shelf_check((uint32_t)number_or(call, "shelf", 0, UINT32_MAX), &call->why);

	return n < 0 ? NULL : json_pack("{s:i}", "checking", n);
}

static json_t *
run_label(struct call *call)
{
	return label_command(call->verb, call->args, call->who, &call->journal, &call->why);
}

/* --- makers -------------------------------------------------------------------------------------------- */

static json_t *
run_maker_set(struct call *call)
{
	const char *url = text_arg(call, "url", 255);
	struct change change;

	if (!url)
		return NULL;
	begin(call, &change);
	if (!maker_set(call->ward, url, &change, &call->why)) {
		json_decref(change.set);
		return NULL;
	}
	return commit(call, &change);
}

static json_t *
run_maker_unset(struct call *call)
{
	struct change change;

	begin(call, &change);
	maker_set(call->ward, "", &change, &call->why);
	return commit(call, &change);
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

/* --- the table ----------------------------------------------------------------------------------------- */

enum { NEEDS_DEVICE = 1, CHANGES = 2, SENDS = 4 };

static const struct {
	const char *verb;
	unsigned flags;
	json_t *(*run)(struct call *);
} verbs[] = {
	{"status", 0, run_status},
	{"doctor", 0, run_doctor},
	{"device.list", 0, run_device_list},
	{"device.show", NEEDS_DEVICE, run_device_show},
	{"device.name", NEEDS_DEVICE | CHANGES, run_device_name},
	{"device.class", NEEDS_DEVICE | CHANGES, run_device_class},
	{"device.admit", NEEDS_DEVICE | CHANGES | SENDS, run_device_admit},
	{"device.observe", NEEDS_DEVICE | CHANGES | SENDS, run_device_observe},
	{"device.trust", NEEDS_DEVICE | CHANGES | SENDS, run_device_trust},
	{"device.enforce", NEEDS_DEVICE | CHANGES | SENDS, run_device_enforce},
	{"device.quarantine", NEEDS_DEVICE | CHANGES | SENDS, run_device_quarantine},
	{"device.block", NEEDS_DEVICE | CHANGES | SENDS, run_device_block},
	{"device.release", NEEDS_DEVICE | CHANGES | SENDS, run_device_release},
	{"device.pause", NEEDS_DEVICE | CHANGES | SENDS, run_device_pause},
	{"device.resume", NEEDS_DEVICE | CHANGES | SENDS, run_device_resume},
	{"device.introduce", NEEDS_DEVICE | CHANGES | SENDS, run_device_introduce},
	{"device.part", NEEDS_DEVICE | CHANGES | SENDS, run_device_part},
	{"device.forget", NEEDS_DEVICE | CHANGES, run_device_forget},
	{"device.merge", NEEDS_DEVICE | CHANGES, run_device_merge},
	{"device.split", NEEDS_DEVICE | CHANGES, run_device_split},
	{"home.join", CHANGES | SENDS, run_home_join},
	{"policy.show", NEEDS_DEVICE, run_policy_show},
	{"policy.why", NEEDS_DEVICE, run_policy_why},
	{"policy.proposal", NEEDS_DEVICE, run_policy_proposal},
	{"policy.journal", 0, run_policy_journal},
	{"policy.undo", CHANGES, run_policy_undo},
	{"policy.add", NEEDS_DEVICE | CHANGES | SENDS, run_policy_add},
	{"policy.remove", NEEDS_DEVICE | CHANGES | SENDS, run_policy_remove},
	{"policy.approve", NEEDS_DEVICE | CHANGES, run_policy_approve},
	{"policy.reject", NEEDS_DEVICE | CHANGES, run_policy_reject},
	{"report.trust", CHANGES, run_report_trust},
	{"report.import", CHANGES, run_report_import},
	{"audit.run", CHANGES | SENDS, run_audit_run},
	{"audit.list", 0, run_audit_list},
	{"audit.show", 0, run_audit_show},
	{"audit.stop", CHANGES, run_audit_stop},
	{"audit.checks", 0, run_audit_checks},
	{"audit.gate", 0, run_audit_gate},
	{"audit.evidence", CHANGES, run_audit_evidence},
	{"audit.key", CHANGES, run_audit_key},
	{"audit.shelf.add", CHANGES, run_shelf_add},
	{"audit.shelf.list", 0, run_shelf_list},
	{"audit.shelf.show", 0, run_shelf_show},
	{"audit.shelf.remove", CHANGES, run_shelf_remove},
	{"audit.shelf.check", CHANGES, run_shelf_check},
	{"label.show", 0, run_label},
	{"label.list", 0, run_label},
	{"label.set", CHANGES, run_label},
	{"label.issuer", CHANGES, run_label},
	{"label.issue", CHANGES, run_label},
	{"label.revoke", CHANGES, run_label},
	{"label.suspend", CHANGES, run_label},
	{"label.retire", CHANGES, run_label},
	{"label.restore", CHANGES, run_label},
	{"label.feed", CHANGES, run_label},
	{"label.fix", CHANGES, run_label},
	{"label.export", CHANGES, run_label},
	{"label.trust", CHANGES, run_label},
	{"label.attach", CHANGES, run_label},
	{"label.status", CHANGES, run_label},
	{"label.override", CHANGES, run_label},
	{"maker.list", 0, run_maker_list},
	{"maker.show", NEEDS_DEVICE, run_maker_show},
	{"maker.set", NEEDS_DEVICE | CHANGES, run_maker_set},
	{"maker.unset", NEEDS_DEVICE | CHANGES, run_maker_unset},
	{"events.list", 0, run_events_list},
	{"events.follow", 0, run_events_follow},
	{"service.list", 0, run_service_list},
};

void
command_answer(struct channel *channel, uint32_t seq, json_t *json)
{
	static struct message_answer piece;
	auto_free char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t len = strlen(text), at = 0;

	json_decref(json);
	do {
		size_t n = len - at < sizeof piece.text ? len - at : sizeof piece.text;
		piece.len = (uint32_t)n;
		piece.is_last = at + n == len;
		memcpy(piece.text, text + at, n);
		at += n;
		if (channel_send(
			    channel, MESSAGE_ANSWER, seq, &piece, message_answer_len(&piece), -1)) {
			log_info("command", "the asker does not read its answer");
			return;
		}
	} while (at < len);
}

static json_t *
refusal(const struct fault *why)
{
	static const char *const codes[ERR_COUNT] = {
#define X(code, text) [code] = #code,
		ERR_LIST(X)
#undef X
	};
	return json_pack("{s:b, s:{s:s, s:s}}", "ok", 0, "error", "code", codes[why->code], "text",
		why->text[0] ? why->text : err_text(why->code));
}

static json_t *
run(struct call *call, enum command_role role)
{
	char shown[64];

	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (strcmp(verbs[i].verb, call->verb))
			continue;
		call->verb = verbs[i].verb;
		if ((verbs[i].flags & CHANGES) && role != ROLE_OWNER) {
			fault_set(&call->why, ERR_DENIED, "only the owner may do that");
			return NULL;
		}
		if ((verbs[i].flags & SENDS) && engine.settings->mode == SETTINGS_SENSOR) {
			fault_set(&call->why, ERR_UNSUPPORTED,
				"this sensor sends nothing, so it cannot do that; it only watches");
			return NULL;
		}
		if (verbs[i].flags & NEEDS_DEVICE) {
			const char *device = text_arg(call, "device", 255);
			call->ward = device ? ward_find_by_text(device, &call->why) : NULL;
			if (!call->ward)
				return NULL;
		}
		return verbs[i].run(call);
	}
	printable(shown, sizeof shown, call->verb, strlen(call->verb));
	fault_set(&call->why, ERR_INVALID, "there is no verb \"%s\"", shown);
	return NULL;
}

/* The web process parses what strangers send; it may be lost, and is nobody's owner. */
static enum command_role
role_of(const struct channel *channel, const struct message_command *command)
{
	return channel_peer(channel) == PROCESS_CTL ? (enum command_role)command->role
						    : ROLE_VIEWER;
}

void
command_run(struct channel *channel, uint32_t seq, const struct message_command *command)
{
	struct call call = {.channel = channel, .who = "owner", .why = {.code = ERR_INVALID}};
	json_error_t error;
	json_t *asked = json_loadb(command->text, command->len, JSON_REJECT_DUPLICATES, &error);
	json_t *args = json_object_get(asked, "args");
	char undo[64];

	call.verb = json_string_value(json_object_get(asked, "verb"));
	call.args = args;
	json_t *result = NULL;
	wait_begin();
	if (!call.verb || (args && !json_is_object(args)))
		fault_set(&call.why, ERR_INVALID,
			"a command is an object with \"verb\" and, as an object, \"args\"");
	else
		result = run(&call, role_of(channel, command));
	json_t *out;
	if (result) {
		out = json_pack("{s:b, s:o}", "ok", 1, "result", result);
		if (call.journal) {
			snprintf(undo, sizeof undo, "pinfold policy undo %lld",
				(long long)call.journal);
			json_object_set_new(out, "journal", json_integer(call.journal));
			json_object_set_new(out, "undo", json_string(undo));
		}
	} else {
		out = refusal(&call.why);
	}
	wait_answer(channel, seq, out);
	json_decref(asked);
}
