/* SPDX-License-Identifier: Apache-2.0 */
#include "process/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "check/beside.h"
#include "process/process.h"

/* --- the table: what each process keeps ---------------------------------------------------- */

/* Families that socket() may name. */
enum { F_NONE = 0, F_INET = 1, F_NETLINK = 2 };

/* What a path may be used for. */
enum { R_READ = 1, R_WRITE = 2, R_MAKE = 4, R_EXECUTE = 8 };

/* A path is fixed, or stands in the settings, or below what stands there; an empty one is skipped. */
struct reach {
	const char *fixed;
	size_t in_settings;
	unsigned rights;
	const char *below;
};
#define SETTING(member) offsetof(struct settings, member)

enum { CALLS_MAX = 7, REACH_MAX = 12, CONTROLS_MAX = 6 };

struct row {
	const char *capabilities[4];
	const char *const *calls[CALLS_MAX]; /* beside those of everybody */
	unsigned families;
	struct reach reach[REACH_MAX];
	bool empty_root;    /* everything that it reads was opened for it */
	bool is_blind;      /* holds a packet socket that must not name whom it sends to */
	bool talks_tcp;     /* may connect TCP; Landlock closes it for the others */
	bool has_workers;   /* forks itself, confined as it is */
	bool holds_raw;     /* a raw socket of IP, whose headers the kernel is to write */
	unsigned files_max; /* RLIMIT_NOFILE */
	rlim_t memory_max;  /* RLIMIT_DATA; 0: its own bounds suffice */
	unsigned long controls[CONTROLS_MAX]; /* ioctl() requests beside those of everybody */
};

/* Memory, time, the loop and the channels: nobody can do without. */
static const char *const calls_everybody[] = {"read", "readv", "write", "writev", "close",
	"recvmsg", "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "poll", "ppoll", "brk",
	"munmap", "mremap", "madvise", "clock_gettime", "clock_getres", "gettimeofday", "time",
	"clock_nanosleep", "nanosleep", "timerfd_settime", "timerfd_create", "futex", "getrandom",
	"rt_sigreturn", "rt_sigprocmask", "sigaltstack", "exit", "exit_group", "getpid", "gettid",
	"getppid", "getuid", "geteuid", "getgid", "getegid", "sched_yield", "sched_getaffinity",
	"restart_syscall", "uname", "sysinfo", "getsockopt", "getsockname", "fstat", "newfstatat",
	"lseek", "membarrier", "getrusage", "times", NULL};

/* Sends to whom it likes, within what its sockets and the kernel's rules allow. */
static const char *const calls_send[] = {"sendmsg", "sendto", "sendmmsg", NULL};

/* Reads from several sockets in one go. */
static const char *const calls_receive[] = {"recvfrom", "recvmmsg", NULL};

/* Sees to its signals again with each connection, as libmosquitto does (it ignores SIGPIPE). */
static const char *const calls_signals[] = {"rt_sigaction", NULL};

/* Hands a descriptor on, keeps one in a queue. */
static const char *const calls_descriptors[] = {
	"dup", "dup3", "eventfd2", "pipe2", "epoll_create1", "shutdown", NULL};

/* Sets what it likes of its sockets. */
static const char *const calls_set[] = {"setsockopt", NULL};

/* What libnftables needs beside, when rules that somebody flushed are put back. */
static const char *const calls_options[] = {"setsockopt", "pselect6", "select", NULL};

/* Reads whether the clock is set; setting it takes a capability that nobody has. */
static const char *const calls_clock[] = {"adjtimex", "clock_adjtime", NULL};

/* Makes sockets (of its families), or takes connections. */
static const char *const calls_connect[] = {
	"bind", "connect", "listen", "accept", "accept4", "getpeername", NULL};

/* Opens files; Landlock says which. */
static const char *const calls_open[] = {"openat", "open", "stat", "lstat", "statx", "access",
	"faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "pread64", "fadvise64",
	"statfs", "fstatfs", NULL};

/* A database: what SQLite does with its file, its log and its shared index. */
static const char *const calls_database[] = {"pwrite64", "pwritev", "preadv", "ftruncate",
	"fallocate", "fsync", "fdatasync", "sync_file_range", "unlink", "unlinkat", "rename",
	"renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "fchmod", "fchown", "umask", "getcwd",
	"utimensat", "flock", NULL};

/* A page of memory for another process: made, written, sealed, handed over. */
static const char *const calls_sealed[] = {"memfd_create", "ftruncate", NULL};

/* A file that was opened for it: appended to, read back after an interruption, cut at a line. */
static const char *const calls_transcript[] = {"pread64", "ftruncate", NULL};

/* Processes of its own kind; how they are made is in allow_workers(). */
static const char *const calls_workers[] = {"wait4", "set_robust_list", "rseq", NULL};

/* Many connections served from memory. */
static const char *const calls_serve[] = {"accept", "accept4", "getpeername", "sendfile", NULL};

static const struct row rows[PROCESS_COUNT] = {
	/* Reads every hostile byte there is.  Everything it reads from was opened before. */
	[PROCESS_CAPTURE] = {.calls = {calls_receive},
		.empty_root = true,
		.is_blind = true,
		.files_max = 64,
		.controls = {SIOCGIFNAME}},
	/* Decides.  Its database and nothing else of the machine; no network. */
	[PROCESS_ENGINE] = {.calls = {calls_send, calls_descriptors, calls_set, calls_open,
				    calls_database, calls_serve /* the control socket */},
		.reach = {{.in_settings = SETTING(state_directory),
				  .rights = R_READ | R_WRITE | R_MAKE},
			/* SQLite seeds its random numbers from it. */
			{"/dev/urandom", .rights = R_READ}},
		.files_max = 256},
	[PROCESS_ENFORCER] =
		{/* Rules, bridge, addresses, neighbour entries and network sysctls all ask for it. */
			.capabilities = {"net_admin"},
			.calls = {calls_send, calls_receive, calls_connect, calls_open,
				calls_options},
			.families = F_NETLINK,
			.reach = {{"/proc/sys/net", .rights = R_READ | R_WRITE},
				{"/sys/class/net", .rights = R_READ},
				{"/sys/devices", .rights = R_READ},
				/* libnftables looks up names of marks and services when it prints an error. */
				{"/etc/iproute2", .rights = R_READ},
				{"/etc/services", .rights = R_READ},
				{"/etc/protocols", .rights = R_READ}},
			.files_max = 64},
	/* Asks upstream from sockets of its own; the kernel's rules hold its user to port 53. */
	[PROCESS_RESOLVER] = {.calls = {calls_send, calls_receive, calls_descriptors, calls_set,
				      calls_connect, calls_clock},
		.families = F_INET,
		.empty_root = true,
		.talks_tcp = true,
		.files_max = 4096},
	[PROCESS_RELAY] = {.calls = {calls_send, calls_receive},
		.empty_root = true,
		.files_max = 64,
		/* by which link, and from which MAC, a frame leaves */
		.controls = {SIOCGIFINDEX, SIOCGIFHWADDR}},
	[PROCESS_FETCHER] = {.calls = {calls_send, calls_receive, calls_descriptors, calls_set,
				     calls_connect, calls_sealed},
		.families = F_INET,
		.reach = {{.in_settings = SETTING(mud_ca), .rights = R_READ},
			{.in_settings = SETTING(web_ca), .rights = R_READ}},
		.talks_tcp = true,
		.files_max = 256},
	/*
	 * Sockets towards the devices, raw ones to ask many ports, and one that listens for flows
	 * that the rig turns to it; the kernel's rules hold its user to the LAN, and let in only such flows.  A process
	 * for each audit, and what it heard goes to a file that the engine opened.
	 */
	[PROCESS_CHECKER] = {.calls = {calls_send, calls_receive, calls_descriptors, calls_connect,
				     calls_transcript, calls_workers,
				     calls_open /* libraries look for files; there are none */},
		.families = F_INET,
		.empty_root = true,
		.talks_tcp = true,
		.has_workers = true,
		.holds_raw = true,
		/* a socket for each port of a device that is asked, many of them at a time */
		.files_max = 16384},
	/*
	 * Holds the owner's secrets for who hears of it.  The kernel's rules let it reach those
	 * that the owner named and nobody else.
	 */
	[PROCESS_TELLER] = {.calls = {calls_send, calls_receive, calls_descriptors, calls_set,
				    calls_connect, calls_signals,
				    calls_open /* libraries look for files; there are none */},
		.families = F_INET,
		.empty_root = true,
		.talks_tcp = true,
		/* A broker may announce 256 MB in one message, and the library takes it at its word. */
		.memory_max = 64 * 1024 * 1024,
		.files_max = 256},
	/* Its pages are in its own memory. */
	[PROCESS_WEB] = {.calls = {calls_send, calls_receive, calls_descriptors, calls_set,
				 calls_serve},
		.empty_root = true,
		.files_max = 4096},
	/*
	 * Reads what the provider's side sends.  Its packet socket is tied to the uplink and
	 * only takes write(), which leaves by that link; the calls that could name another are
	 * closed for it as for capture.
	 */
	[PROCESS_UPLINK] = {.calls = {calls_receive},
		.empty_root = true,
		.is_blind = true,
		.files_max = 64},
	/* dnsmasq; not ours, so its calls are closed one by one (calls_no_server_needs). */
	[PROCESS_DHCP] =
		{.capabilities =
				{
					/* an ARP entry for a client without address; it refuses to start without */
					"net_admin",
					/* router advertisements go out by a raw ICMPv6 socket */
					"net_raw",
					/* ports 67 and 547 */
					"net_bind_service"},
			.reach =
				{
					{.in_settings = SETTING(run_directory),
						.below = "/dhcp",
						.rights = R_READ | R_WRITE | R_MAKE},
					{.in_settings = SETTING(run_directory),
						.below = "/dnsmasq.conf",
						.rights = R_READ},
					{"/usr", .rights = R_READ | R_EXECUTE},
					{"/lib", .rights = R_READ | R_EXECUTE},
					{"/lib64", .rights = R_READ | R_EXECUTE},
					{"/etc/ld.so.cache", .rights = R_READ},
					{"/etc/passwd", .rights = R_READ},
					{"/etc/group", .rights = R_READ},
					{"/etc/nsswitch.conf", .rights = R_READ},
					{"/dev/null", .rights = R_READ | R_WRITE},
					{"/dev/urandom", .rights = R_READ},
					{"/proc/sys/net", .rights = R_READ}},
			.files_max = 64},
};

/*
 * For a program that is not ours: to look into or change others, the machine,
 * its own confinement or the kernel.
 */
static const char *const calls_no_server_needs[] = {"ptrace", "process_vm_readv",
	"process_vm_writev", "kcmp", "pidfd_getfd", "pidfd_open", "mount", "umount2", "move_mount",
	"open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "pivot_root",
	"chroot", "unshare", "setns", "init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "reboot", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
	"io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key", "swapon",
	"swapoff", "syslog", "quotactl", "acct", "personality", "settimeofday", "clock_settime",
	"clock_adjtime", "adjtimex", "open_by_handle_at", "name_to_handle_at", "iopl", "ioperm",
	"memfd_create", "setresuid", "setresgid", "setreuid", "setregid", "sethostname",
	"setdomainname", "mknod", "mknodat", "vhangup", NULL};

static const char *
reach_path(const struct reach *reach, const struct settings *settings, char *out, size_t size)
{
	const char *path =
		reach->fixed ? reach->fixed : (const char *)settings + reach->in_settings;

	snprintf(out, size, "%s%s", path, *path && reach->below ? reach->below : "");
	return out;
}

/* --- user, capabilities, limits ------------------------------------------------------------ */

#ifdef __SANITIZE_ADDRESS__
enum { IS_SANITIZED = true };
#else
enum { IS_SANITIZED = false };
#endif

static void
limit(int what, rlim_t most)
{
	struct rlimit rlimit = {most, most}, now;

	if (!getrlimit((__rlimit_resource_t)what, &now) && now.rlim_max < most)
		rlimit = (struct rlimit){now.rlim_max, now.rlim_max};
	if (setrlimit((__rlimit_resource_t)what, &rlimit))
		fatal("confine", "cannot set limit %d", what);
}

static void
limit_all(const struct row *row)
{
	struct stat log;

	limit(RLIMIT_CORE, 0);
	/* Counted by user, and another gateway on this machine may have the same numbers. */
	limit(RLIMIT_NPROC, row->has_workers ? 4 * AUDITS_AT_ONCE * (1 + BESIDE_MAX) : 0);
	limit(RLIMIT_MEMLOCK, 64 * 1024 * 1024);
	limit(RLIMIT_NOFILE, row->files_max);
	/* The shadow of a sanitizer would count. */
	if (row->memory_max && !IS_SANITIZED)
		limit(RLIMIT_DATA, row->memory_max);
	/* Our own log may be a file, where the lab or a person redirected it. */
	bool writes = row->reach[0].rights & R_WRITE || (!fstat(2, &log) && S_ISREG(log.st_mode));
	for (int i = 0; i < CALLS_MAX; i++)
		writes = writes || row->calls[i] == calls_sealed ||
			 row->calls[i] == calls_transcript;
	if (!writes)
		limit(RLIMIT_FSIZE, 0);
}

static void
drop_to(uint32_t id, const struct row *row, bool survives_exec)
{
	unsigned kinds = CAPNG_EFFECTIVE | CAPNG_PERMITTED;

	if (survives_exec)
		kinds |= CAPNG_INHERITABLE | CAPNG_BOUNDING_SET;
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < COUNT_OF(row->capabilities) && row->capabilities[i]; i++) {
		int capability = capng_name_to_capability(row->capabilities[i]);
		if (capability < 0 || capng_update(CAPNG_ADD, kinds, (unsigned)capability))
			fatalx("confine", "no capability is called \"%s\"", row->capabilities[i]);
	}
	if (geteuid() != 0) {
		/* A replay that a person started: there is no root to give up. */
		if (capng_apply(CAPNG_SELECT_CAPS))
			fatalx("confine", "cannot drop capabilities");
		return;
	}
	/* The bounding set goes first, while we may still lower it. */
	if (capng_apply(CAPNG_SELECT_BOUNDS))
		fatalx("confine", "cannot lower the bounding set");
	int failed = capng_change_id((int)id, (int)id, CAPNG_DROP_SUPP_GRP);
	if (failed)
		fatalx("confine", "cannot become user %u (%d)", id, failed);
	if (getuid() != id || geteuid() != id || getgid() != id || getegid() != id ||
		setresuid(0, 0, 0) == 0)
		fatalx("confine", "root was not given up");
}

/* --- Landlock -------------------------------------------------------------------------------- */

/* Wider than the header of an older kernel; the kernel takes the size that it knows. */
struct ruleset {
	uint64_t files, ports, scopes;
};
#define FILES_ABI1 ((UINT64_C(1) << 13) - 1)
enum {
	PORT_BIND = 1,
	PORT_CONNECT = 2,
	SCOPE_ABSTRACT_SOCKET = 1,
	SCOPE_SIGNAL = 2,
};

static int
landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static struct ruleset
handled(int abi, const struct row *row)
{
	struct ruleset all = {.files = FILES_ABI1};

	if (abi >= 2)
		all.files |= UINT64_C(1) << 13; /* move between folders */
	if (abi >= 3)
		all.files |= UINT64_C(1) << 14; /* truncate */
	if (abi >= 4 && !row->talks_tcp)
		all.ports = PORT_BIND | PORT_CONNECT;
	if (abi >= 5)
		all.files |= UINT64_C(1) << 15; /* ioctl on devices */
	if (abi >= 6)
		all.scopes = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	return all;
}

static uint64_t
rights_of(unsigned rights, bool is_folder)
{
	uint64_t files = 0;

	if (rights & R_READ)
		files |= LANDLOCK_ACCESS_FS_READ_FILE |
			 (is_folder ? LANDLOCK_ACCESS_FS_READ_DIR : 0);
	if (rights & R_EXECUTE)
		files |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (rights & R_WRITE)
		files |= LANDLOCK_ACCESS_FS_WRITE_FILE | UINT64_C(1) << 14;
	if (rights & R_MAKE)
		files |= LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
			 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
			 UINT64_C(1) << 13;
	return files;
}

/* Made while we are root and see the whole tree; -1 where the kernel has no Landlock. */
static int
landlock_prepare(const struct row *row, const struct settings *settings)
{
	int abi = landlock_abi();

	if (abi < 1) {
		log_warn("confine", "this kernel has no Landlock, paths are held by user only");
		return -1;
	}
	struct ruleset all = handled(abi, row);
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
	if (rules < 0)
		fatal("confine", "Landlock");
	for (int i = 0; i < REACH_MAX && row->reach[i].rights; i++) {
		char path[SETTINGS_PATH_MAX + 32];
		struct stat st;
		reach_path(&row->reach[i], settings, path, sizeof path);
		if (!*path)
			continue;
		/* Stays open: what /proc gives for a name is the same thing only while held. */
		int at = open(path, O_PATH | O_CLOEXEC);
		if (at < 0 || fstat(at, &st)) {
			log_warn("confine", "\"%s\" is out of reach from now on", path);
			continue;
		}
		struct landlock_path_beneath_attr beneath = {.parent_fd = at,
			.allowed_access =
				rights_of(row->reach[i].rights, S_ISDIR(st.st_mode)) & all.files};
		if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0))
			fatal("confine", "Landlock: \"%s\"", path);
	}
	return rules;
}

/* --- system calls ---------------------------------------------------------------------------- */

static const char *trapped_name = "unknown";

/* With "debug = yes" a person is looking for the call that is missing in the table above. */
static void
on_trap(int signo, siginfo_t *info, void *context)
{
	char *name = seccomp_syscall_resolve_num_arch(info->si_arch, info->si_syscall);
	fatalx("confine", "%s made the system call %d (%s), which is not in its list", trapped_name,
		info->si_syscall, name ? name : "unknown");
}

static void
added(int failed, const char *what)
{
	/* Seen twice, or not on this machine's list: both are fine. */
	if (failed && failed != -EEXIST && failed != -EDOM)
		fatalx("confine", "system call filter: %s: %s", what, strerror(-failed));
}

/* A name that another kind of machine does not have is skipped. */
static void
allow(scmp_filter_ctx filter, const char *name)
{
	int call = seccomp_syscall_resolve_name(name);
	if (call != __NR_SCMP_ERROR && call >= 0)
		added(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0), name);
}

static void
allow_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp cmp)
{
	int call = seccomp_syscall_resolve_name(name);
	if (call != __NR_SCMP_ERROR && call >= 0)
		added(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, cmp), name);
}

static void
allow_list(scmp_filter_ctx filter, const char *const *names)
{
	for (; names && *names; names++)
		allow(filter, *names);
}

static int
packet_socket(void)
{
	int found = -1;

	for (int fd = PROCESS_MONITOR_FD; fd < 1024; fd++) {
		int domain;
		socklen_t len = sizeof domain;
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || domain != AF_PACKET)
			continue;
		if (found >= 0)
			fatalx("confine", "two packet sockets, where one can be made blind");
		found = fd;
	}
	return found;
}

/*
 * The kernel knows no packet socket that only reads.  A lost capture could send
 * frames past all bridge rules with the one it holds, so the calls that send
 * are closed for that number, and so is every way to give it another number.
 * What is left is write(), which the kernel takes for a socket that is bound to
 * a link, and sends by that: capture's is bound to none, uplink's to the uplink.
 */
static void
allow_send_but_packets(scmp_filter_ctx filter)
{
	static const char *const sends[] = {"sendmsg", "sendto", "sendmmsg"};
	int blind = packet_socket();

	for (size_t i = 0; i < COUNT_OF(sends); i++) {
		if (blind < 0)
			allow(filter, sends[i]);
		else
			allow_if(filter, sends[i], SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)blind));
	}
}

/* fork() and nothing else that clone() can do: no namespaces, no threads. */
static void
allow_workers(scmp_filter_ctx filter)
{
	static const unsigned long fork_flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;

	allow_if(filter, "clone", SCMP_A0(SCMP_CMP_EQ, fork_flags));
	/* A worker is ended, not signalled; Landlock keeps the signal among its kind. */
	allow_if(filter, "kill", SCMP_A1(SCMP_CMP_EQ, SIGKILL));
	allow_if(filter, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG));
}

/*
 * With IP_HDRINCL a raw socket would take any source address, and any protocol.  So for who
 * holds one the options of IP are those that it needs.  Compared in 32 bits, as the
 * kernel does: the rest of a register is the caller's to fill.
 */
static void
allow_options_but_headers(scmp_filter_ctx filter)
{
	static const struct {
		int level, option; /* option 0: all of the level */
	} options[] = {{SOL_SOCKET, 0}, {IPPROTO_TCP, 0}, {IPPROTO_IP, IP_TOS},
		{IPPROTO_IP, IP_RECVERR}, {IPPROTO_IPV6, IPV6_TCLASS}, {IPPROTO_IPV6, IPV6_V6ONLY},
		{IPPROTO_IPV6, IPV6_RECVERR}, {IPPROTO_IPV6, IPV6_RECVPKTINFO}};
	int call = seccomp_syscall_resolve_name("setsockopt");

	for (size_t i = 0; i < COUNT_OF(options); i++)
		added(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, options[i].option ? 2 : 1,
			      SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX,
				      (scmp_datum_t)options[i].level),
			      SCMP_A2(SCMP_CMP_MASKED_EQ, UINT32_MAX,
				      (scmp_datum_t)options[i].option)),
			"setsockopt");
}

static void
allow_arguments(scmp_filter_ctx filter, const struct row *row)
{
	static const int flags[] = {F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_GETLK, F_SETLK, F_SETLKW,
		F_OFD_GETLK, F_OFD_SETLK, F_ADD_SEALS, F_GET_SEALS};
	static const unsigned long controls[] = {FIONREAD, FIONBIO, TCGETS};

	/* Memory is never executable that was not so at the start. */
	allow_if(filter, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	allow_if(filter, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* abort(): a signal to ourselves and to nobody else. */
	allow_if(filter, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	/* Reads a limit, sets none. */
	allow_if(filter, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0));
	/* Not F_SETOWN: the kernel would signal whom it names. */
	for (size_t i = 0; i < COUNT_OF(flags); i++)
		allow_if(filter, "fcntl", SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)flags[i]));
	for (size_t i = 0; i < COUNT_OF(controls); i++)
		allow_if(filter, "ioctl", SCMP_A1(SCMP_CMP_EQ, controls[i]));
	for (int i = 0; i < CONTROLS_MAX && row->controls[i]; i++)
		allow_if(filter, "ioctl", SCMP_A1(SCMP_CMP_EQ, row->controls[i]));
	if (row->families & F_INET) {
		allow_if(filter, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET));
		allow_if(filter, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET6));
	}
	if (row->families & F_NETLINK)
		allow_if(filter, "socket", SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
	if (row->has_workers)
		allow_workers(filter);
	if (row->holds_raw)
		allow_options_but_headers(filter);
	if (row->is_blind) {
		allow_send_but_packets(filter);
		return;
	}
	allow(filter, "sendmsg");
	allow_if(filter, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	allow_if(filter, "fcntl", SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC));
}

static void
filter_calls(const char *name, const struct row *row, bool debug)
{
	uint32_t otherwise = debug ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS;

	if (IS_SANITIZED) {
		log_info("confine", "built with a sanitizer: system calls are not filtered");
		return;
	}
	if (debug) {
		struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
		trapped_name = name;
		sigaction(SIGSYS, &trap, NULL);
	}
	scmp_filter_ctx filter = seccomp_init(otherwise);
	if (!filter || seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) ||
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2))
		fatalx("confine", "cannot make a system call filter");
	allow_list(filter, calls_everybody);
	for (int i = 0; i < CALLS_MAX; i++)
		allow_list(filter, row->calls[i]);
	allow_arguments(filter, row);
	int failed = seccomp_load(filter);
	if (failed)
		fatalx("confine", "the kernel refuses the system call filter: %s",
			strerror(-failed));
	seccomp_release(filter);
}

/* --- all of it, in the only order that works ------------------------------------------------- */

static const struct row *
row_of(enum process self)
{
	if ((unsigned)self >= PROCESS_COUNT || !rows[self].files_max)
		fatalx("confine", "no row says what %s may do", process_name(self));
	return &rows[self];
}

static void
restrict_paths(int rules)
{
	if (rules < 0)
		return;
	if (syscall(SYS_landlock_restrict_self, rules, 0))
		fatal("confine", "Landlock");
	close(rules);
}

/* After the change of user, which clears both. */
static void
restrict_privileges(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_DUMPABLE, 0) ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fatal("confine", "prctl");
}

static void
confine_by(const struct row *row, enum process self, const struct settings *settings)
{
	char empty[SETTINGS_PATH_MAX + 8];

	int rules = landlock_prepare(row, settings);
	snprintf(empty, sizeof empty, "%s/empty", settings->run_directory);
	if (row->empty_root && geteuid() == 0) {
		/* The monitor has made it; a replay may be the first that runs. */
		mkdir(settings->run_directory, 0755);
		mkdir(empty, 0555);
		if (chroot(empty) || chdir("/"))
			fatal("confine", "cannot enter the empty root \"%s\"", empty);
	}
	drop_to(settings->uid_base + self, row, false);
	limit_all(row);
	restrict_privileges();
	restrict_paths(rules);
	filter_calls(process_name(self), row, settings->debug);
}

void
confine(enum process self, const struct settings *settings)
{
	confine_by(row_of(self), self, settings);
}

void
confine_to_computing(enum process self, const struct settings *settings)
{
	static const struct row computing = {.empty_root = true, .files_max = 16};

	confine_by(&computing, self, settings);
}

static void
close_if(scmp_filter_ctx filter, int call, unsigned count, const struct scmp_arg_cmp *cmp)
{
	added(seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS, call, count, cmp), "arguments");
}

/*
 * CAP_NET_ADMIN without the rules: a program that is not ours talks to the
 * routing part of the kernel only, and sends no frames of its own making.
 */
static void
close_rules_and_frames(scmp_filter_ctx filter)
{
	/* The numbers under which the older rule tables are replaced; see their headers. */
	static const unsigned tables[] = {64, 65, 96, 97, 128, 129};
	static const unsigned long controls[] = {SIOCADDRT, SIOCDELRT, SIOCSIFNAME, SIOCSIFFLAGS,
		SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFBRDADDR, SIOCSIFNETMASK, SIOCSIFMTU,
		SIOCSIFHWADDR, SIOCSIFBR, SIOCBRADDBR, SIOCBRDELBR, SIOCBRADDIF, SIOCBRDELIF,
		SIOCETHTOOL};

	close_if(filter, SCMP_SYS(socket), 2,
		(struct scmp_arg_cmp[]){
			SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_NE, NETLINK_ROUTE)});
	close_if(filter, SCMP_SYS(socket), 1,
		(struct scmp_arg_cmp[]){SCMP_A0(SCMP_CMP_EQ, AF_PACKET)});
	for (size_t i = 0; i < COUNT_OF(tables); i++)
		for (int level = IPPROTO_IP; level <= IPPROTO_IPV6; level += IPPROTO_IPV6)
			close_if(filter, SCMP_SYS(setsockopt), 2,
				(struct scmp_arg_cmp[]){SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)level),
					SCMP_A2(SCMP_CMP_EQ, tables[i])});
	for (size_t i = 0; i < COUNT_OF(controls); i++)
		close_if(filter, SCMP_SYS(ioctl), 1,
			(struct scmp_arg_cmp[]){SCMP_A1(SCMP_CMP_EQ, controls[i])});
}

static void
close_calls(const char *const *names)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter || seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS))
		fatalx("confine", "cannot make a system call filter");
	for (; *names; names++) {
		int call = seccomp_syscall_resolve_name(*names);
		if (call != __NR_SCMP_ERROR && call >= 0)
			added(seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, call, 0), *names);
	}
	close_rules_and_frames(filter);
	int failed = seccomp_load(filter);
	if (failed)
		fatalx("confine", "the kernel refuses the system call filter: %s",
			strerror(-failed));
	seccomp_release(filter);
}

/* What the row keeps is all that the program has, and survives its exec. */
static void
keep_over_exec(const struct row *row)
{
	for (size_t i = 0; i < COUNT_OF(row->capabilities) && row->capabilities[i]; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
			    capng_name_to_capability(row->capabilities[i]), 0, 0))
			fatal("confine", "capability \"%s\"", row->capabilities[i]);
}

void
confine_foreign(enum process self, const struct settings *settings)
{
	const struct row *row = row_of(self);

	int rules = landlock_prepare(row, settings);
	drop_to(settings->uid_base + self, row, true);
	keep_over_exec(row);
	/* After the change of user: that counts its processes, and would refuse the exec. */
	limit_all(row);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fatal("confine", "prctl");
	restrict_paths(rules);
	close_calls(calls_no_server_needs);
}

void
confine_monitor(void)
{
	static const char *const kept[] = {
		/* the folder of the engine and that of dnsmasq are theirs */
		"chown", "fowner",
		/* opens them again when they are */
		"dac_override",
		/* starts again who hangs */
		"kill",
		/* each process becomes its own user, in its own root, without the rest */
		"setuid", "setgid", "setpcap", "sys_chroot",
		/* ports 53 and 80 */
		"net_bind_service",
		/* packet sockets */
		"net_raw",
		/* buffers, ties to the bridge; the enforcer and dnsmasq keep it */
		"net_admin"};

	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			    (unsigned)capng_name_to_capability(kept[i])))
			fatalx("confine", "no capability is called \"%s\"", kept[i]);
	if (capng_apply(CAPNG_SELECT_ALL))
		fatalx("confine", "cannot drop capabilities");
	/* Nothing that we start gains by its file. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fatal("confine", "prctl");
}
