/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the device asks the router to let the internet in (UPnP IGD, NAT-PMP,
 * PCP).  The gateway never does; at other routers it would be open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/table.h"
#include "check/traffic.h"

enum { SAID_MAX = 8 };

/* Nothing that anybody should reach from the internet. */
static bool
is_never_needed(const struct traffic_seen *seen)
{
	static const unsigned long ports[] = {21, 22, 23, 69, 161, 2323, 5555, 7547};
	const char *port = strstr(seen->first->note, " TCP port ");

	if (strcmp(seen->first->step, "upnp-port-request") || !port)
		return false;
	for (size_t i = 0; i < COUNT_OF(ports); i++)
		if (strtoul(port + 10, NULL, 10) == ports[i])
			return true;
	return false;
}

/* Who looks for a router has not asked it for anything yet. */
static bool
is_search(const struct traffic_seen *seen)
{
	return !strncmp(seen->first->note, "urn:", 4);
}

void
upnp_ports_judge(const struct transcript *transcript, struct findings *findings)
{
	struct traffic_seen seen;
	size_t from = 0, n = 0;

	while (traffic_next(transcript, &from, "upnp-port-request", &seen)) {
		if (n++ >= SAID_MAX)
			break;
		if (is_never_needed(&seen))
			findings_fail(findings, "5.6-1", seen.first, seen.last,
				traffic_control(transcript, &seen, is_never_needed),
				"it asks the router to open a port of administration to the "
				"internet: %s",
				seen.first->note);
		else
			findings_inc(findings, "5.6-1", INC_NO_IXIT, seen.first,
				is_search(&seen) ? "it looks for a router that opens ports (%s)"
						 : "it asks the router to open a port to the "
						   "internet (%s); whether it must, the maker must "
						   "say",
				seen.first->note);
	}
	if (!n)
		traffic_say_none(transcript, findings, "5.6-1", "no request to open a port");
}
