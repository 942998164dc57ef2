/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One audit by the real, confined checker; this program plays its monitor and
 * the engine that asked for the audit, and tells what they hear, a line each.
 *
 *	drive CHECKER TRANSCRIPT PACE CONSENT SECONDS ADDRESS4|- ADDRESS6|- CHECK...
 *
 *	step CHECK WORD DONE/ALL SECONDS
 *	finding PROVISION WORD REASON PORT TEXT
 *	end ERROR EXCHANGES PACKETS WHY
 *	again same|different     what the transcript gives, judged once more from the file
 *
 * PINFOLD_DRIVE: "resume" goes on with the file; "kill" kills the worker when its
 * first check is done; "stop" asks for the end then.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "check/check.h"
#include "stage.h"

static struct stage stage;
static struct findings told;
static bool has_ended, was_acted;
static const char *play = "";
static uint32_t sum, sum_again;

static uint32_t
digest(uint32_t hash, const struct finding *finding)
{
	const uint8_t *at = (const uint8_t *)finding;

	for (size_t i = 0; i < sizeof *finding; i++)
		hash = (hash ^ at[i]) * 16777619;
	return hash;
}

static void
print(const struct finding *f)
{
	printf("finding %s %s %s %u %s [%u of %u]\n", f->provision,
		verdict_word_name((enum verdict_word)f->word),
		f->reason ? inc_reason_name((enum inc_reason)f->reason) : "-", f->port, f->text,
		f->n_tried, f->n_all);
}

/* The worker is the child of the checker. */
static void
kill_worker(void)
{
	char path[64], word[16];
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)stage.pid, (int)stage.pid);
	auto_fclose FILE *file = fopen(path, "r");
	if (file && fscanf(file, "%15s", word) == 1)
		kill((pid_t)strtol(word, NULL, 10), SIGKILL);
}

static void
act(struct channel *channel, uint32_t run)
{
	struct message_audit stop = {.run = run, .is_stop = 1};

	if (was_acted)
		return;
	was_acted = true;
	if (!strcmp(play, "kill"))
		kill_worker();
	if (!strcmp(play, "stop") &&
		channel_send(channel, MESSAGE_AUDIT, 0, &stop, sizeof stop, -1))
		exit(3);
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	static const char *const words[] = {"unknown", "begun", "done", "skipped", "lost"};

	if (header->type == MESSAGE_AUDIT_STEP) {
		const struct message_audit_step *m = payload;
		printf("step %s %s %u/%u %u\n", checks[m->check].id, words[m->step], m->n_done,
			m->n_all, m->seconds_left);
		if (m->step == AUDIT_STEP_DONE)
			act(channel, m->run);
	} else if (header->type == MESSAGE_FINDING) {
		const struct message_finding *m = payload;
		print(&m->finding);
		sum = digest(sum, &m->finding);
	} else if (header->type == MESSAGE_AUDIT_END) {
		const struct message_audit_end *m = payload;
		printf("end %u %u %u %s\n", m->err, m->exchanges, m->packets, m->why);
		has_ended = true;
	} else if (header->type == MESSAGE_RIG) {
		/* No gateway stands behind this engine. */
		const struct message_rig *m = payload;
		struct message_rig_seen seen = {
			.run = m->run, .ticket = m->ticket, .err = ERR_UNSUPPORTED};
		if (channel_send(channel, MESSAGE_RIG_SEEN, 0, &seen, sizeof seen, -1))
			printf("the checker does not take an answer\n");
	}
	fflush(stdout);
}

static void
judge_again(const char *path, const struct message_audit *audit)
{
	struct transcript *transcript;
	struct fault why;
	auto_fclose FILE *file = fopen(path, "r");

	if (!file || transcript_read(file, &transcript, &why)) {
		printf("again unreadable: %s\n", file ? why.text : "no file");
		return;
	}
	for (uint16_t i = 0; i < n_checks; i++) {
		if (!(audit->checks[i / 64] >> (i % 64) & 1))
			continue;
		told.n = 0;
		check_judge(i, transcript, &told);
		for (size_t k = 0; k < told.n; k++)
			sum_again = digest(sum_again, &told.finding[k]);
	}
	printf("again %s\n", sum == sum_again ? "same" : "different");
	transcript_free(transcript);
}

int
main(int argc, char **argv)
{
	struct message_audit audit = {.run = 7, .device = 11};

	if (argc < 9)
		return 2;
	if (getenv("PINFOLD_DRIVE"))
		play = getenv("PINFOLD_DRIVE");
	struct settings settings = stage_home("/run/place");
	audit.is_resumed = !strcmp(play, "resume");
	audit.pace = !strcmp(argv[3], "lab") ? PACE_LAB : PACE_GENTLE;
	audit.consent = (uint8_t)atoi(argv[4]);
	audit.seconds = (uint32_t)atoi(argv[5]);
	if ((strcmp(argv[6], "-") && !ip_parse(&audit.address4, argv[6])) ||
		(strcmp(argv[7], "-") && !ip_parse(&audit.address6, argv[7])))
		return 2;
	for (int i = 8; i < argc; i++) {
		int check = check_find(argv[i]);
		if (check < 0) {
			fprintf(stderr, "no check \"%s\"\n", argv[i]);
			return 2;
		}
		audit.checks[check / 64] |= UINT64_C(1) << (check % 64);
	}
	int fd = open(argv[2],
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (audit.is_resumed ? 0 : O_TRUNC), 0600);
	if (fd < 0) {
		perror(argv[2]);
		return 2;
	}
	stage_start(&stage, PROCESS_CHECKER, argv[1], &settings, on_message);
	struct channel *engine = stage_peer(&stage, PROCESS_ENGINE);
	stage_go(&stage);
	if (channel_send(engine, MESSAGE_AUDIT, 0, &audit, sizeof audit, fd))
		return 3;
	while (!has_ended && stage_runs(&stage))
		stage_pump(10);
	judge_again(argv[2], &audit);
	stage_stop(&stage);
	return has_ended ? 0 : 1;
}
