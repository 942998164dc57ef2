/* SPDX-License-Identifier: Apache-2.0 */
#include "label/report_words.h"

#include <string.h>
#include <time.h>

const char report_legend[] =
	"PASS: shown to be met. FAIL: shown not to be met, twice, with a negative control. NFF: no "
	"failure found within what was looked at. INC: inconclusive, with the reason. DECL: "
	"declared "
	"and not tested. NA: does not apply, and that was shown. Exchange numbers refer to "
	"probes.jsonl in the evidence pack, from which everybody can judge again.";
const char report_limits[] =
	"Provisions about the maker's processes, about what a person must do or see, and about the "
	"inside of the device are not tested by a device's traffic; where the table says \"nobody "
	"looked\", nobody did.";
const char report_no_failure[] = "No failure was proved. That is no proof that there is none: see "
				 "below what was not tested.";
const char report_no_certificate[] = "This is not a certificate of conformity. Identifiers refer "
				     "to the standards; the wording is "
				     "ours.";

const char *
report_sentence(uint8_t word)
{
	static const char *const sentences[VERDICT_WORD_COUNT] = {
		[VERDICT_UNKNOWN] = "not looked at",
		[VERDICT_NA] = "does not apply",
		[VERDICT_PASS] = "met",
		[VERDICT_DECL] = "declared by the maker, not tested",
		[VERDICT_NFF] = "nothing wrong was found, as far as was looked",
		[VERDICT_INC] = "could not be decided",
		[VERDICT_FAIL] = "not met",
	};

	return sentences[word < VERDICT_WORD_COUNT ? word : VERDICT_UNKNOWN];
}

const char *
report_name(const struct audit_result *result)
{
	const struct audited_device *device = &result->device;

	if (*device->name)
		return device->name;
	return *device->claimed_model ? device->claimed_model : device->id;
}

void
report_utc(char out[static 32], int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm tm;

	if (!seconds || !gmtime_r(&at, &tm) || !strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm))
		snprintf(out, 32, "not yet");
}

void
report_settles(FILE *out, const struct verdict *verdict)
{
	uint32_t reasons = verdict->reasons;
	bool is_first = true;

	if (verdict->n_missing) {
		/* The reason of what nobody looked at is that, and not a lack of time. */
		fputs("look at it, which no check of this run did", out);
		reasons &= ~(1u << INC_NOT_SEEN);
		is_first = false;
	}
	for (unsigned i = INC_NONE + 1; i < INC_COUNT; i++)
		if (reasons & 1u << i) {
			fprintf(out, "%s%s", is_first ? "" : "; ",
				inc_reason_settles((enum inc_reason)i));
			is_first = false;
		}
}

void
report_place(FILE *out, const struct finding *finding)
{
	if (finding->port)
		fprintf(out, " (%s port %u)", finding->proto == 17 ? "UDP" : "TCP", finding->port);
}

void
report_coverage(FILE *out, const struct finding *finding)
{
	if (finding->n_all)
		fprintf(out, "%u of %u", finding->n_tried, finding->n_all);
}

void
report_evidence(FILE *out, const struct finding *finding)
{
	uint32_t n = finding->n_evidence < FINDING_EVIDENCE_MAX ? finding->n_evidence
								: FINDING_EVIDENCE_MAX;

	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "%s %u", i ? "," : "exchange", finding->evidence[i]);
}

const char *
report_not_tested(const struct audit_check *check)
{
	static const char *const because[AUDIT_STEP_COUNT] = {
		[AUDIT_STEP_UNKNOWN] = "not run",
		[AUDIT_STEP_BEGUN] = "begun and not ended",
		[AUDIT_STEP_SKIPPED] = "left out: no consent, or no time left",
		[AUDIT_STEP_LOST] = "the device stopped answering in it",
	};

	return check->step < AUDIT_STEP_COUNT ? because[check->step] : "not run";
}

bool
report_is_told(const struct audit_result *result, size_t at)
{
	const struct finding *one = &result->finding[at];

	if (one->word != VERDICT_FAIL)
		return false;
	/* A fault at a place concerns several provisions, and is mended once. */
	for (size_t i = 0; i < at; i++) {
		const struct finding *before = &result->finding[i];
		if (before->word == VERDICT_FAIL && before->check == one->check &&
			before->port == one->port && before->proto == one->proto)
			return false;
	}
	return true;
}

bool
report_is_closed(const struct audit_result *result, const struct finding *finding)
{
	return finding->is_critical && strcmp(result->device.class, "critical") != 0;
}
