/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Break-glass.  The kernel ends a pause by itself; here it is recorded, and what
 * the device did meanwhile becomes the offer of the smallest rules that would
 * have been enough.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "process/engine.h"

enum { OFFERS_MAX = 16 };

bool
pause_is_on(const struct ward *ward)
{
	return ward->pause_until_ns > clock_monotonic_ns();
}

/* A pause that is on, or what the last one would have needed, which waits for its owner's word. */
static void
keep(const struct ward *ward, const char *boot)
{
	struct fault why;
	json_t *row = json_pack("{s:I, s:I, s:I, s:s, s:O?}", "since",
		(json_int_t)ward->pause_since_s, "until", (json_int_t)ward->pause_until_s,
		"journal", (json_int_t)ward->pause_journal, "boot", boot, "offers", ward->offers);
	bool is_needed = ward->pause_until_s || json_array_size(ward->offers);
	auto_free char *body = is_needed ? json_dumps(row, JSON_COMPACT) : NULL;

	json_decref(row);
	store_begin(engine.store);
	store_document_put(engine.store, ward_number(ward), "pause", body);
	if (store_commit(engine.store, &why))
		keep_trouble(&why);
}

enum err
pause_begin(
	struct ward *ward, uint32_t seconds, const char *who, int64_t *journal, struct fault *why)
{
	int64_t now_s = clock_wall_s();
	char text[200];

	if (ward->device->state != DEVICE_ENFORCE && ward->device->state != DEVICE_OBSERVE) {
		fault_set(why, ERR_DENIED, "%s is in state %s; a pause is for held devices",
			device_label(ward->device),
			device_state_word((enum device_state)ward->device->state));
		return ERR_DENIED;
	}
	if (!channel_is_open(engine.peer[PROCESS_ENFORCER])) {
		fault_set(why, ERR_BUSY, "the enforcer is not there at the moment; try again");
		return ERR_BUSY;
	}
	snprintf(text, sizeof text, "%s is paused for %u s", device_label(ward->device), seconds);
	enum err err = change_note(who, "device.pause", ward, text, json_object(),
		json_pack("{s:{s:I, s:i}}", "pause", "since", (json_int_t)now_s, "seconds",
			(int)seconds),
		journal, why);
	if (err)
		return err;
	ward->pause_since_s = now_s;
	ward->pause_until_s = now_s + seconds;
	ward->pause_until_ns = clock_monotonic_ns() + seconds * CLOCK_SECOND_NS;
	ward->pause_journal = *journal;
	json_decref(ward->offers);
	ward->offers = NULL;
	keep(ward, engine.boot);
	sync_pause_due(ward);
	sync_view_due(ward);
	sync_pump();
	event(EVENT_NOTICE, ward, "pause-begins", NULL, "%s", text);
	return ERR_OK;
}

/* Rules for what passed only because of the pause. */
static json_t *
offers_for(struct ward *ward)
{
	struct learn_flow *flows;
	void *rows;
	size_t n = flow_list(ward, &flows, &rows);
	json_t *offers = json_array();

	for (size_t i = 0; i < n && json_array_size(offers) < OFFERS_MAX; i++) {
		const struct learn_flow *flow = &flows[i];
		char address[IP_TEXT_MAX], text[320], remote[300];
		struct policy_flow asked = {.direction = (enum policy_direction)flow->direction,
			.proto = flow->proto,
			.port = flow->port,
			.peer = flow->peer,
			.name = flow->name[0] ? flow->name : NULL,
			.address = flow->address};
		if (flow->last_s < ward->pause_since_s || flow->is_flagged ||
			flow->direction != DIRECTION_FROM_DEVICE ||
			(flow->proto != 6 && flow->proto != 17) ||
			policy_allows(ward->policy, &engine.world, &asked))
			continue;
		if (flow->peer)
			snprintf(remote, sizeof remote, "device:%u", flow->peer);
		else
			snprintf(remote, sizeof remote, "%s",
				flow->name[0] ? flow->name : ip_render(&flow->address, address));
		snprintf(text, sizeof text, "allow %s %s %u", flow->proto == 6 ? "tcp" : "udp",
			remote, flow->port);
		json_t *row = json_string(text);
		bool known = false;
		for (size_t k = 0; k < json_array_size(offers); k++)
			known |= json_equal(json_array_get(offers, k), row);
		if (!known)
			json_array_append(offers, row);
		json_decref(row);
	}
	free(flows);
	free(rows);
	return offers;
}

static void
ended(struct ward *ward, const char *how)
{
	json_decref(ward->offers);
	ward->offers = offers_for(ward);
	ward->pause_until_ns = 0;
	ward->pause_until_s = 0;
	keep(ward, "");
	sky_in_force(ward);
	sync_view_due(ward);
	size_t n = json_array_size(ward->offers);
	if (n)
		event(EVENT_NOTICE, ward, "pause-ends", NULL,
			"the pause %s; %zu rule%s would have been enough, the first: pinfold "
			"policy "
			"add %s \"%.160s\"",
			how, n, n == 1 ? "" : "s", ward->device->id,
			json_string_value(json_array_get(ward->offers, 0)));
	else
		event(EVENT_NOTICE, ward, "pause-ends", NULL, "the pause %s; nothing needed it",
			how);
}

enum err
pause_end(struct ward *ward, const char *who, struct fault *why)
{
	int64_t journal;
	char text[200];

	if (!ward->pause_until_s) {
		fault_set(why, ERR_NOT_FOUND, "%s is not paused", device_label(ward->device));
		return ERR_NOT_FOUND;
	}
	snprintf(text, sizeof text, "the pause of %s was ended", device_label(ward->device));
	ended(ward, "was ended");
	sync_pause_due(ward);
	sync_pump();
	return change_note(
		who, "device.resume", ward, text, json_object(), json_object(), &journal, why);
}

bool
pause_drop_offer(struct ward *ward, const char *rule)
{
	const json_t *offer;
	size_t i;

	json_array_foreach(ward->offers, i, offer)
	{
		const char *text = json_string_value(offer);
		size_t len = strlen(text);
		if (strncmp(rule, text, len) != 0 || (rule[len] && rule[len] != ' '))
			continue;
		json_array_remove(ward->offers, i);
		keep(ward, pause_is_on(ward) ? engine.boot : "");
		return true;
	}
	return false;
}

void
pause_look(void)
{
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		if (ward->pause_until_s && !pause_is_on(ward))
			ended(ward, "is over");
	}
	sync_pump();
}

static void
on_document(uint32_t number, const char *kind, const char *body, void *arg)
{
	struct ward *ward = ward_find(number);

	if (strcmp(kind, "pause") || !ward || !ward->device)
		return;
	json_t *row = json_loads(body, 0, NULL);
	const char *boot = json_string_value(json_object_get(row, "boot"));
	int64_t left_s = json_integer_value(json_object_get(row, "until")) - clock_wall_s();
	ward->pause_since_s = json_integer_value(json_object_get(row, "since"));
	ward->pause_until_s = json_integer_value(json_object_get(row, "until"));
	ward->pause_journal = json_integer_value(json_object_get(row, "journal"));
	json_decref(ward->offers);
	ward->offers = json_incref(json_object_get(row, "offers"));
	/* Another boot: the kernel's element is gone, and the pause with it. */
	if (boot && !strcmp(boot, engine.boot) && left_s > 0)
		ward->pause_until_ns = clock_monotonic_ns() + (uint64_t)left_s * CLOCK_SECOND_NS;
	json_decref(row);
}

void
pause_load(void)
{
	if (store_documents(engine.store, on_document, NULL))
		log_warnx("pause", "stored pauses cannot be read");
}
