/* SPDX-License-Identifier: Apache-2.0 */
/* What speaks in lines: HTTP and SSDP. */
#include "packet/http.h"
#include "packet/line.h"
#include "packet/ssdp.h"

#include <stdio.h>

#include "bytes.h"

#define TEXT(text) reader_over((text), strlen(text))

TEST(a_line_ends_in_lf_or_cr_lf_and_half_a_line_is_none)
{
	struct reader r = TEXT("one\r\ntwo\n\r\nhalf");
	struct bytes line;

	EXPECT(line_next(&r, &line));
	EXPECT_BYTES(line, "one");
	EXPECT(line_next(&r, &line));
	EXPECT_BYTES(line, "two");
	EXPECT(line_next(&r, &line));
	EXPECT_INT(line.len, 0);
	EXPECT(!line_next(&r, &line));
	EXPECT_INT(reader_left(&r), 4);
}

TEST(a_header_is_a_name_without_blanks_and_a_value_without_outer_blanks)
{
	struct bytes name, value;
	struct bytes good = {.at = (const uint8_t *)"Host: \t a b \t", .len = 13};
	struct bytes folded = {.at = (const uint8_t *)" Host: a", .len = 8};
	struct bytes spaced = {.at = (const uint8_t *)"Host : a", .len = 8};
	struct bytes empty = {.at = (const uint8_t *)"Host:", .len = 5};

	EXPECT(line_header(good, &name, &value));
	EXPECT_BYTES(name, "Host");
	EXPECT_BYTES(value, "a b");
	EXPECT(!line_header(folded, &name, &value));
	EXPECT(!line_header(spaced, &name, &value));
	EXPECT(line_header(empty, &name, &value));
	EXPECT_INT(value.len, 0);
}

static const char request[] = "POST /api?x=1 HTTP/1.1\r\n"
			      "hOST: cloud.example\r\n"
			      "User-Agent: watch/2.0 (child)\r\n"
			      "Content-Type: application/json\r\n"
			      "Authorization: Basic c2VjcmV0\r\n"
			      "\r\nbody";

TEST(a_request_in_clear_text_shows_where_it_goes)
{
	struct http http;

	EXPECT(http_is_request(TEXT(request)));
	EXPECT(http_parse(&http, TEXT(request)));
	EXPECT_BYTES(http.method, "POST");
	EXPECT_BYTES(http.target, "/api?x=1");
	EXPECT_INT(http.minor, 1);
	EXPECT_BYTES(http.claimed_host, "cloud.example");
	EXPECT_BYTES(http.claimed_user_agent, "watch/2.0 (child)");
	EXPECT_BYTES(http.content_type, "application/json");
	EXPECT(!http.is_cut && !http.is_odd);
}

TEST(credentials_are_noticed_and_only_their_scheme_is_kept)
{
	struct http http;

	EXPECT(http_parse(&http, TEXT(request)));
	EXPECT(http.has_credentials);
	EXPECT_BYTES(http.scheme, "Basic");
	EXPECT(http_parse(&http, TEXT("GET / HTTP/1.1\r\nAuthorization: token\r\n\r\n")));
	EXPECT(http.has_credentials);
	EXPECT_INT(http.scheme.len, 0);
}

TEST(two_hosts_are_odd_and_the_first_one_counts)
{
	struct http http;

	EXPECT(http_parse(&http, TEXT("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")));
	EXPECT(http.is_odd);
	EXPECT_BYTES(http.claimed_host, "a");
}

TEST(what_only_begins_like_a_request_is_none)
{
	static const char *const bad[] = {"", "GET", "GET ", "get / HTTP/1.1\r\n\r\n", "G T /",
		"AB /", "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n", "HELO mail", "\x16\x03\x01",
		"GET up and go\r\n\r\n", "SSH-2.0-x\r\n", "GET  / HTTP/1.1\r\n\r\n"};
	struct http http;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		EXPECT(!http_parse(&http, TEXT(bad[i])));
	EXPECT(!http_parse(&http, TEXT("GET / HTTP/2.0\r\n\r\n")));
	EXPECT(!http_parse(&http, TEXT("GET / HTTP/1.x\r\n\r\n")));
	EXPECT(http_parse(&http, TEXT("CONNECT a.example:443 HTTP/1.1\r\n\r\n")));
	EXPECT(http_parse(&http, TEXT("OPTIONS * HTTP/1.0\r\n\r\n")));
}

TEST(a_head_of_too_many_lines_is_odd_and_not_read_for_ever)
{
	static char text[20 + 200 * 6 + 3];
	struct http http;
	size_t len = (size_t)sprintf(text, "GET / HTTP/1.1\r\n");

	for (int i = 0; i < 200; i++)
		len += (size_t)sprintf(text + len, "a: b\r\n");
	EXPECT(http_parse(&http, reader_over(text, len)));
	EXPECT(http.is_odd);
}

static bool
parse_http(struct reader r)
{
	struct http http;
	return http_parse(&http, r) && !http.is_cut;
}

TEST(a_head_is_whole_only_with_its_empty_line)
{
	/* with the empty line, and with one to four bytes of the body */
	EXPECT_INT(parse_at_every_length(parse_http, request, strlen(request)), 5);
}

static const char notify[] = "NOTIFY * HTTP/1.1\r\n"
			     "HOST: 239.255.255.250:1900\r\n"
			     "nt: upnp:rootdevice\r\n"
			     "NTS: ssdp:alive\r\n"
			     "USN: uuid:1::upnp:rootdevice\r\n"
			     "LOCATION: http://198.18.0.10:49152/desc.xml\r\n"
			     "SERVER: Linux/3.4 UPnP/1.0 tv/1.0\r\n"
			     "\r\n";

TEST(a_tv_that_announces_itself_gives_a_place_and_a_server)
{
	struct ssdp ssdp;

	EXPECT(ssdp_parse(&ssdp, TEXT(notify)));
	EXPECT_INT(ssdp.kind, SSDP_NOTIFY);
	EXPECT_BYTES(ssdp.notification_type, "upnp:rootdevice");
	EXPECT_BYTES(ssdp.unique_name, "uuid:1::upnp:rootdevice");
	EXPECT_BYTES(ssdp.claimed_location, "http://198.18.0.10:49152/desc.xml");
	EXPECT_BYTES(ssdp.claimed_server, "Linux/3.4 UPnP/1.0 tv/1.0");
	EXPECT(!ssdp.is_goodbye && !ssdp.is_cut);
}

TEST(a_search_a_reply_and_a_goodbye_are_told_apart)
{
	struct ssdp ssdp;

	EXPECT(ssdp_parse(&ssdp, TEXT("M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n")));
	EXPECT_INT(ssdp.kind, SSDP_SEARCH);
	EXPECT_BYTES(ssdp.search_target, "ssdp:all");
	EXPECT(ssdp_parse(&ssdp, TEXT("HTTP/1.1 200 OK\r\nST: x\r\n")));
	EXPECT_INT(ssdp.kind, SSDP_RESPONSE);
	EXPECT(ssdp.is_cut);
	EXPECT(ssdp_parse(&ssdp, TEXT("NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\n\r\n")));
	EXPECT(ssdp.is_goodbye);
	EXPECT(!ssdp_parse(&ssdp, TEXT("GET / HTTP/1.1\r\n\r\n")));
	EXPECT(!ssdp_parse(&ssdp, TEXT("NOTIFY")));
}

static bool
parse_ssdp(struct reader r)
{
	struct ssdp ssdp;
	return ssdp_parse(&ssdp, r) && !ssdp.is_cut;
}

TEST(an_announcement_without_its_empty_line_is_cut)
{
	EXPECT_INT(parse_at_every_length(parse_ssdp, notify, strlen(notify)), 1);
}
