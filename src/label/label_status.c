/* SPDX-License-Identifier: Apache-2.0 */
#include "label/label_status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json_strict.h"

static const struct {
	const char *word, *sentence;
	uint8_t code;
} statuses[STATUS_COUNT] = {
	[STATUS_UNKNOWN] = {"UNKNOWN", "it cannot be said whether this still holds", 0xf},
	[STATUS_VALID] = {"VALID", "it holds", 0x0},
	[STATUS_VALID_UPDATE_AVAILABLE] = {"VALID_UPDATE_AVAILABLE",
		"it holds, and there is newer firmware", 0xb},
	[STATUS_UNTESTED_FIRMWARE] = {"UNTESTED_FIRMWARE",
		"the firmware is not the one that was tested", 0xc},
	[STATUS_RETEST_DUE] = {"RETEST_DUE", "it is to be tested again", 0xd},
	[STATUS_SUPPORT_ENDED] = {"SUPPORT_ENDED", "nobody mends it any more", 0xe},
	[STATUS_SUSPENDED] = {"SUSPENDED", "it does not hold for the time being", 0x2},
	[STATUS_REVOKED] = {"REVOKED", "it was taken back", 0x1},
	[STATUS_SUPERSEDED] = {"SUPERSEDED", "another label has taken its place", 0x3},
};

const char *
label_status_word(enum label_status status)
{
	return statuses[(unsigned)status < STATUS_COUNT ? status : STATUS_UNKNOWN].word;
}

const char *
label_status_sentence(enum label_status status)
{
	return statuses[(unsigned)status < STATUS_COUNT ? status : STATUS_UNKNOWN].sentence;
}

enum label_status
label_status_from_word(const char *word)
{
	for (unsigned i = 0; i < STATUS_COUNT; i++)
		if (!strcmp(statuses[i].word, word))
			return (enum label_status)i;
	return STATUS_UNKNOWN;
}

bool
label_status_is_good(enum label_status status)
{
	return status == STATUS_VALID || status == STATUS_VALID_UPDATE_AVAILABLE;
}

uint8_t
label_status_code(enum label_status status)
{
	return statuses[(unsigned)status < STATUS_COUNT ? status : STATUS_UNKNOWN].code;
}

enum label_status
label_status_from_code(uint8_t code)
{
	for (unsigned i = 0; i < STATUS_COUNT; i++)
		if (statuses[i].code == code)
			return (enum label_status)i;
	return STATUS_UNKNOWN;
}

/* --- feeds ------------------------------------------------------------------------------------- */

static const char *const kinds[FEED_KINDS] = {
	[FEED_UNKNOWN] = "unknown",
	[FEED_ADVISORY] = "advisory",
	[FEED_EXPLOITED] = "exploited",
	[FEED_RECALL] = "recall",
	[FEED_SUPPORT] = "support",
	[FEED_UPDATE] = "update",
	[FEED_POLICY_GONE] = "policy-gone",
};

static bool
text(char *out, size_t size, const json_t *entry, const char *key, bool is_needed)
{
	const json_t *value = json_object_get(entry, key);

	out[0] = '\0';
	return value ? json_take_text(out, size, value) && (*out || !is_needed) : !is_needed;
}

static bool
is_severity(const char *word)
{
	return !*word || !strcmp(word, "low") || !strcmp(word, "medium") || !strcmp(word, "high") ||
	       !strcmp(word, "critical");
}

bool
feed_entry_from_json(struct feed_entry *out, const json_t *entry, struct fault *why)
{
	const char *kind = json_string_value(json_object_get(entry, "kind"));
	char date[LABEL_DATE_MAX];

	memset(out, 0, sizeof *out);
	for (unsigned i = FEED_ADVISORY; kind && i < FEED_KINDS; i++)
		if (!strcmp(kinds[i], kind))
			out->kind = (uint8_t)i;
	out->is_withdrawn = json_is_true(json_object_get(entry, "withdrawn"));
	if (!out->kind || !text(out->id, sizeof out->id, entry, "id", true) ||
		!text(out->maker, sizeof out->maker, entry, "maker", true) ||
		!text(out->model, sizeof out->model, entry, "model", true) ||
		!text(out->below, sizeof out->below, entry, "below", false) ||
		!text(out->firmware, sizeof out->firmware, entry, "firmware",
			out->kind == FEED_UPDATE) ||
		!text(out->severity, sizeof out->severity, entry, "severity", false) ||
		!is_severity(out->severity) ||
		!text(out->text, sizeof out->text, entry, "text", false) ||
		!text(date, sizeof date, entry, "support_end", out->kind == FEED_SUPPORT) ||
		!label_date_parse(&out->support_end, date)) {
		fault_set(why, ERR_INVALID,
			"kind, id, maker, model, or what the kind needs is missing or not valid");
		return false;
	}
	return true;
}

bool
feed_from_json(struct feed_entry *out, size_t *n, const json_t *root, struct fault *why)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *entries = json_object_get(root, "entries"), *entry;
	size_t i;

	*n = 0;
	if (!schema || strcmp(schema, FEED_SCHEMA) || !json_is_array(entries) ||
		json_array_size(entries) > FEED_ENTRIES_MAX) {
		fault_set(why, ERR_INVALID,
			"no feed of the form " FEED_SCHEMA ", or more than %d entries",
			FEED_ENTRIES_MAX);
		return false;
	}
	json_array_foreach(entries, i, entry)
	{
		if (feed_entry_from_json(&out[i], entry, why))
			continue;
		fault_prefix(why, "entry %zu: ", i + 1);
		return false;
	}
	*n = json_array_size(entries);
	return true;
}

bool
feed_is_about(const struct feed_entry *entry, const struct label *label)
{
	return !entry->is_withdrawn && label->maker[0] && !strcasecmp(entry->maker, label->maker) &&
	       (!strcmp(entry->model, "*") || !strcasecmp(entry->model, label->model));
}

/* Firmware that nobody knows may be one that is meant. */
static bool
has_fault(const struct feed_entry *entry, const char *firmware)
{
	return !entry->below[0] || !firmware[0] ||
	       label_version_compare(firmware, entry->below) < 0;
}

/* --- deriving ------------------------------------------------------------------------------------ */

/* In the order in which one overrules the other. */
static const uint8_t rank[STATUS_COUNT] = {
	[STATUS_VALID] = 1,
	[STATUS_VALID_UPDATE_AVAILABLE] = 2,
	[STATUS_RETEST_DUE] = 3,
	[STATUS_UNTESTED_FIRMWARE] = 4,
	[STATUS_SUPPORT_ENDED] = 5,
	[STATUS_UNKNOWN] = 6,
	[STATUS_SUPERSEDED] = 7,
	[STATUS_SUSPENDED] = 8,
	[STATUS_REVOKED] = 9,
};

static void __attribute__((format(printf, 3, 4)))
worse(struct label_now *now, enum label_status status, const char *fmt, ...)
{
	va_list args;

	if (rank[status] <= rank[now->status])
		return;
	now->status = (uint8_t)status;
	va_start(args, fmt);
	vsnprintf(now->reason, sizeof now->reason, fmt, args);
	va_end(args);
}

/* An end of support that is told later than the label was made, and by whom. */
static void
look_at_support(const struct label *label, const struct label_world *world, int32_t support_end,
	const char *who, struct label_now *now)
{
	char was[LABEL_DATE_MAX], is[LABEL_DATE_MAX];

	label_date(was, label->support_end);
	label_date(is, support_end);
	if (label->support_end && support_end < label->support_end)
		worse(now, STATUS_SUSPENDED,
			"support was promised until %s and is shortened to %s (%s)", was, is, who);
	if (support_end <= label_day(world->now_s))
		worse(now, STATUS_SUPPORT_ENDED, "support ended on %s (%s)", is, who);
}

static void
look_at_feed(const struct label *label, const struct label_world *world, struct label_now *now)
{
	const char *firmware = world->firmware[0] ? world->firmware : label->firmware;

	for (size_t i = 0; i < world->n_feed; i++) {
		const struct feed_entry *at = &world->feed[i];
		const char *said = at->text[0] ? at->text : at->id;
		if (!feed_is_about(at, label))
			continue;
		switch (at->kind) {
		case FEED_RECALL:
			if (!has_fault(at, firmware))
				break;
			worse(now, STATUS_SUSPENDED, "it is recalled: %s", said);
			now->is_recalled = true;
			break;
		case FEED_EXPLOITED:
			if (has_fault(at, firmware))
				worse(now, STATUS_SUSPENDED,
					"a fault that is used against such devices: %s", said);
			break;
		case FEED_ADVISORY:
			if (!has_fault(at, firmware))
				break;
			/* A fault that nobody can mend yet, and those that weigh most. */
			if (!strcmp(at->severity, "critical") || !strcmp(at->severity, "high"))
				worse(now, STATUS_SUSPENDED, "an advisory (%s): %s", at->severity,
					said);
			else if (at->below[0])
				worse(now, STATUS_VALID_UPDATE_AVAILABLE, "firmware %s mends: %s",
					at->below, said);
			else
				worse(now, STATUS_RETEST_DUE, "an advisory: %s", said);
			break;
		case FEED_SUPPORT:
			look_at_support(label, world, at->support_end, at->id, now);
			break;
		case FEED_UPDATE:
			if (firmware[0] && label_version_compare(firmware, at->firmware) < 0)
				worse(now, STATUS_VALID_UPDATE_AVAILABLE, "firmware %s is out",
					at->firmware);
			break;
		case FEED_POLICY_GONE:
			worse(now, STATUS_RETEST_DUE,
				"the page that says how to report a fault is gone: %s", said);
			break;
		default:
			break;
		}
	}
}

void
label_status_from(const struct label *label, const struct label_world *world, struct label_now *now)
{
	char date[LABEL_DATE_MAX], run[48];

	memset(now, 0, sizeof *now);
	now->status = STATUS_VALID;
	look_at_feed(label, world, now);
	if (!world->is_clock_right)
		worse(now, STATUS_UNKNOWN, "the issuer does not know what time it is");
	label_date(date, label->support_end);
	if (label->support_end && label->support_end <= label_day(world->now_s))
		worse(now, STATUS_SUPPORT_ENDED, "support ended on %s", date);
	if (world->firmware[0] && !label_covers(label, world->firmware))
		worse(now, STATUS_UNTESTED_FIRMWARE, "%s was tested, it has %s now",
			label->firmware[0] ? label->firmware : "firmware that nobody noted",
			world->firmware);
	if (label->until_s <= world->now_s)
		worse(now, STATUS_RETEST_DUE, "the label was made for no longer than this");
	if (world->support_run) {
		snprintf(run, sizeof run, "the maker's page, run %u", world->support_run);
		look_at_support(label, world, world->support_end, run, now);
	}
	if (world->policy_gone_run)
		worse(now, STATUS_SUSPENDED,
			"the maker's page that says how to report a fault is gone (run %u)",
			world->policy_gone_run);
	if (world->newer_run && world->newer_failures)
		worse(now, STATUS_SUSPENDED, "a later test (run %u) found %u failure%s more",
			world->newer_run, world->newer_failures,
			world->newer_failures == 1 ? "" : "s");
	if (world->act == ACT_RETIRED)
		worse(now, STATUS_SUPERSEDED, "%s",
			world->act_reason[0] ? world->act_reason : "retired by its issuer");
	if (world->act == ACT_SUSPENDED)
		worse(now, STATUS_SUSPENDED, "%s", world->act_reason);
	if (world->act == ACT_REVOKED)
		worse(now, STATUS_REVOKED, "%s", world->act_reason);
}

bool
label_claim_settle(struct label_claim *claim, const char *claimed_firmware,
	const struct label_now *newly, const struct label_now *now, int64_t now_s)
{
	enum { LONGEST_S = 24 * 3600 };
	int64_t since_s = now_s - claim->changed_s;
	bool is_same = newly->status == now->status && newly->is_recalled == now->is_recalled &&
		       !strcmp(newly->reason, now->reason);
	bool is_worse = rank[newly->status] > rank[now->status] ||
			(newly->is_recalled && !now->is_recalled);

	/* A clock that was set back holds nothing. */
	if (claim->wait_s && !is_same && !is_worse && since_s >= 0 && since_s < claim->wait_s)
		return false;
	if (claim->wait_s && !is_same) {
		bool goes_on = since_s < LONGEST_S && claim->changed_s;
		claim->wait_s = goes_on ? claim->wait_s * 2 : LABEL_SETTLE_S;
		claim->wait_s = claim->wait_s < LONGEST_S ? claim->wait_s : LONGEST_S;
		claim->changed_s = now_s;
	} else if (!claim->wait_s) {
		*claim = (struct label_claim){.wait_s = LABEL_SETTLE_S};
	}
	snprintf(claim->firmware, sizeof claim->firmware, "%s", claimed_firmware);
	return true;
}
