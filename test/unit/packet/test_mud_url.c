/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/mud_url.h"

#include "bytes.h"

static bool
take(struct mud_url *url, const char *text)
{
	return mud_url_from_bytes(url, (const uint8_t *)text, strlen(text));
}

static bool
is_url(const char *text)
{
	struct mud_url url;
	return take(&url, text);
}

static const char *
authority(const char *text)
{
	static char out[256];
	struct mud_url url;

	EXPECT(take(&url, text));
	mud_url_authority(&url, out);
	return out;
}

TEST(a_plain_https_url_is_taken_whole)
{
	struct mud_url url;

	EXPECT(take(&url, "https://maker.example/cam?model=a&v=2#part"));
	EXPECT_STR(url.text, "https://maker.example/cam?model=a&v=2#part");
}

TEST(what_follows_the_first_space_is_reserved_and_left_out)
{
	struct mud_url url;

	EXPECT(take(&url, "https://maker.example/cam reserved \x01\xff"));
	EXPECT_STR(url.text, "https://maker.example/cam");
}

TEST(scheme_and_host_lose_their_case_and_the_path_keeps_it)
{
	struct mud_url url;

	EXPECT(take(&url, "HTTPS://Maker.EXAMPLE/Cam"));
	EXPECT_STR(url.text, "https://maker.example/Cam");
}

TEST(only_https_is_a_mud_url)
{
	EXPECT(!is_url("http://maker.example/cam"));
	EXPECT(!is_url("https:/maker.example/cam"));
	EXPECT(!is_url("file:///etc/passwd"));
	EXPECT(!is_url("https://"));
	EXPECT(!is_url(""));
	EXPECT(!is_url(" https://maker.example/"));
}

TEST(an_option_of_255_octets_is_the_longest)
{
	uint8_t option[256];
	struct mud_url url;

	memset(option, 'a', sizeof option);
	memcpy(option, "https://maker.example/", 22);
	EXPECT(mud_url_from_bytes(&url, option, 255));
	EXPECT_INT(strlen(url.text), 255);
	EXPECT(!mud_url_from_bytes(&url, option, 256));
	/* the reserved part counts: the entire option, RFC 8520 section 10 */
	option[30] = ' ';
	EXPECT(!mud_url_from_bytes(&url, option, 256));
}

TEST(no_byte_of_a_url_can_lead_a_terminal_or_a_shell_astray)
{
	static const uint8_t bad[] = {0, '\n', '\r', '\t', 1, 0x1b, 0x7f, 0x80, 0xff, '"', '\'',
		'\\', '`', '<', '>', '{'};
	uint8_t option[] = "https://maker.example/cam";
	struct mud_url url;

	for (size_t i = 0; i < sizeof bad; i++) {
		option[23] = bad[i];
		EXPECT(!mud_url_from_bytes(&url, option, sizeof option - 1));
	}
	/* A semicolon or a dollar is a legal byte of a URL; nobody hands it to a shell. */
	option[23] = ';';
	EXPECT(mud_url_from_bytes(&url, option, sizeof option - 1));
}

TEST(a_nul_at_the_end_is_refused_as_well)
{
	struct mud_url url;
	EXPECT(!mud_url_from_bytes(&url, (const uint8_t *)"https://maker.example/", 23));
}

TEST(the_host_is_a_name_and_never_an_address_or_a_user)
{
	static const char *const bad[] = {"https://198.18.0.1/", "https://127.1/",
		"https://0x7f000001/", "https://2130706433/", "https://[fd00::1]/",
		"https://me@maker.example/", "https://maker.example:443@evil.example/",
		"https://maker..example/", "https://.maker.example/", "https://-maker.example/",
		"https://maker-.example/", "https://maker.example%00.evil.example/",
		"https://maker.example:/", "https://maker.example:0/",
		"https://maker.example:65536/", "https://maker.example:4a/", "https:///path",
		"https://?query"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		EXPECT(!is_url(bad[i]));
	EXPECT(is_url("https://maker.example"));
	EXPECT(is_url("https://maker.example.:8443/x"));
	EXPECT(is_url("https://3com.a1/x"));
}

TEST(a_label_has_at_most_63_bytes)
{
	char text[128] = "https://";

	memset(text + 8, 'a', 63);
	strcpy(text + 71, ".example/");
	EXPECT(is_url(text));
	memset(text + 8, 'a', 64);
	strcpy(text + 72, ".example/");
	EXPECT(!is_url(text));
}

TEST(authorities_compare_without_default_port_and_last_dot)
{
	EXPECT_STR(authority("https://Maker.example/x"), "maker.example");
	EXPECT_STR(authority("https://maker.example:443/x"), "maker.example");
	EXPECT_STR(authority("https://maker.example.:00443"), "maker.example");
	EXPECT_STR(authority("https://maker.example.:8443?x"), "maker.example:8443");
}

TEST(a_refused_url_leaves_the_old_one_alone)
{
	struct mud_url url = {.text = "https://old.example/"};

	EXPECT(!take(&url, "http://new.example/"));
	EXPECT_STR(url.text, "https://old.example/");
}

TEST(the_last_port_is_65535_and_every_letter_is_a_letter)
{
	struct mud_url url;

	EXPECT(is_url("https://maker.example:65535/"));
	EXPECT(is_url("https://maker.example:1/"));
	EXPECT(take(&url, "https://AZ-az09_.Zzz/"));
	EXPECT_STR(url.text, "https://az-az09_.zzz/");
	EXPECT(!is_url("https://maker@example/"));
	EXPECT(!is_url("https://maker[example/"));
	EXPECT(!is_url("https://./"));
	EXPECT_STR(authority("https://maker.example:44/"), "maker.example:44");
	EXPECT_STR(authority("https://maker.example:444/"), "maker.example:444");
}
