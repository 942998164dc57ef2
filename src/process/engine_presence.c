/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The silence of those who must not fall silent: a pump, a smoke alarm, a child's
 * toy.  The bridge's own table says when it last let a frame of theirs in; a device
 * that may be probed is asked by ARP before it is missed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "device/presence.h"
#include "process/engine.h"

enum {
	NUDGE_MS = 10000,    /* of silence; then it is asked, and again each time so much later */
	TOGETHER_MS = 30000, /* who falls silent within that of each other does so together */
};

static bool
is_watched(const struct ward *ward)
{
	const struct device *device = ward->device;

	return device && device->is_admitted &&
	       (device->class == DEVICE_CLASS_CRITICAL || device->class == DEVICE_CLASS_CHILD) &&
	       device->state != DEVICE_BLOCK;
}

static uint64_t
now_ms(void)
{
	return clock_monotonic_ns() / CLOCK_MS_NS;
}

static const char *
port_of(const struct ward *ward)
{
	return ward->device->n_bindings ? ward->device->binding[0].port
	       : ward->device->n_macs   ? ward->device->mac[0].port
					: "";
}

/* --- asking --------------------------------------------------------------------------------------- */

static void
send_ask(const struct message_heard_ask *ask)
{
	struct channel *enforcer = engine.peer[PROCESS_ENFORCER];

	/* Without an answer nothing is missed: an enforcer that is away is no silence. */
	if (ask->n_rows && channel_is_open(enforcer) &&
		channel_send(enforcer, MESSAGE_HEARD_ASK, 0, ask, sizeof *ask, -1))
		log_debug("presence", "not asked");
}

void
presence_look(void)
{
	static uint64_t asked_ms;
	struct message_heard_ask ask = {0};

	if (now_ms() - asked_ms < PRESENCE_STEP_MS)
		return;
	asked_ms = now_ms();
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		if (!is_watched(ward)) {
			free(ward->presence);
			ward->presence = NULL;
			continue;
		}
		if (!ward->presence)
			ward->presence = must_alloc(1, sizeof *ward->presence);
		ask.device[ask.n_rows++] = ward_number(ward);
		if (ask.n_rows == HEARD_ROWS_MAX) {
			send_ask(&ask);
			memset(&ask, 0, sizeof ask);
		}
	}
	send_ask(&ask);
}

/* By ARP, and only one who may be probed: of a critical one nothing is asked, ever. */
static void
nudge(const struct ward *ward)
{
	struct channel *relay = engine.peer[PROCESS_RELAY];
	const struct device *device = ward->device;
	struct message_nudge message = {0};

	if (device->class != DEVICE_CLASS_CHILD || engine.settings->mode == SETTINGS_SENSOR ||
		!channel_is_open(relay))
		return;
	for (int i = 0; i < device->n_bindings; i++) {
		const struct binding *binding = &device->binding[i];
		if (binding->address.version != 4)
			continue;
		memcpy(message.port, binding->port, sizeof message.port);
		memcpy(message.mac, binding->mac, sizeof message.mac);
		message.address = binding->address;
	}
	if (message.address.version &&
		channel_send(relay, MESSAGE_NUDGE, 0, &message, sizeof message, -1))
		log_debug("presence", "device %u was not asked", ward_number(ward));
}

/* --- telling --------------------------------------------------------------------------------------- */

/* Others on the same port that are missed, and fell silent at about that time. */
static unsigned
missed_together(const struct ward *with)
{
	unsigned n = 0;

	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct ward *ward = engine.wards[i];
		if (!ward->presence || !ward->presence->is_missed ||
			strcmp(port_of(ward), port_of(with)))
			continue;
		uint64_t a = ward->presence->heard_ms, b = with->presence->heard_ms;
		n += (a > b ? a - b : b - a) < TOGETHER_MS;
	}
	return n;
}

static void
tell_lost(struct ward *ward)
{
	const struct presence *presence = ward->presence;
	uint32_t silent_s = (uint32_t)((now_ms() - presence->heard_ms) / 1000);

	event(EVENT_ALARM, ward, "silent", "",
		"%s (%s) has been silent for %u s, and is never silent for more than %u s: its "
		"power, its cable or radio, or somebody who jams it; look at it",
		device_label(ward->device),
		device_class_word((enum device_class)ward->device->class), silent_s,
		(presence_usual_ms(presence) + 999) / 1000);
	unsigned n = missed_together(ward);
	if (n > 1)
		event(EVENT_ALARM, NULL, "silent-together", port_of(ward),
			"%u devices on port %s fell silent together: a radio that is jammed, an "
			"access point or switch that is off",
			n, port_of(ward));
}

static void
take(struct ward *ward, uint32_t silent_ms)
{
	uint64_t now = now_ms(), heard_ms = ward->device->heard_ns / CLOCK_MS_NS;
	struct presence *presence = ward->presence;

	/* The bridge forgets; what capture heard, and we ourselves before, is a sign as well. */
	if (heard_ms && now - heard_ms < silent_ms)
		silent_ms = (uint32_t)(now - heard_ms);
	if (silent_ms == HEARD_NEVER && presence->heard_ms)
		silent_ms = (uint32_t)(now - presence->heard_ms);
	if (silent_ms == HEARD_NEVER)
		return;
	switch (presence_update(presence, silent_ms, now)) {
	case PRESENCE_LOST:
		tell_lost(ward);
		break;
	case PRESENCE_BACK:
		event(EVENT_NOTICE, ward, "heard-again", "", "%s is heard again after %u s",
			device_label(ward->device), presence->gone_ms / 1000);
		break;
	default:
		break;
	}
	uint32_t turn = silent_ms / NUDGE_MS;
	if (turn && silent_ms % NUDGE_MS < PRESENCE_STEP_MS)
		nudge(ward);
}

void
presence_heard(const struct message_heard *heard)
{
	for (uint32_t i = 0; i < heard->n_rows; i++) {
		struct ward *ward = ward_find(heard->row[i].device);
		if (ward && ward->device && ward->presence)
			take(ward, heard->row[i].silent_ms);
	}
}

json_t *
presence_show(const struct ward *ward)
{
	const struct presence *presence = ward->presence;

	if (!presence)
		return json_null();
	uint64_t silent_ms = presence->heard_ms ? now_ms() - presence->heard_ms : 0;
	uint32_t limit_ms = presence_limit_ms(presence);
	const char *state = presence->is_missed           ? "missed"
			    : limit_ms                    ? "heard"
			    : presence_usual_ms(presence) ? "seldom"
							  : "learning";
	return json_pack("{s:s, s:I, s:I, s:I}", "state", state, "seconds",
		(json_int_t)(silent_ms / 1000), "usual",
		(json_int_t)((presence_usual_ms(presence) + 999) / 1000), "limit",
		(json_int_t)(limit_ms / 1000));
}
