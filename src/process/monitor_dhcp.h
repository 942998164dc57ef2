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

/* Pure: the text of the file.  False when it does not fit. */
bool monitor_dhcp_render(char *out, size_t size, const struct settings *);

/* Writes it into the run directory. */
enum err monitor_dhcp_write(const struct settings *, struct fault *why) MUST_USE;

#endif
