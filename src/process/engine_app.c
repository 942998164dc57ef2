/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of apps: the package that somebody gives, and the phone that runs it. */
#include "process/engine_app.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "process/engine_audit.h"
#include "process/engine_traffic.h"

enum {
	PLACES_MAX = 256, /* addresses that were seen while it is on; the oldest goes */
	FLOWS_KEPT = 128, /* connections, of which more rows may come */
	NAME_MAX_SHOWN = 60,
	EARLY_S = 3, /* what tests ends before the window does */
	LATE_S = 20, /* and is not waited for longer than this */
	SECONDS_MIN = 5,
};
#define PACKAGE_BYTES_MAX ((off_t)2 * 1024 * 1024 * 1024)

/* An address, and who was asked for there. */
struct place {
	struct ip address;
	bool is_meant, is_shared; /* by a name of the scope; by any other as well */
};

struct flow_kept {
	struct ip address;
	uint16_t port, source_port;
	bool is_meant;
};

struct app {
	int fd; /* of the package; -1 */
	uint32_t run;
	uint32_t phone; /* 0: none */
	char phone_id[STORE_ID_MAX];
	uint64_t until_ns; /* 0: the window is closed */
	int64_t until_s;
	bool is_probed; /* what needs a probe is done */
	char scope[APP_SCOPE_MAX];
	char label[64], text[220];
	size_t n_places, next_place, next_flow;
	struct place place[PLACES_MAX];
	struct flow_kept flow[FLOWS_KEPT];
};

static struct app *windows[AUDITS_AT_ONCE];

bool
app_is_profile(const char *profile)
{
	return !strcmp(profile, "app") || !strcmp(profile, "phone");
}

/* --- windows --------------------------------------------------------------------------------- */

static struct app *
window_of(const struct ward *ward)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; ward && i < COUNT_OF(windows); i++)
		if (windows[i] && windows[i]->phone == ward_number(ward) &&
			windows[i]->until_ns > now_ns)
			return windows[i];
	return NULL;
}

bool
app_is_on(const struct ward *ward)
{
	return window_of(ward) != NULL;
}

static struct ward *
phone_of(const struct app *app)
{
	struct ward *ward = app->phone ? ward_find(app->phone) : NULL;

	return ward && ward->device && !strcmp(ward->device->id, app->phone_id) ? ward : NULL;
}

static bool
open_window(struct app *app)
{
	for (size_t i = 0; i < COUNT_OF(windows); i++)
		if (!windows[i]) {
			windows[i] = app;
			return true;
		}
	return false;
}

json_t *
app_show(const struct ward *ward)
{
	const struct app *app = window_of(ward);

	if (!app)
		return NULL;
	return json_pack("{s:I, s:s, s:I, s:I, s:s, s:b}", "run", (json_int_t)app->run, "what",
		app->label, "until", (json_int_t)app->until_s, "seconds_left",
		(json_int_t)((app->until_ns - clock_monotonic_ns()) / CLOCK_SECOND_NS), "scope",
		app->scope, "all", !strcmp(app->scope, "*"));
}

/* --- what may be kept of a phone -------------------------------------------------------------- */

static struct place *
find_place(struct app *app, const struct ip *address)
{
	for (size_t i = 0; i < app->n_places; i++)
		if (ip_is_equal(&app->place[i].address, address))
			return &app->place[i];
	return NULL;
}

/* This name was seen to be at this address. */
static void
note_place(struct app *app, const struct ip *address, bool is_meant)
{
	struct place *place = find_place(app, address);

	if (!address->version)
		return;
	if (!place) {
		place = &app->place[app->next_place];
		app->next_place = (app->next_place + 1) % PLACES_MAX;
		app->n_places += app->n_places < PLACES_MAX;
		*place = (struct place){.address = *address};
	}
	place->is_meant |= is_meant;
	place->is_shared |= !is_meant;
}

static struct flow_kept *
find_flow(struct app *app, const struct observation *row)
{
	for (size_t i = 0; i < FLOWS_KEPT; i++) {
		struct flow_kept *flow = &app->flow[i];
		if (flow->source_port == row->source_port && flow->port == row->target_port &&
			flow->port && ip_is_equal(&flow->address, &row->target))
			return flow;
	}
	return NULL;
}

static void
note_flow(struct app *app, const struct observation *row, bool is_meant)
{
	struct flow_kept *flow = find_flow(app, row);

	if (!flow) {
		flow = &app->flow[app->next_flow];
		app->next_flow = (app->next_flow + 1) % FLOWS_KEPT;
	}
	*flow = (struct flow_kept){.address = row->target,
		.port = row->target_port,
		.source_port = row->source_port,
		.is_meant = is_meant};
}

/* By the name that the row itself has; without one by its flow, and then by the address. */
static bool
is_meant(struct app *app, const struct observation *row, const char *name)
{
	const struct flow_kept *flow = find_flow(app, row);
	const struct place *place = find_place(app, &row->target);

	if (!strcmp(app->scope, "*"))
		return true;
	if (*name) {
		bool has = app_scope_has(app->scope, name);
		note_flow(app, row, has);
		note_place(app, &row->target, has);
		return has;
	}
	if (flow)
		return flow->is_meant;
	/* Who shares an address with others is not told from them without a name. */
	return place && place->is_meant && !place->is_shared;
}

static void
host_of(const struct observation *row, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)strcspn(row->claimed_text, ":"), row->claimed_text);
}

bool
app_permits(const struct ward *ward, const struct observation *row)
{
	struct app *app = window_of(ward);
	char name[sizeof row->claimed_text] = "";

	if (!app)
		return false;
	switch ((enum observed)row->what) {
	case OBSERVED_TLS_HELLO:
	case OBSERVED_HTTP_REQUEST:
		host_of(row, name, sizeof name);
		return is_meant(app, row, name);
	case OBSERVED_DNS_QUERY:
		return app_scope_has(app->scope, row->claimed_text);
	case OBSERVED_CLEAR_CREDENTIALS:
	case OBSERVED_CLEAR_CONTENT:
	case OBSERVED_COAP_REQUEST:
	case OBSERVED_TLS_SERVER:
	case OBSERVED_TLS_CERTIFICATE:
		return is_meant(app, row, "");
	default:
		return false;
	}
}

bool
app_permits_name(const struct ward *ward, const struct message_answered *answered)
{
	struct app *app = window_of(ward);

	if (!app || answered->kind != ANSWER_GIVEN)
		return false;
	bool has = app_scope_has(app->scope, answered->name);
	for (int i = 0; i < answered->n_addresses; i++)
		note_place(app, &answered->address[i], has);
	return has;
}

/* --- beginning ---------------------------------------------------------------------------------- */

static void
add_name(const char *name, void *arg)
{
	char word[APP_SCOPE_WORD_MAX];

	if (app_scope_word(name, word) && !app_scope_add(arg, word))
		log_debug("audit", "a scope has no room for more");
}

/* Names of the owner's, with commas between them. */
static bool
add_names(char scope[static APP_SCOPE_MAX], const char *names, struct fault *why)
{
	char name[APP_SCOPE_WORD_MAX], word[APP_SCOPE_WORD_MAX], shown[160];

	while (names && *names) {
		size_t len = strcspn(names, ",");
		snprintf(name, sizeof name, "%.*s", (int)len, names);
		if (len >= sizeof name || !app_scope_word(name, word) ||
			!app_scope_add(scope, *word == '=' ? word : name)) {
			printable(shown, sizeof shown, name, strlen(name));
			fault_set(why, ERR_INVALID, "\"%.120s\" is no name of a server", shown);
			return false;
		}
		names += len + (names[len] == ',');
	}
	return true;
}

static bool
make_scope(struct app *app, const struct app_wish *wish, struct fault *why)
{
	const struct compiled_slots *slots = wish->of->slots;

	if (wish->is_all) {
		snprintf(app->scope, sizeof app->scope, "*");
		return true;
	}
	if (!add_names(app->scope, wish->names, why))
		return false;
	for (int i = 0; slots && i < slots->n; i++) {
		const char *name = compiled_slot_name(slots, slots->slot[i].slot);
		if (name)
			add_name(name, app->scope);
	}
	traffic_names(wish->of, add_name, app->scope);
	if (!app->scope[0]) {
		fault_set(why, ERR_NOT_FOUND,
			"no server of %.60s is known yet, so it is not known which belong to its "
			"app: let it run for a while, or name them: --names cam.example",
			device_label(wish->of->device));
		return false;
	}
	if (wish->has_trackers && !app_scope_add(app->scope, "+trackers")) {
		fault_set(why, ERR_FULL, "there are too many servers for a scope");
		return false;
	}
	return true;
}

static bool
may_open(const struct app_wish *wish, struct fault *why)
{
	const struct device *phone = wish->phone->device;
	struct ip address4, address6;

	if (phone->class != DEVICE_CLASS_PERSONAL) {
		fault_set(why, ERR_INVALID,
			"%.60s is not personal: it is tested as devices are, by pinfold audit run "
			"%s",
			device_label(phone), phone->id);
		return false;
	}
	if (!wish->of || wish->of->device->class == DEVICE_CLASS_PERSONAL) {
		fault_set(why, ERR_INVALID,
			"the device that the app belongs to has to be named: "
			"--of DEVICE");
		return false;
	}
	if (!wish->minutes || wish->minutes > APP_MINUTES_MAX) {
		fault_set(
			why, ERR_INVALID, "it takes 1 to %d minutes (--minutes)", APP_MINUTES_MAX);
		return false;
	}
	if (strcmp(wish->consent, "app") != 0) {
		fault_set(why, ERR_DENIED,
			"%.40s is personal, and who owns it has to agree: with --consent app its "
			"traffic with the maker of %.40s is kept for the minutes given, and false "
			"certificates are shown to it there; nothing else of it is",
			device_label(phone), device_label(wish->of->device));
		return false;
	}
	if (app_is_on(wish->phone)) {
		fault_set(why, ERR_BUSY, "an app is tested on it already: pinfold audit list");
		return false;
	}
	audit_addresses(phone, &address4, &address6);
	if (!address4.version && !address6.version) {
		fault_set(why, ERR_NOT_FOUND, "%.60s has no address now", device_label(phone));
		return false;
	}
	return true;
}

static void
note_window(const struct app *app, const char *who, const char *verb, const char *text)
{
	json_t *before = json_object();
	json_t *after = json_pack("{s:I}", "run", (json_int_t)app->run);
	struct fault why;
	int64_t journal;

	if (change_note(who, verb, phone_of(app), text, before, after, &journal, &why))
		log_warnx("audit", "run %u: %s", app->run, why.text);
}

void
app_begun(struct audit *audit, struct app *app, const char *who)
{
	bool is_all = !strcmp(app->scope, "*");
	struct ward *phone = phone_of(app);

	audit->app = app;
	app->run = audit->row.run;
	if (!phone)
		return;
	note_window(app, who, "audit.app.run", app->text);
	event(is_all ? EVENT_ALARM : EVENT_NOTICE, phone, "app-test-begun", "", "run %u: %s",
		app->run, app->text);
	sync_view_due(phone);
}

static uint32_t
begin_phone(struct app *app, const struct app_wish *wish, const char *who, struct fault *why)
{
	struct audit_wish audit = {.ward = wish->of,
		.app = app,
		.label = app->label,
		.profile = "phone",
		.pace = wish->pace,
		.consent = "intrude",
		.checks = "clear-text,tls-client,trackers,rig-certificate",
		.seconds = wish->minutes * 60};

	if (!may_open(wish, why) || !make_scope(app, wish, why))
		return 0;
	snprintf(app->label, sizeof app->label, "the app of %.48s", device_label(wish->of->device));
	snprintf(app->text, sizeof app->text, "%.40s: for %u min what it sends to %.100s is kept%s",
		device_label(wish->phone->device), wish->minutes,
		wish->is_all ? "EVERYBODY" : app->scope,
		wish->is_all ? ", whatever its owner does with it" : "");
	app->phone = ward_number(wish->phone);
	snprintf(app->phone_id, sizeof app->phone_id, "%s", wish->phone->device->id);
	if (!open_window(app)) {
		fault_set(why, ERR_FULL, "as many audits run as may run at once");
		return 0;
	}
	app->until_ns = clock_monotonic_ns() + wish->minutes * 60 * CLOCK_SECOND_NS;
	app->until_s = clock_wall_s() + wish->minutes * 60;
	/* From here on it may be gone with its run. */
	uint32_t run = audit_begin(&audit, who, why);
	sync_pump();
	return run;
}

static uint32_t
begin_package(struct app *app, const struct app_wish *wish, const char *who, struct fault *why)
{
	struct audit_wish audit = {.ward = wish->of,
		.app = app,
		.label = app->label,
		.profile = "app",
		.pace = "gentle",
		.consent = "passive",
		.checks = "app-manifest"};
	struct stat st;

	if (fstat(wish->fd, &st) || !S_ISREG(st.st_mode) || st.st_size > PACKAGE_BYTES_MAX) {
		fault_set(why, ERR_INVALID, "the package has to be a file, of 2 GB at most");
		return 0;
	}
	snprintf(app->label, sizeof app->label, "%s%.*s", wish->of ? "the app of " : "app ",
		NAME_MAX_SHOWN - 14, wish->of ? device_label(wish->of->device) : wish->name);
	return audit_begin(&audit, who, why);
}

uint32_t
app_begin(const struct app_wish *wish, const char *who, struct fault *why)
{
	struct app *app = must_alloc(1, sizeof *app);

	app->fd = wish->fd;
	uint32_t run = wish->fd >= 0 ? begin_package(app, wish, who, why)
				     : begin_phone(app, wish, who, why);
	if (!run)
		app_free(app);
	return run;
}

void
app_free(struct app *app)
{
	if (!app)
		return;
	for (size_t i = 0; i < COUNT_OF(windows); i++)
		if (windows[i] == app)
			windows[i] = NULL;
	if (app->fd >= 0)
		close(app->fd);
	free(app);
}

/* --- hooks of the run --------------------------------------------------------------------------- */

struct ward *
app_subject(const struct audit *audit)
{
	if (audit->app)
		return phone_of(audit->app);
	return app_is_profile(audit->row.profile) ? NULL : audit_ward(audit);
}

static uint32_t
seconds_left(const struct app *app)
{
	uint64_t now_ns = clock_monotonic_ns();

	return app->until_ns > now_ns ? (uint32_t)((app->until_ns - now_ns) / CLOCK_SECOND_NS) : 0;
}

bool
app_fill(struct audit *audit, struct message_audit *message)
{
	struct message_app_file file = {.run = audit->row.run};
	struct app *app = audit->app;
	const struct ward *phone = phone_of(app);
	uint32_t left = seconds_left(app);

	if (app->fd >= 0) {
		message->has_file = 1;
		return !channel_send(engine.peer[PROCESS_CHECKER], MESSAGE_APP_FILE, 0, &file,
			sizeof file, app->fd);
	}
	if (!phone || left < SECONDS_MIN + EARLY_S)
		return false;
	/* The checker is told where it is, and by no number who. */
	audit_addresses(phone->device, &message->address4, &message->address6);
	message->seconds = left - EARLY_S;
	memcpy(message->scope, app->scope, sizeof message->scope);
	return message->address4.version || message->address6.version;
}

void
app_look(struct audit *audit)
{
	struct app *app = audit->app;
	const struct ward *phone = phone_of(app);
	uint64_t now_ns = clock_monotonic_ns();

	if (app->fd >= 0) {
		if (!audit->is_told)
			audit_tell(audit);
		return;
	}
	if (!phone || phone->device->class != DEVICE_CLASS_PERSONAL) {
		audit_end(audit, AUDIT_STOPPED, INC_TIME_OUT,
			phone ? "the phone is not personal any more" : "the phone was forgotten");
		return;
	}
	if (app->until_ns <= now_ns && (app->is_probed || !audit->is_told ||
					       now_ns - app->until_ns > LATE_S * CLOCK_SECOND_NS)) {
		audit_end(audit, AUDIT_DONE, INC_TIME_OUT, "");
		return;
	}
	audit->seconds_left = seconds_left(app);
	if (!audit->is_told)
		audit_tell(audit);
}

bool
app_goes_on(struct audit *audit)
{
	struct app *app = audit->app;

	if (!app->phone || !app->until_ns)
		return false;
	app->is_probed = true;
	audit->current = -1;
	return true;
}

enum err
app_rig(struct audit *audit, struct message_rig *rig, bool *is_empty)
{
	struct app *app = audit->app;
	struct ward *phone = phone_of(app);

	*is_empty = false;
	if (!phone || !app_is_on(phone) || rig->bits & (uint8_t) ~(RIG_TURN | RIG_CUT | RIG_LOOK))
		return ERR_DENIED;
	rig->device = ward_number(phone);
	rig->n_addresses = 0;
	memset(rig->address, 0, sizeof rig->address);
	if (!strcmp(app->scope, "*"))
		return ERR_OK;
	for (size_t i = 0; i < app->n_places && rig->n_addresses < RIG_ADDRESSES_MAX; i++)
		if (app->place[i].is_meant && !app->place[i].is_shared)
			rig->address[rig->n_addresses++] = app->place[i].address;
	/* Without one it would be about all that the phone does. */
	*is_empty = !rig->n_addresses;
	return ERR_OK;
}

void
app_close(struct audit *audit)
{
	struct app *app = audit->app;
	char text[160];

	if (!app || !app->until_ns)
		return;
	app->until_ns = 0;
	struct ward *phone = phone_of(app);
	if (!phone)
		return;
	traffic_forget(phone);
	sync_view_due(phone);
	snprintf(text, sizeof text, "%.60s: nothing of it is kept any more (run %u has ended)",
		device_label(phone->device), app->run);
	note_window(app, "pinfold", "audit.app.run.end", text);
	event(EVENT_NOTICE, phone, "app-test-ended", "", "%s", text);
}
