/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/site.h"

#include <string.h>

#include "maker/robots.h"
#include "test.h"

static struct mud_url
url(const char *text)
{
	struct mud_url out;

	assert_true(mud_url_from_bytes(&out, (const uint8_t *)text, strlen(text)));
	return out;
}

static const char *
site_named(const char *text)
{
	static struct site site;
	struct mud_url from = url(text);

	site_of(&site, &from);
	return site.name;
}

TEST(a_site_is_the_host_without_a_service_in_front)
{
	EXPECT_STR(site_named("https://www.maker.example/x"), "maker.example");
	EXPECT_STR(site_named("https://mud.maker.example/bulb.json"), "maker.example");
	EXPECT_STR(site_named("https://shop.maker.example:8443/"), "shop.maker.example");
	EXPECT_STR(site_named("https://mud.example/"), "mud.example");
}

TEST(only_what_lies_below_a_site_is_of_it)
{
	struct site site = {"maker.example"};
	struct mud_url same = url("https://maker.example/"),
		       below = url("https://a.b.maker.example"),
		       beside = url("https://notmaker.example/"),
		       behind = url("https://maker.example.evil.example/");

	EXPECT(site_holds(&site, &same) && site_holds(&site, &below));
	EXPECT(!site_holds(&site, &beside) && !site_holds(&site, &behind));
}

static const char *
resolved(const char *base, const char *reference)
{
	static struct mud_url out;
	struct mud_url from = url(base);

	return site_url_resolve(&out, &from, reference) ? out.text : "-";
}

/* Of the examples in RFC 3986, section 5.4, those that are https. */
TEST(references_are_resolved_as_the_rfc_says)
{
	static const char base[] = "https://a.example/b/c/d;p?q";

	EXPECT_STR(resolved(base, "g"), "https://a.example/b/c/g");
	EXPECT_STR(resolved(base, "./g"), "https://a.example/b/c/g");
	EXPECT_STR(resolved(base, "g/"), "https://a.example/b/c/g/");
	EXPECT_STR(resolved(base, "/g"), "https://a.example/g");
	EXPECT_STR(resolved(base, "//g.example"), "https://g.example");
	EXPECT_STR(resolved(base, "?y"), "https://a.example/b/c/d;p?y");
	EXPECT_STR(resolved(base, "g?y"), "https://a.example/b/c/g?y");
	EXPECT_STR(resolved(base, "g#s"), "https://a.example/b/c/g");
	EXPECT_STR(resolved(base, ""), "https://a.example/b/c/d;p?q");
	EXPECT_STR(resolved(base, ".."), "https://a.example/b/");
	EXPECT_STR(resolved(base, "../g"), "https://a.example/b/g");
	EXPECT_STR(resolved(base, "../.."), "https://a.example/");
	EXPECT_STR(resolved(base, "../../../g"), "https://a.example/g");
	EXPECT_STR(resolved(base, "/./g"), "https://a.example/g");
	EXPECT_STR(resolved(base, "g;x=1/../y"), "https://a.example/b/c/y");
}

TEST(a_link_that_is_not_https_leads_nowhere)
{
	static const char *const links[] = {"http://a.example/", "mailto:x@a.example",
		"javascript:alert(1)", "https://192.0.2.1/", "https://user@a.example/",
		"ftp://a.example/x", "https://"};

	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		EXPECT_STR(resolved("https://a.example/", links[i]), "-");
}

TEST(an_owner_may_name_a_maker_by_its_name_alone)
{
	struct mud_url out;

	EXPECT(site_url_from_owner(&out, "maker.example"));
	EXPECT_STR(out.text, "https://maker.example");
	EXPECT(!site_url_from_owner(&out, "http://maker.example"));
	EXPECT(!site_url_from_owner(&out, "the maker"));
}

TEST(links_to_policies_come_before_links_to_pictures)
{
	EXPECT_INT(site_interest("/psirt", "", ""), 2);
	EXPECT_INT(site_interest("/x", "Report a security issue", ""), 2);
	EXPECT_INT(site_interest("/products/cam-2", "Cam 2", "cam-2"), 1);
	EXPECT_INT(site_interest("/support", "Help", ""), 1);
	EXPECT_INT(site_interest("/about", "About us", ""), 0);
	EXPECT_INT(site_interest("/security.png", "Security", ""), 0);
}

/* --- robots.txt (RFC 9309) -------------------------------------------------------------------- */

static bool
allow(const char *robots, const char *path)
{
	return robots_allow(
		(struct bytes){(const uint8_t *)robots, strlen(robots)}, "pinfold", path);
}

TEST(the_longest_rule_decides_and_allowing_wins_a_tie)
{
	static const char robots[] = "User-agent: *\n"
				     "Disallow: /private/\n"
				     "Allow: /private/open\n"
				     "Disallow: /tie\n"
				     "Allow: /tie\n"
				     "Disallow: /*.pdf$\n";

	EXPECT(!allow(robots, "/private/x"));
	EXPECT(allow(robots, "/private/open/x"));
	EXPECT(allow(robots, "/tie"));
	EXPECT(!allow(robots, "/a/b.pdf"));
	EXPECT(allow(robots, "/a/b.pdf?x"));
	EXPECT(allow(robots, "/"));
}

TEST(rules_for_us_replace_those_for_everybody)
{
	static const char robots[] = "User-agent: *\nDisallow: /\n\n"
				     "user-agent: Other\nUser-Agent: Pinfold # us\r\n"
				     "Disallow: /secret\r\n";

	EXPECT(allow(robots, "/security"));
	EXPECT(!allow(robots, "/secret"));
}

TEST(no_rules_forbid_nothing)
{
	EXPECT(allow("", "/x"));
	EXPECT(allow("User-agent: *\nDisallow:\n", "/x"));
	EXPECT(allow("<html>not found</html>", "/x"));
	EXPECT(!allow("User-agent: *\nDisallow: /\n", "/security"));
}
