/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/page.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static struct page page;

static const char *
read_html(const char *text)
{
	page_read(&page, (struct bytes){(const uint8_t *)text, strlen(text)}, true);
	return page.text;
}

TEST(a_page_is_read_as_a_person_reads_it)
{
	EXPECT_STR(read_html("<html lang='en'><head><title>Bulb</title><style>p{}</style></head>"
			     "<body><h1>Security</h1><p>Write  to\n <b>us</b>.</p>"
			     "<script>var a = '</p>';</script><ul><li>one<li>two</ul>"
			     "<!-- hidden <p>words --><p>5&nbsp;days&mdash;or less &#x26; so</p>"),
		"Bulb\n# Security\nWrite to us.\none\ntwo\n5 days-or less & so\n");
	EXPECT_STR(page.claimed_language, "en");
	EXPECT(page.has_scripts && !page.asks_password);
}

TEST(a_row_of_a_table_is_a_line)
{
	EXPECT_STR(read_html("<table><tr><th>Model<th>Until</tr>"
			     "<tr><td>Bulb 2</td><td>31 December 2031</td></tr></table>"),
		"Model Until\nBulb 2 31 December 2031\n");
}

TEST(what_is_left_open_swallows_no_more_than_the_rest)
{
	EXPECT_STR(read_html("<p>seen</p><script>never closed"), "seen\n");
	EXPECT_STR(read_html("<p>seen</p><!-- never closed"), "seen\n");
	EXPECT_STR(read_html("<p>seen</p><a href='never closed"), "seen\n");
	EXPECT_STR(read_html("a < b and 1<2"), "a < b and 1<2");
	EXPECT_STR(read_html("<"), "<");
}

TEST(no_quote_backslash_or_control_byte_is_left)
{
	EXPECT_STR(
		read_html("\"x\" \\ \x1b[31m \xe2\x80\x9cy\xe2\x80\x9d \xff"), "'x' / [31m 'y' ?");
}

TEST(links_are_given_with_their_words)
{
	static const char text[] = "<a class=x href=\"/psirt?a=1&amp;b=2\"><b>Report</b> it</a>"
				   "<a name=here>no link</a><A HREF=/x>X</A>";
	struct page_link link;
	struct html html;

	html_begin(&html, (struct bytes){(const uint8_t *)text, strlen(text)});
	EXPECT(page_next_link(&html, &link));
	EXPECT_STR(link.to, "/psirt?a=1&b=2");
	EXPECT_STR(link.text, "Report it");
	EXPECT(page_next_link(&html, &link));
	EXPECT_STR(link.to, "/x");
	EXPECT(!page_next_link(&html, &link));
}

TEST(a_sentence_ends_where_one_ends_and_not_at_an_abbreviation)
{
	struct span span;
	size_t from = 0;
	char quote[80];

	read_html("<p>We answer by Dec. 2031 at the latest. Then we go on; always.</p>");
	EXPECT(page_sentence(&page, &from, &span));
	page_quote(&page, span, quote, sizeof quote);
	EXPECT_STR(quote, "We answer by Dec. 2031 at the latest");
	EXPECT(page_sentence(&page, &from, &span));
	page_quote(&page, span, quote, sizeof quote);
	EXPECT_STR(quote, "Then we go on");
	EXPECT(page_sentence(&page, &from, &span) && !page_sentence(&page, &from, &span));
}

TEST(another_language_is_seen)
{
	read_html(
		"<p>Wir bem\xc3\xbchen uns, jede Schwachstelle innerhalb von f\xc3\xbcnf Tagen zu "
		"best\xc3\xa4tigen und den Melder danach alle zwei Wochen zu informieren. Bitte "
		"schreiben Sie uns eine Nachricht an die unten stehende Adresse, wenn Sie eine "
		"Schwachstelle in einem unserer Produkte gefunden haben, damit wir sie beheben "
		"k\xc3\xb6nnen.</p>");
	EXPECT(!page_is_english(&page));
	read_html("<p>We confirm the receipt of each report within five days and then tell the "
		  "reporter every two weeks how it goes on. Please write to the address below if "
		  "you found a weakness in one of our products, so that we are able to mend it in "
		  "time for all of our customers.</p>");
	EXPECT(page_is_english(&page));
}

TEST(a_page_that_a_script_makes_has_nothing_to_read)
{
	static char text[4000];

	snprintf(text, sizeof text, "<html><body><div id=app></div><script>%*d</script></body>",
		2000, 1);
	read_html(text);
	EXPECT(page_is_script(&page, strlen(text)));
	read_html("<p>Text for people</p><script>1</script>");
	EXPECT(!page_is_script(&page, 50));
}

TEST(a_page_before_which_one_has_to_log_in_is_a_gate)
{
	read_html(
		"<form><p>Please log in to read our policy</p><input type=password name=p></form>");
	EXPECT(page_is_gate(&page));
	read_html("<p>Our newsletter</p><input type=email name=e>");
	EXPECT(!page_is_gate(&page));
}
