/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include "base/auto.h"
#include "check/tls_offer.h"
#include "check/tls_server.h"
#include "check/udp_ask.h"

/* --- MQTT -------------------------------------------------------------------------------------------- */

static const uint8_t taken[] = {0x20, 2, 0, 0, 0x90, 3, 0, 1, 0}; /* CONNACK 0, SUBACK 0 */
static const uint8_t refused[] = {0x20, 2, 0, 5};                 /* CONNACK: not authorized */

static struct transcript *
broker(const uint8_t *one, size_t n_one, const uint8_t *two, size_t n_two, const uint8_t *control,
	size_t n_control)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "1883");
	tell_end(t, "tcp-ports");
	TELL(t, "mqtt-open", "begin");
	TELL(t, "mqtt-open", "connect", 1, 1883, .received = one, .n_received = n_one);
	TELL(t, "mqtt-open", "control", 1, 1883, .received = control, .n_received = n_control);
	TELL(t, "mqtt-open", "connect", 2, 1883, .received = two, .n_received = n_two);
	tell_end(t, "mqtt-open");
	return t;
}

TEST(a_broker_that_lets_anybody_listen_fails)
{
	struct transcript *t =
		broker(taken, sizeof taken, taken, sizeof taken, refused, sizeof refused);

	EXPECT_VERDICT(verdict_of(t, "mqtt-open", "5.5-4"), "FAIL");
	transcript_free(t);
	t = broker(refused, sizeof refused, refused, sizeof refused, refused, sizeof refused);
	EXPECT_VERDICT(verdict_of(t, "mqtt-open", "5.5-4"), "NFF");
	transcript_free(t);
	/* it takes a protocol that does not exist: it takes everything */
	t = broker(taken, sizeof taken, taken, sizeof taken, taken, sizeof taken);
	EXPECT_INC(verdict_of(t, "mqtt-open", "5.5-4"), "CONTROL_FAILED");
	transcript_free(t);
	/* connected, and may subscribe to nothing */
	t = broker(taken, 4, taken, 4, refused, sizeof refused);
	EXPECT_INC(verdict_of(t, "mqtt-open", "5.5-4"), "NOT_SEEN");
	transcript_free(t);
	/* a length that is not there */
	t = broker(taken, 3, taken, 3, refused, sizeof refused);
	EXPECT_INC(verdict_of(t, "mqtt-open", "5.5-4"), "TOOL_ERROR");
	transcript_free(t);
}

/* --- debug ports ---------------------------------------------------------------------------------------- */

TEST(a_debug_bridge_without_a_key_fails_and_one_with_a_key_does_not)
{
	static const char open[] = "CNXN\0\0\0\1\0\x10\0\0\4\0\0\0\0\0\0\0\0\0\0\0tv::";
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "5555");
	tell_end(t, "tcp-ports");
	TELL(t, "debug-ports", "begin");
	TELL(t, "debug-ports", "adb", 1, 5555, .received = open, .n_received = sizeof open);
	TELL(t, "debug-ports", "control", 1, 5555, .end = EXCHANGE_CLOSED);
	TELL(t, "debug-ports", "adb", 2, 5555, .received = open, .n_received = sizeof open);
	tell_end(t, "debug-ports");
	EXPECT_VERDICT(verdict_of(t, "debug-ports", "5.6-4A"), "FAIL");
	transcript_free(t);
	t = transcript_new(NULL);
	tell_ports(t, "5555");
	tell_end(t, "tcp-ports");
	TELL(t, "debug-ports", "begin");
	TELL(t, "debug-ports", "adb", 1, 5555, .received = "AUTH....................");
	tell_end(t, "debug-ports");
	EXPECT_VERDICT(verdict_of(t, "debug-ports", "5.6-4A"), "NA");
	transcript_free(t);
}

TEST(an_echo_server_is_no_shell)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "7");
	tell_end(t, "tcp-ports");
	TELL(t, "debug-ports", "begin");
	TELL(t, "debug-ports", "shell", 1, 7, .received = "\r\necho pin$((6*7))fold\r\n");
	tell_end(t, "debug-ports");
	EXPECT_VERDICT(verdict_of(t, "debug-ports", "5.6-4A"), "NA");
	transcript_free(t);
}

/* --- SNMP ------------------------------------------------------------------------------------------------- */

static const uint8_t response[] = {
	0x30, 41,                                            /* message */
	2, 1, 1,                                             /* version 2c */
	4, 6, 'p', 'u', 'b', 'l', 'i', 'c',                  /* community */
	0xa2, 28,                                            /* response */
	2, 4, 0x50, 0x46, 0x50, 0x46,                        /* request id */
	2, 1, 0, 2, 1, 0,                                    /* no error */
	0x30, 14, 0x30, 12, 6, 8, 0x2b, 6, 1, 2, 1, 1, 1, 0, /* sysDescr.0 */
	4, 0,                                                /* its value: an empty text */
};

TEST(a_response_of_snmp_is_decoded_whole_or_not_at_all)
{
	char text[32];
	uint8_t bad[sizeof response];

	EXPECT(snmp_text((struct bytes){response, sizeof response}, text, sizeof text));
	EXPECT_STR(text, "");
	for (size_t len = 0; len < sizeof response; len++)
		EXPECT(!snmp_text((struct bytes){response, len}, text, sizeof text));
	memcpy(bad, response, sizeof bad);
	bad[23] = 2; /* an error: noSuchName */
	EXPECT(!snmp_text((struct bytes){bad, sizeof bad}, text, sizeof text));
	bad[23] = 0;
	bad[1] = 0x84; /* a length of four bytes */
	EXPECT(!snmp_text((struct bytes){bad, sizeof bad}, text, sizeof text));
}

static struct transcript *
agent(bool answers_control)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, "snmp-public", "begin");
	TELL(t, "snmp-public", "community", 1, 161, 17, .note = "public", .received = response,
		.n_received = sizeof response);
	TELL(t, "snmp-public", "control", 1, 161, 17, .note = "none",
		.received = answers_control ? response : NULL,
		.n_received = answers_control ? sizeof response : 0);
	TELL(t, "snmp-public", "community", 2, 161, 17, .note = "public", .received = response,
		.n_received = sizeof response);
	tell_end(t, "snmp-public");
	return t;
}

TEST(a_community_of_every_book_fails_where_another_does_not_work)
{
	struct transcript *t = agent(false);

	EXPECT_VERDICT(verdict_of(t, "snmp-public", "5.1-1"), "FAIL");
	EXPECT_VERDICT(verdict_of(t, "snmp-public", "5.6-2"), "FAIL");
	transcript_free(t);
	t = agent(true);
	EXPECT_INC(verdict_of(t, "snmp-public", "5.1-1"), "CONTROL_FAILED");
	transcript_free(t);
}

/* --- CoAP -------------------------------------------------------------------------------------------------- */

TEST(a_question_of_coap_is_answered_by_its_number_and_token)
{
	uint8_t question[COAP_QUESTION_MAX];
	size_t len = coap_render(question, 0x5001, "a/temperature-of-it");
	struct bytes payload;
	static const uint8_t answer[] = {
		0x62, 0x45, 0x50, 0x01, 'p', 'f', 0xc1, 40, 0xff, 'o', 'n'};

	EXPECT_INT(len, 4 + 2 + 2 + 2 + 17);
	EXPECT_MEM(question + 6,
		"\xb1"
		"a\x0d\x04temperature-of-it",
		21);
	EXPECT_INT(coap_answer((struct bytes){answer, sizeof answer}, 0x5001, &payload), 0x45);
	EXPECT_INT(payload.len, 2);
	EXPECT_INT(coap_answer((struct bytes){answer, sizeof answer}, 0x5002, &payload), 0);
	EXPECT_INT(coap_answer((struct bytes){answer, 5}, 0x5001, &payload), 0);
	EXPECT_INT(coap_answer((struct bytes){answer, 7}, 0x5001, &payload), 0);
}

TEST(a_state_given_to_everybody_fails_unless_everything_is_given)
{
	static const uint8_t one[] = {0x62, 0x45, 0x50, 0x01, 'p', 'f', 0xff, 'o', 'n'};
	static const uint8_t two[] = {0x62, 0x45, 0x50, 0x02, 'p', 'f', 0xff, 'o', 'n'};
	static const uint8_t missing[] = {0x62, 0x84, 0x50, 0x01, 'p', 'f'};

	for (int is_odd = 0; is_odd < 2; is_odd++) {
		struct transcript *t = transcript_new(NULL);
		TELL(t, "coap-open", "begin");
		TELL(t, "coap-open", "list", 1, 5683, 17, .received = one,
			.n_received = sizeof one);
		TELL(t, "coap-open", "resource", 1, 5683, 17, .note = "lock", .received = one,
			.n_received = sizeof one);
		TELL(t, "coap-open", "control", 1, 5683, 17, .received = is_odd ? one : missing,
			.n_received = is_odd ? sizeof one : sizeof missing);
		TELL(t, "coap-open", "resource", 2, 5683, 17, .note = "lock", .received = two,
			.n_received = sizeof two);
		tell_end(t, "coap-open");
		EXPECT_VERDICT(verdict_of(t, "coap-open", "5.5-4"), is_odd ? "INC" : "FAIL");
		transcript_free(t);
	}
}

/* --- TLS ----------------------------------------------------------------------------------------------------- */

/* A ServerHello of this version and cipher, in one record. */
static size_t
server_hello(uint8_t out[static 64], uint16_t version, uint16_t cipher)
{
	const uint8_t head[] = {
		22, 3, 3, 0, 42, 2, 0, 0, 38, (uint8_t)(version >> 8), (uint8_t)version};

	memset(out, 0, 64);
	memcpy(out, head, sizeof head);
	out[44] = (uint8_t)(cipher >> 8);
	out[45] = (uint8_t)cipher;
	return 47;
}

TEST(a_server_hello_is_decoded_from_any_bytes)
{
	uint8_t hello[64], scratch[256];
	struct tls_answer answer;
	size_t len = server_hello(hello, 0x0301, 0x0005);

	EXPECT(tls_answer_parse(&answer, (struct bytes){hello, len}, scratch, sizeof scratch));
	EXPECT_INT(answer.version, 0x0301);
	EXPECT_INT(answer.cipher, 5);
	EXPECT(tls_cipher_weakness(answer.cipher));
	EXPECT(!tls_cipher_weakness(0x1301));
	for (size_t cut = 0; cut < len; cut++) {
		tls_answer_parse(&answer, (struct bytes){hello, cut}, scratch, sizeof scratch);
		EXPECT_INT(answer.version, 0);
	}
	static const uint8_t alert[] = {21, 3, 1, 0, 2, 2, 70};
	EXPECT(tls_answer_parse(
		&answer, (struct bytes){alert, sizeof alert}, scratch, sizeof scratch));
	EXPECT_INT(answer.alert, 70);
	EXPECT_INT(answer.version, 0);
}

TEST(a_client_hello_offers_exactly_what_it_was_told)
{
	static const uint16_t rc4[] = {0x0005, 0x0004};
	uint8_t out[TLS_OFFER_MAX];
	size_t len = tls_offer_render(out, &(struct tls_offer){0x0300, rc4, 2});

	EXPECT_INT(len, 5 + 4 + 2 + 32 + 1 + 2 + 4 + 2);
	EXPECT_INT(out[2], 0); /* SSL 3.0, and no extensions behind it */
	EXPECT_MEM(out + 44, "\0\4\0\5\0\4\1\0", 8);
	EXPECT_INT(out[4], len - 5);
	EXPECT(tls_offer_render(out, &(struct tls_offer){.version_max = 0x0304}) < TLS_OFFER_MAX);
}

static struct transcript *
server(uint16_t version, const char *name, uint16_t control)
{
	struct transcript *t = transcript_new(NULL);
	uint8_t hello[64], odd[64];
	static const uint8_t alert[] = {21, 3, 1, 0, 2, 2, 40};
	size_t len = server_hello(hello, version, 0x002f);

	server_hello(odd, 0x0303, control);
	tell_ports(t, "443");
	tell_end(t, "tcp-ports");
	TELL(t, "tls-server", "begin");
	TELL(t, "tls-server", "control", 1, 443, .received = control ? odd : alert,
		.n_received = control ? 47 : sizeof alert);
	for (uint32_t round = 1; round <= 2; round++)
		TELL(t, "tls-server", "version", round, 443, .note = name, .received = hello,
			.n_received = len);
	tell_end(t, "tls-server");
	return t;
}

TEST(a_server_that_agrees_to_an_old_version_fails)
{
	struct transcript *t = server(0x0301, "TLS 1.0", 0);

	EXPECT_VERDICT(verdict_of(t, "tls-server", "5.5-1"), "FAIL");
	transcript_free(t);
	/* asked for 1.0, it says 1.2: it did not agree */
	t = server(0x0303, "TLS 1.0", 0);
	EXPECT_INC(verdict_of(t, "tls-server", "5.5-1"), "TOOL_ERROR");
	transcript_free(t);
	t = server(0x0303, "TLS 1.2", 0);
	EXPECT_VERDICT(verdict_of(t, "tls-server", "5.5-1"), "NFF");
	transcript_free(t);
	/* it agrees to a cipher that does not exist */
	t = server(0x0301, "TLS 1.0", 0x7a01);
	EXPECT_INC(verdict_of(t, "tls-server", "5.5-1"), "CONTROL_FAILED");
	transcript_free(t);
}

/* --- odd input ------------------------------------------------------------------------------------------------ */

static struct transcript *
service(bool falls, bool falls_again)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "80");
	tell_end(t, "tcp-ports");
	TELL(t, "robustness", "begin");
	for (uint32_t round = 1; round <= 2; round++) {
		bool is_gone = round == 1 ? falls : falls_again;
		TELL(t, "robustness", "before", round, 80, .note = "bytes of nothing");
		TELL(t, "robustness", "odd", round, 80, .note = "bytes of nothing", .sent = "x");
		TELL(t, "robustness", "after", round, 80, .note = "bytes of nothing",
			.end = is_gone ? EXCHANGE_REFUSED : EXCHANGE_OPEN);
	}
	tell_end(t, "robustness");
	return t;
}

TEST(a_service_that_goes_away_twice_fails_and_once_is_chance)
{
	struct transcript *t = service(true, true);

	EXPECT_VERDICT(verdict_of(t, "robustness", "5.13-1B"), "FAIL");
	transcript_free(t);
	t = service(true, false);
	EXPECT_INC(verdict_of(t, "robustness", "5.13-1B"), "NOT_REPRODUCED");
	transcript_free(t);
	t = service(false, false);
	EXPECT_VERDICT(verdict_of(t, "robustness", "5.13-1B"), "NFF");
	transcript_free(t);
}

/* What follows the odd input in both rounds; before it, the service answers. */
static struct transcript *
answering(const enum exchange_end *ends, size_t n, const char *before)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "80");
	tell_end(t, "tcp-ports");
	TELL(t, "robustness", "begin");
	for (uint32_t round = 1; round <= 2; round++) {
		TELL(t, "robustness", "before", round, 80, .note = "x", .received = before,
			.end = before ? EXCHANGE_CLOSED : EXCHANGE_SILENT);
		TELL(t, "robustness", "odd", round, 80, .note = "x", .sent = "x");
		for (size_t i = 0; i < n; i++)
			TELL(t, "robustness", "after", round, 80, .note = "x", .end = ends[i],
				.received = ends[i] == EXCHANGE_OPEN ? "hello" : NULL);
		TELL(t, "robustness", "back", 1, 80, .note = "x", .received = "hello");
	}
	tell_end(t, "robustness");
	return t;
}
#define EXPECT_ANSWERING(before, wanted, ...)                                                      \
	do {                                                                                       \
		const enum exchange_end ends_[] = {__VA_ARGS__};                                   \
		struct transcript *t_ = answering(ends_, COUNT_OF(ends_), before);                 \
		EXPECT_VERDICT(verdict_of(t_, "robustness", "5.13-1B"), wanted);                   \
		transcript_free(t_);                                                               \
	} while (0)

TEST(one_that_takes_connections_and_answers_none_hangs)
{
	EXPECT_ANSWERING("hello", "FAIL", EXCHANGE_SILENT, EXCHANGE_SILENT);
	EXPECT_ANSWERING("hello", "FAIL", EXCHANGE_CLOSED, EXCHANGE_REFUSED);
	/* once is a packet that was lost */
	EXPECT_ANSWERING("hello", "NFF", EXCHANGE_SILENT, EXCHANGE_OPEN);
	/* who hangs up may count connections */
	EXPECT_ANSWERING("hello", "NFF", EXCHANGE_CLOSED, EXCHANGE_CLOSED, EXCHANGE_OPEN);
	EXPECT_ANSWERING(
		"hello", "NFF", EXCHANGE_SILENT, EXCHANGE_CLOSED, EXCHANGE_SILENT, EXCHANGE_OPEN);
	/* it did not answer before either: no control */
	EXPECT_ANSWERING(NULL, "INC", EXCHANGE_SILENT, EXCHANGE_SILENT);
}
