/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_CHECK_TALE_H
#define PINFOLD_TEST_CHECK_TALE_H

/*
 * Transcripts written by hand: who was asked what, and what came back.  The
 * device is 192.168.77.11.
 */
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "test.h"

static inline uint16_t
check_named(const char *id)
{
	int check = check_find(id);
	assert_true(check >= 0);
	return (uint16_t)check;
}

struct told {
	const char *check, *step;
	uint32_t round;
	uint16_t port;
	uint8_t proto; /* 0: 6 where there is a port */
	enum exchange_end end;
	bool is_tls;
	const char *note;
	const void *sent, *received;
	size_t n_sent, n_received; /* 0: text */
};

static inline const struct exchange *
tell(struct transcript *transcript, struct told told)
{
	struct exchange e = {.check = check_named(told.check),
		.round = told.round,
		.port = told.port,
		.proto = told.proto  ? told.proto
			 : told.port ? 6
				     : 0,
		.end = (uint8_t)told.end,
		.is_tls = told.is_tls,
		.utc_s = 1764547200,
		.sent = told.sent,
		.received = told.received};

	if (e.proto)
		assert_true(ip_parse(&e.address, "192.168.77.11"));
	snprintf(e.step, sizeof e.step, "%s", told.step);
	snprintf(e.note, sizeof e.note, "%s", told.note ? told.note : "");
	e.n_sent = told.n_sent ? told.n_sent : told.sent ? strlen(told.sent) : 0;
	e.n_received = told.n_received ? told.n_received
		       : told.received ? strlen(told.received)
				       : 0;
	if (!e.end)
		e.end = EXCHANGE_OPEN;
	uint32_t number = transcript_add(transcript, &e);
	assert_true(number > 0);
	return transcript_at(transcript, number - 1);
}
#define TELL(transcript, ...) tell(transcript, (struct told){__VA_ARGS__})

/* All ports asked, these open: what tcp-ports leaves for the others. */
static inline void
tell_ports(struct transcript *t, const char *open)
{
	TELL(t, "tcp-ports", "begin");
	TELL(t, "tcp-ports", "alive");
	struct exchange e = {.check = check_named("tcp-ports"), .proto = 6, .end = EXCHANGE_OPEN};
	assert_true(ip_parse(&e.address, "192.168.77.11"));
	for (int i = 0; i < 2; i++) {
		const char *list = i ? open : "1-65535";
		snprintf(e.step, sizeof e.step, "%s", i ? "open" : "tried");
		e.received = (const uint8_t *)list;
		e.n_received = strlen(list);
		assert_true(transcript_add(t, &e) > 0);
	}
	TELL(t, "tcp-ports", "control", 1, 47123, .end = EXCHANGE_REFUSED);
}

static inline void
tell_end(struct transcript *t, const char *check)
{
	TELL(t, check, "end", .note = "complete");
}

static struct findings judged;

/* The first finding of this provision, after judging the check. */
static inline const struct finding *
verdict_of(const struct transcript *t, const char *check, const char *provision)
{
	judged.n = 0;
	check_judge(check_named(check), t, &judged);
	for (size_t i = 0; i < judged.n; i++)
		if (!strcmp(judged.finding[i].provision, provision))
			return &judged.finding[i];
	fail_msg("%s says nothing of %s", check, provision);
	return NULL;
}

#define EXPECT_VERDICT(finding, wanted)                                                            \
	EXPECT_STR(verdict_word_name((enum verdict_word)(finding)->word), wanted)
#define EXPECT_INC(finding, wanted)                                                                \
	do {                                                                                       \
		EXPECT_VERDICT(finding, "INC");                                                    \
		EXPECT_STR(inc_reason_name((enum inc_reason)(finding)->reason), wanted);           \
	} while (0)

#endif
