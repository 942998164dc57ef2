/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scenario cannot do to a real machine: set its clock, and let its kernel
 * refuse changes of the rules.  Loaded into the processes of one room by that
 * room's /etc/ld.so.preload; the scenario says what happens by writing into
 * FILE.  That is mapped before main(), hence before any confinement, and from
 * then on only read: no call is made that the process would not make itself.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FILE_OF_FAULTS "/run/faults"

/* Written by "home_tool faults". */
struct faults {
	int64_t clock_ahead_s;
	int64_t is_kernel_refusing;
};

static const struct faults none;
static const volatile struct faults *faults = &none;

__attribute__((constructor)) static void
map_faults(void)
{
	int fd = open(FILE_OF_FAULTS, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof *faults, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		faults = map;
	close(fd);
}

static void *
real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*next)(clockid_t, struct timespec *);

	if (!next)
		*(void **)&next = real("clock_gettime");
	int result = next(clock, now);
	if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += faults->clock_ahead_s;
	return result;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &precise);
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / 1000;
	return 0;
}

/*
 * A batch of changes of rules gets a message of a type that no kernel knows in
 * its midst: the kernel itself refuses all of it, in its own words.
 */
static char *
spoiled(const void *bytes, size_t len)
{
	const struct nlmsghdr *begin = bytes;
	struct nlmsghdr *next;
	char *copy;

	if (!faults->is_kernel_refusing || len < 2 * sizeof *begin || begin->nlmsg_len >= len ||
		begin->nlmsg_type != NFNL_MSG_BATCH_BEGIN)
		return NULL;
	copy = malloc(len);
	if (!copy)
		return NULL;
	memcpy(copy, bytes, len);
	next = (struct nlmsghdr *)(void *)(copy + NLMSG_ALIGN(begin->nlmsg_len));
	next->nlmsg_type |= 0xff;
	return copy;
}

ssize_t
sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	socklen_t to_len)
{
	static ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	char *copy = to && to->sa_family == AF_NETLINK ? spoiled(bytes, len) : NULL;

	if (!next)
		*(void **)&next = real("sendto");
	ssize_t sent = next(fd, copy ? copy : bytes, len, flags, to, to_len);
	free(copy);
	return sent;
}
