/* SPDX-License-Identifier: Apache-2.0 */
/* Makers and their pages, as they were fetched, and what follows from them. */
#include <stdlib.h>

#include "check/maker_web.h"
#include "tale.h"

#define SITE "https://www.maker.example"
#define POLICY_TEXT                                                                                \
	"<h1>Report a vulnerability</h1><p>To report a vulnerability in any of our products, "     \
	"write to security@maker.example.</p><p>We acknowledge your report within 3 days. "        \
	"We send you a status update every 14 days until it is resolved.</p>"
#define SUPPORT_TEXT                                                                               \
	"<h1>Updates</h1><p>We provide security updates for the Bulb 2 until 31 December "         \
	"2031.</p>"
#define TXT "Contact: mailto:security@maker.example\nExpires: 2026-06-01T00:00:00Z\n"

static struct transcript *
maker(const char *basis)
{
	struct transcript *t = transcript_new(NULL);
	static char note[120];

	TELL(t, "maker-web", "begin");
	snprintf(note, sizeof note, "%s " SITE "/", basis);
	TELL(t, "maker-web", "maker", .note = note, .received = "Bulb 2");
	return t;
}

/* One answer of this round. */
static const struct exchange *
answers(struct transcript *t, uint32_t round, const char *step, const char *path, unsigned status,
	const char *type, const char *body)
{
	static char note[200], text[40000];

	snprintf(note, sizeof note, SITE "%s", path);
	snprintf(text, sizeof text, "HTTP/1.1 %u X\r\nContent-Type: %s\r\n\r\n%s", status, type,
		body);
	return TELL(
		t, "maker-web", step, round, 443, .is_tls = true, .note = note, .received = text);
}

static void
page(struct transcript *t, uint32_t round, const char *path, const char *body)
{
	answers(t, round, "page", path, 200, "text/html", body);
}

/* Front page, a page that cannot be, no security.txt. */
static void
usual(struct transcript *t, uint32_t round)
{
	answers(t, round, "front", "/", 200, "text/html",
		"<h1>Maker</h1><p>We make the lamps that you like, in all the colours.</p>");
	answers(t, round, "control", round == 1 ? "/no-such-page-1" : "/no-such-page-2", 404,
		"text/html", "not found");
	answers(t, round, "security-txt", "/.well-known/security.txt", 404, "text/html",
		"not found");
}

static void
ends(struct transcript *t, const char *left)
{
	TELL(t, "maker-web", "left", .note = left);
	TELL(t, "maker-web", "again", .note = "9 pages");
	tell_end(t, "maker-web");
}

static struct transcript *
two_rounds(const char *basis, const char *policy, const char *support)
{
	struct transcript *t = maker(basis);

	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		if (policy)
			page(t, round, "/security", policy);
		if (support)
			page(t, round, "/updates", support);
	}
	ends(t, "likely 0 other 3 pages 5");
	return t;
}

TEST(a_maker_who_says_whom_when_and_until_when_passes)
{
	struct transcript *t = two_rounds("named", POLICY_TEXT, SUPPORT_TEXT);
	const struct finding *f = verdict_of(t, "maker-web", "5.2-1");

	EXPECT_VERDICT(f, "PASS");
	EXPECT_STR(f->text, "maker.example: contact security@maker.example, acknowledged within 3 "
			    "days, status every 14 days");
	EXPECT(f->n_evidence >= 2 && !f->port && !f->address.version);
	EXPECT_VERDICT(verdict_of(t, "maker-web", "PSTI-2.2"), "PASS");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "PASS");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "CRA-13.17"), "PASS");
	EXPECT_INC(verdict_of(t, "maker-web", "CRA-13.19"), "NO_OPERATOR");
	EXPECT_INC(verdict_of(t, "maker-web", "PSTI-3.6"), "NOT_SEEN");
	transcript_free(t);
}

/* The end of support on one page, and a page of sale beside it. */
static struct transcript *
with_offer(const char *offer)
{
	struct transcript *t = maker("named");

	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		page(t, round, "/updates", SUPPORT_TEXT);
		page(t, round, "/shop/bulb-2", offer);
	}
	ends(t, "likely 0 other 3 pages 6");
	return t;
}

TEST(whether_the_end_of_support_stands_out_where_it_is_sold_is_left_to_a_person_with_what_was_seen)
{
	struct transcript *t = two_rounds("named", POLICY_TEXT, SUPPORT_TEXT);
	const struct finding *f = verdict_of(t, "maker-web", "PSTI-3.5");

	EXPECT_INC(f, "NOT_SEEN");
	EXPECT(strstr(f->text, "no page with a price was read"));
	transcript_free(t);

	t = with_offer("<h1>Bulb 2</h1><p>It is the lamp for the hall. Price: 19.90. Add to "
		       "cart.</p>");
	f = verdict_of(t, "maker-web", "PSTI-3.5");
	EXPECT_INC(f, "NO_OPERATOR");
	EXPECT(strstr(f->text, "/shop/bulb-2 has a price and no end of support"));
	EXPECT_INT(f->n_evidence, 2);
	transcript_free(t);

	t = with_offer("<h1>Bulb 2</h1><p>It is the lamp for the hall, and it is the best of the "
		       "lamps that we have. Price: 19.90. Add to cart.</p>" SUPPORT_TEXT);
	f = verdict_of(t, "maker-web", "PSTI-3.5");
	EXPECT_INC(f, "NO_OPERATOR");
	EXPECT(strstr(f->text, "/shop/bulb-2 says it beside a price, behind "));
	EXPECT(!strstr(f->text, "behind 0 %"));
	transcript_free(t);
}

TEST(a_maker_who_says_nothing_anywhere_fails_with_evidence)
{
	struct transcript *t = two_rounds("named", NULL, NULL);
	const struct finding *f = verdict_of(t, "maker-web", "5.2-1");

	EXPECT_VERDICT(f, "FAIL");
	EXPECT_INT(f->n_evidence, 3); /* front page twice, and the page that cannot be */
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "FAIL");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "PSTI-2.2"), "FAIL");
	transcript_free(t);
}

TEST(soft_words_fail_the_regulation_and_leave_the_standard_open)
{
	struct transcript *t = two_rounds("named",
		"<p>Report a vulnerability to security@maker.example. We acknowledge your report "
		"promptly and keep you informed.</p>",
		"<p>We provide security updates for the lifetime of the product.</p>");

	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "PSTI-2.2"), "FAIL");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "FAIL");
	transcript_free(t);
}

TEST(a_policy_without_status_updates_fails)
{
	struct transcript *t = two_rounds("named",
		"<p>Report a vulnerability to security@maker.example. We acknowledge your report "
		"within 3 days.</p>",
		SUPPORT_TEXT);

	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.2-1"), "FAIL");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "PASS");
	transcript_free(t);
}

TEST(whose_it_is_counts_only_if_more_than_the_device_says_so)
{
	struct transcript *t = two_rounds("claimed", POLICY_TEXT, SUPPORT_TEXT);

	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	EXPECT_INC(verdict_of(t, "maker-web", "5.3-13"), "NO_OPERATOR");
	transcript_free(t);
	t = two_rounds("signed", POLICY_TEXT, SUPPORT_TEXT);
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.2-1"), "PASS");
	transcript_free(t);
	t = transcript_new(NULL);
	TELL(t, "maker-web", "begin");
	TELL(t, "maker-web", "maker", .note = "unknown");
	tell_end(t, "maker-web");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	transcript_free(t);
}

TEST(a_site_that_answers_everything_proves_nothing)
{
	static const char same[] = "<p>Report a vulnerability to security@maker.example. We "
				   "acknowledge your report within 3 days and send a status update "
				   "every week. We provide security updates until 31 December "
				   "2031.</p>";
	struct transcript *t = maker("named");

	for (uint32_t round = 1; round <= 2; round++) {
		answers(t, round, "front", "/", 200, "text/html", same);
		answers(t, round, "control", "/no-such-page-1", 200, "text/html", same);
		answers(t, round, "security-txt", "/.well-known/security.txt", 200, "text/html",
			same);
		page(t, round, "/security", same);
	}
	ends(t, "likely 0 other 0 pages 2");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "CONTROL_FAILED");
	EXPECT_INC(verdict_of(t, "maker-web", "5.3-13"), "CONTROL_FAILED");
	transcript_free(t);
}

/* "No page /security here" for /security, and so on: the same page all the same. */
TEST(a_page_that_repeats_its_own_address_is_still_the_same)
{
	struct transcript *t = maker("named");

	for (uint32_t round = 1; round <= 2; round++) {
		answers(t, round, "front", "/", 200, "text/html", "<p>Lamps of all kinds</p>");
		answers(t, round, "control", "/no-such-page-1", 200, "text/html",
			"<p>Nothing at no-such-page-1, report a vulnerability to "
			"a@maker.example</p>");
		page(t, round, "/security",
			"<p>Nothing at security, report a vulnerability to a@maker.example</p>");
	}
	ends(t, "likely 0 other 0 pages 2");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "CONTROL_FAILED");
	transcript_free(t);
}

TEST(a_site_that_is_down_fails_nobody)
{
	struct transcript *t = maker("named");

	TELL(t, "maker-web", "robots", 1, 443, .end = EXCHANGE_SILENT, .note = SITE "/robots.txt");
	TELL(t, "maker-web", "why", .note = "took too long");
	tell_end(t, "maker-web");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "FAR_END_DOWN");
	EXPECT_INC(verdict_of(t, "maker-web", "5.3-13"), "FAR_END_DOWN");
	transcript_free(t);

	t = two_rounds("named", NULL, NULL);
	transcript_free(t);
	t = maker("named");
	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		answers(t, round, "page", "/security", 503, "text/html", "later");
	}
	ends(t, "likely 0 other 0 pages 3");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "FAR_END_DOWN");
	transcript_free(t);
}

TEST(what_was_not_looked_at_is_not_said_to_be_absent)
{
	struct transcript *t = maker("named");

	usual(t, 1);
	usual(t, 2);
	ends(t, "likely 4 other 0 pages 40");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "CRAWL_BUDGET");
	transcript_free(t);

	t = maker("named");
	usual(t, 1);
	TELL(t, "maker-web", "refused", .note = SITE "/security");
	usual(t, 2);
	ends(t, "likely 0 other 0 pages 3");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	transcript_free(t);

	t = maker("named");
	usual(t, 1);
	TELL(t, "maker-web", "elsewhere", .note = "https://bugs.example/maker");
	usual(t, 2);
	ends(t, "likely 0 other 0 pages 3");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	EXPECT(strstr(verdict_of(t, "maker-web", "5.2-1")->text, "bugs.example"));
	transcript_free(t);

	t = maker("named");
	usual(t, 1);
	tell_end(t, "maker-web"); /* there was no second look */
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "TIME_OUT");
	transcript_free(t);
}

TEST(a_page_in_another_language_is_for_somebody_who_knows_it)
{
	struct transcript *t = two_rounds("named",
		"<p>Schwachstellen melden Sie bitte an sicherheit@maker.example, damit wir sie "
		"beheben. Wir antworten auf jede Meldung innerhalb von drei Tagen und schreiben "
		"danach alle zwei Wochen, wie weit wir damit gekommen sind, bis ein Update "
		"erschienen ist, das die Schwachstelle auf allen Lampen schliesst.</p>",
		NULL);

	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "LANGUAGE");
	transcript_free(t);
}

TEST(a_policy_behind_a_login_fails)
{
	struct transcript *t = two_rounds("named",
		"<p>Please log in to read our security policy.</p>"
		"<form><input type=email name=mail><input type=password name=p></form>",
		SUPPORT_TEXT);
	const struct finding *f = verdict_of(t, "maker-web", "5.2-1");

	EXPECT_VERDICT(f, "FAIL");
	EXPECT(strstr(f->text, "after a login"));
	transcript_free(t);
}

TEST(a_page_that_a_script_makes_is_for_a_person)
{
	static char text[3000];
	snprintf(text, sizeof text, "<div id=app></div><script>%*d</script>", 2000, 1);
	struct transcript *t = two_rounds("named", text, NULL);

	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NO_OPERATOR");
	transcript_free(t);
}

TEST(what_was_read_once_and_not_again_is_not_reproduced)
{
	struct transcript *t = maker("named");

	usual(t, 1);
	page(t, 1, "/security", POLICY_TEXT);
	page(t, 1, "/updates", SUPPORT_TEXT);
	usual(t, 2);
	ends(t, "likely 0 other 0 pages 4");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-1"), "NOT_REPRODUCED");
	EXPECT_INC(verdict_of(t, "maker-web", "5.3-13"), "NOT_REPRODUCED");
	transcript_free(t);
}

TEST(a_support_period_that_was_longer_before_was_shortened)
{
	struct transcript *t = maker("named");

	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		page(t, round, "/security", POLICY_TEXT);
		page(t, round, "/updates", SUPPORT_TEXT);
	}
	for (uint32_t round = 1; round <= 2; round++)
		answers(t, round, "earlier", "/updates", 200, "text/html",
			"<p>We provide security updates for the Bulb 2 until June 2033.</p>");
	ends(t, "likely 0 other 3 pages 5");
	const struct finding *f = verdict_of(t, "maker-web", "PSTI-3.6");
	EXPECT_VERDICT(f, "FAIL");
	EXPECT(strstr(f->text, "2031-12-31") && strstr(f->text, "2033-06"));
	/* Deemed compliance asks for a published period alone: that it is. */
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "PASS");
	transcript_free(t);

	t = maker("named");
	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		page(t, round, "/updates", SUPPORT_TEXT);
		answers(t, round, "earlier", "/updates", 200, "text/html",
			"<p>We provide security updates for the Bulb 2 until June 2030.</p>");
	}
	ends(t, "likely 0 other 3 pages 5");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "PSTI-3.6"), "NFF");
	transcript_free(t);
}

TEST(what_pages_cannot_settle_is_named_and_left_open)
{
	struct transcript *t = maker("named");

	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		page(t, round, "/advisories", "<p>Weaknesses that we mended</p>");
		page(t, round, "/updates", "<p>The Bulb 2 cannot be updated.</p>");
	}
	ends(t, "likely 0 other 0 pages 3");
	EXPECT_INC(verdict_of(t, "maker-web", "5.2-2"), "NO_IXIT");
	EXPECT_INC(verdict_of(t, "maker-web", "5.3-14"), "NO_OPERATOR");
	transcript_free(t);
}

TEST(two_pages_that_name_two_days_name_none)
{
	struct transcript *t =
		two_rounds("named", "<p>We provide security updates until 31 December 2031.</p>",
			"<p>We provide security updates until 30 June 2030.</p>");

	EXPECT_INC(verdict_of(t, "maker-web", "5.3-13"), "NO_OPERATOR");
	transcript_free(t);
	/* One of them is of this model. */
	t = two_rounds(
		"named", "<p>We provide security updates until 30 June 2030.</p>", SUPPORT_TEXT);
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "PASS");
	transcript_free(t);
}

TEST(a_valid_security_txt_names_the_contact_of_a_policy_without_one)
{
	struct transcript *t = maker("named");

	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		answers(t, round, "security-txt", "/.well-known/security.txt", 200, "text/plain",
			TXT);
		page(t, round, "/security",
			"<p>To report a vulnerability, use the address in our security.txt. We "
			"acknowledge your report within 3 days and send a status update every "
			"week.</p>");
	}
	ends(t, "likely 0 other 0 pages 3");
	const struct finding *f = verdict_of(t, "maker-web", "5.2-1");
	EXPECT_VERDICT(f, "PASS");
	EXPECT(strstr(f->text, "mailto:security@maker.example"));
	transcript_free(t);
}

/* A page of more than an exchange holds goes on in the next one. */
TEST(a_long_page_is_put_together_again)
{
	enum { LONG = 90000 };
	char *text = malloc(LONG + 4000);
	struct transcript *t = maker("named");

	for (uint32_t round = 1; round <= 2; round++) {
		usual(t, round);
		int n = sprintf(text, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!-- ");
		memset(text + n, 'x', LONG);
		sprintf(text + n + LONG, " -->%s", POLICY_TEXT SUPPORT_TEXT);
		TELL(t, "maker-web", "page", round, 443, .note = SITE "/security", .received = text,
			.n_received = 65536);
		TELL(t, "maker-web", "more", round, 443, .note = SITE "/security",
			.received = text + 65536);
	}
	ends(t, "likely 0 other 0 pages 3");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.2-1"), "PASS");
	EXPECT_VERDICT(verdict_of(t, "maker-web", "5.3-13"), "PASS");
	transcript_free(t);
	free(text);
}

static unsigned facts;

static void
on_fact(enum maker_fact fact, const char *value, uint32_t exchange, void *arg)
{
	facts |= 1u << fact;
	EXPECT(value[0] && exchange);
	if (fact == MAKER_FACT_SUPPORT_END)
		EXPECT_STR(value, "2031-12-31");
	if (fact == MAKER_FACT_ACKNOWLEDGEMENT)
		EXPECT_STR(value, "3 days");
}

TEST(what_is_known_of_a_maker_is_told_with_its_exchange)
{
	struct transcript *t = two_rounds("named", POLICY_TEXT, SUPPORT_TEXT);

	facts = 0;
	maker_web_facts(t, on_fact, NULL);
	EXPECT(facts & 1u << MAKER_FACT_SUPPORT_END);
	EXPECT(facts & 1u << MAKER_FACT_POLICY);
	EXPECT(facts & 1u << MAKER_FACT_CONTACT);
	EXPECT(facts & 1u << MAKER_FACT_SECURITY_TXT);
	transcript_free(t);
}
