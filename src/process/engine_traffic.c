/* SPDX-License-Identifier: Apache-2.0 */
/* What devices send by themselves, as facts for the passive checks. */
#include "process/engine_traffic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/traffic.h"
#include "process/engine_app.h"
#include "process/engine_shelf.h"

enum {
	APART_S = 60,        /* without ports of their own two packets are one visit */
	SAVE_S = 6 * 3600,   /* a few hundred devices are some megabytes of flash a day */
	LOOK_S = 3600,       /* at certificates that end, servers that answer no more */
	SETTLED_S = 3600,    /* before that a second certificate is no change */
	SOON_S = 14 * 86400, /* a certificate ends */
	GONE_S = 3 * 86400,  /* no answer while it is asked */
	HABIT_S = 2 * 86400, /* before that nothing is a habit */
	HABIT_COUNT = 8,
	FILE_MODE = 0600,
	FOLDER_MODE = 0700,
};

struct fact {
	const char *step; /* a constant */
	char *text;       /* text, NUL, detail */
	struct ip address;
	uint16_t port, source_port;
	uint8_t proto;
	uint32_t count;
	int64_t first_s, last_s;
};

struct traffic {
	int64_t since_s;
	uint32_t n_lost;
	uint16_t n, room;
	bool is_changed;
	struct fact *fact;
};

static size_t n_all;
static uint64_t saved_ns, looked_ns;

static const char *
detail_of(const struct fact *fact)
{
	return fact->text + strlen(fact->text) + 1;
}

/* --- keeping ----------------------------------------------------------------------------------- */

void
traffic_free(struct ward *ward)
{
	struct traffic *traffic = ward->traffic;

	if (!traffic)
		return;
	for (size_t i = 0; i < traffic->n; i++)
		free(traffic->fact[i].text);
	n_all -= traffic->n;
	free(traffic->fact);
	free(traffic);
	ward->traffic = NULL;
}

static void
path_of(const struct ward *ward, char *out, size_t size)
{
	snprintf(out, size, "%s/traffic/%s.jsonl", engine.settings->state_directory,
		ward->device->id);
}

void
traffic_forget(struct ward *ward)
{
	char path[SETTINGS_PATH_MAX + 64];

	traffic_free(ward);
	if (!ward->device)
		return;
	path_of(ward, path, sizeof path);
	if (unlink(path) && errno != ENOENT)
		log_warn("traffic", "what device %u sent cannot be removed", ward->number);
}

static struct traffic *
traffic_of(struct ward *ward, int64_t now_s)
{
	if (!ward->traffic) {
		ward->traffic = must_alloc(1, sizeof *ward->traffic);
		ward->traffic->since_s = now_s;
	}
	return ward->traffic;
}

static bool
is_of(const struct fact *fact, const struct traffic_fact *seen)
{
	return !strcmp(fact->step, seen->step) && fact->port == seen->port &&
	       fact->proto == seen->proto && ip_is_equal(&fact->address, &seen->address) &&
	       !strcmp(fact->text, seen->text) && !strcmp(detail_of(fact), seen->detail);
}

/* The place of a new fact: a free one, or that of the one of its kind seen longest ago. */
static struct fact *
place_for(struct traffic *traffic, const char *step)
{
	struct fact *oldest = NULL, *oldest_of_all = NULL;
	size_t n_step = 0;

	for (size_t i = 0; i < traffic->n; i++) {
		struct fact *at = &traffic->fact[i];
		if (!oldest_of_all || at->last_s < oldest_of_all->last_s)
			oldest_of_all = at;
		if (strcmp(at->step, step))
			continue;
		n_step++;
		if (!oldest || at->last_s < oldest->last_s)
			oldest = at;
	}
	if (n_step >= FACTS_A_STEP || traffic->n >= FACTS_A_DEVICE || n_all >= FACTS_ALL) {
		struct fact *place = n_step ? oldest : oldest_of_all;
		if (!place)
			return NULL;
		traffic->n_lost++;
		free(place->text);
		return place;
	}
	if (traffic->n == traffic->room) {
		traffic->room = (uint16_t)(traffic->room ? 2 * traffic->room : 8);
		struct fact *grown = realloc(traffic->fact, traffic->room * sizeof *grown);
		if (!grown)
			fatalx("traffic", "out of memory");
		traffic->fact = grown;
	}
	n_all++;
	return &traffic->fact[traffic->n++];
}

/* NULL when there is no room, or when it is known already. */
static struct fact *
keep(struct ward *ward, const struct traffic_fact *seen, uint16_t source_port)
{
	struct traffic *traffic = traffic_of(ward, seen->last_s);
	size_t text = strlen(seen->text) + 1, detail = strlen(seen->detail) + 1;

	traffic->is_changed = true;
	for (size_t i = 0; i < traffic->n; i++) {
		struct fact *at = &traffic->fact[i];
		if (!is_of(at, seen))
			continue;
		/* Twice in one connection is once. */
		if (source_port ? source_port != at->source_port
				: seen->last_s - at->last_s >= APART_S)
			at->count += at->count < UINT32_MAX;
		at->source_port = source_port;
		at->last_s = seen->last_s;
		return NULL;
	}
	struct fact *fact = place_for(traffic, seen->step);
	if (!fact)
		return NULL;
	*fact = (struct fact){.step = seen->step,
		.text = must_alloc(1, text + detail),
		.address = seen->address,
		.port = seen->port,
		.source_port = source_port,
		.proto = seen->proto,
		.count = seen->count,
		.first_s = seen->first_s,
		.last_s = seen->last_s};
	memcpy(fact->text, seen->text, text);
	memcpy(fact->text + text, seen->detail, detail);
	return fact;
}

/* --- what is seen -------------------------------------------------------------------------------- */

/* Which kinds are facts, under which word; NULL: none. */
static const char *
step_of(const struct observation *row)
{
	switch ((enum observed)row->what) {
	case OBSERVED_TLS_HELLO:
	case OBSERVED_HTTP_REQUEST:
	case OBSERVED_CLEAR_CREDENTIALS:
	case OBSERVED_CLEAR_CONTENT:
	case OBSERVED_COAP_REQUEST:
	case OBSERVED_DNS_QUERY:
	case OBSERVED_NTP_REQUEST:
	case OBSERVED_UPNP_PORT_REQUEST:
	case OBSERVED_IDENTIFIER_SENT:
	case OBSERVED_TLS_SERVER:
	case OBSERVED_TLS_CERTIFICATE:
		return observed_word((enum observed)row->what);
	case OBSERVED_DHCP4_DISCOVER:
		return "boot";
	case OBSERVED_FLOW_NEW:
	case OBSERVED_FLOW_END:
		return "flow";
	case OBSERVED_DENIED:
		return row->value == REASON_FROM_DEVICE ? "denied" : NULL;
	default:
		return NULL;
	}
}

/* Of a phone nothing is kept, but for a test of an app, and that in memory and its evidence alone. */
static bool
is_personal(const struct ward *ward)
{
	return ward->device->class == DEVICE_CLASS_PERSONAL;
}

/* How the device called the server that answers it now. */
static const char *
called_by(const struct ward *ward, const struct observation *row)
{
	const struct traffic *traffic = ward->traffic;
	const struct fact *latest = NULL;

	for (size_t i = 0; traffic && i < traffic->n; i++) {
		const struct fact *at = &traffic->fact[i];
		if (!strcmp(at->step, "tls-hello") && at->port == row->target_port &&
			ip_is_equal(&at->address, &row->target) && *at->text &&
			(!latest || at->last_s > latest->last_s))
			latest = at;
	}
	if (latest)
		return latest->text;
	const struct answer *answer = answer_find(ward, &row->target);
	return answer ? answer->name : "";
}

static const char *
issuer_of(const struct fact *fact)
{
	const char *issuer = strstr(detail_of(fact), "issuer=");

	return issuer && issuer[7] ? issuer + 7 : "nobody named";
}

static int64_t
end_of(const struct fact *fact)
{
	return traffic_time(detail_of(fact), "until=");
}

/* A product that was found good may be so no longer, with the servers that it uses. */
static void
tell_shelf(const struct ward *ward, const char *server, const char *what)
{
	char text[160];

	snprintf(text, sizeof text, "its server %.80s %s", server, what);
	shelf_device_changed(ward, text);
}

/* A server that was known otherwise.  Those of large sites differ; of each is told once. */
static void
tell_change(struct ward *ward, const struct fact *fact)
{
	const struct traffic *traffic = ward->traffic;
	const struct fact *before = NULL;
	char until[16];

	if (!*fact->text)
		return;
	for (size_t i = 0; i < traffic->n; i++) {
		const struct fact *at = &traffic->fact[i];
		if (at != fact && !strcmp(at->step, fact->step) && !strcmp(at->text, fact->text) &&
			strcmp(detail_of(at), detail_of(fact)) &&
			fact->first_s - at->first_s >= SETTLED_S &&
			(!before || at->last_s > before->last_s))
			before = at;
	}
	if (!before)
		return;
	if (!strcmp(fact->step, "tls-certificate")) {
		traffic_date(end_of(fact), until);
		event(EVENT_NOTICE, ward, "server-changed", fact->text,
			"%.80s shows another certificate, by %.60s until %s; before it was by "
			"%.60s",
			fact->text, issuer_of(fact), until, issuer_of(before));
		tell_shelf(ward, fact->text, "shows another certificate");
	} else if (strncmp(detail_of(fact), detail_of(before), 4) < 0) {
		event(EVENT_NOTICE, ward, "server-changed", fact->text,
			"%.80s now agrees to an older version of TLS than before", fact->text);
		tell_shelf(ward, fact->text, "agrees to an older version of TLS");
	}
}

/*
 * Only from who is bound to the address that it came from, of who is not
 * personal, and not to ourselves: what we ask it, in a test, is in another file.
 */
void
traffic_row(struct ward *ward, const struct observation *row)
{
	const char *step = step_of(row);
	struct traffic_fact seen = {.step = step,
		.proto = row->proto,
		.port = row->target_port,
		.address = row->target,
		.text = row->claimed_text,
		.detail = row->claimed_detail,
		.count = 1,
		.first_s = clock_wall_s(),
		.last_s = clock_wall_s()};
	uint16_t source_port = row->source_port;
	char detail[16];

	if (!step || (is_personal(ward) && !app_permits(ward, row)))
		return;
	bool is_to_router = row->what == OBSERVED_UPNP_PORT_REQUEST;
	if (row->what == OBSERVED_DHCP4_DISCOVER) {
		seen.address = (struct ip){0};
		seen.proto = 0;
		seen.port = source_port = 0;
	} else if ((row->source.version &&
			   device_find_by_address(engine.table, &row->source) != ward->device) ||
		   (!is_to_router &&
			   (observe_is_ours(&row->target) || ip_is_multicast(&row->target)))) {
		return;
	}
	if (!row->source.version && row->what != OBSERVED_DHCP4_DISCOVER && !is_to_router)
		return;
	switch ((enum observed)row->what) {
	case OBSERVED_TLS_SERVER:
		snprintf(detail, sizeof detail, "%04x %04x", row->value >> 16, row->value & 0xffff);
		seen.detail = detail;
		seen.text = called_by(ward, row);
		break;
	case OBSERVED_TLS_CERTIFICATE:
		seen.text = called_by(ward, row);
		break;
	case OBSERVED_FLOW_NEW:
	case OBSERVED_FLOW_END:
	case OBSERVED_DENIED: {
		const struct answer *answer = answer_find(ward, &row->target);
		seen.text = answer ? answer->name : "";
		break;
	}
	case OBSERVED_CLEAR_CONTENT:
		if (!strcmp(row->claimed_detail, "served")) {
			seen.port = row->source_port;
			source_port = row->target_port;
		}
		break;
	default:
		break;
	}
	/* A neighbour is one with whichever address, and never on the internet. */
	if (is_to_router || device_find_by_address(engine.table, &row->target))
		if (is_to_router || !ip_is_inside(&seen.address))
			seen.address = (struct ip){0};
	struct fact *fact = keep(ward, &seen, source_port);
	if (fact && !is_personal(ward) &&
		(row->what == OBSERVED_TLS_SERVER || row->what == OBSERVED_TLS_CERTIFICATE))
		tell_change(ward, fact);
}

void
traffic_answered(struct ward *ward, const struct message_answered *answered)
{
	struct traffic_fact seen = {.step = "name",
		.text = answered->name,
		.detail = "",
		.count = 1,
		.first_s = clock_wall_s(),
		.last_s = clock_wall_s()};

	if (!is_personal(ward) || app_permits_name(ward, answered))
		keep(ward, &seen, 0);
}

bool
traffic_holds(const struct ward *ward, enum observed what)
{
	const struct traffic *traffic = ward->traffic;

	for (size_t i = 0; traffic && i < traffic->n; i++)
		if (!strcmp(traffic->fact[i].step, observed_word(what)))
			return true;
	return false;
}

void
traffic_names(const struct ward *ward, void (*name)(const char *, void *), void *arg)
{
	static const char *const steps[] = {"name", "tls-hello", "http-request"};
	const struct traffic *traffic = ward->traffic;

	for (size_t i = 0; traffic && i < traffic->n; i++)
		for (size_t k = 0; k < COUNT_OF(steps); k++)
			if (!strcmp(traffic->fact[i].step, steps[k]) && *traffic->fact[i].text)
				name(traffic->fact[i].text, arg);
}

/* --- as evidence --------------------------------------------------------------------------------- */

struct transcript *
traffic_transcript(const struct ward *ward, int64_t keep_s, FILE *file)
{
	const struct traffic *traffic = ward->traffic;
	struct transcript *transcript = transcript_new(file);
	int64_t now_s = clock_wall_s();

	if (!traffic)
		return transcript;
	/* Longer ago is not of today: the watch begins when the oldest that counts did. */
	int64_t since_s = traffic->since_s < now_s - keep_s ? now_s - keep_s : traffic->since_s;
	traffic_write_watch(transcript, since_s, now_s > since_s ? (uint32_t)(now_s - since_s) : 0,
		traffic->n_lost);
	for (size_t i = 0; i < traffic->n; i++) {
		const struct fact *at = &traffic->fact[i];
		struct traffic_fact fact = {.step = at->step,
			.proto = at->proto,
			.port = at->port,
			.address = at->address,
			.text = at->text,
			.detail = detail_of(at),
			.count = at->count,
			.first_s = at->first_s,
			.last_s = at->last_s};
		if (at->last_s >= now_s - keep_s)
			traffic_write(transcript, &fact);
	}
	return transcript;
}

/* --- on the disk --------------------------------------------------------------------------------- */

static void
save(struct ward *ward)
{
	char path[SETTINGS_PATH_MAX + 64], fresh[SETTINGS_PATH_MAX + 80];

	snprintf(path, sizeof path, "%s/traffic", engine.settings->state_directory);
	if (mkdir(path, FOLDER_MODE) && errno != EEXIST) {
		log_warn("traffic", "the folder \"traffic\" cannot be made");
		return;
	}
	path_of(ward, path, sizeof path);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file) {
		log_warn("traffic", "what device %u sends cannot be saved", ward->number);
		if (fd >= 0)
			close(fd);
		return;
	}
	struct transcript *transcript = traffic_transcript(ward, TRAFFIC_KEEP_S, file);
	bool is_good = !transcript_trouble(transcript);
	transcript_write_to(transcript, NULL);
	transcript_free(transcript);
	/* Lost with the power it is gathered again: no sync for each of them. */
	if (fclose(file) || !is_good || rename(fresh, path)) {
		log_warnx("traffic", "what device %u sends cannot be saved", ward->number);
		unlink(fresh);
		return;
	}
	ward->traffic->is_changed = false;
}

void
traffic_save(void)
{
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		/* A stranger may be one of many that somebody invents. */
		if (ward->device && ward->device->is_admitted && ward->traffic &&
			!is_personal(ward) && ward->traffic->is_changed)
			save(ward);
	}
	saved_ns = clock_monotonic_ns();
}

/* The words that a fact may have; a step must outlive the file it was read from. */
static const char *
known_step(const char *step)
{
	static const char *const ours[] = {"name", "flow", "boot", "denied"};
	enum observed what = observed_from_word(step);

	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (!strcmp(ours[i], step))
			return ours[i];
	return what ? observed_word(what) : NULL;
}

static void
load(struct ward *ward)
{
	char path[SETTINGS_PATH_MAX + 64];
	struct transcript *transcript;
	struct traffic_seen seen;
	struct fault why;
	size_t from = 0;

	path_of(ward, path, sizeof path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	auto_fclose FILE *file = fdopen(fd, "r");
	if (!file || transcript_read(file, &transcript, &why)) {
		log_warnx("traffic", "what device %u sent cannot be read again", ward->number);
		return;
	}
	struct traffic_watch watch = traffic_watch(transcript);
	if (watch.at)
		traffic_of(ward, watch.at->utc_s)->n_lost = watch.n_lost;
	while (watch.at && traffic_next(transcript, &from, NULL, &seen)) {
		struct traffic_fact fact = {.step = known_step(seen.first->step),
			.proto = seen.first->proto,
			.port = seen.first->port,
			.address = seen.first->address,
			.text = seen.first->note,
			.detail = seen.detail,
			.count = seen.count,
			.first_s = seen.first->utc_s,
			.last_s = seen.last ? seen.last->utc_s : seen.first->utc_s};
		if (fact.step)
			keep(ward, &fact, 0);
	}
	if (ward->traffic)
		ward->traffic->is_changed = false;
	transcript_free(transcript);
}

/* Whose device is gone, or was made personal while we were not there. */
static void
remove_orphans(void)
{
	char path[SETTINGS_PATH_MAX + 64];
	struct dirent *entry;

	snprintf(path, sizeof path, "%s/traffic", engine.settings->state_directory);
	DIR *folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		bool is_wanted = entry->d_name[0] == '.';
		for (size_t i = 0; i < engine.n_peers && !is_wanted; i++) {
			const struct device *device = engine.wards[i]->device;
			size_t len = device ? strlen(device->id) : 0;
			is_wanted = device && device->class != DEVICE_CLASS_PERSONAL &&
				    !strncmp(entry->d_name, device->id, len) &&
				    !strcmp(entry->d_name + len, ".jsonl");
		}
		if (!is_wanted)
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder)
		closedir(folder);
}

/* --- servers, from day to day ---------------------------------------------------------------------- */

static const struct fact *
last_answer(const struct traffic *traffic, const char *name)
{
	const struct fact *latest = NULL;

	for (size_t i = 0; i < traffic->n; i++) {
		const struct fact *at = &traffic->fact[i];
		if (!strcmp(at->step, "tls-server") && !strcmp(at->text, name) &&
			(!latest || at->last_s > latest->last_s))
			latest = at;
	}
	return latest;
}

static void
look_at(struct ward *ward, int64_t now_s)
{
	const struct traffic *traffic = ward->traffic;
	char until[16];

	for (size_t i = 0; i < traffic->n; i++) {
		const struct fact *at = &traffic->fact[i];
		if (!*at->text || now_s - at->last_s > HABIT_S)
			continue;
		if (!strcmp(at->step, "tls-certificate") && end_of(at) &&
			end_of(at) - now_s < SOON_S) {
			traffic_date(end_of(at), until);
			event(EVENT_NOTICE, ward, "server-expiring", at->text,
				"the certificate of %.80s %s %s", at->text,
				end_of(at) < now_s ? "ended" : "ends", until);
		}
		const struct fact *answer =
			strcmp(at->step, "tls-hello") ? NULL : last_answer(traffic, at->text);
		if (answer && answer->count >= HABIT_COUNT &&
			answer->last_s - answer->first_s >= HABIT_S &&
			at->last_s - answer->last_s >= GONE_S) {
			event(EVENT_NOTICE, ward, "server-gone", at->text,
				"%.80s has not answered for %lld days, and is asked still",
				at->text, (long long)(at->last_s - answer->last_s) / 86400);
			tell_shelf(ward, at->text, "answers no more");
		}
	}
}

static void
look(void)
{
	for (size_t i = 0; i < engine.n_peers; i++)
		if (engine.wards[i]->device && engine.wards[i]->traffic &&
			!is_personal(engine.wards[i]))
			look_at(engine.wards[i], clock_wall_s());
	looked_ns = clock_monotonic_ns();
}

void
traffic_load(void)
{
	remove_orphans();
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		if (ward->device && ward->device->class != DEVICE_CLASS_PERSONAL)
			load(ward);
	}
	saved_ns = clock_monotonic_ns();
	look();
}

void
traffic_look(void)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - saved_ns >= SAVE_S * CLOCK_SECOND_NS)
		traffic_save();
	if (now_ns - looked_ns < LOOK_S * CLOCK_SECOND_NS)
		return;
	look();
}
