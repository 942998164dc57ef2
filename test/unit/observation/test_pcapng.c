/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/pcapng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "observation/pcap_file.h"
#include "test.h"

static uint32_t
u32_at(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

TEST(each_block_of_a_capture_file_has_its_length_in_front_and_behind)
{
	static struct kept_packet packet[KEPT_ROWS_MAX];
	static uint8_t out[PCAPNG_BYTES(KEPT_ROWS_MAX)];
	unsigned packets = 0;

	for (int i = 0; i < KEPT_ROWS_MAX; i++) {
		packet[i] = (struct kept_packet){.wall_us = 1000000 + (unsigned)i,
			.wire_len = 1400,
			.len = (uint8_t)(i % (KEPT_BYTES_MAX + 1)),
			.reason = (uint8_t)(i % REASON_COUNT),
			.port = "p-a-very-long-p"};
		memset(packet[i].bytes, 0xab, packet[i].len);
	}
	size_t len = pcapng_render(packet, KEPT_ROWS_MAX, out);
	EXPECT(len <= sizeof out);
	for (size_t at = 0; at < len;) {
		uint32_t block = u32_at(out + at + 4);
		EXPECT(block % 4 == 0 && block >= 12 && at + block <= len);
		EXPECT(u32_at(out + at + block - 4) == block);
		packets += u32_at(out + at) == 6;
		at += block;
	}
	EXPECT(packets == KEPT_ROWS_MAX);
}

TEST(others_read_the_capture_file)
{
	struct kept_packet packet[2] = {
		{.wall_us = 1700000000000001, .wire_len = 60, .len = 14, .port = "p-cam"},
		{.wall_us = 1700000000500000, .wire_len = 900, .len = 20, .port = "p-cam"}};
	uint8_t out[PCAPNG_BYTES(2)];
	auto_fclose FILE *file = tmpfile();
	const uint8_t *frame;
	struct pcap_pkthdr head;
	char why[256];

	packet[0].bytes[12] = 8;
	size_t len = pcapng_render(packet, 2, out);
	EXPECT(fwrite(out, 1, len, file) == len && !fflush(file));
	rewind(file);
	struct pcap_file *pcap = pcap_file_new(fileno(file), why);
	EXPECT(pcap && pcap_file_link_type(pcap) == DLT_EN10MB);
	EXPECT(pcap_file_next(pcap, &head, &frame) && head.caplen == 14 && head.len == 60 &&
		frame[12] == 8 && head.ts.tv_sec == 1700000000);
	EXPECT(pcap_file_next(pcap, &head, &frame) && head.caplen == 20 && head.len == 900);
	EXPECT(!pcap_file_next(pcap, &head, &frame) && !pcap_file_is_broken(pcap));
	pcap_file_free(pcap);
}
