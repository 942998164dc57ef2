/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_MONITOR_DHCP_H
#define PINFOLD_PROCESS_MONITOR_DHCP_H

#include <stddef.h>

#include "base/settings.h"

/*
 * dnsmasq gives out addresses and router advertisements; it never sees a name
 * question.  Its configuration is made from the owner's settings alone.
 */
#define MONITOR_DHCP_PROGRAM "/usr/sbin/dnsmasq"
#define MONITOR_DHCP_FILE    "dnsmasq.conf"
#define MONITOR_DHCP_LEASES  "dhcp/leases"

/* Pure: the text of the file.  False when it does not fit. */
bool monitor_dhcp_render(char *out, size_t size, const struct settings *);

/* Writes it into the run directory. */
enum err monitor_dhcp_write(const struct settings *, struct fault *why) MUST_USE;

/*
 * dnsmasq writes and syncs all leases with each one that it gives, which would
 * wear out a gateway's flash.  So its file lies in the run directory, and a copy
 * in the state directory is made now and then, at the end, and taken back when
 * the run directory is new.  What a power cut takes are the leases of the last
 * minutes; whoever holds one asks for it again and gets it, and bindings are the
 * engine's.
 */
enum { MONITOR_DHCP_KEEP_MS = 10 * 60 * 1000 };
void monitor_dhcp_restore(const struct settings *);
void monitor_dhcp_keep(const struct settings *); /* nothing where nothing changed */

#endif
