/* SPDX-License-Identifier: Apache-2.0 */
#include "check/reset.h"

#include "base/auto.h"

#include "tale.h"

static const char before[] = "reset-before", after[] = "reset-after";

/* Of TLS 1.2: an identifier of so many bytes. */
static size_t
hello_1_2(uint8_t *out, uint8_t session_len)
{
	uint8_t body[256] = {3, 3}; /* version, then 32 bytes of chance */
	size_t n = 34;

	body[n++] = session_len;
	n += session_len;
	body[n++] = 0, body[n++] = 2, body[n++] = 0xc0, body[n++] = 0x2f; /* one cipher */
	body[n++] = 1, body[n++] = 0;                                     /* no compression */
	body[n++] = 0, body[n++] = 0;                                     /* no extensions */
	const uint8_t head[] = {
		22, 3, 1, 0, (uint8_t)(n + 4), /* record: handshake */
		1, 0, 0, (uint8_t)n,           /* ClientHello */
	};
	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, body, n);
	return sizeof head + n;
}

/* Of TLS 1.3: a session identifier that means nothing, and a ticket of this age, or none. */
static size_t
hello_1_3(uint8_t *out, bool has_ticket, uint8_t age)
{
	uint8_t ticket[] = {
		0,
		41,
		0,
		47, /* pre_shared_key */
		0,
		10,
		0,
		4,
		1,
		2,
		3,
		4, /* one identity of four bytes */
		0,
		0,
		0,
		age, /* its age, obfuscated */
		0,
		33,
		32, /* binders */
		[19 + 31] = 0,
	};
	static const uint8_t versions[] = {0, 43, 0, 3, 2, 3, 4};
	uint8_t body[256] = {3, 3};
	size_t n = 34, extensions = sizeof versions + (has_ticket ? sizeof ticket : 0);

	body[n++] = 32;
	n += 32;
	body[n++] = 0, body[n++] = 2, body[n++] = 0x13, body[n++] = 0x01;
	body[n++] = 1, body[n++] = 0;
	body[n++] = 0, body[n++] = (uint8_t)extensions;
	memcpy(body + n, versions, sizeof versions);
	n += sizeof versions;
	if (has_ticket) {
		memcpy(body + n, ticket, sizeof ticket);
		n += sizeof ticket;
	}
	const uint8_t head[] = {22, 3, 1, 0, (uint8_t)(n + 4), 1, 0, 0, (uint8_t)n};
	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, body, n);
	return sizeof head + n;
}

TEST(a_session_goes_on_by_an_identifier_or_a_ticket_with_an_age)
{
	uint8_t hello[400];

	EXPECT(reset_hello_resumes(reader_over(hello, hello_1_2(hello, 32))));
	EXPECT(!reset_hello_resumes(reader_over(hello, hello_1_2(hello, 0))));
	EXPECT(reset_hello_resumes(reader_over(hello, hello_1_3(hello, true, 7))));
	/* A key of the factory: it has no age (RFC 8446, section 4.2.11). */
	EXPECT(!reset_hello_resumes(reader_over(hello, hello_1_3(hello, true, 0))));
	EXPECT(!reset_hello_resumes(reader_over(hello, hello_1_3(hello, false, 0))));
}

TEST(half_a_hello_resumes_nothing)
{
	uint8_t hello[400];
	size_t n = hello_1_3(hello, true, 7);

	for (size_t i = 0; i < n; i++)
		EXPECT(!reset_hello_resumes(reader_over(hello, i)));
}

/* Over telnet: none, a wrong one, the owner's. */
static void
tell_canary(struct transcript *t, const char *check, uint32_t round, bool is_in, bool wrong_in)
{
	static const char yes[] = "login: admin\nPassword: \n# echo pin$((6*7))fold\npin42fold\n# ";
	static const char no[] = "login: admin\nPassword: \nLogin incorrect\nlogin: ";

	TELL(t, check, "canary none", round, 23, .received = no);
	TELL(t, check, "canary wrong", round, 23, .received = wrong_in ? yes : no);
	TELL(t, check, "canary", round, 23, .note = "user admin", .received = is_in ? yes : no);
}

static struct transcript *
begun(void)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "23");
	TELL(t, "tcp-ports", "service", 1, 23, .received = "\xff\xfd\x18login: ");
	TELL(t, "tcp-ports", "service", 2, 23, .received = "\xff\xfd\x18login: ");
	tell_end(t, "tcp-ports");
	TELL(t, before, "begin");
	return t;
}

static void
reset(struct transcript *t)
{
	tell_end(t, before);
	TELL(t, after, "begin");
	TELL(t, after, "left");
	TELL(t, after, "returned");
}

TEST(who_never_goes_away_was_reset_by_nobody)
{
	struct transcript *t = begun();

	tell_end(t, before);
	TELL(t, after, "begin");
	TELL(t, after, "not-left", .note = "600 s");
	tell_end(t, after);
	EXPECT_INC(verdict_of(t, after, "5.11-1"), "NO_OPERATOR");
	EXPECT_INC(verdict_of(t, after, "CRA-I2b"), "NO_OPERATOR");
	transcript_free(t);
}

TEST(who_does_not_come_back_is_not_judged)
{
	struct transcript *t = begun();

	tell_end(t, before);
	TELL(t, after, "begin");
	TELL(t, after, "left");
	TELL(t, after, "not-returned");
	tell_end(t, after);
	EXPECT_INC(verdict_of(t, after, "5.11-1"), "DEVICE_LOST");
	transcript_free(t);
}

TEST(a_password_of_the_owner_that_is_let_in_after_the_reset_is_residue)
{
	struct transcript *t = begun();

	tell_canary(t, before, 1, true, false);
	reset(t);
	tell_canary(t, after, 1, true, false);
	tell_canary(t, after, 2, true, false);
	tell_end(t, after);
	const struct finding *f = verdict_of(t, after, "5.11-1");
	EXPECT_VERDICT(f, "FAIL");
	EXPECT_INT(f->n_evidence, 3);
	EXPECT_VERDICT(verdict_of(t, after, "CRA-I2b"), "FAIL");
	transcript_free(t);
}

TEST(a_password_that_is_refused_after_the_reset_is_gone)
{
	struct transcript *t = begun();

	tell_canary(t, before, 1, true, false);
	reset(t);
	tell_canary(t, after, 1, false, false);
	tell_canary(t, after, 2, false, false);
	tell_end(t, after);
	EXPECT_VERDICT(verdict_of(t, after, "5.11-1"), "NFF");
	transcript_free(t);
}

TEST(who_lets_everybody_in_shows_nothing)
{
	struct transcript *t = begun();

	tell_canary(t, before, 1, true, true);
	reset(t);
	tell_canary(t, after, 1, true, true);
	tell_canary(t, after, 2, true, true);
	tell_end(t, after);
	EXPECT_INC(verdict_of(t, after, "5.11-1"), "NOT_SEEN");
	transcript_free(t);
}

TEST(where_nothing_was_left_behind_nothing_is_said_to_be_gone)
{
	struct transcript *t = begun();

	tell_canary(t, before, 1, false, false); /* nobody set it */
	reset(t);
	tell_canary(t, after, 1, false, false);
	tell_end(t, after);
	EXPECT_INC(verdict_of(t, after, "5.11-1"), "NOT_SEEN");
	transcript_free(t);
}

TEST(a_session_that_outlives_the_reset_is_residue)
{
	struct transcript *t = begun();
	uint8_t on[400], fresh[400];
	size_t n_on = hello_1_3(on, true, 9), n_fresh = hello_1_3(fresh, false, 0);

	TELL(t, before, "hello", 1, 443, .received = fresh, .n_received = n_fresh);
	reset(t);
	TELL(t, after, "hello", 1, 443, .received = on, .n_received = n_on);
	TELL(t, after, "hello", 2, 443, .received = on, .n_received = n_on);
	tell_end(t, after);
	const struct finding *f = verdict_of(t, after, "5.11-1");
	EXPECT_VERDICT(f, "FAIL");
	EXPECT_INT(f->n_evidence, 3);
	EXPECT_VERDICT(verdict_of(t, after, "CRA-I2b"), "FAIL");
	transcript_free(t);
}

TEST(one_hello_alone_or_one_who_always_resumes_is_no_proof)
{
	uint8_t on[400];
	size_t n_on = hello_1_3(on, true, 9);
	struct transcript *t = begun();

	reset(t);
	TELL(t, after, "hello", 1, 443, .received = on, .n_received = n_on);
	tell_end(t, after);
	EXPECT_INC(verdict_of(t, after, "5.11-1"), "NOT_REPRODUCED");
	transcript_free(t);
	t = begun();
	reset(t);
	TELL(t, after, "hello", 1, 443, .received = on, .n_received = n_on);
	TELL(t, after, "hello", 2, 443, .received = on, .n_received = n_on);
	tell_end(t, after);
	EXPECT_INC(verdict_of(t, after, "5.11-1"), "CONTROL_FAILED");
	transcript_free(t);
}

TEST(new_sessions_alone_are_no_residue)
{
	uint8_t fresh[400];
	size_t n_fresh = hello_1_3(fresh, false, 0);
	struct transcript *t = begun();

	reset(t);
	TELL(t, after, "hello", 1, 443, .received = fresh, .n_received = n_fresh);
	tell_end(t, after);
	EXPECT_VERDICT(verdict_of(t, after, "5.11-1"), "NFF");
	transcript_free(t);
}

/* --- a name, and doors ----------------------------------------------------------------------------- */

/* tell() says 1764547200 of every exchange: heard then is heard after it went away. */
static struct transcript *
named(const char *then, const char *now)
{
	struct transcript *t = begun();

	TELL(t, before, "host", .note = then);
	reset(t);
	TELL(t, after, "host", .note = now);
	return t;
}

TEST(a_name_that_its_owner_gave_and_that_outlives_the_reset_is_told_and_fails_nobody)
{
	struct transcript *t =
		named("1764547000 pinfold-canary", "1764547260 Pinfold-Canary.local");
	tell_end(t, after);
	const struct finding *f = verdict_of(t, after, "5.11-1");
	EXPECT_INC(f, "NOT_REPRODUCED");
	EXPECT_INT(f->n_evidence, 2);
	EXPECT(strstr(f->text, "'Pinfold-Canary.local'"));
	EXPECT_INC(verdict_of(t, after, "CRA-I2b"), "NOT_REPRODUCED");
	transcript_free(t);

	t = named("1764547000 pinfold-canary", "1764547260 cam-200");
	tell_end(t, after);
	EXPECT_VERDICT(verdict_of(t, after, "5.11-1"), "NFF");
	EXPECT_VERDICT(verdict_of(t, after, "CRA-I2b"), "NFF");
	transcript_free(t);
}

TEST(the_factorys_own_name_and_one_that_was_heard_before_the_reset_alone_show_nothing)
{
	static const char *const names[][2] = {
		{"1764547000 cam-200", "1764547260 cam-200"},
		{"1764547000 pinfold-canary", "1764547000 pinfold-canary"},
		{"odd", "1764547260 pinfold-canary"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct transcript *t = named(names[i][0], names[i][1]);
		tell_end(t, after);
		EXPECT_INC(verdict_of(t, after, "5.11-1"), "NOT_SEEN");
		transcript_free(t);
	}
}

TEST(a_port_that_is_open_only_after_the_reset_has_to_be_tested_as_well)
{
	struct transcript *t = begun();

	tell_canary(t, before, 1, true, false);
	reset(t);
	tell_canary(t, after, 1, false, false);
	TELL(t, after, "new", 1, 2323);
	TELL(t, after, "new", 2, 2323);
	TELL(t, after, "new", 1, 23); /* it was there before */
	tell_end(t, after);
	EXPECT_VERDICT(verdict_of(t, after, "5.11-1"), "NFF");
	const struct finding *f = verdict_of(t, after, "CRA-I2b");
	EXPECT_INC(f, "NO_OPERATOR");
	EXPECT(strstr(f->text, "port 2323 is open, which was not before"));
	EXPECT_INT(f->n_evidence, 2);
	transcript_free(t);
}
