/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: one row for what goes on, not one for each packet.  They are kept in
 * memory, pushed to who follows, and written to observed.db when writing is due.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"
#include "process/engine_eve.h"
#include "process/engine_incident.h"
#include "process/engine_tell.h"

enum { LOG_WINDOW_S = 10, LOG_LINES = 40 };
enum { QUIET_S = 3600, TELL_AGAIN_MS = 5000, RECENT_MAX = EVENT_GROUPS_MAX };

static const char *const levels[] = {"info", "notice", "alarm"};

struct group {
	int64_t id, first_s, last_s;
	uint64_t count, told_ns, told_count;
	uint32_t device;
	uint8_t level;
	bool is_unsaved;
	char device_id[DEVICE_ID_MAX], device_name[DEVICE_NAME_MAX];
	char kind[32], cause[64], text[320];
};

/* A ring by age of the last change; slot 0 is no special one. */
static struct group group[RECENT_MAX];
static size_t n_groups;
static int64_t next_id = 1;
static uint64_t lost;
static bool has_alarm; /* that is not on the disk yet */

void
event_start(void)
{
	next_id = store_event_last_id(engine.store) + 1;
}

static json_t *
to_json(const struct group *g)
{
	json_t *device = g->device ? json_pack("{s:i, s:s, s:s}", "number", (int)g->device, "id",
					     g->device_id, "name", g->device_name)
				   : json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:o}", "id", (json_int_t)g->id,
		"first", (json_int_t)g->first_s, "time", (json_int_t)g->last_s, "count",
		(json_int_t)g->count, "level", levels[g->level], "kind", g->kind, "cause", g->cause,
		"text", g->text, "device", device);
}

static void
send_event(struct channel *channel, const char *text, size_t len)
{
	static struct message_answer message;

	if (!channel_is_open(channel) || len > sizeof message.text)
		return;
	message.len = (uint32_t)len;
	message.is_last = 1;
	memcpy(message.text, text, len);
	/* Who does not read misses events, and nobody else does. */
	if (channel_send(channel, MESSAGE_EVENT, 0, &message, message_answer_len(&message), -1))
		lost++;
}

static void
tell(struct group *g)
{
	json_t *json = to_json(g);
	auto_free char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t len = strlen(text);

	eve_event(json);
	json_decref(json);
	g->told_ns = clock_monotonic_ns();
	g->told_count = g->count;
	if (engine.web_follows_until_ns > g->told_ns)
		send_event(engine.peer[PROCESS_WEB], text, len);
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (engine.client[i].follows)
			send_event(engine.client[i].channel, text, len);
}

static struct group *
find(uint32_t device, const char *kind, const char *cause, int64_t now_s)
{
	for (size_t i = 0; i < n_groups; i++) {
		struct group *g = &group[i];
		if (g->device == device && now_s - g->last_s < QUIET_S && !strcmp(g->kind, kind) &&
			!strcmp(g->cause, cause))
			return g;
	}
	return NULL;
}

/* The one that was heard longest ago and is written already; else the oldest is lost to the disk. */
static struct group *
room(void)
{
	struct group *oldest = NULL;

	if (n_groups < RECENT_MAX)
		return &group[n_groups++];
	for (int pass = 0; pass < 2 && !oldest; pass++)
		for (size_t i = 0; i < n_groups; i++)
			if ((pass || !group[i].is_unsaved) &&
				(!oldest || group[i].last_s < oldest->last_s))
				oldest = &group[i];
	return oldest;
}

/* Who can make events must not be able to fill the log: so many lines in ten seconds. */
static bool
may_log(void)
{
	static uint64_t since_ns, lines;
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - since_ns >= LOG_WINDOW_S * CLOCK_SECOND_NS) {
		if (lines > LOG_LINES)
			log_info("event", "%llu more events are only in the database",
				(unsigned long long)(lines - LOG_LINES));
		since_ns = now_ns;
		lines = 0;
	}
	return ++lines <= LOG_LINES;
}

void
event(enum event_level level, const struct ward *ward, const char *kind, const char *cause,
	const char *fmt, ...)
{
	uint32_t number = ward ? ward_number(ward) : 0;
	int64_t now_s = clock_wall_s();
	char text[sizeof group[0].text];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	struct group *g = cause ? find(number, kind, cause, now_s) : NULL;
	bool is_new = !g;
	if (is_new) {
		g = room();
		memset(g, 0, sizeof *g);
		g->id = next_id++;
		g->first_s = now_s;
		g->device = number;
		snprintf(g->kind, sizeof g->kind, "%s", kind);
		snprintf(g->cause, sizeof g->cause, "%s", cause ? cause : "");
	}
	g->last_s = now_s;
	g->count++;
	g->level = (uint8_t)level;
	g->is_unsaved = true;
	snprintf(g->text, sizeof g->text, "%s", text);
	if (number) {
		snprintf(g->device_id, sizeof g->device_id, "%s", ward->device->id);
		snprintf(g->device_name, sizeof g->device_name, "%s", device_label(ward->device));
	}
	has_alarm |= is_new && level == EVENT_ALARM;
	if (is_new && level != EVENT_INFO && may_log())
		log_info("event", "%s%s%s", number ? g->device_name : "", number ? ": " : "", text);
	if (is_new)
		tell_event(&(struct gather_event){.id = (uint64_t)g->id,
			.time_s = now_s,
			.level = level,
			.kind = g->kind,
			.text = g->text,
			.device_id = g->device_id,
			.device_name = g->device_name});
	if (is_new || clock_monotonic_ns() - g->told_ns >= TELL_AGAIN_MS * CLOCK_MS_NS)
		tell(g);
}

bool
event_is_urgent(void)
{
	return has_alarm;
}

void
event_flush(void)
{
	has_alarm = false;
	for (size_t i = 0; i < n_groups; i++) {
		struct group *g = &group[i];
		if (g->count != g->told_count)
			tell(g);
		if (!g->is_unsaved)
			continue;
		char detail[160];
		json_t *json = json_pack("{s:s, s:s}", "id", g->device_id, "name", g->device_name);
		json_dumpb(json, detail, sizeof detail - 1, JSON_COMPACT);
		size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
		detail[len < sizeof detail ? len : 0] = '\0';
		json_decref(json);
		struct stored_event row = {.id = g->id,
			.first_s = g->first_s,
			.last_s = g->last_s,
			.count = g->count,
			.device = g->device,
			.kind = g->kind,
			.cause = g->cause,
			.level = levels[g->level],
			.text = g->text,
			.detail = detail};
		store_event_put(engine.store, &row);
		g->is_unsaved = false;
	}
	incident_flush();
}

/* --- reading: memory first, then what is only on the disk ------------------------------------------- */

static void
on_stored(const struct stored_event *row, void *arg)
{
	for (size_t i = 0; i < n_groups; i++)
		if (group[i].id == row->id)
			return; /* the one in memory is newer */
	json_t *who = json_loads(row->detail, 0, NULL);
	const char *id = json_string_value(json_object_get(who, "id"));
	const char *name = json_string_value(json_object_get(who, "name"));
	json_t *device = row->device ? json_pack("{s:i, s:s, s:s}", "number", (int)row->device,
					       "id", id ? id : "", "name", name ? name : "")
				     : json_null();
	json_decref(who);
	json_array_append_new(
		arg, json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:o}", "id",
			     (json_int_t)row->id, "first", (json_int_t)row->first_s, "time",
			     (json_int_t)row->last_s, "count", (json_int_t)row->count, "level",
			     row->level, "kind", row->kind, "cause", row->cause, "text", row->text,
			     "device", device));
}

static int
newest_first(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;
	json_int_t x = json_integer_value(json_object_get(*left, "time"));
	json_int_t y = json_integer_value(json_object_get(*right, "time"));

	if (x == y) {
		x = json_integer_value(json_object_get(*left, "id"));
		y = json_integer_value(json_object_get(*right, "id"));
	}
	return x < y ? 1 : x > y ? -1 : 0;
}

/* Takes the rows. */
static json_t *
sorted(json_t *rows, uint32_t limit)
{
	size_t n = json_array_size(rows);
	json_t **row = must_alloc(n ? n : 1, sizeof *row), *out = json_array();

	for (size_t i = 0; i < n; i++)
		row[i] = json_array_get(rows, i);
	qsort(row, n, sizeof *row, newest_first);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append(out, row[i]);
	free(row);
	json_decref(rows);
	return out;
}

json_t *
event_list(uint32_t device, int64_t before_id, uint32_t limit)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n_groups; i++)
		if ((!device || group[i].device == device) &&
			(!before_id || group[i].id < before_id))
			json_array_append_new(rows, to_json(&group[i]));
	if (store_events(engine.store, before_id, device, limit, on_stored, rows))
		log_debug("event", "stored events cannot be read");
	return sorted(rows, limit);
}

json_t *
event_between(int64_t from_s, int64_t to_s, uint32_t device, uint32_t limit)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n_groups; i++)
		if ((!device || group[i].device == device) && group[i].last_s >= from_s &&
			group[i].first_s < to_s)
			json_array_append_new(rows, to_json(&group[i]));
	if (store_events_between(engine.store, from_s, to_s, device, limit, on_stored, rows))
		log_debug("event", "stored events cannot be read");
	return sorted(rows, limit);
}
