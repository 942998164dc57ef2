/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "process/capture.h"

enum {
	BATCH = 64,
	FRAME_MAX = 2048,    /* heads and one message; a larger frame is cut and says so */
	BATCHES_A_TURN = 64, /* then the logs and the monitor have their turn */
	/*
	 * A frame that comes after a pause is read at once; under load they are
	 * read together, since waking for each one costs more than decoding it
	 * (1.9 us against 0.3 us, measured).
	 */
	GATHER_MS = 1,
};

void
capture_begin(struct capture *capture, const struct settings *settings)
{
	struct observation_context *context = &capture->context;

	capture->settings = settings;
	context->told = capture->told;
	/* A sensor listens to somebody else's network: whoever answers DHCP there is its server. */
	context->is_replay = settings->mode == SETTINGS_SENSOR || capture->replay_fd >= 0;
	context->tells_flows = settings->mode == SETTINGS_SENSOR;
	context->port = "";
	if (settings->lan4.address.version)
		context->own[context->n_own++] = settings->lan4.address;
	if (settings->lan6.address.version)
		context->own[context->n_own++] = settings->lan6.address;
	/* Links may have been told before the settings were there to say which of them are ours. */
	for (size_t i = 0; i < capture->n_interfaces; i++) {
		struct message_link link = {.ifindex = capture->interface[i].ifindex, .up = 1};
		memcpy(link.name, capture->interface[i].name, sizeof link.name);
		capture_link_is(capture, &link);
	}
}

static bool
is_port(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n_ports; i++)
		if (!strncmp(settings->port[i], name, SETTINGS_NAME_MAX))
			return true;
	return false;
}

static struct capture_interface *
find(struct capture *capture, uint32_t ifindex)
{
	for (size_t i = 0; i < capture->n_interfaces; i++)
		if (capture->interface[i].ifindex == ifindex)
			return &capture->interface[i];
	return NULL;
}

void
capture_link_is(struct capture *capture, const struct message_link *link)
{
	struct capture_interface *interface = find(capture, link->ifindex);

	if (link->gone) {
		if (interface)
			*interface = capture->interface[--capture->n_interfaces];
		return;
	}
	if (!interface) {
		/* Interfaces that come and go are told to be gone; if not, the first one goes. */
		if (capture->n_interfaces == CAPTURE_INTERFACES_MAX)
			memmove(capture->interface, capture->interface + 1,
				--capture->n_interfaces * sizeof capture->interface[0]);
		interface = &capture->interface[capture->n_interfaces++];
	}
	*interface = (struct capture_interface){.ifindex = link->ifindex};
	memcpy(interface->name, link->name, strnlen(link->name, sizeof interface->name - 1));
	if (!capture->settings)
		return;
	interface->is_port = is_port(capture->settings, interface->name);
	interface->is_bridge =
		!strncmp(capture->settings->bridge, interface->name, SETTINGS_NAME_MAX);
}

const struct capture_interface *
capture_interface_of(struct capture *capture, uint32_t ifindex)
{
	static const struct capture_interface none;
	struct capture_interface *interface = find(capture, ifindex);
	struct message_link link = {.ifindex = ifindex, .up = 1};
	struct ifreq asked = {.ifr_ifindex = (int)ifindex};

	if (interface)
		return interface;
	if (!ifindex || capture->packets_fd < 0 || ioctl(capture->packets_fd, SIOCGIFNAME, &asked))
		return &none;
	memcpy(link.name, asked.ifr_name, strnlen(asked.ifr_name, sizeof link.name - 1));
	capture_link_is(capture, &link);
	interface = find(capture, ifindex);
	return interface ? interface : &none;
}

const struct observation_context *
capture_now(struct capture *capture, const struct capture_interface *interface)
{
	capture->context.seen_ns = clock_monotonic_ns();
	capture->context.wall_s = clock_wall_s();
	capture->context.port = interface && interface->is_port ? interface->name : "";
	return &capture->context;
}

uint64_t
capture_wall_us(const struct capture *capture)
{
	static int64_t ahead_us; /* of the monotonic clock; again when the clock was set */
	int64_t us = (int64_t)(capture->context.seen_ns / 1000);
	int64_t off_s = (ahead_us + us) / 1000000 - capture->context.wall_s;

	if (off_s > 1 || off_s < -1)
		ahead_us = capture->context.wall_s * 1000000 - us;
	return (uint64_t)(ahead_us + us);
}

static void
on_frame(struct capture *capture, const uint8_t *frame, size_t cap_len, size_t wire_len,
	const struct sockaddr_ll *from)
{
	/* Static: 20 KB would be zeroed for each frame. */
	static struct packet packet;
	static struct observation rows[OBSERVATION_PER_PACKET_MAX];
	const struct capture_interface *interface =
		capture_interface_of(capture, (uint32_t)from->sll_ifindex);
	bool is_outgoing = from->sll_pkttype == PACKET_OUTGOING;

	/*
	 * The same frame is seen on its port, on the bridge and on the way out.  What
	 * comes in counts at the port; what our DHCP server sends, at the bridge.
	 */
	if (is_outgoing ? !interface->is_bridge : !interface->is_port)
		return;
	packet_parse(&packet, frame, cap_len, wire_len);
	packet_count(&capture->counts, &packet);
	capture->context.is_outgoing = is_outgoing;
	capture->context.port = is_outgoing ? "" : interface->name;
	capture_tell(capture, rows,
		observation_from_packet(
			rows, OBSERVATION_PER_PACKET_MAX, &packet, &capture->context));
	capture->context.is_outgoing = false;
	if (capture->ring)
		ring_take(capture->ring, &packet, frame, cap_len, interface->name, is_outgoing,
			capture_wall_us(capture));
}

static void on_packets(int fd, void *arg);

static void
on_gathered(void *arg)
{
	struct capture *capture = arg;

	if (!capture->packets_watch && capture->packets_fd >= 0)
		capture->packets_watch = loop_watch_read(capture->packets_fd, on_packets, capture);
}

static void
gather(struct capture *capture)
{
	loop_watch_free(capture->packets_watch);
	capture->packets_watch = NULL;
	if (capture->packets_timer)
		loop_timer_again(capture->packets_timer, GATHER_MS);
	else
		capture->packets_timer = loop_timer_new(GATHER_MS, false, on_gathered, capture);
}

static void
on_packets(int fd, void *arg)
{
	static uint8_t frame[BATCH][FRAME_MAX];
	static struct sockaddr_ll from[BATCH];
	static struct iovec vector[BATCH];
	static struct mmsghdr message[BATCH];
	struct capture *capture = arg;

	for (int turn = 0; turn < BATCHES_A_TURN; turn++) {
		/* The kernel writes lengths and flags over what it was given. */
		for (int i = 0; i < BATCH; i++) {
			vector[i] = (struct iovec){frame[i], FRAME_MAX};
			message[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
				.msg_namelen = sizeof from[i],
				.msg_iov = &vector[i],
				.msg_iovlen = 1};
		}
		int n = recvmmsg(fd, message, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
		if (n <= 0) {
			/* A port that went down says so here once; its frames are gone anyway. */
			if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
				log_warn("packets", "reading frames");
			break;
		}
		capture_now(capture, NULL);
		for (int i = 0; i < n; i++) {
			size_t len = message[i].msg_len;
			on_frame(capture, frame[i], len < FRAME_MAX ? len : FRAME_MAX, len,
				&from[i]);
		}
		if (n < BATCH)
			break;
	}
	gather(capture);
	capture_flush(capture);
}

void
capture_packets_take(struct capture *capture, int fd)
{
	loop_watch_free(capture->packets_watch);
	capture->packets_watch = NULL;
	if (capture->packets_fd >= 0)
		close(capture->packets_fd);
	capture->packets_fd = fd;
	on_gathered(capture);
}

void
capture_packets_count_drops(struct capture *capture)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof stats;

	/* Reading sets the kernel's counters to zero. */
	if (capture->packets_fd >= 0 &&
		!getsockopt(capture->packets_fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		capture->lost_frames += stats.tp_drops;
}
