/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source OBJECT INTERFACE DEVICES FLOWS SECONDS random|in-order|reply SMAC DMAC TARGET
 *
 * Runs source.bpf.c as live frames on the interface of this namespace for at
 * most SECONDS (and at most 60), and prints packets sent and seconds taken.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ip.h"

enum { BATCH = 64, REPEAT = 1 << 14 };

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct frame {
	uint8_t destination[6], source[6];
	uint16_t type;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[18];
} __attribute__((packed));

/* As `told` in source.bpf.c. */
struct constants {
	uint32_t devices, flows, is_reply, in_order;
	uint32_t target;
	uint8_t source[6], destination[6];
};

static int
load(const char *path, const struct constants *constants)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *map;

	if (!object)
		return -1;
	bpf_object__for_each_map(map, object)
	{
		if (strstr(bpf_map__name(map), "rodata") &&
			bpf_map__set_initial_value(map, constants, sizeof *constants))
			return -1;
	}
	if (bpf_object__load(object))
		return -1;
	struct bpf_program *program = bpf_object__find_program_by_name(object, "source");
	return program ? bpf_program__fd(program) : -1;
}

int
main(int argc, char **argv)
{
	struct frame frame = {0};
	struct in_addr target;

	if (argc != 10) {
		fprintf(stderr, "usage: source OBJECT INTERFACE DEVICES FLOWS SECONDS MODE SMAC "
				"DMAC DADDR\n");
		return 2;
	}
	double seconds = atof(argv[5]);
	if (seconds <= 0 || seconds > 60)
		return 2;
	struct constants constants = {
		.devices = (uint32_t)atoi(argv[3]),
		.flows = (uint32_t)atoi(argv[4]),
		.is_reply = !strcmp(argv[6], "reply"),
		.in_order = strcmp(argv[6], "random") != 0,
	};
	if (!constants.devices || !constants.flows || !mac_parse(constants.source, argv[7]) ||
		!mac_parse(constants.destination, argv[8]) || !inet_pton(AF_INET, argv[9], &target))
		return 2;
	constants.target = target.s_addr;

	int program = load(argv[1], &constants);
	if (program < 0) {
		fprintf(stderr, "source: cannot load %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	struct xdp_md context = {
		.data_end = sizeof frame, .ingress_ifindex = if_nametoindex(argv[2])};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame, .data_size_in = sizeof frame,
		.ctx_in = &context, .ctx_size_in = sizeof context,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	unsigned long sent = 0, most = constants.in_order ? constants.flows : ~0ul;
	double start = now();
	while (now() - start < seconds && sent < most) {
		unsigned long left = most - sent;
		options.repeat = left < REPEAT ? (int)left : REPEAT;
		if (bpf_prog_test_run_opts(program, &options)) {
			fprintf(stderr, "source: %s\n", strerror(errno));
			return 1;
		}
		sent += (unsigned long)options.repeat;
	}
	printf("%lu %.6f\n", sent, now() - start);
	return 0;
}
