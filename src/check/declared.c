/* SPDX-License-Identifier: Apache-2.0 */
#include "check/declared.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "check/check.h"

enum { DEPTH_MAX = 4 };
static const char schema[] = "pinfold-declaration-1";

const struct question questions[] = {
#include "questions.inc"
};
const size_t n_questions = COUNT_OF(questions);
_Static_assert(COUNT_OF(questions) <= QUESTIONS_MAX, "an answer has no place");

int
question_find(const char *id)
{
	for (size_t i = 0; i < n_questions; i++)
		if (!strcmp(questions[i].id, id))
			return (int)i;
	return -1;
}

/* --- words --------------------------------------------------------------------------------------- */

static const char *const roles[SIGNER_ROLE_COUNT] = {
	[SIGNER_UNKNOWN] = "unknown",
	[SIGNER_MAKER] = "maker",
	[SIGNER_OWNER] = "owner",
	[SIGNER_TESTER] = "tester",
};

const char *
declared_role_word(uint8_t role)
{
	return roles[role < SIGNER_ROLE_COUNT ? role : SIGNER_UNKNOWN];
}

void
declared_by(const struct declared *declared, char out[static DECLARED_BY_MAX])
{
	snprintf(out, DECLARED_BY_MAX, "%s (%s, %s)", declared->signer,
		declared_role_word(declared->role), declared->date);
}

bool
declared_is_date(const char *text)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int number[3] = {0};

	if (strlen(text) != 10)
		return false;
	for (int i = 0, part = 0; i < 10; i++) {
		if (i == 4 || i == 7) {
			if (text[i] != '-')
				return false;
			part++;
		} else if (text[i] < '0' || text[i] > '9') {
			return false;
		} else {
			number[part] = number[part] * 10 + text[i] - '0';
		}
	}
	bool is_leap = number[0] % 4 == 0 && (number[0] % 100 != 0 || number[0] % 400 == 0);
	return number[0] >= 1970 && number[1] >= 1 && number[1] <= 12 && number[2] >= 1 &&
	       number[2] <= days[number[1] - 1] + (number[1] == 2 && is_leap);
}

/* --- reading -------------------------------------------------------------------------------------- */

/* A name from the file, for a sentence that says what is wrong with it. */
static const char *
shown(const char *name)
{
	static char out[48];

	printable(out, sizeof out, name, strlen(name));
	return out;
}

static bool
refuse(struct fault *why, const char *where, const char *what)
{
	fault_set(why, ERR_INVALID, "%s: %s", where, what);
	return false;
}

/* Absent is empty; what is there is text and fits, made printable. */
static bool
take_text(const json_t *object, const char *where, const char *key, char *out, size_t size,
	struct fault *why)
{
	const json_t *value = json_object_get(object, key);
	char place[96];

	out[0] = '\0';
	snprintf(place, sizeof place, "%s.%s", where, key);
	if (!value)
		return true;
	if (!json_is_string(value))
		return refuse(why, place, "not text");
	if (!printable(out, size, json_string_value(value), json_string_length(value)))
		return refuse(why, place, "too long");
	return true;
}

/* A slip in a name would leave an answer out, so every member is one that is known. */
static bool
has_only(const json_t *object, const char *where, const char *const *names, struct fault *why)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return refuse(why, where, "absent, or no object");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		size_t i = 0;
		while (names[i] && strcmp(names[i], key))
			i++;
		if (names[i])
			continue;
		fault_set(why, ERR_INVALID, "%s: nobody knows the member '%s'", where, shown(key));
		return false;
	}
	return true;
}

static bool
take_date(const json_t *object, const char *where, const char *key, char out[DECLARED_DATE_MAX],
	struct fault *why)
{
	char place[64];

	snprintf(place, sizeof place, "%s.%s", where, key);
	if (!take_text(object, where, key, out, DECLARED_DATE_MAX, why))
		return refuse(why, place, "no date such as 2026-11-22");
	return !*out || declared_is_date(out) || refuse(why, place, "no date such as 2026-11-22");
}

static bool
take_signer(struct declared *declared, const json_t *signer, struct fault *why)
{
	static const char *const names[] = {"name", "role", "date", NULL};
	char role[16];

	if (!has_only(signer, "signer", names, why) ||
		!take_text(
			signer, "signer", "name", declared->signer, sizeof declared->signer, why) ||
		!take_text(signer, "signer", "role", role, sizeof role, why) ||
		!take_date(signer, "signer", "date", declared->date, why))
		return false;
	for (uint8_t i = SIGNER_UNKNOWN + 1; i < SIGNER_ROLE_COUNT; i++)
		if (!strcmp(role, roles[i]))
			declared->role = i;
	if (!*declared->signer)
		return refuse(why, "signer.name", "missing: somebody must have said it");
	if (!declared->role)
		return refuse(why, "signer.role", "not maker, owner or tester");
	return *declared->date || refuse(why, "signer.date", "missing");
}

static bool
take_device(struct declared *declared, const json_t *device, struct fault *why)
{
	static const char *const names[] = {"maker", "model", "firmware", "support_end", NULL};

	return !device ||
	       (has_only(device, "device", names, why) &&
		       take_text(device, "device", "maker", declared->maker, sizeof declared->maker,
			       why) &&
		       take_text(device, "device", "model", declared->model, sizeof declared->model,
			       why) &&
		       take_text(device, "device", "firmware", declared->firmware,
			       sizeof declared->firmware, why) &&
		       take_date(device, "device", "support_end", declared->support_end, why));
}

static bool
take_answer(struct declared_answer *answer, const char *id, const json_t *object, struct fault *why)
{
	static const char *const names[] = {
		"question", "answer", "text", "reason", "evidence", NULL};
	static const char *const words[SAYS_COUNT] = {"", "yes", "no", "not applicable"};
	char says[16];

	if (!has_only(object, id, names, why) ||
		!take_text(object, id, "answer", says, sizeof says, why) ||
		!take_text(object, id, "text", answer->text, sizeof answer->text, why) ||
		!take_text(object, id, "reason", answer->reason, sizeof answer->reason, why) ||
		!take_text(object, id, "evidence", answer->evidence, sizeof answer->evidence, why))
		return false;
	for (uint8_t i = SAYS_NOTHING; i < SAYS_COUNT; i++)
		if (!strcmp(says, words[i])) {
			answer->says = i;
			return true;
		}
	return refuse(why, id, "the answer is not yes, no or not applicable");
}

static bool
take_answers(struct declared *declared, const json_t *answers, struct fault *why)
{
	const char *id;
	json_t *object;

	if (!answers)
		return true;
	if (!json_is_object(answers))
		return refuse(why, "answers", "no object");
	json_object_foreach((json_t *)(uintptr_t)answers, id, object)
	{
		int place = question_find(id);
		if (place < 0) {
			fault_set(
				why, ERR_INVALID, "answers: there is no question '%s'", shown(id));
			return false;
		}
		if (!take_answer(&declared->answer[place], questions[place].id, object, why))
			return false;
	}
	return true;
}

/* "tcp/443", "udp/5000-5010" */
static bool
take_port(struct declared_port *port, const char *text)
{
	unsigned long number[2];
	char *end;

	port->proto = !strncmp(text, "tcp/", 4) ? 6 : !strncmp(text, "udp/", 4) ? 17 : 0;
	if (!port->proto || strlen(text) > 15 || text[4] < '0' || text[4] > '9')
		return false;
	number[0] = number[1] = strtoul(text + 4, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		number[1] = strtoul(end + 1, &end, 10);
	if (*end || !number[0] || number[1] < number[0] || number[1] > UINT16_MAX)
		return false;
	port->lo = (uint16_t)number[0];
	port->hi = (uint16_t)number[1];
	return true;
}

/* A name of letters, digits and dashes with a point in it, or an address. */
static bool
is_host(const char *text)
{
	if (!strncmp(text, "*.", 2))
		text += 2;
	return *text && *text != '.' && (strchr(text, '.') || strchr(text, ':')) &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789-_.:") == strlen(text);
}

/*
 * A list of {KEY, "purpose"}; each row's text goes to `text`, and from there to where
 * it belongs by take().
 */
static bool
take_list(struct declared *declared, const json_t *root, const char *name, const char *key,
	bool (*take)(struct declared *, const char *text), struct fault *why)
{
	const char *names[] = {key, "purpose", NULL};
	const json_t *list = json_object_get(root, name);
	char text[DECLARED_HOST_MAX], purpose[DECLARED_TEXT_MAX], place[48];
	json_t *row;
	size_t i;

	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) > DECLARED_ROWS_MAX)
		return refuse(why, name, "no list, or longer than 128 rows");
	json_array_foreach(list, i, row)
	{
		snprintf(place, sizeof place, "%s[%zu]", name, i);
		if (!has_only(row, place, names, why) ||
			!take_text(row, place, key, text, sizeof text, why) ||
			!take_text(row, place, "purpose", purpose, sizeof purpose, why))
			return false;
		if (!take(declared, text))
			return refuse(why, place, "not valid");
	}
	return true;
}

static bool
on_port(struct declared *declared, const char *text)
{
	return take_port(&declared->port[declared->n_ports++], text);
}

static bool
on_host(struct declared *declared, const char *text)
{
	snprintf(declared->host[declared->n_hosts++], DECLARED_HOST_MAX, "%s", text);
	return is_host(text);
}

static bool
on_account(struct declared *declared, const char *text)
{
	char *out = declared->account[declared->n_accounts++];

	if (!*text || strlen(text) >= sizeof declared->account[0])
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool
on_cipher(struct declared *declared, const char *text)
{
	char *out = declared->cipher[declared->n_ciphers++];

	if (!*text || strlen(text) >= sizeof declared->cipher[0])
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool
take_all(struct declared *declared, const json_t *root, struct fault *why)
{
	static const char *const names[] = {"schema", "signer", "device", "answers", "ports",
		"hosts", "accounts", "ciphers", NULL};
	const char *as = json_string_value(json_object_get(root, "schema"));

	if (!as || strcmp(as, schema))
		return refuse(why, "schema", "not pinfold-declaration-1");
	return has_only(root, "the declaration", names, why) &&
	       take_signer(declared, json_object_get(root, "signer"), why) &&
	       take_device(declared, json_object_get(root, "device"), why) &&
	       take_answers(declared, json_object_get(root, "answers"), why) &&
	       take_list(declared, root, "ports", "port", on_port, why) &&
	       take_list(declared, root, "hosts", "host", on_host, why) &&
	       take_list(declared, root, "accounts", "account", on_account, why) &&
	       take_list(declared, root, "ciphers", "cipher", on_cipher, why);
}

struct declared *
declared_parse(const char *bytes, size_t len, struct fault *why)
{
	json_t *root = json_strict(bytes, len, DECLARED_BYTES_MAX, DEPTH_MAX, why);

	if (!root)
		return NULL;
	struct declared *declared = must_alloc(1, sizeof *declared);
	if (!take_all(declared, root, why)) {
		free(declared);
		declared = NULL;
	}
	json_decref(root);
	return declared;
}

/* --- asking ---------------------------------------------------------------------------------------- */

bool
declared_has_port(const struct declared *declared, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < declared->n_ports; i++) {
		const struct declared_port *at = &declared->port[i];
		if (at->proto == proto && at->lo <= port && port <= at->hi)
			return true;
	}
	return false;
}

bool
declared_has_account(const struct declared *declared, const char *user)
{
	for (size_t i = 0; i < declared->n_accounts; i++)
		if (!strcmp(declared->account[i], user))
			return true;
	return !declared->n_accounts;
}

bool
declared_has_host(const struct declared *declared, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < declared->n_hosts; i++) {
		const char *host = declared->host[i];
		size_t tail = strlen(host) - 1;
		if (!strcasecmp(host, name))
			return true;
		if (host[0] == '*' && len > tail && !strcasecmp(name + len - tail, host + 1))
			return true;
	}
	return false;
}

/* --- the form -------------------------------------------------------------------------------------- */

/* Before it is filled in, nothing in it says anything. */
void
declared_template(FILE *out, const char *maker, const char *model, const char *date)
{
	json_t *answers = json_object(), *root;

	for (size_t i = 0; i < n_questions; i++)
		json_object_set_new(answers, questions[i].id,
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "question", questions[i].text,
				"answer", "", "text", "", "reason", "", "evidence", ""));
	root = json_pack(
		"{s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}, s:o, s:[], s:[], s:[], s:[]}",
		"schema", schema, "signer", "name", "", "role", "", "date", date, "device", "maker",
		maker, "model", model, "firmware", "", "support_end", "", "answers", answers,
		"ports", "hosts", "accounts", "ciphers");
	json_dumpf(root, out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	fputc('\n', out);
	json_decref(root);
}

/* --- in a transcript -------------------------------------------------------------------------------- */

static uint16_t
owner(void)
{
	static int place = -1;

	if (place < 0)
		place = check_find("declaration");
	return (uint16_t)place;
}

uint32_t
declared_write(struct transcript *transcript, const char *step, const char *name, const char *bytes,
	size_t len, int64_t utc_s)
{
	struct exchange e = {.check = owner(),
		.round = 1,
		.utc_s = utc_s > 0 ? utc_s : 1,
		.received = (const uint8_t *)bytes,
		.n_received = len};

	snprintf(e.step, sizeof e.step, "%s", step);
	printable(e.note, sizeof e.note, name, strlen(name));
	return transcript_add(transcript, &e);
}

const struct exchange *
declared_next(const struct transcript *transcript, size_t *from, const char *step)
{
	return transcript_next(transcript, from, owner(), step);
}

struct declared *
declared_in(const struct transcript *transcript, const struct exchange **at)
{
	size_t from = 0;
	const struct exchange *e = declared_next(transcript, &from, DECLARED_STEP);
	struct fault why;

	if (!e || !e->n_received)
		return NULL;
	struct declared *declared = declared_parse((const char *)e->received, e->n_received, &why);
	if (declared && at)
		*at = e;
	return declared;
}
