/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold SETTINGS ENFORCER DEVICES PORT
 *
 * Plays monitor and engine around one real enforcer: DEVICES devices of world.h
 * on one bridge port, each held (state enforce) to its ten entries.  Prints how
 * long the policies took, then keeps the enforcer until standard input ends.
 * The caps are set beyond what the packet source can send, since the forwarder
 * is to be measured and not the caps.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "message/channel.h"
#include "world.h"

enum { IN_FLIGHT = 64, CAP = 1000000 };

static struct channel *monitor, *engine;
static uint32_t devices, sent, done, failed;
static const char *port;
static uint64_t started_ns;

static struct ip
address4(uint32_t host_order)
{
	uint8_t byte[4] = {(uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16),
		(uint8_t)(host_order >> 8), (uint8_t)host_order};
	return ip_from_v4(byte);
}

static void
send_policy(uint32_t device)
{
	static struct message_policy policy;

	memset(&policy, 0, sizeof policy);
	policy.device = device + 1;
	policy.generation = 1;
	policy.state = DEVICE_ENFORCE;
	policy.packet_cap = policy.flow_cap = CAP;
	policy.n_bindings = 1;
	snprintf(policy.binding[0].port, sizeof policy.binding[0].port, "%s", port);
	policy.binding[0].mac[0] = 0x02;
	policy.binding[0].mac[1] = 0xaa;
	uint32_t number = htonl(device);
	memcpy(policy.binding[0].mac + 2, &number, sizeof number);
	policy.binding[0].address = address4(world_device_address(device));
	policy.n_entries = WORLD_ENTRIES;
	for (unsigned i = 0; i < WORLD_ENTRIES; i++)
		policy.entry[i] = (struct policy_entry){.kind = POLICY_ENTRY_ADDRESS,
			.version = 4,
			.proto = 17,
			.prefix_length = 32,
			.port_lo = (uint16_t)(WORLD_PORT + i),
			.port_hi = (uint16_t)(WORLD_PORT + i),
			.source_hi = UINT16_MAX,
			.rule = i + 1,
			.address = address4(world_server_address(device, i))};
	if (channel_send(
		    engine, MESSAGE_POLICY, device + 1, &policy, message_policy_len(&policy), -1))
		fatalx("hold", "the enforcer is gone");
	sent++;
}

static void
on_input_end(int fd, void *arg)
{
	char byte;
	if (read(fd, &byte, 1) <= 0)
		loop_stop();
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_READY) {
		started_ns = clock_monotonic_ns();
		while (sent < devices && sent < IN_FLIGHT)
			send_policy(sent);
		return;
	}
	if (header->type != MESSAGE_DONE || !header->seq)
		return;
	failed += ((const struct message_done *)payload)->err != ERR_OK;
	if (++done < devices) {
		if (sent < devices)
			send_policy(sent);
		return;
	}
	double ms = (double)(clock_monotonic_ns() - started_ns) / 1e6;
	if (channel_send(engine, MESSAGE_RESTORED, 0, NULL, 0, -1))
		fatalx("hold", "the enforcer is gone");
	printf("%" PRIu32 " policies, %" PRIu32 " refused, %.1f ms\n", done, failed, ms);
	fflush(stdout);
	loop_watch_read(STDIN_FILENO, on_input_end, NULL);
}

static void
must_send(enum message_type type, const void *payload, size_t len, int fd)
{
	if (channel_send(monitor, type, 0, payload, len, fd))
		fatalx("hold", "cannot talk to the enforcer");
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	struct fault why;
	int to_child[2], to_engine[2];

	if (argc != 5) {
		fprintf(stderr, "usage: hold SETTINGS ENFORCER DEVICES PORT\n");
		return 2;
	}
	devices = (uint32_t)atoi(argv[3]);
	port = argv[4];
	log_init("hold", false);
	if (settings_read(&settings, argv[1], &why))
		fatalx("hold", "%s", why.text);
	if (channel_pair(to_child) || channel_pair(to_engine))
		fatal("hold", "cannot make channels");
	pid_t child = fork();
	if (child == 0) {
		dup2(to_child[1], 3);
		execl(argv[2], argv[2], (char *)NULL);
		fatal("hold", "%s", argv[2]);
	}
	close(to_child[1]);
	loop_init();
	monitor =
		channel_new(to_child[0], PROCESS_MONITOR, PROCESS_ENFORCER, on_message, NULL, NULL);
	engine =
		channel_new(to_engine[0], PROCESS_ENGINE, PROCESS_ENFORCER, on_message, NULL, NULL);
	struct message_descriptor peer = {.what = DESCRIPTOR_PEER, .peer = PROCESS_ENGINE};
	must_send(MESSAGE_SETTINGS, &settings, sizeof settings, -1);
	must_send(MESSAGE_DESCRIPTOR, &peer, sizeof peer, to_engine[1]);
	must_send(MESSAGE_GO, NULL, 0, -1);
	close(to_engine[1]);
	loop_run();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return failed != 0;
}
