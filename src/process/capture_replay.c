/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/loop.h"
#include "observation/pcap_file.h"
#include "observation/replay.h"
#include "process/capture.h"

enum {
	FLOWS_MAX = 200000,
	PACKETS_A_TURN = 8192,
	QUEUED_MAX = 2 * 1024 * 1024, /* what the peer has not read yet */
};

static bool
is_peer_slow(const struct capture *capture)
{
	return capture_is_clogged(capture) || channel_queued(capture->peer) > QUEUED_MAX;
}

/* Nothing is lost to a slow reader: the file waits. */
static void
let_peer_read(struct capture *capture, bool all)
{
	capture_flush(capture);
	loop_once(false);
	while (channel_is_open(capture->peer) &&
		(all ? capture->queue_count || channel_queued(capture->peer)
		     : is_peer_slow(capture))) {
		loop_once(true);
		capture_flush(capture);
	}
	if (!channel_is_open(capture->peer))
		fatalx("replay", "the peer is gone");
}

/* Also at the end of the file, when all flows that still ran are told at once. */
static void
on_rows(const struct observation *rows, size_t n, void *arg)
{
	struct capture *capture = arg;

	capture_tell(capture, rows, n);
	if (is_peer_slow(capture))
		let_peer_read(capture, false);
}

int
capture_replay(struct capture *capture)
{
	struct pcap_pkthdr head;
	const uint8_t *frame;
	struct pcap_file *file;
	struct replay *replay;
	char why[256];
	bool is_broken;

	if (!capture->peer)
		fatalx("replay", "nobody wants to know");
	file = pcap_file_new(capture->replay_fd, why);
	if (!file) {
		log_warnx("replay", "%s", why);
		return 1;
	}
	replay = replay_new(pcap_file_link_type(file), FLOWS_MAX, &capture->key, on_rows, capture);
	if (!replay) {
		log_warnx("replay", "frames of link type %d are not understood",
			pcap_file_link_type(file));
		pcap_file_free(file);
		return 1;
	}
	for (unsigned n = 1; pcap_file_next(file, &head, &frame); n++) {
		replay_frame(replay, &head, frame);
		if (n % PACKETS_A_TURN == 0 || is_peer_slow(capture))
			let_peer_read(capture, false);
	}
	is_broken = pcap_file_is_broken(file);
	if (is_broken)
		log_warnx("replay", "the file ends in the middle of a frame");
	replay_end(replay);
	let_peer_read(capture, true);
	replay_free(replay);
	pcap_file_free(file);
	/* The end of the channel is the end of the file. */
	channel_free(capture->peer);
	capture->peer = NULL;
	return is_broken;
}
