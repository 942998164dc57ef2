/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_stream.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/auto.h"

struct stream {
	LIST_ENTRY(stream) next;
	struct MHD_Connection *connection;
	uint64_t position; /* number of the next event to send */
	size_t sent;       /* bytes of it that are out already */
	bool is_asleep;    /* suspended until there is something to say */
	bool must_speak;   /* a comment is due */
	bool has_begun;
};

static LIST_HEAD(, stream) streams = LIST_HEAD_INITIALIZER(streams);
static unsigned count;
static struct {
	size_t len;
	char *text; /* "data: ...\n\n" */
} events[STREAM_EVENTS];
static uint64_t next_event; /* its number */

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

void
stream_add(const char *json, size_t len)
{
	typeof(&events[0]) event = &events[next_event % STREAM_EVENTS];

	if (len > STREAM_EVENT_MAX || memchr(json, '\n', len) || memchr(json, '\r', len) ||
		memchr(json, 0, len))
		return;
	free(event->text);
	event->text = must_alloc(1, len + 9);
	event->len = (size_t)snprintf(event->text, len + 9, "data: %.*s\n\n", (int)len, json);
	next_event++;
	wake_all();
}

void
stream_keep_alive(void)
{
	struct stream *stream;

	LIST_FOREACH(stream, &streams, next)
	stream->must_speak = stream->is_asleep;
	wake_all();
}

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

	if (!stream->has_begun) {
		stream->has_begun = true;
		return say(stream, out, max, "retry: 3000\n\n");
	}
	if (next_event - stream->position > STREAM_EVENTS) {
		/* In the middle of one that is gone the rest of it cannot be said any more. */
		if (stream->sent)
			return MHD_CONTENT_READER_END_WITH_ERROR;
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

	LIST_REMOVE(stream, next);
	count--;
	free(stream);
}

struct MHD_Response *
stream_response_new(struct MHD_Connection *connection)
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
	stream->position = next_event;
	LIST_INSERT_HEAD(&streams, stream, next);
	count++;
	return response;
}

unsigned
stream_count(void)
{
	return count;
}
