/* SPDX-License-Identifier: Apache-2.0 */
#include "check/traffic.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/printable.h"

enum { WATCH_MIN_S = 15 * 60 };

/* All of it is written by one check, whichever judges it. */
static uint16_t
owner(void)
{
	static int place = -1;

	if (place < 0)
		place = check_find("traffic");
	return (uint16_t)place;
}

/* --- writing ----------------------------------------------------------------------------------- */

/* Cut to what is kept, and to what is printable. */
static void
put_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
	while (*out && !is_printable(out))
		out[strlen(out) - 1] = '\0';
}

void
traffic_write_watch(
	struct transcript *transcript, int64_t since_s, uint32_t seconds, uint32_t n_lost)
{
	struct exchange e = {.check = owner(),
		.utc_s = since_s > 0 ? since_s : 1,
		.took_us = UINT64_C(1000000) * seconds,
		.round = n_lost};

	snprintf(e.step, sizeof e.step, "watch");
	snprintf(e.note, sizeof e.note, "%u s, %u facts had no room", seconds, n_lost);
	transcript_add(transcript, &e);
}

void
traffic_write(struct transcript *transcript, const struct traffic_fact *fact)
{
	char detail[TRAFFIC_TEXT_MAX];
	struct exchange e = {.check = owner(),
		.proto = fact->proto == 6 || fact->proto == 17 ? fact->proto : 0,
		.port = fact->port,
		.address = fact->address,
		.round = 1,
		.utc_s = fact->first_s > 0 ? fact->first_s : 1};

	put_text(e.step, sizeof e.step, fact->step);
	put_text(e.note, TRAFFIC_TEXT_MAX, fact->text);
	put_text(detail, sizeof detail, fact->detail);
	e.received = (const uint8_t *)detail;
	e.n_received = strlen(detail);
	transcript_add(transcript, &e);
	if (fact->count < 2)
		return;
	e.round = fact->count;
	e.utc_s = fact->last_s > 0 ? fact->last_s : 1;
	transcript_add(transcript, &e);
}

/* --- reading ----------------------------------------------------------------------------------- */

static bool
is_same(const struct exchange *a, const struct exchange *b)
{
	return a->proto == b->proto && a->port == b->port &&
	       ip_is_equal(&a->address, &b->address) && !strcmp(a->step, b->step) &&
	       !strcmp(a->note, b->note) && a->n_received == b->n_received &&
	       (!a->n_received || !memcmp(a->received, b->received, a->n_received));
}

/* A pack comes from a stranger: what stands there is looked at like any other bytes. */
static void
take_detail(const struct exchange *e, char out[static TRAFFIC_TEXT_MAX])
{
	size_t len = e->n_received < TRAFFIC_TEXT_MAX ? e->n_received : TRAFFIC_TEXT_MAX - 1;

	if (len)
		memcpy(out, e->received, len);
	out[len] = '\0';
	if (strlen(out) != len || !is_printable(out))
		out[0] = '\0';
}

bool
traffic_next(const struct transcript *transcript, size_t *from, const char *step,
	struct traffic_seen *out)
{
	const struct exchange *e, *behind;

	while ((e = transcript_next(transcript, from, owner(), step))) {
		size_t next = *from;
		if (e->round != 1 || !strcmp(e->step, "watch"))
			continue;
		*out = (struct traffic_seen){.first = e, .count = 1};
		take_detail(e, out->detail);
		behind = transcript_next(transcript, &next, owner(), NULL);
		if (behind && behind->number == e->number + 1 && behind->round > 1 &&
			is_same(e, behind)) {
			out->last = behind;
			out->count = behind->round;
		}
		return true;
	}
	return false;
}

struct traffic_watch
traffic_watch(const struct transcript *transcript)
{
	struct traffic_watch watch = {0};
	struct traffic_seen seen;
	size_t from = 0;

	watch.at = transcript_next(transcript, &from, owner(), "watch");
	if (watch.at) {
		uint64_t seconds = watch.at->took_us / 1000000;
		watch.seconds = seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
		watch.n_lost = watch.at->round;
	}
	for (from = 0; traffic_next(transcript, &from, NULL, &seen);)
		watch.n_facts++;
	return watch;
}

int64_t
traffic_time(const char *detail, const char *key)
{
	const char *at = strstr(detail, key);
	long long value = at ? strtoll(at + strlen(key), NULL, 10) : 0;

	return value > 0 && value < 253402300800 ? value : 0;
}

void
traffic_date(int64_t utc_s, char out[static TRAFFIC_DATE_MAX])
{
	time_t when = (time_t)utc_s;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || !strftime(out, TRAFFIC_DATE_MAX, "%Y-%m-%d", &tm))
		snprintf(out, TRAFFIC_DATE_MAX, "unknown");
}

bool
traffic_is_outside(const struct traffic_seen *seen)
{
	return seen->first->address.version && !ip_is_inside(&seen->first->address);
}

const struct exchange *
traffic_control(const struct transcript *transcript, const struct traffic_seen *bad,
	bool (*is_bad)(const struct traffic_seen *))
{
	const struct exchange *other = NULL;
	struct traffic_seen seen;
	size_t from = 0;

	while (traffic_next(transcript, &from, NULL, &seen)) {
		/* Another peer, or another service of the same one. */
		bool is_elsewhere = seen.first->port != bad->first->port ||
				    !ip_is_equal(&seen.first->address, &bad->first->address);
		if (!is_elsewhere || is_bad(&seen))
			continue;
		if (!strcmp(seen.first->step, bad->first->step))
			return seen.first;
		other = other ? other : seen.first;
	}
	return other;
}

struct finding *
traffic_say_none(const struct transcript *transcript, struct findings *findings,
	const char *provision, const char *what)
{
	struct traffic_watch watch = traffic_watch(transcript);
	struct finding *finding;

	if (!watch.at || !watch.n_facts)
		return findings_inc(findings, provision, INC_NOT_SEEN, watch.at,
			"nothing that the device sends by itself was seen");
	if (watch.seconds < WATCH_MIN_S)
		finding = findings_inc(findings, provision, INC_NOT_SEEN, watch.at,
			"%s, but it was watched for %u s only", what, watch.seconds);
	else
		finding = findings_add(findings, provision, VERDICT_NFF, watch.at,
			"%s in %u h %u min", what, watch.seconds / 3600, watch.seconds / 60 % 60);
	finding_coverage(finding, watch.n_facts, watch.n_facts + watch.n_lost);
	return finding;
}

/* --- names ------------------------------------------------------------------------------------- */

const char *
traffic_name(const struct traffic_seen *seen)
{
	static const char *const steps[] = {
		"tls-hello", "http-request", "name", "dns-query", "tls-server", "tls-certificate"};

	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (!strcmp(seen->first->step, steps[i]))
			return seen->first->note[0] ? seen->first->note : NULL;
	return NULL;
}

int
traffic_update_name(const char *name)
{
	static const struct {
		const char *word;
		int weight;
	} words[] = {{"firmware", 2}, {"fota", 2}, {"ota", 2}, {"fw", 2}, {"dfu", 2},
		{"swupdate", 2}, {"fwupdate", 2}, {"softwareupdate", 2}, {"fw-update", 2},
		{"upgrade", 2}, {"update", 1}, {"updates", 1}, {"upd", 1}, {"download", 1},
		{"downloads", 1}};
	int best = 0;

	/* Whole words between dots and dashes: "quota.example" is none. */
	for (const char *at = name; *at;) {
		size_t len = strcspn(at, ".-_");
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (strlen(words[i].word) == len && !strncasecmp(at, words[i].word, len) &&
				words[i].weight > best)
				best = words[i].weight;
		at += len + (at[len] != '\0');
	}
	return best;
}

/* --- trackers ---------------------------------------------------------------------------------- */

extern const unsigned char embedded_trackers[];
extern const size_t embedded_trackers_len;

static bool
is_line(const char *name, size_t len, const char **line)
{
	const char *at = (const char *)embedded_trackers, *end = at + embedded_trackers_len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line_len = (size_t)((stop ? stop : end) - at);
		if (line_len == len && *at != '#' && !strncasecmp(at, name, len)) {
			*line = at;
			return true;
		}
		at += line_len + 1;
	}
	return false;
}

const char *
tracker_of(const char *name)
{
	static char site[256];
	const char *line;

	/* The name itself and each that it stands below. */
	for (const char *at = name; at && *at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
		size_t len = strlen(at);
		if (len < sizeof site && is_line(at, len, &line)) {
			memcpy(site, at, len + 1);
			return site;
		}
	}
	return NULL;
}
