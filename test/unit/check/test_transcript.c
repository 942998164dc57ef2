/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include <stdlib.h>

#include "base/auto.h"

static char *
written(struct transcript **out, size_t *len)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, len);
	struct transcript *t = transcript_new(file);
	uint8_t all[256];

	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	TELL(t, "tcp-ports", "begin", .note = "pace lab");
	TELL(t, "tcp-ports", "service", 1, 2323, .end = EXCHANGE_CLOSED, .note = "odd \\x22 text",
		.sent = all, .n_sent = sizeof all, .received = "x", .n_received = 1);
	TELL(t, "udp-services", "dns", 2, 53, 17, .end = EXCHANGE_SILENT, .sent = "ab");
	TELL(t, "tls-server", "version", 1, 443, .is_tls = true, .received = "abc");
	fclose(file);
	transcript_write_to(t, NULL);
	*out = t;
	return text;
}

static struct transcript *
read_text(const char *text, size_t len, struct fault *why)
{
	struct transcript *t = NULL;
	FILE *file = fmemopen((void *)(uintptr_t)text, len, "r");

	why->text[0] = '\0';
	if (transcript_read(file, &t, why))
		EXPECT(why->text[0]);
	fclose(file);
	return t;
}

static bool
is_read(const char *text)
{
	struct fault why;
	struct transcript *t = read_text(text, strlen(text), &why);

	transcript_free(t);
	return t != NULL;
}

TEST(what_was_written_is_read_again_byte_for_byte)
{
	struct transcript *t;
	struct fault why;
	size_t len, again_len;
	auto_free char *text = written(&t, &len);
	auto_free char *again_text = NULL;
	struct transcript *again = read_text(text, len, &why);

	EXPECT(again);
	EXPECT_INT(transcript_count(again), 4);
	FILE *file = open_memstream(&again_text, &again_len);
	struct transcript *copy = transcript_new(file);
	for (size_t i = 0; i < transcript_count(again); i++) {
		const struct exchange *one = transcript_at(t, i), *two = transcript_at(again, i);
		EXPECT_INT(one->n_sent, two->n_sent);
		EXPECT_INT(one->n_received, two->n_received);
		EXPECT_MEM(one->sent, two->sent, one->n_sent + one->n_received);
		EXPECT_STR(one->step, two->step);
		EXPECT_STR(one->note, two->note);
		EXPECT(ip_is_equal(&one->address, &two->address));
		EXPECT_INT(one->end, two->end);
		EXPECT_INT(one->proto, two->proto);
		transcript_add(copy, two);
	}
	fclose(file);
	EXPECT_INT(len, again_len);
	EXPECT_MEM(text, again_text, len);
	transcript_free(t);
	transcript_free(again);
	transcript_free(copy);
}

#define LINE(n, more)                                                                              \
	"{\"n\":" n ",\"utc\":1,\"at_us\":2,\"took_us\":3,\"check\":\"tcp-ports\",\"step\":\"x\"," \
	"\"round\":1" more "}\n"

TEST(a_transcript_of_a_stranger_is_read_strictly)
{
	EXPECT(is_read(LINE("1", "")));
	EXPECT(is_read(LINE("1", ",\"sent\":\"YWI=\"")));
	EXPECT(!is_read(LINE("2", "")));                      /* a line is missing */
	EXPECT(!is_read(LINE("1", "") LINE("1", "")));        /* a line is there twice */
	EXPECT(!is_read(LINE("1", ",\"more\":1")));           /* what nobody knows */
	EXPECT(!is_read(LINE("1", ",\"port\":70000")));       /* no port */
	EXPECT(!is_read(LINE("1", ",\"port\":-1")));          /* no port either */
	EXPECT(!is_read(LINE("1", ",\"proto\":\"sctp\"")));   /* not spoken */
	EXPECT(!is_read(LINE("1", ",\"end\":\"well\"")));     /* no such end */
	EXPECT(!is_read(LINE("1", ",\"address\":\"x\"")));    /* no address */
	EXPECT(!is_read(LINE("1", ",\"tls\":false")));        /* said by silence alone */
	EXPECT(!is_read(LINE("1", ",\"note\":\"\\u0007\""))); /* not printable */
	EXPECT(!is_read(LINE("1", ",\"sent\":\"YWI\"")));     /* base64 without its end */
	EXPECT(!is_read(LINE("1", ",\"sent\":\"YWJ=\"")));    /* two texts for the same bytes */
	EXPECT(!is_read(LINE("1", ",\"sent\":\"YW I=\"")));   /* blanks */
	EXPECT(!is_read(LINE("1", ",\"sent\":\"\"")));        /* nothing is said by silence */
	EXPECT(!is_read(LINE("1", ",\"n\":1")));              /* a member twice */
	EXPECT(!is_read("{\"n\":1}\n"));
	EXPECT(!is_read("[]\n"));
	EXPECT(!is_read("\n"));
}

TEST(half_a_line_is_no_line)
{
	struct transcript *t;
	struct fault why;
	size_t len;
	auto_free char *text = written(&t, &len);

	for (size_t cut = 1; cut < len; cut += 7) {
		struct transcript *part = read_text(text, cut, &why);
		EXPECT(!part || text[cut - 1] == '\n');
		transcript_free(part);
	}
	transcript_free(t);
}

TEST(a_full_disk_ends_the_transcript_and_says_so)
{
	char room[300];
	FILE *file = fmemopen(room, sizeof room, "w");
	struct transcript *t = transcript_new(file);
	struct exchange e = {.check = 0, .step = "begin"};

	setvbuf(file, NULL, _IONBF, 0);
	EXPECT(transcript_add(t, &e) == 1);
	EXPECT(!transcript_trouble(t));
	for (int i = 0; i < 10 && !transcript_trouble(t); i++)
		transcript_add(t, &e);
	EXPECT(transcript_trouble(t));
	EXPECT_INT(transcript_add(t, &e), 0);
	fclose(file);
	transcript_free(t);
}

TEST(more_than_is_kept_is_not_taken)
{
	static uint8_t bytes[EXCHANGE_BYTES_MAX + 1];
	struct transcript *t = transcript_new(NULL);
	struct exchange e = {.check = 0, .step = "x", .sent = bytes, .n_sent = sizeof bytes};

	EXPECT_INT(transcript_add(t, &e), 0);
	EXPECT(transcript_trouble(t));
	transcript_free(t);
	t = transcript_new(NULL);
	e.n_sent = EXCHANGE_BYTES_MAX;
	for (int i = 0; i < TRANSCRIPT_BYTES_MAX / EXCHANGE_BYTES_MAX; i++)
		EXPECT(transcript_add(t, &e));
	EXPECT_INT(transcript_add(t, &e), 0);
	transcript_free(t);
}

TEST(a_check_that_was_begun_anew_is_read_from_its_new_beginning)
{
	struct transcript *t = transcript_new(NULL);
	uint16_t check = check_named("tcp-ports");
	size_t from = 0;

	TELL(t, "tcp-ports", "begin");
	TELL(t, "tcp-ports", "service", 1, 80, .note = "old");
	TELL(t, "tcp-ports", "begin");
	TELL(t, "tcp-ports", "service", 1, 80, .note = "new");
	EXPECT_STR(transcript_next(t, &from, check, "service")->note, "new");
	EXPECT(!transcript_next(t, &from, check, "service"));
	transcript_free(t);
}
