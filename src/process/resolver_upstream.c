/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_upstream.h"

#include <fcntl.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "packet/dns.h"
#include "process/resolver_decide.h"

enum { DEAD_AFTER = 4, ANCHOR_MAX = 16384 };

/*
 * libunbound takes whom to ask only once, so other servers mean another
 * context; the one before lives until its last question is answered.
 */
struct source {
	struct ub_ctx *ctx; /* NULL: free */
	unsigned asked;
};
enum { SOURCES = 6, SWEEP_MS = 1000 };
static struct source sources[SOURCES], *current;
/* Where there are trust anchors: one without, for time servers while the clock is not set. */
static struct source *unvalidated;
static struct loop_timer *sweep;

static struct ip forward[SETTINGS_FORWARDS_MAX];
static uint32_t n_forwards;
static char anchors[ANCHOR_MAX];
static void (*changed)(void);
static unsigned failures;    /* in a row */
static uint32_t failed_name; /* hash of the first of them */
static bool several_names, is_dead;
static bool is_asking; /* inside ub_resolve_event(): what is called back now was cached */

struct ask {
	struct source *source;
	upstream_on_answer *on_answer;
	void *arg;
	uint32_t name;
};

/* What libunbound is told, and why its own default is not right here. */
static const struct {
	const char *name, *value;
} options[] = {
	{"do-not-query-localhost:", "no"}, /* a forwarder may stand beside us */
	{"use-caps-for-id:", "yes"},       /* one more thing that a forger must guess */
	{"minimal-responses:", "yes"},
	{"edns-buffer-size:", "1232"}, /* no fragments on any common path */
	{"max-udp-size:", "65535"},    /* the packet in memory is never cut */
	{"outgoing-range:", "512"},    /* sockets at once; the default of 16 is for one program */
	{"num-queries-per-thread:", "4096"}, /* as many as devices' questions can wait */
	{"outgoing-num-tcp:", "16"},
	{"msg-cache-size:", "4m"},
	{"rrset-cache-size:", "8m"},
	{"key-cache-size:", "1m"},
	{"neg-cache-size:", "512k"},
	{"infra-cache-numhosts:", "2000"},
	/* A server that was silent for this long is left alone until its entry ends ... */
	{"infra-cache-max-rtt:", "4000"},
	{"qname-minimisation:", "yes"},
	{"harden-glue:", "yes"},
	{"harden-dnssec-stripped:", "yes"},
	{"hide-identity:", "yes"},
	{"identity:", "\"\""},
	{"rrset-roundrobin:", "yes"},
};

/* Before confine(): afterwards the file cannot be reached. */
static void
read_anchors(const struct settings *settings)
{
	char path[SETTINGS_PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/trust-anchor", settings->state_directory);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, anchors, sizeof anchors - 1);
	anchors[n > 0 ? n : 0] = 0;
}

/* One trust anchor a line, in the form of a zone file; comments begin with ';'. */
static void
add_anchors(struct ub_ctx *ctx)
{
	char text[ANCHOR_MAX], *save = NULL;
	unsigned count = 0;

	memcpy(text, anchors, sizeof text);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!*line || *line == ';')
			continue;
		if (ub_ctx_add_ta(ctx, line))
			log_warnx("upstream", "a line of the file \"trust-anchor\" is none");
		else
			count++;
	}
	if (count)
		log_info("upstream", "answers are validated with %u trust anchors", count);
}

static void
on_primed(void *arg, int rcode, void *packet, int len, int sec, char *why, int limited)
{
}

static struct ub_ctx *
new_context(bool validates)
{
	char text[IP_TEXT_MAX];

	struct ub_ctx *ctx = ub_ctx_create_event(loop_event_base());
	if (!ctx)
		fatalx("upstream", "libunbound does not start");
	for (size_t i = 0; i < COUNT_OF(options); i++) {
		int err = ub_ctx_set_option(ctx, options[i].name, options[i].value);
		if (err)
			log_debug("upstream", "libunbound does not know \"%s\": %s",
				options[i].name, ub_strerror(err));
	}
	/* ... which is soon where there is no other one to ask: it may be back (measured). */
	if (ub_ctx_set_option(ctx, "infra-host-ttl:", n_forwards ? "5" : "60"))
		log_debug("upstream", "libunbound does not know \"infra-host-ttl:\"");
	for (uint32_t i = 0; i < n_forwards; i++)
		if (ub_ctx_set_fwd(ctx, ip_render(&forward[i], text)))
			fatalx("upstream", "cannot forward to %s", text);
	if (validates)
		add_anchors(ctx);
	/* A name that it answers itself: now it opens what it needs, while it still may. */
	if (ub_resolve_event(ctx, "localhost.", DNS_A, DNS_IN, NULL, on_primed, NULL))
		fatalx("upstream", "libunbound does not start");
	return ctx;
}

/* Not from inside a context's own call. */
static void
on_sweep(void *arg)
{
	bool has_old = false;

	for (size_t i = 0; i < SOURCES; i++) {
		struct source *source = &sources[i];
		if (!source->ctx || source == current || source == unvalidated)
			continue;
		if (source->asked) {
			has_old = true;
			continue;
		}
		ub_ctx_delete(source->ctx);
		source->ctx = NULL;
	}
	if (has_old)
		loop_timer_again(sweep, SWEEP_MS);
}

/* One whose questions still wait is not taken; NULL when all do. */
static struct source *
new_source(bool validates)
{
	for (size_t i = 0; i < SOURCES; i++) {
		if (sources[i].ctx)
			continue;
		sources[i].ctx = new_context(validates);
		return &sources[i];
	}
	return NULL;
}

static bool
use_new_sources(void)
{
	struct source *first = new_source(true), *second = anchors[0] ? new_source(false) : NULL;

	if (!first || (anchors[0] && !second))
		return false;
	current = first;
	unvalidated = second;
	return true;
}

static struct source *
source_for(const char *name)
{
	return unvalidated && name_is_of_time(name) && !clock_is_trusted() ? unvalidated : current;
}

void
upstream_init(const struct settings *settings)
{
	n_forwards = settings->n_forwards;
	memcpy(forward, settings->forward, sizeof forward);
	read_anchors(settings);
	sweep = loop_timer_new(SWEEP_MS, false, on_sweep, NULL);
	if (!use_new_sources())
		fatalx("upstream", "libunbound does not start");
}

void
upstream_forward(const struct ip *server, uint32_t count)
{
	char text[IP_TEXT_MAX];

	if (count > SETTINGS_FORWARDS_MAX)
		count = SETTINGS_FORWARDS_MAX;
	if (count == n_forwards && !memcmp(forward, server, count * sizeof *server))
		return;
	n_forwards = count;
	memcpy(forward, server, count * sizeof *server);
	if (!use_new_sources()) {
		/* Several changes while questions waited: a new life is as good. */
		fatalx("upstream", "the name servers change too fast");
	}
	for (uint32_t i = 0; i < count; i++)
		log_info("upstream", "names are asked of %s", ip_render(&server[i], text));
	failures = 0;
	several_names = false;
	loop_timer_again(sweep, SWEEP_MS);
}

void
upstream_on_change(void (*on_change)(void))
{
	changed = on_change;
}

bool
upstream_validates(void)
{
	return unvalidated;
}

bool
upstream_is_dead(void)
{
	return is_dead;
}

static void
note_success(void)
{
	failures = 0;
	several_names = false;
	if (!is_dead)
		return;
	is_dead = false;
	log_info("upstream", "answers again");
	if (changed)
		changed();
}

/* One broken domain, asked for again and again, does not mean that nobody answers. */
static void
note_failure(uint32_t name)
{
	if (!failures++)
		failed_name = name;
	else if (name != failed_name)
		several_names = true;
	if (is_dead || failures < DEAD_AFTER || !several_names)
		return;
	is_dead = true;
	log_warnx("upstream", "no server answers; names that are not cached cannot be resolved");
	if (changed)
		changed();
}

static void
on_resolved(void *arg, int rcode, void *packet, int len, int sec, char *why, int limited)
{
	struct ask ask = *(struct ask *)arg;
	enum { SEC_BOGUS = 1 };

	free(arg);
	ask.source->asked--;
	if (rcode == DNS_NOERROR && packet && len > 3)
		rcode = ((const uint8_t *)packet)[3] & 15;
	else if (rcode == DNS_NOERROR)
		rcode = DNS_SERVFAIL;
	if (rcode == DNS_SERVFAIL)
		note_failure(ask.name);
	else if (!is_asking)
		note_success();
	if (sec == SEC_BOGUS)
		rcode = DNS_SERVFAIL;
	if (rcode == DNS_SERVFAIL)
		packet = NULL;
	ask.on_answer(ask.arg, rcode, packet, packet ? (size_t)len : 0);
}

static uint32_t
hash(const char *text)
{
	uint32_t h = 2166136261;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619;
	return h;
}

void
upstream_gave_up(const char *name)
{
	note_failure(hash(name));
}

bool
upstream_ask(const char *name, uint16_t type, upstream_on_answer *on_answer, void *arg)
{
	char absolute[DNS_TEXT_MAX + 1];
	struct ask *ask = must_alloc(1, sizeof *ask);

	*ask = (struct ask){source_for(name), on_answer, arg, hash(name)};
	ask->source->asked++;
	snprintf(absolute, sizeof absolute, "%s.", name);
	is_asking = true;
	int err =
		ub_resolve_event(ask->source->ctx, absolute, type, DNS_IN, ask, on_resolved, NULL);
	is_asking = false;
	if (err) {
		ask->source->asked--;
		free(ask);
	}
	return !err;
}
