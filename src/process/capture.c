/* SPDX-License-Identifier: Apache-2.0 */

/*
 * In: frames from the bridge ports, packets that the rules logged, connections
 * that ended; or a capture file.  Out: observations, to one peer.
 *
 * This process reads every hostile byte there is, so it must never be able to
 * do anything with what it reads: all it holds was opened before confine().
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "process/capture.h"
#include "process/confine.h"
#include "process/process.h"

static struct capture capture = {.packets_fd = -1, .replay_fd = -1};

static void
on_peer_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	static struct message_frozen frozen;

	if (fd >= 0)
		close(fd);
	if (!capture.ring)
		return;
	if (header->type == MESSAGE_KEEP)
		ring_name(capture.ring, payload);
	if (header->type != MESSAGE_FREEZE)
		return;
	ring_freeze(capture.ring, payload, &frozen);
	/* Full or closed: the engine asks again. */
	if (channel_send(
		    channel, MESSAGE_FROZEN, header->seq, &frozen, message_frozen_len(&frozen), -1))
		log_debug("ring", "what was asked for is not taken");
}

static void
on_peer_closed(struct channel *channel, const char *why, void *arg)
{
	/* The monitor starts it again and sends a new channel; rows wait as far as there is room. */
	log_debug("peer", "%s: %s", process_name(channel_peer(channel)), why);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	switch (what) {
	case DESCRIPTOR_PEER:
		channel_free(capture.peer);
		capture.peer = channel_new(
			fd, PROCESS_CAPTURE, peer, on_peer_message, on_peer_closed, NULL);
		/* It knows nothing of what its forerunner was told. */
		told_forget(capture.told);
		capture_flush(&capture);
		return;
	case DESCRIPTOR_PACKETS:
		capture_packets_take(&capture, fd);
		return;
	case DESCRIPTOR_REPLAY:
		if (capture.replay_fd >= 0)
			close(capture.replay_fd);
		capture.replay_fd = fd;
		return;
	default:
		close(fd);
		return;
	}
}

static void
on_link(const struct message_link *link, void *arg)
{
	capture_link_is(&capture, link);
}

static void
on_due(void *arg)
{
	capture_packets_count_drops(&capture);
	capture_flush(&capture);
}

int
main(void)
{
	static const struct process_hooks hooks = {
		.on_descriptor = on_descriptor, .on_link = on_link};
	struct hash_key key;

	/* Before the first packet is read: nobody may choose the buckets of our tables. */
	if (getrandom(&key, sizeof key, 0) != sizeof key)
		fatal("start", "no random bytes");
	capture.key = key;
	capture.told = told_new(&key);
	const struct settings *settings = process_begin(PROCESS_CAPTURE, &hooks);
	capture_begin(&capture, settings);
	if (capture.replay_fd < 0) {
		capture.ring = ring_new(&key);
		capture_denials_open(&capture);
		if (settings->mode == SETTINGS_ROUTER)
			capture_flows_open(&capture);
	}
	confine(PROCESS_CAPTURE, settings);
	process_ready();
	if (capture.replay_fd >= 0)
		return capture_replay(&capture);
	capture_denials_watch(&capture);
	if (capture.nfct)
		capture_flows_watch(&capture);
	loop_timer_new(5000, true, on_due, NULL);
	loop_run();
	return 0;
}
