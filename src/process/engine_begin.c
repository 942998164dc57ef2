/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first minutes with a gateway: what it sees and where it is blind, what is most
 * worth knowing, what is left to be done; and a card for the day on which nothing works.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine_account.h"
#include "process/engine_command.h"
#include "process/engine_tell.h"
#include "process/engine_traffic.h"

enum { FACTS_SHOWN = 3, NAMES_WANTED = 5, ADMIT_AT_ONCE = 64 };

static json_t *says(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static json_t *
says(const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return json_string(text);
}

/* --- what is seen ------------------------------------------------------------------------------- */

static long long
devices_on(const char *port)
{
	long long n = 0;

	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct device *device = engine.wards[i]->device;
		n += device->n_macs && !strcmp(device->mac[0].port, port);
	}
	return n;
}

static void
is_blind(json_t *rows, const char *what, json_t *text)
{
	json_array_append_new(rows, json_pack("{s:s, s:o}", "blind", what, "text", text));
}

/* Ports behind which several devices are: what those say to each other passes us by. */
static void
blind_behind_ports(json_t *rows, const json_t *ports)
{
	const json_t *row;
	size_t i;

	json_array_foreach(ports, i, row)
	{
		long long n = json_integer_value(json_object_get(row, "devices"));
		const char *port = json_string_value(json_object_get(row, "port"));
		if (n > 1)
			is_blind(rows, "port",
				says("%lld devices are behind port %s, on a switch or an access "
				     "point: what they say to each other does not pass here, and "
				     "is neither seen nor held",
					n, port));
	}
}

static json_t *
what_is_seen(void)
{
	const struct settings *settings = engine.settings;
	bool is_sensor = settings->mode == SETTINGS_SENSOR;
	json_t *ports = json_array(), *blind = json_array();

	for (uint32_t i = 0; i < settings->n_ports; i++)
		json_array_append_new(
			ports, json_pack("{s:s, s:I}", "port", settings->port[i], "devices",
				       (json_int_t)devices_on(settings->port[i])));
	if (is_sensor)
		is_blind(blind, "sensor",
			says("this is a sensor: it sees what the mirror port shows, and holds "
			     "nothing"));
	else
		blind_behind_ports(blind, ports);
	if (!is_sensor && engine.uplink4.address.version == 4 &&
		ip_is_inside(&engine.uplink4.address))
		is_blind(blind, "router",
			says("another router stands between here and the internet: devices that "
			     "are connected to that one are not seen"));
	is_blind(blind, "elsewhere",
		says("what goes by mobile networks, a neighbour's Wi-Fi or radio between devices "
		     "is not seen, nor what is inside of encrypted connections"));
	json_t *text =
		is_sensor
			? says("Pinfold listens at the mirror port, and sends nothing.")
			: says("Pinfold sees every packet of %lld ports of %s, and all that goes "
			       "to the internet by %s.",
				  (long long)settings->n_ports, settings->bridge, settings->uplink);
	return json_pack("{s:o, s:o, s:o}", "text", text, "ports", ports, "blind", blind);
}

/* --- what is most worth knowing ------------------------------------------------------------------ */

struct counted {
	long long devices, waiting, held, trusted, named, critical, contained, personal;
	long long ask_for_doors, clear_secrets, clear_content, denied, denied_devices;
	size_t doors, most_talks;
	const struct ward *most;
};

static void
count_one(struct counted *all, struct ward *ward)
{
	const struct device *device = ward->device;

	all->devices++;
	all->waiting += device->state == DEVICE_WAITING;
	all->held += device->state == DEVICE_ENFORCE;
	all->trusted += device->state == DEVICE_TRUSTED;
	all->named += device->name[0] != '\0';
	all->critical +=
		device->class == DEVICE_CLASS_CRITICAL || device->class == DEVICE_CLASS_CHILD;
	all->personal += device->class == DEVICE_CLASS_PERSONAL;
	all->contained += device->state == DEVICE_QUARANTINE ||
			  json_array_size(ward->facet[FACET_CONTAINMENT]) > 0;
	all->ask_for_doors += traffic_holds(ward, OBSERVED_UPNP_PORT_REQUEST);
	all->clear_secrets += traffic_holds(ward, OBSERVED_CLEAR_CREDENTIALS);
	all->clear_content += traffic_holds(ward, OBSERVED_CLEAR_CONTENT);
	if (device->class == DEVICE_CLASS_PERSONAL)
		return;
	all->denied += (long long)ward->denied_packets;
	all->denied_devices += ward->denied_packets > 0;
	if (ward->n_answers > all->most_talks) {
		all->most_talks = ward->n_answers;
		all->most = ward;
	}
}

static struct counted
count_all(void)
{
	struct counted all = {0};
	json_t *doors = show_doors();

	for (size_t i = 0; i < engine.n_peers; i++)
		count_one(&all, engine.wards[i]);
	all.doors = json_array_size(doors);
	json_decref(doors);
	return all;
}

/* The gravest first: what somebody could use today, what leaks, what is refused, what is there. */
static void
add_fact(json_t *rows, const char *fact, long long count, const char *page, json_t *text)
{
	if (count > 0 && json_array_size(rows) < FACTS_SHOWN)
		json_array_append_new(rows, json_pack("{s:s, s:I, s:s, s:O}", "fact", fact, "count",
						    (json_int_t)count, "page", page, "text", text));
	json_decref(text);
}

/* In the singular and the plural; both hold the number. */
#define MANY(n, one, many) says((n) == 1 ? (one) : (many), (long long)(n))

static json_t *
facts_of(const struct counted *all)
{
	long long doors = (long long)all->doors, talks = (long long)all->most_talks;
	json_t *rows = json_array();

	add_fact(rows, "contained", all->contained, "/devices?attention=true",
		MANY(all->contained, "%lld device did harm, and Pinfold acted",
			"%lld devices did harm, and Pinfold acted"));
	add_fact(rows, "doors", doors, "/doors",
		MANY(doors, "%lld door from the internet into the home is open",
			"%lld doors from the internet into the home are open"));
	add_fact(rows, "asked-for-doors", all->ask_for_doors, "/devices",
		MANY(all->ask_for_doors,
			"%lld device asked for a door from the internet, and got none",
			"%lld devices asked for a door from the internet, and got none"));
	add_fact(rows, "clear-secrets", all->clear_secrets, "/devices",
		MANY(all->clear_secrets,
			"%lld device sent a password that everybody on the way can read",
			"%lld devices sent a password that everybody on the way can read"));
	add_fact(rows, "clear-content", all->clear_content, "/devices",
		MANY(all->clear_content,
			"%lld device sent what everybody on the way can read: pictures, places or "
			"commands",
			"%lld devices sent what everybody on the way can read: pictures, places or "
			"commands"));
	add_fact(rows, "waiting", all->waiting, "/welcome",
		MANY(all->waiting,
			"%lld device waits for your word, and reaches nothing until then",
			"%lld devices wait for your word, and reach nothing until then"));
	add_fact(rows, "denied", all->denied_devices, "/devices",
		MANY(all->denied_devices, "%lld device tried what it may not, and was refused",
			"%lld devices tried what they may not, and were refused"));
	if (all->most)
		add_fact(rows, "talks", talks, "/devices",
			says("%s talks to most others on the internet: %lld addresses",
				device_label(all->most->device), talks));
	add_fact(rows, "personal", all->personal, "/devices",
		MANY(all->personal,
			"%lld phone or laptop is here; nothing but presence is recorded of it",
			"%lld phones and laptops are here; nothing but presence is recorded of "
			"them"));
	add_fact(rows, "devices", all->devices, "/devices",
		MANY(all->devices, "%lld device is here", "%lld devices are here"));
	return rows;
}

/* --- what is left to be done ------------------------------------------------------------------------ */

static bool
is_ticked(const char *step)
{
	const json_t *row;
	size_t i;

	json_array_foreach(engine.home.facet[FACET_BEGIN], i,
		row) if (!strcmp(json_string_value(row), step)) return true;
	return false;
}

static void
add_step(json_t *rows, const char *step, bool is_done, const char *page, const char *command,
	json_t *text)
{
	json_array_append_new(
		rows, json_pack("{s:s, s:b, s:s, s:s, s:o}", "step", step, "done", is_done, "page",
			      page, "command", command, "text", text));
}

static bool
is_somebody_told(void)
{
	json_t *tell = tell_show(false);
	bool is = json_array_size(json_object_get(tell, "receivers")) > 0 &&
		  strcmp(json_string_value(json_object_get(tell, "digest")), "off") != 0;

	json_decref(tell);
	return is;
}

static json_t *
steps_of(const struct counted *all)
{
	long long wanted = all->devices < NAMES_WANTED ? all->devices : NAMES_WANTED;
	json_t *rows = json_array();

	add_step(rows, "claim", account_is_claimed(), "/claim", "pinfold account claim-code",
		says("make the pages yours"));
	add_step(rows, "admit", all->devices && !all->waiting, "/welcome", "pinfold home admit",
		says("say of each device whether it is yours"));
	add_step(rows, "name", wanted && all->named >= wanted, "/welcome",
		"pinfold device name DEVICE NAME",
		says("give %d devices names that you would say (%lld have one)", NAMES_WANTED,
			all->named));
	add_step(rows, "never-block", all->critical || is_ticked("never-block"), "/welcome",
		"pinfold device class DEVICE critical",
		says("mark what must never be blocked: a lock, an alarm, what somebody's health "
		     "hangs on"));
	add_step(rows, "tell", is_somebody_told(), "/tell", "pinfold tell add NAME URL",
		says("choose how you hear of it, and when the daily digest comes"));
	add_step(rows, "backup", store_number(engine.store, BACKUP_NUMBER, 0) > 0, "/card",
		"pinfold backup make FILE", says("keep a backup of what you decided, elsewhere"));
	add_step(rows, "card", is_ticked("card"), "/card", "pinfold home card",
		says("print the recovery card, for the day on which nothing works"));
	return rows;
}

static json_t *
first_open(const json_t *steps)
{
	json_t *row;
	size_t i;

	json_array_foreach(steps, i,
		row) if (!json_is_true(json_object_get(row, "done"))) return json_incref(row);
	return json_null();
}

/* One to-do: an alarm before everything, then the first step that is open, then a notice. */
static json_t *
what_to_do(const json_t *steps)
{
	json_t *rows = show_doctor(), *worst = json_array_get(rows, 0), *out;
	const char *level = json_string_value(json_object_get(worst, "level"));

	if (level && !strcmp(level, "alarm")) {
		out = json_incref(worst);
	} else {
		out = first_open(steps);
		if (json_is_null(out) && worst)
			out = json_incref(worst);
	}
	json_decref(rows);
	return out;
}

static json_t *
show_begin(void)
{
	struct counted all = count_all();
	long long done = all.held + all.trusted;
	json_t *steps = steps_of(&all), *out = json_object();

	json_object_set_new(out, "sees", what_is_seen());
	json_object_set_new(out, "facts", facts_of(&all));
	json_object_set_new(out, "score",
		json_pack("{s:I, s:I, s:o}", "done", (json_int_t)done, "of",
			(json_int_t)all.devices, "text",
			says("%lld of %lld devices may do what you decided, and nothing else", done,
				all.devices)));
	json_object_set_new(out, "todo", what_to_do(steps));
	json_object_set_new(out, "steps", steps);
	return out;
}

static json_t *
run_home_begin(struct call *call)
{
	(void)call;
	return show_begin();
}

/* Steps that only a person knows to be done; said again: it is not. */
static json_t *
run_home_begin_done(struct call *call)
{
	static const char *const own[] = {"never-block", "card"};
	const char *step = call_text(call, "step", 32);
	struct change change;
	bool is_own = false;
	json_t *row;
	size_t i;

	if (!step)
		return NULL;
	for (i = 0; i < COUNT_OF(own); i++)
		is_own |= !strcmp(own[i], step);
	if (!is_own) {
		fault_set(&call->why, ERR_INVALID,
			"only never-block and card are said to be done; the others are seen");
		return NULL;
	}
	json_t *ticked = json_array();
	json_array_foreach(engine.home.facet[FACET_BEGIN], i,
		row) if (strcmp(json_string_value(row), step) != 0) json_array_append(ticked, row);
	bool was_ticked = is_ticked(step);
	if (!was_ticked)
		json_array_append_new(ticked, json_string(step));
	call_begin(call, &change);
	snprintf(change.text, sizeof change.text, "first steps: %s %s", step,
		was_ticked ? "is to be done" : "is done");
	change_set(&change, &engine.home, FACET_BEGIN,
		json_array_size(ticked) ? json_incref(ticked) : NULL);
	json_decref(ticked);
	json_t *done = call_commit(call, &change);
	json_decref(done);
	return done ? show_begin() : NULL;
}

/* --- all that wait, at once ------------------------------------------------------------------------ */

static bool
is_let_in_with_all(const struct ward *ward)
{
	const struct device *device = ward->device;
	struct device_ceiling ceiling = device_ceiling_for_port(
		engine.table, device->n_macs ? device->mac[0].port : "", ward_number(ward));

	return device->state == DEVICE_WAITING && device_ceiling_permits(&ceiling, DEVICE_OBSERVE);
}

/* What it says of itself makes nothing critical: that would be a way around containment. */
static void
admit_one(struct change *change, const struct ward *ward)
{
	const struct device *device = ward->device;
	bool is_personal = device->is_class_owners ? device->class == DEVICE_CLASS_PERSONAL
						   : identify_is_personal(device);

	if (is_personal)
		change_set(change, ward, FACET_CLASS,
			json_string(device_class_word(DEVICE_CLASS_PERSONAL)));
	change_set(change, ward, FACET_STATE,
		json_string(device_state_word(is_personal ? DEVICE_TRUSTED : DEVICE_OBSERVE)));
}

/*
 * One word for the whole house on its first day, and one step to take it back: phones
 * and laptops as such, the rest watched.  Never beyond what a device that is held on
 * the same port may.
 */
static json_t *
run_home_admit(struct call *call)
{
	struct change change;
	long long n = 0;

	call_begin(call, &change);
	for (size_t i = 0; i < engine.n_peers && n < ADMIT_AT_ONCE; i++)
		if (is_let_in_with_all(engine.wards[i])) {
			admit_one(&change, engine.wards[i]);
			n++;
		}
	if (!n) {
		json_decref(change.set);
		fault_set(&call->why, ERR_NOT_FOUND, "no device waits that may be let in so");
		return NULL;
	}
	snprintf(change.text, sizeof change.text, "%lld devices that waited are let in", n);
	json_t *text = json_string(change.text), *done = call_commit(call, &change);
	if (done)
		done = (json_decref(done),
			json_pack("{s:O, s:I}", "text", text, "devices", (json_int_t)n));
	json_decref(text);
	return done;
}

/* --- the card --------------------------------------------------------------------------------------- */

static json_t *
labels_that_must_not_be_blocked(void)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < engine.n_peers; i++)
		if (engine.wards[i]->device->class == DEVICE_CLASS_CRITICAL)
			json_array_append_new(
				rows, json_string(device_label(engine.wards[i]->device)));
	return rows;
}

static json_t *
pages_at(void)
{
	const struct settings *settings = engine.settings;
	bool is_tls = settings->web_certificate[0];
	const struct ip *at = is_tls ? &settings->web_tls_address : &settings->web_address;
	const char *scheme = is_tls ? "https" : "http";
	unsigned port = is_tls ? settings->web_tls_port : settings->web_port;
	char address[IP_TEXT_MAX];

	if (is_tls && settings->web_name[0])
		return says("%s://%s:%u/", scheme, settings->web_name, port);
	ip_render(at, address);
	return says(at->version == 6 ? "%s://[%s]:%u/" : "%s://%s:%u/", scheme, address, port);
}

static json_t *
run_home_card(struct call *call)
{
	static const struct {
		const char *when, *command;
	} help[] = {
		{"something does not work: it opens for 15 minutes, and closes by itself",
			"pinfold device pause DEVICE 15m"},
		{"how the gateway is, and what to do about it", "pinfold doctor"},
		{"why something is refused", "pinfold policy why DEVICE DESTINATION"},
		{"what was changed, and to take the change back", "pinfold policy journal"},
		{"", "pinfold policy undo ID"},
		{"a device is kept apart and should not be", "pinfold device release DEVICE"},
		{"a password is forgotten", "pinfold account password NAME"},
		{"this gateway was replaced by a new one that has your settings",
			"pinfold backup restore FILE"},
		{"the pages do not answer", "systemctl restart pinfold"},
		{"the gateway itself is broken: connect the devices to the router before it; "
		 "nothing holds them then",
			""},
	};
	json_t *rows = json_array();

	(void)call;
	for (size_t i = 0; i < COUNT_OF(help); i++)
		json_array_append_new(rows,
			json_pack("{s:s, s:s}", "when", help[i].when, "command", help[i].command));
	json_t *out = json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}", "gateway", tell_gateway(),
		"version", PINFOLD_VERSION, "time", (json_int_t)clock_wall_s(), "pages", pages_at(),
		"never_block", labels_that_must_not_be_blocked(), "help", rows);
	json_object_set_new(out, "owners", account_owners());
	return out;
}

const struct verb begin_verbs[] = {
	{"home.begin", ROLE_VIEWER, 0, run_home_begin},
	{"home.begin.done", ROLE_HELPER, CHANGES, run_home_begin_done},
	{"home.admit", ROLE_OWNER, CHANGES | SENDS, run_home_admit},
	{"home.card", ROLE_OWNER, 0, run_home_card},
	{NULL},
};
