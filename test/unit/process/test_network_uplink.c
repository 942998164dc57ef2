/* SPDX-License-Identifier: Apache-2.0 */
#include "process/network_uplink.h"

#include <string.h>

#include "base/auto.h"
#include "test.h"

static struct settings settings;
static struct message_uplink said;

static void
begin(void)
{
	settings_init(&settings); /* LAN 192.168.77.0/24 and fd77:7069:6e66::/64 */
	memset(&said, 0, sizeof said);
	EXPECT(prefix_parse(&said.address4, "198.18.0.10/24"));
	EXPECT(ip_parse(&said.router4, "198.18.0.1"));
	EXPECT(ip_parse(&said.address6, "2001:db8:ffff::77"));
	EXPECT(prefix_parse(&said.delegated, "2001:db8:1200::/56"));
}

static bool
is_fine(void)
{
	struct fault why = {0};
	bool fine = network_uplink_is_acceptable(&settings, &said, &why);

	EXPECT(fine == !why.text[0]);
	return fine;
}

TEST(what_a_provider_gives_is_set)
{
	begin();
	EXPECT(is_fine());
	memset(&said, 0, sizeof said);
	EXPECT(is_fine()); /* nothing is something that can be said too */
}

TEST(a_lost_uplink_cannot_reach_into_the_lan)
{
	static const char *const addresses[] = {"192.168.77.5/24", "192.168.77.5/32",
		"192.168.1.1/16", "192.168.0.1/8", "127.0.0.1/8", "0.0.0.0/8", "224.0.0.1/24",
		"198.18.0.10/7"};
	static const char *const prefixes[] = {"fd77:7069:6e66::/64", "fd77:7000::/20", "fe80::/64",
		"ff05::/64", "::/64", "2001:db8::/65"};
	static const char *const routers[] = {"192.168.77.9", "127.0.0.1", "224.0.0.1"};

	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		begin();
		EXPECT(prefix_parse(&said.address4, addresses[i]));
		EXPECT(!is_fine());
	}
	for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
		begin();
		EXPECT(prefix_parse(&said.delegated, prefixes[i]));
		EXPECT(!is_fine());
	}
	for (size_t i = 0; i < COUNT_OF(routers); i++) {
		begin();
		EXPECT(ip_parse(&said.router4, routers[i]));
		EXPECT(!is_fine());
	}
	begin();
	EXPECT(ip_parse(&said.address6, "fd77:7069:6e66::5"));
	EXPECT(!is_fine());
	begin();
	said.address4 = (struct ip_prefix){0};
	EXPECT(!is_fine()); /* a way out without an address */
}

TEST(the_lan_gets_the_first_network_of_a_delegated_prefix)
{
	struct ip_prefix delegated, lan;
	char text[PREFIX_TEXT_MAX];

	EXPECT(prefix_parse(&delegated, "2001:db8:1234:56ff::/56"));
	lan = network_uplink_lan6(&delegated);
	EXPECT_STR(prefix_render(&lan, text), "2001:db8:1234:5600::1/64");
	EXPECT(prefix_parse(&delegated, "2001:db8:1234:5678::/64"));
	lan = network_uplink_lan6(&delegated);
	EXPECT_STR(prefix_render(&lan, text), "2001:db8:1234:5678::1/64");
	lan = network_uplink_lan6(&(struct ip_prefix){0});
	EXPECT(!lan.address.version);
}
