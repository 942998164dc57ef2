/* SPDX-License-Identifier: Apache-2.0 */
#include "process/notify.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"

enum { FIRST_FD = 3, INHERITED_MAX = 64 };

static struct sockaddr_un whom;
static socklen_t whom_len; /* 0: nobody */
static uint64_t watchdog_ms;
static int listener = -1;

/* The number in a variable that systemd sets; 0 when absent or odd. */
static unsigned long
number(const char *name)
{
	const char *text = getenv(name);
	char *end;

	if (!text || *text < '0' || *text > '9')
		return 0;
	unsigned long n = strtoul(text, &end, 10);
	return *end ? 0 : n;
}

static bool
is_for_us(const char *name)
{
	return number(name) == (unsigned long)getpid();
}

static bool
is_listening_stream(int fd)
{
	int type, listens;
	socklen_t len = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_STREAM)
		return false;
	len = sizeof listens;
	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) && listens;
}

static void
take_listener(void)
{
	unsigned long count = is_for_us("LISTEN_PID") ? number("LISTEN_FDS") : 0;

	for (unsigned long i = 0; i < count && i < INHERITED_MAX; i++) {
		int fd = FIRST_FD + (int)i;
		if (listener >= 0 || !is_listening_stream(fd)) {
			log_warnx("start", "inherited descriptor %d is not used", fd);
			close(fd);
			continue;
		}
		/* Away from 3, where every child expects its channel. */
		listener = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD + INHERITED_MAX);
		close(fd);
		fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
	}
}

static void
take_address(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof whom.sun_path)
		return;
	whom.sun_family = AF_UNIX;
	memcpy(whom.sun_path, path, strlen(path));
	if (whom.sun_path[0] == '@')
		whom.sun_path[0] = '\0';
	whom_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

void
notify_init(void)
{
	take_listener();
	take_address();
	if (!getenv("WATCHDOG_PID") || is_for_us("WATCHDOG_PID"))
		watchdog_ms = number("WATCHDOG_USEC") / 1000 / 2;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

void
notify_say(const char *state)
{
	if (!whom_len)
		return;
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
			      (const struct sockaddr *)&whom, whom_len) < 0)
		log_debug("notify", "systemd does not listen");
}

uint64_t
notify_watchdog_ms(void)
{
	return watchdog_ms;
}

int
notify_inherited_listener(void)
{
	return listener;
}
