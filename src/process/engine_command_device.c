/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about devices. */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "policy/learn.h"
#include "process/engine_command.h"

enum { PAUSE_MAX_S = 24 * 3600, GUEST_HOURS = 24, GUEST_HOURS_MAX = 72 };

static bool
holds(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

/* Any of what people call it, or it calls itself, or where it is, holds the word. */
static bool
is_found(const struct device *device, const char *word)
{
	char address[IP_TEXT_MAX], mac[MAC_TEXT_MAX];

	if (holds(device->id, word) || holds(device->name, word) || holds(device->kind.word, word))
		return true;
	for (int i = 0; i < device->n_identifiers; i++)
		if (holds(device->identifier[i].claimed_value, word))
			return true;
	for (int i = 0; i < device->n_macs; i++)
		if (!strcasecmp(device->mac[i].port, word) ||
			holds(mac_render(device->mac[i].mac, mac), word))
			return true;
	for (int i = 0; i < device->n_bindings; i++)
		if (holds(ip_render(&device->binding[i].address, address), word))
			return true;
	return false;
}

static json_t *
run_device_list(struct call *call)
{
	uint32_t after = (uint32_t)call_number_or(call, "after", 0, DEVICE_NUMBER_MAX);
	size_t limit = (size_t)call_number_or(call, "limit", LIST_MAX, LIST_MAX);
	const char *state = call_text_or(call, "state", NULL);
	const char *find = call_text_or(call, "find", NULL);
	const char *kind = call_text_or(call, "kind", NULL);
	bool is_attention = call_flag(call, "attention");
	json_t *rows = json_array();
	uint32_t last = 0;

	for (size_t i = 0; i < engine.n_peers && json_array_size(rows) < limit; i++) {
		struct ward *ward = engine.wards[i];
		if (ward_number(ward) <= after ||
			(state && strcmp(state, device_state_word(
							(enum device_state)ward->device->state))) ||
			(kind && strcmp(kind, ward->device->kind.word)) ||
			(is_attention && !needs_attention(ward)) ||
			(find && !is_found(ward->device, find)))
			continue;
		json_array_append_new(rows, show_device(ward, false));
		last = ward_number(ward);
	}
	if (json_array_size(rows) == limit)
		call->next = last;
	return rows;
}

static json_t *
run_device_show(struct call *call)
{
	return show_device(call->ward, true);
}

static json_t *
run_device_sky(struct call *call)
{
	return sky_show(call->ward);
}

static json_t *
run_device_talk(struct call *call)
{
	return talk_show(call->ward);
}

static bool
set_name(struct call *call, struct change *change, const char *name)
{
	struct fault ignored;

	if (strlen(name) >= DEVICE_NAME_MAX || !is_printable(name)) {
		fault_set(&call->why, ERR_INVALID,
			"a name is made of at most %d printable characters of ASCII, without "
			"backslash and double quote",
			DEVICE_NAME_MAX - 1);
		return false;
	}
	struct ward *other = ward_find_by_text(name, &ignored);
	if (other && other != call->ward && !strcasecmp(other->device->name, name)) {
		fault_set(&call->why, ERR_INVALID, "%s is called that already", other->device->id);
		return false;
	}
	change_set(change, call->ward, FACET_NAME, json_string(name));
	return true;
}

/* The one change of a verb, if what it sets may be set. */
static json_t *
commit_if(struct call *call, struct change *change, bool is_set)
{
	if (is_set)
		return call_commit(call, change);
	json_decref(change->set);
	return NULL;
}

static json_t *
run_device_name(struct call *call)
{
	const char *name = call_text(call, "name", DEVICE_NAME_MAX - 1);
	struct change change;

	if (!name)
		return NULL;
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is called %s",
		device_label(call->ward->device), name);
	return commit_if(call, &change, set_name(call, &change, name));
}

static bool
set_class(struct call *call, struct change *change, const char *word)
{
	if (device_class_from_word(word) == DEVICE_CLASS_UNKNOWN) {
		fault_set(&call->why, ERR_INVALID,
			"there is no such class; there are ordinary, personal, critical, "
			"never-probe, child");
		return false;
	}
	change_set(change, call->ward, FACET_CLASS, json_string(word));
	return true;
}

static json_t *
run_device_class(struct call *call)
{
	const char *word = call_text(call, "class", 32);
	struct change change;

	if (!word)
		return NULL;
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is %s", device_label(call->ward->device),
		word);
	return commit_if(call, &change, set_class(call, &change, word));
}

static bool
set_kind(struct call *call, struct change *change, const char *word)
{
	if (identify_class_of(word) == DEVICE_CLASS_UNKNOWN) {
		fault_set(&call->why, ERR_INVALID,
			"there is no such kind; \"pinfold device kinds\" lists them");
		return false;
	}
	change_set(change, call->ward, FACET_KIND, json_string(word));
	return true;
}

static json_t *
run_device_kind(struct call *call)
{
	const char *word = call_text(call, "kind", 32);
	struct change change;

	if (!word)
		return NULL;
	call_begin(call, &change);
	if (strcmp(word, "unknown") != 0) {
		snprintf(change.text, sizeof change.text, "%s is: %s",
			device_label(call->ward->device), word);
		return commit_if(call, &change, set_kind(call, &change, word));
	}
	snprintf(change.text, sizeof change.text, "what %s is, is guessed again",
		device_label(call->ward->device));
	change_set(&change, call->ward, FACET_KIND, NULL);
	return call_commit(call, &change);
}

static json_t *
run_device_kinds(struct call *call)
{
	json_t *rows = json_array();

	(void)call;
	for (size_t i = 0; identify_kind_at(i); i++)
		json_array_append_new(
			rows, json_pack("{s:s, s:s}", "kind", identify_kind_at(i), "class",
				      device_class_word(identify_class_of(identify_kind_at(i)))));
	return rows;
}

static json_t *
to_state(struct call *call, enum device_state state)
{
	struct change change;

	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s goes from %s to %s",
		device_label(call->ward->device),
		device_state_word((enum device_state)call->ward->device->state),
		device_state_word(state));
	if (device_state_is_cut_off(state)) {
		if (!device_state_is_cut_off(call->ward->device->state))
			change_set(&change, call->ward, FACET_BEFORE,
				ward_facet(call->ward, FACET_STATE));
	} else {
		change_set(&change, call->ward, FACET_GUEST, NULL); /* it stays */
	}
	change_set(&change, call->ward, FACET_STATE, json_string(device_state_word(state)));
	return call_commit(call, &change);
}

static bool
is_contained(struct call *call)
{
	uint8_t state = call->ward->device->state;

	if (!device_state_is_cut_off(state))
		return false;
	fault_set(&call->why, ERR_DENIED, "%s is in state %s; first: pinfold device release %s",
		device_label(call->ward->device), device_state_word((enum device_state)state),
		call->ward->device->id);
	return true;
}

/*
 * What its owner decided, and nothing that comes of itself with how it was let in before: as a
 * guest, or as something else.
 */
static bool
is_class_decided(const struct device *device)
{
	return device->is_class_owners && device->class != DEVICE_CLASS_ORDINARY &&
	       device->class != DEVICE_CLASS_PERSONAL;
}

/* On whose word: the class that is said, else what a guest or a kind is, else what it was. */
static const char *
class_to_be(struct call *call)
{
	const struct device *device = call->ward->device;
	const char *kind = call_text_or(call, "kind", NULL),
		   *class = call_text_or(call, "class", NULL);

	if (class)
		return class;
	if (call_flag(call, "guest"))
		return device_class_word(DEVICE_CLASS_PERSONAL);
	if (kind && !is_class_decided(device) && identify_class_of(kind) != DEVICE_CLASS_UNKNOWN)
		return device_class_word(identify_class_of(kind));
	return device_class_word((enum device_class)device->class);
}

/* A helper lets in who waits; what an owner decided of a device is the owner's to change. */
static bool
may_admit(struct call *call, const char *class)
{
	const struct device *device = call->ward->device;

	if (call->role >= ROLE_OWNER ||
		(device->state == DEVICE_WAITING &&
			(!is_class_decided(device) ||
				device_class_from_word(class) == device->class)))
		return true;
	fault_set(&call->why, ERR_DENIED,
		"only an owner may change how %s was let in, or its class", device_label(device));
	return false;
}

/* The class that it has again when it goes. */
static const char *
class_behind(const struct ward *ward)
{
	const char *class = json_string_value(json_object_get(ward->facet[FACET_GUEST], "class"));

	return class ? class : device_class_word((enum device_class)ward->device->class);
}

static bool
set_visit(struct call *call, struct change *change)
{
	const char *class = call_text_or(call, "class", "personal");
	int64_t hours = GUEST_HOURS;
	json_t *guest = NULL;

	if (call_flag(call, "guest") ? strcmp(class, "personal") != 0
				     : json_object_get(call->args, "hours") != NULL) {
		fault_set(&call->why, ERR_INVALID,
			"hours are for a guest, and a guest is of class personal");
		return false;
	}
	if (json_object_get(call->args, "hours") &&
		!call_number(call, "hours", 1, GUEST_HOURS_MAX, &hours))
		return false;
	if (call_flag(call, "guest"))
		guest = json_pack("{s:I, s:I, s:s}", "since", (json_int_t)ward_clock_s(), "until",
			(json_int_t)(ward_clock_s() + hours * 3600), "class",
			class_behind(call->ward));
	change_set(change, call->ward, FACET_GUEST, guest);
	return true;
}

static void
describe_admission(struct call *call, struct change *change, const char *class)
{
	const char *label = device_label(call->ward->device);
	const char *kind = call_text_or(call, "kind", NULL);

	if (call_flag(call, "guest"))
		snprintf(change->text, sizeof change->text, "%s is let in as a guest", label);
	else if (kind)
		snprintf(change->text, sizeof change->text, "%s is let in as what it is: %s, %s",
			label, kind, class);
	else
		snprintf(change->text, sizeof change->text, "%s is let in: %s", label, class);
}

/* One step: whoever takes it back takes all of it back. */
static json_t *
run_device_admit(struct call *call)
{
	const char *name = call_text_or(call, "name", NULL);
	const char *kind = call_text_or(call, "kind", NULL), *class = class_to_be(call);
	struct change change;

	if (is_contained(call) || !may_admit(call, class))
		return NULL;
	call_begin(call, &change);
	bool is_set = (!name || set_name(call, &change, name)) &&
		      (!kind || set_kind(call, &change, kind)) && set_class(call, &change, class) &&
		      set_visit(call, &change);
	describe_admission(call, &change, class);
	change_set(&change, call->ward, FACET_STATE,
		json_string(device_state_word(
			!strcmp(class, "personal") ? DEVICE_TRUSTED : DEVICE_OBSERVE)));
	return commit_if(call, &change, is_set);
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
	bool keeps = !strcmp(call_text_or(call, "from", ""), "keep");
	enum facet source = call_source(call);
	json_t *learned = NULL, *proposal = NULL;
	struct change change;

	if (is_contained(call))
		return NULL;
	if (keeps && call_flag(call, "preview")) {
		fault_set(&call->why, ERR_INVALID, "what is kept changes nothing; see policy show");
		return NULL;
	}
	if (!keeps) {
		proposal = show_proposal(call->ward, source, &learned, &call->why);
		if (!proposal || call_flag(call, "preview")) {
			json_decref(learned);
			return proposal;
		}
	}
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is held%s%.120s",
		device_label(call->ward->device), proposal ? ": " : "",
		proposal ? json_string_value(json_object_get(proposal, "sentence")) : "");
	if (proposal && source != FACET_LEARNED && source != FACET_RULES &&
		call->ward->facet[FACET_MUD_FILE] &&
		mud_approve(
			call->ward, call_flag(call, "addresses"), call->who, &change, &call->why)) {
		json_decref(change.set);
		json_decref(learned);
		json_decref(proposal);
		return NULL;
	}
	if (proposal && (source == FACET_RULES || source == FACET_MUD))
		change_set(&change, call->ward, FACET_LEARNED, NULL);
	if (learned)
		change_set(&change, call->ward, FACET_LEARNED, learned);
	change_set(
		&change, call->ward, FACET_STATE, json_string(device_state_word(DEVICE_ENFORCE)));
	json_t *done = call_commit(call, &change);
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
	bool is_held = device_state_is_cut_off(ward->device->state);
	struct change change;

	/* What somebody's life may hang on, anybody in the house may open again. */
	if (call->role < ROLE_OWNER && ward->device->class != DEVICE_CLASS_CRITICAL) {
		fault_set(&call->why, ERR_DENIED, "only an owner may release %s",
			device_label(ward->device));
		return NULL;
	}
	if (!is_held && !ward->facet[FACET_CONTAINMENT]) {
		fault_set(
			&call->why, ERR_DENIED, "%s is not contained", device_label(ward->device));
		return NULL;
	}
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is released to %s",
		device_label(ward->device),
		is_held ? device_state_word(state)
			: device_state_word((enum device_state)ward->device->state));
	if (is_held)
		change_set(&change, ward, FACET_STATE, json_string(device_state_word(state)));
	change_set(&change, ward, FACET_BEFORE, NULL);
	change_set(&change, ward, FACET_CONTAINMENT, NULL);
	return call_commit(call, &change);
}

static json_t *
run_device_pause(struct call *call)
{
	int64_t seconds;

	if (!call_number(call, "seconds", 1, PAUSE_MAX_S, &seconds) ||
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
	const char *text = call_text(call, name, 255);
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
	const char *word = other ? call_text(call, "service", 32) : NULL;
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
	call_begin(call, &change);
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
	return call_commit(call, &change);
}

static json_t *
run_device_part(struct call *call)
{
	struct ward *other = other_arg(call, "from");
	const char *word = call_text_or(call, "service", NULL);
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
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%s is no longer introduced to %s",
		device_label(call->ward->device), device_label(other->device));
	change_set(&change, call->ward, FACET_INTRODUCTIONS,
		json_array_size(list) ? json_incref(list) : NULL);
	json_decref(list);
	return call_commit(call, &change);
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

static json_t *
run_device_alike(struct call *call)
{
	return alike_list((size_t)call_number_or(call, "limit", LIST_MAX, LIST_MAX));
}

static json_t *
run_device_distinct(struct call *call)
{
	struct ward *other = other_arg(call, "from");
	struct change change;

	if (!other)
		return NULL;
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "%.60s is another device than %.60s",
		device_label(call->ward->device), device_label(other->device));
	change_set(&change, call->ward, FACET_DISTINCT, alike_told_apart(call->ward, other));
	return call_commit(call, &change);
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

const struct verb device_verbs[] = {
	{"device.list", ROLE_VIEWER, 0, run_device_list},
	{"device.show", ROLE_VIEWER, NEEDS_DEVICE, run_device_show},
	{"device.sky", ROLE_VIEWER, NEEDS_DEVICE, run_device_sky},
	{"device.talk", ROLE_VIEWER, NEEDS_DEVICE, run_device_talk},
	{"device.name", ROLE_HELPER, NEEDS_DEVICE | CHANGES, run_device_name},
	{"device.kind", ROLE_HELPER, NEEDS_DEVICE | CHANGES, run_device_kind},
	{"device.kinds", ROLE_VIEWER, 0, run_device_kinds},
	{"device.class", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_device_class},
	{"device.admit", ROLE_HELPER, NEEDS_DEVICE | CHANGES | SENDS, run_device_admit},
	{"device.observe", ROLE_OWNER, NEEDS_DEVICE | CHANGES | SENDS, run_device_observe},
	{"device.trust", ROLE_OWNER, NEEDS_DEVICE | CHANGES | SENDS, run_device_trust},
	{"device.enforce", ROLE_OWNER, NEEDS_DEVICE | CHANGES | SENDS, run_device_enforce},
	{"device.quarantine", ROLE_OWNER, NEEDS_DEVICE | CHANGES | SENDS, run_device_quarantine},
	{"device.block", ROLE_OWNER, NEEDS_DEVICE | CHANGES | SENDS, run_device_block},
	{"device.release", ROLE_HELPER, NEEDS_DEVICE | CHANGES | SENDS, run_device_release},
	{"device.pause", ROLE_HELPER, NEEDS_DEVICE | CHANGES | SENDS, run_device_pause},
	{"device.resume", ROLE_HELPER, NEEDS_DEVICE | CHANGES | SENDS, run_device_resume},
	{"device.introduce", ROLE_HELPER, NEEDS_DEVICE | CHANGES | SENDS, run_device_introduce},
	{"device.part", ROLE_HELPER, NEEDS_DEVICE | CHANGES | SENDS, run_device_part},
	{"device.forget", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_device_forget},
	{"device.merge", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_device_merge},
	{"device.alike", ROLE_VIEWER, 0, run_device_alike},
	{"device.distinct", ROLE_HELPER, NEEDS_DEVICE | CHANGES, run_device_distinct},
	{"device.split", ROLE_OWNER, NEEDS_DEVICE | CHANGES, run_device_split},
	{NULL},
};
