/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that may be one thing, for their owner to say.
 *
 * What both say of themselves anybody can say, so nothing follows by itself.  Two that were
 * there at the same time are not one: a thing that is on the cable is not on the Wi-Fi too,
 * and where it is, its owner knows.  Of personal devices there is only presence to tell it by.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "device/alike.h"
#include "process/engine.h"

enum {
	PRESENT_S = 600,
	COMPARED_MAX = 20000, /* in one look: some milliseconds, whatever devices call themselves */
	FOUND_MAX = 100,      /* the most alike of them are shown */
	DISTINCT_MAX = 32,    /* remembered of a device; the oldest goes */
	TOGETHER_HOURS = 2,   /* in one hour it may have gone from cable to Wi-Fi */
};

struct found {
	struct alike row[FOUND_MAX];
	size_t n, n_compared;
};

static bool
is_told_apart(const struct ward *ward, const struct ward *other)
{
	const json_t *ids = ward->facet[FACET_DISTINCT];

	for (size_t i = 0; i < json_array_size(ids); i++) {
		/* A backup that somebody made may have anything here. */
		const char *id = json_string_value(json_array_get(ids, i));
		if (id && !strcmp(id, other->device->id))
			return true;
	}
	return false;
}

/* As a part of a thing, what a phone does would be recorded. */
static bool
would_be_watched(const struct ward *from, const struct ward *into)
{
	return from->device->class == DEVICE_CLASS_PERSONAL &&
	       into->device->class != DEVICE_CLASS_PERSONAL;
}

/* Heard, and not merely restored: what a start knows of everybody is no sign of life. */
static bool
is_here(const struct device *device, uint64_t now_ns)
{
	for (size_t i = 0; i < device->n_macs; i++)
		if (device->mac[i].heard_ns &&
			now_ns - device->mac[i].heard_ns <= PRESENT_S * CLOCK_SECOND_NS)
			return true;
	return false;
}

static bool
were_together(const struct ward *a, const struct ward *b)
{
	uint64_t now_ns = clock_monotonic_ns();

	return (is_here(a->device, now_ns) && is_here(b->device, now_ns)) ||
	       talk_hours_together(a, b) >= TOGETHER_HOURS;
}

static int
most_alike_first(const void *a, const void *b)
{
	const struct alike *x = a, *y = b;

	if (x->confidence != y->confidence)
		return x->confidence > y->confidence ? -1 : 1;
	return x->into != y->into ? (x->into < y->into ? -1 : 1)
				  : (x->from > y->from) - (x->from < y->from);
}

static bool
is_in(const struct found *found, const struct alike *alike)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->row[i].from == alike->from && found->row[i].into == alike->into)
			return true;
	return false;
}

static void
find_alike(struct ward *ward, struct found *found)
{
	struct alike_walk walk = {0};
	const struct device *other;
	struct alike alike;

	while (found->n < FOUND_MAX && found->n_compared < COMPARED_MAX &&
		(other = device_next_alike(engine.table, ward->device, &walk))) {
		struct ward *peer = ward_find(other->number);
		found->n_compared++;
		if (!peer || !device_alike(engine.table, ward->device, other, &alike) ||
			is_in(found, &alike) || is_told_apart(ward, peer) ||
			is_told_apart(peer, ward) || were_together(ward, peer) ||
			would_be_watched(ward_find(alike.from), ward_find(alike.into)))
			continue;
		found->row[found->n++] = alike;
	}
}

static json_t *
show_side(const struct ward *ward)
{
	json_t *out = show_ref(ward);

	json_object_set_new(out, "state",
		json_string(device_state_word((enum device_state)ward->device->state)));
	json_object_set_new(out, "first", json_integer((json_int_t)ward->device->first_s));
	json_object_set_new(out, "last", json_integer((json_int_t)ward->device->last_s));
	return out;
}

/* What was never let in takes on what the other may (device_merge). */
static bool
gains(const struct device *from, const struct device *into)
{
	return !from->is_admitted && from->state == DEVICE_WAITING && into->state != DEVICE_WAITING;
}

static json_t *
show_alike(const struct alike *alike)
{
	const struct ward *from = ward_find(alike->from), *into = ward_find(alike->into);
	json_t *clues = json_array();

	for (size_t i = 0; i < alike->n_clues; i++)
		json_array_append_new(
			clues, json_pack("{s:s, s:s}", "kind",
				       identifier_word((enum identifier_kind)alike->clue[i]->kind),
				       "claimed", alike->clue[i]->claimed_value));
	return json_pack("{s:o, s:o, s:i, s:s, s:b, s:o}", "device", show_side(from), "into",
		show_side(into), "confidence", alike->confidence, "word",
		alike_word(alike->confidence), "gains", gains(from->device, into->device), "clues",
		clues);
}

json_t *
alike_list(size_t limit)
{
	static struct found found;
	json_t *rows = json_array();

	found.n = found.n_compared = 0;
	for (size_t i = 0; i < engine.n_peers; i++)
		if (engine.wards[i]->device)
			find_alike(engine.wards[i], &found);
	qsort(found.row, found.n, sizeof found.row[0], most_alike_first);
	for (size_t i = 0; i < found.n && i < limit; i++)
		json_array_append_new(rows, show_alike(&found.row[i]));
	return rows;
}

json_t *
alike_told_apart(const struct ward *ward, const struct ward *other)
{
	json_t *ids = ward->facet[FACET_DISTINCT] ? json_deep_copy(ward->facet[FACET_DISTINCT])
						  : json_array();

	if (!is_told_apart(ward, other))
		json_array_append_new(ids, json_string(other->device->id));
	while (json_array_size(ids) > DISTINCT_MAX)
		json_array_remove(ids, 0);
	return ids;
}
