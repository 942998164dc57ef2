/* SPDX-License-Identifier: Apache-2.0 */
#include "process/confine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "test.h"

/*
 * Each question is asked by a process of its own that confines itself as the
 * named one does and then tries.  "May" means that the attempt succeeded; a
 * refusal and death by the filter are the same here.
 */
static const enum process confined[] = {PROCESS_CAPTURE, PROCESS_ENGINE, PROCESS_ENFORCER,
	PROCESS_RESOLVER, PROCESS_RELAY, PROCESS_FETCHER, PROCESS_WEB, PROCESS_UPLINK,
	PROCESS_CHECKER, PROCESS_TELLER};

#ifdef __SANITIZE_ADDRESS__
#define SKIP_IF_SANITIZED() SKIP("a sanitizer needs calls that the filter closes")
#else
#define SKIP_IF_SANITIZED() (void)0
#endif

static struct settings settings;
static char folder[64], secret[96];

static void
quiet(const char *line)
{
	(void)line;
}

static void
make_place(void)
{
	if (geteuid() != 0)
		SKIP("needs root, to have something to give up");
	if (folder[0])
		return;
	strcpy(folder, "/tmp/pinfold-confine-XXXXXX");
	EXPECT(mkdtemp(folder));
	EXPECT(!chmod(folder, 0755));
	settings_init(&settings);
	snprintf(settings.run_directory, sizeof settings.run_directory, "%s/run", folder);
	snprintf(settings.state_directory, sizeof settings.state_directory, "%s/state", folder);
	EXPECT(!mkdir(settings.run_directory, 0755));
	EXPECT(!mkdir(settings.state_directory, 0711));
	EXPECT(!chown(settings.state_directory, settings.uid_base + PROCESS_ENGINE,
		settings.uid_base + PROCESS_ENGINE));
	snprintf(secret, sizeof secret, "%s/world-readable", folder);
	int fd = open(secret, O_WRONLY | O_CREAT, 0666);
	EXPECT(fd >= 0 && !fchmod(fd, 0666));
	close(fd);
}

__attribute__((destructor)) static void
clean(void)
{
	char path[128];
	static const char *const files[] = {
		"world-readable", "state/made", "state", "run/empty", "run", ""};

	for (size_t i = 0; folder[0] && i < COUNT_OF(files); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		if (unlink(path))
			rmdir(path);
	}
}

static void (*confined_by)(enum process, const struct settings *) = confine;

/* before: as root, before confinement (may be NULL); its result is handed to attempt. */
static bool
may_after(enum process process, int (*before)(void), bool (*attempt)(int))
{
	int status;

	make_place();
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		log_set_sink(quiet);
		int got = before ? before() : -1;
		confined_by(process, &settings);
		/* Not through exit(): the test runner's own ends must not run here. */
		syscall(SYS_exit_group, attempt(got) ? 42 : 1);
	}
	EXPECT(pid > 0);
	EXPECT(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static bool
may(enum process process, bool (*attempt)(int))
{
	return may_after(process, NULL, attempt);
}

static void
expect_nobody_may(bool (*attempt)(int), const char *what)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++)
		if (may(confined[i], attempt))
			fail_msg("%s may %s", process_name(confined[i]), what);
}

static bool
breathes(int fd)
{
	return getpid() > 0 && write(2, "", 0) == 0;
}

TEST(a_confined_process_still_lives)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++)
		if (!may(confined[i], breathes))
			fail_msg("%s dies of its confinement", process_name(confined[i]));
}

static bool
is_own_user(int fd)
{
	return getuid() > 64500 && geteuid() == getuid() && getgid() == getuid() &&
	       getegid() == getuid();
}

TEST(each_process_is_a_user_of_its_own)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++)
		EXPECT(may(confined[i], is_own_user));
}

static bool
reads_passwd(int fd)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool
reads_world_readable(int fd)
{
	return open(secret, O_RDONLY) >= 0;
}

static bool
writes_world_writable(int fd)
{
	return open(secret, O_WRONLY) >= 0;
}

TEST(nobody_opens_a_file_that_is_not_in_its_row)
{
	expect_nobody_may(reads_passwd, "read /etc/passwd");
	expect_nobody_may(reads_world_readable, "read what all the world may read");
	expect_nobody_may(writes_world_writable, "write what all the world may write");
}

static bool
makes_state(int fd)
{
	char path[SETTINGS_PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/made", settings.state_directory);
	int made = open(path, O_RDWR | O_CREAT, 0600);
	return made >= 0 && write(made, "x", 1) == 1 && !fsync(made);
}

TEST(the_engine_alone_writes_the_state_folder)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++)
		EXPECT(may(confined[i], makes_state) == (confined[i] == PROCESS_ENGINE));
}

static bool
opens_inet(int fd)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool
opens_inet6(int fd)
{
	return socket(AF_INET6, SOCK_DGRAM, 0) >= 0;
}

TEST(resolver_fetcher_checker_and_teller_alone_make_internet_sockets)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++) {
		bool wanted = confined[i] == PROCESS_RESOLVER || confined[i] == PROCESS_FETCHER ||
			      confined[i] == PROCESS_CHECKER || confined[i] == PROCESS_TELLER;
#ifdef __SANITIZE_ADDRESS__
		if (!wanted)
			continue;
#endif
		EXPECT(may(confined[i], opens_inet) == wanted);
		EXPECT(may(confined[i], opens_inet6) == wanted);
	}
}

static bool
opens_packet(int fd)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}

static bool
opens_raw(int fd)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0;
}

static bool
opens_unix(int fd)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

/* As the monitor opens it. */
static int
raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
}

/* A level is compared as the kernel reads it, in 32 bits. */
static bool
writes_headers_over(int fd, long level)
{
	int on = 1;
	return syscall(SYS_setsockopt, fd, level, IP_HDRINCL, &on, sizeof on) == 0;
}

static bool
writes_headers(int fd)
{
	return writes_headers_over(fd, IPPROTO_IP);
}

static bool
writes_headers_behind_a_wide_number(int fd)
{
	return writes_headers_over(fd, 1L << 32 | IPPROTO_IP);
}

static bool
hears_of_errors(int fd)
{
	int on = 1;
	return !setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on) &&
	       !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

TEST(the_checker_asks_by_a_raw_socket_and_writes_no_header)
{
	SKIP_IF_SANITIZED();
	make_place();
	EXPECT(may_after(PROCESS_CHECKER, raw_socket, hears_of_errors));
	EXPECT(!may_after(PROCESS_CHECKER, raw_socket, writes_headers));
	EXPECT(!may_after(PROCESS_CHECKER, raw_socket, writes_headers_behind_a_wide_number));
	int fd = raw_socket();
	EXPECT(writes_headers(fd)); /* who is not confined */
	close(fd);
}

TEST(nobody_makes_raw_or_local_sockets)
{
	expect_nobody_may(opens_packet, "make a packet socket");
	expect_nobody_may(opens_raw, "make a raw socket");
	SKIP_IF_SANITIZED();
	expect_nobody_may(opens_unix, "make a local socket");
}

static bool
opens_netlink(int fd)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int made = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	return made >= 0 && !bind(made, (const struct sockaddr *)&address, sizeof address);
}

TEST(the_enforcer_alone_speaks_to_the_kernel)
{
	SKIP_IF_SANITIZED();
	for (size_t i = 0; i < COUNT_OF(confined); i++)
		EXPECT(may(confined[i], opens_netlink) == (confined[i] == PROCESS_ENFORCER));
}

static bool
writes_network_sysctl(int fd)
{
	char value[8];
	int at = open("/proc/sys/net/ipv4/conf/lo/accept_redirects", O_RDWR);
	ssize_t n = at < 0 ? -1 : read(at, value, sizeof value);
	return n > 0 && lseek(at, 0, SEEK_SET) == 0 && write(at, value, (size_t)n) == n;
}

static bool
writes_kernel_sysctl(int fd)
{
	return open("/proc/sys/kernel/core_pattern", O_WRONLY) >= 0 ||
	       open("/proc/sys/kernel/ostype", O_RDONLY) >= 0;
}

TEST(the_enforcer_alone_sets_how_the_network_behaves_and_nothing_else_of_the_kernel)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++)
		EXPECT(may(confined[i], writes_network_sysctl) ==
			(confined[i] == PROCESS_ENFORCER));
	expect_nobody_may(writes_kernel_sysctl, "touch the kernel's own settings");
}

/* An exec that succeeds ends with the 0 of the program and never with our 1. */
static bool
may_execute(enum process process)
{
	char path[] = "/bin/true", *argv[] = {path, NULL}, *none[] = {NULL};
	int status;

	make_place();
	pid_t pid = fork();
	if (pid == 0) {
		log_set_sink(quiet);
		confine(process, &settings);
		execve(path, argv, none);
		syscall(SYS_exit_group, 1);
	}
	EXPECT(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
forks(int fd)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool
forks_into_namespaces(int fd)
{
	return syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL, NULL) >
	       0;
}

TEST(nobody_starts_another_program_and_the_checker_alone_another_process_of_itself)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++) {
		EXPECT(!may_execute(confined[i]));
		EXPECT(may(confined[i], forks) == (confined[i] == PROCESS_CHECKER));
	}
	expect_nobody_may(forks_into_namespaces, "fork into namespaces of its own");
}

static bool
signals_parent(int fd)
{
	return kill(getppid(), 0) == 0;
}

static bool
traces_parent(int fd)
{
	if (ptrace(PTRACE_ATTACH, getppid(), 0, 0))
		return false;
	ptrace(PTRACE_DETACH, getppid(), 0, 0);
	return true;
}

static bool
reads_memory_of_parent(int fd)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {&folder, 1};
	return syscall(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0) == 1;
}

TEST(nobody_reaches_into_another_process)
{
	expect_nobody_may(signals_parent, "signal another process");
	expect_nobody_may(traces_parent, "trace another process");
	expect_nobody_may(reads_memory_of_parent, "read another process's memory");
}

static bool
mounts(int fd)
{
	return mount("none", "/", "tmpfs", 0, NULL) == 0;
}

static bool
makes_namespace(int fd)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool
becomes_root(int fd)
{
	return setuid(0) == 0;
}

static bool
loads_bpf(int fd)
{
	char attr[128] = {0};
	return syscall(SYS_bpf, 0, attr, sizeof attr) >= 0;
}

static bool
sets_up_uring(int fd)
{
	char params[256] = {0};
	return syscall(SYS_io_uring_setup, 1, params) >= 0;
}

TEST(nobody_asks_the_kernel_for_what_attacks_need)
{
	expect_nobody_may(mounts, "mount");
	expect_nobody_may(becomes_root, "become root");
	expect_nobody_may(loads_bpf, "load BPF");
	SKIP_IF_SANITIZED();
	expect_nobody_may(makes_namespace, "make a namespace");
	expect_nobody_may(sets_up_uring, "use io_uring");
}

static bool
executes_memory(int fd)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at != MAP_FAILED && !mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

TEST(no_memory_becomes_code)
{
	SKIP_IF_SANITIZED();
	expect_nobody_may(executes_memory, "make memory executable");
}

static bool
raises_limit(int fd)
{
	struct rlimit more = {1 << 20, 1 << 20};
	return setrlimit(RLIMIT_NOFILE, &more) == 0;
}

TEST(nobody_raises_its_own_limits)
{
	expect_nobody_may(raises_limit, "open a million files");
}

static bool
takes_much_memory(int fd)
{
	return mmap(NULL, 256 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

TEST(a_broker_cannot_make_the_teller_take_all_memory)
{
	SKIP_IF_SANITIZED();
	EXPECT(!may(PROCESS_TELLER, takes_much_memory));
	EXPECT(may(PROCESS_ENGINE, takes_much_memory));
}

static bool
listens_on_a_high_port(int fd)
{
	/* Family and port by hand: the socket was made before, the port is free. */
	struct sockaddr address = {.sa_family = AF_INET, .sa_data = {(char)0xc3, 0x51}};
	return bind(fd, &address, 16) == 0;
}

static int
stream_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

TEST(who_does_not_speak_tcp_binds_no_port_with_a_socket_it_was_left)
{
	static const enum process silent[] = {
		PROCESS_CAPTURE, PROCESS_ENGINE, PROCESS_ENFORCER, PROCESS_RELAY, PROCESS_WEB};

	SKIP_IF_SANITIZED();
	for (size_t i = 0; i < COUNT_OF(silent); i++) {
		/* The enforcer needs bind() for netlink; there it is Landlock that says no. */
		if (silent[i] == PROCESS_ENFORCER &&
			syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 4)
			continue;
		EXPECT(!may_after(silent[i], stream_socket, listens_on_a_high_port));
	}
}

static int
packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
}

static bool
reads_packet(int fd)
{
	char byte;
	return fd >= 0 && (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0 || errno == EAGAIN);
}

static bool
sends_frame(int fd)
{
	char frame[64] = {0};
	struct sockaddr_ll loopback = {.sll_family = AF_PACKET, .sll_ifindex = 1, .sll_halen = 6};
	return sendto(fd, frame, sizeof frame, 0, (const struct sockaddr *)&loopback,
		       sizeof loopback) == sizeof frame;
}

static bool
sends_frame_in_message(int fd)
{
	char frame[64] = {0};
	struct sockaddr_ll loopback = {.sll_family = AF_PACKET, .sll_ifindex = 1, .sll_halen = 6};
	struct iovec iov = {frame, sizeof frame};
	struct msghdr message = {.msg_name = &loopback,
		.msg_namelen = sizeof loopback,
		.msg_iov = &iov,
		.msg_iovlen = 1};
	return sendmsg(fd, &message, 0) == sizeof frame;
}

static bool
sends_frame_by_another_number(int fd)
{
	int other = dup(fd);
	return other >= 0 && sends_frame_in_message(other);
}

TEST(capture_reads_packets_and_can_send_none)
{
	SKIP_IF_SANITIZED();
	EXPECT(may_after(PROCESS_CAPTURE, packet_socket, reads_packet));
	EXPECT(!may_after(PROCESS_CAPTURE, packet_socket, sends_frame));
	EXPECT(!may_after(PROCESS_CAPTURE, packet_socket, sends_frame_in_message));
	EXPECT(!may_after(PROCESS_CAPTURE, packet_socket, sends_frame_by_another_number));
}

static int
packet_socket_on_loopback(void)
{
	struct sockaddr_ll loopback = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1};
	int fd = packet_socket();

	return bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) ? -1 : fd;
}

static bool
writes_frame(int fd)
{
	char frame[64] = {0};
	return write(fd, frame, sizeof frame) == sizeof frame;
}

static bool
ties_it_to_another_link(int fd)
{
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	return !bind(fd, (const struct sockaddr *)&all, sizeof all);
}

TEST(uplink_sends_frames_on_its_own_link_and_can_name_no_other)
{
	SKIP_IF_SANITIZED();
	EXPECT(may_after(PROCESS_UPLINK, packet_socket_on_loopback, writes_frame));
	EXPECT(!may_after(PROCESS_UPLINK, packet_socket_on_loopback, sends_frame));
	EXPECT(!may_after(PROCESS_UPLINK, packet_socket_on_loopback, sends_frame_in_message));
	EXPECT(!may_after(PROCESS_UPLINK, packet_socket_on_loopback, ties_it_to_another_link));
	EXPECT(!may_after(
		PROCESS_UPLINK, packet_socket_on_loopback, sends_frame_by_another_number));
	/* The same call where the socket is tied to nothing, as capture's is: no way out. */
	EXPECT(!may_after(PROCESS_CAPTURE, packet_socket, writes_frame));
}

/* The control: the relay, which must send, sends the very same frame. */
TEST(the_relay_sends_the_frame_that_capture_could_not)
{
	EXPECT(may_after(PROCESS_RELAY, packet_socket, sends_frame_in_message));
}

static int
channel_pair_before(void)
{
	static int pair[2];
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) ? -1 : pair[0];
}

static bool
sends_on_channel(int fd)
{
	struct iovec iov = {&fd, sizeof fd};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	return sendmsg(fd, &message, 0) == sizeof fd;
}

TEST(everybody_may_send_on_a_channel)
{
	for (size_t i = 0; i < COUNT_OF(confined); i++)
		EXPECT(may_after(confined[i], channel_pair_before, sends_on_channel));
}

/* An assert() that fails must be seen as what it is, not as a forbidden call. */
TEST(our_own_abort_is_not_mistaken_for_a_forbidden_call)
{
	int status;

	SKIP_IF_SANITIZED();
	make_place();
	for (size_t i = 0; i < COUNT_OF(confined); i++) {
		pid_t pid = fork();
		if (pid == 0) {
			signal(SIGABRT, SIG_DFL);
			log_set_sink(quiet);
			confine(confined[i], &settings);
			abort();
		}
		EXPECT(waitpid(pid, &status, 0) == pid);
		EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

/* What dnsmasq is, before its exec: -1 killed, else what the attempt ended with. */
static int
foreign(int (*attempt)(void))
{
	int status;

	make_place();
	char leases[SETTINGS_PATH_MAX + 16];
	snprintf(leases, sizeof leases, "%s/dhcp", settings.run_directory);
	mkdir(leases, 0700);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		log_set_sink(quiet);
		confine_foreign(PROCESS_DHCP, &settings);
		syscall(SYS_exit_group, attempt());
	}
	EXPECT(waitpid(pid, &status, 0) == pid);
	rmdir(leases);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
opens_rules(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) >= 0 ? 42 : 1;
}

static int
opens_routes(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) >= 0 ? 42 : 1;
}

static int
opens_frames(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0 ? 42 : 1;
}

static int
reads_settings_of_others(void)
{
	return open(secret, O_RDONLY) >= 0 ? 42 : 1;
}

static int
executes_itself(void)
{
	char path[] = "/bin/true", *argv[] = {path, NULL}, *none[] = {NULL};
	execve(path, argv, none);
	return 1;
}

static int
starts_another(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0 ? 42 : 1;
}

TEST(the_dhcp_server_cannot_touch_the_rules_nor_make_frames_nor_start_anything)
{
	SKIP_IF_SANITIZED();
	EXPECT_INT(foreign(opens_rules), -1);  /* killed */
	EXPECT_INT(foreign(opens_frames), -1); /* killed */
	EXPECT_INT(foreign(reads_settings_of_others), 1);
	EXPECT_INT(foreign(starts_another), 1);
	/* The controls: what it must be able to do. */
	EXPECT_INT(foreign(opens_routes), 42);
	EXPECT_INT(foreign(executes_itself), 0);
}

TEST(a_child_that_computes_does_nothing_else)
{
	SKIP_IF_SANITIZED();
	confined_by = confine_to_computing;
	EXPECT(may(PROCESS_ENGINE, breathes));
	EXPECT(may(PROCESS_ENGINE, is_own_user));
	EXPECT(!may(PROCESS_ENGINE, reads_world_readable));
	EXPECT(!may(PROCESS_ENGINE, makes_state));
	EXPECT(!may(PROCESS_ENGINE, opens_inet));
	EXPECT(!may(PROCESS_ENGINE, opens_unix));
	EXPECT(!may(PROCESS_ENGINE, forks));
	EXPECT(!may(PROCESS_ENGINE, signals_parent));
	confined_by = confine;
}
