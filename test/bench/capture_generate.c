/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One large capture out of small ones: the frames of all of them again and
 * again, each time with other MACs and addresses, so that every copy brings new
 * devices and new flows.
 *
 *	capture_generate OUT MEGABYTES CAPTURE...
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

enum { FRAMES_MAX = 1 << 20, STEP_US = 20 };

static struct frame {
	uint32_t cap_len, wire_len;
	uint8_t *bytes;
} frames[FRAMES_MAX];
static size_t count;

static void
keep(unsigned char *arg, const struct pcap_pkthdr *head, const unsigned char *bytes)
{
	struct frame *frame = &frames[count];

	if (count == FRAMES_MAX || head->caplen < 14)
		return;
	frame->cap_len = head->caplen;
	frame->wire_len = head->len;
	frame->bytes = must_alloc(1, head->caplen);
	memcpy(frame->bytes, bytes, head->caplen);
	count++;
}

/* Both addresses by the same pattern, so that answers still belong to their questions. */
static void
renumber(uint8_t *bytes, size_t len, uint32_t copy)
{
	size_t head_len;
	uint32_t sum = 0;

	for (int i = 0; i < 3; i++) {
		bytes[3 + i] ^= (uint8_t)(copy >> 8 * i);
		bytes[9 + i] ^= (uint8_t)(copy >> 8 * i);
	}
	if (len < 34 || bytes[12] != 8 || bytes[13] != 0)
		return;
	bytes[27] ^= (uint8_t)copy;
	bytes[31] ^= (uint8_t)copy;
	bytes[28] ^= (uint8_t)(copy >> 8);
	bytes[32] ^= (uint8_t)(copy >> 8);
	bytes[24] = bytes[25] = 0;
	head_len = (bytes[14] & 15u) * 4;
	for (size_t i = 0; i < head_len && 15 + i < len; i += 2)
		sum += (uint32_t)bytes[14 + i] << 8 | bytes[15 + i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	bytes[24] = (uint8_t)(sum >> 8);
	bytes[25] = (uint8_t)sum;
}

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	uint8_t bytes[65536];
	uint64_t written = 0, wanted, us = UINT64_C(1600000000) * 1000000;
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *out;

	if (argc < 4) {
		fprintf(stderr, "usage: capture_generate OUT MEGABYTES CAPTURE...\n");
		return 2;
	}
	wanted = strtoull(argv[2], NULL, 10) << 20;
	for (int i = 3; i < argc; i++) {
		pcap_t *in = pcap_open_offline(argv[i], error);
		if (in && pcap_datalink(in) == DLT_EN10MB)
			pcap_loop(in, -1, keep, NULL);
		if (in)
			pcap_close(in);
	}
	out = dead ? pcap_dump_open(dead, argv[1]) : NULL;
	if (!count || !out) {
		fprintf(stderr, "capture_generate: %s\n",
			count ? "cannot write" : "no Ethernet frames in these captures");
		return 1;
	}
	for (uint32_t copy = 0; written < wanted; copy++)
		for (size_t i = 0; i < count && written < wanted; i++) {
			struct pcap_pkthdr head = {.caplen = frames[i].cap_len,
				.len = frames[i].wire_len,
				.ts = {.tv_sec = (time_t)(us / 1000000),
					.tv_usec = (suseconds_t)(us % 1000000)}};
			memcpy(bytes, frames[i].bytes, frames[i].cap_len);
			renumber(bytes, frames[i].cap_len, copy);
			pcap_dump((unsigned char *)out, &head, bytes);
			written += 16 + frames[i].cap_len;
			us += STEP_US;
		}
	pcap_dump_close(out);
	pcap_close(dead);
	return 0;
}
