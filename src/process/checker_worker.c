/* SPDX-License-Identifier: Apache-2.0 */
#include "process/checker_worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/check.h"
#include "check/maker_web.h"
#include "check/session.h"

static struct {
	const struct message_audit *audit;
	int out;
	struct transcript *transcript;
	struct session *session;
	struct findings findings;
	uint32_t n_done, n_all;
} worker;

/* --- telling --------------------------------------------------------------------------------- */

static void
tell(enum message_type type, const void *payload, size_t len)
{
	struct message_header header = {
		.version = MESSAGE_VERSION, .type = (uint16_t)type, .len = (uint32_t)len};
	struct iovec iov[2] = {{&header, sizeof header}, {(void *)(uintptr_t)payload, len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

	while (sendmsg(worker.out, &msg, MSG_NOSIGNAL) < 0) {
		struct pollfd poll_fd = {.fd = worker.out, .events = POLLOUT};
		if (errno != EAGAIN && errno != EINTR)
			_exit(EXIT_FAILURE); /* who forked us is gone */
		poll(&poll_fd, 1, -1);
	}
}

static _Noreturn void
end(enum err err, const char *why)
{
	struct message_audit_end message = {.run = worker.audit->run, .err = err};

	snprintf(message.why, sizeof message.why, "%s", why);
	if (worker.transcript)
		message.exchanges = (uint32_t)transcript_count(worker.transcript);
	if (worker.session)
		message.packets = session_packets(worker.session);
	tell(MESSAGE_AUDIT_END, &message, sizeof message);
	_exit(EXIT_SUCCESS);
}

static bool
is_chosen(uint16_t check)
{
	return checks[check].is_probed && worker.audit->checks[check / 64] >> (check % 64) & 1;
}

static uint32_t
seconds_left(uint16_t from)
{
	uint32_t sum = 0;
	uint32_t limit = worker.session ? session_run_ms_left(worker.session) / 1000 : 0;

	for (uint16_t i = from; i < n_checks; i++)
		if (is_chosen(i) && checks[i].consent <= worker.audit->consent)
			sum += worker.audit->pace == PACE_LAB ? checks[i].seconds_lab
							      : checks[i].seconds_gentle;
	return sum < limit ? sum : limit;
}

static void
tell_progress(uint16_t check, enum audit_step step, uint8_t prompt)
{
	struct message_audit_step message = {.run = worker.audit->run,
		.check = check,
		.step = (uint8_t)step,
		.prompt = prompt,
		.n_done = worker.n_done,
		.n_all = worker.n_all,
		.seconds_left =
			seconds_left(step == AUDIT_STEP_BEGUN ? check : (uint16_t)(check + 1)),
		.exchanges = (uint32_t)transcript_count(worker.transcript)};

	tell(MESSAGE_AUDIT_STEP, &message, sizeof message);
}

static void
tell_step(uint16_t check, enum audit_step step)
{
	tell_progress(check, step, AUDIT_PROMPT_NONE);
}

static void
tell_prompt(uint8_t prompt, uint16_t check)
{
	tell_progress(check, AUDIT_STEP_BEGUN, prompt);
}

static void
tell_findings(uint16_t check)
{
	worker.findings.n = worker.findings.n_lost = 0;
	check_judge(check, worker.transcript, &worker.findings);
	for (size_t i = 0; i < worker.findings.n; i++) {
		struct message_finding message = {
			.run = worker.audit->run, .finding = worker.findings.finding[i]};
		tell(MESSAGE_FINDING, &message, sizeof message);
	}
}

/* --- asking the gateway ----------------------------------------------------------------------- */

/* False when nothing came in time; our ticket tells an answer from one that came too late. */
static bool
hear_rig(uint32_t ticket, struct message_rig_seen *seen)
{
	enum { PATIENCE_MS = 5000 };
	struct {
		struct message_header header;
		struct message_rig_seen seen;
	} heard;
	uint64_t until = clock_monotonic_ns() + PATIENCE_MS * CLOCK_MS_NS;
	uint64_t now;

	while ((now = clock_monotonic_ns()) < until) {
		struct pollfd poll_fd = {.fd = worker.out, .events = POLLIN};
		if (poll(&poll_fd, 1, (int)((until - now) / CLOCK_MS_NS) + 1) <= 0)
			continue;
		ssize_t n = recv(worker.out, &heard, sizeof heard, MSG_DONTWAIT);
		if (n == 0)
			_exit(EXIT_FAILURE); /* who forked us is gone */
		if (n == (ssize_t)sizeof heard && heard.header.version == MESSAGE_VERSION &&
			heard.header.type == MESSAGE_RIG_SEEN &&
			message_check(MESSAGE_RIG_SEEN, PROCESS_ENGINE, PROCESS_CHECKER,
				&heard.seen, sizeof heard.seen) &&
			heard.seen.run == worker.audit->run && heard.seen.ticket == ticket) {
			*seen = heard.seen;
			return true;
		}
	}
	seen->err = ERR_TIMEOUT;
	return false;
}

static bool
ask_rig(const struct message_rig *rig, struct message_rig_seen *seen)
{
	static uint32_t ticket;
	struct message_rig message = *rig;

	message.run = worker.audit->run;
	message.ticket = ++ticket;
	tell(MESSAGE_RIG, &message, sizeof message);
	return hear_rig(ticket, seen);
}

/*
 * On a bench the device may answer faster than the gateway lets others; the factor is
 * that by which a surge is over the cap (policy/nft_render.c).
 */
static uint32_t
answers_allowed(uint32_t usual)
{
	enum { FACTOR = 10 };
	struct message_rig rig = {.bits = RIG_CAP, .seconds = RIG_SECONDS_MAX};
	struct message_rig_seen seen;

	if (worker.audit->pace != PACE_LAB || worker.audit->consent < CONSENT_PROBE)
		return usual;
	return ask_rig(&rig, &seen) && !seen.err ? usual * FACTOR : usual;
}

/* --- asking for pages -------------------------------------------------------------------------- */

/* A message, and what was handed over with it; false when the time is over. */
static bool
hear_page(uint32_t ticket, struct message_page *page, int *fd, uint64_t until)
{
	struct {
		struct message_header header;
		struct message_page page;
	} heard;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {&heard, sizeof heard};
	struct pollfd poll_fd = {.fd = worker.out, .events = POLLIN};
	uint64_t now;

	while ((now = clock_monotonic_ns()) < until) {
		struct msghdr msg = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes};
		auto_close int came = -1;
		if (poll(&poll_fd, 1, (int)((until - now) / CLOCK_MS_NS) + 1) <= 0)
			continue;
		ssize_t n = recvmsg(worker.out, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n == 0)
			_exit(EXIT_FAILURE); /* who forked us is gone */
		struct cmsghdr *cmsg = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
		if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
			memcpy(&came, CMSG_DATA(cmsg), sizeof came);
		/* Others are answers that came too late. */
		if (n != (ssize_t)sizeof heard || heard.header.version != MESSAGE_VERSION ||
			heard.header.type != MESSAGE_PAGE ||
			!message_check(MESSAGE_PAGE, PROCESS_ENGINE, PROCESS_CHECKER, &heard.page,
				sizeof heard.page) ||
			heard.page.run != worker.audit->run || heard.page.ticket != ticket)
			continue;
		*page = heard.page;
		*fd = came;
		came = -1;
		return true;
	}
	return false;
}

static void
ask_page(const struct message_page_ask *asked, struct message_page *page, int *fd)
{
	enum { PATIENCE_S = 40 }; /* the fetcher's own limit ends it before */
	static uint32_t ticket;
	struct message_page_ask message = *asked;

	message.run = worker.audit->run;
	message.ticket = ++ticket;
	tell(MESSAGE_PAGE_ASK, &message, sizeof message);
	*fd = -1;
	if (hear_page(ticket, page, fd, clock_monotonic_ns() + PATIENCE_S * CLOCK_SECOND_NS))
		return;
	*page = (struct message_page){.err = ERR_TIMEOUT};
	snprintf(page->why, sizeof page->why, "nobody answered who fetches pages");
}

static void
tell_fact(enum maker_fact fact, const char *value, uint32_t exchange, void *arg)
{
	struct message_maker_fact message = {
		.run = worker.audit->run, .exchange = exchange, .fact = (uint8_t)fact};

	snprintf(message.value, sizeof message.value, "%s", value);
	tell(MESSAGE_MAKER_FACT, &message, sizeof message);
}

/* --- the transcript of an earlier worker ------------------------------------------------------ */

/* What it was writing when it died is half a line; that is cut off. */
static bool
cut_half_line(int fd)
{
	struct stat st;
	char bytes[4096];

	if (fstat(fd, &st))
		return false;
	off_t end_of_lines = st.st_size;
	while (end_of_lines > 0) {
		size_t len =
			end_of_lines < (off_t)sizeof bytes ? (size_t)end_of_lines : sizeof bytes;
		ssize_t n = pread(fd, bytes, len, end_of_lines - (off_t)len);
		if (n != (ssize_t)len)
			return false;
		const char *newline = memrchr(bytes, '\n', len);
		if (newline) {
			end_of_lines += newline + 1 - bytes - (off_t)len;
			break;
		}
		end_of_lines -= (off_t)len;
	}
	return end_of_lines == st.st_size || !ftruncate(fd, end_of_lines);
}

static void
open_transcript(int fd)
{
	struct fault why = {0};

	if (worker.audit->is_resumed) {
		int again = cut_half_line(fd) && lseek(fd, 0, SEEK_SET) == 0 ? dup(fd) : -1;
		FILE *in = again >= 0 ? fdopen(again, "r") : NULL;
		if (!in)
			end(ERR_SYSTEM, "the transcript of the interrupted run cannot be read");
		if (transcript_read(in, &worker.transcript, &why)) {
			fault_prefix(&why, "transcript of the interrupted run: ");
			end(ERR_INVALID, why.text);
		}
		fclose(in);
	}
	FILE *file = fdopen(fd, "a");
	if (!file)
		end(ERR_SYSTEM, "the transcript cannot be written");
	if (!worker.transcript)
		worker.transcript = transcript_new(NULL);
	transcript_write_to(worker.transcript, file);
}

/* --- judging what is written ------------------------------------------------------------------------ */

/* The same findings as those of that day, unless a rule has changed since. */
static _Noreturn void
judge_again(int fd)
{
	struct fault why = {0};
	FILE *file = fdopen(fd, "r");

	if (!file)
		end(ERR_SYSTEM, "the transcript cannot be read");
	if (transcript_read(file, &worker.transcript, &why))
		end(ERR_INVALID, why.text);
	fclose(file);
	for (uint16_t i = 0; i < n_checks; i++) {
		if (!is_chosen(i))
			continue;
		tell_findings(i);
		tell_step(i, AUDIT_STEP_DONE);
	}
	end(ERR_OK, "");
}

/* --- the run -------------------------------------------------------------------------------------- */

static void
run_check(uint16_t check)
{
	enum audit_step step = AUDIT_STEP_DONE;

	tell_step(check, AUDIT_STEP_BEGUN);
	/* One that an earlier worker finished is judged again, from what is written. */
	if (!check_is_complete(worker.transcript, check) && !session_run(worker.session, check))
		step = AUDIT_STEP_SKIPPED;
	if (step == AUDIT_STEP_DONE && session_is_lost(worker.session))
		step = AUDIT_STEP_LOST;
	tell_findings(check);
	if (!strcmp(checks[check].id, "maker-web"))
		maker_web_facts(worker.transcript, tell_fact, NULL);
	worker.n_done++;
	tell_step(check, step);
}

_Noreturn void
checker_worker(const struct message_audit *audit, const struct checker_tools *tools)
{
	struct session_target target = {.address4 = audit->address4, .address6 = audit->address6};

	worker.audit = audit;
	worker.out = tools->out;
	memcpy(target.model_hint, audit->model_hint, sizeof target.model_hint);
	memcpy(target.maker_url, audit->maker_url, sizeof target.maker_url);
	target.maker_basis = audit->maker_basis;
	target.page_ask = ask_page;
	if (audit->is_judged)
		judge_again(tools->transcript);
	open_transcript(tools->transcript);
	worker.session = session_new(
		&target, (enum pace)audit->pace, (enum consent)audit->consent, worker.transcript);
	session_limit(worker.session, audit->seconds);
	session_set_answers(worker.session, answers_allowed(tools->answers));
	session_set_rig(worker.session, ask_rig);
	session_set_prompt(worker.session, tell_prompt);
	session_set_file(worker.session, tools->file);
	session_set_raw(worker.session, tools->raw4, tools->raw6);
	if (audit->scope[0])
		session_set_scope(worker.session, audit->scope);
	for (uint16_t i = 0; i < n_checks; i++)
		worker.n_all += is_chosen(i);
	for (uint16_t i = 0; i < n_checks; i++) {
		if (is_chosen(i))
			run_check(i);
		const char *trouble = transcript_trouble(worker.transcript);
		if (trouble)
			end(ERR_SYSTEM, trouble);
	}
	if (session_is_lost(worker.session))
		end(ERR_TIMEOUT, "the device stopped answering; what was left is not tested");
	end(ERR_OK, "");
}
