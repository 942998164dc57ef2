/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks issuers whom the owner trusts what their labels are worth today.  In: a file
 * that the fetcher brought, as the issuer's server gave it.  Out: a word for each
 * device that has a label of that issuer.
 *
 * An issuer learns that somebody at this address asks, and when; not who it is, which
 * labels it has or whether it has any that fell: all ask for the same list, at times
 * that chance moves.  Who is in between, or the server, can withhold the list: then
 * its words run out and are said to be not confirmed.  Nothing is ever given back here.
 */
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json_strict.h"
#include "process/engine_label.h"

enum {
	EVERY_MIN_S = 5 * 60,
	EVERY_MAX_S = 60 * 60,
	RETRY_FIRST_S = 60,
	SPREAD_AT_START_S = 120, /* after a power cut a whole street starts at once */
	ASKED_S = 90,            /* the fetcher's own limits end it before */
	GATHER_S = 10,
	STALE_AFTER = 3,             /* failures */
	LIST_BYTES_MAX = 256 * 1024, /* of an answer; as PAGE_MAX of the fetcher */
};

static struct followed {
	char url[128];
	bool is_wanted; /* a device has a label of it */
	int64_t due_s, asked_s, came_s;
	int64_t signed_s, until_s; /* of the newest list */
	uint32_t ticket;           /* under way; 0: none */
	uint32_t failures;
	bool is_stale_told;
	char why[160];
} followed[JWS_KEYS_MAX];

static uint32_t next_ticket = 1;
static int64_t gathered_s;

/* Up to `range`, at random. */
static int64_t
chance(int64_t range)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = (uint32_t)clock_monotonic_ns();
	return range > 0 ? (int64_t)(random % (uint64_t)range) : 0;
}

/* Between three quarters of it and five. */
static int64_t
about(int64_t seconds)
{
	return seconds - seconds / 4 + chance(seconds / 2 + 1);
}

static struct followed *
followed_named(const char *url)
{
	for (size_t i = 0; i < COUNT_OF(followed); i++)
		if (followed[i].url[0] && !strcmp(followed[i].url, url))
			return &followed[i];
	return NULL;
}

/* One that is trusted has a place: there are as many as may be trusted. */
static struct followed *
follow(const char *url, int64_t due_s)
{
	struct followed *found = followed_named(url);
	uint8_t ignored[ISSUER_PUBLIC_LEN];

	for (size_t i = 0; !found && i < COUNT_OF(followed); i++)
		if (!followed[i].url[0] || !label_trusted_key(followed[i].url, ignored)) {
			found = &followed[i];
			*found = (struct followed){.due_s = due_s};
			snprintf(found->url, sizeof found->url, "%s", url);
		}
	return found;
}

/* Of whom do devices have labels? */
static void
gather(int64_t now_s)
{
	uint8_t ignored[ISSUER_PUBLIC_LEN];

	gathered_s = now_s;
	for (size_t i = 0; i < COUNT_OF(followed); i++)
		followed[i].is_wanted = false;
	for (size_t i = 0; i < engine.n_peers; i++) {
		const json_t *label = engine.wards[i]->facet[FACET_LABEL];
		const char *issuer = json_text_of(label, "issuer");
		if (!json_is_integer(json_object_get(label, "index")) ||
			!label_trusted_key(issuer, ignored))
			continue;
		struct followed *at = follow(issuer, now_s + chance(SPREAD_AT_START_S));
		if (at)
			at->is_wanted = true;
	}
}

static void
failed(struct followed *at, const char *why)
{
	int64_t wait_s = RETRY_FIRST_S, now_s = clock_wall_s();

	for (uint32_t i = 0; i < at->failures && wait_s < EVERY_MAX_S; i++)
		wait_s *= 2;
	at->failures++;
	at->due_s = now_s + about(wait_s < EVERY_MAX_S ? wait_s : EVERY_MAX_S);
	snprintf(at->why, sizeof at->why, "%s", why);
	if (at->failures < STALE_AFTER || at->until_s > now_s || at->is_stale_told)
		return;
	at->is_stale_told = true;
	event(EVENT_NOTICE, NULL, "label-stale", at->url,
		"what the labels of %.100s are worth cannot be confirmed: %.150s; what they took "
		"away stays",
		at->url, at->why);
}

static void
ask_for(struct followed *at, int64_t now_s)
{
	struct message_page_ask asked = {.is_status = 1, .ticket = next_ticket};

	snprintf(asked.url, sizeof asked.url, "%s/status-list.jwt", at->url);
	at->asked_s = now_s;
	if (channel_send(
		    engine.peer[PROCESS_FETCHER], MESSAGE_PAGE_ASK, 0, &asked, sizeof asked, -1)) {
		failed(at, "the process that fetches pages does not run");
		return;
	}
	at->ticket = next_ticket;
	next_ticket = next_ticket % 0x7fffffff + 1;
}

void
label_list_look(void)
{
	int64_t now_s = clock_wall_s();

	/* Without the time nothing that is signed can be called fresh. */
	if (now_s < CLOCK_SANE_S || !json_object_size(engine.home.facet[FACET_LABEL_TRUST]) ||
		!channel_is_open(engine.peer[PROCESS_FETCHER]))
		return;
	if (now_s - gathered_s >= GATHER_S || now_s < gathered_s)
		gather(now_s);
	for (size_t i = 0; i < COUNT_OF(followed); i++) {
		struct followed *at = &followed[i];
		if (at->ticket && (now_s - at->asked_s > ASKED_S || now_s < at->asked_s)) {
			at->ticket = 0;
			failed(at, "nobody answered");
		}
		/* A clock that was set back does not put off what is due. */
		if (at->due_s > now_s + 2 * EVERY_MAX_S)
			at->due_s = now_s;
		if (at->is_wanted && !at->ticket && now_s >= at->due_s)
			ask_for(at, now_s);
	}
}

void
label_list_due(const char *url)
{
	int64_t now_s = clock_wall_s();
	struct followed *at = follow(url, now_s);

	if (at)
		at->due_s = now_s;
	gathered_s = 0;
}

void
label_list_describe(const char *url, json_t *out)
{
	const struct followed *at = followed_named(url);

	json_object_set_new(out, "asked", json_integer(at ? at->asked_s : 0));
	json_object_set_new(out, "came", json_integer(at ? at->came_s : 0));
	json_object_set_new(out, "why_not", json_string(at ? at->why : ""));
}

/* --- what came -------------------------------------------------------------------------------- */

/* The body of the answer, copied, since the sender still holds the memory; NULL: none. */
static char *
body_of(const struct message_page *page, int fd)
{
	struct stat st;
	size_t done = 0;

	if (fd < 0 || page->n_body > LIST_BYTES_MAX || page->n_head > LIST_BYTES_MAX ||
		fstat(fd, &st) || st.st_size != (off_t)page->n_head + (off_t)page->n_body)
		return NULL;
	auto_free char *bytes = must_alloc((size_t)page->n_body + 1, 1);
	while (done < page->n_body) {
		ssize_t n = pread(
			fd, bytes + done, page->n_body - done, (off_t)page->n_head + (off_t)done);
		if (n <= 0)
			return NULL;
		done += (size_t)n;
	}
	char *out = bytes;
	bytes = NULL;
	return out;
}

static bool
read_list(const struct followed *at, const char *text, size_t len, struct status_list *list,
	struct fault *why)
{
	struct issuer_keys keys = {.n = 1};
	uint8_t by[ISSUER_PUBLIC_LEN];

	if (!label_trusted_key(at->url, keys.key[0])) {
		fault_set(why, ERR_DENIED, "the issuer is not trusted any more");
		return false;
	}
	if (status_list_parse(list, text, len, &keys, by, why) != SEAL_GOOD)
		return false;
	if (strcmp(list->issuer, at->url)) {
		fault_set(why, ERR_DENIED, "the list is that of another address");
		return false;
	}
	if (!status_is_fresh(list->issued_s, list->until_s, clock_wall_s())) {
		fault_set(why, ERR_STALE, "the list is too old, or of a time that is yet to come");
		return false;
	}
	if (list->issued_s < at->signed_s) {
		fault_set(why, ERR_STALE, "the list is older than the one before");
		return false;
	}
	return true;
}

static bool
take_list(const struct followed *at, const struct status_list *list, struct fault *why)
{
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		const json_t *label = ward->facet[FACET_LABEL];
		const json_t *index = json_object_get(label, "index");
		struct label_now now;
		if (!json_is_integer(index) || strcmp(json_text_of(label, "issuer"), at->url))
			continue;
		status_list_now(list, (uint32_t)json_integer_value(index), &now);
		if (!label_heard(ward, &now, list->issued_s, list->until_s, "pinfold", why))
			return false;
	}
	return true;
}

void
label_list_came(const struct message_page *page, int fd)
{
	struct followed *at = NULL;
	char why_text[200];
	struct fault why;

	for (size_t i = 0; i < COUNT_OF(followed); i++)
		if (followed[i].ticket && followed[i].ticket == page->ticket)
			at = &followed[i];
	if (!at)
		return;
	at->ticket = 0;
	if (page->err || page->status != 200 || page->is_cut) {
		snprintf(why_text, sizeof why_text, "the server answered %u", page->status);
		failed(at, page->err      ? page->why[0] ? page->why : err_text((enum err)page->err)
				: page->is_cut ? "the answer is too long"
					  : why_text);
		return;
	}
	auto_free char *text = body_of(page, fd);
	auto_free struct status_list *list = must_alloc(1, sizeof *list);
	if (!text) {
		failed(at, "the fetcher sent no list");
		return;
	}
	if (!read_list(at, text, page->n_body, list, &why) || !take_list(at, list, &why)) {
		failed(at, why.text);
		return;
	}
	int64_t every_s = list->ttl_s / 2, now_s = clock_wall_s();
	every_s = every_s < EVERY_MIN_S   ? EVERY_MIN_S
		  : every_s > EVERY_MAX_S ? EVERY_MAX_S
					  : every_s;
	at->due_s = now_s + about(every_s);
	at->came_s = now_s;
	at->signed_s = list->issued_s;
	at->until_s = list->until_s;
	at->failures = 0;
	at->is_stale_told = false;
	at->why[0] = '\0';
}
