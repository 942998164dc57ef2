/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "observation/filter.h"
#include "observation/pcap_file.h"
#include "packet/packet.h"
#include "test.h"

static const uint8_t *frame;
static struct pcap_pkthdr head;
static char why[256];

static struct pcap_file *
file_of(const void *bytes, size_t len, int *fd)
{
	*fd = memfd_create("capture", 0);
	EXPECT(*fd >= 0 && write(*fd, bytes, len) == (ssize_t)len);
	EXPECT(lseek(*fd, 0, SEEK_SET) == 0);
	return pcap_file_new(*fd, why);
}

/* Little endian, microseconds, Ethernet; a frame of 4 bytes that was 60 on the wire. */
static const uint8_t classic[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff, 0, 0, 1, 0, 0, 0, /* link type 1 */
	10, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, 60, 0, 0, 0, 'a', 'b', 'c', 'd'};

TEST(a_classic_file_gives_its_frames_with_nanoseconds)
{
	int fd;
	struct pcap_file *file = file_of(classic, sizeof classic, &fd);

	EXPECT(file && pcap_file_link_type(file) == DLT_EN10MB);
	EXPECT(pcap_file_next(file, &head, &frame));
	EXPECT(head.ts.tv_sec == 10 && head.ts.tv_usec == 7000);
	EXPECT(head.caplen == 4 && head.len == 60 && !memcmp(frame, "abcd", 4));
	EXPECT(!pcap_file_next(file, &head, &frame) && !pcap_file_is_broken(file));
	pcap_file_free(file);
	close(fd);
}

TEST(the_other_byte_order_is_read_as_well)
{
	static const uint8_t big[] = {0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0xff, 0xff, 0, 0, 0, 101, /* raw IP, nanoseconds */
		0, 0, 0, 10, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 'x'};
	int fd;
	struct pcap_file *file = file_of(big, sizeof big, &fd);

	EXPECT(file && pcap_file_link_type(file) == DLT_RAW);
	EXPECT(pcap_file_next(file, &head, &frame));
	EXPECT(head.ts.tv_sec == 10 && head.ts.tv_usec == 7 && head.caplen == 1);
	pcap_file_free(file);
	close(fd);
}

TEST(a_file_that_ends_anywhere_gives_what_is_whole_and_says_so)
{
	for (size_t len = 0; len < sizeof classic; len++) {
		int fd;
		struct pcap_file *file = file_of(classic, len, &fd);
		EXPECT(!file == (len < 24));
		if (file) {
			EXPECT(!pcap_file_next(file, &head, &frame));
			EXPECT(pcap_file_is_broken(file) == (len > 24));
		} else {
			EXPECT(why[0]);
		}
		pcap_file_free(file);
		close(fd);
	}
}

TEST(a_frame_that_says_to_be_huge_ends_the_file)
{
	uint8_t bytes[sizeof classic];
	int fd;

	memcpy(bytes, classic, sizeof bytes);
	memset(bytes + 32, 0xff, 4); /* captured: 4 GB */
	struct pcap_file *file = file_of(bytes, sizeof bytes, &fd);
	EXPECT(file && !pcap_file_next(file, &head, &frame) && pcap_file_is_broken(file));
	EXPECT(!pcap_file_next(file, &head, &frame));
	pcap_file_free(file);
	close(fd);
}

TEST(what_is_no_capture_is_refused_with_a_printable_reason)
{
	int fd;

	EXPECT(!file_of("\033]0;not a capture file at all\007 and then some", 45, &fd));
	EXPECT(why[0]);
	for (const char *at = why; *at; at++)
		EXPECT(*at >= ' ' && *at <= '~');
	close(fd);
}

/* --- the kernel's filter, run over files ---------------------------------------------------- */

TEST(the_filter_fits_the_kernel_and_names_its_interfaces)
{
	static struct filter all, some;
	struct fault fault;
	uint32_t many[FILTER_INTERFACES_MAX + 1] = {1, 2, 3};

	EXPECT(!filter_make(&all, NULL, 0, &fault));
	EXPECT(!filter_make(&some, many, 3, &fault));
	EXPECT_INT(some.n, all.n + 5);
	EXPECT(!filter_make(&some, many, FILTER_INTERFACES_MAX, &fault));
	EXPECT(some.n < BPF_MAXINSNS);

	EXPECT_INT(filter_make(&some, many, FILTER_INTERFACES_MAX + 1, &fault), ERR_FULL);
}

TEST(the_filter_passes_whatever_the_decoders_know_and_no_bulk)
{
	static const char *const names[] = {"pcap-iot-sentinel/HueBridge", "pcap-iot-sentinel/Aria",
		"pcap-iot-sentinel/WeMoLink", "pcap-iot-sentinel/D-LinkCam",
		"pcap-iot-sentinel/EdnetGateway"};
	const char *data = test_data();
	struct bpf_program in, out;
	size_t known = 0, seen = 0, passed = 0, missed = 0;

	if (!data)
		SKIP("the recorded set-ups are not here");
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	EXPECT(!pcap_compile(dead, &in, filter_incoming, 1, PCAP_NETMASK_UNKNOWN));
	EXPECT(!pcap_compile(dead, &out, filter_outgoing, 1, PCAP_NETMASK_UNKNOWN));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		for (char letter = 'A'; letter <= 'C'; letter++)
			for (int take = 1; take < 21; take++) {
				char path[4600], error[PCAP_ERRBUF_SIZE];
				static struct packet packet;
				snprintf(path, sizeof path, "%s/%s/Setup-%c-%d-STA.pcap", data,
					names[i], letter, take);
				pcap_t *pcap = pcap_open_offline(path, error);
				struct pcap_pkthdr *found;
				while (pcap && pcap_next_ex(pcap, &found, &frame) == 1) {
					bool passes = pcap_offline_filter(&in, found, frame);
					packet_parse(&packet, frame, found->caplen, found->len);
					seen++;
					passed += passes;
					if (packet.protocol == PROTOCOL_NONE &&
						!(packet.layers & (LAYER_ARP | LAYER_ND)))
						continue;
					known++;
					/* What a server says goes out to the device. */
					if (packet.protocol == PROTOCOL_TLS_SERVER)
						passes = pcap_offline_filter(&out, found, frame);
					missed += !passes;
				}
				if (pcap)
					pcap_close(pcap);
			}
	print_message("%zu frames, %zu passed, %zu known, %zu of them missed\n", seen, passed,
		known, missed);
	EXPECT(known > 1000);
	EXPECT_INT(missed, 0);
	EXPECT(passed < seen);
	pcap_freecode(&in);
	pcap_freecode(&out);
	pcap_close(dead);
}

/* A TCP segment with data, over IPv4 or IPv6, without options. */
static bool
passes(int version, const void *data, size_t len)
{
	uint8_t bytes[256] = {0};
	size_t at = version == 4 ? 34 : 54;
	struct pcap_pkthdr found = {0};
	struct bpf_program in;
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	bool result;

	bytes[12] = version == 4 ? 0x08 : 0x86;
	bytes[13] = version == 4 ? 0x00 : 0xdd;
	bytes[14] = version == 4 ? 0x45 : 0x60;
	bytes[17] = (uint8_t)(40 + len);
	bytes[version == 4 ? 23 : 20] = 6;
	bytes[at] = 200;
	bytes[at + 12] = 0x50;
	bytes[at + 13] = 0x18;
	memcpy(bytes + at + 20, data, len);
	found.caplen = found.len = (unsigned)(at + 20 + len);
	EXPECT(!pcap_compile(dead, &in, filter_incoming, 1, PCAP_NETMASK_UNKNOWN));
	result = pcap_offline_filter(&in, &found, bytes);
	pcap_freecode(&in);
	pcap_close(dead);
	return result;
}

TEST(the_first_words_of_a_connection_pass_in_both_families_and_its_data_does_not)
{
	static const struct {
		const char *data;
		size_t len;
		bool wanted;
	} cases[] = {
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9, true},  /* ClientHello */
		{"\x16\x03\x03\x00\x50\x02\x00\x00\x4c", 9, false}, /* ServerHello */
		{"\x17\x03\x03\x02\x00\x01\x00\x01\xfc", 9, false}, /* data */
		{"GET / HTTP/1.1\r\n", 16, true},
		{"SUBSCRIBE /x HTTP/1.1\r\n", 23, true},
		{"HTTP/1.1 200 OK\r\n", 17, false},
		{"\x10\x20\x00\x04MQTT\x04", 9, true},
		{"\x10\xa0\x01\x00\x04MQTT\x04", 10, true},
		{"\x10\x20\x00\x06MQIsdp\x03", 11, true},
		{"\x30\x20\x00\x04MQTT\x04", 9, false}, /* PUBLISH */
		{"PASS secret\r\n", 13, true},
		{"SETUP rtsp://h/ RTSP/1.0\r\n", 26, true},
		{"RTSP/1.0 200 OK\r\n", 17, true},
		{"\xff\xfb\x01\xff\xfd\x03", 6, false}, /* not at a port of telnet */
		{"abcdefghijklmnop", 16, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int version = 4; version <= 6; version += 2)
			EXPECT_INT(passes(version, cases[i].data, cases[i].len), cases[i].wanted);
}
