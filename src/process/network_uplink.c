/* SPDX-License-Identifier: Apache-2.0 */
#include "process/network_uplink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/kernel.h"

enum { LAN_PREFIX = 64, HOST_ADDRESS = 128 };

/* --- what may be set --------------------------------------------------------------------------- */

static bool
overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->length < b->length ? prefix_contains(a, &b->address)
				     : prefix_contains(b, &a->address);
}

/* Somebody's address on a link: neither nobody's nor everybody's nor the machine's own. */
static bool
is_host(const struct ip *ip)
{
	if (ip->version == 4)
		return ip->byte[0] != 0 && ip->byte[0] != 127 && ip->byte[0] < 224;
	/* 2000::/3, or a private one (RFC 4193) from a router above us */
	return ip->version == 6 && ((ip->byte[0] & 0xe0) == 0x20 || (ip->byte[0] & 0xfe) == 0xfc);
}

bool
network_uplink_is_acceptable(
	const struct settings *settings, const struct message_uplink *said, struct fault *why)
{
	const struct ip_prefix address6 = {.address = said->address6, .length = HOST_ADDRESS};
	char text[PREFIX_TEXT_MAX];

	if (said->address4.address.version &&
		(!is_host(&said->address4.address) || said->address4.length < 8 ||
			overlap(&said->address4, &settings->lan4))) {
		fault_set(why, ERR_DENIED, "%s is no address for the uplink",
			prefix_render(&said->address4, text));
		return false;
	}
	if (said->router4.version && (!said->address4.address.version || !is_host(&said->router4) ||
					     prefix_contains(&settings->lan4, &said->router4))) {
		fault_set(why, ERR_DENIED, "%s is no way out", ip_render(&said->router4, text));
		return false;
	}
	if (said->address6.version &&
		(!is_host(&said->address6) || overlap(&address6, &settings->lan6))) {
		fault_set(why, ERR_DENIED, "%s is no address for the uplink",
			ip_render(&said->address6, text));
		return false;
	}
	if (said->delegated.address.version &&
		(!is_host(&said->delegated.address) || said->delegated.length > LAN_PREFIX ||
			overlap(&said->delegated, &settings->lan6))) {
		fault_set(why, ERR_DENIED, "%s is no prefix for the LAN",
			prefix_render(&said->delegated, text));
		return false;
	}
	return true;
}

struct ip_prefix
network_uplink_lan6(const struct ip_prefix *delegated)
{
	struct ip_prefix out = {0};

	if (!delegated->address.version)
		return out;
	out = *delegated;
	for (unsigned bit = delegated->length; bit < 128; bit++)
		out.address.byte[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	out.address.byte[15] = 1;
	out.length = LAN_PREFIX;
	return out;
}

/* --- telling the kernel ------------------------------------------------------------------------ */

static bool
ask(struct nlmsghdr *header, int is_fine)
{
	int fd = kernel_netlink(NETLINK_ROUTE);

	if (fd < 0)
		return false;
	enum err err = kernel_ask(fd, header);
	int saved = errno;
	close(fd);
	errno = saved;
	return !err || (err == ERR_KERNEL && errno == is_fine);
}

static bool
change_address(uint32_t index, const struct ip_prefix *prefix, bool is_there, uint32_t valid_s,
	uint32_t preferred_s)
{
	_Alignas(struct nlmsghdr) char bytes[256];
	bool four = prefix->address.version == 4;
	struct ifa_cacheinfo life = {.ifa_valid = valid_s, .ifa_prefered = preferred_s};
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);

	header->nlmsg_type = is_there ? RTM_NEWADDR : RTM_DELADDR;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK |
					 (is_there ? NLM_F_CREATE | NLM_F_REPLACE : 0));
	struct ifaddrmsg *address = mnl_nlmsg_put_extra_header(header, sizeof *address);
	address->ifa_family = four ? AF_INET : AF_INET6;
	address->ifa_prefixlen = prefix->length;
	address->ifa_index = index;
	mnl_attr_put(header, IFA_LOCAL, four ? 4 : 16, prefix->address.byte);
	mnl_attr_put(header, IFA_ADDRESS, four ? 4 : 16, prefix->address.byte);
	if (is_there)
		mnl_attr_put(header, IFA_CACHEINFO, sizeof life, &life);
	return ask(header, is_there ? 0 : EADDRNOTAVAIL);
}

/* The router may stand outside our own network, as where an address is given alone (/32). */
static bool
set_way_out(uint32_t index, const struct ip *router)
{
	_Alignas(struct nlmsghdr) char bytes[256];
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);

	header->nlmsg_type = RTM_NEWROUTE;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	struct rtmsg *route = mnl_nlmsg_put_extra_header(header, sizeof *route);
	route->rtm_family = AF_INET;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_DHCP;
	route->rtm_scope = RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_UNICAST;
	route->rtm_flags = RTNH_F_ONLINK;
	mnl_attr_put(header, RTA_GATEWAY, 4, router->byte);
	mnl_attr_put_u32(header, RTA_OIF, index);
	return ask(header, 0);
}

/* --- all of it --------------------------------------------------------------------------------- */

/* One address that came from the provider: where it is set. */
struct given {
	struct ip_prefix prefix;
	uint32_t index;
};
static struct given given4, given6, given_lan;
static struct message_uplink last;
static uint64_t last_ns; /* 0: nobody said anything yet */
static uint32_t at_uplink, at_bridge;

static bool
give(struct given *given, uint32_t index, const struct ip_prefix *prefix, uint32_t valid_s,
	uint32_t preferred_s)
{
	bool is_same =
		given->index == index && ip_is_equal(&given->prefix.address, &prefix->address);

	/* Not known yet, as after a new start: what there is runs on to its own end. */
	if (!prefix->address.version)
		return true;
	/* First the old one away: who follows addresses sees one at a time. */
	if ((!is_same || !valid_s) && given->prefix.address.version &&
		!change_address(given->index, &given->prefix, false, 0, 0) && errno != ENODEV)
		log_warn("uplink", "an address that has ended cannot be taken away");
	*given = (struct given){0};
	if (!valid_s)
		return true;
	*given = (struct given){.prefix = *prefix, .index = index};
	return !index || change_address(index, prefix, true, valid_s, preferred_s);
}

void
network_uplink_adopt(const struct settings *settings, const struct message_link *link)
{
	bool is_uplink = !strcmp(link->name, settings->uplink);
	struct given *given = is_uplink                              ? &given4
			      : strcmp(link->name, settings->bridge) ? NULL
								     : &given_lan;
	const struct ip_prefix *prefix = is_uplink ? &link->address4 : &link->address6;

	if (settings->uplink_mode != SETTINGS_UPLINK_DHCP || !given || link->gone ||
		!prefix->address.version || given->prefix.address.version)
		return;
	*given = (struct given){.prefix = *prefix, .index = link->ifindex};
}

static uint32_t
left_s(uint32_t seconds)
{
	uint64_t passed_s = (clock_monotonic_ns() - last_ns) / CLOCK_SECOND_NS;

	return passed_s < seconds ? seconds - (uint32_t)passed_s : 0;
}

static bool
set_last(uint32_t uplink, uint32_t bridge, struct fault *why)
{
	struct ip_prefix address6 = {
		.address = last.address6, .length = last.address6.version ? HOST_ADDRESS : 0};
	struct ip_prefix lan6 = network_uplink_lan6(&last.delegated);
	uint32_t s4 = left_s(last.seconds4), s6 = left_s(last.seconds6);

	at_uplink = uplink;
	at_bridge = bridge;
	if (give(&given4, uplink, &last.address4, s4, s4) &&
		(!uplink || !s4 || !last.router4.version || set_way_out(uplink, &last.router4)) &&
		give(&given6, uplink, &address6, s6, s6) &&
		give(&given_lan, bridge, &lan6, left_s(last.delegated_s),
			left_s(last.delegated_preferred_s)))
		return true;
	fault_set(why, ERR_KERNEL, "the kernel refuses what the provider gave: %m");
	return false;
}

bool
network_uplink_set(const struct settings *settings, const struct message_uplink *said,
	uint32_t uplink, uint32_t bridge, struct fault *why)
{
	if (!network_uplink_is_acceptable(settings, said, why))
		return false;
	last = *said;
	last_ns = clock_monotonic_ns();
	return set_last(uplink, bridge, why);
}

bool
network_uplink_again(uint32_t uplink, uint32_t bridge, struct fault *why)
{
	return !last_ns || (at_uplink == uplink && at_bridge == bridge) ||
	       set_last(uplink, bridge, why);
}
