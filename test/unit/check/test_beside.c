/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "check/beside.h"

static struct session *
session(struct transcript *transcript)
{
	struct session *session =
		session_new(&(struct session_target){0}, PACE_LAB, CONSENT_PROBE, transcript);

	session_begin(session, 0);
	return session;
}

static unsigned changed;

static void
tell(struct session *session, size_t i, void *arg)
{
	const char *words = arg;
	uint8_t bytes[100];

	memset(bytes, (int)i, sizeof bytes);
	changed++;
	session_rest(session, i % 2 ? 0 : 50); /* they end in another order */
	for (size_t k = 0; k <= i % 3; k++)
		session_record(session, &(struct exchange){.step = "job",
						.round = (uint32_t)(100 * i + k),
						.received = bytes,
						.n_received = sizeof bytes - k});
	session_note(session, "said", "%s", words);
	session_count(session, 7);
}

static void
run_beside(size_t at_once)
{
	struct transcript *own = transcript_new(NULL), *out[BESIDE_MAX];
	struct session *s = session(own);
	size_t n_own = transcript_count(own);
	char words[] = "hello";

	session_beside(s, BESIDE_MAX, at_once, tell, words, out);
	for (size_t i = 0; i < BESIDE_MAX; i++) {
		EXPECT_INT(transcript_count(out[i]), i % 3 + 2);
		for (size_t k = 0; k <= i % 3; k++) {
			const struct exchange *e = transcript_at(out[i], k);
			EXPECT_STR(e->step, "job");
			EXPECT_INT(e->round, 100 * i + k);
			EXPECT_INT(e->n_received, 100 - k);
			EXPECT_INT(e->received[99 - k], i);
		}
		EXPECT_STR(transcript_at(out[i], i % 3 + 1)->note, "hello");
		transcript_free(out[i]);
	}
	EXPECT_INT(transcript_count(own), n_own); /* nothing of it is in the session's own */
	EXPECT_INT(session_packets(s), 7 * BESIDE_MAX);
	/* Where all go at once, this process does the first; of the others it has no memory. */
	EXPECT_INT(changed, at_once == BESIDE_MAX);
	changed = 0;
	session_free(s);
	transcript_free(own);
}

TEST(jobs_beside_each_other_come_back_each_by_itself)
{
	run_beside(BESIDE_MAX);
	run_beside(5); /* the next when one has ended */
	run_beside(1);
}

static void
break_in_the_middle(struct session *session, size_t i, void *arg)
{
	session_note(session, "begun", "%zu", i);
	if (i == 1)
		_exit(3);
	if (i == 2)
		for (;;)
			pause(); /* who hangs is ended with the check's time */
	session_note(session, "ended", "%zu", i);
}

TEST(a_job_that_breaks_or_hangs_leaves_the_others)
{
	struct transcript *own = transcript_new(NULL), *out[4];
	struct session *s = session(own);
	uint64_t begun = clock_monotonic_ns();

	session_limit(s, 0);
	session_beside(s, 4, 4, break_in_the_middle, NULL, out);
	EXPECT((clock_monotonic_ns() - begun) / CLOCK_SECOND_NS < 30);
	EXPECT_INT(transcript_count(out[0]), 2);
	EXPECT_INT(transcript_count(out[1]), 0);
	EXPECT_INT(transcript_count(out[2]), 0);
	EXPECT_INT(transcript_count(out[3]), 2);
	for (size_t i = 0; i < 4; i++)
		transcript_free(out[i]);
	session_free(s);
	transcript_free(own);
}

static void
talk_without_end(struct session *session, size_t i, void *arg)
{
	static uint8_t bytes[EXCHANGE_BYTES_MAX];

	for (int k = 0; k < 64; k++)
		session_record(session,
			&(struct exchange){
				.step = "job", .received = bytes, .n_received = sizeof bytes});
}

TEST(what_a_job_says_is_bounded)
{
	struct transcript *own = transcript_new(NULL), *out[2];
	struct session *s = session(own);

	session_beside(s, 2, 1, talk_without_end, NULL, out);
	for (size_t i = 0; i < 2; i++) {
		EXPECT(transcript_count(out[i]) > 0);
		EXPECT(transcript_count(out[i]) < 17); /* a mebibyte */
		transcript_free(out[i]);
	}
	session_free(s);
	transcript_free(own);
}
