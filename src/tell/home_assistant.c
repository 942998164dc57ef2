/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/home_assistant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "tell/render.h"

void
ha_status_topic(char out[static HA_TOPIC_MAX], const char *gateway)
{
	snprintf(out, HA_TOPIC_MAX, "pinfold/%s/status", gateway);
}

void
ha_event_topic(char out[static HA_TOPIC_MAX], const char *gateway)
{
	snprintf(out, HA_TOPIC_MAX, "pinfold/%s/event", gateway);
}

void
ha_config_topic(
	char out[static HA_TOPIC_MAX], const char *prefix, const struct message_thing *thing)
{
	snprintf(out, HA_TOPIC_MAX, "%.64s/device/pinfold_%s/config", prefix, thing->id);
}

void
ha_state_topic(char out[static HA_TOPIC_MAX], const struct message_thing *thing)
{
	snprintf(out, HA_TOPIC_MAX, "pinfold/%s/state", thing->id);
}

/* A part of the device: platform, what it is called, and which member of the state it shows. */
static json_t *
part(const struct message_thing *thing, const char *platform, const char *key, const char *name)
{
	char unique[64], template[64];

	snprintf(unique, sizeof unique, "pinfold_%s_%s", thing->id, key);
	json_t *out = json_pack(
		"{s:s, s:s, s:s}", "platform", platform, "unique_id", unique, "name", name);
	if (strcmp(platform, "button")) {
		snprintf(template, sizeof template, "{{ value_json.%s }}", key);
		json_object_set_new(out, "value_template", json_string(template));
	}
	/* Switches and buttons know no expiry; they follow the availability. */
	if (!strcmp(platform, "sensor") || !strcmp(platform, "binary_sensor"))
		json_object_set_new(out, "expire_after", json_integer(HA_EXPIRE_S));
	return out;
}

static void
add(json_t *parts, const char *key, json_t *part, const char *more, const char *value)
{
	if (more)
		json_object_set_new(part, more, json_string(value));
	json_object_set_new(parts, key, part);
}

static void
add_command(json_t *parts, const struct message_thing *thing, const char *platform, const char *key,
	const char *name)
{
	json_t *command = part(thing, platform, key, name);
	char topic[HA_TOPIC_MAX];

	snprintf(topic, sizeof topic, "pinfold/%s/%s/set", thing->id, key);
	add(parts, key, command, "command_topic", topic);
}

static json_t *
parts_of_device(const struct message_thing *thing, enum command_role commands)
{
	json_t *parts = json_object();

	add(parts, "state", part(thing, "sensor", "state", "State"), "icon", "mdi:shield-check");
	add(parts, "problem", part(thing, "binary_sensor", "problem", "Problem"), "device_class",
		"problem");
	add(parts, "presence", part(thing, "binary_sensor", "presence", "Presence"), "device_class",
		"connectivity");
	if (commands >= ROLE_HELPER)
		add_command(parts, thing, "switch", "pause", "Pause protection");
	if (commands >= ROLE_OWNER)
		add_command(parts, thing, "button", "quarantine", "Quarantine");
	return parts;
}

static json_t *
parts_of_gateway(const struct message_thing *thing)
{
	json_t *parts = json_object();

	add(parts, "problem", part(thing, "binary_sensor", "problem", "Problem"), "device_class",
		"problem");
	add(parts, "devices", part(thing, "sensor", "devices", "Devices"), "icon", "mdi:devices");
	add(parts, "waiting", part(thing, "sensor", "waiting", "Devices that wait"), "icon",
		"mdi:account-question");
	return parts;
}

char *
ha_config(const struct message_thing *thing, const char *gateway, enum command_role commands)
{
	char unique[64], topic[HA_TOPIC_MAX], status[HA_TOPIC_MAX], mac[MAC_TEXT_MAX];
	json_t *connections = json_array();

	snprintf(unique, sizeof unique, "pinfold_%s", thing->id);
	ha_state_topic(topic, thing);
	ha_status_topic(status, gateway);
	for (int i = 0; i < thing->n_macs; i++)
		json_array_append_new(
			connections, json_pack("[s, s]", "mac", mac_render(thing->mac[i], mac)));
	json_t *device = json_pack("{s:[s], s:s, s:o}", "identifiers", unique, "name", thing->name,
		"connections", connections);
	if (thing->maker[0])
		json_object_set_new(device, "manufacturer", json_string(thing->maker));
	if (thing->model[0])
		json_object_set_new(device, "model", json_string(thing->model));
	if (thing->device)
		json_object_set_new(device, "via_device", json_sprintf("pinfold_%s", gateway));
	return render_json(json_pack("{s:o, s:{s:s, s:s}, s:o, s:s, s:s, s:i}", "device", device,
		"origin", "name", "Pinfold", "sw_version", PINFOLD_VERSION, "components",
		thing->device ? parts_of_device(thing, commands) : parts_of_gateway(thing),
		"state_topic", topic, "availability_topic", status, "qos", 1));
}

static const char *
on_off(bool is_on)
{
	return is_on ? "ON" : "OFF";
}

char *
ha_state(const struct message_thing *thing)
{
	if (!thing->device)
		return render_json(json_pack("{s:s, s:I, s:I}", "problem",
			on_off(thing->has_problem), "devices", (json_int_t)thing->devices,
			"waiting", (json_int_t)thing->waiting));
	return render_json(json_pack("{s:s, s:s, s:s, s:s}", "state", thing->state, "problem",
		on_off(thing->has_problem), "presence", on_off(thing->is_present), "pause",
		on_off(thing->is_paused)));
}

static bool
is_payload(const void *payload, size_t len, const char *wanted)
{
	return len == strlen(wanted) && !memcmp(payload, wanted, len);
}

bool
ha_wish_parse(struct message_wish *wish, const char *topic, const void *payload, size_t len)
{
	static const char begin[] = "pinfold/";
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	struct message_wish out = {0};

	if (len > HA_WISH_MAX || strncmp(topic, begin, sizeof begin - 1))
		return false;
	const char *id = topic + sizeof begin - 1;
	size_t id_len = strspn(id, letters);
	if (!id_len || id_len >= sizeof out.id)
		return false;
	memcpy(out.id, id, id_len);
	if (!strcmp(id + id_len, "/pause/set") && is_payload(payload, len, "ON"))
		out.wish = WISH_PAUSE;
	else if (!strcmp(id + id_len, "/pause/set") && is_payload(payload, len, "OFF"))
		out.wish = WISH_RESUME;
	else if (!strcmp(id + id_len, "/quarantine/set") && is_payload(payload, len, "PRESS"))
		out.wish = WISH_QUARANTINE;
	else
		return false;
	*wish = out;
	return true;
}

bool
ha_wish_is_too_many(struct ha_wishes *wishes, uint64_t now_ns)
{
	if (now_ns - wishes->since_ns > 60 * CLOCK_SECOND_NS) {
		wishes->since_ns = now_ns;
		wishes->n = 0;
	}
	return ++wishes->n > WISHES_A_MINUTE;
}
