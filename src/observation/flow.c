/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/flow.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"

/* After which a flow without a packet has ended, in seconds. */
enum { IDLE_TCP_S = 600, IDLE_OTHER_S = 60, ENDED_AT_ONCE = 2 };

struct flow_table {
	struct hash_key key;
	size_t capacity, count, top;
	uint32_t mask;
	uint32_t *bucket;  /* index of the first flow; 0: none */
	struct flow *flow; /* [0] is not used */
	uint32_t free;     /* list by next */
	uint32_t newest, oldest;
	uint64_t evicted;
	flow_on_end *on_end;
	void *arg;
};

/* The same for both directions: the lesser end first. */
struct flow_key {
	uint8_t a[16], b[16];
	uint16_t a_port, b_port;
	uint8_t proto, version;
	uint8_t zero[2];
};

struct flow_table *
flow_table_new(size_t capacity, const struct hash_key *key, flow_on_end *on_end, void *arg)
{
	struct flow_table *table = must_alloc(1, sizeof *table);
	size_t buckets = 1024;

	assert(capacity > 0 && capacity <= 1u << 22);
	while (buckets < capacity)
		buckets *= 2;
	table->key = *key;
	table->capacity = capacity;
	table->mask = (uint32_t)buckets - 1;
	table->bucket = must_alloc(buckets, sizeof *table->bucket);
	table->flow = must_alloc(capacity + 1, sizeof *table->flow);
	table->top = 1;
	table->on_end = on_end;
	table->arg = arg;
	return table;
}

void
flow_table_free(struct flow_table *table)
{
	if (!table)
		return;
	free(table->bucket);
	free(table->flow);
	free(table);
}

size_t
flow_table_count(const struct flow_table *table)
{
	return table->count;
}

uint64_t
flow_table_evicted(const struct flow_table *table)
{
	return table->evicted;
}

static struct ip
address(uint8_t version, const uint8_t byte[static 16])
{
	return version == 4 ? ip_from_v4(byte) : ip_from_v6(byte);
}

struct ip
flow_source(const struct flow *flow)
{
	return address(flow->version, flow->source);
}

struct ip
flow_target(const struct flow *flow)
{
	return address(flow->version, flow->target);
}

static uint32_t
bucket_of(const struct flow_table *table, const struct flow_key *key)
{
	return (uint32_t)keyed_hash(&table->key, key, sizeof *key) & table->mask;
}

/* True when the source of the packet is the key's b. */
static bool
key_of(struct flow_key *key, const uint8_t source[static 16], uint16_t source_port,
	const uint8_t target[static 16], uint16_t target_port, uint8_t proto, uint8_t version)
{
	int order = memcmp(source, target, 16);
	bool turned = order > 0 || (order == 0 && source_port > target_port);

	memcpy(key->a, turned ? target : source, 16);
	memcpy(key->b, turned ? source : target, 16);
	key->a_port = turned ? target_port : source_port;
	key->b_port = turned ? source_port : target_port;
	key->proto = proto;
	key->version = version;
	key->zero[0] = key->zero[1] = 0;
	return turned;
}

static void
list_leave(struct flow_table *table, uint32_t at)
{
	struct flow *flow = &table->flow[at];

	*(flow->newer ? &table->flow[flow->newer].older : &table->newest) = flow->older;
	*(flow->older ? &table->flow[flow->older].newer : &table->oldest) = flow->newer;
}

static void
list_join(struct flow_table *table, uint32_t at)
{
	struct flow *flow = &table->flow[at];

	flow->newer = 0;
	flow->older = table->newest;
	*(table->newest ? &table->flow[table->newest].newer : &table->oldest) = at;
	table->newest = at;
}

static void
end(struct flow_table *table, uint32_t at)
{
	struct flow *flow = &table->flow[at];
	struct flow_key key;
	uint32_t *link;

	key_of(&key, flow->source, flow->source_port, flow->target, flow->target_port, flow->proto,
		flow->version);
	link = &table->bucket[bucket_of(table, &key)];
	while (*link != at)
		link = &table->flow[*link].next;
	*link = flow->next;
	list_leave(table, at);
	table->count--;
	table->on_end(flow, table->arg);
	flow->next = table->free;
	table->free = at;
}

void
flow_table_end_all(struct flow_table *table)
{
	while (table->oldest)
		end(table, table->oldest);
}

static bool
is_over(const struct flow *flow, uint64_t now_ns)
{
	uint64_t idle_s = flow->is_finished            ? ENDED_AT_ONCE
			  : flow->proto == IPPROTO_TCP ? IDLE_TCP_S
						       : IDLE_OTHER_S;

	return now_ns > flow->last_ns && now_ns - flow->last_ns > idle_s * CLOCK_SECOND_NS;
}

/* A few at each new flow, so that the work is spread and what is over does not stay. */
static void
end_some(struct flow_table *table, uint64_t now_ns)
{
	for (int i = 0; i < 2 && table->oldest && is_over(&table->flow[table->oldest], now_ns); i++)
		end(table, table->oldest);
}

static uint32_t
take_place(struct flow_table *table)
{
	uint32_t at;

	if (table->count == table->capacity) {
		table->evicted++;
		end(table, table->oldest);
	}
	if (table->free) {
		at = table->free;
		table->free = table->flow[at].next;
		return at;
	}
	return (uint32_t)table->top++;
}

/* Echo requests and replies are one flow by their id; other messages by their type. */
static void
ports_of(const struct packet *packet, uint16_t *source, uint16_t *target)
{
	*source = packet->source_port;
	*target = packet->destination_port;
	if (packet->layers & (LAYER_ICMP | LAYER_ICMPV6)) {
		*source = packet->icmp.is_echo ? packet->icmp.id : packet->icmp.type;
		*target = *source;
	}
}

static bool
is_same(const struct flow *flow, const uint8_t source[static 16], uint16_t source_port,
	const uint8_t target[static 16], uint16_t target_port)
{
	return flow->source_port == source_port && flow->target_port == target_port &&
	       !memcmp(flow->source, source, 16) && !memcmp(flow->target, target, 16);
}

struct flow *
flow_from_packet(struct flow_table *table, const struct packet *packet, uint64_t now_ns,
	bool *is_new, bool *is_reply)
{
	const uint32_t ends = LAYER_UDP | LAYER_TCP | LAYER_ICMP | LAYER_ICMPV6;
	uint16_t source_port, target_port;
	struct flow_key key;
	struct flow *flow;
	uint32_t at, *bucket;
	bool is_syn;

	if (!packet_is_ip(packet) || !(packet->layers & ends) ||
		(packet->layers & (LAYER_ND | LAYER_MLD)))
		return NULL;
	ports_of(packet, &source_port, &target_port);
	key_of(&key, packet->source.byte, source_port, packet->destination.byte, target_port,
		packet->transport, packet->source.version);
	bucket = &table->bucket[bucket_of(table, &key)];
	is_syn = (packet->layers & LAYER_TCP) &&
		 (packet->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	for (at = *bucket; at; at = table->flow[at].next) {
		flow = &table->flow[at];
		if (flow->proto != key.proto || flow->version != key.version)
			continue;
		if (is_same(flow, packet->source.byte, source_port, packet->destination.byte,
			    target_port)) {
			*is_reply = false;
			break;
		}
		if (is_same(flow, packet->destination.byte, target_port, packet->source.byte,
			    source_port)) {
			*is_reply = true;
			break;
		}
	}
	if (at && (is_over(&table->flow[at], now_ns) || (is_syn && table->flow[at].is_finished))) {
		end(table, at);
		at = 0;
	}
	*is_new = !at;
	if (at) {
		flow = &table->flow[at];
		if (table->newest != at) {
			list_leave(table, at);
			list_join(table, at);
		}
	} else {
		end_some(table, now_ns);
		at = take_place(table);
		flow = &table->flow[at];
		*flow = (struct flow){.source_port = source_port,
			.target_port = target_port,
			.proto = packet->transport,
			.version = packet->source.version,
			.first_ns = now_ns,
			.next = *bucket};
		memcpy(flow->source, packet->source.byte, 16);
		memcpy(flow->target, packet->destination.byte, 16);
		if (packet->layers & LAYER_ETHERNET)
			memcpy(flow->mac, packet->ethernet.source, 6);
		*bucket = at;
		list_join(table, at);
		table->count++;
	}
	*is_reply =
		flow->source_port != source_port || memcmp(flow->source, packet->source.byte, 16);
	flow->packets[*is_reply]++;
	flow->bytes[*is_reply] += packet->wire_len;
	if (now_ns > flow->last_ns)
		flow->last_ns = now_ns;
	if (packet->layers & LAYER_TCP) {
		if (packet->tcp.flags & TCP_FIN)
			flow->finished_by |= (uint8_t)(1 << *is_reply);
		flow->is_finished = flow->finished_by == 3 || (packet->tcp.flags & TCP_RST);
	}
	return flow;
}
