/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps what somebody declared of a device, and papers that go with it, as facets: with
 * journal and undo.  A declaration is read here, strictly; a paper is kept as it is and
 * read where nothing can be lost, by the worker of an audit and by the command line.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "check/declared.h"
#include "check/paper.h"
#include "process/engine_audit.h"

enum { FILE_NAME_MAX = PAPER_NAME_MAX, BYTES_MAX = DECLARED_BYTES_MAX };

/* One file at a time comes in; whoever begins anew ends what was not finished. */
static struct {
	uint32_t device; /* 0: none */
	char kind[16], name[FILE_NAME_MAX];
	size_t len, all;
	uint8_t bytes[BYTES_MAX];
} incoming;

static bool
is_paper(const char *kind)
{
	return !strcmp(kind, "paper");
}

static bool
is_next(const struct ward *ward, const struct declaration_piece *piece)
{
	return incoming.device == ward_number(ward) && !strcmp(incoming.kind, piece->kind) &&
	       !strcmp(incoming.name, piece->name) && incoming.all == piece->all &&
	       incoming.len == piece->at;
}

static bool
take_piece(const struct ward *ward, const struct declaration_piece *piece, struct fault *why)
{
	size_t max = is_paper(piece->kind) ? (size_t)PAPER_BYTES_MAX : (size_t)BYTES_MAX;
	size_t len = strlen(piece->hex) / 2;

	if (strcmp(piece->kind, "declaration") && !is_paper(piece->kind)) {
		fault_set(why, ERR_INVALID, "the kind is declaration or paper");
		return false;
	}
	if (!piece->all || piece->all > max) {
		fault_set(why, ERR_INVALID, "%s is empty, or longer than %zu bytes", piece->name,
			max);
		return false;
	}
	if (!piece->at) {
		incoming.device = ward_number(ward);
		incoming.all = piece->all;
		incoming.len = 0;
		snprintf(incoming.kind, sizeof incoming.kind, "%s", piece->kind);
		snprintf(incoming.name, sizeof incoming.name, "%s", piece->name);
	}
	if (!is_next(ward, piece) || len > incoming.all - incoming.len ||
		!hex_parse(incoming.bytes + incoming.len, len, piece->hex)) {
		incoming.device = 0;
		fault_set(why, ERR_BUSY,
			"another file came in between, or a piece is not as it was sent; try "
			"again");
		return false;
	}
	incoming.len += len;
	return true;
}

/* Takes value, which may be NULL for none. */
static bool
keep(struct ward *ward, enum facet facet, json_t *value, const char *verb, const char *text,
	const char *who, int64_t *journal, struct fault *why)
{
	struct change change;

	change_init(&change, who, verb);
	snprintf(
		change.text, sizeof change.text, "%.80s: %.160s", device_label(ward->device), text);
	change_set(&change, ward, facet, value);
	return !change_commit(&change, journal, why);
}

static json_t *
row_of(void)
{
	json_t *text = json_stringn((const char *)incoming.bytes, incoming.len);

	return text ? json_pack("{s:s, s:o, s:I}", "name", incoming.name, "text", text, "since",
			      (json_int_t)clock_wall_s())
		    : NULL;
}

static bool
keep_declaration(struct ward *ward, const char *who, int64_t *journal, struct fault *why)
{
	char by[DECLARED_BY_MAX], text[160];
	auto_free struct declared *declared =
		declared_parse((const char *)incoming.bytes, incoming.len, why);

	if (!declared) {
		fault_prefix(why, "%s: ", incoming.name);
		return false;
	}
	declared_by(declared, by);
	snprintf(text, sizeof text, "the declaration of %s is taken in", by);
	return keep(ward, FACET_DECLARATION, row_of(), "audit.declare", text, who, journal, why);
}

static bool
keep_paper(struct ward *ward, const char *who, int64_t *journal, struct fault *why)
{
	json_t *list = json_array(), *row, *ours = row_of();
	char text[160];
	size_t i;

	if (!ours || memchr(incoming.bytes, '\0', incoming.len) ||
		!strncmp(json_string_value(json_object_get(ours, "text")), "%PDF-", 5)) {
		json_decref(ours);
		json_decref(list);
		fault_set(why, ERR_INVALID,
			"%s is no text; of a PDF the text is wanted: pdftotext -layout FILE.pdf "
			"FILE.txt",
			incoming.name);
		return false;
	}
	/* One of the same name is a later version of it. */
	json_array_foreach(ward->facet[FACET_PAPERS], i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));
		if (name && strcmp(name, incoming.name))
			json_array_append(list, row);
	}
	json_array_append_new(list, ours);
	if (json_array_size(list) > PAPERS_MAX) {
		json_decref(list);
		fault_set(why, ERR_FULL,
			"%s has %d papers already; first: pinfold audit papers %s --remove",
			device_label(ward->device), PAPERS_MAX, ward->device->id);
		return false;
	}
	snprintf(text, sizeof text, "the paper %s is taken in", incoming.name);
	return keep(ward, FACET_PAPERS, list, "audit.papers", text, who, journal, why);
}

json_t *
declaration_take(struct ward *ward, const struct declaration_piece *piece, const char *who,
	int64_t *journal, struct fault *why)
{
	if (strlen(piece->name) >= FILE_NAME_MAX || !is_printable(piece->name) || !*piece->name) {
		fault_set(why, ERR_INVALID, "the name of the file is too long, or not printable");
		return NULL;
	}
	if (!take_piece(ward, piece, why))
		return NULL;
	if (incoming.len < incoming.all)
		return json_pack("{s:i}", "taken", (int)incoming.len);
	bool good = is_paper(incoming.kind) ? keep_paper(ward, who, journal, why)
					    : keep_declaration(ward, who, journal, why);
	incoming.device = 0;
	return good ? declaration_show(ward) : NULL;
}

/* As if it had come as a file. */
static json_t *
take_whole(struct ward *ward, const char *kind, const char *name, const char *bytes, size_t len,
	const char *who, int64_t *journal, struct fault *why)
{
	auto_free char *hex = must_alloc(2 * len + 1, 1);
	struct declaration_piece piece = {.kind = kind, .name = name, .all = len, .hex = hex};

	hex_text(bytes, len, hex);
	return declaration_take(ward, &piece, who, journal, why);
}

/* --- the form ------------------------------------------------------------------------------------- */

enum { DEPTH_MAX = 4 };

/* Gives; without an answer yet where there was none. */
static json_t *
form_of(const struct ward *ward, struct fault *why)
{
	const json_t *text = json_object_get(ward->facet[FACET_DECLARATION], "text");
	auto_free char *empty = NULL;
	size_t len = 0;

	if (json_is_string(text))
		return json_strict(json_string_value(text), json_string_length(text), BYTES_MAX,
			DEPTH_MAX, why);
	FILE *file = open_memstream(&empty, &len);
	if (!file)
		abort();
	declared_template(file, "", "", "");
	if (fclose(file))
		abort();
	json_t *form = json_strict(empty, len, BYTES_MAX, DEPTH_MAX, why);
	json_object_clear(json_object_get(form, "answers"));
	return form;
}

/* What is new; the questions themselves are not repeated. */
static bool
take_answers(json_t *form, const json_t *given, struct fault *why)
{
	json_t *answers = json_object_get(form, "answers");
	union {
		const json_t *in;
		json_t *out;
	} at = {.in = given};
	const char *id;
	json_t *value;

	if (!json_is_object(given) || !json_is_object(answers)) {
		fault_set(
			why, ERR_INVALID, "the answers are an object, by the ids of the questions");
		return false;
	}
	json_object_foreach(at.out, id, value)
	{
		json_t *row = json_pack("{s:s, s:s}", "answer", json_text_of(value, "answer"),
			"reason", json_text_of(value, "reason"));
		if (question_find(id) < 0 || !row) {
			json_decref(row);
			fault_set(why, ERR_INVALID, "there is no question of this id");
			return false;
		}
		if (*json_text_of(row, "answer"))
			json_object_set(answers, id, row);
		else
			json_object_del(answers, id);
		json_decref(row);
	}
	return true;
}

json_t *
declaration_answer(struct ward *ward, const struct declaration_answers *given, const char *who,
	int64_t *journal, struct fault *why)
{
	json_t *answers =
		json_strict(given->answers, strlen(given->answers), BYTES_MAX, DEPTH_MAX, why);
	json_t *form = answers ? form_of(ward, why) : NULL, *out = NULL;
	char today[DECLARED_DATE_MAX] = "";
	time_t now = (time_t)clock_wall_s();
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(today, sizeof today, "%Y-%m-%d", &tm);
	if (form && take_answers(form, answers, why)) {
		json_object_set_new(form, "signer",
			json_pack("{s:s, s:s, s:s}", "name", given->signer, "role", given->role,
				"date", today));
		auto_free char *text = json_dumps(form, JSON_COMPACT | JSON_ENSURE_ASCII);
		out = text ? take_whole(ward, "declaration", "answers.json", text, strlen(text),
				     who, journal, why)
			   : NULL;
	}
	json_decref(form);
	json_decref(answers);
	return out;
}

json_t *
declaration_paper(struct ward *ward, const char *name, const json_t *text, const char *who,
	int64_t *journal, struct fault *why)
{
	if (!json_is_string(text) || !json_string_length(text)) {
		fault_set(why, ERR_INVALID, "\"text\" is missing");
		return NULL;
	}
	return take_whole(ward, "paper", name, json_string_value(text), json_string_length(text),
		who, journal, why);
}

json_t *
declaration_drop(
	struct ward *ward, const char *kind, const char *who, int64_t *journal, struct fault *why)
{
	bool is_declaration = !strcmp(kind, "declaration");

	if (!is_declaration && strcmp(kind, "papers")) {
		fault_set(why, ERR_INVALID, "what is removed is declaration or papers");
		return NULL;
	}
	if (!keep(ward, is_declaration ? FACET_DECLARATION : FACET_PAPERS, NULL,
		    is_declaration ? "audit.declare" : "audit.papers",
		    is_declaration ? "its declaration is removed" : "its papers are removed", who,
		    journal, why))
		return NULL;
	return declaration_show(ward);
}

json_t *
declaration_show(const struct ward *ward)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "device", show_ref(ward), "declaration",
		ward_facet(ward, FACET_DECLARATION), "papers", ward_facet(ward, FACET_PAPERS),
		"wire", audit_device_json(ward));
}

/* --- in a transcript ------------------------------------------------------------------------------- */

static void
write_row(struct transcript *transcript, const char *step, const json_t *row)
{
	const json_t *text = json_object_get(row, "text");
	const char *name = json_string_value(json_object_get(row, "name"));

	if (name && json_is_string(text))
		declared_write(transcript, step, name, json_string_value(text),
			json_string_length(text), clock_wall_s());
}

void
declaration_write(const struct ward *ward, struct transcript *transcript, bool with_papers)
{
	json_t *row;
	size_t i;

	if (ward->facet[FACET_DECLARATION])
		write_row(transcript, DECLARED_STEP, ward->facet[FACET_DECLARATION]);
	if (!with_papers || !ward->facet[FACET_PAPERS])
		return;
	json_t *device = audit_device_json(ward);
	auto_free char *wire =
		json_dumps(device, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(device);
	if (strlen(wire) <= EXCHANGE_BYTES_MAX)
		declared_write(
			transcript, WIRE_STEP, "what it says", wire, strlen(wire), clock_wall_s());
	json_array_foreach(ward->facet[FACET_PAPERS], i, row)
		write_row(transcript, PAPER_STEP, row);
}

bool
declaration_write_file(const struct ward *ward, int fd)
{
	struct stat st;

	if (fstat(fd, &st) || st.st_size)
		return true;
	if (!ward->facet[FACET_DECLARATION] && !ward->facet[FACET_PAPERS])
		return false;
	int again = dup(fd);
	FILE *file = again >= 0 ? fdopen(again, "a") : NULL;
	if (!file) {
		if (again >= 0)
			close(again);
		log_warn("audit", "what was declared is no part of this run");
		return false;
	}
	struct transcript *transcript = transcript_new(file);
	declaration_write(ward, transcript, true);
	if (transcript_trouble(transcript))
		log_warnx("audit", "what was declared is no part of this run: %s",
			transcript_trouble(transcript));
	transcript_free(transcript);
	fclose(file);
	return true;
}
