/* SPDX-License-Identifier: Apache-2.0 */
#include "check/transcript.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "check/check.h"

/* Two directions in base64, and the members around them. */
enum { LINE_MAX_BYTES = 2 * (EXCHANGE_BYTES_MAX / 3 + 1) * 4 + 2048, CHECK_PLACES = 128 };

struct transcript {
	FILE *file;
	struct exchange **exchange; /* each stays where it is: probes look back while they add */
	size_t n, capacity, bytes;
	size_t begun[CHECK_PLACES]; /* index of the last "begin" of each check */
	char trouble[160];
};

/* --- words ------------------------------------------------------------------------------------ */

static const char *const end_words[EXCHANGE_END_COUNT] = {
	[EXCHANGE_UNKNOWN] = "unknown",
	[EXCHANGE_OPEN] = "open",
	[EXCHANGE_CLOSED] = "closed",
	[EXCHANGE_REFUSED] = "refused",
	[EXCHANGE_SILENT] = "silent",
	[EXCHANGE_UNREACHABLE] = "unreachable",
	[EXCHANGE_OVERLONG] = "overlong",
	[EXCHANGE_TLS_FAILED] = "tls-failed",
	[EXCHANGE_TROUBLE] = "trouble",
};

static bool
end_from_name(const char *name, uint8_t *out)
{
	for (uint8_t i = 0; i < EXCHANGE_END_COUNT; i++)
		if (!strcmp(name, end_words[i])) {
			*out = i;
			return true;
		}
	return false;
}

static void
put_bytes(FILE *out, const uint8_t *bytes, size_t len)
{
	auto_free char *text = base64_text(BASE64_PADDED, bytes, len);
	fputs(text, out);
}

/* --- keeping ---------------------------------------------------------------------------------- */

struct transcript *
transcript_new(FILE *file)
{
	struct transcript *transcript = must_alloc(1, sizeof *transcript);

	transcript->file = file;
	return transcript;
}

void
transcript_free(struct transcript *transcript)
{
	if (!transcript)
		return;
	for (size_t i = 0; i < transcript->n; i++)
		free(transcript->exchange[i]);
	free(transcript->exchange);
	free(transcript);
}

void
transcript_write_to(struct transcript *transcript, FILE *file)
{
	transcript->file = file;
}

static uint32_t
refuse(struct transcript *transcript, const char *why)
{
	if (!transcript->trouble[0])
		snprintf(transcript->trouble, sizeof transcript->trouble, "%s", why);
	return 0;
}

static void
make_room(struct transcript *transcript)
{
	if (transcript->n < transcript->capacity)
		return;
	transcript->capacity = transcript->capacity ? 2 * transcript->capacity : 64;
	/* Bounded by EXCHANGES_MAX; see transcript_add(). */
	struct exchange **grown = must_alloc(transcript->capacity, sizeof *grown);
	if (transcript->n)
		memcpy(grown, transcript->exchange, transcript->n * sizeof *grown);
	free(transcript->exchange);
	transcript->exchange = grown;
}

static uint32_t
keep(struct transcript *transcript, const struct exchange *given)
{
	make_room(transcript);
	struct exchange *kept = must_alloc(1, sizeof *kept + given->n_sent + given->n_received);
	uint8_t *bytes = (uint8_t *)(kept + 1);

	*kept = *given;
	if (given->n_sent)
		memcpy(bytes, given->sent, given->n_sent);
	if (given->n_received)
		memcpy(bytes + given->n_sent, given->received, given->n_received);
	kept->sent = bytes;
	kept->received = bytes + given->n_sent;
	transcript->exchange[transcript->n] = kept;
	kept->number = (uint32_t)++transcript->n;
	transcript->bytes += given->n_sent + given->n_received;
	if (!kept->proto && !strcmp(kept->step, "begin"))
		transcript->begun[kept->check] = transcript->n - 1;
	return kept->number;
}

static const char *
why_not(const struct transcript *transcript, const struct exchange *given)
{
	if (transcript->n >= EXCHANGES_MAX)
		return "the transcript has as many exchanges as are kept";
	if (given->n_sent > EXCHANGE_BYTES_MAX || given->n_received > EXCHANGE_BYTES_MAX)
		return "an exchange is longer than is kept";
	if (transcript->bytes + given->n_sent + given->n_received > TRANSCRIPT_BYTES_MAX)
		return "the transcript is as long as is kept";
	if (given->check >= n_checks || given->check >= CHECK_PLACES)
		return "an exchange of no check";
	if (given->end >= EXCHANGE_END_COUNT ||
		(given->proto != 0 && given->proto != 6 && given->proto != 17))
		return "an exchange that is none";
	if (!memchr(given->step, '\0', sizeof given->step) ||
		!memchr(given->note, '\0', sizeof given->note) || !is_printable(given->step) ||
		!is_printable(given->note))
		return "an exchange with text that is not printable";
	return NULL;
}

/* Printable text holds no quote, but the backslashes of what was escaped already. */
static void
put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
}

static void
put_line(FILE *out, const struct exchange *e)
{
	char address[IP_TEXT_MAX];

	fprintf(out,
		"{\"n\":%" PRIu32 ",\"utc\":%" PRId64 ",\"at_us\":%" PRIu64 ",\"took_us\":%" PRIu64
		",\"check\":\"%s\",\"step\":\"",
		e->number, e->utc_s, e->begun_us, e->took_us, checks[e->check].id);
	put_text(out, e->step);
	fprintf(out, "\",\"round\":%" PRIu32, e->round);
	if (e->proto)
		fprintf(out, ",\"proto\":\"%s\"", e->proto == 6 ? "tcp" : "udp");
	if (e->address.version)
		fprintf(out, ",\"address\":\"%s\"", ip_render(&e->address, address));
	if (e->port)
		fprintf(out, ",\"port\":%u", e->port);
	if (e->is_tls)
		fputs(",\"tls\":true", out);
	if (e->end)
		fprintf(out, ",\"end\":\"%s\"", end_words[e->end]);
	if (e->note[0]) {
		fputs(",\"note\":\"", out);
		put_text(out, e->note);
		putc('"', out);
	}
	if (e->n_sent) {
		fputs(",\"sent\":\"", out);
		put_bytes(out, e->sent, e->n_sent);
		putc('"', out);
	}
	if (e->n_received) {
		fputs(",\"received\":\"", out);
		put_bytes(out, e->received, e->n_received);
		putc('"', out);
	}
	fputs("}\n", out);
}

uint32_t
transcript_add(struct transcript *transcript, const struct exchange *given)
{
	struct exchange stamped = *given;

	if (transcript->trouble[0])
		return 0;
	const char *why = why_not(transcript, given);
	if (why)
		return refuse(transcript, why);
	if (!stamped.utc_s)
		stamped.utc_s = clock_wall_s();
	uint32_t number = keep(transcript, &stamped);
	if (!transcript->file)
		return number;
	put_line(transcript->file, transcript->exchange[number - 1]);
	/* Before the next step: evidence that was only in memory dies with the worker. */
	if (fflush(transcript->file) || ferror(transcript->file)) {
		snprintf(transcript->trouble, sizeof transcript->trouble,
			"the transcript cannot be written: %s", strerror(errno));
		return 0;
	}
	return number;
}

const char *
transcript_trouble(const struct transcript *transcript)
{
	return transcript->trouble[0] ? transcript->trouble : NULL;
}

size_t
transcript_count(const struct transcript *transcript)
{
	return transcript->n;
}

const struct exchange *
transcript_at(const struct transcript *transcript, size_t index)
{
	assert(index < transcript->n);
	return transcript->exchange[index];
}

const struct exchange *
transcript_next(const struct transcript *transcript, size_t *from, uint16_t check, const char *step)
{
	size_t first = check < CHECK_PLACES ? transcript->begun[check] : 0;

	for (size_t i = *from > first ? *from : first; i < transcript->n; i++) {
		const struct exchange *e = transcript->exchange[i];
		if (e->check != check || (step && strcmp(e->step, step)))
			continue;
		*from = i + 1;
		return e;
	}
	*from = transcript->n;
	return NULL;
}

const struct exchange *
transcript_first(const struct transcript *transcript, uint16_t check, const char *step)
{
	size_t from = 0;

	return transcript_next(transcript, &from, check, step);
}

const struct exchange *
transcript_beside(const struct transcript *transcript, const struct exchange *of, const char *step,
	uint32_t round, const char *note)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, of->check, step)))
		if (e->port == of->port && ip_is_equal(&e->address, &of->address) &&
			e->round == round && (!note || !strcmp(e->note, note)))
			return e;
	return NULL;
}

/* --- reading ----------------------------------------------------------------------------------- */

/* What was not asked for is not there: each member that was taken is counted. */
struct members {
	const json_t *object;
	size_t taken;
	bool is_bad;
};

static const json_t *
take(struct members *members, const char *key)
{
	const json_t *value = json_object_get(members->object, key);

	if (value)
		members->taken++;
	return value;
}

static uint64_t
take_number(struct members *members, const char *key, uint64_t max, bool is_needed)
{
	const json_t *value = take(members, key);

	if (!value) {
		members->is_bad |= is_needed;
		return 0;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		(uint64_t)json_integer_value(value) > max) {
		members->is_bad = true;
		return 0;
	}
	return (uint64_t)json_integer_value(value);
}

static const char *
take_text(struct members *members, const char *key, size_t size)
{
	const json_t *value = take(members, key);

	if (!value)
		return "";
	if (!json_is_string(value) || json_string_length(value) >= size ||
		!json_string_length(value) || !is_printable(json_string_value(value))) {
		members->is_bad = true;
		return "";
	}
	return json_string_value(value);
}

static size_t
take_bytes(struct members *members, const char *key, uint8_t *out)
{
	const json_t *value = take(members, key);
	size_t len = 0;

	if (!value)
		return 0;
	if (!json_is_string(value) || !json_string_length(value) ||
		!base64_parse(BASE64_PADDED, json_string_value(value), json_string_length(value),
			out, EXCHANGE_BYTES_MAX, &len)) {
		members->is_bad = true;
		return 0;
	}
	return len;
}

static bool
exchange_from_json(struct exchange *out, const json_t *line, uint8_t *sent, uint8_t *received)
{
	struct members m = {.object = line};
	struct exchange e = {0};

	e.number = (uint32_t)take_number(&m, "n", EXCHANGES_MAX, true);
	e.utc_s = (int64_t)take_number(&m, "utc", INT64_MAX, true);
	e.begun_us = take_number(&m, "at_us", INT64_MAX, true);
	e.took_us = take_number(&m, "took_us", INT64_MAX, true);
	e.round = (uint32_t)take_number(&m, "round", UINT32_MAX, true);
	e.port = (uint16_t)take_number(&m, "port", UINT16_MAX, false);
	int check = check_find(take_text(&m, "check", 64));
	snprintf(e.step, sizeof e.step, "%s", take_text(&m, "step", sizeof e.step));
	snprintf(e.note, sizeof e.note, "%s", take_text(&m, "note", sizeof e.note));
	const char *proto = take_text(&m, "proto", 4);
	e.proto = !strcmp(proto, "tcp") ? 6 : !strcmp(proto, "udp") ? 17 : 0;
	if (check < 0 || (*proto && !e.proto))
		return false;
	e.check = (uint16_t)check;
	const char *address = take_text(&m, "address", IP_TEXT_MAX);
	if (*address && !ip_parse(&e.address, address))
		return false;
	const char *end = take_text(&m, "end", 16);
	if (*end && !end_from_name(end, &e.end))
		return false;
	const json_t *tls = take(&m, "tls");
	if (tls && !json_is_true(tls))
		return false;
	e.is_tls = tls != NULL;
	e.n_sent = take_bytes(&m, "sent", sent);
	e.n_received = take_bytes(&m, "received", received);
	if (m.is_bad || m.taken != json_object_size(line))
		return false;
	e.sent = sent;
	e.received = received;
	*out = e;
	return true;
}

static enum err
read_line(struct transcript *transcript, const char *line, size_t len, uint8_t *sent,
	uint8_t *received, struct fault *why)
{
	struct exchange e;

	if (!len || line[len - 1] != '\n') {
		fault_set(why, ERR_INVALID,
			"it ends in the middle of a line, or a line is over %d bytes",
			LINE_MAX_BYTES);
		return ERR_INVALID;
	}
	json_t *json = json_strict(line, len, LINE_MAX_BYTES, 1, why);
	if (!json)
		return ERR_INVALID;
	bool is_good = json_is_object(json) && exchange_from_json(&e, json, sent, received);
	json_decref(json);
	if (!is_good) {
		fault_set(why, ERR_INVALID, "not an exchange");
		return ERR_INVALID;
	}
	if (e.number != transcript->n + 1) {
		fault_set(why, ERR_INVALID, "exchange %" PRIu32 " where %zu was due", e.number,
			transcript->n + 1);
		return ERR_INVALID;
	}
	const char *refused = why_not(transcript, &e);
	if (refused) {
		fault_set(why, ERR_INVALID, "%s", refused);
		return ERR_INVALID;
	}
	keep(transcript, &e);
	return ERR_OK;
}

enum err
transcript_read(FILE *file, struct transcript **out, struct fault *why)
{
	auto_free char *line = must_alloc(1, LINE_MAX_BYTES + 2);
	auto_free uint8_t *sent = must_alloc(1, EXCHANGE_BYTES_MAX);
	auto_free uint8_t *received = must_alloc(1, EXCHANGE_BYTES_MAX);
	struct transcript *transcript = transcript_new(NULL);
	enum err err = ERR_OK;

	/* A NUL within a line makes it end early, and then it is no JSON. */
	while (!err && fgets(line, LINE_MAX_BYTES + 2, file)) {
		err = read_line(transcript, line, strlen(line), sent, received, why);
		if (err)
			fault_prefix(why, "line %zu: ", transcript->n + 1);
	}
	if (!err && ferror(file)) {
		fault_set(why, ERR_SYSTEM, "%s", strerror(errno));
		err = ERR_SYSTEM;
	}
	if (err) {
		transcript_free(transcript);
		return err;
	}
	*out = transcript;
	return ERR_OK;
}
