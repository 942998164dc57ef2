/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include "check/scan.h"
#include "check/service.h"

static struct exchange
heard(const char *sent, const char *received)
{
	return (struct exchange){.sent = (const uint8_t *)sent,
		.received = (const uint8_t *)received,
		.n_sent = strlen(sent),
		.n_received = strlen(received)};
}
#define EXPECT_SERVICE(sent, received, wanted)                                                     \
	do {                                                                                       \
		struct exchange e_ = heard(sent, received);                                        \
		EXPECT_STR(service_name(service_of(&e_)), wanted);                                 \
	} while (0)

TEST(a_service_is_known_by_what_it_says)
{
	EXPECT_SERVICE("", "", "unknown");
	EXPECT_SERVICE("", "SSH-2.0-dropbear_2019.78\r\n", "SSH");
	EXPECT_SERVICE("", "220 FTP server ready\r\n", "FTP");
	EXPECT_SERVICE("SYST\r\n", "220 Bienvenue\r\n215 UNIX Type: L8\r\n", "FTP");
	EXPECT_SERVICE("SYST\r\n", "220 mail ESMTP\r\n500 what\r\n", "SMTP");
	EXPECT_SERVICE(
		"", "\xff\xfd\x01\xff\xfd\x1f\r\ncam login: ", "telnet"); /* DO ECHO, DO NAWS */
	EXPECT_SERVICE("", "\r\nHiCam login: ", "telnet");
	EXPECT_SERVICE("", "Benutzername: ", "telnet");
	EXPECT_SERVICE("", "BusyBox v1.12\r\n\r\n# ", "an open shell");
	EXPECT_SERVICE("GET / HTTP/1.1\r\n\r\n", "HTTP/1.0 401 no\r\n\r\n", "HTTP");
	EXPECT_SERVICE("GET / HTTP/1.1\r\n\r\n", "RTSP/1.0 400 Bad\r\n\r\n", "RTSP");
	EXPECT_SERVICE("CNXN....", "AUTH....", "ADB");
	EXPECT_SERVICE("\x16\x03\x01", "\x15\x03\x01\x01\x02\x02\x28", "TLS");
	EXPECT_SERVICE("", "hello, I am a clock\r\n", "something that talks");
}

TEST(lists_of_ports_say_exactly_which)
{
	static uint8_t ports[PORT_COUNT];
	char text[64];

	memset(ports, 0, sizeof ports);
	EXPECT_INT(scan_parse("1-3,22,65535", 12, ports, PORT_OPEN), 5);
	EXPECT_INT(scan_render(ports, PORT_OPEN, text, sizeof text), 5);
	EXPECT_STR(text, "1-3,22,65535");
	EXPECT_INT(scan_render(ports, PORT_OPEN, text, 7), 5); /* cut at a whole range */
	EXPECT_STR(text, "1-3,22");
	EXPECT_INT(scan_parse("", 0, ports, PORT_OPEN), 0);
	EXPECT_INT(scan_parse("0", 1, ports, PORT_OPEN), 0);
	EXPECT_INT(scan_parse("65536", 5, ports, PORT_OPEN), 0);
	EXPECT_INT(scan_parse("9-3", 3, ports, PORT_OPEN), 0);
	EXPECT_INT(scan_parse("1,,2", 4, ports, PORT_OPEN), 0);
	EXPECT_INT(scan_parse("1-", 2, ports, PORT_OPEN), 0);
}

TEST(every_port_is_asked_once_and_the_likely_ones_first)
{
	static uint16_t ports[PORT_COUNT];
	static bool has[PORT_COUNT];
	size_t few = scan_ports(ports, false), all = scan_ports(ports, true);

	EXPECT(few > 1024 && few <= 1500);
	EXPECT_INT(all, 65535);
	for (size_t i = 0; i < all; i++) {
		EXPECT(!has[ports[i]]);
		has[ports[i]] = true;
	}
	EXPECT(!has[0]);
}

static struct transcript *
telnet_at_2323(uint32_t rounds, enum exchange_end control)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "2323");
	if (control != EXCHANGE_REFUSED)
		TELL(t, "tcp-ports", "control", 1, 47124, .end = control);
	for (uint32_t round = 1; round <= rounds; round++)
		TELL(t, "tcp-ports", "service", round, 2323, .note = "listen",
			.received = "\xff\xfd\x01login: ");
	tell_end(t, "tcp-ports");
	return t;
}

TEST(telnet_that_is_open_fails_at_any_port)
{
	struct transcript *t = telnet_at_2323(2, EXCHANGE_REFUSED);
	const struct finding *f = verdict_of(t, "tcp-ports", "5.6-1");

	EXPECT_VERDICT(f, "FAIL");
	EXPECT_INT(f->port, 2323);
	EXPECT_INT(f->n_evidence, 3);
	EXPECT_VERDICT(verdict_of(t, "tcp-ports", "5.6-5"), "FAIL");
	transcript_free(t);
}

TEST(telnet_that_was_seen_once_is_not_called_a_failure)
{
	struct transcript *t = telnet_at_2323(1, EXCHANGE_REFUSED);

	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "NOT_REPRODUCED");
	transcript_free(t);
}

TEST(who_opens_every_port_is_not_called_a_failure)
{
	struct transcript *t = telnet_at_2323(2, EXCHANGE_OPEN);

	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "CONTROL_FAILED");
	transcript_free(t);
}

TEST(a_port_that_nobody_declared_is_no_failure_by_itself)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "80");
	TELL(t, "tcp-ports", "service", 1, 80, .note = "http", .sent = "GET",
		.received = "HTTP/1.0 200 OK\r\n\r\n");
	tell_end(t, "tcp-ports");
	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "NO_IXIT");
	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-5"), "NO_IXIT");
	transcript_free(t);
}

TEST(a_device_without_open_ports_is_clean_as_far_as_was_asked)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "");
	tell_end(t, "tcp-ports");
	const struct finding *f = verdict_of(t, "tcp-ports", "5.6-1");
	EXPECT_VERDICT(f, "NFF");
	EXPECT_INT(f->n_tried, 65535);
	transcript_free(t);
}

TEST(a_device_that_answers_nothing_is_not_called_clean)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, "tcp-ports", "begin");
	TELL(t, "tcp-ports", "silent");
	struct exchange e = {.check = check_named("tcp-ports"),
		.proto = 6,
		.step = "tried",
		.received = (const uint8_t *)"1-65535",
		.n_received = 7};
	transcript_add(t, &e);
	tell_end(t, "tcp-ports");
	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "DEVICE_LOST");
	TELL(t, "telnet-login", "begin");
	tell_end(t, "telnet-login");
	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "DEVICE_LOST");
	transcript_free(t);
}

TEST(tftp_fails_when_it_answers_twice_and_nothing_answers_beside_it)
{
	static const char error[] = "\0\5\0\1File not found";
	struct transcript *t = transcript_new(NULL);

	TELL(t, "udp-services", "begin");
	TELL(t, "udp-services", "control", 1, 46713, 17, .end = EXCHANGE_SILENT);
	TELL(t, "udp-services", "tftp", 1, 69, 17, .received = error, .n_received = sizeof error);
	TELL(t, "udp-services", "tftp", 2, 69, 17, .received = error, .n_received = sizeof error);
	tell_end(t, "udp-services");
	EXPECT_VERDICT(verdict_of(t, "udp-services", "5.6-1"), "FAIL");
	EXPECT_INC(verdict_of(t, "udp-services", "5.6-5"), "NO_IXIT");
	transcript_free(t);
}

TEST(who_echoes_every_datagram_is_no_service)
{
	struct transcript *t = transcript_new(NULL);
	static const uint8_t read[] = {
		0, 1, 'p', 'i', 'n', 'f', 'o', 'l', 'd', '-', 'n', 'o', 0, 'o'};

	TELL(t, "udp-services", "begin");
	TELL(t, "udp-services", "control", 1, 46713, 17, .received = read,
		.n_received = sizeof read);
	TELL(t, "udp-services", "tftp", 1, 69, 17, .received = read, .n_received = sizeof read);
	TELL(t, "udp-services", "dns", 1, 53, 17, .received = read, .n_received = sizeof read);
	tell_end(t, "udp-services");
	EXPECT_VERDICT(verdict_of(t, "udp-services", "5.6-1"), "NFF");
	transcript_free(t);
}

TEST(a_port_that_hangs_up_without_a_word_may_be_anything)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "23");
	TELL(t, "tcp-ports", "service", 1, 23, .note = "listen", .end = EXCHANGE_CLOSED);
	tell_end(t, "tcp-ports");
	TELL(t, "telnet-login", "begin");
	tell_end(t, "telnet-login");
	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "NOT_SEEN");
	transcript_free(t);
}
