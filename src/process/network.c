/* SPDX-License-Identifier: Apache-2.0 */
#include "process/network.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/log.h"
#include "policy/kernel.h"
#include "policy/nft_base.h"

#ifndef NTF_STICKY
#define NTF_STICKY (1 << 6)
#endif

struct network {
	int fd;
	uint32_t seq;
	struct settings settings;
	uint8_t mac[6];
	uint32_t bridge; /* ifindex */
	bool is_raised;
	struct log_once neighbour_trouble;
};

/* --- asking rtnetlink ---------------------------------------------------------------------------- */

struct request {
	_Alignas(struct nlmsghdr) char bytes[1024];
	struct nlmsghdr *header;
};

static struct nlmsghdr *
begin(struct network *network, struct request *request, uint16_t type, uint16_t flags)
{
	request->header = mnl_nlmsg_put_header(request->bytes);
	request->header->nlmsg_type = type;
	request->header->nlmsg_flags = NLM_F_REQUEST | flags;
	request->header->nlmsg_seq = ++network->seq;
	return request->header;
}

/* True when done, or when it was so already. */
static bool
ask(struct network *network, struct request *request, int is_fine)
{
	enum err err = kernel_ask(network->fd, request->header);
	return !err || (err == ERR_KERNEL && errno == is_fine);
}

struct link {
	uint32_t index, master, flags;
	uint8_t mac[6];
	bool is_there;
};

static bool
on_link(const struct nlmsghdr *header, void *arg)
{
	struct link *link = arg;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	const struct nlattr *attribute;

	if (header->nlmsg_type != RTM_NEWLINK)
		return true;
	*link = (struct link){
		.index = (uint32_t)info->ifi_index, .flags = info->ifi_flags, .is_there = true};
	mnl_attr_for_each(attribute, header, sizeof *info)
	{
		if (mnl_attr_get_type(attribute) == IFLA_MASTER)
			link->master = mnl_attr_get_u32(attribute);
		if (mnl_attr_get_type(attribute) == IFLA_ADDRESS &&
			mnl_attr_get_payload_len(attribute) == 6)
			memcpy(link->mac, mnl_attr_get_payload(attribute), 6);
	}
	return true;
}

static struct link
find_link(struct network *network, const char *name)
{
	struct request request;
	struct link link = {0};
	struct nlmsghdr *header = begin(network, &request, RTM_GETLINK, NLM_F_ACK);

	mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	if (kernel_dump(network->fd, header, on_link, &link))
		link.is_there = false;
	return link;
}

uint32_t
network_index(struct network *network, const char *name)
{
	struct link link = find_link(network, name);
	return link.is_there ? link.index : 0;
}

static struct ifinfomsg *
begin_link(struct network *network, struct request *request, uint16_t type, uint16_t flags,
	uint32_t index)
{
	struct nlmsghdr *header = begin(network, request, type, flags);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(header, sizeof *info);

	info->ifi_index = (int)index;
	return info;
}

static bool
set_up(struct network *network, uint32_t index, unsigned also)
{
	struct request request;
	struct ifinfomsg *info = begin_link(network, &request, RTM_NEWLINK, 0, index);

	info->ifi_flags = IFF_UP | also;
	info->ifi_change = IFF_UP | also;
	return ask(network, &request, 0);
}

static bool
add_address(struct network *network, uint32_t index, const struct ip_prefix *prefix)
{
	bool four = prefix->address.version == 4;
	struct request request;
	struct nlmsghdr *header = begin(network, &request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *address = mnl_nlmsg_put_extra_header(header, sizeof *address);

	address->ifa_family = four ? AF_INET : AF_INET6;
	address->ifa_prefixlen = prefix->length;
	address->ifa_index = index;
	/* It is ours by decree; waiting for duplicates would leave devices without a router. */
	address->ifa_flags = four ? 0 : IFA_F_NODAD;
	mnl_attr_put(header, IFA_LOCAL, four ? 4 : 16, prefix->address.byte);
	mnl_attr_put(header, IFA_ADDRESS, four ? 4 : 16, prefix->address.byte);
	return ask(network, &request, EEXIST);
}

static bool
add_default_route(struct network *network, uint32_t index, const struct ip *gateway)
{
	bool four = gateway->version == 4;
	struct request request;
	struct nlmsghdr *header = begin(network, &request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(header, sizeof *route);

	route->rtm_family = four ? AF_INET : AF_INET6;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put(header, RTA_GATEWAY, four ? 4 : 16, gateway->byte);
	mnl_attr_put_u32(header, RTA_OIF, index);
	return ask(network, &request, EEXIST);
}

/* --- start -------------------------------------------------------------------------------------------- */

enum err
network_new(struct network **out, const struct settings *settings, struct fault *why)
{
	struct network *network = must_alloc(1, sizeof *network);

	memset(network, 0, sizeof *network);
	network->settings = *settings;
	network->fd = kernel_netlink(NETLINK_ROUTE);
	if (network->fd < 0) {
		fault_set(why, ERR_SYSTEM, "cannot ask rtnetlink: %m");
		free(network);
		return ERR_SYSTEM;
	}
	struct link from = find_link(network, settings->uplink);
	for (uint32_t i = 0; i < settings->n_ports && !from.is_there; i++)
		from = find_link(network, settings->port[i]);
	memcpy(network->mac, from.mac, 6);
	network->mac[0] = (uint8_t)((network->mac[0] | 2) & ~1); /* locally administered, unicast */
	network->mac[5] ^= 0x50;
	*out = network;
	return ERR_OK;
}

const uint8_t *
network_gateway_mac(const struct network *network)
{
	return network->mac;
}

/* path with %s for an interface, value, whether we can do without */
static const struct {
	const char *path, *value;
	enum { FOR_ALL, FOR_BRIDGE, FOR_UPLINK } which;
	bool is_needed;
} sysctls[] = {
	{"net/ipv4/ip_forward", "1", FOR_ALL, true},
	{"net/ipv6/conf/all/forwarding", "1", FOR_ALL, true},
	/* A flow begins with a SYN, or it would be taken up in the middle after its end. */
	{"net/netfilter/nf_conntrack_tcp_loose", "0", FOR_ALL, true},
	{"net/netfilter/nf_conntrack_acct", "1", FOR_ALL, false},
	/* Absent means 0: bridged frames do not visit the inet rules. */
	{"net/bridge/bridge-nf-call-iptables", "0", FOR_ALL, false},
	{"net/bridge/bridge-nf-call-ip6tables", "0", FOR_ALL, false},
	{"net/bridge/bridge-nf-call-arptables", "0", FOR_ALL, false},
	{"net/ipv4/conf/all/send_redirects", "0", FOR_ALL, true},
	{"net/ipv4/conf/all/accept_redirects", "0", FOR_ALL, true},
	{"net/ipv4/conf/all/accept_source_route", "0", FOR_ALL, false},
	{"net/ipv6/conf/all/accept_redirects", "0", FOR_ALL, true},
	{"net/ipv6/conf/all/accept_source_route", "0", FOR_ALL, false},
	/* Most packets are for others: no look for a socket before the look for a route. */
	{"net/ipv4/ip_early_demux", "0", FOR_ALL, false},
	{"net/ipv4/icmp_echo_ignore_broadcasts", "1", FOR_ALL, false},
	{"net/ipv4/tcp_syncookies", "1", FOR_ALL, false},
	{"net/ipv4/neigh/default/gc_thresh3", "16384", FOR_ALL, false},
	{"net/ipv6/neigh/default/gc_thresh3", "16384", FOR_ALL, false},
	{"net/ipv4/conf/%s/send_redirects", "0", FOR_BRIDGE, true},
	{"net/ipv4/conf/%s/accept_redirects", "0", FOR_BRIDGE, true},
	{"net/ipv4/conf/%s/rp_filter", "1", FOR_BRIDGE, true},
	/* Neighbours talk through us: we answer ARP for them on the port that asks. */
	{"net/ipv4/conf/%s/proxy_arp_pvlan", "1", FOR_BRIDGE, true},
	/* At once: the pause is meant for links where others may answer too. */
	{"net/ipv4/neigh/%s/proxy_delay", "0", FOR_BRIDGE, false},
	/* Answer only for addresses of the interface that is asked. */
	{"net/ipv4/conf/%s/arp_ignore", "1", FOR_BRIDGE, false},
	{"net/ipv6/conf/%s/accept_ra", "0", FOR_BRIDGE, true},
	{"net/ipv6/conf/%s/accept_redirects", "0", FOR_BRIDGE, true},
	{"net/ipv4/conf/%s/rp_filter", "1", FOR_UPLINK, false},
	{"net/ipv4/conf/%s/accept_redirects", "0", FOR_UPLINK, false},
	{"net/ipv4/conf/%s/send_redirects", "0", FOR_UPLINK, false},
	{"net/ipv6/conf/%s/accept_redirects", "0", FOR_UPLINK, false},
	/* A router that is itself a customer: advertisements count although we forward. */
	{"net/ipv6/conf/%s/accept_ra", "2", FOR_UPLINK, false},
};

static enum err
set_sysctls(struct network *network, struct fault *why)
{
	char path[160];

	for (size_t i = 0; i < COUNT_OF(sysctls); i++) {
		const char *name = sysctls[i].which == FOR_BRIDGE ? network->settings.bridge
								  : network->settings.uplink;
		const char *mark = strstr(sysctls[i].path, "%s");
		if (mark)
			snprintf(path, sizeof path, "%.*s%s%s", (int)(mark - sysctls[i].path),
				sysctls[i].path, name, mark + 2);
		else
			snprintf(path, sizeof path, "%s", sysctls[i].path);
		if (kernel_sysctl(path, sysctls[i].value) || !sysctls[i].is_needed)
			continue;
		fault_set(why, ERR_SYSTEM, "cannot set %s to %s: %m", path, sysctls[i].value);
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

static enum err
make_bridge(struct network *network, struct fault *why)
{
	struct settings *settings = &network->settings;
	struct link link = find_link(network, settings->bridge);
	struct request request;

	if (!link.is_there) {
		begin_link(network, &request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
		mnl_attr_put_strz(request.header, IFLA_IFNAME, settings->bridge);
		mnl_attr_put(request.header, IFLA_ADDRESS, 6, network->mac);
		struct nlattr *info = mnl_attr_nest_start(request.header, IFLA_LINKINFO);
		mnl_attr_put_strz(request.header, IFLA_INFO_KIND, "bridge");
		mnl_attr_nest_end(request.header, info);
		if (!ask(network, &request, 0)) {
			fault_set(
				why, ERR_KERNEL, "cannot make the bridge %s: %m", settings->bridge);
			return ERR_KERNEL;
		}
		link = find_link(network, settings->bridge);
	} else if (memcmp(link.mac, network->mac, 6)) {
		begin_link(network, &request, RTM_NEWLINK, 0, link.index);
		mnl_attr_put(request.header, IFLA_ADDRESS, 6, network->mac);
		if (!ask(network, &request, 0)) {
			fault_set(why, ERR_KERNEL, "cannot give the bridge %s its MAC: %m",
				settings->bridge);
			return ERR_KERNEL;
		}
	}
	network->bridge = link.index;
	return ERR_OK;
}

static enum err
prepare_uplink(struct network *network, struct fault *why)
{
	struct settings *settings = &network->settings;
	struct link link = find_link(network, settings->uplink);

	if (settings->uplink_mode == SETTINGS_UPLINK_NONE)
		return ERR_OK;
	if (!link.is_there) {
		log_warnx("network", "the uplink %s is not there yet", settings->uplink);
		return ERR_OK;
	}
	if (!set_up(network, link.index, 0)) {
		fault_set(why, ERR_KERNEL, "cannot bring up the uplink %s: %m", settings->uplink);
		return ERR_KERNEL;
	}
	if (settings->uplink_mode != SETTINGS_UPLINK_STATIC)
		return ERR_OK;
	const struct ip_prefix *addresses[] = {&settings->uplink4, &settings->uplink6};
	const struct ip *gateways[] = {&settings->gateway4, &settings->gateway6};
	for (int i = 0; i < 2; i++) {
		if (!addresses[i]->address.version)
			continue;
		if (!add_address(network, link.index, addresses[i]) ||
			(gateways[i]->version &&
				!add_default_route(network, link.index, gateways[i]))) {
			fault_set(why, ERR_KERNEL, "cannot address the uplink %s: %m",
				settings->uplink);
			return ERR_KERNEL;
		}
	}
	return ERR_OK;
}

static bool
quieten(const char *port)
{
	char path[128];

	snprintf(path, sizeof path, "net/ipv6/conf/%s/disable_ipv6", port);
	return kernel_sysctl(path, "1");
}

/* Nothing leaves the port, whoever sends it: the rule stands before the link goes up. */
static bool
silence(const char *port, uint32_t index)
{
	char text[512];

	if (!nft_interface_is_safe(port))
		return false;
	snprintf(text, sizeof text,
		"add table netdev pinfold\n"
		"add chain netdev pinfold silence%u { type filter hook egress device \"%s\" "
		"priority -300; policy drop; }\n",
		index, port);
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return false;
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	bool is_done = !nft_run_cmd_from_buffer(nft, text);
	if (!is_done) {
		const char *said = nft_ctx_get_error_buffer(nft);
		log_warnx("network", "%.*s", (int)strcspn(said, "\n"), said);
	}
	nft_ctx_free(nft);
	return is_done;
}

/* Those that somebody brought up before us are silent from now on. */
static enum err
silence_ports(struct network *network, struct fault *why)
{
	for (uint32_t i = 0; i < network->settings.n_ports; i++) {
		const char *port = network->settings.port[i];
		struct link link = find_link(network, port);
		if (!link.is_there || (silence(port, link.index) && quieten(port)))
			continue;
		fault_set(why, ERR_KERNEL, "port %s cannot be silenced", port);
		return ERR_KERNEL;
	}
	return ERR_OK;
}

enum err
network_prepare(struct network *network, struct fault *why)
{
	struct settings *settings = &network->settings;

	if (settings->mode == SETTINGS_SENSOR)
		return silence_ports(network, why);
	enum err err = make_bridge(network, why);
	if (!err)
		err = set_sysctls(network, why);
	if (err)
		return err;
	if (!add_address(network, network->bridge, &settings->lan4) ||
		!add_address(network, network->bridge, &settings->lan6) ||
		!set_up(network, network->bridge, 0)) {
		fault_set(why, ERR_KERNEL, "cannot address the bridge %s: %m", settings->bridge);
		return ERR_KERNEL;
	}
	return prepare_uplink(network, why);
}

/* --- ports ------------------------------------------------------------------------------------------------ */

static bool
isolate(struct network *network, uint32_t index)
{
	struct request request;
	struct ifinfomsg *info = begin_link(network, &request, RTM_SETLINK, 0, index);

	info->ifi_family = AF_BRIDGE;
	struct nlattr *nest = mnl_attr_nest_start(request.header, IFLA_PROTINFO | NLA_F_NESTED);
	mnl_attr_put_u8(request.header, IFLA_BRPORT_ISOLATED, 1);
	mnl_attr_nest_end(request.header, nest);
	return ask(network, &request, 0);
}

static bool
raise_bridge_port(struct network *network, const char *port, struct link link)
{
	struct request request;

	/* The port is no end of its own: what it had to say would leave past the bridge's rules. */
	quieten(port);
	if (link.master != network->bridge) {
		begin_link(network, &request, RTM_NEWLINK, 0, link.index);
		mnl_attr_put_u32(request.header, IFLA_MASTER, network->bridge);
		if (!ask(network, &request, 0))
			return false;
	}
	if (!isolate(network, link.index))
		log_warn("network",
			"port %s cannot be isolated; the bridge's rules alone keep devices apart",
			port);
	return set_up(network, link.index, 0);
}

static bool
raise_sensor_port(struct network *network, const char *port, struct link link)
{
	if (!silence(port, link.index) || !quieten(port))
		return false;
	return set_up(network, link.index, IFF_NOARP);
}

static bool
raise_port(struct network *network, const char *port)
{
	struct link link = find_link(network, port);

	if (!link.is_there)
		return true;
	return network->settings.mode == SETTINGS_SENSOR ? raise_sensor_port(network, port, link)
							 : raise_bridge_port(network, port, link);
}

enum err
network_raise(struct network *network, struct fault *why)
{
	network->is_raised = true;
	for (uint32_t i = 0; i < network->settings.n_ports; i++) {
		if (raise_port(network, network->settings.port[i]))
			continue;
		fault_set(why, ERR_KERNEL, "port %s stays down: %m", network->settings.port[i]);
		return ERR_KERNEL;
	}
	return ERR_OK;
}

void
network_on_link(struct network *network, const struct message_link *link)
{
	struct fault why;

	if (link->gone)
		return;
	if (network->settings.mode == SETTINGS_ROUTER &&
		!strcmp(link->name, network->settings.uplink) && !link->up &&
		prepare_uplink(network, &why))
		log_warnx("network", "%s", why.text);
	for (uint32_t i = 0; i < network->settings.n_ports && network->is_raised; i++)
		if (!strcmp(link->name, network->settings.port[i]) &&
			!raise_port(network, link->name))
			log_warn("network", "port %s stays down", link->name);
}

/* --- neighbours --------------------------------------------------------------------------------------------- */

static bool
change_neighbour(struct network *network, const struct policy_binding *binding, bool is_there)
{
	bool four = binding->address.version == 4;
	struct request request;
	struct nlmsghdr *header = begin(network, &request, is_there ? RTM_NEWNEIGH : RTM_DELNEIGH,
		is_there ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ndmsg *neighbour = mnl_nlmsg_put_extra_header(header, sizeof *neighbour);

	neighbour->ndm_family = four ? AF_INET : AF_INET6;
	neighbour->ndm_ifindex = (int)network->bridge;
	neighbour->ndm_state = is_there ? NUD_PERMANENT : NUD_NONE;
	mnl_attr_put(header, NDA_DST, four ? 4 : 16, binding->address.byte);
	if (is_there)
		mnl_attr_put(header, NDA_LLADDR, 6, binding->mac);
	return ask(network, &request, is_there ? 0 : ENOENT);
}

/* The MAC belongs to the port: a frame with it from elsewhere does not draw its traffic there. */
static bool
change_port_of_mac(struct network *network, const struct policy_binding *binding, bool is_there)
{
	struct link link = find_link(network, binding->port);
	struct request request;

	if (!link.is_there || link.master != network->bridge)
		return true; /* comes with the next binding after the port is up */
	struct nlmsghdr *header = begin(network, &request, is_there ? RTM_NEWNEIGH : RTM_DELNEIGH,
		is_there ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ndmsg *entry = mnl_nlmsg_put_extra_header(header, sizeof *entry);

	entry->ndm_family = AF_BRIDGE;
	entry->ndm_ifindex = (int)link.index;
	entry->ndm_state = NUD_NOARP;
	entry->ndm_flags = is_there ? NTF_MASTER | NTF_STICKY : NTF_MASTER;
	mnl_attr_put(header, NDA_LLADDR, 6, binding->mac);
	return ask(network, &request, is_there ? 0 : ENOENT);
}

static bool
holds_address(const struct message_policy *policy, const struct policy_binding *binding)
{
	for (int i = 0; policy && i < policy->n_bindings; i++)
		if (ip_is_equal(&policy->binding[i].address, &binding->address))
			return true;
	return false;
}

static bool
holds_mac(const struct message_policy *policy, const struct policy_binding *binding)
{
	for (int i = 0; policy && i < policy->n_bindings; i++)
		if (!memcmp(policy->binding[i].mac, binding->mac, 6) &&
			!memcmp(policy->binding[i].port, binding->port, sizeof binding->port))
			return true;
	return false;
}

static bool
holds_binding(const struct message_policy *policy, const struct policy_binding *binding)
{
	for (int i = 0; policy && i < policy->n_bindings; i++)
		if (!memcmp(&policy->binding[i], binding, sizeof *binding))
			return true;
	return false;
}

void
network_bind(
	struct network *network, const struct message_policy *old, const struct message_policy *new)
{
	bool is_fine = true;

	for (int i = 0; old && i < old->n_bindings; i++) {
		if (!holds_address(new, &old->binding[i]))
			is_fine &= change_neighbour(network, &old->binding[i], false);
		if (!holds_mac(new, &old->binding[i]))
			is_fine &= change_port_of_mac(network, &old->binding[i], false);
	}
	for (int i = 0; new &&i < new->n_bindings; i++) {
		if (holds_binding(old, &new->binding[i]))
			continue;
		is_fine &= change_neighbour(network, &new->binding[i], true);
		is_fine &= change_port_of_mac(network, &new->binding[i], true);
	}
	if (!is_fine && log_once(&network->neighbour_trouble))
		log_warn("network", "neighbour entries cannot be made permanent");
	else if (is_fine)
		log_once_over(&network->neighbour_trouble);
}

/* --- who was heard ------------------------------------------------------------------------------------ */

struct sighting {
	const uint8_t *mac;
	uint32_t silence_ms;
};

static bool
on_sighting(const struct nlmsghdr *header, void *arg)
{
	enum {
		TICKS_A_SECOND = 100
	}; /* of what the kernel tells user programs, on every machine */
	struct sighting *sighting = arg;
	const struct ndmsg *entry = mnl_nlmsg_get_payload(header);
	const struct nda_cacheinfo *times = NULL;
	const struct nlattr *attribute;
	bool is_it = false;

	if (header->nlmsg_type != RTM_NEWNEIGH)
		return true;
	mnl_attr_for_each(attribute, header, sizeof *entry)
	{
		size_t len = mnl_attr_get_payload_len(attribute);
		if (mnl_attr_get_type(attribute) == NDA_CACHEINFO && len >= sizeof *times)
			times = mnl_attr_get_payload(attribute);
		if (mnl_attr_get_type(attribute) == NDA_LLADDR && len == 6)
			is_it = !memcmp(mnl_attr_get_payload(attribute), sighting->mac, 6);
	}
	if (!times || !is_it)
		return true;
	uint64_t ms = (uint64_t)times->ndm_updated * 1000 / TICKS_A_SECOND;
	if (ms < sighting->silence_ms)
		sighting->silence_ms = (uint32_t)ms;
	return true;
}

uint32_t
network_silence_ms(struct network *network, const struct message_policy *policy)
{
	struct sighting sighting = {.silence_ms = HEARD_NEVER};
	struct request request;

	for (int i = 0; i < policy->n_bindings; i++) {
		sighting.mac = policy->binding[i].mac;
		if (i && !memcmp(sighting.mac, policy->binding[i - 1].mac, 6))
			continue;
		struct nlmsghdr *header = begin(network, &request, RTM_GETNEIGH, NLM_F_ACK);
		struct ndmsg *entry = mnl_nlmsg_put_extra_header(header, sizeof *entry);
		entry->ndm_family = AF_BRIDGE;
		mnl_attr_put(header, NDA_LLADDR, 6, sighting.mac);
		mnl_attr_put_u32(header, NDA_MASTER, network->bridge);
		/* One that the bridge does not know is no trouble, and no sign of life. */
		if (kernel_dump(network->fd, header, on_sighting, &sighting))
			continue;
	}
	return sighting.silence_ms;
}
