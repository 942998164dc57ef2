/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/* A digest is made once a day: not again when the clock is set back a little. */
enum { DIGEST_APART_S = 20 * 3600 };

/* --- hours -------------------------------------------------------------------------------------- */

static bool
take_minute(const char *text, size_t len, uint16_t *minute)
{
	unsigned hours, minutes;
	int used = 0;

	if (len != 5 || text[2] != ':' || strspn(text, "0123456789:") < len ||
		sscanf(text, "%2u:%2u%n", &hours, &minutes, &used) != 2 || used != 5 ||
		hours > 23 || minutes > 59)
		return false;
	*minute = (uint16_t)(hours * 60 + minutes);
	return true;
}

bool
hours_parse_quiet(struct tell_hours *hours, const char *text)
{
	uint16_t from, to;

	if (!strcmp(text, "off")) {
		hours->has_quiet = false;
		return true;
	}
	if (strlen(text) != 11 || text[5] != '-' || !take_minute(text, 5, &from) ||
		!take_minute(text + 6, 5, &to) || from == to)
		return false;
	*hours = (struct tell_hours){true, hours->has_digest, from, to, hours->digest_at};
	return true;
}

bool
hours_parse_digest(struct tell_hours *hours, const char *text)
{
	if (!strcmp(text, "off")) {
		hours->has_digest = false;
		return true;
	}
	if (!take_minute(text, strlen(text), &hours->digest_at))
		return false;
	hours->has_digest = true;
	return true;
}

const char *
hours_render_quiet(const struct tell_hours *hours, char out[static 16])
{
	if (hours->has_quiet)
		snprintf(out, 16, "%02u:%02u-%02u:%02u", hours->quiet_from / 60u % 24,
			hours->quiet_from % 60u, hours->quiet_to / 60u % 24, hours->quiet_to % 60u);
	else
		strcpy(out, "off");
	return out;
}

const char *
hours_render_digest(const struct tell_hours *hours, char out[static 16])
{
	if (hours->has_digest)
		snprintf(out, 16, "%02u:%02u", hours->digest_at / 60u % 24, hours->digest_at % 60u);
	else
		strcpy(out, "off");
	return out;
}

bool
hours_are_quiet(const struct tell_hours *hours, unsigned minute)
{
	if (!hours->has_quiet)
		return false;
	if (hours->quiet_from < hours->quiet_to)
		return minute >= hours->quiet_from && minute < hours->quiet_to;
	return minute >= hours->quiet_from || minute < hours->quiet_to;
}

/* --- events ---------------------------------------------------------------------------------------- */

void
gather_init(struct gather *gather, const struct tell_hours *hours, int64_t now_s, int64_t digest_s)
{
	memset(gather, 0, sizeof *gather);
	gather->hours = *hours;
	gather->begun_s = now_s;
	gather->digest_s = digest_s;
}

/* A clock that was set back, perhaps by years, must not make anybody wait for it. */
static bool
is_over(int64_t since_s, int64_t span_s, int64_t now_s)
{
	return now_s >= since_s + span_s || now_s < since_s - span_s;
}

static bool
waits(const struct gather *gather, int64_t now_s, unsigned minute)
{
	return hours_are_quiet(&gather->hours, minute) ||
	       !is_over(gather->begun_s, GATHER_START_S, now_s);
}

static bool
may_release(const struct gather_kind *kind, int64_t now_s, bool is_quiet)
{
	bool is_hour_over = is_over(kind->window_s, GATHER_WINDOW_S, now_s);

	return kind->held &&
	       (is_quiet ? kind->is_urgent && is_hour_over : kind->is_night || is_hour_over);
}

static void
message_of(struct message_tell *out, const struct gather_event *event, enum interrupt interrupt)
{
	*out = (struct message_tell){.what = TELL_NOW,
		.level = (uint8_t)event->level,
		.time_s = event->time_s,
		.event = event->id};
	snprintf(out->kind, sizeof out->kind, "%s", event->kind);
	snprintf(out->title, sizeof out->title, "%s%s%s", interrupt_title(interrupt),
		*event->device_name ? ": " : "", event->device_name);
	snprintf(out->text, sizeof out->text, "%s", event->text);
	snprintf(out->device_id, sizeof out->device_id, "%s", event->device_id);
	snprintf(out->device_name, sizeof out->device_name, "%s", event->device_name);
}

/* That it was stopped is no reason to keep for an hour that it was not. */
static bool
was_told_of(const struct gather_kind *kind, const char *device_id, bool passes_quiet)
{
	for (unsigned i = 0; *device_id && i < kind->told && i < GATHER_AN_HOUR; i++)
		if (!strcmp(kind->told_of[i], device_id) &&
			(kind->told_passed_quiet[i] || !passes_quiet))
			return true;
	return false;
}

static void
hold_back(struct gather_kind *kind, const struct gather_event *event, enum interrupt interrupt,
	bool is_night)
{
	if (!kind->held++)
		message_of(&kind->first, event, interrupt);
	kind->is_night |= is_night;
	kind->is_urgent |= !is_night;
	snprintf(kind->last, sizeof kind->last, "%s%s%s", event->device_name,
		*event->device_name ? ": " : "", event->text);
}

void
gather_event(
	struct gather *gather, const struct gather_event *event, int64_t now_s, unsigned minute)
{
	bool passes_quiet;
	enum interrupt interrupt = interrupt_of(event->kind, event->level, &passes_quiet);
	struct gather_kind *kind = &gather->kind[interrupt];

	gather_note(gather, event);
	if (interrupt == INTERRUPT_NONE ||
		(gather->hours.has_digest && interrupt_is_over(event->kind)))
		return;
	bool is_quiet = waits(gather, now_s, minute);
	/* What is held for the morning does not stop what cannot wait. */
	if (is_over(kind->window_s, GATHER_WINDOW_S, now_s) &&
		!may_release(kind, now_s, is_quiet)) {
		kind->window_s = now_s;
		kind->told = 0;
	}
	bool must_wait = !passes_quiet && is_quiet;
	if (must_wait || kind->told == GATHER_AN_HOUR || gather->n_ready == GATHER_READY_MAX ||
		was_told_of(kind, event->device_id, passes_quiet)) {
		hold_back(kind, event, interrupt, must_wait);
		return;
	}
	kind->told_passed_quiet[kind->told] = passes_quiet;
	snprintf(kind->told_of[kind->told++], sizeof kind->told_of[0], "%s", event->device_id);
	message_of(&gather->ready[gather->n_ready++], event, interrupt);
}

void
gather_note(struct gather *gather, const struct gather_event *event)
{
	if (event->level == 0) {
		gather->n_info++;
		return;
	}
	for (unsigned i = 0; i < gather->n_lines; i++) {
		struct gather_line *line = &gather->line[i];
		if (strcmp(line->kind, event->kind) || strcmp(line->device, event->device_name))
			continue;
		line->count++;
		line->level = event->level > line->level ? event->level : line->level;
		snprintf(line->text, sizeof line->text, "%s", event->text);
		return;
	}
	if (gather->n_lines == GATHER_LINES_MAX) {
		gather->n_more++;
		return;
	}
	struct gather_line *line = &gather->line[gather->n_lines++];
	*line = (struct gather_line){.level = event->level, .count = 1};
	snprintf(line->kind, sizeof line->kind, "%s", event->kind);
	snprintf(line->device, sizeof line->device, "%s", event->device_name);
	snprintf(line->text, sizeof line->text, "%s", event->text);
}

/* --- messages ---------------------------------------------------------------------------------------- */

static void
release(struct gather_kind *kind, enum interrupt interrupt, int64_t now_s, struct message_tell *out)
{
	*out = kind->first;
	if (kind->held > 1) {
		out->what = TELL_MORE;
		out->time_s = now_s;
		snprintf(out->title, sizeof out->title, "%s, and %u more",
			interrupt_title(interrupt), kind->held - 1);
		size_t len = strlen(out->text);
		snprintf(out->text + len, sizeof out->text - len,
			"\nand %u more of this kind; the last: %s", kind->held - 1, kind->last);
		out->event = 0;
		memset(out->device_id, 0, sizeof out->device_id);
		memset(out->device_name, 0, sizeof out->device_name);
	}
	kind->held = kind->told = 0;
	kind->is_night = kind->is_urgent = false;
	kind->window_s = now_s;
}

/* The graver line first, of two the one that was seen oftener. */
static int
graver_first(const void *a, const void *b)
{
	const struct gather_line *left = a, *right = b;

	if (left->level != right->level)
		return left->level < right->level ? 1 : -1;
	return left->count < right->count ? 1 : left->count > right->count ? -1 : 0;
}

static void
make_digest(struct gather *gather, int64_t now_s, struct message_tell *out)
{
	unsigned alarms = 0;
	size_t len = 0;

	*out = (struct message_tell){.what = TELL_DIGEST, .time_s = now_s};
	strcpy(out->kind, "digest");
	qsort(gather->line, gather->n_lines, sizeof gather->line[0], graver_first);
	for (unsigned i = 0; i < gather->n_lines; i++) {
		const struct gather_line *line = &gather->line[i];
		char text[32 + sizeof line->device + sizeof line->text];
		alarms += line->level >= 2;
		int n = snprintf(text, sizeof text, "- %s%s%s", line->device,
			line->device[0] ? ": " : "", line->text);
		if (line->count > 1 && n > 0 && (size_t)n < sizeof text)
			n += snprintf(
				text + n, sizeof text - (size_t)n, " (%u times)", line->count);
		/* Room for the two sentences at the end. */
		if (len + strlen(text) + 200 >= sizeof out->text) {
			gather->n_more += gather->n_lines - i;
			break;
		}
		len += (size_t)snprintf(out->text + len, sizeof out->text - len, "%s\n", text);
	}
	if (gather->n_more)
		len += (size_t)snprintf(
			out->text + len, sizeof out->text - len, "and %u more.\n", gather->n_more);
	snprintf(out->text + len, sizeof out->text - len,
		gather->n_lines ? "Besides, %u small things; they are in the story."
				: "Nothing needs you. %u small things are in the story.",
		gather->n_info);
	out->level = alarms ? 1 : 0;
	if (gather->n_lines)
		snprintf(out->title, sizeof out->title, "Your home since yesterday: %u to look at",
			gather->n_lines + gather->n_more);
	else
		snprintf(out->title, sizeof out->title, "Your home since yesterday: calm");
	gather->n_lines = gather->n_more = gather->n_info = 0;
	gather->digest_s = now_s;
}

bool
gather_next(struct gather *gather, int64_t now_s, unsigned minute, struct message_tell *out)
{
	bool is_quiet = waits(gather, now_s, minute);

	if (gather->n_ready) {
		*out = gather->ready[0];
		memmove(gather->ready, gather->ready + 1, --gather->n_ready * sizeof *out);
		return true;
	}
	for (unsigned i = 0; i < INTERRUPT_COUNT; i++) {
		struct gather_kind *kind = &gather->kind[i];
		if (may_release(kind, now_s, is_quiet)) {
			release(kind, (enum interrupt)i, now_s, out);
			return true;
		}
	}
	if (gather->hours.has_digest && minute >= gather->hours.digest_at &&
		minute < gather->hours.digest_at + 60u &&
		is_over(gather->digest_s, DIGEST_APART_S, now_s)) {
		make_digest(gather, now_s, out);
		return true;
	}
	return false;
}
