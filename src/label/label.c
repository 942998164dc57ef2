/* SPDX-License-Identifier: Apache-2.0 */
#include "label/label.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "check/check.h"

enum { DAY_S = 24 * 3600, MONTHS = 12 };

static const char *const clauses[LABEL_CLAUSES][2] = {
	{"5.1", "Passwords"},
	{"5.2", "Reporting of faults"},
	{"5.3", "Updates"},
	{"5.4", "Stored secrets"},
	{"5.5", "Communication"},
	{"5.6", "Open doors"},
	{"5.7", "Integrity of its software"},
	{"5.8", "Personal data"},
	{"5.9", "Outages"},
	{"5.10", "Telemetry"},
	{"5.11", "Deleting what is yours"},
	{"5.12", "Setting it up"},
	{"5.13", "Odd input"},
	{"6", "Data protection"},
};

const char *
label_clause_id(size_t at)
{
	return clauses[at][0];
}

const char *
label_clause_title(size_t at)
{
	return clauses[at][1];
}

/* --- dates and versions ----------------------------------------------------------------------- */

void
label_date(char out[static LABEL_DATE_MAX], int32_t day)
{
	time_t seconds = (time_t)day * DAY_S;
	struct tm tm;

	out[0] = '\0';
	if (day && gmtime_r(&seconds, &tm))
		strftime(out, LABEL_DATE_MAX, "%Y-%m-%d", &tm);
}

bool
label_date_parse(int32_t *day, const char *text)
{
	char again[LABEL_DATE_MAX];
	struct tm tm = {0};
	int used = 0;

	if (!*text) {
		*day = 0;
		return true;
	}
	if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
		sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3 ||
		used != 10 || tm.tm_year < 1971 || tm.tm_year > 2200)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	int32_t value = (int32_t)(timegm(&tm) / DAY_S);
	/* The 31st of February is another day. */
	label_date(again, value);
	if (strcmp(again, text))
		return false;
	*day = value;
	return true;
}

int32_t
label_day(int64_t seconds)
{
	return (int32_t)(seconds / DAY_S);
}

int
label_unprotected_months(const struct label *label)
{
	time_t from = (time_t)(label->sold ? label->sold : label_day(label->issued_s)) * DAY_S;
	time_t end = (time_t)label->support_end * DAY_S;
	struct tm life, support;

	if (!label->support_end || !label->life_years || !from || !gmtime_r(&from, &life) ||
		!gmtime_r(&end, &support))
		return -1;
	int months = (life.tm_year + label->life_years - support.tm_year) * MONTHS + life.tm_mon -
		     support.tm_mon;
	if (months > label->life_years * MONTHS)
		months = label->life_years * MONTHS;
	return months > 0 ? months : 0;
}

int
label_version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			a += strspn(a, "0");
			b += strspn(b, "0");
			size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
			int differs = n != m ? (n < m ? -1 : 1) : strncmp(a, b, n);
			if (differs)
				return differs;
			a += n;
			b += m;
			continue;
		}
		int differs = tolower((unsigned char)*a) - tolower((unsigned char)*b);
		if (differs)
			return differs;
		a++;
		b++;
	}
	return 0;
}

/* Where a version begins behind the name of the model; NULL: something else is there. */
static const char *
version_behind(const char *at)
{
	if (*at != '/' && *at != ' ')
		return NULL;
	at++;
	if (*at == 'v' || *at == 'V')
		at++;
	return isdigit((unsigned char)*at) ? at : NULL;
}

bool
label_firmware_in(
	const char *claim, const char *model, char claimed_firmware[static LABEL_FIRMWARE_MAX])
{
	static const char letters[] = "0123456789.-_+"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t model_len = strlen(model);

	for (const char *at = claim; model_len > 1 && (at = strcasestr(at, model)); at++) {
		const char *version = version_behind(at + model_len);
		if ((at > claim && isalnum((unsigned char)at[-1])) || !version)
			continue;
		size_t len = strspn(version, letters);
		while (len && !isalnum((unsigned char)version[len - 1]))
			len--;
		if (len >= LABEL_FIRMWARE_MAX)
			continue;
		memcpy(claimed_firmware, version, len);
		claimed_firmware[len] = '\0';
		return true;
	}
	return false;
}

bool
label_covers(const struct label *label, const char *firmware)
{
	int from = label_version_compare(firmware, label->firmware);

	if (!label->firmware[0])
		return false;
	return !from || (from > 0 && label->firmware_below[0] &&
				label_version_compare(firmware, label->firmware_below) < 0);
}

bool
label_is_url(const char *url)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:";
	static const char path[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~/";
	const char *at = url + 8;

	if (strncmp(url, "https://", 8))
		return false;
	size_t n = strspn(at, host);
	if (n < 3 || at[0] == '.' || at[0] == '-' || !memchr(at, '.', n) || strlen(url) > 120)
		return false;
	at += n;
	if (!*at)
		return true;
	return *at == '/' && strspn(at, path) == strlen(at) && !strstr(at, "//") &&
	       !strstr(at, "..") && at[strlen(at) - 1] != '/';
}

/* --- from an audit ------------------------------------------------------------------------------ */

static uint8_t
word_of(const struct audit_result *result, const char *const *provision, size_t n)
{
	struct verdict part[4];

	for (size_t i = 0; i < n; i++)
		part[i] = verdict_from_findings(provision[i], result->finding, result->n_findings);
	return verdict_roll_up(part, n).word;
}

static size_t
clause_at(const char *id)
{
	for (size_t i = 0; i < LABEL_CLAUSES; i++)
		if (!strcmp(clauses[i][0], id))
			return i;
	return LABEL_CLAUSES;
}

/* A failed recommendation is not hidden behind what is mandatory and was met. */
static void
take_clauses(struct label *label, const struct audit_result *result)
{
	struct standard_verdict *all = must_alloc(1, sizeof *all);

	verdict_of_clauses(result->finding, result->n_findings, all);
	for (size_t i = 0; i < all->n; i++) {
		const struct requirement *row = &all->requirement[i];
		size_t at = clause_at(row->id);
		if (at == LABEL_CLAUSES)
			continue;
		if (row->is_mandatory || row->verdict.word == VERDICT_FAIL || !label->clause[at])
			if (label->clause[at] != VERDICT_FAIL)
				label->clause[at] = row->verdict.word;
	}
	verdict_of_standard(STANDARD_EN303645_V3, result->finding, result->n_findings, all);
	memcpy(label->mandatory, all->mandatory, sizeof label->mandatory);
	memcpy(label->recommended, all->recommended, sizeof label->recommended);
	free(all);
}

static bool
is_same_place(const struct finding *a, const struct finding *b)
{
	return !strcmp(a->provision, b->provision) && a->port == b->port && a->proto == b->proto;
}

/* The same over IPv4 and IPv6, or by two checks, is one finding. */
static bool
is_counted(const struct audit_result *result, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (result->finding[i].word == VERDICT_FAIL && result->finding[i].n_evidence &&
			is_same_place(&result->finding[i], &result->finding[at]))
			return true;
	return false;
}

static const struct label_fix *
fix_of(const char *provision, const struct label_fix *fix, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(fix[i].provision, provision))
			return &fix[i];
	return NULL;
}

static void
take_finding(struct label *label, const struct finding *finding, const struct label_fix *fix,
	int32_t today, int32_t disclose_days)
{
	int32_t tested = label_day(label->tested_s);
	int32_t disclose = fix && fix->disclose ? fix->disclose
						: (fix && fix->reported ? fix->reported : tested) +
							  disclose_days;
	bool is_public = (fix && fix->fixed && fix->fixed <= today) || disclose <= today;

	label->open_all++;
	label->open_critical += finding->is_critical;
	if (!provision_find(finding->provision))
		label->failed_other++;
	if (!is_public || label->n_findings == LABEL_FINDINGS_MAX) {
		label->n_withheld++;
		return;
	}
	memcpy(label->finding[label->n_findings].provision, finding->provision,
		sizeof finding->provision);
	memcpy(label->finding[label->n_findings++].text, finding->text, sizeof finding->text);
}

static bool
has_done(const struct audit_result *result, const char *check)
{
	uint16_t place = result_check_place(result, check);

	return place < result->n_checks && result->check[place].is_planned &&
	       result->check[place].step == AUDIT_STEP_DONE;
}

bool
label_run_replaces(const struct audit_result *later, const struct audit_result *earlier)
{
	for (size_t i = 0; i < earlier->n_findings; i++) {
		const struct finding *at = &earlier->finding[i];
		if (at->word == VERDICT_FAIL && at->n_evidence &&
			!has_done(later, earlier->check[at->check].id))
			return false;
	}
	return true;
}

void
label_from_result(struct label *label, const struct audit_result *result,
	const struct label_fix *fix, size_t n_fixes, int32_t today, int32_t disclose_days)
{
	static const char *const passwords[] = {"5.1-1", "5.1-2"};
	static const char *const reporting[] = {"5.2-1"};
	static const char *const support[] = {"5.3-13"};
	static const char *const offline[] = {"5.9-2"};
	static const char *const paces[PACE_COUNT] = {"gentle", "lab"};
	static const char *const consents[CONSENT_COUNT] = {
		"passive", "probe", "intrude", "destroy"};
	const struct audit_run *run = &result->run;

	label->run = run->number;
	label->units = run->units;
	label->tested_s = run->ended_s;
	label->is_complete = run->is_complete;
	snprintf(label->tool, sizeof label->tool, "%s", run->tool);
	snprintf(label->ruleset, sizeof label->ruleset, "%s", run->ruleset);
	snprintf(label->pace, sizeof label->pace, "%s",
		paces[run->pace < PACE_COUNT ? run->pace : 0]);
	snprintf(label->consent, sizeof label->consent, "%s",
		consents[run->consent < CONSENT_COUNT ? run->consent : 0]);
	label->n_checks = 0;
	for (size_t i = 0; i < result->n_checks && label->n_checks < LABEL_CHECKS_MAX; i++)
		if (result->check[i].is_planned && result->check[i].step == AUDIT_STEP_DONE)
			memcpy(label->check[label->n_checks++], result->check[i].id,
				RESULT_CHECK_ID_MAX);
	memset(label->clause, 0, sizeof label->clause);
	take_clauses(label, result);
	label->passwords = word_of(result, passwords, COUNT_OF(passwords));
	label->reporting = word_of(result, reporting, 1);
	label->support = word_of(result, support, 1);
	label->offline = word_of(result, offline, 1);
	label->failed_other = label->open_critical = label->open_all = label->n_withheld = 0;
	label->n_findings = 0;
	for (size_t i = 0; i < result->n_findings; i++) {
		const struct finding *at = &result->finding[i];
		if (at->word == VERDICT_FAIL && at->n_evidence && !is_counted(result, i))
			take_finding(label, at, fix_of(at->provision, fix, n_fixes), today,
				disclose_days);
	}
}

void
label_id(struct label *label, const uint8_t key[static ISSUER_PUBLIC_LEN])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	const char *part[] = {
		LABEL_SCHEMA, label->device, label->maker, label->model, label->hardware};
	struct hash_part parts[1 + COUNT_OF(part)] = {{key, ISSUER_PUBLIC_LEN}};
	uint8_t hash[HASH_LEN];
	uint32_t bits = 0;
	size_t n = 0, have = 0;

	for (size_t i = 0; i < COUNT_OF(part); i++) {
		/* Of a device, its id alone: what is known of its model may grow. */
		bool counts = i < 2 || !label->device[0];
		parts[1 + i] =
			(struct hash_part){counts ? part[i] : "", counts ? strlen(part[i]) + 1 : 1};
	}
	hash_parts(parts, COUNT_OF(parts), hash);
	for (size_t i = 0; n < 16; i++) {
		bits = bits << 8 | hash[i];
		for (have += 8; have >= 5 && n < 16; have -= 5)
			label->id[n++] = letters[bits >> (have - 5) & 31];
	}
	label->id[n] = '\0';
}

/* --- JSON ----------------------------------------------------------------------------------------- */

enum field_kind { TEXT, TIME, COUNT, YEARS, DATE, TRUTH, WORD };

/* Members that are one value each, by the object that they stand in. */
static const struct field {
	const char *group, *key; /* group NULL: in the label itself */
	enum field_kind kind;
	size_t at, size;
	bool is_needed;
} fields[] = {
#define T(group, key, member, needed)                                                              \
	{                                                                                          \
		group, key, TEXT, offsetof(struct label, member),                                  \
			sizeof(((struct label *)0)->member), needed                                \
	}
#define F(group, key, kind, member)                                                                \
	{                                                                                          \
		group, key, kind, offsetof(struct label, member),                                  \
			sizeof(((struct label *)0)->member), false                                 \
	}
	T(NULL, "label", id, true),
	F(NULL, "revision", COUNT, revision),
	T(NULL, "iss", issuer, true),
	F(NULL, "iat", TIME, issued_s),
	F(NULL, "exp", TIME, until_s),
	T("issuer", "name", issuer_name, false),
	T("issuer", "kind", issuer_kind, false),
	T("product", "maker", maker, false),
	T("product", "model", model, false),
	T("product", "hardware", hardware, false),
	T("product", "gtin", gtin, false),
	T("product", "device", device, false),
	T("firmware", "tested", firmware, false),
	T("firmware", "below", firmware_below, false),
	T("updates", "responsible", responsible, false),
	T("updates", "policy", policy_url, false),
	F("updates", "support_end", DATE, support_end),
	F("updates", "last_update", DATE, last_update),
	F("updates", "sold_from", DATE, sold),
	F("updates", "life_years", YEARS, life_years),
	T("test", "tool", tool, false),
	T("test", "ruleset", ruleset, false),
	T("test", "reviewer", reviewer, false),
	F("test", "run", COUNT, run),
	F("test", "units", COUNT, units),
	F("test", "ended", TIME, tested_s),
	F("test", "complete", TRUTH, is_complete),
	T("test", "pace", pace, false),
	T("test", "consent", consent, false),
	F("verdicts", "passwords", WORD, passwords),
	F("verdicts", "reporting", WORD, reporting),
	F("verdicts", "support", WORD, support),
	F("verdicts", "offline", WORD, offline),
	F("verdicts", "failed_other", COUNT, failed_other),
	F("findings", "critical", COUNT, open_critical),
	F("findings", "open", COUNT, open_all),
	F("findings", "withheld", COUNT, n_withheld),
#undef T
#undef F
};

static const char *
word_name(uint8_t word)
{
	return word ? verdict_word_name((enum verdict_word)word) : "";
}

static json_t *
field_json(const struct label *label, const struct field *field)
{
	const uint8_t *at = (const uint8_t *)label + field->at;
	char date[LABEL_DATE_MAX];
	uint32_t count;
	int64_t time;
	int32_t number;

	switch (field->kind) {
	case TIME:
		memcpy(&time, at, sizeof time);
		return json_integer(time);
	case COUNT:
		memcpy(&count, at, sizeof count);
		return json_integer(count);
	case YEARS:
		memcpy(&number, at, sizeof number);
		return json_integer(number);
	case DATE:
		memcpy(&number, at, sizeof number);
		label_date(date, number);
		return json_string(date);
	case TRUTH:
		return json_boolean(*(const bool *)at);
	case WORD:
		return json_string(word_name(*at));
	case TEXT:
		break;
	}
	return json_string((const char *)at);
}

static json_t *
counts_json(const uint32_t count[static VERDICT_WORD_COUNT])
{
	json_t *out = json_object();

	for (unsigned i = VERDICT_NA; i < VERDICT_WORD_COUNT; i++)
		json_object_set_new(
			out, verdict_word_name((enum verdict_word)i), json_integer(count[i]));
	return out;
}

static void
add_lists(const struct label *label, json_t *out)
{
	json_t *verdicts = json_object_get(out, "verdicts"), *list = json_object();

	for (size_t i = 0; i < LABEL_CLAUSES; i++)
		json_object_set_new(list, clauses[i][0], json_string(word_name(label->clause[i])));
	json_object_set_new(verdicts, "clauses", list);
	json_object_set_new(verdicts, "mandatory", counts_json(label->mandatory));
	json_object_set_new(verdicts, "recommended", counts_json(label->recommended));
	list = json_array();
	for (size_t i = 0; i < label->n_checks; i++)
		json_array_append_new(list, json_string(label->check[i]));
	json_object_set_new(json_object_get(out, "test"), "checks", list);
	list = json_array();
	for (size_t i = 0; i < label->n_findings; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "provision", label->finding[i].provision,
				      "text", label->finding[i].text));
	json_object_set_new(json_object_get(out, "findings"), "public", list);
	list = json_array();
	for (size_t i = 0; i < label->n_shields; i++)
		json_array_append_new(list, json_string(label->shield[i]));
	json_object_set_new(out, "shield", list);
	list = json_array();
	for (size_t i = 0; i < n_label_needs; i++)
		if (!(label->met >> i & 1))
			json_array_append_new(list, json_string(label_needs[i].id));
	json_object_set_new(out, "not_met", list);
}

json_t *
label_to_json(const struct label *label)
{
	json_t *out = json_pack("{s:s, s:s}", "schema", LABEL_SCHEMA, "band",
		label_band_word((enum label_band)label->band));
	char uri[192];

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		json_t *in = out;
		if (fields[i].group && !(in = json_object_get(out, fields[i].group))) {
			in = json_object();
			json_object_set_new(out, fields[i].group, in);
		}
		json_object_set_new(in, fields[i].key, field_json(label, &fields[i]));
	}
	add_lists(label, out);
	json_object_set_new(json_object_get(out, "updates"), "unprotected_months",
		json_integer(label_unprotected_months(label)));
	snprintf(uri, sizeof uri, "%s/status-list.jwt", label->issuer);
	json_object_set_new(out, "status",
		json_pack("{s:{s:I, s:s}}", "status_list", "idx", (json_int_t)label->index, "uri",
			uri));
	return out;
}

char *
label_to_text(const struct label *label)
{
	json_t *json = label_to_json(label);
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	if (!text)
		abort();
	json_decref(json);
	return text;
}

static bool
word_from_json(uint8_t *out, const json_t *value)
{
	const char *name = json_string_value(value);

	if (!name)
		return false;
	*out = *name ? (uint8_t)verdict_word_from_name(name) : VERDICT_UNKNOWN;
	return !*name || *out != VERDICT_UNKNOWN;
}

static bool
field_from_json(struct label *label, const struct field *field, const json_t *value)
{
	uint8_t *at = (uint8_t *)label + field->at;
	json_int_t number = json_integer_value(value);
	uint32_t count = (uint32_t)number;
	int64_t time = number;
	int32_t small = (int32_t)number;

	if (!value)
		return !field->is_needed;
	switch (field->kind) {
	case TIME:
		memcpy(at, &time, sizeof time);
		return json_is_integer(value) && number >= 0 && number < INT64_C(8000000000);
	case COUNT:
		memcpy(at, &count, sizeof count);
		return json_is_integer(value) && number >= 0 && number < 1 << 30;
	case YEARS:
		memcpy(at, &small, sizeof small);
		return json_is_integer(value) && number >= 0 && number <= 100;
	case DATE:
		if (!json_is_string(value) || !label_date_parse(&small, json_string_value(value)))
			return false;
		memcpy(at, &small, sizeof small);
		return true;
	case TRUTH:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case WORD:
		return word_from_json(at, value);
	case TEXT:
		break;
	}
	return json_take_text((char *)at, field->size, value) && (*at || !field->is_needed);
}

static bool
counts_from_json(uint32_t count[static VERDICT_WORD_COUNT], const json_t *from)
{
	for (unsigned i = VERDICT_NA; i < VERDICT_WORD_COUNT; i++) {
		const json_t *value =
			json_object_get(from, verdict_word_name((enum verdict_word)i));
		json_int_t number = json_integer_value(value);
		if (!json_is_integer(value) || number < 0 || number > 10000)
			return false;
		count[i] = (uint32_t)number;
	}
	return true;
}

static bool
texts_from_json(const json_t *list, void *out, size_t size, size_t max, size_t *n)
{
	size_t i;
	json_t *row;

	if (!json_is_array(list) || json_array_size(list) > max)
		return false;
	json_array_foreach(
		list, i, row) if (!json_take_text((char *)out + i * size, size, row)) return false;
	*n = json_array_size(list);
	return true;
}

static bool
findings_from_json(struct label *label, const json_t *list)
{
	json_t *row;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > LABEL_FINDINGS_MAX)
		return false;
	json_array_foreach(
		list, i, row) if (!json_take_text(label->finding[i].provision, PROVISION_ID_MAX,
					  json_object_get(row, "provision")) ||
				  !json_take_text(label->finding[i].text, FINDING_TEXT_MAX,
					  json_object_get(row, "text"))) return false;
	label->n_findings = json_array_size(list);
	return true;
}

static bool
lists_from_json(struct label *label, const json_t *root)
{
	const json_t *verdicts = json_object_get(root, "verdicts");
	const json_t *list = json_object_get(verdicts, "clauses"), *row;
	size_t k;

	for (size_t i = 0; i < LABEL_CLAUSES; i++)
		if (!word_from_json(&label->clause[i], json_object_get(list, clauses[i][0])))
			return false;
	if (!counts_from_json(label->mandatory, json_object_get(verdicts, "mandatory")) ||
		!counts_from_json(label->recommended, json_object_get(verdicts, "recommended")) ||
		!texts_from_json(json_object_get(json_object_get(root, "test"), "checks"),
			label->check, RESULT_CHECK_ID_MAX, LABEL_CHECKS_MAX, &label->n_checks) ||
		!texts_from_json(json_object_get(root, "shield"), label->shield,
			sizeof label->shield[0], LABEL_SHIELDS_MAX, &label->n_shields) ||
		!findings_from_json(
			label, json_object_get(json_object_get(root, "findings"), "public")))
		return false;
	list = json_object_get(root, "not_met");
	if (!json_is_array(list))
		return false;
	label->met = (1U << n_label_needs) - 1;
	json_array_foreach(list, k, row) for (size_t i = 0; i < n_label_needs; i++)
	{
		const char *id = json_string_value(row);
		if (id && !strcmp(id, label_needs[i].id))
			label->met &= ~(1U << i);
	}
	return true;
}

bool
label_from_json(struct label *label, const json_t *root, struct fault *why)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const char *band = json_string_value(json_object_get(root, "band"));
	const json_t *index = json_object_get(
		json_object_get(json_object_get(root, "status"), "status_list"), "idx");

	memset(label, 0, sizeof *label);
	if (!schema || strcmp(schema, LABEL_SCHEMA)) {
		fault_set(why, ERR_UNSUPPORTED, "it is no label of the form " LABEL_SCHEMA);
		return false;
	}
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		const json_t *in = fields[i].group ? json_object_get(root, fields[i].group) : root;
		if (field_from_json(label, &fields[i], json_object_get(in, fields[i].key)))
			continue;
		fault_set(why, ERR_INVALID, "\"%s\" is missing, too long or out of bounds",
			fields[i].key);
		return false;
	}
	label->band = (uint8_t)label_band_from_word(band ? band : "");
	if (!json_is_integer(index) || json_integer_value(index) < 0 ||
		json_integer_value(index) >= 1 << 20 || !label->band ||
		!label_is_url(label->issuer) || !label->revision || !lists_from_json(label, root)) {
		fault_set(why, ERR_INVALID,
			"its lists, band, issuer or place in the status list "
			"cannot be read");
		return false;
	}
	label->index = (uint32_t)json_integer_value(index);
	return true;
}
