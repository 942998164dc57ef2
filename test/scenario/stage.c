/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "process/process.h"
#include "test.h"

static void
on_monitor(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	struct stage *stage = arg;

	if (header->type == MESSAGE_READY)
		stage->is_ready = true;
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	print_message("%s: %s\n", process_name(channel_peer(channel)), why);
}

void
stage_start(struct stage *stage, enum process actor, const char *path,
	const struct settings *settings, channel_on_message *on_message)
{
	int pair[2];

	loop_init();
	memset(stage, 0, sizeof *stage);
	stage->actor = actor;
	stage->on_message = on_message;
	EXPECT(!channel_pair(pair));
	stage->pid = fork();
	if (!stage->pid) {
		/* By a third number: dup2() onto itself would keep close-on-exec. */
		int high = fcntl(pair[1], F_DUPFD, 64);
		dup2(high, PROCESS_MONITOR_FD);
		for (int fd = PROCESS_MONITOR_FD + 1; fd < 256; fd++)
			close(fd);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	stage->monitor = channel_new(pair[0], PROCESS_MONITOR, actor, on_monitor, on_closed, stage);
	EXPECT(!channel_send(stage->monitor, MESSAGE_SETTINGS, 0, settings, sizeof *settings, -1));
}

static void
give(struct stage *stage, enum descriptor what, enum process peer, int fd)
{
	struct message_descriptor m = {.what = (uint8_t)what, .peer = (uint8_t)peer};

	EXPECT(fd >= 0);
	EXPECT(!channel_send(stage->monitor, MESSAGE_DESCRIPTOR, 0, &m, sizeof m, fd));
	close(fd);
}

void
stage_give(struct stage *stage, enum descriptor what, int fd)
{
	give(stage, what, PROCESS_UNKNOWN, fd);
}

void
stage_give_peer(struct stage *stage, enum process peer, int fd)
{
	give(stage, DESCRIPTOR_PEER, peer, fd);
}

struct channel *
stage_peer(struct stage *stage, enum process peer)
{
	int pair[2];

	EXPECT(!channel_pair(pair));
	give(stage, DESCRIPTOR_PEER, peer, pair[1]);
	return channel_new(pair[0], peer, stage->actor, stage->on_message, on_closed, stage);
}

void
stage_join(struct stage *stage, struct stage *other)
{
	int pair[2];

	EXPECT(!channel_pair(pair));
	give(stage, DESCRIPTOR_PEER, other->actor, pair[0]);
	give(other, DESCRIPTOR_PEER, stage->actor, pair[1]);
}

static struct sockaddr_un
console_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	EXPECT((size_t)snprintf(at.sun_path, sizeof at.sun_path, "%s", path) < sizeof at.sun_path);
	return at;
}

void
stage_give_console(struct stage *engine, const char *path)
{
	struct sockaddr_un at = console_at(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	unlink(path);
	EXPECT(!bind(fd, (struct sockaddr *)&at, sizeof at) && !listen(fd, 8));
	stage_give(engine, DESCRIPTOR_CTL, fd);
}

struct answer {
	char *text;
	size_t len;
	bool is_whole;
};

static void
on_answer(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	struct answer *answer = arg;
	const struct message_answer *piece = payload;

	if (header->type == MESSAGE_ANSWER) {
		answer->text = realloc(answer->text, answer->len + piece->len + 1);
		EXPECT(answer->text != NULL);
		memcpy(answer->text + answer->len, piece->text, piece->len);
		answer->len += piece->len;
		answer->text[answer->len] = '\0';
		answer->is_whole = piece->is_last;
	}
	if (fd >= 0)
		close(fd);
}

char *
stage_console(const char *path, const char *question)
{
	static struct message_command command;
	struct sockaddr_un at = console_at(path);
	struct answer answer = {0};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	EXPECT(!connect(fd, (struct sockaddr *)&at, sizeof at));
	struct channel *channel =
		channel_new(fd, PROCESS_CTL, PROCESS_ENGINE, on_answer, NULL, &answer);
	memset(&command, 0, sizeof command);
	command.role = ROLE_OWNER;
	command.len = (uint32_t)snprintf(command.text, sizeof command.text, "%s", question);
	EXPECT(!channel_send(
		channel, MESSAGE_COMMAND, 1, &command, message_command_len(&command), -1));
	for (int i = 0; i < 2000 && !answer.is_whole; i++)
		stage_pump(2);
	channel_free(channel);
	return answer.text;
}

void
stage_go(struct stage *stage)
{
	EXPECT(!channel_send(stage->monitor, MESSAGE_GO, 0, NULL, 0, -1));
	for (int i = 0; i < 300 && !stage->is_ready; i++)
		stage_pump(10);
	EXPECT(stage->is_ready);
}

bool
stage_runs(const struct stage *stage)
{
	int status;
	return waitpid(stage->pid, &status, WNOHANG) == 0;
}

void
stage_stop(struct stage *stage)
{
	if (stage->pid <= 0)
		return;
	kill(stage->pid, SIGKILL);
	waitpid(stage->pid, NULL, 0);
	stage->pid = 0;
}

void
stage_pump(int ms)
{
	uint64_t until = clock_monotonic_ns() + (uint64_t)ms * CLOCK_MS_NS;

	do {
		loop_once(false);
		usleep(500);
	} while (clock_monotonic_ns() < until);
}

struct settings
stage_home(const char *folder)
{
	struct settings s;

	settings_init(&s);
	s.mode = SETTINGS_ROUTER;
	s.debug = getenv("STAGE_DEBUG") != NULL; /* a forbidden call is named */
	snprintf(s.bridge, sizeof s.bridge, "br-lan");
	s.n_ports = 1;
	snprintf(s.port[0], sizeof s.port[0], "port1");
	snprintf(s.uplink, sizeof s.uplink, "uplink");
	s.uplink_mode = SETTINGS_UPLINK_NONE;
	EXPECT(prefix_parse(&s.lan4, "192.168.77.1/24"));
	EXPECT(prefix_parse(&s.lan6, "fd77::1/64"));
	snprintf(s.state_directory, sizeof s.state_directory, "%s", folder);
	snprintf(s.run_directory, sizeof s.run_directory, "%s", folder);
	return s;
}

int
stage_socket(const char *text, uint16_t port, int type)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool is_v4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;
	int on = 1, fd = socket(is_v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);

	EXPECT(fd >= 0);
	EXPECT(is_v4 || inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	EXPECT_INT(bind(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			   is_v4 ? sizeof v4 : sizeof v6),
		0);
	return fd;
}
