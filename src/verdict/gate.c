/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/gate.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/check.h"

enum { DAY_S = 24 * 3600, HOUR_S = 3600 };

#define BIT(reason) (UINT32_C(1) << (reason))

const struct gate_profile gate_profiles[] = {
	{
		.id = "retailer",
		.meaning = "a product on a shelf in the United Kingdom: the three PSTI items, and "
			   "no mandatory provision failed",
		/* What the items rest on by way of Schedule 2. */
		.listed = "5.1-1 5.1-2 5.2-1 5.3-13",
		.holding = "PSTI-2.2",
		.open = GATE_OPEN_BEGUN,
		.consent = CONSENT_PASSIVE,
		.retest_days = 14,
	},
	{
		.id = "lab",
		.meaning = "a laboratory or a maker: every mandatory provision is settled, and "
			   "each recommendation that is not met has its recorded reason",
		.listed = "5.0-1",
		.holding = "",
		.open = GATE_OPEN_ALL,
		.consent = CONSENT_INTRUDE,
		.asks_for_reasons = true,
		.watch_hours = 24,
		.retest_days = 30,
	},
	{
		.id = "home",
		.meaning = "a home behind this gateway: nothing known that the gateway cannot "
			   "keep from harm",
		.listed = "5.1-1 5.5-1 5.6-1",
		.holding = "5.8-1",
		.failing = "5.1-1 5.1-2 5.1-3 5.3-2 5.3-10 5.5-1 5.5-5 5.5-7 5.6-4A 5.8-2",
		.open = GATE_OPEN_LISTED,
		.consent = CONSENT_PASSIVE,
		.retest_days = 30,
		/* What takes a laboratory or the maker to settle is not asked of an owner. */
		.bears = BIT(INC_ONE_UNIT) | BIT(INC_NO_IXIT) | BIT(INC_NOT_SEEN) |
			 BIT(INC_NO_IMAGE) | BIT(INC_NO_OPERATOR) | BIT(INC_UNDECRYPTED) |
			 BIT(INC_NO_CONSENT) | BIT(INC_FEWER_TRIED) | BIT(INC_LANGUAGE),
	},
	{
		.id = "hospital",
		.meaning = "a ward or a plant: as the retailer's, and what it does when network "
			   "or servers are away, and with hostile input, was looked at",
		.listed = "5.1-1 5.1-2 5.1-5 5.2-1 5.3-10 5.3-13 5.5-1 5.5-4 5.5-7 5.9-1 5.9-2 "
			  "5.13-1B",
		.holding = "5.5-4 5.5-6 5.6-5 5.8-1 5.9-1 5.9-2 5.9-3",
		.open = GATE_OPEN_BEGUN,
		.consent = CONSENT_INTRUDE,
		.watch_hours = 24,
		.retest_days = 7,
	},
};
const size_t n_gate_profiles = COUNT_OF(gate_profiles);

const struct gate_profile *
gate_profile_find(const char *id)
{
	for (size_t i = 0; i < n_gate_profiles; i++)
		if (!strcmp(gate_profiles[i].id, id))
			return &gate_profiles[i];
	return NULL;
}

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
	[INC_DECLARED_NO] = 15,
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
is_in(const char *list, const char *id)
{
	size_t len = strlen(id);

	while (*list) {
		size_t word = strcspn(list, " ");
		if (word == len && !memcmp(list, id, len))
			return true;
		list += word + strspn(list + word, " ");
	}
	return false;
}

/* Does a failure of it keep the product back?  A failed recommendation mostly does not. */
static bool
holds(const struct gate_profile *profile, const char *id)
{
	const struct provision *provision = provision_find(id);
	bool is_mandatory = provision && provision->v3_class == 'M';

	if (!is_mandatory)
		return is_in(profile->holding, id);
	return !profile->failing || is_in(profile->failing, id);
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

static void
take_failures(
	const struct audit_result *result, const struct gate_profile *profile, struct gate *gate)
{
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		if (is_told(gate, finding))
			continue;
		if (finding->word != VERDICT_FAIL || !finding->n_evidence ||
			(!finding->is_critical && !holds(profile, finding->provision)))
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

static bool
is_open(const struct gate_profile *profile, const struct provision *at,
	const struct verdict *verdict)
{
	bool is_listed = is_in(profile->listed, at->id);

	if (verdict->word != VERDICT_INC || (at->v3_class != 'M' && !is_listed))
		return false;
	/* Nobody looked: only where somebody has to. */
	if (verdict->n_missing)
		return is_listed || profile->open == GATE_OPEN_ALL;
	return (is_listed || profile->open >= GATE_OPEN_BEGUN) &&
	       (!verdict->reasons || verdict->reasons & ~profile->bears);
}

/* Somebody said that it is met, or does not apply, and no test bears it out. */
static bool
is_said_alone(const struct audit_result *result, const char *id, const struct verdict *verdict)
{
	if (verdict->word != VERDICT_DECL && verdict->word != VERDICT_NA)
		return false;
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *finding = &result->finding[i];
		if (!strcmp(finding->provision, id) && finding->word != VERDICT_INC &&
			finding->word != VERDICT_DECL &&
			strcmp(result->check[finding->check].id, "declaration") != 0)
			return false;
	}
	return true;
}

static void
take_open(const struct audit_result *result, const struct gate_profile *profile, struct gate *gate)
{
	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *at = &provisions[i];
		struct verdict verdict =
			verdict_from_findings(at->id, result->finding, result->n_findings);
		/* What is asked for by name is not looked at by being declared, if one can look at it. */
		bool is_declared = is_said_alone(result, at->id, &verdict) && at->tier != 'D' &&
				   is_in(profile->listed, at->id);
		if (!is_declared && !is_open(profile, at, &verdict))
			continue;
		struct gate_reason *reason = add(gate, at->id, (enum verdict_word)verdict.word);
		if (!reason)
			continue;
		if (is_declared) {
			snprintf(reason->text, sizeof reason->text, "%.*s: declared, not looked at",
				(int)sizeof reason->text - 32, at->meaning);
			look_oneself(reason, at->methods);
			gate->operator_minutes += reason->operator_minutes;
			continue;
		}
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

/* Recommendations that are not met, and of which the maker has to have a record. */
static void
ask_for_reasons(const struct audit_result *result, struct gate *gate)
{
	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *at = &provisions[i];
		struct verdict verdict =
			verdict_from_findings(at->id, result->finding, result->n_findings);
		if (verdict.word != VERDICT_FAIL || at->v3_class == 'M')
			continue;
		struct gate_reason *reason = add(gate, at->id, VERDICT_FAIL);
		if (!reason)
			continue;
		reason->operator_minutes = minutes[INC_NO_IXIT];
		snprintf(reason->text, sizeof reason->text, "%.*s: recommended, and not met",
			(int)sizeof reason->text - 48, at->meaning);
		snprintf(reason->fix, sizeof reason->fix,
			"ask the maker for the recorded reason (5.0-1)");
		gate->operator_minutes += reason->operator_minutes;
	}
}

static void
add_run(struct gate *gate, enum inc_reason inc, const char *text, const char *fix)
{
	struct gate_reason *reason = add(gate, "run", VERDICT_INC);

	if (!reason)
		return;
	reason->inc = (uint8_t)inc;
	reason->operator_minutes = minutes[inc];
	snprintf(reason->text, sizeof reason->text, "%s", text);
	snprintf(reason->fix, sizeof reason->fix, "%s", fix);
	gate->operator_minutes += reason->operator_minutes;
}

/* What was not tried, or not for long enough, cannot have failed. */
static void
look_at_run(const struct audit_run *run, const struct gate_profile *profile, struct gate *gate)
{
	int64_t watched_s = run->ended_s - run->begun_s;
	char text[FINDING_TEXT_MAX], fix[120];

	if (run->consent < profile->consent)
		add_run(gate, INC_NO_CONSENT,
			"the run was not allowed to try what may interrupt the device",
			"run it again: --consent intrude");
	if (profile->watch_hours && watched_s < (int64_t)profile->watch_hours * HOUR_S) {
		snprintf(text, sizeof text, "the device was watched for %lld of %u hours",
			(long long)(watched_s > 0 ? watched_s / HOUR_S : 0), profile->watch_hours);
		snprintf(fix, sizeof fix, "run it again: --profile full --hours %u",
			profile->watch_hours);
		add_run(gate, INC_TIME_OUT, text, fix);
	}
	if (!run->is_complete)
		add_run(gate, INC_TIME_OUT, "the run did not come to its end",
			"wait until it has ended, or run it again");
}

void
gate_from_result(
	const struct audit_result *result, const struct gate_profile *profile, struct gate *gate)
{
	memset(gate, 0, sizeof *gate);
	take_failures(result, profile, gate);
	if (gate->n_reasons || gate->n_more) {
		gate->answer = GATE_HOLD;
		gate->retest_s = result->run.ended_s + profile->retest_days * DAY_S;
		return;
	}
	take_open(result, profile, gate);
	if (profile->asks_for_reasons)
		ask_for_reasons(result, gate);
	look_at_run(&result->run, profile, gate);
	gate->answer = gate->n_reasons || gate->n_more ? GATE_LABORATORY : GATE_SHELF;
}
