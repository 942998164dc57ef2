/* SPDX-License-Identifier: Apache-2.0 */
#include "check/scan_raw.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* does not say that it needs time.h */

#include "base/auto.h"
#include "base/clock.h"
#include "check/scan_filter.h"
#include "check/socket.h"
#include "packet/ipv4.h"
#include "packet/tcp.h"
#include "packet/writer.h"

enum { AT_ONCE = 64, BURST = 200, ANSWER_MAX = 128, WINDOW = 1024, MSS = 1400, PORT_TRIES = 16 };

/* --- what is said and heard ----------------------------------------------------------------------- */

static uint32_t
sequence_of(const struct scan_asker *asker, uint16_t port)
{
	return asker->key ^ port * UINT32_C(2654435761);
}

static uint32_t
sum(uint32_t before, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		before += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return before;
}

void
scan_question(uint8_t out[static SCAN_QUESTION_LEN], const struct scan_asker *asker, uint16_t port)
{
	enum { CHECKSUM_AT = 16, HEAD_WORDS = SCAN_QUESTION_LEN / 4, OPTION_MSS = 2 };
	struct writer w = writer_over(out, SCAN_QUESTION_LEN);
	size_t address_len = asker->to.version == 4 ? 4 : 16;

	writer_u16(&w, asker->port);
	writer_u16(&w, port);
	writer_u32(&w, sequence_of(asker, port));
	writer_u32(&w, 0);
	writer_u16(&w, HEAD_WORDS << 12 | TCP_SYN);
	writer_u16(&w, WINDOW);
	writer_u32(&w, 0);
	/* There are filters that drop a SYN without any option. */
	writer_u16(&w, OPTION_MSS << 8 | 4);
	writer_u16(&w, MSS);
	uint32_t check = sum(IPPROTO_TCP + SCAN_QUESTION_LEN, out, SCAN_QUESTION_LEN);
	check = sum(check, asker->from.byte, address_len);
	check = sum(check, asker->to.byte, address_len);
	while (check >> 16)
		check = (check & 0xffff) + (check >> 16);
	writer_set_u16(&w, CHECKSUM_AT, (uint16_t)~check);
}

enum port_state
scan_answer(const struct scan_asker *asker, struct reader r, uint16_t *port)
{
	struct ipv4 ipv4;
	struct tcp tcp;

	if (asker->to.version == 4 &&
		(!ipv4_parse(&ipv4, &r) || ipv4.is_fragment || ipv4.protocol != IPPROTO_TCP ||
			!ip_is_equal(&ipv4.source, &asker->to)))
		return PORT_UNTRIED;
	/* Whoever did not see the question cannot know what it must acknowledge. */
	if (!tcp_parse(&tcp, &r) || tcp.destination != asker->port || !(tcp.flags & TCP_ACK) ||
		tcp.acknowledgement != sequence_of(asker, tcp.source) + 1)
		return PORT_UNTRIED;
	*port = tcp.source;
	return tcp.flags & TCP_RST ? PORT_REFUSED : tcp.flags & TCP_SYN ? PORT_OPEN : PORT_UNTRIED;
}

/* --- asking ------------------------------------------------------------------------------------------ */

struct scan_raw {
	struct session *session;
	struct scan_asker asker;
	uint8_t *state;
	int fd;             /* the session's */
	int reserved;       /* holds our port, so that no connection is given it */
	size_t n_up;        /* asked in this pass, and not heard of */
	uint64_t bucket_ns; /* time that is paid for */
	uint8_t is_up[PORT_COUNT];
	uint8_t question[AT_ONCE][SCAN_QUESTION_LEN], answer[AT_ONCE][ANSWER_MAX];
	struct iovec question_iov[AT_ONCE], answer_iov[AT_ONCE];
	struct mmsghdr questions[AT_ONCE], answers[AT_ONCE];
};

static void
land(struct scan_raw *raw, uint16_t port, enum port_state state)
{
	if (raw->is_up[port]) {
		raw->is_up[port] = 0;
		raw->n_up--;
	} else if (raw->state[port] != PORT_SILENT) {
		return; /* said before, or never asked */
	}
	raw->state[port] = (uint8_t)state;
	/* The kernel's RST to what was open. */
	session_count(raw->session, state == PORT_OPEN);
}

/* An error of ICMP quotes the question it is about: ports and number are in its first bytes. */
static void
hear_errors(struct scan_raw *raw)
{
	uint8_t bytes[ANSWER_MAX];
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;

	for (;;) {
		struct iovec iov = {bytes, sizeof bytes};
		struct msghdr msg = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes};
		ssize_t n = recvmsg(raw->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
		if (n < 0)
			return;
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
		struct sock_extended_err error = {0};
		if (cmsg && cmsg->cmsg_len >= CMSG_LEN(sizeof error))
			memcpy(&error, CMSG_DATA(cmsg), sizeof error);
		struct reader r = reader_over(bytes, (size_t)n);
		uint16_t from = reader_u16(&r), port = reader_u16(&r);
		bool is_ours = reader_u32(&r) == sequence_of(&raw->asker, port) && reader_ok(&r) &&
			       from == raw->asker.port;
		if (is_ours && (error.ee_origin == SO_EE_ORIGIN_ICMP ||
				       error.ee_origin == SO_EE_ORIGIN_ICMP6))
			land(raw, port, PORT_REFUSED);
	}
}

static void
hear(struct scan_raw *raw)
{
	int n;

	do {
		n = recvmmsg(raw->fd, raw->answers, AT_ONCE, MSG_DONTWAIT, NULL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			hear_errors(raw);
		for (int i = 0; i < n; i++) {
			uint16_t port;
			enum port_state state = scan_answer(&raw->asker,
				reader_over(raw->answer[i], raw->answers[i].msg_len), &port);
			if (state != PORT_UNTRIED)
				land(raw, port, state);
		}
	} while (n == AT_ONCE);
}

/* How many may leave now at this rate; a burst of them at most. */
static unsigned
may_leave(struct scan_raw *raw, unsigned per_second)
{
	uint64_t price = CLOCK_SECOND_NS / per_second, now = clock_monotonic_ns();

	if (raw->bucket_ns + BURST * price < now)
		raw->bucket_ns = now - BURST * price;
	uint64_t n = raw->bucket_ns < now ? (now - raw->bucket_ns) / price : 0;
	return n < AT_ONCE ? (unsigned)n : AT_ONCE;
}

/* False when the kernel takes none of them. */
static bool
leave(struct scan_raw *raw, unsigned n)
{
	enum { TRIES = 100 };
	unsigned sent = 0, in_vain = 0;

	while (sent < n && in_vain < TRIES) {
		int now = sendmmsg(raw->fd, raw->questions + sent, n - sent, 0);
		if (now > 0) {
			sent += (unsigned)now;
			in_vain = 0;
		} else {
			/* A full queue, or an error that came back for an earlier question. */
			struct pollfd poll_fd = {.fd = raw->fd, .events = POLLOUT};
			hear_errors(raw);
			poll(&poll_fd, 1, 1);
			in_vain++;
		}
		hear(raw);
	}
	session_count(raw->session, sent);
	return sent == n;
}

/* Until more may leave: a while, also when no answer is awaited. */
static void
wait_for_more(struct scan_raw *raw)
{
	struct pollfd poll_fd = {.fd = raw->fd, .events = POLLIN};

	if (poll(&poll_fd, 1, 1) > 0)
		hear(raw);
}

static void
await(struct scan_raw *raw, uint32_t ms)
{
	uint64_t until = clock_monotonic_ns() + ms * CLOCK_MS_NS, now;

	while (raw->n_up && (now = clock_monotonic_ns()) < until) {
		struct pollfd poll_fd = {.fd = raw->fd, .events = POLLIN};
		if (poll(&poll_fd, 1, (int)((until - now) / CLOCK_MS_NS) + 1) > 0)
			hear(raw);
	}
}

bool
scan_raw_pass(struct scan_raw *raw, const uint16_t *ports, size_t n, enum port_state only,
	unsigned per_second, uint32_t ms)
{
	bool is_heard = true;
	size_t next = 0;

	raw->bucket_ns = clock_monotonic_ns();
	while (is_heard && next < n && !session_is_over(raw->session)) {
		unsigned most = may_leave(raw, per_second), n_now = 0;
		for (; next < n && n_now < most; next++) {
			uint16_t port = ports[next];
			if (raw->state[port] != only)
				continue;
			scan_question(raw->question[n_now++], &raw->asker, port);
			raw->is_up[port] = 1;
			raw->n_up++;
		}
		raw->bucket_ns += n_now * (CLOCK_SECOND_NS / per_second);
		if (n_now)
			is_heard = leave(raw, n_now);
		else if (next < n && !most)
			wait_for_more(raw);
	}
	await(raw, ms);
	for (size_t i = 0; i < next; i++)
		if (raw->is_up[ports[i]])
			land(raw, ports[i], is_heard ? PORT_SILENT : only);
	return is_heard;
}

/* --- the socket ----------------------------------------------------------------------------------------- */

/* What is left in the socket from another scan is not ours: nobody knows our key. */
static bool
begin(struct scan_raw *raw, const struct ip *to)
{
	int is_v4 = to->version == 4, on = 1;
	uint32_t chance[2];

	if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance)
		return false;
	raw->asker.to = *to;
	raw->asker.key = chance[0];
	if (socket_aim(raw->fd, to, &raw->asker.from))
		return false;
	for (uint32_t i = 0; i < PORT_TRIES && raw->reserved < 0; i++) {
		raw->asker.port =
			(uint16_t)(SCAN_PORT_FIRST + (chance[1] + i * 61) % SCAN_PORT_COUNT);
		raw->reserved = socket_reserve(&raw->asker.from, raw->asker.port);
	}
	/* Who refuses by ICMP is heard as well. */
	return raw->reserved >= 0 && !setsockopt(raw->fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6,
					     is_v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
}

struct scan_raw *
scan_raw_new(struct session *session, const struct ip *to, uint8_t *state)
{
	int fd = session_raw(session, to->version);

	if (fd < 0)
		return NULL;
	struct scan_raw *raw = must_alloc(1, sizeof *raw);
	raw->session = session;
	raw->state = state;
	raw->fd = fd;
	raw->reserved = -1;
	for (int i = 0; i < AT_ONCE; i++) {
		raw->question_iov[i] = (struct iovec){raw->question[i], SCAN_QUESTION_LEN};
		raw->answer_iov[i] = (struct iovec){raw->answer[i], ANSWER_MAX};
		raw->questions[i].msg_hdr =
			(struct msghdr){.msg_iov = &raw->question_iov[i], .msg_iovlen = 1};
		raw->answers[i].msg_hdr =
			(struct msghdr){.msg_iov = &raw->answer_iov[i], .msg_iovlen = 1};
	}
	if (begin(raw, to))
		return raw;
	scan_raw_free(raw);
	return NULL;
}

void
scan_raw_free(struct scan_raw *raw)
{
	if (raw && raw->reserved >= 0)
		close(raw->reserved);
	free(raw);
}
