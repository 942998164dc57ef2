/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source OBJECT INTERFACE DEVICES FLOWS SECONDS MODE SMAC DMAC TARGET
 *
 * Runs source.bpf.c as live frames on the interface of this namespace for at
 * most SECONDS (and at most 60), and prints packets sent and seconds taken.
 * MODE:
 *	random      flows in random order, again and again
 *	once        every flow once, in an order that looks random
 *	undeclared  the same, to ports that no policy names
 *	reply       the answer to each flow, once; TARGET is who gets it
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

#include "base/ip.h"
#include "world.h"

/* Packets a call: few where they are slow, since a call cannot be ended early. */
enum { BATCH = 64, REPEAT_MIN = 256, REPEAT_MAX = 1 << 14, UNDECLARED = 1000 };
#define CALL_S 0.02

struct frame {
	uint8_t destination[6], source[6];
	uint16_t type;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[18];
} __attribute__((packed));

/* As `told` in source.bpf.c. */
struct constants {
	uint32_t devices, flows, is_reply, is_once;
	uint32_t port;
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
		.is_once = strcmp(argv[6], "random") != 0,
		.port = WORLD_PORT + (strcmp(argv[6], "undeclared") ? 0 : UNDECLARED),
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

	/* The kernel's own clock: to set up a call takes as long as a thousand packets. */
	unsigned long sent = 0, most = constants.is_once ? constants.flows : ~0ul,
		      repeat = REPEAT_MIN;
	double took = 0;
	while (took < seconds && sent < most) {
		unsigned long left = most - sent;
		options.repeat = (int)(left < repeat ? left : repeat);
		if (bpf_prog_test_run_opts(program, &options)) {
			fprintf(stderr, "source: %s\n", strerror(errno));
			return 1;
		}
		double call = (double)options.duration * options.repeat / 1e9;
		sent += (unsigned long)options.repeat;
		took += call;
		if (call < CALL_S && repeat < REPEAT_MAX)
			repeat *= 8;
	}
	printf("%lu %.6f\n", sent, took);
	return 0;
}
