/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"

struct ask {
	char *command; /* NULL: the row is free */
	struct asker asker;
	bool is_change, is_stale; /* neither is shared */
	unsigned users;
	enum ask_state state;
	uint32_t seq;
	uint64_t asked_ns, ended_ns;
	char *text;
	size_t len, size;
};

static struct ask asks[ASKS_MAX];
static struct channel *engine;
static void (*changed)(void);
static uint32_t last_seq;

static void
release(struct ask *ask)
{
	free(ask->command);
	free(ask->text);
	*ask = (struct ask){0};
}

/* What was answered before a change does not show it. */
static void
forget_answers(void)
{
	for (int i = 0; i < ASKS_MAX; i++)
		asks[i].is_stale = asks[i].command != NULL;
}

static void
end(struct ask *ask, enum ask_state state)
{
	ask->state = state;
	ask->ended_ns = clock_monotonic_ns();
	if (ask->is_change)
		forget_answers();
	changed();
}

/* Old answers go as soon as nobody reads them; silence becomes a failure. */
static void
on_tick(void *arg)
{
	uint64_t now = clock_monotonic_ns();

	for (int i = 0; i < ASKS_MAX; i++) {
		struct ask *ask = &asks[i];
		if (!ask->command)
			continue;
		if (ask->state == ASK_WAITING && now - ask->asked_ns > ASK_MS * CLOCK_MS_NS)
			end(ask, ASK_FAILED);
		else if (ask->state != ASK_WAITING && !ask->users &&
			 now - ask->ended_ns > FRESH_MS * CLOCK_MS_NS)
			release(ask);
	}
}

void
ask_init(void (*on_change)(void))
{
	changed = on_change;
	loop_timer_new(FRESH_MS, true, on_tick, NULL);
}

void
ask_set_engine(struct channel *channel)
{
	engine = channel;
	for (int i = 0; i < ASKS_MAX; i++)
		if (asks[i].command && asks[i].state == ASK_WAITING)
			end(&asks[i], ASK_FAILED);
}

void
ask_on_answer(uint32_t seq, const struct message_answer *piece)
{
	struct ask *ask = NULL;

	for (int i = 0; i < ASKS_MAX; i++)
		if (asks[i].command && asks[i].state == ASK_WAITING && asks[i].seq == seq)
			ask = &asks[i];
	if (!ask)
		return;
	if (ask->len + piece->len > ANSWER_MAX) {
		end(ask, ASK_FAILED);
		return;
	}
	if (ask->len + piece->len + 1 > ask->size) {
		ask->size = (ask->len + piece->len) * 2 + 1;
		char *grown = realloc(ask->text, ask->size);
		if (!grown)
			fatalx("ask", "out of memory");
		ask->text = grown;
	}
	memcpy(ask->text + ask->len, piece->text, piece->len);
	ask->len += piece->len;
	ask->text[ask->len] = 0;
	if (piece->is_last)
		end(ask, ASK_ANSWERED);
}

static void
send_ask(struct ask *ask)
{
	static struct message_command message;

	memset(&message, 0, sizeof message);
	message.role = ROLE_OWNER;
	memcpy(message.credential, ask->asker.credential, sizeof message.credential);
	memcpy(message.proof, ask->asker.proof, sizeof message.proof);
	message.from = ask->asker.from;
	message.len = (uint32_t)strlen(ask->command);
	memcpy(message.text, ask->command, message.len);
	ask->seq = ++last_seq;
	ask->asked_ns = clock_monotonic_ns();
	ask->state = ASK_WAITING;
	if (!channel_is_open(engine) || channel_send(engine, MESSAGE_COMMAND, ask->seq, &message,
						message_command_len(&message), -1)) {
		ask->state = ASK_FAILED;
		ask->ended_ns = ask->asked_ns;
	}
}

static bool
is_same(const struct ask *ask, const struct asker *asker, const char *command)
{
	return !ask->is_change && !ask->is_stale && !strcmp(ask->command, command) &&
	       !strcmp(ask->asker.credential, asker->credential);
}

struct ask *
ask_take(const struct asker *asker, const char *command, bool is_change)
{
	uint64_t now = clock_monotonic_ns();
	struct ask *room = NULL;

	if (is_change)
		forget_answers();
	for (int i = 0; i < ASKS_MAX; i++) {
		struct ask *ask = &asks[i];
		bool is_old = ask->command && ask->state != ASK_WAITING &&
			      (ask->is_stale || ask->is_change ||
				      now - ask->ended_ns > FRESH_MS * CLOCK_MS_NS);
		if (is_old && !ask->users)
			release(ask);
		if (ask->command && !is_old && !is_change && is_same(ask, asker, command)) {
			ask->users++;
			return ask;
		}
		if (!ask->command)
			room = ask;
	}
	if (!room || strlen(command) > COMMAND_MAX)
		return NULL;
	room->command = strdup(command);
	if (!room->command)
		fatalx("ask", "out of memory");
	room->asker = *asker;
	room->is_change = is_change;
	room->users = 1;
	send_ask(room);
	return room;
}

void
ask_drop(struct ask *ask)
{
	if (ask)
		ask->users--;
}

enum ask_state
ask_state(const struct ask *ask)
{
	return ask->state;
}

const char *
ask_text(const struct ask *ask, size_t *len)
{
	*len = ask->len;
	return ask->text;
}

bool
ask_is_ok(const struct ask *ask)
{
	static const char fine[] = "{\"ok\":true";

	return ask->state == ASK_ANSWERED && ask->len >= sizeof fine - 1 &&
	       !memcmp(ask->text, fine, sizeof fine - 1);
}
