/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include <sys/mman.h>

#include "base/auto.h"
#include "check/credentials.h"
#include "check/login.h"

TEST(the_factory_logins_are_part_of_the_program)
{
	size_t n;
	const struct credential *list = credentials(&n);

	EXPECT_INT(n, 59);
	EXPECT_STR(list[0].user, "root");
	EXPECT_STR(list[0].password, "xc3511");
}

static enum login_result
said_by(const struct login_kind *kind, const char *note, const char *received)
{
	struct exchange e = {.end = EXCHANGE_OPEN,
		.n_sent = 6,
		.sent = (const uint8_t *)"root\r\n",
		.received = (const uint8_t *)received,
		.n_received = strlen(received)};

	snprintf(e.note, sizeof e.note, "%s", note);
	return kind->result(&e);
}
#define TELNET(received) said_by(&telnet_login_kind, "user root", received)

TEST(a_shell_shows_itself_by_what_it_computes)
{
	EXPECT_INT(TELNET("login: root\nPassword: \n# echo pin$((6*7))fold\npin42fold\n# "),
		LOGIN_YES);
	/* an echo of the question is no shell */
	EXPECT_INT(TELNET("login: root\nPassword: \necho pin$((6*7))fold\nlogin: "), LOGIN_NO);
	EXPECT_INT(TELNET("login: root\nPassword: \nLogin incorrect\nlogin: "), LOGIN_NO);
	/* no word that we know, and the same prompt again */
	EXPECT_INT(TELNET("Benutzer: root\nKennwort: \nFalsch!\nBenutzer: "), LOGIN_NO);
	EXPECT_INT(TELNET("login: root\nPassword: \nToo many tries, locked\n"), LOGIN_LOCKED);
	EXPECT_INT(TELNET(""), LOGIN_UNKNOWN);
	EXPECT_INT(said_by(&telnet_login_kind, "no login asked", "# echo\npin42fold\n# "),
		LOGIN_NOT_ASKED);
}

TEST(what_never_came_as_far_as_the_password_tells_nothing_of_it)
{
	static const char *const said[] = {
		"login: root\nlogin: ", "login: root\nPassword: ", "login: root\nno such user\n"};

	for (size_t i = 0; i < COUNT_OF(said); i++)
		EXPECT_INT(said_by(&telnet_login_kind, "user root, no password was asked for",
				   said[i]),
			LOGIN_UNKNOWN);
	/* it lets in by the name alone, or says that it is locked: that is clear */
	EXPECT_INT(said_by(&telnet_login_kind, "user root, no password was asked for",
			   "login: root\n# echo\npin42fold\n# "),
		LOGIN_YES);
	EXPECT_INT(said_by(&telnet_login_kind, "user root, no password was asked for",
			   "login: root\nAccount locked\n"),
		LOGIN_LOCKED);
}

TEST(telnets_own_commands_are_no_words)
{
	EXPECT_INT(TELNET("\xff\xfd\x01\xff\xfa\x18\x01\xff\xf0login: root\nPassword: \nLogin "
			  "incorrect\n"),
		LOGIN_NO);
	EXPECT_INT(TELNET("\xff"), LOGIN_NO); /* cut in the middle, and something was sent */
	EXPECT_INT(TELNET("\xff\xfa\x18"), LOGIN_UNKNOWN); /* a negotiation without end */
}

TEST(numbers_decide_over_ftp)
{
	const struct login_kind *ftp = &ftp_login_kind;

	EXPECT_INT(said_by(ftp, "", "220 x\r\n331 y\r\n230 in\r\n257 \"/\"\r\n"), LOGIN_YES);
	EXPECT_INT(said_by(ftp, "", "220-230 in\r\n220 x\r\n331 y\r\n530 no\r\n"), LOGIN_NO);
	EXPECT_INT(said_by(ftp, "", "220 x\r\n331 y\r\n421 gone\r\n"), LOGIN_LOCKED);
	EXPECT_INT(said_by(ftp, "", "220 x\r\n"), LOGIN_UNKNOWN);
	EXPECT_INT(said_by(ftp, "", "HTTP/1.0 200 OK\r\n"), LOGIN_UNKNOWN);
}

TEST(a_stream_is_open_when_it_is_described)
{
	const struct login_kind *rtsp = &rtsp_login_kind;
	static const char no[] = "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n";

	EXPECT_INT(said_by(rtsp, "user root", no), LOGIN_NO);
	EXPECT_INT(said_by(rtsp, "none", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nv=0"), LOGIN_NOT_ASKED);
	EXPECT_INT(said_by(rtsp, "user root",
			   "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n"
			   "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\nv=0"),
		LOGIN_YES);
}

TEST(a_web_login_is_shown_by_what_is_open_afterwards)
{
	const struct login_kind *http = &http_login_kind;
	static const char page[] = "HTTP/1.0 200 OK\r\n\r\n<h1>Live view</h1>";
	static const char form[] =
		"HTTP/1.0 200 OK\r\n\r\n<form><input type=password name=p></form>";
	static const char away[] = "HTTP/1.0 302 x\r\nLocation: /login.html\r\n\r\n";

	EXPECT_INT(said_by(http, "form user root", page), LOGIN_YES);
	EXPECT_INT(said_by(http, "form user root", form), LOGIN_NO);
	EXPECT_INT(said_by(http, "none", page), LOGIN_NOT_ASKED);
	EXPECT_INT(said_by(http, "form user root from /login.html", away), LOGIN_NO);
	EXPECT_INT(said_by(http, "form user root from /start.html", away), LOGIN_YES);
	EXPECT_INT(said_by(http, "basic user root", "HTTP/1.0 401 x\r\n\r\n"), LOGIN_NO);
	EXPECT_INT(said_by(http, "basic user root", "HTTP/1.0 429 x\r\n\r\n"), LOGIN_LOCKED);
	EXPECT_INT(said_by(http, "basic user root", "HTTP/1.0 500 x\r\n\r\n"), LOGIN_UNKNOWN);
}

/* --- the three requests ---------------------------------------------------------------------------- */

#define ASKS "login: x\nPassword: \nLogin incorrect\nlogin: "
#define IN   "login: x\nPassword: \n# echo\npin42fold\n# "

static struct transcript *
camera(void)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "23");
	tell_end(t, "tcp-ports");
	TELL(t, "telnet-login", "begin");
	TELL(t, "telnet-login", "login plan", 0, 23, .note = "59");
	return t;
}
static void
asked(struct transcript *t, const char *step, uint32_t round, const char *answer)
{
	TELL(t, "telnet-login", step, round, 23, .note = "user root", .sent = "root\r\n",
		.received = answer, .end = *answer ? EXCHANGE_OPEN : EXCHANGE_REFUSED);
}
static void
stopped(struct transcript *t, const char *why)
{
	TELL(t, "telnet-login", "login stop", 0, 23, .note = why);
}

TEST(a_factory_login_that_works_twice_and_nothing_else_does_fails)
{
	struct transcript *t = camera();

	asked(t, "login none", 1, ASKS);
	asked(t, "login wrong", 1, ASKS);
	asked(t, "login try", 1, ASKS);
	asked(t, "login try", 1, IN);
	asked(t, "login none", 2, ASKS);
	asked(t, "login wrong", 2, ASKS);
	asked(t, "login try", 2, IN);
	tell_end(t, "telnet-login");
	const struct finding *f = verdict_of(t, "telnet-login", "5.1-1");
	EXPECT_VERDICT(f, "FAIL");
	EXPECT(f->is_critical);
	EXPECT_INT(f->n_tried, 2);
	EXPECT_INT(f->n_all, 59);
	EXPECT(!strstr(f->text, "xc3511"));
	EXPECT_VERDICT(verdict_of(t, "telnet-login", "5.1-3"), "FAIL");
	transcript_free(t);
}

TEST(a_login_that_says_yes_to_anything_is_not_called_a_factory_login)
{
	struct transcript *t = camera();

	asked(t, "login none", 1, ASKS);
	asked(t, "login wrong", 1, IN);
	stopped(t, "yes to anything");
	tell_end(t, "telnet-login");
	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "CONTROL_FAILED");
	transcript_free(t);
	/* the second control says yes, after the hit */
	t = camera();
	asked(t, "login none", 1, ASKS);
	asked(t, "login wrong", 1, ASKS);
	asked(t, "login try", 1, IN);
	asked(t, "login wrong", 2, IN);
	asked(t, "login try", 2, IN);
	tell_end(t, "telnet-login");
	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "CONTROL_FAILED");
	transcript_free(t);
}

TEST(tries_beside_a_control_that_was_let_in_mean_nothing)
{
	static const char *const stops[] = {"yes to anything", "open"};

	for (size_t i = 0; i < COUNT_OF(stops); i++) {
		struct transcript *t = camera();
		asked(t, "login wrong", 1, i ? ASKS : IN);
		asked(t, "login none", 1, i ? IN : ASKS);
		asked(t, "login try", 1, IN);
		asked(t, "login try", 1, IN);
		stopped(t, stops[i]);
		tell_end(t, "telnet-login");
		EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "CONTROL_FAILED");
		transcript_free(t);
	}
}

TEST(a_hit_that_does_not_come_again_is_no_failure)
{
	struct transcript *t = camera();

	asked(t, "login none", 1, ASKS);
	asked(t, "login wrong", 1, ASKS);
	asked(t, "login try", 1, IN);
	asked(t, "login wrong", 2, ASKS);
	asked(t, "login try", 2, ASKS);
	tell_end(t, "telnet-login");
	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "NOT_REPRODUCED");
	transcript_free(t);
}

static struct transcript *
tried(unsigned n, const char *wrong_again, const char *stop)
{
	struct transcript *t = camera();

	asked(t, "login none", 1, ASKS);
	asked(t, "login wrong", 1, ASKS);
	for (unsigned i = 0; i < n; i++)
		asked(t, "login try", 1, ASKS);
	if (wrong_again)
		asked(t, "login wrong", 2, wrong_again);
	if (stop)
		stopped(t, stop);
	tell_end(t, "telnet-login");
	return t;
}

TEST(a_whole_list_that_fails_is_clean_and_less_is_said_with_its_count)
{
	struct transcript *t = tried(59, ASKS, NULL);
	const struct finding *f = verdict_of(t, "telnet-login", "5.1-1");

	EXPECT_VERDICT(f, "NFF");
	EXPECT_INT(f->n_tried, 59);
	transcript_free(t);
	t = tried(10, ASKS, "pace");
	f = verdict_of(t, "telnet-login", "5.1-1");
	EXPECT_INC(f, "FEWER_TRIED");
	EXPECT_INT(f->n_tried, 10);
	transcript_free(t);
}

TEST(one_that_locks_out_is_not_called_clean)
{
	struct transcript *t = tried(3, NULL, "locked");

	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "LOCKED_OUT");
	transcript_free(t);
	/* it locks without a word: the same wrong login is answered otherwise at the end */
	t = tried(59, "", NULL);
	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "LOCKED_OUT");
	transcript_free(t);
}

static void
refused_in(struct transcript *t, uint64_t took_us)
{
	struct exchange e = {.check = check_named("telnet-login"),
		.proto = 6,
		.port = 23,
		.round = 1,
		.end = EXCHANGE_OPEN,
		.step = "login try",
		.note = "user root",
		.n_sent = 6,
		.sent = (const uint8_t *)"root\r\n",
		.received = (const uint8_t *)ASKS,
		.n_received = strlen(ASKS),
		.took_us = took_us};

	assert_true(ip_parse(&e.address, "192.168.77.11"));
	EXPECT(transcript_add(t, &e));
}

TEST(one_that_refuses_in_haste_after_three_tries_may_have_locked_without_a_word)
{
	for (int slow_at = 0; slow_at < 2; slow_at++) {
		struct transcript *t = camera();
		asked(t, "login none", 1, ASKS);
		asked(t, "login wrong", 1, ASKS);
		for (int i = 0; i < 59; i++)
			refused_in(t, i < 3 || (slow_at && i == 40) ? 3000000 : 20000);
		asked(t, "login wrong", 2, ASKS);
		tell_end(t, "telnet-login");
		const struct finding *f = verdict_of(t, "telnet-login", "5.1-1");
		if (slow_at)
			EXPECT_VERDICT(f, "NFF");
		else
			EXPECT_INC(f, "LOCKED_OUT");
		transcript_free(t);
	}
}

TEST(a_try_in_vain_is_not_counted)
{
	struct transcript *t = tried(58, NULL, NULL);

	asked(t, "login busy", 1, "");
	asked(t, "login wrong", 2, ASKS);
	const struct finding *f = verdict_of(t, "telnet-login", "5.1-1");
	EXPECT_INC(f, "FEWER_TRIED");
	EXPECT_INT(f->n_tried, 58);
	transcript_free(t);
}

TEST(a_login_that_answers_nothing_clear_is_not_called_clean)
{
	struct transcript *t = camera();

	asked(t, "login none", 1, ASKS);
	asked(t, "login wrong", 1, ASKS);
	for (int i = 0; i < 59; i++)
		asked(t, "login try", 1, "");
	tell_end(t, "telnet-login");
	EXPECT_INC(verdict_of(t, "telnet-login", "5.1-1"), "TOOL_ERROR");
	transcript_free(t);
}

TEST(where_no_telnet_is_the_login_does_not_apply)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "80");
	tell_end(t, "tcp-ports");
	TELL(t, "telnet-login", "begin");
	tell_end(t, "telnet-login");
	EXPECT_VERDICT(verdict_of(t, "telnet-login", "5.1-1"), "NA");
	transcript_free(t);
}

/* --- beside each other ------------------------------------------------------------------------------- */

/* A server of SSH that lives in memory which all jobs share. */
static struct server {
	unsigned n_names;    /* that were tried in all */
	unsigned locks_from; /* 0: it locks nobody */
	unsigned patience;   /* tries over one connection */
	unsigned n_connections;
} * server;

static void
answer_login(struct session *session, const struct service_at *at,
	const struct credential *credential, const char *step, uint32_t round)
{
	unsigned n = credential ? __atomic_add_fetch(&server->n_names, 1, __ATOMIC_SEQ_CST) : 0;
	bool is_locked = server->locks_from && n > server->locks_from;
	const char *said = is_locked ? "locked" : "no";
	struct exchange e = {.proto = 6,
		.address = at->address,
		.port = at->port,
		.round = round,
		.end = EXCHANGE_OPEN,
		.received = (const uint8_t *)said,
		.n_received = strlen(said)};

	snprintf(e.step, sizeof e.step, "%s", step);
	snprintf(e.note, sizeof e.note, "user %s", credential ? credential->user : "");
	session_record(session, &e);
}

static void
answer_together(struct session *session, const struct service_at *at,
	const struct credential *const *credential, size_t n, const char *step, uint32_t round)
{
	__atomic_add_fetch(&server->n_connections, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < n && i < server->patience; i++) {
		EXPECT_STR(credential[i]->user, credential[0]->user);
		answer_login(session, at, credential[i], step, round);
	}
}

static void
answer_alone(struct session *session, const struct service_at *at,
	const struct credential *credential, const char *step, uint32_t round)
{
	__atomic_add_fetch(&server->n_connections, 1, __ATOMIC_SEQ_CST);
	answer_login(session, at, credential, step, round);
}

static enum login_result
result_in_words(const struct exchange *e)
{
	return memmem(e->received, e->n_received, "locked", 6) ? LOGIN_LOCKED : LOGIN_NO;
}

static const struct login_kind kind_in_memory = {.name = "a server",
	.service = SERVICE_TELNET,
	.try = answer_alone,
	.try_together = answer_together,
	.at_once = 4,
	.result = result_in_words};

static size_t
count_of(const struct transcript *t, const char *step, uint32_t round)
{
	const struct exchange *e;
	size_t from = 0, n = 0;

	while ((e = transcript_next(t, &from, check_named("telnet-login"), step)))
		n += e->round == round;
	return n;
}

static struct transcript *
probed(struct server how)
{
	struct transcript *t = transcript_new(NULL);
	struct session *session =
		session_new(&(struct session_target){0}, PACE_LAB, CONSENT_PROBE, t);

	server = mmap(
		NULL, sizeof *server, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(server != MAP_FAILED);
	*server = how;
	tell_ports(t, "23");
	TELL(t, "tcp-ports", "service", 1, 23, .received = "login: ");
	tell_end(t, "tcp-ports");
	session_begin(session, check_named("telnet-login"));
	login_probe(session, &kind_in_memory);
	session_end(session);
	session_free(session);
	return t;
}

TEST(each_login_is_tried_once_however_soon_a_server_hangs_up)
{
	static const unsigned patience[] = {1, 3, 100};

	for (size_t i = 0; i < COUNT_OF(patience); i++) {
		struct transcript *t = probed((struct server){.patience = patience[i]});
		EXPECT_INT(count_of(t, "login try", 1), 59);
		EXPECT_INT(count_of(t, "login none", 1), 1);
		EXPECT_INT(count_of(t, "login wrong", 1), 1);
		EXPECT(count_of(t, "login wrong", 2) >= 1);
		EXPECT_INT(count_of(t, "login stop", 0), 0);
		if (patience[i] == 100)
			EXPECT(server->n_connections < 45); /* 62 tries */
		munmap(server, sizeof *server);
		transcript_free(t);
	}
}

TEST(one_that_locks_after_three_is_found_before_the_rest_is_tried)
{
	struct transcript *t = probed((struct server){.patience = 100, .locks_from = 3});

	EXPECT_INT(count_of(t, "login stop", 0), 1);
	EXPECT(server->n_names <= 6); /* the four of the first go, and whether it is so */
	EXPECT(count_of(t, "login try", 1) <= 4);
	munmap(server, sizeof *server);
	transcript_free(t);
}

/* --- guessing ------------------------------------------------------------------------------------------ */

static void
guess(struct transcript *t, const char *step, uint32_t round, uint64_t took_us, const char *answer)
{
	struct exchange e = {.check = check_named("login-throttle"),
		.proto = 6,
		.port = 23,
		.round = round,
		.end = EXCHANGE_OPEN,
		.n_sent = 6,
		.sent = (const uint8_t *)"root\r\n",
		.received = (const uint8_t *)answer,
		.n_received = strlen(answer),
		.took_us = took_us};

	snprintf(e.step, sizeof e.step, "%s", step);
	assert_true(ip_parse(&e.address, "192.168.77.11"));
	EXPECT(transcript_add(t, &e));
}

/* right: what the login that is known to be right is answered after each series; NULL: none is. */
static struct transcript *
guessed(unsigned one, unsigned two, bool slows, const char *last, const char *right)
{
	struct transcript *t = transcript_new(NULL);

	tell_ports(t, "23");
	TELL(t, "tcp-ports", "service", 1, 23, .received = "login: ");
	tell_end(t, "tcp-ports");
	TELL(t, "login-throttle", "begin");
	for (unsigned i = 0; i < one + two; i++) {
		if (i == one && right)
			guess(t, "right", 1, 1000, right);
		guess(t, "guess", i < one ? 1 : 2, slows ? (i + 1) * 500000 : 300000,
			i + 1 == one + two && last ? last : ASKS);
	}
	if (right)
		guess(t, "right", two ? 2 : 1, 1000, right);
	tell_end(t, "login-throttle");
	return t;
}
#define EXPECT_GUESSED(one, two, slows, last, right, wanted)                                       \
	do {                                                                                       \
		struct transcript *t_ = guessed(one, two, slows, last, right);                     \
		EXPECT_VERDICT(verdict_of(t_, "login-throttle", "5.1-5"), wanted);                 \
		transcript_free(t_);                                                               \
	} while (0)

TEST(fifty_wrong_logins_twice_at_one_speed_and_then_the_right_one_are_a_failure)
{
	EXPECT_GUESSED(50, 50, false, NULL, IN, "FAIL");
	EXPECT_GUESSED(50, 20, false, NULL, IN, "INC");   /* not shown twice */
	EXPECT_GUESSED(50, 50, false, NULL, ASKS, "NFF"); /* it locks without a word */
	EXPECT_GUESSED(50, 0, true, NULL, NULL, "NFF");   /* it slows down */
	EXPECT_GUESSED(6, 0, false, "locked", NULL, "NFF");
	EXPECT_GUESSED(1, 0, false, "", NULL, "INC");
}

TEST(without_a_login_that_is_known_to_be_right_a_person_must_try)
{
	struct transcript *t = guessed(50, 0, false, NULL, NULL);

	EXPECT_INC(verdict_of(t, "login-throttle", "5.1-5"), "NO_OPERATOR");
	transcript_free(t);
}

TEST(the_factory_login_that_worked_is_known_by_its_place_in_the_list)
{
	struct transcript *t = camera();
	struct ip ip;
	size_t n;

	EXPECT(ip_parse(&ip, "192.168.77.11"));
	asked(t, "login try", 1, ASKS);
	asked(t, "login try", 1, IN);
	EXPECT(!login_known(t, "telnet-login", &ip, 23));
	TELL(t, "telnet-login", "login hit", 0, 23, .proto = 6, .note = "1");
	EXPECT(login_known(t, "telnet-login", &ip, 23) == &credentials(&n)[1]);
	EXPECT(!login_known(t, "telnet-login", &ip, 24));
	transcript_free(t);
	t = camera(); /* no place of the list */
	TELL(t, "telnet-login", "login hit", 0, 23, .proto = 6, .note = "59");
	EXPECT(!login_known(t, "telnet-login", &ip, 23));
	transcript_free(t);
}
