/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include "check/http_form.h"
#include "check/http_text.h"

static struct http_reply
reply_of(const char *text)
{
	struct http_reply reply = {0};

	EXPECT(http_reply_parse(&reply, (const uint8_t *)text, strlen(text)));
	return reply;
}

TEST(an_answer_is_taken_apart_whatever_its_line_ends)
{
	char value[64], body[64];
	struct http_reply reply = reply_of("HTTP/1.1 401 No\r\nServer:  boa \r\nX: 1\r\n\r\nhi");

	EXPECT_INT(reply.status, 401);
	EXPECT(http_header(&reply, "server", value, sizeof value));
	EXPECT_STR(value, "boa");
	EXPECT(!http_header(&reply, "serve", value, sizeof value));
	http_body(&reply, body, sizeof body);
	EXPECT_STR(body, "hi");
	reply = reply_of("HTTP/1.0 200 OK\nA: b\n\nhi");
	http_body(&reply, body, sizeof body);
	EXPECT_STR(body, "hi");
	reply = reply_of("HTTP/1.0 200 OK\n\nhi");
	http_body(&reply, body, 2);
	EXPECT_STR(body, "h");
}

TEST(what_is_no_answer_is_not_taken_apart)
{
	static const char *const bad[] = {"", "HTTP/1.1 200", "HTTP/1.1 abc OK\r\n\r\n",
		"HTTP/1.1 999 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n", "SSH-2.0-x\r\n\r\n"};
	struct http_reply reply;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		EXPECT(!http_reply_parse(&reply, (const uint8_t *)bad[i], strlen(bad[i])));
}

static bool
is_whole(const char *text)
{
	return http_is_whole((const uint8_t *)text, strlen(text), NULL);
}

TEST(chunks_are_undone_and_an_answer_is_whole_at_its_last)
{
	static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				      "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
	struct http_reply reply = reply_of(chunked);
	char body[64];

	EXPECT_INT(http_body(&reply, body, sizeof body), 11);
	EXPECT_STR(body, "hello world");
	EXPECT_INT(http_body(&reply, body, 7), 6);
	EXPECT(is_whole(chunked));
	EXPECT(!is_whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"));
	EXPECT(!is_whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd"));
	EXPECT(is_whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"));
	EXPECT(!is_whole("HTTP/1.1 200 OK\r\n\r\nabcde"));
	EXPECT(is_whole("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"));
	/* A chunk that says it is larger than all there is. */
	reply = reply_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nab");
	EXPECT_INT(http_body(&reply, body, sizeof body), 2);
}

TEST(basic_and_digest_answer_as_their_rfcs_say)
{
	/* RFC 7617, section 2; RFC 7616 with MD5, computed apart. */
	char out[AUTHORIZATION_MAX];

	http_authorization(out, "Basic realm=\"x\"", "GET", "/", "Aladdin", "open sesame");
	EXPECT_STR(out, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
	http_authorization(out, "Digest realm=\"testrealm@host.com\", nonce=\"abc\"", "GET",
		"/dir/index.html", "Mufasa", "Circle Of Life");
	/* without qop: MD5(HA1:nonce:HA2) as in RFC 2069 */
	EXPECT(strstr(out, "response=\"1c65105f65ea4aa39d27f622d6e924b9\""));
	EXPECT(strstr(out, "username=\"Mufasa\""));
	EXPECT(!strstr(out, "qop"));
	http_authorization(out, "Negotiate", "GET", "/", "a", "b");
	EXPECT_STR(out, "");
}

TEST(the_form_with_a_password_is_found_among_others)
{
	struct http_form form;
	char filled[256];

	EXPECT(http_form_find(&form,
		"<!-- <form action=\"/old\"><input type=password name=old></form> -->"
		"<form action=/search><input name=q></form>"
		"<FORM METHOD=post ACTION='/goform/login'><input type=\"hidden\" name=\"token\" "
		"value=\"a b\"><INPUT NAME=u><input name='p' type='password'/>"
		"<input type=submit name=go value=Go></FORM>"));
	EXPECT_STR(form.action, "/goform/login");
	EXPECT(form.is_post && !form.is_json);
	EXPECT_STR(form.user, "u");
	EXPECT_STR(form.password, "p");
	http_form_fill(filled, sizeof filled, &form, "ad&min", "x y");
	EXPECT_STR(filled, "token=a%20b&go=Go&u=ad%26min&p=x%20y");
	EXPECT(!http_form_find(&form, "<form action=/search><input name=q></form>"));
	EXPECT(!http_form_find(&form, "<!-- <form><input type=password name=p></form>"));
	EXPECT(!http_form_find(&form, "<form><input type=password"));
}

TEST(a_form_that_is_longer_than_the_room_is_cut)
{
	struct http_form form = {.password = "p", .user = "u"};
	char filled[16];

	memset(form.extra, 'x', sizeof form.extra - 1);
	http_form_fill(filled, sizeof filled, &form, "root", "admin");
	EXPECT_INT(strlen(filled), sizeof filled - 1);
}

TEST(a_script_that_sends_both_fields_is_a_form_as_well)
{
	struct http_form form;
	char filled[128];

	EXPECT(http_form_find(&form,
		"<input id=u><input id=p type=password><button onclick=\"fetch('/api/login',"
		"{method:'POST',body:JSON.stringify({'user':u.value,'pass':p.value})})\">"));
	EXPECT(form.is_json);
	EXPECT_STR(form.action, "/api/login");
	http_form_fill(filled, sizeof filled, &form, "root", "admin");
	EXPECT_STR(filled, "{\"user\":\"root\",\"pass\":\"admin\"}");
}

/* --- files that nobody should get ----------------------------------------------------------------- */

#define OK "HTTP/1.0 200 OK\r\n\r\n"
static struct transcript *
file_that_says(const char *path, const char *body, const char *control)
{
	struct transcript *t = transcript_new(NULL);
	const char *control_path = strstr(path, "..") ? "/../../../../../../etc/pf-no-such-file"
						      : "/pf-no-such-file.cfg";

	tell_ports(t, "80");
	tell_end(t, "tcp-ports");
	TELL(t, "unauth-http", "begin");
	TELL(t, "unauth-http", "file", 1, 80, .note = path, .received = body);
	TELL(t, "unauth-http", "control", 1, 80, .note = control_path, .received = control);
	TELL(t, "unauth-http", "file", 2, 80, .note = path, .received = body);
	tell_end(t, "unauth-http");
	return t;
}
#define EXPECT_FILE(path, body, control, wanted)                                                   \
	do {                                                                                       \
		struct transcript *t_ = file_that_says(path, body, control);                       \
		EXPECT_VERDICT(verdict_of(t_, "unauth-http", "5.5-4"), wanted);                    \
		transcript_free(t_);                                                               \
	} while (0)

TEST(content_shows_a_leaked_file_and_not_a_status)
{
	static const char passwd[] = OK "root:x:0:0:root:/root:/bin/sh\n";
	static const char missing[] = "HTTP/1.0 404 Not Found\r\n\r\nno";

	EXPECT_FILE("/etc/passwd", passwd, missing, "FAIL");
	EXPECT_FILE("/config.xml", OK "<c><password>abc</password></c>", missing, "FAIL");
	EXPECT_FILE("/.git/config", OK "[core]\nrepositoryformatversion = 0\n", missing, "FAIL");
	/* the same page for everything: no file at all */
	EXPECT_FILE("/config.xml", OK "<html>Error: no config.xml</html>", OK "<html>Error</html>",
		"NFF");
	/* a login page speaks of passwords and gives none away */
	EXPECT_FILE("/config.xml", OK "<form>Password: <input type=password name=password></form>",
		OK "x", "NFF");
	EXPECT_FILE("/etc/passwd", "HTTP/1.0 302 Found\r\nLocation: /\r\n\r\nroot:x:0:0:", missing,
		"NFF");
	/* one that gives the table for every name has been told what to say */
	EXPECT_FILE("/etc/passwd", passwd, passwd, "INC");
}

TEST(a_file_outside_the_pages_fails_with_a_control_outside_of_them)
{
	static const char passwd[] = OK "root:x:0:0:root:/root:/bin/sh\n";

	EXPECT_FILE(
		"/..%2f..%2f..%2f..%2f..%2fetc/passwd", passwd, "HTTP/1.0 404 x\r\n\r\n", "FAIL");
	EXPECT(judged.finding[0].is_critical);
	EXPECT_STR(judged.finding[1].provision, "5.6-2");
}

TEST(an_exact_version_is_told_and_no_failure)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "22,80");
	TELL(t, "tcp-ports", "service", 1, 80, .sent = "GET",
		.received = "HTTP/1.0 200 OK\r\nServer: thttpd/2.25b\r\n\r\n");
	TELL(t, "tcp-ports", "service", 1, 22, .received = "SSH-2.0-Server\r\n");
	tell_end(t, "tcp-ports");
	TELL(t, "banners", "begin");
	tell_end(t, "banners");
	EXPECT_INC(verdict_of(t, "banners", "5.6-2"), "NO_IXIT");
	EXPECT_INT(judged.n, 1);
	EXPECT_INT(judged.finding[0].port, 80);
	transcript_free(t);
}

/* --- UPnP -------------------------------------------------------------------------------------------- */

static struct transcript *
gateway_that_says(const char *removal, const char *again, const char *control)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, "upnp-igd", "begin");
	TELL(t, "upnp-igd", "search", 1, 1900, 17, .received = "HTTP/1.1 200 OK\r\n\r\n");
	TELL(t, "upnp-igd", "control", 1, 5000, .received = control);
	TELL(t, "upnp-igd", "removal", 1, 5000, .received = removal);
	TELL(t, "upnp-igd", "removal", 2, 5000, .received = again);
	tell_end(t, "upnp-igd");
	return t;
}

TEST(who_would_have_removed_a_mapping_obeys_everybody)
{
	static const char none[] = "HTTP/1.1 500 E\r\n\r\n<errorCode>714</errorCode>";
	static const char refused[] = "HTTP/1.1 500 E\r\n\r\n<errorCode>606</errorCode>";
	static const char odd[] = "HTTP/1.1 500 E\r\n\r\n<errorCode>401</errorCode>";
	struct transcript *t = gateway_that_says(none, none, odd);

	EXPECT_VERDICT(verdict_of(t, "upnp-igd", "5.5-5"), "FAIL");
	transcript_free(t);
	t = gateway_that_says(refused, refused, odd);
	EXPECT_VERDICT(verdict_of(t, "upnp-igd", "5.5-5"), "NFF");
	transcript_free(t);
	t = gateway_that_says(none, refused, odd);
	EXPECT_INC(verdict_of(t, "upnp-igd", "5.5-5"), "NOT_REPRODUCED");
	transcript_free(t);
	t = gateway_that_says(none, none, "HTTP/1.1 200 OK\r\n\r\nfine");
	EXPECT_INC(verdict_of(t, "upnp-igd", "5.5-5"), "CONTROL_FAILED");
	transcript_free(t);
}
