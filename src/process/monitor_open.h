/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_MONITOR_OPEN_H
#define PINFOLD_PROCESS_MONITOR_OPEN_H

#include "message/message.h"

/*
 * What root opens for the others, and all that root opens for them.
 *
 * Nobody asks for any of it by message: the table in monitor.c says who gets
 * what, and the arguments come from the owner's settings and the kernel.  Each
 * socket is made under the user id of the process that will hold it, because
 * the kernel's rules by user look at who made a socket.
 *
 * The caller owns *fd.  ERR_NOT_FOUND: the bridge or the address is not there
 * yet, ask again after the next change of a link.
 */
enum open_at {
	AT_NOWHERE,
	AT_LAN4,
	AT_LAN6,
	AT_LINK6,
#define X(port) AT_BROADCAST_##port,
	RELAY_BROADCAST_LIST(X)
#undef X
};

struct open_place {
	int bridge;       /* ifindex; 0 while there is none */
	struct ip link6;  /* its link-local address; version 0 while there is none */
	int uplink;       /* ifindex; 0 while there is none */
	int inherited_fd; /* listening stream socket that systemd handed over, or -1 */
};

enum err asroot_packets(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_dns_udp(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_dns_tcp(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_ctl(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_web(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
/* The next three: ERR_NOT_FOUND as well where the settings want no TLS. */
enum err asroot_web_tls(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
/*
 * ERR_NOT_FOUND also for a file that cannot be used, said once in the log with what to do;
 * monitor_web_files_are_new() tells when it can.
 */
enum err asroot_web_certificate(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_web_key(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_status(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_relay_mdns(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_relay_ssdp(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_relay_broadcast(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_relay_raw(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_scan(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_uplink_packets(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_uplink_dhcp4(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;
enum err asroot_uplink_dhcp6(
	const struct settings *, const struct open_place *, enum open_at, int *fd) MUST_USE;

/*
 * Certificate or key are others than when this was last true (the first call only looks),
 * and both can be used.
 */
bool monitor_web_files_are_new(const struct settings *);

#endif
