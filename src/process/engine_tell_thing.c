/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_tell_thing.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"
#include "process/engine_tell.h"
#include "tell/home_assistant.h"

enum { PRESENT_S = 600 };

static struct message_thing told[THINGS_MAX + 1]; /* the last is the gateway */
static size_t n_told;
static uint64_t told_ns; /* when all were told last */

static void
tell(const struct message_thing *thing)
{
	if (channel_is_open(engine.peer[PROCESS_TELLER]) &&
		channel_send(
			engine.peer[PROCESS_TELLER], MESSAGE_THING, 0, thing, sizeof *thing, -1))
		log_debug("tell", "the teller does not read");
}

static void
gateway_thing(struct message_thing *thing)
{
	json_t *complaints = show_doctor();

	*thing = (struct message_thing){.is_present = 1, .devices = (uint32_t)engine.n_peers};
	for (size_t i = 0; i < engine.n_peers; i++)
		thing->waiting += engine.wards[i]->device->state == DEVICE_WAITING;
	thing->has_problem = json_array_size(complaints) > 0;
	json_decref(complaints);
	snprintf(thing->id, sizeof thing->id, "%s", tell_gateway());
	snprintf(thing->name, sizeof thing->name, "Pinfold");
}

static void
thing_of(const struct ward *ward, struct message_thing *thing)
{
	const struct device *device = ward->device;

	*thing = (struct message_thing){.device = device->number,
		.is_paused = pause_is_on(ward),
		.is_present = device_is_present(
			device, clock_monotonic_ns(), PRESENT_S * CLOCK_SECOND_NS),
		.has_problem = device_state_is_cut_off(device->state) ||
			       json_array_size(ward->facet[FACET_CONTAINMENT]) > 0};
	for (int i = 0; i < device->n_macs && i < THING_MACS_MAX; i++)
		memcpy(thing->mac[thing->n_macs++], device->mac[i].mac, 6);
	snprintf(thing->id, sizeof thing->id, "%s", device->id);
	snprintf(thing->name, sizeof thing->name, "%s", device_label(device));
	snprintf(thing->model, sizeof thing->model, "%s", device->kind.word);
	snprintf(thing->state, sizeof thing->state, "%s",
		device_state_word((enum device_state)device->state));
}

static bool
is_shown(const struct ward *ward)
{
	return ward->device->class != DEVICE_CLASS_PERSONAL;
}

/* Those that are no more, or are personal by now, are taken away where they were shown. */
static void
tell_gone(void)
{
	for (size_t i = 0; i < n_told; i++) {
		struct ward *ward = told[i].device ? ward_find(told[i].device) : &engine.home;
		if (ward && (!told[i].device || (ward->device && is_shown(ward) &&
							!strcmp(ward->device->id, told[i].id))))
			continue;
		told[i].is_gone = 1;
		tell(&told[i]);
		told[i--] = told[--n_told];
	}
}

static void
tell_if_news(const struct message_thing *thing, bool is_due)
{
	size_t i = 0;

	while (i < n_told && told[i].device != thing->device)
		i++;
	if (i == COUNT_OF(told))
		return;
	if (i < n_told && !is_due && !memcmp(&told[i], thing, sizeof *thing))
		return;
	told[i] = *thing;
	n_told += i == n_told;
	tell(thing);
}

void
things_look(bool is_wanted)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool is_due = now_ns - told_ns >= HA_RETELL_S * CLOCK_SECOND_NS;
	struct message_thing thing;
	size_t shown = 0;

	if (!is_wanted) {
		n_told = 0;
		return;
	}
	tell_gone();
	if (is_due || !n_told) {
		gateway_thing(&thing);
		tell_if_news(&thing, is_due);
	}
	for (size_t i = 0; i < engine.n_peers && shown < THINGS_MAX; i++) {
		if (!is_shown(engine.wards[i]))
			continue;
		shown++;
		thing_of(engine.wards[i], &thing);
		tell_if_news(&thing, is_due);
	}
	if (is_due)
		told_ns = now_ns;
}

void
things_tell_all(uint8_t receiver)
{
	for (size_t i = 0; i < n_told; i++) {
		struct message_thing thing = told[i];
		thing.receiver = receiver;
		tell(&thing);
	}
}

void
things_tell_again(const char *id)
{
	for (size_t i = 0; i < n_told; i++)
		if (!strcmp(told[i].id, id))
			memset(told[i].state, 0, sizeof told[i].state);
}

bool
things_show(const char *id)
{
	for (size_t i = 0; i < n_told; i++)
		if (told[i].device && !strcmp(told[i].id, id))
			return true;
	return false;
}
