/* SPDX-License-Identifier: Apache-2.0 */
#include "process/monitor_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "message/channel.h"
#include "process/confine.h"
#include "process/monitor_dhcp.h"
#include "process/process.h"

enum err
child_find_folder(char *folder, size_t size, struct fault *why)
{
	char self[4096], engine[4096 + 16];

	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n > 0) {
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		snprintf(engine, sizeof engine, "%s/engine", self);
		if (!access(engine, X_OK) && strlen(self) < size) {
			strcpy(folder, self);
			return ERR_OK;
		}
	}
	if (access(PINFOLD_LIBEXECDIR "/engine", X_OK) || strlen(PINFOLD_LIBEXECDIR) >= size) {
		fault_set(why, ERR_NOT_FOUND, "no executables beside pinfoldd or in %s",
			PINFOLD_LIBEXECDIR);
		return ERR_NOT_FOUND;
	}
	strcpy(folder, PINFOLD_LIBEXECDIR);
	return ERR_OK;
}

bool
child_exists(const char *folder, enum process process, struct fault *why)
{
	char path[4096 + 64];

	snprintf(path, sizeof path, "%s/%s", folder, process_name(process));
	if (!access(path, X_OK))
		return true;
	fault_set(why, ERR_NOT_FOUND, "%s/%s: %s", folder, process_name(process), strerror(errno));
	return false;
}

/* Between fork and exec; nothing here may return to the monitor's own work. */
static void
leave_monitor(pid_t monitor, int channel)
{
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != monitor)
		_exit(EXIT_FAILURE);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int nothing = open("/dev/null", O_RDWR);
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
		_exit(EXIT_FAILURE);
	if (channel == PROCESS_MONITOR_FD)
		fcntl(channel, F_SETFD, 0);
	else if (channel >= 0 && dup2(channel, PROCESS_MONITOR_FD) < 0)
		_exit(EXIT_FAILURE);
	syscall(SYS_close_range, PROCESS_MONITOR_FD + (channel >= 0), ~0u, 0);
}

/* A sanitizer is told by the environment where to write; nobody else needs one. */
static char **
environment_of_child(void)
{
	static const char *const kept[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};
	static char lines[COUNT_OF(kept)][512], *environment[COUNT_OF(kept) + 1];
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(kept); i++) {
		const char *value = getenv(kept[i]);
		if (!value || strlen(value) + 20 > sizeof lines[0])
			continue;
		snprintf(lines[n], sizeof lines[n], "%s=%s", kept[i], value);
		environment[n] = lines[n];
		n++;
	}
	environment[n] = NULL;
	return environment;
}

enum err
child_start(const char *folder, enum process process, pid_t *out_pid, int *out_fd)
{
	char path[4096 + 64], name[32];
	char *argv[] = {name, NULL};
	int pair[2];

	snprintf(path, sizeof path, "%s/%s", folder, process_name(process));
	snprintf(name, sizeof name, "%s", process_name(process));
	enum err err = channel_pair(pair);
	if (err)
		return err;
	pid_t monitor = getpid(), pid = fork();
	if (pid == 0) {
		leave_monitor(monitor, pair[1]);
		execve(path, argv, environment_of_child());
		fatal("start", "cannot execute \"%s\"", path);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return ERR_SYSTEM;
	}
	*out_pid = pid;
	*out_fd = pair[0];
	return ERR_OK;
}

enum err
child_start_dhcp(const struct settings *settings, pid_t *out)
{
	char option[SETTINGS_PATH_MAX + 64], program[] = MONITOR_DHCP_PROGRAM;
	char *argv[] = {program, option, NULL}, *environment[] = {NULL};

	snprintf(option, sizeof option, "--conf-file=%s/" MONITOR_DHCP_FILE,
		settings->run_directory);
	pid_t monitor = getpid(), pid = fork();
	if (pid < 0)
		return ERR_SYSTEM;
	if (pid == 0) {
		leave_monitor(monitor, -1);
		log_init("dhcp", false);
		confine_foreign(PROCESS_DHCP, settings);
		execve(program, argv, environment);
		fatal("start", "cannot execute \"%s\"", program);
	}
	*out = pid;
	return ERR_OK;
}

const char *
child_end_text(int status)
{
	static char text[96];

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return "killed by the kernel: it made a system call that is not in its list";
	if (WIFSIGNALED(status))
		snprintf(text, sizeof text, "killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof text, "ended with %d", WEXITSTATUS(status));
	return text;
}
