/* SPDX-License-Identifier: Apache-2.0 */
/* Makers' sites, and what is asked of them: the test is the web. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/maker_web.h"
#include "check/session.h"
#include "tale.h"

#define POLICY                                                                                     \
	"<p>To report a vulnerability, write to security@maker.example. We acknowledge your "      \
	"report within 3 days and send you a status update every 14 days.</p>"
#define SUPPORT "<p>We provide security updates until 31 December 2031.</p>"

struct served {
	const char *url; /* behind "https://"; a last '*' is anything */
	unsigned status;
	const char *type, *body; /* body of a 3xx: where it leads */
};

static struct {
	const struct served *pages;
	size_t n;
	const char *control; /* what is answered to all others; NULL: 404 */
	const char *lost;    /* host that has no address */
	char asked[4000];
	unsigned n_asked;
	bool is_down;
} web;

static const struct served *
find(const char *url)
{
	for (size_t i = 0; i < web.n; i++) {
		size_t len = strlen(web.pages[i].url);
		bool is_any = web.pages[i].url[len - 1] == '*';
		if (is_any ? !strncmp(url, web.pages[i].url, len - 1)
			   : !strcmp(url, web.pages[i].url))
			return &web.pages[i];
	}
	return NULL;
}

static void
serve(struct message_page *page, int *fd, unsigned status, const char *type, const char *body)
{
	char head[300];
	bool is_moved = status >= 300 && status < 400;

	snprintf(head, sizeof head, "HTTP/1.1 %u X\r\n%s: %s\r\n\r\n", status,
		is_moved ? "Location" : "Content-Type", is_moved ? body : type);
	*fd = memfd_create("page", MFD_CLOEXEC);
	page->status = status;
	page->n_head = (uint32_t)strlen(head);
	page->n_body = is_moved ? 0 : (uint32_t)strlen(body);
	assert_true(write(*fd, head, page->n_head) == (ssize_t)page->n_head);
	assert_true(write(*fd, body, page->n_body) == (ssize_t)page->n_body);
	assert_true(ip_parse(&page->address, "198.18.4.1"));
}

static void
on_ask(const struct message_page_ask *asked, struct message_page *page, int *fd)
{
	const char *url = asked->url + strlen("https://");
	size_t len = strlen(web.asked);

	*fd = -1;
	*page = (struct message_page){.err = ERR_NOT_FOUND};
	if (asked->is_earlier)
		return;
	snprintf(web.asked + len, sizeof web.asked - len, "%s\n", url);
	web.n_asked++;
	if (web.is_down || (web.lost && !strncmp(url, web.lost, strlen(web.lost)))) {
		page->err = web.is_down ? ERR_TIMEOUT : ERR_NOT_FOUND;
		snprintf(page->why, sizeof page->why, "nobody is there");
		return;
	}
	page->err = ERR_OK;
	const struct served *found = find(url);
	if (found)
		serve(page, fd, found->status, found->type, found->body);
	else
		serve(page, fd, web.control ? 200 : 404, "text/html",
			web.control ? web.control : "<p>not found</p>");
}

static struct transcript *
crawl(const struct served *pages, size_t n, const char *url)
{
	struct session_target target = {
		.maker_basis = MAKER_NAMED, .page_ask = on_ask, .page_rest_ms = 1};
	struct transcript *t = transcript_new(NULL);

	web.pages = pages;
	web.n = n;
	web.asked[0] = '\0';
	web.n_asked = 0;
	snprintf(target.maker_url, sizeof target.maker_url, "%s", url);
	snprintf(target.model_hint, sizeof target.model_hint, "bulb");
	struct session *session = session_new(&target, PACE_LAB, CONSENT_PASSIVE, t);
	assert_true(session_run(session, check_named("maker-web")));
	assert_int_equal(session_packets(session), 0);
	session_free(session);
	return t;
}
#define CRAWL(pages, url) crawl(pages, sizeof pages / sizeof *pages, url)

static bool
was_asked(const char *url)
{
	char line[300];

	snprintf(line, sizeof line, "%s\n", url);
	const char *at = strstr(web.asked, line);
	return at && (at == web.asked || at[-1] == '\n');
}

TEST(a_good_maker_is_read_with_few_questions)
{
	static const struct served pages[] = {
		{"maker.example/", 200, "text/html; charset=utf-8",
			"<a href='/bulb.html'>The bulb</a> <a href='/about'>About</a>"},
		{"maker.example/.well-known/security.txt", 200, "text/plain",
			"Contact: mailto:security@maker.example\nExpires: 2099-01-01T00:00:00Z\n"
			"Policy: https://maker.example/policy\n"},
		{"maker.example/policy", 200, "text/html", POLICY},
		{"maker.example/bulb.html", 200, "text/html", SUPPORT},
	};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.2-1"), "PASS");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "PASS");
	EXPECT(!was_asked("maker.example/about")); /* nobody had to look there */
	EXPECT(web.n_asked < 20);
	transcript_free(t);
}

TEST(a_name_that_lives_at_www_alone_is_found_there)
{
	static const struct served pages[] = {
		{"www.maker.example/", 200, "text/html", POLICY SUPPORT}};

	web.lost = "maker.example";
	struct transcript *t = CRAWL(pages, "https://maker.example/");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.2-1"), "PASS");
	transcript_free(t);
	web.lost = NULL;
}

TEST(a_front_page_that_moves_within_the_site_is_followed)
{
	static const struct served pages[] = {
		{"maker.example/", 301, "", "https://www.maker.example/en/"},
		{"www.maker.example/en/", 200, "text/html", "<a href='../security'>Security</a>"},
		{"www.maker.example/security", 200, "text/html", POLICY SUPPORT},
	};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.2-1"), "PASS");
	EXPECT(was_asked("www.maker.example/.well-known/security.txt"));
	transcript_free(t);
}

TEST(no_other_site_is_asked_and_what_it_might_say_is_named)
{
	static const struct served pages[] = {
		{"maker.example/", 200, "text/html",
			"<a href='https://bugs.example/maker'>Vulnerability disclosure</a>"
			"<a href='https://news.example/'>News</a>"},
	};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	EXPECT(!strstr(web.asked, "bugs.example") && !strstr(web.asked, "news.example"));
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	EXPECT(strstr(verdict_of(t, "maker-web", "5.2-1")->text, "bugs.example"));
	transcript_free(t);
}

TEST(robots_txt_is_obeyed_and_a_refusal_is_no_failure)
{
	static const struct served pages[] = {
		{"maker.example/robots.txt", 200, "text/plain",
			"User-agent: *\nDisallow: /security\n"},
		{"maker.example/", 200, "text/html", "<a href='/security'>Security</a>"},
		{"maker.example/security", 200, "text/html", POLICY SUPPORT},
	};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	EXPECT(!was_asked("maker.example/security"));
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	transcript_free(t);
}

/* RFC 9309, 2.3.1.4: an answer of 5xx means that nothing may be looked at. */
TEST(a_site_whose_robots_txt_fails_is_left_alone)
{
	static const struct served pages[] = {{"maker.example/robots.txt", 503, "text/plain", ""},
		{"maker.example/", 200, "text/html", POLICY SUPPORT}};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	EXPECT_INT(web.n_asked, 1);
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "FAR_END_DOWN");
	transcript_free(t);
}

TEST(a_maze_without_end_is_left_and_that_is_said)
{
	static const struct served pages[] = {
		{"maker.example/", 200, "text/html", "<a href='/m/security-1'>Security</a>"},
		{"maker.example/m/*", 200, "text/html",
			"<a href='security-a/'>Security</a><a href='security-b/'>Security</a>"},
	};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	EXPECT(web.n_asked < 3 * MAKER_PAGES_MAX);
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "CRAWL_BUDGET");
	transcript_free(t);
}

TEST(redirects_in_a_circle_end)
{
	static const struct served pages[] = {
		{"maker.example/", 200, "text/html", "<a href='/security'>Security</a>"},
		{"maker.example/security", 302, "", "/a"},
		{"maker.example/a", 302, "", "/b"},
		{"maker.example/b", 302, "", "/security"},
	};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	EXPECT(web.n_asked < 60);
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "FAR_END_DOWN");
	transcript_free(t);
}

TEST(a_site_that_says_yes_to_everything_is_not_guessed_at)
{
	static const struct served pages[] = {
		{"maker.example/robots.txt", 200, "text/html", "<p>Welcome</p>"},
		{"maker.example/", 200, "text/html", "<p>Welcome</p>"}};

	web.control = "<p>Welcome</p>";
	struct transcript *t = CRAWL(pages, "https://maker.example/");
	EXPECT(!was_asked("maker.example/psirt"));
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "CONTROL_FAILED");
	transcript_free(t);
	web.control = NULL;
}

TEST(a_maker_with_nothing_to_say_fails_after_all_was_looked_at)
{
	static const struct served pages[] = {
		{"maker.example/", 200, "text/html",
			"<p>We make lamps, and we like them.</p><a href='/support'>Support</a>"},
		{"maker.example/support", 200, "text/html",
			"<p>Have you tried to switch it on?</p>"},
	};
	struct transcript *t = CRAWL(pages, "https://maker.example/");
	const struct finding *f = verdict_of(t, "maker-web", "5.2-1");

	EXPECT_VERDICT(f, "FAIL");
	EXPECT(f->n_tried && f->n_all >= f->n_tried);
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "FAIL");
	EXPECT(was_asked("maker.example/psirt")); /* the usual places were tried */
	transcript_free(t);
}

TEST(a_site_that_does_not_answer_fails_nobody)
{
	static const struct served pages[] = {{"maker.example/", 200, "text/html", POLICY}};

	web.is_down = true;
	struct transcript *t = CRAWL(pages, "https://maker.example/");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "FAR_END_DOWN");
	EXPECT_INT(web.n_asked, 1);
	transcript_free(t);
	web.is_down = false;
}

TEST(a_device_that_may_not_be_probed_is_asked_nothing)
{
	static const struct served pages[] = {{"maker.example/", 200, "text/html", POLICY}};
	struct transcript *t = CRAWL(pages, "https://maker.example/");

	for (size_t i = 0; i < transcript_count(t); i++)
		EXPECT(strcmp(transcript_at(t, i)->step, "alive") &&
			strcmp(transcript_at(t, i)->step, "silent"));
	transcript_free(t);
}
