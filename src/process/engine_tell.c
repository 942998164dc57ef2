/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_tell.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "process/engine_tell_thing.h"
#include "tell/home_assistant.h"
#include "tell/outbox.h"
#include "tell/render.h"

enum {
	LOOKUP_S = 300,            /* a name may have moved */
	LOOKUP_AGAIN_S = 15,       /* it was not found */
	TEST_TICKETS = 0x40000000, /* tickets from here on stand in no outbox */
};

static struct place {
	struct receiver receiver; /* number 0: free */
	uint32_t lookup;          /* seq of the question that runs; 0: none */
	int64_t lookup_after_s;
	int64_t alive_s; /* of its last sign of life */
	uint32_t test;   /* ticket of the last one */
	enum { TEST_NONE, TEST_RUNS, TEST_TAKEN, TEST_FAILED } test_state;
	bool is_test_due;          /* once the teller may go there */
	int64_t taken_s, failed_s; /* the last message, or connection */
	char why[160];             /* that failed last; empty: nothing since it worked */
	struct ha_wishes wishes;
} places[RECEIVERS_MAX + 1];

/* Where the teller may go a little longer: a broker is told that our devices are gone. */
static struct {
	struct message_receiver to;
	uint64_t until_ns; /* 0: none */
} parting[RECEIVERS_MAX + 1];

static struct gather gather;
static struct outbox outbox;
static struct message_receivers in_force; /* what the enforcer acknowledged */
static bool is_reach_due;                 /* the enforcer does not know the present places */
static bool is_reach_asked, is_digest_unsaved;
static uint32_t next_lookup = 1, next_test = TEST_TICKETS;
static struct loop_timer *taking;
static char gateway[sizeof((struct message_receiver *)0)->gateway];

static struct place *
place_of(uint8_t number)
{
	return number && number <= RECEIVERS_MAX && places[number].receiver.to.number
		       ? &places[number]
		       : NULL;
}

static unsigned
minute_now(void)
{
	time_t now = (time_t)clock_wall_s();
	struct tm tm;

	return localtime_r(&now, &tm) ? (unsigned)(tm.tm_hour * 60 + tm.tm_min) : 0;
}

/* --- where they are ------------------------------------------------------------------------------ */

static bool
send_to(enum process process, enum message_type type, uint32_t seq, const void *payload, size_t len)
{
	return channel_is_open(engine.peer[process]) &&
	       !channel_send(engine.peer[process], type, seq, payload, len, -1);
}

static void
tell_teller(const struct place *place)
{
	struct message_receiver to = place->receiver.to;

	memcpy(to.gateway, gateway, sizeof to.gateway);
	if (!send_to(PROCESS_TELLER, MESSAGE_RECEIVER, 0, &to, sizeof to))
		log_debug("tell", "the teller is not there");
}

static void
collect_one(struct message_receivers *all, const struct message_receiver *to)
{
	for (uint32_t i = 0; i < to->n_addresses && all->n_places < RECEIVER_PLACES_MAX; i++)
		all->place[all->n_places++] =
			(struct receiver_place){.address = to->address[i], .port = to->port};
}

static void
collect(struct message_receivers *all)
{
	*all = (struct message_receivers){0};
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (place_of((uint8_t)i))
			collect_one(all, &places[i].receiver.to);
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (parting[i].until_ns)
			collect_one(all, &parting[i].to);
}

static void
part_in_time(void)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (parting[i].until_ns && now_ns >= parting[i].until_ns) {
			parting[i].until_ns = 0;
			is_reach_due = true;
		}
}

/* First the kernel lets the teller go there, then the teller hears of it. */
static void
reach(void)
{
	struct message_receivers all;

	collect(&all);
	if (is_reach_asked || !is_reach_due)
		return;
	is_reach_asked = send_to(PROCESS_ENFORCER, MESSAGE_RECEIVERS, TELL_SEQ, &all, sizeof all);
	if (is_reach_asked) {
		in_force = all;
		is_reach_due = false;
	}
}

void
tell_in_force(const struct message_done *done)
{
	static bool was_refused;
	struct message_receivers now;

	is_reach_asked = false;
	collect(&now);
	bool is_known = was_refused;
	was_refused = done->err != ERR_OK;
	if (done->err) {
		if (!is_known)
			log_warnx("tell", "receivers cannot be reached: %s",
				err_text((enum err)done->err));
		is_reach_due = true; /* again with the next look */
		return;
	}
	if (memcmp(&now, &in_force, sizeof now))
		return; /* newer ones are on their way */
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (place_of((uint8_t)i))
			tell_teller(&places[i]);
}

static void
look_up(struct place *place, int64_t now_s)
{
	struct message_lookup lookup = {0};
	struct ip ip;

	if (receiver_host_is_address(&place->receiver.to, &ip)) {
		if (!place->receiver.to.n_addresses) {
			place->receiver.to.address[0] = ip;
			place->receiver.to.n_addresses = 1;
			is_reach_due = true;
		}
		return;
	}
	if (now_s < place->lookup_after_s && place->lookup_after_s - now_s <= LOOKUP_S)
		return;
	place->lookup_after_s = now_s + LOOKUP_AGAIN_S;
	place->lookup = next_lookup++;
	snprintf(lookup.name, sizeof lookup.name, "%s", place->receiver.to.host);
	if (!send_to(PROCESS_RESOLVER, MESSAGE_LOOKUP, place->lookup, &lookup, sizeof lookup))
		place->lookup = 0;
}

static void
note_failure(struct place *place, const char *why)
{
	snprintf(place->why, sizeof place->why, "%s", why);
	place->failed_s = clock_wall_s();
}

static bool
has_address(const struct message_receiver *to, const struct ip *ip)
{
	for (uint32_t i = 0; i < to->n_addresses; i++)
		if (ip_is_equal(&to->address[i], ip))
			return true;
	return false;
}

/* The resolver is not believed that a name of the internet stands for something here. */
static bool
points_inside(const struct message_looked_up *found, uint32_t n)
{
	const struct settings *own = engine.settings;

	for (uint32_t i = 0; i < n; i++) {
		const struct ip *ip = &found->address[i];
		if (ip_is_inside(ip) || prefix_contains(&own->lan4, ip) ||
			prefix_contains(&own->lan6, ip))
			return true;
	}
	return false;
}

/* Many answer with the same addresses in another order each time: then all is as it was. */
static bool
is_same(const struct message_receiver *to, const struct message_looked_up *found, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!has_address(to, &found->address[i]))
			return false;
	return n == to->n_addresses;
}

void
tell_looked_up(uint32_t seq, const struct message_looked_up *found)
{
	uint32_t n = found->n_addresses < RECEIVER_ADDRESSES_MAX ? found->n_addresses
								 : RECEIVER_ADDRESSES_MAX;

	for (int i = 1; i <= RECEIVERS_MAX; i++) {
		struct place *place = &places[i];
		struct message_receiver *to = &place->receiver.to;
		if (!place_of((uint8_t)i) || !seq || place->lookup != seq)
			continue;
		place->lookup = 0;
		bool is_inside = found->err == ERR_DENIED || points_inside(found, n);
		if (found->err || is_inside || !n) {
			note_failure(place, is_inside ? "its name points inside; name the "
							"receiver by its address"
						      : "its name was not found");
			return;
		}
		place->lookup_after_s = clock_wall_s() + LOOKUP_S;
		if (is_same(to, found, n))
			return;
		memset(to->address, 0, sizeof to->address);
		memcpy(to->address, found->address, n * sizeof to->address[0]);
		to->n_addresses = n;
		is_reach_due = true;
		reach();
		return;
	}
}

void
tell_peer_connected(enum process process)
{
	if (process == PROCESS_ENFORCER) {
		is_reach_due = true;
		is_reach_asked = false;
		reach();
	} else if (process == PROCESS_TELLER) {
		outbox_interrupted(&outbox);
		for (int i = 1; i <= RECEIVERS_MAX; i++)
			if (place_of((uint8_t)i))
				tell_teller(&places[i]);
	} else if (process == PROCESS_RESOLVER) {
		for (int i = 1; i <= RECEIVERS_MAX; i++)
			places[i].lookup_after_s = 0;
	}
}

/* --- messages --------------------------------------------------------------------------------------- */

static bool
wants(const struct receiver *receiver, enum tell_what what)
{
	return receiver->wants == WANTS_ALL ||
	       (receiver->wants == WANTS_DIGEST) == (what == TELL_DIGEST);
}

/* Zero behind the end of each text, as messages want it. */
static void
tidy(struct message_tell *tell)
{
	struct message_tell out = {.ticket = tell->ticket,
		.receiver = tell->receiver,
		.what = tell->what,
		.level = tell->level,
		.time_s = tell->time_s,
		.event = tell->event,
		.lost = tell->lost};

	snprintf(out.kind, sizeof out.kind, "%s", tell->kind);
	snprintf(out.title, sizeof out.title, "%s", tell->title);
	snprintf(out.text, sizeof out.text, "%s", tell->text);
	snprintf(out.device_id, sizeof out.device_id, "%s", tell->device_id);
	snprintf(out.device_name, sizeof out.device_name, "%s", tell->device_name);
	*tell = out;
}

static void
take_messages(void)
{
	struct message_tell tell;
	bool is_taken = false;

	while (gather_next(&gather, clock_wall_s(), minute_now(), &tell)) {
		is_digest_unsaved |= tell.what == TELL_DIGEST;
		for (int i = 1; i <= RECEIVERS_MAX; i++) {
			if (!place_of((uint8_t)i) ||
				!wants(&places[i].receiver, (enum tell_what)tell.what))
				continue;
			tell.receiver = (uint8_t)i;
			tidy(&tell);
			outbox_add(&outbox, &tell, clock_wall_s());
			is_taken = true;
		}
	}
	/* Whoever kills us after this moment loses none of it. */
	if (is_taken)
		keep_told();
}

static void
on_taking(void *arg)
{
	take_messages();
}

/* What made the event may have a transaction open: the message is taken when that is over. */
void
tell_event(const struct gather_event *event)
{
	gather_event(&gather, event, clock_wall_s(), minute_now());
	if (taking)
		loop_timer_again(taking, 0);
}

static void
send_due(struct place *place)
{
	uint8_t number = place->receiver.to.number;
	const struct message_tell *tell;

	if (!place->receiver.to.n_addresses || !channel_is_open(engine.peer[PROCESS_TELLER]) ||
		is_reach_due || is_reach_asked)
		return;
	tell = outbox_next(&outbox, number, clock_wall_s());
	if (tell && !send_to(PROCESS_TELLER, MESSAGE_TELL, 0, tell, sizeof *tell))
		outbox_answered(&outbox, tell->ticket, false, false, clock_wall_s());
}

/* Into no outbox: what is about this moment is worth nothing later. */
static bool
send_at_once(struct place *place, enum tell_what what, const char *title, const char *text)
{
	struct message_tell tell = {.receiver = place->receiver.to.number,
		.ticket = ++next_test,
		.what = (uint8_t)what,
		.time_s = clock_wall_s()};

	snprintf(tell.kind, sizeof tell.kind, "%s", tell_what_word(what));
	snprintf(tell.title, sizeof tell.title, "%s", title);
	snprintf(tell.text, sizeof tell.text, "%s", text);
	return send_to(PROCESS_TELLER, MESSAGE_TELL, 0, &tell, sizeof tell);
}

static bool
send_test(struct place *place)
{
	bool is_sent = send_at_once(place, TELL_TEST, "A test of Pinfold",
		"Somebody asked whether you hear this. You do.");

	place->is_test_due = false;
	place->test = next_test;
	if (!is_sent)
		place->test_state = TEST_FAILED;
	return is_sent;
}

static void
sign_of_life(struct place *place, int64_t now_s)
{
	int64_t every_s = (int64_t)place->receiver.heartbeat_minutes * 60;

	if (!every_s || !place->receiver.to.n_addresses || is_reach_due || is_reach_asked ||
		(now_s - place->alive_s < every_s && now_s >= place->alive_s))
		return;
	place->alive_s = now_s;
	send_at_once(place, TELL_ALIVE, "Pinfold is alive",
		"Nothing happened. Who does not hear this any more should look at the gateway.");
}

bool
tell_test(const char *name, struct fault *why)
{
	const struct receiver *receiver = tell_receiver(name);
	struct place *place = receiver ? place_of(receiver->to.number) : NULL;

	if (!place) {
		fault_set(why, ERR_NOT_FOUND, "there is no such receiver");
		return false;
	}
	if (!place->receiver.to.n_addresses) {
		fault_set(why, ERR_BUSY, "%s",
			place->why[0] ? place->why : "its name is being looked up; try again");
		return false;
	}
	/* What the teller knows under this number may be another one still. */
	place->is_test_due = is_reach_due || is_reach_asked;
	place->test_state = TEST_RUNS;
	if (!place->is_test_due && !send_test(place)) {
		fault_set(
			why, ERR_CLOSED, "the teller is not there; it is started again, try later");
		return false;
	}
	return true;
}

void
tell_told(const struct message_told *told)
{
	struct place *place = place_of(told->receiver);

	if (!place)
		return;
	if (told->ticket == place->test && place->test_state == TEST_RUNS)
		place->test_state = told->err ? TEST_FAILED : TEST_TAKEN;
	if (told->err) {
		note_failure(place, told->why);
	} else {
		place->why[0] = '\0';
		place->taken_s = told->ticket ? clock_wall_s() : place->taken_s;
	}
	if (told->ticket && told->ticket < TEST_TICKETS)
		outbox_answered(&outbox, told->ticket, !told->err, told->is_final, clock_wall_s());
	if (!told->err)
		send_due(place);
}

void
tell_things_asked(const struct message_things_ask *asked)
{
	things_tell_all((uint8_t)asked->receiver);
}

void
tell_wished(const struct message_wish *wish)
{
	static const char *const verbs[WISH_COUNT] = {[WISH_PAUSE] = "device.pause",
		[WISH_RESUME] = "device.resume",
		[WISH_QUARANTINE] = "device.quarantine"};
	struct place *place = place_of(wish->receiver);
	char who[64];
	struct fault why = {0};

	if (!place || !things_show(wish->id) ||
		ha_wish_is_too_many(&place->wishes, clock_monotonic_ns()))
		return;
	snprintf(who, sizeof who, "receiver %s", place->receiver.name);
	json_t *args = json_pack("{s:s}", "device", wish->id);
	if (wish->wish == WISH_PAUSE)
		json_object_set_new(args, "seconds", json_integer(15 * 60));
	if (!command_do(who, (enum command_role)place->receiver.to.commands, verbs[wish->wish],
		    args, &why))
		log_info("tell", "%s asked for %s of %s: %s", who, verbs[wish->wish], wish->id,
			why.text);
	/* As it is now, whatever the switch at the other end shows meanwhile. */
	things_tell_again(wish->id);
}

void
tell_look(void)
{
	int64_t now_s = clock_wall_s();
	bool has_broker = false;

	take_messages();
	part_in_time();
	for (int i = 1; i <= RECEIVERS_MAX; i++) {
		struct place *place = place_of((uint8_t)i);
		if (!place)
			continue;
		look_up(place, now_s);
		if (place->is_test_due && !is_reach_due && !is_reach_asked)
			send_test(place);
		send_due(place);
		has_broker |= place->receiver.to.kind == RECEIVER_MQTT;
		if (place->receiver.to.kind != RECEIVER_MQTT)
			sign_of_life(place, now_s);
	}
	reach();
	things_look(has_broker);
}

/* --- between memory and database ------------------------------------------------------------------------ */

static json_t *
receiver_json(const struct receiver *receiver)
{
	static const char *const scopes[ROLE_COUNT] = {"", "read", "act", "admin"};
	char url[RECEIVER_URL_MAX];

	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "name", receiver->name,
		"kind", receiver_kind_word((enum receiver_kind)receiver->to.kind), "url",
		receiver_render(&receiver->to, url), "wants", receiver_wants_words[receiver->wants],
		"heartbeat", (int)receiver->heartbeat_minutes, "user", receiver->to.user, "sender",
		receiver->to.sender, "recipient", receiver->to.recipient, "scope",
		scopes[receiver->to.commands]);
}

void
tell_put(const struct receiver *receiver)
{
	json_t *json = receiver_json(receiver);
	auto_free char *body = json_dumps(json, JSON_COMPACT);
	struct stored_receiver row = {
		.number = receiver->to.number, .body = body, .secret = receiver->to.secret};

	json_decref(json);
	store_receiver_put(engine.store, &row);
	places[receiver->to.number] = (struct place){.receiver = *receiver};
}

void
tell_drop(const struct receiver *receiver)
{
	uint8_t number = receiver->to.number;

	if (receiver->to.kind == RECEIVER_MQTT && receiver->to.n_addresses) {
		parting[number].to = receiver->to;
		parting[number].until_ns = clock_monotonic_ns() + TELL_PART_S * CLOCK_SECOND_NS;
	}
	store_receiver_delete(engine.store, number);
	outbox_forget(&outbox, number);
	places[number] = (struct place){0};
}

static void
on_stored(const struct stored_receiver *row, void *arg)
{
	struct receiver receiver = {0};
	json_t *json = row->body ? json_loads(row->body, 0, NULL) : NULL;
	struct fault why;

	if (row->number < 1 || row->number > RECEIVERS_MAX || !row->secret ||
		!receiver_parse(&receiver.to, json_text_of(json, "url"), &why) ||
		!receiver_fill(&receiver, json, &why)) {
		log_warnx("tell", "a receiver cannot be read and is left out");
		json_decref(json);
		return;
	}
	receiver.to.number = row->number;
	snprintf(receiver.to.secret, sizeof receiver.to.secret, "%s", row->secret);
	places[row->number] = (struct place){.receiver = receiver};
	json_decref(json);
}

static void
load_receivers(void)
{
	memset(places, 0, sizeof places);
	if (store_receivers(engine.store, on_stored, NULL))
		log_warnx("tell", "the receivers cannot be read; nobody is told anything");
}

void
tell_changed(bool is_kept)
{
	static const struct message_receiver none;

	if (!is_kept)
		load_receivers();
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (!place_of((uint8_t)i)) {
			struct message_receiver gone = none;
			gone.number = (uint8_t)i;
			send_to(PROCESS_TELLER, MESSAGE_RECEIVER, 0, &gone, sizeof gone);
		}
	is_reach_due = true;
	tell_look();
}

static json_t *
telling_json(const struct message_tell *tell)
{
	return json_pack("{s:i, s:i, s:i, s:I, s:I, s:s, s:s, s:s, s:s, s:s}", "receiver",
		tell->receiver, "what", tell->what, "level", tell->level, "time",
		(json_int_t)tell->time_s, "event", (json_int_t)tell->event, "kind", tell->kind,
		"title", tell->title, "text", tell->text, "id", tell->device_id, "name",
		tell->device_name);
}

static void
on_stored_telling(const struct stored_telling *row, void *arg)
{
	struct outbox_item item = {.made_s = row->made_s, .due_s = row->due_s, .tries = row->tries};
	struct message_tell *tell = &item.tell;
	json_t *json = row->body ? json_loads(row->body, 0, NULL) : NULL;
	json_int_t receiver = json_integer_value(json_object_get(json, "receiver")),
		   what = json_integer_value(json_object_get(json, "what")),
		   level = json_integer_value(json_object_get(json, "level"));

	if (receiver >= 1 && receiver <= RECEIVERS_MAX && places[receiver].receiver.to.number &&
		what > TELL_UNKNOWN && what < TELL_WHAT_COUNT && level >= 0 && level <= 2 &&
		row->ticket < TEST_TICKETS) {
		tell->ticket = row->ticket;
		tell->receiver = (uint8_t)receiver;
		tell->what = (uint8_t)what;
		tell->level = (uint8_t)level;
		tell->time_s = json_integer_value(json_object_get(json, "time"));
		tell->event = (uint64_t)json_integer_value(json_object_get(json, "event"));
		snprintf(tell->kind, sizeof tell->kind, "%s", json_text_of(json, "kind"));
		snprintf(tell->title, sizeof tell->title, "%s", json_text_of(json, "title"));
		snprintf(tell->text, sizeof tell->text, "%s", json_text_of(json, "text"));
		snprintf(tell->device_id, sizeof tell->device_id, "%s", json_text_of(json, "id"));
		snprintf(tell->device_name, sizeof tell->device_name, "%s",
			json_text_of(json, "name"));
		outbox_restore(&outbox, &item);
	} else if (outbox.n_gone < OUTBOX_MAX) {
		outbox.gone[outbox.n_gone++] = row->ticket;
	}
	json_decref(json);
}

bool
tell_is_save_due(void)
{
	for (int i = 0; i < OUTBOX_MAX; i++)
		if (outbox.item[i].is_unsaved)
			return true;
	return outbox.n_gone > 0 || is_digest_unsaved;
}

void
tell_save(void)
{
	for (unsigned i = 0; i < outbox.n_gone; i++)
		store_telling_delete(engine.store, outbox.gone[i]);
	outbox.n_gone = 0;
	for (int i = 0; i < OUTBOX_MAX; i++) {
		struct outbox_item *item = &outbox.item[i];
		if (!item->is_unsaved || !item->tell.ticket)
			continue;
		json_t *json = telling_json(&item->tell);
		auto_free char *body = json_dumps(json, JSON_COMPACT);
		struct stored_telling row = {.ticket = item->tell.ticket,
			.tries = item->tries,
			.made_s = item->made_s,
			.due_s = item->due_s,
			.body = body};
		json_decref(json);
		store_telling_put(engine.store, &row);
		item->is_unsaved = false;
	}
	if (is_digest_unsaved) {
		store_begin(engine.store);
		store_number_put(engine.store, "tell-digest", gather.digest_s);
		struct fault why;
		is_digest_unsaved = store_commit(engine.store, &why) != ERR_OK;
	}
}

void
tell_not_saved(void)
{
	for (int i = 0; i < OUTBOX_MAX; i++)
		outbox.item[i].is_unsaved |= outbox.item[i].tell.ticket != 0;
}

/* Minutes after midnight, one more than they are; 0: off. */
void
tell_hours_put(const struct tell_hours *hours)
{
	store_number_put(engine.store, "tell-quiet",
		hours->has_quiet ? hours->quiet_from * DAY_MINUTES + hours->quiet_to + 1 : 0);
	store_number_put(
		engine.store, "tell-digest-at", hours->has_digest ? hours->digest_at + 1 : 0);
	gather.hours = *hours;
}

void
tell_hours_forget(const struct tell_hours *before)
{
	gather.hours = *before;
}

struct tell_hours
tell_hours_now(void)
{
	return gather.hours;
}

static struct tell_hours
hours_stored(void)
{
	enum { NIGHT = 22 * 60 * DAY_MINUTES + 7 * 60 + 1, MORNING = 8 * 60 + 1 };
	int64_t quiet = store_number(engine.store, "tell-quiet", NIGHT);
	int64_t digest = store_number(engine.store, "tell-digest-at", MORNING);
	struct tell_hours hours = {0};

	if (quiet > 0 && quiet <= DAY_MINUTES * DAY_MINUTES)
		hours = (struct tell_hours){.has_quiet = true,
			.quiet_from = (uint16_t)((quiet - 1) / DAY_MINUTES),
			.quiet_to = (uint16_t)((quiet - 1) % DAY_MINUTES)};
	if (digest > 0 && digest <= DAY_MINUTES) {
		hours.has_digest = true;
		hours.digest_at = (uint16_t)(digest - 1);
	}
	return hours;
}

/* What is older than the last digest stood in it. */
static void
on_old_event(const struct stored_event *row, void *arg)
{
	json_t *who = json_loads(row->detail, 0, NULL);
	struct gather_event event = {.level = !strcmp(row->level, "alarm")    ? 2
					      : !strcmp(row->level, "notice") ? 1
									      : 0,
		.kind = row->kind,
		.text = row->text,
		.device_id = json_text_of(who, "id"),
		.device_name = json_text_of(who, "name")};

	if (row->last_s > gather.digest_s)
		gather_note(&gather, &event);
	json_decref(who);
}

/* Two gateways may tell the same broker. */
static void
load_gateway(void)
{
	struct fault why;
	uint32_t number = (uint32_t)store_number(engine.store, "gateway", 0);

	if (!number) {
		if (getrandom(&number, sizeof number, 0) != sizeof number)
			fatal("tell", "no random numbers");
		number |= 1;
		store_begin(engine.store);
		store_number_put(engine.store, "gateway", number);
		if (store_commit(engine.store, &why))
			log_warnx("tell", "the gateway's id cannot be kept: %s", why.text);
	}
	snprintf(gateway, sizeof gateway, "gw-%08x", number);
}

const char *
tell_gateway(void)
{
	return gateway;
}

void
tell_load(void)
{
	enum { EVENTS = 500 };
	int64_t now_s = clock_wall_s();
	struct tell_hours hours = hours_stored();

	gather_init(&gather, &hours, now_s,
		store_number(engine.store, "tell-digest", now_s - 12 * 3600));
	load_gateway();
	load_receivers();
	if (store_tellings(engine.store, on_stored_telling, NULL) ||
		store_events(engine.store, 0, 0, EVENTS, on_old_event, NULL))
		log_warnx("tell", "what was not told before the start cannot be read");
	is_reach_due = true;
	taking = loop_timer_new(0, false, on_taking, NULL);
}

/* --- for the verbs ------------------------------------------------------------------------------------------ */

const struct receiver *
tell_receiver(const char *name)
{
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (place_of((uint8_t)i) && !strcmp(places[i].receiver.name, name))
			return &places[i].receiver;
	return NULL;
}

uint8_t
tell_room(void)
{
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (!place_of((uint8_t)i))
			return (uint8_t)i;
	return 0;
}

static json_t *
show_place(const struct place *place, bool is_owner)
{
	static const char *const tests[] = {"none", "runs", "taken", "failed"};
	char url[RECEIVER_URL_MAX];
	json_t *out = receiver_json(&place->receiver);

	if (!is_owner)
		json_object_set_new(
			out, "url", json_string(receiver_render_host(&place->receiver.to, url)));
	json_object_set_new(out, "has_secret", json_boolean(place->receiver.to.secret[0] != '\0'));
	json_object_set_new(
		out, "waiting", json_integer(outbox_count(&outbox, place->receiver.to.number)));
	json_object_set_new(
		out, "lost", json_integer((json_int_t)outbox.lost[place->receiver.to.number]));
	json_object_set_new(out, "taken", json_integer(place->taken_s));
	json_object_set_new(out, "failed", json_integer(place->failed_s));
	json_object_set_new(out, "why", json_string(place->why));
	json_object_set_new(out, "test", json_string(tests[place->test_state]));
	return out;
}

json_t *
tell_show(bool is_owner)
{
	char quiet[16], digest[16];
	json_t *rows = json_array();

	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (place_of((uint8_t)i))
			json_array_append_new(rows, show_place(&places[i], is_owner));
	return json_pack("{s:o, s:s, s:s, s:b}", "receivers", rows, "quiet",
		hours_render_quiet(&gather.hours, quiet), "digest",
		hours_render_digest(&gather.hours, digest), "is_quiet",
		hours_are_quiet(&gather.hours, minute_now()));
}
