/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/purpose.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/traffic.h"

enum { NTP_PORT = 123, SHORT_LABEL = 3 };

const char *
purpose_word(enum purpose purpose)
{
	static const char *const words[PURPOSE_COUNT] = {
		"unknown", "control", "update", "tracking", "time", "house"};

	return purpose < PURPOSE_COUNT ? words[purpose] : words[PURPOSE_UNKNOWN];
}

static bool
is_below(const char *name, const char *site)
{
	size_t len = strlen(name), tail = strlen(site);

	return tail && len >= tail && !strcasecmp(name + len - tail, site) &&
	       (len == tail || name[len - tail - 1] == '.');
}

/* MQTT, AMQP, CoAP and STUN as they are registered. */
static bool
is_control_port(uint16_t port)
{
	static const uint16_t ports[] = {1883, 8883, 5671, 5672, 5683, 5684, 3478, 5349};

	for (size_t i = 0; i < COUNT_OF(ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

enum purpose
purpose_of(const struct purpose_asked *asked, const char **why)
{
	*why = "";
	if (asked->peer) {
		*why = "a device of this house";
		return PURPOSE_HOUSE;
	}
	if (asked->name[0] && tracker_of(asked->name)) {
		*why = "on the list of services that collect data";
		return PURPOSE_TRACKING;
	}
	if (asked->port == NTP_PORT) {
		*why = "by its port";
		return PURPOSE_TIME;
	}
	if (asked->name[0] && traffic_update_name(asked->name) == 2) {
		*why = "by its name";
		return PURPOSE_UPDATE;
	}
	if (asked->name[0] && is_below(asked->name, asked->maker)) {
		*why = "a name of its maker";
		return PURPOSE_CONTROL;
	}
	if (is_control_port(asked->port)) {
		*why = "by its port";
		return PURPOSE_CONTROL;
	}
	return PURPOSE_UNKNOWN;
}

const char *
purpose_site(const char *name)
{
	const char *site = name + strlen(name);

	for (int labels = 0; labels < 3 && site > name; labels++) {
		const char *end = labels ? site - 1 : site, *at = end;
		while (at > name && at[-1] != '.')
			at--;
		site = at;
		/* A third label only behind a short second one. */
		if (labels == 1 && end - at > SHORT_LABEL)
			break;
	}
	return site;
}
