/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for any child of the monitor, by the name it is started under: it
 * begins, confines itself as that process does, says what it was handed, and
 * then waits.  So the monitor is tested without what the real ones do.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "process/confine.h"
#include "process/process.h"

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	log_info("stub", "got descriptor %d peer %s", what, process_name(peer));
	/* Kept open: a descriptor that is closed cannot be counted from outside. */
	(void)fd;
}

static void
on_link(const struct message_link *link, void *arg)
{
	log_info("stub", "got link %s up %d gone %d", link->name, link->up, link->gone);
}

static enum process
process_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (int i = 1; i < PROCESS_COUNT; i++)
		if (!strcmp(process_name((enum process)i), name))
			return (enum process)i;
	return PROCESS_UNKNOWN;
}

int
main(int argc, char **argv)
{
	static const struct process_hooks hooks = {on_descriptor, on_link, NULL};
	enum process self = process_of(argv[0]);

	const struct settings *settings = process_begin(self, &hooks);
	confine(self, settings);
	process_ready();
	log_info("stub", "is confined and ready");
	loop_run();
	return 0;
}
