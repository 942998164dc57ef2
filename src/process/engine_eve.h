/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_EVE_H
#define PINFOLD_PROCESS_ENGINE_EVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/*
 * Events for other programs: a line of JSON each, with the fields that Suricata's
 * EVE made common, and the Community ID (version 1) of a flow, so that what we saw
 * can be put beside what others saw of it.
 *
 * To a file of ours (eve.json in the state directory; at EVE_FILE_MAX it becomes
 * eve.json.1, and an older one goes), or to a datagram socket of the owner's, as
 * JSON or in a line of syslog (RFC 5424).  At most EVE_LINES_A_SECOND are told; how many
 * were not stands in the next.  Nobody who does not read holds anything up.  Nothing of
 * devices of class personal is told but what concerns them as devices.
 */
enum {
	EVE_FILE_MAX = 16 * 1024 * 1024,
	EVE_LINE_MAX = 4096,
	EVE_LINES_A_SECOND = 200,
	COMMUNITY_ID_MAX = 32,
};

struct eve_flow {
	struct ip source, target;
	uint16_t source_port, target_port; /* of ICMP: type and code */
	uint8_t proto;
};

/*
 * "1:..." and 0; false: source and target are not of one version.  The same for both
 * directions (corelight/community-id-spec).
 */
bool community_id(char out[static COMMUNITY_ID_MAX], const struct eve_flow *, uint16_t seed);
/* A number for the flow, from the same digest; fits what JSON readers keep exactly. */
int64_t community_number(const struct eve_flow *, uint16_t seed);

/* "2026-11-22T08:30:00.000000+0000"; wall time in seconds. */
void eve_time(char out[static 40], int64_t wall_s);

/* RFC 5424: facility local0, MSGID the type of the event; false: it does not fit. */
bool syslog_render(char *out, size_t size, int64_t wall_s, const char *level, const char *type,
	const char *json);

/* --- engine_eve.c ------------------------------------------------------------------------------ */

struct observation;
struct ward;

void eve_open(void);                 /* before confine(): makes the socket */
void eve_start(void);                /* after: opens the file */
void eve_event(const json_t *event); /* as the API tells it; borrowed */
void eve_flow(const struct ward *, const struct observation *);

#endif
