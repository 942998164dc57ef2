/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a capture through all decoders and the flow table, and beside it, in
 * turn, through tcpdump; both in the time of one core.  Raw lines for `figures`, one a round:
 *
 *	capture_file CAPTURE ROUNDS
 *
 * The parser's own memory is that of a process that has done nothing else; so
 * each of our rounds is a child of its own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observation/pcap_file.h"
#include "observation/replay.h"

enum { FLOWS_MAX = 200000 };

struct result {
	uint64_t packets, rows, took_ns, flows, evicted;
	long peak_kb;
};

static void
count_rows(const struct observation *rows, size_t n, void *arg)
{
	struct result *result = arg;

	result->rows += n;
	/* Whoever gets them reads them. */
	for (size_t i = 0; i < n; i++)
		result->flows += rows[i].what == OBSERVED_FLOW_NEW;
}

/* A core's time, whoever else is using the machine. */
static uint64_t
cpu_ns(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static void
read_all(const char *path, struct result *result)
{
	static const struct hash_key key = {
		UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344)};
	struct pcap_pkthdr head;
	const uint8_t *frame;
	struct pcap_file *file;
	struct replay *replay;
	struct rusage usage;
	char why[256];
	uint64_t start = cpu_ns(RUSAGE_SELF);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	file = fd >= 0 ? pcap_file_new(fd, why) : NULL;
	replay = file ? replay_new(pcap_file_link_type(file), FLOWS_MAX, &key, count_rows, result)
		      : NULL;
	if (!replay) {
		fprintf(stderr, "capture_file: %s cannot be read\n", path);
		exit(1);
	}
	while (pcap_file_next(file, &head, &frame))
		replay_frame(replay, &head, frame);
	result->packets = replay_counts(replay)->packets;
	result->evicted = flow_table_evicted(replay_flows(replay));
	replay_end(replay);
	result->took_ns = cpu_ns(RUSAGE_SELF) - start;
	getrusage(RUSAGE_SELF, &usage);
	result->peak_kb = usage.ru_maxrss;
}

static bool
ours(const char *path, struct result *result)
{
	int pair[2], status;
	pid_t pid;

	if (pipe(pair) || (pid = fork()) < 0)
		return false;
	if (!pid) {
		memset(result, 0, sizeof *result);
		read_all(path, result);
		_exit(write(pair[1], result, sizeof *result) != sizeof *result);
	}
	close(pair[1]);
	ssize_t n = read(pair[0], result, sizeof *result);
	close(pair[0]);
	waitpid(pid, &status, 0);
	return n == sizeof *result && !status;
}

/* Seconds of a core it takes tcpdump to read and decode it; 0 where it is not installed. */
static double
theirs(const char *path)
{
	uint64_t start = cpu_ns(RUSAGE_CHILDREN);
	int status;
	pid_t pid = fork();

	if (!pid) {
		int nowhere = open("/dev/null", O_WRONLY);
		dup2(nowhere, 1);
		dup2(nowhere, 2);
		execlp("tcpdump", "tcpdump", "-n", "-q", "-r", path, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status ? 0 : (double)(cpu_ns(RUSAGE_CHILDREN) - start) / 1e9;
}

int
main(int argc, char **argv)
{
	struct result result;

	if (argc != 3) {
		fprintf(stderr, "usage: capture_file CAPTURE ROUNDS\n");
		return 2;
	}
	for (int i = 0; i < atoi(argv[2]); i++) {
		double peer;
		if (!ours(argv[1], &result))
			return 1;
		peer = theirs(argv[1]);
		double rate = (double)result.packets / ((double)result.took_ns / 1e9);
		if (peer > 0)
			printf("capture-file %.0f %.0f\n", rate, (double)result.packets / peer);
		else
			printf("capture-file %.0f\n", rate);
		printf("capture-memory %.1f\n", (double)result.peak_kb / 1024);
		fflush(stdout);
		fprintf(stderr,
			"%llu packets, %llu rows, %llu flows, %llu flows evicted, %.1f MB\n",
			(unsigned long long)result.packets, (unsigned long long)result.rows,
			(unsigned long long)result.flows, (unsigned long long)result.evicted,
			(double)result.peak_kb / 1024);
	}
	if (theirs(argv[1]) <= 0)
		printf("@absent capture-file tcpdump is not installed\n");
	return 0;
}
