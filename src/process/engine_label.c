/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_label.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "label/cwt.h"
#include "label/log.h"
#include "process/engine_app.h"
#include "process/engine_audit.h"

enum {
	LABELS_MAX = STORE_LABELS_MAX,
	VALID_DAYS = 180,
	VALID_DAYS_MAX = 1100,
	DISCLOSE_DAYS = 90,
	SAID_PAGE = 2000,
	DAY_S = 24 * 3600,
};

/* One that was issued. */
static struct kept {
	struct stored_label row;
	struct label label;
	char *body;
	struct label_seen seen; /* since it was made */
	struct label_claim claim;
} * labels;
static size_t n_labels;
static uint32_t next_number; /* a place in the status list is nobody else's, ever */

static struct feed_entry *feeds;
static size_t n_feeds;
static uint64_t n_said;
static struct log_once trouble;

/* --- facts: what the owner knows of a device -------------------------------------------------- */

static const struct fact {
	const char *word, *what;
	size_t at, size; /* in struct label */
	enum { FACT_TEXT, FACT_DATE, FACT_YEARS, FACT_URL } kind;
} facts[] = {
#define FACT(word, what, member, kind)                                                             \
	{                                                                                          \
		word, what, offsetof(struct label, member), sizeof(((struct label *)0)->member),   \
			kind                                                                       \
	}
	FACT("maker", "its maker", maker, FACT_TEXT),
	FACT("model", "its model", model, FACT_TEXT),
	FACT("hardware", "its hardware revision", hardware, FACT_TEXT),
	FACT("gtin", "the number below its bar code", gtin, FACT_TEXT),
	FACT("firmware", "the firmware that it has", firmware, FACT_TEXT),
	FACT("firmware-below", "later firmware up to this is meant as well", firmware_below,
		FACT_TEXT),
	FACT("responsible", "who is responsible for its updates", responsible, FACT_TEXT),
	FACT("policy", "the page that says how to report a fault", policy_url, FACT_URL),
	FACT("support-end", "the day until which updates are promised", support_end, FACT_DATE),
	FACT("last-update", "the day of its newest firmware", last_update, FACT_DATE),
	FACT("sold-from", "the day from which it was sold, or bought", sold, FACT_DATE),
	FACT("life", "how many years it is expected to be used", life_years, FACT_YEARS),
#undef FACT
};

/* False, and nothing is set: it is no such value. */
static bool
take_fact(struct label *label, const struct fact *fact, const char *text)
{
	uint8_t *at = (uint8_t *)label + fact->at;
	int32_t number = 0;
	long years;
	char *end;

	switch (fact->kind) {
	case FACT_URL:
		if (*text && !label_is_url(text))
			return false;
		/* fall through */
	case FACT_TEXT:
		if (strlen(text) >= fact->size || !is_printable(text))
			return false;
		memcpy(at, text, strlen(text) + 1);
		return true;
	case FACT_DATE:
		if (!label_date_parse(&number, text))
			return false;
		break;
	case FACT_YEARS:
		years = strtol(text, &end, 10);
		if (*end || years < 0 || years > 100)
			return false;
		number = (int32_t)years;
		break;
	}
	memcpy(at, &number, sizeof number);
	return true;
}

static const struct fact *
fact_named(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(facts); i++)
		if (!strcmp(facts[i].word, word))
			return &facts[i];
	return NULL;
}

static void
take_facts(struct label *label, const struct ward *ward)
{
	const json_t *set = ward->facet[FACET_LABEL_FACTS];

	for (size_t i = 0; i < COUNT_OF(facts); i++) {
		const char *text = json_string_value(json_object_get(set, facts[i].word));
		if (text && !take_fact(label, &facts[i], text))
			log_debug("label", "a fact of a device is not understood any more");
	}
}

/* --- what the gateway does about it ----------------------------------------------------------- */

static void
take_shields(struct label *label, const struct ward *ward)
{
	json_t *row;
	size_t i;

	label->n_shields = 0;
	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		const char *act = json_string_value(json_object_get(row, "act"));
		if (!act || label->n_shields == LABEL_SHIELDS_MAX)
			continue;
		char *out = label->shield[label->n_shields++];
		if (!strcmp(act, "patch"))
			snprintf(out, sizeof label->shield[0], "%s port %lld is closed",
				json_integer_value(json_object_get(row, "proto")) == 17 ? "UDP"
											: "TCP",
				(long long)json_integer_value(json_object_get(row, "port")));
		else
			snprintf(out, sizeof label->shield[0], "contained: %.60s",
				is_printable(act) ? act : "");
	}
	if (ward->device->state == DEVICE_ENFORCE && label->n_shields < LABEL_SHIELDS_MAX)
		snprintf(label->shield[label->n_shields++], sizeof label->shield[0],
			"it reaches nothing but what it needs");
	if (ward->device->state == DEVICE_QUARANTINE && label->n_shields < LABEL_SHIELDS_MAX)
		snprintf(label->shield[label->n_shields++], sizeof label->shield[0],
			"it is in quarantine");
}

/* --- a label as it would be now ---------------------------------------------------------------------- */

static bool
issuer_facts(struct label *label, struct fault *why)
{
	const json_t *set = engine.home.facet[FACET_LABEL_ISSUER];

	if (json_take_text(label->issuer, sizeof label->issuer, json_object_get(set, "url")) &&
		json_take_text(label->issuer_name, sizeof label->issuer_name,
			json_object_get(set, "name")) &&
		json_take_text(label->issuer_kind, sizeof label->issuer_kind,
			json_object_get(set, "kind")))
		return true;
	fault_set(why, ERR_NOT_FOUND,
		"nobody said under which address labels are published; first: pinfold label issuer "
		"https://labels.example NAME");
	return false;
}

static bool
own_key(uint8_t out[static ISSUER_PUBLIC_LEN], struct fault *why)
{
	json_t *key = audit_key(why);
	const char *text = json_string_value(json_object_get(key, "public"));
	bool is_read = text && issuer_from_text(out, text);

	json_decref(key);
	return is_read;
}

/* Where nobody said which firmware was tested: what the device said then and says still. */
static void
take_claimed_firmware(struct label *label, const struct ward *ward)
{
	char claimed[LABEL_FIRMWARE_MAX];
	int64_t since_s;

	if (!label->firmware[0] && label->tested_s && label->model[0] &&
		label_firmware_now(ward, label->model, claimed, &since_s) &&
		since_s <= label->tested_s)
		memcpy(label->firmware, claimed, sizeof claimed);
}

/*
 * The device's label from all that is known now.  clock: gives what the fix clock
 * says of each failure, where it is wanted.
 */
static bool
draft(struct ward *ward, bool is_of_model, struct label *label, json_t *clock, struct fault *why)
{
	struct label_fix fix[LABEL_FIXES_MAX];
	int64_t now_s = clock_wall_s();
	size_t n_fixes = label_fixes(ward, fix);
	struct fault ignored;

	memset(label, 0, sizeof *label);
	label->issued_s = now_s;
	label->until_s = now_s + VALID_DAYS * DAY_S;
	(void)issuer_facts(label, &ignored);
	uint32_t run = label_run_of(ward);
	struct audit_result *result = run ? label_result(run, why) : NULL;
	if (run && !result)
		return false;
	if (result) {
		const struct audited_device *device = &result->device;
		snprintf(label->maker, sizeof label->maker, "%s", device->claimed_maker);
		snprintf(label->model, sizeof label->model, "%s", device->claimed_model);
		snprintf(label->hardware, sizeof label->hardware, "%s", device->claimed_hardware);
		snprintf(label->firmware, sizeof label->firmware, "%s", device->claimed_firmware);
		label_from_result(label, result, fix, n_fixes, label_day(now_s), DISCLOSE_DAYS);
	}
	take_facts(label, ward);
	take_claimed_firmware(label, ward);
	take_shields(label, ward);
	if (!is_of_model)
		snprintf(label->device, sizeof label->device, "%s", ward->device->id);
	label_judge(label);
	if (result && clock)
		label_fix_clock(ward, label, result, clock);
	result_free(result);
	return true;
}

/* --- what was issued --------------------------------------------------------------------------------------- */

static struct kept *
kept_named(const char *id)
{
	for (size_t i = 0; i < n_labels; i++)
		if (!strcmp(labels[i].row.id, id))
			return &labels[i];
	return NULL;
}

/* The newest label that was made of this device. */
static struct kept *
kept_of(const struct ward *ward)
{
	struct kept *found = NULL;

	for (size_t i = 0; i < n_labels; i++)
		if (!strcmp(labels[i].row.device_id, ward->device->id) &&
			(!found || labels[i].label.issued_s >= found->label.issued_s))
			found = &labels[i];
	return found;
}

static struct ward *
ward_of_label(const struct kept *kept)
{
	struct fault ignored;
	struct ward *ward =
		kept->row.device_id[0] ? ward_find_by_text(kept->row.device_id, &ignored) : NULL;

	return ward && ward->device && !strcmp(ward->device->id, kept->row.device_id) ? ward : NULL;
}

/*
 * A board without a battery wakes long ago: not before this was written, and not
 * before what it said last.  Minutes do not matter here, so nobody has to have set
 * the clock by the network.
 */
static bool
is_clock_right(void)
{
	int64_t now_s = clock_wall_s();

	if (now_s < CLOCK_SANE_S)
		return false;
	for (size_t i = 0; i < n_labels; i++)
		if (labels[i].row.changed_s > now_s + STATUS_SLACK_S)
			return false;
	return true;
}

static void
status_by(const struct kept *kept, const char *firmware, struct label_now *now)
{
	struct label_world world = {.now_s = clock_wall_s(),
		.is_clock_right = is_clock_right(),
		.act = kept->row.act,
		.newer_run = kept->seen.newer_run,
		.newer_failures = kept->seen.newer_failures,
		.policy_gone_run = kept->seen.policy_gone_run,
		.support_run = kept->seen.support_run,
		.support_end = kept->seen.support_end,
		.feed = feeds,
		.n_feed = n_feeds};

	snprintf(world.act_reason, sizeof world.act_reason, "%s", kept->row.act_reason);
	snprintf(world.firmware, sizeof world.firmware, "%s", firmware);
	label_status_from(&kept->label, &world, now);
}

static void
status_now(struct kept *kept, struct label_now *now)
{
	struct ward *ward = kept->label.device[0] ? ward_of_label(kept) : NULL;
	char claimed[LABEL_FIRMWARE_MAX] = "";
	struct label_now newly;

	status_by(kept, kept->claim.firmware, now);
	if (ward)
		label_firmware_now(ward, kept->label.model, claimed, NULL);
	if (kept->claim.wait_s && !strcmp(claimed, kept->claim.firmware))
		return;
	status_by(kept, claimed, &newly);
	if (label_claim_settle(&kept->claim, claimed, &newly, now, clock_wall_s()))
		*now = newly;
}

static json_t *
status_json(const struct label_now *now, int64_t since_s)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:I}", "word",
		label_status_word((enum label_status)now->status), "sentence",
		label_status_sentence((enum label_status)now->status), "reason", now->reason,
		"good", label_status_is_good((enum label_status)now->status), "recalled",
		now->is_recalled, "since", (json_int_t)since_s);
}

static json_t *
kept_json(struct kept *kept)
{
	struct label_now now;

	status_now(kept, &now);
	return json_pack("{s:I, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "place",
		(json_int_t)(kept - labels) + 1, "label", kept->row.id, "revision",
		(int)kept->row.revision, "device", kept->row.device_id, "of",
		kept->label.device[0] ? "device" : "model", "maker", kept->label.maker, "model",
		kept->label.model, "firmware", kept->label.firmware, "band",
		label_band_word((enum label_band)kept->label.band), "issued",
		(json_int_t)kept->label.issued_s, "until", (json_int_t)kept->label.until_s,
		"status", status_json(&now, kept->row.changed_s));
}

/* --- writing it down --------------------------------------------------------------------------------------- */

/* Inside a transaction; counted when it is committed. */
static void
say(const struct kept *kept, const char *kind, uint64_t n)
{
	struct log_said said = {.revision = kept->row.revision, .at_s = clock_wall_s()};
	uint8_t claims[CWT_BYTES_MAX], hash[HASH_LEN];

	snprintf(said.kind, sizeof said.kind, "%s", kind);
	snprintf(said.label, sizeof said.label, "%s", kept->row.id);
	snprintf(said.status, sizeof said.status, "%s",
		label_status_word((enum label_status)kept->row.status));
	snprintf(said.reason, sizeof said.reason, "%s", kept->row.status_reason);
	if (!strcmp(kind, "issue")) {
		hash_bytes(kept->body, strlen(kept->body), hash);
		hash_text(hash, said.sha256);
		size_t len = cwt_claims(&kept->label, claims);
		hash_bytes(claims, len, hash);
		hash_text(hash, said.claims_sha256);
	}
	auto_free char *text = log_said_text(&said);
	store_said_add(engine.store, n, text);
}

static void
put_row(const struct kept *kept)
{
	struct stored_label row = kept->row;

	row.body = kept->body;
	store_label_put(engine.store, &row);
}

static void
take_status(struct kept *kept, const struct label_now *now)
{
	kept->row.status = now->status;
	snprintf(kept->row.status_reason, sizeof kept->row.status_reason, "%s", now->reason);
	kept->row.changed_s = clock_wall_s();
}

/* Who asked for something; NULL: nobody did, it is derived. */
struct asker {
	const char *who, *verb;
};

/* Into the journal, inside a transaction. */
static void
note_asker(const struct asker *asker, const struct ward *ward, const char *text)
{
	struct stored_journal row = {.time_s = clock_wall_s(),
		.who = asker->who,
		.verb = asker->verb,
		.device = ward ? ward->device->number : 0,
		.device_id = ward ? ward->device->id : NULL,
		.text = text};

	store_journal_add(engine.store, &row);
}

static void
note_decision(const struct kept *kept, const struct asker *asker)
{
	char text[320];

	snprintf(text, sizeof text, "label %s of %.60s, revision %u, is %s%s%.160s", kept->row.id,
		kept->label.model[0] ? kept->label.model : kept->row.device_id, kept->row.revision,
		label_status_word((enum label_status)kept->row.status),
		kept->row.status_reason[0] ? ": " : "", kept->row.status_reason);
	note_asker(asker, ward_of_label(kept), text);
}

/* What was said is on the disk, with its entry in the log, before anybody hears of it. */
static enum err
write_down(struct kept *kept, const char *kind, const struct asker *asker, struct fault *why)
{
	if (n_said >= LOG_ENTRIES_MAX) {
		fault_set(why, ERR_FULL,
			"the log of labels has %d entries, and takes no more: a new issuer has to "
			"begin a new one",
			LOG_ENTRIES_MAX);
		return ERR_FULL;
	}
	store_begin(engine.store);
	put_row(kept);
	say(kept, kind, n_said);
	if (asker)
		note_decision(kept, asker);
	enum err err = store_commit(engine.store, why);
	if (err) {
		keep_trouble(why);
		return err;
	}
	keep_trouble_over();
	n_said++;
	engine.is_snapshot_due = true;
	engine.changed_ns = clock_monotonic_ns();
	return ERR_OK;
}

/* A person looked at the device, or a test did: what it claims by now counts at once. */
static void
believe(const char *device_id)
{
	for (size_t i = 0; i < n_labels; i++)
		if (!strcmp(labels[i].row.device_id, device_id))
			labels[i].claim = (struct label_claim){0};
}

/* --- looking, once a second ----------------------------------------------------------------- */

/* A status that changed goes into the log at once; whoever publishes finds it there. */
static void
look_at(struct kept *kept)
{
	struct label_now now;
	struct fault why;

	status_now(kept, &now);
	if (now.status == kept->row.status && !strcmp(now.reason, kept->row.status_reason))
		return;
	/* A clock that is not right yet is no change of what was found. */
	if (now.status == STATUS_UNKNOWN)
		return;
	struct stored_label before = kept->row;
	take_status(kept, &now);
	if (write_down(kept, "status", NULL, &why)) {
		kept->row = before;
		if (log_once(&trouble))
			log_warnx("label", "a status cannot be written down: %s", why.text);
		return;
	}
	log_once_over(&trouble);
	event(label_status_is_good((enum label_status)now.status) ? EVENT_NOTICE : EVENT_ALARM,
		ward_of_label(kept), "label-status", kept->row.id,
		"label %s of %.60s is %s: %.120s", kept->row.id,
		kept->label.model[0] ? kept->label.model : kept->row.device_id,
		label_status_word((enum label_status)now.status),
		now.reason[0] ? now.reason : label_status_sentence((enum label_status)now.status));
}

void
label_look(void)
{
	label_list_look();
	label_fix_look();
	if (!n_labels)
		return;
	bool is_new = label_runs_ended();
	for (size_t i = 0; i < n_labels; i++) {
		uint32_t looked = labels[i].seen.looked_run;
		if (is_new)
			label_see(&labels[i].seen, &labels[i].label, labels[i].row.device_id);
		if (labels[i].seen.looked_run != looked)
			believe(labels[i].row.device_id);
		look_at(&labels[i]);
	}
}

/* --- loading -------------------------------------------------------------------------------------------------- */

static struct kept *
add_kept(void)
{
	if (n_labels == LABELS_MAX)
		return NULL;
	labels = reallocarray(labels, n_labels + 1, sizeof *labels);
	if (!labels)
		abort();
	memset(&labels[n_labels], 0, sizeof *labels);
	return &labels[n_labels++];
}

static void
on_label(const struct stored_label *row, void *arg)
{
	struct fault why;
	json_t *body = json_strict(row->body, strlen(row->body), LABEL_BYTES_MAX, 8, &why);
	struct kept *kept = body ? add_kept() : NULL;

	if (row->number >= next_number)
		next_number = row->number + 1;
	if (kept && !label_from_json(&kept->label, body, &why)) {
		log_warnx("label", "label %s cannot be read: %s", row->id, why.text);
		n_labels--;
		kept = NULL;
	}
	json_decref(body);
	if (!kept)
		return;
	kept->row = *row;
	kept->body = strdup(row->body);
	if (!kept->body)
		abort();
}

static void
keep_feed(const struct feed_entry *entry)
{
	for (size_t i = 0; i < n_feeds; i++)
		if (!strcmp(feeds[i].id, entry->id)) {
			feeds[i] = *entry;
			return;
		}
	feeds = reallocarray(feeds, n_feeds + 1, sizeof *feeds);
	if (!feeds)
		abort();
	feeds[n_feeds++] = *entry;
}

static void
on_feed(const char *id, const char *body, void *arg)
{
	struct feed_entry entry;
	struct fault why;
	json_t *json = json_strict(body, strlen(body), FEED_BYTES_MAX, 4, &why);

	if (json && n_feeds < STORE_FEEDS_MAX && feed_entry_from_json(&entry, json, &why))
		keep_feed(&entry);
	json_decref(json);
}

void
label_load(void)
{
	if (store_labels(engine.store, on_label, NULL) ||
		store_feeds(engine.store, on_feed, NULL) || store_said_count(engine.store, &n_said))
		log_warnx("label", "the labels cannot be read");
}

/* --- commands ------------------------------------------------------------------------------------------------- */

bool
label_text_arg(const json_t *args, const char *key, char *out, size_t size, struct fault *why)
{
	if (json_take_text(out, size, json_object_get(args, key)) && *out)
		return true;
	fault_set(why, ERR_INVALID, "\"%s\" is missing, longer than %zu, or not printable ASCII",
		key, size - 1);
	return false;
}

struct ward *
label_ward_arg(const json_t *args, struct fault *why)
{
	char text[256];
	struct ward *ward = label_text_arg(args, "device", text, sizeof text, why)
				    ? ward_find_by_text(text, why)
				    : NULL;

	if (ward && !ward->device) {
		fault_set(why, ERR_NOT_FOUND, "that is no device");
		return NULL;
	}
	if (ward && ward->device->class == DEVICE_CLASS_PERSONAL) {
		fault_set(why, ERR_DENIED, "%s is personal, and has no label",
			device_label(ward->device));
		return NULL;
	}
	return ward;
}

static json_t *
needs_json(const struct label *label)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n_label_needs; i++)
		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:b}", "band",
				      label_band_word(label_needs[i].band), "id", label_needs[i].id,
				      "sentence", label_needs[i].sentence, "how",
				      label_needs[i].how, "met", label->met >> i & 1));
	return rows;
}

/* How many of its public words differ: the owner sees that the issued one is behind. */
static bool
is_behind(const struct kept *kept, const struct label *now)
{
	return kept->label.run != now->run || kept->label.band != now->band ||
	       kept->label.support_end != now->support_end ||
	       strcmp(kept->label.firmware, now->firmware) || kept->label.open_all != now->open_all;
}

static json_t *
run_show(const json_t *args, struct fault *why)
{
	static struct label label;
	json_t *clock = json_array();
	struct ward *ward = label_ward_arg(args, why);

	if (!ward || !draft(ward, false, &label, clock, why)) {
		json_decref(clock);
		return NULL;
	}
	struct kept *kept = kept_of(ward);
	json_t *out = json_pack("{s:o, s:s, s:o, s:o, s:o}", "device", show_ref(ward), "sentence",
		label_band_sentence((enum label_band)label.band), "needs", needs_json(&label),
		"clock", clock, "issued", kept ? kept_json(kept) : json_null());
	/* It is not issued: what only an issued label has stands here so that it can be read. */
	if (!label.issuer[0])
		snprintf(label.issuer, sizeof label.issuer, "https://not.issued");
	snprintf(label.id, sizeof label.id, "%s", kept ? kept->row.id : "not-issued");
	label.revision = kept ? kept->row.revision : 1;
	json_object_set_new(out, "label", label_to_json(&label));
	json_object_set_new(out, "behind", json_boolean(kept && is_behind(kept, &label)));
	json_object_set_new(out, "attached", label_attached(ward));
	return out;
}

static json_t *
run_set(const json_t *args, const char *who, int64_t *journal, struct fault *why)
{
	static struct label scratch;
	char field[32], value[200] = "";
	struct change change;
	struct ward *ward = label_ward_arg(args, why);

	if (!ward || !label_text_arg(args, "field", field, sizeof field, why))
		return NULL;
	const struct fact *fact = fact_named(field);
	json_t *given = json_object_get(args, "value");
	if (!fact) {
		fault_set(why, ERR_INVALID,
			"there is no field \"%s\"; there are maker, model, hardware, gtin, "
			"firmware, "
			"firmware-below, responsible, policy, support-end, last-update, sold-from, "
			"life",
			field);
		return NULL;
	}
	if (!json_take_text(value, sizeof value, given) || !take_fact(&scratch, fact, value)) {
		fault_set(why, ERR_INVALID, "%s: %s", field,
			fact->kind == FACT_DATE    ? "a day like 2030-12-31"
			: fact->kind == FACT_YEARS ? "a number of years"
			: fact->kind == FACT_URL   ? "an https address"
						   : "too long, or not printable ASCII");
		return NULL;
	}
	json_t *set = ward->facet[FACET_LABEL_FACTS]
			      ? json_deep_copy(ward->facet[FACET_LABEL_FACTS])
			      : json_object();
	json_object_set_new(set, field, json_string(value));
	change_init(&change, who, "label.set");
	snprintf(change.text, sizeof change.text, "%s: %s is %.120s", device_label(ward->device),
		fact->what, value);
	change_set(&change, ward, FACET_LABEL_FACTS, set);
	if (change_commit(&change, journal, why))
		return NULL;
	believe(ward->device->id);
	return json_pack("{s:s}", "text", change.text);
}

static json_t *
run_issuer(const json_t *args, const char *who, int64_t *journal, struct fault *why)
{
	char url[128], name[64], kind[24] = "household";
	const char *given = json_string_value(json_object_get(args, "kind"));
	struct change change;

	if (!label_text_arg(args, "url", url, sizeof url, why) ||
		!label_text_arg(args, "name", name, sizeof name, why))
		return NULL;
	if (given)
		snprintf(kind, sizeof kind, "%s", given);
	if (!label_is_url(url) ||
		(strcmp(kind, "maker") && strcmp(kind, "retailer") && strcmp(kind, "laboratory") &&
			strcmp(kind, "consumer-body") && strcmp(kind, "household"))) {
		fault_set(why, ERR_INVALID,
			"an https address without a slash at its end; the kind is maker, retailer, "
			"laboratory, consumer-body or household");
		return NULL;
	}
	/* The address stands in every label and in the log: another one is another issuer. */
	const char *old =
		json_string_value(json_object_get(engine.home.facet[FACET_LABEL_ISSUER], "url"));
	if (n_labels && old && strcmp(old, url)) {
		fault_set(why, ERR_DENIED,
			"labels are out that name %.100s; that address cannot be changed any more",
			old);
		return NULL;
	}
	change_init(&change, who, "label.issuer");
	snprintf(
		change.text, sizeof change.text, "labels are issued by %.60s at %.100s", name, url);
	change_set(&change, &engine.home, FACET_LABEL_ISSUER,
		json_pack("{s:s, s:s, s:s}", "url", url, "name", name, "kind", kind));
	if (change_commit(&change, journal, why))
		return NULL;
	return json_pack("{s:s}", "text", change.text);
}

static bool
has_failures(const struct label *label)
{
	return label->mandatory[VERDICT_FAIL] || label->recommended[VERDICT_FAIL] ||
	       label->failed_other || label->open_all;
}

static bool
may_issue(const struct label *label, bool is_of_model, struct fault *why)
{
	if (is_of_model && (!label->maker[0] || !label->model[0])) {
		fault_set(why, ERR_INVALID,
			"maker and model are not known; first: pinfold label set DEVICE maker "
			"NAME");
		return false;
	}
	if (is_of_model && has_failures(label) && !label->reviewer[0]) {
		fault_set(why, ERR_DENIED,
			"a failure that is told of a model needs a second person who looked at the "
			"evidence: --reviewer NAME");
		return false;
	}
	return true;
}

/* What was asked for becomes a label; false with the reason: it may not be one. */
static bool
take_wish(struct label *label, struct ward *ward, const json_t *args, struct fault *why)
{
	const char *of = json_string_value(json_object_get(args, "of"));
	bool is_of_model = of && !strcmp(of, "model");
	const json_t *days = json_object_get(args, "days");

	if (!draft(ward, is_of_model, label, NULL, why) || !issuer_facts(label, why))
		return false;
	if (of && !is_of_model && strcmp(of, "device")) {
		fault_set(why, ERR_INVALID, "a label is of a device or of a model");
		return false;
	}
	if (json_object_get(args, "reviewer") &&
		!label_text_arg(args, "reviewer", label->reviewer, sizeof label->reviewer, why))
		return false;
	if (days && (!json_is_integer(days) || json_integer_value(days) < 1 ||
			    json_integer_value(days) > VALID_DAYS_MAX)) {
		fault_set(why, ERR_INVALID, "it can be made for 1 to %d days", VALID_DAYS_MAX);
		return false;
	}
	if (days)
		label->until_s = label->issued_s + json_integer_value(days) * DAY_S;
	return may_issue(label, is_of_model, why);
}

/* Its id, revision and place; kept: the one of the same product, or NULL. */
static bool
take_place(struct label *label, const struct kept *kept, struct fault *why)
{
	uint8_t claims[CWT_BYTES_MAX];

	if (kept && kept->row.act == ACT_REVOKED) {
		fault_set(why, ERR_DENIED, "label %s was revoked, which is for good", label->id);
		return false;
	}
	label->revision = kept ? kept->row.revision + 1 : 1;
	label->index = kept ? kept->row.number : next_number;
	if (cwt_claims(label, claims))
		return true;
	fault_set(why, ERR_FULL, "its texts are too long for a QR code");
	return false;
}

static json_t *
run_issue(const json_t *args, const struct asker *asker, struct fault *why)
{
	static struct label label;
	uint8_t key[ISSUER_PUBLIC_LEN];
	struct ward *ward = label_ward_arg(args, why);
	struct label_now now;

	if (!ward || !take_wish(&label, ward, args, why) || !own_key(key, why))
		return NULL;
	if (!is_clock_right()) {
		fault_set(why, ERR_BUSY, "the clock is not right yet, and a label has a date");
		return NULL;
	}
	label_id(&label, key);
	struct kept *kept = kept_named(label.id);
	if (!take_place(&label, kept, why))
		return NULL;
	bool is_new = !kept;
	if (is_new && !(kept = add_kept())) {
		fault_set(why, ERR_FULL, "%d labels are out, and there is room for no more",
			LABELS_MAX);
		return NULL;
	}
	struct kept before = *kept;
	kept->row.number = label.index;
	kept->row.revision = label.revision;
	snprintf(kept->row.id, sizeof kept->row.id, "%s", label.id);
	snprintf(kept->row.device_id, sizeof kept->row.device_id, "%s", ward->device->id);
	/* What was suspended by hand stays so until it is restored; a new test is another thing. */
	kept->label = label;
	kept->body = label_to_text(&label);
	kept->seen = (struct label_seen){0};
	kept->claim = (struct label_claim){0};
	status_now(kept, &now);
	take_status(kept, &now);
	if (write_down(kept, "issue", asker, why)) {
		free(kept->body);
		*kept = before;
		n_labels -= is_new;
		return NULL;
	}
	next_number += is_new;
	free(before.body);
	event(EVENT_NOTICE, ward, "label-issued", label.id, "label %s, revision %u: %s", label.id,
		label.revision, label_band_word((enum label_band)label.band));
	return kept_json(kept);
}

static const struct {
	const char *verb;
	uint8_t act;
	bool needs_reason;
} acts[] = {
	{"label.revoke", ACT_REVOKED, true},
	{"label.suspend", ACT_SUSPENDED, true},
	{"label.retire", ACT_RETIRED, false},
	{"label.restore", ACT_NONE, false},
};

/* A label by its id, or the newest one of a device. */
static struct kept *
kept_arg(const json_t *args, struct fault *why)
{
	char text[256];

	if (!label_text_arg(args, "label", text, sizeof text, why))
		return NULL;
	struct kept *kept = kept_named(text);
	struct ward *ward = kept ? NULL : ward_find_by_text(text, why);
	if (!kept && ward && ward->device)
		kept = kept_of(ward);
	if (!kept)
		fault_set(why, ERR_NOT_FOUND,
			"there is no such label; \"pinfold label list\" shows all");
	return kept;
}

static json_t *
run_act(const json_t *args, size_t which, const struct asker *asker, struct fault *why)
{
	struct kept *kept = kept_arg(args, why);
	char reason[160] = "";
	struct label_now now;

	if (!kept || ((acts[which].needs_reason || json_object_get(args, "reason")) &&
			     !label_text_arg(args, "reason", reason, sizeof reason, why)))
		return NULL;
	if (kept->row.act == ACT_REVOKED) {
		fault_set(why, ERR_DENIED, "label %s was revoked, which is for good", kept->row.id);
		return NULL;
	}
	struct stored_label before = kept->row;
	kept->row.act = acts[which].act;
	snprintf(kept->row.act_reason, sizeof kept->row.act_reason, "%s", reason);
	status_now(kept, &now);
	take_status(kept, &now);
	if (write_down(kept, "status", asker, why)) {
		kept->row = before;
		return NULL;
	}
	event(EVENT_NOTICE, ward_of_label(kept), "label-status", kept->row.id,
		"label %s is %s: %.150s", kept->row.id,
		label_status_word((enum label_status)now.status), now.reason);
	return kept_json(kept);
}

json_t *
label_list(uint32_t after, uint32_t limit)
{
	json_t *rows = json_array();

	for (size_t i = after; i < n_labels && json_array_size(rows) < limit; i++)
		json_array_append_new(rows, kept_json(&labels[i]));
	return rows;
}

/* As it was issued: what is signed, where it is published, and what it is worth now. */
static json_t *
run_issued(const json_t *args, struct fault *why)
{
	char address[192];
	struct kept *kept = kept_arg(args, why);

	if (!kept)
		return NULL;
	snprintf(address, sizeof address, "%s/l/%s", kept->label.issuer, kept->row.id);
	return json_pack("{s:o, s:o, s:s}", "label", label_to_json(&kept->label), "issued",
		kept_json(kept), "address", address);
}

struct history {
	const char *label; /* "": of all */
	json_t *rows;      /* oldest first */
};

static void
on_history(uint64_t n, const char *body, void *arg)
{
	struct history *history = arg;
	json_t *entry = json_loads(body, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(entry) &&
		(!*history->label || !strcmp(json_text_of(entry, "label"), history->label))) {
		json_object_set_new(entry, "entry", json_integer((json_int_t)n));
		json_array_append(history->rows, entry);
	}
	json_decref(entry);
}

json_t *
label_history(const json_t *args, uint64_t *before, uint32_t limit, struct fault *why)
{
	enum { WINDOW = 512, LOOKED_AT_MAX = 16384 };
	struct kept *kept = json_object_get(args, "label") ? kept_arg(args, why) : NULL;
	struct history history = {.label = kept ? kept->row.id : ""};
	json_t *out = json_array();
	unsigned looked_at = 0;

	if (json_object_get(args, "label") && !kept)
		goto refuse;
	if (!*before || *before > n_said)
		*before = n_said;
	while (*before && json_array_size(out) < limit && looked_at < LOOKED_AT_MAX) {
		uint64_t from = *before > WINDOW ? *before - WINDOW : 0;
		history.rows = json_array();
		bool is_read = !store_said(
			engine.store, from, (uint32_t)(*before - from), on_history, &history);
		for (size_t i = json_array_size(history.rows); i && json_array_size(out) < limit;
			i--) {
			json_t *row = json_array_get(history.rows, i - 1);
			json_array_append(out, row);
			from = i > 1 && json_array_size(out) == limit
				       ? (uint64_t)json_integer_value(json_object_get(row, "entry"))
				       : from;
		}
		json_decref(history.rows);
		if (!is_read) {
			fault_set(why, ERR_STORE, "the log cannot be read");
			goto refuse;
		}
		looked_at += (unsigned)(*before - from);
		*before = from;
	}
	return out;
refuse:
	json_decref(out);
	return NULL;
}

/* Plain JSON is the owner's word; a JWS that of an issuer whom the owner trusts. */
static json_t *
feed_from_text(const char *text, size_t len, struct fault *why)
{
	struct issuer_keys keys;
	uint8_t key[ISSUER_PUBLIC_LEN];
	json_t *feed;

	if (len < 3 || memcmp(text, "eyJ", 3))
		return json_strict(text, len, FEED_BYTES_MAX, 5, why);
	label_trusted_keys(&keys);
	return jws_parse(text, len, FEED_TYPE, &keys, &feed, key, why) == SEAL_GOOD ? feed : NULL;
}

static json_t *
run_feed(const json_t *args, const struct asker *asker, struct fault *why)
{
	static struct feed_entry entry[FEED_ENTRIES_MAX];
	char text[96];
	const json_t *given = json_object_get(args, "feed");
	size_t n, n_new = 0;

	if (!json_is_string(given)) {
		fault_set(why, ERR_INVALID, "\"feed\" is missing");
		return NULL;
	}
	json_t *feed = feed_from_text(json_string_value(given), json_string_length(given), why);
	if (!feed || !feed_from_json(entry, &n, feed, why)) {
		json_decref(feed);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		bool is_known = false;
		for (size_t k = 0; k < n_feeds; k++)
			is_known |= !strcmp(feeds[k].id, entry[i].id);
		n_new += !is_known;
	}
	if (n_feeds + n_new > STORE_FEEDS_MAX) {
		json_decref(feed);
		fault_set(why, ERR_FULL, "%d entries are kept, and there is room for no more",
			STORE_FEEDS_MAX);
		return NULL;
	}
	store_begin(engine.store);
	for (size_t i = 0; i < n; i++) {
		auto_free char *body =
			json_dumps(json_array_get(json_object_get(feed, "entries"), i),
				JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
		if (!body)
			abort();
		store_feed_put(engine.store, entry[i].id, body, clock_wall_s());
	}
	json_decref(feed);
	snprintf(text, sizeof text, "a feed is taken: %zu entries, %zu of them new", n, n_new);
	note_asker(asker, NULL, text);
	if (store_commit(engine.store, why)) {
		keep_trouble(why);
		return NULL;
	}
	keep_trouble_over();
	for (size_t i = 0; i < n; i++)
		keep_feed(&entry[i]);
	label_look();
	return json_pack("{s:i, s:i}", "entries", (int)n, "new", (int)n_new);
}

static void
on_said(uint64_t n, const char *body, void *arg)
{
	json_array_append_new(arg, json_string(body));
}

/* All that the outside may see of it, with the place of the key. */
static json_t *
run_export(const json_t *args, struct fault *why)
{
	json_int_t from = json_integer_value(json_object_get(args, "from"));
	json_t *rows = json_array(), *said = json_array();
	static struct label label;

	if (!issuer_facts(&label, why) || store_said(engine.store, (uint64_t)(from > 0 ? from : 0),
						  SAID_PAGE, on_said, said)) {
		if (label.issuer[0])
			fault_set(why, ERR_STORE, "the log cannot be read");
		json_decref(rows);
		json_decref(said);
		return NULL;
	}
	for (size_t i = 0; i < n_labels; i++) {
		struct label_now now;
		status_now(&labels[i], &now);
		json_array_append_new(
			rows, json_pack("{s:s, s:o}", "body", labels[i].body, "status",
				      status_json(&now, labels[i].row.changed_s)));
	}
	json_t *key = audit_key(why);
	if (!key) {
		json_decref(rows);
		json_decref(said);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "url", label.issuer, "name",
		label.issuer_name, "now", (json_int_t)clock_wall_s(), "size", (json_int_t)n_said,
		"key", key, "labels", rows, "said", said);
}

json_t *
label_command(
	const char *verb, const json_t *args, const char *who, int64_t *journal, struct fault *why)
{
	const struct asker asker = {who, verb};
	struct ward *ward;

	for (size_t i = 0; i < COUNT_OF(acts); i++)
		if (!strcmp(verb, acts[i].verb))
			return run_act(args, i, &asker, why);
	if (!strcmp(verb, "label.show"))
		return run_show(args, why);
	if (!strcmp(verb, "label.issued"))
		return run_issued(args, why);
	if (!strcmp(verb, "label.trusted"))
		return label_show_trusted();
	if (!strcmp(verb, "label.set"))
		return run_set(args, who, journal, why);
	if (!strcmp(verb, "label.issuer"))
		return run_issuer(args, who, journal, why);
	if (!strcmp(verb, "label.issue"))
		return run_issue(args, &asker, why);
	if (!strcmp(verb, "label.feed"))
		return run_feed(args, &asker, why);
	if (!strcmp(verb, "label.fix"))
		return label_fix(args, who, journal, why);
	if (!strcmp(verb, "label.export"))
		return run_export(args, why);
	if (!strcmp(verb, "label.trust"))
		return label_trust(args, who, journal, why);
	if (!strcmp(verb, "label.status"))
		return label_take_status(args, who, why);
	ward = label_ward_arg(args, why);
	if (!ward)
		return NULL;
	if (!strcmp(verb, "label.attach"))
		return label_attach(ward, args, who, journal, why);
	return label_override(ward, who, journal, why);
}
