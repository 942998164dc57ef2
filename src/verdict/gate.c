/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/gate.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"

enum { DAY_S = 24 * 3600 };

/* What the PSTI items rest on by way of Schedule 2. */
static const char *const psti[] = {"5.1-1", "5.1-2", "5.2-1", "5.3-13"};

static const char *const words[GATE_ANSWER_COUNT] = {
	[GATE_UNKNOWN] = "unknown",
	[GATE_SHELF] = "shelf",
	[GATE_HOLD] = "hold",
	[GATE_LABORATORY] = "laboratory",
};

/* Of a person, to bring about what would settle it; estimates, said as such. */
static const uint16_t minutes[INC_COUNT] = {
	[INC_ONE_UNIT] = 5,
	[INC_NO_IXIT] = 15,
	[INC_NOT_SEEN] = 5,
	[INC_TIME_OUT] = 1,
	[INC_FAR_END_DOWN] = 1,
	[INC_TOOL_ERROR] = 5,
	[INC_DEVICE_LOST] = 2,
	[INC_NOT_REPRODUCED] = 1,
	[INC_CONTROL_FAILED] = 10,
	[INC_NO_CONSENT] = 1,
	[INC_NO_OPERATOR] = 10,
	[INC_NO_IMAGE] = 15,
	[INC_UNDECRYPTED] = 15,
	[INC_CRAWL_BUDGET] = 2,
	[INC_LANGUAGE] = 15,
	[INC_LOCKED_OUT] = 2,
	[INC_FEWER_TRIED] = 1,
};

const char *
gate_answer_word(enum gate_answer answer)
{
	return words[(unsigned)answer < GATE_ANSWER_COUNT ? answer : GATE_UNKNOWN];
}

/* Of a provision that nobody looked at: how a person looks, by what its row says. */
static const struct {
	const char *method;
	uint16_t minutes;
	const char *fix;
} ways[] = {
	{"WEB", 5, "look at what the maker publishes, and keep the page"},
	{"HUM", 5, "try it on the device, and on a second unit where passwords are compared"},
	{"DECL", 15, "ask the maker for the declaration (ICS, IXIT)"},
	{"FW", 15, "give the firmware image"},
};

static struct gate_reason *
add(struct gate *gate, const char *provision, enum verdict_word word)
{
	if (gate->n_reasons == GATE_REASONS_MAX) {
		gate->n_more++;
		return NULL;
	}
	struct gate_reason *reason = &gate->reason[gate->n_reasons++];
	snprintf(reason->provision, sizeof reason->provision, "%s", provision);
	reason->word = (uint8_t)word;
	return reason;
}

static bool
is_mandatory(const char *id)
{
	const struct provision *provision = provision_find(id);
	return provision && provision->v3_class == 'M';
}

static void
keep_closed(struct gate *gate, const struct finding *finding)
{
	for (size_t i = 0; i < gate->n_closed; i++)
		if (gate->closed[i].proto == finding->proto &&
			gate->closed[i].port == finding->port)
			return;
	if (!finding->port || gate->n_closed == COUNT_OF(gate->closed))
		return;
	gate->closed[gate->n_closed].proto = finding->proto;
	gate->closed[gate->n_closed++].port = finding->port;
}

/* The same over IPv4 and over IPv6 is one reason. */
static bool
is_told(const struct gate *gate, const struct finding *finding)
{
	for (size_t i = 0; i < gate->n_reasons; i++)
		if (!strcmp(gate->reason[i].provision, finding->provision) &&
			!strcmp(gate->reason[i].text, finding->text))
			return true;
	return false;
}

/* A failed recommendation is told in the report; it keeps nothing off the shelf. */
static void
take_failures(const struct audit_result *result, struct gate *gate)
{
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		if (is_told(gate, finding))
			continue;
		if (finding->word != VERDICT_FAIL || !finding->n_evidence ||
			(!finding->is_critical && !is_mandatory(finding->provision)))
			continue;
		if (finding->is_critical)
			keep_closed(gate, finding);
		struct gate_reason *reason = add(gate, finding->provision, VERDICT_FAIL);
		if (!reason)
			continue;
		snprintf(reason->text, sizeof reason->text, "%s", finding->text);
		if (finding->check < result->n_checks)
			snprintf(reason->fix, sizeof reason->fix, "%s",
				result->check[finding->check].for_maker);
	}
}

/* The one that takes a person longest stands for the provision. */
static enum inc_reason
dearest(uint32_t reasons)
{
	enum inc_reason at = INC_NOT_SEEN;

	for (unsigned i = INC_NONE + 1; i < INC_COUNT; i++)
		if (reasons >> i & 1 && (minutes[i] > minutes[at] || !(reasons >> at & 1)))
			at = (enum inc_reason)i;
	return at;
}

static bool
is_psti(const char *id)
{
	for (size_t i = 0; i < COUNT_OF(psti); i++)
		if (!strcmp(psti[i], id))
			return true;
	return false;
}

static void
look_oneself(struct gate_reason *reason, const char *methods)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		if (!methods || !strstr(methods, ways[i].method))
			continue;
		reason->operator_minutes = ways[i].minutes;
		snprintf(reason->fix, sizeof reason->fix, "%s", ways[i].fix);
		return;
	}
}

/* The PSTI items have to be looked at; of the others, only what was begun is asked for. */
static void
take_open(const struct audit_result *result, struct gate *gate)
{
	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *at = &provisions[i];
		struct verdict verdict =
			verdict_from_findings(at->id, result->finding, result->n_findings);
		if (verdict.word != VERDICT_INC || at->v3_class != 'M' ||
			(verdict.n_missing && !is_psti(at->id)))
			continue;
		struct gate_reason *reason = add(gate, at->id, VERDICT_INC);
		if (!reason)
			continue;
		reason->inc = (uint8_t)dearest(verdict.reasons);
		reason->operator_minutes = minutes[reason->inc];
		snprintf(reason->text, sizeof reason->text, "%.*s%s", (int)sizeof reason->text - 32,
			at->meaning, verdict.n_missing ? ": nobody looked at it" : ": not settled");
		snprintf(reason->fix, sizeof reason->fix, "%s",
			inc_reason_settles((enum inc_reason)reason->inc));
		if (verdict.n_missing)
			look_oneself(reason, at->methods);
		gate->operator_minutes += reason->operator_minutes;
	}
}

void
gate_from_result(const struct audit_result *result, struct gate *gate)
{
	memset(gate, 0, sizeof *gate);
	take_failures(result, gate);
	if (gate->n_reasons || gate->n_more) {
		gate->answer = GATE_HOLD;
		gate->retest_s = result->run.ended_s + GATE_RETEST_DAYS * DAY_S;
		return;
	}
	take_open(result, gate);
	gate->answer = gate->n_reasons || gate->n_more || !result->run.is_complete ? GATE_LABORATORY
										   : GATE_SHELF;
}
