/* SPDX-License-Identifier: Apache-2.0 */
/* A device comes from somebody else, or comes back: does it still belong to who had it? */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine_leave.h"

enum { LOOKED_S = 600, NAMES_SHOWN = 3, HTTPS = 443, MQTTS = 8883, MQTT = 1883 };

/* --- it was here before ------------------------------------------------------------------------ */

struct search {
	const struct device *device;
	int64_t left_s;
	bool was_reset_done;
};

static bool
has_step_done(const json_t *steps, const char *word)
{
	const json_t *step;
	size_t i;

	json_array_foreach(steps, i, step)
	{
		const char *is = json_string_value(json_object_get(step, "step"));
		const char *state = json_string_value(json_object_get(step, "state"));
		if (is && state && !strcmp(is, word))
			return !strcmp(state, "done") || !strcmp(state, "seen");
	}
	return false;
}

/* A MAC that was made at random says nothing: somebody else may have the same. */
static bool
knows_mac(const struct device *device, const json_t *macs)
{
	char text[MAC_TEXT_MAX];
	const json_t *mac;
	size_t i;

	json_array_foreach(macs, i, mac)
	{
		for (int k = 0; k < device->n_macs; k++)
			if (!mac_is_local(device->mac[k].mac) &&
				!strcmp(mac_render(device->mac[k].mac, text),
					json_string_value(mac)))
				return true;
	}
	return false;
}

static void
on_left(const struct stored_left *left, void *arg)
{
	struct search *search = arg;
	json_t *kept = search->left_s ? NULL : json_loads(left->body, 0, NULL);

	if (kept && knows_mac(search->device, json_object_get(kept, "macs"))) {
		search->left_s = left->left_s;
		search->was_reset_done = has_step_done(json_object_get(kept, "steps"), "reset");
	}
	json_decref(kept);
}

static struct search
find_before(const struct ward *ward)
{
	struct search search = {.device = ward->device};

	if (store_left(engine.store, 0, on_left, &search))
		log_debug("intake", "those that left cannot be read");
	return search;
}

void
intake_look(const struct ward *ward)
{
	const struct device *device = ward->device;

	/* Whoever makes MACs up should not have us read all that was kept, each time. */
	if (!device->n_macs || mac_is_local(device->mac[0].mac))
		return;
	struct search search = find_before(ward);
	if (search.left_s)
		event(EVENT_NOTICE, ward, "came-back", "",
			"it left this home before, and is here again; what it may still know: "
			"pinfold device intake %s",
			device->id);
}

static void
put_before(json_t *rows, const struct ward *ward)
{
	struct search search = find_before(ward);

	if (!search.left_s)
		return;
	leave_put_step(rows, "came-back", "gateway", search.was_reset_done ? "open" : "failed",
		search.was_reset_done
			? "It left this home before. You said then that it was reset; test it "
			  "again."
			: "It left this home before, and nobody said that it was reset.");
}

/* --- whose it is ------------------------------------------------------------------------------------ */

/* Where accounts are: not time, names, or what we serve. */
static bool
is_account(const struct learn_flow *flow)
{
	return flow->direction == DIRECTION_FROM_DEVICE && !flow->peer && !flow->is_gateway &&
	       (flow->port == HTTPS || flow->port == MQTTS || flow->port == MQTT);
}

/* Writes some of the names; how many destinations there were. */
static size_t
accounts_of(struct ward *ward, char *out, size_t size)
{
	struct learn_flow *flows;
	void *keep;
	size_t n = flow_list(ward, &flows, &keep), found = 0, len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		char address[IP_TEXT_MAX];
		const char *name = flows[i].name && flows[i].name[0]
					   ? flows[i].name
					   : ip_render(&flows[i].address, address);
		if (!is_account(&flows[i]))
			continue;
		if (found++ < NAMES_SHOWN && len < size)
			len += (size_t)snprintf(
				out + len, size - len, "%s%.60s", len ? ", " : "", name);
	}
	free(flows);
	free(keep);
	return found;
}

/*
 * A device that nobody has set up has no account to talk to.  One that talks all the same may
 * only ask for its time or an update, so this is a question and no verdict.
 */
static void
put_session(json_t *rows, struct ward *ward)
{
	int64_t here_s = clock_wall_s() - ward->device->first_s;
	char names[NAMES_SHOWN * 64], text[400];
	size_t n = accounts_of(ward, names, sizeof names);

	if (n)
		snprintf(text, sizeof text,
			"It asked for %s%s. If you have not set it up yet, it still belongs to an "
			"account of who had it: have it removed there, and reset it.",
			names, n > NAMES_SHOWN ? " and others" : "");
	else
		snprintf(text, sizeof text,
			here_s < LOOKED_S
				? "It has not been here for ten minutes; look again then."
				: "It asked for no server of an account since it is here.");
	leave_put_step(
		rows, "old-session", "gateway", n || here_s < LOOKED_S ? "open" : "seen", text);
}

json_t *
intake_list(struct ward *ward)
{
	static const char *const yours[][2] = {
		{"reset", "Reset it as its manual says, before you set it up."},
		{"removed",
			"Ask who had it to remove it from their account; many makers let nobody "
			"else in before."},
		{"note", "If a note came with it, look at it: pinfold left verify FILE --key KEY"},
		{"update", "Set it up, and let it update before you use it."}};
	json_t *rows = json_array();

	for (size_t i = 0; i < COUNT_OF(yours); i++)
		leave_put_step(rows, yours[i][0], "you", "open", yours[i][1]);
	put_before(rows, ward);
	put_session(rows, ward);
	leave_put_reset(rows, ward);
	leave_put_step(rows, "wifi-key", "gateway", "cannot",
		"Whether it still knows the key of another Wi-Fi cannot be seen from here.");
	leave_put_step(rows, "maker", "gateway", "cannot",
		"Who else has it in an account of its maker cannot be seen from here.");
	return json_pack("{s:o, s:o}", "device", show_ref(ward), "steps", rows);
}
