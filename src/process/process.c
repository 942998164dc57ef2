/* SPDX-License-Identifier: Apache-2.0 */
#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/loop.h"

static enum process self;
static const struct process_hooks *hooks;
static struct settings settings;
static struct message_link early[SETTINGS_PORTS_MAX + 2]; /* all ports, bridge and uplink */
static size_t n_early;
static bool has_begun;

static void
handle(const struct message_header *header, const void *payload, int fd)
{
	switch (header->type) {
	case MESSAGE_DESCRIPTOR: {
		const struct message_descriptor *descriptor = payload;
		if (fd < 0)
			fatalx("start", "a descriptor did not arrive");
		hooks->on_descriptor((enum descriptor)descriptor->what,
			(enum process)descriptor->peer, fd, hooks->arg);
		return;
	}
	case MESSAGE_LINK:
		if (!has_begun && n_early < COUNT_OF(early))
			early[n_early++] = *(const struct message_link *)payload;
		if (hooks->on_link)
			hooks->on_link(payload, hooks->arg);
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

const struct settings *
process_begin(enum process process, const struct process_hooks *told)
{
	static _Alignas(16) char payload[MESSAGE_PAYLOAD_MAX];
	struct message_header header;
	bool has_settings = false;
	int fd;

	self = process;
	hooks = told;
	log_init(process_name(self), false);
	signal(SIGPIPE, SIG_IGN);
	/* A child outlives its monitor by nothing: not even by the time to read an end of file. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fcntl(PROCESS_MONITOR_FD, F_SETFD, FD_CLOEXEC))
		fatal("start", "%s is started by pinfoldd, not by hand", process_name(self));
	loop_init();
	for (;;) {
		if (!channel_receive(
			    PROCESS_MONITOR_FD, self, PROCESS_MONITOR, &header, payload, &fd))
			fatalx("start", "the monitor is gone");
		if (header.type == MESSAGE_GO)
			break;
		if (header.type == MESSAGE_SETTINGS) {
			settings = *(const struct settings *)(const void *)payload;
			has_settings = true;
			log_init(process_name(self), settings.debug);
			continue;
		}
		handle(&header, payload, fd);
	}
	if (!has_settings)
		fatalx("start", "no settings came");
	has_begun = true;
	return &settings;
}

const struct message_link *
process_early_links(size_t *n)
{
	*n = n_early;
	return early;
}

static void
on_monitor(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	handle(header, payload, fd);
}

void
process_ready(void)
{
	struct channel *monitor =
		channel_new(PROCESS_MONITOR_FD, self, PROCESS_MONITOR, on_monitor, NULL, NULL);
	if (channel_send(monitor, MESSAGE_READY, 0, NULL, 0, -1))
		fatalx("start", "the monitor is gone");
}
