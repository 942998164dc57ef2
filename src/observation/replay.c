/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/replay.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"

/* A connection says what it is in its first words; after these it is only counted. */
enum { DECODED_MAX = 4 };

struct replay {
	int link_type;
	struct flow_table *flows;
	struct told *told;
	struct packet_counts counts;
	struct observation_context context;
	struct packet packet;
	replay_on_rows *on_rows;
	void *arg;
	struct observation rows[OBSERVATION_PER_PACKET_MAX + 1];
};

static void
fill_flow(
	struct replay *replay, struct observation *row, enum observed what, const struct flow *flow)
{
	memset(row, 0, sizeof *row);
	row->what = (uint8_t)what;
	row->seen_ns = replay->context.seen_ns;
	row->wall_s = replay->context.wall_s;
	row->proto = flow->proto;
	memcpy(row->mac, flow->mac, 6);
	row->source = flow_source(flow);
	row->target = flow_target(flow);
	row->source_port = flow->source_port;
	row->target_port = flow->target_port;
	row->packets = (uint64_t)flow->packets[0] + flow->packets[1];
	row->bytes = flow->bytes[0] + flow->bytes[1];
}

static void
on_flow_end(const struct flow *flow, void *arg)
{
	struct replay *replay = arg;
	struct observation row;

	fill_flow(replay, &row, OBSERVED_FLOW_END, flow);
	row.seen_ns = flow->last_ns;
	row.wall_s = (int64_t)(flow->last_ns / CLOCK_SECOND_NS);
	row.value = row.bytes ? (uint32_t)(flow->bytes[0] * 1000.0 / row.bytes) : 0;
	replay->on_rows(&row, 1, replay->arg);
}

struct replay *
replay_new(int link_type, size_t flows_max, const struct hash_key *key, replay_on_rows *on_rows,
	void *arg)
{
	struct replay *replay;

	switch (link_type) {
	case DLT_EN10MB:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		break;
	default:
		return NULL;
	}
	replay = must_alloc(1, sizeof *replay);
	replay->link_type = link_type;
	replay->flows = flow_table_new(flows_max, key, on_flow_end, replay);
	replay->told = told_new(key);
	replay->context =
		(struct observation_context){.port = "", .is_replay = true, .told = replay->told};
	replay->on_rows = on_rows;
	replay->arg = arg;
	return replay;
}

void
replay_free(struct replay *replay)
{
	if (!replay)
		return;
	flow_table_free(replay->flows);
	told_free(replay->told);
	free(replay);
}

void
replay_end(struct replay *replay)
{
	flow_table_end_all(replay->flows);
}

const struct packet_counts *
replay_counts(const struct replay *replay)
{
	return &replay->counts;
}

const struct flow_table *
replay_flows(const struct replay *replay)
{
	return replay->flows;
}

/*
 * The "cooked" link types (pcap-linktype(7)): a head of 16 or 20 bytes with the
 * ethertype and the sender's address.  Made into an Ethernet head, so that one
 * decoder serves all.
 */
static bool
parse_cooked(struct replay *replay, const uint8_t *bytes, size_t cap_len, size_t wire_len)
{
	static uint8_t frame[14 + 65535];
	bool is_second = replay->link_type == DLT_LINUX_SLL2;
	struct reader r = reader_over(bytes, cap_len);
	uint16_t type = 0, hardware, address_len;
	uint8_t address[8];
	size_t left;

	if (is_second) {
		type = reader_u16(&r);
		reader_skip(&r, 6); /* reserved, interface */
		hardware = reader_u16(&r);
		reader_skip(&r, 1); /* packet type */
		address_len = reader_u8(&r);
		reader_copy(&r, address, sizeof address);
	} else {
		reader_skip(&r, 2); /* packet type */
		hardware = reader_u16(&r);
		address_len = reader_u16(&r);
		reader_copy(&r, address, sizeof address);
		type = reader_u16(&r);
	}
	left = reader_left(&r);
	if (!reader_ok(&r) || left > sizeof frame - 14)
		return false;
	memset(frame, 0, 12);
	if (hardware == 1 && address_len == 6) /* ARPHRD_ETHER */
		memcpy(frame + 6, address, 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	memcpy(frame + 14, r.at, left);
	return packet_parse(&replay->packet, frame, left + 14, wire_len - (cap_len - left) + 14);
}

static bool
parse(struct replay *replay, const uint8_t *bytes, size_t cap_len, size_t wire_len)
{
	switch (replay->link_type) {
	case DLT_EN10MB:
		return packet_parse(&replay->packet, bytes, cap_len, wire_len);
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
		replay->packet.layers = 0;
		replay->packet.protocol = PROTOCOL_NONE;
		return parse_cooked(replay, bytes, cap_len, wire_len);
	default:
		return packet_parse_ip(&replay->packet, bytes, cap_len, wire_len);
	}
}

/* Worth a look: the first packet of a flow, its first words, and what belongs to no flow. */
static bool
is_telling(const struct packet *packet, struct flow *flow, bool is_new, bool is_reply)
{
	if (!flow || is_new)
		return true;
	if (packet->protocol == PROTOCOL_NONE || flow->decoded[is_reply] >= DECODED_MAX) {
		/* Of connections only: one port serves all of mDNS and DHCP for ever. */
		return packet->protocol != PROTOCOL_NONE && flow->proto == IPPROTO_UDP;
	}
	flow->decoded[is_reply]++;
	return true;
}

void
replay_frame(struct replay *replay, const struct pcap_pkthdr *head, const uint8_t *frame)
{
	struct packet *packet = &replay->packet;
	bool is_new = false, is_reply = false;
	struct flow *flow;
	size_t n = 0;

	/* The file's own time, with nanoseconds in tv_usec; it may be nonsense, but it is the file's. */
	replay->context.wall_s = head->ts.tv_sec;
	replay->context.seen_ns =
		(uint64_t)head->ts.tv_sec * CLOCK_SECOND_NS + (uint64_t)head->ts.tv_usec;
	parse(replay, frame, head->caplen, head->len);
	packet_count(&replay->counts, packet);
	flow = flow_from_packet(replay->flows, packet, replay->context.seen_ns, &is_new, &is_reply);
	if (!is_telling(packet, flow, is_new, is_reply))
		return;
	n = observation_from_packet(
		replay->rows, OBSERVATION_PER_PACKET_MAX, packet, &replay->context);
	if (is_new)
		fill_flow(replay, &replay->rows[n++], OBSERVED_FLOW_NEW, flow);
	if (n)
		replay->on_rows(replay->rows, n, replay->arg);
}
