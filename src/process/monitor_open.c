/* SPDX-License-Identifier: Apache-2.0 */
#include "process/monitor_open.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "check/scan_filter.h"
#include "observation/filter.h"

enum { DNS_PORT = 53, HTTP_PORT = 80, MDNS_PORT = 5353, SSDP_PORT = 1900, BACKLOG = 256 };
enum { DHCP4_SERVER_PORT = 67, DHCP4_PORT = 68, DHCP6_PORT = 546, PROTO_UDP = 17 };
enum { CAPTURE_BUFFER = 8 * 1024 * 1024, DNS_BUFFER = 1024 * 1024, SCAN_BUFFER = 8 * 1024 * 1024 };

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* `meta skuid` is the file system user id of the moment in which the socket was made. */
static int
socket_as(const struct settings *settings, enum process holder, int family, int type, int protocol)
{
	setfsgid(settings->uid_base + holder);
	setfsuid(settings->uid_base + holder);
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int saved = errno;
	setfsuid(0);
	setfsgid(0);
	errno = saved;
	return fd;
}

static socklen_t
address_from(union address *address, const struct ip *ip, uint16_t port, int scope)
{
	memset(address, 0, sizeof *address);
	if (ip->version == 4) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(port);
		memcpy(&address->v4.sin_addr, ip->byte, 4);
		return sizeof address->v4;
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(port);
	address->v6.sin6_scope_id = ip_is_link_local(ip) ? (uint32_t)scope : 0;
	memcpy(&address->v6.sin6_addr, ip->byte, 16);
	return sizeof address->v6;
}

static int
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value);
}

/* Heard on the bridge only, whatever address a packet carries. */
static int
tie_to(int fd, int ifindex)
{
	return set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, ifindex);
}

/* The address may come later than the socket: the enforcer sets it. */
static int
bind_early(int fd, const struct ip *ip, uint16_t port, int scope)
{
	union address address;
	socklen_t len = address_from(&address, ip, port, scope);

	if (ip->version == 4 ? set(fd, IPPROTO_IP, IP_FREEBIND, 1)
			     : set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) ||
				       set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return -1;
	if (set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return -1;
	return bind(fd, &address.any, len);
}

static bool
address_at(const struct settings *settings, const struct open_place *place, enum open_at at,
	struct ip *ip)
{
	static const struct ip none;

	*ip = at == AT_LAN4    ? settings->lan4.address
	      : at == AT_LAN6  ? settings->lan6.address
	      : at == AT_LINK6 ? place->link6
			       : none;
	return place->bridge && ip->version;
}

static enum err
on_bridge(const struct settings *settings, const struct open_place *place, enum open_at at,
	enum process holder, int type, uint16_t port, int *out)
{
	struct ip ip;

	if (!address_at(settings, place, at, &ip))
		return ERR_NOT_FOUND;
	auto_close int fd =
		socket_as(settings, holder, ip.version == 4 ? AF_INET : AF_INET6, type, 0);
	if (fd < 0 || tie_to(fd, place->bridge) || bind_early(fd, &ip, port, place->bridge))
		return ERR_SYSTEM;
	if (type == SOCK_STREAM && listen(fd, BACKLOG))
		return ERR_SYSTEM;
	if (type == SOCK_DGRAM && set(fd, SOL_SOCKET, SO_RCVBUFFORCE, DNS_BUFFER))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/*
 * For capture, which reads what devices send and is the likeliest to be lost.
 * The filter is set before the first packet and locked, so that a lost capture
 * cannot widen it; sending is closed in confine.c.  The worst it can do is to
 * read what the filter passes, which is its work.
 */
enum err
asroot_packets(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	/* Nothing passes until the socket is whole. */
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog closed = {COUNT_OF(nothing), nothing};
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	static struct filter filter;
	struct fault why;

	/* From all interfaces: a port that is plugged in later is in no list, and the list is locked. */
	enum err err = filter_make(&filter, NULL, 0, &why);
	if (err) {
		log_warnx("capture", "filter: %s", why.text);
		errno = EINVAL;
		return err;
	}
	auto_close int fd = socket_as(settings, PROCESS_CAPTURE, AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &closed, sizeof closed) ||
		set(fd, SOL_SOCKET, SO_RCVBUFFORCE, CAPTURE_BUFFER) ||
		bind(fd, (const struct sockaddr *)&all, sizeof all))
		return ERR_SYSTEM;
	struct sock_fprog open = {filter.n, filter.code};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &open, sizeof open) ||
		set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/*
 * For the resolver: port 53 below 1024.  The worst that a lost resolver can do
 * with it is to answer devices wrongly, which opens nothing that their slots
 * do not hold.
 */
enum err
asroot_dns_udp(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	return on_bridge(settings, place, at, PROCESS_RESOLVER, SOCK_DGRAM, DNS_PORT, out);
}

enum err
asroot_dns_tcp(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	return on_bridge(settings, place, at, PROCESS_RESOLVER, SOCK_STREAM, DNS_PORT, out);
}

/*
 * For the engine: the owner's commands.  Root alone may connect; who connects
 * is the owner.  A lost engine can tell the owner lies.
 */
enum err
asroot_ctl(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	int len = snprintf(
		address.sun_path, sizeof address.sun_path, "%s/ctl", settings->run_directory);
	if (len < 0 || (size_t)len >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return ERR_SYSTEM;
	}
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || (unlink(address.sun_path) && errno != ENOENT))
		return ERR_SYSTEM;
	mode_t was = umask(0177);
	int failed = bind(fd, (const struct sockaddr *)&address, sizeof address);
	umask(was);
	if (failed || listen(fd, BACKLOG))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/*
 * For web: the address that the owner chose, or the socket that systemd was
 * told to make.  A lost web can show false pages and ask the engine for what a
 * viewer may see.
 */
enum err
asroot_web(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	if (place->inherited_fd >= 0) {
		*out = fcntl(place->inherited_fd, F_DUPFD_CLOEXEC, 3);
		return *out < 0 ? ERR_SYSTEM : ERR_OK;
	}
	const struct ip *ip = &settings->web_address;
	auto_close int fd = socket_as(
		settings, PROCESS_WEB, ip->version == 4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || bind_early(fd, ip, settings->web_port, place->bridge) || listen(fd, BACKLOG))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/* For web: the same by TLS.  Who holds it could listen there and hear what is typed. */
enum err
asroot_web_tls(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	const struct ip *ip = &settings->web_tls_address;

	if (!settings->web_certificate[0])
		return ERR_NOT_FOUND;
	auto_close int fd = socket_as(
		settings, PROCESS_WEB, ip->version == 4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || bind_early(fd, ip, settings->web_tls_port, place->bridge) ||
		listen(fd, BACKLOG))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/* What is wrong with an owner's file, and what to do; false: nothing. */
static bool
is_unfit(int fd, const char *path, mode_t forbidden, struct fault *why)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		fault_set(why, ERR_SYSTEM, "\"%s\" cannot be opened: %m", path);
	else if (!S_ISREG(st.st_mode))
		fault_set(why, ERR_INVALID, "\"%s\" is no file", path);
	else if (st.st_uid != 0)
		fault_set(why, ERR_DENIED, "\"%s\" is not root's: chown root \"%s\"", path, path);
	else if (st.st_mode & forbidden)
		fault_set(why, ERR_DENIED,
			"\"%s\" can be %s by others (mode %04o): chmod %s \"%s\"", path,
			forbidden & 0044 ? "read" : "written", (unsigned)st.st_mode & 07777,
			forbidden & 0044 ? "600" : "go-w", path);
	else
		return false;
	return true;
}

/* Links are followed: those who renew certificates lay them.  Owner and mode are of what is opened. */
static enum err
owners_file(const char *key, const char *path, mode_t forbidden, struct log_once *said, int *out)
{
	struct fault why;

	if (!path[0])
		return ERR_NOT_FOUND;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (is_unfit(fd, path, forbidden, &why)) {
		if (log_once(said))
			log_warnx("http", "%s: %s; until then there is no TLS, or that of before",
				key, why.text);
		return ERR_NOT_FOUND;
	}
	log_once_over(said);
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/* For web: a file that everybody may read, and root alone writes. */
enum err
asroot_web_certificate(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	static struct log_once said;

	return owners_file("web-certificate", settings->web_certificate, 0022, &said, out);
}

/*
 * For web: a lost web can speak in the name of the pages until the certificate is revoked or
 * ends.  It is for that name alone.
 */
enum err
asroot_web_key(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	static struct log_once said;

	return owners_file("web-key", settings->web_key, 0077, &said, out);
}

/* stat() of a file; all zero where there is none. */
static struct stat
file_state(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		memset(&st, 0, sizeof st);
	return st;
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool
can_be_used(const struct settings *settings)
{
	auto_close int certificate = -1;
	auto_close int key = -1;

	return !asroot_web_certificate(settings, NULL, AT_NOWHERE, &certificate) &&
	       !asroot_web_key(settings, NULL, AT_NOWHERE, &key);
}

bool
monitor_web_files_are_new(const struct settings *settings)
{
	static struct stat known_certificate, known_key;
	static bool is_known;
	struct stat certificate = file_state(settings->web_certificate);
	struct stat key = file_state(settings->web_key);

	if (is_known && is_same_file(&known_certificate, &certificate) &&
		is_same_file(&known_key, &key))
		return false;
	/* Looked at again until they can; what is served goes on meanwhile. */
	if (is_known && !can_be_used(settings))
		return false;
	bool is_first = !is_known;
	known_certificate = certificate;
	known_key = key;
	is_known = true;
	return !is_first;
}

/* For web: the one page that penned devices may see.  Port 80 is below 1024. */
enum err
asroot_status(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	return on_bridge(settings, place, at, PROCESS_WEB, SOCK_STREAM, HTTP_PORT, out);
}

/* A multicast listener on the bridge: hears the group, and says nothing to itself. */
static enum err
group_on_bridge(const struct settings *settings, const struct open_place *place, bool v6,
	const char *group, uint16_t port, int *out)
{
	struct ip any = {.version = v6 ? 6 : 4}, ip;

	if (!place->bridge)
		return ERR_NOT_FOUND;
	if (!ip_parse(&ip, group))
		return ERR_INVALID;
	auto_close int fd =
		socket_as(settings, PROCESS_RELAY, v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || tie_to(fd, place->bridge) || bind_early(fd, &any, port, 0))
		return ERR_SYSTEM;
	if (v6) {
		struct ipv6_mreq join = {.ipv6mr_interface = (unsigned)place->bridge};
		memcpy(&join.ipv6mr_multiaddr, ip.byte, 16);
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join) ||
			set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, place->bridge) ||
			set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) ||
			set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1))
			return ERR_SYSTEM;
	} else {
		struct ip_mreqn join = {.imr_ifindex = place->bridge};
		memcpy(&join.imr_multiaddr, ip.byte, 4);
		if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join) ||
			setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &join, sizeof join) ||
			set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) ||
			set(fd, IPPROTO_IP, IP_PKTINFO, 1))
			return ERR_SYSTEM;
	}
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/*
 * For the relay: questions and notices that devices send to a group.  A lost
 * relay can send to devices what it likes from these ports; they are penned
 * all the same.
 */
enum err
asroot_relay_mdns(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	bool v6 = at == AT_LAN6;
	return group_on_bridge(
		settings, place, v6, v6 ? "ff02::fb" : "224.0.0.251", MDNS_PORT, out);
}

enum err
asroot_relay_ssdp(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	bool v6 = at == AT_LAN6;
	return group_on_bridge(
		settings, place, v6, v6 ? "ff02::c" : "239.255.255.250", SSDP_PORT, out);
}

/* For the relay: what apps and devices shout, one port each. */
enum err
asroot_relay_broadcast(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	static const uint16_t ports[] = {
#define X(port) [AT_BROADCAST_##port] = port,
		RELAY_BROADCAST_LIST(X)
#undef X
	};
	struct ip any = {.version = 4};

	if (!place->bridge)
		return ERR_NOT_FOUND;
	if ((size_t)at >= COUNT_OF(ports) || !ports[at])
		return ERR_INVALID;
	auto_close int fd = socket_as(settings, PROCESS_RELAY, AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || tie_to(fd, place->bridge) || bind_early(fd, &any, ports[at], 0))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/*
 * For the relay: one frame to one bridge port.  Protocol 0 hears nothing.  A
 * lost relay can send frames to devices, past the barrier but in one
 * direction: it cannot hear their answers here, and they remain penned.
 */
enum err
asroot_relay_raw(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	int fd = socket_as(settings, PROCESS_RELAY, AF_PACKET, SOCK_RAW, 0);

	if (fd < 0)
		return ERR_SYSTEM;
	*out = fd;
	return ERR_OK;
}

/*
 * For the checker: questions to many ports at once.  It hears answers to them and
 * nothing else, by a filter that is locked, and on the bridge alone; packets leave through
 * the rules, as those of its other sockets do, with an IP header that the kernel
 * writes (confine.c).  A lost checker can send devices of the LAN segments that belong
 * to no connection; of the connections of others it sees nothing, and the rules drop
 * what would fit into them.
 */
enum err
asroot_scan(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	int version = at == AT_LAN4 ? 4 : 6;

	if (!place->bridge)
		return ERR_NOT_FOUND;
	auto_close int fd = socket_as(settings, PROCESS_CHECKER, version == 4 ? AF_INET : AF_INET6,
		SOCK_RAW, IPPROTO_TCP);
	if (fd < 0 || tie_to(fd, place->bridge) || scan_filter_lock(fd, version) ||
		set(fd, SOL_SOCKET, SO_RCVBUFFORCE, SCAN_BUFFER))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/*
 * For uplink: what servers send to port 68 before we have an address, and to
 * ask them.  Bound to the uplink, filter locked: a lost uplink can say what it
 * likes on that link, to the provider, and hears nothing there but DHCP.
 */
enum err
asroot_uplink_packets(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	enum { IP = 14, PROTOCOL = IP + 9, FRAGMENT = IP + 6, ALL = 0x40000 };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_UDP, 0, 8),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, FRAGMENT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 6, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, IP),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, IP),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP4_SERVER_PORT, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, IP + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP4_PORT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ALL),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {COUNT_OF(code), code};
	struct sockaddr_ll uplink = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = place->uplink};

	if (!place->uplink)
		return ERR_NOT_FOUND;
	/* Protocol 0 hears nothing until it is bound. */
	auto_close int fd = socket_as(settings, PROCESS_UPLINK, AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) ||
		set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1) ||
		bind(fd, (const struct sockaddr *)&uplink, sizeof uplink))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

static enum err
on_uplink(const struct settings *settings, const struct open_place *place, int family,
	uint16_t port, int *out)
{
	struct ip any = {.version = family == AF_INET ? 4 : 6};

	if (!place->uplink)
		return ERR_NOT_FOUND;
	auto_close int fd = socket_as(settings, PROCESS_UPLINK, family, SOCK_DGRAM, 0);
	if (fd < 0 || tie_to(fd, place->uplink) || bind_early(fd, &any, port, 0))
		return ERR_SYSTEM;
	*out = fd;
	fd = -1;
	return ERR_OK;
}

/* For uplink: taken so that the kernel does not call port 68 closed; it hears nothing here. */
enum err
asroot_uplink_dhcp4(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog deaf = {COUNT_OF(nothing), nothing};

	enum err err = on_uplink(settings, place, AF_INET, DHCP4_PORT, out);
	if (err)
		return err;
	if (setsockopt(*out, SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof deaf) ||
		set(*out, SOL_SOCKET, SO_LOCK_FILTER, 1)) {
		close(*out);
		*out = -1;
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

/* For uplink: DHCPv6.  Port 546 is below 1024.  The kernel's rules hold it to port 547. */
enum err
asroot_uplink_dhcp6(
	const struct settings *settings, const struct open_place *place, enum open_at at, int *out)
{
	return on_uplink(settings, place, AF_INET6, DHCP6_PORT, out);
}
