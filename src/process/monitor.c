/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor: starts the others, connects them, opens for them what only root
 * can, and starts them again when they die.  It reads the owner's settings and
 * what the kernel says of its links; it must never read a byte from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "message/channel.h"
#include "process/confine.h"
#include "process/monitor_child.h"
#include "process/monitor_dhcp.h"
#include "process/monitor_link.h"
#include "process/monitor_open.h"
#include "process/notify.h"

/* --- the topology ------------------------------------------------------------------------------ */

/* Who runs, in the order in which they are started, and where. */
static const struct {
	enum process process;
	bool in_router, in_sensor;
	bool wants_links;
} processes[] = {
	{PROCESS_ENFORCER, true, true, .wants_links = true},
	{PROCESS_ENGINE, true, true, .wants_links = true},
	{PROCESS_CAPTURE, true, true, .wants_links = true},
	{PROCESS_RESOLVER, true, false, .wants_links = true}, {PROCESS_RELAY, true, false},
	{PROCESS_FETCHER, true, false}, {PROCESS_CHECKER, true, false},
	{PROCESS_TELLER, true, false}, {PROCESS_WEB, true, true},
	/* once the uplink is there, where the settings want one to ask for its addresses */
	{PROCESS_UPLINK, true, false, .wants_links = true},
	{PROCESS_DHCP, true, false}, /* dnsmasq, once the bridge has its addresses */
};

/* Who may talk to whom.  Everybody has a channel to the monitor besides. */
static const struct {
	enum process a, b;
} channels[] = {
	{PROCESS_ENGINE, PROCESS_CAPTURE},
	{PROCESS_ENGINE, PROCESS_ENFORCER},
	{PROCESS_ENGINE, PROCESS_RESOLVER},
	{PROCESS_ENGINE, PROCESS_RELAY},
	{PROCESS_ENGINE, PROCESS_FETCHER},
	{PROCESS_ENGINE, PROCESS_CHECKER},
	{PROCESS_ENGINE, PROCESS_TELLER},
	{PROCESS_ENGINE, PROCESS_WEB},
	{PROCESS_RESOLVER, PROCESS_ENFORCER},
	{PROCESS_FETCHER, PROCESS_RESOLVER},
	{PROCESS_UPLINK, PROCESS_ENFORCER},
	{PROCESS_UPLINK, PROCESS_RESOLVER},
};

/*
 * Who holds what that only root can open.  A fresh one is opened for each start
 * and closed here; a kept one survives its holder, so that callers wait instead
 * of being refused; one of the bridge is opened again when the bridge is new.
 */
enum life { FRESH, KEPT, OF_BRIDGE };
static const struct {
	enum descriptor what;
	enum process holder;
	enum life life;
	enum open_at at;
	enum err (*asroot_open)(
		const struct settings *, const struct open_place *, enum open_at, int *fd);
} descriptors[] = {
	{DESCRIPTOR_PACKETS, PROCESS_CAPTURE, FRESH, AT_NOWHERE, asroot_packets},
	{DESCRIPTOR_CTL, PROCESS_ENGINE, KEPT, AT_NOWHERE, asroot_ctl},
	{DESCRIPTOR_WEB, PROCESS_WEB, KEPT, AT_NOWHERE, asroot_web},
	{DESCRIPTOR_WEB_TLS, PROCESS_WEB, KEPT, AT_NOWHERE, asroot_web_tls},
	{DESCRIPTOR_WEB_CERTIFICATE, PROCESS_WEB, FRESH, AT_NOWHERE, asroot_web_certificate},
	{DESCRIPTOR_WEB_KEY, PROCESS_WEB, FRESH, AT_NOWHERE, asroot_web_key},
	{DESCRIPTOR_STATUS, PROCESS_WEB, OF_BRIDGE, AT_LAN4, asroot_status},
	{DESCRIPTOR_STATUS, PROCESS_WEB, OF_BRIDGE, AT_LAN6, asroot_status},
	{DESCRIPTOR_DNS_UDP, PROCESS_RESOLVER, OF_BRIDGE, AT_LAN4, asroot_dns_udp},
	{DESCRIPTOR_DNS_UDP, PROCESS_RESOLVER, OF_BRIDGE, AT_LAN6, asroot_dns_udp},
	{DESCRIPTOR_DNS_UDP, PROCESS_RESOLVER, OF_BRIDGE, AT_LINK6, asroot_dns_udp},
	{DESCRIPTOR_DNS_TCP, PROCESS_RESOLVER, OF_BRIDGE, AT_LAN4, asroot_dns_tcp},
	{DESCRIPTOR_DNS_TCP, PROCESS_RESOLVER, OF_BRIDGE, AT_LAN6, asroot_dns_tcp},
	{DESCRIPTOR_DNS_TCP, PROCESS_RESOLVER, OF_BRIDGE, AT_LINK6, asroot_dns_tcp},
	{DESCRIPTOR_RELAY_MDNS4, PROCESS_RELAY, OF_BRIDGE, AT_LAN4, asroot_relay_mdns},
	{DESCRIPTOR_RELAY_MDNS6, PROCESS_RELAY, OF_BRIDGE, AT_LAN6, asroot_relay_mdns},
	{DESCRIPTOR_RELAY_SSDP4, PROCESS_RELAY, OF_BRIDGE, AT_LAN4, asroot_relay_ssdp},
	{DESCRIPTOR_RELAY_SSDP6, PROCESS_RELAY, OF_BRIDGE, AT_LAN6, asroot_relay_ssdp},
#define X(port)                                                                                    \
	{DESCRIPTOR_RELAY_BROADCAST, PROCESS_RELAY, OF_BRIDGE, AT_BROADCAST_##port,                \
		asroot_relay_broadcast},
	RELAY_BROADCAST_LIST(X)
#undef X
		{DESCRIPTOR_RELAY_RAW, PROCESS_RELAY, FRESH, AT_NOWHERE, asroot_relay_raw},
	{DESCRIPTOR_SCAN4, PROCESS_CHECKER, OF_BRIDGE, AT_LAN4, asroot_scan},
	{DESCRIPTOR_SCAN6, PROCESS_CHECKER, OF_BRIDGE, AT_LAN6, asroot_scan},
	{DESCRIPTOR_UPLINK_PACKETS, PROCESS_UPLINK, FRESH, AT_NOWHERE, asroot_uplink_packets},
	{DESCRIPTOR_UPLINK_DHCP4, PROCESS_UPLINK, FRESH, AT_NOWHERE, asroot_uplink_dhcp4},
	{DESCRIPTOR_UPLINK_DHCP6, PROCESS_UPLINK, FRESH, AT_NOWHERE, asroot_uplink_dhcp6},
};

/* --- what is so now ---------------------------------------------------------------------------- */

enum {
	DIED_QUICKLY_S = 10, /* who lived shorter is not started at once a second time */
	RESTART_MS_MAX = 1000,
	READY_MS = 30000,
	OPEN_AGAIN_MS = 100,
	LOOK_AT_FILES_MS = 3000,
	LEAVE_MS = 5000,
	LOCK_TRIES = 100,
	LOCK_AGAIN_US = 10000,
};

struct child {
	enum process process;
	bool wants_links;
	pid_t pid; /* 0 while it does not run */
	struct channel *channel;
	bool is_ready;
	uint64_t started_ns;
	unsigned quick_deaths;
	bool is_due; /* to be started again by its timer */
	int ifindex; /* dnsmasq, uplink: the link that it is bound to */
	struct loop_timer *again, *patience;
};

struct held {
	int fd;
	bool is_sent;
	struct open_place place; /* for which it was opened */
	struct log_once refused;
};

static struct settings settings;
static char folder[4096];
static struct child children[COUNT_OF(processes)];
static size_t n_children;
static struct held held[COUNT_OF(descriptors)];
static struct loop_timer *open_again;
static bool is_started, was_ready, is_leaving;

static struct child *
child_of(enum process process)
{
	for (size_t i = 0; i < n_children; i++)
		if (children[i].process == process)
			return &children[i];
	return NULL;
}

static struct child *
running(enum process process)
{
	struct child *child = child_of(process);
	return child && child->pid && channel_is_open(child->channel) ? child : NULL;
}

/* A child that does not take our messages is started again by its end, seen elsewhere. */
static void
tell(struct child *child, enum message_type type, const void *payload, size_t len, int fd)
{
	enum err err = channel_send(child->channel, type, 0, payload, len, fd);
	if (err == ERR_FULL) {
		log_warnx(process_name(child->process), "does not read, it is started again");
		kill(child->pid, SIGKILL);
	}
}

static void
tell_descriptor(struct child *child, enum descriptor what, enum process peer, int fd)
{
	struct message_descriptor message = {.what = (uint8_t)what, .peer = (uint8_t)peer};
	tell(child, MESSAGE_DESCRIPTOR, &message, sizeof message, fd);
}

/* --- descriptors -------------------------------------------------------------------------------- */

static struct open_place
place_now(void)
{
	return (struct open_place){.bridge = monitor_link_bridge(),
		.link6 = monitor_link_bridge_local(),
		.uplink = monitor_link_uplink(),
		.inherited_fd = notify_inherited_listener()};
}

static bool
is_of(size_t row, const struct open_place *place)
{
	if (descriptors[row].life != OF_BRIDGE)
		return true;
	return held[row].place.bridge == place->bridge &&
	       (descriptors[row].at != AT_LINK6 ||
		       ip_is_equal(&held[row].place.link6, &place->link6));
}

static void
let_go(size_t row)
{
	if (held[row].fd >= 0)
		close(held[row].fd);
	held[row].fd = -1;
	held[row].is_sent = false;
}

/* Opens what is missing and can be had now, and hands out what its holder lacks. */
static void
hand_out(void)
{
	struct open_place place = place_now();
	bool must_try_again = false;

	for (size_t i = 0; i < COUNT_OF(descriptors); i++) {
		struct child *holder = running(descriptors[i].holder);
		if (!is_of(i, &place))
			let_go(i);
		if (!holder || held[i].is_sent)
			continue;
		if (held[i].fd < 0) {
			enum err err = descriptors[i].asroot_open(
				&settings, &place, descriptors[i].at, &held[i].fd);
			if (err == ERR_NOT_FOUND)
				continue;
			if (err) {
				if (log_once(&held[i].refused))
					log_warn(process_name(descriptors[i].holder),
						"cannot open descriptor %d for it, trying on",
						descriptors[i].what);
				must_try_again = true;
				continue;
			}
			log_once_over(&held[i].refused);
			held[i].place = place;
		}
		tell_descriptor(holder, descriptors[i].what, PROCESS_UNKNOWN, held[i].fd);
		if (descriptors[i].life == FRESH)
			let_go(i);
		held[i].is_sent = true;
	}
	if (must_try_again)
		loop_timer_again(open_again, OPEN_AGAIN_MS);
}

static void
on_open_again(void *arg)
{
	hand_out();
}

/* --- links --------------------------------------------------------------------------------------- */

static void
tell_link(const struct message_link *link, void *arg)
{
	tell(arg, MESSAGE_LINK, link, sizeof *link, -1);
}

static void
on_link(const struct message_link *link)
{
	for (size_t i = 0; i < n_children; i++)
		if (children[i].wants_links && running(children[i].process))
			tell_link(link, &children[i]);
}

static void start_dhcp(struct child *);

static void
on_bridge(void)
{
	struct child *dhcp = child_of(PROCESS_DHCP);

	if (is_leaving || !is_started)
		return; /* the first look at the links, before anybody runs */
	hand_out();
	if (dhcp && dhcp->pid && dhcp->ifindex != monitor_link_bridge())
		kill(dhcp->pid, SIGTERM); /* its sockets are tied to a bridge that is no more */
	else if (dhcp && !dhcp->pid && !dhcp->is_due)
		start_dhcp(dhcp);
}

static void start_again(struct child *);

static void
on_uplink(void)
{
	struct child *uplink = child_of(PROCESS_UPLINK);

	if (is_leaving || !is_started || !uplink)
		return;
	if (uplink->pid && uplink->ifindex != monitor_link_uplink())
		kill(uplink->pid, SIGTERM); /* as with dnsmasq */
	else if (!uplink->pid && !uplink->is_due)
		start_again(uplink);
}

/* --- children -------------------------------------------------------------------------------------- */

static void
check_all_ready(void)
{
	if (was_ready)
		return;
	for (size_t i = 0; i < n_children; i++)
		if (!children[i].is_ready && children[i].process != PROCESS_DHCP &&
			children[i].process != PROCESS_UPLINK)
			return;
	was_ready = true;
	log_info("start", "all processes are ready");
	notify_say("READY=1\nSTATUS=all processes are ready");
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	struct child *child = arg;

	if (fd >= 0)
		close(fd); /* nobody gives the monitor anything */
	/* READY is all that message_check() lets a child say. */
	child->is_ready = true;
	loop_timer_free(child->patience);
	child->patience = NULL;
	log_debug(process_name(child->process), "is ready");
	check_all_ready();
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	struct child *child = arg;

	if (!child->pid)
		return;
	log_debug(process_name(child->process), "%s", why);
	kill(child->pid, SIGKILL); /* what comes next is on_child_ended() */
}

static void
on_patience_ended(void *arg)
{
	struct child *child = arg;

	log_warnx(process_name(child->process), "is not ready after %d s, it is started again",
		READY_MS / 1000);
	if (child->pid)
		kill(child->pid, SIGKILL);
}

static void start_later(struct child *);

static void
start_dhcp(struct child *dhcp)
{
	if (!monitor_link_bridge_has_addresses())
		return;
	if (child_start_dhcp(&settings, &dhcp->pid)) {
		log_warn("dhcp", "cannot start it");
		start_later(dhcp);
		return;
	}
	dhcp->started_ns = clock_monotonic_ns();
	dhcp->ifindex = monitor_link_bridge();
	log_debug("dhcp", "started as process %d", (int)dhcp->pid);
}

/* The child runs and knows the settings; it waits for the rest and for GO. */
static bool
begin(struct child *child)
{
	int fd;

	if (child_start(folder, child->process, &child->pid, &fd)) {
		log_warn(process_name(child->process), "cannot start it");
		child->pid = 0;
		start_later(child);
		return false;
	}
	child->started_ns = clock_monotonic_ns();
	child->ifindex = monitor_link_uplink();
	child->is_ready = false;
	child->channel =
		channel_new(fd, PROCESS_MONITOR, child->process, on_message, on_closed, child);
	child->patience = loop_timer_new(READY_MS, false, on_patience_ended, child);
	tell(child, MESSAGE_SETTINGS, &settings, sizeof settings, -1);
	for (size_t i = 0; i < COUNT_OF(descriptors); i++)
		if (descriptors[i].holder == child->process)
			held[i].is_sent = false;
	return true;
}

static void
join_pair(size_t row)
{
	struct child *a = running(channels[row].a), *b = running(channels[row].b);
	int pair[2];

	if (!a || !b)
		return; /* whoever comes later brings the channel */
	if (channel_pair(pair)) {
		log_warn("start", "cannot make a channel, %s is started again",
			process_name(a->process));
		kill(a->pid, SIGKILL);
		return;
	}
	tell_descriptor(a, DESCRIPTOR_PEER, b->process, pair[0]);
	tell_descriptor(b, DESCRIPTOR_PEER, a->process, pair[1]);
	close(pair[0]);
	close(pair[1]);
}

static void
let_go_on(struct child *child)
{
	if (child->wants_links)
		monitor_link_tell(tell_link, child);
	tell(child, MESSAGE_GO, NULL, 0, -1);
}

static void
start_again(struct child *child)
{
	if (child->process == PROCESS_DHCP) {
		start_dhcp(child);
		return;
	}
	if (child->process == PROCESS_UPLINK && !monitor_link_uplink())
		return; /* on_uplink() comes when there is one */
	if (!begin(child))
		return;
	for (size_t i = 0; i < COUNT_OF(channels); i++)
		if (channels[i].a == child->process || channels[i].b == child->process)
			join_pair(i);
	hand_out();
	let_go_on(child);
}

static void
on_start_again(void *arg)
{
	struct child *child = arg;

	child->is_due = false;
	if (!child->pid && !is_leaving)
		start_again(child);
}

/* The first death costs nothing; who goes on dying waits longer, a second at most. */
static void
start_later(struct child *child)
{
	uint64_t ms = 0;

	if (child->quick_deaths)
		ms = child->quick_deaths > 5 ? RESTART_MS_MAX : (uint64_t)50 << child->quick_deaths;
	if (ms > RESTART_MS_MAX)
		ms = RESTART_MS_MAX;
	child->quick_deaths++;
	child->is_due = true;
	if (!child->again)
		child->again = loop_timer_new(ms, false, on_start_again, child);
	else
		loop_timer_again(child->again, ms);
}

static void
on_child_ended(struct child *child, int status)
{
	bool lived = clock_monotonic_ns() - child->started_ns > DIED_QUICKLY_S * CLOCK_SECOND_NS;

	child->pid = 0;
	child->is_ready = false;
	channel_free(child->channel);
	child->channel = NULL;
	loop_timer_free(child->patience);
	child->patience = NULL;
	if (is_leaving)
		return;
	log_warnx(process_name(child->process), "%s, it is started again", child_end_text(status));
	if (lived)
		child->quick_deaths = 0;
	start_later(child);
}

static bool
is_alone(void)
{
	for (size_t i = 0; i < n_children; i++)
		if (children[i].pid)
			return false;
	return true;
}

static void
on_sigchld(int signo, void *arg)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < n_children; i++)
			if (children[i].pid == pid)
				on_child_ended(&children[i], status);
	if (is_leaving && is_alone())
		loop_stop();
}

/* --- start and end ----------------------------------------------------------------------------------- */

static void
on_leave_late(void *arg)
{
	for (size_t i = 0; i < n_children; i++)
		if (children[i].pid) {
			log_warnx(process_name(children[i].process), "does not end, it is killed");
			kill(children[i].pid, SIGKILL);
		}
}

static void
on_leave(int signo, void *arg)
{
	if (is_leaving)
		return;
	is_leaving = true;
	notify_say("STOPPING=1");
	log_info("end", "%s: leaving; the rules stay in the kernel and hold on", strsignal(signo));
	for (size_t i = 0; i < n_children; i++)
		if (children[i].pid)
			kill(children[i].pid, SIGTERM);
	loop_timer_new(LEAVE_MS, false, on_leave_late, NULL);
	if (is_alone())
		loop_stop();
}

static void
on_watchdog(void *arg)
{
	notify_say("WATCHDOG=1");
}

static void
on_keep_leases(void *arg)
{
	monitor_dhcp_keep(&settings);
}

/* A renewed certificate: web reads it when it starts, before it gives up everything. */
static void
on_look_at_files(void *arg)
{
	struct child *web = child_of(PROCESS_WEB);

	if (is_leaving || !web || !monitor_web_files_are_new(&settings))
		return;
	log_info("web", "certificate or key of the pages are new, it is started again");
	if (web->pid)
		kill(web->pid, SIGTERM);
}

static void
make_folder(const char *path, mode_t mode, uid_t owner)
{
	struct stat st;

	if (mkdir(path, mode) && errno != EEXIST)
		fatal("start", "cannot make the folder \"%s\"", path);
	/* Not through a link that somebody laid there. */
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || fchown(fd, owner, owner) || fchmod(fd, mode))
		fatal("start", "cannot use the folder \"%s\"", path);
}

static void
make_folders(void)
{
	char path[SETTINGS_PATH_MAX + 16];
	uid_t base = settings.uid_base;

	make_folder(settings.run_directory, 0755, 0);
	snprintf(path, sizeof path, "%s/empty", settings.run_directory);
	make_folder(path, 0555, 0);
	make_folder(settings.state_directory, 0711, base + PROCESS_ENGINE);
	snprintf(path, sizeof path, "%s/dhcp", settings.state_directory);
	make_folder(path, 0700, 0);
	snprintf(path, sizeof path, "%s/dhcp", settings.run_directory);
	make_folder(path, 0700, base + PROCESS_DHCP);
}

/* Two monitors would take each other's bridge; the lock goes with the process, however it ends. */
static void
lock_run_folder(void)
{
	char path[SETTINGS_PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/lock", settings.run_directory);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		fatal("start", "cannot open \"%s\"", path);
	/* One that was killed a moment ago may still be on its way out, with its children. */
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB); tries++) {
		if (tries == LOCK_TRIES)
			fatalx("start", "pinfoldd already runs with the folder \"%s\"",
				settings.run_directory);
		usleep(LOCK_AGAIN_US);
	}
}

static void
choose_children(void)
{
	struct fault why;

	for (size_t i = 0; i < COUNT_OF(processes); i++) {
		enum process process = processes[i].process;
		if (settings.mode == SETTINGS_ROUTER ? !processes[i].in_router
						     : !processes[i].in_sensor)
			continue;
		if (process == PROCESS_UPLINK && settings.uplink_mode != SETTINGS_UPLINK_DHCP)
			continue;
		if (process != PROCESS_DHCP && !child_exists(folder, process, &why))
			fatalx("start", "%s", why.text);
		if (process == PROCESS_DHCP && access(MONITOR_DHCP_PROGRAM, X_OK))
			fatal("start", "%s", MONITOR_DHCP_PROGRAM);
		children[n_children++] =
			(struct child){.process = process, .wants_links = processes[i].wants_links};
	}
}

static void
start_all(void)
{
	for (size_t i = 0; i < n_children; i++)
		if (children[i].process != PROCESS_DHCP &&
			(children[i].process != PROCESS_UPLINK || monitor_link_uplink()))
			begin(&children[i]);
	for (size_t i = 0; i < COUNT_OF(channels); i++)
		join_pair(i);
	hand_out();
	for (size_t i = 0; i < n_children; i++)
		if (running(children[i].process))
			let_go_on(&children[i]);
	is_started = true;
	on_bridge();
}

static _Noreturn void
usage(FILE *out, int status)
{
	fputs("usage: pinfoldd [-n] [-f FILE]\n"
	      "  -f FILE  the settings (default /etc/pinfold/pinfold.conf)\n"
	      "  -n       check them, start nothing\n"
	      "  -V       print the version\n",
		out);
	exit(status);
}

int
main(int argc, char **argv)
{
	static const struct monitor_link_hooks link_hooks = {on_link, on_bridge, on_uplink};
	const char *path = "/etc/pinfold/pinfold.conf";
	bool check_only = false;
	struct fault why;
	int option;

	while ((option = getopt(argc, argv, "f:nVh")) != -1) {
		switch (option) {
		case 'f':
			path = optarg;
			break;
		case 'n':
			check_only = true;
			break;
		case 'V':
			puts("pinfoldd " PINFOLD_VERSION);
			return 0;
		case 'h':
			usage(stdout, 0);
		default:
			usage(stderr, 2);
		}
	}
	if (optind != argc)
		usage(stderr, 2);
	log_init(process_name(PROCESS_MONITOR), false);
	if (settings_read(&settings, path, &why)) {
		log_warnx("settings", "%s", why.text);
		return 2; /* not worth a restart: the unit knows this status */
	}
	if (check_only) {
		printf("%s: fine\n", path);
		return 0;
	}
	log_init(process_name(PROCESS_MONITOR), settings.debug);
	if (geteuid() != 0)
		fatalx("start", "must be started as root, to open sockets and then give root up "
				"in each process");
	if (child_find_folder(folder, sizeof folder, &why))
		fatalx("start", "%s", why.text);
	notify_init();
	choose_children();
	make_folders();
	lock_run_folder();
	if (settings.mode == SETTINGS_ROUTER) {
		monitor_dhcp_restore(&settings);
		if (monitor_dhcp_write(&settings, &why))
			fatalx("start", "%s", why.text);
	}
	confine_monitor();

	signal(SIGPIPE, SIG_IGN);
	loop_init();
	loop_on_signal(SIGCHLD, on_sigchld, NULL);
	loop_on_signal(SIGTERM, on_leave, NULL);
	loop_on_signal(SIGINT, on_leave, NULL);
	for (size_t i = 0; i < COUNT_OF(held); i++)
		held[i].fd = -1;
	open_again = loop_timer_new(OPEN_AGAIN_MS, false, on_open_again, NULL);
	if (notify_watchdog_ms())
		loop_timer_new(notify_watchdog_ms(), true, on_watchdog, NULL);
	if (settings.mode == SETTINGS_ROUTER)
		loop_timer_new(MONITOR_DHCP_KEEP_MS, true, on_keep_leases, NULL);
	if (settings.web_certificate[0]) {
		monitor_web_files_are_new(&settings);
		loop_timer_new(LOOK_AT_FILES_MS, true, on_look_at_files, NULL);
	}
	monitor_link_start(&settings, &link_hooks);
	start_all();
	loop_run();
	if (settings.mode == SETTINGS_ROUTER)
		monitor_dhcp_keep(&settings);
	log_info("end", "the others have ended");
	return 0;
}
