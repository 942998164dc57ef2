/* SPDX-License-Identifier: Apache-2.0 */
#include "message/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/loop.h"
#include "test.h"

/* An enforcer that hears an engine; the engine's end is written by hand. */
static struct {
	struct channel *channel;
	int engine; /* the other end */
	int messages, closings;
	uint32_t last_seq, last_device;
	int fd; /* that came along */
	const char *why;
	bool frees_itself;
} heard;

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	heard.messages++;
	heard.last_seq = header->seq;
	if (header->type == MESSAGE_FORGET)
		heard.last_device = ((const struct message_forget *)payload)->device;
	if (heard.fd >= 0)
		close(heard.fd);
	heard.fd = fd;
	if (heard.frees_itself) {
		channel_free(channel);
		heard.channel = NULL;
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	heard.closings++;
	heard.why = why;
}

static void
begin(void)
{
	int pair[2];

	loop_init();
	memset(&heard, 0, sizeof heard);
	heard.fd = -1;
	EXPECT(!channel_pair(pair));
	heard.engine = pair[1];
	heard.channel =
		channel_new(pair[0], PROCESS_ENFORCER, PROCESS_ENGINE, on_message, on_closed, NULL);
}

static void
end(void)
{
	channel_free(heard.channel);
	if (heard.engine >= 0)
		close(heard.engine);
	if (heard.fd >= 0)
		close(heard.fd);
}

static void
turn(void)
{
	for (int i = 0; i < 4; i++)
		loop_once(false);
}

/* What a lost engine may do: any bytes, with any descriptors. */
static void
send_raw(const void *bytes, size_t len, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
	} control = {0};
	union {
		const void *in;
		void *out;
	} borrowed = {.in = bytes};
	struct iovec iov = {borrowed.out, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n_fds) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	EXPECT(sendmsg(heard.engine, &msg, MSG_NOSIGNAL) == (ssize_t)len);
}

struct forget_record {
	struct message_header header;
	struct message_forget forget;
	uint8_t more[8];
};

static struct forget_record
forget_record(void)
{
	return (struct forget_record){.header = {.version = MESSAGE_VERSION,
					      .type = MESSAGE_FORGET,
					      .len = sizeof(struct message_forget),
					      .seq = 5},
		.forget = {.device = 7, .generation = 1}};
}
enum { FORGET_LEN = sizeof(struct message_header) + sizeof(struct message_forget) };

TEST(a_whole_message_arrives_with_its_number)
{
	struct forget_record record = forget_record();

	begin();
	send_raw(&record, FORGET_LEN, NULL, 0);
	turn();
	EXPECT_INT(heard.messages, 1);
	EXPECT_INT(heard.last_seq, 5);
	EXPECT_INT(heard.last_device, 7);
	EXPECT(channel_is_open(heard.channel));
	end();
}

TEST(what_somebody_said_before_he_left_is_heard_though_he_did_not_hear_us_out)
{
	struct forget_record record = forget_record();
	struct message_done done = {.device = 7};

	begin();
	EXPECT_INT(channel_send(heard.channel, MESSAGE_DONE, 0, &done, sizeof done, -1), ERR_OK);
	send_raw(&record, FORGET_LEN, NULL, 0);
	close(heard.engine); /* with our message unread: the kernel tells of that first */
	heard.engine = -1;
	turn();
	EXPECT_INT(heard.messages, 1);
	EXPECT_INT(heard.closings, 1);
	end();
}

TEST(what_somebody_said_before_he_left_is_heard_though_more_of_ours_waited_for_him)
{
	struct forget_record record = forget_record();
	struct message_done done = {.device = 7};

	begin();
	for (int i = 0; i < 100000 && !channel_queued(heard.channel); i++)
		EXPECT_INT(channel_send(heard.channel, MESSAGE_DONE, 0, &done, sizeof done, -1),
			ERR_OK);
	EXPECT(channel_queued(heard.channel) > 0);
	send_raw(&record, FORGET_LEN, NULL, 0);
	close(heard.engine);
	heard.engine = -1;
	turn();
	EXPECT_INT(heard.messages, 1);
	EXPECT_INT(heard.closings, 1);
	EXPECT_INT(channel_queued(heard.channel), 0);
	end();
}

static void
expect_closed_by(const void *bytes, size_t len)
{
	begin();
	send_raw(bytes, len, NULL, 0);
	turn();
	EXPECT_INT(heard.messages, 0);
	EXPECT_INT(heard.closings, 1);
	EXPECT_STR(heard.why, "sent a malformed message");
	EXPECT(!channel_is_open(heard.channel));
	EXPECT_INT(channel_send(heard.channel, MESSAGE_COUNTERS, 0,
			   &(struct message_counters){.is_last = 1},
			   message_counters_len(&(struct message_counters){0}), -1),
		ERR_CLOSED);
	end();
}

TEST(a_record_cut_anywhere_closes_the_channel)
{
	struct forget_record record = forget_record();

	for (size_t len = 1; len < FORGET_LEN; len++)
		expect_closed_by(&record, len);
}

TEST(left_over_bytes_close_the_channel)
{
	struct forget_record record = forget_record();

	expect_closed_by(&record, FORGET_LEN + 1);
	expect_closed_by(&record, sizeof record);
	/* ... also when the header owns up to them */
	record.header.len = sizeof record - sizeof record.header;
	expect_closed_by(&record, sizeof record);
}

TEST(a_header_that_lies_closes_the_channel)
{
	struct forget_record record = forget_record();

	record.header.version++;
	expect_closed_by(&record, FORGET_LEN);
	record = forget_record();
	record.header.zero = 1;
	expect_closed_by(&record, FORGET_LEN);
	record = forget_record();
	record.header.len = UINT32_MAX;
	expect_closed_by(&record, FORGET_LEN);
	record = forget_record();
	record.header.type = MESSAGE_DONE; /* the enforcer's word, not the engine's */
	expect_closed_by(&record, FORGET_LEN);
	record.header.type = 0xffff;
	expect_closed_by(&record, FORGET_LEN);
}

TEST(a_record_longer_than_any_message_closes_the_channel)
{
	static uint8_t huge[sizeof(struct message_header) + MESSAGE_PAYLOAD_MAX + 1];
	struct forget_record record = forget_record();

	memcpy(huge, &record, sizeof record);
	begin();
	send_raw(huge, sizeof huge, NULL, 0);
	turn();
	EXPECT_INT(heard.messages, 0);
	EXPECT_INT(heard.closings, 1);
	end();
}

static int
open_descriptors(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(a_descriptor_arrives_with_its_message)
{
	struct forget_record record = forget_record();
	int pipe_ends[2];

	begin();
	EXPECT(!pipe(pipe_ends));
	send_raw(&record, FORGET_LEN, &pipe_ends[1], 1);
	turn();
	EXPECT_INT(heard.messages, 1);
	EXPECT(heard.fd >= 0);
	EXPECT(fcntl(heard.fd, F_GETFD) & FD_CLOEXEC);
	EXPECT(write(heard.fd, "x", 1) == 1);
	char byte;
	EXPECT(read(pipe_ends[0], &byte, 1) == 1 && byte == 'x');
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	end();
}

TEST(descriptors_beyond_the_first_and_those_of_a_malformed_message_are_closed)
{
	struct forget_record record = forget_record();

	begin();
	int fds[8], before = open_descriptors();
	for (int i = 0; i < 8; i++)
		fds[i] = STDERR_FILENO;
	send_raw(&record, FORGET_LEN, fds, 3);
	turn();
	EXPECT_INT(heard.messages, 1);
	EXPECT_INT(open_descriptors(), before + 1);
	/* More than there is room for: the kernel cuts the list, and that is fatal. */
	send_raw(&record, FORGET_LEN, fds, 8);
	turn();
	EXPECT_INT(heard.messages, 1);
	EXPECT_INT(heard.closings, 1);
	EXPECT_INT(open_descriptors(), before + 1 - 1); /* the channel's own is closed */
	end();

	begin();
	before = open_descriptors();
	send_raw(&record, FORGET_LEN - 1, fds, 1);
	turn();
	EXPECT_INT(heard.closings, 1);
	EXPECT_INT(open_descriptors(), before - 1);
	end();
}

TEST(a_peer_that_goes_is_told_once)
{
	begin();
	close(heard.engine);
	heard.engine = -1;
	turn();
	turn();
	EXPECT_INT(heard.closings, 1);
	EXPECT_STR(heard.why, "the other side is gone");
	end();
}

TEST(messages_sent_before_the_peer_went_still_arrive)
{
	struct forget_record record = forget_record();

	begin();
	send_raw(&record, FORGET_LEN, NULL, 0);
	send_raw(&record, FORGET_LEN, NULL, 0);
	close(heard.engine);
	heard.engine = -1;
	turn();
	EXPECT_INT(heard.messages, 2);
	EXPECT_INT(heard.closings, 1);
	end();
}

TEST(a_callback_may_free_its_channel_while_more_is_waiting)
{
	struct forget_record record = forget_record();

	begin();
	heard.frees_itself = true;
	for (int i = 0; i < 10; i++)
		send_raw(&record, FORGET_LEN, NULL, 0);
	turn();
	EXPECT_INT(heard.messages, 1);
	EXPECT(!heard.channel);
	end();
}

/* A peer that does not read: nothing blocks, the queue has a bound, and what did fit arrives. */
TEST(a_peer_that_does_not_read_fills_a_bounded_queue_and_loses_nothing_accepted)
{
	static struct message_counters counters;
	static struct {
		struct message_header header;
		struct message_counters counters;
	} got;
	uint32_t sent = 0, read_back = 0;
	enum err err;

	begin();
	counters.n_rows = COUNTER_ROWS_MAX;
	size_t len = message_counters_len(&counters);
	while (!(err = channel_send(heard.channel, MESSAGE_COUNTERS, sent, &counters, len, -1)))
		EXPECT(++sent < 100000);
	EXPECT_INT(err, ERR_FULL);
	EXPECT(channel_queued(heard.channel) <= 8 * 1024 * 1024);
	EXPECT(channel_queued(heard.channel) > 7 * 1024 * 1024);
	while (read_back < sent) {
		ssize_t n = recv(heard.engine, &got, sizeof got, MSG_DONTWAIT);
		if (n < 0) {
			EXPECT(errno == EAGAIN);
			loop_once(false);
			continue;
		}
		EXPECT_INT(n, sizeof got.header + len);
		EXPECT_INT(got.header.seq, read_back); /* in order */
		read_back++;
	}
	EXPECT_INT(channel_queued(heard.channel), 0);
	EXPECT(channel_is_open(heard.channel));
	end();
}

TEST(a_queued_descriptor_is_kept_though_the_sender_closes_its_own)
{
	static struct message_counters counters;
	static char buffer[sizeof(struct message_header) + sizeof counters];
	int pipe_ends[2];

	begin();
	EXPECT(!pipe(pipe_ends));
	counters.n_rows = COUNTER_ROWS_MAX;
	while (!channel_queued(heard.channel))
		EXPECT(!channel_send(heard.channel, MESSAGE_COUNTERS, 0, &counters,
			message_counters_len(&counters), -1));
	EXPECT(!channel_send(heard.channel, MESSAGE_DONE, 0, &(struct message_done){.device = 7},
		sizeof(struct message_done), pipe_ends[1]));
	close(pipe_ends[1]);
	int passed = -1;
	for (int i = 0; i < 10000 && passed < 0; i++) {
		union {
			struct cmsghdr align;
			char bytes[CMSG_SPACE(sizeof(int))];
		} control = {0};
		struct iovec iov = {buffer, sizeof buffer};
		struct msghdr msg = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes};
		if (recvmsg(heard.engine, &msg, MSG_DONTWAIT) < 0) {
			loop_once(false);
			continue;
		}
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		if (c)
			memcpy(&passed, CMSG_DATA(c), sizeof passed);
	}
	EXPECT(passed >= 0 && write(passed, "x", 1) == 1);
	close(passed);
	close(pipe_ends[0]);
	end();
}

TEST(the_largest_message_goes_through_an_empty_channel_at_once)
{
	static struct message_policy policy;
	int pair[2];

	loop_init();
	EXPECT(!channel_pair(pair));
	struct channel *engine =
		channel_new(pair[0], PROCESS_ENGINE, PROCESS_ENFORCER, on_message, on_closed, NULL);
	policy.device = 1;
	policy.state = DEVICE_ENFORCE;
	policy.packet_cap = policy.flow_cap = 1;
	policy.n_entries = POLICY_ENTRIES_MAX;
	for (int i = 0; i < POLICY_ENTRIES_MAX; i++)
		policy.entry[i] = (struct policy_entry){
			.kind = POLICY_ENTRY_NEIGHBOUR, .peer = 2, .port_hi = 0xffff};
	for (int i = 0; i < 8; i++)
		EXPECT(!channel_send(
			engine, MESSAGE_POLICY, 1, &policy, message_policy_len(&policy), -1));
	EXPECT_INT(channel_queued(engine), 0);
	channel_free(engine);
	close(pair[1]);
}

TEST(a_blocking_receive_refuses_what_the_loop_would_refuse)
{
	static _Alignas(16) char payload[MESSAGE_PAYLOAD_MAX];
	struct forget_record record = forget_record();
	struct message_header header;
	int pair[2], fd;

	EXPECT(!channel_pair(pair));
	EXPECT(write(pair[1], &record, FORGET_LEN) == FORGET_LEN);
	EXPECT(channel_receive(pair[0], PROCESS_ENFORCER, PROCESS_ENGINE, &header, payload, &fd));
	EXPECT_INT(header.seq, 5);
	EXPECT_INT(fd, -1);
	EXPECT(write(pair[1], &record, FORGET_LEN - 1) == FORGET_LEN - 1);
	EXPECT(!channel_receive(pair[0], PROCESS_ENFORCER, PROCESS_ENGINE, &header, payload, &fd));
	/* From the monitor this is no message at all. */
	EXPECT(write(pair[1], &record, FORGET_LEN) == FORGET_LEN);
	EXPECT(!channel_receive(pair[0], PROCESS_ENFORCER, PROCESS_MONITOR, &header, payload, &fd));
	close(pair[1]);
	EXPECT(!channel_receive(pair[0], PROCESS_ENFORCER, PROCESS_ENGINE, &header, payload, &fd));
	close(pair[0]);
}
