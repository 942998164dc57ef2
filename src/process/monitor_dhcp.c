/* SPDX-License-Identifier: Apache-2.0 */
#include "process/monitor_dhcp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "message/message.h"

enum { LEASES_MAX = 16384, LEASES_BYTES_MAX = LEASES_MAX * 256 };

static uint32_t
as_number(const struct ip *ip)
{
	return (uint32_t)ip->byte[0] << 24 | (uint32_t)ip->byte[1] << 16 |
	       (uint32_t)ip->byte[2] << 8 | ip->byte[3];
}

static struct ip
from_number(uint32_t number)
{
	const uint8_t byte[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number};
	return ip_from_v4(byte);
}

/* The low sixteenth of the network is left to the owner for fixed addresses. */
static uint32_t
range_of(const struct ip_prefix *lan, struct ip *first, struct ip *last)
{
	uint32_t hosts = UINT32_C(1) << (32 - lan->length);
	uint32_t network = as_number(&lan->address) & ~(hosts - 1);
	uint32_t from = network + (hosts >= 32 ? hosts / 16 : 1), to = network + hosts - 2;

	*first = from_number(from);
	*last = from_number(to);
	return to - from + 1;
}

bool
monitor_dhcp_render(char *out, size_t size, const struct settings *s)
{
	char lan4[IP_TEXT_MAX], first4[IP_TEXT_MAX], last4[IP_TEXT_MAX], mask[IP_TEXT_MAX];
	char lan6[IP_TEXT_MAX];
	struct ip first, last;

	uint32_t addresses = range_of(&s->lan4, &first, &last);
	struct ip netmask = from_number(~((UINT32_C(1) << (32 - s->lan4.length)) - 1));
	/*
	 * constructor: in lan-prefix and in what the provider delegates, which both stand on
	 * the bridge; from ::1:0 on, where no SLAAC address ends up by chance.
	 * off-link: devices reach each other through us (DESIGN: neighbours).
	 * quiet-*: what devices call themselves goes into no log unescaped.
	 * no-ping: the first answer comes 3 s late otherwise; bindings do the work.
	 */
	int n = snprintf(out, size,
		"# made by pinfoldd from its own settings at each start\n"
		"port=0\n"
		"keep-in-foreground\n"
		"log-facility=-\n"
		"quiet-dhcp\n"
		"quiet-dhcp6\n"
		"quiet-ra\n"
		"pid-file\n"
		"no-resolv\n"
		"no-hosts\n"
		"interface=%s\n"
		"except-interface=lo\n"
		"bind-dynamic\n"
		"dhcp-authoritative\n"
		"no-ping\n"
		"dhcp-ignore-names\n"
		"dhcp-leasefile=%s/" MONITOR_DHCP_LEASES "\n"
		"dhcp-lease-max=%u\n"
		"dhcp-range=%s,%s,%s,1h\n"
		"dhcp-option=option:router,%s\n"
		"dhcp-option=option:dns-server,%s\n"
		"enable-ra\n"
		"dhcp-range=::1:0,::1:ffff,constructor:%s,slaac,off-link,64,1h\n"
		"dhcp-option=option6:dns-server,[%s]\n",
		s->bridge, s->run_directory, addresses < LEASES_MAX ? addresses : LEASES_MAX,
		ip_render(&first, first4), ip_render(&last, last4), ip_render(&netmask, mask),
		ip_render(&s->lan4.address, lan4), lan4, s->bridge,
		ip_render(&s->lan6.address, lan6));
	return n > 0 && (size_t)n < size;
}

enum err
monitor_dhcp_write(const struct settings *settings, struct fault *why)
{
	char text[4096], path[SETTINGS_PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/" MONITOR_DHCP_FILE, settings->run_directory);
	if (!monitor_dhcp_render(text, sizeof text, settings)) {
		fault_set(why, ERR_FULL, "%s: the text is too long", path);
		return ERR_FULL;
	}
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	/* dnsmasq reads it as its own user, whatever umask we were started with. */
	if (fd < 0 || fchmod(fd, 0644) || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		fault_set(why, ERR_SYSTEM, "%s: %s", path, strerror(errno));
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

/* Its folders are dnsmasq's own, which may be lost: no link is followed, no size believed. */
static bool
copy_leases(const char *from, const char *to, uid_t owner, struct stat *is)
{
	char path[SETTINGS_PATH_MAX + 32], bytes[16384];
	ssize_t n;
	size_t sum = 0;

	auto_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (in < 0 || fstat(in, is) || !S_ISREG(is->st_mode))
		return false;
	snprintf(path, sizeof path, "%s.new", to);
	auto_close int out =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return false;
	while ((n = read(in, bytes, sizeof bytes)) > 0) {
		sum += (size_t)n;
		if (sum > LEASES_BYTES_MAX || write(out, bytes, (size_t)n) != n)
			return false;
	}
	return !n && !fchown(out, owner, owner) && !fsync(out) && !rename(path, to);
}

static void
leases_paths(const struct settings *settings, char *running, char *kept, size_t size)
{
	snprintf(running, size, "%s/" MONITOR_DHCP_LEASES, settings->run_directory);
	snprintf(kept, size, "%s/" MONITOR_DHCP_LEASES, settings->state_directory);
}

void
monitor_dhcp_restore(const struct settings *settings)
{
	char running[SETTINGS_PATH_MAX + 32], kept[SETTINGS_PATH_MAX + 32];
	struct stat is;

	leases_paths(settings, running, kept, sizeof running);
	if (lstat(running, &is) && errno == ENOENT)
		copy_leases(kept, running, settings->uid_base + PROCESS_DHCP, &is);
}

void
monitor_dhcp_keep(const struct settings *settings)
{
	static struct timespec kept_ts;
	static struct log_once trouble;
	char running[SETTINGS_PATH_MAX + 32], kept[SETTINGS_PATH_MAX + 32];
	struct stat is;

	leases_paths(settings, running, kept, sizeof running);
	if (lstat(running, &is) ||
		(is.st_mtim.tv_sec == kept_ts.tv_sec && is.st_mtim.tv_nsec == kept_ts.tv_nsec))
		return;
	if (copy_leases(running, kept, 0, &is)) {
		kept_ts = is.st_mtim;
		log_once_over(&trouble);
	} else if (log_once(&trouble)) {
		log_warnx("dhcp", "%s: the copy of the leases could not be written", kept);
	}
}
