/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ip.h"

#include "test.h"

static struct ip
ip(const char *text)
{
	struct ip out = {0};
	EXPECT(ip_parse(&out, text));
	return out;
}

TEST(an_address_survives_being_rendered_and_parsed)
{
	static const char *const texts[] = {
		"0.0.0.0", "198.18.0.1", "255.255.255.255", "::", "fe80::1", "2001:db8::42"};
	char out[IP_TEXT_MAX];

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct ip parsed = ip(texts[i]);
		EXPECT(ip_is_valid(&parsed));
		EXPECT_STR(ip_render(&parsed, out), texts[i]);
	}
}

TEST(what_is_no_address_is_refused)
{
	static const char *const texts[] = {"", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4/8", " ::1"};
	struct ip out;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		EXPECT(!ip_parse(&out, texts[i]));
}

TEST(a_name_on_the_internet_may_not_point_inside)
{
	static const char *const inside[] = {"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1",
		"169.254.1.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "224.0.0.251",
		"255.255.255.255", "::", "::1", "::ffff:192.168.1.1", "::ffff:8.8.8.8",
		"64:ff9b::a00:1", "2002:c0a8:101::", "2001::1", "fd00::1", "fe80::1", "ff02::fb"};
	static const char *const outside[] = {"1.1.1.1", "100.128.0.1", "172.32.0.1", "198.18.0.1",
		"203.0.113.7", "2001:db8::1", "2606:4700::1111"};

	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		struct ip a = ip(inside[i]);
		EXPECT(ip_is_inside(&a));
	}
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		struct ip a = ip(outside[i]);
		EXPECT(!ip_is_inside(&a));
	}
}

TEST(a_prefix_contains_its_addresses_and_no_other)
{
	struct ip_prefix prefix;
	struct ip a = ip("10.77.3.255"), b = ip("10.77.4.0"), c = ip("fd77::1");

	EXPECT(prefix_parse(&prefix, "10.77.0.0/22"));
	EXPECT(prefix_contains(&prefix, &a));
	EXPECT(!prefix_contains(&prefix, &b));
	EXPECT(!prefix_contains(&prefix, &c));
	EXPECT(prefix_parse(&prefix, "0.0.0.0/0"));
	EXPECT(prefix_contains(&prefix, &b));
	EXPECT(!prefix_parse(&prefix, "10.0.0.0/33"));
	EXPECT(!prefix_parse(&prefix, "10.0.0.0/-1"));
	EXPECT(!prefix_parse(&prefix, "10.0.0.0/"));
}
