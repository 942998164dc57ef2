/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_CAPTURE_H
#define PINFOLD_PROCESS_CAPTURE_H

#include "message/channel.h"
#include "observation/observation.h"
#include "observation/ring.h"

/*
 * The parts of the capture process, one file each: frames (capture_packets.c),
 * what the rules logged and what connection tracking ended (capture_kernel.c),
 * a capture file (capture_replay.c), and the queue to the peer
 * (capture_queue.c).
 */
enum {
	CAPTURE_INTERFACES_MAX = 256,
	/* About 2 MB; when the engine is away for longer than this lasts, chatter goes first. */
	CAPTURE_QUEUE_MAX = 4096,
	CAPTURE_QUEUE_CHATTER = CAPTURE_QUEUE_MAX / 2,
};

struct capture_interface {
	uint32_t ifindex;
	bool is_port, is_bridge;
	char name[16];
};

struct nflog_handle;
struct nfct_handle;
struct loop_watch;
struct loop_timer;

struct capture {
	const struct settings *settings;
	struct hash_key key;
	struct told *told;
	struct ring *ring; /* NULL: a replay remembers nothing */
	struct channel *peer;

	struct observation_context context; /* what is the same for all rows */
	size_t n_interfaces;
	struct capture_interface interface[CAPTURE_INTERFACES_MAX];

	int packets_fd, replay_fd;
	struct loop_watch *packets_watch; /* NULL while frames gather */
	struct loop_timer *packets_timer;
	struct nflog_handle *nflog;
	struct nflog_g_handle *nflog_group;
	struct nfct_handle *nfct;
	bool has_sequence;
	uint32_t next_sequence; /* of NFLOG; a gap is what the kernel dropped */

	struct packet_counts counts;
	uint64_t dropped_rows;                       /* the queue was full */
	uint32_t lost_frames, lost_logs, lost_flows; /* since the last row that told */
	size_t queue_first, queue_count;
};

void capture_begin(struct capture *, const struct settings *);
void capture_link_is(struct capture *, const struct message_link *);
/* What the interface is to us, asking the kernel for a name that was never told; never NULL. */
const struct capture_interface *capture_interface_of(struct capture *, uint32_t ifindex);

/* Now, in the context of rows about this interface (NULL: none). */
const struct observation_context *capture_now(struct capture *, const struct capture_interface *);

/* The same now, finer than seconds. */
uint64_t capture_wall_us(const struct capture *);

/* Queues the rows for the peer; capture_flush() sends them and is called at the end of each turn. */
void capture_tell(struct capture *, const struct observation *rows, size_t n);
void capture_flush(struct capture *);
bool capture_is_clogged(const struct capture *);

void capture_packets_take(struct capture *, int fd);
void capture_packets_count_drops(struct capture *);

void capture_denials_open(struct capture *);
void capture_denials_watch(struct capture *);
void capture_flows_open(struct capture *);
void capture_flows_watch(struct capture *);

/* Reads the file to its end; the exit status. */
int capture_replay(struct capture *);

#endif
