/* SPDX-License-Identifier: Apache-2.0 */
#include "process/monitor_link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/loop.h"

/* Every port, the bridge and the uplink. */
enum { LINKS_MAX = SETTINGS_PORTS_MAX + 2, RECEIVE_BUFFER = 1024 * 1024 };

struct known {
	struct message_link link;
	unsigned seen; /* in which dump, so that what is missing in the next one is gone */
};

static const struct settings *settings;
static const struct monitor_link_hooks *hooks;
static struct known known[LINKS_MAX];
static size_t n_known;
static unsigned dump;
static struct mnl_socket *socket_of_kernel;
static bool must_look; /* an address that was told is gone */

static struct {
	bool has4, has6;
	struct ip link6;
} bridge;

static bool
is_named(const char *name)
{
	if (!strcmp(name, settings->bridge) ||
		(settings->uplink[0] && !strcmp(name, settings->uplink)))
		return true;
	for (uint32_t i = 0; i < settings->n_ports; i++)
		if (!strcmp(name, settings->port[i]))
			return true;
	return false;
}

static bool
is_uplink(const struct message_link *link)
{
	return settings->mode == SETTINGS_ROUTER && !strcmp(link->name, settings->uplink);
}

static bool
is_bridge(const struct message_link *link)
{
	return settings->mode == SETTINGS_ROUTER && !strcmp(link->name, settings->bridge);
}

static struct known *
known_by(uint32_t ifindex)
{
	for (size_t i = 0; i < n_known; i++)
		if (known[i].link.ifindex == ifindex)
			return &known[i];
	return NULL;
}

static void
gone(struct known *at)
{
	struct message_link link = at->link;

	*at = known[--n_known];
	link.up = 0;
	link.gone = 1;
	log_info("link", "%s is gone", link.name);
	hooks->on_link(&link);
	if (is_bridge(&link)) {
		memset(&bridge, 0, sizeof bridge);
		hooks->on_bridge();
	}
	if (is_uplink(&link))
		hooks->on_uplink();
}

static void
gone_by_name(const char *name, uint32_t but)
{
	for (size_t i = n_known; i-- > 0;)
		if (!strcmp(known[i].link.name, name) && known[i].link.ifindex != but)
			gone(&known[i]);
}

static void
changed(uint32_t ifindex, const char *name, bool up)
{
	struct known *at = known_by(ifindex);

	if (at && strcmp(at->link.name, name)) {
		gone(at);
		at = NULL;
	}
	if (!is_named(name))
		return;
	if (at) {
		at->seen = dump;
		if (at->link.up == up)
			return;
	} else {
		gone_by_name(name, ifindex);
		if (n_known == LINKS_MAX)
			return; /* as many as have names, and each name once */
		at = &known[n_known++];
		memset(at, 0, sizeof *at);
		at->link.ifindex = ifindex;
		strncpy(at->link.name, name, sizeof at->link.name - 1);
		at->seen = dump;
	}
	bool is_new = !at->link.up && !up;
	at->link.up = up;
	log_debug("link", "%s is %s", name, up ? "up" : is_new ? "there" : "down");
	struct message_link link = at->link;
	hooks->on_link(&link);
	if (is_bridge(&link))
		hooks->on_bridge();
	if (is_uplink(&link))
		hooks->on_uplink();
}

static void
on_link_message(const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	const char *name = NULL;

	if (info->ifi_family != AF_UNSPEC)
		return; /* what a bridge says of its port */
	mnl_attr_for_each(attr, nlh,
		sizeof *info) if (mnl_attr_get_type(attr) == IFLA_IFNAME &&
				  mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) name =
		mnl_attr_get_str(attr);
	if (nlh->nlmsg_type == RTM_DELLINK) {
		struct known *at = known_by((uint32_t)info->ifi_index);
		if (at)
			gone(at);
	} else if (name && strlen(name) < SETTINGS_NAME_MAX) {
		changed((uint32_t)info->ifi_index, name,
			info->ifi_flags & IFF_UP && info->ifi_flags & IFF_LOWER_UP);
	}
}

static struct ip
address_of(const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct ip ip = {0};

	mnl_attr_for_each(attr, nlh, sizeof *info)
	{
		uint16_t type = mnl_attr_get_type(attr);
		if (type == IFA_LOCAL || (type == IFA_ADDRESS && !ip.version)) {
			if (info->ifa_family == AF_INET && mnl_attr_get_payload_len(attr) == 4)
				ip = ip_from_v4(mnl_attr_get_payload(attr));
			if (info->ifa_family == AF_INET6 && mnl_attr_get_payload_len(attr) == 16)
				ip = ip_from_v6(mnl_attr_get_payload(attr));
		}
	}
	return ip;
}

/* The addresses of the settings, and whether the bridge has them yet. */
static void
on_bridge_address(const struct ip *ip, bool is_there)
{
	if (ip_is_equal(ip, &settings->lan4.address))
		bridge.has4 = is_there;
	else if (ip_is_equal(ip, &settings->lan6.address))
		bridge.has6 = is_there;
	else if (ip->version == 6 && ip_is_link_local(ip))
		bridge.link6 = is_there ? *ip : (struct ip){0};
	else
		return;
	hooks->on_bridge();
}

/* Those that came from outside: whoever wants links must know them. */
static void
on_given_address(struct known *at, const struct ip_prefix *prefix, bool is_there)
{
	struct ip_prefix *held =
		prefix->address.version == 4 ? &at->link.address4 : &at->link.address6;

	if (ip_is_link_local(&prefix->address) || (is_there && held->address.version) ||
		(!is_there && !ip_is_equal(&held->address, &prefix->address)))
		return;
	*held = is_there ? *prefix : (struct ip_prefix){0};
	must_look = must_look || !is_there; /* there may be another one */
	struct message_link link = at->link;
	hooks->on_link(&link);
}

static void
on_address_message(const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	struct known *at = known_by(info->ifa_index);
	struct ip_prefix prefix = {.address = address_of(nlh), .length = info->ifa_prefixlen};
	bool is_there = nlh->nlmsg_type == RTM_NEWADDR;

	if (!at || !prefix.address.version)
		return;
	if (is_bridge(&at->link)) {
		on_bridge_address(&prefix.address, is_there);
		if (prefix.address.version == 6 &&
			!ip_is_equal(&prefix.address, &settings->lan6.address))
			on_given_address(at, &prefix, is_there);
	} else if (is_uplink(&at->link)) {
		on_given_address(at, &prefix, is_there);
	}
}

static int
on_message(const struct nlmsghdr *nlh, void *arg)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		on_link_message(nlh);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		on_address_message(nlh);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* One question of the kind "all of them"; the answers run through on_message(). */
static void
ask_for_all(uint16_t type)
{
	_Alignas(struct nlmsghdr) char buffer[32768];
	struct mnl_socket *asked = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!asked || mnl_socket_bind(asked, 0, MNL_SOCKET_AUTOPID))
		fatal("link", "cannot ask the kernel for its links");
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = 1;
	struct rtgenmsg *what = mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	what->rtgen_family = AF_UNSPEC;
	if (mnl_socket_sendto(asked, nlh, nlh->nlmsg_len) < 0)
		fatal("link", "cannot ask the kernel for its links");
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(asked, buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		int more = n < 0 ? -1
				 : mnl_cb_run(buffer, (size_t)n, 1, mnl_socket_get_portid(asked),
					   on_message, NULL);
		/* A list that changed while it was read: the change itself is on its way to us. */
		if (more < 0 && errno != EINTR)
			fatal("link", "cannot read the kernel's links");
		if (more == MNL_CB_STOP)
			break;
	}
	mnl_socket_close(asked);
}

static void
look_at_all(void)
{
	dump++;
	ask_for_all(RTM_GETLINK);
	for (size_t i = n_known; i-- > 0;)
		if (known[i].seen != dump)
			gone(&known[i]);
	ask_for_all(RTM_GETADDR);
}

static void
on_readable(int fd, void *arg)
{
	_Alignas(struct nlmsghdr) char buffer[32768];

	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (n < 0 && errno == ENOBUFS) {
			log_warnx("link",
				"the kernel had more news than we could take, looking again");
			look_at_all();
			continue;
		}
		if (n <= 0)
			return;
		mnl_cb_run(buffer, (size_t)n, 0, 0, on_message, NULL);
		if (must_look) {
			must_look = false;
			ask_for_all(RTM_GETADDR);
		}
	}
}

void
monitor_link_start(const struct settings *told, const struct monitor_link_hooks *told_hooks)
{
	int size = RECEIVE_BUFFER;

	settings = told;
	hooks = told_hooks;
	socket_of_kernel = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!socket_of_kernel ||
		mnl_socket_bind(socket_of_kernel,
			RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, MNL_SOCKET_AUTOPID))
		fatal("link", "cannot listen to the kernel's links");
	setsockopt(mnl_socket_get_fd(socket_of_kernel), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		sizeof size);
	loop_watch_read(mnl_socket_get_fd(socket_of_kernel), on_readable, NULL);
	look_at_all();
}

void
monitor_link_tell(void (*tell)(const struct message_link *, void *), void *arg)
{
	for (size_t i = 0; i < n_known; i++)
		tell(&known[i].link, arg);
}

int
monitor_link_bridge(void)
{
	for (size_t i = 0; i < n_known; i++)
		if (is_bridge(&known[i].link))
			return (int)known[i].link.ifindex;
	return 0;
}

int
monitor_link_uplink(void)
{
	for (size_t i = 0; i < n_known; i++)
		if (is_uplink(&known[i].link))
			return (int)known[i].link.ifindex;
	return 0;
}

bool
monitor_link_bridge_has_addresses(void)
{
	return bridge.has4 && bridge.has6;
}

struct ip
monitor_link_bridge_local(void)
{
	return bridge.link6;
}
