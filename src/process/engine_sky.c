/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shrinking sky: how much a device may reach, and might reach before.
 *
 * A row is made of what was sent to the kernel, at the moment at which the kernel has
 * acknowledged it; what was meant and refused makes none.  Names open addresses later and
 * for a while: a row keeps the most that were open at one time while it was in force.
 * What the device used is counted from the recorded flows when somebody asks.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/clock.h"
#include "policy/sky.h"
#include "process/engine.h"

enum {
	UNWRITTEN_MAX = 4096, /* rows that wait for the next flush; beyond: the oldest is lost */
	FLUSHED_S = 300,      /* what was open since the last look counts, though it be closed */
};
#define ADDRESSES4 4294967296.0
#define ADDRESSES6 340282366920938463463374607431768211456.0

static struct stored_sky *unwritten;
static size_t n_unwritten;

/* --- what is in force ----------------------------------------------------------------------- */

/* The addresses of devices that it may open something of; more than there are is fine. */
static void
add_neighbours(struct stored_sky *sky, const struct message_policy *policy)
{
	uint32_t last = 0;

	for (uint16_t i = 0; i < policy->n_entries; i++) {
		const struct policy_entry *entry = &policy->entry[i];
		if (entry->kind != POLICY_ENTRY_NEIGHBOUR || entry->peer == last)
			continue;
		last = entry->peer;
		const struct device *peer = device_find(engine.table, entry->peer);
		for (int k = 0; peer && k < peer->n_bindings; k++)
			*(peer->binding[k].address.version == 4 ? &sky->addresses4
								: &sky->addresses6) += 1;
	}
}

void
sky_sent(struct ward *ward, const struct message_policy *policy)
{
	struct stored_sky *sent = &ward->sky_sent;
	struct sky sky;

	sky_from_policy(&sky, policy, false);
	*sent = (struct stored_sky){.device = policy->device,
		.state = policy->state,
		.is_all = sky.is_all,
		.ports = sky.ports,
		.neighbours = sky.neighbours,
		.addresses4 = sky.addresses4,
		.addresses6 = sky.addresses6};
	if (sky.neighbours)
		add_neighbours(sent, policy);
	for (int i = 0; ward->policy && i < ward->policy->n_rules; i++) {
		const struct policy_rule *rule = &ward->policy->rule[i];
		sent->origins |= (uint16_t)(1 << rule->origin);
		sent->rules += rule->origin != ORIGIN_CLASS_DEFAULT;
	}
}

static bool
is_same(const struct stored_sky *a, const struct stored_sky *b)
{
	return a->state == b->state && a->is_all == b->is_all && a->is_paused == b->is_paused &&
	       a->origins == b->origins && a->rules == b->rules && a->ports == b->ports &&
	       a->neighbours == b->neighbours && a->addresses4 >= b->addresses4 &&
	       a->addresses4 <= b->addresses4 && a->addresses6 >= b->addresses6 &&
	       a->addresses6 <= b->addresses6;
}

/* Two names of one server are one address. */
static bool
is_first_answer(const struct ward *ward, int at, int64_t since_s)
{
	for (int i = 0; i < at; i++)
		if (ward->answer[i].slot && ward->answer[i].until_s >= since_s &&
			ip_is_equal(&ward->answer[i].address, &ward->answer[at].address))
			return false;
	return true;
}

static void
count_open(const struct ward *ward, int64_t since_s, uint32_t *open4, uint32_t *open6)
{
	*open4 = *open6 = 0;
	for (int i = 0; i < ward->n_answers; i++)
		if (ward->answer[i].slot && ward->answer[i].until_s >= since_s &&
			is_first_answer(ward, i, since_s))
			(*(ward->answer[i].address.version == 4 ? open4 : open6))++;
}

static void
raise_open(struct ward *ward)
{
	struct stored_sky *now = &ward->sky;
	int64_t since_s = clock_wall_s() - FLUSHED_S;
	uint32_t open4, open6;

	if (now->state != DEVICE_ENFORCE)
		return;
	count_open(ward, since_s > now->time_s ? since_s : now->time_s, &open4, &open6);
	if (open4 <= now->open4 && open6 <= now->open6)
		return;
	now->open4 = open4 > now->open4 ? open4 : now->open4;
	now->open6 = open6 > now->open6 ? open6 : now->open6;
	ward->is_sky_unsaved = true;
}

static void
queue(const struct stored_sky *row)
{
	if (!unwritten)
		unwritten = must_alloc(UNWRITTEN_MAX, sizeof *unwritten);
	if (n_unwritten == UNWRITTEN_MAX)
		memmove(unwritten, unwritten + 1, --n_unwritten * sizeof *unwritten);
	unwritten[n_unwritten++] = *row;
}

void
sky_in_force(struct ward *ward)
{
	struct stored_sky next = ward->sky_sent;

	if (!next.device)
		return;
	if (pause_is_on(ward) && !ward->is_pause_awaited) {
		next.is_paused = next.is_all = true;
		next.ports = SKY_PORTS_ALL;
	}
	if (ward->sky.device && is_same(&ward->sky, &next))
		return;
	raise_open(ward);
	if (ward->is_sky_unsaved)
		queue(&ward->sky);
	next.time_s = clock_wall_s();
	/* Two changes in one second are one step. */
	if (next.time_s <= ward->sky.time_s)
		next.time_s = ward->sky.time_s;
	ward->sky = next;
	ward->is_sky_unsaved = true;
}

/* --- keeping ---------------------------------------------------------------------------------- */

void
sky_flush(void)
{
	for (size_t i = 0; i < n_unwritten; i++)
		if (unwritten[i].device && ward_find(unwritten[i].device))
			store_sky_put(engine.store, &unwritten[i]);
	n_unwritten = 0;
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		if (ward->is_answers_news)
			raise_open(ward);
		ward->is_answers_news = false;
		if (ward->is_sky_unsaved)
			store_sky_put(engine.store, &ward->sky);
		ward->is_sky_unsaved = false;
	}
}

static void
on_last(const struct stored_sky *row, void *arg)
{
	struct ward *ward = ward_find(row->device);

	if (ward && ward->device)
		ward->sky = *row;
}

void
sky_load(void)
{
	if (store_skies_last(engine.store, on_last, NULL))
		log_warnx("sky", "what devices were allowed before cannot be read");
}

void
sky_forget(uint32_t number)
{
	for (size_t i = 0; i < n_unwritten; i++)
		if (unwritten[i].device == number)
			unwritten[i].device = 0;
}

/* --- showing ---------------------------------------------------------------------------------- */

struct listing {
	struct stored_sky row[STORE_SKIES_A_DEVICE + 1];
	size_t n;
};

static void
take(const struct stored_sky *row, void *arg)
{
	struct listing *listing = arg;

	/* What was not flushed yet is newer, row for row; day 0 has no device and stays. */
	if (listing->n > 1 && listing->row[listing->n - 1].time_s == row->time_s)
		listing->n--;
	if (listing->n == COUNT_OF(listing->row))
		memmove(listing->row + 1, listing->row + 2, (--listing->n - 1) * sizeof *row);
	listing->row[listing->n++] = *row;
}

/*
 * Hosts of the flows: those of one host have one number, so that they are counted for
 * each row of the history by going over the flows once.  A name is one host whatever
 * its addresses; a bare address that a name led to is that host.
 */
struct hosts {
	const struct learn_flow *flows;
	size_t n;
	size_t *of;            /* a flow's host: an index below n */
	size_t *seen4, *seen6; /* a host's last row in which it was counted */
	size_t row;
};

struct remote {
	const struct learn_flow *flow;
	size_t at; /* in flows */
};

static const char *
name_of(const struct learn_flow *flow)
{
	return flow->name && !flow->peer ? flow->name : "";
}

static int
by_address(const void *a, const void *b)
{
	const struct learn_flow *x = ((const struct remote *)a)->flow,
				*y = ((const struct remote *)b)->flow;
	int order = memcmp(&x->address, &y->address, sizeof x->address);

	/* With a name first: it takes those without along. */
	return order ? order : !*name_of(x) - !*name_of(y);
}

static int
by_name(const void *a, const void *b)
{
	const struct learn_flow *x = ((const struct remote *)a)->flow,
				*y = ((const struct remote *)b)->flow;

	if (x->peer != y->peer)
		return x->peer < y->peer ? -1 : 1;
	return x->peer ? 0 : strcasecmp(name_of(x), name_of(y));
}

static void
hosts_init(struct hosts *hosts, const struct learn_flow *flows, size_t n)
{
	auto_free struct remote *sorted = must_alloc(n ? n : 1, sizeof *sorted);

	*hosts = (struct hosts){.flows = flows,
		.n = n,
		.of = must_alloc(n ? n : 1, sizeof *hosts->of),
		.seen4 = must_alloc(n ? n : 1, sizeof *hosts->seen4),
		.seen6 = must_alloc(n ? n : 1, sizeof *hosts->seen6)};
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct remote){&flows[i], hosts->of[i] = i};
	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 1; i < n; i++)
		if ((sorted[i].flow->peer || *name_of(sorted[i].flow)) &&
			!by_name(&sorted[i - 1], &sorted[i]))
			hosts->of[sorted[i].at] = hosts->of[sorted[i - 1].at];
	qsort(sorted, n, sizeof *sorted, by_address);
	for (size_t i = 1; i < n; i++)
		if (!sorted[i].flow->peer && !sorted[i - 1].flow->peer &&
			!*name_of(sorted[i].flow) &&
			ip_is_equal(&sorted[i].flow->address, &sorted[i - 1].flow->address))
			hosts->of[sorted[i].at] = hosts->of[sorted[i - 1].at];
}

static void
hosts_fini(struct hosts *hosts)
{
	free(hosts->of);
	free(hosts->seen4);
	free(hosts->seen6);
}

/* Hosts that it began flows to in this time, by the version of IP. */
static void
count_used(struct hosts *hosts, int64_t from_s, int64_t to_s, json_int_t *used4, json_int_t *used6)
{
	*used4 = *used6 = 0;
	hosts->row++;
	for (size_t i = 0; i < hosts->n; i++) {
		const struct learn_flow *flow = &hosts->flows[i];
		bool is_v4 = flow->address.version == 4;
		size_t *seen = &(is_v4 ? hosts->seen4 : hosts->seen6)[hosts->of[i]];
		if (flow->direction != DIRECTION_FROM_DEVICE || flow->was_denied ||
			flow->first_s >= to_s || flow->last_s < from_s || *seen == hosts->row)
			continue;
		*seen = hosts->row;
		++*(is_v4 ? used4 : used6);
	}
}

static json_t *
show_count(double count)
{
	/* Beyond that a double is no whole number any more. */
	return count < 9007199254740992.0 ? json_integer((json_int_t)count) : json_real(count);
}

static json_t *
show_side(double addresses, json_int_t n_used)
{
	return json_pack("{s:o, s:I}", "addresses", show_count(addresses), "used", n_used);
}

static json_t *
show_sources(const struct stored_sky *sky)
{
	json_t *words = json_array();

	for (int i = ORIGIN_UNKNOWN + 1; i < ORIGIN_COUNT; i++)
		if (sky->origins & 1 << i)
			json_array_append_new(
				words, json_string(origin_word((enum policy_origin)i)));
	return words;
}

static json_t *
show_row(const struct stored_sky *sky, struct hosts *hosts, int64_t to_s)
{
	double all4 = sky->is_all ? ADDRESSES4 : sky->addresses4 + sky->open4;
	double all6 = sky->is_all ? ADDRESSES6 : sky->addresses6 + sky->open6;
	json_int_t used4, used6;

	count_used(hosts, sky->time_s, to_s, &used4, &used6);
	return json_pack("{s:I, s:s, s:b, s:b, s:I, s:I, s:I, s:o, s:o, s:o}", "time",
		(json_int_t)sky->time_s, "state",
		sky->state ? device_state_word((enum device_state)sky->state) : "before", "paused",
		sky->is_paused, "all", sky->is_all, "rules", (json_int_t)sky->rules, "ports",
		(json_int_t)sky->ports, "neighbours", (json_int_t)sky->neighbours, "sources",
		show_sources(sky), "ipv4", show_side(all4 < ADDRESSES4 ? all4 : ADDRESSES4, used4),
		"ipv6", show_side(all6 < ADDRESSES6 ? all6 : ADDRESSES6, used6));
}

static void
list(struct ward *ward, struct listing *listing)
{
	/* Day 0: any network would have let it do everything; whether it did is not said. */
	listing->row[listing->n++] = (struct stored_sky){.is_all = true,
		.ports = SKY_PORTS_ALL,
		.neighbours = engine.n_peers ? (uint32_t)engine.n_peers - 1 : 0,
		.time_s = ward->device->first_s};
	if (store_skies(engine.store, ward_number(ward), take, listing))
		log_debug("sky", "its history cannot be read");
	for (size_t i = 0; i < n_unwritten; i++)
		if (unwritten[i].device == ward_number(ward))
			take(&unwritten[i], listing);
	if (ward->sky.device)
		take(&ward->sky, listing);
}

json_t *
sky_show(struct ward *ward)
{
	struct listing listing = {.n = 0};
	struct learn_flow *flows;
	struct hosts hosts;
	json_t *rows = json_array();
	int64_t now_s = clock_wall_s();
	void *keep;

	raise_open(ward);
	list(ward, &listing);
	size_t n = flow_list(ward, &flows, &keep);
	hosts_init(&hosts, flows, n);
	for (size_t i = 0; i < listing.n; i++) {
		bool is_last = i + 1 == listing.n;
		json_array_append_new(
			rows, show_row(&listing.row[i], &hosts,
				      is_last ? now_s + 1 : listing.row[i + 1].time_s));
	}
	struct stored_sky now = ward->sky;
	count_open(ward, now_s, &now.open4, &now.open6);
	/* All that it ever used beside all that it may: the rest is what our rules leave open. */
	now.time_s = 0;
	json_t *out = json_pack("{s:o, s:o, s:o, s:b}", "device", show_ref(ward), "now",
		show_row(&now, &hosts, now_s + 1), "history", rows, "in_force",
		now.device && sync_is_in_force(ward));
	json_t *pause =
		pause_is_on(ward)
			? json_integer((json_int_t)(ward->pause_until_ns - clock_monotonic_ns()) /
				       (json_int_t)CLOCK_SECOND_NS)
			: json_null();
	json_object_set_new(out, "pause_seconds_left", pause);
	hosts_fini(&hosts);
	free(flows);
	free(keep);
	return out;
}
