/* SPDX-License-Identifier: Apache-2.0 */
#include "process/monitor_dhcp.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static char text[4096];

/* The file for a network; "lan" as the owner writes it. */
static void
render(const char *lan4, const char *lan6)
{
	struct settings settings;

	settings_init(&settings);
	EXPECT(prefix_parse(&settings.lan4, lan4));
	EXPECT(prefix_parse(&settings.lan6, lan6));
	strcpy(settings.bridge, "br-home");
	strcpy(settings.state_directory, "/var/lib/pinfold");
	EXPECT(monitor_dhcp_render(text, sizeof text, &settings));
}

static bool
says(const char *line)
{
	char whole[256];

	snprintf(whole, sizeof whole, "\n%s\n", line);
	return strstr(text, whole);
}

TEST(the_dhcp_server_answers_no_names_and_serves_the_bridge_alone)
{
	render("192.168.77.1/24", "fd77::1/64");
	EXPECT(says("port=0"));
	EXPECT(says("interface=br-home"));
	EXPECT(says("except-interface=lo"));
	EXPECT(!strstr(text, "dhcp-script"));
	EXPECT(!strstr(text, "server="));
}

TEST(what_devices_call_themselves_reaches_no_log)
{
	render("192.168.77.1/24", "fd77::1/64");
	EXPECT(says("quiet-dhcp"));
	EXPECT(says("quiet-dhcp6"));
	EXPECT(says("dhcp-ignore-names"));
}

TEST(the_low_sixteenth_of_a_network_is_left_to_the_owner)
{
	render("192.168.77.1/24", "fd77::1/64");
	EXPECT(says("dhcp-range=192.168.77.16,192.168.77.254,255.255.255.0,1h"));
	EXPECT(says("dhcp-lease-max=239"));
}

TEST(a_network_of_two_addresses_gives_out_the_other_one)
{
	render("10.0.0.1/30", "fd77::1/64");
	EXPECT(says("dhcp-range=10.0.0.1,10.0.0.2,255.255.255.252,1h"));
	EXPECT(says("dhcp-lease-max=2"));
}

TEST(the_largest_network_does_not_have_more_leases_than_we_keep)
{
	render("10.0.0.1/8", "fd77::1/64");
	EXPECT(says("dhcp-range=10.16.0.0,10.255.255.254,255.0.0.0,1h"));
	EXPECT(says("dhcp-lease-max=16384"));
}

TEST(our_address_need_not_be_the_first_of_its_network)
{
	render("172.20.5.250/22", "fd77::1/64");
	EXPECT(says("dhcp-range=172.20.4.64,172.20.7.254,255.255.252.0,1h"));
	EXPECT(says("dhcp-option=option:router,172.20.5.250"));
	EXPECT(says("dhcp-option=option:dns-server,172.20.5.250"));
}

TEST(the_ipv6_prefix_is_advertised_off_link_with_our_name_server)
{
	render("192.168.77.1/24", "2001:db8:77::53/64");
	EXPECT(says("dhcp-range=::1:0,::1:ffff,constructor:br-home,slaac,off-link,64,1h"));
	EXPECT(says("dhcp-option=option6:dns-server,[2001:db8:77::53]"));
	EXPECT(says("enable-ra"));
}

TEST(a_text_that_does_not_fit_is_not_cut)
{
	struct settings settings;
	char small[64];

	settings_init(&settings);
	EXPECT(!monitor_dhcp_render(small, sizeof small, &settings));
}
