/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that was watched for an hour is judged once by what it sent by itself, unless
 * somebody tested it before: so that its passport is not empty.  Nothing is sent to it for
 * that, and no page of its maker is fetched: what goes out, somebody asks for.
 */
#include "base/clock.h"
#include "process/engine.h"

enum { WATCHED_S = 3600 };

static bool
is_due(const struct ward *ward)
{
	const struct device *device = ward->device;

	return (device->state == DEVICE_OBSERVE || device->state == DEVICE_ENFORCE) &&
	       device->class != DEVICE_CLASS_PERSONAL && ward->traffic &&
	       clock_wall_s() - ward->since_s >= WATCHED_S;
}

void
audit_passive_look(void)
{
	static size_t at;
	struct fault why = {0};

	if (engine.settings->mode == SETTINGS_SENSOR || !engine.n_peers)
		return;
	at = (at + 1) % engine.n_peers;
	struct ward *ward = engine.wards[at];
	if (ward->is_judged || !is_due(ward))
		return;
	struct audit_wish wish = {.ward = ward,
		.profile = "quick",
		.pace = "gentle",
		.consent = "passive",
		.checks = "traffic,clear-text,tls-client,update-channel,trackers,identifiers,"
			  "upnp-ports"};
	/* Where there is no room now there may be later. */
	ward->is_judged =
		audit_newest(ward) || audit_begin(&wish, "pinfold", &why) || why.code != ERR_FULL;
}
