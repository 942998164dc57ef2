/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Talks to the devices that are tested.  In: audits, with the file that their
 * transcript goes to.  Out: steps and findings, and packets to the device that
 * the audit names; the kernel's rules hold this user to the LAN.
 *
 * Each audit runs in a process of its own, forked from this one and confined
 * as it is: a device that makes a check hang or break takes one audit with it
 * and no other.  This process itself reads nothing that a device sent.
 */
#include <errno.h>
#include <jansson.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/loop.h"
#include "check/app_read.h"
#include "check/check.h"
#include "check/ssh_attempt.h"
#include "process/checker_worker.h"
#include "process/confine.h"
#include "process/process.h"

enum {
	GRACE_S = 30,            /* after the time of the run, for a worker to end by itself */
	DESCRIPTORS_MAX = 16384, /* as in its row of confine.c */
};

struct audit {
	uint32_t run; /* 0: free */
	pid_t pid;
	struct channel *channel; /* from the worker, as if we were the engine */
	struct loop_timer *patience;
	bool has_ended; /* it said so itself */
	bool has_raw;   /* it was given the sockets below, which answer one at a time */
};

static struct channel *engine;
static struct audit audits[AUDITS_AT_ONCE];
static int raw4 = -1, raw6 = -1; /* to ask many ports at once; none on a sensor */
static uint32_t answers;         /* packets a second that a device may send before it floods */
/* Files that wait for their run, which is told right after them. */
static struct app_file {
	uint32_t run; /* 0: free */
	int fd;
} files[AUDITS_AT_ONCE];

/* --- saying ---------------------------------------------------------------------------------- */

static void
tell_engine(enum message_type type, const void *payload, size_t len)
{
	enum err err = engine ? channel_send(engine, type, 0, payload, len, -1) : ERR_CLOSED;
	if (err == ERR_FULL)
		log_warnx("engine", "does not read what the audits say");
}

static void
tell_end(uint32_t run, enum err err, const char *why)
{
	struct message_audit_end end = {.run = run, .err = err};

	snprintf(end.why, sizeof end.why, "%s", why);
	tell_engine(MESSAGE_AUDIT_END, &end, sizeof end);
}

/* --- workers ------------------------------------------------------------------------------------ */

static struct audit *
audit_of(uint32_t run)
{
	for (size_t i = 0; i < COUNT_OF(audits); i++)
		if (audits[i].run == run)
			return &audits[i];
	return NULL;
}

/* Ends the worker, whatever it does, and gives what became of it. */
static int
reap(struct audit *audit)
{
	int status = 0;

	if (!audit->has_ended)
		kill(audit->pid, SIGKILL);
	while (waitpid(audit->pid, &status, 0) < 0 && errno == EINTR)
		;
	channel_free(audit->channel);
	loop_timer_free(audit->patience);
	memset(audit, 0, sizeof *audit);
	return status;
}

static void
end_audit(struct audit *audit, enum err err, const char *why)
{
	uint32_t run = audit->run;
	bool has_ended = audit->has_ended;

	reap(audit);
	if (!has_ended)
		tell_end(run, err, why);
}

static void
on_worker(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	struct audit *audit = arg;
	uint32_t run;

	if (fd >= 0)
		close(fd);
	memcpy(&run, payload, sizeof run); /* all that it may say begins with it */
	if (run != audit->run) {
		end_audit(audit, ERR_NOT_OURS, "the worker spoke of a run that is not its own");
		return;
	}
	audit->has_ended = header->type == MESSAGE_AUDIT_END;
	tell_engine((enum message_type)header->type, payload, header->len);
}

static void
on_worker_closed(struct channel *channel, const char *why, void *arg)
{
	struct audit *audit = arg;
	uint32_t run = audit->run;
	bool has_ended = audit->has_ended;
	char text[160];
	int status;

	if (!has_ended)
		usleep(1000); /* it closes as it dies; let it die of its own cause */
	pid_t pid = waitpid(audit->pid, &status, has_ended ? 0 : WNOHANG);
	if (pid != audit->pid) {
		end_audit(audit, ERR_SYSTEM, why);
		return;
	}
	channel_free(audit->channel);
	loop_timer_free(audit->patience);
	memset(audit, 0, sizeof *audit);
	if (has_ended)
		return;
	if (WIFSIGNALED(status))
		snprintf(text, sizeof text,
			"the checks broke (signal %d%s); what was seen before is kept",
			WTERMSIG(status), WTERMSIG(status) == SIGSYS ? ", a system call" : "");
	else
		snprintf(text, sizeof text,
			"the checks ended early (%d); what was seen before is kept",
			WEXITSTATUS(status));
	log_warnx("audit", "run %u: %s", run, text);
	tell_end(run, ERR_SYSTEM, text);
}

static void
on_patience_over(void *arg)
{
	end_audit(arg, ERR_TIMEOUT, "the checks did not end in their time; what was seen is kept");
}

/* Nothing of ours but what it needs: not the engine's channel, not other audits. */
static _Noreturn void
become_worker(const struct message_audit *audit, pid_t parent, const struct checker_tools *tools)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(EXIT_FAILURE);
	for (int fd = PROCESS_MONITOR_FD; fd < DESCRIPTORS_MAX; fd++)
		if (fd != tools->transcript && fd != tools->file && fd != tools->out &&
			fd != tools->raw4 && fd != tools->raw6)
			close(fd);
	checker_worker(audit, tools);
}

/* The one of an earlier run that never came has its place taken. */
static void
keep_file(uint32_t run, int fd)
{
	static size_t next;
	struct app_file *file = &files[next++ % COUNT_OF(files)];

	if (file->run)
		close(file->fd);
	*file = (struct app_file){run, fd};
}

static int
take_file(uint32_t run)
{
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (files[i].run == run) {
			files[i].run = 0;
			return files[i].fd;
		}
	return -1;
}

/* On a bench, where nobody else has them: what one hears the other would miss. */
static bool
may_have_raw(const struct message_audit *asked)
{
	for (size_t i = 0; i < COUNT_OF(audits); i++)
		if (audits[i].run && audits[i].has_raw)
			return false;
	return asked->pace == PACE_LAB && !asked->is_judged;
}

static void
begin_audit(const struct message_audit *asked, int transcript)
{
	auto_close int file = asked->has_file ? take_file(asked->run) : -1;
	struct audit *audit = audit_of(0);
	pid_t parent = getpid();
	int pair[2];

	if (audit_of(asked->run)) {
		tell_end(asked->run, ERR_BUSY, "this run is under way");
		return;
	}
	if (!audit) {
		tell_end(asked->run, ERR_FULL, "as many audits run as may run at once");
		return;
	}
	if (channel_pair(pair)) {
		tell_end(asked->run, ERR_SYSTEM, "no channel to a worker");
		return;
	}
	bool has_raw = may_have_raw(asked);
	struct checker_tools tools = {.answers = answers,
		.transcript = transcript,
		.file = file,
		.raw4 = has_raw ? raw4 : -1,
		.raw6 = has_raw ? raw6 : -1,
		.out = pair[1]};
	pid_t pid = fork();
	if (pid == 0)
		become_worker(asked, parent, &tools);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		tell_end(asked->run, ERR_SYSTEM, "no process for the audit");
		return;
	}
	audit->run = asked->run;
	audit->pid = pid;
	audit->has_raw = has_raw;
	audit->channel = channel_new(
		pair[0], PROCESS_ENGINE, PROCESS_CHECKER, on_worker, on_worker_closed, audit);
	audit->patience = loop_timer_new(
		((uint64_t)asked->seconds + GRACE_S) * 1000, false, on_patience_over, audit);
}

/* --- the process ----------------------------------------------------------------------------------- */

static void
on_engine(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	const struct message_audit *asked = payload;
	struct audit *running;

	if (header->type == MESSAGE_RIG_SEEN) {
		/* A worker waits for it; one that is gone does not. */
		running = audit_of(((const struct message_rig_seen *)payload)->run);
		if (running && channel_send(running->channel, MESSAGE_RIG_SEEN, 0, payload,
				       header->len, -1))
			log_info("audit", "run %u: the worker does not take an answer",
				running->run);
	} else if (header->type == MESSAGE_PAGE) {
		running = audit_of(((const struct message_page *)payload)->run);
		if (running &&
			channel_send(running->channel, MESSAGE_PAGE, 0, payload, header->len, fd))
			log_info("audit", "run %u: the worker does not take a page", running->run);
	} else if (header->type == MESSAGE_APP_FILE && fd >= 0) {
		keep_file(((const struct message_app_file *)payload)->run, fd);
		return;
	} else if (header->type != MESSAGE_AUDIT) {
		/* Nothing else is for us; message_check() has said so. */
	} else if (asked->is_stop) {
		running = audit_of(asked->run);
		if (running)
			end_audit(running, ERR_CLOSED, "stopped");
		else
			tell_end(asked->run, ERR_NOT_FOUND, "no such run");
	} else if (fd < 0) {
		tell_end(asked->run, ERR_INVALID, "no file for the transcript");
	} else {
		begin_audit(asked, fd);
	}
	if (fd >= 0)
		close(fd);
}

static void
on_engine_closed(struct channel *channel, const char *why, void *arg)
{
	log_info("engine", "channel: %s", why);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	if (what == DESCRIPTOR_SCAN4 || what == DESCRIPTOR_SCAN6) {
		int *raw = what == DESCRIPTOR_SCAN4 ? &raw4 : &raw6;
		if (*raw >= 0)
			close(*raw);
		*raw = fd;
		return;
	}
	if (what != DESCRIPTOR_PEER || peer != PROCESS_ENGINE) {
		close(fd);
		return;
	}
	/* A new engine knows nothing of these; it resumes what its database says was running. */
	for (size_t i = 0; i < COUNT_OF(audits); i++)
		if (audits[i].run) {
			audits[i].has_ended = false;
			reap(&audits[i]);
		}
	channel_free(engine);
	engine = channel_new(fd, PROCESS_CHECKER, peer, on_engine, on_engine_closed, NULL);
}

int
main(void)
{
	static const struct process_hooks hooks = {.on_descriptor = on_descriptor};

	const struct settings *settings = process_begin(PROCESS_CHECKER, &hooks);
	/* Now, while a file could still be looked for; none is. */
	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, NULL))
		fatalx("start", "OpenSSL cannot be used");
	SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
	ssh_attempt_begin();
	/* What else it says meanwhile must pass as well. */
	answers = settings->packet_cap - settings->packet_cap / 4;
	app_read_begin();
	/* The transcript of an interrupted run is JSON, whose reader asks for chance once. */
	json_object_seed(0);
	confine(PROCESS_CHECKER, settings);
	process_ready();
	loop_run();
	return 0;
}
