/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "check/scan_raw.h"

static struct scan_asker
asker(const char *from, const char *to)
{
	struct scan_asker asker = {.port = 64600, .key = 0x01020304};

	assert_true(ip_parse(&asker.from, from) && ip_parse(&asker.to, to));
	return asker;
}

static uint32_t
sum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

/* RFC 9293, section 3.1: with the pseudo header the sum of all words is all ones. */
static void
expect_sum(const struct scan_asker *a, const uint8_t *question, size_t address_len)
{
	uint32_t all = 6 + SCAN_QUESTION_LEN + sum(question, SCAN_QUESTION_LEN) +
		       sum(a->from.byte, address_len) + sum(a->to.byte, address_len);

	while (all >> 16)
		all = (all & 0xffff) + (all >> 16);
	EXPECT_INT(all, 0xffff);
}

TEST(a_question_is_a_syn_with_a_true_checksum)
{
	struct scan_asker v4 = asker("192.168.77.1", "192.168.77.11");
	struct scan_asker v6 = asker("fd77::1", "fd77::11");
	uint8_t q[SCAN_QUESTION_LEN];

	scan_question(q, &v4, 8080);
	EXPECT_INT(q[0] << 8 | q[1], 64600);
	EXPECT_INT(q[2] << 8 | q[3], 8080);
	EXPECT_INT(q[12], 0x60); /* six words of header */
	EXPECT_INT(q[13], 0x02); /* SYN */
	expect_sum(&v4, q, 4);
	for (uint32_t port = 1; port < PORT_COUNT; port += 977) {
		scan_question(q, &v6, (uint16_t)port);
		expect_sum(&v6, q, 16);
	}
}

/* From 192.168.77.11 port 8080, to the question of the asker above at that port. */
static const uint8_t answer[] = {
	0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, /* IPv4, TCP */
	192, 168, 77, 11, 192, 168, 77, 1,          /* from the device, to us */
	0x1f, 0x90, 0xfc, 0x58,                     /* 8080 to 64600 */
	0, 0, 0, 9,                                 /* its own number */
	0, 0, 0, 0,                                 /* what it acknowledges: set below */
	0x50, 0x12, 4, 0, 0, 0, 0, 0,               /* five words; SYN, ACK */
};
enum { SOURCE = 12, PORT = 22, ACK = 28, FLAGS = 33 };

static enum port_state
heard(const uint8_t *bytes, size_t len)
{
	struct scan_asker a = asker("192.168.77.1", "192.168.77.11");
	uint16_t port = 0;
	enum port_state state = scan_answer(&a, reader_over(bytes, len), &port);

	if (state != PORT_UNTRIED)
		EXPECT_INT(port, 8080);
	return state;
}

TEST(only_who_saw_the_question_answers_it)
{
	struct scan_asker a = asker("192.168.77.1", "192.168.77.11");
	uint8_t q[SCAN_QUESTION_LEN], b[sizeof answer];

	scan_question(q, &a, 8080);
	memcpy(b, answer, sizeof b);
	memcpy(b + ACK, q + 4, 4);
	EXPECT_INT(heard(b, sizeof b), PORT_UNTRIED); /* acknowledges not even the SYN */
	b[ACK + 3]++;
	EXPECT_INT(heard(b, sizeof b), PORT_OPEN);
	b[FLAGS] = 0x14;
	EXPECT_INT(heard(b, sizeof b), PORT_REFUSED);
	b[FLAGS] = 0x04; /* RST without ACK: anybody can say that */
	EXPECT_INT(heard(b, sizeof b), PORT_UNTRIED);
	b[FLAGS] = 0x10; /* neither */
	EXPECT_INT(heard(b, sizeof b), PORT_UNTRIED);
	b[FLAGS] = 0x12;
	for (size_t len = 0; len < sizeof b; len++)
		EXPECT_INT(heard(b, len), PORT_UNTRIED);
	b[PORT]++; /* another scan's */
	EXPECT_INT(heard(b, sizeof b), PORT_UNTRIED);
	b[PORT]--;
	b[SOURCE + 3]++; /* another device's */
	EXPECT_INT(heard(b, sizeof b), PORT_UNTRIED);
}
