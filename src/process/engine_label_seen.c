/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is seen of a device after its label was made: later tests, what its maker's
 * pages say now, the firmware that it says it has.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "process/engine_app.h"
#include "process/engine_audit.h"
#include "process/engine_label.h"

enum { RUNS_LOOKED_AT = 32, DAY_S = 24 * 3600, FOUND_S = 5 };

struct audit_result *
label_result(uint32_t run, struct fault *why)
{
	struct stored_audit row;
	enum err err = run ? store_audit_find(engine.store, run, &row) : ERR_NOT_FOUND;

	if (err) {
		fault_set(why, err, "run %u cannot be read", run);
		return NULL;
	}
	return audit_result(&row, why);
}

/* Newest first. */
struct later_runs {
	uint32_t after;
	int64_t since_s; /* those that ended before are not looked at */
	size_t n;
	uint32_t run[RUNS_LOOKED_AT];
};

static void
on_later(const struct stored_audit *row, void *arg)
{
	struct later_runs *later = arg;

	/* What an app is like says nothing of the device. */
	if (row->ended_s && row->ended_s >= later->since_s && row->run > later->after &&
		!app_is_profile(row->profile) && later->n < RUNS_LOOKED_AT)
		later->run[later->n++] = row->run;
}

/*
 * A passport asks twice, for its label and for its health, and each answer may mean to read
 * 32 files of evidence: what was found is kept while the runs are the same, and not for
 * long, since evidence may be pruned.
 */
static struct {
	char device_id[DEVICE_ID_MAX];
	struct later_runs runs;
	uint32_t run;
	uint64_t at_ns;
} found;

static bool
is_found(const struct ward *ward, const struct later_runs *runs)
{
	return !strcmp(found.device_id, ward->device->id) && found.runs.n == runs->n &&
	       !memcmp(found.runs.run, runs->run, runs->n * sizeof runs->run[0]) &&
	       clock_monotonic_ns() - found.at_ns < FOUND_S * CLOCK_SECOND_NS;
}

uint32_t
label_run_of(const struct ward *ward)
{
	struct later_runs runs = {.since_s = clock_wall_s() - LABEL_TEST_DAYS * DAY_S};
	struct audit_result *rests_on = NULL;
	struct fault ignored;
	uint32_t run = audit_newest(ward);

	if (store_audits(engine.store, 0, ward->device->id, RUNS_LOOKED_AT, on_later, &runs) ||
		runs.n < 2)
		return run;
	if (is_found(ward, &runs))
		return found.run;
	for (size_t i = runs.n; i; i--) {
		struct audit_result *later = label_result(runs.run[i - 1], &ignored);
		if (later && (!rests_on || label_run_replaces(later, rests_on))) {
			result_free(rests_on);
			rests_on = later;
			run = runs.run[i - 1];
		} else {
			result_free(later);
		}
	}
	result_free(rests_on);
	memcpy(found.device_id, ward->device->id, sizeof found.device_id);
	found.runs = runs;
	found.run = run;
	found.at_ns = clock_monotonic_ns();
	return run;
}

/* --- later tests ------------------------------------------------------------------------------ */

static bool
is_failure(const struct finding *finding)
{
	return finding->word == VERDICT_FAIL && finding->n_evidence;
}

static bool
has_failure(const struct audit_result *result, const struct finding *failure)
{
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *at = &result->finding[i];
		if (is_failure(at) && at->port == failure->port && at->proto == failure->proto &&
			!strcmp(at->provision, failure->provision))
			return true;
	}
	return false;
}

/* That the maker's pages say how to report a fault: EN 303 645, and the regulation in Britain. */
static bool
is_about_reporting(const struct finding *finding)
{
	return !strcmp(finding->provision, "5.2-1") || !strcmp(finding->provision, "PSTI-2.2");
}

static void
compare(struct label_seen *seen, const struct label *label, const struct audit_result *old,
	uint32_t run)
{
	struct fault why;
	struct audit_result *new = label_result(run, &why);
	uint32_t failures = 0;

	for (size_t i = 0; new &&i < new->n_findings; i++) {
		const struct finding *at = &new->finding[i];
		/* Where the old one is gone, every failure counts that the label does not have. */
		if (!is_failure(at) || (old ? has_failure(old, at) : label->open_all))
			continue;
		failures++;
		if (is_about_reporting(at) && label->reporting == VERDICT_PASS)
			seen->policy_gone_run = run;
	}
	if (failures > seen->newer_failures) {
		seen->newer_failures = failures;
		seen->newer_run = run;
	}
	result_free(new);
}

struct later_end {
	struct label_seen *seen;
	uint32_t after;
};

static void
on_fact(const struct stored_maker_fact *fact, void *arg)
{
	struct later_end *later = arg;
	int32_t day;

	if (fact->fact != MAKER_FACT_SUPPORT_END || fact->run <= later->after ||
		fact->run <= later->seen->support_run || !label_date_parse(&day, fact->value) ||
		!day)
		return;
	later->seen->support_run = fact->run;
	later->seen->support_end = day;
}

void
label_see(struct label_seen *seen, const struct label *label, const char *device_id)
{
	uint32_t after = seen->looked_run > label->run ? seen->looked_run : label->run;
	struct later_runs later = {.after = after};
	struct later_end end = {seen, label->run};
	struct fault ignored;

	if (!device_id[0] ||
		store_audits(engine.store, 0, device_id, RUNS_LOOKED_AT, on_later, &later) ||
		!later.n)
		return;
	struct audit_result *old = label->run ? label_result(label->run, &ignored) : NULL;
	for (size_t i = later.n; i; i--)
		compare(seen, label, old, later.run[i - 1]);
	seen->looked_run = later.run[0];
	result_free(old);
	if (store_maker_facts(engine.store, device_id, on_fact, &end))
		log_debug("label", "what is known of makers cannot be read");
}

static void
on_run(const struct stored_audit *row, void *arg)
{
	uint32_t *stamp = arg;

	if (row->ended_s)
		*stamp += row->run;
}

bool
label_runs_ended(void)
{
	static uint32_t known;
	uint32_t stamp = 0;

	if (store_audits(engine.store, 0, "", RUNS_LOOKED_AT, on_run, &stamp) || stamp == known)
		return false;
	known = stamp;
	return true;
}

/* --- its firmware ------------------------------------------------------------------------------- */

bool
label_firmware_now(const struct ward *ward, const char *model, char out[static LABEL_FIRMWARE_MAX],
	int64_t *since_s)
{
	const struct device *device = ward->device;
	const char *said = json_text_of(ward->facet[FACET_LABEL_FACTS], "firmware");
	const struct identifier *latest = NULL;
	char claimed[LABEL_FIRMWARE_MAX];

	out[0] = '\0';
	for (size_t i = 0; i < device->n_identifiers; i++) {
		const struct identifier *at = &device->identifier[i];
		if ((at->kind == IDENTIFIER_SSDP_SERVER || at->kind == IDENTIFIER_USER_AGENT ||
			    at->kind == IDENTIFIER_VENDOR_CLASS) &&
			(!latest || at->last_s > latest->last_s) &&
			label_firmware_in(at->claimed_value, model, claimed)) {
			latest = at;
			memcpy(out, claimed, sizeof claimed);
		}
	}
	if (since_s)
		*since_s = latest ? latest->first_s : 0;
	if (!latest && is_printable(said))
		snprintf(out, LABEL_FIRMWARE_MAX, "%.63s", said);
	return out[0];
}
