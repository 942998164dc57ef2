/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of a finding: since when it is known, to whom, since when there is a fix,
 * since when it is installed here, and how long the gateway stood before it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json_strict.h"
#include "process/engine_label.h"

enum { LOOK_EVERY_S = 2 };

static const struct {
	const char *word;
	size_t at;
} fix_steps[] = {
	{"reported", offsetof(struct label_fix, reported)},
	{"acknowledged", offsetof(struct label_fix, acknowledged)},
	{"fixed", offsetof(struct label_fix, fixed)},
	{"installed", offsetof(struct label_fix, installed)},
	{"disclose", offsetof(struct label_fix, disclose)},
};

size_t
label_fixes(const struct ward *ward, struct label_fix out[static LABEL_FIXES_MAX])
{
	json_t *row;
	size_t i, n = 0;

	json_array_foreach(ward->facet[FACET_LABEL_FIXES], i, row)
	{
		struct label_fix fix = {0};
		if (n == LABEL_FIXES_MAX || !json_take_text(fix.provision, sizeof fix.provision,
						    json_object_get(row, "provision")))
			continue;
		for (size_t k = 0; k < COUNT_OF(fix_steps); k++) {
			const char *date =
				json_string_value(json_object_get(row, fix_steps[k].word));
			int32_t day = 0;
			if (date && label_date_parse(&day, date))
				memcpy((uint8_t *)&fix + fix_steps[k].at, &day, sizeof day);
		}
		out[n++] = fix;
	}
	return n;
}

/* Since when its port is closed for this finding at the gateway; 0: it is not. */
static int32_t
shielded_since(const struct ward *ward, const struct finding *finding)
{
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_CONTAINMENT], i, row)
	{
		const char *act = json_string_value(json_object_get(row, "act"));
		if (act && !strcmp(act, "patch") && finding->port &&
			json_integer_value(json_object_get(row, "port")) == finding->port &&
			json_integer_value(json_object_get(row, "proto")) == finding->proto)
			return label_day(json_integer_value(json_object_get(row, "since")));
	}
	return 0;
}

void
label_fix_clock(const struct ward *ward, const struct label *label,
	const struct audit_result *result, json_t *clock)
{
	struct label_fix fix[LABEL_FIXES_MAX];
	size_t n_fixes = label_fixes(ward, fix);
	int64_t now_s = clock_wall_s();

	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *at = &result->finding[i];
		const struct label_fix *known = NULL;
		char date[LABEL_DATE_MAX];
		if (at->word != VERDICT_FAIL || !at->n_evidence)
			continue;
		for (size_t k = 0; k < n_fixes; k++)
			if (!strcmp(fix[k].provision, at->provision))
				known = &fix[k];
		int32_t shield = shielded_since(ward, at);
		json_t *row = json_pack("{s:s, s:s, s:i, s:b}", "provision", at->provision, "text",
			at->text, "port", at->port, "critical", at->is_critical);
		label_date(date, label_day(label->tested_s));
		json_object_set_new(row, "found", json_string(date));
		for (size_t k = 0; k < COUNT_OF(fix_steps); k++) {
			int32_t day = 0;
			if (known)
				memcpy(&day, (const uint8_t *)known + fix_steps[k].at, sizeof day);
			label_date(date, day);
			json_object_set_new(row, fix_steps[k].word, json_string(date));
		}
		int32_t until = known && known->installed ? known->installed : label_day(now_s);
		json_object_set_new(row, "days_shielded",
			json_integer(shield && until >= shield ? until - shield + 1 : 0));
		json_array_append_new(clock, row);
	}
}

/* --- installed here ----------------------------------------------------------------------------- */

/* The model by which it calls itself, or its owner does. */
static const char *
model_of(const struct ward *ward)
{
	const char *said = json_text_of(ward->facet[FACET_LABEL_FACTS], "model");
	const struct identifier *claimed = device_identifier(ward->device, IDENTIFIER_MDNS_MODEL);

	return *said || !claimed ? said : claimed->claimed_value;
}

/* The first row whose fix the device has since; NULL: none. */
static const char *
installed_now(const struct ward *ward, char firmware[static LABEL_FIRMWARE_MAX])
{
	json_t *row;
	size_t i;

	json_array_foreach(ward->facet[FACET_LABEL_FIXES], i, row)
	{
		const char *fixed_in = json_text_of(row, "firmware");
		if (*fixed_in && !*json_text_of(row, "installed") &&
			label_firmware_now(ward, model_of(ward), firmware, NULL) &&
			label_version_compare(firmware, fixed_in) >= 0)
			return json_text_of(row, "provision");
	}
	return NULL;
}

/* The day on which it was first seen to have the firmware that mends it. */
static void
note_installed(struct ward *ward, const char *provision, const char *firmware)
{
	json_t *list = json_deep_copy(ward->facet[FACET_LABEL_FIXES]), *row;
	char date[LABEL_DATE_MAX], of[PROVISION_ID_MAX];
	struct change change;
	struct fault why;
	int64_t journal;
	size_t i;

	snprintf(of, sizeof of, "%s", provision);
	label_date(date, label_day(clock_wall_s()));
	json_array_foreach(list, i, row) if (!strcmp(json_text_of(row, "provision"), of))
		json_object_set_new(row, "installed", json_string(date));
	change_init(&change, "pinfold", "label.fix");
	snprintf(change.text, sizeof change.text, "%.60s has firmware %.63s, which mends %s",
		device_label(ward->device), firmware, of);
	change_set(&change, ward, FACET_LABEL_FIXES, list);
	if (!change_commit(&change, &journal, &why))
		event(EVENT_NOTICE, ward, "label-fix-installed", of,
			"has firmware %s, which mends %s", firmware, of);
}

void
label_fix_look(void)
{
	static int64_t looked_s;
	int64_t now_s = clock_wall_s();
	char firmware[LABEL_FIRMWARE_MAX];

	if (now_s < CLOCK_SANE_S || (now_s - looked_s < LOOK_EVERY_S && now_s >= looked_s))
		return;
	looked_s = now_s;
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		const char *provision = ward->facet[FACET_LABEL_FIXES] && ward->device
						? installed_now(ward, firmware)
						: NULL;
		if (provision)
			note_installed(ward, provision, firmware);
	}
}

/* --- what the owner says of it ------------------------------------------------------------------ */

json_t *
label_fix(const json_t *args, const char *who, int64_t *journal, struct fault *why)
{
	char provision[PROVISION_ID_MAX], step[16], date[LABEL_DATE_MAX];
	char firmware[LABEL_FIRMWARE_MAX] = "";
	struct ward *ward = label_ward_arg(args, why);
	json_t *row = NULL, *at;
	struct change change;
	bool is_step = false;
	int32_t day;
	size_t i;

	if (!ward || !label_text_arg(args, "provision", provision, sizeof provision, why) ||
		!label_text_arg(args, "step", step, sizeof step, why))
		return NULL;
	if (json_object_get(args, "firmware") &&
		!label_text_arg(args, "firmware", firmware, sizeof firmware, why))
		return NULL;
	label_date(date, label_day(clock_wall_s()));
	if (json_object_get(args, "date") && !label_text_arg(args, "date", date, sizeof date, why))
		return NULL;
	for (size_t k = 0; k < COUNT_OF(fix_steps); k++)
		is_step |= !strcmp(fix_steps[k].word, step);
	if (!is_step || !label_date_parse(&day, date)) {
		fault_set(why, ERR_INVALID,
			"the step is reported, acknowledged, fixed, installed or disclose, the day "
			"like 2030-12-31");
		return NULL;
	}
	if (firmware[0] && strcmp(step, "fixed") != 0) {
		fault_set(why, ERR_INVALID, "a firmware stands with the step \"fixed\" alone");
		return NULL;
	}
	json_t *list = ward->facet[FACET_LABEL_FIXES]
			       ? json_deep_copy(ward->facet[FACET_LABEL_FIXES])
			       : json_array();
	json_array_foreach(list, i, at)
	{
		const char *of = json_string_value(json_object_get(at, "provision"));
		if (of && !strcmp(of, provision))
			row = at;
	}
	if (!row && json_array_size(list) < LABEL_FIXES_MAX) {
		row = json_pack("{s:s}", "provision", provision);
		json_array_append_new(list, row);
	}
	if (!row) {
		json_decref(list);
		fault_set(why, ERR_FULL, "%d findings are followed already", LABEL_FIXES_MAX);
		return NULL;
	}
	json_object_set_new(row, step, json_string(date));
	if (firmware[0])
		json_object_set_new(row, "firmware", json_string(firmware));
	change_init(&change, who, "label.fix");
	snprintf(change.text, sizeof change.text, "%s: %s is %s since %s%s%s",
		device_label(ward->device), provision, step, date,
		firmware[0] ? " in firmware " : "", firmware);
	change_set(&change, ward, FACET_LABEL_FIXES, list);
	if (change_commit(&change, journal, why))
		return NULL;
	return json_pack("{s:s}", "text", change.text);
}
