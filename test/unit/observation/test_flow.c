/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "observation/flow.h"
#include "test.h"

static const struct hash_key key = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344)};
static struct flow ended[64];
static size_t n_ended;
static uint64_t packets_ended;
static uint64_t now_ns;
static bool is_new, is_reply;

static void
on_end(const struct flow *flow, void *arg)
{
	ended[n_ended++ % 64] = *flow;
	packets_ended += flow->packets[0] + flow->packets[1];
}

static struct flow_table *
table_of(size_t capacity)
{
	n_ended = 0;
	now_ns = 1000 * CLOCK_SECOND_NS;
	return flow_table_new(capacity, &key, on_end, NULL);
}

static struct flow *
see(struct flow_table *table, uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port,
	uint8_t tcp_flags)
{
	static struct packet packet;

	packet.layers = LAYER_ETHERNET | LAYER_IPV4 | (tcp_flags ? LAYER_TCP : LAYER_UDP);
	packet.transport = tcp_flags ? 6 : 17;
	packet.tcp.flags = tcp_flags;
	packet.wire_len = 100;
	packet.source = ip_from_v4(
		(uint8_t[4]){10, (uint8_t)(from >> 16), (uint8_t)(from >> 8), (uint8_t)from});
	packet.destination = ip_from_v4((uint8_t[4]){198, 18, (uint8_t)(to >> 8), (uint8_t)to});
	if (from >= 1u << 24) { /* the other way round */
		struct ip turned = packet.source;
		packet.source = packet.destination;
		packet.destination = turned;
	}
	packet.source_port = from_port;
	packet.destination_port = to_port;
	return flow_from_packet(table, &packet, now_ns, &is_new, &is_reply);
}

static struct flow *
see_reply(struct flow_table *table, uint32_t device, uint16_t device_port, uint32_t server,
	uint16_t server_port, uint8_t tcp_flags)
{
	return see(table, device | 1u << 24, server_port, server, device_port, tcp_flags);
}

TEST(question_and_answer_are_one_flow_with_a_count_for_each)
{
	struct flow_table *table = table_of(8);
	struct flow *flow = see(table, 1, 4000, 1, 443, TCP_SYN), *answer;

	EXPECT(flow && is_new && !is_reply);
	answer = see_reply(table, 1, 4000, 1, 443, TCP_SYN | TCP_ACK);
	EXPECT(answer == flow && !is_new && is_reply);
	see(table, 1, 4000, 1, 443, TCP_ACK);
	EXPECT(flow->packets[0] == 2 && flow->packets[1] == 1);
	EXPECT(flow->bytes[0] == 200 && flow->bytes[1] == 100);
	EXPECT_INT(flow_table_count(table), 1);
	flow_table_end_all(table);
	EXPECT_INT(n_ended, 1);
	EXPECT_INT(ended[0].target_port, 443);
	flow_table_free(table);
}

TEST(the_same_ports_after_the_end_are_a_new_flow)
{
	struct flow_table *table = table_of(8);

	see(table, 1, 4000, 1, 443, TCP_SYN);
	see(table, 1, 4000, 1, 443, TCP_FIN | TCP_ACK);
	see_reply(table, 1, 4000, 1, 443, TCP_FIN | TCP_ACK);
	EXPECT(!is_new);
	see(table, 1, 4000, 1, 443, TCP_SYN);
	EXPECT(is_new && n_ended == 1);
	/* A repeated SYN of a flow that goes on is not. */
	see(table, 1, 4000, 1, 443, TCP_SYN);
	EXPECT(!is_new);
	flow_table_free(table);
}

TEST(a_flow_that_was_quiet_too_long_has_ended)
{
	struct flow_table *table = table_of(8);

	see(table, 1, 4000, 1, 5683, 0);
	now_ns += 59 * CLOCK_SECOND_NS;
	see(table, 1, 4000, 1, 5683, 0);
	EXPECT(!is_new);
	now_ns += 61 * CLOCK_SECOND_NS;
	see(table, 1, 4000, 1, 5683, 0);
	EXPECT(is_new && n_ended == 1 && ended[0].packets[0] == 2);
	flow_table_free(table);
}

TEST(a_full_table_ends_the_flow_that_was_quiet_longest)
{
	struct flow_table *table = table_of(4);

	for (uint16_t i = 0; i < 4; i++)
		see(table, 1, (uint16_t)(4000 + i), 1, 53, 0);
	see(table, 1, 4000, 1, 53, 0);
	see(table, 1, 5000, 1, 53, 0);
	EXPECT(is_new && n_ended == 1);
	EXPECT_INT(ended[0].source_port, 4001);
	EXPECT_INT(flow_table_evicted(table), 1);
	EXPECT_INT(flow_table_count(table), 4);
	flow_table_free(table);
}

TEST(what_goes_in_comes_out_whatever_the_order)
{
	struct flow_table *table = table_of(500);
	unsigned seed = 3;

	packets_ended = 0;
	for (int i = 0; i < 200000; i++) {
		uint32_t device = (uint32_t)rand_r(&seed) % 40;
		uint16_t port = (uint16_t)(4000 + rand_r(&seed) % 40);
		now_ns += (uint64_t)(rand_r(&seed) % 1000) * CLOCK_MS_NS;
		if (rand_r(&seed) % 2)
			see(table, device, port, 1, 53, 0);
		else
			see_reply(table, device, port, 1, 53, 0);
		EXPECT(flow_table_count(table) <= 500);
	}
	EXPECT(n_ended > 1000);
	flow_table_end_all(table);
	EXPECT_INT(flow_table_count(table), 0);
	EXPECT_INT(packets_ended, 200000);
	flow_table_free(table);
}

TEST(addresses_that_differ_only_in_the_last_bit_are_two_flows)
{
	struct flow_table *table = table_of(8);

	see(table, 2, 4000, 1, 443, TCP_SYN);
	see(table, 3, 4000, 1, 443, TCP_SYN);
	EXPECT(is_new);
	see(table, 2, 4000, 1, 444, TCP_SYN);
	EXPECT(is_new);
	EXPECT_INT(flow_table_count(table), 3);
	flow_table_free(table);
}
