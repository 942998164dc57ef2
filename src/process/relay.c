/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Discovery between devices that were introduced to each other.  The bridge
 * forwards nothing, so a phone's question for printers ends here.  In: mDNS and
 * SSDP messages that devices send to their groups; introductions from the
 * engine.  Out: single frames to single devices, written anew (relay_filter.c) but
 * for the makers' own broadcasts, whose payload nobody else can read:
 * the asker's question to each device he may discover, and their answers back.
 *
 * Must never: tell a device anything about one it was not introduced to, pass a
 * question on against the direction of the introduction, or send to a group, by
 * which all would hear it.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "packet/udp_frame.h"
#include "process/bucket.h"
#include "process/confine.h"
#include "process/process.h"
#include "process/relay_filter.h"

enum {
	PAIRS_MAX = 4096,
	BUCKETS = 4096,
	ASKED_MAX = 512, /* questions whose answers go to a port of the asker's own */
	ASKED_S = 5,
	DATAGRAMS_A_TURN = 64,
	QUESTIONS_A_SECOND = 10,
	QUESTIONS_BURST = 40,
	ANSWERS_A_SECOND = 20,
	ANSWERS_BURST = 80,
	LINKS_MAX = 128,
	LINK_FRESH_MS = 10000,
	MDNS_HOPS = 255,
	SSDP_HOPS = 2,
	BROADCAST_HOPS = 1,
};

/* A device that somebody may discover, or that may discover somebody. */
struct node {
	uint32_t device;
	unsigned n_pairs;
	struct relay_end end;
	struct bucket questions, answers;
	LIST_ENTRY(node) in_all;
	LIST_HEAD(, pair) discovers, discovered_by;
	struct place {
		LIST_ENTRY(place) next;
		struct node *node;
		struct ip address; /* none: not in the table */
	} place[3];
};

struct pair {
	LIST_ENTRY(pair) of_asker, of_answerer;
	struct node *asker, *answerer;
	uint32_t services;
};

/* Asked from a port of the asker's own: the answer goes there and nowhere else. */
struct asked {
	uint64_t until_ns;
	uint32_t asker, answerer, service;
	struct ip source;
	uint16_t port;
	uint16_t group_port; /* the one that was asked */
	struct relay_question question;
	char target[RELAY_TARGET_MAX];
};

static struct group_socket {
	enum descriptor what;
	uint32_t service;
	uint16_t port;
	bool v6;
	const char *group;
	int fd;
	struct loop_watch *watch;
} sockets[] = {{DESCRIPTOR_RELAY_MDNS4, RELAY_MDNS, 5353, false, "224.0.0.251", -1, NULL},
	{DESCRIPTOR_RELAY_MDNS6, RELAY_MDNS, 5353, true, "ff02::fb", -1, NULL},
	{DESCRIPTOR_RELAY_SSDP4, RELAY_SSDP, 1900, false, "239.255.255.250", -1, NULL},
	{DESCRIPTOR_RELAY_SSDP6, RELAY_SSDP, 1900, true, "ff02::c", -1, NULL},
#define X(port)                                                                                    \
	{DESCRIPTOR_RELAY_BROADCAST, RELAY_BROADCAST, port, false, "255.255.255.255", -1, NULL},
	RELAY_BROADCAST_LIST(X)
#undef X
};

static const struct settings *settings;
static struct channel *engine;
static int raw = -1;
static LIST_HEAD(, node) nodes = LIST_HEAD_INITIALIZER(nodes);
static LIST_HEAD(, place) places[BUCKETS];
static unsigned n_pairs, next_asked;
static struct asked asked[ASKED_MAX];
static struct {
	char name[IFNAMSIZ];
	int index;
	uint64_t read_ns;
} links[LINKS_MAX];

/* --- who may discover whom ------------------------------------------------------------------- */

static size_t
bucket_of(const struct ip *ip)
{
	uint32_t h = 2166136261;

	for (int i = 0; i < 16; i++)
		h = (h ^ ip->byte[i]) * 16777619;
	return (h ^ h >> 16) % BUCKETS;
}

static struct node *
node_at(const struct ip *ip)
{
	struct place *place;

	LIST_FOREACH(place, &places[bucket_of(ip)], next)
	if (ip_is_equal(&place->address, ip))
		return place->node;
	return NULL;
}

static struct node *
node_find(uint32_t device)
{
	struct node *node;

	LIST_FOREACH(node, &nodes, in_all)
	if (node->device == device)
		return node;
	return NULL;
}

static void
node_unplace(struct node *node)
{
	for (int i = 0; i < 3; i++) {
		if (node->place[i].address.version)
			LIST_REMOVE(&node->place[i], next);
		node->place[i].address = (struct ip){0};
	}
}

static void
node_set_end(struct node *node, const struct relay_end *end)
{
	const struct ip *address[3] = {&end->address4, &end->address6, &end->link6};

	node_unplace(node);
	node->end = *end;
	for (int i = 0; i < 3; i++) {
		if (!address[i]->version || node_at(address[i]))
			continue;
		node->place[i].node = node;
		node->place[i].address = *address[i];
		LIST_INSERT_HEAD(&places[bucket_of(address[i])], &node->place[i], next);
	}
}

static struct node *
node_take(const struct relay_end *end)
{
	struct node *node = node_find(end->device);

	if (!node) {
		node = must_alloc(1, sizeof *node);
		node->device = end->device;
		LIST_INIT(&node->discovers);
		LIST_INIT(&node->discovered_by);
		LIST_INSERT_HEAD(&nodes, node, in_all);
	}
	node_set_end(node, end);
	return node;
}

static void
node_free_unused(struct node *node)
{
	if (!LIST_EMPTY(&node->discovers) || !LIST_EMPTY(&node->discovered_by))
		return;
	node_unplace(node);
	LIST_REMOVE(node, in_all);
	free(node);
}

static void
pair_free(struct pair *pair)
{
	struct node *asker = pair->asker, *answerer = pair->answerer;

	LIST_REMOVE(pair, of_asker);
	LIST_REMOVE(pair, of_answerer);
	n_pairs--;
	free(pair);
	node_free_unused(asker);
	node_free_unused(answerer);
}

static struct pair *
pair_find(uint32_t asker, uint32_t answerer)
{
	struct node *node = node_find(asker);
	struct pair *pair;

	if (node)
		LIST_FOREACH(pair, &node->discovers, of_asker)
	if (pair->answerer->device == answerer)
		return pair;
	return NULL;
}

static void
on_introduction(const struct message_introduction *said)
{
	struct pair *pair = pair_find(said->asker.device, said->answerer.device);

	if (!said->services) {
		if (pair)
			pair_free(pair);
		return;
	}
	if (!pair && n_pairs == PAIRS_MAX) {
		log_warnx("introduction", "more than %d; that of device %u to %u does nothing",
			PAIRS_MAX, said->asker.device, said->answerer.device);
		return;
	}
	struct node *asker = node_take(&said->asker), *answerer = node_take(&said->answerer);
	if (!pair) {
		pair = must_alloc(1, sizeof *pair);
		pair->asker = asker;
		pair->answerer = answerer;
		LIST_INSERT_HEAD(&asker->discovers, pair, of_asker);
		LIST_INSERT_HEAD(&answerer->discovered_by, pair, of_answerer);
		n_pairs++;
	}
	pair->services = said->services;
}

/* A datagram, and who it came from by his bound address. */
struct heard {
	const struct group_socket *socket;
	struct node *node;
	struct ip source;
	uint16_t port;
	struct reader payload;
};

/* --- sending ----------------------------------------------------------------------------------- */

/* The number of a bridge port; ports come and go, so it is read again now and then. */
static int
link_index(const char *name)
{
	uint64_t now = clock_monotonic_ns();
	struct ifreq request = {0};
	unsigned at = 0;

	while (at < LINKS_MAX && links[at].name[0] && strcmp(links[at].name, name))
		at++;
	if (at == LINKS_MAX)
		at = 0;
	if (!strcmp(links[at].name, name) && now - links[at].read_ns < LINK_FRESH_MS * CLOCK_MS_NS)
		return links[at].index;
	memcpy(request.ifr_name, name, sizeof request.ifr_name);
	if (ioctl(raw, SIOCGIFINDEX, &request))
		return 0;
	memcpy(links[at].name, name, sizeof links[at].name);
	links[at].index = request.ifr_ifindex;
	links[at].read_ns = now;
	return links[at].index;
}

static bool
bridge_mac(uint8_t mac[static 6])
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, settings->bridge, sizeof request.ifr_name);
	if (ioctl(raw, SIOCGIFHWADDR, &request))
		return false;
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	return true;
}

/*
 * One frame to one device; target: the group, or the device's own address.
 * teller: in whose name, where the payload does not say it itself; NULL: ours.
 */
static void
send_as(const struct heard *teller, const struct node *node, const struct group_socket *socket,
	const struct ip *target, uint16_t port, const void *payload, size_t len)
{
	uint8_t bytes[RELAY_PAYLOAD_MAX + UDP_FRAME_HEAD_MAX];
	struct udp_frame frame = {.target = *target,
		.source_port = socket->port,
		.target_port = port,
		.hops = socket->service == RELAY_MDNS   ? MDNS_HOPS
			: socket->service == RELAY_SSDP ? SSDP_HOPS
							: BROADCAST_HOPS};
	struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_halen = 6};

	if (raw < 0 || !len || !bridge_mac(frame.source_mac))
		return;
	link.sll_ifindex = link_index(node->end.port);
	frame.source = socket->v6 ? relay_link_local(frame.source_mac) : settings->lan4.address;
	if (teller) {
		frame.source = teller->source;
		frame.source_port = teller->port;
	}
	memcpy(frame.target_mac, node->end.mac, 6);
	memcpy(link.sll_addr, node->end.mac, 6);
	size_t whole = udp_frame_render(bytes, sizeof bytes, &frame, payload, len);
	if (link.sll_ifindex && whole)
		(void)!sendto(
			raw, bytes, whole, MSG_DONTWAIT, (struct sockaddr *)&link, sizeof link);
}

static void
send_to(const struct node *node, const struct group_socket *socket, const struct ip *target,
	uint16_t port, const void *payload, size_t len)
{
	send_as(NULL, node, socket, target, port, payload, len);
}

static void
send_to_group(
	const struct node *node, const struct group_socket *socket, const void *payload, size_t len)
{
	struct ip group;

	if (ip_parse(&group, socket->group))
		send_to(node, socket, &group, socket->port, payload, len);
}

/* --- questions --------------------------------------------------------------------------------- */

static void
remember(const struct heard *heard, const struct node *answerer,
	const struct relay_question *question, const char *target)
{
	struct asked *at = &asked[next_asked++ % ASKED_MAX]; /* the oldest goes */

	at->until_ns = clock_monotonic_ns() + ASKED_S * CLOCK_SECOND_NS;
	at->asker = heard->node->device;
	at->answerer = answerer->device;
	at->service = heard->socket->service;
	at->source = heard->source;
	at->port = heard->port;
	at->group_port = heard->socket->port;
	if (question)
		at->question = *question;
	snprintf(at->target, sizeof at->target, "%s", target);
}

static void
ask_others(const struct heard *heard, const void *payload, size_t len,
	const struct relay_question *question, const char *target)
{
	struct pair *pair;

	if (!len || !bucket_take(&heard->node->questions, clock_monotonic_ns(), QUESTIONS_A_SECOND,
			    QUESTIONS_BURST))
		return;
	LIST_FOREACH(pair, &heard->node->discovers, of_asker)
	{
		if (!(pair->services & heard->socket->service))
			continue;
		/* mDNS and SSDP answer the group port to the group; these answer who asked. */
		if (heard->port != heard->socket->port || heard->socket->service == RELAY_BROADCAST)
			remember(heard, pair->answerer, question, target);
		send_to_group(pair->answerer, heard->socket, payload, len);
	}
}

/* --- answers ----------------------------------------------------------------------------------- */

static bool
may_answer(const struct heard *heard)
{
	return !LIST_EMPTY(&heard->node->discovered_by) &&
	       bucket_take(&heard->node->answers, clock_monotonic_ns(), ANSWERS_A_SECOND,
		       ANSWERS_BURST);
}

static const struct pair *
still_introduced(const struct asked *at, const struct heard *heard)
{
	const struct pair *pair;

	if (at->answerer != heard->node->device || at->service != heard->socket->service ||
		at->source.version != heard->source.version || clock_monotonic_ns() > at->until_ns)
		return NULL;
	LIST_FOREACH(pair, &heard->node->discovered_by, of_answerer)
	if (pair->asker->device == at->asker && pair->services & at->service &&
		relay_end_has(&pair->asker->end, &at->source))
		return pair;
	return NULL;
}

static void
give_mdns(const struct heard *heard)
{
	uint8_t out[RELAY_PAYLOAD_MAX];
	const struct pair *pair;
	size_t len;

	if (!may_answer(heard))
		return;
	len = relay_mdns_answer(out, sizeof out, heard->payload, &heard->node->end, NULL);
	LIST_FOREACH(pair, &heard->node->discovered_by, of_answerer)
	if (pair->services & RELAY_MDNS)
		send_to_group(pair->asker, heard->socket, out, len);
	for (unsigned i = 0; i < ASKED_MAX; i++) {
		if (!(pair = still_introduced(&asked[i], heard)))
			continue;
		len = relay_mdns_answer(
			out, sizeof out, heard->payload, &heard->node->end, &asked[i].question);
		send_to(pair->asker, heard->socket, &asked[i].source, asked[i].port, out, len);
	}
}

static void
give_ssdp(const struct heard *heard)
{
	char out[RELAY_PAYLOAD_MAX], target[RELAY_TARGET_MAX];
	const struct pair *pair;
	enum ssdp_kind kind;

	if (!may_answer(heard))
		return;
	size_t len = relay_ssdp_answer(out, sizeof out, heard->payload, &heard->node->end,
		heard->socket->v6, target, &kind);
	if (len && kind == SSDP_NOTIFY) {
		LIST_FOREACH(pair, &heard->node->discovered_by, of_answerer)
		if (pair->services & RELAY_SSDP)
			send_to_group(pair->asker, heard->socket, out, len);
		return;
	}
	for (unsigned i = 0; len && i < ASKED_MAX; i++)
		if ((!strcmp(asked[i].target, "ssdp:all") || !strcmp(asked[i].target, target)) &&
			(pair = still_introduced(&asked[i], heard)))
			send_to(pair->asker, heard->socket, &asked[i].source, asked[i].port, out,
				len);
}

/*
 * Such a payload is its maker's own (often ciphered) and passes as it is, but
 * only between the two, at our pace.  Who looked for others is answered at his
 * own port in the name of who answers; what nobody asked for is a question to
 * those whom he may discover, and a notice to those who may discover him.
 */
static void
on_broadcast(const struct heard *heard)
{
	struct bytes payload = reader_rest(&heard->payload);
	struct ip everybody = {.version = 4, .byte = {255, 255, 255, 255}};
	const struct pair *pair;
	bool is_answer = false;

	if (!payload.len || payload.len > RELAY_PAYLOAD_MAX)
		return;
	bool may = may_answer(heard);
	for (unsigned i = 0; may && i < ASKED_MAX; i++)
		if (asked[i].group_port == heard->socket->port &&
			(pair = still_introduced(&asked[i], heard))) {
			send_as(heard, pair->asker, heard->socket, &asked[i].source, asked[i].port,
				payload.at, payload.len);
			is_answer = true;
		}
	if (is_answer)
		return;
	ask_others(heard, payload.at, payload.len, NULL, "");
	if (!may)
		return;
	LIST_FOREACH(pair, &heard->node->discovered_by, of_answerer)
	if (pair->services & RELAY_BROADCAST)
		send_as(heard, pair->asker, heard->socket, &everybody, heard->socket->port,
			payload.at, payload.len);
}

static void
on_mdns(const struct heard *heard)
{
	uint8_t out[RELAY_PAYLOAD_MAX];
	struct relay_question first;
	size_t len = relay_mdns_question(out, sizeof out, heard->payload, &first);

	if (len)
		ask_others(heard, out, len, &first, "");
	else if (heard->port == heard->socket->port)
		give_mdns(heard);
}

static void
on_ssdp(const struct heard *heard)
{
	char out[RELAY_PAYLOAD_MAX], target[RELAY_TARGET_MAX];
	size_t len = relay_ssdp_search(out, sizeof out, heard->payload, heard->socket->v6, target);

	if (len)
		ask_others(heard, out, len, NULL, target);
	else
		give_ssdp(heard);
}

static void
on_datagrams(int fd, void *arg)
{
	const struct group_socket *socket = arg;
	uint8_t bytes[9000];

	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		union {
			struct sockaddr any;
			struct sockaddr_in v4;
			struct sockaddr_in6 v6;
		} from;
		socklen_t from_len = sizeof from;
		struct heard heard = {.socket = socket};

		ssize_t n = recvfrom(fd, bytes, sizeof bytes, MSG_DONTWAIT, &from.any, &from_len);
		if (n < 0)
			return;
		if (from.any.sa_family == AF_INET) {
			heard.source = ip_from_v4((const uint8_t *)&from.v4.sin_addr);
			heard.port = ntohs(from.v4.sin_port);
		} else {
			heard.source = ip_from_v6(from.v6.sin6_addr.s6_addr);
			heard.port = ntohs(from.v6.sin6_port);
		}
		/* A device that was never introduced to anybody is heard no further than this. */
		heard.node = node_at(&heard.source);
		heard.payload = reader_over(bytes, (size_t)n);
		if (!heard.node)
			continue;
		if (socket->service == RELAY_MDNS)
			on_mdns(&heard);
		else if (socket->service == RELAY_SSDP)
			on_ssdp(&heard);
		else
			on_broadcast(&heard);
	}
}

/* --- is it there? ------------------------------------------------------------------------------ */

/* An ARP request (RFC 826) to this device alone; its answer is for who listens to the bridge. */
static void
on_nudge(const struct message_nudge *nudge)
{
	enum { ARP_LEN = 42 };
	static const uint8_t fixed[] = {
		0x08, 0x06,             /* ARP */
		0x00, 0x01, 0x08, 0x00, /* for Ethernet, of IPv4 */
		6, 4, 0x00, 0x01        /* lengths; request */
	};
	uint8_t bytes[ARP_LEN] = {0}, *at = bytes + 12, own[6];
	struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_halen = 6};

	if (raw < 0 || settings->lan4.address.version != 4 || !bridge_mac(own))
		return;
	link.sll_ifindex = link_index(nudge->port);
	memcpy(link.sll_addr, nudge->mac, 6);
	memcpy(bytes, nudge->mac, 6);
	memcpy(bytes + 6, own, 6);
	memcpy(at, fixed, sizeof fixed);
	memcpy(at + 10, own, 6);
	memcpy(at + 16, settings->lan4.address.byte, 4);
	memcpy(at + 26, nudge->address.byte, 4);
	if (link.sll_ifindex)
		(void)!sendto(raw, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&link,
			sizeof link);
}

/* --- the process ------------------------------------------------------------------------------- */

static void
on_engine(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_INTRODUCTION)
		on_introduction(payload);
	else if (header->type == MESSAGE_NUDGE)
		on_nudge(payload);
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	log_info("engine", "channel: %s", why);
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in own = {0};
	socklen_t len = sizeof own;

	return getsockname(fd, (struct sockaddr *)&own, &len) ? 0 : ntohs(own.sin_port);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	if (what == DESCRIPTOR_PEER && peer == PROCESS_ENGINE) {
		channel_free(engine);
		engine = channel_new(fd, PROCESS_RELAY, peer, on_engine, on_closed, NULL);
		return;
	}
	if (what == DESCRIPTOR_RELAY_RAW) {
		if (raw >= 0)
			close(raw);
		raw = fd;
		memset(links, 0, sizeof links);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(sockets); i++) {
		if (sockets[i].what != what ||
			(what == DESCRIPTOR_RELAY_BROADCAST && sockets[i].port != port_of(fd)))
			continue;
		loop_watch_free(sockets[i].watch);
		if (sockets[i].fd >= 0)
			close(sockets[i].fd);
		sockets[i].fd = fd;
		sockets[i].watch = loop_watch_read(fd, on_datagrams, &sockets[i]);
		return;
	}
	close(fd);
}

int
main(void)
{
	static const struct process_hooks hooks = {.on_descriptor = on_descriptor};

	settings = process_begin(PROCESS_RELAY, &hooks);
	confine(PROCESS_RELAY, settings);
	process_ready();
	loop_run();
	return 0;
}
