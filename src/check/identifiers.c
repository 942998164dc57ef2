/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that never change, sent for everybody on the way to read: its own MAC
 * in requests, in logins, in the name that it calls by TLS.  Whoever sees it
 * knows the device, and with it its owner, wherever it goes.
 */
#include <stdio.h>
#include <string.h>

#include "check/table.h"
#include "check/traffic.h"

enum { SAID_MAX = 8 };

static bool
is_identifier(const struct traffic_seen *seen)
{
	return !strcmp(seen->first->step, "identifier-sent");
}

void
identifiers_judge(const struct transcript *transcript, struct findings *findings)
{
	struct traffic_seen seen;
	size_t from = 0, n = 0;
	char address[IP_TEXT_MAX];

	while (traffic_next(transcript, &from, "identifier-sent", &seen)) {
		/* At home everybody sees its MAC anyway. */
		if (!traffic_is_outside(&seen) || n++ >= SAID_MAX)
			continue;
		findings_fail(findings, "5.8-1", seen.first, seen.last,
			traffic_control(transcript, &seen, is_identifier),
			"its %s goes to %s readable, in %s", seen.first->note,
			ip_render(&seen.first->address, address),
			seen.detail[0] ? seen.detail : "what it sends");
		findings_inc(findings, "6-8", INC_NO_IXIT, seen.first,
			"its %s goes to %s: whether it is made anonymous there, the maker must say",
			seen.first->note, ip_render(&seen.first->address, address));
	}
	if (n)
		return;
	traffic_say_none(transcript, findings, "5.8-1", "no MAC address in clear text");
	traffic_say_none(transcript, findings, "6-8", "no MAC address in clear text");
}
