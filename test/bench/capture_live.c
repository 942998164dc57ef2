/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real capture process on one port, as fast as a veth pair carries frames:
 * what the kernel lost on the way, and what the process's own CPU time was for
 * each frame on the wire.  Raw lines for `figures`, one a round:
 *
 *	unshare --net capture_live CAPTURE ROUNDS
 *
 * One frame in twenty is the head of a connection, the rest is data, which is
 * more than a home has; with heads only, "all" is the worst that a device can do.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "message/channel.h"
#include "observation/filter.h"

enum { BATCH = 64, FRAME_LEN = 128, SECONDS = 2, HEAD_OF = 20 };

static struct {
	pid_t pid;
	struct channel *monitor, *engine;
	bool is_ready;
	uint64_t rows, lost;
} capture;

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	const struct message_observation *message = payload;

	capture.is_ready |= header->type == MESSAGE_READY;
	for (size_t i = 0; header->type == MESSAGE_OBSERVATION && i < message->n_rows; i++) {
		capture.rows++;
		if (message->row[i].what == OBSERVED_LOST)
			capture.lost += message->row[i].value;
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	fprintf(stderr, "capture_live: capture: %s\n", why);
}

static void
must(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	exit(1);
}

static void
give(enum descriptor what, enum process peer, int fd)
{
	struct message_descriptor descriptor = {.what = (uint8_t)what, .peer = (uint8_t)peer};

	must(!channel_send(
		     capture.monitor, MESSAGE_DESCRIPTOR, 0, &descriptor, sizeof descriptor, fd),
		"descriptor");
	close(fd);
}

static int
packets(void)
{
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	static struct filter filter;
	struct fault why;
	int fd = socket(AF_PACKET, SOCK_RAW, 0), size = 8 << 20;

	must(fd >= 0 && !filter_make(&filter, NULL, 0, &why), "filter");
	struct sock_fprog program = {filter.n, filter.code};
	must(!setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) &&
			!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) &&
			!bind(fd, (struct sockaddr *)&all, sizeof all),
		"packets");
	return fd;
}

static void
begin(const char *path)
{
	static struct settings settings;
	struct message_link link = {.ifindex = if_nametoindex("p-a"), .up = 1, .name = "p-a"};
	int pair[2];

	loop_init();
	must(!channel_pair(pair), "pair");
	capture.pid = fork();
	if (!capture.pid) {
		dup2(pair[1], 3);
		execl(path, "capture", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	capture.monitor =
		channel_new(pair[0], PROCESS_MONITOR, PROCESS_CAPTURE, on_message, on_closed, NULL);
	settings_init(&settings);
	settings.mode = SETTINGS_ROUTER;
	settings.n_ports = 1;
	strcpy(settings.bridge, "br-lan");
	strcpy(settings.port[0], "p-a");
	must(prefix_parse(&settings.lan4, "192.168.77.1/24") &&
			prefix_parse(&settings.lan6, "fd77::1/64"),
		"prefix");
	strcpy(settings.uplink, "up0");
	settings.uplink_mode = SETTINGS_UPLINK_NONE;
	must(!channel_send(capture.monitor, MESSAGE_SETTINGS, 0, &settings, sizeof settings, -1),
		"settings");
	give(DESCRIPTOR_PACKETS, PROCESS_UNKNOWN, packets());
	must(!channel_pair(pair), "pair");
	capture.engine =
		channel_new(pair[0], PROCESS_ENGINE, PROCESS_CAPTURE, on_message, on_closed, NULL);
	give(DESCRIPTOR_PEER, PROCESS_ENGINE, pair[1]);
	must(!channel_send(capture.monitor, MESSAGE_LINK, 0, &link, sizeof link, -1) &&
			!channel_send(capture.monitor, MESSAGE_GO, 0, NULL, 0, -1),
		"go");
	for (int i = 0; i < 1000 && !capture.is_ready; i++) {
		loop_once(false);
		usleep(5000);
	}
	must(capture.is_ready, "capture is not ready");
}

/* A segment from one of 200 devices to one of many hosts: data, or a SYN. */
static void
make(uint8_t *frame, uint32_t n, bool is_head)
{
	static const uint8_t start[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0, 8, 0,
		0x45, 0, 0, FRAME_LEN - 14, 0, 0, 0, 0, 64, 6};
	uint32_t host = n * 2654435761u;

	memset(frame, 0, FRAME_LEN);
	memcpy(frame, start, sizeof start);
	frame[11] = (uint8_t)(n % 200);
	memcpy(frame + 26, (uint8_t[4]){192, 168, 77, (uint8_t)(n % 200)}, 4);
	memcpy(frame + 30, (uint8_t[4]){198, 18, (uint8_t)(host >> 24), (uint8_t)(host >> 16)}, 4);
	frame[34] = (uint8_t)(host >> 8) | 0x40;
	frame[35] = (uint8_t)n;
	frame[36] = 443 >> 8;
	frame[37] = 443 & 255;
	frame[46] = 0x50;
	frame[47] = is_head ? 0x02 : 0x10;
}

static uint64_t
cpu_ns(void)
{
	struct timespec used;
	clockid_t clock;

	must(!clock_getcpuclockid(capture.pid, &clock) && !clock_gettime(clock, &used), "clock");
	return (uint64_t)used.tv_sec * CLOCK_SECOND_NS + (uint64_t)used.tv_nsec;
}

/* Sends for a while from a process of its own, so that our loop can read; returns how many. */
static uint64_t
flood(unsigned head_of)
{
	uint64_t sent = 0;
	int pipe_fd[2];

	must(!pipe(pipe_fd), "pipe");
	pid_t pid = fork();
	if (!pid) {
		static uint8_t frame[BATCH][FRAME_LEN];
		static struct iovec vector[BATCH];
		static struct mmsghdr message[BATCH];
		struct sockaddr_ll to = {
			.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("far")};
		int fd = socket(AF_PACKET, SOCK_RAW, 0);
		uint64_t end = clock_monotonic_ns() + SECONDS * CLOCK_SECOND_NS;
		must(fd >= 0 && !bind(fd, (struct sockaddr *)&to, sizeof to), "far");
		for (uint32_t n = 0; clock_monotonic_ns() < end;) {
			for (int i = 0; i < BATCH; i++, n++) {
				make(frame[i], n, n % head_of == 0);
				vector[i] = (struct iovec){frame[i], FRAME_LEN};
				message[i].msg_hdr.msg_iov = &vector[i];
				message[i].msg_hdr.msg_iovlen = 1;
			}
			int done = sendmmsg(fd, message, BATCH, 0);
			sent += done > 0 ? (uint64_t)done : 0;
		}
		_exit(write(pipe_fd[1], &sent, sizeof sent) != sizeof sent);
	}
	close(pipe_fd[1]);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		loop_once(false);
		usleep(1000);
	}
	must(read(pipe_fd[0], &sent, sizeof sent) == sizeof sent, "sender");
	close(pipe_fd[0]);
	/* Losses are told every five seconds. */
	for (uint64_t end = clock_monotonic_ns() + 6 * CLOCK_SECOND_NS;
		clock_monotonic_ns() < end;) {
		loop_once(false);
		usleep(1000);
	}
	return sent;
}

static void
round_of(const char *name, unsigned head_of)
{
	uint64_t cpu = cpu_ns(), lost = capture.lost, rows = capture.rows, sent = flood(head_of);

	cpu = cpu_ns() - cpu;
	lost = capture.lost - lost;
	printf("capture-live%s-drops %llu\ncapture-live%s-cpu %.1f\n", name,
		(unsigned long long)lost, name, (double)cpu / (double)sent);
	fprintf(stderr, "%llu frames in %d s, %llu rows\n", (unsigned long long)sent, SECONDS,
		(unsigned long long)(capture.rows - rows));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: unshare --net capture_live CAPTURE ROUNDS\n");
		return 2;
	}
	must(!system("ip link add p-a type veth peer name far && ip link set p-a up && "
		     "ip link set far up"),
		"veth");
	begin(argv[1]);
	for (int i = 0; i < atoi(argv[2]); i++) {
		round_of("", HEAD_OF);
		round_of("-all", 1);
	}
	kill(capture.pid, SIGKILL);
	return 0;
}
