/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/printable.h"
#include "process/resolver_answer.h"
#include "process/resolver_decide.h"
#include "process/resolver_open.h"
#include "process/resolver_upstream.h"
#include "web/embed.h"

enum {
	UDP_LIMIT = 1232,
	STATUS_PAGE_TTL_S = 5,
	GATEWAY_TTL_S = 60,
	STATUS_EVERY_MS = 5000,
	REPORTED_MAX = 8192, /* remembered reports; a newer one in the same place replaces */
	ENGINE_QUEUE_MAX = 1024 * 1024,
};

enum stage {
	STAGE_UNKNOWN,
	STAGE_ASKING,  /* upstream has it */
	STAGE_OPENING, /* the enforcer has some of its addresses */
	STAGE_HOLDING, /* the enforcer is away, or does not know the device's policy yet */
};

/* One question in work. */
struct pending {
	TAILQ_ENTRY(pending) of_view;
	TAILQ_ENTRY(pending) in_all;
	LIST_ENTRY(pending) in_holding; /* in STAGE_HOLDING */
	LIST_HEAD(, opening) openings;
	struct view *view;
	struct asking *asking; /* while upstream has it */
	uint32_t generation;   /* of the view that decided */
	enum stage stage;
	enum err refused;
	uint32_t opened_s;
	uint64_t began_ns, hold_until_ns;
	uint64_t retry_ns; /* in STAGE_HOLDING: not before */
	unsigned tries;
	struct origin origin;
	struct dns_query query;
	struct decision decision;
	struct answer *answer; /* NULL while upstream has it */
};

/* libunbound cannot be told to forget a question, so what it calls back with outlives it. */
struct asking {
	struct pending *pending; /* NULL: nobody waits any more */
};

/* One MESSAGE_OPEN without its answer. */
struct opening {
	LIST_ENTRY(opening) of_pending;
	struct pending *pending; /* NULL: nobody waits, but the answer is still good to know */
	bool is_used;
	uint32_t seq, device, generation;
	uint16_t slot;
	struct ip address;
	uint64_t until_ns;
};

static const struct settings *settings;
static struct view_table *views;
static struct open_table *open_table;
static struct doh_names *doh;
static struct own_prefixes own;
static struct channel *enforcer, *engine;
static struct message_resolver_status status;

static TAILQ_HEAD(pending_all, pending) all = TAILQ_HEAD_INITIALIZER(all);
static LIST_HEAD(pending_some, pending) holding = LIST_HEAD_INITIALIZER(holding);
static unsigned n_all;
static struct opening openings[OPENINGS_MAX];
static unsigned n_openings, next_opening;
static struct loop_timer *hold_timer;
static struct log_once queue_full;

/* The answer that is being worked on; one that has to wait gets a copy of its own. */
static struct answer scratch;

static struct {
	uint64_t hash, at_ns;
} reported[REPORTED_MAX];

/* --- what the engine is told ------------------------------------------------------------- */

static uint64_t
mix(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ at[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* True if the same was said less than REPORT_AGAIN_S ago. */
static bool
was_reported(const struct message_answered *m)
{
	uint64_t now = clock_monotonic_ns(), h = UINT64_C(0xcbf29ce484222325);

	h = mix(h, &m->device, sizeof m->device);
	h = mix(h, &m->kind, sizeof m->kind);
	h = mix(h, &m->slot, sizeof m->slot);
	h = mix(h, &m->type, sizeof m->type);
	h = mix(h, m->name, strlen(m->name));
	/* Servers turn their addresses round: the sum does not care for the order. */
	uint64_t sum = 0;
	for (unsigned i = 0; i < m->n_addresses; i++)
		sum += mix(h, &m->address[i], sizeof m->address[i]);
	h ^= sum;
	typeof(&reported[0]) at = &reported[(h ^ h >> 32) % REPORTED_MAX];
	if (at->hash == h && at->at_ns && now - at->at_ns < REPORT_AGAIN_S * CLOCK_SECOND_NS)
		return true;
	at->hash = h;
	at->at_ns = now;
	return false;
}

static void
send_report(const struct message_answered *m)
{
	if (!channel_is_open(engine))
		return;
	if (channel_queued(engine) > ENGINE_QUEUE_MAX ||
		channel_send(engine, MESSAGE_ANSWERED, 0, m, sizeof *m, -1)) {
		if (log_once(&queue_full))
			log_warnx("engine", "does not read; what devices ask is not reported");
	} else if (log_once_over(&queue_full)) {
		log_info("engine", "reads again");
	}
}

static void
report_init(struct message_answered *m, const struct view *view, enum answer_kind kind,
	const char *name, uint16_t type)
{
	memset(m, 0, sizeof *m);
	m->device = view->device;
	m->generation = view->generation;
	m->kind = (uint8_t)kind;
	m->type = type;
	printable(m->name, sizeof m->name, name, strlen(name));
}

static void
report(const struct view *view, enum answer_kind kind, const char *name, uint16_t type)
{
	struct message_answered m;

	if (!view->is_watched)
		return;
	report_init(&m, view, kind, name, type);
	if (!was_reported(&m))
		send_report(&m);
}

/*
 * A tunnel asks for a new name each time.  The engine learns of the first few
 * and, with the next that is told, of how many there were besides.
 */
static void
report_undeclared(struct view *view, const struct dns_query *query)
{
	struct message_answered m;
	unsigned longest = longest_label(query->text);

	if (!view->is_watched)
		return;
	report_init(&m, view, ANSWER_UNDECLARED, query->text, query->type);
	if (longest > view->longest)
		view->longest = longest;
	if (was_reported(&m) || !bucket_take(&view->reports, clock_monotonic_ns(),
					VIEW_REPORTS_A_SECOND, VIEW_REPORTS_BURST)) {
		if (view->suppressed < UINT16_MAX)
			view->suppressed++;
		return;
	}
	m.suppressed = (uint16_t)view->suppressed;
	m.longest_label = (uint16_t)view->longest;
	view->suppressed = view->longest = 0;
	send_report(&m);
}

static void
report_given(const struct pending *p)
{
	static const uint16_t no_slot[1] = {0};
	const struct view_match *match = &p->decision.match;
	const uint16_t *slot = match->count ? match->slot : no_slot;
	struct message_answered m;

	if (!p->view->is_watched)
		return;
	report_init(&m, p->view, ANSWER_GIVEN, p->query.text, p->query.type);
	m.n_addresses = p->answer->n_addresses;
	memcpy(m.address, p->answer->address, p->answer->n_addresses * sizeof m.address[0]);
	m.seconds = p->opened_s ? p->opened_s : p->answer->ttl_s;
	for (unsigned i = 0; i < (match->count ? match->count : 1); i++) {
		m.slot = slot[i];
		/* What was opened just now is always told: it is kept over a power cut. */
		if (!was_reported(&m) || p->opened_s)
			send_report(&m);
	}
}

static void
add_own(const struct ip_prefix *prefix, uint8_t length)
{
	if (prefix->address.version && own.count < COUNT_OF(own.prefix)) {
		own.prefix[own.count] = *prefix;
		own.prefix[own.count++].length = length;
	}
}

void
query_link(const struct message_link *link)
{
	static struct ip_prefix uplink4, uplink6, delegated6;
	static const struct ip_prefix none;

	if (!strcmp(link->name, settings->uplink)) {
		uplink4 = link->gone ? none : link->address4;
		uplink6 = link->gone ? none : link->address6;
	} else if (!strcmp(link->name, settings->bridge)) {
		delegated6 = link->gone ? none : link->address6;
	} else {
		return;
	}
	own_prefixes_from_settings(&own, settings);
	/* On the uplink only we ourselves are inside: its network may be a whole town. */
	add_own(&uplink4, 32);
	add_own(&uplink6, 128);
	add_own(&delegated6, delegated6.length);
}

static void
send_status(void *arg)
{
	status.upstream_dead = upstream_is_dead();
	status.clock_unsure = upstream_validates() && !clock_is_trusted();
	if (channel_is_open(engine) &&
		channel_send(engine, MESSAGE_RESOLVER_STATUS, 0, &status, sizeof status, -1))
		log_debug("engine", "the status could not be sent");
}

static void
on_upstream_change(void)
{
	send_status(NULL);
}

/* --- the end of a question --------------------------------------------------------------- */

static size_t
reply_limit(const struct origin *origin, const struct dns_query *query)
{
	if (origin_is_stream(origin))
		return DNS_PACKET_MAX;
	return query->udp_size < UDP_LIMIT ? query->udp_size : UDP_LIMIT;
}

static uint8_t reply_bytes[DNS_PACKET_MAX];

static void
reply_rcode(const struct origin *origin, const struct dns_query *query, uint8_t rcode)
{
	struct dns_reply reply;

	dns_reply_init(
		&reply, reply_bytes, sizeof reply_bytes, reply_limit(origin, query), query, rcode);
	listen_reply(origin, reply_bytes, dns_reply_end(&reply));
}

static void
reply_gateway(const struct origin *origin, const struct dns_query *query, uint32_t ttl_s)
{
	const struct ip *ip = &(query->type == DNS_A ? &settings->lan4 : &settings->lan6)->address;
	struct dns_reply reply;

	dns_reply_init(&reply, reply_bytes, sizeof reply_bytes, reply_limit(origin, query), query,
		DNS_NOERROR);
	if (ip_is_valid(ip))
		dns_reply_address(&reply, ip, ttl_s);
	listen_reply(origin, reply_bytes, dns_reply_end(&reply));
}

static void
set_stage(struct pending *p, enum stage stage)
{
	if (p->stage == STAGE_HOLDING)
		LIST_REMOVE(p, in_holding);
	p->stage = stage;
	if (stage != STAGE_HOLDING)
		return;
	if (LIST_EMPTY(&holding))
		loop_timer_again(hold_timer, HOLD_STEP_MS);
	LIST_INSERT_HEAD(&holding, p, in_holding);
}

static void
drop_answer(struct pending *p)
{
	if (p->answer != &scratch)
		free(p->answer);
	p->answer = NULL;
}

/* Waits, and keeps its answer: most leave at once, so most questions stay small. */
static void
wait_in(struct pending *p, enum stage stage)
{
	if (p->answer == &scratch) {
		p->answer = must_alloc(1, sizeof *p->answer);
		*p->answer = scratch;
	}
	set_stage(p, stage);
}

static void
pending_free(struct pending *p)
{
	struct opening *opening;

	drop_answer(p);

	if (p->asking)
		p->asking->pending = NULL;
	while ((opening = LIST_FIRST(&p->openings))) {
		LIST_REMOVE(opening, of_pending);
		opening->pending = NULL;
	}
	set_stage(p, STAGE_UNKNOWN);
	TAILQ_REMOVE(&p->view->pending, p, of_view);
	p->view->n_pending--;
	TAILQ_REMOVE(&all, p, in_all);
	n_all--;
	free(p);
}

static void
fail(struct pending *p, enum answer_kind kind)
{
	status.failed++;
	report(p->view, kind, p->query.text, p->query.type);
	reply_rcode(&p->origin, &p->query, DNS_SERVFAIL);
	pending_free(p);
}

static void
give_addresses(struct pending *p)
{
	size_t len = answer_render(p->answer, &p->query, reply_bytes, sizeof reply_bytes,
		reply_limit(&p->origin, &p->query));

	status.answered++;
	/* Told first: the engine knows the address's name before the first packet to it. */
	report_given(p);
	listen_reply(&p->origin, reply_bytes, len);
	pending_free(p);
}

static void
give_packet(struct pending *p, const void *packet, size_t len)
{
	size_t reply_len = dns_reply_from_answer(reply_bytes, sizeof reply_bytes,
		reply_limit(&p->origin, &p->query), &p->query, packet, len);

	if (!reply_len) {
		fail(p, ANSWER_FAILED);
		return;
	}
	status.answered++;
	listen_reply(&p->origin, reply_bytes, reply_len);
	pending_free(p);
}

/* Nothing of such an answer is passed on; no record rather than a failure, so nobody asks on. */
static void
withhold(struct pending *p)
{
	status.rebinds++;
	report(p->view, ANSWER_REBIND, p->query.text, p->query.type);
	reply_rcode(&p->origin, &p->query, DNS_NOERROR);
	pending_free(p);
}

/* --- opening ------------------------------------------------------------------------------- */

static struct opening *
opening_new(void)
{
	if (n_openings == OPENINGS_MAX)
		return NULL;
	while (openings[next_opening % OPENINGS_MAX].is_used)
		next_opening++;
	struct opening *opening = &openings[next_opening % OPENINGS_MAX];
	/* The number grows for ever, so an answer that comes late meets no stranger. */
	*opening = (struct opening){.is_used = true, .seq = next_opening};
	next_opening++;
	n_openings++;
	return opening;
}

static void
opening_free(struct opening *opening)
{
	if (opening->pending)
		LIST_REMOVE(opening, of_pending);
	opening->is_used = false;
	n_openings--;
}

static bool
open_address(struct pending *p, uint16_t slot, const struct ip *ip, uint32_t seconds)
{
	struct message_open m = {.device = p->view->device,
		.generation = p->generation,
		.slot = slot,
		.seconds = seconds,
		.address = *ip};
	struct opening *opening = opening_new();

	if (!opening)
		return false;
	opening->device = m.device;
	opening->generation = m.generation;
	opening->slot = slot;
	opening->address = *ip;
	/* A second less than the kernel's, whose clock for it starts later than ours. */
	opening->until_ns = clock_monotonic_ns() + (seconds - 1) * CLOCK_SECOND_NS;
	if (channel_send(enforcer, MESSAGE_OPEN, opening->seq, &m, sizeof m, -1)) {
		opening_free(opening);
		return false;
	}
	opening->pending = p;
	LIST_INSERT_HEAD(&p->openings, opening, of_pending);
	return true;
}

/* Opens what is not open for long enough; the answer leaves here if that is nothing. */
static void
open_and_give(struct pending *p)
{
	uint64_t now = clock_monotonic_ns();
	uint32_t seconds = open_life_s(p->answer->ttl_s);

	if (!p->hold_until_ns)
		p->hold_until_ns = now + HOLD_MS * CLOCK_MS_NS;
	/* An enforcer that says no is asked again ever more seldom. */
	p->retry_ns =
		now + ((uint64_t)HOLD_STEP_MS << (p->tries < 6 ? p->tries++ : 6)) * CLOCK_MS_NS;
	p->refused = ERR_OK;
	for (unsigned s = 0; s < p->decision.match.count; s++) {
		uint16_t slot = p->decision.match.slot[s];
		for (unsigned i = 0; i < p->answer->n_addresses; i++) {
			if (open_lasts(open_table, p->view, slot, &p->answer->address[i],
				    p->answer->ttl_s, now))
				continue;
			if (!channel_is_open(enforcer) ||
				!open_address(p, slot, &p->answer->address[i], seconds)) {
				p->refused = ERR_BUSY;
				goto out;
			}
			p->opened_s = seconds;
		}
	}
out:
	if (!LIST_EMPTY(&p->openings)) {
		wait_in(p, STAGE_OPENING);
		return;
	}
	if (p->refused)
		wait_in(p, STAGE_HOLDING);
	else
		give_addresses(p);
}

/* A refusal that time may mend: the policy is on its way, or the enforcer was started again. */
static bool
is_worth_waiting(enum err err)
{
	return err == ERR_STALE || err == ERR_NOT_FOUND || err == ERR_BUSY || err == ERR_NOT_OURS;
}

static void decide(struct pending *);

static void
opened_all(struct pending *p)
{
	if (p->generation != p->view->generation) {
		decide(p); /* the policy changed meanwhile: what it says now counts */
	} else if (!p->refused) {
		give_addresses(p);
	} else if (is_worth_waiting(p->refused) && clock_monotonic_ns() < p->hold_until_ns) {
		set_stage(p, STAGE_HOLDING);
	} else {
		fail(p, ANSWER_REFUSED);
	}
}

void
query_on_done(uint32_t seq, const struct message_done *done)
{
	struct opening *opening = &openings[seq % OPENINGS_MAX];
	struct pending *p = opening->pending;

	if (!opening->is_used || opening->seq != seq)
		return;
	struct view *view = view_find(views, opening->device);
	if (done->err == ERR_OK && view && view->generation == opening->generation) {
		status.opened++;
		open_keep(open_table, view, opening->slot, &opening->address, opening->until_ns);
	}
	opening_free(opening);
	if (!p)
		return;
	if (done->err != ERR_OK)
		p->refused = (enum err)done->err;
	if (LIST_EMPTY(&p->openings))
		opened_all(p);
}

/* --- asking -------------------------------------------------------------------------------- */

static void
on_addresses(struct pending *p, int rcode, const void *packet, size_t len)
{
	p->answer = &scratch;
	switch (answer_from_packet(p->answer, &p->query, &own, packet, len)) {
	case ANSWER_IS_FINE:
		break;
	case ANSWER_IS_INSIDE:
		withhold(p);
		return;
	default:
		fail(p, ANSWER_FAILED);
		return;
	}
	/* Without an address the packet says why, and for how long that holds. */
	if (!p->answer->n_addresses)
		give_packet(p, packet, len);
	else
		open_and_give(p);
}

static void
on_answer(void *arg, int rcode, const void *packet, size_t len)
{
	struct asking *asking = arg;
	struct pending *p = asking->pending;

	free(asking);
	if (!p)
		return;
	p->asking = NULL;
	if (rcode == DNS_NXDOMAIN && !packet) {
		status.answered++;
		reply_rcode(&p->origin, &p->query, DNS_NXDOMAIN);
		pending_free(p);
	} else if (!packet) {
		fail(p, ANSWER_FAILED);
	} else if (p->query.type == DNS_A || p->query.type == DNS_AAAA) {
		on_addresses(p, rcode, packet, len);
	} else if (packet_points_inside(&own, packet, len)) {
		withhold(p);
	} else {
		give_packet(p, packet, len);
	}
}

static void
ask_upstream(struct pending *p)
{
	struct asking *asking = must_alloc(1, sizeof *asking);

	asking->pending = p;
	p->asking = asking;
	set_stage(p, STAGE_ASKING);
	if (upstream_ask(p->query.text, p->query.type, on_answer, asking))
		return; /* p may be gone */
	p->asking = NULL;
	free(asking);
	fail(p, ANSWER_FAILED);
}

static void
decide(struct pending *p)
{
	p->generation = p->view->generation;
	p->opened_s = 0;
	drop_answer(p);
	if (decision_by_rig(p->view, &p->query, clock_monotonic_ns(), &p->decision)) {
		p->view->n_withheld++;
	} else {
		p->decision = decision_from_query(p->view, &p->query, doh);
		decision_for_pages(settings, p->view, &p->query, &p->decision);
	}
	switch (p->decision.kind) {
	case DECISION_SILENT:
		listen_no_reply(&p->origin);
		break;
	case DECISION_ASK:
		ask_upstream(p);
		return;
	case DECISION_GATEWAY:
		reply_gateway(&p->origin, &p->query,
			p->view->mode == VIEW_STATUS_PAGE ? STATUS_PAGE_TTL_S : GATEWAY_TTL_S);
		status.answered++;
		break;
	default:
		if (p->decision.is_undeclared) {
			status.undeclared++;
			report_undeclared(p->view, &p->query);
		}
		reply_rcode(&p->origin, &p->query, p->decision.rcode);
		break;
	}
	pending_free(p);
}

/* The same datagram again, while the first is in work: one answer serves both. */
static bool
is_repeated(const struct view *view, const struct origin *origin, const struct dns_query *query)
{
	const struct pending *p;

	TAILQ_FOREACH(p, &view->pending, of_view)
	if (p->query.id == query->id && p->origin.port == origin->port &&
		p->origin.stream == origin->stream && p->query.type == query->type &&
		ip_is_equal(&p->origin.source, &origin->source) &&
		!strcmp(p->query.text, query->text))
		return true;
	return false;
}

static void
begin(struct view *view, const struct origin *origin, const struct dns_query *query)
{
	uint64_t now = clock_monotonic_ns();

	if (n_all == QUERIES_MAX || view->n_pending == QUERIES_A_DEVICE ||
		(view->n_pending && is_repeated(view, origin, query))) {
		listen_no_reply(origin);
		return;
	}
	/* Not must_alloc(): every member is set here. */
	struct pending *p = malloc(sizeof *p);
	if (!p)
		fatalx("query", "out of memory");
	LIST_INIT(&p->openings);
	p->view = view;
	p->asking = NULL;
	p->answer = NULL;
	p->stage = STAGE_UNKNOWN;
	p->refused = ERR_OK;
	p->began_ns = now;
	p->hold_until_ns = 0;
	p->retry_ns = 0;
	p->tries = 0;
	p->origin = *origin;
	p->query = *query;
	TAILQ_INSERT_TAIL(&view->pending, p, of_view);
	view->n_pending++;
	TAILQ_INSERT_TAIL(&all, p, in_all);
	n_all++;
	decide(p);
}

static bool
on_query(const struct origin *origin, const uint8_t *bytes, size_t len)
{
	struct view *view = view_find_by_address(views, &origin->source);
	struct reader reader = reader_over(bytes, len);
	struct dns_query query;

	status.queries++;
	if (!view) {
		listen_no_reply(origin);
		return false;
	}
	if (!bucket_take(&view->queries, clock_monotonic_ns(), VIEW_QUERIES_A_SECOND,
		    VIEW_QUERIES_BURST)) {
		status.limited++;
		report(view, ANSWER_LIMITED, "", 0);
		listen_no_reply(origin);
		return false;
	}
	int rcode = dns_query_parse(&query, reader);
	if (rcode == DNS_QUERY_FINE) {
		begin(view, origin, &query);
		return true;
	}
	if (rcode == DNS_NO_REPLY) {
		listen_no_reply(origin);
		return false;
	}
	listen_reply(origin, reply_bytes,
		dns_refuse(reply_bytes, sizeof reply_bytes, reader, (uint8_t)rcode));
	return true;
}

static uint32_t
device_of(const struct ip *source)
{
	const struct view *view = view_find_by_address(views, source);
	return view ? view->device : 0;
}

const struct listen_hooks query_hooks = {.on_query = on_query, .device_of = device_of};

/* --- time ---------------------------------------------------------------------------------- */

static void
on_hold_step(void *arg)
{
	uint64_t now = clock_monotonic_ns();
	struct pending_some todo = holding;
	struct pending *p;

	/* A question that goes on may end another one, so the list is taken apart from its head. */
	LIST_INIT(&holding);
	if (LIST_FIRST(&todo))
		LIST_FIRST(&todo)->in_holding.le_prev = &LIST_FIRST(&todo);
	while ((p = LIST_FIRST(&todo))) {
		if (now >= p->hold_until_ns)
			fail(p, ANSWER_REFUSED);
		else if (p->generation != p->view->generation)
			decide(p);
		else if (channel_is_open(enforcer) && now >= p->retry_ns)
			open_and_give(p);
		else
			set_stage(p, STAGE_HOLDING);
	}
}

static void
on_tick(void *arg)
{
	uint64_t now = clock_monotonic_ns();
	struct pending *p, *next;

	for (p = TAILQ_FIRST(&all); p; p = next) {
		next = TAILQ_NEXT(p, in_all);
		if (p->stage == STAGE_ASKING && now - p->began_ns > UPSTREAM_MS * CLOCK_MS_NS) {
			upstream_gave_up(p->query.text);
			fail(p, ANSWER_FAILED);
		} else if (p->stage == STAGE_OPENING && now > p->hold_until_ns) {
			fail(p, ANSWER_REFUSED);
		}
	}
}

/* --- the rig ------------------------------------------------------------------------------- */

/* It ends by itself: nobody has to live for that but us, and with us it is forgotten. */
void
query_on_rig(const struct message_rig *rig)
{
	struct message_rig_seen seen = {.run = rig->run, .ticket = rig->ticket};
	struct view *view = view_find(views, rig->device);
	uint64_t now = clock_monotonic_ns();

	if (!view || !(rig->bits & RIG_OF_NAMES)) {
		seen.err = ERR_NOT_FOUND;
	} else {
		seen.n_cut = view->n_withheld;
		if (!view->rig || now >= view->rig_until_ns)
			view->n_withheld = 0;
		view->rig = rig->seconds ? rig->bits & RIG_OF_NAMES : 0;
		view->rig_until_ns = now + rig->seconds * CLOCK_SECOND_NS;
	}
	if (channel_is_open(engine) &&
		channel_send(engine, MESSAGE_RIG_SEEN, 0, &seen, sizeof seen, -1))
		log_info("engine", "does not take an answer");
}

/* --- peers --------------------------------------------------------------------------------- */

void
query_on_view(const struct message_view *said)
{
	struct view *view = view_find(views, said->device);
	uint32_t before = view ? view->generation : 0;
	struct pending *p, *next;

	if (said->is_gone) {
		if (!view)
			return;
		for (p = TAILQ_FIRST(&view->pending); p; p = next) {
			next = TAILQ_NEXT(p, of_view);
			listen_no_reply(&p->origin);
			pending_free(p);
		}
		open_clear(open_table, view);
		view_forget(views, view);
		return;
	}
	switch (view_keep(views, said, &view)) {
	case ERR_OK:
		break;
	case ERR_FULL:
		log_warnx("view", "more than %d devices; device %u is not answered", VIEWS_MAX,
			said->device);
		return;
	default:
		return; /* overtaken by a newer one */
	}
	if (view->generation != before)
		open_clear(open_table, view);
	/* Those that wait for the enforcer decide anew at the next step of on_hold_step(). */
}

void
query_set_engine(struct channel *channel)
{
	engine = channel;
	if (!engine)
		return;
	/* A new one knows nothing of what the last one was told. */
	memset(reported, 0, sizeof reported);
	send_status(NULL);
}

void
query_set_enforcer(struct channel *channel)
{
	struct pending *p;

	enforcer = channel;
	for (unsigned i = 0; i < OPENINGS_MAX && n_openings; i++) {
		if (!openings[i].is_used)
			continue;
		p = openings[i].pending;
		opening_free(&openings[i]);
		if (p && LIST_EMPTY(&p->openings))
			set_stage(p, STAGE_HOLDING);
	}
	LIST_FOREACH(p, &holding, in_holding)
	p->retry_ns = 0;
}

/* --- names for the fetcher ----------------------------------------------------------------- */

struct lookup {
	LIST_ENTRY(lookup) next;
	struct channel *reply_to; /* NULL when it went */
	uint32_t seq;
	unsigned n_asked;
	bool points_inside, has_failed;
	struct dns_query query[2];
	struct message_looked_up found;
};

struct lookup_asked {
	struct lookup *lookup;
	const struct dns_query *query;
};

static LIST_HEAD(, lookup) lookups = LIST_HEAD_INITIALIZER(lookups);
static unsigned n_lookups;

static void
lookup_end(struct lookup *lookup)
{
	struct message_looked_up *found = &lookup->found;

	if (lookup->points_inside) {
		found->err = ERR_DENIED;
		memset(found->address, 0, sizeof found->address);
		found->n_addresses = 0;
	} else if (!found->n_addresses) {
		found->err = lookup->has_failed ? ERR_TIMEOUT : ERR_NOT_FOUND;
	}
	if (channel_is_open(lookup->reply_to) && channel_send(lookup->reply_to, MESSAGE_LOOKED_UP,
							 lookup->seq, found, sizeof *found, -1))
		log_debug("fetcher", "an answer could not be sent");
	LIST_REMOVE(lookup, next);
	n_lookups--;
	free(lookup);
}

static void
on_looked_up(void *arg, int rcode, const void *packet, size_t len)
{
	struct lookup_asked asked = *(struct lookup_asked *)arg;
	struct message_looked_up *found = &asked.lookup->found;
	static struct answer answer;

	free(arg);
	if (!packet) {
		asked.lookup->has_failed |= rcode != DNS_NXDOMAIN;
	} else {
		enum answer_verdict verdict =
			answer_from_packet(&answer, asked.query, &own, packet, len);
		asked.lookup->points_inside |= verdict == ANSWER_IS_INSIDE;
		asked.lookup->has_failed |= verdict == ANSWER_IS_BROKEN;
		for (unsigned i = 0; verdict == ANSWER_IS_FINE && i < answer.n_addresses &&
				     found->n_addresses < ANSWER_ADDRESSES_MAX;
			i++)
			found->address[found->n_addresses++] = answer.address[i];
	}
	if (!--asked.lookup->n_asked)
		lookup_end(asked.lookup);
}

static void
lookup_ask(struct lookup *lookup, struct dns_query *query)
{
	struct lookup_asked *asked = must_alloc(1, sizeof *asked);

	*asked = (struct lookup_asked){lookup, query};
	if (!upstream_ask(query->text, query->type, on_looked_up, asked))
		on_looked_up(asked, DNS_SERVFAIL, NULL, 0);
}

void
query_lookup(struct channel *reply_to, uint32_t seq, const struct message_lookup *asked)
{
	static const uint16_t types[2] = {DNS_A, DNS_AAAA};
	struct message_looked_up refused = {.err = ERR_INVALID};
	struct dns_name name;

	if (n_lookups == LOOKUPS_MAX)
		refused.err = ERR_BUSY;
	if (n_lookups == LOOKUPS_MAX || !dns_name_from_text(&name, asked->name)) {
		if (channel_send(reply_to, MESSAGE_LOOKED_UP, seq, &refused, sizeof refused, -1))
			log_debug("fetcher", "an answer could not be sent");
		return;
	}
	struct lookup *lookup = must_alloc(1, sizeof *lookup);
	lookup->reply_to = reply_to;
	lookup->seq = seq;
	lookup->n_asked = 2;
	LIST_INSERT_HEAD(&lookups, lookup, next);
	n_lookups++;
	for (int i = 0; i < 2; i++) {
		lookup->query[i].name = name;
		lookup->query[i].type = types[i];
		if (!dns_name_text(&name, lookup->query[i].text))
			assert(!"a name from text has a text");
	}
	/* The second may end it: nothing of it is touched after. */
	lookup_ask(lookup, &lookup->query[0]);
	lookup_ask(lookup, &lookup->query[1]);
}

void
query_forget_lookups(struct channel *reply_to)
{
	struct lookup *lookup;

	LIST_FOREACH(lookup, &lookups, next)
	if (lookup->reply_to == reply_to)
		lookup->reply_to = NULL;
}

void
query_init(const struct settings *told)
{
	settings = told;
	views = view_table_new();
	open_table = open_table_new();
	doh = doh_names_from_text((const char *)embedded_doh_resolvers, embedded_doh_resolvers_len);
	own_prefixes_from_settings(&own, settings);
	next_opening = 1;
	hold_timer = loop_timer_new(HOLD_STEP_MS, false, on_hold_step, NULL);
	loop_timer_new(500, true, on_tick, NULL);
	loop_timer_new(STATUS_EVERY_MS, true, send_status, NULL);
	upstream_on_change(on_upstream_change);
}
