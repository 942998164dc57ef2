/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With whom a device talks and probably what for, and its heartbeat: flows begun, flows
 * denied and bytes sent in each hour of the last seven days.  Of personal devices
 * nothing comes here.  Bytes of a flow count in the hour in which it ends, because that
 * is when the kernel tells them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/clock.h"
#include "maker/network.h"
#include "policy/purpose.h"
#include "process/engine.h"

enum {
	HOUR_S = 3600,
	HOURS = 168,
	SAVE_S = 2 * 3600, /* 2 KB a device each time */
	TALKS_MAX = 100,
	LOUD_KB = 20 * 1024, /* in an hour: as much as some minutes of pictures */
	LOUD_MAX = 12,
	NETWORKS_MAX = 8, /* shown of one name */
};

struct pulse {
	struct stored_pulse kept;
	bool is_unsaved;
};

/* --- the heartbeat ------------------------------------------------------------------------------ */

/* The place of this hour, with the hours between it and the latest one emptied. */
static struct pulse_hour *
hour_at(struct stored_pulse *pulse, int64_t hour)
{
	if (hour - pulse->hour >= HOURS || hour < pulse->hour - HOURS)
		memset(pulse->at, 0, sizeof pulse->at);
	else
		for (int64_t h = pulse->hour + 1; h <= hour; h++)
			pulse->at[h % HOURS] = (struct pulse_hour){0};
	pulse->hour = hour;
	return &pulse->at[hour % HOURS];
}

void
talk_seen(struct ward *ward, const struct flow_seen *flow)
{
	if (!ward->pulse)
		ward->pulse = must_alloc(1, sizeof *ward->pulse);
	struct pulse *pulse = ward->pulse;
	struct pulse_hour *now = hour_at(&pulse->kept, clock_wall_s() / HOUR_S);

	pulse->kept.device = ward_number(ward);
	pulse->is_unsaved = true;
	now->denied += flow->is_denied;
	now->flows += !flow->is_denied && !flow->is_end;
	/* Rounded up, so that a little is not nothing. */
	now->sent_kb += (uint32_t)((flow->sent + 1023) / 1024);
}

void
talk_flush(bool is_final)
{
	static uint64_t saved_ns;
	uint64_t now_ns = clock_monotonic_ns();

	if (!is_final && saved_ns && now_ns - saved_ns < SAVE_S * CLOCK_SECOND_NS)
		return;
	saved_ns = now_ns;
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct pulse *pulse = engine.wards[i]->pulse;
		if (!pulse || !pulse->is_unsaved)
			continue;
		store_pulse_put(engine.store, &pulse->kept);
		pulse->is_unsaved = false;
	}
}

static void
on_pulse(const struct stored_pulse *row, void *arg)
{
	struct ward *ward = ward_find(row->device);

	if (!row->device || !ward || !ward->device || ward->device->class == DEVICE_CLASS_PERSONAL)
		return;
	ward->pulse = must_alloc(1, sizeof *ward->pulse);
	ward->pulse->kept = *row;
}

void
talk_load(void)
{
	if (store_pulses(engine.store, on_pulse, NULL))
		log_warnx("talk", "what devices did in the last days cannot be read");
}

void
talk_free(struct ward *ward)
{
	free(ward->pulse);
	ward->pulse = NULL;
}

static bool
did_something(const struct stored_pulse *pulse, int64_t hour)
{
	const struct pulse_hour *at = &pulse->at[hour % HOURS];

	return hour <= pulse->hour && hour > pulse->hour - HOURS &&
	       (at->flows || at->denied || at->sent_kb);
}

int
talk_hours_together(const struct ward *a, const struct ward *b)
{
	int64_t now = clock_wall_s() / HOUR_S;
	int n = 0;

	for (int64_t hour = now - HOURS + 1; a->pulse && b->pulse && hour <= now; hour++)
		n += did_something(&a->pulse->kept, hour) && did_something(&b->pulse->kept, hour);
	return n;
}

/* --- in whose network -------------------------------------------------------------------------- */

static struct network_table *networks; /* NULL: no table is installed */

void
talk_open(void)
{
	char own[256];
	/* The owner's, what "location update" keeps, Debian's libloc-database. */
	const char *const paths[] = {own, "/var/lib/location/database.db",
		"/usr/share/libloc-location/location.db", NULL};

	snprintf(own, sizeof own, "%s/location.db", engine.settings->state_directory);
	networks = network_table_open(paths);
}

struct shown_networks {
	struct network row[NETWORKS_MAX];
	size_t n;
	json_t *out;
};

static void
add_network(struct shown_networks *shown, const struct ip *address)
{
	struct network network;

	if (shown->n == NETWORKS_MAX || !network_find(networks, address, &network))
		return;
	for (size_t i = 0; i < shown->n; i++)
		if (network_is_equal(&shown->row[i], &network))
			return;
	shown->row[shown->n++] = network;
	json_array_append_new(shown->out,
		json_pack("{s:s, s:s, s:s, s:I, s:b}", "country", network.country, "country_name",
			network.country_name[0] ? network.country_name : network.country, "owner",
			network.owner, "as", (json_int_t)network.as, "anycast",
			network.is_anycast));
}

/* Of the address that was used last, and of all that its name leads to now. */
static json_t *
show_networks(const struct ward *ward, const struct learn_flow *flow)
{
	struct shown_networks shown = {.out = json_array()};

	if (!networks || flow->peer)
		return shown.out;
	add_network(&shown, &flow->address);
	for (int i = 0; flow->name && *flow->name && i < ward->n_answers; i++)
		if (!strcasecmp(ward->answer[i].name, flow->name))
			add_network(&shown, &ward->answer[i].address);
	return shown.out;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return left < right ? -1 : left > right;
}

bool
talk_was_busy(const struct ward *ward)
{
	enum { BUSY_TIMES = 4, HOURS_KNOWN = 3 };
	uint32_t flows[HOURS] = {0};
	size_t n = 0;

	for (int h = 0; ward->pulse && h < HOURS; h++)
		if (ward->pulse->kept.at[h].flows)
			flows[n++] = ward->pulse->kept.at[h].flows;
	qsort(flows, n, sizeof flows[0], by_number);
	return n >= HOURS_KNOWN && flows[n - 1] >= BUSY_TIMES * flows[n / 2];
}

/* --- showing -------------------------------------------------------------------------------------- */

static json_t *
show_talk(const struct ward *ward, const struct learn_flow *flow, const char *maker)
{
	const struct ward *peer = flow->peer ? ward_find(flow->peer) : NULL;
	const char *name = flow->name ? flow->name : "", *why, *site = purpose_site(name);
	struct purpose_asked asked = {
		.name = name, .maker = maker, .peer = flow->peer, .port = flow->port};
	enum purpose purpose = purpose_of(&asked, &why);
	json_t *out = show_flow(flow);

	json_object_set_new(out, "purpose", json_string(purpose_word(purpose)));
	json_object_set_new(out, "why", json_string(why));
	json_object_set_new(
		out, "site", json_string(peer && peer->device ? device_label(peer->device) : site));
	json_object_set_new(out, "networks", show_networks(ward, flow));
	json_object_set_new(out, "first", json_integer((json_int_t)flow->first_s));
	json_object_set_new(out, "last", json_integer((json_int_t)flow->last_s));
	return out;
}

static int
most_bytes_first(const void *a, const void *b)
{
	const struct learn_flow *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* From the oldest hour to the one that runs; a device that did nothing has hours of nothing. */
static json_t *
show_pulse(const struct stored_pulse *pulse, int64_t hour, json_t *loud)
{
	json_t *flows = json_array(), *denied = json_array(), *sent = json_array();

	for (int64_t h = hour - HOURS + 1; h <= hour; h++) {
		const struct pulse_hour *at = &pulse->at[h % HOURS];
		json_array_append_new(flows, json_integer(at->flows));
		json_array_append_new(denied, json_integer(at->denied));
		json_array_append_new(sent, json_integer(at->sent_kb));
		if (at->sent_kb >= LOUD_KB && json_array_size(loud) < LOUD_MAX)
			json_array_append_new(
				loud, json_pack("{s:I, s:I}", "time", (json_int_t)(h * HOUR_S),
					      "kb", (json_int_t)at->sent_kb));
	}
	return json_pack("{s:I, s:o, s:o, s:o}", "begins",
		(json_int_t)((hour - HOURS + 1) * HOUR_S), "flows", flows, "denied", denied,
		"sent_kb", sent);
}

json_t *
talk_show(struct ward *ward)
{
	static struct stored_pulse pulse;
	int64_t hour = clock_wall_s() / HOUR_S;
	json_t *talks = json_array(), *loud = json_array();
	struct learn_flow *flows;
	char maker[256];
	void *keep;

	maker_site_of(ward, maker);
	size_t n = flow_list(ward, &flows, &keep);
	qsort(flows, n, sizeof *flows, most_bytes_first);
	for (size_t i = 0; i < n && i < TALKS_MAX; i++)
		json_array_append_new(talks, show_talk(ward, &flows[i], maker));
	free(flows);
	free(keep);
	pulse = ward->pulse ? ward->pulse->kept : (struct stored_pulse){.hour = hour};
	hour_at(&pulse, hour > pulse.hour ? hour : pulse.hour);
	json_t *hours = show_pulse(&pulse, pulse.hour, loud);
	json_t *made =
		networks ? json_integer((json_int_t)network_table_made_s(networks)) : json_null();
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "device", show_ref(ward), "maker", maker,
		"talks", talks, "networks_as_of", made, "pulse", hours, "sends_a_lot", loud);
}
