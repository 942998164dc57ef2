/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_http.h"

#include <string.h>

#include "test.h"

TEST(by_tls_of_our_own_the_cookie_is_of_this_host_and_secure)
{
	char out[COOKIE_HEADER_MAX];

	cookie_render(out, "ps_1", COOKIE_BY_TLS);
	EXPECT_STR(out, "__Host-pinfold=ps_1; Path=/; Max-Age=1209600; HttpOnly; SameSite=Strict; "
			"Secure");
	cookie_render(out, NULL, COOKIE_BY_TLS);
	EXPECT_STR(out, "__Host-pinfold=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
}

TEST(without_it_the_cookie_is_what_it_was)
{
	char out[COOKIE_HEADER_MAX];

	cookie_render(out, "ps_1", COOKIE_PLAIN);
	EXPECT_STR(out, "pinfold=ps_1; Path=/; Max-Age=1209600; HttpOnly; SameSite=Strict");
	cookie_render(out, "ps_1", COOKIE_BY_PROXY);
	EXPECT_STR(out, "pinfold=ps_1; Path=/; Max-Age=1209600; HttpOnly; SameSite=Strict; Secure");
}

TEST(a_cookie_laid_by_plain_http_is_not_taken_for_the_one_of_tls)
{
	char out[64];

	EXPECT(!cookie_find("pinfold=laid", cookie_name(COOKIE_BY_TLS), out, sizeof out));
	EXPECT(cookie_find(
		"pinfold=laid; __Host-pinfold=own", cookie_name(COOKIE_BY_TLS), out, sizeof out));
	EXPECT_STR(out, "own");
	EXPECT(cookie_find(
		"__Host-pinfold=own; pinfold=plain", cookie_name(COOKIE_PLAIN), out, sizeof out));
	EXPECT_STR(out, "plain");
}

TEST(a_host_is_a_name_with_or_without_a_port)
{
	EXPECT(host_is("pages.example", "pages.example"));
	EXPECT(host_is("Pages.Example:8480", "pages.example"));
	EXPECT(!host_is("pages.example.org", "pages.example"));
	EXPECT(!host_is("192.168.77.1:8480", "pages.example"));
	EXPECT(!host_is(NULL, "pages.example"));
	EXPECT(!host_is("", ""));
	EXPECT(!host_is(":8480", ""));
}
