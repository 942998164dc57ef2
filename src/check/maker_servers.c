/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The servers that the device uses, from traffic that flows anyway: TLS, address,
 * certificate, its end, and whether it changed.  Facts for who asks the maker
 * (5.5-8 is about how keys are kept, which nobody sees from outside).
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check/table.h"
#include "check/traffic.h"
#include "packet/tls.h"

enum { SAID_MAX = 16, SOON_S = 14 * 86400, LONG_S = 3 * 366 * 86400 };

/* Another certificate for the same name, seen after this one had gone. */
static bool
has_changed(const struct transcript *transcript, const struct traffic_seen *old)
{
	const struct exchange *last = old->last ? old->last : old->first;
	struct traffic_seen seen;
	size_t from = 0;

	while (old->first->note[0] && traffic_next(transcript, &from, "tls-certificate", &seen))
		if (!strcmp(seen.first->note, old->first->note) &&
			strcmp(seen.detail, old->detail) && seen.first->utc_s > last->utc_s)
			return true;
	return false;
}

static void
judge_certificate(const struct transcript *transcript, struct findings *findings,
	const struct traffic_seen *seen)
{
	int64_t from_s = traffic_time(seen->detail, "from="),
		until_s = traffic_time(seen->detail, "until=");
	const struct exchange *last = seen->last ? seen->last : seen->first;
	const char *issuer = strstr(seen->detail, "issuer=");
	char until[16];

	traffic_date(until_s, until);
	struct finding *finding = findings_inc(findings, "5.5-8", INC_NO_IXIT, seen->first,
		"%.70s: certificate of %.40s until %s%s%s%s",
		seen->first->note[0] ? seen->first->note : "a server without a name",
		issuer && issuer[7] ? issuer + 7 : "nobody named", until,
		until_s < last->utc_s            ? ", ended"
		: until_s - last->utc_s < SOON_S ? ", ends soon"
						 : "",
		until_s - from_s > LONG_S ? ", made for more than three years" : "",
		has_changed(transcript, seen) ? ", since replaced" : "");
	finding_evidence(finding, seen->last);
}

void
maker_servers_judge(const struct transcript *transcript, struct findings *findings)
{
	struct traffic_seen seen;
	size_t from = 0, n = 0;

	while (traffic_next(transcript, &from, "tls-certificate", &seen))
		if (traffic_is_outside(&seen) && n++ < SAID_MAX)
			judge_certificate(transcript, findings, &seen);
	for (from = 0; traffic_next(transcript, &from, "tls-server", &seen);) {
		if (!traffic_is_outside(&seen) || strncmp(seen.detail, "0304", 4) ||
			n++ >= SAID_MAX)
			continue;
		findings_inc(findings, "5.5-8", INC_UNDECRYPTED, seen.first,
			"%.80s: TLS 1.3, whose certificates are not seen on the way",
			seen.first->note[0] ? seen.first->note : "a server without a name");
	}
}
