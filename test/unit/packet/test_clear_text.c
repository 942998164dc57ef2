/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/clear_text.h"

#include "bytes.h"

static bool
parse(struct clear_text *out, const char *text)
{
	struct reader r = reader_over(text, strlen(text));

	return clear_is_text(r) && clear_text_parse(out, r);
}

TEST(a_password_of_ftp_is_noticed_and_a_name_alone_is_not_one)
{
	struct clear_text c;

	EXPECT(parse(&c, "USER anna\r\n"));
	EXPECT_INT(c.kind, CLEAR_FTP);
	EXPECT(!c.has_credentials);
	EXPECT(parse(&c, "pass x\r\n"));
	EXPECT(c.has_credentials);
	EXPECT_BYTES(c.method, "pass");
	EXPECT(!parse(&c, "PASS\r\n")); /* nothing stands behind it */
	EXPECT(!parse(&c, "PASSWORD x\r\n"));
	EXPECT(!parse(&c, "PASS x")); /* no line */
}

TEST(a_stream_is_told_by_its_protocol_whoever_of_the_two_speaks)
{
	struct clear_text c;

	EXPECT(parse(&c, "DESCRIBE rtsp://10.0.0.9/live RTSP/1.0\r\nCSeq: 2\r\n\r\n"));
	EXPECT_INT(c.kind, CLEAR_RTSP);
	EXPECT(!c.is_answer && !c.has_credentials);
	EXPECT_BYTES(c.method, "DESCRIBE");
	EXPECT(parse(&c, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"));
	EXPECT(c.is_answer);
	EXPECT_BYTES(c.method, "200");
	EXPECT(parse(&c, "SETUP rtsp://h/ RTSP/1.0\r\nAuthorization: Digest user=\"a\"\r\n\r\n"));
	EXPECT(c.has_credentials);
	EXPECT_BYTES(c.scheme, "Digest");
}

TEST(a_telephone_that_registers_is_told_from_a_web_request)
{
	struct clear_text c;

	EXPECT(parse(&c, "REGISTER sip:pbx.example SIP/2.0\r\nTo: x\r\n\r\n"));
	EXPECT_INT(c.kind, CLEAR_SIP);
	EXPECT(!c.has_credentials);
	EXPECT(!parse(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	EXPECT(!parse(&c, "HTTP/1.1 200 OK\r\n\r\n"));
	EXPECT(!parse(&c, "RTSP/1.0\r\n"));
	EXPECT(!parse(&c, " RTSP/1.0\r\n"));
	EXPECT(!parse(&c, ""));
}

TEST(telnet_is_two_options_and_music_is_not)
{
	static const uint8_t telnet[] = {255, 251, 1, 255, 253, 3, 'x'};
	static const uint8_t music[] = {255, 251, 144, 100, 0, 0, 0};
	struct clear_text c;

	EXPECT(clear_is_telnet(OVER(telnet)));
	EXPECT(clear_text_parse(&c, OVER(telnet)));
	EXPECT_INT(c.kind, CLEAR_TELNET);
	EXPECT(!clear_is_telnet(OVER(music)));
	EXPECT(!clear_is_telnet(reader_over(telnet, 5)));
	EXPECT_STR(clear_kind_text(c.kind), "telnet");
	EXPECT_STR(clear_kind_text(200), "clear text");
}
