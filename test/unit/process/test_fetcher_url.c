/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "process/fetcher_url.h"
#include "test.h"

static struct mud_url
url(const char *text)
{
	struct mud_url url;

	EXPECT(mud_url_from_bytes(&url, (const uint8_t *)text, strlen(text)));
	return url;
}

TEST(a_reference_is_resolved_against_its_base)
{
	static const char *const cases[][2] = {
		{"m.p7s", "https://maker.example/a/m.p7s"},
		{"../m.p7s", "https://maker.example/m.p7s"},
		{"/x/m.p7s", "https://maker.example/x/m.p7s"},
		{"//other.example/m", "https://other.example/m"},
		{"https://Other.example:8443/m?v=1", "https://other.example:8443/m?v=1"},
		{"https://other.example/m#part", "https://other.example/m"},
	};
	struct mud_url base = url("https://maker.example/a/m.json"), out;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!fetch_url_resolve(&out, &base, cases[i][0]))
			fail_msg("%s is refused", cases[i][0]);
		EXPECT_STR(out.text, cases[i][1]);
	}
}

TEST(a_reference_to_anything_but_https_and_a_name_is_refused)
{
	static const char *const cases[] = {"http://maker.example/m", "file:///etc/passwd",
		"ftp://maker.example/m", "https://192.168.77.12/m", "https://[fd77::1]/m",
		"https://127.1/m", "https://0x7f000001/m", "https://user@maker.example/m",
		"https://user:word@maker.example/m", "https://", "gopher://maker.example/",
		"https://maker.example/a b", "https://maker.example/\x1b", "javascript:alert(1)"};
	struct mud_url base = url("https://maker.example/a/m.json"), out;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (fetch_url_resolve(&out, &base, cases[i]))
			fail_msg("%s became %s", cases[i], out.text);
}

TEST(the_signature_is_guessed_beside_a_json_file_only)
{
	struct mud_url file = url("https://maker.example/a/m.json"), out;

	EXPECT(fetch_url_guess_signature(&out, &file));
	EXPECT_STR(out.text, "https://maker.example/a/m.p7s");
	file = url("https://maker.example/a/m");
	EXPECT(!fetch_url_guess_signature(&out, &file));
	file = url("https://maker.example/a?x=m.json");
	EXPECT(!fetch_url_guess_signature(&out, &file));
}

TEST(host_and_port_come_out_of_the_url)
{
	char host[256];
	uint16_t port;
	struct mud_url at = url("https://maker.example:8443/a");

	fetch_url_host(&at, host, &port);
	EXPECT_STR(host, "maker.example");
	EXPECT_INT(port, 8443);
	at = url("https://maker.example?x");
	fetch_url_host(&at, host, &port);
	EXPECT_STR(host, "maker.example");
	EXPECT_INT(port, 443);
}

TEST(no_address_inside_of_the_home_or_of_ours_is_fine)
{
	static const char *const inside[] = {"10.0.0.1", "192.168.77.12", "127.0.0.1",
		"169.254.1.1", "224.0.0.251", "fd77::5", "fe80::1", "::1", "::ffff:8.8.8.8",
		"64:ff9b::808:808", "198.18.0.2", "2001:db8:ffff::2", "2001:db8:77::9"};
	struct settings settings;
	struct ip ip;

	settings_init(&settings);
	EXPECT(prefix_parse(&settings.lan4, "192.168.77.1/24"));
	EXPECT(prefix_parse(&settings.lan6, "2001:db8:77::1/64"));
	EXPECT(prefix_parse(&settings.uplink4, "198.18.0.2/30"));
	EXPECT(prefix_parse(&settings.uplink6, "2001:db8:ffff::2/64"));
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
		EXPECT(ip_parse(&ip, inside[i]));
		if (fetch_address_is_fine(&ip, &settings))
			fail_msg("%s is taken as outside", inside[i]);
	}
	EXPECT(ip_parse(&ip, "198.18.5.1"));
	EXPECT(fetch_address_is_fine(&ip, &settings));
	EXPECT(ip_parse(&ip, "2001:db8:5::1"));
	EXPECT(fetch_address_is_fine(&ip, &settings));
}
