/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/printable.h"
#include "observation/replay.h"
#include "process/capture.h"

enum {
	FLOWS_MAX = 200000,
	PACKETS_A_TURN = 8192,
	FILE_BUFFER = 256 * 1024,
	QUEUED_MAX = 2 * 1024 * 1024, /* what the peer has not read yet */
};

static void
on_rows(const struct observation *rows, size_t n, void *arg)
{
	capture_tell(arg, rows, n);
}

static bool
is_peer_slow(const struct capture *capture)
{
	return capture_is_clogged(capture) || channel_queued(capture->peer) > QUEUED_MAX;
}

/* Nothing is lost to a slow reader: the file waits. */
static bool
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
	return channel_is_open(capture->peer);
}

int
capture_replay(struct capture *capture)
{
	char error[PCAP_ERRBUF_SIZE] = "", text[4 * PCAP_ERRBUF_SIZE];
	FILE *file = fdopen(capture->replay_fd, "rb");
	struct replay *replay;
	pcap_t *pcap;
	int left;

	if (!capture->peer)
		fatalx("replay", "nobody wants to know");
	if (!file || setvbuf(file, NULL, _IOFBF, FILE_BUFFER))
		fatal("replay", "reading the file");
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!pcap) {
		/* The text may quote the file. */
		printable(text, sizeof text, error, strlen(error));
		log_warnx("replay", "%s", text);
		return 1;
	}
	replay = replay_new(pcap_datalink(pcap), FLOWS_MAX, &capture->key, on_rows, capture);
	if (!replay) {
		log_warnx(
			"replay", "frames of link type %d are not understood", pcap_datalink(pcap));
		pcap_close(pcap);
		return 1;
	}
	do {
		left = pcap_dispatch(pcap, PACKETS_A_TURN, replay_frame, (unsigned char *)replay);
		if (!let_peer_read(capture, false))
			fatalx("replay", "the peer is gone");
	} while (left > 0);
	if (left < 0) {
		printable(text, sizeof text, pcap_geterr(pcap), strlen(pcap_geterr(pcap)));
		log_warnx("replay", "the file ends in the middle: %s", text);
	}
	replay_end(replay);
	let_peer_read(capture, true);
	replay_free(replay);
	pcap_close(pcap);
	/* The end of the channel is the end of the file. */
	channel_free(capture->peer);
	capture->peer = NULL;
	return left < 0;
}
