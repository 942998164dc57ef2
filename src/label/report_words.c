/* SPDX-License-Identifier: Apache-2.0 */
#include "label/report_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check/check.h"
#include "verdict/condition.h"

const char report_legend[] =
	"PASS: shown to be met. FAIL: shown not to be met, twice, with a negative control. NFF: no "
	"failure found within what was looked at. INC: inconclusive, with the reason. DECL: "
	"declared "
	"and not tested. NA: does not apply, and that was shown. Exchange numbers refer to "
	"probes.jsonl in the evidence pack, from which everybody can judge again.";
const char report_by_standard[] =
	"How many lines of each got which verdict. There is no score: one FAIL is not made good by "
	"many that are met. Unchecked: that the line asks for the same was not yet compared with "
	"its text.";
const char report_declared[] = "Somebody said this, and no test bears it out. DECL: said to be so. "
			       "NA: said not to apply. INC: "
			       "said not to be met, or it fits nothing that was seen.";
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
		[VERDICT_DECL] = "declared, not tested",
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

const char *
report_text(const struct finding *finding, char out[static REPORT_TEXT_MAX])
{
	size_t len = strspn(finding->text, "abcdefghijklmnopqrstuvwxyz");

	snprintf(out, REPORT_TEXT_MAX, "%s", finding->text);
	/* A word, and not a name such as "camera.example". */
	if (len && strchr(" ,", finding->text[len]))
		out[0] = (char)toupper((unsigned char)out[0]);
	return out;
}

struct built {
	char *text;
	size_t len;
	FILE *file;
};

static FILE *
build(struct built *built)
{
	built->text = NULL;
	built->file = open_memstream(&built->text, &built->len);
	if (!built->file)
		abort();
	return built->file;
}

static char *
built_text(struct built *built)
{
	if (fclose(built->file))
		abort();
	return built->text;
}

char *
report_settles(const struct verdict *verdict)
{
	uint32_t reasons = verdict->reasons;
	bool is_first = true;
	struct built built;
	FILE *out = build(&built);

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
	return built_text(&built);
}

static bool
has_port(const struct finding *finding)
{
	char port[16];
	const char *at;

	snprintf(port, sizeof port, "port %u", finding->port);
	at = strstr(finding->text, port);
	return at && !isdigit((unsigned char)at[strlen(port)]);
}

char *
report_place(const struct finding *finding, bool with_address)
{
	struct built built;
	FILE *out = build(&built);
	bool with_port = finding->port && !has_port(finding);
	char address[IP_TEXT_MAX];

	with_address = with_address && finding->address.version;
	if (!with_port && !with_address)
		return built_text(&built);
	fputs(" (", out);
	if (with_port)
		fprintf(out, "%s port %u", finding->proto == 17 ? "UDP" : "TCP", finding->port);
	if (with_address)
		fprintf(out, "%s%s", with_port ? ", " : "", ip_render(&finding->address, address));
	fputs(")", out);
	return built_text(&built);
}

static void
put_evidence(FILE *out, const struct finding *finding)
{
	uint32_t n = finding->n_evidence < FINDING_EVIDENCE_MAX ? finding->n_evidence
								: FINDING_EVIDENCE_MAX;

	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "%s %u", i ? "," : "exchange", finding->evidence[i]);
}

char *
report_evidence(const struct finding *finding)
{
	struct built built;

	put_evidence(build(&built), finding);
	return built_text(&built);
}

char *
report_absent(const struct audit_result *result, const struct provision *provision)
{
	const char *cell = provision->v3_condition;
	struct built built;
	FILE *out = build(&built);

	while (cell && *cell) {
		size_t len = strcspn(cell, ";");
		char key[PROVISION_ID_MAX] = "";
		memcpy(key, cell, len < sizeof key ? len : sizeof key - 1);
		cell += len + (cell[len] == ';');
		if (verdict_from_findings(key, result->finding, result->n_findings).word !=
			VERDICT_NA)
			continue;
		fprintf(out, "It was shown not to be so that %s.", condition_text(key));
		for (size_t i = 0; i < result->n_findings; i++)
			if (!strcmp(result->finding[i].provision, key)) {
				fputs(" [", out);
				put_evidence(out, &result->finding[i]);
				fputs("]", out);
			}
		break;
	}
	return built_text(&built);
}

bool
report_not_tested(
	const struct audit_result *result, size_t *at, const char **title, const char **because)
{
	static const char *const steps[AUDIT_STEP_COUNT] = {
		[AUDIT_STEP_UNKNOWN] = "not run",
		[AUDIT_STEP_BEGUN] = "begun and not ended",
		[AUDIT_STEP_SKIPPED] = "left out: no consent, or no time left",
		[AUDIT_STEP_LOST] = "the device stopped answering in it",
	};

	for (; *at < result->n_checks; ++*at) {
		const struct audit_check *check = &result->check[*at];
		if (check->step == AUDIT_STEP_DONE)
			continue;
		*title = *check->title ? check->title : check->id;
		*because = steps[check->step < AUDIT_STEP_COUNT ? check->step : 0];
		++*at;
		return true;
	}
	/* Then those that exist and that the run does not know of. */
	while (*at - result->n_checks < n_checks) {
		const struct check *check = &checks[*at - result->n_checks];
		++*at;
		if (result_check_place(result, check->id) < result->n_checks)
			continue;
		*title = check->title;
		*because = "no part of this run";
		return true;
	}
	return false;
}

size_t
report_unchecked(const struct standard_verdict *standard)
{
	size_t n = 0;

	for (size_t i = 0; i < standard->n; i++)
		n += standard->requirement[i].is_unchecked;
	return n;
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
report_is_declared(const struct audit_result *result, const struct finding *finding)
{
	int place = check_find(result->check[finding->check].id);

	return place >= 0 && checks[place].is_document;
}

const char *
report_declared_of(const struct audit_result *result, const struct finding *finding,
	const struct finding **but)
{
	const struct provision *provision = provision_find(finding->provision);
	const char *condition = condition_text(finding->provision);

	*but = condition && finding->word == VERDICT_NA
		       ? condition_seen(finding->provision, result->finding, result->n_findings)
		       : NULL;
	return provision   ? provision->meaning
	       : condition ? condition
	       : !strcmp(finding->provision, "PSTI-3.5")
		       ? "Where the maker sells it, the end of support stands out"
		       : "a paper of the product";
}

bool
report_is_closed(const struct audit_result *result, const struct finding *finding)
{
	return finding->is_critical && strcmp(result->device.class, "critical") != 0;
}

bool
report_works(const struct audit_result *result, int without, struct report_works *out)
{
	struct works list[WORKS_COUNT];

	works_from_findings(result->finding, result->n_findings, list);
	const struct works *works = &list[without];
	snprintf(out->name, sizeof out->name, "Works without %s", works->without);
	snprintf(out->value, sizeof out->value, "%s: %s", works->word, works->seen);
	return *works->seen != '\0';
}
