/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_stream.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"

const char stream_question[] = "{\"verb\":\"events.follow\",\"args\":{}}";

struct stream {
	LIST_ENTRY(stream) next;
	struct MHD_Connection *connection;
	struct asker asker;
	struct ask *check; /* whether it still may; NULL: not asked now */
	uint64_t checked_ns;
	uint64_t position; /* number of the next event to send */
	size_t sent;       /* bytes of it that are out already */
	bool is_asleep;    /* suspended until there is something to say */
	bool must_speak;   /* a comment is due */
	bool is_over;      /* it may no more */
	bool is_behind;    /* what it had before is not in the ring */
	bool has_begun;
};

static LIST_HEAD(, stream) streams = LIST_HEAD_INITIALIZER(streams);
static unsigned count;
static struct {
	size_t len;
	char *text; /* "id: ...\ndata: ...\n\n" */
} events[STREAM_EVENTS];
static uint64_t next_event; /* its number */
static uint64_t epoch;      /* of this process: the numbers begin anew with the next */

void
stream_init(void)
{
	if (getrandom(&epoch, sizeof epoch, 0) != sizeof epoch)
		fatal("stream", "no random numbers");
}

static void
wake(struct stream *stream)
{
	if (!stream->is_asleep)
		return;
	stream->is_asleep = false;
	MHD_resume_connection(stream->connection);
}

static void
wake_all(void)
{
	struct stream *stream;

	LIST_FOREACH(stream, &streams, next)
	wake(stream);
}

static void
keep(char *text)
{
	typeof(&events[0]) event = &events[next_event % STREAM_EVENTS];

	free(event->text);
	event->text = text;
	event->len = strlen(text);
	next_event++;
	wake_all();
}

void
stream_add(const char *json, size_t len)
{
	enum { HEAD_MAX = 64 };

	if (len > STREAM_EVENT_MAX || memchr(json, '\n', len) || memchr(json, '\r', len) ||
		memchr(json, 0, len))
		return;
	char *text = must_alloc(1, len + HEAD_MAX);
	snprintf(text, len + HEAD_MAX, "id: %016" PRIx64 "-%" PRIu64 "\ndata: %.*s\n\n", epoch,
		next_event, (int)len, json);
	keep(text);
}

void
stream_gap(void)
{
	struct stream *stream;

	char *text = strdup("event: lost\ndata: {}\n\n");
	if (!text)
		fatalx("stream", "out of memory");
	keep(text);
	/* The engine that is new does not know that anybody listens. */
	LIST_FOREACH(stream, &streams, next)
	stream->checked_ns = 0;
}

/* The number behind the event that the reader had last; false: nobody knows. */
static bool
position_from(const char *last, uint64_t *position)
{
	char head[24], *end;
	size_t len = (size_t)snprintf(head, sizeof head, "%016" PRIx64 "-", epoch);

	if (strncmp(last, head, len) || last[len] < '0' || last[len] > '9' ||
		strlen(last) > len + 19)
		return false;
	uint64_t number = strtoull(last + len, &end, 10) + 1;
	if (*end || number > next_event || next_event - number > STREAM_EVENTS)
		return false;
	*position = number;
	return true;
}

/* --- may they still? ------------------------------------------------------------------------------- */

static void
check_one(struct stream *stream, uint64_t now)
{
	if (stream->check ||
		(stream->checked_ns && now - stream->checked_ns < STREAM_CHECK_S * CLOCK_SECOND_NS))
		return;
	stream->check = ask_take(&stream->asker, stream_question, false);
	if (stream->check)
		stream->checked_ns = now;
}

/* An engine that is away has not said no. */
static void
take_answer(struct stream *stream)
{
	if (!stream->check || ask_state(stream->check) == ASK_WAITING)
		return;
	stream->is_over = ask_state(stream->check) == ASK_ANSWERED && !ask_is_ok(stream->check);
	ask_drop(stream->check);
	stream->check = NULL;
	if (stream->is_over)
		wake(stream);
}

void
stream_on_asks_changed(void)
{
	struct stream *stream;

	LIST_FOREACH(stream, &streams, next)
	take_answer(stream);
}

void
stream_look(void)
{
	static unsigned seconds;
	bool speak = ++seconds % STREAM_ALIVE_S == 0;
	uint64_t now = clock_monotonic_ns();
	struct stream *stream;

	LIST_FOREACH(stream, &streams, next)
	{
		check_one(stream, now);
		take_answer(stream);
		stream->must_speak |= speak && stream->is_asleep;
		if (stream->must_speak)
			wake(stream);
	}
}

/* --- what they are told ------------------------------------------------------------------------------- */

static ssize_t
say(struct stream *stream, char *out, size_t max, const char *text)
{
	size_t len = strlen(text);

	if (len > max)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memcpy(out, text, len);
	stream->must_speak = false;
	return (ssize_t)len;
}

static ssize_t
on_read(void *arg, uint64_t at, char *out, size_t max)
{
	struct stream *stream = arg;

	if (stream->is_over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!stream->has_begun) {
		stream->has_begun = true;
		return say(stream, out, max, "retry: 3000\n\n");
	}
	if (stream->is_behind || next_event - stream->position > STREAM_EVENTS) {
		/* In the middle of one that is gone the rest of it cannot be said any more. */
		if (stream->sent)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		stream->is_behind = false;
		stream->position = next_event;
		return say(stream, out, max, "event: lost\ndata: {}\n\n");
	}
	if (stream->position < next_event) {
		const typeof(events[0]) *event = &events[stream->position % STREAM_EVENTS];
		size_t n = event->len - stream->sent < max ? event->len - stream->sent : max;
		memcpy(out, event->text + stream->sent, n);
		stream->sent += n;
		if (stream->sent == event->len) {
			stream->sent = 0;
			stream->position++;
		}
		return (ssize_t)n;
	}
	if (stream->must_speak)
		return say(stream, out, max, ":\n\n");
	stream->is_asleep = true;
	MHD_suspend_connection(stream->connection);
	return 0;
}

static void
on_end(void *arg)
{
	struct stream *stream = arg;

	ask_drop(stream->check);
	LIST_REMOVE(stream, next);
	count--;
	free(stream);
}

struct MHD_Response *
stream_response_new(struct MHD_Connection *connection, const struct asker *asker, const char *last)
{
	if (count == STREAMS_MAX)
		return NULL;
	struct stream *stream = must_alloc(1, sizeof *stream);
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, on_read, stream, on_end);
	if (!response) {
		free(stream);
		return NULL;
	}
	stream->connection = connection;
	stream->asker = *asker;
	stream->checked_ns = clock_monotonic_ns(); /* asked before it began */
	stream->position = next_event;
	if (last)
		stream->is_behind = !position_from(last, &stream->position);
	LIST_INSERT_HEAD(&streams, stream, next);
	count++;
	return response;
}

unsigned
stream_count(void)
{
	return count;
}
