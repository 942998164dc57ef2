/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The devices' DNS server.  In: questions, by address of a known device; views
 * from the engine; answers from upstream.  Out: answers, and to the enforcer
 * requests to open an address in a slot that the device's policy holds.
 *
 * Must never: let an answer leave before its addresses are open, send a held
 * device's undeclared name upstream, or give anybody an address inside.
 */
#include <unistd.h>

#include "base/log.h"
#include "process/confine.h"
#include "process/process.h"
#include "process/resolver_query.h"
#include "process/resolver_upstream.h"

/* Descriptors come before the settings are handed over, so they wait here until then. */
static bool is_serving;
static struct channel *enforcer, *engine, *fetcher, *uplink;
static const struct settings *settings;
static struct {
	enum descriptor what;
	enum process peer;
	int fd;
} early[64];
static unsigned n_early;

static void
on_enforcer(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_DONE)
		query_on_done(header->seq, payload);
}

static void
on_engine(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_VIEW)
		query_on_view(payload);
	else if (header->type == MESSAGE_RIG)
		query_on_rig(payload);
	else if (header->type == MESSAGE_LOOKUP)
		query_lookup(channel, header->seq, payload);
}

static void
on_fetcher(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_LOOKUP)
		query_lookup(channel, header->seq, payload);
}

/* The owner's word goes before the provider's, and what was learned stays until there is another. */
static void
on_uplink(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	const struct message_uplink *said = payload;

	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_UPLINK && settings && !settings->n_forwards &&
		said->n_name_servers)
		upstream_forward(said->name_server, said->n_name_servers);
}

/* The monitor starts the peer again and sends a new channel; until then we serve on. */
static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	log_info(process_name(channel_peer(channel)), "channel: %s", why);
	if (channel == enforcer)
		query_set_enforcer(NULL);
	else if (channel == engine)
		query_set_engine(NULL);
	if (channel == fetcher || channel == engine)
		query_forget_lookups(channel);
}

static void
on_peer(enum process peer, int fd)
{
	struct channel **at;
	channel_on_message *on_message;

	switch (peer) {
	case PROCESS_ENFORCER:
		at = &enforcer;
		on_message = on_enforcer;
		query_set_enforcer(NULL);
		break;
	case PROCESS_ENGINE:
		at = &engine;
		on_message = on_engine;
		query_set_engine(NULL);
		query_forget_lookups(engine);
		break;
	case PROCESS_FETCHER:
		at = &fetcher;
		on_message = on_fetcher;
		query_forget_lookups(fetcher);
		break;
	case PROCESS_UPLINK:
		at = &uplink;
		on_message = on_uplink;
		break;
	default:
		close(fd);
		return;
	}
	channel_free(*at);
	*at = channel_new(fd, PROCESS_RESOLVER, peer, on_message, on_closed, NULL);
	if (at == &enforcer)
		query_set_enforcer(enforcer);
	else if (at == &engine)
		query_set_engine(engine);
}

static void
on_link(const struct message_link *link, void *arg)
{
	if (is_serving)
		query_link(link);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	if (!is_serving) {
		if (n_early == sizeof early / sizeof early[0])
			fatalx("start", "more descriptors than there is use for");
		early[n_early].what = what;
		early[n_early].peer = peer;
		early[n_early++].fd = fd;
		return;
	}
	switch (what) {
	case DESCRIPTOR_PEER:
		on_peer(peer, fd);
		break;
	case DESCRIPTOR_DNS_UDP:
		listen_udp(fd);
		break;
	case DESCRIPTOR_DNS_TCP:
		listen_tcp(fd);
		break;
	default:
		close(fd);
	}
}

int
main(void)
{
	static const struct process_hooks hooks = {
		.on_descriptor = on_descriptor, .on_link = on_link};

	settings = process_begin(PROCESS_RESOLVER, &hooks);
	size_t n_links;
	const struct message_link *link = process_early_links(&n_links);

	upstream_init(settings);
	query_init(settings);
	listen_init(&query_hooks);
	is_serving = true;
	for (unsigned i = 0; i < n_early; i++)
		on_descriptor(early[i].what, early[i].peer, early[i].fd, NULL);
	for (size_t i = 0; i < n_links; i++)
		query_link(&link[i]);
	confine(PROCESS_RESOLVER, settings);
	process_ready();
	loop_run();
	return 0;
}
