/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_home.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "test.h"

struct engine_home home = {.file = -1};

static void
on_answer(const struct message_answer *piece)
{
	home.text = realloc(home.text, home.len + piece->len);
	memcpy(home.text + home.len, piece->text, piece->len);
	home.len += piece->len;
	if (!piece->is_last)
		return;
	json_decref(home.answer);
	home.answer = json_loadb(home.text, home.len, JSON_REJECT_DUPLICATES, NULL);
	free(home.text);
	home.text = NULL;
	home.len = 0;
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	switch (header->type) {
	case MESSAGE_POLICY: {
		const struct message_policy *policy = payload;
		struct message_done done = {
			.device = policy->device, .generation = policy->generation};
		home.policies++;
		EXPECT(!channel_send(channel, MESSAGE_DONE, header->seq, &done, sizeof done, -1));
		break;
	}
	case MESSAGE_AUDIT:
		home.audit = *(const struct message_audit *)payload;
		home.audits++;
		if (home.file >= 0)
			close(home.file);
		home.file = fd;
		return;
	case MESSAGE_RIG:
		home.rig = *(const struct message_rig *)payload;
		break;
	case MESSAGE_ANSWER:
		if (home.n_answered < COUNT_OF(home.answered))
			home.answered[home.n_answered++] = header->seq;
		if (header->seq == home.seq)
			on_answer(payload);
		break;
	case MESSAGE_EVENT:
		home.events++;
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

bool
engine_is_built(void)
{
	char self[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(home.engine, sizeof home.engine, "%s/../../src/process/engine", self);
	return !access(home.engine, X_OK);
}

void
new_checker(void)
{
	channel_free(home.checker);
	home.checker = stage_peer(&home.stage, PROCESS_CHECKER);
}

void
start(void)
{
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	stage_start(&home.stage, PROCESS_ENGINE, home.engine, &home.settings, on_message);
	stage_give_console(&home.stage, home.ctl.sun_path);
	home.capture = stage_peer(&home.stage, PROCESS_CAPTURE);
	home.enforcer = stage_peer(&home.stage, PROCESS_ENFORCER);
	home.resolver = stage_peer(&home.stage, PROCESS_RESOLVER);
	home.relay = stage_peer(&home.stage, PROCESS_RELAY);
	home.checker = stage_peer(&home.stage, PROCESS_CHECKER);
	home.web = stage_peer(&home.stage, PROCESS_WEB);
	home.policies = 0;
	home.audits = 0;
	stage_go(&home.stage);
}

void
halt(void)
{
	struct channel **all[] = {&home.capture, &home.enforcer, &home.resolver, &home.relay,
		&home.checker, &home.web};

	stage_stop(&home.stage);
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		channel_free(*all[i]);
		*all[i] = NULL;
	}
	channel_free(home.stage.monitor);
	if (home.file >= 0)
		close(home.file);
	home.file = -1;
}

static void
remove_all(const char *path)
{
	char below[400];
	struct dirent *entry;
	DIR *folder = opendir(path);

	while (folder && (entry = readdir(folder))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
		if (unlink(below))
			remove_all(below);
	}
	if (folder)
		closedir(folder);
	EXPECT(!rmdir(path));
}

void
move_in(void)
{
	snprintf(home.folder, sizeof home.folder, "/tmp/pinfold-engine-XXXXXX");
	EXPECT(mkdtemp(home.folder) != NULL);
	home.settings = stage_home(home.folder);
	if (!geteuid())
		EXPECT(!chown(home.folder, home.settings.uid_base + PROCESS_ENGINE,
			home.settings.uid_base + PROCESS_ENGINE));
	home.ctl.sun_family = AF_UNIX;
	snprintf(home.ctl.sun_path, sizeof home.ctl.sun_path, "%s/ctl", home.folder);
	start();
}

void
move_out(void)
{
	halt();
	json_decref(home.answer);
	home.answer = NULL;
	remove_all(home.folder);
}

json_t *
ask_by(struct channel *channel, const struct shown *who, const char *question)
{
	static struct message_command command;

	memset(&command, 0, sizeof command);
	json_decref(home.answer);
	home.answer = NULL;
	command.len = (uint32_t)strlen(question);
	command.role = ROLE_OWNER;
	if (who) {
		memcpy(command.credential, who->credential, sizeof command.credential);
		memcpy(command.proof, who->proof, sizeof command.proof);
		EXPECT(ip_parse(&command.from, who->from ? who->from : "192.168.77.20"));
	}
	memcpy(command.text, question, command.len);
	EXPECT(!channel_send(
		channel, MESSAGE_COMMAND, ++home.seq, &command, message_command_len(&command), -1));
	for (int i = 0; i < WAIT_MS / STEP_MS && !home.answer; i++)
		stage_pump(STEP_MS);
	EXPECT(home.answer != NULL);
	return home.answer;
}

json_t *
ask(const char *question)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	EXPECT(!connect(fd, (struct sockaddr *)&home.ctl, sizeof home.ctl));
	struct channel *channel =
		channel_new(fd, PROCESS_CTL, PROCESS_ENGINE, on_message, NULL, NULL);
	json_t *answer = ask_by(channel, NULL, question);
	channel_free(channel);
	return answer;
}

bool
is_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}
