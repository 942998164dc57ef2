/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/auto.h"
#include "base/loop.h"
#include "ctl/ctl.h"
#include "message/channel.h"

enum { ANSWER_MAX = 64 * 1024 * 1024, SEQ = 1 };

static struct {
	char *text;
	size_t len;
	bool is_whole;
	const char *closed;
	void (*on_event)(const json_t *);
} state;

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	const struct message_answer *piece = payload;

	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_EVENT) {
		json_t *event = json_loadb(piece->text, piece->len, 0, NULL);
		if (event && state.on_event)
			state.on_event(event);
		json_decref(event);
		return;
	}
	if (header->type != MESSAGE_ANSWER || header->seq != SEQ ||
		state.len + piece->len > ANSWER_MAX)
		return;
	char *more = realloc(state.text, state.len + piece->len + 1);
	if (!more)
		abort();
	state.text = more;
	memcpy(state.text + state.len, piece->text, piece->len);
	state.len += piece->len;
	if (piece->is_last) {
		state.is_whole = true;
		loop_stop();
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	state.closed = "the daemon went away before it answered";
	loop_stop();
}

static int
connect_to(const char *path, struct fault *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof address.sun_path) {
		fault_set(why, ERR_INVALID, "the path of the socket is too long");
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address)) {
		fault_set(why, ERR_SYSTEM, "cannot reach pinfoldd at %s: %s%s", path,
			strerror(errno),
			errno == EACCES                            ? " (try as root)"
			: errno == ENOENT || errno == ECONNREFUSED ? " (does it run?)"
								   : "");
		return -1;
	}
	int given = fd;
	fd = -1;
	return given;
}

json_t *
ask(const char *socket_path, const json_t *question, void (*on_event)(const json_t *),
	struct fault *why)
{
	return ask_with(socket_path, question, -1, on_event, why);
}

json_t *
ask_with(const char *socket_path, const json_t *question, int lent,
	void (*on_event)(const json_t *), struct fault *why)
{
	static struct message_command command;
	int fd = connect_to(socket_path, why);

	if (fd < 0)
		return NULL;
	memset(&state, 0, sizeof state);
	state.on_event = on_event;
	auto_free char *text = json_dumps(question, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t len = strlen(text);
	if (len > sizeof command.text) {
		close(fd);
		fault_set(why, ERR_INVALID, "the question is too long");
		return NULL;
	}
	command.len = (uint32_t)len;
	command.role = ROLE_OWNER;
	memcpy(command.text, text, len);
	loop_init();
	struct channel *channel =
		channel_new(fd, PROCESS_CTL, PROCESS_ENGINE, on_message, on_closed, NULL);
	if (channel_send(
		    channel, MESSAGE_COMMAND, SEQ, &command, message_command_len(&command), lent)) {
		channel_free(channel);
		fault_set(why, ERR_CLOSED, "the daemon does not listen");
		return NULL;
	}
	loop_run();
	json_t *answer = state.is_whole
				 ? json_loadb(state.text, state.len, JSON_REJECT_DUPLICATES, NULL)
				 : NULL;
	if (answer && on_event && json_is_true(json_object_get(answer, "ok"))) {
		loop_run(); /* until the daemon is gone */
	}
	channel_free(channel);
	free(state.text);
	if (!answer)
		fault_set(why, ERR_CLOSED, "%s",
			state.closed ? state.closed : "the answer cannot be read");
	return answer;
}
