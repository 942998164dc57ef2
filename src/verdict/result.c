/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/result.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_strict.h"
#include "base/printable.h"
#include "check/check.h"

static const char schema[] = "pinfold-result-1";
enum { DEPTH_MAX = 8 };

static const char *const pace_names[PACE_COUNT] = {"gentle", "lab"};
static const char *const consent_names[CONSENT_COUNT] = {"passive", "probe", "intrude", "destroy"};
static const char *const step_names[AUDIT_STEP_COUNT] = {
	"none", "begun", "done", "skipped", "lost"};

/* --- members that are read and written by a table ------------------------------------- */

enum kind { TEXT, NUMBER, TIME, FLAG, WORD, ADDRESS };
struct field {
	const char *name;
	size_t at, size;
	enum kind kind;
	const char *const *word; /* of a WORD, size of them */
};
#define FIELD_TEXT(type, member)                                                                   \
	{                                                                                          \
#member, offsetof(type, member), sizeof((type *)0)->member, TEXT, NULL             \
	}
#define FIELD(type, member, kind)                                                                  \
	{                                                                                          \
#member, offsetof(type, member), 0, kind, NULL                                     \
	}
#define FIELD_WORD(type, member, words)                                                            \
	{                                                                                          \
#member, offsetof(type, member), sizeof words / sizeof *words, WORD, words         \
	}

static const struct field device_fields[] = {
	FIELD_TEXT(struct audited_device, id),
	FIELD_TEXT(struct audited_device, name),
	FIELD_TEXT(struct audited_device, kind),
	FIELD_TEXT(struct audited_device, class),
	FIELD_TEXT(struct audited_device, claimed_maker),
	FIELD_TEXT(struct audited_device, claimed_model),
	FIELD_TEXT(struct audited_device, claimed_hardware),
	FIELD_TEXT(struct audited_device, claimed_firmware),
	FIELD_TEXT(struct audited_device, claimed_serial),
	FIELD_TEXT(struct audited_device, mac),
	FIELD(struct audited_device, address4, ADDRESS),
	FIELD(struct audited_device, address6, ADDRESS),
	{NULL, 0, 0, TEXT, NULL},
};

static const struct field run_fields[] = {
	FIELD(struct audit_run, number, NUMBER),
	FIELD(struct audit_run, begun_s, TIME),
	FIELD(struct audit_run, ended_s, TIME),
	FIELD_WORD(struct audit_run, pace, pace_names),
	FIELD_WORD(struct audit_run, consent, consent_names),
	FIELD(struct audit_run, is_complete, FLAG),
	FIELD(struct audit_run, units, NUMBER),
	FIELD(struct audit_run, exchanges, NUMBER),
	FIELD(struct audit_run, packets, NUMBER),
	FIELD_TEXT(struct audit_run, profile),
	FIELD_TEXT(struct audit_run, gateway),
	FIELD_TEXT(struct audit_run, operator_),
	FIELD_TEXT(struct audit_run, tool),
	FIELD_TEXT(struct audit_run, ruleset),
	FIELD_TEXT(struct audit_run, why),
	{NULL, 0, 0, TEXT, NULL},
};

static const struct field check_fields[] = {
	FIELD_TEXT(struct audit_check, id),
	FIELD_TEXT(struct audit_check, title),
	FIELD_WORD(struct audit_check, step, step_names),
	FIELD_WORD(struct audit_check, consent, consent_names),
	FIELD(struct audit_check, is_planned, FLAG),
	FIELD_TEXT(struct audit_check, provisions),
	FIELD_TEXT(struct audit_check, for_owner),
	FIELD_TEXT(struct audit_check, for_maker),
	{NULL, 0, 0, TEXT, NULL},
};

static json_t *
text_json(const char *text, size_t size)
{
	char shown[1024];
	size_t len = strnlen(text, size);

	/* Whoever filled it was to give printable text; what is not is escaped. */
	if (len < size && is_printable(text))
		return json_stringn(text, len);
	printable(shown, sizeof shown < size ? sizeof shown : size, text, len);
	return json_string(shown);
}

static json_t *
address_json(const struct ip *ip)
{
	char text[IP_TEXT_MAX] = "";

	if (ip->version)
		ip_render(ip, text);
	return json_string(text);
}

static json_t *
fields_to_json(const struct field *field, const void *from)
{
	json_t *out = json_object(), *value = NULL;
	uint32_t number;
	int64_t time;

	for (; field->name; field++) {
		const char *at = (const char *)from + field->at;
		switch (field->kind) {
		case TEXT:
			value = text_json(at, field->size);
			break;
		case NUMBER:
			memcpy(&number, at, sizeof number);
			value = json_integer(number);
			break;
		case TIME:
			memcpy(&time, at, sizeof time);
			value = json_integer(time);
			break;
		case FLAG:
			value = json_boolean(*(const bool *)at);
			break;
		case WORD:
			value = json_string(
				(uint8_t)*at < field->size ? field->word[(uint8_t)*at] : "");
			break;
		case ADDRESS:
			value = address_json((const struct ip *)(const void *)at);
			break;
		}
		json_object_set_new(out, field->name, value);
	}
	return out;
}

static bool
number_from_json(uint32_t *out, const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* The first name is 0; `none` where that is no word of its own. */
static bool
word_from_json(uint8_t *out, const char *const *word, size_t n, const json_t *value)
{
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < n; i++)
		if (!strcmp(text, word[i])) {
			*out = (uint8_t)i;
			return true;
		}
	return false;
}

static bool
address_from_json(struct ip *out, const json_t *value)
{
	const char *text = json_string_value(value);

	*out = (struct ip){0};
	return text && (!*text || ip_parse(out, text));
}

static bool
field_from_json(const struct field *field, void *into, const json_t *value)
{
	char *at = (char *)into + field->at;
	uint32_t number;
	int64_t time;

	switch (field->kind) {
	case TEXT:
		return json_take_text(at, field->size, value);
	case NUMBER:
		if (!number_from_json(&number, value))
			return false;
		memcpy(at, &number, sizeof number);
		return true;
	case TIME:
		time = json_integer_value(value);
		if (!json_is_integer(value) || time < 0 || time > (int64_t)1 << 40)
			return false;
		memcpy(at, &time, sizeof time);
		return true;
	case FLAG:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case WORD:
		return word_from_json((uint8_t *)at, field->word, field->size, value);
	case ADDRESS:
		return address_from_json((struct ip *)(void *)at, value);
	}
	return false;
}

static bool
fields_from_json(const char *what, const struct field *field, void *into, const json_t *object,
	struct fault *why)
{
	size_t n = 0;

	for (; field->name; field++, n++)
		if (!field_from_json(field, into, json_object_get(object, field->name))) {
			fault_set(why, ERR_INVALID, "%s: %s is absent or not valid", what,
				field->name);
			return false;
		}
	if (json_object_size(object) == n)
		return true;
	fault_set(why, ERR_INVALID, "%s has members that nobody knows", what);
	return false;
}

/* --- findings ------------------------------------------------------------------------- */

static json_t *
finding_to_json(const struct audit_result *result, const struct finding *finding)
{
	json_t *out = json_object(), *evidence = json_array();
	uint32_t n = finding->n_evidence < FINDING_EVIDENCE_MAX ? finding->n_evidence
								: FINDING_EVIDENCE_MAX;

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(evidence, json_integer(finding->evidence[i]));
	json_object_set_new(
		out, "check", text_json(result->check[finding->check].id, RESULT_CHECK_ID_MAX));
	json_object_set_new(
		out, "provision", text_json(finding->provision, sizeof finding->provision));
	json_object_set_new(
		out, "verdict", json_string(verdict_word_name((enum verdict_word)finding->word)));
	json_object_set_new(
		out, "reason", json_string(inc_reason_name((enum inc_reason)finding->reason)));
	json_object_set_new(out, "is_critical", json_boolean(finding->is_critical));
	json_object_set_new(out, "address", address_json(&finding->address));
	json_object_set_new(out, "proto", json_integer(finding->proto));
	json_object_set_new(out, "port", json_integer(finding->port));
	json_object_set_new(out, "tried", json_integer(finding->n_tried));
	json_object_set_new(out, "all", json_integer(finding->n_all));
	json_object_set_new(out, "evidence", evidence);
	json_object_set_new(out, "evidence_in_all", json_integer(finding->n_evidence));
	json_object_set_new(out, "text", text_json(finding->text, sizeof finding->text));
	return out;
}

static bool
finding_from_json(const struct audit_result *result, struct finding *out, const json_t *object)
{
	const char *check = json_string_value(json_object_get(object, "check")),
		   *word = json_string_value(json_object_get(object, "verdict")),
		   *reason = json_string_value(json_object_get(object, "reason"));
	const json_t *evidence = json_object_get(object, "evidence"),
		     *critical = json_object_get(object, "is_critical");
	uint32_t proto, port;

	if (json_object_size(object) != 13 || !check || !word || !reason ||
		!json_is_boolean(critical) || !json_is_array(evidence) ||
		json_array_size(evidence) > FINDING_EVIDENCE_MAX)
		return false;
	while (out->check < result->n_checks && strcmp(result->check[out->check].id, check))
		out->check++;
	out->word = (uint8_t)verdict_word_from_name(word);
	out->reason = (uint8_t)inc_reason_from_name(reason);
	out->is_critical = json_is_true(critical);
	if (out->check >= result->n_checks || out->word == VERDICT_UNKNOWN ||
		(*reason != '\0') != (out->reason != INC_NONE) ||
		!json_take_text(out->provision, sizeof out->provision,
			json_object_get(object, "provision")) ||
		!address_from_json(&out->address, json_object_get(object, "address")) ||
		!number_from_json(&proto, json_object_get(object, "proto")) || proto > UINT8_MAX ||
		!number_from_json(&port, json_object_get(object, "port")) || port > UINT16_MAX ||
		!number_from_json(&out->n_tried, json_object_get(object, "tried")) ||
		!number_from_json(&out->n_all, json_object_get(object, "all")) ||
		!number_from_json(&out->n_evidence, json_object_get(object, "evidence_in_all")) ||
		!json_take_text(out->text, sizeof out->text, json_object_get(object, "text")))
		return false;
	out->proto = (uint8_t)proto;
	out->port = (uint16_t)port;
	for (size_t i = 0; i < json_array_size(evidence); i++)
		if (!number_from_json(&out->evidence[i], json_array_get(evidence, i)))
			return false;
	return json_array_size(evidence) ==
	       (out->n_evidence < FINDING_EVIDENCE_MAX ? out->n_evidence : FINDING_EVIDENCE_MAX);
}

/* --- verdicts ------------------------------------------------------------------------- */

json_t *
verdict_to_json(const struct verdict *verdict)
{
	json_t *out = json_object(), *reasons = json_array();

	for (unsigned i = INC_NONE + 1; i < INC_COUNT; i++)
		if (verdict->reasons & 1u << i)
			json_array_append_new(
				reasons, json_string(inc_reason_name((enum inc_reason)i)));
	json_object_set_new(
		out, "verdict", json_string(verdict_word_name((enum verdict_word)verdict->word)));
	json_object_set_new(out, "reasons", reasons);
	json_object_set_new(out, "findings", json_integer(verdict->n_findings));
	json_object_set_new(out, "missing", json_integer(verdict->n_missing));
	return out;
}

static json_t *
counts_to_json(const uint32_t count[static VERDICT_WORD_COUNT])
{
	json_t *out = json_object();

	for (unsigned i = VERDICT_UNKNOWN + 1; i < VERDICT_WORD_COUNT; i++)
		json_object_set_new(
			out, verdict_word_name((enum verdict_word)i), json_integer(count[i]));
	return out;
}

static json_t *
standard_to_json(const struct standard_verdict *standard)
{
	json_t *out = json_object(), *lines = json_array();

	for (size_t i = 0; i < standard->n; i++) {
		const struct requirement *line = &standard->requirement[i];
		json_t *one = verdict_to_json(&line->verdict), *rests = json_array();
		for (uint32_t j = 0; j < line->n_provisions; j++)
			json_array_append_new(rests, json_string(line->provision[j]->id));
		for (uint32_t j = 0; j < line->n_own; j++)
			json_array_append_new(rests, json_string(line->own[j]));
		json_object_set_new(one, "id", json_string(line->id));
		json_object_set_new(one, "mandatory", json_boolean(line->is_mandatory));
		json_object_set_new(one, "unchecked", json_boolean(line->is_unchecked));
		json_object_set_new(one, "rests_on", rests);
		json_array_append_new(lines, one);
	}
	json_object_set_new(
		out, "name", json_string(standard_name((enum standard)standard->standard)));
	json_object_set_new(out, "mandatory", counts_to_json(standard->mandatory));
	json_object_set_new(out, "recommended", counts_to_json(standard->recommended));
	json_object_set_new(out, "requirements", lines);
	return out;
}

static json_t *
verdicts_to_json(const struct audit_result *result)
{
	json_t *out = json_object();
	struct standard_verdict *standard = malloc(sizeof *standard);

	if (!standard)
		abort();
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++) {
		verdict_of_standard(
			(enum standard)i, result->finding, result->n_findings, standard);
		json_object_set_new(out, standard_id((enum standard)i), standard_to_json(standard));
	}
	verdict_of_clauses(result->finding, result->n_findings, standard);
	json_object_set_new(out, "clauses", standard_to_json(standard));
	free(standard);
	return out;
}

/* --- the whole ------------------------------------------------------------------------ */

struct audit_result *
result_new(void)
{
	struct audit_result *result = calloc(1, sizeof *result);

	if (!result)
		abort();
	return result;
}

void
result_free(struct audit_result *result)
{
	if (result)
		free(result->finding);
	free(result);
}

uint16_t
result_check_place(const struct audit_result *result, const char *id)
{
	uint16_t place = 0;

	while (place < result->n_checks && strcmp(result->check[place].id, id) != 0)
		place++;
	return place;
}

bool
result_add(struct audit_result *result, const struct finding *finding)
{
	/* Room grows by doubling; its size is always the next power of two. */
	size_t n = result->n_findings;

	if (n >= RESULT_FINDINGS_MAX || finding->check >= result->n_checks) {
		result->run.is_complete = false;
		return false;
	}
	if (!(n & (n - 1))) {
		struct finding *more = realloc(result->finding, (n ? n * 2 : 1) * sizeof *more);
		if (!more)
			abort();
		result->finding = more;
	}
	result->finding[result->n_findings++] = *finding;
	return true;
}

json_t *
result_to_json(const struct audit_result *result)
{
	json_t *out = json_object(), *list = json_array(), *found = json_array();

	for (size_t i = 0; i < result->n_checks; i++)
		json_array_append_new(list, fields_to_json(check_fields, &result->check[i]));
	for (size_t i = 0; i < result->n_findings; i++)
		json_array_append_new(found, finding_to_json(result, &result->finding[i]));
	json_object_set_new(out, "schema", json_string(schema));
	json_object_set_new(out, "device", fields_to_json(device_fields, &result->device));
	json_object_set_new(out, "run", fields_to_json(run_fields, &result->run));
	json_object_set_new(out, "checks", list);
	json_object_set_new(out, "findings", found);
	json_object_set_new(out, "verdicts", verdicts_to_json(result));
	return out;
}

char *
result_to_text(const struct audit_result *result, size_t *len)
{
	json_t *json = result_to_json(result);
	char *text = json_dumps(json, JSON_SORT_KEYS | JSON_INDENT(1));

	json_decref(json);
	if (!text)
		abort();
	*len = strlen(text);
	text = realloc(text, *len + 2);
	if (!text)
		abort();
	memcpy(text + *len, "\n", 2);
	*len += 1;
	return text;
}

static bool
take_json(struct audit_result *result, const json_t *root, struct fault *why)
{
	const json_t *list = json_object_get(root, "checks"),
		     *found = json_object_get(root, "findings");
	const char *as = json_string_value(json_object_get(root, "schema"));

	if (!as || strcmp(as, schema) || json_object_size(root) != 6 ||
		!json_is_object(json_object_get(root, "verdicts"))) {
		fault_set(why, ERR_INVALID, "not a result of schema %s", schema);
		return false;
	}
	if (!fields_from_json("device", device_fields, &result->device,
		    json_object_get(root, "device"), why) ||
		!fields_from_json(
			"run", run_fields, &result->run, json_object_get(root, "run"), why))
		return false;
	if (!json_is_array(list) || json_array_size(list) > AUDIT_CHECKS_MAX ||
		!json_is_array(found) || json_array_size(found) > RESULT_FINDINGS_MAX) {
		fault_set(why, ERR_INVALID, "checks or findings are absent or too many");
		return false;
	}
	for (; result->n_checks < json_array_size(list); result->n_checks++)
		if (!fields_from_json("check", check_fields, &result->check[result->n_checks],
			    json_array_get(list, result->n_checks), why))
			return false;
	for (size_t i = 0; i < json_array_size(found); i++) {
		struct finding finding = {0};
		if (!finding_from_json(result, &finding, json_array_get(found, i)) ||
			!result_add(result, &finding)) {
			fault_set(why, ERR_INVALID, "finding %zu is not valid", i);
			return false;
		}
	}
	return true;
}

struct audit_result *
result_from_text(const char *bytes, size_t len, bool *verdicts_agree, struct fault *why)
{
	json_t *root = json_strict(bytes, len, RESULT_BYTES_MAX, DEPTH_MAX, why);
	struct audit_result *result = NULL;

	if (root) {
		result = result_new();
		if (take_json(result, root, why)) {
			json_t *anew = verdicts_to_json(result);
			*verdicts_agree = json_equal(json_object_get(root, "verdicts"), anew);
			json_decref(anew);
		} else {
			result_free(result);
			result = NULL;
		}
	}
	json_decref(root);
	return result;
}
