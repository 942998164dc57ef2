/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "check/declared.h"

int
check_find(const char *id)
{
	for (size_t i = 0; i < n_checks; i++)
		if (!strcmp(checks[i].id, id))
			return (int)i;
	return -1;
}

enum audit_stage
check_stage(size_t check)
{
	const struct check *row = &checks[check];

	if (!row->is_probed)
		return STAGE_END;
	return row->stage == STAGE_15M && row->consent >= CONSENT_INTRUDE
		       ? STAGE_90M
		       : (enum audit_stage)row->stage;
}

const char *
stage_word(enum audit_stage stage)
{
	static const char *const words[STAGE_COUNT] = {"15m", "90m", "72h"};

	return words[(unsigned)stage < STAGE_COUNT ? stage : STAGE_END];
}

/* --- findings ---------------------------------------------------------------------------------- */

void
finding_evidence(struct finding *finding, const struct exchange *exchange)
{
	if (!exchange)
		return;
	for (uint32_t i = 0; i < finding->n_evidence; i++)
		if (finding->evidence[i] == exchange->number)
			return;
	if (finding->n_evidence < FINDING_EVIDENCE_MAX)
		finding->evidence[finding->n_evidence++] = exchange->number;
}

void
finding_coverage(struct finding *finding, size_t n_tried, size_t n_all)
{
	finding->n_tried = (uint32_t)n_tried;
	finding->n_all = (uint32_t)(n_all > n_tried ? n_all : n_tried);
}

static struct finding *
place_for(struct findings *findings)
{
	if (findings->n < FINDINGS_MAX)
		return &findings->finding[findings->n++];
	findings->n_lost++;
	return &findings->lost;
}

static void __attribute__((format(printf, 2, 0)))
set_text(struct finding *finding, const char *fmt, va_list args)
{
	char text[2 * FINDING_TEXT_MAX];

	vsnprintf(text, sizeof text, fmt, args);
	if (is_printable(text)) /* with what was escaped already */
		snprintf(finding->text, sizeof finding->text, "%.*s", (int)sizeof finding->text - 1,
			text);
	else
		printable(finding->text, sizeof finding->text, text, strlen(text));
	assert(finding->text[0]);
}

static struct finding *__attribute__((format(printf, 6, 0)))
add(struct findings *findings, const char *provision, enum verdict_word word,
	enum inc_reason reason, const struct exchange *exchange, const char *fmt, va_list args)
{
	struct finding *finding = place_for(findings);

	assert((word == VERDICT_INC) == (reason != INC_NONE));
	*finding = (struct finding){
		.check = findings->check, .word = (uint8_t)word, .reason = (uint8_t)reason};
	snprintf(finding->provision, sizeof finding->provision, "%s", provision);
	set_text(finding, fmt, args);
	if (exchange) {
		finding->address = exchange->address;
		finding->proto = exchange->port ? exchange->proto : 0;
		finding->port = finding->proto ? exchange->port : 0;
		finding_evidence(finding, exchange);
	}
	return finding;
}

struct finding *
findings_add(struct findings *findings, const char *provision, enum verdict_word word,
	const struct exchange *exchange, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	struct finding *finding = add(findings, provision, word,
		word == VERDICT_INC ? INC_NOT_SEEN : INC_NONE, exchange, fmt, args);
	va_end(args);
	return finding;
}

struct finding *
findings_inc(struct findings *findings, const char *provision, enum inc_reason reason,
	const struct exchange *exchange, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	struct finding *finding =
		add(findings, provision, VERDICT_INC, reason, exchange, fmt, args);
	va_end(args);
	return finding;
}

struct finding *
findings_fail(struct findings *findings, const char *provision, const struct exchange *first,
	const struct exchange *second, const struct exchange *control, const char *fmt, ...)
{
	bool is_twice = second && second->number != first->number && second->round != first->round;
	va_list args;

	va_start(args, fmt);
	struct finding *finding =
		add(findings, provision, is_twice && control ? VERDICT_FAIL : VERDICT_INC,
			!is_twice  ? INC_NOT_REPRODUCED
			: !control ? INC_CONTROL_FAILED
				   : INC_NONE,
			first, fmt, args);
	va_end(args);
	finding_evidence(finding, second);
	finding_evidence(finding, control);
	return finding;
}

/* --- what the probe came to ---------------------------------------------------------------------- */

enum inc_reason
check_was_cut(const struct transcript *transcript, uint16_t check)
{
	enum inc_reason reason = INC_NOT_SEEN;
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, NULL))) {
		if (e->proto)
			continue;
		if (!strcmp(e->step, "begin"))
			reason = INC_TOOL_ERROR; /* unless an end follows */
		else if (!strcmp(e->step, "end") && !strcmp(e->note, "complete"))
			reason = INC_NONE;
		else if (!strcmp(e->step, "end") || !strcmp(e->step, "skipped"))
			reason = inc_reason_from_name(e->note) ? inc_reason_from_name(e->note)
							       : INC_TOOL_ERROR;
	}
	return reason;
}

bool
check_is_complete(const struct transcript *transcript, uint16_t check)
{
	return check_was_cut(transcript, check) == INC_NONE;
}

bool
check_may_speak_of(uint16_t check, const char *provision)
{
	size_t len = strlen(provision);
	const char *at = check < n_checks ? checks[check].provisions : "";

	if (check < n_checks && checks[check].is_document && !*at)
		return question_find(provision) >= 0;
	while (*at) {
		size_t word = strcspn(at, " ");
		if (word == len && !memcmp(at, provision, len))
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}
